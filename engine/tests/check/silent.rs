//! What a check asks of the kernel, where `strace` may look: no program is started and no socket opened.

use std::fs;
use std::path::Path;

use super::*;

#[test]
fn a_check_starts_no_program_and_opens_no_socket() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    let trace = repo.beside("trace");
    if traced(&repo, &trace, "true", &[]).is_none() {
        return;
    }
    let tidegate = env!("CARGO_BIN_EXE_tidegate");
    for arguments in [
        &["check", "HEAD~1..HEAD"][..],
        &["check", "HEAD~1..HEAD", "--all", "--output", "sarif"],
        &["check", "--staged"],
        &["check", "--worktree"],
        &["diff", "HEAD~1..HEAD"],
        &["facts", "HEAD~1..HEAD"],
        &["environments"],
    ] {
        let calls = traced(&repo, &trace, tidegate, arguments).unwrap();
        let programs = calls.iter().filter(|call| call.contains("exec"));
        assert_eq!(programs.count(), 1, "{arguments:?}: {calls:#?}");
        let is_other = |call: &&String| !call.contains("exec") && !call.contains("CLONE_THREAD");
        let others: Vec<&String> = calls.iter().filter(is_other).collect();
        assert!(others.is_empty(), "{arguments:?}: {others:#?}");
    }
    // Both would be seen.
    let remote = ["-c", "git ls-remote git://127.0.0.1:1/x"];
    let calls = traced(&repo, &trace, "sh", &remote).unwrap();
    let seen = |what: &str| calls.iter().filter(|call| call.contains(what)).count();
    assert!(seen("execve(") > 1 && seen("socket(") > 0, "{calls:#?}");
}

#[test]
fn a_check_that_may_start_no_thread_says_the_same_or_nothing() {
    let (repo, _) = shop(CONFIG);
    for number in 0..40 {
        let name = format!("app-{number}");
        repo.write(format!("prod/{name}.yaml"), deployment(&name, ""));
    }
    repo.commit("no limits");
    let check = ["check", "HEAD~1..HEAD", "--output", "json", "--now", NOW];
    let plain = tidegate(&repo, &check);
    assert_eq!(plain.status.code(), Some(1));
    // Of the threads that it starts none is given, or none after the first ones.
    for from in [1, 2, 3] {
        let mut command = repo.command("strace");
        command
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=clone,clone3"])
            .args([
                "-e",
                &format!("inject=clone,clone3:error=EAGAIN:when={from}+"),
                "--",
            ])
            .arg(env!("CARGO_BIN_EXE_tidegate"))
            .args(check);
        let Ok(output) = command.output() else { return };
        if stderr(&output).starts_with("strace: ") {
            return;
        }
        match output.status.code() {
            Some(1) => assert_eq!(stdout(&output), stdout(&plain), "{from}"),
            Some(3) => {}
            other => panic!("{from}: {other:?} {}", stderr(&output)),
        }
    }
}

/// The calls by which a program, or what it starts, starts another or reaches for the network; `None` where nobody
/// may look.
fn traced(repo: &Repo, trace: &Path, program: &str, arguments: &[&str]) -> Option<Vec<String>> {
    let mut command = repo.command("strace");
    command
        .args(["-f", "-qq", "-s", "200", "-o"])
        .arg(trace)
        .args([
            "-e",
            "trace=%network,execve,execveat,clone,clone3,fork,vfork",
            "-e",
            "signal=none",
            "--",
        ])
        .arg(program)
        .args(arguments);
    let output = command.output().ok()?;
    let text = fs::read_to_string(trace).ok()?;
    let _ = fs::remove_file(trace);
    assert!(output.status.code().is_some(), "{}", stderr(&output));
    // The end of a call that another thread interrupted names nothing new, and a thread that is gone before its call
    // was read (`31309 ???( <detached ...>`) made none.
    let names_a_call = |line: &&str| !line.contains(" resumed>") && !line.contains(" ???");
    let calls = text.lines().filter(names_a_call);
    let calls: Vec<String> = calls.map(str::to_owned).collect();
    (!calls.is_empty()).then_some(calls)
}
