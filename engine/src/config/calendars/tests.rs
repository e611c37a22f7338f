//! Calendars as they are read, by the files in `testdata/calendar`.
//! Knows nothing of how they are checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Calendar, Kind, PRESETS, Window, digest, export};
use crate::config::{Config, Problems};
use crate::model::{RepoPath, code_of, limits};

fn config(calendars: &str) -> Config {
    let text = format!(
        "environments: [{{name: prod, paths: ['apps/**'], cluster: eu-1}}]\ncalendars:\n{calendars}"
    );
    let parsed = Config::parse(&RepoPath::from("tidegate.yaml"), text.as_bytes());
    parsed.unwrap_or_else(|problems| panic!("{problems}"))
}

/// The calendar of a file, beside whose name `more` stands in the configuration.
fn of_file(path: &str, more: &str, bytes: &[u8]) -> Result<Calendar, Problems> {
    let mut config = config(&format!("  c: {{file: {path}{more}}}\n"));
    assert!(config.gate_selector().matches(&RepoPath::from(path)));
    let files = BTreeMap::from([(RepoPath::from(path), bytes.to_vec())]);
    config.read_calendars(&files)?;
    Ok(config.calendars["c"].clone())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/calendar/table")
}

/// Each line: calendar, instant, whether a freeze holds; behind it, why.
#[test]
fn each_instant_of_the_table_is_as_official_calendars_have_it() {
    let table = fs::read_to_string(folder().join("cases.txt")).unwrap();
    let mut calendars: BTreeMap<String, Calendar> = BTreeMap::new();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in table.lines() {
        let case = line.split('#').next().unwrap_or_default();
        let [name, instant, expected] = case.split_whitespace().collect::<Vec<_>>()[..] else {
            assert!(case.trim().is_empty(), "{line}");
            continue;
        };
        let calendar = calendars.entry(name.to_owned()).or_insert_with(|| {
            let bytes = fs::read(folder().join(format!("{name}.yaml"))).unwrap();
            of_file("calendars/c.yaml", "", &bytes).unwrap_or_else(|problems| panic!("{problems}"))
        });
        let now: Timestamp = instant.parse().unwrap();
        let mut windows = calendar.windows.iter();
        let found = match windows.any(|window| window.active(now).unwrap().is_some()) {
            true => "frozen",
            false => "open",
        };
        count += 1;
        if found != expected {
            wrong.push(format!("{found}: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 200, "{count}");
}

#[test]
fn every_preset_is_a_calendar_whatever_the_holidays_are() {
    for preset in PRESETS {
        for holidays in [
            "",
            ", holidays: ['2025-01-10', '2025-01-29', '2025-03-25', '2025-12-31']",
        ] {
            let text = format!(
                "  c: {{timezone: America/New_York, presets: [{}]{holidays}}}\n",
                preset.name
            );
            let config = config(&text);
            let windows = &config.calendars["c"].windows;
            assert!(!windows.is_empty());
            for window in windows {
                assert_eq!(window.preset.as_deref(), Some(preset.name));
                let at = |text: &str| text.parse::<Timestamp>().unwrap();
                let years = window.occurrences(at("2026-01-01T00:00Z"), at("2031-01-01T00:00Z"));
                assert!(years.unwrap().len() >= 5, "{}", window.id);
            }
        }
    }
}

#[test]
fn what_a_preset_is_given_takes_the_place_of_its_own() {
    let config = config(
        "  c: {timezone: UTC, presets: [{preset: cyber-monday, allow: [rollback], owner: ops, kind: quiet}]}\n",
    );
    let [window] = config.calendars["c"].windows.as_slice() else {
        panic!("one window");
    };
    assert_eq!((window.kind, window.allow.len()), (Kind::Quiet, 1));
    assert_eq!(window.owner.as_deref(), Some("ops"));
    assert!(window.peak, "what is not given stays");
}

#[test]
fn a_calendar_of_another_program_is_given_what_it_cannot_say() {
    let ics = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261127\r\nSUMMARY:Black Friday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let more = ", timezone: Europe/Berlin, kind: quiet, scope: {clusters: [eu-1]}, owner: ops";
    let calendar = of_file("calendars/trading.ics", more, ics).unwrap();
    let [window] = calendar.windows.as_slice() else {
        panic!("one window");
    };
    assert_eq!(
        (window.kind, window.zone.name()),
        (Kind::Quiet, "Europe/Berlin")
    );
    assert_eq!(window.owner.as_deref(), Some("ops"));
    assert_eq!(
        window.scope.clusters,
        Some(BTreeSet::from(["eu-1".to_owned()]))
    );
}

/// A freeze of payments that lets little through, as an .ics file that this program wrote.
fn exported() -> (Window, String) {
    let text = "  c:\n    timezone: Europe/Berlin\n    windows:\n      - {id: peak, kind: freeze, from: '2026-11-20T00:00', to: '2026-12-01T06:00', \
        scope: {environments: [prod], clusters: [eu-1], brands: [a]}, blocks: {tiers-at-or-above: medium, components: [payments]}, allow: [rollback], peak: true, \
        reason: trading, owner: ops, ticket: CHG-1, overridable-by: [retail]}\n";
    let window = config(text).calendars["c"].windows[0].clone();
    let from: Timestamp = "2026-11-01T00:00Z".parse().unwrap();
    let span = (from, from + SignedDuration::from_hours(24 * 365));
    let file = export::ics(&[("c", &window)], span).unwrap();
    (window, file.replace("\r\n ", ""))
}

/// All of a window but its times and its place.
fn about(window: &Window) -> serde_json::Value {
    let mut about = serde_json::json!(window);
    for key in ["when", "place"] {
        about.as_object_mut().unwrap().remove(key);
    }
    about
}

#[test]
fn a_file_of_our_own_says_all_that_was_exported() {
    let (window, file) = exported();
    let calendar = of_file("c.ics", "", file.as_bytes()).unwrap();
    assert_eq!(about(&calendar.windows[0]), about(&window));
}

#[test]
fn what_is_given_of_a_file_of_our_own_counts_and_nothing_else_changes() {
    let (window, file) = exported();
    let quiet = file.replace(r#""kind":"freeze""#, r#""kind":"quiet""#);
    for (more, key, value) in [
        (", kind: freeze", "kind", serde_json::json!("freeze")),
        (", allow: []", "allow", serde_json::json!([])),
        (", peak: false", "peak", serde_json::json!(false)),
        (", owner: finance", "owner", serde_json::json!("finance")),
        (
            ", overridable-by: []",
            "overridable_by",
            serde_json::json!([]),
        ),
    ] {
        let calendar = of_file("c.ics", more, quiet.as_bytes()).unwrap();
        let mut expected = about(&window);
        expected["kind"] = "quiet".into();
        assert!(expected.get(key).is_some(), "{key}");
        expected[key] = value;
        assert_eq!(about(&calendar.windows[0]), expected, "{more}");
    }
    let more = ", scope: {environments: ['*']}, blocks: {tiers-at-or-above: low}";
    let calendar = of_file("c.ics", more, file.as_bytes()).unwrap();
    let mut expected = about(&window);
    expected["scope"]["environments"] = serde_json::json!(["*"]);
    expected["blocks"]["tiers_at_or_above"] = "low".into();
    assert_eq!(about(&calendar.windows[0]), expected);
}

#[test]
fn a_file_may_not_name_what_there_is_not_nor_contradict_what_is_given() {
    let (_, file) = exported();
    let problems = of_file("c.ics", "", file.replace("payments", "paymentz").as_bytes());
    let problems = problems.unwrap_err().to_string();
    assert!(problems.contains("[calendar.unknown-name]"), "{problems}");
    assert!(problems.contains("did you mean `payments`?"), "{problems}");
    let allow = "[{kind: allow, schedule: '0 9 * * 1', duration: 1h, applications: ['*']}]";
    let problems = of_file("c.yaml", ", kind: freeze", allow.as_bytes()).unwrap_err();
    assert!(
        problems.to_string().contains("[calendar.said-twice]"),
        "{problems}"
    );
    assert!(of_file("c.yaml", ", kind: maintenance", allow.as_bytes()).is_ok());
    let endless = file.replace(
        "\\,\"overridable-by",
        "\\,\"endless\":true\\,\"overridable-by",
    );
    assert_ne!(endless, file);
    assert!(of_file("c.ics", "", endless.as_bytes()).is_ok());
    let problems = of_file("c.ics", ", kind: quiet", endless.as_bytes()).unwrap_err();
    assert!(
        problems.to_string().contains("[calendar.endless]"),
        "{problems}"
    );
}

#[test]
fn windows_of_a_calendar_are_counted() {
    let most = limits::CALENDAR_WINDOWS.most;
    let read = |count: usize| {
        let event = |n| format!("BEGIN:VEVENT\nUID:{n}\nDTSTART;VALUE=DATE:20261127\nEND:VEVENT\n");
        let events: String = (0..count).map(event).collect();
        let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n");
        of_file("c.ics", ", timezone: UTC", text.as_bytes())
    };
    assert_eq!(read(most).unwrap().windows.len(), most);
    let problems = read(most + 1).unwrap_err().to_string();
    assert!(problems.contains("[limit.calendar-windows]"), "{problems}");
}

#[test]
fn times_that_a_window_opens_are_counted() {
    let project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: a}\nspec: {syncWindows: [{kind: deny, schedule: '0 * * * *', duration: 10m, applications: ['*']}]}\n";
    let calendar = of_file("c.yaml", "", project.as_bytes()).unwrap();
    let [window] = calendar.windows.as_slice() else {
        panic!("one window");
    };
    let most = limits::CALENDAR_INSTANCES.most;
    let times = |count: usize| {
        let from: Timestamp = "2026-01-01T00:00Z".parse().unwrap();
        let to = from + SignedDuration::from_hours(i64::try_from(count).unwrap());
        window.occurrences(from, to).map(|times| times.len())
    };
    // Whole days are looked at, and what began before them.
    let most_told = most - 10 * 24;
    assert_eq!(times(most_told).unwrap(), most_told);
    for beyond in [most + 1, 10 * most] {
        let error = times(beyond).unwrap_err();
        assert_eq!(code_of(&error), "limit.calendar-instances");
    }
}

#[test]
fn a_file_that_is_no_calendar_is_told_with_its_place() {
    let window = "[{id: w, kind: freeze, from: '2026-01-01T00:00'}]";
    for (more, text, expected) in [
        (
            "",
            "timezone: UTC\nwindows: [{id: w}]",
            "c.yaml:2:11: `windows[0]` has no `from` [config.missing-key]",
        ),
        (
            "",
            "timezone: Mars/Base\nwindows: []",
            "c.yaml:1:11: `timezone` is no time zone: `Mars/Base`",
        ),
        ("", "", "the file says nothing"),
        ("", "greeting: hello", "[calendar.unknown-format]"),
        (
            ", kind: quiet",
            &format!("timezone: UTC\nwindows: {window}"),
            "[calendar.said-twice]",
        ),
        (
            ", timezone: Asia/Tokyo",
            &format!("timezone: UTC\nwindows: {window}"),
            "[calendar.two-zones]",
        ),
        (
            "",
            &format!("timezone: UTC\nfile: other.yaml\nwindows: {window}"),
            "[calendar.file-in-file]",
        ),
    ] {
        let problems = of_file("c.yaml", more, text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(problems.contains(expected), "{text}\n{problems}");
    }
}

#[test]
fn a_file_that_is_not_there_holds_everything() {
    let mut config = config("  c: {file: calendars/x.yaml}\n");
    let problems = config.read_calendars(&BTreeMap::new()).unwrap_err();
    assert!(
        problems.to_string().contains("[calendar.no-file]"),
        "{problems}"
    );
    config.environments[0].calendars = vec!["c".to_owned()];
    let error = config.calendars_of(&config.environments[0]).unwrap_err();
    assert!(error.to_string().contains("was not read"), "{error}");
}

#[test]
fn the_digest_is_that_of_the_meaning_and_of_all_of_it() {
    let of = |text: &str| {
        let config = config(&format!("  c: {{timezone: UTC, windows: [{text}]}}\n"));
        digest(&[&config.calendars["c"]]).unwrap()
    };
    let window = of("{id: w, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:00'}");
    assert_eq!(
        window,
        of(
            "{kind: freeze, to: \"2026-01-02T00:00:00\",   from: '2026-01-01T00:00', id: w, peak: false}"
        )
    );
    for other in [
        "{id: v, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:00'}",
        "{id: w, kind: quiet, from: '2026-01-01T00:00', to: '2026-01-02T00:00'}",
        "{id: w, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:01'}",
        "{id: w, kind: freeze, from: '2026-01-01T00:00'}",
        "{id: w, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:00', allow: [low]}",
        "{id: w, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:00', repeat: {every: yearly}}",
        "{id: w, kind: freeze, from: '2026-01-01T00:00', to: '2026-01-02T00:00', blocks: {tiers-at-or-above: high}}",
    ] {
        assert_ne!(window, of(other), "{other}");
    }
}
