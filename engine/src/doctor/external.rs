//! What other repositories than those shown deploy, and whether it reaches where something judged is deployed.

use super::deployed::{Application, applications, is_templated, url};
use super::gates::is_seen;
use super::tree::{Document, Seen, list};
use super::{State, Way, flux};
use crate::config::Config;
use crate::manifest::Node;
use crate::sources::{Pattern, Slash};

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let (judged, others): (Vec<_>, Vec<_>) = applications(seen)
        .into_iter()
        .partition(|application| application.is_judged(seen, config));
    let judged: Vec<Destination<'_>> = judged.iter().map(Destination::of).collect();
    let mut ways: Vec<Way> = others
        .iter()
        .filter_map(|application| of_application(application, seen, &judged))
        .collect();
    let kustomizations = seen.of_kind("kustomize.toolkit.fluxcd.io", "Kustomization");
    ways.extend(kustomizations.filter_map(|it| of_kustomization(it, seen)));
    ways
}

fn of_application(
    application: &Application<'_, '_>,
    seen: &Seen<'_>,
    judged: &[Destination<'_>],
) -> Option<Way> {
    let sources = application.sources();
    let (at, source) = sources
        .iter()
        .find(|(_, source)| is_external(source, seen))?;
    let pointer = application.pointer_of(*at);
    let own = Destination::of(application);
    let reached = judged.iter().find(|there| own.reaches(there, seen));
    Some(told(
        application.document,
        &pointer,
        url(source),
        reached.map(Destination::called),
    ))
}

/// Whether what it names is in none of the repositories shown.
fn is_external(source: &Node, seen: &Seen<'_>) -> bool {
    let (url, path) = (url(source), source.get("path").and_then(Node::as_str));
    let templated = url.contains("{{");
    let shown = path.is_some_and(|path| match is_templated(path) {
        true => seen.trees_of(url).next().is_some(),
        false => is_seen(seen, url, path),
    });
    !url.is_empty() && !templated && !seen.origins.is_named(url) && !shown
}

fn told(document: &Document<'_>, pointer: &str, url: &str, reached: Option<String>) -> Way {
    let called = document.called();
    match reached {
        Some(place) => document.open(
            "external-reaches",
            pointer,
            format!("{called} deploys `{url}`, which nothing here judges, and may write to {place}, where something judged is deployed"),
            "give it a namespace of its own, and an AppProject (of Flux, a `serviceAccountName`) that reaches no other; or judge that repository too",
        ),
        None => Way {
            state: State::Unseen,
            ..document.open(
                "external",
                pointer,
                format!("{called} deploys `{url}`, which is none of the repositories shown: nothing here judges it"),
                "nothing, if it is gated where it is written; show that repository with `--repo` if it brings a part of the gate; if it is the judged one, add the URL to `repositories` in `tidegate.yaml`",
            )
        },
    }
}

/// Where an Application deploys to.
struct Destination<'d> {
    /// By name or by address.
    cluster: Cluster<'d>,
    /// Of objects that name none.
    namespace: &'d str,
    project: &'d str,
}

#[derive(PartialEq, Eq)]
enum Cluster<'d> {
    Own,
    Name(&'d str),
    Server(&'d str),
}

impl<'d> Destination<'d> {
    fn of(application: &'d Application<'_, '_>) -> Self {
        let text = |key: &str| {
            let text = application.document.text_at(&application.at(key));
            text.unwrap_or_default()
        };
        Self {
            cluster: Cluster::of(
                text("/spec/destination/name"),
                text("/spec/destination/server"),
            ),
            namespace: text("/spec/destination/namespace"),
            project: text("/spec/project"),
        }
    }

    fn called(&self) -> String {
        match self.namespace {
            "" => "the cluster".to_owned(),
            namespace => format!("the namespace `{namespace}`"),
        }
    }

    /// Whether what is deployed here may write there: it goes there by itself, or its project lets its objects name
    /// that namespace.
    fn reaches(&self, there: &Destination<'_>, seen: &Seen<'_>) -> bool {
        let same = self.cluster.may_be(&there.cluster);
        let unclear = |text: &str| text.is_empty() || text.contains("{{");
        let namespace = self.namespace == there.namespace || unclear(there.namespace);
        (same && namespace) || lets_through(self.project, there, seen)
    }
}

impl<'d> Cluster<'d> {
    fn of(name: &'d str, server: &'d str) -> Self {
        match (name, server) {
            ("in-cluster", _) | (_, "https://kubernetes.default.svc") | ("", "") => Self::Own,
            ("", server) => Self::Server(server),
            (name, _) => Self::Name(name),
        }
    }

    /// A name and an address may be one cluster: which, Argo CD's secrets say.
    fn may_be(&self, other: &Cluster<'_>) -> bool {
        let templated = |it: &Cluster<'_>| match it {
            Cluster::Own => false,
            Cluster::Name(text) | Cluster::Server(text) => text.contains("{{"),
        };
        match (self, other) {
            (Self::Name(_), Cluster::Server(_)) | (Self::Server(_), Cluster::Name(_)) => true,
            _ => self == other || templated(self) || templated(other),
        }
    }
}

/// Whether a project has that destination. That of the name `default` has every one, until somebody changes it.
fn lets_through(project: &str, there: &Destination<'_>, seen: &Seen<'_>) -> bool {
    let mut projects = seen.of_kind("argoproj.io", "AppProject");
    let Some(project) = projects.find(|it| it.name() == project) else {
        return project == "default";
    };
    let destinations = list(&project.node, "/spec/destinations").iter();
    let fits = destinations.filter_map(|destination| {
        let text = |key: &str| {
            let text = destination.get(key).and_then(Node::as_str);
            text.unwrap_or_default()
        };
        let namespace = text("namespace");
        let (denies, namespace) = match namespace.strip_prefix('!') {
            Some(namespace) => (true, namespace),
            None => (false, namespace),
        };
        let (name, server) = (text("name"), text("server"));
        let any = name.contains('*') || server.contains('*') || server.starts_with('!');
        let cluster = any || Cluster::of(name, server).may_be(&there.cluster);
        (cluster && matches(namespace, there.namespace)).then_some(denies)
    });
    let fits: Vec<bool> = fits.collect();
    fits.contains(&false) && !fits.contains(&true)
}

/// As Argo CD's globs match; one that is not read here may match.
fn matches(pattern: &str, text: &str) -> bool {
    Pattern::parse(pattern).is_none_or(|pattern| pattern.matches(text, Slash::Plain))
}

/// Flux applies as its own controller, which may do everything, unless an account is named.
fn of_kustomization(kustomization: &Document<'_>, seen: &Seen<'_>) -> Option<Way> {
    let folder = kustomization.text_at("/spec/path").unwrap_or_default();
    let repositories = flux::repositories(seen, kustomization, "/spec/sourceRef").into_iter();
    let mut urls = repositories.filter_map(|it| it.text_at("/spec/url"));
    let url = urls.find(|url| !is_seen(seen, url, folder) && !seen.origins.is_named(url))?;
    if kustomization.node.pointer("/spec/kubeConfig").is_some() {
        return None;
    }
    let bound = kustomization
        .node
        .pointer("/spec/serviceAccountName")
        .is_some();
    let reached = (!bound).then(|| "every namespace".to_owned());
    Some(told(kustomization, "/spec/sourceRef", url, reached))
}
