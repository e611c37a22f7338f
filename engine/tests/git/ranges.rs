//! From where to where, and over which commits.

use std::fs;

use tidegate::git::RangeKind;
use tidegate::model::{Exit, GitId};

use super::{changes, code, help};
use crate::support::Repo;

/// `main` and `side` with a commit each after the first, not merged.
fn forked() -> Repo {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("b", "1").commit("on the side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("c", "1").commit("second");
    repo
}

#[test]
fn two_dots_go_from_an_ancestor() {
    let repo = Repo::new();
    let base = repo.write("a", "1").commit("first");
    repo.write("a", "2").commit("second");
    let head = repo
        .write("b", "1")
        .commit("third\n\nbody\n\nTicket: OPS-1\n");
    let open = repo.open();
    let range = open.range("main~2..main").unwrap();
    assert_eq!(range.kind, RangeKind::TwoDots);
    assert_eq!(range.base.commit(), Some(base));
    assert_eq!(range.judge.commit(), Some(base));
    assert_eq!(range.head.commit(), Some(head));
    assert_eq!(range.head.tree(), repo.id("main^{tree}"));
    assert_eq!(changes(&open, &range), ["~a", "+b"]);
    let subjects: Vec<_> = range.commits.iter().map(|c| c.message.trim()).collect();
    assert_eq!(subjects[0], "second");
    let last = &range.commits[1];
    assert_eq!(last.id, head);
    assert_eq!(last.parents, [repo.id("main~1")]);
    assert_eq!(last.author.name, "Ada");
    assert_eq!(last.committer.email, "charles@example.com");
    assert_eq!(last.trailers[0].key, "Ticket");
    assert_eq!(last.trailers[0].value, "OPS-1");
}

#[test]
fn a_base_that_is_no_ancestor_names_the_ranges_that_mean_something() {
    let repo = forked();
    let open = repo.open();
    let error = open.range("main..side").unwrap_err();
    assert_eq!(Exit::of_error(&error), Exit::Usage);
    assert_eq!(code(open.range("main..side")), "range.not-ancestor");
    let help = help(open.range("main..side"));
    assert!(help.contains("`main...side`"), "{help}");
    assert!(help.contains("--merge-into main"), "{help}");
}

#[test]
fn swapped_ends_are_told_with_the_range_that_was_meant() {
    let repo = forked();
    let open = repo.open();
    let error = open.range("main..main~1").unwrap_err();
    assert_eq!(Exit::of_error(&error), Exit::Usage);
    assert_eq!(code(open.range("main..main~1")), "range.not-ancestor");
    let help = help(open.range("main..main~1"));
    assert!(help.contains("`main~1..main`"), "{help}");
    assert!(!help.contains("..."), "{help}");
    assert!(open.range("main~1..main").is_ok());
}

#[test]
fn three_dots_go_from_the_fork_and_are_judged_by_the_first() {
    let repo = forked();
    let open = repo.open();
    let range = open.range("main...side").unwrap();
    assert_eq!(range.base.commit(), Some(repo.id("main~1")));
    assert_eq!(range.judge.commit(), Some(repo.id("main")));
    assert_eq!(changes(&open, &range), ["+b"]);
    assert_eq!(range.commits.len(), 1);
    assert_eq!(
        open.merge_base(repo.id("main"), repo.id("side")).unwrap(),
        repo.id("main~1")
    );
}

#[test]
fn ranges_without_commits_are_refused() {
    let repo = forked();
    let open = repo.open();
    for text in ["main..main", "HEAD..main", "main...main", "main...main~1"] {
        assert_eq!(code(open.range(text)), "range.empty", "{text}");
    }
    for text in ["main", "..main", "main..", "", "a..b..c"] {
        assert_eq!(code(open.range(text)), "usage.range", "{text}");
    }
    assert_eq!(code(open.range("nobody..main")), "usage.unknown-revision");
    assert!(help(open.range("main")).ends_with("judged by `main --merge-into main`"));
    assert!(help(open.range("..main")).ends_with("with both ends"));
}

#[test]
fn the_empty_tree_is_the_base_of_everything() {
    let repo = forked();
    let open = repo.open();
    let range = open.range(&format!("{}..main", GitId::EMPTY_TREE)).unwrap();
    assert_eq!(changes(&open, &range), ["+a", "+c"]);
    assert_eq!(range.base.tree(), GitId::EMPTY_TREE);
    assert_eq!(range.commits.len(), 2);
}

#[test]
fn unrelated_histories_have_no_fork() {
    let repo = forked();
    repo.git(&["switch", "--quiet", "--orphan", "other"]);
    repo.write("z", "1").commit("other root");
    let open = repo.open();
    assert_eq!(code(open.range("main...other")), "range.unrelated");
    assert_eq!(code(open.range("main..other")), "range.not-ancestor");
}

#[test]
fn criss_cross_merges_have_two_forks() {
    let repo = forked();
    let (one, two) = (repo.id("main").to_string(), repo.id("side").to_string());
    repo.git(&["merge", "--quiet", "-m", "x", &two]);
    repo.git(&["switch", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "-m", "y", &one]);
    repo.write("d", "1").commit("more");
    let open = repo.open();
    assert_eq!(
        code(open.range("main...side")),
        "range.ambiguous-merge-base"
    );
    assert_eq!(
        code(open.merge_base(repo.id("main"), repo.id("side"))),
        "range.ambiguous-merge-base"
    );
}

#[test]
fn an_octopus_brings_the_commits_of_every_arm() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    for arm in ["one", "two", "three"] {
        repo.git(&["switch", "--quiet", "--create", arm, "main"]);
        repo.write(arm, "1").commit(arm);
    }
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&[
        "merge", "--quiet", "--no-ff", "-m", "octopus", "one", "two", "three",
    ]);
    let open = repo.open();
    let range = open.range("main~1..main").unwrap();
    let messages: Vec<_> = range.commits.iter().map(|c| c.message.trim()).collect();
    assert_eq!(messages, ["one", "two", "three", "octopus"]);
    assert_eq!(changes(&open, &range), ["+one", "+three", "+two"]);
}

