//! What was found of verdicts, for people and for programs.
//! Reads nothing.

use std::io::{self, Write};

use serde_json::Value;

use crate::attest::Outcome;
use crate::cli::common::{Error, Failure};
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::gate::{Belief, Difference, ShownVerdict, Standing, UnitLog};
use crate::model::{Digest, Effect, Enforcement, Exit};
use crate::report::{human, json, sanitise, verdicts as document};

/// What was found.
pub(super) enum Found {
    One(Box<ShownVerdict>),
    Two(Box<[ShownVerdict; 2]>, Vec<Difference>),
    Log(Vec<UnitLog>),
}

pub(super) fn write(
    found: &Found,
    exit: Exit,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    output::write_each(outputs, terminal, &|format, _, out| match (format, found) {
        (Format::Human, Found::One(shown)) => one(shown, out),
        (Format::Human, Found::Two(both, differences)) => two(both, differences, out),
        (Format::Human, Found::Log(units)) => log(units, out),
        _ => json::write_document(&of(found, exit), out),
    })
}

pub(super) fn write_error(
    error: &Failure,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let outputs = output::of_error(outputs);
    output::write_each(&outputs, terminal, &|format, style, out| match format {
        Format::Human => human::write_error(error.as_ref(), style, out),
        _ => {
            let exit = Exit::of_error(error.as_ref()).code();
            let errors = vec![json::Error::new("", "", error.as_ref())];
            json::write_document(&document_of(exit, errors), out)
        }
    })
}

fn one(shown: &ShownVerdict, out: &mut dyn Write) -> io::Result<()> {
    let verdict = &shown.verdict;
    writeln!(out, "{}", line(shown))?;
    let mut row = |name: &str, value: &str| writeln!(out, "  {name:<12} {}", sanitise::line(value));
    row("digest", &shown.digest.to_string())?;
    if let Some(repository) = &verdict.repository {
        row("repository", repository)?;
    }
    row("commit", &verdict.head.commit.to_string())?;
    row("gated tree", &verdict.head.gated_tree.to_string())?;
    if let Some(base) = &verdict.base {
        row("from commit", &base.commit.to_string())?;
    }
    row("selector", &verdict.selector.join(", "))?;
    row(
        "enforcement",
        match verdict.enforcement {
            Enforcement::Enforce => "enforce",
            Enforcement::Observe => "observe",
        },
    )?;
    if let Some(previous) = verdict.previous {
        row("follows", &previous.to_string())?;
    }
    if let Some(target) = verdict.rollback_to {
        row("back to", &target.to_string())?;
    }
    if let Some(state) = verdict.gate_state {
        row("judged by", &state.to_string())?;
    }
    row("policies", &verdict.policy_digest.to_string())?;
    row("tidegate", &verdict.engine_version)?;
    let counts = verdict.counts;
    row(
        "counts",
        &format!(
            "{} changes, {} denied, {} warned, {} inherited, {} excepted",
            counts.changes, counts.denied, counts.warned, counts.inherited, counts.excepted
        ),
    )?;
    for finding in &verdict.findings {
        let object = finding.object.as_deref().unwrap_or("the change");
        let text = format!("{object}: {}", finding.message);
        let effect = match finding.effect {
            Effect::Deny => "deny",
            Effect::Warn => "warn",
        };
        row(effect, &format!("{} {text}", finding.code))?;
    }
    if let Belief::Rejected(refusal) = &shown.belief {
        row("refused", &refusal.to_string())?;
    }
    Ok(())
}

fn two(
    both: &[ShownVerdict; 2],
    differences: &[Difference],
    out: &mut dyn Write,
) -> io::Result<()> {
    for (mark, shown) in ["-", "+"].into_iter().zip(both) {
        writeln!(out, "{mark} {}", line(shown))?;
    }
    if differences.is_empty() {
        return writeln!(out, "both say the same");
    }
    for difference in differences {
        writeln!(out, "{}", sanitise::line(&difference.pointer))?;
        let sides = [("-", &difference.first), ("+", &difference.second)];
        for (mark, value) in sides {
            if let Some(value) = value {
                writeln!(out, "  {mark} {}", sanitise::line(&worded(value)))?;
            }
        }
    }
    Ok(())
}

