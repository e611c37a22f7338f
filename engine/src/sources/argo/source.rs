//! One source of an Application.
//! Reads the tree only to see what a folder looks like.

use std::collections::BTreeMap;

use super::environment::Variables;
use super::{external, helm, kustomize, refuse};
use crate::git::TreeEntry;
use crate::manifest::{Node, NodeValue};
use crate::model::{RepoPath, Span};
use crate::render::{Deployer, FilesError, Found, Rendering, Tool};
use crate::sources::Context;
use crate::sources::deployment::{Deployment, Directory, Local, Reach, Source};
use crate::sources::fields::{Read, Stop, field, flag, only, place, shown, text};
use crate::sources::folder::{self, Looks};
use crate::sources::here::{Revision, is_commit, is_exact_version};
use crate::sources::pattern::Pattern;

/// What the reading of one source needs.
pub(super) struct Reading<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) deployment: &'a Deployment,
    /// Where the source stands in the Application.
    pub(super) pointer: String,
    pub(super) variables: Variables,
    /// Whether the source of a `ref` is what is judged.
    pub(super) references: &'a BTreeMap<String, bool>,
    /// All sources of the Application.
    pub(super) all: &'a [&'a Node],
}

/// What the fields of a source ask for.
#[derive(Clone, Copy)]
enum Asked {
    Nothing,
    Helm,
    Kustomize,
    Directory,
}

