//! Whether the indexes of packs point into their packs: libgit2 reads where they point, also beyond the end.
//! Knows nothing of what lies there.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::{Error, text};

/// Refuses indexes that point beyond their packs, in a folder of objects and in those that it names.
pub(super) fn check(objects: &Path) -> Result<(), Error> {
    check_with_others(objects, MOST_STEPS)
}

fn check_with_others(objects: &Path, steps: usize) -> Result<(), Error> {
    let folder = objects.join("pack");
    // Where there is no such folder nothing is packed; what cannot be listed libgit2 cannot read either.
    for file in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = file.path();
        let points = if path.extension().is_some_and(|it| it == "idx") {
            index_points_inside(&path)
        } else if path.file_name().is_some_and(|it| it == "multi-pack-index") {
            multi_index_points_inside(&path)
        } else {
            continue;
        };
        match points {
            Ok(true) => {}
            Ok(false) => return Err(refused(&path, "it points beyond its pack")),
            Err(error) => return Err(refused(&path, &error.to_string())),
        }
    }
    let others = fs::read_to_string(objects.join("info/alternates")).unwrap_or_default();
    let others = others
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    if steps > 0 {
        for other in others {
            check_with_others(&objects.join(other), steps - 1)?;
        }
    }
    Ok(())
}

/// The file of one pack's index: of version 2, or of version 1, which has no header.
fn index_points_inside(path: &Path) -> io::Result<bool> {
    let Ok(pack) = fs::metadata(path.with_extension("pack")) else {
        return Ok(true);
    };
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = part(&mut file, 0, 8)?;
    let is_second = start.starts_with(&[0xff, b't', b'O', b'c', 0, 0, 0, 2]);
    let fanout = if is_second { 8 } else { 0 };
    let count = number(&part(&mut file, fanout + 1020, 4)?);
    let rows = fanout + 1024;
    if !is_second {
        let rows = part(&mut file, rows, count.saturating_mul(24))?;
        let offset = |row: &[u8]| number(row.get(..4).unwrap_or(row));
        return Ok(rows
            .chunks(24)
            .all(|row| is_inside(offset(row), pack.len())));
    }
    let offsets = rows + count * 24;
    let far = offsets + count * 4;
    let offsets = part(&mut file, offsets, count.saturating_mul(4))?;
    let far = part(&mut file, far, length.saturating_sub(far + 40))?;
    Ok(offsets.chunks(4).all(|row| {
        let offset = offset(number(row), &far);
        offset.is_some_and(|offset| is_inside(offset, pack.len()))
    }))
}

/// The file of the index of several packs.
fn multi_index_points_inside(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = part(&mut file, 0, 12)?;
    let chunks = start.get(6).copied().map_or(0, u64::from);
    let table = part(&mut file, 12, (chunks + 1) * 12)?;
    let mut chunk = |name: &[u8]| -> io::Result<Vec<u8>> {
        let mut rows = table.chunks(12).zip(table.chunks(12).skip(1));
        let Some((row, next)) = rows.find(|(row, _)| row.starts_with(name)) else {
            return Ok(Vec::new());
        };
        let place = |row: &[u8]| number(row.get(4..).unwrap_or_default());
        let (from, to) = (place(row), place(next).min(length));
        part(&mut file, from, to.saturating_sub(from))
    };
    let (names, offsets, far) = (chunk(b"PNAM")?, chunk(b"OOFF")?, chunk(b"LOFF")?);
    let sizes: Vec<u64> = names
        .split(|byte| *byte == 0)
        .map(|name| {
            let name = String::from_utf8_lossy(name).into_owned();
            let pack = path.with_file_name(name).with_extension("pack");
            fs::metadata(pack).map_or(0, |pack| pack.len())
        })
        .collect();
    Ok(offsets.chunks(8).all(|row| {
        let (pack, near) = row.split_at(4.min(row.len()));
        let size = usize::try_from(number(pack))
            .ok()
            .and_then(|at| sizes.get(at));
        let offset = offset(number(near), &far);
        size.zip(offset)
            .is_some_and(|(size, offset)| is_inside(offset, *size))
    }))
}

/// An offset, or where it stands in the table of those that need more than 31 bits.
fn offset(near: u64, far: &[u8]) -> Option<u64> {
    if near & 0x8000_0000 == 0 {
        return Some(near);
    }
    let row = usize::try_from(near & 0x7fff_ffff).ok()?;
    far.chunks(8)
        .nth(row)
        .filter(|row| row.len() == 8)
        .map(number)
}

/// A pack ends in a checksum, in which no object begins.
fn is_inside(offset: u64, size: u64) -> bool {
    offset < size.saturating_sub(20)
}

fn part(file: &mut File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(io::Error::other("it is cut off"));
    }
    Ok(bytes)
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::Pack {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(reason),
    }
}

/// How far libgit2 follows folders of objects that name each other.
const MOST_STEPS: usize = 5;
