//! What sources come to, over trees of a few files.

mod bounds;
mod changed;
mod links;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::Config;
use crate::git::TreeEntry;
use crate::model::{Digest, GitId, RepoPath};
use crate::render::{Files, FilesError, Found, Rendering, Tool};

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
    resolve(&config.environments[0], &config, &tree, &NotRendered)
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

#[test]
fn a_folder_is_rendered_as_it_looks_or_as_the_source_says() {
    let files = [
        CHART,
        OVERLAY,
        PLAIN,
        ("charts/web/prod.yaml", "a: 1"),
        ("both/Chart.yaml", ""),
        ("both/kustomization.yml", ""),
    ];
    for (source, wanted) in [
        ("path: plain", r#"web: plain plain {"recurse":false}"#),
        (
            "path: ./plain/, directory: {recurse: true, include: '*.yaml'}",
            r#"web: plain plain {"include":"*.yaml","recurse":true}"#,
        ),
        ("path: apps/web", r#"web: apps/web {"kustomize":{}}"#),
        (
            "path: apps/web, targetRevision: main, kustomize: {namePrefix: a-, images: ['x:1']}",
            r#"web: apps/web {"kustomize":{"images":[{"name":"x","newTag":"1"}],"namePrefix":"a-"}}"#,
        ),
        (
            "path: apps/web, kustomize: {commonAnnotations: {a: 'b,c:d', e: '\"'}}",
            r#"web: apps/web {"kustomize":{"annotations":{"a":"b,c:d","e":"\""}}}"#,
        ),
        (
            "path: apps/web, directory: {}",
            r#"web: apps/web plain {"recurse":false}"#,
        ),
        (
            "path: charts/web, helm: {releaseName: r, valueFiles: [prod.yaml, ../none.yaml], valuesObject: {b: 2}}",
            r#"web: charts/web {"helm":{"apiVersions":[],"ignoreMissingValueFiles":false,"namespace":"shop","release":"r"}}"#,
        ),
    ] {
        let found = argo(&of_source(source), &files);
        if source.contains("helm") {
            assert!(
                found[0].contains(r#""valueFiles":["charts/web/prod.yaml","charts/none.yaml"]"#),
                "{found:?}"
            );
            assert!(
                found[0].contains(r#""values":{"b":2}"#) && found[0].contains(r#""release":"r""#),
                "{found:?}"
            );
        } else {
            assert_eq!(found, [wanted], "{source}");
        }
    }
}

#[test]
fn what_cannot_be_told_says_why_and_where() {
    let files = [
        CHART,
        OVERLAY,
        PLAIN,
        ("both/Chart.yaml", ""),
        ("both/kustomization.yml", ""),
        ("over/x.yaml", ""),
        ("over/.argocd-source-web.yaml", ""),
        ("jsonnet/a.jsonnet", ""),
        ("odd/myChart.yaml", ""),
        ("deep/Chart.yaml/x.yaml", ""),
        ("out", "->../../etc"),
        ("loop", "->loop"),
    ];
    for (source, wanted) in UNKNOWN {
        let found = argo(&of_source(source), &files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("unknown argo/web.yaml:6:") && found[0].contains(wanted),
            "{source}: {found:?}"
        );
    }
}

/// Sources, and why they are not known.
const UNKNOWN: &[(&str, &str)] = &[
    ("path: nowhere", "there is no folder `nowhere`"),
    ("path: ../x", "`../x` leads out of the repository"),
    ("path: /plain", "the path `/plain` is absolute"),
    ("path: out", "`out` leads out of the repository"),
    ("path: loop", "`loop` leads out of the repository"),
    (
        "path: both",
        "`both` holds both a chart and a kustomization",
    ),
    ("path: over", "`over/.argocd-source-web.yaml` overrides"),
    ("path: jsonnet", "Argo CD evaluates `jsonnet/a.jsonnet`"),
    (
        "path: plain, helm: {}, kustomize: {}",
        "options of several tools",
    ),
    ("path: plain, plugin: {name: x}", "a plugin of Argo CD"),
    (
        "path: plain, news: 1",
        "nobody here knows what `news` of a source does",
    ),
    (
        "path: plain, directory: {jsonnet: {tlas: [{name: a, value: b}]}}",
        "evaluates Jsonnet",
    ),
    (
        "path: plain, directory: {include: '[a-z]*'}",
        "the pattern of `include`",
    ),
    (
        "path: charts/web, helm: {shiny: true}",
        "nobody here knows what `shiny` of `helm` does",
    ),
    (
        "path: charts/web, helm: {version: v2}",
        "asks for Helm `v2`",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['https://x/y.yaml']}",
        "a file of values from the network",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['$other/y.yaml']}",
        "Argo CD replaces variables",
    ),
    (
        "path: charts/web, helm: {valueFiles: [prod.yaml, /charts/web/prod.yaml]}",
        "`/charts/web/prod.yaml` names `charts/web/prod.yaml`, which `valueFiles` names before",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['../../../x']}",
        "leads out of the repository",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: a, value: $ARGOCD_APP_REVISION}]}",
        "Argo CD replaces variables",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: a, value: 1}]}",
        "`value` is not a string",
    ),
    (
        "path: apps/web, kustomize: {version: v4}",
        "asks for kustomize `v4`",
    ),
    (
        "path: apps/web, kustomize: {components: ['../c/*']}",
        "take `../c/*` for a pattern",
    ),
    (
        "path: apps/web, kustomize: {components: [-h]}",
        "take `-h` for a pattern or an option",
    ),
    (
        "path: apps/web, kustomize: {commonLabels: {'a:b': c}}",
        "take `a:b` of `commonLabels` for something else",
    ),
    (
        "path: apps/web, kustomize: {commonAnnotations: {a: '\"b\"'}}",
        "take `a` of `commonAnnotations` for something else",
    ),
    (
        "path: apps/web, kustomize: {commonAnnotations: {--force: b}}",
        "take `--force` of `commonAnnotations`",
    ),
    (
        "path: apps/web, kustomize: {replicas: [{name: web, count: 1}, {name: -h, count: 1}]}",
        "`name` is not the name of an object",
    ),
    (
        "path: apps/web, kustomize: {images: ['-h=web:1']}",
        "`-h=web:1` is no image",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: 'a,b', value: x}]}",
        "take the parameter `a,b` for something else",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: 'a[00]', value: x}]}",
        "take the parameter `a[00]` for something else",
    ),
    (
        "path: charts/web, helm: {fileParameters: [{name: 'a\\.b', path: prod.yaml}]}",
        "take the file parameter",
    ),
    (
        "path: charts/web, ref: self, helm: {valueFiles: [$self/prod.yaml]}",
        "`$self/prod.yaml` refers to the only source",
    ),
    ("path: odd", "`odd/myChart.yaml` makes Argo CD take `odd`"),
    ("path: deep", "`deep/Chart.yaml` makes Argo CD take `deep`"),
    ("path: plain, tagPrefix: v", "follows tags"),
    ("targetRevision: main", "the source has no `path`"),
];

