//! Readers as the platforms have them: a runner's commands, test results, rendered Markdown.
//! They know nothing of how we write.

use pulldown_cmark::{Event, Options, Parser, Tag};
use quick_junit::{NonSuccessKind, TestCaseStatus};

/// A workflow command as GitHub's runner understands a line.
pub(super) struct Annotation {
    /// The command, a blank and its text.
    pub(super) text: String,
    pub(super) title: String,
    pub(super) place: Option<(String, String)>,
}

/// Each line of a document as the runner reads it: `::name key=value,key=value::text`, blanks before it
/// ignored. A line that is none is a line in the log.
pub(super) fn annotations(document: &str) -> Vec<Annotation> {
    // The runner ends lines at all of these.
    let rows = document.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    rows.filter(|row| !row.is_empty()).map(annotation).collect()
}

fn annotation(row: &str) -> Annotation {
    let rest = row.trim_start().strip_prefix("::").unwrap();
    let (head, data) = rest.split_once("::").unwrap();
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let property = |wanted: &str| {
        let mut all = properties.split(',').filter_map(|one| one.split_once('='));
        let (_, value) = all.find(|(key, _)| *key == wanted)?;
        let value = value.replace("%3A", ":").replace("%2C", ",");
        Some(unescaped(&value))
    };
    Annotation {
        text: format!("{name} {}", unescaped(data)),
        title: property("title").unwrap(),
        place: property("file").zip(property("line")),
    }
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}

/// What became of each case and its name, in order.
pub(super) fn case_kinds(document: &str) -> Vec<String> {
    let report = quick_junit::Report::deserialize_from_str(document).unwrap();
    let cases: Vec<_> = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .collect();
    let failures = |kind| {
        let is = |case: &&&quick_junit::TestCase| matches!(&case.status, TestCaseStatus::NonSuccess { kind: found, .. } if *found == kind);
        cases.iter().filter(is).count()
    };
    assert_eq!(report.tests, cases.len());
    assert_eq!(report.failures, failures(NonSuccessKind::Failure));
    assert_eq!(report.errors, failures(NonSuccessKind::Error));
    let named = cases.iter().map(|case| {
        let word = match &case.status {
            TestCaseStatus::Success { .. } => "success",
            TestCaseStatus::NonSuccess {
                kind: NonSuccessKind::Failure,
                ..
            } => "failure",
            TestCaseStatus::NonSuccess {
                kind: NonSuccessKind::Error,
                ..
            } => "error",
            TestCaseStatus::Skipped { .. } => "skipped",
        };
        assert!(case.classname.is_some());
        format!("{word} {}", case.name.as_str())
    });
    named.collect()
}

/// Markdown as it is rendered.
pub(super) struct Rendered {
    /// Every event that is neither text nor code.
    pub(super) structure: Vec<String>,
    /// All text outside of code: what a platform looks through for mentions and links.
    pub(super) prose: String,
}

pub(super) fn rendered(document: &str) -> Rendered {
    let options = Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH;
    let mut rendered = Rendered {
        structure: Vec::new(),
        prose: String::new(),
    };
    let mut in_block = false;
    for event in Parser::new_ext(document, options) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_block = false,
            Event::Text(text) if !in_block => {
                rendered.prose.push_str(&text);
                rendered.prose.push(' ');
            }
            Event::Text(_) | Event::Code(_) => {}
            other => rendered.structure.push(format!("{other:?}")),
        }
    }
    rendered
}
