//! How output behaves where it ends up: pipes, terminals without UTF-8 or colour.

use std::process::Stdio;

use super::{said, shop, tidegate};
use crate::support::Repo;

#[test]
fn a_pipe_gets_neither_colour_nor_signs_beyond_ascii() {
    let repo = failing();
    let check = || {
        let mut command = tidegate(repo.path());
        command.args(["check", "HEAD~1..HEAD", "--env", "prod-a"]);
        command
    };
    let plain = check().env("LANG", "C.UTF-8").output().unwrap();
    let (text, exit) = said(&plain);
    assert_eq!(exit, 1);
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    let coloured = check().args(["--color", "always"]).output().unwrap();
    let (text, _) = said(&coloured);
    assert!(
        text.contains("\u{1b}[31mdeny[resources.missing-memory-limit]:\u{1b}[0m"),
        "{text}"
    );
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let repo = failing();
    for arguments in [
        &["check", "HEAD~1..HEAD"][..],
        &["diff", "HEAD~1..HEAD"],
        &["policy", "list"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = tidegate(repo.path())
            .args(arguments)
            .stdout(Stdio::from(writer))
            .output()
            .unwrap();
        let (text, exit) = said(&output);
        assert!(!text.contains("panicked"), "{arguments:?}: {text}");
        assert!([1, 3].contains(&exit), "{arguments:?}: {exit}");
    }
}

#[test]
fn an_error_is_one_block_with_its_code_and_its_help() {
    let empty = tempfile::tempdir().unwrap();
    let output = tidegate(empty.path())
        .args(["check", "A..B"])
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, 3);
    let rows: Vec<&str> = text.lines().collect();
    assert!(
        rows[0].starts_with("error[git.not-a-repository]: "),
        "{text}"
    );
    assert!(rows.last().unwrap().starts_with("  help: "), "{text}");
}

#[test]
fn no_value_of_a_manifest_steers_the_terminal() {
    let repo = shop();
    let path = "apps/odoo/prod-a/web-service.yaml";
    let text = String::from_utf8(repo.git_with(&["show", &format!("HEAD:{path}")], b"")).unwrap();
    let text = text.replacen(
        "metadata:",
        "metadata:\n  annotations: {note: \"\\e[2J\\u202e\"}",
        1,
    );
    repo.write(path, text);
    repo.commit("clear the screen");
    let output = tidegate(repo.path())
        .args(["diff", "HEAD~1..HEAD", "--env", "prod-a"])
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("[2J\\u{202e}"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}

/// A commit that drops a memory limit.
fn failing() -> Repo {
    let repo = shop();
    let path = "apps/odoo/prod-a/web-deployment.yaml";
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    repo.write(path, text.replacen("              memory: 4Gi\n", "", 1));
    repo.commit("odoo: let the web workers breathe");
    repo
}
