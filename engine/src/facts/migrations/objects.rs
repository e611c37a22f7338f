//! The scripts that objects hold: keys of `ConfigMap`s, lists of database operators, arguments of `psql` and its kin.
//! Knows nothing of what the scripts do.

mod clients;
mod databases;
mod mounts;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::clients::{Said, fed, paths, said};
use self::tools::{Tool, Way};
use super::files::Text;
use super::naming::Engine;
use crate::change::Change;
use crate::facts::inventory::Neighbours;
use crate::facts::pods::{self, PodSource};
use crate::model::{GroupKind, ObjectRef, mentions};

/// A script in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Where it stands.
    pub(super) pointer: String,
    /// The key, or the field.
    pub(super) name: String,
    pub(super) text: Text,
    pub(super) place: Place,
    /// Of a key, the tools that nothing but runs it, as far as is seen.
    pub(super) run_by: BTreeSet<Engine>,
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

/// A key of a `ConfigMap`: its namespace, its name and the key.
type Key = (Option<String>, String, String);

/// What is run whatever it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Referred {
    /// The keys that database operators and `psql` run.
    sql: BTreeSet<Key>,
    /// The keys that shells run.
    shell: BTreeSet<Key>,
    /// The `ConfigMap`s that pods mount, and what of goose and dbmate each of these runs.
    mounted: BTreeMap<(Option<String>, String), BTreeSet<Engine>>,
    /// The `ConfigMap`s that change, by namespace and name.
    changed: BTreeSet<(Option<String>, String)>,
}

impl Referred {
    /// The tools that run a key, where every pod that mounts it runs one of them and nothing is given it otherwise.
    fn run_by(&self, object: &ObjectRef, key: &str) -> BTreeSet<Engine> {
        let map = (object.namespace.clone(), object.name.clone());
        let named = (map.0.clone(), map.1.clone(), key.to_owned());
        match self.sql.contains(&named) || self.shell.contains(&named) {
            true => BTreeSet::new(),
            false => self.mounted.get(&map).cloned().unwrap_or_default(),
        }
    }
}

/// Whether any of the objects that change holds a script, on either side.
#[must_use]
pub fn stand_in(changes: &[Change], around: &Neighbours) -> bool {
    let referred = referred(changes, [around, around]);
    changes.iter().any(|change| {
        let mut sides = [&change.old, &change.new].into_iter().flatten();
        let in_sides = sides.any(|side| !held(&change.object, side, &referred).is_empty());
        in_sides || dropped(change).is_some()
    })
}

/// What goes with an object that is deleted, as the statement that its operator sends.
pub(super) fn dropped(change: &Change) -> Option<Held> {
    match (&change.old, &change.new) {
        (Some(old), None) => databases::deleted(&change.object, old),
        _ => None,
    }
}

/// The scripts that one side of an object holds.
pub(super) fn held(object: &ObjectRef, value: &Value, referred: &Referred) -> Vec<Held> {
    let group = object.group();
    match (group, object.kind.as_str()) {
        ("", "ConfigMap") => in_keys(object, value, referred),
        ("", "Secret") => in_secret(value),
        (CNPG, "Cluster") => in_cluster(value),
        (CNPG, "Database") => databases::absent(value),
        _ => in_containers(object, value, referred),
    }
}

fn in_keys(object: &ObjectRef, value: &Value, referred: &Referred) -> Vec<Held> {
    let is_among = |keys: &BTreeSet<Key>, key: &str| {
        let (namespace, name) = (object.namespace.clone(), object.name.clone());
        keys.contains(&(namespace, name, key.to_owned()))
    };
    let is_script = |key: &str| is_sql(key) || is_among(&referred.sql, key);
    let texts = entries(value, "data").filter_map(|(key, text)| {
        let text = text.as_str();
        if is_script(key) {
            return Some(Held {
                run_by: referred.run_by(object, key),
                ..held_key("data", key, text.map(str::to_owned))
            });
        }
        let text = text.filter(|text| is_shell(key, text) || is_among(&referred.shell, key))?;
        Some(Held {
            text: Text::Unknown(run_by_shell(mentioned(text)?)),
            ..held_key("data", key, None)
        })
    });
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
        run_by: BTreeSet::new(),
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
            run_by: BTreeSet::new(),
        })
        .collect()
}

/// A container of pods.
struct Container<'v> {
    pointer: String,
    value: &'v Value,
    /// The pods that it is of.
    spec: &'v Value,
}

