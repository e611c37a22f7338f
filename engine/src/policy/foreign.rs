//! Foreign text in what a policy says: a long name or value is abridged where it stands, so that the
//! words of the policy stay whole. Knows the texts of a document, not what they mean.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use regorus::Value;

use crate::model::abridged;

/// The texts of an input document.
pub(super) struct Foreign<'a> {
    document: &'a Value,
    /// Those that are long, the longest first. Looked for once there is a need.
    long: OnceCell<BTreeSet<(Reverse<usize>, &'a str)>>,
}

impl<'a> Foreign<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        Self {
            document,
            long: OnceCell::new(),
        }
    }

    /// A long sentence with the long texts of the document in it abridged, also where `%q` wrote them.
    pub(super) fn abridged_in(&self, mut sentence: String) -> String {
        if sentence.len() <= LONG_SENTENCE {
            return sentence;
        }
        let long = self.long.get_or_init(|| {
            let mut long = BTreeSet::new();
            collect(self.document, &mut long);
            long
        });
        for (_, text) in long {
            if text.len() > sentence.len() {
                continue;
            }
            let short = abridged(text, KEPT);
            let (quoted, quoted_short) = (quoted(text), quoted(&short));
            sentence = sentence.replace(text, &short);
            if quoted != *text {
                sentence = sentence.replace(&quoted, &quoted_short);
            }
        }
        sentence
    }

    /// Whether a text of the document holds these words.
    pub(super) fn holds(&self, words: &str) -> bool {
        holds(self.document, words)
    }
}

fn holds(value: &Value, words: &str) -> bool {
    match value {
        Value::String(text) => text.contains(words),
        Value::Array(items) => items.iter().any(|item| holds(item, words)),
        Value::Object(object) => object
            .iter()
            .any(|(key, item)| holds(key, words) || holds(item, words)),
        _ => false,
    }
}

fn collect<'a>(value: &'a Value, long: &mut BTreeSet<(Reverse<usize>, &'a str)>) {
    match value {
        Value::String(text) if text.len() > LONG_TEXT => {
            long.insert((Reverse(text.len()), &**text));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, long)),
        Value::Object(object) => {
            for (key, item) in object.iter() {
                collect(key, long);
                collect(item, long);
            }
        }
        _ => {}
    }
}

/// As `%q` writes it, without the quotes around it; what cannot be printed is left as it is.
fn quoted(text: &str) -> String {
    text.chars().fold(String::new(), |mut quoted, c| {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
        quoted
    })
}

/// Bytes that every report shows whole.
const LONG_SENTENCE: usize = 1_000;
/// Bytes.
const LONG_TEXT: usize = 250;
/// Characters of a long text.
const KEPT: usize = 120;
