//! Proves offline that an image is signed by those who may: `verified`, `unsigned`, `invalid` or `indeterminate`.
//! Opens no file and no socket; knows nothing of which images need which authority, or of the clock.
//!
//! A candidate is one signature object, and all conditions of an authority hold on the same candidate. One candidate that
//! holds is enough: what others push beside an image must not make it bad, but is counted.

mod authority;
mod bundle;
mod candidate;
mod claims;
mod flaw;
mod key;
mod keyed;
mod keyless;
mod legacy;
mod notation;
mod predicate;
mod quorum;
mod required;
#[cfg(test)]
mod tests;
mod trust_root;

pub use authority::{
    Authority, CertificateLog, Claim, Identity, Log, NameKind, Pattern, PatternError, Reference,
    Root, Signer,
};
pub use candidate::{Candidate, Format};
pub use flaw::{Doubt, Flaw, Lack};
pub use key::{Hash, Key, KeyError, Padding};
pub use notation::{
    Certificates, RevocationList, RevocationListError, Store, StoreError, Subject, SubjectError,
};
pub use predicate::{
    Document, Finding, Findings, Image, Predicate, Product, Provenance, Sbom, Scan, Severity,
    Statement,
};
pub use quorum::Quorum;
pub use required::{Bound, Over, Required, ScanRule, Spared, Tolerance, Unfixed, Vex, Wanted};
pub use trust_root::{TrustRoot, TrustRootError};

use jiff::{SignedDuration, Timestamp};

use super::super::image_ref::ImageRef;
use crate::model::{Digest, limits};
use candidate::{No, Object};

/// What is asked about one image.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The digest by which it is deployed.
    pub image: Digest,
    /// Its repository in full.
    pub repository: &'a str,
    /// What was found beside it. None of it is trusted.
    pub candidates: &'a [Candidate<'a>],
    /// Who may sign it.
    pub authorities: &'a [&'a Authority],
    /// How many of them must have signed. Without any, one is enough.
    pub quorums: &'a [&'a Quorum],
    /// The judging time.
    pub now: Timestamp,
}

/// What was found out about one image.
#[derive(Debug)]
pub struct Proof {
    /// The answer.
    pub state: State,
    /// What was found beside it.
    pub candidates: Counts,
    /// Authorities of which all conditions hold, each with the signature on which they do.
    pub met: Vec<Signature>,
    /// Attestations about the image that an authority signed.
    pub attestations: Vec<Attestation>,
    /// Whether a scan that decides found too much, or may have, whatever the state and whoever signed the image.
    pub vulnerable: bool,
    /// Whether a scan is required, and a newer one may lie beside it than those that are read.
    pub hidden: bool,
    /// What scans found that does not count, of authorities whose conditions all hold.
    pub spared: Vec<SparedOf>,
}

/// What a scan found that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparedOf {
    /// The authority's name.
    pub authority: String,
    /// The name of what it requires.
    pub name: String,
    /// How much that is.
    pub spared: Spared,
}

/// Whether an image is signed by those who may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// All conditions of one authority hold, and of as many as each quorum asks for.
    Verified,
    /// There is no signature.
    Unsigned,
    /// There are signatures, and none of them counts. Why the best one does not.
    Invalid(Flaw),
    /// It could not be found out.
    Indeterminate(Doubt),
}

/// Signature objects by what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Signature objects, attestations among them, also those beyond the number that is looked at.
    pub found: usize,
    /// Those that hold for an authority.
    pub valid: usize,
    /// Those that were looked at and hold for none.
    pub invalid: usize,
    /// What is no signature object.
    pub other: usize,
}

/// A signature that holds for an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The authority's name.
    pub authority: String,
    /// The signature object.
    pub candidate: Digest,
    /// Its format.
    pub format: Format,
    /// Who signed.
    pub who: Who,
    /// The earliest instant of signing that a log or a time stamp authority vouches for.
    pub signed_at: Option<Timestamp>,
    /// Whether a transparency log was asked, and shows it.
    pub logged: bool,
    /// When it ends to hold, where that does not depend on when it was made.
    pub until: Option<Timestamp>,
    /// The repository that it names. A mirror keeps the name of the original.
    pub reference: Option<String>,
    /// The source repository that its certificate names.
    pub source_repository: Option<String>,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever holds the key of that SHA-256.
    Key(Digest),
    /// Whom a certificate names.
    Identity {
        /// Who vouched for the login.
        issuer: String,
        /// The name.
        subject: String,
    },
}

/// What a party said about an image and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The signature under it.
    pub signature: Signature,
    /// The type of what is said.
    pub predicate_type: String,
    /// What is said, as far as it is read.
    pub predicate: Predicate,
    /// How long ago it was signed, by the authenticated time.
    pub age: Option<SignedDuration>,
}

/// Proves an image by the first of its signature objects.
#[must_use]
pub fn prove(question: &Question<'_>) -> Proof {
    let mut found = Found::default();
    for candidate in question.candidates {
        found.take(candidate, question);
    }
    found.decide(question)
}

