//! The sizes of volumes, and bounds of memory, that a change touches, as bytes on both sides.
//! Knows nothing of what a smaller one loses.

use serde_json::{Value, json};

use super::amount::{Resource, amount};
use super::{Collector, Context, Fact};
use crate::change::FieldChange;
use crate::model::{ObjectRef, Piece};

/// The collector of `storage`.
pub struct Storage;

impl Collector for Storage {
    fn name(&self) -> &'static str {
        "storage"
    }

    fn schema(&self) -> &'static str {
        "facts/storage.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let changes = context.changes.iter().enumerate();
        let sizes = changes.flat_map(|(index, change)| {
            let fields = change.fields.iter();
            fields.filter_map(move |field| size(&change.object, index, field))
        });
        Fact::known(Piece::list(sizes.map(Piece::new)))
    }
}

/// What `field` says of a size; `None` where it is none.
fn size(object: &ObjectRef, index: usize, field: &FieldChange) -> Option<Value> {
    if !is_size(object, &field.pointer) && !is_memory(&field.pointer) {
        return None;
    }
    let mut size = json!({"change": index, "pointer": field.pointer});
    for (side, written) in [("old", &field.old), ("new", &field.new)] {
        if let (Some(bytes), Value::Object(map)) = (written.as_ref().and_then(bytes), &mut size) {
            map.insert(side.to_owned(), json!(bytes));
        }
    }
    Some(size)
}

/// The size that is written, where it can be read.
pub(super) fn bytes(written: &Value) -> Option<i64> {
    let text = match written {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    amount(&text, Resource::EphemeralStorage).ok()
}

/// Claims say it in one place wherever they are embedded; database operators have their own.
pub(super) fn is_size(object: &ObjectRef, pointer: &str) -> bool {
    let own = match (object.group(), object.kind.as_str()) {
        ("", "PersistentVolume") => pointer == "/spec/capacity/storage",
        (
            "postgresql.cnpg.io" | "acid.zalan.do" | "cache.cs.sap.com" | "kafka.strimzi.io"
            | "valkey.io",
            _,
        ) => pointer.ends_with("/size"),
        ("k8s.mariadb.com", "MariaDB") => pointer == "/spec/storage/size",
        ("rabbitmq.com", "RabbitmqCluster") => pointer == "/spec/persistence/storage",
        ("scylla.scylladb.com", _) => pointer.ends_with("/storage/capacity"),
        ("opensearch.opster.io" | "opensearch.org", _) => pointer.ends_with("/diskSize"),
        _ => false,
    };
    own || pointer.ends_with("/resources/requests/storage")
}

/// Containers and the kinds of operators say it alike.
fn is_memory(pointer: &str) -> bool {
    ["/resources/requests/memory", "/resources/limits/memory"]
        .iter()
        .any(|end| pointer.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(api_version: &str, kind: &str, pointer: &str, old: Value, new: Value) -> Option<Value> {
        let object = ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some("shop".to_owned()),
            name: "db".to_owned(),
        };
        let side = |value: Value| Some(value).filter(|value| !value.is_null());
        let field = FieldChange {
            pointer: pointer.to_owned(),
            path: String::new(),
            keyed_path: String::new(),
            old: side(old),
            new: side(new),
            old_pointer: None,
            new_pointer: None,
        };
        size(&object, 3, &field)
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn sizes_are_bytes_wherever_they_stand() {
        for (api_version, kind, pointer) in [
            (
                "v1",
                "PersistentVolumeClaim",
                "/spec/resources/requests/storage",
            ),
            ("v1", "PersistentVolume", "/spec/capacity/storage"),
            (
                "apps/v1",
                "StatefulSet",
                "/spec/volumeClaimTemplates/0/spec/resources/requests/storage",
            ),
            (
                "postgresql.cnpg.io/v1",
                "Cluster",
                "/spec/tablespaces/1/storage/size",
            ),
            ("acid.zalan.do/v1", "postgresql", "/spec/volume/size"),
            (
                "opensearch.org/v1",
                "OpenSearchCluster",
                "/spec/nodePools/0/diskSize",
            ),
            (
                "kafka.strimzi.io/v1",
                "KafkaNodePool",
                "/spec/storage/volumes/0/size",
            ),
            (
                "valkey.io/v1alpha1",
                "ValkeyCluster",
                "/spec/persistence/size",
            ),
            ("k8s.mariadb.com/v1alpha1", "MariaDB", "/spec/storage/size"),
            (
                "rabbitmq.com/v1beta1",
                "RabbitmqCluster",
                "/spec/persistence/storage",
            ),
            (
                "scylla.scylladb.com/v1",
                "ScyllaCluster",
                "/spec/datacenter/racks/0/storage/capacity",
            ),
            (
                "acid.zalan.do/v1",
                "postgresql",
                "/spec/resources/limits/memory",
            ),
            ("v1", "Pod", "/spec/containers/0/resources/requests/memory"),
        ] {
            assert_eq!(
                of(api_version, kind, pointer, json!("500Gi"), json!("10G")),
                Some(
                    json!({"change": 3, "pointer": pointer, "old": 500_i64 << 30, "new": 10_000_000_000_i64})
                ),
            );
        }
        for pointer in ["/data/size", "/spec/resources/limits/cpu", "/data/memory"] {
            assert_eq!(of("v1", "ConfigMap", pointer, json!("2"), json!("1")), None);
        }
    }

    #[test]
    fn what_is_absent_or_no_size_is_left_out() {
        let pointer = "/spec/storage/size";
        let cluster = |old, new| of("postgresql.cnpg.io/v1", "Cluster", pointer, old, new);
        assert_eq!(
            cluster(Value::Null, json!(1024)),
            Some(json!({"change": 3, "pointer": pointer, "new": 1024})),
        );
        assert_eq!(
            cluster(json!("much"), json!({"value": 1})),
            Some(json!({"change": 3, "pointer": pointer})),
        );
    }
}
