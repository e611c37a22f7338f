//! What holds for all windows in all zones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::model::{GroupKind, RiskTier};

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn window(kind: Kind, zone: &Zone, from: DateTime, to: DateTime) -> Window {
    let when = When::Native(Native::once(from, Some(to)));
    Window::new("w", kind, zone.clone(), when)
}

fn daily(kind: Kind, zone: &Zone, from: &str, to: &str) -> Window {
    let every_day = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let repeat = Repeat {
        every: Every::Weekly,
        months: (1..=12).collect(),
        days: Days::Weekdays(every_day.map(|day| Day::parse(day).unwrap()).to_vec()),
        roll: None,
        shift: 0,
        until: None,
        except: BTreeSet::new(),
        ends: None,
        holidays: Arc::default(),
    };
    let native = Native::again(parse_civil(from).unwrap(), parse_civil(to).unwrap(), repeat);
    Window::new("w", kind, zone.clone(), When::Native(native.unwrap()))
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// The changes of the clocks in ten years.
fn changes(zone: &Zone) -> Vec<Timestamp> {
    let start: Timestamp = "2024-01-01T00:00Z".parse().unwrap();
    let end: Timestamp = "2034-01-01T00:00Z".parse().unwrap();
    let changes = zone
        .rules()
        .following(start)
        .map(|change| change.timestamp());
    changes.take_while(|change| *change < end).collect()
}

#[test]
fn at_each_change_of_ten_years_a_freeze_holds_whenever_its_time_is_shown_and_maintenance_never_else()
 {
    // Windows that begin and end before, at, within and after what the clocks skip or show twice.
    let times = ["00:30", "01:45", "02:00", "02:20", "03:00", "03:30"];
    let mut seen = 0;
    for zone in ZONES.map(zone) {
        for change in changes(&zone) {
            seen += 1;
            let day = zone.civil(change).date();
            for (index, from) in times.iter().enumerate() {
                for to in &times[index + 1..] {
                    let at = |time: &&str| format!("{day}T{time}").parse::<DateTime>().unwrap();
                    let (from, to) = (at(from), at(to));
                    let open = |kind| {
                        let window = window(kind, &zone, from, to);
                        let around = (change - minutes(1500), change + minutes(1500));
                        window.occurrences(around.0, around.1).unwrap()
                    };
                    let (freeze, maintenance) = (open(Kind::Freeze), open(Kind::Maintenance));
                    assert_eq!(freeze.len(), 1, "{zone} {from} {to}");
                    for step in -30..30 {
                        let now = change + minutes(step * 5);
                        let civil = zone.civil(now);
                        let shown = from <= civil && civil < to;
                        let frozen = freeze.iter().any(|one| one.contains(now));
                        let open = maintenance.iter().any(|one| one.contains(now));
                        assert!(frozen || !shown, "{zone} {from} {to} {now}");
                        assert!(shown || !open, "{zone} {from} {to} {now}");
                    }
                }
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn each_day_of_ten_years_has_its_freeze_even_where_the_clocks_skip_it() {
    let from: Timestamp = "2024-01-03T00:00Z".parse().unwrap();
    let to: Timestamp = "2034-01-03T00:00Z".parse().unwrap();
    for name in ZONES {
        let night = daily(
            Kind::Freeze,
            &zone(name),
            "2024-01-01T02:15",
            "2024-01-01T02:45",
        );
        let found = night.occurrences(from, to).unwrap();
        let days: BTreeSet<Date> = found.iter().map(|one| one.civil_from.date()).collect();
        assert!(
            (3652..=3654).contains(&days.len()),
            "{name}: {}",
            days.len()
        );
        assert_eq!(days.len(), found.len(), "{name}");
        for one in found {
            assert!(one.to.unwrap() > one.from, "{name} {one:?}");
        }
    }
}

#[test]
fn a_freeze_that_the_clocks_skip_holds_after_them_however_it_is_split() {
    let berlin = zone("Europe/Berlin");
    let at = |time: &str| format!("2026-03-29T{time}").parse::<DateTime>().unwrap();
    let open = |from: &str, to: &str| {
        let freeze = window(Kind::Freeze, &berlin, at(from), at(to));
        let (from, to) = (
            berlin.begin(at("00:00"), Kind::Freeze).unwrap(),
            berlin.begin(at("12:00"), Kind::Freeze),
        );
        let found = freeze.occurrences(from, to.unwrap()).unwrap();
        let shown = |instant| berlin.civil(instant).time().strftime("%H:%M").to_string();
        (shown(found[0].from), shown(found[0].to.unwrap()))
    };
    let times = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(open("02:15", "02:45"), times("03:00", "03:45"));
    assert_eq!(open("02:15", "03:00"), times("03:00", "04:00"));
    assert_eq!(open("02:45", "03:00"), times("03:00", "04:00"));
    assert_eq!(open("02:15", "03:10"), times("03:00", "03:10"));
    assert_eq!(open("01:15", "02:00"), times("01:15", "03:00"));
}

#[test]
fn a_day_that_a_country_skipped_is_no_hole_in_a_freeze() {
    // Samoa had no 30 December 2011.
    let apia = zone("Pacific/Apia");
    let at = |text: &str| text.parse::<DateTime>().unwrap();
    let freeze = window(
        Kind::Freeze,
        &apia,
        at("2011-12-30T06:00"),
        at("2011-12-30T18:00"),
    );
    let jump: Timestamp = "2011-12-30T10:00Z".parse().unwrap();
    let (from, to) = (jump - minutes(3000), jump + minutes(3000));
    let found = freeze.occurrences(from, to).unwrap();
    assert_eq!((found[0].from, found.len()), (jump, 1));
    assert!(freeze.active(jump).unwrap().is_some());
    assert!(freeze.active(jump - minutes(1)).unwrap().is_none());
}

#[test]
fn too_many_times_are_an_error_and_no_shorter_list() {
    let daily = daily(
        Kind::Freeze,
        &zone("UTC"),
        "2024-01-01T02:15",
        "2024-01-01T02:45",
    );
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let found = daily.occurrences(at("2024-01-01T00:00Z"), at("2064-01-01T00:00Z"));
    assert!(matches!(found, Err(Error::TooMany { .. })), "{found:?}");
}

proptest! {
    #[test]
    fn what_is_open_now_is_what_is_open_within_any_span_around(
        zone in zones(), kind in kinds(), from in civils(), length in 1..20_000_i64, offset in -30_000..30_000_i64,
    ) {
        let window = window(kind, &zone, from, from + minutes(length));
        let now = zone.begin(from, kind).unwrap() + minutes(offset);
        let active = window.active(now).unwrap();
        let around = window.occurrences(now - minutes(5_000), now + minutes(5_000)).unwrap();
        prop_assert_eq!(active.is_some(), around.iter().any(|one| one.contains(now)));
        if let Some(one) = active {
            prop_assert!(one.contains(now));
        }
    }

    #[test]
    fn asking_in_two_parts_says_the_same_as_asking_at_once(
        zone in zones(), kind in kinds(), now in civils(), first in 1..40_000_i64, second in 1..40_000_i64,
    ) {
        let nights = daily(kind, &zone, "2024-01-01T01:40", "2024-01-01T02:50");
        let start = zone.begin(now, kind).unwrap();
        let (middle, end) = (start + minutes(first), start + minutes(first + second));
        let mut parts = nights.occurrences(start, middle).unwrap();
        parts.extend(nights.occurrences(middle, end).unwrap());
        parts.sort_unstable();
        parts.dedup();
        prop_assert_eq!(parts, nights.occurrences(start, end).unwrap());
    }

    #[test]
    fn splitting_a_freeze_changes_nothing_and_splitting_maintenance_opens_nothing(
        zone in zones(), from in civils(), first in 1..3_000_i64, second in 1..3_000_i64, offset in -200..7_000_i64,
    ) {
        let (middle, to) = (from + minutes(first), from + minutes(first + second));
        let now = zone.begin(from, Kind::Freeze).unwrap() + minutes(offset);
        for kind in [Kind::Freeze, Kind::Maintenance] {
            let open = |from, to| window(kind, &zone, from, to).active(now).unwrap().is_some();
            let (whole, parts) = (open(from, to), open(from, middle) || open(middle, to));
            prop_assert!(whole || !parts, "{kind:?}");
            prop_assert!(parts || !whole || kind == Kind::Maintenance, "{kind:?}");
        }
    }

    #[test]
    fn until_then_the_answer_stays_and_then_it_is_another(
        zone in zones(), now in civils(), froms in proptest::collection::vec((civils(), 1..9_000_i64, kinds()), 1..6), part in 0..100_i64,
    ) {
        let windows = froms.into_iter().enumerate().map(|(at, (from, length, kind))| {
            let mut window = window(kind, &zone, from, from + minutes(length));
            window.id = format!("w{at}");
            window
        });
        let calendar = Calendar { name: "c".into(), windows: windows.collect() };
        let (now, horizon) = (zone.begin(now, Kind::Freeze).unwrap(), minutes(60 * 24 * 4000));
        let held = |at| {
            let answer = subject(|subject| answer_of(&calendar, subject, at, horizon));
            (answer.0, answer.1)
        };
        let (before, until) = held(now);
        if let Some(until) = until {
            prop_assert!(until > now);
            let between = now + until.duration_since(now) * i32::try_from(part).unwrap() / 100;
            prop_assert_eq!(&held(between).0, &before);
            prop_assert_eq!(&held(until - SignedDuration::from_nanos(1)).0, &before);
            // Of maintenance one that opens beside another that is open changes what is open, and no more.
            let open = |at| calendar.windows.iter().map(|window| window.active(at).unwrap().is_some()).collect::<Vec<_>>();
            prop_assert_ne!(open(until), open(now));
            if calendar.windows.iter().all(|window| window.kind != Kind::Maintenance) {
                prop_assert_ne!(&held(until).0, &before);
            }
        } else {
            prop_assert_eq!(&held(now + horizon / 2).0, &before);
        }
    }

    #[test]
    fn it_opens_when_answers_one_after_the_other_hold_nothing(
        zone in zones(), now in civils(), froms in proptest::collection::vec((civils(), 1..9_000_i64, kinds(), 0..4), 1..8), days in 0..400_i64,
    ) {
        let windows = froms.into_iter().map(|(from, length, kind, passes)| {
            let mut window = window(kind, &zone, from, from + minutes(length));
            window.allow.extend((passes == 0).then_some(Allow::Tier(RiskTier::Medium)));
            window
        });
        let mut windows: Vec<Window> = windows.collect();
        windows.push(daily(Kind::Freeze, &zone, "2024-01-01T01:40", "2024-01-02T00:10"));
        let calendar = Calendar { name: "c".into(), windows };
        let (now, horizon) = (zone.begin(now, Kind::Freeze).unwrap(), minutes(60 * 24 * days));
        let found = subject(|subject| opens(&[&calendar], subject, now, horizon).unwrap());
        let mut at = Some(now);
        while let Some(instant) = at {
            let left = horizon - instant.duration_since(now);
            let (held, until) = subject(|subject| answer_of(&calendar, subject, instant, left));
            if held.is_empty() {
                break;
            }
            at = until.filter(|until| *until <= now + horizon);
        }
        prop_assert_eq!(found, at);
    }
}

/// The ids of what holds the subject, and until when.
fn answer_of(
    calendar: &Calendar,
    subject: &Subject<'_>,
    at: Timestamp,
    horizon: SignedDuration,
) -> (Vec<String>, Option<Timestamp>) {
    let answer = answer(&[calendar], subject, at, horizon).unwrap();
    let held = answer.held_by.iter().map(|held| held.window.id.clone());
    (held.collect(), answer.until)
}

fn subject<T>(ask: impl FnOnce(&Subject<'_>) -> T) -> T {
    let (none, labels) = (BTreeSet::new(), BTreeMap::new());
    ask(&Subject {
        environment: "prod",
        cluster: None,
        region: None,
        tenants: &none,
        brands: &none,
        components: &none,
        kind: Some(&GroupKind::parse("Deployment.apps")),
        labels: Some(&labels),
        tier: RiskTier::Medium,
        rollback: false,
    })
}

fn zones() -> impl Strategy<Value = Zone> {
    proptest::sample::select(&ZONES[..]).prop_map(zone)
}

fn kinds() -> impl Strategy<Value = Kind> {
    proptest::sample::select(&[Kind::Freeze, Kind::Maintenance, Kind::Quiet][..])
}

/// Times near changes of the clocks, and others.
fn civils() -> impl Strategy<Value = DateTime> {
    let day = proptest::sample::select(
        &[
            "2026-03-08",
            "2026-03-29",
            "2026-04-05",
            "2026-10-04",
            "2026-10-25",
            "2026-11-01",
            "2027-02-28",
            "2028-02-29",
            "2026-09-06",
            "2026-09-27",
        ][..],
    );
    (day, -3000..3000_i64).prop_map(|(day, minute)| {
        let day: Date = day.parse().unwrap();
        day.at(2, 0, 0, 0) + minutes(minute)
    })
}

/// North, south, half and quarter hours, changes by half an hour, at midnight and around Ramadan.
const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "Africa/Cairo",
];
