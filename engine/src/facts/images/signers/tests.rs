//! What an authority may say, and what it must not leave open.

use serde_json::json;

use super::*;
use crate::facts::images::proof::Wanted;

const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAeYxTJX9KAfr2cgWy/23ejplakvNIXfuntaT1BBcwyow=\n-----END PUBLIC KEY-----\n";

fn with_files(more: &Value, files: Files<'_>) -> Result<Signers, Vec<String>> {
    let mut authority = json!({"name": "release", "images": ["registry.test/shop/**"]});
    for (key, value) in more.as_object().unwrap() {
        authority[key] = value.clone();
    }
    let settings = json!({"authorities": [authority]});
    Signers::of_settings(&settings, files).map_err(|problems| {
        let said = problems.into_iter();
        said.map(|it| format!("{}: {}", it.pointer, it.message))
            .collect()
    })
}

fn read(more: &Value) -> Result<Signers, Vec<String>> {
    with_files(more, Some(&BTreeMap::new()))
}

fn only(more: &Value) -> Authority {
    let mut signers = read(more).unwrap();
    signers.entries.remove(0).authority.unwrap()
}

fn keyed(more: &Value) -> Value {
    let mut value = json!({"key": {"pem": PEM}});
    for (key, more) in more.as_object().unwrap() {
        value[key] = more.clone();
    }
    value
}

#[test]
fn an_authority_is_for_repositories_that_fit_as_a_whole() {
    let signers = read(&keyed(&json!({}))).unwrap();
    for (repository, covered) in [
        ("registry.test/shop/odoo", true),
        ("registry.test/shop/a/b", true),
        ("registry.test/shop-evil/odoo", false),
        ("evil.test/registry.test/shop/odoo", false),
    ] {
        assert_eq!(signers.cover(repository), covered, "{repository}");
        assert_eq!(signers.of(repository).len(), usize::from(covered));
    }
}

#[test]
fn the_earlier_of_end_and_revocation_counts() {
    let (early, late) = ("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z");
    for (end, revoked) in [(early, late), (late, early)] {
        let authority = only(&keyed(&json!({"not-after": end, "revoked": revoked})));
        assert_eq!(authority.not_after, early.parse().ok());
    }
    let authority = only(&keyed(&json!({"not-before": early, "not-after": late})));
    let at = |text: &str| turns_after(&authority, text.parse().unwrap());
    assert_eq!(at("2026-11-20T00:00:00Z"), early.parse().ok());
    assert_eq!(at(early), late.parse().ok());
    assert_eq!(at(late), None);
}

#[test]
fn an_authority_that_is_none_is_told_with_its_place() {
    let identity = json!({"root": "r.json", "issuer": "i", "subject": "s"});
    told(&[
        (json!({}), "/authorities/0: name either a `key`,"),
        (
            keyed(&json!({"keyless": identity})),
            "/authorities/0: name either a `key`,",
        ),
        (
            keyed(&json!({"not-after": "tomorrow"})),
            "/authorities/0/not-after: it is no instant",
        ),
        (
            keyed(&json!({"revoked": "2026-11-21"})),
            "/authorities/0/revoked: it is no instant",
        ),
        (
            keyed(&json!({"note": "x"})),
            "/authorities/0: unknown field `note`",
        ),
    ]);
}

#[test]
fn a_key_that_is_none_is_told_with_its_place() {
    told(&[
        (
            json!({"key": {}}),
            "/authorities/0/key: give the key either",
        ),
        (
            json!({"key": {"pem": PEM, "file": "a"}}),
            "/authorities/0/key: give the key either",
        ),
        (
            json!({"key": {"pem": "x"}}),
            "/authorities/0/key: it is not one public key in PEM",
        ),
        (
            json!({"key": {"pem": PEM, "padding": "pss"}}),
            "/authorities/0/key: only an RSA key",
        ),
        (
            json!({"key": {"file": "a.pub"}}),
            "/authorities/0/key/file: there is no file `a.pub`",
        ),
        (
            json!({"key": {"pem": PEM, "log": "r.json"}}),
            "/authorities/0/key/log: there is no file",
        ),
    ]);
}

