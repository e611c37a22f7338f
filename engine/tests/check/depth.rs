//! Paths that are too deep to be followed: whom they stop, and that they can be removed.

use tidegate::gate::What;
use tidegate::model::{Effect, Exit};

use super::*;

const TWO: &str = "environments:
  - name: prod
    paths: [\"prod/**\"]
  - name: demo
    paths: [\"demo/**\"]
";

#[test]
fn what_no_unit_selects_is_a_warning_when_it_comes_and_when_it_goes() {
    let (repo, base) = shop(CONFIG);
    let path = deep("docs", "a.txt");
    repo.write(&path, "text");
    let there = repo.commit("too deep");
    warned(&check(&repo, base), "no environment claims it");
    warned(&check_staged(&repo, &path), "it is removed");
    repo.commit_index("gone");
    warned(&check(&repo, there), "it is removed");
}

#[test]
fn what_no_unit_selects_is_denied_where_unclaimed_manifests_are() {
    let (repo, base) = shop(&format!("profile: retail-prod\n{CONFIG}"));
    repo.write(deep("docs", "a.yaml"), config_map("a", "1"));
    repo.commit("too deep");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["engine.out-of-reach"]);
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn what_a_unit_selects_stops_the_unit_and_can_be_removed() {
    let (repo, base) = shop(TWO);
    let path = deep("prod", "a.yaml");
    repo.write(&path, config_map("a", "1"));
    repo.write("demo/a.yaml", config_map("a", "1"));
    let there = repo.commit("too deep");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let stopped: Vec<_> = report
        .errors
        .iter()
        .map(|error| &error.environment)
        .collect();
    assert_eq!(stopped, ["prod"], "{}", json_of(&report));
    assert_eq!(report.units.len(), 1, "demo is judged");

    // Others may go on, and so may the hook of who removes it.
    repo.write("demo/a.yaml", config_map("a", "2"));
    repo.git(&["add", "--all"]);
    let staged = check_with(&repo, &of_index()).unwrap();
    assert_eq!((staged.exit, errors(&staged)), (Exit::Pass, vec![]));
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.git(&["add", "--all"]);
    let staged = check_with(&repo, &of_index()).unwrap();
    assert_eq!(staged.exit, Exit::Unjudged);
    assert_eq!(staged.errors[0].environment, "prod");

    warned(&check_staged(&repo, &path), "it is removed");
    repo.commit_index("gone");
    warned(&check(&repo, there), "it is removed");
}

fn deep(folder: &str, name: &str) -> String {
    format!("{folder}/{}{name}", "d/".repeat(70))
}

fn of_index() -> Request {
    Request {
        what: What::Staged,
        ..request("")
    }
}

/// What the hook says of the removal of `path`.
fn check_staged(repo: &Repo, path: &str) -> RunReport {
    repo.git(&["rm", "--quiet", "--cached", path]);
    std::fs::remove_file(repo.path().join(path)).unwrap();
    check_with(repo, &of_index()).unwrap()
}

fn warned(report: &RunReport, why: &str) {
    assert_eq!((report.exit, errors(report)), (Exit::Pass, vec![]));
    let [finding] = report.findings.as_slice() else {
        panic!("{}", json_of(report));
    };
    let found = (finding.code.as_str(), finding.effect);
    assert_eq!(found, ("engine.out-of-reach", Effect::Warn));
    assert!(finding.message.contains(why), "{}", finding.message);
}
