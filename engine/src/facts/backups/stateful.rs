//! What holds data: claims, the sets that make them, and databases of operators; and what data that is.
//! Knows no backup.

use serde_json::Value;

use super::STATEFUL;
use super::near::{Near, Pod, pod, text, texts};
use super::operated::Operated;
use super::rules::Data;
use super::volatile::Volatile;
use crate::facts::image_ref::ImageRef;
use crate::facts::pods::{self, PodSource};
use crate::facts::selector::Labels;
use crate::model::ObjectRef;

/// An object that holds data.
#[derive(Clone, Debug)]
pub(super) struct Stateful<'a> {
    pub(super) object: &'a Value,
    pub(super) reference: ObjectRef,
    pub(super) data: Data,
    pub(super) claims: Vec<Claim>,
    /// Why it may be backed up without anybody seeing it here.
    pub(super) own_way: Option<&'static str>,
    /// What it keeps beside every claim, where that is all that it keeps.
    pub(super) volatile: Option<String>,
}

/// A claim that it is, or makes.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// A number that counts up is `N`.
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    pub(super) modes: Vec<String>,
    /// There is one, and not one for each replica.
    pub(super) is_one: bool,
    /// Labels and modes are known, and not what an operator gives it.
    pub(super) is_told: bool,
    /// Who mounts it.
    pub(super) pods: Vec<Pod>,
}

/// All that holds data, by kind and name.
pub(super) fn all<'a>(near: &Near<'a>) -> Vec<Stateful<'a>> {
    let kinds = STATEFUL.into_iter().chain(WORKLOADS);
    let objects = kinds.flat_map(|kind| near.all(kind));
    let found = objects.filter_map(|object| of(object, near).or_else(|| volatile(object, near)));
    found.collect()
}

fn volatile<'a>(object: &'a Value, near: &Near<'_>) -> Option<Stateful<'a>> {
    let kept = Volatile::of(object, near.rules)?;
    Some(Stateful {
        object,
        reference: pods::reference(object),
        data: kept.data,
        claims: Vec::new(),
        own_way: None,
        volatile: Some(kept.told),
    })
}

fn of<'a>(object: &'a Value, near: &Near<'_>) -> Option<Stateful<'a>> {
    let reference = pods::reference(object);
    let operated = Operated::of(object, &reference);
    let claims = match (reference.group(), reference.kind.as_str()) {
        ("", "PersistentVolumeClaim") => vec![own(object, &reference, near)],
        ("apps", "StatefulSet") => of_set(object),
        _ => of_operator(object, &reference, operated?),
    };
    if claims.is_empty() {
        return None;
    }
    let data = match operated {
        _ if near.rules.is_scratch(&reference) => Data::Cache,
        Some(operated) => operated.data,
        None => data_of(&claims, near),
    };
    Some(Stateful {
        object,
        data,
        claims,
        own_way: operated.and_then(|it| it.own_way(object)),
        volatile: None,
        reference,
    })
}

fn own(object: &Value, reference: &ObjectRef, near: &Near<'_>) -> Claim {
    Claim {
        name: reference.name.clone(),
        labels: texts(object.pointer("/metadata/labels")),
        annotations: texts(object.pointer("/metadata/annotations")),
        modes: modes(object),
        is_one: true,
        is_told: true,
        pods: near
            .mounting(&reference.namespace, &reference.name)
            .to_vec(),
    }
}

/// The controller gives the claims the labels by which it knows its pods, too.
fn of_set(object: &Value) -> Vec<Claim> {
    let templates = object.pointer("/spec/volumeClaimTemplates");
    let templates = templates.and_then(Value::as_array).into_iter().flatten();
    let source = PodSource::of(&pods::reference(object));
    let claims = templates.filter_map(|template| {
        let volume = text(template, "/metadata/name")?;
        let mut labels = texts(template.pointer("/metadata/labels"));
        labels.extend(texts(object.pointer("/spec/selector/matchLabels")));
        Some(Claim {
            name: format!("{volume}-{}-N", pods::name(object)),
            labels,
            annotations: texts(template.pointer("/metadata/annotations")),
            modes: modes(template),
            is_one: object.pointer("/spec/replicas").is_none_or(|it| *it == 1),
            is_told: true,
            pods: source
                .map(|it| pod(object, it, volume))
                .into_iter()
                .collect(),
        })
    });
    claims.collect()
}

