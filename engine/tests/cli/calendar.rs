//! `tidegate calendar`: what it shows of calendars, in every format, and how it ends.

use std::fs;

use serde_json::Value;

use super::{assert_snapshot, said, tidegate};
use crate::support::Repo;

/// Peak trading and a month's end in Berlin, opening hours, maintenance in London, and an open end.
const CONFIG: &str = r#"environments:
  - {name: prod, stage: production, paths: ["apps/**"], tenants: [brand-a], timezone: Europe/Berlin, calendars: [retail, stores]}
  - {name: erp, stage: production, paths: ["erp/**"], tenants: [brand-b], timezone: Europe/London, calendars: [erp]}
  - {name: dev, stage: development, paths: ["dev/**"]}
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: black-week, kind: freeze, from: "2026-11-20T00:00", to: "2026-12-01T06:00", blocks: {tiers-at-or-above: medium},
         allow: [rollback, emergency], peak: true, reason: peak <trading>, owner: retail-ops@acme.example, ticket: CHG-4711, overridable-by: [retail-ops]}
      - {id: close, kind: freeze, from: "2026-11-30T18:00", to: "2026-12-01T08:00", scope: {components: [payments]}, reason: finance close}
  stores:
    timezone: Europe/Berlin
    windows:
      - {id: counting, kind: quiet, from: "2026-11-14T20:00", to: "2026-11-15T20:00", scope: {tenants: [brand-a]}}
  erp:
    timezone: Europe/London
    windows:
      - {id: sunday, kind: maintenance, from: "2026-11-22T01:00", to: "2026-11-22T04:00"}
      - {id: stop-the-line, kind: freeze, from: "2026-12-10T00:00", reason: audit}
"#;

fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    repo
}

fn calendar(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    let mut command = tidegate(repo.path());
    let output = command.arg("calendar").args(arguments).output();
    said(&output.unwrap())
}

const NOW: [&str; 2] = ["--now", "2026-11-22T10:00:00+01:00"];
const NOVEMBER: [&str; 4] = ["--from", "2026-11-01", "--to", "2027-01-01"];

#[test]
fn months_a_timeline_and_a_list_are_drawn() {
    let repo = repo();
    let show = [&["show"], &NOVEMBER[..], &NOW].concat();
    let (text, exit) = calendar(&repo, &[&show[..], &["--env", "prod"]].concat());
    assert_eq!(exit, 0, "{text}");
    assert_snapshot("calendar-prod.txt", &text);
    let (text, exit) = calendar(&repo, &show);
    assert_eq!(exit, 0, "{text}");
    assert_snapshot("calendar-all.txt", &text);
}

#[test]
fn pages_and_pictures_hold_nothing_but_text_of_the_windows() {
    let repo = repo();
    let show = [
        &["show"],
        &NOVEMBER[..],
        &NOW,
        &["--output", "html=a.html", "--output", "svg=a.svg"],
    ]
    .concat();
    let (text, exit) = calendar(&repo, &show);
    assert_eq!((text.as_str(), exit), ("", 0));
    for name in ["a.html", "a.svg"] {
        let text = fs::read_to_string(repo.path().join(name)).unwrap();
        assert!(
            text.contains("peak &lt;trading&gt;") && !text.contains("<trading>"),
            "{text}"
        );
        for foreign in ["<script", "href", "src=", "url(", "@import"] {
            assert!(!text.contains(foreign), "{foreign} in {name}");
        }
        let svg = text
            .get(text.find("<svg").unwrap()..text.find("</svg>").unwrap() + 6)
            .unwrap();
        assert_eq!(open_elements(svg), [""; 0], "{svg}");
        assert_snapshot(&format!("calendar.{}", &name[2..]), &text);
    }
}

/// The elements of an XML text that are not closed in the order in which they were opened.
fn open_elements(text: &str) -> Vec<&str> {
    let mut open = Vec::new();
    for part in text.split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap();
        assert!(!words.contains('>'), "{part}");
        let name = tag.split([' ', '/']).next().unwrap();
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed)),
            None if !tag.ends_with('/') => open.push(name),
            None => {}
        }
    }
    open
}

#[test]
fn what_is_asked_about_narrows_down_what_is_shown() {
    let repo = repo();
    let windows = |arguments: &[&str]| {
        let all = [&["show", "--output", "json"], arguments, &NOVEMBER, &NOW].concat();
        let (text, exit) = calendar(&repo, &all);
        assert_eq!(exit, 0, "{text}");
        let json: Value = serde_json::from_str(&text).unwrap();
        let windows = json["windows"].as_array().unwrap().iter();
        windows
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        windows(&["--env", "prod"]),
        ["counting", "black-week", "close"]
    );
    assert_eq!(
        windows(&["--env", "prod", "--tier", "low"]),
        ["counting", "close"]
    );
    assert_eq!(
        windows(&["--env", "prod", "--component", "database"]),
        ["counting", "black-week"]
    );
    assert_eq!(
        windows(&["--tenant", "brand-b", "--env", "prod"]),
        ["black-week", "close"]
    );
    assert_eq!(windows(&["--env", "dev"]), [""; 0]);
    assert_eq!(windows(&[]).len(), 5);
}

