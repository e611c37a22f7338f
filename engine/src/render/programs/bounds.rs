//! Runs a program within bounds of time, memory and output, and ends it with all that it started.
//! Knows nothing of what it does.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::model::limits;

/// A program that ended by itself.
pub(in crate::render) struct Ran {
    pub(in crate::render) status: ExitStatus,
    pub(in crate::render) stdout: Vec<u8>,
    /// The beginning of it.
    pub(in crate::render) stderr: Vec<u8>,
}

/// A program that did not.
pub(in crate::render) enum Stopped {
    /// Its thread could not be confined as it should be.
    Open,
    Start(io::Error),
    Time,
    Output,
}

/// What one run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Until it has ended.
    pub time: Duration,
    /// Bytes of its own memory, on Linux.
    pub memory: u64,
    /// Bytes that it prints, or writes into one file.
    pub output: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            time: limits::RENDER_TIME.time(),
            memory: limits::RENDER_MEMORY.wide(),
            output: limits::RENDER_OUTPUT.most,
        }
    }
}

impl Bounds {
    /// Runs `command`, started by a thread of its own that `confine` closes; what a thread may not do,
    /// what it starts may not do either.
    pub(in crate::render) fn run(
        self,
        command: &mut Command,
        confine: impl FnOnce() -> bool + Send,
    ) -> Result<Ran, Stopped> {
        let end = now() + self.time;
        group::own(command);
        let start = || {
            if confine() {
                command.spawn().map_err(Stopped::Start)
            } else {
                Err(Stopped::Open)
            }
        };
        let started = thread::scope(|scope| scope.spawn(start).join());
        let mut child = started.unwrap_or_else(|panic| resume_unwind(panic))?;
        let bounded = group::bound(&child, self).map_err(Stopped::Start);
        let read = bounded.and_then(|()| self.read(&mut child, end));
        // The group is ended before its first process is waited for, as long as its number is nobody
        // else's.
        group::end(&mut child);
        let ended = child.wait();
        let (stdout, stderr) = read?;
        Ok(Ran {
            status: ended.map_err(Stopped::Start)?,
            stdout,
            stderr,
        })
    }

    /// What the program prints until it ends.
    fn read(self, child: &mut Child, end: Instant) -> Result<(Vec<u8>, Vec<u8>), Stopped> {
        let stdout = keep(child.stdout.take(), self.output + 1);
        let stderr = keep(child.stderr.take(), COMPLAINTS);
        let stdout = heard(&stdout, end)?;
        if stdout.len() > self.output {
            return Err(Stopped::Output);
        }
        let stderr = heard(&stderr, end)?;
        while !group::has_ended(child).map_err(Stopped::Start)? {
            if now() >= end {
                return Err(Stopped::Time);
            }
            thread::sleep(TICK);
        }
        Ok((stdout, stderr))
    }
}

/// Reads the first bytes of a pipe in a thread of its own, says them when there are so many or no more,
/// and lets the rest go by.
fn keep(pipe: Option<impl Read + Send + 'static>, most: usize) -> Receiver<Vec<u8>> {
    let (say, heard) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        thread::spawn(move || {
            let mut kept = Vec::new();
            // What cannot be read any more was not said.
            let _ = pipe.by_ref().take(most as u64).read_to_end(&mut kept);
            let _ = say.send(kept);
            let _ = io::copy(&mut pipe, &mut io::sink());
        });
    }
    heard
}

fn heard(pipe: &Receiver<Vec<u8>>, end: Instant) -> Result<Vec<u8>, Stopped> {
    match pipe.recv_timeout(end.saturating_duration_since(now())) {
        Ok(bytes) => Ok(bytes),
        Err(RecvTimeoutError::Timeout) => Err(Stopped::Time),
        Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that does not end must be ended"
)]
fn now() -> Instant {
    Instant::now()
}

/// The program and what it starts, as one group of processes.
#[cfg(unix)]
mod group {
    use std::io;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    use rustix::process::{self, Pid, Signal, WaitId, WaitIdOptions};

    use super::Bounds;

    pub(super) fn own(command: &mut Command) {
        command.process_group(0);
    }

    pub(super) fn end(child: &mut Child) {
        // It may have ended by itself just now.
        let _ = process::kill_process_group(Pid::from_child(child), Signal::KILL);
    }

    /// Whether the program has ended; it is not waited for.
    pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = process::waitid(WaitId::Pid(Pid::from_child(child)), options)?;
        Ok(status.is_some())
    }

    /// Bounds what the program may use, right after it was started: there is no safe way to do it before.
    #[cfg(target_os = "linux")]
    pub(super) fn bound(child: &Child, bounds: Bounds) -> io::Result<()> {
        use rustix::io::Errno;
        use rustix::process::{Resource, Rlimit, prlimit};

        let bounds = [
            (Resource::Data, bounds.memory),
            (Resource::Fsize, bounds.output as u64),
            // Should nobody be left to end it; several threads use up time together.
            (Resource::Cpu, 16 * bounds.time.as_secs().max(1)),
            (Resource::Core, 0),
        ];
        for (resource, most) in bounds {
            let most = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            match prlimit(Some(Pid::from_child(child)), resource, most) {
                // It has ended already.
                Ok(_) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn bound(_: &Child, _: Bounds) -> io::Result<()> {
        Ok(())
    }
}

/// Where there are no groups, the program alone.
#[cfg(not(unix))]
mod group {
    use std::io;
    use std::process::{Child, Command};

    use super::Bounds;

    pub(super) fn own(_: &mut Command) {}

    pub(super) fn end(child: &mut Child) {
        let _ = child.kill();
    }

    pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
        Ok(child.try_wait()?.is_some())
    }

    pub(super) fn bound(_: &Child, _: Bounds) -> io::Result<()> {
        Ok(())
    }
}

const TICK: Duration = Duration::from_millis(1);
/// What is kept of standard error.
const COMPLAINTS: usize = 64 << 10;
