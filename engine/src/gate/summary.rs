//! Changes as reports show them.
//! Decides nothing.

use serde_json::Value;
use similar::TextDiff;

use crate::change::{Change, FieldChange};
use crate::verdict::{ChangeSummary, FieldSummary};

pub(super) fn of(changes: &[Change]) -> Vec<ChangeSummary> {
    changes.iter().map(summary).collect()
}

fn summary(change: &Change) -> ChangeSummary {
    ChangeSummary {
        operation: change.operation,
        object: change.object.clone(),
        components: change.components.clone(),
        location: change.source().map(|source| source.location("")),
        fields: change
            .fields
            .iter()
            .map(|field| of_field(change, field))
            .collect(),
    }
}

fn of_field(change: &Change, field: &FieldChange) -> FieldSummary {
    let place = |source: &Option<crate::change::Source>, pointer: &Option<String>| {
        Some(source.as_ref()?.location(pointer.as_deref()?))
    };
    FieldSummary {
        pointer: field.pointer.clone(),
        path: field.path.clone(),
        old: field.old.clone(),
        new: field.new.clone(),
        old_location: place(&change.old_source, &field.old_pointer),
        new_location: place(&change.new_source, &field.new_pointer),
        text: text_difference(field),
    }
}

/// Line by line, where both sides are texts and one of them has several lines.
fn text_difference(field: &FieldChange) -> Option<String> {
    let (Some(Value::String(old)), Some(Value::String(new))) = (&field.old, &field.new) else {
        return None;
    };
    if !old.trim_end().contains('\n') && !new.trim_end().contains('\n') {
        return None;
    }
    let difference = TextDiff::from_lines(old.as_str(), new.as_str());
    let text = difference.unified_diff().context_radius(2).to_string();
    Some(text)
}
