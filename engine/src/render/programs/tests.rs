//! Programs of the tests' own: scripts, and this test's binary as a renderer that tries what it may not.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Duration;

use super::*;
use crate::model::code_of;

struct World {
    folder: tempfile::TempDir,
    config: ProgramsConfig,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "temporary", "repository"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let config = ProgramsConfig {
            search: Some(folder.path().join("bin").into()),
            foreign: vec![folder.path().join("repository")],
            temporary: folder.path().join("temporary"),
            ..ProgramsConfig::default()
        };
        Self { folder, config }
    }

    fn program(&self, place: &str, script: &str) -> PathBuf {
        let path = self.folder.path().join(place);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn programs(&self) -> Programs {
        Programs::new(self.config.clone())
    }

    /// What comes of a kustomize that does this.
    fn build(&self, script: &str) -> Result<String, ProgramError> {
        let path = self.program("bin/kustomize", script);
        let program = Program {
            name: "kustomize",
            version: "v5.7.1".to_owned(),
            path,
            command: "build",
        };
        let exported = Exported::empty(&self.config.temporary).unwrap();
        let folder = RepoPath::from("");
        let printed = self.programs().run(&program, &[], &folder, &exported)?;
        Ok(String::from_utf8(printed).unwrap())
    }
}

fn code(error: &ProgramError) -> String {
    code_of(error)
}

#[test]
fn a_program_is_found_in_absolute_folders_and_never_in_the_repository() {
    let mut world = World::new();
    let missing = world.programs().kustomize().unwrap_err();
    assert!(matches!(
        missing,
        ProgramError::Missing {
            name: "kustomize",
            ..
        }
    ));
    assert_eq!(code(&missing), "render.tool-missing");

    world.program("repository/kustomize", "echo v5.0.0");
    let inside = world.folder.path().join("repository");
    let link = world.folder.path().join("bin/kustomize");
    std::os::unix::fs::symlink(inside.join("kustomize"), &link).unwrap();
    let own = world.folder.path().join("bin");
    let search = [Path::new("."), Path::new("repository"), &inside, &own];
    world.config.search = Some(std::env::join_paths(search).unwrap());
    assert!(world.programs().kustomize().is_err());

    fs::remove_file(link).unwrap();
    world.program("bin/kustomize", "echo v5.7.1");
    let programs = world.programs();
    let found = programs.kustomize().unwrap();
    assert_eq!((found.name, &*found.version), ("kustomize", "v5.7.1"));
    assert_eq!(found.path, own.join("kustomize"));
    // It is asked once.
    programs.kustomize().unwrap();
    assert_eq!(programs.started(), 1);
}

#[test]
fn kubectl_stands_in_for_kustomize() {
    let world = World::new();
    let says = r#"[ "$1 $2 $3" = "version --client --output=json" ] && echo '{"kustomizeVersion": "v5.6.0"}'"#;
    let path = world.program("bin/kubectl", says);
    let programs = world.programs();
    let found = programs.kustomize().unwrap();
    let expected = Program {
        name: "kubectl",
        version: "v5.6.0".to_owned(),
        path,
        command: "kustomize",
    };
    assert_eq!(*found, expected);
}

#[test]
fn a_program_that_is_given_is_the_only_one() {
    let mut world = World::new();
    world.program("bin/helm", "echo v3.22.0");
    for (given, why) in [
        ("helm", "`helm` is no absolute path"),
        ("/nowhere/helm", "`/nowhere/helm` is no program"),
        ("/etc/passwd", "`/etc/passwd` is no program"),
    ] {
        world.config.helm = Some(given.into());
        let error = world.programs().helm().unwrap_err();
        assert_eq!(error.to_string(), format!("there is no `helm`: {why}"));
    }
    world.config.helm = Some(world.program("repository/helm", "echo v3.22.0"));
    let error = world.programs().helm().unwrap_err();
    assert!(
        error.to_string().contains("lies in the repository"),
        "{error}"
    );
    world.config.helm = Some(world.program("helm4", "echo v4.3.1"));
    assert_eq!(world.programs().helm().unwrap().version, "v4.3.1");
}

#[test]
fn another_version_than_the_one_asked_for_renders_nothing() {
    let mut world = World::new();
    world.program("bin/helm", "echo v3.22.0");
    world.config.helm_version = Some("3.22.0".to_owned());
    assert!(world.programs().helm().is_ok());
    world.config.helm_version = Some("v3.22.1".to_owned());
    let error = world.programs().helm().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("version `v3.22.0`, and `v3.22.1`"),
        "{error}"
    );
    assert_eq!(code(&error), "render.tool-version");
    world.config.helm_version = None;
    world.program("bin/helm", "echo '(devel)'");
    assert_eq!(
        code(&world.programs().helm().unwrap_err()),
        "render.tool-version"
    );
}

