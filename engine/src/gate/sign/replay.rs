//! `replay`: judges again what a verdict says was judged, by the inputs that it names, and compares.
//! Signs nothing and reads no clock: the time is the verdict's. Whose signature it bears is not asked here.

mod past;

use std::sync::Arc;

use serde_json::Value;

use super::statement::Place;
use super::{Reaches, SignRequest, Signer, fresh_reading};
use crate::attest::{self, SigningKey, UnitId, Verdict};
use crate::calendar::tzdb_version;
use crate::config::{Environment, GATE};
use crate::gate::Error;
use crate::gate::chain::{Accepted, accepted_environment, branch_of_unit, state_at};
use crate::git::Repository;
use crate::model::GitId;
use crate::render::Workshop;
use crate::store::Store;
use past::Past;

/// What to judge again.
#[derive(Clone, Copy)]
pub struct ReplayRequest<'a> {
    /// The DSSE envelope of a verdict that passed or failed, or the Sigstore bundle around it.
    pub envelope: &'a [u8],
    /// Where the links lie that it follows, those of `gate` among them.
    pub store: &'a dyn Store,
    /// What renders sources; `None` for nothing.
    pub workshop: Option<&'a Arc<Workshop>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What was judged again.
    pub verdict: Verdict,
    /// The first field that comes out otherwise, inputs before results; `None` where the bytes are the same.
    pub differs: Option<Deviation>,
}

/// A field of a verdict that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its name in the verdict.
    pub field: String,
    /// What the verdict says.
    pub said: String,
    /// What comes out.
    pub found: String,
}

/// Judges again what `request.envelope` says was judged: the same commits, by the state of `gate` that it names,
/// after the links that it follows, at its own time.
///
/// # Errors
/// An input is not to be had, or cannot be judged; a baseline, of which nothing was judged.
pub fn replay(repository: &Repository, request: &ReplayRequest<'_>) -> Result<Replay, Error> {
    let payload = attest::unverified_payload(&attest::unbundle(request.envelope)?)?;
    let verdict = Verdict::parse_unverified(&payload)?;
    if verdict.baseline {
        return Err(Error::NothingJudged);
    }
    let differs = match of_this_program(&verdict) {
        Some(difference) => Some(difference),
        None => judged_again(repository, request, &verdict, &payload)?,
    };
    Ok(Replay { verdict, differs })
}

/// What no input can mend: another program, or another time zone database.
fn of_this_program(verdict: &Verdict) -> Option<Deviation> {
    let own = [
        (
            "engineVersion",
            verdict.engine_version.as_str(),
            env!("CARGO_PKG_VERSION"),
        ),
        ("tzdb", &verdict.tzdb, tzdb_version()),
    ];
    let mut own = own.into_iter();
    own.find(|(_, said, found)| said != found)
        .map(|(field, said, found)| Deviation::of(field, &said.into(), &found.into()))
}

fn judged_again(
    repository: &Repository,
    request: &ReplayRequest<'_>,
    verdict: &Verdict,
    payload: &[u8],
) -> Result<Option<Deviation>, Error> {
    request.store.refresh()?;
    let head = verdict.head.commit;
    for state in verdict.base.iter().chain([&verdict.head]) {
        check_there(repository, state.commit)?;
    }
    let id = UnitId::new(&verdict.environment, &verdict.unit)?;
    let branch = branch_of_unit(repository, &head.to_string(), &id)?;
    let past = Past::before(request.store, verdict, (&id, &UnitId::gate(&branch)?))?;
    let accepted = Accepted::read_at(repository, &past, &branch, head)?;
    let accepted = accepted.ok_or_else(|| Error::NoBaseline {
        unit: format!("{branch}/{GATE}"),
    })?;
    let config = &accepted.judge.config;
    let environment = match id.is_gate() {
        true => config
            .environments
            .iter()
            .find(|known| known.branch == branch),
        false => Some(accepted_environment(config, &verdict.environment, &branch)?),
    };
    let environment = environment.ok_or_else(|| Error::NoUnits {
        environment: verdict.environment.clone(),
    })?;
    // It signs nothing, and nobody ever holds it.
    let key = SigningKey::generate(getrandom::fill)?;
    let asked = SignRequest {
        environment: &verdict.environment,
        unit: Some(&verdict.unit),
        key: &key,
        store: &past,
        evidence: &[],
        workshop: request.workshop,
        now: verdict.valid_from,
    };
    let signer = Signer {
        repository,
        request: &asked,
        judge: &accepted.judge,
        trust: &accepted.trust,
        head,
        newer: None,
        branch: &branch,
        accepted: Some(&accepted),
        reading: &fresh_reading(&asked, &accepted.judge),
        reaches: &Reaches::default(),
    };
    let again = signer.again(environment, &id)?;
    check_evidence(verdict, &again)?;
    first_difference(payload, &again.to_statement_bytes()?)
}

