//! Evidence as statements: in-toto v1, about the objects of an environment, signed by those whose role it is.
//! Knows no policy: what counts, and for how long, is asked elsewhere.

mod read;

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rejection, Role, VerifiedStatement, about, json as canonical_json};
use crate::facts::evidence::{
    About, Backup, Incident, MigrationRehearsal, MigrationReview, ObjectName, RestoreTest,
    RollbackTest,
};
use crate::model::Digest;
pub use read::{Asked, read};

/// Something that happened outside of the repository, as somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Backups of an object.
    Backup(Box<Backup>),
    /// A restore test.
    RestoreTest(RestoreTest),
    /// Objects are in trouble.
    Incident(Incident),
    /// A rollback test.
    RollbackTest(RollbackTest),
    /// A review of scripts.
    MigrationReview(MigrationReview),
    /// A rehearsal of scripts.
    MigrationRehearsal(MigrationRehearsal),
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Backups of an object.
    Backup,
    /// A restore test.
    RestoreTest,
    /// Objects are in trouble.
    Incident,
    /// A rollback test.
    RollbackTest,
    /// A review of scripts.
    MigrationReview,
    /// A rehearsal of scripts.
    MigrationRehearsal,
}

impl Evidence {
    /// The bytes to sign. Equal evidence gives equal bytes.
    ///
    /// # Errors
    /// It contradicts itself.
    pub fn to_statement_bytes(&self) -> Result<Vec<u8>, Rejection> {
        self.check()
            .map_err(|what| Rejection::Inconsistent { what })?;
        let kind = self.kind().predicate();
        let subjects = self.subjects();
        match self {
            Self::Backup(backup) => about::write(&**backup, kind, subjects),
            Self::RestoreTest(test) => about::write(test, kind, subjects),
            Self::Incident(incident) => about::write(incident, kind, subjects),
            Self::RollbackTest(test) => about::write(test, kind, subjects),
            Self::MigrationReview(review) => about::write(review, kind, subjects),
            Self::MigrationRehearsal(rehearsal) => about::write(rehearsal, kind, subjects),
        }
    }

    /// Reads a verified statement.
    ///
    /// # Errors
    /// Another kind of statement, one that contradicts itself, or bytes that [`Evidence::to_statement_bytes`] would
    /// not have written.
    pub fn parse(statement: &VerifiedStatement) -> Result<Self, Rejection> {
        Self::parse_unverified(statement.payload())
    }

    /// What the payload says, whoever signed it: for finding out who may have.
    pub(crate) fn parse_unverified(payload: &[u8]) -> Result<Self, Rejection> {
        let value = canonical_json::parse(payload).map_err(|what| Rejection::Malformed { what })?;
        let found = value.get("predicateType").and_then(Value::as_str);
        let Some(kind) = found.and_then(Kind::of_predicate) else {
            return Err(Rejection::Predicate {
                expected: EXPECTED,
                found: found.unwrap_or("nothing").chars().take(80).collect(),
            });
        };
        let name = kind.predicate();
        let evidence = match kind {
            Kind::Backup => Self::Backup(Box::new(about::read(payload, name, EXPECTED)?)),
            Kind::RestoreTest => Self::RestoreTest(about::read(payload, name, EXPECTED)?),
            Kind::Incident => Self::Incident(about::read(payload, name, EXPECTED)?),
            Kind::RollbackTest => Self::RollbackTest(about::read(payload, name, EXPECTED)?),
            Kind::MigrationReview => Self::MigrationReview(about::read(payload, name, EXPECTED)?),
            Kind::MigrationRehearsal => {
                Self::MigrationRehearsal(about::read(payload, name, EXPECTED)?)
            }
        };
        if evidence.to_statement_bytes()? == payload {
            return Ok(evidence);
        }
        about::differs()
    }

