//! The list in our own shape.

use serde_json::{Value, json};

use crate::facts::evidence::Tool;
use crate::facts::evidence::tools::testing::{asked, in_short, said};

fn read(value: &Value) -> String {
    let asked = asked(
        "shop/Bucket.s3.aws.upbound.io/files",
        "2026-11-27T12:00:00Z",
        &[],
    );
    in_short(&said(Tool::Json, value, asked))
}

#[test]
fn a_list_of_ones_own_is_read_and_nothing_else_in_it() {
    let one =
        json!({"label": "a", "kind": "full", "finishedAt": "2026-11-27T02:00:00Z", "bytes": 10});
    let failed = json!({"label": "b", "kind": "logical", "finishedAt": "2026-11-27T03:00:00Z", "failed": "disk full"});
    assert_eq!(
        read(&json!({"backups": [one, failed]})),
        "a of 1; b failed: disk full"
    );
    assert_eq!(read(&json!({"backups": []})), "none of 0");
    for wrong in [
        json!({}),
        json!([]),
        json!({"backups": [], "more": 1}),
        json!({"backups": [{"label": "a", "kind": "full"}]}),
        json!({"backups": [{"label": "a", "kind": "whole", "finishedAt": "2026-11-27T02:00:00Z"}]}),
        json!({"backups": [{"label": "a", "kind": "full", "finishedAt": "2026-11-27T02:00:00+00:00"}]}),
    ] {
        let error = read(&wrong);
        assert!(error.starts_with("evidence.json: "), "{wrong}: {error}");
    }
    let harmful = json!({"backups": [{"label": "a\u{1b}", "kind": "full", "finishedAt": "2026-11-27T02:00:00Z"}]});
    assert!(read(&harmful).starts_with("evidence.contradiction: "));
}

#[test]
fn what_is_printed_is_read_up_to_the_limit() {
    let object = "shop/Bucket.s3.aws.upbound.io/files";
    let read = |length: usize| {
        let mut text = br#"{"backups": []}"#.to_vec();
        text.resize(length, b' ');
        let asked = asked(object, "2026-11-27T12:00:00Z", &[]);
        let read = crate::facts::evidence::tools::read(Tool::Json, &text, asked);
        read.err().map(|error| crate::model::code_of(&error))
    };
    let most = crate::model::limits::EVIDENCE_INPUT.most;
    assert_eq!(read(most), None);
    assert_eq!(read(most + 1), Some("limit.evidence-input".to_owned()));
}
