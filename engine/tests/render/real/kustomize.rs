//! Kustomizations built by the real kustomize: from exported files, and in a checkout beside it.
//! Knows no unit.

mod odd;
mod patched;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tidegate::git::{Repository, Snapshot};
use tidegate::model::{RepoPath, code_of};
use tidegate::render::{
    Closure, Deployer, Exported, GitFiles, ImageOverride, Kustomize, LabelOverride, Programs,
    ProgramsConfig, Rendered, kustomize,
};

use crate::support::Repo;

#[test]
#[ignore = "needs kustomize"]
fn a_build_is_what_kustomize_prints_in_a_checkout() {
    let world = World::new(EVERYTHING);
    for folder in [
        "overlay",
        "base",
        "links",
        "annotated",
        "selected",
        "empty-annotations",
        "flow",
    ] {
        let built = world.build(folder, &Kustomize::default(), Deployer::ArgoCd);
        assert_eq!(built.text, world.plain(folder, &[]), "{folder}");
        assert_eq!(built.tool, "kustomize");
        assert!(built.version.starts_with("v5."), "{}", built.version);
        let objects = built
            .text
            .split("\n---\n")
            .filter(|text| !text.is_empty())
            .count();
        assert_eq!(built.origins.len(), objects, "{folder}");
    }
    let flux = world.build("far", &Kustomize::default(), Deployer::Flux);
    assert_eq!(
        flux.text,
        world.plain("far", &["--load-restrictor", "LoadRestrictionsNone"])
    );
}

#[test]
#[ignore = "needs kustomize"]
fn objects_point_back_to_their_files_patches_and_generators() {
    let world = World::new(EVERYTHING);
    let built = world.build("overlay", &Kustomize::default(), Deployer::ArgoCd);
    let documents = built.text.split("\n---\n");
    let told: BTreeMap<String, String> = documents
        .zip(&built.origins)
        .map(|(text, origin)| {
            let line = |key: &str| {
                let found = text.lines().find_map(|line| line.strip_prefix(key));
                found.unwrap_or_default().to_owned()
            };
            let file = origin
                .file
                .as_ref()
                .map_or("-".to_owned(), ToString::to_string);
            let changed: Vec<String> = origin.changed_by.iter().map(ToString::to_string).collect();
            let name = line("  name: ");
            let name = name
                .trim_start_matches("prod-")
                .split("-5")
                .next()
                .unwrap_or_default();
            (
                format!("{} {name}", line("kind: ")),
                format!("{file} < {}", changed.join(" ")),
            )
        })
        .collect();
    let found = |object: &str| {
        let found = told.iter().find(|(name, _)| name.starts_with(object));
        found.map(|(_, told)| told.as_str()).unwrap_or_default()
    };
    assert_eq!(
        found("Deployment web"),
        "base/web.yaml < base/kustomization.yaml component/kustomization.yaml overlay/patches/memory.yaml \
         overlay/kustomization.yaml overlay/transformer.yaml",
        "{told:#?}"
    );
    assert_eq!(
        found("Service web"),
        "base/service.yaml < base/kustomization.yaml component/kustomization.yaml overlay/kustomization.yaml overlay/transformer.yaml",
        "{told:#?}"
    );
    assert!(
        found("ConfigMap settings")
            .starts_with("- < overlay/settings.env overlay/logo.txt overlay/kustomization.yaml"),
        "{told:#?}"
    );
}

#[test]
#[ignore = "needs kustomize"]
fn without_any_one_input_the_build_fails() {
    let world = World::new(EVERYTHING);
    for (folder, deployer) in [
        ("overlay", Deployer::ArgoCd),
        ("links", Deployer::ArgoCd),
        ("plain", Deployer::Flux),
    ] {
        let closure = world
            .closure(folder, &Kustomize::default(), deployer)
            .unwrap();
        let paths: Vec<RepoPath> = closure.files().map(|entry| entry.path.clone()).collect();
        assert!(paths.len() > 2, "{paths:?}");
        world.build(folder, &Kustomize::default(), deployer);
        for path in paths {
            // The root is written anew, and what a folder without kustomization holds beside manifests
            // is there for the list alone.
            let text = path.to_string();
            if text == format!("{folder}/kustomization.yaml") || text.ends_with(".md") {
                continue;
            }
            let exported = world.export(&closure);
            fs::remove_file(exported.root().join(&text)).unwrap();
            let built = world.build_in(&exported, folder, &Kustomize::default(), deployer);
            let code = built.map_err(|error| code_of(&error));
            assert_eq!(code.unwrap_err(), "render.tool-failed", "{text}");
        }
    }
}

