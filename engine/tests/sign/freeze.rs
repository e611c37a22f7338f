//! The calendar from the verdict to the sync: what it holds, what it lets through, and until when.

use tidegate::gate::{self, Renewed};
use tidegate::model::{Exit, GitId};

use super::world::{APP, CONFIG, DATABASE, JUDGE, World, told};

/// Black week, from Saturday 00:00 to Monday 06:00 in Berlin; the way back and what is low pass.
const BLACK_WEEK: &str = "
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - id: black-week
        kind: freeze
        from: \"2026-11-21T00:00\"
        to: \"2026-11-23T06:00\"
        allow: [low, rollback]
        reason: peak trading
        owner: retail-ops
        ticket: CHG-1
      - {id: next-year, kind: freeze, from: \"2027-11-21T00:00\", to: \"2027-11-23T06:00\", reason: r, owner: o, ticket: t}
";

const BOARD: &str = "apps/board/board.yaml";
const PRICES: &str = "apps/board/prices.yaml";

/// `prod` with these calendars.
fn judge(calendars: &str) -> String {
    let prod = "  - name: prod\n";
    let named = format!("{prod}    timezone: Europe/Berlin\n    calendars: [retail]\n");
    format!("{}{calendars}", JUDGE.replacen(prod, &named, 1))
}

/// The shop on Friday morning, all of it accepted; and what runs.
fn friday() -> (World, GitId) {
    let world = World::judged_by(&judge(BLACK_WEEK));
    let baseline = world.baseline("prod", None);
    assert_eq!(
        baseline,
        "main/gate baseline 0; prod/web baseline 0; prod/db baseline 0"
    );
    let running = world.repo.id("HEAD");
    (world, running)
}

/// The shop with a unit whose files no other has: two settings, `board` and `prices`.
fn board() -> (World, GitId) {
    let web = "      - {name: web, kind: Application, path: apps/web}\n";
    let own = format!("{web}      - {{name: board, kind: Application, path: apps/board}}\n");
    let world = World::judged_by(&judge(BLACK_WEEK).replacen(web, &own, 1));
    let settings = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop, labels: {{team: a}}}}\ndata: {{greeting: hello}}\n"
        )
    };
    world
        .repo
        .write(BOARD, settings("board"))
        .write(PRICES, settings("prices"));
    let running = world.repo.commit("a board");
    let baseline = world.baseline("prod", None);
    assert!(baseline.contains("prod/board baseline 0"), "{baseline}");
    (world, running)
}

/// What black week lets through.
fn another_team(world: &World) -> GitId {
    world.label(BOARD, "a", "b")
}

/// What it holds.
fn another_greeting(world: &World) -> GitId {
    world.edit(PRICES, "greeting: hello", "greeting: bye")
}

/// Black week begins with this, after whatever was signed before.
fn freeze_now(world: &World) {
    world.edit(CONFIG, "2026-11-21T00:00", "2026-11-20T09:00");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
}

fn renew(world: &World) -> (String, Exit) {
    let store = world.store();
    let request = world.request("prod", Some("web"), &world.key, &store);
    let signing = gate::renew(&world.repo.open(), &request).unwrap();
    let exit = signing.exit();
    let renewals = signing.renewals.iter().map(|unit| match &unit.result {
        Renewed::Until(renewal) => format!("{} until {}", unit.unit, renewal.valid_until),
        Renewed::Denied(_) => format!("{} denied", unit.unit),
    });
    let renewals: Vec<String> = renewals.collect();
    (
        format!("{}; {}", told(Ok(signing)), renewals.join("; ")),
        exit,
    )
}

#[test]
fn a_verdict_ends_where_the_calendar_would_answer_otherwise() {
    let (world, running) = friday();
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let verdict = world.payload("prod/web", 1);
    assert_eq!(verdict["validUntil"], "2026-11-20T23:00:00Z");
    assert_eq!(verdict["calendarDigest"].as_str().unwrap().len(), 64);
    assert!(verdict["tzdb"].as_str().unwrap().starts_with("20"));
    world.set_clock("2026-11-20T22:59:59Z");
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
    world.set_clock("2026-11-20T23:00:00Z");
    assert_eq!(
        world.admit("web", head, Some(running)),
        "refused expired frozen"
    );
    // What a freeze does not hold, it cuts nothing of.
    let (world, running) = friday();
    world.set_clock("2026-11-20T23:00:00Z");
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    assert_eq!(
        world.payload("prod/db", 1)["validUntil"],
        "2026-11-21T23:00:01Z"
    );
    assert_eq!(world.admit("db", head, Some(running)), "judged 1 low");
}

