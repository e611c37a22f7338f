//! A changed manifest that no environment claims.

use tidegate::model::{Effect, Exit};
use tidegate::verdict::RunOutcome;

use super::*;

const CODE: &str = "engine.unclaimed-manifest";

fn stray(config: &str, path: &str, content: &str) -> RunReport {
    let (repo, base) = shop(config);
    repo.write(path, content).commit("a stray");
    check(&repo, base)
}

#[test]
fn a_stray_manifest_is_a_warning_in_the_recommended_profile() {
    let report = stray(CONFIG, "stray/a.yaml", &config_map("a", "1"));
    let [finding] = report.findings.as_slice() else {
        panic!("{}", json_of(&report));
    };
    assert_eq!(
        (finding.code.as_str(), finding.effect),
        (CODE, Effect::Warn)
    );
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn a_stray_manifest_is_denied_in_retail_prod_though_no_unit_is_touched() {
    let config = format!("{CONFIG}profile: retail-prod\n");
    let report = stray(&config, "stray/a.yaml", &config_map("a", "1"));
    assert_eq!(blocking(&report), [CODE]);
    assert_eq!(
        (report.outcome, report.exit),
        (RunOutcome::Fail, Exit::Denied)
    );
    assert_eq!(report.units.len(), 0);
}

#[test]
fn a_deleted_stray_manifest_is_a_stray_too() {
    let (repo, _) = shop(&format!("{CONFIG}profile: retail-prod\n"));
    let base = repo
        .write("stray/a.yaml", config_map("a", "1"))
        .commit("a stray");
    repo.remove("stray/a.yaml").commit("gone");
    assert_eq!(blocking(&check(&repo, base)), [CODE]);
}

#[test]
fn a_stray_denial_blocks_though_every_environment_observes() {
    let config = format!("{CONFIG}    enforcement: observe\nprofile: retail-prod\n");
    let report = stray(&config, "stray/a.yaml", &config_map("a", "1"));
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn what_is_unmanaged_on_purpose_is_silent() {
    let config = format!("{CONFIG}unmanaged: [\"stray/**\"]\nprofile: retail-prod\n");
    let report = stray(&config, "stray/a.yaml", &config_map("a", "1"));
    assert_eq!(report.outcome, RunOutcome::NotApplicable);
    assert_eq!(report.findings, []);
}

#[test]
fn unmanaged_never_takes_a_file_from_a_unit() {
    let (repo, base) = shop(&format!("{CONFIG}unmanaged: [\"prod/**\"]\n"));
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    assert_eq!(check(&repo, base).exit, Exit::Denied);
}

#[test]
fn files_that_hold_no_object_are_no_strays() {
    let config = format!("{CONFIG}profile: retail-prod\n");
    for (path, content) in [
        ("compose.yaml", "services: {web: {image: x}}"),
        ("ci/build.yml", "on: push"),
        ("broken.yaml", "a: ["),
        ("stray/a.txt", "apiVersion: v1"),
    ] {
        let report = stray(&config, path, content);
        assert_eq!(report.outcome, RunOutcome::NotApplicable, "{path}");
        assert_eq!(errors(&report), [], "{path}");
    }
}

#[test]
fn an_environment_that_is_new_in_head_claims_its_files() {
    let config = format!("{CONFIG}{RETAIL}");
    let (repo, base) = shop(&config);
    repo.write(
        "tidegate.yaml",
        format!("{CONFIG}  - name: new\n    paths: [\"new/**\"]\n{RETAIL}"),
    )
    .write("new/a.yaml", config_map("a", "1"));
    repo.commit("a new environment");
    let report = check(&repo, base);
    assert_eq!(report.findings, []);
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn the_twin_of_a_claimed_path_is_denied_and_told_letter_by_letter() {
    let config = "environments:\n  - name: prod\n    paths: [\"prod/**\", \"caf\u{e9}/**\"]\n";
    for (path, shown) in [
        ("cafe\u{301}/b.yaml", r"cafe\u{301}/b.yaml"),
        ("Prod/web/d.yaml", "Prod/web/d.yaml"),
    ] {
        let report = stray(config, path, &config_map("b", "1"));
        assert_eq!(blocking(&report), ["engine.misleading-path"], "{path}");
        assert_eq!(report.exit, Exit::Denied);
        let [finding] = report.findings.as_slice() else {
            panic!("{}", json_of(&report));
        };
        let said = format!("the path {shown} is not what it looks like");
        assert!(finding.message.starts_with(&said), "{}", finding.message);
        assert!(finding.message.contains("prod/prod"), "{}", finding.message);
    }
    let left_out = format!("{config}unmanaged: [\"Prod/**\"]\n");
    let report = stray(&left_out, "Prod/a.yaml", &config_map("b", "1"));
    assert_eq!(report.findings, [], "left out on purpose");
}
