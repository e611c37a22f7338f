//! Content that no object database holds: what a merge made, and files of the working tree.
//! Knows nothing of what it means.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use git2::{ObjectType, Oid};

use super::object::git_id;
use super::{Error, text};
use crate::model::GitId;

/// Blobs by id.
pub(super) type Unstored = BTreeMap<GitId, Content>;

/// Where the content of a blob is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file that is read when somebody looks at it.
    File { path: PathBuf, size: u64 },
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    /// The bytes whose id is `id`; a file that holds others by now is an error.
    pub(super) fn read(&self, id: GitId) -> Result<Cow<'_, [u8]>, Error> {
        let (path, size) = match self {
            Self::Bytes(bytes) => return Ok(Cow::Borrowed(bytes)),
            Self::File { path, size } => (path, *size),
        };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(size + 1).read_to_end(&mut bytes));
        if read.is_err() || blob_id(&bytes)? != id {
            let path = text::shown(&path.to_string_lossy());
            return Err(Error::WorktreeChanged { path });
        }
        Ok(Cow::Owned(bytes))
    }
}

/// The id of a blob with these bytes; nothing is written.
pub(super) fn blob_id(bytes: &[u8]) -> Result<GitId, Error> {
    Oid::hash_object(ObjectType::Blob, bytes)
        .map_err(|error| Error::Hash(text::shown(error.message())))
        .and_then(git_id)
}
