//! How keys come and go: rotated with an overlap, revoked with what is kept, several for one statement.

use tidegate::attest::{
    self, Revocation, Role, Signatory, SigningKey, Together, TrustFile, TrustedKey, Validity,
};
use tidegate::model::Digest;

use super::world::{APP, JUDGE, TRUST, World, key};

fn validity(not_before: Option<&str>, not_after: Option<&str>) -> Validity {
    let instant = |text: &str| text.parse().unwrap();
    Validity {
        not_before: not_before.map(instant),
        not_after: not_after.map(instant),
    }
}

/// Merge-signers, each another principal.
pub(super) fn trust(keys: &[(u8, Validity)]) -> TrustFile {
    let keys = keys.iter().map(|(byte, validity)| TrustedKey {
        public: key(*byte).public(),
        role: Role::MergeSigner,
        principal: format!("ci-{byte}"),
        environments: None,
        validity: *validity,
    });
    TrustFile::new(keys.collect()).unwrap()
}

pub(super) const EVER: Validity = Validity {
    not_before: None,
    not_after: None,
};

fn revoking(trust: TrustFile, byte: u8, keep: &[Digest]) -> TrustFile {
    let revocation = Revocation {
        public: key(byte).public(),
        from: "2026-11-21T00:00:00Z".parse().unwrap(),
        reason: "the laptop was stolen".into(),
        keep: keep.to_vec(),
    };
    trust.with_revoked(vec![revocation]).unwrap()
}

fn digest(world: &World, unit: &str, height: u64) -> Digest {
    Digest::of(&attest::unverified_payload(&world.envelope(unit, height)).unwrap())
}

pub(super) fn commit(world: &World, trust: &TrustFile, message: &str) {
    world.repo.write(TRUST, trust.print());
    world.repo.commit(message);
}

#[test]
fn a_rotated_key_leaves_what_it_signed_and_signs_no_more() {
    let world = World::started();
    let (old, new) = (key(1), key(2));
    let both = trust(&[
        (1, validity(None, Some("2026-12-04T10:00:00Z"))),
        (2, validity(Some("2026-11-20T12:00:00Z"), None)),
    ]);
    commit(&world, &both, "the key that follows");
    let start = world.repo.id("HEAD");
    let running = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    // Its time has not come; the old one's has.
    assert_eq!(
        world.sign_with(&new, "prod", Some("web")),
        "key.not-yet-valid exit 3"
    );
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let admit = |head, deployed| world.admit_by(&both, "prod", Some("web"), head, deployed);
    assert_eq!(admit(running, Some(start)), "judged 1 medium");

    // In the overlap both sign one chain.
    world.set_clock("2026-11-27T10:00:00Z");
    let second = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&new, "prod", None),
        "main/gate nothing new 1; prod/web link 2 medium; prod/db nothing new 0"
    );
    let third = world.label(APP, "c", "d");
    assert_eq!(
        world.sign_with(&old, "prod", Some("web")),
        "prod/web link 3 medium"
    );
    assert_eq!(admit(third, Some(second)), "judged 3 medium");

    // After it, the old one signs nothing, and what it signed stands as it stood.
    world.set_clock("2026-12-04T10:00:00Z");
    let fourth = world.label(APP, "d", "e");
    for unit in [None, Some("web"), Some("gate")] {
        assert_eq!(world.sign_with(&old, "prod", unit), "key.expired exit 3");
        assert_eq!(
            world.baseline_with(&old, "prod", unit),
            "key.expired exit 3"
        );
    }
    assert_eq!(admit(third, Some(third)), "running 3 medium");
    assert_eq!(admit(second, Some(third)), "rollback 2 medium");
    assert_eq!(
        world.sign_with(&new, "prod", Some("web")),
        "prod/web link 4 medium"
    );
    assert_eq!(admit(fourth, Some(third)), "judged 4 medium");

    // The same statement by the old key is one of a key whose time is over, by its own words.
    let payload = attest::unverified_payload(&world.envelope("prod/web", 4)).unwrap();
    std::fs::remove_file(world.link("prod/web", 4)).unwrap();
    world.plant("prod/web", 4, &attest::sign(&payload, &old));
    assert_eq!(admit(fourth, Some(third)), "refused key-expired");
    // And one that the new key signed too early.
    let payload = attest::unverified_payload(&world.envelope("prod/web", 1)).unwrap();
    std::fs::remove_file(world.link("prod/web", 1)).unwrap();
    world.plant("prod/web", 1, &attest::sign(&payload, &new));
    assert_eq!(admit(running, None), "refused key-not-yet-valid");
}

