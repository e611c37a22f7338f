//! Which range an event means, who judges it, and what is handed on.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::{CONFIG, Job, WEB, deployment};
use crate::support::run;

const MISSING: &str = "resources.missing-memory-limit";
const ZERO: &str = "0000000000000000000000000000000000000000";

#[test]
fn a_fault_in_the_first_of_two_commits_is_found_by_merge_and_by_head() {
    let job = Job::new();
    let event = job.pull_request();
    let merged = job
        .check_out("refs/pull/1/merge")
        .github("pull_request", &event);
    merged.ends(1, "fail", MISSING);
    assert!(!merged.log.contains("computed here"), "{}", merged.log);
    let head = job.check_out("feature").github("pull_request", &event);
    head.ends(1, "fail", MISSING);
    assert!(head.log.contains("computed here"), "{}", head.log);
    for ran in [merged, head] {
        assert_eq!(ran.output("deny-count"), "1");
        assert_eq!(ran.output("units"), "prod/prod");
        assert_eq!(ran.output("gated-trees").len(), 40);
        assert!(
            ran.log.contains("::error file=prod/web.yaml,line="),
            "{}",
            ran.log
        );
        assert!(ran.summary.contains(MISSING), "{}", ran.summary);
        let report = fs::read(ran.output("report-path")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["outcome"], "fail");
    }
}

#[test]
fn what_is_rendered_elsewhere_is_rendered_in_a_job_too() {
    let job = Job::new();
    let config = CONFIG.replace(
        "paths: [\"prod/**\"]",
        "sources: [{name: web, kind: Application, path: prod, render: {tool: kustomize}}]",
    );
    job.repo.git(&["switch", "--quiet", "main"]);
    job.repo
        .write("tidegate.yaml", config)
        .write("prod/kustomization.yaml", "resources: [web.yaml]\n");
    let before = job.repo.commit("a kustomization");
    let text = deployment(3, "2Gi");
    let after = job.repo.write(WEB, text).commit("one more");
    let event = json!({
        "repository": {"default_branch": "main"},
        "before": before.to_string(), "after": after.to_string(), "forced": false, "created": false, "deleted": false,
    });
    let mut step = job.step("push", &event);
    // There is no program here that could: that it is looked for is what is seen.
    step.env("TIDEGATE_KUSTOMIZE", job.repo.beside("kustomize"));
    job.run(step).ends(3, "error", "render.tool-");
}

#[test]
fn a_merge_of_another_head_is_not_what_is_judged() {
    let job = Job::new();
    // What the reference held before the fault was pushed.
    job.repo.git(&["branch", "--quiet", "older", "feature~2"]);
    job.repo.git(&["switch", "--quiet", "older"]);
    job.repo.write("prod/more.yaml", "").commit("sound");
    job.merge("stale", "older");
    let ran = job
        .check_out("refs/pull/1/stale")
        .github("pull_request", &job.pull_request());
    ran.ends(1, "fail", MISSING);
    assert!(ran.log.contains("computed here"), "{}", ran.log);
}

#[test]
fn a_merge_into_a_base_of_its_authors_own_is_not_what_is_judged() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "main"]);
    job.repo.git(&["switch", "--quiet", "-c", "evil"]);
    let config = fs::read_to_string(job.repo.path().join("tidegate.yaml")).unwrap();
    let observing = config.replace("- name: prod\n", "- name: prod\n    enforcement: observe\n");
    assert_ne!(observing, config);
    job.repo.write("tidegate.yaml", observing).commit("observe");
    let merge = ["merge", "--quiet", "--no-edit", "feature"];
    job.repo.git(&merge);
    let ran = job.github("pull_request", &job.pull_request());
    ran.ends(1, "fail", MISSING);
    assert!(ran.log.contains("computed here"), "{}", ran.log);
}

