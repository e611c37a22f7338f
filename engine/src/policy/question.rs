//! What a policy is asked, as a digest: equal digests, equal answers.
//! Knows nothing of answers.

use super::answer::Entry;
use super::known::Known;
use super::set::Module;
use crate::model::{Digest, Part, Piece};

/// Digests questions; a part of a document that it has met before is not digested again.
#[derive(Debug)]
pub(super) struct Digester {
    known: Known<Digest>,
}

impl Default for Digester {
    fn default() -> Self {
        Self {
            known: Known::new(of_part),
        }
    }
}

impl Digester {
    /// All that decides an answer: the file, what it may be asked for, the exact document.
    pub(super) fn question(
        &mut self,
        module: &Module,
        entries: &[Entry],
        document: &Piece,
    ) -> Digest {
        let mut bytes = Vec::new();
        for text in [module.path(), module.package()] {
            put(&mut bytes, text.as_bytes());
        }
        put(&mut bytes, module.digest().as_bytes());
        for entry in entries {
            put(&mut bytes, entry.rule().as_bytes());
        }
        put(&mut bytes, self.document(document).as_bytes());
        Digest::of(&bytes)
    }

    /// The digest of a document, by those of its parts.
    fn document(&mut self, piece: &Piece) -> Digest {
        match piece {
            Piece::Json(part) => self.known.of(part),
            Piece::List(items) => {
                self.known.meet(items);
                let mut bytes = vec![LIST];
                for item in items.iter() {
                    bytes.extend_from_slice(self.document(item).as_bytes());
                }
                Digest::of(&bytes)
            }
            Piece::Object(entries) => {
                let mut bytes = vec![OBJECT];
                for (key, part) in entries.iter() {
                    put(&mut bytes, key.as_bytes());
                    bytes.extend_from_slice(self.document(part).as_bytes());
                }
                Digest::of(&bytes)
            }
        }
    }
}

fn of_part(part: &Part) -> Digest {
    let mut bytes = vec![VALUE];
    bytes.extend_from_slice(part.text().as_bytes());
    Digest::of(&bytes)
}

/// With its length, so that no two rows of texts are one.
fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
    bytes.extend_from_slice(text);
}

const VALUE: u8 = 0;
const LIST: u8 = 1;
const OBJECT: u8 = 2;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_that_differ_anywhere_have_different_digests() {
        let one = Piece::new(json!({"a": 1}));
        let documents = [
            one.clone(),
            Piece::new(json!({"a": "1"})),
            Piece::new(json!({"a": 1, "b": null})),
            Piece::new(json!({})),
            Piece::new(json!([])),
            Piece::list([]),
            Piece::object([] as [(&str, Piece); 0]),
            Piece::list([one.clone()]),
            Piece::list([one.clone(), one.clone()]),
            Piece::list([Piece::list([one.clone(), one.clone()])]),
            Piece::list([Piece::list([one.clone()]), Piece::list([one.clone()])]),
            Piece::object([("a", one.clone())]),
            Piece::object([("ab", one.clone())]),
            Piece::object([("a", one.clone()), ("b", one.clone())]),
            Piece::object([("a", Piece::object([("b", one)]))]),
        ];
        let mut digester = Digester::default();
        for (place, document) in documents.iter().enumerate() {
            let digest = digester.document(document);
            assert_eq!(digest, Digester::default().document(document));
            for other in documents.iter().skip(place + 1) {
                assert_ne!(digest, digester.document(other), "{document:?} {other:?}");
            }
        }
    }
}
