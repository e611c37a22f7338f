//! Where images are found, and what is said of each.

use serde_json::{Value, json};

mod charts;
mod overrides;
mod referred;

use super::*;
use crate::change::{compare, unchanged};
use crate::manifest::{self, secrets};

fn digest(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

/// The objects of a file, with what is secret in each.
fn objects(text: &str) -> crate::change::Objects {
    let mut objects = crate::facts::tests::objects(text);
    for source in objects.values_mut() {
        let object = manifest::Object {
            reference: source.object.clone(),
            node: (*source.node).clone(),
            generated: false,
        };
        let [own] = secrets::secrets_of(&[object], text)
            .pointers
            .try_into()
            .unwrap();
        source.secrets = std::sync::Arc::new(own);
    }
    objects
}

/// The images of every object in `text`, made anew.
fn found(text: &str, rules: &Rules) -> Vec<Value> {
    let changes = compare(&crate::change::Objects::new(), &objects(text));
    rows(&changes, rules)
}

fn rows(changes: &[Change], rules: &Rules) -> Vec<Value> {
    let none = Neighbours::default();
    let around = Around {
        head: &none,
        base: &none,
    };
    let images = |change: &Change| of_change(change, (rules, around), Timestamp::UNIX_EPOCH);
    let images = changes.iter().flat_map(images);
    images.map(|image| json!(image)).collect()
}

/// Pointer, role and what is written.
fn places(text: &str, rules: &Rules) -> Vec<String> {
    let text_of = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let of_row = |row: &Value| {
        ["pointer", "role", "written"]
            .map(|key| text_of(row, key))
            .join(" ")
    };
    found(text, rules).iter().map(of_row).collect()
}

fn none() -> Rules {
    Rules::default()
}

/// With an authority for the images of these globs, whose key nobody has read.
fn signed_by(globs: &[&str]) -> Rules {
    let release = json!({"name": "release", "images": globs, "key": {"file": "keys/release.pub"}});
    let settings = json!({"authorities": [release]});
    none().with_signers(Signers::of_settings(&settings, None).unwrap())
}

#[test]
fn what_is_proven_is_of_all_that_is_written_however_little_of_it_is_shown() {
    let host = ["a"; 3].map(|it| it.repeat(60)).join(".");
    let path = ["b"; 2].map(|it| it.repeat(110)).join("/");
    let long = format!(
        "{host}.example/{path}:{}@sha512:{}",
        "t".repeat(128),
        "ab".repeat(64)
    );
    let ports = format!("r.example:{}443/shop/odoo@{}", "0".repeat(600), digest("a"));
    let rules = signed_by(&["**"]);
    for image in ["r.example/a:1", &long, &ports] {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{image: \"{image}\"}}]}}\n"
        );
        let changes = compare(&crate::change::Objects::new(), &objects(&pod));
        let none = Neighbours::default();
        let around = Around {
            head: &none,
            base: &none,
        };
        let now = Timestamp::UNIX_EPOCH;
        let [found] = of_change(&changes[0], (&rules, around), now)
            .try_into()
            .unwrap();
        let signed = found.clone().signed((&rules, &Evidence::default()), now);
        assert!(found.reference.is_some(), "{image}: {:?}", found.problem);
        assert!(signed.signature.is_some(), "{image}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_container_and_volume_of_every_kind_that_runs_pods_is_found() {
    let spec = "{initContainers: [{image: i1}, {image: i2, restartPolicy: Always}], containers: [{image: a}], \
        ephemeralContainers: [{image: e}], volumes: [{name: v}, {image: {reference: v}}]}";
    let roles = |at: &str| {
        [
            ("containers/0/image", "app a"),
            ("ephemeralContainers/0/image", "ephemeral e"),
            ("initContainers/0/image", "init i1"),
            ("initContainers/1/image", "sidecar i2"),
            ("volumes/1/image/reference", "volume v"),
        ]
        .map(|(below, rest)| format!("{at}/{below} {rest}"))
        .to_vec()
    };
    let template = format!("{{template: {{spec: {spec}}}}}");
    for (api_version, kind, body, at) in [
        (
            "apps/v1",
            "Deployment",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "apps/v1",
            "StatefulSet",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "apps/v1",
            "DaemonSet",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "apps/v1",
            "ReplicaSet",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "v1",
            "ReplicationController",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "batch/v1",
            "Job",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "batch/v1",
            "CronJob",
            format!("spec: {{jobTemplate: {{spec: {template}}}}}"),
            "/spec/jobTemplate/spec/template/spec",
        ),
        ("v1", "Pod", format!("spec: {spec}"), "/spec"),
        (
            "v1",
            "PodTemplate",
            format!("template: {{spec: {spec}}}"),
            "/template/spec",
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "postgresql.cnpg.io/v1",
            "Pooler",
            format!("spec: {template}"),
            "/spec/template/spec",
        ),
        (
            "argoproj.io/v1alpha1",
            "AnalysisTemplate",
            format!("spec: {{metrics: [{{provider: {{job: {{spec: {template}}}}}}}]}}"),
            "/spec/metrics/0/provider/job/spec/template/spec",
        ),
    ] {
        let text =
            format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n{body}\n");
        assert_eq!(places(&text, &none()), roles(at), "{kind}");
    }
}

#[test]
fn what_operators_run_is_found_where_their_kinds_say_it() {
    for (head, spec, wanted) in OPERATORS {
        let text = format!("{head}\nmetadata: {{name: x}}\nspec: {spec}\n");
        assert_eq!(places(&text, &none()), *wanted, "{head}");
    }
}

/// Head, spec and what is found.
const OPERATORS: &[(&str, &str, &[&str])] = &[
    (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster",
        "{imageName: 'pg:16', postgresql: {extensions: [{image: {reference: 'x:1'}}]}}",
        &[
            "/spec/imageName resource pg:16",
            "/spec/postgresql/extensions/0/image/reference resource x:1",
        ],
    ),
    (
        "apiVersion: postgresql.cnpg.io/v1\nkind: ClusterImageCatalog",
        "{images: [{major: 16, image: 'pg:16'}]}",
        &["/spec/images/0/image resource pg:16"],
    ),
    (
        "apiVersion: acid.zalan.do/v1\nkind: postgresql",
        "{dockerImage: 's:1', sidecars: [{image: t}], connectionPooler: {dockerImage: p}}",
        &[
            "/spec/connectionPooler/dockerImage resource p",
            "/spec/dockerImage resource s:1",
            "/spec/sidecars/0/image resource t",
        ],
    ),
    (
        "apiVersion: postgres-operator.crunchydata.com/v1beta1\nkind: PostgresCluster",
        "{image: c, backups: {pgbackrest: {image: b}}, instances: [{containers: [{image: d}]}]}",
        &[
            "/spec/backups/pgbackrest/image resource b",
            "/spec/image resource c",
            "/spec/instances/0/containers/0/image app d",
        ],
    ),
    (
        "apiVersion: pxc.percona.com/v1\nkind: PerconaXtraDBCluster",
        "{pxc: {image: x}, haproxy: {image: h}}",
        &[
            "/spec/haproxy/image resource h",
            "/spec/pxc/image resource x",
        ],
    ),
    (
        "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus",
        "{image: p, thanos: {image: t}, containers: [{name: c, image: d}]}",
        &[
            "/spec/containers/0/image app d",
            "/spec/image resource p",
            "/spec/thanos/image resource t",
        ],
    ),
    (
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate",
        "{templates: [{container: {image: c}}, {script: {image: s}}]}",
        &[
            "/spec/templates/0/container/image resource c",
            "/spec/templates/1/script/image resource s",
        ],
    ),
];

#[test]
fn a_place_is_guessed_only_where_nobody_described_it() {
    let widget = |spec: &str| {
        format!("apiVersion: acme.example/v1\nkind: Widget\nmetadata: {{name: x}}\nspec: {spec}\n")
    };
    let deep = widget("{a: [{'b/c': {image: 'r.example/e:1'}}], image: banner.png, imageName: 7}");
    assert_eq!(
        places(&deep, &none()),
        ["/spec/a/0/b~1c/image guessed r.example/e:1"]
    );
    let rules = Rules::of_settings(&json!({"locations": [
        {"kind": "Widget.acme.example", "pointers": ["/spec/a/*/b~1c/image", "/spec/imageName"]},
        {"kind": "ConfigMap", "pointers": ["/data/ODOO_IMAGE"]},
    ]}));
    assert_eq!(
        places(&deep, &rules),
        [
            "/spec/a/0/b~1c/image configured r.example/e:1",
            "/spec/imageName configured 7"
        ]
    );
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {ODOO_IMAGE: odoo, image: 'r.example/a:1'}\n";
    assert_eq!(places(map, &rules), ["/data/ODOO_IMAGE configured odoo"]);
    assert_eq!(places(map, &none()), [""; 0]);
}

#[test]
fn a_configured_place_may_hold_an_image_in_parts() {
    let digest = digest("a");
    for (image, at, wanted) in [
        (
            "{repository: r.example/a, tag: 1}",
            "",
            "repository configured r.example/a:1",
        ),
        (
            "{repository: r.example/a, tag: 1}",
            "/repository",
            "repository configured r.example/a:1",
        ),
        (
            "{registry: r.example, name: a, digest: 'DD'}",
            "",
            "name configured r.example/a@DD",
        ),
        (
            "{registry: r.example, repo: a, version: v1}",
            "/repo",
            "repo configured r.example/a:v1",
        ),
        (
            "{repository: r.example/a, pullPolicy: Always}",
            "",
            "repository configured r.example/a",
        ),
        (
            "{repository: r.example/a}",
            "/repository",
            "repository configured r.example/a",
        ),
        (
            "{name: 'r.example/a:1'}",
            "/name",
            "name configured r.example/a:1",
        ),
    ] {
        let [image, wanted] = [image, wanted].map(|it| it.replace("DD", &digest));
        let location =
            json!({"kind": "Widget.acme.example", "pointers": [format!("/spec/*/image{at}")]});
        let rules = Rules::of_settings(&json!({"locations": [location]}));
        let text = format!(
            "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {{name: x}}\nspec: {{engine: {{image: {image}}}}}\n"
        );
        assert_eq!(
            places(&text, &rules),
            [format!("/spec/engine/image/{wanted}")],
            "{image}"
        );
    }
    let location = json!({"kind": "Widget.acme.example", "pointers": ["/spec/image"]});
    let rules = Rules::of_settings(&json!({"locations": [location]}));
    let text = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: x}\nspec: {image: {tag: v1}}\n";
    let [row] = found(text, &rules).try_into().unwrap();
    assert_eq!(row["problem"], "it is no string");
}

#[test]
fn kinds_that_are_not_of_kubernetes_are_guessed_whatever_their_group_is_called() {
    let kind = |group: &str, spec: &str| {
        let text =
            format!("apiVersion: {group}/v1\nkind: Widget\nmetadata: {{name: x}}\nspec: {spec}\n");
        places(&text, &none())
    };
    let plain = "{image: 'r.example/e:1'}";
    for group in ["sparkoperator.k8s.io", "kafka.acme.example", "a.x-k8s.io"] {
        assert_eq!(
            kind(group, plain),
            ["/spec/image guessed r.example/e:1"],
            "{group}"
        );
    }
    for group in ["batch", "storage.k8s.io", "apiextensions.k8s.io"] {
        assert_eq!(kind(group, plain), [""; 0], "{group}");
    }
    for (spec, wanted) in [
        (
            "{sidecarImage: 'r.example/e:1', heroImage: img/x.png}",
            "sidecarImage guessed r.example/e:1",
        ),
        (
            "{images: ['r.example/e:1', banner.png]}",
            "images/0 guessed r.example/e:1",
        ),
        (
            "{image: {repository: e, tag: 1}}",
            "image/repository guessed e:1",
        ),
        (
            "{a: {registry: r.example, repository: e, tag: 1, digest: x}, b: {registry: r.example, repository: e, tag: '', sha: DD}}",
            "b/repository guessed r.example/e@sha256:DD",
        ),
        (
            "{image: {name: e, tag: '1'}, user: {name: u, tag: '1'}}",
            "image/name guessed e:1",
        ),
        (
            "{baseImage: r.example/e, version: v2}",
            "baseImage guessed r.example/e:v2",
        ),
        ("{baseImage: r.example/e}", "baseImage guessed r.example/e"),
    ] {
        let [spec, wanted] = [spec, wanted].map(|text| text.replace("DD", &"ab".repeat(32)));
        assert_eq!(
            kind("acme.example", &spec),
            [format!("/spec/{wanted}")],
            "{spec}"
        );
    }
    let git = "{a: {repository: acme/shop}, b: {repository: acme/shop, tag: ''}}";
    assert_eq!(kind("acme.example", git), [""; 0]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn other_forms_of_images_are_guessed_and_what_is_near_them_is_not() {
    let template =
        r#"'{"spec":{"containers":[{"image":"r.example/a:1"},{"image":"r.example/a:1"}]}}'"#;
    for (spec, wanted) in [
        (
            "{imageRepository: r.example/a, imageTag: v1}",
            &["imageRepository r.example/a:v1"][..],
        ),
        (
            "{imageRegistry: r.example, imageRepository: shop/a, imageDigest: 'sha256:DD'}",
            &["imageRepository r.example/shop/a@sha256:DD"],
        ),
        (
            "{image: {repo: r.example/a, tag: 1}}",
            &["image/repo r.example/a:1"],
        ),
        (
            "{image: {repository: r.example/a, version: v1}}",
            &["image/repository r.example/a:v1"],
        ),
        (
            "{image: {repository: acme/a}}",
            &["image/repository acme/a"],
        ),
        ("{image: a, imageTag: v1}", &["image a:v1"]),
        (
            "{registry: r.example, image: shop/a, tag: 1}",
            &["image r.example/shop/a:1"],
        ),
        (
            "{image: r.example/a, version: 2.1.0}",
            &["image r.example/a:2.1.0"],
        ),
        (
            "{images: {main: 'r.example/a:1', hero: a.png}}",
            &["images/main r.example/a:1"],
        ),
        (
            "{sidecar: 'r.example/a@sha256:DD'}",
            &["sidecar r.example/a@sha256:DD"],
        ),
        (
            "{a: ['localhost:5000/a:1@sha256:DD']}",
            &["a/0 localhost:5000/a:1@sha256:DD"],
        ),
        (
            &format!("{{podTemplate: {template}}}"),
            &["podTemplate r.example/a:1"],
        ),
        // Near misses.
        ("{repo: acme/shop, tag: v1}", &[]),
        (
            "{git: {repo: 'https://git.example/acme/shop.git', tag: v1, version: 2}}",
            &[],
        ),
        ("{image: banner, version: 2}", &[]),
        ("{image: 'https://cdn.example/a.png', tag: v1}", &[]),
        (
            "{imageRepository: registry.example, imagePullPolicy: Always}",
            &[],
        ),
        ("{imageRepository: r.example/mirror}", &[]),
        (
            "{images: {main: 'https://cdn.example/a:1', size: '10:20'}}",
            &[],
        ),
        (
            "{chart: 'oci://r.example/a@sha256:DD', sum: 'sha256:DD', mail: 'a.b/c@d.example'}",
            &[],
        ),
        ("{sidecar: 'acme/a@sha256:DD', host: 'r.example/a:1'}", &[]),
        (
            "{description: 'the image of containers: none', query: 'sum(a{container!=\"\", image!=\"\"})'}",
            &[],
        ),
        (
            "{text: 'containers: [{image: \"{{ .x }}\"', other: 'apiVersion: v1, image: r.example/a:1'}",
            &[],
        ),
        (
            "{version: r.example/a, tag: v1, name: a, digest: 'sha256:DD'}",
            &[],
        ),
    ] {
        let dd = "ab".repeat(32);
        let text = format!(
            "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {{name: x}}\nspec: {}\n",
            spec.replace("DD", &dd)
        );
        let wanted = wanted.iter().map(|it| {
            let (at, image) = it.split_once(' ').unwrap();
            format!("/spec/{at} guessed {}", image.replace("DD", &dd))
        });
        assert_eq!(places(&text, &none()), wanted.collect::<Vec<_>>(), "{spec}");
    }
    let reference = format!("r.example/a@{}", digest("a"));
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{image: op, args: ['{reference}', 'r.example/a:1'], env: [{{name: HELPER, value: '{reference}'}}]}}]}}\n"
    );
    assert_eq!(
        places(&pod, &none()),
        [
            format!("/spec/containers/0/args/0 guessed {reference}"),
            format!("/spec/containers/0/env/0/value guessed {reference}"),
            "/spec/containers/0/image app op".to_owned(),
        ]
    );
}

