//! What objects of Argo CD and Flux put into what they deploy.

use std::sync::Arc;

use super::*;
use crate::facts::inventory::Deployers;

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n";
const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n";
const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n";
const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n";

fn object(head: &str, spec: &str) -> String {
    format!("{head}metadata: {{name: x, namespace: shop}}\nspec: {spec}\n")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn values_for_a_chart_that_nobody_renders_are_images() {
    for (values, wanted) in [
        (
            "{image: {registry: r.example, repository: shop/a, tag: 1}}",
            &["image/repository resource r.example/shop/a:1"][..],
        ),
        (
            "{web: {image: {repository: r.example/a, digest: 'sha256:DD'}}}",
            &["web/image/repository resource r.example/a@sha256:DD"],
        ),
        (
            "{image: 'r.example/a:1'}",
            &["image resource r.example/a:1"],
        ),
        // Whose registry it is, or whose tag, may be said by the chart.
        (
            "{image: {repository: a, tag: 1}}",
            &[
                "image/repository guessed a:1",
                "image/repository resource image.repository=a, image.tag=1",
            ],
        ),
        (
            "{image: acme/a}",
            &["image guessed acme/a", "image resource image=acme/a"],
        ),
        (
            "{cache: {repository: a, tag: 1}}",
            &["cache/repository guessed a:1"],
        ),
        (
            "{extra: {containers: [{name: c, image: redis}]}, controllers: {main: {containers: {main: {image: {repository: a, tag: 1}}}}}}",
            &[
                "controllers/main/containers/main/image/repository app a:1",
                "extra/containers/0/image app redis",
            ],
        ),
        (
            "{url: 'https://r.example/a:1', git: {repository: acme/shop}, version: v1, image: {pullPolicy: Always}}",
            &[],
        ),
    ] {
        let values = values.replace("DD", &"ab".repeat(32));
        let wanted: Vec<String> = wanted
            .iter()
            .map(|it| it.replace("DD", &"ab".repeat(32)))
            .collect();
        let at = |prefix: &str| {
            wanted
                .iter()
                .map(|it| format!("{prefix}/{it}"))
                .collect::<Vec<_>>()
        };
        let release = object(RELEASE, &format!("{{values: {values}}}"));
        assert_eq!(places(&release, &none()), at("/spec/values"), "{values}");
        let spec = format!("{{sources: [{{helm: {{valuesObject: {values}}}}}]}}");
        let application = object(APPLICATION, &spec);
        assert_eq!(
            places(&application, &none()),
            at("/spec/sources/0/helm/valuesObject"),
            "{values}"
        );
        let spec =
            format!("{{template: {{spec: {{source: {{helm: {{valuesObject: {values}}}}}}}}}}}");
        let set = object(SET, &spec);
        assert_eq!(
            places(&set, &none()),
            at("/spec/template/spec/source/helm/valuesObject"),
            "{values}"
        );
        let text = json!({"source": {"helm": {"values": values}}}).to_string();
        let found = places(&object(APPLICATION, &text), &none());
        let short = wanted.iter().map(|it| it.split_once(' ').unwrap().1);
        let short: Vec<String> = short
            .map(|it| format!("/spec/source/helm/values {it}"))
            .collect();
        assert_eq!(found, short, "{values}");
    }
}

#[test]
fn parameters_of_a_chart_are_images() {
    let spec = "{source: {helm: {parameters: [{name: web.image.tag, value: '1'}, {name: web.image.repository, value: r.example/a}, \
        {name: image, value: 'r.example/b:1'}, {name: replicas, value: '2'}, {name: git.repository, value: acme/shop}, {value: x}]}}}";
    assert_eq!(
        places(&object(APPLICATION, spec), &none()),
        [
            "/spec/source/helm/parameters/1/value resource r.example/a:1",
            "/spec/source/helm/parameters/2/value resource r.example/b:1",
        ]
    );
}

#[test]
fn images_of_kustomizations_that_nobody_renders_are_joined_as_kustomize_joins_them() {
    let images = "[{name: a, newName: r.example/b, newTag: '1'}, {name: a, newTag: 2}, {name: a, newTag: '3', digest: 'sha256:DD'}, \
        {name: a, newName: r.example/c}, {name: a}]";
    let images = images.replace("DD", &"ab".repeat(32));
    let wanted = [
        "0/newName resource r.example/b:1".to_owned(),
        "1/newTag resource a:2".to_owned(),
        format!("2/newTag resource a:3@sha256:{}", "ab".repeat(32)),
        "3/newName guessed r.example/c".to_owned(),
    ];
    for (head, spec, at) in [
        (KUSTOMIZATION, "{images: IMAGES}", "/spec/images"),
        (
            RELEASE,
            "{postRenderers: [{kustomize: {images: IMAGES}}]}",
            "/spec/postRenderers/0/kustomize/images",
        ),
    ] {
        let found = places(&object(head, &spec.replace("IMAGES", &images)), &none());
        assert_eq!(
            found,
            wanted.clone().map(|it| format!("{at}/{it}")),
            "{head}"
        );
    }
    let images =
        "{source: {kustomize: {images: ['a=r.example/b:1', 'r.example/c:2', 'a=r.example/d']}}}";
    assert_eq!(
        places(&object(APPLICATION, images), &none()),
        [
            "0 resource r.example/b:1",
            "1 resource r.example/c:2",
            "2 guessed r.example/d"
        ]
        .map(|it| format!("/spec/source/kustomize/images/{it}"))
    );
    let set = "{template: {spec: {source: {kustomize: {images: ['a=r.example/b:{{tag}}', 'a=r.example/b:1']}}}}}";
    assert_eq!(
        places(&object(SET, set), &none()),
        [
            "/spec/template/spec/source/kustomize/images/0 resource r.example/b:{{tag}}",
            "/spec/template/spec/source/kustomize/images/1 resource r.example/b:1"
        ]
    );
}

#[test]
fn patches_that_nobody_renders_are_read() {
    let step = |path: &str, value: &str| format!("[{{op: replace, path: {path}, value: {value}}}]");
    for (patch, target, wanted) in [
        (
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}".to_owned(),
            "{}",
            &["app b"][..],
        ),
        (step("/spec/template/spec/containers/0/image", "b"), "{kind: Deployment}", &["app b"]),
        (step("/spec/template/spec/containers/-", "{name: a, image: b}"), "{}", &["app b"]),
        (
            step("/spec/imageName", "pg"),
            "{group: postgresql.cnpg.io, version: v1, kind: Cluster}",
            &["resource pg"],
        ),
        (step("/spec/image", "'r.example/b:1'"), "{name: x}", &["guessed r.example/b:1"]),
        (step("/spec/replicas", "3"), "{}", &[]),
        (step("/data/image", "'r.example/b:1'"), "{kind: ConfigMap}", &[]),
        ("[{op: remove, path: /spec/template/spec/containers/0/image}]".to_owned(), "{}", &[]),
        ("***".to_owned(), "{kind: Secret}", &[]),
    ] {
        let patch = json!(patch);
        for (head, spec, at) in [
            (KUSTOMIZATION, "{patches: [{target: TARGET, patch: PATCH}]}", "/spec/patches/0/patch"),
            (
                RELEASE,
                "{postRenderers: [{}, {kustomize: {patches: [{target: TARGET, patch: PATCH}]}}]}",
                "/spec/postRenderers/1/kustomize/patches/0/patch",
            ),
            (
                APPLICATION,
                "{source: {kustomize: {patches: [{target: TARGET, patch: PATCH}]}}}",
                "/spec/source/kustomize/patches/0/patch",
            ),
        ] {
            let spec = spec.replace("TARGET", target).replace("PATCH", &patch.to_string());
            let wanted: Vec<String> = wanted.iter().map(|it| format!("{at} {it}")).collect();
            assert_eq!(places(&object(head, &spec), &none()), wanted, "{head} {patch}");
        }
    }
    let rows = found(
        &object(KUSTOMIZATION, "{patches: [{patch: 'a: ['}]}"),
        &none(),
    );
    let [row] = rows.try_into().unwrap();
    assert!(row["problem"].as_str().unwrap().contains("YAML"), "{row}");
    let others = "{patchesStrategicMerge: [{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: [{image: b}]}}}}], \
        patchesJson6902: [{target: {}, patch: [{op: add, path: /spec/containers/0/image, value: c}]}]}";
    assert_eq!(
        places(&object(KUSTOMIZATION, others), &none()),
        [
            "/spec/patchesJson6902/0/patch app c",
            "/spec/patchesStrategicMerge/0/spec/template/spec/containers/0/image app b",
        ]
    );
}

