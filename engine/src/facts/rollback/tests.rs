//! What a revert does not undo, by tables of fields; and the sections of plans.

use serde_json::json;

use super::irreversible::{self, Kind};
use super::{Plan, PlanFile, Text, schema};
use super::{config, emptied};
use crate::change::{Objects, compare};
use crate::facts::committed_schema::committed_is;
use crate::facts::tests::objects;

/// What of a change from one document to another is not undone: kind, place, text.
fn undone(base: &str, head: &str) -> Vec<(Kind, String, String)> {
    let side = |text: &str| match text {
        "" => Objects::new(),
        text => objects(text),
    };
    let changes = compare(&side(base), &side(head));
    let found = irreversible::all(&changes).into_iter();
    let told = found.map(|it| (it.kind, it.pointer.unwrap_or_default(), it.text));
    told.collect()
}

fn object(kind: &str, rest: &str) -> String {
    let (version, kind) = kind.rsplit_once('/').unwrap();
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\n{rest}\n")
}

/// The kinds of what is not undone.
pub(super) fn kinds(kind: &str, base: &str, head: &str) -> Vec<Kind> {
    let found = undone(&object(kind, base), &object(kind, head));
    found.into_iter().map(|(kind, _, _)| kind).collect()
}

#[test]
fn volumes_grow_and_do_not_shrink() {
    let claim = |size: &str| format!("spec: {{resources: {{requests: {{storage: {size}}}}}}}");
    let grown = kinds("v1/PersistentVolumeClaim", &claim("10Gi"), &claim("20Gi"));
    assert_eq!(grown, [Kind::VolumeGrown]);
    let equal = kinds("v1/PersistentVolumeClaim", &claim("1Gi"), &claim("1024Mi"));
    assert_eq!(equal, []);
    let shrunk = kinds("v1/PersistentVolumeClaim", &claim("20Gi"), &claim("10Gi"));
    assert_eq!(shrunk, []);
    let unread = kinds("v1/PersistentVolumeClaim", &claim("10Gi"), &claim("lots"));
    assert_eq!(unread, [Kind::VolumeGrown]);
    let cnpg = |size: &str| format!("spec: {{storage: {{size: {size}}}}}");
    let grown = kinds("postgresql.cnpg.io/v1/Cluster", &cnpg("1Gi"), &cnpg("2Gi"));
    assert_eq!(grown, [Kind::VolumeGrown]);
    let volume = |size: &str| format!("spec: {{capacity: {{storage: {size}}}}}");
    let kept = kinds("v1/PersistentVolume", &volume("1Gi"), &volume("2Gi"));
    assert_eq!(kept, []);
}

#[test]
fn fields_that_stay_until_the_object_is_made_anew() {
    for (kind, base, head) in FIXED {
        let spec = |text: &str| format!("spec: {{x: 1, {text}}}");
        let found = undone(&object(kind, &spec(base)), &object(kind, &spec(head)));
        let [(Kind::ImmutableField, place, text)] = found.as_slice() else {
            panic!("{kind}: {found:?}");
        };
        assert!(place.starts_with("/spec/") && place.matches('/').count() == 2);
        assert!(text.contains("made anew"));
    }
    for (kind, base, head) in FREE {
        let spec = |text: &str| format!("spec: {{x: 1, {text}}}");
        assert_eq!(kinds(kind, &spec(base), &spec(head)), [], "{kind} {base}");
    }
}

#[test]
fn what_an_immutable_object_holds_stays() {
    let of = |base: &str, head: &str| kinds("v1/ConfigMap", base, head);
    let locked = "immutable: true\ndata: {a: b}";
    assert_eq!(
        of(locked, "immutable: true\ndata: {a: c}"),
        [Kind::ImmutableField]
    );
    let locking = of("data: {a: b}", "immutable: true\ndata: {a: c}");
    assert_eq!(locking, [Kind::SetOnce]);
    assert_eq!(of("data: {a: b}", "data: {a: c}"), []);
    let typed = kinds("v1/Secret", "type: Opaque", "type: kubernetes.io/tls");
    assert_eq!(typed, [Kind::ImmutableField]);
}

#[test]
fn what_an_operator_does_not_take_away_again() {
    let kind = "postgresql.cnpg.io/v1/Cluster";
    let plain = "spec: {instances: 3}";
    assert_eq!(
        kinds(kind, plain, "spec: {instances: 3, walStorage: {size: 1Gi}}"),
        [Kind::SetOnce]
    );
    let spaces = "spec: {instances: 3, tablespaces: [{name: a}]}";
    assert_eq!(kinds(kind, plain, spaces), [Kind::SetOnce]);
    assert_eq!(kinds(kind, plain, "spec: {instances: 4}"), []);
}