#[test]
fn an_identity_that_is_none_is_told_with_its_place() {
    let identity = json!({"root": "r.json", "issuer": "i", "subject": "s"});
    told(&[
        (
            json!({"keyless": identity}),
            "/authorities/0/keyless/root: there is no file `r.json`",
        ),
        (
            json!({"keyless": {"root": "r", "issuer": "", "subject": "s"}}),
            "/authorities/0/keyless/issuer: it is empty",
        ),
        (
            json!({"keyless": {"root": "r", "issuer": "i", "subject": {"regex": "("}}}),
            "/authorities/0/keyless/subject: it is no regular expression",
        ),
        (
            json!({"keyless": {"root": "r", "issuer": "i", "subject": "s", "claims": {"sub": "x"}}}),
            "/authorities/0/keyless/claims/sub: no certificate has such a claim",
        ),
    ]);
}

#[test]
fn what_a_requirement_leaves_open_is_told_with_its_place() {
    told(&[
        (
            keyed(&json!({"require": [{"name": "a", "kind": "provenance", "sources": ["s"]}]})),
            "/authorities/0/require/0: `kind: provenance` needs `builders`",
        ),
        (
            keyed(&json!({"require": [{"name": "a", "kind": "provenance", "builders": ["b"]}]})),
            "/authorities/0/require/0: `kind: provenance` needs `sources`",
        ),
        (
            keyed(&json!({"require": [{"name": "a", "kind": "scan", "scanners": ["b"]}]})),
            "/authorities/0/require/0: `kind: scan` needs `max-age-days`",
        ),
        (
            keyed(&json!({"require": [{"name": "a", "kind": "scan", "max-age-days": 1}]})),
            "/authorities/0/require/0: `kind: scan` needs `scanners`",
        ),
        (
            keyed(&json!({"require": [{"name": "a", "kind": "other"}]})),
            "/authorities/0/require/0: `kind: other` needs `predicate-types`",
        ),
    ]);
}

#[test]
fn a_key_of_another_kind_of_requirement_is_refused() {
    let provenance = json!({"builders": ["b"], "sources": ["s"]});
    for (kind, own, key, value, of) in [
        ("sbom", json!({}), "max", json!({"high": 0}), "scan"),
        ("sbom", json!({}), "scanners", json!(["s"]), "scan"),
        ("sbom", json!({}), "max-age-days", json!(1), "scan"),
        ("sbom", json!({}), "database-max-age-days", json!(1), "scan"),
        (
            "sbom",
            json!({}),
            "accepted",
            json!({"CVE-2026-1": "2026-12-31"}),
            "scan",
        ),
        ("sbom", json!({}), "vex", json!("counted"), "scan"),
        ("sbom", json!({}), "unfixed", json!("counted"), "scan"),
        ("sbom", json!({}), "fix-grace-days", json!(1), "scan"),
        ("sbom", json!({}), "builders", json!(["b"]), "provenance"),
        (
            "other",
            json!({"predicate-types": ["t"]}),
            "source-refs",
            json!(["r"]),
            "provenance",
        ),
        (
            "other",
            json!({"predicate-types": ["t"]}),
            "sources",
            json!(["s"]),
            "provenance",
        ),
        (
            "scan",
            json!({"scanners": ["s"], "max-age-days": 1}),
            "bound-to-certificate",
            json!(true),
            "provenance",
        ),
        (
            "provenance",
            provenance,
            "predicate-types",
            json!(["t"]),
            "other",
        ),
    ] {
        let mut required = json!({"name": "a", "kind": kind});
        required
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        required[key] = value;
        let expected = format!("/authorities/0/require/0: `{key}` is for `kind: {of}`");
        told(&[(keyed(&json!({"require": [required]})), &expected)]);
    }
}

