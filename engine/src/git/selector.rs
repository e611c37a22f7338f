//! Which paths belong to a unit: rooted globs over bytes.
//! Knows nothing of environments or units.

mod globs;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use self::globs::Globs;
use super::{Error, spelling, text};
use crate::model::{RepoPath, limits};

/// A set of globs, sorted and without repetition. `*` and `?` match within a segment, a segment `**`
/// matches any number of them, every other character stands for itself; dot files match.
#[derive(Clone)]
pub struct Selector {
    globs: Arc<Globs>,
}

impl Selector {
    /// Compiles globs.
    ///
    /// ```
    /// use tidegate::git::Selector;
    /// let selector = Selector::parse(&["apps/**/*.yaml"]).unwrap();
    /// assert!(selector.matches(&"apps/web.yaml".into()));
    /// assert!(!selector.matches(&"other/apps/web.yaml".into()));
    /// ```
    ///
    /// # Errors
    /// The first glob that is not one of ours; none at all, or more than 500.
    pub fn parse<S: AsRef<str>>(globs: &[S]) -> Result<Self, Error> {
        if globs.is_empty() {
            return Err(refused("", "is missing: no paths are given"));
        }
        if globs.len() > limits::GLOBS.most {
            return Err(refused(
                "",
                format!("is one of more than {}", limits::GLOBS),
            ));
        }
        let mut patterns: Vec<String> = globs.iter().map(|glob| glob.as_ref().to_owned()).collect();
        patterns.sort_unstable();
        for pattern in &patterns {
            if let Some(reason) = why_refused(pattern) {
                return Err(refused(pattern, reason));
            }
        }
        Self::compiled(patterns)
    }

    fn compiled(patterns: Vec<String>) -> Result<Self, Error> {
        let globs = Arc::new(Globs::new(patterns)?);
        Ok(Self { globs })
    }

    /// What matches where either does.
    ///
    /// # Errors
    /// The globs are too many, or too large together.
    pub fn or(&self, other: &Self) -> Result<Self, Error> {
        Self::parse(&[self.patterns(), other.patterns()].concat())
    }

    /// What matches the twins of paths, whose names differ from theirs only in case or in how their
    /// letters are composed.
    ///
    /// # Errors
    /// The globs are too large.
    pub fn twins(&self) -> Result<Twins, Error> {
        let folded = self
            .patterns()
            .iter()
            .map(|pattern| spelling::folded(pattern));
        Self::compiled(folded.collect()).map(Twins)
    }

    /// Checks one glob, for a caller that wants to tell of every bad one.
    ///
    /// # Errors
    /// It is not one of ours.
    pub fn check(glob: &str) -> Result<(), Error> {
        match why_refused(glob) {
            Some(reason) => Err(refused(glob, reason)),
            None => globs::check(glob),
        }
    }

    /// The globs, sorted.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        self.globs.patterns()
    }

    /// Whether one of the globs matches the whole path.
    #[must_use]
    pub fn matches(&self, path: &RepoPath) -> bool {
        self.matches_bytes(path.as_bytes())
    }

    /// For each glob the folders that stand before its first wildcard (`apps/odoo`, empty for the
    /// root), or the whole glob where there is none; sorted, without repetition.
    #[must_use]
    pub fn literal_prefixes(&self) -> Vec<&str> {
        let mut prefixes: Vec<&str> = self.patterns().iter().map(|p| literal_prefix(p)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }

    pub(super) fn matches_bytes(&self, path: &[u8]) -> bool {
        self.globs.matches(path)
    }

    /// Whether every path below `folder` matches, as far as one glob alone says so.
    pub(crate) fn matches_all_below(&self, folder: &[u8]) -> bool {
        let mut patterns = self.patterns().iter();
        patterns.any(|pattern| matches_all_below(pattern, folder))
    }

    /// Whether some path below `folder` could match.
    pub(super) fn may_match_below(&self, folder: &[u8]) -> bool {
        self.patterns()
            .iter()
            .any(|pattern| may_match_below(pattern, folder))
    }
}

