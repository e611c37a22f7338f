//! The binary as people meet it: what it prints, how it ends. Wiring only; what is decided is tested below.
//! Snapshots lie in `cli/snapshots/`; `BLESS=1 cargo test cli` writes them anew: read the difference.

pub(crate) mod backups;
mod bounds;
mod calendar;
mod demo;
mod environments;
mod evidence;
mod explain;
mod globs;
mod help;
mod images;
mod init;
mod installation;
mod journey;
mod machine;
mod outputs;
mod readme;
mod rehearsals;
mod render;
mod steps;
mod terminal;
mod variables;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::Repo;

/// The binary in `folder`, with nothing of the caller's environment.
fn tidegate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.current_dir(folder).env_clear();
    command
}

/// Standard output and error in one, as text, and the exit code.
fn said(output: &Output) -> (String, i32) {
    let mut text = String::from_utf8(output.stdout.clone()).unwrap();
    text.push_str(std::str::from_utf8(&output.stderr).unwrap());
    (text, output.status.code().unwrap())
}

/// Compares with the snapshot, or writes it.
fn assert_snapshot(name: &str, text: &str) {
    let path = root().join("engine/tests/cli/snapshots").join(name);
    assert_file(&path, text);
}

#[expect(clippy::disallowed_methods, reason = "a test may be told to bless")]
pub(crate) fn assert_file(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(
        expected == text,
        "{} is not what comes out now; `BLESS=1 cargo test cli` writes it anew\n--- expected\n{expected}\n--- found\n{text}",
        path.display()
    );
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The shop as one commit, always with the same id.
pub(crate) fn shop() -> Repo {
    let repo = Repo::new();
    copy(&root().join("testdata/shop"), &repo, "");
    repo.commit("the shop");
    repo
}

fn copy(folder: &Path, repo: &Repo, prefix: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), repo, &format!("{path}/"));
        } else {
            repo.write(&path, fs::read(entry.path()).unwrap());
        }
    }
}