#[test]
fn what_is_put_into_a_unit_is_judged_there_and_nowhere_else() {
    let spec = "{values: {image: {repository: r.example/a, tag: 1}, extra: {containers: [{image: b}]}}, \
        postRenderers: [{kustomize: {images: [{name: a, newTag: '2'}]}}]}";
    let release = object(RELEASE, spec);
    let changes = compare(&crate::change::Objects::new(), &objects(&release));
    for (deployers, judged) in [
        (&[("HelmRelease", "x", Some("shop"), true)][..], true),
        (&[("HelmRelease", "x", None, true)], true),
        (&[("HelmRelease", "x", Some("shop"), false)], false),
        (&[("HelmRelease", "x", Some("other"), true)], false),
        (&[("Application", "x", Some("shop"), true)], false),
        // Which of both it is, nobody can tell.
        (
            &[
                ("HelmRelease", "x", None, true),
                ("HelmRelease", "x", Some("shop"), false),
            ],
            false,
        ),
        (&[], false),
    ] {
        let mut all = Deployers::default();
        for (kind, name, namespace, is_rendered) in deployers {
            all.insert((kind, name), *namespace, *is_rendered);
        }
        let around = &Neighbours::default().with_deployers(Arc::new(all));
        let around = Around {
            head: around,
            base: around,
        };
        let images = of_change(&changes[0], (&none(), around), Timestamp::UNIX_EPOCH);
        assert_eq!(images.len(), if judged { 0 } else { 3 }, "{deployers:?}");
    }
}

