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
            let differs = changed.iter().any(|prefix| leads_to(prefix, pointer));
            *secret = json!({"$secret": true, "changed": differs});
        }
    }
    value
}

/// Whether `pointer` is `prefix` or lies below it.
pub(super) fn leads_to(prefix: &str, pointer: &str) -> bool {
    pointer
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
