//! `changeDigest`: what changed, in 32 bytes. It is the same after a rebase, a file move or another
//! spelling. Knows nothing of files or commits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::secrets::below;
use super::{Change, quantities};
use crate::model::{Digest, ObjectRef};

/// SHA-256 over the sorted lines (object, keyed path, old, new) in canonical JSON.
///
/// A secret value stands in its line as the SHA-256 of object, keyed path and value; the lines are
/// never stored or printed.
#[must_use]
pub fn change_digest(changes: &[Change]) -> Digest {
    let mut lines: Vec<&str> = changes
        .iter()
        .flat_map(|change| change.digest_lines.iter().map(String::as_str))
        .collect();
    lines.sort_unstable();
    let mut text = lines.join("\n");
    text.push('\n');
    Digest::of(text.as_bytes())
}

/// One side of a line: a value cut from a whole object at `pointer`.
pub(super) struct Side<'a> {
    pub(super) value: &'a Value,
    pub(super) pointer: String,
    pub(super) secrets: &'a BTreeSet<String>,
}

pub(super) fn line(
    object: &ObjectRef,
    keyed_path: &str,
    old: Option<Side<'_>>,
    new: Option<Side<'_>>,
) -> String {
    let name = json!([object.group(), object.kind, object.namespace, object.name]);
    let value = |side: Option<Side<'_>>| {
        side.map_or(Value::Null, |side| {
            hidden(&side, &format!("{name}{keyed_path}"), object)
        })
    };
    json!([name, keyed_path, value(old), value(new)]).to_string()
}

fn hidden(side: &Side<'_>, context: &str, object: &ObjectRef) -> Value {
    let mut value = side.value.clone();
    quantities::canonical(object, &side.pointer, &mut value);
    for secret in below(side.secrets, &side.pointer) {
        let inside = secret.get(side.pointer.len()..).unwrap_or_default();
        if let Some(leaf) = value.pointer_mut(inside) {
            let digest = Digest::of(format!("{context}{inside}{leaf}").as_bytes());
            *leaf = json!({ "$sha256": digest });
        }
    }
    value
}
