//! Places that errors name: where in a kustomization, how it was reached, what stands there.
//! Knows no error; what is shown is short, on one line, and holds no password of a URL.

use std::fmt;

use crate::manifest::secrets;
use crate::model::{RepoPath, Span};

/// A place in a kustomization, and the places that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    place: String,
    through: Vec<String>,
}

impl At {
    /// The place of `span` in the file `path`, whose text is `text`.
    pub(super) fn new(path: &RepoPath, text: &str, span: Span, through: &[Self]) -> Self {
        let position = span.line_column(text);
        Self {
            place: format!("{path}:{}:{}", position.line, position.column),
            through: through.iter().map(|at| at.place.clone()).collect(),
        }
    }

    /// No line of a file.
    pub(super) fn of(place: String) -> Self {
        Self {
            place,
            through: Vec::new(),
        }
    }

    /// The way to it, the first step first.
    #[must_use]
    pub fn through(&self) -> &[String] {
        &self.through
    }
}

/// `base/kustomization.yaml:3:3 (through apps/kustomization.yaml:2:3)`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if self.through.is_empty() {
            return Ok(());
        }
        write!(f, " (through {})", self.through.join(", "))
    }
}

/// A folder, the root of the tree as `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(pub RepoPath);

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_bytes() {
            b"" => f.write_str("."),
            _ => self.0.fmt(f),
        }
    }
}

/// What a kustomization names, on one line, short, and without passwords of URLs.
pub(super) fn shown(text: &str) -> String {
    let cut = secrets::without_secrets(text);
    let line = cut.as_deref().unwrap_or(text).lines().next();
    let mut shown = String::new();
    for c in line.unwrap_or_default().chars().take(LONGEST) {
        match c {
            '`' => shown.push('\''),
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    if text.chars().count() > shown.chars().count() {
        shown.push('…');
    }
    shown
}

const LONGEST: usize = 200;
