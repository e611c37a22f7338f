//! What calendars say, for programs (`schemas/calendar.v1.json`).
//! Adds nothing to what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::rule::rule;
use super::{Answered, Page, Standing, Tier};
use crate::calendar::{self, Kind, tzdb_version};
use crate::model::{Finding, RiskTier};
use crate::report::json;

/// The JSON Schema of the documents.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

/// Writes the windows of some days.
///
/// # Errors
/// The writer's.
pub fn write_json(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (from, to) = page.span();
    let windows = page.rows.iter().map(|row| Shown {
        window: Window::of(row.calendar, row.window),
        occurrences: row.occurrences.iter().map(Occurrence::of).collect(),
        next: row.next.as_ref().map(Occurrence::of),
    });
    let document = Document {
        version: "v1",
        tzdb: tzdb_version(),
        now: page.now.to_string(),
        view: View::Show {
            zone: page.zone_name(),
            from: from.to_string(),
            to: to.to_string(),
            windows: windows.collect(),
        },
    };
    json::write_document(&document, out)
}

/// Which question answers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `calendar next`.
    Next,
    /// `calendar explain`.
    Explain,
}

/// Writes what the calendars answer; for an explanation, how each window stands, too.
///
/// # Errors
/// The writer's.
pub fn write_answers_json(
    asked: Asked,
    answers: &[Answered<'_>],
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let view = match asked {
        Asked::Next => View::Next {
            environments: answers
                .iter()
                .map(|one| Environment::of(one, None))
                .collect(),
        },
        Asked::Explain => {
            let explained = answers.iter().map(|one| {
                let windows = one.windows.iter().map(Stands::of).collect();
                Environment::of(one, Some(windows))
            });
            View::Explain {
                environments: explained.collect(),
            }
        }
    };
    let document = Document {
        version: "v1",
        tzdb: tzdb_version(),
        now: now.to_string(),
        view,
    };
    json::write_document(&document, out)
}

/// Writes what looks wrong.
///
/// # Errors
/// The writer's.
pub fn write_lint_json(
    findings: &[Finding],
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document {
        version: "v1",
        tzdb: tzdb_version(),
        now: now.to_string(),
        view: View::Lint { findings },
    };
    json::write_document(&document, out)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Calendar")]
struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    version: &'static str,
    /// The version of the time zone database.
    tzdb: &'static str,
    /// The clock, RFC 3339.
    now: String,
    /// What was asked for.
    #[serde(flatten)]
    view: View<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(
    tag = "view",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum View<'a> {
    /// The windows of some days.
    Show {
        /// The zone of the days.
        zone: &'a str,
        /// The first instant.
        from: String,
        /// The first instant after them.
        to: String,
        /// The windows, by when they hold first.
        windows: Vec<Shown<'a>>,
    },
    /// From when on a change may go.
    Next { environments: Vec<Environment<'a>> },
    /// What looks wrong.
    Lint { findings: &'a [Finding] },
    /// What holds at an instant.
    Explain { environments: Vec<Environment<'a>> },
}

/// What the calendars of an environment answer at an instant.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Environment<'a> {
    environment: &'a str,
    calendars: &'a [&'a str],
    /// The instant.
    at: String,
    /// What is to be said of how it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    /// The end of what was looked at.
    horizon: String,
    tiers: Vec<TierAnswer<'a>>,
    /// How the windows stand that may concern it; in an explanation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    windows: Option<Vec<Stands<'a>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TierAnswer<'a> {
    tier: RiskTier,
    /// Whether it may not go at the instant.
    held: bool,
    held_by: Vec<HeldBy<'a>>,
    let_through_by: Vec<Name<'a>>,
    warned_by: Vec<Name<'a>>,
    /// From when on it may go; absent where it may not within what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens: Option<String>,
    /// When it is held after that; absent where it is not within what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<String>,
    /// The next instant at which this answer turns; absent where that is beyond what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HeldBy<'a> {
    #[serde(flatten)]
    window: Name<'a>,
    /// When it lets go; absent where nobody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    would_pass: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Name<'a> {
    calendar: &'a str,
    id: &'a str,
}

/// A window, and when it is open.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Stands<'a> {
    #[serde(flatten)]
    window: Window<'a>,
    /// The time it is open at the instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Occurrence>,
    /// The next time it opens, within what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Occurrence>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    #[serde(flatten)]
    window: Window<'a>,
    /// When it holds within these days.
    occurrences: Vec<Occurrence>,
    /// When it holds next, where it does not within these days.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Occurrence>,
}

/// A window, without its times.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window<'a> {
    calendar: &'a str,
    id: &'a str,
    kind: Kind,
    /// The zone of its times.
    timezone: &'a str,
    /// How it comes again, in words; absent where it comes once.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    scope: Scope<'a>,
    blocks: Blocks<'a>,
    /// What passes all the same.
    allow: Vec<String>,
    peak: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    overridable_by: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<&'a str>,
    /// Where it is written, `tidegate.yaml:12:9`.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

/// Where a window holds; what is absent fits all.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Scope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environments: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brands: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clusters: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<&'a BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
}

/// What a window holds there; what is absent fits all.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Blocks<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tiers_at_or_above: Option<RiskTier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<&'a BTreeSet<String>>,
}

