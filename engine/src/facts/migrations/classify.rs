//! What a statement does, by what it is. What stands in no list here is not understood.
//! Knows nothing of the script around it.

use squawk_parser::SyntaxKind::{self, *};

use super::alter::{alter_other, alter_table, alter_type};
use super::statement::{Class, Effect, Lock};
use super::syntax::{Node, folded};

/// What a statement does.
pub(super) fn classify(statement: Node<'_>) -> Effect {
    let verb = worded(statement.kind());
    let effect = of_kind(statement);
    let effect = match effect.verb.is_empty() {
        true => effect.named(verb),
        false => effect,
    };
    match statement.kind() {
        // What it would run is not run, or counted already.
        EXPLAIN => effect,
        _ => within(statement).fold(effect, Effect::and),
    }
}

/// What rows the statement writes by statements within it, such as those of `WITH`.
fn within<'t>(statement: Node<'t>) -> impl Iterator<Item = Effect> + 't {
    let inner = statement.within();
    inner.filter_map(|node| {
        let effect = match node.kind() {
            DELETE | UPDATE | INSERT | MERGE => rows(node),
            SELECT_INTO => Effect::new(Class::Additive),
            _ => return None,
        };
        let verb = worded(node.kind());
        Some(effect.named(verb))
    })
}

fn of_kind(statement: Node<'_>) -> Effect {
    let kind = statement.kind();
    if NOTHING.contains(&kind) {
        return Effect::new(Class::None);
    }
    if ADDED.contains(&kind) {
        return created(statement);
    }
    if DROPPED.contains(&kind) {
        return dropped(statement);
    }
    if GONE.contains(&kind) {
        let effect = Effect::new(Class::Irreversible).locking(Lock::AccessExclusive);
        return match kind {
            DROP_DATABASE | DROP_TABLESPACE => effect.alone(),
            _ => effect,
        };
    }
    match kind {
        SELECT | COMPOUND_SELECT | PAREN_SELECT | VALUES | TABLE | DECLARE => read(statement),
        SET => set(statement),
        EXPLAIN => explained(statement),
        PREPARE | CREATE_TABLE_AS | SELECT_INTO => calls(statement),
        DELETE | UPDATE | INSERT | MERGE => rows(statement),
        COPY => copied(statement),
        ALTER_TABLE => alter_table(statement),
        ALTER_TYPE => alter_type(statement),
        _ if ALTERED.contains(&kind) => alter_other(statement),
        _ => maintained(statement),
    }
}

/// What works on tables as they are.
fn maintained(statement: Node<'_>) -> Effect {
    let care = || Effect {
        tables: tables(statement),
        ..Effect::new(Class::Care)
    };
    match statement.kind() {
        CREATE_INDEX => indexed(statement),
        CREATE_TRIGGER => care().locking(Lock::ShareRowExclusive),
        CREATE_RULE | CREATE_POLICY | LOCK => care().locking(Lock::AccessExclusive),
        CREATE_EVENT_TRIGGER | REASSIGN => care(),
        CLUSTER | CLUSTER_LEGACY | REPACK => care().rewriting(),
        VACUUM => vacuumed(statement),
        REINDEX => reindexed(statement),
        REFRESH if statement.says("CONCURRENTLY") => Effect::new(Class::None),
        REFRESH => care().locking(Lock::AccessExclusive),
        ALTER_SYSTEM => Effect::new(Class::Care).alone(),
        DO => Effect::unknown("a block of procedural code, which is not read"),
        EXECUTE => Effect::unknown("it runs what was prepared elsewhere"),
        CALL => Effect::unknown("it calls a procedure, which may do anything"),
        _ => Effect::unknown("it is not known what this statement does"),
    }
}

fn created(statement: Node<'_>) -> Effect {
    let effect = Effect {
        tables: tables(statement),
        ..Effect::new(Class::Additive)
    };
    match statement.kind() {
        CREATE_DATABASE | CREATE_TABLESPACE | CREATE_SUBSCRIPTION => effect.alone(),
        _ => effect,
    }
}

