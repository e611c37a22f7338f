//! From the civil times of a window to instants: what is open within a span, now, and next.
//! Knows no subject: whom a window concerns is asked elsewhere.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::native::Interval;
use super::{Error, Kind, Occurrence, When, Window};
use crate::model::limits;

/// A span of instants, and the civil times that it can be in any zone.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    from: Timestamp,
    to: Timestamp,
    civil_from: DateTime,
    civil_to: DateTime,
}

impl Asked {
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            civil_from: TimeZone::UTC.to_datetime(from).saturating_sub(MARGIN),
            civil_to: TimeZone::UTC.to_datetime(to).saturating_add(MARGIN),
        }
    }

    /// This one instant.
    pub(super) fn at(now: Timestamp) -> Self {
        Self::new(now, later(now, SignedDuration::from_nanos(1)))
    }
}

/// What follows an instant: as a whole for windows that open once, else in spans of growing length, as most
/// questions end in the first.
pub(super) struct Ahead {
    whole: Asked,
    spans: Vec<Asked>,
}

impl Ahead {
    pub(super) fn new(after: Timestamp, horizon: SignedDuration) -> Self {
        let end = later(after, horizon);
        let mut spans = Vec::new();
        let (mut from, mut days) = (after, FIRST_LOOK);
        while from < end {
            let to = later(from, SignedDuration::from_hours(24 * days)).min(end);
            spans.push(Asked::new(from, to));
            (from, days) = (to, days.saturating_mul(5));
        }
        Self {
            whole: Asked::new(after, end),
            spans,
        }
    }

    fn spans_for(&self, window: &Window) -> &[Asked] {
        let once = match &window.when {
            When::Native(native) => native.repeat.is_none(),
            When::Ics(event) => event.rule.is_none() && event.also.is_empty(),
            When::Cron(_) => false,
        };
        match once {
            true => std::slice::from_ref(&self.whole),
            false => &self.spans,
        }
    }
}

impl Window {
    /// The times it is open that share an instant with `from..to`, by their beginning.
    ///
    /// # Errors
    /// There are more than are looked at, or one lies beyond the instants that can be told.
    pub fn occurrences(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Occurrence>, Error> {
        self.open_in(&Asked::new(from, to))
    }

    /// The time it is open that `now` lies in; of several the one that ends last.
    ///
    /// # Errors
    /// As [`Window::occurrences`].
    pub fn active(&self, now: Timestamp) -> Result<Option<Occurrence>, Error> {
        self.open_at(&Asked::at(now))
    }

    /// The first time it opens after `after`, and before `horizon` has passed since.
    ///
    /// # Errors
    /// As [`Window::occurrences`].
    pub fn next(
        &self,
        after: Timestamp,
        horizon: SignedDuration,
    ) -> Result<Option<Occurrence>, Error> {
        self.first_in(after, &Ahead::new(after, horizon))
    }

    pub(super) fn open_at(&self, now: &Asked) -> Result<Option<Occurrence>, Error> {
        let open = self.open_in(now)?.into_iter();
        Ok(open.max_by_key(|one| (one.to.is_none(), one.to)))
    }

    pub(super) fn first_in(
        &self,
        after: Timestamp,
        ahead: &Ahead,
    ) -> Result<Option<Occurrence>, Error> {
        for asked in ahead.spans_for(self) {
            let open = self.open_in(asked)?;
            let next = open.into_iter().find(|one| one.from > after);
            if next.is_some() {
                return Ok(next);
            }
        }
        Ok(None)
    }

    fn open_in(&self, asked: &Asked) -> Result<Vec<Occurrence>, Error> {
        let intervals = self.intervals(asked.civil_from, asked.civil_to)?;
        let mut open = Vec::new();
        for interval in intervals {
            let one = self.occurrence(interval)?;
            open.extend(
                one.filter(|one| one.from < asked.to && one.to.is_none_or(|end| asked.from < end)),
            );
        }
        open.sort_unstable();
        Ok(open)
    }

    /// What ends after `from` and begins before `to` on the clocks of the zone.
    fn intervals(&self, from: DateTime, to: DateTime) -> Result<Vec<Interval>, Error> {
        let most = limits::CALENDAR_INSTANCES.most;
        let foreign = |found: Option<Vec<(DateTime, DateTime)>>| {
            let found = found.ok_or_else(|| Error::too_many(self))?.into_iter();
            Ok(found.map(|(begin, end)| (begin, Some(end))).collect())
        };
        let found = match &self.when {
            When::Ics(event) => foreign(event.intervals(from, to))?,
            When::Cron(cron) => foreign(cron.intervals(from, to))?,
            When::Native(native) => native
                .intervals(from, to, most)
                .map_err(|missing| Error::no_such_day(self, missing.month))?,
        };
        if found.len() > most {
            return Err(Error::too_many(self));
        }
        Ok(found)
    }

    /// The instants of one time it is open; `None` where the clocks skip all of a maintenance.
    fn occurrence(&self, (civil_from, civil_to): Interval) -> Result<Option<Occurrence>, Error> {
        let lost = || Error::out_of_range(self);
        let from = self.zone.begin(civil_from, self.kind).ok_or_else(lost)?;
        let mut to = None;
        if let Some(civil) = civil_to {
            let end = self.zone.end(civil, self.kind).ok_or_else(lost)?;
            to = match self.kind {
                Kind::Maintenance if end <= from => return Ok(None),
                Kind::Freeze | Kind::Quiet if end <= from => self.after_all_of(civil),
                _ => Some(end),
            };
            if to.is_none_or(|to| to <= from) {
                return Err(lost());
            }
        }
        Ok(Some(Occurrence {
            from,
            to,
            civil_from,
            civil_to,
        }))
    }

    /// The end of a freeze that the clocks skip up to its last moment: as if it ended just before.
    fn after_all_of(&self, civil: DateTime) -> Option<Timestamp> {
        let moment = SignedDuration::from_nanos(1);
        let end = self.zone.end(civil.saturating_sub(moment), self.kind)?;
        Some(later(end, moment))
    }
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// The clocks of no zone are further from universal time, whatever they skip on a day.
const MARGIN: SignedDuration = SignedDuration::from_hours(3 * 24);
const FIRST_LOOK: i64 = 8;
