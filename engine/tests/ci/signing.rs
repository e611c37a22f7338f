//! Signing in a job: after the merge only, with a key that nobody sees.

mod forms;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{Job, Ran, WEB, deployment};

/// A job on `main` whose store lies beside it, with the first links, and the signer's key.
struct Signer {
    job: Job,
    key: String,
}

impl Signer {
    fn new() -> Self {
        let job = Job::new();
        job.repo.git(&["switch", "--quiet", "main"]);
        let tidegate = |arguments: &[&str]| {
            let mut command = job.repo.command(env!("CARGO_BIN_EXE_tidegate"));
            crate::support::run(command.args(arguments), b"")
        };
        let key = job.runner_file("key.pem");
        let file = key.to_str().unwrap();
        let trust = tidegate(&["keys", "new", "--role", "merge-signer", "--out", file]);
        job.repo
            .write(".tidegate/trust.json", trust)
            .commit("trust the signer");
        let store = format!("folder:{}", job.runner_file("store").display());
        let to = ["--key-file", file, "--verdicts", &store];
        tidegate(&[&["baseline", "--env", "prod"], &to[..]].concat());
        let key = fs::read_to_string(key).unwrap();
        Self { job, key }
    }

    fn step(&self, event: &str) -> Command {
        let document = json!({"repository": {"default_branch": "main"}});
        let mut step = self.job.step(event, &document);
        let store = format!("folder:{}", self.job.runner_file("store").display());
        step.env("TIDEGATE_INPUT_COMMAND", "sign")
            .env("TIDEGATE_INPUT_PUBLISH", store)
            .env("TIDEGATE_SIGNING_KEY", &self.key);
        step
    }

    fn signs(&self) -> Ran {
        self.job.run(self.step("push"))
    }

    fn links(&self) -> usize {
        let folder = self.job.runner_file("store/links/prod/prod");
        fs::read_dir(folder).unwrap().count()
    }

    /// Commits on a branch of the queue's own, checks it out, and signs what the queue is about to merge.
    fn queues(&self, web: &str) -> Ran {
        let repo = &self.job.repo;
        let base = repo.id("main").to_string();
        repo.git(&["switch", "--quiet", "--detach", "main"]);
        let head = repo.write(WEB, web).commit("queued").to_string();
        self.queued(&base, &head)
    }

    fn queued(&self, base: &str, head: &str) -> Ran {
        let mut step = self.step("merge_group");
        let document = json!({
            "repository": {"default_branch": "main"},
            "merge_group": {"head_sha": head, "base_sha": base, "base_ref": "refs/heads/main"},
        });
        fs::write(self.job.runner_file("event.json"), document.to_string()).unwrap();
        self.job.run({
            step.env("TIDEGATE_INPUT_CANDIDATES", self.candidates());
            step
        })
    }

    fn candidates(&self) -> PathBuf {
        self.job.runner_file("candidates")
    }

    /// Signs what stands on `main`, with what the queue signed at hand.
    fn lands(&self) -> Ran {
        let mut step = self.step("push");
        step.env("TIDEGATE_INPUT_CANDIDATES", self.candidates());
        self.job.run(step)
    }
}

#[test]
fn what_was_merged_is_signed_once() {
    let signer = Signer::new();
    signer
        .job
        .repo
        .write(WEB, deployment(3, "2Gi"))
        .commit("one more");
    let ran = signer.signs();
    ran.ends(0, "pass", "link 1");
    assert_eq!(ran.output("units"), "prod/prod");
    assert_eq!(signer.links(), 2);
    let tree = ran.output("gated-trees").to_owned();
    assert!(ran.summary.contains(&tree), "{}", ran.summary);
    let envelope = fs::read_to_string(ran.output("verdict-paths")).unwrap();
    assert!(
        envelope.contains("application/vnd.in-toto+json"),
        "{envelope}"
    );
    let bundle: Value =
        serde_json::from_slice(&fs::read(ran.output("bundle-paths")).unwrap()).unwrap();
    assert_eq!(
        bundle["dsseEnvelope"],
        serde_json::from_str::<Value>(&envelope).unwrap()
    );
    assert!(!ran.summary.contains("· unsigned ·"), "{}", ran.summary);
    let footer = "· unsigned itself; the verdicts in the table above are signed ·";
    assert!(
        ran.summary.contains("✅ signed") && ran.summary.contains(footer),
        "{}",
        ran.summary
    );
    let ran = signer.job.run(signer.step("schedule"));
    ran.ends(0, "not-applicable", "nothing new");
    assert_eq!(signer.links(), 2);
}

