//! Tells whether bytes hold a word, before anybody parses them.
//! Knows nothing of what is looked for.

use memchr::memmem;

/// Whether the word stands anywhere in the bytes; an empty one does everywhere.
pub(crate) fn mentions(bytes: &[u8], word: &[u8]) -> bool {
    memmem::find(bytes, word).is_some()
}