#[test]
fn a_merge_into_what_the_branch_holds_by_now_is_what_is_judged() {
    let mut job = Job::new();
    let event = job.pull_request();
    job.repo.git(&["switch", "--quiet", "main"]);
    job.base = job.repo.write("README.md", "a fine shop\n").commit("newer");
    job.fetched("main");
    job.merge("newer", "feature");
    let ran = job
        .check_out("refs/pull/1/newer")
        .github("pull_request", &event);
    ran.ends(1, "fail", MISSING);
    assert!(!ran.log.contains("computed here"), "{}", ran.log);
    let ran = job.check_out("feature").github("pull_request", &event);
    let said = format!("into {}, computed here", job.base);
    ran.ends(1, "fail", &said);
}

#[test]
fn a_merge_into_a_commit_that_was_never_a_head_of_the_branch_is_not_what_is_judged() {
    let mut job = Job::new();
    let event = job.pull_request();
    job.repo.git(&["switch", "--quiet", "main"]);
    let config = fs::read_to_string(job.repo.path().join("tidegate.yaml")).unwrap();
    let observing = config.replace("- name: prod\n", "- name: prod\n    enforcement: observe\n");
    job.base = job.repo.write("tidegate.yaml", observing).commit("observe");
    // Both came with one push.
    job.repo.write("tidegate.yaml", config).commit("enforce");
    job.fetched("main");
    job.merge("between", "feature");
    let ran = job
        .check_out("refs/pull/1/between")
        .github("pull_request", &event);
    ran.ends(1, "fail", MISSING);
    let said = format!("into {}, computed here", job.repo.id("main"));
    assert!(ran.log.contains(&said), "{}", ran.log);
}

#[test]
fn what_the_base_changed_meanwhile_is_not_blamed_on_the_pull_request() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "main"]);
    job.repo
        .git(&["branch", "--quiet", "--force", "feature", "main"]);
    job.repo
        .write(WEB, deployment(2, ""))
        .commit("a fault on main");
    let base = job.repo.id("HEAD");
    job.repo.git(&["switch", "--quiet", "feature"]);
    job.repo
        .write(
            "prod/other.yaml",
            deployment(2, "1Gi").replace("web", "other"),
        )
        .commit("sound");
    let mut event = job.pull_request();
    event["pull_request"]["base"]["sha"] = base.to_string().into();
    job.github("pull_request", &event)
        .ends(0, "pass", "computed here");
}

#[test]
fn a_conflict_is_an_error_that_says_where() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "main"]);
    let base = job.repo.write(WEB, "other: lines\n").commit("other lines");
    let mut event = job.pull_request();
    event["pull_request"]["base"]["sha"] = base.to_string().into();
    let ran = job.check_out("feature").github("pull_request", &event);
    ran.ends(3, "error", "merge.conflict");
    assert!(ran.log.contains(WEB), "{}", ran.log);
    assert!(ran.summary.contains("merge.conflict"), "{}", ran.summary);
}

#[test]
#[cfg(unix)]
fn no_report_is_written_through_a_link_out_of_the_checkout() {
    let job = Job::new();
    let outside = job.runner_file("outside");
    fs::create_dir(&outside).unwrap();
    job.repo.git(&["switch", "--quiet", "feature"]);
    std::os::unix::fs::symlink(&outside, job.repo.path().join("d")).unwrap();
    job.repo.git(&["add", "--all"]);
    job.repo.commit("a way out");
    for (input, value) in [("SARIF_FILE", "d/out.sarif"), ("REPORT_DIR", "d")] {
        let mut step = job.step("pull_request", &job.pull_request());
        step.env(format!("TIDEGATE_INPUT_{input}"), value);
        let ran = job.run(step);
        assert_eq!(ran.exit, 3, "{}", ran.log);
        assert!(ran.log.contains("out of the checkout"), "{}", ran.log);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    }
    let mut step = job.step("pull_request", &job.pull_request());
    step.env("TIDEGATE_INPUT_SARIF_FILE", "out.sarif");
    let ran = job.run(step);
    ran.ends(1, "fail", MISSING);
    assert!(job.repo.path().join("out.sarif").is_file());
}

