//! What is wrong with a rule before it is ever asked: days that not every month has, a first time that it
//! does not give, an end that comes before the beginning.
//! Knows no file.

use jiff::civil::{Date, DateTime};

use super::{Days, NoSuchDay, Repeat, days_between, plus};

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key that says it, from the window: `/repeat/by-day`, `/from`.
    pub key: &'static str,
    /// The stable code, `calendar.first-time`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Repeat {
    /// Whether it fits a window that first opens from `first` to `first_end`.
    pub(in crate::calendar) fn check(
        &self,
        first: DateTime,
        first_end: DateTime,
    ) -> Result<(), Unfit> {
        self.days_exist(&self.days)?;
        if let Some(ends) = &self.ends {
            self.days_exist(ends)?;
        }
        if self.until.is_some_and(|until| until < first.date()) {
            return Err(Unfit {
                key: "/repeat/until",
                code: "calendar.never-opens",
                message: "the window may begin no later than on a day before its first".to_owned(),
                help: "write a later day, or remove the window".to_owned(),
            });
        }
        let missing = |missing: NoSuchDay| no_such_day(missing.month);
        self.first_day(first.date())?;
        let end = self.end(first, first_end, first.date()).map_err(missing)?;
        if end != first_end {
            return Err(Unfit {
                key: "/to",
                code: "calendar.first-time",
                message: format!(
                    "the first time ends on {}, on which its rule does not end it",
                    first_end.date()
                ),
                help: format!("write `\"{}\"`, or mend `repeat.ends`", minutes(end)),
            });
        }
        self.exceptions(first.date())
    }

    /// No rule may pass over a month in silence.
    fn days_exist(&self, days: &Days) -> Result<(), Unfit> {
        let unfit = |key, day: String, instead: &str| Unfit {
            key,
            code: "calendar.no-such-day",
            message: format!("not every month of the rule has a day `{day}`"),
            help: format!(
                "{instead}: a month without it would go by without the window, and nobody would see it"
            ),
        };
        match days {
            Days::Weekdays(all) => {
                let beyond = all
                    .iter()
                    .find(|day| day.nth.is_some_and(|nth| nth.abs() > 4));
                match beyond {
                    Some(day) => Err(unfit(
                        "/repeat/by-day",
                        day.to_string(),
                        "count from the end, such as `-1FR`, at most to the fourth",
                    )),
                    None => Ok(()),
                }
            }
            Days::OfMonth(all) => {
                let shortest = self.months.iter().map(|month| shortest(*month)).min();
                let shortest = shortest.unwrap_or(28);
                match all.iter().find(|day| **day == 0 || day.abs() > shortest) {
                    Some(day) => Err(unfit(
                        "/repeat/by-month-day",
                        day.to_string(),
                        "write `-1` for the last day",
                    )),
                    None => Ok(()),
                }
            }
            Days::Business(all) => {
                match all
                    .iter()
                    .find(|day| **day == 0 || day.abs() > MOST_BUSINESS_DAYS)
                {
                    Some(day) => Err(unfit(
                        "/repeat/business-day",
                        day.to_string(),
                        "write 1 to 15, or -1 to -15",
                    )),
                    None => Ok(()),
                }
            }
        }
    }

    /// The first time is one that the rule gives.
    fn first_day(&self, first: Date) -> Result<(), Unfit> {
        let mut taken_out = self.clone();
        let except = std::mem::take(&mut taken_out.except);
        let missing = |missing: NoSuchDay| no_such_day(missing.month);
        if taken_out.gives(first, first).map_err(missing)? || except.contains(&first) {
            return Ok(());
        }
        // What the rule gives around that day.
        let before = plus(first, -LOOK_AROUND);
        let mut given = taken_out.begins(before, before).filter_map(Result::ok);
        let near = given.by_ref().find(|date| *date > first);
        let mut earlier = taken_out.begins(before, before).filter_map(Result::ok);
        let earlier = earlier.by_ref().take_while(|date| *date < first).last();
        let nearest = [earlier, near]
            .into_iter()
            .flatten()
            .min_by_key(|date| days_between(first.min(*date), first.max(*date)));
        Err(Unfit {
            key: "/from",
            code: "calendar.first-time",
            message: format!("the window first begins on {first}, which its rule does not give"),
            help: nearest.map_or_else(
                || "write a day that the rule gives".to_owned(),
                |date| format!("the nearest day that it gives is {date}; or mend `repeat`"),
            ),
        })
    }

    /// What is taken out would have been there.
    fn exceptions(&self, first: Date) -> Result<(), Unfit> {
        let mut all = self.clone();
        let except = std::mem::take(&mut all.except);
        for date in except {
            let given = all.gives(first, date);
            if !given.map_err(|missing| no_such_day(missing.month))? {
                return Err(Unfit {
                    key: "/repeat/except",
                    code: "calendar.except",
                    message: format!("the window would not begin on {date} anyway"),
                    help: "name the day on which it would begin, or remove this".to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn no_such_day(month: Date) -> Unfit {
    Unfit {
        key: "/repeat",
        code: "calendar.no-such-day",
        message: format!(
            "{}-{:02} has no such day: too few of its days are business days",
            month.year(),
            month.month()
        ),
        help: "see `holidays`, or count fewer days".to_owned(),
    }
}

/// The days that a month always has.
fn shortest(month: i8) -> i8 {
    Date::new(2026, month, 1).map_or(28, Date::days_in_month)
}

/// `2026-02-01T08:00`, as one writes it.
fn minutes(civil: DateTime) -> String {
    let text = civil.to_string();
    text.strip_suffix(":00").map_or(text.clone(), str::to_owned)
}

const MOST_BUSINESS_DAYS: i8 = 15;
const LOOK_AROUND: i32 = 400;
