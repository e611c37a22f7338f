//! Which range a pipeline's variables mean, and the reports that GitLab reads.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{Job, WEB};

const MISSING: &str = "resources.missing-memory-limit";

fn pipeline(job: &Job, source: &str, variables: &[(&str, &str)]) -> (i32, String, Value) {
    let folder = job.runner_file("reports");
    let _ = fs::remove_dir_all(&folder);
    let mut command: Command = job.repo.command(env!("CARGO_BIN_EXE_tidegate"));
    let output = command
        .args(["ci", "gitlab", "--report-dir"])
        .arg(&folder)
        .env("GITLAB_CI", "true")
        .env("CI_PIPELINE_SOURCE", source)
        .env("CI_DEFAULT_BRANCH", "main")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let mut log = String::from_utf8(output.stdout).unwrap();
    log += std::str::from_utf8(&output.stderr).unwrap();
    let quality = fs::read(folder.join("gl-code-quality-report.json")).unwrap();
    let tests = fs::read_to_string(folder.join("tidegate-junit.xml")).unwrap();
    assert!(tests.contains("<testsuites"), "{tests}");
    let exit = output.status.code().unwrap();
    (exit, log, serde_json::from_slice(&quality).unwrap())
}

#[test]
fn a_merge_request_is_judged_as_its_merge() {
    let job = Job::new();
    let feature = job.repo.id("feature").to_string();
    let fork_point = job.repo.id("feature~2").to_string();
    let merge = job.repo.id("refs/pull/1/merge").to_string();
    let detached = [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &fork_point),
        ("CI_COMMIT_SHA", &feature),
    ];
    job.check_out("feature");
    let (exit, log, quality) = pipeline(&job, "merge_request_event", &detached);
    assert_eq!(exit, 1, "{log}");
    assert!(
        log.contains(MISSING) && log.contains("computed here"),
        "{log}"
    );
    assert_eq!(quality[0]["location"]["path"], WEB);

    job.repo
        .git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let mut ours = detached.to_vec();
    ours.push(("CI_DEFAULT_BRANCH", "main"));
    let (exit, log, _) = pipeline(&job, "merge_request_event", &ours);
    assert_eq!(exit, 1, "without the target: {log}");

    job.fetched("main");
    let merged = [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &fork_point),
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &feature),
        ("CI_COMMIT_SHA", &merge),
    ];
    job.check_out("refs/pull/1/merge");
    let (exit, log, _) = pipeline(&job, "merge_request_event", &merged);
    assert_eq!(exit, 1, "{log}");
    assert!(!log.contains("computed here"), "{log}");
}

#[test]
fn a_push_is_judged_and_anything_else_says_nothing() {
    let job = Job::new();
    job.check_out("feature");
    let (before, after) = (job.repo.id("feature~2"), job.repo.id("feature"));
    let push = [
        ("CI_COMMIT_BEFORE_SHA", before.to_string()),
        ("CI_COMMIT_SHA", after.to_string()),
        ("CI_COMMIT_BRANCH", "main".to_owned()),
    ];
    let push: Vec<(&str, &str)> = push
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let (exit, log, _) = pipeline(&job, "push", &push);
    assert_eq!(exit, 1, "{log}");
    let (exit, log, quality) = pipeline(&job, "schedule", &push);
    assert_eq!(exit, 3, "{log}");
    assert!(log.contains("ci.event"), "{log}");
    assert_eq!(quality.as_array().unwrap().len(), 1);
    let (exit, log, _) = pipeline(&job, "push", &push[..2]);
    assert_eq!(exit, 1, "a tag is judged by the main branch: {log}");
}
