//! Items of a list that share the key by which they are told apart.
//! Knows what the keys are from the table alone; judges nothing.

use serde_json::Value;

use super::Change;
use super::keys::ListKeys;
use super::path::FieldPath;

/// Two items of one list under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The list, for people.
    pub list: String,
    /// RFC 6901 pointer of the first.
    pub first: String,
    /// RFC 6901 pointer of the one that repeats it.
    pub second: String,
}

/// The first two such items of the object at head. Of keys that are secret nothing is told.
#[must_use]
pub fn repeated_item(change: &Change) -> Option<Repeated> {
    let keys = ListKeys::of(&change.object);
    find(&keys, change.new.as_ref()?, &FieldPath::default())
}

fn find(keys: &ListKeys, value: &Value, at: &FieldPath) -> Option<Repeated> {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| value.is_object() || value.is_array())
            .find_map(|(key, value)| find(keys, value, &at.key(key))),
        Value::Array(items) => {
            if let Some((first, second)) = keys.repeated(&at.shape, items) {
                return Some(Repeated {
                    list: at.human.clone(),
                    first: at.item(first, None).pointer,
                    second: at.item(second, None).pointer,
                });
            }
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| find(keys, item, &at.item(index, None)))
        }
        _ => None,
    }
}
