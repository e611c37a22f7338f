//! Who signs: a private key in memory, or whatever holds one elsewhere; several together where it takes several.
//! Knows no place where keys lie; believes no signature that it did not verify.

use std::collections::BTreeSet;

use serde_json::json;

use super::dsse::PAYLOAD_TYPE;
use super::pae;
use super::{Error, PublicKey, SigningKey, TrustFile, TrustedKey, base64, json};

/// Who signs a statement.
pub trait Signatory {
    /// The public halves of the keys that may be at hand: all that can be told without signing.
    ///
    /// # Errors
    /// Whoever holds them cannot be asked.
    fn at_hand(&self, trust: &TrustFile) -> Result<Vec<PublicKey>, Error>;

    /// Signs `message`: one key holder with one of the keys `may`, several with those of as many
    /// principals.
    ///
    /// # Errors
    /// None of the keys is at hand, or whoever holds it does not sign.
    fn signatures(&self, message: &[u8], may: &[&TrustedKey]) -> Result<Vec<Made>, Error>;
}

/// A signature, and by which key.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// The key.
    pub by: PublicKey,
    /// The signature.
    pub signature: [u8; 64],
}

/// Those who sign together, each for another principal.
pub struct Together(Vec<Box<dyn Signatory>>);

impl Together {
    /// Takes them in the order in which they are asked.
    #[must_use]
    pub fn new(all: Vec<Box<dyn Signatory>>) -> Self {
        Self(all)
    }
}

impl Signatory for Together {
    fn at_hand(&self, trust: &TrustFile) -> Result<Vec<PublicKey>, Error> {
        let each = self.0.iter().map(|one| one.at_hand(trust));
        Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn signatures(&self, message: &[u8], may: &[&TrustedKey]) -> Result<Vec<Made>, Error> {
        let mut made: Vec<Made> = Vec::new();
        let mut signed: BTreeSet<&str> = BTreeSet::new();
        let mut without = None;
        for one in &self.0 {
            let open = may.iter().copied();
            let open: Vec<&TrustedKey> = open
                .filter(|key| !signed.contains(key.principal.as_str()))
                .collect();
            let new = match one.signatures(message, &open) {
                // It signs other units. Whether those who are left are enough, the trust file says.
                Err(none @ Error::NoKeyAtHand { .. }) => {
                    without = Some(none);
                    continue;
                }
                new => new?,
            };
            for new in new {
                let key = open.iter().find(|key| key.public == new.by);
                signed.extend(key.map(|key| key.principal.as_str()));
                made.push(new);
            }
        }
        match (made.is_empty(), without) {
            (true, Some(none)) => Err(none),
            _ => Ok(made),
        }
    }
}

impl Signatory for SigningKey {
    fn at_hand(&self, _: &TrustFile) -> Result<Vec<PublicKey>, Error> {
        Ok(vec![self.public()])
    }

