//! A signer that is told to end, at instants of its work: nothing half done stays, and the next run signs.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::caches::files;
use super::world::{APP, World};

#[test]
fn a_signal_ends_a_signer_and_the_next_run_signs() {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    let with = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    let (exit, _, said) = world.run(&[&["baseline"], &with[..]].concat());
    assert_eq!(exit, 0, "{said}");
    let sign = [&["sign"], &with[..]].concat();
    let mut from = "a".to_owned();
    let signals = ["INT", "TERM", "HUP"].iter().cycle().take(12);
    for (number, signal) in (0_u64..).zip(signals) {
        let to = format!("t{number}");
        world.label(APP, &from, &to);
        from = to;
        let mut child = world
            .command(&sign)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(40 * number));
        let id = child.id().to_string();
        let told = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(told.unwrap().success());
        let status = child.wait().unwrap();
        assert!(
            [None, Some(0)].contains(&status.code()),
            "{signal}: {status}"
        );
        for (name, bytes) in files(&world.verdicts()) {
            let whole = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            assert!(whole || !name.ends_with(".json"), "{name} after {signal}");
        }
        assert!(!world.repo.path().join(".git/index.lock").exists());
        let (exit, _, said) = world.run(&sign);
        assert_eq!(exit, 0, "{signal}: {said}");
    }
    let trust = world.trust_file();
    let admit = ["admit", "--env", "prod", "--unit", "web", "--trust", &trust];
    let deployed = ["--verdicts", &store, "--revision", "HEAD", "--deployed"];
    let (exit, out, said) = world.run(&[&admit[..], &deployed, &["HEAD~12"]].concat());
    assert_eq!(exit, 0, "{out}{said}");
    let links = fs::read_dir(world.verdicts().join("links/prod/web")).unwrap();
    assert_eq!(links.count(), 13);
}
