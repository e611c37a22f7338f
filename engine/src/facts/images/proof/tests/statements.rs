//! Attestations, and what authorities ask of them.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixtures::{Given, given, instant, state};
use crate::facts::images::proof::{
    Bound, Pattern, Predicate, Proof, Required, ScanRule, Severity, Tolerance, Unfixed, Wanted,
};

#[test]
fn b5_an_attestation_is_no_signature() {
    for name in ["bundle-sbom", "att-spdx"] {
        let proof = given(name).asked("p256").prove();
        assert_eq!(state(&proof), "unsigned", "{name}");
        assert_eq!(proof.attestations.len(), 1);
        assert_eq!(
            proof.attestations[0].predicate_type,
            "https://spdx.dev/Document"
        );
        let stranger = given(name).asked("other").prove();
        assert_eq!(state(&stranger), "unsigned");
        assert!(stranger.attestations.is_empty());
        assert_eq!(stranger.candidates.invalid, 1);
    }
}

#[test]
fn a1_and_a2_builder_and_source_are_those_of_the_certificate() {
    for (id, candidate, expected) in [
        ("good", "keyless-provenance", "verified"),
        (
            "A1",
            "keyless-provenance-builder",
            "invalid attestation builderunbound",
        ),
        (
            "A2",
            "keyless-provenance-source",
            "invalid attestation sourceunbound",
        ),
    ] {
        let proof = given("keyless").and(candidate).asked("keyless");
        let asked = proof.requires(provenance(".*", ".*", Bound::ToCertificate));
        assert_eq!(state(&asked.prove()), expected, "{id}");
    }
    let by_key = signed("att-provenance-v1").requires(provenance(".*", ".*", Bound::ToCertificate));
    assert_eq!(state(&by_key.prove()), "invalid attestation builderunbound");
    let free = signed("att-provenance-v1").requires(provenance(".*", ".*", Bound::No));
    assert_eq!(state(&free.prove()), "verified");
}

#[test]
fn builder_and_source_are_those_that_are_allowed() {
    let asked = |builder, source| {
        let proof = given("keyless").and("keyless-provenance").asked("keyless");
        state(
            &proof
                .requires(provenance(builder, source, Bound::No))
                .prove(),
        )
    };
    let builder = r"https://git\.test/acme/odoo/\.github/workflows/release\.yml@refs/tags/v.+";
    let source = r"https://git\.test/acme/odoo";
    assert_eq!(asked(builder, source), "verified");
    assert_eq!(asked("release", source), "invalid attestation builder");
    assert_eq!(
        asked(builder, r"https://git\.test/acme"),
        "invalid attestation source"
    );
}

#[test]
fn a3_a_scan_that_is_too_old_or_from_the_future_does_not_answer() {
    let asked = |name: &str, hours, now: &str| {
        let proof = signed(name).at(now);
        state(
            &proof
                .requires(scan(hours, "pkg:github/aquasecurity/trivy@.*"))
                .prove(),
        )
    };
    assert_eq!(asked("att-scan", 24, "2026-11-21T09:00:00Z"), "verified");
    assert_eq!(
        asked("att-scan", 24, "2026-11-21T09:00:01Z"),
        "invalid attestation stale"
    );
    assert_eq!(
        asked("att-scan", 24, "2026-11-20T08:59:59Z"),
        "invalid attestation future"
    );
    assert_eq!(
        asked("att-scan-future", 24, "2026-12-01T00:00:00Z"),
        "invalid attestation future"
    );
    let other = signed("att-scan").requires(scan(10_000, "trivy"));
    assert_eq!(state(&other.prove()), "invalid attestation scanner");
}

#[test]
fn a4_findings_are_counted_by_severity_and_unknown_words_as_unknown() {
    let proof = signed("att-scan").prove();
    let Predicate::Scan(scan) = &proof.attestations[0].predicate else {
        panic!("no scan");
    };
    let counts: Vec<(&str, u64)> = scan.counts().into_iter().flatten().collect();
    assert_eq!(
        counts,
        [
            ("critical", 1),
            ("high", 2),
            ("low", 1),
            ("medium", 0),
            ("negligible", 0),
            ("unknown", 1)
        ]
    );
}

