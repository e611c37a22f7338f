//! What a case says was reported of backups and rehearsals, as if somebody had signed it.
//! Knows no signature and no file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::config::parse_duration;
use crate::facts::evidence::{
    About, Archive, Backup, Decision, Failure, Final, Incident, Known, MigrationRehearsal,
    MigrationReview, ObjectName, Observed, OfObject, OfScript, Outcome, Refused, RestoreTest,
    RollbackTest, Run, RunKind, Scope, Source, Tool, Why, Witnessed,
};
use crate::gate::Error;
use crate::gate::reported::Reported;
use crate::input::Environment;
use crate::model::Digest;

/// By object.
pub(super) type Reports = BTreeMap<ObjectName, Report>;

/// What is reported of an object; each time is how long ago it was.
#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Report {
    system_id: Option<String>,
    backup: Option<Ago>,
    /// Its size and that of the one before it.
    bytes: Option<(u64, u64)>,
    archived: Option<Ago>,
    /// That it is the last one, and whether it was verified.
    #[serde(rename = "final")]
    last: Option<bool>,
    failed: Option<Ago>,
    restored: Option<Ago>,
    took: Option<Ago>,
    scope: BTreeSet<Scope>,
    came_back: Option<bool>,
    /// By which image somebody went back to which, and how that went.
    rolled_back: Option<RolledBack>,
    /// How much longer an incident lasts.
    incident: Option<Ago>,
    /// Why a file about it counts for nothing.
    refused: Option<String>,
}

/// A rollback that was tried.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RolledBack {
    from: Digest,
    to: Digest,
    ago: Ago,
    took: Ago,
    #[serde(default)]
    failed: bool,
}

/// What is reported of a script.
#[derive(Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ScriptReport {
    reviewed: Option<Decision>,
    rehearsed: Option<Rehearsed>,
}

/// A rehearsal of a script.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rehearsed {
    took: Ago,
    bytes: u64,
    #[serde(default)]
    failed: bool,
}

/// A length of time.
#[derive(Clone, Copy)]
struct Ago(SignedDuration);

impl<'de> Deserialize<'de> for Ago {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let length = parse_duration(&text);
        length.map(Self).ok_or_else(|| {
            serde::de::Error::custom("a length of time is written `90m`, `26h` or `2d`")
        })
    }
}

/// A case at its time.
pub(super) struct Told<'a> {
    pub(super) reports: &'a Reports,
    pub(super) scripts: BTreeMap<Digest, &'a ScriptReport>,
    pub(super) now: Timestamp,
}

impl Reported for Told<'_> {
    fn known(&self, environment: &Environment) -> Result<Arc<Known>, Error> {
        let mut known = Known::default();
        for (object, report) in self.reports {
            let one = Said {
                object,
                report,
                now: self.now,
                environment: &environment.name,
            };
            known.objects.insert(object.clone(), one.of());
            known
                .refused
                .extend(report.refused.iter().map(|text| Refused {
                    path: "evidence.json".to_owned(),
                    why: Why::Malformed,
                    text: text.clone(),
                    objects: [object.clone()].into(),
                    scripts: BTreeSet::new(),
                }));
        }
        let scripts = self.scripts.iter();
        let scripts = scripts.map(|(digest, report)| {
            let about = about(&environment.name, self.now);
            (*digest, report.said(*digest, &about))
        });
        known.scripts = scripts.collect();
        Ok(Arc::new(known))
    }
}

struct Said<'a> {
    object: &'a ObjectName,
    report: &'a Report,
    now: Timestamp,
    environment: &'a str,
}