#[test]
fn what_is_of_elsewhere_is_named_with_its_pin() {
    let application =
        |source: &str| of_source("X").replace(&format!("{{repoURL: '{HERE}', X}}"), source);
    for (source, wanted) in [
        (
            "{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.2.3}",
            true,
        ),
        (
            "{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.x}",
            false,
        ),
        (
            "{repoURL: 'oci://r.example/redis', path: ., targetRevision: 'sha256:ab'}",
            true,
        ),
        (
            "{repoURL: 'https://git.example/acme/other', path: x}",
            false,
        ),
        (
            "{repoURL: 'https://git.example/acme/shop', path: x, targetRevision: v1}",
            false,
        ),
        (
            "{repoURL: 'git@git.example:acme/shop.git', path: x, targetRevision: 0123456789abcdef0123456789abcdef01234567}",
            true,
        ),
    ] {
        let found = argo(&application(source), &[]);
        assert!(found[0].contains("web: external"), "{source}: {found:?}");
        assert!(
            found[0].contains(&format!("\"pinned\":{wanted}")),
            "{source}: {found:?}"
        );
    }
}

#[test]
fn values_come_from_the_source_that_a_reference_names() {
    let application = of_source("X").replace(
        &format!("  source: {{repoURL: '{HERE}', X}}"),
        &format!(
            "  sources:\n  - {{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.2.3, helm: {{valueFiles: [$values/prod.yaml]}}}}\n  - {{repoURL: '{HERE}', ref: values}}\n  - {{repoURL: '{HERE}', path: charts/web, helm: {{valueFiles: [$values/prod.yaml]}}}}"
        ),
    );
    let found = argo(&application, &[CHART, ("prod.yaml", "a: 1")]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains(r#""valueFiles":["prod.yaml"]"#) && found[0].contains("external"),
        "{found:?}"
    );
    assert!(
        found[1].contains(r#""valueFiles":["prod.yaml"]"#) && found[1].contains("charts/web"),
        "{found:?}"
    );
}

#[test]
fn applications_of_applications_are_units() {
    let parent = of_source("path: children").replace("web", "parent");
    let child = of_source("path: plain").replace("argocd", "argocd, labels: {a: b}");
    let files = [
        ("argo/parent.yaml", parent.as_str()),
        ("children/web.yaml", &child),
        PLAIN,
    ];
    let found = units(ARGO, &files).unwrap();
    let names: Vec<&str> = found.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["parent", "web"]);
    let by = found[1]
        .deployment
        .as_ref()
        .unwrap()
        .generated_by
        .as_deref();
    assert_eq!(by, Some("parent"));
    assert_eq!(found[1].globs(), ["children/web.yaml", "plain/*"]);
}

#[test]
fn two_units_of_one_name_are_an_error_that_names_both() {
    let application = of_source("path: plain");
    let files = [
        ("argo/a.yaml", application.as_str()),
        ("argo/b.yaml", &application),
        PLAIN,
    ];
    let error = units(ARGO, &files).unwrap_err().to_string();
    assert_eq!(
        error,
        "argo/b.yaml:3:18: there is a unit `web` already, declared at argo/a.yaml:3:18"
    );
    let error = units(
        ARGO,
        &[(
            "argo/a.yaml",
            &of_source("path: plain").replace("web", "gate"),
        )],
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("has a name that no unit can have")
    );
    let error = units(ARGO, &[]).unwrap_err().to_string();
    assert!(error.contains("selects no Application"), "{error}");
}

#[test]
fn labels_project_namespace_and_cluster_select() {
    let of = |name: &str, stage: &str, project: &str, cluster: &str| {
        let metadata = format!("{{name: {name}, namespace: argocd, labels: {{env: {stage}}}}}");
        let source = format!("{{repoURL: '{HERE}', path: plain}}");
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {metadata}\nspec: {{project: {project}, destination: {{name: {cluster}}}, source: {source}}}\n"
        )
    };
    let a = of("a", "prod", "shop", "us-1");
    let b = of("b", "qa", "other", "eu-1");
    let files = [("argo/a.yaml", a.as_str()), ("argo/b.yaml", &b), PLAIN];
    for (selector, wanted) in [
        ("", "a b"),
        ("match-labels: {env: prod}", "a"),
        ("project: shop", "a"),
        ("namespace: argocd", "a b"),
        ("cluster: eu-1", "b"),
    ] {
        let config = format!(
            "environments: [{{name: prod, applications: {{paths: ['argo/**'], {selector}}}}}]"
        );
        let found = units(&config, &files).unwrap();
        let names: Vec<&str> = found.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names.join(" "), wanted, "{selector}");
    }
}

