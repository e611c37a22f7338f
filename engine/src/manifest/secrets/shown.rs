//! Secret values that an anchor makes a key or a name: those are shown, so that no such file is read.
//! Knows nothing of how the values are hidden elsewhere.

use super::visit;
use crate::manifest::yaml::Alias;
use crate::manifest::{Node, NodeValue, Object};
use crate::model::Span;

/// The first place where one of the objects has a secret value as a key, or as a part of its identity.
pub(in crate::manifest) fn shown_by_alias(objects: &[Object], aliases: &[Alias]) -> Option<Span> {
    if aliases.is_empty() {
        return None;
    }
    let mut secrets = Vec::new();
    for object in objects {
        visit(object, &mut |_, node| secrets.push(node.span));
    }
    secrets.sort_unstable();
    let is_secret = |span: &Span| secrets.binary_search(span).is_ok();
    let of_secrets: Vec<Span> = aliases
        .iter()
        .filter(|alias| is_secret(&alias.of))
        .map(|alias| alias.span)
        .collect();
    // The secret value may be the alias, and the key or the name what it stands for.
    let is_shown = |span: &Span| is_secret(span) || of_secrets.binary_search(span).is_ok();
    objects.iter().find_map(|object| {
        key(&object.node, &is_shown).or_else(|| identity(&object.node).find(is_secret))
    })
}

/// The first key at any depth that stands at such a place.
fn key(node: &Node, is_shown: &dyn Fn(&Span) -> bool) -> Option<Span> {
    match &node.value {
        NodeValue::Sequence(items) => items.iter().find_map(|item| key(item, is_shown)),
        NodeValue::Mapping(entries) => entries.iter().find_map(|entry| {
            let own = Some(entry.key_span).filter(is_shown);
            own.or_else(|| key(&entry.value, is_shown))
        }),
        _ => None,
    }
}

/// Where the values stand that name the object.
fn identity(node: &Node) -> impl Iterator<Item = Span> {
    let metadata = node.get("metadata");
    let named = ["name", "namespace", "generateName"]
        .into_iter()
        .filter_map(move |field| metadata?.get(field));
    let typed = ["apiVersion", "kind"]
        .into_iter()
        .filter_map(|field| node.get(field));
    typed.chain(named).map(|node| node.span)
}

#[cfg(test)]
mod tests {
    use crate::manifest;
    use crate::model::code_of;

    /// A list of a Secret and of `{one}`; the answer to it.
    fn read(secret: &str, one: &str) -> String {
        let text = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, {secret}}}\n- {one}\n"
        );
        match manifest::read(&"x.yaml".into(), text.as_bytes()) {
            Ok(_) => "ok".to_owned(),
            Err(error) => {
                let said = format!("{error} {error:?}");
                assert!(!said.contains("hunter"), "{said}");
                let place = error.to_string().split(": ").next().unwrap().to_owned();
                format!("{place} {}", code_of(&error))
            }
        }
    }

    const SECRET: &str = "metadata: {name: a}, stringData: {a: &x hunter2}";

    #[test]
    fn a_secret_value_is_neither_a_key_nor_a_name() {
        let object = |metadata: &str, spec: &str| {
            format!("{{apiVersion: v1, kind: Pod, metadata: {{{metadata}}}, spec: {{{spec}}}}}")
        };
        assert_eq!(
            read(SECRET, &object("name: b", "nodeSelector: {*x : b}")),
            "x.yaml:5:74 manifest.secret-as-name"
        );
        for one in [
            object("name: b, labels: {*x : b}", ""),
            object("name: b", "a: [[{b: {*x : b}}]]"),
            object("name: *x", ""),
            object("generateName: *x", ""),
            object("name: b, namespace: *x", ""),
            object("name: b", "").replace("v1", "*x"),
        ] {
            let answer = read(SECRET, &one);
            assert!(
                answer.ends_with(" manifest.secret-as-name"),
                "{one}: {answer}"
            );
        }
        let kind = SECRET.replace("hunter2", "Hunter2");
        let one = object("name: b", "").replace("Pod", "*x");
        assert!(read(&kind, &one).ends_with("secret-as-name"));
        // Of the Secret itself.
        let own = "stringData: {a: &x hunter2, *x : b}, metadata: {name: a}";
        assert!(
            read(own, "{apiVersion: v1, kind: Pod, metadata: {name: b}}")
                .ends_with("secret-as-name")
        );
    }

    #[test]
    fn nor_is_a_key_or_a_name_a_secret_value() {
        for secret in [
            "metadata: {name: &x hunter2}, stringData: {a: *x}",
            "metadata: {name: a, labels: {&x hunter2: b}}, stringData: {a: *x}",
            "stringData: &x {name: hunter2}, metadata: *x",
            "metadata: {name: a}, stringData: {&x hunter2: *x}",
        ] {
            let one = "{apiVersion: v1, kind: Pod, metadata: {name: b}}";
            let answer = read(secret, one);
            assert!(
                answer.ends_with(" manifest.secret-as-name"),
                "{secret}: {answer}"
            );
        }
    }

    #[test]
    fn other_aliases_and_hidden_ones_are_fine() {
        let one = "{apiVersion: v1, kind: Pod, metadata: {name: &n b, labels: {*n : *n, c: *x}}}";
        assert_eq!(read(SECRET, one), "ok");
    }
}
