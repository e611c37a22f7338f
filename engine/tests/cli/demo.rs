//! The demo runs anywhere, tells the truth, and leaves nothing behind.

use std::fs;
use std::process::Stdio;

use super::{root, said, tidegate};

#[test]
fn the_demo_runs_without_home_git_or_colour_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    // `env_clear`: neither HOME nor PATH, so that no `git` can be found.
    let output = tidegate(folder.path())
        .arg("demo")
        .env("TMPDIR", &temporary)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, 0, "{text}");
    assert!(text.is_ascii() && !text.contains('\u{1b}'));
    for expected in [
        "\ndeny[resources.missing-memory-limit]: ",
        "\ndeny[risk.above-max-tier]: ",
        "\nrefused[other-tree]: ",
        "\nrefused[missing]: ",
        "\nprod-a/pricing: admitted ",
        "\ndeny[freeze.window-closed]: ",
        "\n  medium to critical  may go from 2026-12-01 06:00 Europe/Dublin",
        "5 changes: 2 admitted, 2 stopped by the check, 1 refused at the sync.",
    ] {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
    assert!(fs::read_dir(&temporary).unwrap().next().is_none());
}

#[test]
fn a_demo_that_is_kept_is_a_clean_repository_and_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let demo = || {
        let output = tidegate(folder.path())
            .args(["demo", "--keep", "here"])
            .output();
        said(&output.unwrap())
    };
    let (text, exit) = demo();
    assert_eq!(exit, 0, "{text}");
    let shop = folder.path().join("here/shop");
    assert!(text.contains(folder.path().join("here").to_str().unwrap()));
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command
            .current_dir(&shop)
            .env_clear()
            .env("PATH", env!("PATH"));
        said(&command.args(arguments).output().unwrap()).0
    };
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(git(&["rev-parse", "--abbrev-ref", "HEAD"]), "main\n");
    assert_eq!(git(&["rev-list", "--count", "HEAD"]), "9\n");
    let (text, exit) = demo();
    assert_eq!(exit, 2);
    assert!(text.starts_with("error[usage.demo-folder]: "), "{text}");
}

#[test]
fn a_demo_is_not_made_inside_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    tidegate::git::Draft::init(&folder.path().join("own")).unwrap();
    let output = tidegate(&folder.path().join("own"))
        .args(["demo", "--keep", "demo"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 2, "{text}");
}

#[test]
fn a_demo_whose_reader_leaves_ends_without_a_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = tidegate(&root())
        .arg("demo")
        .stdout(Stdio::from(writer))
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert!(!text.contains("panicked"), "{text}");
    assert_eq!(exit, 3, "{text}");
}
