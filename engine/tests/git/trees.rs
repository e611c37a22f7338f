//! Files of a snapshot and differences between two, as plain Git has them; and trees that no Git wrote.

use std::fs;

use tidegate::git::{MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Selector, Snapshot};
use tidegate::model::{GitId, RepoPath};

use super::{changes, code, commit_tree, literal_tree};
use crate::support::Repo;

/// Every kind of entry, and names that sort oddly.
fn zoo() -> Repo {
    let repo = Repo::new();
    repo.write("a", "1")
        .write("a.d/x", "1")
        .write("a-b/x", "1")
        .write("d/.hidden", "1")
        .write("d/deep/er/x.yaml", "1")
        .write(b"d/\xff\xfe.yaml", "1")
        .write("d/new\nline\t\"quoted\"\\", "1")
        .write("run.sh", "1");
    repo.git(&["add", "--all"]);
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    let target = repo.git_with(&["hash-object", "-w", "--stdin"], b"a");
    let target = String::from_utf8(target).unwrap();
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "120000",
        &target,
        "link",
    ]);
    let module = "1111111111111111111111111111111111111111";
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "160000",
        module,
        "module",
    ]);
    repo.commit_index("zoo");
    repo
}

#[test]
fn entries_are_those_of_ls_tree() {
    let repo = zoo();
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let entries = open.entries(&head).unwrap();
    let mut ours = Vec::new();
    for entry in &entries {
        let kind = if entry.is_submodule() {
            "commit"
        } else {
            "blob"
        };
        ours.extend_from_slice(format!("{:06o} {kind} {}\t", entry.mode, entry.id).as_bytes());
        ours.extend_from_slice(entry.path.as_bytes());
        ours.push(0);
    }
    assert_eq!(ours, repo.git_with(&["ls-tree", "-r", "-z", "HEAD"], b""));
    assert!(entries.is_sorted());
    assert_eq!(open.entries(&open.staged().unwrap().head).unwrap(), entries);
    assert!(open.entries(&Snapshot::empty()).unwrap().is_empty());
}

#[test]
fn single_files_and_folders_are_found() {
    let repo = zoo();
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let mode = |path: &str| {
        let entry = open.entry(&head, &path.into()).unwrap();
        entry.map(|entry| entry.mode)
    };
    assert_eq!(mode("run.sh"), Some(MODE_EXECUTABLE));
    assert_eq!(mode("d/deep/er/x.yaml"), Some(MODE_FILE));
    assert_eq!(mode("link"), Some(MODE_LINK));
    assert_eq!(mode("module"), Some(MODE_SUBMODULE));
    for none in [
        "d", "d/deep", "", "/", "a/x", "d/", "d//deep", "module/x", "d/none", "/a",
    ] {
        assert_eq!(mode(none), None, "{none}");
    }
    let under = |folder: &str| open.entries_under(&head, &folder.into()).unwrap().len();
    assert_eq!((under("d"), under("d/deep"), under("")), (4, 1, 10));
    assert_eq!((under("a"), under("none")), (0, 0));
    let selector = Selector::parse(&["d/*", "a*/**"]).unwrap();
    let found = open.entries_matching(&head, &selector).unwrap();
    assert!(found.iter().all(|entry| selector.matches(&entry.path)));
    assert_eq!(found.len(), 5);
}

#[test]
fn differences_are_those_of_diff_tree() {
    let repo = zoo();
    repo.git(&["rm", "--quiet", "-r", "a", "a.d"]);
    repo.write("a/now-a-folder", "1")
        .write("a.d", "now a file")
        .write("run.sh", "1");
    repo.write("d/renamed.yaml", "1").remove("d/deep/er/x.yaml");
    repo.git(&["add", "a", "a.d", "d"]);
    repo.git(&["update-index", "--chmod=-x", "run.sh"]);
    let file = repo.git_with(&["hash-object", "-w", "--stdin"], b"no link");
    let file = String::from_utf8(file).unwrap();
    repo.git(&["update-index", "--cacheinfo", "100644", &file, "link"]);
    let module = "2222222222222222222222222222222222222222";
    repo.git(&["update-index", "--cacheinfo", "160000", module, "module"]);

    let open = repo.open();
    let staged = open.staged().unwrap();
    let in_index = changes(&open, &staged);
    repo.commit_index("changed");
    let range = open.range("HEAD~1..HEAD").unwrap();
    assert_eq!(changes(&open, &range), in_index);
    assert_eq!(
        in_index,
        [
            "-a",
            "~a.d",
            "-a.d/x",
            "+a/now-a-folder",
            "-d/deep/er/x.yaml",
            "+d/renamed.yaml",
            "~link",
            "~module",
            "~run.sh"
        ]
        .map(|change| if change == "~a.d" { "+a.d" } else { change })
    );
    let git = repo.git_with(
        &[
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--name-only",
            "HEAD~1",
            "HEAD",
        ],
        b"",
    );
    let mut git: Vec<_> = git
        .split(|byte| *byte == 0)
        .filter(|p| !p.is_empty())
        .collect();
    git.sort_unstable();
    let ours = open.diff(&range.base, &range.head).unwrap();
    let ours: Vec<_> = ours.iter().map(|change| change.path.as_bytes()).collect();
    assert_eq!(ours, git);
}

