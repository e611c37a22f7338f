use std::sync::Arc;

use super::super::super::cron::{Closes, Cron, Expression, parse_length};
use super::super::super::foreign::{self, Meant};
use super::super::super::{Allow, Day, Days, Every, Native, Repeat, Roll};
use super::*;
use crate::model::{KindPattern, RepoPath, RiskTier};

fn span() -> (Timestamp, Timestamp) {
    (
        "2026-11-22T00:00Z".parse().unwrap(),
        "2028-11-22T00:00Z".parse().unwrap(),
    )
}

fn window(id: &str, kind: Kind, zone: &str, when: When) -> Window {
    Window::new(id, kind, Zone::parse(zone).unwrap(), when)
}

fn again(
    from: &str,
    to: &str,
    every: Every,
    months: &[i8],
    days: &Days,
    roll: Option<Roll>,
) -> When {
    let repeat = Repeat {
        every,
        months: months.iter().copied().collect(),
        days: days.clone(),
        roll,
        shift: 0,
        until: Some("2028-06-30".parse().unwrap()),
        except: match days {
            Days::Weekdays(_) => BTreeSet::from(["2027-05-28".parse().unwrap()]),
            _ => BTreeSet::new(),
        },
        ends: None,
        holidays: Arc::default(),
    };
    When::Native(Native::again(from.parse().unwrap(), to.parse().unwrap(), repeat).unwrap())
}

fn weekdays(nth: Option<i8>) -> Days {
    let weekday = jiff::civil::Weekday::Friday;
    Days::Weekdays(vec![Day { nth, weekday }])
}

fn all() -> Vec<Window> {
    let once = |from: &str, to: Option<&str>| {
        When::Native(Native::once(
            from.parse().unwrap(),
            to.map(|to| to.parse().unwrap()),
        ))
    };
    let year: Vec<i8> = (1..=12).collect();
    let cron = Cron {
        opens: Expression::parse("0 22 13 * 5").unwrap(),
        closes: Closes::After(parse_length("8h").unwrap()),
    };
    let mut dated = window(
        "Black_Week.2026",
        Kind::Freeze,
        "Europe/Berlin",
        once("2026-11-20T00:00", Some("2026-12-01T06:00")),
    );
    dated.scope.environments = Some(BTreeSet::from(["prod*".to_owned()]));
    dated.scope.kinds = Some(vec![
        KindPattern::parse("traefik.io/*"),
        KindPattern::parse("Ingress"),
    ]);
    dated.scope.labels = BTreeMap::from([("a,b;c\\".to_owned(), "\"d\"".to_owned())]);
    dated.blocks.tiers_at_or_above = Some(RiskTier::Medium);
    dated.allow = vec![Allow::Rollback, Allow::Evidence("backup".to_owned())];
    dated.peak = true;
    dated.reason = Some("Peak trading, prices; and more: a line that is long enough to be folded, äöü äöü äöü äöü\nand a second".to_owned());
    dated.owner = Some("Retail Ops <ops@example.com>".to_owned());
    dated.ticket = Some("CHG-4711".to_owned());
    dated.overridable_by = vec!["retail-ops".to_owned()];
    vec![
        dated,
        window(
            "stop-the-line",
            Kind::Freeze,
            "America/St_Johns",
            once("2027-02-01T00:00", None),
        ),
        window(
            "utc",
            Kind::Quiet,
            "UTC",
            once("2027-02-01T00:00", Some("2027-02-01T00:00:30")),
        ),
        window(
            "fridays",
            Kind::Maintenance,
            "Australia/Adelaide",
            again(
                "2026-11-27T18:00",
                "2026-11-28T02:30",
                Every::Weekly,
                &year,
                &weekdays(None),
                None,
            ),
        ),
        window(
            "last",
            Kind::Freeze,
            "Europe/Berlin",
            again(
                "2026-11-27T18:00",
                "2026-11-30T08:00",
                Every::Monthly,
                &year,
                &weekdays(Some(-1)),
                None,
            ),
        ),
        window(
            "yearly",
            Kind::Freeze,
            "Asia/Kolkata",
            again(
                "2026-12-24T00:00",
                "2026-12-27T00:00",
                Every::Yearly,
                &[12],
                &Days::OfMonth(vec![24]),
                None,
            ),
        ),
        window(
            "rolled",
            Kind::Freeze,
            "Europe/Berlin",
            again(
                "2026-11-30T18:00",
                "2026-12-01T08:00",
                Every::Monthly,
                &year,
                &Days::OfMonth(vec![-1]),
                Some(Roll::Next),
            ),
        ),
        window(
            "third-last",
            Kind::Freeze,
            "Europe/Berlin",
            again(
                "2026-11-26T18:00",
                "2026-12-01T08:00",
                Every::Monthly,
                &year,
                &Days::Business(vec![-3]),
                None,
            ),
        ),
        window("cron", Kind::Freeze, "America/New_York", When::Cron(cron)),
        window(
            "nights",
            Kind::Freeze,
            "America/New_York",
            When::Cron(Cron {
                opens: Expression::parse("0 23 * * 5").unwrap(),
                closes: Closes::At(Expression::parse("0 7 * * 1").unwrap()),
            }),
        ),
    ]
}

fn exported(windows: &[Window]) -> String {
    let named: Vec<(&str, &Window)> = windows.iter().map(|window| ("retail", window)).collect();
    ics(&named, span()).unwrap()
}

