//! The trust file under a root: signed by the keys of the role `root`, numbered, and good until an instant. A file
//! without such keys is unsigned, and its number and signatures only say what it follows.
//! Reads no clock; which file is the one before, somebody else knows.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Role, TrustFile, TrustedKey, invalid};
use crate::attest::pae;
use crate::attest::{Error, Made, Signatory, json, time};
use crate::model::limits;

/// What the root says of the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endorsement {
    pub(super) number: u64,
    pub(super) expires: Option<Timestamp>,
    pub(super) signatures: Vec<Signature>,
}

/// A signature, and the key that it says it is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) keyid: String,
    pub(super) bytes: [u8; 64],
}

impl TrustFile {
    /// The keys that sign the file itself.
    pub fn root_keys(&self) -> impl Iterator<Item = &TrustedKey> {
        self.keys.iter().filter(|key| key.role == Role::Root)
    }

    /// Whether the file is one that a root signs.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.root_keys().next().is_some()
    }

    /// Its number: each that follows has a higher one; 0 where nothing is said.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.endorsement.number
    }

    /// The first instant at which it counts no more.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.endorsement.expires
    }

    /// The principals of `root` whose signatures under this file hold.
    #[must_use]
    pub fn endorsed_by<'k>(&self, root: impl Iterator<Item = &'k TrustedKey>) -> BTreeSet<&'k str> {
        let message = self.message();
        let signed = |key: &&TrustedKey| {
            let mut all = self.endorsement.signatures.iter();
            all.any(|one| {
                one.keyid == key.public.keyid() && key.public.has_signed(&message, &one.bytes)
            })
        };
        root.filter(signed)
            .map(|key| key.principal.as_str())
            .collect()
    }

    /// What the root signs: as DSSE does, with a type of its own, the file in its canonical form without
    /// signatures (RFC 8785).
    fn message(&self) -> Vec<u8> {
        pae(PAYLOAD_TYPE, &json::canonical(&self.unsigned()))
    }

    /// What a root that is not one, or has not signed, makes of the file.
    pub(super) fn check_root(self) -> Result<Self, Error> {
        if !self.has_root() {
            return match self.endorsement.expires {
                Some(_) => rootless(),
                None => Ok(self),
            };
        }
        let Some(expires) = self.endorsement.expires else {
            return Err(Error::RootUnsigned {
                what: "it says nothing of when it expires".to_owned(),
            });
        };
        let (signed, wanted) = (
            self.endorsed_by(self.root_keys()).len(),
            self.threshold(Role::Root),
        );
        if signed >= wanted && self.number() > 0 && expires > Timestamp::UNIX_EPOCH {
            return Ok(self);
        }
        Err(Error::RootUnsigned {
            what: format!(
                "{signed} of the {wanted} principals that it takes signed it as it stands"
            ),
        })
    }

    /// Root keys have no environments and no times: the whole file ends, and the next one leaves them out.
    pub(super) fn check_root_keys(&self) -> Result<(), Error> {
        let plain = |key: &TrustedKey| {
            key.environments.is_none()
                && key.validity == super::Validity::default()
                && self.revocation(&key.public).is_none()
        };
        match self.root_keys().find(|key| !plain(key)) {
            Some(key) => invalid(format!(
                "the root key of `{}` has environments or times, or is revoked: a root key signs this file and nothing else, and goes by leaving it out",
                key.principal
            )),
            None => Ok(()),
        }
    }

    /// # Errors
    /// Its time is over. An unsigned file has none.
    pub fn check_unexpired(&self, now: Timestamp) -> Result<(), Error> {
        match self.endorsement.expires {
            Some(expires) if expires <= now => Err(Error::RootExpired {
                number: self.number(),
                expires: time::format(expires),
            }),
            _ => Ok(()),
        }
    }

    /// Whether this file may take the place of `before`: signed by the root of that one too, with a higher number.
    /// A file without a root is followed by any other without one, and by one with a root whose number is higher, so
    /// that a file by which a root was left is not played again over the next root.
    ///
    /// # Errors
    /// It may not, and why.
    pub fn check_follows(&self, before: &Self) -> Result<(), Error> {
        if self == before || !before.has_root() && !self.has_root() {
            return Ok(());
        }
        let refuse = |what: String| Err(Error::RootNotFollowed { what });
        let (found, last) = (self.number(), before.number());
        if found <= last {
            return refuse(format!(
                "its number is {found}, that of the one before is {last}"
            ));
        }
        if found - last > MOST_SKIPPED {
            return refuse(format!(
                "its number is {found}, more than {MOST_SKIPPED} above {last}, that of the one before"
            ));
        }
        let wanted = before.threshold(Role::Root);
        let signed = self.endorsed_by(before.root_keys()).len();
        if before.has_root() && signed < wanted {
            return refuse(format!(
                "{signed} of the {wanted} principals that the root of the one before takes signed it"
            ));
        }
        Ok(())
    }

    /// The file with more signatures of its root, and of the root of `before`. Where it says something else than
    /// what was signed, the signatures fall and the number rises.
    ///
    /// # Errors
    /// It has no root and follows none, nobody signs, no end is given or one that is past.
    pub fn endorse(
        mut self,
        signatory: &dyn Signatory,
        before: Option<&Self>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let roots = || {
            let others = before.into_iter().flat_map(Self::root_keys);
            self.root_keys().chain(others).cloned()
        };
        let roots: Vec<TrustedKey> = roots().collect();
        if !self.has_root() && (expires.is_some() || self.endorsement.expires.is_some()) {
            return rootless();
        }
        if self.has_root()
            && expires
                .or(self.endorsement.expires)
                .is_none_or(|end| end <= now)
        {
            return Err(Error::RootExpires);
        }
        let is_another = expires.is_some_and(|end| self.endorsement.expires != Some(end));
        if is_another || self.endorsed_by(roots.iter()).is_empty() {
            let last = before.map_or(0, Self::number).max(self.number());
            self.endorsement = Endorsement {
                number: last.saturating_add(1),
                expires: expires.or(self.endorsement.expires),
                signatures: Vec::new(),
            };
        }
        let message = self.message();
        let may: Vec<&TrustedKey> = roots.iter().collect();
        let made = match signatory.signatures(&message, &may) {
            Err(Error::NoKeyAtHand { holder }) => return Err(Error::NoRootKeyAtHand { holder }),
            made => made?,
        };
        for Made { by, signature } in made {
            if !by.has_signed(&message, &signature) {
                return Err(Error::SignatureDoesNotHold);
            }
            let keyid = by.keyid();
            let all = &mut self.endorsement.signatures;
            all.retain(|one| one.keyid != keyid);
            all.push(Signature {
                keyid,
                bytes: signature,
            });
        }
        match self.endorsement.signatures.len() > limits::SIGNATURES.most {
            true => invalid(format!("more than {} signatures", limits::SIGNATURES)),
            false => Ok(self),
        }
    }
}

