//! The files that `.helmignore` leaves out where a chart is packed.
//! Knows Helm's rules, which are not those of Git, and no file.

use super::Error;
use crate::model::RepoPath;

/// What a `.helmignore` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Vec<Token>,
    negated: bool,
    folders_only: bool,
    /// Whether the whole path is looked at, or the last name alone.
    whole: bool,
}

/// What Helm leaves out of every chart.
impl Default for Rules {
    fn default() -> Self {
        Self(vec![rule("templates/.?*")])
    }
}

impl Rules {
    /// The rules of a `.helmignore`, and Helm's own.
    ///
    /// # Errors
    /// A pattern that Helm refuses.
    pub(super) fn read(shown: &str, text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.contains("**") || tokens(line).is_none() {
                return Err(Error::Chart {
                    place: format!("{shown}:{}:1", number + 1),
                    what: "Helm takes no such pattern".to_owned(),
                });
            }
            rules.push(rule(line));
        }
        rules.extend(Self::default().0);
        Ok(Self(rules))
    }

    /// Whether a file is left out, by itself or with a folder.
    pub(super) fn ignore(&self, path: &RepoPath) -> bool {
        let path = path.as_bytes();
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut folders = slashes.filter_map(|(at, _)| path.get(..at));
        folders.any(|folder| self.leaves_out(folder, true)) || self.leaves_out(path, false)
    }

    fn leaves_out(&self, path: &[u8], is_folder: bool) -> bool {
        for rule in &self.0 {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
            let subject = if rule.whole { path } else { name };
            let hit = matches(&rule.pattern, subject);
            let fits = is_folder || !rule.folders_only;
            // What a negated rule does not match is left out: so Helm reads `!`.
            if (rule.negated && !(fits && hit)) || (!rule.negated && fits && hit) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Rule {
    let (negated, line) = line
        .strip_prefix('!')
        .map_or((false, line), |rest| (true, rest));
    let (folders_only, line) = line
        .strip_suffix('/')
        .map_or((false, line), |rest| (true, rest));
    let (rooted, pattern) = line
        .strip_prefix('/')
        .map_or((false, line), |rest| (true, rest));
    Rule {
        // What is left of a pattern without its signs is one.
        pattern: tokens(pattern).unwrap_or_default(),
        negated,
        folders_only,
        whole: rooted || pattern.contains('/'),
    }
}

/// Whether a pattern matches the whole of `name`, as Go's `filepath.Match`.
fn matches(tokens: &[Token], name: &[u8]) -> bool {
    // The places in the pattern that the name so far can have reached.
    let mut reached = vec![false; tokens.len() + 1];
    let mark = |reached: &mut Vec<bool>, mut at: usize| {
        loop {
            if let Some(place) = reached.get_mut(at) {
                *place = true;
            }
            if tokens.get(at) != Some(&Token::Many) {
                return;
            }
            at += 1;
        }
    };
    mark(&mut reached, 0);
    let text = String::from_utf8_lossy(name);
    for c in text.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate() {
            if reached.get(at) != Some(&true) {
                continue;
            }
            match token {
                Token::Many if c != '/' => mark(&mut next, at),
                Token::One if c != '/' => mark(&mut next, at + 1),
                Token::Char(wanted) if *wanted == c => mark(&mut next, at + 1),
                Token::Class(negated, ranges) => {
                    let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                    if inside != *negated {
                        mark(&mut next, at + 1);
                    }
                }
                Token::Many | Token::One | Token::Char(_) => {}
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Many,
    One,
    Char(char),
    /// Whether it is negated, and its ranges.
    Class(bool, Vec<(char, char)>),
}

/// The parts of a pattern; none where it is no pattern.
fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut chars = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Many,
            '?' => Token::One,
            '\\' => Token::Char(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                    let low = class_char(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => class_char(&mut chars)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                Token::Class(negated, ranges)
            }
            c => Token::Char(c),
        });
    }
    Some(tokens)
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(rules: &str, paths: &[&str]) -> Vec<String> {
        let rules = Rules::read("x", rules).unwrap();
        let paths = paths
            .iter()
            .filter(|path| rules.ignore(&RepoPath::from(**path)));
        paths.map(ToString::to_string).collect()
    }

    #[test]
    fn names_folders_and_paths_are_left_out_as_helm_does() {
        let rules = "# editors\n*.bak\n.git/\nci/\n/docs\ntests/*.yaml\n[a-c]?.txt\n";
        let paths = [
            "x.bak",
            "templates/x.bak",
            ".git/config",
            "ci/a/b",
            "docs",
            "sub/docs",
            "tests/a.yaml",
            "tests/a/b.yaml",
            "b1.txt",
            "d1.txt",
            "ci.yaml",
            "templates/.hidden",
            "templates/x",
        ];
        let wanted = [
            "x.bak",
            "templates/x.bak",
            ".git/config",
            "ci/a/b",
            "docs",
            "tests/a.yaml",
            "b1.txt",
            "templates/.hidden",
        ];
        assert_eq!(left_out(rules, &paths), wanted);
    }

    #[test]
    fn a_negated_rule_leaves_out_whatever_it_does_not_match() {
        assert_eq!(left_out("!*.yaml", &["a.yaml", "b.txt"]), ["b.txt"]);
    }

    #[test]
    fn patterns_that_helm_refuses_are_told_with_their_line() {
        for pattern in ["a/**/b", "[a", "a\\", "[]"] {
            let text = format!("# ok\n{pattern}\n");
            let error = Rules::read("lib/.helmignore", &text).unwrap_err();
            assert!(
                error.to_string().starts_with("lib/.helmignore:2:1"),
                "{pattern}"
            );
        }
        assert!(Rules::read("x", "*.bak\n!a\n[^x]*/\n").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_patterns_are_matched_without_a_panic(pattern in "[a-c*?\\[\\]^\\\\/-]{0,12}", name in "[a-c/]{0,12}") {
            if let Ok(rules) = Rules::read("x", &pattern) {
                rules.ignore(&RepoPath::from(name.as_str()));
            }
        }
    }
}
