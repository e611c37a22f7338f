//! Why a calendar does not answer.
//! What is wrong with how it is written, its reader says.

use jiff::civil::Date;
use miette::Diagnostic;

use super::Window;
use crate::model::limits;

/// A question that a calendar cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum Error {
    /// An instant before or after all that can be told.
    #[error("{window} lies beyond the instants that can be told")]
    #[diagnostic(
        code(calendar::out_of_range),
        help("write times of this century, and ask for a shorter span")
    )]
    OutOfRange {
        /// The window and its place.
        window: String,
    },
    /// A rule that gives more than anybody reads.
    #[error(
        "{window} opens more than {} times in the span that is asked for",
        limits::CALENDAR_INSTANCES
    )]
    #[diagnostic(
        code(limit::calendar_instances),
        help("ask for a shorter span, or write fewer, longer windows")
    )]
    TooMany {
        /// The window and its place.
        window: String,
    },
    /// A month with too few business days for a rule.
    #[error("{window} has no day in {month}: too few of its days are business days")]
    #[diagnostic(
        code(calendar::no_such_day),
        help(
            "see `holidays`, or count fewer days: a month without it would go by without the window"
        )
    )]
    NoSuchDay {
        /// The window and its place.
        window: String,
        /// The month, `2026-12`.
        month: String,
    },
    /// A calendar of a file that nobody read.
    #[error("the file of calendar `{calendar}` was not read")]
    #[diagnostic(
        code(calendar::not_read),
        help("a calendar that cannot be read permits nothing; see that the file is there")
    )]
    NotRead {
        /// Its name.
        calendar: String,
    },
}

impl Error {
    /// That `window` cannot be placed in time.
    #[must_use]
    pub fn out_of_range(window: &Window) -> Self {
        let window = named(window);
        Self::OutOfRange { window }
    }

    /// That `window` has no day in the month that begins with `month`.
    #[must_use]
    pub fn no_such_day(window: &Window, month: Date) -> Self {
        Self::NoSuchDay {
            window: named(window),
            month: format!("{}-{:02}", month.year(), month.month()),
        }
    }

    /// That `window` opens too often.
    #[must_use]
    pub fn too_many(window: &Window) -> Self {
        let window = named(window);
        Self::TooMany { window }
    }
}

fn named(window: &Window) -> String {
    match &window.place {
        Some(place) => format!("{place}: window `{}`", window.id),
        None => format!("window `{}`", window.id),
    }
}
