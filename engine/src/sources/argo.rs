//! Argo CD's `Application`: what its sources are, folder by folder.
//! Knows no `ApplicationSet`: it is given what one made, as if somebody had written it.
//!
//! Source: Argo CD, `Application` specification, "Tool Detection", "Multiple Sources for an Application".

mod environment;
mod helm;
mod kustomize;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::environment::Variables;
use self::source::Reading;
use super::Context;
use super::deployment::{Deployment, External, Kind, Source};
use super::fields::{Read, Stop, Text, field, flag, items, owned, pairs, text};
use super::filled;
use super::here::Revision;
use super::prune::{Idle, Prune};
use crate::manifest::Node;
use crate::render::FilesError;

/// What an Application deploys. Whatever cannot be told is a source of it that is not known.
pub(super) fn read(node: &Node, file: &Text, cx: &Context<'_>) -> Result<Deployment, FilesError> {
    let spec = node.get("spec").unwrap_or(node);
    let mut deployment = frame(node, spec, file, cx);
    let read = destination(spec, &mut deployment)
        .and_then(|()| whole(node, spec))
        .and_then(|()| sources(spec));
    let nodes = match read {
        Ok(nodes) => nodes,
        Err(stop) => {
            deployment
                .sources
                .push(Source::Unknown(stop.in_file(file)?));
            return Ok(deployment);
        }
    };
    let references = references(&nodes, &deployment.unit, cx);
    let is_list = field(spec, "source").is_none();
    for (at, source) in nodes.iter().copied().enumerate() {
        let reading = Reading {
            cx,
            deployment: &deployment,
            pointer: match is_list {
                true => format!("/spec/sources/{at}"),
                false => "/spec/source".to_owned(),
            },
            variables: Variables::new(&deployment, source),
            references: &references,
            all: &nodes,
        };
        match reading.source(source) {
            Ok(found) => {
                let pinned = reading.pinned(source)?;
                deployment.sources.extend(found);
                deployment.pinned.extend(pinned);
            }
            Err(stop) => deployment
                .sources
                .push(Source::Unknown(stop.in_file(file)?)),
        }
    }
    if deployment.sources.iter().any(|it| it.external().is_some()) {
        deployment.made = Some(filled::whole(node));
    }
    Ok(deployment)
}

/// What an Application says of itself.
fn frame(node: &Node, spec: &Node, file: &Text, cx: &Context<'_>) -> Deployment {
    let metadata = node.get("metadata").unwrap_or(node);
    let name = plain(metadata, "name").unwrap_or_default();
    let namespace = plain(metadata, "namespace");
    let mut deployment = Deployment {
        unit: cx
            .naming
            .unit(Kind::Application.as_str(), namespace.as_deref(), &name),
        name,
        namespace,
        kind: Kind::Application,
        place: file.at(metadata.deepest("/name").span),
        project: plain(spec, "project"),
        cluster: None,
        target_namespace: None,
        labels: pairs(metadata, "labels").unwrap_or_default(),
        depends_on: Vec::new(),
        generated_by: None,
        prune: Prune::of_application(node),
        declared_in: BTreeSet::from([file.path.clone()]),
        given: BTreeMap::new(),
        takes_values: false,
        description: description(spec),
        sources: Vec::new(),
        reach: None,
        pinned: Vec::new(),
        revisions: Vec::new(),
        made: None,
    };
    deployment.revisions = revisions(spec, &deployment.unit, cx);
    if !matches!(hidden_children(spec), Ok(None)) {
        deployment.prune.idle = deployment.prune.idle.or(Some(HIDING));
    }
    deployment
}

