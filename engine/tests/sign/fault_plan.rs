//! Faults by the hundred: a signer that is killed at each step by which it changes a store, twenty of them at once,
//! disks that are full or cannot be written. After each, the store verifies as a whole, and nothing is admitted that
//! would not be without the fault.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use tidegate::gate::{self, AdmitRequest};
use tidegate::model::GitId;
use tidegate::store::FolderStore;

use super::branch::killed::{may_trace, traced};
use super::caches::files;
use super::world::{self, APP, JUDGE, World, answered};

/// A shop in which one change after the other is signed, of which the next one may be cut short.
struct Plan {
    world: World,
    /// What was signed last, and runs.
    running: GitId,
    /// What was not signed yet.
    head: GitId,
    /// A commit that every policy denies.
    denied: GitId,
    steps: u32,
}

impl Plan {
    fn new() -> Self {
        Self::judged_by(JUDGE)
    }

    fn judged_by(config: &str) -> Self {
        let world = World::judged_by(config);
        let running = world.repo.id("HEAD");
        let denied = world.drop_limit();
        world.repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
        let plan = Self {
            world,
            running,
            head: running,
            denied,
            steps: 0,
        };
        let (exit, said) = ends(&mut plan.command("baseline", &[]));
        assert_eq!(exit, 0, "{said}");
        plan
    }

    fn command(&self, what: &str, more: &[&str]) -> Command {
        self.command_in(&self.world.store_name(), what, more)
    }

    fn command_in(&self, store: &str, what: &str, more: &[&str]) -> Command {
        let key = self.world.key_file();
        let to = ["--env", "prod", "--key-file", &key, "--verdicts", store];
        self.world.command(&[&[what], &to[..], more].concat())
    }

    fn signer(&self) -> Command {
        self.command("sign", &["--unit", "web"])
    }

    fn change(&mut self) {
        let label = |step: u32| match step {
            0 => "a".to_owned(),
            step => format!("t{step}"),
        };
        self.running = self.head;
        let (from, to) = (label(self.steps), label(self.steps + 1));
        self.head = self.world.label(APP, &from, &to);
        self.steps += 1;
    }

    /// Whether the newest change has its link: links lie one above the other, as many as were signed.
    fn is_signed(&self) -> bool {
        let links = fs::read_dir(self.world.verdicts().join("links/prod/web")).unwrap();
        let names = links.map(|file| file.unwrap().file_name().into_string().unwrap());
        let count = names.filter(|name| name.ends_with(".json")).count();
        let count = u32::try_from(count).unwrap();
        assert!([self.steps, self.steps + 1].contains(&count), "{count}");
        for height in 0..count {
            assert!(self.world.link("prod/web", u64::from(height)).exists());
        }
        count == self.steps + 1
    }

    /// What lies in the store, but for drafts.
    fn statements(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = files(&self.world.verdicts());
        files.retain(|name, _| !name.contains(".draft"));
        files
    }

    fn verifies_in(&self, folder: &Path) {
        let trust = world::trust(&[(&self.world.key, &[])]);
        for unit in gate::audit(&FolderStore::new(folder), &trust).unwrap() {
            assert!(unit.refusals.is_empty(), "{:?}", unit.refusals);
        }
    }

    /// What must hold after any fault, of a store wherever it lies.
    fn holds_in(&self, folder: &Path, is_signed: bool) {
        self.verifies_in(folder);
        let trust = world::trust(&[(&self.world.key, &[])]);
        let store = FolderStore::new(folder);
        let admit = |revision: GitId| {
            let request = AdmitRequest {
                environment: "prod",
                branch: None,
                unit: Some("web"),
                revision: &revision.to_string(),
                deployed: Some(&self.running.to_string()),
                sync: None,
                checkout: None,
                trust: &trust,
                store: &store,
                now: now(),
                witnesses: &[],
            };
            answered(gate::admit(&self.world.repo.open(), &request))
        };
        let expected = match is_signed {
            true => format!("judged {} medium", self.steps),
            false => "refused missing".to_owned(),
        };
        assert_eq!(admit(self.head), expected);
        assert_eq!(admit(self.denied), "refused missing");
    }

    fn holds(&self) {
        self.holds_in(&self.world.verdicts(), self.is_signed());
    }

    /// A run without a fault ends what was begun.
    fn recovers(&self) {
        let (exit, said) = ends(&mut self.signer());
        assert_eq!(exit, 0, "{said}");
        assert!(self.is_signed(), "{said}");
        self.holds();
    }

    /// Kills so many signers at the same step.
    fn killed_at(&mut self, (call, number, times): (&str, u32, u32)) {
        for round in 0..times {
            if self.is_signed() {
                self.change();
            }
            let before = self.statements();
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let (exit, said) = ends(&mut traced(&self.signer(), call, &inject));
            assert_eq!(exit, -1, "{call} {number} was not reached: {said}");
            // The same bytes admit the same.
            if round % 10 == 0 || self.is_signed() != (self.statements() != before) {
                self.holds();
            } else {
                self.verifies_in(&self.world.verdicts());
            }
        }
        self.recovers();
    }
}

