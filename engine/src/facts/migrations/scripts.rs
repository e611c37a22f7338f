//! Brings together what changes in files and in objects: which scripts are new, which are others now, and which are gone.
//! Knows nothing of what a statement does.

mod candidates;
mod downs;
mod order;

use serde::Serialize;

use self::candidates::{Candidate, Origin, candidates};
use self::downs::down;
use self::order::Siblings;
use super::contracts::{self, Contract};
use super::files::Text;
use super::liquibase::{change_sets, rewritten};
use super::naming::{self, Engine, Named, Turn};
use super::objects::Place;
use super::said::{self, Word};
use super::script::{self, Read, Wrap, unread};
use super::sections::{flaw, sections};
use super::statement::{Class, Statement};
use crate::facts::Context;
use crate::model::{Digest, ObjectRef, limits};

/// A script that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Script {
    /// Where it stands, for people: `apps/shop/migrations/V2__drop.sql`, `ConfigMap shop/sql, 001.sql`.
    pub id: String,
    /// What runs it.
    pub engine: Engine,
    /// The object that holds it; absent for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Where it stands in the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What becomes of it.
    pub state: State,
    /// The worst of its statements; what is destructive and has no way back is irreversible.
    pub class: Class,
    /// Its statements; none of one that is gone.
    pub statements: Vec<Statement>,
    /// Whether an advisory lock keeps two runs of it apart.
    pub takes_lock: bool,
    /// Whether there is a script that takes it back.
    pub down: Down,
    /// What of it has run before and is another now, or gone: itself, or change sets of Liquibase.
    pub rewritten: Vec<String>,
    /// What keeps its turn from coming: a script of base with a higher version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
    /// Another script with the same version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// The SHA-256 of its text, by which it is reviewed and rehearsed; absent where it has none that can be read, or is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub digest: Option<Digest>,
    /// What who looked at it says; absent where nobody must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Word>,
    /// What who ran it elsewhere says; absent where nobody must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Word>,
    /// What it says that it comes after, or why it does not.
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) after: Result<String, &'static str>,
    /// Whether it takes away late enough; absent where nobody asks, or it does not take away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
}

/// What becomes of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is new.
    New,
    /// It says something else.
    Changed,
    /// It is gone.
    Removed,
}

/// Whether there is a script that takes another back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Down {
    /// There is.
    Present,
    /// There is none.
    Absent,
    /// There is one that does nothing.
    NoOp,
    /// Nothing would run it: the tool is not known to.
    NotAsked,
}

/// The scripts that change.
pub(super) fn scripts(context: &Context<'_>) -> Vec<Script> {
    let candidates = candidates(context);
    let siblings = Siblings::of(context, &candidates);
    let mut left = limits::STATEMENTS.most;
    let mut found = Vec::new();
    for candidate in &candidates {
        let named = named(candidate);
        if named.engine == Engine::Nothing || siblings.is_undo(candidate, &named) {
            continue;
        }
        let script = script(candidate, &named, &siblings, left);
        left = left.saturating_sub(script.statements.len());
        found.push(script);
    }
    found
}

/// The texts at head of whatever may be a script and changes.
pub(super) fn heads(context: &Context<'_>) -> Vec<String> {
    let heads = candidates(context)
        .into_iter()
        .filter_map(|candidate| candidate.head);
    let known = heads.filter_map(|text| match text {
        Text::Known(text) => Some(text),
        Text::Unknown(_) => None,
    });
    known.collect()
}

/// Whether an object holds what may be a script, and changes.
pub(super) fn are_in_objects(context: &Context<'_>) -> bool {
    let all = candidates(context);
    all.iter()
        .any(|it| matches!(it.origin, Origin::Object { .. }))
}

