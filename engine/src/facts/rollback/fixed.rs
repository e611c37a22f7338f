//! Fields that the API server does not let change, or change back, on an object that is there.
//! Knows nothing of what they mean but that.

use serde_json::Value;

use super::irreversible::{Kind, Told, spelt};
use crate::change::Change;

/// Fields that can only be changed by deleting the object.
pub(super) fn fields(change: &Change, kind: &str) -> Vec<Told> {
    let mut found: Vec<Told> = Vec::new();
    for field in &change.fields {
        let places = [&field.old_pointer, &field.new_pointer].into_iter();
        let place = places
            .flatten()
            .find_map(|pointer| fixed(kind, pointer, change));
        let Some(place) = place else {
            continue;
        };
        // One word for each: a template has many fields.
        if found
            .iter()
            .any(|(_, known, _)| *known == Some(place.clone()))
        {
            continue;
        }
        let text = format!(
            "changes `{place}`, which stays as it is until the object is deleted and made anew"
        );
        found.push((Kind::ImmutableField, Some(place), text));
    }
    found
}

/// The field that may not be changed, where `pointer` leads into one.
fn fixed(kind: &str, pointer: &str, change: &Change) -> Option<String> {
    let mut steps = pointer.split('/').skip(1);
    let (first, second) = (steps.next()?, steps.next());
    let is_fixed = match kind {
        "StatefulSet.apps" => first == "spec" && second.is_none_or(|it| !SET_MAY.contains(&it)),
        "PersistentVolumeClaim" => {
            first == "spec" && second.is_none_or(|it| !CLAIM_MAY.contains(&it))
        }
        "Deployment.apps" | "DaemonSet.apps" | "ReplicaSet.apps" => {
            first == "spec" && second.is_none_or(|it| it == "selector")
        }
        "StorageClass.storage.k8s.io" => CLASS_MAY_NOT.contains(&first),
        "Secret" => first == "type",
        "RoleBinding.rbac.authorization.k8s.io"
        | "ClusterRoleBinding.rbac.authorization.k8s.io" => first == "roleRef",
        _ => false,
    };
    let is_locked = was_immutable(change) && DATA.contains(&first);
    match (is_fixed || is_locked, second) {
        (false, _) => None,
        (true, Some(second)) if first == "spec" => Some(format!("/spec/{second}")),
        (true, _) => Some(format!("/{first}")),
    }
}

fn was_immutable(change: &Change) -> bool {
    let old = change.old.as_ref();
    old.is_some_and(is_immutable) && is_map_of_data(&change.object.kind)
}

fn is_immutable(value: &Value) -> bool {
    value.get("immutable") == Some(&Value::Bool(true))
}

fn is_map_of_data(kind: &str) -> bool {
    kind == "ConfigMap" || kind == "Secret"
}

/// Fields that may be set, and not be taken away again.
pub(super) fn set_once(change: &Change, kind: &str) -> Vec<Told> {
    let (Some(old), Some(new)) = (&change.old, &change.new) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if is_map_of_data(kind) && is_immutable(new) && !is_immutable(old) {
        let text = "becomes immutable, and stays so until it is deleted".to_owned();
        found.push((Kind::SetOnce, Some("/immutable".to_owned()), text));
    }
    if kind == "Cluster.postgresql.cnpg.io" {
        let wal = "/spec/walStorage";
        if old.pointer(wal).is_none() && new.pointer(wal).is_some() {
            let text =
                "gets a volume of its own for the log, which its operator does not take away again";
            found.push((Kind::SetOnce, Some(wal.to_owned()), text.to_owned()));
        }
        let spaces = |value: &Value| {
            let list = value.pointer("/spec/tablespaces").and_then(Value::as_array);
            list.map_or(0, Vec::len)
        };
        if spaces(new) > spaces(old) {
            let text = "gets a tablespace, which its operator does not take away again";
            let pointer = "/spec/tablespaces".to_owned();
            found.push((Kind::SetOnce, Some(pointer), text.to_owned()));
        }
    }
    found
}

/// The addresses of a Service: who gives one back does not get it again.
pub(super) fn service((old, new): (&Value, &Value), kind: &str) -> Vec<Told> {
    if kind != "Service" {
        return Vec::new();
    }
    let told = |field: &str, (before, after): (&Value, &Value), what: &str| {
        let text = format!(
            "changes `{field}` from {} to {}, and {what}",
            spelt(before),
            spelt(after)
        );
        (Kind::ServiceAddress, Some(field.to_owned()), text)
    };
    let mut found = Vec::new();
    let one = Value::from("ClusterIP");
    let of_type = |value: &Value| value.pointer("/spec/type").unwrap_or(&one).clone();
    let (before, after) = (of_type(old), of_type(new));
    if before != after {
        let what = "an address or a port that is given back is not had again";
        found.push(told("/spec/type", (&before, &after), what));
    }
    let none = Value::from("one that the cluster chooses");
    for field in ["/spec/clusterIP", "/spec/clusterIPs"] {
        let of = |value: &Value| value.pointer(field).unwrap_or(&none).clone();
        let (before, after) = (of(old), of(new));
        if before != after {
            let what = "that is not changed in place: the Service is deleted and made anew";
            found.push(told(field, (&before, &after), what));
        }
    }
    found
}

/// All that the API server lets change in the spec of a set.
const SET_MAY: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
    "revisionHistoryLimit",
];
/// All that it lets change in the spec of a claim.
const CLAIM_MAY: [&str; 2] = ["resources", "volumeAttributesClassName"];
const CLASS_MAY_NOT: [&str; 4] = [
    "provisioner",
    "parameters",
    "reclaimPolicy",
    "volumeBindingMode",
];
const DATA: [&str; 4] = ["data", "binaryData", "stringData", "immutable"];
