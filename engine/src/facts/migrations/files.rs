//! The files of a unit that may be scripts, and the modules of Odoo among them, on both sides. Read by others; here are the types.
//! Knows nothing of Git but globs, nor of what the files say.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::git::Selector;
use crate::model::{RepoPath, Stage};
use serde::Deserialize as _;
use serde_json::Value;

/// Which files may be scripts.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    paths: Option<Selector>,
    /// Where evidence is asked for.
    stages: BTreeSet<Stage>,
    /// Where what takes away comes late.
    contract_stages: BTreeSet<Stage>,
    contract_after: SignedDuration,
    cache_keys: BTreeSet<String>,
}

impl Rules {
    /// Takes `paths` and the stages of the settings of `migrations`, as they are with all defaults. Without any, no file is a script.
    ///
    /// # Errors
    /// What is wrong with a glob.
    pub fn of_settings(settings: &Value) -> Result<Self, String> {
        let paths = settings.get("paths").and_then(Value::as_array);
        let globs = paths.into_iter().flatten().filter_map(Value::as_str);
        let globs: Vec<&str> = globs.collect();
        let paths = match globs.is_empty() {
            true => None,
            false => Some(Selector::parse(&globs).map_err(|error| error.to_string())?),
        };
        let days = settings.get("contract-after-days");
        let days = days.and_then(Value::as_i64).unwrap_or(0);
        let keys = settings.get("cache-keys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            cache_keys: keys.map(str::to_owned).collect(),
            paths,
            stages: stages(settings, &["review-stages", "rehearsal-stages"]),
            contract_stages: stages(settings, &["contract-stages"]),
            contract_after: SignedDuration::from_secs(days.saturating_mul(24 * 60 * 60)),
        })
    }

    /// Whether scripts need evidence in an environment of a stage; where that is not known, if anywhere.
    #[must_use]
    pub fn asks_in(&self, stage: Option<Stage>) -> bool {
        is_among(&self.stages, stage)
    }

    /// Whether what takes away must come late in an environment of a stage; where that is not known, if anywhere.
    #[must_use]
    pub fn contracts_in(&self, stage: Option<Stage>) -> bool {
        is_among(&self.contract_stages, stage)
    }

    /// The keys of `ConfigMap`s that tell caches apart.
    #[must_use]
    pub fn cache_keys(&self) -> &BTreeSet<String> {
        &self.cache_keys
    }

    /// How long what a script comes after must have been accepted.
    #[must_use]
    pub fn contract_after(&self) -> SignedDuration {
        self.contract_after
    }

    /// Whether a file may be a script.
    #[must_use]
    pub fn is_script(&self, path: &RepoPath) -> bool {
        let paths = self.paths.as_ref();
        paths.is_some_and(|paths| paths.matches(path))
    }
}

fn stages(settings: &Value, keys: &[&str]) -> BTreeSet<Stage> {
    let stages = keys.iter().filter_map(|key| settings.get(key)?.as_array());
    let stages = stages.flatten();
    stages
        .filter_map(|stage| Stage::deserialize(stage).ok())
        .collect()
}

fn is_among(stages: &BTreeSet<Stage>, stage: Option<Stage>) -> bool {
    match stage {
        Some(stage) => stages.contains(&stage),
        None => !stages.is_empty(),
    }
}

impl Files {
    /// Whether any of them differs.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        !self.changed.is_empty() || !self.modules.is_empty()
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Its text.
    Known(String),
    /// Why it has none.
    Unknown(String),
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFile {
    /// Where it lies; at head, where it lies there.
    pub path: RepoPath,
    /// At base; `None` where it is new.
    pub base: Option<Text>,
    /// At head; `None` where it is gone.
    pub head: Option<Text>,
}

/// A module of Odoo of which a file differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFiles {
    /// The folder.
    pub folder: RepoPath,
    /// Its `__manifest__.py` at base.
    pub base: Option<Text>,
    /// Its `__manifest__.py` at head.
    pub head: Option<Text>,
    /// Its files that differ.
    pub changed: Vec<RepoPath>,
    /// Its scripts at head, whether they differ or not.
    pub scripts: Vec<RepoPath>,
}

/// The scripts of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Those that differ.
    pub changed: Vec<ScriptFile>,
    /// All that lie there at base, where any differs.
    pub before: BTreeSet<RepoPath>,
    /// All that lie there at head, where any differs.
    pub after: BTreeSet<RepoPath>,
    /// The modules of Odoo of which any file differs.
    pub modules: Vec<ModuleFiles>,
}
