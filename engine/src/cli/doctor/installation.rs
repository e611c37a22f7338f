//! `doctor --repo`: reads what Git tracks of the repositories that make up an installation. Judges nothing itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::common::{self, Failure, Outcome};
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::config::{self, Config};
use crate::doctor::{self, Branch, File, Tree};
use crate::git::{Repository, Selector, TreeEntry};
use crate::model::{GitId, RepoPath};
use crate::report::installation;

/// Says each way round the gate that the repositories show; the first of them is the one that is judged.
pub(super) fn run(folders: &[PathBuf], outputs: &[Output], terminal: &mut Terminal) -> Outcome {
    let trees = folders.iter().map(|folder| tree(folder, terminal));
    let trees = trees.collect::<Result<Vec<_>, _>>()?;
    let config = trees.first().map(configuration).transpose()?.flatten();
    let ways = doctor::ways(&trees, config.as_ref());
    output::write_each(outputs, terminal, &|format, _, out| match format {
        Format::Json => installation::write_json(&ways, out),
        _ => installation::write_human(&ways, out),
    })?;
    Ok(installation::exit(&ways))
}

fn tree(folder: &Path, terminal: &Terminal) -> Result<Tree, Failure> {
    let repository = common::repository(&terminal.directory.join(folder))?;
    let tracked = repository.tracked()?.head;
    let entries = repository.entries(&tracked)?;
    let files = files(&repository, &entries, &doctor::concerns)?;
    let mut branches = Vec::new();
    // What several branches hold is told of the first.
    let mut known: BTreeSet<(RepoPath, GitId)> = entries
        .iter()
        .map(|entry| (entry.path.clone(), entry.id))
        .collect();
    let workflows = Selector::parse(&doctor::WORKFLOWS)?;
    for (name, head) in repository.branches()? {
        let mut other = repository.entries_matching(&repository.snapshot(head)?, &workflows)?;
        other.retain(|entry| known.insert((entry.path.clone(), entry.id)));
        let files = self::files(&repository, &other, &doctor::concerns)?;
        if !files.is_empty() {
            branches.push(Branch { name, files });
        }
    }
    let mut urls = Vec::new();
    for remote in repository.remotes()? {
        urls.extend(repository.remote_url(&remote)?);
    }
    Ok(Tree {
        name: folder.display().to_string(),
        urls,
        files,
        branches,
    })
}

fn files(
    repository: &Repository,
    entries: &[TreeEntry],
    concerns: &dyn Fn(&RepoPath) -> bool,
) -> Result<Vec<File>, Failure> {
    let plain = entries
        .iter()
        .filter(|entry| !entry.is_link() && !entry.is_submodule());
    let wanted = plain.filter(|entry| concerns(&entry.path));
    let read = wanted.map(|entry| {
        Ok(File {
            bytes: repository.blob(entry.id)?,
            path: entry.path.clone(),
        })
    });
    read.collect()
}

/// What judges a tree, where it says so.
fn configuration(tree: &Tree) -> Result<Option<Config>, Failure> {
    let file = |path: &str| {
        tree.files
            .iter()
            .find(|file| file.path == RepoPath::from(path))
    };
    let Some(place) = config::locate(|place| file(place).is_some())? else {
        return Ok(None);
    };
    let Some(file) = file(place) else {
        return Ok(None);
    };
    Ok(Some(Config::parse(&file.path, &file.bytes)?))
}
