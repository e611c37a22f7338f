//! `doctor --repo`: reads what Git tracks of the repositories that make up an installation. Judges nothing itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::forge::GitHub;
use super::live;
use crate::cli::cluster::{Cluster, SERVICE_ACCOUNT};
use crate::cli::common::{self, Failure, Outcome};
use crate::cli::kubeconfig::Kubeconfig;
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::config::{self, Config};
use crate::doctor::{self, Branch, File, Tree};
use crate::git::{Repository, Selector, TreeEntry};
use crate::model::{GitId, RepoPath};
use crate::report::installation::{self, Way};

/// Says each way round the gate that the repositories show; the first of them is the one that is judged.
///
/// `online` asks the API server of a cluster too: that of a kubeconfig, or of the pod that this process runs in.
pub(super) fn run(
    folders: &[PathBuf],
    online: Option<Option<&Path>>,
    outputs: &[Output],
    terminal: &mut Terminal,
) -> Outcome {
    let trees = folders.iter().map(|folder| tree(folder, terminal));
    let mut trees = trees.collect::<Result<Vec<_>, _>>()?;
    let config = trees.first().map(configuration).transpose()?.flatten();
    let ways = match online {
        Some(kubeconfig) => asked(kubeconfig, &mut trees, config.as_ref(), terminal)?,
        None => doctor::ways(&trees, config.as_ref()),
    };
    output::write_each(outputs, terminal, &|format, _, out| match format {
        Format::Json => installation::write_json(&ways, out),
        _ => installation::write_human(&ways, out),
    })?;
    Ok(installation::exit(&ways))
}

/// With what the cluster says, and what GitHub does where there is a token for it; with a token and no cluster,
/// GitHub alone.
fn asked(
    kubeconfig: Option<&Path>,
    trees: &mut Vec<Tree>,
    config: Option<&Config>,
    terminal: &mut Terminal,
) -> Result<Vec<Way>, Failure> {
    let urls = trees.first().map(|tree| tree.urls.clone());
    let github = GitHub::of(&urls.unwrap_or_default(), terminal)?;
    let names_cluster = |name: &&str| terminal.variable(name).is_some();
    let has_cluster = kubeconfig.is_some() || CLUSTERS.iter().any(names_cluster);
    let ways = if has_cluster || github.is_none() {
        trees.push(live::tree(&cluster(kubeconfig, terminal)?)?);
        doctor::ways_online(trees, config)
    } else {
        terminal.say("no cluster is named: GitHub alone is asked");
        doctor::ways(trees, config)
    };
    let Some(github) = github else {
        return Ok(ways);
    };
    let forge = github.asked(doctor::branches(trees, config))?;
    Ok(doctor::with_forge(ways, &forge, trees, config))
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
        is_live: false,
    })
}

/// That of the kubeconfig that is named, here or by `KUBECONFIG`; else the pod's own.
fn cluster(kubeconfig: Option<&Path>, terminal: &Terminal) -> Result<Cluster, Failure> {
    let named = kubeconfig.map(Path::to_path_buf);
    let named = named.or_else(|| terminal.variable("KUBECONFIG").map(PathBuf::from));
    if let Some(named) = named {
        let kubeconfig = Kubeconfig::read(&terminal.directory.join(named))?;
        return Ok(Cluster::of_kubeconfig(kubeconfig)?);
    }
    let host = terminal.variable("KUBERNETES_SERVICE_HOST");
    let port = terminal.variable("KUBERNETES_SERVICE_PORT");
    Ok(Cluster::of_pod(Path::new(SERVICE_ACCOUNT), host, port)?)
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

/// What names a cluster.
const CLUSTERS: [&str; 2] = ["KUBECONFIG", "KUBERNETES_SERVICE_HOST"];
