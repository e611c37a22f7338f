//! The scripts that objects hold: keys of `ConfigMap`s, lists of database operators, arguments of `psql`.
//! Knows nothing of what the scripts do.

use std::collections::BTreeSet;

use serde_json::Value;

use super::files::Text;
use crate::change::Change;
use crate::facts::inventory::Neighbours;
use crate::facts::pods::{self, PodSource};
use crate::model::{GroupKind, ObjectRef};

/// A script in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Where it stands.
    pub(super) pointer: String,
    /// The key, or the field.
    pub(super) name: String,
    pub(super) text: Text,
    pub(super) place: Place,
}

/// What kind of place a script stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A key, which is a file somewhere.
    Key,
    /// What an operator runs once, in a database that it makes.
    First,
    /// What a container gives to `psql`.
    Argument,
}

/// The keys of `ConfigMap`s that database operators run, whatever they are called.
pub(super) type Referred = BTreeSet<(Option<String>, String, String)>;

/// Whether any of the objects that change holds a script, on either side.
#[must_use]
pub fn stand_in(changes: &[Change], around: &Neighbours) -> bool {
    let referred = referred(changes, [around, around]);
    changes.iter().any(|change| {
        let mut sides = [&change.old, &change.new].into_iter().flatten();
        sides.any(|side| !held(&change.object, side, &referred).is_empty())
    })
}

/// The scripts that one side of an object holds.
pub(super) fn held(object: &ObjectRef, value: &Value, referred: &Referred) -> Vec<Held> {
    let group = object.group();
    match (group, object.kind.as_str()) {
        ("", "ConfigMap") => in_keys(object, value, referred),
        ("", "Secret") => in_secret(value),
        (CNPG, "Cluster") => in_cluster(value),
        _ => in_containers(object, value),
    }
}

fn in_keys(object: &ObjectRef, value: &Value, referred: &Referred) -> Vec<Held> {
    let is_script = |key: &str| {
        let named = (
            object.namespace.clone(),
            object.name.clone(),
            key.to_owned(),
        );
        is_sql(key) || referred.contains(&named)
    };
    let texts = entries(value, "data").filter(|(key, _)| is_script(key));
    let texts = texts.map(|(key, text)| held_key("data", key, text.as_str().map(str::to_owned)));
    let binary = entries(value, "binaryData").filter(|(key, _)| is_script(key));
    let binary = binary.map(|(key, _)| Held {
        text: Text::Unknown("it is kept as binary data, and not read".to_owned()),
        ..held_key("binaryData", key, None)
    });
    texts.chain(binary).collect()
}

fn in_secret(value: &Value) -> Vec<Held> {
    let fields = ["data", "stringData"].into_iter();
    let keys = fields.flat_map(|field| entries(value, field).map(move |(key, _)| (field, key)));
    let keys = keys.filter(|(_, key)| is_sql(key));
    keys.map(|(field, key)| Held {
        text: Text::Unknown("it is in a Secret, which is not read".to_owned()),
        ..held_key(field, key, None)
    })
    .collect()
}

fn held_key(field: &str, key: &str, text: Option<String>) -> Held {
    let escaped = key.replace('~', "~0").replace('/', "~1");
    Held {
        pointer: format!("/{field}/{escaped}"),
        name: key.to_owned(),
        text: text.map_or_else(|| Text::Unknown("it is no text".to_owned()), Text::Known),
        place: Place::Key,
    }
}

fn entries<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let map = value.get(field).and_then(Value::as_object);
    let map = map.into_iter().flatten();
    map.map(|(key, value)| (key.as_str(), value))
}

fn is_sql(key: &str) -> bool {
    let ending = key.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("sql"))
}

fn in_cluster(value: &Value) -> Vec<Held> {
    let lists = [
        "postInitSQL",
        "postInitApplicationSQL",
        "postInitTemplateSQL",
    ]
    .into_iter();
    let entries = lists.flat_map(|field| {
        let pointer = format!("/spec/bootstrap/initdb/{field}");
        let list = value.pointer(&pointer).and_then(Value::as_array);
        let list = list.into_iter().flatten().enumerate();
        list.map(move |(nth, text)| (field, format!("{pointer}/{nth}"), text))
    });
    entries
        .map(|(field, pointer, text)| Held {
            pointer,
            name: field.to_owned(),
            text: match text.as_str() {
                Some(text) => Text::Known(text.to_owned()),
                None => Text::Unknown("it is no text".to_owned()),
            },
            place: Place::First,
        })
        .collect()
}

