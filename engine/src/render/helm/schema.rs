//! What the schema of a chart's values (`values.schema.json`) would fetch.
//! Knows nothing of the values.

use serde_json::Value;

/// The first reference that leads out of the schema itself.
pub(in crate::render) fn reference_outside(schema: &Value) -> Option<&str> {
    match schema {
        Value::Array(items) => items.iter().find_map(reference_outside),
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            let named = value.as_str().filter(|name| match key.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" => !name.starts_with('#') && !known(name),
                "$schema" => !known(name),
                _ => false,
            });
            named.or_else(|| reference_outside(value))
        }),
        _ => None,
    }
}

/// What every validator carries with it.
fn known(name: &str) -> bool {
    let rest = name.split_once("://").map(|(_, rest)| rest);
    rest.is_some_and(|rest| rest.starts_with("json-schema.org/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_out_of_the_schema_are_found() {
        let own = json!({
            "$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://shop.example/app",
            "properties": {"a": {"$ref": "#/definitions/a"}}, "definitions": {"a": {"type": "string"}},
        });
        assert_eq!(reference_outside(&own), None);
        for name in [
            "https://x.example/a.json",
            "file:///etc/passwd",
            "other.json",
            "/dev/zero",
        ] {
            let schema = json!({"properties": {"a": {"anyOf": [{"$ref": name}]}}});
            assert_eq!(reference_outside(&schema), Some(name));
        }
        let meta = json!({"$schema": "https://x.example/meta"});
        assert_eq!(reference_outside(&meta), Some("https://x.example/meta"));
    }
}
