//! Sync windows that are exported and imported, against Argo CD's own code at each minute of a year.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tidegate::calendar::{Kind, Window};

use super::{YEAR, folder, read, year};
use crate::support::{Repo, run};

/// Spans of seconds since 1970.
type Spans = Vec<(i64, i64)>;

#[test]
#[ignore = "needs Go, takes minutes: .ci/run runs it"]
fn argo_cd_holds_at_the_minutes_at_which_the_calendar_does() {
    let questions = [
        exported("berlin", BERLIN, 0),
        exported("adelaide, with maintenance", ADELAIDE, 0),
        imported("a freeze through both nights", DENY, 75),
        imported("maintenance through both nights", ALLOW, 30),
    ];
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), json!(questions).to_string()).unwrap();
    let asked = Command::new("go")
        .args([
            "test",
            "-trimpath",
            "-count=1",
            "-timeout=30m",
            "-v",
            "./windows",
        ])
        .current_dir(folder("engine/tests/cluster"))
        .envs([
            ("CGO_ENABLED", "0"),
            ("GOFLAGS", "-mod=readonly"),
            ("GOWORK", "off"),
        ])
        .env("TIDEGATE_WINDOWS", file.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(
        asked.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    assert_eq!(said.matches("525599 minutes").count(), questions.len());
}

/// What `calendar export` prints, and when the calendar holds.
fn exported(name: &str, calendar: &str, longer: i64) -> Value {
    let repo = Repo::new();
    let text =
        format!("environments: [{{name: prod, paths: [prod], calendars: [shop]}}]\n{calendar}");
    repo.write("tidegate.yaml", &text);
    let mut export = repo.command(env!("CARGO_BIN_EXE_tidegate"));
    export.args([
        "calendar", "export", "--to", "argocd", "--env", "prod", "--now", YEAR.0,
    ]);
    let printed = String::from_utf8(run(&mut export, b"")).unwrap();
    let config = tidegate::config::Config::parse(&"tidegate.yaml".into(), text.as_bytes()).unwrap();
    question(name, &printed, &config.calendars["shop"].windows, longer)
}

/// Sync windows as they are, and when their import holds.
fn imported(name: &str, project: &str, longer: i64) -> Value {
    question(name, project, &read("project.yaml", project, "UTC"), longer)
}

fn question(name: &str, project: &str, windows: &[Window], longer: i64) -> Value {
    let (from, to) = year();
    json!({
        "name": name,
        "project": project,
        "from": from.as_second(),
        "to": to.as_second(),
        "held": held(windows),
        "longer": longer,
    })
}

/// Where a freeze is open, or maintenance is not.
fn held(windows: &[Window]) -> Spans {
    let (from, to) = year();
    let (begin, end) = (from.as_second(), to.as_second());
    let open = |kind: Kind| {
        let windows = windows.iter().filter(move |window| window.kind == kind);
        let times = windows.flat_map(|window| window.occurrences(from, to).unwrap());
        let seconds = times.map(|one| {
            let last = one.to.map_or(end, jiff::Timestamp::as_second);
            (one.from.as_second().max(begin), last.min(end))
        });
        merged(seconds.collect())
    };
    let mut held = open(Kind::Freeze);
    if windows
        .iter()
        .any(|window| window.kind == Kind::Maintenance)
    {
        let mut shut = begin;
        for (first, last) in open(Kind::Maintenance) {
            held.push((shut, first));
            shut = last;
        }
        held.push((shut, end));
    }
    merged(held)
}

fn merged(mut spans: Spans) -> Spans {
    spans.retain(|(begin, end)| begin < end);
    spans.sort_unstable();
    let mut all: Spans = Vec::new();
    for (begin, end) in spans {
        match all.last_mut() {
            Some((_, last)) if begin <= *last => *last = end.max(*last),
            _ => all.push((begin, end)),
        }
    }
    all
}

const BERLIN: &str = r#"
calendars:
  shop:
    timezone: Europe/Berlin
    windows:
      - {id: nights, kind: freeze, from: "2026-11-01T01:30", to: "2026-11-01T02:45", repeat: {every: weekly, by-day: [WE, SU]}}
      - {id: weekends, kind: freeze, from: "2026-11-06T18:00", to: "2026-11-09T06:00", repeat: {every: weekly, by-day: FR}}
      - {id: black-week, kind: freeze, from: "2026-11-20T00:00", to: "2026-12-01T06:00"}
      - {id: close, kind: freeze, from: "2026-10-31T18:00", to: "2026-11-02T08:00", repeat: {every: monthly, by-month-day: -1}}
      - {id: stop-the-line, kind: freeze, from: "2027-11-15T00:00"}
      - {id: news, kind: quiet, from: "2027-01-01T00:00", to: "2027-06-01T00:00"}
"#;

const ADELAIDE: &str = r#"
calendars:
  shop:
    timezone: Australia/Adelaide
    windows:
      - {id: mornings, kind: maintenance, from: "2026-11-02T01:00", to: "2026-11-02T05:00", repeat: {every: weekly, by-day: MO}}
      - {id: sundays, kind: maintenance, from: "2026-11-01T02:15", to: "2026-11-01T08:00", repeat: {every: weekly, by-day: SU}}
      - {id: christmas, kind: freeze, from: "2026-12-20T00:00", to: "2027-01-07T06:00"}
"#;

/// On 28 March 2027 the clocks of Berlin skip 2 to 3 o'clock: Argo CD holds for no minute, the calendar for 45. On
/// 31 October they show it twice: Argo CD syncs for half an hour between, the calendar does not.
const DENY: &str = r#"
kind: AppProject
spec:
  syncWindows:
    - {kind: deny, schedule: "15 2 * * *", duration: 30m, timeZone: Europe/Berlin, applications: ["*"]}
    - {kind: deny, schedule: "0 22 * * WED", duration: 30h, timeZone: America/New_York, applications: ["*"]}
    - {kind: deny, schedule: "0 0 24 12 *", duration: 72h, timeZone: Asia/Kolkata, applications: ["*"]}
"#;

/// On 14 March 2027 the clocks of New York skip 2 to 3 o'clock: Argo CD syncs from 3 on, the calendar from half past.
const ALLOW: &str = r#"
kind: AppProject
spec:
  syncWindows:
    - {kind: allow, schedule: "30 2 * * 0", duration: 4h, timeZone: America/New_York, applications: ["*"]}
    - {kind: allow, schedule: "0 9 * * 1-5", duration: 8h, timeZone: Europe/Berlin, applications: ["*"]}
"#;