fn plain(node: &Node, key: &str) -> Option<String> {
    let text = node.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn destination(spec: &Node, deployment: &mut Deployment) -> Read<()> {
    let Some(destination) = field(spec, "destination") else {
        return Ok(());
    };
    let (name, server) = (text(destination, "name")?, text(destination, "server")?);
    if name.is_some() && server.is_some() {
        return Err(Stop::unknown(
            destination.span,
            "the destination has both a `name` and a `server`",
            "keep one of them: Argo CD takes neither then",
        ));
    }
    deployment.cluster = name.or(server).map(str::to_owned);
    deployment.target_namespace = owned(destination, "namespace")?;
    Ok(())
}

/// Refuses one that leaves Applications of its own folder as they are where their files change.
///
/// Source: Argo CD, "Respect ignore difference configs" of sync options.
fn leaves_children(spec: &Node) -> Read<()> {
    let options = spec
        .pointer("/syncPolicy/syncOptions")
        .and_then(Node::items);
    let mut options = options.unwrap_or_default().iter().filter_map(Node::as_str);
    let respects = options.any(|option| option == "RespectIgnoreDifferences=true");
    match hidden_children(spec)?.filter(|_| respects) {
        Some(item) => Err(Stop::unknown(
            item.span,
            "by `ignoreDifferences` and `RespectIgnoreDifferences` Argo CD leaves fields of Applications as they are, whatever their files say",
            "remove one of them, or let it name `/status` and `/operation` alone, or another kind",
        )),
        None => Ok(()),
    }
}

/// What of `ignoreDifferences` hides changes of Applications, so that nothing is synced for them alone.
fn hidden_children(spec: &Node) -> Read<Option<&Node>> {
    for item in items(spec, "ignoreDifferences")? {
        let may_be = |key: &str, wanted: &[&str]| {
            let said = item.get(key).and_then(Node::as_str);
            said.is_none_or(|said| wanted.contains(&said) || said.contains('*'))
        };
        let may_be_child =
            may_be("group", &["argoproj.io"]) && may_be("kind", &["Application", "ApplicationSet"]);
        if may_be_child && bears_on_deployed(item)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// Whether what an item of `ignoreDifferences` names may bear on what an Application deploys.
fn bears_on_deployed(item: &Node) -> Read<bool> {
    let all_apart = |key: &str, between: char| -> Read<bool> {
        let is_apart = |it: &Node| it.as_str().is_some_and(|text| is_apart(text, between));
        Ok(items(item, key)?.iter().all(is_apart))
    };
    Ok(!items(item, "managedFieldsManagers")?.is_empty()
        || !all_apart("jsonPointers", '/')?
        || !all_apart("jqPathExpressions", '.')?)
}

/// Whether a pointer, or a path of jq that is nothing else, leads to or below what controllers write.
fn is_apart(text: &str, between: char) -> bool {
    let is_step = |step: &str| {
        let mut letters = step.chars();
        !step.is_empty() && letters.all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    let Some(rest) = text.strip_prefix(between) else {
        return false;
    };
    let mut steps = rest.split(between);
    steps.clone().all(is_step) && steps.next().is_some_and(|first| APART.contains(&first))
}

/// What would have Argo CD deploy something else than `source` and `sources` say.
fn whole(node: &Node, spec: &Node) -> Read<()> {
    if let Some(operation) = field(node, "operation") {
        return Err(Stop::unknown(
            operation.span,
            "the Application carries an `operation`, which may name other sources",
            "remove `operation` from the file",
        ));
    }
    leaves_children(spec)?;
    match field(spec, "sourceHydrator") {
        Some(hydrator) => Err(Stop::unknown(
            hydrator.span,
            "what is deployed is on the branch that `sourceHydrator` writes to, not here",
            "judge that branch: declare an environment of it by `paths`",
        )),
        None => Ok(()),
    }
}

fn sources(spec: &Node) -> Read<Vec<&Node>> {
    let several = items(spec, "sources")?;
    match (field(spec, "source"), several.is_empty()) {
        (Some(one), true) => Ok(vec![one]),
        (None, false) => Ok(several.iter().collect()),
        (Some(one), false) => Err(Stop::unknown(
            one.span,
            "the Application has both `source` and `sources`",
            "keep one of them",
        )),
        (None, true) => Err(Stop::unknown(
            spec.span,
            "the Application has no source",
            "give it a `source`",
        )),
    }
}

/// What `$name/…` means in value files: whether the source of that `ref` is what is judged.
fn references(sources: &[&Node], of: &str, cx: &Context<'_>) -> BTreeMap<String, bool> {
    let named = sources.iter().filter_map(|source| {
        let name = plain(source, "ref")?;
        let url = plain(source, "repoURL")?;
        let revision = plain(source, "targetRevision");
        let judged = cx.here.revision(revision.as_deref(), of) == Revision::Judged;
        Some((name, cx.here.repository(&url) == Ok(true) && judged))
    });
    named.collect()
}

/// What the sources say, without the revisions: those are judged by their content.
fn description(spec: &Node) -> Value {
    let without = |source: &Node| {
        let mut value = source.to_json();
        if let Value::Object(fields) = &mut value {
            fields.remove("targetRevision");
        }
        value
    };
    let sources: Vec<Value> = said(spec).map(without).collect();
    json!({"sources": sources, "destination": spec.get("destination").map(Node::to_json)})
}

/// The revision that each of the sources names; nothing where that is the one that is judged.
fn revisions(spec: &Node, of: &str, cx: &Context<'_>) -> Vec<Option<Value>> {
    let named = said(spec).map(|source| {
        let revision = plain(source, "targetRevision");
        let is_here = plain(source, "chart").is_none()
            && plain(source, "repoURL").is_some_and(|url| cx.here.repository(&url) == Ok(true));
        if is_here && cx.here.revision(revision.as_deref(), of) == Revision::Judged {
            return None;
        }
        let given = source.get("targetRevision").map(Node::to_json);
        Some(given.unwrap_or_else(|| json!("HEAD")))
    });
    named.collect()
}

/// All sources that are written down, whichever of them Argo CD takes.
fn said(spec: &Node) -> impl Iterator<Item = &Node> {
    let several = spec.get("sources").and_then(Node::items);
    let one = spec.get("source").into_iter();
    one.chain(several.unwrap_or_default())
}

/// An Application's source that is not this repository as it is judged.
fn external(source: &Node, pinned: bool) -> Read<External> {
    Ok(External {
        repository: owned(source, "repoURL")?.unwrap_or_default(),
        chart: owned(source, "chart")?,
        path: owned(source, "path")?,
        revision: owned(source, "targetRevision")?,
        pinned,
        value_files: Vec::new(),
    })
}

/// A field that turns a behaviour on, and that nothing here can follow.
fn refuse(node: &Node, key: &str, reason: &str, remedy: &str) -> Read<()> {
    match flag(node, key)? {
        true => Err(Stop::unknown(
            super::fields::place(node, key),
            reason,
            remedy,
        )),
        false => Ok(()),
    }
}

/// What controllers write into an Application, and no file says.
const APART: [&str; 2] = ["status", "operation"];
const HIDING: Idle = Idle {
    why: "does not sync by itself what its `ignoreDifferences` hide of Applications",
    remedy: "let `ignoreDifferences` name `/status` and `/operation` of Applications alone in",
};
