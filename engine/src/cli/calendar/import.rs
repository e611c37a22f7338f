//! `tidegate calendar import`: a calendar of another program as one of the configuration.
//! Understands no format itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use miette::Diagnostic;
use serde_json::{Map, Value, json};

use crate::calendar::foreign::{self, Meant};
use crate::calendar::{Days, Fault, Kind, Native, When, Window, Zone};
use crate::cli::common::{Error, Outcome};
use crate::cli::terminal::Terminal;
use crate::config::{Problem, Problems, SourceText, to_yaml};
use crate::model::{Exit, RepoPath, limits};
use crate::report::sanitise;

/// Print the windows of a calendar of another program as the configuration writes them: of an .ics file, of
/// an Argo CD project or a list of its sync windows, of GitLab's list of freeze periods
///
/// What cannot be understood is refused by name. The configuration may name such a file as it is, too.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The time zone of times that name none
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<Zone>,
    /// What its windows do: freeze, maintenance or quiet; without it what the file says, else freeze
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// The name of the calendar
    #[arg(long, value_name = "NAME", default_value = "imported")]
    name: String,
    /// Write windows that come again by rules which the configuration has no words for as dates, from now on for
    /// so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=3653))]
    days: Option<i32>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let path = terminal.directory.join(&self.file);
        let bytes = bounded(&path).map_err(|error| Error::read(&path, &error))?;
        let path = RepoPath::new(self.file.as_os_str().as_encoded_bytes());
        let text: Arc<str> = match String::from_utf8(bytes) {
            Ok(text) => Arc::from(text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let before =
                    String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default())
                        .into_owned();
                return Err(not_utf8(&path, &Arc::from(before)).into());
            }
        };
        let meant = Meant {
            zone: self.timezone.as_ref(),
            kind: self.kind,
        };
        let read =
            foreign::read(&path, &text, meant).map_err(|fault| problems(&path, &text, &fault))?;
        let mut calendars: BTreeMap<Common, Vec<Value>> = BTreeMap::new();
        for window in &read.windows {
            let common = (window.zone.name().to_owned(), holidays(window));
            let windows = calendars.entry(common).or_default();
            windows.extend(self.written(window, terminal.now)?);
        }
        for note in &read.notes {
            let place = note.span.line_column(&text);
            let remark = format!("# {path}:{}: {}", place.line, note.message);
            terminal.line(&sanitise::line(&remark));
        }
        terminal.line(self.yaml(calendars)?.trim_end());
        Ok(Exit::Pass)
    }

    /// A window as one of the configuration, or as several with dates.
    fn written(
        &self,
        window: &Window,
        now: Timestamp,
    ) -> Result<Vec<Value>, Box<dyn Diagnostic + Send + Sync>> {
        let today = window.zone.civil(now).date();
        if let Some(native) = window.when.to_native(today) {
            return Ok(vec![listed(window, &window.id, &native)]);
        }
        let Some(days) = self.days else {
            return Err(Error::NoWords {
                window: window
                    .place
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
                id: window.id.clone(),
                file: self.file.display().to_string(),
            }
            .into());
        };
        let end = now.saturating_add(SignedDuration::from_hours(24 * i64::from(days)));
        let mut all = Vec::new();
        for one in window.occurrences(now, end.unwrap_or(Timestamp::MAX))? {
            let native = Native::once(one.civil_from, one.civil_to);
            let id = format!("{}-{}", window.id, one.civil_from.strftime("%Y%m%d-%H%M"));
            all.push(listed(window, &id, &native));
        }
        Ok(all)
    }

    /// A calendar for each zone, and for each list of holidays.
    fn yaml(
        &self,
        calendars: BTreeMap<Common, Vec<Value>>,
    ) -> Result<String, Box<dyn Diagnostic + Send + Sync>> {
        let several = calendars.len() > 1;
        let mut section = Map::new();
        for (number, ((zone, holidays), windows)) in calendars.into_iter().enumerate() {
            let name = match several {
                true => format!("{}-{}", self.name, number + 1),
                false => self.name.clone(),
            };
            let mut calendar = Map::new();
            calendar.insert("timezone".to_owned(), json!(zone));
            if !holidays.is_empty() {
                calendar.insert("holidays".to_owned(), json!(holidays));
            }
            calendar.insert("windows".to_owned(), json!(windows));
            section.insert(name, Value::Object(calendar));
        }
        to_yaml(&json!({"calendars": section})).map_err(|error| {
            Error::Write {
                path: "standard output".to_owned(),
                reason: error.to_string(),
            }
            .into()
        })
    }
}

/// What all windows of a calendar have in common: their zone and the holidays.
type Common = (String, Vec<String>);

