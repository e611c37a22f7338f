//! Numbers of pods that are written as a number or as a share of all.
//! Knows nothing of what they are for.

use serde_json::Value;

/// How many of `all` pods `written` is, `2` or `"25%"`; `None` where it is neither. Shares are
/// rounded by `round`.
pub(super) fn share(written: &Value, all: u32, round: fn(u64) -> u64) -> Option<u32> {
    match written {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => {
            let percent: u32 = text.strip_suffix('%')?.parse().ok()?;
            u32::try_from(round(u64::from(percent) * u64::from(all))).ok()
        }
        _ => None,
    }
}

/// Hundredths, rounded up.
pub(super) fn up(hundredths: u64) -> u64 {
    hundredths.div_ceil(100)
}

/// Hundredths, rounded down.
pub(super) fn down(hundredths: u64) -> u64 {
    hundredths / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_share_is_rounded_as_it_is_told() {
        assert_eq!(share(&json!("90%"), 3, up), Some(3));
        assert_eq!(share(&json!("90%"), 3, down), Some(2));
        assert_eq!(share(&json!(2), 3, up), Some(2));
        assert_eq!(share(&json!("2"), 3, up), None);
        assert_eq!(share(&json!(-1), 3, up), None);
        assert_eq!(share(&json!("4294967295%"), u32::MAX, up), None);
    }
}
