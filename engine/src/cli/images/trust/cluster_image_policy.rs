//! `ClusterImagePolicy` of the policy controller of Sigstore: one authority of a policy is enough, and every policy
//! that is for an image must hold.

use serde_json::{Map, Value, json};

use super::found::{self, Found, Images};
use super::globs;

/// Reads a policy.
pub(super) fn read(policy: &Value, found: &mut Found) {
    let name = policy.pointer("/metadata/name").and_then(Value::as_str);
    let name = name.unwrap_or("policy");
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    found.rest(spec, name, &["images", "authorities", "mode"]);
    match spec.get("mode").and_then(Value::as_str) {
        None | Some("enforce") => {}
        Some(mode) => found.note(name, &format!("`mode: {mode}`: it is enforced here")),
    }
    let images = images(spec, name, found);
    let mut names = Vec::new();
    let authorities = spec.get("authorities").and_then(Value::as_array);
    for (at, authority) in authorities.into_iter().flatten().enumerate() {
        let own = authority.get("name").and_then(Value::as_str);
        let own = own.map_or_else(|| format!("authority-{at}"), str::to_owned);
        names.extend(read_authority(
            authority,
            &format!("{name}-{own}"),
            &images,
            found,
        ));
    }
    if names.is_empty() || images.fit.is_empty() {
        found.note(
            name,
            "the policy: there is no image or no authority that could be carried over",
        );
        return;
    }
    found.quorum(name, &images, 1, &names);
}

fn images(spec: &Value, name: &str, found: &mut Found) -> Images {
    let mut images = Images::default();
    let listed = spec.get("images").and_then(Value::as_array);
    for image in listed.into_iter().flatten() {
        let glob = image.get("glob").and_then(Value::as_str);
        match glob.and_then(globs::of_policy_controller) {
            Some(glob) => images.fit.push(glob),
            None => found.note(name, &format!("the images `{}`", glob.unwrap_or_default())),
        }
        found.rest(image, name, &["glob"]);
    }
    images
}

/// The names of what an authority comes to: one for each identity.
fn read_authority(
    authority: &Value,
    name: &str,
    images: &Images,
    found: &mut Found,
) -> Vec<String> {
    if images.fit.is_empty() {
        return Vec::new();
    }
    found.rest(authority, name, &["name", "key", "keyless", "attestations"]);
    let mut whose = Vec::new();
    if let Some(key) = authority.get("key") {
        found.rest(key, name, &["data", "hashAlgorithm"]);
        let hash = key.get("hashAlgorithm").and_then(Value::as_str);
        if let Some(data) = key.get("data").and_then(Value::as_str) {
            whose.extend(found.key(name, data, hash));
        }
    }
    if let Some(keyless) = authority.get("keyless") {
        found.rest(keyless, name, &["identities", "insecureIgnoreSCT"]);
        found.note(
            name,
            &format!("the trust root: put it at `{}`", found::ROOT),
        );
        let identities = keyless.get("identities").and_then(Value::as_array);
        for identity in identities.into_iter().flatten() {
            let text = |key: &str| identity.get(key).and_then(Value::as_str);
            let issuer = found::text(text("issuer"), text("issuerRegExp"));
            let subject = found::text(text("subject"), text("subjectRegExp"));
            let (Some(issuer), Some(subject)) = (issuer, subject) else {
                found.note(name, "an identity without one issuer and one subject");
                continue;
            };
            let written = text("subject")
                .or(text("subjectRegExp"))
                .unwrap_or_default();
            let mut who = found.keyless(name, &issuer, (&subject, written));
            if keyless.get("insecureIgnoreSCT") == Some(&json!(true)) {
                who.insert("certificate-log".to_owned(), json!("ignored"));
            }
            let who = Map::from_iter([("keyless".to_owned(), Value::Object(who))]);
            whose.push(who);
        }
    }
    let required = required(authority, name, found);
    let all = whose.into_iter().filter_map(|mut who| {
        if !required.is_empty() {
            who.insert("require".to_owned(), json!(required));
        }
        found.authority(name, images, who)
    });
    all.collect()
}

fn required(authority: &Value, name: &str, found: &mut Found) -> Vec<Value> {
    let attestations = authority.get("attestations").and_then(Value::as_array);
    let mut required = Vec::new();
    for attestation in attestations.into_iter().flatten() {
        let text = |key: &str| attestation.get(key).and_then(Value::as_str);
        let Some(kind) = text("predicateType") else {
            found.note(name, "an attestation without type");
            continue;
        };
        if let Some(required_one) = found::required(text("name").unwrap_or("attested"), kind) {
            required.push(required_one);
        } else {
            found.note(name, &format!("an attestation of the type `{kind}`"));
        }
        found.rest(attestation, name, &["name", "predicateType"]);
    }
    if !required.is_empty() {
        found.note(
            name,
            "attestations alone: a signature of the image is asked for besides",
        );
    }
    required
}
