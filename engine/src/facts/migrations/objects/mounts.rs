//! Which key of a `ConfigMap` a path in a container is, by what the container mounts.
//! Knows nothing of what the key says.

use serde_json::Value;

/// The key of a `ConfigMap` that a path is, by name and key; `None` where it is something else, or cannot be told.
pub(super) fn key_of(spec: &Value, container: &Value, path: &str) -> Option<(String, String)> {
    let path = absolute(container, path)?;
    let mounts = container.get("volumeMounts")?.as_array()?;
    let innermost = mounts
        .iter()
        .filter_map(|mount| {
            let at = steps(text(mount, "mountPath")?);
            path.starts_with(&at).then_some((at.len(), mount))
        })
        .max_by_key(|(depth, _)| *depth);
    let (depth, mount) = innermost?;
    if mount.get("subPathExpr").is_some() {
        return None;
    }
    let below = text(mount, "subPath").unwrap_or_default();
    let rest = path.get(depth..)?;
    let whole: Vec<&str> = steps(below)
        .into_iter()
        .chain(rest.iter().copied())
        .filter(|step| *step != "..data")
        .collect();
    let whole = whole.join("/");
    let volumes = spec.get("volumes")?.as_array()?;
    let name = text(mount, "name")?;
    let volume = volumes
        .iter()
        .find(|volume| text(volume, "name") == Some(name))?;
    let projected = volume.pointer("/projected/sources");
    let projected = projected.and_then(Value::as_array).into_iter().flatten();
    let mut sources = projected.chain([volume]);
    sources.find_map(|source| {
        let map = source.get("configMap")?;
        let key = key_at(map, &whole)?;
        Some((text(map, "name")?.to_owned(), key))
    })
}

/// The `ConfigMap`s that a container mounts.
pub(super) fn maps_of(spec: &Value, container: &Value) -> Vec<String> {
    let list = |value: &'_ Value, field: &str| value.get(field).and_then(Value::as_array).cloned();
    let mounts = list(container, "volumeMounts").unwrap_or_default();
    let volumes = list(spec, "volumes").unwrap_or_default();
    let is_mounted = |volume: &&Value| {
        let name = text(volume, "name");
        mounts.iter().any(|mount| text(mount, "name") == name)
    };
    let mut found = Vec::new();
    for volume in volumes.iter().filter(is_mounted) {
        let projected = volume.pointer("/projected/sources");
        let projected = projected.and_then(Value::as_array).into_iter().flatten();
        let maps = projected
            .chain([volume])
            .filter_map(|it| it.get("configMap"));
        found.extend(maps.filter_map(|map| text(map, "name")).map(str::to_owned));
    }
    found
}

/// The key that lies at a path of a volume.
fn key_at(map: &Value, path: &str) -> Option<String> {
    let Some(items) = map.get("items").and_then(Value::as_array) else {
        return (!path.is_empty() && !path.contains('/')).then(|| path.to_owned());
    };
    let steps_of = steps(path);
    let item = items
        .iter()
        .find(|item| text(item, "path").is_some_and(|path| steps(path) == steps_of))?;
    Some(text(item, "key")?.to_owned())
}

/// The steps of a path from the root; `None` where it goes back up, or nobody says where it begins.
fn absolute<'p>(container: &'p Value, path: &'p str) -> Option<Vec<&'p str>> {
    let mut whole = match path.starts_with('/') {
        true => Vec::new(),
        false => steps(text(container, "workingDir")?),
    };
    whole.extend(steps(path));
    (!whole.contains(&"..")).then_some(whole)
}

fn steps(path: &str) -> Vec<&str> {
    let steps = path.split('/');
    steps.filter(|step| !["", "."].contains(step)).collect()
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_a_key_of_what_is_mounted_there() {
        let spec = json!({"volumes": [
            {"name": "all", "configMap": {"name": "a"}},
            {"name": "some", "configMap": {"name": "b", "items": [{"key": "k", "path": "x/y"}]}},
            {"name": "many", "projected": {"sources": [{"secret": {"name": "s"}}, {"configMap": {"name": "c", "items": [{"key": "l", "path": "z"}]}}]}},
            {"name": "secret", "secret": {"secretName": "s"}},
        ]});
        let container = json!({"workingDir": "/all", "volumeMounts": [
            {"name": "all", "mountPath": "/all/"},
            {"name": "some", "mountPath": "/all/some"},
            {"name": "many", "mountPath": "/many"},
            {"name": "secret", "mountPath": "/secret"},
            {"name": "all", "mountPath": "/one.txt", "subPath": "step"},
            {"name": "all", "mountPath": "/any", "subPathExpr": "$(A)"},
        ]});
        for (path, wanted) in [
            ("/all/step1", Some(("a", "step1"))),
            ("/all/..data/step1", Some(("a", "step1"))),
            ("//all/./step1", Some(("a", "step1"))),
            ("step1", Some(("a", "step1"))),
            ("/one.txt", Some(("a", "step"))),
            ("/all/some/x/y", Some(("b", "k"))),
            ("/all/some/k", None),
            ("/many/z", Some(("c", "l"))),
            ("/all/../all/step1", None),
            ("/any/step1", None),
            ("/secret/step1", None),
            ("/elsewhere/step1", None),
            ("/all", None),
        ] {
            let wanted = wanted.map(|(name, key)| (name.to_owned(), key.to_owned()));
            assert_eq!(key_of(&spec, &container, path), wanted, "{path}");
        }
        assert_eq!(key_of(&spec, &json!({}), "step1"), None);
    }
}
