//! Calendars that stand in a file of the tree: which files those are, and what is read from them.
//! Knows no tree; whoever has it gives the bytes.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, LazyLock};

use super::Reader;
use super::known::Known;
use crate::calendar::foreign::{self, Meant};
use crate::calendar::{Allow, Blocks, Calendar, Kind, Scope, Window, Zone};
use crate::config::Config;
use crate::config::problem::{Problem, Problems, SourceText};
use crate::config::raw::RawCalendar;
use crate::config::shape::{Schema, Shape, shown};
use crate::config::{read, schema};
use crate::git::Selector;
use crate::manifest::Node;
use crate::model::{RepoPath, Span, map_by_threads};

/// A calendar in a file that is yet to be read.
#[derive(Clone, Debug)]
pub(in crate::config) struct CalendarFile {
    name: String,
    path: RepoPath,
    span: Span,
    zone: Option<Zone>,
    /// What the configuration says of windows that another program wrote.
    given: Option<Given>,
}

/// What is said of all windows of a file. What is `None` is not said, and stays as the file has it.
#[derive(Clone, Debug, Default)]
struct Given {
    kind: Option<Kind>,
    scope: Scope,
    blocks: Blocks,
    allow: Option<Vec<Allow>>,
    peak: Option<bool>,
    reason: Option<String>,
    owner: Option<String>,
    ticket: Option<String>,
    overridable_by: Option<Vec<String>>,
}

impl Given {
    fn apply(&self, window: &mut Window) {
        let said = self.clone();
        let (scope, blocks) = (&mut window.scope, &mut window.blocks);
        for (of_file, given) in [
            (&mut scope.environments, said.scope.environments),
            (&mut scope.tenants, said.scope.tenants),
            (&mut scope.brands, said.scope.brands),
            (&mut scope.clusters, said.scope.clusters),
            (&mut scope.regions, said.scope.regions),
            (&mut scope.components, said.scope.components),
            (&mut blocks.components, said.blocks.components),
        ] {
            replace(of_file, given);
        }
        replace(&mut scope.kinds, said.scope.kinds);
        replace(&mut blocks.tiers_at_or_above, said.blocks.tiers_at_or_above);
        if !said.scope.labels.is_empty() {
            scope.labels = said.scope.labels;
        }
        window.allow = said.allow.unwrap_or(mem::take(&mut window.allow));
        window.peak = said.peak.unwrap_or(window.peak);
        replace(&mut window.reason, said.reason);
        replace(&mut window.owner, said.owner);
        replace(&mut window.ticket, said.ticket);
        window.overridable_by =
            (said.overridable_by).unwrap_or(mem::take(&mut window.overridable_by));
    }
}

/// What is given takes the place of what the file says.
fn replace<T>(of_file: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *of_file = given;
    }
}

