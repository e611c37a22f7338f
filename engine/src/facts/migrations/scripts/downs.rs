//! Whether there is a way back from a script.
//! Knows nothing of whether that way brings back what was lost.

use super::candidates::Candidate;
use super::order::Siblings;
use super::{Down, Named};
use crate::facts::migrations::files::Text;
use crate::facts::migrations::liquibase::change_sets;
use crate::facts::migrations::naming::{Engine, Turn};
use crate::facts::migrations::script::{Wrap, read};
use crate::facts::migrations::sections::sections;
use crate::facts::migrations::statement::Class;

/// Whether there is a script that takes this one back.
pub(super) fn down(candidate: &Candidate, named: &Named, siblings: &Siblings) -> Down {
    match (&named.engine, &named.turn, &candidate.head) {
        (Engine::Liquibase, _, Some(Text::Known(text))) => in_liquibase(text),
        (Engine::Goose | Engine::Dbmate, _, Some(Text::Known(text))) => in_parts(text),
        (Engine::Alembic, _, _) => Down::Absent,
        (Engine::Flyway | Engine::Sql, Turn::Once(version), _) => {
            match siblings.undo_of(candidate, version) {
                None => Down::Absent,
                Some(Some(Text::Known(text))) if does_nothing(text) => Down::NoOp,
                Some(_) => Down::Present,
            }
        }
        // A file that runs again whenever it changes is taken back by its older text.
        _ => Down::NotAsked,
    }
}

fn in_parts(text: &str) -> Down {
    match sections(text).and_then(|parts| parts.down) {
        None => Down::Absent,
        Some(text) if does_nothing(text) => Down::NoOp,
        Some(_) => Down::Present,
    }
}

fn in_liquibase(text: &str) -> Down {
    let sets = change_sets(text);
    let said = sets
        .iter()
        .filter(|set| !set.again)
        .map(|set| set.rollback.as_deref());
    let mut down = Down::Present;
    for rollback in said {
        match rollback.map(str::trim) {
            None => return Down::Absent,
            Some("" | "empty" | "not required") => down = Down::NoOp,
            Some(_) => {}
        }
    }
    down
}

fn does_nothing(text: &str) -> bool {
    let statements = read(text, &Wrap::Never, SHORT).statements;
    statements
        .iter()
        .all(|statement| statement.class == Class::None)
}

/// More statements than a script has that does nothing.
const SHORT: usize = 20;