fn in_containers(object: &ObjectRef, value: &Value) -> Vec<Held> {
    let Some(pods) = PodSource::of(object) else {
        return Vec::new();
    };
    let lists = ["initContainers", "containers"].into_iter();
    let containers = lists.flat_map(|list| {
        let pointer = format!("{}/spec/{list}", pods.template_pointer());
        let found = value.pointer(&pointer).and_then(Value::as_array);
        let found = found.into_iter().flatten().enumerate();
        found.map(move |(nth, container)| (format!("{pointer}/{nth}"), container))
    });
    containers
        .flat_map(|(pointer, container)| in_container(&pointer, container))
        .collect()
}

/// What a container gives to `psql`, word by word. What it gives to a shell that may call it is a program.
fn in_container(pointer: &str, container: &Value) -> Vec<Held> {
    let words = ["command", "args"].into_iter().flat_map(|field| {
        let list = container.get(field).and_then(Value::as_array);
        let list = list.into_iter().flatten().enumerate();
        list.map(move |(nth, word)| (field, nth, word.as_str().unwrap_or_default()))
    });
    let words: Vec<(&str, usize, &str)> = words.collect();
    let at = |(field, nth, _): &(&str, usize, &str)| format!("{pointer}/{field}/{nth}");
    let held = |word: &(&str, usize, &str), text: Text| Held {
        pointer: at(word),
        name: word.0.to_owned(),
        text,
        place: Place::Argument,
    };
    let program = words
        .first()
        .and_then(|(_, _, word)| word.rsplit('/').next());
    if program != Some("psql") {
        let shells = words.iter().filter(|(_, _, word)| mentions_psql(word));
        let reason = "a shell runs psql with it, and what a shell makes of it is not read";
        return shells
            .map(|word| held(word, Text::Unknown(reason.to_owned())))
            .collect();
    }
    let mut found = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let text = match word.2 {
            "-c" | "--command" => rest.next().map(|next| (next, next.2)),
            other => {
                let joined = other
                    .strip_prefix("--command=")
                    .or_else(|| other.strip_prefix("-c"));
                joined.map(|text| (word, text))
            }
        };
        if let Some((word, text)) = text {
            found.push(held(word, Text::Known(text.to_owned())));
        }
    }
    found
}

fn mentions_psql(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.split(|letter| !is_letter(letter))
        .any(|word| word == "psql")
}

/// The keys that database operators run, on both sides.
pub(super) fn referred(changes: &[Change], around: [&Neighbours; 2]) -> Referred {
    let mut found = Referred::new();
    for change in changes {
        let sides = [&change.old, &change.new].into_iter().flatten();
        sides.for_each(|side| refer(change.object.namespace.as_ref(), side, &mut found));
    }
    let namespaces: BTreeSet<Option<String>> = changes
        .iter()
        .map(|change| change.object.namespace.clone())
        .collect();
    let kind = GroupKind::parse("Cluster.postgresql.cnpg.io");
    for (neighbours, namespace) in around
        .into_iter()
        .flat_map(|side| namespaces.iter().map(move |namespace| (side, namespace)))
    {
        for cluster in neighbours.in_namespace(&kind, namespace) {
            refer(namespace.as_ref(), cluster, &mut found);
        }
    }
    found
}

fn refer(namespace: Option<&String>, object: &Value, found: &mut Referred) {
    let group = pods::reference(object).group().to_owned();
    let mut add = |reference: &Value| {
        let text = |field| reference.get(field).and_then(Value::as_str);
        if let (Some(name), Some(key)) = (text("name"), text("key")) {
            found.insert((namespace.cloned(), name.to_owned(), key.to_owned()));
        }
    };
    if group == CNPG {
        for list in [
            "postInitSQLRefs",
            "postInitApplicationSQLRefs",
            "postInitTemplateSQLRefs",
        ] {
            let pointer = format!("/spec/bootstrap/initdb/{list}/configMapRefs");
            let references = object.pointer(&pointer).and_then(Value::as_array);
            references.into_iter().flatten().for_each(&mut add);
        }
    }
    if group == CRUNCHY
        && let Some(reference) = object.pointer("/spec/databaseInitSQL")
    {
        add(reference);
    }
}

