use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::manifest;

#[test]
fn an_object_that_differs_in_spelling_only_does_not_change() {
    let base = objects(&[(
        "a.yaml",
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: odoo, namespace: shop}
spec:
  replicas: 2
  template:
    spec:
      volumes: null
      containers:
        - name: odoo
          env: [{name: A, value: "1"}, {name: B, value: "2"}]
          resources: {limits: {memory: 1Gi, cpu: "1"}}
"#,
    )]);
    let head = objects(&[(
        "moved.yaml",
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: odoo, namespace: shop, creationTimestamp: null}
spec:
  template:
    spec:
      containers:
        - resources: {limits: {memory: 1024Mi, cpu: 1000m}}
          env: [{name: B, value: "2"}, {name: A, value: "1"}]
          name: odoo
  replicas: 2
status: {readyReplicas: 1}
"#,
    )]);
    assert!(compare(&base, &head).is_empty());
}

#[test]
fn an_order_that_kubernetes_obeys_is_a_field() {
    let pod = |inits: &str, env: &str| {
        let spec =
            format!("{{initContainers: [{inits}], containers: [{{name: odoo, env: [{env}]}}]}}");
        objects(&[(
            "p.yaml",
            &format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}\n"),
        )])
    };
    let env = "{name: HOST, value: db}, {name: URL, value: $(HOST)/x}";
    let swapped = "{name: URL, value: $(HOST)/x}, {name: HOST, value: db}";
    let pointers = |base: &Objects, head: &Objects| -> Vec<String> {
        let changes = compare(base, head);
        let fields = changes.iter().flat_map(|change| &change.fields);
        fields.map(|field| field.pointer.clone()).collect()
    };
    let base = pod("{name: a}, {name: b}", env);
    assert_eq!(
        pointers(&base, &pod("{name: b}, {name: a}", env)),
        ["/spec/initContainers"]
    );
    assert_eq!(
        pointers(&base, &pod("{name: a}, {name: b}", swapped)),
        ["/spec/containers/0/env"]
    );
    assert_eq!(
        pointers(&base, &pod("{name: a}, {name: c}, {name: b}", env)),
        ["/spec/initContainers/1"]
    );
}

#[test]
fn fields_are_named_by_merge_key_and_point_at_both_sides() {
    let container = |image: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n    - {{name: side, image: x}}\n    - {{name: odoo, image: {image}}}\n"
        )
    };
    let swapped = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - {name: odoo, image: b}\n    - {name: side, image: x}\n";
    let changes = compare(
        &objects(&[("p.yaml", &container("a"))]),
        &objects(&[("p.yaml", swapped)]),
    );
    let [change] = changes.as_slice() else {
        panic!("one change")
    };
    assert_eq!(
        change.fields,
        [FieldChange {
            pointer: "/spec/containers/0/image".into(),
            path: "spec.containers[odoo].image".into(),
            keyed_path: "spec.containers[name=odoo].image".into(),
            old: Some(json!("a")),
            new: Some(json!("b")),
            old_pointer: Some("/spec/containers/1/image".into()),
            new_pointer: Some("/spec/containers/0/image".into()),
        }]
    );
    assert_eq!(
        change.keyed_path("/spec/containers/0/image"),
        "spec.containers[name=odoo].image"
    );
}

#[test]
fn a_repeated_key_falls_back_to_positions() {
    let pod = |second: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  volumes:\n    - {{name: v, emptyDir: {{}}}}\n    - {{name: v, {second}: {{}}}}\n"
        )
    };
    let changes = compare(
        &objects(&[("p.yaml", &pod("emptyDir"))]),
        &objects(&[("p.yaml", &pod("hostPath"))]),
    );
    let paths: Vec<&str> = changes[0]
        .fields
        .iter()
        .map(|field| field.keyed_path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["spec.volumes[1].emptyDir", "spec.volumes[1].hostPath"]
    );
}

#[test]
fn a_raised_version_is_an_update_and_another_group_is_another_object() {
    let ingress = |version: &str| {
        format!("apiVersion: {version}\nkind: Ingress\nmetadata: {{name: web, namespace: shop}}\n")
    };
    let operations = |old: &str, new: &str| -> Vec<Operation> {
        compare(
            &objects(&[("i.yaml", &ingress(old))]),
            &objects(&[("i.yaml", &ingress(new))]),
        )
        .iter()
        .map(|change| change.operation)
        .collect()
    };
    assert_eq!(
        operations("networking.k8s.io/v1beta1", "networking.k8s.io/v1"),
        [Operation::Update]
    );
    assert_eq!(
        operations("extensions/v1beta1", "networking.k8s.io/v1"),
        [Operation::Delete, Operation::Create]
    );
}

