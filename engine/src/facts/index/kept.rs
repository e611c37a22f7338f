//! The file in which an index is kept: sorted lines, and a checksum against damage in the last one.
//! Knows nothing of what a record says.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;
use std::path::Path;
use std::{fs, io};

use crate::model::{GitId, replace};

/// What an earlier run left: lines `<blob id> <record>`, sorted.
#[derive(Default)]
pub(super) struct Kept {
    text: String,
    records: Vec<(GitId, Range<usize>)>,
    /// Where those begin whose ids begin with the same bits: ids are spread evenly.
    begins: Vec<usize>,
}

impl Kept {
    pub(super) fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        if bytes.len() > MAX_CACHE {
            return None;
        }
        let text = String::from_utf8(bytes).ok()?;
        let (body, checksum) = text.rsplit_once('\n')?;
        if checksum_of(body) != checksum {
            return None;
        }
        let lines = body.strip_prefix(HEADER)?;
        let mut start = HEADER.len();
        let mut records = Vec::new();
        for line in lines.split('\n').skip(1) {
            let (id, record) = line.split_once(' ')?;
            start += 1;
            let end = start + line.len();
            records.push((GitId::parse(id).ok()?, end - record.len()..end));
            start = end;
        }
        let begins = begins_of(&records);
        records
            .is_sorted_by(|one, two| one.0 < two.0)
            .then_some(Self {
                text,
                records,
                begins,
            })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (GitId, &str)> {
        let record = |place: &Range<usize>| self.text.get(place.clone()).unwrap_or_default();
        self.records
            .iter()
            .map(move |(id, place)| (*id, record(place)))
    }

    pub(super) fn get(&self, id: GitId) -> Option<&str> {
        let bits = first_bits(id);
        let some = *self.begins.get(bits)?..*self.begins.get(bits + 1)?;
        let mut some = self.records.get(some)?.iter();
        let (_, place) = some.find(|(kept, _)| *kept == id)?;
        self.text.get(place.clone())
    }
}

fn begins_of(records: &[(GitId, Range<usize>)]) -> Vec<usize> {
    let mut begins = Vec::with_capacity(GROUPS + 1);
    for (place, (id, _)) in records.iter().enumerate() {
        while begins.len() <= first_bits(*id) {
            begins.push(place);
        }
    }
    begins.resize(GROUPS + 1, records.len());
    begins
}

fn first_bits(id: GitId) -> usize {
    let [one, two, ..] = *id.as_bytes();
    usize::from(one) << 6 | usize::from(two) >> 2
}

/// Writes the file beside and renames it, so that two runs at once leave one whole file.
pub(super) fn write(path: &Path, records: &BTreeMap<GitId, &str>) -> io::Result<()> {
    let mut text = String::from(HEADER);
    for (id, record) in records {
        text.push('\n');
        text.push_str(&id.to_string());
        text.push(' ');
        text.push_str(record);
    }
    let checksum = checksum_of(&text);
    text.push('\n');
    text.push_str(&checksum);
    replace(path, &text)
}

/// Against damage, not against malice: whoever may write the file may write the checksum too, and
/// nothing that is signed reads it.
fn checksum_of(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

const HEADER: &str = concat!("tidegate blob index 5, ", env!("CARGO_PKG_VERSION"));
/// As many as there are values of the first bits.
const GROUPS: usize = 1 << 14;
const MAX_CACHE: usize = 256 << 20;
