//! The databases around a change: how many connections each takes, and how many the pods of Odoo in its
//! namespace may open. Knows nothing of what else connects to them.

mod odoo;
mod said;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::server::Server;
use super::inventory::{CONFIG_MAP, Neighbours};
use super::quotas;
use super::workloads::{Workload, of_object_in};
use super::{Collector, Context, Fact, pods};
use crate::model::{GroupKind, ObjectRef, Piece};

/// The kinds by which a namespace is known to hold a database.
pub const SERVERS: [&str; 3] = [CLUSTER, POSTGRESQL, "StatefulSet.apps"];

/// What else is looked at where there is one, beside the kinds that a quota counts.
pub const BESIDE: [&str; 2] = [POOLER, CONFIG_MAP];

/// Whether `namespace` holds a database that says how many connections it takes.
#[must_use]
pub fn is_served(around: &Neighbours, namespace: &Option<String>) -> bool {
    let mut operated = [CLUSTER, POSTGRESQL].into_iter();
    let near = |kind: &str| around.in_namespace(&GroupKind::parse(kind), namespace);
    operated.any(|kind| !near(kind).is_empty())
        || near("StatefulSet.apps").into_iter().any(is_postgres)
}

/// The collector of `connections`.
pub struct Connections;

impl Collector for Connections {
    fn name(&self) -> &'static str {
        "connections"
    }

    fn schema(&self) -> &'static str {
        "facts/connections.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let changes = context.changes.iter();
        let namespaces: BTreeSet<Option<String>> = changes
            .map(|change| change.object.namespace.clone())
            .collect();
        let mut rows = Vec::new();
        for namespace in namespaces.iter().filter(|it| is_served(context.head, it)) {
            let now = of_namespace(context.head, namespace);
            if now.is_empty() {
                continue;
            }
            let before = of_namespace(context.base, namespace);
            rows.extend(
                now.iter()
                    .map(|row| row.to_json(before.iter().find(|it| it.server == row.server))),
            );
        }
        Fact::known(Piece::list(rows.into_iter().map(Piece::new)))
    }
}

/// What one database or pooler takes, and what is asked of it.
struct Row {
    server: ObjectRef,
    hard: i64,
    asked: Asked,
    /// The objects that the numbers stand in.
    parts: BTreeSet<ObjectRef>,
}

#[derive(Clone, Copy, Default)]
struct Asked {
    min: i64,
    peak: i64,
    update: i64,
}

impl Row {
    fn to_json(&self, before: Option<&Self>) -> Value {
        let numbers = |row: &Self| {
            let Asked { min, peak, update } = row.asked;
            BTreeMap::from([
                ("hard", json!(row.hard)),
                ("min", json!(min)),
                ("peak", json!(peak)),
                ("update", json!(update)),
            ])
        };
        let mut row = numbers(self);
        row.insert("server", json!(self.server));
        row.insert("parts", json!(self.parts));
        row.extend(before.map(|before| ("before", json!(numbers(before)))));
        json!(row)
    }

    fn add(&mut self, each: i64, (min, peak, update): (u32, u32, u32)) {
        let sum = |sum: &mut i64, pods: u32| {
            *sum = sum.saturating_add(each.saturating_mul(i64::from(pods)));
        };
        sum(&mut self.asked.min, min);
        sum(&mut self.asked.peak, peak);
        sum(&mut self.asked.update, update);
    }
}

/// The databases of a namespace that somebody is known to connect to.
fn of_namespace(around: &Neighbours, namespace: &Option<String>) -> Vec<Row> {
    let near = |kind: &str| around.in_namespace(&GroupKind::parse(kind), namespace);
    let objects = quotas::KINDS.into_iter().flat_map(near);
    let workloads: Vec<Workload> = objects
        .filter_map(|object| of_object_in(object, &|_| None, around))
        .collect();
    let (config_maps, poolers) = (near(CONFIG_MAP), near(POOLER));
    let clusters = near(CLUSTER).into_iter().filter_map(Server::of_cluster);
    let operated = near(POSTGRESQL)
        .into_iter()
        .filter_map(Server::of_postgresql);
    let plain = workloads
        .iter()
        .filter_map(|it| Server::of_pods(it, &config_maps));
    let pooling = poolers.iter().filter_map(|it| Server::of_pooler(it));
    let servers = clusters.chain(operated).chain(plain).chain(pooling);
    let rows = servers.filter_map(|server| {
        let own = std::iter::once(server.object.clone());
        let mut row = Row {
            hard: server.hard,
            asked: Asked::default(),
            parts: own
                .chain(server.config_maps.iter().map(|it| pods::reference(it)))
                .collect(),
            server: server.object.clone(),
        };
        let is_asked = connect(
            &mut row,
            &server,
            (&workloads, &config_maps, &poolers),
            namespace.as_deref(),
        );
        is_asked.then_some(row)
    });
    rows.collect()
}

/// Adds up who connects to `server`; whether anybody does.
fn connect(
    row: &mut Row,
    server: &Server<'_>,
    (workloads, config_maps, poolers): (&[Workload], &[&Value], &[&Value]),
    namespace: Option<&str>,
) -> bool {
    let mut is_asked = false;
    for workload in workloads {
        for client in odoo::clients(workload, config_maps) {
            if server.is_at(&client.host, namespace) {
                let pods = &workload.availability;
                let (lowest, highest) = (pods.lowest.unwrap_or(0), pods.highest.unwrap_or(0));
                row.add(client.each, (lowest, highest, pods.update.surge));
                row.parts.insert(workload.object.clone());
                row.parts
                    .extend(client.config_maps.iter().map(|it| pods::reference(it)));
                is_asked = true;
            }
        }
    }
    for pooler in poolers {
        if let Some((host, all)) = server::of_pooler(pooler)
            && server.is_at(&host, namespace)
        {
            row.add(all, (1, 1, 0));
            row.parts.insert(pods::reference(pooler));
            is_asked = true;
        }
    }
    is_asked
}

/// Whether some pod of it runs PostgreSQL.
fn is_postgres(object: &Value) -> bool {
    let containers = object
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    let mut images = containers
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("image")?.as_str());
    images.any(|image| image.contains("postgres"))
}

const CLUSTER: &str = "Cluster.postgresql.cnpg.io";
const POSTGRESQL: &str = "postgresql.acid.zalan.do";
const POOLER: &str = "Pooler.postgresql.cnpg.io";

#[cfg(test)]
mod tests;
