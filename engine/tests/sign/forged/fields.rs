//! Forgeries of single fields of a statement, each properly signed: missing, unknown, spelled otherwise, or at
//! odds with the others.

use serde_json::{Value, json};

use super::shop::Shop;
use super::statements::{edited, remove, verdict};
use super::{Edit, Forgery};

const MALFORMED: &str = "refused malformed";
const INCONSISTENT: &str = "refused inconsistent";

pub(super) fn all(shop: &Shop) -> Vec<Forgery> {
    let mut forgeries = [
        edited(shop, &SUBJECTS),
        edited(shop, &TIMES),
        edited(shop, &FIELDS),
    ]
    .concat();
    forgeries.extend(NAMES.iter().map(|(name, uri)| {
        let mut statement = shop.statement();
        statement["predicate"]["resourceUri"] = (*uri).into();
        Forgery::unreadable(
            format!("resource-uri-{name}"),
            shop.sign(&statement),
            INCONSISTENT,
        )
    }));
    forgeries
}

const SUBJECTS: [Edit; 16] = [
    ("subject-missing", MALFORMED, |v| remove(v, "subject")),
    ("subject-none", MALFORMED, |v| v["subject"] = json!([])),
    ("subject-null", MALFORMED, |v| v["subject"] = json!([null])),
    ("subject-two", MALFORMED, |v| {
        let mut other = v["subject"][0].clone();
        other["digest"]["gitTree"] = "ab".repeat(20).into();
        v["subject"].as_array_mut().unwrap().push(other);
    }),
    ("subject-two-alike", MALFORMED, |v| {
        v["subject"] = vec![v["subject"][0].clone(); 2].into();
    }),
    ("subject-without-digest", MALFORMED, |v| {
        remove(&mut v["subject"][0], "digest");
    }),
    ("subject-without-tree", MALFORMED, |v| {
        remove(digest(v), "gitTree");
    }),
    ("subject-without-sha256", MALFORMED, |v| {
        remove(digest(v), "sha256");
    }),
    ("subject-sha1-for-sha256", MALFORMED, |v| {
        digest(v)["sha256"] = "ab".repeat(20).into();
    }),
    ("subject-sha512", MALFORMED, |v| {
        remove(digest(v), "sha256");
        digest(v)["sha512"] = "ab".repeat(64).into();
    }),
    ("subject-commit-too", MALFORMED, |v| {
        digest(v)["gitCommit"] = "ab".repeat(20).into();
    }),
    ("subject-upper-case", MALFORMED, |v| {
        let upper = digest(v)["gitTree"].as_str().unwrap().to_uppercase();
        digest(v)["gitTree"] = upper.into();
    }),
    ("subject-digest-with-prefix", MALFORMED, |v| {
        let prefixed = format!("sha256:{}", digest(v)["sha256"].as_str().unwrap());
        digest(v)["sha256"] = prefixed.into();
    }),
    ("subject-of-another-unit", INCONSISTENT, |v| {
        v["subject"][0]["name"] = "prod/db".into();
    }),
    ("subject-other-tree", INCONSISTENT, |v| {
        digest(v)["gitTree"] = "ab".repeat(20).into();
    }),
    ("subject-other-sha256", INCONSISTENT, |v| {
        digest(v)["sha256"] = "ab".repeat(32).into();
    }),
];

const TIMES: [Edit; 11] = [
    ("valid-until-missing", MALFORMED, |v| {
        remove(verdict(v), "validUntil");
    }),
    ("valid-until-null", MALFORMED, |v| {
        verdict(v)["validUntil"] = Value::Null;
    }),
    ("valid-until-year-10000", MALFORMED, |v| {
        verdict(v)["validUntil"] = "10000-01-01T00:00:00Z".into();
    }),
    ("valid-until-with-offset", MALFORMED, |v| {
        verdict(v)["validUntil"] = "2026-11-21T12:00:00+02:00".into();
    }),
    ("valid-until-with-zone", MALFORMED, |v| {
        verdict(v)["validUntil"] = "2026-11-21T12:00:00Z[UTC]".into();
    }),
    ("valid-until-without-zone", MALFORMED, |v| {
        verdict(v)["validUntil"] = "2026-11-21T12:00:00".into();
    }),
    ("valid-until-a-number", MALFORMED, |v| {
        verdict(v)["validUntil"] = 1_795_000_000.into();
    }),
    ("valid-until-before-from", INCONSISTENT, |v| {
        verdict(v)["validUntil"] = "2026-11-20T09:00:00Z".into();
    }),
    ("valid-for-eight-days", INCONSISTENT, |v| {
        verdict(v)["validUntil"] = "2026-11-28T12:00:00Z".into();
    }),
    ("time-verified-earlier", INCONSISTENT, |v| {
        v["predicate"]["timeVerified"] = "2026-11-20T09:00:00Z".into();
    }),
    ("time-verified-missing", MALFORMED, |v| {
        remove(&mut v["predicate"], "timeVerified");
    }),
];

