//! What was rendered, kept between runs by the digest of all that decides it.
//! Knows nothing of what an entry says. Nothing that is signed relies on it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::private;
use crate::model::{Digest, limits};

/// The entries of earlier runs and of this one, each a file: what it must hold as a digest of key and
/// content, then the content. What does not hold is not there.
#[derive(Debug)]
pub struct Cache {
    /// None where nothing is kept.
    folder: Option<PathBuf>,
    most: u64,
    /// The bytes of all entries, once they were counted.
    total: Mutex<Option<u64>>,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// The entries.
    pub entries: usize,
    /// All their bytes.
    pub bytes: u64,
}

impl Cache {
    /// The entries below `folder`, which is made where it is missing. Nothing is kept where it cannot be
    /// written, or is not this user's alone to write.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let folder = Self::place(folder);
        let made = private::folders(&folder).is_ok() && private::is_own(&folder);
        Self {
            folder: made.then_some(folder),
            ..Self::off()
        }
    }

    /// Nothing is known and nothing is kept.
    #[must_use]
    pub fn off() -> Self {
        Self {
            folder: None,
            most: limits::RENDER_CACHE.wide(),
            total: Mutex::new(None),
        }
    }

    /// Where the entries below `folder` are.
    #[must_use]
    pub fn place(folder: &Path) -> PathBuf {
        folder.join(FOLDER)
    }

    /// What was kept under `key`.
    pub fn get(&self, key: &Digest) -> Option<Vec<u8>> {
        let path = self.folder.as_ref()?.join(key.to_string());
        let bytes = read(&path).ok()?;
        let held = bytes.split_at_checked(DIGITS).and_then(|(check, rest)| {
            let content = rest.strip_prefix(b"\n")?;
            (check == check_of(key, content).as_bytes()).then(|| content.to_vec())
        });
        if held.is_none() {
            // Whatever damaged it, it is of no use.
            let _ = fs::remove_file(&path);
        }
        held
    }

    /// Keeps `bytes` under `key`. What cannot be kept is no error: the next run is slower.
    pub fn put(&self, key: &Digest, bytes: &[u8]) {
        let Some(folder) = &self.folder else {
            return;
        };
        let size = (bytes.len() + DIGITS + 1) as u64;
        if size > self.most / 4 || write(folder, key, bytes).is_err() {
            return;
        }
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match *total {
            Some(before) => before + size,
            None => self.stats().bytes,
        };
        *total = Some(if now > self.most {
            shrink(folder, self.most / 4 * 3)
        } else {
            now
        });
    }

    /// How much is kept now.
    pub fn stats(&self) -> CacheStats {
        let files = self.folder.as_deref().map(files).unwrap_or_default();
        CacheStats {
            entries: files.len(),
            bytes: files.iter().map(|file| file.size).sum(),
        }
    }

    /// Removes all entries.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn clear(&self) -> io::Result<()> {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        *total = None;
        let files = self.folder.as_deref().map(files).unwrap_or_default();
        files
            .iter()
            .try_for_each(|file| fs::remove_file(&file.path))
    }
}

struct Kept {
    written: SystemTime,
    path: PathBuf,
    size: u64,
}

/// The files of a folder, those that other runs write just now among them.
fn files(folder: &Path) -> Vec<Kept> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Kept {
            written: metadata.modified().ok()?,
            path: entry.path(),
            size: metadata.len(),
        })
    });
    files.collect()
}

