//! What the clocks of a zone do, as iCalendar writes it: by rules from where on the zone follows some, until then
//! each change with its date.
//! Knows no window.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::Offset;

use super::super::ics::spelled;
use super::super::{Day, Zone};

/// The lines of a VTIMEZONE that holds from `from` on. A zone that follows no rule is told until [`YEARS`] years
/// after `to`.
pub(super) fn lines(zone: &Zone, from: Timestamp, to: Timestamp) -> Vec<String> {
    let last = zone.civil(to).year().saturating_add(YEARS);
    let before = zone.rules().to_offset_info(from);
    let mut lines = vec![
        "BEGIN:VTIMEZONE".to_owned(),
        format!("TZID:{}", zone.name()),
    ];
    let offset = before.offset();
    let first = Change {
        at: DateTime::constant(1970, 1, 1, 0, 0, 0, 0),
        before: offset,
        after: offset,
        dst: before.dst().is_dst(),
        name: before.abbreviation().to_owned(),
    };
    first.write(None, &mut lines);
    let changes = changes(zone, from, offset, last);
    let rules = rules(&changes, last).unwrap_or_default();
    let ruled = rules.first().map(|rule| rule.first.at);
    for change in &changes {
        if ruled.is_none_or(|ruled| change.at < ruled) {
            change.write(None, &mut lines);
        }
    }
    for rule in rules {
        rule.first.write(Some(&rule.text()), &mut lines);
    }
    lines.push("END:VTIMEZONE".to_owned());
    lines
}

/// The clocks go forward or back, or only call the time otherwise.
#[derive(Debug)]
struct Change {
    /// What they would show as they had gone before.
    at: DateTime,
    before: Offset,
    after: Offset,
    dst: bool,
    name: String,
}

/// A change of each year, and its first time.
struct Rule<'a> {
    first: &'a Change,
    /// It is the only such weekday of them.
    days: RangeInclusive<i8>,
}

/// What stays the same of a change from year to year.
type Shape<'a> = (i8, Weekday, Time, Offset, Offset, bool, &'a str);

fn changes(zone: &Zone, from: Timestamp, offset: Offset, last: i16) -> Vec<Change> {
    let mut before = offset;
    let following = zone.rules().following(from).map(|change| {
        let at = before.to_datetime(change.timestamp());
        let after = change.offset();
        Change {
            at,
            before: std::mem::replace(&mut before, after),
            after,
            dst: change.dst().is_dst(),
            name: change.abbreviation().to_owned(),
        }
    });
    following
        .take_while(|change| change.at.year() <= last)
        .collect()
}

/// The rules that all of the years up to `last` follow from some year on; `None` where there are none.
fn rules(changes: &[Change], last: i16) -> Option<Vec<Rule<'_>>> {
    let mut years: BTreeMap<i16, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        years.entry(change.at.year()).or_default().push(change);
    }
    let pattern = shapes(years.get(&last)?);
    let same = |(_, year): &(&i16, &Vec<&Change>)| shapes(year) == pattern;
    let alike: Vec<_> = years.iter().rev().take_while(same).collect();
    let (first, _) = alike.last()?;
    if last - **first < CYCLE || alike.len() != usize::try_from(last - **first + 1).ok()? {
        return None;
    }
    let (_, first) = alike.last()?;
    let days = |number: usize| {
        let days = (alike.iter()).filter_map(|(_, year)| Some(year.get(number)?.at.day()));
        let (least, most) = (days.clone().min()?, days.max()?);
        (most - least == 6).then_some(least..=most)
    };
    let days: Option<Vec<_>> = (0..first.len()).map(days).collect();
    let rules = first.iter().zip(days?);
    Some(rules.map(|(first, days)| Rule { first, days }).collect())
}

fn shapes<'a>(year: &[&'a Change]) -> Vec<Shape<'a>> {
    year.iter().map(|change| change.shape()).collect()
}

impl Change {
    fn shape(&self) -> Shape<'_> {
        (
            self.at.month(),
            self.at.weekday(),
            self.at.time(),
            self.before,
            self.after,
            self.dst,
            &self.name,
        )
    }

    fn write(&self, rule: Option<&str>, lines: &mut Vec<String>) {
        let kind = if self.dst { "DAYLIGHT" } else { "STANDARD" };
        lines.push(format!("BEGIN:{kind}"));
        lines.push(format!("DTSTART:{}", spelled(self.at)));
        lines.push(format!("TZOFFSETFROM:{}", signed(self.before)));
        lines.push(format!("TZOFFSETTO:{}", signed(self.after)));
        lines.extend(rule.map(|rule| format!("RRULE:{rule}")));
        lines.push(format!("TZNAME:{}", self.name));
        lines.push(format!("END:{kind}"));
    }
}

