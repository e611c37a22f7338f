//! `sign` and `baseline`: the next link of each unit of an environment.
//! Judges from the newest link to the head of the protected branch, never a range of the caller's.

mod fallen;
mod guard;
mod judging;
mod queued;
mod renew;
mod replay;
mod statement;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::audit::check_unseen;
use super::chain::{Accepted, accepted_environment, branch_of, gate_id, state_at, trust_at};
use super::judge::Judge;
use super::key::check_key;
use super::reading::Reading;
use super::scene::{self, Scene, Trees};
use crate::attest::{self, GatedState, Signatory, TrustFile, UnitId, Verdict};
use crate::config::Environment;
use crate::facts::index::Cache;
use crate::facts::range::Range as Reach;
use crate::git::Repository;
use crate::model::{Digest, Enforcement, Exit, GitId};
use crate::render::{GitFiles, Workshop};
use crate::store::{self, Store};
use crate::verdict::{RunOutcome, UnitError, UnitReport};
use crate::verify::{Chain, ChainLink, NextLink, RejectedFile, SourceError};
pub use queued::{Landed, publish_queued, sign_queued};
pub use renew::{Renewed, RenewedUnit, renew};
pub use replay::{Deviation, Replay, ReplayRequest, replay};
use statement::Place;

/// What to sign.
#[derive(Clone, Copy)]
pub struct SignRequest<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Only this unit.
    pub unit: Option<&'a str>,
    /// The signer's key, or keys.
    pub key: &'a dyn Signatory,
    /// Where links lie.
    pub store: &'a dyn Store,
    /// Evidence of backups that lies outside of the repository.
    pub evidence: &'a [(String, Vec<u8>)],
    /// What renders sources; `None` for nothing, so that a unit that needs it cannot be judged.
    pub workshop: Option<&'a Arc<Workshop>>,
    /// The time.
    pub now: Timestamp,
}

/// What became of the units.
#[derive(Debug, Default)]
pub struct Signing {
    /// Each unit, the unit `gate` first.
    pub units: Vec<SignedUnit>,
    /// The newest links that were asked about again.
    pub renewals: Vec<RenewedUnit>,
    /// Units that could not be judged.
    pub errors: Vec<UnitError>,
    /// The units among them that only the end of the trust file kept from being judged.
    outlived: BTreeSet<UnitId>,
}

/// What became of one unit.
#[derive(Debug)]
pub struct SignedUnit {
    /// The unit.
    pub unit: UnitId,
    /// What became of it.
    pub result: Signed,
    /// What lies in the store and does not count, where links were to be followed.
    pub rejected: Vec<RejectedFile>,
}

/// What became of a unit.
#[derive(Debug)]
pub enum Signed {
    /// The newest link names this state already.
    NothingNew {
        /// Its height.
        height: u64,
    },
    /// A link was published.
    Link(Box<Published>),
    /// It was judged and denied: a report was published, no link.
    Failed(Box<Published>),
}

/// A statement that was published.
#[derive(Debug)]
pub struct Published {
    /// What it says.
    pub verdict: Verdict,
    /// The DSSE envelope.
    pub envelope: Vec<u8>,
    /// What was judged; `None` for a baseline.
    pub report: Option<UnitReport>,
}

impl Signing {
    /// What came out, whatever is enforced; not applicable where nothing new was signed.
    #[must_use]
    pub fn outcome(&self) -> RunOutcome {
        let any = |wanted: fn(&Signed) -> bool| self.units.iter().any(|unit| wanted(&unit.result));
        let denied = |renewal: &RenewedUnit| matches!(renewal.result, Renewed::Denied(_));
        if !self.errors.is_empty() {
            RunOutcome::Error
        } else if any(|signed| matches!(signed, Signed::Failed(_)))
            || self.renewals.iter().any(denied)
        {
            RunOutcome::Fail
        } else if any(|signed| matches!(signed, Signed::Link(_))) {
            RunOutcome::Pass
        } else {
            RunOutcome::NotApplicable
        }
    }

    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let errors = self
            .errors
            .iter()
            .map(|error| Exit::of_error(error.error.as_ref()));
        let units = self.units.iter().map(|unit| match &unit.result {
            Signed::Failed(published) if published.verdict.enforcement == Enforcement::Enforce => {
                Exit::Denied
            }
            _ => Exit::Pass,
        });
        let renewals = self.renewals.iter().map(RenewedUnit::exit);
        let all = errors.chain(units).chain(renewals);
        all.fold(Exit::Pass, Exit::max)
    }
}

