//! Packs whose differences lead in a circle, nowhere, or to more than a machine holds: an error, or nothing that comes.
//! What damages packs that Git wrote stands beside this.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tidegate::git::Repository;
use tidegate::model::{GitId, code_of};

use crate::support::{Packed, Repo, delta};

const A: [u8; 20] = [0xaa; 20];
const B: [u8; 20] = [0xbb; 20];
const C: [u8; 20] = [0xcc; 20];

/// What reading `A` of such a pack and asking for its size come to, on a machine that is in no hurry.
fn read<const N: usize>(objects: [([u8; 20], Packed); N]) -> [String; 2] {
    let repo = Repo::new();
    repo.pack(&BTreeMap::from(objects));
    let path = repo.path().to_owned();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let id = GitId::from_bytes(A);
        let codes = [
            Repository::open(&path).unwrap().blob(id).map(drop),
            Repository::open(&path).unwrap().blob_size(id).map(drop),
        ]
        .map(|result| result.map_or_else(|error| code_of(&error), |()| "ok".to_owned()));
        // Who waited in vain does not listen any more.
        let _ = tell.send(codes);
    });
    told.recv_timeout(Duration::from_secs(60))
        .unwrap_or_else(|_| ["no end", "no end"].map(str::to_owned))
}

/// A difference that takes the first byte of its base.
fn first_byte(base: [u8; 20]) -> Packed {
    let mut bytes = delta(1, 1);
    bytes.extend([0x90, 1]);
    Packed::Delta(base, bytes)
}

/// What libgit2 would follow for ever (SECURITY.md says so) no clone and no fetch brings: Git writes no index for it.
#[test]
fn differences_that_lead_in_a_circle_come_by_no_clone() {
    let tail = [(A, first_byte(B)), (B, first_byte(C)), (C, first_byte(B))];
    let pair = [(A, first_byte(B)), (B, first_byte(A))];
    for objects in [
        BTreeMap::from([(A, first_byte(A))]),
        BTreeMap::from(pair),
        BTreeMap::from(tail),
    ] {
        let repo = Repo::new();
        repo.pack(&objects);
        let index = repo.beside("made.idx");
        let mut command = repo.command("git");
        command.args(["index-pack", ".git/objects/pack/pack-made.pack", "-o"]);
        let output = command.arg(&index).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("delta"), "{said}");
        assert!(!index.exists());
    }
}

#[test]
fn a_difference_from_what_is_not_there_is_an_error() {
    let [blob, size] = read([(A, first_byte(B))]);
    for code in [blob, size] {
        assert!(code.starts_with("git.object-"), "{code}");
    }
}

#[test]
fn a_difference_that_says_it_makes_gigabytes_is_too_large_before_it_is_made() {
    for made in [(4 << 20) + 1, 1 << 32, 1 << 62] {
        let bomb = || Packed::Delta(B, bytes_64_kib_again_and_again(made));
        let [blob, size] = read([(A, bomb()), (B, Packed::Blob(vec![b'x'; 1 << 16]))]);
        assert_eq!(
            (blob.as_str(), size.as_str()),
            ("limit.blob", "ok"),
            "{made}"
        );
    }
}

#[test]
fn a_difference_that_does_not_hold_what_it_says_is_corrupt() {
    let base = || (B, Packed::Blob(b"x".to_vec()));
    // Longer than said, shorter, another base, and no instruction that there is.
    for (base_length, made, rest) in [
        (1, 1, &[0x90, 1, 0x90, 1][..]),
        (1, 2, &[0x90, 1]),
        (2, 1, &[0x90, 1]),
        (1, 1, &[0]),
        (1, 1, &[0x91, 1, 1]),
    ] {
        let mut bytes = delta(base_length, made);
        bytes.extend(rest);
        let [blob, _] = read([(A, Packed::Delta(B, bytes)), base()]);
        assert_eq!(blob, "git.object-corrupt", "{rest:?}");
    }
}

/// A difference that says it makes so much, of copies of a base of 64 KiB; at most a megabyte of them.
fn bytes_64_kib_again_and_again(made: u64) -> Vec<u8> {
    let mut bytes = delta(1 << 16, made);
    // The whole base each time: no offset and no length.
    let copies = usize::try_from((made >> 16).min(1 << 20)).unwrap();
    bytes.extend(vec![0x80; copies]);
    bytes
}
