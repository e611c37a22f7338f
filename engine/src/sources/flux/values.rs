//! Values that objects of Flux take from `ConfigMaps`: found in the tree, or told by the configuration.
//! Of a Secret it is only asked whether it holds what the configuration tells of it.

use std::collections::BTreeMap;

use super::described;
use super::origin::FLUX;
use crate::manifest::secrets::decoded;
use crate::manifest::{Node, NodeValue};
use crate::model::RepoPath;
use crate::sources::Context;
use crate::sources::deployment::Deployment;
use crate::sources::fields::{Read, Stop, field, items, only, pairs, place, text, wrong};
use crate::sources::generated::Generated;
use crate::sources::known::{Declared, Lookup};

/// The variables of `postBuild`; `None` where Flux replaces nothing.
pub(super) fn substitute(
    spec: &Node,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Option<BTreeMap<String, String>>> {
    let Some(node) = field(spec, "postBuild") else {
        return Ok(None);
    };
    only(
        node,
        "`postBuild`",
        &["substitute", "substituteFrom", "substituteStrategy"],
    )?;
    let mut variables = BTreeMap::new();
    for item in items(node, "substituteFrom")? {
        only(item, "`substituteFrom`", &["kind", "name", "optional"])?;
        variables.extend(data(item, deployment, cx)?);
    }
    variables.extend(pairs(node, "substitute")?);
    let always = match text(node, "substituteStrategy")? {
        None | Some("WithVariables") => false,
        Some("Always") => true,
        Some(_) => {
            return Err(wrong(
                node,
                "substituteStrategy",
                "`WithVariables` or `Always`",
            ));
        }
    };
    for value in variables.values_mut() {
        value.retain(|c| c != '\n');
    }
    Ok((always || !variables.is_empty()).then_some(variables))
}

/// The data of the `ConfigMap` or Secret that `reference` names.
pub(super) fn data(
    reference: &Node,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<BTreeMap<String, String>> {
    let kind = text(reference, "kind")?.unwrap_or_default();
    let name = text(reference, "name")?.ok_or_else(|| wrong(reference, "name", "given"))?;
    let namespace = deployment.namespace.clone();
    let in_namespace = namespace.as_deref().unwrap_or(FLUX);
    let named = Named {
        reference,
        key: format!("{kind}/{in_namespace}/{name}"),
        object: described(kind, Some(in_namespace), name),
    };
    let declared = cx.known.find("", kind, namespace.as_deref(), name);
    if let Some(told) = cx.values.get(&named.key) {
        named.agrees(told, &declared)?;
        named.is_not_made_otherwise((kind, in_namespace, name), told, cx)?;
        if let Lookup::One(found) = declared {
            deployment.declared_in.extend(found.files());
        }
        deployment.given.insert(named.key, told.clone());
        return Ok(told.clone());
    }
    let made = cx.tree.generated((kind, in_namespace, name), cx.kustomized);
    if let Some((file, _)) = made.first() {
        return Err(named.declare(format!(
            "{} may be made by a generator of `{file}`",
            named.object
        )));
    }
    let found = named.legible(kind, declared)?;
    deployment.declared_in.extend(found.files());
    let node = &found.object.node;
    let data = pairs(node, "data").map_err(|_| {
        let at = found.file.at(place(node, "data"));
        named.declare(format!("{} at {at} holds what is no string", named.object))
    })?;
    deployment.given.insert(named.key, data.clone());
    Ok(data)
}

/// Whether all that a list refers to stands in files of the tree as it is applied, legible or not, or in the configuration.
pub(super) fn are_in_tree(
    list: Option<&Node>,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> bool {
    let items = match list.map(|list| (list, &list.value)) {
        None | Some((_, NodeValue::Null)) => return true,
        Some((list, _)) => list.items(),
    };
    let mut is_there = |item: &Node| {
        let text = |key: &str| item.get(key).and_then(Node::as_str).unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        let namespace = deployment.namespace.clone();
        let in_namespace = namespace.as_deref().unwrap_or(FLUX);
        let is_made = || {
            let object = (kind, in_namespace, name);
            !cx.tree.generated(object, cx.kustomized).is_empty()
        };
        if only(item, "a reference", REFERENCE).is_err() || is_made() {
            return false;
        }
        let key = format!("{kind}/{in_namespace}/{name}");
        match cx.known.find("", kind, namespace.as_deref(), name) {
            Lookup::One(found) if found.is_of_its_file() => {
                deployment.declared_in.extend(found.files());
                true
            }
            Lookup::None => cx.values.contains_key(&key),
            Lookup::One(_) | Lookup::Several(_) => false,
        }
    };
    items.is_some_and(|items| items.iter().all(&mut is_there))
}

/// What a reference names.
struct Named<'n> {
    reference: &'n Node,
    /// As the configuration names it.
    key: String,
    /// In words.
    object: String,
}

impl Named<'_> {
    /// What the configuration tells is what the tree declares, or the tree declares no such thing that can be read.
    fn agrees(&self, told: &BTreeMap<String, String>, declared: &Lookup<'_>) -> Read<()> {
        match declared {
            Lookup::One(one) if one.is_secret() && !one.may_be_told() => {
                one.is_read_alike(&self.object, self.reference.span)?;
                if held(&one.object.node).as_ref() == Some(told) {
                    return Ok(());
                }
                let place = one.file.at(one.object.node.span);
                let object = &self.object;
                Err(Stop::unknown(
                    self.reference.span,
                    format!(
                        "{object} at {place} holds something else than `tidegate.yaml` tells of it"
                    ),
                    format!(
                        "write all that it holds into `tidegate.yaml`: `values: {{\"{}\": …}}`; or use a ConfigMap, which is read",
                        self.key
                    ),
                ))
            }
            other => other.not_told(
                self.reference,
                &self.object,
                &format!("`values: {{\"{}\": …}}`", self.key),
            ),
        }
    }

    /// No kustomization that is looked into makes another one than the configuration tells.
    fn is_not_made_otherwise(
        &self,
        object: (&str, &str, &str),
        told: &BTreeMap<String, String>,
        cx: &Context<'_>,
    ) -> Read<()> {
        let made = cx.tree.generated(object, cx.kustomized);
        let held = |made: &Generated| made.held.as_ref() == Some(told);
        let other = |made: &&(&RepoPath, Option<Generated>)| !made.1.as_ref().is_some_and(held);
        let Some((file, _)) = made.iter().find(other) else {
            return Ok(());
        };
        Err(Stop::unknown(
            self.reference.span,
            format!(
                "{} may be made by a generator of `{file}`, and `tidegate.yaml` tells something else of it: `values: {{\"{}\": …}}`",
                self.object, self.key
            ),
            "keep one of them: make it a manifest, which is read, and remove it from `tidegate.yaml`; or let both say the same, the generator by `literals` alone",
        ))
    }

    /// The one object of the tree whose values are read.
    fn legible<'k>(&self, kind: &str, declared: Lookup<'k>) -> Read<&'k Declared> {
        let object = &self.object;
        let found = match declared {
            Lookup::Several(found) => {
                let places: Vec<String> = found
                    .iter()
                    .map(|one| format!("`{}`", one.file.path))
                    .collect();
                let places = places.join(" and ");
                return Err(self.declare(format!("{object} is declared in {places}")));
            }
            Lookup::One(found) if found.is_encrypted() => {
                return Err(self.untold(format!("{object} is encrypted")));
            }
            Lookup::One(found) => match found.changed(object) {
                Some(reason) => return Err(self.untold(reason)),
                None => {
                    found.is_read_alike(object, self.reference.span)?;
                    Some(found)
                }
            },
            Lookup::None => None,
        };
        match found {
            _ if kind != "ConfigMap" => {
                Err(self.untold(format!("{object} is not read: its values would be shown")))
            }
            None => Err(self.untold(format!(
                "{object} is not in the files that the environment selects"
            ))),
            Some(found) => Ok(found),
        }
    }

    /// The configuration may say what it holds.
    fn untold(&self, reason: String) -> Stop {
        let remedy = format!(
            "say in `tidegate.yaml` what it holds that is used here, `{{}}` if it does not exist: `values: {{\"{}\": {{NAME: value}}}}`",
            self.key
        );
        Stop::unknown(self.reference.span, reason, remedy)
    }

    /// What the configuration tells beside a declaration counts for nothing.
    fn declare(&self, reason: String) -> Stop {
        let remedy = "declare it once, as it is applied, with texts alone";
        Stop::unknown(self.reference.span, reason, remedy)
    }
}

/// What a Secret holds, never shown; `None` where that is no text.
pub(in crate::sources) fn held(secret: &Node) -> Option<BTreeMap<String, String>> {
    let data = pairs(secret, "data").ok()?.into_iter();
    let data = data.map(|(key, value)| Some((key, decoded(&value)?)));
    let mut held: BTreeMap<String, String> = data.collect::<Option<_>>()?;
    held.extend(pairs(secret, "stringData").ok()?);
    Some(held)
}

/// What is said of an object that values are taken from.
const REFERENCE: &[&str] = &[
    "kind",
    "name",
    "optional",
    "valuesKey",
    "targetPath",
    "literal",
];