#[test]
fn what_is_denied_is_red_and_no_link() {
    let signer = Signer::new();
    signer
        .job
        .repo
        .write(WEB, deployment(2, ""))
        .commit("let it breathe");
    let ran = signer.signs();
    ran.ends(1, "fail", "resources.missing-memory-limit");
    assert_eq!(
        (ran.output("verdict-paths"), ran.output("bundle-paths")),
        ("", "")
    );
    assert_eq!(signer.links(), 1);
    signer
        .job
        .repo
        .write(WEB, deployment(2, "3Gi"))
        .commit("mend it");
    signer.signs().ends(0, "pass", "link 1");
}

#[test]
fn nothing_is_signed_before_the_merge() {
    let signer = Signer::new();
    signer
        .job
        .repo
        .write(WEB, deployment(3, "2Gi"))
        .commit("one more");
    for event in [
        "pull_request",
        "pull_request_target",
        "pull_request_review",
        "issue_comment",
        "workflow_run",
        "merge_group",
        "",
    ] {
        let ran = signer.job.run(signer.step(event));
        assert_ne!(ran.exit, 0, "{event}: {}", ran.log);
        if !event.is_empty() {
            ran.ends(2, "error", "ci.event-cannot-sign");
        }
    }
    for reference in ["refs/heads/feature", "refs/pull/1/merge", "refs/tags/main"] {
        let mut step = signer.step("workflow_dispatch");
        step.env("GITHUB_REF", reference);
        signer
            .job
            .run(step)
            .ends(2, "error", "ci.event-cannot-sign");
    }
    assert_eq!(signer.links(), 1);
}

