//! Days on which something begins at one time of day, as few cron expressions.
//! Knows no windows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};

/// Expressions that give `days` at `time`, which lie from `first` to `last`, a year at most, and no other day but
/// those of which `harmless` says that they may be given as well. Cron names no year: a day comes again in each.
pub(super) fn schedules(
    time: Time,
    days: &BTreeSet<Date>,
    (first, last): (Date, Date),
    harmless: impl Fn(Date) -> bool,
) -> Vec<String> {
    let mut by_days: BTreeMap<String, BTreeSet<i8>> = BTreeMap::new();
    let months: BTreeSet<i8> = days.iter().map(|day| day.month()).collect();
    for month in months {
        let in_month = |day: &Date| day.month() == month;
        let chosen: BTreeSet<Date> = days.iter().copied().filter(in_month).collect();
        let weekdays: BTreeSet<i8> = (chosen.iter())
            .map(|day| day.weekday().to_sunday_zero_offset())
            .collect();
        let by_weekday = |day: &Date| weekdays.contains(&day.weekday().to_sunday_zero_offset());
        // What begins a year before may still reach into the span.
        let begin = first.saturating_sub(1.year());
        let end = last.saturating_add(1.year());
        let given = begin.series(1.day()).take_while(|day| *day <= end);
        let given = given.filter(in_month).filter(by_weekday);
        let fits = |day: Date| chosen.contains(&day) || harmless(day);
        let spelled = if chosen.len() > FEW && given.into_iter().all(fits) {
            match weekdays.len() {
                7 => "* {} *".to_owned(),
                _ => format!("* {{}} {}", ranges(&weekdays)),
            }
        } else {
            let numbers = chosen.iter().map(|day| day.day()).collect();
            format!("{} {{}} *", ranges(&numbers))
        };
        by_days.entry(spelled).or_default().insert(month);
    }
    let spelled = |(days, months): (String, BTreeSet<i8>)| {
        let months = match months.len() {
            12 => "*".to_owned(),
            _ => ranges(&months),
        };
        format!(
            "{} {} {}",
            time.minute(),
            time.hour(),
            days.replace("{}", &months)
        )
    };
    by_days.into_iter().map(spelled).collect()
}

/// `1-3,7`
fn ranges(numbers: &BTreeSet<i8>) -> String {
    let mut runs: Vec<(i8, i8)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(i8, i8)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

/// So many days of a month are written by their numbers.
const FEW: usize = 2;
