//! Private key files: made once, readable by their owner only.
//! Knows nothing of what the keys sign.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Error, SigningKey};
use crate::model::limits;

/// Writes `key` to a new file that only its owner can read, in folders that are made when missing.
///
/// # Errors
/// The path exists, lies inside a Git work tree, or cannot be written.
pub fn write_private(path: &Path, key: &SigningKey) -> Result<(), Error> {
    let failed = |source| Error::KeyIo {
        action: "write",
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let outside = |folder: &Path| match work_tree_of(&folder.canonicalize().map_err(failed)?) {
        None => Ok(()),
        Some(work_tree) => Err(Error::KeyInWorkTree {
            path: path.to_owned(),
            work_tree,
        }),
    };
    // Before a folder is made, and again where it really is.
    outside(nearest(folder))?;
    make(folder).map_err(failed)?;
    outside(folder)?;
    let mut file = create(path).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => Error::KeyExists {
            path: path.to_owned(),
        },
        _ => failed(source),
    })?;
    let written = file
        .write_all(key.to_pem().as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key is no use to anyone; the write's own error is the one to tell.
        let _ = fs::remove_file(path);
        failed(source)
    })
}

/// Reads a private key file that nobody else can read.
///
/// # Errors
/// No regular file, wider permissions than 0600, another user's (where that can be told), or no key.
pub fn read_private(path: &Path) -> Result<SigningKey, Error> {
    let failed = |source| Error::KeyIo {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let named = fs::symlink_metadata(path).map_err(failed)?;
    let not_a_file = || Error::KeyNotAFile {
        path: path.to_owned(),
    };
    if !named.is_file() {
        return Err(not_a_file());
    }
    let file = File::open(path).map_err(failed)?;
    let opened = file.metadata().map_err(failed)?;
    if !opened.is_file() || !same_file(&named, &opened) {
        return Err(not_a_file());
    }
    check_mode(path, &opened)?;
    check_owner(path, &opened, own_user())?;
    let mut pem = Zeroizing::new(Vec::with_capacity(limits::KEY_FILE.most + 1));
    let limit = limits::KEY_FILE.wide().saturating_add(1);
    file.take(limit).read_to_end(&mut pem).map_err(failed)?;
    if pem.len() > limits::KEY_FILE.most {
        return Err(Error::KeyTooLong {
            path: path.to_owned(),
        });
    }
    SigningKey::from_pem(&pem)
}

/// The work tree that holds `folder`, ignored or not.
fn work_tree_of(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|ancestor| ancestor.join(".git").exists())
        .map(Path::to_owned)
}

/// The nearest folder above that exists.
fn nearest(folder: &Path) -> &Path {
    let existing = folder.ancestors().find(|ancestor| ancestor.exists());
    existing.unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn make(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn same_file(named: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (named.dev(), named.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & !0o600 == 0 {
        return Ok(());
    }
    Err(Error::KeyPermissions {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(unix)]
fn check_owner(path: &Path, metadata: &Metadata, own: Option<u32>) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = metadata.uid();
    match own {
        Some(own) if !is_trusted(owner, Some(own)) => Err(Error::KeyOwner {
            path: path.to_owned(),
            owner,
            own,
        }),
        _ => Ok(()),
    }
}

/// Whether a file of `owner` may hold a key of `own`.
#[cfg(unix)]
fn is_trusted(owner: u32, own: Option<u32>) -> bool {
    own.is_none_or(|own| [own, ROOT].contains(&owner))
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &Metadata, _: Option<u32>) -> Result<(), Error> {
    Ok(())
}

/// The user as whom this process acts, where the system says so by a file: the kernel gives each
/// process's folder to that user.
#[cfg(target_os = "linux")]
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let own = fs::metadata("/proc/self").ok()?;
    Some(own.uid())
}

#[cfg(not(target_os = "linux"))]
fn own_user() -> Option<u32> {
    None
}

/// Owns what a container is given as a secret, and could read every key anyway.
#[cfg(unix)]
const ROOT: u32 = 0;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::model::code_of;

    fn key() -> SigningKey {
        SigningKey::generate(getrandom::fill).unwrap()
    }

    #[test]
    fn missing_folders_are_made_for_their_owner_but_not_in_a_work_tree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config/tidegate/ci.pem");
        write_private(&path, &key()).unwrap();
        let mode = fs::metadata(path.parent().unwrap()).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o700);
        let work_tree = folder.path().join("shop");
        fs::create_dir_all(work_tree.join(".git")).unwrap();
        let error = write_private(&work_tree.join("keys/ci.pem"), &key()).unwrap_err();
        assert!(matches!(error, Error::KeyInWorkTree { .. }));
        assert!(!work_tree.join("keys").exists());
    }

    fn code(path: &Path) -> String {
        read_private(path)
            .err()
            .map_or("ok".into(), |error| code_of(&error))
    }

    #[test]
    fn what_is_written_is_private_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let key = key();
        write_private(&path, &key).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(read_private(&path).unwrap().public(), key.public());
        let error = write_private(&path, &self::key()).unwrap_err();
        assert_eq!(code_of(&error), "key.exists");
        assert_eq!(read_private(&path).unwrap().public(), key.public());
    }

    #[test]
    fn a_key_never_lands_in_a_work_tree() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        fs::create_dir_all(folder.path().join("deep/er")).unwrap();
        let path = folder.path().join("deep/er/key.pem");
        let error = write_private(&path, &key()).unwrap_err();
        assert_eq!(code_of(&error), "key.in-work-tree");
        assert!(!path.exists());
    }

    #[test]
    fn a_key_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        write_private(&path, &key()).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        let own = std::os::unix::fs::MetadataExt::uid(&metadata);
        assert!(check_owner(&path, &metadata, Some(own)).is_ok());
        assert!(check_owner(&path, &metadata, None).is_ok());
        assert!(is_trusted(ROOT, Some(7)) && is_trusted(7, Some(7)) && is_trusted(7, None));
        assert!(!is_trusted(8, Some(7)) && !is_trusted(8, Some(ROOT)));
        if cfg!(target_os = "linux") {
            assert_eq!(own_user(), Some(own));
        }
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(own + 1), None).is_ok() {
            assert_eq!(code(&path), "key.owner");
        }
    }

    #[test]
    fn a_file_that_took_the_place_of_another_is_told_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let about = |name: &str| {
            let path = folder.path().join(name);
            write_private(&path, &key()).unwrap();
            fs::metadata(path).unwrap()
        };
        let (named, swapped) = (about("key.pem"), about("other.pem"));
        assert!(same_file(&named, &named));
        assert!(!same_file(&named, &swapped));
    }

    #[test]
    fn a_file_as_long_as_a_key_may_be_is_read_and_no_longer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        write_private(&path, &key()).unwrap();
        for (length, expected) in [
            (limits::KEY_FILE.most, "key.format"),
            (limits::KEY_FILE.most + 1, "limit.key-file"),
            (limits::KEY_FILE.most + 2, "limit.key-file"),
        ] {
            fs::write(&path, vec![b'x'; length]).unwrap();
            assert_eq!(code(&path), expected, "{length}");
        }
    }

    #[test]
    fn a_key_that_others_could_read_or_swap_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        write_private(&path, &key()).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o700, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(code(&path), "key.permissions", "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(code(&path), "ok");
        let link = folder.path().join("link.pem");
        symlink(&path, &link).unwrap();
        assert_eq!(code(&link), "key.not-a-file");
        assert_eq!(code(folder.path()), "key.not-a-file");
        assert_eq!(code(&folder.path().join("none")), "key.io");
    }
}
