//! A run as a list: each finding once, with what becomes of it and a fingerprint that outlives moved lines.
//! Knows no format.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use serde_json::json;

use crate::model::{Digest, Effect, Enforcement, Exit, Finding, RepoPath, code_of};
use crate::verdict::{RunOutcome, RunReport, UnitError, UnitReport};

/// How a run ended, as one word to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Passed,
    NotApplicable,
    /// A denial in an environment that only observes.
    WouldFail,
    Denied,
    NotJudged,
}

impl Ending {
    pub(super) fn of(report: &RunReport) -> Self {
        match (report.outcome, report.exit) {
            (RunOutcome::Pass, Exit::Pass) => Self::Passed,
            (RunOutcome::NotApplicable, Exit::Pass) => Self::NotApplicable,
            (RunOutcome::Fail, Exit::Pass) => Self::WouldFail,
            (RunOutcome::Error, _) => Self::NotJudged,
            _ => Self::Denied,
        }
    }

    /// The words of the outcome, as `tidegate ci` hands them on.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::NotApplicable => "not-applicable",
            Self::WouldFail => "would-fail",
            Self::Denied => "fail",
            Self::NotJudged => "error",
        }
    }
}

/// What becomes of a finding. The order is that of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate<'a> {
    Denied,
    /// Denied where denials are only shown.
    WouldDeny,
    Warned,
    /// It was there before.
    Inherited,
    /// Permitted by the exception of this id.
    Excepted(&'a str),
}

/// One finding of a run.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// Empty for a finding about the range as a whole.
    pub(super) environment: &'a str,
    pub(super) unit: &'a str,
    pub(super) finding: &'a Finding,
    pub(super) fate: Fate<'a>,
    /// SHA-256 in hex, each once in a run.
    pub(super) fingerprint: String,
}

impl Row<'_> {
    /// The object, where there is one.
    pub(super) fn object(&self) -> Option<String> {
        Some(self.finding.object.as_ref()?.to_string())
    }

    /// What becomes of it, where that is not plain from its effect.
    pub(super) fn note(&self) -> Option<String> {
        match self.fate {
            Fate::Denied | Fate::Warned => None,
            Fate::WouldDeny => Some("would fail (observed)".to_owned()),
            Fate::Inherited => Some("was there before".to_owned()),
            Fate::Excepted(id) => Some(format!("permitted by exception {id}")),
        }
    }
}

/// All findings: by what becomes of them, then in the order of the report.
pub(super) fn rows(report: &RunReport) -> Vec<Row<'_>> {
    let mut seen = BTreeMap::new();
    let mut rows: Vec<Row<'_>> = Vec::new();
    let of_range = report.findings.iter().map(|finding| (None, finding));
    let of_units = report.units.iter().flat_map(|unit| {
        let findings = unit.findings.iter();
        findings.map(move |finding| (Some(unit), finding))
    });
    for (unit, finding) in of_range.chain(of_units) {
        rows.push(row(unit, finding, &mut seen));
    }
    rows.sort_by_key(|row| match row.fate {
        Fate::Excepted(_) => Fate::Excepted(""),
        fate => fate,
    });
    rows
}

fn row<'a>(
    unit: Option<&'a UnitReport>,
    finding: &'a Finding,
    seen: &mut BTreeMap<Digest, usize>,
) -> Row<'a> {
    let enforcement = unit.map_or(Enforcement::Enforce, |unit| unit.enforcement);
    let (environment, name) = unit.map_or(("", ""), |unit| {
        (unit.environment.as_str(), unit.unit.as_str())
    });
    let fate = match (&finding.excepted_by, finding.effect, enforcement) {
        (Some(id), _, _) => Fate::Excepted(id),
        (None, _, _) if finding.inherited => Fate::Inherited,
        (None, Effect::Warn, _) => Fate::Warned,
        (None, Effect::Deny, Enforcement::Enforce) => Fate::Denied,
        (None, Effect::Deny, Enforcement::Observe) => Fate::WouldDeny,
    };
    let identity = identity(environment, name, finding);
    let nth = seen.entry(Digest::of(identity.as_bytes())).or_default();
    *nth += 1;
    let fingerprint = Digest::of(format!("{identity}{nth}").as_bytes()).to_string();
    Row {
        environment,
        unit: name,
        finding,
        fate,
        fingerprint,
    }
}