const CNPG: &str = "postgresql.cnpg.io";
const CRUNCHY: &str = "postgres-operator.crunchydata.com";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Vec<(String, bool)> {
        let referred =
            Referred::from([(Some("shop".to_owned()), "init".to_owned(), "run".to_owned())]);
        let found = held(&pods::reference(value), value, &referred).into_iter();
        found
            .map(|held| (held.pointer, matches!(held.text, Text::Known(_))))
            .collect()
    }

    fn known(pointer: &str) -> Vec<(String, bool)> {
        vec![(pointer.to_owned(), true)]
    }

    #[test]
    fn scripts_are_keys_lists_and_arguments() {
        let named = |kind: &str, version: &str, rest: Value| {
            let mut value = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "init", "namespace": "shop"}});
            value
                .as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
            value
        };
        let maps = named(
            "ConfigMap",
            "v1",
            json!({"data": {"a/b.sql": "x", "c.conf": "y"}}),
        );
        assert_eq!(of(&maps), known("/data/a~1b.sql"));
        let referred = named(
            "ConfigMap",
            "v1",
            json!({"data": {"run": "x", "walk": "y"}}),
        );
        assert_eq!(of(&referred), known("/data/run"));
        let binary = named("ConfigMap", "v1", json!({"binaryData": {"a.SQL": "eA=="}}));
        assert_eq!(of(&binary), [("/binaryData/a.SQL".to_owned(), false)]);
        let secret = named(
            "Secret",
            "v1",
            json!({"stringData": {"a.sql": "x", "b": "y"}}),
        );
        assert_eq!(of(&secret), [("/stringData/a.sql".to_owned(), false)]);
        let initdb = json!({"postInitSQL": ["x"], "postInitApplicationSQL": []});
        let cluster = json!({"spec": {"bootstrap": {"initdb": initdb}}});
        let cluster = named("Cluster", "postgresql.cnpg.io/v1", cluster);
        assert_eq!(of(&cluster), known("/spec/bootstrap/initdb/postInitSQL/0"));
    }

    #[test]
    fn arguments_of_psql_are_scripts_and_those_of_a_shell_are_programs() {
        let job = |container: Value| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "m", "namespace": "shop"},
                "spec": {"template": {"spec": {"containers": [container]}}}})
        };
        let at = "/spec/template/spec/containers/0";
        for (container, wanted) in [
            (
                json!({"command": ["psql", "-c", "x"]}),
                vec![(format!("{at}/command/2"), true)],
            ),
            (
                json!({"command": ["/usr/bin/psql"], "args": ["-1", "--command=x"]}),
                vec![(format!("{at}/args/1"), true)],
            ),
            (
                json!({"args": ["psql", "-cx", "-f", "a.sql"]}),
                vec![(format!("{at}/args/1"), true)],
            ),
            (
                json!({"command": ["sh", "-c", "psql -c 'x'"]}),
                vec![(format!("{at}/command/2"), false)],
            ),
            (json!({"command": ["sh", "-c", "echo psqlx"]}), vec![]),
            (json!({"args": ["odoo", "-u", "all"]}), vec![]),
        ] {
            assert_eq!(of(&job(container.clone())), wanted, "{container}");
        }
    }

    #[test]
    fn operators_refer_to_keys() {
        let cluster = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "spec": {"bootstrap": {"initdb":
            {"postInitApplicationSQLRefs": {"configMapRefs": [{"name": "a", "key": "b"}]}}}}});
        let crunchy = json!({"apiVersion": "postgres-operator.crunchydata.com/v1beta1", "kind": "PostgresCluster",
            "spec": {"databaseInitSQL": {"name": "c", "key": "d"}}});
        let mut found = Referred::new();
        refer(None, &cluster, &mut found);
        refer(None, &crunchy, &mut found);
        let wanted = [("a", "b"), ("c", "d")];
        let wanted = wanted.map(|(name, key)| (None, name.to_owned(), key.to_owned()));
        assert_eq!(found, Referred::from(wanted));
    }
}
