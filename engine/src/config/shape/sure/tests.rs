use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::super::Schema;
use super::*;
use crate::config::schema;
use crate::manifest::yaml;

/// The configurations of the test data, valid and not, as far as they are YAML.
fn configurations() -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files = vec![root.join("shop/tidegate.yaml")];
    for folder in ["config/valid", "config/invalid"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    let read = |file: &Path| {
        let text = String::from_utf8(fs::read(file).ok()?).ok()?;
        let name = file.file_name()?.to_string_lossy().into_owned();
        Some((name, yaml::parse(&text).ok()?.first()?.to_json()))
    };
    files.iter().filter_map(|file| read(file)).collect()
}

/// The value with each of its parts left out, said twice, and replaced by what seldom fits.
fn spoilt(value: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = ODD
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let without = items.iter().enumerate().filter(|(other, _)| *other != at);
                all.push(without.map(|(_, item)| item.clone()).collect());
                let twice = items.iter().chain([item]);
                all.push(twice.cloned().collect());
                for item in spoilt(item) {
                    let mut items = items.clone();
                    items[at] = item;
                    all.push(items.into());
                }
            }
        }
        Value::Object(map) => {
            for (name, item) in map {
                let mut without = map.clone();
                without.remove(name);
                all.push(without.into());
                for item in spoilt(item) {
                    let mut map = map.clone();
                    map.insert(name.clone(), item);
                    all.push(map.into());
                }
            }
            let mut more = map.clone();
            more.insert("unknown".to_owned(), json!({}));
            all.push(more.into());
        }
        Value::String(text) => {
            all.push(format!("{text}x").into());
            all.push(format!(" {text}").into());
            all.push(text.to_uppercase().into());
        }
        _ => {}
    }
    all
}

#[test]
fn nothing_is_sure_that_the_validator_refuses() {
    let schema = Schema::new(schema());
    let validator = schema.validator().as_ref().unwrap();
    let (mut sure, mut tried) = (0, 0);
    for (name, value) in configurations() {
        for value in spoilt(&value).into_iter().chain([value]) {
            tried += 1;
            if allows(&schema.value, &value) {
                sure += 1;
                assert!(validator.is_valid(&value), "{name}: {value}");
            }
        }
    }
    assert!(sure > 3_000 && sure < tried / 2, "{sure} of {tried}");
}

#[test]
fn the_validator_is_not_made_ready_for_what_is_surely_right() {
    let schema = Schema::new(schema());
    for (name, value) in configurations() {
        if name == "tidegate.yaml" {
            assert!(allows(&schema.value, &value));
        }
    }
    assert!(schema.validator.get().is_none());
}

#[test]
fn what_it_does_not_know_is_not_sure() {
    for schema in [
        json!({"not": {}}),
        json!({"patternProperties": {"a": false}}),
        json!({"$id": "x"}),
        json!({"$ref": "#/properties/a"}),
        json!({"$ref": "#/$defs/a%20b", "$defs": {"a%20b": true}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}),
        json!({"pattern": "^x$"}),
        json!({"type": "strng"}),
        json!({"oneOf": [true]}),
        json!({"oneOf": [{"const": "x"}, {"const": "x"}]}),
        json!({"oneOf": [{"const": "x"}, {"minLength": 1}]}),
        json!({"maxLength": 1}),
        json!({"minLength": -1}),
        json!([]),
    ] {
        assert!(!allows(&schema, &json!("x")), "{schema}");
    }
    let numbers = json!([1, 1.0]);
    assert!(!allows(&json!({"uniqueItems": true}), &numbers));
    assert!(!allows(&json!({"minimum": 1}), &json!(1.5)));
    assert!(!allows(&json!({"type": "integer"}), &json!(1.0)));
}

fn is_allowed(pattern: &str, text: &str) -> bool {
    let schema = Schema::new(json!({"pattern": pattern}));
    let validator = schema.validator().as_ref().unwrap();
    validator.is_valid(&text.into())
}

#[test]
fn the_edges_of_forms_are_those_of_their_expressions() {
    for pattern in FORMS {
        for length in [0, 1, 2, 62, 63, 64, 65, 255, 256, 257] {
            for text in [
                "a".repeat(length),
                format!("evidence:{}", "a".repeat(length)),
            ] {
                assert_eq!(
                    is_of_form(pattern, &text),
                    is_allowed(pattern, &text),
                    "{pattern} {text}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn forms_are_told_as_their_expressions_tell_them(
        text in "[-aZ0.:/@*_é\n]{0,6}|[a-z]{1,3}\\.[-a-z0-9.]{0,4}|-?[0-9]?(MO|TU|mo|é)|(evidence:)?(low|[-a0]{0,3})",
    ) {
        for pattern in FORMS {
            prop_assert_eq!(is_of_form(pattern, &text), is_allowed(pattern, &text), "{} {}", pattern, text);
        }
    }
}

const FORMS: [&str; 7] = [
    raw::DNS_LABEL,
    raw::EXCEPTION_ID,
    raw::CODE,
    raw::REPOSITORY,
    raw::ENVIRONMENT_GLOB,
    raw::ALLOW,
    raw::WEEKDAY,
];

const ODD: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1",
    "1.0",
    "1e300",
    "18446744073709551615",
    "\"\"",
    "\"x\"",
    "\"Ä\\n\"",
    "[]",
    "[\"x\", \"x\"]",
    "{}",
    "{\"x\": 1}",
];
