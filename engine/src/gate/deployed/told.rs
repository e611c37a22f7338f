//! What the deployer of a unit is told beside its files, as one value: what names it, and what differs.
//! Shows no values that a chart or a template is given: they may be secrets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Input, Made};
use crate::manifest::secrets::without_secrets;
use crate::model::{Digest, abridged};
use crate::sources::ResolvedUnit;

/// What decides beside the files: of a unit that an object declares, all that this says of sources.
#[derive(Clone, Debug)]
pub(super) struct Told(Value);

impl Told {
    pub(super) fn of(unit: &ResolvedUnit, inputs: &[Input]) -> Self {
        let renderings = inputs
            .iter()
            .map(|input| json!([input.rendering, input.version]));
        let renderings: Vec<Value> = renderings.collect();
        let external: Vec<_> = unit.external().collect();
        let said = unit.deployment.as_ref().map(|it| &it.description);
        Self(json!([renderings, external, said]))
    }

    /// What a set makes, where nothing else is judged.
    pub(super) fn of_made(made: &Made) -> Self {
        Self(json!([[], [], made.digest()]))
    }

    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.0.to_string().as_bytes())
    }

    /// What is another thing than it was, each as `option` was `…`, is `…`.
    pub(super) fn changes_since(&self, before: &Self) -> Vec<String> {
        let (was, is) = (before.options(), self.options());
        let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let differing = names
            .into_iter()
            .filter(|name| was.get(*name) != is.get(*name));
        differing
            .map(|name| {
                if is_given(name) {
                    return format!("`{name}` is another");
                }
                let shown =
                    |value: Option<&&Value>| value.map_or("nothing".to_owned(), |it| shown(it));
                format!(
                    "`{name}` was {}, is {}",
                    shown(was.get(name)),
                    shown(is.get(name))
                )
            })
            .collect()
    }

    /// Every single value by its name: `apps/web kubeVersion`.
    fn options(&self) -> BTreeMap<String, &Value> {
        let mut options = BTreeMap::new();
        let renderings = self.0.get(0).and_then(Value::as_array);
        for one in renderings.into_iter().flatten() {
            let (rendering, version) = (one.get(0), one.get(1));
            let text = |key: &str| rendering.and_then(|it| it.get(key)).and_then(Value::as_str);
            let folder = text("folder").unwrap_or_default();
            let tool = rendering
                .and_then(|it| it.get("tool"))
                .and_then(Value::as_object);
            let tool = tool.and_then(|tool| tool.iter().next());
            if let Some((tool, told)) = tool {
                leaves(told, &format!("{folder} {tool}"), &mut options);
                if let Some(version) = version.filter(|version| !version.is_null()) {
                    options.insert(format!("{folder} {tool}.version"), version);
                }
            }
            if let Some(deployer) = rendering.and_then(|it| it.get("deployer")) {
                options.insert(format!("{folder} deployer"), deployer);
            }
        }
        for (at, name) in [(1, "elsewhere"), (2, "source")] {
            if let Some(value) = self.0.get(at) {
                leaves(value, name, &mut options);
            }
        }
        options
    }
}

fn leaves<'v>(value: &'v Value, name: &str, found: &mut BTreeMap<String, &'v Value>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                leaves(value, &format!("{name}.{key}"), found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                leaves(value, &format!("{name}[{at}]"), found);
            }
        }
        Value::Null => {}
        _ => {
            found.insert(name.to_owned(), value);
        }
    }
}

/// Whether it is handed to a chart or a template.
fn is_given(name: &str) -> bool {
    let path = name.split_once(' ').map_or(name, |(_, path)| path);
    GIVEN.iter().any(|given| path.contains(given))
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = without_secrets(&text).unwrap_or(text);
    format!("`{}`", abridged(&text, SHOWN))
}

const GIVEN: [&str; 9] = [
    ".values",
    ".valuesObject",
    ".parameters",
    ".substitute",
    ".patches",
    ".annotations",
    ".commonAnnotations",
    ".jsonnet",
    ".plugin",
];
const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(helm: &Value, version: Option<&str>) -> Told {
        let rendering = json!({"folder": "apps/web", "deployer": "ArgoCd", "tool": {"helm": helm}});
        Told(json!([[[rendering, version]], [], {"sources": [{"helm": helm}]}]))
    }

    #[test]
    fn options_and_versions_are_told_as_they_were_and_are() {
        let before = told(&json!({"kubeVersion": "1.33.1"}), None);
        let after = told(
            &json!({"kubeVersion": "1.34.0", "apiVersions": ["a/v1"]}),
            Some("v3.18.0"),
        );
        assert_ne!(before.digest(), after.digest());
        assert_eq!(
            after.changes_since(&before),
            [
                "`apps/web helm.apiVersions[0]` was nothing, is `a/v1`",
                "`apps/web helm.kubeVersion` was `1.33.1`, is `1.34.0`",
                "`apps/web helm.version` was nothing, is `v3.18.0`",
                "`source.sources[0].helm.apiVersions[0]` was nothing, is `a/v1`",
                "`source.sources[0].helm.kubeVersion` was `1.33.1`, is `1.34.0`",
            ]
        );
        assert!(after.changes_since(&after).is_empty());
    }

    #[test]
    fn what_a_chart_is_given_is_never_shown() {
        let of = |value: &str| {
            told(
                &json!({
                    "values": {"password": value},
                    "parameters": [{"name": "x", "value": value}],
                    "release": format!("--token={value}"),
                }),
                None,
            )
        };
        let changes = of("hunter2").changes_since(&of("hunter1")).join("; ");
        assert!(!changes.contains("hunter"), "{changes}");
        assert!(
            changes.contains("`apps/web helm.parameters[0].value` is another"),
            "{changes}"
        );
    }
}
