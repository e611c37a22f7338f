//! `tidegate hook install` in clones of the real `git`: what is held, whatever way it is committed or pushed.

use std::fs;
use std::path::Path;

use super::*;

const DENIED: &str = "resources.missing-memory-limit";

/// The shop with our hooks.
fn hooked() -> Repo {
    let (repo, _) = shop(CONFIG);
    install(&repo);
    repo
}

fn install(repo: &Repo) -> String {
    let output = tidegate(repo, &["hook", "install"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output)
}

/// Whether `git` with these arguments succeeds, and what it and the hooks say.
fn git_in(repo: &Repo, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = repo
        .command("git")
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    (output.status.success(), stdout(&output) + &stderr(&output))
}

fn held(repo: &Repo, arguments: &[&str]) {
    let before = repo.git(&["rev-parse", "--all"]);
    let (done, said) = git_in(repo, repo.path(), arguments);
    assert!(!done && said.contains(DENIED), "{arguments:?}: {said}");
    assert_eq!(repo.git(&["rev-parse", "--all"]), before);
}

fn passes(repo: &Repo, arguments: &[&str]) -> String {
    let (done, said) = git_in(repo, repo.path(), arguments);
    assert!(done, "{arguments:?}: {said}");
    said
}

#[test]
fn every_way_to_commit_is_held() {
    let repo = hooked();
    let good = |memory: &str| {
        repo.write("prod/odoo.yaml", deployment("odoo", memory));
    };
    good("");
    held(&repo, &["commit", "-a", "-m", "all"]);
    held(&repo, &["commit", "-m", "path", "prod/odoo.yaml"]);
    repo.git(&["add", "prod/odoo.yaml"]);
    // What is staged is bad, what lies in the working tree is good.
    good("3Gi");
    held(&repo, &["commit", "-m", "staged"]);
    passes(&repo, &["commit", "-a", "-m", "all"]);
    // And the other way round.
    good("");
    repo.write("prod/other.yaml", config_map("other", "a"));
    repo.git(&["add", "prod/other.yaml"]);
    passes(&repo, &["commit", "-m", "the other file only"]);
    held(&repo, &["commit", "-a", "--amend", "--no-edit"]);
    repo.git(&["checkout", "--", "."]);
    passes(&repo, &["commit", "--amend", "-m", "other words"]);
}

#[test]
fn the_first_commit_of_all_is_held() {
    let repo = Repo::new();
    install(&repo);
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["add", "--all"]);
    let (done, said) = git_in(&repo, repo.path(), &["commit", "-m", "first"]);
    assert!(!done && said.contains(DENIED), "{said}");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    passes(&repo, &["commit", "-a", "-m", "first"]);
}

#[test]
fn a_linked_worktree_has_the_same_hooks_and_its_own_index() {
    let repo = hooked();
    let tree = repo.beside("linked");
    repo.git(&[
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        tree.to_str().unwrap(),
    ]);
    fs::write(tree.join("prod/odoo.yaml"), deployment("odoo", "")).unwrap();
    let (done, said) = git_in(&repo, &tree, &["commit", "-a", "-m", "linked"]);
    assert!(!done && said.contains(DENIED), "{said}");
    let (done, said) = git_in(
        &repo,
        &tree.join("prod"),
        &["commit", "-m", "x", "odoo.yaml"],
    );
    assert!(!done && said.contains(DENIED), "{said}");
    // What lies unstaged there does not hold up the main one.
    repo.write("prod/other.yaml", config_map("other", "a"));
    repo.git(&["add", "--all"]);
    passes(&repo, &["commit", "-m", "main"]);
}

/// A branch `side` that took the limit away, made behind the back of the hooks.
fn with_bad_side(repo: &Repo, conflict: bool) {
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["commit", "-q", "-a", "--no-verify", "-m", "side"]);
    repo.git(&["checkout", "-q", "main"]);
    let (path, text) = if conflict {
        ("prod/odoo.yaml", deployment("odoo", "3Gi"))
    } else {
        ("prod/other.yaml", config_map("other", "a"))
    };
    repo.write(path, text);
    repo.git(&["add", "--all"]);
    passes(repo, &["commit", "-m", "main"]);
}