impl Config {
    /// The files that hold calendars, each once.
    #[must_use]
    pub fn calendar_files(&self) -> Vec<RepoPath> {
        let mut paths: Vec<RepoPath> = self.files.iter().map(|file| file.path.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Takes the calendars from the files that [`Config::calendar_files`] names.
    ///
    /// # Errors
    /// A file is missing, or what is wrong with the first that is no calendar.
    pub fn read_calendars(&mut self, files: &BTreeMap<RepoPath, Vec<u8>>) -> Result<(), Problems> {
        let read = map_by_threads(&self.files, |_, file| self.calendar_in(file, files));
        for calendar in read {
            let calendar = calendar?;
            self.calendars.insert(calendar.name.clone(), calendar);
        }
        Ok(())
    }

    fn calendar_in(
        &self,
        file: &CalendarFile,
        files: &BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Calendar, Problems> {
        let Some(bytes) = files.get(&file.path) else {
            let message = format!("there is no file `{}`", shown(&file.path.to_string()));
            let problem = Problem::new(&self.source, file.span, "calendar.no-file", message);
            let help = "a calendar that is not there permits nothing: add the file, or remove the calendar from the environments that name it";
            return Err(problem.help(help).into());
        };
        file.read(bytes, &self.root)
    }
}

impl CalendarFile {
    pub(in crate::config) fn path(&self) -> &RepoPath {
        &self.path
    }

    fn read(&self, bytes: &[u8], config: &Node) -> Result<Calendar, Problems> {
        if foreign::is_ics(&self.path) {
            return self.foreign(&read::text(&self.path, bytes)?, config);
        }
        let (source, root) = read::document(&self.path, bytes)?;
        if NATIVE.iter().all(|key| root.get(key).is_none()) {
            return self.foreign(&source, config);
        }
        self.native(&source, &root, config)
    }

    /// As another program writes it.
    fn foreign(&self, source: &SourceText, config: &Node) -> Result<Calendar, Problems> {
        let given = self.given.clone().unwrap_or_default();
        let meant = Meant {
            zone: self.zone.as_ref(),
            kind: given.kind,
        };
        let read = foreign::read(&self.path, source.text(), meant).map_err(|fault| {
            Problem::new(source, fault.span, fault.code, fault.message).help(fault.help)
        })?;
        let mut windows = read.windows;
        let mut reader = Reader::new(source, Arc::new(Known::of(config)));
        for window in &mut windows {
            reader.names_of(window);
            given.apply(window);
        }
        match Problems::collect(&self.path, reader.problems) {
            Some(problems) => Err(problems),
            None => Ok(Calendar {
                name: self.name.clone(),
                windows,
            }),
        }
    }

    /// As the configuration writes it.
    fn native(
        &self,
        source: &SourceText,
        root: &Node,
        config: &Node,
    ) -> Result<Calendar, Problems> {
        let shape = Shape {
            source,
            node: root,
            pointer: "",
            schema: &SCHEMA,
        };
        let mut problems = shape.problems();
        let mut reader = Reader::new(source, Arc::new(Known::of(config)));
        let mut calendar = None;
        if !problems.iter().any(Problem::is_limit) {
            calendar = reader.calendar(&self.name, root, "");
        }
        problems.extend(reader.problems);
        problems.extend(self.given.as_ref().map(|_| self.said_in_file(source, root)));
        for key in ["file", "timezone"] {
            problems.extend(self.misplaced(key, source, root));
        }
        match (Problems::collect(&self.path, problems), calendar) {
            (Some(problems), _) => Err(problems),
            (None, Some(calendar)) => Ok(calendar),
            (None, None) => {
                let message = "this is no calendar";
                Err(Problem::new(source, root.span, "calendar.unknown-format", message).into())
            }
        }
    }

    fn said_in_file(&self, source: &SourceText, root: &Node) -> Problem {
        let message = format!(
            "the configuration says of calendar `{}` what its windows say themselves",
            self.name
        );
        let problem = Problem::new(source, root.span, "calendar.said-twice", message);
        problem.help("beside `file` of a calendar of this form stands nothing else; write it into the windows")
    }

    /// A file says its own zone, and names no other file.
    fn misplaced(&self, key: &str, source: &SourceText, root: &Node) -> Option<Problem> {
        let entry = root.entry(key)?;
        let own = self.zone.as_ref().map(Zone::name);
        let (code, message, help) = match key {
            "file" => (
                "calendar.file-in-file",
                "a calendar file that names another",
                "name that one in the configuration",
            ),
            _ if own.is_some_and(|own| entry.value.as_str() != Some(own)) => (
                "calendar.two-zones",
                "the configuration says another `timezone` for this file",
                "keep the one in the file",
            ),
            _ => return None,
        };
        Some(Problem::new(source, entry.key_span, code, message).help(help))
    }
}

impl Reader<'_> {
    /// The file that a calendar of the configuration stands in.
    pub(super) fn file(
        &mut self,
        name: &str,
        node: &Node,
        zone: Option<Zone>,
    ) -> Option<CalendarFile> {
        let entry = node.entry("file")?;
        let path = entry.value.as_str()?;
        let here = OWN.iter().find_map(|key| node.entry(key));
        if let Some(own) = here {
            let message = format!("`{}` beside `file`", own.key);
            let problem = self.problem(own.key_span, "calendar.file-and-windows", message);
            let problem = problem.because(entry.key_span, "the calendar is in this file");
            self.problems
                .push(problem.help("move it into the file, or make a calendar of its own"));
            return None;
        }
        let plain = !path.contains(['*', '?']) && path.trim() == path && !path.ends_with('/');
        if !plain || Selector::check(path).is_err() {
            let message = format!("`file` is no path: `{}`", shown(path));
            let problem = self.problem(entry.value.span, "config.invalid-path", message);
            let help =
                "name a file from the root of the repository, such as `calendars/trading.yaml`";
            self.problems.push(problem.help(help));
            return None;
        }
        self.names(node);
        Some(CalendarFile {
            name: name.to_owned(),
            path: RepoPath::from(path),
            span: entry.value.span,
            zone,
            given: given(node)?,
        })
    }
}

/// What is said of the windows of a file; the inner `None` where nothing is.
fn given(node: &Node) -> Option<Option<Given>> {
    if GIVEN.iter().all(|key| node.get(key).is_none()) {
        return Some(None);
    }
    let raw: RawCalendar = serde_json::from_value(node.to_json()).ok()?;
    let is_said = |key: &str| node.get(key).is_some();
    let allow = raw.allow.iter().map(|text| Allow::parse(text));
    let allow = allow.collect::<Option<Vec<_>>>()?;
    Some(Some(Given {
        kind: raw.kind,
        scope: raw.scope.map(super::scope).unwrap_or_default(),
        blocks: raw.blocks.map(super::blocks).unwrap_or_default(),
        allow: is_said("allow").then_some(allow),
        peak: is_said("peak").then_some(raw.peak),
        reason: raw.reason,
        owner: raw.owner,
        ticket: raw.ticket,
        overridable_by: is_said("overridable-by").then_some(raw.overridable_by),
    }))
}

/// What is said of windows that another program wrote.
pub(super) const GIVEN: [&str; 9] = [
    "kind",
    "scope",
    "blocks",
    "allow",
    "peak",
    "reason",
    "owner",
    "ticket",
    "overridable-by",
];

/// By these a file is known to be written as the configuration is.
const NATIVE: [&str; 3] = ["windows", "presets", "timezone"];

/// What a calendar file says itself.
const OWN: [&str; 3] = ["windows", "presets", "holidays"];

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(schema::of::<RawCalendar>()));
