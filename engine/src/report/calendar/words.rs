//! Windows and instants in words. Knows no format but the escapes of XML, in which no word is markup.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Row;
use super::rule::rule;
use crate::calendar::{Occurrence, Scope, Window};
use crate::report::sanitise::line;

/// `2026-12-01 06:00 Europe/Berlin (2026-12-01T05:00:00Z)`.
pub(super) fn instant(instant: Timestamp, zone: &TimeZone) -> String {
    let civil = civil(zone.to_datetime(instant));
    let name = zone.iana_name().unwrap_or("UTC");
    format!("{civil} {name} ({instant})")
}

/// From when to when, in the window's zone and in UTC.
pub(super) fn occurrence(window: &Window, one: &Occurrence) -> String {
    let zone = window.zone.name();
    let from = civil(one.civil_from);
    match (one.to, one.civil_to) {
        (Some(to), Some(end)) => format!("{from} to {} {zone} ({} to {to})", civil(end), one.from),
        (Some(to), None) => format!("{from} {zone} ({}) to {to}", one.from),
        (None, _) => format!("from {from} {zone} ({}) until somebody ends it", one.from),
    }
}

/// The days of an occurrence, short: `Fri 20 Nov 00:00 to Tue 01 Dec 06:00`.
pub(super) fn days(one: &Occurrence) -> String {
    let short = |civil: jiff::civil::DateTime| civil.strftime("%a %d %b %H:%M").to_string();
    let from = short(one.civil_from);
    match (one.to, one.civil_to) {
        (_, Some(end)) => format!("{from} to {}", short(end)),
        (Some(to), None) => format!("{from} to {to}"),
        (None, None) => format!("from {from} until somebody ends it"),
    }
}

/// When a window holds within the days that are shown, in a few lines; else when it holds next.
pub(super) fn times(row: &Row<'_>) -> Vec<String> {
    let all = &row.occurrences;
    let told = |one: &Occurrence| occurrence(row.window, one);
    match (all.as_slice(), &row.next) {
        ([], Some(next)) => vec![format!("not in these days; next {}", told(next))],
        ([], None) => vec!["not in these days, and not in the year after them".to_owned()],
        ([some @ .., last], _) if all.len() > MOST_TIMES => {
            let mut times: Vec<String> = some.iter().take(MOST_TIMES - 1).map(told).collect();
            let more = all.len() - MOST_TIMES;
            times.push(format!("{more} more, and at last {}", told(last)));
            times
        }
        (all, _) => all.iter().map(told).collect(),
    }
}

/// What a window holds, what passes, why, whose it is and where it is written; a line each.
pub(super) fn about(window: &Window) -> Vec<String> {
    let mut lines: Vec<String> = rule(window).into_iter().collect();
    lines.push(format!("concerns {}", whom(window)));
    if !window.allow.is_empty() {
        let allow: Vec<String> = window.allow.iter().map(ToString::to_string).collect();
        lines.push(format!("lets through {}", allow.join(", ")));
    }
    let mut why = Vec::new();
    why.extend(window.peak.then(|| "peak".to_owned()));
    why.extend(window.reason.clone());
    why.extend(window.owner.as_ref().map(|owner| format!("owner {owner}")));
    why.extend(window.ticket.clone());
    if !window.overridable_by.is_empty() {
        let who = window.overridable_by.join(", ");
        why.push(format!("may be overridden by {who}"));
    }
    why.extend(
        window
            .preset
            .as_ref()
            .map(|preset| format!("preset {preset}")),
    );
    if !why.is_empty() {
        lines.push(why.join("; "));
    }
    lines.extend(window.place.as_ref().map(|place| format!("at {place}")));
    lines.iter().map(|text| line(text)).collect()
}

/// `changes of tier medium and above, of component payments, in environment prod*`.
pub(super) fn whom(window: &Window) -> String {
    let mut parts = Vec::new();
    let tier = window.blocks.tiers_at_or_above;
    parts.extend(tier.map(|tier| format!("of tier {tier} and above")));
    let listed = |name: &str, list: Vec<&str>| format!("{name} {}", list.join(" or "));
    let blocked = window.blocks.components.iter();
    parts.extend(
        blocked.map(|list| listed("of component", list.iter().map(|one| &**one).collect())),
    );
    let Scope {
        environments,
        tenants,
        brands,
        clusters,
        regions,
        components,
        kinds,
        labels,
    } = &window.scope;
    for (name, list) in [
        ("of component", components),
        ("in environment", environments),
        ("for tenant", tenants),
        ("for brand", brands),
        ("in cluster", clusters),
        ("in region", regions),
    ] {
        let list = list.as_ref();
        parts.extend(list.map(|list| listed(name, list.iter().map(|one| &**one).collect())));
    }
    if let Some(kinds) = kinds {
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        parts.push(format!("of kind {}", kinds.join(" or ")));
    }
    let labels = labels
        .iter()
        .map(|(key, value)| format!("with label {key}={value}"));
    parts.extend(labels);
    if parts.is_empty() {
        return "every change".to_owned();
    }
    format!("changes {}", parts.join(", "))
}

/// As text of XML and HTML, also between double quotes.
pub(super) fn escaped(text: &str) -> String {
    line(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// To the minute, where the seconds are none.
pub(super) fn civil(civil: jiff::civil::DateTime) -> String {
    let form = match (civil.second(), civil.subsec_nanosecond()) {
        (0, 0) => "%Y-%m-%d %H:%M",
        (_, 0) => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.f",
    };
    civil.strftime(form).to_string()
}

const MOST_TIMES: usize = 4;
