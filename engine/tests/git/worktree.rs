//! `HEAD` against the files on disk: what `git add --all` would take, without taking it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use tidegate::git::{RangeKind, Repository};
use tidegate::model::Exit;

use super::{changes, code};
use crate::support::{Repo, run};

/// What the library sees; nothing of the repository may have changed by it.
fn seen(repo: &Repo) -> Vec<String> {
    let state = || {
        let index = fs::read(repo.path().join(".git/index")).unwrap_or_default();
        (index, repo.git(&["count-objects", "-v"]))
    };
    let before = state();
    let open = repo.open();
    let range = open.worktree().unwrap();
    assert_eq!(range.kind, RangeKind::Worktree);
    assert!(range.commits.is_empty() && range.head.commit().is_none());
    let seen = changes(&open, &range);
    for entry in open.entries(&range.head).unwrap() {
        if !entry.is_submodule() {
            let content = open.file(&entry).unwrap();
            let disk = repo.path().join(entry.path.to_string());
            match fs::read_link(&disk) {
                Ok(target) => assert_eq!(target.to_str().unwrap().as_bytes(), content),
                Err(_) => assert_eq!(fs::read(&disk).unwrap_or_else(|_| content.clone()), content),
            }
        }
    }
    let tree = range.head.tree().to_string();
    assert_eq!(
        open.reopen()
            .unwrap()
            .worktree()
            .unwrap()
            .head
            .tree()
            .to_string(),
        tree
    );
    assert_eq!(state(), before, "something was written");
    assert_eq!(tree, added(repo), "{seen:?}");
    seen
}

/// The tree that `git add --all` would stage, by way of another index.
fn added(repo: &Repo) -> String {
    let other = repo.beside("other-index");
    let index = repo.path().join(".git/index");
    if index.exists() {
        // A later time would tell Git that nothing was written after the index.
        run(repo.command("cp").arg("-p").args([&index, &other]), b"");
    }
    let git = |arguments: &[&str]| {
        let mut command = repo.command("git");
        command.args(arguments).env("GIT_INDEX_FILE", &other);
        String::from_utf8(run(&mut command, b"")).unwrap()
    };
    git(&["add", "--all", "--no-warn-embedded-repo"]);
    let tree = git(&["write-tree"]);
    drop(fs::remove_file(other));
    tree
}

