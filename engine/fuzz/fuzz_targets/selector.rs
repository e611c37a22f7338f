//! Globs: a path is selected exactly if a matcher says so that tries every way, folders that could hold
//! a selected file are those in which one is found, and the order of the globs is nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::git::Selector;
use tidegate::model::RepoPath;

// Lines: the path, then the globs.
fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let path = lines.next().unwrap_or_default();
    let globs: Vec<&str> = lines
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    // The other matcher takes its time.
    if path.len() > 40 || globs.len() > 4 || globs.iter().any(|glob| glob.len() > 40) {
        return;
    }
    let Ok(selector) = Selector::parse(&globs) else {
        assert!(globs.is_empty() || globs.iter().any(|glob| Selector::check(glob).is_err()));
        return;
    };
    let is_path = path
        .split(|byte| *byte == b'/')
        .all(|name| !name.is_empty());
    let path = RepoPath::new(path);
    if is_path {
        let expected = globs.iter().any(|glob| glob_matches(glob, path.as_bytes()));
        assert_eq!(selector.matches(&path), expected, "{globs:?} {path}");
    }
    let reversed: Vec<&str> = globs.iter().copied().rev().collect();
    assert_eq!(Selector::parse(&reversed).ok(), Some(selector.clone()));
    if selector.matches(&path) && is_path {
        let below = |prefix: &&str| {
            let rest = path.as_bytes().strip_prefix(prefix.as_bytes());
            rest.is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest[0] == b'/')
        };
        assert!(
            selector.literal_prefixes().iter().any(below),
            "{globs:?} {path}"
        );
        // Marks behind a wildcard may be put in another order in the path than in the glob.
        if let Ok(twins) = selector.twins()
            && path.as_bytes().is_ascii()
        {
            assert!(twins.matches(&path), "a path is a twin of itself");
        }
    }
});

fn glob_matches(glob: &str, path: &[u8]) -> bool {
    let wanted: Vec<&[u8]> = glob.as_bytes().split(|byte| *byte == b'/').collect();
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    segments_match(&wanted, &names)
}

/// `**` is any number of names, but as the last segment at least one.
fn segments_match(wanted: &[&[u8]], names: &[&[u8]]) -> bool {
    match wanted.split_first() {
        None => names.is_empty(),
        Some((&b"**", [])) => !names.is_empty(),
        Some((&b"**", rest)) => (0..=names.len()).any(|skip| segments_match(rest, &names[skip..])),
        Some((first, rest)) => names
            .split_first()
            .is_some_and(|(name, names)| name_matches(first, name) && segments_match(rest, names)),
    }
}

fn name_matches(wanted: &[u8], name: &[u8]) -> bool {
    match wanted.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| name_matches(rest, &name[skip..])),
        Some((first, rest)) => name.split_first().is_some_and(|(byte, name)| {
            (*first == b'?' || first == byte) && name_matches(rest, name)
        }),
    }
}