fn dropped(statement: Node<'_>) -> Effect {
    let effect = Effect {
        tables: tables(statement),
        ..Effect::new(Class::Destructive)
    };
    match statement.kind() {
        DROP_EXTENSION | DROP_SCHEMA if statement.has(&[CASCADE]) => Effect {
            class: Class::Irreversible,
            ..effect
        },
        DROP_INDEX if statement.says("CONCURRENTLY") => effect.alone(),
        DROP_TABLE
        | DROP_INDEX
        | DROP_VIEW
        | DROP_MATERIALIZED_VIEW
        | TRUNCATE
        | DROP_SCHEMA
        | DROP_TRIGGER
        | DROP_RULE
        | DROP_POLICY
        | DROP_FOREIGN_TABLE => effect.locking(Lock::AccessExclusive),
        _ => effect,
    }
}

/// What reads; functions that it calls may write.
fn read(statement: Node<'_>) -> Effect {
    match sets(statement) {
        true => Effect::new(Class::Data),
        false => calls(statement),
    }
}

/// What a statement does by the functions that it calls.
fn calls(statement: Node<'_>) -> Effect {
    let made = match statement.kind() {
        CREATE_TABLE_AS | SELECT_INTO => created(statement),
        _ => Effect::new(Class::None),
    };
    let set = parameters(statement).map(|(name, value)| parameter(&name, value.as_deref()));
    match called(statement).all(|name| HARMLESS.contains(&name.as_str())) {
        true => set.fold(made, Effect::and),
        false => Effect::unknown("it calls a function that may do anything"),
    }
}

/// The parameters that a statement sets by `set_config`, and to what; what is no literal has no name.
pub(super) fn parameters<'t>(
    statement: Node<'t>,
) -> impl Iterator<Item = (String, Option<String>)> + 't {
    let calls = statement.within().filter(|node| node.kind() == CALL_EXPR);
    let calls = calls.filter(|call| {
        let name = call.children().next().map(Node::name);
        name.is_some_and(|name| name.ends_with("set_config"))
    });
    calls.map(|call| {
        let arguments = call.child(&[ARG_LIST]).into_iter().flat_map(Node::children);
        let mut texts = arguments.map(|argument| match argument.words() {
            [one] => one
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\'')),
            _ => None,
        });
        let (name, value) = (texts.next().flatten(), texts.next().flatten());
        (
            name.unwrap_or_default().to_lowercase(),
            value.map(str::to_lowercase),
        )
    })
}

/// Whether a sequence is set by a function.
fn sets(statement: Node<'_>) -> bool {
    let mut names = called(statement).peekable();
    let mut any = false;
    let all = names.all(|name| {
        any |= name == "setval";
        name == "setval" || HARMLESS.contains(&name.as_str())
    });
    all && any
}

/// The names of the functions that are called, without PostgreSQL's own schema.
pub(super) fn called<'t>(statement: Node<'t>) -> impl Iterator<Item = String> + 't {
    let calls = statement.within().filter(|node| node.kind() == CALL_EXPR);
    calls.map(|call| {
        let name = call.children().next().map(Node::name).unwrap_or_default();
        match name.strip_prefix("pg_catalog.") {
            Some(own) => own.to_owned(),
            None => name,
        }
    })
}

fn set(statement: Node<'_>) -> Effect {
    if statement.child(&[SET_CONFIG]).is_none() {
        // A time zone, a schema, a role: the statement has a form of its own.
        return Effect::new(Class::None);
    }
    let parameter = statement
        .within()
        .find(|node| node.kind() == CONFIG_PARAMETER_REF);
    let parameter = parameter.map(Node::name).unwrap_or_default();
    let value = statement.child(&[SET_CONFIG]).and_then(value_of);
    self::parameter(&parameter, value.as_deref())
}

/// What it does to set a parameter; one that has no name may be any.
fn parameter(name: &str, value: Option<&str>) -> Effect {
    let quotes = ["standard_conforming_strings", "backslash_quote"].contains(&name);
    let is_on = value.is_some_and(|value| ["on", "true", "1", "yes"].contains(&value));
    if quotes && !is_on {
        return Effect::unknown(QUOTES);
    }
    match name.is_empty() || MEDDLING.contains(&name) {
        true => Effect::unknown("it may turn off what keeps data whole"),
        false => Effect::new(Class::None),
    }
}

