//! Which scan decides of several, and what hides one.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixtures::{Given, Layer, given, instant, state};
use crate::facts::images::proof::{
    Attestation, Format, Lack, Pattern, Required, ScanRule, Severity, Signature, Spared, Tolerance,
    Unfixed, Wanted, Who, predicate,
};
use crate::model::{Digest, limits};

const NOW: &str = "2026-11-22T00:00:00Z";
const TRIVY: &str = "pkg:github/aquasecurity/trivy@0.60.0";
const NEWER_TRIVY: &str = "pkg:github/aquasecurity/trivy@0.61.0";
const FOREIGN_TRIVY: &str = "pkg:github/aquasecurity/trivy@0.99.0";
const SHOUTED_TRIVY: &str = "pkg://github/AquaSecurity/Trivy/@0.60.0";
const GRYPE: &str = "pkg:github/anchore/grype@0.100.0";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_newest_scan_of_each_scanner_decides() {
    let (clean, dirty): (&[&str], &[&str]) = (&[], &["CRITICAL"]);
    let at = |day: &'static str, scanner: &'static str, found: &'static [&'static str]| {
        (day, scanner, found)
    };
    for (claim, scans, expected) in [
        (
            "newer clean",
            vec![at("18", TRIVY, dirty), at("20", TRIVY, clean)],
            Ok(()),
        ),
        (
            "newer dirty",
            vec![at("18", TRIVY, clean), at("20", TRIVY, dirty)],
            Err(findings(1)),
        ),
        (
            "same instant",
            vec![at("20", TRIVY, clean), at("20", TRIVY, dirty)],
            Err(findings(1)),
        ),
        (
            "newer version dirty",
            vec![at("18", TRIVY, clean), at("20", NEWER_TRIVY, dirty)],
            Err(findings(1)),
        ),
        (
            "newer version clean",
            vec![at("18", TRIVY, dirty), at("20", NEWER_TRIVY, clean)],
            Ok(()),
        ),
        (
            "of a version that does not count",
            vec![at("18", TRIVY, clean), at("20", FOREIGN_TRIVY, clean)],
            Err(Lack::Scanner),
        ),
        (
            "older of a version that does not count",
            vec![at("18", FOREIGN_TRIVY, dirty), at("20", TRIVY, clean)],
            Ok(()),
        ),
        (
            "newer in capitals",
            vec![at("18", TRIVY, clean), at("20", SHOUTED_TRIVY, clean)],
            Err(Lack::Scanner),
        ),
        (
            "of a scanner that does not count",
            vec![at("18", TRIVY, clean), at("20", "nessus", dirty)],
            Ok(()),
        ),
        (
            "another finds something",
            vec![at("20", TRIVY, clean), at("18", GRYPE, dirty)],
            Err(findings(1)),
        ),
        (
            "another is clean too",
            vec![at("20", TRIVY, clean), at("18", GRYPE, clean)],
            Ok(()),
        ),
        (
            "another was too long ago",
            vec![at("20", TRIVY, clean), at("01", GRYPE, dirty)],
            Ok(()),
        ),
        (
            "all too long ago",
            vec![at("02", TRIVY, clean), at("01", GRYPE, clean)],
            Err(Lack::Stale),
        ),
        (
            "from the future",
            vec![at("20", TRIVY, clean), at("25", TRIVY, clean)],
            Err(Lack::Future),
        ),
        (
            "nothing says when",
            vec![at("20", TRIVY, clean), at("", TRIVY, clean)],
            Err(Lack::Undated),
        ),
        ("none", vec![], Err(Lack::Missing)),
    ] {
        let mut scans: Vec<Attestation> = scans.into_iter().map(scanned).collect();
        for _ in 0..2 {
            assert_eq!(answer(&rule(), &scans), expected, "{claim}");
            scans.reverse();
        }
    }
}

