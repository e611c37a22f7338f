//! What lies in the Git folder is damaged, forged, elsewhere, or changes while it is read: the same answer as
//! before, or an error.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use miette::Diagnostic as _;
use tidegate::git::{Error, Repository};
use tidegate::model::{Exit, code_of};

use super::code;
use crate::support::{Repo, run};

/// Everything that a range shows: commits, paths, content.
fn read(folder: &Path) -> Result<Vec<String>, Error> {
    let open = Repository::open(folder)?;
    let range = open.range("main~2..main")?;
    let mut seen: Vec<String> = range.commits.iter().map(|it| it.id.to_string()).collect();
    for side in [&range.base, &range.head] {
        for entry in open.entries(side)? {
            let content = open.file(&entry)?;
            seen.push(format!(
                "{} {}",
                entry.path,
                String::from_utf8_lossy(&content)
            ));
        }
    }
    Ok(seen)
}

/// Three commits of a few files, in one pack where objects lie as differences from each other.
fn packed() -> Repo {
    let repo = Repo::new();
    for step in 0..3 {
        let text: String = (0..40)
            .map(|line| format!("line {line} of {step}\n"))
            .collect();
        repo.write("a", &text)
            .write("d/b", text + "more")
            .commit("step");
    }
    repo.git(&["repack", "--quiet", "-a", "-d"]);
    repo.git(&["pack-refs", "--all"]);
    repo
}

fn pack_file(repo: &Repo, extension: &str) -> PathBuf {
    let folder = repo.path().join(".git/objects/pack");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files = files.filter(|file| file.extension().is_some_and(|it| it == extension));
    files.next().unwrap()
}

/// Git writes these files without leave to write to them.
fn replace(file: &Path, bytes: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

/// Changes each byte of `file` in turn.
fn flipped(repo: &Repo, file: &Path) {
    let before = read(repo.path()).unwrap();
    let whole = fs::read(file).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        replace(file, &bytes);
        match read(repo.path()) {
            Ok(seen) => assert_eq!(seen, before, "{} at {at}", file.display()),
            // What says that it is a tree is no commit.
            Err(error) if code_of(&error) == "usage.not-a-commit" => {}
            Err(error) => assert_eq!(Exit::of_error(&error), Exit::Unjudged, "{error} at {at}"),
        }
    }
    replace(file, &whole);
    assert_eq!(read(repo.path()).unwrap(), before);
}

#[test]
fn a_flipped_byte_of_a_pack_or_of_what_finds_things_in_it_shows_nothing_else() {
    let repo = packed();
    flipped(&repo, &pack_file(&repo, "pack"));
    flipped(&repo, &pack_file(&repo, "idx"));
    repo.git(&["multi-pack-index", "write"]);
    let folder = repo.path().join(".git/objects");
    flipped(&repo, &folder.join("pack/multi-pack-index"));
    repo.git(&["commit-graph", "write", "--reachable"]);
    flipped(&repo, &folder.join("info/commit-graph"));
}

#[test]
fn a_pack_that_is_cut_off_or_without_its_index_shows_nothing_else() {
    let repo = packed();
    let before = read(repo.path()).unwrap();
    for extension in ["pack", "idx"] {
        let file = pack_file(&repo, extension);
        let whole = fs::read(&file).unwrap();
        for length in [
            0,
            12,
            100,
            whole.len() / 2,
            whole.len() - 21,
            whole.len() - 1,
        ] {
            replace(&file, &whole[..length]);
            match read(repo.path()) {
                Ok(seen) => assert_eq!(seen, before, "{extension} of {length} bytes"),
                Err(error) => assert_eq!(Exit::of_error(&error), Exit::Unjudged, "{error}"),
            }
        }
        replace(&file, &whole);
    }
    fs::remove_file(pack_file(&repo, "idx")).unwrap();
    let error = read(repo.path()).unwrap_err();
    assert_eq!(Exit::of_error(&error), Exit::Unjudged, "{error}");
}

#[test]
fn a_long_chain_of_differences_is_followed() {
    let repo = Repo::new();
    let mut stream = String::new();
    for step in 0..5000 {
        let text = format!("{}{step}\n", "the same line\n".repeat(20));
        stream.push_str("commit refs/heads/main\n");
        stream.push_str(&format!(
            "committer C <c@d> {} +0000\ndata 1\nx\n",
            1_700_000_000 + step
        ));
        stream.push_str(&format!("M 100644 inline a\ndata {}\n{text}\n", text.len()));
    }
    repo.git_with(
        &["fast-import", "--quiet", "--depth=5000"],
        stream.as_bytes(),
    );
    let chain = repo.git(&[
        "verify-pack",
        "--verbose",
        pack_file(&repo, "idx").to_str().unwrap(),
    ]);
    assert!(
        chain.contains("chain length = 4000"),
        "the chain is shorter than was asked for"
    );
    let open = repo.open();
    for revision in ["main", "main~999", "main~1000~1000~1000~1000~999"] {
        let id = repo.id(&format!("{revision}:a"));
        let git = repo.git_with(&["cat-file", "blob", &id.to_string()], b"");
        assert_eq!(open.blob(id).unwrap().trim_ascii_end(), git, "{revision}");
    }
}

