//! Every code that can come out has a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{assert_file, assert_snapshot, root, said, tidegate};

#[test]
fn every_code_that_policies_declare_is_explained() {
    let (list, exit) = run(&["policy", "list"]);
    assert_eq!(exit, 0, "{list}");
    assert_snapshot("policy-list.txt", &list);
    let codes: Vec<&str> = list
        .lines()
        .filter(|row| row.starts_with("  "))
        .map(|row| row.split_whitespace().nth(1).unwrap())
        .collect();
    assert!(codes.len() > 30, "{codes:?}");
    for code in codes {
        is_explained(code);
    }
}

/// What is no error has no page: the list that `explain` goes by is that of the sources.
#[test]
fn every_code_of_the_engine_and_of_every_error_is_explained() {
    let codes = codes_of_sources(&root().join("engine/src"));
    let errors = codes.iter().filter(|code| !code.starts_with("engine."));
    let list: String = errors.map(|code| format!("{code}\n")).collect();
    assert_file(&root().join("engine/src/cli/explain/codes.txt"), &list);
    let of = |area: &str| codes.iter().filter(|code| code.starts_with(area)).count();
    assert!(of("engine.") >= 6 && of("git.") >= 30, "{codes:?}");
    for code in codes {
        is_explained(&code);
    }
}

#[test]
fn a_page_is_drawn_without_marks_of_markdown() {
    let (page, _) = run(&["explain", "resources.missing-memory-limit"]);
    assert_snapshot("explain.txt", &page);
}

#[test]
fn an_unknown_code_names_its_neighbours() {
    let (text, exit) = run(&["explain", "resources.missing-memory"]);
    assert_eq!(exit, 2);
    assert!(text.starts_with("error[usage.unknown-code]: "), "{text}");
    assert!(text.contains("resources.missing-memory-limit"), "{text}");
    for (code, wanted) in [
        ("git.shalow", "the nearest is `git.shallow`"),
        ("config.unknown-kee", "the nearest is `config.unknown-key`"),
        (
            "source.made-up-by-nobody-at-all",
            "with this prefix: source.",
        ),
        ("source.made-up-by-nobody-at-all", "source.unknown"),
    ] {
        let (text, exit) = run(&["explain", code]);
        assert_eq!(exit, 2, "{text}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(wanted), "{text}");
    }
}

fn is_explained(code: &str) {
    let (page, exit) = run(&["explain", code]);
    assert_eq!(exit, 0, "{page}");
    let (head, text) = page.split_once('\n').unwrap();
    assert!(head.starts_with(&format!("{code}  (")), "{head}");
    assert!(text.trim().len() > 40, "{code} says too little: {text}");
    assert!(!text.contains("```"), "{code}: {text}");
}

fn run(arguments: &[&str]) -> (String, i32) {
    let empty = tempfile::tempdir().unwrap();
    said(&tidegate(empty.path()).args(arguments).output().unwrap())
}

/// Every `"engine.…"`, every `code(area::name)` and every text like a code of an area that names its own, in what is no test.
fn codes_of_sources(folder: &Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            codes.extend(codes_of_sources(&path));
        }
        if path.is_dir() || !name.ends_with(".rs") || name == "tests.rs" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let as_printed = |path: &str| path.replace("::", ".").replace('_', "-");
        let found = text.split('"').map(as_printed);
        codes.extend(found.filter(|piece| is_code(piece) && is_named(piece)));
        let declared = text.split("code(").skip(1);
        let declared = declared.filter_map(|rest| Some(rest.split_once(')')?.0));
        let declared = declared.map(|path| path.trim_matches('"'));
        let declared = declared.filter(|path| path.contains("::"));
        codes.extend(declared.map(as_printed).filter(|code| is_code(code)));
    }
    codes
}

/// Whether a text is the code of an error that is made by hand.
fn is_named(text: &str) -> bool {
    let of_area = |area: &&str| {
        text.strip_prefix(*area)
            .is_some_and(|it| it.starts_with('.'))
    };
    NAMED.iter().any(of_area) && !NO_CODES.contains(&text)
}

/// Areas of errors whose codes stand in texts.
const NAMED: [&str; 6] = ["bug", "calendar", "config", "engine", "limit", "source"];
/// Names of files that look like codes.
const NO_CODES: [&str; 2] = ["config.json", "config.lock"];

fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let mut parts = text.split('.');
    let good = |part: &str| !part.is_empty() && part.bytes().all(plain);
    parts.by_ref().take(2).filter(|part| good(part)).count() == 2 && parts.next().is_none()
}
