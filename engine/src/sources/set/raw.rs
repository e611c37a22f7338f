//! What becomes of content that Argo CD does not know the fields of, where parameters are put into it: it is read and
//! written anew, without what is `null` in a mapping, and with floats for numbers.
//!
//! Source: Argo CD, `applicationset/utils/utils.go`, `deeplyReplace`.

use std::collections::BTreeSet;

use crate::manifest::{Entry, Node, NodeValue};
use crate::sources::fields::{Read, Stop};
use crate::sources::written::has_negative_zero;

/// `valuesObject` of a template, or elements of a list, as they are behind the parameters.
pub(super) fn again(node: Node) -> Read<Node> {
    if has_negative_zero(&node) || !is_exact(&node) {
        let reason =
            "a number is too large, or a zero with a minus before it: Argo CD writes another one";
        return Err(Stop::unknown(node.span, reason, "write it as a text"));
    }
    Ok(without_nulls(node))
}

/// Refuses a mapping of which templates made two keys the same: which one stays is by chance.
pub(super) fn keys_differ(entries: &[Entry]) -> Read<()> {
    let mut keys = BTreeSet::new();
    for entry in entries {
        if !keys.insert(&entry.key) {
            let reason =
                "two keys of a mapping come to the same text, of which Argo CD takes one by chance";
            return Err(Stop::unknown(entry.key_span, reason, "let them differ"));
        }
    }
    Ok(())
}

fn without_nulls(mut node: Node) -> Node {
    node.value = match node.value {
        NodeValue::Mapping(entries) => {
            let kept = entries
                .into_iter()
                .filter(|entry| entry.value.value != NodeValue::Null);
            let kept = kept.map(|entry| Entry {
                value: without_nulls(entry.value),
                ..entry
            });
            NodeValue::Mapping(kept.collect())
        }
        NodeValue::Sequence(items) => {
            NodeValue::Sequence(items.into_iter().map(without_nulls).collect())
        }
        other => other,
    };
    node
}

/// Whether every whole number is the same as a float.
fn is_exact(node: &Node) -> bool {
    match &node.value {
        NodeValue::Number { value, .. } => {
            let whole = value.as_i64().map(i64::unsigned_abs).or(value.as_u64());
            whole.is_none_or(|whole| whole <= EXACT)
        }
        NodeValue::Sequence(items) => items.iter().all(is_exact),
        NodeValue::Mapping(entries) => entries.iter().all(|entry| is_exact(&entry.value)),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::String(_) => true,
    }
}

/// Whole numbers up to this are the same as floats.
const EXACT: u64 = 1 << 53;