#[test]
fn what_a_revoked_key_signed_is_refused_unless_it_is_kept() {
    let world = World::started();
    let standby = key(2);
    let both = trust(&[(1, EVER), (2, EVER)]);
    commit(&world, &both, "a key that stands by");
    let first = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web link 1 medium; prod/db nothing new 0"
    );
    world.set_clock("2026-11-21T10:00:00Z");
    let second = world.label(APP, "b", "c");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 2 medium");
    let admit = |trust: &TrustFile, head, deployed| {
        world.admit_by(trust, "prod", Some("web"), head, deployed)
    };
    assert_eq!(admit(&both, first, Some(first)), "running 1 medium");

    let known = ["main/gate", "prod/web"].map(|unit| [0, 1].map(|at| digest(&world, unit, at)));
    let known = known.concat();
    let nothing = revoking(both.clone(), 1, &[]);
    assert_eq!(admit(&nothing, first, None), "refused.key-revoked exit 4");
    let kept = revoking(both.clone(), 1, &known);
    assert_eq!(admit(&kept, first, Some(first)), "running 1 medium");
    // What was signed after the theft is not kept, listed or not.
    assert_eq!(admit(&kept, second, Some(first)), "refused key-revoked");
    let all = [known.clone(), vec![digest(&world, "prod/web", 2)]].concat();
    let more = revoking(both.clone(), 1, &all);
    assert_eq!(admit(&more, second, Some(first)), "refused key-revoked");
    // What is left out does not count, though it runs.
    let fewer = revoking(both.clone(), 1, &known[..3]);
    assert_eq!(admit(&fewer, first, Some(first)), "refused key-revoked");

    // The gate learns it by the key that stood by, and everything goes on from what was kept.
    commit(&world, &kept, "revoke");
    assert_eq!(
        world.sign_with(&standby, "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    for unit in [None, Some("web"), Some("gate")] {
        assert_eq!(world.sign("prod", unit), "key.revoked exit 3");
        assert_eq!(world.baseline("prod", unit), "key.revoked exit 3");
    }
    // Where the thief's link lies, nothing is signed on top of the one before it: a baseline is.
    assert_eq!(
        world.sign_with(&standby, "prod", Some("web")),
        "prod/web store.blocked exit 3"
    );
    assert_eq!(
        world.baseline_with(&standby, "prod", Some("web")),
        "prod/web baseline 3"
    );
    assert_eq!(admit(&kept, second, Some(first)), "baseline 3 low");
    let third = world.label(APP, "c", "d");
    assert_eq!(
        world.sign_with(&standby, "prod", Some("web")),
        "prod/web link 4 medium"
    );
    assert_eq!(admit(&kept, third, Some(second)), "judged 4 medium");
}

#[test]
fn where_no_key_stood_by_the_lost_one_names_its_heir_and_all_is_accepted_anew() {
    let world = World::started();
    let heir = key(2);
    let revoked = revoking(trust(&[(1, EVER), (2, EVER)]), 1, &[]);
    commit(&world, &revoked, "revoke");
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let admit = |head, deployed| world.admit_by(&revoked, "prod", Some("web"), head, deployed);
    assert_eq!(admit(head, None), "refused.key-revoked exit 4");
    assert_eq!(
        world.sign_with(&heir, "prod", Some("web")),
        "prod/web sign.no-baseline exit 3"
    );
    assert_eq!(
        world.baseline_with(&heir, "prod", None),
        "main/gate baseline 2; prod/web baseline 1; prod/db baseline 1"
    );
    assert_eq!(admit(head, None), "baseline 1 low");
}

