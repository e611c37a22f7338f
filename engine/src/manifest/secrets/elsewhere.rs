//! Secret values that stand in other objects too, because something copied them there: a replacement, a template,
//! a parameter. What a policy decides by keeps its value for policies, and is hidden in texts alone.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::comments::comments;
use super::{Secrets, is_secret, leaves, secrets_of};
use crate::manifest::{Node, NodeValue, Object};

/// As [`secrets_of`], of objects that were made together: what one of them holds as a secret, or was `given` as
/// one, is secret wherever else it stands.
#[must_use]
pub fn secrets_of_all(objects: &[Object], text: &str, given: &[String]) -> Secrets {
    let mut secrets = secrets_of(objects, text);
    let mut values: BTreeSet<String> = given.iter().cloned().collect();
    for (object, pointers) in objects.iter().zip(&secrets.pointers) {
        for pointer in pointers {
            if let Some(value) = object.node.pointer(pointer).and_then(written) {
                values.extend(decoded_of(object, pointer, value));
                values.insert(value.to_owned());
            }
        }
    }
    let encoded: Vec<String> = values.iter().map(|value| STANDARD.encode(value)).collect();
    values.extend(encoded);
    values.retain(|value| value.trim().len() >= WHOLE && !is_plain(value));
    let Some(copies) = Copies::of(values) else {
        return secrets;
    };
    for (object, pointers) in objects.iter().zip(&mut secrets.pointers) {
        leaves(&object.node, &mut String::new(), &mut |pointer, node| {
            let is_copy = written(node).is_some_and(|value| copies.is_in(value));
            if is_copy && !IDENTITY.contains(&pointer) {
                secrets.values.push(node.span);
                if hides(object, pointer) {
                    pointers.insert(pointer.to_owned());
                }
            }
        });
    }
    let mut comments = comments(objects, text);
    comments.retain(|comment| {
        let said = text.get(comment.start..comment.end);
        said.is_some_and(|said| copies.is_in(said))
    });
    secrets.parts.extend(comments);
    secrets
}

/// Secret values, to be found.
struct Copies {
    whole: BTreeSet<String>,
    /// Those that are found in longer texts too.
    within: AhoCorasick,
}

impl Copies {
    fn of(whole: BTreeSet<String>) -> Option<Self> {
        if whole.is_empty() {
            return None;
        }
        let within = whole.iter().map(|value| value.trim());
        let within = within.filter(|value| is_telling(value));
        Some(Self {
            within: AhoCorasick::new(within).ok()?,
            whole,
        })
    }

    fn is_in(&self, text: &str) -> bool {
        self.whole.contains(text) || self.within.is_match(text)
    }
}

fn written(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::String(text) => Some(text),
        _ => None,
    }
}

/// What the data of a Secret stand for.
fn decoded_of(object: &Object, pointer: &str, value: &str) -> Option<String> {
    let is_data = is_secret(object) && pointer.starts_with("/data/");
    is_data.then(|| decoded(value))?
}

/// The text that a value under `data` of a Secret stands for; `None` where it is none.
#[must_use]
pub fn decoded(value: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()
}

/// Whether no other text holds such a one by chance.
fn is_telling(value: &str) -> bool {
    let mixed = value.contains(|c: char| !c.is_ascii_lowercase() && !"-._".contains(c));
    value.len() >= 16 || value.len() >= WITHIN && mixed
}

/// Numbers and the like, which mean nothing by themselves.
fn is_plain(value: &str) -> bool {
    value.len() < WITHIN && value.parse::<f64>().is_ok()
}

/// Whether policies see no value there: they decide by images, amounts and names, and whoever wrote the same text
/// into a Secret would hide them.
fn hides(object: &Object, pointer: &str) -> bool {
    let reference = &object.reference;
    let group = reference.group();
    let in_map = reference.kind == "ConfigMap" && group.is_empty();
    let of_map = in_map && (pointer.starts_with("/data/") || pointer.starts_with("/binaryData/"));
    let variable = pointer.contains("/env/") && pointer.ends_with("/value");
    let foreign = group.contains('.') && !group.ends_with(".k8s.io") && group != DATABASES;
    of_map || variable || foreign || pointer.starts_with("/metadata/annotations/")
}

const IDENTITY: [&str; 4] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
];
/// Objects of this group are workloads to policies.
const DATABASES: &str = "postgresql.cnpg.io";
/// How long a value is that is looked for as a whole, and as a part of another.
const WHOLE: usize = 6;
const WITHIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{self, secrets::mask};

    fn masked(text: &str, given: &[&str]) -> (String, Vec<BTreeSet<String>>) {
        let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
        let given: Vec<String> = given.iter().map(ToString::to_string).collect();
        let secrets = secrets_of_all(&file.objects, &file.text, &given);
        (mask(&file.text, &secrets), secrets.pointers)
    }

    const SECRET: &str = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {password: aHVudGVyMi1wYXNz}, stringData: {user: odoo-user, image: shop.example/Odoo17, few: '3'}}\n---\n";

    #[test]
    fn a_value_of_a_secret_is_one_wherever_it_was_copied_to() {
        for copy in [
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: hunter2-pass}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: 'db: hunter2-pass, more'}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: aHVudGVyMi1wYXNz}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: odoo-user}}",
            "{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: a, env: [{name: X, value: hunter2-pass}]}]}}",
            "{apiVersion: shop.example/v1, kind: Till, metadata: {name: b}, spec: {auth: hunter2-pass}}",
        ] {
            let (text, pointers) = masked(&format!("{SECRET}{copy}\n"), &[]);
            for value in ["hunter2-pass", "aHVudGVyMi1wYXNz", ": odoo-user"] {
                assert!(!text.contains(value), "{text}");
            }
            assert_eq!(pointers[1].len(), 1, "{copy}");
        }
    }

    #[test]
    fn what_policies_decide_by_is_hidden_in_texts_alone() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: odoo-user}, spec: {priority: 3, containers: [{name: a, image: shop.example/Odoo17}]}}\n";
        let (text, pointers) = masked(&format!("{SECRET}{pod}"), &[]);
        assert!(pointers[1].is_empty(), "{pointers:?}");
        assert!(
            text.contains("name: odoo-user}, spec: {priority: 3"),
            "{text}"
        );
        assert!(!text.contains("shop.example/Odoo17"), "{text}");
    }

    #[test]
    fn what_was_given_as_a_secret_is_one_without_any_secret() {
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  # was s3cret-value\n  x: s3cret-value\n  y: other\n";
        let (text, pointers) = masked(map, &["s3cret-value"]);
        assert!(
            !text.contains("s3cret") && text.contains("y: other"),
            "{text}"
        );
        assert_eq!(pointers[0], BTreeSet::from(["/data/x".to_owned()]));
    }
}
