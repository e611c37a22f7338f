//! From findings to an outcome: exceptions, enforcement, how long it holds.
//! Knows nothing of Git, policies or signatures; [`decide`] is a pure function.

mod run;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::Exception;
use crate::model::{Effect, Finding, Location, ObjectRef};

pub use run::{
    ChangeSummary, FieldSummary, JudgeNote, RunOutcome, RunReport, Side, UnitError, UnitReport,
    Workings,
};

/// What was decided about a unit.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing objects.
    Pass,
    /// A policy says no.
    Fail,
}

/// An exception of the configuration as it stands for one unit.
#[derive(Clone, Debug)]
pub struct Permit<'a> {
    /// The exception.
    pub exception: &'a Exception,
    /// The environment that is judged.
    pub environment: &'a str,
    /// The unit that is judged.
    pub unit: &'a str,
    /// The instant at which it ends.
    pub until: Timestamp,
    /// Where it is written.
    pub location: Option<Location>,
}

/// The answer for one unit.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Pass or fail.
    pub outcome: Outcome,
    /// All findings, sorted, with the exceptions that permit them.
    pub findings: Vec<Finding>,
    /// The end of the exception in use that ends first.
    pub until: Option<Timestamp>,
}

/// Which unused exceptions are worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// Every object was judged: an exception that matched nothing is a finding.
    Report,
    /// Only changes were judged: it may match something else.
    Ignore,
}

/// Decides. The outcome is a fail unless no finding blocks.
///
/// An exception suppresses exactly the findings of its code on its objects. One that has ended
/// suppresses nothing, and is a finding of its own beside the one that it would have permitted, unless
/// another permits that.
#[must_use]
pub fn decide(
    mut findings: Vec<Finding>,
    permits: &[Permit<'_>],
    now: Timestamp,
    unused: Unused,
) -> Decision {
    let mut until: Option<Timestamp> = None;
    let mut made = Vec::new();
    for permit in permits {
        let mut matched = false;
        for finding in findings.iter_mut().filter(|finding| permit.covers(finding)) {
            matched = true;
            // What would not block needs no permission, so it does not miss one either.
            if finding.inherited || finding.effect == Effect::Warn {
                continue;
            }
            if now >= permit.until {
                let others = permits.iter().filter(|other| now < other.until);
                if !others.into_iter().any(|other| other.covers(finding)) {
                    made.push(permit.expired(finding));
                }
            } else {
                let id = || permit.exception.id.clone();
                finding.excepted_by.get_or_insert_with(id);
                until = Some(until.map_or(permit.until, |until| until.min(permit.until)));
            }
        }
        if !matched && unused == Unused::Report {
            made.push(permit.unused());
        }
    }
    findings.append(&mut made);
    sort(&mut findings);
    let blocked = findings.iter().any(Finding::blocks);
    Decision {
        outcome: if blocked {
            Outcome::Fail
        } else {
            Outcome::Pass
        },
        findings,
        until,
    }
}

impl Permit<'_> {
    fn covers(&self, finding: &Finding) -> bool {
        let selects = |object| {
            let selector = &self.exception.selector;
            selector.matches(object, self.environment, self.unit)
        };
        finding.code == self.exception.code
            && !finding.code.starts_with("engine.")
            && finding.object.as_ref().is_some_and(selects)
    }

    fn expired(&self, finding: &Finding) -> Finding {
        let message = format!(
            "exception `{}` for `{}` ended at {}",
            self.exception.id, self.exception.code, self.until
        );
        self.finding(
            "engine.exception-expired",
            Effect::Deny,
            message,
            finding.object.clone(),
        )
    }

    fn unused(&self) -> Finding {
        let message = format!(
            "exception `{}` for `{}` matches nothing; remove it",
            self.exception.id, self.exception.code
        );
        self.finding("engine.exception-unused", Effect::Warn, message, None)
    }

    fn finding(
        &self,
        code: &str,
        effect: Effect,
        message: String,
        object: Option<ObjectRef>,
    ) -> Finding {
        Finding {
            because: self.location.clone(),
            object,
            ..Finding::of_engine(code, effect, message)
        }
    }
}

/// Sorts findings as reports show them and statements hold them, each once.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by_key(order);
    findings.dedup();
}