/// Evidence that lay outside of the repository is not there any more.
fn check_evidence(verdict: &Verdict, again: &Verdict) -> Result<(), Error> {
    let mut used = verdict.input_attestations.iter();
    match used.find(|digest| !again.input_attestations.contains(digest)) {
        None => Ok(()),
        Some(digest) => Err(Error::InputMissing {
            what: format!(
                "evidence `{digest}`, which does not lie in the repository, or counts no more"
            ),
        }),
    }
}

/// Whether a commit can be read.
fn check_there(repository: &Repository, commit: GitId) -> Result<(), Error> {
    let there = repository.tree_of(commit);
    there.map(|_| ()).map_err(|error| Error::InputMissing {
        what: format!("commit `{commit}`: {error}"),
    })
}

impl Signer<'_> {
    /// What would be said of a unit, were it signed now.
    fn again(&self, environment: &Environment, id: &UnitId) -> Result<Verdict, Error> {
        let (scenes, ids) = self.all_scenes(environment)?;
        let found = scenes.into_iter().zip(ids).find(|(_, known)| known == id);
        let (mut scene, _) = found.ok_or_else(|| Error::NoUnits {
            environment: id.environment().to_owned(),
        })?;
        self.settle(&mut scene)?;
        let chain = self.chain(&scene, id)?;
        let basis = chain.newest_standing().ok_or_else(|| Error::NoBaseline {
            unit: id.to_string(),
        })?;
        let head = state_at(self.repository, self.head, &scene.head)?;
        let (report, also_judged_by) = self.judged_from(&scene, basis, &chain)?;
        let place = Place {
            next: chain.next()?,
            base: Some(basis),
            rollback: Some(basis),
            renderers: report.workings.renderers.clone(),
        };
        Ok(Verdict {
            also_judged_by,
            ..self.verdict(&scene, place, head, Some(&report))?
        })
    }
}

/// The first field of two statements that is not the same.
fn first_difference(said: &[u8], found: &[u8]) -> Result<Option<Deviation>, Error> {
    if said == found {
        return Ok(None);
    }
    let fields = |payload: &[u8]| -> Result<Value, Error> {
        let verdict = serde_json::to_value(Verdict::parse_unverified(payload)?);
        verdict.map_err(|error| {
            let what = error.to_string();
            attest::Rejection::Malformed { what }.into()
        })
    };
    let (said, found) = (fields(said)?, fields(found)?);
    let names = said.as_object().into_iter().chain(found.as_object());
    let mut names: Vec<&String> = names.flat_map(|object| object.keys()).collect();
    names.sort_by_key(|name| (rank(name), *name));
    let of = |all: &Value, name: &str| all.get(name).cloned().unwrap_or(Value::Null);
    let other = names
        .into_iter()
        .find(|name| of(&said, name) != of(&found, name));
    let difference = other.map(|name| Deviation::of(name, &of(&said, name), &of(&found, name)));
    Ok(Some(difference.unwrap_or_else(|| {
        Deviation::of("statement", &Value::Null, &Value::Null)
    })))
}

/// Inputs first, in the order in which one follows from another.
fn rank(field: &str) -> usize {
    let inputs = INPUTS.iter().position(|input| *input == field);
    inputs.unwrap_or(INPUTS.len())
}

const INPUTS: [&str; 18] = [
    "engineVersion",
    "tzdb",
    "gateState",
    "alsoJudgedBy",
    "configDigest",
    "policyDigest",
    "calendarDigest",
    "repository",
    "enforcement",
    "previous",
    "height",
    "withdrawals",
    "base",
    "selector",
    "head",
    "renderers",
    "renderingDigest",
    "factsDigest",
];

impl Deviation {
    fn of(field: &str, said: &Value, found: &Value) -> Self {
        let shown = |value: &Value| match value {
            Value::Null => "nothing".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let cut = |text: String| text.chars().take(SHOWN).collect();
        Self {
            field: field.to_owned(),
            said: cut(shown(said)),
            found: cut(shown(found)),
        }
    }

    /// Whether it is about what went in, and not about what came out.
    #[must_use]
    pub fn is_input(&self) -> bool {
        rank(&self.field) < INPUTS.len()
    }
}

/// So much of a field is shown.
const SHOWN: usize = 400;
