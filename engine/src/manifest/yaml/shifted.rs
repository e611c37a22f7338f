//! Quoted texts whose further lines stand too far left for the parser, but not for Kubernetes: they are
//! moved right, where their white space says nothing, and places stay those of the file.
//! Knows no structure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Parser, ScanError};

/// A text, with some of its lines further right than in the file.
pub(super) struct Shifted<'text> {
    file: &'text str,
    text: Cow<'text, str>,
    /// Where a line begins in the file, and by how much it was moved.
    lines: BTreeMap<usize, usize>,
    /// The same lines by where they begin in the text; and by how much all up to there were moved.
    moved: Vec<(usize, usize)>,
    texts: usize,
}

impl<'text> Shifted<'text> {
    pub(super) fn new(file: &'text str) -> Self {
        Self {
            file,
            text: Cow::Borrowed(file),
            lines: BTreeMap::new(),
            moved: Vec::new(),
            texts: 0,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the file a place of the text is.
    pub(super) fn in_file(&self, place: usize) -> usize {
        let after = self.moved.partition_point(|(begin, _)| *begin < place);
        let upto = |count: usize| self.moved.get(count.checked_sub(1)?).copied();
        let Some((begin, moved)) = upto(after) else {
            return place;
        };
        let before = upto(after - 1).map_or(0, |(_, moved)| moved);
        // A place within the blanks that were put in is the line's beginning.
        place - before - (place - begin).min(moved - before)
    }

    /// Moves the lines of the quoted text that the parser stopped at. `None` where it stopped for another
    /// reason, where Kubernetes does, too, or where there is too much to move.
    pub(super) fn further(&self, stopped: &ScanError) -> Option<Self> {
        if !matches!(stopped.kind(), ErrorKind::InvalidQuotedScalarIndent)
            || self.texts == MOST_TEXTS
        {
            return None;
        }
        let stop = stopped.marker().byte_offset()?;
        // Without the break before the line, or the parser would stop there once more.
        let open = opening(self.text.get(..stop)?.trim_end())?;
        let before = self.text.get(..open)?;
        let by = 1 + open - before.rfind('\n').map_or(0, |end| end + 1);
        let open = self.in_file(open);
        let inside = self.file.get(open..)?;
        let inside = inside.get(..closing(inside)?)?;
        let mut lines = self.lines.clone();
        for (end, _) in inside.match_indices('\n') {
            let line = inside.get(end + 1..)?;
            if line.starts_with("---") || line.starts_with("...") {
                return None;
            }
            lines.insert(open + end + 1, by);
        }
        let mut moved = Vec::with_capacity(lines.len());
        let mut sum = 0;
        for (start, by) in &lines {
            let begin = start + sum;
            sum += by;
            moved.push((begin, sum));
        }
        (sum <= MOST_BYTES).then(|| Self {
            file: self.file,
            text: Cow::Owned(with(self.file, &lines)),
            lines,
            moved,
            texts: self.texts + 1,
        })
    }
}

/// Where the quoted text begins that `text` ends in.
fn opening(text: &str) -> Option<usize> {
    let error = Parser::new_from_str(text).find_map(Result::err)?;
    let open = matches!(error.kind(), ErrorKind::UnclosedQuotedScalar);
    open.then(|| error.marker().byte_offset()).flatten()
}

/// How long the quoted text is that `text` begins with, without its closing quote.
fn closing(text: &str) -> Option<usize> {
    let single = text.starts_with('\'');
    let mut rest = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if !single => {
                rest.next();
            }
            '\'' if single && rest.next_if(|(_, next)| *next == '\'').is_some() => {}
            '\'' if single => return Some(at),
            '"' if !single => return Some(at),
            _ => {}
        }
    }
    None
}

fn with(file: &str, lines: &BTreeMap<usize, usize>) -> String {
    let mut text = String::new();
    let mut done = 0;
    for (start, by) in lines {
        text.push_str(file.get(done..*start).unwrap_or_default());
        text.extend(std::iter::repeat_n(' ', *by));
        done = *start;
    }
    text.push_str(file.get(done..).unwrap_or_default());
    text
}

// Each of them takes two more looks at the whole text.
const MOST_TEXTS: usize = 20;
const MOST_BYTES: usize = 1 << 20;
