//! `tidegate policy`: what runs, and whether it holds what it promises.

use clap::Subcommand;

use super::common::{self, Outcome};
use super::terminal::Terminal;
use crate::gate;
use crate::model::{Effect, Exit};
use crate::policy::{CAPABILITIES, Scope, TestOutcome, run_tests};
use crate::report::Color;
use crate::report::sanitise::line;

/// List and test policies
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every policy with its codes, facts and scope; the repository's own included
    List {
        /// Print instead what the dialect of policies has, as OPA's capabilities: `opa check
        /// --capabilities FILE` then refuses what tidegate would
        #[arg(long)]
        capabilities: bool,
    },
    /// Run the Rego tests and the cases of every policy; the repository's own included
    Test {
        /// Only this policy
        #[arg(value_name = "FOLDER")]
        folder: Option<String>,
        /// Name the lines that no Rego test reaches, and fail on them
        #[arg(long)]
        coverage: bool,
    },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::List { capabilities: true } => {
                terminal.line(CAPABILITIES.trim_end());
                Ok(Exit::Pass)
            }
            Command::List { .. } => list(terminal),
            Command::Test { folder, coverage } => test(folder.as_deref(), coverage, terminal),
        }
    }
}

fn list(terminal: &mut Terminal) -> Outcome {
    let policies = policies(terminal)?;
    let style = terminal.style();
    let folders = policies.set.iter().map(|policy| policy.folder().len());
    let width = folders.max().unwrap_or_default();
    for policy in policies.set.iter() {
        for module in policy.modules() {
            let metadata = module.metadata();
            let scope = match metadata.scope {
                Scope::Object => "object",
                Scope::ChangeSet => "change-set",
            };
            let folder = style.paint(&format!("{:width$}", policy.folder()), Color::Bold);
            let facts: Vec<&str> = metadata.facts.iter().map(String::as_str).collect();
            let facts = facts.join(", ");
            let title = line(&metadata.title);
            terminal.line(&format!("{folder}  {scope:10}  {title}; facts: {facts}"));
            for (code, effect) in &metadata.codes {
                let (word, color) = match effect {
                    Effect::Deny => ("deny  ", Color::Red),
                    Effect::Warn => ("warn  ", Color::Yellow),
                };
                terminal.line(&format!("  {}  {code}", style.paint(word, color)));
            }
            for code in &metadata.reasons {
                terminal.line(&format!("  {}  {code}", style.paint("reason", Color::Dim)));
            }
        }
    }
    Ok(Exit::Pass)
}

fn test(folder: Option<&str>, coverage: bool, terminal: &mut Terminal) -> Outcome {
    let policies = policies(terminal)?;
    let mut failed = 0;
    let mut passed = 0;
    let wanted = |name: &str| folder.is_none_or(|folder| folder == name);
    for policy in policies.set.iter().filter(|policy| wanted(policy.folder())) {
        let report = run_tests(policy)?;
        for test in &report.tests {
            let problem = match &test.outcome {
                TestOutcome::Pass => {
                    passed += 1;
                    continue;
                }
                TestOutcome::Skipped => continue,
                TestOutcome::Fail(rows) if rows.is_empty() => "not true".to_owned(),
                TestOutcome::Fail(rows) => format!("not true: {}", rows.join(", ")),
                TestOutcome::Idle => "asks nothing of the policy".to_owned(),
                TestOutcome::Error(error) => error.clone(),
            };
            failed += 1;
            terminal.line(&format!("FAIL {} {} {problem}", test.at, test.name));
        }
        for (at, fact) in &report.unread_facts {
            terminal.line(&format!(
                "note {at} the fact `{fact}` is declared and not read"
            ));
        }
        for (path, lines) in report.coverage.iter().filter(|_| coverage) {
            for line in &lines.not_covered {
                failed += 1;
                terminal.line(&format!("FAIL {path}:{line} no test reaches this line"));
            }
        }
        for case in gate::run_cases(&policies, policy.folder())? {
            match case.problem {
                None => passed += 1,
                Some(problem) => {
                    failed += 1;
                    terminal.line(&format!("FAIL {} {problem}", case.name));
                }
            }
        }
    }
    terminal.line(&format!("{passed} passed, {failed} failed"));
    let nothing = passed + failed == 0;
    Ok(if failed > 0 || nothing {
        Exit::Denied
    } else {
        Exit::Pass
    })
}

fn policies(
    terminal: &Terminal,
) -> Result<gate::Policies, Box<dyn miette::Diagnostic + Send + Sync>> {
    let files = common::policy_files(&terminal.directory)?;
    Ok(gate::policies(files)?)
}
