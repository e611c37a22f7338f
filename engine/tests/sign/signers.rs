//! Who signs with a key that tidegate never sees: a real `ssh-agent`, and a program of the user's.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tidegate::attest::{self, PublicKey, Role, SigningKey, TrustFile, TrustedKey, Validity};
use tidegate::model::Digest;

use super::world::{APP, TRUST, World, key};

/// An `ssh-agent` of this test alone; it ends with it.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    /// `None` where the machine has none; where `CI` is set, that is an error.
    fn start(world: &World) -> Option<Self> {
        let socket = world.repo.beside("agent.sock");
        let started = world
            .repo
            .command("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let child = match started {
            Ok(child) => child,
            Err(error) => {
                assert!(may_be_missing(), "ssh-agent: {error}");
                return None;
            }
        };
        let agent = Self { child, socket };
        for _ in 0..500 {
            if agent.socket.exists() {
                return Some(agent);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the agent opens no socket");
    }

    fn run(&self, world: &World, program: &str, arguments: &[&str]) {
        let mut command = world.repo.command(program);
        command.args(arguments).env("SSH_AUTH_SOCK", &self.socket);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Makes a key as OpenSSH does and adds it; its public half.
    fn add(&self, world: &World, name: &str, kind: &str) -> Option<PublicKey> {
        let path = world.repo.beside(name);
        let file = path.to_str().unwrap();
        self.run(
            world,
            "ssh-keygen",
            &["-q", "-t", kind, "-N", "", "-C", name, "-f", file],
        );
        self.run(world, "ssh-add", &["-q", file]);
        let line = fs::read_to_string(path.with_extension("pub")).unwrap();
        let blob = line.split(' ').nth(1).unwrap().to_owned();
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, blob);
        let bytes = bytes.unwrap();
        PublicKey::from_ssh(bytes.get(bytes.len() - 32..)?)
            .ok()
            .filter(|_| kind == "ed25519")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Each key is another principal; it takes so many.
fn trust(keys: &[PublicKey], wanted: usize) -> TrustFile {
    let keys = keys.iter().enumerate().map(|(at, public)| TrustedKey {
        public: *public,
        role: Role::MergeSigner,
        principal: format!("signer-{at}"),
        environments: None,
        validity: Validity::default(),
    });
    let trust = TrustFile::new(keys.collect()).unwrap();
    trust
        .with_thresholds([(Role::MergeSigner, wanted)].into())
        .unwrap()
}

/// Runs `tidegate sign` or `baseline` for `prod`, and says how it ended and what it said.
fn run(world: &World, what: &str, arguments: &[&str], agent: Option<&Agent>) -> (i32, String) {
    let store = world.store_name();
    let fixed = [what, "--env", "prod", "--verdicts", &store];
    let mut command = world.command(&[&fixed[..], arguments].concat());
    if let Some(agent) = agent {
        command.env("SSH_AUTH_SOCK", &agent.socket);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// Sets the clock of the world to that of the process, by which a link was signed.
fn catch_up(world: &World, unit: &str, height: u64) {
    let signed = world.payload(unit, height)["validFrom"].clone();
    world.set_clock(signed.as_str().unwrap());
}

/// The keys that signed a link, as its envelope names them.
fn signers(world: &World, unit: &str, height: u64) -> Vec<String> {
    let envelope: serde_json::Value =
        serde_json::from_slice(&world.envelope(unit, height)).unwrap();
    let signatures = envelope["signatures"].as_array().unwrap().iter();
    signatures
        .map(|one| one["keyid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_real_agent_signs_with_the_key_that_the_trust_file_names() {
    let world = World::new();
    let Some(agent) = Agent::start(&world) else {
        return;
    };
    let by_agent = |arguments: &[&str]| {
        let arguments = [&["--signer", "ssh-agent"][..], arguments].concat();
        run(&world, "baseline", &arguments, Some(&agent))
    };
    let (exit, said) = by_agent(&[]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("holds no ed25519 key"), "{said}");
    agent.add(&world, "other", "ecdsa");
    let stranger = agent.add(&world, "stranger", "ed25519").unwrap();
    let (exit, said) = by_agent(&[]);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("key.not-trusted") && said.contains(&stranger.keyid()),
        "{said}"
    );
    let ours = agent.add(&world, "ours", "ed25519").unwrap();
    let second = agent.add(&world, "second", "ed25519").unwrap();
    world.repo.write(TRUST, trust(&[ours, second], 1).print());
    world.repo.commit("the keys of the agent");
    let (exit, said) = by_agent(&[]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(
        signers(&world, "prod/web", 0),
        [ours.keyid()],
        "the first of the file"
    );
    // Bound to the other one.
    let start = world.repo.id("HEAD");
    let public = world.repo.beside("second.pem");
    fs::write(&public, second.to_pem()).unwrap();
    let head = world.label(APP, "a", "b");
    let only = [
        "--signer",
        "ssh-agent",
        "--signer-key",
        public.to_str().unwrap(),
    ];
    let (exit, said) = run(&world, "sign", &only, Some(&agent));
    assert_eq!(exit, 0, "{said}");
    assert_eq!(signers(&world, "prod/web", 1), [second.keyid()]);
    catch_up(&world, "prod/web", 1);
    let by = trust(&[ours, second], 1);
    let admitted = world.admit_by(&by, "prod", Some("web"), head, Some(start));
    assert_eq!(admitted, "judged 1 medium");
    // Two of one agent are two signers.
    world.label(APP, "b", "c");
    let twice = ["--signer", "ssh-agent", "--signer", "ssh-agent"];
    let (exit, said) = run(&world, "sign", &twice, Some(&agent));
    assert_eq!(exit, 0, "{said}");
    assert_eq!(
        signers(&world, "prod/web", 2),
        [ours.keyid(), second.keyid()]
    );
    // Locked, it holds nothing.
    agent.run(&world, "ssh-add", &["-q", "-D"]);
    world.label(APP, "c", "d");
    let (exit, said) = run(&world, "sign", &["--signer", "ssh-agent"], Some(&agent));
    assert_eq!(exit, 3, "{said}");
    assert!(!world.link("prod/web", 3).exists());
}

#[test]
fn a_key_file_and_an_agent_sign_together_where_it_takes_two() {
    let world = World::new();
    let Some(agent) = Agent::start(&world) else {
        return;
    };
    let theirs = agent.add(&world, "theirs", "ed25519").unwrap();
    let both = trust(&[world.key.public(), theirs], 2);
    world.repo.write(TRUST, both.print());
    world.repo.commit("two sign");
    let file = world.key_file();
    let alone = ["--key-file", file.as_str()];
    let (exit, said) = run(&world, "baseline", &alone, Some(&agent));
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("key.threshold") && said.contains("1 of 2 principals"),
        "{said}"
    );
    assert!(!world.link("main/gate", 0).exists());
    let together = ["--key-file", file.as_str(), "--signer", "ssh-agent"];
    let bundle = world.repo.beside("bundle.json");
    let with_bundle = [&together[..], &["--bundle", bundle.to_str().unwrap()]].concat();
    let (exit, said) = run(&world, "baseline", &with_bundle, Some(&agent));
    assert_eq!(exit, 2, "{said}");
    let (exit, said) = run(&world, "baseline", &together, Some(&agent));
    assert_eq!(exit, 0, "{said}");
    let keys = [world.key.public().keyid(), theirs.keyid()];
    assert_eq!(signers(&world, "prod/web", 0), keys);
    let head = world.repo.id("HEAD");
    assert_eq!(
        world.admit_by(&both, "prod", Some("web"), head, None),
        "baseline 0 low"
    );
}

/// A program that signs with `openssl`, as one for a hardware token would with it.
fn program(world: &World, name: &str, key: &SigningKey, more: &str) -> String {
    let pem = world.repo.beside(&format!("{name}.pem"));
    fs::write(&pem, key.to_pem().as_bytes()).unwrap();
    let (path, pem) = (world.repo.beside(name), pem.display());
    let text = format!(
        "#!/bin/sh\nset -e\nfolder=$(mktemp -d)\ntrap 'rm -r \"$folder\"' EXIT\ncat > \"$folder/message\"\n{more}\nopenssl pkeyutl -sign -inkey {pem} -rawin -in \"$folder/message\"\n"
    );
    write_program(&path, &text);
    path.to_str().unwrap().to_owned()
}

/// By another process: what this one holds open for writing does not start.
fn write_program(path: &Path, text: &str) {
    let mut shell = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod 700 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(shell.wait().unwrap().success());
}

fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    assert!(found || may_be_missing(), "openssl");
    found
}

/// A machine of a person may lack a program; one of the CI is told to have it.
#[expect(
    clippy::disallowed_methods,
    reason = "what may be skipped depends on where the tests run"
)]
fn may_be_missing() -> bool {
    std::env::var_os("CI").is_none()
}

#[test]
fn a_program_signs_what_it_is_given_and_what_does_not_verify_is_never_published() {
    if !has_openssl() {
        return;
    }
    let world = World::new();
    let good = format!("exec:{}", program(&world, "good", &world.key, ""));
    let stranger = format!("exec:{}", program(&world, "stranger", &key(9), ""));
    let altered = "printf x >> \"$folder/message\"";
    let altered = format!("exec:{}", program(&world, "altered", &world.key, altered));
    let failing = format!("exec:{}", program(&world, "failing", &world.key, "exit 7"));
    for (signer, code, told) in [
        (&stranger, "key.signature", "no signature of a key that may"),
        (&altered, "key.signature", "no signature of a key that may"),
        (&failing, "key.signer", "it ended with exit status: 7"),
    ] {
        let (exit, said) = run(&world, "baseline", &["--signer", signer], None);
        assert_eq!(exit, 3, "{said}");
        assert!(said.contains(code) && said.contains(told), "{said}");
        let secret = world.key.to_pem();
        assert!(!said.contains(secret.lines().nth(1).unwrap()), "{said}");
    }
    assert!(
        !world.verdicts().join("links").exists(),
        "nothing was published"
    );
    let (exit, said) = run(&world, "baseline", &["--signer", &good], None);
    assert_eq!(exit, 0, "{said}");
    let head = world.repo.id("HEAD");
    catch_up(&world, "prod/web", 0);
    assert_eq!(world.admit("web", head, None), "baseline 0 low");
    // The same bytes as by the key itself.
    let payload = attest::unverified_payload(&world.envelope("prod/web", 0)).unwrap();
    assert_eq!(
        world.envelope("prod/web", 0),
        attest::sign(&payload, &world.key)
    );
    // A renewal and the next link too.
    world.label(APP, "a", "b");
    let (exit, said) = run(&world, "sign", &["--signer", &good], None);
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = run(&world, "sign", &["--renew", "--signer", &good], None);
    assert_eq!(exit, 0, "{said}");
    let link = Digest::of(&attest::unverified_payload(&world.envelope("prod/web", 1)).unwrap());
    let renewals = tidegate::store::Store::renewals(&world.store(), link).unwrap();
    assert_eq!(renewals.len(), 1, "{said}");
}

/// The key of a world, as a person may name it, and what comes of naming it.
struct Named {
    world: World,
    file: String,
    pem: String,
    public: String,
}

impl Named {
    fn new() -> Self {
        let world = World::new();
        let public = world.repo.beside("public.pem");
        fs::write(&public, world.key.public().to_pem()).unwrap();
        Self {
            file: world.key_file(),
            pem: world.key.to_pem().to_string(),
            public: public.to_str().unwrap().to_owned(),
            world,
        }
    }

    fn answer(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
        let store = self.world.store_name();
        let fixed = ["baseline", "--env", "prod", "--verdicts", &store];
        let mut command = self.world.command(&[&fixed[..], arguments].concat());
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains(self.pem.lines().nth(1).unwrap()), "{said}");
        (output.status.code().unwrap(), said)
    }

    /// Nothing is signed, and this is why.
    fn refused(&self, arguments: &[&str], variables: &[(&str, &str)], exit: i32, what: &str) {
        let (found, said) = self.answer(arguments, variables);
        assert_eq!(found, exit, "{arguments:?} {said}");
        assert!(said.contains(what), "{arguments:?} {said}");
        assert!(!self.world.verdicts().join("links").exists(), "{said}");
    }
}

#[test]
fn who_signs_is_named_in_full() {
    let named = Named::new();
    let (file, public) = (named.file.as_str(), named.public.as_str());
    let refused = |arguments: &[&str], variables: &[(&str, &str)], exit, what: &str| {
        named.refused(arguments, variables, exit, what);
    };
    let nowhere = [("SSH_AUTH_SOCK", "/nowhere")];
    refused(&["--signer", "ssh-agent"], &[], 3, "key.no-agent");
    refused(&["--signer", "ssh-agent"], &nowhere, 3, "key.signer");
    refused(&["--signer", "gpg"], &[], 2, "ssh-agent");
    refused(&["--signer", "exec:signer"], &[], 2, "whole path");
    refused(&["--signer", "exec:/nowhere/signer"], &[], 3, "key.signer");
    let without = ["--key-file", file, "--signer-key", public];
    refused(&without, &[], 2, "usage.signer-key");
    let private = ["--signer", "exec:/bin/true", "--signer-key", file];
    refused(&private, &[], 3, "key.private-where-public");
}

#[test]
fn whose_key_signs_is_never_guessed() {
    let named = Named::new();
    let (by_file, by_value) = ("TIDEGATE_SIGNING_KEY_FILE", "TIDEGATE_SIGNING_KEY");
    let (file, pem) = (named.file.as_str(), named.pem.as_str());
    named.refused(&[], &[], 2, "usage.no-signer");
    let both = [(by_file, file), (by_value, pem)];
    named.refused(&[], &both, 2, "usage.two-keys");
    named.refused(&[], &[(by_value, "no key")], 3, "key.format");
    named.refused(&[], &[(by_file, "/nowhere/key")], 3, "key.io");
    // What is named stands before what is only there.
    let other = ["--key-file", "/nowhere/key"];
    named.refused(&other, &[(by_value, pem)], 3, "key.io");
    let (exit, said) = named.answer(&[], &[(by_value, pem)]);
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = named.answer(&[], &[(by_file, file), (by_value, "")]);
    assert_eq!(exit, 0, "{said}");
}