/// What a parameter is set to.
pub(super) fn value_of(config: Node<'_>) -> Option<String> {
    let value = config.child(&[TO_CONFIG_VALUE])?;
    let words = value.words().iter().skip(1);
    let words: Vec<&str> = words.map(|word| word.trim_matches('\'')).collect();
    Some(words.join(" ").to_lowercase())
}

fn explained(statement: Node<'_>) -> Effect {
    let inner = statement.children().last();
    let runs = statement
        .words()
        .iter()
        .any(|word| word.eq_ignore_ascii_case("ANALYZE"));
    match inner {
        Some(inner) if runs => classify(inner),
        // What it would run stands within it, and is not run.
        _ => Effect::new(Class::None),
    }
}

/// What writes rows.
fn rows(statement: Node<'_>) -> Effect {
    let data = Effect {
        tables: tables(statement),
        ..Effect::new(Class::Data)
    };
    let everything = match statement.kind() {
        DELETE => statement
            .child(&[WHERE_CLAUSE, WHERE_CURRENT_OF])
            .is_none_or(is_always),
        MERGE => statement.has(&[MERGE_DELETE]),
        _ => false,
    };
    match everything {
        true => Effect {
            class: Class::Destructive,
            verb: match statement.kind() {
                MERGE => "MERGE, DELETE".to_owned(),
                _ => "DELETE without a condition".to_owned(),
            },
            ..data
        },
        false => data,
    }
}

/// Whether a condition asks for no column, such as `WHERE true`.
fn is_always(condition: Node<'_>) -> bool {
    condition.kind() == WHERE_CLAUSE && !condition.has(&[NAME_REF, FIELD_EXPR])
}

fn copied(statement: Node<'_>) -> Effect {
    if statement.has(&[COPY_PROGRAM]) {
        return Effect::unknown("it reads or writes files of the server, or runs a program there");
    }
    match statement.child(&[COPY_FROM]) {
        Some(_) => Effect {
            tables: tables(statement),
            ..Effect::new(Class::Data)
        },
        None => calls(statement),
    }
}

fn indexed(statement: Node<'_>) -> Effect {
    let tables = tables(statement);
    match statement.says("CONCURRENTLY") {
        true => Effect {
            tables,
            ..Effect::new(Class::Additive).alone()
        },
        false => Effect {
            tables,
            blocks_for_index: true,
            ..Effect::new(Class::Care).locking(Lock::Share)
        },
    }
}

fn reindexed(statement: Node<'_>) -> Effect {
    let tables = tables(statement);
    let concurrently = statement
        .words()
        .iter()
        .any(|word| word.eq_ignore_ascii_case("CONCURRENTLY"));
    match concurrently && !says_off(statement) {
        true => Effect {
            tables,
            ..Effect::new(Class::Additive).alone()
        },
        false => Effect {
            tables,
            blocks_for_index: true,
            ..Effect::new(Class::Care).locking(Lock::AccessExclusive)
        },
    }
}

fn vacuumed(statement: Node<'_>) -> Effect {
    let full = statement
        .words()
        .iter()
        .any(|word| word.eq_ignore_ascii_case("FULL"));
    match full {
        true => Effect {
            tables: tables(statement),
            ..Effect::new(Class::Care).rewriting().alone()
        },
        false => Effect::new(Class::None).alone(),
    }
}

/// Whether an option is turned off: `REINDEX (CONCURRENTLY FALSE)`.
fn says_off(statement: Node<'_>) -> bool {
    let off = |word: &String| ["OFF", "FALSE", "0", "NO"].contains(&word.to_uppercase().as_str());
    statement
        .children()
        .next()
        .is_some_and(|options| options.words().iter().any(off))
}

/// The tables that a statement is about, by the names right in it.
pub(super) fn tables(statement: Node<'_>) -> Vec<String> {
    let own = statement.children().flat_map(|child| match child.kind() {
        kind if NAMES.contains(&kind) => vec![child.name()],
        kind if LISTS.contains(&kind) => named_within(child),
        _ => Vec::new(),
    });
    let mut names: Vec<String> = own.filter(|name| !name.is_empty()).collect();
    names.dedup();
    names
}

