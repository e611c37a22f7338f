//! `verifyImages` of Kyverno: of each set of attestors so many as it counts, and of all sets.

use serde_json::{Map, Value, json};

use super::found::{self, Found, Images};
use super::globs;

/// Reads a policy.
pub(super) fn read(policy: &Value, found: &mut Found) {
    let name = policy.pointer("/metadata/name").and_then(Value::as_str);
    let name = name.unwrap_or("policy");
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    for key in ["validationFailureAction", "failureAction"] {
        audited(spec, key, name, found);
    }
    let read = [
        "rules",
        "validationFailureAction",
        "failureAction",
        "background",
        "webhookTimeoutSeconds",
    ];
    found.rest(spec, name, &read);
    let rules = spec.get("rules").and_then(Value::as_array);
    for rule in rules.into_iter().flatten() {
        let own = rule.get("name").and_then(Value::as_str).unwrap_or("rule");
        let name = format!("{name}-{own}");
        found.rest(rule, &name, &["name", "verifyImages"]);
        let verified = rule.get("verifyImages").and_then(Value::as_array);
        for verified in verified.into_iter().flatten() {
            verify(verified, &name, found);
        }
    }
}

fn audited(value: &Value, key: &str, name: &str, found: &mut Found) {
    let action = value.get(key).and_then(Value::as_str);
    if action.is_some_and(|action| !action.eq_ignore_ascii_case("enforce")) {
        found.note(name, &format!("`{key}`: it is enforced here"));
    }
}

fn verify(rule: &Value, name: &str, found: &mut Found) {
    audited(rule, "failureAction", name, found);
    let read = [
        "imageReferences",
        "skipImageReferences",
        "attestors",
        "attestations",
        "failureAction",
        "type",
    ];
    found.rest(rule, name, &read);
    match rule.get("type").and_then(Value::as_str) {
        None | Some("Cosign" | "SigstoreBundle") => {}
        Some(kind) => {
            found.note(
                name,
                &format!("`type: {kind}`: write a `notation` authority for it"),
            );
            return;
        }
    }
    let images = Images {
        fit: globs_of(rule, "imageReferences", name, found),
        except: globs_of(rule, "skipImageReferences", name, found),
    };
    if images.fit.is_empty() {
        found.note(
            name,
            "the rule: there is no image that could be carried over",
        );
        return;
    }
    let required = attested(rule, name, found);
    let sets = rule.get("attestors").and_then(Value::as_array);
    for (at, set) in sets.into_iter().flatten().enumerate() {
        found.rest(set, name, &["count", "entries"]);
        let own = format!("{name}-{at}");
        let (names, lost) = attestors(set, (name, &own), (&images, &required), found);
        let count = set.get("count").and_then(Value::as_u64);
        let count = count.map_or(names.len() + lost, |count| {
            usize::try_from(count).unwrap_or(usize::MAX)
        });
        if count == 0 || count > names.len() || lost > 0 {
            let what =
                "a set of attestors as a whole: add the signers that are missing to its quorum";
            found.note(name, what);
        }
        // A count that what is left cannot reach is kept: a smaller one would let pass what was refused.
        found.quorum(name, &images, count.max(1), &names);
    }
}

/// The names of what a set comes to, and how many signers of it came to nothing.
fn attestors(
    set: &Value,
    (name, own): (&str, &str),
    (images, required): (&Images, &[Value]),
    found: &mut Found,
) -> (Vec<String>, usize) {
    let (mut names, mut lost) = (Vec::new(), 0);
    let entries = set.get("entries").and_then(Value::as_array);
    for entry in entries.into_iter().flatten() {
        let whose = entry_of(entry, name, found);
        let signers = signers(entry);
        lost += signers.saturating_sub(whose.len());
        for mut who in whose {
            if !required.is_empty() {
                who.insert("require".to_owned(), json!(required));
            }
            let name = found.authority(own, images, who);
            lost += usize::from(name.is_none());
            names.extend(name);
        }
    }
    (names, lost)
}

