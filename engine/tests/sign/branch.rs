//! Verdicts on a branch of a remote: put there by compare-and-swap, read without a checkout, never believed.

mod actors;
mod carried;
mod clock;
#[cfg(target_os = "linux")]
mod cut;
mod faults;
mod hook;
mod kept;
pub(super) mod killed;
mod servers;
mod store;
mod traps;
mod unreachable;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::world::{APP, DATABASE, World};
use crate::support::run;

const BRANCH: &str = "refs/heads/tidegate/verdicts";

/// A shop whose `origin` is a bare repository beside it.
struct Remote {
    world: World,
    bare: PathBuf,
}

impl Remote {
    fn new() -> Self {
        let world = World::new();
        let bare = world.repo.beside("origin.git");
        let path = bare.to_str().unwrap();
        world
            .repo
            .git(&["init", "-q", "--bare", "-b", "main", path]);
        world
            .repo
            .git(&["remote", "add", "origin", &format!("file://{path}")]);
        let remote = Self { world, bare };
        remote.push();
        remote
    }

    /// With the baselines of `gate` and `prod` on the branch.
    fn started() -> Self {
        let remote = Self::new();
        let (exit, said) = remote.signs("baseline", &[]);
        assert_eq!(exit, 0, "{said}");
        remote
    }

