//! Which scan of an image decides, and whether what it found is tolerated.
//! Takes attestations that one authority signed; knows no scanner's format.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::{Attestation, Lack, Pattern, Predicate, Scan, Severity};

/// What is asked of the scans of an image.
#[derive(Clone, Debug)]
pub struct ScanRule {
    /// How old it may be.
    pub most: SignedDuration,
    /// Which scanners count.
    pub scanners: Vec<Pattern>,
    /// How old the scanner's database may have been when the scan ended; `None` where nobody asks.
    pub database: Option<SignedDuration>,
    /// What it may have found.
    pub findings: Option<Tolerance>,
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

/// The newest scans of one scanner: more than one where they ended at the same instant.
struct Newest<'a> {
    at: Order,
    scans: Vec<(&'a Scan, &'a Attestation)>,
}

/// By which scans of one scanner are told to be newer. Of one that does not say when it ended nobody knows that it is
/// not the newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    At(Timestamp),
    Undated,
}

impl ScanRule {
    /// Whether the newest scan of each scanner that counts answers it; else what is wrong.
    ///
    /// An older scan never answers for a newer one of the same scanner, and what one scanner found is not undone by the
    /// silence of another; one that is too old is, by a newer one.
    pub(in crate::facts::images::proof) fn answered(
        &self,
        attestations: &[&Attestation],
        now: Timestamp,
    ) -> Result<(), Lack> {
        let (mut answered, mut old) = (false, None);
        for newest in self.newest(attestations) {
            let met = newest.scans.iter();
            let met = met.map(|(scan, attestation)| self.met(scan, attestation, now));
            match met.filter_map(Result::err).max() {
                None => answered = true,
                Some(lack @ (Lack::Stale | Lack::Database)) => old = old.max(Some(lack)),
                Some(other) => return Err(other),
            }
        }
        match answered {
            true => Ok(()),
            false => Err(old.unwrap_or_else(|| unusable(attestations))),
        }
    }

    /// When what the newest scans come to may be another.
    pub(in crate::facts::images) fn turns<'a>(
        &'a self,
        attestations: &[&'a Attestation],
    ) -> Vec<Timestamp> {
        let newest = self.newest(attestations);
        let scans = newest.iter().flat_map(|newest| &newest.scans);
        let stale = scans.filter_map(|(scan, attestation)| {
            let oldest = instants(scan, attestation).min()?;
            oldest.checked_add(self.most).ok()
        });
        let accepted = self.findings.iter().flat_map(|it| it.accepted.values());
        stale.chain(accepted.copied()).collect()
    }

    /// The newest scans of each scanner of which one counts, in whatever version the newest is.
    fn newest<'a>(&self, attestations: &[&'a Attestation]) -> Vec<Newest<'a>> {
        let mut newest: BTreeMap<&str, (bool, Newest<'a>)> = BTreeMap::new();
        for attestation in attestations {
            let Predicate::Scan(scan) = &attestation.predicate else {
                continue;
            };
            let counts = self.counts(scan);
            let at = order(scan, attestation);
            let (known, of_scanner) = newest.entry(versionless(&scan.scanner)).or_insert((
                counts,
                Newest {
                    at,
                    scans: Vec::new(),
                },
            ));
            *known |= counts;
            if at > of_scanner.at {
                of_scanner.at = at;
                of_scanner.scans.clear();
            }
            if at == of_scanner.at {
                of_scanner.scans.push((scan, attestation));
            }
        }
        let known = newest.into_values().filter(|(known, _)| *known);
        known.map(|(_, newest)| newest).collect()
    }

    fn met(&self, scan: &Scan, attestation: &Attestation, now: Timestamp) -> Result<(), Lack> {
        if !self.counts(scan) {
            return Err(Lack::Scanner);
        }
        self.fresh(scan, attestation, now)?;
        let found = self.findings.as_ref();
        found.map_or(Ok(()), |it| it.holds(scan, now))?;
        self.up_to_date(scan)
    }

    fn counts(&self, scan: &Scan) -> bool {
        self.scanners.iter().any(|one| one.matches(&scan.scanner))
    }

    /// By the older of what is proven and what the scan says itself: signing an old scan anew makes it no newer.
    fn fresh(&self, scan: &Scan, attestation: &Attestation, now: Timestamp) -> Result<(), Lack> {
        if instants(scan, attestation).any(|instant| instant > now) {
            return Err(Lack::Future);
        }
        let oldest = instants(scan, attestation).min().ok_or(Lack::Undated)?;
        match now.duration_since(oldest) > self.most {
            true => Err(Lack::Stale),
            false => Ok(()),
        }
    }

    /// That the scanner knew what was known when it looked.
    fn up_to_date(&self, scan: &Scan) -> Result<(), Lack> {
        let Some(most) = self.database else {
            return Ok(());
        };
        let (Some(updated), Some(finished)) = (scan.database, scan.finished) else {
            return Err(Lack::Undated);
        };
        match finished.duration_since(updated) > most {
            true => Err(Lack::Database),
            false => Ok(()),
        }
    }
}

/// What there is where no scan of a scanner that counts is.
fn unusable(attestations: &[&Attestation]) -> Lack {
    let lacks = attestations.iter().filter_map(|it| match it.predicate {
        Predicate::Scan(_) => Some(Lack::Scanner),
        Predicate::Malformed => Some(Lack::Malformed),
        _ => None,
    });
    lacks.max().unwrap_or(Lack::Missing)
}

/// When a scan ended, as it says itself; where it does not, when it was signed, as a log says.
fn order(scan: &Scan, attestation: &Attestation) -> Order {
    let at = scan.finished.or(attestation.signature.signed_at);
    at.map_or(Order::Undated, Order::At)
}

/// What tells how old a scan is.
fn instants(scan: &Scan, attestation: &Attestation) -> impl Iterator<Item = Timestamp> {
    [scan.finished, attestation.signature.signed_at]
        .into_iter()
        .flatten()
}

/// `pkg:github/aquasecurity/trivy@0.60.0` is `pkg:github/aquasecurity/trivy`: an update makes no other scanner.
fn versionless(scanner: &str) -> &str {
    let path = scanner.split(['?', '#']).next().unwrap_or(scanner);
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let at = path.get(name..).and_then(|name| name.find('@'));
    at.and_then(|at| path.get(..name + at)).unwrap_or(path)
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

#[cfg(test)]
mod tests {
    use super::versionless;

    #[test]
    fn a_scanner_is_the_same_in_every_version() {
        for (scanner, expected) in [
            (
                "pkg:github/aquasecurity/trivy@0.60.0",
                "pkg:github/aquasecurity/trivy",
            ),
            ("pkg:github/a/grype@v1?os=x#y", "pkg:github/a/grype"),
            ("https://u@host.test/grype", "https://u@host.test/grype"),
            ("trivy@1", "trivy"),
            ("trivy", "trivy"),
            ("", ""),
        ] {
            assert_eq!(versionless(scanner), expected, "{scanner}");
        }
    }
}
