use super::super::super::cron::{Closes, Cron, Expression, parse_length};
use super::super::super::{Allow, Native, When, Zone};
use super::*;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn dated(id: &str, kind: Kind, place: &str, from: &str, to: Option<&str>) -> Window {
    let to = to.map(|to| to.parse().unwrap());
    let native = Native::once(from.parse().unwrap(), to);
    Window::new(id, kind, zone(place), When::Native(native))
}

fn cron(id: &str, kind: Kind, place: &str, opens: &str, length: &str) -> Window {
    let cron = Cron {
        opens: Expression::parse(opens).unwrap(),
        closes: Closes::After(parse_length(length).unwrap()),
    };
    Window::new(id, kind, zone(place), When::Cron(cron))
}

fn year() -> (Timestamp, Timestamp) {
    (
        "2026-11-22T04:07:00Z".parse().unwrap(),
        "2027-11-22T04:07:00Z".parse().unwrap(),
    )
}

fn told(windows: &[&Window]) -> Vec<String> {
    let all = argocd(windows, year(), Partial::Widen).unwrap().windows;
    let line = |one: &SyncWindow| {
        format!(
            "{} {} | {} | {}",
            one.kind, one.schedule, one.duration, one.description
        )
    };
    all.iter().map(line).collect()
}

/// The minutes at which Argo CD would deny, as its algorithm has it for windows in UTC.
fn held_there(windows: &[SyncWindow], (from, to): (Timestamp, Timestamp)) -> Spans {
    let times = |kind: &str| {
        let mut spans = Spans::new();
        for one in windows.iter().filter(|one| one.kind == kind) {
            let cron = Cron {
                opens: Expression::parse(&one.schedule).unwrap(),
                closes: Closes::After(parse_length(&one.duration).unwrap()),
            };
            for (begin, end) in cron.intervals(civil(from), civil(to)).unwrap() {
                let instant = |civil| TimeZone::UTC.to_timestamp(civil).unwrap();
                spans.push((
                    instant(begin).max(from),
                    instant(end).min(to),
                    BTreeSet::new(),
                ));
            }
        }
        merged(spans)
    };
    let any_allow = windows.iter().any(|one| one.kind == "allow");
    let mut held = times("deny");
    if any_allow {
        held.extend(outside(&times("allow"), (from, to)));
    }
    merged(held)
}

fn outside(spans: &Spans, (from, to): (Timestamp, Timestamp)) -> Spans {
    let mut begin = from;
    let mut all = Spans::new();
    for (first, last, _) in spans {
        all.push((begin, *first, BTreeSet::new()));
        begin = *last;
    }
    all.push((begin, to, BTreeSet::new()));
    all.retain(|(begin, end, _)| begin < end);
    all
}

fn times(spans: &Spans) -> Vec<(Timestamp, Timestamp)> {
    spans.iter().map(|(begin, end, _)| (*begin, *end)).collect()
}

#[test]
fn a_freeze_of_dates_is_one_window_in_utc() {
    let freeze = dated(
        "black-week",
        Kind::Freeze,
        "Europe/Berlin",
        "2026-11-23T00:00",
        Some("2026-12-01T06:00"),
    );
    assert_eq!(told(&[&freeze]), ["deny 0 23 22 11 * | 198h | black-week"]);
}

#[test]
fn what_overlaps_or_touches_is_one_and_what_is_open_already_begins_now() {
    let a = dated(
        "a",
        Kind::Freeze,
        "UTC",
        "2026-11-01T00:00",
        Some("2026-12-01T00:00"),
    );
    let b = dated(
        "b",
        Kind::Freeze,
        "UTC",
        "2026-12-01T00:00",
        Some("2026-12-02T00:00:30"),
    );
    let c = dated(
        "c",
        Kind::Freeze,
        "UTC",
        "2026-11-30T00:00",
        Some("2026-12-01T12:00"),
    );
    let quiet = dated(
        "d",
        Kind::Quiet,
        "UTC",
        "2027-01-01T00:00",
        Some("2027-02-01T00:00"),
    );
    assert_eq!(
        told(&[&a, &b, &c, &quiet]),
        ["deny 7 4 22 11 * | 235h54m | a, b, c"]
    );
}

#[test]
fn a_freeze_without_an_end_holds_as_long_as_the_export() {
    let stop = dated(
        "stop-the-line",
        Kind::Freeze,
        "UTC",
        "2026-11-20T00:00",
        None,
    );
    assert_eq!(told(&[&stop]), ["deny 7 4 22 11 * | 8760h | stop-the-line"]);
}

