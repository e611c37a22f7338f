//! What a time stamp says: when, how exactly, and about which digest.
//! Verifies nothing.

use jiff::{SignedDuration, Timestamp};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode, Tag, Tagged};
use x509_cert::ext::Extension;

use super::{elements, identifier, of, oid, parts, sequence, tagged};

/// `TSTInfo`, as far as it is asked.
pub(super) struct Info<'t> {
    /// When the authority made it.
    pub(super) made: Timestamp,
    /// How far from it the true instant may be.
    accuracy: SignedDuration,
    pub(super) algorithm: ObjectIdentifier,
    pub(super) digest: &'t [u8],
}

impl<'t> Info<'t> {
    /// Reads it; `None` for what has another form, or says something that must be understood and is not.
    pub(super) fn read(bytes: &'t [u8]) -> Option<Self> {
        let fields = parts(sequence(AnyRef::from_der(bytes).ok()?)?)?;
        let [version, policy, imprint, _, made, more @ ..] = fields.as_slice() else {
            return None;
        };
        let [algorithm, digest] = *parts(sequence(*imprint)?)?.as_slice() else {
            return None;
        };
        let mut extensions = more.iter().filter_map(|field| tagged(*field, 1));
        if of(*version, Tag::Integer)? != [1] || !extensions.all(are_optional) {
            return None;
        }
        let exact = more.first().filter(|field| field.tag() == Tag::Sequence);
        Some(Self {
            made: instant(of(*made, Tag::GeneralizedTime)?)?,
            accuracy: match exact {
                Some(field) => accuracy(field.value())?,
                None if oid(*policy)? == BASELINE => SignedDuration::from_secs(1),
                None => SignedDuration::ZERO,
            },
            algorithm: identifier(algorithm)?,
            digest: of(digest, Tag::OctetString)?,
        })
    }

    /// Between which instants it was made.
    pub(super) fn window(&self) -> Option<(Timestamp, Timestamp)> {
        let from = self.made.checked_sub(self.accuracy).ok()?;
        Some((from, self.made.checked_add(self.accuracy).ok()?))
    }
}

/// Whether all extensions can be read, and none is critical.
fn are_optional(value: &[u8]) -> bool {
    let all = elements(value).unwrap_or_default();
    let optional = |one: &&[u8]| Extension::from_der(one).is_ok_and(|it| !it.critical);
    !all.is_empty() && all.iter().all(optional)
}

/// Seconds, and thousandths and millionths of them.
fn accuracy(value: &[u8]) -> Option<SignedDuration> {
    let mut sum = SignedDuration::ZERO;
    for part in parts(value)? {
        let number = part.value().iter().try_fold(0_i64, |number, byte| {
            number.checked_mul(256)?.checked_add(i64::from(*byte))
        })?;
        let part = match part.tag() {
            Tag::Integer => SignedDuration::from_secs(number),
            Tag::ContextSpecific { number: at, .. } if at.value() == 0 => {
                SignedDuration::from_millis(number)
            }
            Tag::ContextSpecific { number: at, .. } if at.value() == 1 => {
                SignedDuration::from_micros(number)
            }
            _ => return None,
        };
        sum = sum.checked_add(part)?;
    }
    Some(sum)
}

/// Such as `20201120100000.5Z`; the type of the library takes no fractions.
fn instant(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let (date, time) = whole.split_at(8);
    format!("{date}T{time}.{fraction}Z").parse().ok()
}

/// Of ETSI: to a second, where nothing is said.
const BASELINE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2023.1.1");
