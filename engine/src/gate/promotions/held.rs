//! Since when each accepted state of one unit holds something, by its chain of links.
//! Decides nothing; what cannot be found out is said to be unknown.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Chains, NO_STORE, none_is_known, passed};
use crate::facts::migrations::{After, Held};
use crate::gate::Error;
use crate::gate::chain::Objects;
use crate::git::Selector;
use crate::model::{GitId, RepoPath};
use crate::verify::ChainLink;

impl Chains<'_> {
    /// What the links of a unit hold.
    pub(super) fn held_by_chain(
        &self,
        (environment, unit): (&str, &str),
        wanted: &BTreeSet<After>,
        before: Timestamp,
    ) -> Result<Held, Error> {
        let mut environments = self.judge.config.environments.iter();
        let declared = environments.find(|it| it.name == environment);
        let (Some(store), Some(environment)) = (self.store, declared) else {
            return Ok(none_is_known(wanted, NO_STORE));
        };
        let chain = match self.own_chain(store, environment, unit)? {
            Ok(chain) => chain,
            Err(why) => return Ok(none_is_known(wanted, &why)),
        };
        let links = chain.standing().rev().filter(|(_, stands)| *stands);
        let links = links.map(|(link, _)| link);
        let links = links.filter(|link| link.verdict().valid_from <= self.now);
        let links = links.take(LINKS).map(|link| State {
            link,
            commit: OnceCell::new(),
        });
        let links: Vec<State<'_>> = links.collect();
        let held = wanted.iter().map(|after| {
            let since = self.since(after, &links, before);
            (after.clone(), since)
        });
        Ok(held.collect())
    }

    /// Goes back from the newest link while each holds it. Every state that was accepted counts, for any may have run;
    /// only one that passed under `enforce` says since when.
    fn since(
        &self,
        after: &After,
        links: &[State<'_>],
        before: Timestamp,
    ) -> Result<Timestamp, String> {
        let mut since = None;
        let mut text = None;
        for state in links {
            let verdict = state.link.verdict();
            let holds = self.holds(after, state, &mut text);
            let holds = holds.map_err(|error| format!("link {}: {error}", verdict.height))?;
            if !holds {
                break;
            }
            if passed(state.link) {
                since = Some(verdict.valid_from);
                if verdict.valid_from <= before {
                    break;
                }
            }
        }
        since.ok_or_else(|| {
            "no state that was accepted under `enforce` holds it up to now".to_owned()
        })
    }

    /// Whether what a link names has it; of a script, with the text that the newer links have.
    fn holds(
        &self,
        after: &After,
        state: &State<'_>,
        text: &mut Option<GitId>,
    ) -> Result<bool, Error> {
        let commit = self.commit(state)?;
        match after {
            After::Commit(wanted) => Ok(self.repository.is_ancestor(*wanted, commit)?),
            After::Script(path) => {
                let found = self.script(path, state.link, commit)?;
                Ok(found.is_some_and(|id| *text.get_or_insert(id) == id))
            }
        }
    }

    /// What a link names, made anew once.
    fn commit(&self, state: &State<'_>) -> Result<GitId, Error> {
        match state.commit.get() {
            Some(commit) => Ok(*commit),
            None => {
                let commit = state.link.recompute(&Objects(self.repository))?;
                Ok(*state.commit.get_or_init(|| commit))
            }
        }
    }

    /// The text of a script, as far as the link vouches for it.
    fn script(
        &self,
        path: &RepoPath,
        link: &ChainLink,
        commit: GitId,
    ) -> Result<Option<GitId>, Error> {
        if !Selector::parse(&link.verdict().selector)?.matches(path) {
            return Ok(None);
        }
        let snapshot = self.repository.snapshot(commit)?;
        let entry = self.repository.entry(&snapshot, path)?;
        let entry = entry.filter(|it| !it.is_link() && !it.is_submodule());
        Ok(entry.map(|entry| entry.id))
    }
}

/// A state that was accepted.
struct State<'c> {
    link: &'c ChainLink,
    commit: OnceCell<GitId>,
}

/// So many links are gone back through; where more came in the time that is asked for, it is too early.
const LINKS: usize = 256;
