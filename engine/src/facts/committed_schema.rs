//! Schemas of facts that are generated from their types: what is committed must be what comes out.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Holds a file of `schemas/facts` to what is generated; `BLESS=1` rewrites it.
pub(super) fn committed_is(name: &str, generated: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas/facts")
        .join(name);
    let generated = format!("{}\n", serde_json::to_string_pretty(generated).unwrap());
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told to rewrite its snapshot"
    )]
    let bless = std::env::var_os("BLESS").is_some();
    if bless {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        committed, generated,
        "run the tests with BLESS=1 to rewrite {name}"
    );
}