/// Whether what a layer calls itself is a signature object, whatever it comes to.
#[must_use]
pub fn counts(media_type: &str) -> bool {
    candidate::is_one(&Candidate {
        digest: Digest::of(b""),
        media_type,
        annotations: &std::collections::BTreeMap::new(),
        bytes: None,
    })
}

/// What the candidates came to.
#[derive(Default)]
struct Found {
    counts: Counts,
    signatures: Vec<Signature>,
    attestations: Vec<Attestation>,
    /// Why signatures do not count: the best reason.
    flaw: Option<Flaw>,
    doubt: Option<Doubt>,
    /// Why a newer attestation may lie beside it than those that are read.
    hidden: Option<Doubt>,
}

impl Found {
    fn take(&mut self, candidate: &Candidate<'_>, question: &Question<'_>) {
        if self.counts.found >= limits::SIGNATURE_OBJECTS.most {
            match candidate::is_one(candidate) {
                true => {
                    self.counts.found += 1;
                    self.hide(candidate, &Doubt::TooMany.into());
                    self.no(Doubt::TooMany.into());
                }
                false => self.counts.other += 1,
            }
            return;
        }
        let Some(object) = candidate::read(candidate) else {
            self.counts.other += 1;
            return;
        };
        self.counts.found += 1;
        let held = match object {
            Ok(object) => self.hold(&object, candidate.digest, question),
            Err(no) => {
                self.hide(candidate, &no);
                self.no(no);
                false
            }
        };
        match held {
            true => self.counts.valid += 1,
            false => self.counts.invalid += 1,
        }
    }

    /// Asks every authority; whether the object holds for one.
    fn hold(&mut self, object: &Object, digest: Digest, question: &Question<'_>) -> bool {
        let attests = claims::seems_attestation(&object.content);
        let mut held = false;
        if !attests && question.authorities.is_empty() {
            self.no(Flaw::Signature.into());
        }
        for authority in question.authorities {
            match holds(object, digest, authority, question) {
                Ok(Held::Signature(signature)) => {
                    held = true;
                    self.signatures.push(signature);
                }
                Ok(Held::Attestation(attestation)) => {
                    held = true;
                    self.attestations.push(*attestation);
                }
                // A bad attestation leaves the image without one; it is no bad signature.
                Err(No::Flaw(_)) if attests => {}
                Err(no) => {
                    if attests && no == Doubt::Clock.into() {
                        self.hidden = self.hidden.take().max(Some(Doubt::Clock));
                    }
                    self.no(no);
                }
            }
        }
        held
    }

    fn hide(&mut self, candidate: &Candidate<'_>, no: &No) {
        if candidate::may_hide(candidate, no) {
            let why = match no {
                No::Flaw(_) => Doubt::Hidden,
                No::Doubt(doubt) => doubt.clone(),
            };
            self.hidden = self.hidden.take().max(Some(why));
        }
    }

    fn no(&mut self, no: No) {
        match no {
            No::Flaw(flaw) => self.flaw = self.flaw.take().max(Some(flaw)),
            No::Doubt(doubt) => self.doubt = self.doubt.take().max(Some(doubt)),
        }
    }

    fn decide(self, question: &Question<'_>) -> Proof {
        let (mut met, mut spared) = (Vec::new(), Vec::new());
        let (mut flaw, mut doubt) = (self.flaw.clone(), self.doubt.clone());
        for authority in question.authorities {
            let by = |signature: &&Signature| signature.authority == authority.name;
            let Some(signature) = self.signatures.iter().find(by) else {
                continue;
            };
            match self.attested(authority, question) {
                Ok(own) => {
                    met.push(signature.clone());
                    spared.extend(own);
                }
                Err(No::Flaw(lack)) => flaw = flaw.max(Some(lack)),
                Err(No::Doubt(why)) => doubt = doubt.max(Some(why)),
            }
        }
        let vulnerable = self.vulnerable(question);
        let short = question.quorums.iter().filter(|_| !met.is_empty());
        let short = short.filter_map(|quorum| quorum.reached(&met, &self.signatures).err());
        let short: Vec<Flaw> = short.collect();
        let proven = !met.is_empty() && short.is_empty();
        let flaw = short.into_iter().chain(flaw).max();
        let mut asked = question.authorities.iter();
        let hidden = self.hidden.is_some() && asked.any(|it| it.newest_decides());
        Proof {
            state: match (proven, doubt, flaw) {
                (true, _, _) => State::Verified,
                (false, Some(doubt), _) => State::Indeterminate(doubt),
                (false, None, Some(flaw)) => State::Invalid(flaw),
                (false, None, None) => State::Unsigned,
            },
            candidates: self.counts,
            met,
            attestations: self.attestations,
            vulnerable,
            hidden,
            spared,
        }
    }

