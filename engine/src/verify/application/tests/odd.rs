//! Applications whose sources are missing, and requests that change nothing or apply nothing.

use serde_json::{Value, json};

use super::{AGAIN, SINGLE, refused, with};

#[test]
fn sources_that_are_missing_or_no_sources_decide_nothing() {
    for (document, pointer, value) in [
        (SINGLE, "/syncResult/source", Value::Null),
        (SINGLE, "/syncResult/source", json!("apps/one")),
        (SINGLE, "/syncResult/sources", json!("apps/one")),
        (SINGLE, "/syncResult/revision", Value::Null),
        (AGAIN, "/syncResult/revisions", Value::Null),
        (AGAIN, "/syncResult/revisions", json!("main")),
    ] {
        let said = refused(&with(document, pointer, value));
        assert!(said.starts_with("argo.status "), "{pointer}: {said}");
    }
}

#[test]
fn a_sync_that_prunes_is_one_and_a_trial_is_none() {
    assert_eq!(refused(SINGLE), "");
    assert_eq!(
        refused(&with(SINGLE, "/operation/sync/prune", true.into())),
        ""
    );
    assert_eq!(
        refused(&with(SINGLE, "/operation/sync/dryRun", true.into())),
        "source-override `status.operationState.operation.sync.dryRun: true`"
    );
}
