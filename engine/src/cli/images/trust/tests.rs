//! What other programs trust, and what of it has no words here.

use serde_json::json;

use super::*;
use crate::facts::images::Signers;

const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAeYxTJX9KAfr2cgWy/23ejplakvNIXfuntaT1BBcwyow=\n-----END PUBLIC KEY-----\n";

/// The section, which is a configuration as it is, and what is not in it.
fn carried(document: &Value) -> (Value, Vec<String>) {
    let mut found = Found::default();
    read(document, &mut found);
    let section = found.section().unwrap_or_default();
    let problems = Signers::of_settings(&section, None)
        .err()
        .unwrap_or_default();
    let unread = |message: &str| message.starts_with("there is no file");
    let bad: Vec<_> = problems.iter().filter(|it| !unread(&it.message)).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let notes = found.notes().iter();
    let notes = notes.map(|note| note.strip_prefix("not carried over: ").unwrap().to_owned());
    (section, notes.collect())
}

#[test]
fn a_policy_of_the_policy_controller_is_any_of_its_authorities() {
    let (section, notes) = carried(&json!({
        "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": "shop"},
        "spec": {
            "images": [{"glob": "ghcr.io/acme/**"}, {"glob": "ghcr.io/acme/odoo:v1"}],
            "mode": "warn",
            "match": [{"resource": "pods"}],
            "authorities": [
                {"name": "release", "key": {"data": PEM, "kms": "awskms://a"}, "ctlog": {"url": "https://rekor.test"}},
                {"keyless": {"url": "https://fulcio.test", "insecureIgnoreSCT": true, "identities": [
                    {"issuer": "https://issuer.test", "subjectRegExp": "https://git.test/acme/.+"},
                    {"issuerRegExp": "^https://issuer.test$", "subject": "release@acme.test"},
                    {"issuer": "https://issuer.test"}]},
                 "attestations": [{"name": "SBOM", "predicateType": "spdxjson", "policy": {"type": "cue", "data": "x"}}]},
                {"static": {"action": "pass"}},
            ],
        },
    }));
    let images = json!(["ghcr.io/acme/**"]);
    let required = json!([{"name": "sbom", "kind": "other", "predicate-types": ["https://spdx.dev/Document"]}]);
    assert_eq!(
        section,
        json!({
            "authorities": [
                {"name": "shop-release", "images": images, "key": {"pem": PEM}},
                {"name": "shop-authority-1", "images": images, "require": required, "keyless": {
                    "root": "trust/trusted_root.json", "certificate-log": "ignored", "issuer": "https://issuer.test",
                    "subject": {"regex": "(?s:.*)(?:https://git.test/acme/.+)(?s:.*)"}}},
                {"name": "shop-authority-1-2", "images": images, "require": required, "keyless": {
                    "root": "trust/trusted_root.json", "certificate-log": "ignored", "kind": "email",
                    "issuer": {"regex": "^https://issuer.test$"}, "subject": "release@acme.test"}},
            ],
            "quorums": [{"name": "shop", "images": images, "count": 1,
                         "of": ["shop-release", "shop-authority-1", "shop-authority-1-2"]}],
        })
    );
    assert_eq!(
        notes,
        [
            "shop: `match`",
            "shop: `mode: warn`: it is enforced here",
            "shop: the images `ghcr.io/acme/odoo:v1`",
            "shop-release: `ctlog`",
            "shop-release: `kms`",
            "shop-authority-1: `url`",
            "shop-authority-1: the trust root: put it at `trust/trusted_root.json`",
            "shop-authority-1: an identity without one issuer and one subject",
            "shop-authority-1: `policy`",
            "shop-authority-1: attestations alone: a signature of the image is asked for besides",
            "shop-authority-2: `static`",
        ]
    );
}