#[test]
fn commits_are_those_of_git_even_when_clocks_lie() {
    let repo = Repo::new();
    repo.write("a", "0").commit("root");
    let mut seed = 7_u64;
    for step in 0..40 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let branch = format!("b{}", seed >> 33 & 3);
        let date = format!("{} +0000", 1_600_000_000 + (seed >> 40 & 0xffff));
        let known = repo.git(&["branch", "--list", &branch]);
        let start = if known.is_empty() { "main" } else { &branch };
        let tree = repo.git_with(&["mktree"], b"");
        let tree = String::from_utf8(tree).unwrap();
        let mut parents = vec![repo.id(start).to_string()];
        if seed & 0x10_0000 != 0 {
            parents.push(repo.id("main").to_string());
        }
        let mut command = repo.command("git");
        command.args(["commit-tree", "-m", &step.to_string(), &tree]);
        for parent in &parents {
            command.args(["-p", parent]);
        }
        let output = command.env("GIT_COMMITTER_DATE", date).output().unwrap();
        let id = String::from_utf8(output.stdout).unwrap();
        let target = format!("refs/heads/{branch}");
        repo.git(&["update-ref", &target, id.trim()]);
        if seed & 0x600_0000 == 0 {
            repo.git(&["update-ref", "refs/heads/main", id.trim()]);
        }
    }
    let open = repo.open();
    let all: Vec<String> = repo
        .git(&["rev-list", "--all"])
        .lines()
        .map(str::to_owned)
        .collect();
    for pair in all.chunks(2) {
        for (one, two) in [(&pair[0], &all[0]), (&all[3], &pair[0])] {
            same_as_git(&repo, &open, one, two);
        }
    }
}

