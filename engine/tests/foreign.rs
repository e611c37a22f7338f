//! Calendars, asked of the programs that they come from and go to.

mod argocd;
mod exchange;
mod globs;
mod ics;
mod zones;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tidegate::calendar::foreign::{self, Meant};
use tidegate::calendar::{Window, Zone};
use tidegate::model::RepoPath;

/// From the first instant to the second, 365 days that both nights in which clocks change lie in.
const YEAR: (&str, &str) = ("2026-11-22T00:00:00Z", "2027-11-22T00:00:00Z");

fn year() -> (Timestamp, Timestamp) {
    (YEAR.0.parse().unwrap(), YEAR.1.parse().unwrap())
}

fn read(path: &str, text: &str, zone: &str) -> Vec<Window> {
    let zone = Zone::parse(zone);
    let (zone, kind) = (zone.as_ref(), None);
    let read = foreign::read(
        &RepoPath::from(path),
        &Arc::from(text),
        Meant { zone, kind },
    );
    read.unwrap().windows
}

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