#[test]
fn pods_and_objects_in_texts_of_a_config_map_are_guessed() {
    let map = |data: &Value| {
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
        map.as_object_mut()
            .unwrap()
            .extend(data.as_object().unwrap().clone());
        map.to_string()
    };
    let reference = format!("r.example/a@{}", digest("a"));
    let pod = "kind: Pod\nspec: {containers: [{image: a}]}\n";
    for (data, wanted) in [
        (
            json!({"data": {"workflowDefaults": "spec: {podSpecPatch: '{containers: [{image: a}]}'}"}}),
            vec!["/data/workflowDefaults guessed a".to_owned()],
        ),
        (
            json!({"data": {"pod.yaml": pod}}),
            vec!["/data/pod.yaml guessed a".to_owned()],
        ),
        (
            json!({"binaryData": {"pod.yaml": "a2luZDogUG9kCnNwZWM6IHtjb250YWluZXJzOiBbe2ltYWdlOiBhfV19Cg=="}}),
            vec!["/binaryData/pod.yaml guessed a".to_owned()],
        ),
        (
            json!({"data": {"HELPER": reference}}),
            vec![format!("/data/HELPER guessed {reference}")],
        ),
        // Near misses.
        (
            json!({"data": {"image": "r.example/a:1", "nginx.conf": "server { location /image { } } # containers"}}),
            vec![],
        ),
        (
            json!({"data": {"app.yaml": "image: r.example/a:1\nvolumes: [a]\n", "broken": "containers: [{image: a"}}),
            vec![],
        ),
        (
            json!({"binaryData": {"a": "////", "b": "no base64"}}),
            vec![],
        ),
    ] {
        assert_eq!(places(&map(&data), &none()), wanted, "{data}");
    }
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {pod: 'spec: {containers: [{image: a}]}'}\n";
    assert_eq!(places(secret, &none()), [""; 0]);
}