fn worded(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn log(units: &[UnitLog], out: &mut dyn Write) -> io::Result<()> {
    for log in units {
        if log.verdicts.is_empty() && log.rejected.is_empty() {
            writeln!(out, "{}: no verdict", log.unit)?;
        }
        for shown in &log.verdicts {
            writeln!(out, "{}", line(shown))?;
        }
        for file in &log.rejected {
            let text = format!("`{}` does not count: {}", file.place, file.why);
            writeln!(out, "{}: {}", log.unit, sanitise::line(&text))?;
        }
    }
    Ok(())
}

/// A verdict in a line.
fn line(shown: &ShownVerdict) -> String {
    let verdict = &shown.verdict;
    let mut words = Vec::new();
    match &shown.belief {
        Belief::Unverified => words.push("unverified".to_owned()),
        Belief::Rejected(refusal) => words.push(format!("DOES NOT VERIFY ({})", refusal.reason)),
        Belief::Verified(_) => {}
    }
    words.push(match verdict.outcome {
        Outcome::Pass if verdict.baseline => "baseline".to_owned(),
        Outcome::Pass => format!("pass, tier {}", verdict.risk_tier),
        Outcome::Fail => format!("FAIL, {} denied", verdict.counts.denied),
    });
    words.push(format!("commit {}", verdict.head.commit.short()));
    words.push(format!("{}", verdict.valid_from));
    if !verdict.baseline && verdict.outcome == Outcome::Pass {
        words.push(match shown.renewed_until {
            Some(until) => format!("renewed until {until}"),
            None => format!("until {}", verdict.valid_until),
        });
    }
    let taken = shown.withdrawals.iter();
    words.extend(taken.map(|it| format!("WITHDRAWN {}: {}", it.withdrawn_at, it.reason)));
    if shown.standing == Some(Standing::Withdrawn) && shown.withdrawals.is_empty() {
        words.push("RESTS ON WHAT WAS WITHDRAWN".to_owned());
    }
    if let Belief::Verified(signers) = &shown.belief {
        let signers = signers.iter().map(|signer| signer.principal.as_str());
        words.push(format!("by {}", signers.collect::<Vec<_>>().join(" and ")));
    }
    let name = match (verdict.outcome, shown.standing) {
        (Outcome::Fail, _) | (_, Some(Standing::Report)) => "report".to_owned(),
        (Outcome::Pass, _) => format!("link {}", verdict.height),
    };
    let text = format!(
        "{} {name} {}: {}",
        shown.unit,
        short(shown.digest),
        words.join(", ")
    );
    sanitise::line(&text)
}

/// So many digits are enough for people, and name a link.
fn short(digest: Digest) -> String {
    digest.to_string().chars().take(12).collect()
}

fn document_of<'a>(exit: u8, errors: Vec<json::Error>) -> document::Document<'a> {
    document::Document {
        version: "v1",
        exit,
        verdicts: Vec::new(),
        rejected: Vec::new(),
        differences: Vec::new(),
        errors,
    }
}

fn of(found: &Found, exit: Exit) -> document::Document<'_> {
    let mut document = document_of(exit.code(), Vec::new());
    match found {
        Found::One(shown) => document.verdicts.push(document::Verdict {
            says: serde_json::to_value(&shown.verdict).ok(),
            ..verdict(shown)
        }),
        Found::Two(both, differences) => {
            document.verdicts = both.iter().map(verdict).collect();
            let differences = differences.iter().map(|it| document::Difference {
                pointer: &it.pointer,
                first: it.first.as_ref(),
                second: it.second.as_ref(),
            });
            document.differences = differences.collect();
        }
        Found::Log(units) => {
            let verdicts = units
                .iter()
                .flat_map(|log| log.verdicts.iter().map(verdict));
            document.verdicts = verdicts.collect();
            let rejected = units.iter().flat_map(|log| &log.rejected);
            let rejected = rejected.map(|file| document::Rejected {
                place: &file.place,
                why: &file.why,
            });
            document.rejected = rejected.collect();
        }
    }
    document
}

fn verdict(shown: &ShownVerdict) -> document::Verdict<'_> {
    let says = &shown.verdict;
    let (belief, signers, refusal) = match &shown.belief {
        Belief::Unverified => (document::Belief::Unverified, Vec::new(), None),
        Belief::Verified(signers) => {
            let signers = signers.iter().map(|signer| signer.principal.as_str());
            (document::Belief::Verified, signers.collect(), None)
        }
        Belief::Rejected(refusal) => {
            let refusal = Some(refusal.to_string());
            (document::Belief::Rejected, Vec::new(), refusal)
        }
    };
    let is_report = says.outcome == Outcome::Fail || shown.standing == Some(Standing::Report);
    document::Verdict {
        environment: shown.unit.environment(),
        unit: shown.unit.unit(),
        digest: shown.digest,
        height: (!is_report).then_some(says.height),
        belief,
        signers,
        refusal,
        standing: shown.standing.map(|standing| match standing {
            Standing::Stands => document::Standing::Stands,
            Standing::Withdrawn => document::Standing::Withdrawn,
            Standing::Claimed => document::Standing::Claimed,
            Standing::Report => document::Standing::Report,
        }),
        outcome: says.outcome,
        baseline: says.baseline,
        tier: says.risk_tier,
        enforcement: says.enforcement,
        commit: says.head.commit,
        gated_tree: says.head.gated_tree,
        valid_from: says.valid_from.to_string(),
        valid_until: says.valid_until.to_string(),
        renewed_until: shown.renewed_until.map(|until| until.to_string()),
        withdrawals: shown
            .withdrawals
            .iter()
            .map(document::TakenBack::of)
            .collect(),
        denied: says.counts.denied,
        says: None,
    }
}
