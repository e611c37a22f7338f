//! Replaces secret values before anything else sees them.
//! Knows nothing of which values are secret; it is told.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// `value`, in which each value that `secrets` names is `{"$secret": true, "changed": …}`; it counts
/// as changed when one of the `changed` pointers leads to it.
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
    value
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
