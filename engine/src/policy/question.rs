//! What a policy is asked, as a digest: equal digests, equal answers.
//! Knows nothing of answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::Entry;
use super::set::Module;
use crate::model::{Digest, Part, Piece, map_by_threads};

/// Digests questions; a part of a document that it has met before is not digested again.
#[derive(Debug, Default)]
pub(super) struct Digester {
    /// By address. The part is kept, so that nothing else ever has the address.
    parts: BTreeMap<usize, (Arc<Part>, Digest)>,
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
            Piece::Json(part) => {
                let address = Arc::as_ptr(part).addr();
                let known = self.parts.entry(address);
                let (_, digest) = known.or_insert_with(|| (Arc::clone(part), of_part(part)));
                *digest
            }
            Piece::List(items) => {
                if items.len() >= MANY {
                    self.digest_new(items);
                }
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

impl Digester {
    /// Digests by every processor what it has not met before.
    fn digest_new(&mut self, items: &[Piece]) {
        let address = |part: &Arc<Part>| Arc::as_ptr(part).addr();
        let new: Vec<&Arc<Part>> = items
            .iter()
            .filter_map(Piece::part)
            .filter(|part| !self.parts.contains_key(&address(part)))
            .collect();
        let digests = map_by_threads(&new, |_, part| of_part(part));
        let digests = new.into_iter().zip(digests);
        let digests = digests.map(|(part, digest)| (address(part), (Arc::clone(part), digest)));
        self.parts.extend(digests);
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

/// So many parts are worth another thread.
const MANY: usize = 64;

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
