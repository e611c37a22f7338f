//! The versions of databases on both sides of a change, as far as manifests tell them.
//! Knows nothing of what a database converts; another version in the numbers that count is one too many.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::irreversible::{Kind, Told, spelt};
use crate::facts::image_ref::ImageRef;
use crate::facts::pods::PodSource;
use crate::model::ObjectRef;

/// The databases of an object that get another version, or one that cannot be told.
pub(super) fn versions(object: &ObjectRef, (old, new): (&Value, &Value)) -> Vec<Told> {
    let kind = object.group_kind().to_string();
    if kind == "Cluster.postgresql.cnpg.io" {
        return cnpg(old, new).into_iter().collect();
    }
    let rows = OPERATED.iter().filter(|row| row.kind == kind);
    let of_operator = rows.filter_map(|row| operated(row, (old, new)));
    let mut found: Vec<Told> = of_operator.collect();
    if let Some(source) = PodSource::of(object) {
        found.extend(of_pods(source, (old, new)));
    }
    found
}

/// A place at which the kind of an operator says which version runs.
#[derive(Clone, Copy)]
struct Operated {
    kind: &'static str,
    pointer: &'static str,
    /// Whether an image stands there, and no version.
    is_image: bool,
    /// How many numbers of the version decide whether the one before reads what this one keeps.
    numbers: usize,
    /// Where a volume is asked for, where nothing is kept without.
    kept: Option<&'static str>,
}

fn operated(row: &Operated, (old, new): (&Value, &Value)) -> Option<Told> {
    let (before, after) = (old.pointer(row.pointer), new.pointer(row.pointer));
    let is_kept = |value: &Value| row.kept.is_none_or(|kept| value.pointer(kept).is_some());
    if before == after || !(is_kept(old) && is_kept(new)) {
        return None;
    }
    let read = |value: Option<&Value>| {
        let text = text(value?)?;
        match row.is_image {
            true => image_version(&text, row.numbers),
            false => numbers(&text, row.numbers),
        }
    };
    told(row.pointer, (before, after), (read(before), read(after)))
}

/// The image, or the catalogue and the major version in it.
fn cnpg(old: &Value, new: &Value) -> Option<Told> {
    let place = |value: &Value| {
        let places = ["/spec/imageName", "/spec/imageCatalogRef/major"].into_iter();
        let mut said = places.filter_map(|it| Some((it, value.pointer(it)?.clone())));
        said.next()
    };
    let (before, after) = (place(old), place(new));
    if before == after {
        return None;
    }
    let read = |said: &Option<(&str, Value)>| match said {
        Some(("/spec/imageName", image)) => image_version(&text(image)?, 1),
        Some((_, major)) => numbers(&text(major)?, 1),
        None => None,
    };
    let pointer = after.as_ref().or(before.as_ref()).map(|(it, _)| *it)?;
    let versions = (read(&before), read(&after));
    let said = |side: Option<(&str, Value)>| side.map(|(_, said)| said);
    let (before, after) = (said(before), said(after));
    told(pointer, (before.as_ref(), after.as_ref()), versions)
}

/// Containers that keep data of a database on a volume that stays.
fn of_pods(source: PodSource, (old, new): (&Value, &Value)) -> Vec<Told> {
    let (before, after) = (keepers(source, old), keepers(source, new));
    let found = after.iter().filter_map(|(name, (pointer, image))| {
        let (_, was) = before.get(name)?;
        if was == image {
            return None;
        }
        // Another program that takes over the volume of a database is another version of it all the more.
        let engine = engine(was).or_else(|| engine(image))?;
        let versions = match self::engine(was) == self::engine(image) {
            true => (engine.version(was), engine.version(image)),
            false => (None, None),
        };
        let (was, image) = (Value::from(was.as_str()), Value::from(image.as_str()));
        told(pointer, (Some(&was), Some(&image)), versions)
    });
    found.collect()
}

