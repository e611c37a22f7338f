//! The table of patches that the map of units is tested with, held against the program.

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
