//! One unit of one environment, from its changed files to its report.
//! Decides nothing itself; it wires what reads to what judges.

mod components;
mod duplicates;
mod neighbours;
mod reached;
mod read;
mod rendered;
mod sound;
mod strange;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

pub(super) use components::{compare, settle};
pub(super) use neighbours::no_neighbours;
pub(super) use reached::Reached;
pub use sound::Unsound;

use super::Error;
use super::anchor;
use super::deployed::Declared;
use super::deployed::Deployed;
use super::evaluate::{Bench, Matter};
use super::gate_files;
use super::landing::{Landing, PlainFiles};
use super::plans;
use super::scene::Sides;
use super::scripts;
use super::summary;
use super::view::View;
use super::watch::Step;
use crate::change::{Change, change_digest};
use crate::config::{self, Config};
use crate::facts::index::Wanted;
use crate::facts::inventory::Deployers;
use crate::facts::migrations::Files;
use crate::facts::rollback::Prepared;
use crate::facts::{self, Fact};
use crate::git::{self, FileChange, Selector};
use crate::model::{Effect, Enforcement, Finding, ObjectRef, Piece, RepoPath};
use crate::verdict::{Permit, Side, UnitReport, Unused, Workings, decide};
use read::read_sides;
use rendered::rendered_sides;

/// One unit and the files that are its.
#[derive(Clone, Copy)]
pub(super) struct Unit<'a> {
    /// The environment's name; for the unit `gate` its branch.
    pub(super) environment: &'a str,
    pub(super) name: &'a str,
    pub(super) enforcement: Enforcement,
    pub(super) base: &'a Selector,
    pub(super) head: &'a Selector,
    /// What all units of the environment deploy as it stands: where neighbours are looked for.
    pub(super) plain_files: &'a PlainFiles,
    /// Where its own objects land that name no namespace; none of the unit `gate`.
    pub(super) landing: Option<&'a Landing>,
    /// Why there may be neighbours that are not found there, for people.
    pub(super) unseen: Option<&'a str>,
    /// The same, where all that is rendered is looked at.
    pub(super) elsewhere: Option<&'a str>,
    /// The units of the environment whose objects stand in no file.
    pub(super) rendered_units: &'a Sides<Vec<Declared>>,
    /// What renders it; none where its files are deployed as they stand.
    pub(super) rendered: Option<&'a Sides<Deployed>>,
    pub(super) deployers: &'a Sides<Arc<Deployers>>,
    pub(super) zone: &'a jiff::tz::TimeZone,
}

/// What changes in a unit.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) changes: Vec<Change>,
    /// What is wrong with the files themselves.
    pub(super) findings: Vec<Finding>,
}

