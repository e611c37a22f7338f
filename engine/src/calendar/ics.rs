//! Calendars of other programs: events of an .ics file (RFC 5545) as Google, Outlook and others write them.
//! Knows no file names and no clock. What it does not understand it refuses by name; it leaves out nothing but
//! what says nothing about times.

mod dates;
mod event;
mod lines;
mod rule;
mod stamp;
mod windows_zones;
mod write;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use event::EXTENSION;
pub use event::Event;
pub use rule::Rule;
#[cfg(feature = "cli")]
pub(crate) use rule::{Day, Every};
pub(super) use write::spelled;

use self::event::Read;
use self::lines::Line;
use self::zones::Zones;
use super::Zone;
use super::fault::{Fault, Note};
use crate::model::{Span, limits};

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Events {
    /// Its events, in the order of the file.
    pub events: Vec<Found>,
    /// What is to know about what was read.
    pub notes: Vec<Note>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name by which calendar programs know it; one of a series that was moved has a time behind it.
    pub uid: String,
    /// The zone of its times.
    pub zone: Zone,
    /// Its times.
    pub event: Event,
    /// What it is called.
    pub summary: Option<String>,
    /// Who called it.
    pub organizer: Option<String>,
    /// What this program wrote beside it, and where.
    pub extension: Option<(String, Span)>,
    /// Where it begins in the file.
    pub span: Span,
}

/// Reads the events of `text`. Times without a zone, and dates, are meant in `zone`, else in the one that the
/// file names for all of itself.
///
/// ```
/// let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261127\nEND:VEVENT\nEND:VCALENDAR\n";
/// let zone = tidegate::calendar::Zone::parse("Europe/Berlin");
/// let read = tidegate::calendar::ics::read(text, zone.as_ref()).unwrap();
/// let (from, to) = ("2026-11-01T00:00".parse()?, "2026-12-01T00:00".parse()?);
/// let times = read.events[0].event.intervals(from, to).unwrap();
/// assert_eq!(times, [("2026-11-27T00:00".parse()?, "2026-11-28T00:00".parse()?)]);
/// # Ok::<(), jiff::Error>(())
/// ```
///
/// # Errors
/// The first thing that is damaged, unknown or not supported, with its place.
pub fn read(text: &str, zone: Option<&Zone>) -> Result<Events, Fault> {
    if text.len() > limits::CALENDAR_FILE.most {
        let message = format!("the calendar is longer than {}", limits::CALENDAR_FILE);
        let help = "export only the events that are windows, or leave old ones out";
        return Err(Fault::new(
            "limit.calendar-file",
            Span::default(),
            message,
            help,
        ));
    }
    let lines = lines::lines(text)?;
    let file = File::of(&lines)?;
    let zones = Zones::new(zone, file.zone)?;
    let read = file.events.iter();
    let read = read.map(|(span, lines)| event::read(lines, *span, &zones));
    let (events, mut notes) = joined(&read.collect::<Result<Vec<_>, _>>()?)?;
    notes.extend(file.notes);
    notes.sort_by_key(|note| note.span);
    Ok(Events { events, notes })
}

/// The parts of a file.
#[derive(Default)]
struct File<'a> {
    zone: Option<&'a Line>,
    events: Vec<(Span, Vec<Line>)>,
    notes: Vec<Note>,
}

impl<'a> File<'a> {
    fn of(lines: &'a [Line]) -> Result<Self, Fault> {
        let mut file = Self::default();
        let mut open: Vec<(&str, Span)> = Vec::new();
        let mut closed = false;
        for line in lines {
            let inside = open.last().map(|(name, _)| *name);
            match (line.name.as_str(), inside) {
                _ if closed => return Err(after_the_end(line)),
                ("BEGIN", _) => {
                    let name = component(line, inside)?;
                    if name == "VEVENT" {
                        file.events.push((line.span, Vec::new()));
                    }
                    open.push((name, line.span));
                }
                (_, None) => return Err(no_calendar(line.span)),
                ("END", Some(name)) => {
                    if !line.value.eq_ignore_ascii_case(name) {
                        return Err(unclosed(&open, line.span));
                    }
                    open.pop();
                    closed = open.is_empty();
                }
                (_, Some("VCALENDAR")) => file.property(line)?,
                (_, Some("VEVENT")) => {
                    if let Some((_, event)) = file.events.last_mut() {
                        event.push(line.clone());
                    }
                }
                ("TZID", Some("VTIMEZONE")) => file.notes.push(Note {
                    message: format!("what the file says of zone `{}` is not used", line.value),
                    span: line.span,
                }),
                _ => {}
            }
        }
        match (open.last(), closed) {
            (Some((_, span)), _) => Err(unclosed(&open, *span)),
            (None, false) => Err(no_calendar(Span::default())),
            (None, true) => Ok(file),
        }
    }

