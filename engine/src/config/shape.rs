//! Checks a span tree against a JSON Schema and says what is wrong, where, in words.
//! Knows nothing of what the schema describes.

mod sure;

use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use super::problem::{Problem, SourceText};
use super::raw;
use crate::manifest::Node;
use crate::model::{Span, did_you_mean};

/// What is checked, and where it stands.
pub(super) struct Shape<'a> {
    /// The file.
    pub(super) source: &'a SourceText,
    /// The part of the file that the schema describes.
    pub(super) node: &'a Node,
    /// RFC 6901 pointer of that part, empty for the whole file.
    pub(super) pointer: &'a str,
    /// The schema.
    pub(super) schema: &'a Schema,
}

/// A schema, made ready to check with when it is first needed.
pub(super) struct Schema {
    value: Value,
    validator: OnceLock<Result<Validator, String>>,
}

impl Schema {
    pub(super) fn new(value: Value) -> Self {
        let validator = OnceLock::new();
        Self { value, validator }
    }

    /// No resolver, hence no file and no network; patterns run in linear time.
    fn validator(&self) -> &Result<Validator, String> {
        self.validator.get_or_init(|| {
            jsonschema::draft202012::options()
                .with_pattern_options(PatternOptions::regex())
                .build(&self.value)
                .map_err(|error| error.to_string())
        })
    }
}

