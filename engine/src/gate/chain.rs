//! What `sign`, `baseline` and `admit` share: the accepted state of the unit `gate`, and the
//! repository as verification sees it. Judges nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Error;
use super::judge::{Judge, config_file, read_files};
use crate::attest::{GatedState, Role, TrustFile, UnitId};
use crate::config::{Config, Environment};
use crate::git::{Repository, Selector, Snapshot};
use crate::manifest;
use crate::model::{Digest, Enforcement, GitId, RepoPath, branch_of_segment};
use crate::store::Store;
use crate::verify::{Chain, ChainLink, Source, SourceError};

/// The newest accepted state of the unit `gate` of one branch.
pub(super) struct Accepted {
    pub(super) chain: Chain,
    pub(super) judge: Judge,
    pub(super) trust: TrustFile,
    /// The link that made it.
    pub(super) link: Digest,
    /// The file by which the next link of `gate` is signed, where that is another one: that of a newer link which was
    /// taken back.
    voucher: Option<TrustFile>,
}

impl Accepted {
    /// `None` where no baseline was made yet.
    pub(super) fn read(
        repository: &Repository,
        store: &dyn Store,
        branch: &str,
    ) -> Result<Option<Self>, Error> {
        let head = repository.branch_head(branch)?;
        Self::read_at(repository, store, branch, head)
    }

    /// The same, where the head of the branch is, or was, `head`.
    pub(super) fn read_at(
        repository: &Repository,
        store: &dyn Store,
        branch: &str,
        head: GitId,
    ) -> Result<Option<Self>, Error> {
        let trust_of = |commit: GitId| trust_at(repository, commit, head).map_err(SourceError::new);
        let chain = Chain::read_gate(store, &gate_id(branch)?, trust_of)?;
        let Some(link) = chain.newest_standing() else {
            return Ok(None);
        };
        let digest = link.verified().digest();
        let commit = link.recompute(&Objects(repository))?;
        let judge = judge_at(repository, commit)?;
        let trust = trust_at(repository, commit, head)?;
        let newest = chain.newest().map(|link| link.verdict().head.commit);
        let voucher = newest.filter(|newest| *newest != commit);
        let voucher = voucher.map(|newest| trust_at(repository, newest, head));
        Ok(Some(Self {
            link: digest,
            voucher: voucher.transpose()?,
            chain,
            judge,
            trust,
        }))
    }

    /// Whose signatures count for the next link of a unit: who reads `gate` asks the file of the link before, whether
    /// or not that was taken back.
    pub(super) fn trust_for(&self, unit: &UnitId) -> &TrustFile {
        let voucher = self.voucher.as_ref().filter(|_| unit.is_gate());
        voucher.unwrap_or(&self.trust)
    }

    /// Whether a link that names this state of `gate` was made by the newest one.
    pub(super) fn made(&self, state: Option<Digest>) -> bool {
        let link = self.link_of(state);
        link.is_some_and(|link| link.verified().digest() == self.link)
    }

    /// What came before any state was accepted was accepted together with the first.
    fn link_of(&self, state: Option<Digest>) -> Option<&ChainLink> {
        let mut links = self.chain.links().iter();
        match state {
            Some(state) => links.find(|link| link.verified().digest() == state),
            None => links.next(),
        }
    }

    /// The state of `gate` that was the newest when what is pending after `basis` began, and its judge;
    /// `None` where it still is.
    ///
    /// That is the one that judged `basis`, or the newest later one at whose commit the unit was still
    /// what `basis` accepted, with nothing beside it that `selector`, today's, takes in: it was accepted
    /// while nothing was pending that could have used it.
    pub(super) fn judge_before(
        &self,
        repository: &Repository,
        basis: &ChainLink,
        selector: &Selector,
    ) -> Result<Option<(Digest, Judge)>, Error> {
        let Some(judged_by) = self.link_of(basis.verdict().gate_state) else {
            return Err(Error::GateStateMissing);
        };
        let height = judged_by.verdict().height;
        let later = self.chain.links().iter().rev();
        let link = later
            .take_while(|link| link.verdict().height > height)
            .find(|link| found_unchanged(repository, link, basis, selector).unwrap_or(false))
            .unwrap_or(judged_by);
        let digest = link.verified().digest();
        if digest == self.link {
            return Ok(None);
        }
        let judge = judge_at(repository, link.recompute(&Objects(repository))?)?;
        Ok(Some((digest, judge)))
    }
}

