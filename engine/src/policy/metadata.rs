//! What a policy file declares in its `# METADATA` comment: codes, facts, kinds, scope.
//! Knows nothing of rules; that they keep to it is checked elsewhere.

mod block;
mod raw;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Effect, GroupKind, RiskTier};

pub(super) use block::Block;
pub use raw::schema;

use super::error::{Error, Place};
use super::text::lines_outside_strings;

/// The declarations of one policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// One line.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What every code begins with.
    pub prefix: String,
    /// How often it runs.
    pub scope: Scope,
    /// The kinds whose changes concern it.
    pub kinds: Kinds,
    /// The kinds it must see beside the change, and how far it looks.
    pub neighbours: BTreeMap<GroupKind, Reach>,
    /// The facts it reads.
    pub facts: BTreeSet<String>,
    /// The tiers it applies to; all of them where the file names none.
    pub tiers: BTreeSet<RiskTier>,
    /// Whether it reads `input.now`.
    pub clock: bool,
    /// The codes of its findings, each with the strongest effect that it may have.
    pub codes: BTreeMap<String, Effect>,
    /// The codes of the reasons it gives for a tier; only risk policies have any.
    pub reasons: BTreeSet<String>,
}

/// How often a policy runs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Once for each changed object.
    Object,
    /// Once for each unit.
    ChangeSet,
}

/// How far a policy looks for neighbours of a kind.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The namespaces of the changed objects, and objects without one.
    Namespace,
    /// The whole environment.
    Environment,
}

/// The kinds that concern a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Every kind.
    All,
    /// These.
    Listed(BTreeSet<GroupKind>),
}

impl Kinds {
    /// Whether a change of an object of `kind` concerns the policy.
    #[must_use]
    pub fn concern(&self, kind: &GroupKind) -> bool {
        match self {
            Self::All => true,
            Self::Listed(kinds) => kinds.contains(kind),
        }
    }
}

impl Metadata {
    /// Reads the metadata of the package of `text`, with every problem it has.
    pub(super) fn read(path: &str, text: &str, known_facts: &[&str]) -> Result<Self, Vec<Error>> {
        let lines = lines_outside_strings(text);
        let blocks = Block::all(path, &lines)?;
        if !lines.iter().any(|line| line.starts_with("package")) {
            return Err(vec![Error::no_package(path)]);
        }
        let package = Block::of_package(&blocks, path)?;
        let raw = raw::Raw::read(package)?;
        let mut errors = Vec::new();
        for block in blocks.iter().filter(|block| !block.is_package()) {
            errors.extend(raw::check_rule_block(block));
        }
        errors.extend(raw.problems(package, known_facts));
        if errors.is_empty() {
            Ok(raw.into_metadata())
        } else {
            Err(errors)
        }
    }

    /// Where the metadata of the package of `text` names `word`.
    pub(super) fn place_of(path: &str, text: &str, word: &str) -> Place {
        let blocks = Block::all(path, &lines_outside_strings(text)).unwrap_or_default();
        Block::of_package(&blocks, path)
            .map_or_else(|_| Place::file(path), |block| block.place_of(word))
    }

    /// What a policy that reads nothing but its own settings could be refused for: two files of
    /// different folders that share a prefix or a code. Whoever comes first keeps it.
    pub(super) fn collisions<'a>(all: impl IntoIterator<Item = Declared<'a>>) -> Vec<Error> {
        let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut errors = Vec::new();
        for file in all {
            let metadata = file.metadata;
            let codes = metadata.codes.keys().chain(&metadata.reasons);
            let codes = codes.map(|code| ("code", code.as_str(), code.as_str()));
            for (what, name, word) in codes.chain([("prefix", &*metadata.prefix, "prefix:")]) {
                let owner = *owners.entry((what, name)).or_insert(file.folder);
                if owner != file.folder {
                    errors.push(Error::Metadata {
                        at: Self::place_of(file.path, file.text, word),
                        what: format!("the {what} `{name}` belongs to policy `{owner}`"),
                    });
                }
            }
        }
        errors
    }
}

/// What one file of a policy's folder declares.
pub(super) struct Declared<'a> {
    pub(super) folder: &'a str,
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) metadata: &'a Metadata,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Metadata, Vec<String>> {
        Metadata::read("p/policy.rego", text, &["inventory", "workloads"])
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    const GOOD: &str = "# METADATA
# title: Container resources
# description: Requests and limits.
# custom:
#   prefix: resources
#   scope: object
#   kinds: [Deployment.apps, Pod]
#   neighbours: {LimitRange: namespace, HorizontalPodAutoscaler.autoscaling: environment}
#   facts: [workloads]
#   codes:
#     resources.missing-memory-limit: deny
#     resources.ratio: warn
package tidegate.resource_limits

