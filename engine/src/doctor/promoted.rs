//! What is deployed beside a promoted branch, and what is made of it: nobody asked about either.
//! Knows not whether a branch is promoted; it is told which ones are.

use super::deployed::{Application, files_below, is_full, is_templated, revision, unit_of, url};
use super::paths::{clean, normal};
use super::tree::{Document, Seen, texts};
use super::{State, Way};
use crate::config::{Config, SourceRender};
use crate::manifest::{Node, NodeValue};

/// Of an Application each of whose folders is taken from a promoted branch.
pub(super) fn of_application(
    application: &Application<'_, '_>,
    seen: &Seen<'_>,
    config: Option<&Config>,
) -> Vec<Way> {
    let sources = application.sources();
    let is_judged = is_declared(application.document, seen, config);
    let branches: Vec<&str> = sources
        .iter()
        .filter(|(_, source)| source.get("path").is_some())
        .map(|(_, source)| branch(source))
        .collect();
    let mut ways: Vec<Way> = by_hand(application).into_iter().collect();
    for (at, source) in &sources {
        let pointer = application.pointer_of(*at);
        let is_own = seen.origins.may_be_judged(url(source));
        let has_path = source.get("path").is_some();
        let lends = source.get("ref").is_some() && source.get("chart").is_none();
        let follows = is_own && lends && branches.contains(&branch(source));
        if !has_path && !follows {
            // What an Application that is judged takes of other repositories, its verdict says.
            let told = (!is_judged || is_own).then(|| beside(application, source, &pointer));
            ways.extend(told);
            continue;
        }
        ways.extend(ambiguous(application, source, &pointer));
        if let Some(path) = source.get("path").and_then(Node::as_str) {
            let of = Followed {
                document: application.document,
                branch: branch(source),
                folder: path,
            };
            ways.extend(of.others(&format!("{pointer}/path"), seen, config));
        }
        if !is_judged {
            let path = source.get("path").and_then(Node::as_str);
            let rendered = path.and_then(|path| rendered(branch(source), path, config));
            let made = overrides(source, rendered).into_iter();
            ways.extend(made.map(|key| overridden(application.document, &pointer, &key)));
        }
    }
    ways
}

/// Where Argo CD does not sync by itself, its server takes any commit from whoever may sync.
fn by_hand(application: &Application<'_, '_>) -> Option<Way> {
    let at = application.at("/spec/syncPolicy/automated");
    let automated = application.document.node.pointer(&at);
    let is_off =
        |node: &Node| node.get("enabled").map(|it| &it.value) == Some(&NodeValue::Bool(false));
    automated.is_none_or(is_off).then(|| {
        application.document.open(
            "promoted-by-hand",
            &at,
            format!(
                "{} is synced by hand: whoever may sync it names any commit (`argocd app sync --revision`), and nothing asks about that",
                application.document.called()
            ),
            "set `syncPolicy.automated`: Argo CD's server takes no other commit then than that of the branch",
        )
    })
}

/// A folder of a promoted branch, and what deploys it.
pub(super) struct Followed<'a, 't> {
    pub(super) document: &'a Document<'t>,
    pub(super) branch: &'a str,
    pub(super) folder: &'a str,
}

impl Followed<'_, '_> {
    /// What lies there and is not the unit's: it is of whatever commit was promoted for that unit.
    fn others(&self, pointer: &str, seen: &Seen<'_>, config: Option<&Config>) -> Option<Way> {
        let unit = unit_of(config?, self.branch)?;
        let called = self.document.called();
        if is_templated(self.folder) {
            return Some(Way {
                state: State::Unseen,
                ..self.document.open(
                    BESIDE,
                    pointer,
                    format!(
                        "which folders of `{}` {called} deploys is not told here; promotion asks about the unit `{}` alone",
                        self.branch, unit.name
                    ),
                    OWN_BRANCH,
                )
            });
        }
        let mut below = files_below(seen, self.folder);
        let other = below.find(|path| !unit.selector.matches(path))?;
        Some(self.document.open(
            BESIDE,
            pointer,
            format!(
                "{called} deploys `{other}` of `{}`, which the unit `{}` does not hold: nothing asks about that",
                self.branch, unit.name
            ),
            OWN_BRANCH,
        ))
    }
}