#[test]
fn what_a_scan_may_have_found_is_said_with_severities_and_days() {
    let scan = |more: &Value| {
        let mut scan =
            json!({"name": "scanned", "kind": "scan", "scanners": ["s"], "max-age-days": 1});
        for (key, value) in more.as_object().unwrap() {
            scan[key] = value.clone();
        }
        keyed(&json!({"require": [scan]}))
    };
    let within = "/authorities/0/require/0: ";
    told(&[
        (
            scan(&json!({"max": {"worse": 0}})),
            &format!("{within}`worse` is no severity"),
        ),
        (
            scan(&json!({"max": {"high": 0}, "accepted": {"CVE-2026-1": "2026-02-30"}})),
            &format!("{within}`CVE-2026-1` is accepted until no day"),
        ),
        (
            scan(&json!({"accepted": {"CVE-2026-1": "2026-02-28"}})),
            &format!("{within}`accepted` needs `max`"),
        ),
        (
            scan(&json!({"fix-grace-days": 14})),
            &format!("{within}`fix-grace-days` needs `max`"),
        ),
        (
            scan(&json!({"unfixed": "warned"})),
            &format!("{within}`unfixed` needs `max`"),
        ),
        (
            scan(&json!({"vex": "counted"})),
            &format!("{within}`vex` needs `max`"),
        ),
        (
            scan(&json!({"max": {"unknown": 0}})),
            &format!("{within}`max` names `unknown` alone"),
        ),
    ]);
    let accepted = json!({"max": {"high": 0}, "accepted": {"CVE-2026-1": "2026-02-28"}});
    let authority = only(&scan(&accepted));
    let Wanted::Scan(rule) = &authority.required[0].wanted else {
        panic!("no scan");
    };
    let accepted = rule.findings.iter().flat_map(|it| it.accepted.values());
    let accepted: Vec<Timestamp> = accepted.copied().collect();
    assert_eq!(accepted, ["2026-03-01T00:00:00Z".parse().unwrap()]);
}

fn told(table: &[(Value, &str)]) {
    for (more, wanted) in table {
        let problems = read(more).unwrap_err();
        let told = problems.iter().any(|it| it.starts_with(wanted));
        assert!(told, "{wanted}: {problems:?}");
    }
}

#[test]
fn a_root_that_cannot_be_used_is_told_of_when_it_is_asked() {
    let files = BTreeMap::from([(RepoPath::from("r.json"), b"{}".to_vec())]);
    let identity = json!({"keyless": {"root": "r.json", "issuer": "i", "subject": "s"}});
    let signers = with_files(&identity, Some(&files)).unwrap();
    let authority = signers.of("registry.test/shop/odoo")[0];
    let Signer::Keyless(identity) = &authority.signer else {
        panic!("{authority:?}");
    };
    assert!(identity.root.is_err());
    assert_eq!(turns_after(authority, Timestamp::UNIX_EPOCH), None);
}

#[test]
fn whose_files_nobody_has_read_proves_nothing_and_is_asked_all_the_same() {
    let signers = with_files(&json!({"key": {"file": "a.pub"}}), None).unwrap();
    assert!(signers.cover("registry.test/shop/odoo"));
    assert!(signers.of("registry.test/shop/odoo").is_empty());
}

fn two(quorum: &Value) -> Result<Signers, Vec<String>> {
    let authority = |name: &str| json!({"name": name, "images": ["registry.test/**"], "except": ["registry.test/lab/*"], "key": {"pem": PEM}});
    let settings =
        json!({"authorities": [authority("release"), authority("audit")], "quorums": [quorum]});
    Signers::of_settings(&settings, Some(&BTreeMap::new())).map_err(|problems| {
        let said = problems.into_iter();
        said.map(|it| format!("{}: {}", it.pointer, it.message))
            .collect()
    })
}

#[test]
fn a_quorum_is_for_its_images_and_asks_for_signatures_where_no_authority_is() {
    let signers = two(
        &json!({"name": "both", "images": ["registry.test/shop/*", "other.test/**"], "except": ["other.test/a"], "count": 2, "of": ["release", "audit"]}),
    );
    let signers = signers.unwrap();
    for (repository, authorities, quorums) in [
        ("registry.test/shop/odoo", 2, 1),
        ("registry.test/tools/a", 2, 0),
        ("registry.test/lab/a", 0, 0),
        ("other.test/b", 0, 1),
        ("other.test/a", 0, 0),
    ] {
        assert_eq!(signers.of(repository).len(), authorities, "{repository}");
        assert_eq!(signers.quorums(repository).len(), quorums, "{repository}");
        assert_eq!(signers.cover(repository), authorities + quorums > 0);
    }
}

