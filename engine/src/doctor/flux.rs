//! Flux: what its `Kustomization`s, `HelmRelease`s and `HelmChart`s follow. It has no hook; what is followed is all there is.

use super::deployed::{holds_judged, is_promoted};
use super::promoted::Followed;
use super::tree::{Document, Seen};
use super::{State, Way};
use crate::config::Config;

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let all = KINDS.iter().flat_map(|kind| {
        let documents = seen.of_kind(kind.group, kind.kind);
        documents.map(move |document| Deployer { document, kind })
    });
    let judged = all.filter(|it| it.is_judged(seen, config));
    judged.flat_map(|it| it.ways(seen, config)).collect()
}

/// The repositories that an object may follow by the reference at `pointer`: of several namespaces, where that is not said.
pub(super) fn repositories<'s, 't>(
    seen: &'s Seen<'t>,
    document: &Document<'_>,
    pointer: &str,
) -> Vec<&'s Document<'t>> {
    let text = |key: &str| document.text_at(&format!("{pointer}/{key}"));
    let (Some("GitRepository"), Some(name)) = (text("kind"), text("name")) else {
        return Vec::new();
    };
    let namespace = text("namespace").or_else(|| document.text_at("/metadata/namespace"));
    let all = seen.of_kind("source.toolkit.fluxcd.io", "GitRepository");
    all.filter(|it| {
        let own = it.text_at("/metadata/namespace");
        it.name() == name && (own.is_none() || namespace.is_none() || own == namespace)
    })
    .collect()
}

/// An object that deploys a folder.
struct Deployer<'s, 't> {
    document: &'s Document<'t>,
    kind: &'static Kind,
}

impl Deployer<'_, '_> {
    fn repositories<'s, 't>(&self, seen: &'s Seen<'t>) -> Vec<&'s Document<'t>> {
        let mut all = repositories(seen, self.document, self.kind.reference);
        all.retain(|it| {
            let url = it.text_at("/spec/url").unwrap_or_default();
            seen.origins.may_be_judged(url)
        });
        all
    }

    fn is_judged(&self, seen: &Seen<'_>, config: Option<&Config>) -> bool {
        let shown = repositories(seen, self.document, self.kind.reference);
        let source = self.reference("kind").unwrap_or_default();
        // A chart of a Helm repository is a name, and no folder.
        let is_folder = !self.kind.is_chart || !["", "HelmRepository"].contains(&source);
        is_folder
            && (shown.is_empty() || !self.repositories(seen).is_empty())
            && holds_judged(seen, config, self.folder(), self.document)
    }

    fn ways(&self, seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
        let (Some(source), Some(kind)) = (self.reference("name"), self.reference("kind")) else {
            return Vec::new();
        };
        if kind != "GitRepository" {
            return vec![self.not_gated(self.document, self.kind.reference, kind)];
        }
        let repositories = self.repositories(seen);
        if repositories.is_empty() {
            return vec![Way {
                state: State::Unseen,
                ..self.document.open(
                    "gate-elsewhere",
                    self.kind.reference,
                    format!(
                        "which branch {} follows is not seen here: the GitRepository `{source}` is not shown",
                        self.document.called()
                    ),
                    "show that repository too: `--repo` may be repeated",
                )
            }];
        }
        let ways = repositories.into_iter();
        ways.flat_map(|repository| self.by(repository, seen, config))
            .collect()
    }

    /// What is open by one of the repositories that it may follow.
    fn by(&self, repository: &Document<'_>, seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
        let reference = |key: &str| repository.text_at(&format!("/spec/ref/{key}"));
        // As Flux looks: each counts before those that follow, and the branch last.
        let keys = ["commit", "name", "semver", "tag"].into_iter();
        let counts = keys.filter_map(|key| Some((key, reference(key)?))).next();
        let branch = match counts {
            Some(("name", name)) => name.strip_prefix("refs/heads/"),
            Some(_) => None,
            None => Some(reference("branch").unwrap_or("master")),
        };
        match branch {
            Some(branch) if is_promoted(seen, config, branch, self.folder()) => {
                let followed = Followed {
                    document: self.document,
                    branch,
                    folder: self.folder(),
                };
                followed.by_flux(self.kind.path, repository, seen, config)
            }
            _ => {
                let follows = match counts {
                    Some((key, value)) => format!("{key} {value}"),
                    None => branch.unwrap_or_default().to_owned(),
                };
                vec![self.not_gated(repository, "/spec/ref", &follows)]
            }
        }
    }

    fn not_gated(&self, document: &Document<'_>, pointer: &str, what: &str) -> Way {
        document.open(
            "not-gated",
            pointer,
            format!(
                "nothing asks before {} is applied: it follows `{what}`",
                self.document.called()
            ),
            "let it follow `gated/ENVIRONMENT/UNIT`, which `tidegate promote` moves",
        )
    }

    fn reference(&self, key: &str) -> Option<&str> {
        self.document
            .text_at(&format!("{}/{key}", self.kind.reference))
    }

    fn folder(&self) -> &str {
        self.document.text_at(self.kind.path).unwrap_or_default()
    }
}

/// A kind of object that deploys folders, and where it names what it takes.
struct Kind {
    group: &'static str,
    kind: &'static str,
    reference: &'static str,
    path: &'static str,
    is_chart: bool,
}

const KINDS: [Kind; 3] = [
    Kind {
        group: "kustomize.toolkit.fluxcd.io",
        kind: "Kustomization",
        reference: "/spec/sourceRef",
        path: "/spec/path",
        is_chart: false,
    },
    Kind {
        group: "helm.toolkit.fluxcd.io",
        kind: "HelmRelease",
        reference: "/spec/chart/spec/sourceRef",
        path: "/spec/chart/spec/chart",
        is_chart: true,
    },
    Kind {
        group: "source.toolkit.fluxcd.io",
        kind: "HelmChart",
        reference: "/spec/sourceRef",
        path: "/spec/chart",
        is_chart: true,
    },
];