/// Denials first, then by code, object and place: the same whatever the order of arrival.
fn order(finding: &Finding) -> impl Ord + use<> {
    (
        !finding.blocks(),
        finding.effect,
        finding.code.clone(),
        finding.object.clone(),
        finding.keyed_path.clone(),
        finding.message.clone(),
    )
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn finding(name: &str) -> Finding {
        Finding {
            object: Some(ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: Some("shop".into()),
                name: name.into(),
            }),
            ..Finding::of_engine("resources.ratio", Effect::Deny, "too much".into())
        }
    }

    pub(super) fn exception(name: &str) -> Exception {
        Exception {
            id: format!("EXC-{name}"),
            code: "resources.ratio".into(),
            selector: crate::config::ExceptionSelector {
                kind: None,
                namespace: None,
                name: Some(name.into()),
                environment: None,
                unit: None,
            },
            owner: "platform".into(),
            reason: "a test".into(),
            until: "2026-12-01".parse().unwrap(),
            pointer: "/exceptions/0".into(),
        }
    }

    pub(super) fn permit<'a>(exception: &'a Exception, until: &str) -> Permit<'a> {
        Permit {
            exception,
            environment: "prod",
            unit: "odoo",
            until: until.parse().unwrap(),
            location: None,
        }
    }

    pub(super) fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_exception_permits_its_own_finding_and_caps_the_answer() {
        let until = "2026-12-01T00:00:00Z";
        let exception = exception("a");
        let one = [permit(&exception, until)];
        let decision = decide(vec![finding("a")], &one, now(), Unused::Ignore);
        assert_eq!(decision.outcome, Outcome::Pass);
        assert_eq!(decision.until, Some(until.parse().unwrap()));
        let decision = decide(
            vec![finding("a"), finding("b")],
            &one,
            now(),
            Unused::Ignore,
        );
        assert_eq!(decision.outcome, Outcome::Fail);
    }

    #[test]
    fn an_exception_permits_no_other_code_and_nothing_of_the_engine() {
        for (code, of_exception) in [
            ("resources.other", "resources.ratio"),
            ("engine.suspicious-key", "engine.suspicious-key"),
        ] {
            let mut exception = exception("a");
            exception.code = of_exception.into();
            let permits = [permit(&exception, "2026-12-01T00:00:00Z")];
            let mut other = finding("a");
            other.code = code.into();
            let decision = decide(vec![other.clone()], &permits, now(), Unused::Ignore);
            assert_eq!(decision.outcome, Outcome::Fail, "{code}");
            assert_eq!(decision.findings, [other]);
            assert_eq!(decision.until, None);
        }
    }

    #[test]
    fn a_warning_needs_no_exception_and_misses_none() {
        let exception = exception("a");
        let mut warning = finding("a");
        warning.effect = Effect::Warn;
        for until in ["2026-12-01T00:00:00Z", "2026-11-20T12:00:00Z"] {
            let permits = [permit(&exception, until)];
            let decision = decide(vec![warning.clone()], &permits, now(), Unused::Report);
            assert_eq!(decision.outcome, Outcome::Pass);
            assert_eq!(decision.findings, [warning.clone()]);
            assert_eq!(decision.until, None);
        }
    }

    #[test]
    fn what_blocks_comes_first_and_each_finding_once() {
        let mut old = finding("a");
        old.inherited = true;
        let new = finding("z");
        let all = vec![old.clone(), new.clone(), old.clone(), new.clone()];
        let decision = decide(all, &[], now(), Unused::Ignore);
        assert_eq!(decision.findings, [new, old]);
    }

    #[test]
    fn an_ended_exception_permits_nothing_and_says_so() {
        let exception = exception("a");
        for until in ["2026-11-20T12:00:00Z", "2026-11-20T11:59:59Z"] {
            let ended = [permit(&exception, until)];
            let decision = decide(vec![finding("a")], &ended, now(), Unused::Ignore);
            assert_eq!(decision.outcome, Outcome::Fail);
            assert_eq!(decision.until, None);
            let codes: Vec<_> = decision.findings.iter().map(|f| f.code.as_str()).collect();
            assert_eq!(codes, ["engine.exception-expired", "resources.ratio"]);
        }
    }

    #[test]
    fn an_ended_exception_beside_one_that_holds_is_no_finding() {
        let one = exception("a");
        let ended = permit(&one, "2026-11-20T12:00:00Z");
        let holds = permit(&one, "2026-12-01T00:00:00Z");
        for permits in [[ended.clone(), holds.clone()], [holds, ended]] {
            let decision = decide(vec![finding("a")], &permits, now(), Unused::Ignore);
            assert_eq!(decision.outcome, Outcome::Pass);
            assert_eq!(decision.findings.len(), 1);
            assert_eq!(
                decision.until,
                Some("2026-12-01T00:00:00Z".parse().unwrap())
            );
        }
    }

    #[test]
    fn an_ended_exception_for_what_was_there_before_is_no_finding() {
        let exception = exception("a");
        let ended = [permit(&exception, "2026-11-20T12:00:00Z")];
        let mut old = finding("a");
        old.inherited = true;
        let decision = decide(vec![old], &ended, now(), Unused::Report);
        assert_eq!(decision.outcome, Outcome::Pass);
        assert_eq!(decision.findings.len(), 1);
    }

    #[test]
    fn an_exception_that_matches_nothing_is_a_finding_when_everything_was_judged() {
        let exception = exception("z");
        let idle = [permit(&exception, "2027-01-01T00:00:00Z")];
        let decision = decide(vec![], &idle, now(), Unused::Report);
        assert_eq!(decision.findings[0].code, "engine.exception-unused");
        assert_eq!(decision.outcome, Outcome::Pass);
        assert!(
            decide(vec![], &idle, now(), Unused::Ignore)
                .findings
                .is_empty()
        );
    }

    #[test]
    fn inherited_findings_do_not_block_and_the_order_of_arrival_is_irrelevant() {
        let mut old = finding("a");
        old.inherited = true;
        let all = vec![finding("b"), old.clone(), finding("c")];
        let mut reversed = all.clone();
        reversed.reverse();
        let one = decide(all, &[], now(), Unused::Ignore);
        let other = decide(reversed, &[], now(), Unused::Ignore);
        assert_eq!(one.findings, other.findings);
        assert_eq!(
            decide(vec![old], &[], now(), Unused::Ignore).outcome,
            Outcome::Pass
        );
    }
}
