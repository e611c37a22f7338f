//! The section `calendars`: what is written to windows that are right for ever, and what is wrong with it.
//! Knows no clock.

mod files;
mod known;
mod presets;
mod repeat;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use self::known::Known;
use super::check::{entries, is_quoted, items, text, unknown_zone};
use super::problem::{Problem, SourceText};
use super::raw::{RawBlocks, RawScope, RawWindow};
use super::shape::{human, shown};
use crate::calendar::{
    Allow, Blocks, Calendar, Kind, Native, Scope, When, Window, Zone, parse_civil,
};
use crate::config::is_label;
use crate::manifest::{Node, NodeValue};
use crate::model::{KindPattern, Lines, Location, Span};

pub(super) use self::files::CalendarFile;

/// All calendars of a configuration.
#[derive(Default)]
pub(super) struct Calendars {
    /// Those that stand in it, by name.
    pub(super) here: BTreeMap<String, Calendar>,
    /// Those that stand in files.
    pub(super) files: Vec<CalendarFile>,
    /// Everything that is wrong with them.
    pub(super) problems: Vec<Problem>,
}

/// All calendars of a configuration, by name, and everything that is wrong with them. What has not the
/// right shape is left out: that is told elsewhere.
pub(super) fn read(source: &SourceText, root: &Node) -> Calendars {
    let mut reader = Reader::new(source, Arc::new(Known::of(root)));
    let mut calendars = Calendars::default();
    for entry in entries(root.get("calendars")) {
        let pointer = format!("/calendars/{}", entry.key);
        let node = &entry.value;
        if !is_label(&entry.key) {
            let message = format!("calendar `{}` is no DNS label", shown(&entry.key));
            let problem = reader.problem(entry.key_span, "config.invalid-name", message);
            let help = "use at most 63 lower-case letters, digits and inner hyphens";
            reader.problems.push(problem.help(help));
        }
        if node.get("file").is_some() {
            let zone = match node.get("timezone") {
                Some(_) => reader.zone(node, &pointer),
                None => None,
            };
            calendars.files.extend(reader.file(&entry.key, node, zone));
            continue;
        }
        if let Some(calendar) = reader.calendar(&entry.key, node, &pointer) {
            calendars.here.insert(calendar.name.clone(), calendar);
        }
    }
    calendars.problems = reader.problems;
    calendars
}

struct Reader<'a> {
    source: &'a SourceText,
    lines: Lines,
    problems: Vec<Problem>,
    /// Whether rules move their first time to the first day that they give.
    aligned: bool,
    known: Arc<Known>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a SourceText, known: Arc<Known>) -> Self {
        Self {
            source,
            lines: Lines::default(),
            problems: Vec::new(),
            aligned: false,
            known,
        }
    }
}