#[test]
fn secret_values_are_replaced_and_still_tell_changes_apart() {
    let secret = |password: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {password}, user: odoo}}\n"
        )
    };
    let one = objects(&[("s.yaml", &secret("CANARY-1"))]);
    let two = objects(&[("s.yaml", &secret("CANARY-2"))]);
    let three = objects(&[("s.yaml", &secret("CANARY-3"))]);
    let changes = compare(&one, &two);
    let text = format!("{changes:?}");
    assert!(!text.contains("CANARY"), "{text}");
    assert_eq!(changes[0].fields[0].path, "stringData.password");
    assert_eq!(
        changes[0].new.as_ref().unwrap()["stringData"],
        json!({"password": {"$secret": true, "changed": true}, "user": {"$secret": true, "changed": false}})
    );
    assert_ne!(
        change_digest(&changes),
        change_digest(&compare(&one, &three))
    );
    assert_eq!(change_digest(&changes), change_digest(&compare(&one, &two)));
}

#[test]
fn the_digest_is_the_same_after_a_file_move() {
    let config = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: '{value}'}}\n")
    };
    let base = objects(&[("a.yaml", &config("1"))]);
    let here = compare(&base, &objects(&[("a.yaml", &config("2"))]));
    let there = compare(&base, &objects(&[("deep/b.yaml", &config("2"))]));
    assert_eq!(change_digest(&here), change_digest(&there));
    let other = compare(&base, &objects(&[("a.yaml", &config("3"))]));
    assert_ne!(change_digest(&here), change_digest(&other));
}

#[test]
fn the_table_of_merge_keys_is_read() {
    let object = ObjectRef {
        api_version: "v1".into(),
        kind: "Service".into(),
        namespace: None,
        name: "s".into(),
    };
    let value = json!({"spec": {"ports": [{"port": 80}]}});
    assert_eq!(
        path::keyed_path(&object, &value, "/spec/ports/0/port"),
        "spec.ports[port=80,protocol=TCP].port"
    );
}

#[test]
fn a_secret_value_does_not_name_the_item_of_a_list() {
    let list = |image: &str| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{a: &x hunter2}}}}\n\
             - apiVersion: v1\n  kind: Pod\n  metadata: {{name: p}}\n  spec: {{containers: [{{name: *x, image: {image}}}]}}\n"
        )
    };
    let changes = compare(
        &objects(&[("a.yaml", &list("a"))]),
        &objects(&[("a.yaml", &list("b"))]),
    );
    assert_eq!(changes[0].fields[0].keyed_path, "spec.containers[0].image");
    assert!(!format!("{:?}", changes[0].fields).contains("hunter"));
}

proptest! {
    #[test]
    fn a_difference_is_empty_only_between_equals_and_turns_around(
        old in value(), new in value()
    ) {
        let object = ObjectRef {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            namespace: None,
            name: "c".into(),
        };
        let (old, new) = (normalised(old), normalised(new));
        let none = BTreeSet::new();
        let there = fields::difference(&object, (&old, &none), (&new, &none));
        prop_assert_eq!(there.is_empty(), old == new);
        let back = fields::difference(&object, (&new, &none), (&old, &none));
        let mut turned: Vec<_> = back
            .into_iter()
            .map(|field| (field.keyed_path, field.new_pointer, field.old_pointer))
            .collect();
        turned.sort();
        let mut there: Vec<_> = there
            .into_iter()
            .map(|field| (field.keyed_path, field.old_pointer, field.new_pointer))
            .collect();
        there.sort();
        prop_assert_eq!(there, turned);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn objects(files: &[(&str, &str)]) -> Objects {
    files
        .iter()
        .flat_map(|(path, text)| {
            let file = manifest::read(&RepoPath::from(*path), text.as_bytes()).unwrap();
            let secrets = manifest::secrets::secrets_of(&file.objects, &file.text).pointers;
            let objects = file.objects.into_iter().zip(secrets);
            objects.map(move |(object, secrets)| Source {
                object: object.reference.clone(),
                file: file.path.clone(),
                text: Arc::from(""),
                lines: Arc::default(),
                secrets: Arc::new(secrets),
                origin: None,
                node: Arc::new(object.node),
            })
        })
        .map(|source| (source.object.clone(), source))
        .collect()
}
