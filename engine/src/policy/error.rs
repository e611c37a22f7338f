//! Why a policy could not be read or could not answer.
//! Knows no finding: whatever stands here ends in exit 3.

mod problems;

use std::fmt;

use miette::Diagnostic;

pub use self::problems::Problems;

/// A place in a policy's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the set names it.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Place {
    pub(super) fn new(path: &str, line: u32, column: u32) -> Self {
        Self {
            path: path.to_owned(),
            line: line.max(1),
            column: column.max(1),
        }
    }

    pub(super) fn file(path: &str) -> Self {
        Self::new(path, 1, 1)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// A policy cannot be used, or did not answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error, Diagnostic)]
#[expect(
    missing_docs,
    reason = "the messages document the variants and their fields"
)]
pub enum Error {
    #[error("{at}: {what}")]
    #[diagnostic(code(policy::syntax), help("policies are Rego v1 in UTF-8 files"))]
    Syntax { at: Place, what: String },

    #[error("{at}: brackets stand {depth} deep, the limit is {limit}", limit = crate::model::limits::POLICY_BRACKETS.most)]
    #[diagnostic(
        code(policy::nesting),
        help("give inner values a name of their own: the time to parse doubles with each level")
    )]
    Nesting { at: Place, depth: usize },

    #[error("{at}: {what}")]
    #[diagnostic(
        code(policy::metadata),
        help("the keys are described by schemas/policy-metadata.v1.json")
    )]
    Metadata { at: Place, what: String },

    #[error("{at}: package `{found}` should be `{expected}`")]
    #[diagnostic(code(policy::package_mismatch), help("the folder decides the package"))]
    PackageMismatch {
        at: Place,
        found: String,
        expected: String,
    },

    #[error("{at}: `{name}` is not allowed in a policy: {why}")]
    #[diagnostic(
        code(policy::builtin_forbidden),
        help(
            "a policy has no clock, randomness, network or environment; its answer depends on `input` alone"
        )
    )]
    BuiltinForbidden {
        at: Place,
        name: String,
        why: String,
    },

    #[error("{at}: there is no function `{name}`")]
    #[diagnostic(
        code(policy::unknown_function),
        help("{}define it in this file, or correct the name", question(meant))
    )]
    UnknownFunction {
        at: Place,
        name: String,
        meant: Option<String>,
    },

    #[error("{at}: the pattern is {why}")]
    #[diagnostic(
        code(policy::regex),
        help(
            "write a shorter pattern; counted repetitions make it long, `a{{1000}}` a thousand times"
        )
    )]
    Regex { at: Place, why: String },

    #[error("{at}: `{name}` has the name of something built in")]
    #[diagnostic(code(policy::name_taken), help("choose another name"))]
    NameTaken { at: Place, name: String },

    #[error("{at}: the rule `{name}` has the name of the package of another file")]
    #[diagnostic(
        code(policy::data_shadows_rule),
        help("choose another name: `change_set.rego` of the same folder would be hidden by it")
    )]
    DataShadowsRule { at: Place, name: String },

    #[error("{at}: `{name}` depends on itself: {}", way.join(" → "))]
    #[diagnostic(
        code(policy::recursion),
        help(
            "walk(..) and comprehensions replace recursion; a local variable must not have the name of a rule"
        )
    )]
    Recursion {
        at: Place,
        name: String,
        way: Vec<String>,
    },

    #[error("{at}: `{name}` cannot be imported here")]
    #[diagnostic(
        code(policy::import),
        help("a policy imports `rego.v1` only; its tests also import their policy's package")
    )]
    Import { at: Place, name: String },

    #[error("{at}: `{name}` reads outside this policy")]
    #[diagnostic(
        code(policy::data_reference),
        help("name rules of this package directly; tests write out `data.<the policy's package>`")
    )]
    DataReference { at: Place, name: String },

    #[error("{at}: `with` is for tests")]
    #[diagnostic(
        code(policy::with_outside_test),
        help("pass the value to a function instead")
    )]
    WithOutsideTest { at: Place },

    #[error("{at}: no rule `{rule}`, though the metadata declares {what}")]
    #[diagnostic(
        code(policy::no_entry),
        help("write `{rule} contains ... if {{ ... }}`, or remove what is declared")
    )]
    NoEntry {
        at: Place,
        rule: String,
        what: String,
    },

    #[error("{at}: {what}")]
    #[diagnostic(
        code(policy::result_shape),
        help(
            "entry rules are sets: `deny contains finding if {{ ... }}`; see the section on findings in CONTRIBUTING"
        )
    )]
    ResultShape { at: Place, what: String },

    #[error("{at}: `{name}` is no part of the input document")]
    #[diagnostic(
        code(policy::unknown_field),
        help("{}schemas/input.v1.json describes the document", question(meant))
    )]
    UnknownField {
        at: Place,
        name: String,
        meant: Option<String>,
    },

    #[error("{at}: a setting is given a default here")]
    #[diagnostic(
        code(policy::setting_default),
        help("name the setting directly; settings.schema.json gives it its default")
    )]
    SettingDefault { at: Place },

    #[error("{at}: `{name}` is read but not declared")]
    #[diagnostic(
        code(policy::undeclared),
        help("declare it in the metadata: `facts: [...]`, or `clock: true` for `input.now`")
    )]
    Undeclared { at: Place, name: String },

    #[error("{at}: code `{finding}` is not declared for `{rule}`")]
    #[diagnostic(
        code(policy::undeclared_code),
        help("list it in the metadata, under `codes` or `reasons`")
    )]
    UndeclaredCode {
        at: Place,
        finding: String,
        rule: String,
    },

    #[error("{at}: `{rule}` has no value")]
    #[diagnostic(
        code(policy::undefined),
        help("an entry rule is a set, empty if nothing is wrong")
    )]
    Undefined { at: Place, rule: String },

    #[error("{at}: {what}")]
    #[diagnostic(code(policy::evaluation), help("an error in a policy is never a pass"))]
    Evaluation { at: Place, what: String },

    #[error("{what} took longer than {limit_ms} ms")]
    #[diagnostic(
        code(policy::timeout),
        help(
            "look for nested iteration over all changes, or for one call that makes a huge value"
        )
    )]
    Timeout { what: String, limit_ms: u128 },

    #[error("{what} took more than {limit} MiB of memory", limit = crate::model::limits::POLICY_MEMORY.wide() >> 20)]
    #[diagnostic(
        code(policy::memory),
        help("look for a text or a list that doubles, or for a list of every pair of something")
    )]
    Memory { what: String },

    #[error("{at}: {what}")]
    #[diagnostic(
        code(policy::builtin_error),
        help("a function that fails is never undefined; test the value before you pass it on")
    )]
    BuiltinError { at: Place, what: String },

    #[error("{what}: the interpreter of policies ended with a panic")]
    #[diagnostic(
        code(bug::policy_panic),
        help("this is not a pass; please report it with the policy")
    )]
    Panic { what: String },

    #[error("{what}: the machine gives no thread for it")]
    #[diagnostic(
        code(policy::no_thread),
        help("raise the number of processes and threads that one user may have")
    )]
    NoThread { what: String },

    #[error("{path}: this file has no place in a policy folder")]
    #[diagnostic(
        code(policy::unexpected_file),
        help(
            "a folder has a lower-case name that does not end in `-test`; it holds policy.rego, change_set.rego, policy_test.rego, README.md, settings.schema.json and cases/"
        )
    )]
    UnexpectedFile { path: String },

    #[error("policy `{folder}` of the repository has the name of a built-in one")]
    #[diagnostic(
        code(policy::shadowed),
        help("rename the folder; a built-in policy is turned off or set up in tidegate.yaml")
    )]
    Shadowed { folder: String },

    #[error("{path}: {what}")]
    #[diagnostic(
        code(policy::settings_schema),
        help("every property has a description and a default; additionalProperties is false")
    )]
    SettingsSchema { path: String, what: String },

    #[error("{path} is {value} bytes, the limit is {limit}", limit = crate::model::limits::POLICY_FILE.most)]
    #[diagnostic(code(limit::policy_file), help("split the policy"))]
    FileSize { path: String, value: usize },

    #[error("the number of policies is {value}, the limit is {limit}", limit = crate::model::limits::POLICIES.most)]
    #[diagnostic(code(limit::policies), help("remove policies that are not used"))]
    Count { value: usize },

    #[error("the size of all policies is {value} bytes, the limit is {limit}", limit = crate::model::limits::POLICY_TOTAL.most)]
    #[diagnostic(code(limit::policy_total), help("remove policies that are not used"))]
    TotalSize { value: usize },

    #[error("the input document of policy file {path} is {value} bytes, the limit is {limit}", limit = crate::model::limits::INPUT_DOCUMENT.most)]
    #[diagnostic(
        code(limit::input_document),
        help("judge it in smaller steps, or split the unit")
    )]
    InputSize { path: String, value: usize },

    #[error("{at}: the number of findings is {value}, the limit is {limit}", limit = crate::model::limits::FINDINGS.most)]
    #[diagnostic(
        code(limit::findings),
        help("report one finding for each thing to mend")
    )]
    FindingCount { at: Place, value: usize },

    #[error("{at}: the number of reasons is {value}, the limit is {limit}", limit = crate::model::limits::REASONS.most)]
    #[diagnostic(
        code(limit::reasons),
        help("give one reason for each code and change, and judge fewer changes at once")
    )]
    ReasonCount { at: Place, value: usize },

    #[error("{at}: the {what} of a finding{about} is {value} bytes, the limit is {limit}", limit = crate::model::limits::MESSAGE_LENGTH.most)]
    #[diagnostic(
        code(limit::message_length),
        help("name what offends, do not print it whole")
    )]
    MessageLength {
        at: Place,
        what: String,
        /// ` about …`, or nothing.
        about: String,
        value: usize,
    },

    #[error("{at}: the number of `fields` of a finding{about} is {value}, the limit is {limit}", limit = crate::model::limits::FINDING_FIELDS.most)]
    #[diagnostic(
        code(limit::finding_fields),
        help("name the field that holds them all, or give a finding for each thing to mend")
    )]
    FindingFields {
        at: Place,
        /// ` about …`, or nothing.
        about: String,
        value: usize,
    },
}

