//! The files that `init` writes: only where nothing is, only below real folders.
//! Knows nothing of what they say.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::Error;
use crate::cli::common;
use crate::cli::output::readable;
use crate::cli::terminal::Terminal;
use crate::report::Color;

/// A file that is to be there in the end.
pub(super) struct Planned {
    path: String,
    text: String,
    pub(super) state: State,
}

/// Whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is written.
    New,
    /// It was there, with other content, and is left as it is.
    Kept,
    /// It was there, with this content.
    Same,
}

impl Planned {
    pub(super) fn new(path: &str, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
            state: State::New,
        }
    }

    /// A file that exists and that nothing is to be said about.
    pub(super) fn kept(path: &str) -> Self {
        Self {
            state: State::Same,
            ..Self::new(path, String::new())
        }
    }
}

/// Finds out which of them exist.
pub(super) fn settle(root: &Path, plan: &mut [Planned]) {
    for file in plan.iter_mut().filter(|file| file.state == State::New) {
        let path = root.join(&file.path);
        if path.symlink_metadata().is_ok() {
            let same = fs::read(&path).is_ok_and(|bytes| bytes == file.text.as_bytes());
            file.state = if same { State::Same } else { State::Kept };
        }
    }
}

/// What would be written, as a unified diff.
pub(super) fn show(plan: &[Planned], terminal: &mut Terminal) {
    let style = terminal.style();
    for file in plan {
        if file.state != State::New {
            terminal.line(&format!("kept {}", file.path));
            continue;
        }
        let count = file.text.lines().count();
        let path = &file.path;
        terminal.line(&format!(
            "--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{count} @@"
        ));
        for row in file.text.lines() {
            terminal.line(&style.paint(&format!("+{row}"), Color::Green));
        }
    }
    for file in plan {
        advise(file, terminal);
    }
    terminal.line("nothing was written");
}

/// Writes what is not there.
pub(super) fn write(
    root: &Path,
    plan: &[Planned],
    terminal: &mut Terminal,
) -> Result<(), Box<dyn miette::Diagnostic + Send + Sync>> {
    let new = |file: &&Planned| file.state == State::New;
    // All places are looked at before the first file is written.
    for file in plan.iter().filter(new) {
        check_folders(root, &file.path)?;
    }
    for file in plan {
        if file.state == State::New {
            let path = root.join(&file.path);
            write_new(&path, &file.text).map_err(|error| common::Error::write(&path, &error))?;
            terminal.line(&format!("wrote {}", file.path));
        } else {
            terminal.line(&format!("kept {}, nothing overwritten", file.path));
        }
    }
    for file in plan {
        advise(file, terminal);
    }
    Ok(())
}

/// What to add to a file that was there.
fn advise(file: &Planned, terminal: &mut Terminal) {
    if file.state == State::Kept {
        terminal.line(&format!(
            "{} is left as it is; it would have been:",
            file.path
        ));
        for row in file.text.lines() {
            terminal.line(&format!("    {row}"));
        }
    }
}

/// A link in the way would have the file written elsewhere.
fn check_folders(root: &Path, path: &str) -> Result<(), Error> {
    let mut folder = root.to_owned();
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    for name in folders.split('/').filter(|name| !name.is_empty()) {
        folder.push(name);
        match folder.symlink_metadata() {
            Ok(there) if there.is_dir() => {}
            Ok(_) => {
                let path = folder.strip_prefix(root).unwrap_or(&folder);
                let path = path.display().to_string();
                return Err(Error::NotAFolder { path });
            }
            // What is missing is made.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Written beside and put in its place in one step, unless something is there by now.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = readable(&mut tempfile::Builder::new()).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}
