//! Which files must be open for a program to start: itself, what the kernel starts in its place, and libraries.
//! Knows nothing of what the program does.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::Exported;

/// The files and folders that stay open for a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// To be read and executed.
    pub(super) execute: Vec<PathBuf>,
    /// To be read.
    pub(super) read: Vec<PathBuf>,
    /// To be read and written.
    pub(super) write: Vec<PathBuf>,
}

impl Needs {
    /// What the program at `path` needs to start. What cannot be read does not start either.
    pub(super) fn of(path: &Path) -> Self {
        let mut needs = Self {
            execute: vec![path.to_owned()],
            read: vec![PathBuf::from("/dev/urandom")],
            write: vec![PathBuf::from("/dev/null")],
        };
        let mut next = path.to_owned();
        for _ in 0..HOPS {
            let Ok(Some(interpreter)) = interpreter(&next) else {
                return needs;
            };
            needs.execute.push(interpreter.clone());
            needs.read.extend(LIBRARIES.iter().map(PathBuf::from));
            next = interpreter;
        }
        needs
    }

    /// And the private folder.
    pub(super) fn with(mut self, exported: &Exported) -> Self {
        self.read
            .extend([exported.root(), exported.values()].map(Path::to_owned));
        self.write.push(exported.home().to_owned());
        self
    }
}

/// Whether it is a script, or nothing that could be read.
pub(super) fn is_script(path: &Path) -> bool {
    let head = File::open(path).and_then(|mut file| read_at(&mut file, 0, 2));
    head.map_or(true, |head| head == b"#!")
}

/// What the kernel starts to run the program: of a script the one in its first line, of a program with
/// shared libraries their loader.
fn interpreter(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut file = File::open(path)?;
    let head = read_at(&mut file, 0, HEAD)?;
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let name = String::from_utf8_lossy(line);
        return Ok(name.split_whitespace().next().map(PathBuf::from));
    }
    let Some((offset, size, count)) = program_headers(&head) else {
        return Ok(None);
    };
    for nth in 0..count {
        let header = read_at(&mut file, offset + nth * size, size.min(HEAD))?;
        if number(&header, 0, 4) == Some(INTERPRETER) {
            let place = number(&header, 8, 8).zip(number(&header, 32, 8));
            let Some((place, length)) = place else {
                return Ok(None);
            };
            let name = read_at(&mut file, place, length.min(HEAD))?;
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            return Ok(Some(PathBuf::from(&*String::from_utf8_lossy(name))));
        }
    }
    Ok(None)
}

/// Where the headers of an ELF file of 64 bits are, how long one is, and how many.
fn program_headers(head: &[u8]) -> Option<(u64, u64, u64)> {
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    Some((
        number(head, 32, 8)?,
        number(head, 54, 2)?,
        number(head, 56, 2)?,
    ))
}

/// A number in little-endian order.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?.iter().rev();
    Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn read_at(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

const HEAD: u64 = 4096;
const INTERPRETER: u64 = 3;
/// A script, its interpreter, and the loader of that.
const HOPS: usize = 3;

/// Where loaders look for libraries: public files of the system, which nobody may execute here.
const LIBRARIES: [&str; 8] = [
    "/etc/ld.so.cache",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
];
