//! The real programs start, confined and bounded as they are, and see only what they are given.

use std::ffi::OsString;
use std::path::PathBuf;

use tidegate::model::{RepoPath, code_of};
use tidegate::render::{
    Closure, Exported, Files as _, GitFiles, Program, ProgramError, Programs, ProgramsConfig,
};

use crate::support::Repo;

#[test]
#[ignore = "needs kustomize"]
fn kustomize_builds_what_it_is_given_and_nothing_else() {
    let repo = Repo::new();
    repo.write("base/kustomization.yaml", "resources: [map.yaml]\n");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
    repo.write("base/map.yaml", map);
    repo.write(
        "app/kustomization.yaml",
        "resources: [../base]\nnamePrefix: b-\n",
    );
    let programs = Programs::new(ProgramsConfig {
        kustomize: Some(tool("kustomize")),
        ..config(&repo)
    });
    let program = programs.kustomize().unwrap();
    assert!(program.version.starts_with("v5."), "{program:?}");
    let folder = RepoPath::from("app");
    let arguments = [OsString::from(".")];
    let build = |exported: &Exported| programs.run(program, &arguments, &folder, exported);
    let built = build(&export(&repo, "")).unwrap();
    assert_eq!(
        String::from_utf8(built).unwrap(),
        map.replace("name: a", "name: b-a")
    );
    let error = build(&export(&repo, "app")).unwrap_err();
    assert_eq!(code_of(&error), "render.tool-failed");
    assert!(!error.to_string().contains("tidegate-"), "{error}");
    assert_eq!(programs.started(), 3);
}

#[test]
#[ignore = "needs helm"]
fn helm_templates_what_it_is_given_and_nothing_else() {
    for (name, version) in [("helm3", "v3."), ("helm4", "v4.")] {
        let repo = Repo::new();
        repo.write(
            "app/Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        );
        let template = "kind: ConfigMap\nvalue: {{ .Values.a }}\n\
            {{- if .Values.ask }}\nhost: {{ getHostByName \"localhost\" }}\n{{- end }}\n";
        repo.write("app/templates/map.yaml", template);
        let programs = Programs::new(ProgramsConfig {
            helm: Some(tool(name)),
            ..config(&repo)
        });
        let program: &Program = programs.helm().unwrap();
        assert!(program.version.starts_with(version), "{program:?}");
        let exported = export(&repo, "");
        let values = exported.beside("values.yaml", b"a: b").unwrap();
        let arguments = ["release", ".", "--values"].map(OsString::from);
        let mut arguments = arguments.to_vec();
        arguments.push(values.into());
        let folder = RepoPath::from("app");
        let template = |arguments: &[OsString]| -> Result<String, ProgramError> {
            let printed = programs.run(program, arguments, &folder, &exported)?;
            Ok(String::from_utf8(printed).unwrap())
        };
        let printed = template(&arguments).unwrap();
        assert!(printed.ends_with("value: b\n"), "{printed}");
        let also = |more: &[&str]| {
            let more = more.iter().map(OsString::from);
            template(&arguments.iter().cloned().chain(more).collect::<Vec<_>>())
        };
        let closed = programs.confinement();
        let read = also(&["--values=/etc/hostname"]);
        assert_eq!(read.is_err(), closed.files, "{read:?}");
        let asked = also(&["--enable-dns", "--set=ask=true"]);
        assert_eq!(asked.is_err(), closed.network, "{asked:?}");
    }
}

fn config(repo: &Repo) -> ProgramsConfig {
    let temporary: PathBuf = repo.beside("temporary");
    std::fs::create_dir(&temporary).unwrap();
    ProgramsConfig {
        temporary,
        ..ProgramsConfig::default()
    }
}

/// The files below a folder, as they were committed.
fn export(repo: &Repo, below: &str) -> Exported {
    let commit = repo.commit("all");
    let repository = repo.open();
    let snapshot = repository.snapshot(commit).unwrap();
    let files = GitFiles::new(&repository, &snapshot);
    let mut closure = Closure::default();
    for entry in files.below(&below.into()).unwrap() {
        closure.insert(entry).unwrap();
    }
    Exported::of(&files, &closure, &repo.beside("temporary")).unwrap()
}

/// A program of the search path.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks for what CI installed"
)]
fn tool(name: &str) -> PathBuf {
    let search = std::env::var_os("PATH").unwrap();
    let mut programs = std::env::split_paths(&search).map(|folder| folder.join(name));
    let found = programs.find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not in PATH: .ci/renderers installs it"))
}