impl Signing {
    fn brought_the_next_trust_file(&self) -> bool {
        let is_link = |unit: &SignedUnit| matches!(unit.result, Signed::Link(_));
        let mut gates = self.units.iter().filter(|unit| unit.unit.is_gate());
        !self.outlived.is_empty() && gates.any(is_link)
    }

    /// With what a run after this one came to about the units that this one could not judge.
    fn continued(mut self, after: Self) -> Self {
        let known: BTreeSet<UnitId> = self.units.iter().map(|unit| unit.unit.clone()).collect();
        let is_known = |error: &UnitError| {
            let mut known = known.iter();
            known.any(|id| (id.environment(), id.unit()) == (&*error.environment, &*error.unit))
        };
        let more = after.units.into_iter();
        self.units
            .extend(more.filter(|unit| !known.contains(&unit.unit)));
        self.errors = after.errors;
        self.errors.retain(|error| !is_known(error));
        self.outlived = after.outlived;
        self
    }
}

/// Signs the next link of the unit `gate` and of each unit of an environment. Where the accepted trust file is over and
/// that link of `gate` brings the next one, the other units are judged after it, by what it accepted.
///
/// # Errors
/// No accepted state of `gate`, a key that is not trusted; what keeps one unit from being judged
/// stands in the result.
pub fn sign(repository: &Repository, request: &SignRequest<'_>) -> Result<Signing, Error> {
    let signing = retried(|| sign_once(repository, request))?;
    if !signing.brought_the_next_trust_file() {
        return Ok(signing);
    }
    match retried(|| sign_once(repository, request)) {
        Ok(after) => Ok(signing.continued(after)),
        // What was published stands; the units say what kept them, and the next run says what keeps it.
        Err(_) => Ok(signing),
    }
}

fn sign_once(repository: &Repository, request: &SignRequest<'_>) -> Result<Signing, Error> {
    accepted(repository, request, &|signer, environment| {
        signer.each(environment, Signer::sign)
    })
}

