//! The entry rules of policies as they stand in the text that `opa fmt` lays out.
//! Knows nothing of what a rule means.

use std::fmt;

use super::Files;

/// One `deny`, `warn` or `reasons` rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The file.
    pub(super) path: String,
    /// `deny`, `warn` or `reasons`.
    pub(super) entry: &'static str,
    /// Its lines, from 0.
    first: usize,
    last: usize,
}

impl Rule {
    /// Every entry rule of every policy file.
    pub(super) fn all(files: &Files) -> Vec<Self> {
        let is_policy = |path: &str| path.ends_with(".rego") && !path.ends_with("_test.rego");
        files
            .iter()
            .filter(|(path, _)| is_policy(path))
            .flat_map(|(path, text)| Self::of_file(path, text))
            .collect()
    }

    fn of_file(path: &str, text: &str) -> Vec<Self> {
        let lines: Vec<&str> = text.lines().collect();
        let entries = lines.iter().enumerate().filter_map(|(first, line)| {
            let entry = ["deny", "warn", "reasons"]
                .into_iter()
                .find(|entry| line.split(' ').next() == Some(entry))?;
            let length = match line.ends_with('{') {
                true => lines[first..].iter().position(|line| *line == "}").unwrap(),
                false => 0,
            };
            Some(Self {
                path: path.to_owned(),
                entry,
                first,
                last: first + length,
            })
        });
        entries.collect()
    }

    /// The folder of its policy.
    pub(super) fn folder(&self) -> &str {
        self.path.split('/').nth(1).unwrap()
    }

    /// `text` with nothing but `false` as the body of this rule.
    pub(super) fn silenced(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let silent = format!("{} contains {{}} if false", self.entry);
        lines.splice(self.first..=self.last, [silent]);
        lines.join("\n") + "\n"
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} `{}`", self.path, self.first + 1, self.entry)
    }
}
