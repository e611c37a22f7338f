//! The files of a case that say what is asked and what must come out.
//! Knows no manifest and no policy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::reported::{Reports, ScriptReport};
use crate::config::parse_duration;
use crate::facts::images::promoted::{Promoted, Ran};
use crate::facts::migrations::{After, Held};
use crate::facts::rollback::{Answer, Earlier};
use crate::facts::source::{Commit, SourceInfo};
use crate::gate::promotions::{NoPromotions, Promotions};
use crate::model::{Effect, GitId, Seal, Stage};
use crate::verdict::Outcome;

/// `case.yaml`: what differs from a production environment without limits.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Setting {
    pub(super) stage: Option<String>,
    pub(super) max_tier: Option<String>,
    pub(super) settings: Option<Value>,
    pub(super) components: Option<Value>,
    /// The section `images`, where the policy's own settings are not it.
    pub(super) images: Option<Value>,
    /// The digests that registries, which are asked then, have no more.
    pub(super) gone: BTreeSet<String>,
    pub(super) tenants: Option<Value>,
    pub(super) range: Option<CaseRange>,
    /// Of the one commit of the range.
    pub(super) trailers: BTreeMap<String, Vec<String>>,
    /// Calendars by name; all of them hold.
    pub(super) calendars: BTreeMap<String, Value>,
    pub(super) timezone: Option<String>,
    /// When it is judged.
    pub(super) now: Option<String>,
    /// Whether what is judged was accepted before.
    pub(super) rollback: bool,
    /// The digests that the stage before has run; without it nothing is known of that.
    pub(super) ran: Option<BTreeSet<String>>,
    /// For how long accepted states have held what scripts come after; of what is not named, nothing is known.
    pub(super) held: BTreeMap<String, String>,
    /// The state that one would go back to; without it nothing is known of that.
    pub(super) target: Option<Target>,
    /// What is reported of backups and rollbacks, by object.
    pub(super) reported: Reports,
    /// What is reported of scripts, by file at head.
    pub(super) scripts: BTreeMap<String, ScriptReport>,
}

impl Promotions for Setting {
    fn ran(&self, environment: &str, from: Stage, wanted: &BTreeSet<String>) -> Promoted {
        let Some(known) = &self.ran else {
            return NoPromotions.ran(environment, from, wanted);
        };
        let ran = known.intersection(wanted).map(|digest| {
            let ran = Ran {
                environment: from.as_str().to_owned(),
                unit: "case".to_owned(),
            };
            (digest.clone(), ran)
        });
        Promoted {
            from: Some(from),
            ran: ran.collect(),
            unknown: Vec::new(),
        }
    }

    fn held(&self, unit: (&str, &str), wanted: &BTreeSet<After>, before: Timestamp) -> Held {
        let mut held = NoPromotions.held(unit, wanted, before);
        for (after, length) in &self.held {
            let length = parse_duration(length);
            let since = length.and_then(|length| self.now()?.checked_sub(length).ok());
            if let (Some(found), Some(since)) = (held.get_mut(&After::parse(after)), since) {
                *found = Ok(since);
            }
        }
        held
    }

    fn target(&self, unit: (&str, &str)) -> Answer {
        let earlier = |is_empty| {
            Some(Earlier {
                height: 1,
                is_empty,
            })
        };
        match self.target {
            Some(Target::Accepted) => Ok(earlier(false)),
            Some(Target::Empty) => Ok(earlier(true)),
            Some(Target::None) => Ok(None),
            None => NoPromotions.target(unit),
        }
    }
}

/// The state that one would go back to.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Target {
    /// It was accepted.
    Accepted,
    /// So it was, and nothing was there.
    Empty,
    /// No state was accepted.
    None,
}

impl Setting {
    /// The beginning of 1970, where nothing is said; `None` where it is no instant.
    pub(super) fn now(&self) -> Option<Timestamp> {
        match &self.now {
            Some(now) => now.parse().ok(),
            None => Some(Timestamp::UNIX_EPOCH),
        }
    }

    pub(super) fn source(&self) -> SourceInfo {
        SourceInfo {
            commits: vec![Commit {
                id: GitId::EMPTY_TREE,
                author_name: "Ada".to_owned(),
                author_email: "ada@shop.example".to_owned(),
                trailers: self.trailers.clone(),
                signature: Seal::None,
            }],
            ..SourceInfo::default()
        }
    }
}

/// What else the range touches.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct CaseRange {
    pub(super) environments: BTreeMap<String, Stage>,
    pub(super) tenants: Vec<String>,
}

/// `expect.yaml`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) outcome: Outcome,
    pub(super) tier: Option<String>,
    #[serde(default)]
    pub(super) findings: Vec<ExpectedFinding>,
    pub(super) reasons: Option<Vec<String>>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedFinding {
    pub(super) code: String,
    pub(super) effect: Effect,
    pub(super) object: Option<String>,
    pub(super) field: Option<String>,
    #[serde(default)]
    pub(super) inherited: bool,
}