/// Begins with the newest accepted state of `gate`.
fn accepted(
    repository: &Repository,
    request: &SignRequest<'_>,
    run: &dyn Fn(&Signer<'_>, &Environment) -> Result<Signing, Error>,
) -> Result<Signing, Error> {
    request.store.check_signing()?;
    request.store.refresh()?;
    let branch = branch_of(repository, "HEAD", request.environment)?;
    let accepted =
        Accepted::read(repository, request.store, &branch)?.ok_or_else(|| Error::NoBaseline {
            unit: format!("{branch}/{}", crate::config::GATE),
        })?;
    check_unseen(request.store, &accepted.trust)?;
    let judge = &accepted.judge;
    let environment = accepted_environment(&judge.config, request.environment, &branch)?;
    let signer = Signer {
        repository,
        request,
        judge,
        trust: &accepted.trust,
        head: repository.branch_head(&branch)?,
        newer: None,
        branch: &branch,
        accepted: Some(&accepted),
        reading: &fresh_reading(request, judge),
        reaches: &Reaches::default(),
    };
    run(&signer, environment)
}

/// Accepts the state of the unit `gate` and of each unit of an environment as it stands.
///
/// # Errors
/// No configuration, no trust file, a key that is not trusted.
pub fn baseline(repository: &Repository, request: &SignRequest<'_>) -> Result<Signing, Error> {
    retried(|| baseline_once(repository, request))
}

fn baseline_once(repository: &Repository, request: &SignRequest<'_>) -> Result<Signing, Error> {
    request.store.check_signing()?;
    request.store.refresh()?;
    let branch = branch_of(repository, "HEAD", request.environment)?;
    let head = repository.branch_head(&branch)?;
    let accepted = Accepted::read(repository, request.store, &branch)?;
    let own;
    let (judge, trust): (&Judge, TrustFile) = match &accepted {
        Some(accepted) => (&accepted.judge, accepted.trust.clone()),
        None => {
            let snapshot = repository.snapshot(head)?;
            own = Judge::of_snapshot(repository, &snapshot, "the head (bootstrap)")?.ok_or_else(
                || Error::NoConfig {
                    place: branch.clone(),
                },
            )?;
            (&own, first_trust(repository, request.store, &branch, head)?)
        }
    };
    let environment = accepted_environment(&judge.config, request.environment, &branch)?;
    let signer = Signer {
        repository,
        request,
        judge,
        trust: &trust,
        head,
        newer: None,
        branch: &branch,
        accepted: accepted.as_ref(),
        reading: &fresh_reading(request, judge),
        reaches: &Reaches::default(),
    };
    signer.each(environment, Signer::baseline)
}

/// The trust file that a first baseline is signed by: its own, unless links of `gate` were there and
/// taken back.
fn first_trust(
    repository: &Repository,
    store: &dyn Store,
    branch: &str,
    head: GitId,
) -> Result<TrustFile, Error> {
    let trust_of = |commit: GitId| trust_at(repository, commit, head).map_err(SourceError::new);
    let chain = Chain::read_gate(store, &gate_id(branch)?, trust_of)?;
    let commit = chain.newest().map(|link| link.verdict().head.commit);
    trust_at(repository, commit.unwrap_or(head), head)
}

/// When another link came first, everything is judged again from it.
pub(super) fn retried<T>(mut once: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut attempts = 0;
    loop {
        match once() {
            Err(error) if is_conflict(&error) && attempts < RETRIES => attempts += 1,
            result => return result,
        }
    }
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::Store(store::Error::Conflict { .. }))
}

#[derive(Clone, Copy)]
struct Signer<'a> {
    repository: &'a Repository,
    request: &'a SignRequest<'a>,
    judge: &'a Judge,
    trust: &'a TrustFile,
    head: GitId,
    /// The head of the branch, where what is judged is older.
    newer: Option<GitId>,
    branch: &'a str,
    accepted: Option<&'a Accepted>,
    /// INVARIANT: what is signed rests on nothing that an earlier run left.
    reading: &'a Reading,
    reaches: &'a Reaches,
}

/// All that a range touches, by the commits and by the configuration that says what is a unit: each
/// unit of an environment asks for it, and nearly always the same.
type Reaches = RefCell<BTreeMap<(GitId, GitId, Digest), Rc<Reach>>>;

