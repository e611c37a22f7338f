use serde_json::json;

use super::*;
use crate::manifest::yaml;
use crate::policy::PolicySet;

fn settings() -> Settings {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "$defs": {"memory": {"type": "string", "format": "memory"}},
        "properties": {
            "require": {"description": "R", "default": ["requests.cpu"], "type": "array", "items": {"enum": ["requests.cpu", "limits.memory"]}},
            "ceiling": {
                "description": "C", "default": {}, "type": "object", "additionalProperties": false,
                "properties": {
                    "cpu": {"description": "C", "default": "1500m", "type": "string", "format": "cpu"},
                    "memory": {"description": "M", "default": "1.5Gi", "$ref": "#/$defs/memory"},
                },
            },
            "per-kind": {"description": "P", "default": {"Pod": "1Ki"}, "type": "object", "additionalProperties": {"type": "string", "format": "memory"}},
            "steps": {"description": "S", "default": [], "type": "array", "items": {"$ref": "#/$defs/memory"}},
            "factor": {"description": "F", "default": 4, "type": "integer", "minimum": 1},
        },
    });
    let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
    assert_eq!(settings.problems(), []);
    settings
}

fn node(json: &Value) -> Node {
    let documents = yaml::parse(&json.to_string()).unwrap();
    documents.into_iter().next().unwrap()
}

fn resolve(section: &Value) -> Result<Value, Vec<String>> {
    settings()
        .resolve(Some(&node(section)))
        .map_err(|problems| {
            problems
                .iter()
                .map(|problem| problem.pointer.clone())
                .collect()
        })
}

#[test]
fn defaults_fill_every_level_and_quantities_are_integers() {
    let defaults = json!({
        "require": ["requests.cpu"],
        "ceiling": {"cpu": 1500, "memory": 1_610_612_736},
        "per-kind": {"Pod": 1024},
        "steps": [],
        "factor": 4,
    });
    assert_eq!(settings().resolve(None).unwrap(), defaults);
    assert_eq!(resolve(&json!({})).unwrap(), defaults);
    let given =
        resolve(&json!({"ceiling": {"cpu": 0.25}, "steps": ["1k", 7], "factor": 9})).unwrap();
    assert_eq!(
        given["ceiling"],
        json!({"cpu": 250, "memory": 1_610_612_736})
    );
    assert_eq!(given["steps"], json!([1000, 7]));
    assert_eq!(given["factor"], 9);
}

#[test]
fn all_problems_are_told_with_pointers() {
    let problems = resolve(&json!({
        "require": ["requests.cpu", "limits.disk"],
        "ceiling": {"cpu": "1K", "disk": 1},
        "per-kind": {"Pod": "much"},
        "factor": 0,
    }));
    assert_eq!(
        problems.unwrap_err(),
        [
            "/ceiling",
            "/ceiling/cpu",
            "/factor",
            "/per-kind/Pod",
            "/require/1"
        ]
    );
    assert_eq!(resolve(&json!({"fctor": 1})).unwrap_err(), [""]);
    assert_eq!(resolve(&json!(["x"])).unwrap_err(), [""]);
}

#[test]
fn a_schema_says_what_each_setting_is_and_what_it_is_without_one() {
    for (schema, says) in [
        (json!([]), "the type is not"),
        (json!({"type": "object"}), "additionalProperties"),
        (
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {"default": 1}}}),
            "`a` has no description",
        ),
        (
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {"description": "A"}}}),
            "`a` has no default",
        ),
        (
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {"description": "A", "default": 1, "type": "string"}}}),
            "the default of /a",
        ),
        (
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {"description": "A", "default": 1, "type": "strng"}}}),
            "settings.schema.json",
        ),
        (
            json!({"type": "object", "additionalProperties": false, "properties": {"a": {
                "description": "A", "default": "1", "anyOf": [{"format": "cpu"}, {"type": "integer"}],
            }}}),
            "below `anyOf`",
        ),
    ] {
        let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
        let errors = settings.problems();
        assert!(
            errors.iter().any(|error| error.to_string().contains(says)),
            "{errors:?}"
        );
    }
    assert!(
        Settings::read("s", "{")
            .unwrap_err()
            .to_string()
            .contains("no JSON")
    );
}

#[test]
fn a_policy_without_a_schema_has_no_settings() {
    assert_eq!(Settings::none().resolve(None).unwrap(), json!({}));
    assert!(
        Settings::none()
            .resolve(Some(&node(&json!({"a": 1}))))
            .is_err()
    );
}

