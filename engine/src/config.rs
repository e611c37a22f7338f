//! `tidegate.yaml`: read, checked at once and completely, and resolved into types that are right for ever.
//! Knows nothing of Git, of who the judge is, or of what a policy does with its settings.

mod calendars;
mod check;
mod components;
mod duration;
mod environment;
mod exception;
mod globs;
mod online;
mod problem;
mod profile;
mod raw;
mod read;
mod render;
mod resolved;
mod schema;
mod shape;
mod signers;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::SignedDuration;
use serde_json::{Map, Value};

pub use components::ComponentTable;
pub use duration::parse_duration;
pub use environment::{Environment, Unit, UnitKind};
pub use exception::{Exception, ExceptionSelector};
pub use globs::WrittenGlob;
pub use online::OnlineHost;
pub use problem::{Problem, Problems, SourceText};
pub use profile::Profile;
#[cfg(feature = "cli")]
pub(crate) use raw::IMAGE_GLOB;
pub use raw::{RenderTool, SourceKind};
pub use render::{DeployerKind, Deployers, RenderDefaults, SourceRender};
#[cfg(feature = "cli")]
pub(crate) use resolved::write as to_yaml;
pub use schema::schema;

use self::calendars::{CalendarFile, Calendars};
use self::raw::RawConfig;
use self::shape::{Schema, Shape};
use self::signers::SignerFiles;
use crate::calendar::{self, Calendar};
use crate::git::Selector;
use crate::manifest::{Node, NodeValue};
use crate::model::{Digest, Location, RepoPath, did_you_mean, step_of};
use crate::schemas;

/// The configuration, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where things are deployed; at least one, names are unique.
    pub environments: Vec<Environment>,
    /// The paths that no environment claims, on purpose; `None` where there are none.
    pub unmanaged: Option<Selector>,
    /// Which shipped policies run.
    pub profile: Profile,
    /// What objects are to the business.
    pub components: ComponentTable,
    /// When what may not change, by name.
    pub calendars: BTreeMap<String, Calendar>,
    /// Dated permissions.
    pub exceptions: Vec<Exception>,
    /// What the file says to each policy, by policy folder; the policy's schema has the last word.
    pub settings: BTreeMap<String, Node>,
    /// What verdicts say and how long they hold.
    pub verdict: Verdict,
    /// What Argo CD and Flux call this repository.
    pub repositories: Vec<String>,
    /// What generators of an `ApplicationSet` give, by its name.
    pub generators: BTreeMap<String, Vec<Map<String, Value>>>,
    /// What `ConfigMaps` and Secrets hold that are not in the tree, by `KIND/NAMESPACE/NAME`.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// The hosts from which `--online` may fetch.
    pub online: Vec<OnlineHost>,
    /// SHA-256 of the resolved configuration as canonical JSON.
    pub digest: Digest,
    gate: Selector,
    files: Vec<CalendarFile>,
    signers: SignerFiles,
    resolved: Value,
    source: SourceText,
    root: Node,
}

/// What verdicts say and how long they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The name of this repository in verdicts.
    pub repository: Option<String>,
    /// How long a verdict holds at most; never zero, at most seven days.
    pub valid_for: SignedDuration,
}

