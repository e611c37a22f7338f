//! A pack that is cut while a process has it mapped: the kernel ends the process, and what ended is no pass.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use super::{APP, Remote};

#[test]
fn who_reads_on_in_a_pack_that_was_cut_ends_without_an_answer() {
    let remote = Remote::started();
    let clone = remote.clone_as("deployer");
    remote.world.label(APP, "a", "b");
    remote.push();
    let git = |arguments: &[&str]| {
        let clone = clone.to_str().unwrap();
        remote.world.repo.git(&[&["-C", clone], arguments].concat())
    };
    git(&["pull", "-q"]);
    git(&["repack", "-q", "-a", "-d"]);
    let packs = clone.join(".git/objects/pack");
    let answer = remote.world.repo.beside("answer.json");
    let looks = remote.world.repo.beside("looks");
    // Nothing is signed yet, so that it looks again; by then it has read in the pack, and the branch is as it was.
    let script = format!(
        "case \"$*\" in *ls-remote*) echo >> '{}'; if [ $(wc -l < '{}') = 2 ]; then \
         for pack in '{}'/*.pack; do chmod u+w \"$pack\"; : > \"$pack\"; done; fi ;; esac",
        looks.display(),
        looks.display(),
        packs.display()
    );
    let more = format!(
        "--unit web --revision HEAD --deployed HEAD~1 --wait 60s --output json={}",
        answer.display()
    );
    let mut admission = remote.admission(&clone, &more);
    let output = admission
        .env("PATH", remote.wrapped(&script))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(fs::read_to_string(&looks).unwrap().len(), 2, "{said}");
    assert_eq!(output.status.code(), None, "{said}");
    assert_eq!(output.status.signal(), Some(SIGBUS), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert!(!answer.exists());
}

const SIGBUS: i32 = 7;
