//! The report as GitHub and GitLab render it: for a job summary, and for a comment. The verdict comes
//! first; what does not fit is left out in whole sections. Decides nothing.

mod changes;
mod escape;

use crate::input::Reason;
use crate::model::{Operation, RiskTier};
use crate::verdict::{ChangeSummary, RunOutcome, RunReport, UnitReport};

use super::budget::{Budget, Fitted, Section, fit};
use super::rows::{Counts, Ending, Fate, Fault, Row, faults, plural, quiet, rows};
use super::sanitise::inert;
use escape::{cell, code, fenced, percent, prose};

/// How to write it.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    /// How long it may be.
    pub budget: Budget,
    /// What a comment begins with, so that it is found again: a [`marker()`].
    pub marker: Option<&'a str>,
    /// What paths follow in links, with its slash: `https://github.com/o/r/blob/<commit>/`.
    pub files: Option<&'a str>,
    /// What stands in the footer about signatures.
    pub signed: &'a str,
}

impl Layout<'static> {
    /// As long as a job summary may be, without links.
    pub const SUMMARY: Self = Self {
        budget: Budget::SUMMARY,
        marker: None,
        files: None,
        signed: "unsigned",
    };
}

/// The line by which the comment of an environment, or the one of all environments, is found again.
#[must_use]
pub fn marker(environment: Option<&str>) -> String {
    let name = environment.map_or_else(|| "*".to_owned(), percent);
    format!("<!-- tidegate:report v1 env={name} -->")
}

/// The comment in the place of an older one that no longer holds: the verdict in one line.
#[must_use]
pub fn one_line(report: &RunReport, marker: &str) -> String {
    let layout = Layout {
        marker: Some(marker),
        ..Layout::SUMMARY
    };
    let page = Page::new(report, &layout);
    inert(&format!("{marker}\n{}\n", page.sentence()))
}

/// The document and what was left out of it.
#[must_use]
pub fn render(report: &RunReport, layout: &Layout<'_>) -> Fitted {
    let page = Page::new(report, layout);
    let sections = [
        page.verdict(),
        page.errors(),
        page.findings("denials", DENIALS, |fate| {
            matches!(fate, Fate::Denied | Fate::WouldDeny)
        }),
        page.findings("warnings", WARNINGS, |fate| fate == Fate::Warned),
        page.changes(),
        page.reasons(),
        page.rest(),
        page.footer(),
    ];
    let again = page.again();
    let mut fitted = fit(&sections, layout.budget, |left_out| {
        let all = format!("all of it: {again}");
        format!(
            "\n> **Left out to keep this short:** {}; {all}\n",
            left_out.join(", ")
        )
    });
    fitted.text = inert(&fitted.text);
    fitted
}

struct Page<'a> {
    report: &'a RunReport,
    layout: &'a Layout<'a>,
    rows: Vec<Row<'a>>,
    faults: Vec<Fault>,
}

impl<'a> Page<'a> {
    fn new(report: &'a RunReport, layout: &'a Layout<'a>) -> Self {
        Self {
            report,
            layout,
            rows: rows(report),
            faults: faults(report),
        }
    }

