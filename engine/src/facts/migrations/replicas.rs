//! Database clusters whose replicas wait for, or follow, each row that is written.
//! Knows nothing of scripts.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::facts::{Context, pods};
use crate::model::{GroupKind, ObjectRef};

/// A cluster that hands on each row that is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Replicated {
    /// The cluster.
    pub object: ObjectRef,
    /// How, in words that follow its name.
    pub how: String,
}

/// The clusters at head, in the namespaces of the changes or changed themselves, that hand on each row.
pub(super) fn replicated(context: &Context<'_>) -> Vec<Replicated> {
    let changes = context.changes.iter();
    let namespaces: BTreeSet<&Option<String>> = changes
        .clone()
        .map(|change| &change.object.namespace)
        .collect();
    let kinds = KINDS.map(GroupKind::parse);
    let around = kinds.iter().flat_map(|kind| {
        let namespaces = namespaces.iter();
        namespaces.flat_map(move |namespace| context.head.in_namespace(kind, namespace))
    });
    let changed = changes.filter_map(|change| change.new.as_ref());
    let all = around.chain(changed).filter_map(|cluster| {
        Some(Replicated {
            object: pods::reference(cluster),
            how: how(cluster)?.to_owned(),
        })
    });
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

fn how(cluster: &Value) -> Option<&'static str> {
    let object = pods::reference(cluster);
    let says = |pointer: &str, is: fn(&Value) -> bool| cluster.pointer(pointer).is_some_and(is);
    let some = |value: &Value| value.as_u64().is_some_and(|count| count > 0);
    let yes = |value: &Value| value.as_bool() == Some(true);
    let logical = |value: &Value| value.as_str() == Some("logical");
    let set = |value: &Value| !value.is_null();
    let (waits, follows) = match (object.group(), object.kind.as_str()) {
        ("postgresql.cnpg.io", "Cluster") => (
            says("/spec/minSyncReplicas", some) || says("/spec/postgresql/synchronous", set),
            says("/spec/postgresql/parameters/wal_level", logical),
        ),
        ("postgresql.cnpg.io", "Publication" | "Subscription") => (false, true),
        ("acid.zalan.do", "postgresql") => (
            says("/spec/patroni/synchronous_mode", yes),
            says("/spec/streams", set) || says("/spec/postgresql/parameters/wal_level", logical),
        ),
        ("postgres-operator.crunchydata.com", "PostgresCluster") => (
            says("/spec/patroni/dynamicConfiguration/synchronous_mode", yes),
            says(
                "/spec/patroni/dynamicConfiguration/postgresql/parameters/wal_level",
                logical,
            ),
        ),
        _ => return None,
    };
    match (waits, follows) {
        (true, _) => Some("waits for its replicas at each commit"),
        (_, true) => Some("hands on its rows by logical replication"),
        _ => None,
    }
}

/// The kinds that the namespace of a change is looked through for.
const KINDS: [&str; 2] = ["Cluster.postgresql.cnpg.io", "postgresql.acid.zalan.do"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clusters_say_who_waits_and_who_follows() {
        let of = |version: &str, kind: &str, spec: Value| {
            how(&json!({"apiVersion": version, "kind": kind, "spec": spec})).is_some()
        };
        let cnpg = "postgresql.cnpg.io/v1";
        for (version, kind, spec, wanted) in [
            (cnpg, "Cluster", json!({"instances": 3}), false),
            (cnpg, "Cluster", json!({"minSyncReplicas": 0}), false),
            (cnpg, "Cluster", json!({"minSyncReplicas": 1}), true),
            (
                cnpg,
                "Cluster",
                json!({"postgresql": {"synchronous": {"method": "any"}}}),
                true,
            ),
            (
                cnpg,
                "Cluster",
                json!({"postgresql": {"parameters": {"wal_level": "logical"}}}),
                true,
            ),
            (cnpg, "Publication", json!({}), true),
            (
                "acid.zalan.do/v1",
                "postgresql",
                json!({"patroni": {"synchronous_mode": true}}),
                true,
            ),
            (
                "acid.zalan.do/v1",
                "postgresql",
                json!({"patroni": {}}),
                false,
            ),
            ("v1", "ConfigMap", json!({"minSyncReplicas": 1}), false),
        ] {
            assert_eq!(of(version, kind, spec.clone()), wanted, "{kind} {spec}");
        }
    }
}
