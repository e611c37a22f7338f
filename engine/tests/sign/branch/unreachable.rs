//! Who admits and cannot ask the branch: no answer, and none that was heard before.

use super::{APP, Remote};

#[test]
fn admission_that_cannot_ask_the_branch_is_temporary_whatever_it_saw_before() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let deployer = remote.clone_as("deployer");
    let admit = "--unit web --revision HEAD --deployed HEAD~1";
    let (exit, said) = remote.admits(&deployer, admit);
    assert_eq!(exit, 0, "{said}");
    let path = deployer.to_str().unwrap();
    let address = ["remote", "set-url", "origin", "git://127.0.0.1:1/x"];
    remote
        .world
        .repo
        .git(&[&["-C", path], &address[..]].concat());
    let (exit, said) = remote.admits(&deployer, admit);
    assert_eq!(exit, 75, "{said}");
    assert!(said.contains("store.unreachable"), "{said}");
}
