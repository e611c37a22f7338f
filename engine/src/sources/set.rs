//! Argo CD's `ApplicationSet`: the Applications that it makes of its generators and its template.
//! What it makes is read as if somebody had written it; what cannot be evaluated here is not guessed.
//!
//! Source: Argo CD, "Generating Applications with `ApplicationSet`", and `applicationset/` of its sources.

mod combine;
mod fast;
mod fields;
mod generators;
mod git;
mod matching;
mod patch;
mod raw;
mod template;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use self::template::Engine;
use super::deployment::{Deployment, Kind, OF_SET, Source};
use super::fields::{Read, Stop, Text, field, flag, items, place, shown, text, texts};
use super::go::{Missing, Steps};
use super::here::Here;
use super::known::Known;
use super::naming::Naming;
use super::prune::Prune;
use super::{Context, Tree, argo};
use crate::config::RenderDefaults;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{RepoPath, Span, limits};
use crate::render::FilesError;

/// The parameters of one Application: flat texts, or a tree for Go templates.
type Params = Map<String, Value>;

/// What the reading of one `ApplicationSet` needs.
struct Set<'a> {
    name: String,
    engine: Engine,
    /// What is left to all of its templates.
    steps: Steps,
    cx: &'a Context<'a>,
    /// The sets of parameters so far.
    built: Cell<usize>,
    /// The files that generators read.
    read: RefCell<BTreeSet<RepoPath>>,
    /// The generators that the configuration stands in for.
    told: RefCell<BTreeSet<Span>>,
}

/// The Applications of a set; where they cannot be told, one that stands for all of them.
pub(super) fn read(
    node: &Node,
    file: &Text,
    cx: &Context<'_>,
) -> Result<Vec<Deployment>, FilesError> {
    let spec = node.get("spec").unwrap_or(node);
    let name = node
        .pointer("/metadata/name")
        .and_then(Node::as_str)
        .unwrap_or_default();
    let applications = engine(spec).and_then(|engine| {
        updates(spec)?;
        let set = Set {
            name: name.to_owned(),
            engine,
            steps: Steps::default(),
            cx,
            built: Cell::default(),
            read: RefCell::default(),
            told: RefCell::default(),
        };
        let applications = set.applications(node, spec)?;
        Ok((applications, set.read.into_inner()))
    });
    let by = format!("{OF_SET}{name}");
    match applications {
        Ok((applications, read)) => {
            let mut deployments = Vec::new();
            for application in &applications {
                let mut deployment = argo::read(application, file, cx)?;
                deployment.place = file.at(node.deepest("/metadata/name").span);
                deployment.declared_in.extend(read.iter().cloned());
                deployment.generated_by = Some(by.clone());
                deployment.prune = deployment.prune.made_by(node, application);
                deployments.push(deployment);
            }
            Ok(deployments)
        }
        Err(stop) => {
            let sources = vec![Source::Unknown(stop.in_file(file)?)];
            Ok(vec![Deployment {
                sources,
                ..untold(node, file, cx)
            }])
        }
    }
}

/// One that stands for all Applications of a set, which cannot be told.
pub(super) fn untold(node: &Node, file: &Text, cx: &Context<'_>) -> Deployment {
    let spec = node.get("spec").unwrap_or(node);
    let name = node.pointer("/metadata/name").and_then(Node::as_str);
    let name = name.unwrap_or_default();
    let namespace = namespace_of(node).and_then(Node::as_str);
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    Deployment {
        name: name.to_owned(),
        unit: cx.naming.unit("ApplicationSet", namespace, name),
        namespace: namespace.map(str::to_owned),
        kind: Kind::Application,
        place: file.at(node.deepest("/metadata/name").span),
        project: None,
        cluster: None,
        target_namespace: None,
        labels: super::fields::pairs(node.get("metadata").unwrap_or(node), "labels")
            .unwrap_or_default(),
        depends_on: Vec::new(),
        generated_by: Some(format!("{OF_SET}{name}")),
        prune: Prune::default(),
        declared_in: BTreeSet::from([file.path.clone()]),
        given: BTreeMap::new(),
        takes_values: false,
        description: spec.to_json(),
        sources: Vec::new(),
        reach: None,
        pinned: Vec::new(),
        revisions: Vec::new(),
        made: None,
    }
}

/// The Applications that a set makes of a tree, each with `metadata` and `spec`; nothing where that cannot be told.
/// `told` are those that the configuration says generators give.
#[must_use]
pub fn made(
    node: &Node,
    tree: &Tree<'_>,
    here: &Here,
    told: Option<&BTreeMap<String, Vec<Params>>>,
) -> Option<Vec<Node>> {
    let spec = node.get("spec")?;
    let name = node.pointer("/metadata/name").and_then(Node::as_str);
    let none = BTreeMap::new();
    let set = Set {
        name: name.unwrap_or_default().to_owned(),
        engine: engine(spec).ok()?,
        cx: &Context {
            tree,
            here,
            defaults: &RenderDefaults::default(),
            values: &BTreeMap::new(),
            generators: told.unwrap_or(&none),
            known: &Known::default(),
            naming: &Naming::default(),
            kustomized: &BTreeSet::new(),
        },
        steps: Steps::default(),
        built: Cell::default(),
        read: RefCell::default(),
        told: RefCell::default(),
    };
    set.applications(node, spec).ok()
}

