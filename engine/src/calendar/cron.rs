//! Times as cron writes them, with a length or with a second cron at which they end.
//! Knows no zone: begins and ends are civil times, and what instants they stand for is not decided here.

mod length;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, ToSpan as _};
use serde::{Serialize, Serializer};

pub use length::{length_of, parse_length};

use super::repeat::{Days, Every};
use super::shown;
use crate::model::limits;

/// The times of a window that opens by cron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cron {
    /// When it opens.
    pub opens: Expression,
    /// When it closes.
    pub closes: Closes,
}

/// The end of a window that opens by cron.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Closes {
    /// So long after it opens, as the clock on the wall counts.
    After(#[serde(serialize_with = "shown::one")] SignedDuration),
    /// At the first of these times after it opens.
    At(Expression),
}

/// Five fields: minute, hour, day of the month, month, day of the week.
#[derive(Clone, PartialEq, Eq)]
pub struct Expression {
    text: String,
    pub(crate) minutes: BTreeSet<i8>,
    pub(crate) hours: BTreeSet<i8>,
    pub(crate) days: BTreeSet<i8>,
    pub(crate) months: BTreeSet<i8>,
    pub(crate) weekdays: BTreeSet<i8>,
    /// A day must fit both its fields, as one of them is a star; else one of them is enough.
    pub(crate) both: bool,
}

impl Cron {
    /// The civil times it is open that end after `from` and begin before `to`, by their beginning. What
    /// opens again while it is open, and on the same day, is one time. `None`: more than are looked at.
    #[must_use]
    pub fn intervals(&self, from: DateTime, to: DateTime) -> Option<Vec<(DateTime, DateTime)>> {
        let mut found: Vec<(DateTime, DateTime)> = Vec::new();
        let mut day = self.first_day(from)?;
        let mut latest = None;
        while day <= to.date() {
            for begin in self.opens.times(day) {
                let end = self.end(begin, latest)?;
                latest = Some(end);
                match found.last_mut() {
                    Some(last) if begin <= last.1 && last.0.date() == day => {
                        last.1 = last.1.max(end);
                    }
                    _ => found.push((begin, end)),
                }
            }
            found.retain(|(begin, end)| *end > from && *begin < to);
            if found.len() > limits::CALENDAR_INSTANCES.most {
                return None;
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        Some(found)
    }

    /// The first day on which a time may begin that ends after `from`.
    fn first_day(&self, from: DateTime) -> Option<Date> {
        match &self.closes {
            Closes::After(length) => Some(from.saturating_sub(*length).date()),
            // What opened before the last end has ended by then.
            Closes::At(ends) => {
                let earliest = from.date().saturating_sub(YEARS.years());
                let mut day = from.date();
                while day > earliest {
                    if ends.times(day).any(|end| end <= from) {
                        return Some(day);
                    }
                    day = day.yesterday().ok()?;
                }
                Some(earliest)
            }
        }
    }

    /// When what opens at `begin` closes.
    pub(super) fn end_of(&self, begin: DateTime) -> Option<DateTime> {
        self.end(begin, None)
    }

    /// When what opens at `begin` closes; `latest` is when what opened before it does.
    fn end(&self, begin: DateTime, latest: Option<DateTime>) -> Option<DateTime> {
        match &self.closes {
            Closes::After(length) => begin.checked_add(*length).ok(),
            Closes::At(ends) => {
                let same = latest.filter(|end| *end > begin);
                same.or_else(|| ends.after(begin))
            }
        }
    }
}

impl Expression {
    /// Reads five fields as Argo CD does. `7` is a Sunday too, as it is in GitLab.
    ///
    /// ```
    /// use tidegate::calendar::cron::Expression;
    /// assert!(Expression::parse("0 22 * * FRI").is_ok());
    /// assert!(Expression::parse("@daily").is_err());
    /// ```
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MOST {
            return Err(format!("is longer than {MOST} bytes"));
        }
        if text.starts_with('@') {
            return Err("is a nickname, where five fields say when it begins".to_owned());
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let count = fields.len();
            return Err(format!(
                "has {count} fields instead of five: minute, hour, day of the month, month, day of the week"
            ));
        };
        let days = MONTH_DAYS.read(day)?;
        let weekdays = WEEKDAYS.read(weekday)?;
        let expression = Self {
            text: fields.join(" "),
            minutes: MINUTES.read(minute)?.values,
            hours: HOURS.read(hour)?.values,
            both: days.star || weekdays.star,
            days: days.values,
            months: MONTHS.read(month)?.values,
            weekdays: weekdays.values.into_iter().map(|day| day % 7).collect(),
        };
        match expression.after(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)) {
            Some(_) => Ok(expression),
            None => Err("names a day that no year has".to_owned()),
        }
    }