/// A selector to which case and composition are one.
pub struct Twins(Selector);

impl Twins {
    /// Whether the selector matches the path, or a twin of it.
    #[must_use]
    pub fn matches(&self, path: &RepoPath) -> bool {
        let text = std::str::from_utf8(path.as_bytes());
        text.is_ok_and(|text| self.0.matches_bytes(spelling::folded(text).as_bytes()))
    }
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

impl Eq for Selector {}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selector").field(&self.patterns()).finish()
    }
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let globs = Vec::<String>::deserialize(deserializer)?;
        Self::parse(&globs).map_err(de::Error::custom)
    }
}

fn why_refused(glob: &str) -> Option<Cow<'static, str>> {
    if glob.len() > limits::GLOB_LENGTH.most {
        return Some(format!("is longer than {}", limits::GLOB_LENGTH).into());
    }
    why_no_pattern(glob).map(Cow::Borrowed)
}

fn why_no_pattern(glob: &str) -> Option<&'static str> {
    if glob.is_empty() {
        return Some("is empty");
    }
    if glob.contains(['[', ']', '{', '}', '!', '\\']) {
        return Some("holds one of `[ ] { } ! \\`, which have no meaning here");
    }
    if glob.contains(char::is_control) {
        return Some("holds a control character");
    }
    if glob.starts_with('/') {
        return Some("begins with `/`; patterns begin at the root of the repository");
    }
    glob.split('/').find_map(|segment| match segment {
        "" => Some("has an empty segment; for a whole folder write `folder/**`"),
        "." | ".." => Some("has a segment `.` or `..`"),
        "**" => None,
        _ if segment.contains("**") => Some("has `**` beside other characters of a segment"),
        _ => None,
    })
}

fn refused(glob: &str, reason: impl Into<Cow<'static, str>>) -> Error {
    Error::Glob {
        glob: text::shown(glob),
        reason: reason.into(),
    }
}

fn literal_prefix(pattern: &str) -> &str {
    match pattern.find(['*', '?']) {
        None => pattern,
        Some(wildcard) => {
            let before = pattern.get(..wildcard).unwrap_or_default();
            before.rsplit_once('/').map_or("", |(folders, _)| folders)
        }
    }
}

fn may_match_below(pattern: &str, folder: &[u8]) -> bool {
    let mut wanted = pattern.split('/');
    for name in folder.split(|byte| *byte == b'/') {
        match wanted.next() {
            Some("**") => return true,
            Some(segment) if segment_matches(segment.as_bytes(), name) => {}
            _ => return false,
        }
    }
    wanted.next().is_some()
}

fn matches_all_below(pattern: &str, folder: &[u8]) -> bool {
    let mut wanted = pattern.split('/');
    let names = folder.split(|byte| *byte == b'/');
    for name in names.filter(|name| !name.is_empty()) {
        match wanted.next() {
            Some("**") => return wanted.next().is_none(),
            Some(segment) if segment_matches(segment.as_bytes(), name) => {}
            _ => return false,
        }
    }
    wanted.next() == Some("**") && wanted.next().is_none()
}

