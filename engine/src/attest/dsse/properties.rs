//! What holds for every envelope, every type and every payload.
//! Reads the encodings back by readers of its own.

use proptest::prelude::*;

use super::*;
use crate::attest::{
    bundle,
    sample::{key, trust},
    unbundle,
};

/// Type and payload of an encoding, by the lengths that stand in it.
fn read_back(encoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let (payload_type, rest) = read_part(encoded.strip_prefix(b"DSSEv1 ")?)?;
    let (payload, rest) = read_part(rest.strip_prefix(b" ")?)?;
    rest.is_empty().then_some((payload_type, payload))
}

fn read_part(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ')?;
    let length = std::str::from_utf8(&text[..end]).ok()?.parse().ok()?;
    text[end + 1..].split_at_checked(length)
}

fn held(envelope: &[u8]) -> Option<Vec<u8>> {
    let statement = verify(envelope, &trust(), Role::MergeSigner, "prod").ok()?;
    Some(statement.payload().to_vec())
}

proptest! {
    #[test]
    fn an_encoding_says_type_and_payload_and_nothing_else(
        payload_type in ".{0,40}",
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let encoded = pae(&payload_type, &payload);
        prop_assert_eq!(
            read_back(&encoded),
            Some((payload_type.as_bytes(), payload.as_slice()))
        );
    }

    #[test]
    fn moving_a_byte_between_type_and_payload_gives_another_encoding(
        text in "[ -~]{2,40}",
        cuts in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let (one, other) = (cuts.0.index(text.len()), cuts.1.index(text.len()));
        prop_assume!(one != other);
        let encoded = |cut: usize| pae(&text[..cut], &text.as_bytes()[cut..]);
        prop_assert_ne!(encoded(one), encoded(other));
    }

    #[test]
    fn what_is_signed_is_what_is_verified_bare_or_in_a_bundle(
        payload in prop::collection::vec(any::<u8>(), 1..2000),
    ) {
        let envelope = sign(&payload, &key(1));
        prop_assert_eq!(unverified_payload(&envelope), Ok(payload.clone()));
        prop_assert_eq!(held(&envelope), Some(payload));
        let wrapped = bundle(&envelope).unwrap();
        prop_assert_eq!(unbundle(&wrapped).unwrap(), envelope);
        prop_assert_eq!(held(&sign(b"other", &key(2))), None);
    }

    #[test]
    fn what_is_read_is_written_in_the_same_bytes(
        payload in prop::collection::vec(any::<u8>(), 1..200),
        spaces in "[ \n\t]{0,5}",
    ) {
        let envelope = sign(&payload, &key(1));
        let value = json::parse(&envelope).unwrap();
        prop_assert_eq!(json::canonical(&value), envelope.clone());
        let mut loose = serde_json::to_vec_pretty(&value).unwrap();
        loose.extend_from_slice(spaces.as_bytes());
        prop_assert_eq!(json::canonical(&json::parse(&loose).unwrap()), envelope);
    }

    /// Whatever is cut out, put in or replaced: it is refused, or holds exactly what was signed.
    #[test]
    fn no_edit_makes_another_payload_hold(
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        put in "[-A-Za-z0-9+/=_\"{}\\[\\],: ]{0,8}",
    ) {
        let payload = b"{\"what\":\"was signed\"}";
        let mut envelope = sign(payload, &key(1));
        let at = at.index(envelope.len());
        let end = envelope.len().min(at + length);
        envelope.splice(at..end, put.bytes());
        let held = held(&envelope);
        prop_assert!(held.is_none() || held.as_deref() == Some(payload));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(held(&bytes).is_none());
        prop_assert!(unbundle(&bytes).is_ok_and(|same| same == bytes));
    }

    /// What is read in one of the four spellings is no other spelling of the same bytes.
    #[test]
    fn base64_has_four_spellings(text in "[A-Za-z0-9+/]{0,9}[-_]{0,2}[A-Za-z0-9]{0,3}={0,3}") {
        if let Some(bytes) = base64::decode(&text) {
            let padded = base64::encode(&bytes);
            let url_safe = padded.replace('+', "-").replace('/', "_");
            let spellings = [&padded, &url_safe];
            prop_assert!(spellings.iter().any(|one| **one == text || one.trim_end_matches('=') == text));
        }
    }
}
