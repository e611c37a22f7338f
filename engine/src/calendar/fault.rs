//! What is wrong with a calendar file that another program wrote, and where.
//! Knows no file names; whoever has the file draws it.

use crate::model::{Span, abridged};

/// One thing for which a calendar file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The stable code, `calendar.ics`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The bytes of the file that are.
    pub span: Span,
}

impl Fault {
    pub(super) fn new(
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let (message, help) = (abridged(&message.into(), LONGEST), help.into());
        Self {
            code,
            message,
            help,
            span,
        }
    }
}

/// Something that is read, and means less here than where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub message: String,
    /// Where it stands.
    pub span: Span,
}

/// A message may hold a value of the file.
const LONGEST: usize = 300;