#[test]
fn the_gate_is_never_locked_by_revoking_its_last_signer_or_by_a_time_that_is_over() {
    let world = World::started();
    let locked = "main/gate trust-root.no-gate-signer exit 3";
    let two = trust(&[(1, EVER), (2, EVER)]);
    for (file, expected) in [
        (revoking(trust(&[(1, EVER)]), 1, &[]), locked),
        (
            trust(&[(1, validity(None, Some("2026-11-20T10:00:00Z")))]),
            locked,
        ),
        (
            revoking(two.clone(), 1, &[])
                .with_thresholds([(Role::MergeSigner, 2)].into())
                .unwrap(),
            locked,
        ),
        (two, "main/gate link 1 critical"),
    ] {
        commit(&world, &file, "other keys");
        assert_eq!(world.sign("prod", Some("gate")), expected);
    }
}

fn together(keys: &[u8]) -> Together {
    let keys = keys
        .iter()
        .map(|byte| Box::new(key(*byte)) as Box<dyn Signatory>);
    Together::new(keys.collect())
}

#[test]
fn two_principals_sign_where_it_takes_two() {
    let world = World::started();
    let two = trust(&[(1, EVER), (2, EVER)])
        .with_thresholds([(Role::MergeSigner, 2)].into())
        .unwrap();
    commit(&world, &two, "two sign");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical",
        "the file before it wants one"
    );
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "key.threshold exit 3");
    // What one of them signed before counts for nobody who reads the new file.
    let admit = |head, deployed| world.admit_by(&two, "prod", Some("web"), head, deployed);
    assert_eq!(admit(head, None), "refused.threshold exit 4");
    for one in [&[1, 1][..], &[1, 9], &[2]] {
        let keys = together(one);
        assert_eq!(
            world.sign_with(&keys, "prod", Some("web")),
            "key.threshold exit 3"
        );
    }
    assert_eq!(
        world.baseline_with(&together(&[1, 2]), "prod", None),
        "main/gate baseline 2; prod/web baseline 1; prod/db baseline 1"
    );
    assert_eq!(admit(head, None), "baseline 1 low");
    let next = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&together(&[2, 1]), "prod", Some("web")),
        "prod/web link 2 medium"
    );
    assert_eq!(admit(next, Some(head)), "judged 2 medium");
    // A thief of one key signs alone.
    let payload = attest::unverified_payload(&world.envelope("prod/web", 2)).unwrap();
    std::fs::remove_file(world.link("prod/web", 2)).unwrap();
    let one: &SigningKey = &key(1);
    world.plant("prod/web", 2, &attest::sign(&payload, one));
    assert_eq!(admit(next, Some(head)), "refused threshold");
}

#[test]
fn one_of_two_principals_takes_back_what_it_takes_both_to_sign() {
    let mut world = World::started();
    let two = trust(&[(1, EVER), (2, EVER)])
        .with_thresholds([(Role::MergeSigner, 2)].into())
        .unwrap();
    commit(&world, &two, "two sign");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.baseline_with(&together(&[1, 2]), "prod", None),
        "main/gate baseline 2; prod/web baseline 1; prod/db baseline 1"
    );
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&together(&[1, 2]), "prod", Some("web")),
        "prod/web link 2 medium"
    );
    let link = digest(&world, "prod/web", 2).to_string();
    world.key = key(9);
    let (exit, said) = world.withdraws(&link, &[]);
    assert!(exit == 3 && said.contains("key.not-trusted"), "{said}");
    std::fs::remove_file(world.key_file()).unwrap();
    world.key = key(2);
    let (exit, said) = world.withdraws(&link, &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("prod/web: link 2 is withdrawn"), "{said}");
    let answer = world.admit_by(&two, "prod", Some("web"), head, None);
    assert_eq!(answer, "refused withdrawn");
}

