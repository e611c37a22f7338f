//! The file of an index as Git nearly always writes it, read in one pass and without a copy.
//! Knows nothing of trees. What it does not know for sure it leaves to libgit2, which says what is wrong.

use sha1::{Digest as _, Sha1};

use super::{MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE};
use crate::model::GitId;

/// A file of an index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: Vec<u8>,
    pub(super) mode: u32,
    pub(super) id: GitId,
}

impl Entry {
    pub(super) fn new(path: Vec<u8>, mode: u32, id: GitId) -> Self {
        Self { path, mode, id }
    }

    pub(super) fn is_submodule(&self) -> bool {
        self.mode == MODE_SUBMODULE
    }
}

/// The files of an index, sorted by path. `None` where the file is damaged, or holds anything but
/// plain entries: conflicts, intents to add, another index that it builds on, folders.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (body, checksum) = bytes.split_last_chunk::<20>()?;
    if Sha1::digest(body).as_slice() != checksum {
        return None;
    }
    let (step, count, mut rest) = begin(body)?;
    let mut entries: Vec<Entry> = Vec::new();
    for _ in 0..count {
        let before = entries.last().map_or(b"".as_slice(), |entry| &entry.path);
        let (fixed, path, after) = step(rest, before)?;
        if path.as_slice() <= before {
            return None;
        }
        entries.push(fixed.plain(path)?);
        rest = after;
    }
    while !rest.is_empty() {
        rest = extension(rest)?;
    }
    Some(entries)
}

/// Whether each entry, plain or not, tells the length of its path as it is. libgit2 does not ask, and git2 takes as
/// many bytes as are told, whatever stands behind the path.
pub(super) fn tells_lengths(bytes: &[u8]) -> bool {
    let walk = || {
        let (step, count, mut rest) = begin(bytes)?;
        let mut before = Vec::new();
        for _ in 0..count {
            (_, before, rest) = step(rest, &before)?;
        }
        Some(())
    };
    walk().is_some()
}

/// Reads an entry after one with another path: what stands before its path, that, and the bytes after it.
type Step = for<'a> fn(&'a [u8], &[u8]) -> Option<(Fixed, Vec<u8>, &'a [u8])>;

/// How the entries are read, how many there are, and what follows.
fn begin(bytes: &[u8]) -> Option<(Step, u32, &[u8])> {
    let (version, rest) = number(bytes.strip_prefix(b"DIRC")?)?;
    let (count, rest) = number(rest)?;
    let step: Step = match version {
        2 | 3 => whole,
        4 => shortened,
        _ => return None,
    };
    Some((step, count, rest))
}

/// An entry with its whole path, filled up with zeros to a multiple of eight bytes.
fn whole<'a>(bytes: &'a [u8], _: &[u8]) -> Option<(Fixed, Vec<u8>, &'a [u8])> {
    let (fixed, rest) = Fixed::read(bytes)?;
    let (path, _) = rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?)?;
    let end = bytes.len() - rest.len() + path.len();
    let (all, after) = bytes.split_at_checked((end + 8) & !7)?;
    if all.get(end..)?.iter().any(|byte| *byte != 0) {
        return None;
    }
    fixed.tells(path).then(|| (fixed, path.to_vec(), after))
}

/// An entry whose path begins as the one before: how much of that is dropped, then what follows.
fn shortened<'a>(bytes: &'a [u8], before: &[u8]) -> Option<(Fixed, Vec<u8>, &'a [u8])> {
    let (fixed, rest) = Fixed::read(bytes)?;
    let (dropped, rest) = varint(rest)?;
    let (end, after) = rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?)?;
    let kept = before.get(..before.len().checked_sub(dropped)?)?;
    let path = [kept, end].concat();
    fixed.tells(&path).then_some((fixed, path, after.get(1..)?))
}

/// What stands before the path.
struct Fixed {
    mode: u32,
    id: GitId,
    flags: u16,
}

impl Fixed {
    /// Times and owners take the first 24 bytes, the size of the file those before the id.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (mode, rest) = number(bytes.get(24..)?)?;
        let (id, rest) = rest.get(12..)?.split_first_chunk::<20>()?;
        let (flags, rest) = rest.split_first_chunk::<2>()?;
        let flags = u16::from_be_bytes(*flags);
        let fixed = Self {
            mode,
            id: GitId::from_bytes(*id),
            flags,
        };
        Some((
            fixed,
            rest.get(if flags & EXTENDED == 0 { 0 } else { 2 }..)?,
        ))
    }

    /// Whether the path is as long as is told. Of a long one only that is told.
    fn tells(&self, path: &[u8]) -> bool {
        usize::from(self.flags & LENGTHS) == path.len().min(usize::from(LENGTHS))
    }

    /// `None` for what is no plain file, and for a long path.
    fn plain(self, path: Vec<u8>) -> Option<Entry> {
        let is_plain = self.flags & (EXTENDED | STAGES) == 0
            && [MODE_FILE, MODE_EXECUTABLE, MODE_LINK, MODE_SUBMODULE].contains(&self.mode)
            && path.len() < usize::from(LENGTHS);
        is_plain.then(|| Entry::new(path, self.mode, self.id))
    }
}

