//! The fields of an Application, by which Argo CD reads a patch and a template.
//! Its reader takes `Path` and `de\u{17f}tination` for fields too; what is spelled so is refused.
//!
//! Source: Argo CD, `pkg/apis/application/v1alpha1/types.go`, and Go's `encoding/json`, which folds the letters of keys.

use crate::manifest::{Node, NodeValue};
use crate::sources::fields::{Read, Stop};

/// Refuses every key below that is no field, spelled as it is. Parts whose keys are free are not looked at.
pub(super) fn are_known(node: &Node, whose: &str) -> Read<()> {
    each(node, "", &|key, within, node| match FIELDS.contains(&key) {
        true => Ok(()),
        false => Err(Stop::unknown(
            node.span,
            format!(
                "{whose} has a key that is no field of an Application, {within}: Argo CD may take it for one"
            ),
            "write the fields as they are documented, letter by letter, or leave it out",
        )),
    })
}

/// Refuses templates in place of fields, and what is read as a field and not spelled so.
pub(super) fn are_plain(template: &Node) -> Read<()> {
    each(template, "", &|key, within, node| {
        let is_field = FIELDS.contains(&key);
        let may_be = key.contains("{{") || FIELDS.iter().any(|field| folded(field) == folded(key));
        match !is_field && may_be {
            true => Err(Stop::unknown(
                node.span,
                format!(
                    "the template has a key that is not spelled as a field of an Application, {within}: Argo CD may read it otherwise"
                ),
                "write the fields as they are documented, letter by letter, without templates",
            )),
            false => Ok(()),
        }
    })
}

fn each(node: &Node, within: &str, check: &dyn Fn(&str, &str, &Node) -> Read<()>) -> Read<()> {
    match &node.value {
        NodeValue::Mapping(entries) => entries.iter().try_for_each(|entry| {
            let place = match within {
                "" => "at the top".to_owned(),
                within => format!("in `{within}`"),
            };
            check(&entry.key, &place, &entry.value)?;
            match FREE.contains(&&*entry.key) {
                true => Ok(()),
                false => each(&entry.value, &entry.key, check),
            }
        }),
        NodeValue::Sequence(items) => items.iter().try_for_each(|item| each(item, within, check)),
        _ => Ok(()),
    }
}

/// As Go compares keys: by letters, of which two more are `s` and `k`.
fn folded(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// Whose keys are anybody's.
const FREE: [&str; 7] = [
    "labels",
    "annotations",
    "commonLabels",
    "commonAnnotations",
    "valuesObject",
    "options",
    "map",
];

/// All fields, wherever they stand: no two of them are the same to Go.
const FIELDS: &[&str] = &[
    "allowEmpty",
    "annotationSelector",
    "annotations",
    "apiVersion",
    "apiVersions",
    "array",
    "automated",
    "backoff",
    "chart",
    "code",
    "commonAnnotations",
    "commonAnnotationsEnvsubst",
    "commonLabels",
    "components",
    "count",
    "destination",
    "directory",
    "drySource",
    "duration",
    "enabled",
    "env",
    "exclude",
    "extVars",
    "factor",
    "fileParameters",
    "finalizers",
    "forceCommonAnnotations",
    "forceCommonLabels",
    "forceString",
    "group",
    "helm",
    "hydrateTo",
    "ignoreDifferences",
    "ignoreMissingComponents",
    "ignoreMissingValueFiles",
    "images",
    "include",
    "info",
    "jqPathExpressions",
    "jsonPointers",
    "jsonnet",
    "kind",
    "kubeVersion",
    "kustomize",
    "labelIncludeTemplates",
    "labelSelector",
    "labelWithoutSelector",
    "labels",
    "libs",
    "limit",
    "managedFieldsManagers",
    "managedNamespaceMetadata",
    "map",
    "maxDuration",
    "metadata",
    "name",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "options",
    "parameters",
    "passCredentials",
    "patch",
    "patches",
    "path",
    "plugin",
    "project",
    "prune",
    "recurse",
    "ref",
    "refresh",
    "releaseName",
    "replicas",
    "repoURL",
    "retry",
    "revisionHistoryLimit",
    "selfHeal",
    "server",
    "skipCrds",
    "skipSchemaValidation",
    "skipTests",
    "source",
    "sourceHydrator",
    "sources",
    "spec",
    "string",
    "syncOptions",
    "syncPolicy",
    "syncSource",
    "target",
    "targetBranch",
    "targetRevision",
    "tlas",
    "value",
    "valueFiles",
    "values",
    "valuesObject",
    "version",
];
