//! Claims about the reader that the table of Kubernetes' answers does not make: places, codes,
//! bounds.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::manifest::NodeValue;
use crate::model::{LineColumn, code_of};

fn one(text: &str) -> Node {
    let mut nodes = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(nodes.len(), 1, "{text}");
    nodes.remove(0)
}

fn refusal(text: &str) -> (String, usize, usize) {
    let error = parse(text).expect_err(text);
    let LineColumn { line, column } = error.place().position;
    (code_of(&error), line, column)
}

#[test]
fn every_refusal_has_its_code_line_and_column() {
    for (text, code, line, column) in [
        ("a: 1\nb: 2\na: 3\n", "yaml.duplicate-key", 3, 1),
        ("x: {k: 1, 'k': 2}", "yaml.duplicate-key", 1, 11),
        (
            "a: &a {x: 1}\nb:\n  x: 2\n  <<: *a\n",
            "yaml.merge-conflict",
            4,
            3,
        ),
        ("a:\n  <<: 1\n", "yaml.merge", 2, 3),
        ("a: !x 1\n", "yaml.tag", 1, 7),
        ("a: .inf\n", "yaml.non-finite", 1, 4),
        ("a:\n  null: 1\n", "yaml.key", 2, 3),
        ("a: *b\n", "yaml.unknown-alias", 1, 4),
        ("a: &b [*b]\n", "yaml.alias-cycle", 1, 8),
        ("a: &b.c 1\n", "yaml.anchor", 1, 4),
        ("a: 1\nb: \u{1}\n", "yaml.control-character", 2, 4),
        ("a: 1\rb: 2\n", "yaml.lone-cr", 1, 5),
        ("a: ü\u{2028}\n", "yaml.line-break", 1, 5),
        ("%YAML 1.2\n---\na: 1\n", "yaml.directive", 1, 1),
        ("a: 1\n...\nb: 2\n", "yaml.trailing", 3, 1),
        ("{\"a\": 1}\n{\"b\": 2}\n", "yaml.trailing", 2, 1),
        ("a: 1\n--- b\n", "yaml.separator", 2, 1),
        ("a:\n\tb: 1\n", "yaml.syntax", 2, 2),
        ("a: {{ .Values.x }}\n", "yaml.syntax", 1, 5),
        ("a: [{b: 1}: c]\n", "yaml.key", 1, 5),
    ] {
        assert_eq!(refusal(text), (code.to_owned(), line, column), "{text}");
    }
}

#[test]
fn lines_of_a_quoted_text_may_stand_further_left_and_places_stay_those_of_the_file() {
    let text = "a:\n  b: \"x\ny\\\" z\n  é\"\n  c: 'it''s\n\nso' # no\n  d: 1\n  d: 2\n";
    let node = one(&text.replace("  d: 2\n", ""));
    let expected = serde_json::json!({"a": {"b": "x y\" z é", "c": "it's\nso", "d": 1}});
    assert_eq!(node.to_json(), expected);
    let at = node.get("a").unwrap().get("d").unwrap().span;
    assert_eq!(&text[at.start..at.end], "1");
    assert_eq!(refusal(text), ("yaml.duplicate-key".to_owned(), 9, 3));
    // What ends the document ends the text, for everybody.
    assert_eq!(refusal("b: \"x\n---\ny\"\n").0, "yaml.syntax");
    let many = |count| "- 'x\ny'\n".repeat(count).replacen('-', "a:\n-", 1);
    assert_eq!(one(&many(20)).get("a").unwrap().items().unwrap().len(), 20);
    assert_eq!(refusal(&many(21)), ("yaml.syntax".to_owned(), 43, 1));
}

#[test]
fn two_equal_keys_are_both_shown() {
    let error = parse("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "5:3: duplicate key (the other is at 3:3)"
    );
    assert_eq!(error.other().map(|place| place.span.start), Some(10));
}

