use jiff::Timestamp;

use super::*;

fn berlin() -> Zone {
    Zone::parse("Europe/Berlin").unwrap()
}

fn read_as(path: &str, text: &str, zone: Option<&Zone>) -> Result<Foreign, Fault> {
    let kind = None;
    read(
        &RepoPath::from(path),
        &Arc::from(text),
        Meant { zone, kind },
    )
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `ID from/to` in instants, from `from` to `to`.
fn open(foreign: &Foreign, from: &str, to: &str) -> Vec<String> {
    let mut all = Vec::new();
    for window in &foreign.windows {
        for one in window.occurrences(at(from), at(to)).unwrap() {
            all.push(format!("{} {}/{}", window.id, one.from, one.to.unwrap()));
        }
    }
    all
}

fn project(windows: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: shop}}\nspec:\n  destinations: []\n  syncWindows:\n{windows}"
    )
}

#[test]
fn windows_of_argo_cd_are_freezes_and_maintenance_in_their_zone() {
    let text = project(
        "  - {kind: deny, schedule: '0 22 * * 5', duration: 56h, timeZone: Europe/Berlin, applications: ['*'], description: Weekend!}\n\
         \x20 - {kind: allow, schedule: '0 9 * * 1-5', duration: 8h, clusters: ['*']}\n",
    );
    let read = read_as("projects/shop.yaml", &text, Some(&berlin())).unwrap();
    assert_eq!(read.notes, []);
    assert_eq!(
        open(&read, "2026-11-20T00:00Z", "2026-11-23T12:00Z"),
        [
            "weekend 2026-11-20T21:00:00Z/2026-11-23T05:00:00Z",
            "maintenance 2026-11-20T09:00:00Z/2026-11-20T17:00:00Z",
            "maintenance 2026-11-23T09:00:00Z/2026-11-23T17:00:00Z",
        ]
    );
    assert_eq!(read.windows[0].kind, Kind::Freeze);
    assert_eq!(read.windows[1].kind, Kind::Maintenance);
    assert_eq!(
        read.windows[0].place.as_ref().unwrap().to_string(),
        "projects/shop.yaml:7:5"
    );
}

#[test]
fn windows_of_cron_and_of_gitlab_are_read_too() {
    let list = "[{schedule: '0 22 * * 5', duration: 56h, description: Weekend}, {schedule: '0 0 24 12 *', duration: 72h, description: Weekend}]";
    let read = read_as("a.yaml", list, Some(&berlin())).unwrap();
    let ids: Vec<&str> = read
        .windows
        .iter()
        .map(|window| window.id.as_str())
        .collect();
    assert_eq!(ids, ["weekend", "weekend-2"]);
    assert_eq!(
        read_as("a.yaml", list, None).unwrap_err().code,
        "calendar.floating"
    );
    let gitlab = r#"[{"id": 1, "freeze_start": "0 23 * * 5", "freeze_end": "0 7 * * 1", "cron_timezone": "UTC",
        "created_at": "2020-05-15T17:03:35.702Z", "updated_at": "2020-05-15T17:06:41.566Z"}]"#;
    let read = read_as("freeze_periods.json", gitlab, None).unwrap();
    let found = open(&read, "2026-11-20T00:00Z", "2026-11-24T00:00Z");
    assert_eq!(found, ["freeze 2026-11-20T23:00:00Z/2026-11-23T07:00:00Z"]);
}

#[test]
fn what_means_less_here_is_told() {
    let text = project(
        "  - {kind: deny, schedule: '0 22 * * 5', duration: 1h, applications: ['shop-*'], manualSync: true, syncOverrun: true}\n",
    );
    let notes = read_as("a.yaml", &text, None).unwrap().notes;
    let notes: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(
        notes,
        [
            "`manualSync` lets syncs by hand through there, and nothing here",
            "`syncOverrun` lets a sync end that began before, and changes nothing here",
            "holds there for applications shop-*, and here for all of the environments that have the calendar",
        ]
    );
}

/// A project with one window that denies.
fn deny(more: &str) -> String {
    project(&format!(
        "  - {{kind: deny, schedule: '0 22 * * 5', duration: 1h, {more}}}\n"
    ))
}

fn assert_refused(text: &str, code: &str, reason: &str) {
    let fault = read_as("a.yaml", text, None).unwrap_err();
    assert_eq!(fault.code, code, "{text}: {}", fault.message);
    assert!(fault.message.contains(reason), "{text}: {}", fault.message);
}

