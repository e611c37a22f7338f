//! Signed links that a store lost sight of: `sign` makes none beside them, and a baseline settles it.

use std::fs;

use super::world::{APP, CONFIG, JUDGE, World};

/// `web` with the links 1 and 2, and a change after them.
fn signed() -> World {
    let world = World::started();
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    world.label(APP, "b", "c");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 2 medium");
    world.label(APP, "c", "d");
    world
}

#[test]
fn nothing_is_signed_below_a_link_that_was_signed() {
    let world = signed();
    fs::remove_file(world.link("prod/web", 1)).unwrap();
    for _ in 0..2 {
        assert_eq!(
            world.sign("prod", Some("web")),
            "prod/web store.link-above exit 3"
        );
        assert!(!world.link("prod/web", 1).exists());
    }
    assert_eq!(world.sign("prod", Some("db")), "prod/db nothing new 0");
    assert_eq!(
        world.baseline("prod", Some("web")),
        "prod/web baseline 3",
        "above what was signed"
    );
    assert_eq!(
        world.baseline("prod", Some("web")),
        "prod/web nothing new 3"
    );
    let before = world.repo.id("HEAD");
    let head = world.label(APP, "d", "e");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 4 medium");
    assert_eq!(world.admit("web", head, Some(before)), "judged 4 medium");
}

#[test]
fn a_link_that_was_put_back_is_followed() {
    let world = signed();
    let lost = world.envelope("prod/web", 1);
    fs::remove_file(world.link("prod/web", 1)).unwrap();
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web store.link-above exit 3"
    );
    world.plant("prod/web", 1, &lost);
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 3 medium");
}

#[test]
fn a_store_with_nothing_but_later_links_is_begun_again_above_them() {
    let world = signed();
    for height in 0..2 {
        fs::remove_file(world.link("prod/web", height)).unwrap();
    }
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web sign.no-baseline exit 3"
    );
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 0");
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 3");
    world.label(APP, "d", "e");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 4 medium");
}

#[test]
fn a_lost_link_of_the_gate_is_asked_for() {
    let world = World::started();
    for comment in ["one", "two"] {
        world.repo.write(CONFIG, format!("# {comment}\n{JUDGE}"));
        world.repo.commit(comment);
        let said = world.sign("prod", Some("gate"));
        assert!(said.starts_with("main/gate link "), "{said}");
    }
    let lost = world.envelope("main/gate", 1);
    fs::remove_file(world.link("main/gate", 1)).unwrap();
    let told = "main/gate store.link-above exit 3";
    assert_eq!(world.sign("prod", Some("gate")), told);
    assert_eq!(world.baseline("prod", Some("gate")), told);
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web store.link-above exit 3",
        "an older state of the gate is no judge"
    );
    world.plant("main/gate", 1, &lost);
    assert_eq!(world.sign("prod", Some("gate")), "main/gate nothing new 2");
}

/// `web` with two signed links of height 1.
fn forked() -> World {
    let world = World::started();
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let other = world.verdicts().join("links/prod/web/1-again.json");
    fs::rename(world.link("prod/web", 1), other).unwrap();
    world.label(APP, "b", "c");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web store.link-above exit 3",
        "a link under another name is not lost"
    );
    let other = world.verdicts().join("links/prod/web/1-again.json");
    let aside = fs::read(&other).unwrap();
    fs::remove_file(&other).unwrap();
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    fs::write(other, aside).unwrap();
    world
}

#[test]
fn nothing_is_signed_or_renewed_on_top_of_two_links_of_one_height() {
    let world = forked();
    let running = world.repo.id("HEAD");
    let told = "prod/web store.equivocation exit 3";
    let arguments = ["sign", "--renew", "--env", "prod", "--unit", "web"];
    let (key, store) = (world.key_file(), world.store_name());
    let rest = ["--key-file", &key, "--verdicts", &store];
    let (exit, out, _) = world.run(&[&arguments[..], &rest].concat());
    assert_eq!(exit, 3, "{out}");
    assert!(out.contains("store.equivocation"), "{out}");
    let head = world.label(APP, "c", "d");
    assert_eq!(world.sign("prod", Some("web")), told);
    assert!(!world.link("prod/web", 2).exists());
    assert_eq!(
        world.admit("web", head, Some(running)),
        "refused equivocation"
    );
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 2");
    assert_eq!(world.admit("web", head, Some(running)), "baseline 2 low");
    world.label(APP, "d", "e");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 3 medium");
}

#[test]
fn what_does_not_count_is_named_by_sign_and_by_an_admission() {
    let world = World::started();
    let head = world.repo.id("HEAD").to_string();
    let foreign = world.verdicts().join("links/prod/web/notes\u{1b}.json");
    fs::write(foreign, "{}").unwrap();
    let (key, trust, store) = (world.key_file(), world.trust_file(), world.store_name());
    let unit = ["--env", "prod", "--unit", "web", "--verdicts", &store];
    let sign = ["sign", "--key-file", &key];
    let admit = ["admit", "--trust", &trust, "--revision", &head];
    for command in [&sign[..], &admit] {
        let (exit, _, err) = world.run(&[command, &unit].concat());
        assert_eq!(exit, 0, "{err}");
        assert!(err.starts_with("warning: prod/web: `"), "{err}");
        assert!(
            err.contains("notes\\u{1b}.json` does not count (malformed: "),
            "{err}"
        );
    }
}
