//! Relaxing the judge and using that is never one step, whatever is relaxed.

use super::world::{APP, CONFIG, JUDGE, WEB, World};
use tidegate::model::GitId;

/// How the binary ends when it is asked for a unit of an environment.
fn admitted(world: &World, environment: &str, revision: GitId) -> (i32, String) {
    let (store, trust) = (world.store_name(), world.trust_file());
    let revision = revision.to_string();
    let question = ["admit", "--env", environment, "--revision", &revision];
    let (exit, out, _) =
        world.run(&[&question[..], &["--trust", &trust, "--verdicts", &store]].concat());
    (exit, out)
}

fn observing() -> String {
    JUDGE.replacen(
        "max-tier: high",
        "max-tier: high\n    enforcement: observe",
        1,
    )
}

#[test]
fn to_observe_and_to_use_it_is_refused_until_a_link_was_signed_that_observes() {
    let world = World::started();
    world.repo.write(CONFIG, observing());
    let head = world.drop_limit();
    let said = world.sign("prod", None);
    assert!(said.starts_with("main/gate link 1 critical; "), "{said}");
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 4, "{out}");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    assert!(!world.link("prod/web", 1).exists());
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(
        exit, 4,
        "under the new judge alone it would be observed: {out}"
    );
    world.repo.git(&["checkout", "-q", "HEAD~1", "--", "apps"]);
    world.repo.commit("taken back");
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 1; prod/web link 1 low; prod/db link 1 low"
    );
    let head = world.drop_limit();
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("prod/web: would refuse (observed)"), "{out}");
}

#[test]
fn a_denial_by_the_judge_that_enforced_ends_the_signer_with_1() {
    let world = World::started();
    world.repo.write(CONFIG, observing());
    world.drop_limit();
    world.sign("prod", Some("gate"));
    let (key, store) = (world.key_file(), world.store_name());
    let (exit, out, err) = world.run(&[
        "sign",
        "--env",
        "prod",
        "--unit",
        "web",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ]);
    assert_eq!(exit, 1, "{out}{err}");
}

#[test]
fn a_unit_that_is_new_and_observed_where_the_environment_was_enforced_needs_a_baseline_first() {
    let world = World::started();
    let judge = observing().replacen("name: web, kind", "name: site, kind", 1);
    world.repo.write(CONFIG, judge);
    let head = world.drop_limit();
    world.sign("prod", None);
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 4, "{out}");
    assert_eq!(world.baseline("prod", Some("site")), "prod/site baseline 0");
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 1");
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 0, "{out}");
}

/// With the unit `twin`, whose paths can be written as one likes, at its baseline.
fn with_twin() -> (World, GitId) {
    let world = World::started();
    assert_eq!(
        world.baseline("twin", None),
        "main/gate nothing new 0; twin/twin baseline 0"
    );
    let running = world.repo.id("HEAD");
    (world, running)
}

fn twin(world: &World, revision: GitId, running: GitId) -> String {
    let trust = super::world::trust(&[(&world.key, &[])]);
    world.admit_by(&trust, "twin", None, revision, Some(running))
}

/// The configuration in which `twin` has other paths.
fn paths(of_twin: &str) -> String {
    JUDGE.replacen(
        "paths: [\"apps/web/**\"]",
        &format!("paths: [{of_twin}]"),
        1,
    )
}

const DENIED: &str = "twin/twin fail resources.missing-memory-limit";

#[test]
fn to_drop_a_path_and_to_change_what_lies_there_is_no_one_step() {
    let (world, running) = with_twin();
    world.repo.write(CONFIG, paths("\"apps/web/config.yaml\""));
    let head = world.drop_limit();
    world.sign("twin", Some("gate"));
    assert_eq!(world.sign("twin", Some("twin")), DENIED);
    assert_eq!(twin(&world, head, running), "refused failed");
    // The path alone is dropped, and then it is nobody's.
    world.repo.git(&["checkout", "-q", "HEAD~1", "--", APP]);
    let narrowed = world.repo.commit("taken back");
    let said = world.sign("twin", Some("twin"));
    assert!(said.starts_with("twin/twin link 1 "), "{said}");
    assert_eq!(twin(&world, narrowed, running), "running 1 high");
    let dropped = world.drop_limit();
    assert_eq!(world.sign("twin", Some("twin")), "twin/twin nothing new 1");
    assert_eq!(
        twin(&world, dropped, running),
        "judged 1 high",
        "it is not what runs: what was dropped differs"
    );
}

