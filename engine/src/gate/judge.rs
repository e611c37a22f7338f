//! The judge: configuration, policies and settings of one state of the repository.
//! Decides nothing itself; it is asked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::thread;

use serde_json::Value;

use super::Error;
use super::reported::trust_of;
use super::scene::Scene;
use crate::attest::TrustFile;
use crate::calendar::Calendar;
use crate::change::Change;
use crate::config::{self, Config, Problems};
use crate::facts::{self, COLLECTORS, Collector, backups, images, migrations, rollback};
use crate::git::{Repository, Snapshot};
use crate::input::{Reach, Wants};
use crate::model::{Digest, GitId, GroupKind, Piece, RepoPath, RiskTier, limits};
use crate::policy::Times;
use crate::policy::{
    self, Answers, Evaluator, Kinds, Module, Policy, PolicySet, RawFinding, RawReason, Scope,
};
use crate::verdict::JudgeNote;

/// Configuration, policies and settings of one state of the repository.
pub(super) struct Judge {
    pub(super) config: Config,
    pub(super) note: JudgeNote,
    pub(super) policies: PolicySet,
    /// What finds out the facts.
    pub(super) collectors: Vec<&'static dyn Collector>,
    /// How images are told apart.
    pub(super) images: images::Rules,
    /// What backups must be worth.
    pub(super) backups: backups::Rules,
    /// Where going back must have been tried.
    pub(super) ways_back: rollback::Rules,
    /// Whose word counts, of what happened outside of the repository; why nobody's, for people.
    pub(super) trust: Result<TrustFile, String>,
    /// Which files may be scripts.
    pub(super) migrations: migrations::Rules,
    modules: Vec<Wanted>,
    settings: BTreeMap<String, Piece>,
    evaluator: RefCell<Evaluator>,
}

/// One policy file and what it may see.
pub(super) struct Wanted {
    pub(super) folder: String,
    pub(super) scope: Scope,
    pub(super) wants: Wants,
    pub(super) gives_reasons: bool,
    tiers: BTreeSet<RiskTier>,
    pub(super) module: Module,
}

impl Judge {
    /// The judge in `snapshot`; `None` where it holds no configuration.
    pub(super) fn of_snapshot(
        repository: &Repository,
        snapshot: &Snapshot,
        from: &str,
    ) -> Result<Option<Self>, Error> {
        let Some((path, bytes)) = config_file(repository, snapshot)? else {
            return Ok(None);
        };
        let files = policy_files(repository, snapshot);
        let mut config = parse(&path, &bytes, files.as_deref().unwrap_or_default())?;
        read_files(&mut config, repository, snapshot)?;
        let judge = Self::new(config, &files?, from, snapshot.commit())?;
        Ok(Some(judge.trusting(repository, snapshot)?))
    }

    /// The judge of a configuration file that the user named; policies are those of `snapshot`.
    pub(super) fn of_file(
        name: &str,
        bytes: &[u8],
        repository: &Repository,
        snapshot: &Snapshot,
    ) -> Result<Self, Error> {
        let files = policy_files(repository, snapshot);
        let path = RepoPath::from(name);
        let mut config = parse(&path, bytes, files.as_deref().unwrap_or_default())?;
        read_files(&mut config, repository, snapshot)?;
        let judge = Self::new(config, &files?, "the file given by --config", None)?;
        judge.trusting(repository, snapshot)
    }

    fn trusting(self, repository: &Repository, snapshot: &Snapshot) -> Result<Self, Error> {
        let trust = trust_of(repository, snapshot)?;
        Ok(Self { trust, ..self })
    }

    /// The judge of a configuration and of the repository's own policies.
    pub(super) fn new(
        config: Config,
        files: &[(RepoPath, Vec<u8>)],
        from: &str,
        commit: Option<GitId>,
    ) -> Result<Self, Error> {
        let facts = facts::names();
        let policies = BUILT_IN
            .clone()?
            .only(|policy| config.profile.runs(policy.folder()))
            .with_repository(files, &facts)?;
        Self::with(config, policies, from, commit)
    }

