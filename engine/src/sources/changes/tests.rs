//! Which objects a kustomization may change.

use super::*;
use crate::manifest;

const REPOSITORY: &str = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: flux-system}, spec: {url: u}}";

fn object(text: &str) -> Object {
    let file = manifest::read(&"a.yaml".into(), text.as_bytes()).unwrap();
    file.objects.into_iter().next().unwrap()
}

/// What a kustomization adds to the repository; `None` where it may change more.
fn adds(kustomization: &str) -> Option<Metadata> {
    adds_to(kustomization, REPOSITORY)
}

fn adds_to(kustomization: &str, text: &str) -> Option<Metadata> {
    let load = |path: &str| match path {
        "deployment.yaml" => Some(DEPLOYMENT.into()),
        "repository.yaml" => Some(format!("{DEPLOYMENT}\n---\n{REPOSITORY}").into_bytes()),
        "list.yaml" => Some(
            format!("{{apiVersion: v1, kind: List, metadata: {{name: x}}, items: [{REPOSITORY}]}}")
                .into_bytes(),
        ),
        "operations.yaml" => Some("[{op: remove, path: /spec}]".into()),
        _ => None,
    };
    let changes = Changes::of_kustomization(document(kustomization.as_bytes()).as_ref());
    let object = object(text);
    let adds = changes
        .adds_to((&object, &Metadata::default()), &load)
        .cloned();
    adds.filter(|_| !changes.may_patch((&object, &Metadata::default()), &load))
}

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: flux-system}}";

#[test]
fn what_lists_adds_and_aims_at_others_leaves_an_object_as_it_is() {
    assert_eq!(
        adds("resources: [a.yaml]\nkind: Kustomization"),
        Some(Metadata::default())
    );
    for other in [
        "patches: []",
        "patches: [{target: {kind: Deployment}, patch: x}]",
        "patches: [{target: {kind: '(Deployment|StatefulSet)', labelSelector: 'a=b'}, path: nowhere.yaml}]",
        "patches: [{target: {group: apps}, path: operations.yaml}]",
        "patches: [{target: {kind: GitRepository, name: '.*-other'}, patch: x, options: {}}]",
        "patches: [{path: deployment.yaml}]",
        "patches: [{target: null, path: deployment.yaml}]",
        "patchesStrategicMerge: [deployment.yaml]",
        "patchesStrategicMerge: ['{apiVersion: v1, kind: GitRepository, metadata: {name: flux-system}}']",
        "patchesJson6902: [{target: {version: v1, kind: Deployment, name: a}, path: operations.yaml}]",
        "images: [{name: a, newTag: b}]",
        "replicas: [{name: a, count: 2}]",
        "configMapGenerator: [{name: flux-system}]",
        "secretGenerator: [{name: flux-system, behavior: merge}]",
        "commonAnnotations: {a: b}",
        "labels: [{pairs: {a: b}, includeSelectors: true, includeTemplates: true}]",
    ] {
        assert!(adds(other).is_some(), "{other}");
    }
}

#[test]
fn what_may_be_aimed_at_an_object_may_change_it() {
    for hit in [
        "patches: [{patch: x}]",
        "patches: [{path: nowhere.yaml}]",
        "patches: [{path: repository.yaml}]",
        "patches: [{path: list.yaml}]",
        "patches: [{path: operations.yaml}]",
        "patches: [{path: deployment.yaml, options: {allowKindChange: true}}]",
        "patches: [{path: deployment.yaml, shiny: 1}]",
        "patches: [{path: deployment.yaml, patch: x}]",
        "patches: [{target: {}, path: deployment.yaml}]",
        "patches: [{target: {kind: GitRepository}, patch: x}]",
        "patches: [{target: {Kind: Deployment}, patch: x}]",
        "patches: [{target: {kind: 1}, patch: x}]",
        "patches: [{target: {name: flux.system}, patch: x}]",
        "patches: [{target: {kind: '.*Repository', name: flux-.+}, patch: x}]",
        "patches: [{target: {labelSelector: 'a=b'}, patch: x}]",
        "patches: [{target: {kind: 'Deployment|GitRepository'}, patch: x}]",
        // To Go these mean the kind, to Rust nothing or something else.
        "patches: [{target: {kind: 'GitRepositor[y&&]'}, patch: x}]",
        "patches: [{target: {kind: '(?i)gitrepository'}, patch: x}]",
        "patches: [{target: {kind: '\\QGitRepository\\E'}, patch: x}]",
        "patchesStrategicMerge: [repository.yaml]",
        "patchesStrategicMerge: [nowhere.yaml]",
        "patchesJson6902: [{target: {kind: GitRepository, name: flux-system}, path: operations.yaml}]",
        "labels: [{pairs: {branch: other}, fields: [{path: spec/ref, create: true}]}]",
        "namePrefix: [x]",
        "{kind: Component, namePrefix: x}",
        "replacements: []",
        "transformers: [t.yaml]",
        "configurations: [c.yaml]",
        "helmCharts: []",
        "components: c",
        "[",
        "a: 1\n---\nb: 1",
        "",
    ] {
        assert!(adds(hit).is_none(), "{hit}");
    }
}

