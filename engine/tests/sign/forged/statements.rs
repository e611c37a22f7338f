//! Forgeries of the statement, each properly signed: other JSON, other kinds and versions, other results.
//! A trusted key does not make them true.

use serde_json::{Value, json};
use tidegate::attest::{self, VERDICT_EXTENSION as VERDICT};

use super::shop::Shop;
use super::{Edit, Forgery};

const MALFORMED: &str = "refused malformed";
const PREDICATE: &str = "refused predicate";
const INCONSISTENT: &str = "refused inconsistent";
const VERSION: &str = "refused version";

pub(super) fn all(shop: &Shop) -> Vec<Forgery> {
    let mut forgeries = texts(shop);
    forgeries.extend(edited(shop, &KINDS));
    forgeries.extend(edited(shop, &RESULTS));
    forgeries
}

/// A file for each edit of the genuine statement, signed again.
pub(super) fn edited(shop: &Shop, edits: &[Edit]) -> Vec<Forgery> {
    let forged = |(name, answer, edit): &Edit| {
        let mut statement = shop.statement();
        edit(&mut statement);
        Forgery::unreadable(*name, shop.sign(&statement), answer)
    };
    edits.iter().map(forged).collect()
}

/// Payloads that are no JSON, or other JSON than ours.
#[expect(clippy::too_many_lines, reason = "a table")]
fn texts(shop: &Shop) -> Vec<Forgery> {
    let good = shop.statement().to_string();
    let front = |field: &str| good.replacen('{', &format!("{{{field},"), 1);
    let nested = "[".repeat(1000) + &"]".repeat(1000);
    let height = r#""height":1"#;
    let texts = [
        ("no-json", "passed".to_owned(), MALFORMED),
        ("list", "[]".to_owned(), PREDICATE),
        ("empty-object", "{}".to_owned(), PREDICATE),
        ("trailing-brace", format!("{good}}}"), MALFORMED),
        ("twice", format!("{good}{good}"), MALFORMED),
        ("trailing-newline", format!("{good}\n"), INCONSISTENT),
        ("byte-order-mark", format!("\u{feff}{good}"), MALFORMED),
        ("key-twice", front(r#""predicateType":"x""#), MALFORMED),
        (
            "deep-key-twice",
            good.replacen(height, r#""height":0,"height":1"#, 1),
            MALFORMED,
        ),
        (
            "key-twice-escaped",
            good.replacen(height, r#""heigh\u0074":0,"height":1"#, 1),
            MALFORMED,
        ),
        (
            "deep-nesting",
            front(&format!(r#""x":{nested}"#)),
            MALFORMED,
        ),
        (
            "not-a-number",
            good.replacen(height, r#""height":NaN"#, 1),
            MALFORMED,
        ),
        (
            "number-too-large",
            good.replacen(height, r#""height":1e400"#, 1),
            MALFORMED,
        ),
        ("lone-surrogate", front(r#""x":"\ud800""#), MALFORMED),
        (
            "key-escaped",
            good.replacen("\"height\"", r#""heigh\u0074""#, 1),
            INCONSISTENT,
        ),
        (
            "spaced",
            good.replacen(height, r#""height": 1"#, 1),
            INCONSISTENT,
        ),
        ("unsorted", front_to_back(&good), INCONSISTENT),
        ("in-lines", format!("{:#}", shop.statement()), INCONSISTENT),
    ];
    let sign = |text: &[u8]| attest::sign(text, &shop.key);
    let mut forgeries: Vec<Forgery> = texts
        .into_iter()
        .map(|(name, text, answer)| {
            Forgery::unreadable(format!("statement-{name}"), sign(text.as_bytes()), answer)
        })
        .collect();
    let mut no_text = good.into_bytes();
    no_text.insert(1, 0xff);
    forgeries.push(Forgery::unreadable(
        "statement-no-utf-8",
        sign(&no_text),
        MALFORMED,
    ));
    forgeries
}

/// Moves the first key to the end.
fn front_to_back(object: &str) -> String {
    let (first, rest) = object[1..object.len() - 1].split_once(',').unwrap();
    format!("{{{rest},{first}}}")
}

const KINDS: [Edit; 14] = [
    ("statement-v0.1", PREDICATE, |v| {
        v["_type"] = "https://in-toto.io/Statement/v0.1".into();
    }),
    ("statement-without-type", PREDICATE, |v| remove(v, "_type")),
    ("statement-layout", PREDICATE, |v| {
        v["_type"] = "layout".into();
    }),
    ("predicate-type-provenance", PREDICATE, |v| {
        v["predicateType"] = "https://slsa.dev/provenance/v1".into();
    }),
    ("predicate-type-v2", PREDICATE, |v| {
        v["predicateType"] = "https://slsa.dev/verification_summary/v2".into();
    }),
    ("predicate-type-v0.1", PREDICATE, |v| {
        v["predicateType"] = "https://slsa.dev/verification_summary/v0.1".into();
    }),
    ("predicate-type-trailing-slash", PREDICATE, |v| {
        v["predicateType"] = "https://slsa.dev/verification_summary/v1/".into();
    }),
    ("predicate-type-withdrawal", PREDICATE, |v| {
        v["predicateType"] = attest::WITHDRAWAL_PREDICATE.into();
    }),
    ("predicate-null", PREDICATE, |v| {
        v["predicate"] = Value::Null;
    }),
    ("verifier-of-others", PREDICATE, |v| {
        v["predicate"]["verifier"]["id"] = "https://other.example/gate/v1".into();
    }),
    ("verifier-missing", PREDICATE, |v| {
        remove(&mut v["predicate"], "verifier");
    }),
    ("extension-missing", PREDICATE, |v| {
        remove(&mut v["predicate"], VERDICT);
    }),
    ("extension-v2", VERSION, |v| {
        let verdict = v["predicate"][VERDICT].take();
        remove(&mut v["predicate"], VERDICT);
        v["predicate"]["https://tidegate.dev/verdict/v2"] = verdict;
    }),
    ("extension-v1-and-v2", VERSION, |v| {
        v["predicate"]["https://tidegate.dev/verdict/v2"] = v["predicate"][VERDICT].clone();
    }),
];

const RESULTS: [Edit; 13] = [
    ("result-lower-case", MALFORMED, |v| {
        v["predicate"]["verificationResult"] = "passed".into();
    }),
    ("result-with-space", MALFORMED, |v| {
        v["predicate"]["verificationResult"] = "PASSED ".into();
    }),
    ("result-boolean", MALFORMED, |v| {
        v["predicate"]["verificationResult"] = true.into();
    }),
    ("result-missing", MALFORMED, |v| {
        remove(&mut v["predicate"], "verificationResult");
    }),
    ("result-failed-outcome-pass", INCONSISTENT, |v| {
        v["predicate"]["verificationResult"] = "FAILED".into();
    }),
    ("result-passed-outcome-fail", INCONSISTENT, |v| {
        verdict(v)["outcome"] = "fail".into();
    }),
    ("outcome-unknown", MALFORMED, |v| {
        verdict(v)["outcome"] = "skipped".into();
    }),
    ("pass-with-denials-counted", INCONSISTENT, |v| {
        verdict(v)["counts"]["denied"] = 1.into();
    }),
    ("pass-with-a-denying-finding", INCONSISTENT, |v| {
        verdict(v)["findings"] = json!([{
            "code": "resources.missing-memory-limit", "effect": "deny", "message": "no limit", "inherited": false,
        }]);
    }),
    ("fail-that-denies-nothing", INCONSISTENT, |v| {
        v["predicate"]["verificationResult"] = "FAILED".into();
        v["predicate"]["verifiedLevels"] = json!(["FAILED"]);
        verdict(v)["outcome"] = "fail".into();
    }),
    ("levels-say-a-lower-tier", INCONSISTENT, |v| {
        v["predicate"]["verifiedLevels"][1] = "TIDEGATE_TIER_LOW".into();
    }),
    ("levels-say-slsa", INCONSISTENT, |v| {
        v["predicate"]["verifiedLevels"][0] = "SLSA_BUILD_LEVEL_3".into();
    }),
    ("tier-lowered", INCONSISTENT, |v| {
        verdict(v)["riskTier"] = "low".into();
    }),
];

pub(super) fn verdict(statement: &mut Value) -> &mut Value {
    &mut statement["predicate"][VERDICT]
}

pub(super) fn remove(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field).unwrap();
}