impl Reader<'_> {
    fn calendar(&mut self, name: &str, node: &Node, pointer: &str) -> Option<Calendar> {
        if let Some(stray) = files::GIVEN.iter().find_map(|key| node.entry(key)) {
            let message = format!("`{}` is said of each window", stray.key);
            let problem = self.problem(stray.key_span, "calendar.said-twice", message);
            let help = "write it into the windows; only beside `file` does it stand here";
            self.problems.push(problem.help(help));
        }
        let zone = self.zone(node, pointer)?;
        let holidays = format!("{pointer}/holidays");
        let holidays = Arc::new(self.dates(node.get("holidays"), &holidays)?);
        let mut windows = self.presets(node, &zone, &holidays);
        let own = items(node.get("windows"));
        for (at, node) in own.iter().enumerate() {
            let pointer = format!("{pointer}/windows/{at}");
            windows.extend(self.window(node, &pointer, &zone, &holidays));
        }
        self.unique(own, &windows);
        if windows.is_empty() && self.problems.is_empty() {
            let message = format!("calendar `{}` has no windows", shown(name));
            let problem = self.problem(node.span, "calendar.empty", message);
            self.problems
                .push(problem.help("add `windows`, `presets` or `file`"));
        }
        Some(Calendar {
            name: name.to_owned(),
            windows,
        })
    }

    fn zone(&mut self, node: &Node, pointer: &str) -> Option<Zone> {
        let Some((span, written)) = text(node, "timezone") else {
            if node.get("timezone").is_none() && matches!(node.value, NodeValue::Mapping(_)) {
                let message = format!("{} has no `timezone`", human(pointer));
                let problem = self.problem(node.span, "config.missing-key", message);
                let help =
                    "say in which zone its times are meant, such as `timezone: Europe/Berlin`";
                self.problems.push(problem.help(help));
            }
            return None;
        };
        let zone = Zone::parse(written);
        if zone.is_none() {
            let name = human(&format!("{pointer}/timezone"));
            self.problems
                .push(unknown_zone(self.source, span, &name, written));
        }
        zone
    }

    /// No two windows have one id, those of presets among them.
    fn unique(&mut self, own: &[Node], windows: &[Window]) {
        let presets = windows.iter().filter(|window| window.preset.is_some());
        let mut first: BTreeMap<&str, Span> = presets
            .filter_map(|window| Some((window.id.as_str(), window.place.as_ref()?.span)))
            .collect();
        for (span, id) in own.iter().filter_map(|window| text(window, "id")) {
            if let Some(earlier) = first.get(id).copied() {
                let message = format!("two windows of the calendar are named `{}`", shown(id));
                let problem = self.problem(span, "config.duplicate-name", message);
                let problem = problem.because(earlier, "first used here");
                self.problems.push(problem.help("rename one of them"));
            } else {
                first.insert(id, span);
            }
        }
    }

    fn window(
        &mut self,
        node: &Node,
        pointer: &str,
        zone: &Zone,
        holidays: &Arc<BTreeSet<Date>>,
    ) -> Option<Window> {
        let raw: RawWindow = serde_json::from_value(node.to_json()).ok()?;
        self.names(node);
        let from = self.civil(node, "from", pointer);
        let to = raw.to.as_ref().map(|_| self.civil(node, "to", pointer));
        let times = (
            from?,
            match to {
                Some(to) => Some(to?),
                None => None,
            },
        );
        if !self.ends_after(node, raw.kind, times) {
            return None;
        }
        let native = match raw.repeat {
            None => Native::once(times.0, times.1),
            Some(repeat) => self.again(node, pointer, times, repeat, holidays)?,
        };
        let mut window = Window::new(raw.id, raw.kind, zone.clone(), When::Native(native));
        window.scope = raw.scope.map(scope).unwrap_or_default();
        window.blocks = raw.blocks.map(blocks).unwrap_or_default();
        let allow = raw.allow.iter().map(|text| Allow::parse(text));
        window.allow = allow.collect::<Option<_>>()?;
        window.peak = raw.peak;
        window.reason = raw.reason;
        window.owner = raw.owner;
        window.ticket = raw.ticket;
        window.overridable_by = raw.overridable_by;
        window.place = Some(self.place(node.span));
        Some(window)
    }

    /// A time in quotes.
    fn civil(&mut self, node: &Node, key: &str, pointer: &str) -> Option<DateTime> {
        let (span, written) = text(node, key)?;
        let name = human(&format!("{pointer}/{key}"));
        let problem = match parse_civil(written) {
            Ok(civil) if self.is_quoted(span) => return Some(civil),
            Ok(_) => {
                let message = format!("{name} is a time without quotes");
                let help =
                    format!("quote it: `\"{written}\"`; YAML readers do not agree what it is");
                self.problem(span, "calendar.unquoted-time", message)
                    .help(help)
            }
            Err(help) => {
                let message = format!("{name} is no civil time: `{}`", shown(written));
                self.problem(span, "calendar.time", message).help(help)
            }
        };
        self.problems.push(problem);
        None
    }

    /// Whether the window ends, and after it begins.
    fn ends_after(
        &mut self,
        node: &Node,
        kind: Kind,
        (from, to): (DateTime, Option<DateTime>),
    ) -> bool {
        let at = |key| node.get(key).map_or(node.span, |value| value.span);
        let problem = match to {
            Some(to) if to > from => return true,
            None if kind == Kind::Freeze => return true,
            Some(to) if to == from => self
                .problem(at("to"), "calendar.reversed", "the window ends as it begins, and so is never open")
                .because(at("from"), "it begins here")
                .help("write the first time at which it is over; a whole day ends at `00:00` of the next"),
            Some(_) => self
                .problem(at("to"), "calendar.reversed", "the window ends before it begins")
                .because(at("from"), "it begins here")
                .help("swap `from` and `to`; a window that ends on the next day has the next day's date"),
            None => self
                .problem(node.span, "calendar.endless", format!("a window of the kind `{}` has no `to`", kind.as_str()))
                .help("say when it ends; only a freeze may go on until somebody ends it"),
        };
        self.problems.push(problem);
        false
    }

    fn is_quoted(&self, span: Span) -> bool {
        is_quoted(self.source.text(), span)
    }

    fn problem(&self, at: Span, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::new(self.source, at, code, message)
    }

    fn place(&self, span: Span) -> Location {
        Location::of_many(self.source.path(), self.source.text(), &self.lines, span)
    }
}

fn scope(raw: RawScope) -> Scope {
    let kinds = raw
        .kinds
        .map(|kinds| kinds.iter().map(|kind| KindPattern::parse(kind)).collect());
    Scope {
        environments: raw.environments,
        tenants: raw.tenants,
        brands: raw.brands,
        clusters: raw.clusters,
        regions: raw.regions,
        components: raw.components,
        kinds,
        labels: raw.labels.unwrap_or_default(),
    }
}

fn blocks(raw: RawBlocks) -> Blocks {
    Blocks {
        tiers_at_or_above: raw.tiers_at_or_above,
        components: raw.components,
    }
}

#[cfg(test)]
mod tests;
