//! What an authority asks to be attested besides its signature, and whether an attestation answers it.
//! Takes attestations that the same authority signed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Attestation, Lack, Pattern, Predicate, Provenance, Scan, Severity};

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
    Scan {
        /// How old it may be.
        most: SignedDuration,
        /// Which scanners count.
        scanners: Vec<Pattern>,
        /// How old the scanner's database may have been when the scan ended; `None` where nobody asks.
        database: Option<SignedDuration>,
        /// What it may have found.
        findings: Option<Tolerance>,
    },
}

/// What a scan may have found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// How many of each severity; of what is not named, any number. What has a severity that nobody knows counts as
    /// critical unless `unknown` is named.
    pub most: BTreeMap<Severity, u64>,
    /// Findings that are accepted, each until an instant.
    pub accepted: BTreeMap<String, Timestamp>,
    /// Whether those count for which there is no fix yet.
    pub unfixed: Unfixed,
}

/// Whether findings count that nobody can mend yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unfixed {
    /// They do.
    #[default]
    Counted,
    /// They do not.
    LeftOut,
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
    /// Whether one of the attestations answers it; else what the best of them lacks.
    pub(super) fn answered(
        &self,
        attestations: &[&Attestation],
        now: Timestamp,
    ) -> Result<(), Lack> {
        let mut lack = Lack::Missing;
        for attestation in attestations {
            match self.wanted.met(attestation, now) {
                Ok(()) => return Ok(()),
                Err(other) => lack = lack.max(other),
            }
        }
        Err(lack)
    }
}

impl Wanted {
    fn met(&self, attestation: &Attestation, now: Timestamp) -> Result<(), Lack> {
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
            (
                Self::Scan {
                    most,
                    scanners,
                    database,
                    findings,
                },
                Predicate::Scan(scan),
            ) => {
                scanned(scan, scanners)?;
                fresh(scan, attestation.signature.signed_at, *most, now)?;
                up_to_date(scan, *database)?;
                findings.as_ref().map_or(Ok(()), |it| it.holds(scan, now))
            }
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

fn scanned(scan: &Scan, scanners: &[Pattern]) -> Result<(), Lack> {
    match scanners.iter().any(|one| one.matches(&scan.scanner)) {
        true => Ok(()),
        false => Err(Lack::Scanner),
    }
}

/// By the older of what is proven and what the scan says itself: signing an old scan anew makes it no newer.
fn fresh(
    scan: &Scan,
    signed_at: Option<Timestamp>,
    most: SignedDuration,
    now: Timestamp,
) -> Result<(), Lack> {
    let instants = [scan.finished, signed_at];
    let instants = || instants.iter().flatten();
    if instants().any(|instant| *instant > now) {
        return Err(Lack::Future);
    }
    let oldest = instants().min().ok_or(Lack::Undated)?;
    match now.duration_since(*oldest) > most {
        true => Err(Lack::Stale),
        false => Ok(()),
    }
}

/// That the scanner knew what was known when it looked.
fn up_to_date(scan: &Scan, most: Option<SignedDuration>) -> Result<(), Lack> {
    let Some(most) = most else { return Ok(()) };
    let (Some(updated), Some(finished)) = (scan.database, scan.finished) else {
        return Err(Lack::Undated);
    };
    match finished.duration_since(updated) > most {
        true => Err(Lack::Database),
        false => Ok(()),
    }
}

impl Tolerance {
    fn holds(&self, scan: &Scan, now: Timestamp) -> Result<(), Lack> {
        let findings = scan.findings.as_ref().ok_or(Lack::Malformed)?;
        let accepted = |id: &str| self.accepted.get(id).is_some_and(|until| now < *until);
        let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
        for finding in findings {
            let left_out = self.unfixed == Unfixed::LeftOut && !finding.fixed;
            if left_out || finding.id.as_deref().is_some_and(accepted) {
                continue;
            }
            *counts.entry(self.counted_as(finding.severity)).or_default() += 1;
        }
        let too_many = self.most.iter().find_map(|(severity, most)| {
            let found = counts.get(severity).copied().unwrap_or_default();
            (found > *most).then_some(Lack::Findings {
                severity: *severity,
                found,
                most: *most,
            })
        });
        too_many.map_or(Ok(()), Err)
    }

    fn counted_as(&self, severity: Severity) -> Severity {
        match severity {
            Severity::Unknown if !self.most.contains_key(&severity) => Severity::Critical,
            severity => severity,
        }
    }
}
