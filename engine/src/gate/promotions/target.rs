//! The state of a unit that one would go back to: the newest that was accepted, as the next verdict names it.
//! Decides nothing; what cannot be found out is said to be unknown.

use super::{Chains, NO_STORE};
use crate::facts::rollback::Earlier;
use crate::gate::Error;
use crate::gate::chain::Objects;
use crate::git::Selector;
use crate::verify::ChainLink;

impl Chains<'_> {
    /// What the chain of a unit says; `None` where none of its links stands.
    pub(super) fn target_by_chain(
        &self,
        (environment, unit): (&str, &str),
    ) -> Result<Option<Earlier>, String> {
        let mut environments = self.judge.config.environments.iter();
        let declared = environments.find(|it| it.name == environment);
        let (Some(store), Some(environment)) = (self.store, declared) else {
            return Err(NO_STORE.to_owned());
        };
        let chain = self.own_chain(store, environment, unit);
        let chain = chain.map_err(|error| error.to_string())??;
        let Some(link) = chain.newest_standing() else {
            return Ok(None);
        };
        let height = link.verdict().height;
        let is_empty = self.is_empty(link);
        let is_empty = is_empty.map_err(|error| format!("link {height}: {error}"))?;
        Ok(Some(Earlier { height, is_empty }))
    }

    /// Whether a link names a state in which nothing of the unit was there.
    fn is_empty(&self, link: &ChainLink) -> Result<bool, Error> {
        let commit = link.recompute(&Objects(self.repository))?;
        let snapshot = self.repository.snapshot(commit)?;
        let selector = Selector::parse(&link.verdict().selector)?;
        let files = self.repository.entries_matching(&snapshot, &selector)?;
        Ok(files.is_empty())
    }
}
