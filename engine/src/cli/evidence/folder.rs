//! Files of evidence in a folder, read within bounds. Follows no link, and waits for no pipe.
//! Knows nothing of what they say.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::cli::common::{self, Failure};
use crate::facts::evidence::Error;
use crate::model::limits;

/// Each file below a folder, by its path in it. What is no file is one that says nothing.
pub(in crate::cli) fn files(root: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut files = Vec::new();
    let mut left = limits::EVIDENCE_TOTAL.most;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: io::Error| common::Error::read(&folder, &error);
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let there = fs::symlink_metadata(&path).map_err(failed)?;
            if there.is_dir() {
                folders.push(path);
                if folders.len() > limits::EVIDENCE_FILES.most {
                    return Err(Error::Files.into());
                }
                continue;
            }
            if files.len() >= limits::EVIDENCE_FILES.most {
                return Err(Error::Files.into());
            }
            let name = path.strip_prefix(root).unwrap_or(&path);
            let name = name.display().to_string();
            let bytes = match there.is_file() {
                true => bounded(&path).map_err(|error| common::Error::read(&path, &error))?,
                false => Vec::new(),
            };
            left = left.checked_sub(bytes.len()).ok_or(Error::Total)?;
            files.push((name, bytes));
        }
    }
    files.sort();
    Ok(files)
}

/// What a file says, and one byte more than is read of it.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let most = limits::EVIDENCE_FILE.wide().saturating_add(1);
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
