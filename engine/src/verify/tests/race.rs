//! Many signers, one unit: the store's compare-and-swap makes one chain of them.
//! Uses a real folder.

use std::collections::BTreeSet;

use crate::{
    attest::{Verdict, sample},
    store::{Error, FolderStore, Store as _},
    verify::Chain,
};

#[test]
fn eight_threads_make_one_chain_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new(folder.path().join("verdicts"));
    let unit = sample::unit();
    let first = sample::baseline(sample::state(0));
    store.publish_link(&unit, 0, &first.signed()).unwrap();
    std::thread::scope(|scope| {
        for thread in 1..=8 {
            let store = &store;
            scope.spawn(move || publish_two(store, thread));
        }
    });
    let chain = Chain::read(&store, &unit, &sample::trust()).unwrap();
    assert!(chain.rejected().is_empty());
    let heights: Vec<u64> = chain
        .links()
        .iter()
        .map(|link| link.verdict().height)
        .collect();
    assert_eq!(heights, (0..=16).collect::<Vec<_>>());
    let heads: BTreeSet<_> = chain
        .links()
        .iter()
        .map(|link| link.verdict().head.commit)
        .collect();
    assert_eq!(heads.len(), 17, "none is lost");
}

fn publish_two(store: &FolderStore, thread: u8) {
    let unit = sample::unit();
    for number in [thread, thread + 100] {
        loop {
            let chain = Chain::read(store, &unit, &sample::trust()).unwrap();
            let newest: &Verdict = chain.newest().unwrap().verdict();
            let link = sample::link(newest, sample::state(number));
            match store.publish_link(&unit, link.height, &link.signed()) {
                Ok(()) => break,
                Err(Error::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
