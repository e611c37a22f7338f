//! Rules by which an event of an .ics file comes again (RRULE), read and told apart.
//! Knows no zone; on which days a rule falls, `dates` says.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{DateTime, Weekday};
use serde::{Serialize, Serializer};

use super::super::fault::Fault;
use super::super::repeat::{self, Days};
use super::super::shown;
use super::lines::Line;
use super::stamp::{self, BY_HAND, Stamp};
use super::{malformed, unsupported};

/// How an event comes again. Hours and minutes are those of its beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub(crate) every: Every,
    pub(crate) interval: u32,
    /// The last time it may begin.
    #[serde(serialize_with = "shown::any")]
    pub(crate) until: Option<DateTime>,
    /// How many times it begins in all; the reader turns it into `until`.
    #[serde(skip)]
    pub(super) count: Option<u32>,
    pub(crate) months: Vec<i8>,
    pub(crate) month_days: Vec<i8>,
    pub(crate) days: Vec<Day>,
    /// Which ones of those that a day, week, month or year gives.
    pub(crate) positions: Vec<i16>,
    #[serde(serialize_with = "short_name")]
    pub(crate) week_start: Weekday,
}

/// What a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// `FR`, or the last one, `-1FR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) ordinal: Option<i8>,
    pub(crate) weekday: Weekday,
}

impl Rule {
    /// Reads the rule in `line` of an event that begins at `first`, as one that programs agree on.
    pub(super) fn of_event(line: &Line, first: &Stamp) -> Result<Self, Fault> {
        let mut rule = read(line, first)?;
        let start = first.civil;
        let wrong = |why: &str, help: &str| malformed(line.span, why, help);
        if rule.until.is_some_and(|until| until < start) {
            return Err(wrong(
                "UNTIL of RRULE lies before DTSTART",
                "mend or remove the rule",
            ));
        }
        if let Some(day) = rule.skipped_day(start) {
            let why = format!(
                "RRULE falls on day {day} of months that may not have one, where programs disagree"
            );
            return Err(wrong(
                &why,
                "for the last day of each month write BYMONTHDAY=-1, else name months that have the day",
            ));
        }
        if !rule.gives(start, start) {
            return Err(wrong(
                "DTSTART is none of the times that RRULE gives, where programs disagree",
                "let the event begin at the first time that its rule gives",
            ));
        }
        if let Some(count) = rule.count.take() {
            let last = rule.last_of(start, count);
            let why = "COUNT of RRULE leads beyond the years that are looked at";
            rule.until = Some(last.ok_or_else(|| wrong(why, "write UNTIL, or neither"))?);
        }
        Ok(rule)
    }

    /// A day of the month on which it falls only where the month has it.
    fn skipped_day(&self, start: DateTime) -> Option<i8> {
        let implied = self.month_days.is_empty();
        let fixed = matches!(self.every, Every::Month | Every::Year);
        if !fixed || !self.days.is_empty() || !self.positions.is_empty() {
            return None;
        }
        let own = [start.day()];
        let days: &[i8] = if implied { &own } else { &self.month_days };
        let in_year = |month: &i8| match self.every {
            _ if !self.months.is_empty() => self.months.contains(month),
            Every::Month => self.reaches(start.month(), *month),
            _ => !implied || *month == start.month(),
        };
        let shortest = (1..=12).filter(in_year).map(least_days).min()?;
        days.iter().copied().find(|day| day.abs() > shortest)
    }

    /// Whether steps of months lead from one to the other.
    fn reaches(&self, from: i8, to: i8) -> bool {
        let (from, to) = (i64::from(from), i64::from(to));
        (0..12).any(|steps| (from - 1 + steps * i64::from(self.interval)) % 12 == to - 1)
    }
}

fn least_days(month: i8) -> i8 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Rule {
    /// The same as days of months, if it counts nothing beyond a month.
    pub(in crate::calendar) fn of_months(
        &self,
        start: DateTime,
    ) -> Option<(repeat::Every, BTreeSet<i8>, Days)> {
        if self.interval != 1 || !self.positions.is_empty() {
            return None;
        }
        let months: BTreeSet<i8> = match self.months.is_empty() {
            true => (1..=12).collect(),
            false => self.months.iter().copied().collect(),
        };
        let weekdays = || {
            let day = |day: &Day| repeat::Day {
                nth: day.ordinal,
                weekday: day.weekday,
            };
            Days::Weekdays(self.days.iter().map(day).collect())
        };
        let of_year = self.every == Every::Year && self.months.is_empty();
        let numbered = self.days.iter().any(|day| day.ordinal.is_some());
        let days = match (self.every, self.month_days.is_empty(), self.days.is_empty()) {
            (Every::Day, true, true) => Days::each(WEEKDAYS.map(|(_, day)| day)),
            (Every::Week, true, true) => Days::each([start.weekday()]),
            (Every::Month | Every::Year, true, true) => Days::OfMonth(vec![start.day()]),
            (Every::Month | Every::Year, false, true) => Days::OfMonth(self.month_days.clone()),
            (_, true, false) if !of_year || !numbered => weekdays(),
            _ => return None,
        };
        let alone = self.month_days.is_empty() && self.days.is_empty();
        let months = match of_year && alone {
            true => BTreeSet::from([start.month()]),
            false => months,
        };
        let every = match self.every {
            Every::Day | Every::Week => repeat::Every::Weekly,
            Every::Month => repeat::Every::Monthly,
            Every::Year => repeat::Every::Yearly,
        };
        Some((every, months, days))
    }
}

