//! How near an environment is to a freeze.
//! Knows no change: whatever may change counts, of the highest tier.

use jiff::{SignedDuration, Timestamp};

use super::Season;
use crate::calendar::{Class, Error, Kind};
use crate::model::RiskTier;

/// How near a freeze is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nearness {
    /// In which one, or before which one, in words with its name in the configuration; why that cannot be told, where it
    /// cannot.
    pub near: Option<String>,
    /// When the next one comes near, where none is; `None` where that is farther away than any verdict holds.
    pub from: Option<Timestamp>,
}

impl Season<'_> {
    /// Whether a freeze lasts, or begins before `within` has passed. One that cannot be told is near.
    #[must_use]
    pub fn nearness(&self, within: SignedDuration) -> Nearness {
        self.near(within).unwrap_or_else(|error| Nearness {
            near: Some(format!("near a freeze that nobody can tell: {error}")),
            from: None,
        })
    }

    fn near(&self, within: SignedDuration) -> Result<Nearness, Error> {
        let class = Class::unknown(RiskTier::Critical, &self.calendars);
        let horizon = SOON.saturating_add(within);
        // What is let through, as a rollback is, is near a freeze all the same.
        let place = (self.place, false);
        let answer = class.answer(&self.calendars, place, self.now, horizon)?;
        let held = answer.held_by.iter().map(|it| (it.calendar, it.window));
        let through = answer
            .let_through_by
            .iter()
            .map(|it| (it.calendar, it.window));
        let lasting = held.chain(through);
        let lasts = lasting
            .filter(|(_, window)| window.kind == Kind::Freeze)
            .min_by_key(|(calendar, window)| (*calendar, window.id.as_str()));
        if let Some((calendar, window)) = lasts {
            return Ok(Nearness {
                near: Some(format!("in the freeze `{calendar}/{}`", window.id)),
                from: None,
            });
        }
        let Some(next) = answer.opens_next.first() else {
            return Ok(Nearness::default());
        };
        let from = next.occurrence.from.saturating_sub(within);
        let from = from.unwrap_or(self.now);
        let name = format!(
            "before the freeze `{}/{}`, which begins at {}",
            next.calendar, next.window.id, next.occurrence.from
        );
        Ok(match from <= self.now {
            true => Nearness {
                near: Some(name),
                from: None,
            },
            false => Nearness {
                near: None,
                from: Some(from),
            },
        })
    }
}

/// How far ahead a freeze is looked for beyond that; longer than any verdict holds.
const SOON: SignedDuration = SignedDuration::from_hours(31 * 24);
