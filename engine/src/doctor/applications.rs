//! Applications: which of them nothing asks about, and which say something that leads round what asks.

use super::gates;
use super::tree::{Document, Seen, list, texts};
use super::{State, Way};
use crate::config::Config;
use crate::manifest::{Node, NodeValue};
use crate::model::RepoPath;

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let mut ways = Vec::new();
    for (kind, inner) in [("Application", ""), ("ApplicationSet", "/spec/template")] {
        for document in seen.of_kind("argoproj.io", kind) {
            let application = Application { document, inner };
            // A patch of an Application says nothing of what it is a patch of.
            if !application.sources().is_empty() && application.is_judged(seen, config) {
                application.ways(seen, config, &mut ways);
            }
        }
    }
    ways.extend(of_flux(seen, config));
    ways
}

/// An Application, or what an `ApplicationSet` makes its Applications of.
struct Application<'d, 't> {
    document: &'d Document<'t>,
    inner: &'static str,
}

/// What asks before an Application is synced.
enum Asked {
    /// Only what was admitted is on the branch that it follows.
    Promoted,
    /// The plugin that renders it.
    Plugin,
    /// A hook, brought by the source of that number.
    Hook(usize),
    /// Another source, of a repository that nobody showed.
    Elsewhere(usize),
    /// Nothing.
    Nothing,
}

impl Application<'_, '_> {
    fn ways(&self, seen: &Seen<'_>, config: Option<&Config>, ways: &mut Vec<Way>) {
        let document = self.document;
        let called = document.called();
        let glass = format!(
            "{}/metadata/annotations/tidegate.dev~1break-glass",
            self.inner
        );
        if document.text_at(&glass).is_some() {
            ways.push(document.open(
                "break-glass",
                &glass,
                format!(
                    "the glass of {called} is broken: the admission policy lets everything through"
                ),
                "take the annotation away, now that it is over",
            ));
        }
        if document.node.get("operation").is_some() {
            ways.push(document.open(
                "operation-in-git",
                "/operation",
                format!(
                    "{called} brings an operation: whoever applies it begins a sync as it likes"
                ),
                "leave `operation` out; Argo CD writes it",
            ));
        }
        match self.asked(seen, config) {
            Asked::Promoted | Asked::Plugin => {}
            Asked::Nothing => ways.push(self.not_gated()),
            Asked::Elsewhere(at) => ways.push(self.elsewhere(at)),
            Asked::Hook(at) => {
                self.hooked(at, ways);
            }
        }
    }

    fn not_gated(&self) -> Way {
        let revision = self.sources().first().map(|(_, source)| revision(source));
        self.document.open(
            "not-gated",
            &self.at("/spec"),
            format!(
                "nothing asks before {} is synced: it follows `{}`",
                self.document.called(),
                revision.unwrap_or_default()
            ),
            "let it follow `gated/ENVIRONMENT/UNIT`, which `tidegate promote` moves; or add the gate as its last source",
        )
    }

    fn elsewhere(&self, at: usize) -> Way {
        let sources = self.sources();
        let source = sources.get(at).map(|(_, source)| *source);
        let text = |key: &str| {
            source
                .and_then(|source| source.get(key)?.as_str())
                .unwrap_or_default()
        };
        Way {
            state: State::Unseen,
            ..self.document.open(
                "gate-elsewhere",
                &self.at(&format!("/spec/sources/{at}")),
                format!(
                    "whether `{}` of `{}` asks before {} is synced is not seen here",
                    text("path"),
                    text("repoURL"),
                    self.document.called()
                ),
                "show that repository too: `--repo` may be repeated",
            )
        }
    }

    fn hooked(&self, at: usize, ways: &mut Vec<Way>) {
        let document = self.document;
        let sources = self.sources();
        if at + 1 < sources.len() {
            ways.push(document.open(
                "gate-not-last",
                &self.at(&format!("/spec/sources/{at}")),
                format!("the gate is not the last source of {}: of two objects with one name, a later source's counts", document.called()),
                "list the gate's source last",
            ));
        }
        let source = sources.get(at).map(|(_, source)| *source);
        let url = |source: &Node| {
            source
                .get("repoURL")
                .and_then(|url| url.as_str().map(str::to_owned))
        };
        let shared = sources
            .iter()
            .enumerate()
            .any(|(other, (_, one))| other != at && url(one) == source.and_then(url));
        if shared {
            ways.push(document.open(
                "gate-unpinned",
                &self.at(&format!("/spec/sources/{at}")),
                format!("the gate of {} comes from the repository that it judges: the commit that takes it away is not asked about", document.called()),
                "bring the gate from a repository of the platform",
            ));
        }
        ways.extend(self.retry());
    }

