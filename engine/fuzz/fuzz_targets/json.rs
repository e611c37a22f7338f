//! JSON: nothing is accepted that another reader refuses, every value is the same, and no key stands
//! twice; what only we refuse has one of the known reasons. A pointer names what it names to that reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidegate::manifest::{Node, NodeValue, json};
use tidegate::model::code_of;

fuzz_target!(|text: &str| {
    let other = serde_json::from_str::<Value>(text);
    match (json::parse(text), other) {
        (Ok(node), Ok(other)) => {
            assert!(same(&node.to_json(), &other), "{node:?}\n{other:?}");
            check(&node, text);
            points(&node, &other, text);
        }
        (Ok(node), Err(error)) => assert!(is_deep(&error), "only we read {node:?}: {error}"),
        (Err(error), Ok(_)) => {
            let code = code_of(&error);
            assert!(STRICTER.contains(&code.as_str()), "only we refuse: {code}");
        }
        (Err(_), Err(_)) => {}
    }
});

/// Numbers beyond 64 bits come in two spellings.
fn same(ours: &Value, other: &Value) -> bool {
    match (ours, other) {
        (Value::Number(ours), Value::Number(other)) => ours.as_f64() == other.as_f64(),
        (Value::Array(ours), Value::Array(other)) => {
            ours.len() == other.len() && ours.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Value::Object(other)) => {
            ours.len() == other.len()
                && ours
                    .iter()
                    .zip(other)
                    .all(|((key, a), (other, b))| key == other && same(a, b))
        }
        _ => ours == other,
    }
}

/// It stops one level before us.
fn is_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit")
}

/// Each piece of the text, read alone, is the value that has it as its place.
fn check(node: &Node, text: &str) {
    let piece = text
        .get(node.span.start..node.span.end)
        .expect("a place is a piece of the text");
    match &node.value {
        NodeValue::Sequence(items) => items.iter().for_each(|item| check(item, text)),
        NodeValue::Mapping(entries) => {
            for entry in entries {
                let key = &text[entry.key_span.start..entry.key_span.end];
                assert_eq!(
                    serde_json::from_str::<String>(key).ok().as_deref(),
                    Some(&*entry.key)
                );
                let twins = entries.iter().filter(|other| other.key == entry.key);
                assert_eq!(twins.count(), 1);
                check(&entry.value, text);
            }
        }
        NodeValue::Number { literal, .. } => assert_eq!(piece, &**literal),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::String(_) => {
            assert_eq!(
                serde_json::from_str::<Value>(piece).ok(),
                Some(node.to_json())
            );
        }
    }
}

/// Whatever in the text may be a pointer.
fn points(node: &Node, other: &Value, text: &str) {
    let starts = text.match_indices('/').take(8).map(|(at, _)| at);
    for start in starts.chain([0]) {
        let pointer = &text[start..];
        let pointer = pointer.split(['"', '\n']).next().unwrap_or_default();
        let found = node.pointer(pointer).map(Node::to_json);
        match (found, other.pointer(pointer)) {
            (Some(ours), Some(other)) => assert!(same(&ours, other), "{pointer}"),
            (ours, other) => assert_eq!(ours.is_some(), other.is_some(), "{pointer}"),
        }
    }
}

const STRICTER: [&str; 3] = ["json.duplicate-key", "limit.json-depth", "limit.yaml-depth"];
