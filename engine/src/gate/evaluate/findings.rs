//! Turns what a policy answers into findings: with their policy, their identity, and the lines of
//! manifest and configuration that they are about. Asks nobody anything.

use std::collections::BTreeMap;

use super::{Bench, Matter};
use crate::change::Change;
use crate::config::{Config, settings_pointer};
use crate::gate::judge::Wanted;
use crate::model::{Finding, Location, ObjectRef, key_of};
use crate::policy::RawFinding;

impl Bench<'_> {
    /// The findings of one answer.
    pub(super) fn named(
        &self,
        wanted: &Wanted,
        raw: Vec<RawFinding>,
        changes: &BTreeMap<&ObjectRef, &Change>,
    ) -> Vec<Finding> {
        raw.into_iter()
            .map(|raw| {
                let change = raw.object.as_ref().and_then(|object| changes.get(object));
                let keyed_path = match (&raw.field, change) {
                    (Some(field), Some(change)) => Some(change.keyed_path(field)),
                    (field, _) => field.clone(),
                };
                let because = raw
                    .setting
                    .as_deref()
                    .and_then(|setting| self.setting(wanted, setting));
                Finding {
                    policy: wanted.folder.clone(),
                    object: raw.object,
                    field: raw.field,
                    fields: raw.fields,
                    keyed_path,
                    remediation: raw.remediation,
                    because,
                    ..Finding::of_engine(&raw.code, raw.effect, raw.message)
                }
            })
            .collect()
    }

    /// The configuration line behind `/settings/…`, `/environment/…` or `/calendars/…`.
    fn setting(&self, wanted: &Wanted, pointer: &str) -> Option<Location> {
        let config: &Config = &self.judge.config;
        if let Some(rest) = pointer.strip_prefix("/settings") {
            let section = settings_pointer(&wanted.folder);
            return config.location(&format!("{section}{rest}"));
        }
        if let Some(rest) = pointer.strip_prefix("/calendars/") {
            return written(config, rest);
        }
        let rest = pointer.strip_prefix("/environment/")?;
        let key = match rest {
            "maxTier" => "max-tier",
            other => other,
        };
        config.location(&format!("{}/{key}", self.environment_pointer))
    }

    /// Says which lines of manifests offend.
    pub(super) fn place(&self, findings: &mut [Finding], matter: &Matter<'_>) {
        let changed = matter.changes.iter().filter_map(Change::source);
        let mut sources = BTreeMap::new();
        for source in changed.chain(matter.reached) {
            sources.entry(&source.object).or_insert(source);
        }
        for finding in findings {
            if let Some(object) = &finding.object
                && let Some(source) = sources.get(object)
            {
                let field = finding.field.as_deref().unwrap_or_default();
                finding.location = Some(source.location(field));
            }
        }
    }
}

/// Where a calendar is written, or a window of one: `retail-2026/black-week`.
fn written(config: &Config, pointer: &str) -> Option<Location> {
    let (calendar, window) = match pointer.split_once('/') {
        Some((calendar, window)) => (calendar, Some(key_of(window))),
        None => (pointer, None),
    };
    let windows = config.calendars.get(&key_of(calendar));
    let mut windows = windows.into_iter().flat_map(|calendar| &calendar.windows);
    let place = windows
        .find(|known| Some(&known.id) == window.as_ref())
        .and_then(|known| known.place.clone());
    place.or_else(|| config.location(&format!("/calendars/{calendar}")))
}