    /// A property of the calendar as a whole.
    fn property(&mut self, line: &'a Line) -> Result<(), Fault> {
        let value = line.value.to_ascii_uppercase();
        match line.name.as_str() {
            "X-WR-TIMEZONE" if self.zone.is_some() => {
                let why = "a second X-WR-TIMEZONE: the file may name one zone for all of itself";
                return Err(malformed(
                    line.span,
                    why,
                    "remove the one that is not meant",
                ));
            }
            "X-WR-TIMEZONE" => self.zone = Some(line),
            "VERSION" if value != "2.0" => {
                return Err(unsupported(
                    line.span,
                    &format!("`VERSION:{value}`"),
                    "export it as iCalendar 2.0",
                ));
            }
            "CALSCALE" if value != "GREGORIAN" => {
                return Err(unsupported(
                    line.span,
                    &format!("`CALSCALE:{value}`"),
                    "export it with Gregorian dates",
                ));
            }
            "METHOD" if !matches!(value.as_str(), "PUBLISH" | "REQUEST") => {
                let help = "export the calendar itself, not a message about one event";
                return Err(unsupported(line.span, &format!("`METHOD:{value}`"), help));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The name of the part that begins, if it may stand where it does.
fn component(line: &Line, inside: Option<&str>) -> Result<&'static str, Fault> {
    let begins = |(name, within): &&(&str, Option<&str>)| {
        line.value.eq_ignore_ascii_case(name) && *within == inside
    };
    if let Some((name, _)) = PARTS.iter().find(begins) {
        return Ok(name);
    }
    match inside {
        None => Err(no_calendar(line.span)),
        Some(outer) => {
            let part = format!("`{}` in {outer}", line.value);
            let help =
                "export a calendar of events alone; each event must end before the next one begins";
            Err(unsupported(line.span, &part, help))
        }
    }
}

/// Series and what stands for single times of them, as events of their own.
fn joined(read: &[Read]) -> Result<(Vec<Found>, Vec<Note>), Fault> {
    let mut series: BTreeMap<&str, &Read> = BTreeMap::new();
    for one in read.iter().filter(|one| one.instead.is_none()) {
        if series.insert(&one.uid, one).is_some() {
            return Err(twice(one));
        }
    }
    let mut moved: BTreeMap<String, BTreeSet<jiff::civil::DateTime>> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (at, one) in read.iter().enumerate() {
        let Some(instead) = &one.instead else {
            continue;
        };
        let of = series.get(one.uid.as_str());
        let zone = of.map_or(&instead.zone, |of| &of.zone);
        let civil = instead.in_zone(zone).unwrap_or(instead.civil);
        if of.is_some_and(|of| !of.event.begins(civil)) {
            let why = format!(
                "RECURRENCE-ID `{civil}` stands for nothing: its series does not begin then"
            );
            return Err(malformed(one.span, why, "export the calendar again"));
        }
        if !moved.entry(one.uid.clone()).or_default().insert(civil) {
            return Err(twice(one));
        }
        names.insert(at, format!("{}/{civil}", one.uid));
    }
    let (mut events, mut notes) = (Vec::new(), Vec::new());
    for (at, mut one) in read.iter().cloned().enumerate() {
        notes.append(&mut one.notes);
        if one.cancelled {
            let message = "an event that is cancelled, and so is no window".to_owned();
            notes.push(Note {
                message,
                span: one.span,
            });
            continue;
        }
        if let Some(moved) = moved.get(&one.uid).filter(|_| one.instead.is_none()) {
            one.event.except.extend(moved);
        }
        events.push(Found {
            uid: names.remove(&at).unwrap_or(one.uid),
            zone: one.zone,
            event: one.event,
            summary: one.summary,
            organizer: one.organizer,
            extension: one.extension,
            span: one.span,
        });
    }
    Ok((events, notes))
}

fn twice(one: &Read) -> Fault {
    let why = format!("`UID:{}` stands for two events", one.uid);
    malformed(
        one.span,
        why,
        "remove the older one, or export the calendar again",
    )
}

fn unclosed(open: &[(&str, Span)], at: Span) -> Fault {
    let name = open.last().map_or("VCALENDAR", |(name, _)| name);
    let why = format!("`END:{name}` is missing");
    malformed(at, why, "the file is cut off or damaged; export it again")
}

fn after_the_end(line: &Line) -> Fault {
    let why = "something stands behind `END:VCALENDAR`";
    malformed(line.span, why, "keep each calendar in a file of its own")
}

fn no_calendar(at: Span) -> Fault {
    malformed(
        at,
        "the file does not begin with `BEGIN:VCALENDAR`",
        "export the calendar as .ics (iCalendar)",
    )
}

/// What is no iCalendar, or says something impossible.
fn malformed(span: Span, message: impl Into<String>, help: &str) -> Fault {
    Fault::new(MALFORMED, span, message, help)
}

/// What is iCalendar, and is not understood.
fn unsupported(span: Span, part: &str, help: &str) -> Fault {
    Fault::new(
        "calendar.ics-unsupported",
        span,
        format!("{part} is not supported"),
        help,
    )
}

const MALFORMED: &str = "calendar.ics";
/// Parts, and what each may stand in.
const PARTS: [(&str, Option<&str>); 6] = [
    ("VCALENDAR", None),
    ("VEVENT", Some("VCALENDAR")),
    ("VTIMEZONE", Some("VCALENDAR")),
    ("STANDARD", Some("VTIMEZONE")),
    ("DAYLIGHT", Some("VTIMEZONE")),
    ("VALARM", Some("VEVENT")),
];

#[cfg(test)]
mod tests;
