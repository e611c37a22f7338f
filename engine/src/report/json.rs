//! The machine-readable report, version v1 (`schemas/report.v1.json`).
//! Adds nothing to what was found.

use std::io::{self, Write};

use miette::Diagnostic;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::sanitise;
use crate::input::Reason;
use crate::model::{Digest, Enforcement, Finding, RiskTier, code_of};
use crate::verdict::{
    ChangeSummary, JudgeNote, Outcome, RunOutcome, RunReport, Side, UnitError, UnitReport,
};

/// Writes the report of a run and a line break.
///
/// # Errors
/// The writer's.
pub fn write(report: &RunReport, out: &mut dyn Write) -> io::Result<()> {
    write_document(&Report::of(report), out)
}

/// Writes any document and a line break.
pub(crate) fn write_document(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", sanitise::json(&text))
}

/// The JSON Schema of the report.
#[must_use]
pub fn schema() -> serde_json::Value {
    schema_of::<Report<'static>>()
}

pub(super) fn schema_of<T: JsonSchema>() -> serde_json::Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Report")]
struct Report<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    version: &'static str,
    /// Over all units.
    outcome: RunOutcome,
    /// The exit code of the process.
    exit: u8,
    /// What was compared.
    range: &'a str,
    /// The only clock, RFC 3339.
    now: String,
    /// Absent where the run ended before anything could be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    judge: Option<&'a JudgeNote>,
    /// With the proposed configuration, where the range changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<RunOutcome>,
    /// Changed files that were looked at.
    files: usize,
    /// Findings about the range as a whole.
    findings: &'a [Finding],
    units: Vec<Unit<'a>>,
    errors: Vec<Error>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Unit<'a> {
    environment: &'a str,
    unit: &'a str,
    enforcement: Enforcement,
    outcome: Outcome,
    tier: RiskTier,
    reasons: &'a [Reason],
    findings: &'a [Finding],
    changes: &'a [ChangeSummary],
    change_digest: Digest,
    base: &'a Side,
    head: &'a Side,
    /// The earliest instant at which a fact or an exception may turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Error {
    environment: String,
    unit: String,
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl<'a> Report<'a> {
    fn of(run: &'a RunReport) -> Self {
        Self {
            version: "v1",
            outcome: run.outcome,
            exit: run.exit.code(),
            range: &run.range,
            now: run.now.to_string(),
            judge: run.judge.as_ref(),
            proposed: run.proposed,
            files: run.files,
            findings: &run.findings,
            units: run.units.iter().map(Unit::of).collect(),
            errors: run.errors.iter().map(Error::of).collect(),
        }
    }
}

impl<'a> Unit<'a> {
    pub(crate) fn of(unit: &'a UnitReport) -> Self {
        Self {
            environment: &unit.environment,
            unit: &unit.unit,
            enforcement: unit.enforcement,
            outcome: unit.outcome,
            tier: unit.tier,
            reasons: &unit.reasons,
            findings: &unit.findings,
            changes: &unit.changes,
            change_digest: unit.change_digest,
            base: &unit.base,
            head: &unit.head,
            until: unit.until.map(|until| until.to_string()),
        }
    }
}

impl Error {
    pub(crate) fn of(error: &UnitError) -> Self {
        Self::new(&error.environment, &error.unit, error.error.as_ref())
    }

    pub(crate) fn new(environment: &str, unit: &str, diagnostic: &dyn Diagnostic) -> Self {
        Self {
            environment: environment.to_owned(),
            unit: unit.to_owned(),
            code: code_of(diagnostic),
            message: diagnostic.to_string(),
            help: diagnostic.help().map(|help| help.to_string()),
        }
    }
}
