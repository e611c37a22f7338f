//! Objects of Git: a tree or a commit that is read says what libgit2 reads in it, and no path leads
//! out of a checkout; a revision that is resolved is the commit that libgit2 finds; an index holds the files that it
//! reads there.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use git2::{ObjectType, Oid, TreeWalkMode, TreeWalkResult};
use libfuzzer_sys::fuzz_target;
use sha1::{Digest as _, Sha1};
use tidegate::git::Repository;
use tidegate::model::GitId;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b't', rest)) => check_tree(&tree(rest)),
        Some((b'c', rest)) => check_commit(&commit(rest)),
        Some((b'r', rest)) => check_revision(rest),
        Some((b'i', rest)) => check_index(rest),
        _ => {}
    }
});

/// Entries as `mode name`, NUL, and a letter for what they name.
fn tree(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut tree = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let (entry, after) = rest.split_at(end + 1);
        let (kind, after) = after.split_first().unwrap_or((&b'b', &[]));
        tree.extend_from_slice(entry);
        tree.extend_from_slice(match kind {
            b't' => SHOP.folder.as_bytes(),
            b'b' => SHOP.file.as_bytes(),
            _ => &[7; 20],
        });
        rest = after;
    }
    tree.extend_from_slice(rest);
    tree
}

fn check_tree(bytes: &[u8]) {
    let written = Written::new(ObjectType::Tree, bytes);
    let commit = Written::new(
        ObjectType::Commit,
        format!("tree {}\n\n", written.id).as_bytes(),
    );
    let ours = Repository::open(&SHOP.path).expect("the shop");
    let snapshot = ours.snapshot(id(commit.id)).expect("a commit with a tree");
    let Ok(entries) = ours.entries(&snapshot) else {
        return;
    };

    let inner = git2::Repository::open(&SHOP.path).expect("the shop");
    let tree = inner
        .find_tree(written.id)
        .expect("libgit2 reads what we read");
    let mut others = Vec::new();
    let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() != Some(ObjectType::Tree) {
            let path = [folder.as_bytes(), entry.name_bytes()].concat();
            others.push((
                path,
                u32::try_from(entry.filemode()).unwrap_or(0),
                id(entry.id()),
            ));
        }
        TreeWalkResult::Ok
    });
    let mut found: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_bytes().to_vec(), entry.mode, entry.id))
        .collect();
    assert!(found.is_sorted_by(|a, b| a.0 < b.0), "{found:?}");
    for (path, ..) in &found {
        for name in path.split(|byte| *byte == b'/') {
            assert!(!matches!(name, b"" | b"." | b"..") && !name.eq_ignore_ascii_case(b".git"));
        }
    }
    // Its binding gives folders as text, so that others are not compared.
    if walked.is_ok() {
        others.sort();
        found.sort();
        assert_eq!(found, others);
    }
}

/// As it stands, with the ids of what there is put in for `@`.
fn commit(bytes: &[u8]) -> Vec<u8> {
    let [tree, parent] = [SHOP.folder, SHOP.head].map(|id| id.to_string());
    let mut ids = [tree, parent.clone(), parent].into_iter();
    let mut commit = Vec::new();
    for byte in bytes {
        match (byte, ids.next()) {
            (b'@', Some(id)) => commit.extend_from_slice(id.as_bytes()),
            _ => commit.push(*byte),
        }
    }
    commit
}

fn check_commit(bytes: &[u8]) {
    let written = Written::new(ObjectType::Commit, bytes);
    let ours = Repository::open(&SHOP.path).expect("the shop");
    let Ok(info) = ours.commit(id(written.id)) else {
        return;
    };
    assert!(info.message.len() <= 64 << 10);
    let inner = git2::Repository::open(&SHOP.path).expect("the shop");
    // It refuses commits without a name; servers take them.
    let Ok(commit) = inner.find_commit(written.id) else {
        return;
    };
    assert_eq!(info.tree, id(commit.tree_id()));
    assert_eq!(
        info.parents,
        commit.parent_ids().map(id).collect::<Vec<_>>()
    );
}

