//! What is there when the store is not: whether all of it can be copied, put back, verified, and asked.

use jiff::Timestamp;

use super::{Drill, Said, objections};
use crate::attest::UnitId;
use crate::cli::common::{Error, Failure};
use crate::cli::verdicts::Verdicts;
use crate::gate::{self, AdmitRequest, Copied, Left, PublishRequest, Standing};
use crate::git::Repository;
use crate::model::GitId;
use crate::report::plural;
use crate::store::Store;

/// Carries what lies in the store, or in the archive where one is named, into a folder.
pub(super) fn made(drill: &Drill<'_>) -> Result<Said, Failure> {
    let name = drill
        .request
        .archive
        .as_ref()
        .unwrap_or(&drill.request.verdicts);
    let from = Verdicts::open(name, drill.repository, drill.terminal)?;
    let copied = copy(
        drill.repository,
        from.store(),
        drill.folder(ARCHIVE).store(),
    )?;
    let links: usize = copied.iter().map(|unit| unit.links).sum();
    let left: Vec<&str> = copied
        .iter()
        .flat_map(|it| &it.left)
        .filter(|left| left.is_missing())
        .map(Left::place)
        .collect();
    if !left.is_empty() {
        return Ok(Said::Fails {
            about: format!("what does not verify stays behind: `{}`", left.join("`, `")),
            help: "`tidegate verify --all` says why; what is lost is judged again by `tidegate sign`, or accepted by `tidegate baseline`".to_owned(),
        });
    }
    if links == 0 {
        return Ok(Said::Fails {
            about: format!("`{name}` holds no link"),
            help: "`tidegate baseline`, then `tidegate publish STORE --verdicts folder:ARCHIVE`"
                .to_owned(),
        });
    }
    Ok(Said::Works(format!(
        "{} of {} from `{name}` to a folder",
        plural(links, "link", "links"),
        plural(copied.len(), "unit", "units")
    )))
}

/// Puts the archive back into an empty store, and verifies all of it.
pub(super) fn restored(drill: &Drill<'_>) -> Result<Said, Failure> {
    let rebuilt = drill.folder(REBUILT);
    let copied = copy(
        drill.repository,
        drill.folder(ARCHIVE).store(),
        rebuilt.store(),
    )?;
    let audited = gate::audit(rebuilt.store(), drill.trust)?;
    let mut wrong: Vec<String> = Vec::new();
    for unit in &audited {
        let refusals = unit.refusals.iter();
        wrong.extend(refusals.map(|it| format!("{}: {} ({it})", unit.unit, it.reason)));
        let newest = copied.iter().find(|it| it.unit == unit.unit);
        if newest.and_then(|it| it.newest) != unit.newest {
            wrong.push(format!(
                "{}: another link is the newest than before",
                unit.unit
            ));
        }
    }
    if !wrong.is_empty() {
        return Ok(Said::Fails {
            about: wrong.join("; "),
            help: "`tidegate verify --all` says the same of the store; an archive that verifies is made by `tidegate publish`".to_owned(),
        });
    }
    let links = audited.iter().map(|unit| unit.links).sum();
    Ok(Said::Works(format!(
        "an empty store takes the archive, and {} verify there",
        plural(links, "link", "links")
    )))
}

/// Asks the rebuilt store about the newest link of each unit as if it ran.
pub(super) fn runs(drill: &Drill<'_>) -> Result<Said, Failure> {
    let rebuilt = drill.folder(REBUILT);
    let newest = newest(drill, rebuilt.store())?;
    let mut wrong = Vec::new();
    for (unit, commit) in &newest {
        wrong.extend(asked(drill, rebuilt.store(), (unit, *commit), true)?);
    }
    Ok(match (newest.len(), wrong.is_empty()) {
        (0, _) => nothing(drill),
        (units, true) => Said::Works(format!(
            "what the newest link names is admitted where it runs: {}",
            plural(units, "unit", "units")
        )),
        (_, false) => Said::Fails {
            about: wrong.join("; "),
            help: "`tidegate sign` judges again what is refused; `tidegate baseline` accepts it"
                .to_owned(),
        },
    })
}

