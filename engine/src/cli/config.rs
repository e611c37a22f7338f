//! `tidegate config`: the configuration's schema, its problems, its resolved form.

use clap::Subcommand;

use super::calendar;
use super::common::{self, Error, Outcome};
use super::terminal::Terminal;
use crate::config::{self, Config};
use crate::gate;
use crate::model::{Exit, RepoPath};
use crate::report::sanitise;

/// Show and check the configuration
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the JSON Schema of tidegate.yaml
    Schema,
    /// Check the configuration of the working tree, settings of policies and keys of those who sign images
    /// included; paths that match nothing are named
    Validate,
    /// Print the configuration of the working tree, if `validate` finds it right
    Show {
        /// With every default filled in
        #[arg(long)]
        resolved: bool,
    },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::Schema => terminal.line(&format!("{:#}", config::schema())),
            Command::Validate => {
                let Valid { path, config, .. } = Valid::read(terminal)?;
                let units: usize = config.environments.iter().map(|e| e.units.len()).sum();
                terminal.line(&format!(
                    "{path}: valid; {} environments, {units} units, profile {}",
                    config.environments.len(),
                    config.profile.as_str(),
                ));
                warn_idle(&config, terminal)?;
            }
            Command::Show { resolved: false } => {
                let Valid { bytes, .. } = Valid::read(terminal)?;
                terminal.line(String::from_utf8_lossy(&bytes).trim_end());
            }
            Command::Show { resolved: true } => {
                let Valid {
                    path, bytes, files, ..
                } = Valid::read(terminal)?;
                let (config, settings) = gate::resolve(&path, &bytes, &files)?;
                let text = config
                    .show_resolved_with(settings)
                    .map_err(|error| Error::Write {
                        path: path.to_string(),
                        reason: error.to_string(),
                    })?;
                terminal.line(text.trim_end());
            }
        }
        Ok(Exit::Pass)
    }
}

/// The configuration of the working tree, in which no problem was found.
struct Valid {
    path: RepoPath,
    bytes: Vec<u8>,
    /// Of policies.
    files: Vec<(RepoPath, Vec<u8>)>,
    config: Config,
}

impl Valid {
    fn read(terminal: &Terminal) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        let (path, bytes) = read(terminal)?;
        let files = common::policy_files(&terminal.directory)?;
        let config = gate::validate(&path, &bytes, &files)?;
        let signers = calendar::in_tree(&config.signer_files(), terminal)?;
        let config = gate::validate_signed(&path, &bytes, &files, signers)?;
        Ok(Self {
            path,
            bytes,
            files,
            config,
        })
    }
}

/// Names the globs that match nothing that is tracked; outside of a repository nobody can tell.
fn warn_idle(config: &Config, terminal: &mut Terminal) -> Result<(), gate::Error> {
    let Ok(repository) = common::repository(&terminal.directory) else {
        return Ok(());
    };
    for glob in gate::idle_globs(config, &repository)? {
        let text = format!(
            "warning: {}: `{}` matches no file that Git tracks",
            glob.location, glob.text
        );
        terminal.say(&sanitise::line(&text));
    }
    Ok(())
}

/// The configuration in the folder, or in one above it.
pub(super) fn read(
    terminal: &Terminal,
) -> Result<(RepoPath, Vec<u8>), Box<dyn miette::Diagnostic + Send + Sync>> {
    for folder in terminal.directory.ancestors() {
        if let Some(place) = config::locate(|place| folder.join(place).is_file())? {
            let path = folder.join(place);
            let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
            return Ok((RepoPath::from(place), bytes));
        }
    }
    Err(Error::NoConfig {
        folder: terminal.directory.display().to_string(),
    }
    .into())
}
