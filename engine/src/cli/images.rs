//! `tidegate images`: the images that a state of the repository, or a range, names.

use std::path::PathBuf;

use clap::Subcommand;

use super::common::{self, Error, Outcome};
use super::output::{self, Format};
use super::renderers::{self, Network};
use super::terminal::Terminal;
use crate::gate::{self, Request, Runtime, What};
use crate::model::{Exit, GitId};
use crate::report::images::{self, Listed};
use crate::report::sanitise;

/// Look at the images that run
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(ListArgs),
}

/// List every image that the units name, as it is written and as runtimes read it: in pods, volumes, the
/// kinds of operators and the places of `images.locations`. Nothing is fetched, and no policy runs
#[derive(clap::Args)]
struct ListArgs {
    /// A state of the repository; or a range `A..B`: only the images that it brings
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// human | json, to standard output or to a file (`json=images.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::List(args) => args.run(terminal),
        }
    }
}

impl ListArgs {
    fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let repository = common::repository(&terminal.directory)?;
        let is_range = self.revision.contains("..");
        let range = match is_range {
            true => self.revision,
            false => format!("{}..{}", GitId::EMPTY_TREE, self.revision),
        };
        let config = match self.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(&file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                Some((file.display().to_string(), bytes))
            }
        };
        let request = Request {
            what: What::Range(range),
            environment: self.env,
            unit: self.unit,
            everything: false,
            now: terminal.now,
            policy_ref: None,
            config,
        };
        let runtime = Runtime {
            workshop: Some(&renderers::kept(terminal, &repository, self.network)),
            ..Runtime::default()
        };
        let mut found = gate::images(&repository, &request, runtime)?;
        if is_range {
            for unit in &mut found.units {
                unit.images.retain(|image| image.changed);
            }
            found.units.retain(|unit| !unit.images.is_empty());
        }
        let units = found.units.iter();
        let listed: Vec<Listed<'_>> = units
            .map(|unit| Listed {
                environment: &unit.environment,
                unit: &unit.unit,
                images: &unit.images,
            })
            .collect();
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human if listed.is_empty() && !found.errors.is_empty() => Ok(()),
            Format::Human => images::write_human(&listed, style, out),
            _ => {
                let json = images::to_json(&listed);
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        let errors = found.errors.iter();
        let exits = errors.map(|error| terminal.print_error(error.error.as_ref()));
        Ok(exits.fold(Exit::Pass, Exit::max))
    }
}
