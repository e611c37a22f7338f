//! What a scan may have found.
//! Knows no scanner's format, and not which scan decides.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::{Finding, Findings, Lack, Scan, Severity};
use super::vex::Statements;

/// What a scan may have found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// How many of each severity. Of what is worse than all that is named there may be none; what is between two that are
    /// counts as the lesser; of what is not so bad as any, there may be any number. What has a severity that nobody knows counts as critical unless `unknown` is named.
    pub most: BTreeMap<Severity, u64>,
    /// Findings that are accepted, each until an instant.
    pub accepted: BTreeMap<String, Timestamp>,
    /// Whether those count for which there is no fix yet.
    pub unfixed: Unfixed,
    /// How long there must have been a fix before a finding counts.
    pub grace: SignedDuration,
    /// Whether statements of the authority take findings out.
    pub statements: Vex,
}

/// Whether findings count that nobody can mend yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unfixed {
    /// They do.
    #[default]
    Counted,
    /// They are told, and forbid nothing.
    Warned,
    /// They do not.
    LeftOut,
}

/// Whether statements that a vulnerability does not affect an image count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vex {
    /// They do not.
    #[default]
    Ignored,
    /// They do.
    Counted,
}

/// What a scan found that does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spared {
    /// What is accepted.
    pub accepted: u64,
    /// What does not affect the image, or is fixed in it, as the authority says.
    pub not_affected: u64,
    /// What there is no fix for.
    pub unfixed: u64,
    /// What there has been a fix for too short a time.
    pub in_grace: u64,
    /// What is more than allowed where those are counted that are only told.
    pub over: Option<Over>,
}

/// More than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// Of which severity.
    pub severity: Severity,
    /// How many count as that.
    pub found: u64,
    /// How many may.
    pub most: u64,
}

type Counts = BTreeMap<Severity, u64>;

impl Tolerance {
    /// Whether what a scan found is allowed, and what of it does not count.
    pub(super) fn holds(
        &self,
        scan: &Scan,
        said: &Statements<'_>,
        now: Timestamp,
    ) -> Result<Spared, Lack> {
        let findings = match &scan.findings {
            Findings::Unread => return Err(Lack::Malformed),
            Findings::NothingLookedAt => return Err(Lack::Unscanned),
            Findings::Found(findings) => findings,
        };
        let (mut counted, mut told) = (Counts::new(), Counts::new());
        let mut spared = Spared::default();
        for finding in findings {
            let severity = self.counted_as(finding.severity);
            let is_told = match self.weigh(finding, said, now) {
                Weight::Counts => {
                    *counted.entry(severity).or_default() += 1;
                    true
                }
                Weight::Accepted => {
                    spared.accepted += 1;
                    false
                }
                Weight::NotAffected => {
                    spared.not_affected += 1;
                    false
                }
                Weight::Unfixed => {
                    spared.unfixed += 1;
                    self.unfixed == Unfixed::Warned
                }
                Weight::InGrace => {
                    spared.in_grace += 1;
                    true
                }
            };
            if is_told {
                *told.entry(severity).or_default() += 1;
            }
        }
        spared.over = self.over(&told);
        match self.over(&counted) {
            None => Ok(spared),
            Some(over) => Err(Lack::Findings {
                severity: over.severity,
                found: over.found,
                most: over.most,
            }),
        }
    }

    /// When a finding that does not count now may.
    pub(super) fn turns(&self, scan: &Scan) -> Vec<Timestamp> {
        let Findings::Found(findings) = &scan.findings else {
            return Vec::new();
        };
        let fixed = findings.iter().filter_map(|it| it.fixed_since);
        let graces = fixed.filter_map(|since| since.checked_add(self.grace).ok());
        graces.chain(self.accepted.values().copied()).collect()
    }

    fn weigh(&self, finding: &Finding, said: &Statements<'_>, now: Timestamp) -> Weight {
        let accepted = |id: &str| self.accepted.get(id).is_some_and(|until| now < *until);
        if finding.id.as_deref().is_some_and(accepted) {
            return Weight::Accepted;
        }
        if self.statements == Vex::Counted && said.clear(finding) {
            return Weight::NotAffected;
        }
        if !finding.fixed && self.unfixed != Unfixed::Counted {
            return Weight::Unfixed;
        }
        // What is fixed only in the future is no fix that anybody can wait for.
        let since = finding.fixed_since.filter(|since| *since <= now);
        match since.is_some_and(|since| now.duration_since(since) < self.grace) {
            true => Weight::InGrace,
            false => Weight::Counts,
        }
    }

    fn over(&self, counts: &Counts) -> Option<Over> {
        counts.iter().find_map(|(severity, found)| {
            let most = match self.most.get(severity) {
                Some(most) => *most,
                None if self.is_worse(*severity) => 0,
                None => return None,
            };
            (*found > most).then_some(Over {
                severity: *severity,
                found: *found,
                most,
            })
        })
    }

    /// Whether it is worse than all that is named, so that none is allowed.
    fn is_worse(&self, severity: Severity) -> bool {
        let worst = self.most.keys().next();
        worst.is_some_and(|worst| severity < *worst)
    }

    /// The severity that a finding counts as: its own, or the next lesser one of which there is a maximum where a worse
    /// one has one too.
    fn counted_as(&self, severity: Severity) -> Severity {
        let severity = match severity {
            Severity::Unknown if !self.most.contains_key(&severity) => Severity::Critical,
            severity => severity,
        };
        if self.is_worse(severity) {
            return severity;
        }
        let lesser = self.most.range(severity..).map(|(lesser, _)| *lesser);
        let mut lesser = lesser.filter(|it| *it == severity || *it != Severity::Unknown);
        lesser.next().unwrap_or(severity)
    }
}

/// What becomes of a finding.
enum Weight {
    Counts,
    Accepted,
    NotAffected,
    Unfixed,
    InGrace,
}
