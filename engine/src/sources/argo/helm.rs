//! The Helm options of an Application's source.
//! Merges nothing and reads no file of values: it says which count, in which order.

use serde_json::Value;

use super::refuse;
use super::source::Reading;
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::RepoPath;
use crate::render::{Found, Helm, Parameter, is_one_name};
use crate::sources::deployment::Put;
use crate::sources::fields::{
    Read, Stop, field, flag, items, only, owned, place, shown, text, texts, values, wrong,
};
use crate::sources::folder;

/// What Helm is told; `node` is `None` where the folder alone says that it is a chart.
pub(super) fn options(reading: &Reading<'_>, node: Option<&Node>, folder: &RepoPath) -> Read<Helm> {
    let defaults = reading.cx.defaults;
    let mut helm = Helm {
        release: reading.deployment.name.clone(),
        namespace: reading.deployment.target_namespace.clone(),
        kube_version: defaults.kube_version.clone(),
        api_versions: defaults.api_versions.clone(),
        ..Helm::default()
    };
    let Some(node) = node else {
        return Ok(helm);
    };
    known(node)?;
    helm.release = owned(node, "releaseName")?.unwrap_or(helm.release);
    helm.namespace = owned(node, "namespace")?.or(helm.namespace);
    helm.kube_version = owned(node, "kubeVersion")?.or(helm.kube_version);
    let api_versions = texts(node, "apiVersions")?;
    if !api_versions.is_empty() {
        helm.api_versions = Some(api_versions);
    }
    helm.ignore_missing_value_files = flag(node, "ignoreMissingValueFiles")?;
    helm.skip_crds = flag(node, "skipCrds")?;
    helm.skip_tests = flag(node, "skipTests")?;
    helm.skip_schema_validation = flag(node, "skipSchemaValidation")?;
    for item in items(node, "valueFiles")? {
        let file = value_file(reading, item, folder)?.ok_or_else(|| elsewhere(item))?;
        if helm.value_files.contains(&file) {
            return Err(twice(item, &file));
        }
        helm.value_files.push(file);
    }
    helm.values = own_values(node)?;
    helm.parameters = parameters(reading, node)?;
    for item in items(node, "fileParameters")? {
        only(item, "a file parameter", &["name", "path"])?;
        let path = field(item, "path").ok_or_else(|| wrong(item, "path", "given"))?;
        let file = value_file(reading, path, folder)?.ok_or_else(|| elsewhere(path))?;
        let name = text(item, "name")?.unwrap_or_default().to_owned();
        if !is_one_name(&name) {
            let reason = format!(
                "Helm may take the file parameter `{}` for something else than one name",
                shown(&name)
            );
            return Err(Stop::unknown(item.span, reason, ONE_NAME));
        }
        helm.file_parameters.push((name, file));
    }
    Ok(helm)
}

/// The files of what is judged that a chart of elsewhere takes.
pub(super) fn files_of_here(reading: &Reading<'_>, node: &Node) -> Read<Vec<Put>> {
    let mut put: Vec<Put> = Vec::new();
    for (list, key) in [("valueFiles", None), ("fileParameters", Some("path"))] {
        for (at, item) in items(node, list)?.iter().enumerate() {
            let Some(name) = key.map_or(Some(item), |key| field(item, key)) else {
                continue;
            };
            let named = name.as_str().and_then(reference);
            if named.is_some_and(|named| reading.references.contains_key(named)) {
                let file = value_file(reading, name, &RepoPath::from(""))?;
                if let Some(file) = file.as_ref().filter(|_| key.is_none())
                    && put.iter().any(|put| put.file == *file)
                {
                    return Err(twice(item, file));
                }
                put.extend(file.map(|file| Put {
                    file,
                    pointer: format!("{}/helm/{list}/{at}", reading.pointer),
                }));
            }
        }
    }
    Ok(put)
}

/// The source that the name of a file refers to: of `$values/prod.yaml`, `values`.
fn reference(name: &str) -> Option<&str> {
    name.split('/').next()?.strip_prefix('$')
}

/// Whether a file of another source is named by a reference.
pub(super) fn refers(source: &Node, wanted: &str) -> bool {
    let items = |list: &str| {
        let items = source.pointer(list).and_then(Node::items);
        items.unwrap_or_default().iter()
    };
    let files = items("/helm/fileParameters").filter_map(|item| item.get("path"));
    let mut files = items("/helm/valueFiles")
        .chain(files)
        .filter_map(Node::as_str);
    files.any(|file| reference(file) == Some(wanted))
}

fn known(node: &Node) -> Read<()> {
    only(node, "`helm`", KEYS)?;
    match text(node, "version")? {
        None | Some("v3") => Ok(()),
        Some(version) => Err(Stop::unknown(
            place(node, "version"),
            format!("the source asks for Helm `{}`", shown(version)),
            "remove `version`: the Helm that is installed here renders",
        )),
    }
}

