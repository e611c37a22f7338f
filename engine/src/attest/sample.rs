//! Keys, trust files and verdicts for tests.
//! Knows no file.

use super::{
    Counts, GatedState, Outcome, Role, SigningKey, TrustFile, TrustedKey, UnitId, Validity, Verdict,
};
use crate::model::{Digest, Enforcement, GitId, RiskTier};

pub(crate) fn key(byte: u8) -> SigningKey {
    SigningKey::generate(|seed| {
        seed.fill(byte);
        Ok::<_, ()>(())
    })
    .unwrap()
}

pub(crate) fn trusted(byte: u8, environments: &[&str]) -> TrustedKey {
    TrustedKey {
        public: key(byte).public(),
        role: Role::MergeSigner,
        principal: format!("signer-{byte}"),
        environments: Some(environments.iter().map(|&name| name.to_owned()).collect()),
        validity: Validity::default(),
    }
}

pub(crate) fn trust() -> TrustFile {
    TrustFile::new(vec![trusted(1, &["*"])]).unwrap()
}

pub(crate) fn unit() -> UnitId {
    UnitId::new("prod", "odoo").unwrap()
}

pub(crate) fn state(number: u8) -> GatedState {
    GatedState {
        gated_tree: GitId::from_bytes([number; 20]),
        manifest: Digest::of(&[number]),
        commit: GitId::from_bytes([number; 20]),
    }
}

/// The first baseline of `prod/odoo`.
pub(crate) fn baseline(head: GatedState) -> Verdict {
    Verdict {
        engine_version: "0.1.0".into(),
        repository: None,
        environment: "prod".into(),
        unit: "odoo".into(),
        enforcement: Enforcement::Enforce,
        selector: vec!["apps/**".into()],
        base: None,
        head,
        previous: None,
        height: 0,
        baseline: true,
        withdrawals: Vec::new(),
        outcome: Outcome::Pass,
        valid_from: "2026-11-20T10:00:00Z".parse().unwrap(),
        valid_until: "2026-11-21T10:00:00Z".parse().unwrap(),
        risk_tier: RiskTier::Critical,
        change_digest: None,
        classes: None,
        gate_state: None,
        also_judged_by: None,
        policy_digest: Digest::of(b"policies"),
        config_digest: Digest::of(b"config"),
        calendar_digest: None,
        facts_digest: None,
        renderers: [].into(),
        rendering_digest: None,
        tzdb: "2026a".into(),
        approvals: Vec::new(),
        input_attestations: Vec::new(),
        rollback_to: None,
        counts: Counts::default(),
        findings: Vec::new(),
    }
}

/// A link on top of `before`.
pub(crate) fn link(before: &Verdict, head: GatedState) -> Verdict {
    let previous = Digest::of(&before.to_statement_bytes().unwrap());
    Verdict {
        base: Some(before.head.clone()),
        previous: Some(previous),
        height: before.height + 1,
        risk_tier: RiskTier::Low,
        change_digest: Some(Digest::of(b"changes")),
        facts_digest: Some(Digest::of(b"facts")),
        selector: before.selector.clone(),
        baseline: false,
        ..baseline(head)
    }
}

impl Verdict {
    pub(crate) fn signed(&self) -> Vec<u8> {
        super::sign(&self.to_statement_bytes().unwrap(), &key(1))
    }
}
