//! Replaces secret values before anything else sees them.
//! Knows nothing of which values are secret; it is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fields::Found;
use crate::manifest::secrets::{without_secrets, without_secrets_since};

/// `value`, in which each value that `secrets` names is `{"$secret": true, "changed": …}`; it counts
/// as changed when one of the `changed` pointers leads to it. Secrets inside of other texts are cut.
pub(super) fn masked(
    mut value: Value,
    secrets: &BTreeSet<String>,
    changed: &BTreeSet<String>,
) -> Value {
    for pointer in secrets {
        if let Some(secret) = value.pointer_mut(pointer) {
            let differs = prefixes(pointer).any(|prefix| changed.contains(prefix));
            *secret = json!({"$secret": true, "changed": differs});
        }
    }
    cut(&mut value);
    value
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(shown) = without_secrets(text) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut),
        Value::Object(map) => map.values_mut().for_each(cut),
        _ => {}
    }
}

/// Says so in `masked`, which stands for `new`, where a secret inside of a text is another one now.
pub(super) fn mark_cut(found: &[Found], old: &Value, new: &Value, masked: &mut Value) {
    for field in found {
        let (Some(before), Some(after)) = (&field.old_pointer, &field.new_pointer) else {
            continue;
        };
        if let (Some(Value::String(old)), Some(Value::String(new)), Some(Value::String(shown))) = (
            old.pointer(before),
            new.pointer(after),
            masked.pointer_mut(after),
        ) && let Some(marked) = without_secrets_since(old, new)
        {
            *shown = marked;
        }
    }
}

/// The pointers that lead to `pointer`, itself among them.
fn prefixes(pointer: &str) -> impl Iterator<Item = &str> {
    let ends = pointer.match_indices('/').map(|(at, _)| at);
    let above = ends.filter_map(|end| pointer.get(..end));
    above.chain([pointer])
}

/// Those of `secrets` that are at `pointer` or below it.
pub(super) fn below<'s>(
    secrets: &'s BTreeSet<String>,
    pointer: &str,
) -> impl Iterator<Item = &'s String> {
    let inside = format!("{pointer}/");
    let found = secrets.range(inside.clone()..);
    let found = found.take_while(move |secret| secret.starts_with(&inside));
    secrets.get(pointer).into_iter().chain(found)
}
