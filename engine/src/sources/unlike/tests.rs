//! Values that kustomize makes others of, and values beside them, as kustomize 5.7 and sigs.k8s.io/yaml 1.6 read them.

use super::*;

fn found(text: &str) -> Option<Unlike> {
    let documents = yaml::parse(text).unwrap();
    let found = Reading { text }.of_object(&documents[0]);
    assert_eq!(is_in(text.as_bytes()), found.is_some(), "{text:?}");
    found.map(|(_, unlike)| unlike)
}

#[test]
fn what_kustomize_makes_another_value_of_is_found() {
    for (text, unlike) in [
        ("spec:\n  a: yes\n", Unlike::Word),
        ("spec: {a: [Off]}\n", Unlike::Word),
        ("spec: {a: &x n, b: 1}\n", Unlike::Word),
        ("spec: {y: 1}\n", Unlike::Word),
        ("spec:\n  on:\n    a: 1\n", Unlike::Word),
        ("metadata: {labels: {a: Y}}\n", Unlike::Word),
        ("data: {a: 2026-01-31}\n", Unlike::Date),
        ("data: {a: 2026-1-1}\n", Unlike::Date),
        ("data: {a: 2026-01-31t10:00:00Z}\n", Unlike::Date),
        ("data: {a: 2026-01-31T1:2:3+01:00}\n", Unlike::Date),
        ("data: {a: 2026-01-31T10:00:00.50Z}\n", Unlike::Date),
        ("data: {a: 2026-01-31T10:00:00+00:00}\n", Unlike::Date),
        ("data: {a: 2026-01-31 10:00:00}\n", Unlike::Date),
        ("data: {a: , b: 1}\n", Unlike::Nothing),
        ("data: {a}\n", Unlike::Nothing),
        ("data:\n  a: &x [b: ]\n", Unlike::Nothing),
        ("data: {'<<': {a: 1}}\n", Unlike::Merge),
        ("data:\n  a: >\n    x\n      y\n", Unlike::Folded),
        (
            "data:\n  a: &x >+ # why\n    x\n\n\n  b: 1\n",
            Unlike::Folded,
        ),
        ("data: {a: \"x\\Ny\"}\n", Unlike::NextLine),
        ("data:\n  a: |\n    x", Unlike::Unended),
    ] {
        assert_eq!(found(text), Some(unlike), "{text:?}");
    }
}

#[test]
fn what_both_read_alike_is_not_found() {
    for text in [
        "# yes\nspec: {a: 'yes', b: \"off\", c: !!str no, d: true, e: FALSE, f: yEs}\n",
        "metadata: {name: x, annotations: {checked: 2026-01-31, a: yes}}\n",
        "data: {a: '2026-01-31', b: 2026-02-30, c: 2026-01-31T10:00:00Z, d: 2026-01-31T10:00:00.5-01:00}\n",
        "data: {a: 2026-01-31T25:00:00Z, b: 2026-01-31T10:00Z, c: 2026-01-31 10:00:00Z, d: 20260-01-01, e: 2026-01}\n",
        "data: {a: 0777, b: 1_000, c: 1e3, d: 22:00, e: .5, f: 0o7}\n",
        "data:\n  a:\n  b: ~\n  c: {d: null}\n  e: []\n  f: {}\n",
        "data:\n  a: &x {b: 1}\n  c:\n    <<: *x\n",
        "data:\n  a: >\n    x\n    z\n\n    v\n  b: |\n    x\n      z\n\n    v\n",
        "data:\n  a: |-\n    x",
        "data:\n  a: |\n    yes\n    2026-01-31\n  b: x\n    yes\n",
    ] {
        assert_eq!(found(text), None, "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_may_hold_anything() {
    assert!(is_in(b"a: [yes"));
    assert!(is_in(b"\xff\n"));
}