    /// Whether a scan of an authority found too much for it, whether or not it signed the image or attested all else.
    fn vulnerable(&self, question: &Question<'_>) -> bool {
        question.authorities.iter().any(|authority| {
            let own = self.own(authority);
            let mut required = authority.required.iter();
            required.any(|it| it.exceeded(&own, question.image, question.now))
        })
    }

    /// What an authority attested.
    fn own(&self, authority: &Authority) -> Vec<&Attestation> {
        let own = self.attestations.iter();
        own.filter(|attestation| attestation.signature.authority == authority.name)
            .collect()
    }

    /// That all which the authority asks for is attested by itself, and that nothing newer may say otherwise.
    /// What scans found that does not count.
    fn attested(
        &self,
        authority: &Authority,
        question: &Question<'_>,
    ) -> Result<Vec<SparedOf>, No> {
        let own = self.own(authority);
        let mut all = Vec::new();
        for required in &authority.required {
            let answered = required.answered(&own, question.image, question.now);
            let spared = answered.map_err(|lack| Flaw::Attestation {
                lack,
                kind: required.wanted.kind(),
                name: required.name.clone(),
            })?;
            all.extend(spared.into_iter().map(|spared| SparedOf {
                authority: authority.name.clone(),
                name: required.name.clone(),
                spared,
            }));
        }
        match &self.hidden {
            Some(why) if authority.newest_decides() => Err(why.clone().into()),
            _ => Ok(all),
        }
    }
}

impl Authority {
    /// Whether the newest of what it attests decides, so that one that nobody read may be the one.
    pub(super) fn newest_decides(&self) -> bool {
        let mut required = self.required.iter();
        required.any(|it| it.wanted.newest_decides())
    }
}

enum Held {
    Signature(Signature),
    Attestation(Box<Attestation>),
}

/// Whether all conditions of the authority hold on this object.
fn holds(
    object: &Object,
    candidate: Digest,
    authority: &Authority,
    question: &Question<'_>,
) -> Result<Held, No> {
    let now = question.now;
    let sealed = match &authority.signer {
        Signer::Key { key, log } => keyed::verify(object, &question.image, (key, log), now)?,
        Signer::Keyless(identity) => keyless::verify(object, &question.image, identity, now)?,
        Signer::Notation(store) => notation::verify(object, store, now)?,
    };
    in_time(&sealed.times, authority, now)?;
    let claims = claims::claims(&object.content, &question.image)?;
    let certificate = sealed.certificate;
    let signature = Signature {
        authority: authority.name.clone(),
        candidate,
        format: object.format,
        who: sealed.who,
        signed_at: sealed.times.iter().min().copied(),
        logged: sealed.logged,
        until: sealed.until,
        reference: claims.reference,
        source_repository: certificate.and_then(|it| it.ci_claims.source_repository_uri),
    };
    let Some(attested) = claims.attested else {
        names(&signature, authority, question)?;
        annotated(&claims.annotations, authority)?;
        return Ok(Held::Signature(signature));
    };
    Ok(Held::Attestation(Box::new(Attestation {
        predicate: predicate::read(&attested.predicate_type, &attested.predicate),
        predicate_type: attested.predicate_type,
        age: signature.signed_at.map(|at| now.duration_since(at)),
        signature,
    })))
}

/// That the authority counted at every instant of signing; where none is proven, that it counts now.
fn in_time(times: &[Timestamp], authority: &Authority, now: Timestamp) -> Result<(), No> {
    if times.iter().any(|time| *time > now) {
        return Err(Doubt::Clock.into());
    }
    let counts = |time: &Timestamp| {
        authority.not_before.is_none_or(|begin| *time >= begin)
            && authority.not_after.is_none_or(|end| *time <= end)
    };
    let counted = match times {
        [] => counts(&now),
        times => times.iter().all(counts),
    };
    match counted {
        true => Ok(()),
        false => Err(Flaw::Validity.into()),
    }
}

fn names(
    signature: &Signature,
    authority: &Authority,
    question: &Question<'_>,
) -> Result<(), Flaw> {
    let named = signature.reference.as_deref().and_then(ImageRef::parse);
    let own = named.is_some_and(|named| named.repository == question.repository);
    match authority.reference {
        Reference::Required if !own => Err(Flaw::Reference),
        Reference::Required | Reference::Any => Ok(()),
    }
}

fn annotated(
    annotations: &serde_json::Map<String, serde_json::Value>,
    authority: &Authority,
) -> Result<(), Flaw> {
    for (key, wanted) in &authority.annotations {
        let said = annotations.get(key).and_then(serde_json::Value::as_str);
        if said != Some(wanted) {
            return Err(Flaw::Annotation(key.clone()));
        }
    }
    Ok(())
}

impl Who {
    /// The name in the certificate, if there is one.
    #[must_use]
    pub fn subject(&self) -> Option<&String> {
        match self {
            Self::Key(_) => None,
            Self::Identity { subject, .. } => Some(subject),
        }
    }
}

impl State {
    /// Its stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unsigned => "unsigned",
            Self::Invalid(_) => "invalid",
            Self::Indeterminate(_) => "indeterminate",
        }
    }
}
