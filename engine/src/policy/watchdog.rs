//! Bounds time and memory of work that cannot be interrupted from within: parsing, one long built-in
//! call. Knows no policy. A run that passes a limit is left behind; it ends with the process.
//!
//! A thread, not a process: handing work to a thread costs microseconds, and the documents are shared. A
//! process of its own would cost its start, loading the policies again, and writing and reading
//! each document, to bound what the look at our own memory bounds as well.

mod memory;
mod meter;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use self::meter::Meter;
use super::error::Error;
use crate::model::limits;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// The limit passed.
    Late(Duration),
    /// The process grew by more than the limit.
    TooLarge,
    /// The thread died of a panic.
    Died,
    /// The machine gave no thread.
    NoThread,
}

impl NoAnswer {
    /// The error of `what`.
    pub(super) fn error(self, what: &str) -> Error {
        let what = what.to_owned();
        match self {
            Self::Late(limit) => Error::Timeout {
                what,
                limit_ms: limit.as_millis(),
            },
            Self::TooLarge => Error::Memory { what },
            Self::Died => Error::Panic { what },
            Self::NoThread => Error::NoThread { what },
        }
    }
}

/// Runs `work` on a thread of its own with a large stack and lets it use `limit` of processor time:
/// on a busy machine it is waited for longer, up to [`PATIENCE`] times the limit.
///
/// Whoever gets `Late` reports it and returns from `main`: the stuck thread dies with the process,
/// and nothing that it would still say is read.
pub(super) fn run_bounded<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NoAnswer> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // A receiver that has given up is not told; the answer is then nobody's.
    let meter = spawn(move || sender.send(work()).unwrap_or_default())?;
    receive_busy(&receiver, limit, &meter)
}

/// Waits until the thread has used `limit` since it began. Where the system does not tell what it has
/// used, the time that passes is the measure.
fn receive_busy<T>(receiver: &Receiver<T>, limit: Duration, meter: &Meter) -> Result<T, NoAnswer> {
    let (mut waited, mut wait) = (Duration::ZERO, limit);
    loop {
        match receive(receiver, wait) {
            Err(NoAnswer::Late(_)) => {}
            answer => return answer,
        }
        waited += wait;
        // No thread uses more than the time that passes: what is left is waited for at least.
        let left = limit.saturating_sub(meter.used().unwrap_or(waited));
        if left.is_zero() || waited >= limit * PATIENCE {
            return Err(NoAnswer::Late(limit));
        }
        wait = left.max(SHORTEST_WAIT);
    }
}

/// Waits, and looks at the memory of the process now and then. What answers at once is never looked
/// at; what it takes before the first look does not count.
fn receive<T>(receiver: &Receiver<T>, limit: Duration) -> Result<T, NoAnswer> {
    let begun = now();
    let mut before = None;
    loop {
        let left = limit.saturating_sub(begun.elapsed());
        match receiver.recv_timeout(left.min(LOOK)) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Disconnected) => return Err(NoAnswer::Died),
            Err(RecvTimeoutError::Timeout) if begun.elapsed() >= limit => {
                return Err(NoAnswer::Late(limit));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(bytes) = memory::resident() {
            let before = *before.get_or_insert(bytes);
            if bytes.saturating_sub(before) > limits::POLICY_MEMORY.wide() {
                return Err(NoAnswer::TooLarge);
            }
        }
    }
}

/// A thread that answers one question after the other, each within a limit of its own.
///
/// A question that passed its limit ends the worker: what follows is refused, since the thread is
/// still busy with it.
#[derive(Debug)]
pub(super) struct Worker<Q, A> {
    questions: SyncSender<Q>,
    answers: Receiver<(A, Duration)>,
    meter: Meter,
    /// When the question was sent that is not answered yet.
    sent: Option<Instant>,
    lost: Option<NoAnswer>,
    spent: Duration,
}

