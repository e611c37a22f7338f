//! Calendar files of other programs as windows: .ics, cron, Argo CD, GitLab.
//! Knows no configuration; it is told what the file does not say.

use std::collections::BTreeMap;
use std::sync::Arc;

use miette::Diagnostic as _;

use super::expanded::Expanded;
use super::extension::Extension;
use super::fault::{Fault, Note};
use super::ics::Found;
use super::{Kind, Native, When, Window, Zone, argocd, ics};
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::{Lines, Location, RepoPath, Span, code_of, limits};

/// What the file does not say of its windows.
#[derive(Clone, Copy, Debug)]
pub struct Meant<'a> {
    /// The zone of times that name none.
    pub zone: Option<&'a Zone>,
    /// What its windows do; `None` where they may say it themselves, and are freezes where they do not.
    pub kind: Option<Kind>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// Its windows, in the order of the file; ids are unique.
    pub windows: Vec<Window>,
    /// What is to know about what was read.
    pub notes: Vec<Note>,
}

/// Reads the calendar file `path`: `.ics` as iCalendar, anything else as YAML or JSON.
///
/// # Errors
/// The first thing that is damaged, unknown or not supported, with its place. Nothing is left out.
pub fn read(path: &RepoPath, text: &Arc<str>, meant: Meant<'_>) -> Result<Foreign, Fault> {
    let mut file = File {
        path,
        text,
        lines: Lines::default(),
        ids: BTreeMap::new(),
        windows: Vec::new(),
    };
    let notes = if is_ics(path) {
        file.events(meant)?
    } else {
        file.crons(meant)?
    };
    if file.windows.len() > limits::CALENDAR_WINDOWS.most {
        let message = format!(
            "the calendar has more than {} windows",
            limits::CALENDAR_WINDOWS
        );
        let help = "leave out what is over, or make several calendars of it";
        return Err(Fault::new(
            "limit.calendar-windows",
            Span::default(),
            message,
            help,
        ));
    }
    if file.windows.is_empty() {
        return Err(empty(&notes));
    }
    Ok(Foreign {
        windows: file.windows,
        notes,
    })
}

/// A calendar without windows holds nothing, and nobody would see it.
fn empty(notes: &[Note]) -> Fault {
    let mut message = "the file holds no window".to_owned();
    if let Some(note) = notes.first() {
        message.push_str(&format!(": {}", note.message));
    }
    let help = "export the calendar with its events, or remove it from the configuration";
    let span = notes.first().map_or_else(Span::default, |note| note.span);
    Fault::new("calendar.empty", span, message, help)
}

/// Whether the name says that a file is iCalendar.
#[must_use]
pub fn is_ics(path: &RepoPath) -> bool {
    path.as_bytes().to_ascii_lowercase().ends_with(b".ics")
}

/// Whether a document is a calendar of another program.
#[must_use]
pub fn is_known(root: &Node) -> bool {
    argocd::is_one(root)
}

struct File<'a> {
    path: &'a RepoPath,
    text: &'a Arc<str>,
    lines: Lines,
    /// Each id, and the last number that was put behind it.
    ids: BTreeMap<String, usize>,
    windows: Vec<Window>,
}

