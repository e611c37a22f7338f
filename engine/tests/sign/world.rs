//! A small shop with a signer: a repository, a key, a store and a clock that is set by hand.
//! Answers are told in a line each, so that a test reads like a log.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use tidegate::attest::{
    self, Role, Signatory, SigningKey, TrustFile, TrustedKey, UnitId, Withdrawal,
};
use tidegate::gate::{
    self, AdmitRequest, Answer, Request, Runtime, SignRequest, Signed, Signing, VerifyRequest, What,
};
use tidegate::model::{Digest, Exit, GitId, code_of};
use tidegate::store::{FolderStore, Store};
use tidegate::verify::{AdmitError, Grounds};

use crate::support::Repo;

pub(super) const WEB: &str = "apps/web/config.yaml";
pub(super) const APP: &str = "apps/web/app.yaml";
pub(super) const DATABASE: &str = "apps/db/cluster.yaml";
pub(super) const CONFIG: &str = "tidegate.yaml";
pub(super) const TRUST: &str = ".tidegate/trust.json";

/// `prod` has the units `web` and `db` and takes up to `high`; `twin` has the files of `web` too;
/// `dev` only observes.
pub(super) const JUDGE: &str = "\
environments:
  - name: prod
    max-tier: high
    sources:
      - {name: web, kind: Application, path: apps/web}
      - {name: db, kind: Application, path: apps/db}
  - name: twin
    paths: [\"apps/web/**\"]
  - name: dev
    enforcement: observe
    max-tier: low
    paths: [\"dev/**\"]
";

const CONFIG_MAP: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop, labels: {team: a}}
data: {greeting: hello}
";
const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: shop, labels: {team: a}}
spec:
  replicas: 2
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {cpu: 200m, memory: 128Mi}
";
const CLUSTER: &str = "\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop, labels: {team: a}}
spec:
  instances: 3
  affinity: {topologyKey: topology.kubernetes.io/zone, podAntiAffinityType: required}
  storage: {size: 10Gi}
  resources:
    requests: {cpu: 100m, memory: 1Gi}
    limits: {cpu: 200m, memory: 1Gi}
  postgresql:
    parameters: {full_page_writes: \"on\"}
";

pub(super) struct World {
    pub(super) repo: Repo,
    pub(super) key: SigningKey,
    now: Cell<Timestamp>,
}

impl World {
    /// One commit with everything; nothing is signed yet.
    pub(super) fn new() -> Self {
        Self::judged_by(JUDGE)
    }

    /// As [`World::new`], with another configuration.
    pub(super) fn judged_by(config: &str) -> Self {
        let repo = Repo::new();
        let key = key(1);
        repo.write(CONFIG, config)
            .write(TRUST, trust(&[(&key, &[])]).print())
            .write(WEB, CONFIG_MAP)
            .write(APP, DEPLOYMENT)
            .write(DATABASE, CLUSTER)
            .write("dev/config.yaml", CONFIG_MAP)
            .write("README.md", "a shop\n");
        repo.commit("the shop");
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        Self {
            repo,
            key,
            now: Cell::new(now),
        }
    }

    /// With the baselines of `gate` and `prod`.
    pub(super) fn started() -> Self {
        let world = Self::new();
        assert_eq!(
            world.baseline("prod", None),
            "main/gate baseline 0; prod/web baseline 0; prod/db baseline 0"
        );
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.get()
    }

    pub(super) fn set_clock(&self, now: &str) {
        self.now.set(now.parse().unwrap());
    }

    pub(super) fn store(&self) -> FolderStore {
        FolderStore::new(self.verdicts())
    }

    pub(super) fn verdicts(&self) -> PathBuf {
        self.repo.beside("verdicts")
    }

    pub(super) fn link(&self, unit: &str, height: u64) -> PathBuf {
        self.verdicts().join(format!("links/{unit}/{height}.json"))
    }

    pub(super) fn envelope(&self, unit: &str, height: u64) -> Vec<u8> {
        fs::read(self.link(unit, height)).unwrap()
    }

    /// What a link says, unverified.
    pub(super) fn payload(&self, unit: &str, height: u64) -> serde_json::Value {
        let payload = attest::unverified_payload(&self.envelope(unit, height)).unwrap();
        let mut statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        statement["predicate"][attest::VERDICT_EXTENSION].take()
    }

    /// Replaces text that stands exactly once in a file, and commits.
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) -> GitId {
        let file = self.repo.path().join(path);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        self.repo.write(path, text.replacen(from, to, 1));
        self.repo.commit(&format!("{path}: {from} to {to}"))
    }

    /// A change of tier low.
    pub(super) fn label(&self, path: &str, from: &str, to: &str) -> GitId {
        self.edit(path, &format!("team: {from}"), &format!("team: {to}"))
    }

    /// A change of tier critical.
    pub(super) fn endanger_database(&self) -> GitId {
        self.edit(
            DATABASE,
            "full_page_writes: \"on\"",
            "full_page_writes: \"off\"",
        )
    }

    /// A change that is denied.
    pub(super) fn drop_limit(&self) -> GitId {
        self.edit(
            APP,
            "limits: {cpu: 200m, memory: 128Mi}",
            "limits: {cpu: 200m}",
        )
    }

    pub(super) fn request<'a>(
        &'a self,
        environment: &'a str,
        unit: Option<&'a str>,
        key: &'a dyn Signatory,
        store: &'a FolderStore,
    ) -> SignRequest<'a> {
        SignRequest {
            evidence: &[],
            workshop: None,
            environment,
            unit,
            key,
            store,
            now: self.now(),
        }
    }

    /// The messages of a code that `check` has for the last commit.
    pub(super) fn said(&self, code: &str, store: Option<&dyn Store>) -> Vec<String> {
        let request = Request::new(What::Range("HEAD~1..HEAD".to_owned()), self.now());
        let runtime = Runtime {
            verdicts: store,
            ..Runtime::default()
        };
        let report = gate::check_within(&self.repo.open(), &request, runtime).unwrap();
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let own = findings.filter(|finding| finding.code == code);
        own.map(|finding| finding.message.clone()).collect()
    }

    pub(super) fn sign(&self, environment: &str, unit: Option<&str>) -> String {
        self.sign_with(&self.key, environment, unit)
    }

    pub(super) fn sign_with(
        &self,
        key: &dyn Signatory,
        environment: &str,
        unit: Option<&str>,
    ) -> String {
        self.tick();
        let store = self.store();
        told(gate::sign(
            &self.repo.open(),
            &self.request(environment, unit, key, &store),
        ))
    }

    pub(super) fn baseline(&self, environment: &str, unit: Option<&str>) -> String {
        self.baseline_with(&self.key, environment, unit)
    }

    pub(super) fn baseline_with(
        &self,
        key: &dyn Signatory,
        environment: &str,
        unit: Option<&str>,
    ) -> String {
        self.tick();
        let store = self.store();
        told(gate::baseline(
            &self.repo.open(),
            &self.request(environment, unit, key, &store),
        ))
    }

    /// Asks for a commit of one unit of `prod`.
    pub(super) fn admit(&self, unit: &str, revision: GitId, deployed: Option<GitId>) -> String {
        let trust = trust(&[(&self.key, &[])]);
        self.admit_by(&trust, "prod", Some(unit), revision, deployed)
    }

    pub(super) fn admit_by(
        &self,
        trust: &TrustFile,
        environment: &str,
        unit: Option<&str>,
        revision: GitId,
        deployed: Option<GitId>,
    ) -> String {
        let deployed = deployed.map(|id| id.to_string());
        let answers = gate::admit(
            &self.repo.open(),
            &AdmitRequest {
                environment,
                branch: None,
                unit,
                revision: &revision.to_string(),
                deployed: deployed.as_deref(),
                sync: None,
                checkout: None,
                trust,
                store: &self.store(),
                now: self.now(),
                witnesses: &[],
            },
        );
        answered(answers)
    }

    /// Holds one envelope against a commit.
    pub(super) fn verify(
        &self,
        envelope: &[u8],
        environment: &str,
        unit: Option<&str>,
        revision: GitId,
    ) -> String {
        let trust = trust(&[(&self.key, &[])]);
        self.verify_by(&trust, envelope, (environment, unit), revision, None)
    }

    /// As [`World::verify`], by another trust file, and asks a store.
    pub(super) fn verify_by(
        &self,
        trust: &TrustFile,
        envelope: &[u8],
        (environment, unit): (&str, Option<&str>),
        revision: GitId,
        store: Option<&dyn Store>,
    ) -> String {
        let verified = gate::verify(
            &self.repo.open(),
            &VerifyRequest {
                envelope,
                trust,
                environment,
                unit,
                revision: &revision.to_string(),
                store,
                now: self.now(),
            },
        );
        match verified {
            Ok(held) => format!("link {}", held.verified.verdict().height),
            Err(gate::Error::Refused(error)) => refused(&error),
            Err(error) => failed(&error),
        }
    }

    /// Takes a link back.
    pub(super) fn withdraw(&self, unit: &str, height: u64) {
        let (environment, name) = unit.split_once('/').unwrap();
        let payload = attest::unverified_payload(&self.envelope(unit, height)).unwrap();
        let statement = Withdrawal {
            environment: environment.to_owned(),
            unit: name.to_owned(),
            link: Digest::of(&payload),
            reason: "wrong".to_owned(),
            withdrawn_at: self.now(),
        }
        .to_statement_bytes()
        .unwrap();
        self.store()
            .publish_withdrawal(Digest::of(&statement), &attest::sign(&statement, &self.key))
            .unwrap();
    }

    /// The private key in a file, for the binary.
    pub(super) fn key_file(&self) -> String {
        let path = self.repo.beside("ci.pem");
        if !path.exists() {
            attest::write_private(&path, &self.key).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }

    /// The trust file beside the repository, for the binary.
    pub(super) fn trust_file(&self) -> String {
        let path = self.repo.beside("trust.json");
        fs::write(&path, trust(&[(&self.key, &[])]).print()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The store as the binary is told of it.
    pub(super) fn store_name(&self) -> String {
        format!("folder:{}", self.verdicts().display())
    }

    /// Puts a file where a link of this height lies.
    pub(super) fn plant(&self, unit: &str, height: u64, envelope: &[u8]) {
        let (environment, name) = unit.split_once('/').unwrap();
        let unit = UnitId::new(environment, name).unwrap();
        self.store().publish_link(&unit, height, envelope).unwrap();
    }

    /// The binary in this repository, with a clock of its own.
    pub(super) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let exit = output.status.code().unwrap();
        (exit, text(output.stdout), text(output.stderr))
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.repo.command(env!("CARGO_BIN_EXE_tidegate"));
        command.args(arguments);
        command
    }

    /// Each run of the signer is a second later than the one before.
    fn tick(&self) {
        self.now.set(self.now() + SignedDuration::from_secs(1));
    }
}

pub(super) fn key(byte: u8) -> SigningKey {
    SigningKey::generate(|seed| {
        seed.fill(byte);
        Ok::<_, ()>(())
    })
    .unwrap()
}

/// Merge-signers, each for some environments or, with none named, for all.
pub(super) fn trust(keys: &[(&SigningKey, &[&str])]) -> TrustFile {
    let keys = keys.iter().map(|(key, environments)| TrustedKey {
        public: key.public(),
        role: Role::MergeSigner,
        principal: "ci".to_owned(),
        environments: (!environments.is_empty())
            .then(|| environments.iter().map(ToString::to_string).collect()),
        validity: attest::Validity::default(),
    });
    TrustFile::new(keys.collect()).unwrap()
}

pub(super) fn told(signing: Result<Signing, gate::Error>) -> String {
    let signing = match signing {
        Ok(signing) => signing,
        Err(error) => return failed(&error),
    };
    let mut lines: Vec<String> = signing
        .units
        .iter()
        .map(|unit| {
            let what = match &unit.result {
                Signed::NothingNew { height } => format!("nothing new {height}"),
                Signed::Link(link) if link.verdict.baseline => {
                    format!("baseline {}", link.verdict.height)
                }
                Signed::Link(link) => {
                    format!("link {} {}", link.verdict.height, link.verdict.risk_tier)
                }
                Signed::Failed(report) => {
                    let findings = report.verdict.findings.iter();
                    let codes: Vec<&str> = findings
                        .filter(|finding| finding.effect == tidegate::model::Effect::Deny)
                        .map(|finding| finding.code.as_str())
                        .collect();
                    format!("fail {}", codes.join(" "))
                }
            };
            format!("{} {what}", unit.unit)
        })
        .collect();
    lines.extend(signing.errors.iter().map(|error| {
        let failed = failed(error.error.as_ref());
        format!("{}/{} {failed}", error.environment, error.unit)
    }));
    lines.join("; ")
}

/// The answers about each unit.
pub(super) fn answered(answers: Result<Vec<Answer>, gate::Error>) -> String {
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => return failed(&error),
    };
    let line = |answer: &Answer| match &answer.result {
        Ok(admission) => {
            let grounds = match admission.grounds {
                Grounds::Judged => "judged",
                Grounds::Running => "running",
                Grounds::RollbackTarget => "rollback",
                Grounds::Baseline => "baseline",
            };
            let height = admission.link.verdict().height;
            format!("{grounds} {height} {}", admission.tier)
        }
        Err(error) => refused(error),
    };
    let lines: Vec<String> = answers.iter().map(line).collect();
    lines.join("; ")
}

pub(super) fn failed(error: &(dyn miette::Diagnostic + Send + Sync)) -> String {
    format!("{} exit {}", code_of(error), Exit::of_error(error).code())
}

fn refused(error: &AdmitError) -> String {
    match error {
        AdmitError::Refused { refusals, .. } => {
            assert_eq!(Exit::of_error(error), Exit::Refused);
            let reasons: Vec<&str> = refusals
                .iter()
                .map(|refusal| refusal.reason.as_str())
                .collect();
            format!("refused {}", reasons.join(" "))
        }
        AdmitError::Error(error) => failed(error),
    }
}
