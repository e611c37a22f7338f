//! What a script that takes away says that it comes after, and since when each accepted state of the unit holds that.
//! What was accepted is handed in; this knows no chain and no store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::files::Text;
use super::scripts::{Script, State, heads};
use super::statement::Class;
use crate::facts::Context;
use crate::facts::backups::spelt;
use crate::model::{GitId, RepoPath};

/// What a script comes after: the step that added, or the release that does without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum After {
    /// A commit that brought it.
    Commit(GitId),
    /// A script of the unit, from the root of the repository.
    Script(RepoPath),
}

/// Since when each accepted state holds it without a gap, as far back as matters; or why that is not known.
pub type Held = BTreeMap<After, Result<Timestamp, String>>;

/// Whether what takes away comes late enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Contract {
    /// Whether it does.
    pub good: bool,
    /// The same for people, in words that follow the script's name.
    pub text: String,
}

impl After {
    /// A commit in full, or else a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match GitId::parse(text) {
            Ok(commit) => Self::Commit(commit),
            Err(_) => Self::Script(RepoPath::from(text)),
        }
    }
}

/// What scripts that change say that they come after; nothing where nobody asks for that.
#[must_use]
pub fn awaited(context: &Context<'_>) -> BTreeSet<After> {
    if !is_asked(context) {
        return BTreeSet::new();
    }
    let texts = heads(context).into_iter();
    let said = texts.filter_map(|text| declared(&text).ok());
    let all: BTreeSet<After> = said.map(|after| After::parse(&after)).collect();
    all.into_iter().take(AWAITED).collect()
}

/// Adds to each script that takes away whether it comes late enough; nothing where nobody asks for that.
pub(super) fn add(scripts: &mut [Script], context: &Context<'_>) {
    if !is_asked(context) {
        return;
    }
    let takes_away =
        |script: &&mut Script| script.state != State::Removed && script.class >= Class::Destructive;
    for script in scripts.iter_mut().filter(takes_away) {
        let weighed = match &script.after {
            Ok(after) => weighed(after, context),
            Err(why) => Err((*why).to_owned()),
        };
        script.contract = Some(Contract {
            good: weighed.is_ok(),
            text: weighed.unwrap_or_else(|why| why),
        });
    }
}

fn is_asked(context: &Context<'_>) -> bool {
    context.script_rules.contracts_in(context.stage())
}

fn weighed(after: &str, context: &Context<'_>) -> Result<String, String> {
    let parsed = After::parse(after);
    if let After::Script(path) = &parsed {
        if !context.script_rules.is_script(path) {
            return Err(format!(
                "comes after `{after}`, which is neither a commit in full nor the path of a script from the root of the repository"
            ));
        }
        if context.scripts.changed.iter().any(|it| it.path == *path) {
            return Err(format!(
                "comes after `{after}`, which is new or another in the same step"
            ));
        }
    }
    let since = match context.held.get(&parsed) {
        Some(Ok(since)) => *since,
        Some(Err(why)) => return Err(format!("comes after `{after}`: {why}")),
        None => {
            return Err(format!(
                "comes after `{after}`, one of more than {AWAITED} that the scripts of this step come after: take away less at once"
            ));
        }
    };
    let age = context.season.now.duration_since(since).as_secs().max(0);
    let least = context.script_rules.contract_after().as_secs();
    match age >= least {
        true => Ok(format!("comes after `{after}`, accepted since {since}")),
        false => Err(format!(
            "comes after `{after}`, which is accepted without a gap for {} only, and must be for {}",
            spelt(age),
            spelt(least)
        )),
    }
}

/// What the comments before the first statement say once behind `contract-after:`; or why they do not.
pub(super) fn said(text: Option<&Text>) -> Result<String, &'static str> {
    match text {
        Some(Text::Known(text)) => declared(text),
        Some(Text::Unknown(_)) | None => Err("has no text that could say what it comes after"),
    }
}

fn declared(text: &str) -> Result<String, &'static str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().map(str::trim);
    let comments = lines.map_while(|line| match line.strip_prefix("--") {
        Some(comment) => Some(comment),
        None => line.is_empty().then_some(line),
    });
    let said = comments.filter_map(|comment| comment.trim().strip_prefix(KEY));
    let said: Vec<&str> = said.map(str::trim).collect();
    match said.as_slice() {
        [] => Err("does not say what it comes after"),
        [""] => Err("says that it comes after nothing"),
        [one] => Ok((*one).to_owned()),
        _ => Err("says more than once what it comes after"),
    }
}

/// So many are looked for in the history of a unit.
const AWAITED: usize = 16;
/// By which a script says what it comes after.
const KEY: &str = "contract-after:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_comes_after_stands_in_the_comments_before_its_statements() {
        let of = |text: &str| declared(text).map_err(|why| why.contains("more than once"));
        let wanted = Ok("db/V1__a.sql".to_owned());
        for text in [
            "-- contract-after: db/V1__a.sql\nDROP TABLE a;",
            "\u{feff}--contract-after:db/V1__a.sql  \r\nDROP TABLE a;",
            "--liquibase formatted sql\n\n--changeset a:1\n-- contract-after: db/V1__a.sql\nDROP TABLE a;",
        ] {
            assert_eq!(of(text), wanted, "{text}");
        }
        for text in [
            "",
            "DROP TABLE a;\n-- contract-after: db/V1__a.sql",
            "-- contract-after:\nDROP TABLE a;",
            "-- see contract-after: db/V1__a.sql\nDROP TABLE a;",
            "/* -- */ -- contract-after: db/V1__a.sql\nDROP TABLE a;",
        ] {
            assert_eq!(of(text), Err(false), "{text}");
        }
        let twice = "-- contract-after: a\n-- contract-after: b\nDROP TABLE a;";
        assert_eq!(of(twice), Err(true));
    }
}
