//! The store by itself, without a signer: what it puts on the branch, and what it reads there.

mod answers;
mod older;
mod races;

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::Timestamp;
use tidegate::attest::UnitId;
use tidegate::model::{Digest, GitId, code_of, limits};
use tidegate::store::{BranchPlace, BranchSettings, BranchStore, Error, Store as _};
use tidegate::store::{StoredFile, Unread};

use super::BRANCH;
use crate::support::Repo;

/// A bare repository with a branch of verdicts.
struct Shared(Repo);

impl Shared {
    fn new() -> Self {
        Self(Repo::with(&["--bare"]))
    }

    /// A repository of its own, whose `origin` this is.
    fn another(&self) -> Repo {
        let repo = Repo::new();
        let address = format!("file://{}", self.0.path().display());
        repo.git(&["remote", "add", "origin", &address]);
        repo
    }

    fn files(&self) -> Vec<String> {
        let all = self.0.git(&["ls-tree", "-r", "--name-only", BRANCH]);
        all.lines().map(str::to_owned).collect()
    }

    fn commits(&self) -> usize {
        self.0.git(&["rev-list", BRANCH]).lines().count()
    }

    fn message(&self) -> String {
        self.0.git(&["log", "-1", "--format=%B", BRANCH])
    }

    fn tip(&self) -> GitId {
        self.0.id(BRANCH)
    }

    fn moves_to(&self, commit: GitId) {
        self.0.git(&["update-ref", BRANCH, &commit.to_string()]);
    }

    /// Puts files on the branch as anybody with a push could: mode, path and content.
    fn plant(&self, files: &[(&str, &str, &[u8])]) -> GitId {
        let there = self.0.git(&["for-each-ref", BRANCH]);
        let mut stream = format!("commit {BRANCH}\ncommitter C <c@d> 1 +0000\ndata 1\nx\n");
        if !there.is_empty() {
            stream += &format!("from {BRANCH}^0\n");
        }
        let mut stream = stream.into_bytes();
        for (mode, path, content) in files {
            let head = format!("M {mode} inline {path}\ndata {}\n", content.len());
            stream.extend([head.as_bytes(), content, b"\n"].concat());
        }
        self.0.git_with(&["fast-import", "--quiet"], &stream);
        self.tip()
    }

    /// A commit that has nothing to do with the branch.
    fn stranger(&self) -> GitId {
        let id = self.0.git(&["commit-tree", "-m", "x", EMPTY_TREE]);
        GitId::parse(&id).unwrap()
    }
}

fn store(repo: &Repo) -> BranchStore {
    store_at(repo, 0)
}

/// Whose commits are of another second, and so have other names.
fn store_at(repo: &Repo, second: i64) -> BranchStore {
    let settings = BranchSettings {
        now: time(second),
        seed: 1,
        scratch: repo.beside("scratch"),
    };
    let place = BranchPlace::parse("").unwrap();
    BranchStore::new(repo.open(), place, settings).unwrap()
}

