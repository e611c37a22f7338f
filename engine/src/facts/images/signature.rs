//! What the signatures beside an image prove, as policies see it.
//! Verifies nothing itself; decides not whether it is enough.

use jiff::Timestamp;
use serde::Serialize;

use super::evidence::{Evidence, digest_of};
use super::proof::{
    self, Attestation, Authority, Flaw, Format, Predicate, Proof, Question, State, Wanted, Who,
    prove,
};
use super::{Rules, signers};
use crate::facts::image_ref::ImageRef;

/// What is proven of one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// `verified`, `unsigned`, `invalid` or `indeterminate`.
    pub state: &'static str,
    /// Why it is none of the first two, by its stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Which attestation is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lack: Option<Lacking>,
    /// How many signature objects lie beside it.
    pub candidates: Counts,
    /// Those who may sign it.
    pub asked: Vec<String>,
    /// Those of them whose conditions all hold.
    pub authorities: Vec<Met>,
    /// What they say of it besides.
    pub attestations: Vec<Attested>,
}

/// Which attestation does not answer what an authority requires, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lacking {
    /// The name of the requirement.
    pub name: String,
    /// `provenance`, `sbom`, `scan` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// By its stable name.
    pub reason: &'static str,
}

/// The signature objects beside an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// All of them.
    pub found: usize,
    /// Those on which all conditions of an authority hold.
    pub valid: usize,
    /// Those that prove nothing.
    pub invalid: usize,
    /// Those that are no signatures.
    pub other: usize,
}

/// An authority whose conditions all hold on one signature object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Met {
    /// As the configuration names it.
    pub name: String,
    /// `bundle` or `legacy`.
    pub format: &'static str,
    /// Who signed.
    #[serde(flatten)]
    pub signer: Signer,
    /// The earliest instant that is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
    /// Whether it is proven to be in a transparency log.
    pub logged: bool,
    /// The image that the signature says it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where the certificate says that it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_repository: Option<String>,
}

/// A key, or an identity in a certificate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The key's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyid: Option<String>,
    /// Who vouches for the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What an authority says of an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attested {
    /// The authority's name.
    pub authority: String,
    /// As the statement has it.
    pub predicate_type: String,
    /// `provenance`, `sbom`, `scan`, `other` or `malformed`.
    pub kind: &'static str,
    /// Who signed.
    #[serde(flatten)]
    pub signer: Signer,
    /// The earliest instant that is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
}

/// What is proven of an image, and when that may turn; `None` where nobody is named who signs it.
pub(super) fn of(
    image: &ImageRef,
    (rules, evidence): (&Rules, &Evidence),
    now: Timestamp,
) -> Option<(Signature, Option<Timestamp>)> {
    if !rules.signers.cover(&image.repository) {
        return None;
    }
    let authorities = rules.signers.of(&image.repository);
    let Some(digest) = digest_of(image) else {
        return Some((Signature::of_no_digest(names(&authorities)), None));
    };
    let proof = prove(&Question {
        image: digest,
        repository: &image.repository,
        candidates: &evidence.beside(digest),
        authorities: &authorities,
        now,
    });
    let turns = authorities
        .iter()
        .filter_map(|authority| turns(authority, &proof, now));
    let turns = turns.min();
    Some((Signature::new(proof, &authorities), turns))
}

fn names(authorities: &[&Authority]) -> Vec<String> {
    authorities.iter().map(|it| it.name.clone()).collect()
}

/// When what is proven may be another: a key ends to count, a root expires, a scan grows too old.
fn turns(authority: &Authority, proof: &Proof, now: Timestamp) -> Option<Timestamp> {
    let stale = authority.required.iter().flat_map(|required| {
        let own = proof.attestations.iter();
        let own = own.filter(|it| it.signature.authority == authority.name);
        own.filter_map(|it| signers::stale_at(required, instants(it)))
    });
    let stale = stale.filter(|instant| *instant > now);
    stale.chain(signers::turns_after(authority, now)).min()
}

/// By which a scan grows old.
fn instants(attestation: &Attestation) -> impl Iterator<Item = Timestamp> {
    let said = match &attestation.predicate {
        Predicate::Scan(scan) => scan.finished,
        _ => None,
    };
    [said, attestation.signature.signed_at]
        .into_iter()
        .flatten()
}

impl Signature {
    /// A tag names no image, so that nothing can be about it.
    fn of_no_digest(asked: Vec<String>) -> Self {
        Self {
            state: "indeterminate",
            reason: Some("not-pinned"),
            message: Some("the reference has no digest that a signature could be about".to_owned()),
            lack: None,
            candidates: Counts::default(),
            asked,
            authorities: Vec::new(),
            attestations: Vec::new(),
        }
    }

    fn new(proof: Proof, authorities: &[&Authority]) -> Self {
        let (reason, message) = match &proof.state {
            State::Verified | State::Unsigned => (None, None),
            State::Invalid(flaw) => (Some(flaw.code()), Some(flaw.to_string())),
            State::Indeterminate(doubt) => (Some(doubt.code()), Some(doubt.to_string())),
        };
        Self {
            lack: Lacking::of(&proof.state, authorities),
            state: proof.state.name(),
            reason,
            message,
            candidates: Counts {
                found: proof.candidates.found,
                valid: proof.candidates.valid,
                invalid: proof.candidates.invalid,
                other: proof.candidates.other,
            },
            asked: names(authorities),
            authorities: proof.met.into_iter().map(Met::new).collect(),
            attestations: proof.attestations.into_iter().map(Attested::new).collect(),
        }
    }
}

impl Lacking {
    fn of(state: &State, authorities: &[&Authority]) -> Option<Self> {
        let State::Invalid(Flaw::Attestation { name, lack }) = state else {
            return None;
        };
        let required = authorities.iter().flat_map(|it| &it.required);
        let mut kinds = required.filter(|it| it.name == *name);
        Some(Self {
            kind: kinds.next().map(|it| match it.wanted {
                Wanted::Provenance { .. } => "provenance",
                Wanted::Sbom => "sbom",
                Wanted::Scan { .. } => "scan",
                Wanted::Types(_) => "other",
            }),
            name: name.clone(),
            reason: lack.code(),
        })
    }
}

impl Met {
    fn new(signature: proof::Signature) -> Self {
        Self {
            name: signature.authority,
            format: match signature.format {
                Format::Legacy => "legacy",
                Format::Bundle => "bundle",
            },
            signer: Signer::new(signature.who),
            signed_at: signature.signed_at.map(|at| at.to_string()),
            logged: signature.logged,
            reference: signature.reference,
            source_repository: signature.source_repository,
        }
    }
}

impl Signer {
    fn new(who: Who) -> Self {
        let (keyid, issuer, subject) = match who {
            Who::Key(keyid) => (Some(keyid.to_string()), None, None),
            Who::Identity { issuer, subject } => (None, Some(issuer), Some(subject)),
        };
        Self {
            keyid,
            issuer,
            subject,
        }
    }
}

impl Attested {
    fn new(attestation: Attestation) -> Self {
        Self {
            authority: attestation.signature.authority,
            predicate_type: attestation.predicate_type,
            kind: match attestation.predicate {
                Predicate::Provenance(_) => "provenance",
                Predicate::Sbom(_) => "sbom",
                Predicate::Scan(_) => "scan",
                Predicate::Other => "other",
                Predicate::Malformed => "malformed",
            },
            signer: Signer::new(attestation.signature.who),
            signed_at: attestation.signature.signed_at.map(|at| at.to_string()),
        }
    }
}
