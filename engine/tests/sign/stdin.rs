//! A verdict that is to come on standard input, and does not.

use super::world::World;

#[test]
fn what_comes_on_standard_input_and_is_no_verdict_is_none() {
    let world = World::new();
    let trust = world.trust_file();
    for (script, exit, code) in [
        ("$run <&-", 4, "refused[malformed]"),
        ("$run </dev/null", 4, "refused[malformed]"),
        ("$run <.", 3, "io.read"),
        (
            "head -c 4194304 /dev/zero | tr '\\0' ' ' | $run",
            4,
            "refused[malformed]",
        ),
        ("head -c 4194305 /dev/zero | $run", 3, "limit.envelope"),
        ("yes | $run", 3, "limit.envelope"),
    ] {
        let run = format!(
            "'{}' verify - --trust '{trust}' --env prod --unit web --revision HEAD",
            env!("CARGO_BIN_EXE_tidegate")
        );
        let mut command = world.repo.command("sh");
        let output = command.args(["-c", &script.replace("$run", &run)]).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{script}: {said}");
        assert!(said.contains(code), "{script}: {said}");
        assert!(output.stdout.is_empty(), "{script}");
    }
}

#[test]
fn lines_that_say_nothing_come_to_an_end() {
    let world = World::started();
    let trust = world.trust_file();
    let run = format!(
        "yes '' | '{}' admit --verdicts - --trust '{trust}' --env prod --unit web --revision HEAD",
        env!("CARGO_BIN_EXE_tidegate")
    );
    let output = world.repo.command("sh").args(["-c", &run]).output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("limit."), "{said}");
}