#[test]
fn a_rotation_done_to_its_end_leaves_nothing_that_rests_on_the_key_that_went() {
    let world = World::started();
    let (old, new) = (key(1), key(2));
    let from = validity(Some("2026-11-20T10:00:00Z"), None);
    let end = "2026-12-04T10:00:00Z";
    // Steps 1 and 2 of `keys rotate --plan`.
    let both = trust(&[(1, EVER), (2, from)]);
    commit(&world, &both, "the key that follows");
    assert_eq!(
        world.sign_with(&old, "prod", Some("gate")),
        "main/gate link 1 critical"
    );
    // Step 3.
    world.set_clock("2026-11-26T10:00:00Z");
    let running = world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&new, "prod", None),
        "main/gate nothing new 1; prod/web link 1 medium; prod/db nothing new 0"
    );
    // Step 4.
    let ending = trust(&[(1, validity(None, Some(end))), (2, from)]);
    commit(&world, &ending, "the old one ends");
    assert_eq!(
        world.sign_with(&new, "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    // While the old key signs, its links are as good as any: nobody accepts anew because two keys take turns.
    assert_eq!(
        world.baseline_with(&new, "prod", Some("gate")),
        "main/gate nothing new 2"
    );
    assert_eq!(
        world.baseline_with(&old, "prod", Some("db")),
        "prod/db baseline 1"
    );
    // Step 5: all is accepted anew, and once.
    world.set_clock(end);
    assert_eq!(
        world.baseline_with(&new, "prod", None),
        "main/gate baseline 3; prod/web baseline 2; prod/db baseline 2"
    );
    assert_eq!(
        world.baseline_with(&new, "prod", Some("gate")),
        "main/gate nothing new 3"
    );
    let alone = trust(&[(2, from)]);
    let admit = |unit, head| world.admit_by(&alone, "prod", Some(unit), head, Some(running));
    assert_eq!(admit("web", running), "running 2 low");
    assert_eq!(admit("db", running), "running 2 low");
    // Step 6.
    commit(&world, &alone, "the old one is gone");
    assert_eq!(
        world.sign_with(&new, "prod", Some("gate")),
        "main/gate link 4 critical"
    );
    let next = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&new, "prod", None),
        "main/gate nothing new 4; prod/web link 3 medium; prod/db nothing new 2"
    );
    assert_eq!(admit("web", next), "judged 3 medium");
    assert_eq!(
        world.sign_with(&old, "prod", None),
        "key.not-trusted exit 3"
    );
}

#[test]
fn what_was_taken_back_stays_so_when_the_key_that_did_it_is_revoked() {
    let world = World::started();
    let both = trust(&[(1, EVER), (2, EVER)]);
    commit(&world, &both, "two keys");
    let standby = key(2);
    let start = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&standby, "prod", None),
        "key.not-trusted exit 3"
    );
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign_with(&standby, "prod", Some("web")),
        "prod/web link 1 medium"
    );
    world.withdraw("prod/web", 1);
    let kept = [
        digest(&world, "main/gate", 0),
        digest(&world, "main/gate", 1),
        digest(&world, "prod/web", 0),
    ];
    let revoked = revoking(both, 1, &kept);
    let answer = world.admit_by(&revoked, "prod", Some("web"), head, Some(start));
    assert_eq!(answer, "refused withdrawn");
}

