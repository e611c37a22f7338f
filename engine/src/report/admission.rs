//! Whether a revision may be deployed, for programs, version v1 (`schemas/admission.v1.json`).
//! Decides nothing.

use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use crate::attest::UnitId;
use crate::model::{Digest, Enforcement, Exit, RiskTier, code_of};
use crate::verify::{Admission, AdmitError, Grounds, Refusal};

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Admission")]
pub(crate) struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    pub(crate) version: &'static str,
    /// Over all units: only `admitted` and `would-refuse` let a sync through.
    pub(crate) outcome: Outcome,
    /// The exit code of the process.
    pub(crate) exit: u8,
    /// The environment.
    pub(crate) environment: &'a str,
    /// What is about to be deployed; absent where that could not be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<&'a str>,
    /// When it was asked the last time, RFC 3339.
    pub(crate) now: String,
    pub(crate) units: Vec<Unit<'a>>,
    /// What could not be decided; without a unit, why nothing was.
    pub(crate) errors: Vec<json::Error>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Unit<'a> {
    environment: &'a str,
    unit: &'a str,
    outcome: Outcome,
    /// Why it is admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    grounds: Option<Ground>,
    /// The link that admits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    /// The highest tier on the way from what runs; critical where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<RiskTier>,
    /// The heights of the links from what runs to it, lowest first.
    way: Vec<u64>,
    /// Every reason against it, the most specific first.
    refusals: Vec<Reason<'a>>,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Admitted,
    /// Refused where nothing is enforced: the sync goes ahead.
    WouldRefuse,
    Refused,
    /// Not decided: the sync does not go ahead.
    Error,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Ground {
    /// Every step from what runs was judged and passed.
    Judged,
    /// Its files are those that run; the options of the environment may be others by now.
    Running,
    /// What runs names it as the state to go back to.
    RollbackTarget,
    /// It was accepted as it stands.
    Baseline,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Link {
    height: u64,
    /// SHA-256 of the signed payload.
    digest: Digest,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reason<'a> {
    /// `refused.missing`
    code: String,
    /// What it would take.
    expected: &'a str,
    /// What there is.
    found: &'a str,
    /// What to do.
    help: &'static str,
}

impl Outcome {
    /// Over all units: as the process ends.
    pub(crate) fn of(exit: Exit, units: &[Unit<'_>]) -> Self {
        let observed = |unit: &Unit<'_>| unit.outcome == Self::WouldRefuse;
        match exit {
            Exit::Pass if units.iter().any(observed) => Self::WouldRefuse,
            Exit::Pass => Self::Admitted,
            Exit::Refused => Self::Refused,
            _ => Self::Error,
        }
    }
}

impl<'a> Unit<'a> {
    pub(crate) fn of(unit: &'a UnitId, answer: &'a Result<Admission, AdmitError>) -> Self {
        let mut document = Self {
            environment: unit.environment(),
            unit: unit.unit(),
            outcome: Outcome::Error,
            grounds: None,
            link: None,
            tier: None,
            way: Vec::new(),
            refusals: Vec::new(),
        };
        match answer {
            Ok(admission) => document.admit(admission),
            Err(AdmitError::Refused {
                refusals,
                enforcement,
            }) => {
                document.outcome = match enforcement {
                    Enforcement::Observe => Outcome::WouldRefuse,
                    Enforcement::Enforce => Outcome::Refused,
                };
                document.refusals = refusals.iter().map(Reason::of).collect();
            }
            Err(AdmitError::Error(_)) => {}
        }
        document
    }

    fn admit(&mut self, admission: &Admission) {
        self.outcome = Outcome::Admitted;
        self.grounds = Some(match admission.grounds {
            Grounds::Judged => Ground::Judged,
            Grounds::Running => Ground::Running,
            Grounds::RollbackTarget => Ground::RollbackTarget,
            Grounds::Baseline => Ground::Baseline,
        });
        self.link = Some(Link {
            height: admission.link.verdict().height,
            digest: admission.link.digest(),
        });
        self.tier = Some(admission.tier);
        self.way = admission.way.iter().rev().copied().collect();
    }
}

impl<'a> Reason<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        Self {
            code: code_of(refusal),
            expected: &refusal.expected,
            found: &refusal.found,
            help: refusal.reason.help(),
        }
    }
}
