//! What is wrong with a file: every problem at once, each with its place.
//! Knows nothing of what the file should hold.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

use crate::model::{LineColumn, RepoPath, Span, limits};

/// A file that problems point into.
#[derive(Clone, Debug)]
pub struct SourceText {
    path: RepoPath,
    text: Arc<str>,
    drawn: Option<Arc<NamedSource<Arc<str>>>>,
}

impl SourceText {
    /// A file whose lines may be shown.
    #[must_use]
    pub fn new(path: RepoPath, text: Arc<str>) -> Self {
        let drawn = NamedSource::new(path.to_string(), Arc::clone(&text)).with_language("yaml");
        Self {
            path,
            text,
            drawn: Some(Arc::new(drawn)),
        }
    }

    /// A file that is only pointed into: none of its lines is ever shown.
    #[must_use]
    pub fn hidden(path: RepoPath, text: Arc<str>) -> Self {
        Self {
            path,
            text,
            drawn: None,
        }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn place(&self, span: Span) -> LineColumn {
        span.line_column(&self.text)
    }
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Cow<'static, str>,
    message: String,
    source: SourceText,
    at: Span,
    at_text: Option<String>,
    because: Option<(Span, String)>,
    help: Option<String>,
}

impl Problem {
    /// A problem at `at`; `code` is `area.kebab-case`.
    #[must_use]
    pub fn new(
        source: &SourceText,
        at: Span,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            source: source.clone(),
            at: first_line(source.text(), at),
            at_text: None,
            because: None,
            help: None,
        }
    }

    /// Says what stands at the place of the problem.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.at_text = Some(text.into());
        self
    }

    /// Points at a second place, the one that makes the first a problem.
    #[must_use]
    pub fn because(mut self, at: Span, text: impl Into<String>) -> Self {
        self.because = Some((first_line(self.source.text(), at), text.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The same problem at a place of another file, for what that one made.
    pub(super) fn moved_to(self, source: &SourceText, at: Span) -> Self {
        Self {
            source: source.clone(),
            at: first_line(source.text(), at),
            because: None,
            ..self
        }
    }

    /// The stable code.
    #[must_use]
    pub fn stable_code(&self) -> &str {
        &self.code
    }

    /// Whether the file holds more than is looked at.
    pub(super) fn is_limit(&self) -> bool {
        self.code.starts_with("limit.")
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> LineColumn {
        self.source.place(self.at)
    }

    fn sort_key(&self) -> (&RepoPath, Span, &str, &str) {
        (&self.source.path, self.at, &self.code, &self.message)
    }
}

/// `path:line:column: message [code]`, then the second place and the help on lines of their own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.source.path;
        let LineColumn { line, column } = self.place();
        write!(
            f,
            "{path}:{line}:{column}: {} [{}]",
            self.message, self.code
        )?;
        if let Some((span, text)) = &self.because {
            let LineColumn { line, column } = self.source.place(*span);
            write!(f, "\n  {path}:{line}:{column}: {text}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source
            .drawn
            .as_deref()
            .map(|drawn| drawn as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.drawn.as_ref()?;
        let at = LabeledSpan::new_primary_with_span(self.at_text.clone(), self.at);
        let because = self
            .because
            .iter()
            .map(|(span, text)| LabeledSpan::new_with_span(Some(text.clone()), *span));
        Some(Box::new(std::iter::once(at).chain(because)))
    }
}

/// Everything that is wrong with a file; at least one problem.
#[derive(Clone, Debug)]
pub struct Problems {
    path: RepoPath,
    shown: Vec<Problem>,
    left_out: usize,
    /// What to do about all of them.
    help: Option<&'static str>,
}

impl Problems {
    /// Sorts the problems by place and keeps the first fifty; `None` where there is none.
    #[must_use]
    pub fn collect(path: &RepoPath, problems: impl IntoIterator<Item = Problem>) -> Option<Self> {
        let mut shown: Vec<Problem> = problems.into_iter().collect();
        shown.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        shown.dedup_by(|a, b| a.sort_key() == b.sort_key());
        let left_out = shown.len().saturating_sub(limits::CONFIG_PROBLEMS.most);
        shown.truncate(limits::CONFIG_PROBLEMS.most);
        (!shown.is_empty()).then(|| Self {
            path: path.clone(),
            shown,
            left_out,
            help: None,
        })
    }

    /// With what to do about all of them.
    #[must_use]
    pub fn with_help(self, help: &'static str) -> Self {
        let help = Some(help);
        Self { help, ..self }
    }

    /// The problems that are told, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.shown.iter()
    }

    /// How many there are, with those that are not told.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shown.len() + self.left_out
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self {
            path: problem.source.path.clone(),
            shown: vec![problem],
            left_out: 0,
            help: None,
        }
    }
}

/// Every problem with its place, complete without colours or drawings.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.count() == 1 {
            "problem"
        } else {
            "problems"
        };
        write!(f, "{} {noun} in `{}`", self.count(), self.path)?;
        for problem in &self.shown {
            write!(f, "\n{problem}")?;
        }
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Diagnostic for Problems {
    /// The code of the only problem, else `config.invalid`.
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self.shown.as_slice() {
            [only] => only.code(),
            _ => Some(Box::new("config.invalid")),
        }
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.help?))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(
            self.shown.iter().map(|problem| problem as &dyn Diagnostic),
        ))
    }
}

/// The part of `span` on its first line: a mapping of forty lines is pointed at, not underlined.
fn first_line(text: &str, span: Span) -> Span {
    let end = text
        .get(span.start..span.end)
        .and_then(|spelled| spelled.find(['\r', '\n']))
        .map_or(span.end, |length| span.start + length);
    Span {
        start: span.start,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(source: &SourceText, start: usize) -> Problem {
        let at = Span {
            start,
            end: start + 1,
        };
        Problem::new(source, at, "config.invalid", format!("wrong at {start}"))
    }

    #[test]
    fn problems_are_told_up_to_the_limit_in_the_order_of_the_file_and_all_are_counted() {
        let source = SourceText::new(RepoPath::from("tidegate.yaml"), Arc::from("x".repeat(500)));
        let most = limits::CONFIG_PROBLEMS.most;
        for count in [most, most + 1, 10 * most] {
            let all = (0..count).rev().map(|start| problem(&source, start));
            let problems = Problems::collect(source.path(), all).unwrap();
            assert_eq!((problems.iter().count(), problems.count()), (most, count));
            let text = problems.to_string();
            let first =
                format!("{count} problems in `tidegate.yaml`\ntidegate.yaml:1:1: wrong at 0 ");
            assert!(text.starts_with(&first), "{text}");
            let last = text.lines().last().unwrap();
            match count - most {
                0 => assert!(last.contains("wrong at 49 "), "{text}"),
                left_out => assert_eq!(last, format!("and {left_out} more")),
            }
        }
    }

    #[test]
    fn a_hidden_text_is_never_drawn() {
        let source = SourceText::hidden(RepoPath::from("tidegate.yaml"), Arc::from("secret"));
        let problem = problem(&source, 0);
        assert!(problem.source_code().is_none() && problem.labels().is_none());
        assert!(!problem.to_string().contains("secret"));
    }

    #[test]
    fn no_problem_is_no_error() {
        assert!(Problems::collect(&RepoPath::from("x"), []).is_none());
    }
}
