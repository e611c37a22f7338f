mod refused;

use jiff::civil::DateTime;

use super::*;

/// The rule of a VEVENT that begins at `start` in Berlin, unchecked.
pub(super) fn rule(start: DateTime, text: &str) -> Rule {
    let line = lines::lines(&format!("RRULE:{text}")).unwrap().remove(0);
    let stamp = stamp::Stamp {
        civil: start,
        zone: berlin(),
        whole_day: false,
    };
    let mut rule = rule::read(&line, &stamp).unwrap();
    if let Some(count) = rule.count.take() {
        rule.until = rule.last_of(start, count);
    }
    rule
}

fn berlin() -> Zone {
    Zone::parse("Europe/Berlin").unwrap()
}

fn calendar(body: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{body}END:VCALENDAR\r\n")
}

/// An event of the Friday after Thanksgiving, 8 to 18 o'clock, with these lines more.
fn event(more: &str) -> String {
    let more = more.replace('|', "\n");
    format!(
        "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Europe/Berlin:20261127T080000\nDTEND;TZID=Europe/Berlin:20261127T180000\n{more}\nEND:VEVENT\n"
    )
}

fn bare(lines: &str) -> String {
    format!(
        "BEGIN:VEVENT\nUID:u\n{}\nEND:VEVENT\n",
        lines.replace('|', "\n")
    )
}

/// `UID from/to` of each time until the end of 2027.
fn times(body: &str) -> Vec<String> {
    let (from, to) = (
        "2026-01-01T00:00".parse().unwrap(),
        "2028-01-01T00:00".parse().unwrap(),
    );
    let mut all = Vec::new();
    for found in read(&calendar(body), Some(&berlin())).unwrap().events {
        for (begin, end) in found.event.intervals(from, to).unwrap() {
            all.push(format!("{} {begin}/{end}", found.uid));
        }
    }
    all
}

fn refused(text: &str) -> Fault {
    read(text, Some(&berlin())).unwrap_err()
}

#[test]
fn an_event_takes_from_its_start_to_its_end() {
    for (lines, expected) in [
        (
            "DTSTART:20261127T080000|DTEND:20261127T180000",
            "2026-11-27T08:00:00/2026-11-27T18:00:00",
        ),
        (
            "DTSTART:20261127T080000Z|DURATION:P1DT30M",
            "2026-11-27T08:00:00/2026-11-28T08:30:00",
        ),
        (
            "DTSTART;VALUE=DATE:20261127",
            "2026-11-27T00:00:00/2026-11-28T00:00:00",
        ),
        (
            "DTSTART;VALUE=DATE:20261127|DTEND;VALUE=DATE:20261201",
            "2026-11-27T00:00:00/2026-12-01T00:00:00",
        ),
        (
            "DTSTART;VALUE=DATE:20261127|DURATION:P1W",
            "2026-11-27T00:00:00/2026-12-04T00:00:00",
        ),
    ] {
        assert_eq!(times(&bare(lines)), [format!("u {expected}")], "{lines}");
    }
}

#[test]
fn each_time_has_the_zone_that_it_names() {
    let there = berlin();
    assert_eq!(
        zone("DTSTART;TZID=Asia/Tokyo:20261127T080000", "", None).unwrap(),
        "Asia/Tokyo"
    );
    assert_eq!(
        zone(
            "DTSTART;TZID=\"W. Europe Standard Time\":20261127T080000",
            "",
            None
        )
        .unwrap(),
        "Europe/Berlin"
    );
    assert_eq!(zone("DTSTART:20261127T080000Z", "", None).unwrap(), "UTC");
    assert_eq!(
        zone("DTSTART:20261127T080000", "", Some(&there)).unwrap(),
        "Europe/Berlin"
    );
    let of_file = "X-WR-TIMEZONE:Asia/Kolkata\n";
    assert_eq!(
        zone("DTSTART:20261127T080000", of_file, None).unwrap(),
        "Asia/Kolkata"
    );
    assert_eq!(
        zone("DTSTART:20261127T080000", of_file, Some(&there)).unwrap(),
        "Europe/Berlin"
    );
}

/// The zone of an event that begins so, in a file that begins so.
fn zone(start: &str, file: &str, given: Option<&Zone>) -> Result<String, Fault> {
    let event = bare(&format!("{start}|DURATION:PT1H"));
    let text = calendar(&format!("{file}{event}"));
    read(&text, given).map(|read| read.events[0].zone.to_string())
}

#[test]
fn a_time_without_a_zone_that_is_known_is_refused() {
    for (start, file, code) in [
        ("DTSTART:20261127T080000", "", "calendar.floating"),
        ("DTSTART;VALUE=DATE:20261127", "", "calendar.floating"),
        (
            "DTSTART;TZID=CET:20261127T080000",
            "",
            "calendar.unknown-zone",
        ),
        (
            "DTSTART;TZID=Europe/Berln:20261127T080000",
            "",
            "calendar.unknown-zone",
        ),
        (
            "DTSTART;TZID=Customized Time Zone:20261127T080000",
            "",
            "calendar.unknown-zone",
        ),
        (
            "DTSTART:20261127T080000",
            "X-WR-TIMEZONE:Mars/Base\n",
            "calendar.unknown-zone",
        ),
    ] {
        assert_eq!(zone(start, file, None).unwrap_err().code, code, "{start}");
    }
}

