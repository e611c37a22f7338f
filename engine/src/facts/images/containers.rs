//! The images of what has the fields of a pod: in its containers, its volumes, and in what a container is told to start.
//! Knows no kinds.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::places::{Place, Use, in_parts_at, text_of, written};
use super::{guess, parts};
use crate::model::step_of;

/// The images of a mapping that may be the spec of a pod, by what it has of one.
pub(super) fn images<'v>(spec: &'v Map<String, Value>, at: &str, places: &mut Vec<Place<'v>>) {
    for (list, role) in LISTS {
        for (step, container) in items(spec.get(list)) {
            in_container(container, &format!("{at}/{list}/{step}"), role, places);
        }
    }
    for (step, volume) in items(spec.get("volumes")) {
        let reference = volume.pointer("/image/reference");
        let reference = reference.filter(|reference| !reference.is_null());
        places.extend(reference.map(|reference| Place {
            role: Use::Volume,
            written: written(reference),
            ..guess::place(
                format!("{at}/volumes/{step}/image/reference"),
                Cow::Borrowed(""),
            )
        }));
    }
}

/// Each with its step. Operators take mappings too, by name.
fn items(list: Option<&Value>) -> Vec<(String, &Value)> {
    match list {
        Some(Value::Array(items)) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| (index.to_string(), item))
                .collect()
        }
        Some(Value::Object(entries)) => {
            let entries = entries.iter();
            entries.map(|(key, item)| (step_of(key), item)).collect()
        }
        _ => Vec::new(),
    }
}

fn in_container<'v>(container: &'v Value, at: &str, role: Use, places: &mut Vec<Place<'v>>) {
    let text = |field: &str| container.get(field).and_then(Value::as_str);
    let role = match (role, text("restartPolicy")) {
        (Use::Init, Some("Always")) => Use::Sidecar,
        (role, _) => role,
    };
    let place = |pointer: String, role, written| Place {
        pointer,
        fields: Vec::new(),
        role,
        container: text("name").filter(|name| !name.is_empty()),
        pull_policy: text("imagePullPolicy"),
        written,
    };
    match container.get("image").filter(|image| !image.is_null()) {
        Some(Value::Object(image)) if let Some(joined) = parts::joined(image, true) => {
            let own = in_parts_at(&format!("{at}/image"), joined);
            places.push(Place {
                fields: own.fields,
                ..place(own.pointer, role, own.written)
            });
        }
        Some(image @ Value::Object(_)) => places.push(Place {
            fields: vec![format!("{at}/image")],
            ..place(format!("{at}/image"), role, written(image))
        }),
        Some(image) => places.push(place(format!("{at}/image"), role, written(image))),
        None => {}
    }
    // What an operator starts in its turn: `RELATED_IMAGE_…`, `--some-image=…` and `--some-image …`.
    let variables = container.get("env").and_then(Value::as_array);
    for (index, variable) in variables.into_iter().flatten().enumerate() {
        let text = |field: &str| variable.get(field).and_then(Value::as_str);
        if let (Some(name), Some(value)) = (text("name"), text("value"))
            && guess::is_one_to_start(name, value)
        {
            let pointer = format!("{at}/env/{index}/value");
            places.push(place(pointer, Use::Guessed, text_of(value)));
        }
    }
    for list in ["args", "command"] {
        let arguments = container.get(list).and_then(Value::as_array);
        let mut before = None;
        for (index, argument) in arguments.into_iter().flatten().enumerate() {
            let text = argument.as_str();
            if let Some(image) = text.and_then(|text| guess::argument(text, before)) {
                let pointer = format!("{at}/{list}/{index}");
                places.push(place(pointer, Use::Guessed, text_of(image)));
            }
            before = text;
        }
    }
}

const LISTS: [(&str, Use); 3] = [
    ("containers", Use::App),
    ("initContainers", Use::Init),
    ("ephemeralContainers", Use::Ephemeral),
];