impl Followed<'_, '_> {
    /// Of an object of Flux, its folder at `pointer`, and the `GitRepository` that it follows.
    pub(super) fn by_flux(
        &self,
        pointer: &str,
        repository: &Document<'_>,
        seen: &Seen<'_>,
        config: Option<&Config>,
    ) -> Vec<Way> {
        let mut ways: Vec<Way> = self.others(pointer, seen, config).into_iter().collect();
        if is_declared(self.document, seen, config) {
            return ways;
        }
        let rendered = rendered(self.branch, self.folder, config);
        for (at, harmless) in FLUX {
            let Some(node) = self.document.node.pointer(at) else {
                continue;
            };
            let made = entries(node).filter(|(key, value)| {
                let judged = rendered.is_some_and(|it| says_to_flux(it, key, value));
                !harmless.contains(key) && !judged
            });
            ways.extend(made.map(|(key, _)| overridden(self.document, at, key)));
        }
        let spec = repository.node.get("spec");
        for (key, _) in spec.into_iter().flat_map(entries) {
            if BRINGS.contains(&key) {
                let about = format!(
                    "{} brings files that are not on the promoted branch, by `{key}`: nothing asks about them",
                    repository.called()
                );
                ways.push(repository.open(BESIDE, &format!("/spec/{key}"), about, ALONE));
            } else if !FETCHES.contains(&key) {
                ways.push(overridden(repository, "/spec", key));
            }
        }
        ways
    }
}

/// A short name is taken for whatever has it.
pub(super) fn ambiguous(
    application: &Application<'_, '_>,
    source: &Node,
    pointer: &str,
) -> Option<Way> {
    let revision = revision(source);
    (!is_full(revision)).then(|| {
        application.document.open(
            "revision-ambiguous",
            &format!("{pointer}/targetRevision"),
            format!(
                "{} takes `{}` at `{revision}`: a tag of that name may stand beside the branch, and Argo CD takes either, by chance",
                application.document.called(),
                url(source),
            ),
            "write `refs/heads/` before it, or a whole commit id; and let nobody push tags of that name, nor tags and branches below `refs/`",
        )
    })
}

/// Whether the object itself is judged, with all that it says.
fn is_declared(document: &Document<'_>, seen: &Seen<'_>, config: Option<&Config>) -> bool {
    let first = seen.trees.first().map(|tree| &tree.name);
    let mut environments = config.into_iter().flat_map(|config| &config.environments);
    first == Some(&document.tree.name)
        && environments.any(|environment| {
            let declared = environment.declared.as_ref();
            declared.is_some_and(|declared| declared.paths.matches(document.path))
        })
}

fn branch(source: &Node) -> &str {
    let revision = revision(source);
    revision.strip_prefix("refs/heads/").unwrap_or(revision)
}

fn beside(application: &Application<'_, '_>, source: &Node, pointer: &str) -> Way {
    application.document.open(
        BESIDE,
        pointer,
        format!(
            "{} takes `{}` at `{}` beside its promoted branch: nothing asks about that",
            application.document.called(),
            url(source),
            revision(source)
        ),
        ALONE,
    )
}

fn overridden(document: &Document<'_>, pointer: &str, key: &str) -> Way {
    document.open(
        "promoted-override",
        &format!("{pointer}/{}", key.replace('.', "/")),
        format!(
            "{} makes something else of what was judged, by `{key}`: nothing asks about that",
            document.called()
        ),
        "write it into the files of the unit, whose change is judged; or let `applications` of the environment name this object, which is judged then",
    )
}

/// How the configuration says that a folder of a promoted branch is rendered.
fn rendered<'c>(branch: &str, path: &str, config: Option<&'c Config>) -> Option<&'c SourceRender> {
    let unit = unit_of(config?, branch)?;
    let (folder, render) = unit.source.as_ref()?;
    let same = folder.as_bytes() == clean(path).as_bytes();
    render.as_ref().filter(|_| same)
}

