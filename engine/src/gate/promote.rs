//! Which commit a promoted branch may move to: the newest that is admitted, and never back.
//! Moves nothing itself; it is told where each branch stands.

use jiff::Timestamp;

use super::Error;
use super::chain::branch_of;
use super::deployed::names_at;
use super::door::{AcceptedGate, Door};
use crate::attest::{TrustFile, UnitId};
use crate::git::Repository;
use crate::model::{Enforcement, GitId, limits};
use crate::render::Online;
use crate::store::Store;
use crate::verify::{Admission, AdmitError};

/// Whose branches may move.
#[derive(Clone, Copy, Debug)]
pub struct PromoteRequest<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Only this unit.
    pub unit: Option<&'a str>,
    /// What runs, for a branch that does not exist yet.
    pub deployed: Option<&'a str>,
    /// Whose signatures count.
    pub trust: &'a TrustFile,
    /// The time.
    pub now: Timestamp,
}

/// Where the branch of one unit may go.
#[derive(Debug)]
pub struct Promotion {
    /// The unit.
    pub unit: UnitId,
    /// Where its branch stands; nowhere before the first time.
    pub from: Option<GitId>,
    /// The commit it may move to, if that is another one.
    pub to: Option<GitId>,
    /// The answer for the head of the protected branch.
    pub head: Result<Admission, AdmitError>,
    /// The head of the protected branch.
    pub newest: GitId,
}

/// The branch that the deployer of a unit follows.
#[must_use]
pub fn promoted_branch(unit: &UnitId) -> String {
    format!("gated/{}/{}", unit.environment(), unit.unit())
}

/// Whether a deployer may take another reference for a promoted branch.
///
/// Argo CD lists all references, in an order by chance, and takes the first whose short or full name is the revision.
/// The short name is what stands behind one of these folders, as Go's `fmt.Sscanf` reads a word: blanks of Unicode, which
/// Git allows in a name, do not count before it, and end it.
#[must_use]
pub fn is_namesake(reference: &str, branch: &str) -> bool {
    let full = format!("refs/heads/{branch}");
    let folders = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"].iter();
    let mut words = folders.filter_map(|folder| {
        let name = reference.strip_prefix(folder)?;
        name.split_whitespace().next()
    });
    reference != full && words.any(|word| word == branch || word == full)
}

/// Finds for each unit the newest commit on the protected branch, by first parents, that is admitted
/// after the one where its branch stands.
///
/// # Errors
/// What keeps every unit from being asked about; for one unit, that its branch is not where this put
/// it, or that something of it cannot be read.
pub fn promote<E: From<Error>>(
    repository: &Repository,
    store: &dyn Store,
    request: &PromoteRequest<'_>,
    stands_at: impl Fn(&str) -> Result<Option<GitId>, E>,
) -> Result<Vec<Result<Promotion, E>>, E> {
    store.refresh().map_err(Error::from)?;
    let protected = branch_of(repository, "HEAD", request.environment)?;
    let newest = repository.branch_head(&protected).map_err(Error::from)?;
    let deployed = request
        .deployed
        .map(|deployed| repository.resolve(deployed))
        .transpose()
        .map_err(Error::from)?;
    let accepted = AcceptedGate::read(repository, store, request.trust, &protected)?;
    let environment = accepted.environment(request.environment, &protected)?;
    let promotion = |unit: &str| {
        let id = UnitId::new(request.environment, unit).map_err(Error::from)?;
        let branch = promoted_branch(&id);
        let from = stands_at(&branch)?;
        let way = Way {
            repository,
            protected: &protected,
            branch: &branch,
            door: accepted.door(environment, unit)?,
            deployed: from.or(deployed),
            now: request.now,
        };
        let (to, head) = way.search(from, newest)?;
        Ok(Promotion {
            unit: id,
            from,
            to: to.filter(|to| Some(*to) != from),
            head,
            newest,
        })
    };
    let of = (accepted.config(), environment);
    let units = names_at(repository, newest, of, request.unit, Online::Judged)?;
    Ok(units.iter().map(|(unit, _)| promotion(unit)).collect())
}

/// From where a branch stands to the head of the protected branch.
struct Way<'a> {
    repository: &'a Repository,
    protected: &'a str,
    branch: &'a str,
    door: Door<'a>,
    deployed: Option<GitId>,
    now: Timestamp,
}

type Answer = Result<Admission, AdmitError>;

impl Way<'_> {
    /// The newest commit that is admitted, and the answer for the newest of all.
    fn search(&self, from: Option<GitId>, newest: GitId) -> Result<(Option<GitId>, Answer), Error> {
        if let Some(from) = from
            && !self.repository.is_ancestor(from, newest)?
        {
            return Err(Error::NotFastForward {
                branch: self.branch.to_owned(),
                commit: from.to_string(),
                protected: self.protected.to_owned(),
            });
        }
        let head = self.ask(newest)?;
        if passes(&head) {
            return Ok((Some(newest), head));
        }
        let mut tree = self.gated_tree(newest)?;
        let mut at = newest;
        for _ in 0..limits::PROMOTION.most {
            at = match self.repository.parents(at)?.first() {
                Some(parent) if Some(at) != from => *parent,
                _ => return Ok((None, head)),
            };
            // Behind it there is nothing that would be a step ahead.
            if let Some(from) = from
                && (at == from || !self.repository.is_ancestor(from, at)?)
            {
                return Ok((None, head));
            }
            let next = self.gated_tree(at)?;
            if next != tree && passes(&self.ask(at)?) {
                return Ok((Some(at), head));
            }
            tree = next;
        }
        Err(Error::TooFarBehind {
            branch: self.branch.to_owned(),
            protected: self.protected.to_owned(),
            limit: limits::PROMOTION.most,
        })
    }

    fn ask(&self, revision: GitId) -> Result<Answer, Error> {
        self.door.ask(revision, self.deployed, (self.now, &[]))
    }

    /// Commits with the same files get the same answer.
    fn gated_tree(&self, commit: GitId) -> Result<GitId, Error> {
        let snapshot = self.repository.snapshot(commit)?;
        let deployed = self.door.deployed(commit)?;
        Ok(self
            .repository
            .gated_tree(&snapshot, &deployed.selector)?
            .id)
    }
}

/// Where nothing is enforced, a refusal is told and stops nothing.
fn passes(answer: &Answer) -> bool {
    matches!(
        answer,
        Ok(_)
            | Err(AdmitError::Refused {
                enforcement: Enforcement::Observe,
                ..
            })
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_as_the_name_of_the_branch_is_a_namesake() {
        let branch = "gated/prod/web";
        for (reference, wanted) in [
            ("refs/heads/gated/prod/web", false),
            ("refs/tags/gated/prod/web", true),
            ("refs/gated/prod/web", true),
            ("refs/heads/refs/heads/gated/prod/web", true),
            ("refs/refs/heads/gated/prod/web", true),
            ("refs/remotes/gated/prod/web", true),
            ("refs/heads/\u{a0}refs/heads/gated/prod/web", true),
            ("refs/heads/\u{2003}gated/prod/web", true),
            ("refs/tags/refs/heads/gated/prod/web\u{85}x", true),
            ("refs/tags/\u{a0}\u{3000}gated/prod/web\u{a0}", true),
            ("refs/heads/gated/prod/web-2", false),
            ("refs/heads/x/gated/prod/web", false),
            ("refs/heads/x\u{a0}gated/prod/web", false),
            ("refs/heads/\u{200b}gated/prod/web", false),
            ("gated/prod/web", false),
        ] {
            assert_eq!(is_namesake(reference, branch), wanted, "{reference:?}");
        }
    }
}
