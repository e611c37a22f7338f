//! Changes of several parts, and which of two windows is open: which parts wait.

use jiff::{SignedDuration, Timestamp};

use super::super::{Blocks, Calendar, Kind, Native, Scope, When, Window, Zone, answer, opens};
use super::*;
use crate::calendar::parse_civil;
use crate::model::{GroupKind, KindPattern, RiskTier};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Open on one day of November 2026.
fn window(id: &str, day: u8, scope: Scope) -> Window {
    let at = |day: u8| parse_civil(&format!("2026-11-{day:02}T00:00")).unwrap();
    let when = When::Native(Native::once(at(day), Some(at(day + 1))));
    let mut window = Window::new(id, Kind::Maintenance, Zone::parse("UTC").unwrap(), when);
    window.scope = scope;
    window
}

fn for_components(names: &[&str]) -> Scope {
    Scope {
        components: Some(set(names)),
        ..Scope::default()
    }
}

fn for_tenants(names: &[&str]) -> Scope {
    Scope {
        tenants: Some(set(names)),
        ..Scope::default()
    }
}

fn for_kind(kind: &str) -> Scope {
    Scope {
        kinds: Some(vec![KindPattern::parse(kind)]),
        ..Scope::default()
    }
}

/// Who is asked about: components, tenants, and whether the kind is known.
type Whom<'a> = (&'a [&'a str], &'a [&'a str], bool);

/// What holds at noon of a day, and from which day on nothing does.
fn asked(
    windows: &[Window],
    (components, tenants, is_known): Whom<'_>,
    day: u8,
) -> (Vec<String>, Option<String>) {
    let calendar = Calendar {
        name: "c".to_owned(),
        windows: windows.to_vec(),
    };
    let kind = GroupKind::parse("Deployment.apps");
    let subject = Subject {
        environment: "prod",
        cluster: None,
        region: None,
        tenants: &set(tenants),
        brands: &set(tenants),
        components: &set(components),
        kind: is_known.then_some(&kind),
        labels: None,
        tier: RiskTier::Medium,
        rollback: false,
    };
    let now: Timestamp = format!("2026-11-{day:02}T12:00:00Z").parse().unwrap();
    let month = SignedDuration::from_hours(30 * 24);
    let held = answer(&[&calendar], &subject, now, month).unwrap().held_by;
    let mut held: Vec<String> = held.iter().map(|held| held.window.id.clone()).collect();
    held.sort();
    let free = opens(&[&calendar], &subject, now, month).unwrap();
    (held, free.map(|free| free.strftime("%d %H").to_string()))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_part_of_a_change_needs_an_open_window_of_its_own() {
    let components = [
        window("odoo-7", 7, for_components(&["odoo"])),
        window("cache-6", 6, for_components(&["cache"])),
        window("cache-7", 7, for_components(&["cache"])),
    ];
    let general = [
        window("odoo-7", 7, for_components(&["odoo"])),
        window("all-6", 6, Scope::default()),
    ];
    let tenants = [
        window("a-8", 8, for_tenants(&["a"])),
        window("b-6", 6, for_tenants(&["b"])),
        window("b-8", 8, for_tenants(&["b"])),
    ];
    let kinds = [
        window("deployments-6", 6, for_kind("Deployment.apps")),
        window("all-9", 9, Scope::default()),
    ];
    let now = Some("06 12");
    for (name, windows, whom, held, free) in [
        (
            "one part",
            &components[..],
            (&["cache"][..], &[][..], true),
            &[][..],
            now,
        ),
        (
            "the other part",
            &components,
            (&["odoo"], &[], true),
            &["odoo-7"],
            Some("07 00"),
        ),
        (
            "both parts",
            &components,
            (&["cache", "odoo"], &[], true),
            &["odoo-7"],
            Some("07 00"),
        ),
        (
            "a part of none",
            &components,
            (&["web"], &[], true),
            &[],
            now,
        ),
        (
            "one window for all",
            &general,
            (&["odoo"], &[], true),
            &[],
            now,
        ),
        (
            "one window for all, and for none",
            &general,
            (&[], &[], true),
            &[],
            now,
        ),
        ("one tenant", &tenants, (&[], &["b"], true), &[], now),
        (
            "both tenants",
            &tenants,
            (&[], &["a", "b"], true),
            &["a-8"],
            Some("08 00"),
        ),
        (
            "everybody",
            &tenants,
            (&[], &[], true),
            &["a-8"],
            Some("08 00"),
        ),
        ("a tenant of none", &tenants, (&[], &["c"], true), &[], now),
        ("the kind that is meant", &kinds, (&[], &[], true), &[], now),
        (
            "any kind",
            &kinds,
            (&[], &[], false),
            &["all-9", "deployments-6"],
            Some("09 00"),
        ),
    ] {
        let expected = (
            held.iter().map(|&id| id.to_owned()).collect(),
            free.map(str::to_owned),
        );
        assert_eq!(asked(windows, whom, 6), expected, "{name}");
    }
}

#[test]
fn a_part_whose_windows_never_meet_those_of_another_waits_for_ever() {
    let windows = [
        window("odoo-7", 7, for_components(&["odoo"])),
        window("cache-8", 8, for_components(&["cache"])),
    ];
    let both = (&["cache", "odoo"][..], &[][..], true);
    for (day, held) in [
        (6, &["cache-8", "odoo-7"][..]),
        (7, &["cache-8"]),
        (8, &["odoo-7"]),
    ] {
        let (found, free) = asked(&windows, both, day);
        assert_eq!(
            (found, free),
            (held.iter().map(|&id| id.to_owned()).collect(), None),
            "{day}"
        );
    }
}

#[test]
fn what_a_window_lets_through_does_not_wait_for_it() {
    let mut low = window("low-7", 7, Scope::default());
    low.blocks = Blocks {
        tiers_at_or_above: Some(RiskTier::High),
        ..Blocks::default()
    };
    assert_eq!(
        asked(&[low], (&[], &[], true), 6),
        (vec![], Some("06 12".to_owned()))
    );
}