impl File<'_> {
    fn events(&mut self, meant: Meant<'_>) -> Result<Vec<Note>, Fault> {
        let read = ics::read(self.text, meant.zone)?;
        let mut expanded = Expanded::default();
        for found in read.events {
            let window = match found.extension.clone() {
                None => self.event(found, meant),
                Some((text, span)) => {
                    let extension = Extension::parse(&text).ok_or_else(|| {
                        let message = "what tidegate wrote beside the times was changed";
                        Fault::new(
                            "calendar.ics",
                            span,
                            message,
                            "export the calendar again, or remove the line",
                        )
                    })?;
                    match expanded.joins(&found, &extension) {
                        true => continue,
                        false => self.own(found, extension, meant)?,
                    }
                }
            };
            self.windows.push(window);
        }
        expanded.check()?;
        Ok(read.notes)
    }

    /// A window of somebody else's event.
    fn event(&mut self, found: Found, meant: Meant<'_>) -> Window {
        let name = found.summary.clone().unwrap_or_else(|| found.uid.clone());
        let id = self.free(&slug(&name));
        let mut window = self.window(
            id,
            meant.kind.unwrap_or(Kind::Freeze),
            found.zone,
            When::Ics(found.event),
            found.span,
        );
        window.reason = found.summary;
        window.owner = found.organizer;
        window
    }

    /// A window that was exported; anybody can write such a line, so that its kind is not believed against one
    /// that is given.
    fn own(
        &mut self,
        found: Found,
        extension: Extension,
        meant: Meant<'_>,
    ) -> Result<Window, Fault> {
        let kind = meant.kind.unwrap_or(extension.kind);
        if extension.endless && kind != Kind::Freeze {
            let message = format!(
                "the window has no end, and so can be none of the kind `{}`",
                kind.as_str()
            );
            let help = "leave out `kind`, or write the window by hand";
            return Err(Fault::new("calendar.endless", found.span, message, help));
        }
        let when = match &extension.rule {
            Some(rule) => When::Native(rule.clone()),
            None if extension.endless => When::Native(Native::once(found.event.start, None)),
            None => When::Ics(found.event),
        };
        let id = self.free(&extension.id);
        let mut window = self.window(id, kind, found.zone, when, found.span);
        extension.apply(&mut window);
        Ok(window)
    }

    fn crons(&mut self, meant: Meant<'_>) -> Result<Vec<Note>, Fault> {
        let root = document(self.text)?;
        if !is_known(&root) {
            let help = "expected are an .ics file, an AppProject of Argo CD, a list of its sync windows, or GitLab's list of freeze periods";
            return Err(Fault::new(
                "calendar.unknown-format",
                root.span,
                "no calendar that is known",
                help,
            ));
        }
        let (found, notes) = argocd::read(&root)?;
        for one in found {
            let kind = one.kind.or(meant.kind).unwrap_or(Kind::Freeze);
            if let Some(given) = meant.kind.filter(|given| *given != kind) {
                let message = format!(
                    "the file says `{}` of this window, and whoever names the file `{}`",
                    kind.as_str(),
                    given.as_str()
                );
                let help = "leave out `kind` where the file says it";
                return Err(Fault::new("calendar.said-twice", one.span, message, help));
            }
            let zone = one.zone.or_else(|| meant.zone.cloned()).ok_or_else(|| {
                let help =
                    "write `timeZone` in the entry, or `timezone: Europe/Berlin` beside `file`";
                Fault::new(
                    "calendar.floating",
                    one.span,
                    "the window names no time zone",
                    help,
                )
            })?;
            let name = one
                .description
                .clone()
                .unwrap_or_else(|| kind.as_str().to_owned());
            let id = self.free(&slug(&name));
            let mut window = self.window(id, kind, zone, When::Cron(one.cron), one.span);
            window.reason = one.description;
            self.windows.push(window);
        }
        Ok(notes)
    }

    fn window(&self, id: String, kind: Kind, zone: Zone, when: When, span: Span) -> Window {
        let mut window = Window::new(id, kind, zone, when);
        window.place = Some(Location::of_many(self.path, self.text, &self.lines, span));
        window
    }

    /// This id, or with a number if another window has it.
    fn free(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        while self.ids.contains_key(&id) {
            let next = self.ids.entry(wanted.to_owned()).or_default();
            *next += 1;
            id = format!("{wanted}-{next}");
        }
        self.ids.insert(id.clone(), 1);
        id
    }
}

/// Small letters and digits with single hyphens between them.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() == LONGEST_ID {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "window" } else { slug }.to_owned()
}

/// The only document of a YAML file.
fn document(text: &str) -> Result<Node, Fault> {
    if text.len() > limits::CALENDAR_FILE.most {
        let message = format!("the calendar is longer than {}", limits::CALENDAR_FILE);
        return Err(Fault::new(
            "limit.calendar-file",
            Span::default(),
            message,
            "make several calendars of it",
        ));
    }
    let documents = yaml::parse(text).map_err(|error| {
        let help = error
            .help()
            .map_or_else(String::new, |help| help.to_string());
        let code = if code_of(&error).starts_with("limit.") {
            "limit.calendar-file"
        } else {
            "calendar.yaml"
        };
        Fault::new(code, error.place().span, error.problem().to_string(), help)
    })?;
    let mut documents = documents
        .into_iter()
        .filter(|node| node.value != NodeValue::Null);
    match (documents.next(), documents.next()) {
        (Some(root), None) => Ok(root),
        (None, _) => Err(Fault::new(
            "calendar.yaml",
            Span::default(),
            "the file says nothing",
            "export the calendar again",
        )),
        (Some(_), Some(second)) => {
            let help = "keep each calendar in a file of its own";
            Err(Fault::new(
                "calendar.yaml",
                second.span,
                "a second document",
                help,
            ))
        }
    }
}

/// Leaves room for a number.
const LONGEST_ID: usize = 44;

#[cfg(test)]
mod tests;
