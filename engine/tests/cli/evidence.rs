//! `tidegate evidence`: from what a tool printed to what counts, and how that ends.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{root, said, tidegate};
use crate::support::Repo;

const OBJECT: &str = "shop/Cluster.postgresql.cnpg.io/odoo-db";

/// A repository with a trust file, and the keys of a backup job and of somebody on call beside it.
fn repository() -> Repo {
    let repo = Repo::new();
    for (role, principal) in [("backup-reporter", "backup-job"), ("break-glass", "ann")] {
        let key = repo.beside(&format!("{role}.pem"));
        let (text, exit) = run(
            &repo,
            &[
                "keys",
                "new",
                "--role",
                role,
                "--principal",
                principal,
                "--trust",
                ".tidegate/trust.json",
                "--out",
                path(&key),
            ],
        );
        assert_eq!(exit, 0, "{text}");
    }
    repo
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    said(&tidegate(repo.path()).args(arguments).output().unwrap())
}

/// Says something, with the key of a role, into the folder of the repository.
fn say(repo: &Repo, role: &str, kind: &str, arguments: &[&str]) -> (String, i32) {
    let key = repo.beside(&format!("{role}.pem"));
    let folder = format!(".tidegate/evidence/{kind}/");
    let common = [
        "--env",
        "prod",
        "--cluster",
        "eu-1",
        "--key-file",
        path(&key),
        "-o",
        &folder,
    ];
    run(repo, &[&["evidence", kind], arguments, &common].concat())
}

fn list(repo: &Repo, more: &[&str]) -> (String, i32) {
    let list = ["evidence", "list", "--env", "prod", "--cluster", "eu-1"];
    run(repo, &[&list, more].concat())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is old is old by the clock of the binary"
)]
/// What pgBackRest printed, with its only backup finished some hours ago.
fn printed(repo: &Repo, hours_ago: i64) -> String {
    let real = root().join("testdata/evidence/pgbackrest/full-incr-diff.json");
    let mut real: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(real).unwrap()).unwrap();
    let backups = real[0]["backup"].as_array_mut().unwrap();
    backups.truncate(1);
    let stop = jiff::Timestamp::now().as_second() - hours_ago * 3_600;
    backups[0]["timestamp"] = json!({"start": stop - 60, "stop": stop});
    let file = repo.beside("info.json");
    fs::write(&file, real.to_string()).unwrap();
    path(&file).to_owned()
}

#[test]
fn what_a_tool_prints_becomes_evidence_that_counts_until_it_is_too_old() {
    let repo = repository();
    let file = printed(&repo, 3);
    let from = ["--from", "pgbackrest-info", "--object", OBJECT, &file];
    let (text, exit) = say(&repo, "backup-reporter", "backup", &from);
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = list(&repo, &["--max-age", "4h"]);
    assert_eq!(exit, 0, "{text}");
    for wanted in [
        "shop/Cluster.postgresql.cnpg.io/odoo-db\n  backup `20261123-073349F` of ",
        "3 h 0 min ago (pgbackrest-info, signed by backup-job)\n",
        "database 7711266862777986683\n",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    // Of the same moment, with one number more.
    let last = [&from[..], &["--final", "--verified"]].concat();
    let (text, exit) = say(&repo, "backup-reporter", "backup", &last);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("; it is the last one, and verified\n"),
        "{text}"
    );
    let (text, exit) = list(&repo, &["--max-age", "4h"]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("\n    the last one, and verified\n"),
        "{text}"
    );
    let verified = [&from[..], &["--verified"]].concat();
    let (text, exit) = say(&repo, "backup-reporter", "backup", &verified);
    assert_eq!(exit, 2, "{text}");
    assert!(text.contains("--final"), "{text}");
    let (text, exit) = list(&repo, &["--max-age", "2h"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains(&format!("too old: {OBJECT} was backed up 3 h 0 min ago")),
        "{text}"
    );
    // The same of another cluster, and by who may not say it.
    let other = ["evidence", "list", "--env", "prod", "--cluster", "eu-2"];
    let (text, exit) = run(&repo, &other);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("no evidence counts\n"), "{text}");
    assert!(
        text.contains("(cluster): it is of cluster `eu-1`, not of `eu-2`"),
        "{text}"
    );
    let (text, exit) = say(&repo, "break-glass", "backup", &from);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("error[key.not-at-hand]"), "{text}");
}

