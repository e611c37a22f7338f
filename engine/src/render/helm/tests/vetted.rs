//! Charts that are refused for what their templates, schemas and other files ask for.

use super::{CHART, LIB, options, read, refused, refused_by, saying};
use crate::model::RepoPath;
use crate::render::files::fake::FakeFiles;
use crate::render::helm::closure;
use crate::render::helm::vet::Repeats;
use crate::render::{Deployer, Helm};

#[test]
fn templates_that_ask_what_the_tree_does_not_say_are_refused_with_their_line() {
    let cases = [
        ("a: b\nc: {{ getHostByName \"x\" }}", "render.network"),
        ("a: b\nc: {{ now | quote }}", "render.clock"),
        ("a: b\nc: {{ durationRound .Values.t }}", "render.clock"),
        (
            "a: b\nc: {{ uuidv4 | set .Values \"x\" }}",
            "render.not-deterministic",
        ),
        (
            "a: b\nc: {{ tpl (b64dec .Values.x) . }}",
            "render.hidden-template",
        ),
        (
            "a: b\nc: {{ .Capabilities.KubeVersion.Minor }}",
            "render.capabilities",
        ),
        ("a: b\nc: {{ print . | sha256sum }}", "render.whole-context"),
        (
            "a: b\nc: {{ (get . (print \"Capa\" \"bilities\")).KubeVersion }}",
            "render.whole-context",
        ),
        (
            "a: b\nc: {{ printf (print \"%\" \"p\") .Values }}",
            "render.whole-context",
        ),
    ];
    for (text, code) in cases {
        let found = refused(&saying(text));
        assert_eq!(found.0, code);
        assert!(
            found.1.starts_with("app/templates/a.yaml:2:7: "),
            "{}",
            found.1
        );
    }
    let inner = FakeFiles::of(&[
        ("app/Chart.yaml", CHART),
        ("app/charts/lib/Chart.yaml", LIB),
        ("app/charts/lib/templates/_x.tpl", "{{ now }}"),
    ]);
    assert_eq!(refused(&inner).0, "render.clock");
}

#[test]
fn flux_alone_answers_what_the_cluster_holds() {
    let files = saying("a: b\nc: {{ lookup \"v1\" \"Secret\" }}");
    assert!(closure(&files, &"app".into(), &options(), Deployer::ArgoCd).is_ok());
    let (code, text) = refused_by(&files, &options(), Deployer::Flux);
    assert_eq!(code, "render.cluster-lookup");
    assert!(text.starts_with("app/templates/a.yaml:2:7: "), "{text}");
}

#[test]
fn a_chart_that_asks_the_cluster_is_rendered_where_its_deployer_is_told_the_answer() {
    let files =
        saying("{{ if semverCompare \">=1.30-0\" .Capabilities.KubeVersion.Version }}x{{ end }}");
    let told = Helm {
        kube_version: Some("1.33.1".to_owned()),
        ..options()
    };
    let (app, flux) = ("app".into(), Deployer::Flux);
    assert!(closure(&files, &app, &told, flux).is_ok());
    let values = Helm {
        values: Some(serde_json::json!({"x": "{{ .Capabilities.KubeVersion }}"})),
        ..options()
    };
    let runs = saying("{{ tpl .Values.x . }}");
    assert!(closure(&runs, &app, &options(), flux).is_ok());
    assert_eq!(refused_by(&runs, &values, flux).0, "render.capabilities");
}

#[test]
fn flux_renders_upgrades_so_what_was_deployed_before_is_refused_there_alone() {
    let files = saying("{{ if .Release.IsUpgrade }}x{{ end }}");
    assert!(closure(&files, &"app".into(), &options(), Deployer::ArgoCd).is_ok());
    let found = refused_by(&files, &options(), Deployer::Flux);
    assert_eq!(found.0, "render.release-state");
    for text in [
        "{{ with .Release }}{{ if .IsUpgrade }}x{{ end }}{{ end }}",
        "{{ with .Release }}{{ .Revision }}{{ end }}",
        "{{ $r := .Release }}{{ $r.Revision }}",
        "{{ define \"a\" }}{{ .Revision }}{{ end }}{{ include \"a\" .Release }}",
        "{{ index .Release \"Revision\" }}",
        "{{ toYaml .Release }}",
        "{{ range $k, $v := .Release }}{{ $v }}{{ end }}",
    ] {
        let found = refused_by(&saying(text), &options(), Deployer::Flux);
        assert_eq!(found.0, "render.release-state", "{text}");
    }
    let other = saying("{{ with .Values.x }}{{ .Revision }}{{ end }}{{ .Release.Name }}");
    assert!(closure(&other, &"app".into(), &options(), Deployer::Flux).is_ok());
}

