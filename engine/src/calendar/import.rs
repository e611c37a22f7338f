//! Windows of other programs as the configuration would write them, where it can.
//! Knows no YAML.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::cron::{Closes, Cron};
use super::ics::Event;
use super::repeat::{Day, Days, Every, Repeat};
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
    let Closes::After(length) = &cron.closes else {
        return None;
    };
    let (every, months, days) = cron.opens.of_months()?;
    let before = since
        .to_datetime(Time::midnight())
        .checked_sub(jiff::SignedDuration::from_secs(1));
    let first: DateTime = cron.opens.after(before.ok()?)?;
    let to = first.checked_add(*length).ok()?;
    Native::again(first, to, plain(every, months, days)).ok()
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

/// Each of `weekdays`.
pub(super) fn each(weekdays: impl IntoIterator<Item = Weekday>) -> Days {
    let day = |weekday| Day { nth: None, weekday };
    Days::Weekdays(weekdays.into_iter().map(day).collect())
}

#[cfg(test)]
mod tests;
