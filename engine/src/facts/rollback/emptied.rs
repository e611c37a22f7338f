//! Objects that are deleted, and that a revert makes anew without what they held or stood for.
//! Leaves out what a backup covers: volumes and databases are looked at where their backups are.

use serde::Serialize;
use serde_json::Value;

use crate::change::Change;
use crate::model::Operation;

/// A deleted object that comes back empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Emptied {
    /// Its deletion.
    pub change: usize,
    /// What does not come back, for people.
    pub text: String,
}

/// All that the deployer does not keep.
pub(super) fn emptied(changes: &[Change]) -> Vec<Emptied> {
    let changes = changes.iter().enumerate();
    let gone = changes.filter(|(_, change)| change.operation == Operation::Delete);
    let found = gone.filter_map(|(index, change)| {
        let old = change.old.as_ref()?;
        let lost = lost(&change.object.group_kind().to_string(), old)?;
        (!is_kept(old)).then(|| Emptied {
            change: index,
            text: lost.to_owned(),
        })
    });
    found.collect()
}

fn lost(kind: &str, old: &Value) -> Option<&'static str> {
    let (name, _) = kind.split_once('.').unwrap_or((kind, ""));
    let filled = "what a controller wrote into it";
    Some(match kind {
        "Secret" if is_filled(old) => filled,
        "Service"
            if old
                .pointer("/spec/type")
                .is_some_and(|it| it == "LoadBalancer") =>
        {
            "its address at the load balancer"
        }
        "Certificate.cert-manager.io" => "its private key",
        "PersistentVolume" => "what is known of the volume behind it",
        "KafkaTopic.kafka.strimzi.io" => "the messages of the topic",
        "Queue.rabbitmq.com" => "the messages of the queue",
        "Database.postgresql.cnpg.io" | "Database.k8s.mariadb.com" => {
            "the database, where it is not kept"
        }
        "ObjectBucketClaim.objectbucket.io" => "what is in the bucket",
        "Password.generators.external-secrets.io" => "the password that was made",
        _ if name == "Bucket" => "what is in the bucket",
        _ => return None,
    })
}

/// Whether somebody else than the manifest says what is in it.
fn is_filled(secret: &Value) -> bool {
    let holds = |field: &str| {
        let held = secret.get(field).and_then(Value::as_object);
        held.is_some_and(|held| !held.is_empty())
    };
    let is_token = secret.get("type").and_then(Value::as_str) == Some(TOKEN);
    let annotations = annotations(secret).any(|(key, _)| FILLING.contains(&key));
    is_token || annotations || !(holds("data") || holds("stringData"))
}

/// Whether the deployer leaves it in the cluster.
fn is_kept(old: &Value) -> bool {
    annotations(old).any(|(key, value)| match key {
        "argocd.argoproj.io/sync-options" => {
            let mut options = value.split(',').map(str::trim);
            options.any(|option| option == "Prune=false" || option == "Delete=false")
        }
        "kustomize.toolkit.fluxcd.io/prune" => value == "disabled",
        "helm.sh/resource-policy" => value == "keep",
        _ => false,
    })
}

fn annotations(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let annotations = object.pointer("/metadata/annotations");
    let annotations = annotations.and_then(Value::as_object).into_iter().flatten();
    annotations.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

const TOKEN: &str = "kubernetes.io/service-account-token";
const FILLING: [&str; 3] = [
    "cert-manager.io/allow-direct-injection",
    "sealedsecrets.bitnami.com/managed",
    "secretgenerator.mittwald.de/autogenerate",
];
