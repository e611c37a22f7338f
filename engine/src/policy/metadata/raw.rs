//! The metadata as it is spelled, and what can be wrong with it.
//! Knows no file but the block it is given.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::block::Block;
use super::{Error, Kinds, Metadata, Reach, Scope};
use crate::model::{Effect, GroupKind, RiskTier};

/// The metadata of a policy's package: the annotations that OPA knows, and our own under `custom`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "PolicyMetadata")]
pub(super) struct Raw {
    /// Always `package` where it is given.
    #[serde(default, rename = "scope")]
    _scope: Option<PackageScope>,
    /// One line.
    title: String,
    /// What the policy is about.
    description: String,
    /// Where to read more.
    #[serde(default, rename = "related_resources")]
    _related_resources: Vec<Value>,
    /// Who wrote it.
    #[serde(default, rename = "authors")]
    _authors: Vec<Value>,
    /// Who answers for it.
    #[serde(default, rename = "organizations")]
    _organizations: Vec<String>,
    /// Schemas for OPA's type checker.
    #[serde(default, rename = "schemas")]
    _schemas: Vec<Value>,
    /// What tidegate must know of it.
    custom: Custom,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum PackageScope {
    Package,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Custom {
    /// What every code begins with; kebab-case, without the dot.
    prefix: String,
    /// How often it runs.
    scope: Scope,
    /// The kinds that concern it, `Kind` or `Kind.group`; `*` alone means all.
    kinds: Vec<String>,
    /// The kinds it must see beside the change: a list (of the whole environment), or a map from
    /// kind to reach.
    #[serde(default, deserialize_with = "list_or_map")]
    #[schemars(schema_with = "list_or_map_schema")]
    neighbours: Vec<(String, Reach)>,
    /// The facts it reads.
    #[serde(default)]
    facts: Vec<String>,
    /// The tiers it applies to; without it all.
    #[serde(default)]
    tiers: Option<Vec<RiskTier>>,
    /// Whether it reads `input.now`.
    #[serde(default)]
    clock: bool,
    /// The codes of its findings, each with the strongest effect that it may have.
    #[serde(default)]
    #[schemars(schema_with = "codes_schema")]
    codes: BTreeMap<String, Effect>,
    /// The codes of its reasons for a tier.
    #[serde(default)]
    reasons: Vec<String>,
}

/// What a rule may say of itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleAnnotations {
    #[serde(default, rename = "scope")]
    _scope: Option<String>,
    #[serde(default, rename = "title")]
    _title: Option<String>,
    #[serde(default, rename = "description")]
    _description: Option<String>,
    #[serde(default, rename = "related_resources")]
    _related_resources: Vec<Value>,
    #[serde(default, rename = "entrypoint")]
    _entrypoint: bool,
}

/// The JSON Schema of the metadata, generated from the types.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Raw).to_value()
}

pub(super) fn check_rule_block(block: &Block) -> Option<Error> {
    read::<RuleAnnotations>(block).err()
}

impl Raw {
    pub(super) fn read(block: &Block) -> Result<Self, Vec<Error>> {
        read(block).map_err(|error| vec![error])
    }

    /// What the types cannot say.
    pub(super) fn problems(&self, block: &Block, known_facts: &[&str]) -> Vec<Error> {
        let mut problems = Problems {
            block,
            errors: Vec::new(),
        };
        for (name, text) in [("title", &self.title), ("description", &self.description)] {
            if text.trim().is_empty() {
                problems.add(name, format!("the {name} is empty"));
            }
        }
        let custom = &self.custom;
        custom.check_codes(&mut problems);
        custom.check_kinds(&mut problems);
        problems.no_twice("facts", custom.facts.iter().map(String::as_str));
        for fact in &custom.facts {
            if !known_facts.contains(&fact.as_str()) {
                let known = known_facts.join(", ");
                problems.add(fact, format!("unknown fact `{fact}`; there are: {known}"));
            }
        }
        if let Some(tiers) = &custom.tiers {
            problems.no_twice("tiers", tiers.iter().map(|tier| tier.as_str()));
            if tiers.is_empty() {
                problems.add("tiers", "no tier is named: it would never run".to_owned());
            }
        }
        problems.errors
    }

    pub(super) fn into_metadata(self) -> Metadata {
        let custom = self.custom;
        let group_kinds =
            |names: Vec<String>| names.iter().map(|name| GroupKind::parse(name)).collect();
        Metadata {
            title: self.title,
            description: self.description,
            prefix: custom.prefix,
            scope: custom.scope,
            kinds: if custom.kinds.iter().any(|kind| kind == "*") {
                Kinds::All
            } else {
                Kinds::Listed(group_kinds(custom.kinds))
            },
            neighbours: custom
                .neighbours
                .iter()
                .map(|(kind, reach)| (GroupKind::parse(kind), *reach))
                .collect(),
            facts: custom.facts.into_iter().collect(),
            tiers: custom
                .tiers
                .map_or_else(|| ALL_TIERS.into(), |tiers| tiers.into_iter().collect()),
            clock: custom.clock,
            codes: custom.codes,
            reasons: custom.reasons.into_iter().collect(),
        }
    }
}

