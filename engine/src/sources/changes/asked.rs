//! What the `labelSelector` and the `annotationSelector` of a patch ask of an object. Knows no patch.
//!
//! Source: `labels.Parse` in `k8s.io/apimachinery`, which kustomize asks for both.

use crate::manifest::{Node, NodeValue, Object};
use crate::sources::metadata::Metadata;

/// What a selector asks.
pub(super) enum Asked {
    /// All of this; of nothing all is true.
    All(Vec<Requirement>),
    /// What is not understood.
    Unclear,
}

/// What is asked of one label.
pub(super) struct Requirement {
    key: String,
    is: Is,
}

enum Is {
    There,
    Absent,
    In(Vec<String>),
    /// Absent, or another one.
    NotIn(Vec<String>),
}

impl Asked {
    /// A selector as it is written; empty where there is none.
    pub(super) fn read(text: &str) -> Self {
        if text.is_empty() {
            return Self::All(Vec::new());
        }
        let parts = parts(text).into_iter().map(Requirement::read);
        parts
            .collect::<Option<_>>()
            .map_or(Self::Unclear, Self::All)
    }

    /// Whether the labels, or the annotations, of an object are so, to which kustomizations add `added`: of what they add
    /// it is not known whether it is there by then.
    pub(super) fn hold(&self, object: &Object, list: &str, added: &Metadata) -> Option<bool> {
        let Self::All(all) = self else {
            return None;
        };
        let metadata = object.node.get("metadata");
        let list_of_object = metadata.and_then(|it| it.get(list));
        let answers = all.iter().map(|asked| {
            if added.has(list, &asked.key) {
                return None;
            }
            asked.holds(list_of_object)
        });
        let answers: Vec<Option<bool>> = answers.collect();
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        answers.iter().all(Option::is_some).then_some(true)
    }
}

impl Requirement {
    fn read(text: &str) -> Option<Self> {
        let asked = |key: &str, is: Is| {
            let key = key.trim();
            let key = is_word(key).then(|| key.to_owned())?;
            Some(Self { key, is })
        };
        if let Some((head, values)) = text.split_once('(') {
            let values = values.trim_end().strip_suffix(')')?.split(',');
            let values = values.map(word).collect::<Option<_>>()?;
            let mut words = head.split_ascii_whitespace();
            return match (words.next(), words.next(), words.next()) {
                (Some(key), Some("in"), None) => asked(key, Is::In(values)),
                (Some(key), Some("notin"), None) => asked(key, Is::NotIn(values)),
                _ => None,
            };
        }
        if let Some((key, value)) = text.split_once("!=") {
            return asked(key, Is::NotIn(vec![word(value)?]));
        }
        if let Some((key, value)) = text.split_once('=') {
            let value = value.strip_prefix('=').unwrap_or(value);
            return asked(key, Is::In(vec![word(value)?]));
        }
        match text.trim().strip_prefix('!') {
            Some(key) => asked(key, Is::Absent),
            None => asked(text, Is::There),
        }
    }

    fn holds(&self, list: Option<&Node>) -> Option<bool> {
        let value = match list.map(|list| &list.value) {
            None | Some(NodeValue::Null) => None,
            Some(NodeValue::Mapping(_)) => list.and_then(|list| list.get(&self.key)),
            Some(_) => return None,
        };
        // What is no text is none that an API server takes.
        let value = value.map(|value| value.as_str().ok_or(())).transpose();
        let value = value.ok()?;
        let is_in =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|it| it == value));
        Some(match &self.is {
            Is::There => value.is_some(),
            Is::Absent => value.is_none(),
            Is::In(values) => is_in(values),
            Is::NotIn(values) => !is_in(values),
        })
    }
}

/// A selector by its commas, but for those in brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut is_inside = false;
    text.split(|c: char| {
        match c {
            '(' => is_inside = true,
            ')' => is_inside = false,
            _ => {}
        }
        c == ',' && !is_inside
    })
    .collect()
}

fn word(text: &str) -> Option<String> {
    let text = text.trim();
    is_word(text).then(|| text.to_owned())
}

/// Whether nothing in a text means anything to a selector.
fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    !text.is_empty() && text.chars().all(is_plain) && !["in", "notin"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    /// What a selector answers of an object with `a: b`, where a kustomization adds a label `added`.
    fn answer(selector: &str) -> Option<bool> {
        let text = "{apiVersion: v1, kind: Service, metadata: {name: x, labels: {a: b, t/x.y: 'true', n: 'null'}}}";
        let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
        let mut added = Metadata::default();
        added.label("added", "c");
        Asked::read(selector).hold(&file.objects[0], "labels", &added)
    }

    #[test]
    fn a_selector_holds_as_it_does_for_kubernetes() {
        for holds in [
            "",
            "a",
            "a=b",
            "a==b",
            " a = b ",
            "!c",
            "! c",
            "c!=d",
            "a!=c",
            "a in (b)",
            "a in (c, b)",
            "a notin (c)",
            "c notin (d)",
            "a=b,!c",
            "a in (x,b),t/x.y=true",
            "a,t/x.y",
        ] {
            assert_eq!(answer(holds), Some(true), "{holds}");
        }
        for fails in [
            "c",
            "a=c",
            "!a",
            "a!=b",
            "a in (c)",
            "a notin (b)",
            "a=b,c",
            "c in (d)",
            "added=c,!a",
        ] {
            assert_eq!(answer(fails), Some(false), "{fails}");
        }
        for unclear in [
            "added",
            "!added",
            "added=c",
            "a=b,added=c",
            "a>1",
            "a in b",
            "a in ()",
            "a in (b",
            "a b",
            ",",
            "a=",
            "a=b,",
            "in=b",
            "a in(b)c",
            "a ((b))",
        ] {
            assert_eq!(answer(unclear), None, "{unclear}");
        }
    }
}