impl Reading<'_> {
    /// Whether the Application has no other source.
    pub(super) const fn is_alone(&self) -> bool {
        self.all.len() == 1
    }

    /// What the source is; `None` where it only gives files to others.
    pub(super) fn source(&self, node: &Node) -> Read<Option<Source>> {
        only(node, "a source", KEYS)?;
        let asked = self.asked(node)?;
        let Some(url) = text(node, "repoURL")? else {
            return Err(Stop::unknown(
                node.span,
                "the source has no `repoURL`",
                "give it one",
            ));
        };
        if let Some(tag) = text(node, "tagPrefix")? {
            let reason = format!("the source follows tags that begin with `{}`", shown(tag));
            let remedy = "follow a branch, or pin a commit";
            return Err(Stop::unknown(place(node, "tagPrefix"), reason, remedy));
        }
        let revision = text(node, "targetRevision")?;
        let is_chart = text(node, "chart")?.is_some();
        if is_chart || !self.cx.here.repository_at(node, "repoURL", url)? {
            let pinned = revision.is_some_and(|revision| match (is_chart, url) {
                (true, _) => is_exact_version(revision) || is_digest(revision),
                (false, url) if url.starts_with("oci://") => is_digest(revision),
                (false, _) => is_commit(revision),
            });
            return self.external(node, pinned, is_chart);
        }
        if let Revision::Other { pinned } = self.cx.here.revision(revision, &self.deployment.unit) {
            return self.external(node, pinned, false);
        }
        match text(node, "path")? {
            None if text(node, "ref")?.is_some() => Ok(None),
            None => Err(Stop::unknown(
                node.span,
                "the source has no `path`",
                "give it one",
            )),
            Some(path) => {
                let local = self.local(node, path, asked)?;
                Ok(Some(Source::Local(local)))
            }
        }
    }

    /// The folder of this repository that a source takes at another revision, as the one that is judged has it.
    pub(super) fn pinned(&self, node: &Node) -> Result<Option<Reach>, FilesError> {
        let said = |key: &str| node.get(key).and_then(Node::as_str);
        let said = |key: &str| said(key).filter(|text| !text.is_empty());
        let (Some(url), Some(path)) = (said("repoURL"), said("path")) else {
            return Ok(None);
        };
        let revision = (self.cx.here).revision(said("targetRevision"), &self.deployment.unit);
        let is_here = said("chart").is_none() && self.cx.here.repository(url) == Ok(true);
        if !is_here || revision == Revision::Judged {
            return Ok(None);
        }
        let local = self.asked(node).and_then(|it| self.local(node, path, it));
        match local {
            Ok(local) => Ok(Some(Reach::AsTold(local))),
            Err(Stop::Unknown { .. }) => folder::reached(self.cx.tree.files, path),
            Err(Stop::Files(error)) => Err(error),
        }
    }

    fn external(&self, node: &Node, pinned: bool, is_chart: bool) -> Read<Option<Source>> {
        if !is_chart
            && text(node, "path")?.is_none()
            && let Some(name) = text(node, "ref")?
            && !self.all.iter().any(|source| helm::refers(source, name))
        {
            return Ok(None);
        }
        let mut external = external(node, pinned)?;
        if let Some(helm) = field(node, "helm") {
            external.value_files = helm::files_of_here(self, helm)?;
        }
        Ok(Some(Source::External(external)))
    }

    fn asked(&self, node: &Node) -> Read<Asked> {
        let present = |key: &&str| field(node, key).is_some();
        let tools: Vec<&str> = TOOLS.iter().copied().filter(present).collect();
        match tools.as_slice() {
            [] => Ok(Asked::Nothing),
            ["helm"] => Ok(Asked::Helm),
            ["kustomize"] => Ok(Asked::Kustomize),
            ["directory"] => Ok(Asked::Directory),
            [one] => Err(Stop::unknown(
                place(node, one),
                "a plugin of Argo CD makes the objects, and what it does cannot be told here",
                "commit the manifests that it makes, or list the folder under `unmanaged`",
            )),
            several => {
                let last = several.last().copied().unwrap_or_default();
                let reason = "the source has options of several tools; Argo CD refuses that";
                Err(Stop::unknown(
                    place(node, last),
                    reason,
                    "keep those of one tool",
                ))
            }
        }
    }

    fn local(&self, node: &Node, path: &str, asked: Asked) -> Read<Local> {
        let span = place(node, "path");
        if path.starts_with('/') {
            let reason = format!(
                "the path `{}` is absolute; Argo CD refuses that",
                shown(path)
            );
            return Err(Stop::unknown(
                span,
                reason,
                "name it from the root of the repository",
            ));
        }
        let folder = folder::find(self.cx.tree.files, path, span)?;
        self.no_overrides(&folder, span)?;
        let looks = folder::looks(self.cx.tree.files, &folder)?;
        let asked = asked
            .unless_empty(node, looks)
            .map_err(|stop| stop.within(&folder))?;
        let below = match asked {
            Asked::Nothing | Asked::Directory => self.cx.tree.files.below(&folder)?,
            Asked::Helm | Asked::Kustomize => Vec::new(),
        };
        if let (Asked::Nothing, Some(reason)) = (asked, folder::misleads(&folder, &below)) {
            return Err(open(span, reason, "rename it").within(&folder));
        }
        let tool =
            match (asked, looks) {
                (Asked::Helm, _) | (Asked::Nothing, Looks::Chart) => Some(Tool::Helm(
                    helm::options(self, field(node, "helm"), &folder)?,
                )),
                (Asked::Kustomize, _) | (Asked::Nothing, Looks::Kustomization) => Some(
                    Tool::Kustomize(kustomize::options(self, field(node, "kustomize"))?),
                ),
                (Asked::Directory, _) | (Asked::Nothing, Looks::Plain) => None,
                (Asked::Nothing, Looks::Both) => {
                    let reason = format!("`{folder}` holds both a chart and a kustomization");
                    return Err(open(span, reason, "remove one").within(&folder));
                }
            };
        let directory = match (&tool, field(node, "directory")) {
            (None, Some(options)) => directory(options)?,
            _ => Directory::default(),
        };
        if tool.is_none() {
            no_jsonnet(&folder, &directory, &below, span)?;
            no_links(&folder, &directory, &below, span).map_err(|stop| stop.within(&folder))?;
        }
        let render = tool.map(|tool| Rendering {
            folder: folder.clone(),
            deployer: Deployer::ArgoCd,
            tool,
        });
        Ok(Local {
            folder,
            render,
            directory,
        })
    }

    /// Files in the folder that change what the Application says.
    fn no_overrides(&self, folder: &RepoPath, span: Span) -> Read<()> {
        let Deployment {
            name, namespace, ..
        } = self.deployment;
        // Of Applications beside its own namespace, Argo CD puts theirs into the name.
        let beside = namespace.iter().map(|it| format!("-{it}_{name}"));
        let named = [String::new(), format!("-{name}")]
            .into_iter()
            .chain(beside);
        for name in named {
            let path = folder.child(format!(".argocd-source{name}.yaml"));
            if self.cx.tree.files.at(&path)? != Found::Nothing {
                return Err(Stop::unknown(
                    span,
                    format!("`{path}` overrides what the Application says"),
                    "write what it says into the Application, and remove it",
                ));
            }
        }
        Ok(())
    }
}

impl Asked {
    /// What is asked for by options that say something. By empty ones of a `source` Argo CD goes until it removes them, and
    /// detects the tool from then on: where that is another one, it is not known which of them the cluster has, and whoever
    /// applies the Application again brings them back.
    ///
    /// Source: Argo CD, `ExplicitType`, by which an empty option counts as one, and `normalizeApplication`, which calls
    /// `NormalizeSource` with `IsZero` of the options after each comparison. It leaves those of `sources` as they are, which
    /// nothing promises.
    fn unless_empty(self, node: &Node, looks: Looks) -> Read<Self> {
        let (key, of_no_weight, is_detected) = match self {
            Self::Nothing => return Ok(self),
            Self::Helm => ("helm", NONE, looks == Looks::Chart),
            Self::Kustomize => ("kustomize", WEIGHTLESS, looks == Looks::Kustomization),
            Self::Directory => ("directory", NONE, looks == Looks::Plain),
        };
        match field(node, key) {
            Some(options) if says_nothing(options, of_no_weight) => match is_detected {
                true => Ok(Self::Nothing),
                false => {
                    let reason = format!(
                        "`{key}` says nothing that counts: Argo CD goes by it once, removes it, and then takes `path` for {}",
                        looks.in_words()
                    );
                    Err(open(options.span, reason, "remove it"))
                }
            },
            _ => Ok(self),
        }
    }
}