impl Rule<'_> {
    /// `FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU`
    fn text(&self) -> String {
        let (least, most) = (*self.days.start(), *self.days.end());
        let month = self.first.at.month();
        let nth = match least {
            1 | 8 | 15 | 22 => Some(least / 7 + 1),
            _ if most == self.first.at.date().days_in_month() && month != 2 => Some(-1),
            _ => None,
        };
        let weekday = self.first.at.weekday();
        let day = Day { nth, weekday };
        let mut text = format!("FREQ=YEARLY;BYMONTH={month};BYDAY={day}");
        if nth.is_none() {
            let days: Vec<String> = self.days.clone().map(|day| day.to_string()).collect();
            text.push_str(&format!(";BYMONTHDAY={}", days.join(",")));
        }
        text
    }
}

/// `+0530`
fn signed(offset: Offset) -> String {
    let minutes = offset.seconds().abs() / 60;
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// How far a zone is told that follows no rule.
const YEARS: i16 = 40;
/// In so many years a weekday falls on each day that a rule may mean.
const CYCLE: i16 = 28;

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::super::ics;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn told(zone: &str) -> Vec<String> {
        let zone = Zone::parse(zone).unwrap();
        lines(&zone, at("2026-11-22T00:00Z"), at("2027-11-22T00:00Z"))
    }

    /// The offset at an instant, by what the lines say alone: their rules are read as those of events.
    fn offset(observances: &[(Vec<DateTime>, i32, i32)], instant: Timestamp) -> i32 {
        let onsets = observances.iter().flat_map(|(onsets, before, after)| {
            let begin =
                move |at: &DateTime| Offset::from_seconds(*before).unwrap().to_timestamp(*at);
            onsets.iter().map(move |at| (begin(at).unwrap(), *after))
        });
        let last = onsets.filter(|(onset, _)| *onset <= instant).max();
        last.unwrap().1
    }

    fn observances(lines: &[String], years: i16) -> Vec<(Vec<DateTime>, i32, i32)> {
        let mut all = Vec::new();
        for part in lines.split(|line| line.starts_with("BEGIN:")).skip(2) {
            let value = |name: &str| {
                let mut values = part.iter().filter_map(|line| line.strip_prefix(name));
                values.next()
            };
            let seconds = |name: &str| {
                let text = value(name).unwrap();
                let minutes =
                    text[1..3].parse::<i32>().unwrap() * 60 + text[3..].parse::<i32>().unwrap();
                minutes * if text.starts_with('-') { -60 } else { 60 }
            };
            let rule = value("RRULE:").map_or_else(String::new, |rule| format!("RRULE:{rule}\n"));
            let start = value("DTSTART:").unwrap();
            let text = format!(
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:{start}\nDURATION:PT1H\n{rule}END:VEVENT\nEND:VCALENDAR\n"
            );
            let read = ics::read(&text, Some(&Zone::utc())).unwrap();
            let last = DateTime::constant(2026 + years + 2, 1, 1, 0, 0, 0, 0);
            let times = read.events[0]
                .event
                .intervals(DateTime::constant(1960, 1, 1, 0, 0, 0, 0), last);
            let onsets = times.unwrap().into_iter().map(|(begin, _)| begin);
            all.push((
                onsets.collect(),
                seconds("TZOFFSETFROM:"),
                seconds("TZOFFSETTO:"),
            ));
        }
        all
    }

    #[test]
    fn what_is_told_of_a_zone_is_what_its_clocks_do_for_thirty_years() {
        for name in Zone::names() {
            let zone = Zone::parse(&name).unwrap();
            let all = observances(&told(&name), 30);
            let (mut now, end) = (at("2026-11-22T00:00Z"), at("2056-11-22T00:00Z"));
            while now < end {
                let expected = zone.rules().to_offset(now).seconds();
                assert_eq!(offset(&all, now), expected, "{name} at {now}");
                now += SignedDuration::from_hours(24 * 9 + 1);
            }
        }
    }

    #[test]
    fn zones_follow_rules_where_they_have_some() {
        for (zone, rules) in [
            (
                "Europe/Berlin",
                [
                    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                    "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
                ]
                .as_slice(),
            ),
            (
                "America/New_York",
                &[
                    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
                    "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
                ],
            ),
            (
                "Asia/Jerusalem",
                &[
                    "FREQ=YEARLY;BYMONTH=3;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29",
                    "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
                ],
            ),
            ("Asia/Kolkata", &[]),
            ("Africa/Casablanca", &[]),
        ] {
            let lines = told(zone);
            let found: Vec<&str> = lines
                .iter()
                .filter_map(|line| line.strip_prefix("RRULE:"))
                .collect();
            assert_eq!(found, rules, "{zone}");
        }
    }
}
