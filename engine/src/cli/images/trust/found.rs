//! What is found in the policies of another program: authorities, quorums, and what has no words here.
//! Knows none of their formats.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::facts::images::Signers;
use crate::facts::images::proof::{Hash, Key, KeyError, Padding};

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

    /// Takes an authority; the name under which it stands. One that the configuration would refuse is told instead.
    pub(super) fn authority(
        &mut self,
        name: &str,
        images: &Images,
        who: Map<String, Value>,
    ) -> Option<String> {
        let mut authority = Map::from_iter([
            ("name".to_owned(), json!("authority")),
            ("images".to_owned(), json!(images.fit)),
        ]);
        if !images.except.is_empty() {
            authority.insert("except".to_owned(), json!(images.except));
        }
        authority.extend(who);
        let section = json!({ "authorities": [authority] });
        if let Err(problems) = Signers::of_settings(&section, None) {
            for problem in problems {
                self.note(name, &format!("who may sign: {}", problem.message));
            }
            return None;
        }
        let name = self.named(name);
        authority.insert("name".to_owned(), json!(name));
        self.authorities.push(Value::Object(authority));
        Some(name)
    }

    /// Takes how many of which must have signed. Of nobody, which the configuration refuses, it is told instead.
    pub(super) fn quorum(&mut self, name: &str, images: &Images, count: usize, of: &[String]) {
        if of.is_empty() {
            return self.note(name, "a quorum: none of its signers could be carried over");
        }
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

    /// A key as cosign verifies with it: SHA-256 unless it is said otherwise, and PKCS#1 for RSA. What the
    /// configuration would refuse is told.
    pub(super) fn key(
        &mut self,
        at: &str,
        pem: &str,
        hash: Option<&str>,
    ) -> Option<Map<String, Value>> {
        let read = read_key(pem, hash);
        let (key, ignored) = read
            .map_err(|why| self.note(at, &format!("a key: {why}")))
            .ok()?;
        if let Some(hash) = ignored {
            let what = format!("`{hash}` of an Ed25519 key, which signs without a hash");
            self.note(at, &what);
        }
        Some(Map::from_iter([("key".to_owned(), Value::Object(key))]))
    }

    /// Who a certificate of Sigstore names, by a subject as it was written. The trust root is no part of their policies.
    pub(super) fn keyless(
        &mut self,
        at: &str,
        issuer: &Value,
        (subject, written): (&Value, &str),
    ) -> Map<String, Value> {
        let mut keyless = Map::from_iter([
            ("root".to_owned(), json!(ROOT)),
            ("issuer".to_owned(), issuer.clone()),
            ("subject".to_owned(), subject.clone()),
        ]);
        match kind(written) {
            Some(Kind::Uri) => {}
            Some(Kind::Email) => {
                keyless.insert("kind".to_owned(), json!("email"));
            }
            None => {
                let what = format!(
                    "people whom the subject `{written}` fits: it is taken for that of a workflow; `kind: email` is for mails"
                );
                self.note(at, &what);
            }
        }
        keyless
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

/// A key, and the hash that is said of it and does not count.
fn read_key<'h>(
    pem: &str,
    hash: Option<&'h str>,
) -> Result<(Map<String, Value>, Option<&'h str>), String> {
    let known = hash.map(|hash| {
        let known = HASHES.iter().find(|(name, _)| *name == hash);
        let hash = known.map(|(_, hash)| *hash);
        hash.ok_or_else(|| "it signs with a hash that has no words here".to_owned())
    });
    let known = known.transpose()?;
    let mut key = Map::from_iter([("pem".to_owned(), json!(pem))]);
    let mut put = |name: &str, value: &str| key.insert(name.to_owned(), json!(value));
    let is = |hash, padding| Key::parse(pem, hash, padding).map(drop);
    let mut ignored = None;
    let (mut says, mut padding) = (known, None);
    match is(None, None) {
        // No other key that says nothing of a hash may have SHA-512 said: there it is the hash of Ed25519ph.
        Ok(()) if is(Some(Hash::Sha512), None).is_ok() => {
            ignored = hash;
            says = None;
        }
        Ok(()) => {}
        Err(KeyError::PaddingMissing) => {
            put("padding", "pkcs1v15");
            padding = Some(Padding::Pkcs1);
        }
        Err(KeyError::HashMissing) => says = Some(known.unwrap_or(Hash::Sha256)),
        Err(error) => return Err(error.to_string()),
    }
    if let Some((name, _)) = HASHES.iter().find(|(_, hash)| says == Some(*hash)) {
        put("hash-algorithm", name);
    }
    is(says, padding).map_err(|error| error.to_string())?;
    Ok((key, ignored))
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

/// What a certificate names somebody by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Uri,
    Email,
}

/// What a name, an expression or a wildcard is of, by how it is written; `None` where it fits both, or none can be told.
fn kind(written: &str) -> Option<Kind> {
    let plain = without_syntax(written);
    let kinds = plain.split('|').map(|one| {
        let is_address = one.contains([':', '/']);
        match (is_address, one.contains('@')) {
            (true, _) => Some(Kind::Uri),
            (false, true) => Some(Kind::Email),
            (false, false) => None,
        }
    });
    let mut kinds = kinds.collect::<Vec<_>>();
    kinds.dedup();
    kinds.pop().filter(|_| kinds.is_empty()).flatten()
}

/// An expression without what only says how letters repeat: its classes, and what begins its groups.
fn without_syntax(written: &str) -> String {
    let (mut plain, mut in_class, mut letters) = (String::new(), false, written.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if !in_class => plain.extend(letters.next()),
            '\\' => drop(letters.next()),
            '[' if !in_class => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && letters.peek() == Some(&'?') => {
                let ends = |letter: &char| matches!(letter, ':' | ')' | '>');
                letters.by_ref().find(ends);
            }
            letter if !in_class => plain.push(letter),
            _ => {}
        }
    }
    plain
}

/// Where the trust root is put.
pub(super) const ROOT: &str = "trust/trusted_root.json";
const HASHES: [(&str, Hash); 3] = [
    ("sha256", Hash::Sha256),
    ("sha384", Hash::Sha384),
    ("sha512", Hash::Sha512),
];
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
