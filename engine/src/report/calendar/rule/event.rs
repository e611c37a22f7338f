//! How an event of an .ics file comes again, in words. Knows neither zones nor what it is about.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Weekday};

use super::{dates, in_months, listed, numbered, ordinal, weekday_name};
use crate::calendar::ics::{Day, Event, Every, Rule};

/// `every 2 weeks on Friday, but not on 2026-12-25`; `None` for an event that comes once.
pub(super) fn words(event: &Event) -> Option<String> {
    let mut text = match &event.rule {
        Some(rule) => of_rule(rule, event.start),
        None if event.also.is_empty() => return None,
        None => format!("on {}", event.start.date()),
    };
    let days = |times: &BTreeSet<DateTime>| {
        let days: BTreeSet<Date> = times.iter().map(|time| time.date()).collect();
        dates(&days)
    };
    if !event.also.is_empty() {
        text.push_str(&format!(", and on {}", days(&event.also)));
    }
    if !event.except.is_empty() {
        text.push_str(&format!(", but not on {}", days(&event.except)));
    }
    Some(text)
}

fn of_rule(rule: &Rule, start: DateTime) -> String {
    let name = match rule.every {
        Every::Day => "day",
        Every::Week => "week",
        Every::Month => "month",
        Every::Year => "year",
    };
    let mut text = match rule.interval {
        1 => format!("each {name}"),
        interval => format!("every {interval} {name}s"),
    };
    if rule.every == Every::Week && rule.interval > 1 && rule.week_start != Weekday::Monday {
        let first = weekday_name(rule.week_start);
        text.push_str(&format!(" (which begin on {first})"));
    }
    let months: BTreeSet<i8> = match (rule.every, alone(rule)) {
        (Every::Year, true) => BTreeSet::from([start.month()]),
        _ => rule.months.iter().copied().collect(),
    };
    text.push_str(&in_months(&months));
    text.push_str(&on_days(rule, start));
    if let Some(until) = rule.until {
        let last = match until.time() < start.time() {
            true => until.date().yesterday().unwrap_or(until.date()),
            false => until.date(),
        };
        text.push_str(&format!(", for the last time on {last} or before"));
    }
    text
}

/// Whether it names no days, so that it falls on those of its beginning.
fn alone(rule: &Rule) -> bool {
    rule.months.is_empty() && rule.month_days.is_empty() && rule.days.is_empty()
}

/// ` on the last Friday`.
fn on_days(rule: &Rule, start: DateTime) -> String {
    let month_days = rule.month_days.iter();
    let month_days = month_days.map(|nth| format!("the {} day", ordinal((*nth).into())));
    let month_days = listed(month_days.collect());
    let weekdays = |word: fn(&Day) -> String| listed(rule.days.iter().map(word).collect());
    let plain = |day: &Day| weekday_name(day.weekday).to_owned();
    let days = match (rule.every, month_days.is_empty(), rule.days.is_empty()) {
        (Every::Day, true, true) => return String::new(),
        (Every::Week, _, true) => weekday_name(start.weekday()).to_owned(),
        (Every::Day | Every::Week, true, false) => weekdays(plain),
        (Every::Month | Every::Year, true, true) => {
            format!("the {} day", ordinal(start.day().into()))
        }
        (_, false, true) => month_days,
        (_, true, false) if !rule.positions.is_empty() => weekdays(plain),
        (_, true, false) => weekdays(|day| numbered(day.ordinal.map(i16::from), day.weekday)),
        (_, false, false) => format!("{month_days} where that is {}", weekdays(plain)),
    };
    if rule.positions.is_empty() {
        return format!(" on {days}");
    }
    let positions = rule.positions.iter().map(|nth| ordinal(*nth));
    format!(" on the {} of {days}", listed(positions.collect()))
}

#[cfg(test)]
mod tests {
    use crate::calendar::{Zone, ics};

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn events_are_told_in_words() {
        for (start, lines, words) in [
            ("20261126", "", None),
            (
                "20261126",
                "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
                Some("each year in November on the 4th Thursday"),
            ),
            (
                "20261224",
                "RRULE:FREQ=YEARLY",
                Some("each year in December on the 24th day"),
            ),
            (
                "20261103",
                "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
                Some("every 2 weeks (which begin on Sunday) on Tuesday and Sunday"),
            ),
            (
                "20261103",
                "RRULE:FREQ=WEEKLY",
                Some("each week on Tuesday"),
            ),
            (
                "20261231",
                "RRULE:FREQ=MONTHLY;BYDAY=TH,FR;BYSETPOS=-1,1",
                Some("each month on the last and 1st of Thursday and Friday"),
            ),
            (
                "20260213",
                "RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
                Some("each month on the 13th day where that is Friday"),
            ),
            (
                "20261120",
                "RRULE:FREQ=DAILY;INTERVAL=10;COUNT=3",
                Some("every 10 days, for the last time on 2026-12-10 or before"),
            ),
            (
                "20261224",
                "RRULE:FREQ=DAILY;BYMONTH=12",
                Some("each day in December"),
            ),
            (
                "20261228",
                "RRULE:FREQ=YEARLY;BYDAY=-1MO",
                Some("each year on the last Monday"),
            ),
            (
                "20261107",
                "RRULE:FREQ=MONTHLY;BYDAY=SA\nEXDATE;VALUE=DATE:20261114\nRDATE;VALUE=DATE:20261115",
                Some("each month on every Saturday, and on 2026-11-15, but not on 2026-11-14"),
            ),
            (
                "20261107",
                "RDATE;VALUE=DATE:20261115,20261116",
                Some("on 2026-11-07, and on 2026-11-15 and 2026-11-16"),
            ),
        ] {
            let text = format!(
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:{start}\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
            );
            let text = text.replace("\n\n", "\n");
            let read = ics::read(&text, Some(&Zone::utc())).unwrap();
            let told = super::words(&read.events[0].event);
            assert_eq!(told.as_deref(), words, "{lines}");
        }
    }
}
