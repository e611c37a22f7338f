//! What changes in an object, as the rows of a `diff` block: one a field.
//! Knows nothing of tiers or outcomes.

use super::super::diff::short as short_value;
use super::super::sanitise::{line, lines, short};
use crate::model::Operation;
use crate::verdict::{ChangeSummary, FieldSummary};

pub(super) fn rows(change: &ChangeSummary) -> String {
    let (sign, word) = match change.operation {
        Operation::Create => ('+', " (created)"),
        Operation::Update => ('!', ""),
        Operation::Delete => ('-', " (removed)"),
    };
    let object = line(&change.object.to_string());
    let place = change.location.as_ref().map_or_else(String::new, |place| {
        format!("  {}", line(&format!("{}:{}", place.path, place.line)))
    });
    let mut text = format!("{sign} {}{word}{}\n", clip(&object), clip(&place));
    for field in change.fields.iter().take(MOST_FIELDS) {
        text += &field_rows(field);
    }
    if let Some(more @ 1..) = change.fields.len().checked_sub(MOST_FIELDS) {
        text += &format!("  … {more} more fields\n");
    }
    text
}

fn field_rows(field: &FieldSummary) -> String {
    let path = clip(&line(&field.path));
    if let Some(text) = &field.text {
        let text = lines(text);
        let all: Vec<&str> = text.lines().collect();
        let mut rows = format!("!   {path}\n");
        for row in all.iter().take(MOST_ROWS) {
            let sign = row
                .chars()
                .next()
                .filter(|c| "+-".contains(*c))
                .unwrap_or(' ');
            let rest = clip(row.get(1..).unwrap_or_default());
            rows += &format!("{sign}     {rest}\n");
        }
        if let Some(more @ 1..) = all.len().checked_sub(MOST_ROWS) {
            rows += &format!("  … {more} more lines\n");
        }
        return rows;
    }
    match (&field.old, &field.new) {
        (Some(old), Some(new)) => {
            format!("!   {path}  {} → {}\n", short_value(old), short_value(new))
        }
        (None, Some(new)) => format!("+   {path}  {}\n", short_value(new)),
        (Some(old), None) => format!("-   {path}  {}\n", short_value(old)),
        (None, None) => String::new(),
    }
}

fn clip(text: &str) -> String {
    short(text, MOST_CHARACTERS)
}

const MOST_FIELDS: usize = 200;
const MOST_ROWS: usize = 40;
const MOST_CHARACTERS: usize = 300;
