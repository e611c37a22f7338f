//! The rule by which a window comes again: which days it begins on, and on which it ends.
//! Knows dates alone, neither zones nor times of the day.

mod check;
mod days;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

pub use self::check::Unfit;
pub use self::days::{Day, Days, NoSuchDay};
use super::shown;

/// The rule by which a window comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Repeat {
    /// How often, as it is written.
    pub every: Every,
    /// Its months, 1 to 12.
    pub months: BTreeSet<i8>,
    /// The days in each of them.
    pub days: Days,
    /// Where it goes from a day that is no business day.
    pub roll: Option<Roll>,
    /// How many days after such a day it begins; before it where negative.
    pub shift: i32,
    /// The last day on which it may begin.
    #[serde(serialize_with = "shown::any", deserialize_with = "shown::read_any")]
    pub until: Option<Date>,
    /// Days on which it does not begin.
    #[serde(serialize_with = "shown::all", deserialize_with = "shown::read_all")]
    pub except: BTreeSet<Date>,
    /// It ends on the first such day after it began, else as many days later as the first time.
    pub ends: Option<Days>,
    /// Days that are no business days, beside Saturdays and Sundays.
    #[serde(
        serialize_with = "shown::all_of",
        deserialize_with = "shown::read_all_of"
    )]
    pub holidays: Arc<BTreeSet<Date>>,
}

/// How often a window comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// Each year.
    Yearly,
    /// Each month.
    Monthly,
    /// Each week.
    Weekly,
}

/// Where a rule goes from a day that is no business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Roll {
    /// To the next one that is.
    Next,
    /// To the last one before it that is.
    Previous,
}

impl Repeat {
    /// Whether its numbers are some that the configuration could say; that it fits its window is asked otherwise.
    pub(super) fn is_sound(&self) -> bool {
        let days = [Some(&self.days), self.ends.as_ref()];
        !self.months.is_empty()
            && self.months.iter().all(|month| (1..=12).contains(month))
            && self.shift.abs() <= LONGEST_ROLL
            && days.into_iter().flatten().all(Days::is_sound)
    }

    /// The days on which it begins, from `first` on but not those before `from`, one after the other.
    pub(super) fn begins(
        &self,
        first: Date,
        from: Date,
    ) -> impl Iterator<Item = Result<Date, NoSuchDay>> {
        self.begins_within(first, from, Date::MAX)
    }

    /// As [`Repeat::begins`]; months after that of `to` are not looked at.
    pub(super) fn begins_within(
        &self,
        first: Date,
        from: Date,
        to: Date,
    ) -> impl Iterator<Item = Result<Date, NoSuchDay>> {
        let from = from.max(first);
        let unshifted = (plus(from, -self.shift), plus(to, -self.shift));
        self.unshifted(unshifted, first)
            .filter(
                move |date| !matches!(date, Ok(date) if *date < from || self.except.contains(date)),
            )
            .take_while(
                |date| !matches!(date, Ok(date) if self.until.is_some_and(|last| *date > last)),
            )
    }

    /// The first day that can matter to somebody who asks what is open from `from` on, for a window that
    /// first opens from `first` to `first_end`.
    pub(super) fn earliest(&self, first: Date, first_end: Date, from: Date) -> Date {
        let longest = match self.ends {
            Some(_) => LONGEST_TO_END,
            None => days_between(first, first_end),
        };
        plus(from, -longest - 1)
    }

    /// When it ends that begins on `date`, for a window that first opens from `first` to `first_end`.
    pub(super) fn end(
        &self,
        first: DateTime,
        first_end: DateTime,
        date: Date,
    ) -> Result<DateTime, NoSuchDay> {
        let Some(ends) = &self.ends else {
            let length = days_between(first.date(), first_end.date());
            return Ok(plus(date, length).to_datetime(first_end.time()));
        };
        let begin = date.to_datetime(first.time());
        for (year, month) in months(date) {
            for date in ends.of_month(year, month, &self.holidays)? {
                let end = date.to_datetime(first_end.time());
                if end > begin {
                    return Ok(end);
                }
            }
        }
        Err(NoSuchDay {
            month: date.first_of_month(),
        })
    }

    /// Whether it begins on `date`, if it begins on `first` or later.
    pub(super) fn gives(&self, first: Date, date: Date) -> Result<bool, NoSuchDay> {
        let next = self.begins(first, date).next().transpose()?;
        Ok(next == Some(date))
    }

    /// The days of the rule before they are shifted and taken out, from about `from` to about `to`.
    fn unshifted(
        &self,
        (from, to): (Date, Date),
        first: Date,
    ) -> impl Iterator<Item = Result<Date, NoSuchDay>> {
        // A day may have rolled over from the month before, and the window begins with the first.
        let rolled = self.roll.map_or(0, |_| LONGEST_ROLL);
        let begin = plus(from, -rolled).max(plus(first, -self.shift - rolled));
        let last = plus(to, rolled);
        let months = months(begin)
            .take_while(move |month| *month <= (last.year(), last.month()))
            .filter(|(_, month)| self.months.contains(month));
        months.flat_map(|(year, month)| match self.of_month(year, month) {
            Ok(dates) => dates.into_iter().map(Ok).collect(),
            Err(missing) => vec![Err(missing)],
        })
    }

    fn of_month(&self, year: i16, month: i8) -> Result<Vec<Date>, NoSuchDay> {
        let mut dates = self.days.of_month(year, month, &self.holidays)?;
        for date in &mut dates {
            *date = plus(self.rolled(*date)?, self.shift);
        }
        dates.dedup();
        Ok(dates)
    }

    fn rolled(&self, date: Date) -> Result<Date, NoSuchDay> {
        let step = match self.roll {
            None => return Ok(date),
            Some(Roll::Next) => 1,
            Some(Roll::Previous) => -1,
        };
        let mut days = (0..LONGEST_ROLL).map(|days| plus(date, days * step));
        let business = days.find(|date| days::is_business(*date, &self.holidays));
        business.ok_or(NoSuchDay {
            month: date.first_of_month(),
        })
    }
}

/// Year and month of `date`, and of all that follow until no calendar reaches.
fn months(date: Date) -> impl Iterator<Item = (i16, i8)> {
    let first = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    (first..LAST_YEAR * 12).filter_map(|month| {
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let month = i8::try_from(month.rem_euclid(12)).ok()?;
        Some((year, month + 1))
    })
}

/// So many days from `date`, at the ends of all dates not beyond them.
fn plus(date: Date, days: i32) -> Date {
    date.saturating_add(days.days())
}

fn days_between(from: Date, to: Date) -> i32 {
    let days = to.duration_since(from).as_hours() / 24;
    i32::try_from(days).unwrap_or(i32::MAX)
}

/// No rule is asked for later years.
const LAST_YEAR: i32 = 2400;
/// So far is looked for a business day.
const LONGEST_ROLL: i32 = 31;
/// A window that ends on a day of every month is not longer.
const LONGEST_TO_END: i32 = 70;

#[cfg(test)]
mod tests;
