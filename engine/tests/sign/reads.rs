//! What `admit` opens: the store, the trust file and what Git keeps. Not the working tree, no cache, nothing that this
//! machine has of the user. So its answer depends on nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::world::{APP, World};

#[test]
fn an_admission_reads_the_store_the_trust_file_and_what_git_keeps() {
    let world = changed();
    let store = world.store_name();
    let trust = world.trust_file();
    let admit = [
        "admit",
        "--env",
        "prod",
        "--unit",
        "web",
        "--trust",
        &trust,
        "--verdicts",
        &store,
        "--revision",
        "HEAD",
        "--deployed",
        "HEAD~1",
    ];
    let trace = world.repo.beside("trace");
    let mut traced = world.repo.command("strace");
    traced
        .args("-f -qq -s 4096 -e trace=open,openat,openat2 -e signal=none -o".split(' '))
        .arg(&trace)
        .args(["--", env!("CARGO_BIN_EXE_tidegate")])
        .args(admit);
    // Where there is no `strace`, or nobody may look, nothing is shown.
    let Ok(output) = traced.output() else { return };
    let opened = opened(&trace);
    if opened.is_empty() {
        return;
    }
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = world.repo.beside("");
    let (own, others): (BTreeSet<&str>, BTreeSet<&str>) = opened
        .iter()
        .map(String::as_str)
        .partition(|path| path.starts_with(folder.to_str().unwrap()));
    let below: Vec<&str> = own
        .iter()
        .map(|path| &path[folder.to_str().unwrap().len()..])
        .collect();
    for path in &below {
        let known = ["repo/.git/", "verdicts/", "trust.json"];
        assert!(known.iter().any(|known| path.starts_with(known)), "{path}");
        assert!(!path.contains("tidegate/index"), "{path}");
    }
    for read in ["trust.json", "verdicts/links/prod/web/1.json"] {
        assert!(below.contains(&read), "{read}: {below:#?}");
    }
    for path in others {
        let known = MACHINE.iter().any(|known| path.starts_with(known));
        assert!(known, "{path}");
    }
}

/// A shop with a change that is signed, caches that are there, and files of the working tree that say otherwise.
fn changed() -> World {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    let with = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    let (exit, _, said) = world.run(&[&["baseline"], &with[..]].concat());
    assert_eq!(exit, 0, "{said}");
    world.label(APP, "a", "b");
    let (exit, _, said) = world.run(&[&["sign"], &with[..]].concat());
    assert_eq!(exit, 0, "{said}");
    assert_eq!(world.run(&["check", "HEAD~1..HEAD"]).0, 0);
    world.repo.write("tidegate.yaml", "environments: []\n");
    world.repo.write(".tidegate/trust.json", "{}");
    world
}

/// The files that were opened, each once.
fn opened(trace: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(trace).unwrap_or_default();
    let calls = text.lines().filter(|line| !line.contains(" = -1 "));
    let paths = calls.filter_map(|line| {
        let (_, rest) = line.split_once('"')?;
        Some(rest.split_once('"')?.0.to_owned())
    });
    // A folder that is opened as `.` is the one where it runs.
    paths.filter(|path| path.starts_with('/')).collect()
}

/// What starts a program, what says how many processors there are, and whose repositories Git takes.
const MACHINE: [&str; 7] = [
    "/etc/gitconfig",
    "/etc/ld.so",
    "/lib",
    "/usr/lib",
    "/proc/",
    "/sys/",
    "/dev/",
];
