//! Windows as sync windows of Argo CD, which knows neither years nor what a sync changes, and takes the offset of a
//! zone now for the offset then: so each is written in UTC, for a span of a year at most, and for any change.
//! Knows no YAML.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::cron::length_of;
use super::super::{Error, Kind, Window};
use super::schedule::schedules;

/// What becomes of windows that hold some changes and let others through, where Argo CD cannot tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// They hold everything.
    Widen,
    /// They are left out: it is for the gate alone to hold what they hold.
    LeaveOut,
}

/// What Argo CD is told.
#[derive(Clone, Debug)]
pub struct SyncWindows {
    /// `deny` and `allow`, with what they are called.
    pub windows: Vec<SyncWindow>,
    /// Ids of windows that hold only some changes.
    pub partial: Vec<String>,
    /// Whether maintenance windows never let everything through at once.
    pub never_open: bool,
}

/// One sync window. It holds in UTC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    /// `deny` or `allow`.
    pub kind: &'static str,
    /// Five fields of cron.
    pub schedule: String,
    /// As Go writes it.
    pub duration: String,
    /// The windows it comes from.
    pub description: String,
}

/// When something holds, and by which windows.
type Spans = Vec<(Timestamp, Timestamp, BTreeSet<String>)>;

/// `windows`, those of one environment, as sync windows that answer alike from `from` to `to`, which may lie a
/// year of 365 days apart at most. Argo CD knows no seconds: the span begins and ends with a minute.
///
/// # Errors
/// A window does not say when it is open.
pub fn argocd(
    windows: &[&Window],
    (from, to): (Timestamp, Timestamp),
    partial: Partial,
) -> Result<SyncWindows, Error> {
    let (from, to) = (minute_before(from), minute_before(to));
    let kept = |window: &&&Window| partial == Partial::Widen || !is_partial(window);
    let mut denied = Spans::new();
    let mut allowed: BTreeMap<String, Spans> = BTreeMap::new();
    for window in windows.iter().filter(kept) {
        let spans = match window.kind {
            Kind::Freeze => &mut denied,
            Kind::Maintenance => allowed.entry(concerns(window)).or_default(),
            Kind::Quiet => continue,
        };
        for one in window.occurrences(from, to)? {
            let end = one.to.map_or(to, |end| end.min(to));
            let begin = one.from.max(from);
            let rounded = match window.kind {
                Kind::Maintenance => (minute_after(begin), minute_before(end)),
                _ => (minute_before(begin), minute_after(end)),
            };
            if rounded.0 < rounded.1 {
                spans.push((rounded.0, rounded.1, BTreeSet::from([window.id.clone()])));
            }
        }
    }
    let mut together = allowed.into_values().map(merged);
    let first = together.next();
    let never = first.is_some();
    let open = first.map(|first| together.fold(first, |a, b| both(&a, &b)));
    let open = open.unwrap_or_default();
    let never_open = never && open.is_empty();
    let mut all = spelled("deny", &merged(denied), (from, to));
    if never_open {
        all.push(always_closed());
    }
    all.extend(spelled("allow", &open, (from, to)));
    let partial = windows
        .iter()
        .filter(|window| window.kind != Kind::Quiet && is_partial(window));
    Ok(SyncWindows {
        windows: all,
        partial: partial.map(|window| window.id.clone()).collect(),
        never_open,
    })
}

/// Whether it holds some changes of an environment that it concerns and lets others through.
fn is_partial(window: &Window) -> bool {
    let scope = &window.scope;
    let named = scope.tenants.is_some() || scope.brands.is_some() || scope.components.is_some();
    let of_objects = scope.kinds.is_some() || !scope.labels.is_empty();
    let blocks = &window.blocks;
    let blocked = blocks.tiers_at_or_above.is_some() || blocks.components.is_some();
    let tiers = window
        .allow
        .iter()
        .any(|allow| matches!(allow, super::super::Allow::Tier(_)));
    named || of_objects || blocked || tiers
}

/// What a maintenance window is for; those for the same open for each other.
fn concerns(window: &Window) -> String {
    let mut scope = window.scope.clone();
    (scope.environments, scope.clusters, scope.regions) = (None, None, None);
    serde_json::json!([scope, window.blocks, window.allow]).to_string()
}