#[test]
fn the_operator_of_prometheus_takes_an_image_in_parts() {
    let image = |spec: &str| {
        let text = format!(
            "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {{name: x}}\nspec: {spec}\n"
        );
        places(&text, &none())
    };
    for (spec, wanted) in [
        (
            "{baseImage: q.example/p, version: v2, tag: v1}",
            "/spec/baseImage resource q.example/p:v1",
        ),
        (
            "{baseImage: q.example/p, tag: v1, sha: '00'}",
            "/spec/baseImage resource q.example/p@sha256:00",
        ),
        (
            "{thanos: {baseImage: q.example/t, version: v2}}",
            "/spec/thanos/baseImage resource q.example/t:v2",
        ),
    ] {
        assert_eq!(image(spec), [wanted], "{spec}");
    }
    let both = image("{image: q.example/p:1, baseImage: q.example/p, tag: v1}");
    assert_eq!(both[1], "/spec/image resource q.example/p:1");
}

#[test]
fn one_registry_under_its_other_names_is_that_registry_in_images_and_in_globs() {
    for (glob, image) in [
        ("r.example/shop/**", "r.example:443/shop/odoo"),
        ("r.example:443/shop/**", "r.example/shop/odoo"),
        ("r.example:0443/shop/**", "r.example/shop/odoo"),
        ("docker.io/acme/*", "registry-1.docker.io/acme/odoo"),
        ("registry-1.docker.io/acme/*", "acme/odoo"),
        ("index.docker.io/library/*", "docker.io:443/redis"),
    ] {
        let rules = signed_by(&[glob]);
        let image = ImageRef::parse(image).unwrap();
        assert!(rules.signers.cover(&image.repository), "{glob} {image:?}");
        let allowed = Rules::of_settings(&json!({"registries": [glob]}));
        assert_eq!(
            allowed.allows(&image.repository),
            Some(glob),
            "as it is written"
        );
    }
    let image = ImageRef::parse("r.example:5000/shop/odoo").unwrap();
    assert!(
        !signed_by(&["r.example/shop/**"])
            .signers
            .cover(&image.repository)
    );
}