/// What makes it the same finding in another run: not its line, and not its words unless there is
/// nothing else to know it by.
fn identity(environment: &str, unit: &str, finding: &Finding) -> String {
    let object = finding.object.as_ref().map(|object| {
        (
            object.group(),
            &object.kind,
            &object.namespace,
            &object.name,
        )
    });
    let words = finding.object.is_none().then_some(&finding.message);
    json!([
        environment,
        unit,
        finding.code,
        object,
        finding.keyed_path,
        words
    ])
    .to_string()
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) deny: usize,
    pub(super) would_deny: usize,
    pub(super) warn: usize,
    pub(super) inherited: usize,
    pub(super) excepted: usize,
    /// Policies that ran on a unit and found nothing.
    pub(super) passed: usize,
    pub(super) errors: usize,
}

impl Counts {
    pub(super) fn of(report: &RunReport, rows: &[Row<'_>]) -> Self {
        let mut counts = Self {
            passed: report.units.iter().map(|unit| quiet(unit).len()).sum(),
            errors: report.errors.len(),
            ..Self::default()
        };
        for row in rows {
            let count = match row.fate {
                Fate::Denied => &mut counts.deny,
                Fate::WouldDeny => &mut counts.would_deny,
                Fate::Warned => &mut counts.warn,
                Fate::Inherited => &mut counts.inherited,
                Fate::Excepted(_) => &mut counts.excepted,
            };
            *count += 1;
        }
        counts
    }
}

/// `1 deny, 0 warn, 5 pass`, and what else there is.
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} deny, {} warn, {} pass",
            self.deny, self.warn, self.passed
        )?;
        for (count, word) in [
            (self.would_deny, "would deny"),
            (self.inherited, "inherited"),
            (self.excepted, "excepted"),
            (self.errors, "not judged"),
        ] {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

/// The policies that ran on a unit and found nothing.
pub(super) fn quiet(unit: &UnitReport) -> BTreeSet<&str> {
    let loud: BTreeSet<&str> = unit.findings.iter().map(|f| f.policy.as_str()).collect();
    let ran = unit.workings.policies.iter().map(String::as_str);
    ran.filter(|policy| !loud.contains(policy)).collect()
}

/// What could not be judged, and why.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// `environment/unit`; empty for the whole run.
    pub(super) unit: String,
    pub(super) place: Option<(RepoPath, usize)>,
}

pub(super) fn faults(report: &RunReport) -> Vec<Fault> {
    report.errors.iter().map(fault).collect()
}

fn fault(error: &UnitError) -> Fault {
    let diagnostic: &dyn Diagnostic = error.error.as_ref();
    let parts = [&error.environment, &error.unit];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
    Fault {
        code: code_of(diagnostic),
        message: diagnostic.to_string(),
        help: diagnostic.help().map(|help| help.to_string()),
        unit: parts.join("/").trim_matches('/').to_owned(),
        place: place_of(diagnostic),
    }
}

/// The file and line of the first label.
fn place_of(error: &dyn Diagnostic) -> Option<(RepoPath, usize)> {
    let own = || {
        let label = error.labels()?.next()?;
        let context = error.source_code()?.read_span(label.inner(), 0, 0).ok()?;
        Some((RepoPath::from(context.name()?), context.line() + 1))
    };
    own().or_else(|| error.related()?.find_map(place_of))
}

/// Where everything points that stands nowhere: a line of the configuration.
pub(super) fn fallback(report: &RunReport) -> (RepoPath, usize) {
    let judge = report.judge.as_ref();
    let config = judge.map_or("tidegate.yaml", |judge| judge.config.as_str());
    (RepoPath::from(config), 1)
}

/// `1 unit`, `2 units`.
pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_fingerprint_outlives_moved_lines_and_other_words_and_tells_all_else_apart() {
        let of = |change: fn(&mut RunReport)| {
            let mut report = sample::denied();
            change(&mut report);
            rows(&report).first().unwrap().fingerprint.clone()
        };
        let one = of(|_| {});
        assert_eq!(one.len(), 64);
        assert_eq!(
            one,
            of(|report| {
                let finding = &mut report.units[0].findings[0];
                finding.location.as_mut().unwrap().line += 9;
                finding.message.push_str(" now");
                finding.inherited = true;
            })
        );
        for other in [
            of(|report| report.units[0].environment.push('x')),
            of(|report| report.units[0].unit.push('x')),
            of(|report| report.units[0].findings[0].code.push('x')),
            of(|report| report.units[0].findings[0].keyed_path = None),
            of(|report| report.units[0].findings[0].object = None),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn two_findings_that_look_alike_have_two_fingerprints() {
        let mut report = sample::denied();
        let mut twin = report.units[0].findings[0].clone();
        twin.message.push_str(" either");
        report.units[0].findings.push(twin);
        let rows = rows(&report);
        assert_ne!(rows[0].fingerprint, rows[1].fingerprint);
    }
}
