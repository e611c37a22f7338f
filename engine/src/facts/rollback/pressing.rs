//! How long ago going back may have been rehearsed: less, the nearer a freeze is, in which nothing is mended by another release.
//! Asks the calendar, and knows no rehearsal.

use jiff::{SignedDuration, Timestamp};

use crate::facts::Context;

/// How long ago a rehearsal may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Most {
    /// In seconds, now.
    pub(super) seconds: i64,
    /// Why that is less than at other times, in words that follow it.
    pub(super) because: Option<String>,
    /// From when on it is less, and how many seconds then.
    pub(super) tightens: Option<(Timestamp, i64)>,
}

impl Most {
    /// What holds for a change that some freeze holds: whatever a calendar tells apart, it may be.
    pub(super) fn of(context: &Context<'_>) -> Self {
        let (rules, season) = (context.ways_back, context.season);
        let near = rules.within.min(rules.near_within);
        let always = Self {
            seconds: rules.within,
            because: None,
            tightens: None,
        };
        let ahead = SignedDuration::from_secs(rules.near);
        if near == rules.within || ahead.is_zero() {
            return always;
        }
        let nearness = season.nearness(ahead);
        match nearness.near {
            Some(name) => Self {
                seconds: near,
                because: Some(format!(" {name}")),
                tightens: None,
            },
            None => Self {
                tightens: nearness.from.map(|from| (from, near)),
                ..always
            },
        }
    }

    /// The first instant at which what was rehearsed then is too long ago.
    pub(super) fn until(&self, finished: Timestamp) -> Option<Timestamp> {
        let after = |seconds: i64| {
            let after = SignedDuration::from_secs(seconds.saturating_add(1));
            finished.checked_add(after).ok()
        };
        let tightened = self
            .tightens
            .and_then(|(at, seconds)| Some(after(seconds)?.max(at)));
        after(self.seconds).into_iter().chain(tightened).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_is_too_old_once_either_time_says_so() {
        let day = |days: i64| days * 24 * 60 * 60;
        let at = |days: i64| Timestamp::from_second(day(days)).unwrap();
        let just_after = |days: i64| Timestamp::from_second(day(days) + 1).unwrap();
        let most = |tightens| Most {
            seconds: day(30),
            because: None,
            tightens,
        };
        let until = |tightens, finished: i64| most(tightens).until(at(finished)).unwrap();
        assert_eq!(until(None, 100), just_after(130));
        // Already too old when the time before the freeze begins; too old within it; and long before it.
        assert_eq!(until(Some((at(110), day(7))), 100), at(110));
        assert_eq!(until(Some((at(110), day(7))), 105), just_after(112));
        assert_eq!(until(Some((at(140), day(7))), 100), just_after(130));
    }
}