    /// The judge of a configuration and of the policies that are given.
    pub(super) fn with(
        config: Config,
        policies: PolicySet,
        from: &str,
        commit: Option<GitId>,
    ) -> Result<Self, Error> {
        let settings = resolve_settings(&config, &policies)?;
        let of_images = settings.get(IMAGES).map(Piece::to_json).unwrap_or_default();
        let images = images::Rules::of_settings(&of_images);
        let images = images.with_signers(signers(&config, &of_images)?);
        let backups = settings.get(BACKUPS).map(Piece::to_json);
        let backups = backups.or_else(|| defaults(BACKUPS)).unwrap_or_default();
        let of_rollback = settings.get(ROLLBACK).map(Piece::to_json);
        let of_rollback = of_rollback.unwrap_or_default();
        let of_migrations = settings.get(MIGRATIONS).map(Piece::to_json);
        let of_migrations = of_migrations.or_else(|| defaults(MIGRATIONS));
        let migrations = scripts(&config, &of_migrations.unwrap_or_default())?;
        let modules = policies
            .iter()
            .flat_map(|policy| policy.modules().map(|module| Wanted::of(policy, module)))
            .collect();
        let note = JudgeNote {
            from: from.to_owned(),
            config: config.source().path().to_string(),
            commit,
            config_digest: config.digest,
            policy_digest: policies.digest(),
        };
        let evaluator = RefCell::new(Evaluator::start(policies.iter(), Times::default())?);
        Ok(Self {
            config,
            note,
            policies,
            collectors: COLLECTORS.to_vec(),
            images,
            backups: backups::Rules::of_settings(&backups),
            ways_back: rollback::Rules::of_settings(&of_rollback),
            trust: Err("the judge has no trust file".to_owned()),
            migrations,
            modules,
            settings,
            evaluator,
        })
    }

    /// The policy files that run.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Wanted> {
        self.modules.iter()
    }

    /// Whether a policy asks for a fact.
    pub(super) fn asks_for(&self, fact: &str) -> bool {
        self.modules()
            .any(|wanted| wanted.wants.facts.iter().any(|it| it == fact))
    }

    pub(super) fn settings(&self, folder: &str) -> Piece {
        self.settings.get(folder).cloned().unwrap_or_default()
    }

    /// The neighbour kinds that some policy declares, with the farthest reach.
    pub(super) fn neighbours(&self) -> BTreeMap<GroupKind, Reach> {
        let mut kinds: BTreeMap<GroupKind, Reach> = BTreeMap::new();
        for (kind, reach) in self.modules().flat_map(|wanted| &wanted.wants.neighbours) {
            let farthest = kinds.entry(kind.clone()).or_insert(*reach);
            *farthest = (*farthest).max(*reach);
        }
        kinds
    }

    /// Those of its calendars that hold for a unit.
    pub(super) fn calendars(&self, scene: &Scene) -> Vec<&Calendar> {
        let names = scene.input.calendars.iter();
        names
            .filter_map(|name| self.config.calendars.get(name))
            .collect()
    }

    pub(super) fn findings(
        &self,
        wanted: &Wanted,
        input: &Piece,
    ) -> Result<Vec<RawFinding>, Error> {
        let mut evaluator = self.evaluator.borrow_mut();
        Ok(evaluator.findings(&wanted.module, input)?)
    }

    /// As [`Judge::findings`] for each of the inputs, in their order.
    pub(super) fn all_findings(
        &self,
        wanted: &Wanted,
        inputs: Vec<Piece>,
    ) -> Result<Vec<Vec<RawFinding>>, Error> {
        let mut evaluator = self.evaluator.borrow_mut();
        Ok(evaluator.all_findings(&wanted.module, inputs)?)
    }

    /// What it was; frees what it asked on a thread that nobody waits for.
    pub(super) fn leave(self) -> JudgeNote {
        let evaluator = self.evaluator;
        if !evaluator.borrow().has_begun() {
            return self.note;
        }
        let _ = thread::Builder::new().spawn(move || drop(evaluator));
        self.note
    }

    /// Makes the policies ready while other things are read: something will be asked.
    pub(super) fn begin(&self) {
        // Whoever asks is told why there is no thread.
        let _ = self.evaluator.borrow_mut().begin();
    }

    /// The same, unless an earlier run judged from one tree to the other and left its answers.
    pub(super) fn expect(&self, base: GitId, head: GitId) {
        let (config, policies) = (self.note.config_digest, self.note.policy_digest);
        let what = format!("{base} {head} {config} {policies}");
        let what = Digest::of(what.as_bytes());
        let _ = self.evaluator.borrow_mut().expect(what);
    }

    /// Does not ask from now on what these answers tell.
    pub(super) fn remember(&self, answers: Answers) {
        self.evaluator.borrow_mut().remember(answers);
    }

    /// Keeps the answers for the next run. How many of them were known, of how many asked for.
    pub(super) fn keep_answers(&self) -> (usize, usize) {
        let evaluator = self.evaluator.borrow();
        let answers = evaluator.remembered();
        answers.inspect(|answers| answers.save());
        answers.map_or((0, 0), Answers::known)
    }

    pub(super) fn reasons(&self, wanted: &Wanted, input: &Piece) -> Result<Vec<RawReason>, Error> {
        let mut evaluator = self.evaluator.borrow_mut();
        Ok(evaluator.reasons(&wanted.module, input)?)
    }
}

