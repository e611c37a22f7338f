//! What signatures of commits are worth: made by the real `git` and `ssh-keygen`, told to policies.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

const SIGNERS: &str = ".tidegate/allowed_signers";

/// A key of `kind`, and its public half as a line would hold it.
fn key(repo: &Repo, kind: &str, name: &str) -> (PathBuf, String) {
    let file = repo.beside(name);
    let mut command = repo.command("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", "", "-C", name, "-f"]);
    assert!(command.arg(&file).status().unwrap().success());
    let public = std::fs::read_to_string(file.with_extension("pub")).unwrap();
    (file, public.trim_end().to_owned())
}

/// Commits another memory limit, signed with `key`.
fn signed(repo: &Repo, memory: &str, key: &std::path::Path) -> GitId {
    repo.write("prod/odoo.yaml", deployment("odoo", memory));
    repo.git(&["config", "gpg.format", "ssh"]);
    repo.git(&["config", "user.signingKey", key.to_str().unwrap()]);
    repo.git(&[
        "commit",
        "--quiet",
        "--all",
        "--gpg-sign",
        "--message",
        memory,
    ]);
    repo.id("HEAD")
}

/// Makes a commit of these bytes the head.
fn forged(repo: &Repo, commit: &[u8]) -> GitId {
    let arguments = [
        "hash-object",
        "--literally",
        "-t",
        "commit",
        "-w",
        "--stdin",
    ];
    let id = String::from_utf8(repo.git_with(&arguments, commit)).unwrap();
    repo.git(&["reset", "--quiet", "--hard", &id]);
    repo.id("HEAD")
}

fn raw(repo: &Repo, id: GitId) -> String {
    let bytes = repo.git_with(&["cat-file", "commit", &id.to_string()], b"");
    String::from_utf8(bytes).unwrap() + "\n"
}

/// What policies see of the commits of a range.
fn seals(repo: &Repo, range: &str) -> Vec<Value> {
    let documents = gate::facts(
        &repo.open(),
        &request(range),
        None,
        gate::Runtime::default(),
    )
    .unwrap();
    let documents = documents.as_array().unwrap().iter();
    let mut commits = documents.filter_map(|document| document.pointer("/input/source/commits"));
    let commits = commits.next().unwrap().as_array().unwrap();
    commits
        .iter()
        .map(|commit| commit["signature"].clone())
        .collect()
}

