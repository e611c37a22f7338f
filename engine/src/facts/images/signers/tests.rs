//! What an authority may say, and what it must not leave open.

use serde_json::json;

use super::*;

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
    signers.0.remove(0).authority.unwrap()
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
        (json!({}), "/authorities/0: name either a `key` or"),
        (
            keyed(&json!({"keyless": identity})),
            "/authorities/0: name either a `key` or",
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
