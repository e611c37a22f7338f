//! SARIF 2.1.0, for code scanning: at most 5,000 results, denials first.
//! Decides nothing; what a platform does with a result is no part of the gate.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::rows::{Counts, Ending, Fate, Fault, Row, fallback, faults, rows};
use super::sanitise;
use crate::model::{Location, RepoPath, limits};
use crate::verdict::RunReport;

/// The document, and a line break.
#[must_use]
pub fn render(report: &RunReport) -> String {
    let rows = rows(report);
    let kept = rows.get(..limits::SARIF_RESULTS.most).unwrap_or(&rows);
    let codes: BTreeSet<&str> = kept.iter().map(|row| row.finding.code.as_str()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    let anchor = fallback(report);
    let results: Vec<Value> = kept
        .iter()
        .map(|row| result(row, &codes, &anchor))
        .collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "tidegate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "tidegate/check/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report, rows.len() - kept.len())],
            "results": results,
            "properties": properties(report, &rows),
        }],
    });
    sanitise::json(&format!("{document:#}\n"))
}

fn rule(code: &str) -> Value {
    let text = format!("Run `tidegate explain {code}` for what it means and how to mend it.");
    json!({
        "id": code,
        "shortDescription": {"text": code},
        "help": {"text": text},
    })
}

fn result(row: &Row<'_>, codes: &[&str], anchor: &(RepoPath, usize)) -> Value {
    let finding = row.finding;
    let level = match row.fate {
        Fate::Denied => "error",
        Fate::WouldDeny | Fate::Warned => "warning",
        Fate::Inherited | Fate::Excepted(_) => "note",
    };
    let state = if finding.inherited {
        "unchanged"
    } else {
        "new"
    };
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": codes.binary_search(&finding.code.as_str()).unwrap_or_default(),
        "level": level,
        "baselineState": state,
        "message": {"text": message(row)},
        "locations": [location(row, anchor)],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", row.fingerprint),
            "tidegate/v1": row.fingerprint,
        },
    });
    let Value::Object(fields) = &mut result else {
        return result;
    };
    if let Some(because) = &finding.because {
        let mut place = physical(&because.path, because.line, Some(because.column));
        place.insert("id".to_owned(), 1.into());
        let text = "this setting makes it offend";
        place.insert("message".to_owned(), json!({"text": text}));
        fields.insert("relatedLocations".to_owned(), json!([place]));
    }
    if let Fate::Excepted(id) = row.fate {
        let why = plain(&format!("exception {id}"));
        let permit = json!([{"kind": "external", "status": "accepted", "justification": why}]);
        fields.insert("suppressions".to_owned(), permit);
    }
    result
}

fn message(row: &Row<'_>) -> String {
    let finding = row.finding;
    let parts = [
        row.note().map(|note| format!("{note}: ")),
        row.object().map(|object| format!("{}: ", plain(&object))),
        Some(plain(&finding.message)),
        finding
            .remediation
            .as_deref()
            .map(|help| format!("\n\n{}", plain(help))),
    ];
    parts.into_iter().flatten().collect()
}

/// Nothing of it is a link: in a message `[text](target)` would be one.
fn plain(text: &str) -> String {
    sanitise::short(text, MOST_CHARACTERS).replace("](", "] (")
}

fn location(row: &Row<'_>, anchor: &(RepoPath, usize)) -> Value {
    let column = |place: &Location| row.finding.anchor.is_none().then_some(place.column);
    let mut location = match row.finding.place() {
        Some(place) => physical(&place.path, place.line, column(place)),
        None => physical(&anchor.0, anchor.1, None),
    };
    if let Some(object) = row.object() {
        let name = sanitise::short(&object, MOST_CHARACTERS);
        let field = row.finding.keyed_path.as_deref().unwrap_or_default();
        let whole = format!("{}/{}/{object}#{field}", row.environment, row.unit);
        let whole = sanitise::short(&whole, MOST_CHARACTERS);
        let logical = json!([{"name": name, "fullyQualifiedName": whole, "kind": "resource"}]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    Value::Object(location)
}

fn physical(path: &RepoPath, line: usize, column: Option<usize>) -> Map<String, Value> {
    let mut region = json!({"startLine": line});
    if let (Some(column), Value::Object(region)) = (column, &mut region) {
        region.insert("startColumn".to_owned(), column.into());
    }
    let place = json!({
        "artifactLocation": {"uri": uri(path), "uriBaseId": "%SRCROOT%"},
        "region": region,
    });
    Map::from_iter([("physicalLocation".to_owned(), place)])
}

/// A relative reference that is nothing but a path.
pub(super) fn uri(path: &RepoPath) -> String {
    path.as_bytes().iter().fold(String::new(), |mut uri, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(*byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

fn invocation(report: &RunReport, left_out: usize) -> Value {
    let mut notes: Vec<Value> = faults(report).iter().map(notification).collect();
    if left_out > 0 {
        let kept = limits::SARIF_RESULTS.most;
        let text = format!("{left_out} more results are left out: {kept} are kept");
        notes.push(json!({"level": "warning", "message": {"text": text}}));
    }
    json!({
        "executionSuccessful": report.errors.is_empty(),
        "exitCode": report.exit.code(),
        "endTimeUtc": report.now.to_string(),
        "toolExecutionNotifications": notes,
    })
}

fn notification(fault: &Fault) -> Value {
    let unit = match fault.unit.as_str() {
        "" => String::new(),
        unit => format!("{}: ", plain(unit)),
    };
    let help = fault
        .help
        .as_deref()
        .map_or_else(String::new, |help| format!("\n\n{}", plain(help)));
    let mut note = json!({
        "descriptor": {"id": fault.code},
        "level": "error",
        "message": {"text": format!("could not judge: {unit}{}{help}", plain(&fault.message))},
    });
    if let (Some((path, line)), Value::Object(note)) = (&fault.place, &mut note) {
        note.insert("locations".to_owned(), json!([physical(path, *line, None)]));
    }
    note
}

fn properties(report: &RunReport, rows: &[Row<'_>]) -> Value {
    let counts = Counts::of(report, rows);
    json!({
        "outcome": Ending::of(report).word(),
        "counts": counts.to_string(),
        "units": report.units.iter().map(|unit| {
            json!({
                "environment": unit.environment, "unit": unit.unit, "tier": unit.tier,
                "outcome": unit.outcome, "enforcement": unit.enforcement,
            })
        }).collect::<Vec<_>>(),
    })
}

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// GitHub keeps no more, and says nothing of those it drops.
const MOST_CHARACTERS: usize = 1_000;