#[test]
fn a4_more_findings_of_a_severity_than_allowed_do_not_answer() {
    use Severity::{Critical, High, Low, Unknown};
    let asked = |name: &str, most: &[(Severity, u64)]| {
        let findings = Tolerance {
            most: most.iter().copied().collect(),
            ..Tolerance::default()
        };
        state(&signed(name).requires(finding(findings)).prove())
    };
    // One critical, two high, one low, and one of a severity that nobody knows, which counts as critical.
    assert_eq!(
        asked("att-scan", &[(Critical, 2), (High, 2), (Low, 1)]),
        "verified"
    );
    assert_eq!(
        asked("att-scan", &[(Critical, 1), (High, 2)]),
        "invalid attestation findings { severity: critical, found: 2, most: 1 }"
    );
    assert_eq!(
        asked("att-scan", &[(Critical, 1), (Unknown, 1)]),
        "verified"
    );
    assert_eq!(
        asked("att-scan", &[(High, 1)]),
        "invalid attestation findings { severity: critical, found: 2, most: 0 }"
    );
    assert_eq!(asked("att-scan", &[]), "verified");
    for name in ["att-scan-known", "att-scan-grype"] {
        assert_eq!(asked(name, &[(Critical, 1), (High, 1)]), "verified");
        assert_ne!(asked(name, &[(Critical, 0)]), "verified", "{name}");
    }
    // A result that nobody reads is not one without findings.
    assert_eq!(
        asked("att-scan-unread", &[(Critical, 9)]),
        "invalid attestation malformed"
    );
}

#[test]
fn a4_findings_that_are_accepted_or_that_nobody_can_mend_are_left_out_as_far_as_that_is_said() {
    let none: BTreeMap<Severity, u64> = [(Severity::Critical, 0), (Severity::High, 0)].into();
    let asked = |name: &str, accepted: &[&str], unfixed, now: &str| {
        let until = instant("2026-12-01T00:00:00Z");
        let accepted = accepted.iter().map(|id| ((*id).to_owned(), until));
        let findings = Tolerance {
            most: none.clone(),
            accepted: accepted.collect(),
            unfixed,
            ..Tolerance::default()
        };
        state(&signed(name).requires(finding(findings)).at(now).prove())
    };
    let (before, then) = ("2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z");
    let both = ["CVE-2026-0001", "CVE-2026-0002"];
    let (first, second) = (&both[..1], &both[1..]);
    for name in ["att-scan-known", "att-scan-grype"] {
        assert_eq!(asked(name, &both, Unfixed::Counted, before), "verified");
        assert_ne!(asked(name, &both, Unfixed::Counted, then), "verified");
        assert_ne!(asked(name, first, Unfixed::Counted, before), "verified");
        assert_eq!(asked(name, first, Unfixed::LeftOut, before), "verified");
        assert_ne!(asked(name, second, Unfixed::LeftOut, before), "verified");
    }
}

#[test]
fn a_database_that_was_too_old_and_a_branch_that_is_no_release_do_not_answer() {
    let database = |name: &str, hours| {
        let mut asked = scan(10_000, ".*");
        if let Wanted::Scan(rule) = &mut asked.wanted {
            rule.database = Some(SignedDuration::from_hours(hours));
        }
        state(&signed(name).requires(asked).prove())
    };
    assert_eq!(database("att-scan", 9), "verified");
    assert_eq!(database("att-scan", 8), "invalid attestation database");
    assert_eq!(database("att-scan-grype", 9), "invalid attestation undated");
    let released = |name: &str, reference: &str| {
        let mut asked = provenance(".*", ".*", Bound::No);
        if let Wanted::Provenance { refs, .. } = &mut asked.wanted {
            refs.push(Pattern::regex(reference).unwrap());
        }
        state(&signed(name).requires(asked).prove())
    };
    for name in ["att-provenance-v1", "att-provenance-v02"] {
        assert_eq!(released(name, "refs/tags/v.+"), "verified");
        assert_eq!(
            released(name, "refs/heads/main"),
            "invalid attestation reference"
        );
    }
}

