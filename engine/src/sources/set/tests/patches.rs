//! Patches of the Applications of a set, templates of generators, and what Argo CD makes of parameters that come together.

use crate::sources::tests::{ARGO, HERE, PLAIN, told, units};

/// The sources of a set with these fields, as YAML, in Go's templates.
pub(super) fn made(generators: &str, template: &str, more: &str) -> Vec<String> {
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators: {generators}\n  template: {template}\n{more}"
    );
    let files = [
        ("argo/set.yaml", set.as_str()),
        PLAIN,
        ("apps/web/x.yaml", ""),
        ("apps/api/x.yaml", ""),
    ];
    told(&units(ARGO, &files).unwrap())
}

fn patched(patch: &str) -> Vec<String> {
    let template = format!(
        "{{metadata: {{name: '{{{{ .name }}}}'}}, spec: {{project: p, source: {{repoURL: '{HERE}', path: plain}}}}}}"
    );
    let generators = "[{list: {elements: [{name: web, deep: true}, {name: api, deep: false}]}}]";
    let patch: String = patch.lines().map(|line| format!("    {line}\n")).collect();
    made(
        generators,
        &template,
        &format!("  templatePatch: |\n{patch}"),
    )
}

#[test]
fn a_patch_is_evaluated_for_each_application_and_merged() {
    let found = patched(
        "{{- if .deep }}\nspec:\n  source:\n    path: apps/{{ .name }}\n    directory:\n      recurse: {{ .deep }}\n{{- end }}",
    );
    assert_eq!(
        found,
        [
            r#"api: plain plain {"recurse":false}"#,
            r#"web: apps/web plain {"recurse":true}"#,
        ]
    );
    let json = patched("{\"spec\": {\"source\": {\"path\": \"apps/{{ .name }}\"}}}");
    assert!(json[0].starts_with("api: apps/api plain"), "{json:?}");
    let renamed = patched("metadata: {name: 'x-{{ .name }}'}");
    assert!(renamed[1].starts_with("x-web: plain"), "{renamed:?}");
    let several = patched(
        "spec:\n  source: null\n  sources:\n  {{- range list \"web\" \"api\" }}\n  - repoURL: HERE\n    path: apps/{{ . }}\n  {{- end }}"
            .replace("HERE", HERE)
            .as_str(),
    );
    assert_eq!(several.len(), 4, "{several:?}");
    assert!(several[0].starts_with("api: apps/web plain"), "{several:?}");
}

#[test]
fn what_a_patch_says_is_not_printed_where_it_is_not_followed() {
    for (patch, why) in [
        (
            "spec: {secret: hunter2, source: {path: '{{ now }}'}}",
            "`templatePatch` is not evaluated here: `now` reads a clock",
        ),
        (
            "spec: {secret: hunter2}\n---\nspec: {}",
            "holds several documents",
        ),
        ("- hunter2", "is no mapping in YAML or JSON"),
        (
            "spec: {secret: hunter2, $patch: replace}",
            "has a directive",
        ),
        ("spec: {new: {a: hunter2, b: null}}", "adds `null`"),
        (
            "spec: {source: {path: '{{ .hunter2.x }}'}}",
            "there is no key `hunter2`",
        ),
    ] {
        let found = patched(patch);
        assert!(
            found[0].starts_with("applicationset--all: unknown argo/set.yaml:10:"),
            "{found:?}"
        );
        assert!(found[0].contains(why), "{patch}: {found:?}");
        assert!(
            !found[0].contains("secret") && !found[0].contains(": hunter2"),
            "{found:?}"
        );
    }
}

#[test]
fn a_patch_that_readers_take_differently_is_refused_once_it_is_evaluated() {
    let why = "ends in a block of text without a line break";
    for (patch, why) in [
        (
            "spec: {source: {path: plain}, info: [{name: a, value: '{{ list \"b\" | join \":\" }}'}]}\n---\n{{- /* */ -}}",
            "holds several documents",
        ),
        (
            "{{ print \"metadata:\\n  annotations:\\n    a: |\\n      b\" -}}",
            why,
        ),
        (
            "metadata:\n  annotations:\n    a: >\n      b\n{{- /* */ -}}",
            why,
        ),
        (
            "{spec: {source: {path: plain}}}",
            "begins as JSON and is none",
        ),
        ("metadata: {labels: {a: [b :]}}", "a colon alone"),
        (
            "spec: {source: {helm: {valuesObject: {a: -0.0}}}}",
            "a zero with a minus",
        ),
    ] {
        let found = patched(patch);
        assert!(
            found[0].starts_with("applicationset--all: unknown argo/set.yaml:10:")
                && found[0].contains(why),
            "{patch}: {found:?}"
        );
    }
    let found = patched("metadata:\n  annotations:\n    a: |-\n      b\n{{- /* */ -}}");
    assert!(found[0].starts_with("api: plain"), "{found:?}");
}

