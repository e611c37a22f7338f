//! Windows that were exported as the times that a rule gives, as iCalendar has no words for the rule: it stands
//! beside the times, and is believed where it gives them.
//! Knows no file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::Native;
use super::extension::Extension;
use super::fault::Fault;
use super::ics::Found;
use crate::model::{Span, limits};

/// Such windows of a file, each by what its events have in common.
#[derive(Default)]
pub(super) struct Expanded {
    windows: BTreeMap<(String, String), Times>,
}

/// The times of a window, of as many events as it has lengths.
struct Times {
    rule: Native,
    /// `None` where an event has more times than are looked at, or a rule of its own.
    all: Option<BTreeSet<(DateTime, DateTime)>>,
    span: Span,
}

impl Expanded {
    /// Takes the times of an event; whether its window is one that an event before it has, too.
    pub(super) fn joins(&mut self, found: &Found, extension: &Extension) -> bool {
        let Some(rule) = &extension.rule else {
            return false;
        };
        let calendar = found
            .uid
            .split_once('@')
            .map_or("", |(_, calendar)| calendar);
        let key = (calendar.to_owned(), extension.id.clone());
        let known = self
            .windows
            .get(&key)
            .is_some_and(|known| known.rule == *rule);
        let times = self.windows.entry(key).or_insert_with(|| Times {
            rule: rule.clone(),
            all: Some(BTreeSet::new()),
            span: found.span,
        });
        let more = match &found.event.rule {
            None if times.rule == *rule => found.event.intervals(DateTime::MIN, DateTime::MAX),
            _ => None,
        };
        match (&mut times.all, more) {
            (Some(all), Some(more)) => all.extend(more),
            (all, _) => *all = None,
        }
        known
    }

    /// Whether all of them are the times that their rules give.
    pub(super) fn check(&self) -> Result<(), Fault> {
        for ((_, id), times) in &self.windows {
            if times.are_given() != Some(true) {
                let message = format!(
                    "the times of `{id}` are not those of the rule that tidegate wrote beside them"
                );
                let help = "export the calendar again, or write the window by hand";
                return Err(Fault::new("calendar.ics", times.span, message, help));
            }
        }
        Ok(())
    }
}

impl Times {
    fn are_given(&self) -> Option<bool> {
        let all = self.all.as_ref()?;
        let (first, last) = (all.first()?.0, all.last()?.0);
        let after = last.checked_add(SignedDuration::from_secs(1)).ok()?;
        let given = self
            .rule
            .intervals(first, after, limits::CALENDAR_INSTANCES.most);
        let given = given.ok()?.into_iter();
        let given = given.filter(|(begin, _)| *begin >= first);
        let given: Option<BTreeSet<_>> = given.map(|(begin, end)| Some((begin, end?))).collect();
        Some(given? == *all)
    }
}
