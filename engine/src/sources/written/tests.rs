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
fn a_text_of_digits_is_none_to_kustomize_where_it_may_be_a_number_or_a_moment() {
    let unlike = |written: &str| {
        let text = format!("a: b\nc: [{written}]\n");
        let node = read(&text).unwrap().unwrap();
        unlike_to_kustomize(&node, &text)
    };
    for alike in [
        "6.5.4",
        "10.0.0.1",
        "1_000.5.4",
        "1..2",
        "-1.2.3",
        "1.2.3e5",
        "1.2.3-4",
        "2001.01.01",
        "v1",
        "1.5",
        "\"1_000\"",
        "'2001-01-01'",
        "true",
    ] {
        assert_eq!(unlike(alike), None, "{alike}");
    }
    for other in [
        "1_000",
        "0o17",
        "+5",
        "2001-01-01",
        "2001-1.2.3",
        "yes",
        "10:30",
        "1.2.3:4",
        "1_0.5",
    ] {
        assert_eq!(unlike(other), Some(9), "{other}");
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
