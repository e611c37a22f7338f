//! Where a source of Flux comes from: this repository as it is judged, or something of elsewhere.
//! Asks no server: what `sourceRef` names is looked for in the tree.
//!
//! Source: Flux, `GitRepository`, `OCIRepository`, `HelmRepository` and `Bucket` in its reference.

use super::bootstrapped;
use super::described;
use super::ignored::ignored;
use crate::manifest::Node;
use crate::model::Span;
use crate::sources::Context;
use crate::sources::deployment::{Deployment, External, Kind, Source};
use crate::sources::fields::{Read, Stop, field, items, only, place, shown, text, wrong};
use crate::sources::here::{OBJECT, Revision, is_commit};
use crate::sources::known::{Declared, Lookup};

/// Where the files of a source come from.
pub(super) enum Origin {
    /// From this repository, without the files that these patterns leave out, or Flux's own list where there are none.
    Here { ignore: Vec<String> },
    /// From elsewhere.
    Elsewhere(External),
    /// From this repository, at another revision than the one that is judged.
    Pinned {
        external: External,
        ignore: Vec<String>,
    },
}

/// The origin that a `sourceRef` of `deployment` names.
pub(super) fn of_reference(
    reference: &Node,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Origin> {
    only(
        reference,
        "`sourceRef`",
        &["apiVersion", "kind", "name", "namespace"],
    )?;
    let kind = text(reference, "kind")?.unwrap_or_default();
    let name = text(reference, "name")?.ok_or_else(|| wrong(reference, "name", "given"))?;
    let own = deployment.namespace.clone();
    let namespace = text(reference, "namespace")?.map(str::to_owned).or(own);
    let namespace = namespace.as_deref();
    if kind == ARTIFACT {
        return Err(made_in_cluster(reference, namespace, name, deployment));
    }
    let declared = cx.known.find(GROUP, kind, namespace, name);
    if kind == "GitRepository" && cx.here.is_object(namespace.unwrap_or(FLUX), name) {
        let object = described(kind, namespace, name);
        let told = told(namespace, name);
        declared.not_told(reference, &object, &format!("`repositories: [{told}]`"))?;
        return told_here(&declared, reference.span, deployment, cx);
    }
    let found = match declared {
        Lookup::One(found) => found,
        Lookup::Several(found) => return Err(ambiguous(reference, kind, name, &found)),
        Lookup::None => return absent(reference, (kind, namespace, name), deployment, cx),
    };
    as_applied(found, reference, &described(kind, namespace, name), || {
        (kind == "GitRepository").then(|| told(namespace, name))
    })?;
    deployment.declared_in.extend(found.files());
    let spec = found.object.node.get("spec").unwrap_or(&found.object.node);
    // Spans of the other file would point into this one.
    let read = match kind {
        "GitRepository" => git(spec, &deployment.unit, cx),
        _ => elsewhere(kind, spec).map(Origin::Elsewhere),
    };
    let object = described(kind, namespace, name);
    read.map_err(|stop| stop.of_object(&object, found, reference.span))
}

impl Stop {
    /// Where the object is referred to; what is wrong stands in its own file.
    pub(in crate::sources) fn of_object(self, object: &str, found: &Declared, at: Span) -> Self {
        match self {
            Self::Unknown {
                span,
                reason,
                remedy,
                ..
            } => {
                let place = found.file.at(span);
                Self::unknown(at, format!("{object} at {place}: {reason}"), remedy)
            }
            files @ Self::Files(_) => files,
        }
    }
}

/// What the configuration says is this repository. What its file says is left out, is left out.
fn told_here(
    declared: &Lookup<'_>,
    at: Span,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Origin> {
    let Lookup::One(found) = declared else {
        let ignore = ignored(cx.tree, None, at)?;
        return Ok(Origin::Here { ignore });
    };
    deployment.declared_in.extend(found.files());
    let own = found.object.node.pointer("/spec/ignore");
    let ignore = ignored(cx.tree, own.and_then(Node::as_str), at)?;
    Ok(Origin::Here { ignore })
}

/// The line of `tidegate.yaml` that says that a `GitRepository` is this repository.
pub(super) fn told(namespace: Option<&str>, name: &str) -> String {
    format!("{OBJECT}{}/{name}", namespace.unwrap_or(FLUX))
}

/// What an object says of its origin is read where nothing may change it before it is applied.
pub(super) fn as_applied(
    found: &Declared,
    reference: &Node,
    object: &str,
    told: impl FnOnce() -> Option<String>,
) -> Read<()> {
    let Some(reason) = found.changed(object) else {
        return found.is_read_alike(object, reference.span);
    };
    let or = told().map_or(String::new(), |told| {
        format!("; or, if it is this repository as it is judged, say so in `tidegate.yaml`: `repositories: [\"{told}\"]`")
    });
    let remedy = format!(
        "write what it changes into the file itself, or give the patch a `target` with the kind and name that it is for{or}"
    );
    Err(Stop::unknown(reference.span, reason, remedy))
}

fn ambiguous(reference: &Node, kind: &str, name: &str, found: &[&Declared]) -> Stop {
    let places: Vec<String> = found
        .iter()
        .map(|one| format!("`{}`", one.file.path))
        .collect();
    Stop::unknown(
        reference.span,
        format!(
            "{} is declared in {}",
            described(kind, None, name),
            places.join(" and ")
        ),
        "name its namespace in `sourceRef`, or let the environment's `paths` select one of the files",
    )
}

/// What holds an artifact that another controller makes: of this repository, or of others. It is recorded as of elsewhere,
/// and what is rendered from it is not known.
pub(super) fn made_in_cluster(
    reference: &Node,
    namespace: Option<&str>,
    name: &str,
    deployment: &mut Deployment,
) -> Stop {
    let of = namespace.map_or(String::new(), |namespace| format!("{namespace}/"));
    deployment.sources.push(Source::External(External {
        repository: format!("{ARTIFACT}/{of}{name}"),
        chart: None,
        path: None,
        revision: None,
        pinned: false,
        value_files: Vec::new(),
    }));
    let object = described(ARTIFACT, namespace, name);
    let or = match deployment.kind {
        Kind::Kustomization => format!(
            "; or name the units of the environment in `tidegate.yaml` instead of selecting them, each by its folder of this repository: `sources: [{{name: {}, kind: Kustomization, path: FOLDER}}]`",
            shown(&deployment.unit)
        ),
        Kind::Application | Kind::HelmRelease => String::new(),
    };
    Stop::unknown(
        reference.span,
        format!(
            "{object} is made in the cluster, and may be made of this repository: what it holds is not told here"
        ),
        format!("name the source that it is made of, such as a GitRepository{or}"),
    )
}

/// The one that `flux bootstrap` makes is often not in the tree; any other one is not guessed.
fn absent(
    reference: &Node,
    (kind, namespace, name): (&str, Option<&str>, &str),
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Origin> {
    if kind == "GitRepository" && name == FLUX && namespace.is_none_or(|it| it == FLUX) {
        return bootstrapped::origin(reference, deployment, cx);
    }
    if !KINDS.contains(&kind) {
        return Err(strange(kind, reference.span));
    }
    let line = match kind {
        "GitRepository" => format!(
            "if it is this repository, say so in `tidegate.yaml`: `repositories: [\"{}\"]`",
            told(namespace, name)
        ),
        _ => "commit its manifest, and let the environment's `paths` select it".to_owned(),
    };
    Err(Stop::unknown(
        reference.span,
        format!("{} is not in the tree", described(kind, namespace, name)),
        line,
    ))
}

/// What a `GitRepository` of this `spec` is.
pub(super) fn git(spec: &Node, of: &str, cx: &Context<'_>) -> Read<Origin> {
    only(spec, "a GitRepository", KEYS)?;
    let url = text(spec, "url")?.ok_or_else(|| wrong(spec, "url", "given"))?;
    let followed = followed(spec)?;
    let revision = match followed {
        Followed::Branch(branch) => cx.here.branch(branch, of),
        Followed::Commit(commit) => Revision::Other {
            pinned: is_commit(commit),
        },
        Followed::Other(_) => Revision::Other { pinned: false },
    };
    let is_here = cx.here.repository_at(spec, "url", url)?;
    if let (true, Revision::Judged) = (is_here, revision) {
        for key in ["include", "sparseCheckout"] {
            if !items(spec, key)?.is_empty() {
                let reason = format!("`{key}` changes which files there are");
                return Err(Stop::unknown(place(spec, key), reason, "remove it"));
            }
        }
        return Ok(Origin::Here {
            ignore: ignored(cx.tree, text(spec, "ignore")?, spec.span)?,
        });
    }
    let (Followed::Branch(revision) | Followed::Commit(revision) | Followed::Other(revision)) =
        followed;
    let external = External {
        repository: url.to_owned(),
        chart: None,
        path: None,
        revision: Some(revision.to_owned()),
        pinned: matches!(followed, Followed::Commit(commit) if is_commit(commit)),
        value_files: Vec::new(),
    };
    if !is_here {
        return Ok(Origin::Elsewhere(external));
    }
    let ignore = match ignored(cx.tree, text(spec, "ignore")?, spec.span) {
        // What it leaves out is not known: nothing, then.
        Err(Stop::Unknown { .. }) => Vec::new(),
        found => found?,
    };
    Ok(Origin::Pinned { external, ignore })
}

/// What a `GitRepository` follows.
#[derive(Clone, Copy)]
enum Followed<'n> {
    Branch(&'n str),
    Commit(&'n str),
    Other(&'n str),
}

/// A commit wins over a name, that over a range of versions, that over a tag, that over a branch.
fn followed(spec: &Node) -> Read<Followed<'_>> {
    let Some(node) = field(spec, "ref") else {
        return Ok(Followed::Branch("master"));
    };
    only(
        node,
        "`ref`",
        &["branch", "tag", "semver", "name", "commit"],
    )?;
    if let Some(commit) = text(node, "commit")? {
        return Ok(Followed::Commit(commit));
    }
    if let Some(name) = text(node, "name")? {
        let branch = name.strip_prefix("refs/heads/");
        return Ok(branch.map_or(Followed::Other(name), Followed::Branch));
    }
    for key in ["semver", "tag"] {
        if let Some(tag) = text(node, key)? {
            return Ok(Followed::Other(tag));
        }
    }
    Ok(Followed::Branch(text(node, "branch")?.unwrap_or("master")))
}

/// What is no Git repository.
pub(super) fn elsewhere(kind: &str, spec: &Node) -> Read<External> {
    let reference = field(spec, "ref");
    let of_reference = |key: &str| reference.map_or(Ok(None), |node| text(node, key));
    let (repository, revision, pinned) = match kind {
        "OCIRepository" => {
            let digest = of_reference("digest")?;
            let other = of_reference("semver")?.or(of_reference("tag")?);
            (text(spec, "url")?, digest.or(other), digest.is_some())
        }
        "HelmRepository" => (text(spec, "url")?, None, false),
        "Bucket" => (text(spec, "bucketName")?, None, false),
        _ => return Err(strange(kind, spec.span)),
    };
    Ok(External {
        repository: repository.unwrap_or_default().to_owned(),
        chart: None,
        path: None,
        revision: revision.map(str::to_owned),
        pinned,
        value_files: Vec::new(),
    })
}

fn strange(kind: &str, span: Span) -> Stop {
    Stop::unknown(
        span,
        format!(
            "nobody here knows what a source of the kind `{}` is",
            shown(kind)
        ),
        "use a GitRepository, an OCIRepository, a HelmRepository or a Bucket",
    )
}

const KINDS: [&str; 4] = ["GitRepository", "OCIRepository", "HelmRepository", "Bucket"];
/// What controllers beside Flux's own give as a source.
pub(super) const ARTIFACT: &str = "ExternalArtifact";
/// The API group of sources.
pub(super) const GROUP: &str = "source.toolkit.fluxcd.io";
/// What `flux bootstrap` calls the repository, and the namespace of all it makes.
pub(in crate::sources) const FLUX: &str = "flux-system";
const KEYS: &[&str] = &[
    "url",
    "secretRef",
    "provider",
    "serviceAccountName",
    "interval",
    "timeout",
    "ref",
    "verify",
    "proxySecretRef",
    "ignore",
    "suspend",
    "recurseSubmodules",
    "include",
    "sparseCheckout",
    "gitImplementation",
    "accessFrom",
];