#[test]
fn a_shallow_clone_is_told_the_lines_to_add() {
    let job = Job::new();
    let event = job.pull_request();
    for checkout in ["refs/pull/1/merge", "feature"] {
        let from = format!("file://{}", job.repo.path().display());
        let clone = job.repo.beside("shallow");
        let _ = fs::remove_dir_all(&clone);
        job.check_out(checkout);
        run(
            Command::new("git")
                .args(["clone", "--quiet", "--depth=1", &from])
                .arg(&clone),
            b"",
        );
        let mut step = job.step("pull_request", &event);
        let ran = job.run({
            step.current_dir(&clone);
            step
        });
        ran.ends(3, "error", "git.shallow");
        assert!(ran.log.contains("fetch-depth: 0"), "{}", ran.log);
        let shallow = fs::read_to_string(clone.join(".git/shallow")).unwrap();
        assert_eq!(shallow.lines().count(), 1, "nothing is fetched");
    }
}

#[test]
fn a_queued_merge_is_judged_from_its_base() {
    let job = Job::new();
    let head = job.repo.id("refs/pull/1/merge").to_string();
    let event = json!({
        "repository": {"default_branch": "main"},
        "merge_group": {
            "head_sha": head, "base_sha": job.base.to_string(), "base_ref": "refs/heads/main",
        },
    });
    let ran = job.check_out(&head).github("merge_group", &event);
    ran.ends(1, "fail", MISSING);
}

#[test]
fn a_push_is_judged_from_the_commit_before_it() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "main"]);
    job.repo
        .git(&["merge", "--quiet", "--no-ff", "-m", "merge", "feature"]);
    let push = |before: &str| {
        json!({
            "repository": {"default_branch": "main"},
            "before": before, "after": job.repo.id("main").to_string(),
        })
    };
    let ran = job.github("push", &push(&job.base.to_string()));
    ran.ends(1, "fail", MISSING);
    let ran = job.github("push", &push(ZERO));
    ran.ends(1, "fail", "bootstrap");
}

#[test]
fn a_new_branch_is_judged_from_where_it_left_the_main_one() {
    let job = Job::new();
    job.check_out("feature");
    let event = json!({
        "repository": {"default_branch": "main"},
        "before": ZERO, "after": job.repo.id("feature").to_string(),
    });
    let mut step = job.step("push", &event);
    step.env("GITHUB_REF", "refs/heads/feature");
    let ran = job.run(step);
    ran.ends(1, "fail", MISSING);
    assert!(!ran.log.contains("bootstrap"), "{}", ran.log);
}

#[test]
fn the_base_of_a_stacked_pull_request_is_no_judge() {
    let job = Job::new();
    job.repo
        .git(&["switch", "--quiet", "--create", "stack", "main"]);
    let relaxed = format!("{CONFIG}    enforcement: observe\n");
    let base = job.repo.write("tidegate.yaml", relaxed).commit("look away");
    job.fetched("stack");
    job.repo.git(&["switch", "--quiet", "--create", "stacked"]);
    job.repo.write(WEB, deployment(2, "")).commit("a fault");
    let event = json!({
        "repository": {"default_branch": "main"},
        "pull_request": {
            "head": {"sha": job.repo.id("stacked").to_string()},
            "base": {"sha": base.to_string(), "ref": "stack"},
        },
    });
    let ran = job.github("pull_request", &event);
    ran.ends(1, "fail", MISSING);
    assert!(
        ran.log.contains("judged by refs/remotes/origin/main"),
        "{}",
        ran.log
    );
    // A branch that an environment follows is protected as the main one is.
    job.repo.git(&["switch", "--quiet", "main"]);
    let followed = CONFIG.to_owned() + "  - {name: next, branch: stack, paths: [\"next/**\"]}\n";
    job.repo
        .write("tidegate.yaml", followed)
        .commit("follow it");
    job.fetched("main");
    let ran = job.check_out("stacked").github("pull_request", &event);
    ran.ends(0, "would-fail", MISSING);
    let mut step = job.step("pull_request", &event);
    step.env("TIDEGATE_INPUT_POLICY_REF", "main");
    assert_eq!(job.run(step).output("verdict"), "fail");
}

