//! When a change may go, tier by tier, for people. Decides nothing: the calendars have answered.
//! Knows nothing of days and pages.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::words;
use super::{Color, Style, color};
use crate::calendar::{self, Answer, Held, Window};
use crate::model::RiskTier;
use crate::report::sanitise::{inert, line};
use crate::report::wrap;

/// What the calendars of an environment answer at an instant.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Its zone.
    pub zone: TimeZone,
    /// The names of its calendars.
    pub calendars: Vec<&'a str>,
    /// The instant.
    pub at: Timestamp,
    /// What is to be said of how it was asked for.
    pub note: Option<String>,
    /// How far ahead was looked.
    pub horizon: SignedDuration,
    /// Tier by tier, lowest first.
    pub tiers: Vec<Tier<'a>>,
    /// The windows that may concern it, and when each is open.
    pub windows: Vec<Standing<'a>>,
}

/// What they answer for a change of a tier.
#[derive(Debug)]
pub struct Tier<'a> {
    /// The tier.
    pub tier: RiskTier,
    /// The answer at the instant.
    pub answer: Answer<'a>,
    /// From when on it may go; the instant itself where nothing holds it, `None` where it may not
    /// within the horizon.
    pub opens: Option<Timestamp>,
    /// When it is held again after that; `None` where it is not within the horizon.
    pub closes: Option<Timestamp>,
}

/// How a window stands at the instant.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The name of its calendar.
    pub calendar: &'a str,
    /// It.
    pub window: &'a Window,
    /// The time it is open now.
    pub open: Option<calendar::Occurrence>,
    /// The next time it opens, within the horizon.
    pub next: Option<calendar::Occurrence>,
}

