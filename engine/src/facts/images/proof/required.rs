//! What an authority asks to be attested besides its signature, and whether an attestation answers it.
//! Takes attestations that the same authority signed.

mod scan;
mod tolerance;
mod vex;

pub use scan::ScanRule;
pub use tolerance::{Over, Spared, Tolerance, Unfixed, Vex};

use jiff::Timestamp;

use super::{Attestation, Lack, Pattern, Predicate, Provenance};
use crate::model::Digest;

/// One attestation that must be there.
#[derive(Clone, Debug)]
pub struct Required {
    /// Its name in the configuration.
    pub name: String,
    /// What it must say.
    pub wanted: Wanted,
}

/// What an attestation must say.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Any of these predicate types.
    Types(Vec<String>),
    /// SLSA provenance.
    Provenance {
        /// Who may have built it.
        builders: Vec<Pattern>,
        /// What may have been built; `https://host/path`, all that is said of the source among these.
        sources: Vec<Pattern>,
        /// The branches and tags that may have been built; any where none is given.
        refs: Vec<Pattern>,
        /// Whether builder and source must be those that the certificate names.
        bound: Bound,
    },
    /// A bill of materials with at least one component.
    Sbom,
    /// A vulnerability scan.
    Scan(ScanRule),
}

/// Whether a provenance must say what the certificate of its signer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It need not: the signer is a key, or a party that signs for builders.
    No,
    /// The builder is the certificate's name, and the source its source repository.
    ToCertificate,
}

impl Required {
    /// What does not count of scans that answer it, where one of the attestations does; else what the best of them lacks.
    pub(super) fn answered(
        &self,
        attestations: &[&Attestation],
        image: Digest,
        now: Timestamp,
    ) -> Result<Vec<Spared>, Lack> {
        if let Wanted::Scan(rule) = &self.wanted {
            return rule.answered(attestations, image, now);
        }
        let mut lack = Lack::Missing;
        for attestation in attestations {
            match self.wanted.met(attestation) {
                Ok(()) => return Ok(Vec::new()),
                Err(other) => lack = lack.max(other),
            }
        }
        Err(lack)
    }

    /// Whether one of the scans that decide found too much, or may have, whatever else is lacking.
    pub(super) fn exceeded(
        &self,
        attestations: &[&Attestation],
        image: Digest,
        now: Timestamp,
    ) -> bool {
        match &self.wanted {
            Wanted::Scan(rule) => rule.exceeded(attestations, image, now),
            Wanted::Types(_) | Wanted::Provenance { .. } | Wanted::Sbom => false,
        }
    }
}

impl Wanted {
    /// What it is, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Provenance { .. } => "provenance",
            Self::Sbom => "sbom",
            Self::Scan(_) => "scan",
            Self::Types(_) => "other",
        }
    }

    /// Whether the newest attestation decides, so that one that cannot be read may be the one.
    pub(super) fn newest_decides(&self) -> bool {
        matches!(self, Self::Scan(_))
    }

    fn met(&self, attestation: &Attestation) -> Result<(), Lack> {
        match (self, &attestation.predicate) {
            (Self::Types(types), _) => match types.contains(&attestation.predicate_type) {
                true => Ok(()),
                false => Err(Lack::Missing),
            },
            (_, Predicate::Malformed) => Err(Lack::Malformed),
            (
                Self::Provenance {
                    builders,
                    sources,
                    refs,
                    bound,
                },
                Predicate::Provenance(provenance),
            ) => {
                built(provenance, builders, sources)?;
                released(provenance, refs)?;
                match bound {
                    Bound::No => Ok(()),
                    Bound::ToCertificate => bound_to_certificate(provenance, attestation),
                }
            }
            (Self::Sbom, Predicate::Sbom(sbom)) => match sbom.components {
                0 => Err(Lack::Empty),
                _ => Ok(()),
            },
            _ => Err(Lack::Missing),
        }
    }
}

fn built(provenance: &Provenance, builders: &[Pattern], sources: &[Pattern]) -> Result<(), Lack> {
    let any = |patterns: &[Pattern], text: &str| patterns.iter().any(|one| one.matches(text));
    if !any(builders, &provenance.builder_id) {
        return Err(Lack::Builder);
    }
    let said = &provenance.sources;
    match !said.is_empty() && said.iter().all(|source| any(sources, source)) {
        true => Ok(()),
        false => Err(Lack::Source),
    }
}

/// That it was built from a branch or tag of which releases are made, whatever part of it says which.
pub(super) fn released(provenance: &Provenance, refs: &[Pattern]) -> Result<(), Lack> {
    let said = &provenance.source_refs;
    let is_allowed = |said: &String| refs.iter().any(|one| one.matches(said));
    let allowed = !said.is_empty() && said.iter().all(is_allowed);
    match refs.is_empty() || allowed {
        true => Ok(()),
        false => Err(Lack::Reference),
    }
}

fn bound_to_certificate(provenance: &Provenance, attestation: &Attestation) -> Result<(), Lack> {
    let signature = &attestation.signature;
    if signature.who.subject() != Some(&provenance.builder_id) {
        return Err(Lack::BuilderUnbound);
    }
    let certified = signature.source_repository.as_deref();
    let certified = certified.map(super::predicate::plain);
    match certified {
        Some(certified) if provenance.sources.iter().all(|source| *source == certified) => Ok(()),
        _ => Err(Lack::SourceUnbound),
    }
}
