//! How much of an object is told: all of it, or a `HelmRelease` without the values that it gives to its chart. Of one whose chart
//! comes from elsewhere, they do not say what it deploys. Reads nothing.

use std::borrow::Cow;

use crate::manifest::{Node, NodeValue, Object};

/// What of an object is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// All but the values for a chart.
    WithoutValues,
}

impl Part {
    /// That part of an object.
    pub(super) fn of(self, object: Object) -> Object {
        match self {
            Self::WithoutValues => without_values(&object).unwrap_or(object),
            Self::Whole => object,
        }
    }
}

/// A `HelmRelease` without its values; nothing where it is something else.
pub(super) fn without_values(object: &Object) -> Option<Object> {
    let reference = &object.reference;
    if (reference.group(), reference.kind.as_str()) != RELEASE {
        return None;
    }
    let mut node = object.node.clone();
    if let NodeValue::Mapping(fields) = &mut node.value {
        let specs = fields.iter_mut().filter(|entry| &*entry.key == "spec");
        for spec in specs {
            spec.value = spec_without_values(&spec.value).into_owned();
        }
    }
    Some(Object {
        node,
        ..object.clone()
    })
}

/// The spec of one without them.
pub(super) fn spec_without_values(spec: &Node) -> Cow<'_, Node> {
    let NodeValue::Mapping(fields) = &spec.value else {
        return Cow::Borrowed(spec);
    };
    let mut fields = fields.clone();
    fields.retain(|entry| !VALUES.contains(&&*entry.key));
    Cow::Owned(Node {
        value: NodeValue::Mapping(fields),
        ..spec.clone()
    })
}

/// The group and the kind of a release.
pub(super) const RELEASE: (&str, &str) = ("helm.toolkit.fluxcd.io", "HelmRelease");
const VALUES: [&str; 2] = ["values", "valuesFrom"];