fn make_executable(repo: &Repo, path: &str, mode: u32) {
    fs::set_permissions(repo.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_files_on_disk_count_and_not_what_is_staged() {
    let repo = Repo::new();
    repo.write("a", "1").write("b", "1").write("c", "1");
    repo.write("d/e/f", "1")
        .write("d-e", "1")
        .write("d.e", "1")
        .commit("first");
    assert!(seen(&repo).is_empty());
    repo.write("a", "2")
        .write("b", "2")
        .write("new/file", "1")
        .write("staged", "1");
    repo.git(&["add", "a", "staged"]);
    repo.write("a", "3")
        .remove("c")
        .remove("d/e/f")
        .remove("staged");
    assert_eq!(seen(&repo), ["~a", "~b", "-c", "-d/e/f", "+new/file"]);
    // Taken from the index, and still there.
    repo.git(&["rm", "--quiet", "--cached", "d-e"]);
    assert_eq!(seen(&repo), ["~a", "~b", "-c", "-d/e/f", "+new/file"]);
    // A file that was only touched has not changed.
    repo.write("d.e", "1");
    assert_eq!(seen(&repo), ["~a", "~b", "-c", "-d/e/f", "+new/file"]);
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let repo = Repo::new();
    let open = repo.open();
    assert!(changes(&open, &open.worktree().unwrap()).is_empty());
    repo.write("a", "1").write("b", "1").git(&["add", "a"]);
    repo.write(".gitignore", "*.log\n").write("x.log", "1");
    assert_eq!(seen(&repo), ["+.gitignore", "+a", "+b"]);
}

#[test]
fn what_git_ignores_is_left_alone() {
    let repo = Repo::new();
    repo.write(
        ".gitignore",
        "*.log\n!keep.log\n/out/\nbuild/\ncache\n\\#odd\n**/deep/*.tmp\n",
    )
    .write("lib/.gitignore", "*\n!.gitignore\n!*.yaml\n")
    .write("again/.gitignore", "!*.log\n")
    .write("out/tracked", "1")
    .write("a", "1");
    repo.git(&["add", "--all"]);
    repo.git(&["add", "--force", "out/tracked"]);
    repo.commit_index("first");
    fs::write(repo.path().join(".git/info/exclude"), "private\n").unwrap();
    repo.write("../home/.config/git/ignore", "*.swp\n");
    for path in [
        "x.log",
        "keep.log",
        "d/x.log",
        "d/keep.log",
        "out/new",
        "d/out/new",
        "build/x",
        "d/build/x",
        "build.yaml",
        "cache",
        "d/cache/x",
        "#odd",
        "x/deep/y.tmp",
        "x/deep/y.yaml",
        "lib/x",
        "lib/x.yaml",
        "lib/d/x.yaml",
        "again/x.log",
        "private",
        "d/private/x",
        "x.swp",
    ] {
        repo.write(path, "new");
    }
    repo.write("out/tracked", "2");
    // The configuration of the user's home is not the library's to find in a test.
    repo.remove("x.swp");
    assert_eq!(
        seen(&repo),
        [
            "+again/x.log",
            "+build.yaml",
            "+d/keep.log",
            "+d/out/new",
            "+keep.log",
            "+lib/x.yaml",
            "~out/tracked",
            "+x/deep/y.yaml",
        ]
    );
}

#[test]
fn what_stands_at_a_path_may_become_something_else() {
    let repo = Repo::new();
    repo.write("script", "1")
        .write("plain", "1")
        .write("file", "1")
        .write("folder/a", "1");
    repo.write("linked", "1")
        .write("into/a", "1")
        .write("pipe", "1");
    symlink("plain", repo.path().join("link")).unwrap();
    symlink("plain", repo.path().join("unlinked")).unwrap();
    make_executable(&repo, "script", 0o755);
    repo.commit("first");
    make_executable(&repo, "script", 0o644);
    make_executable(&repo, "plain", 0o755);
    fs::remove_file(repo.path().join("link")).unwrap();
    symlink("/etc/passwd", repo.path().join("link")).unwrap();
    repo.remove("unlinked").write("unlinked", "plain");
    repo.remove("linked");
    symlink("file", repo.path().join("linked")).unwrap();
    repo.remove("file").write("file/inside", "1");
    fs::remove_dir_all(repo.path().join("folder")).unwrap();
    repo.write("folder", "1");
    // What lies behind a link is not in the repository.
    fs::rename(repo.path().join("into"), repo.beside("outside")).unwrap();
    symlink("../outside", repo.path().join("into")).unwrap();
    run(repo.command("mkfifo").arg("new-pipe"), b"");
    assert_eq!(
        seen(&repo),
        [
            "-file",
            "+file/inside",
            "+folder",
            "-folder/a",
            "+into",
            "-into/a",
            "~link",
            "~linked",
            "~plain",
            "~script",
            "~unlinked",
        ]
    );
    // What is neither a file nor a link is not there.
    repo.remove("pipe");
    run(repo.command("mkfifo").arg("pipe"), b"");
    let open = repo.open();
    let changes = changes(&open, &open.worktree().unwrap());
    assert!(changes.contains(&"-pipe".to_owned()), "{changes:?}");
}

#[test]
fn flags_of_the_index_say_what_is_tracked_and_not_what_is_there() {
    let repo = Repo::new();
    repo.write("kept/a", "1")
        .write("left/a", "1")
        .write("left/b", "1")
        .write("b", "1")
        .commit("first");
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/left/"]);
    assert!(!repo.path().join("left/a").exists());
    repo.write(".git/info/exclude", "later\n")
        .write("later", "1");
    repo.git(&["add", "--force", "--intent-to-add", "later"]);
    assert_eq!(seen(&repo), ["+later"]);
    // Git itself would not look; the file is another one all the same.
    repo.git(&["update-index", "--assume-unchanged", "b"]);
    repo.write("b", "2");
    let open = repo.open();
    assert_eq!(changes(&open, &open.worktree().unwrap()), ["~b", "+later"]);
}

#[test]
fn modes_and_links_that_a_disk_cannot_hold_are_those_of_the_index() {
    let repo = Repo::new();
    repo.write("script", "1").write("plain", "1");
    symlink("plain", repo.path().join("link")).unwrap();
    make_executable(&repo, "script", 0o755);
    repo.commit("first");
    repo.git(&["config", "core.fileMode", "false"]);
    repo.git(&["config", "core.symlinks", "false"]);
    make_executable(&repo, "script", 0o644);
    make_executable(&repo, "plain", 0o755);
    repo.remove("link").write("link", "plain");
    assert!(seen(&repo).is_empty());
    repo.write("link", "script").write("script", "2");
    assert_eq!(seen(&repo), ["~link", "~script"]);
}

#[test]
fn a_file_too_large_to_be_judged_has_the_id_that_git_gives_it() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("large", vec![b'x'; (4 << 20) + 1])
        .write("most", vec![b'x'; 4 << 20]);
    let open = repo.open();
    let range = open.worktree().unwrap();
    assert_eq!(range.head.tree().to_string(), added(&repo));
    let large = open.entry(&range.head, &"large".into()).unwrap().unwrap();
    let most = open.entry(&range.head, &"most".into()).unwrap().unwrap();
    let open = Repository::open(repo.path()).unwrap();
    open.worktree().unwrap();
    assert_eq!(code(open.file(&large)), "limit.blob");
    assert_eq!(open.file(&most).unwrap().len(), 4 << 20);
}

#[test]
fn a_file_that_changes_meanwhile_is_read_again_by_a_later_run_alone() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    for (before, after) in [("2", Some("3")), ("4", Some("4 and more")), ("5", None)] {
        repo.write("a", before);
        let open = repo.open();
        let range = open.worktree().unwrap();
        let entry = open.entry(&range.head, &"a".into()).unwrap().unwrap();
        match after {
            Some(after) => repo.write("a", after),
            None => repo.remove("a"),
        };
        let error = open.file(&entry).unwrap_err();
        assert_eq!(Exit::of_error(&error), Exit::Temporary, "{after:?}");
        assert_eq!(code(open.file(&entry)), "git.worktree-changed");
    }
}