fn status(repo: &Repo) -> String {
    seals(repo, "HEAD~1..HEAD")[0]["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What Git itself says, by the same file.
fn git_verifies(repo: &Repo) -> bool {
    let setting = format!(
        "gpg.ssh.allowedSignersFile={}",
        repo.path().join(SIGNERS).display()
    );
    let mut command = repo.command("git");
    command.args(["-c", &setting, "verify-commit", "HEAD"]);
    command.output().unwrap().status.success()
}

#[test]
fn a_commit_is_signed_by_whom_the_judge_names() {
    let (repo, _) = shop(CONFIG);
    let (ada, public) = key(&repo, "ed25519", "ada");
    let (mallory, _) = key(&repo, "ed25519", "mallory");
    repo.write(
        SIGNERS,
        format!("ada@example.com namespaces=\"git\" {public}\n"),
    )
    .commit("signers");
    let base = repo.id("HEAD");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("unsigned");
    assert!(!git_verifies(&repo));
    signed(&repo, "4Gi", &ada);
    assert!(git_verifies(&repo));
    signed(&repo, "5Gi", &mallory);
    assert!(!git_verifies(&repo));
    let fingerprint = |file: &std::path::Path| {
        let mut command = repo.command("ssh-keygen");
        let output = command.arg("-lf").arg(file).output().unwrap();
        stdout(&output).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(
        seals(&repo, &format!("{base}..HEAD")),
        [
            json!({"status": "none"}),
            json!({"status": "verified", "principal": "ada@example.com", "key": fingerprint(&ada)}),
            json!({"status": "untrusted", "key": fingerprint(&mallory)}),
        ]
    );
}

#[test]
fn who_signs_is_never_taken_from_what_is_signed() {
    let (repo, base) = shop(CONFIG);
    let (mallory, public) = key(&repo, "ed25519", "mallory");
    repo.write(SIGNERS, format!("ada@example.com {public}\n"));
    repo.git(&["add", SIGNERS]);
    signed(&repo, "3Gi", &mallory);
    assert!(git_verifies(&repo));
    assert_eq!(status(&repo), "untrusted");
    // The change is one of the gate's own files.
    let report = check(&repo, base);
    assert!(report.units.iter().any(|unit| unit.unit == "gate"));
    signed(&repo, "4Gi", &mallory);
    assert_eq!(status(&repo), "verified");
    let request = Request {
        policy_ref: Some(base.to_string()),
        ..request("HEAD~1..HEAD")
    };
    let documents = gate::facts(&repo.open(), &request, None, gate::Runtime::default()).unwrap();
    assert!(!documents.to_string().contains("\"verified\""));
}

#[test]
fn a_signature_of_other_bytes_or_for_another_purpose_is_invalid() {
    let (repo, _) = shop(CONFIG);
    let (ada, public) = key(&repo, "ed25519", "ada");
    repo.write(SIGNERS, format!("ada@example.com {public}\n"))
        .commit("signers");
    let commit = raw(&repo, signed(&repo, "3Gi", &ada));
    let head = forged(&repo, commit.as_bytes());
    assert_eq!(
        (status(&repo).as_str(), raw(&repo, head)),
        ("verified", commit.clone())
    );
    let tree = repo.id("HEAD~1^{tree}").to_string();
    let own = repo.id("HEAD^{tree}").to_string();
    let (start, rest) = commit.split_once("gpgsig ").unwrap();
    let (signature, end) = rest.split_once("-----END SSH SIGNATURE-----\n").unwrap();
    let gpgsig = format!("gpgsig {signature}-----END SSH SIGNATURE-----\n");
    for (what, forgery) in [
        ("the message", commit.replace("3Gi", "9Gi")),
        ("the author", commit.replace("Ada <", "Eve <")),
        (
            "another header",
            format!("{start}encoding x\n{gpgsig}{end}"),
        ),
        ("twice", format!("{start}{gpgsig}{gpgsig}{end}")),
        ("no end", format!("{start}gpgsig {signature}{end}")),
        (
            "an end too many",
            commit.replace(
                "-----END SSH SIGNATURE-----\n",
                "-----END SSH SIGNATURE-----\n \n x\n",
            ),
        ),
        ("nothing", format!("{start}gpgsig \n{end}")),
        ("garbage", format!("{start}gpgsig signed by Ada\n{end}")),
    ] {
        forged(&repo, forgery.as_bytes());
        assert_eq!(status(&repo), "invalid", "{what}");
    }
    // A tree that was never signed, under the words that were.
    let other = commit.replace(&own, &tree);
    forged(&repo, other.as_bytes());
    repo.write("prod/odoo.yaml", deployment("odoo", "8Gi"))
        .commit("on top");
    assert_eq!(seals(&repo, "HEAD~2..HEAD")[0]["status"], "invalid");

    let message = format!("{start}{end}");
    for (namespace, expected) in [
        ("git", "verified"),
        ("file", "invalid"),
        ("git ", "invalid"),
    ] {
        let mut command = repo.command("ssh-keygen");
        command
            .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
            .arg(&ada);
        let armour =
            String::from_utf8(crate::support::run(&mut command, message.as_bytes())).unwrap();
        let folded = armour.replace('\n', "\n ");
        forged(&repo, format!("{start}gpgsig {folded}\n{end}").as_bytes());
        assert_eq!(status(&repo), expected, "{namespace}");
        assert_eq!(git_verifies(&repo), expected == "verified", "{namespace}");
    }
}

#[test]
fn signatures_of_other_kinds_are_told_as_unverified() {
    let (repo, _) = shop(CONFIG);
    let mut lines = String::new();
    let mut keys = Vec::new();
    for kind in ["rsa", "ecdsa"] {
        let (file, public) = key(&repo, kind, kind);
        lines.push_str(&format!("{kind}@example.com {public}\n"));
        keys.push(file);
    }
    repo.write(SIGNERS, lines).commit("signers");
    for (key, memory) in keys.iter().zip(["3Gi", "4Gi"]) {
        signed(&repo, memory, key);
        assert!(git_verifies(&repo));
        let seal = &seals(&repo, "HEAD~1..HEAD")[0];
        assert_eq!(*seal, json!({"status": "unverified", "format": "ssh"}));
    }
    let commit = raw(&repo, repo.id("HEAD"));
    let (start, rest) = commit.split_once("gpgsig ").unwrap();
    let (_, end) = rest.split_once("-----END SSH SIGNATURE-----\n").unwrap();
    for (begin, format) in [("PGP SIGNATURE", "openpgp"), ("SIGNED MESSAGE", "x509")] {
        let armour = format!("-----BEGIN {begin}-----\n \n x\n -----END {begin}-----\n");
        forged(&repo, format!("{start}gpgsig {armour}{end}").as_bytes());
        let seal = &seals(&repo, "HEAD~1..HEAD")[0];
        assert_eq!(*seal, json!({"status": "unverified", "format": format}));
    }
    forged(&repo, format!("{start}gpgsig-sha256 x\n{end}").as_bytes());
    assert_eq!(status(&repo), "none");
}

#[test]
fn a_file_of_signers_that_cannot_be_read_is_an_error_before_it_judges() {
    let (repo, base) = shop(CONFIG);
    repo.write(SIGNERS, "*@example.com ssh-ed25519 AAAA\n")
        .commit("anybody");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged, "{}", json_of(&report));
    let told = errors(&report);
    let told = told.iter().find(|(code, _)| code == "trust-root.signers");
    assert!(
        told.is_some_and(|(_, text)| text.contains("allowed_signers`, line 1")),
        "{told:?}"
    );
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more");
    let refused = refused(&repo, &request("HEAD~1..HEAD"));
    assert_eq!(refused, ("trust-root.signers".to_owned(), 3));
}
