//! A signer that is killed: before and after each `git` that it runs, and at each call by which it changes a file.
//! Whatever was left behind, the next run ends with one link more, and nothing of the key lies anywhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{APP, BRANCH, Remote};

/// A shop in which each step is one change, killed and signed again.
struct Killed {
    remote: Remote,
    steps: u32,
}

impl Killed {
    fn new() -> Self {
        Self {
            remote: Remote::started(),
            steps: 0,
        }
    }

    /// A change; the signer that `first` makes of the usual one, which may end as it likes; and the usual one.
    /// Returns how the first ended and what it said.
    fn step(&mut self, first: impl FnOnce(Command) -> Command) -> (i32, String) {
        self.step_with(first, || ())
    }

    /// As [`Killed::step`], with what happens between the two.
    fn step_with(
        &mut self,
        first: impl FnOnce(Command) -> Command,
        between: impl FnOnce(),
    ) -> (i32, String) {
        let old = match self.steps {
            0 => "a".to_owned(),
            steps => format!("t{steps}"),
        };
        self.steps += 1;
        let remote = &self.remote;
        remote.world.label(APP, &old, &format!("t{}", self.steps));
        remote.push();
        let folder = remote.world.repo.path();
        let (exit, said) = remote.ends(first(remote.signer(folder, "sign", &[])));
        assert!(self.links() <= self.steps + 1, "{said}");
        assert_eq!(self.keys(), Vec::<String>::new(), "{said}");
        let is_there = self.links() == self.steps + 1;
        assert!(exit != 0 || is_there, "a pass without a link: {said}");
        between();
        let (again, said_again) = remote.signs("sign", &[]);
        assert_eq!(again, 0, "after {said}: {said_again}");
        assert_eq!(self.links(), self.steps + 1, "after {said}: {said_again}");
        (exit, said)
    }

    /// Links of `prod/web` on the branch: one of each height, none besides.
    fn links(&self) -> u32 {
        let files = self.remote.files();
        let of_web = files
            .iter()
            .filter(|name| name.starts_with("links/prod/web/"));
        let count = u32::try_from(of_web.count()).unwrap();
        for height in 0..count {
            assert!(
                files.contains(&format!("links/prod/web/{height}.json")),
                "{files:?}"
            );
        }
        count
    }

    /// Files below the test's folder that hold the private key, beside its own.
    fn keys(&self) -> Vec<String> {
        let own = fs::read_to_string(self.remote.world.key_file()).unwrap();
        let secret = own.lines().nth(1).unwrap().to_owned();
        let mut found = Vec::new();
        let mut folders = vec![self.remote.world.repo.beside("")];
        while let Some(folder) = folders.pop() {
            // A `git` whose signer was killed may still put things there and away.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = fs::read(&path).unwrap_or_default();
                let mut parts = bytes.windows(secret.len());
                if parts.any(|part| part == secret.as_bytes()) && !path.ends_with("ci.pem") {
                    found.push(path.display().to_string());
                }
            }
        }
        found
    }

    /// All that was signed is a way from what ran before the first change.
    fn is_admitted(&self) {
        let more = format!("--unit web --revision HEAD --deployed HEAD~{}", self.steps);
        let (exit, said) = self.remote.admits(self.remote.world.repo.path(), &more);
        assert_eq!(exit, 0, "{said}");
        assert_eq!(self.remote.commits(), self.steps as usize + 1);
    }
}

#[test]
fn whichever_git_kills_its_signer_the_next_run_leaves_one_link() {
    let mut killed = Killed::new();
    let calls = killed.remote.world.repo.beside("calls");
    let count = format!("echo \"$*\" >>{0}; n=$(wc -l <{0});", calls.display());
    let mut asked = Vec::new();
    for moment in [
        "kill -9 $PPID; exit 1",
        "$real \"$@\"; kill -9 $PPID; exit 1",
    ] {
        // Until a run makes fewer calls than that.
        for number in 1.. {
            let _ = fs::remove_file(&calls);
            let script = format!("{count} if [ $n -eq {number} ]; then {moment}; fi");
            let path = killed.remote.wrapped(&script);
            let (exit, said) = killed.step(|mut signer| {
                signer.env("PATH", path);
                signer
            });
            let made = fs::read_to_string(&calls).unwrap();
            if made.lines().count() < number {
                assert_eq!(exit, 0, "{said}");
                break;
            }
            assert_eq!(exit, -1, "{said}");
            asked.extend(made.lines().last().map(str::to_owned));
        }
    }
    for command in ["ls-remote", "push"] {
        let there = |call: &String| call.split(' ').any(|word| word == command);
        assert_eq!(
            asked.iter().filter(|call| there(call)).count() % 2,
            0,
            "{asked:#?}"
        );
        assert!(asked.iter().any(there), "{command}: {asked:#?}");
    }
    killed.is_admitted();
}

#[test]
fn what_was_signed_and_not_taken_is_nowhere_and_the_next_run_signs_it() {
    let mut killed = Killed::new();
    let refusing = "echo 'out of space' >&2; exit 1";
    let hook = killed.remote.bare.join("hooks/pre-receive");
    // `main` is pushed through it too: only verdicts are refused.
    let refusing =
        format!("while read old new name; do case $name in {BRANCH}) {refusing};; esac; done");
    killed.remote.hook("pre-receive", &refusing);
    let (exit, said) = killed.step_with(|signer| signer, || fs::remove_file(&hook).unwrap());
    assert_eq!(exit, 3, "{said}");
    for told in ["store.rejected", "out of space"] {
        assert!(said.contains(told), "{said}");
    }
    killed.is_admitted();
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn wherever_a_signer_is_killed_while_it_writes_the_next_run_leaves_one_link() {
    let mut killed = Killed::new();
    if !may_trace(killed.remote.world.repo.path()) {
        return;
    }
    let mut points = 0;
    // Each call has a counter of its own.
    for call in CALLS {
        for number in 1.. {
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let (exit, said) = killed.step(|signer| traced(&signer, call, &inject));
            if exit == 0 {
                break;
            }
            assert_eq!(exit, -1, "{call} {number}: {said}");
            points += 1;
        }
    }
    assert!(points > 20, "{points}");
    killed.is_admitted();
}

/// Whether `strace` is there and may look.
pub(in crate::sign) fn may_trace(folder: &Path) -> bool {
    let mut command = Command::new("strace");
    let quiet = command
        .args(["-qq", "-o", "/dev/null", "--", "true"])
        .current_dir(folder);
    let status = quiet.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The same under `strace`, which sends a signal instead of the call.
pub(in crate::sign) fn traced(signer: &Command, call: &str, inject: &str) -> Command {
    let mut traced = Command::new("strace");
    let trace = format!("trace={call}");
    traced
        .args(["-qq", "-o", "/dev/null", "-e", &trace, "-e", inject, "--"])
        .arg(signer.get_program())
        .args(signer.get_args())
        .current_dir(signer.get_current_dir().unwrap())
        .env_clear()
        .envs(
            signer
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    traced
}

/// What changes a file or makes it last, or starts a program; by the thread that signs.
const CALLS: [&str; 13] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat2",
    "link",
    "linkat",
    "unlink",
    "mkdir",
    "ftruncate",
    "chmod",
    "clone3",
];
