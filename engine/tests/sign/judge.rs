//! Nothing slips by unjudged, and nobody loosens the judge and uses that in one step.

use super::world::{APP, CONFIG, DATABASE, JUDGE, WEB, World};

#[test]
fn a_change_pushed_unsigned_is_judged_with_the_harmless_one_on_top() {
    let world = World::started();
    world.drop_limit();
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    assert!(!world.link("prod/web", 1).exists());
    assert_eq!(
        world.admit("web", head, Some(world.repo.id("HEAD~2"))),
        "refused failed"
    );
}

#[test]
fn after_a_failed_sign_a_revert_signs() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    world.drop_limit();
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(world.sign("prod", Some("web")), "prod/web nothing new 0");
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
}

#[test]
fn a_link_above_a_lowered_max_tier_does_not_ride_under_a_low_one() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    world.edit(DATABASE, "instances: 3", "instances: 4");
    let first = world.sign("prod", Some("db"));
    assert!(first.starts_with("prod/db link 1 "), "{first}");
    let tier = first.rsplit(' ').next().unwrap();
    assert_ne!(tier, "low");
    world.edit(CONFIG, "max-tier: high", "max-tier: low");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 low");
    assert_eq!(world.admit("db", head, Some(running)), "refused held");
    let held = world.repo.id("HEAD~2");
    assert_eq!(world.admit("db", held, Some(running)), "refused held");
    assert_eq!(world.admit("db", head, Some(held)), "judged 2 low");
}

#[test]
fn raising_max_tier_does_not_let_through_what_was_pending_since_before() {
    let world = World::started();
    world.endanger_database();
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail risk.above-max-tier"
    );
    world.edit(CONFIG, "max-tier: high", "max-tier: critical");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web nothing new 0; prod/db fail risk.above-max-tier"
    );
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail risk.above-max-tier",
        "in the next run too"
    );
    // Taken back, and a harmless link signed by the new judge: now it may come again.
    world
        .repo
        .git(&["checkout", "-q", "HEAD~2", "--", DATABASE]);
    world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    let running = world.repo.id("HEAD");
    let head = world.endanger_database();
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 critical");
    assert_eq!(world.admit("db", head, Some(running)), "judged 2 critical");
}

#[test]
fn who_is_judged_by_two_states_of_the_gate_is_told_so() {
    let world = World::new();
    let key = world.repo.beside("key.pem");
    tidegate::attest::write_private(&key, &world.key).unwrap();
    let store = format!("folder:{}", world.verdicts().display());
    let key = key.to_str().unwrap();
    let run = |command: &str, more: &[&str]| {
        let arguments = [
            command,
            "--env",
            "prod",
            "--key-file",
            key,
            "--verdicts",
            &store,
        ];
        let (exit, out, err) = world.run(&[&arguments, more].concat());
        assert!(exit <= 1, "{out}{err}");
        out
    };
    run("baseline", &[]);
    let sign = |unit: &str| run("sign", &["--unit", unit]);
    world.label(WEB, "a", "b");
    world.endanger_database();
    world.edit(CONFIG, "max-tier: high", "max-tier: critical");
    let said = "judged by the newest state of the gate and by link ";
    assert!(!sign("gate").contains(said), "a gate has one judge");
    for (unit, link) in [("web", Some(1)), ("db", None)] {
        let out = sign(unit);
        assert!(out.contains(&format!("prod/{unit}: {said}")), "{out}");
        if let Some(height) = link {
            let verdict = world.payload(&format!("prod/{unit}"), height);
            let older = verdict["alsoJudgedBy"].as_str().unwrap();
            assert_ne!(Some(older), verdict["gateState"].as_str());
            assert!(out.contains(&older[..8]), "{out}");
        }
    }
    world.label(WEB, "b", "c");
    assert!(!sign("web").contains(said), "begun under the newest one");
    assert_eq!(
        world.payload("prod/web", 2)["alsoJudgedBy"],
        serde_json::Value::Null
    );
}

#[test]
fn a_baseline_in_between_lets_the_new_judge_judge_alone() {
    let world = World::started();
    world.edit(CONFIG, "max-tier: high", "max-tier: critical");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 1");
    world.endanger_database();
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 critical");
}

#[test]
fn relaxing_and_using_it_in_one_commit_is_denied_on_every_way() {
    let world = World::started();
    world.repo.write(
        CONFIG,
        JUDGE.replacen("max-tier: high", "max-tier: critical", 1),
    );
    world.endanger_database();
    let fails = "prod/db fail risk.above-max-tier";
    assert_eq!(world.sign("prod", Some("db")), fails, "before the gate");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(world.sign("prod", Some("db")), fails, "after the gate");
}

#[test]
fn a_tightened_judge_judges_what_was_pending_when_it_came() {
    let world = World::started();
    world.edit(WEB, "greeting: hello", "greeting: welcome");
    world.edit(CONFIG, "max-tier: high", "max-tier: low");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail risk.above-max-tier"
    );
}

#[test]
fn two_steps_of_the_gate_do_not_make_the_first_judge_forgotten() {
    let world = World::started();
    world.endanger_database();
    world.edit(CONFIG, "max-tier: high", "max-tier: medium");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    world.edit(CONFIG, "max-tier: medium", "max-tier: critical");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 2 critical"
    );
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail risk.above-max-tier"
    );
}