/// A time that a window holds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Occurrence {
    /// The first instant.
    from: String,
    /// The first instant after it; absent where nobody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// As it is written, in the zone of the window.
    civil_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    civil_to: Option<String>,
}

impl<'a> Environment<'a> {
    fn of(one: &'a Answered<'a>, windows: Option<Vec<Stands<'a>>>) -> Self {
        Self {
            environment: one.environment,
            calendars: &one.calendars,
            at: one.at.to_string(),
            note: one.note.as_deref(),
            horizon: one
                .at
                .checked_add(one.horizon)
                .unwrap_or(Timestamp::MAX)
                .to_string(),
            tiers: one.tiers.iter().map(TierAnswer::of).collect(),
            windows,
        }
    }
}

impl<'a> TierAnswer<'a> {
    fn of(tier: &'a Tier<'a>) -> Self {
        let answer = &tier.answer;
        let told = |instant: Option<Timestamp>| instant.map(|instant| instant.to_string());
        let passed = answer.let_through_by.iter();
        let warned = answer.quiet.iter();
        Self {
            tier: tier.tier,
            held: !answer.held_by.is_empty(),
            held_by: answer.held_by.iter().map(HeldBy::of).collect(),
            let_through_by: passed
                .map(|one| Name::of(one.calendar, one.window))
                .collect(),
            warned_by: warned
                .map(|one| Name::of(one.calendar, one.window))
                .collect(),
            opens: told(tier.opens),
            closes: told(tier.closes),
            until: told(answer.until),
        }
    }
}

impl<'a> HeldBy<'a> {
    fn of(held: &calendar::Held<'a>) -> Self {
        Self {
            window: Name::of(held.calendar, held.window),
            until: held.until.map(|until| until.to_string()),
            would_pass: held.would_pass.iter().map(ToString::to_string).collect(),
            reason: held.window.reason.as_deref(),
            owner: held.window.owner.as_deref(),
        }
    }
}

impl<'a> Name<'a> {
    fn of(calendar: &'a str, window: &'a calendar::Window) -> Self {
        Self {
            calendar,
            id: &window.id,
        }
    }
}

impl<'a> Stands<'a> {
    fn of(standing: &'a Standing<'a>) -> Self {
        Self {
            window: Window::of(standing.calendar, standing.window),
            open: standing.open.as_ref().map(Occurrence::of),
            next: standing.next.as_ref().map(Occurrence::of),
        }
    }
}

impl<'a> Window<'a> {
    pub(super) fn of(calendar: &'a str, window: &'a calendar::Window) -> Self {
        let calendar::Scope {
            environments,
            tenants,
            brands,
            clusters,
            regions,
            components,
            kinds,
            labels,
        } = &window.scope;
        let kinds = kinds
            .as_ref()
            .map(|kinds| kinds.iter().map(ToString::to_string).collect());
        Self {
            calendar,
            id: &window.id,
            kind: window.kind,
            timezone: window.zone.name(),
            rule: rule(window),
            scope: Scope {
                environments: environments.as_ref(),
                tenants: tenants.as_ref(),
                brands: brands.as_ref(),
                clusters: clusters.as_ref(),
                regions: regions.as_ref(),
                components: components.as_ref(),
                kinds,
                labels,
            },
            blocks: Blocks {
                tiers_at_or_above: window.blocks.tiers_at_or_above,
                components: window.blocks.components.as_ref(),
            },
            allow: window.allow.iter().map(ToString::to_string).collect(),
            peak: window.peak,
            reason: window.reason.as_deref(),
            owner: window.owner.as_deref(),
            ticket: window.ticket.as_deref(),
            overridable_by: &window.overridable_by,
            preset: window.preset.as_deref(),
            place: window.place.as_ref().map(ToString::to_string),
        }
    }
}

impl Occurrence {
    pub(super) fn of(one: &calendar::Occurrence) -> Self {
        Self {
            from: one.from.to_string(),
            to: one.to.map(|to| to.to_string()),
            civil_from: one.civil_from.to_string(),
            civil_to: one.civil_to.map(|civil| civil.to_string()),
        }
    }
}
