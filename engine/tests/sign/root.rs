//! A trust file that its root signs: who may change it, and until when it counts.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate::attest::{
    self, Role, SigningKey, Together, TrustFile, TrustedKey, Validity, Verdict,
};
use tidegate::gate;
use tidegate::model::Digest;
use tidegate::store::FolderStore;

use super::world::{APP, TRUST, World, key, trust};

/// The file of the world with root keys, of which so many sign.
fn rooted(world: &World, roots: &[u8], threshold: usize) -> TrustFile {
    let keys = trust(&[(&world.key, &[])]).keys().to_vec();
    let roots = roots.iter().map(|byte| TrustedKey {
        public: key(*byte).public(),
        role: Role::Root,
        principal: format!("person-{byte}"),
        environments: None,
        validity: Validity::default(),
    });
    let file = TrustFile::new(keys.into_iter().chain(roots).collect()).unwrap();
    file.with_thresholds([(Role::Root, threshold)].into())
        .unwrap()
}

fn endorsed(world: &World, file: TrustFile, before: Option<&TrustFile>, by: &[u8]) -> TrustFile {
    let until = "2026-12-20T10:00:00Z".parse().unwrap();
    by.iter().fold(file, |file, byte| {
        let signer: SigningKey = key(*byte);
        file.endorse(&signer, before, Some(until), world.now())
            .unwrap()
    })
}

/// The code of an error of the binary.
fn code_in(said: &str) -> &str {
    let code = said.split_once("error[").map_or(said, |(_, code)| code);
    code.split_once(']').map_or(code, |(code, _)| code)
}

#[test]
fn the_root_of_the_accepted_file_signs_the_next_one_whoever_signs_links() {
    let world = World::new();
    let first = endorsed(&world, rooted(&world, &[21, 22, 23], 2), None, &[21, 22]);
    world.repo.write(TRUST, first.print()).commit("a root");
    assert_eq!(
        world.baseline("prod", None),
        "main/gate baseline 0; prod/web baseline 0; prod/db baseline 0"
    );
    let sign = |file: &TrustFile| {
        world.repo.write(TRUST, file.print());
        world.label(APP, "a", "b");
        let (exit, _, said) = world.run(&["check", "HEAD~1..HEAD"]);
        assert_eq!(exit, 3, "{said}");
        let signed = world.sign("prod", Some("gate"));
        assert!(signed.contains(code_in(&said)), "{signed}: {said}");
        let accepted = world.baseline("prod", Some("gate"));
        world.repo.git(&["checkout", "-q", "HEAD~1", "."]);
        world.repo.commit("back");
        (signed, accepted)
    };
    // A merge-signer's key alone, and a root of one's own.
    let stolen = rooted(&world, &[31], 1);
    for theirs in [
        trust(&[(&world.key, &[]), (&key(9), &[])]),
        endorsed(&world, stolen.clone(), None, &[31]),
        endorsed(&world, stolen.clone(), Some(&first), &[31, 21]),
    ] {
        let refused = "main/gate trust-root.not-followed exit 3".to_owned();
        assert_eq!(sign(&theirs), (refused.clone(), refused));
    }
    let unsigned = "main/gate trust-root.unsigned exit 3".to_owned();
    assert_eq!(sign(&stolen), (unsigned.clone(), unsigned));

    let next = endorsed(
        &world,
        rooted(&world, &[22, 24], 2),
        Some(&first),
        &[21, 22, 24],
    );
    world.repo.write(TRUST, next.print());
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web link 1 medium; prod/db nothing new 0"
    );
}

