//! What sets make, over trees of a few files.

mod patches;
mod secrets;
mod texts;

use serde_json::json;

use super::*;
use crate::sources::tests::{ARGO, HERE, PLAIN, SUBMODULE, told, units};

fn evaluated(engine: Engine, template: &str, params: &Value) -> Result<String, String> {
    let params = params.as_object().unwrap();
    engine
        .text(template, params, Span::default(), &Steps::default())
        .map_err(|stop| format!("{stop:?}"))
}

#[test]
fn templates_of_names_are_replaced_and_what_is_missing_is_no_text() {
    let params = json!({"path": "apps/web", "path.basename": "web", "values.a": "x", "n": 1});
    for (template, wanted) in [
        ("plain", "plain"),
        ("{{path}}", "apps/web"),
        ("{{ path.basename }}-{{values.a}}", "web-x"),
        ("a {{path}", ""),
        ("{{nothing}}", ""),
        ("{{n}}", ""),
        ("{{\npath}}", ""),
        ("{{}}", ""),
    ] {
        let found = evaluated(Engine::Fast, template, &params).ok();
        let wanted = (!wanted.is_empty()).then(|| wanted.to_owned());
        assert_eq!(found, wanted, "{template}");
    }
}

fn go_params() -> Value {
    json!({
        "path": {"path": "apps/Web_1/prod", "basename": "prod", "segments": ["apps", "Web_1", "prod"]},
        "name": "eu", "empty": "", "port": 80, "on": true, "half": 0.5,
        "metadata": {"labels": {"app.io/env": "prod"}},
    })
}

#[test]
fn go_templates_are_evaluated_as_go_does_or_not_at_all() {
    let params = go_params();
    for (template, wanted) in [
        ("{{ .path.path }}", "apps/Web_1/prod"),
        ("{{index .path.segments 1 | normalize}}", "web-1"),
        ("{{ index .metadata.labels \"app.io/env\" }}", "prod"),
        ("a {{- .name -}} b", "aeub"),
        ("{{- /* said */ -}}x", "x"),
        (
            "{{ .empty | default \"d\" }}{{ default \"d\" .name }}",
            "deu",
        ),
        ("{{ .missing | default `d` }}", "d"),
        ("{{ .port }}{{ .on }}", "80true"),
        ("{{ .name | upper | quote }}", "\"EU\""),
        (
            "{{ replace \"-\" \"_\" \"a-b\" }}{{ trimPrefix \"a\" \"ab\" }}{{ \"ab\" | trimSuffix \"b\" }}",
            "a_bba",
        ),
        ("{{ printf \"%s-%v%%\" .name .port }}", "eu-80%"),
        ("{{ join \"-\" .path.segments }}", "apps-Web_1-prod"),
        ("{{ (index .path.segments 0) | trunc 3 }}", "app"),
        (
            "{{ last (splitList \"/\" .path.path) }}{{ base .path.path }}",
            "prodprod",
        ),
        ("{{ \"}}\" }}", "}}"),
    ] {
        let found = evaluated(
            Engine::Go {
                missing: Missing::Default,
            },
            template,
            &params,
        );
        assert_eq!(found.as_deref(), Ok(wanted), "{template}");
    }
}

#[test]
fn go_templates_that_are_not_followed_are_no_text() {
    let params = go_params();
    for unknown in [
        "{{ .name.deeper }}",
        "{{ env \"HOME\" }}",
        "{{ now }}",
        "{{ index .path.segments 7 }}",
        "{{ .name",
        "{{ .name .port }}",
        "{{ keys .path }}",
    ] {
        let engine = Engine::Go {
            missing: Missing::Default,
        };
        let found = evaluated(engine, unknown, &params);
        assert!(found.is_err(), "{unknown}: {found:?}");
    }
    let engine = Engine::Go {
        missing: Missing::Error,
    };
    let strict = evaluated(engine, "{{ .missing | default \"d\" }}", &params);
    assert!(strict.is_err());
    let several = evaluated(engine, "a\n{{ .name }}\n{{ now }}\n", &params).unwrap_err();
    assert!(
        several.contains("`now` reads a clock") && several.contains("in line 3 of it"),
        "{several}"
    );
}

