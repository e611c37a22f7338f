//! The sources of a sync: those of the judged repository, those of the gate, and all others.
//! Knows no files; whether a path is covered by a verdict is asked elsewhere.

use serde_json::{Map, Value};

use super::fields::Place;
use super::{ApplicationError, ApplicationQuery, concrete_revision, overridden, override_of};
use crate::manifest::NodeValue;
use crate::manifest::secrets::without_secrets;
use crate::model::{GitId, RepoPath};
use crate::verify::{Reason, Refusal};

/// What is taken of the judged repository: a folder, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedSource {
    /// The folder; empty for the top of the repository.
    pub path: RepoPath,
    /// Whether plain manifests in folders below count too.
    pub recurse: bool,
    /// It only lends its files to other sources.
    pub is_reference: bool,
    /// What it makes of the files that they are not; refused unless Git says the same of it.
    pub overrides: Vec<Refusal>,
    said: Value,
}

impl AppliedSource {
    /// A folder whose files are taken as they stand.
    #[must_use]
    pub fn plain(path: RepoPath, recurse: bool) -> Self {
        Self {
            path,
            recurse,
            is_reference: false,
            overrides: Vec::new(),
            said: Value::Null,
        }
    }

    /// A folder as `path` of a source spells it; `None` where it leaves the repository.
    #[must_use]
    pub fn of_folder(path: &str) -> Option<Self> {
        normal(path).map(|path| Self::plain(path, true))
    }

    /// Whether this is what `source` of an Application in Git says: all of it but the revision.
    #[must_use]
    pub fn is_said_by(&self, source: &Value) -> bool {
        self.said == filled(source.clone())
    }
}

/// A source without its revision and without what says nothing: Argo CD writes empty settings out.
fn filled(mut source: Value) -> Value {
    if let Value::Object(fields) = &mut source {
        fields.remove("targetRevision");
    }
    without_empty(source).unwrap_or(Value::Null)
}

pub(super) fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => (!text.is_empty()).then_some(Value::String(text)),
        Value::Array(items) => (!items.is_empty()).then_some(Value::Array(items)),
        Value::Object(fields) => {
            let kept = fields.into_iter();
            let kept: Map<String, Value> = kept
                .filter_map(|(key, value)| Some((key, without_empty(value)?)))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        other => Some(other),
    }
}

/// A source that brings the gate itself: `URL//PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateSource {
    repository: String,
    path: RepoPath,
}

/// One source of the document, read as far as it concerns us.
struct Read<'s, 'd> {
    place: &'s Place<'d>,
    repository: &'d str,
    path: Option<RepoPath>,
}

impl GateSource {
    /// Reads `URL//PATH`; `None` where one of the two is missing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (repository, path) = text.rsplit_once("//")?;
        if repository.is_empty() || repository.ends_with([':', '/']) {
            return None;
        }
        let path = normal(path).filter(|path| !path.as_bytes().is_empty())?;
        Some(Self {
            repository: repository.to_owned(),
            path,
        })
    }
}

/// A source and the revision beside it.
pub(super) struct Listed<'d> {
    pub(super) source: Place<'d>,
    pub(super) revision: Place<'d>,
}

/// `revisions` and `sources`, else `revision` and `source`. Beside several sources Argo CD writes the first of
/// them out once more.
pub(super) fn list<'d>(place: &Place<'d>) -> Result<Vec<Listed<'d>>, ApplicationError> {
    let source = place.filled("source");
    let Some(sources) = place.filled("sources") else {
        return Ok(vec![Listed {
            source: source.map_or_else(|| place.required("source"), Ok)?,
            revision: place.required("revision")?,
        }]);
    };
    let listed = sources.items()?;
    let again = listed.first().map(|first| first.node.canonical_json());
    if source.is_some_and(|source| Some(source.node.canonical_json()) != again) {
        return Err(place.malformed("clear: `source` is none of its `sources`"));
    }
    let revisions = place.required("revisions")?;
    let each = revisions.items()?;
    if each.len() != listed.len() {
        return Err(revisions.malformed("one revision for each source"));
    }
    let pairs = listed.into_iter().zip(each);
    Ok(pairs
        .map(|(source, revision)| Listed { source, revision })
        .collect())
}

/// What is taken of where.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) revision: Option<GitId>,
    pub(super) sources: Vec<AppliedSource>,
    pub(super) gate: Vec<String>,
    pub(super) refusals: Vec<Refusal>,
}

