//! How long policies may take. Knows no policy.

use std::time::Duration;

use crate::model::limits;

/// The times of one run.
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
            object: limits::POLICY_OBJECT_TIME.time(),
            change_set: limits::POLICY_UNIT_TIME.time(),
            total: limits::POLICY_TOTAL_TIME.time(),
        }
    }
}
