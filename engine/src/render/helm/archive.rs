//! Charts as archives (`.tgz`): unpacked in memory, packed as `helm package` would.
//! Reads only what every reader unpacks alike; knows nothing of what the files say.

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
    let tar = gunzip(path, bytes)?;
    let refused = |what| Error::Archive {
        path: path.clone(),
        what,
    };
    let mut files = Vec::new();
    let mut names = BTreeSet::new();
    for entry in Entries::new(&tar) {
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
    let mut tar = Vec::new();
    for (path, content) in files {
        let full = [name.as_bytes(), b"/", path.as_bytes()].concat();
        let record = pax_path(&full);
        tar.extend(header(b"path", b'x', record.len()));
        block(&mut tar, &record);
        let short = full.get(..100.min(full.len())).unwrap_or_default();
        tar.extend(header(short, b'0', content.len()));
        block(&mut tar, content);
    }
    tar.extend([0; 2 * BLOCK]);
    gzip(&tar)
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
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(chunk) = chunks.next() {
        out.push(u8::from(chunks.peek().is_none()));
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(chunk);
    }
    out.extend(crc32(bytes).to_le_bytes());
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(size.to_le_bytes());
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

/// The name and the content of a file.
type Entry<'a> = (Vec<u8>, &'a [u8]);

/// The files of a tar archive.
struct Entries<'a> {
    rest: &'a [u8],
    /// The name of the next file, where a record before it says one.
    name: Option<Vec<u8>>,
    ended: bool,
}

impl<'a> Entries<'a> {
    fn new(tar: &'a [u8]) -> Self {
        Self {
            rest: tar,
            name: None,
            ended: false,
        }
    }

    /// The next file; none at the end.
    fn read(&mut self) -> Result<Option<Entry<'a>>, &'static str> {
        loop {
            let (header, rest) = self
                .rest
                .split_first_chunk::<BLOCK>()
                .ok_or("it ends too early")?;
            if header.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            let size = octal(field(header, 124, 12)).ok_or("a size in it is no number")?;
            let content = rest.get(..size).ok_or("it ends too early")?;
            self.rest = rest.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
            match header.get(156) {
                Some(b'0' | 0) => {
                    let name = self.name.take().unwrap_or_else(|| name_of(header));
                    return Ok(Some((name, content)));
                }
                Some(b'5') => self.name = None,
                Some(b'g') => {}
                Some(b'x') => self.name = pax(content)?,
                Some(b'L') => self.name = Some(text(content).to_vec()),
                _ => return Err("it holds something that is neither a file nor a folder"),
            }
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.read().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
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

fn field(header: &[u8; BLOCK], start: usize, length: usize) -> &[u8] {
    header.get(start..start + length).unwrap_or_default()
}

/// Up to the first zero.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn name_of(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(field(header, 0, 100));
    let prefix = text(field(header, 345, 155));
    // GNU's own form has other fields there.
    if field(header, 257, 6) == b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

fn octal(digits: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(text(digits)).ok()?.trim();
    match digits {
        "" => Some(0),
        _ => usize::from_str_radix(digits, 8).ok(),
    }
}

/// The path that records of a file (`length key=value`) give it.
fn pax(mut records: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
    const ODD: &str = "a record in it cannot be read";
    let mut path = None;
    while !records.is_empty() {
        let space = records.iter().position(|byte| *byte == b' ').ok_or(ODD)?;
        let length = std::str::from_utf8(records.get(..space).unwrap_or_default());
        let length: usize = length.ok().and_then(|text| text.parse().ok()).ok_or(ODD)?;
        let record = records.get(space + 1..length).ok_or(ODD)?;
        records = records.get(length..).ok_or(ODD)?;
        let record = record.strip_suffix(b"\n").ok_or(ODD)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(ODD)?;
        match record.split_at(equals) {
            (b"path", value) => path = Some(value.get(1..).unwrap_or_default().to_vec()),
            (b"size" | b"linkpath", _) => return Err(ODD),
            (key, _) if key.starts_with(b"GNU.sparse") => return Err(ODD),
            _ => {}
        }
    }
    Ok(path)
}

fn pax_path(path: &[u8]) -> Vec<u8> {
    // The length counts its own digits.
    let rest = path.len() + b" path=\n".len();
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    let length = length.to_string();
    [length.as_bytes(), b" path=", path, b"\n"].concat()
}

fn header(name: &[u8], kind: u8, size: usize) -> Vec<u8> {
    let mut header = name.to_vec();
    header.resize(100, 0);
    header.extend(b"0000644\x000000000\x000000000\x00");
    header.extend(format!("{size:011o}\x0000000000000\x00").bytes());
    header.extend(b"        ");
    header.push(kind);
    header.resize(257, 0);
    header.extend(b"ustar\x0000");
    header.resize(BLOCK, 0);
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header.splice(148..156, format!("{sum:06o}\0 ").bytes());
    header
}

fn block(tar: &mut Vec<u8>, content: &[u8]) {
    tar.extend(content);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}

const BLOCK: usize = 512;
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
        let mut tar = header(b"app/x", b'2', 0);
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
    fn an_archive_that_unpacks_to_more_than_is_taken_is_not_unpacked() {
        let mut bytes = packed(&[("x", "")]);
        let size = bytes.len() - 4;
        bytes.truncate(size);
        bytes.extend(u32::MAX.to_le_bytes());
        assert_eq!(code(&bytes), "limit.chart-archive");
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
