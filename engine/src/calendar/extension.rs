//! What is written beside the times of a window where another program's file has no words for it.
//! Knows no event.

use serde::{Deserialize, Serialize};

use super::{Allow, Blocks, Kind, Native, Scope, Window};

/// All of a window but its times, as JSON; of those a rule for which iCalendar has no words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Extension {
    pub(super) id: String,
    pub(super) kind: Kind,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    blocks: Blocks,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allow: Vec<Allow>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    peak: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    overridable_by: Vec<String>,
    /// Nobody has said when it ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) endless: bool,
    /// The rule that gives its times, and others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<Native>,
}

impl Extension {
    pub(super) fn of(window: &Window, endless: bool, rule: Option<Native>) -> Self {
        let window = window.clone();
        Self {
            id: window.id,
            kind: window.kind,
            scope: window.scope,
            blocks: window.blocks,
            allow: window.allow,
            peak: window.peak,
            reason: window.reason,
            owner: window.owner,
            ticket: window.ticket,
            overridable_by: window.overridable_by,
            endless,
            rule,
        }
    }

    /// Reads it; `None` for what is none, or could mean nothing at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut extension: Self = serde_json::from_str(text).ok()?;
        if let Some(rule) = extension.rule.take() {
            extension.rule = Some(rule.checked()?);
        }
        let id = extension.id.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let named = (1..=63).contains(&id.len()) && id.iter().all(plain);
        let scope = &extension.scope;
        let sets = [
            &scope.environments,
            &scope.tenants,
            &scope.brands,
            &scope.clusters,
            &scope.regions,
            &scope.components,
            &extension.blocks.components,
        ];
        let some = |set: &&Option<_>| {
            set.as_ref()
                .is_none_or(|set: &std::collections::BTreeSet<String>| !set.is_empty())
        };
        let kinds = scope.kinds.as_ref().is_none_or(|kinds| !kinds.is_empty());
        let ends =
            !extension.endless || (extension.kind == Kind::Freeze && extension.rule.is_none());
        (named && kinds && ends && sets.iter().all(some)).then_some(extension)
    }

    pub(super) fn apply(self, window: &mut Window) {
        window.scope = self.scope;
        window.blocks = self.blocks;
        window.allow = self.allow;
        window.peak = self.peak;
        window.reason = self.reason;
        window.owner = self.owner;
        window.ticket = self.ticket;
        window.overridable_by = self.overridable_by;
    }
}