#[test]
fn a_withdrawal_that_a_revocation_keeps_counts_also_where_the_link_says_a_later_time() {
    let world = World::started();
    let both = trust(&[(1, EVER), (2, EVER)]);
    commit(&world, &both, "two keys");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let head = world.label(APP, "a", "b");
    world.set_clock("2027-11-20T10:00:00Z");
    assert_eq!(
        world.sign_with(&key(2), "prod", Some("web")),
        "prod/web link 1 medium"
    );
    world.set_clock("2026-11-20T12:00:00Z");
    world.withdraw("prod/web", 1);
    let kept = [("main/gate", 0), ("main/gate", 1), ("prod/web", 0)];
    let kept = kept.map(|(unit, at)| digest(&world, unit, at)).to_vec();
    let admit = |trust: &TrustFile| world.admit_by(trust, "prod", Some("web"), head, Some(head));
    assert_eq!(admit(&both), "refused withdrawn");
    let folder = std::fs::read_dir(world.verdicts().join("withdrawals")).unwrap();
    let statements = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let taken = statements.map(|file| Digest::of(&attest::unverified_payload(&file).unwrap()));
    let with_it = [kept.clone(), taken.collect()].concat();
    assert_eq!(
        admit(&revoking(both.clone(), 1, &with_it)),
        "refused withdrawn"
    );
    // A thief could have dated it back.
    assert_eq!(admit(&revoking(both, 1, &kept)), "running 1 medium");
}