#[test]
fn a_file_that_is_over_signs_nothing_but_the_next_one() {
    let world = World::new();
    let first = endorsed(&world, rooted(&world, &[21], 1), None, &[21]);
    world.repo.write(TRUST, first.print()).commit("a root");
    assert!(world.baseline("prod", None).starts_with("main/gate"));
    world.set_clock("2026-12-20T10:00:00Z");
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 0; prod/db nothing new 0; prod/web trust-root.expired exit 3"
    );
    let later = "2027-06-20T10:00:00Z".parse().unwrap();
    let next = first
        .clone()
        .endorse(&key(21), Some(&first), Some(later), world.now());
    world.repo.write(TRUST, next.unwrap().print());
    world.repo.commit("the next one");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/db nothing new 0; prod/web link 1 medium",
        "and what waited for it, by it"
    );
    let payload = |unit| attest::unverified_payload(&world.envelope(unit, 1)).unwrap();
    let (gate, web) = (Digest::of(&payload("main/gate")), payload("prod/web"));
    let web = String::from_utf8(web).unwrap();
    assert!(web.contains(&gate.to_string()), "{web}");
}

#[test]
fn what_the_next_file_does_not_let_be_signed_is_not_signed_after_it() {
    let world = World::new();
    let first = endorsed(&world, rooted(&world, &[21], 1), None, &[21]);
    world.repo.write(TRUST, first.print()).commit("a root");
    assert!(world.baseline("prod", None).starts_with("main/gate"));
    world.set_clock("2026-12-20T10:00:00Z");
    // Whoever signs for the gate signs for nothing else in it.
    let mut keys = first.keys().to_vec();
    for key in &mut keys {
        if key.role == Role::MergeSigner {
            key.environments = Some(vec!["main/gate".to_owned()]);
        }
    }
    let later = "2027-06-20T10:00:00Z".parse().unwrap();
    let next = TrustFile::new(keys).unwrap();
    let next = next
        .with_thresholds([(Role::Root, 1)].into())
        .unwrap()
        .endorse(&key(21), Some(&first), Some(later), world.now());
    world.repo.write(TRUST, next.unwrap().print());
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/db nothing new 0; prod/web key.not-trusted exit 3"
    );
}

/// A trust file with a merge-signer and two root keys, both of which must sign; and the three private keys.
fn made_by_hand(world: &World) -> (String, Vec<String>) {
    let path = |name: &str| world.repo.beside(name).display().to_string();
    let file = path("trust.json");
    let mut keys = Vec::new();
    for (name, role) in [("ci", "merge-signer"), ("ada", "root"), ("bob", "root")] {
        let key = path(&format!("{name}-root.pem"));
        let whose = ["--role", role, "--principal", name];
        let line = [
            &["keys", "new", "--out", &key, "--trust", &file],
            &whose[..],
        ]
        .concat();
        let (exit, _, said) = world.run(&line);
        assert_eq!(exit, 0, "{said}");
        keys.push(key);
    }
    let draft = fs::read_to_string(&file).unwrap();
    let draft = draft.replacen('{', "{\"thresholds\": {\"root\": 2},", 1);
    fs::write(&file, draft).unwrap();
    (file, keys)
}

#[test]
fn people_sign_a_trust_file_one_after_the_other_by_the_command_line() {
    let world = World::new();
    let (file, keys) = made_by_hand(&world);
    let verify = || {
        let (exit, out, said) =
            world.run(&["verify", "--all", "--trust", &file, "--verdicts", "-"]);
        (exit, out + &said)
    };
    let (exit, said) = verify();
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("trust-root.unsigned"), "{said}");

    let sign = |key: &str, more: &[&str]| {
        world.run(&[&["keys", "sign", &file, "--key-file", key], more].concat())
    };
    let (exit, _, said) = sign(&keys[1], &[]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("trust-root.expires"), "{said}");
    let (exit, _, said) = sign(&keys[0], &["--expires", "2999-01-01T00:00:00Z"]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("key.not-at-hand"), "{said}");
    let (exit, out, said) = sign(&keys[1], &["--expires", "2999-01-01T00:00:00Z"]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(
        out,
        "trust file 1 until 2999-01-01T00:00:00Z: 1 of 2 signed: ada\n"
    );
    let (_, out, _) = sign(&keys[2], &[]);
    assert_eq!(
        out,
        "trust file 1 until 2999-01-01T00:00:00Z: 2 of 2 signed: ada, bob\n"
    );
    let (_, out, _) = world.run(&["keys", "show", &file]);
    assert!(out.ends_with("2 of 2 signed: ada, bob\n"), "{out}");
    let (exit, said) = verify();
    assert!(!said.contains("trust-root"), "{exit} {said}");
}

