//! Whose signatures count for a statement: by role and environment, by the time of the statement, by what is
//! revoked, and by how many principals it takes.
//! Verifies no signature: it is told which keys did sign.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Revocation, Role, TrustFile, TrustedKey};
use crate::attest::{PublicKey, Rejection, Signer};
use crate::model::Digest;

/// What a statement is signed as, and for which environment.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// The role.
    pub role: Role,
    /// The environment, or `<branch>/gate`.
    pub environment: &'a str,
}

/// What a statement is known by, and the instant at which it says that it was signed.
#[derive(Clone, Copy, Debug)]
pub struct Dated {
    /// The SHA-256 of its payload; `None` for one that is about to be signed.
    pub digest: Option<Digest>,
    /// The instant.
    pub at: Timestamp,
}

impl TrustFile {
    /// Those whose signatures count, of the keys `by` which a statement was signed.
    ///
    /// `dated` is asked only where the answer depends on it.
    ///
    /// # Errors
    /// None counts, and why; fewer principals than it takes.
    pub fn weigh(
        &self,
        by: &[PublicKey],
        right: Right<'_>,
        dated: &dyn Fn() -> Result<Dated, Rejection>,
    ) -> Result<Vec<Signer>, Rejection> {
        let known = self.keys.iter().filter(|key| by.contains(&key.public));
        let mut counting = Vec::new();
        let mut objections = Vec::new();
        for key in known {
            match self.objection(key, right, dated)? {
                None => counting.push(Signer::of(key)),
                Some(objection) => objections.push(objection),
            }
        }
        // A revoked key that stands nowhere else is told as such, not as an unknown one.
        let dropped = self
            .revoked
            .iter()
            .filter(|entry| by.contains(&entry.public));
        objections.extend(
            dropped
                .filter(|entry| self.find(&entry.public).is_none())
                .map(|entry| Rejection::KeyRevoked {
                    principal: entry.public.keyid(),
                    from: entry.from.to_string(),
                    reason: entry.reason.clone(),
                }),
        );
        let principals: BTreeSet<&str> = counting
            .iter()
            .map(|signer| signer.principal.as_str())
            .collect();
        let (found, wanted) = (principals.len(), self.threshold(right.role));
        if found >= wanted {
            return Ok(counting);
        }
        let most_telling = objections.iter().min_by_key(|objection| rank(objection));
        Err(match (found, most_telling) {
            (0, Some(objection)) => objection.clone(),
            (0, None) => Rejection::Signature {
                signatures: by.len(),
            },
            (_, besides) => Rejection::Threshold {
                found,
                wanted,
                role: right.role.as_str(),
                besides: besides.map_or_else(String::new, |other| format!("; {other}")),
            },
        })
    }

    /// The keys with which this can be signed at an instant.
    #[must_use]
    pub fn signing(&self, right: Right<'_>, at: Timestamp) -> Vec<&TrustedKey> {
        let digest = None;
        let signs = |key: &&TrustedKey| {
            let objection = self.objection(key, right, &|| Ok(Dated { digest, at }));
            matches!(objection, Ok(None))
        };
        self.keys.iter().filter(signs).collect()
    }

    /// Whether as many principals as it takes can sign this, at an instant or later.
    #[must_use]
    pub fn is_signable(&self, right: Right<'_>, from: Timestamp) -> bool {
        self.principals(right, from) >= self.threshold(right.role)
    }

    /// Whether all principals that sign as a role, at an instant or later, must sign: then none of their keys may be lost.
    #[must_use]
    pub fn needs_all(&self, role: Role, from: Timestamp) -> bool {
        let keys = self.keys.iter();
        let lasting = keys.filter(|key| key.role == role && self.lasts(key, from));
        let principals: BTreeSet<&str> = lasting.map(|key| key.principal.as_str()).collect();
        principals.len() <= self.threshold(role)
    }

    /// How many principals can sign this, at an instant or later.
    #[must_use]
    pub fn principals(&self, right: Right<'_>, from: Timestamp) -> usize {
        let lasting = self
            .keys
            .iter()
            .filter(|key| self.lasts(key, from) && key.may_sign(right.role, right.environment));
        let principals: BTreeSet<&str> = lasting.map(|key| key.principal.as_str()).collect();
        principals.len()
    }

