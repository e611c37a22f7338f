//! Patterns of paths as Argo CD has them: `*`, `?`, `{a,b}`, and `**` where that stands for folders.
//! What its several matchers read in several ways is no pattern here.

/// Alternatives; each is letters and wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    alternatives: Vec<Vec<Part>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    One,
    Any,
}

/// What `/` is to a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slash {
    /// A letter like any other.
    Plain,
    /// The end of a segment.
    Separates,
}

impl Pattern {
    /// `None` for classes, escapes, nested or open braces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(['[', ']', '\\']) || text.len() > LONGEST {
            return None;
        }
        let mut spelled = vec![String::new()];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, behind) = after.split_once('}')?;
            if inner.contains('{') || before.contains('}') {
                return None;
            }
            let each = |start: &String| {
                let start = format!("{start}{before}");
                inner
                    .split(',')
                    .map(move |one| format!("{start}{one}"))
                    .collect::<Vec<_>>()
            };
            spelled = spelled.iter().flat_map(each).collect();
            if spelled.len() > MOST {
                return None;
            }
            rest = behind;
        }
        if rest.contains('}') {
            return None;
        }
        let parts = |text: String| {
            let part = |c| match c {
                '*' => Part::Any,
                '?' => Part::One,
                c => Part::Letter(c),
            };
            text.chars().chain(rest.chars()).map(part).collect()
        };
        Some(Self {
            alternatives: spelled.into_iter().map(parts).collect(),
        })
    }

    /// As [`Self::parse`]; `None` too for what the matcher of Argo CD's folders, gobwas/glob 0.2.3, reads otherwise:
    /// alternatives that are empty or have wildcards, and an end that may begin within the beginning (`a*ab`).
    #[must_use]
    pub fn parse_of_folder(text: &str) -> Option<Self> {
        let mut inner = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next());
        let is_plain = |one: &str| !one.is_empty() && !one.contains(['*', '?']);
        if !inner.all(|inner| inner.split(',').all(is_plain)) {
            return None;
        }
        let pattern = Self::parse(text)?;
        let overlap = pattern.alternatives.iter().any(|parts| overlaps(parts));
        (!overlap).then_some(pattern)
    }

    /// Whether the whole path matches.
    #[must_use]
    pub fn matches(&self, path: &str, slash: Slash) -> bool {
        let path: Vec<char> = path.chars().collect();
        self.alternatives
            .iter()
            .any(|parts| matches(parts, &path, slash))
    }
}

/// A pattern in which a segment `**` stands for any number of folders, none too, as doublestar has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanning {
    /// `None` for such a segment.
    segments: Vec<Option<Pattern>>,
}

impl Spanning {
    /// `None` for what is no [`Pattern`], and for alternatives.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.contains(['{', '}']) {
            return None;
        }
        let segment = |segment: &str| match segment {
            "**" => Some(None),
            other => Pattern::parse(other).map(Some),
        };
        let segments = text.split('/').map(segment).collect::<Option<_>>()?;
        Some(Self { segments })
    }

    /// Whether the whole path matches.
    #[must_use]
    pub(super) fn matches(&self, path: &str) -> bool {
        self.behind(path).last().copied().unwrap_or_default()
    }

    /// Whether a path matches that is this one or goes on behind it.
    #[must_use]
    pub(super) fn reaches(&self, path: &str) -> bool {
        self.behind(path).contains(&true)
    }

    /// For each number of segments, whether so many of them may stand for the path.
    fn behind(&self, path: &str) -> Vec<bool> {
        let mut ends = self.passing(&[true]);
        for name in path.split('/') {
            let stands = |(segment, (here, before)): (&Option<Pattern>, (bool, bool))| match segment
            {
                None => here,
                Some(pattern) => before && pattern.matches(name, Slash::Separates),
            };
            let here = ends.iter().skip(1).copied();
            let both = here.zip(ends.iter().copied());
            let next: Vec<bool> = self.segments.iter().zip(both).map(stands).collect();
            ends = self.passing(&[&[false], &*next].concat());
        }
        ends
    }

    /// The same, where those that may stand for nothing do.
    fn passing(&self, ends: &[bool]) -> Vec<bool> {
        let mut passing = vec![ends.first().copied().unwrap_or_default()];
        for (at, segment) in self.segments.iter().enumerate() {
            let before = passing.last().copied().unwrap_or_default();
            let here = ends.get(at + 1).copied().unwrap_or_default();
            passing.push(here || (segment.is_none() && before));
        }
        passing
    }
}