#[test]
fn nothing_is_started_for_what_is_out_of_bounds() {
    let world = World::new(&[
        (
            "remote/kustomization.yaml",
            "resources: ['https://example.com/x.yaml']",
        ),
        (
            "git/kustomization.yaml",
            "resources: ['github.com/owner/repo//deploy?ref=v1']",
        ),
        ("up/kustomization.yaml", "resources: [../../../etc/passwd]"),
        ("link/kustomization.yaml", "resources: [x.yaml]"),
        ("exec/kustomization.yaml", "transformers: [f.yaml]"),
        (
            "exec/f.yaml",
            "apiVersion: example.com/v1\nkind: X\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: ./run}'}}",
        ),
        (
            "helm/kustomization.yaml",
            "helmCharts: [{name: x, repo: 'https://example.com'}]",
        ),
    ]);
    world.repo.symlink("link/x.yaml", "../../../../etc/passwd");
    world.repo.commit("A link");
    for (folder, code) in [
        ("remote", "render.remote-input"),
        ("git", "render.remote-input"),
        ("up", "render.outside-tree"),
        ("link", "render.link-outside"),
        ("exec", "render.exec-plugin"),
        ("helm", "render.helm-in-kustomize"),
    ] {
        for deployer in [Deployer::ArgoCd, Deployer::Flux] {
            if (folder, deployer) == ("link", Deployer::Flux) {
                // Its archives hold no links.
                continue;
            }
            let error = world
                .closure(folder, &Kustomize::default(), deployer)
                .unwrap_err();
            assert_eq!(code_of(&error), code);
            let exported = world.export(&Closure::default());
            let error = world
                .build_in(&exported, folder, &Kustomize::default(), deployer)
                .unwrap_err();
            assert_eq!(code_of(&error), code);
        }
    }
    assert_eq!(world.programs.started(), 0);
}

#[test]
#[ignore = "needs kustomize"]
fn options_of_argo_cd_give_what_kustomize_edit_gives() {
    let world = World::new(EVERYTHING);
    let text = ToString::to_string;
    let options = Kustomize {
        name_prefix: Some(text("p-")),
        name_suffix: Some(text("-s")),
        namespace: Some(text("shop")),
        images: vec![
            ImageOverride {
                name: text("nginx"),
                new_tag: Some(text("9")),
                ..ImageOverride::default()
            },
            ImageOverride {
                name: text("other"),
                new_name: Some(text("reg/other")),
                ..ImageOverride::default()
            },
        ],
        replicas: [(text("web"), 7)].into(),
        labels: Some(LabelOverride {
            pairs: [(text("team"), text("a"))].into(),
            include_selectors: true,
            include_templates: false,
        }),
        annotations: [(text("note"), text("b"))].into(),
        components: vec![text("../component")],
        ..Kustomize::default()
    };
    let built = world.build("base", &options, Deployer::ArgoCd);
    let edit = |arguments: &[&str]| {
        let mut command = Command::new("kustomize");
        let status = command
            .current_dir(world.repo.path().join("base"))
            .arg("edit")
            .args(arguments)
            .status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    edit(&["set", "nameprefix", "--", "p-"]);
    edit(&["set", "namesuffix", "--", "-s"]);
    edit(&["set", "image", "nginx:9", "other=reg/other"]);
    edit(&["set", "replicas", "web=7"]);
    edit(&["add", "label", "team:a"]);
    edit(&["add", "annotation", "note:b"]);
    edit(&["set", "namespace", "--", "shop"]);
    edit(&["add", "component", "../component"]);
    assert_eq!(built.text, world.plain("base", &[]));
}

#[test]
#[ignore = "needs kustomize"]
fn flux_lists_manifests_replaces_variables_and_adds_metadata() {
    let world = World::new(EVERYTHING);
    let text = ToString::to_string;
    let options = Kustomize {
        namespace: Some(text("shop")),
        substitute: Some(
            [
                (text("HOST"), text("a.example")),
                (text("COUNT"), text("3")),
            ]
            .into(),
        ),
        labels: Some(LabelOverride {
            pairs: [(text("team"), text("a"))].into(),
            ..LabelOverride::default()
        }),
        ..Kustomize::default()
    };
    let built = world.build("plain", &options, Deployer::Flux);
    for line in [
        "host: a.example",
        "count: '\"3\"'",
        "none: x",
        "literal: ${HOST}",
        "labels: {\"team\":\"a\"}",
        "namespace: shop",
    ] {
        assert!(built.text.contains(line), "{line}: {}", built.text);
    }
    assert!(built.text.contains("kept: ${COUNT}"), "{}", built.text);
    assert!(built.text.contains("name: \"off\""), "{}", built.text);
    let files: Vec<String> = built
        .origins
        .iter()
        .filter_map(|origin| origin.file.as_ref())
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        files,
        [
            "plain/deep/off.yaml",
            "plain/on.yml",
            "plain/kustomized/x.yaml"
        ]
    );
}

