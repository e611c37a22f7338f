//! What counts as judged, and how a run ends.

use tidegate::model::Exit;
use tidegate::verdict::{Outcome, RunOutcome};

use super::*;

#[test]
fn documents_outside_every_unit_are_not_applicable() {
    let (repo, base) = shop(CONFIG);
    repo.write("README.md", "# Shop").write("docs/a.md", "a");
    repo.commit("documents");
    let report = check(&repo, base);
    assert_eq!(report.outcome, RunOutcome::NotApplicable);
    assert_eq!((report.exit, report.files), (Exit::Pass, 2));
    let shown = stdout(&tidegate(&repo, &["check", &format!("{base}..HEAD")]));
    assert!(shown.contains("NOT APPLICABLE  2 changed files"), "{shown}");
}

#[test]
fn a_unit_touched_without_a_change_passes_with_none() {
    let (repo, base) = shop(CONFIG);
    let text = format!("# a comment\n{}", deployment("odoo", "2048Mi"));
    repo.write("prod/odoo.yaml", text).commit("a comment");
    let report = check(&repo, base);
    assert_eq!(
        (report.outcome, report.exit),
        (RunOutcome::Pass, Exit::Pass)
    );
    let unit = unit(&report, "prod", "prod");
    assert_eq!((unit.outcome, unit.changes.len()), (Outcome::Pass, 0));
    assert_ne!(unit.base.gated_tree, unit.head.gated_tree);
}

#[test]
fn keys_that_kubernetes_converts_are_one_finding_a_file() {
    let (repo, base) = shop(CONFIG);
    let keys: String = (0..300).map(|key| format!("  0x{key:x}: a\n")).collect();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: shop}\ndata:\n";
    repo.write("prod/map.yaml", format!("{map}{keys}"))
        .commit("a map");
    let report = check(&repo, base);
    let found = &unit(&report, "prod", "prod").findings;
    let [finding] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(finding.code, "engine.key-converted");
    assert!(finding.message.starts_with("a key, and 299 more, in"));
}

#[test]
fn a_new_path_that_is_not_what_it_looks_like_is_denied() {
    for path in [
        "prod/cafe\u{301}.txt",
        "prod/x\u{202e}lmay.txt",
        ".github/workflows/tidegate-\u{200b}x.yaml",
    ] {
        let (repo, base) = shop(CONFIG);
        repo.write(path, "a").commit("a file");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Denied, "{path}");
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let codes: Vec<&str> = findings.map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["engine.misleading-path"], "{path}");
    }
}

#[test]
fn a_document_inside_a_unit_passes_with_no_change() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/README.md", "# Odoo").commit("a document");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    let unit = unit(&report, "prod", "prod");
    assert_eq!((unit.outcome, unit.changes.len()), (Outcome::Pass, 0));
}

#[test]
fn a_range_of_no_commits_is_not_judged() {
    let (repo, base) = shop(CONFIG);
    let found = refused(&repo, &request(&format!("{base}..{base}")));
    assert_eq!(found, ("range.empty".to_owned(), 3));
}

#[test]
fn a_text_that_is_no_range_is_an_error_of_usage_at_once() {
    let (repo, _) = shop(CONFIG);
    let long = "x".repeat(100_000);
    for text in [
        "HEAD",
        "HEAD^{/(a+)+$}",
        "@{1000000000}",
        ":/x",
        "a..b..c",
        "-h..HEAD",
        "..",
        &long,
    ] {
        let output = tidegate(&repo, &["check", "--", text]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(stderr(&output).starts_with("error[usage."), "{text}");
        assert_eq!(stdout(&output), "", "{text}");
    }
}

#[test]
fn a_default_counts_for_no_object_that_may_lie_in_another_namespace() {
    let nowhere = |text: String| text.replace("  namespace: shop\n", "");
    for (defaults, object) in [
        (limit_range("shop"), nowhere(deployment("web", ""))),
        (nowhere(limit_range("shop")), deployment("web", "")),
    ] {
        let (repo, _) = shop(CONFIG);
        let base = repo.write("prod/limits.yaml", defaults).commit("defaults");
        repo.write("prod/web.yaml", object).commit("web");
        let report = check(&repo, base);
        assert_eq!(blocking(&report), ["resources.missing-memory-limit of web"]);
    }
}

#[test]
fn a_unit_without_any_object_is_not_judged() {
    let (repo, base) = shop(&format!("{CONFIG}  - name: web\n    paths: [\"web/**\"]\n"));
    repo.write("web/index.html", "<p>").commit("a page");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(error_codes(&report), ["range.judged-nothing"]);
}

#[test]
fn the_last_object_of_a_unit_can_be_deleted() {
    let (repo, base) = shop(CONFIG);
    repo.remove("prod/odoo.yaml").commit("farewell");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    assert_eq!(unit(&report, "prod", "prod").changes.len(), 1);
}

#[test]
fn units_that_could_be_judged_stand_beside_those_that_could_not() {
    let config = format!("{CONFIG}  - name: other\n    paths: [\"other/**\"]\n");
    let (repo, base) = shop(&config);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .write("other/broken.yaml", "a: [");
    repo.commit("both");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of odoo"]
    );
    assert_eq!(report.errors.len(), 1);
}