impl Config {
    /// Reads, checks and resolves a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Self, Problems> {
        let (source, root) = read::document(path, bytes)?;
        Self::from_root(&source, &root, None)
    }

    /// As [`Config::parse`], and checks in the same pass what the file says to each policy:
    /// `policies` holds the settings schema of every policy that there is, by folder.
    ///
    /// # Errors
    /// Everything that is wrong with the file, settings and unknown policies included.
    pub fn parse_with_policies(
        path: &RepoPath,
        bytes: &[u8],
        policies: &BTreeMap<String, Value>,
    ) -> Result<Self, Problems> {
        let (source, root) = read::document(path, bytes)?;
        Self::from_root(&source, &root, Some(policies))
    }

    /// Checks and resolves the tree of a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_node(path: &RepoPath, text: &Arc<str>, root: &Node) -> Result<Self, Problems> {
        let source = SourceText::new(path.clone(), Arc::clone(text));
        Self::from_root(&source, root, None)
    }

    fn from_root(
        source: &SourceText,
        root: &Node,
        policies: Option<&BTreeMap<String, Value>>,
    ) -> Result<Self, Problems> {
        if let Some(problem) = read::private_key(source, root) {
            return Err(problem.into());
        }
        if let Some(problem) = newer_version(source, root) {
            return Err(problem.into());
        }
        let shape = Shape {
            source,
            node: root,
            pointer: "",
            schema: &SCHEMA,
        };
        let mut problems = shape.problems();
        let mut calendars = Calendars::default();
        // What is over a limit is not looked into: that is what limits are for.
        if !problems.iter().any(Problem::is_limit) {
            problems.extend(check::check(source, root));
            calendars = calendars::read(source, root);
            problems.append(&mut calendars.problems);
            problems.extend(
                policies
                    .map(|all| check_policies(source, root, all))
                    .into_iter()
                    .flatten(),
            );
        }
        match Problems::collect(source.path(), problems) {
            Some(problems) => Err(problems),
            None => Self::build(source, root, calendars)
                .map_err(|reason| Problem::new(source, root.span, "config.invalid", reason).into()),
        }
    }

    /// Checks what the file says to one policy against the policy's own schema.
    #[must_use]
    pub fn check_settings(&self, folder: &str, schema: &Value) -> Vec<Problem> {
        let node = self.settings.get(folder);
        node.map(|node| settings_problems(&self.source, folder, node, schema))
            .unwrap_or_default()
    }

    /// The environment of that name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments
            .iter()
            .find(|environment| environment.name == name)
    }

    /// The calendars that hold for an environment.
    ///
    /// # Errors
    /// One of them is not known.
    pub fn calendars_of(
        &self,
        environment: &Environment,
    ) -> Result<Vec<&Calendar>, calendar::Error> {
        let named = |name: &String| {
            let calendar = self.calendars.get(name);
            calendar.ok_or_else(|| calendar::Error::NotRead {
                calendar: name.clone(),
            })
        };
        environment.calendars.iter().map(named).collect()
    }

    /// The files of the unit `gate`: [`GATE_PATTERNS`], and what the configuration names.
    #[must_use]
    pub fn gate_selector(&self) -> &Selector {
        &self.gate
    }

    /// Where a value stands that the file gives: `/environments/0/max-tier`, `/resources/require`.
    /// `None` for what the file leaves to a default.
    #[must_use]
    pub fn location(&self, pointer: &str) -> Option<Location> {
        let span = self.root.pointer(pointer)?.span;
        Some(Location::new(self.source.path(), self.source.text(), span))
    }

    /// A problem with the value at `pointer`, or with the nearest place where it would stand.
    #[must_use]
    pub fn problem(
        &self,
        pointer: &str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Problem {
        Problem::new(&self.source, self.root.deepest(pointer).span, code, message)
    }

    /// The file, for drawing.
    #[must_use]
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// The configuration with all defaults filled in, as YAML that is a configuration again.
    ///
    /// # Errors
    /// The YAML writer's.
    pub fn show_resolved(&self) -> Result<String, serde_yaml::Error> {
        self.show_resolved_with(BTreeMap::new())
    }

    /// As [`Config::show_resolved`], with these settings of policies, by folder.
    ///
    /// # Errors
    /// The YAML writer's.
    pub fn show_resolved_with(
        &self,
        settings: BTreeMap<String, Value>,
    ) -> Result<String, serde_yaml::Error> {
        let mut resolved = self.resolved.clone();
        for (folder, value) in settings {
            let own = SECTIONS.iter().find(|(_, owner)| *owner == folder);
            let (parent, name) = match own {
                Some((section, _)) => ("", (*section).to_owned()),
                None => ("/policies", folder),
            };
            if let Some(Value::Object(parent)) = resolved.pointer_mut(parent) {
                parent.insert(name, value);
            }
        }
        resolved::write(&resolved)
    }

    fn build(source: &SourceText, root: &Node, calendars: Calendars) -> Result<Self, String> {
        let raw: RawConfig =
            serde_json::from_value(root.to_json()).map_err(|error| error.to_string())?;
        let resolved = serde_json::to_value(&raw).map_err(|error| error.to_string())?;
        let environments = raw.environments.into_iter().enumerate();
        let render = RenderDefaults::new(raw.render, &RenderDefaults::default());
        let own = raw.verdict.repository.iter();
        let exceptions = raw.exceptions.into_iter().enumerate();
        let signers = SignerFiles::of(root);
        Ok(Self {
            environments: environments
                .map(|(index, raw)| Environment::build(raw, index, &render))
                .collect::<Result<_, _>>()?,
            unmanaged: selector(&raw.unmanaged)?,
            profile: raw.profile,
            components: ComponentTable::build(raw.components)?,
            gate: gate_selector(&calendars.files, &signers)?,
            calendars: calendars.here,
            files: calendars.files,
            signers,
            exceptions: exceptions
                .map(|(index, raw)| Exception::build(raw, index))
                .collect::<Result<_, _>>()?,
            settings: settings(root),
            repositories: own.chain(&raw.repositories).cloned().collect(),
            generators: raw.generators,
            values: raw.values,
            online: raw
                .online
                .hosts
                .iter()
                .map(|host| OnlineHost::new(host))
                .collect(),
            verdict: Verdict {
                repository: raw.verdict.repository,
                valid_for: parse_duration(&raw.verdict.valid_for).ok_or("invalid duration")?,
            },
            digest: Digest::of(canonical(&resolved).to_string().as_bytes()),
            resolved,
            source: source.clone(),
            root: root.clone(),
        })
    }
}