#[test]
fn services_give_addresses_back() {
    let kind = "v1/Service";
    let spec = |text: &str| format!("spec: {{ports: [], {text}}}");
    let changes = [
        ("type: ClusterIP", "type: LoadBalancer"),
        ("a: 1", "type: NodePort"),
        ("type: LoadBalancer", "a: 1"),
        ("clusterIP: None", "a: 1"),
        ("a: 1", "clusterIP: None"),
        ("clusterIPs: [10.0.0.1]", "clusterIPs: [10.0.0.2]"),
    ];
    for (base, head) in changes {
        let found = kinds(kind, &spec(base), &spec(head));
        assert_eq!(found, [Kind::ServiceAddress], "{base} {head}");
    }
    assert_eq!(kinds(kind, &spec("a: 1"), &spec("type: ClusterIP")), []);
}

#[test]
fn definitions_store_serve_and_convert() {
    let kind = "apiextensions.k8s.io/v1/CustomResourceDefinition";
    let spec = |versions: &str, rest: &str| format!("spec: {{versions: [{versions}]{rest}}}");
    let old = spec(
        "{name: v1, served: true, storage: true}, {name: v2, served: true}",
        "",
    );
    let of = |new: &str| kinds(kind, &old, new);
    let stored = spec(
        "{name: v1, served: true}, {name: v2, served: true, storage: true}",
        "",
    );
    assert_eq!(of(&stored), [Kind::Definition]);
    let dropped = spec("{name: v1, served: true, storage: true}", "");
    assert_eq!(of(&dropped), [Kind::Definition]);
    let unserved = spec(
        "{name: v1, served: true, storage: true}, {name: v2, served: false}",
        "",
    );
    assert_eq!(of(&unserved), [Kind::Definition]);
    let more = "{name: v1, served: true, storage: true}, {name: v2, served: true}";
    let converted = spec(more, ", conversion: {strategy: Webhook}");
    assert_eq!(of(&converted), [Kind::Definition]);
    let added = spec(&format!("{more}, {{name: v3, served: true}}"), "");
    assert_eq!(of(&added), []);
}

#[test]
fn what_goes_with_more_than_itself() {
    for kind in [
        "v1/Namespace",
        "apiextensions.k8s.io/v1/CustomResourceDefinition",
    ] {
        let found = undone(&object(kind, ""), "");
        assert!(
            matches!(found.as_slice(), [(Kind::Contents, _, _)]),
            "{kind}"
        );
    }
    assert_eq!(undone(&object("v1/ConfigMap", ""), ""), []);
    let upgrade = object("postgres-operator.crunchydata.com/v1beta1/PGUpgrade", "");
    let found = undone("", &upgrade);
    assert!(matches!(found.as_slice(), [(Kind::DatabaseVersion, _, _)]));
}

#[test]
fn configuration_under_its_old_name_is_told_with_its_users() {
    let pod = |image: &str, uses: &str| {
        object(
            "apps/v1/Deployment",
            &format!(
                "spec: {{template: {{spec: {{containers: [{{name: a, image: {image}}}], {uses}}}}}}}"
            ),
        )
    };
    let map = |kind: &str, held: &str| {
        let text = object(kind, &format!("data: {{a: {held}}}"));
        text.replace("name: a", "name: conf")
    };
    for (kind, uses, is_told) in USES {
        for (image, is_other) in [("b", true), ("a", false)] {
            let base = format!("{}---\n{}", pod("a", uses), map(kind, "b"));
            let replicas =
                pod(image, uses).replace("spec: {template", "spec: {replicas: 2, template");
            let head = format!("{replicas}---\n{}", map(kind, "c"));
            let changes = compare(&objects(&base), &objects(&head));
            let found = config::shared(&changes);
            assert_eq!(found.len(), usize::from(is_told), "{uses}");
            assert!(found.iter().all(|it| it.image == is_other), "{uses}");
            let same = format!("{replicas}---\n{}", map(kind, "b"));
            let changes = compare(&objects(&base), &objects(&same));
            assert_eq!(config::shared(&changes), []);
        }
    }
}