/// Asks the archive alone, of a cluster in which nothing runs: what the disaster sheet begins with.
///
/// Where time holds the newest link, it takes the key to go on from there; without it, the last baseline is what can
/// be had back, and that is asked for.
pub(super) fn begins(drill: &Drill<'_>) -> Result<Said, Failure> {
    let archive = drill.folder(ARCHIVE);
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    for (unit, commit) in newest(drill, archive.store())? {
        let objections = asked(drill, archive.store(), (&unit, commit), false)?;
        if objections.is_empty() {
            said.push(format!("{unit} begins as it stands"));
            continue;
        }
        match last_baseline(drill, &unit)? {
            Some(old) if old.wrong.is_empty() => said.push(format!(
                "{unit} begins by its baseline {} of {}; what followed takes the key",
                old.height, old.from
            )),
            Some(old) => wrong.extend(old.wrong),
            None => wrong.extend(objections),
        }
    }
    Ok(match (said.is_empty(), wrong.is_empty()) {
        (true, true) => nothing(drill),
        (false, true) => Said::Works(format!("from the folder alone, without a key: {}", said.join("; "))),
        (_, false) => Said::Fails {
            about: format!("an empty cluster does not begin without the key: {}", wrong.join("; ")),
            help: "`tidegate baseline` now, then archive it: a baseline is admitted at any hour (docs/disaster.md)".to_owned(),
        },
    })
}

/// A baseline, and what is said against it.
struct Old {
    height: u64,
    from: Timestamp,
    wrong: Vec<String>,
}

/// The last baseline of a unit that stands, asked for in a copy of the archive that ends with it.
fn last_baseline(drill: &Drill<'_>, unit: &UnitId) -> Result<Option<Old>, Failure> {
    let name = format!("baseline-{}", unit.unit());
    let copied = drill.folder(&name);
    copy(
        drill.repository,
        drill.folder(ARCHIVE).store(),
        copied.store(),
    )?;
    let asked_for = (Some(&*drill.request.environment), Some(unit.unit()));
    let logs = gate::verdict_log(copied.store(), asked_for, Some(drill.trust))?;
    let mut verdicts = logs.iter().flat_map(|log| &log.verdicts);
    let link = verdicts.find(|it| it.standing == Some(Standing::Stands) && it.verdict.baseline);
    let Some(link) = link.map(|link| &link.verdict) else {
        return Ok(None);
    };
    let folder = drill.scratch.path().join(&name).join("links");
    let folder = folder.join(unit.environment()).join(unit.unit());
    let mut height = link.height + 1;
    while folder.join(format!("{height}.json")).exists() {
        let file = folder.join(format!("{height}.json"));
        std::fs::remove_file(&file).map_err(|error| Error::write(&file, &error))?;
        height += 1;
    }
    Ok(Some(Old {
        height: link.height,
        from: link.valid_from,
        wrong: asked(drill, copied.store(), (unit, link.head.commit), false)?,
    }))
}

fn nothing(drill: &Drill<'_>) -> Said {
    Said::Fails {
        about: format!(
            "no unit of `{}` has a link that stands",
            drill.request.environment
        ),
        help: "`tidegate baseline --env` of this environment".to_owned(),
    }
}

fn copy(repository: &Repository, from: &dyn Store, to: &dyn Store) -> Result<Vec<Copied>, Failure> {
    Ok(gate::publish(repository, &PublishRequest { from, to })?)
}

/// The newest link that stands of each unit, and the commit at its head.
fn newest(drill: &Drill<'_>, store: &dyn Store) -> Result<Vec<(UnitId, GitId)>, Failure> {
    let asked = (Some(&*drill.request.environment), None);
    let logs = gate::verdict_log(store, asked, Some(drill.trust))?;
    let newest = logs.into_iter().filter_map(|log| {
        let mut verdicts = log.verdicts.iter();
        let link = verdicts.find(|it| it.standing == Some(Standing::Stands))?;
        Some((log.unit, link.verdict.head.commit))
    });
    Ok(newest.collect())
}

/// What is said against a unit, where it runs, or where nothing does.
fn asked(
    drill: &Drill<'_>,
    store: &dyn Store,
    (unit, commit): (&UnitId, GitId),
    running: bool,
) -> Result<Vec<String>, Failure> {
    let commit = commit.to_string();
    let request = AdmitRequest {
        environment: &drill.request.environment,
        branch: None,
        unit: Some(unit.unit()),
        revision: &commit,
        deployed: running.then_some(&*commit),
        sync: None,
        trust: drill.trust,
        store,
        now: drill.now(),
        witnesses: &[],
        checkout: None,
    };
    Ok(objections(&gate::admit(drill.repository, &request)?))
}

const ARCHIVE: &str = "archive";
const REBUILT: &str = "rebuilt";
