//! The one answer to which windows hold a change at an instant. Facts and admission both ask here.
//! Knows no evidence and no override: what those would lift, it names.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::maintenance;
use super::times::{Ahead, Asked};
use super::{Allow, Calendar, Error, Kind, Occurrence, Subject, Window};

/// Which windows hold a change at an instant.
#[derive(Clone, Debug, Default)]
pub struct Answer<'a> {
    /// The windows that hold it. While there is one, it may not go ahead.
    pub held_by: Vec<Held<'a>>,
    /// The windows that would hold it, had they not said that it passes.
    pub let_through_by: Vec<LetThrough<'a>>,
    /// The open windows that only warn of it.
    pub quiet: Vec<Warned<'a>>,
    /// The freezes that will hold it within the horizon, the first time of each, by their beginning.
    pub opens_next: Vec<Opens<'a>>,
    /// The next instant at which other windows, or the same at another time, hold it; `None` where
    /// that is not within the horizon. What lets it through and what only warns does not count.
    pub until: Option<Timestamp>,
}

/// A window that holds a change.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// The window.
    pub window: &'a Window,
    /// The time it is open, of a freeze; of maintenance the next, which is when it lets go.
    pub occurrence: Option<Occurrence>,
    /// When it lets go: the end of a freeze, the beginning of maintenance. `None` where nobody has
    /// said, or not within the horizon.
    pub until: Option<Timestamp>,
    /// What would pass.
    pub would_pass: &'a [Allow],
}

/// A window that lets a change through.
#[derive(Clone, Copy, Debug)]
pub struct LetThrough<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// The window.
    pub window: &'a Window,
    /// What it allows that the change is.
    pub allow: &'a Allow,
}

/// A window that only warns.
#[derive(Clone, Copy, Debug)]
pub struct Warned<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// The window.
    pub window: &'a Window,
    /// The time it is open.
    pub occurrence: Occurrence,
}

/// A freeze to come.
#[derive(Clone, Copy, Debug)]
pub struct Opens<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// The window.
    pub window: &'a Window,
    /// The time it will be open.
    pub occurrence: Occurrence,
}

/// Says which windows of `calendars` hold `subject` at `now`, and looks `horizon` ahead.
///
/// A freeze holds while it is open. Maintenance holds while some part of the subject (one component, one
/// tenant) has maintenance windows of which none is open. A freeze holds inside of maintenance too.
///
/// # Errors
/// A window does not say when it is open. Then nobody knows, and nothing may pass.
pub fn answer<'a>(
    calendars: &[&'a Calendar],
    subject: &Subject<'_>,
    now: Timestamp,
    horizon: SignedDuration,
) -> Result<Answer<'a>, Error> {
    let times = Times {
        now,
        at: Asked::at(now),
        after: Ahead::new(now, horizon),
    };
    let mut answer = Answer::default();
    let mut maintenance = Maintenance::default();
    let windows = calendars.iter().flat_map(|calendar| {
        let named = |window| (calendar.name.as_str(), window);
        calendar.windows.iter().map(named)
    });
    for (calendar, window) in windows {
        if !window.concerns(subject) {
            continue;
        }
        let allow = window.allow.iter().find(|allow| allow.lets(subject));
        let at = At {
            calendar,
            window,
            allow,
        };
        match window.kind {
            Kind::Freeze => at.freeze(&times, &mut answer)?,
            Kind::Maintenance => at.maintenance(&times, &mut maintenance)?,
            Kind::Quiet => {
                let open = window.open_at(&times.at)?.map(|occurrence| Warned {
                    calendar,
                    window,
                    occurrence,
                });
                answer.quiet.extend(open);
            }
        }
    }
    maintenance.join(subject, &mut answer);
    answer
        .opens_next
        .sort_by_key(|opens| (opens.occurrence.from, opens.calendar, &opens.window.id));
    Ok(answer)
}

/// The first instant from `now` on at which nothing holds `subject`; `None` where there is none within
/// the horizon.
///
/// # Errors
/// As [`answer`].
pub fn opens(
    calendars: &[&Calendar],
    subject: &Subject<'_>,
    now: Timestamp,
    horizon: SignedDuration,
) -> Result<Option<Timestamp>, Error> {
    let last = now.checked_add(horizon).unwrap_or(Timestamp::MAX);
    let windows = calendars.iter().flat_map(|calendar| &calendar.windows);
    let windows = windows.filter(|window| window.concerns(subject));
    let passes = |window: &Window| window.allow.iter().any(|allow| allow.lets(subject));
    let of_kind = |kind| windows.clone().filter(move |window| window.kind == kind);
    let freezes: Vec<&Window> = of_kind(Kind::Freeze).filter(|one| !passes(one)).collect();
    let maintenance: Vec<&Window> = of_kind(Kind::Maintenance).collect();
    let taken = |places: &[usize]| -> Vec<&Window> {
        let windows = places.iter().filter_map(|&place| maintenance.get(place));
        windows.copied().collect()
    };
    let needs = maintenance::needs(&maintenance, subject).into_iter();
    let bound = needs.filter(|need| !taken(&need.any).into_iter().all(passes));
    let bound: Vec<Vec<&Window>> = bound.map(|need| taken(&need.sure)).collect();
    let mut at = now;
    while at <= last {
        let Some(mut open) = thaw(&freezes, at, last)? else {
            return Ok(None);
        };
        for windows in &bound {
            match unlock(windows, open, last)? {
                Some(later) => open = later,
                None => return Ok(None),
            }
        }
        if open == at {
            return Ok(Some(at));
        }
        at = open;
    }
    Ok(None)
}

