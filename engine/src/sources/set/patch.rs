//! `templatePatch`, and the template that a generator has of its own: what Argo CD makes of two descriptions of an Application.
//! Evaluates no template; what Argo CD could not merge is not guessed.
//!
//! Source: Argo CD, `applicationset/controllers/template/patch.go`: a strategic merge patch by the type of an Application, of
//! which no list is merged but the finalizers.

use super::fields;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;
use crate::sources::fields::{Read, Stop};
use crate::sources::written;

/// An Application with a patch merged into it. `span` is where the patch stands.
pub(super) fn patched(mut application: Node, patch: &str, span: Span) -> Read<Node> {
    let refused = |why: &str| {
        Stop::unknown(
            span,
            why,
            "let it give one mapping that ends with a line break, or nothing",
        )
    };
    let patch = written::read_patch(patch)
        .map_err(|why| refused(&format!("what `templatePatch` gives {why}")))?;
    let Some(patch) = patch else {
        return Ok(application);
    };
    if !matches!(patch.value, NodeValue::Mapping(_)) {
        return Err(refused(
            "what `templatePatch` gives is no mapping in YAML or JSON",
        ));
    }
    let mut patch = written::placed(patch, span);
    keep_project(&mut patch);
    let project = application.pointer("/spec/project").cloned();
    merge(&mut application, patch.clone(), Within::Typed)?;
    fields::are_known(&patch, "`templatePatch`")?;
    if let (Some(project), None) = (project, application.pointer("/spec/project")) {
        restore(&mut application, project);
    }
    Ok(application)
}

/// What a generator's own template says, and what the set's says beside it. What is empty says nothing.
pub(super) fn filled(own: &Node, under: &Node) -> Node {
    let (NodeValue::Mapping(entries), NodeValue::Mapping(base)) = (&own.value, &under.value) else {
        return if is_empty(own) { under } else { own }.clone();
    };
    let mut entries = entries.clone();
    for entry in base {
        match entries.iter_mut().find(|other| other.key == entry.key) {
            Some(other) if &*entry.key == VALUES => {
                if is_empty(&other.value) {
                    other.value = entry.value.clone();
                }
            }
            Some(other) => other.value = filled(&other.value, &entry.value),
            None => entries.push(entry.clone()),
        }
    }
    Node {
        value: NodeValue::Mapping(entries),
        span: own.span,
    }
}

/// What the fields of a mapping are to Argo CD.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Fields that it knows.
    Typed,
    /// Values of a chart, of which it cannot merge what is deeper.
    Values,
}

fn merge(into: &mut Node, patch: Node, within: Within) -> Read<()> {
    let (NodeValue::Mapping(entries), NodeValue::Mapping(changes)) = (&mut into.value, patch.value)
    else {
        return Ok(());
    };
    for change in changes {
        if change.key.starts_with('$') {
            let reason = "`templatePatch` has a directive, a key that begins with `$`";
            let remedy = "write the patch without directives: maps are merged, lists replaced, `null` deletes";
            return Err(Stop::unknown(change.value.span, reason, remedy));
        }
        let at = entries.iter().position(|entry| entry.key == change.key);
        if change.value.value == NodeValue::Null {
            if let Some(at) = at {
                entries.remove(at);
            }
            continue;
        }
        let Some(entry) = at.and_then(|at| entries.get_mut(at)) else {
            is_settled(&change.value)?;
            entries.push(change);
            continue;
        };
        match (&entry.value.value, &change.value.value) {
            (NodeValue::Mapping(_), NodeValue::Mapping(_)) if within == Within::Values => {
                return Err(unmerged(&change));
            }
            (NodeValue::Sequence(_), NodeValue::Sequence(_)) if within == Within::Values => {
                return Err(unmerged(&change));
            }
            (NodeValue::Mapping(_), NodeValue::Mapping(_)) => {
                let within = if &*change.key == VALUES {
                    Within::Values
                } else {
                    within
                };
                merge(&mut entry.value, change.value, within)?;
            }
            _ => {
                is_settled(&change.value)?;
                entry.value = change.value;
            }
        }
    }
    Ok(())
}

/// What is new has no directives, which would count too, and no `null`, which versions of Argo CD keep or drop.
fn is_settled(node: &Node) -> Read<()> {
    let refused = |what: &str| {
        let reason =
            format!("`templatePatch` adds {what}, which versions of Argo CD take differently");
        Err(Stop::unknown(
            node.span,
            reason,
            "leave it out of the patch",
        ))
    };
    match &node.value {
        NodeValue::Mapping(entries) => entries.iter().try_for_each(|entry| {
            match (entry.key.starts_with('$'), &entry.value.value) {
                (true, _) => refused("a directive, a key that begins with `$`"),
                (_, NodeValue::Null) => refused("`null`"),
                _ => is_settled(&entry.value),
            }
        }),
        NodeValue::Sequence(items) => items.iter().try_for_each(is_settled),
        _ => Ok(()),
    }
}

fn unmerged(change: &Entry) -> Stop {
    Stop::unknown(
        change.value.span,
        "Argo CD cannot merge a map or a list that stands within `valuesObject` of both the template and the patch",
        "let one of them give all of `valuesObject`",
    )
}

/// Argo CD takes no project from a patch.
fn keep_project(patch: &mut Node) {
    let NodeValue::Mapping(entries) = &mut patch.value else {
        return;
    };
    let spec = entries.iter_mut().find(|entry| &*entry.key == "spec");
    if let Some(NodeValue::Mapping(fields)) = spec.map(|spec| &mut spec.value.value) {
        fields.retain(|field| &*field.key != "project");
    }
}

/// Where a patch took the whole `spec` away, the project stays.
fn restore(application: &mut Node, project: Node) {
    let NodeValue::Mapping(entries) = &mut application.value else {
        return;
    };
    let span = project.span;
    let entry = |key: &str, value: Node| Entry {
        key: key.into(),
        key_span: span,
        value,
    };
    let spec = Node {
        value: NodeValue::Mapping(vec![entry("project", project)]),
        span,
    };
    entries.retain(|entry| &*entry.key != "spec");
    entries.push(entry("spec", spec));
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        NodeValue::Null => true,
        NodeValue::Bool(value) => !value,
        NodeValue::Number { value, .. } => value.as_f64() == Some(0.0),
        NodeValue::String(text) => text.is_empty(),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(entries) => entries.is_empty(),
    }
}

/// The field whose content Argo CD does not know.
const VALUES: &str = "valuesObject";
