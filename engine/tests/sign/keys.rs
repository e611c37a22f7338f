//! Keys as a person makes them: never seen by others, never overwritten, never in a repository.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tidegate::attest::{PublicKey, Role, TrustFile};
use tidegate::model::Digest;

use super::world::{self, World};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_key_is_private_and_standard_output_is_exactly_the_trust_file() {
    let world = World::new();
    let path = world.repo.beside("new.pem");
    let file = path.to_str().unwrap();
    let make = ["keys", "new", "--role", "merge-signer", "--out", file];
    let (exit, out, err) = world.run(&make);
    assert_eq!(exit, 0, "{err}");
    assert_eq!(mode(&path), 0o600);
    let trust = TrustFile::parse(out.as_bytes()).unwrap();
    assert_eq!(trust.print(), out, "nothing but the file");
    assert_eq!(trust.keys()[0].role, Role::MergeSigner);
    let keyid = trust.keys()[0].public.keyid();
    assert!(err.contains(&keyid), "{err}");
    let private = fs::read_to_string(&path).unwrap();
    let secret = private.lines().nth(1).unwrap();
    assert!(!out.contains(secret) && !err.contains(secret));

    let (exit, out, _) = world.run(&make);
    assert_eq!((exit, out.as_str()), (3, ""), "never overwritten");
    assert_eq!(fs::read_to_string(&path).unwrap(), private);

    let (exit, out, _) = world.run(&["keys", "show", file]);
    assert_eq!(exit, 0);
    assert_eq!(out, format!("{keyid}\n{}", trust.keys()[0].public.to_pem()));
    fs::write(world.repo.beside("trust.json"), trust.print()).unwrap();
    let shown = world.repo.beside("trust.json");
    let (exit, out, _) = world.run(&["keys", "show", shown.to_str().unwrap()]);
    assert_eq!((exit, out), (0, format!("{keyid} merge-signer ci *\n")));
}

#[test]
fn a_new_key_can_be_for_some_environments_and_for_the_gate() {
    let world = World::new();
    let path = world.repo.beside("some.pem");
    let file = path.to_str().unwrap();
    let (exit, out, _) = world.run(&[
        "keys",
        "new",
        "--role",
        "merge-signer",
        "--out",
        file,
        "--principal",
        "ci-prod",
        "--env",
        "prod",
        "--env",
        "main/gate",
    ]);
    assert_eq!(exit, 0);
    let trust = TrustFile::parse(out.as_bytes()).unwrap();
    let key = &trust.keys()[0];
    assert_eq!(key.principal, "ci-prod");
    assert!(key.may_sign(Role::MergeSigner, "prod"));
    assert!(key.may_sign(Role::MergeSigner, "main/gate"));
    assert!(!key.may_sign(Role::MergeSigner, "twin"));
}

#[test]
fn a_trust_file_gains_a_key_and_never_loses_one() {
    let world = World::new();
    let (trust, new) = (
        ".tidegate/new.json",
        world.repo.path().join(".tidegate/new.json"),
    );
    let make = |name: &str| {
        let out = world.repo.beside(name);
        let out = out.to_str().unwrap();
        world.run(&[
            "keys",
            "new",
            "--role",
            "merge-signer",
            "--out",
            out,
            "--principal",
            name,
            "--trust",
            trust,
        ])
    };
    for (name, keys) in [("one.pem", 1), ("two.pem", 2)] {
        let (exit, out, err) = make(name);
        assert_eq!((exit, out.as_str()), (0, ""), "{err}");
        assert!(
            err.contains("its public half added to .tidegate/new.json"),
            "{err}"
        );
        let read = TrustFile::parse(&fs::read(&new).unwrap()).unwrap();
        let names: Vec<&str> = read
            .keys()
            .iter()
            .map(|key| key.principal.as_str())
            .collect();
        assert_eq!(names, ["one.pem", "two.pem"][..keys]);
    }
    // The same key file again, and a trust file that is none: nothing changes, no key is made.
    let before = fs::read(&new).unwrap();
    assert_eq!(make("one.pem").0, 3);
    assert_eq!(fs::read(&new).unwrap(), before);
    fs::write(&new, "{}").unwrap();
    assert_eq!(make("three.pem").0, 3);
    assert!(!world.repo.beside("three.pem").exists());
    assert_eq!(fs::read(&new).unwrap(), b"{}");
    // A file that says nothing is as good as none.
    fs::write(&new, "\n").unwrap();
    assert_eq!(make("three.pem").0, 0);
    let read = TrustFile::parse(&fs::read(&new).unwrap()).unwrap();
    assert_eq!(read.keys().len(), 1);
}

