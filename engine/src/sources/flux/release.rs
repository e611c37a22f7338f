//! Flux's `HelmRelease`: a chart of this repository, or one of elsewhere.
//! Renders nothing, and merges values only as the controller does.
//!
//! Source: Flux, `HelmRelease` in its reference; `GetReleaseName` and `ShortenName` of its controller.

use serde_json::{Map, Value};

use super::origin::{
    ARTIFACT, GROUP, Origin, as_applied, elsewhere, made_in_cluster, of_reference,
};
use super::values::{are_in_tree, data};
use super::{described, frame};
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::{Digest, RepoPath};
use crate::render::{Deployer, FilesError, Helm, Rendering, Tool};
use crate::sources::Context;
use crate::sources::deployment::{Deployment, Directory, External, Kind, Local, Source};
use crate::sources::fields::{
    Read, Stop, Text, field, flag, items, only, place, shown, text, values, wrong,
};
use crate::sources::filled::merge;
use crate::sources::folder;
use crate::sources::here::is_exact_version;
use crate::sources::known::Lookup;

/// What a `HelmRelease` deploys.
pub(in crate::sources) fn read(
    node: &Node,
    file: &Text,
    cx: &Context<'_>,
) -> Result<Deployment, FilesError> {
    let mut deployment = frame(node, file, Kind::HelmRelease, cx);
    let spec = node.get("spec").unwrap_or(node);
    let source = match source(spec, &mut deployment, cx) {
        Ok(source) => source,
        Err(stop) => Source::Unknown(stop.in_file(file)?),
    };
    deployment.target_namespace = deployment
        .target_namespace
        .or_else(|| deployment.namespace.clone());
    deployment.sources.push(source);
    Ok(deployment)
}

fn source(spec: &Node, deployment: &mut Deployment, cx: &Context<'_>) -> Read<Source> {
    only(spec, "a HelmRelease", KEYS)?;
    let chart = match field(spec, "chartRef") {
        Some(reference) => by_reference(reference, deployment, cx)?,
        None => {
            let own = deployment.namespace.clone();
            let chart = spec.pointer("/chart/spec").unwrap_or(spec);
            only(chart, "`chart.spec`", CHART)?;
            read_chart(chart, own, deployment, cx)?
        }
    };
    match chart {
        Chart::Elsewhere(external) => Ok(Source::External(external)),
        Chart::Here(folder) => {
            local(spec, &folder, deployment, cx).map_err(|stop| {
                match are_in_tree(field(spec, "valuesFrom"), deployment, cx) {
                    true => stop.within(&folder),
                    false => stop,
                }
            })
        }
    }
}

/// Where a chart is.
enum Chart {
    /// In this folder of the repository.
    Here(RepoPath),
    Elsewhere(External),
}

