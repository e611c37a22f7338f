//! One event of an .ics file: its times, and what people read of it.
//! Knows no other event.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde::Serialize;

use super::super::fault::{Fault, Note};
use super::super::{Zone, shown};
use super::lines::Line;
use super::rule::Rule;
use super::stamp::{self, BY_HAND, Stamp};
use super::zones::Zones;
use super::{malformed, unsupported};
use crate::model::Span;

/// The times of an event, in its zone. Each lasts as long as the first one on the clocks there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    #[serde(serialize_with = "shown::one")]
    pub(crate) start: DateTime,
    #[serde(serialize_with = "shown::one")]
    pub(crate) length: SignedDuration,
    pub(crate) rule: Option<Rule>,
    /// More times at which it begins.
    #[serde(serialize_with = "shown::all")]
    pub(crate) also: BTreeSet<DateTime>,
    /// Times at which it does not begin.
    #[serde(serialize_with = "shown::all")]
    pub(crate) except: BTreeSet<DateTime>,
}

/// An event and what is written beside its times.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) uid: String,
    /// Which time of another event of that name it stands for.
    pub(super) instead: Option<Stamp>,
    pub(super) cancelled: bool,
    pub(super) zone: Zone,
    pub(super) event: Event,
    pub(super) summary: Option<String>,
    pub(super) organizer: Option<String>,
    pub(super) extension: Option<(String, Span)>,
    pub(super) span: Span,
    pub(super) notes: Vec<Note>,
}

impl Event {
    /// The civil times it takes that end after `from` and begin before `to`, by their beginning. `None`:
    /// more than are looked at.
    #[must_use]
    pub fn intervals(&self, from: DateTime, to: DateTime) -> Option<Vec<(DateTime, DateTime)>> {
        let earliest = from.saturating_sub(self.length);
        let mut begins = match &self.rule {
            None => vec![self.start],
            Some(rule) => rule.times(self.start, earliest, to)?,
        };
        if !self.also.is_empty() {
            begins.extend(&self.also);
            begins.sort_unstable();
            begins.dedup();
        }
        let kept = begins.iter().filter(|begin| !self.except.contains(begin));
        let interval = |begin: &DateTime| Some((*begin, begin.checked_add(self.length).ok()?));
        let all = kept.filter_map(interval);
        Some(
            all.filter(|(begin, end)| *end > from && *begin < to)
                .collect(),
        )
    }

    /// Whether it begins at `civil`, if nothing takes that out.
    pub(super) fn begins(&self, civil: DateTime) -> bool {
        let by_rule = match &self.rule {
            None => civil == self.start,
            Some(rule) => rule.gives(self.start, civil),
        };
        by_rule || self.also.contains(&civil)
    }
}

/// Reads the lines between BEGIN:VEVENT, which is at `span`, and its end.
pub(super) fn read(lines: &[Line], span: Span, zones: &Zones) -> Result<Read, Fault> {
    refuse_unknown(lines)?;
    let missing = |what: &str| {
        malformed(
            span,
            format!("an event without {what}"),
            "export the calendar again",
        )
    };
    let start = only(lines, "DTSTART")?.ok_or_else(|| missing("DTSTART"))?;
    let first = stamp::one(start, zones)?;
    let uid = only(lines, "UID")?.ok_or_else(|| missing("UID"))?;
    let mut notes = Vec::new();
    let mut event = Event {
        start: first.civil,
        length: length(lines, &first, span, zones)?,
        rule: match only(lines, "RRULE")? {
            Some(line) => Some(Rule::of_event(line, &first)?),
            None => None,
        },
        also: BTreeSet::new(),
        except: BTreeSet::new(),
    };
    for line in lines.iter().filter(|line| line.name == "RDATE") {
        event.also.extend(in_zone_of(&first, line, zones)?);
    }
    for line in lines.iter().filter(|line| line.name == "EXDATE") {
        for civil in in_zone_of(&first, line, zones)? {
            except(&mut event, civil, line, &mut notes)?;
        }
    }
    let (cancelled, instead) = (cancelled(lines)?, instead(lines, zones)?);
    if instead.is_some() && (event.rule.is_some() || !event.also.is_empty()) {
        let part = "an event with RECURRENCE-ID that comes again itself";
        return Err(unsupported(span, part, BY_HAND));
    }
    let text = |name: &str| only(lines, name).map(|line| line.map(|line| unescaped(&line.value)));
    let extension = only(lines, EXTENSION)?;
    Ok(Read {
        uid: uid.value.clone(),
        instead,
        cancelled,
        zone: first.zone,
        event,
        summary: text("SUMMARY")?.filter(|text| !text.is_empty()),
        organizer: only(lines, "ORGANIZER")?.map(organizer),
        extension: extension.map(|line| (unescaped(&line.value), line.span)),
        span,
        notes,
    })
}

