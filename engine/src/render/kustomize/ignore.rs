//! Which files Flux leaves out: patterns of `.gitignore`, read as its library reads them.
//! Knows no file.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::RepoPath;

/// Patterns in their order; the last one that fits decides.
pub(super) struct Ignore(Vec<Pattern>);

struct Pattern {
    /// One for each step; none stands for `**`.
    steps: Vec<Option<GlobMatcher>>,
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
    pub(super) fn new(patterns: &[String]) -> Result<Self, String> {
        let given = patterns
            .iter()
            .flat_map(|text| text.lines())
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
    pub(super) fn hides(&self, file: &RepoPath) -> bool {
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
            step => glob(step).map(Some),
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
        let Some(Some(glob)) = self.steps.first() else {
            return matches!(self.steps.first(), Some(None)) && !self.folders_only;
        };
        let hit = path.iter().position(|step| glob.is_match(step));
        hit.is_some_and(|at| !self.folders_only || at + 1 < path.len())
    }

    fn fits_from_root(&self, mut path: &[&str]) -> bool {
        let (mut matched, mut anywhere) = (false, false);
        let last = self.steps.len().saturating_sub(1);
        for (at, step) in self.steps.iter().enumerate() {
            let Some(glob) = step else {
                if at == last {
                    break;
                }
                anywhere = true;
                continue;
            };
            if anywhere {
                anywhere = false;
                let hit = path.iter().position(|step| glob.is_match(step));
                // Nothing left: only a step that fitted before counts, as in the library.
                (matched, path) = match hit {
                    Some(hit) => (true, path.get(hit + 1..).unwrap_or_default()),
                    None => (false, <&[&str]>::default()),
                };
            } else {
                let Some((first, rest)) = path.split_first() else {
                    return false;
                };
                if !glob.is_match(first) {
                    return false;
                }
                (matched, path) = (true, rest);
            }
        }
        matched && !(self.folders_only && path.is_empty())
    }
}

fn glob(step: &str) -> Option<GlobMatcher> {
    // Braces are letters like others there.
    let step = step.replace('{', "[{]").replace('}', "[}]");
    let glob = GlobBuilder::new(&step)
        .literal_separator(true)
        .backslash_escape(true)
        .build();
    Some(glob.ok()?.compile_matcher())
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
        assert_eq!(Ignore::new(&["[".to_owned()]).err().as_deref(), Some("`[`"));
    }
}