#[test]
fn a_change_of_nothing_gated_is_green_and_says_so() {
    let job = Job::new();
    job.repo
        .git(&["branch", "--quiet", "--force", "feature", "main"]);
    job.check_out("feature")
        .repo
        .write("README.md", "a shop!\n")
        .commit("louder");
    job.repo
        .git(&["branch", "--quiet", "--force", "feature", "HEAD"]);
    let ran = job.github("pull_request", &job.pull_request());
    ran.ends(0, "not-applicable", "not applicable");
    assert_eq!(ran.output("deny-count"), "0");
    assert_eq!(ran.output("units"), "");
}

#[test]
fn fail_on_moves_the_exit_and_never_the_verdict() {
    let job = Job::new();
    job.check_out("feature");
    let with = |value: &str| {
        let mut step = job.step("pull_request", &job.pull_request());
        step.env("TIDEGATE_INPUT_FAIL_ON", value);
        job.run(step)
    };
    with("never").ends(0, "fail", "fail-on: never");
    with("deny").ends(1, "fail", MISSING);
    with("warn").ends(1, "fail", MISSING);
    let mut step = job.step("pull_request", &job.pull_request());
    step.env("TIDEGATE_INPUT_FAIL_ON", "never")
        .env("TIDEGATE_INPUT_BASE", "nowhere");
    job.run(step).ends(2, "error", "usage.unknown-revision");
}

#[test]
fn an_event_that_names_nothing_needs_a_base() {
    let job = Job::new();
    job.check_out("refs/pull/1/merge");
    let event = json!({"repository": {"default_branch": "main"}});
    job.github("workflow_dispatch", &event)
        .ends(3, "error", "ci.event");
    let mut step = job.step("workflow_dispatch", &event);
    step.env("TIDEGATE_INPUT_BASE", job.base.to_string());
    job.run(step).ends(1, "fail", MISSING);
}

#[test]
fn an_event_file_that_is_not_one_is_no_answer() {
    let job = Job::new();
    job.check_out("feature");
    let event = job.runner_file("event.json");
    let with = |make: &dyn Fn()| {
        let step = job.step("pull_request", &job.pull_request());
        let _ = fs::remove_file(&event);
        make();
        job.run(step).ends(3, "error", "ci.event");
        let _ = fs::remove_dir(&event);
    };
    with(&|| {});
    with(&|| fs::create_dir(&event).unwrap());
    with(&|| fs::write(&event, "[]").unwrap());
    with(&|| fs::write(&event, "{").unwrap());
    with(&|| fs::write(&event, vec![b' '; (8 << 20) + 1]).unwrap());
    let mut number = job.pull_request();
    number["pull_request"]["base"]["sha"] = 7.into();
    with(&|| fs::write(&event, number.to_string()).unwrap());
}

#[test]
fn a_result_that_cannot_be_handed_on_is_no_result() {
    let job = Job::new();
    job.check_out("feature");
    for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let mut step = job.step("pull_request", &job.pull_request());
        step.env(name, job.runner_file("temp"));
        let ran = job.run(step);
        assert_eq!(ran.exit, 3, "{}", ran.log);
        assert!(
            ran.log.contains("ci.event") && ran.log.contains(name),
            "{}",
            ran.log
        );
        let mut step = job.step("pull_request", &job.pull_request());
        step.env_remove(name);
        assert_eq!(job.run(step).exit, 3);
    }
    let mut step = job.step("pull_request", &job.pull_request());
    step.env("GITLAB_CI", "true");
    let ran = job.run(step);
    assert_eq!(ran.exit, 2, "{}", ran.log);
    assert!(ran.log.contains("ci.ambiguous"), "{}", ran.log);
    let mut step = job.step("pull_request", &job.pull_request());
    step.env("TIDEGATE_INPUT_FAILON", "never");
    let ran = job.run(step);
    assert_eq!(ran.exit, 2, "{}", ran.log);
    assert!(ran.log.contains("`failon`"), "{}", ran.log);
}

