//! Whether a path matches one of many globs: names and whole folders by comparison, the rest by one automaton.
//! Knows nothing of which globs are allowed.

use std::borrow::Cow;

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Error, refused};

/// Globs, ready to be matched.
pub(super) struct Globs {
    /// All of them, sorted.
    patterns: Vec<String>,
    /// The folders of which every file matches, sorted: `a/b` for `a/b/**`.
    folders: Vec<String>,
    /// Those that are neither a name nor a folder; compiling them takes longer than matching ever does.
    others: Option<GlobSet>,
}

impl Globs {
    pub(super) fn new(mut patterns: Vec<String>) -> Result<Self, Error> {
        patterns.sort_unstable();
        patterns.dedup();
        let mut folders = Vec::new();
        let mut others = GlobSetBuilder::new();
        let mut is_compared = true;
        for pattern in &patterns {
            match shape_of(pattern) {
                Shape::Name => {}
                Shape::Folder(folder) => folders.push(folder.to_owned()),
                Shape::Other => {
                    is_compared = false;
                    others.add(compile(pattern)?);
                }
            }
        }
        folders.sort_unstable();
        let others = || {
            let built = others.build();
            built.map_err(|_| refused("", "is too large together with the others"))
        };
        Ok(Self {
            others: if is_compared { None } else { Some(others()?) },
            patterns,
            folders,
        })
    }

    pub(super) fn patterns(&self) -> &[String] {
        &self.patterns
    }

    pub(super) fn matches(&self, path: &[u8]) -> bool {
        // A wildcard matches itself: whatever a glob looks like, a path of the same bytes matches it.
        holds(&self.patterns, path)
            || (!self.folders.is_empty() && above(path).any(|folder| holds(&self.folders, folder)))
            || self
                .others
                .as_ref()
                .is_some_and(|others| others.is_match_candidate(&Candidate::from_bytes(path)))
    }
}

/// Whether a glob can be compiled; what needs no compiling can.
pub(super) fn check(glob: &str) -> Result<(), Error> {
    match shape_of(glob) {
        Shape::Name | Shape::Folder(_) => Ok(()),
        Shape::Other => compile(glob).map(|_| ()),
    }
}

/// What it takes to match a glob.
enum Shape<'a> {
    Name,
    Folder(&'a str),
    Other,
}

fn shape_of(pattern: &str) -> Shape<'_> {
    let is_name = |text: &str| !text.contains(['*', '?']);
    match pattern.strip_suffix("/**") {
        Some(folder) if is_name(folder) => Shape::Folder(folder),
        _ if is_name(pattern) => Shape::Name,
        _ => Shape::Other,
    }
}

fn holds(sorted: &[String], path: &[u8]) -> bool {
    let found = sorted.binary_search_by(|name| name.as_bytes().cmp(path));
    found.is_ok()
}

/// The folders that a path lies in, without the root.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.filter_map(|(at, _)| path.get(..at))
}

/// The last dot of a glob stands for itself as a class: globset compares names and endings without
/// looking at paths that end in a dot.
fn compile(glob: &str) -> Result<globset::Glob, Error> {
    let spelled = match glob.strip_suffix('.') {
        Some(before) => Cow::Owned(format!("{before}[.]")),
        None => Cow::Borrowed(glob),
    };
    GlobBuilder::new(&spelled)
        .literal_separator(true)
        .backslash_escape(false)
        .empty_alternates(false)
        .case_insensitive(false)
        .build()
        .map_err(|_| refused(glob, "cannot be compiled"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the automaton alone would have it.
    fn compiled(patterns: &[String]) -> GlobSet {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            builder.add(compile(pattern).unwrap());
        }
        builder.build().unwrap()
    }

    #[test]
    fn names_and_folders_are_not_compiled() {
        let is_compiled = |patterns: &[&str]| {
            let patterns = patterns.iter().map(|it| (*it).to_owned()).collect();
            Globs::new(patterns).unwrap().others.is_some()
        };
        assert!(!is_compiled(&["a/b.yaml", "c", "d/**", "e/f/**", "x."]));
        for other in ["**", "*", "a/*", "a/*/**", "a?/**", "**/a", "**/a/**"] {
            assert!(is_compiled(&["a/b.yaml", other]), "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_compared_is_what_would_be_compiled(
            patterns in proptest::collection::vec(GLOB, 1..6),
            paths in proptest::collection::vec(PATH, 1..20),
        ) {
            let automaton = compiled(&patterns);
            let globs = Globs::new(patterns.clone()).unwrap();
            // Random paths seldom hit: the globs themselves do, and what lies beside and below them.
            let near = patterns.iter().flat_map(|glob| {
                let folder = glob.trim_end_matches("/**");
                [glob.clone(), folder.to_owned(), format!("{folder}/a"), format!("{folder}a")]
            });
            for path in paths.into_iter().chain(near) {
                let wanted = automaton.is_match_candidate(&Candidate::from_bytes(path.as_bytes()));
                prop_assert_eq!(globs.matches(path.as_bytes()), wanted, "{:?} {}", patterns, path);
            }
        }
    }

    const GLOB: &str =
        "(a|b|a\\.|\\*|a\\*|\\?b|\\*\\*|é)(/(a|b|\\.b|a\\.b|\\*|a\\*|\\?b|\\*\\*)){0,3}(/\\*\\*)?";
    const PATH: &str = "[ab.*?]{1,2}(/[ab.*?\n]{1,2}){0,4}";
}