#[test]
fn nothing_is_signed_or_renewed_inside_of_a_freeze() {
    let (world, running) = friday();
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.set_clock("2026-11-22T12:00:00Z");
    assert_eq!(
        renew(&world),
        (
            "prod/web nothing new 1; prod/web denied".to_owned(),
            Exit::Denied
        )
    );
    world.label(APP, "b", "c");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail freeze.window-closed"
    );
    world
        .repo
        .git(&["reset", "-q", "--hard", &head.to_string()]);
    world.set_clock("2026-11-23T05:00:00Z");
    assert_eq!(
        renew(&world),
        (
            "prod/web nothing new 1; prod/web until 2026-11-24T05:00:00Z".to_owned(),
            Exit::Pass
        )
    );
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
}

#[test]
fn a_freeze_that_comes_after_the_verdict_holds_what_it_covers() {
    let (world, running) = friday();
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.edit(CONFIG, "2026-11-21T00:00", "2026-11-20T09:00");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(world.admit("web", head, Some(running)), "refused frozen");
    // What runs is applied again at any hour.
    let pulled = world.admit("web", running, Some(running));
    assert_eq!(pulled, "running 0 low");
    // Nobody knows what runs: it may be anything, and critical.
    assert_eq!(world.admit("web", head, None), "refused held frozen");
}

#[test]
fn what_a_freeze_holds_does_not_ride_in_under_what_it_lets_through() {
    type Step = fn(&World) -> GitId;
    let orders: [[Step; 2]; 2] = [
        [another_team, another_greeting],
        [another_greeting, another_team],
    ];
    for [first, second] in orders {
        let (world, running) = board();
        first(&world);
        let head = second(&world);
        assert_eq!(
            world.sign("prod", Some("board")),
            "prod/board link 1 medium"
        );
        let verdict = world.payload("prod/board", 1);
        let classes = verdict["classes"].as_array().unwrap().iter();
        let tiers: Vec<_> = classes.map(|class| class["tier"].as_str()).collect();
        assert_eq!(tiers, [Some("low"), Some("medium")]);
        let judged = world.admit("board", head, Some(running));
        assert_eq!(judged, "judged 1 medium");
        freeze_now(&world);
        assert_eq!(world.admit("board", head, Some(running)), "refused frozen");
    }
    // Alone, the one passes.
    let (world, running) = board();
    let head = another_team(&world);
    assert_eq!(world.sign("prod", Some("board")), "prod/board link 1 low");
    freeze_now(&world);
    assert_eq!(world.admit("board", head, Some(running)), "judged 1 low");
    // In a verdict of its own it passes where the other runs, and does not bring it in.
    let (world, running) = board();
    let held = another_greeting(&world);
    assert_eq!(
        world.sign("prod", Some("board")),
        "prod/board link 1 medium"
    );
    let head = another_team(&world);
    assert_eq!(world.sign("prod", Some("board")), "prod/board link 2 low");
    freeze_now(&world);
    assert_eq!(world.admit("board", head, Some(running)), "refused frozen");
    assert_eq!(world.admit("board", head, Some(held)), "judged 2 low");
}

#[test]
fn the_way_back_to_what_was_accepted_passes_where_the_freeze_says_so() {
    let (world, _) = friday();
    let risky = world.edit(DATABASE, "instances: 3", "instances: 4");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 high");
    world.set_clock("2026-11-21T12:00:00Z");
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    let back = world.repo.id("HEAD");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 high");
    assert_eq!(world.admit("db", back, Some(risky)), "judged 2 high");
    // A new state is no way back, even if part of it is.
    world.edit(DATABASE, "instances: 3", "instances: 2");
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail freeze.window-closed"
    );
}

#[test]
fn back_and_forth_is_no_way_in_for_what_the_freeze_holds() {
    let (world, running) = friday();
    let risky = world.edit(DATABASE, "instances: 3", "instances: 4");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 high");
    world.set_clock("2026-11-21T12:00:00Z");
    let held = world.admit("db", risky, Some(running));
    assert!(held.contains("frozen"), "{held}");
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 high");
    // Its files were accepted, but after those that they would come in the place of.
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail freeze.window-closed"
    );
}

