//! The databases and poolers of a namespace: by which names they are reached, and how many connections
//! they take. Knows nothing of who connects.

use serde_json::Value;

use super::said::{Said, files, in_files, in_words};
use crate::facts::pods;
use crate::facts::workload::{Role, Workload};
use crate::model::ObjectRef;

/// Who takes connections.
pub(super) struct Server<'a> {
    pub(super) object: ObjectRef,
    /// The Services before it.
    pub(super) hosts: Vec<String>,
    /// How many it takes of users that are no superusers.
    pub(super) hard: i64,
    /// What the numbers stand in, beside the object.
    pub(super) config_maps: Vec<&'a Value>,
}

impl<'a> Server<'a> {
    /// A Cluster of `CloudNativePG`, where nothing is said with the defaults of PostgreSQL.
    pub(super) fn of_cluster(object: &Value) -> Option<Self> {
        let usable = usable(|name| parameter(object, name), Some(100))?;
        Some(Self::with(
            object,
            vec![format!("{}-rw", pods::name(object))],
            usable,
        ))
    }

    /// A `postgresql` of Zalando's operator, which has defaults that the tree does not say.
    pub(super) fn of_postgresql(object: &Value) -> Option<Self> {
        let usable = usable(|name| parameter(object, name), None)?;
        Some(Self::with(
            object,
            vec![pods::name(object).to_owned()],
            usable,
        ))
    }

    /// A `Pooler` of `CloudNativePG`, by what its instances take together.
    pub(super) fn of_pooler(object: &Value) -> Option<Self> {
        let each = pooler_parameter(object, "max_client_conn").number(Some(100))?;
        let hard = each.saturating_mul(instances(object)?);
        Some(Self::with(
            object,
            vec![pods::name(object).to_owned()],
            hard,
        ))
    }

    /// Pods of PostgreSQL, where arguments or a mounted file say what they take.
    pub(super) fn of_pods(workload: &Workload, config_maps: &[&'a Value]) -> Option<Self> {
        let mut containers = workload.containers.iter();
        let postgres = containers.find(|it| {
            let name = it
                .image
                .as_ref()
                .and_then(|it| it.repository.rsplit('/').next());
            it.role == Role::App && matches!(name, Some("postgres" | "postgresql"))
        })?;
        let files = files(&workload.volumes, config_maps);
        let said = |name: &str| {
            in_words(postgres, name)
                .or_else(|| in_words(postgres, &format!("--{name}")))
                .or_else(|| in_files(&files, name))
        };
        Some(Self {
            object: workload.object.clone(),
            hosts: workload.availability.services.clone(),
            hard: usable(said, None)?,
            config_maps: files.iter().map(|file| file.config_map).collect(),
        })
    }

    fn with(object: &Value, hosts: Vec<String>, hard: i64) -> Self {
        Self {
            object: pods::reference(object),
            hosts,
            hard,
            config_maps: Vec::new(),
        }
    }

    /// Whether a pod in `namespace`, which is that of the server, means it by `host`.
    pub(super) fn is_at(&self, host: &str, namespace: Option<&str>) -> bool {
        let mut labels = host.split('.');
        let name = labels.next().unwrap_or_default();
        let is_near = labels.next().is_none_or(|label| namespace == Some(label));
        is_near && self.hosts.iter().any(|it| it == name)
    }
}

/// What a `Pooler` opens itself, at least: to which host, and how many in all.
pub(super) fn of_pooler(object: &Value) -> Option<(String, i64)> {
    let cluster = object.pointer("/spec/cluster/name")?.as_str()?;
    let is_writing = object.pointer("/spec/type").is_none_or(|it| it == "rw");
    let each = pooler_parameter(object, "default_pool_size").number(Some(20))?;
    let all = each.saturating_mul(instances(object)?);
    is_writing.then(|| (format!("{cluster}-rw"), all))
}

fn usable(said: impl Fn(&str) -> Said, most: Option<u32>) -> Option<i64> {
    let all = said("max_connections").number(most)?;
    Some(all - said("superuser_reserved_connections").number(Some(3))?)
}

fn parameter(object: &Value, name: &str) -> Said {
    scalar(object.pointer("/spec/postgresql/parameters"), name)
}

fn pooler_parameter(object: &Value, name: &str) -> Said {
    scalar(object.pointer("/spec/pgbouncer/parameters"), name)
}

fn instances(object: &Value) -> Option<i64> {
    scalar(object.get("spec"), "instances").number(Some(1))
}

fn scalar(map: Option<&Value>, name: &str) -> Said {
    match map.and_then(|map| map.get(name)) {
        None => Said::Nothing,
        Some(Value::String(text)) => Said::This(text.clone()),
        Some(other) => Said::This(other.to_string()),
    }
}