fn containers_of<'v>(object: &ObjectRef, value: &'v Value) -> Vec<Container<'v>> {
    let pods = PodSource::of(object);
    let spec = pods.and_then(|pods| {
        let pointer = format!("{}/spec", pods.template_pointer());
        Some((value.pointer(&pointer)?, pointer))
    });
    let Some((spec, at)) = spec else {
        return Vec::new();
    };
    let lists = ["initContainers", "containers"].into_iter();
    let containers = lists.flat_map(|list| {
        let found = spec.get(list).and_then(Value::as_array);
        let found = found.into_iter().flatten().enumerate();
        let at = &at;
        found.map(move |(nth, value)| Container {
            pointer: format!("{at}/{list}/{nth}"),
            value,
            spec,
        })
    });
    containers.collect()
}

impl<'v> Container<'v> {
    /// What it starts, word by word, each with its field and its place in it.
    fn words(&self) -> Vec<(&'static str, usize, &'v str)> {
        let value = self.value;
        let words = ["command", "args"].into_iter().flat_map(|field| {
            let list = value.get(field).and_then(Value::as_array);
            let list = list.into_iter().flatten().enumerate();
            list.map(move |(nth, word)| (field, nth, word.as_str().unwrap_or_default()))
        });
        words.collect()
    }

    /// The tool of migrations that it starts, and the place of the first word that this is told: by its path, or by the
    /// image where nothing says what is started.
    fn tool(&self, words: &[(&str, usize, &str)]) -> Option<(&'static Tool, usize)> {
        let mut paths = words.iter().enumerate();
        let named = paths.find_map(|(at, (_, _, word))| Some((Tool::of(word)?, at + 1)));
        let says_none = !words.iter().any(|(field, _, _)| *field == "command");
        named.or_else(|| {
            let image = self.value.get("image").and_then(Value::as_str)?;
            let path = image.split('@').next()?;
            let name = path.rsplit('/').next()?.split(':').next()?;
            let tool = Tool::of(name).filter(|_| says_none)?;
            Some((tool, 0))
        })
    }

    /// Which of goose and dbmate is all that it runs, where that surely goes up.
    fn tools(&self) -> BTreeSet<Engine> {
        let words = self.words();
        let called = self.tool(&words).filter(|(tool, told)| {
            let is_first = match words.first() {
                Some(("command", _, _)) => *told == 1,
                _ => *told == 0,
            };
            is_first && tool.way(&plain(&words, *told)) == Way::Up
        });
        let engines = called.and_then(|(tool, _)| tool.engine).into_iter();
        engines.collect()
    }

    /// What a tool of migrations is told to take away, and the place of the word that says so.
    fn taken(&self, words: &[(&str, usize, &str)]) -> Option<(usize, Text)> {
        let (tool, told) = self.tool(words)?;
        let own = plain(words, told);
        match tool.way(&own) {
            Way::Up | Way::Neither => None,
            // How much it takes is in scripts that may be anywhere.
            Way::Down(at) => {
                let all = own.join(" ").replace('"', "\"\"");
                let text = format!("DROP DATABASE \"{} {all}\"", tool.name);
                Some((told + at, Text::Known(text)))
            }
            Way::Untold(at) => {
                let why = format!(
                    "{} runs what a variable says, which may be to take back",
                    tool.name
                );
                Some((told + at, Text::Unknown(why)))
            }
        }
    }

    /// The keys that it runs, and whether `psql` runs them.
    fn keys(&self) -> Vec<(bool, String, String)> {
        let words: Vec<&str> = self.words().into_iter().map(|(_, _, word)| word).collect();
        let (before, said) = said(&words);
        let files = said.into_iter().filter_map(|(_, it)| file(it));
        let shells = words.iter().take(before);
        let calls = shells.clone().filter(|word| mentioned(word).is_some());
        let fed = calls.flat_map(|word| fed(word)).map(str::to_owned);
        let named = shells.flat_map(|word| paths(word)).map(str::to_owned);
        let to_psql = files.chain(fed).map(|path| (true, path));
        let keys = to_psql.chain(named.map(|path| (false, path)));
        let keys = keys.filter_map(|(is_client, path)| {
            let (name, key) = mounts::key_of(self.spec, self.value, &path)?;
            Some((is_client, name, key))
        });
        keys.collect()
    }
}

/// The words from a place on.
fn plain<'w>(words: &[(&str, usize, &'w str)], from: usize) -> Vec<&'w str> {
    let words = words.iter().skip(from);
    words.map(|(_, _, word)| *word).collect()
}

/// The client that a text of a shell calls by its name, or the tool of migrations that it tells to take back.
fn mentioned(text: &str) -> Option<&str> {
    clients::mentioned(text).or_else(|| Tool::mentioned(text))
}

fn file(said: Said) -> Option<String> {
    match said {
        Said::File(path) => Some(path),
        Said::Statement(_) => None,
    }
}