#[test]
fn what_could_open_more_here_than_there_is_refused() {
    let allow = |whose: &str| {
        format!("  - {{kind: allow, schedule: '0 9 * * *', duration: 1h, {whose}}}\n")
    };
    let two = project(&format!("{}{}", allow(ALL), allow("applications: [a]")));
    assert_refused(&two, "calendar.sync-windows", "different Applications");
    for (more, reason) in [
        ("manualSync: false", "applies to nothing"),
        (
            "applications: ['*'], every: other",
            "`every` of a window is not known",
        ),
        ("applications: ['*'], timeZone: 1", "`timeZone` is no text"),
    ] {
        assert_refused(&deny(more), "calendar.sync-windows", reason);
    }
    for zone in ["Mars/Base", "CET"] {
        let text = deny(&format!("{ALL}, timeZone: {zone}"));
        assert_refused(&text, "calendar.unknown-zone", &format!("`{zone}`"));
    }
    for (old, new, reason) in [
        ("deny", "block", "neither `deny` nor `allow`"),
        ("kind: deny, ", "", "neither `deny` nor `allow`"),
        ("1h", "1d", "`duration: 1d`"),
        ("duration: 1h, ", "", "without `duration`"),
    ] {
        assert_refused(
            &deny(ALL).replace(old, new),
            "calendar.sync-windows",
            reason,
        );
    }
}

#[test]
fn what_is_no_calendar_is_refused() {
    let text = deny(ALL).replace("0 22", "60 22");
    assert_refused(&text, "calendar.cron", "outside of 0 to 59");
    for weekday in ["7", "5-7", "1,7", "7/2"] {
        let text = deny(ALL).replace("* * 5", &format!("* * {weekday}"));
        assert_refused(&text, "calendar.cron", "does not know");
    }
    assert!(read_as("a.yaml", &deny(ALL).replace("* * 5", "* * */7"), None).is_ok());
    let text = deny(ALL).replace("0 22 * * 5", "@daily");
    assert_refused(&text, "calendar.cron", "nickname");
    let text = project("").replace("syncWindows:", "roles: []");
    assert_refused(&text, "calendar.sync-windows", "no list");
    assert_refused("[1]", "calendar.sync-windows", "no mapping");
    assert_refused("a: 1", "calendar.unknown-format", "no calendar");
    assert_refused("a: [", "calendar.yaml", "");
    assert_refused("[]\n---\n[]\n", "calendar.yaml", "second document");
    assert_refused("", "calendar.yaml", "says nothing");
}

#[test]
fn a_file_that_holds_nothing_is_an_error() {
    let cancelled = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261127\nEND:VEVENT\nEND:VCALENDAR\n";
    for (path, text, reason) in [
        ("a.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no window"),
        ("a.ics", cancelled, "no window: an event that is cancelled"),
        ("a.yaml", "[]", "no window"),
        ("a.yaml", &project("    []\n"), "no window"),
    ] {
        let fault = read_as(path, text, Some(&berlin())).unwrap_err();
        assert_eq!(fault.code, "calendar.empty", "{text}: {}", fault.message);
        assert!(fault.message.contains(reason), "{text}: {}", fault.message);
    }
    let one = cancelled.replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:20261127\nEND:VEVENT\nEND:VCALENDAR",
    );
    assert_eq!(
        read_as("a.ics", &one, Some(&berlin()))
            .unwrap()
            .windows
            .len(),
        1
    );
}

#[test]
fn an_event_holds_by_the_clocks_of_its_zone() {
    // Through both nights in which clocks change: seven hours by the clock are eight hours once, and six once.
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Stock take: Bürgel & Söhne\nORGANIZER;CN=Ops:mailto:ops@example.com\n\
        DTSTART;TZID=Europe/Berlin:20260328T220000\nDTEND;TZID=Europe/Berlin:20260329T050000\nRRULE:FREQ=MONTHLY;BYDAY=-1SA\nEND:VEVENT\nEND:VCALENDAR\n";
    let read = read_as("stock.ICS", text, None).unwrap();
    let window = &read.windows[0];
    assert_eq!(window.id, "stock-take-b-rgel-s-hne");
    assert_eq!(window.reason.as_deref(), Some("Stock take: Bürgel & Söhne"));
    assert_eq!(window.owner.as_deref(), Some("Ops"));
    let found = open(&read, "2026-03-01T00:00Z", "2026-11-01T12:00Z");
    assert_eq!(
        found[0],
        "stock-take-b-rgel-s-hne 2026-03-28T21:00:00Z/2026-03-29T03:00:00Z"
    );
    assert_eq!(
        found[6],
        "stock-take-b-rgel-s-hne 2026-09-26T20:00:00Z/2026-09-27T03:00:00Z"
    );
    assert_eq!(
        found[7],
        "stock-take-b-rgel-s-hne 2026-10-31T21:00:00Z/2026-11-01T04:00:00Z"
    );
}

#[test]
fn many_windows_of_one_name_have_ids_of_their_own() {
    let one = "- {schedule: '0 0 1 1 *', duration: 1h, description: a}\n";
    let two = "- {schedule: '0 0 1 1 *', duration: 1h, description: a-2}\n";
    let text = format!("{two}{}", one.repeat(3_000));
    let read = read_as("a.yaml", &text, Some(&berlin())).unwrap();
    let ids: std::collections::BTreeSet<&str> = read
        .windows
        .iter()
        .map(|window| window.id.as_str())
        .collect();
    assert_eq!(ids.len(), 3_001);
}

const ALL: &str = "applications: ['*']";
