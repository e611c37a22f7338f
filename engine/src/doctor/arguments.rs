//! What a gate asks about, as its Job and the patches of it say: whether that is the Application in which it stands.

use super::Way;
use super::deployed::{Application, files_below, is_templated, url};
use super::gates::{Reached, containers, is_gate, reached};
use super::patches::{self, operations};
use super::paths::normal;
use super::plugins;
use super::tree::{Document, Seen, texts};
use crate::config::Config;
use crate::manifest::Node;
use crate::model::RepoPath;

/// What the gate, brought by the source of that number, asks about otherwise than it should.
pub(super) fn ways(
    application: &Application<'_, '_>,
    at: usize,
    seen: &Seen<'_>,
    config: Option<&Config>,
) -> Vec<Way> {
    let sources = application.sources();
    let Some((_, gate)) = sources.get(at) else {
        return Vec::new();
    };
    let folder = gate.get("path").and_then(Node::as_str).unwrap_or_default();
    let Some(folder) = normal("", folder) else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    for tree in seen.trees_of(url(gate)) {
        let found = reached(seen, &tree.name, &folder);
        for job in found.objects.iter().filter(|job| is_gate(seen, job)) {
            let asked = Asked {
                application,
                arguments: arguments(job, &found, seen),
            };
            let wrong = asked.of_job(gate, seen, config);
            ways.extend(wrong.map(|about| {
                application.document.open(
                    "gate-for-another",
                    &application.at(&format!("/spec/sources/{at}")),
                    format!("the gate of {} {about}", application.document.called()),
                    "patch the arguments of the Job in this Application's own folder of the platform's repository",
                )
            }));
        }
    }
    ways
}

/// What the plugins that an Application names ask about otherwise than they should.
pub(super) fn of_plugins(
    application: &Application<'_, '_>,
    seen: &Seen<'_>,
    config: Option<&Config>,
) -> Vec<Way> {
    let mut ways = Vec::new();
    for (at, source) in application.sources() {
        let name = source.pointer("/plugin/name").and_then(Node::as_str);
        for plugin in plugins::called(seen, name.unwrap_or_default()) {
            let asked = Asked {
                application,
                arguments: plugins::arguments(plugin),
            };
            let wrong = asked.other(&[source], seen, config);
            ways.extend(wrong.map(|about| {
                application.document.open(
                    "gate-for-another",
                    &format!("{}/plugin", application.pointer_of(at)),
                    format!("the plugin of {} {about}", application.document.called()),
                    "name the plugin of this Application's own unit",
                )
            }));
        }
    }
    ways
}

/// A gate and where it stands.
struct Asked<'a, 'd, 't> {
    application: &'a Application<'d, 't>,
    arguments: Vec<String>,
}

