//! Flux's `Kustomization`: the folder that it builds, and what it adds to it.
//! Knows no Helm.
//!
//! Source: Flux, `Kustomization` in its reference, and the generator of kustomizations in `fluxcd/pkg`.

mod bootstrapped;
mod ignored;
mod origin;
mod plain;
mod release;
mod values;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use ignored::{LeftOut, ignored_everywhere};
pub(super) use origin::FLUX;
pub(super) use plain::is_plain;
pub(super) use release::read as read_release;
pub(super) use values::held;

use self::origin::{Origin, of_reference};
use self::plain::plain;
use super::Context;
use super::deployment::{Deployment, Directory, Kind, Local, Reach, Source};
use super::fields::{
    Read, Stop, Text, field, flag, items, only, owned, pairs, place, shown, text, texts, wrong,
};
use super::folder;
use super::prune::Prune;
use crate::manifest::Node;
use crate::model::RepoPath;
use crate::render::{
    Deployer, FilesError, ImageOverride, Kustomize, LabelOverride, Rendering, Tool,
};

/// What a Kustomization deploys.
pub(super) fn read(node: &Node, file: &Text, cx: &Context<'_>) -> Result<Deployment, FilesError> {
    let mut deployment = frame(node, file, Kind::Kustomization, cx);
    let spec = node.get("spec").unwrap_or(node);
    let source = match source(spec, &mut deployment, cx) {
        Ok(source) => source,
        Err(stop) => Source::Unknown(stop.in_file(file)?),
    };
    deployment.sources.push(source);
    Ok(deployment)
}

