//! Limits of what Git holds, with repositories made for each.
//! Knows nothing of manifests.

use std::fmt::Write as _;

use tidegate::git::{Error, Selector, Snapshot};
use tidegate::model::GitId;
use tidegate::model::limits::{self, Limit};

use super::{Row, beyond};
use crate::support::Repo;

pub(super) const ROWS: &[Row] = &[
    (limits::REVISION_LENGTH, |length| {
        resolved(
            &"a/".repeat(length)[..length - 1],
            "a",
            limits::REVISION_LENGTH,
        )
    }),
    (limits::REVISION_STEPS, |steps| {
        resolved(&format!("HEAD~{steps}"), "", limits::REVISION_STEPS)
    }),
    (limits::TAG_DEPTH, tags),
    (limits::COMMITS, commits),
    (limits::PATH_LENGTH, |length| {
        let repo = Repo::new();
        let blob = blob(&repo, b"x");
        let tree = tree(
            &repo,
            &format!("100644 blob {blob}\t{}\n", "n".repeat(length)),
        );
        beyond(
            repo.open().entries(&committed(&repo, &tree)),
            limits::PATH_LENGTH,
        )
    }),
    (limits::PATH_DEPTH, |depth| {
        let repo = Repo::new();
        let tree = nested(&repo, &blob(&repo, b"x"), "100644 blob", depth);
        beyond(
            repo.open().entries(&committed(&repo, &tree)),
            limits::PATH_DEPTH,
        )
    }),
    (limits::TREE_ENTRIES, |count| {
        let repo = Repo::new();
        let head = with_files(&repo, count);
        beyond(repo.open().entries(&head), limits::TREE_ENTRIES)
    }),
    (limits::CHANGED_FILES, |count| {
        let repo = Repo::new();
        let head = with_files(&repo, count);
        let found = repo.open().diff(&Snapshot::empty(), &head);
        beyond(found, limits::CHANGED_FILES)
    }),
    (limits::UNIT_FILES, |count| {
        let repo = Repo::new();
        let head = with_files(&repo, count);
        let all = Selector::parse(&["**"]).unwrap();
        beyond(repo.open().gated_tree_id(&head, &all), limits::UNIT_FILES)
    }),
    (limits::BEYOND_REACH, |count| {
        let repo = Repo::new();
        let below = with_files_at(&repo, count);
        let tree = nested(&repo, &below, "040000 tree", 63);
        let head = committed(&repo, &tree);
        let found = repo.open().diff_in_reach(&Snapshot::empty(), &head);
        beyond(found, limits::BEYOND_REACH)
    }),
    (limits::OBJECT, |size| {
        let repo = Repo::new();
        let id = GitId::parse(&declared(&repo, "commit", size)).unwrap();
        beyond(repo.open().snapshot(id), limits::OBJECT)
    }),
    (limits::UNIT_FILE, |size| {
        let repo = Repo::new();
        let head = with_declared(&repo, size);
        let all = Selector::parse(&["**"]).unwrap();
        let open = repo.open();
        let gated = open.gated_tree(&head, &all).unwrap();
        beyond(open.manifest_digest(&gated), limits::UNIT_FILE)
    }),
    (limits::FILE, |size| {
        let repo = Repo::new();
        let head = with_declared(&repo, size);
        let open = repo.open();
        let entry = open.entry(&head, &"x".into()).unwrap().unwrap();
        let found = open.file(&entry);
        if let Err(Error::FileTooLarge { path, .. }) = &found {
            assert_eq!(path, &"x".into());
        }
        beyond(found, limits::FILE)
    }),
    (limits::LINK_HOPS, |hops| {
        let repo = Repo::new();
        let mut lines = format!("100644 blob {}\tl{hops:03}\n", blob(&repo, b"x"));
        for link in 0..hops {
            let target = blob(&repo, format!("l{:03}", link + 1).as_bytes());
            writeln!(lines, "120000 blob {target}\tl{link:03}").unwrap();
        }
        followed(&repo, &tree(&repo, &lines), "l000", limits::LINK_HOPS)
    }),
    (limits::LINK_TARGET, |length| {
        let repo = Repo::new();
        let target = format!(".{}x", "/".repeat(length - 2));
        let (file, link) = (blob(&repo, b"x"), blob(&repo, target.as_bytes()));
        let lines = format!("120000 blob {link}\tl\n100644 blob {file}\tx\n");
        followed(&repo, &tree(&repo, &lines), "l", limits::LINK_TARGET)
    }),
];