    fn units(&self) -> impl Iterator<Item = &'a UnitReport> {
        self.report.units.iter()
    }

    fn verdict(&self) -> Section {
        let mut text = String::new();
        if let Some(marker) = self.layout.marker {
            text += &format!("{marker}\n");
        }
        text += &format!("## {}\n\n", self.sentence());
        text += &format!("{}\n\n", self.count());
        if let Some(proposed) = self.report.proposed {
            let word = match proposed {
                RunOutcome::Pass => "pass",
                RunOutcome::NotApplicable => "not applicable",
                RunOutcome::Fail => "fail",
                RunOutcome::Error => "cannot be judged",
            };
            text += &format!("With the proposed configuration: **{word}**\n\n");
        }
        Section::whole("the verdict", 0, text)
    }

    fn sentence(&self) -> String {
        match Ending::of(self.report) {
            Ending::Passed => format!("✅ tidegate: passed{}", self.places()),
            Ending::NotApplicable => "✅ tidegate: not applicable, no unit is touched".to_owned(),
            Ending::WouldFail => format!("⚠️ tidegate: would fail{}", self.places()),
            Ending::Denied => format!("⛔ tidegate: this change is denied{}", self.places()),
            Ending::NotJudged => "⛔ tidegate could not judge this change".to_owned(),
        }
    }

    /// The units that decided it, a few by name.
    fn places(&self) -> String {
        let ending = Ending::of(self.report);
        let decided = |unit: &&UnitReport| match ending {
            Ending::Denied => self.of_unit(unit).any(|row| row.fate == Fate::Denied),
            Ending::WouldFail => self.of_unit(unit).any(|row| row.fate == Fate::WouldDeny),
            Ending::Passed | Ending::NotApplicable | Ending::NotJudged => true,
        };
        let names: Vec<String> = self.units().filter(decided).map(unit_name).collect();
        let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>();
        match (names.len(), names.len().saturating_sub(NAMED)) {
            (0, _) => String::new(),
            (_, 0) => format!(" for {}", named.join(", ")),
            (_, more) => format!(" for {} and {more} more", named.join(", ")),
        }
    }

    fn of_unit<'p>(&'p self, unit: &'p UnitReport) -> impl Iterator<Item = &'p Row<'a>> {
        let name = (unit.environment.as_str(), unit.unit.as_str());
        let own = move |row: &&Row<'a>| (row.environment, row.unit) == name;
        self.rows.iter().filter(own)
    }

    fn count(&self) -> String {
        let counts = Counts::of(self.report, &self.rows);
        let tier = self.units().map(|unit| unit.tier).max();
        let tier = tier.map_or_else(String::new, |tier| format!(" · tier **{tier}**"));
        let objects: usize = self.units().map(|unit| unit.changes.len()).sum();
        format!(
            "**{}**{tier} · {}, {} changed in {} · judged for {}",
            counts.to_string().replace(", ", " · "),
            plural(self.units().count(), "unit", "units"),
            plural(objects, "object", "objects"),
            plural(self.report.files, "file", "files"),
            self.report.now,
        )
    }

    fn errors(&self) -> Section {
        let items = self.faults.iter().map(|fault| {
            let unit = match fault.unit.as_str() {
                "" => String::new(),
                unit => format!(" {}", code(unit)),
            };
            let place = fault
                .place
                .as_ref()
                .map_or_else(String::new, |(path, line)| {
                    format!(" at {}", code(&format!("{path}:{line}")))
                });
            let help = fault
                .help
                .as_deref()
                .map_or_else(String::new, |help| format!("  \n  {}", prose(help)));
            let message = prose(&fault.message);
            format!("- ⛔ {}{unit}{place}: {message}{help}\n", code(&fault.code))
        });
        Section {
            name: "errors".to_owned(),
            rank: ERRORS,
            items: items.collect(),
            tail: "\n".to_owned(),
            ..Section::default()
        }
        .unless_empty()
    }

    fn findings(&self, name: &str, rank: u8, wanted: fn(Fate<'_>) -> bool) -> Section {
        let rows = self.rows.iter().filter(|row| wanted(row.fate));
        Section {
            name: name.to_owned(),
            rank,
            head: "| | Finding | Object | What to do |\n|---|---|---|---|\n".to_owned(),
            items: rows.map(|row| self.row(row)).collect(),
            tail: "\n".to_owned(),
        }
        .unless_empty()
    }

    fn row(&self, row: &Row<'_>) -> String {
        let finding = row.finding;
        let sign = match row.fate {
            Fate::Denied => "⛔",
            Fate::WouldDeny | Fate::Warned => "⚠️",
            Fate::Inherited | Fate::Excepted(_) => "·",
        };
        let unit = match (row.environment, row.unit) {
            ("", "") => "the range".to_owned(),
            (environment, unit) => code(&format!("{environment}/{unit}")),
        };
        let object = row.object().map_or(unit, |object| code(&object));
        let place = self.place(row);
        let note = row
            .note()
            .map_or_else(String::new, |note| format!(" ({})", prose(&note)));
        let remediation = finding
            .remediation
            .as_deref()
            .map_or_else(String::new, |help| format!("<br>{}", prose(help)));
        let what = format!("{}{note}{remediation}", prose(&finding.message));
        let code = code(&finding.code);
        format!(
            "| {sign} | {} | {} | {} |\n",
            cell(&code),
            cell(&format!("{object}{place}")),
            cell(&what)
        )
    }

    fn place(&self, row: &Row<'_>) -> String {
        let Some(place) = row.finding.place() else {
            return String::new();
        };
        let text = format!("{}:{}", place.path, place.line);
        match self.layout.files {
            None => format!(" {}", code(&text)),
            Some(files) => {
                let uri = super::sarif::uri(&place.path);
                format!(" [L{}](<{files}{uri}#L{}>)", place.line, place.line)
            }
        }
    }

    fn changes(&self) -> Section {
        let mut count = [0_usize; 3];
        let mut blocks = Vec::new();
        for unit in self.units() {
            let removed = |change: &&ChangeSummary| change.operation == Operation::Delete;
            let kept = unit.changes.iter().filter(|change| !removed(change));
            for change in kept.chain(unit.changes.iter().filter(removed)) {
                let [created, updated, deleted] = &mut count;
                match change.operation {
                    Operation::Create => *created += 1,
                    Operation::Update => *updated += 1,
                    Operation::Delete => *deleted += 1,
                }
                blocks.push(fenced("diff", &changes::rows(change)));
            }
        }
        let [created, updated, deleted] = count;
        let summary = format!("{updated} updated, {created} created, {deleted} removed");
        details(
            "changed objects",
            CHANGES,
            &format!("<b>What changes</b>: {summary}"),
            blocks,
        )
    }

    fn reasons(&self) -> Section {
        let mut items = Vec::new();
        let mut tier = RiskTier::Low;
        for unit in self.units() {
            tier = tier.max(unit.tier);
            items.extend(unit.reasons.iter().map(|reason| reason_row(unit, reason)));
        }
        let mut section = details(
            "reasons",
            REASONS,
            &format!("<b>Why the tier is {tier}</b>"),
            items,
        );
        section.head += "| Cause | From | Tier |\n|---|---|---|\n";
        section.unless_empty()
    }

    /// What stops nobody: the policies that found nothing, and findings of before or permitted.
    fn rest(&self) -> Section {
        let mut items = Vec::new();
        for unit in self.units() {
            for policy in quiet(unit) {
                items.push(format!("- ✅ {} {}\n", code(policy), unit_name(unit)));
            }
        }
        let passed = items.len();
        let quiet = |row: &&Row<'_>| matches!(row.fate, Fate::Inherited | Fate::Excepted(_));
        let old: Vec<&Row<'_>> = self.rows.iter().filter(quiet).collect();
        items.extend(old.iter().map(|row| {
            let object = row
                .object()
                .map_or_else(String::new, |object| format!(" {}", code(&object)));
            let message = prose(&row.finding.message);
            let note = row.note().unwrap_or_default();
            format!(
                "- {}{object} ({}): {message}\n",
                code(&row.finding.code),
                prose(&note)
            )
        }));
        let summary = format!(
            "{} passed, {} of before or permitted",
            plural(passed, "check", "checks"),
            plural(old.len(), "finding", "findings"),
        );
        details(
            "checks that passed and findings of before",
            REST,
            &summary,
            items,
        )
    }

    fn footer(&self) -> Section {
        let mut parts: Vec<String> = self
            .units()
            .take(NAMED)
            .map(|unit| {
                let tree = |side: &crate::verdict::Side| side.gated_tree.map(|tree| tree.short());
                let head = tree(&unit.head).unwrap_or_else(|| "none".to_owned());
                let base = tree(&unit.base).unwrap_or_else(|| "none".to_owned());
                format!(
                    "unit {}: base {}, gated tree {}",
                    unit_name(unit),
                    code(&base),
                    code(&head)
                )
            })
            .collect();
        if let Some(judge) = &self.report.judge {
            let policies: String = judge.policy_digest.to_string().chars().take(8).collect();
            parts.push(format!(
                "judge: {} of {}, policies {}",
                code(&judge.config),
                prose(&judge.from),
                code(&policies)
            ));
        }
        parts.push(format!("tidegate {}", env!("CARGO_PKG_VERSION")));
        parts.push(self.layout.signed.to_owned());
        parts.push(format!("again: {}", self.again()));
        let text = format!("<sub>{}</sub>\n", parts.join(" · "));
        Section::whole("the footer", FOOTER, text)
    }

    /// The command that says all of it again.
    fn again(&self) -> String {
        // A branch moves; the commits do not.
        let mut units = self
            .units()
            .map(|unit| (unit.base.commit, unit.head.commit));
        let range = match units.next() {
            Some((Some(base), Some(head))) => format!("{}..{}", base.short(), head.short()),
            _ => self.report.range.clone(),
        };
        let now = self.report.now;
        code(&format!("tidegate check {range} --now {now}"))
    }
}

