//! The section `calendars` as it is written.
//! Knows nothing of what the times mean.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::many::{self, Many};
use super::{ALLOW, DNS_LABEL, ENVIRONMENT_GLOB, EXCEPTION_ID, KIND};
use crate::calendar::{Every, Kind, Roll};
use crate::model::{RiskTier, limits};

/// Windows that stand together.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Calendar")]
pub(in crate::config) struct RawCalendar {
    /// The IANA time zone in which its times are meant. A file may say its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) timezone: Option<String>,
    /// A file of the tree that holds its windows, from the root of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) file: Option<String>,
    /// What the windows of a file do that another program wrote; as the file says when absent, else `freeze`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) kind: Option<Kind>,
    /// Where they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) scope: Option<RawScope>,
    /// What they hold there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) blocks: Option<RawBlocks>,
    /// What passes them all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ALLOW)))]
    pub(in crate::config) allow: Vec<String>,
    /// Whether the business is at its busiest then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::config) peak: bool,
    /// Why they are; as the file says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) reason: Option<String>,
    /// Who answers for them; as the file says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) owner: Option<String>,
    /// Where they were decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) ticket: Option<String>,
    /// Who may override them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub(in crate::config) overridable_by: Vec<String>,
    /// Windows that come along, by name, or as `{preset: NAME, …}` with what is different about them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "presets")]
    pub(in crate::config) presets: Vec<Value>,
    /// Days that are no business days, beside Saturdays and Sundays: quoted dates.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(extend("maxItems" = limits::CALENDAR_WINDOWS.most))]
    pub(in crate::config) holidays: BTreeSet<String>,
    /// Its windows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = limits::CALENDAR_WINDOWS.most))]
    pub(in crate::config) windows: Vec<RawWindow>,
}

/// A span of time, and what it means for whom.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Window")]
pub(in crate::config) struct RawWindow {
    /// Its name in reports, unique in the calendar.
    #[schemars(regex(pattern = EXCEPTION_ID))]
    pub(in crate::config) id: String,
    /// What it does: `freeze` holds, `maintenance` is the only time for changes, `quiet` only warns.
    pub(in crate::config) kind: Kind,
    /// The beginning in civil time, quoted: `"2026-11-20T00:00"`.
    pub(in crate::config) from: String,
    /// The first time after it, quoted. A freeze without it goes on until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) to: Option<String>,
    /// When it comes again; once when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) repeat: Option<RawRepeat>,
    /// Where it holds; everywhere when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) scope: Option<RawScope>,
    /// What it holds there; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) blocks: Option<RawBlocks>,
    /// What passes all the same: a tier (changes up to it), `rollback`, `emergency`, `evidence:KIND`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ALLOW)))]
    pub(in crate::config) allow: Vec<String>,
    /// Whether the business is at its busiest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::config) peak: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) reason: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) owner: Option<String>,
    /// Where it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) ticket: Option<String>,
    /// Who may override it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub(in crate::config) overridable_by: Vec<String>,
}

/// A preset, and what is different about its windows.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "says the shape alone; the keys take the place of those of the window"
)]
struct RawPreset {
    /// Its name.
    #[schemars(length(min = 1))]
    preset: String,
    /// What it does.
    kind: Option<Kind>,
    /// The beginning in civil time, quoted.
    from: Option<String>,
    /// The first time after it, quoted.
    to: Option<String>,
    /// When it comes again.
    repeat: Option<RawRepeat>,
    /// Where it holds.
    scope: Option<RawScope>,
    /// What it holds there.
    blocks: Option<RawBlocks>,
    /// What passes all the same.
    #[schemars(inner(inner(regex(pattern = ALLOW))))]
    allow: Option<Vec<String>>,
    /// Whether the business is at its busiest.
    peak: Option<bool>,
    /// Why.
    reason: Option<String>,
    /// Who answers for it.
    owner: Option<String>,
    /// Where it was decided.
    ticket: Option<String>,
    /// Who may override it.
    overridable_by: Option<Vec<String>>,
}

/// Each is a name, or a mapping with one.
fn presets(generator: &mut SchemaGenerator) -> Schema {
    let mut one = RawPreset::json_schema(generator);
    one.insert("type".to_owned(), json!(["string", "object"]));
    json_schema!({"type": "array", "items": one, "maxItems": 100})
}

