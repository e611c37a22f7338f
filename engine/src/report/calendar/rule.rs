//! How a window comes again, in words. Knows neither zones nor what the window is about.

mod cron;
mod event;

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

use crate::calendar::{Days, Every, Repeat, Roll, When, Window};

/// `each year in November, on the fourth Thursday`; `None` for a window that comes once.
pub(super) fn rule(window: &Window) -> Option<String> {
    match &window.when {
        When::Native(native) => native.repeat.as_deref().map(words),
        When::Ics(event) => event::words(event),
        When::Cron(cron) => Some(cron::words(cron)),
    }
}

fn words(repeat: &Repeat) -> String {
    let mut text = match repeat.every {
        Every::Yearly => "each year",
        Every::Monthly => "each month",
        Every::Weekly => "each week",
    }
    .to_owned();
    text.push_str(&in_months(&repeat.months));
    let days = days(&repeat.days, repeat.every);
    let roll = repeat.roll.map_or("", |roll| match roll {
        Roll::Next => " or the next business day",
        Roll::Previous => " or the business day before",
    });
    let by = match repeat.shift {
        0 => String::new(),
        1 => "the day after ".to_owned(),
        -1 => "the day before ".to_owned(),
        shift if shift > 0 => format!("{shift} days after "),
        shift => format!("{} days before ", -i64::from(shift)),
    };
    let on = match repeat.shift {
        -1..=1 => " on ",
        _ => ", ",
    };
    text.push_str(&format!("{on}{by}{days}{roll}"));
    if let Some(ends) = &repeat.ends {
        let ends = self::days(ends, Every::Monthly);
        text.push_str(&format!(", to {ends} that follows"));
    }
    if let Some(until) = repeat.until {
        text.push_str(&format!(", for the last time on {until} or before"));
    }
    if !repeat.except.is_empty() {
        text.push_str(&format!(", but not on {}", dates(&repeat.except)));
    }
    text
}

/// ` in November`; nothing for all of them.
fn in_months(months: &BTreeSet<i8>) -> String {
    if !(1..12).contains(&months.len()) {
        return String::new();
    }
    let months = months.iter().filter_map(|month| month_name(*month));
    format!(" in {}", listed(months.collect()))
}

fn days(days: &Days, every: Every) -> String {
    match days {
        Days::Weekdays(days) => {
            let days = days.iter().map(|day| match every {
                Every::Weekly => weekday_name(day.weekday).to_owned(),
                Every::Monthly | Every::Yearly => numbered(day.nth.map(i16::from), day.weekday),
            });
            listed(days.collect())
        }
        Days::OfMonth(days) => {
            let days = days
                .iter()
                .map(|nth| format!("the {} day", ordinal((*nth).into())));
            listed(days.collect())
        }
        Days::Business(days) => {
            let days = days
                .iter()
                .map(|nth| format!("the {} business day", ordinal((*nth).into())));
            listed(days.collect())
        }
    }
}

/// `the 4th Thursday`, `every Thursday`.
fn numbered(nth: Option<i16>, weekday: Weekday) -> String {
    let name = weekday_name(weekday);
    match nth {
        None => format!("every {name}"),
        Some(nth) => format!("the {} {name}", ordinal(nth)),
    }
}

fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// `1st`, `22nd`; of a negative number, counted from the end: `last`, `3rd last`.
fn ordinal(nth: i16) -> String {
    let count = nth.unsigned_abs();
    let ending = match (count % 10, count / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    match nth {
        -1 => "last".to_owned(),
        ..-1 => format!("{count}{ending} last"),
        _ => format!("{count}{ending}"),
    }
}

fn month_name(month: i8) -> Option<String> {
    let date = Date::new(2000, month, 1).ok()?;
    Some(date.strftime("%B").to_string())
}

fn dates(dates: &BTreeSet<Date>) -> String {
    let mut shown: Vec<String> = dates
        .iter()
        .take(MOST_DATES)
        .map(ToString::to_string)
        .collect();
    let more = dates.len() - shown.len();
    if more > 0 {
        shown.push(format!("{more} other days"));
    }
    listed(shown)
}

/// `a, b and c`.
fn listed(mut texts: Vec<String>) -> String {
    match (texts.pop(), texts.as_slice()) {
        (None, _) => String::new(),
        (Some(last), []) => last,
        (Some(last), texts) => format!("{} and {last}", texts.join(", ")),
    }
}

const MOST_DATES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn rules_are_told_in_words() {
        for (from, to, repeat, words) in [
            (
                "2026-11-26T00:00",
                "2026-11-27T00:00",
                "every: yearly, by-month: [11], by-day: 4TH",
                "each year in November on the 4th Thursday",
            ),
            (
                "2026-01-31T18:00",
                "2026-02-01T08:00",
                "every: monthly, by-month-day: -1",
                "each month on the last day",
            ),
            (
                "2026-01-05T08:00",
                "2026-01-05T21:00",
                "every: monthly, by-day: [MO, -1SU]",
                "each month on every Monday and the last Sunday",
            ),
            (
                "2026-01-05T08:00",
                "2026-01-05T21:00",
                "every: weekly, by-day: [MO, SA]",
                "each week on Monday and Saturday",
            ),
            (
                "2026-01-28T00:00",
                "2026-01-29T00:00",
                "every: monthly, business-day: -3, until: '2027-12-31', except: ['2026-12-29']",
                "each month on the 3rd last business day, for the last time on 2027-12-31 or before, but not on 2026-12-29",
            ),
        ] {
            let text = format!(
                "environments: [{{name: prod, paths: ['**'], calendars: [c]}}]\ncalendars: {{c: {{timezone: UTC, windows: \
                 [{{id: w, kind: freeze, from: '{from}', to: '{to}', repeat: {{{repeat}}}}}]}}}}\n"
            );
            let config = Config::parse(&"tidegate.yaml".into(), text.as_bytes()).unwrap();
            let window = &config.calendars["c"].windows[0];
            assert_eq!(rule(window).as_deref(), Some(words));
        }
    }

    #[test]
    fn numbers_are_told_as_people_count() {
        let numbers = [1, 2, 3, 4, 11, 12, 13, 21, 22, 31, -1, -2, -21];
        assert_eq!(
            numbers.map(ordinal).join(" "),
            "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 31st last 2nd last 21st last"
        );
    }
}
