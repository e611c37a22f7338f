use super::super::super::Error;
use super::super::super::deployed::Input;
use super::super::RenderedFile;
use super::*;
use crate::git::{Draft, Repository};
use crate::render::{Closure, Deployer, GitFiles, Helm, Kustomize, Rendering, Tool};

const BASE: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: web}]}
";
const PATCH: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: two\n";
const OTHER: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";

/// What is said of `text`, which came out of the folder `app`, each document of a file of `files` and changed
/// by others of them.
fn said(tool: Tool, text: &str, origins: &[(&str, &[&str])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let draft = Draft::init(folder.path()).unwrap();
    draft.write("app/base.yaml", BASE.as_bytes()).unwrap();
    draft.write("app/patch.yaml", PATCH.as_bytes()).unwrap();
    let wrong = BASE.replace("replicas: 1", "replicas: two");
    draft.write("app/wrong.yaml", wrong.as_bytes()).unwrap();
    draft.write("app/other.yaml", OTHER.as_bytes()).unwrap();
    let commit = draft.commit("all", 0).unwrap();
    let repository = Repository::open(folder.path()).unwrap();
    let snapshot = repository.snapshot(commit).unwrap();
    let name = match tool {
        Tool::Kustomize(_) => "kustomize",
        Tool::Helm(_) => "helm",
    };
    let input = Input {
        closure: Closure::default(),
        rendering: Rendering {
            folder: "app".into(),
            deployer: Deployer::ArgoCd,
            tool,
        },
        version: None,
    };
    let origins = origins.iter().map(|(file, changed_by)| Origin {
        file: Some((*file).into()),
        changed_by: changed_by.iter().map(|path| (*path).into()).collect(),
        base: None,
    });
    let rendered = Rendered {
        text: text.to_owned(),
        origins: origins.collect(),
        tool: name.to_owned(),
        version: "v1".to_owned(),
    };
    let files = GitFiles::new(&repository, &snapshot);
    match RenderedFile::read(&input, rendered, &files) {
        Err(error @ Error::Manifest(_)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{text} can be judged"),
    }
}

fn kustomize() -> Tool {
    Tool::Kustomize(Kustomize::default())
}

const TWO: &str =
    "`spec.replicas` must be a whole number that is not negative and fits 32 bits, and is a string";

#[test]
fn what_a_kustomization_gives_is_told_by_the_line_that_says_it() {
    let wrong = BASE.replace("replicas: 1", "replicas: two");
    let text = format!("{OTHER}---\n{wrong}");
    let other: (&str, &[&str]) = ("app/other.yaml", &[]);
    let of = |file, changed_by| said(kustomize(), &text, &[other, (file, changed_by)]);
    let at = |place: &str| format!("{place}: {TWO}");
    assert_eq!(of("app/wrong.yaml", &[]), at("app/wrong.yaml:5:13"));
    assert_eq!(
        of("app/base.yaml", &["app/patch.yaml"]),
        at("app/patch.yaml:5:13")
    );
}

#[test]
fn what_cannot_be_parsed_is_told_by_its_file() {
    let text = format!("{OTHER}---\n{BASE}a: 1\na: 2\n");
    let said = said(
        kustomize(),
        &text,
        &[("app/other.yaml", &[]), ("app/base.yaml", &[])],
    );
    let wanted = "app/base.yaml (as kustomize renders it):11:1: ";
    assert!(said.starts_with(wanted), "{said}");
    assert!(said.ends_with("(the other is at 10:1)"), "{said}");
}

#[test]
fn what_a_chart_gives_is_told_by_its_template() {
    let wrong = BASE.replace("replicas: 1", "replicas: two");
    let of = |name: &str, text: &str| format!("---\n# Source: app/templates/{name}.yaml\n{text}");
    let text = of("other", OTHER) + &of("web", &wrong);
    let origins: [(&str, &[&str]); 2] = [
        ("app/templates/other.yaml", &[]),
        ("app/templates/web.yaml", &["app/values.yaml"]),
    ];
    assert_eq!(
        said(Tool::Helm(Helm::default()), &text, &origins),
        format!("app/templates/web.yaml (as helm renders it):7:13: {TWO}")
    );
    let text = of("other", OTHER) + &of("web", "a: b\n");
    let said = said(Tool::Helm(Helm::default()), &text, &origins);
    let wanted = "app/templates/web.yaml (as helm renders it):3:1: this is no Kubernetes object: ";
    assert!(said.starts_with(wanted), "{said}");
}
