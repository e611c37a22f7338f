//! A GitLab pipeline's variables as a plan.
//! Knows nothing of how the report is shown.

use miette::Diagnostic;

use super::event::{Event, present};
use super::plan::{Branches, Plan, Wishes};
use super::{Error, Variables};
use crate::git::Repository;
use crate::model::GitId;

/// What a pipeline is about. In a merge request that is the merge of its head into its target: the
/// checkout of a merged results pipeline or of a merge train, computed in any other.
pub(super) fn plan(
    repository: &Repository,
    variables: &Variables,
    policy_ref: Option<&str>,
) -> Result<Plan, Box<dyn Diagnostic + Send + Sync>> {
    let source = variables.required("CI_PIPELINE_SOURCE")?;
    let (event, target) = match source {
        "merge_request_event" => {
            let target = variables.required("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")?;
            (merge_request(repository, variables, target)?, Some(target))
        }
        "push" => {
            let before = id(variables, "CI_COMMIT_BEFORE_SHA")?;
            let after = id(variables, "CI_COMMIT_SHA")?;
            let before = present(before);
            let branch = variables.get("CI_COMMIT_BRANCH");
            (Event::Push { before, after }, branch.or(Some("")))
        }
        _ => (Event::Other, None),
    };
    let wishes = Wishes {
        base: None,
        policy_ref,
    };
    let branches = Branches {
        target,
        default: variables.get("CI_DEFAULT_BRANCH"),
    };
    let plan = Plan::of(repository, &event, wishes, branches)?;
    plan.ok_or_else(|| {
        let name = source.to_owned();
        Error::NoBase { name }.into()
    })
}

fn merge_request(
    repository: &Repository,
    variables: &Variables,
    target: &str,
) -> Result<Event, Error> {
    // Only where the pipeline merges does the first of them say anything.
    let head = match variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") {
        Some(_) => id(variables, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")?,
        None => id(variables, "CI_COMMIT_SHA")?,
    };
    // GitLab fetches the merge request alone; the template fetches its target too.
    let base = match repository.resolve(&format!("refs/remotes/origin/{target}")) {
        Ok(tip) => tip,
        Err(_) => id(variables, "CI_MERGE_REQUEST_DIFF_BASE_SHA")?,
    };
    Ok(Event::PullRequest {
        head,
        base,
        base_branch: target.to_owned(),
    })
}

fn id(variables: &Variables, name: &'static str) -> Result<GitId, Error> {
    let text = variables.required(name)?;
    GitId::parse(text).map_err(|_| Error::Value {
        name,
        value: text.to_owned(),
        wanted: "a commit id",
    })
}
