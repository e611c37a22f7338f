//! Asks the calendar about classes of changes, each once, and writes down what it says.
//! Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Season;
use crate::calendar::{Answer, Calendar, Class, Error, Held, Kind, Window};
use crate::model::{RiskTier, step_of};

/// Asks about the changes of one unit.
pub(super) struct Ask<'s, 'a> {
    season: &'s Season<'a>,
    answers: BTreeMap<Class, Rc<Answer<'a>>>,
    /// The classes of the changes themselves, by their own tier.
    own: BTreeSet<Class>,
    /// All windows that some answer names.
    windows: BTreeMap<String, Value>,
}

impl<'s, 'a> Ask<'s, 'a> {
    pub(super) fn new(season: &'s Season<'a>) -> Self {
        Self {
            season,
            answers: BTreeMap::new(),
            own: BTreeSet::new(),
            windows: BTreeMap::new(),
        }
    }

    /// What the calendar says of what changes: what holds it by its own tier, and what will by that of all.
    pub(super) fn change(
        &mut self,
        (tier, together): (RiskTier, RiskTier),
        classes: &[Class],
    ) -> Result<Value, Error> {
        let mut lists: [BTreeMap<String, Value>; 4] = Default::default();
        let [held, through, quiet, next] = &mut lists;
        for class in classes {
            let answer = self.answer(class)?;
            self.own.insert(class.clone());
            for it in &answer.held_by {
                let mut entry = json!({"wouldPass": it.would_pass});
                self.put(&mut entry, "until", it.until);
                held.insert(self.name(it.calendar, it.window), entry);
            }
            for it in &answer.let_through_by {
                let entry = json!({"allow": it.allow});
                through.insert(self.name(it.calendar, it.window), entry);
            }
            for it in &answer.quiet {
                let mut entry = json!({});
                self.put(&mut entry, "until", it.occurrence.to);
                quiet.insert(self.name(it.calendar, it.window), entry);
            }
            let class = Class {
                tier: together,
                ..class.clone()
            };
            for it in &self.answer(&class)?.opens_next {
                let mut entry = json!({});
                self.put(&mut entry, "opens", Some(it.occurrence.from));
                next.insert(self.name(it.calendar, it.window), entry);
            }
        }
        let [held, through, quiet, next] = lists.map(list);
        Ok(json!({
            "tier": tier,
            "heldBy": held,
            "letThroughBy": through,
            "quiet": quiet,
            "opensNext": next,
        }))
    }

