//! Objects as bytes: bounded by their header before they are read, hash-verified when they are.
//! Knows nothing of what trees and commits mean.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use git2::{ErrorCode, ObjectType, Oid};

use super::{Error, Repository, TreeEntry, text};
use crate::model::{GitId, limits};

impl Repository {
    /// The content of a blob of at most [`limits::FILE`].
    ///
    /// # Errors
    /// Missing, corrupt, no blob, or larger.
    pub fn blob(&self, id: GitId) -> Result<Vec<u8>, Error> {
        self.blob_within(id, limits::FILE.wide())
    }

    /// The content of a file of at most [`limits::FILE`]; one that is larger is named.
    ///
    /// # Errors
    /// Missing, corrupt, no blob, or larger.
    pub fn file(&self, entry: &TreeEntry) -> Result<Vec<u8>, Error> {
        self.blob(entry.id).map_err(|error| match error {
            Error::BlobTooLarge { size, limit, .. } => Error::FileTooLarge {
                path: entry.path.clone(),
                size,
                limit,
            },
            other => other,
        })
    }

    /// The content of a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// Missing, corrupt, no blob, or larger.
    pub fn blob_within(&self, id: GitId, limit: u64) -> Result<Vec<u8>, Error> {
        if let Some(known) = self.blobs.borrow().within(id, limit) {
            return Ok(known.to_vec());
        }
        let bytes = self.with_object(id, ObjectType::Blob, limit, <[u8]>::to_vec)?;
        self.blobs.borrow_mut().keep(id, &bytes);
        Ok(bytes)
    }

    /// The size of a blob, without reading it.
    ///
    /// # Errors
    /// Missing, corrupt, or no blob.
    pub fn blob_size(&self, id: GitId) -> Result<u64, Error> {
        let (size, kind) = self.header(id)?;
        expect_kind(id, kind, ObjectType::Blob)?;
        Ok(size)
    }

    /// Gives the bytes of an object to `read`.
    pub(super) fn with_object<T>(
        &self,
        id: GitId,
        kind: ObjectType,
        limit: u64,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let (size, found) = self.header(id)?;
        expect_kind(id, found, kind)?;
        if size > limit {
            return Err(too_large(id, kind, size, limit));
        }
        let unstored = self.unstored.borrow().clone();
        if let Some(content) = unstored.get(&id) {
            return Ok(read(&content.read(id)?));
        }
        let odb = self.inner.odb().map_err(|error| object_error(id, &error))?;
        let object = odb
            .read(oid(id))
            .map_err(|error| object_error(id, &error))?;
        expect_kind(id, object.kind(), kind)?;
        if object.len() as u64 > limit {
            return Err(too_large(id, kind, object.len() as u64, limit));
        }
        Ok(read(object.data()))
    }

    /// Size and kind of an object.
    pub(super) fn header(&self, id: GitId) -> Result<(u64, ObjectType), Error> {
        if let Some(content) = self.unstored.borrow().get(&id) {
            return Ok((content.size(), ObjectType::Blob));
        }
        let odb = self.inner.odb().map_err(|error| object_error(id, &error))?;
        let (size, kind) = quietly(|| odb.read_header(oid(id)))
            .ok_or_else(|| Error::ObjectCorrupt {
                id,
                reason: "it is of no kind that there is".to_owned(),
            })?
            .map_err(|error| object_error(id, &error))?;
        Ok((size as u64, kind))
    }
}

/// Whether this thread asks git2 something that it answers with a panic where a pack is damaged. The
/// panic is caught: who reports panics has nothing to say.
#[cfg(feature = "cli")]
pub(crate) fn catches_panics() -> bool {
    CATCHES.get()
}

/// The answer, or nothing where there was a panic: git2 takes the kind that a header says for one that
/// there is.
fn quietly<T>(ask: impl FnOnce() -> T) -> Option<T> {
    CATCHES.set(true);
    let answer = panic::catch_unwind(AssertUnwindSafe(ask));
    CATCHES.set(false);
    answer.ok()
}

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
}

/// libgit2's form of an id.
#[expect(clippy::expect_used, reason = "20 bytes are always an id")]
pub(super) fn oid(id: GitId) -> Oid {
    Oid::from_bytes(id.as_bytes()).expect("20 bytes are an id")
}

/// Our form of an id.
pub(super) fn git_id(oid: Oid) -> Result<GitId, Error> {
    <[u8; 20]>::try_from(oid.as_bytes())
        .map(GitId::from_bytes)
        .map_err(|_| Error::ObjectFormat)
}

fn expect_kind(id: GitId, found: ObjectType, wanted: ObjectType) -> Result<(), Error> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::ObjectCorrupt {
        id,
        reason: format!("it is a {found}, not a {wanted}"),
    })
}

fn too_large(id: GitId, kind: ObjectType, size: u64, limit: u64) -> Error {
    if kind == ObjectType::Blob {
        Error::BlobTooLarge { id, size, limit }
    } else {
        Error::ObjectTooLarge { id, size, limit }
    }
}

fn object_error(id: GitId, error: &git2::Error) -> Error {
    if error.code() == ErrorCode::NotFound {
        Error::ObjectMissing(id)
    } else {
        Error::ObjectCorrupt {
            id,
            reason: text::shown(error.message()),
        }
    }
}
