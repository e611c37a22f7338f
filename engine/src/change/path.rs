//! Paths of fields: for people, and as identity.
//! Knows nothing of what the fields mean.

use std::fmt::Write as _;

use serde_json::Value;

use super::keys::{ListKeys, MergeKey};
use crate::model::ObjectRef;

/// A place inside an object while it is walked: the three spellings of one path.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldPath {
    pub(super) pointer: String,
    pub(super) human: String,
    pub(super) keyed: String,
    /// Steps with `*` for list positions: how the tables name places.
    pub(super) shape: String,
}

impl FieldPath {
    pub(super) fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        let _ = write!(path.pointer, "/{}", escape(key));
        for text in [&mut path.human, &mut path.keyed] {
            push_key(text, key);
        }
        push_shape(&mut path.shape, key);
        path
    }

    /// The `index`th item; `name` is its merge key, where the list has one.
    pub(super) fn item(&self, index: usize, name: Option<&MergeKey>) -> Self {
        let mut path = self.clone();
        let _ = write!(path.pointer, "/{index}");
        match name {
            Some(name) => {
                let _ = write!(path.human, "[{}]", name.values());
                let _ = write!(path.keyed, "[{}]", name.named());
            }
            None => {
                let _ = write!(path.human, "[{index}]");
                let _ = write!(path.keyed, "[{index}]");
            }
        }
        push_shape(&mut path.shape, "*");
        path
    }
}

/// The keyed path of an RFC 6901 pointer into `object`; steps that do not exist are named as the
/// pointer names them.
pub(super) fn keyed_path(object: &ObjectRef, value: &Value, pointer: &str) -> String {
    let keys = ListKeys::of(object);
    let mut path = FieldPath::default();
    let mut at = Some(value);
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match (at, step.parse::<usize>()) {
            (Some(Value::Array(items)), Ok(index)) => {
                let named = keys.name_all(&path.shape, items);
                let name = named.as_ref().and_then(|names| names.get(index));
                path = path.item(index, name);
                at = items.get(index);
            }
            (now, _) => {
                path = path.key(&step);
                at = now.and_then(|value| value.get(&step));
            }
        }
    }
    path.keyed
}

fn push_key(text: &mut String, key: &str) {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !plain {
        let _ = write!(text, "[{}]", Value::from(key));
        return;
    }
    if !text.is_empty() {
        text.push('.');
    }
    text.push_str(key);
}

fn push_shape(shape: &mut String, step: &str) {
    if !shape.is_empty() {
        shape.push('/');
    }
    shape.push_str(step);
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