#[test]
fn a_result_that_is_not_read_is_not_passed_over_for_an_older_one() {
    let mut unread = scan("20", TRIVY);
    unread["scanner"]["result"] = json!("none");
    let scans = [scanned(("18", TRIVY, &[])), attested(&unread)];
    assert_eq!(answer(&rule(), &scans), Err(Lack::Malformed));
    // What names no scanner may be of any.
    let ended = |day: &str| format!("2026-11-{day}T00:00:00Z");
    let nameless = |day: &str| attested(&json!({"metadata": {"scanFinishedOn": ended(day)}}));
    let empty = attested(&scan("20", ""));
    let undated = attested(&json!({"scanner": "trivy"}));
    for newer in [nameless("20"), empty, undated] {
        let scans = [scanned(("18", TRIVY, &[])), newer.clone()];
        assert_eq!(answer(&rule(), &scans), Err(Lack::Scanner));
        assert_eq!(answer(&rule(), &[newer]), Err(Lack::Scanner));
    }
    let scans = [scanned(("18", TRIVY, &[])), nameless("17")];
    assert_eq!(answer(&rule(), &scans), Ok(()));
    // A type of scans that is not read, in any version.
    for version in ["", "/v0.1", "/v0.2"] {
        let kind = format!("https://in-toto.io/attestation/vulns{version}");
        let of = |day, scanner| attestation(&kind, &scan(day, scanner));
        for (other, expected) in [
            (of("20", TRIVY), Err(Lack::Malformed)),
            (of("17", TRIVY), Ok(())),
            (of("20", "nessus"), Ok(())),
        ] {
            let scans = [scanned(("18", TRIVY, &[])), other];
            assert_eq!(answer(&rule(), &scans), expected, "{kind}");
        }
        let mut unasked = rule();
        unasked.findings = None;
        let alone = answer(&unasked, &[of("20", TRIVY)]);
        assert_eq!(alone, Err(Lack::Malformed), "whatever it may have found");
    }
}

#[test]
fn a_scan_that_does_not_say_when_it_ended_is_as_new_as_its_signature() {
    let mut signed = scanned(("", TRIVY, &["CRITICAL"]));
    signed.signature.signed_at = Some(instant("2026-11-20T00:00:00Z"));
    let older = scanned(("18", TRIVY, &[]));
    assert_eq!(answer(&rule(), &[older, signed.clone()]), Err(findings(1)));
    // Signed anew it is no newer.
    let mut again = scanned(("18", TRIVY, &[]));
    again.signature.signed_at = Some(instant("2026-11-21T00:00:00Z"));
    assert_eq!(answer(&rule(), &[signed, again]), Err(findings(1)));
}

#[test]
fn what_the_newest_scans_say_turns_when_they_grow_old() {
    let scans = [
        scanned(("11", TRIVY, &[])),
        scanned(("20", TRIVY, &[])),
        scanned(("18", GRYPE, &[])),
        scanned(("12", "nessus", &[])),
    ];
    let turn = |now| rule().turns(&scans.iter().collect::<Vec<_>>(), instant(now));
    assert_eq!(
        turn("2026-11-22T00:00:00Z"),
        Some(instant("2026-11-28T00:00:00Z"))
    );
    assert_eq!(
        turn("2026-11-28T00:00:00Z"),
        Some(instant("2026-11-30T00:00:00Z"))
    );
    assert_eq!(turn("2026-11-30T00:00:00Z"), None);
}

#[test]
fn a_scan_that_nobody_signed_is_no_newer_one() {
    let asked = || given("sig-p256").and("att-scan-clean-before");
    let asked = asked().and("att-scan-known").asked("p256");
    let denied = "invalid attestation findings { severity: critical, found: 1, most: 0 }";
    assert_eq!(state(&asked.requires(required()).prove()), denied);
    let junk = given("sig-p256")
        .and("att-scan-clean-before")
        .and("att-scan-known");
    // The signature is over other bytes.
    let junk = junk.edited(|it| it["payload"] = json!("e30="));
    assert_eq!(
        state(&junk.asked("p256").requires(required()).prove()),
        "verified"
    );
}

