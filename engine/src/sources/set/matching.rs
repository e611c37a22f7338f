//! The selector of a generator, over flat parameters.
//! Values are any text, which labels could not be.

use super::Params;
use crate::manifest::Node;
use crate::sources::fields::{Read, Stop, items, only, pairs, text, texts, wrong};

/// Refuses keys below what generators make of texts alone, which Argo CD takes for one value and not for several.
pub(super) fn names_plain_keys(selector: &Node) -> Read<()> {
    let is_whole = |key: &String| {
        let key = format!(".{key}.");
        WHOLE.iter().any(|whole| key.starts_with(whole)) || key.contains(".path.segments.")
    };
    match keys(selector)?.iter().any(is_whole) {
        true => Err(refused(selector, "is made by the generator and")),
        false => Ok(()),
    }
}

fn refused(selector: &Node, what: &str) -> Stop {
    Stop::unknown(
        selector.span,
        format!("the selector names a key that {what} is no plain text to Argo CD's selectors"),
        "select by a parameter that is a text, or leave out of the generator what is not wanted",
    )
}

/// All keys that a selector names.
fn keys(selector: &Node) -> Read<Vec<String>> {
    let mut keys: Vec<String> = pairs(selector, "matchLabels")?.into_keys().collect();
    for expression in items(selector, "matchExpressions")? {
        keys.extend(text(expression, "key")?.map(str::to_owned));
    }
    Ok(keys)
}

pub(super) fn matches(selector: &Node, params: &Params) -> Read<bool> {
    only(selector, "`selector`", &["matchLabels", "matchExpressions"])?;
    for key in keys(selector)? {
        if params.get(&key).is_some_and(|value| !value.is_string()) {
            return Err(refused(selector, "is `null`, or there twice,"));
        }
    }
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

const WHOLE: [&str; 3] = [".values.", ".metadata.labels.", ".metadata.annotations."];