fn imported(text: &str) -> Vec<Window> {
    let meant = Meant {
        zone: None,
        kind: None,
    };
    foreign::read(&RepoPath::from("a.ics"), &Arc::from(text), meant)
        .unwrap()
        .windows
}

/// All but the times, and the times.
fn told(window: &Window) -> (String, Vec<super::super::super::Occurrence>) {
    let about = serde_json::json!([window.kind, window.zone, Extension::of(window, false, None)]);
    (
        about.to_string(),
        window.occurrences(span().0, span().1).unwrap(),
    )
}

#[test]
fn what_is_written_reads_back_as_the_same_windows() {
    let windows = all();
    let read = imported(&exported(&windows));
    assert_eq!(read.len(), windows.len());
    for (window, read) in windows.iter().zip(&read) {
        assert_eq!(told(read), told(window), "{}", window.id);
        if let When::Native(native) = &window.when {
            let since = "2026-11-22".parse().unwrap();
            assert_eq!(
                read.when.to_native(since).as_ref(),
                Some(native),
                "{}",
                window.id
            );
        }
    }
    // And again, as it was read.
    assert_eq!(exported(&read), exported(&imported(&exported(&read))));
}

#[test]
fn a_rule_beside_the_times_counts_where_it_gives_them() {
    let windows = all();
    let one = windows.iter().find(|window| window.id == "third-last");
    let text = exported(std::slice::from_ref(one.unwrap())).replace("\r\n ", "");
    assert!(
        text.contains(r#""rule":{"#) && text.contains("RDATE;"),
        "{text}"
    );
    assert_eq!(
        imported(&text)[0]
            .when
            .to_native("2030-01-01".parse().unwrap()),
        match &one.unwrap().when {
            When::Native(native) => Some(native.clone()),
            _ => None,
        }
    );
    for (old, new, reason) in [
        (
            "DTSTART;TZID=Europe/Berlin:20261126T",
            "DTSTART;TZID=Europe/Berlin:20261127T",
            "not those of the rule",
        ),
        (r#""business":[-3]"#, r#""business":[-4]"#, "was changed"),
        (r#""business":[-3]"#, r#""business":[]"#, "was changed"),
        (r#""months":[1\,"#, r#""months":[0\,"#, "was changed"),
        (r#""shift":0"#, r#""shift":99"#, "was changed"),
        (r#""roll":null"#, r#""roll":"next""#, ""),
        (
            r#""until":"2028-06-30""#,
            r#""until":"2027-06-30""#,
            "not those of the rule",
        ),
    ] {
        let changed = text.replace(old, new);
        assert_ne!(changed, text, "{old}");
        let meant = Meant {
            zone: None,
            kind: None,
        };
        let read = foreign::read(&RepoPath::from("a.ics"), &Arc::from(changed), meant);
        match read {
            // A business day rolls nowhere.
            Ok(_) => assert_eq!(reason, "", "{new}"),
            Err(fault) => assert!(
                !reason.is_empty() && fault.message.contains(reason),
                "{new}: {}",
                fault.message
            ),
        }
    }
}

#[test]
fn a_window_that_does_not_open_for_long_is_told_all_the_same() {
    let rolled = all()
        .into_iter()
        .find(|window| window.id == "rolled")
        .unwrap();
    let from: Timestamp = "2026-11-03T00:00Z".parse().unwrap();
    let text = ics(
        &[("retail", &rolled)],
        (from, from + SignedDuration::from_hours(24)),
    )
    .unwrap();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
    assert_eq!(told(&imported(&text)[0]), told(&rolled));
}

#[test]
fn lines_are_short_and_end_as_the_format_wants_them() {
    let text = exported(&all());
    assert!(
        text.split("\r\n")
            .all(|line| line.len() <= 75 && !line.contains('\n'))
    );
    assert!(text.ends_with("END:VCALENDAR\r\n"));
}

#[test]
fn each_zone_is_told_with_the_changes_of_the_time() {
    let text = exported(&all()[..1]);
    let berlin = "BEGIN:DAYLIGHT\r\nDTSTART:20270328T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZNAME:CEST\r\nEND:DAYLIGHT\r\n";
    assert!(text.contains(berlin), "{text}");
    assert_eq!(text.matches("BEGIN:STANDARD").count(), 2);
    assert!(!exported(&all()[2..3]).contains("VTIMEZONE"));
    assert_eq!(Zone::parse("UTC"), Some(Zone::utc()));
}

#[test]
fn what_was_changed_beside_the_times_is_refused() {
    let text = exported(&all()[1..2]);
    let meant = Meant {
        zone: None,
        kind: None,
    };
    for (old, new) in [
        ("\"kind\":\"freeze\"", "\"kind\":\"quiet\""),
        ("\"id\":\"stop-the-line\"", "\"id\":\"a b\""),
        ("\"environments\":null", "\"environments\":[]"),
    ] {
        let unfolded = text.replace("\r\n ", "").replace("\\,", ",");
        assert!(unfolded.contains(old), "{unfolded}");
        let changed = unfolded.replace(old, new);
        let fault =
            foreign::read(&RepoPath::from("a.ics"), &Arc::from(changed), meant).unwrap_err();
        assert!(fault.message.contains("was changed"), "{new}");
    }
}
