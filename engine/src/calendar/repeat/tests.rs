use super::*;
use crate::calendar::{Native, parse_civil, parse_date};

fn repeat(every: Every, months: &[i8], days: Days) -> Repeat {
    let months = match months {
        [] => (1..=12).collect(),
        some => some.iter().copied().collect(),
    };
    Repeat {
        every,
        months,
        days,
        roll: None,
        shift: 0,
        until: None,
        except: BTreeSet::new(),
        ends: None,
        holidays: Arc::default(),
    }
}

fn weekdays(days: &[&str]) -> Days {
    Days::Weekdays(days.iter().map(|day| Day::parse(day).unwrap()).collect())
}

fn date(text: &str) -> Date {
    parse_date(text).unwrap()
}

/// The first days that a rule gives from `first` on.
fn given(rule: &Repeat, first: &str, count: usize) -> Vec<String> {
    let dates = rule.begins(date(first), date(first)).take(count);
    dates.map(|date| date.unwrap().to_string()).collect()
}

fn again(from: &str, to: &str, rule: Repeat) -> Result<Native, Unfit> {
    Native::again(parse_civil(from).unwrap(), parse_civil(to).unwrap(), rule)
}

#[test]
fn rules_give_the_days_that_a_wall_calendar_shows() {
    let thursday = repeat(Every::Yearly, &[11], weekdays(&["4TH"]));
    let thanksgiving = ["2024-11-28", "2025-11-27", "2026-11-26", "2027-11-25"];
    assert_eq!(given(&thursday, "2024-01-01", 4), thanksgiving);

    let friday = Repeat {
        shift: 1,
        ..thursday.clone()
    };
    let black_friday = ["2024-11-29", "2025-11-28", "2026-11-27", "2027-11-26"];
    assert_eq!(given(&friday, "2024-01-01", 4), black_friday);

    let last = repeat(Every::Monthly, &[], Days::OfMonth(vec![-1]));
    let month_ends = ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"];
    assert_eq!(given(&last, "2028-01-01", 4), month_ends);

    let fridays = repeat(Every::Monthly, &[], weekdays(&["-1FR"]));
    assert_eq!(
        given(&fridays, "2026-01-01", 3),
        ["2026-01-30", "2026-02-27", "2026-03-27"]
    );

    let open = repeat(Every::Weekly, &[], weekdays(&["MO", "SA"]));
    assert_eq!(
        given(&open, "2026-12-26", 4),
        ["2026-12-26", "2026-12-28", "2027-01-02", "2027-01-04"]
    );
}

#[test]
fn business_days_leave_out_weekends_and_holidays() {
    let mut rule = repeat(Every::Monthly, &[], Days::Business(vec![-3]));
    assert_eq!(
        given(&rule, "2026-01-01", 3),
        ["2026-01-28", "2026-02-25", "2026-03-27"]
    );
    let holidays = ["2026-12-24", "2026-12-25", "2026-12-31"];
    rule.holidays = Arc::new(holidays.into_iter().map(date).collect());
    assert_eq!(given(&rule, "2026-12-01", 1), ["2026-12-28"]);

    let mut tenth = repeat(Every::Monthly, &[], Days::OfMonth(vec![10]));
    tenth.roll = Some(Roll::Next);
    assert_eq!(
        given(&tenth, "2026-01-01", 5),
        [
            "2026-01-12",
            "2026-02-10",
            "2026-03-10",
            "2026-04-10",
            "2026-05-11"
        ]
    );
    tenth.roll = Some(Roll::Previous);
    assert_eq!(given(&tenth, "2026-01-01", 1), ["2026-01-09"]);
}

#[test]
fn a_day_that_rolls_out_of_its_month_is_found_from_the_next() {
    let mut last = repeat(Every::Monthly, &[1], Days::OfMonth(vec![-1]));
    last.roll = Some(Roll::Next);
    // 31 January 2026 is a Saturday.
    let found = last.begins(date("2026-01-01"), date("2026-02-01")).next();
    assert_eq!(found.unwrap().unwrap(), date("2026-02-02"));
}

#[test]
fn what_is_taken_out_is_gone_and_until_is_the_last() {
    let mut rule = repeat(Every::Weekly, &[], weekdays(&["TH"]));
    rule.except = BTreeSet::from([date("2026-12-24")]);
    rule.until = Some(date("2026-12-31"));
    assert_eq!(given(&rule, "2026-12-17", 9), ["2026-12-17", "2026-12-31"]);
}

