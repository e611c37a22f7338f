//! Calendars of other programs: read, or refused at a place that lies in the file; what is read opens at the same
//! times whether they are asked for at once or in two parts.
#![no_main]

use std::sync::Arc;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use tidegate::calendar::foreign::{self, Meant};
use tidegate::calendar::{Window, Zone};
use tidegate::model::RepoPath;

// The text of an .ics file, or of YAML.
fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let zone = Zone::parse("Europe/Berlin");
    let meant = Meant {
        zone: zone.as_ref(),
        kind: None,
    };
    let name = if text.contains("BEGIN:") {
        "a.ics"
    } else {
        "a.yaml"
    };
    match foreign::read(&RepoPath::from(name), &Arc::from(text), meant) {
        Ok(read) => read.windows.iter().take(20).for_each(opens_alike),
        Err(fault) => {
            assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len());
            assert!(!fault.message.is_empty() && fault.code.contains('.'));
        }
    }
});

fn opens_alike(window: &Window) {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (from, middle, to) = (
        at("2026-03-01T00:00Z"),
        at("2026-03-29T01:30Z"),
        at("2026-05-01T00:00Z"),
    );
    let Ok(whole) = window.occurrences(from, to) else {
        return;
    };
    let mut parts = window.occurrences(from, middle).unwrap();
    for one in window.occurrences(middle, to).unwrap() {
        if !parts.contains(&one) {
            parts.push(one);
        }
    }
    parts.sort_unstable();
    let mut once = whole.clone();
    once.dedup();
    parts.dedup();
    assert_eq!(once, parts, "{window:?}");
}
