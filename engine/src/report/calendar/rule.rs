//! How a window comes again, in words. Knows neither zones nor what the window is about.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

use crate::calendar::{Day, Days, Every, Repeat, Roll, When, Window};

/// `each year in November, on the fourth Thursday`; `None` for a window that comes once.
pub(super) fn rule(window: &Window) -> Option<String> {
    match &window.when {
        When::Native(native) => native.repeat.as_deref().map(words),
        When::Ics(_) => Some("as its .ics file says".to_owned()),
        When::Cron(_) => Some("as its cron expression says".to_owned()),
    }
}

fn words(repeat: &Repeat) -> String {
    let mut text = match repeat.every {
        Every::Yearly => "each year",
        Every::Monthly => "each month",
        Every::Weekly => "each week",
    }
    .to_owned();
    if (1..12).contains(&repeat.months.len()) {
        let months = repeat.months.iter().filter_map(|month| month_name(*month));
        text.push_str(&format!(" in {}", listed(months.collect())));
    }
    let days = days(&repeat.days);
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
    text.push_str(&format!(" on {by}{days}{roll}"));
    if let Some(ends) = &repeat.ends {
        text.push_str(&format!(", to {} that follows", self::days(ends)));
    }
    if let Some(until) = repeat.until {
        text.push_str(&format!(", for the last time on {until} or before"));
    }
    if !repeat.except.is_empty() {
        text.push_str(&format!(", but not on {}", dates(&repeat.except)));
    }
    text
}

fn days(days: &Days) -> String {
    match days {
        Days::Weekdays(days) => listed(days.iter().map(weekday).collect()),
        Days::OfMonth(days) => {
            let days = days.iter().map(|nth| format!("the {} day", ordinal(*nth)));
            listed(days.collect())
        }
        Days::Business(days) => {
            let days = days
                .iter()
                .map(|nth| format!("the {} business day", ordinal(*nth)));
            listed(days.collect())
        }
    }
}

fn weekday(day: &Day) -> String {
    let name = match day.weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    };
    match day.nth {
        None => name.to_owned(),
        Some(nth) => format!("the {} {name}", ordinal(nth)),
    }
}

/// `1st`, `22nd`; of a negative number, counted from the end: `last`, `3rd last`.
fn ordinal(nth: i8) -> String {
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