#[test]
fn what_a_container_is_told_to_start_is_guessed() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {image: op, args: ['--reloader-image=r.example/b:1', '--image-pull=always'], env: [{name: RELATED_IMAGE_PG, value: 'r.example/pg:16'}, {name: IMAGE_QUALITY, value: '80'}, {name: IMAGES, value: 'https://cdn.example/x'}, {name: URL, value: 'r.example/pg:16'}]}\n";
    assert_eq!(
        places(text, &none()),
        [
            "/spec/containers/0/args/0 guessed r.example/b:1",
            "/spec/containers/0/env/0/value guessed r.example/pg:16",
            "/spec/containers/0/image app op",
        ]
    );
}

#[test]
fn all_that_is_known_of_an_image_is_said() {
    let rules = Rules::of_settings(&json!({
        "registries": ["docker.io/library/*"],
        "mutable-tags": ["main"],
        "end-of-life": {"docker.io/library/redis:*": "1970-01-01"},
    }));
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop}\nspec:\n  containers:\n  - name: cache\n    image: redis\n    imagePullPolicy: Always\n  - image: ${TAG}\n";
    let object = json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "x"});
    assert_eq!(
        found(text, &rules),
        [
            json!({
                "object": object, "pointer": "/spec/containers/0/image", "role": "app",
                "container": "cache", "pullPolicy": "Always", "file": "shop.yaml", "line": 7,
                "written": "redis", "changed": true,
                "reference": {
                    "canonical": "docker.io/library/redis:latest", "registry": "docker.io",
                    "repository": "docker.io/library/redis", "allowedBy": "docker.io/library/*",
                    "tagMoves": true, "endOfLife": {"date": "1970-01-01", "over": true},
                },
            }),
            json!({
                "object": object, "pointer": "/spec/containers/1/image", "role": "app",
                "file": "shop.yaml", "line": 9, "written": "${TAG}", "changed": true,
                "problem": "it has a place that nothing filled in",
            }),
        ]
    );
}

