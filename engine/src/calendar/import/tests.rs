use super::super::foreign::{self, Meant};
use super::super::{Window, Zone};
use crate::model::RepoPath;

use super::*;

fn read(path: &str, text: &str) -> Window {
    let zone = Zone::parse("Europe/Berlin");
    let (zone, kind) = (zone.as_ref(), None);
    let read = foreign::read(
        &RepoPath::from(path),
        &Arc::from(text),
        Meant { zone, kind },
    );
    read.unwrap().windows.remove(0)
}

fn event(rule: &str) -> Window {
    let text = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261127T220000\nDTEND:20261128T060000\n{rule}\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    read("a.ics", &text)
}

fn cron(schedule: &str) -> Window {
    read(
        "a.yaml",
        &format!("[{{schedule: '{schedule}', duration: 8h}}]"),
    )
}

/// What is written instead opens at the same times in the ten years after.
fn same(window: &Window) -> bool {
    let since = "2026-11-01".parse().unwrap();
    let Some(native) = window.when.to_native(since) else {
        return false;
    };
    let mut written = window.clone();
    written.when = When::Native(native);
    // From the first moment of that day in Berlin on: what is open then counts.
    let mut from: jiff::Timestamp = "2026-10-31T23:00Z".parse().unwrap();
    for _ in 0..10 {
        let to = from + SignedDuration::from_hours(366 * 24);
        assert_eq!(
            written.occurrences(from, to).unwrap(),
            window.occurrences(from, to).unwrap()
        );
        from = to;
    }
    true
}

#[test]
fn what_the_configuration_has_words_for_is_written_with_them() {
    for rule in [
        "",
        "RRULE:FREQ=DAILY",
        "RRULE:FREQ=DAILY;COUNT=5",
        "RRULE:FREQ=DAILY;BYMONTH=11,12",
        "RRULE:FREQ=WEEKLY",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20281231T235959Z",
        "RRULE:FREQ=WEEKLY\nEXDATE:20261204T220000",
        "RRULE:FREQ=MONTHLY",
        "RRULE:FREQ=MONTHLY;BYDAY=-1FR",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1,27",
        "RRULE:FREQ=YEARLY",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4FR",
        "RRULE:FREQ=YEARLY;UNTIL=20281127T100000",
    ] {
        let window = event(rule);
        assert!(same(&window), "{rule}");
    }
    for schedule in [
        "0 22 * * *",
        "30 18 * * 1-5",
        "0 22 1 * *",
        "0 0 24 12 *",
        "0 4 * 1,7 0",
    ] {
        assert!(same(&cron(schedule)), "{schedule}");
    }
}

#[test]
fn a_freeze_that_is_open_on_that_day_stays_one() {
    // Sunday, and a freeze since Friday.
    let since = "2026-11-22".parse().unwrap();
    let text = |schedule: &str, duration: &str| {
        let item = format!("[{{schedule: '{schedule}', duration: {duration}}}]");
        let native = read("a.yaml", &item).when.to_native(since).unwrap();
        format!("{}/{}", native.from, native.to.unwrap())
    };
    for (schedule, duration, expected) in [
        (
            "0 22 * * 5",
            "60h",
            "2026-11-20T22:00:00/2026-11-23T10:00:00",
        ),
        (
            "0 22 1 * *",
            "600h",
            "2026-11-01T22:00:00/2026-11-26T22:00:00",
        ),
        // The one that ended as the day began is over.
        (
            "0 0 * * 5",
            "48h",
            "2026-11-27T00:00:00/2026-11-29T00:00:00",
        ),
        (
            "0 0 * * 5",
            "48h1s",
            "2026-11-20T00:00:00/2026-11-22T00:00:01",
        ),
    ] {
        assert_eq!(text(schedule, duration), expected, "{schedule}");
    }
}

#[test]
fn freeze_periods_of_gitlab_are_written_with_words_where_there_are_some() {
    let period = |start: &str, end: &str| {
        read(
            "a.json",
            &format!(
                "[{{freeze_start: '{start}', freeze_end: '{end}', cron_timezone: Europe/Berlin}}]"
            ),
        )
    };
    for (start, end) in [
        ("0 23 * * 5", "0 7 * * 1"),
        ("0 22 * * *", "0 6 * * *"),
        ("0 0 20 12 *", "0 0 3 1 *"),
        ("0 0 1,15 * *", "0 12 2,16 * *"),
        ("0 22 * * 1,4", "0 7 * * 2,5"),
        // Not as long each time: it says on which days it ends.
        ("0 22 * * 1-5", "0 7 * * 1-5"),
        ("0 0 28 * *", "0 0 1 * *"),
    ] {
        assert!(same(&period(start, end)), "{start} to {end}");
    }
    for (start, end) in [
        ("0 22 * * 1-5", "0 7 * 1-6 1-5"),
        ("0 22 13 * 5", "0 7 * * *"),
        ("0 22 * * 5", "0 7,8 * * 1"),
    ] {
        assert!(!same(&period(start, end)), "{start} to {end}");
    }
    // The weekend that is going on.
    let native = period("0 23 * * 5", "0 7 * * 1")
        .when
        .to_native("2026-11-22".parse().unwrap());
    assert_eq!(native.unwrap().from.to_string(), "2026-11-20T23:00:00");
}

#[test]
fn what_it_has_no_words_for_is_left_as_it_is() {
    for rule in [
        "RRULE:FREQ=WEEKLY;INTERVAL=2",
        "RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=4",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=27;BYDAY=FR",
        "RRULE:FREQ=YEARLY;BYDAY=-5FR",
        "RDATE:20261224T220000",
    ] {
        assert!(!same(&event(rule)), "{rule}");
    }
    for schedule in [
        "0 22 13 * 5",
        "0 22,23 * * *",
        "*/30 22 * * *",
        "0 22 31 * *",
    ] {
        assert!(!same(&cron(schedule)), "{schedule}");
    }
}