/// Whether a unit was what `basis` accepted when a state of `gate` was, and `selector` took in no other
/// file there. An error is no yes.
fn found_unchanged(
    repository: &Repository,
    gate: &ChainLink,
    basis: &ChainLink,
    selector: &Selector,
) -> Result<bool, Error> {
    let (commit, basis) = (gate.verdict().head.commit, basis.verdict());
    let own = Selector::parse(&basis.selector)?;
    let found = state_at(repository, commit, &own)?;
    if !found.same_files(&basis.head) {
        return Ok(false);
    }
    if own.patterns() == selector.patterns() {
        return Ok(true);
    }
    let today = repository.gated_tree(&repository.snapshot(commit)?, selector)?;
    Ok(today.entries.iter().all(|entry| own.matches(&entry.path)))
}

/// What the environment of a unit does with a refusal: it observes only where every state of `gate`
/// says so, from the one that judged the newest link of the unit on. Until a link was signed under
/// `observe`, what is pending may be what the same range relaxed the gate for; a state that cannot be
/// read counts as one that enforces. Of a unit without a link only those may say so who sign for the
/// environment, and only where no height of it is pinned: somebody may have taken its links away.
pub(super) fn enforcement_of(
    repository: &Repository,
    trust: &TrustFile,
    gate: &Chain,
    unit: &Chain,
) -> Enforcement {
    let environment = unit.unit().environment();
    let newest = unit.newest_standing().map(ChainLink::verdict);
    if newest.is_none() && !may_be_new(trust, gate, unit.unit()) {
        return Enforcement::Enforce;
    }
    if newest.is_some_and(|link| link.enforcement == Enforcement::Enforce) {
        return Enforcement::Enforce;
    }
    let judged_by = newest.and_then(|link| link.gate_state);
    let links = gate.links();
    let since = links
        .iter()
        .position(|link| Some(link.verified().digest()) == judged_by)
        .unwrap_or(0);
    let enforces = |link: &ChainLink| {
        let config = config_at(repository, link.verdict().head.commit);
        config.map_or(true, |config| {
            let known = config.environment(environment);
            known.is_some_and(|known| known.enforcement == Enforcement::Enforce)
        })
    };
    if links.iter().skip(since).any(enforces) {
        Enforcement::Enforce
    } else {
        Enforcement::Observe
    }
}

/// Whether a unit without a link may be one that nobody signed yet: no height of it is pinned, and every state of
/// `gate` is signed by who signs for its environment.
fn may_be_new(trust: &TrustFile, gate: &Chain, unit: &UnitId) -> bool {
    let keys = trust.keys().iter();
    let here: BTreeSet<String> = keys
        .filter(|key| key.may_sign(Role::MergeSigner, unit.environment()))
        .map(|key| key.public.keyid())
        .collect();
    let vouched = |link: &ChainLink| {
        let mut signers = link.verified().signers().iter();
        signers.any(|signer| here.contains(&signer.keyid))
    };
    trust.minimum_height(unit) == 0 && gate.links().iter().all(vouched)
}

/// Which branch an environment is deployed from, as the checked-out configuration says. Only a hint:
/// what is accepted on that branch must say the same.
pub(super) fn branch_of(
    repository: &Repository,
    revision: &str,
    environment: &str,
) -> Result<String, Error> {
    let commit = repository.resolve(revision)?;
    let config = config_at(repository, commit).map_err(|error| match error {
        Error::NoConfig { .. } | Error::Config(_) | Error::Ambiguous(_) => {
            error.without_branch(environment, revision)
        }
        other => other,
    })?;
    environment_of(&config, environment).map(|found| found.branch.clone())
}

/// The branch that a unit is signed for: `gate` names it itself, of others the configuration at `revision` says.
pub(super) fn branch_of_unit(
    repository: &Repository,
    revision: &str,
    unit: &UnitId,
) -> Result<String, Error> {
    match branch_of_segment(unit.environment()).filter(|_| unit.is_gate()) {
        Some(branch) => Ok(branch),
        None => branch_of(repository, revision, unit.environment()),
    }
}

