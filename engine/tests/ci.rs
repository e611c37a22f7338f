//! `tidegate ci` on real repositories, with the files and variables of a job written by hand.
//! What the services make of it is not tested here: only what they are handed.

mod action;
mod bounds;
mod github;
mod gitlab;
mod signing;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tidegate::model::GitId;

use crate::support::Repo;

const CONFIG: &str = "environments:\n  - name: prod\n    paths: [\"prod/**\"]\n";
const WEB: &str = "prod/web.yaml";

/// A Deployment with a memory limit; an empty one is none.
fn deployment(replicas: u8, memory: &str) -> String {
    let limits = if memory.is_empty() {
        String::new()
    } else {
        format!(", limits: {{memory: {memory}}}")
    };
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  \
         replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n        - name: web\n          \
         image: registry.example/shop/web:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          \
         resources: {{requests: {{cpu: 1, memory: 1Gi}}{limits}}}\n"
    )
}

/// A repository as a job has it checked out: `origin/main` beside `HEAD`.
struct Job {
    repo: Repo,
    base: GitId,
}

/// What a step left behind.
struct Ran {
    exit: i32,
    log: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

impl Job {
    /// `main` is one commit ahead of where `feature` left it; `feature` has two commits, of which the
    /// first drops the memory limit. `merge` is what the service makes of both.
    fn new() -> Self {
        let repo = Repo::new();
        repo.write("tidegate.yaml", CONFIG)
            .write(WEB, deployment(2, "2Gi"))
            .commit("the shop");
        repo.git(&["switch", "--quiet", "--create", "feature"]);
        repo.write(WEB, deployment(2, "")).commit("let it breathe");
        repo.write(WEB, format!("# A comment.\n{}", deployment(2, "")))
            .commit("say so");
        repo.git(&["switch", "--quiet", "main"]);
        let base = repo.write("README.md", "a shop\n").commit("say what it is");
        let job = Self { repo, base };
        job.fetched("main");
        job.merge("merge", "feature");
        job
    }

    /// As a fetch leaves a branch.
    fn fetched(&self, branch: &str) {
        let reference = format!("refs/remotes/origin/{branch}");
        self.repo.git(&["update-ref", &reference, branch]);
    }

    /// Merges `branch` into the base, on a reference of its own.
    fn merge(&self, name: &str, branch: &str) {
        self.repo
            .git(&["switch", "--quiet", "--detach", &self.base.to_string()]);
        self.repo
            .git(&["merge", "--quiet", "--no-ff", "-m", "merge", branch]);
        self.repo
            .git(&["update-ref", &format!("refs/pull/1/{name}"), "HEAD"]);
    }

    fn check_out(&self, revision: &str) -> &Self {
        self.repo.git(&["switch", "--quiet", "--detach", revision]);
        self
    }

    fn pull_request(&self) -> Value {
        json!({
            "repository": {"default_branch": "main"},
            "pull_request": {
                "head": {"sha": self.repo.id("feature").to_string(), "ref": "feature"},
                "base": {"sha": self.base.to_string(), "ref": "main"},
            },
        })
    }

    fn runner_file(&self, name: &str) -> PathBuf {
        self.repo.beside(name)
    }

    /// The step's process; the files of the runner are empty.
    fn step(&self, event: &str, document: &Value) -> Command {
        for name in ["output", "summary"] {
            fs::write(self.runner_file(name), "").unwrap();
        }
        fs::create_dir_all(self.runner_file("temp")).unwrap();
        fs::write(self.runner_file("event.json"), document.to_string()).unwrap();
        let mut step = self.repo.command(env!("CARGO_BIN_EXE_tidegate"));
        step.args(["ci", "github"])
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", event)
            .env("GITHUB_EVENT_PATH", self.runner_file("event.json"))
            .env("GITHUB_REF", "refs/heads/main")
            .env("GITHUB_OUTPUT", self.runner_file("output"))
            .env("GITHUB_STEP_SUMMARY", self.runner_file("summary"))
            .env("RUNNER_TEMP", self.runner_file("temp"));
        step
    }

    fn run(&self, mut step: Command) -> Ran {
        let output = step.output().unwrap();
        let mut log = String::from_utf8(output.stdout).unwrap();
        log += std::str::from_utf8(&output.stderr).unwrap();
        let text = |name| fs::read_to_string(self.runner_file(name)).unwrap_or_default();
        Ran {
            exit: output.status.code().unwrap(),
            outputs: outputs(&text("output")),
            summary: text("summary"),
            log,
        }
    }

    fn github(&self, event: &str, document: &Value) -> Ran {
        self.run(self.step(event, document))
    }
}

impl Ran {
    fn output(&self, name: &str) -> &str {
        self.outputs
            .get(name)
            .map_or("(not written)", String::as_str)
    }

    /// Exit code and verdict, and that the log names a code.
    fn ends(&self, exit: i32, verdict: &str, code: &str) {
        assert_eq!(
            (self.exit, self.output("verdict")),
            (exit, verdict),
            "{}",
            self.log
        );
        assert!(self.log.contains(code), "{}", self.log);
    }
}

/// Reads the outputs as the runner does: a name, a delimiter, lines until the delimiter.
fn outputs(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines
            .by_ref()
            .take_while(|line| *line != delimiter)
            .collect();
        let twice = found.insert(name.to_owned(), value.join("\n"));
        assert_eq!(twice, None, "{name} is written twice");
    }
    found
}
