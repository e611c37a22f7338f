//! Sources that something renders: what was not rendered was not judged.

use tidegate::model::Exit;
use tidegate::verdict::RunOutcome;

use super::*;

const CODE: &str = "source.not-rendered";

/// `prod` as it was, beside it an overlay that reaches `base/`.
fn overlay(config: &str) -> (Repo, GitId) {
    let (repo, _) = shop(config);
    repo.write(
        "overlay/kustomization.yaml",
        "resources: [../base/app.yaml, own.yaml]\npatches:\n  - path: patch.yaml\n",
    )
    .write("overlay/own.yaml", config_map("own", "1"))
    .write("overlay/patch.yaml", deployment("app", ""))
    .write("base/app.yaml", deployment("app", "2Gi"))
    .write("base/other.yaml", config_map("other", "1"));
    let base = repo.commit("an overlay");
    (repo, base)
}

const CLAIMED: &str = "environments:
  - name: prod
    paths: [\"prod/**\", \"overlay/**\", \"base/**\"]
";

fn changes_of_an_overlay() -> [(&'static str, String); 4] {
    [
        ("overlay/own.yaml", config_map("own", "2")),
        ("overlay/patch.yaml", deployment("app", "3Gi")),
        (
            "overlay/kustomization.yaml",
            "resources: [own.yaml]\n".to_owned(),
        ),
        ("base/app.yaml", deployment("app", "3Gi")),
    ]
}

#[test]
fn a_change_at_below_or_reached_by_a_root_is_not_judged() {
    for (path, content) in changes_of_an_overlay() {
        let (repo, base) = overlay(CLAIMED);
        repo.write(path, content).commit("a change");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Unjudged, "{path}");
        assert_eq!(error_codes(&report), [CODE], "{path}");
    }
}

#[test]
fn what_a_plain_folder_and_a_kustomization_share_is_for_one_of_them() {
    let config = "environments:\n- name: prod\n  sources:\n  - {name: plain, kind: Application, path: base}\n";
    let (repo, base) = overlay(config);
    repo.write("base/app.yaml", deployment("app", "3Gi"))
        .commit("more memory");
    let report = check(&repo, base);
    assert_eq!(error_codes(&report), [CODE]);
    let help = report.errors[0].error.help().unwrap().to_string();
    assert!(help.contains("give the kustomization a copy"), "{help}");
    assert!(help.contains("make `overlay` a source"), "{help}");
    let (repo, base) = overlay(CLAIMED);
    repo.write("overlay/own.yaml", config_map("own", "2"))
        .commit("a value");
    let report = check(&repo, base);
    let help = report.errors[0].error.help().unwrap().to_string();
    assert!(help.starts_with("make its folder a source"), "{help}");
}

#[test]
fn what_no_source_reaches_is_claimed_by_nobody() {
    let config = format!("{CONFIG}profile: retail-prod\n");
    for (path, content) in changes_of_an_overlay() {
        let (repo, base) = overlay(&config);
        repo.write(path, content).commit("a change");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Denied, "{path}");
        let codes: Vec<&str> = report.findings.iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ["engine.unclaimed-manifest"], "{path}");
    }
}

#[test]
fn a_change_elsewhere_is_judged_and_patches_are_no_objects() {
    let (repo, base) = overlay(CLAIMED);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let all = check_all(&repo, base);
    assert_eq!(errors(&all), []);
    // The patch has no memory limit, and is never asked for one.
    assert_eq!(named(&all, |_| true), [""; 0]);
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}

#[test]
fn a_root_that_is_unmanaged_is_left_alone() {
    let config = format!("{CONFIG}unmanaged: [\"overlay/**\", \"base/**\"]\n");
    let (repo, base) = overlay(&config);
    repo.write("overlay/patch.yaml", deployment("app", "3Gi"))
        .write("base/app.yaml", deployment("app", "3Gi"));
    repo.commit("a change");
    let report = check(&repo, base);
    assert_eq!(report.outcome, RunOutcome::NotApplicable);
    assert_eq!(errors(&report), []);
}

#[test]
fn a_root_that_goes_away_still_counts_for_what_it_rendered() {
    let (repo, base) = overlay(CLAIMED);
    repo.remove("overlay/kustomization.yaml")
        .remove("overlay/patch.yaml")
        .remove("overlay/own.yaml");
    repo.commit("no overlay");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(error_codes(&report), [CODE]);
}

#[test]
fn a_root_that_arrives_takes_its_files_with_it() {
    let (repo, base) = shop(CONFIG);
    repo.write(
        "prod/kustomization.yaml",
        "resources: [odoo.yaml]\nnamePrefix: x-\n",
    )
    .commit("render");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(error_codes(&report), [CODE]);
}

#[test]
fn a_chart_is_rendered_by_helm() {
    let (repo, _) = shop(CONFIG);
    repo.write(
        "prod/chart/Chart.yaml",
        "apiVersion: v2\nname: x\nversion: 1.0.0\n",
    )
    .write("prod/chart/values.yaml", "replicas: 1\n")
    .write("prod/chart/templates/a.yaml", "a: {{ .Values.replicas }}\n");
    let base = repo.commit("a chart");
    repo.write("prod/chart/values.yaml", "replicas: 2\n")
        .commit("values");
    assert_eq!(error_codes(&check(&repo, base)), [CODE]);
    let base = repo.id("HEAD");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("beside it");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}

#[test]
fn an_outside_kustomization_goes_first_and_what_it_reached_changes_next() {
    let config = format!("{CONFIG}unmanaged: [\"overlay/**\"]\n");
    let (repo, _) = shop(&config);
    repo.write(
        "overlay/kustomization.yaml",
        "resources: [../prod/odoo.yaml]\n",
    );
    let base = repo.commit("an overlay that nobody here judges");
    repo.remove("overlay/kustomization.yaml");
    let without = repo.commit("no overlay");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let both = check(&repo, base);
    assert_eq!(error_codes(&both), [CODE]);
    let error = both.errors[0].error.as_ref();
    assert!(error.to_string().contains("until this change"), "{error}");
    let help = error.help().unwrap().to_string();
    assert!(help.contains("in a range of their own"), "{help}");
    assert_eq!(check(&repo, without).exit, Exit::Pass);
}