#[test]
fn a_merge_that_git_makes_by_itself_is_held() {
    let repo = hooked();
    with_bad_side(&repo, false);
    held(&repo, &["merge", "--no-edit", "side"]);
}

#[test]
fn a_merge_that_is_finished_by_hand_is_held() {
    let repo = hooked();
    with_bad_side(&repo, true);
    let (done, _) = git_in(&repo, repo.path(), &["merge", "side"]);
    assert!(!done);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["add", "--all"]);
    held(&repo, &["commit", "--no-edit"]);
    repo.write("prod/odoo.yaml", deployment("odoo", "4Gi"));
    repo.git(&["add", "--all"]);
    passes(&repo, &["commit", "--no-edit"]);
    assert_eq!(
        repo.git(&["rev-list", "--no-walk", "--parents", "HEAD"])
            .split(' ')
            .count(),
        3
    );
}

/// A remote that has `main`, and the hooks.
fn pushed() -> Repo {
    let repo = hooked();
    let remote = repo.beside("remote.git");
    repo.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    // All of a branch that the remote has nothing of is judged from nothing.
    let said = passes(&repo, &["push", "-q", "origin", "main"]);
    assert!(said.contains("PASS"), "{said}");
    repo
}

fn commit_unseen(repo: &Repo, memory: &str) {
    repo.write("prod/odoo.yaml", deployment("odoo", memory));
    repo.git(&["commit", "-q", "-a", "--no-verify", "-m", "unseen"]);
}

#[test]
fn what_is_pushed_is_held_whatever_ref_it_goes_to() {
    let repo = pushed();
    commit_unseen(&repo, "");
    held(&repo, &["push", "origin", "main"]);
    held(&repo, &["push", "origin", "HEAD:refs/heads/new"]);
    repo.git(&["branch", "also"]);
    held(&repo, &["push", "origin", "also", "main"]);
    repo.git(&["tag", "-a", "-m", "v1", "v1"]);
    held(&repo, &["push", "origin", "v1"]);
    commit_unseen(&repo, "5Gi");
    passes(&repo, &["push", "origin", "main"]);
}

#[test]
fn a_rewritten_branch_is_judged_from_where_it_parted() {
    let repo = pushed();
    commit_unseen(&repo, "3Gi");
    passes(&repo, &["push", "origin", "main"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    commit_unseen(&repo, "");
    held(&repo, &["push", "--force", "origin", "main"]);
}

#[test]
fn a_history_of_its_own_is_judged_as_a_whole_by_what_the_remote_has() {
    let repo = pushed();
    repo.git(&["checkout", "-q", "--orphan", "docs"]);
    repo.git(&["rm", "-q", "-r", "-f", "."]);
    repo.write("index.md", "a shop\n");
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "pages"]);
    passes(&repo, &["push", "origin", "docs"]);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    repo.git(&["add", "--all"]);
    repo.git(&["commit", "-q", "--no-verify", "--amend", "-m", "unseen"]);
    held(&repo, &["push", "origin", "docs:other"]);
}

#[test]
fn the_first_push_of_what_is_denied_is_told_the_way_out() {
    let repo = hooked();
    commit_unseen(&repo, "");
    let remote = repo.beside("remote.git");
    repo.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let (done, said) = git_in(&repo, repo.path(), &["push", "origin", "main"]);
    assert!(!done && said.contains(DENIED), "{said}");
    assert!(said.contains("git push --no-verify"), "{said}");
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]);
    commit_unseen(&repo, "3Gi");
    let said = passes(&repo, &["push", "origin", "main"]);
    assert!(!said.contains("--no-verify"), "{said}");
}

