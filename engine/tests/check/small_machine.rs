//! Repositories that are made to fill a machine, on one with half a gigabyte: an error that names the limit, and soon.
//! The limits themselves are tried at their numbers elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;
use crate::support::{Packed, delta};

/// What `check` of the newest commit says on such a machine; it must be an error of this code.
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn ends_with(repo: &Repo, range: &str, code: &str) {
    let binary = env!("CARGO_BIN_EXE_tidegate");
    let script = format!("ulimit -v 524288; exec {binary} check {range}");
    let begun = Instant::now();
    let output = repo.command("sh").args(["-c", &script]).output().unwrap();
    let said = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{code}: {said}");
    assert!(said.contains(&format!("error[{code}]")), "{code}: {said}");
    // Without optimisation, and beside other tests; measured: a second or two.
    assert!(begun.elapsed() < Duration::from_secs(60), "{code}");
}

/// A commit on top of `base` in which `prod` is this tree, written as `git mktree` reads it.
fn commit_prod(repo: &Repo, entries: &str) {
    let make = |text: &str| {
        let tree = repo.git_with(&["mktree", "--missing"], text.as_bytes());
        String::from_utf8(tree).unwrap()
    };
    let config = repo.git(&["rev-parse", "HEAD:tidegate.yaml"]);
    let prod = make(entries);
    let top = make(&format!(
        "100644 blob {config}\ttidegate.yaml\n040000 tree {prod}\tprod\n"
    ));
    let id = repo.git(&["commit-tree", "-p", "HEAD", "-m", "large", &top]);
    repo.git(&["update-ref", "refs/heads/main", &id]);
}

#[test]
fn a_file_that_unpacks_to_gigabytes_is_not_unpacked() {
    let (repo, start) = shop(CONFIG);
    let range = format!("{start}..HEAD");
    let (bomb, base) = ([0xaa; 20], [0xbb; 20]);
    for made in [2_u64 << 30, 4 << 30] {
        let mut bytes = delta(1 << 16, made);
        // Each of them copies all 64 KiB.
        bytes.extend(vec![0x80; usize::try_from(made >> 16).unwrap()]);
        repo.pack(&BTreeMap::from([
            (bomb, Packed::Delta(base, bytes)),
            (base, Packed::Blob(vec![b'#'; 1 << 16])),
        ]));
        commit_prod(
            &repo,
            &format!("100644 blob {}\tbomb.yaml\n", "aa".repeat(20)),
        );
        ends_with(&repo, &range, "limit.blob");
    }
    // A loose one whose header says so, and whose rest is not there.
    let id = "cc".repeat(20);
    repo.loose(&id, b"blob 2147483648\0####");
    commit_prod(&repo, &format!("100644 blob {id}\tlarge.yaml\n"));
    ends_with(&repo, &range, "limit.blob");
}

#[test]
fn a_hundred_thousand_commits_are_not_walked() {
    let (repo, base) = shop(CONFIG);
    let mut stream = String::new();
    for number in 0..100_000 {
        stream += "commit refs/heads/main\n";
        writeln!(stream, "committer C <c@d> {} +0000", 1_700_000_000 + number).unwrap();
        stream += "data 1\nx\n";
        if number == 0 {
            writeln!(stream, "from {base}").unwrap();
        }
    }
    repo.git_with(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    ends_with(&repo, &format!("{base}..main"), "limit.commits");
    // What stands at its end is asked for without them.
    for state in [
        &["images", "list", "main"][..],
        &["backups", "--revision", "main"],
    ] {
        let output = tidegate(&repo, state);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
}

#[test]
fn two_million_files_that_come_at_once_are_not_listed() {
    let (repo, start) = shop(CONFIG);
    let blob = repo.git(&["rev-parse", "HEAD:tidegate.yaml"]);
    let files: String = (0..1_000)
        .map(|file| format!("100644 blob {blob}\t{file:04}.txt\n"))
        .collect();
    let folder = repo.git_with(&["mktree"], files.as_bytes());
    let folder = String::from_utf8(folder).unwrap();
    let folders: String = (0..2_000)
        .map(|number| format!("040000 tree {}\t{number:04}\n", folder.trim()))
        .collect();
    commit_prod(&repo, &folders);
    ends_with(&repo, &format!("{start}..HEAD"), "limit.changed-files");
}
