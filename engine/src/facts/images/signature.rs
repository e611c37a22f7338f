//! What the signatures beside an image prove, as policies see it.
//! Verifies nothing itself; decides not whether it is enough.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::evidence::{Asked, Evidence, digest_of};
use super::proof::{
    self, Attestation, Authority, Flaw, Format, Predicate, Proof, Question, Quorum, State, Wanted,
    Who, prove,
};
use super::{Rules, signers};
use crate::facts::image_ref::ImageRef;
use crate::model::Digest;

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
    /// Whether its registry was asked just now, since it was not recorded what lies beside it.
    #[serde(skip_serializing_if = "is_not")]
    pub asked_registry: bool,
    /// What scans found that does not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spared: Vec<Spared>,
    /// The index that lists it, where all that is proven is proven of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_by: Option<String>,
    /// The platforms that the digest is for, as far as an index beside it tells.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub platforms: BTreeSet<String>,
    /// Platforms for which its index lists more than one image.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub repeated_platforms: BTreeSet<String>,
    /// Where layers are that its registry need not hold, as its manifest says.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub foreign_layers: BTreeSet<String>,
}

/// Which attestation does not answer what an authority requires, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lacking {
    /// The name of the requirement.
    pub name: String,
    /// `provenance`, `sbom`, `scan` or `other`.
    pub kind: &'static str,
    /// By its stable name.
    pub reason: &'static str,
}

/// What a scan found that does not count.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spared {
    /// The authority's name.
    pub authority: String,
    /// The name of the requirement.
    pub name: String,
    /// How many findings are accepted.
    pub accepted: u64,
    /// How many do not affect the image, or are fixed in it, as the authority says.
    pub not_affected: u64,
    /// How many there is no fix for.
    pub unfixed: u64,
    /// How many there has been a fix for too short a time.
    pub in_grace: u64,
    /// What will be more than allowed, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// More than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Over {
    /// Of which severity.
    pub severity: &'static str,
    /// How many count as that.
    pub found: u64,
    /// How many may.
    pub most: u64,
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
    /// `bundle`, `legacy` or `notation`.
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
    /// `provenance`, `sbom`, `scan`, `vex`, `other` or `malformed`.
    pub kind: &'static str,
    /// Who signed.
    #[serde(flatten)]
    pub signer: Signer,
    /// The earliest instant that is proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
}

/// Whether an image is proven by those who are named for it.
#[must_use]
pub fn is_verified(image: &ImageRef, around: (&Rules, &Evidence), now: Timestamp) -> bool {
    of(image, around, now).is_some_and(|(signature, _)| signature.state == "verified")
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
    let quorums = rules.signers.quorums(&image.repository);
    let asked = names(&authorities, &quorums);
    let Some(digest) = digest_of(image) else {
        return Some((Signature::of_no_digest(asked), None));
    };
    let proven = |digest: Digest| {
        prove(&Question {
            image: digest,
            repository: &image.repository,
            candidates: &evidence.beside(digest),
            authorities: &authorities,
            quorums: &quorums,
            now,
        })
    };
    let own = proven(digest);
    let (proof, covered_by) = match own.state {
        State::Verified => (own, None),
        // What was found in the image itself, or may have been, is not undone by a scan of an index, which may be of
        // another image in it.
        _ if own.vulnerable || own.hidden => (own, None),
        _ => covered(own, (digest, evidence), proven),
    };
    let turns = authorities
        .iter()
        .filter_map(|authority| turns(authority, &proof, now));
    let turns = turns.min();
    let met = |authority: &&&Authority| proof.met.iter().any(|it| it.authority == authority.name);
    let newest = authorities.iter().filter(met);
    let newest = newest.filter(|it| it.newest_decides()).count();
    // By one who asks for no scan it is proven whatever else lies there, unless others must have signed besides.
    let open = newest > 0 && (newest == proof.met.len() || !quorums.is_empty());
    let told = evidence.is_told(digest) && covered_by.is_none_or(|it| evidence.tells(digest, it));
    let signature = Signature::new(proof, asked);
    let signature = signature.covered_by(covered_by);
    let signature = match told {
        true => signature,
        false => signature.of_no_lock(open),
    };
    let signature = signature.after_asking((digest, covered_by), evidence);
    let signature = signature.with_platforms(evidence, digest);
    let foreign_layers = evidence.foreign_layers(digest);
    let signature = Signature {
        foreign_layers,
        ..signature
    };
    Some((signature, turns))
}

/// By the first index that is proven itself, one of which it is told what lies beside it before others; what is not known
/// of an index is not known of its images. What one that is signed lacks is what an image lacks that is not.
fn covered(
    own: Proof,
    (image, evidence): (Digest, &Evidence),
    proven: impl Fn(Digest) -> Proof,
) -> (Proof, Option<Digest>) {
    let mut indexes = evidence.covering(image);
    indexes.sort_by_key(|index| !evidence.tells(image, *index));
    let (mut doubt, mut flawed) = (None, None);
    for index in indexes {
        let proof = proven(index);
        match proof.state {
            State::Verified => return (proof, Some(index)),
            State::Indeterminate(why) => doubt = doubt.max(Some(why)),
            State::Invalid(_) => flawed = flawed.or(Some((proof, Some(index)))),
            State::Unsigned => {}
        }
    }
    let state = match (own.state, doubt, flawed) {
        (State::Unsigned, None, Some(flawed)) => return flawed,
        (State::Indeterminate(why), ..) | (_, Some(why), _) => State::Indeterminate(why),
        (state, None, _) => state,
    };
    (Proof { state, ..own }, None)
}

