//! Wires the layers: the only file that knows the whole flow.
//! Decides nothing itself.

mod admit;
mod anchor;
mod anew;
mod application;
mod audit;
mod cases;
mod chain;
mod check;
mod checkout;
mod deployed;
mod deployer;
mod door;
mod error;
mod evaluate;
mod evidence;
mod file;
mod gate_files;
mod idle;
mod judge;
mod key;
mod landing;
mod library;
mod listed;
mod mutation;
mod named;
mod plans;
mod probe;
mod promote;
mod promotions;
mod publish;
mod reading;
mod registries;
mod render;
mod rendered;
mod reported;
mod scene;
mod scripts;
mod season;
mod side;
mod sign;
mod source;
mod summary;
mod unit;
mod unpruned;
mod unreleased;
mod verdicts;
mod view;
mod watch;
mod withdraw;

use jiff::Timestamp;

pub use admit::{AdmitRequest, Answer, Verification, VerifyRequest, admit, verify};
pub use audit::{Audited, audit};
pub use cases::{CaseResult, case_documents, each_case, run_cases};
pub use check::{
    Backups, Diff, Images, Signatures, UnitImages, backups, check, check_within, diff, facts,
    images,
};
pub use checkout::Checkout;
pub use deployer::Obeyed;
pub use error::{Error, KeyError};
pub use idle::idle_globs;
pub use judge::environments;
pub use library::{Policies, embedded_policies, policies, resolve, validate, validate_signed};
pub use listed::{ListedUnit, listed};
pub use mutation::{Mutation, mutate};
pub use named::{LinkName, NameError};
pub use promote::{PromoteRequest, Promotion, is_namesake, promote, promoted_branch};
pub use publish::{Copied, Left, PublishRequest, publish};
pub use registries::Registries;
pub use render::{RenderRequest, render};
pub use sign::{
    Deviation, Landed, Published, Renewed, RenewedUnit, Replay, ReplayRequest, SignRequest, Signed,
    SignedUnit, Signing, baseline, publish_queued, renew, replay, sign, sign_queued,
};
pub use unit::Unsound;
pub use verdicts::{
    Belief, Difference, RejectedPlace, ShownVerdict, Standing, UnitLog, difference, find_verdict,
    show_verdict, verdict_log,
};
pub use watch::{Kept, Runtime, Step, Unwatched, Watch};
pub use withdraw::{WithdrawRequest, Withdrawn, withdraw};

/// What to judge.
#[derive(Clone, Debug)]
pub struct Request {
    /// The range.
    pub what: What,
    /// Only this environment.
    pub environment: Option<String>,
    /// Only this unit.
    pub unit: Option<String>,
    /// Judge every object of the units touched, and let old findings block.
    pub everything: bool,
    /// The only clock.
    pub now: Timestamp,
    /// The revision that the judge is taken from, where it is not the base.
    pub policy_ref: Option<String>,
    /// A configuration that takes the place of the judge's: its name and bytes.
    pub config: Option<(String, Vec<u8>)>,
}

impl Request {
    /// All units, by the judge that the range has.
    #[must_use]
    pub fn new(what: What, now: Timestamp) -> Self {
        Self {
            what,
            environment: None,
            unit: None,
            everything: false,
            now,
            policy_ref: None,
            config: None,
        }
    }
}

/// A range.
#[derive(Clone, Debug)]
pub enum What {
    /// `A..B` or `A...B`.
    Range(String),
    /// What merging `head` into `into` would bring; the merge is computed in memory.
    Merge {
        /// What is merged.
        head: String,
        /// What it is merged into.
        into: String,
    },
    /// HEAD against the index.
    Staged,
    /// HEAD against the files of the working tree.
    Worktree,
    /// All that the index holds, as if all of it were new.
    Tracked,
    /// All that a commit holds, as if all of it were new, whatever led to it.
    State(String),
}
