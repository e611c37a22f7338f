//! Folders that the configuration names, as Argo CD and Flux take them where no object says so.

use super::*;

const CM: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}";

fn named(source: &str, files: &[(&str, &str)]) -> Vec<String> {
    let config = format!("environments: [{{name: prod, sources: [{{name: web, {source}}}]}}]");
    told(&units(&config, files).unwrap())
}

#[test]
fn folders_of_a_plain_folder_count_as_the_application_says() {
    let source = "kind: Application, path: apps";
    let flat = ("apps/x.yaml", CM);
    let deep = ("apps/sub/y.yaml", CM);
    let plain = |recurse: bool| format!(r#"web: apps plain {{"recurse":{recurse}}}"#);
    assert_eq!(
        named(source, &[flat, ("apps/sub/README.md", "")]),
        [plain(true)]
    );
    let found = named(source, &[flat, deep]);
    let wanted = "web: unknown apps:1:1: `apps/sub/y.yaml` lies deeper than its source";
    assert!(found[0].starts_with(wanted), "{found:?}");
    let found = named(
        &format!("{source}, render: {{tool: directory}}"),
        &[flat, deep],
    );
    assert!(found[0].starts_with(wanted), "{found:?}");
    for recurse in [true, false] {
        let source = format!("{source}, render: {{tool: directory, recurse: {recurse}}}");
        assert_eq!(named(&source, &[flat, deep]), [plain(recurse)]);
    }
    let found = named("kind: Paths, path: apps", &[flat, deep]);
    assert_eq!(found, [plain(true)]);
}

#[test]
fn what_flux_leaves_out_of_the_repository_counts_for_a_folder_of_it() {
    let source = "kind: Kustomization, path: apps";
    let flat = ("apps/x.yaml", CM);
    let deep = ("apps/sub/y.yml", CM);
    let whole = r#"web: apps plain {"recurse":true}"#;
    assert_eq!(named(source, &[flat, deep]), [whole]);
    let list = (".sourceignore", "/apps/x.yaml");
    let ignoring = r#"web: apps {"kustomize":{"ignore":["/apps/x.yaml"]}}"#;
    for render in [
        "",
        ", render: {tool: directory}",
        ", render: {tool: kustomize}",
    ] {
        let source = format!("{source}{render}");
        assert_eq!(named(&source, &[flat, list]), [ignoring], "{render}");
    }
    let inner = ("apps/.sourceignore", "*.yml");
    let found = named(source, &[flat, deep, inner]);
    assert_eq!(
        found,
        [r#"web: apps {"kustomize":{"ignore":["/apps/**/*.yml"]}}"#]
    );
    for other in [
        "apps/y.json",
        "apps/cloudbuild.yaml",
        "apps/sub/kustomization.yaml",
    ] {
        let found = named(source, &[flat, (other, CM)]);
        assert_eq!(found, [r#"web: apps {"kustomize":{}}"#], "{other}");
    }
    let found = named(source, &[flat, (".sourceignore", "[a]")]);
    assert!(
        found[0].starts_with("web: unknown apps:1:1: `.sourceignore` has the pattern `[a]`"),
        "{found:?}"
    );
    let chart = format!("{source}, render: {{tool: helm}}");
    let found = named(&chart, &[("apps/Chart.yaml", "name: web"), list]);
    assert!(found[0].contains("maybe some of the chart"), "{found:?}");
    let found = named("kind: Application, path: apps", &[flat, list]);
    assert_eq!(found, [whole]);
}
