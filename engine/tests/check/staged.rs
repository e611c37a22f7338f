//! `tidegate check --staged` as a pre-commit hook of the real `git`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

const DENIED: &str = "resources.missing-memory-limit";

/// A repository whose commits are held by the gate.
fn hooked(repo: &Repo) {
    let hook = repo.path().join(".git/hooks/pre-commit");
    let binary = env!("CARGO_BIN_EXE_tidegate");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(
        &hook,
        format!("#!/bin/sh\nexec '{binary}' check --staged\n"),
    )
    .unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether `git` with these arguments commits, and what the hook says.
fn commits(repo: &Repo, folder: &str, arguments: &[&str]) -> (bool, String) {
    let output = repo
        .command("git")
        .current_dir(repo.path().join(folder))
        .args(arguments)
        .output()
        .unwrap();
    (output.status.success(), stdout(&output) + &stderr(&output))
}

#[test]
fn the_first_commit_of_all_is_held() {
    let repo = Repo::new();
    hooked(&repo);
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["add", "--all"]);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "first"]);
    assert!(!done && said.contains(DENIED), "{said}");
    assert!(said.contains(" of the index (bootstrap)\n"), "{said}");
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .git(&["add", "--all"]);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "first"]);
    assert!(done, "{said}");
}

#[test]
fn commit_all_is_judged_by_what_it_adds() {
    let (repo, _) = shop(CONFIG);
    hooked(&repo);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    let (done, said) = commits(&repo, "prod", &["commit", "-a", "-m", "all"]);
    assert!(!done && said.contains(DENIED), "{said}");
    assert!(said.contains(" of the index\n"), "{said}");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    let (done, said) = commits(&repo, "prod", &["commit", "-a", "-m", "all"]);
    assert!(done, "{said}");
}

#[test]
fn commit_of_one_path_is_judged_by_that_path() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/worker.yaml", deployment("worker", "2Gi"))
        .commit("worker");
    hooked(&repo);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .write("prod/worker.yaml", deployment("worker", "3Gi"));
    repo.git(&["add", "--all"]);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "w", "prod/worker.yaml"]);
    assert!(done, "{said}");
    let (done, said) = commits(&repo, ".", &["commit", "-m", "o", "prod/odoo.yaml"]);
    assert!(!done && said.contains(DENIED), "{said}");
}

#[test]
fn only_what_is_staged_of_a_file_is_judged() {
    let (repo, _) = shop(CONFIG);
    hooked(&repo);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .git(&["add", "--all"]);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    let (done, said) = commits(&repo, ".", &["commit", "-m", "staged"]);
    assert!(done, "{said}");
    repo.git(&["add", "--all"]);
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"));
    let (done, said) = commits(&repo, ".", &["commit", "-m", "staged"]);
    assert!(!done && said.contains(DENIED), "{said}");
}

#[test]
fn a_linked_worktree_is_judged_by_its_own_index() {
    let (repo, _) = shop(CONFIG);
    hooked(&repo);
    let linked = repo.beside("linked");
    let path = linked.to_str().unwrap().to_owned();
    repo.git(&["worktree", "add", "--quiet", "-b", "side", &path]);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .git(&["add", "--all"]);
    fs::write(linked.join("prod/odoo.yaml"), deployment("odoo", "3Gi")).unwrap();
    let (done, said) = commits(&repo, &path, &["commit", "-a", "-m", "there"]);
    assert!(done, "{said}");
    fs::write(linked.join("prod/odoo.yaml"), deployment("odoo", "")).unwrap();
    let (done, said) = commits(&repo, &path, &["commit", "-a", "-m", "there"]);
    assert!(!done && said.contains(DENIED), "{said}");
}

#[test]
fn a_commit_of_documents_is_not_applicable() {
    let (repo, _) = shop(CONFIG);
    hooked(&repo);
    repo.write("README.md", "# Shop").git(&["add", "--all"]);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "documents"]);
    assert!(done && said.contains("NOT APPLICABLE"), "{said}");
    let output = tidegate(&repo, &["check", "--staged"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_staged_configuration_judges() {
    let (repo, _) = shop(CONFIG);
    hooked(&repo);
    let relaxed = format!("{CONFIG}resources:\n  require: []\n");
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .git(&["add", "--all"]);
    repo.write("tidegate.yaml", relaxed);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "not staged"]);
    assert!(!done && said.contains(DENIED), "{said}");
    repo.git(&["add", "--all"]);
    let (done, said) = commits(&repo, ".", &["commit", "-m", "staged"]);
    assert!(done, "{said}");
}

#[test]
fn a_lock_of_the_index_is_in_nobodys_way() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["add", "."]);
    repo.write(".git/index.lock", "");
    let output = tidegate(&repo, &["check", "--staged"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains(DENIED));
    assert!(repo.path().join(".git/index.lock").exists());
}