#[test]
fn kyverno_counts_the_attestors_of_each_set() {
    let (section, notes) = carried(&json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "shop"},
        "spec": {"validationFailureAction": "Audit", "rules": [{
            "name": "signed", "match": {"any": []},
            "verifyImages": [{
                "imageReferences": ["ghcr.io/acme/*"], "skipImageReferences": ["ghcr.io/acme/lab*"], "mutateDigest": true,
                "attestors": [{"count": 1, "entries": [
                    {"keys": {"publicKeys": format!("{PEM}{PEM}"), "rekor": {"ignoreTlog": true}}, "annotations": {"env": "prod"}},
                    {"keyless": {"issuer": "https://issuer.test", "subject": "https://git.test/acme/*"}},
                    {"keys": {"kms": "awskms://a"}}]}],
            }],
        }]},
    }));
    let (images, except) = (json!(["ghcr.io/acme/**"]), json!(["ghcr.io/acme/lab**"]));
    let key = json!({"pem": PEM});
    let prod = json!({"env": "prod"});
    assert_eq!(
        section,
        json!({
            "authorities": [
                {"name": "shop-signed-0", "images": images, "except": except, "key": key, "annotations": prod},
                {"name": "shop-signed-0-2", "images": images, "except": except, "key": key, "annotations": prod},
                {"name": "shop-signed-0-3", "images": images, "except": except, "keyless": {
                    "root": "trust/trusted_root.json", "issuer": "https://issuer.test",
                    "subject": {"regex": "https://git\\.test/acme/.*"}}},
            ],
            "quorums": [{"name": "shop-signed", "images": images, "except": except, "count": 1,
                         "of": ["shop-signed-0", "shop-signed-0-2", "shop-signed-0-3"]}],
        })
    );
    assert_eq!(
        notes,
        [
            "shop: `validationFailureAction`: it is enforced here",
            "shop-signed: `match`",
            "shop-signed: `mutateDigest`",
            "shop-signed: the trust root: put it at `trust/trusted_root.json`",
            "shop-signed: `kms`",
            "shop-signed: the transparency log of its keys: give a trust root as `log`",
            "shop-signed: a set of attestors as a whole: add the signers that are missing to its quorum",
        ]
    );
}

#[test]
fn kyverno_counts_no_less_where_a_signer_is_not_carried_over() {
    let key = json!({"keys": {"publicKeys": PEM, "rekor": {"ignoreTlog": true}}});
    let two = json!({"keys": {"publicKeys": format!("{PEM}{PEM}"), "rekor": {"ignoreTlog": true}}});
    let lost = json!({"keys": {"kms": "awskms://a"}});
    for (count, entries, expected) in [
        (json!(2), json!([key, lost]), (2, 1)),
        (json!(null), json!([key, lost]), (2, 1)),
        (json!(null), json!([key, lost, two]), (4, 3)),
        (json!(1), json!([key, lost]), (1, 1)),
        (json!(null), json!([key, two]), (3, 3)),
    ] {
        let set = json!({"count": count, "entries": entries});
        let mut found = Found::default();
        let policy = json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "shop"},
            "spec": {"rules": [{"name": "signed", "verifyImages": [
                {"imageReferences": ["ghcr.io/acme/*"], "attestors": [set]}]}]},
        });
        read(&policy, &mut found);
        let section = found.section().unwrap();
        let quorum = &section["quorums"][0];
        let of = quorum["of"].as_array().unwrap().len();
        assert_eq!((quorum["count"].as_u64().unwrap(), of), expected, "{set}");
        let refused = Signers::of_settings(&section, None).is_err();
        assert_eq!(refused, expected.0 > of as u64, "{section}");
    }
}

/// The first authority of a policy with one, and what was told of it.
fn carried_alone(authority: &Value) -> (Value, Vec<String>) {
    let (section, notes) = carried(&json!({
        "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy", "metadata": {"name": "shop"},
        "spec": {"images": [{"glob": "ghcr.io/acme/**"}], "authorities": [authority]},
    }));
    (section["authorities"][0].clone(), notes)
}

#[test]
fn a_subject_is_of_a_person_or_of_a_workflow_by_how_it_is_written() {
    let of_kyverno = |subject: &str| {
        let (section, notes) = carried(&json!({
            "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "shop"},
            "spec": {"rules": [{"name": "signed", "verifyImages": [{"imageReferences": ["ghcr.io/acme/*"],
                "attestors": [{"entries": [{"keyless": {"issuer": "https://issuer.test", "subject": subject}}]}]}]}]},
        }));
        (section["authorities"][0].clone(), notes)
    };
    let of_sigstore = |subject: &str| {
        carried_alone(
            &json!({"keyless": {"identities": [{"issuer": "https://issuer.test", "subjectRegExp": subject}]}}),
        )
    };
    for (subject, kind) in [
        (".*@acme\\.com$", Some("email")),
        ("^(?i:[^/:]+)@acme\\.com$", Some("email")),
        ("^(ann|bob)@acme.test$", None),
        ("^https://git\\.test/acme/.*$", Some("uri")),
        ("/acme/.*@refs/heads/main", Some("uri")),
        ("a@acme.test|https://git.test/acme", None),
        ("acme", None),
    ] {
        told_kind(&of_sigstore(subject), kind, subject);
    }
    for (subject, kind) in [
        ("*@acme.com", Some("email")),
        ("*/acme/*@refs/heads/main", Some("uri")),
        ("https://git.test/*", Some("uri")),
        ("ann@acme.test", Some("email")),
        ("acme*", None),
    ] {
        told_kind(&of_kyverno(subject), kind, subject);
    }
    // What the configuration would refuse is no authority.
    let (authority, notes) = of_kyverno("*");
    assert_eq!(authority, Value::Null);
    let told = "who may sign: it is anybody whom the certificate authority knows";
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
}

