//! The command line: outputs, exit codes, streams.

use std::fs;
use std::process::Stdio;

use super::*;

fn denied() -> (Repo, String) {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    (repo, format!("{base}..HEAD"))
}

#[test]
fn an_unknown_environment_is_a_wrong_argument_that_names_the_known_ones() {
    let config = format!("{CONFIG}  - name: staging\n    paths: [\"staging/**\"]\n");
    let (repo, base) = shop(&config);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let range = format!("{base}..HEAD");
    for (flag, known) in [
        ("--env", "prod, staging"),
        ("--unit", "gate, prod, staging"),
    ] {
        for command in ["check", "diff", "facts"] {
            let output = tidegate(&repo, &[command, &range, flag, "prdo"]);
            assert_eq!(output.status.code(), Some(2));
            let said = stderr(&output);
            assert!(said.contains("prdo") && said.contains(known), "{said}");
        }
    }
}

#[test]
fn what_is_invisible_is_escaped_in_facts_and_in_the_resolved_configuration() {
    let config = format!(
        "{CONFIG}exceptions:\n  - id: EXC-1\n    code: resources.missing-memory-limit\n    match: {{name: odoo}}\n    \
         owner: \"x\u{202e}y\"\n    reason: \"x\u{200b}y\"\n    until: \"2026-11-30\"\n"
    );
    let (repo, base) = shop(&config);
    repo.write("prod/a.yaml", config_map("a", "\"x\u{202e}y\u{200b}\""))
        .commit("a value that hides");
    let facts = tidegate(&repo, &["facts", &format!("{base}..HEAD")]);
    let config = tidegate(&repo, &["config", "show", "--resolved"]);
    for output in [facts, config] {
        let shown = stdout(&output);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(shown.contains("\\u202e"), "{shown}");
        assert!(!shown.contains(['\u{202e}', '\u{200b}']), "{shown}");
    }
}

#[test]
fn wrong_arguments_end_with_two() {
    let (repo, range) = denied();
    for arguments in [
        vec!["check"],
        vec!["check", &range, "--staged"],
        vec!["check", &range, "--output", "xml"],
        vec!["check", &range, "--output", "json="],
        vec!["check", &range, "--output", "json=no/such/folder/x"],
        vec!["check", &range, "--output", "json", "--output", "human"],
        vec!["check", &range, "--output", "json=a", "--output", "human=a"],
        vec!["check", &range, "--now", "today"],
        vec!["check", &range, "--nonsense"],
        vec!["nonsense"],
    ] {
        let output = tidegate(&repo, &arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_report_can_go_to_a_file_and_another_to_standard_output() {
    let (repo, range) = denied();
    let now = ["check", &range, "--now", NOW];
    // A file is 80 columns wide.
    let columns = |arguments: &[&str]| {
        let mut command = tidegate_command(&repo, arguments);
        command.env("COLUMNS", "80").output().unwrap()
    };
    let plain = stdout(&columns(&now));
    let json = stdout(&tidegate(
        &repo,
        &[&now[..], &["--output", "json"]].concat(),
    ));
    let both = [
        &now[..],
        &["--output", "json=report.json", "--output", "human"],
    ]
    .concat();
    let output = columns(&both);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), plain);
    assert_eq!(
        fs::read_to_string(repo.path().join("report.json")).unwrap(),
        json
    );
    let two = ["--output", "json-v1=a.json", "--output", "human=b.txt"];
    let output = tidegate(&repo, &[&now[..], &two].concat());
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(1), "")
    );
    assert_eq!(
        fs::read_to_string(repo.path().join("a.json")).unwrap(),
        json
    );
    assert_eq!(
        fs::read_to_string(repo.path().join("b.txt")).unwrap(),
        plain
    );
}

#[test]
fn exit_codes_are_the_same_for_every_format() {
    let (repo, range) = denied();
    repo.write("README.md", "# Shop").commit("documents");
    repo.write("prod/bad.yaml", "a: [").commit("bad");
    for (range, exit) in [
        (range.replace("HEAD", "HEAD~2"), 1),
        ("HEAD~2..HEAD~1".to_owned(), 0),
        ("HEAD~1..HEAD".to_owned(), 3),
        ("HEAD..HEAD~1".to_owned(), 2),
        ("HEAD..HEAD".to_owned(), 3),
        ("HEAD..nowhere".to_owned(), 2),
    ] {
        for format in ["human", "json", "json=out.json"] {
            let output = tidegate(&repo, &["check", &range, "--output", format]);
            assert_eq!(output.status.code(), Some(exit), "{range} as {format}");
            if format == "json" && !output.stdout.is_empty() {
                let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!(report["exit"], exit, "{range}");
            }
        }
    }
}

#[test]
fn a_closed_pipe_is_no_panic_and_no_pass() {
    let (repo, range) = denied();
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("a limit again");
    let passing = range
        .replace("HEAD", "HEAD~1")
        .replace("..HEAD~1", "..HEAD");
    for (range, exit) in [(passing, 3), (range.replace("HEAD", "HEAD~1"), 1)] {
        for format in ["human", "json"] {
            let mut child = tidegate_command(&repo, &["check", &range, "--output", format])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            drop(child.stdout.take());
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(exit), "{range} as {format}");
            assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
        }
    }
}

#[test]
fn colour_is_for_terminals_and_whoever_asks() {
    let (repo, range) = denied();
    let escape = '\u{1b}';
    let run =
        |arguments: &[&str]| stdout(&tidegate(&repo, &[&["check", &range], arguments].concat()));
    let plain = run(&[]);
    assert!(!plain.contains(escape) && plain.is_ascii(), "{plain}");
    assert!(run(&["--color", "always"]).contains(escape));
    let no_color = tidegate_command(&repo, &["check", &range])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!stdout(&no_color).contains(escape));
}

#[test]
fn both_ends_of_a_finding_are_shown() {
    let config = format!("{CONFIG}resources:\n  require: [limits.memory]\n");
    let (repo, base) = shop(&config);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let shown = stdout(&tidegate(&repo, &["check", &format!("{base}..HEAD")]));
    for wanted in [
        "resources.missing-memory-limit",
        "prod/odoo.yaml:",
        "tidegate.yaml:",
        "require: [limits.memory]",
        "FAIL",
        "exit 1",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
}

#[test]
fn foreign_text_cannot_steer_a_terminal() {
    let (repo, base) = shop(CONFIG);
    let text = deployment("odoo", "")
        .replace("image: registry", "image: \"\\e[31m\\u202eregistry")
        .replace("fd5\n", "fd5\"\n");
    repo.write("prod/\u{1b}[31modoo.yaml", text)
        .remove("prod/odoo.yaml")
        .commit("no limit");
    let shown = stdout(&tidegate(&repo, &["check", &format!("{base}..HEAD")]));
    assert!(shown.contains("missing-memory-limit"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[test]
fn the_folder_may_be_any_inside_the_repository() {
    let (repo, range) = denied();
    let inside = repo.path().join("prod");
    let output = tidegate(&repo, &["-C", inside.to_str().unwrap(), "check", &range]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let outside = tidegate(
        &repo,
        &["-C", repo.beside("home").to_str().unwrap(), "check", &range],
    );
    assert_eq!(outside.status.code(), Some(3));
    assert!(
        stderr(&outside).contains("git.not-a-repository"),
        "{}",
        stderr(&outside)
    );
}
