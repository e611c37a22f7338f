//! `.tidegate/trust.json`: who may sign what, from when until when, and how many of them it takes.
//! Knows no signature; it only says whose would count.

mod file;
mod root;
mod weigh;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, PublicKey, UnitId};
use crate::model::{Digest, is_harmful, limits};
pub use weigh::{Dated, Right};

/// The trusted keys; never empty, no key twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustFile {
    keys: Vec<TrustedKey>,
    heights: BTreeMap<String, u64>,
    revoked: Vec<Revocation>,
    thresholds: BTreeMap<Role, usize>,
    endorsement: root::Endorsement,
}

/// A key, whose it is and what it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub public: PublicKey,
    /// What it signs.
    pub role: Role,
    /// Whose it is.
    pub principal: String,
    /// Where; `None` means everywhere, and so does the entry `*`. The unit `gate` of a branch is the
    /// entry `<branch>/gate`.
    pub environments: Option<Vec<String>>,
    /// When a statement must have been signed to count.
    pub validity: Validity,
}

/// From when until when a key signs; without an instant, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// The first instant.
    pub not_before: Option<Timestamp>,
    /// The first instant after it.
    pub not_after: Option<Timestamp>,
}

/// A key that counts no more, whatever instant stands under what it signs: who stole it writes any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The key.
    pub public: PublicKey,
    /// Since when it is not its owner's alone.
    pub from: Timestamp,
    /// Why.
    pub reason: String,
    /// The statements that count all the same if they say that they were signed before `from`, by the
    /// SHA-256 of their payloads.
    pub keep: Vec<Digest>,
}

/// What a key signs. One key has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Links, baselines, renewals and withdrawals.
    MergeSigner,
    /// Approvals and reviews of debt.
    Approver,
    /// Emergency overrides.
    BreakGlass,
    /// Backup and restore-test statements.
    BackupReporter,
    /// Statements of rehearsals: rollbacks that were tried, migrations that were.
    RehearsalReporter,
    /// Change tickets.
    TicketReporter,
    /// Lists of deployed images.
    InventoryReporter,
    /// The trust file itself.
    Root,
}

impl Role {
    /// The name as it stands in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MergeSigner => "merge-signer",
            Self::Approver => "approver",
            Self::BreakGlass => "break-glass",
            Self::BackupReporter => "backup-reporter",
            Self::RehearsalReporter => "rehearsal-reporter",
            Self::TicketReporter => "ticket-reporter",
            Self::InventoryReporter => "inventory-reporter",
            Self::Root => "root",
        }
    }

    /// Reads the name back; `None` for any other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::MergeSigner,
            Self::Approver,
            Self::BreakGlass,
            Self::BackupReporter,
            Self::RehearsalReporter,
            Self::TicketReporter,
            Self::InventoryReporter,
            Self::Root,
        ]
        .into_iter()
        .find(|role| role.as_str() == name)
    }
}

impl TrustFile {
    /// Takes keys.
    ///
    /// # Errors
    /// No key, too many, one key twice, a name or an environment list that is empty, a name with characters
    /// that would steer a terminal, a key that is valid at no time.
    pub fn new(keys: Vec<TrustedKey>) -> Result<Self, Error> {
        if keys.is_empty() {
            return Err(Error::TrustEmpty);
        }
        if keys.len() > limits::TRUSTED_KEYS.most {
            let limit = limits::TRUSTED_KEYS;
            return invalid(format!("{} keys, the limit is {limit}", keys.len()));
        }
        for (index, key) in keys.iter().enumerate() {
            check_key(index + 1, key)?;
            let earlier = keys.iter().take(index);
            if earlier.into_iter().any(|other| other.public == key.public) {
                return invalid(format!(
                    "key {} stands there twice; one key has one role and one principal",
                    index + 1
                ));
            }
        }
        Ok(Self {
            keys,
            heights: BTreeMap::new(),
            revoked: Vec::new(),
            thresholds: BTreeMap::new(),
            endorsement: root::Endorsement::default(),
        })
    }

    /// The same file with revoked keys. One that is to keep statements must stand among the keys: they say
    /// what it might sign. Another may.
    ///
    /// # Errors
    /// Too many, one key twice, no reason, a statement twice, statements of a key that may sign nothing.
    pub fn with_revoked(self, revoked: Vec<Revocation>) -> Result<Self, Error> {
        if revoked.len() > limits::TRUSTED_KEYS.most {
            let (found, limit) = (revoked.len(), limits::TRUSTED_KEYS);
            return invalid(format!("{found} revoked keys, the limit is {limit}"));
        }
        for (index, revocation) in revoked.iter().enumerate() {
            let refuse = |what: &str| invalid(format!("entry {} of `revoked` {what}", index + 1));
            let earlier = revoked.iter().take(index);
            let kept: BTreeSet<Digest> = revocation.keep.iter().copied().collect();
            if earlier
                .into_iter()
                .any(|other| other.public == revocation.public)
            {
                return refuse("names a key that an earlier one names");
            }
            if revocation.reason.trim().is_empty() || !is_clean(&revocation.reason) {
                return refuse("needs a reason, in words without control characters");
            }
            if kept.len() < revocation.keep.len() {
                return refuse("lists a statement twice in `keep`");
            }
            if !kept.is_empty() && self.find(&revocation.public).is_none() {
                return refuse(
                    "keeps statements of a key that is not among `keys`: leave it there, it says what the key might sign",
                );
            }
        }
        Ok(Self { revoked, ..self })
    }