fn in_containers(object: &ObjectRef, value: &Value, referred: &Referred) -> Vec<Held> {
    let containers = containers_of(object, value);
    let containers = containers.iter();
    containers
        .flat_map(|container| in_container(object, container, referred))
        .collect()
}

/// What a container gives to `psql` and its kin, word by word. What it gives to a shell that may call one is a program.
fn in_container(object: &ObjectRef, container: &Container<'_>, referred: &Referred) -> Vec<Held> {
    let words = container.words();
    let pointer = &container.pointer;
    let at = |(field, nth, _): &(&str, usize, &str)| format!("{pointer}/{field}/{nth}");
    let held = |word: &(&str, usize, &str), text: Text| Held {
        pointer: at(word),
        name: word.0.to_owned(),
        text,
        place: Place::Argument,
        run_by: BTreeSet::new(),
    };
    let (before, said) = said(&plain(&words, 0));
    let shells = words.iter().take(before).filter_map(|word| {
        let client = mentioned(word.2)?;
        Some(held(word, Text::Unknown(run_by_shell(client))))
    });
    let said = said.into_iter().filter_map(|(nth, said)| {
        let text = match said {
            Said::Statement(text) => Text::Known(text),
            Said::File(path) => Text::Unknown(unread_file(object, container, &path, referred)?),
        };
        Some(held(words.get(nth)?, text))
    });
    let taken = container.taken(&words).into_iter();
    let taken = taken.filter_map(|(nth, text)| Some(held(words.get(nth)?, text)));
    shells.chain(said).chain(taken).collect()
}

/// Why a file that `psql` runs is not read where it is a key of a `ConfigMap`; `None` where it is.
fn unread_file(
    object: &ObjectRef,
    container: &Container<'_>,
    path: &str,
    referred: &Referred,
) -> Option<String> {
    let Some((name, key)) = mounts::key_of(container.spec, container.value, path) else {
        return Some("psql runs a file that no ConfigMap holds".to_owned());
    };
    let changes = referred
        .changed
        .contains(&(object.namespace.clone(), name.clone()));
    (!changes && !is_sql(&key)).then(|| {
        format!("psql runs `{key}` of the ConfigMap {name}, which is as it was, and was no script so far")
    })
}

fn run_by_shell(client: &str) -> String {
    format!("a shell runs {client} with it, and what a shell makes of it is not read")
}

/// Whether a key is a script of a shell by its name or its first line.
fn is_shell(key: &str, text: &str) -> bool {
    let ending = key.rsplit_once('.').map(|(_, ending)| ending);
    let named = ending.is_some_and(|ending| SHELLS.contains(&ending.to_ascii_lowercase().as_str()));
    named || text.starts_with("#!")
}

/// What database operators and containers run, on both sides.
pub(super) fn referred(changes: &[Change], around: [&Neighbours; 2]) -> Referred {
    let mut found = Referred::default();
    for change in changes {
        let object = &change.object;
        if object.group().is_empty() && object.kind == "ConfigMap" {
            let named = (object.namespace.clone(), object.name.clone());
            found.changed.insert(named);
        }
        let sides = [&change.old, &change.new].into_iter().flatten();
        sides.for_each(|side| refer(change.object.namespace.as_ref(), side, &mut found));
    }
    let namespaces: BTreeSet<Option<String>> = changes
        .iter()
        .map(|change| change.object.namespace.clone())
        .collect();
    let kinds = RUNNING.map(GroupKind::parse);
    for (neighbours, namespace) in around
        .into_iter()
        .flat_map(|side| namespaces.iter().map(move |namespace| (side, namespace)))
    {
        let running = kinds
            .iter()
            .flat_map(|kind| neighbours.in_namespace(kind, namespace));
        for object in running {
            refer(namespace.as_ref(), object, &mut found);
        }
    }
    found
}

