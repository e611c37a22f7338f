//! The trust file as text: read strictly, printed back.
//! Knows nothing of whose signatures count.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::root::{Endorsement, Signature};
use super::{Revocation, Role, TrustFile, TrustedKey, Validity, invalid, is_clean};
use crate::attest::{Error, PublicKey, base64, json, time};
use crate::model::{Digest, limits};

impl TrustFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Anything but version 1: unknown fields, repeated keys, bad keys; a root that has not signed it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::parse_draft(bytes)?.check_root()
    }

    /// As [`TrustFile::parse`], also where the root is yet to sign: to show and to sign, never to trust.
    ///
    /// # Errors
    /// As for [`TrustFile::parse`].
    pub fn parse_draft(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > limits::TRUST_FILE.most {
            let limit = limits::TRUST_FILE;
            return invalid(format!("{} bytes, the limit is {limit}", bytes.len()));
        }
        let value = json::parse(bytes).or_else(invalid)?;
        if let Some(found) = value.get("version").and_then(serde_json::Value::as_u64)
            && found != 1
        {
            return Err(Error::TrustVersion { found });
        }
        // The error may quote values, and a misplaced private key is one; so only its kind is told.
        let file: File = serde_json::from_value(value).or_else(|_| invalid(EXPECTED.to_owned()))?;
        let keys = file.keys.into_iter().enumerate().map(Entry::into_key);
        let revoked = file.revoked.into_iter().enumerate();
        let revoked = revoked.map(RevokedEntry::into_revocation);
        let trust = Self::new(keys.collect::<Result<_, _>>()?)?
            .with_revoked(revoked.collect::<Result<_, _>>()?)?
            .with_thresholds(read_thresholds(file.thresholds)?)?;
        match file.heights.keys().find(|name| !is_unit(name)) {
            Some(name) => invalid(format!(
                "`heights` names `{name}`, which is no unit; write `<environment>/<unit>` or `<branch>/gate`"
            )),
            None => {
                let trust = Self {
                    heights: file.heights,
                    endorsement: Endorsement {
                        number: file.number,
                        expires: read_expires(file.expires)?,
                        signatures: read_signatures(file.signatures)?,
                    },
                    ..trust
                };
                trust.check_root_keys()?;
                Ok(trust)
            }
        }
    }

    /// Writes the file, two spaces deep, a newline at the end.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.file()).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The file without its signatures, as they cover it.
    pub(super) fn unsigned(&self) -> serde_json::Value {
        let file = File {
            signatures: Vec::new(),
            ..self.file()
        };
        serde_json::to_value(file).unwrap_or_default()
    }

    fn file(&self) -> File {
        let thresholds = self.thresholds.iter();
        let signatures = self.endorsement.signatures.iter();
        File {
            version: 1,
            keys: self.keys.iter().map(Entry::from_key).collect(),
            thresholds: thresholds
                .map(|(role, wanted)| {
                    let wanted = i64::try_from(*wanted).unwrap_or(i64::MAX);
                    (role.as_str().to_owned(), wanted)
                })
                .collect(),
            revoked: self.revoked.iter().map(RevokedEntry::of).collect(),
            heights: self.heights.clone(),
            number: self.endorsement.number,
            expires: self.endorsement.expires.map(time::format),
            signatures: signatures
                .map(|one| SignatureEntry {
                    keyid: one.keyid.clone(),
                    sig: base64::encode(&one.bytes),
                })
                .collect(),
        }
    }
}

fn is_unit(name: &str) -> bool {
    let pieces = name.rsplit_once('/');
    pieces.is_some_and(|(place, unit)| !place.is_empty() && !unit.is_empty()) && is_clean(name)
}

fn read_thresholds(wanted: BTreeMap<String, i64>) -> Result<BTreeMap<Role, usize>, Error> {
    let read = |(name, wanted): (String, i64)| match Role::parse(&name) {
        // What lies below 0 is as wrong as 0.
        Some(role) => Ok((role, usize::try_from(wanted).unwrap_or(0))),
        None => invalid(format!(
            "`thresholds` names `{}`, which is no role",
            name.escape_debug()
        )),
    };
    wanted.into_iter().map(read).collect()
}

