//! What signed rehearsals let through: `check`, and the verdict that names them.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{said, tidegate};
use crate::support::Repo;

#[test]
fn a_risky_image_needs_that_its_way_back_was_tried() {
    let gate = Gate::new();
    let (text, exit) = gate.check();
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("rollback.rehearsal-missing"), "{text}");
    // The other way round, and by a key that may not.
    let old = gate.rehearse("rehearsals.pem", [OLD, NEW], &[]);
    assert_eq!(old.1, 0, "{}", old.0);
    let (text, exit) = gate.rehearse("job.pem", [NEW, OLD], &[]);
    assert!(exit == 3 && text.contains("key.not-at-hand"), "{text}");
    gate.repo.commit("evidence");
    assert_eq!(gate.check().1, 1);
    let (text, exit) = gate.rehearse("rehearsals.pem", [NEW, OLD], &[]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("a rollback of 300 seconds that served again"),
        "{text}"
    );
    gate.repo.commit("evidence");
    let (text, exit) = gate.check();
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = gate.run(&["evidence", "list", "--env", "prod"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains(&format!(
            "taken back from {NEW} to {OLD} 1 h 0 min ago, within 5 min 0 s"
        )),
        "{text}"
    );
    // Of backups it says nothing.
    let (text, exit) = gate.run(&["evidence", "list", "--env", "prod", "--max-age", "1d"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("too old: there is no evidence at all"),
        "{text}"
    );
    gate.rehearse("rehearsals.pem", [NEW, OLD], &["--failed"]);
    gate.repo.commit("it failed since");
    let (text, exit) = gate.check();
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("the last try failed"), "{text}");
}