/// Every kustomization of a folder that is a clone: built by us and in the checkout.
#[test]
#[ignore = "needs kustomize, and `TIDEGATE_TRY` with clones"]
#[expect(clippy::disallowed_methods, reason = "names the clones")]
#[expect(clippy::print_stdout, reason = "says what was found in them")]
fn every_kustomization_of_a_clone_builds_as_in_its_checkout() {
    let clones = std::env::var("TIDEGATE_TRY").unwrap_or_default();
    for clone in clones.split(':').filter(|clone| !clone.is_empty()) {
        let repository = Repository::open(Path::new(clone)).unwrap();
        let head = repository.resolve("HEAD").unwrap();
        let snapshot = repository.snapshot(head).unwrap();
        let programs = programs();
        let (mut same, mut refused, mut both) = (0, BTreeMap::<String, Vec<String>>::new(), 0);
        for entry in repository.entries(&snapshot).unwrap() {
            let name = entry.path.file_name();
            if ![
                b"kustomization.yaml".as_slice(),
                b"kustomization.yml",
                b"Kustomization",
            ]
            .contains(&name)
            {
                continue;
            }
            let folder = RepoPath::new(entry.path.parent());
            let text = String::from_utf8(repository.file(&entry).unwrap()).unwrap();
            if text.contains("kind: Component") || text.contains("kustomize.toolkit.fluxcd.io") {
                continue;
            }
            for deployer in [Deployer::ArgoCd, Deployer::Flux] {
                let plain = plain(
                    &Path::new(clone).join(folder.to_string()),
                    arguments_of(deployer),
                );
                let built = try_build(
                    &repository,
                    &snapshot,
                    &folder,
                    &Kustomize::default(),
                    deployer,
                    &programs,
                );
                match (built, plain) {
                    (Ok(built), Ok(plain)) if built.text == plain => same += 1,
                    (Ok(_), plain) => {
                        panic!("{clone}: {folder}: kustomize gives something else: {plain:?}")
                    }
                    (Err(error), Err(_)) if code_of(&error) == "render.tool-failed" => both += 1,
                    (Err(error), plain) => {
                        let code = code_of(&error);
                        let told = format!(
                            "{error} [plain build {}]",
                            if plain.is_ok() { "works" } else { "fails" }
                        );
                        refused.entry(code).or_default().push(told);
                    }
                }
            }
        }
        println!("{clone}: {same} the same, {both} fail in both, refused: {refused:#?}");
    }
}

struct World {
    repo: Repo,
    programs: Programs,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        for (path, text) in files {
            repo.write(path, text);
        }
        fs::create_dir_all(repo.path().join("links")).unwrap();
        repo.symlink("links/app", "../base");
        repo.commit("The shop");
        Self {
            repo,
            programs: programs(),
        }
    }

    fn snapshot(&self) -> (Repository, Snapshot) {
        let repository = self.repo.open();
        let snapshot = repository.snapshot(self.repo.id("HEAD")).unwrap();
        (repository, snapshot)
    }

    fn closure(
        &self,
        folder: &str,
        options: &Kustomize,
        deployer: Deployer,
    ) -> Result<Closure, kustomize::Error> {
        let (repository, snapshot) = self.snapshot();
        kustomize::closure(
            &GitFiles::new(&repository, &snapshot),
            &folder.into(),
            options,
            deployer,
        )
    }

    fn export(&self, closure: &Closure) -> Exported {
        let (repository, snapshot) = self.snapshot();
        Exported::of(
            &GitFiles::new(&repository, &snapshot),
            closure,
            self.programs.temporary(),
        )
        .unwrap()
    }

    fn build(&self, folder: &str, options: &Kustomize, deployer: Deployer) -> Rendered {
        let (repository, snapshot) = self.snapshot();
        let built = try_build(
            &repository,
            &snapshot,
            &folder.into(),
            options,
            deployer,
            &self.programs,
        );
        built.unwrap_or_else(|error| panic!("{folder}: {error}"))
    }

    fn build_in(
        &self,
        exported: &Exported,
        folder: &str,
        options: &Kustomize,
        deployer: Deployer,
    ) -> Result<Rendered, kustomize::Error> {
        let (repository, snapshot) = self.snapshot();
        let files = GitFiles::new(&repository, &snapshot);
        kustomize::build(
            exported,
            &files,
            &folder.into(),
            options,
            deployer,
            &self.programs,
        )
    }

    fn plain(&self, folder: &str, arguments: &[&str]) -> String {
        plain(&self.repo.path().join(folder), arguments).unwrap()
    }
}

