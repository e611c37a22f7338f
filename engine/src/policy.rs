//! Runs the Rego policies: what they declare, what they may do, what they answer.
//! Knows nothing but the input document it is handed: no facts, no Git, no clock.

mod answer;
mod answers;
mod check;
mod document;
mod error;
mod evaluate;
mod foreign;
mod known;
mod metadata;
mod mutate;
mod question;
mod set;
mod settings;
mod suite;
mod text;
mod times;
mod trace;
mod watchdog;

pub use answer::{Entry, RawFinding, RawReason};
pub use answers::Answers;
pub use error::{Error, Place, Problems};
pub use evaluate::Evaluator;
pub use metadata::{Kinds, Metadata, Reach, Scope, schema as metadata_schema};
pub use mutate::{Fate, Mutant, Tests, mutants};
pub use set::{Module, Origin, Policy, PolicySet};
pub use settings::{SettingProblem, Settings};
pub use suite::{Coverage, Report, TestCase, TestOutcome, run_tests};
pub use times::Times;
pub use trace::{RuleTrace, Trace, trace};

/// What the dialect of policies has, in the form of OPA's capabilities: for `opa check --capabilities`,
/// and for linters that read the same form.
pub const CAPABILITIES: &str = include_str!("policy/capabilities.json");
