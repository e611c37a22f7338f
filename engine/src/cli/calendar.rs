//! `tidegate calendar`: what the calendars of the configuration say, and when a change may go.
//! Decides nothing: which windows hold what is asked of the calendars.

mod explain;
mod export;
mod import;
mod lint;
mod next;
mod show;
mod whom;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use miette::Diagnostic;

use super::common::{Error, Outcome};
use super::terminal::Terminal;
use super::{check, config as working};
use crate::config::{Config, PLACES};
use crate::model::{RepoPath, limits};

/// Show when what may not change, and when it may
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(show::Args),
    Next(next::Args),
    Explain(explain::Args),
    Lint(lint::Args),
    Import(import::Args),
    Export(export::Args),
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::Show(args) => args.run(terminal),
            Command::Next(args) => args.run(terminal),
            Command::Explain(args) => args.run(terminal),
            Command::Lint(args) => args.run(terminal),
            Command::Import(args) => args.run(terminal),
            Command::Export(args) => args.run(terminal),
        }
    }
}

/// Whose calendars, and as of when.
#[derive(clap::Args)]
struct Source {
    /// As if it were this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
    /// Use this configuration file instead of the one in the working tree
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Source {
    fn now(&self, terminal: &Terminal) -> Result<Timestamp, Error> {
        match &self.now {
            None => Ok(terminal.now),
            Some(text) => check::instant(text).ok_or_else(|| Error::Now { text: text.clone() }),
        }
    }

    fn config(&self, terminal: &Terminal) -> Result<Config, Box<dyn Diagnostic + Send + Sync>> {
        let (path, bytes) = match &self.config {
            None => working::read(terminal)?,
            Some(file) => {
                let path = terminal.directory.join(file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                (RepoPath::new(file.as_os_str().as_encoded_bytes()), bytes)
            }
        };
        let mut config = Config::parse(&path, &bytes)?;
        config.read_calendars(&files(&config, terminal)?)?;
        Ok(config)
    }
}

/// The calendar files of the working tree; the configuration says which are missing.
pub(super) fn files(
    config: &Config,
    terminal: &Terminal,
) -> Result<BTreeMap<RepoPath, Vec<u8>>, Error> {
    in_tree(&config.calendar_files(), terminal)
}

/// Files of the working tree that a configuration names, as far as they are there.
pub(super) fn in_tree(
    paths: &[RepoPath],
    terminal: &Terminal,
) -> Result<BTreeMap<RepoPath, Vec<u8>>, Error> {
    let is_root = |folder: &&Path| PLACES.iter().any(|place| folder.join(place).is_file());
    let root = terminal.directory.ancestors().find(is_root);
    let root = root.unwrap_or(&terminal.directory);
    let mut files = BTreeMap::new();
    for path in paths {
        let Some(text) = path.as_str() else { continue };
        if let Some(bytes) = plain(root, text)? {
            files.insert(path.clone(), bytes);
        }
    }
    Ok(files)
}

/// What a file in `root` holds; `None` where there is none. Nothing on the way to it is a link: whoever wrote the
/// branch chose where it leads, out of the repository too, and the gate follows none.
fn plain(root: &Path, path: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut at = root.to_path_buf();
    for part in Path::new(path).components() {
        at.push(part);
        let Ok(found) = std::fs::symlink_metadata(&at) else {
            return Ok(None);
        };
        if !found.is_dir() && !found.is_file() {
            let reason =
                "it is a link or no plain file, which nothing that a configuration names may be";
            let error = std::io::Error::other(reason);
            return Err(Error::read(&at, &error));
        }
    }
    let bytes = File::open(&at).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(limits::CALENDAR_FILE.wide() + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    bytes.map(Some).map_err(|error| Error::read(&at, &error))
}
