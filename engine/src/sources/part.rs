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

    /// That part of a patch of an object that has it.
    pub(super) fn of_patch(self, patch: Node) -> Node {
        match self {
            Self::WithoutValues => of_patch_without_values(patch),
            Self::Whole => patch,
        }
    }
}

/// A patch of a release without what it makes of its values.
fn of_patch_without_values(mut patch: Node) -> Node {
    match &mut patch.value {
        NodeValue::Mapping(fields) => {
            let specs = fields.iter_mut().filter(|entry| &*entry.key == "spec");
            for spec in specs {
                spec.value = spec_without_values(&spec.value).into_owned();
            }
        }
        NodeValue::Sequence(steps) => steps.retain(|step| !is_in_values(step)),
        _ => {}
    }
    patch
}

/// Whether a step of a JSON patch neither reads nor writes anything but values.
fn is_in_values(step: &Node) -> bool {
    let is_below = |pointer: &Node| {
        let spec = pointer.as_str().and_then(|it| it.strip_prefix("/spec/"));
        spec.is_some_and(|it| VALUES.contains(&it.split('/').next().unwrap_or_default()))
    };
    step.get("path").is_some_and(is_below) && step.get("from").is_none_or(is_below)
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
