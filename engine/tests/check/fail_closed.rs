//! What keeps a change from being judged, or its judgement from being told, is never a pass.
//! Knows the process from outside; what Git, stores and keys refuse stands beside them.

use std::fs::{self, File};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::*;

/// A change that passes, and the range that brings it.
fn passing() -> (Repo, String) {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    (repo, format!("{base}..HEAD"))
}

#[test]
fn a_report_that_cannot_be_written_is_no_pass() {
    let (repo, range) = passing();
    for arguments in [
        vec!["check", &range],
        vec!["check", &range, "--output", "json"],
        vec!["check", &range, "--output", "sarif"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = tidegate_command(&repo, &arguments);
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert!(stderr(&output).contains("error[io.write]"), "{arguments:?}");
    }
    let to_file = ["check", &range, "--output", "json=/dev/full"];
    assert_eq!(tidegate(&repo, &to_file).status.code(), Some(3));
}

#[test]
fn who_closes_a_pipe_is_told_nothing_and_it_is_no_pass() {
    let (repo, _) = passing();
    let long = "x".repeat(1 << 20);
    repo.write("prod/long.yaml", config_map("long", &long))
        .commit("more than a pipe holds");
    for arguments in [
        vec!["facts", "HEAD~1..HEAD"],
        vec!["policy", "eval", "risk-tier", "HEAD~1..HEAD"],
        vec!["diff", "HEAD~1..HEAD", "--output", "json"],
    ] {
        let mut command = tidegate_command(&repo, &arguments);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(stderr(&output), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
    }
}

#[test]
fn messages_that_nobody_hears_change_no_exit() {
    let (repo, range) = passing();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut command = tidegate_command(&repo, &["check", &range, "--timings"]);
    assert_eq!(command.stderr(full()).status().unwrap().code(), Some(0));
    repo.write("prod/bad.yaml", "a: [").commit("bad");
    for (range, exit) in [("HEAD~1..HEAD", 3), ("HEAD..HEAD~1", 2)] {
        let mut command = tidegate_command(&repo, &["check", range]);
        let status = command.stderr(full()).stdout(Stdio::null()).status();
        assert_eq!(status.unwrap().code(), Some(exit), "{range}");
    }
}

#[test]
fn a_signal_ends_the_run_and_leaves_no_report() {
    let (repo, range) = passing();
    for signal in ["INT", "TERM", "HUP"] {
        for wait in [0, 20, 60, 120] {
            let arguments = ["check", &range, "--output", "json=report.json"];
            let mut command = tidegate_command(&repo, &arguments);
            let mut child = command.stdout(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(wait));
            let id = child.id().to_string();
            // One that has ended cannot be told anything.
            let told = Command::new("kill").args(["-s", signal, &id]).status();
            let status = child.wait().unwrap();
            assert!(told.unwrap().success());
            let report = repo.path().join("report.json");
            match status.code() {
                None => assert!(!report.exists(), "{signal} after {wait}"),
                Some(code) => assert_eq!(code, 0, "{signal} after {wait}"),
            }
            drop(fs::remove_file(report));
            assert!(!repo.path().join(".git/index.lock").exists());
        }
    }
}

#[test]
fn an_environment_that_is_odd_changes_no_judgement() {
    let (repo, range) = passing();
    let now = ["check", &range, "--output", "json", "--now", NOW];
    let plain = tidegate(&repo, &now);
    assert_eq!(plain.status.code(), Some(0));
    for (name, value) in [
        ("HOME", "/proc"),
        ("HOME", "a\nb"),
        ("XDG_CACHE_HOME", "relative"),
        ("XDG_CACHE_HOME", "/proc/none"),
        ("TMPDIR", "/nowhere"),
        ("TZ", ":/etc/passwd"),
        ("TZDIR", "/nowhere"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("TERM", "dumb"),
        ("COLUMNS", "1"),
        ("COLUMNS", "99999"),
    ] {
        let output = tidegate_command(&repo, &now).env(name, value).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}={value}");
        assert_eq!(stdout(&output), stdout(&plain), "{name}={value}");
    }
    let output = tidegate_command(&repo, &now).env_remove("HOME").output();
    assert_eq!(stdout(&output.unwrap()), stdout(&plain));
}

#[test]
fn an_instant_that_cannot_be_now_is_a_wrong_argument() {
    let (repo, range) = passing();
    for now in [
        "today",
        "",
        "2026-11-20T10:00:00",
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
    ] {
        let output = tidegate(&repo, &["check", &range, "--now", now]);
        assert_eq!(output.status.code(), Some(2), "{now}");
        assert!(stderr(&output).contains("error[usage.now]"), "{now}");
    }
}

#[test]
fn a_machine_that_gives_too_little_is_no_pass() {
    let (repo, range) = passing();
    // Too little first: what a run that passes has learnt needs nothing to be asked again.
    for (limit, exits) in [
        ("ulimit -v 100000", [3, 3]),
        ("ulimit -s 64", [3, 3]),
        ("ulimit -n 16", [0, 3]),
    ] {
        let binary = env!("CARGO_BIN_EXE_tidegate");
        let script = format!("{limit}; exec {binary} check {range}");
        let output = repo.command("sh").args(["-c", &script]).output().unwrap();
        let code = output.status.code();
        // What runs out of memory may be ended by the system.
        assert!(
            code.is_none_or(|code| exits.contains(&code) || code >= 128),
            "{limit}: {output:?}"
        );
    }
}

#[test]
fn what_lies_beside_policies_is_bounded() {
    let (repo, base) = shop(CONFIG);
    let case = |number: usize| format!(".tidegate/policies/t/cases/{number}/base/x.yaml");
    for number in 0..16 {
        repo.write(case(number), vec![b'#'; 4 << 20]);
    }
    let codes = || match check_with(&repo, &request(&format!("{base}..HEAD"))) {
        Ok(report) => error_codes(&report),
        Err(error) => vec![code_of(&error)],
    };
    let limit = "limit.policy-folder".to_owned();
    repo.commit("many cases");
    let within = codes();
    assert!(!within.contains(&limit), "{within:?}");
    repo.write(case(16), "#").commit("one more");
    let beyond = codes();
    assert!(beyond.contains(&limit), "{beyond:?}");
    // Ten times as much, of which nothing is read.
    let blob = repo.git(&["rev-parse", &format!("HEAD:{}", case(0))]);
    let many: String = (0..160)
        .map(|number| format!("100644 {blob}\t{}\n", case(number)))
        .collect();
    repo.git_with(&["update-index", "--add", "--index-info"], many.as_bytes());
    repo.commit_index("ten times as many");
    assert_eq!(codes(), beyond);
}

#[test]
fn a_file_that_is_too_large_is_named() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/big.yaml", vec![b'#'; (4 << 20) + 1])
        .commit("a large file");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Unjudged);
    let [(code, message)] = errors(&report).try_into().unwrap();
    assert_eq!(code, "limit.blob");
    assert!(message.starts_with("prod/big.yaml: "), "{message}");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn long_lists_are_compared_in_time_that_grows_with_them() {
    let variables = |value: &str| -> String {
        let sound = deployment("odoo", "2Gi");
        let each = (0..20_000).map(|n| format!("            - {{name: A{n}, value: {value}}}\n"));
        format!("{sound}          env:\n{}", each.collect::<String>())
    };
    let keys = |value: &str| -> String {
        let each = (0..20_000).map(|n| format!("  k{n}: {value}\n"));
        let data: String = each.collect();
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\nstringData:\n{data}"
        )
    };
    let (repo, _) = shop(CONFIG);
    repo.write("prod/odoo.yaml", variables("a"))
        .write("prod/secret.yaml", keys("a"))
        .commit("long lists");
    repo.write("prod/odoo.yaml", variables("b"))
        .write("prod/secret.yaml", keys("b"))
        .commit("changed everywhere");
    let begun = std::time::Instant::now();
    let found = gate::diff(
        &repo.open(),
        &request("HEAD~1..HEAD"),
        gate::Runtime::default(),
    )
    .unwrap();
    assert_eq!(found.errors.len(), 0);
    assert_eq!(found.units[0].changes.len(), 2);
    // With the square of their length it would take hours.
    assert!(begun.elapsed() < Duration::from_secs(120));
}
