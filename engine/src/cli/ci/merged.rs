//! The events of a CI service after which something may be signed: those that come after a merge.
//! Asks nobody but the variables; a job that lies about them has the key anyway.

use super::Error;
use crate::cli::common::Failure;

/// Whether a GitHub job of this event may sign.
pub(super) fn comes_after(event: &str) -> bool {
    GITHUB.contains(&event)
}

/// Refuses to sign in a job whose event is none of those, or is about a merge request.
pub(in crate::cli) fn required(variable: impl Fn(&str) -> Option<String>) -> Result<(), Failure> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let github = set("GITHUB_EVENT_NAME").filter(|event| !comes_after(event));
    let gitlab = set("CI_PIPELINE_SOURCE").filter(|source| !GITLAB.contains(&source.as_str()));
    let request = set("CI_MERGE_REQUEST_IID").map(|number| format!("merge request {number}"));
    let place = String::new();
    match github.or(gitlab).or(request) {
        Some(event) => Err(Error::CannotSign { event, place }.into()),
        None => Ok(()),
    }
}

/// Values of `GITHUB_EVENT_NAME`.
const GITHUB: [&str; 3] = ["push", "schedule", "workflow_dispatch"];
/// Values of `CI_PIPELINE_SOURCE`. A pipeline that another one started may be a merge request's.
const GITLAB: [&str; 5] = ["push", "schedule", "web", "api", "trigger"];
