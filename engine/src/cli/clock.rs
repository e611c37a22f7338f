//! Whether the clock of this machine can be right at all: one that lost its battery says 1970, or 2000.
//! Knows nothing of verdicts. The years are written down, so that a build is the same whenever it is made.

use jiff::Timestamp;

use super::common::Error;

/// Refuses an instant at which this program did not exist yet, or is long forgotten.
///
/// # Errors
/// The clock is wrong.
pub(super) fn check(now: Timestamp) -> Result<(), Error> {
    if (EARLIEST..LATEST).contains(&now) {
        return Ok(());
    }
    Err(Error::Clock { now })
}

/// 2025-01-01: there was no such program before.
const EARLIEST: Timestamp = Timestamp::constant(1_735_689_600, 0);
/// 2046-01-01: the rules of time zones that it knows are long out of date.
const LATEST: Timestamp = Timestamp::constant(2_398_377_600, 0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, code_of};

    #[test]
    fn what_is_signed_or_admitted_asks_a_clock_that_can_be_right() {
        for (now, right) in [
            ("1970-01-01T00:00:00Z", false),
            ("2024-12-31T23:59:59Z", false),
            ("2025-01-01T00:00:00Z", true),
            ("2045-12-31T23:59:59Z", true),
            ("2046-01-01T00:00:00Z", false),
            ("9999-12-30T00:00:00Z", false),
        ] {
            let checked = check(now.parse().unwrap());
            assert_eq!(checked.is_ok(), right, "{now}");
            if let Err(error) = checked {
                assert_eq!(code_of(&error), "clock.implausible");
                assert_eq!(Exit::of_error(&error), Exit::Unjudged);
                assert!(error.to_string().contains(now), "{error}");
            }
        }
    }
}
