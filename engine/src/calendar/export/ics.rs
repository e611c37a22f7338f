//! Windows as an .ics file that ordinary calendar programs open, and that reads back as the same windows.
//! Knows no file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::super::extension::Extension;
use super::super::ics::{EXTENSION, Event, spelled};
use super::super::{Error, Kind, When, Window, Zone};

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
    let mut earliest: BTreeMap<&str, (&Zone, Timestamp)> = BTreeMap::new();
    for (_, window) in windows {
        let begin = window
            .zone
            .begin(first(window), Kind::Freeze)
            .unwrap_or(from);
        let known = earliest
            .entry(window.zone.name())
            .or_insert((&window.zone, from));
        known.1 = known.1.min(begin);
    }
    for (zone, begin) in earliest
        .into_values()
        .filter(|(zone, _)| zone.name() != "UTC")
    {
        file.zone(zone, begin, to);
    }
    for (calendar, window) in windows {
        for (number, event) in events(window, (from, to))?.iter().enumerate() {
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

/// Where a window begins that is written as it is.
fn first(window: &Window) -> jiff::civil::DateTime {
    match &window.when {
        When::Native(native) => native.from,
        When::Ics(event) => event.start,
        When::Cron(_) => jiff::civil::DateTime::MAX,
    }
}

/// The events of a window: one where iCalendar has words for its times, else one for each length.
fn events(window: &Window, (from, to): (Timestamp, Timestamp)) -> Result<Vec<Event>, Error> {
    let whole = match &window.when {
        When::Native(native) => Event::of_native(native),
        When::Ics(event) => Some(event.clone()),
        When::Cron(_) => None,
    };
    if let Some(event) = whole {
        return Ok(vec![event]);
    }
    let mut by_length: BTreeMap<SignedDuration, BTreeSet<_>> = BTreeMap::new();
    for one in window.occurrences(from, to)? {
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
        let extension = serde_json::json!(Extension::of(window, endless)).to_string();
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

    /// What the zone does from `from` to `to`, each change by itself.
    fn zone(&mut self, zone: &Zone, from: Timestamp, to: Timestamp) {
        let rules = zone.rules();
        self.line("BEGIN:VTIMEZONE");
        self.line(&format!("TZID:{}", zone.name()));
        let before = rules.to_offset_info(from);
        let mut offset = before.offset();
        self.observance(
            before.dst().is_dst(),
            "19700101T000000",
            offset,
            offset,
            before.abbreviation(),
        );
        for change in rules
            .following(from)
            .take_while(|change| change.timestamp() < to)
        {
            let begin = spelled(offset.to_datetime(change.timestamp()));
            self.observance(
                change.dst().is_dst(),
                &begin,
                offset,
                change.offset(),
                change.abbreviation(),
            );
            offset = change.offset();
        }
        self.line("END:VTIMEZONE");
    }

    fn observance(&mut self, dst: bool, begin: &str, from: Offset, to: Offset, name: &str) {
        let kind = if dst { "DAYLIGHT" } else { "STANDARD" };
        self.line(&format!("BEGIN:{kind}"));
        self.line(&format!("DTSTART:{begin}"));
        self.line(&format!("TZOFFSETFROM:{}", signed(from)));
        self.line(&format!("TZOFFSETTO:{}", signed(to)));
        self.line(&format!("TZNAME:{name}"));
        self.line(&format!("END:{kind}"));
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

/// `+0530`
fn signed(offset: Offset) -> String {
    let minutes = offset.seconds().abs() / 60;
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
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

#[cfg(test)]
mod tests;
