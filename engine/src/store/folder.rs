//! A store that is a folder.
//! Knows nothing of what the files say; a file is there in full or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;

use super::{Error, Store, StoredFile, Unread, check_bytes, check_count, layout};
use crate::{
    attest::UnitId,
    model::{Digest, GitId, limits},
};

/// A folder with `links/`, `reports/`, `renewals/` and `withdrawals/`, made when something is put there.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// Takes the folder, which need not be there yet: a store that is missing is empty.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// A folder of the store. A link on the way would lead to what is no part of it.
    fn folder(&self, place: impl AsRef<str>) -> Result<PathBuf, Error> {
        let mut path = self.root.clone();
        for step in place.as_ref().split('/') {
            path.push(step);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(Error::NotAFolder { path }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(source) => return Err(unreachable("read", &path)(source)),
            }
        }
        Ok(path)
    }
}

impl Store for FolderStore {
    fn units(&self) -> Result<Vec<UnitId>, Error> {
        let mut units = Vec::new();
        let links = self.folder(layout::LINKS)?;
        for environment in names(&links)? {
            for unit in names(&links.join(&environment))? {
                units.extend(UnitId::new(&environment, unit));
            }
        }
        Ok(units)
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        list(&self.folder(layout::links(unit))?)
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        let folder = self.folder(layout::links(unit))?;
        match put(&folder, &layout::link(height), envelope)? {
            Put::Done => Ok(()),
            Put::Taken => Err(Error::Conflict {
                unit: unit.to_string(),
                height,
            }),
        }
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        list(&self.folder(layout::reports(unit))?)
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        let folder = self.folder(layout::reports(unit))?;
        put_once(&folder, &layout::report(gated_tree, payload), envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        list(&self.folder(layout::renewals(link))?)
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        let folder = self.folder(layout::renewals(link))?;
        put_once(&folder, &layout::renewal(time), envelope)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        list(&self.folder(layout::WITHDRAWALS)?)
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        let folder = self.folder(layout::WITHDRAWALS)?;
        put_once(&folder, &layout::withdrawal(payload), envelope)
    }
}

enum Put {
    Done,
    Taken,
}

/// Puts a file that is named by its content.
fn put_once(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    if matches!(put(folder, name, bytes)?, Put::Done) {
        return Ok(());
    }
    let path = folder.join(name);
    let there = read(&path).map_err(unreachable("read", &path))?;
    if there.as_deref() == Ok(bytes) {
        return Ok(());
    }
    Err(Error::Blocked {
        place: path.display().to_string(),
        why: "it holds other bytes than its name says".to_owned(),
    })
}

/// Writes beside the target, then links it into place: the link fails where a file stands, and
/// nobody ever sees half of one.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<Put, Error> {
    fs::create_dir_all(folder).map_err(unreachable("make", folder))?;
    let target = folder.join(name);
    let (draft, mut file) = draft(folder).map_err(unreachable("write into", folder))?;
    let linked = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, &target));
    // A draft that stays behind is never read, so failing to remove it changes nothing.
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => {
            sync_folder(folder).map_err(unreachable("write", &target))?;
            Ok(Put::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Put::Taken),
        Err(source) => Err(unreachable("write", &target)(source)),
    }
}

/// A new file whose name readers skip.
fn draft(folder: &Path) -> io::Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let process = std::process::id();
    for _ in 0..10_000 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".draft-{process}-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            // Left by a run that was killed and had our process id.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The names of folders in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = || unreachable("read", folder);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed()(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed())?;
        let kind = entry.file_type().map_err(failed())?;
        if kind.is_symlink() {
            return Err(Error::NotAFolder { path: entry.path() });
        }
        if kind.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        check_count(names.len(), folder)?;
    }
    names.sort();
    Ok(names)
}

fn list(folder: &Path) -> Result<Vec<StoredFile>, Error> {
    let failed = || unreachable("read", folder);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed()(source)),
    };
    let mut files = Vec::new();
    let mut total = 0_usize;
    for entry in entries {
        let path = entry.map_err(failed())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        check_count(files.len().saturating_add(1), folder)?;
        let content = read(&path).map_err(unreachable("read", &path))?;
        total = total.saturating_add(content.as_ref().map_or(0, Vec::len));
        check_bytes(total, folder)?;
        files.push(StoredFile {
            name: name.into_owned(),
            place: path.display().to_string(),
            content,
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn read(path: &Path) -> io::Result<Result<Vec<u8>, Unread>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(Err(Unread::NotAFile));
    }
    let limit = limits::ENVELOPE.wide();
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(if bytes.len() > limits::ENVELOPE.most {
        Err(Unread::TooLong)
    } else {
        Ok(bytes)
    })
}

fn unreachable(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::NotADirectory => Error::NotAFolder { path },
        kind if FINAL.contains(&kind) || source.raw_os_error() == Some(IO_ERROR) => {
            Error::Unusable {
                action,
                path,
                source,
            }
        }
        _ => Error::Unreachable {
            action,
            path,
            source,
        },
    }
}

