//! Loose objects with any content under any name, as no `git` would write them.

use std::fs;

use super::Repo;

impl Repo {
    /// Puts `content`, its header included, where the object `id` lies.
    pub(crate) fn loose(&self, id: &str, content: &[u8]) {
        self.loose_bytes(id, &stored(content));
    }

    /// The same without a zlib stream around it.
    pub(crate) fn loose_bytes(&self, id: &str, bytes: &[u8]) {
        let folder = self.path().join(".git/objects").join(&id[..2]);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(&id[2..]);
        // Git writes these without leave to write to them.
        let _ = fs::remove_file(&file);
        fs::write(file, bytes).unwrap();
    }
}

/// A zlib stream of blocks that are not compressed.
pub(super) fn stored(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    let mut blocks = content.chunks(0xffff).peekable();
    if blocks.peek().is_none() {
        bytes.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        bytes.push(u8::from(blocks.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    bytes.extend((b << 16 | a).to_be_bytes());
    bytes
}
