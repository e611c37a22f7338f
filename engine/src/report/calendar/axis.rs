//! Where days, weeks, months or years begin on a line of time: as many marks as can be read.
//! Knows nothing of windows.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan as _};

use super::Page;

/// The marks between the first day and the last, with their words.
pub(super) fn ticks(page: &Page<'_>) -> Vec<(Timestamp, String)> {
    let days = (page.to - page.from).get_days();
    let step = match days {
        ..=14 => Step::Day,
        15..=100 => Step::Week,
        101..=1_200 => Step::Month,
        _ => Step::Year,
    };
    let mut ticks = Vec::new();
    let mut day = step.first(page.from);
    while let Some(here) = day.filter(|day| *day < page.to) {
        ticks.push((page.begin(here), here.strftime(step.format()).to_string()));
        day = step.next(here);
    }
    ticks
}

/// Where an instant stands on a line of `width` places; an end beyond the line is its end.
pub(super) fn place(page: &Page<'_>, instant: Timestamp, width: usize) -> usize {
    let (from, to) = page.span();
    let whole = i128::from(to.as_second()) - i128::from(from.as_second());
    let part = i128::from(instant.clamp(from, to).as_second()) - i128::from(from.as_second());
    let place = part * i128::try_from(width).unwrap_or_default() / whole.max(1);
    usize::try_from(place).unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Step {
    Day,
    Week,
    Month,
    Year,
}

impl Step {
    /// The first mark on or after a day.
    fn first(self, day: Date) -> Option<Date> {
        match self {
            Self::Day => Some(day),
            Self::Week if day.weekday() == Weekday::Monday => Some(day),
            Self::Week => day.nth_weekday(1, Weekday::Monday).ok(),
            Self::Month if day.day() == 1 => Some(day),
            Self::Month => day.last_of_month().tomorrow().ok(),
            Self::Year if day.day_of_year() == 1 => Some(day),
            Self::Year => day.last_of_year().tomorrow().ok(),
        }
    }

    fn next(self, day: Date) -> Option<Date> {
        let span = match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        };
        day.checked_add(span).ok()
    }

    fn format(self) -> &'static str {
        match self {
            Self::Day => "%a %d",
            Self::Week => "%d %b",
            Self::Month => "%b",
            Self::Year => "%Y",
        }
    }
}
