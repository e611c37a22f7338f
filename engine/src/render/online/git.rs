//! Runs `git` to fetch one commit: no configuration, credentials, hooks or environment of the machine, no prompt,
//! no redirect, no other transport, within bounds. Reads nothing of what is fetched.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Pinned;
use super::error::FetchError;
use crate::manifest::secrets::without_secrets;
use crate::model::is_harmful;
use crate::render::Exported;
use crate::render::programs::{Bounds, ProgramError, ProgramsConfig, Stopped, git};

/// Makes the root of `room` a bare repository that holds the commit and its tree.
pub(super) fn fetch(
    pinned: &Pinned,
    room: &Exported,
    config: &ProgramsConfig,
    bounds: Bounds,
) -> Result<(), FetchError> {
    let program = git(config)?;
    let commit = pinned.commit.to_string();
    let transport = pinned.origin.split("://").next().unwrap_or_default();
    let mut start = command(&program, room, transport);
    start.args(INIT);
    run(&mut start, bounds)?;
    let mut fetch = command(&program, room, transport);
    fetch.args(FETCH).args([&pinned.repository, &commit]);
    run(&mut fetch, bounds)
}

fn run(command: &mut Command, bounds: Bounds) -> Result<(), FetchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    // It needs the network, so nothing is closed to it.
    match bounds.run(command, || true) {
        Ok(ran) if ran.status.success() => Ok(()),
        Ok(ran) => Err(failure(&String::from_utf8_lossy(&ran.stderr))),
        Err(Stopped::Time) => Err(FetchError::Unavailable {
            reason: format!("no end within {} s", bounds.time.as_secs()),
        }),
        Err(Stopped::Start(error)) => Err(FetchError::Program(ProgramError::Start {
            program,
            reason: error.to_string(),
        })),
        Err(Stopped::Output | Stopped::Open) => Err(FetchError::Program(ProgramError::Output {
            program,
            bytes: bounds.output,
        })),
    }
}

fn command(program: &Path, room: &Exported, transport: &str) -> Command {
    let home = room.home();
    let mut command = Command::new(program);
    command
        .current_dir(room.root())
        .env_clear()
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .env("TMPDIR", home.join("tmp"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", null())
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ALLOW_PROTOCOL", transport)
        .env("LC_ALL", "C")
        .env("LANGUAGE", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.arg("--git-dir=.");
    command
}

fn null() -> OsString {
    OsString::from(if cfg!(windows) { "NUL" } else { "/dev/null" })
}

/// Whether trying again may help: only what is known to pass by itself does.
fn failure(errors: &str) -> FetchError {
    let lower = errors.to_ascii_lowercase();
    let reason = said(errors);
    let passes = PASSING.iter().any(|words| lower.contains(words));
    // A signal ends what writes too much.
    match passes && !lower.contains("died of signal") {
        true => FetchError::Unavailable { reason },
        false => FetchError::Missing { reason },
    }
}

/// A line or two of `git`'s own words and of the server's: cut, and without what cannot be shown.
fn said(errors: &str) -> String {
    let lines = errors
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let lines: Vec<String> = lines
        .take(LINES)
        .map(|line| {
            let line: String = line.chars().filter(|c| !is_harmful(*c)).collect();
            let line = without_secrets(&line).unwrap_or(line);
            line.chars().take(WIDTH).collect()
        })
        .collect();
    match lines.as_slice() {
        [] => "`git` gives no reason".to_owned(),
        lines => lines.join("; "),
    }
}

const INIT: [&str; 6] = [
    "init",
    "--quiet",
    "--bare",
    "--template=",
    "--object-format=sha1",
    ".",
];

const FETCH: [&str; 9] = [
    "fetch",
    "--quiet",
    "--depth=1",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-recurse-submodules",
    "--no-auto-maintenance",
    "--refmap=",
    "--",
];

const SETTINGS: [&str; 14] = [
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "credential.helper=",
    "http.followRedirects=false",
    "http.emptyAuth=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "transfer.fsckObjects=true",
    "fetch.unpackLimit=1",
    "fetch.negotiationAlgorithm=noop",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "safe.bareRepository=all",
];

/// What another attempt may change.
const PASSING: [&str; 13] = [
    "could not resolve",
    "failed to connect",
    "couldn't connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "operation too slow",
    "network is unreachable",
    "remote end hung up",
    "early eof",
    "returned error: 429",
    "returned error: 5",
];
const LINES: usize = 3;
const WIDTH: usize = 300;