#[test]
fn the_reason_why_a_text_is_no_reference_is_told() {
    let short = "r.example/a@sha256:abc";
    for (text, why) in [
        ("", "empty"),
        ("${IMAGE}", "filled in"),
        ("{{ .Values.image }}", "filled in"),
        ("r.example/a:1 ", "space"),
        ("https://r.example/a", "scheme"),
        ("öl", "ASCII"),
        (short, "digest"),
        ("r.example/Acme", "upper-case"),
        ("a//b", "no container runtime"),
    ] {
        assert!(ImageRef::parse(text).is_none(), "{text}");
        assert!(problem(text).contains(why), "{text}: {}", problem(text));
    }
    assert_eq!(cut("a".repeat(LONGEST)).len(), LONGEST);
    assert_eq!(cut("é".repeat(LONGEST + 1)).chars().count(), LONGEST + 1);
}

#[test]
fn only_what_the_object_did_not_name_before_is_changed() {
    let pod = |images: &[String]| {
        let images: Vec<String> = images
            .iter()
            .map(|it| format!("{{image: '{it}'}}"))
            .collect();
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{}]}}\n",
            images.join(", ")
        )
    };
    let (one, two) = (digest("1"), digest("2"));
    let base = pod(&["a:1".into(), format!("b:1@{one}"), format!("c:1@{one}")]);
    let head = pod(&[
        "new".into(),
        "a:1".into(),
        format!("b:1@{two}"),
        format!("c:2@{two}"),
    ]);
    let changes = compare(&objects(&base), &objects(&head));
    let said: Vec<Value> = rows(&changes, &none())
        .iter()
        .map(|row| {
            json!([
                row["written"],
                row["changed"],
                row["reference"]["movedFrom"]
            ])
        })
        .collect();
    assert_eq!(
        said,
        [
            json!(["new", true, null]),
            json!(["a:1", false, null]),
            json!([format!("b:1@{two}"), true, one]),
            json!([format!("c:2@{two}"), true, null]),
        ]
    );
    let same: Vec<Change> = objects(&head).values().map(unchanged).collect();
    assert!(
        rows(&same, &none())
            .iter()
            .all(|row| row["changed"] == false)
    );
}

#[test]
fn what_is_said_holds_until_the_next_end_of_life() {
    let rules = Rules::of_settings(&json!({"end-of-life": {
        "docker.io/library/a:*": "1970-01-02", "docker.io/library/a:1": "1970-01-03",
        "docker.io/library/b:1": "1970-01-01",
    }}));
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: 'a:1'}, {image: 'b:1'}]}\n";
    let changes = compare(&crate::change::Objects::new(), &objects(text));
    let none = Neighbours::default();
    let around = Around {
        head: &none,
        base: &none,
    };
    let images = of_change(&changes[0], (&rules, around), Timestamp::UNIX_EPOCH);
    let untils: Vec<Option<String>> = images
        .iter()
        .map(|image| image.until.map(|it| it.to_string()))
        .collect();
    assert_eq!(untils, [Some("1970-01-02T00:00:00Z".to_owned()), None]);
}

