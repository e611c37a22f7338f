//! When a window opens by cron, in words. Knows neither zones nor what it is about.

use std::collections::BTreeSet;

use jiff::civil::Weekday;

use super::{in_months, listed, ordinal, weekday_name};
use crate::calendar::cron::{Closes, Cron, Expression, length_of};

/// `each week on Friday at 22:00, for 2h`.
pub(super) fn words(cron: &Cron) -> String {
    let opens = opening(&cron.opens);
    match &cron.closes {
        Closes::After(length) => format!("{opens}, for {}", length_of(*length)),
        Closes::At(ends) => format!("{opens}, until the next time of: {}", opening(ends)),
    }
}

fn opening(expression: &Expression) -> String {
    let months = in_months(&expression.months);
    let numbers = runs(&expression.days, |day| {
        format!("the {}", ordinal(day.into()))
    });
    let weekdays = runs(&expression.weekdays, |day| {
        let weekday = Weekday::from_sunday_zero_offset(day);
        weekday.map_or("", weekday_name).to_owned()
    });
    let every_day = expression.days.len() == 31;
    let every_weekday = expression.weekdays.len() == 7;
    let days = match (expression.both, every_day, every_weekday) {
        (true, true, true) => format!("each day{months}"),
        (true, true, false) => format!("each week{months} on {weekdays}"),
        (true, false, true) => format!("each month{months} on {numbers} day"),
        (true, false, false) => {
            format!("each month{months} on {numbers} day where that is {weekdays}")
        }
        (false, ..) => format!("each month{months} on {numbers} day, and on each {weekdays}"),
    };
    format!("{days}{}", at_times(expression))
}

/// ` at 08:00 and 20:00`.
fn at_times(expression: &Expression) -> String {
    let (hours, minutes) = (&expression.hours, &expression.minutes);
    let times = hours.iter().flat_map(|hour| {
        minutes
            .iter()
            .map(move |minute| format!("{hour:02}:{minute:02}"))
    });
    let all: Vec<String> = times.collect();
    match all.as_slice() {
        [first, .., last] if all.len() > MOST_TIMES => {
            format!(" at {} times from {first} to {last}", all.len())
        }
        _ => format!(" at {}", listed(all)),
    }
}

/// `Monday to Friday`; three and more in a row are told by the first and the last.
fn runs(numbers: &BTreeSet<i8>, name: impl Fn(i8) -> String) -> String {
    let numbers: Vec<i8> = numbers.iter().copied().collect();
    let mut told = Vec::new();
    for run in numbers.chunk_by(|one, next| one + 1 == *next) {
        match run {
            [first, _, .., last] => told.push(format!("{} to {}", name(*first), name(*last))),
            few => told.extend(few.iter().map(|one| name(*one))),
        }
    }
    listed(told)
}

const MOST_TIMES: usize = 4;

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn cron_is_told_in_words() {
        for (text, words) in [
            ("0 22 * * *", "each day at 22:00, for 2h30m"),
            ("0 22 * * FRI", "each week on Friday at 22:00, for 2h30m"),
            (
                "30 8,20 * * 1-5",
                "each week on Monday to Friday at 08:30 and 20:30, for 2h30m",
            ),
            (
                "0 0 1,15 * *",
                "each month on the 1st and the 15th day at 00:00, for 2h30m",
            ),
            (
                "0 0 1-7 11,12 *",
                "each month in November and December on the 1st to the 7th day at 00:00, for 2h30m",
            ),
            (
                "0 0 1 * 1",
                "each month on the 1st day, and on each Monday at 00:00, for 2h30m",
            ),
            (
                "*/30 * * * 0,6",
                "each week on Sunday and Saturday at 48 times from 00:00 to 23:30, for 2h30m",
            ),
        ] {
            let cron = Cron {
                opens: Expression::parse(text).unwrap(),
                closes: Closes::After(SignedDuration::from_mins(150)),
            };
            assert_eq!(super::words(&cron), words);
        }
        let cron = Cron {
            opens: Expression::parse("0 22 * * 5").unwrap(),
            closes: Closes::At(Expression::parse("0 7 * * 1").unwrap()),
        };
        assert_eq!(
            words(&cron),
            "each week on Friday at 22:00, until the next time of: each week on Monday at 07:00"
        );
    }
}
