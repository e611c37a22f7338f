//! The reports of the demo's five changes, for people and for programs.

use std::fs;

use serde_json::Value;

use super::{assert_snapshot, root, said, shop, tidegate};

#[test]
fn each_change_of_the_demo_is_reported_as_its_snapshots_show() {
    let file = root().join("testdata/demo/steps.yaml");
    let steps = tidegate::manifest::yaml::parse(&fs::read_to_string(file).unwrap()).unwrap();
    let steps = steps[0].to_json();
    let steps = steps["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 5);
    let repo = shop();
    let first = repo.id("HEAD");
    for step in steps {
        let text = |key: &str| step[key].as_str().unwrap();
        repo.git(&["reset", "--quiet", "--hard", &first.to_string()]);
        let path = repo.path().join(text("file"));
        let mut content = fs::read_to_string(&path).unwrap();
        for one in step["replace"].as_array().unwrap() {
            let from = one["from"].as_str().unwrap();
            assert_eq!(content.matches(from).count(), 1, "{}", text("id"));
            content = content.replace(from, one["to"].as_str().unwrap());
        }
        repo.write(text("file"), content);
        repo.commit(text("commit"));
        let command = |output: &str| {
            let mut command = tidegate(repo.path());
            command.args(["check", "HEAD~1..HEAD", "--env", text("environment")]);
            command.args(["--unit", text("unit"), "--now", NOW, "--output", output]);
            command
        };
        let check = |output: &str| command(output).output().unwrap();
        let (human, exit) = said(&check("human"));
        assert_snapshot(&format!("{}.txt", text("id")), &human);
        let (json, same) = said(&check("json"));
        for _ in 0..2 {
            let kept = command("json")
                .env("XDG_CACHE_HOME", repo.beside("cache"))
                .output();
            assert_eq!(said(&kept.unwrap()), (json.clone(), same), "{}", text("id"));
        }
        assert_eq!(exit, same);
        let report: Value = serde_json::from_str(&json).unwrap();
        // It changes with every policy, and says nothing of this change.
        let policies = report["judge"]["policyDigest"].as_str().unwrap();
        assert_eq!(policies.len(), 64);
        let json = json.replace(policies, "(the digest of the policies)");
        assert_snapshot(&format!("{}.json", text("id")), &json);
        assert_eq!(report["exit"], exit);
        if let Some(outcome) = step["expect"].get("check") {
            assert_eq!(&report["outcome"], outcome);
            assert_eq!(report["units"][0]["tier"], step["expect"]["tier"]);
        }
    }
}

#[test]
fn the_difference_alone_is_shown_without_a_judgement() {
    let repo = shop();
    repo.remove("apps/redis/prod-a/statefulset.yaml");
    let path = "apps/odoo/prod-a/odoo-conf.yaml";
    let conf = fs::read_to_string(repo.path().join(path)).unwrap();
    repo.write(path, conf.replacen("db_maxconn = 16", "db_maxconn = 32", 1));
    repo.commit("both");
    let output = tidegate(repo.path())
        .args(["diff", "HEAD~1..HEAD", "--env", "prod-a"])
        .output()
        .unwrap();
    let (text, exit) = said(&output);
    assert_eq!(exit, 0, "{text}");
    assert_snapshot("diff.txt", &text);
}

const NOW: &str = "2026-11-20T12:00:00Z";
