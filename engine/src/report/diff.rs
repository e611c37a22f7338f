//! The semantic difference of a range: what changes, no policy.
//! Knows nothing of tiers or outcomes.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::sanitise::{inert, line, lines};
use super::{Color, Style};
use crate::manifest::secrets::{SHOWN, SHOWN_CHANGED};
use crate::model::Operation;
use crate::verdict::{ChangeSummary, FieldSummary};

/// The changes of one unit.
#[derive(Clone, Debug)]
pub struct UnitDiff {
    /// The environment.
    pub environment: String,
    /// The unit.
    pub unit: String,
    /// What changes; removals last.
    pub changes: Vec<ChangeSummary>,
}

/// Writes the difference for people: one line a field.
///
/// # Errors
/// The writer's.
pub fn write_human(diffs: &[UnitDiff], style: Style, out: &mut dyn Write) -> io::Result<()> {
    if diffs.iter().all(|diff| diff.changes.is_empty()) {
        return writeln!(out, "no object changes");
    }
    let mut drawn = Vec::new();
    for diff in diffs {
        let name = format!("{}/{}", diff.environment, diff.unit);
        writeln!(drawn, "{}", style.paint(&line(&name), Color::Bold))?;
        write_changes(&diff.changes, style, &mut drawn)?;
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// Writes changes, removals last and loud.
///
/// # Errors
/// The writer's.
pub fn write_changes(
    changes: &[ChangeSummary],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let removed = |change: &&ChangeSummary| change.operation == Operation::Delete;
    let kept = changes.iter().filter(|change| !removed(change));
    for change in kept.chain(changes.iter().filter(removed)) {
        let (sign, color, word) = match change.operation {
            Operation::Create => ("+", Color::Green, "  (created)"),
            Operation::Update => ("~", Color::Yellow, ""),
            Operation::Delete => ("-", Color::Red, "  (deleted)"),
        };
        let head = line(&format!("{sign} {}{word}", change.object));
        let place = change.location.as_ref().map_or_else(String::new, |place| {
            format!("  {}:{}", place.path, place.line)
        });
        writeln!(
            out,
            "  {}{}",
            style.paint(&head, color),
            style.paint(&line(&place), Color::Dim)
        )?;
        for field in &change.fields {
            write_field(field, style, out)?;
        }
    }
    Ok(())
}

/// The difference as JSON, version v1.
#[must_use]
pub fn to_json(range: &str, diffs: &[UnitDiff]) -> Value {
    let units: Vec<Value> = diffs
        .iter()
        .map(|diff| {
            json!({
                "environment": diff.environment, "unit": diff.unit, "changes": diff.changes,
            })
        })
        .collect();
    json!({"version": "v1", "range": range, "units": units})
}

fn write_field(field: &FieldSummary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let path = line(&field.path);
    if let Some(text) = &field.text {
        writeln!(out, "      {path}")?;
        for row in lines(text).lines() {
            let color = match row.chars().next() {
                Some('+') => Color::Green,
                Some('-') => Color::Red,
                _ => Color::Dim,
            };
            writeln!(out, "        {}", style.paint(row, color))?;
        }
        return Ok(());
    }
    let red = |value: &Value| style.paint(&short(value), Color::Red);
    let green = |value: &Value| style.paint(&short(value), Color::Green);
    match (&field.old, &field.new) {
        (Some(old), Some(new)) if fits(&path, old, new, style) => {
            let arrow = if style.unicode { "\u{2192}" } else { "->" };
            writeln!(out, "      {path}  {} {arrow} {}", red(old), green(new))
        }
        (Some(old), Some(new)) => {
            writeln!(out, "      {path}")?;
            writeln!(out, "        {} {}", style.paint("-", Color::Red), red(old))?;
            writeln!(
                out,
                "        {} {}",
                style.paint("+", Color::Green),
                green(new)
            )
        }
        (None, Some(new)) => {
            let sign = style.paint("+", Color::Green);
            writeln!(out, "    {sign} {path}  {}", green(new))
        }
        (Some(old), None) => {
            let sign = style.paint("-", Color::Red);
            writeln!(out, "    {sign} {path}  {}", red(old))
        }
        (None, None) => Ok(()),
    }
}

/// Whether a field and both values fit on one row.
fn fits(path: &str, old: &Value, new: &Value, style: Style) -> bool {
    let length = |text: &str| text.chars().count();
    6 + length(path) + 2 + length(&short(old)) + 4 + length(&short(new)) <= style.width
}

/// One line of a value; what is secret says whether it changed.
pub(super) fn short(value: &Value) -> String {
    if let Some(changed) = value.get("$secret").and(value.get("changed")) {
        let changed = changed == &Value::Bool(true);
        let shown = if changed { SHOWN_CHANGED } else { SHOWN };
        return shown.to_owned();
    }
    let text = match value {
        // Quoted where it would look like something else than a string.
        Value::String(text) if text.is_empty() || serde_json::from_str::<Value>(text).is_ok() => {
            value.to_string()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = line(&text);
    if text.chars().count() <= SHORT {
        return text;
    }
    let cut: String = text.chars().take(SHORT).collect();
    format!("{cut}...")
}

const SHORT: usize = 120;
