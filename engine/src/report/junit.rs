//! `JUnit` XML: a suite for each unit, a case for each finding, and one for each policy that found nothing.
//! Decides nothing.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::rows::{Fate, Fault, Row, faults, plural, quiet, rows};
use super::sanitise::{inert, short};
use crate::verdict::{RunReport, UnitReport};

/// The document.
///
/// # Errors
/// None that text can cause; the writer of XML has the type.
pub fn render(report: &RunReport) -> Result<String, quick_junit::SerializeError> {
    let mut document = Report::new("tidegate check");
    let rows = rows(report);
    let faults = faults(report);
    let range: Vec<TestCase> = rows
        .iter()
        .filter(|row| row.unit.is_empty())
        .map(case)
        .chain(faults.iter().map(of_fault))
        .collect();
    if report.units.is_empty() && range.is_empty() {
        document.add_test_suite(not_applicable(report));
    }
    if !range.is_empty() {
        let mut suite = TestSuite::new("tidegate");
        suite.add_test_cases(range);
        document.add_test_suite(suite);
    }
    for unit in &report.units {
        document.add_test_suite(of_unit(unit, &rows));
    }
    document.to_string()
}

fn not_applicable(report: &RunReport) -> TestSuite {
    let mut suite = TestSuite::new("tidegate");
    let mut case = TestCase::new("no unit touched", TestCaseStatus::success());
    case.set_classname("tidegate");
    let files = plural(report.files, "changed file", "changed files");
    case.set_system_out(format!("{files} looked at"));
    suite.add_test_case(case);
    suite
}

fn of_unit(unit: &UnitReport, rows: &[Row<'_>]) -> TestSuite {
    let name = xml(&format!("{}/{}", unit.environment, unit.unit));
    let mut suite = TestSuite::new(name.as_str());
    suite.add_property(("tier", unit.tier.to_string().as_str()));
    let own = |row: &&Row<'_>| (row.environment, row.unit) == (&unit.environment, &unit.unit);
    suite.add_test_cases(rows.iter().filter(own).map(case));
    let quiet = quiet(unit);
    for policy in &quiet {
        let mut case = TestCase::new(xml(policy).as_str(), TestCaseStatus::success());
        case.set_classname(name.as_str());
        suite.add_test_case(case);
    }
    if suite.test_cases.is_empty() {
        let mut case = TestCase::new("no finding", TestCaseStatus::success());
        case.set_classname(name.as_str());
        suite.add_test_case(case);
    }
    suite
}

fn case(row: &Row<'_>) -> TestCase {
    let finding = row.finding;
    let message = xml(&finding.message);
    let mut text = message.clone();
    if let Some(place) = finding.place() {
        text += &format!("\nat {}:{}", xml(&place.path.to_string()), place.line);
    }
    if let Some(because) = &finding.because {
        let path = xml(&because.path.to_string());
        text += &format!("\nbecause of {path}:{}", because.line);
    }
    if let Some(remediation) = &finding.remediation {
        text += &format!("\nhelp: {}", xml(remediation));
    }
    let mut case = TestCase::new(title(row).as_str(), status(row, &message, &text));
    case.set_classname(class(row).as_str());
    if row.fate == Fate::Warned {
        case.set_system_out(text.as_str());
    }
    if let Some(place) = finding.place() {
        let path = xml(&place.path.to_string());
        case.extra.insert("file".into(), path.as_str().into());
        let line = place.line.to_string();
        case.extra.insert("line".into(), line.as_str().into());
    }
    case
}

fn status(row: &Row<'_>, message: &str, text: &str) -> TestCaseStatus {
    let mut status = match row.fate {
        Fate::Denied => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Fate::Warned => return TestCaseStatus::success(),
        Fate::WouldDeny | Fate::Inherited | Fate::Excepted(_) => TestCaseStatus::skipped(),
    };
    match row.note() {
        Some(note) => status.set_message(format!("{}: {message}", xml(&note))),
        None => status.set_message(message),
    };
    status.set_type(row.finding.code.as_str());
    status.set_description(text);
    status
}

fn title(row: &Row<'_>) -> String {
    let finding = row.finding;
    let parts = [
        Some(finding.code.clone()),
        row.object(),
        finding.keyed_path.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| xml(&part)).collect();
    parts.join(" ")
}

fn class(row: &Row<'_>) -> String {
    if row.unit.is_empty() {
        "tidegate".to_owned()
    } else {
        xml(&format!("{}/{}", row.environment, row.unit))
    }
}

fn of_fault(fault: &Fault) -> TestCase {
    let message = xml(&fault.message);
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(format!("could not judge: {message}"));
    status.set_type(fault.code.as_str());
    let mut text = message;
    if let Some((path, line)) = &fault.place {
        text += &format!("\nat {}:{line}", xml(&path.to_string()));
    }
    if let Some(help) = &fault.help {
        text += &format!("\nhelp: {}", xml(help));
    }
    status.set_description(text);
    let unit = match fault.unit.as_str() {
        "" => "the whole run".to_owned(),
        unit => xml(unit),
    };
    let mut case = TestCase::new(format!("{} {unit}", fault.code), status);
    case.set_classname("tidegate");
    case
}

/// One line that XML 1.0 can hold. The two characters beyond what is invisible anyway that it cannot
/// hold are replaced, not left out.
fn xml(text: &str) -> String {
    let clean = short(text, MOST_CHARACTERS).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    inert(&clean)
}

const MOST_CHARACTERS: usize = 1_000;
