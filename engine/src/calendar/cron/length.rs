//! Lengths as Go writes them: `1h30m`.
//! Knows no cron.

use jiff::SignedDuration;

/// Reads whole numbers with the units `h`, `m` and `s`, each once and in this order, and more than nothing in
/// all.
///
/// ```
/// use tidegate::calendar::cron::parse_length;
/// assert_eq!(parse_length("1h30m"), parse_length("90m"));
/// assert_eq!(parse_length("1d"), None);
/// ```
#[must_use]
pub fn parse_length(text: &str) -> Option<SignedDuration> {
    let (mut rest, mut seconds) = (text, 0_i64);
    for (unit, size) in UNITS {
        if let Some((digits, after)) = rest.split_once(unit)
            && !digits.is_empty()
            && digits.len() <= 9
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            seconds += digits.parse::<i64>().ok()? * size;
            rest = after;
        }
    }
    let length = SignedDuration::from_secs(seconds);
    (rest.is_empty() && seconds > 0 && length <= LONGEST).then_some(length)
}

/// Writes it so that [`parse_length`] and Go read it, in whole minutes where it has no seconds.
#[must_use]
pub fn length_of(length: SignedDuration) -> String {
    let mut left = length.as_secs();
    let mut text = String::new();
    for (unit, size) in UNITS {
        if left >= size {
            text.push_str(&(left / size).to_string());
            text.push(unit);
            left %= size;
        }
    }
    text
}

const UNITS: [(char, i64); 3] = [('h', 3600), ('m', 60), ('s', 1)];
/// About ten years.
const LONGEST: SignedDuration = SignedDuration::from_hours(10 * 366 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_read_as_go_reads_it() {
        for (text, seconds) in [
            ("1h", 3600),
            ("1h30m", 5400),
            ("90m", 5400),
            ("56h1s", 201_601),
        ] {
            let length = SignedDuration::from_secs(seconds);
            assert_eq!(parse_length(text), Some(length), "{text}");
            assert_eq!(parse_length(&length_of(length)), Some(length));
        }
        for wrong in [
            "",
            "0h",
            "0",
            "h",
            "1",
            "-1h",
            "+1h",
            "1.5h",
            "1d",
            "1 h",
            "30m1h",
            "1h1h",
            "1ms",
            "1hm",
            "999999h",
            "9999999999h",
            "٣h",
        ] {
            assert_eq!(parse_length(wrong), None, "{wrong}");
        }
    }
}
