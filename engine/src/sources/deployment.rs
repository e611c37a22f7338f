//! What one Argo CD or Flux object deploys: its sources, each resolved to a folder, or said not to be.
//! Knows no YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::pattern::{Pattern, Slash};
use super::prune::Prune;
use crate::model::RepoPath;
use crate::render::Rendering;

/// An object that makes a controller deploy something.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `metadata.name`.
    pub name: String,
    /// What its unit is called, by its kind, its namespace and its name alone.
    pub unit: String,
    /// The namespace that it stands in, where it says so.
    pub namespace: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Where it is declared; of a generated one, where its generator is.
    pub place: Place,
    /// The Argo CD project.
    pub project: Option<String>,
    /// The cluster it deploys to, by name, else by address; absent where it is the controller's own.
    pub cluster: Option<String>,
    /// The namespace of objects that name none.
    pub target_namespace: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is deployed before it, as `namespace/name`, in the order of the object.
    pub depends_on: Vec<String>,
    /// What made it: an `ApplicationSet`, or the parent whose folder holds it.
    pub generated_by: Option<String>,
    /// What becomes of it and of those that it applies when their objects go.
    pub prune: Prune,
    /// The files of the tree that say all this, beside what the sources hold.
    pub declared_in: BTreeSet<RepoPath>,
    /// What it takes from objects of the cluster, by `kind/namespace/name`.
    pub(super) given: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether it takes values from `ConfigMap`s or Secrets of the cluster, or may do so: they go on saying what it deploys there.
    pub takes_values: bool,
    /// What it says of its sources, without revisions: what is deployed changes with it.
    pub description: Value,
    /// What it deploys.
    pub sources: Vec<Source>,
    /// Where its source is not known, whose objects it takes all the same.
    pub(super) reach: Option<Reach>,
    /// Folders of this repository that it takes at another revision, as they are at the one that is judged.
    pub(super) pinned: Vec<Reach>,
    /// The revisions that the sources of an Application name, in their order; nothing where that is the one that is judged.
    /// An object of Flux names none: its source does.
    pub revisions: Vec<Option<Value>>,
    /// The whole object of an Application in JSON, before files are put into it, where any of its sources is of elsewhere.
    pub made: Option<Arc<str>>,
}

impl Deployment {
    /// The cluster it deploys to; nothing where that is the controller's own, whatever it is called.
    #[must_use]
    pub fn other_cluster(&self) -> Option<&str> {
        let cluster = self.cluster.as_deref();
        cluster.filter(|it| !OWN_CLUSTER.contains(it))
    }

    /// The name of the `ApplicationSet` that makes it.
    #[must_use]
    pub fn set(&self) -> Option<&str> {
        self.generated_by.as_deref()?.strip_prefix(OF_SET)
    }

    /// Folders of this repository that it deploys.
    pub(super) fn local(&self) -> impl Iterator<Item = &Local> {
        locals(&self.sources)
    }
}

/// The folders of this repository among sources.
pub(super) fn locals(sources: &[Source]) -> impl Iterator<Item = &Local> {
    sources.iter().filter_map(|source| match source {
        Source::Local(local) => Some(local),
        Source::External(_) | Source::Unknown(_) => None,
    })
}

/// How Argo CD calls the cluster that it runs in.
const OWN_CLUSTER: [&str; 2] = ["in-cluster", "https://kubernetes.default.svc"];

/// A folder whose objects a deployment takes, though not all of what it does to them is known.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// This is done to them, as far as files say.
    AsTold(Local),
    /// Anything may be done to them.
    Otherwise(Local),
}

impl Reach {
    /// The folder.
    pub(super) const fn local(&self) -> &Local {
        match self {
            Self::AsTold(local) | Self::Otherwise(local) => local,
        }
    }
}

/// What kind of object deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Kind {
    /// Argo CD's.
    Application,
    /// Flux's.
    Kustomization,
    /// Flux's, for one chart.
    HelmRelease,
}

impl Kind {
    /// As manifests have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place in the tree, without the text around it, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// One thing that a deployment deploys.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few, and most of them are local"
)]
pub enum Source {
    /// A folder of this repository.
    Local(Local),
    /// Something of elsewhere.
    External(External),
    /// What cannot be told from the tree: nothing that needs it can be judged.
    Unknown(Unknown),
}

impl Source {
    /// What of it comes from elsewhere.
    #[must_use]
    pub const fn external(&self) -> Option<&External> {
        match self {
            Self::External(external) => Some(external),
            Self::Local(_) | Self::Unknown(_) => None,
        }
    }
}