/// What every object of Flux says of itself.
fn frame(node: &Node, file: &Text, kind: Kind, cx: &Context<'_>) -> Deployment {
    let metadata = node.get("metadata").unwrap_or(node);
    let spec = node.get("spec").unwrap_or(node);
    let at = |node: &Node, pointer: &str| {
        let text = node.pointer(pointer).and_then(Node::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let namespace = at(metadata, "/namespace");
    let depends_on = spec
        .get("dependsOn")
        .and_then(Node::items)
        .unwrap_or_default();
    let depends_on = depends_on.iter().filter_map(|item| {
        let in_namespace = at(item, "/namespace").or_else(|| namespace.clone());
        let name = at(item, "/name")?;
        Some(in_namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}")))
    });
    let name = at(metadata, "/name").unwrap_or_default();
    Deployment {
        unit: cx.naming.unit(kind.as_str(), namespace.as_deref(), &name),
        name,
        depends_on: depends_on.collect(),
        namespace,
        kind,
        place: file.at(metadata.deepest("/name").span),
        project: None,
        cluster: at(spec, "/kubeConfig/secretRef/name")
            .or_else(|| at(spec, "/kubeConfig/configMapRef/name")),
        target_namespace: at(spec, "/targetNamespace"),
        labels: pairs(metadata, "labels").unwrap_or_default(),
        generated_by: None,
        prune: Prune::of_flux(node, kind),
        declared_in: BTreeSet::from([file.path.clone()]),
        given: BTreeMap::new(),
        takes_values: takes_values(spec),
        description: spec.to_json(),
        sources: Vec::new(),
        reach: None,
        pinned: Vec::new(),
        revisions: Vec::new(),
        made: None,
    }
}

fn source(spec: &Node, deployment: &mut Deployment, cx: &Context<'_>) -> Read<Source> {
    only(spec, "a Kustomization", KEYS)?;
    let reference = field(spec, "sourceRef").ok_or_else(|| wrong(spec, "sourceRef", "given"))?;
    let ignore = match of_reference(reference, deployment, cx)? {
        Origin::Here { ignore } => ignore,
        Origin::Elsewhere(mut external) => {
            external.path = owned(spec, "path")?;
            return Ok(Source::External(external));
        }
        Origin::Pinned {
            mut external,
            ignore,
        } => {
            external.path = owned(spec, "path")?;
            deployment.pinned = pinned(spec, &ignore, deployment, cx)?;
            return Ok(Source::External(external));
        }
    };
    built(spec, &ignore, deployment, cx)
}

/// The folder of this repository that it takes at another revision, as the one that is judged has it.
fn pinned(
    spec: &Node,
    ignore: &[String],
    deployment: &Deployment,
    cx: &Context<'_>,
) -> Result<Vec<Reach>, FilesError> {
    let mut told = deployment.clone();
    let local = match built(spec, ignore, &mut told, cx) {
        Ok(source) => match source {
            Source::Local(local) => Some(Reach::AsTold(local)),
            Source::External(_) | Source::Unknown(_) => None,
        },
        Err(Stop::Files(error)) => return Err(error),
        Err(Stop::Unknown { .. }) => match told.reach {
            Some(reach) => Some(reach),
            None => {
                let path = spec.get("path").and_then(Node::as_str);
                folder::reached(cx.tree.files, path.unwrap_or("."))?
            }
        },
    };
    Ok(local.into_iter().collect())
}

/// The folder of this repository that it builds, and what it adds to it.
fn built(
    spec: &Node,
    ignore: &[String],
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Source> {
    let path = text(spec, "path")?.unwrap_or(".");
    let folder = folder::find(cx.tree.files, path, place(spec, "path"))?;
    let told = options(spec).and_then(|kustomize| match odd(spec) {
        Ok(()) => Ok(kustomize),
        Err(stop) if values::are_in_tree(substituted(spec), deployment, cx) => {
            let kustomize = Kustomize {
                ignore: ignore.to_vec(),
                ..kustomize
            };
            Err(stop.rendered_as(rendering(folder.clone(), kustomize)))
        }
        Err(stop) => Err(stop),
    });
    let kustomize = told.inspect_err(|_| {
        let kustomize = Kustomize {
            ignore: ignore.to_vec(),
            ..Kustomize::default()
        };
        let local = local(folder.clone(), kustomize);
        deployment.reach = Some(Reach::Otherwise(local));
    })?;
    let substitute = values::substitute(spec, deployment, cx);
    let kustomize = Kustomize {
        ignore: ignore.to_vec(),
        // What is not known of them replaces variables all the same.
        substitute: substitute
            .as_ref()
            .map_or(Some(BTreeMap::new()), Clone::clone),
        ..kustomize
    };
    if let Err(stop) = substitute {
        let is_bounded = values::are_in_tree(substituted(spec), deployment, cx);
        let rendering = rendering(folder.clone(), kustomize.clone());
        deployment.reach = Some(Reach::AsTold(local(folder, kustomize)));
        return Err(match is_bounded {
            true => stop.rendered_as(rendering),
            false => stop,
        });
    }
    if let Some(directory) = plain(&folder, &kustomize, cx.tree.files)? {
        return Ok(Source::Local(Local {
            folder,
            render: None,
            directory,
        }));
    }
    Ok(Source::Local(local(folder, kustomize)))
}

/// A folder that is built.
fn local(folder: RepoPath, kustomize: Kustomize) -> Local {
    Local {
        render: Some(rendering(folder.clone(), kustomize)),
        folder,
        directory: Directory::default(),
    }
}

fn rendering(folder: RepoPath, kustomize: Kustomize) -> Rendering {
    Rendering {
        folder,
        deployer: Deployer::Flux,
        tool: Tool::Kustomize(kustomize),
    }
}

/// What variables are taken from.
fn substituted(spec: &Node) -> Option<&Node> {
    field(spec, "postBuild")?.get("substituteFrom")
}

/// Whether it names others that it takes values from.
pub(super) fn takes_values(spec: &Node) -> bool {
    let named = [field(spec, "valuesFrom"), substituted(spec)];
    let mut named = named.into_iter().flatten();
    named.any(|it| it.items().is_none_or(|items| !items.is_empty()))
}

/// Refuses what makes something else of the same files.
fn odd(spec: &Node) -> Read<()> {
    let reason = "which components count depends on what exists";
    let remedy = "remove `ignoreMissingComponents`, and name the components that are there";
    refuse(
        flag(spec, "ignoreMissingComponents")?,
        spec,
        "ignoreMissingComponents",
        reason,
        remedy,
    )?;
    let origins = !items(spec, "buildMetadata")?.is_empty();
    let reason = "`buildMetadata` adds annotations that are not known here";
    refuse(
        origins,
        spec,
        "buildMetadata",
        reason,
        "remove `buildMetadata`",
    )
}

/// All but the variables.
fn options(spec: &Node) -> Read<Kustomize> {
    let metadata = field(spec, "commonMetadata");
    let of_metadata = |key: &str| metadata.map_or(Ok(BTreeMap::new()), |node| pairs(node, key));
    if let Some(node) = metadata {
        only(node, "`commonMetadata`", &["labels", "annotations"])?;
    }
    let labels = of_metadata("labels")?;
    Ok(Kustomize {
        name_prefix: owned(spec, "namePrefix")?,
        name_suffix: owned(spec, "nameSuffix")?,
        namespace: owned(spec, "targetNamespace")?,
        images: images(spec)?,
        labels: (!labels.is_empty()).then(|| LabelOverride {
            pairs: labels,
            ..LabelOverride::default()
        }),
        annotations: of_metadata("annotations")?,
        patches: items(spec, "patches")?.iter().map(Node::to_json).collect(),
        components: texts(spec, "components")?,
        ..Kustomize::default()
    })
}

fn refuse(is_so: bool, node: &Node, key: &str, reason: &str, remedy: &str) -> Read<()> {
    match is_so {
        true => Err(Stop::unknown(place(node, key), reason, remedy)),
        false => Ok(()),
    }
}

fn images(spec: &Node) -> Read<Vec<ImageOverride>> {
    let images = items(spec, "images")?.iter().map(|item| {
        only(item, "an image", &["name", "newName", "newTag", "digest"])?;
        Ok(ImageOverride {
            name: owned(item, "name")?.ok_or_else(|| wrong(item, "name", "given"))?,
            new_name: owned(item, "newName")?,
            new_tag: owned(item, "newTag")?,
            digest: owned(item, "digest")?,
        })
    });
    images.collect()
}

/// An object of the tree that another one refers to, in words.
fn described(kind: &str, namespace: Option<&str>, name: &str) -> String {
    let namespace = namespace.map_or(String::new(), |namespace| format!("{namespace}/"));
    format!("{kind} `{}`", shown(&format!("{namespace}{name}")))
}

const KEYS: &[&str] = &[
    "commonMetadata",
    "dependsOn",
    "decryption",
    "interval",
    "retryInterval",
    "kubeConfig",
    "path",
    "postBuild",
    "prune",
    "deletionPolicy",
    "healthChecks",
    "namePrefix",
    "nameSuffix",
    "patches",
    "images",
    "serviceAccountName",
    "sourceRef",
    "suspend",
    "targetNamespace",
    "timeout",
    "force",
    "wait",
    "buildMetadata",
    "components",
    "ignoreMissingComponents",
    "healthCheckExprs",
    "ignore",
    // Of old versions: it says what is asked before objects are applied, and changes none of them.
    "validation",
];