#[test]
fn a_linked_worktree_has_its_own_files() {
    let repo = Repo::new();
    repo.write("a", "1").write("b", "1").commit("first");
    let path = repo.beside("linked");
    repo.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "linked",
        path.to_str().unwrap(),
    ]);
    repo.write("a", "main");
    fs::write(path.join("b"), "linked").unwrap();
    fs::write(path.join("new"), "linked").unwrap();
    let open = Repository::open(&path).unwrap();
    assert_eq!(changes(&open, &open.worktree().unwrap()), ["~b", "+new"]);
    assert_eq!(seen(&repo), ["~a"]);
}

#[test]
fn a_repository_inside_is_not_looked_into() {
    let repo = Repo::new();
    repo.write("a", "1")
        .write("tracked/file", "1")
        .commit("first");
    for folder in ["nested", "tracked", "module"] {
        repo.git(&["init", "--quiet", folder]);
        repo.write(format!("{folder}/inside"), "1");
        repo.git(&["-C", folder, "add", "inside"]);
        repo.git(&["-C", folder, "commit", "--quiet", "-m", "inside"]);
    }
    let id = repo.git(&["-C", "module", "rev-parse", "HEAD"]);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{id},module"),
    ]);
    repo.write("tracked/file", "2");
    let open = repo.open();
    let range = open.worktree().unwrap();
    assert_eq!(
        changes(&open, &range),
        ["+module", "+nested", "~tracked/file"]
    );
    let entry = |path: &str| open.entry(&range.head, &path.into()).unwrap().unwrap();
    assert!(entry("nested").is_submodule() && entry("module").is_submodule());
    assert_eq!(entry("module").id.to_string(), id);
}

#[test]
fn a_working_tree_that_cannot_be_relied_on_is_an_error() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare"]);
    let bare = Repository::open(&repo.beside("bare")).unwrap();
    assert_eq!(code(bare.worktree()), "usage.needs-worktree");

    run(repo.command("mkfifo").args([".gitignore"]), b"");
    assert_eq!(code(repo.open().worktree()), "git.worktree");
    repo.remove(".gitignore");
    symlink("a", repo.path().join(".gitignore")).unwrap();
    assert_eq!(code(repo.open().worktree()), "git.worktree");
    repo.remove(".gitignore");

    let index = repo.path().join(".git/index");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, &whole[..40]).unwrap();
    assert_eq!(code(repo.open().worktree()), "git.index");
    fs::remove_file(&index).unwrap();
    assert_eq!(code(repo.open().worktree()), "git.index");
}

#[test]
fn a_configured_working_tree_elsewhere_is_not_read() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let other = Repo::new();
    other.write("b", "1").commit("other");
    let mut open_in: Vec<String> = ["/", "/etc", "../.."].map(str::to_owned).to_vec();
    open_in.push(other.path().display().to_string());
    for folder in open_in {
        repo.git(&["config", "core.worktree", &folder]);
        let open = Repository::open(repo.path()).unwrap();
        assert_eq!(code(open.worktree()), "git.worktree-elsewhere", "{folder}");
    }
    repo.git(&["config", "core.worktree", ".."]);
    let own = fs::canonicalize(repo.path()).unwrap();
    fs::write(
        repo.path().join(".git/config"),
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tworktree = {}\n",
            own.display()
        ),
    )
    .unwrap();
    let open = Repository::open(Path::new(&own)).unwrap();
    assert!(changes(&open, &open.worktree().unwrap()).is_empty());
}
