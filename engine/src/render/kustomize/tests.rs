//! What closures hold and what deployers write, over files in memory.

mod bounds;
mod refused;

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

#[test]
fn the_closure_holds_everything_that_is_named_and_nothing_else() {
    let files = FakeFiles::of(EVERYTHING);
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
    let options = all_options();
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

/// Something of everything that Argo CD may be told.
fn all_options() -> Kustomize {
    Kustomize {
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
    }
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

const EVERYTHING: &[(&str, &str)] = &[
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
];