#[test]
fn an_image_beside_a_secret_or_called_like_one_is_found() {
    let step =
        "[{op: replace, path: /spec/template/spec/containers/0/image, value: 'r.example/b:1'}]";
    let pod = "kind: Deployment\napiVersion: apps/v1\nmetadata: {annotations: {password: hunter2}}\n\
        spec: {template: {spec: {containers: [{image: 'r.example/b:1'}]}}}";
    for target in [
        "{}",
        "{name: web}",
        "{kind: 'Deploy.*'}",
        "{kind: 'Secret|Deployment'}",
    ] {
        for patch in [step, pod] {
            let spec = format!(
                "{{patches: [{{target: {target}, patch: {}}}]}}",
                json!(patch)
            );
            assert_eq!(
                places(&object(KUSTOMIZATION, &spec), &none()),
                ["/spec/patches/0/patch app r.example/b:1"],
                "{spec}"
            );
        }
    }
    let helm = |helm: &str| object(APPLICATION, &format!("{{source: {{helm: {{{helm}}}}}}}"));
    let image = ["/spec/source/helm/values resource r.example/b:1"];
    for values in [
        "auth: {password: hunter2}\nimage: r.example/b:1\n",
        "secret: {image: 'r.example/b:1'}\n",
        "dbPassword: hunter2\nimage: {registry: r.example, repository: b, tag: 1}\n",
    ] {
        let found = places(&helm(&format!("values: {}", json!(values))), &none());
        assert_eq!(found, image, "{values}");
    }
    let secrets = "auth: {password: hunter2}\nurl: 'https://r.example/a:1'\n";
    let found = places(&helm(&format!("values: {}", json!(secrets))), &none());
    assert_eq!(found, [""; 0]);
    let parameters = "parameters: [{name: external-secrets.image.repository, value: r.example/b}, {name: external-secrets.image.tag, value: '1'}, {name: imageToken, value: hunter2}]";
    assert_eq!(
        places(&helm(parameters), &none()),
        ["/spec/source/helm/parameters/0/value resource r.example/b:1"]
    );
    let values = "{values: {imageToken: 'r.example/b:1', imagePassword: hunter2}}";
    assert_eq!(
        places(&object(RELEASE, values), &none()),
        ["/spec/values/imageToken resource r.example/b:1"]
    );
}

#[test]
fn what_cannot_be_read_beside_a_secret_is_no_image_and_not_shown() {
    for (head, spec) in [
        (
            KUSTOMIZATION,
            json!({"patches": [{"patch": "a: hunter2\na: ["}]}),
        ),
        (
            APPLICATION,
            json!({"source": {"helm": {"values": "password: hunter2\na: ["}}}),
        ),
        (
            RELEASE,
            json!({"postRenderers": [{"kustomize": {"patches": [{"patch": "password: hunter2\nb: {{ }"}]}}]}),
        ),
    ] {
        let rows = found(&object(head, &spec.to_string()), &none());
        let [row] = rows.try_into().unwrap();
        assert_eq!(row["written"], "***", "{row}");
        assert!(
            row["problem"].is_string() && row["changed"] == true,
            "{row}"
        );
    }
    // An alias may make any secret an image.
    let spec = "{source: {plugin: {env: [{name: PASSWORD, value: &x hunter2}]}, kustomize: {images: [*x]}}}";
    let rows = found(&object(APPLICATION, spec), &none());
    let [row] = rows.try_into().unwrap();
    assert!(row["problem"].as_str().unwrap().contains("hidden"), "{row}");
    assert!(!row.to_string().contains("hunter2"), "{row}");
}