impl Unit<'_> {
    /// What changes in the unit. `None` where no file of it differs.
    pub(super) fn changes(
        &self,
        view: &View<'_>,
        config: &Config,
    ) -> Result<Option<Changes>, Error> {
        let files = view.changed_under(self.base, self.head)?;
        let told_anew = self
            .rendered
            .is_some_and(|it| it.base.told() != it.head.told());
        if files.is_empty() && !told_anew {
            return Ok(None);
        }
        if self.name == config::GATE {
            return Ok(Some(Changes {
                changes: gate_files::changes(view.repository, &files)?,
                findings: misleading(&files),
            }));
        }
        let mut findings = misleading(&files);
        let (base, head) = match self.rendered {
            Some(rendered) => rendered_sides(view, rendered, &mut findings)?,
            None => read_sides(view, &files, self.base, &mut findings)?,
        };
        if base.is_empty() && head.is_empty() && !self.holds_more(view)? {
            return Err(Error::JudgedNothing {
                unit: self.name.to_owned(),
                files: files.len(),
            });
        }
        let mut changes = compare(config, &base, &head);
        sound::check(self.name, &changes)?;
        if let Some(rendered) = self.rendered {
            rendered::point_back(view, rendered, &mut changes)?;
        } else {
            findings.extend(self.duplicates_elsewhere(view, &files, &changes)?);
        }
        findings.extend(duplicates::coinciding(&changes, &head));
        findings.extend(strange::findings(&changes));
        Ok(Some(Changes { changes, findings }))
    }

    /// Of the unit `gate`: whether what comes after it can be signed.
    fn followed(&self, view: &View<'_>, bench: &Bench<'_>) -> Result<Option<Finding>, Error> {
        match self.name == config::GATE {
            true => gate_files::check_followed(view, self.environment, (bench.rooted, bench.now)),
            false => Ok(None),
        }
    }

    /// Whether the unit has any object beside those of the changed files.
    fn holds_more(&self, view: &View<'_>) -> Result<bool, Error> {
        if self.rendered.is_some() {
            return Ok(false);
        }
        Ok(view.any_object(&view.head, self.head)? || view.any_object(&view.base, self.base)?)
    }

    /// Judges the changes.
    pub(super) fn judge(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        found: Changes,
        everything: bool,
    ) -> Result<UnitReport, Error> {
        bench.watch.begin(Step::Neighbours);
        let reached = self.reached(bench, view, &found.changes, everything)?;
        let scripts = self.scripts(bench, view)?;
        let around = self.neighbours(bench, view, (&found.changes, &reached), &scripts)?;
        let matter = Matter {
            changes: &found.changes,
            reached: &reached,
            head: &around.head,
            base: &around.base,
            scripts: &scripts,
            prepared: &self.prepared(bench, view)?,
            everything,
        };
        let judged = bench.judge(&matter)?;
        let mut findings = found.findings;
        findings.extend(judged.findings);
        findings.extend(self.followed(view, bench)?);
        let permits = self.permits(&bench.judge.config)?;
        let unused = if everything {
            Unused::Report
        } else {
            Unused::Ignore
        };
        let mut decision = decide(findings, &permits, bench.now, unused);
        anchor_removed(bench, view, &found.changes, &mut decision.findings)?;
        let until = judged.facts.values().filter_map(turns_at);
        let until = until.chain(decision.until).min();
        bench.watch.begin(Step::Trees);
        let facts = judged.facts.iter();
        let facts = Piece::object(facts.map(|(name, fact)| (*name, fact.to_piece())));
        let renderers = match self.rendered {
            Some(rendered) => view.renderers(&view.head, &rendered.head)?,
            None => BTreeMap::new(),
        };
        // Most folders of the base are those of the head, and known by then.
        let head = side(view, &view.head, self.head)?;
        Ok(UnitReport {
            environment: self.environment.to_owned(),
            unit: self.name.to_owned(),
            enforcement: self.enforcement,
            outcome: decision.outcome,
            tier: judged.risk.tier,
            reasons: judged.risk.reasons,
            findings: decision.findings,
            changes: summary::of(&found.changes),
            change_digest: change_digest(&found.changes),
            // A base that could not be signed, for a submodule say, must not keep its repair from
            // being judged.
            base: side(view, &view.base, self.base).unwrap_or_default(),
            head,
            until,
            workings: Workings {
                evidence: facts::statements(&judged.facts),
                policies: judged.policies,
                classes: judged.classes,
                renderers,
                facts,
            },
        })
    }

    /// The documents that policies receive.
    pub(super) fn documents(
        &self,
        bench: &Bench<'_>,
        view: &View<'_>,
        found: &Changes,
    ) -> Result<Vec<Value>, Error> {
        let scripts = self.scripts(bench, view)?;
        let around = self.neighbours(bench, view, (&found.changes, &[]), &scripts)?;
        bench.documents(&Matter {
            changes: &found.changes,
            reached: &[],
            head: &around.head,
            base: &around.base,
            scripts: &scripts,
            prepared: &self.prepared(bench, view)?,
            everything: false,
        })
    }

    /// The scripts among the unit's files.
    fn scripts(&self, bench: &Bench<'_>, view: &View<'_>) -> Result<Files, Error> {
        match self.name == config::GATE {
            true => Ok(Files::default()),
            false => scripts::of_unit(view, (self.base, self.head), bench.judge, self.name),
        }
    }

    /// What is prepared for the way back.
    fn prepared(&self, bench: &Bench<'_>, view: &View<'_>) -> Result<Prepared, Error> {
        if self.name == config::GATE {
            return Ok(Prepared::default());
        }
        Ok(Prepared {
            plans: plans::of_change(view, bench.judge, bench.source)?,
            target: bench.target(),
        })
    }

    fn permits<'c>(&'c self, config: &'c Config) -> Result<Vec<Permit<'c>>, Error> {
        config
            .exceptions
            .iter()
            .map(|exception| {
                Ok(Permit {
                    until: exception
                        .ends(self.zone)
                        .map_err(|error| Error::DateOutOfRange(error.to_string()))?,
                    location: config.location(&exception.pointer),
                    exception,
                    environment: self.environment,
                    unit: self.name,
                })
            })
            .collect()
    }
}

/// When what is known may turn.
fn turns_at(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Known { until, .. } => *until,
        Fact::Unknown { .. } => None,
    }
}

/// New paths that are not what they look like.
fn misleading(files: &[FileChange]) -> Vec<Finding> {
    let new = files.iter().filter(|change| change.old.is_none());
    let found = new.filter_map(|change| Some((&change.path, git::misleads(&change.path)?)));
    found
        .map(|(path, reason)| misleading_path(path, reason))
        .collect()
}

/// A path that is not what it looks like, its letters told apart.
pub(super) fn misleading_path(path: &RepoPath, reason: &str) -> Finding {
    let path = git::escaped(path);
    Finding {
        remediation: Some("rename the file".to_owned()),
        ..Finding::of_engine(
            "engine.misleading-path",
            Effect::Deny,
            format!("the path {path} is not what it looks like: {reason}"),
        )
    }
}

/// Gives findings about objects that are gone a place that is still there.
fn anchor_removed(
    bench: &Bench<'_>,
    view: &View<'_>,
    changes: &[Change],
    findings: &mut [Finding],
) -> Result<(), Error> {
    let gone = changes.iter().filter(|change| change.new_source.is_none());
    let gone: BTreeSet<&ObjectRef> = gone.map(|change| &change.object).collect();
    let is_gone = |finding: &Finding| {
        let object = finding.object.as_ref();
        object.is_some_and(|object| gone.contains(object))
    };
    let (place, config) = (bench.environment_pointer, &bench.judge.config);
    anchor::set(findings, is_gone, place, config, view)
}

fn side(view: &View<'_>, side: &super::side::Side, selector: &Selector) -> Result<Side, Error> {
    let repository = view.repository;
    Ok(Side {
        commit: side.snapshot.commit(),
        gated_tree: Some(repository.gated_tree_id(&side.snapshot, selector)?),
    })
}

fn of_kinds<'a>(kinds: Option<&'a BTreeSet<&'a str>>) -> Wanted<'a> {
    Wanted {
        kinds,
        ..Wanted::default()
    }
}
