//! The judge is never taken from what it judges.

use tidegate::model::{Exit, code_of};
use tidegate::verdict::RunOutcome;

use super::*;

#[test]
fn a_commit_that_relaxes_the_judge_and_uses_it_is_denied() {
    let (repo, base) = shop(CONFIG);
    repo.write(
        "tidegate.yaml",
        format!("{CONFIG}resources:\n  require: []\n"),
    )
    .write("prod/odoo.yaml", deployment("odoo", ""));
    repo.commit("let the workers breathe");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of odoo"]
    );
    assert_eq!(report.judge.as_ref().unwrap().commit, Some(base));
    assert_eq!(report.proposed, Some(RunOutcome::Pass));
}

#[test]
fn what_the_proposed_configuration_says_changes_nothing() {
    let (repo, base) = shop(CONFIG);
    repo.write("tidegate.yaml", format!("{CONFIG}    max-tier: low\n"))
        .write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.commit("take less");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(report.proposed, Some(RunOutcome::Fail));
}

#[test]
fn an_unclaimed_manifest_counts_for_the_proposed_configuration() {
    let config = format!("{CONFIG}{RETAIL}");
    let (repo, base) = shop(&config);
    repo.write("tidegate.yaml", config.replace("prod/**", "production/**"))
        .write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.commit("claim another folder");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(report.proposed, Some(RunOutcome::Fail));
}

#[test]
fn an_environment_that_head_drops_is_still_judged() {
    let config = format!("{CONFIG}  - name: old\n    paths: [\"old/**\"]\n");
    let (repo, base) = shop(&config);
    repo.write("tidegate.yaml", CONFIG)
        .write("old/odoo.yaml", deployment("odoo", ""));
    repo.commit("drop an environment");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of odoo"]
    );
    let only = Request {
        environment: Some("old".to_owned()),
        ..request(&format!("{base}..HEAD"))
    };
    let report = check_with(&repo, &only).unwrap();
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn the_first_configuration_judges_its_own_commit_and_says_so() {
    let repo = Repo::new();
    let base = repo
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("before the gate");
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", ""));
    let head = repo.commit("the gate");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(report.judge.as_ref().unwrap().from, "the head (bootstrap)");
    assert_eq!(report.judge.as_ref().unwrap().commit, Some(head));
    assert_eq!(report.proposed, None);
    assert_eq!(unit(&report, "main", "gate").changes.len(), 1);
}

#[test]
fn without_any_configuration_nothing_is_judged() {
    let repo = Repo::new();
    let base = repo.write("a.yaml", "a: 1").commit("one");
    repo.write("a.yaml", "a: 2").commit("two");
    let found = refused(&repo, &request(&format!("{base}..HEAD")));
    assert_eq!(found, ("config.missing".to_owned(), 3));
}

#[test]
fn two_configurations_are_one_too_many() {
    let repo = Repo::new();
    let base = repo
        .write("tidegate.yaml", CONFIG)
        .write(".github/tidegate.yaml", CONFIG)
        .commit("two configurations");
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("odoo");
    let found = refused(&repo, &request(&format!("{base}..HEAD")));
    assert_eq!(found, ("config.ambiguous".to_owned(), 3));
}

#[test]
fn a_second_configuration_in_head_is_an_error() {
    let (repo, base) = shop(CONFIG);
    repo.write(".github/tidegate.yaml", CONFIG)
        .commit("a second");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(error_codes(&report), ["config.ambiguous"]);
}

#[test]
fn an_invalid_configuration_in_head_is_told_whole() {
    let (repo, base) = shop(CONFIG);
    repo.write(
        "tidegate.yaml",
        "environments:\n  - name: Prod\n    paths: [\"prod/**\"]\n    stagee: dev\nresources: {requires: []}\n",
    );
    repo.commit("break the gate");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    assert_eq!(report.outcome, RunOutcome::Error);
    assert_eq!(report.proposed, Some(RunOutcome::Error));
    let [error] = report.errors.as_slice() else {
        panic!("{}", json_of(&report));
    };
    let problems = error.error.related().unwrap().count();
    assert!(problems >= 2, "{problems} problems");
    let shown = tidegate(&repo, &["check", &format!("{base}..HEAD")]);
    let shown = stdout(&shown) + &stderr(&shown);
    for wanted in ["stagee", "Prod"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
}

#[test]
fn an_environment_that_is_new_in_head_is_judged_by_the_policies_of_base() {
    let (repo, base) = shop(&format!("{CONFIG}{RETAIL}"));
    repo.write(
        "tidegate.yaml",
        format!(
            "{CONFIG}  - name: new\n    paths: [\"new/**\"]\n{RETAIL}resources:\n  require: []\n"
        ),
    )
    .write("new/odoo.yaml", deployment("odoo", ""))
    .write("docs/rollback.md", PLAN);
    repo.commit("a new environment");
    let report = check(&repo, base);
    assert_eq!(
        blocking(&report),
        ["resources.missing-memory-limit of odoo"]
    );
    assert_eq!(unit(&report, "new", "new").changes.len(), 1);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(report.proposed, Some(RunOutcome::Pass));
}

#[test]
fn a_configuration_by_name_takes_the_judges_place_and_is_named() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let relaxed = format!("{CONFIG}resources:\n  require: []\n");
    let request = Request {
        config: Some(("mine.yaml".to_owned(), relaxed.into_bytes())),
        ..request(&format!("{base}..HEAD"))
    };
    let report = check_with(&repo, &request).unwrap();
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(
        report.judge.as_ref().unwrap().from,
        "the file given by --config"
    );
    assert_eq!(report.judge.as_ref().unwrap().config, "mine.yaml");
    let invalid = Request {
        config: Some(("mine.yaml".to_owned(), b"environment: []".to_vec())),
        ..request
    };
    let error = check_with(&repo, &invalid).unwrap_err();
    assert!(code_of(&error).starts_with("config."), "{error}");
}

#[test]
fn what_the_head_adds_to_a_known_environment_is_judged_by_the_base() {
    let widened = CONFIG.replace("[\"prod/**\"]", "[\"prod/**\", \"more/**\"]");
    let relaxed = format!("{widened}resources: {{require: []}}\n");
    let (repo, base) = shop(CONFIG);
    repo.write("tidegate.yaml", &relaxed)
        .write("more/cron.yaml", deployment("cron", ""))
        .commit("more of it");
    assert_eq!(
        blocking(&check(&repo, base)),
        ["resources.missing-memory-limit of cron"]
    );

    // What lies there already counts as created, and what moves there has changed.
    let (repo, _) = shop(CONFIG);
    repo.write("more/cron.yaml", deployment("cron", ""));
    let base = repo.commit("nobody's yet");
    repo.write("tidegate.yaml", &relaxed)
        .remove("prod/odoo.yaml")
        .write("more/odoo.yaml", deployment("odoo", ""))
        .commit("moved");
    assert_eq!(
        blocking(&check(&repo, base)),
        [
            "resources.missing-memory-limit of cron",
            "resources.missing-memory-limit of odoo"
        ]
    );
}