/// Refuses a set that leaves Applications as they are where what it makes of them changes.
///
/// Source: Argo CD, "Controlling Resource Modification" of `ApplicationSet`.
fn updates(spec: &Node) -> Read<()> {
    let policy = field(spec, "syncPolicy").and_then(|policy| field(policy, "applicationsSync"));
    if let Some(policy) = policy.filter(|it| !matches!(it.as_str(), Some("sync" | "create-update")))
    {
        return Err(Stop::unknown(
            policy.span,
            "by `applicationsSync` Argo CD leaves Applications that there are as they were once",
            "remove it, or use `sync` or `create-update`",
        ));
    }
    let is_harmless = |pointer: &Node| {
        let pointer = pointer.as_str().unwrap_or_default();
        HARMLESS.iter().any(|field| pointer.starts_with(field))
    };
    for item in items(spec, "ignoreApplicationDifferences")? {
        let pointers = items(item, "jsonPointers")?;
        let expressions = items(item, "jqPathExpressions")?;
        if !expressions.is_empty() || !pointers.iter().all(is_harmless) {
            return Err(Stop::unknown(
                item.span,
                "Argo CD leaves fields of Applications as they are that this names, whatever the set says",
                "let it name fields of `/metadata` and `/spec/syncPolicy` alone, by `jsonPointers`",
            ));
        }
    }
    Ok(())
}

fn engine(spec: &Node) -> Read<Engine> {
    if !flag(spec, "goTemplate")? {
        return Ok(Engine::Fast);
    }
    let mut missing = Missing::default();
    for option in texts(spec, "goTemplateOptions")? {
        missing = match option.as_str() {
            "missingkey=error" => Missing::Error,
            "missingkey=default" | "missingkey=invalid" => Missing::Default,
            "missingkey=zero" => Missing::Zero,
            _ => {
                let reason = format!("nobody here knows the option `{}`", shown(&option));
                let at = place(spec, "goTemplateOptions");
                return Err(Stop::unknown(at, reason, "use `missingkey=error`"));
            }
        };
    }
    Ok(Engine::Go { missing })
}

impl Set<'_> {
    fn applications(&self, node: &Node, spec: &Node) -> Read<Vec<Node>> {
        let template = field(spec, "template")
            .ok_or_else(|| super::fields::wrong(spec, "template", "given"))?;
        let generators = items(spec, "generators")?;
        let mut applications: Vec<Node> = Vec::new();
        let mut names = BTreeSet::new();
        for generator in generators {
            let template = generators::template(generator, template)?;
            fields::are_plain(&template)?;
            for params in generators::params(generator, self, None, 0)? {
                let mut application = self.application(&template, &params, spec)?;
                stand_beside(&mut application, namespace_of(node));
                let name = application.pointer("/metadata/name").and_then(Node::as_str);
                if !names.insert(name.unwrap_or_default().to_owned()) {
                    let reason = "two Applications of the set have the same name";
                    let remedy = "let the name in the template differ for each";
                    return Err(Stop::unknown(template.span, reason, remedy));
                }
                if applications.len() >= limits::DEPLOYMENTS.most {
                    let reason = format!("it makes more than {} Applications", limits::DEPLOYMENTS);
                    return Err(Stop::unknown(node.span, reason, "use several sets"));
                }
                applications.push(application);
            }
        }
        Ok(applications)
    }

    /// Refuses more sets of parameters, beside those so far, than there may be.
    fn room(&self, more: usize, node: &Node) -> Read<()> {
        let most = limits::PARAMETER_SETS;
        match self.built.get().saturating_add(more) > most.most {
            true => {
                let reason = format!("its generators make more than {most} sets of parameters");
                Err(Stop::unknown(node.span, reason, "use several sets"))
            }
            false => Ok(()),
        }
    }

    /// What the template makes of some parameters, with the patch of the set.
    fn application(&self, template: &Node, params: &Params, spec: &Node) -> Read<Node> {
        // Without parameters, Argo CD takes the template as it stands.
        let application = match params.is_empty() {
            true => template.clone(),
            false => self.engine.node(template, params, &self.steps)?,
        };
        let Some(patch) = text(spec, "templatePatch")? else {
            return Ok(application);
        };
        let at = place(spec, "templatePatch");
        // What a patch says may be a secret.
        let named = "`templatePatch`";
        let patch = self.engine.named(named, patch, params, at, &self.steps)?;
        patch::patched(application, &patch, at)
    }
}

fn namespace_of(node: &Node) -> Option<&Node> {
    node.pointer("/metadata/namespace")
}

/// Argo CD puts an Application where its set stands, whatever the template and its patch say.
fn stand_beside(application: &mut Node, namespace: Option<&Node>) {
    let metadata = match &mut application.value {
        NodeValue::Mapping(entries) => entries.iter_mut().find(|entry| &*entry.key == "metadata"),
        _ => None,
    };
    let Some(NodeValue::Mapping(fields)) = metadata.map(|metadata| &mut metadata.value.value)
    else {
        return;
    };
    fields.retain(|field| &*field.key != "namespace");
    fields.extend(namespace.map(|namespace| Entry {
        key: "namespace".into(),
        key_span: namespace.span,
        value: namespace.clone(),
    }));
}

/// Fields of an Application that do not say what it deploys.
const HARMLESS: [&str; 2] = ["/metadata/", "/spec/syncPolicy"];

#[cfg(test)]
mod tests;
