//! Lists of objects to objects.
//! Knows nothing of what the objects are.

use super::{Context, Error, Object, Wanted, identity};
use crate::manifest::{Entry, Node, NodeValue};

/// The objects of all documents, items of lists in their place.
pub(super) fn flatten(nodes: Vec<Node>, cx: Context<'_>) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::with_capacity(nodes.len());
    for node in nodes {
        add(node, 0, &mut objects, cx)?;
    }
    Ok(objects)
}

fn add(node: Node, depth: usize, objects: &mut Vec<Object>, cx: Context<'_>) -> Result<(), Error> {
    let (api_version, kind) = identity::type_of(&node, cx)?;
    let is_list = kind == "List" && api_version == "v1";
    let item_kind = kind.strip_suffix("List").unwrap_or_default().to_owned();
    let items_may_be_untyped = !item_kind.is_empty();
    match node.get("items").map(|items| (&items.value, items.span)) {
        Some((NodeValue::Sequence(_), _)) if kind.ends_with("List") => {}
        // To some tools whatever has `items` is a list, and they would apply these.
        Some((NodeValue::Sequence(_), span)) => {
            return Err(cx.not_an_object(span, "it has `items`, and its kind is no list"));
        }
        None | Some((NodeValue::Null, _)) if is_list => return Ok(()),
        Some((_, span)) if is_list => {
            return Err(cx.not_an_object(span, "the `items` of a list are no list"));
        }
        _ => return push(node, objects, cx),
    }
    if depth >= cx.limits.list_depth {
        return Err(cx.list_depth(node.span));
    }
    let (items, list_type) = take_items(node);
    for mut item in items {
        if items_may_be_untyped && is_untyped(&item) {
            adopt_type(&mut item, &item_kind, &list_type);
        }
        add(item, depth + 1, objects, cx)?;
    }
    Ok(())
}

fn push(node: Node, objects: &mut Vec<Object>, cx: Context<'_>) -> Result<(), Error> {
    if node.json_len() > cx.limits.object_bytes {
        return Err(cx.object_size(node.span));
    }
    let (api_version, kind) = identity::type_of(&node, cx)?;
    let wanted = (cx.wanted)(api_version, kind);
    if wanted == Wanted::Not {
        return Ok(());
    }
    let (reference, generated) = match identity::reference(&node, cx) {
        Err(Error::Name { .. } | Error::IllTypedName { .. }) if wanted == Wanted::IfNamed => {
            return Ok(());
        }
        named => named?,
    };
    objects.push(Object {
        reference,
        node,
        generated,
    });
    Ok(())
}

/// The items, and the entries that say what the list is.
fn take_items(node: Node) -> (Vec<Node>, Vec<Entry>) {
    let mut items = Vec::new();
    let mut list_type = Vec::new();
    if let NodeValue::Mapping(entries) = node.value {
        for entry in entries {
            match (&*entry.key, entry.value.value) {
                ("items", NodeValue::Sequence(found)) => items = found,
                ("apiVersion" | "kind", value) => list_type.push(Entry {
                    value: Node {
                        value,
                        span: entry.value.span,
                    },
                    ..entry
                }),
                _ => {}
            }
        }
    }
    (items, list_type)
}

fn is_untyped(item: &Node) -> bool {
    matches!(item.value, NodeValue::Mapping(_))
        && item.get("apiVersion").is_none()
        && item.get("kind").is_none()
}

/// The API server's reader gives the items of a `DeploymentList` their type.
fn adopt_type(item: &mut Node, item_kind: &str, list_type: &[Entry]) {
    let NodeValue::Mapping(entries) = &mut item.value else {
        return;
    };
    for entry in list_type {
        let mut entry = entry.clone();
        if &*entry.key == "kind" {
            entry.value.value = NodeValue::String(item_kind.into());
        }
        entries.push(entry);
    }
}
