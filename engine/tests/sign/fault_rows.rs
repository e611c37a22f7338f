//! Faults one by one: a signer that dies with the key in its hands, streams that nobody reads, a disk that answers with
//! errors, too little memory, no more threads, and a hook that runs several times at once. None is a pass that a run
//! without the fault would not give, and the next run does what was to be done.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::branch::killed::{may_trace, traced};
use super::caches::files;
use super::world::{APP, World};

/// A shop with its baselines, a change that was signed, and one that was not yet.
struct Rows {
    world: World,
    store: String,
    key: String,
    steps: u32,
}

impl Rows {
    fn new() -> Self {
        let world = World::new();
        let (store, key) = (world.store_name(), world.key_file());
        let mut rows = Self {
            world,
            store,
            key,
            steps: 0,
        };
        rows.must(&rows.signer("baseline"));
        rows.change();
        rows.must(&rows.signer("sign"));
        rows
    }

    fn change(&mut self) {
        let label = |step: u32| match step {
            0 => "a".to_owned(),
            step => format!("t{step}"),
        };
        let (from, to) = (label(self.steps), label(self.steps + 1));
        self.world.label(APP, &from, &to);
        self.steps += 1;
    }

    fn line(&self, what: &str) -> Vec<String> {
        let line = match what {
            "admit" => format!(
                "admit --env prod --unit web --revision HEAD --deployed HEAD~1 --trust {}",
                self.world.trust_file()
            ),
            what => format!("{what} --env prod --key-file {}", self.key),
        };
        let line = line.split(' ').map(str::to_owned);
        line.chain(["--verdicts".to_owned(), self.store.clone()])
            .collect()
    }

    fn signer(&self, what: &str) -> Command {
        let line = self.line(what);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.world.command(&line)
    }

    /// The same by a shell, in which `$@` is the command.
    fn by_shell(&self, script: &str, what: &str) -> Command {
        let mut command = self.world.repo.command("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_tidegate")]);
        command.args(self.line(what));
        command
    }

    fn must(&self, command: &Command) {
        let (exit, said) = ended(&run(command));
        assert_eq!(exit, Some(0), "{said}");
    }

    /// How many links the unit has.
    fn links(&self) -> usize {
        let links = fs::read_dir(self.world.verdicts().join("links/prod/web")).unwrap();
        let names = links.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".json")).count()
    }

    /// A run without a fault does what was to be done, once.
    fn recovers(&self) {
        self.must(&self.signer("sign"));
        self.must(&self.signer("admit"));
        assert_eq!(self.links(), self.steps as usize + 1);
    }

    /// Files beside the test's own that hold the private key.
    fn keys(&self) -> Vec<String> {
        let own = fs::read_to_string(&self.key).unwrap();
        let secret = own.lines().nth(1).unwrap();
        let all = files(&self.world.repo.beside(""));
        let holds = |bytes: &[u8]| {
            let mut parts = bytes.windows(secret.len());
            parts.any(|part| part == secret.as_bytes())
        };
        let found = all.into_iter().filter(|(_, bytes)| holds(bytes));
        let names = found.map(|(name, _)| name);
        names.filter(|name| !name.ends_with("ci.pem")).collect()
    }
}

/// A copy of a command, run to its end.
fn run(command: &Command) -> Output {
    let mut again = Command::new(command.get_program());
    let variables = command.get_envs();
    again
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .envs(variables.filter_map(|(name, value)| Some((name, value?))));
    again.output().unwrap()
}

fn ended(output: &Output) -> (Option<i32>, String) {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code(), text)
}

