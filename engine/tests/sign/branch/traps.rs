//! What the configuration of a repository would let `git` start beside what it is asked for: none of it runs where a
//! branch of verdicts is read and written. How the network is reached, and who logs in, stays the user's business.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{APP, Remote};

#[test]
fn no_hook_and_no_program_of_the_repository_runs_beside_git() {
    let remote = Remote::started();
    let repo = &remote.world.repo;
    remote.world.label(APP, "a", "b");
    remote.push();
    let caught = repo.beside("caught");
    let trap = repo.beside("trap");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", caught.display());
    executable(&trap, &script);
    let hooks = repo.beside("hooks");
    for folder in [hooks.clone(), repo.path().join(".git/hooks")] {
        fs::create_dir_all(&folder).unwrap();
        for hook in HOOKS {
            executable(&folder.join(hook), &script);
        }
    }
    let trap = trap.to_str().unwrap();
    let shell = format!("!{trap}");
    for (key, value) in [
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.fsmonitor", trap),
        ("core.pager", trap),
        ("core.editor", trap),
        ("core.askPass", trap),
        ("core.sshCommand", trap),
        ("core.gitProxy", trap),
        ("credential.helper", &shell),
        ("diff.external", trap),
        ("gpg.program", trap),
        ("gc.auto", "1"),
        ("uploadpack.packObjectsHook", trap),
        ("submodule.evil.update", &shell),
        ("alias.ls-remote", &shell),
        ("alias.fetch", &shell),
        ("alias.push", &shell),
    ] {
        repo.git(&["config", key, value]);
    }
    let (exit, said) = remote.signs("sign", &[]);
    assert_eq!((exit, remote.commits()), (0, 2), "{said}");
    let (exit, said) = remote.admits(repo.path(), "--unit web --revision HEAD --deployed HEAD~1");
    assert_eq!(exit, 0, "{said}");
    assert!(!caught.exists(), "{}", fs::read_to_string(caught).unwrap());
    // They are set: whoever pushes without care falls into them.
    repo.git(&["push", "-q", "origin", "main:refs/heads/other"]);
    assert!(caught.exists());
}

fn executable(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

const HOOKS: [&str; 7] = [
    "pre-push",
    "reference-transaction",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
    "post-rewrite",
    "proc-receive",
];
