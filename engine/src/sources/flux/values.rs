//! Values that objects of Flux take from `ConfigMaps`: found in the tree, or told by the configuration.
//! A Secret is never read.

use std::collections::BTreeMap;

use super::described;
use super::origin::FLUX;
use crate::manifest::Node;
use crate::sources::Context;
use crate::sources::deployment::Deployment;
use crate::sources::fields::{Read, Stop, field, items, only, pairs, place, text, wrong};
use crate::sources::known::Lookup;

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

/// The data of the `ConfigMap` that `reference` names.
pub(super) fn data(
    reference: &Node,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<BTreeMap<String, String>> {
    let kind = text(reference, "kind")?.unwrap_or_default();
    let name = text(reference, "name")?.ok_or_else(|| wrong(reference, "name", "given"))?;
    let namespace = deployment.namespace.clone();
    let in_namespace = namespace.as_deref().unwrap_or(FLUX);
    let key = format!("{kind}/{in_namespace}/{name}");
    let object = described(kind, Some(in_namespace), name);
    let declared = cx.known.find("", kind, namespace.as_deref(), name);
    if let Some(told) = cx.values.get(&key) {
        // What an encrypted one holds is not in the tree.
        if !matches!(&declared, Lookup::One(one) if is_encrypted(&one.object.node)) {
            declared.not_told(reference, &object, &format!("`values: {{\"{key}\": …}}`"))?;
        }
        return Ok(told.clone());
    }
    let tell = format!(
        "say in `tidegate.yaml` what it holds that is used here, `{{}}` if it does not exist: `values: {{\"{key}\": {{NAME: value}}}}`"
    );
    let unknown = |reason: String| Stop::unknown(reference.span, reason, tell.clone());
    // What is told beside a declaration counts for nothing.
    let declare = |reason: String| {
        let remedy = "declare it once, as it is applied, with texts alone";
        Stop::unknown(reference.span, reason, remedy)
    };
    if kind != "ConfigMap" {
        return Err(unknown(format!(
            "{object} is not read: its values would be shown"
        )));
    }
    let found = match declared {
        Lookup::One(found) => found,
        Lookup::None => {
            return Err(unknown(format!(
                "{object} is not in the files that the environment selects"
            )));
        }
        Lookup::Several(found) => {
            let places: Vec<String> = found
                .iter()
                .map(|one| format!("`{}`", one.file.path))
                .collect();
            return Err(declare(format!(
                "{object} is declared in {}",
                places.join(" and ")
            )));
        }
    };
    let node = &found.object.node;
    if is_encrypted(node) {
        return Err(unknown(format!("{object} is encrypted")));
    }
    if let Some(by) = &found.changed_by {
        let reason = format!("{object} is changed by `{by}` before it is applied");
        return Err(declare(reason));
    }
    deployment.declared_in.insert(found.file.path.clone());
    pairs(node, "data").map_err(|_| {
        let at = found.file.at(place(node, "data"));
        declare(format!("{object} at {at} holds what is no string"))
    })
}

fn is_encrypted(object: &Node) -> bool {
    field(object, "sops").is_some()
}
