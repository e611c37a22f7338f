//! `tidegate admit`: may this commit be deployed now?

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::common::{self, Outcome};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use super::verify::trust;
use crate::config::parse_duration;
use crate::gate::{self, AdmitRequest, Answer};
use crate::model::{Enforcement, Exit};
use crate::verify::{AdmitError, Grounds, Reason};

/// Say whether a commit may be deployed: by the links from what runs to what is wanted
#[derive(clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// What is about to be deployed
    #[arg(long, value_name = "REV")]
    revision: String,
    /// What runs; when left out, only the newest link is admitted and its tier counts as critical
    #[arg(long, value_name = "REV")]
    deployed: Option<String>,
    /// The trust file, from a place that the change cannot reach
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Where verdicts lie: `folder:DIR` or `branch[:REMOTE[:NAME]]` (origin and tidegate/verdicts when
    /// left out), which your `git` fetches at each look
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// How long to wait for a verdict that is on its way (at most 60m); without it, not at all
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = wait)]
    wait: SignedDuration,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let trust = trust(&terminal.directory.join(&self.trust))?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let mut waited = SignedDuration::ZERO;
        let answers = loop {
            let answers = gate::admit(
                &repository,
                &AdmitRequest {
                    environment: &self.env,
                    unit: self.unit.as_deref(),
                    revision: &self.revision,
                    deployed: self.deployed.as_deref(),
                    trust: &trust,
                    store: verdicts.store(),
                    now: later(terminal.now, waited),
                },
            );
            // Where one unit is refused for another reason, no verdict on its way can help.
            let missing = match &answers {
                Ok(answers) => {
                    answers.iter().any(is_missing)
                        && answers
                            .iter()
                            .all(|answer| answer.result.is_ok() || is_missing(answer))
                }
                Err(gate::Error::GateRefused(refusal)) => refusal.reason == Reason::Missing,
                Err(error) => Exit::of_error(error) == Exit::Temporary,
            };
            if !missing || waited >= self.wait {
                break answers?;
            }
            if waited == SignedDuration::ZERO {
                terminal.say("no verdict yet; waiting for it");
            }
            thread::sleep(POLL);
            waited = waited
                .saturating_add(SignedDuration::try_from(POLL).unwrap_or(SignedDuration::MAX));
        };
        let mut exit = Exit::Pass;
        for answer in &answers {
            exit = exit.max(print(answer, terminal));
        }
        Ok(exit)
    }
}

fn is_missing(answer: &Answer) -> bool {
    match &answer.result {
        Err(AdmitError::Refused { refusals, .. }) => refusals
            .iter()
            .all(|refusal| refusal.reason == Reason::Missing),
        _ => false,
    }
}

fn later(now: Timestamp, waited: SignedDuration) -> Timestamp {
    now.checked_add(waited).unwrap_or(Timestamp::MAX)
}

fn print(answer: &Answer, terminal: &mut Terminal) -> Exit {
    match &answer.result {
        Ok(admission) => {
            let grounds = match admission.grounds {
                Grounds::Judged => "judged",
                Grounds::Running => "it is what runs",
                Grounds::RollbackTarget => "the rollback target of what runs",
                Grounds::Baseline => "a baseline",
            };
            let way: Vec<String> = admission.way.iter().rev().map(u64::to_string).collect();
            let way = if way.len() > 1 {
                format!(", by links {}", way.join(", "))
            } else {
                String::new()
            };
            terminal.line(&format!(
                "{}: admitted ({grounds}), link {}, tier {}{way}",
                answer.unit,
                admission.link.verdict().height,
                admission.tier,
            ));
            Exit::Pass
        }
        Err(error) => {
            let observed = matches!(
                error,
                AdmitError::Refused {
                    enforcement: Enforcement::Observe,
                    ..
                }
            );
            let word = if observed {
                "would refuse (observed)"
            } else {
                "refused"
            };
            if !matches!(error, AdmitError::Refused { .. }) {
                return terminal.print_error(error);
            }
            terminal.line(&format!("{}: {word}", answer.unit));
            let exit = terminal.print_answer(error);
            if observed { Exit::Pass } else { exit }
        }
    }
}

fn wait(text: &str) -> Result<SignedDuration, String> {
    let duration = match text {
        "0" | "0s" => SignedDuration::ZERO,
        text => parse_duration(text).ok_or("a duration such as `15m` or `0s`")?,
    };
    if duration > SignedDuration::from_mins(60) {
        return Err("at most 60m".to_owned());
    }
    Ok(duration)
}

const POLL: Duration = Duration::from_secs(2);