#[test]
fn of_many_files_the_first_that_cannot_be_read_is_told() {
    let (repo, base) = shop(CONFIG);
    for at in 0..60 {
        let text = match at {
            // A pointer of Git LFS is told as such, though it is no object either.
            17 => "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".to_owned(),
            9 | 31 | 55 => "a: [".to_owned(),
            _ => config_map(&format!("m{at}"), "1"),
        };
        repo.write(format!("prod/m{at:02}.yaml"), text);
    }
    repo.commit("many");
    let first = |path: &str| {
        let [(_, message)] = errors(&check(&repo, base)).try_into().unwrap();
        assert!(message.contains(path), "{message}");
        repo.write(path, config_map("mended", "1")).commit("mended");
    };
    first("prod/m09.yaml");
    first("prod/m17.yaml");
    first("prod/m31.yaml");
}

#[test]
fn broken_yaml_in_a_unit_is_told_by_place_without_content() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/bad.yaml", "a: 1\nb: \"hunter2\n")
        .commit("bad");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let [(_, message)] = errors(&report).try_into().unwrap();
    assert!(message.contains("prod/bad.yaml:"), "{message}");
    let place = message.split("prod/bad.yaml:").nth(1).unwrap();
    let mut numbers = place.split([':', ' ']);
    assert!(numbers.next().unwrap().parse::<u32>().is_ok(), "{message}");
    assert!(numbers.next().unwrap().parse::<u32>().is_ok(), "{message}");
    for arguments in [
        vec!["check"],
        vec!["check", "--output", "json"],
        vec!["diff"],
        vec!["facts"],
    ] {
        let range = format!("{base}..HEAD");
        let output = tidegate(&repo, &[arguments.as_slice(), &[&range]].concat());
        assert_eq!(output.status.code(), Some(3));
        let shown = stdout(&output) + &stderr(&output);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("prod/bad.yaml:"), "{shown}");
    }
}

#[test]
fn a_difference_shows_what_can_be_read_and_ends_as_the_check_does() {
    let (repo, base) = shop(&format!(
        "{CONFIG}  - name: demo\n    paths: [\"demo/**\"]\n"
    ));
    repo.write("demo/bad.yaml", "a: [\n");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.commit("one is broken");
    let range = format!("{base}..HEAD");
    for format in ["human", "json"] {
        let output = tidegate(&repo, &["diff", &range, "--output", format]);
        assert_eq!(output.status.code(), Some(3));
        let (shown, said) = (stdout(&output), stderr(&output));
        assert!(shown.contains("odoo"), "{shown}");
        assert!(said.contains("demo/bad.yaml:"), "{said}");
    }
}

#[test]
fn a_broken_neighbour_of_a_declared_kind_cannot_be_overlooked() {
    let broken = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: x\n";
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .write("prod/limits.yaml", broken);
    let base = repo.commit("broken neighbour");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let [(_, message)] = errors(&report).try_into().unwrap();
    assert!(message.contains("prod/limits.yaml:"), "{message}");
}