/// How many signers an entry is: each of its keys is one of the set.
fn signers(entry: &Value) -> usize {
    let keys = entry.pointer("/keys/publicKeys").and_then(Value::as_str);
    keys.map_or(0, |pems| found::blocks(pems).len()).max(1)
}

fn globs_of(rule: &Value, key: &str, name: &str, found: &mut Found) -> Vec<String> {
    let mut all = Vec::new();
    for image in rule
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = image.as_str().unwrap_or_default();
        match globs::of_kyverno(text) {
            Some(glob) => all.push(glob),
            None => found.note(name, &format!("the images `{text}` of `{key}`")),
        }
    }
    all
}

/// What an entry comes to: each of its keys, or an identity.
fn entry_of(entry: &Value, name: &str, found: &mut Found) -> Vec<Map<String, Value>> {
    found.rest(entry, name, &["keys", "keyless", "annotations"]);
    let mut whose = Vec::new();
    if let Some(keys) = entry.get("keys") {
        found.rest(keys, name, &["publicKeys", "signatureAlgorithm", "rekor"]);
        let hash = keys.get("signatureAlgorithm").and_then(Value::as_str);
        let pems = keys
            .get("publicKeys")
            .and_then(Value::as_str)
            .unwrap_or_default();
        for pem in found::blocks(pems) {
            whose.extend(found.key(name, &pem, hash));
        }
        if keys.pointer("/rekor/ignoreTlog") != Some(&json!(true)) {
            found.note(
                name,
                "the transparency log of its keys: give a trust root as `log`",
            );
        }
    }
    if let Some(keyless) = entry.get("keyless") {
        let read = ["issuer", "issuerRegExp", "subject", "subjectRegExp"];
        found.rest(keyless, name, &read);
        found.note(
            name,
            &format!("the trust root: put it at `{}`", found::ROOT),
        );
        let text = |key: &str| keyless.get(key).and_then(Value::as_str);
        let part = |key: &str, regex: &str| match (text(key), text(regex)) {
            (Some(exact), None) if exact.contains(['*', '?']) => Some(wildcard(exact)),
            (exact, anywhere) => found::text(exact, anywhere),
        };
        match (
            part("issuer", "issuerRegExp"),
            part("subject", "subjectRegExp"),
        ) {
            (Some(issuer), Some(subject)) => {
                let written = text("subject")
                    .or(text("subjectRegExp"))
                    .unwrap_or_default();
                let who = found.keyless(name, &issuer, (&subject, written));
                let who = Value::Object(who);
                whose.push(Map::from_iter([("keyless".to_owned(), who)]));
            }
            _ => found.note(name, "an identity without one issuer and one subject"),
        }
    }
    if let Some(annotations) = entry.get("annotations") {
        for who in &mut whose {
            who.insert("annotations".to_owned(), annotations.clone());
        }
    }
    whose
}

/// `*` is anything and `?` one letter; all else is itself.
fn wildcard(text: &str) -> Value {
    let letters = text.chars().map(|letter| match letter {
        '*' => ".*".to_owned(),
        '?' => ".".to_owned(),
        letter => regex::escape(&letter.to_string()),
    });
    json!({"regex": letters.collect::<String>()})
}

fn attested(rule: &Value, name: &str, found: &mut Found) -> Vec<Value> {
    let mut required = Vec::new();
    let attestations = rule.get("attestations").and_then(Value::as_array);
    for attestation in attestations.into_iter().flatten() {
        let text = |key: &str| attestation.get(key).and_then(Value::as_str);
        let kind = text("type").or(text("predicateType")).unwrap_or_default();
        match found::required(text("name").unwrap_or("attested"), kind) {
            Some(one) => required.push(one),
            None => found.note(name, &format!("an attestation of the type `{kind}`")),
        }
        found.rest(attestation, name, &["name", "type", "predicateType"]);
    }
    required
}
