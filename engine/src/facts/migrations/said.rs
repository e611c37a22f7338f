//! What signed evidence says of scripts that change: who looked at them, who ran them on a likeness of the database, and whether
//! a backup was made for what nothing else brings back. Verifies no signature; what is denied where, policies say.

use jiff::Timestamp;
use serde::Serialize;

use super::files::Text;
use super::scripts::{Script, State};
use super::statement::Class;
use crate::facts::Context;
use crate::facts::backups::{self, Checkpoint};
use crate::facts::evidence::{
    Decision, Known, MigrationRehearsal, MigrationReview, OfScript, Outcome, Witnessed,
};
use crate::model::Digest;

/// What somebody says of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Word {
    /// Whether it lets the script run.
    pub good: bool,
    /// The same for people, in words that follow the script's name.
    pub text: String,
    /// How long the script took, and those that were rehearsed with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// How large the database was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The statement; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub evidence: Option<Digest>,
}

/// Adds what is said of each script that is to run; nothing where no evidence is asked for.
pub(super) fn add(scripts: &mut [Script], context: &Context<'_>) {
    if !is_asked(context) {
        return;
    }
    for script in scripts.iter_mut().filter(|it| it.state != State::Removed) {
        let known = context.reported;
        let of = script.digest.and_then(|digest| known.scripts.get(&digest));
        let nothing = OfScript::default();
        let of = of.unwrap_or(&nothing);
        script.reviewed = Some(match of.review() {
            Some(review) => reviewed(review),
            None => unsaid(script.digest, "reviewed", known),
        });
        script.rehearsed = Some(match of.rehearsal() {
            Some(rehearsal) => rehearsed(rehearsal),
            None => unsaid(script.digest, "rehearsed", known),
        });
    }
}

/// Whether a backup was made of each database, where a script takes away what no script brings back.
pub(super) fn checkpoints(scripts: &[Script], context: &Context<'_>) -> Vec<Checkpoint> {
    let one_way = scripts.iter().any(|it| it.class == Class::Irreversible);
    match one_way && is_asked(context) {
        true => backups::checkpoints(context),
        false => Vec::new(),
    }
}

/// When the first of them is too old.
pub(super) fn until(checkpoints: &[Checkpoint]) -> Option<Timestamp> {
    checkpoints.iter().filter_map(|one| one.until).min()
}

fn is_asked(context: &Context<'_>) -> bool {
    context.script_rules.asks_in(context.stage())
}

/// The digest of a text, by which it is reviewed and rehearsed.
pub(super) fn digest(text: Option<&Text>) -> Option<Digest> {
    match text? {
        Text::Known(text) => Some(Digest::of(text.as_bytes())),
        Text::Unknown(_) => None,
    }
}

fn reviewed(review: &Witnessed<MigrationReview>) -> Word {
    let by = review.signers.join(", ");
    Word {
        good: review.said.decision == Decision::Approved,
        text: format!("was {} by {by}", review.said.decision.as_str()),
        seconds: None,
        bytes: None,
        evidence: Some(review.digest),
    }
}

fn rehearsed(rehearsal: &Witnessed<MigrationRehearsal>) -> Word {
    let by = rehearsal.signers.join(", ");
    let good = rehearsal.said.outcome == Outcome::Passed;
    let seconds = rehearsal.said.duration().as_secs();
    let text = match good {
        true => format!(
            "was rehearsed within {}, signed by {by}",
            backups::spelt(seconds)
        ),
        false => format!("failed where it was rehearsed last, signed by {by}"),
    };
    Word {
        good,
        text,
        seconds: Some(seconds),
        bytes: Some(rehearsal.said.database_bytes),
        evidence: Some(rehearsal.digest),
    }
}

fn unsaid(digest: Option<Digest>, what: &str, known: &Known) -> Word {
    let text = match (digest, &known.untold) {
        (None, _) => format!("has no text that could be {what}"),
        (Some(digest), None) => match known.refused_of_script(digest) {
            Some(void) => format!(
                "was {what} by nobody who may say so: `{}`: {}",
                void.path, void.text
            ),
            None => format!("was {what} by nobody (sha256:{digest})"),
        },
        (_, Some(why)) => format!("was {what} by nobody: {why}"),
    };
    Word {
        good: false,
        text,
        seconds: None,
        bytes: None,
        evidence: None,
    }
}
