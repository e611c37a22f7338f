//! Days of a month: by weekday, by number, or by business day.
//! Knows one month at a time.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, Weekday};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Every;

/// Which days of a month are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Days {
    /// `MO`, each Monday; `4TH`, the fourth Thursday; `-1FR`, the last Friday.
    Weekdays(Vec<Day>),
    /// `1`, the first; `-1`, the last.
    OfMonth(Vec<i8>),
    /// `1`, the first business day; `-3`, the third last.
    Business(Vec<i8>),
}

/// A weekday, or one of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which of the month, from its end where negative; each one where `None`.
    pub nth: Option<i8>,
    /// The weekday.
    pub weekday: Weekday,
}

/// A month has no such day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchDay {
    /// Its first day.
    pub month: Date,
}

impl Days {
    /// Each of `weekdays`.
    pub(in crate::calendar) fn each(weekdays: impl IntoIterator<Item = Weekday>) -> Self {
        let day = |weekday| Day { nth: None, weekday };
        Self::Weekdays(weekdays.into_iter().map(day).collect())
    }

    /// The day of the first time, where a rule names none.
    #[must_use]
    pub fn by_default(every: Every, first: Date) -> Self {
        match every {
            Every::Weekly => Self::Weekdays(vec![Day {
                nth: None,
                weekday: first.weekday(),
            }]),
            Every::Monthly | Every::Yearly => Self::OfMonth(vec![first.day()]),
        }
    }

    /// Whether there are some, and not more than a month has.
    pub(super) fn is_sound(&self) -> bool {
        let count = match self {
            Self::Weekdays(days) => days.len(),
            Self::OfMonth(days) | Self::Business(days) => days.len(),
        };
        (1..=62).contains(&count)
    }

    /// These days of a month, in order.
    pub(super) fn of_month(
        &self,
        year: i16,
        month: i8,
        holidays: &BTreeSet<Date>,
    ) -> Result<Vec<Date>, NoSuchDay> {
        let Ok(first) = Date::new(year, month, 1) else {
            return Ok(Vec::new());
        };
        let missing = || NoSuchDay { month: first };
        let mut dates = Vec::new();
        match self {
            Self::Weekdays(days) => {
                for day in days {
                    dates.extend(day.of_month(first).ok_or_else(missing)?);
                }
            }
            Self::OfMonth(numbers) => {
                let days = first.days_in_month();
                for number in numbers {
                    let day = match number {
                        1.. => *number,
                        0 => return Err(missing()),
                        _ => number.saturating_add(days + 1),
                    };
                    dates.push(day_of(first, day).ok_or_else(missing)?);
                }
            }
            Self::Business(numbers) => {
                let business = every_day(first).filter(|date| is_business(*date, holidays));
                let business: Vec<Date> = business.collect();
                for number in numbers {
                    dates.push(nth(&business, *number).ok_or_else(missing)?);
                }
            }
        }
        dates.sort_unstable();
        dates.dedup();
        Ok(dates)
    }
}

impl Day {
    /// Reads `TH`, `4TH`, `-1FR`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
        let (_, weekday) = WEEKDAYS.into_iter().find(|(known, _)| *known == name)?;
        let nth = match nth {
            "" => None,
            nth if nth.starts_with('+') => return None,
            nth => Some(nth.parse().ok().filter(|nth| *nth != 0)?),
        };
        Some(Self { nth, weekday })
    }

    fn of_month(self, first: Date) -> Option<Vec<Date>> {
        let Some(nth) = self.nth else {
            let earliest = 1 + first.weekday().until(self.weekday);
            let days = (earliest..=first.days_in_month()).step_by(7);
            return Some(days.filter_map(|day| day_of(first, day)).collect());
        };
        let day = first.nth_weekday_of_month(nth, self.weekday).ok()?;
        Some(vec![day])
    }
}

/// As it is read.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(nth) = self.nth {
            write!(f, "{nth}")?;
        }
        let mut names = WEEKDAYS.into_iter();
        let name = names.find(|(_, weekday)| *weekday == self.weekday);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no weekday"))
    }
}

/// Whether business goes on: no Saturday, no Sunday, no holiday.
pub(super) fn is_business(date: Date, holidays: &BTreeSet<Date>) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !holidays.contains(&date)
}

fn every_day(first: Date) -> impl Iterator<Item = Date> {
    (1..=first.days_in_month()).filter_map(move |day| day_of(first, day))
}

/// The day of that number in the month that begins with `first`.
fn day_of(first: Date, day: i8) -> Option<Date> {
    Date::new(first.year(), first.month(), day).ok()
}

/// The `number`th, from 1, or from the end where negative.
fn nth(dates: &[Date], number: i8) -> Option<Date> {
    let steps = usize::from(number.unsigned_abs()).checked_sub(1)?;
    let date = match number {
        1.. => dates.get(steps),
        _ => dates.iter().rev().nth(steps),
    };
    date.copied()
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];
