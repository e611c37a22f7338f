//! What a statement must say, and what no statement may.
//! Edits what the product writes.

use serde_json::json;

use super::*;
use crate::attest::{Counts, FindingSummary, json, sample};
use crate::model::{Effect, RiskTier, code_of};

fn link() -> Verdict {
    sample::link(&sample::baseline(sample::state(1)), sample::state(2))
}

fn code(payload: &[u8]) -> String {
    let parsed = Verdict::parse_unverified(payload);
    parsed
        .err()
        .map_or("ok".into(), |rejection| code_of(&rejection))
}

fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut value = of(&link()).unwrap();
    edit(&mut value);
    code(&json::canonical(&value))
}

#[test]
fn what_is_written_is_what_is_read() {
    for verdict in [sample::baseline(sample::state(1)), link()] {
        let bytes = verdict.to_statement_bytes().unwrap();
        assert_eq!(Verdict::parse_unverified(&bytes), Ok(verdict.clone()));
        assert_eq!(verdict.to_statement_bytes().unwrap(), bytes);
    }
}

#[test]
fn others_find_what_they_look_for() {
    let value = of(&link()).unwrap();
    assert_eq!(value["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(value["subject"].as_array().unwrap().len(), 1);
    assert_eq!(value["subject"][0]["name"], "prod/odoo");
    assert_eq!(value["predicate"]["resourceUri"], "tidegate:prod/odoo");
    assert_eq!(value["predicate"]["verificationResult"], "PASSED");
    assert_eq!(
        value["predicate"]["verifiedLevels"],
        json!(["TIDEGATE_GATE", "TIDEGATE_TIER_LOW"])
    );
    assert_eq!(value["predicate"]["timeVerified"], "2026-11-20T10:00:00Z");
    let named = Verdict {
        repository: Some("https://git.example/shop/deploy".into()),
        ..link()
    };
    assert_eq!(
        named.resource_uri(),
        "git+https://git.example/shop/deploy#prod/odoo"
    );
}

#[test]
fn a_baseline_and_an_observed_verdict_never_have_the_level_of_the_gate() {
    let observed = Verdict {
        enforcement: Enforcement::Observe,
        ..link()
    };
    assert_eq!(
        levels(&observed),
        ["TIDEGATE_OBSERVED", "TIDEGATE_TIER_LOW"]
    );
    assert_eq!(
        levels(&sample::baseline(sample::state(1))),
        ["TIDEGATE_BASELINE"]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_statement_of_another_kind_or_version_is_told_apart() {
    for (pointer, text, expected) in [
        (
            "/_type",
            "https://in-toto.io/Statement/v0.1",
            "refused.predicate",
        ),
        (
            "/predicateType",
            "https://slsa.dev/provenance/v1",
            "refused.predicate",
        ),
        (
            "/predicate/verifier/id",
            "https://other.example/v1",
            "refused.predicate",
        ),
        (
            "/predicate/verificationResult",
            "PASSED ",
            "refused.malformed",
        ),
        (
            "/predicate/verificationResult",
            "passed",
            "refused.malformed",
        ),
        (
            "/predicate/verificationResult",
            "FAILED",
            "refused.inconsistent",
        ),
        (
            "/predicate/timeVerified",
            "2026-11-20T10:00:01Z",
            "refused.inconsistent",
        ),
        (
            "/predicate/timeVerified",
            "2026-11-20T11:00:00+01:00",
            "refused.malformed",
        ),
        (
            "/predicate/resourceUri",
            "tidegate:prod/odoo/",
            "refused.inconsistent",
        ),
        (
            "/predicate/resourceUri",
            "tidegate:staging/odoo",
            "refused.inconsistent",
        ),
        ("/predicate/policy/uri", "x", "refused.inconsistent"),
        (
            "/predicate/verifiedLevels/1",
            "TIDEGATE_TIER_CRITICAL",
            "refused.inconsistent",
        ),
        ("/subject/0/name", "prod/redis", "refused.inconsistent"),
    ] {
        assert_eq!(
            edited(|v| *v.pointer_mut(pointer).unwrap() = text.into()),
            expected,
            "{pointer} {text}"
        );
    }
    assert_eq!(
        edited(|v| {
            let predicate = v["predicate"].as_object_mut().unwrap();
            let verdict = predicate.remove(VERDICT_EXTENSION).unwrap();
            predicate.insert("https://tidegate.dev/verdict/v2".into(), verdict);
        }),
        "refused.version"
    );
}

#[test]
fn the_subject_is_one_tree_with_both_digests() {
    let edits: [fn(&mut Value); 8] = [
        |v| v["subject"] = json!([]),
        |v| {
            let subject = v["subject"][0].clone();
            v["subject"] = json!([subject, subject]);
        },
        |v| {
            v["subject"][0]["digest"]
                .as_object_mut()
                .unwrap()
                .remove("sha256");
        },
        |v| {
            v["subject"][0]["digest"]
                .as_object_mut()
                .unwrap()
                .remove("gitTree");
        },
        |v| v["subject"][0]["digest"]["gitTree"] = "ab".repeat(20).to_uppercase().into(),
        |v| v["subject"][0]["digest"]["gitTree"] = "ab".repeat(20).into(),
        |v| v["subject"][0]["digest"]["sha256"] = "ab".repeat(32).into(),
        |v| v["subject"][0]["digest"]["gitCommit"] = "ab".repeat(20).into(),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        assert_ne!(edited(edit), "ok", "edit {number}");
    }
}

#[test]
fn unknown_fields_other_spellings_and_floats_are_refused() {
    let edits: [fn(&mut Value); 6] = [
        |v| v["more"] = 1.into(),
        |v| v["predicate"]["more"] = 1.into(),
        |v| v["predicate"] = Value::Null,
        |v| v["predicate"][VERDICT_EXTENSION]["more"] = 1.into(),
        |v| v["predicate"][VERDICT_EXTENSION]["height"] = 1.0.into(),
        |v| v["predicate"][VERDICT_EXTENSION]["gateState"] = Value::Null,
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        assert_ne!(edited(edit), "ok", "edit {number}");
    }
    let pretty = serde_json::to_vec_pretty(&of(&link()).unwrap()).unwrap();
    assert_eq!(code(&pretty), "refused.inconsistent");
}

#[test]
fn a_wrong_shape_is_told_in_one_short_line() {
    let mut value = of(&link()).unwrap();
    value[format!("a\u{1b}[2J\n{}", "x".repeat(200))] = 1.into();
    let payload = json::canonical(&value);
    let Err(Rejection::Malformed { what }) = Verdict::parse_unverified(&payload) else {
        panic!("it is read");
    };
    let words = "the statement has the wrong shape: unknown field";
    assert!(what.starts_with(words), "{what}");
    assert!(
        !what.contains(char::is_control) && what.len() < 250,
        "{what:?}"
    );
}

#[test]
fn fields_that_contradict_each_other_are_neither_written_nor_read() {
    let deny = FindingSummary {
        code: "resources.missing".into(),
        effect: Effect::Deny,
        object: None,
        keyed_path: None,
        message: "no limit".into(),
        inherited: false,
        excepted_by: None,
    };
    let approval = |name: &str, bytes: &[u8]| crate::attest::Approval {
        principal: name.into(),
        digest: Digest::of(bytes),
    };
    let edits: [&dyn Fn(&mut Verdict); 19] = [
        &|v| v.outcome = Outcome::Fail,
        &|v| v.findings = vec![deny.clone()],
        &|v| v.counts.denied = 1,
        &|v| v.height = 0,
        &|v| v.previous = None,
        &|v| v.base = None,
        &|v| v.selector.clear(),
        &|v| v.unit = "../odoo".into(),
        &|v| v.valid_until = v.valid_from,
        &|v| v.valid_until = "2026-11-27T10:00:01Z".parse().unwrap(),
        &|v| v.valid_until = "2026-11-19T10:00:00Z".parse().unwrap(),
        &|v| v.withdrawals = vec![Digest::of(b""); 2],
        &|v| v.change_digest = None,
        &|v| v.facts_digest = None,
        &|v| (v.height, v.base, v.previous) = (0, None, None),
        &|v| v.approvals = vec![approval("alice", b"")],
        &|v| v.input_attestations = vec![Digest::of(b""); 2],
        &|v| {
            v.approvals = vec![approval("alice", b""); 2];
            v.input_attestations = vec![Digest::of(b"")];
        },
        &|v| {
            v.approvals = vec![approval("bob", b""), approval("alice", b"")];
            v.input_attestations = vec![Digest::of(b"")];
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let mut verdict = link();
        edit(&mut verdict);
        let written = verdict.to_statement_bytes().unwrap_err();
        assert_eq!(code_of(&written), "refused.inconsistent", "edit {number}");
        let bytes = json::canonical(&of(&verdict).unwrap());
        assert_eq!(code(&bytes), "refused.inconsistent", "edit {number}");
    }
    let failed = Verdict {
        outcome: Outcome::Fail,
        counts: Counts {
            denied: 1,
            ..Counts::default()
        },
        findings: vec![deny],
        risk_tier: RiskTier::High,
        ..link()
    };
    let bytes = failed.to_statement_bytes().unwrap();
    assert_eq!(Verdict::parse_unverified(&bytes), Ok(failed));
}

#[test]
fn what_does_not_deny_is_listed_in_a_verdict_that_passes() {
    let deny = FindingSummary {
        code: "resources.missing".into(),
        effect: Effect::Deny,
        object: None,
        keyed_path: None,
        message: "no limit".into(),
        inherited: false,
        excepted_by: None,
    };
    let mut digests = [b"a", b"b"].map(|bytes| Digest::of(bytes));
    digests.sort();
    let edits: [&dyn Fn(&mut Verdict); 5] = [
        &|v| v.findings[0].effect = Effect::Warn,
        &|v| v.findings[0].inherited = true,
        &|v| v.findings[0].excepted_by = Some("EXC-1".into()),
        &|v| {
            v.findings.clear();
            v.input_attestations = digests.into();
            v.approvals = ["alice", "bob"]
                .map(|principal| crate::attest::Approval {
                    principal: principal.into(),
                    digest: digests[0],
                })
                .into();
        },
        &|v| {
            v.findings.clear();
            v.valid_until = "2026-11-27T10:00:00Z".parse().unwrap();
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let mut verdict = Verdict {
            findings: vec![deny.clone()],
            ..link()
        };
        edit(&mut verdict);
        let bytes = verdict.to_statement_bytes();
        assert!(bytes.is_ok(), "edit {number}: {bytes:?}");
        assert_eq!(code(&bytes.unwrap()), "ok", "edit {number}");
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "`BLESS=1` rewrites what a test compares"
)]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verdict.v1.json");
    let schema = format!("{:#}\n", schema());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        schema,
        "run with BLESS=1"
    );
    assert_eq!(crate::attest::statement_schema(), self::schema());
    let validator = jsonschema::validator_for(&self::schema()).unwrap();
    assert!(validator.is_valid(&of(&link()).unwrap()));
    assert!(!validator.is_valid(&json!({})));
}
