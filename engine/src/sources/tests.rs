//! What sources come to, over trees of a few files.

mod applied;
mod argo_cd;
mod bounds;
mod changed;
mod flux;
mod folders;
mod generated;
mod given;
mod links;
mod named;
mod overlaid;
mod patched;
mod renamed;
mod strangers;
mod taken;
mod unlike;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::Config;
use crate::git::TreeEntry;
use crate::model::{Digest, GitId, RepoPath};
use crate::render::{Files, FilesError, Found, Tool};

/// Files in memory; a content that begins with `->` is a link.
/// The text that stands for a submodule.
pub(super) const SUBMODULE: &str = "a submodule";

struct Memory(BTreeMap<RepoPath, String>);

impl Memory {
    fn new(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).to_owned()));
        Self(files.collect())
    }

    fn entry(&self, path: &RepoPath) -> Option<TreeEntry> {
        let text = self.0.get(path)?;
        let mut id = [0; 20];
        id.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..20]);
        Some(TreeEntry {
            path: path.clone(),
            mode: if text.starts_with("->") {
                0o120_000
            } else if text == SUBMODULE {
                0o160_000
            } else {
                0o100_644
            },
            id: GitId::from_bytes(id),
        })
    }
}

impl Files for Memory {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        Ok(match self.entry(path) {
            Some(entry) if entry.is_link() => Found::Link(entry),
            Some(entry) if entry.is_submodule() => Found::Submodule(entry),
            Some(entry) => Found::File(entry),
            None if path.as_bytes().is_empty() || !self.below(path)?.is_empty() => Found::Folder,
            None => Found::Nothing,
        })
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        let inside = |path: &&RepoPath| {
            let rest = path.as_bytes().strip_prefix(folder.as_bytes());
            folder.as_bytes().is_empty() || rest.is_some_and(|rest| rest.starts_with(b"/"))
        };
        Ok(self
            .0
            .keys()
            .filter(inside)
            .filter_map(|path| self.entry(path))
            .collect())
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        let text = self
            .0
            .get(&entry.path)
            .map(String::as_str)
            .unwrap_or_default();
        Ok(text.strip_prefix("->").unwrap_or(text).into())
    }
}

pub(super) const HERE: &str = "https://git.example/acme/shop.git";

/// The units of the one environment of a configuration.
pub(super) fn units(config: &str, files: &[(&str, &str)]) -> Result<Vec<ResolvedUnit>, Error> {
    let config = format!("repositories: ['{HERE}']\n{config}");
    let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
    let files = Memory::new(files);
    let tree = Tree::read(&files).unwrap();
    resolve(&config.environments[0], &config, &tree)
}

pub(super) const ARGO: &str = "environments: [{name: prod, applications: {paths: ['argo/**']}}]";
const FLUX: &str = "environments: [{name: prod, kustomizations: {paths: ['clusters/**']}}]";

/// One line a source: what it is, or why it is not known.
pub(super) fn told(units: &[ResolvedUnit]) -> Vec<String> {
    let line = |unit: &ResolvedUnit, source: &Source| match source {
        Source::Local(local) => {
            let tool = match local.render.as_ref().map(|render| &render.tool) {
                None => format!("plain {}", json!(local.directory)),
                Some(tool) => json!(tool).to_string(),
            };
            format!("{}: {} {tool}", unit.name, local.folder)
        }
        Source::External(external) => format!("{}: external {}", unit.name, json!(external)),
        Source::Unknown(unknown) => format!("{}: unknown {unknown}", unit.name),
    };
    let sources = units
        .iter()
        .flat_map(|unit| unit.sources.iter().map(move |source| (unit, source)));
    sources.map(|(unit, source)| line(unit, source)).collect()
}

fn argo(application: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files = [files, &[("argo/web.yaml", application)]].concat();
    told(&units(ARGO, &files).unwrap())
}

/// An Application of one source, in flow style.
fn of_source(source: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  destination: {{namespace: shop}}\n  source: {{repoURL: '{HERE}', {source}}}\n"
    )
}

const CHART: (&str, &str) = ("charts/web/Chart.yaml", "name: web");
const OVERLAY: (&str, &str) = ("apps/web/kustomization.yaml", "resources: [x.yaml]");
pub(super) const PLAIN: (&str, &str) = (
    "plain/x.yaml",
    "{apiVersion: v1, kind: Service, metadata: {name: x}}",
);