fn refer(namespace: Option<&String>, object: &Value, found: &mut Referred) {
    let reference = pods::reference(object);
    for container in containers_of(&reference, object) {
        for (is_client, name, key) in container.keys() {
            let keys = match is_client {
                true => &mut found.sql,
                false => &mut found.shell,
            };
            keys.insert((namespace.cloned(), name, key));
        }
    }
    mount(namespace, &containers_of(&reference, object), found);
    let group = reference.group();
    let mut add = |reference: &Value| {
        let text = |field| reference.get(field).and_then(Value::as_str);
        if let (Some(name), Some(key)) = (text("name"), text("key")) {
            let key = (namespace.cloned(), name.to_owned(), key.to_owned());
            found.sql.insert(key);
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

/// Keeps of each `ConfigMap` that containers mount the tools that all of them run.
fn mount(namespace: Option<&String>, containers: &[Container<'_>], found: &mut Referred) {
    for container in containers {
        let tools = container.tools();
        for name in mounts::maps_of(container.spec, container.value) {
            let map = (namespace.cloned(), name);
            let known = found.mounted.entry(map).or_insert_with(|| tools.clone());
            known.retain(|tool| tools.contains(tool));
        }
    }
}

/// The kinds that run what `ConfigMap`s hold.
pub const RUNNING: [&str; 9] = [
    "Cluster.postgresql.cnpg.io",
    "CronJob.batch",
    "DaemonSet.apps",
    "Deployment.apps",
    "Job.batch",
    "Pod",
    "PostgresCluster.postgres-operator.crunchydata.com",
    "Rollout.argoproj.io",
    "StatefulSet.apps",
];

/// Whether a file of which objects are made may have one in it that runs what `ConfigMap`s hold.
#[must_use]
pub fn may_run(text: &[u8]) -> bool {
    let mut names = clients::CLIENTS.into_iter().chain(REFERRING);
    names.any(|name| mentions(text, name.as_bytes()))
}

/// The fields by which database operators name scripts.
const REFERRING: [&str; 3] = ["configMapRefs", "databaseInitSQL", "postInit"];
/// How scripts of shells are called.
const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "ksh"];
const CNPG: &str = "postgresql.cnpg.io";
const CRUNCHY: &str = "postgres-operator.crunchydata.com";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> Vec<(String, bool)> {
        let named = |key: &str| (Some("shop".to_owned()), "init".to_owned(), key.to_owned());
        let referred = Referred {
            sql: [named("run")].into(),
            shell: [named("entry")].into(),
            mounted: BTreeMap::new(),
            changed: [(Some("shop".to_owned()), "init".to_owned())].into(),
        };
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
        let programs = json!({"data": {"a.sh": "psql -c x", "b": "#!/bin/sh\ndropdb x", "c": "psql", "d.sh": "echo", "entry": "psql"}});
        let programs = named("ConfigMap", "v1", programs);
        let unread = ["/data/a.sh", "/data/b", "/data/entry"].map(|at| (at.to_owned(), false));
        assert_eq!(of(&programs), unread);
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
    #[expect(clippy::too_many_lines, reason = "a table")]
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
                vec![
                    (format!("{at}/args/1"), true),
                    (format!("{at}/args/3"), false),
                ],
            ),
            (
                json!({"command": ["sh", "-c", "psql -c 'x'"]}),
                vec![(format!("{at}/command/2"), false)],
            ),
            (json!({"command": ["sh", "-c", "echo psqlx"]}), vec![]),
            (
                json!({"command": ["psql", "-tAc", "x"]}),
                vec![(format!("{at}/command/2"), true)],
            ),
            (
                json!({"command": ["dropdb", "shop"]}),
                vec![(format!("{at}/command/0"), true)],
            ),
            (
                json!({"command": ["sh", "-c", "dropdb x"]}),
                vec![(format!("{at}/command/2"), false)],
            ),
            (
                json!({"command": ["psql", "-f", "/in/the/image"]}),
                vec![(format!("{at}/command/2"), false)],
            ),
            (json!({"args": ["odoo", "-u", "all"]}), vec![]),
            (
                json!({"command": ["goose", "-dir", "/s", "reset"]}),
                vec![(format!("{at}/command/3"), true)],
            ),
            (
                json!({"image": "r.example:5000/flyway:11@sha256:0", "args": ["clean"]}),
                vec![(format!("{at}/args/0"), true)],
            ),
            (
                json!({"command": ["goose"], "args": ["$(CMD)"]}),
                vec![(format!("{at}/args/0"), false)],
            ),
            (
                json!({"command": ["sh", "-c", "goose -dir /s down"]}),
                vec![(format!("{at}/command/2"), false)],
            ),
            (json!({"command": ["sh", "-c", "goose -dir /s up"]}), vec![]),
            (json!({"command": ["dbmate", "up"]}), vec![]),
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
        let job = |command: Value| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {
                "containers": [{"command": command, "volumeMounts": [{"name": "s", "mountPath": "/s"}]}],
                "volumes": [{"name": "s", "configMap": {"name": "e"}}]}}}})
        };
        let mut found = Referred::default();
        refer(None, &cluster, &mut found);
        refer(None, &crunchy, &mut found);
        refer(None, &job(json!(["psql", "-f", "/s/step1"])), &mut found);
        refer(None, &job(json!(["sh", "/s/run"])), &mut found);
        let named = |name: &str, key: &str| (None, name.to_owned(), key.to_owned());
        let wanted = Referred {
            sql: [named("a", "b"), named("c", "d"), named("e", "step1")].into(),
            shell: [named("e", "run")].into(),
            mounted: [((None, "e".to_owned()), BTreeSet::new())].into(),
            changed: BTreeSet::new(),
        };
        assert_eq!(found, wanted);
    }
}
