//! Names and bytes that are odd and not damaged, and headers that lie: read as they are, or refused with a code.

use std::fmt::Write as _;
use std::fs;

use tidegate::git::Repository;
use tidegate::model::GitId;

use super::code;
use crate::support::Repo;

/// Two commits.
fn two() -> Repo {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("a", "2").commit("second");
    repo
}

#[test]
fn a_branch_that_reads_like_an_option_is_named_in_full_or_not_at_all() {
    let repo = two();
    let first = repo.id("HEAD~1");
    for name in ["-h", "--output=x", "HEAD"] {
        let full = format!("refs/heads/{name}");
        fs::write(repo.path().join(".git").join(&full), format!("{first}\n")).unwrap();
        assert_eq!(repo.open().resolve(&full).unwrap(), first, "{name}");
        match name {
            "HEAD" => assert_ne!(repo.open().resolve(name).unwrap(), first),
            _ => assert_eq!(code(repo.open().resolve(name)), "usage.revision", "{name}"),
        }
    }
    for name in ["a b", "a\u{1b}b"] {
        let full = format!("refs/heads/{name}");
        for text in [name, &full] {
            let found = code(repo.open().resolve(text));
            assert_eq!(found, "usage.revision", "{text:?}");
        }
    }
}

#[test]
fn a_million_references_are_in_nobodys_way() {
    let repo = two();
    let first = repo.id("HEAD~1");
    let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for number in 0..1_000_000 {
        writeln!(packed, "{first} refs/heads/x{number:07}").unwrap();
    }
    writeln!(packed, "{first} refs/tags/base").unwrap();
    fs::write(repo.path().join(".git/packed-refs"), packed).unwrap();
    let range = repo.open().range("base..main").unwrap();
    assert_eq!(range.commits.len(), 1);
}

#[test]
fn a_name_of_seventy_kilobytes_is_in_nobodys_way() {
    let repo = two();
    let (first, long) = (repo.id("HEAD~1"), "x".repeat(70_000));
    let packed =
        format!("# pack-refs with: peeled fully-peeled sorted \n{first} refs/heads/{long}\n");
    fs::write(repo.path().join(".git/packed-refs"), packed).unwrap();
    assert_eq!(repo.open().resolve("main~1").unwrap(), first);
    assert_eq!(code(repo.open().resolve(&long)), "usage.revision");
}

#[test]
fn a_head_in_a_circle_is_no_commit() {
    let repo = two();
    let git = repo.path().join(".git");
    fs::write(git.join("HEAD"), "ref: refs/heads/x\n").unwrap();
    fs::write(git.join("refs/heads/x"), "ref: refs/heads/y\n").unwrap();
    fs::write(git.join("refs/heads/y"), "ref: refs/heads/x\n").unwrap();
    let open = Repository::open(repo.path()).unwrap();
    assert_eq!(code(open.resolve("HEAD")), "git.ref");
    assert_eq!(code(open.range("HEAD~1..main")), "git.ref");
    assert_eq!(open.resolve("main").unwrap(), repo.id("main"));
}

#[test]
fn a_loose_object_whose_header_lies_is_corrupt() {
    let repo = two();
    let blob = repo.id("HEAD:a");
    let open = || repo.open();
    assert_eq!(open().blob(blob).unwrap(), b"2");
    let name = blob.to_string();
    for content in [
        b"blob 0\x002".as_slice(),
        b"blob 2\x002",
        b"blob 9223372036854775807\x002",
        b"blob -1\x002",
        b"blob x1\x002",
        b"blob 1\x003",
        b"blob 1",
        b"tree 1\x002",
        b"commit 1\x002",
        b"evil 1\x002",
        b"",
    ] {
        repo.loose(&name, content);
        let found = code(open().blob(blob));
        let expected = ["git.object-corrupt", "limit.blob", "limit.object"];
        assert!(expected.contains(&&*found), "{content:?}: {found}");
    }
    for bytes in [b"".as_slice(), b"x", &[0x78, 0x01], &[0; 64]] {
        repo.loose_bytes(&name, bytes);
        assert_eq!(code(open().blob(blob)), "git.object-corrupt", "{bytes:?}");
    }
}

#[test]
fn odd_bytes_of_a_message_are_kept_apart_from_the_header() {
    let repo = two();
    let (tree, parent) = (repo.id("HEAD^{tree}"), repo.id("HEAD~1"));
    let other = repo.id("HEAD~1^{tree}");
    let header = format!(
        "tree {tree}\nparent {parent}\nauthor A <a@b> 1700000000 +0000\ncommitter C <c@d> 1700000000 +0000\n"
    );
    let signed =
        format!("gpgsig -----BEGIN\n tree {other}\n parent {tree}\n author Evil <e@f> 1 +0000\n\n");
    let said = format!("said\n\ntree {other}\n");
    for (rest, message) in [
        (b"\nbefore\0after\n".to_vec(), "before\0after\n"),
        (
            b"encoding ISO-2022-JP\n\n\x1b$B$3$s\x1b(B\n".to_vec(),
            "\u{1b}$B$3$s\u{1b}(B\n",
        ),
        (format!("{signed}{said}").into_bytes(), said.as_str()),
        (b"\n\xff\xfe\n".to_vec(), "\u{fffd}\u{fffd}\n"),
    ] {
        let content = [header.as_bytes(), &rest].concat();
        let arguments = [
            "hash-object",
            "--literally",
            "-t",
            "commit",
            "-w",
            "--stdin",
        ];
        let id = String::from_utf8(repo.git_with(&arguments, &content)).unwrap();
        let range = repo
            .open()
            .range(&format!("{parent}..{}", id.trim()))
            .unwrap();
        let [commit] = range.commits.as_slice() else {
            panic!("{:?}", range.commits);
        };
        assert_eq!(commit.id, GitId::parse(id.trim()).unwrap());
        assert_eq!(commit.tree, tree);
        assert_eq!(commit.parents, [parent]);
        assert_eq!(commit.author.name, "A");
        assert_eq!(commit.message, message);
    }
}
