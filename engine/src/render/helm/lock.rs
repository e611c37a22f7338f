//! What `Chart.lock` and `requirements.lock` say, held against the list of charts that the chart itself asks for.
//! Knows no folder: a deployer takes names and repositories from here, and a person reads them in `Chart.yaml`.

use super::Error;
use super::chart::{Chart, Item};
use super::metadata::{Dependency, File};
use crate::manifest::{Node, NodeValue};
use crate::render::Files;

/// Whether there is a lock; what it lists is what the chart asks for.
///
/// # Errors
/// It lists other charts, or the same ones from elsewhere, or says what Helm never writes there.
pub(super) fn agrees(chart: &Chart, files: &dyn Files) -> Result<bool, Error> {
    let is_lock = |item: &&Item| NAMES.iter().any(|name| item.is_named(name));
    let mut is_there = false;
    for item in chart.items.iter().filter(is_lock) {
        let (shown, text) = (item.shown(), item.text(files)?);
        let file = File::read(&shown, &text)?;
        hold(&file, &chart.meta.dependencies)?;
        is_there = true;
    }
    Ok(is_there)
}

/// Holds one lock against what is needed.
pub(super) fn hold(file: &File<'_>, needed: &[Dependency]) -> Result<(), Error> {
    for key in file.keys(&file.root) {
        if !KEYS.contains(&key) {
            return Err(differs(
                file,
                &file.root,
                key,
                format!("`{key}` has no place here"),
            ));
        }
    }
    let listed = match file.root.get("dependencies") {
        None => &[],
        Some(node) if node.value == NodeValue::Null => &[],
        Some(node) => node.items().ok_or_else(|| {
            let what = "`dependencies` is no list".to_owned();
            differs(file, &file.root, "dependencies", what)
        })?,
    };
    for (item, one) in listed.iter().zip(needed) {
        entry(file, item, one)?;
    }
    if let Some(more) = listed.get(needed.len()) {
        let what = "it lists a chart that the chart does not ask for".to_owned();
        return Err(differs(file, more, "name", what));
    }
    match needed.get(listed.len()) {
        None => Ok(()),
        Some(one) => {
            let what = format!("it leaves out `{}` of {}", one.name, one.place);
            Err(differs(file, &file.root, "dependencies", what))
        }
    }
}

fn entry(file: &File<'_>, item: &Node, one: &Dependency) -> Result<(), Error> {
    for key in file.keys(item) {
        if !OF_ENTRY.contains(&key) {
            return Err(differs(
                file,
                item,
                key,
                format!("`{key}` has no place here"),
            ));
        }
    }
    let name = file.text(item, "name")?.unwrap_or_default();
    if name != one.name {
        let what = format!(
            "it lists `{name}` where {} asks for `{}`",
            one.place, one.name
        );
        return Err(differs(file, item, "name", what));
    }
    let repository = file.text(item, "repository")?.unwrap_or_default();
    if repository != one.repository && !is_alias_of(&one.repository, &repository) {
        let what = format!(
            "it takes `{name}` from `{repository}`, and {} says `{}`",
            one.place, one.repository
        );
        return Err(differs(file, item, "repository", what));
    }
    let version = file.text(item, "version")?.unwrap_or_default();
    match &one.version {
        // Of a chart in `charts/` Helm copies what is asked for.
        Some(asked) if repository.is_empty() && *asked != version => {
            let what =
                format!("it says version `{version}` of `{name}`, and `{asked}` is asked for");
            Err(differs(file, item, "version", what))
        }
        _ => Ok(()),
    }
}

/// Helm writes the address that a machine knows by such a name.
fn is_alias_of(asked: &str, locked: &str) -> bool {
    let is_alias = asked.starts_with('@') || asked.starts_with("alias:");
    is_alias
        && (locked.starts_with("https://")
            || locked.starts_with("http://")
            || locked.starts_with("oci://"))
}

fn differs(file: &File<'_>, node: &Node, key: &str, what: String) -> Error {
    Error::Lock {
        place: file.place(node, key),
        what,
    }
}

const NAMES: [&str; 2] = ["Chart.lock", "requirements.lock"];
const KEYS: [&str; 3] = ["generated", "digest", "dependencies"];
const OF_ENTRY: [&str; 3] = ["name", "repository", "version"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;
    use crate::render::helm::metadata::Metadata;

    const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n- {name: lib, repository: 'file://../lib', version: '>=0'}\n- {name: own, version: 1.x}\n- {name: far, repository: '@far', version: ^2}\n";
    const LOCK: &str = "dependencies:\n- name: lib\n  repository: file://../lib\n  version: 0.3.0\n- name: own\n  repository: \"\"\n  version: 1.x\n- name: far\n  repository: https://far.example\n  version: 2.1.0\ndigest: sha256:00\ngenerated: \"2026-01-01T00:00:00Z\"\n";

    fn held(lock: &str) -> Result<(), Error> {
        let chart = Metadata::read("app/Chart.yaml", CHART).unwrap();
        hold(&File::read("app/Chart.lock", lock)?, &chart.dependencies)
    }

    #[test]
    fn a_lock_as_helm_writes_it_agrees() {
        held(LOCK).unwrap();
    }

    #[test]
    fn a_lock_that_lists_anything_else_is_refused_where_it_does() {
        let cases = [
            ("file://../lib", "file://../evil", "app/Chart.lock:3:15"),
            ("file://../lib", "https://x.example", "app/Chart.lock:3:15"),
            (
                "https://far.example",
                "file://../far",
                "app/Chart.lock:9:15",
            ),
            ("https://far.example", "''", "app/Chart.lock:9:15"),
            ("name: own", "name: lib", "app/Chart.lock:5:9"),
            ("version: 1.x", "version: 2.x", "app/Chart.lock:7:12"),
            ("version: 0.3.0", "alias: x", "app/Chart.lock:4:10"),
            ("dependencies:", "Dependencies:", "app/Chart.lock:2:3"),
            (
                "digest:",
                "- {name: evil, repository: 'file://../evil'}\ndigest:",
                "app/Chart.lock:11:10",
            ),
            (
                "- name: far\n  repository: https://far.example\n  version: 2.1.0\n",
                "",
                "app/Chart.lock:2:3",
            ),
        ];
        for (from, to, place) in cases {
            let lock = LOCK.replacen(from, to, 1);
            let error = held(&lock).unwrap_err();
            assert_eq!(code_of(&error), "render.chart-lock", "{lock}");
            assert!(error.to_string().starts_with(place), "{lock}: {error}");
        }
        for none in ["dependencies: []\n", "digest: x\n", "dependencies:\n"] {
            assert_eq!(code_of(&held(none).unwrap_err()), "render.chart-lock");
        }
        for broken in [
            "",
            "null",
            "[]",
            "dependencies: []\n---\nx: 1\n",
            "dependencies: [x]",
        ] {
            assert!(held(broken).is_err(), "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_locks_are_read_without_a_panic(text: String, value in "[a-z{}\\[\\]:/, .'@-]{0,40}") {
            let _ = held(&text);
            let _ = held(&format!("dependencies: {value}\n"));
        }
    }
}
