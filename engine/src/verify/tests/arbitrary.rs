//! Whatever else lies in a store, the links that were signed are the only ones.
//! Uses a real folder.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::attest::sample;
use crate::store::{FolderStore, Store as _};
use crate::verify::Chain;

/// Names beside `0.json` and `1.json`, the links that are there.
const NAMES: [&str; 8] = [
    "2.json",
    "3.json",
    "01.json",
    "x.json",
    "2.json.tmp",
    "-1.json",
    "99999999999999999999.json",
    "2",
];

/// What somebody who holds no key may write: noise, or signed bytes that were damaged.
fn content() -> impl Strategy<Value = (Vec<u8>, usize, u8)> {
    (vec(any::<u8>(), 0..64), 0_usize..4_096, any::<u8>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_that_lies_in_a_store_becomes_a_link_or_a_panic(
        files in vec((prop::sample::select(&NAMES[..]), any::<bool>(), content()), 0..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path().to_path_buf());
        let unit = sample::unit();
        let first = sample::baseline(sample::state(0));
        let second = sample::link(&first, sample::state(1));
        store.publish_link(&unit, 0, &first.signed()).unwrap();
        store.publish_link(&unit, 1, &second.signed()).unwrap();
        let links = folder.path().join("links").join(unit.to_string());
        prop_assert!(links.join("1.json").exists());
        for (name, is_noise, (noise, at, bits)) in files {
            let third = sample::link(&second, sample::state(2));
            let mut bytes = if is_noise { noise } else { third.signed() };
            // A link of the next height, whole, is what only the signer makes.
            let at = at % bytes.len().max(1);
            match bytes.get_mut(at) {
                Some(byte) if bits % 2 == 0 => *byte ^= bits | 1,
                _ => bytes.truncate(at),
            }
            fs::write(links.join(name), bytes).unwrap();
        }
        if let Ok(chain) = Chain::read(&store, &unit, &sample::trust()) {
            let heads: Vec<_> = chain.links().iter().map(|link| link.verdict().head.commit).collect();
            prop_assert_eq!(heads, [first.head.commit, second.head.commit]);
        }
    }
}