#[test]
fn what_a_set_fills_in_is_no_image_that_anybody_read() {
    let source = "/spec/template/spec/source";
    let of_source = |source: &str| format!("{{template: {{spec: {{source: {source}}}}}}}");
    let texts = |spec: Value| spec.to_string();
    for (spec, wanted) in [
        (
            of_source("{kustomize: {images: ['a=r.example/b:1{{``}}']}}"),
            vec![format!("{source}/kustomize/images/0 resource r.example/b:1{{{{``}}}}")],
        ),
        (
            of_source("{helm: {parameters: [{name: image.repository, value: r.example/b}, {name: image.tag, value: '{{tag}}'}]}}"),
            vec![format!("{source}/helm/parameters/0/value resource r.example/b:{{{{tag}}}}")],
        ),
        (
            of_source("{helm: {valuesObject: {image: '{{image}}', replicas: '{{replicas}}', url: 'https://{{host}}/a:1'}}}"),
            vec![format!("{source}/helm/valuesObject/image resource {{{{image}}}}")],
        ),
        (
            texts(json!({"template": {"spec": {"source": {"helm": {"values": "image: r.example/b:1\n{{ if .env }}\na: {{.b}}\n{{- end }}\n"}}}}})),
            vec![format!("{source}/helm/values resource r.example/b:1")],
        ),
        (
            texts(json!({"template": {"spec": {"source": {"helm": {"values": "a: {{.b}}\n{{ if .env }}\nc: d\n{{ end }}\n"}}}}})),
            vec![],
        ),
        (
            texts(json!({"templatePatch": "spec:\n  source:\n    kustomize:\n      images: ['a=r.example/b:1']\n"})),
            vec!["/spec/templatePatch resource r.example/b:1".to_owned()],
        ),
        (
            texts(json!({"templatePatch": "spec:\n{{- if .auto }}\n  syncPolicy:\n    automated: {prune: {{ .prune }}}\n{{- end }}\n"})),
            vec![],
        ),
        (
            texts(json!({"templatePatch": "{{ .patch }}"})),
            // What may hold secrets and cannot be read is not shown.
            vec!["/spec/templatePatch resource ***".to_owned()],
        ),
        (
            "{generators: [{matrix: {generators: [{list: {elements: [], template: {spec: {source: {kustomize: {images: ['a=r.example/b:1']}}}}}}]}}]}".to_owned(),
            vec!["/spec/generators/0/matrix/generators/0/list/template/spec/source/kustomize/images/0 resource r.example/b:1".to_owned()],
        ),
    ] {
        assert_eq!(places(&object(SET, &spec), &none()), wanted, "{spec}");
    }
    let hydrated = "{sourceHydrator: {drySource: {kustomize: {images: ['a=r.example/b:1']}}}}";
    assert_eq!(
        places(&object(APPLICATION, hydrated), &none()),
        ["/spec/sourceHydrator/drySource/kustomize/images/0 resource r.example/b:1"]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_step_may_take_an_image_from_another_and_a_target_may_mean_many_kinds() {
    let container = "/spec/template/spec/containers/0/image";
    for (steps, target, wanted) in [
        (
            json!([{"op": "add", "path": "/metadata/annotations/x", "value": "r.example/b:1"},
                {"op": "copy", "from": "/metadata/annotations/x", "path": container}]),
            "{kind: Deployment}",
            &["app r.example/b:1"][..],
        ),
        (
            json!([{"op": "add", "path": "/spec/x", "value": {"y": "r.example/b:1"}},
                {"op": "move", "from": "/spec/x/y", "path": container}]),
            "{kind: Deployment}",
            &["app r.example/b:1"],
        ),
        (
            json!([{"op": "copy", "from": "/metadata/annotations/x", "path": container}]),
            "{kind: Deployment}",
            &["app $(from /metadata/annotations/x)"],
        ),
        (
            json!([{"op": "copy", "from": "/spec/replicas", "path": "/spec/minReplicas"}]),
            "{kind: Deployment}",
            &[],
        ),
        (
            json!([{"op": "replace", "path": "/spec/imageName", "value": "pg"}]),
            "{kind: Cluster}",
            &["resource pg"],
        ),
        (
            json!([{"op": "replace", "path": "/spec/imageName", "value": "pg"}]),
            "{group: '.*[.]io', kind: 'Clus.*'}",
            &["resource pg"],
        ),
        (
            json!([{"op": "add", "path": "/spec/values/image", "value": {"repository": "r.example/b", "tag": "1"}}]),
            "{kind: HelmRelease}",
            &["resource r.example/b:1"],
        ),
        (
            json!([{"op": "add", "path": "/spec/values/image/repository", "value": "r.example/b"}]),
            "{kind: HelmRelease}",
            &[
                "guessed r.example/b",
                "resource image.repository=r.example/b",
            ],
        ),
        (
            json!([{"op": "add", "path": "/spec/source/kustomize/images/-", "value": "a=r.example/b:1"}]),
            "{kind: Application, group: argoproj.io}",
            &["resource r.example/b:1"],
        ),
    ] {
        let spec = json!({"patches": [{"patch": steps.to_string()}]}).to_string();
        let spec = spec.replace("{\"patch\"", &format!("{{target: {target}, \"patch\""));
        let wanted: Vec<String> = wanted
            .iter()
            .map(|it| format!("/spec/patches/0/patch {it}"))
            .collect();
        assert_eq!(
            places(&object(KUSTOMIZATION, &spec), &none()),
            wanted,
            "{spec}"
        );
    }
    let mut steps = vec![json!({"op": "add", "path": "/a/b", "value": "r.example/b:1"})];
    steps
        .extend((0..40).map(|at| json!({"op": "copy", "from": "/a", "path": format!("/a/c{at}")})));
    let spec = json!({"patches": [{"patch": json!(steps).to_string()}]}).to_string();
    let rows = found(&object(KUSTOMIZATION, &spec), &none());
    assert!(rows[0]["problem"].is_string(), "{rows:?}");
}

#[test]
fn a_deployer_in_another_object_is_read_as_one() {
    let release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, spec: {values: {image: {repository: r.example/b, tag: 1}, password: hunter2}}}";
    let application = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {kustomize: {images: ['a=r.example/b:1']}}}}";
    for one in [release, application] {
        let patch = object(
            KUSTOMIZATION,
            &json!({"patches": [{"patch": one}]}).to_string(),
        );
        assert_eq!(
            places(&patch, &none()),
            ["/spec/patches/0/patch resource r.example/b:1"],
            "{one}"
        );
    }
    let set = "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\n";
    let object_of = "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\n";
    let below = "values/image/repository resource r.example/b:1";
    assert_eq!(
        places(
            &object(set, &format!("{{resources: [{release}]}}")),
            &none()
        ),
        [format!("/spec/resources/0/spec/{below}")]
    );
    assert_eq!(
        places(
            &object(
                object_of,
                &format!("{{forProvider: {{manifest: {release}}}}}")
            ),
            &none()
        ),
        [format!("/spec/forProvider/manifest/spec/{below}")]
    );
    assert_eq!(
        places(
            &object(set, &format!("{{resources: [{application}]}}")),
            &none()
        ),
        ["/spec/resources/0/spec/source/kustomize/images/0 resource r.example/b:1"]
    );
}

