//! The same inputs and clock give the same bytes, wherever and however they are signed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use tidegate::gate::{self, SignRequest};
use tidegate::git::Repository;
use tidegate::store::FolderStore;

use super::world::{CONFIG, TRUST, key, told, trust};
use crate::support::Repo;

const UNITS: [&str; 3] = ["one", "two", "three"];
const CHANGES: usize = 200;
/// Set in the second process: the repository, and where its verdicts go.
const INSIDE: &str = "TIDEGATE_TEST_SIGN_INTO";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the second process of this test is told so by its environment"
)]
fn a_statement_has_the_same_bytes_in_other_folders_zones_and_threads() {
    if let Some(places) = env::var_os(INSIDE) {
        let (repository, verdicts) = places.to_str().unwrap().split_once('|').unwrap();
        sign(Path::new(repository), Path::new(verdicts));
        return;
    }
    let (first, second) = (
        repository("git@one.example:shop"),
        repository("https://two.example/s"),
    );
    let expected = signed(&first, "alone");
    assert_eq!(expected.len(), 2 * UNITS.len() + 1);
    thread::scope(|scope| {
        for (repo, name) in [(second.path(), "left"), (second.path(), "right")] {
            let verdicts = second.beside(name);
            scope.spawn(move || sign(repo, &verdicts));
        }
    });
    for name in ["left", "right"] {
        assert_eq!(envelopes(&second.beside(name)), expected, "{name}");
    }
    for zone in ["America/St_Johns", "Pacific/Kiritimati"] {
        let verdicts = second.beside(&zone.replace('/', "-"));
        let status = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "sign::bytes::a_statement_has_the_same_bytes_in_other_folders_zones_and_threads",
            ])
            .env(
                INSIDE,
                format!("{}|{}", second.path().display(), verdicts.display()),
            )
            .env("TZ", zone)
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stdout)
        );
        assert_eq!(envelopes(&verdicts), expected, "{zone}");
    }
}

/// Three units, and two hundred changes since their baselines.
fn repository(remote: &str) -> Repo {
    let repo = Repo::new();
    repo.git(&["remote", "add", "origin", remote]);
    let sources: String = UNITS
        .map(|unit| format!("      - {{name: {unit}, kind: Application, path: {unit}}}\n"))
        .concat();
    repo.write(
        CONFIG,
        format!(
            "environments:\n  - name: prod\n    timezone: Europe/Berlin\n    sources:\n{sources}"
        ),
    );
    repo.write(TRUST, trust(&[(&key(1), &[])]).print());
    for greeting in ["hello", "welcome"] {
        for (index, unit) in UNITS.iter().enumerate() {
            let mut text = String::new();
            for number in (index..CHANGES).step_by(UNITS.len()) {
                write!(
                    text,
                    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}, namespace: shop}}\ndata: {{greeting: {greeting}}}\n"
                )
                .unwrap();
            }
            repo.write(format!("{unit}/all.yaml"), text);
        }
        repo.commit(greeting);
    }
    repo
}

fn signed(repo: &Repo, name: &str) -> BTreeMap<String, Vec<u8>> {
    let verdicts = repo.beside(name);
    sign(repo.path(), &verdicts);
    let envelopes = envelopes(&verdicts);
    let changes: u64 = UNITS
        .iter()
        .map(|unit| {
            let envelope = &envelopes[&format!("prod/{unit}/1.json")];
            let payload = tidegate::attest::unverified_payload(envelope).unwrap();
            let statement: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            let verdict = &statement["predicate"][tidegate::attest::VERDICT_EXTENSION];
            verdict["counts"]["changes"].as_u64().unwrap()
        })
        .sum();
    assert_eq!(changes, u64::try_from(CHANGES).unwrap());
    envelopes
}

/// The baseline of the first commit and the links of the second, on a branch of their own each: nothing
/// here moves a reference that another thread reads.
fn sign(repository: &Path, verdicts: &Path) {
    let clone = verdicts.with_extension("clone");
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .arg("-C")
            .arg(&clone)
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}");
    };
    fs::create_dir_all(&clone).unwrap();
    git(&["init", "-q", "-b", "main"]);
    git(&["pull", "-q", repository.to_str().unwrap(), "main"]);
    let key = key(1);
    let store = FolderStore::new(verdicts);
    let request = |now: &str| SignRequest {
        evidence: &[],
        workshop: None,
        environment: "prod",
        unit: None,
        key: &key,
        store: &store,
        now: now.parse().unwrap(),
    };
    git(&["checkout", "-q", "-B", "main", "HEAD~1"]);
    let opened = Repository::open(&clone).unwrap();
    let said = told(gate::baseline(&opened, &request("2026-11-20T10:00:00Z")));
    assert!(!said.contains("exit"), "{said}");
    git(&["pull", "-q", repository.to_str().unwrap(), "main"]);
    let said = told(gate::sign(&opened, &request("2026-11-20T10:00:01.5Z")));
    assert!(!said.contains("exit") && !said.contains("fail"), "{said}");
}

fn envelopes(verdicts: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![verdicts.join("links")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(verdicts.join("links")).unwrap();
            found.insert(name.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}
