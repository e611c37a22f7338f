//! `check --worktree` and `diff --worktree`: files as they lie on disk, judged like any others.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// What the command says, and how it ends.
fn said(repo: &Repo, arguments: &[&str]) -> (Option<i32>, String) {
    let output = tidegate(repo, arguments);
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn what_is_on_disk_is_judged_by_the_configuration_on_disk() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/worker.yaml", deployment("worker", ""));
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains(" of the working tree\n"), "{text}");
    assert!(text.contains("resources.missing-memory-limit"), "{text}");
    // Staged was nothing of it.
    assert_eq!(said(&repo, &["check", "--staged"]).0, Some(0));
    repo.write(
        "tidegate.yaml",
        format!("{CONFIG}resources:\n  require: []\n"),
    );
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(0), "{text}");
    repo.write("tidegate.yaml", CONFIG)
        .write(".gitignore", "worker.yaml\n");
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(0), "{text}");
}

#[test]
fn before_the_first_commit_it_judges_itself_and_says_so() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/odoo.yaml", deployment("odoo", ""));
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(1), "{text}");
    assert!(
        text.contains(" of the working tree (bootstrap)\n"),
        "{text}"
    );
    assert!(!repo.path().join(".git/index").exists());
}

#[test]
fn the_difference_is_shown_object_by_object() {
    let (repo, _) = shop(CONFIG);
    let (exit, text) = said(&repo, &["diff", "--worktree", "--output", "json"]);
    assert_eq!(
        (exit, text.contains("\"units\": []")),
        (Some(0), true),
        "{text}"
    );
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .write("prod/new.yaml", config_map("new", "1"));
    let (exit, text) = said(&repo, &["diff", "--worktree"]);
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.contains("3Gi") && text.contains("new"), "{text}");
    repo.remove("prod/new.yaml").remove("prod/odoo.yaml");
    let (_, text) = said(&repo, &["diff", "--worktree", "--output", "json"]);
    assert!(
        text.contains("\"delete\"") && !text.contains("\"new\""),
        "{text}"
    );
}

#[test]
fn what_a_commit_or_a_checkout_would_change_is_not_judged() {
    for attributes in [
        "*.yaml eol=crlf\n",
        "*.yaml filter=other\n",
        "*.yaml working-tree-encoding=UTF-16\n",
    ] {
        let (repo, _) = shop(CONFIG);
        repo.write(".gitattributes", attributes).write(
            "prod/odoo.yaml",
            deployment("odoo", "3Gi").replace('\n', "\r\n"),
        );
        let (exit, text) = said(&repo, &["check", "--worktree"]);
        assert_eq!(exit, Some(3), "{attributes}{text}");
        assert!(
            text.contains("git.content-transformed"),
            "{attributes}{text}"
        );
    }
}

#[test]
fn line_ends_alone_change_no_object() {
    for attributes in ["* text=auto\n", "* -text\n", "* eol=lf\n"] {
        let (repo, _) = shop(CONFIG);
        repo.write(".gitattributes", attributes)
            .commit("attributes");
        repo.write(
            "prod/odoo.yaml",
            deployment("odoo", "2Gi").replace('\n', "\r\n"),
        );
        let (exit, text) = said(&repo, &["check", "--worktree"]);
        assert_eq!(exit, Some(0), "{attributes}{text}");
        repo.write(
            "prod/odoo.yaml",
            deployment("odoo", "").replace('\n', "\r\n"),
        );
        let (exit, text) = said(&repo, &["check", "--worktree"]);
        assert_eq!(exit, Some(1), "{attributes}{text}");
    }
}

#[test]
fn links_and_repositories_inside_a_unit_are_errors() {
    let (repo, _) = shop(CONFIG);
    symlink("/etc/passwd", repo.path().join("prod/link.yaml")).unwrap();
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(3), "{text}");
    assert!(
        text.contains("git.not-a-file") && !text.contains("root:"),
        "{text}"
    );
    repo.remove("prod/link.yaml");
    repo.git(&["init", "--quiet", "prod/nested"]);
    repo.write("prod/nested/a.yaml", deployment("hidden", ""));
    let (exit, text) = said(&repo, &["check", "--worktree"]);
    assert_eq!(exit, Some(3), "{text}");
    assert!(text.contains("git.submodule"), "{text}");
}

#[test]
fn it_goes_alone_and_follows_no_variable() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", ""));
    for arguments in [
        vec!["check", "--worktree", "--staged"],
        vec!["check", "--worktree", "HEAD~1..HEAD"],
        vec!["diff", "--worktree", "HEAD", "--merge-into", "main"],
        vec!["check", "--worktree", "--pre-push"],
    ] {
        assert_eq!(said(&repo, &arguments).0, Some(2), "{arguments:?}");
    }
    let (other, _) = shop(CONFIG);
    let output = tidegate_command(&repo, &["check", "--worktree"])
        .env("GIT_DIR", other.path().join(".git"))
        .env("GIT_WORK_TREE", other.path())
        .env("GIT_INDEX_FILE", other.path().join(".git/index"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let index = fs::metadata(repo.path().join(".git/index")).unwrap();
    assert!(index.len() > 0 && repo.id("HEAD") == base);
}
