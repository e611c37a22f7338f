//! An Application as Argo CD fills it in with the files of this repository that it puts into what comes from elsewhere.
//! Reads no file itself: it is told what they hold.
//!
//! Source: Argo CD, "Helm Value Precedence" and `ApplicationSourceHelm`; of `valuesObject` and `values` the first counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::deployment::{Kind, Put};
use crate::manifest::{self, Node, NodeValue, yaml};
use crate::model::RepoPath;

/// What a file holds that is put into something; nothing where there is none.
pub(crate) type Held = Option<Vec<u8>>;

/// A file of values that cannot be taken for what Helm would take it for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum UnreadableValues {
    /// It is no YAML.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] manifest::Error),
    /// It is something else than one mapping, or is not there.
    #[error("{file} is put into what comes from elsewhere, and {reason}")]
    #[diagnostic(
        code(source::values_unreadable),
        help(
            "a file in `valueFiles` is one mapping in YAML, one in `fileParameters` is text in UTF-8; of those that are not there Argo CD passes over the first alone, where `ignoreMissingValueFiles` is true"
        )
    )]
    Values {
        /// The file.
        file: RepoPath,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// An Application as the cluster gets it, in JSON: a template says neither its kind nor its version.
pub(super) fn whole(application: &Node) -> Arc<str> {
    let mut whole = application.to_json();
    if let Value::Object(fields) = &mut whole {
        fields.insert("apiVersion".to_owned(), json!(API_VERSION));
        fields.insert("kind".to_owned(), json!(Kind::Application.as_str()));
    }
    text_of(&whole).into()
}

/// The same, with what the files hold: values, whose order counts, beside the names of the files and below those of the
/// Application itself; parameters in the place of the files, above all others.
///
/// # Errors
/// A file is not what Helm takes there.
pub(crate) fn filled(application: &str, put: &[(Put, Held)]) -> Result<String, UnreadableValues> {
    let Ok(mut whole) = serde_json::from_str::<Value>(application) else {
        return Ok(application.to_owned());
    };
    let helms: BTreeSet<&str> = put.iter().filter_map(|(put, _)| helm_of(put)).collect();
    for at in helms {
        let own = put.iter().filter(|(put, _)| helm_of(put) == Some(at));
        if let Some(Value::Object(helm)) = whole.pointer_mut(at) {
            fill(helm, own)?;
        }
    }
    Ok(text_of(&whole))
}

/// Where the options stand that name a file.
fn helm_of(put: &Put) -> Option<&str> {
    let (list, _) = put.pointer.rsplit_once('/')?;
    Some(list.rsplit_once('/')?.0)
}

fn fill<'p>(
    helm: &mut Map<String, Value>,
    put: impl Iterator<Item = &'p (Put, Held)>,
) -> Result<(), UnreadableValues> {
    let (values, parameters): (Vec<_>, Vec<_>) =
        put.partition(|(put, _)| put.pointer.contains(VALUE_FILES));
    let passes_over = helm.get("ignoreMissingValueFiles") == Some(&json!(true));
    let mut merged = Map::new();
    for (put, held) in &values {
        match held {
            Some(bytes) => {
                let documents = manifest::read_documents(&put.file, bytes)?;
                let values = values_of(&documents).ok_or_else(|| wrong(put, NO_MAPPING))?;
                merge(&mut merged, values);
            }
            None if passes_over => {}
            None => return Err(wrong(put, NOTHING)),
        }
    }
    let mut given = Vec::new();
    let mut read = BTreeSet::new();
    for (put, held) in &parameters {
        let bytes = held.as_deref().ok_or_else(|| wrong(put, NOTHING))?;
        let text = std::str::from_utf8(bytes).map_err(|_| wrong(put, "is no text in UTF-8"))?;
        let at = item_of(put);
        let item = at.and_then(|at| helm.get(FILE_PARAMETERS)?.get(at));
        let name = item.and_then(|item| item.get("name"));
        given.push(json!({"name": name, "value": text, "forceString": true}));
        read.extend(at);
    }
    if let Some((first, _)) = values.first() {
        let own = own_values(helm).ok_or_else(|| wrong(first, NO_OWN))?;
        merge(&mut merged, own);
        helm.remove("values");
        helm.insert("valuesObject".to_owned(), Value::Object(merged));
    }
    if !given.is_empty() {
        if let Some(Value::Array(items)) = helm.get_mut(FILE_PARAMETERS) {
            let mut at = 0..;
            items.retain(|_| at.next().is_none_or(|at| !read.contains(&at)));
        }
        match helm.get_mut("parameters") {
            Some(Value::Array(items)) => items.extend(given),
            _ => drop(helm.insert("parameters".to_owned(), Value::Array(given))),
        }
    }
    Ok(())
}

fn wrong(put: &Put, reason: &'static str) -> UnreadableValues {
    UnreadableValues::Values {
        file: put.file.clone(),
        reason,
    }
}

fn item_of(put: &Put) -> Option<usize> {
    put.pointer.rsplit_once('/')?.1.parse().ok()
}

/// The values that the options say themselves; `None` where nobody can merge them.
fn own_values(helm: &Map<String, Value>) -> Option<Value> {
    let given = |key: &str| helm.get(key).filter(|value| !value.is_null());
    match (given("valuesObject"), given("values")) {
        (Some(values), _) => Some(values.clone()),
        (None, Some(text)) => values_of(&yaml::parse(text.as_str()?).ok()?),
        (None, None) => Some(json!({})),
    }
}

