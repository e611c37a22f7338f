//! The rule of a window: from keys that are written to one that always gives a day.
//! Knows no other window.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use super::Reader;
use crate::calendar::{Day, Days, Every, Native, Repeat, parse_date};
use crate::config::raw::{Many, RawEnds, RawRepeat};
use crate::config::shape::{human, shown};
use crate::manifest::Node;

impl Reader<'_> {
    /// The times of a window with a rule; `node` is the window.
    pub(super) fn again(
        &mut self,
        node: &Node,
        pointer: &str,
        (from, to): (DateTime, Option<DateTime>),
        raw: RawRepeat,
        holidays: &Arc<BTreeSet<Date>>,
    ) -> Option<Native> {
        let Some(to) = to else {
            let message = "a window that comes again has no `to`";
            let problem = self.problem(node.span, "calendar.endless", message);
            let problem = problem.help("say when the first time ends");
            self.problems.push(problem);
            return None;
        };
        let until = raw.until.is_some().then(|| {
            let at = format!("{pointer}/repeat/until");
            self.date(node.pointer("/repeat/until")?, &at)
        });
        let except = self.dates(
            node.pointer("/repeat/except"),
            &format!("{pointer}/repeat/except"),
        );
        let days = self.days(node, pointer, &raw, from.date())?;
        let ends = raw.ends.map(|ends| of_ends(&ends));
        let ends = match ends {
            Some(ends) => Some(ends?),
            None => None,
        };
        let repeat = Repeat {
            every: raw.every,
            months: months(raw.every, raw.by_month, from.date()),
            days,
            roll: raw.roll,
            shift: raw.shift,
            until: match until {
                Some(until) => Some(until?),
                None => None,
            },
            except: except?,
            ends,
            holidays: Arc::clone(holidays),
        };
        let native = match self.aligned {
            true => Native::from_about(from, to, repeat),
            false => Native::again(from, to, repeat),
        };
        match native {
            Ok(native) => Some(native),
            Err(unfit) => {
                let at = node.deepest(unfit.key).span;
                let problem = self.problem(at, unfit.code, unfit.message).help(unfit.help);
                self.problems.push(problem);
                None
            }
        }
    }

    /// The days of the rule: of the keys that name some, one.
    fn days(&mut self, node: &Node, pointer: &str, raw: &RawRepeat, first: Date) -> Option<Days> {
        let given: Vec<&str> = [
            (!raw.by_day.is_empty()).then_some("by-day"),
            (!raw.by_month_day.is_empty()).then_some("by-month-day"),
            (!raw.business_day.is_empty()).then_some("business-day"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let weekly = raw.every == Every::Weekly;
        let wrong = match given.as_slice() {
            [_, second, ..] => {
                let message = "says twice which days are meant";
                Some((
                    *second,
                    message,
                    "keep one of `by-day`, `by-month-day` and `business-day`",
                ))
            }
            [key @ ("by-month-day" | "business-day")] if weekly => {
                let message = "counts days of the month, and the rule is `weekly`";
                Some((*key, message, "write `every: monthly`, or `by-day`"))
            }
            _ => None,
        };
        if let Some((key, message, help)) = wrong {
            let at = node.deepest(&format!("/repeat/{key}")).span;
            let name = human(&format!("{pointer}/repeat/{key}"));
            let problem = self.problem(at, "calendar.rule", format!("{name} {message}"));
            self.problems.push(problem.help(help));
            return None;
        }
        let days = of_keys(&raw.by_day, &raw.by_month_day, &raw.business_day)?;
        let numbered = |day: &&Day| day.nth.is_some();
        if let (true, Some(Days::Weekdays(all))) = (weekly, &days)
            && let Some(day) = all.iter().find(numbered)
        {
            let at = node.deepest("/repeat/by-day").span;
            let message = format!("`{day}` counts weeks of the month, and the rule is `weekly`");
            let problem = self.problem(at, "calendar.rule", message);
            self.problems
                .push(problem.help("write `every: monthly`, or the weekday alone"));
            return None;
        }
        Some(days.unwrap_or_else(|| Days::by_default(raw.every, first)))
    }

    /// Quoted dates; `None` where one is none.
    pub(super) fn dates(&mut self, list: Option<&Node>, pointer: &str) -> Option<BTreeSet<Date>> {
        let items = super::items(list).iter().enumerate();
        let dates: Vec<Option<Date>> = items
            .map(|(at, node)| self.date(node, &format!("{pointer}/{at}")))
            .collect();
        dates.into_iter().collect()
    }

    fn date(&mut self, node: &Node, pointer: &str) -> Option<Date> {
        let written = node.as_str()?;
        let name = human(pointer);
        let problem = match parse_date(written) {
            Ok(date) if self.is_quoted(node.span) => return Some(date),
            Ok(_) => {
                let message = format!("{name} is a date without quotes");
                let help =
                    format!("quote it: `\"{written}\"`; YAML readers do not agree what it is");
                self.problem(node.span, "calendar.unquoted-time", message)
                    .help(help)
            }
            Err(help) => {
                let message = format!("{name} is no date: `{}`", shown(written));
                self.problem(node.span, "calendar.time", message).help(help)
            }
        };
        self.problems.push(problem);
        None
    }
}

/// The days that the keys name; the inner `None` where they name none.
fn of_keys(
    by_day: &Many<String>,
    by_month_day: &Many<i8>,
    business_day: &Many<i8>,
) -> Option<Option<Days>> {
    if !by_day.is_empty() {
        let days = by_day.0.iter().map(|day| Day::parse(day));
        return Some(Some(Days::Weekdays(days.collect::<Option<_>>()?)));
    }
    let numbers = |numbers: &Many<i8>| (!numbers.is_empty()).then(|| numbers.0.clone());
    let of_month = numbers(by_month_day).map(Days::OfMonth);
    Some(of_month.or_else(|| numbers(business_day).map(Days::Business)))
}

fn of_ends(ends: &RawEnds) -> Option<Days> {
    of_keys(&ends.by_day, &ends.by_month_day, &ends.business_day)?
}

fn months(every: Every, given: Many<i8>, first: Date) -> BTreeSet<i8> {
    match every {
        _ if !given.is_empty() => given.0.into_iter().collect(),
        Every::Yearly => BTreeSet::from([first.month()]),
        Every::Monthly | Every::Weekly => (1..=12).collect(),
    }
}