/// The first instant from `at` on at which none of the freezes is open; `None` where one of them holds
/// on, or beyond `last`. What is open holds until its end, so that nothing between is looked at.
fn thaw(
    freezes: &[&Window],
    mut at: Timestamp,
    last: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let mut asked = Asked::at(at);
    // How many of them, one after the other, were found shut at `at`.
    let mut shut = 0;
    for window in freezes.iter().cycle() {
        if shut == freezes.len() {
            break;
        }
        shut += 1;
        while let Some(open) = window.open_at(&asked)? {
            match open.to {
                Some(end) if end <= last => at = end,
                _ => return Ok(None),
            }
            asked = Asked::at(at);
            shut = 1;
        }
    }
    Ok(Some(at))
}

/// The first instant from `at` on at which one of the maintenance windows is open; `None` where that is
/// beyond `last`.
fn unlock(windows: &[&Window], at: Timestamp, last: Timestamp) -> Result<Option<Timestamp>, Error> {
    let (now, after) = (Asked::at(at), Ahead::new(at, last.duration_since(at)));
    let mut first = None;
    for window in windows {
        if window.open_at(&now)?.is_some() {
            return Ok(Some(at));
        }
        let next = window.first_in(at, &after)?;
        first = earliest(first, next.map(|next| next.from));
    }
    Ok(first)
}

/// The instant that is asked about, and what follows it.
struct Times {
    now: Timestamp,
    at: Asked,
    after: Ahead,
}

/// A window that concerns the subject.
#[derive(Clone, Copy)]
struct At<'a> {
    calendar: &'a str,
    window: &'a Window,
    allow: Option<&'a Allow>,
}

/// The maintenance windows for the subject.
#[derive(Default)]
struct Maintenance<'a> {
    all: Vec<Kept<'a>>,
    turns: Option<Timestamp>,
}

/// A maintenance window at an instant.
struct Kept<'a> {
    at: At<'a>,
    is_open: bool,
    next: Option<Occurrence>,
}

impl<'a> At<'a> {
    fn freeze(self, times: &Times, answer: &mut Answer<'a>) -> Result<(), Error> {
        let Self {
            calendar, window, ..
        } = self;
        let open = window.open_at(&times.at)?;
        if let Some(allow) = self.allow {
            answer
                .let_through_by
                .extend(open.map(|_| self.let_through(allow)));
            return Ok(());
        }
        let next = window.first_in(times.now, &times.after)?;
        if let Some(occurrence) = open {
            answer.held_by.push(Held {
                calendar,
                window,
                occurrence: open,
                until: occurrence.to,
                would_pass: &window.allow,
            });
            answer.until = earliest(answer.until, occurrence.to);
        }
        if let Some(occurrence) = next {
            answer.until = earliest(answer.until, Some(occurrence.from));
            answer.opens_next.push(Opens {
                calendar,
                window,
                occurrence,
            });
        }
        Ok(())
    }

    fn maintenance(self, times: &Times, all: &mut Maintenance<'a>) -> Result<(), Error> {
        let open = self.window.open_at(&times.at)?;
        let next = self.window.first_in(times.now, &times.after)?;
        all.turns = earliest(all.turns, open.and_then(|open| open.to));
        all.turns = earliest(all.turns, next.map(|next| next.from));
        all.all.push(Kept {
            at: self,
            is_open: open.is_some(),
            next,
        });
        Ok(())
    }

    fn let_through(self, allow: &'a Allow) -> LetThrough<'a> {
        LetThrough {
            calendar: self.calendar,
            window: self.window,
            allow,
        }
    }
}

impl<'a> Maintenance<'a> {
    /// Every part of the subject needs one that is open.
    fn join(self, subject: &Subject<'_>, answer: &mut Answer<'a>) {
        if self.all.iter().any(|kept| kept.at.allow.is_none()) {
            answer.until = earliest(answer.until, self.turns);
        }
        let windows: Vec<&Window> = self.all.iter().map(|kept| kept.at.window).collect();
        let is_open = |&place: &usize| self.all.get(place).is_some_and(|kept| kept.is_open);
        let shut = maintenance::needs(&windows, subject)
            .into_iter()
            .filter(|need| !need.sure.iter().any(is_open));
        let places: BTreeSet<usize> = shut.flat_map(|need| need.any).collect();
        for kept in places.into_iter().filter_map(|place| self.all.get(place)) {
            match kept.at.allow {
                Some(allow) => answer.let_through_by.push(kept.at.let_through(allow)),
                None => answer.held_by.push(kept.held()),
            }
        }
    }
}

impl<'a> Kept<'a> {
    fn held(&self) -> Held<'a> {
        Held {
            calendar: self.at.calendar,
            window: self.at.window,
            occurrence: self.next,
            until: self.next.map(|next| next.from),
            would_pass: &self.at.window.allow,
        }
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
