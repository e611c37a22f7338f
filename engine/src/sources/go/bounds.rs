//! What a template may take: steps, bytes and depth.
//! Every loop and every text that is made pays here, so that no template runs for ever.

use std::cell::Cell;

use super::value::Maps;
use crate::model::limits;

/// Steps that are left to several templates together.
#[derive(Debug)]
pub(in crate::sources) struct Steps(Cell<usize>);

impl Default for Steps {
    fn default() -> Self {
        Self(Cell::new(limits::TEMPLATE_STEPS.most))
    }
}

/// The bounds of one template, and the maps that it made.
pub(super) struct Bounds<'a> {
    steps: &'a Steps,
    depth: usize,
    pub(super) maps: Maps,
}

impl<'a> Bounds<'a> {
    pub(super) fn new(steps: &'a Steps) -> Self {
        Self {
            steps,
            depth: 0,
            maps: Maps::default(),
        }
    }

    /// Takes one step.
    pub(super) fn step(&self) -> Result<(), String> {
        self.spend(1)
    }

    /// Takes the steps that a text or a list of this length costs.
    pub(super) fn made(&self, length: usize) -> Result<(), String> {
        if length > limits::TEMPLATE_TEXT.most {
            return Err(format!(
                "it makes a text or a list longer than {}",
                limits::TEMPLATE_TEXT
            ));
        }
        self.spend(1 + length / BYTES_OF_A_STEP)
    }

    fn spend(&self, steps: usize) -> Result<(), String> {
        let left = self.steps.0.get().checked_sub(steps);
        self.steps.0.set(left.unwrap_or_default());
        match left {
            Some(_) => Ok(()),
            None => Err(format!(
                "the templates of the set take more than {} steps",
                limits::TEMPLATE_STEPS
            )),
        }
    }

    /// Does `inner` one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.enter()?;
        let done = inner(self);
        self.leave();
        done
    }

    pub(super) fn enter(&mut self) -> Result<(), String> {
        if self.depth >= limits::TEMPLATE_DEPTH.most {
            return Err(too_deep());
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}

pub(super) fn too_deep() -> String {
    format!("it goes deeper than {} levels", limits::TEMPLATE_DEPTH)
}

const BYTES_OF_A_STEP: usize = 64;
