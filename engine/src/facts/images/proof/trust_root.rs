//! A trust root: the certificate authorities, logs and time stamp authorities that keyless signatures lead to.
//! It is given, never fetched. Knows no signature.

use jiff::Timestamp;
use sigstore_verify::Verifier;
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{DerCertificate, TimeRange};

/// A trust root that can be verified with.
pub struct TrustRoot {
    pub(super) verifier: Verifier,
    windows: Vec<TimeRange>,
    until: Option<Timestamp>,
}

/// Why a trust root cannot be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TrustRootError {
    /// No trust root.
    #[error("it is no `trusted_root.json` with keys and certificates that are read")]
    Malformed,
    /// No certificate authority.
    #[error("it names no certificate authority")]
    Empty,
    /// No certificate authority that is valid yet.
    #[error("nothing in it is valid yet; the clock may be wrong")]
    Early,
    /// No certificate authority that is still valid, or older than allowed.
    #[error("it has expired; bring a newer one")]
    Expired,
}

impl TrustRoot {
    /// Reads `trusted_root.json`. After `until` it is not believed any more, if that is given.
    ///
    /// # Errors
    /// Anything else, and one without certificate authorities.
    pub fn parse(text: &[u8], until: Option<Timestamp>) -> Result<Self, TrustRootError> {
        // Strictly first: a repeated key has two meanings.
        crate::model::json::parse(text).map_err(|_| TrustRootError::Malformed)?;
        let text = std::str::from_utf8(text).map_err(|_| TrustRootError::Malformed)?;
        let mut root = TrustedRoot::from_json(text).map_err(|_| TrustRootError::Malformed)?;
        if root.certificate_authorities.is_empty() {
            return Err(TrustRootError::Empty);
        }
        for authority in &mut root.certificate_authorities {
            authority.valid_for = {
                let chain = authority.cert_chain.certificates.iter();
                Some(narrowed(
                    chain.map(|one| &one.raw_bytes),
                    authority.valid_for,
                )?)
            };
        }
        for authority in &mut root.timestamp_authorities {
            authority.valid_for = {
                let chain = authority.cert_chain.certificates.iter();
                Some(narrowed(
                    chain.map(|one| &one.raw_bytes),
                    authority.valid_for,
                )?)
            };
        }
        // What was never valid as a whole admits nothing; the verifier would refuse the whole root for it.
        root.certificate_authorities
            .retain(|authority| is_window(authority.valid_for));
        root.timestamp_authorities
            .retain(|authority| is_window(authority.valid_for));
        let windows = root.certificate_authorities.iter();
        let windows = windows
            .filter_map(|authority| authority.valid_for)
            .collect();
        let verifier = Verifier::new(&root).map_err(|_| TrustRootError::Malformed)?;
        Ok(Self {
            verifier,
            windows,
            until,
        })
    }

    /// The next instant at which what it vouches for may be another.
    pub(in crate::facts::images) fn turns_after(&self, now: Timestamp) -> Option<Timestamp> {
        let edges = self.windows.iter();
        let edges = edges.flat_map(|window| [Some(window.start), window.end]);
        let edges = edges.chain([self.until]).flatten();
        edges.filter(|instant| *instant > now).min()
    }

    /// Whether it may be verified with at that instant.
    pub(super) fn at(&self, now: Timestamp) -> Result<&Self, TrustRootError> {
        if self.windows.iter().all(|window| now < window.start) {
            return Err(TrustRootError::Early);
        }
        let stale = self.until.is_some_and(|until| now >= until);
        match !stale && self.windows.iter().any(|window| window.contains(now)) {
            true => Ok(self),
            false => Err(TrustRootError::Expired),
        }
    }
}

impl std::fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TrustRoot({} authorities)", self.windows.len())
    }
}

/// The window in which an authority counts, narrowed to that in which all its certificates are valid.
///
/// Each certificate of a chain is an anchor to the verifier, and an anchor's own validity is asked by nobody: without
/// this, an intermediate that has expired would go on to vouch (CVE-2026-24122).
fn narrowed<'a>(
    chain: impl Iterator<Item = &'a DerCertificate>,
    window: Option<TimeRange>,
) -> Result<TimeRange, TrustRootError> {
    let mut window = window.unwrap_or(TimeRange::new(Timestamp::MIN, None));
    for certificate in chain {
        let (begin, end) = validity(certificate)?;
        window.start = window.start.max(begin);
        window.end = Some(window.end.map_or(end, |until| until.min(end)));
    }
    Ok(window)
}

fn is_window(window: Option<TimeRange>) -> bool {
    window.is_none_or(|window| window.end.is_none_or(|end| window.start <= end))
}

fn validity(certificate: &DerCertificate) -> Result<(Timestamp, Timestamp), TrustRootError> {
    let read = parse_certificate_info(certificate).map_err(|_| TrustRootError::Malformed)?;
    Ok((read.not_before, read.not_after))
}
