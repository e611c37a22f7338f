//! Instants in signed documents: RFC 3339, whole seconds, `Z`.
//! Knows no clock.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serializer, de};

/// Writes `2026-11-27T13:05:00Z`; what is below a second is cut off.
pub(crate) fn format(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads back what [`format`] writes, and no other spelling.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(|instant| format(*instant) == text)
}

pub(crate) fn serialize<S: Serializer>(
    instant: &Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*instant))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| de::Error::custom("no instant in whole seconds with `Z`"))
}

/// The same for one that may be absent.
pub(crate) mod option {
    use super::{Deserializer, Serializer, Timestamp};

    #[expect(clippy::ref_option, reason = "serde asks so")]
    pub(crate) fn serialize<S: Serializer>(
        instant: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => super::serialize(instant, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_of_an_instant() {
        assert!(parse("2026-11-27T13:05:00Z").is_some());
        for bad in [
            "2026-11-27T13:05:00+00:00",
            "2026-11-27T14:05:00+01:00",
            "2026-11-27T13:05:00.5Z",
            "2026-11-27T13:05:00.0Z",
            "2026-11-27t13:05:00z",
            "2026-11-27 13:05:00Z",
            "2026-11-27T13:05Z",
            "+010000-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-27T13:05:60Z",
            "",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
