//! Refuses changes of which it is not clear what they say, or that are too many to be judged.
//! Knows no policy.

use miette::Diagnostic;

use crate::change::{Change, repeated_item};
use crate::model::{Operation, limits};

/// What changes cannot be judged.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Unsound {
    /// Too many objects.
    #[error(
        "{found} objects of the unit `{unit}` change, the limit is {}",
        limits::CHANGES
    )]
    #[diagnostic(
        code(limit::changes),
        help("judge it in smaller steps, or split the unit")
    )]
    Changes {
        /// The unit.
        unit: String,
        /// How many change.
        found: usize,
    },
    /// Too many fields of one object.
    #[error(
        "{place}: {found} fields of {object} change, the limit is {}",
        limits::FIELDS
    )]
    #[diagnostic(code(limit::fields), help("change it in smaller steps"))]
    Fields {
        /// Where the object stands.
        place: String,
        /// The object.
        object: String,
        /// How many change.
        found: usize,
    },
    /// Two items of a list under one key.
    #[error("{place}: `{list}` holds this item twice; the other stands at line {line}")]
    #[diagnostic(
        code(manifest::duplicate_list_key),
        help("keep one of them; which one counts depends on how it is applied")
    )]
    DuplicateListKey {
        /// Where the second one stands.
        place: String,
        /// The list.
        list: String,
        /// Where the first one stands.
        line: usize,
    },
}

/// Refuses what a unit cannot be judged with.
pub(super) fn check(unit: &str, changes: &[Change]) -> Result<(), Unsound> {
    if changes.len() > limits::CHANGES.most {
        return Err(Unsound::Changes {
            unit: unit.to_owned(),
            found: changes.len(),
        });
    }
    changes.iter().try_for_each(check_one)
}

fn check_one(change: &Change) -> Result<(), Unsound> {
    let Some(source) = change.source() else {
        return Ok(());
    };
    if change.fields.len() > limits::FIELDS.most {
        return Err(Unsound::Fields {
            place: source.at(source.node.span).to_string(),
            object: change.object.to_string(),
            found: change.fields.len(),
        });
    }
    if change.operation == Operation::Delete {
        return Ok(());
    }
    match repeated_item(change) {
        None => Ok(()),
        Some(repeated) => Err(Unsound::DuplicateListKey {
            place: source.location(&repeated.second).to_string(),
            list: repeated.list,
            line: source.location(&repeated.first).line,
        }),
    }
}