fn same_as_git(repo: &Repo, open: &tidegate::git::Repository, one: &str, two: &str) {
    let (a, b) = (GitId::parse(one).unwrap(), GitId::parse(two).unwrap());
    let bases = repo
        .command("git")
        .args(["merge-base", "--all", one, two])
        .output()
        .unwrap();
    let bases = String::from_utf8(bases.stdout).unwrap();
    match bases.lines().collect::<Vec<_>>().as_slice() {
        [] => assert_eq!(code(open.merge_base(a, b)), "range.unrelated"),
        [only] => assert_eq!(open.merge_base(a, b).unwrap().to_string(), *only),
        _ => assert_eq!(code(open.merge_base(a, b)), "range.ambiguous-merge-base"),
    }
    let is_ancestor = bases.trim() == one;
    assert_eq!(open.is_ancestor(a, b).unwrap(), is_ancestor);
    if is_ancestor && a != b {
        let range = open.range(&format!("{one}..{two}")).unwrap();
        let mut ours: Vec<_> = range.commits.iter().map(|c| c.id.to_string()).collect();
        for (at, commit) in range.commits.iter().enumerate() {
            let earlier = &range.commits[..at];
            let known = |id| earlier.iter().any(|c| c.id == id);
            let later = |id| range.commits[at..].iter().any(|c| c.id == id);
            assert!(commit.parents.iter().all(|id| known(*id) || !later(*id)));
        }
        ours.sort();
        let git = repo.git(&["rev-list", &format!("{one}..{two}")]);
        let mut git: Vec<_> = git.lines().collect();
        git.sort_unstable();
        assert_eq!(ours, git);
    }
}

#[test]
fn malformed_commits_are_errors() {
    let repo = forked();
    let tree = repo.id("main^{tree}");
    let parent = repo.id("main");
    for rest in [
        format!("tree {tree}\n"),
        "parent 12\n".to_owned(),
        format!("author A <a@b> 1 +0000\nparent {parent}\n"),
    ] {
        let bytes = format!("tree {tree}\nparent {parent}\n{rest}\nm");
        let arguments = [
            "hash-object",
            "--literally",
            "-t",
            "commit",
            "-w",
            "--stdin",
        ];
        let id = repo.git_with(&arguments, bytes.as_bytes());
        let id = String::from_utf8(id).unwrap();
        let open = repo.open();
        assert_eq!(
            code(open.range(&format!("main..{id}"))),
            "git.commit-malformed"
        );
    }
}

#[test]
fn more_than_five_thousand_commits_are_refused() {
    let repo = Repo::new();
    let mut stream = String::new();
    for number in 0..5002 {
        let time = 1_700_000_000 + number;
        stream.push_str("commit refs/heads/main\n");
        stream.push_str(&format!("committer C <c@d> {time} +0000\ndata 1\nx\n"));
    }
    repo.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let open = repo.open();
    assert_eq!(
        code(open.range("main~1000~1000~1000~1000~1000~1..main")),
        "limit.commits"
    );
    let range = open.range("main~1000~1000~1000~1000~1000..main").unwrap();
    assert_eq!(range.commits.len(), 5000);
    assert_eq!(range.commits[4999].id, repo.id("main"));
}

#[test]
fn replacements_and_graph_files_are_not_believed() {
    let repo = Repo::new();
    repo.write("a", "good").commit("first");
    repo.write("a", "better").commit("second");
    repo.write("a", "best").commit("third");
    let before = repo.open().range("main~2..main").unwrap();
    repo.git(&["commit-graph", "write", "--reachable"]);
    let graph = repo.path().join(".git/objects/info/commit-graph");
    let mut bytes = fs::read(&graph).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::remove_file(&graph).unwrap();
    fs::write(&graph, bytes).unwrap();
    let evil = repo.git_with(&["hash-object", "-w", "--stdin"], b"evil");
    let evil = String::from_utf8(evil).unwrap();
    repo.git(&["replace", "main:a", &evil]);
    let (first, head) = (repo.id("main~2").to_string(), repo.id("main").to_string());
    repo.git(&["replace", "--graft", &head, &first]);

    let open = repo.open();
    let after = open.range(&format!("{first}..{head}")).unwrap();
    assert_eq!(after.commits, before.commits);
    let entry = open.entry(&after.head, &"a".into()).unwrap().unwrap();
    assert_eq!(open.blob(entry.id).unwrap(), b"best");
}