#[test]
fn a_trust_file_takes_the_place_of_nothing_else() {
    let world = World::new();
    let folder = world.repo.beside("keys");
    fs::create_dir(&folder).unwrap();
    let make = |out: &str, trust: &str| {
        let (out, trust) = (folder.join(out), folder.join(trust));
        let (out, trust) = (out.to_str().unwrap(), trust.to_str().unwrap());
        let new = ["keys", "new", "--role", "merge-signer"];
        world.run(&[&new[..], &["--out", out, "--trust", trust]].concat())
    };
    for other in ["one.pem", "../keys/one.pem"] {
        let (exit, _, err) = make("one.pem", other);
        assert_eq!(exit, 2, "{err}");
        assert!(err.contains("usage.same-file"), "{err}");
    }
    for target in ["trust.json", "none.json"] {
        fs::write(folder.join("trust.json"), "").unwrap();
        let link = folder.join("link.json");
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(target, &link).unwrap();
        let (exit, _, err) = make("one.pem", "link.json");
        assert_eq!(exit, 3, "{err}");
        assert!(err.contains("it is a symbolic link"), "{err}");
        assert!(link.is_symlink());
    }
    assert!(!folder.join("one.pem").exists());
    let (exit, _, err) = make("one.pem", "trust.json");
    assert_eq!(exit, 0, "{err}");
    assert!(
        err.contains("commit the trust file as .tidegate/trust.json"),
        "{err}"
    );
    let (exit, _, err) = make("one.pem", "trust.json");
    assert_eq!(exit, 3);
    assert!(
        err.contains("key.exists") && err.contains("exists already"),
        "{err}"
    );
    let (exit, _, err) = make("two.pem", ".tidegate/trust.json");
    assert_eq!(exit, 0, "{err}");
    assert!(err.contains("\ncommit it, and keep the key"), "{err}");
}

#[test]
fn a_name_that_would_steer_a_terminal_is_no_name() {
    let world = World::new();
    let path = world.repo.beside("new.pem");
    let file = path.to_str().unwrap();
    let make = ["keys", "new", "--role", "merge-signer", "--out", file];
    for name in ["", "ci\nverified: prod/web", "ci\u{1b}[2J", "\u{202e}ic"] {
        for option in ["--principal", "--env"] {
            let (exit, out, err) = world.run(&[&make[..], &[option, name]].concat());
            assert_eq!((exit, out.as_str()), (2, ""), "{name:?}: {err}");
            assert!(!path.exists());
        }
    }
    let (exit, out, _) = world.run(&make);
    assert_eq!(exit, 0);
    let trust = world.repo.beside("trust.json");
    fs::write(&trust, out.replace("\"ci\"", "\"ci\\nforged\"")).unwrap();
    let (exit, out, err) = world.run(&["keys", "show", trust.to_str().unwrap()]);
    assert_eq!((exit, out.as_str()), (3, ""), "{err}");
    assert!(
        err.contains("trust-root.invalid") && !err.contains("\nforged"),
        "{err}"
    );
}

#[test]
fn no_key_is_made_inside_a_work_tree() {
    let world = World::new();
    for place in ["key.pem", "apps/web/key.pem", ".git/key.pem"] {
        let path = world.repo.path().join(place);
        let (exit, out, err) =
            world.run(&["keys", "new", "--role", "merge-signer", "--out", place]);
        assert_eq!((exit, out.as_str()), (3, ""), "{place}");
        assert!(err.contains("key.in-work-tree"), "{err}");
        assert!(!path.exists(), "{place}");
    }
    let linked = world.repo.beside("linked");
    world
        .repo
        .git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    let path = linked.join("key.pem");
    let (exit, ..) = world.run(&[
        "keys",
        "new",
        "--role",
        "merge-signer",
        "--out",
        path.to_str().unwrap(),
    ]);
    assert_eq!(exit, 3);
    assert!(!path.exists());
}

#[test]
fn a_private_key_that_others_can_read_signs_nothing() {
    let world = World::new();
    let (store, key) = (world.store_name(), world.key_file());
    let sign = [
        "baseline",
        "--env",
        "prod",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ];
    for wide in [0o644, 0o640, 0o604, 0o700] {
        fs::set_permissions(&key, fs::Permissions::from_mode(wide)).unwrap();
        for arguments in [&sign[..], &["keys", "show", &key]] {
            let (exit, out, err) = world.run(arguments);
            assert_eq!((exit, out.as_str()), (3, ""), "{wide:o}");
            assert!(err.contains("key.permissions"), "{err}");
        }
    }
    assert!(!world.verdicts().exists());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(world.run(&sign).0, 0);
}

