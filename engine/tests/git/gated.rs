//! The gated tree is what plain Git makes of the same files.

use proptest::prelude::*;
use tidegate::git::{GatedTree, Repository, Selector, Snapshot};
use tidegate::model::{Digest, GitId, RepoPath};

use super::{code, commit_tree, literal_tree};
use crate::support::{Repo, run};

/// `git write-tree` over a temporary index of what Git's own pathspecs select.
fn write_tree(repo: &Repo, patterns: &[&str]) -> String {
    let specs: Vec<String> = patterns.iter().map(|p| format!(":(glob){p}")).collect();
    let mut list = vec!["ls-files", "--stage", "-z", "--"];
    list.extend(specs.iter().map(String::as_str));
    let chosen = repo.git_with(&list, b"");
    let index = repo.beside("temporary-index");
    drop(std::fs::remove_file(&index));
    let with_index = |arguments: &[&str], input: &[u8]| {
        let mut command = repo.command("git");
        run(command.args(arguments).env("GIT_INDEX_FILE", &index), input)
    };
    with_index(&["update-index", "-z", "--index-info"], &chosen);
    String::from_utf8(with_index(&["write-tree"], b"")).unwrap()
}

fn gate(open: &Repository, snapshot: &Snapshot, patterns: &[&str]) -> GatedTree {
    let selector = Selector::parse(patterns).unwrap();
    open.gated_tree(snapshot, &selector).unwrap()
}

#[test]
fn it_is_what_write_tree_gives() {
    let repo = Repo::new();
    repo.write("apps/odoo/web.yaml", "1")
        .write("apps/odoo/README.md", "2")
        .write("apps/odoo/base/.hidden.yaml", "3")
        .write("apps/redis.yaml", "4")
        .write("apps.yaml", "5")
        .write("apps-2/x.yaml", "6")
        .write(b"apps/\xff.yaml", "7")
        .write("docs/a", "8")
        .write("run.sh", "9");
    repo.git(&["add", "--all"]);
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    repo.commit_index("first");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let index = open.staged().unwrap().head;
    for patterns in [
        &["**"][..],
        &["apps/**"],
        &["apps/**/*.yaml"],
        &["apps/*.yaml", "run.sh"],
        &["**/*.yaml"],
        &["*"],
        &["apps/odoo/base/**", "docs/?"],
        &["apps/o*/*/.h*"],
        &["none/**"],
    ] {
        let tree = gate(&open, &head, patterns);
        assert_eq!(
            tree.id.to_string(),
            write_tree(&repo, patterns),
            "{patterns:?}"
        );
        assert_eq!(gate(&open, &index, patterns), tree);
    }
    assert_eq!(gate(&open, &head, &["**"]).id, head.tree());
    assert_eq!(gate(&open, &head, &["none/**"]).id, GitId::EMPTY_TREE);
    let objects = repo.git(&["count-objects"]);
    gate(&open, &head, &["apps/*.yaml"]);
    assert_eq!(repo.git(&["count-objects"]), objects);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_files_and_globs_agree_with_git(
        files in prop::collection::btree_map("[ab.]{0,2}[abc](/[abc]{1,2}){0,3}", 0..4_u8, 1..24),
        patterns in prop::collection::vec(
            "(\\*\\*/)?[abc?]{0,2}\\*[abc]?(/(\\*\\*|\\*|[abc]\\*))?", 1..4,
        ),
    ) {
        let repo = Repo::new();
        let mut info = String::new();
        let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"x");
        let blob = String::from_utf8(blob).unwrap();
        for (path, mode) in &files {
            let folders = path.match_indices('/').map(|(slash, _)| &path[..slash]);
            if folders.clone().any(|folder| files.contains_key(folder)) {
                continue;
            }
            let mode = if *mode == 0 { "100755" } else { "100644" };
            info.push_str(&format!("{mode} {blob}\t{path}\n"));
        }
        repo.git_with(&["update-index", "--index-info"], info.as_bytes());
        repo.commit_index("random");
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        prop_assume!(Selector::parse(&patterns).is_ok());
        let open = repo.open();
        let head = open.snapshot(repo.id("HEAD")).unwrap();
        let tree = gate(&open, &head, &patterns);
        prop_assert_eq!(tree.id.to_string(), write_tree(&repo, &patterns));
        prop_assert_eq!(gate(&open, &open.staged().unwrap().head, &patterns), tree);
    }
}

