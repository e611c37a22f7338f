//! The answers of `admit`, for people and for programs.
//! Decides nothing.

use std::io::{self, Write};

use miette::Diagnostic;

use super::Asked;
use crate::attest::UnitId;
use crate::cli::common::Error;
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::gate::Answer;
use crate::model::{Enforcement, Exit};
use crate::report::{Style, admission as document, human as drawn, json};
use crate::verify::{Admission, AdmitError, Grounds};

/// Writes the answers to every output.
pub(super) fn write(
    answers: &[Answer],
    asked: &Asked<'_>,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    output::write_each(outputs, terminal, &|format, style, out| match format {
        Format::Human => answers
            .iter()
            .try_for_each(|answer| human(answer, style, out)),
        _ => json::write_document(&of_answers(answers, asked), out),
    })
}

/// Writes that nothing could be asked.
pub(super) fn write_error(
    error: &(dyn Diagnostic + Send + Sync),
    asked: &Asked<'_>,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let outputs = output::of_error(outputs);
    output::write_each(&outputs, terminal, &|format, style, out| match format {
        Format::Human => drawn::write_error(error, style, out),
        _ => {
            let errors = vec![json::Error::new("", "", error)];
            let exit = Exit::of_error(error);
            json::write_document(&of(asked, exit, Vec::new(), errors), out)
        }
    })
}

/// How the process ends.
pub(super) fn exit(answers: &[Answer]) -> Exit {
    let exits = answers.iter().map(|answer| match &answer.result {
        Ok(_) => Exit::Pass,
        Err(error) => exit_of(error),
    });
    exits.fold(Exit::Pass, Exit::max)
}

/// Prints why a unit is not admitted; where it is only observed, that it would not be.
pub(in crate::cli) fn print_refused(
    unit: &UnitId,
    error: &AdmitError,
    terminal: &mut Terminal,
) -> Exit {
    let style = terminal.style();
    let written = human_refused(unit, error, style, &mut terminal.out);
    terminal.note(&written);
    exit_of(error)
}

fn exit_of(error: &AdmitError) -> Exit {
    match error {
        AdmitError::Refused {
            enforcement: Enforcement::Observe,
            ..
        } => Exit::Pass,
        error => Exit::of_error(error),
    }
}

fn human(answer: &Answer, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match &answer.result {
        Ok(admission) => human_admitted(&answer.unit, admission, out),
        Err(error) => human_refused(&answer.unit, error, style, out),
    }
}

fn human_admitted(unit: &UnitId, admission: &Admission, out: &mut dyn Write) -> io::Result<()> {
    let grounds = match admission.grounds {
        Grounds::Judged => "judged",
        Grounds::Running => "its files are those that run",
        Grounds::RollbackTarget => "the rollback target of what runs",
        Grounds::Baseline => "a baseline",
    };
    let way: Vec<String> = admission.way.iter().rev().map(u64::to_string).collect();
    let way = if way.len() > 1 {
        format!(", by links {}", way.join(", "))
    } else {
        String::new()
    };
    writeln!(
        out,
        "{unit}: admitted ({grounds}), link {}, tier {}{way}",
        admission.link.verdict().height,
        admission.tier,
    )
}

fn human_refused(
    unit: &UnitId,
    error: &AdmitError,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let word = match error {
        AdmitError::Refused {
            enforcement: Enforcement::Observe,
            ..
        } => "would refuse (observed)",
        AdmitError::Refused { .. } => "refused",
        AdmitError::Error(_) => "not decided",
    };
    writeln!(out, "{unit}: {word}")?;
    drawn::write_error(error, style, out)
}

fn of_answers<'a>(answers: &'a [Answer], asked: &'a Asked<'_>) -> document::Document<'a> {
    let units = answers.iter();
    let units = units.map(|answer| document::Unit::of(&answer.unit, &answer.result));
    let errors = answers.iter().filter_map(|answer| match &answer.result {
        Err(error @ AdmitError::Error(_)) => {
            let unit = &answer.unit;
            Some(json::Error::new(unit.environment(), unit.unit(), error))
        }
        _ => None,
    });
    of(asked, exit(answers), units.collect(), errors.collect())
}

fn of<'a>(
    asked: &'a Asked<'_>,
    exit: Exit,
    units: Vec<document::Unit<'a>>,
    errors: Vec<json::Error>,
) -> document::Document<'a> {
    document::Document {
        version: "v1",
        outcome: document::Outcome::of(exit, &units),
        exit: exit.code(),
        environment: asked.environment,
        revision: asked.revision.as_deref(),
        now: asked.now.to_string(),
        units,
        errors,
    }
}
