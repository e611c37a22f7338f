//! The process as a `PreSync` hook: which sync it belongs to, and whether that is still the same one.

use std::thread;
use std::time::Duration;

use super::cluster::Cluster;
use super::common::Failure;
use crate::verify::{ApplicationError, ApplicationQuery, GateSource, Sync};

/// A sync, and how to look at it again.
pub(super) struct Hook<'a> {
    pub(super) sync: Sync,
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
    ) -> Result<Self, Failure> {
        let query = ApplicationQuery {
            namespace,
            name,
            repository,
            gate: &gate,
        };
        let mut looks = 0;
        let sync = loop {
            looks += 1;
            match Sync::read(&cluster.application(namespace, name)?, &query) {
                Err(ApplicationError::NoResult { .. }) if looks < LOOKS => thread::sleep(PAUSE),
                read => break read?,
            }
        };
        Ok(Self {
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
        let document = self.cluster.application(self.namespace, self.name)?;
        Ok(self.sync.unchanged(&document, &query)?)
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