/// `*` and `?` over the bytes of one name.
fn segment_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where to go on if what follows the last `*` does not match.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', after)), _) => {
                retry = Some((after, name));
                pattern = after;
            }
            (Some((wanted, after)), Some((byte, rest))) if *wanted == b'?' || wanted == byte => {
                (pattern, name) = (after, rest);
            }
            (None, None) => return true,
            _ => {
                let Some((after, from)) = retry else {
                    return false;
                };
                let Some((_, rest)) = from.split_first() else {
                    return false;
                };
                retry = Some((after, rest));
                (pattern, name) = (after, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(glob: &str, path: &[u8]) -> bool {
        Selector::parse(&[glob]).unwrap().matches_bytes(path)
    }

    #[test]
    fn globs_match_as_defined() {
        for (glob, path, expected) in [
            ("a/*.yaml", "a/b.yaml", true),
            ("a/*.yaml", "a/b/c.yaml", false),
            ("a/*.yaml", "a/.yaml", true),
            ("a/*", "a/.hidden", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a/.git-keep/x", true),
            ("a/**", "a", false),
            ("a/**", "ab/c", false),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/x/y/c", true),
            ("**/c", "c", true),
            ("**", "any/thing", true),
            ("*", "any/thing", false),
            ("a?c", "abc", true),
            ("a?c", "a/c", false),
            ("apps/prod/**", "apps/prod2/x", false),
            ("apps/prod/**", "x/apps/prod/y", false),
            ("A", "a", false),
            ("a,b", "a,b", true),
            ("a,b", "a", false),
            ("a.b", "axb", false),
            ("**/*.", "a/b.", true),
            ("**/b.", "a/b.", true),
            ("**/b.", "a/bx", false),
            ("*.", "a.", true),
            ("a-b(c)+$", "a-b(c)+$", true),
        ] {
            assert_eq!(matches(glob, path.as_bytes()), expected, "{glob} {path}");
        }
        assert!(matches("a/*", b"a/\xff\xfe"));
        assert!(matches("a/?", b"a/\xff"));
        assert!(matches("a/*", b"a/new\nline"));
        assert!(!matches("**/clusters/prod", "clusters/prоd".as_bytes()));
    }

    #[test]
    fn other_syntax_is_refused_by_name() {
        let long = "a".repeat(513);
        for glob in [
            "", "/a", "a//b", "a/", "..", "a/../b", "./a", "a[b]", "{a,b}", "!a", "a\\b", "a**",
            "a/**b/c", "***", "a\nb", &long,
        ] {
            let error = Selector::parse(&["ok", glob]).unwrap_err();
            let named = text::shown(glob);
            assert!(error.to_string().contains(&named), "{error}");
            assert_eq!(crate::model::code_of(&error), "config.glob");
            assert!(Selector::check(glob).is_err());
        }
        assert!(Selector::parse::<&str>(&[]).is_err());
        assert!(Selector::parse(&vec!["a"; 501]).is_err());
        assert!(Selector::parse(&vec!["a"; 500]).is_ok());
    }

    #[test]
    fn a_glob_is_refused_with_the_reason_that_is_its_own() {
        let longest = "a".repeat(limits::GLOB_LENGTH.most);
        assert!(Selector::check(&longest).is_ok());
        let longer = format!("{longest}a");
        for (glob, reason) in [
            ("", "is empty"),
            ("/a", "begins with `/`"),
            ("a//b", "has an empty segment"),
            ("a/../b", "has a segment `.` or `..`"),
            ("a[b]", "holds one of"),
            ("a\u{7}", "holds a control character"),
            ("a**", "has `**` beside"),
            (longer.as_str(), "is longer than"),
        ] {
            let error = Selector::check(glob).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn what_lies_below_a_folder_is_told_by_segments() {
        // The glob, the folder, whether something below it may match, whether everything does.
        for (glob, folder, some, all) in [
            ("**", "", true, true),
            ("**", "a", true, true),
            ("**", "a/b", true, true),
            ("a/**", "a", true, true),
            ("a/**", "a/b/c", true, true),
            ("a/**", "b", false, false),
            ("a/**", "ab", false, false),
            ("a/*/**", "a/b", true, true),
            ("a/?/**", "a/bc", false, false),
            ("a/b/**", "a", true, false),
            ("a/b/**", "a/c", false, false),
            ("a/**/c", "a", true, false),
            ("a/**/c", "a/b", true, false),
            ("**/c", "a", true, false),
            ("a/*", "a", true, false),
            ("a/*", "a/b", false, false),
            ("a", "a", false, false),
        ] {
            let selector = Selector::parse(&[glob]).unwrap();
            let told = (
                selector.may_match_below(folder.as_bytes()) || folder.is_empty(),
                selector.matches_all_below(folder.as_bytes()),
            );
            assert_eq!(told, (some, all), "{glob} below {folder}");
        }
        let root = Selector::parse(&["a/**", "b/c"]).unwrap();
        assert!(!root.matches_all_below(b""));
    }

    #[test]
    fn selectors_are_equal_by_their_patterns() {
        let parsed = |globs: &[&str]| Selector::parse(globs).unwrap();
        assert_eq!(parsed(&["a", "b"]), parsed(&["b", "a"]));
        assert_ne!(parsed(&["a"]), parsed(&["b"]));
        assert_eq!(format!("{:?}", parsed(&["a"])), r#"Selector(["a"])"#);
        let either = parsed(&["a"]).or(&parsed(&["b"])).unwrap();
        assert_eq!(either.patterns(), ["a", "b"]);
        assert!(either.matches(&"b".into()) && !either.matches(&"c".into()));
    }

    #[test]
    fn patterns_are_a_set_and_survive_serialisation() {
        let selector = Selector::parse(&["b/**", "a/x.yaml", "b/**", "*/c"]).unwrap();
        assert_eq!(selector.patterns(), ["*/c", "a/x.yaml", "b/**"]);
        assert_eq!(selector.literal_prefixes(), ["", "a/x.yaml", "b"]);
        let json = serde_json::to_string(&selector).unwrap();
        assert_eq!(json, r#"["*/c","a/x.yaml","b/**"]"#);
        assert_eq!(serde_json::from_str::<Selector>(&json).unwrap(), selector);
        assert!(serde_json::from_str::<Selector>(r#"["/etc"]"#).is_err());
    }

    #[test]
    fn twins_are_told_by_case_and_composition_alone() {
        let twins = |glob: &str| Selector::parse(&[glob]).unwrap().twins().unwrap();
        for (glob, path) in [
            ("apps/**", "Apps/web/d.yaml"),
            ("caf\u{e9}/**", "cafe\u{301}/b.yaml"),
            ("Caf\u{e9}/*.yaml", "cafe\u{301}/B.yaml"),
        ] {
            assert!(!matches(glob, path.as_bytes()), "{glob} {path}");
            assert!(twins(glob).matches(&path.into()), "{glob} {path}");
        }
        assert!(!twins("apps/**").matches(&"\u{430}pps/a".into()));
        assert!(!twins("apps/**").matches(&"other/apps/a".into()));
    }

    proptest! {
        #[test]
        fn a_folder_above_a_match_is_never_left_out(
            glob in "(a|b|\\*|a\\*|\\?b|\\*\\*)(/(a|b|\\*|a\\*|\\?b|\\*\\*)){0,4}",
            path in "[ab]{1,3}(/[ab]{1,3}){0,5}",
        ) {
            let selector = Selector::parse(&[glob]).unwrap();
            if selector.matches_bytes(path.as_bytes()) {
                for (slash, _) in path.match_indices('/') {
                    prop_assert!(selector.may_match_below(&path.as_bytes()[..slash]));
                }
            }
        }

        #[test]
        fn below_a_folder_that_is_taken_whole_everything_matches(
            glob in "(a|b|\\*|a\\*|\\?b)(/(a|b|\\*|a\\*|\\?b|\\*\\*)){0,3}(/\\*\\*)?",
            folder in "([ab]{1,2}(/[ab]{1,2}){0,3})?",
            below in "[ab.\n]{1,3}(/[ab.]{1,3}){0,3}",
        ) {
            let selector = Selector::parse(&[glob]).unwrap();
            let path = [folder.as_str(), below.as_str()].join("/");
            let path = path.trim_start_matches('/');
            if selector.matches_all_below(folder.as_bytes()) {
                prop_assert!(selector.matches_bytes(path.as_bytes()));
            }
        }

        #[test]
        fn both_readings_of_a_segment_agree(glob in "[ab*?]{1,6}", name in "[ab]{1,6}") {
            prop_assume!(!glob.contains("**"));
            prop_assert_eq!(
                segment_matches(glob.as_bytes(), name.as_bytes()),
                matches(&glob, name.as_bytes())
            );
        }
    }
}
