//! The selector of a generator, over flat parameters.
//! Values are any text, which labels could not be.

use super::Params;
use crate::manifest::Node;
use crate::sources::fields::{Read, items, only, pairs, text, texts, wrong};

pub(super) fn matches(selector: &Node, params: &Params) -> Read<bool> {
    only(selector, "`selector`", &["matchLabels", "matchExpressions"])?;
    let value = |key: &str| params.get(key).and_then(|value| value.as_str());
    let labels = pairs(selector, "matchLabels")?;
    if !labels
        .iter()
        .all(|(key, wanted)| value(key) == Some(wanted))
    {
        return Ok(false);
    }
    for expression in items(selector, "matchExpressions")? {
        only(expression, "an expression", &["key", "operator", "values"])?;
        let found = value(text(expression, "key")?.unwrap_or_default());
        let values = texts(expression, "values")?;
        let is_in = found.is_some_and(|found| values.iter().any(|value| value == found));
        let holds = match text(expression, "operator")? {
            Some("In") => is_in,
            Some("NotIn") => !is_in,
            Some("Exists") => found.is_some(),
            Some("DoesNotExist") => found.is_none(),
            _ => {
                return Err(wrong(
                    expression,
                    "operator",
                    "`In`, `NotIn`, `Exists` or `DoesNotExist`",
                ));
            }
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}
