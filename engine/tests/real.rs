//! What real repositories are like: files beside the changed ones that do not parse, and files that
//! did not parse before. Runs the whole gate; knows no layer.

use tidegate::gate::{self, Request, What};
use tidegate::git::Repository;
use tidegate::verdict::RunReport;

use crate::support::Repo;

#[test]
fn a_broken_file_that_cannot_hold_a_neighbour_is_left_alone() {
    let repo = shop();
    repo.write(
        "apps/policy.json",
        r#"{"kind": "Policy", "apiVersion": "v1", "x": "ServiceSpread"}"#,
    );
    repo.write("apps/twice.yaml", format!("{CONFIG}  c: 3\n  c: 4\n"));
    repo.commit("Broken");
    repo.write("apps/b.yaml", CONFIG.replace("name: a", "name: b"));
    repo.commit("Create");
    assert_eq!(codes(&repo.open()), Vec::<String>::new());
}

#[test]
fn a_broken_file_that_may_hold_the_same_object_is_told_with_the_reason() {
    let repo = shop();
    let twin = CONFIG.replace("name: a", "name: b");
    repo.write("apps/twice.yaml", format!("{twin}  c: 3\n  c: 4\n"));
    repo.commit("Broken");
    repo.write("apps/b.yaml", twin);
    repo.commit("Create");
    let codes = codes(&repo.open());
    assert_eq!(
        codes,
        [
            "yaml.duplicate-key: apps/twice.yaml:7:3: duplicate key (the other is at 6:3); this file \
             may hold a ConfigMap that must be known"
        ]
    );
}

#[test]
fn a_broken_file_that_may_hold_a_neighbour_is_never_overlooked() {
    for limits in [
        "kind: LimitRange\na: 1\na: 2\n",
        "\"\\x6bind\": \"\\x4cimitRange\"\na: 1\na: 2\n",
    ] {
        let repo = shop();
        repo.write("apps/limits.yaml", format!("apiVersion: v1\n{limits}"));
        repo.commit("Broken");
        repo.write("apps/a.yaml", CONFIG.replace("c: 2", "c: 5"));
        repo.commit("Update");
        let codes = codes(&repo.open());
        assert!(
            codes
                .iter()
                .any(|code| code.starts_with("yaml.duplicate-key: apps/limits.yaml:4:1")),
            "{codes:?}"
        );
    }
}

#[test]
fn a_file_that_only_the_base_holds_broken_is_told_so() {
    let repo = shop();
    repo.write("apps/a.yaml", format!("{CONFIG}  c: 3\n"));
    repo.commit("Break");
    repo.write("apps/a.yaml", CONFIG);
    repo.commit("Mend");
    let codes = codes(&repo.open());
    assert_eq!(
        codes,
        [
            "yaml.duplicate-key: at the base of the range: apps/a.yaml:7:3: duplicate key (the other is at 6:3)"
        ]
    );
    let mut said = Vec::new();
    for error in &report_of(&repo.open(), "HEAD~1..HEAD").errors {
        said.extend(error.error.help().map(|help| help.to_string()));
    }
    assert!(
        said[0].contains("`tidegate check COMMIT..HEAD`"),
        "{said:?}"
    );
    let from_before = report_of(&repo.open(), "HEAD~2..HEAD");
    assert!(
        from_before.errors.is_empty(),
        "the way out that the help names"
    );
}

/// The errors of the newest commit.
fn codes(repository: &Repository) -> Vec<String> {
    report_of(repository, "HEAD~1..HEAD")
        .errors
        .iter()
        .map(|error| {
            let code = tidegate::model::code_of(error.error.as_ref());
            format!("{code}: {}", error.error)
        })
        .collect()
}

fn report_of(repository: &Repository, range: &str) -> RunReport {
    let request = Request {
        what: What::Range(range.to_owned()),
        environment: None,
        unit: None,
        everything: false,
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        policy_ref: None,
        config: None,
    };
    gate::check(repository, &request).unwrap()
}

fn shop() -> Repo {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  paths: [\"apps/**\"]\n",
    );
    repo.write("apps/a.yaml", CONFIG);
    repo.commit("Start");
    repo
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  c: 2\n";
