//! The plan for the way back: a file of the repository, and the sections that it has.
//! Judges no text: a section is there where a heading names it and something stands below.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Answer;
use crate::model::RepoPath;

/// What is prepared for the way back and stands in no object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepared {
    /// The plans of the change, or the one of the settings.
    pub plans: Vec<PlanFile>,
    /// The state that one would go back to; `None` where nobody asks.
    pub target: Option<Answer>,
}

/// A file that is named as a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// As it is named.
    pub path: String,
    /// What it holds at head.
    pub text: Text,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Its text.
    Known(String),
    /// Why it has none, after its path.
    Lacking(String),
}

/// What a plan says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Plan {
    /// Where it lies.
    path: String,
    /// The first words of its headings with something below them, in small letters.
    sections: BTreeSet<String>,
    /// Why it cannot be read; absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<String>,
}

impl Plan {
    /// The sections of a file.
    #[must_use]
    pub fn of(file: &PlanFile) -> Self {
        let (sections, lacks) = match &file.text {
            Text::Known(text) => (sections(text), None),
            Text::Lacking(why) => (BTreeSet::new(), Some(why.clone())),
        };
        Self {
            path: file.path.clone(),
            sections,
            lacks,
        }
    }
}

impl PlanFile {
    /// The path, where it is one inside of a repository.
    #[must_use]
    pub fn inside(path: &str) -> Option<RepoPath> {
        let mut steps = path.split('/');
        let is_inside = steps.all(|step| !matches!(step, "" | "." | ".."));
        is_inside.then(|| RepoPath::from(path))
    }
}

/// The first word of each heading of Markdown that has text below it, before a heading of its level or above.
fn sections(text: &str) -> BTreeSet<String> {
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut found = BTreeSet::new();
    let mut hidden = Hidden::default();
    for line in text.lines() {
        let is_code = hidden.takes(line);
        match heading(line).filter(|_| !is_code) {
            Some((level, word)) => {
                open.retain(|(above, _)| *above < level);
                open.push((level, word));
            }
            None if line.trim().is_empty() || hidden.is_comment => {}
            None => found.extend(open.iter().map(|(_, word)| word.clone())),
        }
    }
    found.remove("");
    found
}

/// Blocks of code, in which `#` begins no heading, and comments, which nobody reads.
#[derive(Default)]
struct Hidden {
    fence: Option<&'static str>,
    is_comment: bool,
    ends: bool,
}

impl Hidden {
    /// Whether the line is of a block of code or a comment.
    fn takes(&mut self, line: &str) -> bool {
        let line = line.trim();
        if self.ends {
            (self.is_comment, self.ends) = (false, false);
        }
        let fence = ["```", "~~~"].into_iter().find(|it| line.starts_with(it));
        match (self.fence, fence) {
            (Some(open), Some(fence)) if open == fence => {
                self.fence = None;
                return true;
            }
            (Some(_), _) => return true,
            (None, Some(fence)) if !self.is_comment => {
                self.fence = Some(fence);
                return true;
            }
            (None, _) => {}
        }
        if !self.is_comment && line.starts_with("<!--") {
            self.is_comment = true;
        }
        self.ends = self.is_comment && line.contains("-->");
        self.is_comment
    }
}

/// Its level and its first word in small letters; a number before it is none.
fn heading(line: &str) -> Option<(usize, String)> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let mut words = rest.split(|c: char| !c.is_alphanumeric());
    let word = words.find(|word| word.contains(char::is_alphabetic));
    Some((level, word.unwrap_or_default().to_lowercase()))
}
