//! The process as a `PreSync` hook: which sync it belongs to, and whether that is still the same one.

use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::cluster::Cluster;
use super::common::Failure;
use crate::verify::{ApplicationError, ApplicationQuery, Bound, GateSource, Sync, Witness};

/// A sync, and how to look at it again.
pub(super) struct Hook<'a> {
    pub(super) sync: Sync,
    /// What was heard of the time.
    pub(super) witnesses: Vec<Witness>,
    cluster: Cluster,
    namespace: &'a str,
    name: &'a str,
    repository: &'a str,
    gate: Vec<GateSource>,
}

impl<'a> Hook<'a> {
    /// Reads the Application. Argo CD writes down what it applies only after it started its hooks.
    pub(super) fn begin(
        cluster: Cluster,
        namespace: &'a str,
        name: &'a str,
        repository: &'a str,
        gate: Vec<GateSource>,
        clock: &dyn Fn() -> Timestamp,
    ) -> Result<Self, Failure> {
        let query = ApplicationQuery {
            namespace,
            name,
            repository,
            gate: &gate,
        };
        let mut looks = 0;
        let (sync, date, heard_at) = loop {
            looks += 1;
            let told = cluster.application(namespace, name)?;
            let heard_at = clock();
            match Sync::read(&told.document, &query) {
                Err(ApplicationError::NoResult { .. }) if looks < LOOKS => thread::sleep(PAUSE),
                read => break (read?, told.date, heard_at),
            }
        };
        let date = date.map(|says| ("the API server".to_owned(), says, Bound::Now));
        let happened = sync.happened.clone();
        let happened = happened.map(|(field, says)| {
            let who = format!("`{field}` of `{namespace}/{name}`");
            (who, says, Bound::NotBefore)
        });
        let witnesses = date.into_iter().chain(happened);
        let witnesses = witnesses.map(|(who, says, bound)| Witness {
            who,
            says,
            heard_at,
            bound,
        });
        Ok(Self {
            witnesses: witnesses.collect(),
            sync,
            cluster,
            namespace,
            name,
            repository,
            gate,
        })
    }

    /// Refuses to answer for a sync that is not the one that was asked about.
    pub(super) fn still_the_same(&self) -> Result<(), Failure> {
        let query = ApplicationQuery {
            namespace: self.namespace,
            name: self.name,
            repository: self.repository,
            gate: &self.gate,
        };
        let told = self.cluster.application(self.namespace, self.name)?;
        Ok(self.sync.unchanged(&told.document, &query)?)
    }

    /// What was read, for the log of the Job.
    pub(super) fn line(&self) -> String {
        let sync = &self.sync;
        let runs = match sync.deployed {
            Some(commit) => format!("{commit} runs"),
            None => "what runs is unknown".to_owned(),
        };
        let gate: String = sync
            .gate
            .iter()
            .map(|source| format!("; the gate is {source}"))
            .collect();
        format!(
            "{}/{}: {} is about to be applied, {runs}{gate}",
            self.namespace, self.name, sync.revision
        )
    }
}

/// A minute.
const LOOKS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(2);
