//! Windows as the configuration writes them: civil times, once or by a rule.
//! Knows no YAML and no zone.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::repeat::{NoSuchDay, Repeat, Unfit};
use super::shown;

/// From when to when, in civil time, once or by a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Native {
    /// The beginning, the first time.
    #[serde(serialize_with = "shown::one", deserialize_with = "shown::read_one")]
    pub from: DateTime,
    /// The first time after it; `None` where nobody has said when it ends.
    #[serde(serialize_with = "shown::any", deserialize_with = "shown::read_any")]
    pub to: Option<DateTime>,
    /// When it comes again.
    pub repeat: Option<Box<Repeat>>,
}

/// From when to when on the clocks of the zone.
pub(super) type Interval = (DateTime, Option<DateTime>);

impl Native {
    /// A window that opens once.
    #[must_use]
    pub fn once(from: DateTime, to: Option<DateTime>) -> Self {
        Self {
            from,
            to,
            repeat: None,
        }
    }

    /// A window that opens by a rule, the first time from `from` to `to`.
    ///
    /// # Errors
    /// The rule does not give the first time, not in every month, or never another.
    pub fn again(from: DateTime, to: DateTime, repeat: Repeat) -> Result<Self, Unfit> {
        repeat.check(from, to)?;
        Ok(Self {
            from,
            to: Some(to),
            repeat: Some(Box::new(repeat)),
        })
    }

    /// As [`Native::again`], and the first time is the first that the rule gives on the day of `from` or later.
    ///
    /// # Errors
    /// The rule does not give a day in every month, or none at all.
    pub fn from_about(from: DateTime, to: DateTime, repeat: Repeat) -> Result<Self, Unfit> {
        let first = repeat.begins(from.date(), from.date()).next();
        let Some(Ok(first)) = first else {
            return Self::again(from, to, repeat);
        };
        let begin = first.to_datetime(from.time());
        match repeat.end(from, to, first) {
            Ok(end) => Self::again(begin, end, repeat),
            Err(_) => Self::again(from, to, repeat),
        }
    }

    /// The same, if it is a rule that the configuration could say.
    pub(super) fn checked(self) -> Option<Self> {
        let (to, repeat) = (self.to?, *self.repeat?);
        let dates = [Some(self.from.date()), Some(to.date()), repeat.until];
        let dates = dates.into_iter().flatten();
        let mut dates = dates.chain(repeat.except.iter().copied());
        let known = dates.all(|date| in_reach(date).is_ok());
        let fits = known && to > self.from && repeat.is_sound();
        fits.then(|| Self::again(self.from, to, repeat).ok())
            .flatten()
    }

    /// What ends after `from` and begins before `to`, by its beginning; at most `most + 1` of it.
    pub(super) fn intervals(
        &self,
        from: DateTime,
        to: DateTime,
        most: usize,
    ) -> Result<Vec<Interval>, NoSuchDay> {
        let touches = |one: &Interval| one.0 < to && one.1.is_none_or(|end| from < end);
        let (Some(repeat), Some(first_end)) = (&self.repeat, self.to) else {
            let one = (self.from, self.to);
            return Ok(touches(&one).then_some(one).into_iter().collect());
        };
        let earliest = repeat.earliest(self.from.date(), first_end.date(), from.date());
        let mut found = Vec::new();
        for date in repeat.begins_within(self.from.date(), earliest, to.date()) {
            let begin = date?.to_datetime(self.from.time());
            if begin >= to || found.len() > most {
                break;
            }
            let end = repeat.end(self.from, first_end, begin.date())?;
            found.extend(Some((begin, Some(end))).filter(touches));
        }
        Ok(found)
    }
}

/// Reads `2026-11-20T00:00` or `2026-11-20T00:00:30`, of the years 2000 to 2199, and nothing else that
/// a date library would take.
///
/// ```
/// use tidegate::calendar::parse_civil;
/// assert!(parse_civil("2026-11-20T00:00").is_ok());
/// assert!(parse_civil("2026-11-20T24:00").is_err());
/// ```
///
/// # Errors
/// What to write instead.
pub fn parse_civil(text: &str) -> Result<DateTime, &'static str> {
    if text.contains("T24:") {
        return Err("the day ends at `00:00` of the next");
    }
    if text.ends_with('Z')
        || text
            .get(10..)
            .is_some_and(|time| time.contains(['+', '-', '[']))
    {
        return Err("leave out the offset: the time is meant in the calendar's `timezone`");
    }
    let read = text.parse::<DateTime>();
    let form = "write date and time, such as `\"2026-11-20T00:00\"`";
    let spelled = |civil: &DateTime| {
        let seconds = civil.to_string();
        seconds == text || seconds.strip_suffix(":00") == Some(text)
    };
    let whole = |civil: &DateTime| civil.subsec_nanosecond() == 0;
    let civil = read.ok().filter(whole).filter(spelled);
    let civil = civil.ok_or_else(|| why_none(text, form))?;
    in_reach(civil.date()).map(|_| civil)
}

/// Reads `2026-12-25`, of the years 2000 to 2199.
///
/// # Errors
/// What to write instead.
pub fn parse_date(text: &str) -> Result<Date, &'static str> {
    let date = text.parse::<Date>().ok();
    let form = "write a date that there is, as in `2026-12-25`";
    let date = date.filter(|date| date.to_string() == text);
    in_reach(date.ok_or_else(|| why_none(text, form))?)
}

/// Why a text of the right form is no time all the same.
fn why_none(text: &str, form: &'static str) -> &'static str {
    if text.get(4..).is_some_and(|rest| rest.starts_with("-02-29")) {
        return "that year has no 29 February";
    }
    if text.get(10..).is_some_and(|time| time.ends_with(":60")) {
        return "no clock shows a leap second; write the next minute";
    }
    form
}

fn in_reach(date: Date) -> Result<Date, &'static str> {
    let known = (2000..2200).contains(&date.year());
    known
        .then_some(date)
        .ok_or("write a year from 2000 to 2199")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_civil_time_has_one_spelling() {
        for known in [
            "2026-11-20T00:00",
            "2026-11-20T23:59:59",
            "2028-02-29T12:00",
        ] {
            assert!(parse_civil(known).is_ok(), "{known}");
        }
        for (wrong, help) in [
            ("2026-11-20T24:00", "`00:00` of the next"),
            ("2026-02-29T00:00", "no 29 February"),
            ("2026-11-20T00:00Z", "offset"),
            ("2026-11-20T00:00+01:00", "offset"),
            ("2026-11-20T00:00[Europe/Berlin]", "offset"),
            ("2026-12-31T23:59:60", "leap second"),
            ("2026-11-20", "date and time"),
            ("2026-11-20 00:00", "date and time"),
            ("2026-11-20T00", "date and time"),
            ("20261120T0000", "date and time"),
            ("2026-11-31T00:00", "date and time"),
            ("2026-11-20t00:00", "date and time"),
            ("2026-11-20T00:00:00.5", "date and time"),
            ("", "date and time"),
            ("0000-01-01T00:00", "2000 to 2199"),
            ("9999-12-31T00:00", "2000 to 2199"),
            ("1999-12-31T00:00", "2000 to 2199"),
        ] {
            let found = parse_civil(wrong).unwrap_err();
            assert!(found.contains(help), "{wrong}: {found}");
        }
    }
}