fn check_revision(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let ours = Repository::open(&SHOP.path).expect("the shop");
    let Ok(commit) = ours.resolve(text) else {
        return;
    };
    let inner = git2::Repository::open(&SHOP.path).expect("the shop");
    let other = inner
        .revparse_single(text)
        .and_then(|object| object.peel_to_commit());
    assert_eq!(
        other.map(|other| id(other.id())).ok(),
        Some(commit),
        "{text}"
    );
}

/// What stands before the checksum.
fn check_index(bytes: &[u8]) {
    let file = SHOP.path.join(".git/index");
    let checksum = Sha1::digest(bytes);
    fs::write(&file, [bytes, checksum.as_slice()].concat()).expect("written");
    let ours = Repository::open(&SHOP.path).expect("the shop");
    let Ok(range) = ours.staged() else {
        return;
    };
    let Ok(entries) = ours.entries(&range.head) else {
        return;
    };
    let other = git2::Index::open(&file).expect("libgit2 reads what we read");
    let mut others: Vec<_> = other
        .iter()
        // Of what is to be added later only the name is there.
        .filter(|entry| entry.flags_extended & 1 << 13 == 0)
        .map(|entry| {
            assert_eq!(entry.flags & 0x3000, 0, "a conflict is none of the files");
            (entry.path, id(entry.id))
        })
        .collect();
    others.sort();
    let found = entries.iter();
    let found: Vec<_> = found
        .map(|entry| (entry.path.as_bytes().to_vec(), entry.id))
        .collect();
    assert!(found.is_sorted_by(|a, b| a.0 < b.0), "{found:?}");
    assert_eq!(found, others);
    for (path, _) in &found {
        for name in path.split(|byte| *byte == b'/') {
            assert!(!matches!(name, b"" | b"." | b"..") && !name.eq_ignore_ascii_case(b".git"));
        }
    }
}

/// An object that is there as long as this is.
struct Written {
    id: Oid,
    is_new: bool,
}

impl Written {
    fn new(kind: ObjectType, bytes: &[u8]) -> Self {
        let inner = git2::Repository::open(&SHOP.path).expect("the shop");
        let odb = inner.odb().expect("its objects");
        let id = Oid::hash_object(kind, bytes).expect("an id");
        let is_new = !odb.exists(id);
        if is_new {
            odb.write(kind, bytes).expect("written");
        }
        Self { id, is_new }
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if self.is_new {
            let name = self.id.to_string();
            let (folder, file) = name.split_at(2);
            fs::remove_file(SHOP.path.join(".git/objects").join(folder).join(file)).ok();
        }
    }
}

fn id(oid: Oid) -> GitId {
    GitId::from_bytes(oid.as_bytes().try_into().expect("20 bytes"))
}

struct Shop {
    path: PathBuf,
    head: Oid,
    folder: Oid,
    file: Oid,
}

/// In the folder for what is temporary, which is the caller's to clear.
static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("shop-{}", std::process::id()));
    let draft = tidegate::git::Draft::init(Path::new(&path)).expect("a repository");
    let mut head = None;
    for (seconds, text) in [(0, "a"), (60, "b"), (120, "c")] {
        draft
            .write("apps/web.yaml", text.as_bytes())
            .expect("written");
        head = draft.commit(text, seconds).ok();
    }
    let head = head.expect("three commits").to_string();
    let inner = git2::Repository::open(&path).expect("a repository");
    let head = inner
        .find_commit(Oid::from_str(&head).expect("an id"))
        .expect("a commit");
    let branch = inner.branch("release/1", &head.parent(0).expect("a parent"), false);
    branch.expect("a branch");
    inner
        .tag_lightweight("v1", head.as_object(), false)
        .expect("a tag");
    let folder = head.tree_id();
    let file = inner.blob(b"kind: Service\n").expect("a file");
    let head = head.id();
    Shop {
        path,
        head,
        folder,
        file,
    }
});