#[test]
fn who_cannot_sign_a_file_is_told_why() {
    let world = World::new();
    let (file, keys) = made_by_hand(&world);
    let sign = |file: &str, key: &str| {
        let (exit, _, said) = world.run(&["keys", "sign", file, "--key-file", key]);
        (exit, said.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let (exit, said) = sign("nosuch.json", &keys[1]);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("error[io.read]") && said.contains("nosuch.json"),
        "{said}"
    );
    let link = world.repo.beside("link.json");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let expires = ["--expires", "2999-01-01T00:00:00Z", "--key-file", &keys[1]];
    let (exit, _, said) =
        world.run(&[&["keys", "sign", link.to_str().unwrap()], &expires[..]].concat());
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("symbolic link"), "{said}");
    assert!(link.is_symlink());
    let (exit, _, said) = world.run(&[&["keys", "sign", &file], &expires[..]].concat());
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = sign(&file, &keys[0]);
    assert_eq!(exit, 3, "{said}");
    let told = "signed by the keys that have the role root in it";
    assert!(
        said.contains("error[key.not-at-hand]") && said.contains(told),
        "{said}"
    );
    // A root that is left, and an end of its time that nobody took out: no file that anybody could read.
    let before = world.repo.beside("before.json");
    let first = endorsed(&world, rooted(&world, &[21], 1), None, &[21]);
    fs::write(&before, first.print()).unwrap();
    let left = fs::read_to_string(world.repo.path().join(TRUST)).unwrap();
    let left = left.replacen('{', "{\"expires\": \"2999-01-01T00:00:00Z\",", 1);
    let next = world.repo.beside("next.json");
    fs::write(&next, &left).unwrap();
    let line = [
        "keys",
        "sign",
        next.to_str().unwrap(),
        "--before",
        before.to_str().unwrap(),
    ];
    let (exit, _, said) = world.run(&[&line[..], &["--key-file", &keys[1]]].concat());
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("trust-root.invalid") && said.contains("leave `expires` out"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&next).unwrap(), left);
}

#[test]
fn a_plan_under_a_root_says_that_the_root_signs_each_step() {
    let world = World::new();
    let plan = || {
        let (exit, out, said) = world.run(&["keys", "rotate", "--plan"]);
        assert_eq!(exit, 0, "{said}");
        out
    };
    let line = "tidegate keys sign .tidegate/trust.json --before ACCEPTED.json --key-file ROOT.pem";
    assert!(!plan().contains("keys sign"));
    let first = endorsed(&world, rooted(&world, &[21, 22, 23], 2), None, &[21, 22]);
    world.repo.write(TRUST, first.print());
    let out = plan();
    assert_eq!(out.matches(line).count(), 3, "{out}");
    assert!(out.contains("2 of the root sign it"), "{out}");
}

#[test]
fn a_trust_file_that_is_pinned_is_no_other() {
    let world = World::started();
    let (file, store) = (world.trust_file(), world.store_name());
    let digest = Digest::of(&fs::read(&file).unwrap()).to_string();
    let admit = |digest: &str| {
        let line = [
            "admit",
            "--env",
            "prod",
            "--revision",
            "HEAD",
            "--trust",
            &file,
        ];
        world.run(&[&line[..], &["--trust-digest", digest, "--verdicts", &store]].concat())
    };
    let (exit, _, said) = admit(&digest);
    assert_eq!(exit, 0, "{said}");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text + "\n").unwrap();
    let (exit, _, said) = admit(&digest);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("trust-root.digest"), "{said}");
    assert_eq!(admit("abc").0, 2);
}

