//! Flux: what its `Kustomization`s follow. It has no hook; what is followed is all there is.

use super::deployed::{holds_judged, is_promoted};
use super::tree::{Document, Seen};
use super::{State, Way, promoted};
use crate::config::Config;

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let kustomizations = seen.of_kind("kustomize.toolkit.fluxcd.io", "Kustomization");
    let judged = kustomizations.filter(|it| {
        let folder = it.text_at("/spec/path").unwrap_or_default();
        let url = repository(seen, it).and_then(|it| it.text_at("/spec/url"));
        seen.origins.may_be_judged(url.unwrap_or_default())
            && holds_judged(seen, config, folder.trim_start_matches("./"), it)
    });
    judged
        .flat_map(
            |kustomization| match followed(seen, config, kustomization) {
                Some(way) => vec![way],
                None => repository(seen, kustomization).map_or_else(Vec::new, |repository| {
                    promoted::of_kustomization(kustomization, repository, seen, config)
                }),
            },
        )
        .collect()
}

/// Where what a Flux `Kustomization` follows is not a promoted branch, or not seen.
fn followed(seen: &Seen<'_>, config: Option<&Config>, kustomization: &Document<'_>) -> Option<Way> {
    let source = kustomization.text_at("/spec/sourceRef/name")?;
    let kind = kustomization.text_at("/spec/sourceRef/kind")?;
    let open = |document: &Document<'_>, pointer: &str, what: &str| {
        document.open(
            "not-gated",
            pointer,
            format!(
                "nothing asks before {} is applied: it follows `{what}`",
                kustomization.called()
            ),
            "let it follow `gated/ENVIRONMENT/UNIT`, which `tidegate promote` moves",
        )
    };
    if kind != "GitRepository" {
        return Some(open(kustomization, "/spec/sourceRef", kind));
    }
    let Some(repository) = repository(seen, kustomization) else {
        return Some(Way {
            state: State::Unseen,
            ..kustomization.open(
                "gate-elsewhere",
                "/spec/sourceRef",
                format!(
                    "which branch {} follows is not seen here: the GitRepository `{source}` is not shown",
                    kustomization.called()
                ),
                "show that repository too: `--repo` may be repeated",
            )
        });
    };
    let reference = |key: &str| repository.text_at(&format!("/spec/ref/{key}"));
    // As Flux looks: each counts before those that follow, and the branch last.
    let keys = ["commit", "name", "semver", "tag"].into_iter();
    let counts = keys.filter_map(|key| Some((key, reference(key)?))).next();
    let branch = match counts {
        Some(("name", name)) => name.strip_prefix("refs/heads/"),
        Some(_) => None,
        None => Some(reference("branch").unwrap_or("master")),
    };
    let folder = kustomization.text_at("/spec/path").unwrap_or_default();
    let folder = folder.trim_start_matches("./");
    let promoted = branch.is_some_and(|branch| is_promoted(seen, config, branch, folder));
    let follows = match counts {
        Some((key, value)) => format!("{key} {value}"),
        None => branch.unwrap_or_default().to_owned(),
    };
    (!promoted).then(|| open(repository, "/spec/ref", &follows))
}

/// The repository that a `Kustomization` follows, where it is one and shown.
pub(super) fn repository<'s, 't>(
    seen: &'s Seen<'t>,
    kustomization: &Document<'_>,
) -> Option<&'s Document<'t>> {
    let source = kustomization.text_at("/spec/sourceRef/name")?;
    let is_git = kustomization.text_at("/spec/sourceRef/kind") == Some("GitRepository");
    let mut repositories = seen.of_kind("source.toolkit.fluxcd.io", "GitRepository");
    repositories.find(|it| is_git && it.name() == source)
}