fn ends(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output.status.code().unwrap_or(-1), text)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program that is tested reads the clock of this machine"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A call, which one of its kind, and how often.
fn killed_at_each(steps: &[(&str, u32, u32)]) {
    let mut plan = Plan::new();
    if !may_trace(plan.world.repo.path()) {
        return;
    }
    for (call, number, times) in steps {
        let mut left = *times;
        while left > 0 {
            // Who signs reads the whole chain, which need not be long here.
            if plan.steps >= FEW {
                plan = Plan::new();
            }
            let some = left.min(FEW);
            plan.killed_at((call, *number, some));
            left -= some;
        }
    }
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn a_hundred_signers_killed_at_each_step_before_the_link_is_there_leave_nothing() {
    // The folder, the draft, its bytes on the disk, its name.
    killed_at_each(&[
        ("mkdir", 1, 10),
        ("write", 1, 100),
        ("fsync", 1, 100),
        ("linkat", 1, 100),
    ]);
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn a_hundred_signers_killed_at_each_step_after_the_link_is_there_leave_one_link_each() {
    // The draft that goes, the folder on the disk, the report.
    killed_at_each(&[("unlink", 1, 100), ("fsync", 2, 100), ("write", 2, 10)]);
}

/// Runs all at once; each must end well.
fn at_once(commands: Vec<Command>) {
    let children: Vec<_> = commands
        .into_iter()
        .map(|mut command| {
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
    }
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn twenty_signers_of_one_unit_at_once_leave_one_link() {
    let mut plan = Plan::new();
    for _ in 0..2 {
        plan.change();
        at_once((0..20).map(|_| plan.signer()).collect());
        assert!(plan.is_signed());
        plan.holds();
    }
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn twenty_signers_of_twenty_units_at_once_leave_a_link_each() {
    let units: Vec<String> = (0..20).map(|number| format!("unit-{number}")).collect();
    let sources = units
        .iter()
        .map(|unit| format!("      - {{name: {unit}, kind: Application, path: units/{unit}}}\n"));
    let plan = Plan::judged_by(JUDGE);
    let sources: String = sources.collect();
    plan.world.edit(
        world::CONFIG,
        "    sources:\n",
        &format!("    sources:\n{sources}"),
    );
    let manifest = fs::read_to_string(plan.world.repo.path().join(world::WEB)).unwrap();
    let put = |team: &str| {
        for unit in &units {
            let text = manifest
                .replace("name: web", &format!("name: {unit}"))
                .replace("team: a", &format!("team: {team}"));
            plan.world
                .repo
                .write(format!("units/{unit}/config.yaml"), text);
        }
        plan.world.repo.commit(&format!("team {team}"));
    };
    put("a");
    let (exit, said) = ends(&mut plan.command("sign", &["--unit", "gate"]));
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = ends(&mut plan.command("baseline", &[]));
    assert_eq!(exit, 0, "{said}");
    for round in 1..=2_u64 {
        put(&format!("b{round}"));
        let signers = units
            .iter()
            .map(|unit| plan.command("sign", &["--unit", unit]));
        at_once(signers.collect());
        let trust = world::trust(&[(&plan.world.key, &[])]);
        let audited = gate::audit(&plan.world.store(), &trust).unwrap();
        for unit in audited
            .iter()
            .filter(|unit| unit.unit.unit().starts_with("unit-"))
        {
            assert_eq!(unit.newest, Some(round), "{}", unit.unit);
            assert!(unit.refusals.is_empty(), "{:?}", unit.refusals);
        }
        assert_eq!(audited.len(), 23);
    }
}

/// The same, of which no file may grow beyond so many blocks.
fn limited(command: &Command, blocks: u32) -> Command {
    let mut limited = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    limited.args(["-c", &script, "sh"]);
    wrapped(limited, command)
}

/// `command` as the last arguments of `outer`, in its folder and with its variables alone.
fn wrapped(mut outer: Command, command: &Command) -> Command {
    let variables = command.get_envs();
    let variables = variables.filter_map(|(name, value)| Some((name, value?)));
    outer
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .envs(variables);
    outer
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn a_signer_that_may_write_no_more_says_so_and_leaves_no_half_file() {
    let mut plan = Plan::new();
    let mut failed = 0;
    for blocks in (0..=12).chain([0, 1, 2, 3]) {
        if plan.is_signed() {
            plan.change();
        }
        let (exit, said) = ends(&mut limited(&plan.signer(), blocks));
        assert!([0, 3, 75].contains(&exit), "{blocks}: {exit} {said}");
        assert_eq!(exit == 0, plan.is_signed(), "{blocks}: {said}");
        failed += u32::from(exit != 0);
        plan.holds();
        // What is written beside the store is said to be missing as well.
        let copy = plan.world.repo.beside("verdict.json");
        let out = ["--unit", "web", "-o", copy.to_str().unwrap()];
        if !plan.is_signed() {
            let (exit, said) = ends(&mut limited(&plan.command("sign", &out), blocks));
            assert_ne!(exit, 0, "{blocks}: {said}");
            plan.holds();
        }
    }
    assert!(failed > 5, "{failed}");
    if !plan.is_signed() {
        plan.recovers();
    }
}

/// `command` where the folder is mounted as `mounts` says; what is there in the end is copied to `out`.
fn mounted(command: &Command, folder: &Path, mounts: &str, out: &Path) -> Command {
    let mut outer = Command::new("unshare");
    let script = format!(
        "set -e; folder=$1 out=$2; shift 2; {mounts}; set +e; \"$@\"; code=$?; rm -rf \"$out\"; cp -R \"$folder\" \"$out\"; exit $code"
    );
    outer.args(["-Urm", "sh", "-c", &script, "sh"]);
    outer.args([folder, out]);
    wrapped(outer, command)
}

/// Whether a process may have mounts of its own here.
fn may_mount(plan: &Plan) -> bool {
    let place = plan.world.repo.beside("mounted");
    fs::create_dir_all(&place).unwrap();
    let mut nothing = Command::new("true");
    nothing.current_dir(&place).env("PATH", env!("PATH"));
    let mut mounted = mounted(
        &nothing,
        &place,
        "mount -t tmpfs none \"$folder\"",
        &plan.copy(),
    );
    mounted.stderr(Stdio::null());
    mounted.status().is_ok_and(|status| status.success())
}

impl Plan {
    fn copy(&self) -> PathBuf {
        self.world.repo.beside("what-was-left")
    }

    /// Another folder with what the store holds.
    fn kept(&self) -> PathBuf {
        let (verdicts, kept) = (self.world.verdicts(), self.world.repo.beside("kept"));
        let mut copy = Command::new("cp");
        let status = copy.arg("-R").args([&verdicts, &kept]).status();
        assert!(status.unwrap().success());
        kept
    }
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn a_full_disk_leaves_what_was_there() {
    let mut plan = Plan::new();
    if !may_mount(&plan) {
        return;
    }
    plan.change();
    let (copy, verdicts) = (plan.copy(), plan.world.verdicts());
    let before = files(&verdicts);
    let kept = plan.kept();
    let mut full = 0;
    // Pages that are free: none, one for the draft, and enough.
    for free in 0..4 {
        let mounts = format!(
            "mount -t tmpfs -o size=1m none \"$folder\"; cp -R '{}'/. \"$folder\"; used=$(df -k \"$folder\" | awk 'END {{print $3}}'); mount -o remount,size=$((used + {} ))k \"$folder\"",
            kept.display(),
            free * 4,
        );
        let (exit, said) = ends(&mut mounted(&plan.signer(), &verdicts, &mounts, &copy));
        assert!([0, 3, 75].contains(&exit), "{free}: {exit} {said}");
        full += u32::from(exit != 0);
        plan.holds_in(&copy, exit == 0);
    }
    assert!((1..4).contains(&full), "{full}");
    assert_eq!(files(&verdicts), before, "nothing of it was written there");
}

#[test]
#[ignore = "takes minutes: .ci/run runs it"]
fn a_disk_that_cannot_be_written_stops_who_signs_and_nobody_who_asks() {
    let mut plan = Plan::new();
    if !may_mount(&plan) {
        return;
    }
    plan.change();
    let (copy, verdicts) = (plan.copy(), plan.world.verdicts());
    let before = files(&verdicts);
    let read_only = "mount --bind \"$folder\" \"$folder\"; mount -o remount,bind,ro \"$folder\"";
    let store = plan.world.store_name();
    let other = format!("folder:{}", plan.kept().display());
    let publish = plan
        .world
        .command(&["publish", &other, "--verdicts", &store]);
    let (key, link) = (plan.world.key_file(), plan.world.link("prod/web", 0));
    let line = ["withdraw", link.to_str().unwrap(), "--reason", "x"];
    let to = ["--key-file", &key, "--verdicts", &store];
    let withdraw = plan.world.command(&[&line[..], &to].concat());
    for (command, has_nothing_to_write) in
        [(plan.signer(), false), (withdraw, false), (publish, true)]
    {
        let (exit, said) = ends(&mut mounted(&command, &verdicts, read_only, &copy));
        assert!([0, 3, 75].contains(&exit), "{exit} {said}");
        assert_eq!(exit == 0, has_nothing_to_write, "{said}");
        assert_eq!(files(&verdicts), before, "{said}");
    }
    plan.recovers();
    // Who only asks needs nothing that can be written, neither the store nor the repository.
    let (running, trust) = (plan.running.to_string(), plan.world.trust_file());
    let about = ["admit", "--env=prod", "--unit=web", "--revision=HEAD"];
    let of = ["--deployed", &running, "--trust", &trust];
    let admit = [&about[..], &of, &["--verdicts", &store]].concat();
    let admit = plan.world.command(&admit);
    for folder in [&verdicts, plan.world.repo.path()] {
        let (exit, said) = ends(&mut mounted(&admit, folder, read_only, &copy));
        assert_eq!(exit, 0, "{said}");
    }
}

const FEW: u32 = 25;
