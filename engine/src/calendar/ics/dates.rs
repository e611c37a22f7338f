//! The days on which a rule of an .ics file falls.
//! Knows neither text nor zones: it counts days, weeks, months and years from the first time on.

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan as _};

use super::rule::{Day, Every, Rule};
use super::stamp::LAST_YEAR;
use crate::model::limits;

impl Rule {
    /// The times it gives from `from` to `to`, both included, by their order; none before `start`, the
    /// first one, nor after its end. `None`: more than are looked at.
    pub(super) fn times(
        &self,
        start: DateTime,
        from: DateTime,
        to: DateTime,
    ) -> Option<Vec<DateTime>> {
        let from = from.max(start);
        let to = self.until.map_or(to, |until| until.min(to));
        let mut found = Vec::new();
        if from > to {
            return Some(found);
        }
        let mut count = self.period_of(start.date(), from.date());
        let most = count.saturating_add(STEPS);
        while let Some(first) = self.period(start.date(), count) {
            if first > to.date() {
                break;
            }
            let days = self.days_in(first, start.date()).into_iter();
            let times = days.map(|day| day.to_datetime(start.time()));
            found.extend(times.filter(|time| *time >= from && *time <= to));
            count += 1;
            if found.len() > limits::CALENDAR_INSTANCES.most || count > most {
                return None;
            }
        }
        Some(found)
    }

    /// Whether `time` is one of its times.
    pub(super) fn gives(&self, start: DateTime, time: DateTime) -> bool {
        let times = self.times(start, time, time);
        times.is_some_and(|times| times.contains(&time))
    }

    /// The last of the first `count` times; `None` where there are not so many.
    pub(super) fn last_of(&self, start: DateTime, count: u32) -> Option<DateTime> {
        let mut left = usize::try_from(count).ok()?;
        let mut number = 0;
        while number < STEPS {
            let first = self.period(start.date(), number)?;
            if first.year() > LAST_YEAR {
                return None;
            }
            let days = self.days_in(first, start.date()).into_iter();
            let times = days.map(|day| day.to_datetime(start.time()));
            for time in times.filter(|time| *time >= start) {
                left -= 1;
                if left == 0 {
                    return Some(time);
                }
            }
            number += 1;
        }
        None
    }

    /// The number of the period that `day` lies in, or of one shortly before it, counted from that of `start`.
    fn period_of(&self, start: Date, day: Date) -> i64 {
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
        let days = day.duration_since(start).as_hours() / 24;
        let units = match self.every {
            Every::Day => days,
            Every::Week => days / 7,
            Every::Month => months(day) - months(start),
            Every::Year => i64::from(day.year()) - i64::from(start.year()),
        };
        (units / i64::from(self.interval)).max(1) - 1
    }

    /// The first day of the period of that number.
    fn period(&self, start: Date, number: i64) -> Option<Date> {
        let units = number.checked_mul(i64::from(self.interval))?;
        let (begin, span): (Date, Span) = match self.every {
            Every::Day => (start, Span::new().try_days(units).ok()?),
            Every::Week => {
                let past = i64::from(start.weekday().since(self.week_start));
                (
                    start.checked_sub(past.days()).ok()?,
                    Span::new().try_weeks(units).ok()?,
                )
            }
            Every::Month => (start.first_of_month(), Span::new().try_months(units).ok()?),
            Every::Year => (start.first_of_year(), Span::new().try_years(units).ok()?),
        };
        begin.checked_add(span).ok()
    }

