//! Verifies time stamps after RFC 3161: that an authority which is trusted says when a signature was there.
//! Knows neither envelopes nor images. The verifier of Sigstore takes no RSA, and wants the authority's own certificate.

mod info;

use jiff::Timestamp;
use sigstore_verify::crypto::{KeyAlgorithm, VerificationKey, sha256, sha384, sha512};
use sigstore_verify::types::{DerPublicKey, HashAlgorithm, SignatureBytes};
use x509_cert::Certificate;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};

use super::chain;
use crate::facts::images::proof::candidate::No;
use crate::facts::images::proof::{Doubt, Flaw};
use info::Info;

/// A time stamp that holds.
pub(super) struct Stamp {
    /// Between which instants the signature was there at the latest.
    pub(super) window: (Timestamp, Timestamp),
    /// Who says so, up to the certificate that is trusted.
    pub(super) path: Vec<Certificate>,
}

/// Verifies a token about these bytes.
pub(super) fn verify(token: &[u8], stamped: &[u8], store: &[Vec<u8>]) -> Result<Stamp, No> {
    let token = Token::read(token).ok_or(UNREADABLE)?;
    let info = Info::read(token.content).ok_or(UNREADABLE)?;
    if hashed(info.algorithm, stamped).as_deref() != Some(info.digest) {
        return Err(Flaw::Time("its time stamp is about something else").into());
    }
    if hashed(token.algorithm, token.content).as_deref() != token.attribute(MESSAGE_DIGEST)?
        || token.attribute(CONTENT_TYPE)? != Some(TIME_STAMP.as_bytes())
    {
        return Err(UNREADABLE.into());
    }
    let own = token.own(store).ok_or(UNREADABLE)?;
    let mut all = vec![own.to_vec()];
    all.extend(token.certificates.iter().map(|der| (*der).to_vec()));
    let path = chain::stamps(&all, store, info.made);
    let path = path.map_err(|_| Flaw::Time("its time stamp is of nobody who is trusted"))?;
    let signer = path.first().ok_or(UNREADABLE)?;
    token.signed_by(signer)?;
    Ok(Stamp {
        window: info.window().ok_or(UNREADABLE)?,
        path,
    })
}

/// What is signed, by whom and how: the parts of a CMS message.
struct Token<'t> {
    content: &'t [u8],
    certificates: Vec<&'t [u8]>,
    /// By which the content is hashed.
    algorithm: ObjectIdentifier,
    /// As they stand, without tag and length.
    attributes: &'t [u8],
    how: ObjectIdentifier,
    signature: &'t [u8],
}

impl<'t> Token<'t> {
    fn read(token: &'t [u8]) -> Option<Self> {
        let [kind, content] = *parts(sequence(AnyRef::from_der(token).ok()?)?)?.as_slice() else {
            return None;
        };
        let [signed] = *parts(tagged(content, 0)?)?.as_slice() else {
            return None;
        };
        let signed = parts(sequence(signed)?)?;
        let [_, _, said, more @ .., signers] = signed.as_slice() else {
            return None;
        };
        let [stamps, said] = *parts(sequence(*said)?)?.as_slice() else {
            return None;
        };
        if oid(kind)? != SIGNED || oid(stamps)? != TIME_STAMP {
            return None;
        }
        let said = AnyRef::from_der(tagged(said, 0)?).ok()?;
        let certificates = more.iter().find_map(|part| tagged(*part, 0));
        let [signer] = *parts(of(*signers, Tag::Set)?)?.as_slice() else {
            return None;
        };
        let signer = parts(sequence(signer)?)?;
        let [_, _, algorithm, attributes, how, signature, ..] = signer.as_slice() else {
            return None;
        };
        Some(Self {
            content: of(said, Tag::OctetString)?,
            certificates: elements(certificates.unwrap_or_default())?,
            algorithm: identifier(*algorithm)?,
            attributes: tagged(*attributes, 0)?,
            how: identifier(*how)?,
            signature: of(*signature, Tag::OctetString)?,
        })
    }