/// Which of the paths that exist is the configuration; `None` where there is none yet.
///
/// # Errors
/// `config.ambiguous` where both places are taken.
pub fn locate(exists: impl Fn(&str) -> bool) -> Result<Option<&'static str>, AmbiguousConfig> {
    match PLACES.map(|path| exists(path).then_some(path)) {
        [Some(_), Some(_)] => Err(AmbiguousConfig),
        [path, other] => Ok(path.or(other)),
    }
}

/// Both places of the configuration are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("both `tidegate.yaml` and `.github/tidegate.yaml` exist")]
#[diagnostic(code(config::ambiguous), help("keep one of them"))]
pub struct AmbiguousConfig;

/// The pointer in the configuration under which the settings of a policy stand.
///
/// ```
/// use tidegate::config::settings_pointer;
/// assert_eq!(settings_pointer("resource-limits"), "/resources");
/// assert_eq!(settings_pointer("tls"), "/policies/tls");
/// ```
#[must_use]
pub fn settings_pointer(folder: &str) -> String {
    SECTIONS
        .iter()
        .find(|(_, owner)| *owner == folder)
        .map_or_else(
            || format!("/policies/{}", step_of(folder)),
            |(section, _)| format!("/{section}"),
        )
}

/// Whether a name is a DNS label: what an environment or a unit can be called.
#[must_use]
pub fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn settings(root: &Node) -> BTreeMap<String, Node> {
    let sections = SECTIONS
        .iter()
        .filter_map(|(section, folder)| Some(((*folder).to_owned(), root.get(section)?.clone())));
    let others = match root.get("policies").map(|node| &node.value) {
        Some(NodeValue::Mapping(entries)) => entries.as_slice(),
        _ => &[],
    };
    let others = others
        .iter()
        .map(|entry| (entry.key.to_string(), entry.value.clone()));
    sections.chain(others).collect()
}

/// What is wrong with the settings of all policies, and with the names of those that there are not.
fn check_policies(
    source: &SourceText,
    root: &Node,
    policies: &BTreeMap<String, Value>,
) -> Vec<Problem> {
    let unknown = |folder: &str| {
        let section = root.deepest("/policies");
        let at = section
            .entry(folder)
            .map_or(section.span, |entry| entry.key_span);
        let message = format!("there is no policy `{}`", shape::shown(folder));
        let problem = Problem::new(source, at, "config.unknown-policy", message);
        match did_you_mean(folder, policies.keys().map(String::as_str)) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help("`tidegate policy list` names all of them"),
        }
    };
    settings(root)
        .iter()
        .flat_map(|(folder, node)| match policies.get(folder) {
            Some(schema) => settings_problems(source, folder, node, schema),
            None => vec![unknown(folder)],
        })
        .collect()
}