#[test]
fn a_freeze_is_not_lifted_by_the_step_that_takes_it_away() {
    let (world, _) = friday();
    world.set_clock("2026-11-21T12:00:00Z");
    world.label(APP, "a", "b");
    world.edit(CONFIG, "2026-11-23T06:00", "2026-11-21T01:00");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web fail freeze.window-closed; prod/db nothing new 0"
    );
}

#[test]
fn the_line_stands_until_somebody_lets_it_go_on() {
    let stop = "
calendars:
  retail:
    timezone: Europe/Berlin
    windows: [{id: stop, kind: freeze, from: \"2026-11-20T12:00\", reason: r, owner: o, ticket: t}]
";
    let world = World::judged_by(&judge(stop));
    world.baseline("prod", None);
    world.set_clock("2027-06-01T12:00:00Z");
    world.label(DATABASE, "a", "b");
    let denied = "prod/db fail freeze.window-closed";
    assert_eq!(world.sign("prod", Some("db")), denied);
    world.edit(
        CONFIG,
        "kind: freeze",
        "kind: quiet, to: \"2028-01-01T00:00\"",
    );
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    // What was begun under the freeze is judged by it too.
    assert_eq!(world.sign("prod", Some("db")), denied);
}

#[test]
fn maintenance_is_the_only_time_for_what_it_covers() {
    let upkeep = "
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: upkeep, kind: maintenance, from: \"2026-11-21T22:00\", to: \"2026-11-22T04:00\", scope: {components: [database]}, reason: r, owner: o, ticket: t}
      - {id: later, kind: maintenance, from: \"2027-11-21T22:00\", to: \"2027-11-22T04:00\", scope: {components: [database]}, reason: r, owner: o, ticket: t}
";
    let world = World::judged_by(&judge(upkeep));
    world.baseline("prod", None);
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let world = World::judged_by(&judge(upkeep));
    world.baseline("prod", None);
    let running = world.repo.id("HEAD");
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail freeze.outside-open-window"
    );
    world.set_clock("2026-11-21T21:00:00Z");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    let verdict = world.payload("prod/db", 1);
    assert_eq!(verdict["validUntil"], "2026-11-22T03:00:00Z");
    assert_eq!(world.admit("db", head, Some(running)), "judged 1 low");
    world.set_clock("2026-11-22T03:00:00Z");
    assert_eq!(
        world.admit("db", head, Some(running)),
        "refused expired frozen frozen"
    );
}

#[test]
fn one_verdict_alone_is_held_by_a_calendar_that_it_does_not_know() {
    let (world, _) = friday();
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    let envelope = world.envelope("prod/web", 1);
    let verify = |revision| world.verify(&envelope, "prod", Some("web"), revision);
    assert_eq!(verify(head), "link 1");
    let frozen = world.edit(CONFIG, "2026-11-21T00:00", "2026-11-20T09:00");
    assert_eq!(verify(frozen), "refused frozen");
    // Where the store is asked, the accepted state of the gate has the calendar, whatever the commit says.
    world.sign("prod", Some("gate"));
    let evil = world.edit(CONFIG, "    calendars: [retail]\n", "");
    let trust = super::world::trust(&[(&world.key, &[])]);
    for revision in [head, frozen, evil] {
        let (unit, store) = (("prod", Some("web")), world.store());
        let asked = world.verify_by(&trust, &envelope, unit, revision, Some(&store));
        assert_eq!(asked, "refused frozen", "{revision}");
    }
}

#[test]
fn a_refusal_says_which_window_whose_and_until_when() {
    let (world, running) = friday();
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.edit(CONFIG, "2026-11-21T00:00", "2026-11-20T09:00");
    world.sign("prod", Some("gate"));
    let answers = gate::admit(
        &world.repo.open(),
        &gate::AdmitRequest {
            environment: "prod",
            branch: None,
            unit: Some("web"),
            revision: &head.to_string(),
            deployed: Some(&running.to_string()),
            sync: None,
            checkout: None,
            trust: &super::world::trust(&[(&world.key, &[])]),
            store: &world.store(),
            now: world.now(),
            witnesses: &[],
        },
    );
    let answers = answers.unwrap();
    let Err(tidegate::verify::AdmitError::Refused { refusals, .. }) = &answers[0].result else {
        panic!("{answers:?}");
    };
    assert_eq!(
        refusals[0].to_string(),
        "frozen: expected an instant after the freeze `black-week`, which ends at \
         2026-11-23 06:00 Europe/Berlin (2026-11-23T05:00:00Z), found 2026-11-20T10:00:03Z and \
         changes of tier `medium`; reason: peak trading; owner: retail-ops; ticket: CHG-1"
    );
}
