//! A genuine envelope with one byte other than it was, at every place: never accepted, and nothing panics.

use tidegate::attest::{UnitId, bundle};
use tidegate::model::{Digest, Enforcement, GitId};
use tidegate::verify::{self, Expectation, ExpectedRepository, Source, SourceError};

use super::forged::{REPOSITORY, Shop, Signed as _};

/// A repository that has exactly the files of the genuine verdict.
struct Files((GitId, Digest));

impl Source for Files {
    fn gated_tree(&self, _: GitId, _: &[String]) -> Result<(GitId, Digest), SourceError> {
        Ok(self.0)
    }

    fn is_ancestor(&self, _: GitId, _: GitId) -> Result<bool, SourceError> {
        Ok(true)
    }
}

fn accepted(shop: &Shop, unit: &UnitId, file: &[u8]) -> bool {
    let head = &shop.genuine.head;
    let expectation = Expectation {
        trust: &shop.trust,
        unit,
        repository: ExpectedRepository::Exactly(Some(REPOSITORY)),
        revision: shop.wanted,
        enforcement: Enforcement::Enforce,
        chain: None,
        timetable: None,
        now: shop.world.now(),
    };
    verify::verify(file, &expectation, &Files((head.gated_tree, head.manifest))).is_ok()
}

#[test]
fn no_flipped_byte_and_no_cut_is_verified_at_any_offset() {
    let shop = Shop::new();
    let unit = UnitId::new("prod", "web").unwrap();
    let envelope = shop.genuine.signed(&shop.key);
    for file in [bundle(&envelope).unwrap(), envelope] {
        assert!(accepted(&shop, &unit, &file));
        for offset in 0..file.len() {
            let mut bad = file.clone();
            bad[offset] ^= 1 << (offset % 7);
            assert!(!accepted(&shop, &unit, &bad), "flipped at {offset}");
        }
        for end in (0..file.len()).step_by(7) {
            assert!(!accepted(&shop, &unit, &file[..end]), "cut at {end}");
        }
    }
}

#[test]
fn no_flipped_byte_is_admitted() {
    let shop = Shop::new();
    let envelope = shop.genuine.signed(&shop.key);
    assert_eq!(shop.admit(&envelope), "judged 1 medium");
    for offset in (0..envelope.len()).step_by(37) {
        let mut bad = envelope.clone();
        bad[offset] ^= 0x01;
        let said = shop.admit(&bad);
        assert!(said.starts_with("refused "), "{offset}: {said}");
    }
}