    /// The days of the period that begins with `first`, in order.
    fn days_in(&self, first: Date, start: Date) -> Vec<Date> {
        let mut days = match self.every {
            Every::Day => self.filtered([first]),
            Every::Week => {
                let week = days_from(first)
                    .take(7)
                    .filter(|day| match self.days.is_empty() {
                        true => day.weekday() == start.weekday(),
                        false => true,
                    });
                self.filtered(week)
            }
            Every::Month => self.days_of_month(first, start),
            Every::Year => self.days_of_year(first, start),
        };
        days.sort_unstable();
        days.dedup();
        if self.positions.is_empty() {
            return days;
        }
        let chosen = |position: &i16| {
            let back = usize::from(position.unsigned_abs());
            let at = if *position > 0 {
                back - 1
            } else {
                days.len().checked_sub(back)?
            };
            days.get(at).copied()
        };
        let mut chosen: Vec<Date> = self.positions.iter().filter_map(chosen).collect();
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// Those that the parts of the rule let stand, where they choose and do not add.
    fn filtered(&self, days: impl IntoIterator<Item = Date>) -> Vec<Date> {
        let days = days.into_iter();
        days.filter(|day| {
            (self.months.is_empty() || self.months.contains(&day.month()))
                && (self.month_days.is_empty()
                    || self.month_days.iter().any(|one| is_day(*day, *one)))
                && (self.days.is_empty()
                    || self.days.iter().any(|one| one.weekday == day.weekday()))
        })
        .collect()
    }

    fn days_of_month(&self, first: Date, start: Date) -> Vec<Date> {
        if !self.months.is_empty() && !self.months.contains(&first.month()) {
            return Vec::new();
        }
        let month: Vec<Date> = each_day(first, first.last_of_month());
        let by_number = |day: &&Date| match (self.month_days.is_empty(), self.days.is_empty()) {
            (false, _) => self.month_days.iter().any(|one| is_day(**day, *one)),
            (true, false) => true,
            (true, true) => day.day() == start.day(),
        };
        let by_weekday = |day: &&Date| {
            self.days.is_empty()
                || self
                    .days
                    .iter()
                    .any(|one| one.is(**day, first, first.last_of_month()))
        };
        month
            .iter()
            .filter(by_number)
            .filter(by_weekday)
            .copied()
            .collect()
    }

    fn days_of_year(&self, first: Date, start: Date) -> Vec<Date> {
        if !self.months.is_empty() {
            let months = self.months.iter();
            let months = months.filter_map(|month| Date::new(first.year(), *month, 1).ok());
            return months
                .flat_map(|month| self.days_of_month(month, start))
                .collect();
        }
        if !self.month_days.is_empty() {
            return self.filtered(each_day(first, first.last_of_year()));
        }
        if self.days.is_empty() {
            let day = Date::new(first.year(), start.month(), start.day());
            return day.into_iter().collect();
        }
        let last = first.last_of_year();
        let year = each_day(first, last).into_iter();
        year.filter(|day| self.days.iter().any(|one| one.is(*day, first, last)))
            .collect()
    }
}

impl Day {
    /// Whether it is `day`, counted among those from `first` to `last`.
    fn is(self, day: Date, first: Date, last: Date) -> bool {
        if day.weekday() != self.weekday {
            return false;
        }
        let weeks = |from: Date, to: Date| to.duration_since(from).as_hours() / (24 * 7) + 1;
        match self.ordinal.map(i64::from) {
            None => true,
            Some(number) if number > 0 => weeks(first, day) == number,
            Some(number) => weeks(day, last) == -number,
        }
    }
}

/// Whether `day` is the one of that number of its month, counted from the end where it is negative.
fn is_day(day: Date, number: i8) -> bool {
    let from_end = day.day() - day.days_in_month() - 1;
    number == day.day() || number == from_end
}

fn each_day(first: Date, last: Date) -> Vec<Date> {
    days_from(first).take_while(|day| *day <= last).collect()
}

fn days_from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok())
}