fn try_build(
    repository: &Repository,
    snapshot: &Snapshot,
    folder: &RepoPath,
    options: &Kustomize,
    deployer: Deployer,
    programs: &Programs,
) -> Result<Rendered, kustomize::Error> {
    let files = GitFiles::new(repository, snapshot);
    let closure = kustomize::closure(&files, folder, options, deployer)?;
    let exported = Exported::of(&files, &closure, programs.temporary())?;
    kustomize::build(&exported, &files, folder, options, deployer, programs)
}

fn arguments_of(deployer: Deployer) -> &'static [&'static str] {
    match deployer {
        Deployer::ArgoCd => &[],
        Deployer::Flux => &["--load-restrictor", "LoadRestrictionsNone"],
    }
}

/// What kustomize prints in a folder.
fn plain(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("kustomize");
    let output = command
        .current_dir(folder)
        .args(["build", "."])
        .args(arguments)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "finds the tools where the tests were told"
)]
fn programs() -> Programs {
    Programs::new(ProgramsConfig {
        search: std::env::var_os("PATH"),
        temporary: std::env::temp_dir(),
        ..ProgramsConfig::default()
    })
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1'}]}
";

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

const EVERYTHING: &[(&str, &str)] = &[
    ("base/kustomization.yaml", "resources: [web.yaml, service.yaml]\nimages: [{name: nginx, newTag: '2'}]\n"),
    ("base/web.yaml", DEPLOYMENT),
    ("base/service.yaml", SERVICE),
    ("component/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {from: component}\n"),
    ("overlay/kustomization.yaml", "
namePrefix: prod-
resources: [../base]
components: [../component]
patches: [{path: patches/memory.yaml}, {path: patches/other.yaml, target: {kind: Ingress}}]
transformers: [transformer.yaml]
replacements: [{path: replacement.yaml}]
configurations: [conf.yaml]
openapi: {path: schema.json}
configMapGenerator: [{name: settings, envs: [settings.env], files: [logo=logo.txt]}]
"),
    ("overlay/patches/memory.yaml", "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, resources: {limits: {memory: 1Gi}}}]}}}
"),
    ("overlay/patches/other.yaml", r#"[{"op": "remove", "path": "/spec/x"}]"#),
    ("overlay/transformer.yaml", "{apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: n, namespace: shop}, fieldSpecs: [{path: metadata/namespace, create: true}]}"),
    ("overlay/replacement.yaml", "
source: {kind: Service, name: web, fieldPath: 'spec.ports.0.port'}
targets: [{select: {kind: Deployment}, fieldPaths: ['metadata.annotations.port'], options: {create: true}}]
"),
    ("overlay/conf.yaml", "namePrefix: [{path: metadata/name}]\n"),
    ("overlay/schema.json", "{\"definitions\": {}}"),
    ("overlay/settings.env", "A=1\nB=2\n"),
    ("overlay/logo.txt", "logo"),
    ("links/kustomization.yaml", "resources: [app]\nnameSuffix: -l\n"),
    ("annotated/kustomization.yaml", "resources: [../base]\nbuildMetadata: [originAnnotations, managedByLabel]\n"),
    // It tells the builds with annotations and without apart: only the latter is what is deployed.
    ("selected/kustomization.yaml", "
resources: [../base]
patches:
- target: {kind: Deployment, annotationSelector: '!config.kubernetes.io/origin'}
  patch: '[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 9}]'
"),
    ("empty-annotations/kustomization.yaml", "resources: [x.yaml]\n"),
    ("empty-annotations/x.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, annotations: {}}, data: {a: \"---\\n---\\n\"}}\n"),
    ("flow/kustomization.yaml", "{\"resources\": [\"../base\"], \"commonLabels\": {\"é\": \"x\"}}"),
    ("far/kustomization.yaml", "resources: [../base/web.yaml]\n"),
    ("plain/on.yml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: on}, data: {host: \"${HOST}\", count: '\"${COUNT}\"', none: \"${NONE:=x}\", literal: \"$${HOST}\"}}\n"),
    ("plain/deep/off.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: 'off', annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}, data: {kept: \"${COUNT}\"}}\n"),
    ("plain/kustomized/kustomization.yaml", "resources: [x.yaml]\n"),
    ("plain/kustomized/x.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n"),
    ("plain/README.md", "words"),
];