#[test]
fn what_came_out_is_handed_on_before_anything_is_drawn() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "feature"]);
    for number in 0..200 {
        let other = deployment(2, "").replace("web", &format!("web-{number}"));
        job.repo.write(format!("prod/{number}.yaml"), other);
    }
    job.repo.commit("many");
    // Nobody reads what is drawn, so that drawing never ends.
    let mut step = job.step("pull_request", &job.pull_request());
    step.stdout(std::process::Stdio::piped());
    step.stderr(std::process::Stdio::null());
    let mut child = step.spawn().unwrap();
    let output = || fs::read_to_string(job.runner_file("output")).unwrap();
    let handed_on = (0..1200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        output().contains("verdict<<")
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(handed_on, "{}", output());
    let summary = fs::read_to_string(job.runner_file("summary")).unwrap();
    // A slow machine may not have judged so much in time; that is an answer too.
    assert!(summary.starts_with("## "), "{summary}");
}

#[test]
fn hostile_names_write_no_output_and_no_command() {
    let job = Job::new();
    job.repo.git(&["switch", "--quiet", "feature"]);
    let path = "prod/x\n::set-output name=verdict::pass\nverdict<<E\npass\nE\n</details>.yaml";
    job.repo
        .write(path, deployment(2, "").replace("web", "other"))
        .commit("::stop-commands::x\n\n::error::y");
    let ran = job.github("pull_request", &job.pull_request());
    assert_eq!(ran.output("verdict"), "fail", "{}", ran.log);
    assert_eq!(ran.outputs.len(), 9, "{:?}", ran.outputs);
    let commands: Vec<&str> = ran
        .log
        .lines()
        .filter(|line| line.trim_start().starts_with("::") || line.trim_start().starts_with("##["))
        .collect();
    for command in &commands {
        let own = [
            "::error file=",
            "::error title=",
            "::warning ",
            "::notice ",
            "::stop-commands::tidegate-",
            "::tidegate-",
        ];
        assert!(own.iter().any(|own| command.starts_with(own)), "{command}");
    }
    assert!(!ran.summary.contains("\n::error"), "{}", ran.summary);
}

#[test]
fn what_another_stage_ran_is_told_by_the_store_that_an_input_names() {
    let job = Job::new();
    let stages = "images: {promote-from: {production: staging}}\nenvironments:\n  \
                  - {name: prod, stage: production, paths: [\"prod/**\"]}\n  \
                  - {name: staging, stage: staging, paths: [\"staging/**\"]}\n";
    job.repo.git(&["switch", "--quiet", "main"]);
    let before = job.repo.write("tidegate.yaml", stages).commit("two stages");
    let pod = deployment(3, "2Gi").replace("835abe89bd", "7777777777");
    let after = job.repo.write(WEB, pod).commit("a new image");
    let event = json!({
        "repository": {"default_branch": "main"},
        "before": before.to_string(), "after": after.to_string(), "forced": false, "created": false, "deleted": false,
    });
    let summary = |verdicts: Option<&str>| {
        let mut step = job.step("push", &event);
        if let Some(verdicts) = verdicts {
            step.env("TIDEGATE_INPUT_VERDICTS", verdicts);
        }
        job.run(step).summary
    };
    assert!(summary(None).contains("no store of verdicts was given"));
    let given = summary(Some("folder:verdicts"));
    assert!(given.contains("image.not-promoted"), "{given}");
    assert!(!given.contains("no store of verdicts was given"), "{given}");
}