/// Removes the oldest until at most so many bytes are left, and says how many.
fn shrink(folder: &Path, most: u64) -> u64 {
    let mut files = files(folder);
    files.sort_by(|one, other| (one.written, &one.path).cmp(&(other.written, &other.path)));
    let mut total = files.iter().map(|file| file.size).sum();
    for file in files {
        if total <= most {
            break;
        }
        if fs::remove_file(&file.path).is_ok() {
            total -= file.size;
        }
    }
    total
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits::RENDER_CACHE.wide();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the file beside and renames it, so that two runs at once leave one whole file.
fn write(folder: &Path, key: &Digest, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{key}.{}", private::random_name()?));
    let check = check_of(key, bytes);
    let whole = [check.as_bytes(), b"\n", bytes].concat();
    private::file(&temporary, &whole)
        .and_then(|()| fs::rename(&temporary, folder.join(key.to_string())))
        .inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
}

/// Against damage and mixed up files; whoever may write one may write this too.
fn check_of(key: &Digest, content: &[u8]) -> String {
    Digest::of(&[HEADER.as_bytes(), key.as_bytes(), content].concat()).to_string()
}

const FOLDER: &str = "renderings";
const HEADER: &str = concat!("tidegate renderings 1, ", env!("CARGO_PKG_VERSION"), "\n");
/// The digits of a digest.
const DIGITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Digest {
        Digest::of(&[number])
    }

    fn small(folder: &Path, most: u64) -> Cache {
        Cache {
            most,
            ..Cache::open(folder)
        }
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("not/there/yet");
        let cache = Cache::open(&place);
        assert_eq!(cache.get(&key(1)), None);
        cache.put(&key(1), b"kind: A\n\xff");
        cache.put(&key(2), b"");
        cache.put(&key(1), b"kind: B\n\xff");
        let cache = Cache::open(&place);
        assert_eq!(cache.get(&key(1)).unwrap(), b"kind: B\n\xff");
        assert_eq!(cache.get(&key(2)).unwrap(), b"");
        assert_eq!(cache.stats().entries, 2);
        cache.clear().unwrap();
        assert_eq!(
            (cache.get(&key(1)), cache.stats()),
            (None, CacheStats::default())
        );
    }

    #[test]
    fn what_does_not_hold_is_not_there_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path());
        let at = |number| Cache::place(folder.path()).join(key(number).to_string());
        cache.put(&key(1), b"objects");
        let whole = fs::read(at(1)).unwrap();
        let mut other = whole.clone();
        *other.last_mut().unwrap() ^= 1;
        for bad in [
            &[][..],
            &whole[..20],
            &whole[..64],
            &whole[..whole.len() - 1],
            &other,
        ] {
            fs::write(at(1), bad).unwrap();
            assert_eq!(cache.get(&key(1)), None, "{bad:?}");
            assert!(!at(1).exists());
        }
        // The entry of another key is none of this one.
        fs::write(at(2), &whole).unwrap();
        assert_eq!(cache.get(&key(2)), None);
        fs::write(at(1), &whole).unwrap();
        assert_eq!(cache.get(&key(1)).unwrap(), b"objects");
    }

    #[test]
    fn the_oldest_goes_first_and_what_is_too_large_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = small(folder.path(), 1000);
        for number in 0..20 {
            cache.put(&key(number), &[number; 100]);
            let path = Cache::place(folder.path()).join(key(number).to_string());
            let old = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number.into());
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_modified(old)
                .unwrap();
            assert!(cache.stats().bytes <= 1000);
        }
        assert_eq!(cache.get(&key(0)), None);
        assert_eq!(cache.get(&key(19)).unwrap(), [19; 100]);
        cache.put(&key(99), &[0; 300]);
        assert_eq!(cache.get(&key(99)), None);
    }

    #[test]
    fn a_cache_that_cannot_be_kept_is_off() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        for cache in [Cache::off(), Cache::open(&folder.path().join("file"))] {
            cache.put(&key(1), b"objects");
            assert_eq!(cache.get(&key(1)), None);
            assert_eq!(cache.stats(), CacheStats::default());
            cache.clear().unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it_and_what_others_may_write_is_off() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let place = Cache::place(folder.path());
        Cache::open(folder.path()).put(&key(1), b"objects");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place), 0o700);
        assert_eq!(mode(&place.join(key(1).to_string())), 0o600);
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(Cache::open(folder.path()).get(&key(1)), None);
        fs::remove_dir_all(&place).unwrap();
        std::os::unix::fs::symlink(folder.path(), &place).unwrap();
        assert_eq!(Cache::open(folder.path()).folder, None);
    }
}