impl Wanted {
    fn of(policy: &Policy, module: &Module) -> Self {
        let metadata = module.metadata();
        Self {
            folder: policy.folder().to_owned(),
            scope: metadata.scope,
            module: module.clone(),
            gives_reasons: !metadata.reasons.is_empty(),
            tiers: metadata.tiers.clone(),
            wants: Wants {
                kinds: match &metadata.kinds {
                    Kinds::All => None,
                    Kinds::Listed(kinds) => Some(kinds.clone()),
                },
                facts: metadata.facts.clone(),
                neighbours: metadata
                    .neighbours
                    .iter()
                    .map(|(kind, reach)| {
                        let reach = match reach {
                            policy::Reach::Namespace => Reach::Namespace,
                            policy::Reach::Environment => Reach::Environment,
                        };
                        (kind.clone(), reach)
                    })
                    .collect(),
                clock: metadata.clock,
            },
        }
    }

    /// Whether its findings are asked for where the changes are of this tier.
    pub(super) fn judges(&self, tier: RiskTier) -> bool {
        self.tiers.contains(&tier)
    }

    /// The indexes of the changes that concern the policy.
    pub(super) fn concerned(&self, changes: &[Change]) -> impl Iterator<Item = usize> {
        changes
            .iter()
            .enumerate()
            .filter(|(_, change)| self.wants.concerns(change))
            .map(|(index, _)| index)
    }

    /// Whether one of these kinds is a declared neighbour.
    pub(super) fn looks_at(&self, kinds: &BTreeSet<GroupKind>) -> bool {
        kinds
            .iter()
            .any(|kind| self.wants.neighbours.contains_key(kind))
    }
}

/// The environments of the configuration at `commit`, and the branch that each follows; none where
/// there is no configuration.
///
/// # Errors
/// The commit cannot be read, or its configuration is not valid.
pub fn environments(
    repository: &Repository,
    commit: GitId,
) -> Result<BTreeMap<String, String>, Error> {
    let Some((path, bytes)) = config_file(repository, &repository.snapshot(commit)?)? else {
        return Ok(BTreeMap::new());
    };
    let config = Config::parse(&path, &bytes)?;
    let named = |environment: config::Environment| (environment.name, environment.branch);
    Ok(config.environments.into_iter().map(named).collect())
}