/// By name, each container that mounts a volume which stays, with the place of its image.
fn keepers(source: PodSource, object: &Value) -> BTreeMap<String, (String, String)> {
    let lasting = lasting(source, object);
    let mut found = BTreeMap::new();
    for list in ["containers", "initContainers"] {
        let spec = source.pod_spec(object).and_then(|spec| spec.get(list));
        let containers = spec.and_then(Value::as_array).into_iter().flatten();
        for (index, container) in containers.enumerate() {
            let text = |field: &str| container.get(field).and_then(Value::as_str);
            let mounts = container.get("volumeMounts").and_then(Value::as_array);
            let mut mounts = mounts.into_iter().flatten();
            let mounts = mounts.any(|mount| {
                let name = mount.get("name").and_then(Value::as_str);
                name.is_some_and(|name| lasting.contains(name))
            });
            if let (true, Some(name), Some(image)) = (mounts, text("name"), text("image")) {
                let template = source.template_pointer();
                let pointer = format!("{template}/spec/{list}/{index}/image");
                found.insert(name.to_owned(), (pointer, image.to_owned()));
            }
        }
    }
    found
}

/// The names of the volumes that outlive a pod.
fn lasting(source: PodSource, object: &Value) -> BTreeSet<String> {
    let name = |value: &Value, pointer: &str| {
        let name = value.pointer(pointer).and_then(Value::as_str);
        name.map(str::to_owned)
    };
    let volumes = source.volumes(object);
    let stays = |volume: &&Value| !PASSING.iter().any(|kind| volume.get(kind).is_some());
    let volumes = volumes
        .iter()
        .filter(stays)
        .filter_map(|it| name(it, "/name"));
    let claims = object.pointer("/spec/volumeClaimTemplates");
    let claims = claims.and_then(Value::as_array).into_iter().flatten();
    let claims = claims.filter_map(|it| name(it, "/metadata/name"));
    volumes.chain(claims).collect()
}

fn told(
    pointer: &str,
    (old, new): (Option<&Value>, Option<&Value>),
    (before, after): (Option<Vec<u64>>, Option<Vec<u64>>),
) -> Option<Told> {
    let said = |side: Option<&Value>| side.map_or("what the operator chooses".to_owned(), spelt);
    let text = match (&before, &after) {
        (Some(before), Some(after)) if before == after => return None,
        (Some(_), Some(_)) => format!(
            "takes the database from {} to {}, and the version before does not read what it converts",
            said(old),
            said(new)
        ),
        _ => format!(
            "takes the database from {} to {}, and it cannot be told whether the version before reads what it keeps",
            said(old),
            said(new)
        ),
    };
    Some((Kind::DatabaseVersion, Some(pointer.to_owned()), text))
}

/// A program that keeps data in a format of its version.
#[derive(Debug, PartialEq, Eq)]
struct Engine {
    /// A part of the last name of its images.
    name: &'static str,
    /// How many numbers decide.
    numbers: usize,
    /// Whether the tag begins with its version.
    leads: bool,
}

impl Engine {
    fn version(&self, image: &str) -> Option<Vec<u64>> {
        let tag = ImageRef::parse(image)?.tag?;
        match pg(&tag) {
            Some(major) if self.numbers == 1 => Some(vec![major]),
            _ if self.leads => image_version(image, self.numbers),
            _ => None,
        }
    }
}

fn engine(image: &str) -> Option<&'static Engine> {
    let repository = ImageRef::parse(image)?.repository;
    let last = repository.rsplit('/').next().unwrap_or_default();
    ENGINES.iter().find(|engine| last.contains(engine.name))
}

/// The major version of `PostgreSQL` that a part of a tag names: `2.14.2-pg16`.
fn pg(tag: &str) -> Option<u64> {
    let mut parts = tag.split(['-', '.', '_']);
    parts.find_map(|part| part.strip_prefix("pg")?.parse().ok())
}

/// The numbers that decide, of the tag of an image.
fn image_version(image: &str, count: usize) -> Option<Vec<u64>> {
    let version = ImageRef::parse(image)?.version()?;
    decisive(&version, count)
}