    /// What is said.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Backup(_) => Kind::Backup,
            Self::RestoreTest(_) => Kind::RestoreTest,
            Self::Incident(_) => Kind::Incident,
            Self::RollbackTest(_) => Kind::RollbackTest,
            Self::MigrationReview(_) => Kind::MigrationReview,
            Self::MigrationRehearsal(_) => Kind::MigrationRehearsal,
        }
    }

    /// Of which environment, and when.
    #[must_use]
    pub fn about(&self) -> &About {
        match self {
            Self::Backup(backup) => &backup.about,
            Self::RestoreTest(test) => &test.about,
            Self::Incident(incident) => &incident.about,
            Self::RollbackTest(test) => &test.about,
            Self::MigrationReview(review) => &review.about,
            Self::MigrationRehearsal(rehearsal) => &rehearsal.about,
        }
    }

    /// Of which objects; none of what is about scripts.
    #[must_use]
    pub fn objects(&self) -> Vec<&ObjectName> {
        match self {
            Self::Backup(backup) => vec![&backup.object],
            Self::RestoreTest(test) => vec![&test.object],
            Self::Incident(incident) => incident.objects.iter().collect(),
            Self::RollbackTest(test) => vec![&test.object],
            Self::MigrationReview(_) | Self::MigrationRehearsal(_) => Vec::new(),
        }
    }

    /// Of which scripts, by the digests of their texts; none of what is about objects.
    #[must_use]
    pub fn scripts(&self) -> BTreeSet<Digest> {
        match self {
            Self::MigrationReview(review) => review.scripts.clone(),
            Self::MigrationRehearsal(rehearsal) => rehearsal.scripts.clone(),
            _ => BTreeSet::new(),
        }
    }

    /// What has happened by these instants, for those who hold them against a clock.
    fn happened(&self) -> Vec<(&'static str, Timestamp)> {
        let mut happened = vec![("reportedAt", self.about().reported_at)];
        match self {
            Self::Backup(backup) => {
                let run = backup.last_success.as_ref();
                happened.extend(run.map(|run| ("lastSuccess", run.finished_at)));
                let archive = backup.archive.as_ref();
                let archived = archive.and_then(|archive| archive.last_at);
                happened.extend(archived.map(|at| ("lastAt of the archive", at)));
                let failure = backup.last_failure.as_ref();
                happened.extend(failure.map(|failure| ("lastFailure", failure.at)));
            }
            Self::RestoreTest(test) => happened.push(("finishedAt", test.finished_at)),
            Self::RollbackTest(test) => happened.push(("finishedAt", test.finished_at)),
            Self::MigrationRehearsal(rehearsal) => {
                happened.push(("finishedAt", rehearsal.finished_at));
            }
            Self::Incident(_) | Self::MigrationReview(_) => {}
        }
        happened
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Backup(backup) => backup.check(),
            Self::RestoreTest(test) => test.check(),
            Self::Incident(incident) => incident.check(),
            Self::RollbackTest(test) => test.check(),
            Self::MigrationReview(review) => review.check(),
            Self::MigrationRehearsal(rehearsal) => rehearsal.check(),
        }
    }

    /// The identity of the database, where that is said.
    fn system_id(&self) -> Option<&str> {
        match self {
            Self::Backup(backup) => backup.system_id.as_deref(),
            Self::RestoreTest(test) => test.system_id.as_deref(),
            _ => None,
        }
    }

    /// Objects and scripts, each with a digest.
    fn subjects(&self) -> Vec<(String, Digest)> {
        let environment = &self.about().environment;
        let objects = self.objects();
        let objects = objects.iter().map(|it| self.subject(it));
        let scripts = self.scripts().into_iter();
        let scripts = scripts.map(|digest| (format!("{environment}/sha256:{digest}"), digest));
        objects.chain(scripts).collect()
    }

    /// `ENVIRONMENT/OBJECT`, and the digest of all that tells it from another of that name.
    fn subject(&self, object: &ObjectName) -> (String, Digest) {
        let About {
            environment,
            cluster,
            ..
        } = self.about();
        let identity = json!({
            "environment": environment,
            "cluster": cluster,
            "object": object,
            "systemId": self.system_id(),
        });
        let digest = Digest::of(&canonical_json::canonical(&identity));
        (format!("{environment}/{object}"), digest)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Backup,
        Self::RestoreTest,
        Self::Incident,
        Self::RollbackTest,
        Self::MigrationReview,
        Self::MigrationRehearsal,
    ];

    /// The name of its folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::RestoreTest => "restore-test",
            Self::Incident => "incident",
            Self::RollbackTest => "rollback-test",
            Self::MigrationReview => "migration-review",
            Self::MigrationRehearsal => "migration-rehearsal",
        }
    }

    /// Whose word counts. That something is an emergency, or may run, is no machine's to say.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Backup | Self::RestoreTest => Role::BackupReporter,
            Self::Incident => Role::BreakGlass,
            Self::RollbackTest | Self::MigrationRehearsal => Role::RehearsalReporter,
            Self::MigrationReview => Role::Approver,
        }
    }

    /// The predicate type.
    #[must_use]
    pub fn predicate(self) -> &'static str {
        match self {
            Self::Backup => "https://tidegate.dev/evidence/backup/v1",
            Self::RestoreTest => "https://tidegate.dev/evidence/restore-test/v1",
            Self::Incident => "https://tidegate.dev/evidence/incident/v1",
            Self::RollbackTest => "https://tidegate.dev/evidence/rollback-test/v1",
            Self::MigrationReview => "https://tidegate.dev/evidence/migration-review/v1",
            Self::MigrationRehearsal => "https://tidegate.dev/evidence/migration-rehearsal/v1",
        }
    }

    /// The kind of a predicate type.
    pub(super) fn of_predicate(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.predicate() == name)
    }
}

/// The JSON Schemas of the statements, by the names of their files below `schemas/evidence/`.
#[must_use]
pub fn schemas() -> [(&'static str, Value); 6] {
    [
        (
            "backup.v1.json",
            schemars::schema_for!(Statement<Backup>).to_value(),
        ),
        (
            "restore-test.v1.json",
            schemars::schema_for!(Statement<RestoreTest>).to_value(),
        ),
        (
            "incident.v1.json",
            schemars::schema_for!(Statement<Incident>).to_value(),
        ),
        (
            "rollback-test.v1.json",
            schemars::schema_for!(Statement<RollbackTest>).to_value(),
        ),
        (
            "migration-review.v1.json",
            schemars::schema_for!(Statement<MigrationReview>).to_value(),
        ),
        (
            "migration-rehearsal.v1.json",
            schemars::schema_for!(Statement<MigrationRehearsal>).to_value(),
        ),
    ]
}

/// An in-toto statement v1.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement<T> {
    #[serde(rename = "_type")]
    kind: String,
    /// The objects or scripts that it is about.
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: T,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Subject {
    /// `ENVIRONMENT/NAMESPACE/KIND.GROUP/NAME`, or `ENVIRONMENT/sha256:DIGEST` of a script.
    name: String,
    digest: Sha256,
}

/// Of environment, cluster, object and identity of the database, as JSON with sorted keys; or of the text of a script.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    #[schemars(with = "String")]
    sha256: Digest,
}

const EXPECTED: &str = "evidence of a kind that is known";
