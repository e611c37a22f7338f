//! Zones, held against `zdump` and the database of the machine: the same offset before and after every change until
//! 2037, but where the two databases are of different years.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use jiff::Timestamp;
use tidegate::calendar::{Zone, tzdb_version};

#[test]
#[ignore = "needs zdump and its database: .ci/run runs it"]
fn every_zone_changes_its_offset_when_zdump_says_so() {
    let names = Zone::names();
    let mut command = Command::new("zdump");
    let dumped = command
        .args(["-v", "-c", "2020,2038"])
        .args(&names)
        .output();
    let dumped = String::from_utf8(dumped.unwrap().stdout).unwrap();
    let mut asked = BTreeSet::new();
    let mut others = BTreeSet::new();
    for line in dumped.lines() {
        let Some((name, at, offset)) = read(line) else {
            continue;
        };
        let zone = Zone::parse(name).unwrap();
        if zone.rules().to_offset(at).seconds() != offset {
            others.insert(name);
        }
        asked.insert(name);
    }
    // Most zones of the world change nothing any more; what changes is in Europe and America, by the dozen.
    assert!(asked.len() > 100, "{}", asked.len());
    let database = fs::read_to_string("/usr/share/zoneinfo/tzdata.zi").unwrap_or_default();
    let is_same = database.lines().next() == Some(format!("# version {}", tzdb_version()).as_str());
    // Between two releases laws change, of a handful of countries in a year.
    let may_differ = if is_same { 0 } else { asked.len() / 10 };
    assert!(
        others.len() <= may_differ,
        "{} of {}: {others:?}",
        others.len(),
        asked.len()
    );
    for name in [
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "Australia/Sydney",
    ] {
        assert!(asked.contains(name) && !others.contains(name), "{name}");
    }
}

/// `NAME  Sun Mar 29 01:00:00 2026 UT = … gmtoff=7200`: the zone, the instant, the offset.
fn read(line: &str) -> Option<(&str, Timestamp, i32)> {
    let (at, local) = line.split_once(" UT = ")?;
    let (name, at) = at.split_once(' ')?;
    let (_, offset) = local.split_once("gmtoff=")?;
    let [_, month, day, time, year] = at.split_whitespace().collect::<Vec<_>>()[..] else {
        return None;
    };
    let month = 1 + MONTHS.split(' ').position(|name| name == month)?;
    let at = format!("{year}-{month:02}-{day:0>2}T{time}Z");
    let at: Timestamp = at.parse().ok()?;
    Some((name, at, offset.parse().ok()?))
}

const MONTHS: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
