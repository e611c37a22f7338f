//! Dates and times of an .ics file, with the zone each is meant in.
//! Knows no events.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::super::fault::Fault;
use super::super::{Kind, Zone};
use super::lines::Line;
use super::zones::Zones;
use super::{malformed, unsupported};

/// A date or a time.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    /// A date as its first moment.
    pub(super) civil: DateTime,
    pub(super) zone: Zone,
    pub(super) whole_day: bool,
}

impl Stamp {
    /// What the clocks of `zone` show then; the first time of two.
    pub(super) fn in_zone(&self, zone: &Zone) -> Option<DateTime> {
        if self.zone == *zone {
            return Some(self.civil);
        }
        let instant = self.zone.begin(self.civil, Kind::Freeze)?;
        Some(zone.civil(instant))
    }
}

/// The only value of `line`.
pub(super) fn one(line: &Line, zones: &Zones) -> Result<Stamp, Fault> {
    let mut all = several(line, zones)?;
    match (all.pop(), all.pop()) {
        (Some(stamp), None) => Ok(stamp),
        _ => Err(unreadable(line, &line.value)),
    }
}

/// The values of `line`, which commas part.
pub(super) fn several(line: &Line, zones: &Zones) -> Result<Vec<Stamp>, Fault> {
    let date = match line.parameter("VALUE") {
        None | Some("DATE-TIME") => false,
        Some("DATE") => true,
        Some(other) => {
            let part = format!("`VALUE={other}` of {}", line.name);
            return Err(unsupported(line.span, &part, BY_HAND));
        }
    };
    line.value
        .split(',')
        .map(|value| value_of(line, value, date, zones))
        .collect()
}

fn value_of(line: &Line, value: &str, date: bool, zones: &Zones) -> Result<Stamp, Fault> {
    let wrong = || unreadable(line, value);
    if date {
        let civil = date_of(value)
            .ok_or_else(wrong)?
            .to_datetime(Time::midnight());
        return Ok(Stamp {
            civil,
            zone: zones.of(line)?,
            whole_day: true,
        });
    }
    let (local, utc) = match value.strip_suffix('Z') {
        Some(local) => (local, true),
        None => (value, false),
    };
    let civil = time_of(local).ok_or_else(wrong)?;
    let zone = match utc {
        // A zone beside it would say the same again, or something else.
        true if line.parameter("TZID").is_some() => {
            return Err(malformed(
                line.span,
                format!("`{}` has a zone, and its value is in UTC", line.name),
                "remove the `Z` or `TZID`",
            ));
        }
        true => Zone::utc(),
        false => zones.of(line)?,
    };
    Ok(Stamp {
        civil,
        zone,
        whole_day: false,
    })
}

/// The last time that UNTIL of a rule allows, in the zone of `start`: of a date all of its day.
pub(super) fn until(value: &str, start: &Stamp) -> Option<DateTime> {
    if let Some(date) = date_of(value) {
        return Some(date.to_datetime(Time::constant(23, 59, 59, 0)));
    }
    match value.strip_suffix('Z') {
        None => time_of(value),
        Some(utc) => {
            let utc = time_of(utc)?;
            let there = start.zone.civil(Zone::utc().begin(utc, Kind::Freeze)?);
            // Some programs write the last day of whole days as a time in UTC.
            Some(if start.whole_day {
                there.max(utc)
            } else {
                there
            })
        }
    }
}

/// `P1W`, `P2DT3H`, `PT90M`: more than nothing.
pub(super) fn duration(line: &Line) -> Result<SignedDuration, Fault> {
    let fault = || {
        let message = format!("`{}` is no DURATION above zero", line.value);
        malformed(
            line.span,
            message,
            "write it as `PT8H`, `P1D` or `P2DT12H30M`",
        )
    };
    let text = line.value.strip_prefix('+').unwrap_or(&line.value);
    let (days, time) = match text.strip_prefix('P').ok_or_else(fault)?.split_once('T') {
        None => (text.strip_prefix('P').unwrap_or_default(), None),
        Some((days, time)) => (days, Some(time)),
    };
    let date_units: [(char, i64); 2] = [('W', 7 * 86_400), ('D', 86_400)];
    let time_units: [(char, i64); 3] = [('H', 3_600), ('M', 60), ('S', 1)];
    let mut seconds = sum(days, &date_units).ok_or_else(fault)?;
    if let Some(time) = time {
        let within = if time.is_empty() {
            None
        } else {
            sum(time, &time_units)
        };
        seconds += within.ok_or_else(fault)?;
    }
    if seconds == 0 {
        return Err(fault());
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// Numbers with units, each once at most and in their order.
fn sum(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total) = (text, 0);
    for (unit, size) in units {
        if let Some((digits, after)) = rest.split_once(*unit) {
            let count: u32 = all_digits(digits).then(|| digits.parse().ok()).flatten()?;
            total += i64::from(count) * size;
            rest = after;
        }
    }
    rest.is_empty().then_some(total)
}

/// `20261120`
fn date_of(text: &str) -> Option<Date> {
    if text.len() != 8 || !all_digits(text) {
        return None;
    }
    let part = |from, to| text.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (part(4, 6)?, part(6, 8)?);
    let date = Date::new(
        part(0, 4)?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()?;
    (FIRST_YEAR..=LAST_YEAR)
        .contains(&date.year())
        .then_some(date)
}

/// `20261120T180000`. The last second of a minute is the 59th.
fn time_of(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once('T')?;
    if time.len() != 6 || !all_digits(time) {
        return None;
    }
    let part = |from, to| time.get(from..to)?.parse::<i8>().ok();
    let time = Time::new(part(0, 2)?, part(2, 4)?, part(4, 6)?, 0).ok()?;
    Some(date_of(date)?.to_datetime(time))
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn unreadable(line: &Line, value: &str) -> Fault {
    let name = &line.name;
    malformed(
        line.span,
        format!("`{value}` of {name} is no date or time from {FIRST_YEAR} to {LAST_YEAR}"),
        "write `20261120T180000`, or `VALUE=DATE` and `20261120`; midnight at the end of a day is `T000000` of the next",
    )
}

const FIRST_YEAR: i16 = 1970;
pub(super) const LAST_YEAR: i16 = 2199;

/// What to do about what is not read.
pub(super) const BY_HAND: &str = "write this window by hand, with dates";
