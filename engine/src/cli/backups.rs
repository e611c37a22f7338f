//! `tidegate backups`: what holds data, and what backs it up, as a state of the repository declares it.

use std::path::PathBuf;

use super::common::{self, Error, Outcome};
use super::evidence::folder::files;
use super::output::{self, Format};
use super::renderers::{self, Network};
use super::terminal::Terminal;
use crate::gate::{self, Request, Runtime, What};
use crate::model::Exit;
use crate::report::{backups, sanitise};

/// Show what holds data in each environment, what backs it up, and what that lacks: schedule, retention, target,
/// encryption, distance and the worst age of the newest backup, as the manifests at REV declare it; and how old it is,
/// as signed evidence says. Nothing is fetched, and no policy runs
#[derive(clap::Args)]
pub(super) struct Args {
    /// Only this environment
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// The state of the repository
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    revision: String,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// human | json, to standard output or to a file (`json=backups.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    /// Signed evidence of backups beside that in `.tidegate/evidence` of the repository: a folder
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let repository = common::repository(&terminal.directory)?;
        let config = match self.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(&file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                Some((file.display().to_string(), bytes))
            }
        };
        let request = Request {
            environment: self.environment,
            config,
            ..Request::new(What::State(self.revision), terminal.now)
        };
        let folder = self.evidence.map(|folder| terminal.directory.join(folder));
        let evidence = folder.map(|folder| files(&folder)).transpose()?;
        let runtime = Runtime {
            evidence: evidence.as_deref().unwrap_or_default(),
            workshop: Some(&renderers::kept(terminal, &repository, self.network)),
            ..Runtime::default()
        };
        let found = gate::backups(&repository, &request, runtime)?;
        let environments = &found.environments;
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human if environments.is_empty() && !found.errors.is_empty() => Ok(()),
            Format::Human => backups::write_human(environments, style, out),
            _ => {
                let json = backups::to_json(environments);
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        let errors = found.errors.iter();
        let exits = errors.map(|error| terminal.print_error(error.error.as_ref()));
        Ok(exits.fold(Exit::Pass, Exit::max))
    }
}