/// What of a source makes something else of its files, as `admit` refuses it in a sync: `kustomize.images`.
fn overrides(source: &Node, rendered: Option<&SourceRender>) -> Vec<String> {
    let mut found = Vec::new();
    let path = source.get("path").and_then(Node::as_str);
    for (key, node) in entries(source) {
        match key {
            "helm" | "kustomize" | "plugin" => {
                let inner = entries(node).filter(|(inner, value)| {
                    let is_judged = rendered.is_some_and(|rendered| {
                        key == "helm" && says(rendered, path.unwrap_or_default(), inner, value)
                    });
                    !is_judged
                });
                found.extend(inner.map(|(inner, _)| format!("{key}.{inner}")));
            }
            "directory" => {
                let inner = entries(node).filter(|(inner, _)| *inner != "recurse");
                found.extend(inner.map(|(inner, _)| format!("{key}.{inner}")));
            }
            key if SOURCE.contains(&key) => {}
            key => found.push(key.to_owned()),
        }
    }
    found
}

/// Whether the configuration renders with just this.
fn says(rendered: &SourceRender, path: &str, key: &str, value: &Node) -> bool {
    let text = |own: Option<&String>| own.map(String::as_str) == value.as_str();
    match key {
        "releaseName" => text(rendered.release.as_ref()),
        "namespace" => text(rendered.namespace.as_ref()),
        "skipCrds" => rendered.skip_crds,
        "valueFiles" => {
            let files = texts(value, "");
            let from_root = |file: &&str| match file.strip_prefix('$') {
                Some(file) => file.split_once('/').map(|(_, file)| file.to_owned()),
                None => normal(path, file),
            };
            let files: Option<Vec<String>> = files.iter().map(from_root).collect();
            files.as_ref() == Some(&rendered.values)
        }
        _ => false,
    }
}

/// The same of what an object of Flux says; its files are named from the root.
fn says_to_flux(rendered: &SourceRender, key: &str, value: &Node) -> bool {
    match key {
        "targetNamespace" => says(rendered, "", "namespace", value),
        "releaseName" => says(rendered, "", key, value),
        "valuesFiles" => says(rendered, "", "valueFiles", value),
        _ => false,
    }
}

/// What of a mapping says something.
pub(super) fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match &node.value {
        NodeValue::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    let said = entries.iter().filter(|entry| !says_nothing(&entry.value));
    said.map(|entry| (&*entry.key, &entry.value))
}

/// Argo CD and Flux write empty settings out where none are given.
fn says_nothing(node: &Node) -> bool {
    ["null", "false", "\"\"", "[]", "{}"].contains(&node.canonical_json().as_str())
}

const BESIDE: &str = "promoted-beside";
const ALONE: &str = "deploy it by an object of its own, which the files beside it cannot change; of the same repository, let it follow the same branch";
const OWN_BRANCH: &str = "let it take folders of that unit alone; what else lies there is a unit of its own, with a branch of its own";
/// What of an Application's source makes nothing else of its files.
const SOURCE: [&str; 6] = ["chart", "name", "path", "ref", "repoURL", "targetRevision"];
/// Where objects of Flux say something, and what of it makes nothing else of the files, nor puts it elsewhere.
const FLUX: [(&str, &[&str]); 2] = [
    (
        "/spec",
        &[
            "chart",
            "chartRef",
            "decryption",
            "deletionPolicy",
            "dependsOn",
            "driftDetection",
            "force",
            "healthCheckExprs",
            "healthChecks",
            "install",
            "interval",
            "maxHistory",
            "path",
            "persistentClient",
            "prune",
            "reconcileStrategy",
            "retryInterval",
            "rollback",
            "serviceAccountName",
            "sourceRef",
            "suspend",
            "test",
            "timeout",
            "uninstall",
            "upgrade",
            "validation",
            "verify",
            "version",
            "wait",
        ],
    ),
    (
        "/spec/chart/spec",
        &[
            "chart",
            "interval",
            "reconcileStrategy",
            "sourceRef",
            "verify",
            "version",
        ],
    ),
];
/// What of a `GitRepository` takes its files as they are.
const FETCHES: [&str; 12] = [
    "accessFrom",
    "gitImplementation",
    "interval",
    "provider",
    "proxySecretRef",
    "ref",
    "secretRef",
    "serviceAccountName",
    "suspend",
    "timeout",
    "url",
    "verify",
];
/// What of a `GitRepository` brings files of others.
const BRINGS: [&str; 2] = ["include", "recurseSubmodules"];
