//! `tidegate policy`: what runs, and whether it holds what it promises.

mod eval;
mod opa_json;
mod test;

use clap::Subcommand;

use super::common::{self, Outcome};
use super::terminal::Terminal;
use crate::gate;
use crate::model::{Effect, Exit};
use crate::policy::{CAPABILITIES, Scope};
use crate::report::Color;
use crate::report::sanitise::line;

/// List, test and try policies
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
    Test(test::Args),
    Eval(Box<eval::Args>),
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::List { capabilities: true } => {
                terminal.line(CAPABILITIES.trim_end());
                Ok(Exit::Pass)
            }
            Command::List { .. } => list(terminal),
            Command::Test(test) => test.run(terminal),
            Command::Eval(eval) => eval.run(terminal),
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
            let facts = match facts.as_slice() {
                [] => String::new(),
                facts => format!("; facts: {}", facts.join(", ")),
            };
            let title = line(&metadata.title);
            terminal.line(&format!("{folder}  {scope:10}  {title}{facts}"));
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

fn policies(
    terminal: &Terminal,
) -> Result<gate::Policies, Box<dyn miette::Diagnostic + Send + Sync>> {
    let files = common::policy_files(&terminal.directory)?;
    Ok(gate::policies(files)?)
}