#[test]
fn from_its_revocation_on_a_key_takes_nothing_back() {
    let mut world = World::started();
    let both = trust(&[(1, EVER), (2, EVER)]);
    commit(&world, &both, "two keys");
    let standby = key(2);
    let start = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign_with(&standby, "prod", Some("web")),
        "prod/web link 1 medium"
    );
    // The thief, after the instant that the revocation names.
    world.set_clock("2026-11-21T00:00:00Z");
    world.withdraw("prod/web", 1);
    let kept = [("main/gate", 0), ("main/gate", 1), ("prod/web", 0)];
    let kept = kept.map(|(unit, at)| digest(&world, unit, at)).to_vec();
    let admit = |trust: &TrustFile| world.admit_by(trust, "prod", Some("web"), head, Some(start));
    assert_eq!(admit(&both), "refused withdrawn", "while it is trusted");
    world.set_clock("2026-11-20T11:00:00Z");
    let revoked = revoking(both.clone(), 1, &kept);
    let answer = world.admit_by(&revoked, "prod", Some("web"), head, Some(start));
    assert_eq!(answer, "judged 1 medium");
    // What the owner took back in good faith after that instant is kept by name.
    let folder = std::fs::read_dir(world.verdicts().join("withdrawals")).unwrap();
    let statements = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let taken = statements.map(|file| Digest::of(&attest::unverified_payload(&file).unwrap()));
    let kept = [kept, taken.collect()].concat();
    let revoked = revoking(both, 1, &kept);
    let answer = world.admit_by(&revoked, "prod", Some("web"), head, Some(start));
    assert_eq!(answer, "refused withdrawn");
    // The command is told at once that its key takes nothing back.
    commit(&world, &revoked, "revoke");
    assert_eq!(
        world.sign_with(&standby, "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    world.key = key(1);
    let link = digest(&world, "prod/web", 0).to_string();
    let (exit, said) = world.withdraws(&link, &[]);
    assert!(exit == 3 && said.contains("key.revoked"), "{said}");
}

/// What `check` says of the newest commit, on one line.
fn checks(world: &World) -> (i32, String) {
    let line = ["check", "HEAD~1..HEAD", "--now", "2026-11-20T11:00:00Z"];
    let (exit, out, errors) = world.run(&line);
    let said = format!("{out}{errors}");
    (exit, said.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn wanting(trust: TrustFile, wanted: usize) -> TrustFile {
    let wanted = [(Role::MergeSigner, wanted)].into();
    trust.with_thresholds(wanted).unwrap()
}

#[test]
fn a_check_refuses_the_trust_file_that_would_lock_the_gate_as_the_signer_does() {
    let world = World::started();
    let over = validity(None, Some("2026-11-20T10:00:00Z"));
    let elsewhere = super::world::trust(&[(&world.key, &["prod"])]);
    let locked = [
        revoking(trust(&[(1, EVER)]), 1, &[]),
        trust(&[(1, over)]),
        revoking(wanting(trust(&[(1, EVER), (2, EVER)]), 2), 1, &[]),
        elsewhere,
    ];
    for file in locked {
        commit(&world, &file, "other keys");
        let (exit, said) = checks(&world);
        assert_eq!(exit, 3, "{said}");
        let told = "error[trust-root.no-gate-signer]";
        assert!(said.contains(told), "{said}");
        let signed = world.sign("prod", Some("gate"));
        assert_eq!(signed, "main/gate trust-root.no-gate-signer exit 3");
    }
    commit(&world, &trust(&[(1, EVER), (2, EVER)]), "two keys");
    let (exit, said) = checks(&world);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn who_signs_for_the_gate_of_another_branch_is_not_asked_of_this_one() {
    let other = "  - name: old\n    branch: release/1\n    paths: [\"old/**\"]\n";
    let world = World::judged_by(&format!("{JUDGE}{other}"));
    let here = |more: &[&str]| {
        let names = [&["prod", "twin", "dev", "main/gate"], more].concat();
        super::world::trust(&[(&world.key, &names)])
    };
    commit(&world, &here(&[]), "main alone");
    assert_eq!(checks(&world).0, 3, "somebody could before");
    world.repo.write("CODEOWNERS", "* @ada\n");
    world.repo.commit("an owner");
    let (exit, said) = checks(&world);
    assert_eq!(exit, 0, "{said}");
    commit(&world, &here(&["release/1/gate"]), "both");
    assert_eq!(checks(&world).0, 0);
    commit(&world, &here(&[]), "main alone again");
    let (exit, said) = checks(&world);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("release/1/gate"), "{said}");
}

#[test]
fn a_check_warns_where_all_must_sign_and_none_may_be_lost() {
    let world = World::started();
    let warning = "engine.no-spare-key";
    let three = trust(&[(1, EVER), (2, EVER), (3, EVER)]);
    let over = validity(None, Some("2026-11-20T10:00:00Z"));
    for (file, warns) in [
        (wanting(three.clone(), 2), false),
        (wanting(three.clone(), 3), true),
        (wanting(trust(&[(1, EVER), (2, EVER), (3, over)]), 2), true),
        (wanting(three, 1), false),
        // One key is what everybody begins with.
        (trust(&[(1, EVER)]), false),
    ] {
        commit(&world, &file, "other keys");
        let (exit, said) = checks(&world);
        assert_eq!(exit, 0, "{said}");
        assert_eq!(said.contains(warning), warns, "{said}");
    }
    world.repo.write("CODEOWNERS", "* @ada\n");
    commit(&world, &wanting(trust(&[(1, EVER), (2, EVER)]), 2), "two");
    assert!(checks(&world).1.contains(warning));
    world.repo.write("CODEOWNERS", "* @bob\n");
    world.repo.commit("another owner");
    let (exit, said) = checks(&world);
    assert_eq!(exit, 0, "{said}");
    assert!(!said.contains(warning), "said once: {said}");
}

#[test]
fn where_all_must_sign_and_one_key_is_lost_a_store_that_begins_anew_is_the_way_back() {
    let world = World::started();
    let two = wanting(trust(&[(1, EVER), (2, EVER)]), 2);
    commit(&world, &two, "two sign");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.baseline_with(&together(&[1, 2]), "prod", None),
        "main/gate baseline 2; prod/web baseline 1; prod/db baseline 1"
    );
    let running = world.repo.id("HEAD");
    // Key 2 is lost: whatever the branch says, what was accepted needs both.
    let next = wanting(trust(&[(1, EVER), (3, EVER), (4, EVER)]), 2);
    commit(&world, &next, "key 2 is lost");
    let locked = "key.threshold exit 3";
    for keys in [together(&[1]), together(&[1, 3])] {
        assert_eq!(world.sign_with(&keys, "prod", Some("gate")), locked);
        assert_eq!(world.baseline_with(&keys, "prod", None), locked);
    }
    // What runs, and what was accepted, is admitted as before.
    let admit = |trust: &TrustFile, head, deployed| {
        world.admit_by(trust, "prod", Some("web"), head, deployed)
    };
    assert_eq!(admit(&two, running, None), "baseline 1 low");
    // Another store begins with the trust file of the branch, by the keys that it names.
    std::fs::rename(world.verdicts(), world.repo.beside("verdicts-before")).unwrap();
    let head = world.label(APP, "a", "b");
    assert_eq!(world.baseline_with(&together(&[1]), "prod", None), locked);
    assert_eq!(
        world.baseline_with(&together(&[1, 3]), "prod", None),
        "main/gate baseline 0; prod/web baseline 0; prod/db baseline 0"
    );
    // Who holds the trust file of `admit` decides whether that counts.
    assert_eq!(admit(&two, head, None), "refused.threshold exit 4");
    assert_eq!(admit(&next, head, None), "baseline 0 low");
    let after = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&together(&[3, 4]), "prod", Some("web")),
        "prod/web link 1 medium"
    );
    assert_eq!(admit(&next, after, Some(head)), "judged 1 medium");
}

