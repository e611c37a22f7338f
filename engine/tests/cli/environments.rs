//! `tidegate environments`: what it shows of a repository whose Applications say what is deployed.

use super::{said, tidegate};
use crate::support::Repo;

const CONFIG: &str = "repositories: [\"https://git.example/acme/shop.git\"]\nenvironments: [{name: prod, cluster: eu-1, tenants: [brand-a], applications: {paths: [\"argo/**\"]}}]\n";

fn application(name: &str, source: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec: {{source: {{{source}}}}}\n"
    )
}

fn shop(applications: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    repo.write("apps/web/kustomization.yaml", "resources: [x.yaml]\n");
    repo.write("apps/web/x.yaml", "");
    for (name, source) in applications {
        repo.write(format!("argo/{name}.yaml"), application(name, source));
    }
    repo.commit("what is deployed");
    repo
}

const LOCAL: (&str, &str) = (
    "web",
    "repoURL: 'git@git.example:acme/shop.git', path: apps/web",
);
const REDIS: (&str, &str) = (
    "redis",
    "repoURL: 'https://joe:hunter2@charts.example', chart: redis, targetRevision: 1.x",
);

#[test]
fn units_are_shown_with_what_deploys_them() {
    let repo = shop(&[LOCAL, REDIS]);
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 0, "{text}");
    for line in [
        "prod  branch main, cluster eu-1, for brand-a",
        "  web  Application, argo/web.yaml:3:18",
        "      apps/web  kustomize",
        "charts.example  redis  1.x (floating)",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn what_cannot_be_told_is_exit_3_with_what_to_do() {
    let repo = shop(&[
        LOCAL,
        (
            "api",
            "repoURL: 'https://git.example/acme/shop', path: nowhere",
        ),
    ]);
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("unknown: there is no folder `nowhere`"),
        "{text}"
    );
    assert!(text.contains("at argo/api.yaml:4:"), "{text}");
}

#[test]
fn applications_that_templates_make_are_shown_with_what_makes_them() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: brands}\nspec:\n  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators:\n  - list:\n      elements:\n      - {brand: Brand_A, regions: [eu, us]}\n      - {brand: Brand_B, regions: [], chart: true}\n  template:\n    metadata:\n      name: '{{ .brand | normalize }}{{ range .regions }}-{{ . }}{{ else }}-all{{ end }}'\n    spec:\n      source: {repoURL: 'https://git.example/acme/shop.git', path: apps/web}\n  templatePatch: |\n    {{- if hasKey . \"chart\" }}\n    spec:\n      source: {path: null, chart: redis, repoURL: 'https://charts.example', targetRevision: 1.x}\n    {{- end }}\n";
    let repo = shop(&[LOCAL]);
    repo.write("argo/set.yaml", set);
    repo.commit("a set");
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 0, "{text}");
    for line in [
        "  brand-a-eu-us  Application, argo/set.yaml:3:18, by ApplicationSet brands",
        "  brand-b-all  Application, argo/set.yaml:3:",
        "charts.example  redis  1.x (floating)",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    repo.write(
        "argo/set.yaml",
        set.replace("hasKey . \"chart\"", "eq (randAlpha 1) \"a\""),
    );
    repo.commit("by chance");
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 3, "{text}");
    let why = "`templatePatch` is not evaluated here: `randAlpha` gives something else each time, in line 1 of it";
    assert!(text.contains(why), "{text}");
}

#[test]
fn a_unit_of_elsewhere_is_listed_and_not_rendered() {
    let values = format!(
        "{}, helm: {{valueFiles: [$here/values.yaml]}}}}, {{repoURL: 'https://git.example/acme/shop.git', ref: here",
        REDIS.1
    );
    let repo = shop(&[LOCAL, REDIS]);
    repo.write("values.yaml", "a: 1\n");
    let several = application("valued", &values).replace("source: {", "sources: [{");
    repo.write("argo/valued.yaml", several.replace("here}}\n", "here}]}\n"));
    repo.commit("a chart of elsewhere with values of here");
    for name in ["prod/redis", "redis", "prod/valued"] {
        let output = tidegate(repo.path()).args(["render", name]).output();
        let (text, exit) = said(&output.unwrap());
        assert_eq!(exit, 3, "{text}");
        for part in ["source.elsewhere", "charts.example alone"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
    let output = tidegate(repo.path())
        .args(["render", "prod/other"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 2, "{text}");
    assert!(
        text.contains("there are: prod/redis, prod/valued, prod/web"),
        "{text}"
    );
}

#[test]
fn programs_get_the_same_as_json() {
    let repo = shop(&[LOCAL, REDIS]);
    let output = tidegate(repo.path())
        .args(["environments", "HEAD", "--output", "json"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 0, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let units = &json["environments"][0]["units"];
    assert_eq!(units[1]["sources"][0]["local"]["tool"], "kustomize");
    assert_eq!(units[0]["sources"][0]["external"]["pinned"], false);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn an_environment_that_there_is_not_is_a_mistake_of_the_caller() {
    let repo = shop(&[LOCAL]);
    let output = tidegate(repo.path())
        .args(["environments", "--env", "qa"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 2, "{text}");
    assert!(text.contains("there is no environment `qa`"), "{text}");
}

#[test]
fn what_nothing_would_render_is_told_with_its_line_and_is_exit_3() {
    let repo = shop(&[LOCAL, REDIS]);
    let charts = "helmCharts:\n- {name: redis, repo: 'https://charts.example', version: 1.0.0}\n";
    repo.write("apps/web/kustomization.yaml", charts);
    repo.commit("a chart in a kustomization");
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 3, "{text}");
    for part in [
        "      apps/web  kustomize",
        "      not rendered: render.helm-in-kustomize",
        "        apps/web/kustomization.yaml:1:",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let render = tidegate(repo.path()).args(["render", "web"]).output();
    let (render, exit) = said(&render.unwrap());
    assert_eq!(exit, 3, "{render}");
    assert!(render.contains("render.helm-in-kustomize"), "{render}");
    let output = tidegate(repo.path())
        .args(["environments", "--output", "json"])
        .output();
    let (text, exit) = said(&output.unwrap());
    assert_eq!(exit, 3, "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let units = &json["environments"][0]["units"];
    assert_eq!(units[0]["refused"], serde_json::Value::Null);
    let code = &units[1]["refused"]["code"];
    assert_eq!(code, "render.helm-in-kustomize");
}

#[test]
fn a_folder_that_is_not_there_is_exit_3_with_its_line() {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  sources:\n  - {name: web, kind: Application, path: apps/nowhere}\n",
    );
    repo.commit("what is deployed");
    let (text, exit) = said(&tidegate(repo.path()).arg("environments").output().unwrap());
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("unknown: there is no folder `apps/nowhere`"),
        "{text}"
    );
    assert!(text.contains("at tidegate.yaml:4:42"), "{text}");
}

#[test]
fn a_file_of_values_that_is_not_there_is_told_by_the_line_that_names_it() {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  sources:\n  - name: web\n    kind: Application\n    path: apps/web\n    render: {tool: helm, values: [apps/none.yaml]}\n",
    );
    repo.write(
        "apps/web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    );
    repo.commit("what is deployed");
    let mut render = tidegate(repo.path());
    let (text, exit) = said(&render.args(["render", "prod/web"]).output().unwrap());
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("tidegate.yaml:7:35: there is no file of values `apps/none.yaml`"),
        "{text}"
    );
}