    /// The first such time after `civil`, within the years after which one is bound to come.
    #[must_use]
    pub fn after(&self, civil: DateTime) -> Option<DateTime> {
        let latest = civil.date().saturating_add(YEARS.years());
        let mut day = civil.date();
        while day <= latest {
            let later = self.times(day).find(|time| *time > civil);
            if later.is_some() {
                return later;
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The times on `day`, in order.
    pub fn times(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let hours = self
            .matches(day)
            .then_some(&self.hours)
            .into_iter()
            .flatten();
        hours.flat_map(move |hour| {
            let times = self.minutes.iter();
            times.filter_map(move |minute| {
                let time = Time::new(*hour, *minute, 0, 0).ok()?;
                Some(day.to_datetime(time))
            })
        })
    }

    /// Whether it says Sunday as `7`.
    pub(crate) fn says_seven(&self) -> bool {
        let weekday = self.text.split(' ').next_back().unwrap_or_default();
        weekday.split(',').any(|part| {
            let range = part.split('/').next().unwrap_or_default();
            range.split('-').any(|day| day == "7")
        })
    }

    /// The same as days of months at one time of the day, if it is so simple.
    pub(super) fn of_months(&self) -> Option<(Every, BTreeSet<i8>, Days)> {
        let once = self.minutes.len() == 1 && self.hours.len() == 1;
        if !once || !self.both {
            return None;
        }
        let months = self.months.clone();
        match (self.days.len(), self.weekdays.len()) {
            (31, _) => {
                let weekdays = self.weekdays.iter();
                let weekdays =
                    weekdays.filter_map(|day| Weekday::from_sunday_zero_offset(*day).ok());
                Some((Every::Weekly, months, Days::each(weekdays)))
            }
            (_, 7) => Some((
                Every::Monthly,
                months,
                Days::OfMonth(self.days.iter().copied().collect()),
            )),
            _ => None,
        }
    }

    fn matches(&self, day: Date) -> bool {
        let in_month = self.days.contains(&day.day());
        let in_week = (self.weekdays).contains(&day.weekday().to_sunday_zero_offset());
        let fits = if self.both {
            in_month && in_week
        } else {
            in_month || in_week
        };
        fits && self.months.contains(&day.month())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// One of the five.
struct Field {
    name: &'static str,
    least: i8,
    most: i8,
    names: &'static [&'static str],
}

/// What a field says.
struct Values {
    values: BTreeSet<i8>,
    /// It says that it leaves the choice to the other one of the two that choose days.
    star: bool,
}

impl Field {
    fn read(&self, text: &str) -> Result<Values, String> {
        let mut all = Values {
            values: BTreeSet::new(),
            star: false,
        };
        for part in text.split(',') {
            let part = self.part(part)?;
            all.values.extend(part.values);
            all.star |= part.star;
        }
        Ok(all)
    }

    /// `*`, `3`, `3-5`, each perhaps with `/2`; `3/2` goes to the end.
    fn part(&self, text: &str) -> Result<Values, String> {
        let (range, step) = match text.split_once('/') {
            None => (text, None),
            Some((range, step)) => (range, Some(self.step(step, text)?)),
        };
        let star = matches!(range, "*" | "?");
        let (first, last) = match range.split_once('-') {
            _ if star => (self.least, self.most),
            Some((first, last)) => (self.value(first, text)?, self.value(last, text)?),
            None => {
                let first = self.value(range, text)?;
                let last = if step.is_some() { self.most } else { first };
                (first, last)
            }
        };
        if first > last {
            return Err(self.wrong(text, "begins after it ends"));
        }
        let step = step.unwrap_or(1);
        Ok(Values {
            values: (first..=last).step_by(step).collect(),
            star: star && step == 1,
        })
    }

    fn value(&self, text: &str, part: &str) -> Result<i8, String> {
        let named = |name: &&str| name.eq_ignore_ascii_case(text);
        if let Some(at) = self.names.iter().position(named) {
            return i8::try_from(at)
                .map(|at| at + self.least)
                .map_err(|_| self.wrong(part, "is too large"));
        }
        let value = number(text).and_then(|value| i8::try_from(value).ok());
        match value {
            Some(value) if (self.least..=self.most).contains(&value) => Ok(value),
            Some(_) => {
                let (least, most) = (self.least, self.most);
                Err(self.wrong(part, &format!("lies outside of {least} to {most}")))
            }
            None => Err(self.wrong(part, "is no number, range or step")),
        }
    }

    fn step(&self, text: &str, part: &str) -> Result<usize, String> {
        match number(text) {
            Some(0) => Err(self.wrong(part, "is a step of nothing")),
            Some(step) => Ok(usize::from(step)),
            None => Err(self.wrong(part, "is no number, range or step")),
        }
    }

    fn wrong(&self, part: &str, why: &str) -> String {
        format!("has `{part}` as {}, which {why}", self.name)
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Every date and day of the week comes again within these: 29 February falls on each in 40 years at most.
const YEARS: i64 = 41;
/// The longest expression.
const MOST: usize = 1 << 10;

const MINUTES: Field = Field {
    name: "minute",
    least: 0,
    most: 59,
    names: &[],
};
const HOURS: Field = Field {
    name: "hour",
    least: 0,
    most: 23,
    names: &[],
};
const MONTH_DAYS: Field = Field {
    name: "day of the month",
    least: 1,
    most: 31,
    names: &[],
};
const MONTHS: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
const WEEKDAYS: Field = Field {
    name: "day of the week",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

#[cfg(test)]
mod tests;