    fn push(&self) {
        self.world.repo.git(&["push", "-q", "origin", "main"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let bare = self.bare.to_str().unwrap();
        self.world
            .repo
            .git(&[&["--git-dir", bare], arguments].concat())
    }

    fn files(&self) -> Vec<String> {
        let all = self.git(&["ls-tree", "-r", "--name-only", BRANCH]);
        all.lines().map(str::to_owned).collect()
    }

    fn commits(&self) -> usize {
        let all = self.git(&["rev-list", BRANCH]);
        all.lines().count()
    }

    fn signs(&self, command: &str, more: &[&str]) -> (i32, String) {
        self.signs_in(self.world.repo.path(), command, more)
    }

    fn signs_in(&self, clone: &Path, command: &str, more: &[&str]) -> (i32, String) {
        self.ends(self.signer(clone, command, more))
    }

    fn ends(&self, mut command: Command) -> (i32, String) {
        self.ends_with(&mut command)
    }

    fn ends_with(&self, command: &mut Command) -> (i32, String) {
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8(text).unwrap(),
        )
    }

    fn signer(&self, clone: &Path, command: &str, more: &[&str]) -> Command {
        let key = self.world.key_file();
        let line = [
            command,
            "--env",
            "prod",
            "--key-file",
            &key,
            "--verdicts",
            "branch",
        ];
        let mut command = self.world.command(&[&line, more].concat());
        command.current_dir(clone);
        command
    }

    fn admits(&self, clone: &Path, more: &str) -> (i32, String) {
        self.ends(self.admission(clone, more))
    }

    fn admission(&self, clone: &Path, more: &str) -> Command {
        let trust = self.world.trust_file();
        let line = [
            "admit",
            "--env",
            "prod",
            "--trust",
            &trust,
            "--verdicts",
            "branch",
        ];
        let mut command = self.world.command(&line);
        command.args(more.split(" ")).current_dir(clone);
        command
    }

    fn clone_as(&self, name: &str) -> PathBuf {
        let path = self.world.repo.beside(name);
        let from = format!("file://{}", self.bare.display());
        self.world
            .repo
            .git(&["clone", "-q", &from, path.to_str().unwrap()]);
        path
    }

    /// Puts files on the branch as anybody with a push could.
    fn plants(&self, message: &str, change: &dyn Fn(&Path)) {
        let path = self.world.repo.beside("planting");
        let name = path.to_str().unwrap();
        let from = format!("file://{}", self.bare.display());
        let repo = &self.world.repo;
        repo.git(&["clone", "-q", "-b", "tidegate/verdicts", &from, name]);
        change(&path);
        repo.git(&["-C", name, "add", "--all"]);
        repo.git(&["-C", name, "commit", "-q", "--allow-empty", "-m", message]);
        repo.git(&["-C", name, "push", "-q", "origin", "HEAD"]);
        fs::remove_dir_all(path).unwrap();
    }

    /// A hook of the server.
    fn hook(&self, name: &str, script: &str) {
        let path = self.bare.join("hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A `git` that is asked before the real one, for the signer alone.
    fn wrapped(&self, script: &str) -> String {
        let folder = self.world.repo.beside("wrapped");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("git");
        let real = run(Command::new("sh").args(["-c", "command -v git"]), b"");
        let real = String::from_utf8(real).unwrap();
        fs::write(
            &path,
            format!("#!/bin/sh\nreal={real}\n{script}\nexec $real \"$@\"\n"),
        )
        .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", folder.display(), env!("PATH"))
    }
}

#[test]
fn the_first_baseline_makes_the_branch_and_each_run_is_one_commit_on_it() {
    let remote = Remote::started();
    let links = [
        "links/main/gate/0.json",
        "links/prod/db/0.json",
        "links/prod/web/0.json",
    ];
    assert_eq!(remote.files(), links);
    remote.world.label(APP, "a", "b");
    remote.world.label(DATABASE, "a", "b");
    remote.push();
    let (exit, said) = remote.signs("sign", &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("prod/web: pass, tier medium, link 1"),
        "{said}"
    );
    assert_eq!(remote.files().len(), 5);
    assert_eq!(remote.commits(), 2);
    assert_eq!(
        remote.git(&["log", "-1", "--format=%an <%ae> %P %B", BRANCH]),
        format!(
            "tidegate <verdicts@tidegate.dev> {} Add 2 verdicts\n\nlinks/prod/db/1\nlinks/prod/web/1\n",
            remote.git(&["rev-parse", &format!("{BRANCH}^")])
        )
    );
    let (exit, said) = remote.signs("sign", &[]);
    assert_eq!((exit, remote.commits()), (0, 2), "{said}");
    assert!(said.contains("prod/db: nothing new since link 1"), "{said}");
    let clone = remote.clone_as("deployer");
    let (exit, said) = remote.admits(&clone, "--unit web --revision HEAD --deployed HEAD~2");
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("prod/web: admitted (judged), link 1"),
        "{said}"
    );
}

#[test]
fn twenty_signers_at_once_end_in_one_linear_chain_whose_head_is_admitted() {
    let remote = Remote::started();
    let clones: Vec<PathBuf> = (0..20)
        .map(|number| remote.clone_as(&format!("clone-{number}")))
        .collect();
    remote.world.label(APP, "a", "b");
    remote.world.label(DATABASE, "a", "b");
    remote.push();
    for clone in &clones {
        let path = clone.to_str().unwrap();
        remote.world.repo.git(&["-C", path, "pull", "-q"]);
    }
    let units = ["web", "db"];
    let children: Vec<_> = clones
        .iter()
        .enumerate()
        .map(|(number, clone)| {
            let mut command = remote.signer(clone, "sign", &["--unit", units[number % 2]]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
    assert_eq!(remote.files().len(), 5);
    assert_eq!(remote.git(&["rev-list", "--min-parents=2", BRANCH]), "");
    let (exit, said) = remote.admits(&clones[0], "--unit web --revision HEAD --deployed HEAD~2");
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_signer_that_comes_second_judges_from_the_link_that_came_first() {
    let remote = Remote::started();
    let other = remote.clone_as("other");
    remote.world.label(APP, "a", "b");
    remote.push();
    remote
        .world
        .repo
        .git(&["-C", other.to_str().unwrap(), "pull", "-q"]);
    remote.world.label(APP, "b", "c");
    remote.push();
    // Just before the first push, the other signer runs.
    let inner = remote.signer(&other, "sign", &[]);
    let inner: Vec<String> = std::iter::once(inner.get_program().to_owned())
        .chain(inner.get_args().map(ToOwned::to_owned))
        .map(|word| format!("'{}'", word.into_string().unwrap()))
        .collect();
    let mark = remote.world.repo.beside("mark");
    let path = remote.wrapped(&format!(
        "case \" $* \" in *' push '*) [ -e {mark} ] || {{ : >{mark}; PATH={plain}; export PATH; cd {other} && {inner} >{mark}; }};; esac",
        mark = mark.display(),
        plain = env!("PATH"),
        other = other.display(),
        inner = inner.join(" "),
    ));
    let mut first = remote.signer(remote.world.repo.path(), "sign", &[]);
    let (exit, said) = remote.ends_with(first.env("PATH", path));
    assert_eq!(exit, 0, "{said}");
    assert!(
        fs::read_to_string(mark).unwrap().contains("link 1"),
        "{said}"
    );
    assert!(
        said.contains("prod/web: pass, tier medium, link 2"),
        "{said}"
    );
    assert_eq!(remote.commits(), 3);
}

#[test]
fn who_is_killed_before_the_push_or_loses_its_answer_leaves_one_link_after_the_second_run() {
    for (script, first, commits) in [
        (
            "case \" $* \" in *' push '*) kill -9 $PPID; exit 1;; esac",
            -1,
            1,
        ),
        (
            "case \" $* \" in *' push '*) $real \"$@\"; kill -9 $PPID; exit 1;; esac",
            -1,
            2,
        ),
        (
            "case \" $* \" in *' push '*) $real \"$@\"; echo 'fatal: the remote end hung up unexpectedly' >&2; exit 128;; esac",
            0,
            2,
        ),
    ] {
        let remote = Remote::started();
        remote.world.label(APP, "a", "b");
        remote.push();
        let path = remote.wrapped(script);
        let mut signer = remote.signer(remote.world.repo.path(), "sign", &[]);
        let (exit, said) = remote.ends_with(signer.env("PATH", path));
        assert_eq!(
            (exit, remote.commits()),
            (first, commits),
            "{script}: {said}"
        );
        let (exit, said) = remote.signs("sign", &[]);
        assert_eq!((exit, remote.commits()), (0, 2), "{said}");
        assert!(remote.files().contains(&"links/prod/web/1.json".to_owned()));
    }
}