#[test]
fn a5_a_bill_of_materials_answers_for_its_own_image_only_and_when_it_lists_something() {
    for (candidate, expected) in [
        ("att-spdx", "verified"),
        ("att-cyclonedx", "verified"),
        ("bundle-sbom", "verified"),
        ("att-spdx-other-image", "invalid attestation missing"),
        ("att-spdx-empty", "invalid attestation empty"),
        ("att-scan", "invalid attestation missing"),
    ] {
        let asked = signed(candidate).requires(required(Wanted::Sbom));
        assert_eq!(state(&asked.prove()), expected, "{candidate}");
    }
}

#[test]
fn a6_a_predicate_that_is_missing_or_no_object_attests_nothing() {
    for candidate in ["att-predicate-missing", "att-predicate-list"] {
        let proof = signed(candidate).prove();
        assert!(proof.attestations.is_empty(), "{candidate}");
        assert_eq!(proof.candidates.invalid, 1);
    }
    let empty = signed("att-provenance-empty").requires(provenance(".*", ".*", Bound::No));
    assert_eq!(
        empty.prove().attestations[0].predicate,
        Predicate::Malformed
    );
    assert_eq!(state(&empty.prove()), "invalid attestation malformed");
}

#[test]
fn a7_provenance_of_both_versions_reads_alike_and_one_that_answers_is_enough() {
    let source = |proof: &Proof, at: usize| match &proof.attestations[at].predicate {
        Predicate::Provenance(one) => (
            one.builder_id.clone(),
            one.sources.clone(),
            one.source_refs.clone(),
            one.source_digest.clone(),
        ),
        other => panic!("{other:?}"),
    };
    let both = signed("att-provenance-v1").and("att-provenance-v02");
    let proof = both.prove();
    assert_eq!(source(&proof, 0), source(&proof, 1));
    assert_eq!(source(&proof, 0).1, ["https://git.test/acme/odoo"]);
    assert_eq!(source(&proof, 0).2, ["refs/tags/v17.0"]);
    let one = signed("att-provenance-empty").and("att-provenance-v02");
    let asked = one.requires(provenance(".*", ".*", Bound::No));
    assert_eq!(state(&asked.prove()), "verified");
}

#[test]
fn an_attestation_answers_only_for_the_authority_that_signed_it() {
    let proof = given("sig-by-another")
        .and("att-spdx")
        .asked("p256")
        .asked("other");
    let proof = proof.requires(required(Wanted::Sbom));
    assert_eq!(state(&proof.prove()), "invalid attestation missing");
    let mine = signed("att-spdx").requires(required(Wanted::Types(vec![
        "https://spdx.dev/Document".to_owned(),
    ])));
    assert_eq!(state(&mine.prove()), "verified");
    let none = signed("att-scan").requires(required(Wanted::Types(vec![
        "https://spdx.dev/Document".to_owned(),
    ])));
    assert_eq!(state(&none.prove()), "invalid attestation missing");
}

#[test]
fn the_age_of_an_attestation_is_that_of_its_proven_time() {
    let keyless = given("keyless-provenance")
        .asked("keyless")
        .at("2020-11-20T11:01:00Z");
    assert_eq!(
        keyless.prove().attestations[0].age,
        Some(SignedDuration::from_hours(1))
    );
    assert_eq!(signed("att-scan").prove().attestations[0].age, None);
}

#[test]
fn sources_are_compared_without_transport_ref_and_suffix() {
    use crate::facts::images::proof::predicate::plain;
    for (uri, expected) in [
        (
            "git+https://git.test/acme/odoo@refs/tags/v1",
            "https://git.test/acme/odoo",
        ),
        (
            "https://git.test/acme/odoo.git",
            "https://git.test/acme/odoo",
        ),
        (
            "git+https://git.test/acme/odoo.git@refs/heads/a@b",
            "https://git.test/acme/odoo",
        ),
        (
            "https://git.test@evil.test/acme/odoo",
            "https://git.test@evil.test/acme/odoo",
        ),
        ("git.test/acme/odoo", "git.test/acme/odoo"),
        ("", ""),
    ] {
        assert_eq!(plain(uri), expected, "{uri}");
    }
}