/// What an audit says of each unit by these keys: links, what a baseline accepted anew, refusals.
fn audited(world: &World, trust: &TrustFile) -> Vec<String> {
    let line = |unit: tidegate::gate::Audited| {
        let refusals: Vec<&str> = unit.refusals.iter().map(|it| it.reason.as_str()).collect();
        let (links, anew) = (unit.links, unit.superseded);
        format!("{} {links} {anew} {}", unit.unit, refusals.join(" "))
    };
    let units = tidegate::gate::audit(&world.store(), trust).unwrap();
    units.into_iter().map(line).collect()
}

/// Signed by a key that went, and by one that is left.
fn handed_over() -> World {
    let world = World::started();
    let (old, new) = (key(1), key(2));
    commit(&world, &trust(&[(1, EVER), (2, EVER)]), "two keys");
    world.sign_with(&old, "prod", Some("gate"));
    world.label(APP, "a", "b");
    world.sign_with(&old, "prod", Some("web"));
    world.drop_limit();
    assert!(
        world
            .sign_with(&old, "prod", Some("web"))
            .contains(" fail ")
    );
    world.edit(
        APP,
        "limits: {cpu: 200m}",
        "limits: {cpu: 200m, memory: 128Mi}",
    );
    world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&new, "prod", Some("web")),
        "prod/web link 2 medium"
    );
    world
}

#[test]
fn what_a_baseline_accepted_anew_is_no_fault_of_the_store_below_it() {
    let world = handed_over();
    let (old, new) = (key(1), key(2));
    let alone = trust(&[(2, EVER)]);
    let before = [
        "main/gate 0 0 signature signature",
        "prod/db 0 0 signature",
        "prod/web 0 0 signature signature store-gap signature",
    ];
    assert_eq!(audited(&world, &alone), before, "nothing was accepted anew");
    let ending = validity(None, Some("2026-11-20T12:00:00Z"));
    commit(
        &world,
        &trust(&[(1, ending), (2, EVER)]),
        "the old one ends",
    );
    world.sign_with(&new, "prod", Some("gate"));
    world.set_clock("2026-11-20T12:00:00Z");
    assert_eq!(
        world.baseline_with(&new, "prod", None),
        "main/gate baseline 3; prod/web baseline 3; prod/db baseline 1"
    );
    let whole = ["main/gate 1 3 ", "prod/db 1 1 ", "prod/web 1 4 "];
    assert_eq!(audited(&world, &alone), whole);
    // It goes with a copy as little, and is missing there as little.
    commit(&world, &alone, "the old one is gone");
    world.sign_with(&new, "prod", Some("gate"));
    let to = tidegate::store::FolderStore::new(world.repo.beside("copy"));
    let request = tidegate::gate::PublishRequest {
        from: &world.store(),
        to: &to,
    };
    let copied = tidegate::gate::publish(&world.repo.open(), &request).unwrap();
    let mut left = copied.iter().flat_map(|unit| &unit.left);
    assert!(left.clone().count() > 3 && left.all(|left| !left.is_missing()));
    a_damaged_link_is_one(&world, &alone, whole[2]);
    // Above a baseline, nobody accepted anything.
    world.plant("prod/db", 2, &attest::sign(b"{}", &old));
    assert!(audited(&world, &alone)[1].starts_with("prod/db 1 1 "));
    assert_ne!(audited(&world, &alone)[1], whole[1]);
}

