//! The JSON Schemas of everything that is read or written, as they stand in `schemas/`.
//! Knows nothing of what they describe.

/// The schema at `path` below `schemas/`, `facts/workloads.json`.
#[must_use]
pub fn schema(path: &str) -> Option<&'static str> {
    SCHEMAS
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, text)| *text)
}

/// The paths of all schemas, sorted.
pub fn paths() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(path, _)| *path)
}

const SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_a_schema() {
        assert!(paths().any(|path| path == "policy-metadata.v1.json"));
        for path in paths() {
            let schema = serde_json::from_str(schema(path).unwrap()).unwrap();
            assert!(jsonschema::meta::is_valid(&schema), "{path}");
        }
    }
}
