//! GitLab's code quality report: a list of issues, empty only where nothing was found.
//! Decides nothing.

use serde_json::{Value, json};

use super::rows::{Fate, Fault, Row, fallback, faults, rows};
use super::sanitise::{self, short};
use crate::model::{Digest, RepoPath};
use crate::verdict::RunReport;

/// The document, and a line break.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let anchor = fallback(report);
    let faults = faults(report);
    let errors = faults.iter().map(|fault| of_fault(fault, &anchor));
    let rows = rows(report);
    let findings = rows.iter().map(|row| of_row(row, &anchor));
    let issues: Vec<Value> = errors.chain(findings).collect();
    sanitise::json(&format!("{:#}\n", Value::Array(issues)))
}

fn of_row(row: &Row<'_>, anchor: &(RepoPath, usize)) -> Value {
    let finding = row.finding;
    let severity = match row.fate {
        Fate::Denied => "critical",
        Fate::WouldDeny => "major",
        Fate::Warned => "minor",
        Fate::Inherited | Fate::Excepted(_) => "info",
    };
    let parts = [row.note(), row.object(), Some(finding.message.clone())];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| short(&part, MOST_CHARACTERS))
        .collect();
    let (path, line) = finding
        .place()
        .map_or((&anchor.0, anchor.1), |place| (&place.path, place.line));
    json!({
        "description": parts.join(": "),
        "check_name": finding.code,
        "fingerprint": row.fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    })
}

fn of_fault(fault: &Fault, anchor: &(RepoPath, usize)) -> Value {
    let (path, line) = fault
        .place
        .as_ref()
        .map_or((&anchor.0, anchor.1), |(path, line)| (path, *line));
    let message = short(&fault.message, MOST_CHARACTERS);
    let description = match fault.unit.as_str() {
        "" => format!("tidegate could not judge: {message}"),
        unit => format!(
            "tidegate could not judge {}: {message}",
            short(unit, MOST_CHARACTERS)
        ),
    };
    let identity = json!([fault.unit, fault.code, path]).to_string();
    json!({
        "description": description,
        "check_name": fault.code,
        "fingerprint": Digest::of(identity.as_bytes()).to_string(),
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": line}},
    })
}

const MOST_CHARACTERS: usize = 1_000;
