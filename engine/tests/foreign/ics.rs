//! Events of .ics files, against Python's `icalendar` and `recurring-ical-events`.

use std::process::Command;

use super::{folder, read};

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
    let zone = tidegate::calendar::Zone::parse(zone);
    let read = tidegate::calendar::ics::read(text, zone.as_ref()).unwrap();
    let name = |uid: String| uid.split('/').next().unwrap_or_default().to_owned();
    read.events
        .into_iter()
        .map(|found| name(found.uid))
        .collect()
}
