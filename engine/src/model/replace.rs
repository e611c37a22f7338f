//! Puts a whole file in the place of another.
//! Knows nothing of what it holds.

use std::path::Path;
use std::{fs, io};

/// Writes the file beside and renames it, so that two runs at once leave one whole file. Its folder is made
/// where it is missing.
///
/// # Errors
/// The folder or the file cannot be written.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}
