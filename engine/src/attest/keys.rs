//! Ed25519 keys in the spellings of OpenSSL, named by the fingerprint of OpenSSH.
//! Knows no files and prints no private key but on request.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Error, base64};

/// A private key. It is wiped when dropped, and neither printed nor serialized.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Makes a key from 32 bytes of `random`; in the product that is `getrandom::fill`.
    ///
    /// # Errors
    /// No randomness.
    pub fn generate<E>(random: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        random(seed.as_mut_slice()).map_err(|_| Error::Randomness)?;
        Self::from_seed(&seed)
    }

    /// Reads one PEM block with PKCS#8 of version 1, or of version 2 whose public half fits.
    ///
    /// # Errors
    /// Any other form, another algorithm, an inconsistent or a weak key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let der = read_pem(pem, PRIVATE_LABEL)?;
        let (seed, public) = if let Some(rest) = der.strip_prefix(PKCS8_V1) {
            (rest, None)
        } else if let Some((seed, rest)) = der
            .strip_prefix(PKCS8_V2)
            .and_then(|rest| rest.split_at_checked(32))
        {
            let public = rest.strip_prefix(PKCS8_V2_PUBLIC).ok_or(NOT_PKCS8)?;
            (seed, Some(public))
        } else {
            return Err(NOT_PKCS8);
        };
        let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| NOT_PKCS8)?);
        let key = Self::from_seed(&seed)?;
        match public {
            Some(public) if public != key.0.verifying_key().as_bytes() => {
                Err(Error::KeyInconsistent)
            }
            _ => Ok(key),
        }
    }

    /// Writes PKCS#8 of version 1, which OpenSSL, Python and Node all read.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new(Vec::with_capacity(PKCS8_V1.len() + 32));
        der.extend_from_slice(PKCS8_V1);
        der.extend_from_slice(self.0.as_bytes());
        write_pem(PRIVATE_LABEL, &der)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message` as it is (no prehash).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    fn from_seed(seed: &[u8; 32]) -> Result<Self, Error> {
        if seed.iter().all(|byte| *byte == 0) {
            return Err(Error::KeyWeak {
                what: "it is all zero",
            });
        }
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(seed)))
    }
}

/// A public key that only its owner can sign for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads one PEM block with a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Any other form, another algorithm, a weak or non-canonical point, a private key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        if memory_contains(pem, b"PRIVATE KEY") {
            return Err(Error::PrivateWherePublic);
        }
        let der = read_pem(pem, PUBLIC_LABEL)?;
        let bytes = der
            .strip_prefix(SPKI)
            .and_then(|point| <[u8; 32]>::try_from(point).ok())
            .ok_or(Error::KeyFormat {
                what: "it is no Ed25519 public key (SubjectPublicKeyInfo)",
            })?;
        Self::from_point(&bytes)
    }

    /// Reads the 32 bytes that OpenSSH keeps of a public key.
    ///
    /// # Errors
    /// Another length, a weak or non-canonical point.
    pub fn from_ssh(point: &[u8]) -> Result<Self, Error> {
        let point = <[u8; 32]>::try_from(point).map_err(|_| Error::KeyFormat {
            what: "it does not have 32 bytes",
        })?;
        Self::from_point(&point)
    }

    /// Writes the PEM block that `openssl pkey -pubout` writes.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let der = [SPKI, self.0.as_bytes()].concat();
        write_pem(PUBLIC_LABEL, &der).to_string()
    }

    /// The fingerprint that `ssh-keygen -lf` prints: `SHA256:` and 43 characters.
    #[must_use]
    pub fn keyid(&self) -> String {
        let mut hash = Sha256::new();
        for part in [b"ssh-ed25519".as_slice(), self.0.as_bytes()] {
            hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(part);
        }
        format!("SHA256:{}", base64::encode_unpadded(&hash.finalize()))
    }

    /// Whether `signature` over `message` is this key's, by the strict rules: no malleable form
    /// and no point of small order counts.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }

    fn from_point(bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Error::KeyFormat {
            what: "its bytes are no point of the curve",
        })?;
        if key.is_weak() {
            return Err(Error::KeyWeak {
                what: "its point has small order, so that anyone can sign for it",
            });
        }
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(Error::KeyWeak {
                what: "its point is not spelled canonically",
            });
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.keyid())
    }
}

/// Reads exactly one PEM block: no text around it, no headers, line ends as OpenSSL writes them.
fn read_pem(pem: &[u8], label: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let refuse = |what| Error::KeyFormat { what };
    let text = std::str::from_utf8(pem).map_err(|_| refuse("it is no PEM text"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let body = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.strip_prefix(label))
        .and_then(|rest| rest.strip_prefix("-----\n"))
        .and_then(|rest| rest.strip_suffix("-----"))
        .and_then(|rest| rest.strip_suffix(label))
        .and_then(|rest| rest.strip_suffix("\n-----END "))
        .ok_or(refuse("it is not one PEM block of the expected label"))?;
    if body.len() > 2 * MAX_DER {
        return Err(refuse("it is too long for an Ed25519 key"));
    }
    let mut joined = Zeroizing::new(Vec::with_capacity(body.len()));
    for line in body.split('\n') {
        joined.extend_from_slice(line.as_bytes());
    }
    let mut der = Zeroizing::new(vec![0; 2 * MAX_DER]);
    let length =
        base64::decode_into(&joined, &mut der).ok_or(refuse("its base64 is not canonical"))?;
    der.truncate(length);
    Ok(der)
}

fn write_pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let encoded = Zeroizing::new(base64::encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(encoded.len() + 80));
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

fn memory_contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

const PRIVATE_LABEL: &str = "PRIVATE KEY";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
/// Longer than both forms of a private key.
const MAX_DER: usize = 128;
/// RFC 8410: what stands before the seed (version 1), and before seed and public half (version 2).
const PKCS8_V1: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
const PKCS8_V2: &[u8] = b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
const PKCS8_V2_PUBLIC: &[u8] = b"\x81\x21\x00";
const SPKI: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const NOT_PKCS8: Error = Error::KeyFormat {
    what: "it is no unencrypted Ed25519 private key (PKCS#8)",
};

#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn key(byte: u8) -> SigningKey {
        SigningKey::generate(|seed| {
            seed.fill(byte);
            Ok::<_, ()>(())
        })
        .unwrap()
    }

    fn pem(label: &str, der: &[u8]) -> String {
        write_pem(label, der).to_string()
    }

    fn private_code(pem: &[u8]) -> String {
        SigningKey::from_pem(pem)
            .err()
            .map_or("ok".into(), |error| {
                assert!(!error.to_string().contains("MC4C"), "content in `{error}`");
                code_of(&error)
            })
    }

    fn public_code(pem: &[u8]) -> String {
        PublicKey::from_pem(pem)
            .err()
            .map_or("ok".into(), |error| code_of(&error))
    }

    #[test]
    fn the_spellings_are_openssls_and_the_fingerprint_openssh_s() {
        // The key of RFC 8410 §10.3.
        let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let key = SigningKey::from_pem(private.as_bytes()).unwrap();
        assert_eq!(key.to_pem().as_str(), private);
        assert_eq!(key.public().to_pem(), public);
        assert_eq!(public.len(), 113);
        assert_eq!(
            PublicKey::from_pem(public.as_bytes()).unwrap(),
            key.public()
        );
        assert!(key.public().keyid().starts_with("SHA256:"));
        assert_eq!(key.public().keyid().len(), 50);
        assert_eq!(format!("{:?}", key.public()), key.public().keyid());
    }

    #[test]
    fn version_two_is_read_when_both_halves_belong_together() {
        let der = |public: &SigningKey| {
            let own = key(7);
            let public = public.public();
            [
                PKCS8_V2,
                own.0.as_bytes(),
                PKCS8_V2_PUBLIC,
                public.0.as_bytes(),
            ]
            .concat()
        };
        assert_eq!(
            private_code(pem(PRIVATE_LABEL, &der(&key(7))).as_bytes()),
            "ok"
        );
        assert_eq!(
            private_code(pem(PRIVATE_LABEL, &der(&key(8))).as_bytes()),
            "key.inconsistent"
        );
    }

    #[test]
    fn every_other_private_form_is_refused() {
        let good = key(7).to_pem().to_string();
        let raw = *key(7).0.as_bytes();
        let zero = pem(PRIVATE_LABEL, &[PKCS8_V1, &[0; 32]].concat());
        assert_eq!(private_code(zero.as_bytes()), "key.weak");
        let p256 = pem(PRIVATE_LABEL, &[0x30; 100]);
        for bad in [
            String::new(),
            good.replace('\n', "\r\n"),
            format!("{good}x"),
            format!("{good}\n"),
            format!("{good}{good}"),
            format!("x\n{good}"),
            good.replace("MC4C", "MC4*"),
            good.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            good.replace("PRIVATE", "OPENSSH PRIVATE"),
            good.replace("PRIVATE", "RSA PRIVATE"),
            key(7).public().to_pem(),
            p256,
            pem(PRIVATE_LABEL, &[PKCS8_V1, &raw, &[0]].concat()),
            pem(PRIVATE_LABEL, &[PKCS8_V1, &raw[1..]].concat()),
            pem(PRIVATE_LABEL, &raw),
            "A".repeat(1_000_000),
        ] {
            assert_eq!(private_code(bad.as_bytes()), "key.format", "{bad:.60}");
        }
        assert_eq!(private_code(&raw), "key.format");
        assert_eq!(private_code(good.trim_end().as_bytes()), "ok");
    }

    #[test]
    fn what_is_far_too_long_is_told_as_such() {
        let long = pem(PRIVATE_LABEL, &[7; 1_000]);
        let error = SigningKey::from_pem(long.as_bytes()).err().unwrap();
        assert!(error.to_string().contains("too long"), "{error}");
    }

    #[test]
    fn weak_and_foreign_public_keys_are_refused() {
        let spki = |point: &[u8]| pem(PUBLIC_LABEL, &[SPKI, point].concat());
        let mut identity = [0; 32];
        identity[0] = 1;
        // y = p + 1 is another spelling of the identity, y = p + 3 of a point of full order.
        let mut twin = [0xff; 32];
        (twin[0], twin[31]) = (0xee, 0x7f);
        let order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
        let order_8: Vec<u8> = (0..32)
            .map(|i| u8::from_str_radix(&order_8[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        for weak in [&[0; 32][..], &identity, &twin, &order_8, &[0xff; 32]] {
            let code = public_code(spki(weak).as_bytes());
            assert!(
                ["key.weak", "key.format"].contains(&code.as_str()),
                "{weak:x?}: {code}"
            );
        }
        assert_eq!(public_code(spki(&identity).as_bytes()), "key.weak");
        let good = key(7).public().0.to_bytes();
        assert_eq!(public_code(spki(&good[1..]).as_bytes()), "key.format");
        assert_eq!(
            public_code(spki(&[&good[..], &[0]].concat()).as_bytes()),
            "key.format"
        );
        let x25519 = [
            b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00",
            &good[..],
        ]
        .concat();
        assert_eq!(
            public_code(pem(PUBLIC_LABEL, &x25519).as_bytes()),
            "key.format"
        );
        assert_eq!(
            public_code(key(7).to_pem().as_bytes()),
            "key.private-where-public"
        );
    }

    #[test]
    fn a_non_canonical_point_of_any_order_is_refused() {
        // Every y below 19 has a second spelling y + p.
        for y in 0..19_u8 {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + y.min(18), 0x7f);
            assert!(PublicKey::from_point(&bytes).is_err(), "{y}");
        }
    }

    #[test]
    fn a_malleable_signature_does_not_count() {
        let key = key(7);
        let good = key.sign(b"message");
        assert!(key.public().has_signed(b"message", &good));
        assert!(!key.public().has_signed(b"massage", &good));
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10_u8,
        ];
        let mut twin = good;
        let mut carry = 0;
        for (byte, add) in twin[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert!(!key.public().has_signed(b"message", &twin));
        assert!(!key.public().has_signed(b"message", &[0; 64]));
    }
}