/// The configuration file of a snapshot.
pub(super) fn config_file(
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<Option<(RepoPath, Vec<u8>)>, Error> {
    let mut found = BTreeMap::new();
    for place in config::PLACES {
        if let Some(entry) = repository.entry(snapshot, &RepoPath::from(place))? {
            found.insert(place, entry.id);
        }
    }
    let Some(place) = config::locate(|place| found.contains_key(place))? else {
        return Ok(None);
    };
    found
        .get(place)
        .map(|id| Ok((RepoPath::from(place), repository.blob(*id)?)))
        .transpose()
}

/// Takes the calendars that a configuration has in files from the same state, and the keys of those who sign images.
pub(super) fn read_files(
    config: &mut Config,
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<(), Error> {
    let mut files = BTreeMap::new();
    for path in config.calendar_files() {
        if let Some(entry) = repository.entry(snapshot, &path)? {
            files.insert(path, repository.file(&entry)?);
        }
    }
    config.read_calendars(&files)?;
    let mut files = BTreeMap::new();
    for path in config.signer_files() {
        if let Some(entry) = repository.entry(snapshot, &path)? {
            files.insert(path, repository.file(&entry)?);
        }
    }
    config.read_signers(files);
    Ok(())
}

/// Those who sign images, by the settings and by the files that they name.
fn signers(config: &Config, settings: &Value) -> Result<images::Signers, Problems> {
    images::Signers::of_settings(settings, config.signers()).map_err(|problems| {
        let section = config::settings_pointer(IMAGES);
        let problems = problems.into_iter().map(|problem| {
            let pointer = format!("{section}{}", problem.pointer);
            config.problem(&pointer, "config.invalid", problem.message)
        });
        let path = config.source().path();
        Problems::collect(path, problems).unwrap_or_else(|| unsaid(config))
    })
}

/// Which files may be scripts, by the settings.
fn scripts(config: &Config, settings: &Value) -> Result<migrations::Rules, Problems> {
    migrations::Rules::of_settings(settings).map_err(|message| {
        let pointer = format!("{}/paths", config::settings_pointer(MIGRATIONS));
        config.problem(&pointer, "config.invalid", message).into()
    })
}

/// There is a problem and no word about it.
fn unsaid(config: &Config) -> Problems {
    config
        .problem(
            "/images",
            "config.invalid",
            "who signs images cannot be read",
        )
        .into()
}

fn policy_files(
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<Vec<(RepoPath, Vec<u8>)>, Error> {
    let mut total = 0_usize;
    repository
        .entries_under(snapshot, &RepoPath::from(POLICY_FOLDER))?
        .into_iter()
        .map(|entry| {
            let bytes = repository.file(&entry)?;
            total = total.saturating_add(bytes.len());
            if total > limits::POLICY_FOLDER.most {
                return Err(Error::PolicyFolder);
            }
            Ok((entry.path, bytes))
        })
        .collect()
}

/// Reads a configuration. What is wrong with it is told in one list with what is wrong in the settings, as
/// far as the policies among `files` can be read.
pub(super) fn parse(
    path: &RepoPath,
    bytes: &[u8],
    files: &[(RepoPath, Vec<u8>)],
) -> Result<Config, Problems> {
    Config::parse(path, bytes).or_else(|problems| {
        let embedded = BUILT_IN.as_ref().ok();
        let policies = embedded.and_then(|set| set.with_repository(files, &facts::names()).ok());
        let Some(policies) = policies else {
            return Err(problems);
        };
        let schemas = policies.iter().map(|policy| {
            let schema = policy.settings().schema().clone();
            (policy.folder().to_owned(), schema)
        });
        Config::parse_with_policies(path, bytes, &schemas.collect())
    })
}

/// The settings of every policy; every problem of every section at once.
fn resolve_settings(
    config: &Config,
    policies: &PolicySet,
) -> Result<BTreeMap<String, Piece>, Error> {
    let mut resolved = BTreeMap::new();
    let mut problems = Vec::new();
    for policy in policies.iter() {
        let folder = policy.folder();
        let before = problems.len();
        problems.extend(config.check_settings(folder, policy.settings().schema()));
        let settings = policy.settings().of_profile(config.profile.as_str());
        match settings.resolve(config.settings.get(folder)) {
            Ok(found) => {
                resolved.insert(folder.to_owned(), Piece::new(found));
            }
            Err(found) if problems.len() == before => {
                let section = config::settings_pointer(folder);
                problems.extend(found.into_iter().map(|problem| {
                    let pointer = format!("{section}{}", problem.pointer);
                    config.problem(&pointer, "config.invalid", problem.message)
                }));
            }
            Err(_) => {}
        }
    }
    let known = |folder: &String| policies.policy(folder).is_some();
    for folder in config.settings.keys().filter(|folder| !known(folder)) {
        let message = format!("no policy `{folder}` runs here");
        let pointer = config::settings_pointer(folder);
        problems.push(config.problem(&pointer, "config.unknown-policy", message));
    }
    match Problems::collect(config.source().path(), problems) {
        Some(problems) => Err(problems.into()),
        None => Ok(resolved),
    }
}

/// Begins, on a thread of its own, what every judge needs, while the range is still being read.
pub(super) fn prepare() {
    // Whoever needs it makes it where there is no thread.
    let _ = thread::Builder::new().spawn(|| {
        config::prepare();
        LazyLock::force(&BUILT_IN);
    });
}

static BUILT_IN: LazyLock<Result<PolicySet, policy::Problems>> =
    LazyLock::new(|| PolicySet::embedded(&facts::names()));

/// The settings of a policy that this profile does not run: a table of backups is held against them all the same, and scripts
/// are found by them.
fn defaults(policy: &str) -> Option<Value> {
    let policies = BUILT_IN.as_ref().ok()?;
    policies.policy(policy)?.settings().resolve(None).ok()
}

/// The policy whose settings say what backups must be worth.
const BACKUPS: &str = "backup-coverage";
/// The policy whose settings say how images are told apart.
const IMAGES: &str = "image-signatures";
/// The policy whose settings say which files may be scripts.
const MIGRATIONS: &str = "migrations";
const ROLLBACK: &str = "rollback-readiness";
const POLICY_FOLDER: &str = ".tidegate/policies";