fn named_within(list: Node<'_>) -> Vec<String> {
    let names = list.within();
    let names = names.filter(|node| matches!(node.kind(), TABLE_NAME_REF | RELATION_NAME_REF));
    names.map(Node::name).collect()
}

/// `DROP_TABLE` as `DROP TABLE`.
pub(super) fn worded(kind: SyntaxKind) -> String {
    let name = format!("{kind:?}").replace('_', " ");
    let name = name.strip_suffix(" REF").unwrap_or(&name);
    folded(name).to_uppercase()
}

/// Why nothing behind such a statement is understood.
pub(super) const QUOTES: &str = "it changes where texts end";

/// Parts that are the name of a table.
const NAMES: [SyntaxKind; 5] = [
    TABLE_RELATION_NAME,
    TABLE_NAME,
    TABLE_NAME_REF,
    RELATION_NAME,
    RELATION_NAME_REF,
];

/// Parts in which names of tables stand.
const LISTS: [SyntaxKind; 10] = [
    TABLE_LIST,
    RELATION_LIST,
    TABLE_AND_COLUMNS_LIST,
    REINDEX_TARGET_TABLE,
    COPY_TABLE,
    PARTITION_OF,
    ON_TABLE,
    ON_RELATION,
    RULE_ON,
    TABLE_NAME_REF_LIST,
];

/// What leaves nothing behind, or only in its session.
const NOTHING: &[SyntaxKind] = &[
    ANALYZE,
    BEGIN,
    CHECKPOINT,
    CLOSE,
    COMMIT_TRANSACTION,
    DEALLOCATE,
    DISCARD,
    EMPTY_STMT,
    FETCH,
    LISTEN,
    MOVE,
    NOTIFY,
    RELEASE_SAVEPOINT,
    RESET,
    RESET_ROLE,
    RESET_SESSION_AUTH,
    ROLLBACK_TO_SAVEPOINT,
    ROLLBACK_TRANSACTION,
    SAVEPOINT_CREATE,
    SET_CONSTRAINTS,
    SET_ROLE,
    SET_SESSION_AUTH,
    SET_TRANSACTION,
    SHOW,
    UNLISTEN,
];

/// What is new, and used by nobody before.
const ADDED: &[SyntaxKind] = &[
    COMMENT_ON,
    CREATE_ACCESS_METHOD,
    CREATE_AGGREGATE,
    CREATE_CAST,
    CREATE_COLLATION,
    CREATE_CONVERSION,
    CREATE_DATABASE,
    CREATE_DOMAIN,
    CREATE_EXTENSION,
    CREATE_FOREIGN_DATA_WRAPPER,
    CREATE_FOREIGN_TABLE,
    CREATE_FUNCTION,
    CREATE_GROUP,
    CREATE_LANGUAGE,
    CREATE_MATERIALIZED_VIEW,
    CREATE_OPERATOR,
    CREATE_OPERATOR_CLASS,
    CREATE_OPERATOR_FAMILY,
    CREATE_PROCEDURE,
    CREATE_PUBLICATION,
    CREATE_ROLE,
    CREATE_SCHEMA,
    CREATE_SEQUENCE,
    CREATE_SERVER,
    CREATE_STATISTICS,
    CREATE_SUBSCRIPTION,
    CREATE_TABLE,
    CREATE_TABLESPACE,
    CREATE_TEXT_SEARCH_CONFIGURATION,
    CREATE_TEXT_SEARCH_DICTIONARY,
    CREATE_TEXT_SEARCH_PARSER,
    CREATE_TEXT_SEARCH_TEMPLATE,
    CREATE_TRANSFORM,
    CREATE_TYPE,
    CREATE_USER,
    CREATE_USER_MAPPING,
    CREATE_VIEW,
    GRANT,
    IMPORT_FOREIGN_SCHEMA,
    SECURITY_LABEL,
];