#[test]
fn a_database_takes_its_image_from_the_catalogue_that_it_names() {
    let catalogues = |image: &str| {
        let text = format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: ImageCatalog\nmetadata: {{name: pg, namespace: shop}}\nspec: {{images: [{{major: 15, image: 'pg:15.1'}}, {{major: 16, image: '{image}'}}]}}\n---\napiVersion: postgresql.cnpg.io/v1\nkind: ClusterImageCatalog\nmetadata: {{name: pg}}\nspec: {{images: [{{major: 16, image: 'pg:all'}}]}}\n"
        );
        let mut around = Neighbours::of_kinds(CATALOGUES.map(crate::model::GroupKind::parse));
        objects(&text)
            .values()
            .for_each(|source| around.insert(source));
        around
    };
    let cluster = |spec: &str| {
        objects(&format!(
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: db, namespace: shop}}\nspec: {{instances: 3, imageCatalogRef: {{apiGroup: postgresql.cnpg.io, {spec}}}}}\n"
        ))
    };
    let (head, base) = (catalogues("pg:16.2"), catalogues("pg:16.1"));
    let around = Around {
        head: &head,
        base: &base,
    };
    let of = |changes: &[Change]| {
        let found = of_change(&changes[0], (&none(), around), Timestamp::UNIX_EPOCH);
        let found = found
            .into_iter()
            .map(|it| (it.pointer, it.written, it.changed));
        found.collect::<Vec<_>>()
    };
    let at =
        |written: &str, changed| vec![(catalogue::PLACE.to_owned(), written.to_owned(), changed)];
    let new = |spec: &str| of(&compare(&crate::change::Objects::new(), &cluster(spec)));
    assert_eq!(
        new("kind: ImageCatalog, name: pg, major: 16"),
        at("pg:16.2", true)
    );
    assert_eq!(
        new("kind: ImageCatalog, name: pg, major: 15"),
        at("pg:15.1", true)
    );
    assert_eq!(
        new("kind: ClusterImageCatalog, name: pg, major: 16"),
        at("pg:all", true)
    );
    for nowhere in [
        "kind: ImageCatalog, name: other, major: 16",
        "kind: ImageCatalog, name: pg, major: 17",
        "kind: Catalog, name: pg, major: 16",
        "name: pg, major: 16",
    ] {
        assert_eq!(new(nowhere), [], "{nowhere}");
    }
    let other = cluster("kind: ImageCatalog, name: pg, major: 15");
    let moved = compare(&other, &cluster("kind: ImageCatalog, name: pg, major: 16"));
    assert_eq!(of(&moved), at("pg:16.2", true));
    let same = compare(&cluster("kind: ImageCatalog, name: pg, major: 16"), &other);
    assert_eq!(of(&same), at("pg:15.1", true));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn images_of_builds_disks_and_kept_templates_are_found() {
    for (text, expected) in [
        (
            "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a}\nspec:\n  strategy: {sourceStrategy: {from: {kind: DockerImage, name: 'r.example/ubi:9'}}}\n  source: {images: [{from: {kind: ImageStreamTag, name: 'tools:1'}}, {from: {kind: DockerImage, name: r.example/tools}}]}\n",
            vec![
                "/spec/source/images/1/from/name resource r.example/tools",
                "/spec/strategy/sourceStrategy/from/name resource r.example/ubi:9",
            ],
        ),
        (
            "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: a}\nspec: {tags: [{name: x, from: {kind: DockerImage, name: r.example/a}}]}\n",
            vec!["/spec/tags/0/from/name resource r.example/a"],
        ),
        (
            "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: r.example/a}]}}}\n",
            vec!["/spec/template/spec/containers/0/image app r.example/a"],
        ),
        (
            "apiVersion: cdi.kubevirt.io/v1beta1\nkind: DataVolume\nmetadata: {name: a}\nspec: {source: {registry: {url: 'docker://r.example/disk:1'}}}\n",
            vec!["/spec/source/registry/url resource r.example/disk:1"],
        ),
        (
            "apiVersion: cdi.kubevirt.io/v1beta1\nkind: DataImportCron\nmetadata: {name: a}\nspec: {template: {spec: {source: {registry: {url: 'docker://r.example/disk'}}}}}\n",
            vec!["/spec/template/spec/source/registry/url resource r.example/disk"],
        ),
        (
            "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: a}\nspec: {kafka: {image: r.example/kafka}, entityOperator: {topicOperator: {image: r.example/topics}}}\n",
            vec![
                "/spec/entityOperator/topicOperator/image resource r.example/topics",
                "/spec/kafka/image resource r.example/kafka",
            ],
        ),
        (
            "apiVersion: opentelemetry.io/v1alpha1\nkind: Instrumentation\nmetadata: {name: a}\nspec: {java: {image: r.example/java}}\n",
            vec!["/spec/java/image resource r.example/java"],
        ),
        (
            "apiVersion: ps.percona.com/v1alpha1\nkind: PerconaServerMySQL\nmetadata: {name: a}\nspec: {mysql: {image: r.example/mysql}, proxy: {haproxy: {image: r.example/proxy}}}\n",
            vec![
                "/spec/mysql/image resource r.example/mysql",
                "/spec/proxy/haproxy/image resource r.example/proxy",
            ],
        ),
        (
            "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: a}\nspec: {template: {spec: {volumes: [{name: d, containerDisk: {image: disk}}]}}}\n",
            vec!["/spec/template/spec/volumes/0/containerDisk/image resource disk"],
        ),
        (
            "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {name: a}\nrevision: 1\ndata: {spec: {template: {spec: {containers: [{name: a, image: r.example/a}]}}}}\n",
            vec!["/data/spec/template/spec/containers/0/image app r.example/a"],
        ),
        (
            "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: {name: a}\nspec: {pipelineSpec: {tasks: [{taskSpec: {steps: [{image: git}]}}]}}\n",
            vec!["/spec/pipelineSpec/tasks/0/taskSpec/steps/0/image resource git"],
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {templates: [{dag: {tasks: [{inline: {container: {image: git}}}]}}]}\n",
            vec!["/spec/templates/0/dag/tasks/0/inline/container/image resource git"],
        ),
    ] {
        assert_eq!(places(text, &none()), expected, "{text}");
    }
}

#[test]
fn what_looks_like_an_image_in_an_annotation_is_named() {
    let pod = "{metadata: {annotations: {sidecar.istio.io/proxyImage: 'r.example/proxy:1'}}, spec: {containers: []}}";
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, annotations: {{acme.example/image: 'r.example/a:1', image: note, url: 'r.example/b:1'}}}}\nspec: {{template: {pod}}}\n"
    );
    assert_eq!(
        places(&text, &none()),
        [
            "/metadata/annotations/acme.example~1image guessed r.example/a:1",
            "/spec/template/metadata/annotations/sidecar.istio.io~1proxyImage guessed r.example/proxy:1",
        ]
    );
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {base-image: 'r.example/a:1'}}\n";
    assert_eq!(places(map, &none()), [""; 0]);
}

#[test]
fn a_configured_place_may_name_an_item_of_a_list() {
    let settings = json!({"locations": [{"kind": "Pod", "pointers": [
        "/spec/containers/op/env/PG/value", "/spec/containers/*/env/BUS/value"]}]});
    let rules = Rules::of_settings(&settings);
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {name: other, env: [{name: PG, value: no}]}\n  - {name: op, env: [{name: LOG, value: debug}, {name: PG, value: 'a:1'}, {name: PG, value: 'b:1'}, {name: BUS, valueFrom: {}}, {name: BUS, value: 'oci://r.example/bus:1'}]}\n";
    assert_eq!(
        places(text, &rules),
        [
            "/spec/containers/1/env/1/value configured a:1",
            "/spec/containers/1/env/2/value configured b:1",
            "/spec/containers/1/env/4/value configured r.example/bus:1",
        ]
    );
}

