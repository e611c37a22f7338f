//! GitHub's annotations: one workflow command a line, so many of a level and one that counts the rest.
//! Decides nothing.

use super::rows::{Counts, Ending, Fate, Fault, Row, faults, plural, rows};
use super::sanitise::{line, short};
use crate::verdict::RunReport;

/// The commands: the outcome and then errors, warnings and notices, `most` of each level and, where
/// there are more, one beyond that says so. Never empty.
#[must_use]
pub fn render(report: &RunReport, most: usize) -> String {
    let rows = rows(report);
    let mut levels = [
        Level::new("error", most),
        Level::new("warning", most),
        Level::new("notice", most),
    ];
    let [errors, warnings, notices] = &mut levels;
    notices.push(outcome(report, &rows));
    for fault in faults(report) {
        errors.push(of_fault(&fault));
    }
    for row in &rows {
        let level = match row.fate {
            Fate::Denied => &mut *errors,
            Fate::WouldDeny | Fate::Warned => &mut *warnings,
            Fate::Inherited | Fate::Excepted(_) => &mut *notices,
        };
        level.push(of_row(row));
    }
    levels.iter().map(Level::render).collect()
}

/// One command about the run as a whole. The message may hold foreign text.
#[must_use]
pub fn command(level: &str, message: &str) -> String {
    let annotation = Annotation {
        title: "tidegate".to_owned(),
        place: None,
        message: message.to_owned(),
    };
    annotation.render(level)
}

struct Level {
    name: &'static str,
    most: usize,
    kept: Vec<Annotation>,
    more: usize,
}

struct Annotation {
    title: String,
    place: Option<(String, usize)>,
    message: String,
}

impl Level {
    fn new(name: &'static str, most: usize) -> Self {
        Self {
            name,
            most,
            kept: Vec::new(),
            more: 0,
        }
    }

    fn push(&mut self, annotation: Annotation) {
        if self.kept.len() < self.most {
            self.kept.push(annotation);
        } else {
            self.more += 1;
        }
    }

    fn render(&self) -> String {
        let mut text: String = self.kept.iter().map(|one| one.render(self.name)).collect();
        if self.more > 0 {
            let rest = Annotation {
                title: "tidegate".to_owned(),
                place: None,
                message: format!("{} more in the summary", self.more),
            };
            text += &rest.render(self.name);
        }
        text
    }
}

impl Annotation {
    fn render(&self, level: &str) -> String {
        let mut properties = Vec::new();
        if let Some((path, line)) = &self.place {
            properties.push(format!("file={}", property(path)));
            properties.push(format!("line={line}"));
        }
        properties.push(format!("title={}", property(&self.title)));
        let message = data(&self.message);
        format!("::{level} {}::{message}\n", properties.join(","))
    }
}

fn outcome(report: &RunReport, rows: &[Row<'_>]) -> Annotation {
    let counts = Counts::of(report, rows);
    let message = match Ending::of(report) {
        Ending::Passed => format!("passed: {counts}"),
        Ending::NotApplicable => {
            format!(
                "not applicable: {} looked at, no unit touched",
                plural(report.files, "changed file", "changed files")
            )
        }
        Ending::WouldFail => format!("would fail (observed): {counts}"),
        Ending::Denied => format!("denied: {counts}"),
        Ending::NotJudged => format!("could not judge: {counts}"),
    };
    Annotation {
        title: "tidegate".to_owned(),
        place: None,
        message,
    }
}

fn of_row(row: &Row<'_>) -> Annotation {
    let finding = row.finding;
    let unit = match (row.environment, row.unit) {
        ("", "") => None,
        (environment, unit) => Some(format!("{environment}/{unit}")),
    };
    let parts = [
        unit,
        row.note(),
        row.object(),
        Some(finding.message.clone()),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .map(|part| short(&part, MOST_CHARACTERS))
        .collect();
    let mut message = parts.join(": ");
    if let Some(remediation) = &finding.remediation {
        message += &format!("\n{}", short(remediation, MOST_CHARACTERS));
    }
    let place = finding.place();
    Annotation {
        title: finding.code.clone(),
        place: place.map(|place| (place.path.to_string(), place.line)),
        message,
    }
}

fn of_fault(fault: &Fault) -> Annotation {
    let unit = match fault.unit.as_str() {
        "" => "could not judge: ".to_owned(),
        unit => format!("could not judge {}: ", short(unit, MOST_CHARACTERS)),
    };
    let mut message = format!("{unit}{}", short(&fault.message, MOST_CHARACTERS));
    if let Some(help) = &fault.help {
        message += &format!("\n{}", short(help, MOST_CHARACTERS));
    }
    let place = fault.place.as_ref();
    Annotation {
        title: fault.code.clone(),
        place: place.map(|(path, line)| (path.to_string(), *line)),
        message,
    }
}

/// What the runner unescapes in the text of a command. Line breaks are our own: foreign ones are gone.
fn data(text: &str) -> String {
    let rows: Vec<String> = text.split('\n').map(line).collect();
    rows.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The same in a property, which a comma or a colon would end.
fn property(text: &str) -> String {
    data(&short(text, MOST_CHARACTERS))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

const MOST_CHARACTERS: usize = 1_000;