fn rootless<T>() -> Result<T, Error> {
    invalid("it has `expires`, and no key with the role root: leave `expires` out of it".to_owned())
}

/// So that no number is left that nothing could follow.
const MOST_SKIPPED: u64 = 1_000;
/// What a signature of a root is for, so that none for a statement is one for a trust file.
const PAYLOAD_TYPE: &str = "application/vnd.tidegate.trust.v1+json";

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::attest::sample::{key, trusted};
    use crate::attest::{SigningKey, Together};
    use crate::model::code_of;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn in_days(days: i64) -> Option<Timestamp> {
        now()
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()
    }

    /// Key 1 signs statements; `roots` sign the file, and so many must.
    fn draft(roots: &[u8], threshold: usize) -> TrustFile {
        let roots = roots.iter().map(|byte| TrustedKey {
            role: Role::Root,
            environments: None,
            ..trusted(*byte, &["*"])
        });
        let keys = [trusted(1, &["*"])].into_iter().chain(roots).collect();
        let draft = TrustFile::new(keys).unwrap();
        draft
            .with_thresholds([(Role::Root, threshold)].into())
            .unwrap()
    }

    fn by(keys: &[u8]) -> Together {
        let boxed = |byte: &u8| Box::new(key(*byte)) as Box<dyn Signatory>;
        Together::new(keys.iter().map(boxed).collect())
    }

    fn endorsed(draft: TrustFile, before: Option<&TrustFile>, keys: &[u8]) -> TrustFile {
        draft
            .endorse(&by(keys), before, in_days(30), now())
            .unwrap()
    }

    fn parsed(file: &TrustFile) -> Result<TrustFile, String> {
        TrustFile::parse(file.print().as_bytes()).map_err(|error| code_of(&error))
    }

    #[test]
    fn a_file_with_a_root_counts_when_enough_of_it_signed() {
        let draft = draft(&[2, 3, 4], 2);
        assert_eq!(parsed(&draft), Err("trust-root.unsigned".into()));
        let one = endorsed(draft, None, &[2]);
        assert_eq!(parsed(&one), Err("trust-root.unsigned".into()));
        let two = one.endorse(&by(&[4]), None, None, now()).unwrap();
        assert_eq!((two.number(), two.expires()), (1, in_days(30)));
        assert_eq!(parsed(&two), Ok(two.clone()));
        // Another layout says the same.
        let value: serde_json::Value = serde_json::from_str(&two.print()).unwrap();
        assert_eq!(TrustFile::parse(value.to_string().as_bytes()).unwrap(), two);
    }

    #[test]
    fn every_change_of_what_was_signed_makes_it_unsigned() {
        let text = endorsed(draft(&[2, 3], 2), None, &[2, 3]).print();
        for (from, to) in [
            ("\"number\": 1", "\"number\": 2"),
            ("2026-12-20", "2027-12-20"),
            ("\"signer-1\"", "\"signer-9\""),
            ("\"root\": 2", "\"root\": 1"),
            ("\"*\"", "\"prod\""),
        ] {
            assert!(text.contains(from), "{from}: {text}");
            let changed = TrustFile::parse(text.replace(from, to).as_bytes());
            let code = changed.map_err(|error| code_of(&error)).unwrap_err();
            assert_eq!(code, "trust-root.unsigned", "{from}");
        }
        // A signature for a statement is none for a file, nor is one that names another key.
        let statement = SigningKey::sign(&key(2), &pae(crate::attest::PAYLOAD_TYPE, b"{}"));
        let mut forged = draft(&[2], 1);
        forged.endorsement = Endorsement {
            number: 1,
            expires: in_days(30),
            signatures: vec![Signature {
                keyid: key(2).public().keyid(),
                bytes: statement,
            }],
        };
        assert_eq!(parsed(&forged), Err("trust-root.unsigned".into()));
        let mut renamed = endorsed(draft(&[2], 1), None, &[2]);
        renamed.endorsement.signatures[0].keyid = key(3).public().keyid();
        assert_eq!(parsed(&renamed), Err("trust-root.unsigned".into()));
    }

    /// What key 2 signs, whatever it says of itself.
    fn signed_as(number: u64, expires: &str) -> TrustFile {
        let mut file = draft(&[2], 1);
        file.endorsement.number = number;
        file.endorsement.expires = Some(expires.parse().unwrap());
        let bytes = SigningKey::sign(&key(2), &file.message());
        let keyid = key(2).public().keyid();
        file.endorsement.signatures = vec![Signature { keyid, bytes }];
        file
    }

    #[test]
    fn a_signed_file_has_a_number_and_an_end() {
        for (number, expires, counts) in [
            (1, "1970-01-01T00:00:01Z", true),
            (1, "1970-01-01T00:00:00Z", false),
            (0, "2026-12-20T10:00:00Z", false),
        ] {
            let file = signed_as(number, expires);
            let expected = match counts {
                true => Ok(file.clone()),
                false => Err("trust-root.unsigned".to_owned()),
            };
            assert_eq!(parsed(&file), expected, "{number} {expires}");
        }
    }

    #[test]
    fn numbers_rise_by_steps_that_leave_some_to_rise_to() {
        let numbered = |number| signed_as(number, "2026-12-20T10:00:00Z");
        let before = numbered(7);
        for (number, told) in [
            (6, Some("its number is 6, that of the one before is 7")),
            (8, None),
            (1_007, None),
            (1_008, Some("its number is 1008, more than 1000 above 7")),
            (u64::MAX, Some("more than 1000 above 7")),
        ] {
            let checked = numbered(number).check_follows(&before);
            let error = checked.map_err(|error| error.to_string()).err();
            match (told, error) {
                (Some(told), Some(error)) => assert!(error.contains(told), "{error}"),
                (told, error) => assert_eq!(error.as_deref(), told, "{number}"),
            }
        }
    }

    #[test]
    fn so_many_sign_a_file_and_no_more() {
        let most = u8::try_from(limits::SIGNATURES.most).unwrap();
        let by_so_many = |count: u8| {
            let roots: Vec<u8> = (2..2 + count).collect();
            let made = draft(&roots, 1).endorse(&by(&roots), None, in_days(30), now());
            made.map_err(|error| code_of(&error))
        };
        assert_eq!(parsed(&by_so_many(most).unwrap()), by_so_many(most));
        assert_eq!(by_so_many(most + 1), Err("trust-root.invalid".to_owned()));
    }

    #[test]
    fn one_person_with_two_keys_signs_once() {
        let mut keys = draft(&[2, 3, 4], 2).keys().to_vec();
        keys[2].principal = "signer-2".into();
        let file = TrustFile::new(keys).unwrap();
        let file = file.with_thresholds([(Role::Root, 2)].into()).unwrap();
        let file = endorsed(file, None, &[2]);
        let file = file.endorse(&key(3), None, None, now()).unwrap();
        assert_eq!(parsed(&file), Err("trust-root.unsigned".into()));
        let file = file.endorse(&key(4), None, None, now()).unwrap();
        assert!(parsed(&file).is_ok());
    }

    #[test]
    fn a_file_follows_by_both_roots_and_by_its_number() {
        let before = endorsed(draft(&[2, 3], 2), None, &[2, 3]);
        let follows = |file: &TrustFile| {
            let checked = file.check_follows(&before);
            checked.map_err(|error| error.to_string()).err()
        };
        assert_eq!(follows(&before), None);
        let other = draft(&[4], 1);
        let theirs = other.clone().endorse(&key(4), None, in_days(30), now());
        let told = follows(&theirs.unwrap()).unwrap();
        assert!(told.contains("its number is 1"), "{told}");
        let alone = endorsed(other, Some(&before), &[4]);
        assert_eq!(alone.number(), 2);
        let told = follows(&alone).unwrap();
        assert!(told.contains("0 of the 2 principals"), "{told}");
        let with = |file: TrustFile, byte| {
            file.endorse(&key(byte), Some(&before), None, now())
                .unwrap()
        };
        let half = with(alone, 2);
        assert!(follows(&half).unwrap().contains("1 of the 2"));
        let both = with(half, 3);
        assert_eq!(follows(&both), None);
        assert_eq!(both.number(), 2);
        assert!(parsed(&both).is_ok());
        // The root is left by its own word alone, and after a file without one any may come.
        let unsigned = TrustFile::new(vec![trusted(1, &["*"])]).unwrap();
        assert!(follows(&unsigned).is_some());
        let left = unsigned
            .clone()
            .endorse(&by(&[2, 3]), Some(&before), None, now());
        let left = left.unwrap();
        assert_eq!(follows(&left), None);
        assert_eq!(parsed(&left), Ok(left.clone()));
        assert!(both.check_follows(&unsigned).is_ok());
    }

    #[test]
    fn a_file_ends_and_nobody_signs_one_without_an_end() {
        let file = endorsed(draft(&[2], 1), None, &[2]);
        let code = |at: Option<Timestamp>| {
            let checked = file.check_unexpired(at.unwrap());
            checked.map_err(|error| code_of(&error)).err()
        };
        assert_eq!(code(in_days(29)), None);
        assert_eq!(code(in_days(30)), Some("trust-root.expired".into()));
        assert_eq!(code(in_days(31)), Some("trust-root.expired".into()));
        for expires in [None, in_days(-1), in_days(0)] {
            let made = draft(&[2], 1).endorse(&key(2), None, expires, now());
            assert_eq!(code_of(&made.unwrap_err()), "trust-root.expires");
        }
        let nobody = draft(&[2], 1).endorse(&key(9), None, in_days(1), now());
        assert_eq!(code_of(&nobody.unwrap_err()), "key.not-at-hand");
        // What was said changes: another number, and all sign anew.
        let longer = file.endorse(&key(2), None, in_days(60), now()).unwrap();
        assert_eq!((longer.number(), longer.expires()), (2, in_days(60)));
    }

    #[test]
    fn a_root_key_is_nothing_else() {
        let mut bad = draft(&[2], 1).keys().to_vec();
        bad[1].environments = Some(vec!["prod".into()]);
        let error = TrustFile::new(bad.clone()).unwrap_err().to_string();
        assert!(
            error.contains("signs this file and nothing else"),
            "{error}"
        );
        bad[1].environments = None;
        bad[1].validity.not_after = in_days(1);
        let text = endorsed(TrustFile::new(bad).unwrap(), None, &[2]).print();
        let error = TrustFile::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("signs this file and nothing else"),
            "{error}"
        );
        let text = TrustFile::new(vec![trusted(1, &["*"])]).unwrap().print();
        let text = text.replacen('{', "{\"expires\": \"2026-12-20T10:00:00Z\",", 1);
        let error = TrustFile::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("no key with the role root"), "{error}");
    }
}
