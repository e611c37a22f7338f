use proptest::prelude::*;

use super::*;
use crate::manifest;
use crate::model::RepoPath;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: shop\nspec:\n  ports:\n    - port: 80\n";

fn told(text: &str) -> Option<Vec<(String, String)>> {
    let outlines = outline(text.as_bytes())?.into_iter();
    Some(outlines.map(|one| (one.kind, one.namespace)).collect())
}

/// As the reader has it, where it can read the text.
fn read(text: &str) -> Option<Vec<(String, String)>> {
    let file = manifest::read(&RepoPath::from("a.yaml"), text.as_bytes()).ok()?;
    let objects = file.objects.into_iter().map(|object| {
        let namespace = object.reference.namespace.unwrap_or_default();
        (object.reference.kind, namespace)
    });
    Some(objects.collect())
}

#[test]
fn plain_files_are_told_without_reading_them() {
    let pair = |kind: &str| (kind.to_owned(), "shop".to_owned());
    assert_eq!(told(SERVICE), Some(vec![pair("Service")]));
    let two = format!(
        "# shop\n---\n{SERVICE}---\n{}",
        SERVICE.replace("Service", "Ingress")
    );
    assert_eq!(told(&two), Some(vec![pair("Service"), pair("Ingress")]));
    for line in [
        "  labels: {a: b}\n",
        "  finalizers: [\"a\", b]\n",
        "  labels:\n    x: \"1\"\n",
    ] {
        let text = SERVICE.replace("  namespace", &format!("{line}  namespace"));
        assert_eq!(told(&text), Some(vec![pair("Service")]), "{line}");
        assert_eq!(read(&text), told(&text));
    }
    assert_eq!(told("# nothing\n"), Some(Vec::new()));
}

#[test]
fn whatever_takes_more_than_a_look_is_left_to_the_reader() {
    for (what, with) in [
        ("  namespace: shop\n", ""),
        ("namespace: shop", "namespace: \"shop\""),
        ("namespace: shop", "namespace: shop # here"),
        ("namespace: shop", "namespace: on"),
        ("namespace: shop", "namespace:\n    shop"),
        ("namespace: shop", "namespace: shop\n    more"),
        ("namespace: shop", "namespace: &a shop"),
        ("  namespace: shop\n", "  x: [a,\n  namespace: shop]\n"),
        ("  namespace: shop\n", "  x: {a: b,\n  namespace: shop}\n"),
        ("  namespace: shop\n", "  x: [\"]\",\n  namespace: shop]\n"),
        ("  namespace: shop\n", "  x: [ # ]\n  namespace: shop]\n"),
        // Readers do not agree on these; the one of this crate refuses them.
        (
            "  namespace: shop\n",
            "  x: \"a\n  namespace: shop\n  b\"\n",
        ),
        ("  namespace: shop\n", "  namespace: shop\n  a' b: \"c' d\n"),
        (
            "  namespace: shop\n",
            "  namespace: shop\n  \"namespace\": other\n",
        ),
        ("name: a\n", "name: a\u{2028}\n"),
        ("metadata:\n", "metadata: &m\n"),
        ("metadata:\n", "metadata:\n  <<: *m\n"),
        ("kind: Service", "kind: ServiceList"),
        ("kind: Service", "? kind\n: Service"),
        ("kind: Service", "\"kind\": Service"),
        ("kind: Service", "kind: Service\n  more"),
        ("apiVersion: v1", "{apiVersion: v1,"),
        ("apiVersion: v1\n", ""),
        ("apiVersion: v1\n", "--- # x\napiVersion: v1\n"),
        ("apiVersion: v1\n", "apiVersion: v1\r\n"),
        (
            "apiVersion: v1",
            "apiVersion: kustomize.config.k8s.io/v1beta1",
        ),
    ] {
        let text = SERVICE.replace(what, with);
        assert_ne!(text, SERVICE);
        assert_eq!(told(&text), None, "{text}");
    }
}

/// Pieces of lines that mean something to one of the two readers.
fn line() -> impl Strategy<Value = String> {
    let indent = prop::sample::select(vec!["", "", "  ", "  ", "    ", "      "]);
    let words = prop::sample::select(vec![
        "kind: Service",
        "kind: List",
        "apiVersion: v1",
        "metadata:",
        "name: a",
        "namespace: b",
        "namespace: c",
        "items:",
        "- a",
        "- name: x",
        "x: |",
        "x: >-",
        "x: |1",
        "x: \"a",
        "x: 'a",
        "b\"",
        "b'",
        "x: [a,",
        "x: {a: b,",
        "b]",
        "c: d}",
        "]",
        "}",
        "x: [\"a\", b]",
        "x: {}",
        "---",
        "...",
        "# x",
        "",
        "x: y",
        "more",
        "? x",
        ": y",
        "x: &a",
        "x: *a",
        "x: [\"",
        "\"]",
        "x: a\"b",
        "x: '\"'",
        "x: \"'\"",
        "spec:",
        "- {a: b}",
        "x: [a] # ]",
        "x: a [b",
        "x: !!str",
        "\"kind\": Pod",
        "{a: b}",
        "x: a'b",
        "x: [a\"]",
        "status: null",
        "y: \"[\"",
        "z: ']",
        "x: - a",
    ]);
    (indent, words).prop_map(|(indent, words)| format!("{indent}{words}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_is_what_is_read(
        mut lines in prop::collection::vec(line(), 0..7),
        cuts in prop::collection::vec(0_usize..9, 7),
        plain in any::<bool>(),
    ) {
        // Odd lines between those of an object, so that many of the texts can be read.
        let mut all: Vec<String> = SERVICE.lines().map(str::to_owned).collect();
        if plain {
            lines.truncate(2);
        }
        for (line, at) in lines.into_iter().zip(cuts) {
            all.insert(at.min(all.len()), line);
        }
        let text = all.join("\n");
        if let (Some(told), Some(read)) = (told(&text), read(&text)) {
            prop_assert_eq!(told, read, "{}", text);
        }
    }
}
