//! Durations as configuration spells them: `30m`, `24h`, `7d`.
//! Knows no clock and no calendar; a day is 24 hours.

use jiff::SignedDuration;

/// Reads a whole number and one unit: `s`, `m`, `h` or `d`. Zero is a duration.
///
/// ```
/// use tidegate::config::parse_duration;
/// assert_eq!(parse_duration("24h"), parse_duration("1d"));
/// assert_eq!(parse_duration("24"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let seconds = match text.get(digits.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = digits.parse().ok()?;
    count.checked_mul(seconds).map(SignedDuration::from_secs)
}

/// How long a verdict may hold; the schema says it too.
pub(super) const LONGEST_VERDICT: &str = "7d";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_says_how_long_a_verdict_may_hold() {
        let said = format!("at most `{LONGEST_VERDICT}`");
        assert!(super::super::schema().to_string().contains(&said));
        assert!(parse_duration(LONGEST_VERDICT).is_some());
    }

    #[test]
    fn only_a_whole_number_with_one_unit_is_a_duration() {
        assert_eq!(parse_duration("90m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(parse_duration("7d"), Some(SignedDuration::from_hours(168)));
        assert_eq!(parse_duration("0s"), Some(SignedDuration::ZERO));
        for wrong in [
            "",
            "24",
            "h",
            "24 h",
            "-1h",
            "+1h",
            "1.5h",
            "P1Y",
            "1h30m",
            "٣h",
            "1w",
            "99999999999999999999h",
            "9223372036854775807d",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
