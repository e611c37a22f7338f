//! Charts rendered by the real Helm: from exported files, and in a checkout beside it.
//! Runs each test with every `helm`, `helm3` and `helm4` of `PATH`; knows no unit.

mod clones;
mod shop;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tidegate::git::{Repository, Snapshot};
use tidegate::manifest::{Node, yaml};
use tidegate::model::{RepoPath, code_of};
use tidegate::render::helm::{self, Error};
use tidegate::render::{
    Deployer, Exported, GitFiles, Helm, Parameter, Programs, ProgramsConfig, Rendered,
};

use self::shop::{CHART, SHOP};
use crate::support::Repo;

#[test]
#[ignore = "needs helm"]
fn a_chart_gives_what_helm_prints_in_a_checkout() {
    let world = World::new(SHOP);
    for helm in helms() {
        let programs = programs(&helm);
        let rendered = world.render("app", &options(), &programs).unwrap();
        assert_eq!(rendered.tool, "helm");
        assert!(rendered.version.starts_with('v'), "{}", rendered.version);
        let checkout = world.checkout();
        run(
            &helm,
            &checkout.path().join("app"),
            &["dependency", "build"],
        )
        .unwrap();
        let plain = plain(&helm, &checkout.path().join("app"), &["--include-crds"]).unwrap();
        assert_eq!(objects(&rendered.text), objects(&plain));
        assert_eq!(objects(&rendered.text).len(), 8, "{}", rendered.text);
        assert_eq!(programs.started(), 2, "one for the version");
    }
}

#[test]
#[ignore = "needs helm"]
fn each_object_points_back_to_its_template_and_values() {
    let world = World::new(SHOP);
    let options = Helm {
        value_files: vec!["values/prod.yaml".into()],
        ..options()
    };
    for helm in helms() {
        let rendered = world.render("app", &options, &programs(&helm)).unwrap();
        let documents = yaml::parse(&rendered.text).unwrap();
        assert_eq!(documents.len(), rendered.origins.len());
        let found: BTreeMap<String, String> = documents
            .iter()
            .zip(&rendered.origins)
            .map(|(document, origin)| {
                let name = document.pointer("/metadata/name").and_then(Node::as_str);
                let file = origin.file.as_ref().map(ToString::to_string);
                let values: Vec<String> =
                    origin.changed_by.iter().map(ToString::to_string).collect();
                let file = file.unwrap_or_default();
                (
                    name.unwrap().to_owned(),
                    format!("{file} < {}", values.join(" ")),
                )
            })
            .collect();
        let values = "< app/values.yaml values/prod.yaml";
        let wanted = [
            (
                "crontabs.shop.example",
                "app/crds/crontab.yaml < ".to_owned(),
            ),
            (
                "faketabs.shop.example",
                "app/crds/crontab.yaml < ".to_owned(),
            ),
            ("from-lib", format!("lib/templates/lib.yaml {values}")),
            (
                "from-sub",
                format!("app/charts/sub/templates/sub.yaml {values}"),
            ),
            ("migrate", format!("app/templates/hook.yaml {values}")),
            ("settings", format!("app/templates/settings.yaml {values}")),
            ("probe", format!("app/templates/tests/probe.yaml {values}")),
            ("two", format!("app/templates/settings.yaml {values}")),
        ];
        let wanted = wanted.map(|(name, file)| (name.to_owned(), file)).into();
        assert_eq!(found, wanted);
    }
}

