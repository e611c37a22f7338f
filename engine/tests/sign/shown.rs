//! `verdict show`, `verdict diff`, `verdict log` and `verify --all`: what is shown, and who vouches for it.

use std::fs;

use serde_json::Value;

use super::world::{APP, CONFIG, DATABASE, JUDGE, World, key};
use crate::contracts::problems;

/// A baseline, a link that was withdrawn, one in its place that was renewed, and a failed verdict.
fn told() -> World {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    world.withdraw("prod/web", 1);
    world.label(APP, "b", "c");
    world.sign("prod", None);
    let (key, store) = (world.key_file(), world.store_name());
    let renew = ["sign", "--renew", "--env=prod", "--unit=web"];
    let (exit, out, errors) =
        world.run(&[&renew, &["--key-file", &key, "--verdicts", &store][..]].concat());
    assert_eq!(exit, 0, "{out}{errors}");
    world.drop_limit();
    world.sign("prod", Some("web"));
    world
}

fn asked(world: &World, line: &[&str]) -> (i32, String) {
    let store = world.store_name();
    let (exit, out, errors) = world.run(&[line, &["--verdicts", &store]].concat());
    (exit, out + &errors)
}

fn document(world: &World, line: &[&str], expected: i32) -> Value {
    let (exit, said) = asked(world, &[line, &["--output", "json"]].concat());
    assert_eq!(exit, expected, "{said}");
    let document: Value = serde_json::from_str(
        said.lines()
            .take_while(|line| !line.starts_with("error"))
            .collect::<Vec<_>>()
            .join("\n")
            .as_str(),
    )
    .unwrap();
    assert_eq!(problems("verdicts.v1.json", &document), [""; 0], "{said}");
    assert_eq!(document["exit"], exit);
    document
}

#[test]
fn a_log_of_what_the_store_does_not_have_is_an_error() {
    let world = told();
    for wrong in [
        &["--env=nope"][..],
        &["--unit=nope"],
        &["--env=prod", "--unit=gate"],
    ] {
        let (exit, said) = asked(&world, &[&["verdict", "log"], wrong].concat());
        assert_eq!(exit, 2, "{said}");
        assert!(
            said.contains("usage.unknown-name") && said.contains("main/gate"),
            "{said}"
        );
    }
}

#[test]
fn the_log_tells_newest_first_what_became_of_each_verdict() {
    let world = told();
    let trust = world.trust_file();
    let log = ["verdict", "log", "--env=prod", "--unit=web"];
    let (exit, said) = asked(&world, &[&log, &["--trust", &trust][..]].concat());
    assert_eq!(exit, 0, "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, words) in lines.iter().zip([
        &["prod/web report ", "FAIL, 1 denied", "by ci"][..],
        &[
            "prod/web link 2 ",
            "pass, tier medium",
            "renewed until ",
            "by ci",
        ],
        &[
            "prod/web link 1 ",
            "WITHDRAWN 2026-11-20T10:00:02Z: wrong",
            "by ci",
        ],
        &["prod/web link 0 ", "baseline, commit ", "by ci"],
    ]) {
        for word in words {
            assert!(line.contains(word), "`{word}` in {line}");
        }
        assert!(!line.contains("unverified"), "{line}");
    }
    let (exit, said) = asked(&world, &log);
    assert_eq!((exit, said.lines().count()), (0, 4), "{said}");
    for line in said.lines() {
        assert!(
            line.contains(": unverified, ") && !line.contains("by ci"),
            "{line}"
        );
    }
    let (_, said) = asked(&world, &["verdict", "log"]);
    assert!(said.starts_with("main/gate link 0 "), "{said}");
    let (exit, said) = world_without_store(&world, &["verdict", "log"]);
    assert!(exit == 2 && said.contains("usage.no-store"), "{said}");

    let json = document(&world, &[&log, &["--trust", &trust][..]].concat(), 0);
    let verdicts = json["verdicts"].as_array().unwrap();
    let of = |field: &str| {
        verdicts
            .iter()
            .map(|it| it[field].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("standing"), ["report", "stands", "withdrawn", "stands"]);
    assert_eq!(of("height"), [Value::Null, 2.into(), 1.into(), 0.into()]);
    assert_eq!(of("belief"), ["verified"; 4]);
    assert_eq!(verdicts[2]["withdrawals"][0]["reason"], "wrong");
    assert!(verdicts[1]["renewedUntil"].is_string());
    let json = document(&world, &log, 0);
    assert_eq!(json["verdicts"][2]["standing"], "claimed");
}

fn world_without_store(world: &World, line: &[&str]) -> (i32, String) {
    let (exit, out, errors) = world.run(line);
    (exit, out + &errors)
}

#[test]
fn what_does_not_verify_is_shown_as_such() {
    let world = told();
    let stranger = super::world::trust(&[(&key(9), &[])]);
    let path = world.repo.beside("other.json");
    fs::write(&path, stranger.print()).unwrap();
    let other = path.to_str().unwrap();
    let link = world.link("prod/web", 2);
    let link = link.to_str().unwrap();
    let show = ["verdict", "show", link];
    let (exit, said) = world_without_store(&world, &show);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains(": unverified, pass, tier medium"), "{said}");
    let (exit, said) = world_without_store(&world, &[&show, &["--trust", other][..]].concat());
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains(": DOES NOT VERIFY (signature), "), "{said}");
    let log = [
        "verdict",
        "log",
        "--env=prod",
        "--unit=web",
        "--trust",
        other,
    ];
    let (exit, said) = asked(&world, &log);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(
        said.matches("does not count: signature").count(),
        4,
        "{said}"
    );
    let json = document(&world, &[&show, &["--trust", other][..]].concat(), 4);
    let shown = &json["verdicts"][0];
    assert_eq!(
        (&shown["belief"], &shown["signers"]),
        (&"rejected".into(), &Value::Array(Vec::new()))
    );
    assert_eq!(shown["says"]["height"], 2);
}

