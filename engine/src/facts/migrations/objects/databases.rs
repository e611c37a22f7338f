//! What objects that stand for a database let an operator drop.
//! Knows no database, nor of what else is in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{CNPG, Held, Place};
use crate::facts::migrations::files::Text;
use crate::model::ObjectRef;

/// What a `Database` of CloudNativePG says shall not be there.
pub(super) fn absent(value: &Value) -> Vec<Held> {
    let spec = value.get("spec").unwrap_or(&Value::Null);
    let whole =
        is_absent(spec).then(|| held("ensure", "/spec/ensure".to_owned(), "DATABASE", spec));
    let parts = PARTS.iter().flat_map(|(field, what)| {
        let list = spec.get(field).and_then(Value::as_array);
        let list = list.into_iter().flatten().enumerate();
        let gone = list.filter(|(_, part)| is_absent(part));
        gone.map(move |(nth, part)| held(field, format!("/spec/{field}/{nth}/ensure"), what, part))
    });
    whole.into_iter().chain(parts).collect()
}

/// What goes with an object that is deleted.
pub(super) fn deleted(object: &ObjectRef, old: &Value) -> Option<Held> {
    let (field, other) = match (object.group(), object.kind.as_str()) {
        (CNPG, "Database") => ("databaseReclaimPolicy", "retain"),
        ("k8s.mariadb.com", "Database") => ("cleanupPolicy", "Skip"),
        _ => return None,
    };
    let spec = old.get("spec")?;
    let goes = match spec.get(field) {
        // Left out, MariaDB's goes and CloudNativePG's stays.
        None | Some(Value::Null) => other == "Skip",
        Some(said) => said != other,
    };
    let name = match spec.get("name") {
        Some(name) if !name.is_null() => spec,
        _ => old.get("metadata")?,
    };
    let goes = goes && !is_absent(spec);
    goes.then(|| held(field, format!("/spec/{field}"), "DATABASE", name))
}

fn is_absent(said: &Value) -> bool {
    let ensure = said.get("ensure").unwrap_or(&Value::Null);
    !ensure.is_null() && ensure != "present"
}

fn held(field: &str, pointer: String, what: &str, named: &Value) -> Held {
    let name = named
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let name = name.replace('"', "\"\"");
    Held {
        pointer,
        name: field.to_owned(),
        text: Text::Known(format!("DROP {what} \"{name}\"")),
        place: Place::Argument,
        run_by: BTreeSet::new(),
    }
}

/// The lists of what is in a database.
const PARTS: [(&str, &str); 4] = [
    ("extensions", "EXTENSION"),
    ("fdws", "FOREIGN DATA WRAPPER"),
    ("schemas", "SCHEMA"),
    ("servers", "SERVER"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::pods;

    fn said(held: impl IntoIterator<Item = Held>) -> Vec<String> {
        let said = held.into_iter().map(|held| match held.text {
            Text::Known(text) => format!("{} {text}", held.pointer),
            Text::Unknown(why) => why,
        });
        said.collect()
    }

    #[test]
    fn what_shall_be_absent_is_dropped() {
        let database = |spec: Value| {
            let mut value = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": "shop"}});
            value["spec"] = spec;
            value
        };
        for (spec, wanted) in [
            (json!({"name": "shop"}), vec![]),
            (
                json!({"name": "shop", "ensure": "present", "schemas": [{"name": "a"}]}),
                vec![],
            ),
            (
                json!({"name": "a\"b", "ensure": "absent"}),
                vec!["/spec/ensure DROP DATABASE \"a\"\"b\""],
            ),
            (
                json!({"schemas": [{"name": "a", "ensure": "present"}, {"name": "b", "ensure": "absent"}],
                    "extensions": [{"name": "c", "ensure": "absent"}]}),
                vec![
                    "/spec/extensions/0/ensure DROP EXTENSION \"c\"",
                    "/spec/schemas/1/ensure DROP SCHEMA \"b\"",
                ],
            ),
        ] {
            let value = database(spec);
            assert_eq!(said(absent(&value)), wanted);
        }
    }

    #[test]
    fn what_goes_with_its_object_is_dropped() {
        for (group, spec, goes) in [
            ("postgresql.cnpg.io/v1", json!({}), false),
            (
                "postgresql.cnpg.io/v1",
                json!({"databaseReclaimPolicy": "retain"}),
                false,
            ),
            (
                "postgresql.cnpg.io/v1",
                json!({"databaseReclaimPolicy": "delete"}),
                true,
            ),
            (
                "postgresql.cnpg.io/v1",
                json!({"databaseReclaimPolicy": "delete", "ensure": "absent"}),
                false,
            ),
            ("k8s.mariadb.com/v1alpha1", json!({}), true),
            (
                "k8s.mariadb.com/v1alpha1",
                json!({"cleanupPolicy": "Skip"}),
                false,
            ),
            ("example.com/v1", json!({"cleanupPolicy": "Delete"}), false),
        ] {
            let old = json!({"apiVersion": group, "kind": "Database", "metadata": {"name": "shop"}, "spec": spec});
            let found = deleted(&pods::reference(&old), &old).map(|held| held.text);
            let dropped = Text::Known("DROP DATABASE \"shop\"".to_owned());
            assert_eq!(found, goes.then_some(dropped), "{group} {old}");
        }
    }
}
