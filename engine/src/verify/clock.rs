//! Whether the clock can be right: what others say about the time, held against it.
//! Reads no clock: all that it weighs is handed in.

use jiff::{SignedDuration, Timestamp};

use super::Error;

/// Somebody else's word on the time, and what this machine's clock said when it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Who says so, for people.
    pub who: String,
    /// What it says.
    pub says: Timestamp,
    /// What the clock of this machine said then.
    pub heard_at: Timestamp,
    /// What that says about now.
    pub bound: Bound,
}

/// What an instant says about the time at which it was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It was that time.
    Now,
    /// It was that time or later: something had happened by then.
    NotBefore,
}

/// Refuses to go by a clock with which a witness disagrees: the nicer of the two is never taken.
pub(super) fn check(witnesses: &[Witness]) -> Result<(), Error> {
    witnesses.iter().try_for_each(Witness::check)
}

impl Witness {
    /// Holds the clock of this machine against it.
    ///
    /// # Errors
    /// The two disagree.
    pub fn check(&self) -> Result<(), Error> {
        let ahead = self.heard_at.duration_since(self.says);
        if ahead < -WITNESS_SKEW {
            return Err(Error::ClockBehind {
                now: self.heard_at.to_string(),
                who: self.who.clone(),
                says: self.says.to_string(),
                until: None,
            });
        }
        if ahead > WITNESS_SKEW && self.bound == Bound::Now {
            return Err(Error::ClockAhead {
                now: self.heard_at.to_string(),
                who: self.who.clone(),
                says: self.says.to_string(),
            });
        }
        Ok(())
    }
}

/// How far the clocks of this machine and of a witness may lie apart.
pub const WITNESS_SKEW: SignedDuration = SignedDuration::from_mins(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn a_witness_is_believed_both_ways_and_five_minutes_are_forgiven() {
        let heard_at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        for (seconds, now, not_before) in [
            (0, None, None),
            (300, None, None),
            (301, Some("clock.behind"), Some("clock.behind")),
            (86_400, Some("clock.behind"), Some("clock.behind")),
            (-300, None, None),
            (-301, Some("clock.ahead"), None),
            (-86_400, Some("clock.ahead"), None),
        ] {
            for (bound, expected) in [(Bound::Now, now), (Bound::NotBefore, not_before)] {
                let witness = Witness {
                    who: "the API server".to_owned(),
                    says: heard_at + SignedDuration::from_secs(seconds),
                    heard_at,
                    bound,
                };
                let code = check(&[witness]).err().map(|error| code_of(&error));
                assert_eq!(code.as_deref(), expected, "{seconds} {bound:?}");
            }
        }
        assert!(check(&[]).is_ok());
    }
}