impl Shape<'_> {
    /// Everything in which the tree differs from the schema.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let value = self.node.to_json();
        if sure::allows(&self.schema.value, &value) {
            return Vec::new();
        }
        match self.schema.validator() {
            Ok(validator) => validator
                .iter_errors(&value)
                .flat_map(|error| self.describe(&error))
                .collect(),
            Err(error) => vec![Problem::new(
                self.source,
                self.node.span,
                "bug.schema",
                format!("the schema of this section is broken: {error}"),
            )],
        }
    }

    fn describe(&self, error: &ValidationError<'_>) -> Vec<Problem> {
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
                .iter()
                .map(|key| self.unknown_key(error, key))
                .collect(),
            kind => vec![self.describe_value(error, kind)],
        }
    }

    fn describe_value(&self, error: &ValidationError<'_>, kind: &ValidationErrorKind) -> Problem {
        let place = error.instance_path().as_str();
        let name = self.name(place);
        let value = error.instance();
        match kind {
            ValidationErrorKind::Required { property } => self.missing_key(place, property),
            ValidationErrorKind::Type { kind } => self.wrong_type(place, kind, value),
            ValidationErrorKind::Enum { options } => self.unknown_value(
                place,
                options.as_array().cloned().unwrap_or_default(),
                value,
            ),
            ValidationErrorKind::OneOfNotValid { context }
            | ValidationErrorKind::AnyOf { context } => {
                self.unknown_value(place, constants(context), value)
            }
            ValidationErrorKind::Constant { expected_value } => {
                self.unknown_value(place, vec![expected_value.as_ref().clone()], value)
            }
            ValidationErrorKind::Pattern { pattern } => self.wrong_form(place, pattern, value),
            ValidationErrorKind::MinItems { .. }
            | ValidationErrorKind::MinLength { .. }
            | ValidationErrorKind::MinProperties { .. } => {
                self.problem(place, "config.empty", format!("{name} is empty"))
            }
            ValidationErrorKind::MaxItems { limit }
            | ValidationErrorKind::MaxProperties { limit } => self.too_many(place, *limit, value),
            _ => self.problem(
                place,
                "config.invalid",
                format!("{name}: {}", shown(&error.to_string())),
            ),
        }
    }

    fn unknown_key(&self, error: &ValidationError<'_>, key: &str) -> Problem {
        let parent = error.instance_path().as_str();
        let span = self
            .node
            .pointer(parent)
            .and_then(|node| node.entry(key))
            .map_or(self.span(parent), |entry| entry.key_span);
        let known = self.known_keys(error.schema_path().as_str());
        let help = match did_you_mean(key, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "no key may stand here".to_owned(),
            None => format!("known here: {}", listed(&known)),
        };
        let message = format!("unknown key `{}`", shown(key));
        Problem::new(self.source, span, "config.unknown-key", message)
            .label("unknown key")
            .help(help)
    }

    /// The keys that the schema lists beside its `additionalProperties`.
    fn known_keys(&self, schema_path: &str) -> Vec<String> {
        let parent = schema_path
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        self.schema
            .value
            .pointer(parent)
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object)
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default()
    }

    fn missing_key(&self, place: &str, property: &Value) -> Problem {
        let key = property.as_str().unwrap_or_default();
        let message = format!("{} has no `{key}`", self.name(place));
        self.problem(place, "config.missing-key", message)
            .label(format!("`{key}` is missing here"))
            .help(format!("add `{key}`"))
    }

    fn wrong_type(&self, place: &str, wanted: &TypeKind, found: &Value) -> Problem {
        let wanted = match wanted {
            TypeKind::Single(kind) => kind.to_string(),
            TypeKind::Multiple(kinds) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
                kinds.join(" or ")
            }
        };
        let name = self.name(place);
        let message = format!(
            "{name} must be {}, not {}",
            article(&wanted),
            described(found)
        );
        let problem = self.problem(place, "config.wrong-type", message);
        match found {
            Value::Number(_) | Value::Bool(_)
                if wanted == "string" && place.ends_with("/valid-for") =>
            {
                problem.help("write a number and a unit, such as `24h`")
            }
            Value::Number(_) | Value::Bool(_) if wanted == "string" => problem.help("quote it"),
            Value::String(_) if wanted == "array" => problem.help("write it as a list: `[…]`"),
            _ => problem,
        }
    }

    fn unknown_value(&self, place: &str, known: Vec<Value>, found: &Value) -> Problem {
        let known: Vec<String> = known
            .into_iter()
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
            .collect();
        let Some(text) = found.as_str() else {
            let message = format!("{} cannot be {}", self.name(place), described(found));
            let problem = self.problem(place, "config.wrong-type", message);
            return problem.help(format!("known here: {}", listed(&known)));
        };
        let help = did_you_mean(text, known.iter().map(String::as_str)).map_or_else(
            || format!("known here: {}", listed(&known)),
            |meant| format!("did you mean `{meant}`?"),
        );
        let message = format!("{} cannot be `{}`", self.name(place), shown(text));
        self.problem(place, "config.unknown-value", message)
            .label("unknown value")
            .help(help)
    }

    fn wrong_form(&self, place: &str, pattern: &str, found: &Value) -> Problem {
        let (_, code, what, help) = FORMS
            .into_iter()
            .find(|(form, ..)| *form == pattern)
            .unwrap_or((
                pattern,
                "config.invalid",
                "of the right form",
                "see the schema",
            ));
        let text = shown(found.as_str().unwrap_or_default());
        let message = format!("{} is not {what}: `{text}`", self.name(place));
        self.problem(place, code, message).help(help)
    }

    fn too_many(&self, place: &str, limit: u64, found: &Value) -> Problem {
        let count = match found {
            Value::Array(items) => items.len(),
            Value::Object(keys) => keys.len(),
            _ => 0,
        };
        let code = match place.rsplit('/').next() {
            Some("environments") => "limit.environments",
            Some("sources") => "limit.units",
            Some("components") => "limit.components",
            Some("exceptions") => "limit.exceptions",
            Some("calendars") => "limit.calendars",
            Some("windows") => "limit.calendar-windows",
            Some("paths" | "unmanaged" | "images") => "limit.globs",
            _ => "limit.config",
        };
        let message = format!(
            "{} has {count} entries, the limit is {limit}",
            self.name(place)
        );
        self.problem(place, code, message)
    }

    fn problem(&self, place: &str, code: &'static str, message: String) -> Problem {
        Problem::new(self.source, self.span(place), code, message)
    }

    fn span(&self, place: &str) -> Span {
        self.node.deepest(place).span
    }

    fn name(&self, place: &str) -> String {
        human(&format!("{}{place}", self.pointer))
    }
}

/// How people write a place in the configuration: `environments[0].paths`, in backticks.
pub(super) fn human(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        let key = step.replace("~1", "/").replace("~0", "~");
        if !path.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{key}]"));
        } else {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(&key);
        }
    }
    if path.is_empty() {
        return "the configuration".to_owned();
    }
    format!("`{}`", shown(&path))
}

