//! Texts that sigs.k8s.io/yaml takes another value of than our reader, and texts beside them.

use serde_json::{Value, json};

use super::*;

fn found(text: &str) -> Result<Value, &'static str> {
    read(text).map(|node| node.map_or(Value::Null, |node| node.to_json()))
}

#[test]
fn what_readers_take_differently_is_not_read() {
    for (text, why) in [
        ("a: |\n  b", BLOCK),
        ("a: >\n  b\n  c", BLOCK),
        ("a: |+\n  b", BLOCK),
        ("a: |2 # c\n  b", BLOCK),
        ("\"a #b\": |\n  b", BLOCK),
        ("a: |\n  b\n   ", BLOCK),
        ("- !!str |\n  b", BLOCK),
        ("a: &x >1+\n  b\r\n  c", BLOCK),
        ("a: |-\n  b\n\t", TAB),
        ("a: 1\n \t\nb: 2\n", TAB),
        ("\ta: 1\n", TAB),
        ("a: [n :]\n", COLON),
        ("a: -0.0\n", ZERO),
        ("a: [{b: -.0}]\n", ZERO),
        ("a: 1\n---\nb: 1\n", SEVERAL),
        ("a: [\n", NO_YAML),
    ] {
        assert_eq!(found(text), Err(why), "{text:?}");
    }
}

#[test]
fn what_readers_take_alike_is_read() {
    for (text, wanted) in [
        ("a: |\n  b\n", json!({"a": "b\n"})),
        ("a: |-\n  b", json!({"a": "b"})),
        ("a: x | y", json!({"a": "x | y"})),
        ("a: b\n  c", json!({"a": "b c"})),
        ("{\n\t\"a\": 1\n}", json!({"a": 1})),
        ("a: '[::1]:80'", json!({"a": "[::1]:80"})),
        ("a: 0.0", json!({"a": 0})),
        ("", Value::Null),
        ("# said", Value::Null),
        ("null", Value::Null),
    ] {
        assert_eq!(found(text), Ok(wanted), "{text:?}");
    }
}

#[test]
fn a_patch_that_begins_as_json_is_json() {
    let json = |text: &str| read_patch(text).map(|node| node.map(|node| node.to_json()));
    assert_eq!(json(" {\"a\": 1}\n"), Ok(Some(json!({"a": 1}))));
    for text in ["{a: 1}", "{\"a\": 1} # said", "{\"a\": 1,}", "{{a: 1}: 2}"] {
        assert_eq!(json(text), Err(NO_JSON), "{text}");
    }
    assert_eq!(json("{\"a\": -0}"), Err(ZERO));
    assert_eq!(json("a: 1"), Ok(Some(json!({"a": 1}))));
}