#[test]
fn equal_folders_are_not_read() {
    let repo = Repo::new();
    repo.write("same/x", "1")
        .write("other/y", "1")
        .commit("first");
    repo.write("other/y", "2").commit("second");
    let same = repo.id("HEAD:same").to_string();
    let (folder, file) = same.split_at(2);
    fs::remove_file(repo.path().join(".git/objects").join(folder).join(file)).unwrap();
    let open = repo.open();
    let range = open.range("HEAD~1..HEAD").unwrap();
    assert_eq!(changes(&open, &range), ["~other/y"]);
    let selector = Selector::parse(&["other/**"]).unwrap();
    open.entries_matching(&range.head, &selector).unwrap();
    open.gated_tree(&range.head, &selector).unwrap();
    assert_eq!(code(open.entries(&range.head)), "git.object-missing");
}

#[test]
fn blobs_are_bounded_and_verified() {
    let repo = Repo::new();
    repo.write("big", vec![b'x'; (4 << 20) + 1])
        .write("limit", vec![b'x'; 4 << 20])
        .write("one", "one")
        .write("two", "two")
        .commit("first");
    let open = repo.open();
    assert_eq!(code(open.blob(repo.id("HEAD:big"))), "limit.blob");
    assert_eq!(open.blob_size(repo.id("HEAD:big")).unwrap(), (4 << 20) + 1);
    assert!(open.blob_within(repo.id("HEAD:big"), 5 << 20).is_ok());
    assert_eq!(open.blob(repo.id("HEAD:limit")).unwrap().len(), 4 << 20);
    assert_eq!(code(open.blob_within(repo.id("HEAD:one"), 2)), "limit.blob");
    assert_eq!(code(open.blob(repo.id("HEAD"))), "git.object-corrupt");

    let file = |id: GitId| {
        let id = id.to_string();
        repo.path()
            .join(".git/objects")
            .join(&id[..2])
            .join(&id[2..])
    };
    let (one, two) = (repo.id("HEAD:one"), repo.id("HEAD:two"));
    let replace = |bytes: &[u8]| {
        fs::remove_file(file(two)).unwrap();
        fs::write(file(two), bytes).unwrap();
        code(repo.open().blob(two))
    };
    let whole = fs::read(file(two)).unwrap();
    let other = fs::read(file(one)).unwrap();
    assert_eq!(replace(&other), "git.object-corrupt");
    assert_eq!(replace(&whole[..whole.len() / 2]), "git.object-corrupt");
    assert_eq!(replace(b""), "git.object-corrupt");
    assert_eq!(replace(b"no zlib at all"), "git.object-corrupt");
}

#[test]
fn a_missing_object_is_no_empty_file() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let missing = GitId::from_bytes([9; 20]);
    assert_eq!(code(repo.open().blob(missing)), "git.object-missing");
}

#[test]
fn trees_that_git_would_not_write_are_refused() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let blob = *repo.id("HEAD:a").as_bytes();
    let entry = |mode: &str, name: &[u8]| [mode.as_bytes(), b" ", name, b"\0", &blob].concat();
    for bytes in [
        entry("100644", b".."),
        entry("100644", b".git"),
        entry("100644", b".GIT"),
        entry("100644", b"git~1"),
        entry("100644", b".git::$INDEX_ALLOCATION"),
        entry("100644", b""),
        entry("100644", b"a/b"),
        entry("40755", b"a"),
        entry("000000", b"a"),
        [entry("100644", b"a"), entry("100755", b"a")].concat(),
        [entry("100644", b"b"), entry("100644", b"a")].concat(),
        [
            entry("100644", b"a"),
            entry("100644", b"a.b"),
            entry("40000", b"a"),
        ]
        .concat(),
        b"garbage".to_vec(),
    ] {
        let commit = commit_tree(&repo, literal_tree(&repo, &bytes));
        let open = repo.open();
        let head = open.snapshot(commit).unwrap();
        let shown = RepoPath::new(bytes);
        assert_eq!(code(open.entries(&head)), "git.tree-invalid", "{shown}");
        assert_eq!(
            code(open.diff(&Snapshot::empty(), &head)),
            "git.tree-invalid"
        );
        assert_eq!(code(open.entry(&head, &"a".into())), "git.tree-invalid");
        let all = Selector::parse(&["**"]).unwrap();
        assert_eq!(code(open.gated_tree(&head, &all)), "git.tree-invalid");
    }
}

#[test]
fn deep_and_long_paths_are_bounded() {
    let repo = Repo::new();
    let deep = |folders: usize| format!("{}x", "d/".repeat(folders));
    repo.write(deep(63), "1").commit("allowed");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    assert_eq!(open.entries(&head).unwrap().len(), 1);
    repo.write(deep(64), "1").git(&["add", "--all"]);
    let staged = open.staged().unwrap();
    assert_eq!(code(open.entries(&staged.head)), "limit.path-depth");
    repo.commit_index("too deep");
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    assert_eq!(staged.head.tree(), head.tree());
    assert_eq!(code(open.entries(&head)), "limit.path-depth");
    assert_eq!(
        code(open.diff(&Snapshot::empty(), &head)),
        "limit.path-depth"
    );
    let (changes, beyond) = open.diff_in_reach(&head, &Snapshot::empty()).unwrap();
    assert_eq!((changes.len(), beyond.removed().len()), (1, 1));

    let mut tree = repo.id("HEAD~1^{tree}");
    for _ in 0..20 {
        let name = "n".repeat(250);
        let line = format!("040000 tree {tree}\t{name}\n");
        let id = repo.git_with(&["mktree"], line.as_bytes());
        tree = GitId::parse(std::str::from_utf8(&id).unwrap()).unwrap();
    }
    let head = open.snapshot(commit_tree(&repo, tree)).unwrap();
    assert_eq!(code(open.entries(&head)), "limit.path-length");
}
