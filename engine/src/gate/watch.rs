//! The steps of a check, for whoever wants to know how long each takes.
//! Reads no clock: a [`Watch`] is told where one step ends and the next begins.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::Registries;
use crate::render::Workshop;
use crate::store::Store;

/// A step of a check, in the order in which they come; several come once a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The commits or the index of the range.
    Range,
    /// Configuration and policies.
    Judge,
    /// Which files differ.
    Difference,
    /// The changed objects, compared.
    Changes,
    /// The objects beside the changed ones.
    Neighbours,
    /// What is true about the changes.
    Facts,
    /// What policies say, except of old findings.
    Policies,
    /// What policies say of the state before.
    Before,
    /// The trees that a verdict would name.
    Trees,
    /// What belongs to no unit.
    Rest,
    /// Keeping what was learnt for the next run.
    Keep,
}

/// What a cache may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// What a file holds.
    Files,
    /// What a policy says of a document.
    Answers,
}

/// Is told how a check goes on.
pub trait Watch {
    /// The step before ends, this one begins.
    fn begin(&self, step: Step);

    /// So many of what was asked for were known from earlier runs.
    fn hits(&self, kept: Kept, known: usize, asked: usize);
}

/// What a run has around it. None of it changes what comes out, but verdicts and what registries say of images.
#[derive(Clone, Copy)]
pub struct Runtime<'a> {
    /// Is told how the run goes on.
    pub watch: &'a dyn Watch,
    /// The folder in which the answers of policies are kept between runs; `None` for nowhere.
    pub cache: Option<&'a Path>,
    /// What renders sources; `None` for nothing, so that a unit that needs it cannot be judged.
    pub workshop: Option<&'a Arc<Workshop>>,
    /// Where verdicts lie, by which other environments are known; `None` for nowhere.
    pub verdicts: Option<&'a dyn Store>,
    /// Evidence of backups that lies outside of the repository.
    pub evidence: &'a [(String, Vec<u8>)],
    /// Whom to ask for what proves an image and is not recorded; `None` for nobody.
    pub registries: Option<&'a Rc<Registries>>,
}

/// Nobody looks, and nothing is kept.
impl Default for Runtime<'_> {
    fn default() -> Self {
        Self {
            watch: &Unwatched,
            cache: None,
            workshop: None,
            verdicts: None,
            evidence: &[],
            registries: None,
        }
    }
}

/// Does not look.
pub struct Unwatched;

impl Step {
    /// The name of the step, which does not change.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Judge => "judge",
            Self::Difference => "difference",
            Self::Changes => "changes",
            Self::Neighbours => "neighbours",
            Self::Facts => "facts",
            Self::Policies => "policies",
            Self::Before => "before",
            Self::Trees => "trees",
            Self::Rest => "rest",
            Self::Keep => "keep",
        }
    }
}

impl Kept {
    /// What is counted, which does not change.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Answers => "answers",
        }
    }
}

impl Watch for Unwatched {
    fn begin(&self, _: Step) {}

    fn hits(&self, _: Kept, _: usize, _: usize) {}
}
