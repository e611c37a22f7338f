//! Whether the keys of a signer count for a unit, and what they sign: asked of the same trust file that says
//! whether the signature counts. Knows no key's place.

use jiff::Timestamp;

use super::Error;
use super::chain::whole_seconds;
use super::error::KeyError;
use crate::attest::{
    self, Dated, PublicKey, Rejection, Right, Role, Signatory, TrustFile, TrustedKey, UnitId,
    VerifiedStatement,
};

/// Refuses keys that may not sign statements about this unit, not now, or not without others; all of them where
/// the trust file is over, but for the gate's own: a link of it brings the next file.
pub(super) fn check_key(
    trust: &TrustFile,
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<(), Error> {
    if !unit.is_gate() {
        trust.check_unexpired(now)?;
    }
    weighed(trust, key, unit, now)?.map_err(|rejection| refused(rejection, unit))
}

/// The same for a statement that only takes something back: one signature is enough, however many a
/// link takes.
pub(super) fn check_key_taking_back(
    trust: &TrustFile,
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<(), Error> {
    match weighed(trust, key, unit, now)? {
        // Said only where somebody counts.
        Ok(()) | Err(Rejection::Threshold { .. }) => Ok(()),
        Err(rejection) => Err(refused(rejection, unit)),
    }
}

/// What speaks against a signature by the keys at hand; an error where they may sign nothing here.
fn weighed(
    trust: &TrustFile,
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<Result<(), Rejection>, Error> {
    let at_hand = key.at_hand(trust)?;
    let is_known = |key: &PublicKey| trust.find(key).is_some() || trust.revocation(key).is_some();
    let (known, strange): (Vec<PublicKey>, Vec<PublicKey>) =
        at_hand.into_iter().partition(is_known);
    if known.is_empty() {
        return Err(not_trusted(&strange, unit));
    }
    let dated = || {
        Ok(Dated {
            digest: None,
            at: whole_seconds(now),
        })
    };
    match trust.weigh(&known, right(&unit.scope()), &dated) {
        Ok(_) => Ok(Ok(())),
        Err(Rejection::SignerNotTrustedFor { .. }) => Err(not_trusted(&known, unit)),
        Err(rejection) => Ok(Err(rejection)),
    }
}

/// The envelope of a statement about this unit, signed by as many keys as it takes and verified as it will be.
pub(super) fn seal(
    payload: &[u8],
    trust: &TrustFile,
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    sealed(payload, (trust, attest::verify), key, unit, now)
}

/// The same for a statement that only takes something back.
pub(super) fn seal_taking_back(
    payload: &[u8],
    trust: &TrustFile,
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    sealed(payload, (trust, attest::verify_taking_back), key, unit, now)
}

/// The same for a link after which more must sign: by the keys of the file before it and by as many as the file that
/// it brought asks for.
pub(super) fn seal_taking_back_by(
    payload: &[u8],
    (before, brought): (&TrustFile, &TrustFile),
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let (scope, at) = (unit.scope(), whole_seconds(now));
    let mut may = brought.signing(right(&scope), at);
    let others = before.signing(right(&scope), at);
    let is_new = |other: &&TrustedKey| may.iter().all(|known| known.public != other.public);
    let others: Vec<&TrustedKey> = others.into_iter().filter(is_new).collect();
    may.extend(others);
    let envelope = attest::sign_by(payload, key, &may)?;
    let role = Role::MergeSigner;
    attest::verify_taking_back(&envelope, before, role, &scope)
        .and_then(|_| attest::verify(&envelope, brought, role, &scope))
        .map_err(|rejection| refused(rejection, unit))?;
    Ok(envelope)
}

/// How a statement will be verified.
type Verify = fn(&[u8], &TrustFile, Role, &str) -> Result<VerifiedStatement, Rejection>;

fn sealed(
    payload: &[u8],
    (trust, verify): (&TrustFile, Verify),
    key: &dyn Signatory,
    unit: &UnitId,
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let scope = unit.scope();
    let may = trust.signing(right(&scope), whole_seconds(now));
    let envelope = attest::sign_by(payload, key, &may)?;
    match verify(&envelope, trust, Role::MergeSigner, &scope) {
        Ok(_) => Ok(envelope),
        Err(rejection) => Err(refused(rejection, unit)),
    }
}

/// Refuses a trust file that is over or may not follow the last one that a root signed.
pub(super) fn check_next_trust(
    trust: &TrustFile,
    last: Option<&TrustFile>,
    now: Timestamp,
) -> Result<(), Error> {
    trust.check_unexpired(now)?;
    match last {
        Some(last) => Ok(trust.check_follows(last)?),
        None => Ok(()),
    }
}

/// Whether statements about this unit can be signed from now on at all.
pub(super) fn can_be_followed(trust: &TrustFile, unit: &UnitId, now: Timestamp) -> bool {
    trust.is_signable(right(&unit.scope()), whole_seconds(now))
}

/// Whether statements about some gate that a key is listed for can be signed from now on.
pub(super) fn follows_any_gate(trust: &TrustFile, now: Timestamp) -> bool {
    let listed = trust.keys().iter().flat_map(|key| &key.environments);
    let mut gates = listed.flatten().filter(|name| name.ends_with("/gate"));
    gates.any(|scope| trust.is_signable(right(scope), whole_seconds(now)))
}

/// Whether one of the principals that can sign statements about this unit may be lost.
pub(super) fn has_a_spare(trust: &TrustFile, unit: &UnitId, now: Timestamp) -> bool {
    let scope = unit.scope();
    let principals = trust.principals(right(&scope), whole_seconds(now));
    principals > trust.threshold(Role::MergeSigner)
}

fn right(scope: &str) -> Right<'_> {
    Right {
        role: Role::MergeSigner,
        environment: scope,
    }
}

fn not_trusted(keys: &[PublicKey], unit: &UnitId) -> Error {
    let keys: Vec<String> = keys.iter().map(PublicKey::keyid).collect();
    Error::KeyNotTrusted {
        key: keys.join("`, `"),
        unit: unit.to_string(),
        scope: unit.scope(),
    }
}

/// As an error: nothing was signed that could be refused.
fn refused(rejection: Rejection, unit: &UnitId) -> Error {
    let unit = unit.to_string();
    let why = rejection.to_string();
    match rejection {
        Rejection::KeyRevoked { .. } => KeyError::Revoked { unit, why }.into(),
        Rejection::KeyExpired { .. } => KeyError::Expired { unit, why }.into(),
        Rejection::KeyNotYetValid { .. } => KeyError::NotYetValid { unit, why }.into(),
        Rejection::Threshold { .. } => KeyError::Threshold { unit, why }.into(),
        other => other.into(),
    }
}