#[test]
fn what_comes_back_empty() {
    let gone = |kind: &str, rest: &str| {
        let changes = compare(&objects(&object(kind, rest)), &Objects::new());
        !emptied::emptied(&changes).is_empty()
    };
    let rows = [
        ("v1/Secret", "", true),
        ("v1/Secret", "data: {a: Yg==}", false),
        ("v1/Secret", "stringData: {a: b}", false),
        (
            "v1/Secret",
            "data: {a: Yg==}\ntype: kubernetes.io/service-account-token",
            true,
        ),
        ("v1/Service", "spec: {type: LoadBalancer}", true),
        ("v1/Service", "spec: {}", false),
        ("cert-manager.io/v1/Certificate", "", true),
        ("s3.aws.upbound.io/v1beta1/Bucket", "", true),
        ("objectbucket.io/v1alpha1/ObjectBucketClaim", "", true),
        ("v1/ConfigMap", "", false),
        ("v1/PersistentVolumeClaim", "", false),
    ];
    for (kind, rest, is_told) in rows {
        assert_eq!(gone(kind, rest), is_told, "{kind} {rest}");
    }
    let annotated = |annotation: &str| {
        let text = object("cert-manager.io/v1/Certificate", "");
        let text = text.replace("namespace: shop", &format!("annotations: {{{annotation}}}"));
        let changes = compare(&objects(&text), &Objects::new());
        !emptied::emptied(&changes).is_empty()
    };
    for (annotation, is_told) in [
        (
            "argocd.argoproj.io/sync-options: 'Replace=true, Prune=false'",
            false,
        ),
        ("argocd.argoproj.io/sync-options: 'Prune=true'", true),
        ("kustomize.toolkit.fluxcd.io/prune: disabled", false),
        ("helm.sh/resource-policy: keep", false),
        ("sealedsecrets.bitnami.com/managed: 'true'", true),
    ] {
        assert_eq!(annotated(annotation), is_told, "{annotation}");
    }
}

#[test]
fn sections_are_headings_with_something_below() {
    let text = "# Rollback\n\n## Application\nrevert\n## 2. Database\n### restore\n```\n# criteria\n```\n## Integrations\n\n## Authority\n<!-- who\nmay -->\n## Criteria:\nerrors\n#Irreversible\nx\n";
    let plan = |text: Text| {
        let path = "docs/rollback.md".to_owned();
        json!(Plan::of(&PlanFile { path, text }))
    };
    assert_eq!(
        plan(Text::Known(text.to_owned())),
        json!({
            "path": "docs/rollback.md",
            "sections": ["application", "criteria", "database", "restore", "rollback"],
        })
    );
    assert_eq!(
        plan(Text::Lacking("is not there".to_owned())),
        json!({"path": "docs/rollback.md", "sections": [], "lacks": "is not there"})
    );
    for path in ["/etc/passwd", "../x", "a//b", "", "a/./b", "a/.."] {
        assert!(PlanFile::inside(path).is_none(), "{path}");
    }
    assert!(PlanFile::inside("docs/rollback.md").is_some());
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    committed_is("rollback.json", &schema());
}

const FIXED: [(&str, &str, &str); 5] = [
    ("apps/v1/StatefulSet", "serviceName: a", "serviceName: b"),
    (
        "apps/v1/StatefulSet",
        "podManagementPolicy: Parallel",
        "replicas: 1",
    ),
    (
        "apps/v1/StatefulSet",
        "volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 1Gi}}}}]",
        "volumeClaimTemplates: [{metadata: {name: d}, spec: {resources: {requests: {storage: 2Gi}}}}]",
    ),
    (
        "v1/PersistentVolumeClaim",
        "storageClassName: a",
        "storageClassName: b",
    ),
    (
        "apps/v1/Deployment",
        "selector: {matchLabels: {a: b}}",
        "selector: {matchLabels: {a: c}}",
    ),
];

const FREE: [(&str, &str, &str); 5] = [
    ("apps/v1/StatefulSet", "replicas: 1", "replicas: 2"),
    (
        "apps/v1/StatefulSet",
        "template: {a: 1}",
        "template: {a: 2}",
    ),
    (
        "apps/v1/StatefulSet",
        "revisionHistoryLimit: 1",
        "revisionHistoryLimit: 2",
    ),
    ("apps/v1/Deployment", "replicas: 1", "replicas: 2"),
    (
        "apps/v1/Deployment",
        "template: {selector: 1}",
        "template: {selector: 2}",
    ),
];

const USES: [(&str, &str, bool); 7] = [
    (
        "v1/ConfigMap",
        "volumes: [{name: v, configMap: {name: conf}}]",
        true,
    ),
    (
        "v1/ConfigMap",
        "x: [{envFrom: [{configMapRef: {name: conf}}]}]",
        true,
    ),
    (
        "v1/ConfigMap",
        "volumes: [{projected: {sources: [{configMap: {name: conf}}]}}]",
        true,
    ),
    (
        "v1/Secret",
        "volumes: [{name: v, secret: {secretName: conf}}]",
        true,
    ),
    (
        "v1/Secret",
        "x: [{env: [{valueFrom: {secretKeyRef: {name: conf, key: k}}}]}]",
        true,
    ),
    (
        "v1/Secret",
        "volumes: [{name: v, configMap: {name: conf}}]",
        false,
    ),
    (
        "v1/ConfigMap",
        "volumes: [{name: v, configMap: {name: other}}]",
        false,
    ),
];
