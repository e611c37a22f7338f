//! What names an object: type, namespace, name, each in a form that a cluster takes.
//! Knows nothing of lists and files.

use super::{Context, Error};
use crate::manifest::{Node, NodeValue};
use crate::model::{Digest, ObjectRef};

/// The reference of an object, and whether its name is made up.
pub(super) fn reference(node: &Node, cx: Context<'_>) -> Result<(ObjectRef, bool), Error> {
    let (api_version, kind) = type_of(node, cx)?;
    let metadata = match node.get("metadata") {
        Some(metadata) if matches!(metadata.value, NodeValue::Mapping(_)) => metadata,
        Some(other) => return Err(cx.name(other.span, "`metadata` is no mapping")),
        None => return Err(cx.name(node.span, "the object has no `metadata.name`")),
    };
    let namespace = text_of(metadata, "namespace", cx)?;
    if let Some((namespace, node)) = namespace
        && !is_label(namespace)
    {
        return Err(cx.name(node.span, "this cannot be the name of a namespace"));
    }
    let name = text_of(metadata, "name", cx)?;
    let prefix = text_of(metadata, "generateName", cx)?;
    let (name, generated) = match (name, prefix) {
        (Some((name, node)), _) => {
            if !is_name(name, api_version) {
                return Err(cx.name(node.span, "this cannot be the name of an object"));
            }
            (name.to_owned(), false)
        }
        (None, Some((prefix, at))) => {
            // The cluster appends letters, so that a prefix may end where a name may not.
            if !is_name(&format!("{prefix}x"), api_version) {
                return Err(cx.name(at.span, "this cannot begin the name of an object"));
            }
            (generated_name(prefix, node), true)
        }
        (None, None) => {
            return Err(cx.name(metadata.span, "the object has no `metadata.name`"));
        }
    };
    let reference = ObjectRef {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(|(namespace, _)| namespace.to_owned()),
        name,
    };
    Ok((reference, generated))
}

/// `apiVersion` and `kind`.
pub(super) fn type_of<'node>(
    node: &'node Node,
    cx: Context<'_>,
) -> Result<(&'node str, &'node str), Error> {
    let present = |key| node.get(key).filter(|value| value.value != NodeValue::Null);
    let api_version = present("apiVersion")
        .ok_or_else(|| cx.not_an_object(node.span, "it has no `apiVersion`"))?;
    let kind = present("kind").ok_or_else(|| cx.not_an_object(node.span, "it has no `kind`"))?;
    let api_version_text = api_version
        .as_str()
        .filter(|text| is_api_version(text))
        .ok_or_else(|| {
            cx.not_an_object(api_version.span, "its `apiVersion` is not `group/version`")
        })?;
    let kind_text = kind
        .as_str()
        .filter(|text| is_kind(text, api_version_text))
        .ok_or_else(|| {
            cx.not_an_object(
                kind.span,
                "its `kind` is no name that a kind can have in this group",
            )
        })?;
    Ok((api_version_text, kind_text))
}

/// A string of the metadata; null and empty are as good as absent.
fn text_of<'node>(
    metadata: &'node Node,
    key: &'static str,
    cx: Context<'_>,
) -> Result<Option<(&'node str, &'node Node)>, Error> {
    match metadata.get(key) {
        None => Ok(None),
        Some(node) => match &node.value {
            NodeValue::Null => Ok(None),
            NodeValue::String(text) if text.is_empty() => Ok(None),
            NodeValue::String(text) => Ok(Some((text, node))),
            _ => Err(cx.ill_typed_name(key, node)),
        },
    }
}

/// Two objects of one prefix are told apart by what they do.
fn generated_name(prefix: &str, node: &Node) -> String {
    let spec = node
        .get("spec")
        .map(Node::canonical_json)
        .unwrap_or_default();
    let digest = Digest::of(spec.as_bytes()).to_string();
    format!("{prefix}*{}", digest.get(..12).unwrap_or(&digest))
}

fn is_api_version(text: &str) -> bool {
    let is_version = |text: &str| is_label(text);
    match text.split_once('/') {
        None => is_version(text),
        Some((group, version)) => is_subdomain(group) && is_version(version),
    }
}

/// Only a kind that somebody defined may begin in lower case, as `postgresql` of `acid.zalan.do` does; the
/// group of such a one is a domain.
fn is_kind(text: &str, api_version: &str) -> bool {
    let is_defined = || {
        let group = api_version.split_once('/').map(|(group, _)| group);
        let built_in = |group: &str| !group.contains('.') || group.ends_with(".k8s.io");
        group.is_some_and(|group| !built_in(group))
    };
    text.starts_with(|first: char| {
        first.is_ascii_uppercase() || (first.is_ascii_lowercase() && is_defined())
    }) && text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Roles and bindings are named freely; everything else as in DNS.
fn is_name(name: &str, api_version: &str) -> bool {
    if api_version.starts_with("rbac.authorization.k8s.io/") {
        return name.len() <= 253
            && !matches!(name, "." | "..")
            && !name.contains(['/', '%'])
            && !name.contains(char::is_control);
    }
    is_subdomain(name)
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_part)
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_dns_part(text)
}

fn is_dns_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.is_empty()
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}
