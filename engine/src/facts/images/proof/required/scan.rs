//! Which scan of an image decides, and whether it answers what is asked.
//! Takes attestations that one authority signed; knows no scanner's format.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::{Attestation, Lack, Pattern, Predicate, Scan, predicate};
use super::vex::Statements;
use super::{Spared, Tolerance};
use crate::model::Digest;

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

/// The newest scans of one scanner: more than one where they ended at the same instant.
#[derive(Default)]
struct Newest<'a> {
    at: Option<Order>,
    scans: Vec<(&'a Scan, &'a Attestation)>,
}

impl<'a> Newest<'a> {
    fn take(&mut self, (scan, attestation): (&'a Scan, &'a Attestation)) {
        let at = Some(order(scan, attestation));
        if at > self.at {
            self.at = at;
            self.scans.clear();
        }
        if at == self.at {
            self.scans.push((scan, attestation));
        }
    }
}

/// By which scans of one scanner are told to be newer. Of one that does not say when it ended nobody knows that it is
/// not the newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    At(Timestamp),
    Undated,
}

impl ScanRule {
    /// What does not count in the newest scan of each scanner that counts, where they answer it; else what is wrong.
    ///
    /// An older scan never answers for a newer one of the same scanner, and what one scanner found is not undone by the
    /// silence of another; one that is too old is, by a newer one.
    pub(in crate::facts::images::proof) fn answered(
        &self,
        attestations: &[&Attestation],
        image: Digest,
        now: Timestamp,
    ) -> Result<Vec<Spared>, Lack> {
        let said = Statements::new(attestations, image, now);
        let (mut answers, mut old) = (Vec::new(), None);
        for newest in self.newest(attestations) {
            let met = newest.scans.iter();
            let met = met.map(|(scan, attestation)| self.met((scan, attestation), &said, now));
            let (met, lacks): (Vec<_>, Vec<_>) = met.partition(Result::is_ok);
            match lacks.into_iter().filter_map(Result::err).max() {
                None => answers.extend(met.into_iter().flatten()),
                Some(lack @ (Lack::Stale | Lack::Database)) => old = old.max(Some(lack)),
                Some(other) => return Err(other),
            }
        }
        match answers.is_empty() {
            false => Ok(answers),
            true => Err(old.unwrap_or_else(|| unusable(attestations))),
        }
    }

    /// Whether one of the newest scans found too much, or is in a form that is not read, so that it may have. One that is
    /// too old says nothing of today.
    pub(in crate::facts::images::proof) fn exceeded(
        &self,
        attestations: &[&Attestation],
        image: Digest,
        now: Timestamp,
    ) -> bool {
        let Some(tolerance) = &self.findings else {
            return false;
        };
        let said = Statements::new(attestations, image, now);
        let newest = self.newest(attestations);
        let mut scans = newest.iter().flat_map(|newest| &newest.scans);
        scans.any(|(scan, attestation)| {
            let is_old = self.fresh(scan, attestation, now) == Err(Lack::Stale);
            let held = tolerance.holds(scan, &said, now);
            !is_old && matches!(held, Err(Lack::Findings { .. } | Lack::Malformed))
        })
    }

    /// When what the newest scans come to may be another.
    pub(in crate::facts::images) fn turns<'a>(
        &'a self,
        attestations: &[&'a Attestation],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let newest = self.newest(attestations);
        let scans = newest.iter().flat_map(|newest| &newest.scans);
        let turns = scans.flat_map(|(scan, attestation)| {
            let oldest = instants(scan, attestation).min();
            let stale = oldest.and_then(|it| it.checked_add(self.most).ok());
            let counted = self.findings.as_ref().map(|it| it.turns(scan));
            stale.into_iter().chain(counted.into_iter().flatten())
        });
        turns.filter(|instant| *instant > now).min()
    }

    /// The newest scans of each scanner of which one counts, in whatever version the newest is. One that names no
    /// scanner may be of any.
    fn newest<'a>(&self, attestations: &[&'a Attestation]) -> Vec<Newest<'a>> {
        let scans = attestations.iter().filter_map(|it| match &it.predicate {
            Predicate::Scan(scan) => Some((scan, *it)),
            _ => None,
        });
        let (named, nameless): (Vec<_>, Vec<_>) = scans.partition(|it| !it.0.scanner.is_empty());
        let mut newest: BTreeMap<String, (bool, Newest<'a>)> = BTreeMap::new();
        for scan in named {
            let (known, of_scanner) = newest.entry(product(&scan.0.scanner)).or_default();
            *known |= self.counts(scan.0);
            of_scanner.take(scan);
        }
        let known = newest.into_values().filter(|(known, _)| *known);
        let mut known: Vec<Newest<'a>> = known.map(|(_, newest)| newest).collect();
        if known.is_empty() && !nameless.is_empty() {
            known.push(Newest::default());
        }
        for of_scanner in &mut known {
            nameless.iter().for_each(|scan| of_scanner.take(*scan));
        }
        known
    }

    fn met(
        &self,
        (scan, attestation): (&Scan, &Attestation),
        said: &Statements<'_>,
        now: Timestamp,
    ) -> Result<Spared, Lack> {
        if !self.counts(scan) {
            return Err(Lack::Scanner);
        }
        if predicate::is_other_scan(&attestation.predicate_type) {
            return Err(Lack::Malformed);
        }
        if !scan.images.is_empty() && !scan.images.contains(&said.image()) {
            return Err(Lack::Unscanned);
        }
        self.fresh(scan, attestation, now)?;
        let spared = match &self.findings {
            Some(tolerance) => tolerance.holds(scan, said, now)?,
            None => Spared::default(),
        };
        self.up_to_date(scan)?;
        Ok(spared)
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
    let is_scan = |it: &&Attestation| matches!(it.predicate, Predicate::Scan(_));
    match attestations.iter().any(is_scan) {
        true => Lack::Scanner,
        false => Lack::Missing,
    }
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

/// One name for all spellings of a scanner: a forge asks for no case.
fn product(scanner: &str) -> String {
    let name = versionless(scanner).to_ascii_lowercase();
    match name.strip_prefix("pkg:") {
        Some(rest) => rest.trim_matches('/').to_owned(),
        None => name,
    }
}

/// `pkg:github/aquasecurity/trivy@0.60.0` is `pkg:github/aquasecurity/trivy`: an update makes no other scanner.
fn versionless(scanner: &str) -> &str {
    let path = scanner.split(['?', '#']).next().unwrap_or(scanner);
    let name = path.rfind('/').map_or(0, |at| at + 1);
    let at = path.get(name..).and_then(|name| name.find('@'));
    at.and_then(|at| path.get(..name + at)).unwrap_or(path)
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