#[test]
fn another_broken_file_beside_a_change_is_left_alone() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .write("prod/values.yaml", "some: {text: \n")
        .write("elsewhere/values.yaml", "some: {kind: LimitRange \n");
    let base = repo.commit("broken beside");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn an_observing_environment_says_fail_and_ends_with_zero() {
    let (repo, base) = shop(&format!("{CONFIG}    enforcement: observe\n"));
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let report = check(&repo, base);
    assert_eq!(
        (report.outcome, report.exit),
        (RunOutcome::Fail, Exit::Pass)
    );
    assert_eq!(unit(&report, "prod", "prod").outcome, Outcome::Fail);
    let output = tidegate(&repo, &["check", &format!("{base}..HEAD")]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("WOULD FAIL"));
}

#[test]
fn what_cannot_be_judged_is_no_pass_where_it_is_only_observed() {
    let (repo, base) = shop(&format!("{CONFIG}    enforcement: observe\n"));
    repo.write("prod/bad.yaml", "a: [").commit("bad");
    assert_eq!(check(&repo, base).exit, Exit::Unjudged);
}

#[test]
fn a_range_whose_base_is_no_ancestor_is_a_wrong_argument() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    let head = repo.commit("more memory");
    let found = refused(&repo, &request(&format!("{head}..{base}")));
    assert_eq!(found, ("range.not-ancestor".to_owned(), 2));
}

#[test]
fn three_dots_judge_from_the_fork_by_the_target() {
    let (repo, fork) = shop(CONFIG);
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    repo.git(&["switch", "--quiet", "main"]);
    let strict = format!("{CONFIG}    max-tier: low\n");
    let target = repo.write("tidegate.yaml", strict).commit("be strict");
    let report = check_with(&repo, &request("main...side")).unwrap();
    assert_eq!(report.judge.as_ref().unwrap().commit, Some(target));
    assert_eq!(blocking(&report), ["risk.above-max-tier of odoo"]);
    assert_eq!(unit(&report, "prod", "prod").base.commit, Some(fork));
    assert_eq!(report.units.len(), 1);
}

#[test]
fn a_misshapen_pod_is_told_at_its_line_and_never_blamed_on_a_policy() {
    let sound = deployment("odoo", "2Gi");
    let containers = sound.find("      containers:").unwrap();
    let misshapen = [
        (
            format!("{}      containers: {{a: {{}}}}\n", &sound[..containers]),
            "14:19: `spec.template.spec.containers` must be a list, and is a mapping",
        ),
        (
            format!("{}      containers: [null]\n", &sound[..containers]),
            "14:20: `spec.template.spec.containers[0]` must be a mapping, and is nothing",
        ),
        (
            format!("{}      hostNetwork: false\n", &sound[..containers]),
            "14:7: `spec.template.spec.containers` must be a list of at least one container, and is absent",
        ),
        (
            format!("{}spec: []\n", &sound[..sound.find("spec:").unwrap()]),
            "6:7: `spec` must be a mapping, and is a list",
        ),
        (
            format!(
                "{}          resources: x\n",
                &sound[..sound.find("          resources:").unwrap()]
            ),
            "17:22: `spec.template.spec.containers[0].resources` must be a mapping, and is a string",
        ),
    ];
    for (manifest, said) in misshapen {
        let (repo, base) = shop(CONFIG);
        repo.write("prod/odoo.yaml", &manifest).commit("misshapen");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Unjudged, "{manifest}");
        let wanted = (
            "manifest.misshapen".to_owned(),
            format!("prod/odoo.yaml:{said}"),
        );
        assert_eq!(errors(&report), [wanted], "{manifest}");
    }
}

#[test]
fn what_stands_where_a_folder_of_a_unit_would_be_is_no_way_in() {
    let config = CONFIG.replace("[\"prod/**\"]", "[\"prod/**\", \"jobs/prod/**\"]");
    let (repo, base) = shop(&config);
    repo.write("elsewhere/prod/bad.yaml", deployment("bad", ""))
        .symlink("jobs", "elsewhere")
        .commit("a way in");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let codes: Vec<String> = report.errors.iter().map(|it| code_of(&*it.error)).collect();
    assert_eq!(codes, ["git.symlink-outside"]);
}
