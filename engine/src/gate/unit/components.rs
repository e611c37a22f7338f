//! The business components that a change belongs to.
//! Knows nothing of units.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::Change;
use crate::config::Config;

/// Those of either side.
pub(in crate::gate) fn components(config: &Config, change: &Change) -> BTreeSet<String> {
    let sides = [
        (&change.old, &change.old_source),
        (&change.new, &change.new_source),
    ];
    sides
        .into_iter()
        .filter_map(|(value, source)| Some((value.as_ref()?, source.as_ref()?)))
        .flat_map(|(value, source)| {
            let images = images(value);
            config
                .components
                .of(&source.file, value, &source.object, &images)
        })
        .collect()
}

/// Every image reference, wherever it stands.
fn images(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == "image" || key == "imageName" => vec![text.as_str()],
                other => images(other),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(images).collect(),
        _ => Vec::new(),
    }
}
