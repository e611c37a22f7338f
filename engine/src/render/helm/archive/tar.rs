//! The files of a tar archive, read and written.
//! Reads plain files and folders alone; knows nothing of charts.

/// The name and the content of a file.
pub(super) type Entry<'a> = (Vec<u8>, &'a [u8]);

/// The files of a tar archive.
pub(super) struct Entries<'a> {
    rest: &'a [u8],
    /// The name of the next file, where a record before it says one.
    name: Option<Vec<u8>>,
    ended: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(tar: &'a [u8]) -> Self {
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

/// An archive of these files.
pub(super) fn write(files: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let mut tar = Vec::new();
    for (path, content) in files {
        let record = pax_path(&path);
        tar.extend(header(b"path", b'x', record.len()));
        block(&mut tar, &record);
        let short = path.get(..NAME_LENGTH.min(path.len())).unwrap_or_default();
        tar.extend(header(short, b'0', content.len()));
        block(&mut tar, &content);
    }
    tar.extend([0; 2 * BLOCK]);
    tar
}

fn field(header: &[u8; BLOCK], start: usize, length: usize) -> &[u8] {
    header.get(start..start + length).unwrap_or_default()
}

/// Up to the first zero.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn name_of(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(field(header, 0, NAME_LENGTH));
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

pub(super) fn header(name: &[u8], kind: u8, size: usize) -> Vec<u8> {
    let mut header = name.to_vec();
    header.resize(NAME_LENGTH, 0);
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
const NAME_LENGTH: usize = 100;
