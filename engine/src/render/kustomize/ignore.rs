//! Which files Flux leaves out: patterns of `.gitignore`, read as its library reads them.
//! Knows no file.

use crate::model::RepoPath;

/// Patterns in their order; the last one that fits decides.
pub(crate) struct Ignore(Vec<Pattern>);

/// The name of a file or folder with wildcards in it.
struct Name(Vec<Token>);

enum Token {
    Many,
    One,
    Char(char),
}

struct Pattern {
    /// One for each step; none stands for `**`.
    steps: Vec<Option<Name>>,
    /// Fits a path from the root, else any step of a path.
    rooted: bool,
    folders_only: bool,
    includes: bool,
}

impl Ignore {
    /// Flux's own patterns, then these. Its long list goes where there is one of the user's.
    ///
    /// # Errors
    /// The pattern that cannot be read.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        let given = patterns
            .iter()
            .flat_map(|text| lines(text))
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let mut lines: Vec<&str> = given.collect();
        if lines.is_empty() {
            lines.extend(DEFAULTS);
        }
        let all = VERSION_CONTROL.iter().copied().chain(lines);
        let patterns = all.map(|line| Pattern::parse(line).ok_or_else(|| format!("`{line}`")));
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Flux's own patterns alone.
    pub(super) fn usual() -> Self {
        let all = VERSION_CONTROL.iter().chain(&DEFAULTS);
        Self(all.filter_map(|line| Pattern::parse(line)).collect())
    }

    /// Whether a file is left out.
    pub(crate) fn hides(&self, file: &RepoPath) -> bool {
        let path = String::from_utf8_lossy(file.as_bytes());
        let steps: Vec<&str> = path.split('/').collect();
        let decides = self.0.iter().rev().find(|pattern| pattern.fits(&steps));
        decides.is_some_and(|pattern| !pattern.includes)
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let (includes, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let line = if line.ends_with("\\ ") {
            line
        } else {
            line.trim_end_matches(' ')
        };
        let (folders_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let steps = line.split('/').filter(|step| !step.is_empty());
        let steps = steps.map(|step| match step {
            "**" => Some(None),
            // Such a step fits nothing in the library; what is left out would be guessed.
            step if step.contains("**") => None,
            step => Name::parse(step).map(Some),
        });
        Some(Self {
            steps: steps.collect::<Option<_>>()?,
            rooted: line.contains('/'),
            folders_only,
            includes,
        })
    }

    fn fits(&self, path: &[&str]) -> bool {
        if self.rooted {
            self.fits_from_root(path)
        } else {
            self.fits_a_step(path)
        }
    }

    /// The file is in a folder of this name, or has it.
    fn fits_a_step(&self, path: &[&str]) -> bool {
        let Some(Some(name)) = self.steps.first() else {
            return matches!(self.steps.first(), Some(None)) && !self.folders_only;
        };
        let hit = path.iter().position(|step| name.fits(step));
        hit.is_some_and(|at| !self.folders_only || at + 1 < path.len())
    }

    fn fits_from_root(&self, mut path: &[&str]) -> bool {
        let (mut matched, mut anywhere) = (false, false);
        let last = self.steps.len().saturating_sub(1);
        for (at, step) in self.steps.iter().enumerate() {
            let Some(name) = step else {
                if at == last {
                    break;
                }
                anywhere = true;
                continue;
            };
            if anywhere {
                anywhere = false;
                let hit = path.iter().position(|step| name.fits(step));
                // Nothing left: only a step that fitted before counts, as in the library.
                (matched, path) = match hit {
                    Some(hit) => (true, path.get(hit + 1..).unwrap_or_default()),
                    None => (false, <&[&str]>::default()),
                };
            } else {
                let Some((first, rest)) = path.split_first() else {
                    return false;
                };
                if !name.fits(first) {
                    return false;
                }
                (matched, path) = (true, rest);
            }
        }
        matched && !(self.folders_only && path.is_empty())
    }
}

impl Name {
    /// Braces are letters like others; classes are not read here.
    fn parse(step: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut chars = step.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Many,
                '?' => Token::One,
                '[' => return None,
                '\\' => Token::Char(chars.next()?),
                c => Token::Char(c),
            });
        }
        Some(Self(tokens))
    }

    fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on after the last `*`, which then takes one letter more.
        let mut again: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(token), name.get(at)) {
                (None, None) => return true,
                (Some(Token::Many), _) => {
                    token += 1;
                    again = Some((token, at));
                    continue;
                }
                (Some(Token::One), Some(_)) => (token, at) = (token + 1, at + 1),
                (Some(Token::Char(wanted)), Some(c)) if wanted == c => {
                    (token, at) = (token + 1, at + 1);
                }
                _ => match again {
                    Some((after, from)) if from < name.len() => {
                        (token, at) = (after, from + 1);
                        again = Some((after, from + 1));
                    }
                    _ => return false,
                },
            }
        }
    }
}