#[test]
fn objects_elsewhere_are_read_and_believed_no_more_than_others() {
    let repo = packed();
    let before = read(repo.path()).unwrap();
    let objects = repo.path().join(".git/objects");
    let alternates = objects.join("info/alternates");
    let elsewhere = repo.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();

    // A list that leads nowhere, or in a circle, keeps no complete repository from being read.
    let own = objects.display().to_string();
    for text in [
        "/does/not/exist\n",
        own.as_str(),
        "\"\\",
        "../../..\n",
        "# none\n\n",
    ] {
        fs::write(&alternates, text).unwrap();
        assert_eq!(read(repo.path()).unwrap(), before, "{text}");
    }

    let wanted = repo.id("main:a");
    fs::rename(objects.join("pack"), elsewhere.join("pack")).unwrap();
    fs::write(&alternates, "/does/not/exist\n").unwrap();
    assert_eq!(code(read(repo.path())), "git.object-missing");
    fs::write(&alternates, format!("{}\n", elsewhere.display())).unwrap();
    assert_eq!(read(repo.path()).unwrap(), before);

    // Another object under the name of one that is missed.
    let (good, evil) = (wanted.to_string(), b"evil".as_slice());
    let evil = String::from_utf8(repo.git_with(&["hash-object", "-w", "--stdin"], evil)).unwrap();
    let loose = |root: &Path, id: &str| root.join(&id[..2]).join(&id[2..]);
    let forged = loose(&elsewhere, &good);
    fs::create_dir_all(forged.parent().unwrap()).unwrap();
    fs::copy(loose(&objects, &evil), &forged).unwrap();
    fs::remove_dir_all(elsewhere.join("pack")).unwrap();
    assert_eq!(code(repo.open().blob(wanted)), "git.object-corrupt");
}

#[test]
fn what_is_packed_or_pruned_meanwhile_is_found_or_missed_and_never_something_else() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("a", "2").write("b", "2").commit("second");
    let open = repo.open();
    let range = open.range("main~1..main").unwrap();
    let entries = open.entries(&range.head).unwrap();
    repo.git(&["update-ref", "refs/heads/main", "main~1"]);
    repo.git(&["repack", "--quiet", "-a", "-d", "-f"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    let content: Vec<_> = entries
        .iter()
        .map(|entry| open.file(entry).unwrap())
        .collect();
    assert_eq!(content, [b"2", b"2"]);
    // The names were read once; nobody asks again what `main` is.
    assert_eq!(open.diff(&range.base, &range.head).unwrap().len(), 2);
    let objects = repo.path().join(".git/objects");
    for folder in fs::read_dir(objects).unwrap() {
        fs::remove_dir_all(folder.unwrap().path()).unwrap();
    }
    assert_eq!(code(repo.open().file(&entries[0])), "git.object-missing");
}

#[test]
fn a_git_file_leads_to_a_repository_or_is_an_error() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let git_dir = repo.path().join(".git");
    let folder = repo.beside("folder");
    fs::create_dir(&folder).unwrap();
    let file = folder.join(".git");
    let absolute = format!("gitdir: {}\n", git_dir.display());
    for text in [
        "gitdir: ../repo/.git\n",
        absolute.as_str(),
        "gitdir: ../repo/.git",
    ] {
        fs::write(&file, text).unwrap();
        let open = Repository::open(&folder).unwrap();
        assert_eq!(open.resolve("HEAD").unwrap(), repo.id("HEAD"), "{text}");
    }
    for text in [
        "gitdir: ../gone\n",
        "gitdir: .git\n",
        "gitdir: .\n",
        "gitdir: \n",
        "gitdir:",
        "garbage\n",
        "",
        "gitdir: /dev/zero\n",
        "\0\0\0\0",
    ] {
        fs::write(&file, text).unwrap();
        let error = Repository::open(&folder).unwrap_err();
        assert_eq!(Exit::of_error(&error), Exit::Unjudged, "{text:?}: {error}");
        assert!(
            code_of(&error).starts_with("git.") && error.help().is_some(),
            "{text:?}"
        );
    }
    fs::remove_file(&file).unwrap();
    symlink(".git", &file).unwrap();
    assert_eq!(
        Exit::of_error(&Repository::open(&folder).unwrap_err()),
        Exit::Unjudged
    );
    fs::remove_file(&file).unwrap();
    run(repo.command("mkfifo").arg(&file), b"");
    assert_eq!(
        Exit::of_error(&Repository::open(&folder).unwrap_err()),
        Exit::Unjudged
    );
    fs::remove_file(&file).unwrap();
    symlink(&git_dir, &file).unwrap();
    let open = Repository::open(&folder).unwrap();
    assert_eq!(open.resolve("HEAD").unwrap(), repo.id("HEAD"));
}