/// An operator makes a claim for the data of each instance, and perhaps more beside it.
fn of_operator(object: &Value, reference: &ObjectRef, operated: &Operated) -> Vec<Claim> {
    let name = &reference.name;
    let mut labels = texts(object.pointer("/spec/inheritedMetadata/labels"));
    labels.extend(operated.label.map(|label| (label.to_owned(), name.clone())));
    let annotations = texts(object.pointer("/spec/inheritedMetadata/annotations"));
    let claim = |claim: String, volume: &str| Claim {
        name: claim,
        labels: labels.clone(),
        annotations: annotations.clone(),
        modes: vec!["ReadWriteOnce".to_owned()],
        is_one: false,
        is_told: operated.label.is_some(),
        pods: vec![Pod {
            workload: reference.clone(),
            labels: labels.clone(),
            annotations: annotations.clone(),
            volume: volume.to_owned(),
            paths: Vec::new(),
        }],
    };
    let mut claims = vec![claim(format!("{name}-N"), "pgdata")];
    if object
        .pointer("/spec/walStorage")
        .is_some_and(Value::is_object)
    {
        claims.push(claim(format!("{name}-N-wal"), "pg-wal"));
    }
    let spaces = object
        .pointer("/spec/tablespaces")
        .and_then(Value::as_array);
    let spaces = spaces.into_iter().flatten();
    let spaces = spaces.filter_map(|space| text(space, "/name"));
    claims.extend(spaces.map(|space| claim(format!("{name}-N-tbs-{space}"), space)));
    claims
}

fn modes(claim: &Value) -> Vec<String> {
    let modes = claim.pointer("/spec/accessModes").and_then(Value::as_array);
    let modes = modes.into_iter().flatten().filter_map(Value::as_str);
    modes.map(str::to_owned).collect()
}

impl Claim {
    /// Whether a name is its own, whatever number it counts up to.
    pub(super) fn is(&self, name: &str) -> bool {
        match self.name.strip_suffix("-N") {
            Some(stem) => name
                .strip_prefix(stem)
                .and_then(|rest| rest.strip_prefix('-'))
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit())),
            None => self.name == name,
        }
    }
}

/// By the images of those who mount it, and by where.
fn data_of(claims: &[Claim], near: &Near<'_>) -> Data {
    let pods = claims.iter().flat_map(|claim| &claim.pods);
    let mounts = pods.flat_map(|pod| &pod.paths);
    let kinds = mounts.map(|mount| {
        let reference = ImageRef::parse(&mount.image);
        let repository = reference.map_or(String::new(), |it| it.repository);
        if near.rules.is_cache(&repository) {
            return Data::Cache;
        }
        match image_data(&repository) {
            Some(data) => data,
            None if mount.is_database => Data::Database,
            None if mount.path.starts_with("/var/lib/odoo") => Data::Filestore,
            None => Data::Other,
        }
    });
    // What one of them cannot lose, nobody may.
    kinds.min_by_key(|data| worth(*data)).unwrap_or(Data::Other)
}

/// What an image holds, where its repository tells.
pub(super) fn image_data(repository: &str) -> Option<Data> {
    let last = repository.rsplit('/').next().unwrap_or_default();
    let found = IMAGES.iter().find(|(name, _)| last.contains(name));
    found.map(|(_, data)| *data)
}

/// What is missed most comes first.
pub(super) fn worth(data: Data) -> usize {
    let place = PRECIOUS.iter().position(|it| *it == data);
    place.unwrap_or(PRECIOUS.len())
}

/// What repositories hold, by a part of their last name.
const IMAGES: [(&str, Data); 27] = [
    ("postgres", Data::Database),
    ("pgvector", Data::Database),
    ("postgis", Data::Database),
    ("timescale", Data::Database),
    ("citus", Data::Database),
    ("cassandra", Data::Database),
    ("clickhouse", Data::Database),
    ("cockroach", Data::Database),
    ("couchdb", Data::Database),
    ("influxdb", Data::Database),
    ("mssql", Data::Database),
    ("elasticsearch", Data::Other),
    ("opensearch", Data::Other),
    ("minio", Data::Filestore),
    ("mysql", Data::Database),
    ("mariadb", Data::Database),
    ("mongo", Data::Database),
    ("percona", Data::Database),
    ("spilo", Data::Database),
    ("stolon", Data::Database),
    ("redis", Data::QueueCache),
    ("valkey", Data::QueueCache),
    ("keydb", Data::QueueCache),
    ("rabbitmq", Data::QueueCache),
    ("kafka", Data::QueueCache),
    ("nats", Data::QueueCache),
    ("odoo", Data::Filestore),
];

/// Workloads beside those that make claims.
const WORKLOADS: [&str; 2] = ["Deployment.apps", "Rollout.argoproj.io"];

/// What is missed most comes first.
const PRECIOUS: [Data; 5] = [
    Data::Database,
    Data::Filestore,
    Data::Other,
    Data::QueueCache,
    Data::Cache,
];