#[test]
fn anything_below_the_globs_changes_it_and_nothing_else_does() {
    let repo = Repo::new();
    repo.write("apps/a.yaml", "1")
        .write("docs/x", "1")
        .commit("first");
    let open = repo.open();
    let now = || {
        let head = open.snapshot(repo.id("HEAD")).unwrap();
        let tree = gate(&open, &head, &["apps/**"]);
        (tree.id, open.manifest_digest(&tree).unwrap())
    };
    let first = now();
    repo.write("docs/x", "2")
        .write("apps-2", "1")
        .commit("elsewhere");
    assert_eq!(now(), first);
    repo.write("apps/new/folder/b.md", "1")
        .commit("a new folder");
    let second = now();
    assert!(second.0 != first.0 && second.1 != first.1);
    repo.git(&["update-index", "--chmod=+x", "apps/a.yaml"]);
    repo.commit_index("mode");
    assert!(now().0 != second.0 && now().1 != second.1);
}

#[test]
fn the_manifest_has_a_line_a_file() {
    let repo = Repo::new();
    repo.write("b", "two").write("a/x", "one").write("a.b", "");
    repo.write("n\nl\\", "x").commit("first");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let tree = gate(&open, &head, &["**"]);
    let manifest = String::from_utf8(open.manifest(&tree).unwrap()).unwrap();
    let of = |text: &str| Digest::of(text.as_bytes());
    let expected = format!(
        "100644 {}  a.b\n100644 {}  a/x\n100644 {}  b\n100644 {}  n\\nl\\\\\n",
        of(""),
        of("one"),
        of("two"),
        of("x")
    );
    assert_eq!(manifest, expected);
    assert_eq!(open.manifest_digest(&tree).unwrap(), of(&expected));
    let empty = gate(&open, &head, &["none"]);
    assert_eq!(open.manifest_digest(&empty).unwrap(), of(""));
}

#[test]
fn a_group_writable_file_counts_as_a_plain_one() {
    let repo = Repo::new();
    repo.write("d/a", "1").commit("first");
    let blob = *repo.id("HEAD:d/a").as_bytes();
    let plain = repo.id("HEAD^{tree}");
    let inner = literal_tree(&repo, &[b"100664 a\0".as_slice(), &blob].concat());
    let outer = [b"40000 d\0".as_slice(), inner.as_bytes()].concat();
    let commit = commit_tree(&repo, literal_tree(&repo, &outer));
    let open = repo.open();
    let head = open.snapshot(commit).unwrap();
    assert_eq!(gate(&open, &head, &["**"]).id, plain);
}

/// A commit with a link at each path.
fn linked(links: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.write("apps/a.yaml", "1")
        .write("apps/sub/b.yaml", "1")
        .write("base/c.yaml", "1");
    repo.git(&["add", "--all"]);
    for (path, target) in links {
        add(&repo, "120000", path, target);
    }
    repo.commit_index("links");
    repo
}

/// Adds a file or link to the index.
fn add(repo: &Repo, mode: &str, path: &str, content: &str) {
    let id = repo.git_with(&["hash-object", "-w", "--stdin"], content.as_bytes());
    let id = String::from_utf8(id).unwrap();
    repo.git(&["update-index", "--add", "--cacheinfo", mode, &id, path]);
}

