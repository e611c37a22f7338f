//! Runs a policy's own Rego tests and counts the lines that they reach.
//! Knows nothing of cases; those need the whole gate.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::{Engine, Value};

use super::check;
use super::error::{Error, Place, Problems};
use super::set::Policy;
use super::watchdog;

/// What the tests of one policy gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The package of the tests.
    pub package: String,
    /// Each test, in the order of its name.
    pub tests: Vec<TestCase>,
    /// The lines of each policy file, by path.
    pub coverage: BTreeMap<String, Coverage>,
    /// The facts that the policy declares and does not read.
    pub unread_facts: Vec<(Place, String)>,
}

/// One `test_…` rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// The name of the rule.
    pub name: String,
    /// Where it stands.
    pub at: Place,
    /// How it went.
    pub outcome: TestOutcome,
    /// What it printed.
    pub prints: Vec<String>,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestOutcome {
    /// True.
    Pass,
    /// False or undefined; of a table, the rows that are not true.
    Fail(Vec<String>),
    /// It is true whatever the policy says: it asks nothing of it.
    Idle,
    /// Its name begins with `todo_`.
    Skipped,
    /// It could not be evaluated.
    Error(String),
}

/// The lines of one policy file that hold something to evaluate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Reached by a test.
    pub covered: BTreeSet<u32>,
    /// Reached by none.
    pub not_covered: BTreeSet<u32>,
}

impl Report {
    /// Whether there are tests and none failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        let ran = self
            .tests
            .iter()
            .any(|test| test.outcome == TestOutcome::Pass);
        let failed = self
            .tests
            .iter()
            .any(|test| !matches!(test.outcome, TestOutcome::Pass | TestOutcome::Skipped));
        ran && !failed
    }

    /// Whether every line of every policy file is reached.
    #[must_use]
    pub fn covers_everything(&self) -> bool {
        !self.coverage.is_empty()
            && self
                .coverage
                .values()
                .all(|coverage| coverage.not_covered.is_empty() && !coverage.covered.is_empty())
    }
}

/// Checks `policy` and runs its tests. A folder without a test file has a report without tests.
///
/// # Errors
/// The policy or its tests are refused by the check, do not parse, or take too long.
pub fn run_tests(policy: &Policy) -> Result<Report, Problems> {
    let policy = policy.clone();
    let what = format!("running the tests of {}", policy.folder());
    watchdog::run_bounded(TEST_TIME, move || run(&policy)).map_err(|none| none.error(&what))?
}

fn run(policy: &Policy) -> Result<Report, Problems> {
    Problems::none_in(policy.check())?;
    let unread_facts = policy.unread_facts()?;
    let Some((path, text)) = policy.test() else {
        return Ok(Report {
            package: String::new(),
            tests: Vec::new(),
            coverage: BTreeMap::new(),
            unread_facts,
        });
    };
    let idle = policy.idle_tests().unwrap_or_default();
    let mut engine = check::load(path, text)?;
    let (package, rules) = check::test_rules(&mut engine, path);
    for module in policy.modules() {
        check::add_module(&mut engine, module.path(), module.text())?;
    }
    engine.set_enable_coverage(true);
    let mut tests: Vec<TestCase> = rules
        .into_iter()
        .map(|(name, at)| test(&mut engine, &package, name, at))
        .collect();
    for test in &mut tests {
        if test.outcome == TestOutcome::Pass && idle.contains(&test.name) {
            test.outcome = TestOutcome::Idle;
        }
    }
    Ok(Report {
        package,
        tests,
        coverage: coverage(&engine, policy)?,
        unread_facts,
    })
}

fn test(engine: &mut Engine, package: &str, name: String, at: Place) -> TestCase {
    let outcome = if name.starts_with("todo_") {
        TestOutcome::Skipped
    } else {
        match engine.eval_rule(format!("data.{package}.{name}")) {
            Ok(value) => outcome(&value),
            Err(error) => {
                let (at, what) = super::error::place_and_message(&at.path, &error.to_string());
                TestOutcome::Error(format!("{at}: {what}"))
            }
        }
    };
    TestCase {
        name,
        at,
        outcome,
        prints: engine.take_prints().unwrap_or_default(),
    }
}

/// A test is true; a table of them is true in every row, and has rows.
pub(super) fn outcome(value: &Value) -> TestOutcome {
    match value {
        Value::Bool(true) => TestOutcome::Pass,
        Value::Object(table) if !table.is_empty() => {
            let failed: Vec<String> = table
                .iter_sorted()
                .filter(|(_, row)| **row != Value::Bool(true))
                .map(|(name, _)| name.to_string())
                .collect();
            if failed.is_empty() {
                TestOutcome::Pass
            } else {
                TestOutcome::Fail(failed)
            }
        }
        _ => TestOutcome::Fail(Vec::new()),
    }
}

/// The lines of each file of `policy` that `engine` has and has not reached.
pub(super) fn coverage(
    engine: &Engine,
    policy: &Policy,
) -> Result<BTreeMap<String, Coverage>, Error> {
    let report = engine
        .get_coverage_report()
        .map_err(|error| Error::Evaluation {
            at: Place::file(policy.folder()),
            what: error.to_string(),
        })?;
    policy
        .modules()
        .map(|module| {
            let file = report.files.iter().find(|file| file.path == module.path());
            let coverage = match file {
                Some(file) => Coverage {
                    covered: file.covered.clone(),
                    not_covered: file.not_covered.clone(),
                },
                // A file that no test reaches is not in the engine's report at all.
                None => Coverage {
                    covered: BTreeSet::new(),
                    not_covered: check::rule_lines(module.path(), module.text())?,
                },
            };
            Ok((module.path().to_owned(), coverage))
        })
        .collect()
}

// The tests of a large policy take half a minute where the engine is built without optimisation.
/// How many steps the engine takes between two looks at its clock.
pub(super) const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(1024).unwrap();

const TEST_TIME: Duration = Duration::from_secs(300);