fn numbers(text: &str, count: usize) -> Option<Vec<u64>> {
    let text = text.split(['-', '+', '_']).next()?;
    let numbers: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    decisive(&numbers?, count)
}

/// Before `PostgreSQL` 10, two numbers were the major version.
fn decisive(version: &[u64], count: usize) -> Option<Vec<u64>> {
    let count = match version.first() {
        Some(first) if count == 1 && *first < 10 => 2,
        _ => count,
    };
    version.get(..count).map(<[u64]>::to_vec)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

const fn version(kind: &'static str, pointer: &'static str, numbers: usize) -> Operated {
    Operated {
        kind,
        pointer,
        is_image: false,
        numbers,
        kept: None,
    }
}

const fn image(kind: &'static str, pointer: &'static str, numbers: usize) -> Operated {
    Operated {
        is_image: true,
        ..version(kind, pointer, numbers)
    }
}

const fn kept(row: Operated, kept: &'static str) -> Operated {
    Operated {
        kept: Some(kept),
        ..row
    }
}

const OPERATED: [Operated; 15] = [
    version(
        "PostgresCluster.postgres-operator.crunchydata.com",
        "/spec/postgresVersion",
        1,
    ),
    version(
        "PerconaPGCluster.pgv2.percona.com",
        "/spec/postgresVersion",
        1,
    ),
    version("postgresql.acid.zalan.do", "/spec/postgresql/version", 1),
    version("InnoDBCluster.mysql.oracle.com", "/spec/version", 3),
    image("MariaDB.k8s.mariadb.com", "/spec/image", 2),
    version(
        "MongoDBCommunity.mongodbcommunity.mongodb.com",
        "/spec/version",
        2,
    ),
    version(
        "MongoDBCommunity.mongodbcommunity.mongodb.com",
        "/spec/featureCompatibilityVersion",
        2,
    ),
    image("PerconaServerMongoDB.psmdb.percona.com", "/spec/image", 2),
    image("PerconaXtraDBCluster.pxc.percona.com", "/spec/pxc/image", 3),
    version("Kafka.kafka.strimzi.io", "/spec/kafka/version", 2),
    version("Kafka.kafka.strimzi.io", "/spec/kafka/metadataVersion", 2),
    image("RabbitmqCluster.rabbitmq.com", "/spec/image", 2),
    kept(
        image(
            "RedisFailover.databases.spotahome.com",
            "/spec/redis/image",
            2,
        ),
        "/spec/redis/storage/persistentVolumeClaim",
    ),
    kept(
        image(
            "Redis.redis.redis.opstreelabs.in",
            "/spec/kubernetesConfig/image",
            2,
        ),
        "/spec/storage",
    ),
    kept(
        image(
            "RedisCluster.redis.redis.opstreelabs.in",
            "/spec/kubernetesConfig/image",
            2,
        ),
        "/spec/storage",
    ),
];

const fn program(name: &'static str, numbers: usize) -> Engine {
    Engine {
        name,
        numbers,
        leads: true,
    }
}

const fn of_postgres(name: &'static str) -> Engine {
    Engine {
        name,
        numbers: 1,
        leads: false,
    }
}

/// The first that fits counts: Percona's images are named after what they hold.
const ENGINES: [Engine; 15] = [
    of_postgres("timescale"),
    of_postgres("pgvector"),
    of_postgres("spilo"),
    of_postgres("stolon"),
    program("postgres", 1),
    program("postgis", 1),
    program("mongo", 2),
    program("mariadb", 2),
    program("mysql", 3),
    program("percona", 3),
    program("redis", 2),
    program("valkey", 2),
    program("keydb", 2),
    program("rabbitmq", 2),
    program("kafka", 2),
];

/// Volumes that go with the pod, or hold what it is given.
const PASSING: [&str; 6] = [
    "emptyDir",
    "configMap",
    "secret",
    "projected",
    "downwardAPI",
    "image",
];
