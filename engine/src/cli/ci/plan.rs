//! From an event to what is judged, and by whom.
//! Knows no service's variables; reads commits and configurations only.

use miette::Diagnostic;

use super::event::Event;
use crate::gate::{self, What};
use crate::git::Repository;
use crate::model::GitId;

/// What to judge, and by whom.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) what: What,
    pub(super) policy_ref: Option<String>,
    /// What the reader of the log should know.
    pub(super) notes: Vec<String>,
}

/// What the workflow's author asks for, beside the event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes<'a> {
    /// A base in the place of the event's.
    pub(super) base: Option<&'a str>,
    /// A judge in the place of the one that `auto` finds.
    pub(super) policy_ref: Option<&'a str>,
}

/// The branches around an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Branches<'a> {
    /// The one that the change goes to.
    pub(super) target: Option<&'a str>,
    /// The one that the repository considers its main one.
    pub(super) default: Option<&'a str>,
}

type Failure = Box<dyn Diagnostic + Send + Sync>;

impl Plan {
    /// The plan for an event; `None` where it names nothing to judge.
    pub(super) fn of(
        repository: &Repository,
        event: &Event,
        wishes: Wishes<'_>,
        branches: Branches<'_>,
    ) -> Result<Option<Self>, Failure> {
        let mut notes = Vec::new();
        let what = match (wishes.base, event) {
            (Some(base), Event::PullRequest { head, .. }) => merge(*head, base),
            (Some(base), _) => merge(repository.resolve("HEAD")?, base),
            (
                None,
                Event::PullRequest {
                    head,
                    base,
                    base_branch,
                },
            ) => {
                let bases = (*base, newest(repository, *head, *base, base_branch));
                proposed(repository, *head, bases, &mut notes)?
            }
            (None, Event::MergeGroup { head, base, .. }) => range(*base, *head),
            (None, Event::Push { before, after }) => match before {
                Some(before) => range(*before, *after),
                None => first_push(repository, *after, branches)?,
            },
            (None, Event::Other) => return Ok(None),
        };
        let policy_ref = match wishes.policy_ref {
            Some(revision) => Some(revision.to_owned()),
            None => protected(repository, branches)?,
        };
        if let Some(revision) = &policy_ref {
            notes.push(format!("judged by {revision}"));
        }
        Ok(Some(Self {
            what,
            policy_ref,
            notes,
        }))
    }

    /// What is judged, in the words of `check`.
    pub(super) fn name(&self) -> String {
        match &self.what {
            What::Range(text) | What::State(text) => text.clone(),
            What::Merge { head, into } => format!("{head} --merge-into {into}"),
            What::Staged => "--staged".to_owned(),
            What::Worktree => "--worktree".to_owned(),
            What::Tracked => "--staged --all".to_owned(),
        }
    }
}

/// What lands when `head` is merged: the checkout, if it is the merge of exactly this commit into
/// exactly the event's base or what its branch holds by now, since a merge reference may be older than
/// the event, or newer; otherwise the merge is computed, into the newest.
fn proposed(
    repository: &Repository,
    head: GitId,
    (base, newest): (GitId, GitId),
    notes: &mut Vec<String>,
) -> Result<What, Failure> {
    let checkout = repository.commit(repository.resolve("HEAD")?)?;
    // Any commit may call itself the merge of this one into something that suits its author.
    if let [first, second] = checkout.parents.as_slice()
        && *second == head
        && (*first == base || *first == newest)
        && repository.resolve(&first.to_string()).is_ok()
    {
        return Ok(range(*first, checkout.id));
    }
    notes.push(format!(
        "the checkout is not the merge of {head}; judging the merge of it into {newest}, computed here"
    ));
    Ok(merge(head, &newest.to_string()))
}

/// The head of the branch as it was fetched, where it goes on from the event's base and has not merged
/// `head` yet; else that base. What lies between them is no base: a commit on the way may never have been
/// a head of the branch.
fn newest(repository: &Repository, head: GitId, base: GitId, branch: &str) -> GitId {
    let fetched = repository.resolve(&format!("refs/remotes/origin/{branch}"));
    let holds = |tip: GitId, commit| repository.is_ancestor(commit, tip);
    let goes_on = |tip: &GitId| {
        matches!(
            (holds(*tip, base), holds(*tip, head)),
            (Ok(true), Ok(false))
        )
    };
    fetched.ok().filter(goes_on).unwrap_or(base)
}

/// The judge where the target is no protected branch: a stacked pull request's base belongs to its
/// author. `None` where the base is the judge.
fn protected(repository: &Repository, branches: Branches<'_>) -> Result<Option<String>, Failure> {
    let (Some(target), Some(default)) = (branches.target, branches.default) else {
        return Ok(None);
    };
    if target == default {
        return Ok(None);
    }
    let revision = tip(repository, default)?;
    let environments = gate::environments(repository, repository.resolve(&revision)?)?;
    // Without a configuration there, nothing is protected yet.
    let known = environments.is_empty() || environments.values().any(|branch| branch == target);
    Ok((!known).then_some(revision))
}

/// The full name of a branch as it was fetched.
fn tip(repository: &Repository, branch: &str) -> Result<String, Failure> {
    let fetched = format!("refs/remotes/origin/{branch}");
    if repository.resolve(&fetched).is_ok() {
        return Ok(fetched);
    }
    let local = format!("refs/heads/{branch}");
    repository.resolve(&local)?;
    Ok(local)
}

/// A branch that is new is judged from where it left the main one; the main one from nothing.
fn first_push(
    repository: &Repository,
    after: GitId,
    branches: Branches<'_>,
) -> Result<What, Failure> {
    match (branches.target, branches.default) {
        (target, Some(default)) if target != Some(default) => {
            let base = repository.resolve(&tip(repository, default)?)?;
            Ok(What::Range(format!("{base}...{after}")))
        }
        _ => Ok(range(GitId::EMPTY_TREE, after)),
    }
}

fn range(base: GitId, head: GitId) -> What {
    What::Range(format!("{base}..{head}"))
}

fn merge(head: GitId, into: &str) -> What {
    What::Merge {
        head: head.to_string(),
        into: into.to_owned(),
    }
}