const FIELDS: [Edit; 21] = [
    ("unknown-field-of-the-statement", MALFORMED, |v| {
        v["critical"] = true.into();
    }),
    ("unknown-field-of-the-subject", MALFORMED, |v| {
        v["subject"][0]["uri"] = "x".into();
    }),
    ("unknown-field-of-the-predicate", MALFORMED, |v| {
        v["predicate"]["expires"] = "never".into();
    }),
    ("unknown-field-of-the-verdict", MALFORMED, |v| {
        verdict(v)["onlyOnSundays"] = true.into();
    }),
    ("unknown-field-of-the-counts", MALFORMED, |v| {
        verdict(v)["counts"]["waived"] = 1.into();
    }),
    ("policy-of-others", INCONSISTENT, |v| {
        v["predicate"]["policy"]["uri"] = "https://x".into();
    }),
    ("policy-other-digest", INCONSISTENT, |v| {
        v["predicate"]["policy"]["digest"]["sha256"] = "ab".repeat(32).into();
    }),
    ("attestation-not-in-the-verdict", INCONSISTENT, |v| {
        v["predicate"]["inputAttestations"] = json!([{"digest": {"sha256": "ab".repeat(32)}}]);
    }),
    ("approval-without-attestation", INCONSISTENT, |v| {
        verdict(v)["approvals"] = json!([{"principal": "ada", "digest": "ab".repeat(32)}]);
    }),
    ("withdrawals-unsorted", INCONSISTENT, |v| {
        verdict(v)["withdrawals"] = json!(["cd".repeat(32), "ab".repeat(32)]);
    }),
    ("withdrawals-twice", INCONSISTENT, |v| {
        verdict(v)["withdrawals"] = json!(["ab".repeat(32), "ab".repeat(32)]);
    }),
    ("selector-empty", INCONSISTENT, |v| {
        verdict(v)["selector"] = json!([]);
    }),
    ("selector-a-string", MALFORMED, |v| {
        verdict(v)["selector"] = "apps/**".into();
    }),
    ("height-negative", MALFORMED, |v| {
        verdict(v)["height"] = (-1).into();
    }),
    ("height-a-fraction", MALFORMED, |v| {
        verdict(v)["height"] = 1.0.into();
    }),
    ("height-0-with-a-predecessor", INCONSISTENT, |v| {
        verdict(v)["height"] = 0.into();
    }),
    ("height-0-that-is-no-baseline", INCONSISTENT, |v| {
        verdict(v)["height"] = 0.into();
        remove(verdict(v), "previous");
        remove(verdict(v), "base");
    }),
    ("height-1-without-a-predecessor", INCONSISTENT, |v| {
        remove(verdict(v), "previous");
    }),
    ("height-1-without-a-base", INCONSISTENT, |v| {
        remove(verdict(v), "base");
    }),
    ("link-without-facts", INCONSISTENT, |v| {
        remove(verdict(v), "factsDigest");
    }),
    ("environment-out-of-its-folder", INCONSISTENT, |v| {
        verdict(v)["environment"] = "../prod".into();
    }),
];

/// Other spellings of `git+https://git.example/shop/deploy#prod/web`.
const NAMES: [(&str, &str); 9] = [
    (
        "trailing-slash",
        "git+https://git.example/shop/deploy/#prod/web",
    ),
    (
        "dot-git",
        "git+https://git.example/shop/deploy.git#prod/web",
    ),
    (
        "upper-case-host",
        "git+https://GIT.example/shop/deploy#prod/web",
    ),
    ("percent", "git+https://git.example/shop/deplo%79#prod/web"),
    ("user", "git+https://ci@git.example/shop/deploy#prod/web"),
    ("port", "git+https://git.example:443/shop/deploy#prod/web"),
    ("idn", "git+https://gıt.example/shop/deploy#prod/web"),
    (
        "other-fragment",
        "git+https://git.example/shop/deploy#prod/db",
    ),
    ("no-fragment", "git+https://git.example/shop/deploy"),
];

fn digest(statement: &mut Value) -> &mut Value {
    &mut statement["subject"][0]["digest"]
}
