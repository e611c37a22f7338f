//! A repository, a store and a signer, small enough to see through.
//! Forges what the product cannot make.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    attest::{GatedState, TrustFile, UnitId, Verdict, Withdrawal, sample},
    calendar::{Calendar, Place},
    model::{Digest, Enforcement, GitId, RiskTier},
    store::{self, Store, StoredFile},
    verify::{
        Admission, AdmitError, AdmitRequest, Chain, GateState, Reason, Source, SourceError,
        Timetable, Witness, admit,
    },
};

/// Paths and contents.
pub(super) type Files = BTreeMap<&'static str, u32>;

/// Commits in one line; a commit's id is its number.
#[derive(Clone, Default)]
pub(super) struct Repository {
    commits: RefCell<Vec<Files>>,
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no such commit")]
#[diagnostic(code(git::missing_object))]
struct NoCommit;

impl Repository {
    pub(super) fn commit(&self, files: &[(&'static str, u32)]) -> GitId {
        self.commits
            .borrow_mut()
            .push(files.iter().copied().collect());
        self.head()
    }

    pub(super) fn head(&self) -> GitId {
        id(self.commits.borrow().len() - 1)
    }

    pub(super) fn files(&self, commit: GitId) -> Files {
        self.commits.borrow()[number(commit)].clone()
    }

    pub(super) fn state(&self, commit: GitId, selector: &[String]) -> GatedState {
        let (gated_tree, manifest) = self.gated_tree(commit, selector).unwrap();
        GatedState {
            gated_tree,
            manifest,
            commit,
        }
    }
}

impl Source for Repository {
    fn gated_tree(
        &self,
        commit: GitId,
        selector: &[String],
    ) -> Result<(GitId, Digest), SourceError> {
        let commits = self.commits.borrow();
        let files = commits
            .get(number(commit))
            .ok_or_else(|| SourceError::new(NoCommit))?;
        let selected = files.iter().filter(|(path, _)| {
            selector
                .iter()
                .any(|pattern| path.starts_with(pattern.trim_end_matches("**")))
        });
        let listing: String = selected
            .map(|(path, content)| format!("{content} {path}\n"))
            .collect();
        let manifest = Digest::of(listing.as_bytes());
        let tree = manifest.as_bytes()[..20].try_into().unwrap();
        Ok((GitId::from_bytes(tree), manifest))
    }

    fn is_ancestor(&self, ancestor: GitId, descendant: GitId) -> Result<bool, SourceError> {
        Ok(number(ancestor) <= number(descendant))
    }
}

pub(super) fn id(number: usize) -> GitId {
    let mut bytes = [0; 20];
    bytes[12..].copy_from_slice(&u64::try_from(number).unwrap().to_be_bytes());
    GitId::from_bytes(bytes)
}

fn number(commit: GitId) -> usize {
    let (zeros, digits) = commit.as_bytes().split_at(12);
    let digits = u64::from_be_bytes(digits.try_into().unwrap());
    if zeros.iter().any(|byte| *byte != 0) {
        return usize::MAX;
    }
    usize::try_from(digits).unwrap()
}

#[derive(Default)]
pub(super) struct Memory {
    pub(super) files: RefCell<BTreeMap<String, Vec<u8>>>,
    /// Links that are not at hand any more.
    pub(super) older: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl Memory {
    pub(super) fn put(&self, path: &str, bytes: &[u8]) -> bool {
        let mut files = self.files.borrow_mut();
        let free = !files.contains_key(path);
        files
            .entry(path.to_owned())
            .or_insert_with(|| bytes.to_vec());
        free
    }

    fn list(&self, folder: &str) -> Vec<StoredFile> {
        Self::inside(&self.files.borrow(), folder)
    }

    fn inside(files: &BTreeMap<String, Vec<u8>>, folder: &str) -> Vec<StoredFile> {
        let inside = files.iter().filter_map(|(path, bytes)| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some(StoredFile {
                name: name.to_owned(),
                place: path.clone(),
                content: Ok(bytes.clone()),
            })
        });
        inside.collect()
    }
}

impl Store for Memory {
    fn units(&self) -> Result<Vec<UnitId>, store::Error> {
        Ok(Vec::new())
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, store::Error> {
        Ok(self.list(&format!("renewals/{link}")))
    }

    fn publish_renewal(
        &self,
        link: Digest,
        time: jiff::Timestamp,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.put(&format!("renewals/{link}/{time}.json"), envelope);
        Ok(())
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        Ok(self.list(&format!("links/{unit}")))
    }

    fn older_links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        Ok(Self::inside(&self.older.borrow(), &format!("links/{unit}")))
    }

    fn publish_link(
        &self,
        unit: &UnitId,
        height: u64,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        if self.put(&format!("links/{unit}/{height}.json"), envelope) {
            return Ok(());
        }
        let unit = unit.to_string();
        Err(store::Error::Conflict { unit, height })
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        Ok(self.list(&format!("reports/{unit}")))
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.put(&format!("reports/{unit}/{tree}-{payload}.json"), envelope);
        Ok(())
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, store::Error> {
        Ok(self.list("withdrawals"))
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), store::Error> {
        self.put(&format!("withdrawals/{payload}.json"), envelope);
        Ok(())
    }
}

/// `prod/odoo` of a shop: `apps/**`, at most tier critical, enforced.
pub(super) struct Shop {
    pub(super) repository: Repository,
    pub(super) store: Memory,
    pub(super) unit: UnitId,
    pub(super) trust: TrustFile,
    pub(super) gate: GateState,
    pub(super) now: jiff::Timestamp,
    pub(super) minimum_height: u64,
    pub(super) calendars: Vec<Calendar>,
    pub(super) witnesses: Vec<Witness>,
}

impl Shop {
    pub(super) fn new() -> Self {
        Self {
            repository: Repository::default(),
            store: Memory::default(),
            unit: sample::unit(),
            trust: sample::trust(),
            gate: GateState {
                enforcement: Enforcement::Enforce,
                max_tier: RiskTier::Critical,
                selector: vec!["apps/**".into()],
                rendering: None,
                repository: None,
                links: BTreeSet::new(),
            },
            now: "2026-11-20T12:00:00Z".parse().unwrap(),
            minimum_height: 0,
            calendars: Vec::new(),
            witnesses: Vec::new(),
        }
    }

    pub(super) fn commit(&self, files: &[(&'static str, u32)]) -> GitId {
        self.repository.commit(files)
    }

    pub(super) fn chain(&self) -> Chain {
        Chain::read(&self.store, &self.unit, &self.trust).unwrap()
    }

    /// The verdict that may follow, from the newest link that stands to the head.
    pub(super) fn draft(&self) -> Verdict {
        self.draft_after(&self.chain())
    }

    pub(super) fn draft_after(&self, chain: &Chain) -> Verdict {
        let head = self
            .repository
            .state(self.repository.head(), &self.gate.selector);
        let next = chain.next().unwrap();
        let fresh = Verdict {
            environment: self.unit.environment().into(),
            unit: self.unit.unit().into(),
            selector: self.gate.selector.clone(),
            enforcement: self.gate.enforcement,
            repository: self.gate.repository.clone(),
            previous: next.previous,
            height: next.height,
            base: chain.newest().map(|link| link.verdict().head.clone()),
            withdrawals: next.withdrawals,
            ..sample::baseline(head)
        };
        let Some(basis) = next.basis else {
            return fresh;
        };
        Verdict {
            base: Some(basis.verdict().head.clone()),
            baseline: false,
            risk_tier: RiskTier::Low,
            change_digest: Some(Digest::of(b"changes")),
            facts_digest: Some(Digest::of(b"facts")),
            rollback_to: Some(basis.digest()),
            ..fresh
        }
    }

    /// So many links, each of a commit of its own; the chain is not read anew for each.
    pub(super) fn sign_many(&self, count: usize) {
        let commit = |number: usize| {
            let head = self.commit(&[("apps/web", u32::try_from(number).unwrap())]);
            self.repository.state(head, &self.gate.selector)
        };
        for number in 0..2 {
            commit(number);
            self.sign(RiskTier::Low);
        }
        let mut last = self.chain().newest().unwrap().verdict().clone();
        for number in 2..count {
            let digest = Digest::of(&last.to_statement_bytes().unwrap());
            last = Verdict {
                previous: Some(digest),
                rollback_to: Some(digest),
                height: last.height + 1,
                base: Some(last.head),
                head: commit(number),
                ..last
            };
            self.publish(&last);
        }
    }

    pub(super) fn publish(&self, verdict: &Verdict) -> Digest {
        self.store
            .publish_link(&self.unit, verdict.height, &verdict.signed())
            .unwrap();
        Digest::of(&verdict.to_statement_bytes().unwrap())
    }

    pub(super) fn sign(&self, tier: RiskTier) -> Digest {
        let draft = self.draft();
        let risk_tier = if draft.baseline {
            draft.risk_tier
        } else {
            tier
        };
        self.publish(&Verdict { risk_tier, ..draft })
    }

    pub(super) fn baseline(&self) -> Digest {
        let chain = self.chain();
        self.publish(&Verdict {
            baseline: true,
            base: chain.newest().map(|link| link.verdict().head.clone()),
            change_digest: None,
            facts_digest: None,
            rollback_to: None,
            ..self.draft()
        })
    }

    pub(super) fn withdraw(&self, link: Digest) {
        self.withdraw_by(1, link);
    }

    /// The same, by another key.
    pub(super) fn withdraw_by(&self, key: u8, link: Digest) {
        let withdrawal = Withdrawal {
            environment: self.unit.environment().into(),
            unit: self.unit.unit().into(),
            link,
            reason: "wrong".into(),
            withdrawn_at: self.now,
        };
        let bytes = withdrawal.to_statement_bytes().unwrap();
        let envelope = crate::attest::sign(&bytes, &sample::key(key));
        self.store
            .publish_withdrawal(Digest::of(&bytes), &envelope)
            .unwrap();
    }

    pub(super) fn admit(
        &self,
        revision: GitId,
        deployed: Option<GitId>,
    ) -> Result<Admission, AdmitError> {
        self.admit_at(self.now, &self.chain(), (revision, deployed))
    }

    pub(super) fn admit_at(
        &self,
        now: jiff::Timestamp,
        chain: &Chain,
        (revision, deployed): (GitId, Option<GitId>),
    ) -> Result<Admission, AdmitError> {
        let timetable = Timetable {
            calendars: self.calendars.iter().collect(),
            place: Place {
                environment: "prod",
                cluster: None,
                region: None,
            },
        };
        admit(&AdmitRequest {
            chain,
            gate: &self.gate,
            timetable: &timetable,
            source: &self.repository,
            revision,
            deployed,
            minimum_height: self.minimum_height,
            now,
            witnesses: &self.witnesses,
        })
    }

    /// The reasons, `ok`, or the code of the error.
    pub(super) fn answer(&self, revision: GitId, deployed: Option<GitId>) -> String {
        match self.admit(revision, deployed) {
            Ok(_) => "ok".into(),
            Err(AdmitError::Refused { refusals, .. }) => {
                let reasons: Vec<_> = refusals
                    .iter()
                    .map(|refusal| refusal.reason.as_str())
                    .collect();
                reasons.join(" ")
            }
            Err(AdmitError::Error(error)) => format!("error {}", crate::model::code_of(&error)),
        }
    }
}

pub(super) fn reasons(error: AdmitError) -> Vec<Reason> {
    match error {
        AdmitError::Refused { refusals, .. } => refusals.iter().map(|r| r.reason).collect(),
        AdmitError::Error(error) => panic!("{error}"),
    }
}
