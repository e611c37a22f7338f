//! An event as lines of an .ics file, and times of the configuration as an event.
//! Knows no window.

use std::collections::BTreeSet;
use std::fmt::Display;

use jiff::civil::{DateTime, Time, Weekday};

use super::super::repeat::{self, Days, Repeat};
use super::super::{Kind, Native, Zone};
use super::Event;
use super::rule::{Day, Every, Rule, name_of};

impl Event {
    /// The times of the configuration; `None` where iCalendar has no words for them.
    pub(in crate::calendar) fn of_native(native: &Native) -> Option<Self> {
        let length = native.to?.duration_since(native.from);
        let rule = match &native.repeat {
            None => None,
            Some(repeat) => Some(Rule::of_repeat(repeat)?),
        };
        let except = native.repeat.iter().flat_map(|repeat| &repeat.except);
        let except = except.map(|day| day.to_datetime(native.from.time()));
        Some(Self {
            start: native.from,
            length,
            rule,
            also: BTreeSet::new(),
            except: except.collect(),
        })
    }

    /// DTSTART, DTEND, RRULE, RDATE and EXDATE.
    pub(in crate::calendar) fn lines(&self, zone: &Zone) -> Option<Vec<String>> {
        let end = self.start.checked_add(self.length).ok()?;
        let mut lines = vec![
            timed("DTSTART", zone, &[self.start]),
            timed("DTEND", zone, &[end]),
        ];
        if let Some(rule) = &self.rule {
            lines.push(format!("RRULE:{}", rule.text(zone)?));
        }
        for (name, times) in [("RDATE", &self.also), ("EXDATE", &self.except)] {
            if !times.is_empty() {
                let times: Vec<DateTime> = times.iter().copied().collect();
                lines.push(timed(name, zone, &times));
            }
        }
        Some(lines)
    }
}

impl Rule {
    fn of_repeat(repeat: &Repeat) -> Option<Self> {
        let plain = repeat.roll.is_none() && repeat.shift == 0 && repeat.ends.is_none();
        let (days, month_days) = match &repeat.days {
            _ if !plain => return None,
            Days::Business(_) => return None,
            Days::OfMonth(days) => (Vec::new(), days.clone()),
            Days::Weekdays(days) => (days.iter().map(day).collect(), Vec::new()),
        };
        let every = match repeat.every {
            repeat::Every::Weekly => Every::Week,
            repeat::Every::Monthly => Every::Month,
            repeat::Every::Yearly => Every::Year,
        };
        let all = repeat.months.len() == 12 && every != Every::Year;
        let last = Time::constant(23, 59, 59, 0);
        Some(Self {
            every,
            interval: 1,
            until: repeat.until.map(|day| day.to_datetime(last)),
            count: None,
            months: if all {
                Vec::new()
            } else {
                repeat.months.iter().copied().collect()
            },
            month_days,
            days,
            positions: Vec::new(),
            week_start: Weekday::Monday,
        })
    }

    fn text(&self, zone: &Zone) -> Option<String> {
        let every = match self.every {
            Every::Day => "DAILY",
            Every::Week => "WEEKLY",
            Every::Month => "MONTHLY",
            Every::Year => "YEARLY",
        };
        let mut text = format!("FREQ={every}");
        let mut part = |name: &str, value: String| {
            if !value.is_empty() {
                text.push_str(&format!(";{name}={value}"));
            }
        };
        if self.interval != 1 {
            part("INTERVAL", self.interval.to_string());
        }
        if let Some(until) = self.until {
            let instant = zone.end(until, Kind::Freeze)?;
            part("UNTIL", format!("{}Z", spelled(Zone::utc().civil(instant))));
        }
        part("BYMONTH", joined(&self.months));
        part("BYMONTHDAY", joined(&self.month_days));
        part("BYDAY", joined(&self.days));
        part("BYSETPOS", joined(&self.positions));
        if self.week_start != Weekday::Monday {
            part("WKST", name_of(self.week_start).to_owned());
        }
        Some(text)
    }
}

fn day(day: &repeat::Day) -> Day {
    Day {
        ordinal: day.nth,
        weekday: day.weekday,
    }
}

/// `DTSTART;TZID=Europe/Berlin:20261120T000000`
fn timed(name: &str, zone: &Zone, times: &[DateTime]) -> String {
    let times: Vec<String> = times.iter().map(|civil| spelled(*civil)).collect();
    match zone.name() {
        "UTC" => format!("{name}:{}Z", times.join("Z,")),
        named => format!("{name};TZID={named}:{}", times.join(",")),
    }
}

pub(in crate::calendar) fn spelled(civil: DateTime) -> String {
    civil.strftime("%Y%m%dT%H%M%S").to_string()
}

fn joined<T: Display>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(T::to_string).collect();
    all.join(",")
}
