//! What is found in the policies of another program: authorities, quorums, and what has no words here.
//! Knows none of their formats.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::facts::images::proof::{Key, KeyError};

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Found {
    authorities: Vec<Value>,
    quorums: Vec<Value>,
    notes: Vec<String>,
    names: BTreeSet<String>,
}

/// The images that a policy is for, as globs of repositories.
#[derive(Clone, Debug, Default)]
pub(super) struct Images {
    pub(super) fit: Vec<String>,
    pub(super) except: Vec<String>,
}

impl Found {
    /// Tells what has no words here, by where it stands.
    pub(super) fn note(&mut self, at: &str, what: &str) {
        let place = if at.is_empty() { "" } else { ": " };
        self.notes
            .push(format!("not carried over: {at}{place}{what}"));
    }

    /// Tells every key that nobody has read.
    pub(super) fn rest(&mut self, value: &Value, at: &str, read: &[&str]) {
        let keys = value.as_object().into_iter().flat_map(Map::keys);
        for key in keys.filter(|key| !read.contains(&key.as_str())) {
            self.note(at, &format!("`{key}`"));
        }
    }

    /// Takes an authority; the name under which it stands.
    pub(super) fn authority(
        &mut self,
        name: &str,
        images: &Images,
        who: Map<String, Value>,
    ) -> String {
        let name = self.named(name);
        let mut authority = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("images".to_owned(), json!(images.fit)),
        ]);
        if !images.except.is_empty() {
            authority.insert("except".to_owned(), json!(images.except));
        }
        authority.extend(who);
        self.authorities.push(Value::Object(authority));
        name
    }

    /// Takes how many of which must have signed.
    pub(super) fn quorum(&mut self, name: &str, images: &Images, count: usize, of: &[String]) {
        let name = self.named(name);
        let mut quorum = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("images".to_owned(), json!(images.fit)),
            ("count".to_owned(), json!(count)),
            ("of".to_owned(), json!(of)),
        ]);
        if !images.except.is_empty() {
            quorum.insert("except".to_owned(), json!(images.except));
        }
        self.quorums.push(Value::Object(quorum));
    }

    /// A name that is allowed, and of nobody else.
    fn named(&mut self, name: &str) -> String {
        let plain = |letter: char| match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => letter,
            _ => '-',
        };
        let name: String = name.chars().map(plain).take(50).collect();
        let name = name.trim_matches('-');
        let name = if name.is_empty() { "authority" } else { name };
        let all = std::iter::once(name.to_owned());
        let mut all = all.chain((2..).map(|number| format!("{name}-{number}")));
        let free = all.find(|name| !self.names.contains(name));
        let free = free.unwrap_or_default();
        self.names.insert(free.clone());
        free
    }

    /// The section `images`; `None` where nobody is named who signs.
    pub(super) fn section(&self) -> Option<Value> {
        if self.authorities.is_empty() {
            return None;
        }
        let mut section = Map::from_iter([("authorities".to_owned(), json!(self.authorities))]);
        if !self.quorums.is_empty() {
            section.insert("quorums".to_owned(), json!(self.quorums));
        }
        Some(Value::Object(section))
    }

    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// A key as cosign verifies with it: SHA-256 unless it is said otherwise, and PKCS#1 for RSA.
pub(super) fn key(pem: &str, hash: Option<&str>) -> Result<Map<String, Value>, KeyError> {
    let mut key = Map::from_iter([("pem".to_owned(), json!(pem))]);
    match Key::parse(pem, None, None) {
        Ok(_) => {}
        Err(KeyError::PaddingMissing) => {
            key.insert("padding".to_owned(), json!("pkcs1v15"));
        }
        Err(KeyError::HashMissing) if hash.is_none() => {
            key.insert("hash-algorithm".to_owned(), json!("sha256"));
        }
        Err(KeyError::HashMissing) => {}
        Err(error) => return Err(error),
    }
    if let Some(hash) = hash {
        key.insert("hash-algorithm".to_owned(), json!(hash));
    }
    Ok(Map::from_iter([("key".to_owned(), Value::Object(key))]))
}

/// The keys of a text, each alone.
pub(super) fn blocks(pem: &str) -> Vec<String> {
    let ends = pem.match_indices(END).map(|(at, _)| at + END.len());
    let mut from = 0;
    let mut all = Vec::new();
    for end in ends {
        all.push(format!(
            "{}\n",
            pem.get(from..end).unwrap_or_default().trim()
        ));
        from = end;
    }
    match pem.get(from..).map(str::trim) {
        None | Some("") => {}
        Some(rest) => all.push(rest.to_owned()),
    }
    all
}

/// A text, or an expression that was looked for anywhere in it.
pub(super) fn text(exact: Option<&str>, anywhere: Option<&str>) -> Option<Value> {
    match (exact, anywhere) {
        (Some(exact), None) => Some(json!(exact)),
        (None, Some(regex)) => {
            let whole = regex.starts_with('^') && regex.ends_with('$') && !regex.contains('|');
            Some(match whole {
                true => json!({ "regex": regex }),
                false => json!({"regex": format!("(?s:.*)(?:{regex})(?s:.*)")}),
            })
        }
        _ => None,
    }
}

/// Whether a name is that of a person, by how it is written.
pub(super) fn kind(subject: &Value) -> Option<&'static str> {
    let text = subject
        .as_str()
        .or_else(|| subject.get("regex")?.as_str())?;
    (text.contains('@') && !text.contains(':')).then_some("email")
}

/// Who a certificate of Sigstore names. The trust root is no part of their policies.
pub(super) fn keyless(issuer: &Value, subject: &Value) -> Map<String, Value> {
    let mut keyless = Map::from_iter([
        ("root".to_owned(), json!(ROOT)),
        ("issuer".to_owned(), issuer.clone()),
        ("subject".to_owned(), subject.clone()),
    ]);
    if let Some(kind) = kind(subject) {
        keyless.insert("kind".to_owned(), json!(kind));
    }
    keyless
}

/// Where the trust root is put.
pub(super) const ROOT: &str = "trust/trusted_root.json";
const END: &str = "-----END PUBLIC KEY-----";

/// What must be attested, of one type, by the short words that cosign has for some; `None` for no address.
pub(super) fn required(name: &str, kind: &str) -> Option<Value> {
    let known = KINDS.iter().find(|(word, _)| *word == kind);
    let kind = known.map_or(kind, |(_, address)| address);
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let name: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|it| if plain(it) { it } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "attested" } else { name };
    kind.contains("://")
        .then(|| json!({"name": name, "kind": "other", "predicate-types": [kind]}))
}

const KINDS: [(&str, &str); 8] = [
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
];
