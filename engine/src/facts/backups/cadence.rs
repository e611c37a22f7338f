//! How often a schedule comes, and how long it stays away at worst.
//! Knows no clock; which of its times a backup was taken at is not asked here.

use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use crate::calendar::Zone;
use crate::calendar::cron::{Expression, parse_length};
use crate::facts::schedule::spelt_out;

/// A schedule that comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cadence {
    /// As it is written.
    pub schedule: String,
    /// The seconds between two of its times, where they are farthest apart in the year that comes.
    pub gap_seconds: i64,
    /// Five fields stand where the first of six are the seconds.
    #[serde(skip)]
    pub(super) is_short: bool,
}

/// The fields that a schedule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fields {
    /// From the minute to the day of the week.
    Five,
    /// The seconds before these; the day of the week may be left out.
    Six,
}

impl Cadence {
    /// As often as anything is written.
    pub(super) fn of_writes() -> Self {
        Self {
            schedule: "each write".to_owned(),
            gap_seconds: 0,
            is_short: false,
        }
    }

    /// Reads a schedule as the operators in Go do: nicknames, `@every`, and a zone before it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(text: &str, fields: Fields, now: Timestamp) -> Result<Self, String> {
        let made = |gap_seconds, is_short| Self {
            schedule: text.to_owned(),
            gap_seconds,
            is_short,
        };
        let (zone, rest) = zoned(text.trim())?;
        if let Some(length) = rest.strip_prefix("@every ") {
            let length = parse_length(length.trim());
            let length = length.ok_or("counts by a length that cannot be read")?;
            return Ok(made(length.as_secs(), false));
        }
        if let Some(days) = drawn(rest) {
            return Ok(made(days * DAY, false));
        }
        let spelt = spelt_out(rest);
        let (five, is_short) = match fields {
            Fields::Six if !rest.starts_with('@') => without_seconds(&spelt)?,
            _ => (spelt, false),
        };
        let expression = Expression::parse(&five)?;
        if expression.says_seven() {
            return Err("calls Sunday 7, which operators call 0".to_owned());
        }
        Ok(made(worst(&expression, &zone, now), is_short))
    }
}

/// The zone that is written before a schedule, and the rest.
fn zoned(text: &str) -> Result<(Zone, &str), String> {
    let prefix = ["CRON_TZ=", "TZ="]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let Some(rest) = prefix else {
        return Ok((Zone::utc(), text));
    };
    let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let zone = Zone::parse(name).ok_or("names a zone that is no IANA time zone")?;
    Ok((zone, rest.trim()))
}

/// The days after which a schedule comes again whose time K8up draws.
fn drawn(text: &str) -> Option<i64> {
    match text {
        "@hourly-random" => Some(1),
        "@daily-random" | "@midnight-random" => Some(1),
        "@weekly-random" => Some(7),
        "@monthly-random" => Some(31),
        "@yearly-random" | "@annually-random" => Some(366),
        _ => None,
    }
}

/// Six fields without the first; of five, the last one is what may be left out.
fn without_seconds(text: &str) -> Result<(String, bool), String> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let (seconds, rest) = match fields.as_slice() {
        [seconds, rest @ ..] if (4..=5).contains(&rest.len()) => (*seconds, rest),
        _ => {
            let count = fields.len();
            return Err(format!(
                "has {count} fields instead of six: second, minute, hour, day of the month, month, day of the week"
            ));
        }
    };
    // Minutes are counted as seconds are.
    Expression::parse(&format!("{seconds} * * * *"))
        .map_err(|problem| problem.replace("as minute", "as second"))?;
    let is_short = rest.len() == 4;
    let five = rest.join(" ");
    Ok((if is_short { format!("{five} *") } else { five }, is_short))
}

/// The most seconds between two of its times in the year after `now`. A time that clocks leave out does not come.
fn worst(expression: &Expression, zone: &Zone, now: Timestamp) -> i64 {
    let is_daily = expression.days.len() == 31
        && expression.weekdays.len() == 7
        && expression.months.len() == 12;
    let is_even = is_daily && *zone == Zone::utc();
    let days = if is_even { 2 } else { 367 };
    let mut day = zone.civil(now).date();
    let (mut last, mut most) = (None, 0);
    let mut times = 0_usize;
    for _ in 0..days {
        for civil in expression.times(day) {
            let ambiguous = zone.rules().to_ambiguous_timestamp(civil);
            if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                continue;
            }
            let Ok(instant) = ambiguous.earlier() else {
                continue;
            };
            let seconds = instant.as_second();
            most = last.map_or(most, |last: i64| most.max(seconds - last));
            last = Some(seconds);
            times += 1;
        }
        let Ok(next) = day.checked_add(1.days()) else {
            break;
        };
        day = next;
    }
    if times < 2 { days_between(times) } else { most }
}

/// It comes once in a year, or in some years only.
fn days_between(times: usize) -> i64 {
    match times {
        0 => 8 * 366 * DAY,
        _ => 366 * DAY,
    }
}

const DAY: i64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(text: &str, fields: Fields) -> Option<i64> {
        let now = "2026-11-20T10:30:00Z".parse().unwrap();
        let cadence = Cadence::parse(text, fields, now).ok()?;
        Some(cadence.gap_seconds)
    }

    #[test]
    fn the_worst_gap_counts_months_weekends_and_changed_clocks() {
        const HOUR: i64 = 3600;
        for (text, seconds) in [
            ("0 2 * * *", 24 * HOUR),
            ("*/15 * * * *", 15 * 60),
            ("0 2 * * 1-5", 72 * HOUR),
            ("0 2 1 * *", 31 * 24 * HOUR),
            ("0 2 31 * *", 61 * 24 * HOUR),
            ("0 1 1 1 *", 366 * 24 * HOUR),
            ("CRON_TZ=Europe/Berlin 0 1 * * *", 25 * HOUR),
            // On the day on which the clocks leave it out it does not come.
            ("CRON_TZ=Europe/Berlin 30 2 * * *", 47 * HOUR),
            ("@daily", 24 * HOUR),
            ("@weekly-random", 7 * 24 * HOUR),
            ("@every 6h", 6 * HOUR),
        ] {
            assert_eq!(gap(text, Fields::Five), Some(seconds), "{text}");
        }
    }

    #[test]
    fn six_fields_begin_with_seconds_and_five_of_them_lack_the_last() {
        for (text, seconds) in [
            ("0 0 2 * * *", Some(24 * 3600)),
            ("0 2 * * *", Some(3600)),
            ("30 2 * * 0", None),
            ("@daily", Some(24 * 3600)),
            ("61 0 2 * * *", None),
            ("0 0 2 * * * *", None),
            ("", None),
        ] {
            assert_eq!(gap(text, Fields::Six), seconds, "{text}");
        }
        for wrong in [
            "0 0 2 * * *",
            "0 2 * * 7",
            "@every never",
            "TZ=Mars/Base 0 2 * * *",
            "@reboot",
        ] {
            assert_eq!(gap(wrong, Fields::Five), None, "{wrong}");
        }
    }
}