fn settings_problems(
    source: &SourceText,
    folder: &str,
    node: &Node,
    schema: &Value,
) -> Vec<Problem> {
    let shape = Shape {
        source,
        node,
        pointer: &settings_pointer(folder),
        schema: &Schema::new(schema.clone()),
    };
    shape.problems()
}

/// The gate's own files, calendars and the keys of those who sign images among them.
fn gate_selector(files: &[CalendarFile], signers: &SignerFiles) -> Result<Selector, String> {
    let files = files.iter().map(|file| file.path().to_string());
    let files = files.chain(signers.named().cloned());
    let patterns = GATE_PATTERNS.iter().map(|pattern| (*pattern).to_owned());
    let patterns: Vec<String> = patterns.chain(files).collect();
    Selector::parse(&patterns).map_err(|error| error.to_string())
}

/// A list of globs that may be empty: then it matches nothing.
fn selector(globs: &[String]) -> Result<Option<Selector>, String> {
    let parsed = (!globs.is_empty()).then(|| Selector::parse(globs));
    parsed.transpose().map_err(|error| error.to_string())
}

/// A version that is not understood makes every other problem meaningless.
fn newer_version(source: &SourceText, root: &Node) -> Option<Problem> {
    let node = root.get("apiVersion")?;
    let version = node.as_str().filter(|version| *version != API_VERSION)?;
    let message = format!(
        "`apiVersion` is `{}`, which is not understood",
        shape::shown(version)
    );
    let problem = Problem::new(source, node.span, "config.version", message);
    Some(problem.help(format!("the newest that is understood is `{API_VERSION}`")))
}

/// The same value with the keys of every mapping in order, whatever order they were inserted in.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(keys) => {
            let sorted: BTreeMap<_, _> = keys.iter().collect();
            let sorted = sorted
                .into_iter()
                .map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(sorted.collect())
        }
        other => other.clone(),
    }
}

/// Makes ready what the first configuration needs to be read.
pub fn prepare() {
    LazyLock::force(&SCHEMA);
}

/// As it is committed, which is read sooner than made anew; that both are the same, a test proves.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let committed = schemas::schema("config.v1.json");
    let committed = committed.and_then(|text| serde_json::from_str(text).ok());
    Schema::new(committed.unwrap_or_else(schema))
});

/// The reserved unit of the gate's own files.
pub const GATE: &str = "gate";
/// Where a configuration may lie.
pub const PLACES: [&str; 2] = ["tidegate.yaml", ".github/tidegate.yaml"];
const API_VERSION: &str = "tidegate.dev/v1";
/// Sections of their own, and the policies whose settings they are.
const SECTIONS: [(&str, &str); 4] = [
    ("backups", "backup-coverage"),
    ("images", "image-signatures"),
    ("resources", "resource-limits"),
    ("risk", "risk-tier"),
];
/// The files of the unit `gate`, as globs, whatever the configuration says: who judges, who must review
/// (in every place where GitHub or GitLab looks for it), and what runs with the rights of a job. Any
/// workflow may approve, push or set a status, so it is all of them and not only ours.
pub const GATE_PATTERNS: [&str; 13] = [
    "tidegate.yaml",
    ".github/tidegate.yaml",
    ".tidegate/policies/**",
    ".tidegate/trust.json",
    ".tidegate/allowed_signers",
    "CODEOWNERS",
    ".github/CODEOWNERS",
    "docs/CODEOWNERS",
    ".github/workflows/**",
    ".github/actions/**",
    ".gitlab-ci.yml",
    ".gitlab/**",
    ".pre-commit-config.yaml",
];

#[cfg(test)]
mod tests;
