use super::super::foreign::{self, Meant};
use super::super::{Kind, Window, Zone};
use crate::model::RepoPath;

use super::*;

fn read(path: &str, text: &str) -> Window {
    let zone = Zone::parse("Europe/Berlin");
    let (zone, kind) = (zone.as_ref(), Kind::Freeze);
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
    let mut from: jiff::Timestamp = "2026-11-02T00:00Z".parse().unwrap();
    for _ in 0..10 {
        let to = from + jiff::SignedDuration::from_hours(366 * 24);
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
