//! What a changed object says that is not what it looks like, or not Git's to say.
//! Knows no policy; what an object said before is not told again.

use serde_json::Value;

use crate::change::{Change, Source};
use crate::model::{Effect, Finding, Operation, is_harmful, lookalike, step_of};

pub(super) fn findings(changes: &[Change]) -> Vec<Finding> {
    let mut found = Vec::new();
    for change in changes {
        let (Some(new), Some(source)) = (&change.new, &change.new_source) else {
            continue;
        };
        suspicious_keys(new, change.old.as_ref(), "", &mut |pointer, key| {
            found.push(suspicious_key(source, pointer, key));
        });
        let fields = SERVER_FIELDS
            .iter()
            .filter(|field| is_new(change, new, field));
        found.extend(fields.map(|field| server_field(source, field)));
    }
    found
}

/// Tells of every key that looks like another and did not stand there before.
fn suspicious_keys(new: &Value, old: Option<&Value>, at: &str, tell: &mut dyn FnMut(&str, &str)) {
    match new {
        Value::Object(map) => {
            for (key, value) in map {
                let before = old.and_then(|old| old.get(key));
                let pointer = format!("{at}/{}", step_of(key));
                if before.is_none() && (key.chars().any(is_harmful) || lookalike(key).is_some()) {
                    tell(&pointer, key);
                }
                suspicious_keys(value, before, &pointer, tell);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let before = old.and_then(|old| old.get(index));
                suspicious_keys(item, before, &format!("{at}/{index}"), tell);
            }
        }
        _ => {}
    }
}

fn suspicious_key(source: &Source, pointer: &str, key: &str) -> Finding {
    let letters: String = key
        .chars()
        .map(|c| match c.is_ascii() && !c.is_control() {
            true => c.to_string(),
            false => c.escape_unicode().to_string(),
        })
        .collect();
    let looks = lookalike(key).map_or_else(
        || "it holds characters that are not seen".to_owned(),
        |plain| format!("it looks like `{plain}`"),
    );
    Finding {
        object: Some(source.object.clone()),
        field: Some(pointer.to_owned()),
        location: Some(source.location(pointer)),
        remediation: Some("write the key in plain letters, or remove it".to_owned()),
        ..Finding::of_engine(
            "engine.suspicious-key",
            Effect::Deny,
            format!("the key `{letters}` is not what it looks like: {looks}"),
        )
    }
}

/// Whether the field stands there now and did not before, or says something else.
fn is_new(change: &Change, new: &Value, field: &str) -> bool {
    let below = |pointer: &str| {
        let rest = pointer.strip_prefix(field);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    new.pointer(field).is_some()
        && (change.operation == Operation::Create
            || change.fields.iter().any(|changed| below(&changed.pointer)))
}

fn server_field(source: &Source, field: &str) -> Finding {
    let name = field.trim_start_matches('/').replace('/', ".");
    Finding {
        object: Some(source.object.clone()),
        field: Some(field.to_owned()),
        location: Some(source.location(field)),
        remediation: Some("remove the field; the API server writes it".to_owned()),
        ..Finding::of_engine(
            "engine.server-field",
            Effect::Deny,
            format!("`{name}` is not Git's to say: the API server decides by it what is deleted"),
        )
    }
}

/// By these the API server deletes objects.
const SERVER_FIELDS: [&str; 3] = [
    "/metadata/deletionGracePeriodSeconds",
    "/metadata/deletionTimestamp",
    "/metadata/ownerReferences",
];
