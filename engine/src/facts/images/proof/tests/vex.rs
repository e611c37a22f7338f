//! Which findings statements about vulnerabilities take out.

use serde_json::{Value, json};

use super::scans::{attestation, image, scan_of, spared, tolerant};
use crate::facts::images::proof::{Attestation, ScanRule, Vex};
use crate::model::Digest;

const PACKAGE: &str = "pkg:deb/debian/openssl@3.0.11";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_does_not_affect_the_image_does_not_count() {
    let own = format!("pkg:oci/odoo@sha256:{}", image());
    let escaped = format!(
        "pkg:oci/odoo@sha256%3A{}?repository_url=registry.test/shop",
        image()
    );
    let other = format!("pkg:oci/odoo@sha256:{}", Digest::of(b"other"));
    let hashed =
        json!({"@id": "https://acme.test/odoo", "hashes": {"sha-256": image().to_string()}});
    let part = |package: &str| json!([{"@id": own, "subcomponents": [{"@id": package}]}]);
    let nothing = json!({});
    let products = |products: Value| json!({"products": products});
    for (what, more, expected) in [
        ("about the subject", nothing.clone(), true),
        ("about the image", products(json!([{"@id": own}])), true),
        ("escaped", products(json!([{"@id": escaped}])), true),
        (
            "by its purl",
            products(json!([{"identifiers": {"purl": own}}])),
            true,
        ),
        ("by its hash", products(json!([hashed])), true),
        (
            "one of two",
            products(json!([{"@id": other}, {"@id": own}])),
            true,
        ),
        ("about another", products(json!([{"@id": other}])), false),
        (
            "about two at once",
            products(json!([{"@id": own, "identifiers": {"purl": other}}])),
            false,
        ),
        (
            "about no digest",
            products(json!([{"@id": "pkg:oci/odoo"}])),
            false,
        ),
        ("about a name", products(json!([{"@id": "odoo"}])), false),
        ("about nothing", products(json!([])), false),
        ("about a package in it", products(part(PACKAGE)), true),
        (
            "about it exactly",
            products(part(&format!("{PACKAGE}?arch=amd64"))),
            true,
        ),
        (
            "about another build of it",
            products(part(&format!("{PACKAGE}?arch=arm64"))),
            false,
        ),
        (
            "about another package",
            products(part("pkg:deb/debian/openssl@3.0.12")),
            false,
        ),
        (
            "about any version",
            products(part("pkg:deb/debian/openssl")),
            false,
        ),
        (
            "about a part that has no name",
            products(json!([{"@id": own, "subcomponents": [{}]}])),
            false,
        ),
        (
            "by an alias",
            json!({"vulnerability": {"name": "GHSA-1", "aliases": ["CVE-2026-1"]}}),
            true,
        ),
        (
            "another vulnerability",
            json!({"vulnerability": {"name": "CVE-2026-10"}}),
            false,
        ),
        (
            "without justification",
            json!({"justification": null}),
            false,
        ),
        (
            "for a reason of its own",
            json!({"justification": "we looked"}),
            false,
        ),
        (
            "in words",
            json!({"justification": null, "impact_statement": "none"}),
            false,
        ),
        (
            "fixed",
            json!({"status": "fixed", "justification": null}),
            true,
        ),
        ("affected", json!({"status": "affected"}), false),
        (
            "looked into",
            json!({"status": "under_investigation"}),
            false,
        ),
        (
            "said in another way",
            json!({"status": "NOT_AFFECTED"}),
            false,
        ),
        (
            "from the future",
            json!({"timestamp": "2026-11-23T00:00:00Z"}),
            false,
        ),
        ("at no instant", json!({"timestamp": "lately"}), false),
    ] {
        let said = openvex(json!([statement(more)]));
        assert_eq!(clears(&[said]), expected, "{what}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_newest_statement_decides_and_one_that_cannot_be_read_takes_all_back() {
    let clear = |day: &str| statement(json!({"timestamp": format!("2026-11-{day}T00:00:00Z")}));
    let affected = |day: &str| {
        let at = format!("2026-11-{day}T00:00:00Z");
        statement(json!({"status": "affected", "timestamp": at}))
    };
    let other = format!("pkg:oci/odoo@sha256:{}", Digest::of(b"other"));
    let elsewhere = with(affected("15"), "products", json!([{"@id": other}]));
    let unknown = with(affected("15"), "products", json!([{"@id": "odoo"}]));
    let undated = with(affected("15"), "timestamp", json!("lately"));
    for (what, documents, expected) in [
        (
            "taken back",
            vec![json!([clear("10")]), json!([affected("15")])],
            false,
        ),
        (
            "affirmed",
            vec![json!([affected("10")]), json!([clear("15")])],
            true,
        ),
        (
            "both at once",
            vec![json!([clear("10"), affected("10")])],
            false,
        ),
        (
            "another image is affected",
            vec![json!([clear("10"), elsewhere])],
            true,
        ),
        (
            "something is affected",
            vec![json!([clear("10"), unknown])],
            false,
        ),
        (
            "nobody says what is affected",
            vec![json!([
                clear("10"),
                with(affected("15"), "products", json!([]))
            ])],
            false,
        ),
        (
            "affected at no instant",
            vec![json!([clear("10"), undated])],
            false,
        ),
        (
            "one that is none",
            vec![json!([clear("10")]), json!([{"status": "fixed"}])],
            false,
        ),
        ("no list", vec![json!([clear("10")]), json!({})], false),
    ] {
        let mut documents: Vec<Attestation> = documents.into_iter().map(openvex).collect();
        for _ in 0..2 {
            assert_eq!(clears(&documents), expected, "{what}");
            documents.reverse();
        }
    }
    // What does not say when is as old as its document.
    let mut old =
        json!({"@context": CONTEXT, "statements": [statement(json!({"timestamp": null}))]});
    old["statements"][0]
        .as_object_mut()
        .unwrap()
        .remove("timestamp");
    assert!(
        !clears(&[attestation(OPENVEX, &old)]),
        "at no instant at all"
    );
    old["timestamp"] = json!("2026-11-12T00:00:00Z");
    assert!(clears(&[attestation(OPENVEX, &old)]));
    assert!(!clears(&[
        attestation(OPENVEX, &old),
        openvex(json!([affected("13")]))
    ]));
    old["@context"] = json!("https://openvex.dev/ns/v9.0.0");
    assert!(!clears(&[attestation(OPENVEX, &old)]), "of another version");
}

#[test]
fn a_statement_is_taken_back_by_whatever_name_and_in_whatever_case() {
    let at = |day: &str, more: Value| {
        let mut one = statement(more);
        one["timestamp"] = json!(format!("2026-11-{day}T00:00:00Z"));
        one
    };
    let named = |name: &str, aliases: &[&str], status: &str| json!({"vulnerability": {"name": name, "aliases": aliases}, "status": status});
    let clear = || at("10", named("GHSA-1", &["CVE-2026-1"], "not_affected"));
    for (what, more, expected) in [
        ("nothing more", vec![], true),
        (
            "by the other name",
            vec![named("GHSA-1", &[], "affected")],
            false,
        ),
        (
            "in lower case",
            vec![named("cve-2026-1", &[], "affected")],
            false,
        ),
        (
            "by a name of a name",
            vec![
                named("GHSA-1", &["DSA-1"], "fixed"),
                named("dsa-1", &[], "affected"),
            ],
            false,
        ),
        (
            "another",
            vec![named("CVE-2026-10", &["GHSA-10"], "affected")],
            true,
        ),
        (
            "again, by the other name",
            vec![
                named("CVE-2026-1", &[], "affected"),
                named("GHSA-1", &[], "fixed"),
            ],
            false,
        ),
    ] {
        let more = more.into_iter().zip(["11", "12"]);
        let mut all: Vec<Value> = more
            .map(|(one, day)| at(day, one))
            .chain([clear()])
            .collect();
        for _ in 0..2 {
            assert_eq!(clears(&[openvex(json!(all))]), expected, "{what}");
            all.reverse();
        }
    }
    let low = at("10", named("cve-2026-1", &[], "not_affected"));
    assert!(clears(&[openvex(json!([low]))]), "case says nothing");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn only_the_last_version_of_a_document_clears() {
    let document = |id: &str, version: Value, statements: Value| {
        let document =
            json!({"@context": CONTEXT, "@id": id, "version": version, "statements": statements});
        attestation(OPENVEX, &document)
    };
    let (one, other) = ("https://acme.test/vex/1", "https://acme.test/vex/2");
    let clear = || json!([statement(json!({}))]);
    for (what, documents, expected) in [
        ("alone", vec![document(one, json!(1), clear())], true),
        (
            "alone, of no version",
            vec![document(one, json!(null), clear())],
            true,
        ),
        (
            "left out since",
            vec![
                document(one, json!(1), clear()),
                document(one, json!(2), json!([])),
            ],
            false,
        ),
        (
            "said since",
            vec![
                document(one, json!(1), json!([])),
                document(one, json!(2), clear()),
            ],
            true,
        ),
        (
            "said still",
            vec![
                document(one, json!(1), clear()),
                document(one, json!(2), clear()),
            ],
            true,
        ),
        (
            "of another document",
            vec![
                document(one, json!(1), clear()),
                document(other, json!(2), json!([])),
            ],
            true,
        ),
        (
            "of no version since",
            vec![
                document(one, json!(1), clear()),
                document(one, json!("2"), json!([])),
            ],
            false,
        ),
        (
            "known to be affected before",
            vec![
                document(
                    one,
                    json!(1),
                    json!([statement(
                        json!({"status": "affected", "timestamp": "2026-11-11T00:00:00Z"})
                    )]),
                ),
                document(one, json!(2), clear()),
            ],
            false,
        ),
    ] {
        let mut documents = documents;
        for _ in 0..2 {
            assert_eq!(clears(&documents), expected, "{what}");
            documents.reverse();
        }
    }
    let said = openvex(clear());
    let read = json!({"@context": CONTEXT, "statements": []});
    for kind in [
        "https://openvex.dev/ns@v0.2.1",
        "https://openvex.dev/nsx",
        "https://openvex.dev/ns#a",
    ] {
        let unread = attestation(kind, &read);
        assert!(!clears(&[said.clone(), unread]), "{kind} is not read");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_analyses_of_cyclonedx_count_alike() {
    let with_analysis = |analysis: Value, refs: &[&str]| {
        let affects = Value::from_iter(refs.iter().map(|it| json!({"ref": it})));
        bom(json!({"id": "CVE-2026-1", "analysis": analysis, "affects": affects}))
    };
    let clear = json!({"state": "not_affected", "justification": "code_not_reachable"});
    let resolved = json!({"state": "resolved"});
    for (what, document, expected) in [
        ("the image", with_analysis(clear.clone(), &["image"]), true),
        (
            "a package",
            with_analysis(clear.clone(), &["openssl"]),
            true,
        ),
        (
            "another package",
            with_analysis(clear.clone(), &["zlib"]),
            false,
        ),
        (
            "what is not listed",
            with_analysis(clear.clone(), &["urn:cdx:x"]),
            false,
        ),
        ("nothing", with_analysis(clear.clone(), &[]), false),
        ("resolved", with_analysis(resolved, &["image"]), true),
        (
            "without a reason",
            with_analysis(json!({"state": "not_affected"}), &["image"]),
            false,
        ),
        (
            "false alarm",
            with_analysis(json!({"state": "false_positive"}), &["image"]),
            false,
        ),
        (
            "only listed",
            bom(json!({"id": "CVE-2026-1", "affects": [{"ref": "image"}]})),
            false,
        ),
    ] {
        assert_eq!(clears(&[attestation(BOM, &document)]), expected, "{what}");
    }
    let mut foreign = with_analysis(clear.clone(), &["image"]);
    foreign["metadata"]["component"]["hashes"] =
        json!([{"alg": "SHA-256", "content": Digest::of(b"other").to_string()}]);
    assert!(!clears(&[attestation(BOM, &foreign)]), "of another image");
    foreign["metadata"]["component"]["hashes"][0]["content"] = json!(image().to_string());
    assert!(clears(&[attestation(BOM, &foreign)]));
    let versions = bom(
        json!({"id": "CVE-2026-1", "analysis": clear, "affects": [{"ref": "image", "versions": []}]}),
    );
    assert!(!clears(&[attestation(BOM, &versions)]), "of some versions");
    let plain = attestation(BOM, &json!({"bomFormat": "CycloneDX", "components": []}));
    let said = openvex(json!([statement(json!({}))]));
    assert!(
        clears(&[plain, said.clone()]),
        "a bill of materials takes nothing back"
    );
    let broken = attestation(
        BOM,
        &json!({"bomFormat": "CycloneDX", "vulnerabilities": {}}),
    );
    assert!(!clears(&[broken, said]));
}

#[test]
fn statements_count_only_where_that_is_said() {
    let scan = scanned();
    let said = openvex(json!([statement(json!({}))]));
    let ignored = tolerant(|it| it.statements = Vex::Ignored);
    assert!(spared(&ignored, &[scan.clone(), said.clone()]).is_err());
    let counted = spared(&counted(), &[scan, said]).unwrap();
    assert_eq!((counted.not_affected, counted.accepted), (1, 0));
}

/// Whether the one finding is taken out.
fn clears(said: &[Attestation]) -> bool {
    let all: Vec<Attestation> = [scanned()].into_iter().chain(said.to_vec()).collect();
    spared(&counted(), &all).is_ok_and(|it| it.not_affected == 1)
}

fn counted() -> ScanRule {
    tolerant(|it| it.statements = Vex::Counted)
}

fn scanned() -> Attestation {
    scan_of(&json!({"Results": [{"Vulnerabilities": [{
        "VulnerabilityID": "CVE-2026-1",
        "Severity": "CRITICAL",
        "PkgIdentifier": {"PURL": format!("{PACKAGE}?arch=amd64")},
    }]}]}))
}

/// A statement that takes the finding out, with changes.
#[expect(clippy::needless_pass_by_value, reason = "it is made in place")]
fn statement(more: Value) -> Value {
    let mut statement = json!({
        "vulnerability": {"name": "CVE-2026-1"},
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "timestamp": "2026-11-10T00:00:00Z",
    });
    let more = more.as_object().unwrap().clone();
    statement.as_object_mut().unwrap().extend(more);
    statement
}

fn with(mut value: Value, key: &str, one: Value) -> Value {
    value[key] = one;
    value
}

#[expect(clippy::needless_pass_by_value, reason = "it is made in place")]
fn openvex(statements: Value) -> Attestation {
    let document = json!({"@context": CONTEXT, "statements": statements});
    attestation(OPENVEX, &document)
}

#[expect(clippy::needless_pass_by_value, reason = "it is made in place")]
fn bom(vulnerability: Value) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "metadata": {"timestamp": "2026-11-10T00:00:00Z", "component": {"bom-ref": "image", "name": "odoo"}},
        "components": [
            {"bom-ref": "openssl", "purl": PACKAGE},
            {"bom-ref": "zlib", "purl": "pkg:deb/debian/zlib@1"},
        ],
        "vulnerabilities": [vulnerability],
    })
}

const OPENVEX: &str = "https://openvex.dev/ns";
const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";
const BOM: &str = "https://cyclonedx.org/bom";