#[test]
fn what_a_trust_file_says_of_times_revocations_and_numbers_is_shown() {
    let world = World::new();
    let own = fs::read_to_string(world.trust_file()).unwrap();
    let path = world.repo.beside("more.pem");
    let more = [
        "keys",
        "new",
        "--role",
        "merge-signer",
        "--principal",
        "ada",
        "--out",
        path.to_str().unwrap(),
        "--trust",
        "../trust.json",
    ];
    let (exit, _, err) = world.run(&more);
    assert_eq!(exit, 0, "{err}");
    let file = world.repo.beside("trust.json");
    let text = fs::read_to_string(&file).unwrap();
    let one = TrustFile::parse(own.as_bytes()).unwrap().keys()[0].public;
    let lost = world::key(7).public();
    let public = |key: &PublicKey| serde_json::to_string(&key.to_pem()).unwrap();
    let fields = r#""from": "2026-11-19T00:00:00Z", "reason": "stolen""#;
    let keep = format!(r#""keep": ["{}"]"#, Digest::of(b"link"));
    let end = format!(
        r#"], "thresholds": {{"merge-signer": 2}}, "revoked": [{{"public": {}, {fields}}}, {{"public": {}, {fields}, {keep}}}]}}"#,
        public(&lost),
        public(&one),
    );
    let text = text.replacen("]\n}\n", &end, 1).replacen(
        "\"role\"",
        r#""notBefore": "2026-01-01T00:00:00Z", "notAfter": "2027-01-01T00:00:00Z", "role""#,
        1,
    );
    fs::write(&file, &text).unwrap();
    let (exit, out, err) = world.run(&["keys", "show", "../trust.json"]);
    assert_eq!(exit, 0, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    let expected = format!(
        "{} merge-signer ci * from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z revoked, lost since 2026-11-19T00:00:00Z, 1 statement is kept: stolen",
        one.keyid()
    );
    assert_eq!(lines[0], expected);
    assert!(lines[1].ends_with(" merge-signer ada *"), "{out}");
    let expected = format!(
        "{} revoked, lost since 2026-11-19T00:00:00Z, nothing is kept: stolen",
        lost.keyid()
    );
    assert_eq!(
        lines[2..],
        [expected.as_str(), "merge-signer: 2 of 2 principals sign"]
    );
}

#[test]
fn no_more_of_a_file_is_read_than_a_trust_file_has() {
    let world = World::new();
    for command in ["show", "sign"] {
        let (exit, _, err) = world.run(&["keys", command, "/dev/zero"]);
        assert_eq!(exit, 3, "{command}: {err}");
    }
}

#[test]
fn a_plan_says_how_a_key_follows_another_and_changes_nothing() {
    let world = World::new();
    let trust = fs::read(world.repo.path().join(world::TRUST)).unwrap();
    let plan = |arguments: &[&str]| world.run(&[&["keys", "rotate"][..], arguments].concat());
    let (exit, out, err) = plan(&["--plan"]);
    assert_eq!(exit, 0, "{err}");
    let keyid = world.key.public().keyid();
    let mentions = [
        "0. first of all: 1 of 1 principals must sign".to_owned(),
        format!("key {keyid} of `ci` goes; nothing is changed by this plan"),
        "tidegate keys new --role merge-signer --principal ci --out NEW.pem --trust .tidegate/trust.json".into(),
        "--unit gate --key-file OLD.pem".into(),
        "tidegate baseline --env ENV --key-file NEW.pem".into(),
    ];
    for line in mentions {
        assert!(out.contains(&line), "{line}\n{out}");
    }
    // The entries that it prints are those of a trust file, and so far apart as was asked for.
    let instant = |out: &str, field: &str| -> jiff::Timestamp {
        let start = format!("\"{field}\": \"");
        let rest = out.split_once(&start).unwrap().1;
        let text = rest.split_once("\",").unwrap().0;
        let with = String::from_utf8(trust.clone()).unwrap();
        let with = with.replacen("\"role\"", &format!("\"{field}\": \"{text}\", \"role\""), 1);
        TrustFile::parse(with.as_bytes()).unwrap();
        text.parse().unwrap()
    };
    let apart = |out: &str| {
        let between = instant(out, "notAfter").duration_since(instant(out, "notBefore"));
        between.as_hours()
    };
    assert_eq!(apart(&out), 14 * 24);
    let (_, out, _) = plan(&["--plan", "--overlap", "7d", "--key", &keyid]);
    assert_eq!(apart(&out), 7 * 24);
    // From a folder below too.
    let (exit, _, err) = world.run(&["-C", "apps", "keys", "rotate", "--plan"]);
    assert_eq!(exit, 0, "{err}");
    for (arguments, exit, code) in [
        (&[][..], 2, "--plan"),
        (&["--plan", "--overlap", "6d"], 2, "at least `7d`"),
        (&["--plan", "--key", "SHA256:x"], 2, "usage.which-key"),
        (&["--plan", "--trust", "nowhere.json"], 3, "io.read"),
        (&["--plan", "--trust", "README.md"], 3, "trust-root.invalid"),
    ] {
        let (found, _, err) = plan(arguments);
        assert_eq!(found, exit, "{arguments:?} {err}");
        assert!(err.contains(code), "{arguments:?} {err}");
    }
    world.repo.remove(world::TRUST);
    let (exit, _, err) = plan(&["--plan"]);
    assert_eq!(exit, 2, "{err}");
    assert!(err.contains("usage.no-trust-file"), "{err}");
    assert!(!world.repo.path().join("NEW.pem").exists());
}
