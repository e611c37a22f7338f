//! What objects of Flux and Argo CD tell of what they deploy: patches, variables, values of charts and what templates are
//! filled with, as far as secrets may stand there. Knows nothing of what comes of them.

use std::collections::BTreeSet;

use super::inline::is_name_of_secret;
use super::{Found, Node, NodeValue, Object, children, is_secret_name, leaves};
use crate::manifest::yaml;
use crate::model::step_of;

/// Tells `found` each value that may be a secret of what is deployed.
pub(super) fn values(object: &Object, found: &mut Found<'_>) {
    let Some(spec) = object.node.get("spec") else {
        return;
    };
    match object.reference.group_kind().to_string().as_str() {
        "Kustomization.kustomize.toolkit.fluxcd.io" => of_kustomization(spec, "/spec", found),
        "HelmRelease.helm.toolkit.fluxcd.io" => of_release(spec, "/spec", found),
        "Application.argoproj.io" => of_application(spec, "/spec", found),
        "ApplicationSet.argoproj.io" => {
            of_template(spec, "/spec", found);
            text(spec, "templatePatch", "/spec", found);
            generators(spec, "/spec", found);
        }
        _ => {}
    }
}

fn of_kustomization(spec: &Node, at: &str, found: &mut Found<'_>) {
    patches(spec, at, found);
    let variables = spec.pointer("/postBuild/substitute");
    if let Some(NodeValue::Mapping(entries)) = variables.map(|it| &it.value) {
        for entry in entries.iter().filter(|it| is_secret_name(&it.key)) {
            let mut pointer = format!("{at}/postBuild/substitute/{}", step_of(&entry.key));
            leaves(&entry.value, &mut pointer, found);
        }
    }
}

fn of_release(spec: &Node, at: &str, found: &mut Found<'_>) {
    if let Some(values) = spec.get("values") {
        of_chart(values, &mut format!("{at}/values"), found);
    }
    let renderers = spec.get("postRenderers").and_then(Node::items);
    for (index, renderer) in renderers.unwrap_or_default().iter().enumerate() {
        if let Some(kustomize) = renderer.get("kustomize") {
            let at = format!("{at}/postRenderers/{index}/kustomize");
            patches(kustomize, &at, found);
        }
    }
}

fn of_application(spec: &Node, at: &str, found: &mut Found<'_>) {
    if let Some(source) = spec.get("source") {
        of_source(source, &format!("{at}/source"), found);
    }
    let sources = spec.get("sources").and_then(Node::items);
    for (index, source) in sources.unwrap_or_default().iter().enumerate() {
        of_source(source, &format!("{at}/sources/{index}"), found);
    }
}

fn of_template(node: &Node, at: &str, found: &mut Found<'_>) {
    if let Some(spec) = node.pointer("/template/spec") {
        of_application(spec, &format!("{at}/template/spec"), found);
    }
}

/// What generators of an `ApplicationSet` put into its template, those in generators too.
fn generators(node: &Node, at: &str, found: &mut Found<'_>) {
    let Some(generators) = node.get("generators") else {
        return;
    };
    let at = format!("{at}/generators");
    of_chart(generators, &mut at.clone(), found);
    for (index, one) in generators.items().unwrap_or_default().iter().enumerate() {
        let NodeValue::Mapping(entries) = &one.value else {
            continue;
        };
        for entry in entries {
            let at = format!("{at}/{index}/{}", step_of(&entry.key));
            of_template(&entry.value, &at, found);
            text(&entry.value, "elementsYaml", &at, found);
            self::generators(&entry.value, &at, found);
        }
    }
}

/// A text that is YAML later, where a secret stands in it, or nobody can read it.
fn text(node: &Node, key: &str, at: &str, found: &mut Found<'_>) {
    if let Some(value) = node.get(key)
        && let Some(text) = value.as_str()
        && documents(text).is_none_or(|all| all.iter().any(|it| names_secret(it, 0)))
    {
        found(&format!("{at}/{key}"), value);
    }
}

fn of_source(source: &Node, at: &str, found: &mut Found<'_>) {
    if let Some(kustomize) = source.get("kustomize") {
        patches(kustomize, &format!("{at}/kustomize"), found);
    }
    let Some(helm) = source.get("helm") else {
        return;
    };
    parameters(helm, at, found);
    if let Some(values) = helm.get("valuesObject") {
        of_chart(values, &mut format!("{at}/helm/valuesObject"), found);
    }
    if let Some(values) = helm.get("values")
        && let Some(text) = values.as_str()
        && documents(text).is_none_or(|all| all.iter().any(|it| names_secret(it, 0)))
    {
        found(&format!("{at}/helm/values"), values);
    }
}

/// Parameters that set a variable in two: `X.name`, which sounds like a secret, and `X.value`.
fn parameters(helm: &Node, at: &str, found: &mut Found<'_>) {
    let parameters = helm.get("parameters").and_then(Node::items);
    let parameters = parameters.unwrap_or_default();
    let secret: BTreeSet<&str> = parameters
        .iter()
        .filter(|one| word(one, "value").is_some_and(is_secret_name))
        .filter_map(|one| word(one, "name")?.strip_suffix(".name"))
        .collect();
    for (index, one) in parameters.iter().enumerate() {
        let variable = word(one, "name").and_then(|it| it.strip_suffix(".value"));
        if let Some(value) = one.get("value")
            && variable.is_some_and(|it| secret.contains(it))
        {
            let mut pointer = format!("{at}/helm/parameters/{index}/value");
            leaves(value, &mut pointer, found);
        }
    }
}

