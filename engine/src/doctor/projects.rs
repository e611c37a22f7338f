//! `AppProject`s: what an Application in them may take and reach, and whether Argo CD waits while something is frozen.

use super::Way;
use super::tree::{Document, Seen, list, texts};
use crate::config::Config;
use crate::manifest::{Node, NodeValue};

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let frozen = config.is_none_or(|config| {
        let mut environments = config.environments.iter();
        environments.any(|environment| !environment.calendars.is_empty())
    });
    let projects = seen.of_kind("argoproj.io", "AppProject");
    projects
        .flat_map(|project| [reach(project), windows(project, frozen)].concat())
        .collect()
}

/// What it takes, and what it changes.
fn reach(project: &Document<'_>) -> Vec<Way> {
    let called = project.called();
    let mut ways = Vec::new();
    if texts(&project.node, "/spec/sourceRepos").contains(&"*") {
        ways.push(project.open(
            "project-sources",
            "/spec/sourceRepos",
            format!("{called} takes sources from anywhere: an Application in it may leave the judged repository"),
            "list under `sourceRepos` the judged repository and that of the gate",
        ));
    }
    let anywhere = list(&project.node, "/spec/destinations")
        .iter()
        .any(|destination| {
            let text = |key: &str| destination.get(key).and_then(Node::as_str);
            text("namespace") == Some("*")
        });
    if anywhere {
        ways.push(project.open(
            "project-destinations",
            "/spec/destinations",
            format!("{called} deploys to every namespace, that of Argo CD and of the gate's trust among them"),
            "list under `destinations` the namespaces of what is deployed",
        ));
    }
    let cluster = list(&project.node, "/spec/clusterResourceWhitelist")
        .iter()
        .any(|entry| {
            let text = |key: &str| entry.get(key).and_then(Node::as_str);
            [
                "*",
                "admissionregistration.k8s.io",
                "rbac.authorization.k8s.io",
            ]
            .iter()
            .any(|group| text("group") == Some(group))
        });
    if cluster {
        ways.push(project.open(
            "project-cluster",
            "/spec/clusterResourceWhitelist",
            format!(
                "{called} may change cluster roles and admission policies: those that hold the gate"
            ),
            "list the kinds that its Applications need, and none of these groups",
        ));
    }
    ways
}

/// Whether it waits during a freeze, and for whom it does not.
fn windows(project: &Document<'_>, frozen: bool) -> Vec<Way> {
    let called = project.called();
    let mut ways = Vec::new();
    let windows = list(&project.node, "/spec/syncWindows");
    if windows.is_empty() && frozen {
        ways.push(project.open(
            "no-windows",
            "/spec",
            format!("{called} has no sync windows: during a freeze self-heal and syncs without a hook go on, and a refused sync is given up"),
            "`tidegate calendar export --to argocd --env ENVIRONMENT`, merged into it with `kubectl patch`, or kept beside it in Git",
        ));
    }
    for (at, window) in windows.iter().enumerate() {
        let by_hand =
            window.get("manualSync").map(|node| &node.value) == Some(&NodeValue::Bool(true));
        let is_deny = window.get("kind").and_then(Node::as_str) == Some("deny");
        if by_hand && is_deny {
            ways.push(project.open(
                "windows-by-hand",
                &format!("/spec/syncWindows/{at}/manualSync"),
                format!("{called} lets a sync by hand through this window"),
                "leave `manualSync` out; break the glass of one Application instead",
            ));
        }
    }
    ways
}
