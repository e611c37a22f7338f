//! When a change that is made now acts for the first time: the next time of a schedule that it sets.
//! Knows no clock and no calendar.

use jiff::Timestamp;
use serde_json::Value;

use crate::calendar::cron::Expression;
use crate::calendar::{Kind, Zone};
use crate::change::Change;
use crate::facts::schedule::spelt_out;
use crate::model::Operation;

/// The first time after `now` of the schedules that a change sets; `None` where it sets none, or one that
/// nobody can read or that is suspended.
pub(super) fn acts(change: &Change, now: Timestamp) -> Option<Timestamp> {
    let object = change.new.as_ref()?;
    let kind = change.object.group_kind().to_string();
    let (settings, switch) = match kind.as_str() {
        "CronJob.batch" => (&["/spec/schedule", "/spec/timeZone"][..], "/spec/suspend"),
        "Schedule.velero.io" => (&["/spec/schedule"][..], "/spec/paused"),
        SCHEDULED_BACKUP => (&["/spec/schedule"][..], "/spec/suspend"),
        "ScaledObject.keda.sh" => (&["/spec/triggers"][..], ""),
        _ => return None,
    };
    let sets = |pointer: &str| {
        let mut all = settings.iter().chain([&switch]);
        all.any(|setting| !setting.is_empty() && pointer.starts_with(setting))
    };
    let is_set = change.operation == Operation::Create
        || change.fields.iter().any(|field| sets(&field.pointer));
    if !is_set || object.pointer(switch) == Some(&Value::Bool(true)) {
        return None;
    }
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    if let Some(schedule) = text("/spec/schedule") {
        let schedule = match schedule.trim().split_once(' ') {
            Some((_, five)) if kind == SCHEDULED_BACKUP => five,
            _ => schedule,
        };
        return next(schedule, text("/spec/timeZone"), now);
    }
    let triggers = object.pointer("/spec/triggers").and_then(Value::as_array);
    let times = triggers.into_iter().flatten().flat_map(|trigger| {
        let of = |key: &str| trigger.get("metadata")?.get(key)?.as_str();
        let is_cron = trigger.get("type").and_then(Value::as_str) == Some("cron");
        let ends = ["start", "end"].map(|key| of(key).filter(|_| is_cron));
        ends.map(|schedule| next(schedule?, of("timezone"), now))
    });
    times.flatten().min()
}

/// The first time of a schedule after `now`. Without a zone it is told in UTC, as clusters mostly are.
fn next(schedule: &str, zone: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let zone = zone.map_or_else(|| Some(Zone::utc()), Zone::parse)?;
    let five = spelt_out(schedule);
    let civil = Expression::parse(&five).ok()?.after(zone.civil(now))?;
    zone.begin(civil, Kind::Freeze)
}

/// Its schedule begins with the seconds.
const SCHEDULED_BACKUP: &str = "ScheduledBackup.postgresql.cnpg.io";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::change::compare;
    use crate::facts::tests::objects;

    const NOW: &str = "2026-11-20T10:30:00Z";

    #[test]
    fn a_schedule_acts_at_its_next_time() {
        for (schedule, zone, at) in [
            ("0 3 * * *", None, Some("2026-11-21T03:00:00Z")),
            (
                "0 3 * * *",
                Some("Europe/Berlin"),
                Some("2026-11-21T02:00:00Z"),
            ),
            ("45 10 * * *", None, Some("2026-11-20T10:45:00Z")),
            ("@weekly", None, Some("2026-11-22T00:00:00Z")),
            ("0 0 4 * * *", None, None),
            ("@every 1h", None, None),
            ("TZ=UTC 0 3 * * *", None, None),
            ("0 3 * * *", Some("Europe/Berln"), None),
        ] {
            let found = next(schedule, zone, NOW.parse().unwrap());
            assert_eq!(
                found.map(|at| at.to_string()).as_deref(),
                at,
                "{schedule} {zone:?}"
            );
        }
    }

    #[test]
    fn only_what_the_change_sets_acts() {
        let job = |schedule: &str, more: &str| {
            format!(
                "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: a, namespace: shop}}\nspec: {{schedule: \"{schedule}\"{more}}}\n"
            )
        };
        let scaled = |start: &str| {
            let metadata =
                json!({"start": start, "end": "0 20 * * *", "timezone": "Europe/Berlin"});
            format!(
                "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: a, namespace: shop}}\nspec: {{triggers: [{{type: cron, metadata: {metadata}}}]}}\n"
            )
        };
        let backup = job("0 0 4 * * *", "")
            .replace("batch/v1", "postgresql.cnpg.io/v1")
            .replace("CronJob", "ScheduledBackup");
        let (three, four) = (job("0 3 * * *", ""), job("0 4 * * *", ""));
        for (old, new, at) in [
            (&three, &four, Some("2026-11-21T04:00:00Z")),
            (
                &three,
                &job("0 3 * * *", ", concurrencyPolicy: Forbid"),
                None,
            ),
            (&three, &job("0 4 * * *", ", suspend: true"), None),
            (
                &job("0 3 * * *", ", suspend: true"),
                &three,
                Some("2026-11-21T03:00:00Z"),
            ),
            (&String::new(), &three, Some("2026-11-21T03:00:00Z")),
            (&three, &String::new(), None),
            (&String::new(), &backup, Some("2026-11-21T04:00:00Z")),
            (
                &scaled("0 8 * * *"),
                &scaled("0 9 * * *"),
                Some("2026-11-20T19:00:00Z"),
            ),
        ] {
            let changes = compare(&objects(old), &objects(new));
            let found = acts(&changes[0], NOW.parse().unwrap());
            assert_eq!(
                found.map(|at| at.to_string()).as_deref(),
                at,
                "{old} -> {new}"
            );
        }
    }
}