/// A folder of this repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// From the root of the tree, links resolved, empty for the root itself.
    pub folder: RepoPath,
    /// How it becomes objects; `None` where its files are the objects.
    pub render: Option<Rendering>,
    /// Which of its files count where it is not rendered.
    pub directory: Directory,
}

/// Which files of a plain folder hold objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Directory {
    /// Whether folders below it count.
    pub recurse: bool,
    /// Only those that match, where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<String>,
    /// Not those that match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
}

impl Directory {
    /// Whether patterns say which files of the folder are objects.
    #[must_use]
    pub fn has_patterns(&self) -> bool {
        self.include.is_some() || self.exclude.is_some()
    }

    /// Whether the file at `path` holds objects of the plain folder `folder`.
    #[must_use]
    pub fn takes(&self, folder: &RepoPath, path: &RepoPath) -> bool {
        let Some(inside) = inside(folder, path) else {
            return false;
        };
        let is_manifest = ENDINGS.iter().any(|ending| inside.ends_with(ending));
        let matches = |pattern: &Option<String>| {
            let pattern = pattern.as_deref().and_then(Pattern::parse);
            pattern.is_some_and(|pattern| pattern.matches(&inside, Slash::Plain))
        };
        is_manifest
            && (self.recurse || !inside.contains('/'))
            && (self.include.is_none() || matches(&self.include))
            && !(self.exclude.is_some() && matches(&self.exclude))
    }
}

/// `path` as seen from `folder`; `None` for what lies outside.
fn inside<'p>(folder: &RepoPath, path: &'p RepoPath) -> Option<std::borrow::Cow<'p, str>> {
    let rest = match folder.as_bytes() {
        b"" => path.as_bytes(),
        folder => path.as_bytes().strip_prefix(folder)?.strip_prefix(b"/")?,
    };
    Some(String::from_utf8_lossy(rest))
}

/// Something that is not of this repository, or not of this state of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct External {
    /// The repository, registry or bucket.
    pub repository: String,
    /// The chart, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// The folder in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its revision, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether the revision names one content for ever: a whole commit, a digest, or an exact version
    /// of a chart. A tag of Git and a branch are none: they float.
    pub pinned: bool,
    /// Files of this repository that are put into it, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub value_files: Vec<Put>,
}

/// A file of this repository that an Application puts into what comes from elsewhere. As JSON it is the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Put {
    /// The file.
    pub file: RepoPath,
    /// Where the Application names it: an RFC 6901 pointer to an item of `valueFiles` or `fileParameters`.
    pub pointer: String,
}

impl From<Put> for String {
    fn from(put: Put) -> Self {
        put.file.to_string()
    }
}

/// What cannot be told from the tree.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Unknown {
    /// What it is that is not known.
    pub reason: String,
    /// Where it is said.
    pub place: Place,
    /// What to do; where `tidegate.yaml` can say it, the line to put there.
    pub remedy: String,
    /// All that it may be, as far as that is known: then it reads nothing beyond. Nothing where it may be anything.
    #[serde(skip)]
    pub may_be: Vec<Rendering>,
}

impl miette::Diagnostic for Unknown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("source::unknown"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.remedy))
    }
}

/// What `generated_by` begins with where that is a set.
pub(super) const OF_SET: &str = "ApplicationSet ";
/// What Argo CD takes of a plain folder.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_folder_takes_what_its_patterns_say() {
        let takes =
            |directory: &Directory, path: &str| directory.takes(&"apps".into(), &path.into());
        let plain = Directory::default();
        assert!(takes(&plain, "apps/a.yaml"));
        assert!(!takes(&plain, "apps/a.txt"));
        assert!(!takes(&plain, "apps/x/a.yaml"));
        assert!(!takes(&plain, "apps-eu/a.yaml"));
        let patterns = Directory {
            recurse: true,
            include: Some("*.{yaml,json}".to_owned()),
            exclude: Some("{test/*,config.json}".to_owned()),
        };
        assert!(takes(&patterns, "apps/x/a.yaml"));
        assert!(takes(&patterns, "apps/x/config.json"));
        assert!(!takes(&patterns, "apps/config.json"));
        assert!(!takes(&patterns, "apps/test/a.yaml"));
        assert!(!takes(&patterns, "apps/a.yml"));
        assert!(Directory::default().takes(&"".into(), &"a.yaml".into()));
    }
}
