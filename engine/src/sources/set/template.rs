//! Puts parameters into the strings of a template.
//! Knows neither generators nor Applications.

use super::{Params, fast, go};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;
use crate::sources::fields::{Read, Stop, shown};

/// Which language the templates of a set are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// `{{name}}`.
    Fast,
    /// Go's templates.
    Go {
        /// A parameter that is not there is an error, whatever is done with it.
        strict: bool,
    },
}

impl Engine {
    /// The text that a template comes to.
    pub(super) fn text(self, template: &str, params: &Params, span: Span) -> Read<String> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let text = match self {
            Self::Fast => fast::replaced(template, params),
            Self::Go { strict } => go::executed(template, params, strict),
        };
        text.map_err(|why| {
            Stop::unknown(
                span,
                format!("the template `{}` is not evaluated here: {why}", shown(template)),
                "use what is: parameters, `index`, `normalize`, `default` and functions of text; or write the Applications out",
            )
        })
    }

    /// As [`Self::text`], in every string of `node`, keys too.
    pub(super) fn node(self, node: &Node, params: &Params) -> Read<Node> {
        let value = match &node.value {
            NodeValue::String(text) => {
                NodeValue::String(self.text(text, params, node.span)?.into_boxed_str())
            }
            NodeValue::Sequence(items) => {
                let items = items.iter().map(|item| self.node(item, params));
                NodeValue::Sequence(items.collect::<Read<_>>()?)
            }
            NodeValue::Mapping(entries) => {
                let entries = entries.iter().map(|entry| {
                    Ok(Entry {
                        key: self
                            .text(&entry.key, params, entry.key_span)?
                            .into_boxed_str(),
                        key_span: entry.key_span,
                        value: self.node(&entry.value, params)?,
                    })
                });
                NodeValue::Mapping(entries.collect::<Read<_>>()?)
            }
            other => other.clone(),
        };
        Ok(Node {
            value,
            span: node.span,
        })
    }
}
