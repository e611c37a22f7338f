//! `--timings`: how long each step of a check took, and how much was known from earlier runs.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::terminal::Terminal;
use crate::gate::{Kept, Step, Watch};

/// Adds up the time of each step.
pub(super) struct Timings(RefCell<Running>);

struct Running {
    started: Instant,
    since: Instant,
    step: &'static str,
    /// In the order in which steps first came.
    steps: Vec<(&'static str, Duration)>,
    kept: Vec<(Kept, usize, usize)>,
}

impl Timings {
    /// Begins with what comes before the first step.
    pub(super) fn start() -> Self {
        let now = now();
        Self(RefCell::new(Running {
            started: now,
            since: now,
            step: "start",
            steps: Vec::new(),
            kept: Vec::new(),
        }))
    }

    /// What comes after the last step.
    pub(super) fn begin_report(&self) {
        self.0.borrow_mut().next("report");
    }

    /// Prints a line a step on standard error.
    pub(super) fn print(self, terminal: &mut Terminal) {
        let mut running = self.0.into_inner();
        running.next("");
        let total = running.since - running.started;
        for (step, time) in running.steps.into_iter().chain([("total", total)]) {
            terminal.say(&format!("{step:12}{:>9.1} ms", time.as_secs_f64() * 1e3));
        }
        for (kept, known, asked) in running.kept {
            terminal.say(&format!("{:12}{known:>9} of {asked} known", kept.name()));
        }
    }
}

impl Watch for Timings {
    fn begin(&self, step: Step) {
        self.0.borrow_mut().next(step.name());
    }

    fn hits(&self, kept: Kept, known: usize, asked: usize) {
        let mut running = self.0.borrow_mut();
        match running.kept.iter_mut().find(|(other, ..)| *other == kept) {
            Some((_, before, all)) => {
                *before += known;
                *all += asked;
            }
            None => running.kept.push((kept, known, asked)),
        }
    }
}

impl Running {
    fn next(&mut self, step: &'static str) {
        let now = now();
        let took = now - self.since;
        match self.steps.iter_mut().find(|(name, _)| *name == self.step) {
            Some((_, time)) => *time += took,
            None => self.steps.push((self.step, took)),
        }
        self.since = now;
        self.step = step;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that times a command"
)]
fn now() -> Instant {
    Instant::now()
}
