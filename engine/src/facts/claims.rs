//! The volumes that changed objects claim, in bytes, and which `LimitRange`s refuse them.
//! Knows nothing of what lies on a volume.

use serde_json::{Value, json};

use super::limit_range::items_of;
use super::pods::{self, PodSource};
use super::storage::bytes;
use super::{Collector, Context, Fact};
use crate::model::{GroupKind, Piece};

/// The collector of `claims`: those of every change at head.
pub struct Claims;

impl Collector for Claims {
    fn name(&self) -> &'static str {
        "claims"
    }

    fn schema(&self) -> &'static str {
        "facts/claims.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let changes = context.changes.iter().enumerate();
        let claims = changes.flat_map(|(index, change)| {
            let object = change.new.as_ref();
            object.into_iter().flat_map(move |object| {
                let kind = GroupKind::parse("LimitRange");
                let ranges = || context.head.in_namespace(&kind, &change.object.namespace);
                let claims = of_object(object);
                let ranges = if claims.is_empty() {
                    Vec::new()
                } else {
                    ranges()
                };
                let claims = claims.into_iter();
                claims.map(move |claim| claim.to_json(index, &ranges))
            })
        });
        Fact::known(Piece::list(claims.map(Piece::new)))
    }
}

/// A volume that is asked for, and where its size stands or would stand.
struct Claim {
    pointer: String,
    bytes: Option<i64>,
    /// Whether a size that is not known may be within every bound.
    is_left_open: bool,
}

impl Claim {
    fn to_json(&self, change: usize, limit_ranges: &[&Value]) -> Value {
        let refused = limit_ranges.iter().flat_map(|limit_range| {
            let name = pods::name(limit_range);
            let items = items_of(limit_range, "PersistentVolumeClaim");
            items.flat_map(move |item| {
                let refused = BOUNDS
                    .into_iter()
                    .filter_map(|rule| self.refused_by(item, rule));
                refused.map(
                    move |(rule, bound)| json!({"limitRange": name, "rule": rule, "bound": bound}),
                )
            })
        });
        let refused: Vec<Value> = refused.collect();
        let mut claim = json!({"change": change, "pointer": self.pointer, "violations": refused});
        if let (Some(bytes), Value::Object(map)) = (self.bytes, &mut claim) {
            map.insert("bytes".to_owned(), json!(bytes));
        }
        claim
    }

    /// A size that nobody says is refused by every bound.
    fn refused_by(&self, item: &Value, rule: &'static str) -> Option<(&'static str, i64)> {
        let bound = bytes(item.get(rule)?.get("storage")?)?;
        let outside = |size: i64| {
            if rule == "min" {
                size < bound
            } else {
                size > bound
            }
        };
        let refused = self.bytes.map_or(!self.is_left_open, outside);
        refused.then_some((rule, bound))
    }
}

/// What `object` claims: itself, for its pods, or for its instances.
fn of_object(object: &Value) -> Vec<Claim> {
    let reference = pods::reference(object);
    match (reference.group(), reference.kind.as_str()) {
        ("", "PersistentVolumeClaim") => vec![claim(object, "")],
        ("postgresql.cnpg.io", "Cluster") => of_database(object),
        _ => {
            let template = PodSource::of(&reference).map(PodSource::template_pointer);
            let ephemeral = template.map(|template| {
                let volumes = format!("{template}/spec/volumes");
                of_list(object, &volumes, "/ephemeral/volumeClaimTemplate")
            });
            let own = of_list(object, "/spec/volumeClaimTemplates", "");
            own.into_iter()
                .chain(ephemeral.into_iter().flatten())
                .collect()
        }
    }
}

/// The claims `below` the items of a list, where they have one there.
fn of_list(object: &Value, list: &str, below: &str) -> Vec<Claim> {
    let items = object.pointer(list).and_then(Value::as_array);
    let places = (0..items.map_or(0, Vec::len)).map(|index| format!("{list}/{index}{below}"));
    places
        .filter(|place| object.pointer(place).is_some_and(Value::is_object))
        .map(|place| claim(object, &place))
        .collect()
}

fn claim(object: &Value, place: &str) -> Claim {
    let pointer = format!("{place}{SIZE}");
    let written = object.pointer(&pointer).filter(|it| !it.is_null());
    Claim {
        bytes: written.and_then(bytes),
        is_left_open: written.is_some(),
        pointer,
    }
}