#[test]
fn a_quorum_that_nobody_can_reach_is_told_with_its_place() {
    let quorum = |count: u8, of: &[&str]| json!({"name": "both", "images": ["registry.test/**"], "count": count, "of": of});
    for (given, expected) in [
        (
            quorum(0, &["release"]),
            "/quorums/0/count: give a number from 1 to 1",
        ),
        (
            quorum(3, &["release", "audit"]),
            "/quorums/0/count: give a number from 1 to 2",
        ),
        (
            quorum(1, &["release", "nobody"]),
            "/quorums/0/of/1: there is no authority `nobody`",
        ),
        (json!({"name": "both"}), "/quorums/0: missing field"),
    ] {
        let problems = two(&given).unwrap_err();
        assert!(problems[0].starts_with(expected), "{problems:?}");
    }
}

#[test]
fn two_authorities_of_one_name_and_one_that_is_anybody_are_told() {
    let authority = json!({"name": "release", "images": ["registry.test/**"], "key": {"pem": PEM}});
    let settings = json!({"authorities": [authority, authority]});
    let problems = Signers::of_settings(&settings, Some(&BTreeMap::new())).unwrap_err();
    assert_eq!(problems[0].pointer, "/authorities/1/name");
    let root = BTreeMap::from([(RepoPath::from("r.json"), b"{}".to_vec())]);
    for (issuer, subject, at) in [
        (json!({"regex": ".*"}), json!("s"), "issuer"),
        (json!("i"), json!({"regex": "(?s).+"}), "subject"),
        (json!("i"), json!({"regex": "\\S{2,}"}), "subject"),
    ] {
        let keyless = json!({"root": "r.json", "issuer": issuer, "subject": subject});
        let problems = with_files(&json!({"keyless": keyless}), Some(&root)).unwrap_err();
        let expected = format!("/authorities/0/keyless/{at}: it is anybody");
        assert!(problems[0].starts_with(&expected), "{problems:?}");
    }
    let keyless =
        json!({"root": "r.json", "issuer": "i", "subject": {"regex": ".+@acme[.]example"}});
    assert!(with_files(&json!({"keyless": keyless}), Some(&root)).is_ok());
}

#[test]
fn files_of_a_trust_store_of_notation_are_read_or_told() {
    let text = include_str!("../../../../../testdata/images/fixtures.json");
    let fixtures: Value = serde_json::from_str(text).unwrap();
    let file = |section: &str, name: &str| {
        let text = fixtures[section][name].as_str().unwrap();
        text.as_bytes().to_vec()
    };
    let files = BTreeMap::from([
        (RepoPath::from("ca.pem"), file("certificates", "acme")),
        (RepoPath::from("a.crl"), file("lists", "none")),
        (RepoPath::from("part.crl"), file("lists", "part")),
    ]);
    let asked = |stamps: &str, lists: &[&str]| {
        let store = json!({"certificates": "ca.pem", "identities": ["O=acme"],
                           "timestamp-certificates": stamps, "revocation-lists": lists});
        with_files(&json!({"notation": store}), Some(&files))
    };
    assert!(asked("ca.pem", &["a.crl"]).is_ok());
    for (stamps, lists, place) in [
        ("a.crl", ["a.crl", "a.crl"], "timestamp-certificates"),
        ("no.pem", ["a.crl", "a.crl"], "timestamp-certificates"),
        ("ca.pem", ["a.crl", "ca.pem"], "revocation-lists/1"),
        ("ca.pem", ["part.crl", "a.crl"], "revocation-lists/0"),
        ("ca.pem", ["no.crl", "a.crl"], "revocation-lists/0"),
    ] {
        let problems = asked(stamps, &lists).unwrap_err();
        let place = format!("/authorities/0/notation/{place}: ");
        assert!(problems[0].starts_with(&place), "{place} {problems:?}");
    }
}