#[test]
fn a_key_of_a_map_with_defaults_leaves_its_other_keys_alone() {
    let text = include_str!("../../../../policies/resource-limits/settings.schema.json");
    let settings = Settings::read("settings.schema.json", text).unwrap();
    let section = json!({"ceilings": {
        "cache": {"memory": "1Gi"},
        "database": {"cpu": 2.5, "memory": "64Gi"},
    }});
    let resolved = settings.resolve(Some(&node(&section))).unwrap();
    assert_eq!(
        resolved["ceilings"],
        json!({
            "*": {"cpu": 8000, "memory": 17_179_869_184_i64},
            "cache": {"memory": 1_073_741_824},
            "database": {"cpu": 2500, "memory": 68_719_476_736_i64},
        })
    );
    assert_eq!(settings.resolve(None).unwrap()["max-ratio"]["memory"], 2);
}

#[test]
fn what_stands_beside_a_reference_and_behind_a_second_one_counts() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "$defs": {
            "memory": {"$ref": "#/$defs/amount", "format": "memory"},
            "amount": {"type": ["string", "number"], "default": "1Ki"},
            "pair": {"type": "object", "properties": {"low": {"$ref": "#/$defs/memory"}}},
        },
        "properties": {
            "one": {
                "description": "O", "default": {}, "$ref": "#/$defs/pair",
                "properties": {"high": {"$ref": "#/$defs/memory", "default": "1Mi"}},
            },
        },
    });
    let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
    assert_eq!(settings.problems(), []);
    assert_eq!(
        settings.resolve(None).unwrap(),
        json!({"one": {"low": 1024, "high": 1_048_576}})
    );
}

#[test]
fn references_in_a_circle_end() {
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "properties": {"x": {"description": "X", "default": {}, "$ref": "#/$defs/a"}},
    });
    let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
    let _either_way = settings.resolve(None);
}

#[test]
fn a_quantity_that_is_none_says_why() {
    let problems = settings()
        .resolve(Some(&node(&json!({"ceiling": {"cpu": "1K"}}))))
        .unwrap_err();
    assert_eq!(problems[0].to_string(), "/ceiling/cpu: unknown suffix `K`");
}

#[test]
fn a_profile_has_defaults_of_its_own() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "required": {
                "description": "R", "default": {"here": false}, "x-defaults": {"strict": {"here": true}},
                "properties": {"here": {"type": "boolean", "default": false, "x-defaults": {"strict": true}}},
            },
            "factor": {"description": "F", "default": 4, "type": "integer"},
        },
    });
    let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
    let of = |profile: &str, section: Value| {
        let section = node(&section);
        settings
            .of_profile(profile)
            .resolve(Some(&section))
            .unwrap()
    };
    let (lax, strict) = (
        json!({"required": {"here": false}, "factor": 4}),
        json!({"required": {"here": true}, "factor": 4}),
    );
    assert_eq!(of("other", json!({})), lax);
    assert_eq!(of("strict", json!({})), strict);
    assert_eq!(of("strict", json!({"required": {}})), strict);
    assert_eq!(of("strict", json!({"required": {"here": false}})), lax);
}

#[test]
fn the_defaults_of_what_is_built_in_are_allowed_in_every_profile() {
    let facts = [
        "backups",
        "claims",
        "connections",
        "freeze",
        "images",
        "inventory",
        "migrations",
        "promotions",
        "quotas",
        "range",
        "rollback",
        "skew",
        "source",
        "storage",
        "workloads",
    ];
    let set = PolicySet::embedded(&facts).unwrap();
    assert!(set.iter().count() > 3);
    for policy in set.iter() {
        let proven = policy.settings();
        assert!(proven.proven, "{}", policy.folder());
        let checked = Settings {
            proven: false,
            ..proven.clone()
        };
        assert_eq!(checked.problems(), [], "{}", policy.folder());
        for profile in profiles(proven.schema())
            .iter()
            .map(String::as_str)
            .chain([""])
        {
            let (proven, checked) = (proven.of_profile(profile), checked.of_profile(profile));
            assert_eq!(
                proven.resolve(None),
                checked.resolve(None),
                "{}",
                policy.folder()
            );
            assert!(checked.resolve(None).is_ok());
            let odd = node(&json!({"no-such-setting": 1}));
            assert!(proven.resolve(Some(&odd)).is_err());
        }
    }
}

#[test]
fn what_is_not_built_in_is_checked_whatever_it_says() {
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {
        "a": {"description": "A", "default": "x", "type": "integer"},
    }});
    let settings = Settings::read("settings.schema.json", &schema.to_string()).unwrap();
    assert!(settings.resolve(None).is_err());
    assert!(
        settings.proven().resolve(None).is_ok(),
        "only the check is left out"
    );
}

/// The profiles for which a schema has defaults of their own.
fn profiles(schema: &Value) -> Vec<String> {
    let own = schema.get("x-defaults").and_then(Value::as_object);
    let own = own.into_iter().flat_map(|own| own.keys().cloned());
    let below: Vec<&Value> = match schema {
        Value::Object(map) => map.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    own.chain(below.into_iter().flat_map(profiles)).collect()
}