pub(super) fn take(
    listed: &[Listed<'_>],
    query: &ApplicationQuery<'_>,
) -> Result<Taken, ApplicationError> {
    let mut taken = Taken::default();
    for Listed { source, revision } in listed {
        let read = Read::of(source)?;
        if let Some(gate) = read.gate(query) {
            let commit = concrete_revision(&revision.path, revision.text()?)?;
            settings(source, &mut taken.refusals)?;
            taken
                .gate
                .push(format!("{}//{} at {commit}", gate.repository, gate.path));
        } else if read.repository == query.repository {
            taken.add(&read, revision)?;
        } else {
            taken.refusals.push(foreign(&read, query));
        }
    }
    Ok(taken)
}

impl Taken {
    /// A source of the judged repository.
    fn add(&mut self, read: &Read<'_, '_>, revision: &Place<'_>) -> Result<(), ApplicationError> {
        let commit = concrete_revision(&revision.path, revision.text()?)?;
        if self.revision.is_some_and(|other| other != commit) {
            self.refusals.push(Refusal::new(
                Reason::SourceOverride,
                "one commit for every source of the repository",
                format!("`{}: {commit}`", revision.path),
            ));
        }
        self.revision.get_or_insert(commit);
        let mut overrides = Vec::new();
        let recurse = settings(read.place, &mut overrides)?;
        let is_reference = read.path.is_none() && read.place.filled("ref").is_some();
        let path = match &read.path {
            Some(path) => path.clone(),
            None if is_reference => RepoPath::from(""),
            None => return Err(read.place.malformed("complete: it has no `path`")),
        };
        self.sources.push(AppliedSource {
            path,
            recurse,
            is_reference,
            overrides,
            said: filled(read.place.node.to_json()),
        });
        Ok(())
    }
}

impl<'s, 'd> Read<'s, 'd> {
    fn of(place: &'s Place<'d>) -> Result<Self, ApplicationError> {
        let path = place.filled("path").map(|path| {
            normal(path.text()?).ok_or_else(|| path.malformed("a folder of the repository"))
        });
        Ok(Self {
            place,
            repository: place.required("repoURL")?.text()?,
            path: path.transpose()?,
        })
    }

    /// The source of the gate that this is.
    fn gate<'q>(&self, query: &ApplicationQuery<'q>) -> Option<&'q GateSource> {
        query.gate.iter().find(|gate| {
            gate.repository == self.repository && self.path.as_ref() == Some(&gate.path)
        })
    }
}

/// Whether folders below count, and a refusal for everything that makes something else of the files.
fn settings(source: &Place<'_>, refusals: &mut Vec<Refusal>) -> Result<bool, ApplicationError> {
    refusals.extend(source.unknown(KNOWN));
    for tool in ["helm", "kustomize", "plugin", "chart", "ref"] {
        let Some(place) = source.filled(tool) else {
            continue;
        };
        match &place.node.value {
            NodeValue::Mapping(entries) => refusals.extend(
                entries
                    .iter()
                    .filter_map(|entry| override_of(place.filled(&entry.key).as_ref())),
            ),
            _ => refusals.push(overridden(&place)),
        }
    }
    let Some(directory) = source.filled("directory") else {
        return Ok(false);
    };
    refusals.extend(directory.unknown(&["recurse", "jsonnet", "include", "exclude"]));
    for key in ["jsonnet", "include", "exclude"] {
        refusals.extend(override_of(directory.filled(key).as_ref()));
    }
    Ok(directory.filled("recurse").is_some())
}

fn foreign(read: &Read<'_, '_>, query: &ApplicationQuery<'_>) -> Refusal {
    let shown = without_secrets(read.repository);
    let shown = shown.as_deref().unwrap_or(read.repository);
    Refusal::new(
        Reason::SourceOutsideSelector,
        format!(
            "folders of `{}`, or a source named by --gate-source",
            query.repository
        ),
        format!("`{}` at `{shown}`", read.place.path),
    )
}

/// The folder without `.` and doubled slashes; `None` for one that is no folder of the repository.
fn normal(path: &str) -> Option<RepoPath> {
    let mut parts = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part if part.contains(['\\', '\0', '$']) => return None,
            part => parts.push(part),
        }
    }
    Some(RepoPath::from(parts.join("/").as_str()))
}

const KNOWN: &[&str] = &[
    "repoURL",
    "path",
    "targetRevision",
    "name",
    "directory",
    "helm",
    "kustomize",
    "plugin",
    "chart",
    "ref",
];