    /// The one value of a signed attribute.
    fn attribute(&self, wanted: ObjectIdentifier) -> Result<Option<&'t [u8]>, Flaw> {
        let mut found = None;
        for attribute in parts(self.attributes).ok_or(UNREADABLE)? {
            let attribute = sequence(attribute).and_then(parts).ok_or(UNREADABLE)?;
            let [kind, values] = *attribute.as_slice() else {
                return Err(UNREADABLE);
            };
            if oid(kind) != Some(wanted) {
                continue;
            }
            let values = of(values, Tag::Set).and_then(parts).ok_or(UNREADABLE)?;
            match (values.as_slice(), found) {
                ([one], None) => found = Some(one.value()),
                _ => return Err(UNREADABLE),
            }
        }
        Ok(found)
    }

    /// The certificate of which the signature itself says that it is the signer's.
    fn own<'c>(&self, store: &'c [Vec<u8>]) -> Option<&'c [u8]>
    where
        't: 'c,
    {
        let (algorithm, digest) = named(self.attribute(CERTIFICATE).ok()??)?;
        let known = store.iter().map(Vec::as_slice);
        let mut all = self.certificates.iter().copied().chain(known);
        all.find(|der| hashed(algorithm, der).as_deref() == Some(digest))
    }

    /// That the key of the certificate signed the attributes.
    fn signed_by(&self, signer: &Certificate) -> Result<(), No> {
        let unsupported = Doubt::Unsupported("a time stamp by a key of this kind");
        let key = &signer.tbs_certificate.subject_public_key_info;
        let key = DerPublicKey::new(key.to_der().map_err(|_| UNREADABLE)?);
        let kind = KeyAlgorithm::from_spki(&key).map_err(|_| unsupported.clone())?;
        let hash = match (kind, self.how) {
            (KeyAlgorithm::Rsa, RSA) => self.algorithm,
            (KeyAlgorithm::Rsa, how) => hash_of(how, &RSA_WITH).ok_or(unsupported.clone())?,
            (_, how) => hash_of(how, &ECDSA_WITH).ok_or(unsupported.clone())?,
        };
        let hash = match hash {
            SHA256 => HashAlgorithm::Sha2256,
            SHA384 => HashAlgorithm::Sha2384,
            SHA512 => HashAlgorithm::Sha2512,
            _ => return Err(unsupported.into()),
        };
        let scheme = kind.resolve_signing_scheme(hash);
        let scheme = scheme.map_err(|_| unsupported.clone())?;
        let key = VerificationKey::from_spki_with_scheme(&key, scheme).map_err(|_| unsupported)?;
        // They are signed as a set, and stand there under a tag of their own.
        let set = AnyRef::new(Tag::Set, self.attributes).and_then(|set| set.to_der());
        let signature = SignatureBytes::new(self.signature.to_vec());
        let verified = key.verify(&set.map_err(|_| UNREADABLE)?, &signature);
        Ok(verified.map_err(|_| Flaw::Time("the signature of its time stamp is wrong"))?)
    }
}

/// The digest of the first certificate that an attribute names, and by what it is made.
fn named(value: &[u8]) -> Option<(ObjectIdentifier, &[u8])> {
    let all = parts(value)?;
    let first = *parts(sequence(*all.first()?)?)?.first()?;
    match parts(sequence(first)?)?.as_slice() {
        [algorithm, digest, ..] if algorithm.tag() == Tag::Sequence => {
            Some((identifier(*algorithm)?, of(*digest, Tag::OctetString)?))
        }
        [digest, ..] => Some((SHA256, of(*digest, Tag::OctetString)?)),
        [] => None,
    }
}

fn hash_of(how: ObjectIdentifier, known: &[ObjectIdentifier; 3]) -> Option<ObjectIdentifier> {
    let hashes = [SHA256, SHA384, SHA512];
    let mut pairs = known.iter().zip(hashes);
    pairs.find(|(known, _)| **known == how).map(|it| it.1)
}

fn hashed(algorithm: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm {
        SHA256 => sha256(bytes).as_bytes().to_vec(),
        SHA384 => sha384(bytes).as_bytes().to_vec(),
        SHA512 => sha512(bytes).as_bytes().to_vec(),
        _ => return None,
    })
}

/// What a constructed value is made of.
fn parts(value: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(value).ok()?;
    let mut all = Vec::new();
    while !reader.is_finished() {
        all.push(reader.decode().ok()?);
    }
    Some(all)
}

/// The same, each with its tag and length.
fn elements(value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = SliceReader::new(value).ok()?;
    let mut all = Vec::new();
    while !reader.is_finished() {
        all.push(reader.tlv_bytes().ok()?);
    }
    Some(all)
}

fn of(part: AnyRef<'_>, tag: Tag) -> Option<&[u8]> {
    (part.tag() == tag).then(|| part.value())
}

fn sequence(part: AnyRef<'_>) -> Option<&[u8]> {
    of(part, Tag::Sequence)
}

fn tagged(part: AnyRef<'_>, number: u8) -> Option<&[u8]> {
    let tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber::new(number),
    };
    of(part, tag)
}

fn oid(part: AnyRef<'_>) -> Option<ObjectIdentifier> {
    part.decode_as().ok()
}

/// Of an algorithm.
fn identifier(part: AnyRef<'_>) -> Option<ObjectIdentifier> {
    oid(*parts(sequence(part)?)?.first()?)
}

const UNREADABLE: Flaw = Flaw::Time("its time stamp cannot be read");
const SIGNED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TIME_STAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// The newer form: the older one knows SHA-1 alone.
const CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// Which says nothing of a hash.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_WITH: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
];
const ECDSA_WITH: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
];