impl Said<'_> {
    fn of(&self) -> OfObject {
        let backups = self.report.backup.is_some() || self.report.failed.is_some();
        let incident = self.report.incident.map(|left| self.incident(left));
        OfObject {
            backups: backups
                .then(|| observed(self.backup()))
                .into_iter()
                .collect(),
            restore_tests: self.restore_test().map(observed).into_iter().collect(),
            incidents: incident.map(observed).into_iter().collect(),
            rollback_tests: self.rollback_test().map(observed).into_iter().collect(),
        }
    }

    fn at(&self, ago: Ago) -> Timestamp {
        self.now.saturating_sub(ago.0).unwrap_or(self.now)
    }

    fn about(&self) -> About {
        about(self.environment, self.now)
    }

    fn backup(&self) -> Backup {
        let (bytes, before) = self.report.bytes.unzip();
        let run = |label: &str, bytes: Option<u64>, finished_at: Timestamp| Run {
            label: label.to_owned(),
            kind: RunKind::Full,
            started_at: None,
            finished_at,
            bytes,
        };
        let at = self.report.backup.map(|ago| self.at(ago));
        let earlier = at.map(|at| at.saturating_sub(DAY).unwrap_or(at));
        Backup {
            about: self.about(),
            object: self.object.clone(),
            source: Source {
                tool: Tool::PgbackrestInfo,
                selected: BTreeMap::new(),
                output: Digest::of(b""),
            },
            system_id: self.report.system_id.clone(),
            version: None,
            usable: u64::from(at.is_some()),
            last_success: at.map(|at| run("last", bytes, at)),
            previous: earlier.map(|at| run("earlier", before, at)),
            last_failure: self.report.failed.map(|ago| Failure {
                label: "failed".to_owned(),
                at: self.at(ago),
                reason: "no space left".to_owned(),
            }),
            first_recoverable: None,
            archive: self.report.archived.map(|ago| Archive {
                last_at: Some(self.at(ago)),
                ..Archive::default()
            }),
            encrypted: None,
            last: self.report.last.map(|verified| Final { verified }),
        }
    }

    fn restore_test(&self) -> Option<RestoreTest> {
        let finished_at = self.at(self.report.restored?);
        let took = self.report.took.map_or(SignedDuration::ZERO, |took| took.0);
        Some(RestoreTest {
            about: self.about(),
            object: self.object.clone(),
            system_id: self.report.system_id.clone(),
            backup: "last".to_owned(),
            started_at: finished_at.saturating_sub(took).unwrap_or(finished_at),
            finished_at,
            recovered_to: None,
            scope: self.report.scope.clone(),
            outcome: Outcome::of_failed(self.report.came_back == Some(false)),
        })
    }

    fn rollback_test(&self) -> Option<RollbackTest> {
        let said = self.report.rolled_back.as_ref()?;
        let finished_at = self.at(said.ago);
        let started_at = finished_at.saturating_sub(said.took.0);
        Some(RollbackTest {
            about: self.about(),
            object: self.object.clone(),
            from: said.from,
            to: said.to,
            started_at: started_at.unwrap_or(finished_at),
            finished_at,
            outcome: Outcome::of_failed(said.failed),
        })
    }

    fn incident(&self, left: Ago) -> Incident {
        Incident {
            about: self.about(),
            id: "INC-1".to_owned(),
            objects: [self.object.clone()].into(),
            from: self.now,
            until: self.now.saturating_add(left.0).unwrap_or(self.now),
            reason: "the volume is lost".to_owned(),
        }
    }
}

impl ScriptReport {
    fn said(&self, script: Digest, about: &About) -> OfScript {
        let review = self.reviewed.map(|decision| MigrationReview {
            about: about.clone(),
            scripts: [script].into(),
            decision,
        });
        let rehearsal = self.rehearsed.as_ref().map(|said| {
            let finished_at = about.reported_at;
            let started_at = finished_at.saturating_sub(said.took.0);
            MigrationRehearsal {
                about: about.clone(),
                scripts: [script].into(),
                started_at: started_at.unwrap_or(finished_at),
                finished_at,
                database_bytes: said.bytes,
                outcome: Outcome::of_failed(said.failed),
            }
        });
        OfScript {
            reviews: review.map(observed).into_iter().collect(),
            rehearsals: rehearsal.map(observed).into_iter().collect(),
        }
    }
}

fn about(environment: &str, now: Timestamp) -> About {
    About {
        environment: environment.to_owned(),
        cluster: None,
        reported_at: now,
        sequence: 1,
    }
}

fn observed<T>(said: T) -> Observed<T> {
    Observed {
        newest: Witnessed {
            said,
            digest: Digest::of(b"a statement"),
            signers: vec!["job".to_owned()],
            path: "evidence.json".to_owned(),
        },
        earlier: Vec::new(),
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