    /// The same file with what another revokes, too; where both revoke a key, as the other one does.
    ///
    /// # Errors
    /// As [`TrustFile::with_revoked`].
    pub fn with_more_revoked(self, other: &Self) -> Result<Self, Error> {
        let mut revoked = other.revoked.clone();
        let own = self.revoked.iter();
        revoked.extend(
            own.filter(|entry| other.revocation(&entry.public).is_none())
                .cloned(),
        );
        self.with_revoked(revoked)
    }

    /// The same file with numbers of principals that must sign as a role; where none is said, one.
    ///
    /// # Errors
    /// 0, more than an envelope holds, more than there are principals of the role.
    pub fn with_thresholds(self, thresholds: BTreeMap<Role, usize>) -> Result<Self, Error> {
        for (role, threshold) in &thresholds {
            let keys = self.keys.iter().filter(|key| key.role == *role);
            let principals: BTreeSet<&str> = keys.map(|key| key.principal.as_str()).collect();
            let most = principals.len().min(limits::SIGNATURES.most);
            if !(1..=most).contains(threshold) {
                let role = role.as_str();
                return invalid(format!(
                    "`thresholds` wants {threshold} principals to sign as {role}, of {}; at least 1 and at most {most} can be wanted",
                    principals.len()
                ));
            }
        }
        Ok(Self { thresholds, ..self })
    }

    /// The same file with one more key, the last.
    ///
    /// # Errors
    /// As [`TrustFile::new`].
    pub fn with(self, key: TrustedKey) -> Result<Self, Error> {
        let keys = [self.keys.clone(), vec![key]].concat();
        let keys = Self::new(keys)?.keys;
        Ok(Self { keys, ..self })
    }

    /// All keys, in the order of the file; those that are revoked too.
    #[must_use]
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// The keys that count no more.
    #[must_use]
    pub fn revoked(&self) -> &[Revocation] {
        &self.revoked
    }

    /// The revocation of a key.
    #[must_use]
    pub fn revocation(&self, public: &PublicKey) -> Option<&Revocation> {
        self.revoked.iter().find(|entry| entry.public == *public)
    }

    /// How many principals must sign as a role.
    #[must_use]
    pub fn threshold(&self, role: Role) -> usize {
        self.thresholds.get(&role).copied().unwrap_or(1)
    }

    /// The numbers of principals that are wanted, by role.
    #[must_use]
    pub fn thresholds(&self) -> &BTreeMap<Role, usize> {
        &self.thresholds
    }

    /// The heights that are pinned, by unit.
    #[must_use]
    pub fn heights(&self) -> &BTreeMap<String, u64> {
        &self.heights
    }

    /// The height below which no link of this unit is admitted: 0 where none is pinned.
    #[must_use]
    pub fn minimum_height(&self, unit: &UnitId) -> u64 {
        let name = match unit.is_gate() {
            true => unit.scope(),
            false => unit.to_string(),
        };
        self.heights.get(&name).copied().unwrap_or_default()
    }

    /// The units of an environment whose heights are pinned.
    pub fn pinned_units<'a>(&'a self, environment: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.heights.keys();
        names.filter_map(move |name| name.strip_prefix(environment)?.strip_prefix('/'))
    }

    /// The entry of a public key.
    #[must_use]
    pub fn find(&self, public: &PublicKey) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.public == *public)
    }
}

impl TrustedKey {
    /// Whether this key may sign as `role` for `environment`.
    #[must_use]
    pub fn may_sign(&self, role: Role, environment: &str) -> bool {
        let everywhere_or_here =
            |names: &Vec<String>| names.iter().any(|name| name == "*" || name == environment);
        self.role == role && self.environments.as_ref().is_none_or(everywhere_or_here)
    }
}

fn check_key(number: usize, key: &TrustedKey) -> Result<(), Error> {
    if key.principal.is_empty() {
        return invalid(format!("key {number} has an empty principal"));
    }
    let names = key.environments.iter().flatten();
    if let Some(name) = names.chain([&key.principal]).find(|name| !is_clean(name)) {
        return invalid(format!(
            "key {number} has a name with a control or an invisible character, {}",
            name.escape_debug()
        ));
    }
    if key.environments.as_ref().is_some_and(Vec::is_empty) {
        return invalid(format!("key {number} has an empty list of environments"));
    }
    if key.role == Role::Root && key.environments.is_some() {
        return invalid(format!(
            "key {number} has the role root and environments: a root key signs this file and nothing else"
        ));
    }
    match (key.validity.not_before, key.validity.not_after) {
        (Some(from), Some(until)) if until <= from => invalid(format!(
            "key {number} is valid at no time: `notAfter` must lie after `notBefore`"
        )),
        _ => Ok(()),
    }
}

/// Whether a name can be printed as it is.
fn is_clean(name: &str) -> bool {
    !name.contains(is_harmful)
}

fn invalid<T>(what: String) -> Result<T, Error> {
    Err(Error::TrustInvalid { what })
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