impl Error {
    pub(super) fn no_package(path: &str) -> Self {
        Self::Syntax {
            at: Place::file(path),
            what: "the file has no package".to_owned(),
        }
    }

    /// Where it was found, where that is a place in a file.
    pub(super) fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Syntax { at, .. }
            | Self::Nesting { at, .. }
            | Self::Metadata { at, .. }
            | Self::PackageMismatch { at, .. }
            | Self::BuiltinForbidden { at, .. }
            | Self::UnknownFunction { at, .. }
            | Self::Regex { at, .. }
            | Self::NameTaken { at, .. }
            | Self::DataShadowsRule { at, .. }
            | Self::Recursion { at, .. }
            | Self::Import { at, .. }
            | Self::DataReference { at, .. }
            | Self::WithOutsideTest { at, .. }
            | Self::NoEntry { at, .. }
            | Self::ResultShape { at, .. }
            | Self::UnknownField { at, .. }
            | Self::SettingDefault { at, .. }
            | Self::Undeclared { at, .. }
            | Self::UndeclaredCode { at, .. }
            | Self::Undefined { at, .. }
            | Self::Evaluation { at, .. }
            | Self::BuiltinError { at, .. }
            | Self::FindingCount { at, .. }
            | Self::ReasonCount { at, .. }
            | Self::MessageLength { at, .. }
            | Self::FindingFields { at, .. } => Some(at),
            _ => None,
        }
    }
}

/// The place and the sentence in an error text of the engine, without the line of source.
pub(super) fn place_and_message(path: &str, text: &str) -> (Place, String) {
    let arrow = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("--> "));
    let at = arrow.and_then(|place| {
        let (rest, column) = place.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Place::new(file, line.parse().ok()?, column.parse().ok()?))
    });
    let message = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("error: "))
        .or_else(|| text.lines().find(|line| !line.trim().is_empty()))
        .unwrap_or("no reason is known");
    let message = message
        .chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE_CHARS)
        .collect();
    (at.unwrap_or_else(|| Place::file(path)), message)
}

fn question(meant: &Option<String>) -> String {
    let question = |meant: &String| format!("did you mean `{meant}`? ");
    meant.as_ref().map_or_else(String::new, question)
}

const MESSAGE_CHARS: usize = 400;