#[test]
fn values_that_templates_run_are_read_as_yaml_gives_them() {
    for (value, code) in [
        ("x: \"{{ \\x6eow }}\"", "render.clock"),
        (
            "x: '{{ if eq (randInt 0 9) 7 }}evil{{ end }}'",
            "render.not-deterministic",
        ),
        ("x: '{{ randInt 0 9 }}'", "render.not-deterministic"),
        (
            "x: '{{ tpl (b64dec .Values.y) . }}'",
            "render.hidden-template",
        ),
    ] {
        let files = FakeFiles::of(&[
            ("app/Chart.yaml", CHART),
            ("app/values.yaml", value),
            ("app/templates/a.yaml", "{{ tpl (toYaml .Values.x) . }}"),
        ]);
        assert_eq!(refused(&files).0, code, "{value}");
    }
}

#[test]
fn values_are_looked_into_where_templates_run_them() {
    let runs = "{{ tpl .Values.x . }}";
    let with = |template: &str| {
        FakeFiles::of(&[
            ("app/Chart.yaml", CHART),
            ("app/templates/a.yaml", template),
            ("app/README.md", "{{ now }}"),
            ("v.yaml", "x: '{{ ago \"v1\" }}'"),
        ])
    };
    let by_file = Helm {
        value_files: vec!["v.yaml".into()],
        ..options()
    };
    let by_object = Helm {
        values: Some(serde_json::json!({"x": ["{{ getHostByName \"a\" }}"]})),
        ..options()
    };
    let folder = RepoPath::from("app");
    assert!(
        closure(
            &with("{{ .Values.x }}"),
            &folder,
            &by_file,
            Deployer::ArgoCd
        )
        .is_ok()
    );
    assert!(closure(&with(runs), &folder, &options(), Deployer::ArgoCd).is_ok());
    let found = refused_by(&with(runs), &by_file, Deployer::ArgoCd);
    assert_eq!(found.0, "render.clock");
    assert!(found.1.starts_with("v.yaml:1:8: "), "{}", found.1);
    assert_eq!(
        refused_by(&with(runs), &by_object, Deployer::ArgoCd).0,
        "render.network"
    );
    let reads = "{{ tpl (.Files.Get \"README.md\") . }}";
    assert_eq!(refused(&with(reads)).0, "render.clock");
}

#[test]
fn a_chart_that_names_chance_is_rendered_twice() {
    let repeats = |text| read(&saying(text)).unwrap().repeats;
    assert_eq!(repeats("{{ .Values.x }}"), Repeats::Itself);
    assert_eq!(repeats("{{ randAlphaNum 8 | b64enc }}"), Repeats::Perhaps);
}

#[test]
fn schemas_that_refer_out_of_themselves_are_refused() {
    let with = |schema: &str| {
        FakeFiles::of(&[
            ("app/Chart.yaml", CHART),
            ("app/values.schema.json", schema),
        ])
    };
    let remote = with("{\"a\":\n {\"$ref\": \"https://x.example/y.json\"}}");
    let found = refused(&remote);
    assert_eq!(found.0, "render.remote-input");
    assert!(
        found.1.starts_with("app/values.schema.json:2:12: "),
        "{}",
        found.1
    );
    assert!(
        closure(
            &with("{\"$ref\": \"#/a\"}"),
            &"app".into(),
            &options(),
            Deployer::ArgoCd
        )
        .is_ok()
    );
    let unchecked = Helm {
        skip_schema_validation: true,
        ..options()
    };
    assert!(closure(&remote, &"app".into(), &unchecked, Deployer::ArgoCd).is_ok());
}

#[test]
fn files_that_change_what_argo_cd_is_told_are_refused() {
    for name in [".argocd-source.yaml", ".argocd-source-shop.yaml"] {
        let path = format!("app/{name}");
        let files = FakeFiles::of(&[("app/Chart.yaml", CHART), (&path, "")]);
        assert_eq!(refused(&files).0, "render.argocd-source");
        assert!(closure(&files, &"app".into(), &options(), Deployer::Flux).is_ok());
    }
}

#[test]
fn texts_within_actions_are_looked_into_where_a_template_runs_texts() {
    let quoting = "a: {{\"'{{values.project}}'\"}}\nb: {{ `{{ now }} {{ lookup }}` }}";
    let read = |files: &FakeFiles| closure(files, &"app".into(), &options(), Deployer::Flux);
    assert!(read(&saying(quoting)).is_ok());
    assert_eq!(
        super::read(&saying(quoting)).unwrap().repeats,
        Repeats::Itself
    );
    // What stands in no text is called.
    let calling = format!("{quoting}\nc: {{{{ now }}}}");
    assert_eq!(refused(&saying(&calling)).0, "render.clock");
    for running in [
        "{{ tpl .Values.x . }}",
        "{{ define \"r\" }}{{ .x | tpl . }}{{ end }}",
    ] {
        let own = FakeFiles::of(&[
            ("app/Chart.yaml", CHART),
            ("app/templates/a.yaml", quoting),
            ("app/templates/z.tpl", running),
        ]);
        assert_eq!(refused(&own).0, "render.clock", "{running}");
        let of_inner = FakeFiles::of(&[
            ("app/Chart.yaml", CHART),
            ("app/templates/a.yaml", quoting),
            ("app/charts/lib/Chart.yaml", LIB),
            ("app/charts/lib/templates/_x.tpl", running),
        ]);
        assert_eq!(refused(&of_inner).0, "render.clock", "{running}");
    }
}
