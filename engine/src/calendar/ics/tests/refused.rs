//! What is no calendar, what is not supported, and what cannot be meant.

use super::*;

#[test]
fn what_is_damaged_is_refused_by_its_place() {
    let whole = calendar(&event(""));
    for (text, line, reason) in [
        (String::new(), 1, "does not begin with"),
        ("BEGIN:VEVENT\n".to_owned(), 1, "does not begin with"),
        ("VERSION:2.0\n".to_owned(), 1, "does not begin with"),
        (
            whole.replace("END:VEVENT\n", ""),
            8,
            "`END:VEVENT` is missing",
        ),
        (
            whole.replace("END:VCALENDAR\r\n", ""),
            1,
            "`END:VCALENDAR` is missing",
        ),
        (
            format!("{whole}BEGIN:VCALENDAR\n"),
            10,
            "behind `END:VCALENDAR`",
        ),
        (
            whole.replace("UID:u", "BEGIN:VCALENDAR"),
            4,
            "`VCALENDAR` in VEVENT",
        ),
        (
            whole.replace("UID:u", "BEGIN:VEVENT"),
            4,
            "`VEVENT` in VEVENT",
        ),
        (
            calendar("BEGIN:VTODO\nEND:VTODO\n"),
            3,
            "`VTODO` in VCALENDAR is not supported",
        ),
        (
            calendar("BEGIN:VFREEBUSY\nEND:VFREEBUSY\n"),
            3,
            "`VFREEBUSY`",
        ),
        (calendar("METHOD:CANCEL\n"), 3, "`METHOD:CANCEL`"),
        (calendar("CALSCALE:CHINESE\n"), 3, "`CALSCALE:CHINESE`"),
        (
            calendar("X-WR-TIMEZONE:Europe/Berlin\nX-WR-TIMEZONE:Asia/Kolkata\n"),
            4,
            "a second X-WR-TIMEZONE",
        ),
        (whole.replace("2.0", "1.0"), 2, "`VERSION:1.0`"),
    ] {
        let fault = refused(&text);
        assert!(fault.message.contains(reason), "{text}: {}", fault.message);
        assert_eq!(fault.span.line_column(&text).line, line, "{text}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (more, name) in [
        ("RRULE:FREQ=SECONDLY", "`FREQ=SECONDLY` of RRULE"),
        ("RRULE:FREQ=HOURLY", "`FREQ=HOURLY` of RRULE"),
        ("RRULE:FREQ=DAILY;BYHOUR=8", "`BYHOUR` of RRULE"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=48", "`BYWEEKNO` of RRULE"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=331", "`BYYEARDAY` of RRULE"),
        ("RRULE:FREQ=YEARLY;SKIP=FORWARD", "`SKIP` of RRULE"),
        ("RRULE:FREQ=WEEKLY;BYDAY=2FR", "a numbered day in BYDAY"),
        ("RRULE:FREQ=WEEKLY;BYMONTHDAY=27", "BYMONTHDAY of a weekly"),
        ("RRULE:FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("EXRULE:FREQ=WEEKLY", "`EXRULE`"),
        (
            "RDATE;VALUE=PERIOD:20261128T080000/PT1H",
            "`VALUE=PERIOD` of RDATE",
        ),
        (
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20261127T070000Z",
            "`RANGE` of RECURRENCE-ID",
        ),
        (
            "RECURRENCE-ID:20261127T070000Z|RRULE:FREQ=WEEKLY",
            "comes again itself",
        ),
        ("STATUS:POSTPONED", "`STATUS:POSTPONED`"),
        ("PROPERTY-OF-TOMORROW:1", "`PROPERTY-OF-TOMORROW`"),
    ] {
        let fault = refused(&calendar(&event(more)));
        assert_eq!(fault.code, "calendar.ics-unsupported", "{more}");
        assert!(fault.message.contains(name), "{more}: {}", fault.message);
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (more, reason) in NONSENSE {
        let fault = refused(&calendar(&event(more)));
        assert!(fault.message.contains(reason), "{more}: {}", fault.message);
        assert_eq!(fault.code, "calendar.ics", "{more}");
    }
    for (lines, reason) in DAMAGED {
        let fault = refused(&calendar(&bare(lines)));
        assert!(fault.message.contains(reason), "{lines}: {}", fault.message);
    }
    // Each January has the day.
    assert_eq!(
        times(&bare(
            "DTSTART:20260131T000000|DURATION:PT1H|RRULE:FREQ=MONTHLY;INTERVAL=12"
        ))
        .len(),
        2
    );
}

/// Lines beside those of an event, and why not.
const NONSENSE: &[(&str, &str)] = &[
    ("RRULE:FREQ=WEEKLY;INTERVAL=0", "`INTERVAL=0`"),
    ("RRULE:FREQ=WEEKLY;COUNT=0", "`COUNT=0`"),
    ("RRULE:FREQ=WEEKLY;COUNT=1000000000", "`COUNT=1000000000`"),
    ("RRULE:FREQ=YEARLY;COUNT=1000", "leads beyond"),
    ("RRULE:FREQ=WEEKLY;COUNT=2;UNTIL=20270101", "beside UNTIL"),
    ("RRULE:FREQ=WEEKLY;UNTIL=20261126", "lies before DTSTART"),
    ("RRULE:FREQ=WEEKLY;FREQ=DAILY", "stands twice"),
    ("RRULE:COUNT=2", "is missing"),
    ("RRULE:FREQ=NEVER", "none of DAILY"),
    ("RRULE:WEEKLY", "no `NAME=value`"),
    ("RRULE:FREQ=MONTHLY;BYDAY=0FR", "`BYDAY=0FR`"),
    ("RRULE:FREQ=MONTHLY;BYDAY=XX", "`BYDAY=XX`"),
    ("RRULE:FREQ=MONTHLY;BYDAY=", "`BYDAY=`"),
    ("RRULE:FREQ=MONTHLY;BYMONTHDAY=32", "`BYMONTHDAY=32`"),
    ("RRULE:FREQ=YEARLY;BYMONTH=13", "`BYMONTH=13`"),
    ("RRULE:FREQ=WEEKLY;BYDAY=MO", "none of the times"),
    (
        "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "none of the times",
    ),
    ("RRULE:FREQ=MONTHLY;BYMONTHDAY=27,31", "day 31 of months"),
    ("RRULE:FREQ=WEEKLY|RRULE:FREQ=DAILY", "`RRULE` stands twice"),
    ("EXDATE:20261128T080000Z", "takes out nothing"),
    (
        "RRULE:FREQ=WEEKLY|EXDATE;VALUE=DATE:20261204",
        "are a date and a time",
    ),
    ("DURATION:PT1H", "beside DTEND"),
    ("DTSTART:20261127T080000", "`DTSTART` stands twice"),
    ("UID:v", "`UID` stands twice"),
];

/// Lines of an event, and why not.
const DAMAGED: &[(&str, &str)] = &[
    ("DTEND:20261127T080000", "without DTSTART"),
    ("DTSTART:20261127T080000", "without an end"),
    (
        "DTSTART:20261127T080000|DTEND:20261127T080000",
        "ends before it has begun",
    ),
    (
        "DTSTART:20261127T080000|DTEND:20261126T080000",
        "ends before it has begun",
    ),
    (
        "DTSTART:20261127T080000|DTEND;VALUE=DATE:20261128",
        "are a date and a time",
    ),
    (
        "DTSTART:20261127T080000|DURATION:-PT1H",
        "no DURATION above zero",
    ),
    (
        "DTSTART:20261127T080000|DURATION:PT0S",
        "no DURATION above zero",
    ),
    (
        "DTSTART:20261127T080000|DURATION:P",
        "no DURATION above zero",
    ),
    (
        "DTSTART:20261127T080000|DURATION:P1H",
        "no DURATION above zero",
    ),
    (
        "DTSTART:20261127T080000|DURATION:PT",
        "no DURATION above zero",
    ),
    (
        "DTSTART:20261127T240000|DURATION:PT1H",
        "`20261127T240000` of DTSTART",
    ),
    (
        "DTSTART:20261127T235960|DURATION:PT1H",
        "`20261127T235960` of DTSTART",
    ),
    (
        "DTSTART:20270229T000000|DURATION:PT1H",
        "`20270229T000000` of DTSTART",
    ),
    ("DTSTART:20261127|DURATION:PT1H", "`20261127` of DTSTART"),
    (
        "DTSTART;TZID=Europe/Berlin:20261127T080000Z|DURATION:PT1H",
        "has a zone",
    ),
    ("DTSTART:00010101T080000|DURATION:PT1H", "from 1970 to 2199"),
    (
        "DTSTART:20280229T000000|DURATION:PT1H|RRULE:FREQ=YEARLY",
        "day 29 of months",
    ),
    (
        "DTSTART:20260131T000000|DURATION:PT1H|RRULE:FREQ=MONTHLY",
        "day 31 of months",
    ),
    (
        "DTSTART:20260131T000000|DURATION:PT1H|RRULE:FREQ=MONTHLY;INTERVAL=3",
        "day 31 of months",
    ),
];