impl Custom {
    fn check_codes(&self, problems: &mut Problems<'_>) {
        let prefix = &self.prefix;
        if !is_kebab(prefix) {
            problems.add("prefix", format!("the prefix `{prefix}` is not kebab-case"));
        }
        if RESERVED_PREFIXES.contains(&prefix.as_str()) {
            problems.add("prefix", format!("the prefix `{prefix}` is reserved"));
        }
        if self.codes.is_empty() && self.reasons.is_empty() {
            problems.add(
                "custom",
                "neither `codes` nor `reasons` are declared".to_owned(),
            );
        }
        for code in self.codes.keys().chain(&self.reasons) {
            match code
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
            {
                None => problems.add(
                    code,
                    format!("the code `{code}` does not begin with `{prefix}.`"),
                ),
                Some(rest) if !is_kebab(rest) => {
                    problems.add(code, format!("the code `{code}` is not kebab-case"));
                }
                Some(_) => {}
            }
        }
        problems.no_twice(
            "codes",
            self.codes.keys().chain(&self.reasons).map(String::as_str),
        );
    }

    fn check_kinds(&self, problems: &mut Problems<'_>) {
        problems.no_twice("kinds", self.kinds.iter().map(String::as_str));
        problems.no_twice(
            "neighbours",
            self.neighbours.iter().map(|(kind, _)| kind.as_str()),
        );
        if self.kinds.is_empty() {
            problems.add("kinds", "no kind is named: it would never run".to_owned());
        }
        if self.kinds.len() > 1 && self.kinds.iter().any(|kind| kind == "*") {
            problems.add("kinds", "`*` stands alone".to_owned());
        }
        let kinds = self.kinds.iter().filter(|kind| *kind != "*");
        for kind in kinds.chain(self.neighbours.iter().map(|(kind, _)| kind)) {
            if !is_group_kind(kind) {
                problems.add(
                    kind,
                    format!("`{kind}` is no kind; write `Kind` or `Kind.group`"),
                );
            }
        }
    }
}

struct Problems<'a> {
    block: &'a Block,
    errors: Vec<Error>,
}

impl Problems<'_> {
    fn add(&mut self, word: &str, what: String) {
        self.errors.push(Error::Metadata {
            at: self.block.place_of(word),
            what,
        });
    }

    fn no_twice<'a>(&mut self, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.add(name, format!("`{key}` names `{name}` twice"));
            }
        }
    }
}

fn read<T: DeserializeOwned>(block: &Block) -> Result<T, Error> {
    T::deserialize(block.value()).map_err(|error| {
        let what = error.to_string();
        // The message quotes what it is about first.
        let word = what.split('`').nth(1).unwrap_or("custom");
        let at = if what.starts_with("missing") {
            block.place_of("custom")
        } else {
            block.place_of(word)
        };
        Error::Metadata { at, what }
    })
}

fn list_or_map<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Reach)>, D::Error> {
    use serde::de::Error as _;
    match Value::deserialize(deserializer)? {
        Value::Array(names) => names
            .into_iter()
            .map(|name| {
                Ok((
                    String::deserialize(name).map_err(D::Error::custom)?,
                    Reach::Environment,
                ))
            })
            .collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(name, reach)| Ok((name, Reach::deserialize(reach).map_err(D::Error::custom)?)))
            .collect(),
        _ => Err(D::Error::custom("`neighbours` is a list or a map")),
    }
}

fn list_or_map_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let reach = generator.subschema_for::<Reach>();
    schemars::json_schema!({
        "anyOf": [
            { "type": "array", "items": { "type": "string" } },
            { "type": "object", "additionalProperties": reach }
        ]
    })
}

fn codes_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9-]*\\.[a-z0-9]+(-[a-z0-9]+)*$" },
        "additionalProperties": { "enum": ["deny", "warn"] }
    })
}

fn is_kebab(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn is_group_kind(text: &str) -> bool {
    let (kind, group) = text.split_once('.').unwrap_or((text, "none"));
    // A kind that somebody defined may begin in lower case; its group is a domain.
    kind.starts_with(|c: char| {
        c.is_ascii_uppercase() || (c.is_ascii_lowercase() && group.contains('.'))
    }) && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !group.is_empty()
        && group
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
}

const ALL_TIERS: [RiskTier; 4] = [
    RiskTier::Low,
    RiskTier::Medium,
    RiskTier::High,
    RiskTier::Critical,
];

// Codes of errors and refusals, and of the engine's own findings.
const RESERVED_PREFIXES: [&str; 34] = [
    "argo",
    "bug",
    "calendar",
    "ci",
    "clock",
    "cluster",
    "config",
    "engine",
    "evidence",
    "forge",
    "git",
    "hook",
    "image-lock",
    "init",
    "io",
    "json",
    "key",
    "limit",
    "manifest",
    "merge",
    "net",
    "policy",
    "promote",
    "range",
    "refused",
    "render",
    "replay",
    "sign",
    "source",
    "store",
    "trust-root",
    "usage",
    "work",
    "yaml",
];