#[test]
fn every_branch_and_tag_that_a_provenance_says_is_asked_for() {
    use crate::facts::images::proof::predicate::read;
    let v02 = |asked: &str, taken: &str| {
        let predicate = json!({
            "builder": {"id": "b"},
            "invocation": {"configSource": {"uri": asked}},
            "materials": [{"uri": taken}],
        });
        ("https://slsa.dev/provenance/v0.2", predicate)
    };
    let v1 = |asked: Value, taken: &str| {
        let predicate = json!({
            "buildDefinition": {
                "externalParameters": asked,
                "resolvedDependencies": [{"uri": taken}],
            },
            "runDetails": {"builder": {"id": "b"}},
        });
        ("https://slsa.dev/provenance/v1", predicate)
    };
    let (path, commit) = ("git+https://git.test/acme/odoo", "a".repeat(40));
    let at = |said: &str| format!("{path}@{said}");
    let (tag, branch) = ("refs/tags/v17.0", "refs/heads/x@refs/tags/v17.0");
    let workflow = |said: &str| json!({"workflow": {"ref": said, "repository": path}});
    for ((kind, predicate), expected) in [
        (v02(&at(tag), &at(tag)), vec![tag]),
        (v02(&at(tag), path), vec![tag]),
        (v02(&at(tag), &at(&commit)), vec![tag]),
        (v02(&at(branch), &at(branch)), vec![branch]),
        (
            v02(&at(tag), &at("refs/heads/x")),
            vec!["refs/heads/x", tag],
        ),
        (v02(&at("main"), path), vec!["main"]),
        (v02(path, path), vec![]),
        (v1(workflow(tag), &at(tag)), vec![tag]),
        (v1(workflow(tag), path), vec![tag]),
        (
            v1(workflow(tag), &at("refs/heads/x")),
            vec!["refs/heads/x", tag],
        ),
        (v1(json!({}), &at(branch)), vec![branch]),
        (
            v1(json!({"source": {"uri": at(branch)}}), &at(tag)),
            vec![branch, tag],
        ),
        (v1(json!({}), "https://u@git.test/acme/odoo"), vec![]),
    ] {
        let Predicate::Provenance(read) = read(kind, &predicate) else {
            panic!("{predicate}");
        };
        assert_eq!(read.source_refs, expected, "{predicate}");
        let patterns = vec![Pattern::regex("refs/tags/v.+").unwrap()];
        let released = crate::facts::images::proof::required::released(&read, &patterns);
        assert_eq!(released.is_ok(), expected == [tag], "{predicate}");
    }
}

/// A signature that holds, and an attestation by the same key.
fn signed(attestation: &str) -> Given {
    given("sig-p256").and(attestation).asked("p256")
}

fn provenance(builder: &str, source: &str, bound: Bound) -> Required {
    required(Wanted::Provenance {
        builders: vec![Pattern::regex(builder).unwrap()],
        sources: vec![Pattern::regex(source).unwrap()],
        refs: Vec::new(),
        bound,
    })
}

fn scan(hours: i64, scanner: &str) -> Required {
    required(Wanted::Scan(ScanRule {
        most: SignedDuration::from_hours(hours),
        scanners: vec![Pattern::regex(scanner).unwrap()],
        database: None,
        findings: None,
    }))
}

fn finding(findings: Tolerance) -> Required {
    let mut asked = scan(10_000, ".*");
    if let Wanted::Scan(rule) = &mut asked.wanted {
        rule.findings = Some(findings);
    }
    asked
}

fn required(wanted: Wanted) -> Required {
    Required {
        name: "wanted".to_owned(),
        wanted,
    }
}
