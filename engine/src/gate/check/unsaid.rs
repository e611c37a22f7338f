//! Evidence that a change takes away although it spoke against a backup or a way back: what was said before would count again.
//! Judges no object.

use std::collections::BTreeMap;

use super::super::Error;
use super::super::judge::Judge;
use super::super::scene::Settled;
use super::Session;
use crate::facts::evidence::{
    Archiving, Backup, Decision, FOLDER, Incident, Known, MigrationRehearsal, Observed, OfObject,
    OfScript, Outcome, RestoreTest, RollbackTest, Witnessed,
};
use crate::input::Environment;
use crate::model::{Effect, Finding};

impl Session<'_> {
    /// The newest words of somebody that spoke against it, and are gone while others of that object stay.
    pub(super) fn unsaid(&self, judge: &Judge, settled: &[Settled]) -> Result<Vec<Finding>, Error> {
        let below = format!("{FOLDER}/");
        let is_gone = |path: &[u8]| path.starts_with(below.as_bytes());
        let mut changed = self.view.changed.iter();
        if !changed.any(|change| change.old.is_some() && is_gone(change.path.as_bytes())) {
            return Ok(Vec::new());
        }
        let scenes = settled.iter().filter(|it| !it.scene.is_gate());
        let environments: BTreeMap<&str, &Environment> = scenes
            .map(|it| (it.scene.environment.as_str(), &it.scene.input))
            .collect();
        let reports = self.reports(judge);
        let mut findings = Vec::new();
        for (name, environment) in environments {
            let after = reports.after(environment)?;
            match reports.before(environment) {
                Ok(before) => findings.extend(taken(&before, &after).map(|it| it.finding(name))),
                Err(Error::Evidence(error)) => findings.push(Finding::of_engine(
                    CODE,
                    Effect::Warn,
                    format!(
                        "of {name}, evidence is taken away that could not be read together: {error}"
                    ),
                )),
                Err(error) => return Err(error),
            }
        }
        Ok(findings)
    }
}

/// A word that is gone.
struct Taken<'a> {
    /// The object or script.
    of: String,
    path: &'a str,
    /// What it said, in words that follow the object's name.
    said: &'static str,
}

impl Taken<'_> {
    fn finding(&self, environment: &str) -> Finding {
        let message = format!(
            "of {environment}, `{}` said that {} {}; it is taken away, and what was said before counts again",
            self.path, self.of, self.said
        );
        Finding {
            remediation: Some(
                "keep it until who signed it says that all is well, or take away all that is said of it"
                    .to_owned(),
            ),
            ..Finding::of_engine(CODE, Effect::Deny, message)
        }
    }
}

fn taken<'a>(before: &'a Known, after: &'a Known) -> impl Iterator<Item = Taken<'a>> {
    // Where nothing is said any more, nothing is proven either.
    let objects = before.objects.iter().filter_map(move |(object, of)| {
        let left = after.objects.get(object)?;
        Some((object.to_string(), gone(of, left)))
    });
    let scripts = before.scripts.iter().filter_map(move |(script, of)| {
        let left = after.scripts.get(script)?;
        let name = format!("the script sha256:{script}");
        Some((name, gone_of_script(of, left)))
    });
    objects.chain(scripts).flat_map(|(of, gone)| {
        let gone = gone.into_iter();
        gone.map(move |(path, said)| Taken {
            of: of.clone(),
            path,
            said,
        })
    })
}

