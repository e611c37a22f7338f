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
    let masked = mask(&text, &secrets_of(std::slice::from_ref(&object), &text));
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
    let masked = mask(&text, &secrets_of(std::slice::from_ref(&object), &text));
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
    let masked = mask(text, &secrets);
    assert!(
        !masked.contains("hunter") && masked.contains("other: shown"),
        "{masked}"
    );
}

/// The value is hidden as a whole.
const WHOLE: &str = "\"***\"";

#[test]
fn a_secret_inside_of_a_text_is_hidden_however_the_file_spells_it() {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\na: ";
    for (spelt, shown) in [
        ("run --token=x1", "run --token=***"),
        ("'--token=x1'", "'--token=***'"),
        (r#""--token=x1" # y"#, r#""--token=***" # y"#),
        ("'--token=''x1'''", WHOLE),
        (r#""--token=\"x1 x2\"""#, WHOLE),
        (r#""--token\x3Dx1""#, WHOLE),
        (r#""--token=x1\tx2""#, WHOLE),
        (r#""https://a:b\u0040c:x1@h""#, WHOLE),
        (
            "|\n  y\n  run --token=x1 y\n",
            "|\n  y\n  run --token=*** y\n",
        ),
        ("|\n  y\n  --token=\"x1\n  x2\"\n", "|\n  ***\n"),
        (
            ">-\n  run --token=x1\n  y\n",
            ">-\n  run --token=***\n  y\n",
        ),
        (">-\n  --token=x1\\\n  x2\n", ">-\n  ***\n"),
        ("run --token=x1\n  y", "run --token=***\n  y"),
        ("{\"--token=x1\": y}", "{\"--token=***\": y}"),
        (r#"{"--token\x3Dx1": y}"#, r#"{"***": y}"#),
        ("{\"https://u:x1@h\": y}", "{\"https://***@h\": y}"),
        ("y # was --token='x1 x2' y", "y # was --token=*** y"),
    ] {
        let (text, object) = object(&format!("{head}{spelt}"));
        let secrets = secrets_of(&[object], &text);
        assert!(!mask(&text, &secrets).contains('x'), "{spelt}");
        let written = written(&text, &secrets);
        assert_eq!(written.strip_prefix(head), Some(shown), "{spelt}");
    }
}

#[test]
fn what_is_written_tells_nothing_of_a_value_but_where_it_stood() {
    let around = |of_secret: &str, of_map: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n{of_secret}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: b}}\ndata:\n{of_map}\n"
        )
    };
    let map = "  script: |\n    # shown\n    run\n  note: a #b";
    for (spelt, shown) in [
        ("  p: S", "  p: \"***\""),
        ("  p: &x S\n  q: *x", "  p: &x \"***\"\n  q: *x"),
        ("  p: 'S'", "  p: \"***\""),
        ("  p: \"S\"", "  p: \"***\""),
        (
            "  p: S\n    S\n\n    S\n  q: T",
            "  p: \"***\"\n  q: \"***\"",
        ),
        ("  p: \"S\n    \\tS\n    S\"", "  p: \"***\""),
        ("  p:\n    S", "  p:\n    \"***\""),
        (
            "  p: |\n    S\n\n    S\n  q: T",
            "  p: |\n    ***\n  q: \"***\"",
        ),
        ("  p: |2-\n\n    S\n     S\n", "  p: |2-\n\n    ***\n"),
        ("  p: >+ # was S\n    S\n    S", "  p: >+ #***\n    ***"),
        (
            "  {p: S, \"q\": \"S#\"} # S, S",
            "  {p: \"***\", \"q\": \"***\"} #***",
        ),
        (
            "  # S was it\n  p: S # is S now\n  #\n  ",
            "  #***\n  p: \"***\" #***\n  #\n  ",
        ),
    ] {
        for secret in ["x1", "hunter2", "x y, hunter is x-1 & so on for ever"] {
            let flow = spelt.contains('{');
            if flow && secret.contains(',') {
                continue;
            }
            let text = around(&spelt.replace('S', secret), map);
            let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
            let secrets = secrets_of(&file.objects, &file.text);
            let found = written(&text, &secrets);
            assert_eq!(found, around(shown, map), "{text}");
            assert_eq!(written(&mask(&text, &secrets), &secrets), found);
            let again = manifest::read(&"x.yaml".into(), found.as_bytes()).unwrap();
            let value = again.objects[0].node.pointer("/stringData/p").unwrap();
            assert_eq!(value.as_str().map(str::trim), Some(SHOWN), "{found}");
        }
    }
}

proptest! {
    #[test]
    fn masking_keeps_length_and_line_breaks(
        text in "(\\PC|\n|\r\n){0,40}",
        values in prop::collection::vec((0_usize..50, 0_usize..50), 0..5),
        parts in prop::collection::vec((0_usize..50, 0_usize..50), 0..5),
    ) {
        let spans = |ends: Vec<(usize, usize)>| {
            ends.into_iter().map(|(start, end)| Span { start, end }).collect()
        };
        let (values, parts) = (spans(values), spans(parts));
        let secrets = Secrets { pointers: Vec::new(), values, parts };
        let masked = mask(&text, &secrets);
        prop_assert_eq!(masked.len(), text.len());
        let breaks = |text: &str| text.match_indices(['\n', '\r']).map(|m| m.0).collect::<Vec<_>>();
        prop_assert_eq!(breaks(&masked), breaks(&text));
        for (at, byte) in text.bytes().enumerate() {
            let hidden = secrets.spans().iter().any(|span| (span.start..span.end).contains(&at));
            if hidden && !matches!(byte, b'\n' | b'\r') {
                prop_assert_eq!(char::from(masked.as_bytes()[at]), MASK);
            }
        }
        // Spans anywhere, inside of a character too, stop nobody.
        let _ = written(&text, &secrets);
    }

    #[test]
    fn whatever_a_secret_is_it_is_written_as_one_that_can_be_read(
        value in "(\\PC|\n){0,60}",
        key in "[a-z]{1,9}",
    ) {
        let object = serde_json::json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "stringData": {"first": &value, &key: &value, "last": [{"x": &value}]},
        });
        for text in [serde_yaml::to_string(&object).unwrap(), object.to_string(), format!("{object:#}")] {
            let Ok(file) = manifest::read(&"x.yaml".into(), text.as_bytes()) else {
                continue;
            };
            let secrets = secrets_of(&file.objects, &file.text);
            let found = written(&file.text, &secrets);
            let again = manifest::read(&"x.yaml".into(), found.as_bytes()).unwrap();
            for pointer in &secrets.pointers[0] {
                let shown = again.objects[0].node.pointer(pointer).unwrap().as_str().unwrap();
                prop_assert!(shown.trim() == if value.trim().is_empty() { shown.trim() } else { SHOWN }, "{}", found);
            }
            prop_assert!(value.is_empty() || secrets.pointers[0].len() >= 3);
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_flux_and_argo_cd_are_told_of_secrets_is_secret() {
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization";
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease";
    let argo = "apiVersion: argoproj.io/v1alpha1\nkind: Application";
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet";
    let patch = &["/spec/patches/0/patch"][..];
    for (kind, spec, secret) in [
        (
            flux,
            "{patches: [{target: {kind: Secret}, patch: '- {op: add, path: /x, value: a}'}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{target: {kind: 'Sec.*'}, patch: '- {op: add, path: /x, value: a}'}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{target: {name: s}, patch: '- {op: add, path: /x, value: a}'}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{patch: '{kind: Secret, metadata: {name: s}, stringData: {x: a}}'}]}",
            patch,
        ),
        (flux, "{patches: [{patch: 'a: ['}]}", patch),
        (
            flux,
            "{patches: [{target: {kind: Kustomization}, patch: '- {op: add, path: /spec/postBuild, value: {substitute: {DB_PASSWORD: x}}}'}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{target: {kind: Kustomization}, patch: \"- {op: add, path: /spec/patches, value: [{patch: '{kind: Secret, metadata: {name: s}}'}]}\"}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{target: {kind: Kustomization}, patch: \"- {op: add, path: /spec/patches, value: [{target: {kind: Secret}, patch: '- {op: add, path: /x, value: a}'}]}\"}]}",
            patch,
        ),
        (
            flux,
            "{patches: [{target: {kind: Deployment}, patch: '- {op: add, path: /x, value: a}'}]}",
            &[],
        ),
        (
            flux,
            "{patches: [{patch: '{kind: Deployment, metadata: {name: s}, spec: {replicas: 1}}'}]}",
            &[],
        ),
        (
            flux,
            "{patches: [{patch: '{kind: HelmRelease, metadata: {name: s}, spec: {valuesFrom: [{kind: Secret, name: x}]}}'}]}",
            &[],
        ),
        (
            flux,
            "{postBuild: {substitute: {DB_PASSWORD: x, A: b}}}",
            &["/spec/postBuild/substitute/DB_PASSWORD"],
        ),
        (
            release,
            "{values: {db: {password: x, existingSecret: y, host: z}, token: null}}",
            &["/spec/values/db/password"],
        ),
        (
            release,
            "{postRenderers: [{kustomize: {patches: [{target: {kind: Secret}, patch: '[]'}]}}]}",
            &["/spec/postRenderers/0/kustomize/patches/0/patch"],
        ),
        (
            argo,
            "{source: {kustomize: {patches: [{target: {kind: Secret}, patch: '[]'}]}}}",
            &["/spec/source/kustomize/patches/0/patch"],
        ),
        (
            argo,
            "{sources: [{helm: {values: 'db: {password: x}', valuesObject: {token: x}}}]}",
            &[
                "/spec/sources/0/helm/values",
                "/spec/sources/0/helm/valuesObject/token",
            ],
        ),
        (
            argo,
            "{source: {helm: {values: 'db: {host: x}', parameters: [{name: tls, value: 'on'}]}}}",
            &[],
        ),
        (
            argo,
            "{source: {helm: {parameters: [{name: db.password, value: x}]}}}",
            &["/spec/source/helm/parameters/0/value"],
        ),
        (
            argo,
            "{source: {helm: {parameters: [{name: 'e[1].value', value: x}, {name: 'e[0].value', value: y}, {name: 'e[0].name', value: API_TOKEN}, {name: 'e[1].name', value: TLS}]}}}",
            &["/spec/source/helm/parameters/1/value"],
        ),
        (
            argo,
            "{source: {helm: {valuesObject: {extraEnv: [{name: DB_PASSWORD, value: x}, {name: TLS, value: y}]}}}}",
            &["/spec/source/helm/valuesObject/extraEnv/0/value"],
        ),
        (
            argo,
            "{source: {helm: {values: 'extraEnv: [{name: DB_PASSWORD, value: x}]'}}}",
            &["/spec/source/helm/values"],
        ),
        (
            release,
            "{values: {a: {extraEnvVars: [{name: DB_PASSWORD, value: 1}, {name: A_TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}]}}}",
            &["/spec/values/a/extraEnvVars/0/value"],
        ),
        (
            release,
            "{values: {jwt: {privateKey: x, privateKeys: none}, extra: {stringData: {x: z}, data: {x: z}}}}",
            &[
                "/spec/values/extra/stringData/x",
                "/spec/values/jwt/privateKey",
            ],
        ),
        (
            argo,
            "{source: {helm: {values: 'extra: {stringData: {x: z}}'}}}",
            &["/spec/source/helm/values"],
        ),
        (
            set,
            "{generators: [{list: {elements: [{name: a, dbPassword: x}], template: {spec: {source: {helm: {values: 'db: {password: x}'}}}}}}, {clusters: {values: {apiToken: x}}}]}",
            &[
                "/spec/generators/0/list/elements/0/dbPassword",
                "/spec/generators/0/list/template/spec/source/helm/values",
                "/spec/generators/1/clusters/values/apiToken",
            ],
        ),
        (
            set,
            "{generators: [{matrix: {generators: [{list: {elementsYaml: '[{password: x}]'}}, {list: {elementsYaml: '[{name: x}]'}}]}}]}",
            &["/spec/generators/0/matrix/generators/0/list/elementsYaml"],
        ),
        (
            set,
            "{generators: [{pullRequest: {github: {tokenRef: {secretName: s, key: token}}}}], templatePatch: 'spec: {source: {path: x}}'}",
            &[],
        ),
        (
            set,
            "{templatePatch: 'spec: {source: {helm: {valuesObject: {db: {password: x}}}}}'}",
            &["/spec/templatePatch"],
        ),
        (
            set,
            "{templatePatch: \"{{- if .a }}\\nspec: {}\\n{{- end }}\", template: {spec: {source: {helm: {valuesObject: {token: x}}}}}}",
            &[
                "/spec/template/spec/source/helm/valuesObject/token",
                "/spec/templatePatch",
            ],
        ),
    ] {
        let (_, object) = object(&format!("{kind}\nmetadata: {{name: x}}\nspec: {spec}\n"));
        assert_eq!(pointers(&object), secret, "{spec}");
    }
}
