//! What `argocd-cm` says of Jobs: that they are healthy whatever they are, or that there are none.

use super::Way;
use super::tree::{Document, Seen, texts};
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::step_of;
use crate::sources::{Pattern, Slash};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let maps = seen.of_kind("", "ConfigMap");
    let own = maps.filter(|map| map.name() == "argocd-cm");
    own.flat_map(of_map).collect()
}

fn of_map(map: &Document<'_>) -> Vec<Way> {
    let Some(NodeValue::Mapping(entries)) = map.node.get("data").map(|data| &data.value) else {
        return Vec::new();
    };
    let told = entries.iter().filter_map(|entry| {
        let about = about(&entry.key, entry.value.as_str()?)?;
        Some(map.open(
            "gate-disarmed",
            &format!("/data/{}", step_of(&entry.key)),
            format!("{} {about}", map.called()),
            "leave Jobs to Argo CD's own rules: name the kinds that are meant, without Jobs",
        ))
    });
    told.collect()
}

/// What a setting does to Jobs.
fn about(key: &str, text: &str) -> Option<&'static str> {
    if let Some(of) = key.strip_prefix("resource.customizations.health.") {
        let (group, kind) = of.rsplit_once('_').unwrap_or(("", of));
        return (matches(group, "batch") && matches(kind, "Job")).then_some(HEALTH);
    }
    let nodes = || yaml::parse(text).unwrap_or_default();
    let is_job = |entry: &Node| {
        let any = |pointer: &str, word: &str| {
            let patterns = texts(entry, pointer);
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, word))
        };
        any("/apiGroups", "batch") && any("/kinds", "Job")
    };
    match key {
        "resource.customizations" => {
            let jobs = nodes().into_iter().any(|node| match &node.value {
                NodeValue::Mapping(entries) => entries.iter().any(|entry| {
                    let (group, kind) = entry.key.split_once('/').unwrap_or(("", &entry.key));
                    let health = entry.value.get("health.lua").is_some();
                    health && matches(group, "batch") && matches(kind, "Job")
                }),
                _ => true,
            });
            jobs.then_some(HEALTH)
        }
        "resource.exclusions" => {
            let excluded = nodes().iter().any(|node| match node.items() {
                Some(entries) => entries.iter().any(is_job),
                None => true,
            });
            excluded.then_some(NONE)
        }
        "resource.inclusions" => {
            let included = nodes().iter().any(|node| match node.items() {
                Some(entries) => entries.is_empty() || entries.iter().any(is_job),
                None => false,
            });
            (!included).then_some(NONE)
        }
        _ => None,
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::parse(pattern).is_none_or(|pattern| pattern.matches(text, Slash::Plain))
}

const HEALTH: &str =
    "says in its own words when a Job is healthy: a hook that failed may have succeeded then";
const NONE: &str = "leaves Jobs out of what Argo CD applies: the gate's Job is never made";