#[test]
fn names_of_others_change_what_holds_them() {
    let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, spec: {valuesFrom: [{kind: ConfigMap, name: b}]}}";
    let told = |file: &'static str, text: &str| {
        let changes = Changes::of_kustomization(document(b"configurations: [c.yaml]").as_ref());
        let load = |path: &str| (path == "c.yaml").then(|| file.as_bytes().to_vec());
        let own = changes.adds_to((&object(text), &Metadata::default()), &load);
        own.is_some()
    };
    let names = "nameReference: [{kind: ConfigMap, version: v1, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]";
    assert!(!told(names, release));
    assert!(told(names, REPOSITORY));
    assert!(told(names, &release.replace("valuesFrom", "other")));
    for (file, is_known) in [
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{path: spec/ref/name, kind: HelmRelease}, {path: spec/other}]}]",
            true,
        ),
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{path: spec/url}]}]",
            false,
        ),
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{path: spec/url, kind: GitRepository}]}]",
            false,
        ),
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{path: 'spec/*', kind: GitRepository}]}]",
            false,
        ),
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{path: spec/other, create: true}]}]",
            false,
        ),
        (
            "nameReference: [{kind: Secret, fieldSpecs: [{Path: spec/other}]}]",
            false,
        ),
        ("images: [{path: spec/url}]", false),
        ("namereference: []", false),
        ("[", false),
    ] {
        assert_eq!(told(file, REPOSITORY), is_known, "{file}");
    }
}

#[test]
fn namespace_and_labels_are_added_the_outer_ones_last() {
    let of = |text: &str| adds(text).unwrap();
    let adding = of("namespace: argocd\ncommonLabels: {a: b}\nlabels: [{pairs: {c: d}}]");
    let outer = of("namespace: outer\ncommonLabels: {a: x}");
    let mut made = object(REPOSITORY);
    adding.under(outer).add_to(&mut made);
    assert_eq!(made.reference.namespace.as_deref(), Some("outer"));
    let labels = made.node.pointer("/metadata/labels").unwrap().to_json();
    assert_eq!(labels, serde_json::json!({"a": "x", "c": "d"}));
}

#[test]
fn an_object_that_kustomize_takes_for_another_one_may_be_changed_by_any_patch() {
    let disguised = REPOSITORY.replace(
        "{name: flux-system}",
        "{name: flux-system, annotations: {internal.config.kubernetes.io/previousKinds: Deployment}}",
    );
    let patch = "patches: [{target: {kind: Deployment}, patch: x}]";
    assert!(adds_to(patch, &disguised).is_none());
    assert!(adds_to("resources: [a.yaml]", &disguised).is_some());
    // A patch may be disguised too.
    let other = disguised.replace("flux-system", "other");
    let patch = format!("patchesStrategicMerge: [\"{other}\"]");
    assert!(adds(&patch).is_none(), "{patch}");
}

#[test]
fn images_and_generators_change_what_they_can_find() {
    let holding = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, spec: {values: {a: [{containers: [{image: b}]}]}}}";
    assert!(adds_to("images: [{name: b, newTag: c}]", holding).is_none());
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: v}}";
    assert!(adds_to("configMapGenerator: [{name: v, behavior: merge}]", map).is_none());
    assert!(adds_to("configMapGenerator: [{name: w}]", map).is_some());
}

#[test]
fn options_of_a_deployer_are_read_alike() {
    let patched = |kind: &str| Kustomize {
        patches: vec![serde_json::json!({"target": {"kind": kind}, "patch": "x"})],
        ..Kustomize::default()
    };
    let with = |change: fn(&mut Kustomize)| {
        let mut options = Kustomize::default();
        change(&mut options);
        options
    };
    let substitute = with(|options| options.substitute = Some([].into()));
    for (options, text, hit) in [
        (Kustomize::default(), REPOSITORY, false),
        (patched("Deployment"), REPOSITORY, false),
        (patched("GitRepository"), REPOSITORY, true),
        (substitute.clone(), REPOSITORY, false),
        (
            substitute,
            &REPOSITORY.replace("url: u", "url: '${u}'"),
            true,
        ),
        (
            with(|options| options.name_prefix = Some("a".to_owned())),
            REPOSITORY,
            true,
        ),
    ] {
        let changes = Changes::of_options(&options);
        let object = object(text);
        let is_hit = changes
            .adds_to((&object, &Metadata::default()), &|_| None)
            .is_none()
            || changes
                .patches
                .iter()
                .any(|it| it.may_hit(&object, &|_| None));
        assert_eq!(is_hit, hit, "{options:?}");
    }
    let moved = Changes::of_options(&with(|options| options.namespace = Some("n".to_owned())));
    let mut made = object(REPOSITORY);
    moved
        .adds_to((&made.clone(), &Metadata::default()), &|_| None)
        .unwrap()
        .add_to(&mut made);
    assert_eq!(made.reference.namespace.as_deref(), Some("n"));
}