/// What follows an extension that tells nothing of the files: what Git remembers for speed, and of
/// conflicts that are resolved.
fn extension(bytes: &[u8]) -> Option<&[u8]> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = number(rest)?;
    let known = [b"TREE", b"REUC", b"UNTR", b"FSMN", b"EOIE", b"IEOT"].contains(&name);
    known.then(|| rest.get(usize::try_from(length).ok()?..))?
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// A number as Git writes offsets: seven bits a byte, the highest first, and one added for each that
/// follows.
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (place, byte) in bytes.iter().enumerate().take(4) {
        value = value << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
        value += 1;
    }
    None
}

const LENGTHS: u16 = 0x0fff;
const STAGES: u16 = 0x3000;
const EXTENDED: u16 = 0x4000;

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::{Index, IndexEntry, IndexTime};

    use super::*;
    use crate::git::index::read_by_libgit2;

    const PATHS: [&str; 5] = [
        "a-b",
        "a/b/c",
        "a/b/cd",
        "b",
        "longer/than/those/before.yaml",
    ];

    /// An index as libgit2 writes it, with another mode or flags of one entry.
    fn written(version: u32, change: impl Fn(&mut IndexEntry)) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index");
        let mut index = Index::open(&file).unwrap();
        index.set_version(version).unwrap();
        for (path, id) in PATHS.into_iter().zip(0..) {
            let mut entry = entry(path, id);
            if path == "a/b/cd" {
                change(&mut entry);
            }
            index.add(&entry).unwrap();
        }
        index.write().unwrap();
        let bytes = fs::read(&file).unwrap();
        if let Some(entries) = read(&bytes) {
            assert_eq!(entries, read_by_libgit2(&file).unwrap());
        }
        bytes
    }

    fn entry(path: &str, id: u8) -> IndexEntry {
        IndexEntry {
            ctime: IndexTime::new(1, 2),
            mtime: IndexTime::new(3, 4),
            dev: 5,
            ino: 6,
            mode: [MODE_FILE, MODE_EXECUTABLE, MODE_LINK, MODE_SUBMODULE][usize::from(id % 4)],
            uid: 7,
            gid: 8,
            file_size: 9,
            id: git2::Oid::from_bytes(&[id + 1; 20]).unwrap(),
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        }
    }

    /// With the checksum that belongs to it.
    fn sealed(body: &[u8]) -> Vec<u8> {
        [body, Sha1::digest(body).as_slice()].concat()
    }

    fn body(whole: &[u8]) -> Vec<u8> {
        whole.split_last_chunk::<20>().unwrap().0.to_vec()
    }

    #[test]
    fn each_version_is_read_as_libgit2_reads_it() {
        for version in [2, 3, 4] {
            let whole = written(version, |_| ());
            assert_eq!(read(&whole).unwrap().len(), 5, "version {version}");
            let mut more = body(&whole);
            more.extend_from_slice(b"UNTR\0\0\0\x02ab");
            assert_eq!(read(&sealed(&more)), read(&whole));
        }
    }

    #[test]
    fn what_is_no_plain_file_is_left_alone() {
        let conflict = |entry: &mut IndexEntry| entry.flags = 1 << 12;
        assert_eq!(read(&written(2, conflict)), None);
        let intended = |entry: &mut IndexEntry| entry.flags_extended = 1 << 13;
        assert_eq!(read(&written(3, intended)), None);
        for extension in [
            b"link\0\0\0\0".as_slice(),
            b"sdir\0\0\0\0",
            b"WHAT\0\0\0\0",
            b"UNTR\0\0\0\x02a",
            b"U",
        ] {
            let mut more = body(&written(2, |_| ()));
            more.extend_from_slice(extension);
            assert_eq!(read(&sealed(&more)), None, "{extension:?}");
        }
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        for version in [2, 4] {
            let whole = written(version, |_| ());
            for at in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[at] ^= 1;
                assert_eq!(read(&damaged), None);
                assert_eq!(read(&whole[..at]), None);
            }
        }
    }

    #[test]
    fn a_file_that_was_made_up_is_read_as_libgit2_reads_it_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index");
        let mut refused = 0;
        for (version, flags) in [(2, 0), (3, 1 << 14), (4, 0), (4, 1 << 14)] {
            let whole = body(&written(version, |entry| entry.flags_extended = flags));
            for (at, bits) in (0..whole.len()).flat_map(|at| [1, 0x80].map(|bits| (at, bits))) {
                let mut made_up = whole.clone();
                made_up[at] ^= bits;
                let made_up = sealed(&made_up);
                fs::write(&file, &made_up).unwrap();
                let others = read_by_libgit2(&file);
                match (read(&made_up), others) {
                    (Some(entries), others) => assert_eq!(entries, others.unwrap(), "{at} {bits}"),
                    // Git reads a path to the zero behind it.
                    (None, Ok(others)) => {
                        assert!(others.iter().all(|entry| !entry.path.contains(&0)), "{at}");
                    }
                    (None, Err(error)) => {
                        let error = error.to_string();
                        refused += usize::from(error.contains("another length of its path"));
                    }
                }
            }
        }
        assert!(refused >= 40, "{refused}");
    }
}