#[test]
fn no_command_signs_before_the_merge() {
    let signer = Signer::new();
    let repo = &signer.job.repo;
    repo.write(WEB, deployment(3, "2Gi")).commit("one more");
    let store = format!("folder:{}", signer.job.runner_file("store").display());
    let key = signer.job.runner_file("key.pem");
    let run = |command: &str, variable: (&str, &str)| {
        let mut sign = repo.command(env!("CARGO_BIN_EXE_tidegate"));
        sign.args([command, "--env", "prod", "--verdicts", &store, "--key-file"]);
        let output = sign.arg(&key).env(variable.0, variable.1).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let refused = said.starts_with("error[ci.event-cannot-sign]");
        (output.status.code().unwrap(), refused)
    };
    for variable in [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_NAME", "pull_request_target"),
        ("GITHUB_EVENT_NAME", "issue_comment"),
        ("GITHUB_EVENT_NAME", "workflow_run"),
        ("GITHUB_EVENT_NAME", "merge_group"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_PIPELINE_SOURCE", "external_pull_request_event"),
        ("CI_PIPELINE_SOURCE", "parent_pipeline"),
        ("CI_MERGE_REQUEST_IID", "7"),
    ] {
        for command in ["sign", "baseline"] {
            assert_eq!(run(command, variable), (2, true), "{command} {variable:?}");
        }
    }
    assert_eq!(signer.links(), 1);
    assert_eq!(run("sign", ("CI_PIPELINE_SOURCE", "schedule")), (0, false));
    assert_eq!(run("sign", ("GITHUB_EVENT_NAME", "push")), (0, false));
    assert_eq!(signer.links(), 2);
}

#[test]
fn without_key_or_store_nothing_is_signed() {
    let signer = Signer::new();
    let mut step = signer.step("push");
    step.env_remove("TIDEGATE_SIGNING_KEY");
    signer.job.run(step).ends(3, "error", "ci.no-key");
    let mut step = signer.step("push");
    step.env("TIDEGATE_INPUT_PUBLISH", "none");
    signer.job.run(step).ends(2, "error", "usage.input");
}

#[test]
fn the_key_is_masked_and_shown_nowhere_else() {
    let signer = Signer::new();
    signer
        .job
        .repo
        .write(WEB, deployment(3, "2Gi"))
        .commit("one more");
    let body = signer.key.lines().nth(1).unwrap();
    let ran = signer.signs();
    assert_eq!(ran.log.matches(body).count(), 1, "{}", ran.log);
    assert!(
        ran.log.contains(&format!("::add-mask::{body}\n")),
        "{}",
        ran.log
    );
    assert!(!ran.summary.contains(body));
    assert!(!ran.outputs.values().any(|value| value.contains(body)));
    // Nobody swallows a mask where no runner reads the log.
    let mut step = signer.step("push");
    step.env_remove("GITHUB_ACTIONS");
    let ran = signer.job.run(step);
    assert_eq!(ran.exit, 0, "{}", ran.log);
    assert!(!ran.log.contains(body), "{}", ran.log);
    let mut step = signer.step("push");
    let broken = signer.key.replace(body, &body.replace('A', "*"));
    step.env("TIDEGATE_SIGNING_KEY", broken)
        .env_remove("GITHUB_ACTIONS");
    let ran = signer.job.run(step);
    assert_eq!(
        (ran.exit, ran.output("verdict")),
        (3, "error"),
        "{}",
        ran.log
    );
    assert!(!ran.log.contains(&body[..16]), "{}", ran.log);
}

#[test]
fn what_a_queue_merges_was_signed_before_and_is_published_after() {
    let signer = Signer::new();
    let ran = signer.queues(&deployment(3, "2Gi"));
    ran.ends(0, "pass", "link 1");
    assert!(
        ran.summary.contains("about to merge into"),
        "{}",
        ran.summary
    );
    assert_eq!(signer.links(), 1, "nothing is published before the merge");
    let candidate = fs::read(signer.candidates().join("links/prod/prod/1.json")).unwrap();
    let repo = &signer.job.repo;
    repo.git(&["branch", "--quiet", "--force", "main", "HEAD"]);
    repo.git(&["switch", "--quiet", "main"]);
    let ran = signer.lands();
    ran.ends(0, "not-applicable", "what the queue signed is link 1");
    let link = signer.job.runner_file("store/links/prod/prod/1.json");
    assert_eq!(fs::read(link).unwrap(), candidate);
    let ran = signer.lands();
    ran.ends(
        0,
        "not-applicable",
        "stays behind, it does not verify as the next link",
    );
    assert_eq!(signer.links(), 2);
}

#[test]
fn what_is_no_folder_of_candidates_stops_no_signing() {
    let signer = Signer::new();
    fs::write(signer.candidates(), "notes").unwrap();
    let repo = &signer.job.repo;
    repo.write(WEB, deployment(3, "2Gi")).commit("one more");
    let ran = signer.lands();
    ran.ends(
        0,
        "pass",
        "no use of `candidates`, so that all is judged now",
    );
    assert_eq!(signer.links(), 2);
}

#[test]
fn what_a_queue_drops_is_never_published() {
    let signer = Signer::new();
    signer
        .queues(&deployment(3, "2Gi"))
        .ends(0, "pass", "link 1");
    let repo = &signer.job.repo;
    let dropped = repo.id("HEAD");
    repo.git(&["switch", "--quiet", "main"]);
    // Also where it comes in by the side, which is not what was judged.
    repo.write(WEB, deployment(4, "2Gi")).commit("another");
    let side = [
        "merge",
        "--quiet",
        "--strategy=ours",
        "--no-edit",
        &dropped.to_string(),
    ];
    repo.git(&side);
    let ran = signer.lands();
    ran.ends(
        0,
        "pass",
        "stays behind, its commit did not become the branch",
    );
    let candidate = fs::read(signer.candidates().join("links/prod/prod/1.json")).unwrap();
    let link = signer.job.runner_file("store/links/prod/prod/1.json");
    assert_ne!(fs::read(link).unwrap(), candidate);
}

#[test]
fn what_a_queue_signed_is_judged_again_where_the_gate_changed_first() {
    let signer = Signer::new();
    signer
        .queues(&deployment(3, "2Gi"))
        .ends(0, "pass", "link 1");
    let repo = &signer.job.repo;
    let queued = repo.id("HEAD").to_string();
    repo.git(&["switch", "--quiet", "main"]);
    let config = fs::read_to_string(repo.path().join("tidegate.yaml")).unwrap();
    repo.git(&["merge", "--quiet", "--ff-only", &queued]);
    repo.write("tidegate.yaml", format!("# Ours.\n{config}"))
        .commit("a gate of our own");
    let tidegate = |arguments: &[&str]| {
        let mut command = repo.command(env!("CARGO_BIN_EXE_tidegate"));
        crate::support::run(command.args(arguments), b"")
    };
    let store = format!("folder:{}", signer.job.runner_file("store").display());
    let key = signer.job.runner_file("key.pem").display().to_string();
    let only = [
        "sign",
        "--env",
        "prod",
        "--unit",
        "gate",
        "--key-file",
        &key,
    ];
    tidegate(&[&only[..], &["--verdicts", &store]].concat());
    signer
        .lands()
        .ends(0, "pass", "stays behind, the gate has changed since");
    assert_eq!(signer.links(), 2);
}

#[test]
fn what_a_queue_would_merge_and_nobody_would_sign_is_red() {
    let signer = Signer::new();
    signer
        .queues(&deployment(2, ""))
        .ends(1, "fail", "resources.missing-memory-limit");
    assert!(!signer.candidates().join("links").exists());
    let (base, older) = (signer.job.repo.id("main"), signer.job.repo.id("main~1"));
    signer
        .queued(&base.to_string(), &older.to_string())
        .ends(3, "error", "sign.not-queued");
    assert_eq!(signer.links(), 1);
}