#[test]
fn two_verdicts_are_compared_field_by_field() {
    let world = told();
    let trust = world.trust_file();
    let digest = |height: usize| {
        let json = document(&world, &["verdict", "log", "--env=prod", "--unit=web"], 0);
        json["verdicts"][3 - height]["digest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (digest(0), digest(2));
    let diff = ["verdict", "diff", &first[..12], &second, "--trust", &trust];
    let (exit, said) = asked(&world, &diff);
    assert_eq!(exit, 0, "{said}");
    for words in [
        "- prod/web link 0 ",
        "+ prod/web link 2 ",
        "/baseline\n  - true\n  + false\n",
        "/riskTier\n  - low\n  + medium\n",
        "/withdrawals\n  + ",
    ] {
        assert!(said.contains(words), "`{words}` in {said}");
    }
    let (_, said) = asked(&world, &["verdict", "diff", &first, &first]);
    assert!(said.ends_with("both say the same\n"), "{said}");
    let json = document(&world, &diff, 0);
    assert!(json["differences"].as_array().unwrap().len() > 5);
    for (line, code, expected) in [
        (&["verdict", "show", "00000000"][..], "store.no-link", 3),
        (&["verdict", "show", "nothing"], "io.read", 3),
        (
            &["verdict", "show", "tidegate.yaml"],
            "refused[malformed]",
            4,
        ),
    ] {
        let (exit, said) = asked(&world, line);
        assert_eq!(exit, expected, "{said}");
        assert!(said.contains(code), "{line:?}: {said}");
    }
}

#[test]
fn a_store_that_lost_or_gained_a_byte_is_refused_as_a_whole() {
    let world = told();
    let trust = world.trust_file();
    let all = ["verify", "--all", "--trust", &trust];
    let (exit, said) = asked(&world, &all);
    assert_eq!(exit, 0, "{said}");
    for line in [
        "main/gate: 1 link verified, the newest is link 0, 0 withdrawn, 0 failed verdicts",
        "prod/db: 1 link verified, the newest is link 0, 0 withdrawn, 0 failed verdicts",
        "prod/web: 3 links verified, the newest is link 2, 1 withdrawn, 1 failed verdict",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} in {said}");
    }
    let (exit, said) = asked(&world, &[&all[..], &["--env", "prod"]].concat());
    assert_eq!(exit, 2, "{said}");
    let link = world.link("prod/web", 1);
    let bytes = fs::read(&link).unwrap();
    fs::remove_file(&link).unwrap();
    let (exit, said) = asked(&world, &all);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[store-gap]"), "{said}");
    let mut flipped = bytes.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&link, flipped).unwrap();
    assert_eq!(asked(&world, &all).0, 4);
    fs::write(&link, &bytes).unwrap();
    assert_eq!(asked(&world, &all).0, 0);
    // A baseline above it needs nothing below, and what is missing there is told nevertheless.
    world.edit(DATABASE, "instances: 3", "instances: 4");
    world.baseline("prod", None);
    fs::remove_file(world.link("prod/web", 2)).unwrap();
    let (exit, said) = asked(&world, &all);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("expected link 2, found link 3 in its place"),
        "{said}"
    );
    let empty = world.repo.beside("empty");
    fs::create_dir(&empty).unwrap();
    let empty = format!("folder:{}", empty.display());
    let (exit, out, errors) = world.run(&[&all[..], &["--verdicts", &empty]].concat());
    assert_eq!(exit, 4, "{out}{errors}");
}

/// What `verify --all` says, in one line.
fn verified(world: &World) -> (i32, String) {
    let trust = world.trust_file();
    let (exit, said) = asked(world, &["verify", "--all", "--trust", &trust]);
    let words: Vec<&str> = said.split_whitespace().collect();
    (exit, words.join(" "))
}

#[test]
fn a_store_without_the_links_of_the_gate_is_none() {
    let world = told();
    let gate = world.link("main/gate", 0);
    let folder = gate.parent().unwrap();
    let aside = world.repo.beside("aside");
    fs::rename(folder, &aside).unwrap();
    let (exit, said) = verified(&world);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[store-gap]"), "{said}");
    let none = "expected links of `gate`, which say what judged it, found none in the store";
    assert_eq!(said.matches(none).count(), 2, "{said}");
    fs::rename(&aside, folder).unwrap();
    assert_eq!(verified(&world).0, 0);
}

#[test]
fn a_store_without_the_link_of_the_gate_that_judged_something_is_not_whole() {
    let world = World::started();
    world.repo.write(CONFIG, format!("# more\n{JUDGE}"));
    world.repo.commit("more");
    world.sign("prod", Some("gate"));
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(verified(&world).0, 0);
    fs::remove_file(world.link("main/gate", 1)).unwrap();
    let (exit, said) = verified(&world);
    assert_eq!(exit, 4, "{said}");
    let gone = "by which link 1 was judged, found nothing in its place";
    assert_eq!(said.matches(gone).count(), 1, "{said}");
}

#[test]
fn a_store_without_links_has_nothing_to_show() {
    let world = World::new();
    let line = [
        "verdict",
        "log",
        "--env",
        "prod",
        "--verdicts",
        "folder:nowhere",
    ];
    let (exit, _, said) = world.run(&line);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.nothing") && said.contains("nothing to show"),
        "{said}"
    );
}
