//! What a signer is never told: which range to judge, by whom, and what time it is.

use super::world::World;

#[test]
fn a_signer_takes_no_range_no_judge_and_no_clock() {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    let with = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    for command in ["baseline", "sign"] {
        for more in [
            &["HEAD~1..HEAD"][..],
            &["HEAD"],
            &["--now", "2026-11-20T10:00:00Z"],
            &["--config", "tidegate.yaml"],
            &["--policy-ref", "main"],
            &["--base", "HEAD"],
            &["--all"],
        ] {
            let (exit, out, said) = world.run(&[&[command], &with[..], more].concat());
            assert_eq!(exit, 2, "{command} {more:?}: {out}{said}");
        }
    }
    assert!(!world.verdicts().exists());
}

#[test]
fn a_revision_of_a_hundred_kilobytes_is_no_commit_and_is_not_repeated() {
    let world = World::new();
    let (trust, store) = (world.trust_file(), world.store_name());
    let output = world
        .command(&["admit", "--env", "prod"])
        .args(["--trust", &trust, "--verdicts", &store])
        .env("TIDEGATE_REVISION", "a".repeat(100_000))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("argo.revision-not-concrete"), "{said}");
    assert!(said.len() < 1_000, "{said}");
}