#[test]
fn a_push_that_brings_nothing_passes() {
    let repo = pushed();
    repo.git(&["branch", "same"]);
    let said = passes(&repo, &["push", "origin", "same"]);
    assert!(said.contains("nothing new is pushed"), "{said}");
    passes(&repo, &["push", "origin", ":same"]);
    let output = repo
        .command(env!("CARGO_BIN_EXE_tidegate"))
        .args(["check", "--pre-push"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_pre_commit_says_of_a_push_is_judged() {
    let repo = pushed();
    commit_unseen(&repo, "");
    let check = |variables: &[(&str, &str)]| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
        command
            .args(["check", "--pre-push"])
            .envs(variables.iter().copied());
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        (output.status.code(), stdout(&output) + &stderr(&output))
    };
    let refs = [
        ("PRE_COMMIT_FROM_REF", "HEAD~1"),
        ("PRE_COMMIT_TO_REF", "HEAD"),
    ];
    let (code, said) = check(&refs);
    assert!(code == Some(1) && said.contains(DENIED), "{said}");
    // The whole of a branch has no refs.
    let (code, said) = check(&[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")]);
    assert!(code == Some(1) && said.contains(DENIED), "{said}");
    let (code, said) = check(&[("PRE_COMMIT_TO_REF", "no-such")]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn a_line_that_is_not_gits_is_no_push() {
    let repo = pushed();
    for line in [
        "",
        "\n",
        "refs/heads/main x refs/heads/main y\n",
        "a b c d e f\n",
    ] {
        let mut command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
        let mut child = command
            .args(["check", "--pre-push"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), line.as_bytes()).unwrap();
        let code = child.wait_with_output().unwrap().status.code();
        assert_eq!(code, Some(if line.is_empty() { 0 } else { 2 }), "{line:?}");
    }
}

#[test]
fn somebody_elses_hook_stays_and_nothing_is_half_installed() {
    let (repo, _) = shop(CONFIG);
    let hooks = repo.path().join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    fs::write(hooks.join("pre-push"), "#!/bin/sh\necho mine\n").unwrap();
    let output = tidegate(&repo, &["hook", "install"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("hook.foreign") && said.contains("--pre-push"),
        "{said}"
    );
    assert!(!hooks.join("pre-commit").exists());
    let output = tidegate(&repo, &["hook", "uninstall"]);
    assert!(stdout(&output).contains("not ours"));
    assert_eq!(
        fs::read_to_string(hooks.join("pre-push")).unwrap(),
        "#!/bin/sh\necho mine\n"
    );
}

#[test]
fn what_was_installed_is_removed_and_installing_twice_is_installing_once() {
    let repo = hooked();
    install(&repo);
    let hooks = repo.path().join(".git/hooks");
    let changed = hooks.join("pre-push");
    let text = fs::read_to_string(&changed).unwrap() + "# and mine\n";
    fs::write(&changed, text).unwrap();
    tidegate(&repo, &["hook", "uninstall"]);
    assert!(!hooks.join("pre-commit").exists() && !hooks.join("pre-merge-commit").exists());
    assert!(changed.exists(), "it is somebody's now");
}

#[test]
fn hooks_lie_where_git_says_and_only_inside_the_repository() {
    let (repo, _) = shop(CONFIG);
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    install(&repo);
    assert!(repo.path().join(".githooks/pre-commit").exists());
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    held(&repo, &["commit", "-a", "-m", "all"]);
    let shared = repo.beside("shared-hooks");
    repo.git(&["config", "core.hooksPath", shared.to_str().unwrap()]);
    let output = tidegate(&repo, &["hook", "install"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("hook.shared-folder"));
    assert!(!shared.exists());
}

#[test]
fn a_program_that_is_gone_holds_the_commit() {
    let repo = hooked();
    let hook = repo.path().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    fs::write(
        &hook,
        text.replace(env!("CARGO_BIN_EXE_tidegate"), "/gone/tidegate"),
    )
    .unwrap();
    repo.write("prod/other.yaml", config_map("other", "a"));
    repo.git(&["add", "--all"]);
    let (done, said) = git_in(&repo, repo.path(), &["commit", "-m", "x"]);
    assert!(!done && said.contains("not found"), "{said}");
}
