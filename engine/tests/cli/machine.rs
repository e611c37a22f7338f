//! `doctor` and `cache`: what is said of a machine, and what is kept on it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use super::{said, tidegate};
use crate::support::Repo;

fn program(repo: &Repo, name: &str, script: &str) {
    let path = repo.beside("bin").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn doctor(repo: &Repo) -> Command {
    let mut command = tidegate(repo.path());
    command.arg("doctor").env("PATH", repo.beside("bin"));
    command
}

#[test]
fn doctor_says_what_is_there_and_what_to_do_about_the_rest() {
    let repo = Repo::new();
    program(&repo, "kustomize", "echo v5.7.1");
    program(&repo, "git", "echo git version 9");
    let (text, exit) = said(&doctor(&repo).output().unwrap());
    assert_eq!(exit, 0, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let line = |name: &str| *lines.iter().find(|line| line.starts_with(name)).unwrap();
    assert!(
        line("configuration").contains("missing  no configuration"),
        "{text}"
    );
    assert!(line("git").ends_with("ok       git version 9"), "{text}");
    assert!(line("kustomize").contains("ok       v5.7.1 at `"), "{text}");
    assert!(
        line("helm").contains("missing  there is no `helm`"),
        "{text}"
    );
    assert!(text.contains("go install helm.sh/helm/"), "{text}");
    assert!(
        line("files").len() > 30 && line("network").len() > 30,
        "{text}"
    );

    repo.write(
        "tidegate.yaml",
        "environments: [{name: prod, paths: ['apps/**']}]",
    );
    program(&repo, "helm", "echo no version");
    let output = doctor(&repo).args(["--output", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["version"], "v1");
    let state = |name: &str| {
        let checks = document["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    let states = ["configuration", "git", "kustomize", "helm"].map(state);
    assert_eq!(states, ["ok", "ok", "ok", "wrong"]);
    let (text, exit) = said(&doctor(&repo).args(["--output", "sarif"]).output().unwrap());
    assert_eq!(exit, 2, "{text}");
}

#[test]
fn doctor_says_each_problem_of_a_configuration_in_a_line_of_its_own() {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- {name: Prod, paths: [a/**]}\n- {name: Test, paths: [b/**]}\n",
    );
    let (text, exit) = said(&doctor(&repo).output().unwrap());
    assert_eq!(exit, 0, "{text}");
    assert!(!text.contains("\\n"), "{text}");
    for line in ["tidegate.yaml:2:", "tidegate.yaml:3:"] {
        let begins = |row: &str| row.trim_start().starts_with(line);
        assert!(text.lines().any(begins), "{line} in {text}");
    }
}

#[test]
fn doctor_tells_of_calendars_that_hold_nothing_any_more_and_of_those_that_are_missing() {
    let repo = Repo::new();
    let told = || {
        let (text, exit) = said(&doctor(&repo).output().unwrap());
        assert_eq!(exit, 0, "{text}");
        let lines = text.lines().filter(|line| line.starts_with("calendars"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let config = |calendars: &str| {
        format!(
            "environments:\n- {{name: prod, stage: production, paths: ['a/**']{calendars}}}\n- {{name: test, stage: staging, paths: ['b/**']}}\n"
        )
    };
    repo.write("tidegate.yaml", config(""));
    let [none, missing] = told().try_into().unwrap();
    assert!(none.ends_with("ok       none"), "{none}");
    assert!(
        missing.contains("missing  `prod` is production"),
        "{missing}"
    );

    let calendars = "calendars:
  retail: {timezone: Europe/Berlin, presets: [black-week]}
  stop: {timezone: UTC, windows: [{id: w, kind: freeze, from: '2001-01-01T00:00'}]}
  old: {file: old.ics, timezone: UTC}
";
    let event = |day: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:{day}\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    repo.write(
        "tidegate.yaml",
        config(", calendars: [retail, stop, old]") + calendars,
    )
    .write("old.ics", event("20010101"));
    let [all, old] = told().try_into().unwrap();
    assert!(
        all.contains("ok       3 calendars with 3 windows, by the time zone database 20"),
        "{all}"
    );
    assert!(old.contains("wrong    no window of `old` is open"), "{old}");
    repo.write("old.ics", "no calendar");
    let [wrong] = told().try_into().unwrap();
    assert!(
        wrong.ends_with("wrong    1 problem in `old.ics`"),
        "{wrong}"
    );
}

#[test]
fn doctor_takes_no_program_of_the_repository() {
    let repo = Repo::new();
    program(&repo, "helm", "echo v3.22.0");
    let inside = repo.path().join("bin");
    fs::rename(repo.beside("bin"), &inside).unwrap();
    let mut command = tidegate(repo.path());
    let (text, _) = said(&command.arg("doctor").env("PATH", &inside).output().unwrap());
    assert!(text.contains("there is no `helm`"), "{text}");
}

#[test]
fn cache_shows_what_is_kept_and_clears_it_and_nothing_else() {
    let repo = Repo::new();
    let cache = |command: &str| {
        let mut process = tidegate(repo.path());
        process
            .args(["cache", command])
            .env("XDG_CACHE_HOME", repo.beside("cache"));
        let (text, exit) = said(&process.output().unwrap());
        assert_eq!(exit, 0, "{text}");
        let words = |line: &str| {
            line.split_whitespace()
                .take(4)
                .collect::<Vec<_>>()
                .join(" ")
        };
        text.lines().map(words).collect::<Vec<String>>()
    };
    let empty = [
        "index 0 files 0",
        "answers 0 files 0",
        "renderings 0 files 0",
    ];
    assert_eq!(cache("show"), empty);
    let kept = repo.beside("cache/tidegate");
    fs::create_dir_all(kept.join("renderings")).unwrap();
    fs::create_dir_all(repo.path().join(".git/tidegate")).unwrap();
    let index = repo.path().join(".git/tidegate/index");
    for path in [
        index,
        kept.join("answers"),
        kept.join("renderings/ab"),
        kept.join("other"),
    ] {
        fs::write(path, "12345").unwrap();
    }
    let full = [
        "index 1 files 5",
        "answers 1 files 5",
        "renderings 1 files 5",
    ];
    assert_eq!(cache("show"), full);
    assert_eq!(cache("clear"), empty);
    assert_eq!(cache("show"), empty);
    assert!(kept.join("other").exists());
}

#[test]
fn where_no_cache_is_kept_nothing_of_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (text, exit) = said(
        &tidegate(folder.path())
            .args(["cache", "show"])
            .output()
            .unwrap(),
    );
    assert_eq!(exit, 0, "{text}");
    assert!(text.starts_with("no other cache: "), "{text}");
}

#[test]
fn doctor_reads_the_keys_of_the_tree_and_says_what_is_wrong_with_them() {
    let repo = Repo::new();
    let keys = |folder: &str| {
        let mut command = doctor(&repo);
        let (text, exit) = said(&command.args(["-C", folder]).output().unwrap());
        assert_eq!(exit, 0, "{text}");
        let lines = text.lines().filter(|line| line.starts_with("keys"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(keys("."), none, "nobody signs here");
    repo.write(".tidegate/trust.json", "{}")
        .write("apps/web.yaml", "");
    for folder in [".", "apps"] {
        let [line] = keys(folder).try_into().unwrap();
        assert!(
            line.contains("wrong") && line.contains("trust file"),
            "{line}"
        );
    }
    let file = include_str!("../../fuzz/seeds/trust/trust.json");
    repo.write(".tidegate/trust.json", file);
    let [line] = keys(".").try_into().unwrap();
    assert!(
        line.ends_with("ok       1 key in an unsigned trust file"),
        "{line}"
    );
}
