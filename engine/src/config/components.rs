//! Components: what an object is to the business, by file, label, kind, image and the names it uses.
//! Knows no tier and no policy. Values of Secrets and `ConfigMaps` are never looked at.

mod built_in;
mod pattern;
mod traits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use self::built_in::{ROWS, Row};
use self::pattern::fits;
use self::traits::Traits;
use super::raw::RawComponent;
use super::selector;
use crate::git::Selector;
use crate::model::{KindPattern, ObjectRef, RepoPath};

/// The built-in table and what the configuration adds to it.
#[derive(Clone, Debug)]
pub struct ComponentTable {
    rules: Vec<Rule>,
    names: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    names: Vec<String>,
    paths: Option<Selector>,
    labels: Vec<(String, String)>,
    kinds: Vec<KindPattern>,
    images: Option<Selector>,
    modules: &'static [&'static str],
    keys: &'static [&'static str],
}

impl ComponentTable {
    /// The components of an object: every rule is tried, and their names add up.
    ///
    /// `images` are the references that its containers use.
    #[must_use]
    pub fn of(
        &self,
        file: &RepoPath,
        object: &Value,
        reference: &ObjectRef,
        images: &[&str],
    ) -> BTreeSet<String> {
        let traits = Traits::of(object, reference, images);
        let by_rule = self
            .rules
            .iter()
            .filter(|rule| rule.matches(file, reference, &traits))
            .flat_map(|rule| rule.names.iter());
        let by_label = traits
            .labels
            .iter()
            .filter(|(key, _)| NAMING_LABELS.contains(key))
            .filter_map(|(_, value)| self.names.get(*value));
        by_rule.chain(by_label).cloned().collect()
    }

    /// The names of all components.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The table of a configuration that adds nothing; `None` cannot happen in a build whose tests are
    /// green.
    #[must_use]
    pub fn built_in() -> Option<Self> {
        Self::build(BTreeMap::new()).ok()
    }

    /// Whether the place of a file alone makes what it holds part of that component.
    #[must_use]
    pub fn sees(&self, name: &str, file: &RepoPath) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| {
            rule.names.iter().any(|own| own == name)
                && rule.paths.as_ref().is_some_and(|globs| globs.matches(file))
        })
    }

    pub(super) fn build(added: BTreeMap<String, RawComponent>) -> Result<Self, String> {
        let mut rules = BUILT_IN.clone()?;
        for (name, raw) in added {
            rules.push(Rule::added(name, raw)?);
        }
        let names = rules.iter().flat_map(|rule| rule.names.clone()).collect();
        Ok(Self { rules, names })
    }
}

/// The names of the built-in table.
pub(super) fn built_in_names() -> impl Iterator<Item = String> {
    ROWS.iter().flat_map(|row| owned(row.names))
}

impl Rule {
    fn built_in(row: &Row) -> Result<Self, String> {
        let labels = row.labels.iter();
        Ok(Self {
            names: owned(row.names),
            paths: selector(&owned(row.paths))?,
            labels: labels
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            kinds: row
                .kinds
                .iter()
                .map(|kind| KindPattern::parse(kind))
                .collect(),
            images: selector(&owned(row.images))?,
            modules: row.modules,
            keys: row.keys,
        })
    }

    fn added(name: String, raw: RawComponent) -> Result<Self, String> {
        Ok(Self {
            names: vec![name],
            paths: selector(&raw.paths)?,
            labels: raw.labels.into_iter().collect(),
            kinds: raw
                .kinds
                .iter()
                .map(|kind| KindPattern::parse(kind))
                .collect(),
            images: selector(&raw.images)?,
            modules: &[],
            keys: &[],
        })
    }

