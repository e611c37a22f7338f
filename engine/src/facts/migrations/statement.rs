//! What one statement of a script does: the types.
//! Knows nothing of how that is found out.

use std::collections::BTreeSet;

use serde::Serialize;

/// What a statement, a script or a change does to a database, from harmless to worst. What is not understood counts as
/// destructive, and for less than what is known to be.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Nothing that stays.
    #[default]
    None,
    /// Adds what nobody uses yet, without a lock that anybody waits for.
    Additive,
    /// Adds or checks, under a lock that others wait for.
    Care,
    /// Writes rows.
    Data,
    /// It is not understood.
    Unknown,
    /// Takes away or changes what somebody may use.
    Destructive,
    /// Takes away what nothing brings back.
    Irreversible,
}

/// A lock that others wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// Other changes of the schema wait.
    ShareUpdateExclusive,
    /// Writes wait.
    Share,
    /// Writes wait, and other changes of the schema.
    ShareRowExclusive,
    /// Everybody waits, readers too.
    AccessExclusive,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Statement {
    /// What it does.
    pub class: Class,
    /// In words: `ALTER TABLE, DROP COLUMN`.
    pub verb: String,
    /// The tables that it is about, as PostgreSQL folds their names; with their schema where it is written.
    pub tables: Vec<String>,
    /// The line of the script at which it begins.
    pub line: usize,
    /// SHA-256 of its text.
    pub digest: String,
    /// The lock under which others wait until it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks: Option<Lock>,
    /// Whether it writes every row of a table anew.
    pub rewrites: bool,
    /// Whether it makes or rebuilds an index while writes wait.
    pub blocks_for_index: bool,
    /// Whether it may stand in a transaction.
    pub transactional: bool,
    /// Whether it does.
    pub in_transaction: bool,
    /// Whether `lock_timeout` or `statement_timeout` bounds it.
    pub bounded: bool,
    /// Tables of which it writes rows while its own transaction keeps them locked: a statement before it changes them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<String>,
    /// Why it is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a statement does, wherever it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) class: Class,
    pub(super) verb: String,
    pub(super) tables: Vec<String>,
    pub(super) locks: Option<Lock>,
    pub(super) rewrites: bool,
    pub(super) blocks_for_index: bool,
    /// Whether PostgreSQL refuses it in a transaction.
    pub(super) alone: bool,
    pub(super) reason: Option<&'static str>,
}

impl Effect {
    pub(super) fn new(class: Class) -> Self {
        Self {
            class,
            ..Self::default()
        }
    }

    /// Whether those who use its tables wait until its transaction ends, however short it is itself.
    pub(super) fn keeps_waiting(&self) -> bool {
        self.locks.is_some_and(|lock| lock >= Lock::Share)
            || (self.locks.is_none() && self.verb.starts_with("ALTER TABLE"))
    }

    pub(super) fn unknown(reason: &'static str) -> Self {
        Self {
            class: Class::Unknown,
            reason: Some(reason),
            ..Self::default()
        }
    }

    pub(super) fn locking(self, lock: Lock) -> Self {
        Self {
            locks: self.locks.max(Some(lock)),
            ..self
        }
    }

    pub(super) fn rewriting(self) -> Self {
        Self {
            rewrites: true,
            ..self.locking(Lock::AccessExclusive)
        }
    }

    pub(super) fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    pub(super) fn named(self, verb: String) -> Self {
        Self { verb, ..self }
    }

    /// Both: the worse of each. It has the words of the one with the worse class.
    pub(super) fn and(self, other: Self) -> Self {
        let (locks, rewrites) = (self.locks.max(other.locks), self.rewrites || other.rewrites);
        let blocks_for_index = self.blocks_for_index || other.blocks_for_index;
        let alone = self.alone || other.alone;
        let reason = self.reason.or(other.reason);
        let (mut worse, rest) = match other.class > self.class {
            true => (other, self.tables),
            false => (self, other.tables),
        };
        for table in rest {
            if !worse.tables.contains(&table) {
                worse.tables.push(table);
            }
        }
        Self {
            locks,
            rewrites,
            blocks_for_index,
            alone,
            reason,
            ..worse
        }
    }
}
