//! Runs the user's own `git`, for the network alone: credentials, keys and proxies are the user's business.
//! Knows no verdict. No hook of the machine runs, nothing asks at a terminal, nothing runs for ever.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::answer::{self, Pushed};
use crate::git::Repository;
use crate::model::{GitId, limits};
use crate::store::Error;

/// `git` for one remote of one repository.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The folder of objects and branches.
    pub(super) git_dir: PathBuf,
    /// Where a relative address of the remote begins.
    pub(super) directory: PathBuf,
    /// A folder for fetched objects, where the repository's own cannot be written.
    pub(super) objects: Option<PathBuf>,
    /// A name that the configuration knows.
    pub(super) remote: String,
    /// What was heard of the time, and when.
    told: OnceLock<(Timestamp, Duration)>,
    begun: Instant,
}

/// How far back a branch is brought.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    /// To what is there already.
    Missing,
    /// Its newest commit, without the history, which is cut off there.
    Tip,
    /// What was cut off.
    CutOff,
}

impl Program {
    /// For the remote that the repository's configuration has under this name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn of(repository: &Repository, name: &str) -> Result<Self, Error> {
        let known = repository.remotes()?;
        if !known.iter().any(|known| known == name) {
            return Err(Error::NoRemote {
                known: match known.as_slice() {
                    [] => ", and no other".to_owned(),
                    known => format!("; there are: {}", known.join(", ")),
                },
                remote: name.to_owned(),
            });
        }
        let git_dir = repository.common_dir().to_owned();
        Ok(Self {
            directory: repository.work_tree().unwrap_or(&git_dir).to_owned(),
            git_dir,
            objects: None,
            remote: name.to_owned(),
            told: OnceLock::new(),
            begun: now(),
        })
    }

    /// What time it is for a remote that is reached by HTTP, and how long after the beginning it first said so.
    pub(super) fn told(&self) -> Option<(Timestamp, Duration)> {
        self.told.get().copied()
    }

    /// What the remote's branch names now.
    pub(super) fn head(&self, branch: &str) -> Result<Option<GitId>, Error> {
        let arguments = ["ls-remote", "--refs", "--", &self.remote, branch];
        let mut command = self.command(&arguments);
        command.envs(TELL_HEADERS);
        let mut ran = self.ran(command, limits::REMOTE_ANSWER.time())?;
        if let Some(says) = answer::date(&ran.stderr) {
            self.told.get_or_init(|| (says, self.begun.elapsed()));
        }
        ran.stderr = answer::without_headers(&ran.stderr);
        if !ran.status.success() {
            return Err(answer::failure("read", &self.remote, &ran.stderr));
        }
        Ok(answer::head(&ran.stdout, branch))
    }

    /// Every reference of the remote in whose name this stands, and what it names now.
    pub(super) fn heads_with(&self, part: &str) -> Result<Vec<(String, GitId)>, Error> {
        let pattern = format!("*{part}*");
        let arguments = ["ls-remote", "--refs", "--", &self.remote, &pattern];
        let ran = self.run(&arguments, limits::REMOTE_ANSWER.time())?;
        if !ran.status.success() {
            return Err(answer::failure("read", &self.remote, &ran.stderr));
        }
        // What goes by may be the one that was looked for.
        if ran.stdout.len() >= MAX_PRINTED {
            return Err(Error::RemoteUnreachable {
                action: "read",
                remote: self.remote.clone(),
                reason: format!("too many references have `{part}` in their names"),
            });
        }
        Ok(answer::heads(&ran.stdout))
    }

    /// Brings the objects of the remote's branch; no reference is touched.
    pub(super) fn fetch(&self, branch: &str, reach: Reach) -> Result<(), Error> {
        let mut arguments = vec![
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
        ];
        arguments.extend(match reach {
            Reach::Missing => None,
            Reach::Tip => Some("--depth=1"),
            Reach::CutOff => Some("--unshallow"),
        });
        arguments.extend(["--", &self.remote, branch]);
        let ran = self.run(&arguments, limits::REMOTE_TRANSFER.time())?;
        if ran.status.success() {
            return Ok(());
        }
        Err(answer::failure("fetch from", &self.remote, &ran.stderr))
    }

    /// Moves the remote's branch from `expected` to `commit`, which follows it.
    pub(super) fn push(
        &self,
        commit: GitId,
        branch: &str,
        expected: Option<GitId>,
    ) -> Result<Pushed, Error> {
        let expected = expected.map(|id| id.to_string()).unwrap_or_default();
        let arguments = [
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--recurse-submodules=no",
            &format!("--force-with-lease={branch}:{expected}"),
            "--",
            &self.remote,
            &format!("{commit}:{branch}"),
        ];
        let ran = self.run(&arguments, limits::REMOTE_ANSWER.time())?;
        if ran.status.success() {
            return Ok(Pushed::Done);
        }
        match answer::pushed(&ran.stdout, &ran.stderr) {
            Some(pushed) => Ok(pushed),
            None => Err(answer::failure("push to", &self.remote, &ran.stderr)),
        }
    }

    fn run(&self, arguments: &[&str], limit: Duration) -> Result<Ran, Error> {
        self.ran(self.command(arguments), limit)
    }

    fn ran(&self, mut command: Command, limit: Duration) -> Result<Ran, Error> {
        let mut child = command.spawn().map_err(|error| Error::GitMissing {
            reason: error.to_string(),
        })?;
        let (stdout, stderr) = (
            Captured::of(child.stdout.take()),
            Captured::of(child.stderr.take()),
        );
        let status = wait(&mut child, limit).map_err(|reason| Error::RemoteUnreachable {
            action: "reach",
            remote: self.remote.clone(),
            reason,
        })?;
        Ok(Ran {
            status,
            stdout: stdout.text(),
            stderr: stderr.text(),
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in OTHER_REPOSITORIES.into_iter().chain(SECRETS) {
            command.env_remove(name);
        }
        command
            .current_dir(&self.directory)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env("LANGUAGE", "C")
            .arg("--git-dir")
            .arg(&self.git_dir);
        if let Some(objects) = &self.objects {
            command.env("GIT_OBJECT_DIRECTORY", objects).env(
                "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                quoted(&self.git_dir.join("objects")),
            );
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        // A mirror pushes and prunes everything, whatever is asked of it.
        command.args(["-c", &format!("remote.{}.mirror=false", self.remote)]);
        command.args(["-c", &format!("remote.{}.prune=false", self.remote)]);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

struct Ran {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

/// Waits until the program ends, or ends it.
fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, String> {
    let end = now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if now() < end => thread::sleep(TICK),
            Ok(None) => {
                // It may have ended by itself just now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} seconds", limit.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// What a program prints, read as it comes. A process that it leaves behind may hold the pipe open, so
/// nobody waits long for the end of it.
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Captured {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = mpsc::channel();
        if let Some(pipe) = pipe {
            let bytes = Arc::clone(&bytes);
            thread::spawn(move || {
                // What cannot be read any more was not said.
                let _ = drain(pipe, &bytes);
                let _ = end.send(());
            });
        }
        Self { bytes, ended }
    }

    fn text(self) -> String {
        let _ = self.ended.recv_timeout(LINGER);
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Keeps the first bytes and lets the rest go by.
fn drain(mut pipe: impl Read, kept: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let count = pipe.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_PRINTED.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
}

/// A path in a list that `:` separates.
fn quoted(path: &Path) -> std::ffi::OsString {
    let text = path.to_string_lossy();
    if !text.contains([':', '"', '\\']) {
        return path.as_os_str().to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    OsStr::new(&format!("\"{escaped}\"")).to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that does not end must be ended, and the remote's clock goes on while one waits"
)]
fn now() -> Instant {
    Instant::now()
}

/// What Git and the programs that it starts have no business to know.
const SECRETS: [&str; 1] = ["TIDEGATE_SIGNING_KEY"];

/// `git` tells the headers of what it is answered, and nothing else, on its standard error.
const TELL_HEADERS: [(&str, &str); 3] = [
    ("GIT_TRACE_CURL", "2"),
    ("GIT_TRACE_CURL_NO_DATA", "1"),
    ("GIT_TRACE_REDACT", "1"),
];

/// What would make `git` work on another repository than it is told, or obey another process.
const OTHER_REPOSITORIES: [&str; 13] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_PUSH_OPTION_COUNT",
];

const SETTINGS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "push.followTags=false",
    "push.pushOption=",
    "fetch.prune=false",
    "fetch.pruneTags=false",
];

/// No helper programs (`ext::`, `NAME::`): an address is only an address.
const PROTOCOLS: &str = "file:git:http:https:ssh";

const TICK: Duration = Duration::from_millis(5);
const LINGER: Duration = Duration::from_secs(1);
const MAX_PRINTED: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_time_of_a_remote_is_heard_by_http() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        thread::spawn(move || {
            for stream in server.incoming() {
                let mut stream = stream.unwrap();
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).unwrap();
                let answer = "HTTP/1.1 404 Not Found\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let url = format!("http://{address}/r.git");
        let repository =
            Repository::init_bare(&folder.path().join("r.git"), "origin", &url).unwrap();
        let program = Program::of(&repository, "origin").unwrap();
        assert_eq!(program.told(), None);
        let error = program.head("refs/heads/v").unwrap_err();
        let (says, after) = program.told().unwrap();
        assert_eq!(says.to_string(), "2026-11-20T12:00:00Z");
        assert!(after < Duration::from_mins(2));
        let reason = format!("{error:?}");
        assert!(reason.contains("not found"), "{reason}");
        assert!(!reason.contains("header"), "{reason}");
    }

    fn waited(script: &str, limit: Duration) -> Result<ExitStatus, String> {
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        wait(&mut child, limit)
    }

    #[test]
    fn a_program_is_waited_for_as_long_as_it_may_take_and_no_longer() {
        let ended = waited("sleep 0.2; exit 7", Duration::from_mins(2)).unwrap();
        assert_eq!(ended.code(), Some(7));
        let error = waited("exec sleep 30", Duration::from_secs(1)).unwrap_err();
        assert_eq!(error, "no answer within 1 seconds");
    }

    #[test]
    fn the_first_that_is_printed_is_kept_and_the_rest_goes_by() {
        let all = [&[b'a'; MAX_PRINTED - 1][..], b"bc", &[b'd'; 9000]].concat();
        let kept = Mutex::new(Vec::new());
        drain(all.as_slice(), &kept).unwrap();
        assert!(*kept.into_inner().unwrap() == all[..MAX_PRINTED]);
    }

    #[test]
    fn what_is_printed_is_text_whatever_was_meant() {
        let said = Captured::of(Some(&b"caf\xe9\n"[..])).text();
        assert_eq!(said, "caf\u{fffd}\n");
        assert_eq!(Captured::of(None::<io::Empty>).text(), "");
    }

    #[test]
    fn a_path_in_a_list_is_quoted_where_it_would_be_cut() {
        for (path, listed) in [
            ("/a b/objects", "/a b/objects"),
            ("/a:b/objects", "\"/a:b/objects\""),
            ("/a\"b\\c", "\"/a\\\"b\\\\c\""),
        ] {
            assert_eq!(quoted(Path::new(path)), listed);
        }
    }
}
