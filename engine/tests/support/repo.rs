//! Real repositories in a temporary folder, made by the real `git`: own home, no configuration of the
//! machine, fixed names and dates, so that the same steps give the same ids everywhere.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tidegate::git::Repository;
use tidegate::model::GitId;

/// A repository that goes away when it is dropped. Each commit is a minute younger than the last.
pub(crate) struct Repo {
    folder: TempDir,
    path: PathBuf,
    minutes: Cell<u64>,
}

impl Repo {
    /// An empty repository with the branch `main`.
    pub(crate) fn new() -> Self {
        Self::with(&["--initial-branch=main"])
    }

    /// An empty repository, with other options for `git init`.
    pub(crate) fn with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let path = folder.path().join("repo");
        fs::create_dir(&path).unwrap();
        let repo = Self {
            folder,
            path,
            minutes: Cell::new(0),
        };
        repo.git(&[&["init", "--quiet"], options].concat());
        repo
    }

    /// The top of the working tree.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The temporary folder around it, for clones and worktrees beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the working tree, and the folders above it.
    pub(crate) fn write(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> &Self {
        let file = self.path.join(OsStr::from_bytes(path.as_ref()));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        self
    }

    /// Puts a symbolic link into the working tree.
    pub(crate) fn symlink(&self, path: &str, target: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.path().join(path)).unwrap();
        self
    }

    /// Deletes a file of the working tree.
    pub(crate) fn remove(&self, path: &str) -> &Self {
        fs::remove_file(self.path.join(path)).unwrap();
        self
    }

    /// Commits the whole working tree.
    pub(crate) fn commit(&self, message: &str) -> GitId {
        self.git(&["add", "--all"]);
        self.commit_index(message)
    }

    /// Commits the index, also if nothing changed.
    pub(crate) fn commit_index(&self, message: &str) -> GitId {
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.id("HEAD")
    }

    /// What `git rev-parse` says.
    pub(crate) fn id(&self, revision: &str) -> GitId {
        GitId::parse(&self.git(&["rev-parse", "--verify", revision])).unwrap()
    }

    /// Runs `git`, which must succeed, and returns what it prints, without the last line break.
    pub(crate) fn git<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        String::from_utf8(self.git_with(arguments, b"")).unwrap()
    }

    /// The same with standard input; the output as bytes.
    pub(crate) fn git_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Vec<u8> {
        run(self.command("git").args(arguments), input)
    }

    /// A program in this working tree, with nothing of the caller's environment but `PATH`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let date = format!("{} +0000", 1_700_000_000 + 60 * self.minutes.get());
        self.minutes.set(self.minutes.get() + 1);
        let mut command = Command::new(program);
        command
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", env!("PATH"))
            .env("HOME", self.folder.path().join("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Charles")
            .env("GIT_COMMITTER_EMAIL", "charles@example.com")
            .env("GIT_COMMITTER_DATE", &date)
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Repository {
        Repository::open(&self.path).unwrap()
    }
}

/// Runs a command with standard input, which must succeed, and returns what it prints, without the last
/// line break.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A program that does not read its input is no failure.
    drop(writer.join().unwrap());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let mut printed = output.stdout;
    if printed.ends_with(b"\n") {
        printed.pop();
    }
    printed
}
