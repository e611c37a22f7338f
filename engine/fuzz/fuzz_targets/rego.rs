//! Policies of a repository, their metadata and their Rego: they are loaded or refused in time, and none
//! that is loaded calls what it may not; what is loaded once is loaded again, and is the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::model::RepoPath;
use tidegate::policy::PolicySet;

fuzz_target!(|text: &str| {
    let files = [(place(text), text.as_bytes().to_vec())];
    let facts = [
        "claims",
        "connections",
        "inventory",
        "quotas",
        "range",
        "source",
        "storage",
        "workloads",
    ];
    let load = || PolicySet::default().with_repository(&files, &facts);
    let Ok(set) = load() else { return };
    assert_eq!(set.iter().count(), 1);
    let bare = bare(text);
    for name in FORBIDDEN {
        assert!(!calls(&bare, name), "{name} is called");
    }
    assert!(load().is_ok_and(|again| again.digest() == set.digest()));
});

/// Where a policy of this package lies.
fn place(text: &str) -> RepoPath {
    let package = text
        .lines()
        .find_map(|line| line.strip_prefix("package tidegate."));
    let (folder, rest) = package
        .and_then(|name| name.split_once('.'))
        .unwrap_or((package.unwrap_or("own"), ""));
    let is_plain = folder
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let folder = if is_plain {
        folder.replace('_', "-")
    } else {
        "own".to_owned()
    };
    let file = if rest == "change_set" {
        "change_set"
    } else {
        "policy"
    };
    RepoPath::from(format!(".tidegate/policies/{folder}/{file}.rego").as_str())
}

/// The text without comments and strings.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next().is_some_and(|c| c != '\n') {},
            '`' => while chars.next().is_some_and(|c| c != '`') {},
            '"' => loop {
                match chars.next() {
                    Some('\\') => _ = chars.next(),
                    Some('"') | None => break,
                    Some(_) => {}
                }
            },
            c => bare.push(c),
        }
    }
    bare
}

fn calls(bare: &str, name: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    bare.match_indices(name).any(|(at, _)| {
        let mut after = &bare[at + name.len()..];
        if name.ends_with('.') {
            after = after.trim_start_matches(in_name);
        }
        !bare[..at].ends_with(in_name) && after.trim_start().starts_with('(')
    })
}

const FORBIDDEN: [&str; 11] = [
    "http.",
    "time.",
    "opa.",
    "rand.",
    "uuid.",
    "crypto.",
    "io.jwt",
    "net.lookup",
    "rego.",
    "providers.",
    "trace",
];