#[test]
#[ignore = "needs helm"]
fn values_win_in_the_order_of_argo_cd() {
    let world = World::new(SHOP);
    let mut options = options();
    let parameter = |value: &str, force_string| Parameter {
        name: "level".to_owned(),
        value: value.to_owned(),
        force_string,
    };
    for helm in helms() {
        let programs = programs(&helm);
        let level = |options: &Helm| {
            let rendered = world.render("app", options, &programs).unwrap();
            let objects = objects(&rendered.text);
            let settings = objects
                .iter()
                .find(|one| one["metadata"]["name"] == "settings");
            settings.unwrap()["data"]["level"].clone()
        };
        options = Helm {
            release: options.release,
            kube_version: options.kube_version,
            api_versions: options.api_versions,
            ..Helm::default()
        };
        assert_eq!(level(&options), "chart");
        options.value_files = vec!["values/prod.yaml".into(), "values/eu.yaml".into()];
        assert_eq!(level(&options), "eu");
        options.value_files.reverse();
        assert_eq!(level(&options), "prod");
        options.values = Some(json!({"level": "object"}));
        assert_eq!(level(&options), "object");
        options.parameters = vec![parameter("a, b", false)];
        assert_eq!(level(&options), "a, b");
        options.parameters.push(parameter("007", true));
        assert_eq!(level(&options), "007");
        options.file_parameters = vec![("level".to_owned(), "values/level.txt".into())];
        assert_eq!(level(&options), "of a file");
    }
}

#[test]
#[ignore = "needs helm"]
fn what_the_options_leave_out_is_left_out() {
    let world = World::new(SHOP);
    let options = Helm {
        namespace: Some("shop".to_owned()),
        skip_crds: true,
        skip_tests: true,
        kube_version: Some("v1.29.3-gke.1".to_owned()),
        api_versions: Some(vec!["shop.example/v1".to_owned()]),
        ..options()
    };
    for helm in helms() {
        let rendered = world.render("app", &options, &programs(&helm)).unwrap();
        let objects = objects(&rendered.text);
        assert_eq!(objects.len(), 5, "{}", rendered.text);
        let settings = objects
            .iter()
            .find(|one| one["metadata"]["name"] == "settings")
            .unwrap();
        assert_eq!(settings["data"]["kube"], "v1.29.3");
        assert_eq!(settings["data"]["api"], "true");
        assert_eq!(settings["metadata"]["namespace"], "shop");
    }
}

/// Helm takes whatever lies in a chart's folder, and misses no template: so a folder is an input as a whole,
/// and each of its files changes what is rendered.
#[test]
#[ignore = "needs helm"]
fn without_any_one_input_the_rendering_fails_or_is_another() {
    let world = World::new(SHOP);
    let options = Helm {
        value_files: vec!["values/prod.yaml".into()],
        file_parameters: vec![("note".to_owned(), "values/level.txt".into())],
        ..options()
    };
    let (repository, snapshot) = world.snapshot();
    let files = GitFiles::new(&repository, &snapshot);
    let folder = RepoPath::from("app");
    let closure = helm::closure(&files, &folder, &options, Deployer::ArgoCd).unwrap();
    for helm in helms() {
        let programs = programs(&helm);
        let whole = world.render("app", &options, &programs).unwrap();
        for entry in closure.files() {
            let path = entry.path.to_string();
            // Of the charts that are packed for Helm, no single file is missed here.
            if path.starts_with("lib/") || path.ends_with("NOTES.txt") {
                continue;
            }
            let exported = Exported::of(&files, &closure, programs.temporary()).unwrap();
            fs::remove_file(exported.root().join(&path)).unwrap();
            let rendered = helm::template(
                &exported,
                &files,
                &folder,
                &options,
                Deployer::ArgoCd,
                &programs,
            );
            match rendered {
                Ok(rendered) => assert_ne!(rendered.text, whole.text, "{path}"),
                Err(error) => assert_eq!(code_of(&error), "render.tool-failed", "{path}"),
            }
        }
    }
}