#[test]
fn what_a_kustomization_changes_is_not_taken_from_its_files() {
    let application = of_source("path: plain");
    let with = |kustomization: &str| {
        argo(
            &application,
            &[PLAIN, ("argo/kustomization.yaml", kustomization)],
        )
    };
    assert!(with("namespace: argo\nresources: [web.yaml]")[0].contains("plain plain"));
    let changed = with("resources: [web.yaml]\npatches: [{path: p.yaml}]");
    assert!(
        changed[0].contains("`argo/kustomization.yaml` may change the Application `web`"),
        "{changed:?}"
    );
    assert!(with("patches: [{path: p.yaml}]")[0].contains("plain plain"));
}

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

#[test]
fn a_kustomization_of_flux_adds_what_it_says() {
    let found = flux(&kustomization("path: ./plain"), &[PLAIN]);
    assert_eq!(
        found,
        [r#"apps: plain plain {"include":"{*.yaml,*.yml}","recurse":true}"#]
    );
    let variables = "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vars, namespace: flux-system}, data: {A: \"1\\n\", B: x}}";
    let spec = "path: apps/web, targetNamespace: shop, commonMetadata: {labels: {a: b}}, components: [../c], postBuild: {substitute: {B: z}, substituteFrom: [{kind: ConfigMap, name: vars}]}";
    let found = flux(&(kustomization(spec) + variables), &[OVERLAY]);
    for wanted in [
        r#""namespace":"shop""#,
        r#""pairs":{"a":"b"}"#,
        r#""components":["../c"]"#,
        r#""substitute":{"A":"1","B":"z"}"#,
        r#""ignore":[".git/","#,
    ] {
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
}

/// A `GitRepository`, as a further document.
fn git(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: {name}, namespace: flux-system}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn what_flux_takes_from_the_cluster_is_unknown() {
    let from = |kind: &str| {
        format!(
            "path: plain, postBuild: {{substituteFrom: [{{kind: {kind}, name: v, optional: true}}]}}"
        )
    };
    for (text, wanted) in [
        (
            kustomization(&from("Secret")),
            "is not read: its values would be shown",
        ),
        (
            kustomization(&from("ConfigMap")),
            "is not in the files that the environment selects",
        ),
        (
            kustomization("path: plain, shiny: 1"),
            "nobody here knows what `shiny`",
        ),
        (
            kustomization("path: plain").replace("name: flux-system}", "name: other}"),
            "GitRepository `flux-system/other` is not in the tree",
        ),
        (
            kustomization("path: plain").replace("GitRepository", "ExternalArtifact"),
            "a source of the kind `ExternalArtifact`",
        ),
        (
            kustomization("path: plain")
                + &git(
                    "flux-system",
                    &format!(
                        "url: '{HERE}', ref: {{branch: main}}, include: [{{repository: {{name: x}}}}]"
                    ),
                ),
            "`include` changes which files there are",
        ),
    ] {
        let found = flux(&text, &[PLAIN]);
        assert!(
            found[0].contains("unknown") && found[0].contains(wanted),
            "{wanted}: {found:?}"
        );
    }
}

#[test]
fn a_git_repository_is_this_one_or_another() {
    for (spec, local) in [
        (
            "url: 'ssh://git@git.example/acme/shop', ref: {branch: main}".to_owned(),
            true,
        ),
        (
            format!("url: '{HERE}', ref: {{name: refs/heads/gated/prod/apps}}"),
            true,
        ),
        (format!("url: '{HERE}'"), false),
        (
            format!("url: '{HERE}', ref: {{branch: main, tag: v1}}"),
            false,
        ),
        (
            "url: 'https://git.example/acme/other', ref: {branch: main}".to_owned(),
            false,
        ),
    ] {
        let found = flux(
            &(kustomization("path: plain") + &git("flux-system", &spec)),
            &[PLAIN],
        );
        assert_eq!(
            found[0].contains("apps: plain plain"),
            local,
            "{spec}: {found:?}"
        );
        assert_eq!(found[0].contains("external"), !local, "{spec}: {found:?}");
    }
}

#[test]
fn the_configuration_tells_what_is_not_in_the_tree() {
    let config = "environments: [{name: prod, kustomizations: {paths: ['clusters/**']}}]\nvalues: {Secret/flux-system/v: {A: b}}";
    let config = config.replace("values", "render: {kube-version: 1.33.1}\nvalues");
    let text = kustomization("path: plain, postBuild: {substituteFrom: [{kind: Secret, name: v}]}");
    let found = told(&units(&config, &[("clusters/a.yaml", &text), PLAIN]).unwrap());
    assert!(found[0].contains(r#""substitute":{"A":"b"}"#), "{found:?}");
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

#[test]
fn what_the_configuration_tells_and_the_tree_declares_is_unknown() {
    let of_git = kustomization("path: plain");
    let told = "GitRepository/flux-system/flux-system";
    assert!(beside(told, &of_git)[0].contains("plain plain"));
    let elsewhere = git(
        "flux-system",
        "url: 'https://git.example/acme/other', ref: {branch: main}",
    );
    let found = beside(told, &(of_git + &elsewhere));
    let wanted = "GitRepository `flux-system/flux-system` is declared at clusters/a.yaml:6:1, and `tidegate.yaml` tells of it too: `repositories: [GitRepository/flux-system/flux-system]`";
    assert!(found[0].contains(wanted), "{found:?}");

    let told = "values: {ConfigMap/flux-system/v: {A: b}}";
    assert!(beside(told, &taking_from("ConfigMap"))[0].contains(r#"{"A":"b"}"#));
    let found = beside(told, &taking("ConfigMap", ""));
    let wanted = "ConfigMap `flux-system/v` is declared at clusters/a.yaml:6:1";
    assert!(found[0].contains(wanted), "{found:?}");
    // What an encrypted one holds, the configuration alone tells.
    let found = beside(told, &taking("ConfigMap", ", sops: {mac: x}"));
    assert!(found[0].contains(r#"{"A":"b"}"#), "{found:?}");
}

#[test]
fn a_secret_of_the_tree_holds_what_is_told_of_it() {
    let told = "values: {Secret/flux-system/v: {A: b}}";
    let found = beside(told, &taking("Secret", ", sops: {mac: x}"));
    assert!(found[0].contains(r#"{"A":"b"}"#), "{found:?}");
    // `c` in base64, and what wins over it.
    let secret = |more: &str| taking("Secret", more).replace("A: c", "A: Yw==");
    for (more, holds) in [("", "c"), (", stringData: {A: b}", "b")] {
        let found = beside(told, &secret(more));
        assert_eq!(found[0].contains(r#"{"A":"b"}"#), holds == "b", "{found:?}");
    }
    let found = beside(told, &secret(""));
    assert!(
        found[0].contains("Secret `flux-system/v` at clusters/a.yaml:6:1 holds something else"),
        "{found:?}"
    );
    let found = beside(told, &secret(", stringData: {A: b, B: c}"));
    assert!(found[0].contains("holds something else"), "{found:?}");
    let found = beside(&told.replace("A: b", "A: c"), &secret(""));
    assert!(found[0].contains(r#"{"A":"c"}"#), "{found:?}");
    let found = beside("", &secret(""));
    assert!(found[0].contains("its values would be shown"), "{found:?}");
    let found = beside("", &taking("Secret", ", sops: {mac: x}"));
    assert!(
        found[0].contains("Secret `flux-system/v` is encrypted"),
        "{found:?}"
    );
}

#[test]
fn a_file_that_only_speaks_of_a_secret_may_hold_anything() {
    let text = kustomization("path: plain");
    let files = [
        ("clusters/a.yaml", text.as_str()),
        ("clusters/values.yaml", "# Name of the Secret.\nsecret: x\n"),
        PLAIN,
    ];
    assert!(told(&units(FLUX, &files).unwrap())[0].contains("plain plain"));
}

fn told_of(config: &Config, tree: &Tree<'_>) -> Vec<String> {
    told(&resolve(&config.environments[0], config, tree, &NotRendered).unwrap())
}

const RELEASED: &str = "chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";

/// A `HelmRelease` in flow style.
fn release(chart: &str, more: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec: {{chart: {{spec: {{{chart}}}}}, {more}}}\n"
    )
}

#[test]
fn a_helm_release_renders_a_chart_of_here() {
    let values = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: shop}, data: {values.yaml: \"{a: {b: 1, c: 2}}\"}}";
    let more = "targetNamespace: eu, values: {a: {c: 3}}, valuesFrom: [{kind: ConfigMap, name: v}]";
    let found = flux(&(release(RELEASED, more) + values), &[CHART]);
    for wanted in [
        r#""release":"eu-web""#,
        r#""namespace":"eu""#,
        r#""values":{"a":{"b":1,"c":3}}"#,
    ] {
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
    let unknown = flux(
        &release(RELEASED, "postRenderers: [{kustomize: {}}]"),
        &[CHART],
    );
    assert!(
        unknown[0].contains("`postRenderers` changes what the chart gives"),
        "{unknown:?}"
    );
    let repository = "---\n{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: r, namespace: shop}, spec: {url: 'https://charts.example'}}";
    for (version, pinned) in [("1.2.3", true), ("1.x", false)] {
        let chart = format!(
            "chart: redis, version: {version}, sourceRef: {{kind: HelmRepository, name: r}}"
        );
        let found = flux(
            &(release(&chart, "a: 1").replace(", a: 1", "") + repository),
            &[],
        );
        assert!(
            found[0].contains("external") && found[0].contains(&format!("\"pinned\":{pinned}")),
            "{found:?}"
        );
    }
}

#[test]
fn what_a_release_does_to_install_and_to_upgrade_is_both_judged() {
    for (more, skips) in [
        ("install: {crds: Skip}", true),
        ("install: {skipCRDs: true}", true),
        (
            "install: {crds: Skip}, upgrade: {crds: CreateReplace}",
            false,
        ),
        ("install: {skipCRDs: true}, upgrade: {crds: Create}", false),
        ("install: {crds: Create}, upgrade: {crds: Skip}", false),
        ("upgrade: {crds: Skip}", false),
    ] {
        let found = flux(&release(RELEASED, more), &[CHART]);
        assert_eq!(
            found[0].contains(r#""skipCrds":true"#),
            skips,
            "{more}: {found:?}"
        );
        assert!(!found[0].contains("unknown"), "{more}: {found:?}");
    }
    for (more, wanted) in [
        ("install: {crds: Never}", "`crds` is not `Skip`"),
        (
            "install: {crds: Create, skipCRDs: true}",
            "say two things of one",
        ),
        (
            "upgrade: {preserveValues: true}",
            "of what was deployed before",
        ),
        (
            "upgrade: {disableSchemaValidation: true}",
            "differ in `disableSchemaValidation`",
        ),
    ] {
        let found = flux(&release(RELEASED, more), &[CHART]);
        assert!(found[0].contains(wanted), "{more}: {found:?}");
    }
}

#[test]
fn flux_leaves_out_what_it_is_told_to() {
    let files = [
        OVERLAY,
        (".sourceignore", "# a\n/docs\n"),
        ("apps/.sourceignore", "!x.yaml\n*.md\na/b\n"),
    ];
    let config = Config::parse(
        &"tidegate.yaml".into(),
        format!("repositories: ['{HERE}']\n{FLUX}").as_bytes(),
    )
    .unwrap();
    let text = kustomization("path: apps/web");
    let files = Memory::new(&[&files[..], &[("clusters/a.yaml", &text)]].concat());
    let tree = Tree::read(&files).unwrap();
    let units = resolve(&config.environments[0], &config, &tree, &NotRendered).unwrap();
    let Tool::Kustomize(options) = &units[0].renderings().next().unwrap().tool else {
        panic!("no kustomization");
    };
    assert!(
        options.ignore.ends_with(&[
            "/docs".to_owned(),
            "!/apps/**/x.yaml".to_owned(),
            "/apps/**/*.md".to_owned(),
            "/apps/a/b".to_owned()
        ]),
        "{:?}",
        options.ignore
    );
}

/// What comes of one parent.
struct Rendered(Vec<Declared>);

impl Children for Rendered {
    fn objects(
        &self,
        _: &Rendering,
    ) -> Result<Option<Vec<Declared>>, Box<dyn miette::Diagnostic + Send + Sync>> {
        Ok(Some(self.0.clone()))
    }
}

#[test]
fn what_is_rendered_takes_the_place_of_what_its_files_say() {
    let text = kustomization("path: plain")
        .replace("name: apps", "name: child")
        .replace(", namespace: flux-system", "");
    let path: RepoPath = "clusters/web/child.yaml".into();
    let parent = kustomization("path: clusters/web, patches: [{patch: x}]");
    let files = [
        ("clusters/web/child.yaml", text.as_str()),
        ("clusters/parent.yaml", &parent),
        PLAIN,
    ];
    let found = told(&units(FLUX, &files).unwrap());
    assert!(
        found[1].contains("child: unknown")
            && found[1].contains("`apps` may change the Kustomization `child`"),
        "{found:?}"
    );
    let rendered = text.replace("{name: child}", "{name: child, namespace: flux-system}");
    let read = crate::manifest::read(&path, rendered.as_bytes()).unwrap();
    let file = Text {
        path,
        text: read.text.clone(),
    };
    let objects = read.objects.into_iter().map(|object| Declared {
        object,
        file: file.clone(),
        changed_by: None,
    });
    let config = Config::parse(
        &"tidegate.yaml".into(),
        format!("repositories: ['{HERE}']\n{FLUX}").as_bytes(),
    )
    .unwrap();
    let files = Memory::new(&files);
    let tree = Tree::read(&files).unwrap();
    let units = resolve(
        &config.environments[0],
        &config,
        &tree,
        &Rendered(objects.collect()),
    )
    .unwrap();
    let found = told(&units);
    assert!(found[1].starts_with("child: plain plain"), "{found:?}");
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

#[test]
fn what_only_a_chart_makes_is_told_and_not_known() {
    let files = [
        (
            "argo/root.yaml",
            &*format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: root}}\nspec: {{source: {{repoURL: '{HERE}', path: argo/apps}}}}\n"
            ),
        ),
        (
            "argo/apps/Chart.yaml",
            "apiVersion: v2\nname: apps\nversion: 1.0.0\n",
        ),
        (
            "argo/apps/templates/web.yaml",
            "{{ range .Values.shops }}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application # one a shop\nmetadata: {name: {{ . }}}\n{{ end }}\n",
        ),
        (
            "argo/apps/templates/rollout.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n",
        ),
        (
            "argo/apps/templates/flux.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n",
        ),
    ];
    let units = units(ARGO, &files).unwrap();
    let lines = told(&units);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        lines[0],
        "argo-apps-templates-web: unknown argo/apps/templates/web.yaml:4:1: only a chart makes this Application, which is not looked into"
    );
    assert!(
        lines[1].starts_with("root: argo/apps {\"helm\""),
        "{lines:?}"
    );
}

#[test]
fn a_kustomization_of_applications_deploys_what_its_files_say_where_it_only_lists_them() {
    let parent = of_source("path: children").replace("web", "parent");
    let child = of_source("path: plain");
    let of = |parent: &str, kustomization: &str| {
        let files = [
            ("argo/parent.yaml", parent),
            ("children/kustomization.yaml", kustomization),
            ("children/web.yaml", &child),
            ("children/patch.yaml", &child),
            PLAIN,
        ];
        told(&units(ARGO, &files).unwrap())
    };
    let listed = of(&parent, "{namespace: argocd, resources: [web.yaml]}");
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[1].starts_with("web: plain plain"), "{listed:?}");
    assert_eq!(of(&parent, "{resources: []}").len(), 1);
    for (kustomization, by) in [
        (
            "{resources: [web.yaml], patches: [{patch: x}]}",
            "children/kustomization.yaml",
        ),
        (
            "{resources: [web.yaml], namePrefix: a-}",
            "children/kustomization.yaml",
        ),
        (
            "{resources: [web.yaml], patches: [{path: patch.yaml}]}",
            "children/kustomization.yaml",
        ),
        (
            "{resources: [web.yaml, 'https://example.com/x']}",
            "children/web.yaml",
        ),
    ] {
        let found = of(&parent, kustomization);
        assert_eq!(found.len(), 2, "{kustomization}: {found:?}");
        let says = format!("`{by}` may change the Application `web`");
        assert!(found[1].contains(&says), "{kustomization}: {found:?}");
    }
    let patched = parent.replace(
        "path: children",
        "path: children, kustomize: {namePrefix: a-}",
    );
    let found = of(&patched, "{resources: [web.yaml]}");
    assert!(
        found[1].contains("`parent` may change the Application `web`"),
        "{found:?}"
    );
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
