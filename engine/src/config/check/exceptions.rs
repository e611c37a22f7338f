//! What the schema cannot say of exceptions: ids, objects, environments, dates.
//! Knows no clock: whether an exception still holds is asked later.

use super::super::exception::parse_date;
use super::super::shape::{human, shown};
use super::{Check, items, text};
use crate::manifest::{Node, NodeValue};
use crate::model::{Span, did_you_mean};

impl Check<'_> {
    pub(super) fn exceptions(&mut self, root: &Node) {
        let exceptions = items(root.get("exceptions"));
        self.unique(exceptions, "id", "exceptions have the id");
        for (index, exception) in exceptions.iter().enumerate() {
            self.exception_match(root, exception, index);
            self.not_exceptable(exception);
            self.date(
                exception.get("until"),
                &format!("/exceptions/{index}/until"),
            );
        }
    }

    fn exception_match(&mut self, root: &Node, exception: &Node, index: usize) {
        let Some(selector) = exception.entry("match") else {
            return;
        };
        let objects = ["kind", "namespace", "name"];
        if matches!(selector.value.value, NodeValue::Mapping(_))
            && !objects.iter().any(|key| selector.value.get(key).is_some())
        {
            let name = human(&format!("/exceptions/{index}/match"));
            let message = format!("{name} names no object");
            self.say(
                selector.key_span,
                "config.empty-match",
                message,
                |problem| {
                    problem.help(
                        "an exception for everything is none: give `kind`, `namespace` or `name`",
                    )
                },
            );
        }
        let Some((span, wanted)) = text(&selector.value, "environment") else {
            return;
        };
        let names: Vec<&str> = items(root.get("environments"))
            .iter()
            .filter_map(|environment| text(environment, "name").map(|(_, name)| name))
            .collect();
        if !names.contains(&wanted) {
            let message = format!("no environment is named `{}`", shown(wanted));
            let meant = did_you_mean(wanted, names.iter().copied());
            self.say(
                span,
                "config.unknown-environment",
                message,
                |problem| match meant {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem,
                },
            );
        }
    }

    /// Admission asks `max-tier` again, so that an exception would only let a change be signed that
    /// then holds everything after it.
    fn not_exceptable(&mut self, exception: &Node) {
        let Some((span, code @ ABOVE_MAX_TIER)) = text(exception, "code") else {
            return;
        };
        let message = format!("`{code}` takes no exception");
        self.say(span, "config.no-exception", message, |problem| {
            problem.help(
                "admission asks `max-tier` again and would hold the change: raise `max-tier` of the environment instead",
            )
        });
    }

    fn date(&mut self, node: Option<&Node>, pointer: &str) {
        let Some((node, date)) = node.and_then(|node| Some((node, node.as_str()?))) else {
            return;
        };
        let name = human(pointer);
        if parse_date(date).is_none() {
            let message = format!("{name} is no date: `{}`", shown(date));
            self.say(node.span, "config.invalid-date", message, |problem| {
                problem.help("write the last day as a quoted date, such as `\"2026-12-05\"`")
            });
        } else if !is_quoted(self.source.text(), node.span) {
            let message = format!("{name} is a date without quotes");
            self.say(node.span, "config.unquoted-date", message, |problem| {
                problem.help(format!(
                    "quote it: `\"{date}\"`; YAML readers do not agree what it is"
                ))
            });
        }
    }
}

/// Whether the scalar is spelled in quotes; its span may begin at the quote or behind it.
pub(in crate::config) fn is_quoted(text: &str, span: Span) -> bool {
    let quote = |at: usize| matches!(text.as_bytes().get(at), Some(b'"' | b'\''));
    quote(span.start) || span.start.checked_sub(1).is_some_and(quote)
}

const ABOVE_MAX_TIER: &str = "risk.above-max-tier";