    fn signatures(&self, message: &[u8], may: &[&TrustedKey]) -> Result<Vec<Made>, Error> {
        let by = self.public();
        if may.iter().any(|key| key.public == by) {
            let signature = self.sign(message);
            return Ok(vec![Made { by, signature }]);
        }
        let holder = format!("the key file of `{}`", by.keyid());
        Err(Error::NoKeyAtHand { holder })
    }
}

/// Signs a statement with keys among `may`; the envelope, without a newline at the end.
///
/// # Errors
/// Nobody signs, or what comes back is no signature of a key that may.
pub fn sign_by(
    payload: &[u8],
    signatory: &dyn Signatory,
    may: &[&TrustedKey],
) -> Result<Vec<u8>, Error> {
    let message = pae(PAYLOAD_TYPE, payload);
    let made = signatory.signatures(&message, may)?;
    let holds = |made: &Made| {
        may.iter().any(|key| key.public == made.by) && made.by.has_signed(&message, &made.signature)
    };
    if made.is_empty() || !made.iter().all(holds) {
        return Err(Error::SignatureDoesNotHold);
    }
    let signatures: Vec<_> = made
        .iter()
        .map(|made| json!({"keyid": made.by.keyid(), "sig": base64::encode(&made.signature)}))
        .collect();
    Ok(json::canonical(&json!({
        "payload": base64::encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": signatures,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::sample::{key, trusted};
    use crate::attest::{Role, verify};
    use crate::model::code_of;

    /// Answers with what it is told to, whoever is asked for.
    struct Liar(Vec<Made>);

    impl Signatory for Liar {
        fn at_hand(&self, _: &TrustFile) -> Result<Vec<PublicKey>, Error> {
            Ok(Vec::new())
        }

        fn signatures(&self, _: &[u8], _: &[&TrustedKey]) -> Result<Vec<Made>, Error> {
            Ok(self.0.clone())
        }
    }

    /// Keys 1 and 2 of two principals, 3 of the first.
    fn trust() -> TrustFile {
        let mut third = trusted(3, &["*"]);
        third.principal = "signer-1".into();
        TrustFile::new(vec![trusted(1, &["*"]), trusted(2, &["*"]), third]).unwrap()
    }

    fn signed(signatory: &dyn Signatory) -> String {
        let trust = trust();
        let may: Vec<&TrustedKey> = trust.keys().iter().collect();
        match sign_by(b"payload", signatory, &may) {
            Err(error) => code_of(&error),
            Ok(envelope) => {
                let verified = verify(&envelope, &trust, Role::MergeSigner, "prod").unwrap();
                let names = verified.signers().iter();
                let names: Vec<&str> = names.map(|signer| signer.principal.as_str()).collect();
                names.join(" ")
            }
        }
    }

    fn together(keys: &[u8]) -> Together {
        let keys = keys.iter().copied();
        Together::new(
            keys.map(|byte| Box::new(key(byte)) as Box<dyn Signatory>)
                .collect(),
        )
    }

    #[test]
    fn a_key_signs_what_it_may_and_several_for_a_principal_each() {
        assert_eq!(signed(&key(1)), "signer-1");
        assert_eq!(signed(&key(9)), "key.not-at-hand");
        for (keys, expected) in [
            (&[1][..], "signer-1"),
            (&[1, 2], "signer-1 signer-2"),
            (&[2, 3], "signer-2 signer-1"),
            (&[1, 3], "signer-1"),
            (&[9, 2], "signer-2"),
            (&[9], "key.not-at-hand"),
            (&[], "key.signature"),
        ] {
            assert_eq!(signed(&together(keys)), expected, "{keys:?}");
        }
        let trust = trust();
        let all = together(&[1, 9]).at_hand(&trust).unwrap();
        assert_eq!(all, [key(1).public(), key(9).public()]);
    }

    #[test]
    fn one_key_alone_signs_as_ever() {
        let trust = trust();
        let may: Vec<&TrustedKey> = trust.keys().iter().collect();
        let by = sign_by(b"payload", &key(1), &may).unwrap();
        assert_eq!(by, crate::attest::sign(b"payload", &key(1)));
    }

    #[test]
    fn what_comes_back_is_believed_when_it_verifies() {
        let message = pae(PAYLOAD_TYPE, b"payload");
        let made = |byte: u8, message: &[u8]| Made {
            by: key(byte).public(),
            signature: key(byte).sign(message),
        };
        let good = made(1, &message);
        assert_eq!(signed(&Liar(vec![good])), "signer-1");
        let under_another = Made {
            by: key(2).public(),
            ..good
        };
        for lie in [
            vec![],
            vec![made(1, b"payload")],
            vec![made(9, &message)],
            vec![under_another],
            vec![good, made(2, b"")],
            vec![Made {
                signature: [0; 64],
                ..good
            }],
        ] {
            assert_eq!(signed(&Liar(lie.clone())), "key.signature", "{lie:?}");
        }
    }
}