/// More periods than lie between all dates that are read, and than are looked at in vain.
const STEPS: i64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The days of `rule` in the two years after `start`.
    fn days(start: &str, rule: &str) -> Vec<String> {
        let start: DateTime = start.parse().unwrap();
        let rule = super::super::tests::rule(start, rule);
        let to = start.checked_add(2.years()).unwrap();
        let times = rule.times(start, start, to).unwrap();
        times.iter().map(|time| time.date().to_string()).collect()
    }

    #[test]
    fn rules_fall_on_the_days_of_the_calendar() {
        for (start, rule, expected) in OF_2026 {
            assert_eq!(days(start, rule).join(" "), *expected, "{start} {rule}");
        }
    }

    #[test]
    fn what_is_asked_for_later_is_the_same_as_what_is_counted_from_the_beginning() {
        let start: DateTime = "2026-01-30T22:00".parse().unwrap();
        for text in [
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=FR,SU;WKST=WE",
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR",
            "FREQ=YEARLY;INTERVAL=2;BYDAY=FR;BYMONTH=1,7;BYSETPOS=5,-1",
        ] {
            let rule = super::super::tests::rule(start, text);
            let end = "2036-01-01T00:00".parse().unwrap();
            let all = rule.times(start, start, end).unwrap();
            let mut from = start;
            while from < end {
                let expected: Vec<_> = all.iter().filter(|time| **time >= from).copied().collect();
                assert_eq!(
                    rule.times(start, from, end).unwrap(),
                    expected,
                    "{text} {from}"
                );
                from = from.checked_add(1.month()).unwrap();
            }
        }
    }

    /// The first time, the rule, and the days; written from the calendars of 2026 to 2028.
    const OF_2026: &[(&str, &str, &str)] = &[
        // Thanksgiving.
        (
            "2026-11-26T00:00",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "2026-11-26 2027-11-25 2028-11-23",
        ),
        (
            "2026-11-26T00:00",
            "FREQ=YEARLY;BYMONTH=11;BYDAY=TH;BYSETPOS=4",
            "2026-11-26 2027-11-25 2028-11-23",
        ),
        // The last working day of a quarter.
        (
            "2026-12-31T18:00",
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-12-31 2027-03-31 2027-06-30 2027-09-30 2027-12-31 2028-03-31 2028-06-30 2028-09-29 2028-12-29",
        ),
        // Fridays the 13th.
        (
            "2026-02-13T00:00",
            "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
            "2026-02-13 2026-03-13 2026-11-13 2027-08-13",
        ),
        (
            "2026-02-13T00:00",
            "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR",
            "2026-02-13 2026-03-13 2026-11-13 2027-08-13",
        ),
        (
            "2026-01-31T00:00",
            "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20260331",
            "2026-01-31 2026-02-28 2026-03-31",
        ),
        (
            "2026-01-31T00:00",
            "FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20260601",
            "2026-01-31 2026-03-31 2026-05-31",
        ),
        (
            "2026-12-28T00:00",
            "FREQ=YEARLY;BYDAY=-1MO",
            "2026-12-28 2027-12-27 2028-12-25",
        ),
        (
            "2026-01-05T00:00",
            "FREQ=YEARLY;BYDAY=1MO",
            "2026-01-05 2027-01-04 2028-01-03",
        ),
        (
            "2026-12-24T00:00",
            "FREQ=YEARLY",
            "2026-12-24 2027-12-24 2028-12-24",
        ),
        (
            "2026-12-24T00:00",
            "FREQ=DAILY;BYMONTH=12;UNTIL=20261226T120000",
            "2026-12-24 2026-12-25 2026-12-26",
        ),
        // Every other week, which begins on Monday or on Sunday.
        (
            "2026-11-03T00:00",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "2026-11-03 2026-11-08 2026-11-17 2026-11-22",
        ),
        (
            "2026-11-03T00:00",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "2026-11-03 2026-11-15 2026-11-17 2026-11-29",
        ),
        (
            "2026-11-20T00:00",
            "FREQ=DAILY;INTERVAL=10;COUNT=3",
            "2026-11-20 2026-11-30 2026-12-10",
        ),
        (
            "2026-11-20T00:00",
            "FREQ=WEEKLY;COUNT=2",
            "2026-11-20 2026-11-27",
        ),
    ];
}
