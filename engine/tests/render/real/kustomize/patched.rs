//! The tables of patches that the map of units is tested with, held against the program.

use serde_json::{Value, json};
use tidegate::manifest::{Node, yaml};

use super::{World, plain};

#[test]
#[ignore = "needs kustomize"]
fn kustomize_makes_of_patches_what_the_table_says() {
    let world = World::new(&[]);
    let table: Value = serde_json::from_str(include_str!("patches.json")).unwrap();
    let cases = table["cases"].as_array().unwrap();
    for (at, case) in cases.iter().enumerate() {
        let name = &case["name"];
        let object = case.get("object").unwrap_or(&table["object"]);
        let folder = format!("case-{at}");
        let kustomization = json!({"resources": ["o.json"], "patches": case["patches"]});
        let write = |file: &str, value: &Value| {
            world
                .repo
                .write(format!("{folder}/{file}"), value.to_string());
        };
        write("o.json", object);
        write("kustomization.yaml", &kustomization);
        let built = plain(&world.repo.path().join(&folder), &[]);
        match &case["made"] {
            Value::String(why) if why == "unknown" => {}
            Value::String(_) => assert!(built.is_err(), "{name}: {built:?}"),
            made => {
                let documents = yaml::parse(&built.unwrap()).unwrap();
                let found = documents.iter().map(Node::to_json).find(|it| !it.is_null());
                assert_eq!(found.unwrap_or_default(), *made, "{name}");
            }
        }
    }
}

#[test]
#[ignore = "needs kustomize"]
fn kustomize_finds_a_release_by_each_namespace_that_it_was_in() {
    let world = World::new(&[]);
    let ways: Value = serde_json::from_str(include_str!("namespaces.json")).unwrap();
    for (at, way) in ways.as_array().unwrap().iter().enumerate() {
        let name = &way["name"];
        for (path, text) in way["files"].as_object().unwrap() {
            let path = format!("way-{at}/{path}");
            world.repo.write(path, text.as_str().unwrap());
        }
        let built = plain(&world.repo.path().join(format!("way-{at}/top")), &[]);
        if way["built"].is_null() {
            assert!(built.is_err(), "{name}: {built:?}");
            continue;
        }
        let documents = yaml::parse(&built.unwrap()).unwrap();
        let of = |document: &Node, pointer: &str| {
            let found = document.pointer(pointer).and_then(Node::as_str);
            found.map(str::to_owned)
        };
        let charts = documents.iter().filter_map(|document| {
            let chart = of(document, "/spec/chart/spec/chart")?;
            Some((of(document, "/metadata/namespace")?, json!(chart)))
        });
        let charts: serde_json::Map<String, Value> = charts.collect();
        assert_eq!(Value::Object(charts), way["built"], "{name}");
    }
}
