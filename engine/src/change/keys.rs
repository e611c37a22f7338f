//! Kubernetes' merge keys: by which fields the items of a list are told apart.
//! Knows nothing of differences; it only names items.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::model::ObjectRef;

/// The lists of one kind that have merge keys.
pub(super) struct ListKeys {
    pod_spec_at: Option<&'static str>,
    own: Option<&'static BTreeMap<String, Vec<String>>>,
}

impl ListKeys {
    pub(super) fn of(object: &ObjectRef) -> Self {
        let kind = object.group_kind().to_string();
        Self {
            pod_spec_at: TABLE.pod_spec_at.get(&kind).map(String::as_str),
            own: TABLE.kinds.get(&kind),
        }
    }

    /// Names every item of the list at `shape`; `None` where the list has no merge key, an item
    /// lacks it, or two items share one: then items are told apart by position.
    pub(super) fn name_all(&self, shape: &str, items: &[Value]) -> Option<Vec<MergeKey>> {
        let fields = self.fields(shape)?;
        let names: Vec<MergeKey> = items
            .iter()
            .map(|item| MergeKey::of(item, fields))
            .collect::<Option<_>>()?;
        let unique: BTreeSet<&MergeKey> = names.iter().collect();
        (unique.len() == names.len()).then_some(names)
    }

    /// The first item of the list at `shape` that repeats the key of another, after that one.
    pub(super) fn repeated(&self, shape: &str, items: &[Value]) -> Option<(usize, usize)> {
        let fields = self.fields(shape)?;
        let mut seen = BTreeMap::new();
        let keys = items.iter().map(|item| MergeKey::of(item, fields));
        keys.enumerate().find_map(|(index, key)| {
            let first = *seen.entry(key?).or_insert(index);
            (first < index).then_some((first, index))
        })
    }

    /// Whether the order of these items means something though they have names: init containers start
    /// one after the other, and a variable knows only those before it.
    pub(super) fn ordered(&self, shape: &str, items: &[Value]) -> bool {
        let inside = self.pod_spec_at.and_then(|at| shape.strip_prefix(at));
        let refers = |item: &Value| {
            let value = item.get("value").and_then(Value::as_str);
            value.is_some_and(|value| value.contains("$("))
        };
        match inside {
            Some("/initContainers") => true,
            Some(inside) => inside.ends_with("ontainers/*/env") && items.iter().any(refers),
            None => false,
        }
    }

    fn fields(&self, shape: &str) -> Option<&'static [String]> {
        if let Some(fields) = self.own.and_then(|own| own.get(shape)) {
            return Some(fields);
        }
        let inside = shape.strip_prefix(self.pod_spec_at?)?.strip_prefix('/')?;
        TABLE
            .pod_spec
            .iter()
            .find(|(pattern, _)| same_shape(pattern, inside))
            .map(|(_, fields)| fields.as_slice())
    }
}

/// The fields that name one item of a list, and their values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MergeKey(Vec<(&'static str, String)>);

impl MergeKey {
    fn of(item: &Value, fields: &'static [String]) -> Option<Self> {
        fields
            .iter()
            .map(|field| {
                let value = field
                    .split('.')
                    .try_fold(item, |value, step| value.get(step))
                    .and_then(scalar)
                    .or_else(|| TABLE.defaults.get(field).cloned())?;
                Some((field.as_str(), value))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Whether one of the names of the list at `pointer` is made of what is secret. Such a one is not to be
    /// shown: as in an object whose secrets are replaced, the items have no names then.
    pub(super) fn any_secret(names: &[Self], pointer: &str, secrets: &BTreeSet<String>) -> bool {
        !secrets.is_empty()
            && names.iter().enumerate().any(|(index, name)| {
                name.0.iter().any(|(field, _)| {
                    let field = field.replace('.', "/");
                    secrets.contains(&format!("{pointer}/{index}/{field}"))
                })
            })
    }

    /// `odoo`, `8069/TCP`.
    pub(super) fn values(&self) -> String {
        let values: Vec<&str> = self.0.iter().map(|(_, value)| value.as_str()).collect();
        values.join("/")
    }

    /// `name=odoo`, `containerPort=8069,protocol=TCP`.
    pub(super) fn named(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(field, value)| format!("{field}={value}"))
            .collect();
        pairs.join(",")
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a table's pattern (a leading `*` in a step stands for any beginning) is this shape.
fn same_shape(pattern: &str, shape: &str) -> bool {
    let mut steps = shape.split('/');
    pattern
        .split('/')
        .all(|wanted| match (wanted.strip_prefix('*'), steps.next()) {
            (_, None) => false,
            (Some(ending), Some(step)) => step.ends_with(ending),
            (None, Some(step)) => step == wanted,
        })
        && steps.next().is_none()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Table {
    pod_spec: BTreeMap<String, Vec<String>>,
    pod_spec_at: BTreeMap<String, String>,
    kinds: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    defaults: BTreeMap<String, String>,
}

#[expect(
    clippy::expect_used,
    reason = "the table is part of the program; a test reads it"
)]
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("merge-keys.json")).expect("the table of merge keys is valid")
});
