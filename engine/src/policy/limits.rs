//! How much a policy may cost. Knows no policy; the numbers are defaults and hard bounds in one.

use std::time::Duration;

/// Bytes of one policy file.
pub const FILE_BYTES: usize = 256 * 1024;
/// Policies in one set.
pub const POLICIES: usize = 200;
/// Bytes of all policies of one set.
pub const TOTAL_BYTES: usize = 8 * 1024 * 1024;
/// Brackets within brackets in a source; the parser's time doubles with each.
pub const BRACKET_DEPTH: usize = 12;
/// Findings of one policy in one run.
pub const FINDINGS: usize = 1_000;
/// Reasons of one risk policy in one run: every change has at least one.
pub const REASONS: usize = 20_000;
/// Bytes of a message, a remediation or a reason's text.
pub const MESSAGE_BYTES: usize = 4 * 1024;
/// Length of the list that `numbers.range` may make.
pub const RANGE_LENGTH: i64 = 10_000;
/// Bytes of a regular expression that stands in a policy.
pub const PATTERN_BYTES: usize = 1024;
/// Bytes by which the process may grow while it waits for one policy: some 3,000 changes take
/// `risk-tier` 150 MB.
pub const MEMORY_BYTES: u64 = 1024 * 1024 * 1024;
/// Reading and checking the policies of a repository: processor time on Linux, so that a busy machine
/// changes no answer; elsewhere the time that passes.
pub const LOAD_TIME: Duration = Duration::from_secs(10);
/// How long policies may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// One policy on one object.
    pub object: Duration,
    /// One policy on one unit.
    pub change_set: Duration,
    /// All policies of one run.
    pub total: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            object: Duration::from_secs(1),
            change_set: Duration::from_secs(5),
            total: Duration::from_secs(60),
        }
    }
}