#[test]
#[ignore = "needs helm"]
fn secrets_that_are_made_anew_count_as_one_and_nothing_else_does() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  p: {{ randAlphaNum 12 | b64enc }}\n  same: eA==\n";
    let plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {p: '{{ randAlphaNum 12 }}'}\n";
    let world = World::new(&[
        ("secret/Chart.yaml", CHART),
        ("secret/templates/s.yaml", secret),
        ("plain/Chart.yaml", CHART),
        ("plain/templates/c.yaml", plain),
    ]);
    for helm in helms() {
        let programs = programs(&helm);
        let first = world.render("secret", &options(), &programs).unwrap();
        assert_eq!(
            first,
            world.render("secret", &options(), &programs).unwrap()
        );
        assert!(first.text.contains("same: eA=="), "{}", first.text);
        let error = world.render("plain", &options(), &programs).unwrap_err();
        assert_eq!(code_of(&error), "render.not-deterministic");
        assert_eq!(
            error.to_string(),
            "app/templates/c.yaml gives something else each time: ConfigMap c, `/data/p`"
        );
    }
}

#[test]
#[ignore = "needs helm"]
fn a_number_where_a_chart_has_text_is_what_helm_makes_of_it() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n\
               data: {a: '{{ .Chart.Name }} {{ .Chart.Version }} {{ .Chart.AppVersion }}'}\n";
    for (head, taken) in [
        ("name: app\nversion: 1\n", true),
        ("name: 1.10\nversion: 1.10\nappVersion: 1.10\n", true),
        ("name: yes\nversion: 0x1F\nappVersion: true\n", true),
        ("name: app\nversion: 1e3\nappVersion: 1e7\n", true),
        ("name: app\nversion: true\n", false),
        ("name: app\nversion: 1e21\n", false),
        ("name: app\nversion: -1\n", false),
        ("name: app\nversion: ~\n", false),
        ("name: app\nversion: [1]\n", false),
        ("name: app\nversion: 1\nappVersion: [1]\n", false),
        ("name: app\nversion: 1\ntype: 1\n", false),
        ("name: ~\nversion: 1\n", false),
    ] {
        let chart = format!(
            "apiVersion: v2\n{head}dependencies: [{{name: 7, version: 1.0, alias: 0x10}}]\n"
        );
        let world = World::new(&[
            ("app/Chart.yaml", &chart),
            ("app/templates/c.yaml", map),
            (
                "app/charts/seven/Chart.yaml",
                "apiVersion: v2\nname: 7\nversion: 1\n",
            ),
            (
                "app/charts/seven/templates/c.yaml",
                &map.replace("name: c", "name: d"),
            ),
        ]);
        for helm in helms() {
            let ours = world.render("app", &options(), &programs(&helm));
            let plain = plain(&helm, &world.checkout().path().join("app"), &[]);
            assert_eq!((ours.is_ok(), plain.is_ok()), (taken, taken), "{head}");
            if let (Ok(ours), Ok(plain)) = (ours, plain) {
                assert_eq!(objects(&ours.text), objects(&plain), "{head}");
                assert_eq!(objects(&plain).len(), 2, "{head}");
            }
        }
    }
}

#[test]
#[ignore = "needs helm"]
fn what_may_not_be_rendered_is_refused_before_a_process_starts() {
    let remote = "dependencies: [{name: x, repository: 'https://charts.example', version: 1.x}]\n";
    let world = World::new(&[
        ("app/Chart.yaml", CHART),
        ("remote/Chart.yaml", &[CHART, remote].concat()),
        ("clock/Chart.yaml", CHART),
        ("clock/templates/a.yaml", "{{ if now }}kind: X{{ end }}"),
        (
            "named/Chart.yaml",
            "apiVersion: v2\nname: ../x\nversion: 1.0.0\n",
        ),
        ("linked/Chart.yaml", CHART),
    ]);
    world
        .repo
        .symlink("linked/values.yaml", "../../../../etc/passwd");
    world.repo.commit("A link");
    let with = |path: &str| Helm {
        value_files: vec![path.into()],
        ..options()
    };
    let cases = [
        ("remote", options(), "render.remote-input"),
        ("clock", options(), "render.clock"),
        ("named", options(), "render.chart"),
        ("linked", options(), "render.link-outside"),
        (
            "app",
            with("https://shop.example/v.yaml"),
            "render.remote-input",
        ),
        ("app", with("../../../../etc/passwd"), "render.outside-tree"),
        ("app", with("/etc/passwd"), "render.absolute-path"),
    ];
    for helm in helms() {
        let programs = programs(&helm);
        for (folder, options, code) in &cases {
            let error = world.render(folder, options, &programs).unwrap_err();
            assert_eq!(code_of(&error), *code, "{folder}");
            let (repository, snapshot) = world.snapshot();
            let files = GitFiles::new(&repository, &snapshot);
            let exported = Exported::empty(programs.temporary()).unwrap();
            let (folder, argo) = (RepoPath::from(*folder), Deployer::ArgoCd);
            let error = helm::template(&exported, &files, &folder, options, argo, &programs);
            assert_eq!(code_of(&error.unwrap_err()), *code);
        }
        assert_eq!(programs.started(), 0);
    }
}