#[test]
fn a_place_in_arguments_is_named_by_the_argument() {
    let settings = json!({"locations": [{"kind": "Deployment.apps", "pointers": [
        "/spec/template/spec/containers/*/args/--sidecar", "/metadata/annotations/acme.example~1sidecar"]}]});
    let rules = Rules::of_settings(&settings);
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, annotations: {acme.example/sidecar: c}}\nspec: {template: {spec: {containers: [{name: a, args: ['--sidecar=a:1', '--sidecar-mode=fast']}, {name: b, args: [--sidecar, 'b:1', --sidecar]}]}}}\n";
    assert_eq!(
        places(text, &rules),
        [
            "/metadata/annotations/acme.example~1sidecar configured c",
            "/spec/template/spec/containers/0/args/0 configured a:1",
            "/spec/template/spec/containers/1/args/1 configured b:1",
        ]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_has_the_shape_of_a_pod_is_one_in_any_kind_and_version() {
    let pod = "{containers: [{image: c}], volumes: [{name: v, image: {reference: v}}]}";
    let found = |at: &str| {
        [
            format!("{at}/containers/0/image app c"),
            format!("{at}/volumes/0/image/reference volume v"),
        ]
        .to_vec()
    };
    for (head, body, at) in [
        (
            "extensions/v1beta1\nkind: Deployment",
            "spec: {template: {spec: POD}}",
            "/spec/template/spec",
        ),
        (
            "extensions/v1beta1\nkind: DaemonSet",
            "spec: {template: {spec: POD}}",
            "/spec/template/spec",
        ),
        (
            "apps/v1beta2\nkind: StatefulSet",
            "spec: {template: {spec: POD}}",
            "/spec/template/spec",
        ),
        (
            "batch/v2alpha1\nkind: CronJob",
            "spec: {jobTemplate: {spec: {template: {spec: POD}}}}",
            "/spec/jobTemplate/spec/template/spec",
        ),
        (
            "ray.io/v1\nkind: RayCluster",
            "spec: {workerGroupSpecs: [{template: {spec: POD}}]}",
            "/spec/workerGroupSpecs/0/template/spec",
        ),
        (
            "batch.volcano.sh/v1alpha1\nkind: Job",
            "spec: {tasks: [{template: {spec: POD}}]}",
            "/spec/tasks/0/template/spec",
        ),
        (
            "apps.kruise.io/v1alpha1\nkind: SidecarSet",
            "spec: POD",
            "/spec",
        ),
        (
            "argoproj.io/v1alpha1\nkind: Workflow",
            "spec: {templates: [POD]}",
            "/spec/templates/0",
        ),
        ("v1\nkind: Pods", "list: [{spec: POD}]", "/list/0/spec"),
        (
            "storage.k8s.io/v1\nkind: Unheard",
            "a: [[{'b/c': POD}]]",
            "/a/0/0/b~1c",
        ),
    ] {
        let body = body.replace("POD", pod);
        let text = format!("apiVersion: {head}\nmetadata: {{name: x}}\n{body}\n");
        assert_eq!(places(&text, &none()), found(at), "{head}");
    }
    let by_name = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: x}\nspec: {containers: {web: {image: c}, b: {image: {repository: d, tag: 1}}, other: {image: 7}, s: c}}\n";
    assert_eq!(
        places(by_name, &none()),
        [
            "/spec/containers/b/image/repository app d:1",
            "/spec/containers/other/image app 7",
            "/spec/containers/web/image app c"
        ]
    );
}

#[test]
fn an_object_in_another_one_is_read_as_its_kind() {
    let text = "apiVersion: triggers.tekton.dev/v1beta1\nkind: TriggerTemplate\nmetadata: {name: x}\nspec: {resourcetemplates: [{apiVersion: tekton.dev/v1, kind: TaskRun, spec: {taskSpec: {steps: [{image: git}]}}}]}\n";
    assert_eq!(
        places(text, &none()),
        ["/spec/resourcetemplates/0/spec/taskSpec/steps/0/image resource git"]
    );
    for kind in ["Provider", "Configuration", "Function"] {
        let text = format!(
            "apiVersion: pkg.crossplane.io/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{package: 'xpkg.example/p:v1'}}\n"
        );
        assert_eq!(
            places(&text, &none()),
            ["/spec/package resource xpkg.example/p:v1"]
        );
    }
}

#[test]
fn what_describes_objects_is_warned_of_only() {
    for (head, body, wanted) in [
        (
            "kyverno.io/v1\nkind: ClusterPolicy",
            "spec: {rules: [{validate: {pattern: {spec: {containers: [{image: '!*:latest'}, {image: '?*'}]}}}}, {generate: {data: {spec: {containers: [{image: redis}]}}}}]}",
            vec!["/spec/rules/1/generate/data/spec/containers/0/image guessed redis"],
        ),
        (
            "mutations.gatekeeper.sh/v1\nkind: Assign",
            "spec: {parameters: {assign: {value: {containers: [{image: redis}]}}}}",
            vec!["/spec/parameters/assign/value/containers/0/image guessed redis"],
        ),
        (
            "apiextensions.k8s.io/v1\nkind: CustomResourceDefinition",
            "spec: {properties: {containers: {type: array, items: {properties: {image: {type: string}}}}, volumes: {items: {type: object}}}}",
            vec![],
        ),
    ] {
        let text = format!("apiVersion: {head}\nmetadata: {{name: x}}\n{body}\n");
        assert_eq!(places(&text, &none()), wanted, "{head}");
    }
}

