//! Packs as no `git` would write them, with an index that finds everything in them.

use std::collections::BTreeMap;
use std::fs;

use sha1::{Digest as _, Sha1};

use super::Repo;
use super::loose::stored;

/// What lies in a pack under an id of 20 bytes.
pub(crate) enum Packed {
    /// A blob.
    Blob(Vec<u8>),
    /// A difference from the object of this id.
    Delta([u8; 20], Vec<u8>),
}

impl Repo {
    /// Puts a pack with these objects beside the others.
    pub(crate) fn pack(&self, objects: &BTreeMap<[u8; 20], Packed>) {
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend(number(objects.len()));
        let mut offsets = Vec::new();
        for object in objects.values() {
            offsets.extend(number(pack.len()));
            match object {
                Packed::Blob(content) => {
                    header(&mut pack, 3, content.len());
                    pack.extend(stored(content));
                }
                Packed::Delta(base, delta) => {
                    header(&mut pack, 7, delta.len());
                    pack.extend(base);
                    pack.extend(stored(delta));
                }
            }
        }
        pack.extend(Sha1::digest(&pack));

        let mut index = b"\xfftOc\0\0\0\x02".to_vec();
        for first in 0..=255 {
            let up_to = objects.keys().filter(|id| id[0] <= first).count();
            index.extend(number(up_to));
        }
        index.extend(objects.keys().flatten());
        // Nobody who reads objects looks at the checksums of their packed forms.
        index.extend(vec![0; 4 * objects.len()]);
        index.extend(offsets);
        index.extend(&pack[pack.len() - 20..]);
        index.extend(Sha1::digest(&index));

        let folder = self.path().join(".git/objects/pack");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("pack-made.pack"), pack).unwrap();
        fs::write(folder.join("pack-made.idx"), index).unwrap();
    }
}

/// The head of a difference: how long its base is, and how long what it makes is said to be.
pub(crate) fn delta(base: u64, made: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for mut rest in [base, made] {
        while rest > 0x7f {
            bytes.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// The kind of an object and its length, in Git's own writing of numbers.
fn header(pack: &mut Vec<u8>, kind: u8, length: usize) {
    let mut rest = length >> 4;
    let mut byte = kind << 4 | (length & 0xf) as u8;
    while rest > 0 {
        pack.push(0x80 | byte);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    pack.push(byte);
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_be_bytes()
}