/// Without overlaps, those that touch as one.
fn merged(mut spans: Spans) -> Spans {
    spans.sort_unstable();
    let mut all = Spans::new();
    for (begin, end, ids) in spans {
        match all.last_mut() {
            Some((_, last, known)) if begin <= *last => {
                *last = end.max(*last);
                known.extend(ids);
            }
            _ => all.push((begin, end, ids)),
        }
    }
    all
}

/// What lies in both.
fn both(a: &Spans, b: &Spans) -> Spans {
    let mut all = Spans::new();
    let mut rest = b.as_slice();
    for (begin, end, ids) in a {
        let past = rest.partition_point(|(_, other, _)| other <= begin);
        rest = rest.get(past..).unwrap_or_default();
        for (other, last, more) in rest.iter().take_while(|(other, _, _)| other < end) {
            let ids = ids.union(more).cloned().collect();
            all.push((*begin.max(other), *end.min(last), ids));
        }
    }
    all
}

/// Few sync windows that hold at `spans` and at no other instant of the whole span.
fn spelled(kind: &'static str, spans: &Spans, whole: (Timestamp, Timestamp)) -> Vec<SyncWindow> {
    let mut alike: BTreeMap<(Time, SignedDuration), BTreeMap<Date, &BTreeSet<String>>> =
        BTreeMap::new();
    for (begin, end, ids) in spans {
        let civil = civil(*begin);
        let length = end.duration_since(*begin);
        let days = alike.entry((civil.time(), length)).or_default();
        days.insert(civil.date(), ids);
    }
    let dates = (civil(whole.0).date(), civil(whole.1).date());
    let mut all = Vec::new();
    for ((time, length), days) in alike {
        let covered = |day: Date| is_covered(spans, whole, day.to_datetime(time), length);
        let chosen = days.keys().copied().collect();
        let ids: BTreeSet<&str> = days
            .values()
            .copied()
            .flatten()
            .map(String::as_str)
            .collect();
        let ids = ids.into_iter().collect::<Vec<_>>().join(", ");
        for schedule in schedules(time, &chosen, dates, covered) {
            all.push(SyncWindow {
                kind,
                schedule,
                duration: length_of(length),
                description: shortened(&ids),
            });
        }
    }
    all.sort_unstable();
    all
}

/// Whether what begins at `begin` adds nothing within the whole span to what is there.
fn is_covered(
    spans: &Spans,
    (from, to): (Timestamp, Timestamp),
    begin: DateTime,
    length: SignedDuration,
) -> bool {
    let instant = TimeZone::UTC.to_timestamp(begin);
    let Ok((begin, end)) = instant.and_then(|begin| Ok((begin, begin.checked_add(length)?))) else {
        return false;
    };
    let (begin, end) = (begin.max(from), end.min(to));
    begin >= end
        || spans
            .iter()
            .any(|(first, last, _)| *first <= begin && end <= *last)
}

/// Where maintenance is never open for everything, nothing may be synced.
fn always_closed() -> SyncWindow {
    SyncWindow {
        kind: "deny",
        schedule: "0 0 * * *".to_owned(),
        duration: "24h".to_owned(),
        description: "maintenance windows that are never open together".to_owned(),
    }
}

fn civil(instant: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(instant)
}

fn minute_before(instant: Timestamp) -> Timestamp {
    let past = instant.as_nanosecond().rem_euclid(MINUTE);
    Timestamp::from_nanosecond(instant.as_nanosecond() - past).unwrap_or(instant)
}

fn minute_after(instant: Timestamp) -> Timestamp {
    let left = (-instant.as_nanosecond()).rem_euclid(MINUTE);
    Timestamp::from_nanosecond(instant.as_nanosecond() + left).unwrap_or(instant)
}

/// As much as Argo CD takes.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST - 4);
    format!("{} ...", text.get(..end).unwrap_or_default())
}

const MINUTE: i128 = 60_000_000_000;
const LONGEST: usize = 255;

#[cfg(test)]
mod tests;