/// From DTSTART to DTEND, or as long as DURATION says; a date without either is a day.
fn length(
    lines: &[Line],
    first: &Stamp,
    span: Span,
    zones: &Zones,
) -> Result<SignedDuration, Fault> {
    let (end, duration) = (only(lines, "DTEND")?, only(lines, "DURATION")?);
    let line = match (end, duration) {
        (None, None) if first.whole_day => return Ok(SignedDuration::from_hours(24)),
        (None, None) => {
            let why = "an event without an end, which takes no time";
            return Err(malformed(span, why, "give it DTEND or DURATION"));
        }
        (None, Some(line)) => return stamp::duration(line),
        (Some(_), Some(line)) => {
            return Err(malformed(
                line.span,
                "DURATION stands beside DTEND",
                "remove one of the two",
            ));
        }
        (Some(line), None) => line,
    };
    let last = stamp::one(line, zones)?;
    if last.whole_day != first.whole_day {
        let why = "DTSTART and DTEND are a date and a time";
        return Err(malformed(line.span, why, "make both dates, or both times"));
    }
    if last.zone != first.zone {
        let part = format!("DTEND in `{}` after DTSTART in `{}`", last.zone, first.zone);
        return Err(unsupported(line.span, &part, "write both in one time zone"));
    }
    let length = last.civil.duration_since(first.civil);
    if length <= SignedDuration::ZERO {
        return Err(malformed(
            line.span,
            "an event that ends before it has begun",
            "swap DTSTART and DTEND, or mend them",
        ));
    }
    Ok(length)
}

fn in_zone_of(first: &Stamp, line: &Line, zones: &Zones) -> Result<Vec<DateTime>, Fault> {
    let mut all = Vec::new();
    for stamp in stamp::several(line, zones)? {
        let civil = stamp.in_zone(&first.zone);
        match civil {
            Some(civil) if stamp.whole_day == first.whole_day => all.push(civil),
            _ => {
                let why = format!("{} and DTSTART are a date and a time", line.name);
                return Err(malformed(line.span, why, "make both dates, or both times"));
            }
        }
    }
    Ok(all)
}

/// Takes out one time. What takes out nothing means something else than it says; behind the end of the rule
/// it is what is left of a series that was cut in two.
fn except(
    event: &mut Event,
    civil: DateTime,
    line: &Line,
    notes: &mut Vec<Note>,
) -> Result<(), Fault> {
    let until = event.rule.as_ref().and_then(|rule| rule.until);
    if event.begins(civil) {
        event.except.insert(civil);
    } else if until.is_some_and(|until| civil > until) {
        let message =
            format!("EXDATE `{civil}` lies behind the end of its rule, and takes out nothing");
        notes.push(Note {
            message,
            span: line.span,
        });
    } else {
        let why = format!("EXDATE `{civil}` takes out nothing: the event does not begin then");
        return Err(malformed(
            line.span,
            why,
            "remove it, or write the time at which the event begins",
        ));
    }
    Ok(())
}

fn cancelled(lines: &[Line]) -> Result<bool, Fault> {
    let Some(line) = only(lines, "STATUS")? else {
        return Ok(false);
    };
    match line.value.to_ascii_uppercase().as_str() {
        "CONFIRMED" | "TENTATIVE" => Ok(false),
        "CANCELLED" => Ok(true),
        other => Err(unsupported(
            line.span,
            &format!("`STATUS:{other}`"),
            "write CONFIRMED or CANCELLED",
        )),
    }
}

fn instead(lines: &[Line], zones: &Zones) -> Result<Option<Stamp>, Fault> {
    let Some(line) = only(lines, "RECURRENCE-ID")? else {
        return Ok(None);
    };
    if line.parameter("RANGE").is_some() {
        return Err(unsupported(line.span, "`RANGE` of RECURRENCE-ID", BY_HAND));
    }
    stamp::one(line, zones).map(Some)
}

/// Any property that could mean something for times is known or refused.
fn refuse_unknown(lines: &[Line]) -> Result<(), Fault> {
    let known =
        |name: &str| TIMES.contains(&name) || WORDS.contains(&name) || name.starts_with("X-");
    match lines.iter().find(|line| !known(&line.name)) {
        None => Ok(()),
        Some(line) => Err(unsupported(line.span, &format!("`{}`", line.name), BY_HAND)),
    }
}

/// The line of that name, which stands once at most.
fn only<'a>(lines: &'a [Line], name: &str) -> Result<Option<&'a Line>, Fault> {
    let mut all = lines.iter().filter(|line| line.name == name);
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        (_, Some(second)) => {
            let why = format!("`{name}` stands twice in one event");
            Err(malformed(
                second.span,
                why,
                "keep one of them, or make two events",
            ))
        }
    }
}

/// The name, else the address.
fn organizer(line: &Line) -> String {
    let address = line.value.strip_prefix("mailto:").unwrap_or(&line.value);
    line.parameter("CN").unwrap_or(address).to_owned()
}

/// Text without `\n`, `\,`, `\;` and `\\`.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut left = text.chars();
    while let Some(c) = left.next() {
        match c {
            '\\' => match left.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain.trim().to_owned()
}

/// What this program writes beside the times.
pub(in crate::calendar) const EXTENSION: &str = "X-TIDEGATE-WINDOW";
/// What times follow from.
const TIMES: [&str; 9] = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "UID",
];
/// What changes no time. Whether somebody is free meanwhile (TRANSP) says nothing about what may change.
const WORDS: [&str; 30] = [
    "ATTACH",
    "ATTENDEE",
    "CATEGORIES",
    "CLASS",
    "COLOR",
    "COMMENT",
    "CONCEPT",
    "CONFERENCE",
    "CONTACT",
    "CREATED",
    "DESCRIPTION",
    "DTSTAMP",
    "GEO",
    "IMAGE",
    "LAST-MODIFIED",
    "LINK",
    "LOCATION",
    "NAME",
    "ORGANIZER",
    "PRIORITY",
    "REFID",
    "RELATED-TO",
    "REQUEST-STATUS",
    "RESOURCES",
    "SEQUENCE",
    "SOURCE",
    "STYLED-DESCRIPTION",
    "SUMMARY",
    "TRANSP",
    "URL",
];