/// A little more than is taken, at most.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?.take(limits::CALENDAR_FILE.wide() + 1);
    BufReader::new(file).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn listed(window: &Window, id: &str, native: &Native) -> Value {
    let mut map = Map::new();
    map.insert("id".to_owned(), json!(id));
    map.insert("kind".to_owned(), json!(window.kind));
    map.insert("from".to_owned(), json!(civil(native.from)));
    if let Some(to) = native.to {
        map.insert("to".to_owned(), json!(civil(to)));
    }
    if let Some(repeat) = repeat(native) {
        map.insert("repeat".to_owned(), repeat);
    }
    for (key, part) in [
        ("scope", json!(window.scope)),
        ("blocks", json!(window.blocks)),
    ] {
        let part = given(part);
        if !part.is_empty() {
            map.insert(key.to_owned(), Value::Object(part));
        }
    }
    if window.peak {
        map.insert("peak".to_owned(), json!(true));
    }
    for (key, list) in [
        ("allow", json!(window.allow)),
        ("overridable-by", json!(window.overridable_by)),
    ] {
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            map.insert(key.to_owned(), list);
        }
    }
    let texts = [
        ("reason", &window.reason),
        ("owner", &window.owner),
        ("ticket", &window.ticket),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            map.insert(key.to_owned(), json!(text));
        }
    }
    Value::Object(map)
}

/// What is said, by the keys of the configuration.
fn given(part: Value) -> Map<String, Value> {
    let Value::Object(keys) = part else {
        return Map::new();
    };
    let said = |value: &Value| match value {
        Value::Null => false,
        Value::Object(keys) => !keys.is_empty(),
        _ => true,
    };
    let keys = keys.into_iter().filter(|(_, value)| said(value));
    keys.map(|(key, value)| (key.replace('_', "-"), value))
        .collect()
}

fn repeat(native: &Native) -> Option<Value> {
    let repeat = native.repeat.as_ref()?;
    let mut map = Map::new();
    map.insert("every".to_owned(), json!(repeat.every));
    map.extend([days(&repeat.days)]);
    if let Some(ends) = &repeat.ends {
        map.insert(
            "ends".to_owned(),
            Value::Object(Map::from_iter([days(ends)])),
        );
    }
    if let Some(roll) = &repeat.roll {
        map.insert("roll".to_owned(), json!(roll));
    }
    if repeat.shift != 0 {
        map.insert("shift".to_owned(), json!(repeat.shift));
    }
    if repeat.months.len() < 12 {
        map.insert("by-month".to_owned(), json!(repeat.months));
    }
    if let Some(until) = repeat.until {
        map.insert("until".to_owned(), json!(until.to_string()));
    }
    if !repeat.except.is_empty() {
        let except: Vec<String> = repeat.except.iter().map(Date::to_string).collect();
        map.insert("except".to_owned(), json!(except));
    }
    Some(Value::Object(map))
}

/// The key of the days, and which they are.
fn days(days: &Days) -> (String, Value) {
    let (key, days) = match days {
        Days::Weekdays(days) => {
            let days: Vec<String> = days.iter().map(ToString::to_string).collect();
            ("by-day", json!(days))
        }
        Days::OfMonth(days) => ("by-month-day", json!(days)),
        Days::Business(days) => ("business-day", json!(days)),
    };
    (key.to_owned(), days)
}

/// The holidays that the rules of a window count, which a calendar has for all of its windows.
fn holidays(window: &Window) -> Vec<String> {
    let repeat = match &window.when {
        When::Native(native) => native.repeat.as_ref(),
        _ => None,
    };
    let holidays = repeat.iter().flat_map(|repeat| repeat.holidays.iter());
    holidays.map(Date::to_string).collect()
}

/// Minutes where they say it all.
fn civil(civil: DateTime) -> String {
    let text = civil.to_string();
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

fn problems(path: &RepoPath, text: &Arc<str>, fault: &Fault) -> Problems {
    let source = SourceText::new(path.clone(), Arc::clone(text));
    Problem::new(&source, fault.span, fault.code, fault.message.clone())
        .help(fault.help.clone())
        .into()
}

fn not_utf8(path: &RepoPath, before: &Arc<str>) -> Problems {
    let source = SourceText::hidden(path.clone(), Arc::clone(before));
    let end = before.len();
    let at = crate::model::Span { start: end, end };
    let problem = Problem::new(&source, at, "calendar.encoding", "the file is not UTF-8");
    problem.help("export the calendar again, as UTF-8").into()
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::parse(name).ok_or_else(|| "use an IANA time zone such as Europe/Berlin".to_owned())
}

fn kind(name: &str) -> Result<Kind, String> {
    let kinds = [Kind::Freeze, Kind::Maintenance, Kind::Quiet];
    let found = kinds.into_iter().find(|kind| kind.as_str() == name);
    found.ok_or_else(|| "use freeze, maintenance or quiet".to_owned())
}