#[test]
fn next_says_from_when_on_a_change_may_go() {
    let repo = repo();
    let (text, exit) = calendar(&repo, &[&["next"], &NOW[..]].concat());
    assert_eq!(exit, 1, "erp never opens again: {text}");
    assert_snapshot("calendar-next.txt", &text);
    let arguments = [
        &[
            "next",
            "--env",
            "prod",
            "--tier",
            "high",
            "--component",
            "payments",
            "--output",
            "json",
        ],
        &NOW[..],
    ]
    .concat();
    let (text, exit) = calendar(&repo, &arguments);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let tier = &json["environments"][0]["tiers"][0];
    assert_eq!(
        tier["opens"], "2026-12-01T07:00:00Z",
        "the later of the two ends: {text}"
    );
    assert_eq!(
        (&tier["held"], &tier["heldBy"][0]["id"]),
        (&Value::Bool(true), &Value::from("black-week"))
    );
}

#[test]
fn explain_says_what_holds_and_how_the_windows_stand() {
    let repo = repo();
    let (text, exit) = calendar(&repo, &["explain", "2026-11-30T20:00", "--env", "prod"]);
    assert_eq!(exit, 0, "{text}");
    assert_snapshot("calendar-explain.txt", &text);
    let (text, exit) = calendar(
        &repo,
        &[
            "explain",
            "2026-10-25T02:30",
            "--env",
            "prod",
            "--output",
            "json",
        ],
    );
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let instants: Vec<&Value> = json["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["at"])
        .collect();
    assert_eq!(instants, ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
}

#[test]
fn presets_are_shown_before_they_are_turned_on() {
    let empty = Repo::new();
    let presets = [
        "show",
        "--preset",
        "black-week",
        "--preset",
        "month-end-close",
        "--zone",
        "Europe/Berlin",
    ];
    let (text, exit) = calendar(&empty, &[&presets, &NOVEMBER[..], &NOW].concat());
    assert_eq!(exit, 0, "{text}");
    for preset in ["black-week", "month-end-close"] {
        assert!(text.contains(&format!("preset {preset}")), "{text}");
    }
    assert!(text.contains("Europe/Berlin"), "{text}");
}

#[test]
fn what_is_held_of_others_is_told_where_a_tier_may_go() {
    let repo = repo();
    let (text, exit) = calendar(
        &repo,
        &[
            "explain",
            "2026-11-30T20:00",
            "--env",
            "prod",
            "--tier",
            "low",
        ],
    );
    assert_eq!(exit, 0, "{text}");
    let told: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("may go now, but for what windows below hold of others"),
        "{text}"
    );
    assert!(
        told.contains("retail/close holds changes of component payments until 2026-12-01 08:00"),
        "{text}"
    );
    let (text, _) = calendar(
        &repo,
        &[
            "explain",
            "2026-11-25T20:00",
            "--env",
            "prod",
            "--tier",
            "low",
        ],
    );
    assert!(!text.contains("of others"), "{text}");
}

#[test]
fn brands_are_the_tenants_of_the_environment_where_nobody_says_otherwise() {
    let repo = Repo::new();
    for (brand, held) in [("brand-a", true), ("brand-b", false), ("braand-a", false)] {
        let config = CONFIG.replace("{id: close, kind: freeze,", &format!("{{id: brand, kind: freeze, from: \"2026-11-01T00:00\", to: \"2026-11-02T00:00\", scope: {{brands: [{brand}]}}}}\n      - {{id: close, kind: freeze,"));
        repo.write("tidegate.yaml", config);
        let (text, _) = calendar(
            &repo,
            &[
                "explain",
                "2026-11-01T12:00",
                "--env",
                "prod",
                "--tier",
                "low",
            ],
        );
        assert_eq!(
            text.contains("held by retail/brand"),
            held,
            "{brand}: {text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_calendar_file_that_is_a_link_is_not_followed() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", "environments: [{name: prod, paths: ['**'], calendars: [trading]}]\ncalendars: {trading: {file: cal/trading.ics}}\n");
    let outside = Repo::new();
    outside.write("secret/trading.ics", "the first line of a secret\n");
    let secret = outside.path().join("secret");
    for (link, target) in [
        ("cal/trading.ics", secret.join("trading.ics")),
        ("cal", secret),
    ] {
        let link = repo.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        for command in [
            &["lint"][..],
            &["show"],
            &["next"],
            &["explain", "2026-11-01T12:00"],
        ] {
            let (text, exit) = calendar(&repo, command);
            assert_eq!(exit, 3, "{text}");
            assert!(
                text.contains("link") && !text.contains("first line"),
                "{text}"
            );
        }
        fs::remove_file(&link).unwrap();
        let _ = fs::remove_dir(repo.path().join("cal"));
    }
}

#[test]
fn lint_says_what_looks_wrong_and_where() {
    let repo = repo();
    let (text, exit) = calendar(&repo, &[&["lint"], &NOW[..]].concat());
    assert_eq!(exit, 1, "{text}");
    assert_snapshot("calendar-lint.txt", &text);
    let later = [
        "lint",
        "--now",
        "2027-02-01T00:00:00Z",
        "--longest",
        "400",
        "--output",
        "json",
    ];
    let (text, exit) = calendar(&repo, &later);
    assert_eq!(exit, 1, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let findings = json["findings"].as_array().unwrap().iter();
    let mut codes: Vec<&str> = findings.map(|one| one["code"].as_str().unwrap()).collect();
    codes.dedup();
    assert_eq!(
        codes,
        [
            "calendar.over",
            "calendar.too-long",
            "calendar.always-shut",
            "calendar.unowned"
        ],
        "{text}"
    );
    for code in codes {
        let (page, exit) = said(
            &tidegate(repo.path())
                .args(["explain", code])
                .output()
                .unwrap(),
        );
        assert_eq!(exit, 0, "{page}");
        assert!(page.contains("found by `tidegate calendar lint`"), "{page}");
    }
}

#[test]
fn calendars_are_read_from_their_files_beside_the_configuration() {
    let repo = Repo::new();
    let config = "environments: [{name: prod, paths: ['**'], calendars: [trading]}]\ncalendars: {trading: {file: calendars/trading.yaml}}\n";
    repo.write("tidegate.yaml", config);
    let (text, exit) = calendar(&repo, &["show"]);
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("error[calendar.no-file]") && text.contains("tidegate.yaml:2:"),
        "{text}"
    );
    let window = "{id: sale, kind: freeze, from: '2026-11-20T00:00', to: '2026-11-21T00:00'}";
    repo.write(
        "calendars/trading.yaml",
        format!("timezone: Asia/Kolkata\nwindows: [{window}]\n"),
    );
    let (text, exit) = calendar(&repo, &[&["-C", "calendars", "show"], &NOW[..]].concat());
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("2026-11-20 00:00 to 2026-11-21 00:00 Asia/Kolkata"),
        "{text}"
    );
    assert!(text.contains("at calendars/trading.yaml:2:"), "{text}");
}

#[test]
fn a_window_that_ends_before_it_begins_is_an_error_with_its_place() {
    let repo = repo();
    repo.write(
        "tidegate.yaml",
        CONFIG.replace("2026-12-01T08:00", "2026-11-01T08:00"),
    );
    for command in ["show", "next", "lint"] {
        let (text, exit) = calendar(&repo, &[command]);
        assert_eq!(exit, 3, "{text}");
        assert!(
            text.contains("error[calendar.reversed]") && text.contains("tidegate.yaml:11:"),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_a_mistake_of_the_caller() {
    let repo = repo();
    for (arguments, code) in [
        (&["show", "--from", "tomorrow"][..], "usage.day"),
        (
            &["show", "--from", "2026-12-01", "--to", "2026-11-01"],
            "usage.day",
        ),
        (
            &["show", "--from", "2026-01-01", "--to", "2036-01-01"],
            "usage.day",
        ),
        (&["show", "--zone", "CET"], "usage.zone"),
        (&["show", "--env", "qa"], "usage.unknown-environment"),
        (
            &["next", "--component", "paymentz"],
            "did you mean `payments`?",
        ),
        (&["next", "--tenant", "nosuch"], "usage.unknown-name"),
        (
            &["explain", "2026-11-30T20:00", "--tenant", "brand-x"],
            "did you mean `brand-a`?",
        ),
        (
            &["show", "--kind", "deployment"],
            "did you mean `Deployment`?",
        ),
        (
            &["show", "--preset", "blak-week"],
            "did you mean `black-week`?",
        ),
        (
            &["show", "--preset", "black-week", "--zone", "CET"],
            "usage.zone",
        ),
        (&["explain", "2026-11-27"], "write a time such as"),
        (&["show", "--from", "2026-11-31"], "a date that there is"),
        (
            &["show", "--now", "2026-11-22T10:00:00Z[Europe/Berlin]"],
            "usage.now",
        ),
        (&["show", "--output", "sarif"], "usage.output"),
        (&["show", "--now", "noon"], "usage.now"),
        (&["explain", "noon"], "usage.now"),
        (&["next", "--tier", "huge"], "invalid value 'huge'"),
    ] {
        let (text, exit) = calendar(&repo, arguments);
        assert_eq!(exit, 2, "{text}");
        assert!(text.contains(code), "{arguments:?}: {text}");
    }
}

#[test]
fn the_zone_of_the_machine_changes_nothing() {
    let repo = repo();
    let all = ["show", "next", "explain"].map(|command| {
        let instant = (command == "explain").then_some("2026-11-29T02:30");
        let run = |zone: &str, locale: &str| {
            let mut command_line = tidegate(repo.path());
            let output = command_line
                .args(["calendar", command])
                .args(instant)
                .args(NOW)
                .env("TZ", zone)
                .env("TZDIR", "/nowhere")
                .env("LC_ALL", locale)
                .output();
            said(&output.unwrap())
        };
        (
            run("Australia/Lord_Howe", "de_DE.UTF-8"),
            run(":/etc/passwd", "C"),
        )
    });
    for (one, other) in all {
        assert_eq!(one, other);
    }
}
