//! Where verdicts lie.
//! Knows no signature: what it hands out is bytes that someone put there.

mod folder;

use std::path::PathBuf;

use miette::Diagnostic;

pub use folder::FolderStore;

use crate::{
    attest::UnitId,
    model::{Digest, GitId},
};

/// A place that holds links, reports and withdrawals.
///
/// Nothing it returns is trusted; who can write to it can withhold verdicts, not make them.
pub trait Store {
    /// All files where links of `unit` lie, by name.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error>;

    /// Puts a link at its height, which must be free: the compare-and-swap of the chain.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the height is taken; the store cannot be written.
    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error>;

    /// All reports of `unit`.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error>;

    /// Puts a report; twice the same is once.
    ///
    /// # Errors
    /// Other bytes lie in its place; the store cannot be written.
    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error>;

    /// All withdrawals, of whatever unit.
    ///
    /// # Errors
    /// The store cannot be read, or holds more than anyone would put there.
    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error>;

    /// Puts a withdrawal; twice the same is once.
    ///
    /// # Errors
    /// Other bytes lie in its place; the store cannot be written.
    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error>;
}

/// A file of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The last part of its name.
    pub name: String,
    /// Where it lies, for messages.
    pub place: String,
    /// What it holds, or why it was not read.
    pub content: Result<Vec<u8>, Unread>,
}

impl StoredFile {
    /// The height that the name of a link's file states: `7.json`, and no other spelling of 7.
    #[must_use]
    pub fn height(&self) -> Option<u64> {
        let digits = self.name.strip_suffix(".json")?;
        let height: u64 = digits.parse().ok()?;
        (height.to_string() == digits).then_some(height)
    }
}

/// Why a file of a store was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Longer than any verdict.
    #[error("it is longer than 4 MiB")]
    TooLong,
    /// A link, folder, pipe or device.
    #[error("it is no regular file")]
    NotAFile,
}

/// The store does not do what it should.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// It cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    #[diagnostic(
        code(store::unreachable),
        help("check the path, its permissions and the free space; hard links must be possible")
    )]
    Unreachable {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A file stands where a folder must be.
    #[error("`{}` is no folder", path.display())]
    #[diagnostic(code(store::not_a_folder), help("name a folder, as in `folder:DIR`"))]
    NotAFolder {
        /// Where.
        path: PathBuf,
    },
    /// Another link came first.
    #[error("height {height} of `{unit}` is taken")]
    #[diagnostic(code(store::conflict), help("judge again from the newest link"))]
    Conflict {
        /// The unit.
        unit: String,
        /// The height.
        height: u64,
    },
    /// A file that is no link stands where one must come.
    #[error("`{place}` stands in the way: {why}")]
    #[diagnostic(
        code(store::blocked),
        help("find out who put it there, then remove it; nothing is admitted by it")
    )]
    Blocked {
        /// The file.
        place: String,
        /// Why it does not count.
        why: String,
    },
    /// More files than anyone would put there.
    #[error("`{}` holds more than {limit} files", path.display())]
    #[diagnostic(
        code(limit::candidates),
        help("make a baseline and archive what is older")
    )]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
    /// More bytes than anyone would put there.
    #[error("`{}` holds more than {limit} bytes", path.display())]
    #[diagnostic(
        code(limit::store_bytes),
        help("make a baseline and archive what is older")
    )]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// The cap.
        limit: usize,
    },
}