/// What a disk answers that cannot read or keep what it holds: it is not to be asked again as if nothing had been.
const IO_ERROR: i32 = 5;
/// What is so until somebody changes something; everything else may pass by itself.
const FINAL: [ErrorKind; 11] = [
    ErrorKind::PermissionDenied,
    ErrorKind::NotFound,
    ErrorKind::ReadOnlyFilesystem,
    ErrorKind::StorageFull,
    ErrorKind::QuotaExceeded,
    ErrorKind::FileTooLarge,
    ErrorKind::InvalidFilename,
    ErrorKind::InvalidInput,
    ErrorKind::IsADirectory,
    ErrorKind::TooManyLinks,
    ErrorKind::Unsupported,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, code_of};

    fn unit() -> UnitId {
        UnitId::new("prod", "odoo").unwrap()
    }

    #[test]
    fn a_height_is_taken_once_and_the_first_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path().join("made/when/missing"));
        assert_eq!(store.links(&unit()).unwrap(), []);
        store.publish_link(&unit(), 0, b"first").unwrap();
        let error = store.publish_link(&unit(), 0, b"second").unwrap_err();
        assert_eq!(code_of(&error), "store.conflict");
        let files = store.links(&unit()).unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].height(), Some(0));
        assert_eq!(files[0].content, Ok(b"first".to_vec()));
        let path = folder.path().join("made/when/missing/links/prod/odoo");
        assert_eq!(fs::read_dir(path).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_is_named_by_its_content_may_come_twice_but_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        let (tree, digest) = (GitId::EMPTY_TREE, Digest::of(b"x"));
        for _ in 0..2 {
            store
                .publish_report(&unit(), tree, digest, b"report")
                .unwrap();
            store.publish_withdrawal(digest, b"withdrawal").unwrap();
        }
        let error = store.publish_withdrawal(digest, b"other").unwrap_err();
        assert_eq!(code_of(&error), "store.blocked");
        assert_eq!(store.reports(&unit()).unwrap().len(), 1);
        assert_eq!(store.withdrawals().unwrap().len(), 1);
    }

    #[test]
    fn what_is_no_plain_file_of_bounded_length_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let links = folder.path().join("links/prod/odoo");
        fs::create_dir_all(links.join("1.json")).unwrap();
        fs::write(links.join("2.json"), vec![b' '; limits::ENVELOPE.most + 1]).unwrap();
        fs::write(links.join("03.json"), b"x").unwrap();
        fs::write(links.join(".draft-1-1"), b"x").unwrap();
        let store = FolderStore::new(folder.path());
        let seen: Vec<_> = store
            .links(&unit())
            .unwrap()
            .into_iter()
            .map(|file| (file.height(), file.content.map(|bytes| bytes.len())))
            .collect();
        assert_eq!(
            seen,
            [
                (None, Ok(1)),
                (Some(1), Err(Unread::NotAFile)),
                (Some(2), Err(Unread::TooLong))
            ]
        );
    }

    #[test]
    fn only_what_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = folder.path().join("nothing");
        assert_eq!(names(&nothing).unwrap(), [] as [String; 0]);
        assert_eq!(list(&nothing).unwrap(), []);
        // No system takes a name of so many bytes.
        let unreadable = folder.path().join("x".repeat(10_000));
        assert!(names(&unreadable).is_err());
        assert!(list(&unreadable).is_err());
        let store = FolderStore::new(&unreadable);
        assert!(store.folder("links").is_err());
        assert!(store.links(&unit()).is_err());
    }

    #[test]
    fn a_file_as_long_as_any_envelope_may_be_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        let long = vec![b' '; limits::ENVELOPE.most];
        store.publish_link(&unit(), 0, &long).unwrap();
        assert_eq!(store.links(&unit()).unwrap()[0].content, Ok(long));
    }

    #[test]
    fn what_cannot_be_written_is_told_from_what_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let error = put(folder.path(), "no/folder.json", b"x").map(|_| ());
        assert_eq!(code_of(&error.unwrap_err()), "store.unusable");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no draft");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let told = |code: i32| {
            let error = unreachable("write", Path::new("x"))(io::Error::from_raw_os_error(code));
            (code_of(&error), Exit::of_error(&error))
        };
        // EPERM, ENOENT, EIO, EACCES, EFBIG, ENOSPC, EROFS, EDQUOT: of the kernel's numbers.
        for code in [1, 2, 5, 13, 27, 28, 30, 122] {
            assert_eq!(
                told(code),
                ("store.unusable".into(), Exit::Unjudged),
                "{code}"
            );
        }
        // EINTR, EAGAIN, EBUSY, EMFILE, ETIMEDOUT, ESTALE.
        for code in [4, 11, 16, 24, 110, 116] {
            assert_eq!(
                told(code),
                ("store.unreachable".into(), Exit::Temporary),
                "{code}"
            );
        }
    }

    #[test]
    fn units_are_folders_and_files_beside_them_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        assert_eq!(store.units().unwrap(), []);
        store.publish_link(&unit(), 0, b"x").unwrap();
        for file in ["links/README", "links/prod/README"] {
            fs::write(folder.path().join(file), b"").unwrap();
        }
        assert_eq!(store.units().unwrap(), [unit()]);
        fs::remove_dir_all(folder.path().join("links")).unwrap();
        fs::write(folder.path().join("links"), b"").unwrap();
        assert_eq!(code_of(&store.units().unwrap_err()), "store.not-a-folder");
    }

    #[test]
    #[cfg(unix)]
    fn no_folder_of_a_store_is_a_link_to_somewhere_else() {
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("0.json"), b"x").unwrap();
        let link = Digest::of(b"a link");
        let renewals = layout::renewals(link);
        for place in [
            "links",
            "links/prod",
            "links/prod/odoo",
            "reports",
            "withdrawals",
            &renewals,
        ] {
            for target in [elsewhere.path(), Path::new("nothing")] {
                let folder = tempfile::tempdir().unwrap();
                let at = folder.path().join(place);
                fs::create_dir_all(at.parent().unwrap()).unwrap();
                std::os::unix::fs::symlink(target, &at).unwrap();
                let store = FolderStore::new(folder.path());
                let answers = [
                    store.links(&unit()).map(|files| files.len()),
                    store.reports(&unit()).map(|files| files.len()),
                    store.renewals(link).map(|files| files.len()),
                    store.withdrawals().map(|files| files.len()),
                ];
                let refused = answers.into_iter().filter_map(Result::err);
                let codes: Vec<_> = refused.map(|error| code_of(&error)).collect();
                assert_eq!(codes, ["store.not-a-folder"], "{place}");
                if place.starts_with("links/prod") && !place.ends_with("odoo") {
                    let error = store.units().unwrap_err();
                    assert_eq!(code_of(&error), "store.not-a-folder", "{place}");
                }
                if place.starts_with("links") {
                    let error = store.publish_link(&unit(), 1, b"y").unwrap_err();
                    assert_eq!(code_of(&error), "store.not-a-folder", "{place}");
                }
            }
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn a_folder_that_cannot_be_written_through_to_the_disk_is_told() {
        let folder = tempfile::tempdir().unwrap();
        sync_folder(folder.path()).unwrap();
        let error = sync_folder(&folder.path().join("none")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_draft_takes_no_name_that_a_killed_run_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = draft(folder.path()).unwrap();
        let name = first.file_name().unwrap().to_string_lossy().into_owned();
        let (before, number) = name.rsplit_once('-').unwrap();
        let number: u64 = number.parse().unwrap();
        for taken in number + 1..number + 500 {
            let left = folder.path().join(format!("{before}-{taken}"));
            fs::write(left, b"half").unwrap();
        }
        let (_, mut file) = draft(folder.path()).unwrap();
        file.write_all(b"whole").unwrap();
        let all = fs::read_dir(folder.path()).unwrap();
        let all = all.map(|entry| fs::read(entry.unwrap().path()).unwrap());
        assert_eq!(all.filter(|bytes| bytes == b"half").count(), 499);
        let error = draft(&folder.path().join("none")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_no_store() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let store = FolderStore::new(folder.path().join("file"));
        assert_eq!(
            code_of(&store.links(&unit()).unwrap_err()),
            "store.not-a-folder"
        );
        let error = store.publish_link(&unit(), 0, b"x").unwrap_err();
        assert_eq!(code_of(&error), "store.not-a-folder");
    }
}
