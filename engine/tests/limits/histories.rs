//! Limits of histories: how far is walked for an ancestor, and through a branch of verdicts.
//! Ten times the limit is left out of these: the walk ends at one above, however much follows.

use std::fmt::Write as _;

use tidegate::attest::UnitId;
use tidegate::model::{code_of, limits};
use tidegate::store::{BranchPlace, BranchSettings, BranchStore, Store as _};

use crate::support::Repo;

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn histories_are_walked_up_to_the_limit() {
    let repo = Repo::new();
    let most = limits::HISTORY.most;
    chain(&repo, most + 1, "");
    let (head, second, third) = (repo.id("main"), repo.id("second"), repo.id("third"));
    let open = repo.open();
    // The parent of what is asked for is looked at, too.
    assert!(open.is_ancestor(third, head).unwrap());
    let beyond = open.is_ancestor(second, head).unwrap_err();
    assert_eq!(code_of(&beyond), "limit.history");
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn histories_of_stores_are_walked_up_to_the_limit() {
    for (count, refused) in [
        (limits::STORE_HISTORY.most, false),
        (limits::STORE_HISTORY.most + 1, true),
    ] {
        let bare = Repo::with(&["--bare"]);
        // A height is missing: what lay there is looked for in the history.
        let files = "M 100644 inline links/prod/web/0.json\ndata 2\n{}\nM 100644 inline links/prod/web/2.json\ndata 2\n{}\n";
        chain(&bare, count, files);
        let repo = Repo::new();
        let address = format!("file://{}", bare.path().display());
        repo.git(&["remote", "add", "origin", &address]);
        let settings = BranchSettings {
            now: "2026-11-20T10:00:00Z".parse().unwrap(),
            seed: 1,
            scratch: repo.beside("scratch"),
        };
        let place = BranchPlace::parse(":origin:main").unwrap();
        let store = BranchStore::new(repo.open(), place, settings).unwrap();
        let unit = UnitId::new("prod", "web").unwrap();
        let code = store.older_links(&unit).err().map(|error| code_of(&error));
        assert_eq!(code.as_deref(), refused.then_some("limit.history"));
    }
}

/// So many commits on `main`, with these files from the first on; the oldest are named.
fn chain(repo: &Repo, count: usize, files: &str) {
    let mut stream = String::new();
    for number in 0..count {
        let time = 1_600_000_000 + number;
        let branch = ["first", "second", "third", "main"][number.min(3)];
        write!(
            stream,
            "commit refs/heads/{branch}\nmark :{}\ncommitter C <c@d> {time} +0000\ndata 1\nx\n",
            number + 1
        )
        .unwrap();
        if number > 0 {
            writeln!(stream, "from :{number}").unwrap();
        } else {
            stream += files;
        }
    }
    repo.git_with(&["fast-import", "--quiet"], stream.as_bytes());
}
