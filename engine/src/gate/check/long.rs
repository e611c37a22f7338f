//! Exceptions that a range adds or prolongs, and that hold for longer than anybody remembers why.
//! They hold all the same: an error would keep the repository from being judged at all.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use crate::config::{Config, Exception};
use crate::model::{Effect, Finding};

/// A warning about each.
pub(super) fn long(before: &Config, after: &Config, now: Timestamp) -> Vec<Finding> {
    let is_new = |exception: &&Exception| {
        let mut known = before.exceptions.iter();
        known.all(|known| known.id != exception.id || known.until < exception.until)
    };
    let new = after.exceptions.iter().filter(is_new);
    new.filter_map(|exception| {
        let days = days_left(exception, now)?;
        (days > EXCEPTION_DAYS).then(|| finding(exception, days, after))
    })
    .collect()
}

/// Days from today to the last one; the zone of an environment adds or takes one at most.
fn days_left(exception: &Exception, now: Timestamp) -> Option<i32> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let left = exception.until.since((Unit::Day, today)).ok()?;
    Some(left.get_days())
}

fn finding(exception: &Exception, days: i32, after: &Config) -> Finding {
    let message = format!(
        "exception `{}` holds for {days} days from now, more than {EXCEPTION_DAYS}",
        exception.id
    );
    let until = format!("{}/until", exception.pointer);
    Finding {
        anchor: after.location(&until),
        remediation: Some(format!(
            "let it end sooner, and have {} prolong it if it is still needed then",
            exception.owner
        )),
        ..Finding::of_engine("engine.exception-long", Effect::Warn, message)
    }
}

/// For longer nobody should have to remember why something is permitted.
const EXCEPTION_DAYS: i32 = 90;