/// The folder may be rendered in more than one way.
fn open(span: Span, reason: String, way_out: &str) -> Stop {
    Stop::unknown(span, reason, format!("{way_out}, or {CHOOSE}"))
}

/// Whether all fields but those `of_no_weight` are empty.
fn says_nothing(options: &Node, of_no_weight: &[&str]) -> bool {
    match &options.value {
        NodeValue::Null | NodeValue::Bool(false) => true,
        NodeValue::String(text) => text.is_empty(),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(entries) => entries.iter().all(|entry| {
            of_no_weight.contains(&&*entry.key) || says_nothing(&entry.value, of_no_weight)
        }),
        NodeValue::Bool(true) | NodeValue::Number { .. } => false,
    }
}

/// Argo CD reads what a link leads to, by the name of the link.
fn no_links(folder: &RepoPath, directory: &Directory, below: &[TreeEntry], span: Span) -> Read<()> {
    let mut links = below
        .iter()
        .filter(|entry| entry.is_link() && directory.takes(folder, &entry.path));
    links.next().map_or(Ok(()), |link| {
        Err(Stop::unknown(
            span,
            format!(
                "`{}` is a symbolic link, and Argo CD deploys what it leads to",
                link.path
            ),
            "commit the manifest itself in its place",
        ))
    })
}

fn no_jsonnet(
    folder: &RepoPath,
    directory: &Directory,
    below: &[TreeEntry],
    span: Span,
) -> Read<()> {
    for entry in below {
        let inner = entry.path.parent() != folder.as_bytes();
        if entry.path.file_name().ends_with(b".jsonnet") && (directory.recurse || !inner) {
            return Err(Stop::unknown(
                span,
                format!("Argo CD evaluates `{}`, which is Jsonnet", entry.path),
                "commit the manifests that it makes, or list the folder under `unmanaged`",
            ));
        }
    }
    Ok(())
}

fn directory(node: &Node) -> Read<Directory> {
    only(node, "`directory`", DIRECTORY)?;
    let jsonnet = field(node, "jsonnet").filter(|options| options.canonical_json() != "{}");
    if let Some(jsonnet) = jsonnet {
        let reason = "the source evaluates Jsonnet, which is not done here";
        let remedy = "commit the manifests that it makes, or list the folder under `unmanaged`";
        return Err(Stop::unknown(jsonnet.span, reason, remedy));
    }
    let reason = "`disableExtensionFilter` makes any file a manifest";
    refuse(
        node,
        "disableExtensionFilter",
        reason,
        "remove it, and name the files `.yaml`",
    )?;
    for key in ["include", "exclude"] {
        if text(node, key)?.is_some_and(|pattern| Pattern::parse_of_folder(pattern).is_none()) {
            let reason = format!("the pattern of `{key}` may be meant in several ways");
            return Err(Stop::unknown(
                place(node, key),
                reason,
                "use `*`, `?` and `{a,b}` alone, without wildcards between braces and the same letters before and behind a `*`",
            ));
        }
    }
    Ok(Directory {
        recurse: flag(node, "recurse")?,
        include: text(node, "include")?.map(str::to_owned),
        exclude: text(node, "exclude")?.map(str::to_owned),
    })
}

fn is_digest(revision: &str) -> bool {
    revision
        .rsplit('@')
        .next()
        .is_some_and(|last| last.starts_with("sha256:"))
}

/// How a source says what renders its folder; what says nothing does not count.
const CHOOSE: &str = "say what renders the folder by an option that says something: `helm: {releaseName: NAME}`, `directory: {include: '*'}`, or `kustomize` with what you would have it change; an empty one counts for nothing";
/// Options of kustomize that Argo CD does not look at when it asks whether there are any.
const WEIGHTLESS: &[&str] = &[
    "forceCommonLabels",
    "forceCommonAnnotations",
    "commonAnnotationsEnvsubst",
    "labelWithoutSelector",
    "labelIncludeTemplates",
];
const NONE: &[&str] = &[];
const TOOLS: &[&str] = &["helm", "kustomize", "directory", "plugin"];
const DIRECTORY: &[&str] = &[
    "recurse",
    "jsonnet",
    "include",
    "exclude",
    "disableExtensionFilter",
];
const KEYS: &[&str] = &[
    "repoURL",
    "path",
    "targetRevision",
    "helm",
    "kustomize",
    "directory",
    "plugin",
    "chart",
    "ref",
    "name",
    "tagPrefix",
];
