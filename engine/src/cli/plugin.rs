//! The process as a config-management plugin of Argo CD: what it is asked to render, and the command that renders.
//! Decides nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use super::common::{Error, Failure};
use super::terminal::Terminal;
use crate::gate::Checkout;
use crate::manifest::secrets::without_secrets;
use crate::model::{GitId, RepoPath};
use crate::verify::{ApplicationError, AppliedSource, Reason, Refusal, Sync};

/// What Argo CD asks a plugin to render.
pub(super) fn asked(
    revision: GitId,
    repository: Option<&str>,
    terminal: &Terminal,
) -> Result<Sync, Failure> {
    let found = terminal.variable(REPOSITORY).unwrap_or_default();
    let shown = without_secrets(&found).unwrap_or_else(|| found.clone());
    let Some(repository) = repository else {
        return Err(Error::NoRepository { found: shown }.into());
    };
    if found != repository {
        let refusal = Refusal {
            reason: Reason::SourceOutsideSelector,
            expected: format!("a source at `{repository}`"),
            found: format!("`{shown}`"),
        };
        return Err(ApplicationError::Foreign(refusal).into());
    }
    let folder = terminal.variable(FOLDER).unwrap_or_default();
    let source = AppliedSource::of_folder(&folder).ok_or(Error::Folder { folder })?;
    let overrides = overrides(terminal).map(|name| Refusal {
        reason: Reason::SourceOverride,
        expected: "a plugin that the Application tells nothing".to_owned(),
        found: format!("`{name}`"),
    });
    Ok(Sync::of_plugin(revision, source, overrides.collect()))
}

/// What Argo CD put there to render, as far up as the folders have the names of the source's path: it hands out the
/// whole repository, or what `manifest-generate-paths` of the Application names.
pub(super) fn checkout<'a>(directory: &'a Path, source: &RepoPath) -> Checkout<'a> {
    let (mut folder, mut below) = (directory, source.clone());
    while !below.as_bytes().is_empty()
        && let (Some(name), Some(above)) = (folder.file_name(), folder.parent())
        && name.as_encoded_bytes() == below.file_name()
    {
        folder = above;
        below = RepoPath::new(below.parent());
    }
    Checkout { folder, below }
}

/// What stands for this process from here on: its output is the output, its exit code the exit code.
///
/// It learns nothing of verdicts: of the environment it gets what programs need to run at all, and what Argo CD says
/// of the source.
#[cfg(unix)]
pub(super) fn become_command(command: &[String], terminal: &mut Terminal) -> Failure {
    use std::os::unix::process::CommandExt;

    let [program, arguments @ ..] = command else {
        return Error::NoCommand.into();
    };
    let mut names = terminal.variable_names();
    names.retain(|name| is_handed_on(name));
    let variables: Vec<(String, String)> = names
        .into_iter()
        .filter_map(|name| terminal.variable(&name).map(|value| (name, value)))
        .collect();
    terminal.flush();
    let error = Command::new(program)
        .args(arguments)
        .current_dir(&terminal.directory)
        .stdin(Stdio::null())
        .env_clear()
        .envs(variables)
        .exec();
    Error::Command {
        program: program.clone(),
        reason: error.to_string(),
    }
    .into()
}

/// Elsewhere a process cannot hand itself over.
#[cfg(not(unix))]
pub(super) fn become_command(command: &[String], _: &mut Terminal) -> Failure {
    Error::Command {
        program: command.first().cloned().unwrap_or_default(),
        reason: "only Unix can".to_owned(),
    }
    .into()
}

/// The variables by which an Application tells its plugin more than Git does.
fn overrides(terminal: &Terminal) -> impl Iterator<Item = String> {
    let said = terminal
        .variable(PARAMETERS)
        .filter(|value| !["", "[]", "null"].contains(&value.as_str()))
        .map(|_| PARAMETERS.to_owned());
    let names = terminal.variable_names().into_iter();
    said.into_iter()
        .chain(names.filter(|name| TELLING.iter().any(|told| name.starts_with(told))))
}

fn is_handed_on(name: &str) -> bool {
    HANDED_ON.contains(&name) || (name.starts_with(OF_SOURCE) && name != PARAMETERS)
}

/// The commit.
pub(super) const REVISION: &str = "ARGOCD_APP_REVISION";
/// The repository; where it is not set, nobody says what the folder should hold.
pub(super) const REPOSITORY: &str = "ARGOCD_APP_SOURCE_REPO_URL";
const FOLDER: &str = "ARGOCD_APP_SOURCE_PATH";
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";
const OF_SOURCE: &str = "ARGOCD_APP_";
const TELLING: [&str; 2] = ["ARGOCD_ENV_", "PARAM_"];
const HANDED_ON: [&str; 14] = [
    "HOME",
    "KUBE_API_VERSIONS",
    "KUBE_VERSION",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
];