#[test]
fn keys_that_argo_cd_may_take_for_fields_are_refused() {
    for patch in [
        "spec: {de\u{17f}tination: {namespace: kube-system}}",
        "spec: {destination: {name\u{17f}pace: kube-system}}",
        "\u{17f}pec: {source: {path: apps/web}}",
        "spec: {Source: {path: apps/web}}",
        "spec: {source: {\u{212a}ustomize: {namePrefix: x-}}}",
        "spec: {sources: [{PATH: apps/web}]}",
        "Metadata: {name: other}",
        "status: {}",
        "spec: {'{{ .name }}': x}",
    ] {
        let found = patched(patch);
        assert!(
            found[0].contains("has a key that is no field of an Application"),
            "{patch}: {found:?}"
        );
    }
    let free = patched("metadata: {labels: {Path: x}, annotations: {SPEC: y}}");
    assert!(free[0].starts_with("api: plain"), "{free:?}");
    for key in ["Path", "PATH", "'{{ .key }}'"] {
        let template = format!(
            "{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain, {key}: apps/web}}}}}}"
        );
        let found = made("[{list: {elements: [{key: path}]}}]", &template, "");
        assert!(
            found[0].contains("not spelled as a field of an Application"),
            "{key}: {found:?}"
        );
    }
}

#[test]
fn a_template_that_defines_itself_anew_is_refused() {
    for patch in [
        "{{ define \"\" }}spec: {source: {path: apps/web}}{{ end }}",
        "{{ block \"\" . }}spec: {source: {path: apps/web}}{{ end }}",
        "{{ define \"base\" }}spec: {source: {path: apps/web}}{{ end }}",
    ] {
        let found = patched(patch);
        assert!(found[0].contains("defined twice"), "{patch}: {found:?}");
    }
}

