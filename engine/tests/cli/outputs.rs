//! `--output`: every format of one denial as its snapshot shows, several in one run, and what is there
//! when a run ends in an error.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{assert_snapshot, said, shop, tidegate};
use crate::support::Repo;

const FORMATS: [&str; 7] = [
    "human", "json-v1", "sarif", "junit", "github", "gitlab", "markdown",
];

#[test]
fn the_denial_of_a_dropped_memory_limit_in_each_format() {
    let repo = denied();
    for (format, name) in [
        ("sarif", "memory-limit.sarif.json"),
        ("junit", "memory-limit.junit.xml"),
        ("github", "memory-limit.github.txt"),
        ("gitlab", "memory-limit.gitlab.json"),
        ("markdown", "memory-limit.md"),
    ] {
        let (text, exit) = said(&check(&repo, RANGE, &["--output", format]));
        assert_eq!(exit, 1, "{text}");
        assert_snapshot(name, &settled(&text));
    }
}

#[test]
#[cfg(unix)]
fn a_link_that_a_change_brings_is_replaced_and_never_followed() {
    let repo = denied();
    let (victim, link) = (repo.beside("victim"), repo.beside("o.sarif"));
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let output = format!("sarif={}", link.display());
    let (text, exit) = said(&check(&repo, RANGE, &["--output", &output]));
    assert_eq!(exit, 1, "{text}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
}

#[test]
fn one_run_writes_every_format_and_ends_the_same() {
    let repo = denied();
    let folder = repo.beside("reports");
    fs::create_dir(&folder).unwrap();
    let mut arguments = vec!["--output".to_owned(), "gitlab".to_owned()];
    for format in FORMATS {
        let file = folder.join(format).display().to_string();
        arguments.extend(["--output".to_owned(), format!("{format}={file}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (text, exit) = said(&check(&repo, RANGE, &arguments));
    assert_eq!(exit, 1);
    assert_eq!(
        text,
        read(&folder, "gitlab"),
        "nothing but the format is printed"
    );
    for format in FORMATS {
        let (alone, exit) = said(&check(&repo, RANGE, &["--output", format]));
        assert_eq!((exit, alone), (1, read(&folder, format)), "{format}");
    }
}

#[test]
fn a_run_that_ends_in_an_error_leaves_no_document_that_looks_like_a_pass() {
    let repo = denied();
    let folder = repo.beside("reports");
    fs::create_dir(&folder).unwrap();
    for (range, expected) in [("HEAD..HEAD", 3), ("nowhere..HEAD", 2), ("HEAD..HEAD~1", 2)] {
        for format in FORMATS {
            let file = folder.join(format);
            fs::write(&file, "[]").unwrap();
            let output = format!("{format}={}", file.display());
            let done = check(&repo, range, &["--output", "json", "--output", &output]);
            assert_eq!(done.status.code(), Some(expected), "{range} {format}");
            let printed: Value = serde_json::from_slice(&done.stdout).unwrap();
            assert_eq!(
                (&printed["outcome"], &printed["exit"]),
                (&"error".into(), &expected.into())
            );
            let code = printed["errors"][0]["code"].as_str().unwrap();
            assert!(read(&folder, format).contains(code), "{range} {format}");
            let errors = String::from_utf8(done.stderr).unwrap();
            assert!(errors.contains(&format!("error[{code}]")), "{errors}");
        }
    }
}

#[test]
fn an_output_that_cannot_be_is_refused_before_anything_is_judged() {
    let repo = denied();
    for (outputs, why) in [
        (vec!["xml"], "no such format"),
        (vec!["sarif="], "the name of the file is empty"),
        (vec!["sarif=missing/x.sarif"], "its folder does not exist"),
        (vec!["sarif=apps"], "it is a folder"),
        (
            vec!["sarif", "markdown"],
            "only one can go to standard output help: write this one to a file: `--output markdown=FILE`",
        ),
        (
            vec!["sarif=x", "markdown=x"],
            "another one goes to that file",
        ),
    ] {
        let arguments: Vec<&str> = outputs.iter().flat_map(|one| ["--output", one]).collect();
        let (text, exit) = said(&check(&repo, "nowhere..HEAD", &arguments));
        assert_eq!(exit, 2, "{text}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("error[usage.output]") && text.contains(why),
            "{text}"
        );
    }
    let diff = ["diff", "HEAD~1..HEAD", "--output", "sarif"];
    let (text, exit) = said(&tidegate(repo.path()).args(diff).output().unwrap());
    assert_eq!(exit, 2, "{text}");
    assert!(text.contains("only `human` and `json`"), "{text}");
}

#[test]
fn what_a_repository_says_steers_no_log_and_no_page() {
    let repo = shop();
    let path = "apps/odoo/prod-a/\u{1b}]0;t\u{7}\n::error::pwn ##[group]<img>@team`|\u{202e}.yaml";
    let key = "::error::pwn ##[set-env name=A;]b\\n  ::add-mask::c<img src=x>@acme/team\\u202e|`";
    let data = format!("{{\"{key}\": \"x\", conf: \"a\\n::error::pwn\\n::add-mask::b\\nc\\n\"}}");
    let object = |data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: odd, namespace: brand-a}}\ndata: {data}\n"
        )
    };
    repo.write(
        path,
        object("{conf: \"a\\n::error::pwn\\n::add-mask::b\\n\"}"),
    );
    repo.commit("::error::pwn\n\n::add-mask::x");
    repo.write(path, object(&data));
    repo.commit("::error::pwn");
    for format in FORMATS {
        let done = check(&repo, RANGE, &["--output", format]);
        let (text, _) = said(&done);
        let hidden = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(hidden, None, "{format}\n{text}");
        let rows = text.lines().map(str::trim_start);
        let mut commands = rows.filter(|row| row.starts_with("::") || row.contains("##["));
        if format == "github" {
            assert!(commands.all(|row| {
                ["::error ", "::warning ", "::notice "]
                    .iter()
                    .any(|own| row.starts_with(own))
            }));
        } else {
            assert_eq!(commands.next(), None, "{format}\n{text}");
        }
    }
}

#[test]
fn what_is_64_kilobytes_long_hides_no_statement_in_any_format() {
    let repo = shop();
    let config = fs::read_to_string(repo.path().join("tidegate.yaml")).unwrap();
    let folder = "{name: odoo, kind: Application, path: apps/odoo/prod-a";
    assert!(config.contains(folder));
    let whole = format!("{folder}, render: {{tool: directory, recurse: true}}");
    repo.write("tidegate.yaml", config.replace(folder, &whole));
    repo.commit("folders in it count too");
    let long = "n".repeat(65_536);
    let folders = vec!["p".repeat(200); 15].join("/");
    let path = format!("apps/odoo/prod-a/{folders}/x.yaml");
    let deployment = |name: &str, memory: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: brand-a}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  \
             template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n      containers:\n        - name: {long}\n          image: a.example/b:1@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          \
             resources: {{requests: {{cpu: 1, memory: 1Gi}}, limits: {{{memory}}}}}\n"
        )
    };
    repo.write(&path, deployment("web", "memory: 1Gi"));
    repo.commit(&long);
    repo.write(&path, deployment("web", ""));
    repo.commit(&long);
    for format in FORMATS {
        let (text, exit) = said(&check(&repo, RANGE, &["--output", format]));
        assert_eq!(exit, 1, "{format}: {text}");
        for statement in [
            "…(65536",
            "has no memory limit",
            "resources.missing-memory-limit",
        ] {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(statement), "{format}: no `{statement}`");
        }
    }
    // What no cluster takes as a name is an error at its line.
    repo.write(&path, deployment(&long, "memory: 1Gi"));
    repo.commit(&long);
    for format in FORMATS {
        let (text, exit) = said(&check(&repo, RANGE, &["--output", format]));
        assert_eq!(exit, 3, "{format}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for statement in ["manifest.name", "this cannot be the name of an object"] {
            assert!(
                text.contains(statement),
                "{format}: no `{statement}`: {text}"
            );
        }
    }
}

