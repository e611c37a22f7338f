//! Windows of other programs as the configuration would write them, where it can.
//! Knows no YAML.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::cron::{Closes, Cron, Expression};
use super::ics::Event;
use super::repeat::{Days, Every, Repeat};
use super::{Native, When};

impl When {
    /// The same times as the configuration writes them, from `since` on where cron knows no first one; `None`
    /// where it has no words for them.
    #[must_use]
    pub fn to_native(&self, since: Date) -> Option<Native> {
        match self {
            Self::Native(native) => Some(native.clone()),
            Self::Ics(event) => event.to_native(),
            Self::Cron(cron) => of_cron(cron, since),
        }
    }
}

impl Event {
    fn to_native(&self) -> Option<Native> {
        let to = self.start.checked_add(self.length).ok()?;
        let Some(rule) = &self.rule else {
            let alone = self.also.is_empty() && self.except.is_empty();
            return alone.then(|| Native::once(self.start, Some(to)));
        };
        let (every, months, days) = rule.of_months(self.start)?;
        let until = rule
            .until
            .map(|until| match until.time() < self.start.time() {
                true => until.date().yesterday().unwrap_or(until.date()),
                false => until.date(),
            });
        let repeat = Repeat {
            until,
            except: self.except.iter().map(|civil| civil.date()).collect(),
            ..plain(every, months, days)
        };
        let alone = self.also.is_empty();
        alone
            .then(|| Native::again(self.start, to, repeat).ok())
            .flatten()
    }
}

fn of_cron(cron: &Cron, since: Date) -> Option<Native> {
    let (every, months, days) = cron.opens.of_months()?;
    let mut repeat = plain(every, months, days);
    let mut begin = since.to_datetime(Time::midnight());
    match &cron.closes {
        // What is open on that day has begun before it.
        Closes::After(length) => begin = begin.checked_sub(*length).ok()?,
        Closes::At(ends) => match one_length(&cron.opens, ends) {
            Some(length) => begin = begin.checked_sub(length).ok()?,
            None => {
                let (_, _, days) = ends
                    .of_months()
                    .filter(|(_, months, _)| months.len() == 12)?;
                repeat.ends = Some(days);
                begin = begin.checked_sub(LONGEST_TO_END).ok()?;
            }
        },
    }
    let mut first = cron.opens.after(begin)?;
    let mut to = cron.end_of(first)?;
    while to <= since.to_datetime(Time::midnight()) {
        first = cron.opens.after(first)?;
        to = cron.end_of(first)?;
    }
    Native::again(first, to, repeat).ok()
}

/// How long a window is that opens and closes at such times, if it is as long each time.
fn one_length(opens: &Expression, closes: &Expression) -> Option<SignedDuration> {
    closes.of_months()?;
    let (mut begin, last) = CYCLE;
    let mut one = None;
    while begin < last {
        begin = opens.after(begin)?;
        let length = closes.after(begin)?.duration_since(begin);
        if *one.get_or_insert(length) != length {
            return None;
        }
    }
    one
}

/// A rule of nothing but its days.
fn plain(every: Every, months: BTreeSet<i8>, days: Days) -> Repeat {
    Repeat {
        every,
        months,
        days,
        roll: None,
        shift: 0,
        until: None,
        except: BTreeSet::new(),
        ends: None,
        holidays: Arc::default(),
    }
}

/// After these years days of the month and of the week fall together as before.
const CYCLE: (DateTime, DateTime) = (
    DateTime::constant(2000, 1, 1, 0, 0, 0, 0),
    DateTime::constant(2028, 1, 1, 0, 0, 0, 0),
);
/// What ends on a day of each month has ended by then.
const LONGEST_TO_END: SignedDuration = SignedDuration::from_hours(70 * 24);

#[cfg(test)]
mod tests;
