//! What is older than the newest baseline: out of the tip, and found in the history.

use std::fmt::Write as _;
use std::fs;

use tidegate::model::{Digest, GitId};
use tidegate::store::Store as _;

use super::super::BRANCH;
use super::{Shared, contents, names, store, time, unit};

#[test]
fn what_is_retired_lies_in_the_history_and_what_was_not_stays() {
    let shared = Shared::new();
    let repo = shared.another();
    let store = store(&repo);
    let unit = unit();
    let digests = [0, 1, 2].map(|height: u8| Digest::of(&[height]));
    let link = |height: usize| (height as u64, digests[height]);
    for height in 0..3 {
        let (height, digest) = link(height);
        let text = height.to_string();
        store.publish_link(&unit, height, text.as_bytes()).unwrap();
        store.publish_renewal(digest, time(0), b"x").unwrap();
    }
    store
        .publish_report(&unit, GitId::EMPTY_TREE, digests[0], b"x")
        .unwrap();
    store.settle().unwrap();
    // Put there and taken away by somebody else, above all links that count.
    shared.plant(&[("100644", "links/prod/web/9.json", b"9")]);
    let tip = shared.tip();
    let without = format!(
        "commit {BRANCH}\ncommitter C <c@d> 2 +0000\ndata 1\nx\nfrom {tip}\nD links/prod/web/9.json\n"
    );
    let import = ["fast-import", "--quiet"];
    shared.0.git_with(&import, without.as_bytes());
    store.refresh().unwrap();
    assert_eq!(store.older_links(&unit).unwrap(), []);

    store.retire(&unit, &[link(0), link(1)]).unwrap();
    store.publish_link(&unit, 3, b"3").unwrap();
    store.settle().unwrap();
    let renewal = format!("renewals/{}/20270115T080000Z.json", digests[2]);
    let left = ["links/prod/web/2.json", "links/prod/web/3.json", &renewal];
    assert_eq!(shared.files(), left);
    assert_eq!(shared.message(), "Add links/prod/web/3\n");
    assert_eq!(contents(store.older_links(&unit)), [b"0", b"1"]);
    assert_eq!(names(store.links(&unit)), ["2.json", "3.json"]);

    store.retire(&unit, &[link(2)]).unwrap();
    store.settle().unwrap();
    assert_eq!(shared.files(), ["links/prod/web/3.json"]);
    assert_eq!(shared.message(), "Move what is older out of the way\n");
    assert_eq!(contents(store.older_links(&unit)), [b"0", b"1", b"2"]);
    // It is not looked for a second time.
    fs::remove_dir_all(repo.path().join(".git/objects")).unwrap();
    assert_eq!(contents(store.older_links(&unit)), [b"0", b"1", b"2"]);
}

#[test]
fn where_no_link_is_missing_no_history_is_read() {
    let shared = Shared::new();
    let repo = shared.another();
    let first = store(&repo);
    for height in [0, 1] {
        first.publish_link(&unit(), height, b"x").unwrap();
        first.settle().unwrap();
    }
    let id = repo.git(&["rev-parse", &format!("{}^", shared.tip())]);
    let (folder, file) = id.split_at(2);
    let object = repo.path().join(".git/objects").join(folder).join(file);
    fs::remove_file(object).unwrap();
    let second = store(&repo);
    assert_eq!(second.older_links(&unit()).unwrap(), []);
    assert_eq!(names(second.links(&unit())), ["0.json", "1.json"]);
}

/// Each merge doubles the ways that lead to the first commit.
#[test]
fn however_many_ways_lead_to_a_commit_it_is_read_once() {
    let shared = Shared::new();
    shared.plant(&[
        ("100644", "links/prod/web/0.json", b"0"),
        ("100644", "links/prod/web/1.json", b"1"),
    ]);
    let mut stream = String::new();
    let mut below = shared.tip().to_string();
    for merge in 0..40 {
        for side in 1..4 {
            let mark = merge * 3 + side;
            let from = if side == 3 {
                format!("from :{}\nmerge :{}", mark - 2, mark - 1)
            } else {
                format!("from {below}")
            };
            write!(
                stream,
                "commit {BRANCH}\nmark :{mark}\ncommitter C <c@d> {mark} +0000\ndata 1\nx\n{from}\n\n"
            )
            .unwrap();
        }
        below = format!(":{}", merge * 3 + 3);
    }
    write!(
        stream,
        "commit {BRANCH}\ncommitter C <c@d> 200 +0000\ndata 1\nx\nfrom {below}\nD links/prod/web/0.json\n"
    )
    .unwrap();
    let import = ["fast-import", "--quiet", "--force"];
    shared.0.git_with(&import, stream.as_bytes());
    assert_eq!(shared.commits(), 122);
    let repo = shared.another();
    let store = store(&repo);
    assert_eq!(contents(store.older_links(&unit())), [b"0"]);
}
