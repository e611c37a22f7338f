//! Where chains begin, and what makes a link.

use miette::Diagnostic as _;
use tidegate::gate;
use tidegate::model::{Exit, code_of};

use super::world::{APP, CONFIG, DATABASE, JUDGE, World, trust};

#[test]
fn without_a_baseline_nothing_is_signed() {
    let world = World::new();
    assert_eq!(world.sign("prod", None), "sign.no-baseline exit 3");
    assert!(!world.verdicts().exists());
    world.baseline("prod", Some("gate"));
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 0; prod/web sign.no-baseline exit 3; prod/db sign.no-baseline exit 3"
    );
}

#[test]
fn without_a_configuration_at_head_it_is_said_what_is_needed() {
    let world = World::started();
    let good = std::fs::read_to_string(world.repo.path().join(CONFIG)).unwrap();
    let store = world.store();
    for (text, code) in [
        (None, "config.missing"),
        (Some("environments: 1\n"), "config.wrong-type"),
    ] {
        match text {
            None => world.repo.remove(CONFIG),
            Some(text) => world.repo.write(CONFIG, text),
        };
        world.repo.commit("no configuration that can be read");
        let request = world.request("prod", None, &world.key, &store);
        let error = gate::sign(&world.repo.open(), &request).unwrap_err();
        assert_eq!(
            (code_of(&error), Exit::of_error(&error)),
            (code.to_owned(), Exit::Unjudged)
        );
        let said = error.to_string();
        assert!(
            said.starts_with("which branch `prod` is deployed from is not known at `HEAD`: "),
            "{said}"
        );
        assert!(
            error
                .help()
                .unwrap()
                .to_string()
                .contains("check out or name a commit")
        );
    }
    world.repo.write(CONFIG, good);
    let head = world.repo.commit("as it was");
    assert_eq!(world.admit("web", head, Some(head)), "running 0 low");
}

#[test]
fn a_second_baseline_and_a_sign_with_nothing_new_make_no_link() {
    let world = World::started();
    let nothing = "main/gate nothing new 0; prod/web nothing new 0; prod/db nothing new 0";
    assert_eq!(world.baseline("prod", None), nothing);
    assert_eq!(world.sign("prod", None), nothing);
    world.repo.write("README.md", "documents\n");
    world.repo.commit("documents");
    assert_eq!(world.sign("prod", None), nothing);
    assert_eq!(world.baseline("prod", None), nothing);
}

#[test]
fn a_later_baseline_shortens_the_walk() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 2");
    assert_eq!(world.baseline("prod", Some("db")), "prod/db nothing new 2");
    assert_eq!(world.admit("db", head, Some(running)), "baseline 2 low");
}

#[test]
fn an_environment_that_comes_later_gets_a_baseline_of_its_own() {
    let world = World::started();
    world.repo.write("new/config.yaml", NEW);
    world.repo.write(
        CONFIG,
        format!("{JUDGE}  - name: new\n    paths: [\"new/**\"]\n"),
    );
    let head = world.repo.commit("one more");
    assert_eq!(world.sign("new", None), "usage.unknown-name exit 2");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign("new", None),
        "main/gate nothing new 1; new/new sign.no-baseline exit 3"
    );
    assert_eq!(
        world.baseline("new", None),
        "main/gate nothing new 1; new/new baseline 0"
    );
    let file = trust(&[(&world.key, &[])]);
    assert_eq!(
        world.admit_by(&file, "new", None, head, None),
        "baseline 0 low"
    );
}

#[test]
fn a_file_that_does_not_parse_stops_a_baseline() {
    let world = World::new();
    world.repo.write("apps/web/broken.yaml", "a: [\n");
    world.repo.commit("broken");
    let said = world.baseline("prod", None);
    assert!(
        said.starts_with("main/gate baseline 0; prod/db baseline 0; prod/web "),
        "{said}"
    );
    assert!(said.ends_with("exit 3"), "{said}");
}

#[test]
fn another_enforcement_makes_a_link_and_an_observed_one_never_admits_where_it_is_enforced() {
    let world = World::started();
    let file = trust(&[(&world.key, &[])]);
    let admit = |revision, deployed| world.admit_by(&file, "dev", None, revision, deployed);
    assert_eq!(
        world.baseline("dev", None),
        "main/gate nothing new 0; dev/dev baseline 0"
    );
    let running = world.repo.id("HEAD");
    world.label("dev/config.yaml", "a", "b");
    world.edit(CONFIG, "max-tier: low", "max-tier: critical");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(world.baseline("dev", Some("dev")), "dev/dev baseline 1");
    let observed = world.label("dev/config.yaml", "b", "c");
    assert_eq!(world.sign("dev", Some("dev")), "dev/dev link 2 low");
    assert_eq!(admit(observed, Some(running)), "judged 2 critical");
    let enforced = world.edit(CONFIG, "    enforcement: observe\n", "");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 2 critical"
    );
    assert_eq!(admit(enforced, Some(running)), "refused observed observed");
    assert_eq!(admit(enforced, None), "refused observed observed");
    assert_eq!(admit(enforced, Some(enforced)), "running 2 low");
    assert_eq!(world.sign("dev", Some("dev")), "dev/dev link 3 low");
    assert_eq!(
        admit(enforced, Some(running)),
        "refused observed observed",
        "a step below was observed"
    );
    assert_eq!(
        world.sign("dev", Some("dev")),
        "dev/dev nothing new 3",
        "to sign again is no way out"
    );
    assert!(
        tidegate::verify::Reason::Observed
            .help()
            .contains("`tidegate baseline`")
    );
    assert_eq!(world.baseline("dev", Some("dev")), "dev/dev baseline 4");
    assert_eq!(admit(enforced, Some(running)), "baseline 4 low");
    assert_eq!(admit(enforced, None), "baseline 4 low");
}

