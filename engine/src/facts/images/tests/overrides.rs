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
            &["image/repository guessed a:1"],
        ),
        ("{image: acme/a}", &["image guessed acme/a"]),
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
            "{url: 'https://r.example/a:1', git: {repository: acme/shop}, version: v1, image: {pullPolicy: Always, tag: v1}}",
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
        ["/spec/template/spec/source/kustomize/images/1 resource r.example/b:1"]
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