/// Whether what stands before the first `*` may end as what stands behind the last one begins.
fn overlaps(parts: &[Part]) -> bool {
    let mut ends = parts.split(|part| *part == Part::Any);
    let (Some(before), Some(behind)) = (ends.next(), ends.next_back()) else {
        return false;
    };
    let may_be = |(a, b): (&Part, &Part)| a == b || *a == Part::One || *b == Part::One;
    (1..=before.len().min(behind.len())).any(|length| {
        let end = before.iter().skip(before.len() - length);
        end.zip(behind).all(may_be)
    })
}

/// The positions in the path that the parts so far can end at, part by part.
fn matches(parts: &[Part], path: &[char], slash: Slash) -> bool {
    let mut ends = vec![false; path.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for part in parts {
        let mut next = vec![false; path.len() + 1];
        let mut open = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let here = ends.get(at).copied().unwrap_or_default();
            let before = at
                .checked_sub(1)
                .and_then(|at| Some((ends.get(at)?, path.get(at)?)));
            let wild = |c: char| slash == Slash::Plain || c != '/';
            *slot = match (part, before) {
                (Part::Any, before) => {
                    let goes_on = open && before.is_some_and(|(_, c)| wild(*c));
                    open = here || goes_on;
                    open
                }
                (Part::One, Some((ended, c))) => *ended && wild(*c),
                (Part::Letter(letter), Some((ended, c))) => *ended && letter == c,
                (_, None) => false,
            };
        }
        ends = next;
    }
    ends.last().copied().unwrap_or_default()
}

const LONGEST: usize = 1024;
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stars_stand_for_any_folders() {
        for (pattern, path, matches, reaches) in [
            ("**/x", "x", true, true),
            ("**/x", "a/b/x", true, true),
            ("**/x", "a/b", false, true),
            ("a/**/x", "a/x", true, true),
            ("a/**/x", "a/b/c/x", true, true),
            ("a/**/x", "a/b/c", false, true),
            ("a/**/x", "b/x", false, false),
            ("a/**/b/**/x", "a/b/x", true, true),
            ("a/**/b/**/x", "a/c/x", false, true),
            ("a/**", "a", true, true),
            ("a/**", "a/b/c", true, true),
            ("a/**", "b", false, false),
            ("**", "a/b", true, true),
            ("a/b**/x", "a/bc/x", true, true),
            ("a/b**/x", "a/bc/d/x", false, false),
            ("a/*/x", "a/b", false, true),
            ("a/*/x", "a/b/x/y", false, false),
        ] {
            let spanning = Spanning::parse(pattern).unwrap();
            assert_eq!(spanning.matches(path), matches, "{pattern} {path}");
            assert_eq!(spanning.reaches(path), reaches, "{pattern} {path}");
        }
    }

    #[test]
    fn a_wildcard_ends_at_a_slash_or_not() {
        let matches = |pattern: &str, path: &str, slash| {
            Pattern::parse(pattern).unwrap().matches(path, slash)
        };
        for (pattern, path, plain, separates) in [
            ("apps/*", "apps/web", true, true),
            ("apps/*", "apps/web/x", true, false),
            ("apps/*", "apps/", true, true),
            ("apps/*/x", "apps/a/b/x", true, false),
            ("*", "", true, true),
            ("a?c", "abc", true, true),
            ("a?c", "a/c", true, false),
            ("a?c", "ac", false, false),
            ("{a,b*}.yaml", "bx.yaml", true, true),
            ("{a,b}/{c,d}", "b/c", true, true),
            ("{a,b}/{c,d}", "b/e", false, false),
            ("**/x", "a/b/x", true, false),
            ("", "", true, true),
            ("", "a", false, false),
        ] {
            assert_eq!(
                matches(pattern, path, Slash::Plain),
                plain,
                "{pattern} {path}"
            );
            assert_eq!(
                matches(pattern, path, Slash::Separates),
                separates,
                "{pattern} {path}"
            );
        }
        for alike in [
            "*.yaml",
            "*.{yaml,yml}",
            "{test,prod}/*",
            "a*b",
            "*",
            "**/x",
            "{a,bc}.yaml",
        ] {
            assert!(Pattern::parse_of_folder(alike).is_some(), "{alike}");
        }
        for other in [
            "{test-*,example}.yaml",
            "*.yaml{,}",
            "{a,?}",
            "a*ab",
            "test*t.yaml",
            "a?*xb",
            "{b,ab}*b",
            "[a]",
        ] {
            assert!(Pattern::parse_of_folder(other).is_none(), "{other}");
        }
        assert_eq!(Spanning::parse("{a,b}"), None);
        for none in ["[a]", "a\\*", "{a", "a}", "{a{b}}"] {
            assert_eq!(Pattern::parse(none), None, "{none}");
        }
    }
}