/// The sources of a set with these generators, that names and deploys `path`.
fn made(generators: &str, go: bool, files: &[(&str, &str)]) -> Vec<String> {
    let (name, path) = match go {
        true => ("{{ .path.basename }}", "{{ .path.path }}"),
        false => ("{{path.basename}}", "{{path}}"),
    };
    of_template(generators, go, name, path, "", files)
}

fn of_template(
    generators: &str,
    go: bool,
    name: &str,
    path: &str,
    config: &str,
    files: &[(&str, &str)],
) -> Vec<String> {
    let set = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: all}}\nspec:\n  goTemplate: {go}\n  generators: {generators}\n  template:\n    metadata: {{name: '{name}'}}\n    spec:\n      source: {{repoURL: '{HERE}', path: '{path}'}}\n"
    );
    let files = [files, &[("argo/set.yaml", set.as_str()), PLAIN]].concat();
    told(&units(&format!("{ARGO}\n{config}"), &files).unwrap())
}

const FOLDERS: [(&str, &str); 4] = [
    ("apps/web/x.yaml", ""),
    ("apps/api/x.yaml", ""),
    ("apps/.hidden/x.yaml", ""),
    ("apps/api/deep/x.yaml", ""),
];

#[test]
fn folders_of_the_tree_make_applications() {
    let git = |more: &str| format!("[{{git: {{repoURL: '{HERE}', {more}}}}}]");
    for go in [false, true] {
        let found = made(
            &git("directories: [{path: apps/*}, {path: apps/web, exclude: true}]"),
            go,
            &FOLDERS,
        );
        assert_eq!(found, [r#"api: apps/api plain {"recurse":false}"#], "{go}");
    }
    let found = made(
        &git("revision: v1, directories: [{path: apps/*}]"),
        true,
        &FOLDERS,
    );
    assert!(
        found[0].contains("applicationset--all: unknown argo/set.yaml:6:")
            && found[0].contains("another state"),
        "{found:?}"
    );
    // To Go, two stars are one.
    for (pattern, wanted) in [
        ("apps/**", 2),
        ("**", 3),
        ("apps/w**/deep", 1),
        ("a**/w**", 1),
    ] {
        let files = [&FOLDERS[..], &[("apps/web/deep/x.yaml", "")]].concat();
        let found = made(
            &git(&format!("directories: [{{path: '{pattern}'}}]")),
            true,
            &files,
        );
        assert!(!found[0].contains("unknown"), "{pattern}: {found:?}");
        assert_eq!(found.len(), wanted, "{pattern}: {found:?}");
    }
}

#[test]
fn files_of_the_tree_make_applications() {
    let files = [
        ("apps/web/config.json", "{\"a\": {\"b\": \"web\"}}"),
        ("apps/api/config.json", "[{\"a\": {\"b\": \"api\"}}]"),
    ];
    let generators =
        format!("[{{git: {{repoURL: '{HERE}', files: [{{path: 'apps/*/config.json'}}]}}}}]");
    for (go, name) in [(false, "{{a.b}}"), (true, "{{ .a.b }}")] {
        let path = if go { "{{ .path.path }}" } else { "{{path}}" };
        let found = of_template(&generators, go, name, path, "", &files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("api: apps/api") && found[1].starts_with("web: apps/web"),
            "{found:?}"
        );
    }
    let deep = [files.as_slice(), &[("apps/a/b/config.json", "{}")]].concat();
    let found = of_template(&generators, false, "x", "{{path}}", "", &deep);
    assert!(
        found[0].contains("to some versions of Argo CD, and not to others"),
        "{found:?}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn two_stars_name_files_where_each_reading_names_the_same() {
    let files = [
        ("cfg/eng/dev/c.json", "{}"),
        ("cfg/eng/prod/eu/c.json", "{}"),
        ("cfg/eng/prod/eu/other.yaml", "a: b"),
        ("cfgs/c.json/x", ""),
    ];
    let of = |patterns: &str, more: &[(&str, &str)]| {
        let generators = format!("[{{git: {{repoURL: '{HERE}', files: [{patterns}]}}}}]");
        let files = [&files[..], more].concat();
        of_template(
            &generators,
            true,
            "{{ .path.basename }}",
            "{{ .path.path }}",
            "",
            &files,
        )
    };
    let (all, dev) = ("{path: 'cfg/**/c.json'}", "{path: '**/dev/c.json'");
    let without = format!("{all}, {dev}, exclude: true}}");
    for (patterns, wanted) in [
        (all, &["dev: cfg/eng/dev", "eu: cfg/eng/prod/eu"][..]),
        (&without, &["eu: cfg/eng/prod/eu"]),
        ("{path: 'cfg/*/**/*.yaml'}", &["eu: cfg/eng/prod/eu"]),
        ("{path: 'cfg/eng/d**/c.json'}", &["dev: cfg/eng/dev"]),
    ] {
        let found = of(patterns, &[]);
        assert_eq!(found.len(), wanted.len(), "{patterns}: {found:?}");
        let mut both = found.iter().zip(wanted);
        assert!(
            both.all(|(one, wanted)| one.starts_with(wanted)),
            "{found:?}"
        );
    }
    for (patterns, more, why) in [
        (all, ("cfg/c.json", "{}"), "`cfg/c.json` to some versions"),
        (
            "{path: '**/c.json'}",
            ("c.json", "{}"),
            "to some versions of Argo CD",
        ),
        (
            "{path: 'cfg/**'}",
            ("a", ""),
            "names `cfg` to some versions",
        ),
        ("{path: 'cfg*/**/c.json'}", ("a", ""), "names `cfgs/c.json"),
        ("{path: '**/config'}", ("a", ""), "names `.git/config` to"),
        ("{path: './cfg/*/*/c.json'}", ("a", ""), "in several ways"),
        ("{path: ''}", ("a", ""), "in several ways"),
        (
            "{path: ':(glob)cfg/*/*/c.json'}",
            ("a", ""),
            "in several ways",
        ),
        (
            "{path: 'cfg/{eng,x}/**/c.json'}",
            ("a", ""),
            "in several ways",
        ),
        (all, ("cfg/eng/a/b", "-> x"), "which is a link"),
        (all, ("cfg/eng/a/b", SUBMODULE), "which is a submodule"),
    ] {
        let found = of(patterns, &[more]);
        assert!(found[0].contains(why), "{patterns}: {found:?}");
    }
    assert_eq!(of(all, &[("other/sub", SUBMODULE)]).len(), 2);
}

#[test]
fn what_lies_behind_links_and_in_submodules_is_not_guessed() {
    let folders = format!("[{{git: {{repoURL: '{HERE}', directories: [{{path: 'apps/*'}}]}}}}]");
    for path in ["apps/sub", "apps", "apps/web/deep"] {
        let found = made(&folders, true, &[("apps2/x.yaml", ""), (path, SUBMODULE)]);
        assert!(
            found[0].contains("which is a submodule"),
            "{path}: {found:?}"
        );
    }
    let files = format!("[{{git: {{repoURL: '{HERE}', files: [{{path: 'cfg/*.yaml'}}]}}}}]");
    for (path, text, what) in [
        ("cfg/e.yaml", "-> ../real", "which is a link"),
        ("cfg", "-> real", "which is a link"),
        (
            "cfg/deep/e.yaml",
            "-> ../real",
            "to some versions of Argo CD",
        ),
        ("cfg", SUBMODULE, "which is a submodule"),
    ] {
        let found = made(&files, true, &[(path, text)]);
        assert!(found[0].contains(what), "{path}: {found:?}");
    }
    let link = made(&folders, true, &[("apps/sub", "-> ../real")]);
    assert!(link[0].contains("which is a link"), "{link:?}");
    let elsewhere = [
        ("other/sub", SUBMODULE),
        ("other/link", "-> x"),
        ("apps/web/x.yaml", ""),
    ];
    let found = made(&folders, true, &elsewhere);
    assert!(found[0].starts_with("web: apps/web plain"), "{found:?}");
}

#[test]
fn selectors_of_what_is_no_plain_text_are_refused() {
    let folders = format!(
        "git: {{repoURL: '{HERE}', directories: [{{path: apps/*}}], values: {{env: prod}}}}"
    );
    let list =
        "list: {elements: [{name: web, void: null, values: {env: prod}, a.b: x, a: {b: y}}]}"
            .to_owned();
    let expression = |key: &str, how: &str| format!("matchExpressions: [{{key: {key}, {how}}}]");
    for (generator, selector) in [
        (
            &folders,
            expression("values.env", "operator: NotIn, values: [prod]"),
        ),
        (&folders, "matchLabels: {values.env: prod}".to_owned()),
        (&folders, expression("values", "operator: Exists")),
        (
            &folders,
            expression("path.segments.0", "operator: DoesNotExist"),
        ),
        (
            &folders,
            expression("path.segments", "operator: DoesNotExist"),
        ),
        (&list, expression("void", "operator: Exists")),
        (
            &list,
            expression("void", "operator: NotIn, values: ['<nil>']"),
        ),
        (&list, expression("a.b", "operator: In, values: [y]")),
    ] {
        let generators = format!("[{{{generator}, selector: {{{selector}}}}}]");
        let found = of_template(&generators, true, "x", "plain", "", &FOLDERS[..1]);
        assert!(
            found[0].contains("is no plain text to Argo CD's selectors"),
            "{selector}: {found:?}"
        );
    }
    let generators = format!("[{{{list}, selector: {{matchLabels: {{values.env: prod}}}}}}]");
    let found = of_template(&generators, true, "x", "plain", "", &[]);
    assert!(found[0].starts_with("x: plain"), "{found:?}");
}

#[test]
fn generators_are_combined() {
    let list = "list: {elements: [{env: qa}, {env: prod}]}";
    let folders = format!("git: {{repoURL: '{HERE}', directories: [{{path: apps/*}}]}}");
    let matrix = format!(
        "[{{matrix: {{generators: [{{{folders}}}, {{{list}, selector: {{matchLabels: {{env: prod}}}}}}]}}}}]"
    );
    let found = of_template(
        &matrix,
        true,
        "{{ .path.basename }}-{{ .env }}",
        "{{ .path.path }}",
        "",
        &FOLDERS,
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("api-prod: apps/api") && found[1].starts_with("web-prod"),
        "{found:?}"
    );
    let merge = "[{merge: {mergeKeys: [env], generators: [{list: {elements: [{env: qa, dir: plain}, {env: prod, dir: plain}]}}, {list: {elements: [{env: prod, dir: apps/web}]}}]}}]";
    let found = of_template(merge, false, "{{env}}", "{{dir}}", "", &FOLDERS);
    assert!(
        found[0].starts_with("prod: apps/web") && found[1].starts_with("qa: plain"),
        "{found:?}"
    );
    let inner = format!(
        "[{{matrix: {{generators: [{{{list}}}, {{git: {{repoURL: '{HERE}', directories: [{{path: '{{{{ .env }}}}/*'}}]}}}}]}}}}]"
    );
    let found = of_template(
        &inner,
        true,
        "{{ .env }}",
        "{{ .path.path }}",
        "",
        &[("qa/a/x.yaml", "")],
    );
    assert_eq!(found, [r#"qa: qa/a plain {"recurse":false}"#]);
}

#[test]
fn what_only_a_cluster_knows_the_configuration_tells_or_nobody() {
    let clusters = "[{clusters: {}}]";
    let found = of_template(clusters, true, "x-{{ .name }}", "plain", "", &[]);
    assert!(
        found[0].contains("`generators: {all: [{name: …, server: …}]}`")
            || found[0].contains("what the generator `clusters` gives"),
        "{found:?}"
    );
    let config = "generators: {all: [{name: eu}, {name: us}]}";
    for go in [true, false] {
        let name = if go { "x-{{ .name }}" } else { "x-{{name}}" };
        let found = of_template(clusters, go, name, "plain", config, &[]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("x-eu: plain"), "{found:?}");
    }
    let found = of_template(
        "[{clusters: {}}, {pullRequest: {}}]",
        true,
        "x-{{ .name }}",
        "plain",
        config,
        &[],
    );
    assert!(found[0].contains("stands for one generator"), "{found:?}");
}

#[test]
fn what_argo_cd_combines_otherwise_is_refused() {
    let merge = |first: &str, second: &str| {
        format!("[{{merge: {{mergeKeys: [name], generators: [{first}, {second}]}}}}]")
    };
    let shared = "{matrix: {generators: [{list: {elements: [{d: {ns: safe}}]}}, {list: {elements: [{name: a}, {name: b}]}}]}}";
    let one = "{list: {elements: [{name: 9007199254740993}]}}";
    let elements = format!(
        "{{list: {{elements: [{}]}}}}",
        vec!["{name: a}"; 200].join(", ")
    );
    let many = format!("[{{matrix: {{generators: [{elements}, {elements}]}}}}]");
    for (generators, wanted) in [
        (
            merge(shared, "{list: {elements: [{name: a, d: {ns: x}}]}}"),
            "of which Argo CD may change all",
        ),
        (merge(one, one), "a number among the `mergeKeys`"),
        (many, "sets of parameters"),
    ] {
        let found = of_template(&generators, true, "x", "plain", "", &[]);
        assert!(
            found[0].starts_with("applicationset--all: unknown argo/set.yaml:6:")
                && found[0].contains(wanted),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_not_followed_makes_the_whole_set_unknown() {
    for (generators, wanted) in [
        ("[{list: {elements: [{a: 1}]}}]", "`a` is not a string"),
        (
            "[{list: {elements: [{a: x}, {a: z}]}}]",
            "two Applications of the set have the same name",
        ),
        (
            "[{list: {elements: []}, git: {}}]",
            "is not a list of generators",
        ),
        (
            "[{shiny: {}}]",
            "nobody here knows what `shiny` of a generator does",
        ),
        (
            "[{matrix: {generators: [{list: {elements: []}}]}}]",
            "as a matrix needs",
        ),
    ] {
        let found = of_template(generators, false, "same", "plain", "", &[]);
        assert!(
            found[0].starts_with("applicationset--all: unknown") && found[0].contains(wanted),
            "{generators}: {found:?}"
        );
    }
}

/// A set of the namespace `argo`, whose template says more; its generator cannot be told where it is one of pull requests.
fn set_of(generator: &str, metadata: &str, more: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: shops, namespace: argo}}\nspec:\n  generators: [{generator}]\n  {more}\n  template:\n    metadata: {{name: 'web-{{{{a}}}}', {metadata}}}\n    spec: {{project: shop, destination: {{name: eu}}, source: {{repoURL: '{HERE}', path: plain}}}}\n"
    )
}

/// The units of the Applications that are selected so.
fn selected(how: &str, set: &str) -> Vec<String> {
    let config =
        format!("environments: [{{name: prod, applications: {{paths: ['argo/**'], {how}}}}}]");
    let files = [("argo/a.yaml", set), PLAIN];
    match units(&config, &files) {
        Ok(units) => told(&units),
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn an_application_stands_in_the_namespace_of_its_set() {
    let list = "{list: {elements: [{a: x}]}}";
    let patch = r#"templatePatch: "metadata: {namespace: other}\n""#;
    for (metadata, more) in [
        ("labels: {}", ""),
        ("namespace: other", ""),
        ("labels: {}", patch),
    ] {
        let set = set_of(list, metadata, more);
        let found = selected("namespace: argo", &set);
        assert!(
            found[0].starts_with("web-x: plain"),
            "{metadata} {more}: {found:?}"
        );
        let found = selected("namespace: other", &set);
        assert!(
            found[0].contains("selects no Application"),
            "{metadata} {more}: {found:?}"
        );
    }
}

#[test]
fn what_a_set_makes_and_nobody_can_tell_is_selected_where_it_may_be() {
    let unknown = "{pullRequest: {github: {owner: a, repo: b}}}";
    let plain = set_of(unknown, "labels: {env: prod}", "");
    let open = set_of(unknown, "labels: {env: '{{a}}'}", "");
    let patched = set_of(unknown, "labels: {env: qa}", "templatePatch: '{}'");
    for (how, set, is_selected) in [
        ("", &plain, true),
        ("namespace: argo", &plain, true),
        ("namespace: other", &plain, false),
        ("match-labels: {env: prod}", &plain, true),
        ("match-labels: {env: qa}", &plain, false),
        ("match-labels: {tier: web}", &open, false),
        ("match-labels: {env: qa}", &open, true),
        ("match-labels: {env: prod}", &patched, true),
        ("project: shop", &plain, true),
        ("project: other", &plain, false),
        ("cluster: eu", &plain, true),
        ("cluster: us", &plain, false),
    ] {
        let found = selected(how, set);
        assert_eq!(
            found[0].contains("shops: unknown"),
            is_selected,
            "{how}: {found:?}"
        );
    }
}
