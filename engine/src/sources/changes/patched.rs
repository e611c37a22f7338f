//! What patches make of an object, as kustomize makes it: `render::real` holds the same cases against the program.

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::manifest;
use crate::sources::fields::Text;

/// The table.
#[derive(Deserialize)]
struct Table {
    /// What is patched where a case says nothing else.
    object: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    object: Option<Value>,
    patches: Vec<Value>,
    /// The object; `null` where it is deleted; else why there is none.
    made: Value,
}

#[test]
fn patches_make_of_an_object_what_kustomize_makes_of_it() {
    let table: Table = serde_json::from_str(CASES).unwrap();
    assert!(table.cases.len() > 60);
    for case in table.cases {
        let object = case.object.unwrap_or_else(|| table.object.clone());
        let text = object.to_string();
        let file = manifest::read(&"o.json".into(), text.as_bytes()).unwrap();
        let declared = Declared {
            object: file.objects[0].clone(),
            file: Text {
                path: "o.json".into(),
                text: file.text.clone(),
            },
            changed_by: None,
            given_by: None,
            passed_over: None,
            added: Metadata::default(),
            patched_in: [].into(),
            found_in: [].into(),
            applied_by: [].into(),
            pinned_by: [].into(),
        };
        let wanted = (!case.made.is_string()).then_some(case.made);
        let kustomization = serde_json::json!({"patches": &case.patches});
        let kustomization = document(kustomization.to_string().as_bytes());
        let options = Kustomize {
            patches: case.patches,
            ..Kustomize::default()
        };
        let of_options = Changes::of_options(&options);
        let patched = of_options.patched((&declared, Part::Whole), &declared.added);
        let of_file = Changes::of_kustomization(kustomization.as_ref());
        let seen = (&declared.object, Part::Whole, &*declared.file.text);
        let patched_after = of_file.patched_after(seen, (&declared.added, &[]), &|_| None);
        for (changes, patched) in [(of_options, patched), (of_file, patched_after)] {
            let is_hit = changes
                .adds_to((&declared.object, &declared.added), &|_| None)
                .is_none();
            let made = match patched {
                _ if is_hit => None,
                None => None,
                Some(Patched::Deleted) => Some(Value::Null),
                Some(Patched::No) => Some(object.clone()),
                Some(Patched::Otherwise(object)) => Some(without_nulls(object.node.to_json())),
            };
            assert_eq!(made, wanted, "{}", case.name);
        }
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            fields
                .map(|(key, value)| (key, without_nulls(value)))
                .collect()
        }
        other => other,
    }
}

#[test]
fn what_a_kustomization_adds_is_not_taken_for_what_a_patch_sees() {
    let object = |metadata: &str| {
        let text = format!("{{apiVersion: x/v1, kind: X, metadata: {{name: a{metadata}}}}}");
        manifest::read(&"a.yaml".into(), text.as_bytes()).unwrap()
    };
    let mut added = Metadata::of_namespace(Some("there"));
    added.label("l", "1");
    added.annotate("a", "1");
    let patch = "{apiVersion: x/v1, kind: X, metadata: {name: a, labels: {l: '1'}}, spec: {}}";
    let other = patch.replace("'1'", "'2'");
    for (patch, target, is_known) in [
        (patch, "{}", true),
        (patch, "{kind: X, labelSelector: b}", true),
        (patch, "{labelSelector: l}", false),
        (patch, "{kind: Y, labelSelector: l}", true),
        (patch, "{annotationSelector: a=1}", false),
        (patch, "{namespace: there}", false),
        (patch, "null", false),
        (&other, "{}", false),
        ("- {op: remove, path: /metadata/labels/l}", "{}", false),
        ("- {op: remove, path: /metadata/labels}", "{}", false),
    ] {
        let file = object(", namespace: there, labels: {l: '1'}, annotations: {a: '1'}");
        let target = yaml::parse(target).unwrap()[0].to_json();
        let options = Kustomize {
            patches: vec![serde_json::json!({"patch": patch, "target": target})],
            ..Kustomize::default()
        };
        let declared = Declared {
            object: file.objects[0].clone(),
            file: Text {
                path: "a.yaml".into(),
                text: file.text.clone(),
            },
            changed_by: None,
            given_by: None,
            passed_over: None,
            added: added.clone(),
            patched_in: [].into(),
            found_in: [].into(),
            applied_by: [].into(),
            pinned_by: [].into(),
        };
        let made = Changes::of_options(&options).patched((&declared, Part::Whole), &added);
        assert_eq!(made.is_some(), is_known, "{patch} {target}");
    }
}

const CASES: &str = include_str!("../../../tests/render/real/kustomize/patches.json");
