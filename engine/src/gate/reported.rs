//! What signed evidence says of an environment: from `.tidegate/evidence/` at head and at base, since
//! who takes evidence away has not undone it, and from a folder that the user names. Verifies by the judge's trust file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::chain::TRUST_FILE;
use super::judge::Judge;
use super::view::View;
use crate::attest::TrustFile;
use crate::attest::evidence::{Asked, read};
use crate::facts::evidence::{Error as EvidenceError, FOLDER, Known};
use crate::git::{self, Repository, Snapshot, TreeEntry};
use crate::input::Environment;
use crate::model::{GitId, RepoPath, limits};

/// Files of evidence, each with its path.
type EvidenceFiles = Vec<(String, Vec<u8>)>;

/// Where evidence lies.
pub(super) trait Reported {
    /// What is known of an environment.
    fn known(&self, environment: &Environment) -> Result<Arc<Known>, Error>;
}

/// Files, and the keys by which they count.
pub(super) struct Reports<'a> {
    view: &'a View<'a>,
    /// A state that is newer than the view.
    newer: Option<Snapshot>,
    /// What the user named.
    named: &'a [(String, Vec<u8>)],
    trust: Result<&'a TrustFile, &'a str>,
    now: Timestamp,
    known: RefCell<BTreeMap<String, Arc<Known>>>,
}

impl<'a> Reports<'a> {
    pub(super) fn new(
        view: &'a View<'a>,
        named: &'a [(String, Vec<u8>)],
        trust: Result<&'a TrustFile, &'a str>,
        now: Timestamp,
    ) -> Self {
        Self {
            view,
            newer: None,
            named,
            trust,
            now,
            known: RefCell::default(),
        }
    }

    /// With what lies in a state that is newer than what is judged.
    pub(super) fn and_of(self, newer: Snapshot) -> Self {
        let newer = Some(newer);
        Self { newer, ..self }
    }

    /// What is known of an environment before the change alone.
    pub(super) fn before(&self, environment: &Environment) -> Result<Known, Error> {
        self.read_of(&[&self.view.base.snapshot], environment)
    }

    /// What is known of an environment after the change alone.
    pub(super) fn after(&self, environment: &Environment) -> Result<Known, Error> {
        self.read_of(&[&self.view.head.snapshot], environment)
    }

    fn read(&self, environment: &Environment) -> Result<Known, Error> {
        let (base, head) = (&self.view.base.snapshot, &self.view.head.snapshot);
        let snapshots: Vec<&Snapshot> = [Some(head), self.newer.as_ref(), Some(base)]
            .into_iter()
            .flatten()
            .collect();
        self.read_of(&snapshots, environment)
    }

    fn read_of(&self, snapshots: &[&Snapshot], environment: &Environment) -> Result<Known, Error> {
        let trust = match self.trust {
            Ok(trust) => trust,
            Err(why) => return Ok(untold(why.to_owned())),
        };
        if let Err(over) = trust.check_unexpired(self.now) {
            return Ok(untold(over.to_string()));
        }
        let asked = Asked {
            trust,
            environment: &environment.name,
            cluster: environment.cluster.as_deref(),
            now: self.now,
        };
        Ok(read(&self.files(snapshots)?, asked)?)
    }

    /// Every file, each content once.
    fn files(&self, snapshots: &[&Snapshot]) -> Result<EvidenceFiles, Error> {
        let repository = self.view.repository;
        let mut found: BTreeMap<GitId, TreeEntry> = BTreeMap::new();
        for snapshot in snapshots {
            for entry in repository.entries_under(snapshot, &RepoPath::from(FOLDER))? {
                found.entry(entry.id).or_insert(entry);
            }
            if found.len() > limits::EVIDENCE_FILES.most {
                return Err(EvidenceError::Files.into());
            }
        }
        let mut left = limits::EVIDENCE_TOTAL.most;
        let mut files = self.named.to_vec();
        for entry in found.values() {
            let bytes = bytes(repository, entry)?;
            left = left.checked_sub(bytes.len()).ok_or(EvidenceError::Total)?;
            files.push((entry.path.to_string(), bytes));
        }
        Ok(files)
    }
}

impl Reported for Reports<'_> {
    fn known(&self, environment: &Environment) -> Result<Arc<Known>, Error> {
        if let Some(known) = self.known.borrow().get(&environment.name) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(self.read(environment)?);
        let mut all = self.known.borrow_mut();
        all.insert(environment.name.clone(), Arc::clone(&known));
        Ok(known)
    }
}

/// Nobody says anything.
pub(super) struct NoReports;

impl Reported for NoReports {
    fn known(&self, _: &Environment) -> Result<Arc<Known>, Error> {
        Ok(Arc::default())
    }
}

/// The trust file of the judge, or why there is none.
pub(super) fn trust_of(
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<Result<TrustFile, String>, Error> {
    let Some(entry) = repository.entry(snapshot, &RepoPath::from(TRUST_FILE))? else {
        return Ok(Err(format!("the judge has no `{TRUST_FILE}`")));
    };
    let read = TrustFile::parse(&repository.file(&entry)?);
    Ok(read.map_err(|error| format!("the judge's `{TRUST_FILE}` cannot be read: {error}")))
}

impl Judge {
    /// Whose word counts.
    pub(super) fn trusts(&self) -> Result<&TrustFile, &str> {
        self.trust.as_ref().map_err(String::as_str)
    }
}

fn untold(why: String) -> Known {
    Known {
        untold: Some(why),
        ..Known::default()
    }
}

/// A file as it lies in the tree. What is none says nothing.
fn bytes(repository: &Repository, entry: &TreeEntry) -> Result<Vec<u8>, Error> {
    if entry.is_link() || entry.is_submodule() {
        return Ok(Vec::new());
    }
    match repository.blob_within(entry.id, limits::EVIDENCE_FILE.wide()) {
        Err(git::Error::BlobTooLarge { .. }) => {
            let path = entry.path.to_string();
            Err(EvidenceError::FileTooLong { path }.into())
        }
        read => Ok(read?),
    }
}