/// The operator makes a claim a volume, of its `size` or of its template's.
fn of_database(object: &Value) -> Vec<Claim> {
    let spaces = object
        .pointer("/spec/tablespaces")
        .and_then(Value::as_array);
    let spaces =
        (0..spaces.map_or(0, Vec::len)).map(|index| format!("/spec/tablespaces/{index}/storage"));
    let places = ["/spec/storage", "/spec/walStorage"]
        .map(str::to_owned)
        .into_iter();
    places
        .chain(spaces)
        .filter_map(|place| {
            let storage = object.pointer(&place)?;
            let own = format!("{place}/size");
            let (pointer, written) = match storage.get("size") {
                Some(size) => (own, Some(size)),
                None => (
                    format!("{place}/pvcTemplate/resources/requests/storage"),
                    storage.pointer("/pvcTemplate/resources/requests/storage"),
                ),
            };
            Some(Claim {
                pointer,
                bytes: written.and_then(bytes),
                is_left_open: true,
            })
        })
        .collect()
}

const SIZE: &str = "/spec/resources/requests/storage";
const BOUNDS: [&str; 2] = ["min", "max"];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(object: &Value) -> Vec<(String, Option<i64>)> {
        let claims = of_object(object).into_iter();
        claims.map(|claim| (claim.pointer, claim.bytes)).collect()
    }

    fn spec(size: &str) -> Value {
        json!({"spec": {"resources": {"requests": {"storage": size}}}})
    }

    fn of_kind(api_version: &str, kind: &str, spec: &Value) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "db"}, "spec": spec})
    }

    #[test]
    fn claims_are_found_wherever_an_object_makes_them() {
        let at = |pointer: &str, bytes| (pointer.to_owned(), bytes);
        let own = of_kind("v1", "PersistentVolumeClaim", &spec("1Ki")["spec"]);
        assert_eq!(
            found(&own),
            [at("/spec/resources/requests/storage", Some(1024))]
        );
        let set = json!({"volumeClaimTemplates": [spec("2"), 7], "template": {"spec": {"volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "scratch", "ephemeral": {"volumeClaimTemplate": spec("3")}}]}}});
        let place = |of: &str| format!("/spec/{of}/spec/resources/requests/storage");
        assert_eq!(
            found(&of_kind("apps/v1", "StatefulSet", &set)),
            [
                (place("volumeClaimTemplates/0"), Some(2)),
                (
                    place("template/spec/volumes/1/ephemeral/volumeClaimTemplate"),
                    Some(3)
                ),
            ]
        );
        let database = json!({"storage": {"size": "4"}, "walStorage": {"pvcTemplate": spec("5")["spec"]},
            "tablespaces": [{"name": "a", "storage": {"size": 6}}]});
        assert_eq!(
            found(&of_kind("postgresql.cnpg.io/v1", "Cluster", &database)),
            [
                at("/spec/storage/size", Some(4)),
                at(
                    "/spec/walStorage/pvcTemplate/resources/requests/storage",
                    Some(5)
                ),
                at("/spec/tablespaces/0/storage/size", Some(6)),
            ]
        );
        assert_eq!(
            found(&of_kind(
                "v1",
                "ConfigMap",
                &json!({"volumeClaimTemplates": []})
            )),
            []
        );
    }

    #[test]
    fn each_bound_of_each_limit_range_is_told_by_itself() {
        let range = |name: &str, bounds: Value| {
            let mut item = bounds;
            item["type"] = json!("PersistentVolumeClaim");
            json!({"metadata": {"name": name}, "spec": {"limits": [item, {"type": "Pod", "max": {"storage": "1"}}]}})
        };
        let bounds = json!({"min": {"storage": "2"}, "max": {"storage": "4"}});
        let (both, large) = (
            range("both", bounds),
            range("large", json!({"min": {"storage": "3"}})),
        );
        let refused = |size: &Value| {
            let resources = json!({"resources": {"requests": {"storage": size}}});
            let object = of_kind("v1", "PersistentVolumeClaim", &resources);
            let claims = of_object(&object);
            claims[0].to_json(0, &[&both, &large])["violations"].clone()
        };
        let row = |name: &str, rule: &str, bound: i64| json!({"limitRange": name, "rule": rule, "bound": bound});
        for fits in [json!("3"), json!(4), json!("much")] {
            assert_eq!(refused(&fits), json!([]), "{fits}");
        }
        assert_eq!(refused(&json!("5")), json!([row("both", "max", 4)]));
        assert_eq!(refused(&json!("2")), json!([row("large", "min", 3)]));
        assert_eq!(
            refused(&Value::Null)[0],
            row("both", "min", 2),
            "a claim that asks for nothing"
        );
    }
}
