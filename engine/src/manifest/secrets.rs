//! Which values must never be shown, and text with such places blacked out.
//! Knows nothing of changes or reports.

use std::collections::BTreeSet;

use super::{Node, NodeValue, Object};
use crate::model::Span;

/// RFC 6901 pointers of the scalars that are secret: values of a Secret, what `kubectl apply` left
/// behind of earlier values, and variables of containers whose name sounds like a secret.
#[must_use]
pub fn secret_pointers(object: &Object) -> BTreeSet<String> {
    let mut pointers = BTreeSet::new();
    visit(object, &mut |pointer, _| {
        pointers.insert(pointer.to_owned());
    });
    pointers
}

/// Where the secret values of an object are written.
#[must_use]
pub fn secret_spans(object: &Object) -> Vec<Span> {
    let mut spans = Vec::new();
    visit(object, &mut |_, node| spans.push(node.span));
    spans
}

/// The same text, as long, with each byte of the spans as `*`; line breaks stay.
///
/// ```
/// use tidegate::{manifest::secrets::mask, model::Span};
/// assert_eq!(mask("a: bc\nd: e", &[Span { start: 3, end: 7 }]), "a: **\n*: e");
/// ```
#[must_use]
pub fn mask(text: &str, spans: &[Span]) -> String {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut spans = spans.into_iter().peekable();
    let mut reach = 0;
    let mut masked = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        while let Some(span) = spans.next_if(|span| span.start < end) {
            reach = reach.max(span.end);
        }
        if at < reach && !matches!(character, '\n' | '\r') {
            (at..end).for_each(|_| masked.push('*'));
        } else {
            masked.push(character);
        }
    }
    masked
}

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.ends_with("_KEY") || SECRET_WORDS.iter().any(|word| name.contains(word))
}

type Found<'found> = dyn FnMut(&str, &Node) + 'found;

fn visit(object: &Object, found: &mut Found<'_>) {
    let node = &object.node;
    let is_secret = object.reference.kind == "Secret" && object.reference.group().is_empty();
    if is_secret {
        for key in ["data", "stringData"] {
            if let Some(values) = node.get(key) {
                leaves(values, &mut format!("/{key}"), found);
            }
        }
    }
    let annotations = node
        .get("metadata")
        .and_then(|node| node.get("annotations"));
    if let Some(applied) = annotations.and_then(|node| node.get(LAST_APPLIED)) {
        let name = LAST_APPLIED.replace('/', "~1");
        leaves(applied, &mut format!("/metadata/annotations/{name}"), found);
    }
    variables(node, &mut String::new(), found);
}

/// Every scalar of `node`.
fn leaves(node: &Node, pointer: &mut String, found: &mut Found<'_>) {
    match &node.value {
        NodeValue::Sequence(_) | NodeValue::Mapping(_) => {
            children(node, pointer, &mut |child, pointer| {
                leaves(child, pointer, found);
            });
        }
        NodeValue::Null => {}
        _ => found(pointer, node),
    }
}

/// The values of `env` lists at any depth: containers stand in many places, and kinds that nobody
/// has heard of hold them too.
fn variables(node: &Node, pointer: &mut String, found: &mut Found<'_>) {
    if let Some(list) = node.get("env").and_then(Node::items) {
        for (index, variable) in list.iter().enumerate() {
            let secret = variable
                .get("name")
                .and_then(Node::as_str)
                .is_some_and(is_secret_name);
            if let (true, Some(value)) = (secret, variable.get("value")) {
                leaves(value, &mut format!("{pointer}/env/{index}/value"), found);
            }
        }
    }
    children(node, pointer, &mut |child, pointer| {
        variables(child, pointer, found);
    });
}

fn children(node: &Node, pointer: &mut String, visit: &mut dyn FnMut(&Node, &mut String)) {
    let length = pointer.len();
    match &node.value {
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                visit(item, pointer);
                pointer.truncate(length);
            }
        }
        NodeValue::Mapping(entries) => {
            for entry in entries {
                pointer.push('/');
                pointer.push_str(&entry.key.replace('~', "~0").replace('/', "~1"));
                visit(&entry.value, pointer);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const SECRET_WORDS: [&str; 6] = [
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "SECRET",
    "CREDENTIAL",
    "PRIVATE",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest;

    fn object(text: &str) -> (String, Object) {
        let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
        (text.to_owned(), file.objects.into_iter().next().unwrap())
    }

    #[test]
    fn all_values_of_a_secret_are_secret_and_nothing_else_of_it() {
        let (text, object) = object(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations:\n    \
             kubectl.kubernetes.io/last-applied-configuration: '{\"data\":1}'\n    note: shown\n\
             type: Opaque\ndata:\n  a/b: aGk=\nstringData:\n  c: |\n    two\n    lines\n",
        );
        let pointers: Vec<String> = secret_pointers(&object).into_iter().collect();
        assert_eq!(
            pointers,
            [
                "/data/a~1b",
                "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
                "/stringData/c",
            ]
        );
        let masked = mask(&text, &secret_spans(&object));
        for hidden in ["aGk=", "two", "lines", "{\"data\""] {
            assert!(!masked.contains(hidden), "{masked}");
        }
        assert!(masked.contains("type: Opaque") && masked.contains("note: shown"));
        assert_eq!(masked.len(), text.len());
    }

    #[test]
    fn variables_that_sound_secret_are_in_any_container_of_any_kind() {
        let (_, object) = object(
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec:\n  deep:\n  - env:\n    \
             - {name: DB_PASSWORD, value: hunter2}\n    - {name: api_key, value: 12}\n    \
             - {name: LOG_LEVEL, value: info}\n    - {name: KEYBOARD, value: de}\n    \
             - {name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}\n",
        );
        let pointers: Vec<String> = secret_pointers(&object).into_iter().collect();
        assert_eq!(
            pointers,
            ["/spec/deep/0/env/0/value", "/spec/deep/0/env/1/value"]
        );
    }

    #[test]
    fn a_config_map_has_no_secrets() {
        let (_, object) =
            object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {PASSWORD: x}\n");
        assert!(secret_pointers(&object).is_empty());
    }

    proptest! {
        #[test]
        fn masking_keeps_length_and_line_breaks(
            text in "(\\PC|\n|\r\n){0,40}",
            spans in prop::collection::vec((0_usize..50, 0_usize..50), 0..5),
        ) {
            let spans: Vec<Span> =
                spans.into_iter().map(|(start, end)| Span { start, end }).collect();
            let masked = mask(&text, &spans);
            prop_assert_eq!(masked.len(), text.len());
            let breaks = |text: &str| text.match_indices(['\n', '\r']).map(|m| m.0).collect::<Vec<_>>();
            prop_assert_eq!(breaks(&masked), breaks(&text));
            for (at, byte) in text.bytes().enumerate() {
                let hidden = spans.iter().any(|span| (span.start..span.end).contains(&at));
                if hidden && byte != b'*' && !matches!(byte, b'\n' | b'\r') {
                    prop_assert_eq!(masked.as_bytes()[at], b'*');
                }
            }
        }
    }
}