#[test]
fn a_restore_test_and_an_incident_are_said_by_whose_role_it_is() {
    let repo = repository();
    let test = [
        "--object",
        OBJECT,
        "--backup",
        "20261123-073349F",
        "--system-id",
        "7711266862777986683",
        "--started",
        "2026-01-01T00:00:00Z",
        "--finished",
        "2026-01-01T00:12:30Z",
        "--scope",
        "database,filestore",
    ];
    let (text, exit) = say(&repo, "backup-reporter", "restore-test", &test);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("a restore of 750 seconds that brought all back"),
        "{text}"
    );
    let incident = [
        "--object",
        OBJECT,
        "--id",
        "INC-4711",
        "--lasts",
        "4h",
        "--reason",
        "the volume of the database is lost",
    ];
    let (text, exit) = say(&repo, "break-glass", "incident", &incident);
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = list(&repo, &[]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("within 12 min 30 s: database, filestore (signed by backup-job)"),
        "{text}"
    );
    assert!(text.contains("  incident INC-4711 lasts, from "), "{text}");
    let (text, exit) = say(&repo, "backup-reporter", "incident", &incident);
    assert_eq!(exit, 3, "{text}");
    for (change, with, code) in [
        (
            "2026-01-01T00:12:30Z",
            "2099-01-01T00:00:00Z",
            "evidence.future",
        ),
        (
            "2026-01-01T00:12:30Z",
            "2025-01-01T00:00:00Z",
            "evidence.contradiction",
        ),
    ] {
        let test = test.map(|it| if it == change { with } else { it });
        let (text, exit) = say(&repo, "backup-reporter", "restore-test", &test);
        assert_eq!(exit, 3, "{text}");
        assert!(text.contains(&format!("error[{code}]")), "{text}");
    }
}

#[test]
fn what_is_no_file_of_evidence_counts_for_nothing_and_is_told() {
    let repo = repository();
    repo.write(".tidegate/evidence/backup/junk.json", "{}");
    let folder = repo.path().join(".tidegate/evidence/backup");
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link.json")).unwrap();
    fs::create_dir(folder.join("folder.json")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(folder.join("pipe.json"))
        .status();
    assert!(pipe.unwrap().success());
    let (text, exit) = list(&repo, &[]);
    assert_eq!(exit, 1, "{text}");
    for name in ["junk", "link", "pipe"] {
        let line = format!("counts for nothing: backup/{name}.json (malformed): ");
        assert!(text.contains(&line), "{name}: {text}");
    }
    assert!(!text.contains("root:"), "{text}");
}

#[test]
fn what_a_tool_cannot_mean_is_refused_with_its_place() {
    let repo = repository();
    for (printed, code, wanted) in [
        ("[", "evidence.json", "cannot be read: no JSON"),
        ("[{\"name\":1}]", "evidence.shape", "`/0/name` is no text"),
        (
            "[]",
            "evidence.nothing",
            "pgBackRest says nothing of any stanza",
        ),
    ] {
        repo.write("info.json", printed);
        let from = ["--from", "pgbackrest-info", "--object", OBJECT, "info.json"];
        let (text, exit) = say(&repo, "backup-reporter", "backup", &from);
        assert_eq!(exit, 3, "{text}");
        assert!(
            text.contains(&format!("error[{code}]")) && text.contains(wanted),
            "{text}"
        );
    }
    for arguments in [
        &["--from", "pgbackrest", "--object", OBJECT][..],
        &["--from", "pgbackrest-info", "--object", "odoo-db"],
        &[
            "--from",
            "pgbackrest-info",
            "--object",
            OBJECT,
            "--select",
            "host=a",
            "info.json",
        ],
    ] {
        let (text, exit) = say(&repo, "backup-reporter", "backup", arguments);
        assert_eq!(exit, 2, "{text}");
    }
}
