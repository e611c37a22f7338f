//! What the process is handed: streams that are closed or full, folders that are gone, arguments that are odd.
//! Whatever it is, the exit code says what was judged.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::*;

/// A range that is denied, and one that passes.
fn ranges() -> (Repo, [(String, i32); 2]) {
    let (repo, base) = shop(CONFIG);
    let other = repo.write("prod/a.yaml", config_map("a", "1")).commit("a");
    let head = repo
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let ranges = [
        (format!("{base}..{other}"), 0),
        (format!("{other}..{head}"), 1),
    ];
    (repo, ranges)
}

/// How a check of `range` ends that a shell starts so: `$run` stands for the command.
fn ends(repo: &Repo, range: &str, script: &str) -> (Option<i32>, String) {
    let run = format!("'{}' check {range}", env!("CARGO_BIN_EXE_tidegate"));
    let mut command = repo.command("sh");
    let output = command.args(["-c", &script.replace("$run", &run)]).output();
    let output = output.unwrap();
    (output.status.code(), stdout(&output) + &stderr(&output))
}

#[test]
fn closed_and_full_streams_change_no_judgement() {
    let (repo, ranges) = ranges();
    for (range, exit) in &ranges {
        for script in [
            "$run >&-",
            "$run 2>&-",
            "$run <&-",
            "$run <&- >&- 2>&-",
            "$run 2>/dev/full",
            "trap '' PIPE; $run",
            "trap - PIPE; $run",
        ] {
            let (found, said) = ends(&repo, range, script);
            assert_eq!(found, Some(*exit), "{script}: {said}");
        }
        for script in ["trap '' PIPE; $run", "trap - PIPE; $run"] {
            let mut end = script.to_owned();
            end.push_str(" --output json --all; echo \"exit $?\" >&2) | head -c1");
            let (_, said) = ends(&repo, range, &format!("({end}"));
            let known = [*exit, 3];
            let found = said.rsplit_once("exit ").unwrap().1.trim().parse();
            assert!(known.contains(&found.unwrap()), "{script}: {said}");
        }
    }
}

#[test]
fn a_report_for_which_there_is_no_room_is_none() {
    let (repo, ranges) = ranges();
    let before = files(&repo);
    for (range, _) in &ranges {
        let script = "trap '' XFSZ; ulimit -f 0; $run --output json=report.json";
        let (found, said) = ends(&repo, range, script);
        assert_eq!(found, Some(3), "{said}");
        assert!(said.contains("io.write"), "{said}");
        assert_eq!(files(&repo), before, "{said}");
    }
}

fn files(repo: &Repo) -> Vec<String> {
    let entries = fs::read_dir(repo.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_that_is_none_is_no_place_to_judge() {
    let (repo, ranges) = ranges();
    let (range, _) = &ranges[0];
    let script = "mkdir gone && cd gone && rmdir ../gone && $run";
    let (found, said) = ends(&repo, range, script);
    assert_eq!(found, Some(3), "{said}");
    std::os::unix::fs::symlink("loop", repo.path().join("loop")).unwrap();
    for folder in ["tidegate.yaml", "prod/odoo.yaml", "loop", "nowhere"] {
        let output = tidegate(&repo, &["-C", folder, "check", range]);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{folder}: {}",
            stdout(&output)
        );
    }
    let output = tidegate(&repo, &["-C", "prod", "check", range]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn odd_arguments_are_wrong_arguments() {
    let (repo, ranges) = ranges();
    let (range, _) = &ranges[0];
    let no_text = OsStr::from_bytes(b"\xff\x1b[31m..HEAD");
    let long = format!("{}..HEAD", "a".repeat(128 << 10 >> 1));
    let many = vec!["x"; 20_000];
    for arguments in [
        vec![no_text],
        vec![OsStr::new(range), OsStr::new("--env"), no_text],
        vec![OsStr::new(&long)],
        many.iter().map(OsStr::new).collect(),
        vec![OsStr::new(range), OsStr::new("--env"), OsStr::new("")],
        vec![OsStr::new(range), OsStr::new("--unit"), OsStr::new("")],
        vec![OsStr::new(range), OsStr::new("--outp"), OsStr::new("json")],
        vec![OsStr::new(range), OsStr::new("--e=prod")],
        vec![OsStr::new("")],
    ] {
        let output = tidegate_command(&repo, &["check"])
            .args(&arguments)
            .output();
        let output = output.unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(!said.contains('\u{1b}') && said.len() < 20_000, "{said}");
    }
}

#[test]
fn help_beside_something_to_judge_is_no_pass() {
    let (repo, ranges) = ranges();
    let (range, _) = &ranges[1];
    for arguments in [
        &["check", "-h..HEAD"][..],
        &["check", "-h", "--merge-into", "main"],
        &["check", range, "--help"],
        &["check", "--staged", "-h"],
    ] {
        let output = tidegate(&repo, arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("usage.help"), "{said}");
        assert!(stdout(&output).contains("Usage: tidegate check"));
    }
    for arguments in [&["check", "--help"][..], &["help", "check"], &["--version"]] {
        assert_eq!(tidegate(&repo, arguments).status.code(), Some(0));
    }
}