/// A byte that turned over is no key that went: a link below the baseline, by the key that is left.
fn a_damaged_link_is_one(world: &World, trust: &TrustFile, whole: &str) {
    let (link, kept) = (world.link("prod/web", 2), world.envelope("prod/web", 2));
    let mut damaged = kept.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&link, damaged).unwrap();
    let said = audited(world, trust).pop().unwrap();
    assert!(said.len() > whole.len(), "{said}");
    std::fs::write(&link, kept).unwrap();
    assert_eq!(audited(world, trust).pop().unwrap(), whole);
}

/// A world whose gate takes two to sign since its link 1.
fn raised() -> World {
    let world = World::started();
    let two = trust(&[(1, EVER), (2, EVER)])
        .with_thresholds([(Role::MergeSigner, 2)].into())
        .unwrap();
    commit(&world, &two, "two sign");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    world
}

#[test]
fn one_alone_is_not_rid_of_the_link_that_wants_two_to_sign() {
    let world = raised();
    let link = digest(&world, "main/gate", 1).to_string();
    let (exit, said) = world.withdraws(&link, &[]);
    assert!(exit == 3 && said.contains("key.threshold"), "{said}");
    // Nor by another program.
    world.withdraw("main/gate", 1);
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "key.threshold exit 3");
    let other = world.repo.beside("other.pem");
    attest::write_private(&other, &key(2)).unwrap();
    let both = ["--key-file", other.to_str().unwrap()];
    let (exit, said) = world.withdraws(&link, &both);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
}

#[test]
fn the_next_link_of_the_gate_is_signed_by_the_file_of_the_one_that_was_taken_back() {
    let world = raised();
    let link = digest(&world, "main/gate", 1).to_string();
    let other = world.repo.beside("other.pem");
    attest::write_private(&other, &key(2)).unwrap();
    let (exit, said) = world.withdraws(&link, &["--key-file", other.to_str().unwrap()]);
    assert_eq!(exit, 0, "{said}");
    commit(&world, &trust(&[(1, EVER), (3, EVER)]), "one signs");
    assert_eq!(world.sign("prod", Some("gate")), "key.threshold exit 3");
    let accepted = world.baseline("prod", Some("gate"));
    assert_eq!(accepted, "key.threshold exit 3");
    assert_eq!(
        world.sign_with(&together(&[1, 2]), "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&key(3), "prod", None),
        "main/gate nothing new 2; prod/web link 1 medium; prod/db nothing new 0"
    );
}

#[test]
fn a_link_that_named_other_keys_and_was_taken_back_locks_nobody_out() {
    let world = World::started();
    commit(&world, &trust(&[(2, EVER)]), "another key");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    world.withdraw("main/gate", 1);
    commit(&world, &trust(&[(1, EVER), (2, EVER)]), "both");
    assert_eq!(world.sign("prod", Some("gate")), "key.not-trusted exit 3");
    assert_eq!(
        world.sign_with(&key(2), "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
}

#[test]
fn where_every_key_is_over_what_is_said_leads_to_the_way_back() {
    let world = World::new();
    let over = trust(&[(1, validity(None, Some("2026-11-20T10:00:00Z")))]);
    world.repo.write(TRUST, over.print()).commit("over");
    let (key, store) = (world.key_file(), world.store_name());
    let to = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    for line in [
        &["keys", "rotate", "--plan"][..],
        &[&["baseline"], &to[..]].concat(),
    ] {
        let (exit, _, said) = world.run(line);
        assert_ne!(exit, 0, "{said}");
        assert!(said.contains("docs/disaster.md"), "{said}");
    }
    let way_back = include_str!("../../../docs/disaster.md");
    let (_, section) = way_back.split_once("## All had to sign").unwrap();
    assert!(
        section
            .split("\n## ")
            .next()
            .unwrap()
            .contains("`key.expired`")
    );
}
