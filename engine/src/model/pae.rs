//! DSSE v1's pre-authentication encoding.
//! Knows no key and no payload.

/// The bytes that a signature covers: type and payload with their lengths.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    out.extend_from_slice(payload);
    out
}
