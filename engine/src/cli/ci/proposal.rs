//! `command: comment`: judges a pull request that another run has checked once more, here, and comments on it.
//! Takes from that run the commit alone: what it made is its author's, so nothing of it is read.

use super::api::{Api, Open};
use super::event::{Event, Head};
use super::{Error, Outcome, Step, Terminal, comment, judged};
use crate::cli::common::{self, Failure};
use crate::git::Repository;
use crate::model::Exit;
use crate::report::github;
use crate::store::Remote;

/// Comments on every open pull request whose head is the commit that was checked.
pub(super) fn run(step: &Step<'_>, terminal: &mut Terminal) -> Outcome {
    let event = step.variables.required("GITHUB_EVENT_NAME")?;
    if event != "workflow_run" {
        let event = event.to_owned();
        return Err(Error::CannotComment { event }.into());
    }
    let occasion = step.occasion()?;
    let default = occasion.default_branch.as_deref();
    let api = Api::of(step.variables)?;
    let mut found = false;
    if let Some(head) = &occasion.checked {
        for proposal in api.open(head)? {
            on_one(step, &api, (&proposal, head), default, terminal)?;
            found = true;
        }
    }
    if !found {
        terminal.line(github::command("notice", NOTHING).trim_end());
    }
    Ok(Exit::Pass)
}

fn on_one(
    step: &Step<'_>,
    api: &Api,
    (proposal, head): (&Open, &Head),
    default: Option<&str>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let number = proposal.number;
    let repository = common::repository(&terminal.directory)?;
    fetch(&repository, proposal)?;
    let event = Event::PullRequest {
        head: head.commit,
        base: proposal.base,
        base_branch: proposal.base_branch.clone(),
    };
    let plan = |repository: &Repository| step.plan(repository, &event, default);
    let report = judged(plan, step.scope(terminal)?, terminal);
    let exit = step.inputs.fail_on.exit(&report);
    let text = comment::text(step, &report, exit);
    let placed = comment::place(api, step, number, &text)?;
    if let Some(said) = comment::said(&placed) {
        terminal.line(said.trim_end());
    }
    let verdict = super::word(&report);
    terminal.line(&format!(
        "pull request {number}: {verdict}, {}",
        placed.word()
    ));
    Ok(())
}

/// Brings the commits of both sides, as objects: no reference moves, and nothing is checked out.
fn fetch(repository: &Repository, proposal: &Open) -> Result<(), Failure> {
    let remote = Remote::new(repository, "origin")?;
    remote.fetch(&format!("refs/heads/{}", proposal.base_branch))?;
    remote.fetch(&format!("refs/pull/{}/head", proposal.number))?;
    Ok(())
}

const NOTHING: &str = "no open pull request has the commit that was checked as its head: it moved on, or is closed, and a newer run comments";
