//! `tidegate environments`: what is deployed where, as the configuration and the tree say it.

use std::path::PathBuf;

use miette::Diagnostic;

use super::common::{self, Error, Outcome};
use super::output::{self, Format};
use super::renderers::Network;
use super::terminal::Terminal;
use crate::config::{self, Config};
use crate::gate::{self, ListedUnit};
use crate::git::Repository;
use crate::model::{Exit, RepoPath, code_of};
use crate::render::{Files, FilesError, Found, GitFiles, Online};
use crate::report::{environments, sanitise};
use crate::sources::{Place, ResolvedUnit, Source, Tree, Unknown};

/// Show each environment, its units, and what deploys them: folders of this repository, charts and
/// repositories of elsewhere, and what cannot be told or would not be rendered (then exit 3), with what to do about it
#[derive(clap::Args)]
pub(super) struct Args {
    /// The state of the repository
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// human | json, to standard output or to a file (`json=map.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let repository = common::repository(&terminal.directory)?;
        let snapshot = repository.snapshot(repository.resolve(&self.revision)?)?;
        let (path, bytes) = match &self.config {
            Some(file) => {
                let path = terminal.directory.join(file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                (RepoPath::new(file.as_os_str().as_encoded_bytes()), bytes)
            }
            None => committed(&repository, &snapshot, terminal)?,
        };
        let config = Config::parse(&path, &bytes)?;
        let remotes = self.network.remotes(terminal, &repository);
        let online = remotes.as_ref().map(|remotes| Online::Fetched {
            remotes,
            hosts: &config.online,
        });
        let files = GitFiles::new(&repository, &snapshot).with(online.unwrap_or_default());
        let tree = Tree::read(&files)?;
        let wanted = |environment: &&config::Environment| {
            self.env
                .as_ref()
                .is_none_or(|name| *name == environment.name)
        };
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for environment in config.environments.iter().filter(wanted) {
            match gate::listed(environment, &config, &tree, &files) {
                Ok(units) => {
                    let units = units.into_iter().map(|unit| shown(unit, &config, &files));
                    found.push((environment, units.collect::<Result<Vec<_>, _>>()?));
                }
                Err(error) => errors.push(error),
            }
        }
        if let (Some(name), true, true) = (&self.env, found.is_empty(), errors.is_empty()) {
            return Err(Error::UnknownEnvironment { name: name.clone() }.into());
        }
        let listed: Vec<environments::Listed<'_>> = found
            .iter()
            .map(|(environment, units)| environments::Listed { environment, units })
            .collect();
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human => environments::write_human(&listed, style, out),
            _ => {
                let json = environments::to_json(&listed);
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        let mut units = found.iter().flat_map(|(_, units)| units);
        let is_open = units.any(|unit| unit.refused.is_some() || unit.unit.unknown().count() > 0);
        let exit = if is_open { Exit::Unjudged } else { Exit::Pass };
        let exits = errors.iter().map(|error| terminal.print_error(error));
        Ok(exits.fold(exit, Exit::max))
    }
}

/// A unit as it is shown.
fn shown(
    listed: ListedUnit,
    config: &Config,
    files: &dyn Files,
) -> Result<environments::Unit, FilesError> {
    let ListedUnit { mut unit, refused } = listed;
    name_missing_folders(&mut unit, config, files)?;
    let refused = refused.filter(|_| unit.unknown().next().is_none());
    Ok(environments::Unit {
        unit,
        refused: refused.map(|error| environments::Refused {
            code: code_of(&error),
            reason: error.to_string(),
            remedy: error.help().map(|help| help.to_string()),
        }),
    })
}

/// A folder that the configuration names and the tree has not is told as what is not known.
fn name_missing_folders(
    unit: &mut ResolvedUnit,
    config: &Config,
    files: &dyn Files,
) -> Result<(), FilesError> {
    let Some(location) = config.location(&format!("{}/path", unit.pointer)) else {
        return Ok(());
    };
    for source in &mut unit.sources {
        let Source::Local(local) = source else {
            continue;
        };
        if files.resolve(&local.folder)?.found != Found::Folder {
            *source = Source::Unknown(Unknown {
                reason: format!(
                    "there is no folder `{}` in this state of the repository",
                    local.folder
                ),
                place: Place {
                    path: location.path.clone(),
                    line: location.line,
                    column: location.column,
                },
                remedy: "mend the path, or commit the folder".to_owned(),
                may_be: Vec::new(),
            });
        }
    }
    Ok(())
}

/// The configuration in a state of the repository.
fn committed(
    repository: &Repository,
    snapshot: &crate::git::Snapshot,
    terminal: &Terminal,
) -> Result<(RepoPath, Vec<u8>), common::Failure> {
    let mut entries = Vec::new();
    for place in config::PLACES {
        if let Some(entry) = repository.entry(snapshot, &RepoPath::from(place))? {
            entries.push((place, entry));
        }
    }
    let place = config::locate(|place| entries.iter().any(|(found, _)| *found == place))?;
    let entry = entries.iter().find(|(found, _)| Some(*found) == place);
    match entry {
        Some((place, entry)) => Ok((RepoPath::from(*place), repository.file(entry)?)),
        None => Err(Error::NoConfig {
            folder: terminal.directory.display().to_string(),
        }
        .into()),
    }
}
