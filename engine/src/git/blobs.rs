//! Small blobs that were read before: bases of many overlays, kustomizations, attributes.
//! Knows nothing of where they lie; the id vouches for the bytes.

use std::collections::BTreeMap;

use crate::model::GitId;

/// Blobs by their ids, bounded by their bytes.
#[derive(Default)]
pub(super) struct Blobs {
    known: BTreeMap<GitId, Box<[u8]>>,
    bytes: usize,
}

impl Blobs {
    /// The bytes of a blob of at most `limit` bytes, if they are known.
    pub(super) fn within(&self, id: GitId, limit: u64) -> Option<&[u8]> {
        let known = self.known.get(&id)?;
        (known.len() as u64 <= limit).then_some(known)
    }

    /// Keeps what was read, where it is small; with too much of it, all that was before goes.
    pub(super) fn keep(&mut self, id: GitId, bytes: &[u8]) {
        if bytes.len() > SMALL {
            return;
        }
        if self.bytes + bytes.len() > TOGETHER {
            self.known.clear();
            self.bytes = 0;
        }
        if self.known.insert(id, bytes.into()).is_none() {
            self.bytes += bytes.len();
        }
    }
}

/// The largest blob that is kept: a kustomization is smaller.
const SMALL: usize = 16 * 1024;
/// Bytes of all that are kept.
const TOGETHER: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> GitId {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&number.to_be_bytes());
        GitId::from_bytes(id)
    }

    #[test]
    fn small_blobs_are_kept_and_never_too_much_of_them() {
        let mut blobs = Blobs::default();
        blobs.keep(id(0), b"abc");
        assert_eq!(blobs.within(id(0), 3), Some(b"abc".as_slice()));
        assert_eq!(blobs.within(id(0), 2), None);
        blobs.keep(id(1), &[0; SMALL + 1]);
        assert_eq!(blobs.within(id(1), u64::MAX), None);
        for number in 2..1000 {
            blobs.keep(id(number), &[1; SMALL]);
            let held: usize = blobs.known.values().map(|bytes| bytes.len()).sum();
            assert!(held == blobs.bytes && held <= TOGETHER, "{held}");
        }
        assert_eq!(blobs.within(id(0), 3), None);
        assert!(blobs.within(id(999), u64::MAX).is_some());
    }
}