#[test]
fn an_image_is_vulnerable_whatever_else_it_lacks() {
    let listed = || Required {
        name: "listed".to_owned(),
        wanted: Wanted::Sbom,
    };
    let asked = |names: &[&str]| {
        let given = names.iter();
        let given = given.fold(Given::default(), |given, name| given.and(name));
        given.asked("p256")
    };
    let unread = |it: &mut Value| it["scanner"] = json!({"uri": TRIVY, "result": "none"});
    for (what, proof, expected) in [
        (
            "unsigned",
            asked(&["att-scan-known"]).requires(required()),
            true,
        ),
        (
            "signed, and something else is lacking first",
            asked(&["sig-p256", "att-scan-known"])
                .requires(listed())
                .requires(required()),
            true,
        ),
        (
            "signed",
            asked(&["sig-p256", "att-scan-known"]).requires(required()),
            true,
        ),
        (
            "of an authority that asks for no scan",
            asked(&["att-scan-known"]).requires(listed()),
            false,
        ),
        (
            "clean and unsigned",
            asked(&["att-scan-clean-before"]).requires(required()),
            false,
        ),
    ] {
        assert_eq!(proof.prove().vulnerable, expected, "{what}");
    }
    let exceeded = |rule: &ScanRule, scans: &[Attestation]| {
        rule.exceeded(&scans.iter().collect::<Vec<_>>(), image(), instant(NOW))
    };
    let mut form = scan("20", TRIVY);
    unread(&mut form);
    let older = scanned(("18", TRIVY, &[]));
    assert!(exceeded(&rule(), &[older.clone(), attested(&form)]));
    assert!(!exceeded(&rule(), &[older]));
    let undated = scanned(("", TRIVY, &["CRITICAL"]));
    assert!(exceeded(&rule(), &[undated]), "of no date");
    let old = scanned(("01", TRIVY, &["CRITICAL"]));
    assert!(!exceeded(&rule(), &[old]), "too old");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_cannot_be_read_may_be_a_newer_scan() {
    let asked = || {
        let asked = given("sig-p256").and("att-scan-clean-before");
        asked.and("att-scan-known").asked("p256")
    };
    let proven = |change: &dyn Fn(&mut Layer), needs: bool| {
        let mut asked = asked();
        change(&mut asked.candidates[2]);
        match needs {
            true => state(&asked.requires(required()).prove()),
            false => state(&asked.prove()),
        }
    };
    let gone = |it: &mut Layer| it.bytes = None;
    let damaged = |it: &mut Layer| it.digest = Some(Digest::of(b"other"));
    let long = |it: &mut Layer| {
        it.bytes = Some(vec![b' '; limits::SIGNATURE_OBJECT.most + 1]);
    };
    let signature = |it: &mut Layer| {
        it.media_type = "application/vnd.dev.cosign.simplesigning.v1+json".to_owned();
        it.bytes = None;
    };
    let bundled = |it: &mut Layer, inner: Value| {
        it.media_type = "application/vnd.dev.sigstore.bundle+json;version=0.2".to_owned();
        it.bytes = Some(inner.to_string().into_bytes());
    };
    let read =
        |it: &Layer| -> Value { serde_json::from_slice(it.bytes.as_ref().unwrap()).unwrap() };
    let older = |it: &mut Layer| {
        let envelope = read(it);
        bundled(it, json!({"dsseEnvelope": envelope}));
    };
    let twice = |it: &mut Layer| {
        let mut envelope = read(it);
        let one = envelope["signatures"][0].clone();
        envelope["signatures"] = json!([one, one]);
        it.bytes = Some(envelope.to_string().into_bytes());
    };
    // What says that it is something else is no scan, whoever signed it.
    let bill = |it: &mut Layer| {
        let bill = given("att-spdx-empty").candidates.remove(0);
        let envelope = read(&bill);
        bundled(it, json!({"dsseEnvelope": envelope}));
    };
    let message = |it: &mut Layer| bundled(it, json!({"messageSignature": {}}));
    for (change, expected) in [
        (
            &gone as &dyn Fn(&mut Layer),
            "indeterminate evidence-missing",
        ),
        (&damaged, "indeterminate evidence-damaged"),
        (&long, "indeterminate hidden"),
        (&signature, "verified"),
        (&older, "indeterminate hidden"),
        (&twice, "indeterminate hidden"),
        (&bill, "verified"),
        (&message, "verified"),
    ] {
        assert_eq!(proven(change, true), expected);
        assert_eq!(proven(change, false), "verified", "no scan is asked for");
    }
    let mut many = asked();
    let (last, junk) = (many.candidates.pop().unwrap(), given("sig-by-another"));
    many.candidates.extend(vec![junk.candidates[0].clone(); 62]);
    many.candidates.push(last);
    let many = many.requires(required()).prove();
    assert_eq!(state(&many), "indeterminate too-many-candidates");
}

#[test]
fn of_what_is_worse_than_all_that_a_maximum_names_none_is_allowed() {
    use Severity::{Critical, High, Low, Medium, Unknown};
    let scans = [scanned((
        "20",
        TRIVY,
        &["CRITICAL", "HIGH", "MEDIUM", "LOW", "NEGLIGIBLE", "spicy"],
    ))];
    for (most, expected) in [
        (vec![(High, 0)], Some((Critical, 2))),
        (vec![(High, 3)], Some((Critical, 2))),
        (vec![(Low, 4)], Some((Critical, 2))),
        (vec![(Critical, 2), (Low, 3)], None),
        (vec![(Critical, 1), (Low, 3)], Some((Critical, 2))),
        (vec![(Critical, 2), (Low, 2)], Some((Low, 3))),
        (vec![(Critical, 1), (High, 1), (Unknown, 1)], None),
        (vec![(High, 2), (Unknown, 1)], Some((Critical, 1))),
        (
            vec![(Critical, 1), (High, 1), (Unknown, 0)],
            Some((Unknown, 1)),
        ),
        (vec![(Critical, 2), (Medium, 4), (Low, 0)], Some((Low, 1))),
    ] {
        let rule = tolerant(|it| it.most = most.iter().copied().collect());
        let found = match answer(&rule, &scans) {
            Err(Lack::Findings {
                severity, found, ..
            }) => Some((severity, found)),
            other => other.map(|()| None).unwrap(),
        };
        assert_eq!(found, expected, "{most:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_scan_that_looked_at_nothing_found_nothing_out() {
    let with = |result: Value| {
        let mut scan = scan("20", TRIVY);
        scan["scanner"]["result"] = result;
        answer(&rule(), &[attested(&scan)])
    };
    let own = format!("sha256:{}", image());
    let other = format!("sha256:{}", Digest::of(b"other"));
    let grype =
        |target: Value| json!({"matches": [], "source": {"type": "image", "target": target}});
    let trivy = |digests: Value| json!({"SchemaVersion": 2, "Metadata": {"RepoDigests": digests}, "Results": [{"Class": "os-pkgs"}]});
    let of = |results: Value| json!({"SchemaVersion": 2, "ArtifactType": "container_image", "Results": results});
    for (result, expected) in [
        (
            json!({"SchemaVersion": 2, "ArtifactType": "container_image"}),
            Err(Lack::Unscanned),
        ),
        (of(json!([])), Err(Lack::Unscanned)),
        (
            of(json!([{"Target": "a", "Class": "secret"}])),
            Err(Lack::Unscanned),
        ),
        (of(json!([{"Target": "a", "Class": "os-pkgs"}])), Ok(())),
        (
            of(json!([{"Target": "a", "Class": "lang-pkgs", "Vulnerabilities": null}])),
            Ok(()),
        ),
        (
            of(json!([{"Class": "custom", "Vulnerabilities": [{"Severity": "CRITICAL"}]}])),
            Err(findings(1)),
        ),
        (
            of(json!([{"Class": "os-pkgs", "Vulnerabilities": "none"}])),
            Err(Lack::Malformed),
        ),
        (
            of(json!([{"Class": "os-pkgs", "Vulnerabilities": ["CVE"]}])),
            Err(Lack::Malformed),
        ),
        (of(json!(["os-pkgs"])), Err(Lack::Malformed)),
        (of(json!({})), Err(Lack::Malformed)),
        (json!({}), Err(Lack::Malformed)),
        (json!({"matches": []}), Err(Lack::Unscanned)),
        (
            json!({"matches": [], "source": {"target": null}}),
            Err(Lack::Unscanned),
        ),
        (grype(json!({"userInput": "odoo"})), Ok(())),
        (
            grype(json!({"manifestDigest": own, "repoDigests": [other]})),
            Ok(()),
        ),
        (
            grype(json!({"manifestDigest": other, "repoDigests": [format!("a@{own}")]})),
            Ok(()),
        ),
        (
            grype(json!({"manifestDigest": other})),
            Err(Lack::Unscanned),
        ),
        (trivy(json!([format!("a@{own}")])), Ok(())),
        (
            trivy(json!([format!("a@{other}"), format!("b@{own}")])),
            Ok(()),
        ),
        (trivy(json!([format!("a@{other}")])), Err(Lack::Unscanned)),
        (trivy(json!([])), Ok(())),
        (json!({"matches": null}), Err(Lack::Malformed)),
        (json!({"matches": [1]}), Err(Lack::Malformed)),
        (
            json!({"matches": [{"vulnerability": {}}]}),
            Err(findings(1)),
        ),
    ] {
        let text = result.to_string();
        assert_eq!(with(result), expected, "{text}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_finding_without_a_fix_or_with_one_since_lately_is_told_and_forbids_nothing() {
    let trivy = |more: Value| json!({"Results": [{"Vulnerabilities": [with(json!({"Severity": "CRITICAL"}), more)]}]});
    let grype =
        |fix: Value| json!({"matches": [{"vulnerability": {"severity": "Critical", "fix": fix}}]});
    let since = |day: &str| {
        trivy(json!({"FixedVersion": "1", "PublishedDate": format!("2026-{day}T00:00:00Z")}))
    };
    let available = |days: &[&str]| {
        let days = days.iter().map(|day| json!({"version": "1", "date": day}));
        grype(json!({"state": "fixed", "available": Value::from_iter(days)}))
    };
    let (counts, unfixed, lately) = ((0, 0, false), (1, 0, true), (0, 1, true));
    for (what, result, expected) in [
        ("no fix", trivy(json!({})), unfixed),
        ("an empty fix", trivy(json!({"FixedVersion": ""})), unfixed),
        (
            "a fix that is no text",
            trivy(json!({"FixedVersion": 1})),
            counts,
        ),
        (
            "a fix by its status",
            trivy(json!({"Status": "fixed"})),
            counts,
        ),
        ("no day", trivy(json!({"FixedVersion": "1"})), counts),
        (
            "no instant",
            trivy(json!({"FixedVersion": "1", "PublishedDate": "lately"})),
            counts,
        ),
        ("a week ago", since("11-15"), lately),
        ("fourteen days ago, and no less", since("11-08"), counts),
        ("thirteen days ago", since("11-09"), lately),
        ("tomorrow", since("11-23"), counts),
        (
            "no fix, says the scanner",
            grype(json!({"state": "not-fixed"})),
            unfixed,
        ),
        (
            "nobody will fix it",
            grype(json!({"state": "wont-fix"})),
            unfixed,
        ),
        ("nobody knows", grype(json!({"state": "unknown"})), counts),
        ("a fix of no day", grype(json!({"state": "fixed"})), counts),
        (
            "two fixes",
            available(&["2026-11-20", "2026-11-15T00:00:00Z"]),
            lately,
        ),
        (
            "one long ago",
            available(&["2026-11-20", "2026-01-15"]),
            counts,
        ),
        ("one of no day", available(&["2026-11-20", "soon"]), counts),
    ] {
        let mut scan = scan("20", TRIVY);
        scan["scanner"]["result"] = result;
        let scan = [attested(&scan)];
        let rule = tolerant(|it| {
            it.unfixed = Unfixed::Warned;
            it.grace = SignedDuration::from_hours(24 * 14);
        });
        let spared = spared(&rule, &scan).map(|it| (it.unfixed, it.in_grace, it.over.is_some()));
        let expected = match expected {
            (0, 0, _) => Err(findings(1)),
            told => Ok(told),
        };
        assert_eq!(spared, expected, "{what}");
        // Where nothing is said of either, both count.
        let counted = answer(&self::rule(), &scan);
        assert_eq!(counted, Err(findings(1)), "{what}");
    }
    let scan = scan_of(&since("11-15"));
    let rule = tolerant(|it| it.grace = SignedDuration::from_hours(24 * 10));
    let turn = rule.turns(&[&scan], instant("2026-11-22T00:00:00Z"));
    assert_eq!(
        turn,
        Some(instant("2026-11-25T00:00:00Z")),
        "a verdict ends with it"
    );
}

/// A scan of a day of November 2026.
fn scanned((day, scanner, found): (&str, &str, &[&str])) -> Attestation {
    let mut scan = scan(day, scanner);
    let found = found.iter().map(|severity| json!({"Severity": severity}));
    let found = Value::from_iter(found);
    scan["scanner"]["result"] = json!({"Results": [{"Vulnerabilities": found}]});
    attested(&scan)
}

fn scan(day: &str, scanner: &str) -> Value {
    let mut scan = json!({"scanner": {"uri": scanner}, "metadata": {}});
    if !day.is_empty() {
        scan["metadata"]["scanFinishedOn"] = json!(format!("2026-11-{day}T00:00:00Z"));
    }
    scan
}

fn attested(scan: &Value) -> Attestation {
    attestation("https://cosign.sigstore.dev/attestation/vuln/v1", scan)
}

/// What one authority says of the image.
pub(super) fn attestation(kind: &str, predicate: &Value) -> Attestation {
    Attestation {
        signature: Signature {
            authority: "release".to_owned(),
            candidate: Digest::of(b"candidate"),
            format: Format::Legacy,
            who: Who::Key(Digest::of(b"key")),
            signed_at: None,
            logged: false,
            until: None,
            reference: None,
            source_repository: None,
        },
        predicate_type: kind.to_owned(),
        predicate: predicate::read(kind, predicate),
        age: None,
    }
}

fn answer(rule: &ScanRule, scans: &[Attestation]) -> Result<(), Lack> {
    let now = instant(NOW);
    let all: Vec<&Attestation> = scans.iter().collect();
    rule.answered(&all, image(), now).map(|_| ())
}

/// What does not count in the one scan that decides.
pub(super) fn spared(rule: &ScanRule, all: &[Attestation]) -> Result<Spared, Lack> {
    let all: Vec<&Attestation> = all.iter().collect();
    let spared = rule.answered(&all, image(), instant(NOW))?;
    assert_eq!(spared.len(), 1);
    Ok(spared[0])
}

pub(super) fn image() -> Digest {
    Digest::of(b"image")
}

fn rule() -> ScanRule {
    let exact = |scanner| Pattern::exact(scanner).unwrap();
    ScanRule {
        most: SignedDuration::from_hours(240),
        scanners: [TRIVY, NEWER_TRIVY, GRYPE].map(exact).into(),
        database: None,
        findings: Some(Tolerance {
            most: [(Severity::Critical, 0)].into(),
            ..Tolerance::default()
        }),
    }
}

/// The rule, with another tolerance of no critical finding.
pub(super) fn tolerant(change: impl FnOnce(&mut Tolerance)) -> ScanRule {
    let mut rule = rule();
    change(rule.findings.as_mut().unwrap());
    rule
}

pub(super) fn scan_of(result: &Value) -> Attestation {
    let mut scan = scan("20", TRIVY);
    scan["scanner"]["result"] = result.clone();
    attested(&scan)
}

#[expect(clippy::needless_pass_by_value, reason = "it is made in place")]
fn with(mut value: Value, more: Value) -> Value {
    let more = more.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(more);
    value
}

fn findings(found: u64) -> Lack {
    Lack::Findings {
        severity: Severity::Critical,
        found,
        most: 0,
    }
}

fn required() -> Required {
    Required {
        name: "wanted".to_owned(),
        wanted: Wanted::Scan(ScanRule {
            most: SignedDuration::from_hours(1000),
            ..rule()
        }),
    }
}
