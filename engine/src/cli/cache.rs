//! `tidegate cache`: what is kept between runs, and how to be rid of it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::common::{self, Error, Outcome};
use super::terminal::Terminal;
use crate::facts::index;
use crate::model::Exit;
use crate::policy::Answers;
use crate::render::Cache;
use crate::report::sanitise;

/// Show what is kept between runs, or remove it
///
/// All of it can be made again, and changes no byte of a report; nothing that is signed reads it.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Name each kind with its place, its files and its bytes
    Show,
    /// Remove all that `show` names
    Clear,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let kinds = kinds(terminal);
        for (name, place) in &kinds {
            if matches!(self.command, Command::Clear) {
                clear(place)?;
            }
            let (files, bytes) = size(place);
            let place = place.display();
            let line = format!("{name:12}{files:>7} files{bytes:>13} bytes  {place}");
            terminal.line(&sanitise::line(&line));
        }
        if terminal.cache_folder().is_none() {
            terminal.say(NONE);
        }
        Ok(Exit::Pass)
    }
}

/// What is kept, and where: a file, or a folder of files.
fn kinds(terminal: &Terminal) -> Vec<(&'static str, PathBuf)> {
    let repository = common::repository(&terminal.directory).ok();
    let index = repository.and_then(|repository| index::Cache::of(repository.common_dir()).place());
    let folder = terminal.cache_folder();
    let answers = folder.as_deref().map(Answers::place);
    let renderings = folder.as_deref().map(Cache::place);
    let all = [
        ("index", index),
        ("answers", answers),
        ("renderings", renderings),
    ];
    let there = all
        .into_iter()
        .filter_map(|(name, place)| Some((name, place?)));
    there.collect()
}

/// The files of a place, and their bytes.
fn size(place: &Path) -> (usize, u64) {
    let files: Vec<u64> = files(place)
        .iter()
        .filter_map(|file| Some(fs::symlink_metadata(file).ok()?.len()))
        .collect();
    (files.len(), files.iter().sum())
}

fn clear(place: &Path) -> Result<(), Error> {
    for file in files(place) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::write(&file, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A folder's own files and links; of a file, itself.
fn files(place: &Path) -> Vec<PathBuf> {
    if !place.is_dir() {
        return vec![place.to_owned()];
    }
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    files.map(|entry| entry.path()).collect()
}

const NONE: &str =
    "no other cache: nothing says where this user keeps one, or this is a job of a CI service";