/// The paths of what spoke against an object and is neither there nor followed, and what each said.
fn gone<'a>(of: &'a OfObject, left: &OfObject) -> Vec<(&'a str, &'static str)> {
    let backups = of.backups.iter().filter_map(|one| {
        let said = against(&one.newest.said, of)?;
        let same = |a: &Backup, b: &Backup| {
            a.source.selected == b.source.selected && a.source.tool == b.source.tool
        };
        missing(one, &left.backups, same, |it| it.about.sequence).then_some((&one.newest, said))
    });
    let backups = backups.map(|(one, said)| (one.path.as_str(), said));
    let tests = of.restore_tests.iter().filter(|one| {
        let same = |a: &RestoreTest, b: &RestoreTest| a.scope == b.scope;
        one.newest.said.outcome != Outcome::Passed
            && missing(one, &left.restore_tests, same, |it| it.about.sequence)
    });
    let tests = tests.map(|one| (one.newest.path.as_str(), "could not be restored"));
    let incidents = of.incidents.iter().filter(|one| {
        let same = |a: &Incident, b: &Incident| a.id == b.id;
        let is_again = |it: &Observed<Incident>| it.newest.said.id == one.newest.said.id;
        left.incidents.iter().any(is_again)
            && missing(one, &left.incidents, same, |it| it.about.sequence)
    });
    let incidents = incidents.map(|one| {
        (
            one.newest.path.as_str(),
            "has an incident that ends at another time",
        )
    });
    let rollbacks = of.rollback_tests.iter().filter(|one| {
        let same = |a: &RollbackTest, b: &RollbackTest| a.way() == b.way();
        one.newest.said.outcome != Outcome::Passed
            && missing(one, &left.rollback_tests, same, |it| it.about.sequence)
    });
    let rollbacks = rollbacks.map(|one| (one.newest.path.as_str(), "could not be taken back"));
    backups
        .chain(tests)
        .chain(incidents)
        .chain(rollbacks)
        .collect()
}

/// The same of a script.
fn gone_of_script<'a>(of: &'a OfScript, left: &OfScript) -> Vec<(&'a str, &'static str)> {
    let reviews = of.reviews.iter().filter(|one| {
        one.newest.said.decision != Decision::Approved
            && missing(one, &left.reviews, |_, _| true, |it| it.about.sequence)
    });
    let reviews = reviews.map(|one| (one.newest.path.as_str(), "was rejected"));
    let rehearsals = of.rehearsals.iter().filter(|one| {
        let length = one.newest.said.duration();
        let shorter = |it: &Observed<MigrationRehearsal>| it.newest.said.duration() < length;
        let failed = one.newest.said.outcome != Outcome::Passed;
        (failed || left.rehearsals.iter().any(shorter))
            && missing(one, &left.rehearsals, |_, _| true, |it| it.about.sequence)
    });
    let rehearsals = rehearsals.map(|one| {
        (
            one.newest.path.as_str(),
            "failed, or took longer, where it was rehearsed",
        )
    });
    reviews.chain(rehearsals).collect()
}

/// What a statement of backups says that is no good news.
fn against(said: &Backup, of: &OfObject) -> Option<&'static str> {
    let success = said.last_success.as_ref().map(|run| run.finished_at);
    let failed = said.last_failure.as_ref();
    if failed.is_some_and(|failure| success.is_none_or(|at| failure.at > at)) {
        return Some("had a backup that failed");
    }
    if success.is_none() {
        return Some("has no backup");
    }
    let archive = said.archive.as_ref();
    if archive.and_then(|archive| archive.state) == Some(Archiving::Failing) {
        return Some("has a log that fails to be archived");
    }
    let mut others = of.backups.iter().map(|one| &one.newest.said.system_id);
    let differs =
        others.any(|id| id.is_some() && said.system_id.is_some() && *id != said.system_id);
    differs.then_some("is another database than others say")
}

/// Whether the newest word of a signer about one thing is neither there any more nor followed by a newer one.
fn missing<T>(
    one: &Observed<T>,
    left: &[Observed<T>],
    same: impl Fn(&T, &T) -> bool,
    sequence: impl Fn(&T) -> u64,
) -> bool {
    let gone: &Witnessed<T> = &one.newest;
    !left.iter().any(|other| {
        let newest = &other.newest;
        newest.signers == gone.signers
            && same(&newest.said, &gone.said)
            && sequence(&newest.said) >= sequence(&gone.said)
    })
}

const CODE: &str = "engine.evidence-removed";
