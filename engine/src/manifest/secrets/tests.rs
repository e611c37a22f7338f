use proptest::prelude::*;

use super::*;
use crate::manifest;

fn object(text: &str) -> (String, Object) {
    let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
    (text.to_owned(), file.objects.into_iter().next().unwrap())
}

fn pointers(object: &Object) -> Vec<String> {
    let mut found = secrets_of(std::slice::from_ref(object), "").pointers;
    found.remove(0).into_iter().collect()
}

#[test]
fn all_values_of_a_secret_are_secret_and_nothing_else_of_it() {
    let (text, object) = object(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  annotations:\n    \
         kubectl.kubernetes.io/last-applied-configuration: '{\"data\":1}'\n    note: shown\n\
         type: Opaque\ndata:\n  a/b: aGk=\nstringData:\n  c: |\n    two\n    lines\n",
    );
    let pointers: Vec<String> = pointers(&object);
    assert_eq!(
        pointers,
        [
            "/data/a~1b",
            "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
            "/stringData/c",
        ]
    );
    let masked = mask(
        &text,
        &secrets_of(std::slice::from_ref(&object), &text).spans,
    );
    for hidden in ["aGk=", "two", "lines", "{\"data\""] {
        assert!(!masked.contains(hidden), "{masked}");
    }
    assert!(masked.contains("type: Opaque") && masked.contains("note: shown"));
    assert_eq!(masked.len(), text.len());
}

#[test]
fn variables_that_sound_secret_are_in_any_container_of_any_kind() {
    let (_, object) = object(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec:\n  deep:\n  - env:\n    \
         - {name: DB_PASSWORD, value: hunter2}\n    - {name: api_key, value: 12}\n    \
         - {name: LOG_LEVEL, value: info}\n    - {name: KEYBOARD, value: de}\n    \
         - {name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}\n",
    );
    let pointers: Vec<String> = pointers(&object);
    assert_eq!(
        pointers,
        ["/spec/deep/0/env/0/value", "/spec/deep/0/env/1/value"]
    );
}

#[test]
fn data_of_a_config_map_that_sound_secret_are_secret_without_any_secret() {
    let (text, object) = object(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  password: hunter2\n  \
         secret-key: hunter3\n  dbToken: hunter4 # was hunter5\n  DB_PASSWORD: |\n    hunter6\n    hunter7\n  \
         password_encryption: md5\n  PASSWORD_FILE: /run/pw\n  token.conf: a=b\n  HOST: db\n\
         binaryData: {token: aHVudGVyOA==}\nother: {password: shown}\n",
    );
    assert_eq!(
        pointers(&object),
        [
            "/binaryData/token",
            "/data/DB_PASSWORD",
            "/data/dbToken",
            "/data/password",
            "/data/secret-key"
        ]
    );
    let spans = secrets_of(std::slice::from_ref(&object), &text).spans;
    let masked = mask(&text, &spans);
    assert!(
        !masked.contains("hunter") && !masked.contains("aHVu"),
        "{masked}"
    );
    for shown in ["md5", "/run/pw", "a=b", "HOST: db", "password: shown"] {
        assert!(masked.contains(shown), "{masked}");
    }
}

#[test]
fn variables_as_a_mapping_and_short_words_are_secret_too() {
    let (_, object) = object(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec:\n  a: {env: {name: DB_PASSWORD, value: x}}\n  \
         b: {env: {PGPASS: x, PW: x, APIKEY: x, PASSENGERS: x, WIDTH: x}}\n",
    );
    assert_eq!(
        pointers(&object),
        [
            "/spec/a/env/value",
            "/spec/b/env/APIKEY",
            "/spec/b/env/PGPASS",
            "/spec/b/env/PW"
        ]
    );
}

#[test]
fn misspelt_fields_comments_and_aliases_of_a_secret_are_hidden() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: db}\n  \
         # was: hunter1\n  stringData: {a: &x hunter2} # or hunter3\n  StringData: {b: hunter4}\n  type: *x\n\
         - apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n  data: {copy: *x, other: shown}\n";
    let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
    let secrets = secrets_of(&file.objects, text);
    let pointers: Vec<Vec<&str>> = secrets
        .pointers
        .iter()
        .map(|pointers| pointers.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(
        pointers,
        [
            vec!["/StringData/b", "/stringData/a", "/type"],
            vec!["/data/copy"]
        ]
    );
    let masked = mask(text, &secrets.spans);
    assert!(
        !masked.contains("hunter") && masked.contains("other: shown"),
        "{masked}"
    );
}

/// Nothing of the value's letters is left.
const ALL: &str = "";

#[test]
fn a_secret_inside_of_a_text_is_hidden_however_the_file_spells_it() {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\na: ";
    for (spelt, shown) in [
        ("run --token=x1", "run --token=**"),
        ("'--token=x1'", "'--token=**'"),
        (r#""--token=x1" # y"#, r#""--token=**" # y"#),
        ("'--token=''x1'''", ALL),
        (r#""--token=\"x1 x2\"""#, ALL),
        (r#""--token\x3Dx1""#, ALL),
        (r#""--token=x1\tx2""#, ALL),
        (r#""https://a:b\u0040c:x1@h""#, ALL),
        (
            "|\n  y\n  run --token=x1 y\n",
            "|\n  y\n  run --token=** y\n",
        ),
        ("|\n  y\n  --token=\"x1\n  x2\"\n", ALL),
        (">-\n  run --token=x1\n  y\n", ">-\n  run --token=**\n  y\n"),
        (">-\n  --token=x1\\\n  x2\n", ALL),
        ("run --token=x1\n  y", "run --token=**\n  y"),
        ("{\"--token=x1\": y}", "{\"--token=**\": y}"),
        ("{\"https://u:x1@h\": y}", "{\"https://****@h\": y}"),
        ("y # was --token='x1 x2' y", "y # was --token=******* y"),
    ] {
        let (text, object) = object(&format!("{head}{spelt}"));
        let masked = mask(&text, &secrets_of(&[object], &text).spans);
        let masked = masked.strip_prefix(head).unwrap();
        if shown == ALL {
            assert!(!masked.contains('x'), "{masked}");
        } else {
            assert_eq!(masked, shown, "{spelt}");
        }
    }
}

proptest! {
    #[test]
    fn masking_keeps_length_and_line_breaks(
        text in "(\\PC|\n|\r\n){0,40}",
        spans in prop::collection::vec((0_usize..50, 0_usize..50), 0..5),
    ) {
        let spans: Vec<Span> =
            spans.into_iter().map(|(start, end)| Span { start, end }).collect();
        let masked = mask(&text, &spans);
        prop_assert_eq!(masked.len(), text.len());
        let breaks = |text: &str| text.match_indices(['\n', '\r']).map(|m| m.0).collect::<Vec<_>>();
        prop_assert_eq!(breaks(&masked), breaks(&text));
        for (at, byte) in text.bytes().enumerate() {
            let hidden = spans.iter().any(|span| (span.start..span.end).contains(&at));
            if hidden && byte != b'*' && !matches!(byte, b'\n' | b'\r') {
                prop_assert_eq!(masked.as_bytes()[at], b'*');
            }
        }
    }
}
