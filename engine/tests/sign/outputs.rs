//! `--output` of `sign`, `baseline` and `admit`: the same answer for people and for programs, as the committed schemas
//! say.

use std::fs;

use serde_json::{Value, json};

use super::world::{APP, World};
use crate::contracts::problems;

/// What the binary says of `sign` as JSON, and that it is what the schema says.
fn signing(world: &World, command: &[&str], exit: i32) -> Value {
    let (key, store) = (world.key_file(), world.store_name());
    let to = ["--key-file", &key, "--verdicts", &store, "--output", "json"];
    held("signing.v1.json", world, &[command, &to].concat(), exit)
}

/// The same of `admit`, asked about `web` of `environment`.
fn admission(world: &World, environment: &[&str], revision: &str, exit: i32) -> Value {
    let (trust, store) = (world.trust_file(), world.store_name());
    let of = ["--trust", &trust, "--verdicts", &store, "--output", "json"];
    let about = [&["admit", "--revision", revision, "--env"], environment].concat();
    held(
        "admission.v1.json",
        world,
        &[about, of.to_vec()].concat(),
        exit,
    )
}

fn held(schema: &str, world: &World, arguments: &[&str], expected: i32) -> Value {
    let (exit, out, err) = world.run(arguments);
    assert_eq!(exit, expected, "{out}{err}");
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!(problems(schema, &document), [""; 0], "{out}");
    assert_eq!(
        (&document["version"], &document["exit"]),
        (&"v1".into(), &exit.into())
    );
    document
}

#[test]
fn programs_read_what_was_signed() {
    let world = World::new();
    let first = signing(&world, &["baseline", "--env", "prod"], 0);
    assert_eq!(first["outcome"], "pass");
    assert_eq!(first["units"].as_array().unwrap().len(), 3);
    assert_eq!(first["units"][0]["environment"], "main");
    assert_eq!(first["units"][0]["verdict"]["baseline"], true);
    assert_eq!(first["units"][1]["judged"], Value::Null);

    let web = ["sign", "--env", "prod", "--unit", "web"];
    let again = signing(&world, &web, 0);
    assert_eq!(again["outcome"], "not-applicable");
    assert_eq!(
        again["units"],
        json!([{"environment": "prod", "unit": "web", "result": "nothing-new", "height": 0}])
    );

    let running = world.repo.id("HEAD").to_string();
    let head = world.label(APP, "a", "b");
    let signed = signing(&world, &web, 0);
    let unit = &signed["units"][0];
    assert_eq!(
        (&unit["result"], &unit["height"]),
        (&"link".into(), &1.into())
    );
    assert_eq!(unit["verdict"]["commit"], head.to_string());
    assert_eq!(unit["judged"]["outcome"], "pass");

    let renewed = signing(&world, &[&web[..], &["--renew"]].concat(), 0);
    assert_eq!(renewed["renewals"][0]["height"], 1);
    assert!(renewed["renewals"][0]["validUntil"].is_string());

    world.drop_limit();
    let denied = signing(&world, &web, 1);
    let unit = &denied["units"][0];
    assert_eq!(
        (&denied["outcome"], &unit["result"]),
        (&"fail".into(), &"report".into())
    );
    assert_eq!(
        unit["judged"]["findings"][0]["code"],
        "resources.missing-memory-limit"
    );

    let admitted = admission(
        &world,
        &["prod", "--unit", "web", "--deployed", &running],
        &head.to_string(),
        0,
    );
    let unit = &admitted["units"][0];
    assert_eq!(
        (&admitted["outcome"], &unit["outcome"]),
        (&"admitted".into(), &"admitted".into())
    );
    assert_eq!(unit["link"]["height"], 1);
    assert_eq!(
        unit["link"]["digest"],
        signed["units"][0]["verdict"]["digest"]
    );
}

#[test]
fn programs_read_why_something_is_refused_or_not_decided() {
    let world = World::started();
    world.label(APP, "a", "b");
    let refused = admission(&world, &["prod"], "HEAD", 4);
    assert_eq!(refused["outcome"], "refused");
    let of = |unit: &str| {
        let units = refused["units"].as_array().unwrap();
        units
            .iter()
            .find(|found| found["unit"] == unit)
            .unwrap()
            .clone()
    };
    assert_eq!(of("web")["refusals"][0]["code"], "refused.missing");
    assert_eq!(of("db")["outcome"], "admitted");

    let observed = admission(&world, &["dev"], "HEAD", 0);
    assert_eq!(observed["outcome"], "would-refuse");

    for (revision, environment, code) in [
        ("nowhere", "prod", "usage.unknown-revision"),
        ("HEAD", "nowhere", "usage.unknown-name"),
        ("HEAD", "gate", "usage.unknown-name"),
    ] {
        let (trust, store) = (world.trust_file(), world.store_name());
        let file = world.repo.beside("answer.json");
        fs::write(&file, "{\"outcome\": \"admitted\"}").unwrap();
        let output = format!("json={}", file.display());
        let (exit, out, err) = world.run(&[
            "admit",
            "--env",
            environment,
            "--revision",
            revision,
            "--trust",
            &trust,
            "--verdicts",
            &store,
            "--output",
            &output,
        ]);
        assert!(exit > 1 && out.is_empty(), "{out}{err}");
        assert!(err.contains(&format!("error[{code}]")), "{err}");
        let words: Vec<&str> = err.split_whitespace().collect();
        let of_gate = words.join(" ").contains("--env NAME --unit gate");
        assert_eq!(of_gate, environment == "gate", "{err}");
        let document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(problems("admission.v1.json", &document), [""; 0]);
        assert_eq!(document["outcome"], "error");
        assert_eq!(document["errors"][0]["code"], code);
    }
}

#[test]
fn people_read_the_same_in_a_file_and_other_formats_are_refused_at_once() {
    let world = World::started();
    world.label(APP, "a", "b");
    let (key, store) = (world.key_file(), world.store_name());
    let file = world.repo.beside("said.txt");
    let output = format!("human={}", file.display());
    let sign = [
        "sign",
        "--env",
        "prod",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ];
    let (exit, out, err) = world.run(&[&sign[..], &["--output", "markdown"]].concat());
    assert_eq!((exit, out.as_str()), (2, ""), "{err}");
    assert!(
        err.contains("error[usage.output]") && err.contains("only `human` and"),
        "{err}"
    );

    let (exit, out, err) =
        world.run(&[&sign[..], &["--output", &output, "--output", "json"]].concat());
    assert_eq!(exit, 0, "{out}{err}");
    let said = fs::read_to_string(&file).unwrap();
    assert!(
        said.contains("prod/web: pass, tier medium, link 1"),
        "{said}"
    );
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["units"][1]["height"], 1, "{out}");
}

#[test]
fn a_unit_that_cannot_be_judged_says_why_in_every_output() {
    let world = World::started();
    world.repo.write(APP, "a: [");
    world.repo.commit("broken");
    let web = ["sign", "--env", "prod", "--unit", "web"];
    let document = signing(&world, &web, 3);
    assert_eq!(document["outcome"], "error");
    assert_eq!(document["errors"][0]["unit"], "web");
    let code = document["errors"][0]["code"].as_str().unwrap();
    let (key, store) = (world.key_file(), world.store_name());
    let (exit, out, _) =
        world.run(&[&web[..], &["--key-file", &key, "--verdicts", &store]].concat());
    assert_eq!(exit, 3);
    assert!(out.contains("prod/web: could not be judged"), "{out}");
    assert!(out.contains(&format!("error[{code}]")), "{out}");
}
