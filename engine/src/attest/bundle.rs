//! Sigstore bundles v0.3 around envelopes: written for the verifiers of others, and read back.
//! Knows no key; a wrapper lends no trust.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rejection, json, vsa::expect_name};
use crate::model::limits;

/// Wraps an envelope of one signature; the fingerprint of its key becomes the hint.
///
/// # Errors
/// No envelope, or one with several signatures.
pub fn bundle(envelope: &[u8]) -> Result<Vec<u8>, Rejection> {
    let envelope = json::parse(envelope).map_err(|what| Rejection::Malformed { what })?;
    let hint = only_keyid(&envelope)?.to_owned();
    Ok(json::canonical(&json!({
        "mediaType": BUNDLE_MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": envelope,
    })))
}

/// Returns the envelope in a bundle, and anything else as it stands.
///
/// # Errors
/// A bundle of another version, with several signatures, with a hint that names another key than the envelope,
/// or with anything besides: a certificate or a log entry that nobody checks is refused, not ignored.
pub fn unbundle(file: &[u8]) -> Result<Cow<'_, [u8]>, Rejection> {
    if file.len() > limits::ENVELOPE.most {
        return Ok(Cow::Borrowed(file));
    }
    let value = match json::parse(file) {
        Ok(value) if value.get("dsseEnvelope").is_some() => value,
        _ => return Ok(Cow::Borrowed(file)),
    };
    expect_name(
        &value,
        "/mediaType",
        BUNDLE_MEDIA_TYPE,
        "a Sigstore bundle v0.3",
    )?;
    let Ok(bundle) = serde_json::from_value::<Bundle>(value) else {
        return malformed(
            "a bundle that is not one envelope and the name of its key (`publicKey.hint`)",
        );
    };
    if only_keyid(&bundle.dsse_envelope)? != bundle.verification_material.public_key.hint {
        return malformed(
            "a bundle that names one key (`publicKey.hint`), around an envelope that names another (`keyid`)",
        );
    }
    Ok(Cow::Owned(json::canonical(&bundle.dsse_envelope)))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bundle {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    public_key: Hint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hint {
    hint: String,
}

fn only_keyid(envelope: &Value) -> Result<&str, Rejection> {
    let signatures = envelope.get("signatures").and_then(Value::as_array);
    match signatures.map(Vec::as_slice) {
        Some([signature]) => match signature.get("keyid").and_then(Value::as_str) {
            Some(keyid) => Ok(keyid),
            None => malformed("`keyid` is missing or no string"),
        },
        _ => malformed("the envelope of a bundle has exactly one signature"),
    }
}

fn malformed<T>(what: &str) -> Result<T, Rejection> {
    Err(Rejection::Malformed {
        what: what.to_owned(),
    })
}

/// The one version of bundles that is written and read.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{Role, sample, verify};

    #[test]
    fn what_is_wrapped_is_what_comes_out_and_verifies() {
        let envelope = sample::baseline(sample::state(1)).signed();
        let wrapped = bundle(&envelope).unwrap();
        let value: Value = serde_json::from_slice(&wrapped).unwrap();
        let hint = &value["verificationMaterial"]["publicKey"]["hint"];
        assert_eq!(hint, &sample::key(1).public().keyid());
        let inside = unbundle(&wrapped).unwrap();
        assert_eq!(inside, envelope);
        assert!(verify(&inside, &sample::trust(), Role::MergeSigner, "prod").is_ok());
        assert_eq!(unbundle(&envelope).unwrap(), envelope);
        assert!(
            bundle(&wrapped).is_err(),
            "a bundle is no envelope to be wrapped"
        );
    }

    #[test]
    fn what_is_no_bundle_is_left_to_the_reader_of_envelopes() {
        for other in ["", "[]", "{}", r#"{"payload":1}"#, r#"{"mediaType":"x"}"#] {
            assert_eq!(unbundle(other.as_bytes()).unwrap(), other.as_bytes());
        }
    }

    #[test]
    fn a_bundle_as_long_as_any_file_may_be_is_opened_and_a_longer_one_is_left_alone() {
        let envelope = sample::baseline(sample::state(1)).signed();
        let mut long = bundle(&envelope).unwrap();
        long.resize(limits::ENVELOPE.most, b' ');
        assert_eq!(unbundle(&long).unwrap(), envelope);
        long.push(b' ');
        assert_eq!(unbundle(&long).unwrap(), long);
    }
}
