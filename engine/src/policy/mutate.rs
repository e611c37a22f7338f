//! Changes a policy in small ways, one at a time, and asks its Rego tests whether they notice.
//! Knows nothing of cases; those need the whole gate.

use std::collections::BTreeSet;
use std::time::Duration;

use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use super::check::{self, Site};
use super::error::{Error, Place, Problems};
use super::set::Policy;
use super::suite::{self, TestOutcome};

/// A policy with one small change.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Where it is changed.
    pub at: Place,
    /// How.
    pub what: String,
    site: Site,
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is no policy that could be loaded.
    Refused,
    /// A test noticed it.
    Killed,
    /// No test did.
    Survived,
}

/// The Rego tests of one policy, each with the lines that it reaches.
#[derive(Debug)]
pub struct Tests {
    package: String,
    tests: Vec<Test>,
}

#[derive(Debug)]
struct Test {
    name: String,
    lines: BTreeSet<(String, u32)>,
}

/// Every mutant of `policy`, in the order of its files.
///
/// # Errors
/// A file does not parse.
pub fn mutants(policy: &Policy) -> Result<Vec<Mutant>, Problems> {
    let mut mutants = Vec::new();
    for module in policy.modules() {
        let path = module.path();
        let sites = check::sites(path, module.text())?;
        mutants.extend(sites.into_iter().map(|site| Mutant {
            at: Place::new(path, site.line, site.column),
            what: site.what.clone(),
            site,
        }));
    }
    Ok(mutants)
}

impl Mutant {
    /// `policy` with this change; `None` where it could not be loaded.
    #[must_use]
    pub fn of(&self, policy: &Policy) -> Option<Policy> {
        let edited = policy.edited(&self.at.path, |text| {
            let before = text.get(..self.site.start).unwrap_or_default();
            let behind = text.get(self.site.end..).unwrap_or_default();
            format!("{before}{}{behind}", self.site.text)
        });
        edited.ok()
    }
}

impl Tests {
    /// Runs each test of `policy` once, to see what it reaches.
    ///
    /// # Errors
    /// A file does not parse, or a test does not pass.
    pub fn of(policy: &Policy) -> Result<Self, Problems> {
        let Some((path, text)) = policy.test() else {
            return Ok(Self {
                package: String::new(),
                tests: Vec::new(),
            });
        };
        let mut engine = check::load(path, text)?;
        let (package, rules) = check::test_rules(&mut engine, path);
        let mut engine = loaded(policy)?;
        engine.set_enable_coverage(true);
        let mut tests = Vec::new();
        for (name, at) in rules {
            if name.starts_with("todo_") {
                continue;
            }
            engine.clear_coverage_data();
            let value = engine.eval_rule(format!("data.{package}.{name}"));
            if !value.is_ok_and(|value| suite::outcome(&value) == TestOutcome::Pass) {
                let what = format!("`{name}` does not pass: mutants need tests that do");
                return Err(Error::Evaluation { at, what }.into());
            }
            let lines = suite::coverage(&engine, policy)?
                .into_iter()
                .flat_map(|(path, lines)| {
                    let lines = lines.covered.into_iter();
                    lines.map(move |line| (path.clone(), line))
                })
                .collect();
            tests.push(Test { name, lines });
        }
        Ok(Self { package, tests })
    }

    /// Whether a test notices that `mutated` is not the policy any more. Those that reach the line
    /// are asked first, and of those the ones that reach little else, which take the least time.
    ///
    /// # Errors
    /// The tests themselves do not parse.
    pub fn fate(&self, mutant: &Mutant, mutated: &Policy) -> Result<Fate, Problems> {
        let mut engine = loaded(mutated)?;
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: TEST_TIME,
            check_interval: suite::CHECK_INTERVAL,
        });
        let place = (mutant.at.path.clone(), mutant.at.line);
        let mut tests: Vec<&Test> = self.tests.iter().collect();
        tests.sort_by_key(|test| (!test.lines.contains(&place), test.lines.len()));
        for test in tests {
            let value = engine.eval_rule(format!("data.{}.{}", self.package, test.name));
            if !value.is_ok_and(|value| suite::outcome(&value) == TestOutcome::Pass) {
                return Ok(Fate::Killed);
            }
        }
        Ok(Fate::Survived)
    }
}

/// An engine with the files of `policy` and its tests.
fn loaded(policy: &Policy) -> Result<Engine, Error> {
    let (path, text) = policy.test().unwrap_or(("none.rego", "package none\n"));
    let mut engine = check::load(path, text)?;
    for module in policy.modules() {
        check::add_module(&mut engine, module.path(), module.text())?;
    }
    Ok(engine)
}

const TEST_TIME: Duration = Duration::from_secs(20);
