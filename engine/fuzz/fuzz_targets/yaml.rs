//! YAML: what is read is read alike when it is written again, and by the reader of JSON where it is
//! JSON; every place lies in the text and spells what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::manifest::{Node, NodeValue, json, yaml};

fuzz_target!(|text: &str| {
    let Ok(documents) = yaml::parse(text) else {
        return;
    };
    for node in &documents {
        check_spans(node, text);
        let written = node.canonical_json();
        let as_json = json::parse(&written).expect("JSON that we wrote is JSON");
        assert_eq!(as_json.canonical_json(), written);
        if let Ok(again) = yaml::parse(&written) {
            assert_eq!(again.len(), 1);
            assert_eq!(again[0].canonical_json(), written);
        }
    }
    if let ([node], Ok(as_json)) = (documents.as_slice(), json::parse(text)) {
        assert_eq!(as_json.to_json(), node.to_json());
    }
});

fn check_spans(node: &Node, text: &str) {
    let spelled = text.get(node.span.start..node.span.end);
    let spelled = spelled.expect("a place is a piece of the text");
    match &node.value {
        NodeValue::Number { literal, .. } => assert_eq!(spelled, &**literal),
        // White space around the text of a block is not in its place.
        NodeValue::String(value) if is_plain(spelled) => {
            assert_eq!(spelled.trim(), value.trim());
        }
        NodeValue::Sequence(items) => items.iter().for_each(|item| check_spans(item, text)),
        NodeValue::Mapping(entries) => {
            for entry in entries {
                let key = text.get(entry.key_span.start..entry.key_span.end);
                assert!(key.is_some(), "a place is a piece of the text");
                check_spans(&entry.value, text);
            }
        }
        _ => {}
    }
}

/// Neither quoted nor of several lines.
fn is_plain(spelled: &str) -> bool {
    !spelled.is_empty() && !spelled.starts_with(['"', '\'', '|', '>']) && !spelled.contains('\n')
}
