//! Names and labels in evidence: short, and without what steers a terminal.
//! Knows nothing of what they name.

use crate::model::{is_harmful, limits};

/// What is wrong with a text.
pub(super) fn check(what: &str, text: &str) -> Result<(), String> {
    match problem(text) {
        Some(problem) => Err(format!("{what} {problem}")),
        None => Ok(()),
    }
}

/// The same, without saying of what.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("is empty");
    }
    if text.len() > limits::EVIDENCE_TEXT.most {
        return Some("is longer than 512 bytes");
    }
    text.contains(is_harmful)
        .then_some("has a control or an invisible character")
}
