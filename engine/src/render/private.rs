//! Folders and files that only their owner may open.
//! Knows nothing of what is in them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Makes a folder; one that is there is an error.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    mode::of_folder(&mut builder);
    builder.create(path)
}

/// Makes a folder and those above it, where they are not there.
pub(super) fn folders(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    mode::of_folder(&mut builder);
    builder.create(path)
}

/// Writes a file; one that is there is an error.
pub(super) fn file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    mode::of_file(&mut options);
    let mut file: File = options.open(path)?;
    file.write_all(bytes)
}

/// Gives a folder back to its owner.
pub(super) fn open(folder: &Path) -> io::Result<()> {
    mode::open(folder)
}

/// Whether this is a folder that only this user may write.
pub(super) fn is_own(folder: &Path) -> bool {
    mode::is_own(folder)
}

/// Makes a symbolic link.
#[cfg(unix)]
pub(super) fn link(path: &Path, target: &[u8]) -> io::Result<()> {
    std::os::unix::fs::symlink(as_path(target), path)
}

/// A link would need rights here that users do not have.
#[cfg(not(unix))]
pub(super) fn link(_: &Path, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The bytes of a path in a tree as a path on the disk.
#[cfg(unix)]
pub(super) fn as_path(path: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    OsStr::from_bytes(path).into()
}

/// The bytes of a path in a tree as a path on the disk.
#[cfg(not(unix))]
pub(super) fn as_path(path: &[u8]) -> PathBuf {
    OsStr::new(&*String::from_utf8_lossy(path)).into()
}

/// A name that nobody can guess.
pub(super) fn random_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let digits = random.iter().map(|byte| format!("{byte:02x}"));
    Ok(digits.collect())
}

#[cfg(unix)]
mod mode {
    use std::fs::{self, DirBuilder, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    };
    use std::path::Path;

    pub(super) fn of_folder(builder: &mut DirBuilder) {
        builder.mode(0o700);
    }

    pub(super) fn of_file(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn open(folder: &Path) -> io::Result<()> {
        fs::set_permissions(folder, Permissions::from_mode(0o700))
    }

    pub(super) fn is_own(folder: &Path) -> bool {
        let user = rustix::process::geteuid().as_raw();
        fs::symlink_metadata(folder)
            .is_ok_and(|found| found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0)
    }
}

/// Where there are no modes, a user's folders are the user's.
#[cfg(not(unix))]
mod mode {
    use std::fs::{DirBuilder, OpenOptions};
    use std::io;
    use std::path::Path;

    pub(super) fn of_folder(_: &mut DirBuilder) {}

    pub(super) fn of_file(_: &mut OpenOptions) {}

    pub(super) fn open(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn is_own(folder: &Path) -> bool {
        folder.is_dir()
    }
}