#[test]
fn what_passes_a_check_while_the_file_is_over_is_said_to_be_of_no_use_yet() {
    let world = World::new();
    let check = || {
        world.label(APP, "a", "b");
        let (exit, out, said) = world.run(&["check", "HEAD~1..HEAD", "--output", "json"]);
        let document: Value = serde_json::from_str(&out).unwrap();
        let told = out.contains("engine.trust-expired");
        assert_eq!(
            (exit, &document["outcome"]),
            (0, &Value::from("pass")),
            "{out}{said}"
        );
        world.label(APP, "b", "a");
        told
    };
    let then = "2026-01-01T00:00:00Z".parse().unwrap();
    for (until, told) in [
        ("2026-02-01T00:00:00Z", true),
        ("2999-01-01T00:00:00Z", false),
    ] {
        let until = until.parse().unwrap();
        let file = rooted(&world, &[21], 1).endorse(&key(21), None, Some(until), then);
        world
            .repo
            .write(TRUST, file.unwrap().print())
            .commit("a root");
        assert_eq!(check(), told);
    }
}

#[test]
fn nothing_is_admitted_by_a_file_that_is_over() {
    let world = World::started();
    let then = "2026-01-01T00:00:00Z".parse().unwrap();
    let until = "2026-02-01T00:00:00Z".parse().unwrap();
    let over = rooted(&world, &[21], 1).endorse(&key(21), None, Some(until), then);
    let file = world.repo.beside("over.json");
    fs::write(&file, over.unwrap().print()).unwrap();
    let (file, store) = (file.display().to_string(), world.store_name());
    let with = ["--trust", &file, "--verdicts", &store];
    for line in [
        &["admit", "--env", "prod", "--revision", "HEAD"][..],
        &["verify", "--all"],
    ] {
        let (exit, out, said) = world.run(&[line, &with].concat());
        assert_eq!(exit, 3, "{out}{said}");
        assert!(said.contains("trust-root.expired"), "{said}");
    }
}

/// A world whose gate has the link 0 without a root and the link 1 with one.
fn rooted_late() -> (World, TrustFile) {
    let world = World::started();
    let first = endorsed(&world, rooted(&world, &[21, 22], 2), None, &[21, 22]);
    world.repo.write(TRUST, first.print()).commit("a root");
    let signed = world.sign("prod", Some("gate"));
    assert_eq!(signed, "main/gate link 1 critical");
    (world, first)
}

#[test]
fn who_takes_back_the_link_that_brought_a_root_is_still_under_it() {
    let (world, first) = rooted_late();
    world.withdraw("main/gate", 1);
    let refused = "main/gate trust-root.not-followed exit 3";
    let plain = trust(&[(&world.key, &[]), (&key(9), &[])]);
    world.repo.write(TRUST, plain.print()).commit("no root");
    assert_eq!(world.sign("prod", Some("gate")), refused);
    assert_eq!(world.baseline("prod", Some("gate")), refused);
    let next = endorsed(
        &world,
        rooted(&world, &[21, 23], 2),
        Some(&first),
        &[21, 22, 23],
    );
    world.repo.write(TRUST, next.print()).commit("the next");
    let signed = world.sign("prod", Some("gate"));
    assert_eq!(signed, "main/gate link 2 critical");
}

#[test]
fn the_newest_root_counts_though_the_link_that_brought_it_was_taken_back() {
    let (world, first) = rooted_late();
    let accepted = |file: &TrustFile| {
        world.repo.write(TRUST, file.print()).commit("the next");
        world.sign("prod", Some("gate"))
    };
    let others = rooted(&world, &[22, 24], 2);
    let second = endorsed(&world, others, Some(&first), &[21, 22, 24]);
    assert_eq!(accepted(&second), "main/gate link 2 critical");
    world.withdraw("main/gate", 2);
    let third = |by: &[u8]| {
        let draft = rooted(&world, &[21, 22], 2);
        endorsed(&world, draft, Some(&second), by)
    };
    let refused = "main/gate trust-root.not-followed exit 3";
    assert_eq!(accepted(&third(&[21, 22])), refused);
    assert_eq!(accepted(&third(&[21, 22, 24])), "main/gate link 3 critical");
}

