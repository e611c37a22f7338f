//! Globs of a configuration that match nothing: what they were written for is judged by nobody, or is gone.
//! Judges nothing.

use super::Error;
use crate::config::{Config, WrittenGlob};
use crate::git::{Repository, TreeEntry};

/// Those that match no file that Git tracks, in the order of the configuration.
///
/// # Errors
/// The index or a tree of the repository cannot be read.
pub fn idle_globs(config: &Config, repository: &Repository) -> Result<Vec<WrittenGlob>, Error> {
    let tracked = repository.tracked()?.head;
    let (entries, _) = repository.entries_in_reach(&tracked)?;
    let mut globs = config.written_globs();
    globs.retain(|glob| !matches_any(glob, &entries));
    Ok(globs)
}

/// Paths with one beginning stand together.
fn matches_any(glob: &WrittenGlob, entries: &[TreeEntry]) -> bool {
    let prefixes = glob.selector.literal_prefixes().into_iter();
    prefixes.map(str::as_bytes).any(|prefix| {
        let first = entries.partition_point(|entry| entry.path.as_bytes() < prefix);
        let from = entries.get(first..).unwrap_or_default().iter();
        let mut near = from.take_while(|entry| entry.path.as_bytes().starts_with(prefix));
        near.any(|entry| glob.selector.matches(&entry.path))
    })
}
