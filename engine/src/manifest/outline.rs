//! Which kinds of objects a plainly written file holds, and in which namespaces, told from its lines
//! without parsing it. In doubt it tells nothing; it never replaces reading a file.

use std::iter;

use super::scalar::{self, Scalar};

/// What is said of one document before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Its kind, which is no list.
    pub kind: String,
    /// Its namespace, which it has.
    pub namespace: String,
}

/// The objects of a YAML file, one a document, in their order.
///
/// If the file can be read at all, by this reader or a laxer one, it holds exactly these. `None` where that takes more than a
/// look at the lines: anything but block mappings, spelled out, with a namespace each.
#[must_use]
pub fn outline(bytes: &[u8]) -> Option<Vec<Outline>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let odd = |c: char| (c.is_control() && c != '\n') || ODD_BREAKS.contains(&c);
    let plain = |byte: u8| (b' '..DELETE).contains(&byte) || byte == b'\n';
    // Without a way out, so that many bytes are compared at once.
    let all_plain = bytes.iter().fold(true, |all, byte| all & plain(*byte));
    if (!all_plain && text.contains(odd)) || text.contains("<<") {
        return None;
    }
    let mut found = Vec::new();
    let mut document = Document::default();
    for (line, opens) in lines(text) {
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if line == "---" {
            found.extend(std::mem::take(&mut document).finish()?);
        } else {
            document.line(line.len() - content.len(), content, opens)?;
        }
    }
    found.extend(document.finish()?);
    Some(found)
}

/// The lines of a text, and whether anything in one may open or close a longer text.
fn lines(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let (line, after) = text.split_once('\n').unzip();
        rest = after;
        let line = line.unwrap_or(text);
        // Without a way out, so that many bytes are compared at once.
        let opens = line.bytes().fold(false, |opens, byte| {
            opens | matches!(byte, b'[' | b']' | b'{' | b'}' | b'"' | b'\'')
        });
        Some((line, opens))
    })
}

#[derive(Default)]
struct Document<'text> {
    values: [Option<&'text str>; 3],
    /// Whether anything stands in it.
    any: bool,
    has_metadata: bool,
    in_metadata: bool,
    /// How deep the keys of the metadata stand.
    inner: Option<usize>,
    /// A value was taken whose text would go on if the next line stood deeper than this.
    ends_at: Option<usize>,
}

impl<'text> Document<'text> {
    /// Takes a line that says something, without its indentation. `None`: too much for a look.
    fn line(&mut self, indent: usize, content: &'text str, opens: bool) -> Option<()> {
        self.any = true;
        if (opens && !closes_what_it_opens(content)) || self.ends_at.is_some_and(|end| indent > end)
        {
            return None;
        }
        self.ends_at = None;
        if indent == 0 {
            let (key, value) = entry(content)?;
            self.in_metadata = false;
            return match key {
                "apiVersion" => self.keep(API_VERSION, indent, value),
                "kind" => self.keep(KIND, indent, value),
                "metadata" => {
                    self.in_metadata = true;
                    (value.is_empty() && !std::mem::replace(&mut self.has_metadata, true))
                        .then_some(())
                }
                _ => Some(()),
            };
        }
        if !self.in_metadata || self.inner.is_some_and(|inner| indent > inner) {
            return Some(());
        }
        if indent != *self.inner.get_or_insert(indent) {
            return None;
        }
        let (key, value) = entry(content)?;
        match key {
            "namespace" => self.keep(NAMESPACE, indent, value),
            _ => Some(()),
        }
    }

    fn keep(&mut self, place: usize, indent: usize, value: &'text str) -> Option<()> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/');
        let plain = !value.is_empty()
            && value.bytes().all(known)
            && matches!(scalar::resolve(value), Scalar::Text);
        let slot = self.values.get_mut(place)?;
        self.ends_at = Some(indent);
        (plain && slot.replace(value).is_none()).then_some(())
    }

    /// What stood in it; `Some(None)` for nothing at all.
    fn finish(self) -> Option<Option<Outline>> {
        if !self.any {
            return Some(None);
        }
        let [api_version, kind, namespace] = self.values;
        let (api_version, kind, namespace) = (api_version?, kind?, namespace?);
        let is_one = !kind.ends_with("List") && !api_version.starts_with(KUSTOMIZE);
        is_one.then(|| {
            Some(Outline {
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
            })
        })
    }
}

/// Key and value of a line such as `kind: Service`.
fn entry(content: &str) -> Option<(&str, &str)> {
    let (key, rest) = content.split_once(':')?;
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
    (plain && (rest.is_empty() || rest.starts_with(' '))).then_some((key, rest.trim_matches(' ')))
}

/// Whether no text in quotes and nothing in brackets goes on in the next line, whose words would then
/// only look like a key. True for lines that end with one simple text
/// in quotes or one pair of brackets around simple words.
fn closes_what_it_opens(content: &str) -> bool {
    let content = content.trim_end_matches(' ');
    let (before, value) = content
        .split_once(": ")
        .or_else(|| content.split_once("- "))
        .map_or(("", content), |(key, value)| (key, value.trim_matches(' ')));
    let inside = |open, close| value.strip_prefix(open)?.strip_suffix(close);
    let simple = |text: &str| !text.contains(['[', ']', '{', '}', '"', '\'', '\\', '#']);
    let word = |item: &str| {
        let item = item.trim_matches(' ');
        let quoted = item
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        simple(quoted.unwrap_or(item))
    };
    let closed = if let Some(text) = inside('"', '"').or_else(|| inside('\'', '\'')) {
        simple(text)
    } else if let Some(items) = inside('[', ']').or_else(|| inside('{', '}')) {
        items.split(',').all(word)
    } else {
        false
    };
    closed && simple(before)
}

// What some reader of YAML takes for a line break or for nothing; those below U+0100 are controls.
const ODD_BREAKS: [char; 3] = ['\u{2028}', '\u{2029}', '\u{feff}'];
const DELETE: u8 = 0x7f;
const API_VERSION: usize = 0;
const KIND: usize = 1;
const NAMESPACE: usize = 2;
const KUSTOMIZE: &str = "kustomize.config.k8s.io/";

#[cfg(test)]
mod tests;
