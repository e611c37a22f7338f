//! `tidegate policy test`: whether policies hold what they promise, and whether their tests would notice.

use super::super::common::Outcome;
use super::super::terminal::Terminal;
use super::{opa_json, policies};
use crate::gate::{self, Policies};
use crate::model::{Effect, Exit};
use crate::policy::{Origin, Policy, Report, TestOutcome, run_tests};
use crate::report::sanitise::line;
use crate::verdict;

/// Run the Rego tests and the cases of every policy; the repository's own included
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only this policy
    #[arg(value_name = "FOLDER")]
    folder: Option<String>,
    /// Count the lines that Rego tests reach, name those that none reaches, and fail on them
    #[arg(long)]
    coverage: bool,
    /// Change every rule in small ways, one at a time: an expression dropped, a comparison negated, a
    /// constant changed, a rule removed. A change that neither a Rego test nor a case notices
    /// is named and fails. Takes minutes
    #[arg(long)]
    mutate: bool,
    /// `opa-json` prints what `opa test --format json` would: the Rego tests, or with --coverage the
    /// lines; failures then go to standard error
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Human,
    OpaJson,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let policies = policies(terminal)?;
        let mut tally = Tally::new(self.output);
        let mut reports = Vec::new();
        let wanted = |name: &str| self.folder.as_deref().is_none_or(|folder| folder == name);
        for policy in policies.set.iter().filter(|policy| wanted(policy.folder())) {
            let report = run_tests(policy)?;
            tally.tests(policy, &report, terminal);
            if self.coverage {
                tally.coverage(&report, terminal);
            }
            tally.cases(&policies, policy, terminal)?;
            // What fails unchanged says nothing of mutants.
            if self.mutate && report.passed() {
                tally.mutants(&policies, policy, terminal)?;
            }
            reports.push(report);
        }
        match self.output {
            Output::Human => {
                let Tally { passed, failed, .. } = tally;
                let own = policies
                    .set
                    .iter()
                    .any(|it| it.origin() == Origin::Repository);
                let which = if own { "" } else { OF_TIDEGATE };
                terminal.line(&format!("{passed} passed, {failed} failed{which}"));
            }
            Output::OpaJson if self.coverage && reports.iter().all(Report::passed) => {
                terminal.line(&format!("{:#}", opa_json::coverage(&reports)));
            }
            // As with OPA: tests that fail cover nothing.
            Output::OpaJson => terminal.line(&format!("{:#}", opa_json::tests(&reports))),
        }
        let nothing = tally.passed + tally.failed == 0;
        Ok(if tally.failed > 0 || nothing {
            Exit::Denied
        } else {
            Exit::Pass
        })
    }
}

struct Tally {
    output: Output,
    passed: usize,
    failed: usize,
}

impl Tally {
    fn new(output: Output) -> Self {
        Self {
            output,
            passed: 0,
            failed: 0,
        }
    }

    fn fail(&mut self, what: &str, terminal: &mut Terminal) {
        self.failed += 1;
        self.say(&format!("FAIL {what}"), terminal);
    }

    fn say(&self, text: &str, terminal: &mut Terminal) {
        match self.output {
            Output::Human => terminal.line(text),
            Output::OpaJson => terminal.say(text),
        }
    }

    fn tests(&mut self, policy: &Policy, report: &Report, terminal: &mut Terminal) {
        for test in &report.tests {
            let problem = match &test.outcome {
                TestOutcome::Pass => {
                    self.passed += 1;
                    continue;
                }
                TestOutcome::Skipped => continue,
                TestOutcome::Fail(rows) if rows.is_empty() => "not true".to_owned(),
                TestOutcome::Fail(rows) => format!("not true: {}", line(&rows.join(", "))),
                TestOutcome::Idle => "asks nothing of the policy".to_owned(),
                TestOutcome::Error(error) => line(error),
            };
            self.fail(&format!("{} {} {problem}", test.at, test.name), terminal);
        }
        for (at, fact) in &report.unread_facts {
            self.say(
                &format!("note {at} the fact `{fact}` is declared and not read"),
                terminal,
            );
        }
        if report.tests.is_empty() {
            self.fail(&format!("{} has no Rego test", policy.folder()), terminal);
        }
        if policy.readme().is_none() {
            self.fail(&format!("{} has no README.md", policy.folder()), terminal);
        }
    }

    fn coverage(&mut self, report: &Report, terminal: &mut Terminal) {
        for (path, lines) in &report.coverage {
            let covered = lines.covered.len();
            let all = covered + lines.not_covered.len();
            self.say(&format!("{path}: {covered} of {all} lines"), terminal);
            for line in &lines.not_covered {
                self.fail(
                    &format!("{path}:{line} no test reaches this line"),
                    terminal,
                );
            }
        }
    }

    fn cases(
        &mut self,
        policies: &Policies,
        policy: &Policy,
        terminal: &mut Terminal,
    ) -> Result<(), gate::Error> {
        let cases = gate::run_cases(policies, policy.folder())?;
        for case in &cases {
            match &case.problem {
                None => self.passed += 1,
                Some(problem) => self.fail(&format!("{} {}", case.name, line(problem)), terminal),
            }
        }
        let denies = policy.modules().any(|module| {
            module
                .metadata()
                .codes
                .values()
                .any(|effect| *effect == Effect::Deny)
        });
        for (outcome, needed, what) in [
            (verdict::Outcome::Pass, true, "passes"),
            (verdict::Outcome::Fail, denies, "is denied"),
        ] {
            if needed && !cases.iter().any(|case| case.expected == outcome) {
                let folder = policy.folder();
                self.fail(&format!("{folder} has no case that {what}"), terminal);
            }
        }
        Ok(())
    }

    fn mutants(
        &mut self,
        policies: &Policies,
        policy: &Policy,
        terminal: &mut Terminal,
    ) -> Result<(), gate::Error> {
        let mutation = gate::mutate(policies, policy.folder())?;
        let gate::Mutation {
            refused,
            killed,
            survivors,
        } = &mutation;
        self.passed += killed;
        for mutant in survivors {
            let what = line(&mutant.what);
            self.fail(&format!("{} survives: {what}", mutant.at), terminal);
        }
        let all = killed + survivors.len();
        let folder = policy.folder();
        let told =
            format!("{folder}: {killed} of {all} mutants noticed; {refused} more are no policy");
        self.say(&told, terminal);
        Ok(())
    }
}

/// Whose tests these were, where the repository has none of its own.
const OF_TIDEGATE: &str =
    ": the policies that are part of tidegate; `.tidegate/policies` has none to add";