/// Writes when a change of each tier may go.
///
/// # Errors
/// The writer's.
pub fn write_next(all: &[Answered<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = Vec::new();
    for answered in all {
        answered.write_head(style, &mut drawn)?;
        answered.write_tiers(style, &mut drawn)?;
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

/// Writes the same, and how each window stands that may concern a change there.
///
/// # Errors
/// The writer's.
pub fn write_explained(all: &[Answered<'_>], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = Vec::new();
    for answered in all {
        answered.write_head(style, &mut drawn)?;
        answered.write_tiers(style, &mut drawn)?;
        for standing in &answered.windows {
            standing.write(style, &mut drawn)?;
        }
    }
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

impl Answered<'_> {
    fn write_head(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let at = words::instant(self.at, &self.zone);
        let calendars = match self.calendars.as_slice() {
            [] => "no calendar".to_owned(),
            names => names.join(", "),
        };
        let name = style.paint(&line(self.environment), Color::Bold);
        let about = format!("  at {at}, by {}", line(&calendars));
        writeln!(out, "{name}{}", style.paint(&about, Color::Dim))?;
        if let Some(note) = &self.note {
            let note = format!("  {}", line(note));
            writeln!(out, "{}", wrap(&note, style.width, "  "))?;
        }
        Ok(())
    }

    fn write_tiers(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let said: Vec<(&Tier<'_>, Vec<String>)> = self
            .tiers
            .iter()
            .map(|tier| (tier, self.said(tier)))
            .collect();
        for alike in said.chunk_by(|(_, one), (_, other)| one == other) {
            let ([(first, said), ..], [.., (last, _)]) = (alike, alike) else {
                continue;
            };
            let name = if first.tier == last.tier {
                first.tier.to_string()
            } else {
                format!("{} to {}", first.tier, last.tier)
            };
            let color = match first.opens {
                Some(opens) if opens == self.at => Color::Green,
                _ => Color::Red,
            };
            for (at, text) in said.iter().enumerate() {
                let head = if at == 0 { name.as_str() } else { "" };
                let head = format!("  {head:18}  ");
                let rows = wrap(&format!("{head}{text}"), style.width, INDENT);
                let rest = rows.strip_prefix(&head).unwrap_or(&rows);
                let rest = if at == 0 {
                    style.paint(rest, color)
                } else {
                    rest.to_owned()
                };
                writeln!(out, "{head}{rest}")?;
            }
        }
        for standing in self.windows.iter().filter(|one| self.holds_others(one)) {
            let name = named(standing.calendar, standing.window);
            let until = match (&standing.open, &standing.next, standing.window.kind) {
                (Some(open), ..) => open.to,
                (None, Some(next), calendar::Kind::Maintenance) => Some(next.from),
                _ => None,
            };
            let until = until.map_or_else(String::new, |until| {
                format!(" until {}", words::instant(until, &self.zone))
            });
            let text = format!("{name} holds {}{until}", words::whom(standing.window));
            let text = format!("  {:18}  {}", "of others", line(&text));
            writeln!(out, "{}", wrap(&text, style.width, INDENT))?;
        }
        Ok(())
    }

    /// From when on a change of a tier may go, and what says so; a line each.
    fn said(&self, tier: &Tier<'_>) -> Vec<String> {
        let told = |instant| words::instant(instant, &self.zone);
        let days = self.horizon.as_hours() / 24;
        let until = tier.closes.map_or_else(
            || format!(", and is not held in the {days} days after"),
            |closes| format!(", until {}", told(closes)),
        );
        let others = self.windows.iter().any(|one| self.holds_others(one));
        let but = match others {
            true => ", but for what windows below hold of others",
            false => "",
        };
        let mut said = vec![match tier.opens {
            Some(opens) if opens == self.at => format!("may go now{but}{until}"),
            Some(opens) => format!("may go from {}{until}", told(opens)),
            None => format!("may not go in the next {days} days"),
        }];
        said.extend(tier.answer.held_by.iter().map(|held| self.held(held)));
        said.extend(tier.answer.let_through_by.iter().map(|passed| {
            let window = named(passed.calendar, passed.window);
            format!("{window} lets {} through", passed.allow)
        }));
        said.extend(tier.answer.quiet.iter().map(|warned| {
            let window = named(warned.calendar, warned.window);
            let when = words::occurrence(warned.window, &warned.occurrence);
            format!("{window} warns: {when}")
        }));
        said.iter().map(|text| line(text)).collect()
    }

    /// Whether a window holds something at the instant, and nothing of what was asked about.
    fn holds_others(&self, standing: &Standing<'_>) -> bool {
        let holds = match standing.window.kind {
            calendar::Kind::Freeze => standing.open.is_some(),
            calendar::Kind::Maintenance => standing.open.is_none(),
            calendar::Kind::Quiet => false,
        };
        let is_it = |window: &Window| std::ptr::eq(standing.window, window);
        let told = self.tiers.iter().any(|Tier { answer, .. }| {
            let held = answer.held_by.iter().map(|one| one.window);
            let passed = answer.let_through_by.iter().map(|one| one.window);
            held.chain(passed).any(is_it)
        });
        holds && !told
    }

    /// `held by retail-2026/black-week until 2026-12-01 06:00 …: peak trading; owner …`.
    fn held(&self, held: &Held<'_>) -> String {
        let window = named(held.calendar, held.window);
        let until = match (held.until, held.window.kind) {
            (Some(until), _) => format!("until {}", words::instant(until, &self.zone)),
            (None, calendar::Kind::Maintenance) => {
                format!(
                    "since it does not open in {} days",
                    self.horizon.as_hours() / 24
                )
            }
            (None, _) => "until somebody ends it".to_owned(),
        };
        let mut text = format!("held by {window} {until}");
        let mut why = Vec::new();
        why.extend(held.window.reason.clone());
        why.extend(
            held.window
                .owner
                .as_ref()
                .map(|owner| format!("owner {owner}")),
        );
        why.extend(held.window.ticket.clone());
        if !held.would_pass.is_empty() {
            let allow: Vec<String> = held.would_pass.iter().map(ToString::to_string).collect();
            why.push(format!("would let through {}", allow.join(", ")));
        }
        if !why.is_empty() {
            text.push_str(&format!(": {}", why.join("; ")));
        }
        text
    }
}

impl Standing<'_> {
    fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let kind = self.window.kind;
        let (word, when) = match (&self.open, &self.next) {
            (Some(open), _) => ("open", words::occurrence(self.window, open)),
            (None, Some(next)) => (
                "not open",
                format!("next {}", words::occurrence(self.window, next)),
            ),
            (None, None) => ("not open", "and not within the horizon".to_owned()),
        };
        let name = line(&named(self.calendar, self.window));
        let head = format!(
            "{} {name} is {word}",
            style.paint(kind.as_str(), color(kind))
        );
        writeln!(out, "  {head}")?;
        for text in std::iter::once(when).chain(words::about(self.window)) {
            let text = format!("      {}", line(&text));
            writeln!(out, "{}", wrap(&text, style.width, "        "))?;
        }
        Ok(())
    }
}

fn named(calendar: &str, window: &Window) -> String {
    format!("{calendar}/{}", window.id)
}

const INDENT: &str = "                      ";