fn word<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

/// Values of a chart whose names sound like a secret, or which are those of variables with such names, of Secrets, or texts
/// that hold any of these.
fn of_chart(node: &Node, pointer: &mut String, found: &mut Found<'_>) {
    match &node.value {
        NodeValue::String(_) if names_secret(node, 0) => return found(pointer, node),
        NodeValue::Mapping(_) => {
            let is_secret = word(node, "kind") == Some("Secret");
            // No object but a Secret has these texts, and charts put them into one.
            let keys = [("data", is_secret), ("stringData", true)];
            for (key, _) in keys.into_iter().filter(|(_, holds)| *holds) {
                if let Some(value) = node.get(key) {
                    leaves(value, &mut format!("{pointer}/{key}"), found);
                }
            }
        }
        _ => {}
    }
    if let Some(value) = of_variable(node) {
        leaves(value, &mut format!("{pointer}/value"), found);
    }
    if let NodeValue::Mapping(entries) = &node.value {
        for entry in entries
            .iter()
            .filter(|it| is_named_secret(&it.key, &it.value))
        {
            found(&format!("{pointer}/{}", step_of(&entry.key)), &entry.value);
        }
    }
    children(node, pointer, &mut |child, pointer| {
        of_chart(child, pointer, found);
    });
}

/// The value of a variable, `name` and `value`, whose name sounds like a secret.
fn of_variable(node: &Node) -> Option<&Node> {
    let name = word(node, "name")?;
    node.get("value").filter(|_| is_secret_name(name))
}

/// The texts of patches that may be of a Secret, or that set what sounds like a secret.
fn patches(spec: &Node, at: &str, found: &mut Found<'_>) {
    let Some(NodeValue::Sequence(patches)) = spec.get("patches").map(|it| &it.value) else {
        return;
    };
    for (index, item) in patches.iter().enumerate() {
        let Some(patch) = item.get("patch") else {
            continue;
        };
        if is_of_secret(item, 0) {
            found(&format!("{at}/patches/{index}/patch"), patch);
        }
    }
}

/// Whether an item of `patches` may be of a Secret, or sets what sounds like a secret.
fn is_of_secret(item: &Node, depth: usize) -> bool {
    let Some(text) = item.get("patch").and_then(Node::as_str) else {
        return false;
    };
    let target = item.pointer("/target/kind").and_then(Node::as_str);
    // A target is an expression.
    let is_word = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let may_be_secret = target.map(|kind| kind == "Secret" || !is_word(kind));
    let Some(documents) = documents(text) else {
        return true;
    };
    documents.iter().any(|document| {
        let is_open = matches!(document.value, NodeValue::Sequence(_)) && target.is_none();
        is_open || may_be_secret == Some(true) || names_secret(document, depth)
    })
}

/// What a text says; `None` where nobody can read it.
fn documents(text: &str) -> Option<Vec<Node>> {
    yaml::parse(text).ok()
}

/// Whether a Secret stands there, or a value whose name sounds like a secret, in a text within it too.
fn names_secret(node: &Node, depth: usize) -> bool {
    let is_of = |key: &str, wanted: &str| node.get(key).and_then(Node::as_str) == Some(wanted);
    match &node.value {
        NodeValue::Mapping(entries) => {
            let mut contents = ["data", "metadata"].iter();
            let is_secret = is_of("kind", "Secret") && contents.any(|key| node.get(key).is_some())
                || node.get("stringData").is_some();
            let patches = depth < DEPTH && is_of_secret(node, depth + 1);
            let path = node.get("path").and_then(Node::as_str);
            let sets = node.get("value").zip(path).is_some_and(|(value, path)| {
                let name = path.rsplit('/').next().unwrap_or_default();
                is_named_secret(name, value)
            });
            let mut entries = entries.iter();
            is_secret
                || patches
                || sets
                || of_variable(node).is_some()
                || entries.any(|entry| {
                    is_named_secret(&entry.key, &entry.value) || names_secret(&entry.value, depth)
                })
        }
        NodeValue::Sequence(items) => items.iter().any(|item| names_secret(item, depth)),
        NodeValue::String(text) if text.contains(':') => match depth < DEPTH {
            true => documents(text).is_some_and(|all| {
                all.iter().any(|it| match it.value {
                    NodeValue::String(_) => false,
                    _ => names_secret(it, depth + 1),
                })
            }),
            false => true,
        },
        _ => false,
    }
}

/// Whether a scalar is called like a secret, and not like where to find one.
fn is_named_secret(name: &str, value: &Node) -> bool {
    let is_text = match &value.value {
        NodeValue::String(text) => !text.is_empty(),
        NodeValue::Number { .. } => true,
        _ => false,
    };
    is_text && is_name_of_secret(name) && !REFERENCES.iter().any(|end| name.ends_with(end))
}

/// How deep texts stand in texts: patches of Kustomizations hold patches.
const DEPTH: usize = 4;
/// How charts call the name of a Secret.
const REFERENCES: [&str; 3] = ["existingSecret", "ExistingSecret", "pullSecret"];
