//! Which tool runs a script, in which order and how often, by its name and its first lines.
//! Knows nothing of what the script does.

use serde::Serialize;

use super::sections::sections;

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Something that runs SQL: `psql`, an operator, a tool that is not known by its names.
    Sql,
    /// Flyway: `V1__name.sql`.
    Flyway,
    /// Liquibase: `--liquibase formatted sql`.
    Liquibase,
    /// goose: `-- +goose Up`.
    Goose,
    /// dbmate: `-- migrate:up`.
    Dbmate,
    /// What `alembic upgrade --sql` wrote.
    Alembic,
    /// Odoo: `migrations/<version>/pre-name.py`.
    Odoo,
    /// A program, which is not read.
    Program,
    /// Nothing: it is documentation, or data of a tool.
    #[serde(skip)]
    Nothing,
}

/// What the name of a script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) engine: Engine,
    pub(super) turn: Turn,
}

/// When a script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Once, in the order of versions.
    Once(Version),
    /// Only to take back the script of this version.
    Undo(Version),
    /// Whenever it changes, or nobody knows when.
    Again,
}

/// A version, by which scripts are ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(Vec<u128>);

impl Version {
    /// Reads `1.2`, `1_2` or `20261123`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers = text.split(['.', '_']).map(|part| part.parse().ok());
        let mut numbers: Vec<u128> = numbers.collect::<Option<_>>()?;
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self(numbers))
    }
}

/// What a name says, that of a file or of a key; with its folder, and with the text where it is known.
pub(super) fn of(folder: &str, name: &str, text: Option<&str>) -> Named {
    let again = |engine| Named {
        engine,
        turn: Turn::Again,
    };
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    match ending.to_ascii_lowercase().as_str() {
        "sql" => of_sql(stem, text.unwrap_or_default()),
        "py" if is_of_odoo(folder, stem) => again(Engine::Odoo),
        _ if text.is_some_and(|text| text.trim().is_empty()) => again(Engine::Nothing),
        ending if DOCUMENTS.contains(&ending) && !text.is_some_and(is_changelog) => {
            again(Engine::Nothing)
        }
        _ => again(Engine::Program),
    }
}

fn of_sql(stem: &str, text: &str) -> Named {
    if is_liquibase(text) {
        return Named {
            engine: Engine::Liquibase,
            turn: Turn::Again,
        };
    }
    if let Some((head, _)) = stem.split_once("__")
        && let Some(turn) = turn_in_flyway(head)
    {
        return Named {
            engine: Engine::Flyway,
            turn,
        };
    }
    let engine = match text.contains("alembic_version") {
        true => Engine::Alembic,
        false => Engine::Sql,
    };
    let undoes = stem.ends_with(".down");
    let digits = stem
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(stem.len());
    let version = stem.get(..digits).and_then(Version::parse);
    let is_numbered = stem.get(digits..).is_some_and(|rest| rest.starts_with('_'));
    let is_half = undoes || stem.ends_with(".up");
    let parts = sections(text).filter(|_| version.is_some() && is_numbered && !is_half);
    let engine = parts.map_or(engine, |parts| parts.engine);
    let turn = match version {
        Some(version) if undoes => Turn::Undo(version),
        Some(version) => Turn::Once(version),
        None => Turn::Again,
    };
    Named { engine, turn }
}

/// What Flyway reads before the two underscores.
fn turn_in_flyway(head: &str) -> Option<Turn> {
    if head == "R" {
        return Some(Turn::Again);
    }
    let version = |letters: [char; 1]| Version::parse(head.strip_prefix(letters)?);
    let once = version(['V']).or_else(|| version(['B'])).map(Turn::Once);
    once.or_else(|| version(['U']).map(Turn::Undo))
}

/// Whether the first line that says anything is that of Liquibase.
pub(super) fn is_liquibase(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().and_then(|line| line.strip_prefix("--"));
    let words = first.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.is_some_and(|words| words.eq_ignore_ascii_case("liquibase formatted sql"))
}