fn resolved(text: &str, end: &str, limit: Limit) -> String {
    let repo = Repo::new();
    repo.commit_index("first");
    match repo.open().resolve(&format!("{text}{end}")) {
        Err(error @ Error::Revision { .. }) => tidegate::model::code_of(&error),
        other => beyond(other, limit),
    }
}

fn tags(depth: usize) -> String {
    let repo = Repo::new();
    repo.commit_index("first");
    let mut below = "main".to_owned();
    for tag in 1..=depth {
        let name = format!("t{tag}");
        repo.git(&["tag", "-m", "t", &name, &below]);
        below = name;
    }
    beyond(repo.open().resolve(&below), limits::TAG_DEPTH)
}

fn commits(count: usize) -> String {
    let repo = Repo::new();
    let mut stream = String::new();
    for number in 0..=count {
        let time = 1_700_000_000 + number;
        writeln!(stream, "commit refs/heads/main").unwrap();
        if number == 0 {
            writeln!(stream, "mark :1").unwrap();
        }
        writeln!(stream, "committer C <c@d> {time} +0000\ndata 1\nx").unwrap();
    }
    writeln!(stream, "reset refs/heads/first\nfrom :1\n").unwrap();
    repo.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    beyond(repo.open().range("first..main"), limits::COMMITS)
}

fn blob(repo: &Repo, content: &[u8]) -> String {
    written(repo, &["hash-object", "-w", "--stdin"], content)
}

fn tree(repo: &Repo, lines: &str) -> String {
    written(repo, &["mktree", "--missing"], lines.as_bytes())
}

fn written(repo: &Repo, arguments: &[&str], input: &[u8]) -> String {
    String::from_utf8(repo.git_with(arguments, input)).unwrap()
}

fn committed(repo: &Repo, tree: &str) -> Snapshot {
    let id = repo.git(&["commit-tree", "-m", "made", tree]);
    repo.open().snapshot(GitId::parse(&id).unwrap()).unwrap()
}

/// A path of so many steps, the last of which is `id`.
fn nested(repo: &Repo, id: &str, kind: &str, depth: usize) -> String {
    let mut tree_of = tree(repo, &format!("{kind} {id}\td\n"));
    for _ in 1..depth {
        tree_of = tree(repo, &format!("040000 tree {tree_of}\td\n"));
    }
    tree_of
}

/// So many files in folders that are one tree.
fn with_files(repo: &Repo, count: usize) -> Snapshot {
    committed(repo, &with_files_at(repo, count))
}

fn with_files_at(repo: &Repo, count: usize) -> String {
    const EACH: usize = 1_000;
    let file = blob(repo, b"x");
    let files = |many: usize| -> String {
        (0..many)
            .map(|n| format!("100644 blob {file}\tf{n}\n"))
            .collect()
    };
    let full = tree(repo, &files(EACH));
    let mut folders: String = (0..count / EACH)
        .map(|n| format!("040000 tree {full}\td{n}\n"))
        .collect();
    if !count.is_multiple_of(EACH) {
        let rest = tree(repo, &files(count % EACH));
        writeln!(folders, "040000 tree {rest}\tr").unwrap();
    }
    tree(repo, &folders)
}

fn followed(repo: &Repo, tree: &str, link: &str, limit: Limit) -> String {
    let head = committed(repo, tree);
    let open = repo.open();
    let entry = open.entry(&head, &link.into()).unwrap().unwrap();
    beyond(open.link_target(&head, &entry), limit)
}

/// The file `x`, of which only the size is told.
fn with_declared(repo: &Repo, size: usize) -> Snapshot {
    let id = declared(repo, "blob", size);
    committed(repo, &tree(repo, &format!("100644 blob {id}\tx\n")))
}

/// A loose object that says it is so long and holds next to nothing: whoever reads before it measures
/// finds it corrupt.
fn declared(repo: &Repo, kind: &str, size: usize) -> String {
    let id = format!("{:040x}", size + 0x1234_5678);
    repo.loose(&id, format!("{kind} {size}\0x").as_bytes());
    id
}
