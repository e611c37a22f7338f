//! The JSON Schema of the configuration, made from the raw types.
//! Knows nothing of files or places.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::RawConfig;

/// The JSON Schema (draft 2020-12) of `tidegate.yaml`, as committed in `schemas/config.v1.json`.
#[must_use]
pub fn schema() -> Value {
    of::<RawConfig>()
}

/// The schema of a type.
pub(super) fn of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema
}

/// An optional key is left out or has a value: `null` is neither.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(keys) => {
            if keys.get("default").is_some_and(Value::is_null) {
                keys.remove("default");
            }
            if let Some(Value::Array(types)) = keys.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    keys.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(alternatives)) = keys.get_mut("anyOf") {
                alternatives.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = alternatives.as_slice() {
                    let only = only.clone();
                    keys.remove("anyOf");
                    keys.extend(only);
                }
            }
            keys.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/config.v1.json");
        let generated = format!("{:#}\n", schema());
        #[expect(
            clippy::disallowed_methods,
            reason = "a test asks whether to rewrite its file"
        )]
        let bless = std::env::var_os("BLESS").is_some();
        if bless {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == generated,
            "run `BLESS=1 cargo test` and read the diff"
        );
    }

    #[test]
    fn the_schema_is_valid_and_knows_no_null() {
        let schema = schema();
        assert!(jsonschema::meta::is_valid(&schema));
        assert!(!schema.to_string().contains("null"));
    }

    #[test]
    fn three_lines_are_valid_and_nothing_is_not() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let valid = serde_json::json!({"environments": [{"name": "prod", "paths": ["apps/**"]}]});
        assert!(validator.is_valid(&valid));
        for invalid in [
            serde_json::json!(null),
            serde_json::json!({}),
            serde_json::json!({"environments": []}),
            serde_json::json!({"environments": [{"name": "prod", "cluster": null}]}),
            serde_json::json!({"environments": [{"name": "prod", "path": "apps/**"}]}),
            serde_json::json!({"environments": [{"name": "Prod"}]}),
            serde_json::json!({"environments": [{"name": "prod", "max-tier": "huge"}]}),
        ] {
            assert!(!validator.is_valid(&invalid), "{invalid}");
        }
    }
}