/// The chart of `chart.spec`, or of a `HelmChart` in that namespace, which says the same.
fn read_chart(
    chart: &Node,
    namespace: Option<String>,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Chart> {
    let name = text(chart, "chart")?.ok_or_else(|| wrong(chart, "chart", "given"))?;
    let reference = field(chart, "sourceRef").ok_or_else(|| wrong(chart, "sourceRef", "given"))?;
    let version = text(chart, "version")?;
    let own = std::mem::replace(&mut deployment.namespace, namespace);
    let origin = of_reference(reference, deployment, cx);
    deployment.namespace = own;
    match origin? {
        Origin::Elsewhere(external) | Origin::Pinned { external, .. } => {
            let of_repository = text(reference, "kind")? == Some("HelmRepository");
            let exact = version.is_some_and(is_exact_version);
            Ok(Chart::Elsewhere(External {
                chart: Some(name.to_owned()),
                revision: external.revision.or_else(|| version.map(str::to_owned)),
                pinned: external.pinned || of_repository && exact,
                ..external
            }))
        }
        Origin::Here { ignore } if ignore.is_empty() => {
            follows_its_files(chart)?;
            folder::find(cx.tree.files, name, place(chart, "chart")).map(Chart::Here)
        }
        Origin::Here { .. } => Err(Stop::unknown(
            reference.span,
            "`.sourceignore` or `spec.ignore` leave files of the repository out, maybe some of the chart",
            "keep charts and ignored files in sources of their own",
        )),
    }
}

/// A chart that another object brings.
fn by_reference(reference: &Node, deployment: &mut Deployment, cx: &Context<'_>) -> Read<Chart> {
    only(
        reference,
        "`chartRef`",
        &["apiVersion", "kind", "name", "namespace"],
    )?;
    let kind = text(reference, "kind")?.unwrap_or_default();
    let name = text(reference, "name")?.unwrap_or_default();
    let own = deployment.namespace.clone();
    let namespace = text(reference, "namespace")?.map(str::to_owned).or(own);
    if kind == ARTIFACT {
        return Err(made_in_cluster(
            reference,
            namespace.as_deref(),
            name,
            deployment,
        ));
    }
    let object = described(kind, namespace.as_deref(), name);
    match (kind, cx.known.find(GROUP, kind, namespace.as_deref(), name)) {
        ("OCIRepository" | "HelmChart", Lookup::One(found)) => {
            as_applied(found, reference, &object, || None)?;
            deployment.declared_in.extend(found.files());
            let spec = found.object.node.get("spec").unwrap_or(&found.object.node);
            let read = match kind {
                "HelmChart" => only(spec, "a HelmChart", OBJECT)
                    .and_then(|()| read_chart(spec, namespace, deployment, cx)),
                _ => elsewhere(kind, spec).map(|external| {
                    let chart = Some(name.to_owned());
                    Chart::Elsewhere(External { chart, ..external })
                }),
            };
            // Spans of the other file would point into this one.
            read.map_err(|stop| stop.of_object(&object, found, reference.span))
        }
        // A registry is never this repository.
        ("OCIRepository", _) => Ok(Chart::Elsewhere(External {
            repository: format!("{kind}/{name}"),
            chart: Some(name.to_owned()),
            path: None,
            revision: None,
            pinned: false,
            value_files: Vec::new(),
        })),
        ("HelmChart", Lookup::None) => Err(Stop::unknown(
            reference.span,
            format!("{object} is not in the tree, and may take its chart from this repository"),
            "commit its manifest, and let the environment's `paths` select it; or write what it says into `chart.spec`",
        )),
        ("HelmChart", Lookup::Several(_)) => Err(Stop::unknown(
            reference.span,
            format!("{object} is declared more than once"),
            "keep one of them, or write what it says into `chart.spec`",
        )),
        _ => Err(Stop::unknown(
            reference.span,
            format!(
                "nobody here knows what `chartRef` takes of the kind `{}`",
                shown(kind)
            ),
            "use a HelmChart or an OCIRepository",
        )),
    }
}

/// Refuses what makes another chart of the files that are there.
fn follows_its_files(chart: &Node) -> Read<()> {
    if !items(chart, "valuesFiles")?.is_empty() {
        let reason = "`valuesFiles` changes what the chart gives, and is not followed here";
        let remedy = "write what it does into the chart or into `values`";
        return Err(Stop::unknown(place(chart, "valuesFiles"), reason, remedy));
    }
    if text(chart, "reconcileStrategy")? == Some("Revision") {
        let reason =
            "the version of the chart says the commit, and so does what its templates make of it";
        let remedy =
            "remove `reconcileStrategy`, and raise the version in `Chart.yaml` with each change";
        return Err(Stop::unknown(
            place(chart, "reconcileStrategy"),
            reason,
            remedy,
        ));
    }
    Ok(())
}

fn local(
    spec: &Node,
    folder: &RepoPath,
    deployment: &mut Deployment,
    cx: &Context<'_>,
) -> Read<Source> {
    if !items(spec, "postRenderers")?.is_empty() {
        let reason = "`postRenderers` changes what the chart gives, and is not followed here";
        let remedy = "write what it does into the chart or into `values`";
        return Err(Stop::unknown(place(spec, "postRenderers"), reason, remedy));
    }
    if let Some(metadata) = field(spec, "commonMetadata") {
        let reason = "`commonMetadata` adds labels and annotations behind the chart";
        return Err(Stop::unknown(
            metadata.span,
            reason,
            "put them into the chart",
        ));
    }
    let helm = Helm {
        release: release_name(spec, deployment)?,
        namespace: text(spec, "targetNamespace")?
            .map(str::to_owned)
            .or_else(|| deployment.namespace.clone()),
        values: all_values(spec, deployment, cx)?,
        skip_crds: skips_crds(spec)?,
        skip_schema_validation: skips_schema(spec)?,
        kube_version: cx.defaults.kube_version.clone(),
        api_versions: cx.defaults.api_versions.clone(),
        ..Helm::default()
    };
    let render = Rendering {
        folder: folder.clone(),
        deployer: Deployer::Flux,
        tool: Tool::Helm(helm),
    };
    Ok(Source::Local(Local {
        folder: folder.clone(),
        render: Some(render),
        directory: Directory::default(),
    }))
}

/// Whether neither the first release nor a later one applies the definitions of the chart.
fn skips_crds(spec: &Node) -> Read<bool> {
    let policy = |action: &str, usual| match field(spec, action) {
        None => Ok(usual),
        Some(node) => match text(node, "crds")? {
            None => Ok(usual),
            Some("Skip") => Ok(true),
            Some("Create" | "CreateReplace") => Ok(false),
            Some(_) => Err(wrong(node, "crds", "`Skip`, `Create` or `CreateReplace`")),
        },
    };
    let old = field(spec, "install").map_or(Ok(false), |install| flag(install, "skipCRDs"))?;
    let (install, upgrade) = (policy("install", old)?, policy("upgrade", true)?);
    if old && !install {
        let node = spec.deepest("/install");
        return Err(Stop::unknown(
            node.span,
            "`skipCRDs` and `crds` say two things of one",
            "remove `skipCRDs`, which is the older one",
        ));
    }
    Ok(install && upgrade)
}

/// Whether values are not held against the chart's schema, neither at first nor later.
fn skips_schema(spec: &Node) -> Read<bool> {
    let of = |action: &str| match field(spec, action) {
        Some(node) => flag(node, "disableSchemaValidation"),
        None => Ok(false),
    };
    if let Some(upgrade) = field(spec, "upgrade")
        && flag(upgrade, "preserveValues")?
    {
        return Err(Stop::unknown(
            place(upgrade, "preserveValues"),
            "`preserveValues` takes values of what was deployed before",
            "remove `preserveValues`, and write the values into `values`",
        ));
    }
    let (install, upgrade) = (of("install")?, of("upgrade")?);
    if install != upgrade {
        return Err(Stop::unknown(
            spec.deepest(if install { "/install" } else { "/upgrade" })
                .span,
            "`install` and `upgrade` differ in `disableSchemaValidation`: one of them renders what the other refuses",
            "set it in both or in none",
        ));
    }
    Ok(install)
}

fn release_name(spec: &Node, deployment: &Deployment) -> Read<String> {
    let name = match (text(spec, "releaseName")?, text(spec, "targetNamespace")?) {
        (Some(name), _) => name.to_owned(),
        (None, Some(namespace)) => format!("{namespace}-{}", deployment.name),
        (None, None) => deployment.name.clone(),
    };
    Ok(shortened(name))
}

/// At most 53 letters: the first forty and the beginning of a digest.
fn shortened(name: String) -> String {
    match name.get(..40) {
        Some(first) if name.len() > 53 => {
            let digest: String = Digest::of(name.as_bytes())
                .as_bytes()
                .iter()
                .take(6)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            format!("{first}-{digest}")
        }
        _ => name,
    }
}

/// The values of all references in their order, and then those of the object itself.
fn all_values(spec: &Node, deployment: &mut Deployment, cx: &Context<'_>) -> Read<Option<Value>> {
    let mut merged = Map::new();
    for item in items(spec, "valuesFrom")? {
        only(
            item,
            "`valuesFrom`",
            &[
                "kind",
                "name",
                "valuesKey",
                "targetPath",
                "optional",
                "literal",
            ],
        )?;
        if let Some(path) = text(item, "targetPath")? {
            let reason = format!("a single value is put at `{}`", shown(path));
            let remedy = "write it into `values`, or into the values of the ConfigMap";
            return Err(Stop::unknown(place(item, "targetPath"), reason, remedy));
        }
        let mut data = data(item, deployment, cx)?;
        let key = text(item, "valuesKey")?.unwrap_or("values.yaml");
        let Some(written) = data.remove(key) else {
            let of = text(item, "kind")?.unwrap_or_default();
            let reason = format!("the {} has no `{}`", shown(of), shown(key));
            return Err(Stop::unknown(
                item.span,
                reason,
                "name a key that it has in `valuesKey`",
            ));
        };
        match yaml::parse(&written).as_deref() {
            Ok([one]) if matches!(one.value, NodeValue::Mapping(_)) => {
                merge(&mut merged, one.to_json());
            }
            Ok([]) => {}
            _ => return Err(wrong(item, "valuesKey", "the key of a mapping in YAML")),
        }
    }
    if let Some(own) = values(spec, "values")? {
        merge(&mut merged, own);
    }
    Ok((!merged.is_empty()).then_some(Value::Object(merged)))
}

const KEYS: &[&str] = &[
    "chart",
    "chartRef",
    "interval",
    "kubeConfig",
    "suspend",
    "releaseName",
    "targetNamespace",
    "storageNamespace",
    "dependsOn",
    "timeout",
    "maxHistory",
    "serviceAccountName",
    "persistentClient",
    "driftDetection",
    "install",
    "upgrade",
    "test",
    "rollback",
    "uninstall",
    "valuesFrom",
    "values",
    "commonMetadata",
    "postRenderers",
    "postRenderStrategy",
    "waitStrategy",
    "healthCheckExprs",
];
/// Of a `HelmChart`: as `chart.spec`, and what its own controller is told.
const OBJECT: &[&str] = &[
    "chart",
    "version",
    "sourceRef",
    "interval",
    "reconcileStrategy",
    "valuesFiles",
    "ignoreMissingValuesFiles",
    "verify",
    "suspend",
    "accessFrom",
];
const CHART: &[&str] = &[
    "chart",
    "version",
    "sourceRef",
    "interval",
    "reconcileStrategy",
    "valuesFiles",
    "ignoreMissingValuesFiles",
    "verify",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_release_name_is_shortened_as_the_controller_does() {
        let long = "a-namespace-in-front-of-a-release-with-a-very-long-name".to_owned();
        let short = shortened(long);
        assert_eq!(short.len(), 53);
        assert!(
            short.starts_with("a-namespace-in-front-of-a-release-with-a-"),
            "{short}"
        );
        assert_eq!(shortened("web".to_owned()), "web");
    }
}