/// What a root leaves behind: a file without one, that it signed.
fn left(world: &World, before: &TrustFile, by: &[u8]) -> TrustFile {
    let keys = by.iter().map(|byte| Box::new(key(*byte)) as _);
    trust(&[(&world.key, &[]), (&key(9), &[])])
        .endorse(
            &Together::new(keys.collect()),
            Some(before),
            None,
            world.now(),
        )
        .unwrap()
}

/// What comes of a trust file that is committed and signed.
fn accepted(world: &World, file: &TrustFile) -> String {
    world.repo.write(TRUST, file.print()).commit("the next");
    world.sign("prod", Some("gate"))
}

#[test]
fn a_root_signs_that_it_goes_and_is_asked_no_more() {
    let (world, first) = rooted_late();
    let refused = "main/gate trust-root.not-followed exit 3";
    for too_few in [&[21][..], &[22]] {
        assert_eq!(accepted(&world, &left(&world, &first, too_few)), refused);
    }
    let gone = left(&world, &first, &[21, 22]);
    assert_eq!(accepted(&world, &gone), "main/gate link 2 critical");
    let plain = trust(&[(&world.key, &[])]);
    assert_eq!(accepted(&world, &plain), "main/gate link 3 critical");
    // Nor does what it said before count again.
    assert_eq!(accepted(&world, &first), refused);
    world.repo.write(TRUST, plain.print()).commit("as it was");
    let running = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
}

#[test]
fn what_left_a_root_leaves_none_that_came_later() {
    let (world, first) = rooted_late();
    let gone = left(&world, &first, &[21, 22]);
    assert_eq!(accepted(&world, &gone), "main/gate link 2 critical");
    let refused = "main/gate trust-root.not-followed exit 3";
    // A root of one's own that does not go on counting would be left by the same file again.
    let anew = endorsed(&world, rooted(&world, &[23], 1), None, &[23]);
    assert_eq!(accepted(&world, &anew), refused);
    let anew = endorsed(&world, rooted(&world, &[23], 1), Some(&gone), &[23]);
    assert_eq!(accepted(&world, &anew), "main/gate link 3 critical");
    assert_eq!(accepted(&world, &gone), refused);
    world.withdraw("main/gate", 3);
    assert_eq!(accepted(&world, &gone), refused);
}

#[test]
fn a_root_that_another_replaced_is_not_asked_where_the_link_that_did_it_was_taken_back() {
    let (world, first) = rooted_late();
    let second = rooted(&world, &[23, 24], 2);
    let second = endorsed(&world, second, Some(&first), &[21, 22, 23, 24]);
    assert_eq!(accepted(&world, &second), "main/gate link 2 critical");
    world.withdraw("main/gate", 2);
    let third = rooted(&world, &[24, 25], 2);
    let third = endorsed(&world, third, Some(&second), &[23, 24, 25]);
    assert_eq!(accepted(&world, &third), "main/gate link 3 critical");
}

#[test]
fn a_root_that_went_is_gone_though_the_link_that_said_so_was_taken_back() {
    let (world, first) = rooted_late();
    let gone = left(&world, &first, &[21, 22]);
    assert_eq!(accepted(&world, &gone), "main/gate link 2 critical");
    world.withdraw("main/gate", 2);
    let plain = trust(&[(&world.key, &[])]);
    assert_eq!(accepted(&world, &plain), "main/gate link 3 critical");
}