#[test]
fn a_finding_far_to_the_right_in_one_long_line_is_drawn_in_every_format() {
    let repo = shop();
    let path = "apps/odoo/prod-a/minified.json";
    let deployment = |limits: &str| {
        let long = "n".repeat(70_000);
        format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"mini","namespace":"brand-a","annotations":{{"a":"{long}"}}}},"#
        ) + r#""spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":["#
            + r#"{"name":"mini","image":"a.example/b:1@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5","resources":{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"#
            + limits
            + "}}}]}}}}"
    };
    repo.write(path, deployment(r#""memory":"1Gi""#));
    repo.commit("sound");
    repo.write(path, deployment(""));
    repo.commit("no limit");
    for format in FORMATS {
        let (text, exit) = said(&check(&repo, RANGE, &["--output", format]));
        assert_eq!(exit, 1, "{format}: {text}");
        assert!(text.contains("resources.missing-memory-limit"), "{format}");
        if format == "human" {
            let place = format!("{path}:1:70");
            assert!(text.contains(&place) && text.len() < 20_000, "{text}");
        }
    }
    // So is an error there.
    repo.write(path, deployment("{{{"));
    repo.commit("no JSON");
    let (text, exit) = said(&check(&repo, RANGE, &[]));
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("error[") && text.len() < 20_000, "{text}");
}

fn denied() -> Repo {
    let repo = shop();
    let path = "apps/odoo/prod-a/web-deployment.yaml";
    let text = fs::read_to_string(repo.path().join(path)).unwrap();
    let row = "              memory: 4Gi\n";
    let (before, after) = text.rsplit_once(row).unwrap();
    repo.write(path, format!("{before}{after}"));
    repo.commit("odoo: let the web workers breathe");
    repo
}

fn check(repo: &Repo, range: &str, arguments: &[&str]) -> Output {
    tidegate(repo.path())
        .args([
            "check",
            range,
            "--env",
            "prod-a",
            "--now",
            "2026-11-20T12:00:00Z",
        ])
        .args(arguments)
        .env("COLUMNS", "80")
        .output()
        .unwrap()
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// Without the digest of the policies, which changes with every one of them.
fn settled(text: &str) -> String {
    let Some((before, rest)) = text.split_once(", policies `") else {
        return text.to_owned();
    };
    let (_, after) = rest.split_once('`').unwrap();
    format!("{before}, policies `00000000`{after}")
}

const RANGE: &str = "HEAD~1..HEAD";