impl Section {
    /// Nothing at all where there is no item.
    fn unless_empty(self) -> Self {
        if self.items.is_empty() {
            Self::default()
        } else {
            self
        }
    }
}

/// A section that is closed until somebody opens it; the summary is our own text.
fn details(name: &str, rank: u8, summary: &str, items: Vec<String>) -> Section {
    Section {
        name: name.to_owned(),
        rank,
        head: format!("<details><summary>{summary}</summary>\n\n"),
        items,
        tail: "\n</details>\n\n".to_owned(),
    }
    .unless_empty()
}

fn reason_row(unit: &UnitReport, reason: &Reason) -> String {
    let object = reason.change.and_then(|index| unit.changes.get(index));
    let object = object.map_or_else(String::new, |change| {
        format!("{} ", code(&change.object.to_string()))
    });
    let cause = format!("{object}{}", prose(&reason.text));
    let code = code(&reason.code);
    format!("| {} | {} | {} |\n", cell(&cause), cell(&code), reason.tier)
}

fn unit_name(unit: &UnitReport) -> String {
    code(&format!("{}/{}", unit.environment, unit.unit))
}

const ERRORS: u8 = 1;
const DENIALS: u8 = 2;
const FOOTER: u8 = 3;
const WARNINGS: u8 = 4;
const REASONS: u8 = 5;
const CHANGES: u8 = 6;
const REST: u8 = 7;

const NAMED: usize = 5;
