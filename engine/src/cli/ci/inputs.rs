//! The inputs of the GitHub action, as its `action.yml` hands them over: in the environment, never in
//! arguments. Knows nothing of events.

use super::{Error, FailOn, Variables};
use crate::model::limits;

/// What the step was given.
#[derive(Clone, Debug)]
pub(super) struct Inputs {
    pub(super) command: Command,
    pub(super) environment: Option<String>,
    pub(super) base: Option<String>,
    /// `None` for `auto`.
    pub(super) policy_ref: Option<String>,
    pub(super) config: Option<String>,
    /// Where verdicts of other environments lie.
    pub(super) verdicts: Option<String>,
    /// A folder of signed evidence of backups.
    pub(super) evidence: Option<String>,
    pub(super) fail_on: FailOn,
    /// `None` for `none`.
    pub(super) publish: Option<String>,
    pub(super) renew: bool,
    pub(super) summary: bool,
    pub(super) annotations: usize,
    pub(super) sarif_file: Option<String>,
    pub(super) report_dir: Option<String>,
    pub(super) comment: When,
    pub(super) comment_author: String,
    pub(super) verdict_file: Option<String>,
    pub(super) trust_file: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) revision: Option<String>,
    /// Where verdicts of what a queue is about to merge lie.
    pub(super) candidates: Option<String>,
}

/// What the step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Check,
    Sign,
    Verify,
    Comment,
}

/// When a pull request is commented on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Never,
    /// Where there is something to do, or was.
    Auto,
    Always,
}

impl Inputs {
    /// Reads them all; one that nobody knows is an error, as a misspelt one would otherwise be silent.
    pub(super) fn read(variables: &Variables) -> Result<Self, Error> {
        none_is_unknown(variables)?;
        let text = |name: &str| variables.get(&format!("{PREFIX}{name}"));
        let owned = |name: &str| text(name).map(str::to_owned);
        let unless = |name: &str, none: &str| owned(name).filter(|value| value != none);
        Ok(Self {
            command: command(text("COMMAND"))?,
            environment: owned("ENVIRONMENT"),
            base: owned("BASE"),
            policy_ref: unless("POLICY_REF", "auto"),
            config: owned("CONFIG"),
            verdicts: owned("VERDICTS"),
            evidence: owned("EVIDENCE"),
            fail_on: one_of(
                ("fail-on", text("FAIL_ON"), "`deny`, `warn` or `never`"),
                &[
                    ("deny", FailOn::Deny),
                    ("warn", FailOn::Warn),
                    ("never", FailOn::Never),
                ],
            )?,
            publish: unless("PUBLISH", "none"),
            renew: one_of(
                ("renew", text("RENEW"), "`true` or `false`"),
                &[("false", false), ("true", true)],
            )?,
            summary: one_of(
                ("summary", text("SUMMARY"), "`true` or `false`"),
                &[("true", true), ("false", false)],
            )?,
            annotations: annotations(text("ANNOTATIONS"))?,
            sarif_file: owned("SARIF_FILE"),
            report_dir: owned("REPORT_DIR"),
            comment: one_of(
                ("comment", text("COMMENT"), "`never`, `auto` or `always`"),
                &[
                    ("never", When::Never),
                    ("auto", When::Auto),
                    ("always", When::Always),
                ],
            )?,
            comment_author: text("COMMENT_AUTHOR").unwrap_or(BOT).to_owned(),
            verdict_file: owned("VERDICT_FILE"),
            trust_file: owned("TRUST_FILE"),
            unit: owned("UNIT"),
            revision: owned("REVISION"),
            candidates: owned("CANDIDATES"),
        })
    }
}

fn command(given: Option<&str>) -> Result<Command, Error> {
    one_of(
        ("command", given, "`check`, `sign`, `verify` or `comment`"),
        &[
            ("check", Command::Check),
            ("sign", Command::Sign),
            ("verify", Command::Verify),
            ("comment", Command::Comment),
        ],
    )
}

/// Whether every input is one of ours.
fn none_is_unknown(variables: &Variables) -> Result<(), Error> {
    let given = variables
        .0
        .keys()
        .filter_map(|name| name.strip_prefix(PREFIX));
    for name in given {
        if !NAMES.contains(&name) {
            return Err(Error::UnknownInput {
                name: name.to_ascii_lowercase().replace('_', "-"),
            });
        }
    }
    Ok(())
}

/// The value that a word stands for; the first where none is given.
fn one_of<T: Copy>(
    (name, given, wanted): (&str, Option<&str>, &'static str),
    values: &[(&str, T)],
) -> Result<T, Error> {
    let found = match given {
        None => values.first(),
        Some(given) => values.iter().find(|(word, _)| *word == given),
    };
    found.map(|(_, value)| *value).ok_or_else(|| Error::Input {
        name: name.to_owned(),
        value: given.unwrap_or_default().to_owned(),
        wanted,
    })
}

fn annotations(given: Option<&str>) -> Result<usize, Error> {
    let Some(given) = given else {
        return Ok(limits::ANNOTATIONS.most);
    };
    let number = given.parse().ok();
    number
        .filter(|number| *number <= limits::ANNOTATIONS.most)
        .ok_or_else(|| Error::Input {
            name: "annotations".to_owned(),
            value: given.to_owned(),
            wanted: "a number from 0 to 9: GitHub shows ten of a level for a step",
        })
}

const PREFIX: &str = "TIDEGATE_INPUT_";
/// The inputs of `action.yml` that reach the binary; a test compares them.
const NAMES: [&str; 21] = [
    "COMMAND",
    "ENVIRONMENT",
    "BASE",
    "POLICY_REF",
    "CONFIG",
    "VERDICTS",
    "EVIDENCE",
    "FAIL_ON",
    "PUBLISH",
    "RENEW",
    "SUMMARY",
    "ANNOTATIONS",
    "SARIF_FILE",
    "REPORT_DIR",
    "COMMENT",
    "COMMENT_AUTHOR",
    "VERDICT_FILE",
    "TRUST_FILE",
    "UNIT",
    "REVISION",
    "CANDIDATES",
];
/// Whom the token of a job speaks for.
const BOT: &str = "github-actions[bot]";

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(given: &[(&str, &str)]) -> Result<Inputs, Error> {
        let named = given
            .iter()
            .map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned()));
        Inputs::read(&Variables(named.collect()))
    }

    #[test]
    fn an_empty_input_is_its_default() {
        let read = inputs(&[("COMMAND", ""), ("POLICY_REF", "auto"), ("PUBLISH", "none")]).unwrap();
        assert_eq!(read.command, Command::Check);
        assert_eq!(read.fail_on, FailOn::Deny);
        assert_eq!((read.policy_ref, read.publish), (None, None));
        assert!(read.summary);
        assert_eq!(read.annotations, 9);
    }

    #[test]
    fn an_odd_input_is_an_error() {
        for odd in [
            ("COMMAND", "Check"),
            ("FAIL_ON", "denny"),
            ("SUMMARY", "yes"),
            ("ANNOTATIONS", "10"),
            ("ANNOTATIONS", "-1"),
            ("FAILON", "deny"),
        ] {
            assert!(inputs(&[odd]).is_err(), "{odd:?}");
        }
    }
}
