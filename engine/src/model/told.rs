//! Somebody else's word on the time, and how a server says it.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Somebody else's word on the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who says so, for people.
    pub who: String,
    /// What time it is there.
    pub says: Timestamp,
    /// What the clock of this machine said then.
    pub heard_at: Timestamp,
}

/// The `Date` of an answer; nothing where it is none, or of an answer that somebody kept for a while (`Age`).
#[must_use]
pub fn http_date(date: Option<&str>, age: Option<&str>) -> Option<Timestamp> {
    let is_fresh = age.is_none_or(|age| age.trim() == "0");
    let read = rfc2822::DateTimeParser::new().parse_timestamp(date?.trim());
    read.ok().filter(|_| is_fresh)
}