/// The one mapping of a file or text of values; an empty one of an empty text.
fn values_of(documents: &[Node]) -> Option<Value> {
    match documents {
        [] => Some(json!({})),
        [one] => match &one.value {
            NodeValue::Null => Some(json!({})),
            NodeValue::Mapping(_) => Some(one.to_json()),
            _ => None,
        },
        _ => None,
    }
}

/// Mappings are merged, anything else is replaced.
pub(super) fn merge(into: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else {
        return;
    };
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(inner)), value @ Value::Object(_)) => merge(inner, value),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn text_of(whole: &Value) -> String {
    format!("{whole:#}\n")
}

const API_VERSION: &str = "argoproj.io/v1alpha1";
const VALUE_FILES: &str = "valueFiles";
const NOTHING: &str = "is not there";
const NO_OWN: &str = "the `values` beside it are not one mapping";
const NO_MAPPING: &str = "is not one mapping";
const FILE_PARAMETERS: &str = "fileParameters";

#[cfg(test)]
mod tests {
    use super::*;

    fn put(pointer: &str, held: Option<&str>) -> (Put, Held) {
        let put = Put {
            file: "values/prod.yaml".into(),
            pointer: format!("/spec/sources/0/helm/{pointer}"),
        };
        (put, held.map(|text| text.as_bytes().to_vec()))
    }

    fn helm_after(helm: &Value, put: &[(Put, Held)]) -> Result<Value, String> {
        let application = json!({"spec": {"sources": [{"helm": helm}]}});
        let filled = filled(&application.to_string(), put).map_err(|error| error.to_string())?;
        let filled: Value = serde_json::from_str(&filled).unwrap();
        Ok(filled["spec"]["sources"][0]["helm"].clone())
    }

    #[test]
    fn files_stand_below_what_the_application_says_in_their_order() {
        let first = put("valueFiles/0", Some("a: 1\nb: {c: 1, d: [1]}\n"));
        let second = put("valueFiles/2", Some("b: {d: [2]}\ne: 2\n"));
        let both = [first.clone(), second];
        let files = json!(["$here/x.yaml", "of-the-chart.yaml", "$here/y.yaml"]);
        for (own, wanted) in [
            (
                json!({"valueFiles": files}),
                json!({"valueFiles": files, "valuesObject": {"a": 1, "b": {"c": 1, "d": [2]}, "e": 2}}),
            ),
            (
                json!({"valueFiles": files, "values": "a: 3\nb: {c: null}\n"}),
                json!({"valueFiles": files, "valuesObject": {"a": 3, "b": {"c": null, "d": [2]}, "e": 2}}),
            ),
            (
                json!({"valueFiles": files, "values": "a: 3", "valuesObject": {"a": 4}}),
                json!({"valueFiles": files, "valuesObject": {"a": 4, "b": {"c": 1, "d": [2]}, "e": 2}}),
            ),
        ] {
            assert_eq!(helm_after(&own, &both), Ok(wanted), "{own}");
        }
        let alone = json!({"valueFiles": ["$here/x.yaml"], "releaseName": "web"});
        let wanted = json!({"valueFiles": ["$here/x.yaml"], "releaseName": "web", "valuesObject": {"a": 1, "b": {"c": 1, "d": [1]}}});
        assert_eq!(helm_after(&alone, &[first]), Ok(wanted));
    }

    #[test]
    fn files_of_parameters_count_last() {
        let notes = put("fileParameters/1", Some("r.example/web:v2"));
        let own = json!({
            "parameters": [{"name": "image", "value": "r.example/web:v1"}],
            "fileParameters": [{"name": "a", "path": "of-the-chart.txt"}, {"name": "image", "path": "$here/x"}],
        });
        let wanted = json!({
            "parameters": [
                {"name": "image", "value": "r.example/web:v1"},
                {"name": "image", "value": "r.example/web:v2", "forceString": true},
            ],
            "fileParameters": [own["fileParameters"][0]],
        });
        assert_eq!(helm_after(&own, &[notes]), Ok(wanted));
    }

    #[test]
    fn what_helm_would_not_take_is_an_error() {
        let files = json!({"valueFiles": ["$here/x.yaml"]});
        let lenient = json!({"valueFiles": ["$here/x.yaml"], "ignoreMissingValueFiles": true});
        let beside = json!({"valueFiles": ["$here/x.yaml"], "values": "- a"});
        for (own, held, wanted) in [
            (&files, None, NOTHING),
            (&files, Some("- a\n"), NO_MAPPING),
            (&files, Some("a: 1\n---\na: 2\n"), NO_MAPPING),
            (&files, Some("a: [\n"), "values/prod.yaml"),
            (&beside, Some("a: 1\n"), NO_OWN),
        ] {
            let error = helm_after(own, &[put("valueFiles/0", held)]).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
        let passed = helm_after(&lenient, &[put("valueFiles/0", None)]).unwrap();
        assert_eq!(passed["valuesObject"], json!({}));
        let parameters = json!({"fileParameters": [{"name": "a", "path": "$here/x"}]});
        assert!(helm_after(&parameters, &[put("fileParameters/0", None)]).is_err());
    }
}
