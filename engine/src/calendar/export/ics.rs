//! Windows as an .ics file that ordinary calendar programs open, and that reads back as the same windows.
//! Knows no file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::extension::Extension;
use super::super::ics::{EXTENSION, Event, spelled};
use super::super::{Error, Kind, When, Window, Zone};
use super::zone;

/// `windows`, each with the name of its calendar, as an .ics file. What iCalendar has no words for is written as
/// the times from `from` to `to`, and so is what has no end.
///
/// # Errors
/// A window does not say when it is open.
pub fn ics(
    windows: &[(&str, &Window)],
    (from, to): (Timestamp, Timestamp),
) -> Result<String, Error> {
    let mut file = File::default();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//tidegate//calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ] {
        file.line(line);
    }
    let mut told = Vec::new();
    let mut earliest: BTreeMap<&str, (&Zone, Timestamp)> = BTreeMap::new();
    for (calendar, window) in windows {
        let events = events(window, (from, to))?;
        let known = earliest
            .entry(window.zone.name())
            .or_insert((&window.zone, from));
        for event in &events {
            let begin = window.zone.begin(event.start, Kind::Freeze);
            known.1 = known.1.min(begin.unwrap_or(from));
        }
        told.push((calendar, window, events));
    }
    for (zone, begin) in earliest
        .into_values()
        .filter(|(zone, _)| zone.name() != "UTC")
    {
        for line in zone::lines(zone, begin, to) {
            file.line(&line);
        }
    }
    for (calendar, window, events) in told {
        for (number, event) in events.iter().enumerate() {
            let uid = match number {
                0 => format!("{}@{calendar}.tidegate", window.id),
                _ => format!("{}-{}@{calendar}.tidegate", window.id, number + 1),
            };
            let lines = event
                .lines(&window.zone)
                .ok_or_else(|| Error::out_of_range(window))?;
            file.event(calendar, window, &uid, &lines, from);
        }
    }
    file.line("END:VCALENDAR");
    Ok(file.text)
}

/// The events of a window: one where iCalendar has words for its times, else one for each length.
fn events(window: &Window, (from, to): (Timestamp, Timestamp)) -> Result<Vec<Event>, Error> {
    if let Some(event) = whole(window, from) {
        return Ok(vec![event]);
    }
    let mut by_length: BTreeMap<SignedDuration, BTreeSet<_>> = BTreeMap::new();
    let mut open = window.occurrences(from, to)?;
    if open.is_empty() {
        open.extend(window.next(to, FAR)?);
    }
    for one in open {
        let end = one.civil_to.unwrap_or_else(|| window.zone.civil(to));
        let length = end.duration_since(one.civil_from);
        by_length.entry(length).or_default().insert(one.civil_from);
    }
    let event = |(length, mut begins): (SignedDuration, BTreeSet<_>)| {
        let start = begins.pop_first()?;
        Some(Event {
            start,
            length,
            rule: None,
            also: begins,
            except: BTreeSet::new(),
        })
    };
    Ok(by_length.into_iter().filter_map(event).collect())
}

/// The event that says all of its times, if iCalendar has words for them.
fn whole(window: &Window, from: Timestamp) -> Option<Event> {
    match &window.when {
        When::Native(native) => Event::of_native(native),
        When::Ics(event) => Some(event.clone()),
        When::Cron(_) => {
            let native = window.when.to_native(window.zone.civil(from).date())?;
            Event::of_native(&native)
        }
    }
}

#[derive(Default)]
struct File {
    text: String,
}

impl File {
    fn event(
        &mut self,
        calendar: &str,
        window: &Window,
        uid: &str,
        times: &[String],
        made: Timestamp,
    ) {
        let endless = matches!(&window.when, When::Native(native) if native.to.is_none());
        let name = window.reason.as_deref().unwrap_or(&window.id);
        let kind = window.kind.as_str();
        let mut about = format!("`{}` of calendar `{calendar}`", window.id);
        for (what, who) in [("owner", &window.owner), ("ticket", &window.ticket)] {
            if let Some(who) = who {
                about.push_str(&format!("\n{what}: {who}"));
            }
        }
        let rule = match &window.when {
            When::Native(native) if !endless && Event::of_native(native).is_none() => {
                Some(native.clone())
            }
            _ => None,
        };
        let extension = serde_json::json!(Extension::of(window, endless, rule)).to_string();
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{uid}"));
        self.line(&format!("DTSTAMP:{}Z", spelled(Zone::utc().civil(made))));
        for line in times {
            self.line(line);
        }
        self.line(&format!("SUMMARY:{}", escaped(&format!("{kind}: {name}"))));
        self.line(&format!("DESCRIPTION:{}", escaped(&about)));
        self.line(&format!("CATEGORIES:{}", kind.to_ascii_uppercase()));
        self.line("TRANSP:TRANSPARENT");
        self.line(&format!("{EXTENSION}:{}", escaped(&extension)));
        self.line("END:VEVENT");
    }

    /// A line, folded so that none has more than 75 bytes.
    fn line(&mut self, line: &str) {
        let mut rest = line;
        let mut most = 75;
        while rest.len() > most {
            let (part, after) = rest.split_at(rest.floor_char_boundary(most));
            self.text.push_str(part);
            self.text.push_str("\r\n ");
            (rest, most) = (after, 74);
        }
        self.text.push_str(rest);
        self.text.push_str("\r\n");
    }
}

/// Text with `\\`, `\;`, `\,` and `\n`; other control characters are none of a calendar's.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Nobody plans further ahead.
const FAR: SignedDuration = SignedDuration::from_hours(24 * 366 * 20);

#[cfg(test)]
mod tests;