#[test]
fn to_move_the_files_with_the_paths_and_to_relax_the_judge_is_no_one_step() {
    let (world, _) = with_twin();
    let policy_off = "resources: {require: [requests.cpu]}\n";
    let judge = paths("\"site/**\"");
    world.repo.write(CONFIG, format!("{judge}{policy_off}"));
    world.repo.git(&["mv", "apps/web", "site"]);
    world.repo.write(
        "site/app.yaml",
        world.repo.git(&["show", &format!("HEAD:{APP}")]).replacen(
            "limits: {cpu: 200m, memory: 128Mi}",
            "limits: {cpu: 200m}",
            1,
        ),
    );
    world.repo.commit("move, and relax");
    let said = world.sign("twin", Some("gate"));
    assert!(said.starts_with("main/gate link 1 "), "{said}");
    assert_eq!(world.sign("twin", Some("twin")), DENIED);
}

#[test]
fn to_take_in_a_path_and_to_relax_the_judge_for_what_lies_there_is_no_one_step() {
    let (world, running) = with_twin();
    let without_limit = world
        .repo
        .git(&["show", &format!("HEAD:{APP}")])
        .replacen(
            "limits: {cpu: 200m, memory: 128Mi}",
            "limits: {cpu: 200m}",
            1,
        )
        .replace("name: app", "name: more")
        .replace("app: app", "app: more");
    let relaxed = "resources: {require: [requests.cpu]}\n";
    let widened = paths("\"apps/web/**\", \"more/**\"");
    world.repo.write(CONFIG, format!("{widened}{relaxed}"));
    world.repo.write("more/app.yaml", without_limit);
    let head = world.repo.commit("widen, and relax");
    // The first run still has the judge of before, and its paths.
    let said = world.sign("twin", None);
    assert!(said.starts_with("main/gate link 1 "), "{said}");
    assert_eq!(
        world.sign("twin", None),
        format!("main/gate nothing new 1; {DENIED}")
    );
    assert_eq!(world.sign("twin", Some("twin")), DENIED);
    assert_eq!(twin(&world, head, running), "refused other-selector");
}

#[test]
fn a_new_path_is_judged_as_what_is_created() {
    let (world, running) = with_twin();
    world.edit(WEB, "greeting: hello", "greeting: welcome");
    world.repo.write(CONFIG, paths("\"apps/**\""));
    let head = world.repo.commit("more of it");
    world.sign("twin", Some("gate"));
    let said = world.sign("twin", Some("twin"));
    assert!(said.starts_with("twin/twin link 1 "), "{said}");
    assert_eq!(twin(&world, head, running), "judged 1 critical");
}

#[test]
fn a_branch_whose_signer_has_no_right_to_the_environment_relaxes_nothing_there() {
    let world = World::new();
    let dev = super::world::key(2);
    let both = super::world::trust(&[
        (&world.key, &["prod", "main/gate"]),
        (&dev, &["dev", "develop/gate"]),
    ])
    .print();
    world.repo.write(super::world::TRUST, &both);
    world.repo.commit("two signers");
    world.baseline("prod", None);
    world.repo.git(&["checkout", "-q", "-b", "develop"]);
    let claimed = "\
environments:
  - {name: prod, branch: develop, enforcement: observe, sources: [{name: other, kind: Application, path: apps/web}]}
  - {name: dev, branch: develop, enforcement: observe, paths: [\"dev/**\"]}
";
    world.repo.write(CONFIG, claimed);
    world.repo.commit("develop claims prod");
    assert_eq!(
        world.baseline_with(&dev, "dev", None),
        "develop/gate baseline 0; dev/dev baseline 0"
    );
    world.repo.git(&["checkout", "-q", "main"]);
    world.repo.write(CONFIG, claimed);
    let head = world.drop_limit().to_string();
    let trust = world.repo.beside("both.json");
    std::fs::write(&trust, both).unwrap();
    let (trust, store) = (trust.display().to_string(), world.store_name());
    let asked = ["admit", "--env", "prod", "--revision", &head, "--trust"];
    let asked = [&asked[..], &[&trust, "--verdicts", &store]].concat();
    for branch in [&[][..], &["--branch", "main"], &["--branch", "develop"]] {
        let (exit, out, err) = world.run(&[&asked[..], branch].concat());
        assert_eq!(exit, 4, "{branch:?}: {out}{err}");
    }
}
