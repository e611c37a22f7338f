//! Which of the objects found are those that an environment selects by what they say. Reads no file.

use serde_json::Value;

use crate::config::{DeployerKind, Deployers};
use crate::sources::deployment::{Deployment, Kind};

/// Whether an environment selects a deployment.
pub(super) fn is_selected(deployment: &Deployment, selected: &Deployers) -> bool {
    let kind = match deployment.kind {
        Kind::Application => DeployerKind::ArgoCd,
        Kind::Kustomization | Kind::HelmRelease => DeployerKind::Flux,
    };
    let same =
        |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    let label = |(key, value): (&String, &String)| deployment.labels.get(key) == Some(value);
    if deployment.description.get("generators").is_some() {
        return kind == selected.kind
            && same(&selected.namespace, &deployment.namespace)
            && may_be_like(&deployment.description, selected);
    }
    kind == selected.kind
        && selected.match_labels.iter().all(label)
        && same(&selected.project, &deployment.project)
        && same(&selected.namespace, &deployment.namespace)
        && same(&selected.cluster, &deployment.cluster)
}

/// Whether Applications of a set, which cannot be told, may be like those that are selected.
fn may_be_like(set: &Value, selected: &Deployers) -> bool {
    let generators = set.get("generators").map(Value::to_string);
    let has_others = generators.is_some_and(|text| text.contains("\"template\""));
    if has_others || set.get("templatePatch").is_some() {
        return true;
    }
    let at = |pointer: &str| set.pointer(&format!("/template{pointer}"));
    let may = |found: Option<&Value>, wanted: &String| {
        let found = found.and_then(Value::as_str);
        found.is_some_and(|found| found == wanted || found.contains("{{"))
    };
    let labels = at("/metadata/labels").and_then(Value::as_object);
    let label = |(key, value): (&String, &String)| {
        let mut keys = labels.into_iter().flat_map(|labels| labels.keys());
        may(labels.and_then(|labels| labels.get(key)), value) || keys.any(|key| key.contains("{{"))
    };
    let clusters = ["/spec/destination/name", "/spec/destination/server"].map(at);
    let cluster = |wanted: &String| clusters.iter().any(|found| may(*found, wanted));
    selected.match_labels.iter().all(label)
        && selected
            .project
            .iter()
            .all(|wanted| may(at("/spec/project"), wanted))
        && selected.cluster.iter().all(cluster)
}
