//! What several targets use: edits of genuine bytes, and readers of base64, DSSE and PEM that are not the product's.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// Three bytes an edit: where, and what to put there or, if it stands there already, to drop.
pub fn edited(genuine: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % bytes.len().max(1);
        match bytes.get_mut(at) {
            Some(byte) if *byte == edit[2] => {
                bytes.remove(at);
            }
            Some(byte) => *byte = edit[2],
            None => bytes.push(edit[2]),
        }
    }
    bytes
}

/// Base64 of either alphabet, padded or not, as DSSE says that a reader takes it.
pub fn decoded(text: &str) -> Vec<u8> {
    let padded_or_not =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, padded_or_not)
        .decode(text)
        .or_else(|_| GeneralPurpose::new(&alphabet::URL_SAFE, padded_or_not).decode(text))
        .expect("base64")
}

/// What a signature in a DSSE envelope is over.
pub fn pre_authentication_encoding(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

/// What stands between the first two lines of PEM; blanks are nothing (RFC 7468, section 3).
pub fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().map(str::trim);
    let body = lines.skip_while(|line| !line.starts_with("-----BEGIN"));
    let body = body
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"));
    let body = body.flat_map(str::chars).filter(|c| !c.is_whitespace());
    STANDARD.decode(body.collect::<String>()).expect("base64")
}
