//! The business components that changes belong to, and those that they leave.
//! Knows nothing of units.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::{self, Change, Objects, Source};
use crate::config::Config;

/// What differs between two sides, each change with its components. What only moves is a change too
/// where its path made it a component that it leaves: what follows would be judged as of none.
pub(in crate::gate) fn compare(config: &Config, base: &Objects, head: &Objects) -> Vec<Change> {
    let mut changes = change::compare(base, head);
    for change in &mut changes {
        settle(config, change);
    }
    let known: BTreeSet<_> = changes.iter().map(|change| change.object.clone()).collect();
    let moved = base.iter().filter_map(|(name, old)| {
        let new = head.get(name).filter(|new| new.file != old.file)?;
        let mut moved = (!known.contains(name)).then(|| change::moved(old, new))?;
        settle(config, &mut moved);
        (!moved.components_lost.is_empty()).then_some(moved)
    });
    changes.extend(moved);
    changes.sort_by(|a, b| a.object.cmp(&b.object));
    changes
}

/// Sets the components of both sides.
pub(in crate::gate) fn settle(config: &Config, change: &mut Change) {
    let of = |value: &Option<Value>, source: &Option<Source>| {
        let (value, source) = (value.as_ref()?, source.as_ref()?);
        let images = images(value);
        let found = config
            .components
            .of(&source.file, value, &source.object, &images);
        Some(found.into_iter().collect::<BTreeSet<String>>())
    };
    let before = of(&change.old, &change.old_source);
    let after = of(&change.new, &change.new_source);
    if let (Some(before), Some(after)) = (&before, &after) {
        change.components_lost = before - after;
    }
    change.components = before.into_iter().chain(after).flatten().collect();
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