/// Reads the value of `line`; `start` is the beginning of the event.
pub(super) fn read(line: &Line, start: &Stamp) -> Result<Rule, Fault> {
    let wrong = |part: &str, why: &str| {
        let message = format!("`{part}` of RRULE {why}");
        malformed(
            line.span,
            message,
            "mend the rule in the calendar program and export again",
        )
    };
    let value = line.value.to_ascii_uppercase();
    let mut seen: Vec<&str> = Vec::new();
    let mut rule = Rule::every_day();
    let mut every = None;
    for part in value.trim_end_matches(';').split(';') {
        let Some((name, value)) = part.split_once('=') else {
            return Err(wrong(part, "is no `NAME=value`"));
        };
        if seen.contains(&name) {
            return Err(wrong(name, "stands twice"));
        }
        seen.push(name);
        let known = match name {
            "FREQ" => {
                every = Some(frequency(line, value)?);
                true
            }
            "INTERVAL" => set(&mut rule.interval, ranged(value, 1, 1000)),
            "COUNT" => set_some(&mut rule.count, ranged(value, 1, MOST_COUNT)),
            "UNTIL" => set_some(&mut rule.until, stamp::until(value, start)),
            "WKST" => set(&mut rule.week_start, weekday(value)),
            "BYMONTH" => set(&mut rule.months, list(value, |one| ranged(one, 1, 12))),
            "BYMONTHDAY" => set(&mut rule.month_days, list(value, |one| signed(one, 31))),
            "BYDAY" => set(&mut rule.days, list(value, day)),
            "BYSETPOS" => set(&mut rule.positions, list(value, |one| signed(one, 366))),
            _ => {
                return Err(unsupported(
                    line.span,
                    &format!("`{name}` of RRULE"),
                    BY_HAND,
                ));
            }
        };
        if !known {
            return Err(wrong(part, "cannot be read or is out of bounds"));
        }
    }
    rule.every = every.ok_or_else(|| wrong("FREQ", "is missing"))?;
    if rule.count.is_some() && rule.until.is_some() {
        return Err(wrong("COUNT", "stands beside UNTIL"));
    }
    rule.coherent(line)
}

impl Rule {
    fn every_day() -> Self {
        Self {
            every: Every::Day,
            interval: 1,
            until: None,
            count: None,
            months: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Monday,
        }
    }

    /// Refuses parts that mean nothing beside each other, or that two readers take in two ways.
    fn coherent(self, line: &Line) -> Result<Self, Fault> {
        let numbered = self.days.iter().any(|day| day.ordinal.is_some());
        let alone = self.months.is_empty() && self.month_days.is_empty() && self.days.is_empty();
        let part = match self.every {
            Every::Day | Every::Week if numbered => {
                "a numbered day in BYDAY of a daily or weekly RRULE"
            }
            Every::Week if !self.month_days.is_empty() => "BYMONTHDAY of a weekly RRULE",
            Every::Year if numbered && !self.month_days.is_empty() => {
                "a numbered day in BYDAY beside BYMONTHDAY of a yearly RRULE"
            }
            _ if alone && !self.positions.is_empty() => {
                "BYSETPOS of an RRULE with nothing to choose from"
            }
            _ => return Ok(self),
        };
        Err(unsupported(line.span, part, BY_HAND))
    }
}

fn frequency(line: &Line, value: &str) -> Result<Every, Fault> {
    match value {
        "DAILY" => Ok(Every::Day),
        "WEEKLY" => Ok(Every::Week),
        "MONTHLY" => Ok(Every::Month),
        "YEARLY" => Ok(Every::Year),
        "SECONDLY" | "MINUTELY" | "HOURLY" => Err(unsupported(
            line.span,
            &format!("`FREQ={value}` of RRULE"),
            BY_HAND,
        )),
        _ => Err(malformed(
            line.span,
            "`FREQ` of RRULE is none of DAILY, WEEKLY, MONTHLY and YEARLY",
            "mend the rule in the calendar program and export again",
        )),
    }
}

fn day(text: &str) -> Option<Day> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let ordinal = match number {
        "" => None,
        _ => Some(signed(number, 53)?),
    };
    let weekday = weekday(name)?;
    Some(Day { ordinal, weekday })
}

fn weekday(text: &str) -> Option<Weekday> {
    let named = |(name, _): &&(&str, Weekday)| *name == text;
    WEEKDAYS.iter().find(named).map(|(_, day)| *day)
}

pub(super) fn name_of(weekday: Weekday) -> &'static str {
    let same = |(_, day): &&(&'static str, Weekday)| *day == weekday;
    WEEKDAYS.iter().find(same).map_or("", |(name, _)| name)
}

fn list<T>(text: &str, one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(one).collect()
}

/// A number other than zero, perhaps counted from the end.
fn signed<N: TryFrom<i32>>(text: &str, most: u32) -> Option<N> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let number: i32 = ranged(digits, 1, most)?;
    N::try_from(sign * number).ok()
}

fn ranged<N: TryFrom<u32>>(text: &str, least: u32, most: u32) -> Option<N> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = digits.then(|| text.parse().ok()).flatten()?;
    let within = (least..=most).contains(&number);
    within.then(|| N::try_from(number).ok()).flatten()
}

fn set<T>(place: &mut T, value: Option<T>) -> bool {
    value.map(|value| *place = value).is_some()
}

fn set_some<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
}

fn short_name<S: Serializer>(weekday: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name_of(*weekday))
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name_of(self.weekday);
        match self.ordinal {
            Some(number) => write!(f, "{number}{name}"),
            None => f.write_str(name),
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
/// The most times that a rule may count.
const MOST_COUNT: u32 = 1_000;
