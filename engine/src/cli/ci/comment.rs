//! The one comment of a pull request: found by its first line and its author, made or brought up to date.
//! Judges nothing; what it cannot write changes no verdict.

use super::api::{Api, Comment};
use super::error::told;
use super::event::Proposal;
use super::inputs::When;
use super::{Error, Step, Terminal, word};
use crate::model::Exit;
use crate::report::budget::Budget;
use crate::report::{github, markdown};
use crate::verdict::RunReport;

/// What became of the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Nothing to say that is not said already.
    Same,
    Created,
    Edited,
    /// It was made, but by somebody else than was foreseen, so that the next run will not find it.
    Unforeseen {
        author: String,
    },
}

impl Placed {
    /// What became of it, in a word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Same => "nothing new to say",
            Self::Created | Self::Unforeseen { .. } => "commented",
            Self::Edited => "comment brought up to date",
        }
    }
}

/// Comments on the pull request of the event, if there is one and the step is asked to. Whatever goes
/// wrong is a warning: the verdict stands.
pub(super) fn on_event(step: &Step<'_>, report: &RunReport, exit: Exit, terminal: &mut Terminal) {
    if step.inputs.comment == When::Never {
        return;
    }
    let proposal = match step.occasion() {
        Ok(occasion) => occasion.proposal,
        Err(_) => None,
    };
    let Some(proposal) = proposal else {
        return;
    };
    let said = match proposal {
        Proposal { fork: true, .. } => github::command("notice", FORK),
        Proposal { number, .. } => {
            let placed = Api::of(step.variables)
                .and_then(|api| place(&api, step, number, &text(step, report, exit)));
            match placed {
                Ok(placed) => said(&placed).unwrap_or_default(),
                Err(error) => failed(&error),
            }
        }
    };
    terminal.line(said.trim_end());
}

/// What is to be said: all of it, and what takes its place where there is nothing to do.
pub(super) struct Text {
    marker: String,
    whole: String,
    /// A comment that is there already becomes this; where there is none, none is made.
    quiet: Option<String>,
}

pub(super) fn text(step: &Step<'_>, report: &RunReport, exit: Exit) -> Text {
    let marker = markdown::marker(step.inputs.environment.as_deref());
    let files = step.files(report);
    let layout = markdown::Layout {
        budget: Budget::COMMENT,
        marker: Some(&marker),
        files: files.as_deref(),
        ..markdown::Layout::SUMMARY
    };
    let is_green = exit == Exit::Pass && ["pass", "not-applicable"].contains(&word(report));
    let quiet = is_green && step.inputs.comment != When::Always;
    Text {
        whole: markdown::render(report, &layout).text,
        quiet: quiet.then(|| markdown::one_line(report, &marker)),
        marker,
    }
}

/// Makes the comment, or brings the one that is there up to date. Only one that begins with the
/// marker and is of the expected author is ours: anyone may write the marker.
pub(super) fn place(api: &Api, step: &Step<'_>, number: u64, text: &Text) -> Result<Placed, Error> {
    let author = step.inputs.comment_author.as_str();
    let is_ours = |comment: &Comment| {
        comment.author == author && comment.body.lines().next() == Some(&text.marker)
    };
    let there = api.comments(number)?.into_iter().find(is_ours);
    let body = text.quiet.as_ref().unwrap_or(&text.whole);
    match there {
        Some(there) if there.body.replace("\r\n", "\n").trim_end() == body.trim_end() => {
            Ok(Placed::Same)
        }
        Some(there) => {
            api.edit(there.id, body)?;
            Ok(Placed::Edited)
        }
        None if text.quiet.is_some() => Ok(Placed::Same),
        None => {
            let made = api.create(number, body)?;
            Ok(if made.author == author {
                Placed::Created
            } else {
                let author = made.author;
                Placed::Unforeseen { author }
            })
        }
    }
}

/// What the log says of it, as a workflow command.
pub(super) fn said(placed: &Placed) -> Option<String> {
    match placed {
        Placed::Same | Placed::Created | Placed::Edited => None,
        Placed::Unforeseen { author } => Some(github::command(
            "warning",
            &format!(
                "the comment was made by {author}: give it as `comment-author`, or each run makes another"
            ),
        )),
    }
}

fn failed(error: &Error) -> String {
    let message = format!("no comment, and the verdict stands: {}", told(error));
    github::command("warning", &message)
}

const FORK: &str = "no comment: the token of a pull request from a fork may not write; the report is in the job summary";