# METADATA
# title: A rule
# description: Of its own.
deny contains 1 if false
";

    #[test]
    fn everything_that_is_declared_is_read() {
        let metadata = read(GOOD).unwrap();
        assert_eq!(metadata.title, "Container resources");
        assert_eq!(metadata.prefix, "resources");
        assert_eq!(metadata.scope, Scope::Object);
        assert!(metadata.kinds.concern(&GroupKind::parse("Pod")));
        assert!(!metadata.kinds.concern(&GroupKind::parse("Pod.apps")));
        assert_eq!(
            metadata.neighbours[&GroupKind::parse("LimitRange")],
            Reach::Namespace
        );
        assert_eq!(metadata.codes["resources.ratio"], Effect::Warn);
        assert!(metadata.facts.contains("workloads"));
        assert_eq!(metadata.tiers.len(), 4);
        assert!(!metadata.clock);
    }

    #[test]
    fn a_plain_list_of_neighbours_reaches_the_environment() {
        let text = GOOD.replace(
            "{LimitRange: namespace, HorizontalPodAutoscaler.autoscaling: environment}",
            "[LimitRange]",
        );
        let metadata = read(&text).unwrap();
        assert_eq!(
            metadata.neighbours[&GroupKind::parse("LimitRange")],
            Reach::Environment
        );
    }

    const WRONG: &[(&str, &str, u32, &str)] = &[
        (
            "title: Container",
            "titel: Container",
            2,
            "unknown field `titel`",
        ),
        ("#   scope: object\n", "", 4, "missing field `scope`"),
        (
            "scope: object",
            "scope: package",
            6,
            "unknown variant `package`",
        ),
        ("#   facts:", "#   fcts:", 9, "unknown field `fcts`"),
        (
            "facts: [workloads]",
            "facts: [workload]",
            9,
            "unknown fact `workload`",
        ),
        (
            "facts: [workloads]",
            "facts: [workloads, workloads]",
            9,
            "`workloads` twice",
        ),
        (
            "resources.ratio",
            "ratio.high",
            12,
            "does not begin with `resources.`",
        ),
        ("resources.ratio", "resources.Ratio", 12, "kebab-case"),
        ("resources.ratio", "resources.", 12, "kebab-case"),
        (
            "resources.ratio: warn",
            "resources.ratio: info",
            12,
            "`info`",
        ),
        ("prefix: resources", "prefix: Res", 5, "kebab-case"),
        ("prefix: resources", "prefix: engine", 5, "reserved"),
        ("kinds: [Deployment.apps, Pod]", "kinds: []", 7, "no kind"),
        (
            "kinds: [Deployment.apps, Pod]",
            "kinds: ['*', Pod]",
            7,
            "alone",
        ),
        (
            "kinds: [Deployment.apps, Pod]",
            "kinds: ['apps/Pod']",
            7,
            "`apps/Pod` is no kind",
        ),
        ("Requests and limits.", "''", 3, "description is empty"),
        (
            "# title: A rule",
            "# custom: {prefix: x}",
            16,
            "unknown field `custom`",
        ),
        ("# title: A rule", "# title: a: b", 16, "YAML"),
    ];

    #[test]
    fn every_way_to_declare_it_wrong_is_named_with_its_line() {
        for (from, to, line, says) in WRONG {
            assert!(GOOD.contains(from), "{from}");
            let errors = read(&GOOD.replace(from, to)).unwrap_err();
            let expected = format!("p/policy.rego:{line}:");
            assert!(
                errors
                    .iter()
                    .any(|error| error.starts_with(&expected) && error.contains(says)),
                "{to}: {errors:#?}"
            );
        }
    }

    #[test]
    fn a_file_without_metadata_or_with_two_is_refused() {
        assert!(read("package x\n").unwrap_err()[0].contains("no metadata"));
        let twice = GOOD.replace(
            "package tide",
            "\n# METADATA\n# scope: package\n# title: x\npackage tide",
        );
        assert!(read(&twice).unwrap_err()[0].contains("second"));
    }

    #[test]
    fn a_block_inside_a_string_is_no_metadata() {
        let text = format!("{GOOD}\nx := `\n# METADATA\n# custom: 1\n`\n");
        assert!(read(&text).is_ok());
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "`BLESS=1` rewrites what a test compares"
    )]
    fn the_schema_in_the_repository_is_the_generated_one() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/schemas/policy-metadata.v1.json"
        );
        let generated = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == generated, "run `BLESS=1 cargo test`");
    }

    #[test]
    fn the_schema_takes_what_the_reader_takes() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let blocks = Block::all("p", &lines_outside_strings(GOOD)).unwrap();
        let block = Block::of_package(&blocks, "p").unwrap();
        assert!(validator.is_valid(block.value()));
        let mut wrong = block.value().clone();
        wrong["custom"]["neighbours"] = serde_json::json!(["Service"]);
        assert!(validator.is_valid(&wrong));
        for (key, value) in [
            ("scope", serde_json::json!("package")),
            ("codes", serde_json::json!({"x": "deny"})),
            ("fcts", serde_json::json!([])),
            ("tiers", serde_json::json!(["urgent"])),
        ] {
            let mut wrong = block.value().clone();
            wrong["custom"][key] = value;
            assert!(!validator.is_valid(&wrong), "{key}");
        }
    }

    #[test]
    fn two_folders_share_neither_prefix_nor_code() {
        let metadata = read(GOOD).unwrap();
        let declared = |folder, path| Declared {
            folder,
            path,
            text: GOOD,
            metadata: &metadata,
        };
        let same = |a, b| {
            let errors = Metadata::collisions([declared(a, "a.rego"), declared(b, "b.rego")]);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(same("x", "x"), [""; 0]);
        assert_eq!(
            same("x", "y"),
            [
                "b.rego:11:7: the code `resources.missing-memory-limit` belongs to policy `x`",
                "b.rego:12:7: the code `resources.ratio` belongs to policy `x`",
                "b.rego:5:5: the prefix `resources` belongs to policy `x`",
            ]
        );
    }
}