    /// With a hook, a refusal is a failed sync: whether Argo CD ever looks again is a matter of `retry`.
    fn retry(&self) -> Option<Way> {
        let document = self.document;
        let at = self.at("/spec/syncPolicy/retry");
        document
            .node
            .pointer(&self.at("/spec/syncPolicy/automated"))?;
        let retry = document.node.pointer(&at);
        let value = |key: &str| retry.and_then(|retry| retry.get(key)).map(Node::to_json);
        let endless =
            value("limit").is_some_and(|limit| limit.as_i64().is_some_and(|limit| limit < 0));
        let refreshed = value("refresh") == Some(true.into());
        let about = match (endless, refreshed) {
            (true, true) => return None,
            (true, false) => format!(
                "{} tries a refused commit for ever, and no later one while it does: not the one that mends it either",
                document.called()
            ),
            (false, _) => format!(
                "{} is given up after its last try, also where only the hour was wrong",
                document.called()
            ),
        };
        Some(document.open(
            "retry",
            &at,
            about,
            "set `limit: -1` and `refresh: true`, with a `backoff` of some minutes",
        ))
    }

    fn asked(&self, seen: &Seen<'_>, config: Option<&Config>) -> Asked {
        let sources = self.sources();
        let judged = |source: &&Node| source.get("path").is_some();
        let paths = || sources.iter().map(|(_, source)| *source).filter(judged);
        if paths().next().is_some()
            && self.document.node.pointer("/spec/templatePatch").is_none()
            && paths().all(|source| {
                let path = source.get("path").and_then(Node::as_str);
                is_promoted(seen, config, revision(source), path.unwrap_or_default())
            })
        {
            return Asked::Promoted;
        }
        let plugin = |source: &Node| {
            let name = source.pointer("/plugin/name").and_then(Node::as_str);
            name.map_or(Some(false), |name| plugin_asks(seen, name))
        };
        if paths().next().is_some() && paths().all(|source| plugin(source) == Some(true)) {
            return Asked::Plugin;
        }
        let unseen = sources.iter().find(|(_, source)| plugin(source).is_none());
        if let Some((at, _)) = unseen
            && paths().all(|source| plugin(source) != Some(false))
        {
            return Asked::Elsewhere(*at);
        }
        let path = |source: &Node| {
            source
                .get("path")
                .and_then(|path| path.as_str().map(str::to_owned))
        };
        for (at, source) in &sources {
            if path(source).is_some_and(|path| gates::brought_by(seen, &path)) {
                return Asked::Hook(*at);
            }
        }
        let hidden = sources
            .iter()
            .rev()
            .find(|(_, source)| path(source).is_some_and(|path| !gates::is_seen(seen, &path)));
        match hidden {
            Some((at, _)) if sources.len() > 1 => Asked::Elsewhere(*at),
            _ => Asked::Nothing,
        }
    }

    /// Whether it deploys files that a unit holds; without a configuration, all do.
    fn is_judged(&self, seen: &Seen<'_>, config: Option<&Config>) -> bool {
        let sources = self.sources();
        let mut folders = sources
            .iter()
            .filter_map(|(_, source)| source.get("path")?.as_str());
        folders.any(|folder| holds_judged(seen, config, folder, self.document))
    }

    fn sources(&self) -> Vec<(usize, &Node)> {
        let several = list(&self.document.node, &self.at("/spec/sources"));
        if several.is_empty() {
            let one = self.document.node.pointer(&self.at("/spec/source"));
            return one.into_iter().map(|source| (0, source)).collect();
        }
        several.iter().enumerate().collect()
    }

    fn at(&self, pointer: &str) -> String {
        format!("{}{pointer}", self.inner)
    }
}

/// A Flux `Kustomization` has no hook; what it follows is all there is.
fn of_flux(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let kustomizations = seen.of_kind("kustomize.toolkit.fluxcd.io", "Kustomization");
    let judged = kustomizations.filter(|it| {
        let folder = it.text_at("/spec/path").unwrap_or_default();
        holds_judged(seen, config, folder.trim_start_matches("./"), it)
    });
    judged
        .filter_map(|kustomization| followed(seen, config, kustomization))
        .collect()
}

