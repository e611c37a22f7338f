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

/// A zlib stream of one block that is not compressed.
fn stored(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut bytes = vec![0x78, 0x01, 0x01];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(content);
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    bytes.extend((b << 16 | a).to_be_bytes());
    bytes
}
