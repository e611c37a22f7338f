//! What is refused before the parser sees the text: bytes and lines on which Kubernetes' splitter,
//! YAML 1.1 and YAML 1.2 disagree. Knows lines and characters, no structure.

use crate::manifest::Problem;
use crate::model::Span;

/// Looks at every line once.
pub(super) fn check(text: &str) -> Result<(), (Problem, Span)> {
    let start = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let mut lines = Lines {
        text,
        after_end: false,
        has_content: false,
    };
    lines.begin(start)?;
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(next) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| is_notable(*byte)))
    {
        at += next;
        match bytes.get(at..).unwrap_or_default() {
            [b'\n', ..] => lines.begin(at + 1)?,
            [b'\r', b'\n', ..] => {}
            [b'\r', ..] => return Err((Problem::LoneCarriageReturn, one(at, 1))),
            [0..=0x1f | 0x7f, ..] => return Err((Problem::ControlCharacter, one(at, 1))),
            [0xc2, 0x85, ..] => return Err((Problem::LineBreak, one(at, 2))),
            [0xc2, 0x80..=0x9f, ..] => return Err((Problem::ControlCharacter, one(at, 2))),
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => return Err((Problem::LineBreak, one(at, 3))),
            [0xef, 0xbb, 0xbf, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => {
                return Err((Problem::ControlCharacter, one(at, 3)));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

struct Lines<'text> {
    text: &'text str,
    /// A `...` was read and no `---` since.
    after_end: bool,
    /// Something stands before the first `...`.
    has_content: bool,
}

impl Lines<'_> {
    fn begin(&mut self, start: usize) -> Result<(), (Problem, Span)> {
        let rest = self.text.get(start..).unwrap_or_default();
        let dashes = rest.starts_with("---");
        let dots = rest.starts_with("...");
        if !dashes && !dots && !self.after_end {
            return Ok(());
        }
        let line = rest.split('\n').next().unwrap_or_default();
        let whole = Span {
            start,
            end: start + line.trim_end().len(),
        };
        let tail = line.get(3..).unwrap_or_default();
        if dashes {
            self.after_end = false;
            return says_nothing(tail)
                .then_some(())
                .ok_or((Problem::Separator, whole));
        }
        if dots
            && tail
                .bytes()
                .next()
                .is_none_or(|byte| byte.is_ascii_whitespace())
        {
            self.after_end = true;
            // Kubernetes' loader refuses or drops what begins so. Looked for once: then it is known.
            let before = self.text.get(..start).unwrap_or_default();
            self.has_content = self.has_content || before.lines().any(is_content);
            return (says_nothing(tail) && self.has_content)
                .then_some(())
                .ok_or((Problem::Trailing, whole));
        }
        if !self.after_end || !is_content(line) {
            return Ok(());
        }
        Err((
            if line.starts_with('%') {
                Problem::Directive
            } else {
                Problem::Trailing
            },
            whole,
        ))
    }
}

fn is_content(line: &str) -> bool {
    let line = line.trim_ascii();
    !line.is_empty() && !line.starts_with('#')
}

/// Nothing, or white space and a comment.
fn says_nothing(tail: &str) -> bool {
    let comment = tail.trim_ascii_start();
    comment.is_empty() || (comment.len() < tail.len() && comment.starts_with('#'))
}

fn is_notable(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)
}

fn one(start: usize, length: usize) -> Span {
    Span {
        start,
        end: start + length,
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';
