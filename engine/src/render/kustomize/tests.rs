//! What closures hold and what is refused, over files in memory.

use proptest::prelude::*;

use super::*;
use crate::model::code_of;
use crate::render::files::fake::FakeFiles;
use crate::render::options::ImageOverride;

fn closure_of(files: &FakeFiles, folder: &str) -> Result<Vec<String>, Error> {
    let closure = closure(
        files,
        &folder.into(),
        &Kustomize::default(),
        Deployer::ArgoCd,
    )?;
    Ok(closure
        .files()
        .map(|entry| entry.path.to_string())
        .collect())
}

/// The code and the text of the refusal of `apps/a`, whose kustomization is `text`.
fn refused(text: &str, others: &[(&str, &str)]) -> (String, String) {
    let mut files = vec![("apps/a/kustomization.yaml", text)];
    files.extend_from_slice(others);
    let error = closure_of(&FakeFiles::of(&files), "apps/a").unwrap_err();
    (code_of(&error), error.to_string())
}

#[track_caller]
fn assert_refused(text: &str, others: &[(&str, &str)], code: &str, message: &str) {
    let (found, said) = refused(text, others);
    assert_eq!(found, code, "{said}");
    assert!(said.contains(message), "{said}");
}

#[test]
fn the_closure_holds_everything_that_is_named_and_nothing_else() {
    let files = FakeFiles::of(&[
        (
            "apps/a/kustomization.yaml",
            "
resources: [x.yaml, ../base, sub/]
bases: [../old]
components: [../../components/c]
patches: [{path: p/one.yaml}, {patch: '[]', target: {kind: Deployment}}]
patchesStrategicMerge: [p/two.yaml, \"kind: X\\nmetadata: {name: x}\"]
patchesJson6902: [{path: p/three.json, target: {kind: X, name: x}}]
replacements: [{path: r.yaml}, {source: {}, targets: []}]
openapi: {path: schema.json}
configurations: [conf.yaml]
crds: [crd.yaml]
generators: [gen.yaml]
transformers:
- trans.yaml
- |-
  {apiVersion: builtin, kind: PatchTransformer, metadata: {name: p}, path: p/four.yaml}
validators: []
configMapGenerator: [{name: c, files: [f/a.txt, key=f/b.txt], envs: [f/c.env], env: f/d.env}]
secretGenerator: [{name: s, type: Opaque, files: [f/e.txt]}]
helmCharts: []
namePrefix: x-
",
        ),
        ("apps/a/x.yaml", ""),
        ("apps/a/unused.yaml", ""),
        ("apps/a/sub/kustomization.yml", "resources: [y.yaml]"),
        ("apps/a/sub/y.yaml", ""),
        ("apps/base/Kustomization", "resources: [z.yaml]"),
        ("apps/base/z.yaml", ""),
        ("apps/old/kustomization.yaml", "namespace: x"),
        (
            "components/c/kustomization.yaml",
            "kind: Component\nresources: [c.yaml]",
        ),
        ("components/c/c.yaml", ""),
        ("apps/a/p/one.yaml", ""),
        ("apps/a/p/two.yaml", ""),
        ("apps/a/p/three.json", ""),
        ("apps/a/p/four.yaml", ""),
        ("apps/a/r.yaml", ""),
        ("apps/a/schema.json", ""),
        ("apps/a/conf.yaml", ""),
        ("apps/a/crd.yaml", ""),
        (
            "apps/a/gen.yaml",
            "{apiVersion: builtin, kind: SecretGenerator, metadata: {name: g}, files: [f/g.txt]}",
        ),
        (
            "apps/a/trans.yaml",
            "{apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: n}}\n---\n",
        ),
        ("apps/a/f/a.txt", ""),
        ("apps/a/f/b.txt", ""),
        ("apps/a/f/c.env", ""),
        ("apps/a/f/d.env", ""),
        ("apps/a/f/e.txt", ""),
        ("apps/a/f/g.txt", ""),
        ("apps/a/f/h.txt", ""),
    ]);
    let mut found = closure_of(&files, "apps/a").unwrap();
    found.retain(|path| !path.contains("kustomization") && !path.contains("Kustomization"));
    assert_eq!(
        found.join(" "),
        "apps/a/conf.yaml apps/a/crd.yaml apps/a/f/a.txt apps/a/f/b.txt apps/a/f/c.env apps/a/f/d.env \
         apps/a/f/e.txt apps/a/f/g.txt apps/a/gen.yaml apps/a/p/four.yaml apps/a/p/one.yaml apps/a/p/three.json \
         apps/a/p/two.yaml apps/a/r.yaml apps/a/schema.json apps/a/sub/y.yaml apps/a/trans.yaml apps/a/x.yaml \
         apps/base/z.yaml components/c/c.yaml"
    );
    let closure = closure(
        &files,
        &"apps/a".into(),
        &Kustomize::default(),
        Deployer::ArgoCd,
    )
    .unwrap();
    let selector = closure.selector().unwrap();
    for absent in [
        "apps/a/kustomization.yml",
        "apps/base/kustomization.yaml",
        "apps/a/.argocd-source.yaml",
    ] {
        assert!(selector.patterns().contains(&absent.to_owned()), "{absent}");
    }
}

#[test]
fn what_would_be_fetched_is_refused_with_its_line() {
    for text in [
        "https://example.com/x.yaml",
        "github.com/o/r//deploy?ref=v1",
        "git@github.com:o/r.git",
        "ssh://git@h/r",
        "file:///etc/passwd",
        "oci://r/x",
        "git::https://h/r",
        "host:o/r",
    ] {
        for field in [
            "resources",
            "components",
            "crds",
            "generators",
            "patchesStrategicMerge",
            "bases",
        ] {
            let kustomization = format!("namespace: x\n{field}:\n- '{text}'\n");
            assert_refused(
                &kustomization,
                &[],
                "render.remote-input",
                "apps/a/kustomization.yaml:3:3",
            );
        }
    }
    for kustomization in [
        "patches: [{path: 'https://h/x'}]",
        "openapi: {path: 'http://h/x'}",
        "replacements: [{path: 'https://h/x'}]",
        "secretGenerator: [{name: x, files: ['a=https://h/x']}]",
        "configMapGenerator: [{name: x, envs: ['https://h/x']}]",
    ] {
        assert_refused(
            kustomization,
            &[],
            "render.remote-input",
            "//h/x` is fetched",
        );
    }
    let (_, said) = refused("resources: ['https://me:hunter2@example.com/x']", &[]);
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_would_be_run_is_refused_with_its_line() {
    let exec = "apiVersion: example.com/v1\nkind: Exec\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}}\n";
    let builtin = "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'container: {image: x}'}}\n";
    for field in ["generators", "transformers", "validators"] {
        let kustomization = format!("{field}: [plugin.yaml]");
        for (plugin, place) in [
            (exec, ":1:13"),
            (builtin, ":3:35"),
            ("apiVersion: builtin\nkind: Exec", ":2:7"),
            (
                "apiVersion: builtin\nkind: HelmChartInflationGenerator",
                ":2:7",
            ),
            ("kind: X", ":1:1"),
        ] {
            let place = format!("apps/a/plugin.yaml{place}");
            assert_refused(
                &kustomization,
                &[("apps/a/plugin.yaml", plugin)],
                "render.exec-plugin",
                &place,
            );
        }
        let inline = format!("{field}:\n- |-\n  apiVersion: example.com/v1\n  kind: Exec");
        assert_refused(
            &inline,
            &[],
            "render.exec-plugin",
            "apps/a/kustomization.yaml:2:3",
        );
    }
    let folder = [
        ("t/kustomization.yaml", "resources: [x.yaml]"),
        ("t/x.yaml", exec),
    ];
    assert_refused(
        "transformers: [../../t]",
        &folder,
        "render.exec-plugin",
        "t/x.yaml:1:13 (through apps/a/kustomization.yaml:1:16)",
    );
    let folder = [("t/kustomization.yaml", "resources: []\npatches: []")];
    assert_refused(
        "transformers: [../../t]",
        &folder,
        "render.exec-plugin",
        "t/kustomization.yaml:2:1",
    );
    let plugin = [
        (
            "apps/a/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\npath: ../x.yaml",
        ),
        ("apps/x.yaml", ""),
    ];
    assert_refused(
        "transformers: [t.yaml]",
        &plugin,
        "render.outside-root",
        "apps/a/t.yaml:3:7",
    );
    let plugin = [
        (
            "apps/a/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\nPath: x.yaml",
        ),
        ("apps/a/x.yaml", ""),
    ];
    assert_refused(
        "transformers: [t.yaml]",
        &plugin,
        "render.unknown-field",
        "apps/a/t.yaml:3:1",
    );
    for field in [
        "helmCharts: [{name: x}]",
        "helmGlobals: {chartHome: x}",
        "helmChartInflationGenerator: [{}]",
    ] {
        assert_refused(
            field,
            &[],
            "render.helm-in-kustomize",
            "apps/a/kustomization.yaml:1:1",
        );
    }
}

#[test]
fn what_lies_elsewhere_is_refused() {
    for (text, code) in [
        ("../../../etc/passwd", "render.outside-tree"),
        ("/etc/passwd", "render.absolute-path"),
        ("none.yaml", "render.missing-input"),
        ("../x.yaml", "render.outside-root"),
    ] {
        let kustomization = format!("resources:\n- {text}");
        assert_refused(
            &kustomization,
            &[("apps/x.yaml", "")],
            code,
            "apps/a/kustomization.yaml:2:3",
        );
    }
    assert_refused(
        "configMapGenerator: [{name: x, files: [../x.txt]}]",
        &[("apps/x.txt", "")],
        "render.outside-root",
        "in or below `apps/a`",
    );
    assert_refused(
        "resources: [../b]",
        &[("apps/b/x.yaml", "")],
        "render.no-kustomization",
        "`apps/b` has no kustomization",
    );
    assert_refused(
        "resources: [../b]",
        &[("apps/b/kustomization.yaml", "resources: [gone.yaml]")],
        "render.missing-input",
        "apps/b/kustomization.yaml:1:13 (through apps/a/kustomization.yaml:1:13)",
    );
    assert_refused(
        "patches: [{path: sub}]",
        &[("apps/a/sub/x", "")],
        "render.missing-input",
        "no file `sub`",
    );
    let links = FakeFiles::of(&[("apps/a/kustomization.yaml", "resources: [x.yaml, out]")])
        .link("apps/a/x.yaml", "../../../../etc/passwd")
        .link("apps/a/out", "/etc");
    let error = closure_of(&links, "apps/a").unwrap_err();
    assert_eq!(code_of(&error), "render.link-outside");
    assert!(
        error
            .to_string()
            .starts_with("apps/a/kustomization.yaml:1:13: "),
        "{error}"
    );
    let modules =
        FakeFiles::of(&[("apps/a/kustomization.yaml", "resources: [m]")]).submodule("apps/a/m");
    let error = closure_of(&modules, "apps/a").unwrap_err();
    assert_eq!(code_of(&error), "render.submodule");
}

#[test]
fn unknown_fields_shapes_and_second_documents_are_refused() {
    for (text, place) in [
        ("resources: []\nexec: [x]", ":2:1"),
        ("Resources: [x]", ":1:1"),
        ("patches: [{Path: x}]", ":1:12"),
        ("configMapGenerator: [{name: x, Files: [y]}]", ":1:32"),
        ("replacements: [{PATH: x}]", ":1:17"),
        ("openapi: {path: '', url: x}", ":1:21"),
    ] {
        assert_refused(text, &[], "render.unknown-field", place);
    }
    for text in [
        "resources: x",
        "resources: [1]",
        "- x",
        "patches: [x]",
        "resources: []\n---\nresources: [x]",
        "resources: [null]",
    ] {
        assert_refused(
            text,
            &[],
            "render.kustomization-shape",
            "apps/a/kustomization.yaml:",
        );
    }
    assert_refused(
        "resources: [",
        &[],
        "yaml.syntax",
        "apps/a/kustomization.yaml:",
    );
}

#[test]
fn kinds_names_circles_and_depth_are_as_kustomize_wants_them() {
    assert_refused(
        "kind: Component",
        &[],
        "render.component",
        "apps/a/kustomization.yaml:1:7",
    );
    let component = [("c/kustomization.yaml", "kind: Component")];
    assert_refused(
        "resources: [../../c]",
        &component,
        "render.component",
        "c/kustomization.yaml:1:7",
    );
    let plain = [("c/kustomization.yaml", "namespace: x")];
    assert_refused(
        "components: [../../c]",
        &plain,
        "render.component",
        "c/kustomization.yaml:1:1",
    );
    assert_refused(
        "",
        &[("apps/a/kustomization.yml", "")],
        "render.two-kustomizations",
        "apps/a/kustomization.yml",
    );
    for text in ["resources: [.]", "resources: [..]", "resources: [../..]"] {
        assert_refused(text, &[], "render.cycle", "apps/a/kustomization.yaml:1:13");
    }
    let circle = [("b/kustomization.yaml", "resources: [../apps/a]")];
    assert_refused(
        "resources: [../../b]",
        &circle,
        "render.cycle",
        "b/kustomization.yaml:1:13 (through apps/a/kustomization.yaml:1:13)",
    );
    let deep: Vec<(String, String)> = (0..40)
        .map(|n| {
            (
                format!("d{n}/kustomization.yaml"),
                format!("resources: [../d{}]", n + 1),
            )
        })
        .collect();
    let deep: Vec<(&str, &str)> = deep
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let error = closure_of(&FakeFiles::of(&deep), "d0").unwrap_err();
    assert_eq!(code_of(&error), "limit.kustomization-depth");
    assert!(
        error.to_string().contains("d30/kustomization.yaml"),
        "{error}"
    );
    let twice = FakeFiles::of(&[
        ("apps/a/kustomization.yaml", "resources: [../b, ../c]"),
        ("apps/b/kustomization.yaml", "resources: [../d]"),
        ("apps/c/kustomization.yaml", "resources: [../d]"),
        ("apps/d/kustomization.yaml", "namespace: x"),
    ]);
    assert_eq!(closure_of(&twice, "apps/a").unwrap().len(), 4);
}

#[test]
fn links_inside_belong_to_the_closure() {
    let files = FakeFiles::of(&[
        ("real/kustomization.yaml", "resources: [../base]"),
        ("shared/kustomization.yaml", "resources: [x.yaml]"),
        ("shared/x.yaml", ""),
    ])
    .link("apps", "real")
    .link("base", "shared");
    assert_eq!(
        closure_of(&files, "apps").unwrap(),
        [
            "apps",
            "base",
            "real/kustomization.yaml",
            "shared/kustomization.yaml",
            "shared/x.yaml"
        ]
    );
    let files = FakeFiles::of(&[("b/kustomization.yaml", ""), ("b/x", "")])
        .link("a/kustomization.yaml", "../b/kustomization.yaml");
    assert_eq!(
        code_of(&closure_of(&files, "a").unwrap_err()),
        "render.outside-root"
    );
}

#[test]
fn flux_lists_the_manifests_of_a_folder_and_leaves_files_out() {
    let files = FakeFiles::of(&[
        ("apps/x.yaml", ""),
        ("apps/deep/y.yml", ""),
        ("apps/read.me", ""),
        (
            "apps/k/kustomization.yaml",
            "resources: [../../shared/s.yaml]",
        ),
        ("apps/k/inner/z.yaml", ""),
        ("apps/k/inner/kustomization.yaml", ""),
        ("apps/.github/ci.yaml", ""),
        ("shared/s.yaml", ""),
        (".sourceignore", "*.png"),
    ])
    .link("apps/link.yaml", "x.yaml");
    let plan_with = |ignore: &[&str]| {
        let options = Kustomize {
            ignore: ignore.iter().map(ToString::to_string).collect(),
            ..Kustomize::default()
        };
        let folder = RepoPath::from("apps");
        let deployed = Deployed::new(&files, &folder, &options, Deployer::Flux).unwrap();
        plan(&deployed, &folder, &options, Deployer::Flux).unwrap()
    };
    let whole = plan_with(&[]);
    let text = String::from_utf8(whole.root.to_bytes()).unwrap();
    assert!(
        text.contains(r#""resources":["./deep/y.yml","./k","./x.yaml"]"#),
        "{text}"
    );
    let found: Vec<String> = whole
        .closure
        .files()
        .map(|entry| entry.path.to_string())
        .collect();
    assert_eq!(
        found.join(" "),
        ".sourceignore apps/deep/y.yml apps/k/inner/kustomization.yaml apps/k/inner/z.yaml apps/k/kustomization.yaml apps/read.me apps/x.yaml shared/s.yaml"
    );
    assert!(
        whole
            .closure
            .selector()
            .unwrap()
            .patterns()
            .contains(&"apps/**".to_owned())
    );
    let text = String::from_utf8(plan_with(&["/apps/deep", "x.yaml"]).root.to_bytes()).unwrap();
    assert!(
        text.contains(r#""resources":["./.github/ci.yaml","./k"]"#),
        "{text}"
    );
    let text = String::from_utf8(plan_with(&["*.yaml", "*.yml"]).root.to_bytes()).unwrap();
    assert!(text.contains("_placeholder"), "{text}");
}

#[test]
fn options_are_written_as_the_deployer_does() {
    let files = FakeFiles::of(&[
        (
            "a/kustomization.yaml",
            "
images: [{name: web, newTag: '1'}, {name: db, newName: pg}]
imageTags: [{name: old, newTag: '2'}]
labels: [{pairs: {a: b}, includeSelectors: true}, {pairs: {c: d}}]
components: [../c]
patches: [{patch: x}]
",
        ),
        ("c/kustomization.yaml", "kind: Component"),
        ("d/kustomization.yaml", "kind: Component"),
        ("a/p.yaml", ""),
    ]);
    let options = Kustomize {
        name_prefix: Some("p-".to_owned()),
        namespace: Some("shop".to_owned()),
        images: vec![
            ImageOverride {
                name: "web".to_owned(),
                new_tag: Some("*".to_owned()),
                digest: Some("sha256:0".to_owned()),
                ..ImageOverride::default()
            },
            ImageOverride {
                name: "new".to_owned(),
                new_name: Some("n/é".to_owned()),
                ..ImageOverride::default()
            },
        ],
        replicas: [("web".to_owned(), 3)].into(),
        patches: vec![serde_json::json!({"path": "p.yaml"})],
        components: vec!["../c".to_owned(), "../d".to_owned()],
        labels: Some(crate::render::options::LabelOverride {
            pairs: [("e".to_owned(), "f".to_owned())].into(),
            include_selectors: false,
            include_templates: false,
        }),
        annotations: [("g".to_owned(), "h".to_owned())].into(),
        ..Kustomize::default()
    };
    let folder = RepoPath::from("a");
    let deployed = Deployed::new(&files, &folder, &options, Deployer::ArgoCd).unwrap();
    let plan = plan(&deployed, &folder, &options, Deployer::ArgoCd).unwrap();
    assert!(
        plan.closure.contains(&"d/kustomization.yaml".into())
            && plan.closure.contains(&"a/p.yaml".into())
    );
    let edited = plan
        .root
        .edited(&options, Deployer::ArgoCd)
        .unwrap()
        .unwrap();
    let text = String::from_utf8(edited.to_bytes()).unwrap();
    assert!(text.contains("n/\\u00e9"), "{text}");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        found,
        serde_json::json!({
            "namePrefix": "p-", "namespace": "shop", "components": ["../c", "../d"], "replicas": [{"name": "web", "count": 3}],
            "images": [{"name": "db", "newName": "pg"}, {"name": "new", "newName": "n/é"}, {"name": "old", "newTag": "2"}, {"name": "web", "newTag": "1", "digest": "sha256:0"}],
            "labels": [{"pairs": {"a": "b"}, "includeSelectors": true}, {"pairs": {"c": "d", "e": "f"}}],
            "commonAnnotations": {"g": "h"}, "patches": [{"patch": "x"}, {"path": "p.yaml"}],
        })
    );
    assert!(
        plan.root
            .edited(&Kustomize::default(), Deployer::ArgoCd)
            .unwrap()
            .is_none()
    );
    let far = Kustomize {
        components: vec!["https://h/x".to_owned()],
        ..Kustomize::default()
    };
    let error = closure(&files, &folder, &far, Deployer::Flux).unwrap_err();
    assert_eq!(code_of(&error), "render.remote-input");
}

#[test]
fn files_of_argo_cd_that_change_its_options_are_refused() {
    assert_refused(
        "namespace: x",
        &[("apps/a/.argocd-source-web.yaml", "")],
        "render.argocd-source",
        ".argocd-source-web.yaml",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_text_is_a_panic(text in "(resources|patches|components|bases|generators|openapi|kind|crds)?:? ?[\\[{]?[a-z./:@{}\\[\\]'\"\\n -]{0,60}") {
        let files = FakeFiles::of(&[("a/kustomization.yaml", &text), ("b/kustomization.yaml", &text)]).link("a/b", "../b");
        let _ = closure_of(&files, "a");
        let _ = closure(&files, &"".into(), &Kustomize::default(), Deployer::Flux);
    }
}