fn named(candidate: &Candidate) -> Named {
    let text = candidate.head.as_ref().or(candidate.base.as_ref());
    let text = match text {
        Some(Text::Known(text)) => Some(text.as_str()),
        _ => None,
    };
    match candidate.origin {
        // Only a file, or a key that becomes one, has a name that a tool reads.
        Origin::Object {
            place: Place::First | Place::Argument,
            ..
        } => Named {
            engine: Engine::Sql,
            turn: Turn::Again,
        },
        // What an operator refers to runs whatever it is called.
        Origin::Object { .. } if !candidate.is_sql() => Named {
            engine: Engine::Sql,
            turn: Turn::Again,
        },
        _ => {
            let named = naming::of(&candidate.folder, &candidate.name, text);
            match (named.engine, &candidate.origin) {
                // Of what anything else may run, the second part is no way back: it runs too.
                (Engine::Goose | Engine::Dbmate, Origin::Object { run_by, .. })
                    if !run_by.contains(&named.engine) =>
                {
                    Named {
                        engine: Engine::Sql,
                        ..named
                    }
                }
                _ => named,
            }
        }
    }
}

fn script(candidate: &Candidate, named: &Named, siblings: &Siblings, left: usize) -> Script {
    let state = candidate.state();
    let Read {
        statements,
        takes_lock,
    } = match &candidate.head {
        None => Read::default(),
        Some(text) => read(text, candidate, named, left),
    };
    let down = match state {
        State::Removed => Down::NotAsked,
        _ => down(candidate, named, siblings),
    };
    let worst = statements.iter().map(|statement| statement.class).max();
    let worst = worst.unwrap_or_default();
    let one_way = matches!(down, Down::Absent | Down::NoOp);
    let (object, field) = match &candidate.origin {
        Origin::File => (None, None),
        Origin::Object { object, field, .. } => (Some(object.clone()), Some(field.clone())),
    };
    Script {
        id: candidate.id(),
        engine: named.engine,
        object,
        field,
        state,
        class: match worst {
            Class::Destructive if one_way => Class::Irreversible,
            worst => worst,
        },
        statements,
        takes_lock,
        down,
        rewritten: rewritten_of(candidate, named),
        behind: siblings.ahead_of(candidate, named),
        twin: siblings.twin_of(candidate, named),
        digest: said::digest(candidate.head.as_ref()),
        reviewed: None,
        rehearsed: None,
        after: contracts::said(candidate.head.as_ref()),
        contract: None,
    }
}

fn read(text: &Text, candidate: &Candidate, named: &Named, left: usize) -> Read {
    let text = match text {
        Text::Known(text) => text,
        Text::Unknown(reason) => return unread(reason),
    };
    match named.engine {
        Engine::Odoo | Engine::Program => unread("the code of a program, which is not read"),
        _ if left == 0 => {
            unread("the scripts before it are too much already: change fewer at once")
        }
        Engine::Goose | Engine::Dbmate => part(text, left),
        _ => script::read(text, &wrap(text, candidate, named), left),
    }
}

/// Reads what goose or dbmate runs of a script.
fn part(text: &str, left: usize) -> Read {
    let Some(parts) = sections(text) else {
        return unread("its parts cannot be told apart");
    };
    match flaw(&parts) {
        Some(why) => unread(why),
        None => script::read(parts.up, &parts.wrap, left),
    }
}

/// Whether what runs a script begins a transaction for it.
fn wrap(text: &str, candidate: &Candidate, named: &Named) -> Wrap {
    match (named.engine, &candidate.origin) {
        (Engine::Flyway, _) => Wrap::Unless,
        (Engine::Liquibase, _) => {
            let sets = change_sets(text).into_iter();
            Wrap::Parts(sets.map(|set| (set.before, set.wrapped)).collect())
        }
        (
            _,
            Origin::Object {
                place: Place::First | Place::Argument,
                ..
            },
        ) => Wrap::Several,
        _ if candidate.name.to_lowercase().ends_with(".up.sql") => Wrap::Several,
        _ => Wrap::Never,
    }
}

/// What of a script has run before and is another now.
fn rewritten_of(candidate: &Candidate, named: &Named) -> Vec<String> {
    let Some(base) = &candidate.base else {
        return Vec::new();
    };
    match (named.engine, base, &candidate.head) {
        (Engine::Liquibase, Text::Known(base), Some(Text::Known(head))) => rewritten(base, head),
        (Engine::Liquibase, Text::Known(base), None) => rewritten(base, ""),
        (Engine::Liquibase, ..) => vec![candidate.name.clone()],
        _ if matches!(named.turn, Turn::Once(_)) => vec![candidate.name.clone()],
        _ => Vec::new(),
    }
}
