//! Variables of the process: those that mean nothing are told, those that would lead Git elsewhere are not obeyed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{root, said, tidegate};
use crate::support::Repo;

#[test]
fn a_slip_of_each_variable_that_is_read_is_told() {
    let repo = Repo::new();
    let mut names = BTreeSet::new();
    named_in(&root().join("engine/src/cli"), &mut names);
    assert!(names.contains("TIDEGATE_SIGNING_KEY"), "{names:?}");
    for name in &names {
        let mut command = tidegate(repo.path());
        command.args(["explain", "resources.missing-memory-limit"]);
        let output = command.env(name, "").env(format!("{name}S"), "x").output();
        let (text, _) = said(&output.unwrap());
        assert!(text.contains(&format!("did you mean `{name}`?")), "{text}");
    }
}

/// What stands between quotes and begins as our variables do; not the inputs of the action.
fn named_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named_in(&path, names);
            continue;
        }
        if path.ends_with("variables.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let words = text.split('"');
        let own = words.filter(|word| {
            word.strip_prefix("TIDEGATE_").is_some_and(|rest| {
                let is_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                !rest.is_empty() && !rest.starts_with("INPUT_") && rest.bytes().all(is_name)
            })
        });
        names.extend(own.map(str::to_owned));
    }
}

#[test]
fn a_misspelt_variable_is_told_and_changes_nothing() {
    let repo = Repo::new();
    let run = |name: &str, value: &str| {
        let output = tidegate(repo.path())
            .args(["explain", "resources.missing-memory-limit"])
            .env(name, value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.stdout, errors)
    };
    let (plain, nothing) = run("TIDEGATE_SERVICE_PORT", "443");
    assert_eq!(nothing, "");
    let (told, errors) = run("TIDEGATE_KUSTOMISE", "kustomize");
    assert_eq!(
        errors,
        "warning: the variable `TIDEGATE_KUSTOMISE` means nothing here: did you mean `TIDEGATE_KUSTOMIZE`?\n"
    );
    assert_eq!(told, plain);
    assert_eq!(run("TIDEGATE_KUSTOMISE", "").1, "");
}

#[test]
fn doctor_names_what_would_lead_git_elsewhere() {
    let repo = Repo::new();
    let doctor = |variables: &[(&str, &str)]| {
        let mut command = tidegate(repo.path());
        let output = command
            .arg("doctor")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let (text, exit) = said(&output);
        assert_eq!(exit, 0, "{text}");
        let line = text.lines().find(|line| line.starts_with("variables"));
        line.unwrap().to_owned()
    };
    assert!(doctor(&[("GIT_PAGER", "x")]).contains(" ok "), "no line");
    let line = doctor(&[("GIT_WORK_TREE", "/"), ("GIT_DIR", "/x\u{1b}[31m")]);
    assert!(
        line.ends_with("wrong    set, and not obeyed: `GIT_DIR`, `GIT_WORK_TREE`"),
        "{line}"
    );
}