    fn matches(&self, file: &RepoPath, reference: &ObjectRef, traits: &Traits<'_>) -> bool {
        let label = |(key, value): &(String, String)| {
            traits.labels.contains(&(key.as_str(), value.as_str()))
        };
        let any = |patterns: &[&str], names: &BTreeSet<String>| {
            names
                .iter()
                .any(|name| patterns.iter().any(|pattern| fits(pattern, name)))
        };
        self.paths.as_ref().is_some_and(|globs| globs.matches(file))
            || self.labels.iter().any(label)
            || self
                .kinds
                .iter()
                .any(|kind| kind.matches(&reference.group_kind()))
            || self
                .images
                .as_ref()
                .is_some_and(|globs| traits.images.iter().any(|image| globs.matches(image)))
            || any(self.modules, &traits.modules)
            || any(self.keys, &traits.keys)
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The built-in rules, compiled once.
static BUILT_IN: LazyLock<Result<Vec<Rule>, String>> =
    LazyLock::new(|| ROWS.iter().map(Rule::built_in).collect());
/// Labels whose value is the name of a component.
const NAMING_LABELS: [&str; 2] = ["tidegate.dev/component", "app.kubernetes.io/part-of"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(added: Value) -> ComponentTable {
        ComponentTable::build(serde_json::from_value(added).unwrap()).unwrap()
    }

    fn components(
        table: &ComponentTable,
        file: &str,
        object: &Value,
        images: &[&str],
    ) -> Vec<String> {
        let text = |pointer| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let reference = ObjectRef {
            api_version: text("/apiVersion").unwrap(),
            kind: text("/kind").unwrap(),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name").unwrap(),
        };
        table
            .of(&file.into(), object, &reference, images)
            .into_iter()
            .collect()
    }

    fn built_in(object: &Value) -> Vec<String> {
        components(&table(json!({})), "apps/x.yaml", object, &[])
    }

    #[test]
    fn the_built_in_table_knows_the_kinds_of_a_shop() {
        for (api_version, kind, expected) in [
            ("postgresql.cnpg.io/v1", "Cluster", vec!["database"]),
            (
                "postgresql.cnpg.io/v1",
                "ScheduledBackup",
                vec!["backup", "database"],
            ),
            ("traefik.io/v1alpha1", "IngressRoute", vec!["ingress"]),
            ("networking.k8s.io/v1", "Ingress", vec!["ingress"]),
            ("argoproj.io/v1alpha1", "Application", vec!["gate"]),
            ("v1", "ServiceAccount", vec!["security"]),
            ("apps/v1", "Deployment", vec![]),
        ] {
            let object =
                json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
            assert_eq!(built_in(&object), expected, "{kind}");
        }
    }

    #[test]
    fn a_path_gives_every_name_of_its_row() {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
        let of = |file| components(&table(json!({})), file, &object, &[]);
        assert_eq!(
            of("apps/pricing/rules.yaml"),
            ["loyalty", "pricing", "promotions"]
        );
        assert_eq!(of("apps/payment-adyen/prod/x.yaml"), ["payments"]);
        assert_eq!(of("apps/prices/x.yaml"), Vec::<String>::new());
    }

    #[test]
    fn names_of_keys_count_and_values_never() {
        let config = |data: Value| {
            built_in(
                &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "stringData": data}),
            )
        };
        assert_eq!(config(json!({"stripe-secret-key": "x"})), ["payments"]);
        assert_eq!(config(json!({"note": "STRIPE_KEY"})), Vec::<String>::new());
    }

    #[test]
    fn what_a_container_uses_counts_in_every_kind_of_workload() {
        let container = json!({
            "name": "odoo",
            "args": ["odoo", "-u", "stock_account,l10n_de"],
            "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "adyen-live", "key": "k"}}}],
        });
        let pod = json!({"containers": [container]});
        let job = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}});
        assert_eq!(
            built_in(&job),
            ["inventory", "payments", "tax", "warehouse-routing"]
        );
    }

    #[test]
    fn a_label_may_name_a_known_component_and_no_other() {
        let labelled = |name: &str| {
            built_in(
                &json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
                "spec": {"template": {"metadata": {"labels": {"tidegate.dev/component": name}}}}}),
            )
        };
        assert_eq!(labelled("pricing"), ["pricing"]);
        assert_eq!(labelled("unheard-of"), Vec::<String>::new());
    }

    #[test]
    fn the_configuration_adds_and_takes_nothing_away() {
        let table = table(json!({
            "payments": {"labels": {"acme.example/area": "payments"}},
            "search": {"images": ["registry.example/acme/*-search"]},
        }));
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "x", "labels": {"acme.example/area": "payments"}}});
        let image = "registry.example/acme/shop-search:1@sha256:00";
        assert_eq!(
            components(&table, "apps/redis/x.yaml", &object, &[image]),
            ["cache", "payments", "search"]
        );
    }

    #[test]
    fn image_repositories_are_compared_without_registry_tag_and_digest() {
        let object =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}});
        let of = |image| components(&table(json!({})), "x.yaml", &object, &[image]);
        assert_eq!(of("redis:7.4"), ["cache"]);
        assert_eq!(of("registry:5000/acme/valkey@sha256:00"), ["cache"]);
        assert_eq!(of("acme/redis-exporter:1"), Vec::<String>::new());
    }
}
