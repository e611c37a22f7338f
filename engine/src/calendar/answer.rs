//! The one answer to which windows hold a change at an instant. Facts and admission both ask here.
//! Knows no evidence and no override: what those would lift, it names.

use jiff::{SignedDuration, Timestamp};

use super::times::Asked;
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
/// A freeze holds while it is open. Maintenance holds while none of the maintenance windows for the
/// subject is open. A freeze holds inside of maintenance too.
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
        after: Asked::after(now, horizon),
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
    maintenance.join(&mut answer);
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
    let (mut freezes, mut maintenance) = (Vec::new(), Vec::new());
    let mut bound = false;
    let windows = calendars.iter().flat_map(|calendar| &calendar.windows);
    for window in windows.filter(|window| window.concerns(subject)) {
        let passes = window.allow.iter().any(|allow| allow.lets(subject));
        match window.kind {
            Kind::Freeze if !passes => freezes.push(window),
            Kind::Maintenance => {
                maintenance.push(window);
                bound |= !passes;
            }
            Kind::Freeze | Kind::Quiet => {}
        }
    }
    if !bound {
        maintenance.clear();
    }
    let mut at = now;
    while at <= last {
        let Some(thawed) = thaw(&freezes, at, last)? else {
            return Ok(None);
        };
        let Some(open) = unlock(&maintenance, thawed, last)? else {
            return Ok(None);
        };
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

/// The first instant from `at` on at which one of the maintenance windows is open, if there are any;
/// `None` where that is beyond `last`.
fn unlock(windows: &[&Window], at: Timestamp, last: Timestamp) -> Result<Option<Timestamp>, Error> {
    let (now, after) = (Asked::at(at), Asked::after(at, last.duration_since(at)));
    let mut first = None;
    for window in windows {
        if window.open_at(&now)?.is_some() {
            return Ok(Some(at));
        }
        let next = window.first_in(at, &after)?;
        first = earliest(first, next.map(|next| next.from));
    }
    Ok(if windows.is_empty() { Some(at) } else { first })
}

/// The instant that is asked about, and what follows it.
struct Times {
    now: Timestamp,
    at: Asked,
    after: Vec<Asked>,
}

/// A window that concerns the subject.
#[derive(Clone, Copy)]
struct At<'a> {
    calendar: &'a str,
    window: &'a Window,
    allow: Option<&'a Allow>,
}

/// What the maintenance windows for the subject say together.
#[derive(Default)]
struct Maintenance<'a> {
    open: bool,
    shut: Vec<Held<'a>>,
    let_through: Vec<LetThrough<'a>>,
    turns: Option<Timestamp>,
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
        let Self {
            calendar, window, ..
        } = self;
        let open = window.open_at(&times.at)?;
        let next = window.first_in(times.now, &times.after)?;
        all.open |= open.is_some();
        all.turns = earliest(all.turns, open.and_then(|open| open.to));
        all.turns = earliest(all.turns, next.map(|next| next.from));
        match self.allow {
            Some(allow) => all.let_through.push(self.let_through(allow)),
            None => all.shut.push(Held {
                calendar,
                window,
                occurrence: next,
                until: next.map(|next| next.from),
                would_pass: &window.allow,
            }),
        }
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
    /// One that is open is enough.
    fn join(self, answer: &mut Answer<'a>) {
        if !self.shut.is_empty() {
            answer.until = earliest(answer.until, self.turns);
        }
        if self.open {
            return;
        }
        answer.held_by.extend(self.shut);
        answer.let_through_by.extend(self.let_through);
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