/// Where what a Flux `Kustomization` follows is not a promoted branch, or not seen.
fn followed(seen: &Seen<'_>, config: Option<&Config>, kustomization: &Document<'_>) -> Option<Way> {
    let source = kustomization.text_at("/spec/sourceRef/name")?;
    let kind = kustomization.text_at("/spec/sourceRef/kind")?;
    let open = |document: &Document<'_>, pointer: &str, what: &str| {
        document.open(
            "not-gated",
            pointer,
            format!(
                "nothing asks before {} is applied: it follows `{what}`",
                kustomization.called()
            ),
            "let it follow `gated/ENVIRONMENT/UNIT`, which `tidegate promote` moves",
        )
    };
    if kind != "GitRepository" {
        return Some(open(kustomization, "/spec/sourceRef", kind));
    }
    let mut repositories = seen.of_kind("source.toolkit.fluxcd.io", "GitRepository");
    let Some(repository) = repositories.find(|it| it.name() == source) else {
        return Some(Way {
            state: State::Unseen,
            ..kustomization.open(
                "gate-elsewhere",
                "/spec/sourceRef",
                format!(
                    "which branch {} follows is not seen here: the GitRepository `{source}` is not shown",
                    kustomization.called()
                ),
                "show that repository too: `--repo` may be repeated",
            )
        });
    };
    // Each of these counts before the branch.
    let before = ["commit", "name", "semver", "tag"];
    let mut before = before.into_iter().filter_map(|key| {
        let value = repository.text_at(&format!("/spec/ref/{key}"))?;
        Some(format!("{key} {value}"))
    });
    if let Some(reference) = before.next() {
        return Some(open(repository, "/spec/ref", &reference));
    }
    let branch = repository.text_at("/spec/ref/branch").unwrap_or("master");
    let folder = kustomization.text_at("/spec/path").unwrap_or_default();
    let promoted = is_promoted(seen, config, branch, folder.trim_start_matches("./"));
    (!promoted).then(|| open(repository, "/spec/ref", branch))
}

/// Whether a revision is the branch that `promote` moves for a unit, and the unit holds what is below the folder.
fn is_promoted(seen: &Seen<'_>, config: Option<&Config>, revision: &str, folder: &str) -> bool {
    let branch = revision.trim_start_matches("refs/heads/");
    let Some((environment, unit)) = branch
        .strip_prefix("gated/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let Some(config) = config else {
        return true;
    };
    let mut environments = config.environments.iter();
    let Some(environment) = environments.find(|it| it.name == environment) else {
        return false;
    };
    if environment.declared.is_some() {
        return true;
    }
    let mut units = environment.units.iter();
    let Some(unit) = units.find(|it| it.name == unit) else {
        return false;
    };
    is_templated(folder) || files_below(seen, folder).any(|path| unit.selector.matches(path))
}

/// Whether a config-management plugin asks before it renders; nothing where it is not seen.
fn plugin_asks(seen: &Seen<'_>, name: &str) -> Option<bool> {
    let mut plugins = seen.of_kind("argoproj.io", "ConfigManagementPlugin");
    let plugin = plugins.find(|plugin| {
        let version = plugin.text_at("/spec/version");
        version.map_or(plugin.name() == name, |version| {
            name == format!("{}-{version}", plugin.name())
        })
    });
    let Some(plugin) = plugin else {
        return (!name.starts_with("tidegate")).then_some(false);
    };
    let words = [
        texts(&plugin.node, "/spec/generate/command"),
        texts(&plugin.node, "/spec/generate/args"),
    ]
    .concat();
    Some(words.starts_with(&["tidegate", "admit"]))
}

/// What an `ApplicationSet` fills in.
fn is_templated(path: &str) -> bool {
    path.contains("{{")
}

fn files_below<'s>(seen: &'s Seen<'_>, folder: &str) -> impl Iterator<Item = &'s RepoPath> {
    let folder = folder.trim_matches('/');
    let folder = RepoPath::from(if folder == "." { "" } else { folder });
    let files = seen.trees.first().map(|tree| tree.files.as_slice());
    let files = files.unwrap_or_default().iter().map(|file| &file.path);
    files.filter(move |path| path.lies_in(&folder))
}

/// Whether a folder of the first tree holds files of some unit.
fn holds_judged(
    seen: &Seen<'_>,
    config: Option<&Config>,
    folder: &str,
    declared_by: &Document<'_>,
) -> bool {
    let Some(config) = config else {
        return true;
    };
    let mut below = files_below(seen, folder);
    let declares = config.environments.iter().any(|environment| {
        let declared = environment.declared.as_ref();
        declared.is_some_and(|declared| declared.paths.matches(declared_by.path))
    });
    let units = || config.environments.iter().flat_map(|it| &it.units);
    declares
        || is_templated(folder)
        || below.any(|path| units().any(|unit| unit.selector.matches(path)))
}

fn revision(source: &Node) -> &str {
    let revision = source.get("targetRevision").map(|node| &node.value);
    match revision {
        Some(NodeValue::String(text)) => text,
        _ => "HEAD",
    }
}
