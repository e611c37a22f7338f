//! Trust policies of Notation: of those that name a repository, the one that names it, and `*` for all others.

use serde_json::{Map, Value, json};

use super::found::{Found, Images};
use super::globs;

/// Reads a document of policies.
pub(super) fn read(document: &Value, found: &mut Found) {
    found.rest(document, "", &["version", "trustPolicies"]);
    let policies = document.get("trustPolicies").and_then(Value::as_array);
    let policies: Vec<&Value> = policies.into_iter().flatten().collect();
    let scopes = policies
        .iter()
        .flat_map(|policy| texts(policy, "registryScopes"));
    let named: Vec<String> = scopes
        .filter(|scope| *scope != "*")
        .filter_map(globs::of_notation)
        .collect();
    for policy in policies {
        let name = policy
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("policy");
        read_policy(policy, name, &named, found);
    }
}

fn read_policy(policy: &Value, name: &str, named: &[String], found: &mut Found) {
    let read = [
        "name",
        "registryScopes",
        "signatureVerification",
        "trustStores",
        "trustedIdentities",
    ];
    found.rest(policy, name, &read);
    if !is_verified(policy, name, found) {
        return;
    }
    let images = images(policy, name, named, found);
    let mut identities = Vec::new();
    for identity in texts(policy, "trustedIdentities") {
        match identity.strip_prefix("x509.subject:") {
            Some(subject) => identities.push(subject.trim()),
            None => found.note(
                name,
                &format!("the identity `{identity}`: name who may sign"),
            ),
        }
    }
    let (mut stores, mut stamps) = (Vec::new(), None);
    for store in texts(policy, "trustStores") {
        match (store.strip_prefix("ca:"), store.strip_prefix("tsa:")) {
            (Some(own), _) => stores.push(own),
            (None, Some(own)) if stamps.is_none() => stamps = Some(own),
            (None, Some(_)) => {
                let what = format!("the trust store `{store}`: add it to the file of the first");
                found.note(name, &what);
            }
            (None, None) => found.note(name, &format!("the trust store `{store}`")),
        }
    }
    if images.fit.is_empty() || identities.is_empty() || stores.is_empty() {
        let what = "the policy: no image, identity or trust store could be carried over";
        found.note(name, what);
        return;
    }
    for store in stores {
        let file = format!("trust/notation/{store}.pem");
        let what = format!("the certificates of `ca:{store}`: put them at `{file}`");
        found.note(name, &what);
        let mut store = json!({"certificates": file, "identities": identities});
        if let (Some(stamps), Some(store)) = (stamps, store.as_object_mut()) {
            let file = format!("trust/notation/tsa/{stamps}.pem");
            found.note(
                name,
                &format!("the certificates of `tsa:{stamps}`: put them at `{file}`"),
            );
            let what = "that each signature has a time stamp: one without counts while its certificate is valid";
            found.note(name, what);
            store.insert("timestamp-certificates".to_owned(), Value::from(file));
        }
        let who = Map::from_iter([("notation".to_owned(), store)]);
        found.authority(name, &images, who);
    }
}

/// Whether signatures are asked for; what it asks less or more is told.
fn is_verified(policy: &Value, name: &str, found: &mut Found) -> bool {
    let verification = policy.get("signatureVerification").unwrap_or(&Value::Null);
    let level = verification.get("level").and_then(Value::as_str);
    match level.unwrap_or_default() {
        "skip" => {
            let what = "`level: skip`: a signature is asked for of what an authority is for";
            found.note(name, what);
            return false;
        }
        "strict" => {}
        level => found.note(name, &format!("`level: {level}`: it is strict here")),
    }
    found.note(
        name,
        "whether a certificate was revoked: nothing is fetched; name files as `revocation-lists`",
    );
    found.rest(verification, name, &["level"]);
    true
}

fn images(policy: &Value, name: &str, named: &[String], found: &mut Found) -> Images {
    let mut images = Images::default();
    for scope in texts(policy, "registryScopes") {
        if scope == "*" {
            images.except.extend(named.iter().cloned());
        }
        match globs::of_notation(scope) {
            Some(glob) => images.fit.push(glob),
            None => found.note(name, &format!("the images `{scope}`")),
        }
    }
    images
}

fn texts<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    let list = value.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}