#[test]
fn a_program_is_asked_again_once_its_file_is_another() {
    let mut world = World::new();
    world.config.versions = Some(world.folder.path().join("cache"));
    // A script is always asked.
    world.program("bin/helm", "echo v3.22.0");
    for _ in 0..2 {
        let programs = world.programs();
        programs.helm().unwrap();
        assert_eq!(programs.started(), 1);
    }
    // `echo version` is no version, so that one that comes out was remembered.
    let path = world.folder.path().join("bin/kustomize");
    fs::copy("/bin/echo", &path).unwrap();
    let asked = |world: &World| world.programs().kustomize().cloned();
    assert_eq!(code(&asked(&world).unwrap_err()), "render.tool-version");
    let place = find::kustomize(&world.config).unwrap();
    let cache = Cache::open(world.config.versions.as_ref().unwrap());
    let key = version::key(&place).unwrap();
    cache.put(&key, b"v5.7.1");
    assert_eq!(asked(&world).unwrap().version, "v5.7.1");
    cache.put(&key, b"nonsense");
    assert!(asked(&world).is_err());
    cache.put(&key, b"v5.7.1");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::copy("/bin/echo", &path).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    assert!(asked(&world).is_err());
    world.config.versions = None;
    assert!(asked(&world).is_err());
}

#[test]
fn what_a_program_prints_is_what_it_rendered() {
    let world = World::new();
    let script = "echo \"$# $1\"; echo warned >&2";
    assert_eq!(world.build(script).unwrap(), "1 build\n");
    assert_eq!(world.build("exit 0").unwrap(), "");
}

#[test]
fn a_program_knows_nothing_of_the_environment_and_reads_nothing() {
    let world = World::new();
    let names = world.build("export -p; read line; echo $?").unwrap();
    for line in names.lines() {
        let own = line.contains("/temporary/tidegate-") || line == "1";
        let fixed = ["GOMEMLIMIT", "GOTRACEBACK", "LC_ALL", "TZ", "PWD", "OLDPWD"];
        let fixed = fixed
            .iter()
            .any(|name| line.starts_with(&format!("export {name}")));
        assert!(own || fixed, "{line}");
    }
    assert!(names.contains("HOME="), "{names}");
}

#[test]
fn a_program_that_fails_is_an_error_that_tells_none_of_its_words() {
    let world = World::new();
    let script = "printf 'dial \\033[31mhttps://ada:hunter2@host/\\n' >&2; exit 3";
    let error = world.build(script).unwrap_err();
    let ProgramError::Failed { status, said, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*status, 3);
    assert_eq!(said, "its words are left out, since they may hold values");
    assert_eq!(code(&error), "render.tool-failed");
    let long = world.build("printf '%99999d' 1 >&2; exit 1").unwrap_err();
    assert!(long.to_string().len() < 8 << 10);
    assert_eq!(
        code(&world.build("echo odd >&2").unwrap_err()),
        "render.tool-silent"
    );
    assert_eq!(
        code(&world.build("exec /nowhere").unwrap_err()),
        "render.tool-failed"
    );
    let nothing = world.folder.path().join("bin/kustomize");
    fs::write(&nothing, "no program").unwrap();
    assert_eq!(
        code(&world.programs().kustomize().unwrap_err()),
        "render.tool-start"
    );
}

#[test]
fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
    let mut world = World::new();
    world.config.bounds.time = Duration::from_millis(700);
    let marks = |script: &str| format!("trap '' TERM HUP INT; {script}");
    for script in [
        "while :; do :; done",
        "(while :; do :; done) & wait",
        // The first process ends, and what it left holds the output.
        "(while :; do :; done) & exit 0",
    ] {
        let error = world.build(&marks(script)).unwrap_err();
        assert_eq!(code(&error), "render.tool-timeout", "{script}");
    }
    // What holds no output is ended all the same.
    let script = "(while :; do :; done) >/dev/null 2>&1 & echo $!";
    let left = world.build(&marks(script)).unwrap();
    let gone = || !Path::new("/proc").join(left.trim()).exists();
    let waits = (0..200).any(|_| {
        gone() || {
            std::thread::sleep(Duration::from_millis(10));
            false
        }
    });
    assert!(waits, "{left} still runs");
}