#[test]
fn texts_that_become_pods_and_objects_are_read() {
    let workflow = |spec: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {{name: x}}\nspec: {spec}\n"
        )
    };
    let patch = workflow(
        r#"{podSpecPatch: '{"containers":[{"name":"main","image":"a:1"},{"image":"a:1"},{"image":"b:{{x}}"}],"volumes":[{"image":{"reference":"v"}}]}'}"#,
    );
    assert_eq!(
        places(&patch, &none()),
        [
            "/spec/podSpecPatch app a:1",
            "/spec/podSpecPatch app b:$(x)",
            "/spec/podSpecPatch volume v"
        ]
    );
    let manifest = workflow(
        "{templates: [{resource: {action: create, manifest: \"apiVersion: v1\\nkind: Pod\\nmetadata:\\n  name: {{inputs.parameters.n}}\\nspec:\\n  containers:\\n  - image: a:1\\n---\\napiVersion: argoproj.io/v1alpha1\\nkind: Workflow\\nspec: {templates: [{script: {image: s}}], podSpecPatch: 'containers: [{image: 7, args: [--x-image, r.example/y:1]}]'}\\n\"}}]}",
    );
    assert_eq!(
        places(&manifest, &none()),
        ["app a:1", "resource s", "app 7", "guessed r.example/y:1"]
            .map(|rest| format!("/spec/templates/0/resource/manifest {rest}"))
    );
    for text in ["{{inputs.parameters.patch}}", "containers: [", "a", "- a"] {
        let rows = found(&workflow(&format!("{{podSpecPatch: {text:?}}}")), &none());
        let [row] = rows.try_into().unwrap();
        assert_eq!(row["pointer"], "/spec/podSpecPatch");
        assert_eq!(row["written"], text);
        let problem = row["problem"].as_str().unwrap();
        assert!(problem.contains("YAML"), "{problem}");
    }
    assert_eq!(places(&workflow("{podSpecPatch: ''}"), &none()), [""; 0]);
    let mut nested = json!({"containers": [{"image": "a:1"}]});
    for (depth, problem) in [(1, false), (2, false), (3, true), (4, true)] {
        nested = json!({"podSpecPatch": nested.to_string()});
        let rows = found(&workflow(&nested.to_string()), &none());
        let [row] = rows.try_into().unwrap();
        assert_eq!(row["problem"].is_string(), problem, "{depth}");
    }
}

#[test]
fn a_text_of_many_containers_is_read_in_time() {
    let text = |digest: &str| {
        let containers = (0..15_000).map(|at| format!("    - {{image: 'x/a{at}:1@{digest}'}}\n"));
        let containers: String = containers.collect();
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {{name: x}}\nspec:\n  podSpecPatch: |\n    containers:\n{containers}"
        )
    };
    let [one, two] = ["1", "2"].map(|it| objects(&text(&digest(it))));
    // Looking through all of them for each takes minutes.
    let rows = rows(&compare(&one, &two), &none());
    assert_eq!(rows.len(), 15_000);
    assert_eq!(rows[0]["reference"]["movedFrom"], digest("1"));
}

#[test]
fn an_argument_may_be_two_words_and_stand_in_any_kind_of_an_operator() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - {image: op, args: [--solver-image, 'r.example/b:1', --image-pull, always, 'r.example/c:1', --image]}\n";
    assert_eq!(
        places(text, &none()),
        [
            "/spec/containers/0/args/1 guessed r.example/b:1",
            "/spec/containers/0/image app op",
        ]
    );
    let text = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: x}\nspec: {overrideArgs: ['--solver-image=r.example/b:1', --image, 'r.example/c:1', -v, 'r.example/d:1']}\n";
    assert_eq!(
        places(text, &none()),
        [
            "/spec/overrideArgs/0 guessed r.example/b:1",
            "/spec/overrideArgs/2 guessed r.example/c:1",
        ]
    );
}

proptest::proptest! {
    /// Of whatever kind, and however deep, what a pod would start is never passed over.
    #[test]
    fn no_container_is_passed_over_in_a_kind_that_nobody_knows(
        group in "([a-z]{1,8}([.][a-z0-9]{1,8}){0,2}/)?v[12](beta1)?",
        kind in "[A-Z][A-Za-z]{0,12}",
        steps in proptest::collection::vec("[0-9]|[a-zA-Z~/. -]{1,9}", 1..8),
        list in 0..3_usize,
        image in "[a-z]{1,9}(:[0-9])?",
    ) {
        let list = ["containers", "initContainers", "ephemeralContainers"][list];
        let mut body = json!({list: [{"name": "a"}, {"image": image}]});
        for step in steps.iter().rev() {
            body = match step.parse::<usize>() {
                Ok(index) => {
                    let mut items = vec![Value::Null; index];
                    items.push(body);
                    json!(items)
                }
                Err(_) => json!({step.as_str(): body, "another one": 1}),
            };
        }
        let object = ObjectRef {
            api_version: group,
            kind,
            namespace: None,
            name: "x".to_owned(),
        };
        let value = json!({"spec": body});
        let none_around = Neighbours::default();
        let found = places::of(&object, &value, (&none(), &none_around));
        proptest::prop_assert!(!found.is_empty());
        for place in found {
            proptest::prop_assert_eq!(value.pointer(&place.pointer), Some(&json!(image)));
            proptest::prop_assert!(place.role != Use::Guessed);
        }
    }
}
