//! Verdicts that come in a stream: on standard input, or in Git notes.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use super::world::{APP, World};

/// A shop whose verdicts were signed by the binary, and all of its envelopes, a line each.
fn shop() -> (World, Vec<Vec<u8>>) {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    for command in ["baseline", "sign"] {
        let line = [
            command,
            "--env=prod",
            "--key-file",
            &key,
            "--verdicts",
            &store,
        ];
        let (exit, said, errors) = world.run(&line);
        assert_eq!(exit, 0, "{said}{errors}");
        if command == "baseline" {
            world.label(APP, "a", "b");
        }
    }
    let mut lines = Vec::new();
    for unit in ["main/gate", "prod/web", "prod/db"] {
        for height in 0..2 {
            if world.link(unit, height).exists() {
                lines.push(world.envelope(unit, height));
            }
        }
    }
    assert_eq!(lines.len(), 4);
    (world, lines)
}

fn admits(world: &World, store: &str, input: &[u8]) -> (i32, String) {
    let trust = world.trust_file();
    let mut command = world.command(&[
        "admit",
        "--env=prod",
        "--unit=web",
        "--revision=HEAD",
        "--deployed=HEAD~1",
        "--trust",
        &trust,
        "--verdicts",
        store,
    ]);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not want it hangs up.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn a_stream_in_any_order_admits_what_its_folder_admits() {
    let (world, mut lines) = shop();
    let whole = lines.join(&b'\n');
    let (exit, said) = admits(&world, "-", &whole);
    assert_eq!(exit, 0, "{said}");
    lines.reverse();
    let (exit, said) = admits(&world, "-", &[lines.join(&b'\n'), whole].concat());
    assert_eq!(exit, 3, "two on one line: {said}");
    assert!(
        said.contains("store.line") && said.contains("line 4"),
        "{said}"
    );
    let (exit, said) = admits(&world, "-", &lines.join(&b"\n\n"[..]));
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn what_is_missing_from_a_stream_is_missing_and_what_cannot_be_read_is_an_error() {
    let (world, lines) = shop();
    let without = |left: usize| {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != left);
        let kept: Vec<&[u8]> = kept.map(|(_, line)| line.as_slice()).collect();
        kept.join(&b'\n')
    };
    // Without the gate's, the baseline that the link follows, the link itself.
    for (left, code) in [
        (0, "refused[store-gap]"),
        (1, "refused["),
        (2, "refused[missing]"),
    ] {
        let (exit, said) = admits(&world, "-", &without(left));
        assert_eq!(exit, 4, "{left}: {said}");
        assert!(said.contains(code), "{left}: {said}");
    }
    let (exit, said) = admits(&world, "-", b"");
    assert_eq!(exit, 4, "{said}");
    let mut torn = lines.join(&b'\n');
    torn.extend(b"\n{\"payload\":");
    let (exit, said) = admits(&world, "-", &torn);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.line") && said.contains("line 5"),
        "{said}"
    );
}

#[test]
fn a_stream_is_read_only_and_read_once() {
    let (world, _) = shop();
    let (key, trust, store) = (world.key_file(), world.trust_file(), world.store_name());
    for arguments in [
        vec!["sign", "--env=prod", "--key-file", &key, "--verdicts", "-"],
        vec![
            "baseline",
            "--env=prod",
            "--key-file",
            &key,
            "--verdicts",
            "-",
        ],
        vec!["publish", &store, "--verdicts", "-"],
    ] {
        let (exit, _, said) = world.run(&arguments);
        assert_eq!(exit, 2, "{arguments:?}: {said}");
        assert!(
            said.contains("usage.read-only-store"),
            "{arguments:?}: {said}"
        );
    }
    let twice = [
        "verify",
        "-",
        "--env=prod",
        "--unit=web",
        "--revision=HEAD",
        "--trust",
        &trust,
        "--verdicts=-",
    ];
    let (exit, _, said) = world.run(&twice);
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("usage.stdin"), "{said}");
}

#[test]
fn notes_are_read_from_whatever_they_are_notes_on() {
    let (world, lines) = shop();
    for (at, line) in lines.iter().enumerate() {
        let file = world.repo.beside("note.json");
        fs::write(&file, line).unwrap();
        let on = if at % 2 == 0 { "HEAD^{tree}" } else { "HEAD" };
        let file = file.to_str().unwrap();
        world
            .repo
            .git(&["notes", "--ref=tidegate", "append", "-F", file, on]);
    }
    let (exit, said) = admits(&world, "notes:refs/notes/tidegate", b"");
    assert_eq!(exit, 0, "{said}");
    world.repo.git(&[
        "notes",
        "--ref=tidegate",
        "append",
        "-m",
        "seen by Ada",
        "HEAD",
    ]);
    let (exit, said) = admits(&world, "notes:refs/notes/tidegate", b"");
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.line"), "{said}");
    for (name, exit) in [
        ("notes:refs/notes/none", 2),
        ("notes:tidegate", 2),
        ("notes:refs/heads/main", 2),
    ] {
        let (got, said) = admits(&world, name, b"");
        assert_eq!(got, exit, "{name}: {said}");
    }
}