#[test]
fn a_baseline_that_was_observed_admits_nothing_new_where_it_is_enforced() {
    let world = World::started();
    let file = trust(&[(&world.key, &[])]);
    let running = world.repo.id("HEAD");
    world.label("dev/config.yaml", "a", "b");
    world.baseline("dev", None);
    let head = world.edit(CONFIG, "    enforcement: observe\n", "");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    for deployed in [None, Some(running)] {
        assert_eq!(
            world.admit_by(&file, "dev", None, head, deployed),
            "refused observed"
        );
    }
}

#[test]
fn where_it_is_observed_a_fail_is_a_report_and_stops_nothing() {
    let world = World::started();
    world.baseline("dev", None);
    world.edit("dev/config.yaml", "greeting: hello", "greeting: welcome");
    let store = world.store();
    let request = world.request("dev", None, &world.key, &store);
    let signing = gate::sign(&world.repo.open(), &request).unwrap();
    assert_eq!(signing.exit(), Exit::Pass);
    assert_eq!(
        super::world::told(Ok(signing)),
        "main/gate nothing new 0; dev/dev fail risk.above-max-tier"
    );
    assert!(!world.link("dev/dev", 1).exists());
    assert_eq!(
        world
            .verdicts()
            .join("reports/dev/dev")
            .read_dir()
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn where_it_is_enforced_a_fail_ends_with_one() {
    let world = World::started();
    world.drop_limit();
    world.label(APP, "a", "b");
    let store = world.store();
    let request = world.request("prod", None, &world.key, &store);
    let signing = gate::sign(&world.repo.open(), &request).unwrap();
    assert_eq!(signing.exit(), Exit::Denied);
}

#[test]
fn where_it_is_observed_a_refusal_is_told_and_the_exit_is_zero() {
    let world = World::new();
    let (store, key, trust) = (world.store_name(), world.key_file(), world.trust_file());
    let signer = ["--env", "dev", "--key-file", &key, "--verdicts", &store];
    let (exit, ..) = world.run(&[&["baseline"], &signer[..]].concat());
    assert_eq!(exit, 0);
    world.edit("dev/config.yaml", "greeting: hello", "greeting: welcome");
    let (exit, out, _) = world.run(&[&["sign"], &signer[..]].concat());
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("FAIL"), "{out}");
    let (exit, out, _) = world.run(&[
        "admit",
        "--env",
        "dev",
        "--revision",
        "HEAD",
        "--deployed",
        "HEAD~1",
        "--trust",
        &trust,
        "--verdicts",
        &store,
    ]);
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("dev/dev: would refuse"), "{out}");
}

const NEW: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: new, namespace: new}
";

#[test]
fn branches_that_look_alike_have_gates_of_their_own() {
    let world = World::new();
    let judge = |branch: &str, tier: &str| {
        let branch = format!("  - name: prod\n    branch: \"{branch}\"\n    max-tier: {tier}\n");
        JUDGE.replacen("  - name: prod\n    max-tier: high\n", &branch, 1)
    };
    for (branch, tier) in [
        ("release/1", "low"),
        ("release.1", "critical"),
        ("ümlaut#+@x", "low"),
    ] {
        world.repo.git(&["checkout", "-q", "-b", branch, "main"]);
        world.repo.write(CONFIG, judge(branch, tier));
        world.repo.commit("deployed from a branch of its own");
        let said = world.baseline("prod", Some("gate"));
        assert!(said.ends_with("/gate baseline 0"), "{branch}: {said}");
    }
    assert!(world.link("release%2F1/gate", 0).exists());
    assert!(world.link("release.1/gate", 0).exists());
    assert!(world.link("%C3%BCmlaut%23%2B%40x/gate", 0).exists());
}

#[test]
fn a_baseline_accepts_nothing_that_could_not_be_judged_once_it_changes() {
    for file in [
        "apps/web/x.jsonnet",
        "apps/web/.argocd-source.yaml",
        "apps/web/.sourceignore",
    ] {
        let world = World::new();
        world.repo.write(file, "{}\n");
        world
            .repo
            .commit("a file that a deployer evaluates or obeys");
        assert_eq!(
            world.baseline("prod", None),
            "main/gate baseline 0; prod/db baseline 0; prod/web source.not-rendered exit 3",
            "{file}"
        );
    }
}
