//! A repository for a process that has none: a bare one, filled by the user's own `git`.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::common::{Error, Failure};
use super::verdicts::branch_place;
use crate::git::Repository;
use crate::store::{BranchPlace, Remote};

/// What such a repository comes from.
pub(super) struct Origin<'a> {
    /// The address.
    pub(super) url: &'a str,
    /// The protected branch.
    pub(super) branch: &'a str,
    /// The store. Where it is a branch of this origin, a new repository gets its newest commit alone: what is at hand
    /// there is all that an admission reads, however long the history is.
    pub(super) verdicts: &'a str,
}

/// Makes `folder/repository.git` where it is missing, and brings the branch's commits up to date. Others wait until a
/// new one has them. It counts as used for as long as the file is open that comes with it.
pub(super) fn fetched(
    folder: &Path,
    origin: &Origin<'_>,
) -> Result<(Repository, Option<File>), Failure> {
    let path = folder.join("repository.git");
    let lock = locked(folder)?;
    let user = lock.as_ref().and_then(|_| used(folder, &path));
    let is_new = !path.exists() || is_hollow(&path);
    let repository = if is_new {
        made(folder, &path, origin.url)?
    } else {
        // What it saw before must not be forgotten by making it anew.
        let is_cut = |name| fs::metadata(path.join(name)).is_ok_and(|file| file.len() == 0);
        if ["HEAD", "config"].into_iter().any(is_cut) {
            return Err(Error::WorkBroken {
                path: path.display().to_string(),
            }
            .into());
        }
        let repository = Repository::open(&path)?;
        if repository.remote_url(NAME)?.as_deref() != Some(origin.url) {
            return Err(Error::OtherOrigin {
                path: path.display().to_string(),
            }
            .into());
        }
        repository
    };
    let lock = lock.filter(|_| is_new);
    let reference = format!("refs/heads/{}", origin.branch);
    let remote = Remote::new(&repository, NAME)?;
    remote.fetch(&reference)?;
    if is_new
        && let Some(place) = branch_place(origin.verdicts)
        && let Ok(place) = BranchPlace::parse(place)
        && place.remote() == NAME
    {
        // Where there is no such branch, or no way to ask for less than all, the store finds out and says so.
        remote.fetch_tip(&place.reference()).ok();
    }
    drop(lock);
    if let Some(head) = remote.head(&reference)?
        && repository.resolve(&head.to_string()).is_ok()
    {
        let _alone = locked(folder)?;
        repository.note_remote_branch(NAME, origin.branch, head)?;
    }
    Ok((repository, user))
}

/// Counts this process among the users of the repository. Where it is the only one, what a killed one had locked is
/// free again. Asked while no other process begins.
fn used(folder: &Path, path: &Path) -> Option<File> {
    let file = File::create(folder.join("repository.use")).ok()?;
    if file.try_lock().is_ok() {
        unlock(path, Depth::One);
        unlock(&path.join("refs"), Depth::All);
        file.unlock().ok()?;
    }
    file.lock_shared().ok()?;
    Some(file)
}

/// Removes the lock files of Git in a folder. One that cannot be removed is told by whoever
/// wants what it locks.
fn unlock(folder: &Path, depth: Depth) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth == Depth::All => unlock(&path, depth),
            Ok(kind) if kind.is_file() && path.extension().is_some_and(|end| end == "lock") => {
                fs::remove_file(&path).ok();
            }
            _ => {}
        }
    }
}

/// How far a folder is looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    One,
    All,
}

/// Nobody else makes a repository in this folder, or notes a branch in it, for as long as the file is open; nothing
/// where no file can be made or locked there, which whoever makes one is told.
///
/// # Errors
/// Another one has it for longer than anybody waits, or a pipe stands in its place, which would not be waited for less.
fn locked(folder: &Path) -> Result<Option<File>, Error> {
    let path = folder.join("repository.lock");
    let is_other = fs::symlink_metadata(&path).is_ok_and(|it| !it.is_file());
    if is_other {
        return Err(Error::write(
            &path,
            &std::io::ErrorKind::AlreadyExists.into(),
        ));
    }
    fs::create_dir_all(folder).ok();
    let Ok(file) = File::create(&path) else {
        return Ok(None);
    };
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
    Err(Error::WorkBusy {
        path: path.display().to_string(),
    })
}

/// A new repository, which takes its place when it is whole: who is killed before leaves none.
fn made(folder: &Path, path: &Path, url: &str) -> Result<Repository, Failure> {
    let draft = folder.join("repository.new");
    for old in [path, &draft] {
        if old.is_file() {
            fs::remove_file(old).map_err(|error| Error::write(old, &error))?;
        } else if old.exists() {
            fs::remove_dir_all(old).map_err(|error| Error::write(old, &error))?;
        }
    }
    Repository::init_bare(&draft, NAME, url)?;
    fs::rename(&draft, path).map_err(|error| Error::write(path, &error))?;
    Ok(Repository::open(path)?)
}

/// Whether a folder holds no more than a repository into which nothing was fetched, whole or half made.
fn is_hollow(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.into_iter().all(|entry| {
        entry.is_ok_and(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_hollow(&entry.path()),
            Ok(kind) => kind.is_file() && SKELETON.iter().any(|name| entry.file_name() == *name),
            Err(_) => false,
        })
    })
}

/// A minute: who makes a repository and fetches into it may take five, and is no better waited for than asked again.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);
const NAME: &str = "origin";
/// The files of a repository into which nothing was fetched.
const SKELETON: [&str; 6] = [
    "HEAD",
    "HEAD.lock",
    "config",
    "config.lock",
    "description",
    "exclude",
];