#[test]
fn no_error_repeats_the_file() {
    for text in [
        "password: [hunter2",
        "password: @hunter2\n",
        "hunter2: 1\nhunter2: 2\n",
        "a: *hunter2\n",
        "a: !hunter2 1\n",
    ] {
        let error = parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn bounds_hold_and_nothing_overflows() {
    let flow = "[".repeat(50_000);
    let mappings = "{a: ".repeat(50_000);
    let dashes = "- ".repeat(20_000);
    let mut deep = String::new();
    for level in 0..2_000 {
        writeln!(deep, "{}a:", " ".repeat(level)).unwrap();
    }
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{below}]").unwrap();
    }
    let quadratic = format!(
        "a: &a [{}]\nb: [{}]\n",
        "x, ".repeat(1_000),
        "*a, ".repeat(1_000)
    );
    let anchors: String = (0..120).map(|n| format!("&a{n} [")).collect();
    let anchors = format!("{anchors}{}{}", "1,".repeat(2_000), "]".repeat(120));
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    for (text, code) in [
        (flow.as_str(), "limit.yaml-depth"),
        (&mappings, "limit.yaml-depth"),
        (&dashes, "limit.yaml-depth"),
        (&deep, "limit.yaml-depth"),
        (&chain, "limit.yaml-depth"),
        (&laughs, "limit.yaml-aliases"),
        (&quadratic, "limit.yaml-aliases"),
        (&anchors, "limit.yaml-aliases"),
        (&"---\na\n".repeat(1_001), "limit.yaml-documents"),
        (
            &format!("a: {}", "x".repeat((2 << 20) + 1)),
            "limit.yaml-scalar",
        ),
    ] {
        assert_eq!(refusal(text).0, code);
    }
    assert!(parse(&"---\na\n".repeat(1_000)).is_ok());
    assert!(parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    assert!(parse(&format!("{}{}", "[".repeat(129), "]".repeat(129))).is_err());
}

#[test]
fn fifty_thousand_keys_are_one_mapping() {
    let text: String = (0..50_000).map(|n| format!("k{n}: {n}\n")).collect();
    let node = one(&text);
    assert_eq!(node.get("k49999").map(Node::to_json), Some(49_999.into()));
    let twice = format!("{text}k7: 1\n");
    assert_eq!(
        refusal(&twice),
        ("yaml.duplicate-key".to_owned(), 50_001, 1)
    );
}

#[test]
fn a_block_ends_where_its_last_value_ends() {
    let text = "a:\n  b: 1\n\n# note\nc: |\n  x\n\n\nd:\n- {e: f}\n\n";
    let node = one(text);
    let written = |pointer: &str| {
        let span = node.pointer(pointer).unwrap().span;
        &text[span.start..span.end]
    };
    assert_eq!(written("/a"), "b: 1");
    assert_eq!(written("/c"), "x");
    assert_eq!(written("/d"), "{e: f}");
    assert_eq!(written("/d/0"), "{e: f}");
}

#[test]
fn a_pointer_names_what_it_names_to_others() {
    let node = one("a/b: [x, {c~d: y}]\n\"\": z\n\"1\": one\n");
    let json = node.to_json();
    for pointer in [
        "",
        "/",
        "/a~1b",
        "/a~1b/0",
        "/a~1b/1/c~0d",
        "/1",
        "/a~1b/01",
        "/a~1b/+0",
        "/a~1b/-",
        "/a~1b/2",
        "a",
        "x/1",
        "a~1b/0",
        "//",
        "/a~1b/1/c~d",
        "/a~1b/1/c~01d",
        "1",
    ] {
        let found = node.pointer(pointer).map(Node::to_json);
        assert_eq!(found.as_ref(), json.pointer(pointer), "{pointer}");
    }
}

#[test]
fn a_byte_order_mark_and_crlf_leave_spans_right() {
    let text = "\u{feff}a: x\r\nb: [y]\r\n";
    let node = one(text);
    let span = node.pointer("/b/0").unwrap().span;
    assert_eq!(&text[span.start..span.end], "y");
    let key = node.entry("a").unwrap().key_span;
    assert_eq!(&text[key.start..key.end], "a");
}

#[test]
fn a_value_by_alias_stands_where_its_anchor_is() {
    let text = "a: &a secret\nb: *a\n";
    let node = one(text);
    let span = node.get("b").unwrap().span;
    assert_eq!(&text[span.start..span.end], "secret");
}

#[test]
fn converted_keys_are_told() {
    let documents = read("on: 1\nx: {y: 2, \"no\": 3}\n", &Limits::DEFAULT).unwrap();
    let starts: Vec<usize> = documents
        .converted_keys
        .iter()
        .map(|span| span.start)
        .collect();
    assert_eq!(starts, [0, 10]);
}

#[test]
fn a_number_keeps_its_spelling() {
    let node = one("cpu: 0.10\nmode: 0644\n");
    let literal = |key: &str| match &node.get(key).unwrap().value {
        NodeValue::Number { literal, .. } => literal.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(literal("cpu"), "0.10");
    assert_eq!(literal("mode"), "0644");
    assert_eq!(node.get("mode").map(Node::to_json), Some(420.into()));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e15_f64..1e15).prop_map(|value| (value.trunc() + 0.5).into()),
        "[^\u{7f}-\u{9f}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[a-z~/ .\"\\\\]{0,8}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn check_spans(node: &Node, text: &str) {
    assert!(text.get(node.span.start..node.span.end).is_some());
    match &node.value {
        NodeValue::Sequence(items) => items.iter().for_each(|item| check_spans(item, text)),
        NodeValue::Mapping(entries) => {
            for entry in entries {
                let key = text.get(entry.key_span.start..entry.key_span.end).unwrap();
                let converted = matches!(&*entry.key, "true" | "false");
                let plain = !key.starts_with(['"', '\'']);
                assert!(!plain || converted || key == &*entry.key, "{key}");
                check_spans(&entry.value, text);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn json_is_yaml(value in json()) {
        let text = value.to_string();
        let yaml = one(&text);
        let by_json = crate::manifest::json::parse(&text).unwrap();
        prop_assert_eq!(yaml.canonical_json(), by_json.canonical_json());
        prop_assert_eq!(by_json.to_json(), value);
        let again = one(&yaml.canonical_json());
        prop_assert_eq!(again.canonical_json(), yaml.canonical_json());
        check_spans(&yaml, &text);
        check_spans(&by_json, &text);
    }

    #[test]
    fn written_yaml_reads_back(value in json()) {
        let text = serde_yaml::to_string(&value).unwrap();
        if let Ok(nodes) = parse(&text) {
            nodes.iter().for_each(|node| check_spans(node, &text));
        }
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["x.yaml", "x.json"] {
            let _ = crate::manifest::read(&name.into(), &bytes);
        }
    }

    #[test]
    fn hostile_yaml_never_panics(
        text in "([-?:,{}\\[\\]&*!|>'\"%@` #\n\ta-c~<1.]|<<: |\\*a|&a |- |---\n|\\.\\.\\.\n|: ){0,60}",
    ) {
        if let Ok(documents) = read(&text, &Limits::DEFAULT) {
            for node in &documents.nodes {
                prop_assert!(text.get(node.span.start..node.span.end).is_some());
            }
        }
        let _ = crate::manifest::read(&"x.yaml".into(), text.as_bytes());
    }
}
