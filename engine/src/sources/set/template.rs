//! Puts parameters into the strings of a template.
//! Knows neither generators nor Applications.

use super::{Params, fast, raw};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;
use crate::sources::fields::{Read, Stop, shown};
use crate::sources::go::{self, Fault, Missing, Steps};

/// Which language the templates of a set are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// `{{name}}`.
    Fast,
    /// Go's templates.
    Go {
        /// What a parameter gives that is not there.
        missing: Missing,
    },
}

impl Engine {
    /// The text that a template comes to.
    pub(super) fn text(
        self,
        template: &str,
        params: &Params,
        span: Span,
        steps: &Steps,
    ) -> Read<String> {
        let named = format!("the template `{}`", shown(template));
        self.named(&named, template, params, span, steps)
    }

    /// As [`Self::text`], of a template that is named and not shown.
    pub(super) fn named(
        self,
        named: &str,
        template: &str,
        params: &Params,
        span: Span,
        steps: &Steps,
    ) -> Read<String> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let text = match self {
            Self::Fast => fast::replaced(template, params),
            Self::Go { missing } => go::executed(template, params, missing, steps)
                .map_err(|fault| placed(&fault, template)),
        };
        text.map_err(|why| {
            Stop::unknown(
                span,
                format!("{named} is not evaluated here: {why}"),
                "use what is always the same: parameters and functions of text, lists and maps; or write the Applications out",
            )
        })
    }

    /// As [`Self::text`], in every string of `node`, keys too.
    pub(super) fn node(self, node: &Node, params: &Params, steps: &Steps) -> Read<Node> {
        let text = |text: &str, span: Span| self.text(text, params, span, steps);
        let value = match &node.value {
            NodeValue::String(written) => {
                NodeValue::String(text(written, node.span)?.into_boxed_str())
            }
            NodeValue::Sequence(items) => {
                let items = items.iter().map(|item| self.node(item, params, steps));
                NodeValue::Sequence(items.collect::<Read<_>>()?)
            }
            NodeValue::Mapping(entries) => {
                let entries = entries.iter().map(|entry| {
                    let key = text(&entry.key, entry.key_span)?.into_boxed_str();
                    let mut value = self.node(&entry.value, params, steps)?;
                    if FREE.contains(&&*entry.key) {
                        value = raw::again(value)?;
                    }
                    Ok(Entry {
                        key,
                        key_span: entry.key_span,
                        value,
                    })
                });
                let entries: Vec<Entry> = entries.collect::<Read<_>>()?;
                raw::keys_differ(&entries)?;
                NodeValue::Mapping(entries)
            }
            other => other.clone(),
        };
        Ok(Node {
            value,
            span: node.span,
        })
    }
}

/// Why, and where in a template of several lines.
fn placed(fault: &Fault, template: &str) -> String {
    let before = template.get(..fault.at).unwrap_or_default();
    match template.trim_end().contains('\n') {
        true => {
            let line = before.matches('\n').count() + 1;
            format!("{}, in line {line} of it", shown(&fault.why))
        }
        false => shown(&fault.why),
    }
}

/// Fields whose content Argo CD does not know.
const FREE: [&str; 2] = ["valuesObject", "elements"];
