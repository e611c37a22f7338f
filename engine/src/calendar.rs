//! Calendars: when what may not change, told in civil time and answered in instants.
//! Knows no clock, no file and no policy: which windows hold which change at an instant is asked of [`answer`] alone.

mod answer;
mod argocd;
mod class;
pub mod cron;
mod error;
mod expanded;
pub mod export;
mod extension;
mod fault;
pub mod foreign;
pub mod ics;
mod import;
mod lint;
mod maintenance;
mod native;
mod presets;
mod reach;
mod repeat;
mod scope;
mod shown;
mod times;
mod zone;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

pub use answer::{Answer, Held, LetThrough, Opens, Warned, answer, opens};
pub use class::{Class, Place};
pub use error::Error;
pub use fault::{Fault, Note};
pub use lint::{Lint, Look, lint};
pub use native::{Native, parse_civil, parse_date};
pub use presets::{PRESETS, Preset};
pub use reach::{Whose, reach};
pub use repeat::{Day, Days, Every, NoSuchDay, Repeat, Roll, Unfit};
pub(crate) use scope::fits;
pub use scope::{Allow, Blocks, Scope, Subject};
pub use zone::{Zone, tzdb_version};

use crate::model::{Digest, Location};

/// Windows that stand together, under one name in the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Calendar {
    /// Its name in the configuration.
    pub name: String,
    /// Its windows, in the order in which they are written; ids are unique.
    pub windows: Vec<Window>,
}

/// A span of time, once or again and again, and what it means for whom.
#[derive(Clone, Debug, Serialize)]
pub struct Window {
    /// Unique in its calendar.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// The zone in which its times are meant.
    pub zone: Zone,
    /// Its times.
    pub when: When,
    /// Where it holds.
    pub scope: Scope,
    /// What it holds there.
    pub blocks: Blocks,
    /// What passes all the same.
    pub allow: Vec<Allow>,
    /// Whether the business is at its busiest.
    pub peak: bool,
    /// Why.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it was decided.
    pub ticket: Option<String>,
    /// Who may override it.
    pub overridable_by: Vec<String>,
    /// The preset that it comes from.
    pub preset: Option<String>,
    /// Where it is written.
    #[serde(skip)]
    pub place: Option<Location>,
}

/// What a window does.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Holds what it covers while it is open.
    Freeze,
    /// The only time at which what it covers may change.
    Maintenance,
    /// Warns, and holds nothing.
    Quiet,
}

/// The times of a window.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// As the configuration writes them.
    Native(Native),
    /// As an .ics file writes them.
    Ics(ics::Event),
    /// As cron writes them.
    Cron(cron::Cron),
}

/// One time that a window is open: from `from` on, and no longer at `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it; `None` where nobody has said when it ends.
    pub to: Option<Timestamp>,
    /// The beginning as it is written or follows from the rule, in the zone of the window.
    pub civil_from: DateTime,
    /// The end in the same way.
    pub civil_to: Option<DateTime>,
}

/// The digest of all that calendars say, however it is spelled; `None` where there are none.
#[must_use]
pub fn digest(calendars: &[&Calendar]) -> Option<Digest> {
    let said = serde_json::to_vec(calendars).ok();
    said.filter(|_| !calendars.is_empty())
        .map(|said| Digest::of(&said))
}

impl Kind {
    /// The name as it stands in configuration and facts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Maintenance => "maintenance",
            Self::Quiet => "quiet",
        }
    }
}

impl Window {
    /// A window for everything, everywhere, that allows nothing.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: Kind, zone: Zone, when: When) -> Self {
        Self {
            id: id.into(),
            kind,
            zone,
            when,
            scope: Scope::default(),
            blocks: Blocks::default(),
            allow: Vec::new(),
            peak: false,
            reason: None,
            owner: None,
            ticket: None,
            overridable_by: Vec::new(),
            preset: None,
            place: None,
        }
    }

    /// Whether it holds only some of the changes where it holds: those of a component, kind, label, tenant or brand.
    #[must_use]
    pub fn holds_some(&self) -> bool {
        let Scope {
            tenants,
            brands,
            components,
            kinds,
            labels,
            ..
        } = &self.scope;
        kinds.is_some()
            || !labels.is_empty()
            || [tenants, brands, components, &self.blocks.components]
                .iter()
                .any(|names| names.is_some())
    }

    /// Whether it is for `subject`, whatever it lets through.
    fn concerns(&self, subject: &Subject<'_>) -> bool {
        self.scope.matches(subject) && self.blocks.matches(subject)
    }
}

impl Occurrence {
    /// Whether `instant` lies in it.
    ///
    /// ```
    /// # use tidegate::calendar::Occurrence;
    /// let at = |text: &str| text.parse().unwrap();
    /// let civil = "2026-11-20T00:00".parse().unwrap();
    /// let noon = Occurrence { from: at("2026-11-20T12:00Z"), to: Some(at("2026-11-20T13:00Z")), civil_from: civil, civil_to: None };
    /// assert!(noon.contains(at("2026-11-20T12:00Z")));
    /// assert!(!noon.contains(at("2026-11-20T13:00Z")));
    /// ```
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from <= instant && self.to.is_none_or(|to| instant < to)
    }
}

#[cfg(test)]
mod tests;