    /// The same file without the keys of a role that are revoked or whose time is over at an instant;
    /// `None` where the others are too few to sign anything.
    #[must_use]
    pub fn lasting(&self, role: Role, from: Timestamp) -> Option<Self> {
        let stays = |key: &&TrustedKey| key.role != role || self.lasts(key, from);
        let keys = self.keys.iter().filter(stays).cloned().collect();
        let lasting = Self::new(keys).ok()?;
        lasting.with_thresholds(self.thresholds.clone()).ok()
    }

    /// Whether a key signs at an instant or later.
    fn lasts(&self, key: &TrustedKey, from: Timestamp) -> bool {
        let over = key.validity.not_after.is_some_and(|until| until <= from);
        !over && self.revocation(&key.public).is_none()
    }

    /// Those whose signatures are enough to take something back: who may sign it, at any time. A revoked key
    /// took back what it did before its revocation, and what the revocation keeps.
    ///
    /// # Errors
    /// None of them may.
    pub fn weigh_taking_back(
        &self,
        by: &[PublicKey],
        right: Right<'_>,
        dated: &dyn Fn() -> Result<Dated, Rejection>,
    ) -> Result<Vec<Signer>, Rejection> {
        let known = self.keys.iter().filter(|key| by.contains(&key.public));
        let mut counting = Vec::new();
        let mut objections = Vec::new();
        for key in known {
            if !key.may_sign(right.role, right.environment) {
                objections.push(not_trusted_for(key, right));
                continue;
            }
            match self.revocation(&key.public) {
                Some(revocation) if !revocation.lets_take_back(dated()?) => {
                    objections.push(revoked(key, revocation));
                }
                Some(_) | None => counting.push(Signer::of(key)),
            }
        }
        if !counting.is_empty() {
            return Ok(counting);
        }
        let most_telling = objections.into_iter().min_by_key(rank);
        Err(most_telling.unwrap_or(Rejection::Signature {
            signatures: by.len(),
        }))
    }

    /// Why a signature by `key` does not count.
    fn objection(
        &self,
        key: &TrustedKey,
        right: Right<'_>,
        dated: &dyn Fn() -> Result<Dated, Rejection>,
    ) -> Result<Option<Rejection>, Rejection> {
        if !key.may_sign(right.role, right.environment) {
            return Ok(Some(not_trusted_for(key, right)));
        }
        if let Some(revocation) = self.revocation(&key.public) {
            let is_kept = |dated: Dated| {
                let listed = |digest| revocation.keep.contains(&digest);
                dated.digest.is_some_and(listed) && dated.at < revocation.from
            };
            if revocation.keep.is_empty() || !is_kept(dated()?) {
                return Ok(Some(revoked(key, revocation)));
            }
        }
        let validity = key.validity;
        if validity == super::Validity::default() {
            return Ok(None);
        }
        let at = dated()?.at;
        let principal = || key.principal.clone();
        Ok(match (validity.not_before, validity.not_after) {
            (Some(from), _) if at < from => Some(Rejection::KeyNotYetValid {
                principal: principal(),
                from: from.to_string(),
                at: at.to_string(),
            }),
            (_, Some(until)) if at >= until => Some(Rejection::KeyExpired {
                principal: principal(),
                until: until.to_string(),
                at: at.to_string(),
            }),
            _ => None,
        })
    }
}

impl Revocation {
    /// Whether something that the key took back stays taken back.
    fn lets_take_back(&self, dated: Dated) -> bool {
        let is_kept = dated
            .digest
            .is_some_and(|digest| self.keep.contains(&digest));
        is_kept || dated.at < self.from
    }
}

fn revoked(key: &TrustedKey, revocation: &Revocation) -> Rejection {
    Rejection::KeyRevoked {
        principal: key.principal.clone(),
        from: revocation.from.to_string(),
        reason: revocation.reason.clone(),
    }
}

fn not_trusted_for(key: &TrustedKey, right: Right<'_>) -> Rejection {
    Rejection::SignerNotTrustedFor {
        principal: key.principal.clone(),
        role: right.role.as_str(),
        environment: right.environment.to_owned(),
    }
}

/// What says most comes first.
fn rank(objection: &Rejection) -> u8 {
    match objection {
        Rejection::KeyRevoked { .. } => 0,
        Rejection::KeyExpired { .. } => 1,
        Rejection::KeyNotYetValid { .. } => 2,
        _ => 3,
    }
}