struct World {
    repo: Repo,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let repo = Repo::new();
        for (path, text) in files {
            repo.write(path, text);
        }
        repo.commit("The shop");
        Self { repo }
    }

    fn snapshot(&self) -> (Repository, Snapshot) {
        let repository = self.repo.open();
        let snapshot = repository.snapshot(self.repo.id("HEAD")).unwrap();
        (repository, snapshot)
    }

    fn render(&self, folder: &str, options: &Helm, programs: &Programs) -> Result<Rendered, Error> {
        let (repository, snapshot) = self.snapshot();
        render(&repository, &snapshot, &folder.into(), options, programs)
    }

    /// The files beside the repository, to be changed.
    fn checkout(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("cp");
        command
            .arg("-r")
            .arg(self.repo.path().join("."))
            .arg(folder.path());
        assert!(command.status().unwrap().success());
        folder
    }
}

fn render(
    repository: &Repository,
    snapshot: &Snapshot,
    folder: &RepoPath,
    options: &Helm,
    programs: &Programs,
) -> Result<Rendered, Error> {
    let files = GitFiles::new(repository, snapshot);
    let closure = helm::closure(&files, folder, options, Deployer::ArgoCd)?;
    let exported = Exported::of(&files, &closure, programs.temporary())?;
    helm::template(
        &exported,
        &files,
        folder,
        options,
        Deployer::ArgoCd,
        programs,
    )
}

fn options() -> Helm {
    Helm {
        release: "shop".to_owned(),
        kube_version: Some(helm::KUBE_VERSION.to_owned()),
        api_versions: Some(Vec::new()),
        ..Helm::default()
    }
}

/// The objects of a stream, in an order of their own.
fn objects(text: &str) -> Vec<Value> {
    let documents = yaml::parse(text).unwrap();
    let mut objects: Vec<Value> = documents.iter().map(Node::to_json).collect();
    objects.retain(|object| !object.is_null());
    objects.sort_by_key(ToString::to_string);
    objects
}

fn plain(program: &Path, folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let version = helm::KUBE_VERSION;
    let own = ["template", "shop", ".", "--kube-version", version];
    run(program, folder, &[&own, arguments].concat())
}

fn run(helm: &Path, folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(helm);
    command
        .env_clear()
        .env("HOME", home.path())
        .current_dir(folder);
    let output = command.args(arguments).output().unwrap();
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
fn helms() -> Vec<PathBuf> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&search).collect();
    let named = ["helm", "helm3", "helm4"].into_iter();
    let found: Vec<PathBuf> = named
        .filter_map(|name| {
            folders
                .iter()
                .map(|folder| folder.join(name))
                .find(|path| path.is_file())
        })
        .collect();
    assert!(!found.is_empty(), "there is no helm");
    found
}

fn programs(helm: &Path) -> Programs {
    Programs::new(ProgramsConfig {
        helm: Some(helm.to_path_buf()),
        temporary: std::env::temp_dir(),
        ..ProgramsConfig::default()
    })
}
