//! Whether the calendar holds what is on the way, now.
//! Asks the calendar; what it held when a verdict was signed, that verdict says by its end.

use jiff::{SignedDuration, Timestamp};

use super::{AdmitError, Chain, ChainLink, Error, Reason, Refusal};
use crate::attest::{Renewal, Verdict};
use crate::calendar::{self, Calendar, Class, Held, Kind, Place, Window, tzdb_version};
use crate::model::RiskTier;

/// The calendars that hold where a unit goes, as the newest accepted state of `gate` says.
#[derive(Clone, Debug)]
pub struct Timetable<'a> {
    /// The calendars of the environment.
    pub calendars: Vec<&'a Calendar>,
    /// The environment.
    pub place: Place<'a>,
}

impl Timetable<'_> {
    /// Whether a verdict was signed with exactly these, read by the same rules.
    pub(super) fn are_those_of(&self, verdict: &Verdict) -> bool {
        verdict.calendar_digest == calendar::digest(&self.calendars)
            && verdict.tzdb == tzdb_version()
    }
}

/// Asks about some changes at one instant.
pub(super) struct Asked<'a> {
    timetable: &'a Timetable<'a>,
    now: Timestamp,
    refusals: Vec<Refusal>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(timetable: &'a Timetable<'a>, now: Timestamp) -> Self {
        Self {
            timetable,
            now,
            refusals: Vec::new(),
        }
    }

    /// Every window that holds something that was asked about.
    pub(super) fn refusals(self) -> Vec<Refusal> {
        self.refusals
    }

    /// Changes of which only the tier is known.
    pub(super) fn about_unknown(&mut self, tier: RiskTier) -> Result<(), AdmitError> {
        let class = Class::unknown(tier, &self.timetable.calendars);
        self.about(&class, (tier, false), tzdb_version())
    }

    /// What a link brings, as it was judged and as it was judged last.
    pub(super) fn about_link(
        &mut self,
        link: &ChainLink,
        renewal: Option<&Renewal>,
        chain: &Chain,
    ) -> Result<(), AdmitError> {
        let verdict = link.verdict();
        if verdict.baseline {
            return self.about_unknown(RiskTier::Critical);
        }
        self.about_verdict(verdict, renewal, chain.is_way_back(link))
    }

    /// What a verdict brings.
    pub(super) fn about_verdict(
        &mut self,
        verdict: &Verdict,
        renewal: Option<&Renewal>,
        rollback: bool,
    ) -> Result<(), AdmitError> {
        let judged = (verdict.risk_tier, &verdict.classes);
        let again = renewal.map(|renewal| (renewal.risk_tier, &renewal.classes));
        for (tier, classes) in [Some(judged), again].into_iter().flatten() {
            match classes {
                Some(classes) => {
                    for class in classes {
                        self.about(class, (class.tier, rollback), &verdict.tzdb)?;
                    }
                }
                None => self.about_unknown(tier)?,
            }
        }
        Ok(())
    }

    fn about(
        &mut self,
        class: &Class,
        (tier, rollback): (RiskTier, bool),
        tzdb: &str,
    ) -> Result<(), AdmitError> {
        let Timetable { calendars, place } = self.timetable;
        let ask = |horizon| {
            let answer = class.answer(calendars, (*place, rollback), self.now, horizon);
            answer.map_err(Error::from)
        };
        // Most ask when nothing is held, and then nobody wants to know what comes.
        if ask(SignedDuration::ZERO)?.held_by.is_empty() {
            return Ok(());
        }
        let answer = ask(HORIZON)?;
        for held in &answer.held_by {
            let expected = expected(held);
            if !self.refusals.iter().any(|known| known.expected == expected) {
                let found = self.found(held, tier, tzdb);
                self.refusals
                    .push(Refusal::new(Reason::Frozen, expected, found));
            }
        }
        Ok(())
    }

    fn found(&self, held: &Held<'_>, tier: RiskTier, tzdb: &str) -> String {
        let window = held.window;
        let own = tzdb_version();
        let mut found = format!("{} and changes of tier `{tier}`", self.now);
        let words = [
            ("reason", &window.reason),
            ("owner", &window.owner),
            ("ticket", &window.ticket),
        ];
        for (name, word) in words {
            if let Some(word) = word {
                found.push_str(&format!("; {name}: {word}"));
            }
        }
        if tzdb != own {
            found.push_str(&format!("; judged by tzdb {tzdb}, asked with {own}"));
        }
        found
    }
}

/// An instant at which the window lets go.
fn expected(held: &Held<'_>) -> String {
    let (window, until) = (held.window, held.until);
    let name = &window.id;
    match (window.kind, until) {
        (Kind::Maintenance, Some(until)) => format!(
            "the maintenance window `{name}`, which opens at {}",
            told(window, until)
        ),
        (Kind::Maintenance, None) => {
            format!("the maintenance window `{name}`, which does not open within a year")
        }
        (_, Some(until)) => format!(
            "an instant after the freeze `{name}`, which ends at {}",
            told(window, until)
        ),
        (_, None) => format!("the freeze `{name}` lifted, which has no end"),
    }
}

/// In the zone of the window, and in UTC.
fn told(window: &Window, instant: Timestamp) -> String {
    let civil = window.zone.civil(instant).strftime("%Y-%m-%d %H:%M");
    format!("{civil} {} ({instant})", window.zone)
}

/// How far ahead the end of a window is looked for.
const HORIZON: SignedDuration = SignedDuration::from_hours(366 * 24);
