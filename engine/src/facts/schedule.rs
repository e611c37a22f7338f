//! What is wrong with the times at which a `CronJob` runs.
//! Knows no clock; what other kinds call a schedule is not read here.

use serde::Serialize;
use serde_json::Value;

use crate::calendar::Zone;
use crate::calendar::cron::Expression;

/// What is wrong with the times of a `CronJob`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScheduleProblem {
    /// The field.
    pub pointer: String,
    /// What is wrong with it, in words that follow its value.
    pub problem: String,
    /// Whether it runs all the same; else the API server refuses the object, or its time never comes.
    pub runs: bool,
}

/// What is wrong with the times at which `cron_job` runs.
pub(super) fn problem(cron_job: &Value) -> Option<ScheduleProblem> {
    let wrong = |pointer: &str, problem: String, runs| ScheduleProblem {
        pointer: pointer.to_owned(),
        problem,
        runs,
    };
    let schedule = cron_job.pointer(SCHEDULE).and_then(Value::as_str);
    let text = schedule.unwrap_or_default().trim();
    if text.starts_with("@every ") {
        let problem =
            "counts from whenever the cluster first saw it, and no clock tells when it runs";
        return Some(wrong(SCHEDULE, problem.to_owned(), true));
    }
    if let Err(problem) = five(text) {
        return Some(wrong(SCHEDULE, problem, false));
    }
    let zone = cron_job.pointer(ZONE).filter(|zone| !zone.is_null())?;
    let known = zone.as_str().is_some_and(is_zone);
    (!known).then(|| wrong(ZONE, "is no IANA time zone".to_owned(), false))
}

/// Whether Kubernetes may know a zone of this name. It knows old short ones (`CET`) that calendars do not take.
fn is_zone(name: &str) -> bool {
    let short = !name.contains('/') && !["", "Local"].contains(&name);
    short || Zone::parse(name).is_some()
}

/// A schedule as Kubernetes reads it, without a zone of its own.
///
/// # Errors
/// What is wrong with it, in words.
fn five(text: &str) -> Result<Expression, String> {
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return Err("names a zone, which Kubernetes reads in `timeZone` only".to_owned());
    }
    let expression = Expression::parse(&spelt_out(text))?;
    match expression.says_seven() {
        true => Err("calls Sunday 7, which Kubernetes calls 0".to_owned()),
        false => Ok(expression),
    }
}

/// A nickname as the five fields that it stands for; anything else as it is.
pub(super) fn spelt_out(text: &str) -> String {
    match text.trim() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        text => text,
    }
    .to_owned()
}

const SCHEDULE: &str = "/spec/schedule";
const ZONE: &str = "/spec/timeZone";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_never_runs_is_told_and_what_runs_is_not() {
        for (schedule, zone, told) in [
            ("0 3 * * *", Value::Null, None),
            ("*/5 0-6 1,15 JAN-MAR mon", json!("Europe/Berlin"), None),
            ("@hourly", Value::Null, None),
            ("@every 1s", Value::Null, Some((SCHEDULE, true))),
            ("TZ=UTC 0 3 * * *", Value::Null, Some((SCHEDULE, false))),
            (
                "CRON_TZ=UTC 0 3 * * *",
                Value::Null,
                Some((SCHEDULE, false)),
            ),
            ("0 0 3 * * *", Value::Null, Some((SCHEDULE, false))),
            ("60 3 * * *", Value::Null, Some((SCHEDULE, false))),
            ("0 3 * * 7", Value::Null, Some((SCHEDULE, false))),
            ("0 3 30 2 *", Value::Null, Some((SCHEDULE, false))),
            ("@reboot", Value::Null, Some((SCHEDULE, false))),
            ("", Value::Null, Some((SCHEDULE, false))),
            ("0 3 * * *", json!("Europe/Berln"), Some((ZONE, false))),
            ("0 3 * * *", json!("Local"), Some((ZONE, false))),
            ("0 3 * * *", json!("CET"), None),
            ("0 3 * * *", json!(1), Some((ZONE, false))),
        ] {
            let job = json!({"spec": {"schedule": schedule, "timeZone": zone}});
            let found = problem(&job);
            let found = found.as_ref().map(|it| (it.pointer.as_str(), it.runs));
            assert_eq!(found, told, "{schedule} {zone}");
        }
        assert!(problem(&json!({"spec": {}})).is_some_and(|it| !it.runs));
    }
}
