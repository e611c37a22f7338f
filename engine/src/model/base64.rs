//! Base64 as envelopes, keys and signatures use it: strict in what is read, one spelling in what is written.
//! Knows nothing of what the bytes are.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

/// Writes the standard alphabet with padding, the one spelling that every reader takes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Writes the standard alphabet without padding, as OpenSSH prints fingerprints.
pub(crate) fn encode_unpadded(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// Reads one alphabet, padded in full or not at all; no white space, and no bits beyond the last
/// byte, so that one sequence of bytes has no spelling but these four.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let url_safe = text.contains(['-', '_']);
    let padded = text.ends_with('=');
    match (url_safe, padded) {
        (false, true) => STANDARD.decode(text),
        (false, false) => STANDARD_NO_PAD.decode(text),
        (true, true) => URL_SAFE.decode(text),
        (true, false) => URL_SAFE_NO_PAD.decode(text),
    }
    .ok()
}

/// Reads the standard padded spelling into `buffer`; the number of bytes, or nothing.
pub(crate) fn decode_into(text: &[u8], buffer: &mut [u8]) -> Option<usize> {
    STANDARD.decode_slice(text, buffer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_canonical_spellings_are_read_and_nothing_else() {
        for good in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(decode(good), Some(vec![0xfb, 0xff]), "{good}");
        }
        for bad in [
            "+_8=", "+/9=", "+/8==", "+/8 ", "+/\n8=", "-/8", "+/8=x", "A",
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert_eq!(encode(&[0xfb, 0xff]), "+/8=");
    }
}
