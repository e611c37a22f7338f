//! `tidegate hook`: the gate in the hooks of one clone, without pre-commit.
//! Asks `git` where hooks lie; touches no hook of anybody else.

mod script;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use clap::Subcommand;

use self::script::Hook;
use super::common::{self, Outcome};
use super::output;
use super::terminal::Terminal;
use crate::model::Exit;

/// Put the gate into this clone's Git hooks, or take it out
///
/// `pre-commit` and `pre-merge-commit` judge what is staged, `pre-push` what is pushed. A hook that
/// somebody else put there is left as it is. Where pre-commit is used, `tidegate init --with
/// pre-commit` is the better way.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the hooks
    Install,
    /// Remove the hooks that `install` wrote, and no others
    Uninstall,
}

/// What keeps a hook from being installed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum Error {
    #[error("Git does not say where the hooks are: {reason}")]
    #[diagnostic(
        code(hook::no_folder),
        help("run this in a clone, with `git` installed")
    )]
    NoFolder { reason: String },
    #[error("the hooks in `{folder}` may serve other repositories too")]
    #[diagnostic(
        code(hook::shared_folder),
        help(
            "`core.hooksPath` leads out of this repository; unset it, or add `tidegate check --staged || exit` to the pre-commit hook there, for the repositories that have a tidegate.yaml"
        )
    )]
    SharedFolder { folder: String },
    #[error("`{path}` is there already, and somebody else's")]
    #[diagnostic(
        code(hook::foreign),
        help("nothing was changed; to chain it, add this line to it: {line}")
    )]
    Foreign { path: String, line: String },
    #[error("the path of this program cannot be written into a script: `{path}`")]
    #[diagnostic(code(hook::program), help("install tidegate somewhere else"))]
    Program { path: String },
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let folder = folder(&terminal.directory)?;
        match self.command {
            Command::Install => install(&folder, terminal),
            Command::Uninstall => uninstall(&folder, terminal),
        }
    }
}

fn install(folder: &Path, terminal: &mut Terminal) -> Outcome {
    let program = program()?;
    // All are looked at before the first is written.
    for hook in Hook::ALL {
        let path = folder.join(hook.name());
        if path.symlink_metadata().is_ok() && !is_ours(hook, &path) {
            return Err(Error::Foreign {
                path: path.display().to_string(),
                line: hook.chained().to_owned(),
            }
            .into());
        }
    }
    fs::create_dir_all(folder).map_err(|error| common::Error::write(folder, &error))?;
    for hook in Hook::ALL {
        let path = folder.join(hook.name());
        output::replace(&path, hook.script(&program).as_bytes())
            .and_then(|()| make_executable(&path))
            .map_err(|error| common::Error::write(&path, &error))?;
        terminal.line(&format!("wrote {}", path.display()));
    }
    terminal.line("`git commit --no-verify` walks around a hook; what is signed after the merge does not depend on it");
    Ok(Exit::Pass)
}

fn uninstall(folder: &Path, terminal: &mut Terminal) -> Outcome {
    for hook in Hook::ALL {
        let path = folder.join(hook.name());
        if path.symlink_metadata().is_err() {
            continue;
        }
        if is_ours(hook, &path) {
            fs::remove_file(&path).map_err(|error| common::Error::write(&path, &error))?;
            terminal.line(&format!("removed {}", path.display()));
        } else {
            terminal.line(&format!("left {}: it is not ours", path.display()));
        }
    }
    Ok(Exit::Pass)
}

/// The folder of hooks, which linked worktrees share and `core.hooksPath` moves. It must belong to
/// this repository alone.
fn folder(directory: &Path) -> Result<PathBuf, Box<dyn miette::Diagnostic + Send + Sync>> {
    let repository = common::repository(directory)?;
    let folder = directory.join(ask_git(directory, &["--git-path", "hooks"])?);
    let folder = real(&folder);
    let own = [Some(repository.common_dir()), repository.work_tree()];
    let inside = own
        .into_iter()
        .flatten()
        .any(|own| folder.starts_with(real(own)));
    if !inside {
        let folder = folder.display().to_string();
        return Err(Error::SharedFolder { folder }.into());
    }
    Ok(folder)
}

fn ask_git(directory: &Path, question: &[&str]) -> Result<PathBuf, Error> {
    let no = |reason: String| Error::NoFolder { reason };
    let output = Process::new("git")
        .arg("rev-parse")
        .args(question)
        .current_dir(directory)
        .output()
        .map_err(|error| no(error.to_string()))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if !output.status.success() {
        return Err(no(said(&output.stderr)));
    }
    Ok(PathBuf::from(said(&output.stdout)))
}

/// Without links; for what does not exist yet, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let known = path
        .ancestors()
        .find_map(|above| Some((above, above.canonicalize().ok()?)));
    match known {
        Some((above, real)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
            _ => real,
        },
        None => path.to_owned(),
    }
}

/// A link to a hook of ours is not ours: it is somebody's.
fn is_ours(hook: Hook, path: &Path) -> bool {
    let plain = path.symlink_metadata().is_ok_and(|there| there.is_file());
    plain && fs::read_to_string(path).is_ok_and(|text| hook.wrote(&text))
}

fn program() -> Result<String, Error> {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("tidegate"));
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err(Error::Program {
            path: path.display().to_string(),
        }),
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path)?.permissions().mode();
    // As readable, so executable.
    fs::set_permissions(path, fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