#[test]
fn values_that_argo_cd_cannot_merge_are_not_merged_here() {
    let template = format!(
        "{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain, helm: {{valuesObject: {{a: 1, m: {{x: 1}}}}}}}}}}}}"
    );
    let generators = "[{list: {elements: [{name: web}]}}]";
    let with = |values: &str| {
        let patch =
            format!("  templatePatch: 'spec: {{source: {{helm: {{valuesObject: {values}}}}}}}'\n");
        made(generators, &template, &patch)
    };
    let found = with("{a: 2, b: [1], m: 3}");
    assert!(
        found[0].contains(r#""a":2"#) && found[0].contains(r#""b":[1]"#),
        "{found:?}"
    );
    let found = with("{m: {y: 1}}");
    assert!(found[0].contains("Argo CD cannot merge a map"), "{found:?}");
}

#[test]
fn content_that_argo_cd_writes_anew_is_as_it_writes_it() {
    let template = format!(
        "{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain, helm: {{valuesObject: {{a: null, b: {{c: null, d: 1}}, e: [null, {{f: null}}]}}}}}}}}}}"
    );
    let found = made("[{list: {elements: [{name: web}]}}]", &template, "");
    assert!(
        found[0].contains(r#"{"b":{"d":1},"e":[null,{}]}"#),
        "{found:?}"
    );
    // Without parameters, the template stands as it is.
    let found = made("[{list: {elements: [{}]}}]", &template, "");
    assert!(found[0].contains(r#""a":null"#), "{found:?}");
    let has =
        "{metadata: {name: '{{ hasKey . \"x\" }}'}, spec: {source: {repoURL: HERE, path: plain}}}"
            .replace("HERE", HERE);
    let list = "{list: {elements: [{name: web, x: null}]}}";
    let found = made(&format!("[{list}]"), &has, "");
    assert!(found[0].starts_with("true: plain"), "{found:?}");
    let matrix =
        format!("[{{matrix: {{generators: [{{list: {{elements: [{{y: z}}]}}}}, {list}]}}}}]");
    let found = made(&matrix, &has, "");
    assert!(found[0].starts_with("false: plain"), "{found:?}");
}

#[test]
fn values_of_generators_that_argo_cd_may_not_merge_are_refused() {
    let template = format!(
        "{{metadata: {{name: '{{{{ .values.a }}}}'}}, spec: {{source: {{repoURL: '{HERE}', path: plain}}}}}}"
    );
    let list = "{list: {elements: [{k: k, values: {a: web}}]}}";
    let git = format!(
        "{{git: {{repoURL: '{HERE}', directories: [{{path: apps/web}}], values: {{a: api}}}}}}"
    );
    let why = "two generators give `values`";
    for (one, other) in [(list, git.as_str()), (git.as_str(), list)] {
        let matrix = format!("[{{matrix: {{generators: [{one}, {other}]}}}}]");
        let found = made(&matrix, &template, "");
        assert!(found[0].contains(why), "{matrix}: {found:?}");
        let merge = format!("[{{merge: {{mergeKeys: [none], generators: [{one}, {other}]}}}}]");
        let found = made(&merge, &template, "");
        assert!(found[0].contains(why), "{merge}: {found:?}");
    }
    let none = "{list: {elements: [{k: k}]}}";
    let merge = format!("[{{merge: {{mergeKeys: [none], generators: [{none}, {git}, {list}]}}}}]");
    let found = made(&merge, &template, "");
    assert!(found[0].contains(why), "{merge}: {found:?}");
    for (one, wanted) in [(list, "web: plain"), (git.as_str(), "api: plain")] {
        let matrix = format!("[{{matrix: {{generators: [{one}, {one}]}}}}]");
        let found = made(&matrix, &template, "");
        assert!(found[0].starts_with(wanted), "{matrix}: {found:?}");
    }
    let other = list.replace("values", "more");
    let matrix = format!("[{{matrix: {{generators: [{git}, {other}]}}}}]");
    let found = made(&matrix, &template, "");
    assert!(found[0].starts_with("api: plain"), "{found:?}");
}

#[test]
fn a_generator_s_template_counts_before_the_one_of_the_set() {
    let template = format!(
        "{{metadata: {{name: '{{{{ .name }}}}'}}, spec: {{source: {{repoURL: '{HERE}', path: plain}}}}}}"
    );
    let generators = "[{list: {elements: [{name: web}], template: {metadata: {}, spec: {source: {repoURL: '', path: 'apps/{{ .name }}'}}}}}, {list: {elements: [{name: api}], template: {}}}]";
    let found = made(generators, &template, "");
    assert_eq!(
        found,
        [
            r#"api: plain plain {"recurse":false}"#,
            r#"web: apps/web plain {"recurse":false}"#,
        ]
    );
    let inner = "[{matrix: {generators: [{list: {elements: [{name: web}], template: {spec: {source: {path: gone}}}}}, {list: {elements: [{x: '1'}]}}]}}]";
    let found = made(inner, &template, "");
    assert!(found[0].starts_with("web: plain plain"), "{found:?}");
}

#[test]
fn parameters_are_those_that_argo_cd_has() {
    let template = |path: &str| {
        format!(
            "{{metadata: {{name: '{{{{ .name }}}}'}}, spec: {{source: {{repoURL: '{HERE}', path: '{path}'}}}}}}"
        )
    };
    // Of two generators the first counts, even where it says that something is empty.
    let matrix = "[{matrix: {generators: [{list: {elements: [{name: web, dir: ''}]}}, {list: {elements: [{dir: apps/api}]}}]}}]";
    let found = made(matrix, &template("apps/{{ .dir | default .name }}"), "");
    assert!(found[0].starts_with("web: apps/web plain"), "{found:?}");
    // Every number is a float.
    let numbers = "[{list: {elements: [{name: web, number: 8000000}]}}]";
    let found = made(
        numbers,
        &template("{{ if eq (print .number) \"8e+06\" }}plain{{ end }}"),
        "",
    );
    assert!(found[0].starts_with("web: plain plain"), "{found:?}");
    // Without parameters, the template stands as it is.
    let none = "[{list: {elements: [{}]}}]";
    let plain =
        format!("{{metadata: {{name: x}}, spec: {{source: {{repoURL: '{HERE}', path: plain}}}}}}");
    assert!(made(none, &plain, "")[0].starts_with("x: plain plain"));
}
