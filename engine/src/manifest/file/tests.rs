//! Claims about what a file holds.

use miette::Diagnostic;

use super::*;
use crate::model::code_of;

fn file(text: &str) -> ManifestFile {
    read(&"apps/x.yaml".into(), text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn names(text: &str) -> Vec<String> {
    let objects = file(text).objects;
    objects
        .iter()
        .map(|object| object.reference.to_string())
        .collect()
}

fn refusal(text: &str) -> String {
    let error = read(&"apps/x.yaml".into(), text.as_bytes()).expect_err(text);
    format!("{} {error}", code_of(&error))
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}}";

#[test]
fn documents_and_items_of_lists_are_objects_in_the_order_of_the_file() {
    let text = format!(
        "{POD}\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {POD}\n- apiVersion: v1\n  \
         kind: List\n  items: [{POD}]\n---\napiVersion: apps/v1\nkind: DeploymentList\nitems:\n\
         - metadata: {{name: b}}\n"
    );
    assert_eq!(
        names(&text),
        [
            "shop/Pod/a",
            "shop/Pod/a",
            "shop/Pod/a",
            "Deployment.apps/b"
        ]
    );
    let objects = file(&text).objects;
    assert_eq!(
        objects[3].node.get("kind").and_then(Node::as_str),
        Some("Deployment")
    );
}

#[test]
fn empty_lists_and_empty_files_hold_no_objects() {
    for text in [
        "",
        "# nothing\n",
        "---\n---\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: List\nitems:\n",
        "apiVersion: v1\nkind: List\n",
    ] {
        let file = file(text);
        assert_eq!((file.role, file.objects), (Role::Objects, vec![]), "{text}");
    }
}

#[test]
fn a_kind_that_somebody_defined_may_begin_in_lower_case() {
    let text = "apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: shop-db, namespace: shop}\n";
    assert_eq!(names(text), ["shop/postgresql.acid.zalan.do/shop-db"]);
}

#[test]
fn a_kind_that_merely_ends_in_list_is_an_object() {
    let text = "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n";
    assert_eq!(names(text), ["AllowList.example.com/a"]);
}

#[test]
fn lists_are_three_deep_at_most() {
    let list = |inner: &str| format!("{{apiVersion: v1, kind: List, items: [{inner}]}}");
    assert_eq!(names(&list(&list(&list(POD)))).len(), 1);
    let error = refusal(&list(&list(&list(&list(POD)))));
    assert!(
        error.starts_with("limit.list-depth apps/x.yaml:1:"),
        "{error}"
    );
}

#[test]
fn half_an_object_is_an_error_with_its_place() {
    for text in [
        "apiVersion: v1\nmetadata: {name: a}\n",
        "kind: Pod\nmetadata: {name: a}\n",
        "apiVersion: v1/\nkind: Pod\n",
        "apiVersion: a/b/c\nkind: Pod\n",
        "apiVersion: ''\nkind: Pod\n",
        "apiVersion: 1\nkind: Pod\n",
        "apiVersion: v1\nkind: pod\n",
        "apiVersion: apps/v1\nkind: deployment\n",
        "apiVersion: networking.k8s.io/v1\nkind: ingress\n",
        "apiVersion: v1\nkind: [Pod]\n",
        "just text\n",
        "- apiVersion: v1\n  kind: Pod\n",
        "apiVersion: v1\nkind: List\nitems: {}\n",
        "apiVersion: v1\nkind: List\nitems: [{}]\n",
        "apiVersion: v1\nkind: List\nitems: [null]\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems: [{}]\n",
    ] {
        let error = refusal(text);
        assert!(
            error.starts_with("manifest.not-an-object apps/x.yaml:"),
            "{text}{error}"
        );
    }
    let mixed = refusal(&format!("{POD}\n---\na: 1\n"));
    assert!(
        mixed.starts_with("manifest.not-an-object apps/x.yaml:3:1:"),
        "{mixed}"
    );
}

#[test]
fn what_concerns_no_cluster_is_left_alone() {
    for (path, text, role) in [
        ("x.yaml", "a: 1\n---\nb: 2\n", Role::NotKubernetes),
        ("x.yaml", "- op: remove\n  path: /a\n", Role::NotKubernetes),
        ("package.json", "{\"name\": \"x\"}", Role::NotKubernetes),
        ("values-prod.yaml", "image: {}\n", Role::HelmValues),
        ("kustomization.yaml", "resources: [", Role::Kustomization),
        ("a/Kustomization", "", Role::Kustomization),
        ("Chart.yaml", "name: x\n", Role::HelmChart),
        (
            "x.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            Role::Kustomization,
        ),
    ] {
        let file = read(&path.into(), text.as_bytes()).unwrap();
        assert_eq!((file.role, file.objects), (role, vec![]), "{path}");
    }
    let flux =
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n";
    assert_eq!(names(flux).len(), 1);
}

#[test]
fn names_are_those_that_a_cluster_takes() {
    let object = |metadata: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n");
    for metadata in [
        "{}",
        "null",
        "[]",
        "{name: ''}",
        "{name: 12}",
        "{name: Web}",
        "{name: ../x}",
        "{name: 'a b'}",
        "{name: -a}",
        "{name: a..b}",
        "{name: a, namespace: A}",
        "{name: a, namespace: a.b}",
        "{name: a, namespace: 1}",
        "{generateName: A-}",
    ] {
        let error = refusal(&object(metadata));
        assert!(
            error.starts_with("manifest.name apps/x.yaml:"),
            "{metadata}: {error}"
        );
    }
    assert!(refusal(&object(&format!("{{name: {}}}", "a".repeat(254)))).contains("manifest.name"));
    assert_eq!(
        names(&object("{name: a.b-1, namespace: null}")),
        ["Pod/a.b-1"]
    );
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:Node'}\n";
    assert_eq!(
        names(role),
        ["ClusterRole.rbac.authorization.k8s.io/system:Node"]
    );
}

#[test]
fn a_name_without_quotes_that_is_no_text_is_told_how_to_be_one() {
    for (metadata, at, key, is, quotes) in [
        ("{name: 12}", 18, "name", "a number", true),
        ("{name: true}", 18, "name", "a boolean", true),
        (
            "{name: a, namespace: 1e3}",
            32,
            "namespace",
            "a number",
            true,
        ),
        ("{generateName: 1}", 26, "generateName", "a number", true),
        ("{name: [a]}", 18, "name", "a list", false),
        ("{name: {a: b}}", 18, "name", "a mapping", false),
    ] {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\n");
        let error = read(&"apps/x.yaml".into(), text.as_bytes()).expect_err(metadata);
        assert_eq!(
            error.to_string(),
            format!("apps/x.yaml:3:{at}: `{key}` is {is}, and has to be a text")
        );
        let help = error.help().unwrap().to_string();
        let wanted = format!("`{key}: \"…\"`");
        assert_eq!(help.contains(&wanted), quotes, "{metadata}: {help}");
        assert!(!help.contains("12"), "{metadata}: {help}");
    }
}

#[test]
fn a_generated_name_follows_the_spec_and_not_its_spelling() {
    let job = |spec: &str| {
        let text = format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: run-}}\nspec: {spec}\n"
        );
        let object = file(&text).objects.remove(0);
        assert!(object.generated);
        object.reference.name
    };
    let name = job("{a: 1, b: yes}");
    assert!(
        name.starts_with("run-*") && name.len() == "run-*".len() + 12,
        "{name}"
    );
    assert_eq!(name, job("{\"b\": true, \"a\": 0x1, c: null}"));
    assert_ne!(name, job("{a: 2, b: yes}"));
}

#[test]
fn encrypted_big_and_foreign_bytes_are_errors_by_position_only() {
    let code = |bytes: &[u8]| code_of(&read(&"x.yaml".into(), bytes).unwrap_err());
    assert_eq!(code(b"\0GITCRYPT\0abc"), "manifest.encrypted");
    assert_eq!(code(b"a: \xe9\n"), "yaml.encoding");
    assert_eq!(code(&vec![b'#'; (4 << 20) + 1]), "limit.blob");
    let value = "x".repeat(1 << 20);
    let data: String = (0..4).map(|n| format!("  k{n}: *v\n")).collect();
    let big = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nfirst: &v {value}\ndata:\n{data}"
    );
    assert_eq!(code(big.as_bytes()), "limit.object-size");
}

#[test]
fn only_three_endings_name_a_manifest() {
    for (path, expected) in [
        ("a.yaml", true),
        ("a/b.yml", true),
        ("b.json", true),
        ("b.jsonnet", false),
        ("b.YAML", false),
        ("yaml", false),
        ("a.yaml/x", false),
    ] {
        assert_eq!(is_manifest_name(&path.into()), expected, "{path}");
    }
}
