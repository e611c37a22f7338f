//! Changes of what operators back up by themselves in ways that are not read: of another one nobody knows what it is worth.
//! Decides nothing, and knows nothing of what these ways say.

use serde_json::Value;

use super::assess::State;
use super::loss::Loss;
use super::near::{is_on, text};
use super::operated::Operated;
use super::rules::Data;
use crate::change::Change;
use crate::model::{ObjectRef, Operation};

/// The changes of a range that touch such ways: few of many.
pub(super) struct OwnWays<'c>(Vec<(usize, &'c Change)>);

impl<'c> OwnWays<'c> {
    pub(super) fn of(changes: &'c [Change]) -> Self {
        let touches = |change: &Change| {
            let kind = change.object.group_kind().to_string();
            BY_OBJECTS.iter().any(|it| it.kind == kind)
                || Operated::sections(&kind).next().is_some()
        };
        let changes = changes.iter().enumerate();
        Self(changes.filter(|(_, change)| touches(change)).collect())
    }

    /// What these take from an object that stays.
    pub(super) fn losses(&self, object: &ObjectRef, old: &State) -> Vec<Loss> {
        if old.data == Data::Cache {
            return Vec::new();
        }
        let losses = self.0.iter().flat_map(|(index, change)| {
            let by_objects = BY_OBJECTS.iter().filter_map(|it| it.loss(object, change));
            let is_own = change.object == *object;
            let sections = is_own.then(|| of_sections(change)).into_iter().flatten();
            sections.chain(by_objects).map(|(kind, text)| Loss {
                kind,
                changes: vec![*index],
                text,
                replaced_by: None,
            })
        });
        losses.collect()
    }
}

/// What an object says less, or otherwise, of how its operator backs it up.
fn of_sections(change: &Change) -> Vec<(&'static str, String)> {
    let kind = change.object.group_kind().to_string();
    let (Some(old), Some(new)) = (&change.old, &change.new) else {
        return Vec::new();
    };
    let said = |side: &Value, section: &str| {
        let said = side.pointer(section).filter(|said| !said.is_null());
        said.cloned()
    };
    let losses = Operated::sections(&kind).filter_map(|section| {
        let before = said(old, section)?;
        match said(new, section) {
            None => Some((
                "disabled",
                format!("is backed up no more by its operator: `{section}` is gone"),
            )),
            Some(after) if after == before => None,
            Some(_) => {
                let below = format!("{section}/");
                let fields = change.fields.iter().map(|field| field.pointer.as_str());
                let mut fields = fields.filter(|field| field.starts_with(&below)).peekable();
                let is_known = fields.peek().is_some();
                let field = match fields.find(|field| !is_of_pods(field)) {
                    None if is_known => return None,
                    field => field.unwrap_or(section),
                };
                Some((
                    "weakened",
                    format!("is backed up by its operator otherwise than before: `{field}` is not read, and nobody knows that it is worth as much"),
                ))
            }
        }
    });
    losses.collect()
}

/// What runs the backup, and with how much: no less is backed up by another.
fn is_of_pods(field: &str) -> bool {
    field.ends_with("/image") || field.contains("/resources/")
}

/// A kind of objects by which an operator backs up those of another.
struct ByObjects {
    kind: &'static str,
    of: &'static str,
    /// Where it says by name which one; nothing where it is each in its namespace.
    name: Option<&'static str>,
}

impl ByObjects {
    fn loss(&self, object: &ObjectRef, change: &Change) -> Option<(&'static str, String)> {
        let by = &change.object;
        let before = change.old.as_ref()?;
        let named = self.name.and_then(|at| text(before, at));
        let is_its = by.group_kind().to_string() == self.kind
            && object.group_kind().to_string() == self.of
            && object.namespace == by.namespace
            && named.is_none_or(|name| name == object.name);
        if !is_its {
            return None;
        }
        if change.operation == Operation::Delete {
            return Some(("deleted", format!("is backed up no more by {by}")));
        }
        let after = change.new.as_ref()?;
        let stops = |side: &Value| STOPPED.iter().any(|at| is_on(side, at));
        let is_same = before.get("spec") == after.get("spec");
        match (stops(before), stops(after)) {
            _ if is_same => None,
            (false, true) => Some((
                "disabled",
                format!("is backed up no more by {by}, which is stopped"),
            )),
            // It took nothing so far.
            (true, _) => None,
            (false, false) => Some((
                "weakened",
                format!(
                    "is backed up by {by} otherwise than before: it is not read, and nobody knows that it is worth as much"
                ),
            )),
        }
    }
}

const fn named(kind: &'static str, of: &'static str, name: &'static str) -> ByObjects {
    ByObjects {
        kind,
        of,
        name: Some(name),
    }
}

const BY_OBJECTS: [ByObjects; 8] = [
    named(
        "Backup.k8s.mariadb.com",
        "MariaDB.k8s.mariadb.com",
        "/spec/mariaDbRef/name",
    ),
    named(
        "PhysicalBackup.k8s.mariadb.com",
        "MariaDB.k8s.mariadb.com",
        "/spec/mariaDbRef/name",
    ),
    named(
        "MedusaBackupSchedule.medusa.k8ssandra.io",
        "CassandraDatacenter.cassandra.datastax.com",
        "/spec/backupSpec/cassandraDatacenter",
    ),
    // What it names is a part of the cluster.
    ByObjects {
        kind: "MedusaBackupSchedule.medusa.k8ssandra.io",
        of: "K8ssandraCluster.k8ssandra.io",
        name: None,
    },
    named(
        "MySQLBackup.mysql.oracle.com",
        "InnoDBCluster.mysql.oracle.com",
        "/spec/clusterName",
    ),
    named(
        "PerconaServerMongoDBBackup.psmdb.percona.com",
        "PerconaServerMongoDB.psmdb.percona.com",
        "/spec/clusterName",
    ),
    named(
        "PerconaServerMySQLBackup.ps.percona.com",
        "PerconaServerMySQL.ps.percona.com",
        "/spec/clusterName",
    ),
    named(
        "PerconaXtraDBClusterBackup.pxc.percona.com",
        "PerconaXtraDBCluster.pxc.percona.com",
        "/spec/pxcCluster",
    ),
];

/// Where such an object says that it takes nothing.
const STOPPED: [&str; 3] = ["/spec/disabled", "/spec/schedule/suspend", "/spec/suspend"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::compare;
    use crate::facts::tests::objects;

    #[test]
    fn what_says_how_it_is_backed_up_is_told_and_what_runs_the_backup_is_not() {
        let cluster = |backup: &str| {
            objects(&format!(
                "apiVersion: pxc.percona.com/v1\nkind: PerconaXtraDBCluster\nmetadata: {{name: db, namespace: shop}}\nspec: {{backup: {backup}}}\n"
            ))
        };
        let before =
            cluster("{image: 'a:1', pitr: {enabled: true, resources: {limits: {cpu: 1}}}}");
        for (after, wanted) in [
            (
                "{image: 'a:2', pitr: {enabled: true, resources: {limits: {cpu: 2}}}}",
                None,
            ),
            (
                "{image: 'a:2', pitr: {enabled: false, resources: {limits: {cpu: 1}}}}",
                Some("weakened"),
            ),
            ("{image: 'a:1'}", Some("weakened")),
            ("null", Some("disabled")),
        ] {
            let changes = compare(&before, &cluster(after));
            let told: Vec<_> = changes.iter().flat_map(of_sections).collect();
            let kinds = told.iter().map(|(kind, _)| *kind);
            assert_eq!(kinds.collect::<Vec<_>>(), Vec::from_iter(wanted), "{after}");
        }
    }
}
