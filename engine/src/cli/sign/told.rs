//! What became of each unit that was to be signed, for people and for programs.
//! Signs nothing.

use std::io::{self, Write};

use miette::Diagnostic;

use crate::attest;
use crate::cli::common::Error;
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::gate::{Published, Renewed, RenewedUnit, Signed, SignedUnit, Signing};
use crate::model::{Digest, Exit};
use crate::report::{Style, human as drawn, json, sanitise, signing as document};
use crate::verdict::RunOutcome;

/// Writes what became of the units to every output.
pub(super) fn write(
    signing: &Signing,
    environment: &str,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let now = terminal.now.to_string();
    output::write_each(outputs, terminal, &|format, style, out| match format {
        Format::Human => human(signing, style, out),
        _ => json::write_document(&of_signing(signing, environment, now.clone()), out),
    })
}

/// Writes that nothing was looked at.
pub(super) fn write_error(
    error: &(dyn Diagnostic + Send + Sync),
    environment: &str,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let now = terminal.now.to_string();
    let outputs = output::of_error(outputs);
    output::write_each(&outputs, terminal, &|format, style, out| match format {
        Format::Human => drawn::write_error(error, style, out),
        _ => {
            let document = document::Document {
                version: "v1",
                outcome: RunOutcome::Error,
                exit: Exit::of_error(error).code(),
                environment,
                now: now.clone(),
                units: Vec::new(),
                renewals: Vec::new(),
                errors: vec![json::Error::new("", "", error)],
            };
            json::write_document(&document, out)
        }
    })
}

/// A line a unit; behind it the whole report of what was denied, and why something could not be judged.
pub(in crate::cli) fn human(
    signing: &Signing,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for unit in &signing.units {
        human_unit(unit, style, out)?;
        also_judged(unit, out)?;
    }
    for renewed in &signing.renewals {
        human_renewed(renewed, style, out)?;
    }
    for error in &signing.errors {
        let unit = sanitise::line(&format!("{}/{}", error.environment, error.unit));
        writeln!(out, "{unit}: could not be judged")?;
        drawn::write_error(error.error.as_ref(), style, out)?;
    }
    Ok(())
}

fn human_unit(
    SignedUnit { unit, result, .. }: &SignedUnit,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match result {
        Signed::NothingNew { height } => writeln!(out, "{unit}: nothing new since link {height}"),
        Signed::Link(published) => {
            let verdict = &published.verdict;
            let (height, tree) = (verdict.height, verdict.head.gated_tree.short());
            if verdict.baseline {
                return writeln!(
                    out,
                    "{unit}: accepted as it stands, link {height}, gated tree {tree}"
                );
            }
            writeln!(
                out,
                "{unit}: pass, tier {}, link {height}, gated tree {tree}, first deployment until {}",
                verdict.risk_tier, verdict.valid_until,
            )
        }
        Signed::Failed(published) => {
            writeln!(
                out,
                "{unit}: FAIL, a report and no link: the next run judges from the same link"
            )?;
            match &published.report {
                Some(report) => drawn::write_unit(report, style, out),
                None => Ok(()),
            }
        }
    }
}

/// A range that began under an older state of the gate must pass both.
fn also_judged(unit: &SignedUnit, out: &mut dyn Write) -> io::Result<()> {
    let (Signed::Link(published) | Signed::Failed(published)) = &unit.result else {
        return Ok(());
    };
    let Some(older) = published.verdict.also_judged_by else {
        return Ok(());
    };
    let older: String = older.to_string().chars().take(8).collect();
    writeln!(
        out,
        "{}: judged by the newest state of the gate and by link {older} of it, under which this was begun; both must pass",
        unit.unit,
    )
}

fn human_renewed(renewed: &RenewedUnit, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (unit, height) = (&renewed.unit, renewed.height);
    match &renewed.result {
        Renewed::Until(renewal) => writeln!(
            out,
            "{unit}: link {height} renewed, tier {}, first deployment until {}",
            renewal.risk_tier, renewal.valid_until,
        ),
        Renewed::Denied(report) => {
            writeln!(
                out,
                "{unit}: FAIL, link {height} is not renewed and keeps its end"
            )?;
            drawn::write_unit(report, style, out)
        }
    }
}

fn of_signing<'a>(
    signing: &'a Signing,
    environment: &'a str,
    now: String,
) -> document::Document<'a> {
    let errors = signing.errors.iter();
    document::Document {
        version: "v1",
        outcome: signing.outcome(),
        exit: signing.exit().code(),
        environment,
        now,
        units: signing.units.iter().map(of_unit).collect(),
        renewals: signing.renewals.iter().map(of_renewed).collect(),
        errors: errors.map(json::Error::of).collect(),
    }
}

fn of_unit(unit: &SignedUnit) -> document::Unit<'_> {
    let (result, height, published) = match &unit.result {
        Signed::NothingNew { height } => (document::Published::NothingNew, Some(*height), None),
        Signed::Link(published) => {
            let height = published.verdict.height;
            (document::Published::Link, Some(height), Some(published))
        }
        Signed::Failed(published) => (document::Published::Report, None, Some(published)),
    };
    document::Unit {
        environment: unit.unit.environment(),
        unit: unit.unit.unit(),
        result,
        height,
        verdict: published.map(|published| of_verdict(published)),
        judged: published
            .and_then(|published| published.report.as_ref())
            .map(json::Unit::of),
    }
}

fn of_verdict(
    Published {
        verdict, envelope, ..
    }: &Published,
) -> document::Verdict {
    let payload = attest::unverified_payload(envelope).ok();
    document::Verdict {
        digest: payload.map(|payload| Digest::of(&payload)),
        baseline: verdict.baseline,
        tier: verdict.risk_tier,
        commit: verdict.head.commit,
        gated_tree: verdict.head.gated_tree,
        valid_until: verdict.valid_until.to_string(),
    }
}

fn of_renewed(renewed: &RenewedUnit) -> document::Renewal<'_> {
    let (valid_until, judged) = match &renewed.result {
        Renewed::Until(renewal) => (Some(renewal.valid_until.to_string()), None),
        Renewed::Denied(report) => (None, Some(json::Unit::of(report))),
    };
    document::Renewal {
        environment: renewed.unit.environment(),
        unit: renewed.unit.unit(),
        height: renewed.height,
        valid_until,
        judged,
    }
}