#[test]
fn a_program_that_prints_too_much_is_ended() {
    let mut world = World::new();
    world.config.bounds.output = 1000;
    assert_eq!(world.build("printf %1000d 1").unwrap().len(), 1000);
    let error = world.build("printf %1001d 1").unwrap_err();
    assert_eq!(code(&error), "render.tool-output");
    let error = world.build("while :; do echo more; done").unwrap_err();
    assert_eq!(code(&error), "render.tool-output");
    // Nor does it fill the disk.
    let fills = "while :; do printf %1001d 1; done >$HOME/full";
    assert_eq!(
        code(&world.build(fills).unwrap_err()),
        "render.tool-crashed"
    );
}

#[test]
fn a_program_that_takes_too_much_memory_breaks_off() {
    let mut world = World::new();
    world.config.bounds.memory = 64 << 20;
    // An eighth of it is given; ten times as much, and without an end, is not.
    let doubled = |times: usize| {
        format!(
            "x=0123456789abcdef; n=0; while [ $n -lt {times} ]; do x=$x$x; n=$((n+1)); done; echo ${{#x}}"
        )
    };
    assert_eq!(world.build(&doubled(17)).unwrap().trim(), "2097152");
    for script in [doubled(26), doubled(99)] {
        let error = world.build(&script).unwrap_err();
        breaks_off(&error);
    }
}

fn breaks_off(error: &ProgramError) {
    let broke = matches!(
        error,
        ProgramError::Crashed { .. } | ProgramError::Failed { .. }
    );
    assert!(broke, "{error}");
}

#[test]
fn a_program_is_not_run_where_it_sees_more_than_it_may() {
    let mut world = World::new();
    world.config.confinement = Demand::Full;
    let open = world.programs().confinement();
    let built = world.build("echo x");
    assert_eq!(built.is_ok(), open == Confinement::FULL);
    if let Err(error) = built {
        assert_eq!(code(&error), "render.not-confined");
    }
}

#[test]
fn what_the_kernel_closes_is_closed() {
    let world = World::new();
    let programs = world.programs();
    let closed = programs.confinement();
    let exported = Exported::empty(&world.config.temporary).unwrap();
    exported.write(&"app/x.yaml".into(), b"x").unwrap();
    let beside = world.folder.path().join("secret");
    fs::write(&beside, "secret").unwrap();
    let program = Program {
        name: "kustomize",
        version: String::new(),
        path: std::env::current_exe().unwrap(),
        command: "--exact",
    };
    let own = concat!(module_path!(), "::what_a_renderer_can_do");
    let own = own.split_once("::").unwrap().1;
    let arguments = [own, "--ignored", "--nocapture"].map(OsString::from);
    let folder = RepoPath::from("app");
    let printed = programs
        .run(&program, &arguments, &folder, &exported)
        .unwrap();
    let printed = String::from_utf8(printed).unwrap();
    let could = |what: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(what));
        line.unwrap_or_else(|| panic!("{what}: {printed}")) == ": yes"
    };
    assert!(could("read x.yaml") && could("write home"), "{printed}");
    assert!(could("start itself"), "{printed}");
    for file in [
        "read passwd",
        "read secret",
        "list root",
        "write tree",
        "start true",
    ] {
        assert_eq!(could(file), !closed.files, "{file}: {printed}");
    }
    for socket in ["listen tcp", "send udp", "listen unix", "unnamed unix"] {
        assert_eq!(could(socket), !closed.network, "{socket}: {printed}");
    }
}

#[test]
#[ignore = "is run as a renderer by the test above"]
#[expect(clippy::print_stdout, reason = "a renderer prints")]
fn what_a_renderer_can_do() {
    let home = Path::new("../../home");
    if !home.is_dir() {
        return;
    }
    let say = |what: &str, could: bool| {
        println!("\n{what}: {}", if could { "yes" } else { "no" });
    };
    say("read x.yaml", fs::read("x.yaml").is_ok());
    say("read passwd", fs::read("/etc/passwd").is_ok());
    say("read secret", fs::read("../../../../secret").is_ok());
    say("list root", fs::read_dir("/").is_ok());
    say("write tree", fs::write("new.yaml", "x").is_ok());
    say("write home", fs::write(home.join("new"), "x").is_ok());
    say("start true", Command::new("/bin/true").status().is_ok());
    let own = std::env::current_exe().unwrap();
    let status = Command::new(own)
        .arg("--list")
        .stdout(Stdio::null())
        .status();
    say("start itself", status.is_ok());
    say("listen tcp", TcpListener::bind("127.0.0.1:0").is_ok());
    let sent = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"x", "127.0.0.1:9"));
    say("send udp", sent.is_ok());
    say(
        "listen unix",
        UnixListener::bind(home.join("socket")).is_ok(),
    );
    say("unnamed unix", UnixDatagram::unbound().is_ok());
}
