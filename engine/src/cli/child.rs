//! A program that is told something and answers: bounded in what it says and in how long it takes.
//! Knows nothing of what is asked.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How a program ended, and what it said.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// At most as much as was asked for.
    pub(super) answer: Vec<u8>,
}

/// Tells a program `said`, and waits for its end; nothing where it was ended because it took longer than this. Its input
/// and output must be pipes.
pub(super) fn ask(
    mut child: Child,
    said: Vec<u8>,
    most: usize,
    patience: Duration,
) -> io::Result<Option<Ended>> {
    let end = now() + patience;
    let heard = answer_of(&mut child, said, most);
    let Some(status) = wait(&mut child, end)? else {
        return Ok(None);
    };
    // What it leaves behind may hold its output open.
    let left = end.saturating_duration_since(now()).min(LINGER);
    let answer = heard.recv_timeout(left).unwrap_or_default();
    Ok(Some(Ended { status, answer }))
}

/// Writes what it is told and reads what it says, each beside the other.
fn answer_of(child: &mut Child, said: Vec<u8>, most: usize) -> mpsc::Receiver<Vec<u8>> {
    let (say, heard) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read it all answers something else, and the answer says so.
        thread::spawn(move || stdin.write_all(&said));
    }
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut answer = Vec::new();
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            let _ = stdout.take(most).read_to_end(&mut answer);
            let _ = say.send(answer);
        });
    }
    heard
}

/// Waits until the program ends, or ends it: then nothing.
fn wait(child: &mut Child, end: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if now() >= end {
            // It may have ended by itself just now.
            let _ = child.kill();
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(TICK);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that does not end must be ended"
)]
fn now() -> Instant {
    Instant::now()
}

const LINGER: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(5);