/// Those who may sign, and those whom a quorum counts besides.
fn names(authorities: &[&Authority], quorums: &[&Quorum]) -> Vec<String> {
    let mut names: Vec<String> = authorities.iter().map(|it| it.name.clone()).collect();
    for name in quorums.iter().flat_map(|quorum| &quorum.of) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// When what is proven may be another: a key ends to count, a root expires, a scan grows too old.
fn turns(authority: &Authority, proof: &Proof, now: Timestamp) -> Option<Timestamp> {
    let own = proof.attestations.iter();
    let own = own.filter(|it| it.signature.authority == authority.name);
    let own: Vec<&Attestation> = own.collect();
    let scans = authority.required.iter();
    let scans = scans.filter_map(|it| match &it.wanted {
        Wanted::Scan(rule) => rule.turns(&own, now),
        _ => None,
    });
    let ends = proof.met.iter().filter_map(|met| met.until);
    let ends = ends.filter(|instant| *instant > now);
    scans
        .chain(ends)
        .chain(signers::turns_after(authority, now))
        .min()
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
            spared: Vec::new(),
            asked_registry: false,
            covered_by: None,
            platforms: BTreeSet::new(),
            repeated_platforms: BTreeSet::new(),
            foreign_layers: BTreeSet::new(),
        }
    }

    fn new(proof: Proof, asked: Vec<String>) -> Self {
        let (reason, message) = match &proof.state {
            State::Verified | State::Unsigned => (None, None),
            State::Invalid(flaw) => (Some(flaw.code()), Some(flaw.to_string())),
            State::Indeterminate(doubt) => (Some(doubt.code()), Some(doubt.to_string())),
        };
        Self {
            lack: Lacking::of(&proof.state),
            state: proof.state.name(),
            reason,
            message,
            candidates: Counts {
                found: proof.candidates.found,
                valid: proof.candidates.valid,
                invalid: proof.candidates.invalid,
                other: proof.candidates.other,
            },
            asked,
            authorities: proof.met.into_iter().map(Met::new).collect(),
            attestations: proof.attestations.into_iter().map(Attested::new).collect(),
            spared: proof.spared.into_iter().filter_map(Spared::new).collect(),
            asked_registry: false,
            covered_by: None,
            platforms: BTreeSet::new(),
            repeated_platforms: BTreeSet::new(),
            foreign_layers: BTreeSet::new(),
        }
    }

    /// That nothing lies beside an image is nobody's word where no lock names it; nor, where the newest scan decides, that
    /// no newer one does.
    fn of_no_lock(self, newest_decides: bool) -> Self {
        match self.state {
            "unsigned" => self.not_locked(),
            "verified" if newest_decides => self.not_locked(),
            _ => self,
        }
    }

    fn not_locked(self) -> Self {
        Self {
            state: "indeterminate",
            reason: Some("not-locked"),
            message: Some(NOT_LOCKED.to_owned()),
            ..self
        }
    }

    /// What a registry did not say may have been what proves it, of an index that lists it too.
    fn after_asking(self, image: (Digest, Option<Digest>), evidence: &Evidence) -> Self {
        let (image, covered_by) = image;
        let signature = Self {
            asked_registry: evidence.asked(image).is_some(),
            ..self
        };
        let indexes = match (covered_by, signature.state) {
            (Some(index), _) => vec![index],
            (None, "unsigned") => evidence.covering(image),
            (None, _) => Vec::new(),
        };
        match evidence.silent(image, &indexes) {
            Some(Asked::Silent(reason, why)) if signature.state != "verified" => Self {
                state: "indeterminate",
                reason: Some(reason),
                message: Some(format!("what lies beside it is not known: {why}")),
                lack: None,
                ..signature
            },
            _ => signature,
        }
    }

    fn covered_by(self, index: Option<Digest>) -> Self {
        Self {
            covered_by: index.map(|index| format!("sha256:{index}")),
            ..self
        }
    }

    /// The same, with the platforms that indexes beside the image tell.
    fn with_platforms(mut self, evidence: &Evidence, image: Digest) -> Self {
        let texts = |all: BTreeSet<&str>| all.into_iter().map(str::to_owned).collect::<Vec<_>>();
        for (own, index) in evidence.indexes(image) {
            if own == image {
                self.platforms.extend(texts(index.platforms()));
                self.repeated_platforms.extend(texts(index.repeated()));
            } else {
                let listed = index.platforms_of(image).into_iter().flatten();
                self.platforms.extend(listed.map(str::to_owned));
            }
        }
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_not(said: &bool) -> bool {
    !said
}

impl Lacking {
    fn of(state: &State) -> Option<Self> {
        let State::Invalid(Flaw::Attestation { name, kind, lack }) = state else {
            return None;
        };
        Some(Self {
            kind,
            name: name.clone(),
            reason: lack.code(),
        })
    }
}

impl Spared {
    /// `None` where everything counts.
    fn new(of: proof::SparedOf) -> Option<Self> {
        let spared = of.spared;
        (spared != proof::Spared::default()).then(|| Self {
            authority: of.authority,
            name: of.name,
            accepted: spared.accepted,
            not_affected: spared.not_affected,
            unfixed: spared.unfixed,
            in_grace: spared.in_grace,
            over: spared.over.map(|over| Over {
                severity: over.severity.name(),
                found: over.found,
                most: over.most,
            }),
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
                Format::Notation => "notation",
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
                Predicate::Vex(_) => "vex",
                Predicate::Other => "other",
                Predicate::Malformed => "malformed",
            },
            signer: Signer::new(attestation.signature.who),
            signed_at: attestation.signature.signed_at.map(|at| at.to_string()),
        }
    }
}

const NOT_LOCKED: &str = "`.tidegate/images.lock` lacks the image, and no registry was asked; run `tidegate images lock`";