/// The lines of a text as Go's `bufio.ScanLines` gives them: a CR at the end of the last one is no part of it either.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split('\n');
    lines.map(|line| line.strip_suffix('\r').unwrap_or(line))
}

const VERSION_CONTROL: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];

const DEFAULTS: [&str; 20] = [
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hides(patterns: &[&str], path: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        Ignore::new(&patterns).unwrap().hides(&path.into())
    }

    #[test]
    fn without_patterns_the_long_list_counts_and_with_them_the_short_one() {
        assert!(hides(&[], "docs/a.png"));
        assert!(hides(&[], ".github/workflows/x.yaml"));
        assert!(hides(&[], "apps/.sops.yaml"));
        assert!(!hides(&[], "apps/x.yaml"));
        assert!(!hides(&["/none"], "docs/a.png"));
        assert!(hides(&["/none"], ".gitignore"));
    }

    #[test]
    fn the_usual_patterns_are_those_of_no_others() {
        let usual = Ignore::usual();
        assert_eq!(usual.0.len(), VERSION_CONTROL.len() + DEFAULTS.len());
        for path in ["docs/a.png", ".gitignore", "apps/.sops.yaml", "apps/x.yaml"] {
            assert_eq!(usual.hides(&path.into()), hides(&[], path), "{path}");
        }
    }

    #[test]
    fn names_folders_roots_and_exceptions() {
        assert!(hides(&["docs/"], "apps/docs/x.yaml"));
        assert!(!hides(&["docs/"], "apps/docs"));
        assert!(hides(&["/docs"], "docs/x.yaml"));
        assert!(!hides(&["/docs"], "apps/docs/x.yaml"));
        assert!(hides(&["apps/*/test.yaml"], "apps/a/test.yaml"));
        assert!(!hides(&["apps/*/test.yaml"], "apps/a/b/test.yaml"));
        assert!(hides(&["apps/**/test.yaml"], "apps/a/b/test.yaml"));
        assert!(hides(&["# words", "/*", "!/apps"], "x.yaml"));
        assert!(!hides(&["# words", "/*", "!/apps"], "apps/x.yaml"));
        assert!(!hides(&["{a,b}.yaml"], "a.yaml"));
        assert!(hides(&["/a\\[b]/c\\*/**/x"], "a[b]/c*/d/x"));
        assert!(!hides(&["/a\\[b]/**/x"], "ab/x"));
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        for none in ["[", "a[b]", "a\\"] {
            let told = format!("`{none}`");
            assert_eq!(Ignore::new(&[none.to_owned()]).err(), Some(told));
        }
    }

    #[test]
    fn a_name_fits_as_a_whole_whatever_its_wildcards_take_first() {
        for (pattern, name, fits) in [
            ("*", "x", true),
            ("*.yaml", "a.yaml.yaml", true),
            ("*.yaml", "a.yaml.yml", false),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "acb", false),
            ("a*", "a", true),
            ("a?", "a", false),
            ("?\u{e9}", "a\u{e9}", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern).is_some_and(|it| it.fits(&[name])),
                fits,
                "{pattern} {name}"
            );
        }
        let stars = "*a".repeat(5_000);
        assert!(!hides(&[&stars], &"a".repeat(4_000)));
    }

    #[test]
    fn a_carriage_return_at_the_end_of_a_line_is_none_of_it() {
        for text in ["/x\r\n!/x\r", "/x\n!/x\r\n", "/x\r\n!/x"] {
            assert!(!hides(&[text], "x"), "{text:?}");
        }
    }
}