#[test]
fn links_to_judged_files_are_part_of_it() {
    let repo = linked(&[
        ("apps/l1.yaml", "a.yaml"),
        ("apps/l2.yaml", "./sub/../l1.yaml"),
        ("apps/sub/l3.yaml", "../l2.yaml"),
        ("apps/folder", "sub"),
        ("apps/through", "folder/b.yaml"),
        ("elsewhere", "/etc/passwd"),
    ]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let tree = gate(&open, &head, &["apps/**"]);
    assert_eq!(tree.id.to_string(), write_tree(&repo, &["apps/**"]));
    let target = |path: &str| {
        let entry = open.entry(&head, &path.into()).unwrap().unwrap();
        open.link_target(&head, &entry).unwrap()
    };
    assert_eq!(target("apps/sub/l3.yaml"), RepoPath::from("apps/a.yaml"));
    assert_eq!(target("apps/through"), RepoPath::from("apps/sub/b.yaml"));
    assert_eq!(target("apps/folder"), RepoPath::from("apps/sub"));
}

#[test]
fn links_that_lead_out_are_refused_without_their_content() {
    for (path, target) in [
        ("apps/x.yaml", "/etc/passwd"),
        ("apps/x.yaml", "../../outside"),
        ("apps/x.yaml", "../base/c.yaml"),
        ("apps/x", "../base"),
        ("apps/x", ".."),
        ("apps/x.yaml", "missing"),
        ("apps/x.yaml", "x.yaml"),
        ("apps/x.yaml", "a.yaml/below"),
        ("apps/x.yaml", ""),
        ("apps/x.yaml", "a\0b"),
    ] {
        let repo = linked(&[(path, target)]);
        let open = repo.open();
        let head = open.snapshot(repo.id("HEAD")).unwrap();
        let selector = Selector::parse(&["apps/**"]).unwrap();
        let result = open.gated_tree(&head, &selector);
        let message = result.as_ref().unwrap_err().to_string();
        assert!(
            message.contains(path) && !message.contains("passwd"),
            "{message}"
        );
        assert_eq!(code(result), "git.symlink-outside", "{target}");
    }
}

#[test]
fn a_link_to_a_folder_cannot_bring_files_in_unseen() {
    let repo = linked(&[("apps/folder", "sub"), ("apps/file", "a.yaml")]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let selector = Selector::parse(&["apps/**/*.yaml"]).unwrap();
    assert_eq!(
        code(open.gated_tree(&head, &selector)),
        "git.symlink-outside"
    );
    let narrow = Selector::parse(&["apps/*.yaml"]).unwrap();
    assert_eq!(open.gated_tree(&head, &narrow).unwrap().entries.len(), 1);
}

#[test]
fn a_link_on_the_way_is_judged_too() {
    let repo = linked(&[("apps/x.yaml", "../mid/b.yaml"), ("mid", "apps/sub")]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let without = Selector::parse(&["apps/**"]).unwrap();
    assert_eq!(
        code(open.gated_tree(&head, &without)),
        "git.symlink-outside"
    );
    let with = Selector::parse(&["apps/**", "mid"]).unwrap();
    assert_eq!(open.gated_tree(&head, &with).unwrap().entries.len(), 4);
}

#[test]
fn a_judged_folder_or_file_cannot_be_a_link_to_another() {
    let repo = linked(&[("envs/prod", "../base"), ("tidegate.yaml", "base/c.yaml")]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    for pattern in [
        "envs/prod/**",
        "envs/prod/c.yaml",
        "tidegate.yaml",
        "envs/*/*",
    ] {
        let selector = Selector::parse(&[pattern]).unwrap();
        assert_eq!(
            code(open.gated_tree(&head, &selector)),
            "git.symlink-outside"
        );
    }
}

/// What stands there since before is not of this change; it is told where the tree is asked for.
#[test]
fn a_change_is_refused_that_puts_a_link_or_submodule_where_a_folder_is_judged() {
    let repo = linked(&[("envs/old", "../base")]);
    let selector = Selector::parse(&["envs/*/x.yaml"]).unwrap();
    for (mode, path, refused) in [
        ("100644", "docs/file", false),
        ("120000", "docs/link", false),
        ("100644", "envs/file", false),
        ("120000", "envs/new/x.yaml", false),
        ("120000", "envs/link", true),
        ("160000", "envs/module", true),
    ] {
        let before = repo.id("HEAD");
        if mode == "160000" {
            let module = "1111111111111111111111111111111111111111";
            repo.git(&["update-index", "--add", "--cacheinfo", mode, module, path]);
        } else {
            add(&repo, mode, path, "../base");
        }
        repo.commit_index(path);
        let open = repo.open();
        let (old, new) = (open.snapshot(before), open.snapshot(repo.id("HEAD")));
        let (old, new) = (old.unwrap(), new.unwrap());
        let changed = open.diff(&old, &new).unwrap();
        assert_eq!(changed.len(), 1);
        let answer = open.refuse_stand_ins(&new, &selector, &changed);
        assert_eq!(answer.is_err(), refused, "{path}: {answer:?}");
        assert!(open.gated_tree_id(&new, &selector).is_err());
    }
}

#[test]
fn a_chain_of_links_has_an_end() {
    let repo = linked(&[
        ("apps/1", "2"),
        ("apps/2", "3"),
        ("apps/3", "4"),
        ("apps/4", "5"),
        ("apps/5", "6"),
        ("apps/6", "a.yaml"),
    ]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let hops = |path: &str| {
        let entry = open.entry(&head, &path.into()).unwrap().unwrap();
        open.link_target(&head, &entry)
    };
    assert_eq!(hops("apps/2").unwrap(), RepoPath::from("apps/a.yaml"));
    assert_eq!(code(hops("apps/1")), "git.symlink-outside");
}

#[test]
fn submodules_are_refused_where_files_are_judged() {
    let repo = Repo::new();
    repo.write("apps/a.yaml", "1").git(&["add", "--all"]);
    let module = "1111111111111111111111111111111111111111";
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        "160000",
        module,
        "apps/sub",
    ]);
    repo.commit_index("first");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    for (pattern, refused) in [
        ("apps/**", true),
        ("apps/**/*.yaml", true),
        ("apps/sub/x.yaml", true),
        ("apps/*.yaml", false),
    ] {
        let selector = Selector::parse(&[pattern]).unwrap();
        match open.gated_tree(&head, &selector) {
            Ok(tree) => assert!(!refused && tree.entries.len() == 1, "{pattern}"),
            Err(error) => {
                assert!(refused, "{pattern}");
                assert_eq!(code::<()>(Err(error)), "git.submodule");
            }
        }
    }
}

#[test]
fn names_that_differ_in_case_or_composition_only_are_refused() {
    for twins in [
        ["apps/A.yaml", "apps/a.yaml"],
        ["apps/Prod/x", "apps/prod/y"],
        ["apps/caf\u{e9}.yaml", "apps/cafe\u{301}.yaml"],
    ] {
        let repo = Repo::new();
        let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"x");
        let blob = String::from_utf8(blob).unwrap();
        for path in twins {
            repo.git(&[
                "update-index",
                "--add",
                "--cacheinfo",
                "100644",
                &blob,
                path,
            ]);
        }
        repo.commit_index("twins");
        let open = repo.open();
        let head = open.snapshot(repo.id("HEAD")).unwrap();
        let all = Selector::parse(&["apps/**"]).unwrap();
        let error = open.gated_tree(&head, &all);
        let message = error.as_ref().unwrap_err().to_string();
        assert!(message.contains("`apps/"), "{message}");
        assert_eq!(code(error), "git.path-collision");
        let one = Selector::parse(&[twins[0]]).unwrap();
        assert_eq!(open.gated_tree(&head, &one).unwrap().entries.len(), 1);
    }
}

#[test]
fn what_is_too_deep_is_part_of_no_gated_tree() {
    let repo = Repo::new();
    let deep = |folders: usize| format!("{}x", "d/".repeat(folders));
    let of = |patterns: &[&str]| {
        let open = repo.open();
        let head = open.snapshot(repo.id("HEAD")).unwrap();
        open.gated_tree(&head, &Selector::parse(patterns).unwrap())
    };
    repo.write(deep(63), "1").commit("allowed");
    assert_eq!(of(&["**"]).unwrap().entries.len(), 1);
    repo.write(deep(64), "1").commit("a file too deep");
    assert_eq!(code(of(&["**"])), "limit.path-depth");
    assert_eq!(of(&["**/y"]).unwrap().entries.len(), 0);
    repo.write(deep(65), "1").commit("a folder too deep");
    assert_eq!(code(of(&["**/y"])), "limit.path-depth");
}

/// Asked again, a repository remembers folders that were selected whole.
#[test]
fn what_is_remembered_of_a_folder_changes_no_answer() {
    let repo = Repo::new();
    repo.write("apps/a.yaml", "1")
        .write("apps/README.md", "1")
        .write("apps/sub/b.yaml", "1")
        .commit("first");
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    for patterns in [&["**"][..], &["apps/**"], &["apps/*.yaml"], &["**/*.yaml"]] {
        let selector = Selector::parse(patterns).unwrap();
        for _ in 0..2 {
            let id = open.gated_tree_id(&head, &selector).unwrap();
            assert_eq!(id.to_string(), write_tree(&repo, patterns));
        }
    }
}

#[test]
fn what_is_refused_is_refused_again() {
    let repo = linked(&[("apps/sub/x.yaml", "../../base/c.yaml")]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let apps = Selector::parse(&["apps/**"]).unwrap();
    for _ in 0..2 {
        assert_eq!(
            code(open.gated_tree_id(&head, &apps)),
            "git.symlink-outside"
        );
    }
}

#[test]
fn a_tree_that_git_would_write_otherwise_is_written_so_each_time() {
    let repo = Repo::new();
    repo.write("d/a", "1").commit("first");
    let blob = *repo.id("HEAD:d/a").as_bytes();
    let plain = repo.id("HEAD^{tree}");
    let inner = literal_tree(&repo, &[b"100664 a\0".as_slice(), &blob].concat());
    let outer = [b"40000 d\0".as_slice(), inner.as_bytes()].concat();
    let commit = commit_tree(&repo, literal_tree(&repo, &outer));
    let open = repo.open();
    let head = open.snapshot(commit).unwrap();
    let all = Selector::parse(&["**"]).unwrap();
    for _ in 0..2 {
        assert_eq!(open.gated_tree_id(&head, &all).unwrap(), plain);
    }
}

#[test]
fn a_link_to_the_root_cannot_stand_for_judged_folders() {
    let repo = linked(&[("mirror", ".")]);
    let open = repo.open();
    let head = open.snapshot(repo.id("HEAD")).unwrap();
    let below = Selector::parse(&["mirror/apps/**"]).unwrap();
    assert_eq!(code(open.gated_tree(&head, &below)), "git.symlink-outside");
}

#[test]
fn the_number_of_files_is_bounded() {
    let repo = Repo::new();
    let blob = repo.git_with(&["hash-object", "-w", "--stdin"], b"x");
    let blob = String::from_utf8(blob).unwrap();
    let tree_of = |kind: &str, id: &str| {
        let lines: String = (0..450).map(|n| format!("{kind} {id}\t{n}\n")).collect();
        String::from_utf8(repo.git_with(&["mktree"], lines.as_bytes())).unwrap()
    };
    let folder = tree_of("100644 blob", &blob);
    let root = GitId::parse(&tree_of("040000 tree", &folder)).unwrap();
    let open = repo.open();
    let head = open.snapshot(commit_tree(&repo, root)).unwrap();
    let all = Selector::parse(&["**"]).unwrap();
    assert_eq!(code(open.gated_tree(&head, &all)), "limit.tree-entries");
    for _ in 0..2 {
        assert_eq!(code(open.gated_tree_id(&head, &all)), "limit.tree-entries");
    }
    let some = Selector::parse(&["1*/**"]).unwrap();
    assert_eq!(
        open.gated_tree(&head, &some).unwrap().entries.len(),
        111 * 450
    );
    // What is remembered of a folder is its own number of files, wherever it was met.
    for _ in 0..2 {
        assert!(open.gated_tree_id(&head, &some).is_ok());
    }
}
