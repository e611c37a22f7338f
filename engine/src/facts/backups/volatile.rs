//! Databases, queues and files that lie on no volume that a backup takes: in the pod itself, or on its node.
//! Knows no backup.

use serde_json::Value;

use super::near::text;
use super::rules::{Data, Rules};
use super::stateful::{image_data, worth};
use crate::facts::image_ref::ImageRef;
use crate::facts::pods::{self, PodSource};

/// What the pods of a workload keep beside every claim.
pub(super) struct Volatile {
    pub(super) data: Data,
    /// Where, in words that follow the object's name.
    pub(super) told: String,
}

impl Volatile {
    /// What is missed most of it; nothing where all that such images keep lies on claims.
    pub(super) fn of(object: &Value, rules: &Rules) -> Option<Self> {
        let reference = pods::reference(object);
        let kind = reference.group_kind().to_string();
        if !KINDS.contains(&kind.as_str()) || rules.is_scratch(&reference) {
            return None;
        }
        let pod = format!("{}/spec", PodSource::of(&reference)?.template_pointer());
        let pod = object.pointer(&pod)?;
        let containers = list(pod, "containers");
        let kept = containers.filter_map(|container| kept(container, pod, rules));
        kept.min_by_key(|it| worth(it.data))
    }
}

/// What one container keeps.
fn kept(container: &Value, pod: &Value, rules: &Rules) -> Option<Volatile> {
    let image = text(container, "/image")?;
    let repository = ImageRef::parse(image)?.repository;
    if rules.is_cache(&repository) {
        return None;
    }
    let said = image_data(&repository);
    let mounts = list(container, "volumeMounts").filter_map(|mount| {
        let path = text(mount, "/mountPath")?;
        let name = text(mount, "/name")?;
        let volume = list(pod, "volumes").find(|it| text(it, "/name") == Some(name))?;
        let going = GOING.iter().find(|(kind, _)| volume.get(*kind).is_some());
        let is_it = match said {
            Some(_) => holds_data(container, path),
            None => is_database(container, path),
        };
        is_it.then_some((path, going))
    });
    // Where a part of it lies on a volume that stays, the rest may be what goes with reason.
    if mounts.clone().any(|(_, going)| going.is_none()) {
        return None;
    }
    let (path, going) = mounts.clone().next()?;
    let (kind, goes) = going?;
    let name = text(container, "/name").unwrap_or_default();
    Some(Volatile {
        data: said.unwrap_or(Data::Database),
        told: format!(
            "keeps what `{name}` writes to `{path}` in a volume of type {kind}, which {goes}, and no backup takes"
        ),
    })
}

/// Whether images of databases, queues and file stores keep what counts below a path.
fn holds_data(container: &Value, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    is_database(container, path) || FOLDERS.iter().any(|folder| is_at_or_below(path, folder))
}

/// Whether a container keeps a database of PostgreSQL below a path, by where that is or what `PGDATA` says.
pub(super) fn is_database(container: &Value, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let told = list(container, "env").any(|variable| {
        let value = text(variable, "/value").unwrap_or_default();
        text(variable, "/name") == Some("PGDATA") && is_at_or_below(value, path)
    });
    told || is_at_or_below(path, "/var/lib/postgresql")
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + Clone + use<'v> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten()
}

/// The kinds that run what keeps data.
const KINDS: [&str; 3] = ["Deployment.apps", "Rollout.argoproj.io", "StatefulSet.apps"];

/// The types of volumes that no backup takes, and what becomes of them.
const GOING: [(&str, &str); 3] = [
    ("emptyDir", "goes with its pod"),
    ("ephemeral", "goes with its pod"),
    ("hostPath", "lies on one node"),
];

/// Where the images keep what counts.
const FOLDERS: [&str; 15] = [
    "/bitnami",
    "/data",
    "/home/postgres",
    "/opt/couchdb/data",
    "/pgdata",
    "/stolon-data",
    "/usr/share/elasticsearch/data",
    "/usr/share/opensearch/data",
    "/var/lib/cassandra",
    "/var/lib/clickhouse",
    "/var/lib/influxdb",
    "/var/lib/kafka",
    "/var/lib/mysql",
    "/var/lib/odoo",
    "/var/lib/rabbitmq",
];