/// Foreign text for a message: no control characters, no more than eighty characters.
pub(super) fn shown(text: &str) -> String {
    let mut clean = String::new();
    for c in text.chars().take(MOST_SHOWN) {
        if c.is_control() {
            clean.extend(c.escape_unicode());
        } else {
            clean.push(c);
        }
    }
    if text.chars().nth(MOST_SHOWN).is_some() {
        clean.push('…');
    }
    clean
}

/// `a`, `b` and `c`, in backticks.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    quoted.join(", ")
}

/// The values that the alternatives of a list of constants allow.
fn constants(alternatives: &[Vec<ValidationError<'static>>]) -> Vec<Value> {
    alternatives
        .iter()
        .flatten()
        .filter_map(|error| match error.kind() {
            ValidationErrorKind::Constant { expected_value } => {
                Some(vec![expected_value.as_ref().clone()])
            }
            ValidationErrorKind::Enum { options } => options.as_array().cloned(),
            _ => None,
        })
        .flatten()
        .collect()
}

fn described(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean `{value}`"),
        Value::Number(value) => format!("the number `{value}`"),
        Value::String(text) => format!("the string `{}`", shown(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "array" => "a list".to_owned(),
        "object" => "a mapping".to_owned(),
        "integer" => "an integer".to_owned(),
        other => format!("a {other}"),
    }
}

/// Patterns of the schema, the code of a value that does not fit, what it should be, and help.
const FORMS: [(&str, &str, &str, &str); 13] = [
    (
        raw::DNS_LABEL,
        "config.invalid-name",
        "a DNS label",
        "use at most 63 lower-case letters, digits and inner hyphens",
    ),
    (
        raw::KIND,
        "config.invalid-kind",
        "a kind",
        "write `Deployment`, `Cluster.postgresql.cnpg.io`, or `traefik.io/*` for a whole API group",
    ),
    (
        raw::EXACT_KIND,
        "config.invalid-kind",
        "a kind",
        "write `Deployment`, or `Deployment.apps` with its API group",
    ),
    (
        raw::EXCEPTION_ID,
        "config.invalid-name",
        "an exception's id",
        "use letters, digits, `-`, `_` and `.`, such as `EXC-2026-014`",
    ),
    (
        raw::ENVIRONMENT_GLOB,
        "config.invalid-name",
        "a name of environments",
        "write a name, in which `*` stands for anything, such as `prod*`",
    ),
    (
        raw::WEEKDAY,
        "calendar.day",
        "a weekday",
        "write `MO`, or `4TH` for the fourth Thursday of the month, `-1FR` for the last Friday",
    ),
    (
        raw::ALLOW,
        "calendar.allow",
        "anything that could be let through",
        "write a tier (changes up to it), `rollback`, `emergency`, or `evidence:KIND`",
    ),
    (
        raw::CODE,
        "config.invalid-code",
        "a finding's code",
        "write the whole code, such as `resources.missing-memory-limit`",
    ),
    (
        raw::REPOSITORY,
        "config.invalid-name",
        "a repository's name",
        "write a name or address without spaces, such as `github.com/acme/shop`",
    ),
    (
        raw::KUBE_VERSION,
        "config.invalid-version",
        "a version of Kubernetes",
        "write it as `1.33` or `1.33.1`",
    ),
    (
        raw::ONLINE_HOST,
        "config.invalid-name",
        "a host",
        "write its name in lower case, with the port where it is not the usual one: `github.com`, `git.example:8443`",
    ),
    (
        raw::IMAGE_GLOB,
        "config.invalid-name",
        "a glob of images in full",
        "write the registry too, and all of it in lower case, without scheme, tag and digest, such as `registry.example/acme/**` or `docker.io/library/*`; only `*` and `**` stand for something else",
    ),
    (
        raw::TOOL_VERSION,
        "config.invalid-version",
        "a version of a program",
        "write the whole version, such as `v5.7.1`",
    ),
];

const MOST_SHOWN: usize = 80;
