//! The same inputs and the same clock give the same bytes, wherever they are made.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tidegate::attest::read_private;
use tidegate::gate::{SignRequest, Signed, SignedUnit};
use tidegate::git::Repository;
use tidegate::store::FolderStore;

use super::*;

const CONFIG_OF_THREE: &str = "environments:
  - name: prod
    timezone: Europe/Berlin
    sources:
      - {name: a, kind: Application, path: a}
      - {name: b, kind: Application, path: b}
      - {name: c, kind: Application, path: c}
exceptions:
  - id: EXC-1
    code: resources.missing-memory-limit
    match: {name: o3}
    owner: shop team
    reason: measured next week
    until: \"2026-11-20\"
";

/// Three units, and 200 changes in them.
fn history(trust: &str) -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG_OF_THREE)
        .write(".tidegate/trust.json", trust);
    let write = |memory: &str, value: &str| {
        for at in 0..40 {
            let unit = ["a", "b", "c"][at % 3];
            let memory = if at == 3 && value != "0" { "" } else { memory };
            repo.write(
                format!("{unit}/{at}.yaml"),
                deployment(&format!("o{at}"), memory),
            );
        }
        for at in 0..160 {
            let unit = ["a", "b", "c"][at % 3];
            repo.write(
                format!("{unit}/m{at}.yaml"),
                config_map(&format!("m{at}"), value),
            );
        }
    };
    for at in 0..100 {
        repo.write(
            format!("a/still{at}.yaml"),
            config_map(&format!("s{at}"), "0"),
        );
    }
    write("2Gi", "0");
    let base = repo.commit("the shop");
    write("3Gi", "1");
    repo.commit("more of everything");
    (repo, base)
}

/// A key and the trust file that goes with it.
fn key(repo: &Repo) -> (String, String) {
    let path = repo.beside("key.pem").to_str().unwrap().to_owned();
    let output = tidegate(
        repo,
        &["keys", "new", "--role", "merge-signer", "--out", &path],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    (path, stdout(&output))
}

/// Runs a program in a repository with this time zone, if need be on one thread.
fn elsewhere(repo: &Repo, zone: &str, one_thread: bool, program: OsString) -> Command {
    let alone = Command::new("taskset")
        .arg("-V")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    let mut command = if one_thread && alone {
        let mut command = repo.command("taskset");
        command.args(["-c", "0"]).arg(program);
        command
    } else {
        repo.command(program)
    };
    command.env("TZ", zone);
    command
}

#[test]
fn a_report_has_the_same_bytes_everywhere() {
    let mut reports = Vec::new();
    for (remote, zone) in [("one", "Asia/Tokyo"), ("two", "America/New_York")] {
        let (repo, base) = history("{}");
        repo.git(&[
            "remote",
            "add",
            "origin",
            &format!("https://{remote}.example/shop.git"),
        ]);
        // Cold, then warm.
        for one_thread in [true, false] {
            let program = env!("CARGO_BIN_EXE_tidegate").into();
            let output = elsewhere(&repo, zone, one_thread, program)
                .args([
                    "check",
                    &format!("{base}..HEAD"),
                    "--now",
                    NOW,
                    "--output",
                    "json",
                ])
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            reports.push(output.stdout);
        }
    }
    let report: serde_json::Value = serde_json::from_slice(&reports[0]).unwrap();
    let units = report["units"].as_array().unwrap();
    let changes: usize = units
        .iter()
        .map(|unit| unit["changes"].as_array().unwrap().len())
        .sum();
    assert_eq!((units.len(), changes), (3, 200));
    reports.dedup();
    assert_eq!(reports.len(), 1);
}

#[test]
fn a_statement_has_the_same_bytes_everywhere() {
    if let Some(there) = variable("TIDEGATE_TEST_SIGN") {
        return sign_there(Path::new(&there), &variable("TIDEGATE_TEST_KEY").unwrap());
    }
    let keeper = Repo::new();
    let (key, trust) = key(&keeper);
    let mut stores = Vec::new();
    for (remote, zone, one_thread) in [
        ("one", "Asia/Tokyo", true),
        ("two", "America/New_York", false),
    ] {
        let (repo, base) = history(&trust);
        repo.git(&[
            "remote",
            "add",
            "origin",
            &format!("https://{remote}.example/shop.git"),
        ]);
        let head = repo.id("HEAD");
        let there = repo.path().to_owned();
        for revision in [base, head] {
            repo.git(&["reset", "--quiet", "--hard", &revision.to_string()]);
            let output = elsewhere(&repo, zone, one_thread, env::current_exe().unwrap().into())
                .args([
                    "--exact",
                    "check::same_bytes::a_statement_has_the_same_bytes_everywhere",
                ])
                .env("TIDEGATE_TEST_SIGN", &there)
                .env("TIDEGATE_TEST_KEY", &key)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}{}",
                stdout(&output),
                stderr(&output)
            );
        }
        stores.push(files(&there.join(".git/verdicts")));
    }
    // Baselines and links of three units, and the baseline of the gate.
    assert_eq!(
        stores[0]
            .iter()
            .filter(|(path, _)| path.contains("links/"))
            .count(),
        7
    );
    stores.dedup();
    assert_eq!(stores.len(), 1);
}

/// Signs what `HEAD` holds: a baseline first, then a link.
fn sign_there(there: &Path, key: &str) {
    let repository = Repository::open(there).unwrap();
    let verdicts = there.join(".git/verdicts");
    let store = FolderStore::new(&verdicts);
    let key = read_private(Path::new(key)).unwrap();
    let request = SignRequest {
        evidence: &[],
        workshop: None,
        environment: "prod",
        unit: None,
        key: &key,
        store: &store,
        now: at(NOW),
    };
    if !verdicts.exists() {
        gate::baseline(&repository, &request).unwrap();
        return;
    }
    let signing = gate::sign(&repository, &request).unwrap();
    assert!(signing.errors.is_empty());
    let is_link = |unit: &&SignedUnit| matches!(unit.result, Signed::Link(_));
    assert_eq!(signing.units.iter().filter(is_link).count(), 3);
}

/// Every file below a folder, by its path in it.
fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// What the test hands to itself in another process.
#[expect(
    clippy::disallowed_methods,
    reason = "the only way to have another time zone is another process"
)]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