/// What takes something away that somebody may use.
const DROPPED: &[SyntaxKind] = &[
    DROP_ACCESS_METHOD,
    DROP_AGGREGATE,
    DROP_CAST,
    DROP_COLLATION,
    DROP_CONVERSION,
    DROP_DOMAIN,
    DROP_EVENT_TRIGGER,
    DROP_EXTENSION,
    DROP_FOREIGN_DATA_WRAPPER,
    DROP_FOREIGN_TABLE,
    DROP_FUNCTION,
    DROP_INDEX,
    DROP_LANGUAGE,
    DROP_MATERIALIZED_VIEW,
    DROP_OPERATOR,
    DROP_OPERATOR_CLASS,
    DROP_OPERATOR_FAMILY,
    DROP_POLICY,
    DROP_PROCEDURE,
    DROP_PUBLICATION,
    DROP_ROUTINE,
    DROP_RULE,
    DROP_SCHEMA,
    DROP_SEQUENCE,
    DROP_SERVER,
    DROP_STATISTICS,
    DROP_SUBSCRIPTION,
    DROP_TABLE,
    DROP_TEXT_SEARCH_CONFIG,
    DROP_TEXT_SEARCH_DICT,
    DROP_TEXT_SEARCH_PARSER,
    DROP_TEXT_SEARCH_TEMPLATE,
    DROP_TRANSFORM,
    DROP_TRIGGER,
    DROP_TYPE,
    DROP_USER_MAPPING,
    DROP_VIEW,
    REVOKE,
    TRUNCATE,
];

/// What takes something away with all that is in it.
const GONE: &[SyntaxKind] = &[
    DROP_DATABASE,
    DROP_GROUP,
    DROP_OWNED,
    DROP_ROLE,
    DROP_TABLESPACE,
    DROP_USER,
];

/// What changes something other than a table or a type.
const ALTERED: &[SyntaxKind] = &[
    ALTER_AGGREGATE,
    ALTER_COLLATION,
    ALTER_CONVERSION,
    ALTER_DATABASE,
    ALTER_DEFAULT_PRIVILEGES,
    ALTER_DOMAIN,
    ALTER_EVENT_TRIGGER,
    ALTER_EXTENSION,
    ALTER_FOREIGN_DATA_WRAPPER,
    ALTER_FOREIGN_TABLE,
    ALTER_FUNCTION,
    ALTER_GROUP,
    ALTER_INDEX,
    ALTER_LANGUAGE,
    ALTER_LARGE_OBJECT,
    ALTER_MATERIALIZED_VIEW,
    ALTER_OPERATOR,
    ALTER_OPERATOR_CLASS,
    ALTER_OPERATOR_FAMILY,
    ALTER_POLICY,
    ALTER_PROCEDURE,
    ALTER_PUBLICATION,
    ALTER_ROLE,
    ALTER_ROUTINE,
    ALTER_RULE,
    ALTER_SCHEMA,
    ALTER_SEQUENCE,
    ALTER_SERVER,
    ALTER_STATISTICS,
    ALTER_SUBSCRIPTION,
    ALTER_TABLESPACE,
    ALTER_TEXT_SEARCH_CONFIGURATION,
    ALTER_TEXT_SEARCH_DICTIONARY,
    ALTER_TEXT_SEARCH_PARSER,
    ALTER_TEXT_SEARCH_TEMPLATE,
    ALTER_TRIGGER,
    ALTER_USER,
    ALTER_USER_MAPPING,
    ALTER_VIEW,
];

/// Parameters by which a session goes around triggers, keys and the catalogue's own protection.
const MEDDLING: [&str; 5] = [
    "session_replication_role",
    "allow_system_table_mods",
    "zero_damaged_pages",
    "ignore_checksum_failure",
    "ignore_system_indexes",
];

/// Functions that change nothing but their session.
const HARMLESS: [&str; 36] = [
    "array_agg",
    "array_length",
    "coalesce",
    "concat",
    "count",
    "current_database",
    "current_schema",
    "current_setting",
    "date_trunc",
    "format",
    "greatest",
    "jsonb_build_object",
    "least",
    "length",
    "lower",
    "max",
    "min",
    "now",
    "nullif",
    "pg_advisory_lock",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_xact_lock",
    "pg_relation_size",
    "pg_sleep",
    "pg_table_size",
    "pg_total_relation_size",
    "pg_try_advisory_lock",
    "pg_try_advisory_xact_lock",
    "set_config",
    "sum",
    "to_char",
    "to_regclass",
    "trim",
    "upper",
    "version",
];
