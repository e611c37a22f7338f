//! Events and zones of .ics files, against Python's `icalendar` and `recurring-ical-events`.

use std::process::Command;

use jiff::civil::Date;
use tidegate::calendar::{Kind, Native, When, Window, Zone, export};

use super::{folder, read, year};
use crate::support::Repo;

/// Where each file's times without a zone are meant.
const FILES: [(&str, &str); 3] = [
    ("google", "Europe/Berlin"),
    ("outlook", "Europe/Berlin"),
    ("apple", "Australia/Adelaide"),
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "names the Python that .ci/run installed"
)]
#[ignore = "needs Python with recurring-ical-events: .ci/run runs it"]
fn events_take_the_times_that_another_reader_gives_them() {
    let python = std::env::var("TIDEGATE_ICS_PYTHON").expect("TIDEGATE_ICS_PYTHON names a Python");
    for (name, zone) in FILES {
        let path = folder(&format!("testdata/calendar/ics/{name}.ics"));
        let run = Command::new(&python)
            .arg(folder("engine/tests/foreign/occurrences.py"))
            .args(["2026-01-01", "2028-01-01", zone])
            .arg(&path)
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let theirs: Vec<String> = String::from_utf8(run.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect();
        let mut ours = times(&std::fs::read_to_string(&path).unwrap(), zone);
        assert_eq!(ours, theirs, "{name}");
        ours.dedup();
        assert!(ours.len() > 10, "{name}");
    }
}

/// Zones of both halves of the world, of half hours, of rules that count days of the month, and of none.
const ZONES: [&str; 10] = [
    "Africa/Cairo",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "names the Python that .ci/run installed"
)]
#[ignore = "needs Python with icalendar: .ci/run runs it"]
fn zones_that_are_exported_are_what_another_reader_takes_them_for_over_ten_years() {
    let python = std::env::var("TIDEGATE_ICS_PYTHON").expect("TIDEGATE_ICS_PYTHON names a Python");
    let windows = ZONES.map(|zone| {
        let native = Native::once("2026-12-01T00:00".parse().unwrap(), None);
        let zone = Zone::parse(zone).unwrap();
        Window::new("w", Kind::Freeze, zone, When::Native(native))
    });
    let named: Vec<(&str, &Window)> = windows.iter().map(|window| ("c", window)).collect();
    let repo = Repo::new();
    repo.write("zones.ics", export::ics(&named, year()).unwrap());
    let run = Command::new(&python)
        .arg(folder("engine/tests/foreign/zones.py"))
        .args(["2027-01-01", "2037-01-01"])
        .arg(repo.path().join("zones.ics"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    let mut noons = 0;
    for line in String::from_utf8(run.stdout).unwrap().lines() {
        let [zone, day, offset] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let noon = day.parse::<Date>().unwrap().at(12, 0, 0, 0);
        let zone = Zone::parse(zone).unwrap();
        let noon = zone.rules().to_zoned(noon).unwrap();
        assert_eq!(noon.offset().seconds().to_string(), offset, "{line}");
        noons += 1;
    }
    assert_eq!(noons, ZONES.len() * 3653);
}

/// `UID FROM TO`, in seconds since 1970, of the same two years.
fn times(text: &str, zone: &str) -> Vec<String> {
    let (from, to) = (
        "2026-01-01T00:00Z".parse().unwrap(),
        "2028-01-01T00:00Z".parse().unwrap(),
    );
    let uids = uids(text, zone);
    let windows = read("a.ics", text, zone);
    assert_eq!(windows.len(), uids.len());
    let mut all = Vec::new();
    for (window, uid) in windows.iter().zip(uids) {
        for one in window.occurrences(from, to).unwrap() {
            let (begin, end) = (one.from.as_second(), one.to.unwrap().as_second());
            all.push(format!("{uid} {begin} {end}"));
        }
    }
    all.sort_unstable();
    all
}

/// The names of events in the order of the file; those of one series have one.
fn uids(text: &str, zone: &str) -> Vec<String> {
    let zone = Zone::parse(zone);
    let read = tidegate::calendar::ics::read(text, zone.as_ref()).unwrap();
    let name = |uid: String| uid.split('/').next().unwrap_or_default().to_owned();
    read.events
        .into_iter()
        .map(|found| name(found.uid))
        .collect()
}