/// The file that `item` names; `None` where it is one of another repository.
fn value_file(reading: &Reading<'_>, item: &Node, folder: &RepoPath) -> Read<Option<RepoPath>> {
    let name = item
        .as_str()
        .ok_or_else(|| wrong(item, "valueFiles", "a list of strings"))?;
    let first = name.split('/').next().unwrap_or_default();
    let reference = reference(name).and_then(|name| reading.references.get(name));
    if reference.is_some() && reading.is_alone() {
        return Err(Stop::unknown(
            item.span,
            format!(
                "`{}` refers to the only source: Argo CD resolves references among several",
                shown(name)
            ),
            "name the file from the folder of the chart, or from the root with `/` before",
        ));
    }
    let (from, name) = match reference {
        Some(false) => return Ok(None),
        Some(true) => (b"".as_slice(), name.get(first.len()..).unwrap_or_default()),
        None => (folder.as_bytes(), name),
    };
    let name = reading.variables.replace(name, item.span)?;
    if name.contains("://") {
        return Err(Stop::unknown(
            item.span,
            format!("`{}` is a file of values from the network", shown(&name)),
            "commit the file, and name it by its path",
        ));
    }
    if name.contains(['*', '?', '[']) {
        return Err(Stop::unknown(
            item.span,
            format!(
                "`{}` is a pattern to some versions of Argo CD, and a name to others",
                shown(&name)
            ),
            "name each file",
        ));
    }
    let (path, found) = folder::resolve(reading.cx.tree.files, from, &name, item.span)?;
    match found {
        Found::File(_) | Found::Nothing => Ok(Some(path)),
        Found::Folder | Found::Link(_) | Found::Submodule(_) => Err(Stop::unknown(
            item.span,
            format!("`{}` is no file", shown(&name)),
            "name a file of values",
        )),
    }
}

/// Of the same file twice, the first counts to some versions of Argo CD, and the last to others.
fn twice(item: &Node, file: &RepoPath) -> Stop {
    let name = shown(item.as_str().unwrap_or_default());
    Stop::unknown(
        item.span,
        format!(
            "`{name}` names `{file}`, which `valueFiles` names before: versions of Argo CD differ in which one counts"
        ),
        "name each file once",
    )
}

fn elsewhere(item: &Node) -> Stop {
    Stop::unknown(
        item.span,
        "the file of values is in another repository, or another state of this one",
        "move it into this repository, or follow the branch that is judged",
    )
}

/// The values in the Application itself; the object counts where both are given.
fn own_values(node: &Node) -> Read<Option<Value>> {
    if field(node, "valuesObject").is_some() {
        return values(node, "valuesObject");
    }
    let Some(written) = text(node, "values")? else {
        return Ok(None);
    };
    let documents = yaml::parse(written).map_err(|_| wrong(node, "values", "YAML"))?;
    match documents.as_slice() {
        [] => Ok(None),
        [one] => match &one.value {
            NodeValue::Null => Ok(None),
            NodeValue::Mapping(_) => Ok(Some(one.to_json())),
            _ => Err(wrong(node, "values", "a mapping")),
        },
        _ => Err(wrong(node, "values", "one document")),
    }
}

fn parameters(reading: &Reading<'_>, node: &Node) -> Read<Vec<Parameter>> {
    refuse(
        node,
        "passCredentials",
        "the source sends credentials to other places",
        "remove `passCredentials`",
    )?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for item in items(node, "parameters")? {
        only(item, "a parameter", &["name", "value", "forceString"])?;
        let value = text(item, "value")?.unwrap_or_default();
        let parameter = Parameter {
            name: text(item, "name")?.unwrap_or_default().to_owned(),
            value: reading.variables.replace(value, item.span)?,
            force_string: flag(item, "forceString")?,
        };
        if !is_one_name(&parameter.name) {
            let reason = format!(
                "Helm may take the parameter `{}` for something else than one name",
                shown(&parameter.name)
            );
            return Err(Stop::unknown(item.span, reason, ONE_NAME));
        }
        let same = |other: &Parameter| other.name == parameter.name;
        // To Argo CD the parameters are a map, which it writes in no order.
        if parameters.iter().any(same) {
            let reason = format!("the parameter `{}` is given twice", shown(&parameter.name));
            return Err(Stop::unknown(item.span, reason, "keep one of them"));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

const ONE_NAME: &str =
    "write names with dots between, and `[0]` for an item; put any other one into `valuesObject`";
const KEYS: &[&str] = &[
    "valueFiles",
    "parameters",
    "releaseName",
    "values",
    "fileParameters",
    "version",
    "passCredentials",
    "ignoreMissingValueFiles",
    "skipCrds",
    "valuesObject",
    "namespace",
    "kubeVersion",
    "apiVersions",
    "skipTests",
    "skipSchemaValidation",
];