impl<Q: Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// Starts the thread; `answer` keeps its state between questions.
    pub(super) fn start(mut answer: impl FnMut(Q) -> A + Send + 'static) -> Result<Self, NoAnswer> {
        let (questions, inbox) = mpsc::sync_channel::<Q>(1);
        let (outbox, answers) = mpsc::sync_channel(1);
        let meter = spawn(move || {
            for question in inbox {
                let started = now();
                let answer = answer(question);
                if outbox.send((answer, started.elapsed())).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            questions,
            answers,
            meter,
            sent: None,
            lost: None,
            spent: Duration::ZERO,
        })
    }

    /// Asks; the answer is waited for later, before the next question.
    pub(super) fn send(&mut self, question: Q) {
        self.sent = Some(now());
        if self.lost.is_none() && self.questions.send(question).is_err() {
            self.lost = Some(NoAnswer::Died);
        }
    }

    /// Waits for the answer until `limit` has passed since the question.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<A, NoAnswer> {
        let asked = self
            .sent
            .take()
            .map_or(Duration::ZERO, |sent| sent.elapsed());
        let rest = limit.saturating_sub(asked);
        let (answer, took) = self.answer(|worker| {
            receive(&worker.answers, rest).map_err(|none| match none {
                NoAnswer::Late(_) => NoAnswer::Late(limit),
                none => none,
            })
        })?;
        self.spent += took;
        Ok(answer)
    }

    /// Waits for the answer until the thread has used `limit` of processor time since it began.
    pub(super) fn wait_busy(&mut self, limit: Duration) -> Result<A, NoAnswer> {
        self.sent = None;
        let receive = |worker: &Self| receive_busy(&worker.answers, limit, &worker.meter);
        Ok(self.answer(receive)?.0)
    }

    fn answer(
        &mut self,
        receive: impl FnOnce(&Self) -> Result<(A, Duration), NoAnswer>,
    ) -> Result<(A, Duration), NoAnswer> {
        let answer = match self.lost {
            Some(lost) => Err(lost),
            None => receive(self),
        };
        self.lost = answer.as_ref().err().copied();
        answer
    }

    /// Asks and waits for at most `limit`.
    #[cfg(test)]
    fn ask(&mut self, question: Q, limit: Duration) -> Result<A, NoAnswer> {
        self.send(question);
        self.wait(limit)
    }

    /// The time that all answers together took that were waited for by the time that passes.
    pub(super) fn spent(&self) -> Duration {
        self.spent
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the watchdog is what measures durations"
)]
fn now() -> Instant {
    Instant::now()
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<Meter, NoAnswer> {
    let meter = Meter::default();
    let begun = meter.clone();
    let work = move || {
        begun.begin();
        work();
    };
    thread::Builder::new()
        .name("policy".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map(|_detached| meter)
        .map_err(|_| NoAnswer::NoThread)
}

/// How many times its limit a run is waited for that gets no processor.
const PATIENCE: u32 = 12;
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// Between two looks at the memory. In this time a processor fills some 50 MB.
const LOOK: Duration = Duration::from_millis(10);

// Reserved, not used, until something nests deeply: the parser and the interpreter recurse.
const STACK_BYTES: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, code_of};

    #[test]
    fn work_that_ends_in_time_gives_its_answer() {
        assert_eq!(run_bounded(Duration::from_secs(20), || 6 * 7), Ok(42));
    }

    #[test]
    fn work_that_never_ends_is_left_behind() {
        let limit = Duration::from_millis(20);
        let stuck = run_bounded(limit, || {
            thread::park();
            loop {
                thread::park();
            }
        });
        assert_eq!(stuck, Err::<(), _>(NoAnswer::Late(limit)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_that_gets_no_processor_is_waited_for_longer() {
        let limit = Duration::from_millis(100);
        let slow = run_bounded(limit, move || thread::sleep(limit * 3));
        assert_eq!(slow, Ok(()));
    }

    #[test]
    fn work_that_uses_up_its_limit_is_late() {
        let limit = Duration::from_millis(20);
        let busy = run_bounded(limit, move || {
            let began = now();
            while began.elapsed() < limit * 100 {
                std::hint::spin_loop();
            }
        });
        assert_eq!(busy, Err(NoAnswer::Late(limit)));
    }

    /// By the processor time that the work uses: however busy the machine is, it is left long before.
    #[cfg(target_os = "linux")]
    #[test]
    fn work_that_needs_ten_times_its_limit_is_left_before_it_ends() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};

        let limit = Duration::from_millis(200);
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let left = run_bounded(limit, move || {
            let own = Meter::default();
            own.begin();
            while own.used().unwrap() < 10 * limit {
                std::hint::spin_loop();
            }
            end.store(true, Ordering::SeqCst);
        });
        assert_eq!(left, Err(NoAnswer::Late(limit)));
        assert!(!ended.load(Ordering::SeqCst));
    }

    #[test]
    fn work_that_panics_is_a_bug_and_not_late() {
        let panics = || std::panic::resume_unwind(Box::new(()));
        let result = run_bounded::<()>(Duration::from_secs(20), panics);
        let died = result.unwrap_err();
        assert_eq!(died, NoAnswer::Died);
        let error = died.error("policy file x.rego");
        assert_eq!(code_of(&error), "bug.policy-panic");
        assert_eq!(Exit::of_error(&error), Exit::Bug);
        let late = NoAnswer::Late(Duration::ZERO).error("policy file x.rego");
        assert_eq!(Exit::of_error(&late), Exit::Unjudged);
    }

    #[test]
    fn a_worker_that_died_once_stays_dead() {
        let mut worker = Worker::start(|n: u64| {
            if n == 0 {
                std::panic::resume_unwind(Box::new(()));
            }
            n
        })
        .unwrap();
        let limit = Duration::from_secs(20);
        assert_eq!(worker.ask(1, limit), Ok(1));
        assert_eq!(worker.ask(0, limit), Err(NoAnswer::Died));
        assert_eq!(worker.ask(1, limit), Err(NoAnswer::Died));
    }

    #[test]
    fn a_worker_that_was_late_once_is_never_asked_again() {
        let mut worker = Worker::start(|n: u64| {
            if n == 0 {
                thread::sleep(Duration::from_secs(2));
            }
            n + 1
        })
        .unwrap();
        let limit = Duration::from_secs(20);
        assert_eq!(worker.ask(1, limit), Ok(2));
        assert!(worker.ask(0, Duration::from_millis(20)).is_err());
        assert!(worker.ask(1, limit).is_err());
    }
}