/// Whether it is a list of changes for Liquibase.
fn is_changelog(text: &str) -> bool {
    text.contains("databaseChangeLog")
}

/// `<module>/migrations/<version>/pre-name.py`.
fn is_of_odoo(folder: &str, stem: &str) -> bool {
    let mut steps = folder.rsplit('/');
    let version = steps
        .next()
        .is_some_and(|step| Version::parse(step).is_some() || step == "0.0.0");
    let is_folder = steps
        .next()
        .is_some_and(|step| ["migrations", "upgrades"].contains(&step));
    version && is_folder && stage(stem).is_some()
}

/// When Odoo runs a script of this name.
pub(super) fn stage(stem: &str) -> Option<&'static str> {
    let stages = ["pre", "post", "end"].into_iter();
    let mut stages = stages.filter(|stage| {
        stem.strip_prefix(stage)
            .is_some_and(|rest| rest.starts_with('-'))
    });
    stages.next()
}

/// Endings of files that no tool runs as a script.
const DOCUMENTS: [&str; 19] = [
    "adoc",
    "cfg",
    "conf",
    "csv",
    "gitignore",
    "gitkeep",
    "ini",
    "json",
    "license",
    "lock",
    "mako",
    "md",
    "pot",
    "rst",
    "sum",
    "toml",
    "txt",
    "yaml",
    "yml",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    /// Folder, name, text, and what that says.
    const NAMES: &str = "
db|V1__a.sql||Flyway once 1
db|V1_2__a.sql||Flyway once 1.2
db|V2026.11__a.sql||Flyway once 2026.11
db|U1__a.sql||Flyway undo 1
db|R__views.sql||Flyway again
db|Vx__a.sql||Sql again
db|views.sql||Sql again
db|001_a.sql||Sql once 1
db|001_a.up.sql||Sql once 1
db|001_a.down.sql||Sql undo 1
db|001_a.sql|-- +goose Up|Goose once 1
db|20261123_a.sql|-- migrate:up|Dbmate once 20261123
db|a.sql|-- +goose Up|Sql again
db|001.sql|-- +goose Up|Sql once 1
db|001_a.up.sql|-- +goose Up|Sql once 1
db|001_a.down.sql|-- migrate:up|Sql undo 1
db|V1__a.sql|-- +goose Up|Flyway once 1
db|a.sql|--liquibase formatted sql|Liquibase again
db|a.sql|UPDATE alembic_version SET v = 1|Alembic again
sale/migrations/17.0.1.1|pre-a.py|x|Odoo again
sale/upgrades/17.0.1.1|end-a.py|x|Odoo again
sale/migrations/17.0.1.1|a.py|x|Program again
sale/migrations|0001_initial.py|x|Program again
sale/migrations|__init__.py||Nothing again
db/migrations|README.md|x|Nothing again
db/migrations|log.yaml|databaseChangeLog:|Program again
db/migrations|run.sh|x|Program again
db/migrations|dump.sql.gz|x|Program again
";

    #[test]
    fn names_say_who_runs_a_script_and_when() {
        for line in NAMES.lines().filter(|line| !line.is_empty()) {
            let columns: Vec<&str> = line.split('|').collect();
            let [folder, name, text, wanted] = columns.as_slice() else {
                panic!("{line}");
            };
            let (engine, turn) = wanted.split_once(' ').unwrap();
            let turn = match turn.split_once(' ') {
                Some(("once", text)) => Turn::Once(version(text)),
                Some((_, text)) => Turn::Undo(version(text)),
                None => Turn::Again,
            };
            let found = of(folder, name, Some(text));
            assert_eq!(format!("{:?}", found.engine), engine, "{line}");
            assert_eq!(found.turn, turn, "{line}");
        }
    }

    #[test]
    fn versions_are_numbers() {
        assert!(version("10") > version("9"));
        assert!(version("1.10") > version("1.9"));
        assert_eq!(version("1.0"), version("1"));
        assert_eq!(version("001"), version("1"));
        for text in ["", "x", "1.x", "-1", "1..2"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
