//! How long a change of an Argo Rollout is on its way, as far as its steps say.
//! Knows no clock and no calendar.

use serde_json::{Value, json};

use crate::change::Change;
use crate::model::{GroupKind, Operation};

/// The seconds that its steps wait, and whether one waits for somebody; `None` where nothing is rolled out.
pub(super) fn takes(change: &Change) -> Option<Value> {
    let is_rollout = change.object.group_kind() == GroupKind::parse("Rollout.argoproj.io");
    let rolls = |pointer: &str| {
        pointer.starts_with("/spec/template") || pointer.starts_with("/spec/workloadRef")
    };
    if !is_rollout
        || change.operation != Operation::Update
        || !change.fields.iter().any(|field| rolls(&field.pointer))
    {
        return None;
    }
    let strategy = change.new.as_ref()?.pointer("/spec/strategy")?;
    let steps = strategy.pointer("/canary/steps").and_then(Value::as_array);
    let pauses = steps
        .into_iter()
        .flatten()
        .filter_map(|step| step.get("pause"));
    let mut waits: Vec<Option<u64>> = pauses.map(of_pause).collect();
    if let Some(switch) = strategy.get("blueGreen") {
        let by_hand = switch.get("autoPromotionEnabled") == Some(&Value::Bool(false));
        let after = switch.get("autoPromotionSeconds").and_then(Value::as_u64);
        waits.push(if by_hand {
            after
        } else {
            Some(after.unwrap_or(0))
        });
        waits.push(Some(
            switch
                .get("scaleDownDelaySeconds")
                .and_then(Value::as_u64)
                .unwrap_or(0),
        ));
    }
    let seconds = waits
        .iter()
        .flatten()
        .fold(0, |sum: u64, wait| sum.saturating_add(*wait));
    Some(json!({"seconds": seconds, "endless": waits.contains(&None)}))
}

/// The seconds of a pause; `None` where somebody ends it, or it cannot be read.
fn of_pause(pause: &Value) -> Option<u64> {
    match pause.get("duration")? {
        Value::Number(seconds) => seconds.as_u64(),
        Value::String(text) => seconds(text),
        _ => None,
    }
}

/// `30`, `30s`, `10m`, `1h`: what Argo Rollouts takes.
fn seconds(text: &str) -> Option<u64> {
    let (digits, unit) = match text
        .char_indices()
        .find(|(_, letter)| !letter.is_ascii_digit())
    {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_argo_rollouts_reads_it() {
        for (pause, expected) in [
            (json!({"duration": 30}), Some(30)),
            (json!({"duration": "30"}), Some(30)),
            (json!({"duration": "10m"}), Some(600)),
            (json!({"duration": "2h"}), Some(7200)),
            (json!({}), None),
            (json!({"duration": "soon"}), None),
            (json!({"duration": "99999999999999999999h"}), None),
        ] {
            assert_eq!(of_pause(&pause), expected, "{pause}");
        }
    }
}