fn unit() -> UnitId {
    UnitId::new("prod", "web").unwrap()
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn code<T: Debug>(result: Result<T, Error>) -> String {
    code_of(&result.unwrap_err())
}

fn contents(files: Result<Vec<StoredFile>, Error>) -> Vec<Vec<u8>> {
    let files = files.unwrap().into_iter();
    files.map(|file| file.content.unwrap()).collect()
}

fn names(files: Result<Vec<StoredFile>, Error>) -> Vec<String> {
    files.unwrap().into_iter().map(|file| file.name).collect()
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_is_settled_is_there_for_everybody_and_before_that_for_nobody() {
    let shared = Shared::new();
    let (one, two) = (shared.another(), shared.another());
    let (writer, reader) = (store(&one), store(&two));
    let (unit, digest) = (unit(), Digest::of(b"link"));
    writer.publish_link(&unit, 0, b"link").unwrap();
    writer
        .publish_report(&unit, GitId::EMPTY_TREE, digest, b"report")
        .unwrap();
    writer.publish_renewal(digest, time(0), b"renewal").unwrap();
    writer.publish_withdrawal(digest, b"withdrawal").unwrap();
    assert_eq!(reader.units().unwrap(), []);
    assert_eq!(reader.links(&unit).unwrap(), []);
    writer.settle().unwrap();
    reader.refresh().unwrap();
    let units = [unit.clone()];
    let links = [StoredFile {
        name: "0.json".to_owned(),
        place: "tidegate/verdicts:links/prod/web/0.json".to_owned(),
        content: Ok(b"link".to_vec()),
    }];
    for store in [&writer, &reader] {
        assert_eq!(store.units().unwrap(), units);
        assert_eq!(store.links(&unit).unwrap(), links);
        assert_eq!(contents(store.reports(&unit)), [b"report"]);
        assert_eq!(contents(store.renewals(digest)), [b"renewal"]);
        assert_eq!(contents(store.withdrawals()), [b"withdrawal"]);
    }
    let said = format!(
        "Add 4 verdicts\n\nlinks/prod/web/0\nrenewals/{digest}/20270115T080000Z\n\
         reports/prod/web/{EMPTY_TREE}-{digest}\nwithdrawals/{digest}\n"
    );
    assert_eq!(shared.message(), said);
    writer.settle().unwrap();
    assert_eq!(shared.commits(), 1);
}

#[test]
fn a_height_is_taken_once_whether_it_is_settled_or_not() {
    let shared = Shared::new();
    let repo = shared.another();
    let store = store(&repo);
    store.publish_link(&unit(), 0, b"first").unwrap();
    let again = || store.publish_link(&unit(), 0, b"second");
    assert_eq!(code(again()), "store.conflict");
    store.settle().unwrap();
    assert_eq!(code(again()), "store.conflict");
    assert_eq!(contents(store.links(&unit())), [b"first"]);
    assert_eq!(shared.message(), "Add links/prod/web/0\n");
}

#[test]
fn what_is_named_by_its_content_stays_what_it_is() {
    let shared = Shared::new();
    let most = limits::ENVELOPE.most;
    let (longest, longer) = (vec![b' '; most], vec![b' '; most + 1]);
    let path = |name: &str| format!("withdrawals/{}.json", Digest::of(name.as_bytes()));
    shared.plant(&[
        ("100644", &path("file"), b"said"),
        ("120000", &path("link"), b"said"),
        ("100644", &format!("{}/x", path("folder")), b"said"),
        ("100644", &path("longest"), &longest),
        ("100644", &path("longer"), &longer),
        ("100644", "withdrawals/.hidden", b"said"),
    ]);
    let repo = shared.another();
    let store = store(&repo);
    for (name, content, taken) in [
        ("file", &b"said"[..], false),
        ("file", b"other", true),
        ("link", b"said", true),
        ("folder", b"said", true),
        ("longest", &longest, false),
        ("longer", &longer, true),
    ] {
        let put = store.publish_withdrawal(Digest::of(name.as_bytes()), content);
        let refused = put.map_err(|error| (code_of(&error), error.to_string()));
        let why = format!(
            "`tidegate/verdicts:{}` stands in the way: it holds other bytes than its name says",
            path(name)
        );
        let expected = if taken {
            Err(("store.blocked".to_owned(), why))
        } else {
            Ok(())
        };
        assert_eq!(refused, expected, "{name}");
    }
    store.settle().unwrap();
    assert_eq!(shared.commits(), 1);
    let seen = store.withdrawals().unwrap().into_iter();
    let seen: Vec<_> = seen
        .map(|file| (file.name, file.content.map(|bytes| bytes.len())))
        .collect();
    let mut expected = [
        ("file", Ok(4)),
        ("link", Err(Unread::NotAFile)),
        ("folder", Err(Unread::NotAFile)),
        ("longest", Ok(most)),
        ("longer", Err(Unread::TooLong)),
    ]
    .map(|(name, read)| (path(name).replace("withdrawals/", ""), read));
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(seen, expected);
}

#[test]
fn the_newest_renewal_is_kept_whatever_comes_after_it() {
    let shared = Shared::new();
    let repo = shared.another();
    let store = store(&repo);
    let digest = Digest::of(b"link");
    for (second, kept) in [(1, vec![1]), (2, vec![2]), (2, vec![2]), (0, vec![0, 2])] {
        store.publish_renewal(digest, time(second), b"x").unwrap();
        store.settle().unwrap();
        let kept: Vec<String> = kept
            .into_iter()
            .map(|second| format!("20270115T08000{second}Z.json"))
            .collect();
        assert_eq!(names(store.renewals(digest)), kept, "{second}");
    }
}

#[test]
fn who_has_nothing_to_settle_asks_nobody() {
    let repo = Repo::new();
    repo.git(&["remote", "add", "origin", "git://127.0.0.1:1/x"]);
    let store = store(&repo);
    store.settle().unwrap();
    assert_eq!(code(store.refresh()), "store.unreachable");
    assert_eq!(code(store.units()), "store.unreachable");
}

const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