#[test]
fn a_close_ends_on_the_business_day_that_is_meant_and_not_so_many_days_later() {
    let mut rule = repeat(Every::Monthly, &[], Days::Business(vec![-3]));
    rule.ends = Some(Days::Business(vec![2]));
    let native = again("2026-01-28T18:00", "2026-02-03T08:00", rule).unwrap();
    let found = native.intervals(
        parse_civil("2026-02-10T00:00").unwrap(),
        parse_civil("2026-05-01T00:00").unwrap(),
        100,
    );
    let found: Vec<String> = found
        .unwrap()
        .iter()
        .map(|(from, to)| format!("{from} {}", to.unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            "2026-02-25T18:00:00 2026-03-03T08:00:00",
            "2026-03-27T18:00:00 2026-04-02T08:00:00",
            "2026-04-28T18:00:00 2026-05-04T08:00:00"
        ]
    );
}

#[test]
fn a_long_window_that_began_long_ago_is_still_open() {
    let rule = repeat(Every::Yearly, &[11], Days::OfMonth(vec![1]));
    let native = again("2026-11-01T00:00", "2027-10-01T00:00", rule).unwrap();
    let at = |text| parse_civil(text).unwrap();
    let open = native.intervals(at("2030-09-30T23:00"), at("2030-09-30T23:01"), 9);
    assert_eq!(
        open.unwrap(),
        [(at("2029-11-01T00:00"), Some(at("2030-10-01T00:00")))]
    );
    assert_eq!(
        native.intervals(at("2030-10-01T00:00"), at("2030-10-31T00:00"), 9),
        Ok(vec![])
    );
    assert_eq!(
        native.intervals(at("2026-01-01T00:00"), at("2026-11-01T00:00"), 9),
        Ok(vec![])
    );
}

#[test]
fn a_rule_that_would_pass_over_a_month_is_none() {
    let from = "2026-01-30T18:00";
    let to = "2026-01-31T18:00";
    for (every, months, days) in [
        (Every::Monthly, &[][..], Days::OfMonth(vec![30])),
        (Every::Monthly, &[][..], Days::OfMonth(vec![31])),
        (Every::Yearly, &[2][..], Days::OfMonth(vec![29])),
        (Every::Yearly, &[4][..], Days::OfMonth(vec![31])),
        (Every::Monthly, &[][..], weekdays(&["5FR"])),
        (Every::Monthly, &[][..], weekdays(&["-5FR"])),
        (Every::Monthly, &[][..], Days::Business(vec![-16])),
        (Every::Monthly, &[][..], Days::OfMonth(vec![0])),
    ] {
        let found = again(from, to, repeat(every, months, days));
        assert_eq!(found.unwrap_err().code, "calendar.no-such-day");
    }
    assert!(
        again(
            "2026-12-31T18:00",
            "2027-01-01T00:00",
            repeat(Every::Yearly, &[12], Days::OfMonth(vec![31]))
        )
        .is_ok()
    );
}

#[test]
fn the_first_time_is_one_of_the_rule() {
    let rule = repeat(Every::Monthly, &[], Days::OfMonth(vec![-1]));
    let found = again("2026-01-29T18:00", "2026-02-01T08:00", rule.clone()).unwrap_err();
    assert_eq!((found.key, found.code), ("/from", "calendar.first-time"));
    assert!(found.help.contains("2026-01-31"), "{}", found.help);

    let mut except = rule.clone();
    except.except = BTreeSet::from([date("2026-03-30")]);
    let found = again("2026-01-31T18:00", "2026-02-01T08:00", except).unwrap_err();
    assert_eq!(
        (found.key, found.code),
        ("/repeat/except", "calendar.except")
    );

    let mut over = rule.clone();
    over.until = Some(date("2026-01-30"));
    let found = again("2026-01-31T18:00", "2026-02-01T08:00", over).unwrap_err();
    assert_eq!(found.code, "calendar.never-opens");

    let mut ends = rule;
    ends.ends = Some(Days::OfMonth(vec![2]));
    let found = again("2026-01-31T18:00", "2026-02-01T08:00", ends).unwrap_err();
    assert_eq!((found.key, found.code), ("/to", "calendar.first-time"));
    assert!(found.help.contains("2026-02-02T08:00"), "{}", found.help);
}

#[test]
fn a_month_with_too_few_business_days_is_an_error_and_no_month_without_a_window() {
    let mut rule = repeat(Every::Monthly, &[], Days::Business(vec![10]));
    let holidays = (1..=25).map(|day| Date::new(2026, 8, day).unwrap());
    rule.holidays = Arc::new(holidays.collect());
    let mut days = rule.begins(date("2026-07-01"), date("2026-07-01"));
    assert!(days.next().unwrap().is_ok());
    assert_eq!(days.next().unwrap().unwrap_err().month, date("2026-08-01"));
}