#[test]
fn a_definition_of_a_zone_changes_nothing_and_is_told() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\n\
        TZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n";
    let read = read(&calendar(&format!("{zone}{}", event(""))), None).unwrap();
    assert_eq!(read.events[0].zone, berlin());
    assert_eq!(
        read.notes[0].message,
        "what the file says of zone `Europe/Berlin` is not used"
    );
}

#[test]
fn times_are_added_taken_out_and_moved() {
    let weekly = event(
        "RRULE:FREQ=WEEKLY;COUNT=4|RDATE;TZID=Europe/Berlin:20261225T080000|EXDATE:20261204T070000Z|SUMMARY:Black Friday\\, again",
    );
    let moved = "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;TZID=Europe/Berlin:20261211T080000\nDTSTART;TZID=Europe/Berlin:20261212T100000\n\
        DTEND;TZID=Europe/Berlin:20261212T120000\nEND:VEVENT\n";
    let gone = "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20261218T070000Z\nDTSTART:20261218T070000Z\nDTEND:20261218T170000Z\n\
        STATUS:CANCELLED\nEND:VEVENT\n";
    assert_eq!(
        times(&format!("{moved}{weekly}{gone}")),
        [
            "u/2026-12-11T08:00:00 2026-12-12T10:00:00/2026-12-12T12:00:00",
            "u 2026-11-27T08:00:00/2026-11-27T18:00:00",
            "u 2026-12-25T08:00:00/2026-12-25T18:00:00",
        ]
    );
    assert_eq!(times(&event("STATUS:CANCELLED")), Vec::<String>::new());
    // That somebody is free meanwhile, and what nobody has confirmed, opens nothing.
    assert_eq!(
        times(&event("TRANSP:TRANSPARENT|STATUS:TENTATIVE")).len(),
        1
    );
    // One of a series that is not in the file stands for itself.
    assert_eq!(times(moved).len(), 1);
    // What is left of a series that was cut in two.
    let cut = event("RRULE:FREQ=WEEKLY;UNTIL=20261204|EXDATE;TZID=Europe/Berlin:20261211T080000");
    assert_eq!(times(&cut).len(), 2);
}

#[test]
fn the_end_of_a_rule_is_read_as_programs_write_it() {
    for (rule, count) in [
        ("UNTIL=20261204T080000", 2),
        ("UNTIL=20261204T070000Z", 2),
        ("UNTIL=20261204T065959Z", 1),
        ("UNTIL=20261204", 2),
        ("COUNT=2", 2),
    ] {
        assert_eq!(
            times(&event(&format!("RRULE:FREQ=WEEKLY;{rule}"))).len(),
            count,
            "{rule}"
        );
    }
    // Whole days end with the day that the time in UTC names, there or here.
    for until in ["20261204", "20261203T230000Z", "20261204T000000Z"] {
        let lines = format!("DTSTART;VALUE=DATE:20261127|RRULE:FREQ=WEEKLY;UNTIL={until}");
        assert_eq!(times(&bare(&lines)).len(), 2, "{until}");
    }
}

#[test]
fn an_event_stands_once_and_what_moves_it_belongs_to_it() {
    let twice = format!("{}{}", event(""), event("SEQUENCE:2"));
    assert!(
        refused(&calendar(&twice))
            .message
            .contains("`UID:u` stands for two events")
    );
    let moved = bare("RECURRENCE-ID:20261204T070000Z|DTSTART:20261204T090000Z|DURATION:PT1H");
    let weekly = event("RRULE:FREQ=WEEKLY");
    assert!(read(&calendar(&format!("{weekly}{moved}")), None).is_ok());
    assert!(
        refused(&calendar(&format!("{weekly}{moved}{moved}")))
            .message
            .contains("two events")
    );
    assert!(
        refused(&calendar(&format!("{}{moved}", event(""))))
            .message
            .contains("stands for nothing")
    );
}

#[test]
fn a_long_file_is_refused_before_it_is_read() {
    let most = limits::CALENDAR_FILE.most;
    assert_eq!(refused(&"x".repeat(most + 1)).code, "limit.calendar-file");
    let events =
        (0..).map(|at| event("RRULE:FREQ=DAILY;COUNT=20").replace("UID:u", &format!("UID:{at}")));
    let mut body = String::new();
    for one in events {
        if body.len() + one.len() + 100 > most {
            break;
        }
        body.push_str(&one);
    }
    assert!(read(&calendar(&body), None).unwrap().events.len() > 3_000);
}