fn flux(documents: &str, files: &[(&str, &str)]) -> Vec<String> {
    let files = [files, &[("clusters/prod.yaml", documents)]].concat();
    told(&units(FLUX, &files).unwrap())
}

/// A Kustomization in flow style.
fn kustomization(spec: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux-system}}\nspec: {{sourceRef: {{kind: GitRepository, name: flux-system}}, {spec}}}\n"
    )
}

/// A `GitRepository`, as a further document.
fn git(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\nspec: {{{spec}}}\n"
    )
}

/// The units where the configuration tells something beside what a file says.
fn beside(told: &str, text: &str) -> Vec<String> {
    let config = match told.starts_with("GitRepository") {
        true => format!("repositories: ['{HERE}', {told}]\n{FLUX}"),
        false => format!("repositories: ['{HERE}']\n{FLUX}\n{told}"),
    };
    let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
    let files = Memory::new(&[("clusters/a.yaml", text), PLAIN]);
    let tree = Tree::read(&files).unwrap();
    told_of(&config, &tree)
}

/// A Kustomization that takes variables from an object of that kind.
fn taking_from(kind: &str) -> String {
    kustomization(&format!(
        "path: plain, postBuild: {{substituteFrom: [{{kind: {kind}, name: v}}]}}"
    ))
}

/// The same, with that object.
fn taking(kind: &str, more: &str) -> String {
    taking_from(kind)
        + &format!(
            "---\n{{apiVersion: v1, kind: {kind}, metadata: {{name: v, namespace: flux-system}}, data: {{A: c}}{more}}}"
        )
}

fn told_of(config: &Config, tree: &Tree<'_>) -> Vec<String> {
    told(&resolve(&config.environments[0], config, tree).unwrap())
}

/// A `HelmRelease` in flow style.
fn release(chart: &str, more: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec: {{chart: {{spec: {{{chart}}}}}, {more}}}\n"
    )
}

#[test]
fn sources_of_the_configuration_are_rendered_as_they_say() {
    let config = "environments: [{name: prod, render: {kube-version: 1.33.1}, sources: [{name: web, kind: Application, path: charts/web, render: {tool: helm, release: r, namespace: ns, values: [prod.yaml]}}, {name: api, kind: Kustomization, path: apps/web}, {name: raw, kind: Paths, path: plain}]}]";
    let found = units(config, &[CHART, OVERLAY, PLAIN]).unwrap();
    let lines = told(&found);
    assert!(
        lines[0].contains(r#""release":"r""#) && lines[0].contains(r#""kubeVersion":"1.33.1""#),
        "{lines:?}"
    );
    assert_eq!(lines[1], r#"api: apps/web {"kustomize":{}}"#);
    assert_eq!(lines[2], r#"raw: plain plain {"recurse":true}"#);
    let paths = units("environments: [{name: prod, paths: ['apps/**']}]", &[]).unwrap();
    assert!(paths[0].sources.is_empty() && paths[0].selector.is_some());
}

proptest! {
    #[test]
    fn no_spec_makes_it_panic(
        keys in prop::collection::vec(("[a-zA-Z$.{}]{0,12}|path|helm|kustomize|generators|git|list|template|sourceRef|values|images", "\\PC{0,12}|\\{\\{[ .a-z|\"()-]{0,12}\\}\\}|plain"), 0..6),
        nested in any::<bool>(),
        kind in 0..4_usize,
    ) {
        let (version, kind) = [
            ("argoproj.io/v1alpha1", "Application"),
            ("argoproj.io/v1alpha1", "ApplicationSet"),
            ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
            ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ][kind];
        let inner: Map<String, Value> = keys.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let spec = if nested {
            json!({"source": inner, "sources": [inner], "generators": [{"list": {"elements": [inner]}}, {"git": inner}], "template": {"metadata": {"name": "x"}, "spec": inner}, "sourceRef": inner, "chart": {"spec": inner}})
        } else {
            Value::Object(inner)
        };
        let object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}).to_string();
        for config in [ARGO, FLUX] {
            let _ = units(config, &[("argo/a.json", &object), ("clusters/a.json", &object), PLAIN]);
        }
    }
}