/// What another program would sign with the key of the world on top of the link 1 of its gate, for what stands there now.
fn on_top(world: &World) -> Vec<u8> {
    let aside = world.repo.beside("aside");
    let folder = aside.join("links/main/gate");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(world.link("main/gate", 0), folder.join("0.json")).unwrap();
    let store = FolderStore::new(aside);
    let request = world.request("prod", Some("gate"), &world.key, &store);
    gate::sign(&world.repo.open(), &request).unwrap();
    let read = |envelope: &[u8]| {
        let by = trust(&[(&world.key, &[])]);
        let statement = attest::verify(envelope, &by, Role::MergeSigner, "main/gate").unwrap();
        (statement.digest(), Verdict::parse(&statement).unwrap())
    };
    let (digest, rooted) = read(&world.envelope("main/gate", 1));
    let (_, aside) = read(&fs::read(folder.join("1.json")).unwrap());
    let forged = Verdict {
        previous: Some(digest),
        height: 2,
        base: Some(rooted.head),
        ..aside
    };
    attest::sign(&forged.to_statement_bytes().unwrap(), &world.key)
}

#[test]
fn a_link_that_leads_behind_the_root_is_none_whoever_signed_it() {
    let (world, _) = rooted_late();
    let plain = trust(&[(&world.key, &[]), (&key(9), &[])]);
    world.repo.write(TRUST, plain.print()).commit("no root");
    world.plant("main/gate", 2, &on_top(&world));
    let said = world.sign("prod", None);
    assert!(!said.contains("nothing new 2"), "{said}");
    assert!(!said.contains("link 3"), "{said}");
    assert_eq!(
        world.baseline_with(&key(9), "prod", Some("web")),
        "key.not-trusted exit 3"
    );
}

/// What a check of a label that changes says of an end that comes, if it does.
fn told_of_an_end(world: &World) -> Option<String> {
    world.label(APP, "a", "b");
    let (exit, out, said) = world.run(&["check", "HEAD~1..HEAD", "--output", "json"]);
    assert_eq!(exit, 0, "{out}{said}");
    world.label(APP, "b", "a");
    out.contains("engine.trust-ends").then_some(out)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the process reads the clock of the machine"
)]
fn in_days(days: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(24 * days)
}

fn signer(byte: u8, environments: &[&str], days: Option<i64>) -> TrustedKey {
    TrustedKey {
        public: key(byte).public(),
        role: Role::MergeSigner,
        principal: format!("signer-{byte}"),
        environments: (!environments.is_empty())
            .then(|| environments.iter().map(ToString::to_string).collect()),
        validity: Validity {
            not_before: None,
            not_after: days.map(in_days),
        },
    }
}

#[test]
fn a_check_says_a_month_before_that_nobody_will_sign_any_more() {
    let world = World::new();
    let (all, one_left) = (signer(1, &[], Some(3)), signer(2, &[], None));
    let (prod, gate) = (
        signer(1, &["prod"], Some(3)),
        signer(2, &["main/gate"], None),
    );
    for (name, keys, wanted) in [
        ("in time", vec![signer(1, &[], Some(31))], None),
        ("soon", vec![signer(1, &[], Some(29))], Some("for all")),
        ("one is left", vec![all, one_left], None),
        ("of one environment", vec![prod, gate], Some("for `prod`")),
    ] {
        let file = TrustFile::new(keys).unwrap();
        world.repo.write(TRUST, file.print()).commit(name);
        let told = told_of_an_end(&world);
        assert_eq!(told.is_some(), wanted.is_some(), "{name}: {told:?}");
        let told = told.unwrap_or_default();
        assert!(told.contains(wanted.unwrap_or_default()), "{name}: {told}");
    }
}

#[test]
fn a_check_says_a_month_before_that_the_file_of_a_root_is_over() {
    let world = World::new();
    for (left, wanted) in [(29, true), (31, false)] {
        let file = rooted(&world, &[21], 1);
        let file = file.endorse(&key(21), None, Some(in_days(left)), in_days(0));
        let text = file.unwrap().print();
        world.repo.write(TRUST, text).commit("a root");
        let told = told_of_an_end(&world).unwrap_or_default();
        assert_eq!(told.contains("trust file 1 is over"), wanted);
    }
}
