use super::*;

fn cron(opens: &str, length: &str) -> Cron {
    Cron {
        opens: Expression::parse(opens).unwrap(),
        closes: Closes::After(parse_length(length).unwrap()),
    }
}

fn open(cron: &Cron, from: &str, to: &str) -> Vec<String> {
    let intervals = cron.intervals(from.parse().unwrap(), to.parse().unwrap());
    let told = |(begin, end): &(DateTime, DateTime)| {
        format!(
            "{}/{}",
            begin.strftime("%d.%m. %H:%M"),
            end.strftime("%d.%m. %H:%M")
        )
    };
    intervals.unwrap().iter().map(told).collect()
}

#[test]
fn a_window_that_opened_before_is_still_open() {
    let nights = cron("0 22 * * 1-5", "10h");
    let found = open(&nights, "2026-11-20T05:00", "2026-11-23T22:00");
    // 20 November 2026 is a Friday.
    assert_eq!(
        found,
        ["19.11. 22:00/20.11. 08:00", "20.11. 22:00/21.11. 08:00"]
    );
    assert_eq!(
        open(&nights, "2026-11-20T08:00", "2026-11-20T22:00"),
        Vec::<String>::new()
    );
}

#[test]
fn days_fit_both_fields_where_one_is_a_star_and_else_either() {
    let on = |text: &str, day: &str| {
        let day: Date = day.parse().unwrap();
        Expression::parse(text).unwrap().times(day).count() > 0
    };
    // The 13th of November 2026 is a Friday, the 20th too.
    for (text, the_13th, the_14th, the_20th) in [
        ("0 0 13 * *", true, false, false),
        ("0 0 * * 5", true, false, true),
        ("0 0 13 * 5", true, false, true),
        ("0 0 14 * FRI", true, true, true),
        ("0 0 */1 * 5", true, false, true),
        ("0 0 */13 * 6", false, true, false),
        ("0 0 ? * 5", true, false, true),
        ("0 0 * 10 5", false, false, false),
    ] {
        assert_eq!(on(text, "2026-11-13"), the_13th, "{text}");
        assert_eq!(on(text, "2026-11-14"), the_14th, "{text}");
        assert_eq!(on(text, "2026-11-20"), the_20th, "{text}");
    }
    assert!(on("0 0 * * 7", "2026-11-15") && on("0 0 * * SUN", "2026-11-15"));
}

#[test]
fn what_opens_again_while_it_is_open_is_one_time_a_day() {
    let always = cron("* * * * *", "1h");
    let found = open(&always, "2026-11-20T00:00", "2026-11-21T00:00");
    assert_eq!(
        found,
        ["19.11. 00:00/20.11. 00:59", "20.11. 00:00/21.11. 00:59"]
    );
    assert_eq!(
        cron("* * * * *", "30s").intervals(
            "2026-01-01T00:00".parse().unwrap(),
            "2027-01-01T00:00".parse().unwrap(),
        ),
        None
    );
}

#[test]
fn a_second_cron_ends_it() {
    let weekend = Cron {
        opens: Expression::parse("0 18 * * 5").unwrap(),
        closes: Closes::At(Expression::parse("0 7 * * 1").unwrap()),
    };
    let found = open(&weekend, "2026-11-22T12:00", "2026-11-29T00:00");
    assert_eq!(
        found,
        ["20.11. 18:00/23.11. 07:00", "27.11. 18:00/30.11. 07:00"]
    );
    assert_eq!(
        open(&weekend, "2026-11-23T07:00", "2026-11-27T18:00"),
        Vec::<String>::new()
    );
    let leap = Cron {
        opens: Expression::parse("0 0 1 1 *").unwrap(),
        closes: Closes::At(Expression::parse("0 0 29 2 *").unwrap()),
    };
    assert_eq!(open(&leap, "2026-06-01T00:00", "2026-06-02T00:00").len(), 2);
    // Each hour, and each time the same end years later.
    let always = Cron {
        opens: Expression::parse("0 * * * *").unwrap(),
        ..leap
    };
    assert_eq!(
        open(&always, "2027-02-01T00:00", "2027-03-01T00:00").len(),
        1096
    );
}

#[test]
fn what_is_no_cron_is_refused_with_a_reason() {
    for (wrong, reason) in [
        ("", "0 fields"),
        ("* * * *", "4 fields"),
        ("0 * * * * *", "6 fields"),
        ("0 0 * * * * 2026", "7 fields"),
        ("@reboot", "nickname"),
        ("@daily", "nickname"),
        ("60 * * * *", "outside of 0 to 59"),
        ("* 24 * * *", "outside of 0 to 23"),
        ("* * 0 * *", "outside of 1 to 31"),
        ("* * * 13 *", "outside of 1 to 12"),
        ("* * * * 8", "outside of 0 to 7"),
        ("*/0 * * * *", "step of nothing"),
        ("5-1 * * * *", "begins after it ends"),
        ("1,,2 * * * *", "no number"),
        ("-1 * * * *", "no number"),
        ("+1 * * * *", "no number"),
        ("1-2-3 * * * *", "no number"),
        ("1/2/3 * * * *", "no number"),
        ("* * L * *", "no number"),
        ("* * 15W * *", "no number"),
        ("* * * * 5#3", "no number"),
        ("* * * * MONDAY", "no number"),
        ("* * * MON *", "no number"),
        ("99999999999 * * * *", "no number"),
        ("0 0 30 2 *", "no year has"),
        ("TZ=UTC 0 0 1 1 *", "6 fields"),
    ] {
        let error = Expression::parse(wrong).unwrap_err();
        assert!(error.contains(reason), "{wrong}: {error}");
    }
    assert!(Expression::parse("0 0 29 2 0").is_ok());
    assert!(Expression::parse(&"* ".repeat(2_000)).is_err());
}