impl Asked<'_, '_, '_> {
    fn of_job(&self, gate: &Node, seen: &Seen<'_>, config: Option<&Config>) -> Option<String> {
        let document = self.application.document;
        let text = |key: &str| document.text_at(&self.application.at(key));
        let name = text("/metadata/name").unwrap_or_default();
        if let Some(asked) = self.value("application") {
            let own =
                text("/metadata/namespace").or_else(|| document.text_at("/metadata/namespace"));
            let same = match own {
                Some(namespace) => asked == format!("{namespace}/{name}"),
                None => asked
                    .split_once('/')
                    .is_some_and(|(_, asked)| asked == name),
            };
            if !same && !is_templated(name) {
                return Some(format!("asks about the Application `{asked}`"));
            }
        }
        let path = gate.get("path").and_then(Node::as_str).unwrap_or_default();
        let source = format!("{}//{path}", url(gate));
        if let Some(asked) = self.value("gate-source")
            && asked != source
            && !is_templated(&source)
        {
            return Some(format!(
                "takes `{asked}` for its own source, which is `{source}`"
            ));
        }
        let sources = self.application.sources();
        let others = sources.iter().map(|(_, source)| *source);
        let others: Vec<&Node> = others
            .filter(|source| !std::ptr::eq(*source, gate))
            .collect();
        self.other(&others, seen, config)
    }

    /// Whether it asks about another repository or another unit than that of these sources.
    fn other(&self, sources: &[&Node], seen: &Seen<'_>, config: Option<&Config>) -> Option<String> {
        let judged = || {
            sources.iter().copied().filter(|source| {
                source.get("path").is_some() && seen.origins.may_be_judged(url(source))
            })
        };
        if let Some(asked) = self.value("repository")
            && !judged().any(|source| url(source) == asked || is_templated(url(source)))
        {
            return Some(format!(
                "asks about the repository `{asked}`, which is none of its sources"
            ));
        }
        let folders = judged().filter_map(|source| source.get("path")?.as_str());
        self.other_unit(&folders.collect::<Vec<_>>(), seen, config?)
    }

    /// Whether the unit that is asked about holds none of what is deployed.
    fn other_unit(&self, folders: &[&str], seen: &Seen<'_>, config: &Config) -> Option<String> {
        let environment = self.value("env")?;
        let Some(found) = config.environments.iter().find(|it| it.name == environment) else {
            return Some(format!(
                "asks about the environment `{environment}`, which there is not"
            ));
        };
        if let Some(branch) = self
            .value("branch")
            .filter(|branch| *branch != found.branch)
        {
            return Some(format!(
                "asks about the branch `{branch}`, and that of the environment `{environment}` is `{}`",
                found.branch
            ));
        }
        let document = self.application.document;
        if let Some(declared) = &found.declared {
            // What lies with the platform is selected by another tree than that which is shown first.
            let own = seen
                .trees
                .first()
                .is_some_and(|tree| tree.name == document.tree.name);
            let other = own && !declared.paths.matches(document.path);
            return other.then(|| {
                format!("asks about the environment `{environment}`, which does not select this Application")
            });
        }
        let unit = self.value("unit");
        let mut units = found
            .units
            .iter()
            .filter(|it| unit.is_none_or(|name| it.name == name));
        let holds = |path: &RepoPath| units.any(|unit| unit.selector.matches(path));
        let templated = folders.iter().any(|folder| is_templated(folder));
        let mut files = folders.iter().flat_map(|folder| files_below(seen, folder));
        (!templated && !files.any(holds)).then(|| {
            let unit = unit.map(|name| format!("the unit `{name}` of ")).unwrap_or_default();
            format!("asks about {unit}the environment `{environment}`, which holds nothing of what is deployed")
        })
    }

    fn value(&self, flag: &str) -> Option<&str> {
        let mut arguments = self.arguments.iter();
        while let Some(argument) = arguments.next() {
            let rest = argument
                .strip_prefix("--")
                .and_then(|it| it.strip_prefix(flag));
            match rest {
                Some("") => return arguments.next().map(String::as_str),
                Some(rest) if rest.starts_with('=') => return rest.strip_prefix('='),
                _ => {}
            }
        }
        None
    }
}

/// The arguments of a Job after the patches of the kustomizations on the way, the innermost first.
fn arguments(job: &Document<'_>, found: &Reached<'_, '_>, seen: &Seen<'_>) -> Vec<String> {
    let own = containers(job).first();
    let own = own
        .map(|container| texts(container, "/args"))
        .unwrap_or_default();
    let mut arguments: Vec<String> = own.into_iter().map(str::to_owned).collect();
    for kustomization in found.kustomizations.iter().rev() {
        let patches = patches::of(seen, kustomization);
        for patch in patches.iter().filter(|patch| patch.may_touch("Job")) {
            for node in patch.nodes.iter().flatten() {
                change(&mut arguments, node);
            }
        }
    }
    arguments
}

fn change(arguments: &mut Vec<String>, patch: &Node) {
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let Some(operations) = operations(patch) else {
        let merged = patch.pointer("/spec/template/spec/containers/0/args");
        if let Some(merged) = merged {
            *arguments = owned(texts(merged, ""));
        }
        return;
    };
    for (operation, path, value) in operations {
        let Some(at) = path.strip_prefix("/spec/template/spec/containers/0/args") else {
            continue;
        };
        let text = value.and_then(Node::as_str);
        let index = at.strip_prefix('/').and_then(|at| at.parse::<usize>().ok());
        match (operation, at, index, text) {
            ("add" | "replace", "", _, _) => {
                *arguments = owned(value.map(|value| texts(value, "")).unwrap_or_default());
            }
            ("add", "/-", _, Some(text)) => arguments.push(text.to_owned()),
            ("add", _, Some(index), Some(text)) if index <= arguments.len() => {
                arguments.insert(index, text.to_owned());
            }
            ("replace", _, Some(index), Some(text)) => {
                if let Some(old) = arguments.get_mut(index) {
                    text.clone_into(old);
                }
            }
            _ => {}
        }
    }
}