/// When a window comes again. Its first time, from `from` to `to`, is one that the rule gives.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Repeat")]
pub(in crate::config) struct RawRepeat {
    /// How often.
    pub(in crate::config) every: Every,
    /// The months, 1 to 12; of `yearly` the month of `from` when absent, else all.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::months")]
    pub(in crate::config) by_month: Many<i8>,
    /// Weekdays: `MO`, and where not `weekly`, `4TH` for the fourth Thursday and `-1FR` for the last Friday.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::weekdays")]
    pub(in crate::config) by_day: Many<String>,
    /// Days of the month: `1`, or `-1` for the last.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::days")]
    pub(in crate::config) by_month_day: Many<i8>,
    /// Business days of the month: `1` for the first, `-3` for the third last. Saturdays, Sundays and `holidays` do not count.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::days")]
    pub(in crate::config) business_day: Many<i8>,
    /// Where it goes from a day that is no business day: to the `next` one that is, or the `previous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) roll: Option<Roll>,
    /// How many days after the day of the rule it begins; before it where negative.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(min = -31, max = 31))]
    pub(in crate::config) shift: i32,
    /// The last day on which it may begin: a quoted date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) until: Option<String>,
    /// Days on which it does not begin: quoted dates.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(in crate::config) except: BTreeSet<String>,
    /// It ends on the first such day after it began; as long after it as the first time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) ends: Option<RawEnds>,
}

/// The day on which a window ends: one of these.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Ends", extend("minProperties" = 1, "maxProperties" = 1))]
pub(in crate::config) struct RawEnds {
    /// Weekdays: `MO`, `4TH`, `-1FR`.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::weekdays")]
    pub(in crate::config) by_day: Many<String>,
    /// Days of the month: `1`, or `-1` for the last.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::days")]
    pub(in crate::config) by_month_day: Many<i8>,
    /// Business days of the month: `1` for the first, `-3` for the third last.
    #[serde(default, skip_serializing_if = "Many::is_empty")]
    #[schemars(schema_with = "many::days")]
    pub(in crate::config) business_day: Many<i8>,
}

/// Where a window holds. All that is given must fit; what is not given fits everything.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Scope")]
pub(in crate::config) struct RawScope {
    /// Names of environments, in which `*` stands for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(regex(pattern = ENVIRONMENT_GLOB)), extend("minItems" = 1))]
    pub(in crate::config) environments: Option<BTreeSet<String>>,
    /// Tenants, one of which is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(length(min = 1)), extend("minItems" = 1))]
    pub(in crate::config) tenants: Option<BTreeSet<String>>,
    /// Brands, one of which is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(length(min = 1)), extend("minItems" = 1))]
    pub(in crate::config) brands: Option<BTreeSet<String>>,
    /// Clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(length(min = 1)), extend("minItems" = 1))]
    pub(in crate::config) clusters: Option<BTreeSet<String>>,
    /// Regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(length(min = 1)), extend("minItems" = 1))]
    pub(in crate::config) regions: Option<BTreeSet<String>>,
    /// Components, one of which is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(regex(pattern = DNS_LABEL)), extend("minItems" = 1))]
    pub(in crate::config) components: Option<BTreeSet<String>>,
    /// Kinds: `Deployment`, `Cluster.postgresql.cnpg.io`, or `traefik.io/*` for a whole API group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(regex(pattern = KIND)), extend("minItems" = 1))]
    pub(in crate::config) kinds: Option<BTreeSet<String>>,
    /// Labels, all of which are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minProperties" = 1))]
    pub(in crate::config) labels: Option<BTreeMap<String, String>>,
}

/// What a window holds of what is in its scope. All that is given must fit.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Blocks", extend("minProperties" = 1))]
pub(in crate::config) struct RawBlocks {
    /// Changes of this tier and above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) tiers_at_or_above: Option<RiskTier>,
    /// Changes of these components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(inner(regex(pattern = DNS_LABEL)), extend("minItems" = 1))]
    pub(in crate::config) components: Option<BTreeSet<String>>,
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}
