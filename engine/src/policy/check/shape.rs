//! Whether the input document may hold what a reference names: `schemas/input.v1.json` decides, and
//! below `settings` the policy's own schema. Knows names only; values of manifests are beyond it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::super::metadata::Metadata;
use super::tree::Step;
use crate::model::{GroupKind, did_you_mean};
use crate::schemas;

/// Why a reference cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// The document never holds it; what it holds that is spelled alike.
    Unknown(Option<String>),
    /// The policy is not given it, since it does not declare it.
    Undeclared,
}

/// What is wrong with `input.<steps>` in a policy with this metadata and this schema of settings.
pub(super) fn input_problem(
    steps: &[Step],
    metadata: &Metadata,
    settings: &Value,
) -> Option<Problem> {
    let name = |at: usize| match steps.get(at) {
        Some(Step::Static(name)) => Some(name.as_str()),
        Some(Step::Dynamic) | None => None,
    };
    let has_fact = |fact: &str| metadata.facts.contains(fact);
    // The document as a whole, or a step that only evaluation knows, could read anything.
    let declared = match (name(0), name(1)) {
        (None, _) | (Some("facts"), None) => return Some(Problem::Unknown(None)),
        (Some("now"), _) => metadata.clock,
        (Some(fact @ ("range" | "source")), _) => has_fact(fact),
        (Some("facts"), Some(fact)) => has_fact(fact),
        _ => true,
    };
    if !declared {
        return Some(Problem::Undeclared);
    }
    let (shape, below) = match (name(0), steps.split_first(), DOCUMENTS.get(INPUT)) {
        (Some("settings"), Some((_, rest)), _) => (settings, rest),
        (.., Some(input)) => (input, steps),
        (.., None) => return Some(Problem::Unknown(None)),
    };
    if !Shape::of(shape).fits(below) {
        return Some(Problem::Unknown(Shape::of(shape).meant(below)));
    }
    let neighbour = match (name(0), name(1), name(2)) {
        (Some("facts"), Some("inventory"), Some("value")) => name(3),
        _ => None,
    };
    neighbour
        .filter(|kind| !metadata.neighbours.contains_key(&GroupKind::parse(kind)))
        .map(|_| Problem::Undeclared)
}

/// A place in a JSON Schema, and the document that its `$ref`s begin in.
#[derive(Clone, Copy)]
struct Shape<'a> {
    document: &'a Value,
    schema: &'a Value,
}

impl<'a> Shape<'a> {
    fn of(document: &'a Value) -> Self {
        let schema = document;
        Self { document, schema }
    }

    fn below(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// Whether a value of this shape may hold something at the end of `steps`.
    fn fits(self, steps: &[Step]) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return true;
        };
        self.alternatives()
            .into_iter()
            .flat_map(|shape| shape.step(step))
            .any(|next| next.fits(rest))
    }

    /// The name that the first step without an end could be a misspelling of.
    fn meant(self, steps: &[Step]) -> Option<String> {
        let mut shapes = vec![self];
        for step in steps {
            let all: Vec<Self> = shapes.into_iter().flat_map(Self::alternatives).collect();
            shapes = all.iter().flat_map(|shape| shape.step(step)).collect();
            if let (true, Step::Static(wrong)) = (shapes.is_empty(), step) {
                let names = all.iter().filter_map(|shape| shape.properties());
                let names = names.flat_map(|properties| properties.keys());
                return did_you_mean(wrong, names.map(String::as_str)).map(str::to_owned);
            }
        }
        None
    }

    fn properties(self) -> Option<&'a Map<String, Value>> {
        self.schema.get("properties").and_then(Value::as_object)
    }

    /// This shape, what its `$ref` leads to, and each of its alternatives.
    fn alternatives(self) -> Vec<Self> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(shape) = all.get(at).copied().filter(|_| at < ALTERNATIVES) {
            all.extend(shape.referred());
            for keyword in ["anyOf", "oneOf", "allOf"] {
                let listed = shape.schema.get(keyword).and_then(Value::as_array);
                all.extend(listed.into_iter().flatten().map(|one| shape.below(one)));
            }
            at += 1;
        }
        all
    }

    fn referred(self) -> Option<Self> {
        let reference = self.schema.get("$ref")?.as_str()?;
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document = match file {
            "" => self.document,
            file => DOCUMENTS.get(file)?,
        };
        let schema = document.pointer(pointer)?;
        Some(Self { document, schema })
    }

    /// What `step` may lead to by this schema alone.
    fn step(self, step: &Step) -> Vec<Self> {
        if self.is_anything() {
            return vec![self];
        }
        let rest = self.schema.get("additionalProperties");
        let rest = rest.filter(|rest| **rest != Value::Bool(false));
        let properties = self.properties();
        let free = |kind: &str, keywords: [&str; 2]| {
            let described = keywords.iter().any(|key| self.schema.get(key).is_some());
            (self.is_a(kind) && !described).then_some(&Value::Bool(true))
        };
        let below: Vec<&Value> = match step {
            Step::Static(name) => {
                let named = properties.and_then(|properties| properties.get(name));
                let free = free("object", ["properties", "additionalProperties"]);
                named.or(rest).or(free).into_iter().collect()
            }
            // An index, or a key of a map that is run over.
            Step::Dynamic => properties
                .into_iter()
                .flat_map(|properties| properties.values())
                .chain(rest)
                .chain(self.schema.get("items"))
                .chain(free("object", ["properties", "additionalProperties"]))
                .chain(free("array", ["items", "prefixItems"]))
                .collect(),
        };
        below.into_iter().map(|schema| self.below(schema)).collect()
    }

    /// Whether nothing is said of the value: a manifest, or a part of one.
    fn is_anything(self) -> bool {
        match self.schema {
            Value::Bool(any) => *any,
            Value::Object(map) => map.keys().all(|key| SAYS_NOTHING.contains(&key.as_str())),
            _ => false,
        }
    }

    fn is_a(self, kind: &str) -> bool {
        match self.schema.get("type") {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            _ => false,
        }
    }
}

/// The schemas that describe the input document, by path.
static DOCUMENTS: LazyLock<BTreeMap<&'static str, Value>> = LazyLock::new(|| {
    schemas::paths()
        .filter(|path| *path == INPUT || path.starts_with("facts/"))
        .filter_map(|path| Some((path, serde_json::from_str(schemas::schema(path)?).ok()?)))
        .collect()
});

const INPUT: &str = "input.v1.json";

// More than these are a circle.
const ALTERNATIVES: usize = 64;

const SAYS_NOTHING: [&str; 4] = ["$comment", "default", "description", "title"];