#[test]
fn a_gate_state_that_could_judge_nothing_is_never_accepted_and_its_repair_is() {
    let world = World::started();
    let good = std::fs::read(world.repo.path().join(CONFIG)).unwrap();
    let trust = std::fs::read(world.repo.path().join(super::world::TRUST)).unwrap();
    world.repo.write(super::world::TRUST, "{}");
    world.repo.commit("break the trust file");
    assert_eq!(
        world.sign("prod", None),
        "prod/web nothing new 0; prod/db nothing new 0; main/gate trust-root.invalid exit 3"
    );
    world.repo.write(super::world::TRUST, trust);
    world.repo.write(
        ".tidegate/policies/mine/policy.rego",
        "package tidegate.mine\n\ndeny contains 1 if 1 == 1\n",
    );
    world.repo.commit("a policy that cannot be loaded");
    let said = world.sign("prod", Some("gate"));
    assert!(
        said.starts_with("main/gate policy") && said.ends_with("exit 3"),
        "{said}"
    );
    world.repo.remove(".tidegate/policies/mine/policy.rego");
    world.repo.write(CONFIG, "environments: 1\n");
    world.repo.commit("break the configuration");
    let said = world.sign("prod", Some("gate"));
    assert!(said.ends_with("exit 3"), "{said}");
    world.repo.write(CONFIG, good);
    world.repo.commit("mend it");
    assert_eq!(world.sign("prod", Some("gate")), "main/gate nothing new 0");
}

#[test]
fn a_policy_that_stalls_on_the_files_of_the_gate_is_never_accepted_and_its_repair_is() {
    let policy = "\
# METADATA
# scope: package
# title: Mine
# description: Never ends on the files of the gate.
# custom:
#   prefix: mine
#   scope: object
#   kinds: [GateFile.tidegate.dev]
#   codes: {mine.bad: deny}
package tidegate.mine

deny contains finding if {
	n := count([1 |
		some a in numbers.range(1, 3000)
		some b in numbers.range(1, 3000)
		some c in numbers.range(1, 3000)
		a * b * c == 7
	])
	finding := {\"code\": \"mine.bad\", \"message\": sprintf(\"%d\", [n])}
}
";
    let world = World::new();
    let file = ".tidegate/policies/mine/policy.rego";
    world.repo.write(file, policy);
    world.repo.commit("a policy that never ends");
    assert_eq!(
        world.baseline("prod", Some("gate")),
        "main/gate policy.timeout exit 3"
    );
    world.repo.remove(file);
    let base = world.repo.commit("without it");
    assert_eq!(world.baseline("prod", Some("gate")), "main/gate baseline 0");
    world.repo.write(file, policy);
    world.repo.commit("again");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate policy.timeout exit 3"
    );
    let range = format!("{base}..HEAD");
    let (exit, said, _) = world.run(&["check", &range]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("policy.timeout"), "{said}");
    world.repo.write(file, policy.replace("3000", "3"));
    world.repo.commit("one that ends");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
}

/// An exception for the missing limit of `app`, until a day.
fn excepted(until: &str) -> String {
    format!(
        "{JUDGE}exceptions:\n  - id: spike\n    code: resources.missing-memory-limit\n    match: {{kind: Deployment, name: app}}\n    owner: shop\n    reason: a load test\n    until: \"{until}\"\n"
    )
}

#[test]
fn what_was_accepted_while_nothing_was_pending_serves_what_comes_after() {
    let world = World::new();
    world.repo.write(CONFIG, excepted("2026-11-25"));
    world.repo.commit("an exception");
    world.baseline("prod", None);
    world.repo.write(CONFIG, excepted("2026-12-31"));
    world.repo.commit("renewed");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web nothing new 0; prod/db nothing new 0"
    );
    world.set_clock("2026-12-01T10:00:00Z");
    world.drop_limit();
    let said = world.sign("prod", Some("web"));
    assert!(said.starts_with("prod/web link 1 "), "{said}");
}

#[test]
fn what_was_accepted_while_something_was_pending_serves_only_what_comes_after_that() {
    let world = World::new();
    world.repo.write(CONFIG, excepted("2026-11-25"));
    world.repo.commit("an exception");
    world.baseline("prod", None);
    world.set_clock("2026-12-01T10:00:00Z");
    world.drop_limit();
    world.repo.write(CONFIG, excepted("2026-12-31"));
    world.repo.commit("renewed");
    world.sign("prod", Some("gate"));
    // Permitted by the newer state, and not by the older.
    let fails = "prod/web fail engine.exception-expired resources.missing-memory-limit resources.missing-memory-limit";
    assert_eq!(world.sign("prod", Some("web")), fails);
    // Neither does a harmless state of the gate in between make it forgotten.
    world
        .repo
        .write(CONFIG, format!("{}# checked\n", excepted("2026-12-31")));
    world.repo.commit("a comment");
    world.sign("prod", Some("gate"));
    assert_eq!(world.sign("prod", Some("web")), fails);
}