#[test]
fn what_comes_again_takes_few_windows() {
    let nights = cron("nights", Kind::Freeze, "Europe/Berlin", "0 22 * * *", "8h");
    let weekends = cron("weekends", Kind::Freeze, "UTC", "0 0 * * 6", "48h");
    let found = told(&[&nights]);
    assert!(found.len() <= 10, "{found:#?}");
    assert!(
        found.contains(&"deny 0 21 * 1,2,11,12 * | 8h | nights".to_owned()),
        "{found:#?}"
    );
    assert!(
        found.contains(&"deny 0 20 * 4-9 * | 8h | nights".to_owned()),
        "{found:#?}"
    );
    assert_eq!(
        told(&[&weekends]),
        [
            "deny 0 0 * * 6 | 48h | weekends",
            "deny 7 4 22 11 * | 19h53m | weekends",
        ]
    );
}

#[test]
fn the_expansion_answers_as_the_windows_do_in_every_zone() {
    for place in [
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Kolkata",
        "Australia/Adelaide",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "America/St_Johns",
    ] {
        let all = [
            cron("nights", Kind::Freeze, place, "30 1 * * *", "1h15m"),
            cron("fridays", Kind::Freeze, place, "0 18 * * 5", "60h"),
            cron("month-end", Kind::Freeze, place, "0 0 28-31 * *", "24h"),
            dated(
                "christmas",
                Kind::Freeze,
                place,
                "2026-12-20T00:00",
                Some("2027-01-07T06:00"),
            ),
            dated("stop", Kind::Freeze, place, "2027-11-15T00:00", None),
        ];
        let wanted = all.iter().map(|window| {
            let found = window.occurrences(year().0, year().1).unwrap();
            let one = |one: super::super::super::Occurrence| {
                let end = one.to.map_or(year().1, |end| end.min(year().1));
                (one.from.max(year().0), end, BTreeSet::new())
            };
            found.into_iter().map(one).collect::<Vec<_>>()
        });
        let wanted = merged(wanted.flatten().collect());
        let found = argocd(&all.each_ref(), year(), Partial::Widen)
            .unwrap()
            .windows;
        assert_eq!(
            times(&held_there(&found, year())),
            times(&wanted),
            "{place}"
        );
        assert!(found.len() < 60, "{place}: {}", found.len());
    }
}

#[test]
fn maintenance_windows_open_for_each_other_where_they_are_for_the_same() {
    let saturdays = cron("saturdays", Kind::Maintenance, "UTC", "0 8 * * 6", "8h");
    let sundays = cron("sundays", Kind::Maintenance, "UTC", "0 8 * * 0", "8h");
    let found = argocd(&[&saturdays, &sundays], year(), Partial::Widen).unwrap();
    let denied: i64 = held_there(&found.windows, year())
        .iter()
        .map(|(begin, end, _)| end.duration_since(*begin).as_secs())
        .sum();
    // 52 Saturdays, and 53 Sundays, the first of which is the day on which the year begins.
    assert_eq!(denied, (365 * 24 - 105 * 8) * 3_600);
    let mut payments = sundays.clone();
    payments.blocks.components = Some(BTreeSet::from(["payments".to_owned()]));
    let found = argocd(&[&saturdays, &payments], year(), Partial::Widen).unwrap();
    assert!(found.never_open);
    assert_eq!(found.partial, ["sundays"]);
    assert_eq!(times(&held_there(&found.windows, year())), [year()]);
    let found = argocd(&[&saturdays, &payments], year(), Partial::LeaveOut).unwrap();
    assert!(!found.never_open && found.windows.iter().all(|one| one.kind == "allow"));
}

#[test]
fn what_holds_some_changes_holds_all_or_is_left_to_the_gate() {
    let mut freeze = dated(
        "black-week",
        Kind::Freeze,
        "UTC",
        "2026-11-23T00:00",
        Some("2026-12-01T06:00"),
    );
    freeze.allow = vec![Allow::Rollback, Allow::Emergency];
    assert_eq!(
        argocd(&[&freeze], year(), Partial::LeaveOut)
            .unwrap()
            .partial,
        Vec::<String>::new()
    );
    freeze.allow.push(Allow::Tier(crate::model::RiskTier::Low));
    let widened = argocd(&[&freeze], year(), Partial::Widen).unwrap();
    assert_eq!(
        (widened.windows.len(), widened.partial),
        (1, vec!["black-week".to_owned()])
    );
    assert_eq!(
        argocd(&[&freeze], year(), Partial::LeaveOut)
            .unwrap()
            .windows,
        []
    );
}

#[test]
fn times_within_a_minute_make_a_freeze_longer_and_maintenance_shorter() {
    let freeze = dated(
        "f",
        Kind::Freeze,
        "UTC",
        "2027-01-01T00:00:30",
        Some("2027-01-01T01:00:30"),
    );
    let open = dated(
        "m",
        Kind::Maintenance,
        "UTC",
        "2027-01-01T00:00:30",
        Some("2027-01-01T01:00:30"),
    );
    assert_eq!(told(&[&freeze]), ["deny 0 0 1 1 * | 1h1m | f"]);
    assert_eq!(told(&[&open]), ["allow 1 0 1 1 * | 59m | m"]);
}