    /// The next instant at which the calendar answers otherwise about some change.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let own = self.own.iter().filter_map(|class| self.answers.get(class));
        own.filter_map(|answer| answer.until).min()
    }

    /// That instant, and what holds some change then.
    pub(super) fn boundary(&mut self, until: Timestamp) -> Result<Value, Error> {
        let mut names = BTreeSet::new();
        for class in self.own.clone() {
            let answer = self.ask(&class, until, SignedDuration::ZERO)?;
            names.extend(
                answer
                    .held_by
                    .iter()
                    .map(|it| self.name(it.calendar, it.window)),
            );
        }
        let mut boundary = self.moment(until);
        if let Value::Object(boundary) = &mut boundary {
            boundary.insert("heldAfter".to_owned(), json!(names));
        }
        Ok(boundary)
    }

    /// The instant at which a change acts for the first time, and the freezes that hold it then.
    pub(super) fn acts(&mut self, at: Timestamp, classes: &[Class]) -> Result<Value, Error> {
        let mut names = BTreeSet::new();
        for class in classes {
            let answer = self.ask(class, at, SignedDuration::ZERO)?;
            let held = answer.held_by.iter();
            let freezes = held.filter(|it| it.window.kind == Kind::Freeze);
            names.extend(freezes.map(|it| self.name(it.calendar, it.window)));
        }
        let mut acts = self.moment(at);
        if let Value::Object(acts) = &mut acts {
            acts.insert("heldBy".to_owned(), json!(names));
        }
        Ok(acts)
    }

    /// The calendars of the environment, and how many days from now they know.
    pub(super) fn calendars(&self) -> Result<Vec<Value>, Error> {
        let calendars = self.season.calendars.iter();
        calendars
            .map(|calendar| {
                let mut entry = json!({
                    "name": calendar.name,
                    "setting": format!("/calendars/{}", step_of(&calendar.name)),
                });
                if let (Some(days), Value::Object(entry)) =
                    (days_left(calendar, self.season.now)?, &mut entry)
                {
                    entry.insert("daysLeft".to_owned(), json!(days));
                }
                Ok(entry)
            })
            .collect()
    }

    /// Every window that was named.
    pub(super) fn windows(self) -> Value {
        self.windows.into_iter().collect::<Map<_, _>>().into()
    }

    fn answer(&mut self, class: &Class) -> Result<Rc<Answer<'a>>, Error> {
        if let Some(known) = self.answers.get(class) {
            return Ok(Rc::clone(known));
        }
        let mut answer = self.ask(class, self.season.now, SOON)?;
        let lets_go_late =
            |held: &Held<'_>| held.window.kind == Kind::Maintenance && held.until.is_none();
        if answer.held_by.iter().any(lets_go_late) {
            let later = self.ask(class, self.season.now, LATE)?;
            answer.held_by = later.held_by;
        }
        let answer = Rc::new(answer);
        self.answers.insert(class.clone(), Rc::clone(&answer));
        Ok(answer)
    }

    fn ask(
        &self,
        class: &Class,
        now: Timestamp,
        horizon: SignedDuration,
    ) -> Result<Answer<'a>, Error> {
        let season = self.season;
        let place = (season.place, season.rollback);
        class.answer(&season.calendars, place, now, horizon)
    }

    /// What a window is called here; it is described from now on.
    fn name(&mut self, calendar: &str, window: &Window) -> String {
        let name = format!("{calendar}/{}", window.id);
        if !self.windows.contains_key(&name) {
            let described = described(calendar, window);
            self.windows.insert(name.clone(), described);
        }
        name
    }

    fn put(&self, entry: &mut Value, key: &str, instant: Option<Timestamp>) {
        if let (Value::Object(entry), Some(instant)) = (entry, instant) {
            entry.insert(key.to_owned(), self.moment(instant));
        }
    }

    /// An instant, as the environment tells the time too.
    fn moment(&self, instant: Timestamp) -> Value {
        let zone = self.season.zone;
        let civil = zone.to_datetime(instant).strftime("%Y-%m-%d %H:%M");
        let name = zone.iana_name().unwrap_or("UTC");
        json!({
            "at": instant.to_string(),
            "civil": format!("{civil} {name}"),
            "inSeconds": instant.duration_since(self.season.now).as_secs(),
        })
    }
}

fn described(calendar: &str, window: &Window) -> Value {
    let mut described = json!({
        "id": window.id,
        "calendar": calendar,
        "kind": window.kind,
        "zone": window.zone,
        "peak": window.peak,
        "allow": window.allow,
        "overridableBy": window.overridable_by,
        "setting": format!("/calendars/{}/{}", step_of(calendar), step_of(&window.id)),
    });
    let words = [
        ("reason", &window.reason),
        ("owner", &window.owner),
        ("ticket", &window.ticket),
    ];
    if let Value::Object(described) = &mut described {
        let given = words
            .into_iter()
            .filter_map(|(key, word)| Some((key, word.as_ref()?)));
        described.extend(given.map(|(key, word)| (key.to_owned(), json!(word))));
    }
    described
}

/// The entries with the names of their windows, in the order of the names.
fn list(entries: BTreeMap<String, Value>) -> Vec<Value> {
    let entries = entries.into_iter().map(|(name, mut entry)| {
        if let Value::Object(entry) = &mut entry {
            entry.insert("window".to_owned(), json!(name));
        }
        entry
    });
    entries.collect()
}

/// How many days from now the calendar knows windows of; below zero where the last is over. `None`
/// where it goes on for longer than anybody asks.
fn days_left(calendar: &Calendar, now: Timestamp) -> Result<Option<i64>, Error> {
    let (first, last) = (around(now, -LATE), around(now, LATE));
    let mut end = first;
    for window in &calendar.windows {
        for open in window.occurrences(first, last)? {
            match open.to {
                Some(to) => end = end.max(to),
                None => return Ok(None),
            }
        }
        if end >= last || window.next(last, FAR)?.is_some() {
            return Ok(None);
        }
    }
    let left = end.duration_since(now).as_secs().div_euclid(DAY);
    Ok(Some(left))
}

fn around(now: Timestamp, by: SignedDuration) -> Timestamp {
    let fallback = if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    now.checked_add(by).unwrap_or(fallback)
}

const DAY: i64 = 24 * 60 * 60;
/// How much farther a calendar is looked at that is silent for that long.
const FAR: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);
/// How far ahead what is to come is told; longer than any verdict holds.
const SOON: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How far ahead the end of what holds is looked for, and how far a calendar must know its windows.
const LATE: SignedDuration = SignedDuration::from_hours(366 * 24);
