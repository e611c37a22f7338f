//! Every code that can come out has a page.

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
fn every_code_of_the_engine_is_explained() {
    let mut codes = Vec::new();
    engine_codes(&root().join("engine/src"), &mut codes);
    codes.sort();
    codes.dedup();
    assert!(codes.len() >= 6, "{codes:?}");
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

/// Every `"engine.…"` of the sources.
fn engine_codes(folder: &Path, codes: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            engine_codes(&path, codes);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        codes.extend(text.split('"').filter_map(|piece| {
            let name = piece.strip_prefix("engine.")?;
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            (plain && !name.is_empty()).then(|| piece.to_owned())
        }));
    }
}
