//! Which repositories are opened, and that nothing of the environment or configuration is believed.

use std::fs;
use std::path::Path;

use tidegate::git::Repository;

use super::{changes, code};
use crate::support::Repo;

#[test]
fn opening_walks_up() {
    let repo = Repo::new();
    repo.write("a/b/c.yaml", "x").commit("first");
    let found = Repository::open(&repo.path().join("a/b")).unwrap();
    assert_eq!(found.resolve("HEAD").unwrap(), repo.id("HEAD"));
    assert_eq!(
        found.git_dir().canonicalize().unwrap(),
        repo.path().join(".git").canonicalize().unwrap()
    );
}

#[test]
fn a_folder_without_repository_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        code(Repository::open(folder.path())),
        "git.not-a-repository"
    );
    assert_eq!(
        code(Repository::open(Path::new("/does/not/exist"))),
        "git.not-a-repository"
    );
    fs::write(folder.path().join(".git"), "gitdir: nowhere").unwrap();
    assert!(Repository::open(folder.path()).is_err());
}

#[test]
fn a_bare_repository_gives_ranges_but_no_index() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("a", "2").commit("second");
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare"]);
    let bare = Repository::open(&repo.beside("bare")).unwrap();
    let range = bare.range("HEAD~1..HEAD").unwrap();
    assert_eq!(changes(&bare, &range), ["~a"]);
    assert_eq!(code(bare.staged()), "usage.needs-worktree");
    assert!(bare.work_tree().is_none());
}

#[test]
fn grafts_are_refused() {
    let repo = Repo::new();
    let id = repo.write("a", "1").commit("first");
    fs::create_dir_all(repo.path().join(".git/info")).unwrap();
    let file = repo.path().join(".git/info/grafts");
    fs::write(&file, "").unwrap();
    assert!(Repository::open(repo.path()).is_ok());
    fs::write(&file, format!("{id}\n")).unwrap();
    assert_eq!(code(Repository::open(repo.path())), "git.grafts");
}

#[test]
fn other_object_formats_and_extensions_are_refused() {
    let repo = Repo::with(&["--object-format=sha256"]);
    assert_eq!(code(Repository::open(repo.path())), "git.object-format");

    let repo = Repo::new();
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.partialClone", "origin"]);
    assert_eq!(code(Repository::open(repo.path())), "git.extension");
}

#[test]
fn a_repository_of_somebody_else_is_refused() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    // Only root can give a folder away; elsewhere there is nothing to test.
    let given = [repo.path().to_path_buf(), repo.path().join(".git")]
        .iter()
        .all(|folder| std::os::unix::fs::chown(folder, Some(65_534), Some(65_534)).is_ok());
    if given {
        assert_eq!(code(Repository::open(repo.path())), "git.not-owner");
    }
}

#[test]
fn no_configured_command_runs() {
    let repo = Repo::new();
    repo.write(".gitattributes", "*.txt filter=evil\n")
        .write("a.yaml", "1")
        .commit("first");
    repo.write("a.yaml", "2").commit("second");
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "credential.helper",
        "merge.evil.driver",
        "gpg.program",
    ] {
        let trap = format!("touch {}", repo.beside("pwned").display());
        repo.git(&["config", key, &trap]);
    }
    let open = repo.open();
    let range = open.range("HEAD~1..HEAD").unwrap();
    assert_eq!(changes(&open, &range), ["~a.yaml"]);
    open.staged().unwrap();
    open.content_transformed(&range.head, &"a.yaml".into())
        .unwrap();
    assert!(!repo.beside("pwned").exists());
}

#[test]
fn an_included_file_is_not_shown() {
    let repo = Repo::new();
    let secret = repo.beside("secret");
    fs::write(&secret, "root:hunter2\n").unwrap();
    repo.git(&["config", "include.path", &secret.display().to_string()]);
    let error = Repository::open(repo.path()).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn every_thread_can_have_a_handle() {
    let repo = Repo::new();
    let head = repo.write("a", "1").commit("first");
    let open = repo.open();
    let other = open.reopen().unwrap();
    let found = std::thread::spawn(move || other.resolve("main").unwrap());
    assert_eq!(found.join().unwrap(), head);
    assert_eq!(open.reopen().unwrap().git_dir(), open.git_dir());
}

#[test]
fn what_many_threads_read_comes_in_the_order_of_what_was_asked() {
    let repo = Repo::new();
    for at in 0..50 {
        repo.write(format!("{at:02}"), at.to_string());
    }
    let head = repo.commit("fifty files");
    let open = repo.open();
    let entries = open.entries(&open.snapshot(head).unwrap()).unwrap();
    for (count, share) in [(0, 1), (1, 1), (50, 1), (50, 24), (50, 100)] {
        let items = entries.get(..count).unwrap();
        let read = open.map_by_threads(items, share, |entry, handle| handle.file(entry).unwrap());
        let expected: Vec<_> = (0..count).map(|at| at.to_string().into_bytes()).collect();
        assert_eq!(read.unwrap(), expected);
    }
}

#[test]
fn the_environment_leads_nowhere_else() {
    let repo = Repo::new();
    let head = repo.write("a", "own").commit("first");
    let other = Repo::new();
    other.write("a", "other").commit("other");
    let git_dir = other.path().join(".git");
    let out = repo.path().join(".git/hook-test");
    fs::write(&out, "").unwrap();
    let status = repo
        .command(std::env::current_exe().unwrap())
        .args(["--exact", "git::open::child_opens_by_path", "--ignored"])
        .env("GIT_DIR", &git_dir)
        .env("GIT_OBJECT_DIRECTORY", git_dir.join("objects"))
        .env("GIT_INDEX_FILE", git_dir.join("index"))
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    let found = fs::read_to_string(out).unwrap();
    assert_eq!(found, format!("{head} {}", repo.id("HEAD^{tree}")));
}

#[test]
#[ignore = "runs inside the_environment_leads_nowhere_else"]
fn child_opens_by_path() {
    let repo = Repository::open(Path::new(".")).unwrap();
    let out = repo.git_dir().join("hook-test");
    if out.exists() {
        let staged = repo.staged().unwrap();
        let head = repo.resolve("HEAD").unwrap();
        fs::write(out, format!("{head} {}", staged.head.tree())).unwrap();
    }
}