fn read_expires(text: Option<String>) -> Result<Option<Timestamp>, Error> {
    let place = || "it has an `expires`".to_owned();
    text.map(|text| instant(&text, place)).transpose()
}

fn read_signatures(entries: Vec<SignatureEntry>) -> Result<Vec<Signature>, Error> {
    if entries.len() > limits::SIGNATURES.most {
        let limit = limits::SIGNATURES;
        return invalid(format!(
            "{} signatures, the limit is {limit}",
            entries.len()
        ));
    }
    let read = |(index, entry): (usize, SignatureEntry)| {
        let bytes = base64::decode(&entry.sig).and_then(|bytes| bytes.try_into().ok());
        match bytes {
            Some(bytes) => Ok(Signature {
                keyid: entry.keyid,
                bytes,
            }),
            None => invalid(format!(
                "signature {} is no 64 bytes in base64; `tidegate keys sign` writes them",
                index + 1
            )),
        }
    };
    entries.into_iter().enumerate().map(read).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u64,
    keys: Vec<Entry>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    thresholds: BTreeMap<String, i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revoked: Vec<RevokedEntry>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    heights: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<SignatureEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureEntry {
    keyid: String,
    sig: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    public: String,
    role: Role,
    principal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environments: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
}

impl Entry {
    fn into_key((index, entry): (usize, Self)) -> Result<TrustedKey, Error> {
        let public =
            PublicKey::from_pem(entry.public.as_bytes()).map_err(|source| Error::TrustKey {
                index: index + 1,
                principal: entry.principal.clone(),
                source: Box::new(source),
            })?;
        let instant = |field, text: Option<String>| {
            let place = || format!("key {} has a `{field}`", index + 1);
            text.map(|text| instant(&text, place)).transpose()
        };
        Ok(TrustedKey {
            public,
            role: entry.role,
            principal: entry.principal,
            environments: entry.environments,
            validity: Validity {
                not_before: instant("notBefore", entry.not_before)?,
                not_after: instant("notAfter", entry.not_after)?,
            },
        })
    }

    fn from_key(key: &TrustedKey) -> Self {
        Self {
            public: key.public.to_pem(),
            role: key.role,
            principal: key.principal.clone(),
            environments: key.environments.clone(),
            not_before: key.validity.not_before.map(time::format),
            not_after: key.validity.not_after.map(time::format),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedEntry {
    public: String,
    from: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keep: Vec<String>,
}

impl RevokedEntry {
    fn into_revocation((index, entry): (usize, Self)) -> Result<Revocation, Error> {
        let number = index + 1;
        let public = PublicKey::from_pem(entry.public.as_bytes()).or_else(|source| {
            invalid(format!("the key of entry {number} of `revoked`: {source}"))
        })?;
        let from = instant(&entry.from, || {
            format!("entry {number} of `revoked` has a `from`")
        })?;
        let keep = entry.keep.iter().map(|text| {
            Digest::parse(text).or_else(|_| {
                invalid(format!(
                    "entry {number} of `revoked` keeps what is no SHA-256 of a statement's payload; `sign --output json` tells it as `digest`"
                ))
            })
        });
        Ok(Revocation {
            public,
            from,
            reason: entry.reason,
            keep: keep.collect::<Result<_, _>>()?,
        })
    }

    fn of(revocation: &Revocation) -> Self {
        Self {
            public: revocation.public.to_pem(),
            from: time::format(revocation.from),
            reason: revocation.reason.clone(),
            keep: revocation.keep.iter().map(Digest::to_string).collect(),
        }
    }
}

fn instant(text: &str, place: impl Fn() -> String) -> Result<Timestamp, Error> {
    time::parse(text).map_or_else(
        || {
            invalid(format!(
                "{} that is no instant in whole seconds with `Z`, such as `2026-11-27T13:05:00Z`",
                place()
            ))
        },
        Ok,
    )
}

const EXPECTED: &str = "expected `version` and `keys` with `public`, `role`, `principal` and, if need be, `environments`, `notBefore` and `notAfter`; besides, if need be, `thresholds` by role, `revoked` with `public`, `from`, `reason` and `keep`, `heights` by unit, and what `tidegate keys sign` writes, `number`, `expires` and `signatures`; and nothing else";
