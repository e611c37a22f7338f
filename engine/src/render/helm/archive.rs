//! Charts as archives (`.tgz`): unpacked in memory, packed as `helm package` would.
//! Reads only what every reader unpacks alike; knows nothing of what the files say.

mod tar;

use std::collections::BTreeSet;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::Error;
use crate::model::{RepoPath, limits};

/// The files of an archive, by their paths in the chart.
///
/// # Errors
/// It is no archive, too large, or holds anything but files and folders below one folder.
pub(super) fn unpack(path: &RepoPath, bytes: &[u8]) -> Result<Vec<(RepoPath, Vec<u8>)>, Error> {
    let unzipped = gunzip(path, bytes)?;
    let refused = |what| Error::Archive {
        path: path.clone(),
        what,
    };
    let mut files = Vec::new();
    let mut names = BTreeSet::new();
    for entry in tar::Entries::new(&unzipped) {
        let (name, content) = entry.map_err(refused)?;
        let name = in_chart(&name).map_err(refused)?;
        if !names.insert(name.clone()) {
            return Err(refused("it holds two files of one name"));
        }
        files.push((RepoPath::new(name), content.to_vec()));
    }
    Ok(files)
}

/// An archive of these files below a folder `name`.
pub(super) fn pack(name: &str, files: &[(RepoPath, Vec<u8>)]) -> Vec<u8> {
    let full = |path: &RepoPath| [name.as_bytes(), b"/", path.as_bytes()].concat();
    let files = files
        .iter()
        .map(|(path, content)| (full(path), content.clone()));
    gzip(&tar::write(files))
}

fn gunzip(path: &RepoPath, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let refused = |what| Error::Archive {
        path: path.clone(),
        what,
    };
    let body = deflated(bytes).ok_or_else(|| refused("it is not compressed with gzip"))?;
    let (body, trailer) = body
        .split_last_chunk::<8>()
        .ok_or_else(|| refused("it ends too early"))?;
    let [.., a, b, c, d] = *trailer;
    let size = u32::from_le_bytes([a, b, c, d]);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > limits::CHART_ARCHIVE.most {
        return Err(Error::ArchiveSize { path: path.clone() });
    }
    let mut tar = vec![0; size];
    let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (status, read, written) = decompress(&mut state, body, &mut tar, 0, flags);
    if status != TINFLStatus::Done || read != body.len() || written != size {
        return Err(refused(
            "its size is not what it says, or something follows it",
        ));
    }
    Ok(tar)
}

/// What follows the header of gzip.
fn deflated(bytes: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = bytes.split_first_chunk::<10>()?;
    let [0x1f, 0x8b, 8, flags, ..] = *header else {
        return None;
    };
    if flags & !(EXTRA | NAME | COMMENT) != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    Some(rest)
}

/// gzip without compression.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = stored(bytes);
    out.extend(crc32(bytes).to_le_bytes());
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(size.to_le_bytes());
    out
}

/// A header of gzip, and blocks that are not compressed.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(chunk) = chunks.next() {
        out.push(u8::from(chunks.peek().is_none()));
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(chunk);
    }
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
        })
    });
    !sum
}

/// The path below the one folder that an archive holds.
fn in_chart(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut segments = name.split(|byte| *byte == b'/');
    let folder = segments.next().unwrap_or_default();
    let rest: Vec<&[u8]> = segments.collect();
    let odd = |segment: &&[u8]| matches!(*segment, b"" | b"." | b"..");
    let bad = folder.is_empty() || folder == b".." || rest.is_empty() || rest.iter().any(odd);
    if bad || name.iter().any(|byte| matches!(byte, b'\\' | b':' | 0)) {
        return Err("a name in it is no path below one folder");
    }
    Ok(rest.join(&b'/'))
}

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (RepoPath::from(*path), text.as_bytes().to_vec()))
            .collect();
        pack("app", &files)
    }

    fn code(bytes: &[u8]) -> String {
        code_of(&unpack(&"charts/app.tgz".into(), bytes).unwrap_err())
    }

    #[test]
    fn what_is_packed_is_unpacked_again() {
        let long = "templates/".to_owned() + &"deep/".repeat(40) + "x.yaml";
        let large = "x".repeat(200_000);
        let files = [
            ("Chart.yaml", "name: app"),
            (long.as_str(), "a"),
            ("b", &large),
            ("c", ""),
        ];
        let unpacked = unpack(&"charts/app.tgz".into(), &packed(&files)).unwrap();
        let found: Vec<(String, String)> = unpacked
            .into_iter()
            .map(|(path, bytes)| (path.to_string(), String::from_utf8(bytes).unwrap()))
            .collect();
        assert_eq!(
            found,
            files.map(|(path, text)| (path.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn paths_out_of_the_chart_are_refused() {
        for name in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "a\\b",
            "c:/x",
            "./x",
        ] {
            assert_eq!(code(&packed(&[(name, "")])), "render.archive", "{name}");
        }
    }

    #[test]
    fn links_and_two_files_of_one_name_are_refused() {
        let mut tar = tar::header(b"app/x", b'2', 0);
        tar.extend([0; 1024]);
        assert_eq!(code(&gzip(&tar)), "render.archive");
        assert_eq!(code(&packed(&[("x", "1"), ("x", "2")])), "render.archive");
    }

    #[test]
    fn what_follows_an_archive_is_refused() {
        let mut bytes = packed(&[("x", "")]);
        bytes.extend(packed(&[("y", "")]));
        assert_eq!(code(&bytes), "render.archive");
        assert_eq!(code(b"apiVersion: v1"), "render.archive");
        let bytes = packed(&[("x", "")]);
        assert_eq!(code(&bytes[..bytes.len() - 9]), "render.archive");
    }

    #[test]
    fn archives_unpack_up_to_the_limit() {
        let most = limits::CHART_ARCHIVE.most;
        for (size, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
            // What is too much is known by what the archive says, before there is room for it.
            let mut bytes = stored(&vec![0; size.min(most)]);
            bytes.extend([0; 4]);
            bytes.extend(u32::try_from(size).unwrap().to_le_bytes());
            let code = gunzip(&"app.tgz".into(), &bytes).map_err(|error| code_of(&error));
            match refused {
                true => assert_eq!(code.unwrap_err(), "limit.chart-archive"),
                false => assert_eq!(code.unwrap().len(), size),
            }
        }
    }

    #[test]
    fn an_archive_that_holds_more_than_it_says_is_refused() {
        let mut bytes = packed(&[("x", "")]);
        for size in [1023_u32, 0] {
            let end = bytes.len() - 4;
            bytes[end..].copy_from_slice(&size.to_le_bytes());
            assert_eq!(code(&bytes), "render.archive", "{size}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_refused_without_a_panic(mut bytes: Vec<u8>, flags: u8) {
            let mut file = vec![0x1f, 0x8b, 8, flags & 28, 0, 0, 0, 0, 0, 3];
            file.append(&mut bytes);
            let _ = unpack(&"x.tgz".into(), &file);
            let _ = unpack(&"x.tgz".into(), &gzip(&file));
        }
    }
}