#[test]
fn other_forms_of_values_are_images() {
    for (values, wanted) in [
        (
            json!({"server": {"repository": "r.example/b", "imageTag": "1"}}),
            &["server/repository resource r.example/b:1"][..],
        ),
        (
            json!({"extraInitContainers": "- name: a\n  image: r.example/b:1\n- name: b\n  image: r.example/c:1\n"}),
            &[
                "extraInitContainers resource r.example/b:1",
                "extraInitContainers resource r.example/c:1",
            ],
        ),
        (
            json!({"extraContainers": "{{ .Values.image }}", "initContainers": "image"}),
            &[],
        ),
    ] {
        let spec = json!({"values": values}).to_string();
        let wanted: Vec<String> = wanted
            .iter()
            .map(|it| format!("/spec/values/{it}"))
            .collect();
        assert_eq!(places(&object(RELEASE, &spec), &none()), wanted, "{spec}");
    }
}

#[test]
fn what_a_set_fills_in_is_new_where_its_generators_are() {
    let set = |elements: &str, labels: &str| {
        let spec = format!(
            "{{generators: [{{list: {{elements: [{elements}]}}}}], template: {{metadata: {{labels: {labels}}}, \
             spec: {{source: {{kustomize: {{images: ['a={{{{image}}}}']}}}}}}}}}}"
        );
        objects(&object(SET, &spec))
    };
    let old = set("{image: a}", "{}");
    for (new, changed) in [
        (set("{image: b}", "{}"), true),
        (set("{image: a}", "{a: b}"), false),
    ] {
        let rows = rows(&compare(&old, &new), &none());
        let [row] = rows.try_into().unwrap();
        assert_eq!(row["changed"], changed, "{row}");
    }
}