#[test]
fn the_word_that_a_rollback_failed_is_not_taken_away() {
    let gate = Gate::new();
    gate.rehearse("rehearsals.pem", [NEW, OLD], &[]);
    gate.repo.commit("evidence");
    let known: Vec<_> = gate.statements();
    gate.rehearse("rehearsals.pem", [NEW, OLD], &["--failed"]);
    gate.repo.commit("it failed since");
    for path in gate.statements() {
        if !known.contains(&path) {
            gate.repo.git(&["rm", "-q", &path]);
        }
    }
    gate.repo.commit("no bad word");
    let (text, exit) = gate.run(&["check", "HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    let told = "said that shop/Deployment.apps/web could not be taken back";
    assert!(words.join(" ").contains(told), "{text}");
}

#[test]
fn a_verdict_names_the_rehearsal_and_ends_with_it() {
    let gate = Gate::new();
    let newer = gate.repo.id("HEAD").to_string();
    gate.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    gate.sign("baseline");
    gate.repo.git(&["reset", "-q", "--hard", &newer]);
    gate.rehearse_at("rehearsals.pem", [NEW, OLD], 30 * 24 - 1, &[]);
    gate.repo.commit("evidence");
    let signed = gate.sign("sign");
    let named = signed["inputAttestations"].as_array().unwrap().len();
    assert_eq!(named, 1, "{signed:#}");
    let until = &signed["https://tidegate.dev/verdict/v1"]["validUntil"];
    let until: Timestamp = until.as_str().unwrap().parse().unwrap();
    let most = now() + SignedDuration::from_mins(61);
    assert!(until > now() && until < most, "{until}");
}

#[test]
fn a_script_needs_that_its_very_text_was_reviewed_and_run_elsewhere() {
    let gate = Gate::with(&CONFIG.replace(
        "{rollback-readiness: {rehearsal-stages: [recovery]}}",
        "{migrations: {rehearsal-stages: [recovery], review-stages: [recovery]}}",
    ));
    gate.repo
        .write(SCRIPT, "ALTER TABLE shop_flag ADD COLUMN note text;\n");
    gate.repo.commit("a script");
    let (text, exit) = gate.check();
    assert_eq!(exit, 1, "{text}");
    for code in ["migration.review-missing", "migration.rehearsal-missing"] {
        assert!(text.contains(code), "{code}: {text}");
    }
    let started = (now() - SignedDuration::from_mins(4)).to_string();
    let rehearsed = ["--started", &started, "--database-bytes", "2000000000"];
    for (kind, key, more) in [
        ("migration-review", "ann.pem", &[][..]),
        ("migration-rehearsal", "rehearsals.pem", &rehearsed),
    ] {
        let (text, exit) = gate.say_of_script(kind, "job.pem", more);
        assert!(exit == 3 && text.contains("key.not-at-hand"), "{text}");
        let (text, exit) = gate.say_of_script(kind, key, more);
        assert_eq!(exit, 0, "{text}");
    }
    gate.repo.commit("evidence");
    let (text, exit) = gate.check();
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = gate.run(&["evidence", "list", "--env", "prod"]);
    assert_eq!(exit, 0, "{text}");
    for wanted in [
        "  approved ",
        " s ago (signed by ann)",
        "on 2000000000 bytes (signed by rehearsals)",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    // Whoever rejects it is heard, and that word stays.
    gate.say_of_script("migration-review", "ann.pem", &["--rejected"]);
    gate.repo.commit("no");
    let (text, exit) = gate.check();
    assert!(exit == 1 && text.contains("was rejected by ann"), "{text}");
    let last = gate.repo.git(&["diff", "--name-only", "HEAD~1"]);
    gate.repo.git(&["rm", "-q", last.trim()]);
    gate.repo.commit("no word of it");
    let (text, exit) = gate.run(&["check", "HEAD~1..HEAD"]);
    assert!(
        exit == 1 && text.contains("engine.evidence-removed"),
        "{text}"
    );
    gate.say_of_script("migration-review", "ann.pem", &[]);
    gate.repo.commit("yes");
    assert_eq!(gate.check().1, 0);
    gate.repo
        .write(SCRIPT, "ALTER TABLE shop_flag ADD COLUMN notes text;\n");
    gate.repo.commit("another text");
    let (text, exit) = gate.check();
    assert!(
        exit == 1 && text.contains("migration.review-missing"),
        "{text}"
    );
}

/// A Deployment that gets another image in the last commit, and the keys of a job that rehearses and of one that backs up.
struct Gate {
    repo: Repo,
}

impl Gate {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(config: &str) -> Self {
        let gate = Self { repo: Repo::new() };
        gate.repo.write("tidegate.yaml", config);
        gate.repo.write("docs/rollback.md", PLAN);
        for (role, principal) in [
            ("merge-signer", "signer"),
            ("rehearsal-reporter", "rehearsals"),
            ("backup-reporter", "job"),
            ("approver", "ann"),
        ] {
            let key = gate.repo.beside(&format!("{principal}.pem"));
            let new = ["keys", "new", "--role", role, "--principal", principal];
            let out = [
                "--trust",
                ".tidegate/trust.json",
                "--out",
                key.to_str().unwrap(),
            ];
            let (text, exit) = gate.run(&[&new[..], &out].concat());
            assert_eq!(exit, 0, "{text}");
        }
        for image in [format!("17.0@{OLD}"), format!("18.0@{NEW}")] {
            gate.repo
                .write("web/web.yaml", WEB.replace("IMAGE", &image));
            gate.repo.commit(&image);
        }
        gate
    }

    fn run(&self, arguments: &[&str]) -> (String, i32) {
        said(&tidegate(self.repo.path()).args(arguments).output().unwrap())
    }

    /// All since the image of before.
    fn check(&self) -> (String, i32) {
        let commits = self.repo.git(&["rev-list", "--reverse", "HEAD"]);
        let first = commits.lines().next().unwrap();
        self.run(&["check", &format!("{first}..HEAD")])
    }

    fn rehearse(&self, key: &str, way: [&str; 2], more: &[&str]) -> (String, i32) {
        self.rehearse_at(key, way, 1, more)
    }

    /// A rollback of five minutes that was over some hours ago.
    fn rehearse_at(
        &self,
        key: &str,
        [from, to]: [&str; 2],
        hours: i64,
        more: &[&str],
    ) -> (String, i32) {
        let key = self.repo.beside(key);
        let finished = now() - SignedDuration::from_hours(hours);
        let started = finished - SignedDuration::from_mins(5);
        let (started, finished) = (started.to_string(), finished.to_string());
        let what = [
            "evidence",
            "rollback-test",
            "--env",
            "prod",
            "--object",
            "shop/Deployment.apps/web",
        ];
        let how = [
            "--from",
            from,
            "--to",
            to,
            "--started",
            &started,
            "--finished",
            &finished,
        ];
        let by = ["--key-file", key.to_str().unwrap(), "-o", FOLDER];
        self.run(&[&what[..], &how, &by, more].concat())
    }

    /// Says something of the script, as it lies there.
    fn say_of_script(&self, kind: &str, key: &str, more: &[&str]) -> (String, i32) {
        let key = self.repo.beside(key);
        let folder = format!(".tidegate/evidence/{kind}/");
        let what = ["evidence", kind, "--env", "prod", "--script", SCRIPT];
        let by = ["--key-file", key.to_str().unwrap(), "-o", &folder];
        self.run(&[&what[..], &by, more].concat())
    }

    /// The paths of all that was said.
    fn statements(&self) -> Vec<String> {
        let listed = self.repo.git(&["ls-files", FOLDER]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Signs, and gives the predicate of the newest link.
    fn sign(&self, how: &str) -> Value {
        let (key, link) = (
            self.repo.beside("signer.pem"),
            self.repo.beside("link.json"),
        );
        let store = format!("folder:{}", self.repo.beside("verdicts").display());
        let sign = [how, "--env", "prod", "--verdicts", &store, "--key-file"];
        let files = [key.to_str().unwrap(), "-o", link.to_str().unwrap()];
        let (text, exit) = self.run(&[&sign[..], &files].concat());
        assert_eq!(exit, 0, "{text}");
        let Ok(envelope) = fs::read(&link) else {
            return Value::Null;
        };
        let envelope: Value = serde_json::from_slice(&envelope).unwrap();
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap());
        let mut statement: Value = serde_json::from_slice(&payload.unwrap()).unwrap();
        statement["predicate"].take()
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the real clock")]
fn now() -> Timestamp {
    let seconds = Timestamp::now().as_second();
    Timestamp::from_second(seconds).unwrap()
}

const SCRIPT: &str = "web/migrations/V2__note.sql";
const FOLDER: &str = ".tidegate/evidence/rollback-test/";
const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const PLAN: &str = "# Rollback\n## Application\nrevert\n## Database\nnothing\n## Integrations\nstop\n## Criteria\nerrors\n## Authority\nops\n";

const CONFIG: &str = "
profile: retail-prod
images: {registries: ['**'], signatures: of-authorities}
policies: {rollback-readiness: {rehearsal-stages: [recovery]}}
environments:
  - name: prod
    stage: recovery
    max-tier: critical
    sources:
      - {name: web, kind: Application, path: web}
";

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: 'r.example/shop/odoo:IMAGE'
          resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}
";
