//! Every code that can come out has a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{assert_snapshot, root, said, tidegate};

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

#[test]
fn every_code_of_the_engine_and_of_every_error_is_explained() {
    let codes = codes_of_sources(&root().join("engine/src"));
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

/// Every `"engine.…"` and every `code(area::name)` of the sources.
fn codes_of_sources(folder: &Path) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes.extend(codes_of_sources(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let found = text.split('"').filter(|piece| piece.starts_with("engine."));
        codes.extend(found.filter(|piece| is_code(piece)).map(str::to_owned));
        let declared = text.split("code(").skip(1);
        let declared = declared.filter_map(|rest| Some(rest.split_once(')')?.0));
        let declared = declared.filter(|path| path.contains("::"));
        let declared = declared.map(|path| path.replace("::", ".").replace('_', "-"));
        codes.extend(declared.filter(|code| is_code(code)));
    }
    codes
}

fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let mut parts = text.split('.');
    let good = |part: &str| !part.is_empty() && part.bytes().all(plain);
    parts.by_ref().take(2).filter(|part| good(part)).count() == 2 && parts.next().is_none()
}