impl Signer<'_> {
    fn each(
        &self,
        environment: &Environment,
        mut each: impl FnMut(&Self, &Scene, &UnitId) -> Result<SignedUnit, Error>,
    ) -> Result<Signing, Error> {
        let (scenes, ids) = self.scenes(environment)?;
        let mut signing = Signing::default();
        for (mut scene, id) in scenes.into_iter().zip(ids) {
            if let Err(error) = self.settle(&mut scene) {
                signing.errors.push(scene.error(error));
                continue;
            }
            let mut once = || each(self, &scene, &id);
            // A link of `gate` that came first is another judge, and perhaps other keys.
            let result = if scene.is_gate() {
                match once() {
                    Err(error) if is_conflict(&error) => return Err(error),
                    result => result,
                }
            } else {
                retried(once)
            };
            match result {
                Ok(unit) => signing.units.push(unit),
                Err(error) => {
                    if matches!(error, Error::Attest(attest::Error::RootExpired { .. })) {
                        signing.outlived.insert(id);
                    }
                    signing.errors.push(scene.error(error));
                }
            }
        }
        self.request.store.settle()?;
        Ok(signing)
    }

    /// The units that were asked for, the unit `gate` first; the key may sign one of them at least.
    fn scenes(&self, environment: &Environment) -> Result<(Vec<Scene>, Vec<UnitId>), Error> {
        let (scenes, ids) = self.all_scenes(environment)?;
        self.check_key_for_any(&ids)?;
        Ok((scenes, ids))
    }

    fn all_scenes(&self, environment: &Environment) -> Result<(Vec<Scene>, Vec<UnitId>), Error> {
        let config = &self.judge.config;
        let on_branch: Vec<&Environment> = config
            .environments
            .iter()
            .filter(|environment| environment.branch == self.branch)
            .collect();
        let mut scenes = vec![scene::gate(config, self.branch, &on_branch)];
        let snapshot = self.repository.snapshot(self.head)?;
        let trees = Trees {
            base: None,
            head: &GitFiles::new(self.repository, &snapshot).with(self.reading.online()),
            before: None,
        };
        scenes.extend(scene::of_environment(environment, config, trees, true)?);
        if self.request.unit.is_none() && scenes.iter().all(Scene::is_gate) {
            let environment = environment.name.clone();
            return Err(Error::NoUnits { environment });
        }
        let scenes = scene::select(scenes, (None, self.request.unit), &BTreeSet::new())?;
        let ids = scenes.iter().map(|scene| self.unit_id(scene));
        let ids: Vec<UnitId> = ids.collect::<Result<_, _>>()?;
        Ok((scenes, ids))
    }

    /// Finds the files that the unit has at the head.
    fn settle(&self, scene: &mut Scene) -> Result<(), Error> {
        let snapshot = self.repository.snapshot(self.head)?;
        scene.settle_head(&GitFiles::new(self.repository, &snapshot).with(self.reading.online()))
    }

    fn unit_id(&self, scene: &Scene) -> Result<UnitId, Error> {
        if scene.is_gate() {
            return gate_id(self.branch);
        }
        Ok(UnitId::new(&*scene.environment, &*scene.name)?)
    }

    fn chain(&self, scene: &Scene, id: &UnitId) -> Result<Chain, Error> {
        if scene.is_gate() {
            let trust_of = |commit: GitId| {
                trust_at(self.repository, commit, self.head).map_err(SourceError::new)
            };
            return Ok(Chain::read_gate(self.request.store, id, trust_of)?);
        }
        Ok(self.by_gate(Chain::read(self.request.store, id, self.trust)?))
    }

    /// A unit's chain, in which a state of `gate` that was withdrawn judged nothing.
    fn by_gate(&self, chain: Chain) -> Chain {
        match self.accepted {
            Some(accepted) => chain.judged_by(&accepted.chain),
            None => chain,
        }
    }

    fn sign(&self, scene: &Scene, id: &UnitId) -> Result<SignedUnit, Error> {
        let chain = self.chain(scene, id)?;
        Ok(SignedUnit {
            unit: id.clone(),
            result: self.follow(scene, id, &chain)?,
            rejected: chain.rejected().to_vec(),
        })
    }

    /// Signs what follows the newest link.
    fn follow(&self, scene: &Scene, id: &UnitId, chain: &Chain) -> Result<Signed, Error> {
        let head = state_at(self.repository, self.head, &scene.head)?;
        if let Some(newest) = newest_of(chain, scene, &head) {
            let height = newest.verdict().height;
            return Ok(Signed::NothingNew { height });
        }
        check_key(self.trust_for(id), self.request.key, id, self.request.now)?;
        let anew = self.without_fallen(scene, id, chain)?;
        let chain = anew.as_ref().unwrap_or(chain);
        let basis = chain.newest_standing().ok_or_else(|| Error::NoBaseline {
            unit: id.to_string(),
        })?;
        self.check_store(id, chain)?;
        self.check_clock(chain)?;
        self.check_height(id, chain)?;
        if scene.is_gate() {
            self.check_next_gate(id, basis)?;
        }
        let (report, also_judged_by) = self.judged_from(scene, basis, chain)?;
        let place = Place {
            next: chain.next()?,
            base: Some(basis),
            rollback: Some(basis),
            renderers: report.workings.renderers.clone(),
        };
        let verdict = Verdict {
            also_judged_by,
            ..self.verdict(scene, place, head, Some(&report))?
        };
        self.publish(id, verdict, Some(report))
    }

    fn baseline(&self, scene: &Scene, id: &UnitId) -> Result<SignedUnit, Error> {
        Ok(SignedUnit {
            unit: id.clone(),
            result: self.begin(scene, id)?,
            rejected: Vec::new(),
        })
    }

    /// Signs what stands above every link.
    fn begin(&self, scene: &Scene, id: &UnitId) -> Result<Signed, Error> {
        let counted = Chain::read(self.request.store, id, self.trust)?;
        let counted = match scene.is_gate() {
            true => counted,
            false => self.by_gate(counted),
        };
        let head = state_at(self.repository, self.head, &scene.head)?;
        if let Some(newest) = newest_of(&counted, scene, &head)
            && self.check_single(id, &counted).is_ok()
            && self.is_accepted(scene, newest.verdict())
            && self.outlasts_keys(id, newest)?
        {
            let height = newest.verdict().height;
            return Ok(Signed::NothingNew { height });
        }
        check_key(self.trust_for(id), self.request.key, id, self.request.now)?;
        let renderers = if scene.is_gate() {
            self.check_gate_head(id)?;
            BTreeMap::new()
        } else {
            scene.read_all(&self.view(None)?)?
        };
        // It stands above whatever a trusted key ever signed, and rests on none of it.
        let chain = if scene.is_gate() {
            let chain = self.chain(scene, id)?;
            self.check_nothing_above(id, &chain)?;
            chain
        } else {
            Chain::read(self.request.store, id, &self.trust_ever(id)?)?
        };
        self.check_height(id, &chain)?;
        let place = Place {
            next: NextLink {
                withdrawals: counted.known_withdrawals(),
                ..chain.next_baseline()?
            },
            base: chain.newest_standing().or_else(|| chain.newest()),
            rollback: counted.newest_standing(),
            renderers,
        };
        let verdict = self.verdict(scene, place, head, None)?;
        let signed = self.publish(id, verdict, None)?;
        // The chain of `gate` is read from its first link on; a withdrawal needs its link at hand.
        if !scene.is_gate() {
            let below = chain
                .links()
                .iter()
                .map(|link| (link.verdict().height, link.verified().digest()));
            let below: Vec<_> = below
                .filter(|(_, link)| !chain.is_withdrawn(*link))
                .collect();
            self.request.store.retire(id, &below)?;
        }
        Ok(signed)
    }
}

fn fresh_reading(request: &SignRequest<'_>, judge: &Judge) -> Reading {
    let reading = Reading::new(Cache::Off, request.workshop.cloned().unwrap_or_default());
    reading.obey(&judge.config);
    reading
}

/// The newest link, where it stands and names this state, selector and enforcement.
fn newest_of<'a>(chain: &'a Chain, scene: &Scene, head: &GatedState) -> Option<&'a ChainLink> {
    let newest = chain.newest()?;
    let standing = chain.newest_standing()?;
    if standing.verified().digest() != newest.verified().digest() {
        return None;
    }
    let verdict = newest.verdict();
    let same = verdict.head.same_files(head)
        && verdict.selector == scene.head.patterns()
        && verdict.rendering_digest == scene.told()
        && verdict.enforcement == scene.enforcement;
    same.then_some(newest)
}

const RETRIES: usize = 8;