#[test]
fn who_is_killed_before_the_key_is_read_or_before_it_signs_leaves_nothing() {
    let mut rows = Rows::new();
    if !may_trace(rows.world.repo.path()) {
        return;
    }
    rows.change();
    let before = files(&rows.world.verdicts());
    for call in ["openat", "close"] {
        let inject = format!("inject={call}:signal=KILL:when=1");
        let mut dying = Command::new("strace");
        let signer = traced(&rows.signer("sign"), call, &inject);
        dying
            .args(["-P", &rows.key])
            .args(signer.get_args())
            .current_dir(signer.get_current_dir().unwrap())
            .env_clear()
            .envs(
                signer
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let (exit, said) = ended(&dying.output().unwrap());
        assert_eq!(exit, None, "{call}: {said}");
        assert_eq!(files(&rows.world.verdicts()), before, "{call}");
        assert_eq!(rows.keys(), Vec::<String>::new(), "{call}");
    }
    rows.recovers();
}

#[test]
fn streams_that_are_full_or_closed_let_nobody_pass_and_leave_one_link() {
    let mut rows = Rows::new();
    for (script, exits) in [
        ("\"$@\" >/dev/full", &[3][..]),
        ("\"$@\" 2>/dev/full", &[0]),
        ("\"$@\" >&-", &[0, 3]),
        ("\"$@\" 2>&-", &[0]),
        ("\"$@\" <&- >&- 2>&-", &[0, 3]),
    ] {
        rows.change();
        for what in ["sign", "admit"] {
            let (exit, said) = ended(&run(&rows.by_shell(script, what)));
            let exit = exit.unwrap();
            assert!(exits.contains(&exit), "{what} {script}: {exit} {said}");
        }
        rows.recovers();
    }
}

#[test]
fn a_disk_that_answers_with_errors_is_an_error_and_not_one_that_passes_by_itself() {
    let mut rows = Rows::new();
    if !may_trace(rows.world.repo.path()) {
        return;
    }
    // The draft, then the folder in which it got its name.
    for (call, number, is_there) in [
        ("fsync", 1, false),
        ("fsync", 2, true),
        ("linkat", 1, false),
    ] {
        rows.change();
        let links = rows.links();
        let inject = format!("inject={call}:error=EIO:when={number}");
        let failing = traced(&rows.signer("sign"), call, &inject);
        let (exit, said) = ended(&run(&failing));
        assert_eq!(exit, Some(3), "{call} {number}: {said}");
        assert!(said.contains("error[store.unusable]"), "{said}");
        assert_eq!(
            rows.links(),
            links + usize::from(is_there),
            "{call} {number}"
        );
        rows.recovers();
    }
    // Objects lie in a pack, which cannot be read; then half of it is gone.
    rows.world.repo.git(&["repack", "-adq"]);
    let packs = rows.world.repo.path().join(".git/objects/pack");
    let pack = fs::read_dir(packs).unwrap();
    let mut pack = pack.map(|entry| entry.unwrap().path());
    let pack = pack.find(|path| path.extension().is_some_and(|it| it == "pack"));
    let pack = pack.unwrap();
    for call in ["read", "pread64", "mmap"] {
        let mut failing = Command::new("strace");
        let inject = format!("inject={call}:error=EIO");
        let admit = traced(&rows.signer("admit"), call, &inject);
        failing
            .args(["-P", pack.to_str().unwrap()])
            .args(admit.get_args())
            .current_dir(admit.get_current_dir().unwrap())
            .env_clear()
            .envs(
                admit
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let (exit, said) = ended(&failing.output().unwrap());
        // Not every one of these calls is made.
        assert!(
            [Some(0), Some(3)].contains(&exit),
            "{call}: {exit:?} {said}"
        );
        assert!(exit == Some(3) || call != "mmap", "{call}: {said}");
    }
    let whole = fs::read(&pack).unwrap();
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &whole[..whole.len() / 2]).unwrap();
    let (exit, said) = ended(&run(&rows.signer("admit")));
    assert_eq!(exit, Some(3), "{said}");
}

#[test]
fn a_machine_that_gives_too_little_signs_and_admits_nothing_wrong() {
    let mut rows = Rows::new();
    for limit in [
        "ulimit -v 60000",
        "ulimit -v 100000",
        "ulimit -v 150000",
        "ulimit -s 64",
        "ulimit -s 256",
        "ulimit -n 8",
        "ulimit -n 16",
    ] {
        rows.change();
        for what in ["sign", "admit"] {
            let script = format!("{limit}; exec \"$@\"");
            let (exit, said) = ended(&run(&rows.by_shell(&script, what)));
            // What runs out of memory may be ended by the system.
            let is_an_end = exit.is_none_or(|exit| [0, 3, 75].contains(&exit) || exit >= 126);
            let has_nothing_to_admit = what == "admit" && exit == Some(4);
            assert!(
                is_an_end || has_nothing_to_admit,
                "{what} {limit}: {exit:?} {said}"
            );
            if exit == Some(0) {
                assert_eq!(
                    rows.links(),
                    rows.steps as usize + 1,
                    "{what} {limit}: {said}"
                );
            }
        }
        rows.recovers();
    }
}

#[test]
fn where_no_thread_and_no_process_can_begin_nothing_wrong_is_signed() {
    let mut rows = Rows::new();
    if !may_trace(rows.world.repo.path()) {
        return;
    }
    for what in ["sign", "admit"] {
        rows.change();
        if what == "admit" {
            rows.recovers();
        }
        let inject = "inject=clone3,clone,fork,vfork:error=EAGAIN";
        let failing = traced(&rows.signer(what), "clone3,clone,fork,vfork", inject);
        let (exit, said) = ended(&run(&failing));
        assert!(
            [Some(0), Some(3), Some(75)].contains(&exit),
            "{what}: {exit:?} {said}"
        );
        assert!(exit != Some(0) || rows.links() == rows.steps as usize + 1);
        rows.recovers();
    }
}

#[test]
fn a_hook_that_runs_again_and_at_once_gives_one_answer_and_writes_nothing() {
    let rows = Rows::new();
    let before = files(&rows.world.verdicts());
    for at_once in [1, 1, 1, 4] {
        // Each command puts the trust file in its place; none may while another reads it.
        let mut commands: Vec<_> = (0..at_once).map(|_| rows.signer("admit")).collect();
        let begun = commands.iter_mut().map(|command| {
            let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            piped.spawn().unwrap()
        });
        let begun: Vec<_> = begun.collect();
        for child in begun {
            let (exit, said) = ended(&child.wait_with_output().unwrap());
            assert_eq!(exit, Some(0), "{said}");
        }
        assert_eq!(files(&rows.world.verdicts()), before);
    }
}
