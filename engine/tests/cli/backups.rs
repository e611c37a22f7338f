//! `tidegate backups`, and what `check` says of backups across the units of an environment.

mod buckets;
mod namespaces;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{said, shop, tidegate};
use crate::contracts::problems;
use crate::support::Repo;

fn run(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    said(&tidegate(repo.path()).args(arguments).output().unwrap())
}

#[test]
fn a_table_shows_what_covers_each_object_and_what_that_lacks() {
    let repo = shop();
    let (text, _) = run(&repo, &["backups", "prod-a"]);
    let words: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for wanted in [
        "prod-a (production)",
        "OBJECT COVERED BY SCHEDULE RETENTION TARGET ENCRYPTED OFF SITE IMMUTABLE AGE WORST AGE VERDICT",
        "brand-a/Cluster.postgresql.cnpg.io/shop-postgres \
         brand-a/ScheduledBackup.postgresql.cnpg.io/shop-postgres-nightly (cnpg-object-store) 0 30 1 * * * 35d \
         s3://acme-brand-a-pgbackup/shop-postgres unknown yes unknown - continuous not-encrypted",
        "brand-a/StatefulSet.apps/shop-redis - - - - - - - - - not-covered",
    ] {
        assert!(words.iter().any(|line| line == wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("prod-b"), "{text}");
}

#[test]
fn programs_read_the_table_by_its_schema() {
    let repo = environment(&[("files/claim.yaml", CLAIM)]);
    let (text, exit) = run(&repo, &["backups", "--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("backups.v1.json", &json), [""; 0]);
    let object = &json["environments"][0]["objects"][0];
    assert_eq!(object["verdict"], "not-covered");
    assert_eq!(object["state"]["data"], "other");
}

#[test]
fn the_table_shows_how_old_the_newest_backup_is_as_somebody_signed() {
    let gate = Gate::new();
    let (text, exit) = run(&gate.repo, &["backups", "prod"]);
    assert!(
        exit == 0 && text.contains("  -    continuous  covered"),
        "{text}"
    );
    let folder = gate.repo.beside("evidence");
    let folder = folder.to_str().unwrap();
    gate.report("3h", folder);
    let (text, exit) = run(&gate.repo, &["backups", "prod", "--evidence", folder]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("  3h, log 0s  continuous  covered"), "{text}");
    gate.report("3h", ".tidegate/evidence/");
    gate.repo.commit("evidence");
    let (text, exit) = run(&gate.repo, &["backups", "--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("backups.v1.json", &json), [""; 0]);
    let observed = &json["environments"][0]["objects"][0]["observed"];
    assert_eq!(observed["signers"], json!(["job"]));
    // Of another cluster it is of nothing here.
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence"]);
    gate.report_of("eu-2", "3h", ".tidegate/evidence/");
    gate.repo.commit("evidence of elsewhere");
    let (text, exit) = run(&gate.repo, &["backups", "prod"]);
    assert!(
        exit == 0 && text.contains("  -    continuous  covered"),
        "{text}"
    );
}

#[test]
fn an_environment_that_there_is_not_is_an_error() {
    let (text, exit) = run(&shop(), &["backups", "prod-x"]);
    assert_ne!(exit, 0);
    assert!(text.contains("prod-x"), "{text}");
}

#[test]
fn a_backup_of_another_unit_covers_and_is_missed_when_it_goes() {
    let repo = environment(&[
        ("files/claim.yaml", CLAIM),
        ("velero/schedule.yaml", SCHEDULE),
        ("velero/location.yaml", LOCATION),
    ]);
    let (text, exit) = run(&repo, &["backups"]);
    assert!(exit == 0 && text.contains("covered\n"), "{text}");
    repo.remove("velero/schedule.yaml").commit("no backup");
    let (text, exit) = run(&repo, &["check", "HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("backup.deleted"), "{text}");
    let text: Vec<&str> = text.split_whitespace().collect();
    let told = "PersistentVolumeClaim shop/files is backed up no more by velero/Schedule.velero.io/nightly";
    assert!(text.join(" ").contains(told), "{text:?}");
}

#[test]
fn a_risky_change_of_a_database_needs_evidence_of_it_and_a_label_does_not() {
    let gate = Gate::new();
    gate.label();
    assert_eq!(gate.check(&[]).1, 0);
    gate.change();
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("backup.not-fresh"), "{text}");
    assert!(text.contains("backup.restore-test-missing"), "{text}");
    // Committed with the change, and in a folder beside it.
    gate.report("1h", ".tidegate/evidence/");
    gate.repo.commit("evidence");
    let (text, exit) = gate.check_range("HEAD~2..HEAD", &[]);
    assert_eq!(exit, 0, "{text}");
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence"]);
    gate.repo.commit("no evidence");
    let changed = "HEAD~3..HEAD";
    assert_eq!(gate.check_range(changed, &[]).1, 1);
    let folder = gate.repo.beside("evidence");
    let folder = folder.to_str().unwrap();
    gate.report("1h", folder);
    let (text, exit) = gate.check_range(changed, &["--evidence", folder]);
    assert_eq!(exit, 0, "{text}");
    // The same a day later.
    let later = (now() + SignedDuration::from_hours(28)).to_string();
    let (text, exit) = gate.check_range(changed, &["--evidence", folder, "--now", &later]);
    assert_eq!(exit, 1, "{text}");
    let text: Vec<&str> = text.split_whitespace().collect();
    let told = "was last backed up 29h";
    assert!(text.join(" ").contains(told), "{text:?}");
}

#[test]
fn evidence_that_the_change_takes_away_counts_still() {
    let gate = Gate::new();
    gate.report("1h", ".tidegate/evidence/");
    gate.repo.commit("evidence");
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence"]);
    gate.change();
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn evidence_of_another_cluster_or_by_a_key_that_the_change_brings_counts_for_nothing() {
    let gate = Gate::new();
    gate.report_of("eu-2", "1h", ".tidegate/evidence/");
    gate.change();
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 1, "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = words.join(" ");
    assert!(words.contains("backup.evidence-invalid"), "{text}");
    assert!(
        words.contains("it is of cluster `eu-2`, not of `eu-1`"),
        "{text}"
    );
    let gate = Gate::new();
    gate.key("backup-reporter", "other.pem");
    gate.report_by("other.pem", "eu-1", "1h", ".tidegate/evidence/");
    gate.change();
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("backup.not-fresh"), "{text}");
}

#[test]
fn an_incident_opens_the_gate_for_its_object_and_is_named() {
    let gate = Gate::new();
    gate.report("27h", ".tidegate/evidence/");
    gate.change();
    assert_eq!(gate.check(&[]).1, 1);
    gate.key("break-glass", "ann.pem");
    // The key counts from the state that brings it.
    gate.repo.commit("a key");
    gate.say(
        "ann.pem",
        "incident",
        "eu-1",
        ".tidegate/evidence/",
        &[
            "--id",
            "INC-4711",
            "--lasts",
            "4h",
            "--reason",
            "the volume of the database is lost",
        ],
    );
    gate.repo
        .write("db/cluster.yaml", gate.cluster("max_connections: '140'"));
    gate.repo.commit("bring it back");
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 0, "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = "lifted by incident INC-4711, signed by ann, until ";
    assert!(words.join(" ").contains(told), "{text}");
}

#[test]
fn evidence_of_the_future_is_an_error_and_too_many_files_are() {
    let gate = Gate::new();
    gate.report("1h", ".tidegate/evidence/");
    gate.change();
    let before = now() - SignedDuration::from_hours(2);
    let (text, exit) = gate.check(&["--now", &before.to_string()]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("error[evidence.future]"), "{text}");
    for file in 0..10_001 {
        gate.repo.write(
            format!(".tidegate/evidence/junk/{file}.json"),
            file.to_string(),
        );
    }
    gate.repo.commit("junk");
    let (text, exit) = gate.check_range("HEAD~2..HEAD", &[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("error[limit.evidence-files]"), "{text}");
}

#[test]
fn ten_thousand_files_of_evidence_are_read_and_the_newest_still_counts() {
    let gate = Gate::new();
    gate.report("1h", ".tidegate/evidence/");
    let folder = gate.repo.path().join(".tidegate/evidence");
    let mut real = fs::read_dir(&folder).unwrap();
    let real = fs::read_to_string(real.next().unwrap().unwrap().path()).unwrap();
    // The same envelope in other bytes each time: every signature is looked at.
    for file in 0..9_998 {
        let (spaces, lines) = (" ".repeat(file % 100), "\n".repeat(2 + file / 100));
        fs::write(
            folder.join(format!("c{file}.json")),
            [real.trim_end(), &spaces, &lines].concat(),
        )
        .unwrap();
    }
    gate.change();
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn the_word_that_a_backup_failed_is_not_taken_away() {
    let gate = Gate::new();
    gate.report("2h", ".tidegate/evidence/good/");
    gate.repo.commit("evidence");
    gate.fail(".tidegate/evidence/bad/");
    gate.repo.commit("a backup failed");
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence/bad"]);
    gate.repo.commit("no bad evidence");
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("engine.evidence-removed"), "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = "said that shop/Cluster.postgresql.cnpg.io/db had a backup that failed";
    assert!(words.join(" ").contains(told), "{text}");
    // Together with all that is said of the object, it may go: nothing is proven then.
    gate.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence"]);
    gate.repo.commit("no evidence");
    assert_eq!(gate.check(&[]).1, 0);
    // And so it may once the same job says that all is well.
    gate.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    gate.repo.git(&["rm", "-q", "-r", ".tidegate/evidence/bad"]);
    gate.report("0h", ".tidegate/evidence/good/");
    gate.repo.commit("a newer one");
    let (text, exit) = gate.check(&[]);
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn the_words_that_a_restore_failed_and_that_an_incident_is_over_are_not_taken_away() {
    let gate = Gate::new();
    gate.key("break-glass", "ann.pem");
    gate.repo.commit("a key");
    let ago = |minutes: i64| (now() - SignedDuration::from_mins(minutes)).to_string();
    let (begin, end) = (ago(60), ago(5));
    let trouble = |folder: &str, until: [&str; 2]| {
        let reason = [
            "--id",
            "INC-1",
            "--reason",
            "the volume of the database is lost",
        ];
        let times = ["--from", begin.as_str(), until[0], until[1]];
        gate.say(
            "ann.pem",
            "incident",
            "eu-1",
            folder,
            &[reason, times].concat(),
        );
    };
    gate.report("2h", ".tidegate/evidence/good/");
    trouble(".tidegate/evidence/good/", ["--lasts", "4h"]);
    gate.repo.commit("evidence");
    trouble(".tidegate/evidence/over/", ["--until", &end]);
    let test = [
        "--sequence",
        "999",
        "--backup",
        "b1",
        "--started",
        &begin,
        "--finished",
        &end,
    ];
    let failed = [&test[..], &["--scope", "database", "--failed"]].concat();
    gate.say(
        "job.pem",
        "restore-test",
        "eu-1",
        ".tidegate/evidence/failed/",
        &failed,
    );
    gate.repo.commit("what came since");
    for (folder, said) in [
        ("over", "db has an incident that ends at another time"),
        ("failed", "db could not be restored"),
    ] {
        gate.repo
            .git(&["rm", "-q", "-r", &format!(".tidegate/evidence/{folder}")]);
        gate.repo.commit("without it");
        let (text, exit) = gate.check(&[]);
        assert_eq!(exit, 1, "{text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(said), "{text}");
        gate.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    }
}

#[test]
fn two_reports_of_one_second_are_told_apart() {
    let gate = Gate::new();
    let list = gate.repo.beside("list.json");
    for hours in [3, 1] {
        let finished = (now() - SignedDuration::from_hours(hours)).to_string();
        let list_of = json!({"backups": [{"label": "b", "kind": "full", "finishedAt": finished, "bytes": 9}]});
        fs::write(&list, list_of.to_string()).unwrap();
        let said = ["--from", "json", list.to_str().unwrap()];
        gate.say("job.pem", "backup", "eu-1", ".tidegate/evidence/", &said);
    }
    let (text, exit) = run(
        &gate.repo,
        &["evidence", "list", "--env", "prod", "--cluster", "eu-1"],
    );
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("1 h 0 min ago"), "{text}");
}

#[test]
fn a_verdict_names_its_evidence_and_ends_with_it_and_newer_evidence_renews_it() {
    let gate = Gate::new();
    gate.sign("baseline", &[]);
    gate.report("1h", ".tidegate/evidence/");
    gate.change();
    let signed = gate.sign("sign", &[]);
    assert_eq!(
        signed["inputAttestations"].as_array().unwrap().len(),
        2,
        "{signed:#}"
    );
    // The log may be a quarter of an hour old.
    let until: Timestamp = signed["https://tidegate.dev/verdict/v1"]["validUntil"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let most = now() + SignedDuration::from_mins(16);
    assert!(until > now() && until < most, "{until}");
    // A renewal reads what came since.
    gate.report("0h", ".tidegate/evidence/");
    gate.repo.commit("newer evidence");
    gate.sign("sign", &["--renew"]);
}

#[test]
fn what_evidence_in_a_folder_opened_is_not_found_again_without_it() {
    let gate = Gate::new();
    gate.sign("baseline", &[]);
    let folder = gate.repo.beside("evidence");
    let folder = folder.to_str().unwrap();
    gate.report("1h", folder);
    gate.change();
    gate.sign("sign", &["--evidence", folder]);
    let link = gate.repo.beside("link.json");
    let store = format!("folder:{}", gate.repo.beside("verdicts").display());
    let replay = ["replay", link.to_str().unwrap(), "--verdicts", &store];
    let (text, exit) = run(&gate.repo, &replay);
    assert_eq!(exit, 3, "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(
        words
            .join(" ")
            .contains("which does not lie in the repository"),
        "{text}"
    );
}

/// A database that is backed up, in an environment of cluster `eu-1`, and the key of a backup job.
struct Gate {
    repo: Repo,
}

impl Gate {
    fn new() -> Self {
        let gate = Self { repo: Repo::new() };
        gate.repo.write("tidegate.yaml", GATE);
        gate.repo
            .write("db/cluster.yaml", gate.cluster("max_connections: '100'"));
        gate.repo.write("db/backup.yaml", BACKUP);
        gate.repo.write("docs/rollback.md", PLAN);
        gate.key("merge-signer", "signer.pem");
        gate.key("backup-reporter", "job.pem");
        gate.repo.commit("a database");
        gate
    }

    fn key(&self, role: &str, file: &str) {
        let key = self.repo.beside(file);
        let principal = file.trim_end_matches(".pem");
        let new = ["keys", "new", "--role", role, "--principal", principal];
        let to = [
            "--trust",
            ".tidegate/trust.json",
            "--out",
            key.to_str().unwrap(),
        ];
        let (text, exit) = run(&self.repo, &[&new[..], &to].concat());
        assert_eq!(exit, 0, "{text}");
    }

    #[expect(clippy::unused_self, reason = "it reads better beside the others")]
    fn cluster(&self, parameter: &str) -> String {
        CLUSTER.replace("PARAMETER", parameter)
    }

    fn label(&self) {
        let labelled = self
            .cluster("max_connections: '100'")
            .replace("shop}", "shop, labels: {team: a}}");
        self.repo
            .write("db/cluster.yaml", labelled)
            .commit("a label");
    }

    fn change(&self) {
        let changed = self.cluster("max_connections: '120'");
        self.repo
            .write("db/cluster.yaml", changed)
            .commit("a parameter");
    }

    /// The last commit.
    fn check(&self, more: &[&str]) -> (String, i32) {
        self.check_range("HEAD~1..HEAD", more)
    }

    fn check_range(&self, range: &str, more: &[&str]) -> (String, i32) {
        run(&self.repo, &[&["check", range], more].concat())
    }

    /// Signs, and gives the predicate of the newest link.
    fn sign(&self, how: &str, more: &[&str]) -> Value {
        let key = self.repo.beside("signer.pem");
        let link = self.repo.beside("link.json");
        let store = format!("folder:{}", self.repo.beside("verdicts").display());
        let sign = [how, "--env", "prod", "--verdicts", &store, "--key-file"];
        let files = [key.to_str().unwrap(), "-o", link.to_str().unwrap()];
        let (text, exit) = run(&self.repo, &[&sign[..], &files, more].concat());
        assert_eq!(exit, 0, "{text}");
        match fs::read(&link) {
            Ok(envelope) => predicate(&envelope),
            Err(_) => Value::Null,
        }
    }

    fn report(&self, ago: &str, folder: &str) {
        self.report_of("eu-1", ago, folder);
    }

    /// A backup of so long ago whose log was archived just now, and a restore.
    fn report_of(&self, cluster: &str, ago: &str, folder: &str) {
        self.report_by("job.pem", cluster, ago, folder);
    }

    fn report_by(&self, key: &str, cluster: &str, ago: &str, folder: &str) {
        let hours: i64 = ago.trim_end_matches('h').parse().unwrap();
        let finished = now() - SignedDuration::from_hours(hours);
        // More than one statement comes in a second.
        let sequence = hours_apart(hours);
        let list = json!({
            "backups": [{"label": "b1", "kind": "full", "finishedAt": finished.to_string(), "bytes": 1000}],
        });
        let file = self.repo.beside("list.json");
        fs::write(&file, list.to_string()).unwrap();
        let archived = now().to_string();
        self.say(
            key,
            "backup",
            cluster,
            folder,
            &[
                "--from",
                "json",
                "--sequence",
                &sequence,
                "--last-archived",
                &archived,
                file.to_str().unwrap(),
            ],
        );
        self.say(
            key,
            "restore-test",
            cluster,
            folder,
            &[
                "--sequence",
                &sequence,
                "--backup",
                "b1",
                "--started",
                &finished.to_string(),
                "--finished",
                &finished.to_string(),
                "--scope",
                "database",
            ],
        );
    }

    /// A backup that failed since the one of an hour ago.
    fn fail(&self, folder: &str) {
        let at = |minutes: i64| (now() - SignedDuration::from_mins(minutes)).to_string();
        let list = json!({"backups": [
            {"label": "b1", "kind": "full", "finishedAt": at(60), "bytes": 1000},
            {"label": "b2", "kind": "full", "finishedAt": at(10), "failed": "no space left"},
        ]});
        let file = self.repo.beside("list.json");
        fs::write(&file, list.to_string()).unwrap();
        let archived = at(0);
        let said = [
            "--from",
            "json",
            "--sequence",
            "999",
            "--last-archived",
            &archived,
        ];
        let file = [file.to_str().unwrap()];
        self.say(
            "job.pem",
            "backup",
            "eu-1",
            folder,
            &[&said[..], &file].concat(),
        );
    }

    fn say(&self, key: &str, kind: &str, cluster: &str, folder: &str, more: &[&str]) {
        let key = self.repo.beside(key);
        let folder = format!("{}/", folder.trim_end_matches('/'));
        let say = [
            "evidence",
            kind,
            "--env",
            "prod",
            "--cluster",
            cluster,
            "--object",
            "shop/Cluster.postgresql.cnpg.io/db",
            "--key-file",
            key.to_str().unwrap(),
            "-o",
            &folder,
        ];
        let (text, exit) = run(&self.repo, &[&say[..], more].concat());
        assert_eq!(exit, 0, "{text}");
    }
}

/// A number that is higher the fresher what is reported is.
fn hours_apart(hours: i64) -> String {
    (1_000 - hours).to_string()
}

/// What a signed statement says.
fn predicate(envelope: &[u8]) -> Value {
    let envelope: Value = serde_json::from_slice(envelope).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap());
    let mut statement: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
    statement["predicate"].take()
}

#[expect(clippy::disallowed_methods, reason = "the binary goes by the clock")]
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

const GATE: &str = "
profile: retail-prod
backups:
  stores: [{match: 's3://away/**', encrypted: true, offsite: true, immutable-days: 30}]
environments:
  - name: prod
    stage: recovery
    cluster: eu-1
    max-tier: critical
    sources:
      - {name: db, kind: Application, path: db}
";

const PLAN: &str = "# Rollback\n## Application\nrevert\n## Database\nnothing\n## Integrations\nstop\n## Criteria\nerrors\n## Authority\nops\n";
const CLUSTER: &str = "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
spec:
  instances: 3
  storage: {size: 10Gi}
  resources: {requests: {cpu: 1, memory: 2Gi}, limits: {memory: 2Gi}}
  postgresql: {parameters: {PARAMETER}}
  backup:
    retentionPolicy: 40d
    barmanObjectStore: {destinationPath: s3://away/db}
";

const BACKUP: &str = "
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: db, namespace: shop}
spec: {schedule: '0 0 2 * * *', cluster: {name: db}}
";

/// One environment with a unit of claims and one of Velero.
pub(crate) fn environment(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    repo.write("files/note.yaml", NOTE);
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("all of it");
    repo
}

const CONFIG: &str = "
profile: retail-prod
backups:
  stores: [{match: 'aws://away/**', encrypted: true, immutable-days: 30}]
environments:
  - name: prod
    stage: production
    sources:
      - {name: files, kind: Application, path: files}
      - {name: velero, kind: Application, path: velero}
";

const NOTE: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: shop}
";

pub(crate) const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
";

pub(crate) const SCHEDULE: &str = "
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: nightly, namespace: velero}
spec:
  schedule: 0 3 * * *
  template: {includedNamespaces: [shop], snapshotMoveData: true, ttl: 960h}
";

pub(crate) const LOCATION: &str = "
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: default, namespace: velero}
spec: {provider: aws, objectStorage: {bucket: away, prefix: shop}}
";