/// The environment of that name, else an error that names those there are.
pub(super) fn environment_of<'c>(config: &'c Config, name: &str) -> Result<&'c Environment, Error> {
    config.environment(name).ok_or_else(|| {
        let known: Vec<&str> = config
            .environments
            .iter()
            .map(|environment| environment.name.as_str())
            .collect();
        Error::UnknownName {
            kind: "environment",
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

/// The same environment in the accepted configuration, which must still be on that branch.
pub(super) fn accepted_environment<'c>(
    config: &'c Config,
    name: &str,
    branch: &str,
) -> Result<&'c Environment, Error> {
    let environment = environment_of(config, name)?;
    if environment.branch == branch {
        return Ok(environment);
    }
    Err(Error::OtherBranch {
        environment: name.to_owned(),
        accepted: environment.branch.clone(),
        found: branch.to_owned(),
    })
}

/// The unit `gate` of a branch.
pub(super) fn gate_id(branch: &str) -> Result<UnitId, Error> {
    Ok(UnitId::gate(branch)?)
}

/// A unit's files at a commit.
pub(super) fn state_at(
    repository: &Repository,
    commit: GitId,
    selector: &Selector,
) -> Result<GatedState, Error> {
    let snapshot = repository.snapshot(commit)?;
    let tree = repository.gated_tree(&snapshot, selector)?;
    for entry in &tree.entries {
        as_stored(repository, &snapshot, &entry.path)?;
    }
    Ok(GatedState {
        gated_tree: tree.id,
        manifest: repository.manifest_digest(&tree)?,
        commit,
    })
}

/// Refuses a manifest whose bytes a checkout would change, wherever its attributes are set.
pub(super) fn as_stored(
    repository: &Repository,
    snapshot: &Snapshot,
    path: &RepoPath,
) -> Result<(), Error> {
    if manifest::is_manifest_name(path) || manifest::role_of_name(path).is_some() {
        repository.content_transformed(snapshot, path)?;
    }
    Ok(())
}

/// The trust file at a commit of a branch whose head is `head`.
pub(super) fn trust_at(
    repository: &Repository,
    commit: GitId,
    head: GitId,
) -> Result<TrustFile, Error> {
    check_on_branch(repository, commit, head)?;
    let snapshot = repository.snapshot(commit)?;
    let entry = repository
        .entry(&snapshot, &RepoPath::from(TRUST_FILE))?
        .ok_or_else(|| Error::NoTrust {
            commit: commit.short(),
        })?;
    read_trust(&repository.file(&entry)?)
}

/// A link counts only with its commit in the history of the branch whose head is `head`.
pub(super) fn check_on_branch(
    repository: &Repository,
    commit: GitId,
    head: GitId,
) -> Result<(), Error> {
    if commit == head || repository.is_ancestor(commit, head)? {
        return Ok(());
    }
    Err(Error::NotOnBranch {
        commit: commit.to_string(),
    })
}

/// Reads a trust file; its errors name it.
pub(super) fn read_trust(bytes: &[u8]) -> Result<TrustFile, Error> {
    TrustFile::parse(bytes).map_err(|error| Error::from(error).of_trust_file(TRUST_FILE))
}

/// Seconds are all that a verdict says.
pub(super) fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The judge at a commit.
pub(super) fn judge_at(repository: &Repository, commit: GitId) -> Result<Judge, Error> {
    let snapshot = repository.snapshot(commit)?;
    Judge::of_snapshot(repository, &snapshot, "the accepted state of gate")?.ok_or_else(|| {
        Error::NoConfig {
            place: commit.short(),
        }
    })
}

/// The configuration at a commit.
pub(super) fn config_at(repository: &Repository, commit: GitId) -> Result<Config, Error> {
    let snapshot = repository.snapshot(commit)?;
    let Some((path, bytes)) = config_file(repository, &snapshot)? else {
        return Err(Error::NoConfig {
            place: commit.short(),
        });
    };
    let mut config = Config::parse(&path, &bytes)?;
    read_files(&mut config, repository, &snapshot)?;
    Ok(config)
}

/// The repository as verification sees it.
pub(super) struct Objects<'a>(pub(super) &'a Repository);

impl Source for Objects<'_> {
    fn gated_tree(
        &self,
        commit: GitId,
        selector: &[String],
    ) -> Result<(GitId, Digest), SourceError> {
        let state = || {
            let selector = Selector::parse(selector)?;
            state_at(self.0, commit, &selector)
        };
        state()
            .map(|state: GatedState| (state.gated_tree, state.manifest))
            .map_err(SourceError::new)
    }

    fn is_ancestor(&self, ancestor: GitId, descendant: GitId) -> Result<bool, SourceError> {
        self.0
            .is_ancestor(ancestor, descendant)
            .map_err(SourceError::new)
    }
}

/// Whose signatures count, in the repository.
pub(super) const TRUST_FILE: &str = ".tidegate/trust.json";