fn told_kind((authority, notes): &(Value, Vec<String>), kind: Option<&str>, subject: &str) {
    let said = authority["keyless"].get("kind").and_then(Value::as_str);
    assert_eq!(said.unwrap_or("uri"), kind.unwrap_or("uri"), "{subject}");
    let told = notes
        .iter()
        .any(|note| note.contains("people whom the subject"));
    assert_eq!(told, kind.is_none(), "{subject}: {notes:?}");
}

#[test]
fn a_key_with_a_hash_that_the_configuration_refuses_is_told_instead() {
    const P256: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELEJIReNqynNEmaWebgzOzSsFTBxG\nOE+WwtC9AjHiiQumx7v1eJ7vIpYojVPsZb39JpybDhDiTScd76Fkipbf0g==\n-----END PUBLIC KEY-----\n";
    for (pem, hash, carried, note) in [
        (
            P256,
            "sha256",
            json!({"pem": P256, "hash-algorithm": "sha256"}),
            None,
        ),
        (
            P256,
            "sha512",
            Value::Null,
            Some("a key: this key does not sign with this hash"),
        ),
        (
            P256,
            "sha224",
            Value::Null,
            Some("a key: it signs with a hash that has no words here"),
        ),
        (
            PEM,
            "sha256",
            json!({"pem": PEM}),
            Some("`sha256` of an Ed25519 key"),
        ),
        (
            PEM,
            "sha512",
            json!({"pem": PEM}),
            Some("`sha512` of an Ed25519 key"),
        ),
    ] {
        // `carried` holds each against what the configuration reads.
        let (authority, notes) =
            carried_alone(&json!({"name": "a", "key": {"data": pem, "hashAlgorithm": hash}}));
        assert_eq!(authority["key"], carried, "{hash}");
        let is_told = |note: &str| notes.iter().any(|it| it.contains(note));
        assert!(note.map_or(notes.is_empty(), is_told), "{hash}: {notes:?}");
    }
}

#[test]
fn a_policy_of_notation_is_for_what_no_other_names() {
    let policy = |name: &str, scopes: &[&str], level: &str, identities: &[&str]| {
        json!({"name": name, "registryScopes": scopes, "signatureVerification": {"level": level},
               "trustStores": ["ca:acme", "tsa:time"], "trustedIdentities": identities})
    };
    let (section, notes) = carried(&json!({"version": "1.0", "trustPolicies": [
        policy("shop", &["registry.acme.io/shop/odoo"], "strict", &["x509.subject: C=DE, ST=B, O=acme"]),
        policy("all", &["*"], "audit", &["x509.subject: C=DE, O=acme"]),
        policy("anybody", &["registry.acme.io/open"], "strict", &["*"]),
        policy("lab", &["registry.acme.io/lab"], "skip", &[]),
    ]}));
    let store = |subject: &str| {
        json!({"certificates": "trust/notation/acme.pem", "identities": [subject],
                               "timestamp-certificates": "trust/notation/tsa/time.pem"})
    };
    assert_eq!(
        section,
        json!({"authorities": [
            {"name": "shop", "images": ["registry.acme.io/shop/odoo"], "notation": store("C=DE, ST=B, O=acme")},
            {"name": "all", "images": ["**"], "notation": store("C=DE, O=acme"),
             "except": ["registry.acme.io/shop/odoo", "registry.acme.io/open", "registry.acme.io/lab"]},
        ]})
    );
    for note in [
        "shop: the certificates of `tsa:time`: put them at `trust/notation/tsa/time.pem`",
        "shop: that each signature has a time stamp: one without counts while its certificate is valid",
        "shop: the certificates of `ca:acme`: put them at `trust/notation/acme.pem`",
        "all: `level: audit`: it is strict here",
        "anybody: the identity `*`: name who may sign",
        "anybody: the policy: no image, identity or trust store could be carried over",
        "lab: `level: skip`: a signature is asked for of what an authority is for",
    ] {
        assert!(notes.iter().any(|it| it == note), "{note}: {notes:#?}");
    }
}

#[test]
fn what_is_no_policy_of_images_is_told() {
    for (document, note) in [
        (
            json!({"kind": "ConfigMap", "apiVersion": "v1"}),
            "a ConfigMap, of which nothing is read",
        ),
        (
            json!({"apiVersion": "policies.kyverno.io/v1", "kind": "ImageValidatingPolicy"}),
            "a ImageValidatingPolicy, of which nothing is read",
        ),
        (json!([]), "a document that is no policy of images"),
    ] {
        let (section, notes) = carried(&document);
        assert_eq!((section, notes), (Value::Null, vec![note.to_owned()]));
    }
    let list = json!({"kind": "List", "items": [{"kind": "ConfigMap"}, {"kind": "ConfigMap"}]});
    assert_eq!(carried(&list).1.len(), 2);
}
