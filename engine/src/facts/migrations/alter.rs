//! What `ALTER` does to a table, a type or anything else, action by action.
//! Knows no table as it is: a type is judged by what it becomes.

use squawk_parser::SyntaxKind::{self, *};

use super::classify::{called, tables, worded};
use super::statement::{Class, Effect, Lock};
use super::syntax::Node;

/// What the actions of an `ALTER TABLE` do together.
pub(super) fn alter_table(statement: Node<'_>) -> Effect {
    let actions = statement.children();
    let actions = actions.filter(|node| ![TABLE_RELATION_NAME, IF_EXISTS].contains(&node.kind()));
    let mut whole = Effect::new(Class::None);
    for action in actions {
        let effect = action_on_table(action);
        let verb = match action.kind() {
            ALTER_COLUMN => action.children().last().map(Node::kind),
            kind => Some(kind),
        };
        let verb = verb.map(worded).unwrap_or_default();
        whole = whole.and(effect.named(format!("ALTER TABLE, {verb}")));
    }
    Effect {
        tables: tables(statement),
        ..whole
    }
}

/// What one action does.
fn action_on_table(action: Node<'_>) -> Effect {
    let kind = action.kind();
    if HARMLESS.contains(&kind) {
        return Effect::new(Class::Additive);
    }
    if CAREFUL.contains(&kind) {
        return Effect::new(Class::Care).locking(Lock::AccessExclusive);
    }
    if REWRITING.contains(&kind) {
        return Effect::new(Class::Care).rewriting();
    }
    if TAKING.contains(&kind) {
        return Effect::new(Class::Destructive).locking(Lock::AccessExclusive);
    }
    match kind {
        ADD_COLUMN => added_column(action),
        ADD_CONSTRAINT => added_constraint(action),
        ALTER_COLUMN => match action.children().last() {
            Some(inner) => action_on_column(inner),
            None => Effect::unknown(UNHEARD),
        },
        VALIDATE_CONSTRAINT | ATTACH_PARTITION => {
            Effect::new(Class::Care).locking(Lock::ShareUpdateExclusive)
        }
        DETACH_PARTITION if action.has(&[DETACH_CONCURRENTLY]) => {
            let effect = Effect::new(Class::Destructive).alone();
            effect.locking(Lock::ShareUpdateExclusive)
        }
        DETACH_PARTITION => Effect::new(Class::Destructive).locking(Lock::AccessExclusive),
        ALL_IN_TABLESPACE => Effect::new(Class::Care).rewriting(),
        _ => Effect::unknown(UNHEARD),
    }
}

fn action_on_column(action: Node<'_>) -> Effect {
    match action.kind() {
        SET_DEFAULT
        | DROP_NOT_NULL
        | SET_STATISTICS
        | SET_STORAGE
        | SET_COMPRESSION
        | SET_OPTIONS
        | RESET_OPTIONS
        | SET_OPTIONS_LIST
        | SET_SEQUENCE_OPTION
        | RESTART
        | SET_GENERATED
        | SET_GENERATED_OPTIONS
        | ADD_GENERATED => Effect::new(Class::Additive),
        SET_NOT_NULL => Effect::new(Class::Care).locking(Lock::AccessExclusive),
        DROP_DEFAULT | DROP_IDENTITY | DROP_EXPRESSION => Effect::new(Class::Destructive),
        SET_EXPRESSION => Effect::new(Class::Destructive).rewriting(),
        SET_TYPE => retyped(action),
        _ => Effect::unknown(UNHEARD),
    }
}

/// A column of another type. Only from a shorter text to an endless one no row is written anew, and what it is now no
/// script says.
fn retyped(action: Node<'_>) -> Effect {
    let words = action.words().iter().map(|word| word.to_lowercase());
    let words: Vec<String> = words
        .filter(|word| word != "set" && word != "data")
        .collect();
    match words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["type", "text" | "varchar"] | ["type", "character", "varying"] => {
            Effect::new(Class::Care).locking(Lock::AccessExclusive)
        }
        _ => Effect::new(Class::Destructive).rewriting(),
    }
}

fn added_column(action: Node<'_>) -> Effect {
    let defaults = action.child(&[DEFAULT_CONSTRAINT]);
    let mut effect = Effect::new(Class::Additive);
    if defaults.is_some_and(is_volatile) || is_counted(action) {
        effect = effect.and(Effect::new(Class::Care).rewriting());
    }
    if let Some(generated) = action.child(&[GENERATED_CONSTRAINT])
        && !generated.has(&[VIRTUAL])
    {
        effect = effect.and(Effect::new(Class::Care).rewriting());
    }
    let required = action
        .child(&[NOT_NULL_CONSTRAINT, PRIMARY_KEY_CONSTRAINT])
        .is_some();
    let filled = defaults.is_some() || is_counted(action) || action.has(&[GENERATED_CONSTRAINT]);
    if required && !filled {
        // Rows that are there have no value, and nor have those that the release before writes.
        let required = Effect::new(Class::Destructive).locking(Lock::AccessExclusive);
        effect = effect.and(required);
    }
    for constraint in action.children() {
        effect = match constraint.kind() {
            PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT => effect.and(building_an_index()),
            CHECK_CONSTRAINT => effect.and(Effect::new(Class::Care).locking(Lock::AccessExclusive)),
            REFERENCES_CONSTRAINT => {
                effect.and(Effect::new(Class::Care).locking(Lock::ShareRowExclusive))
            }
            _ => effect,
        };
    }
    effect
}

/// Whether the type of a column is one that counts.
fn is_counted(action: Node<'_>) -> bool {
    let of_type = action.child(&[PATH_TYPE]).map(Node::name);
    let name = of_type.unwrap_or_default();
    COUNTED.contains(&name.strip_prefix("pg_catalog.").unwrap_or(&name))
}

/// Whether a default may be another one for each row.
fn is_volatile(default: Node<'_>) -> bool {
    !called(default).all(|name| STABLE.contains(&name.as_str()))
}

fn added_constraint(action: Node<'_>) -> Effect {
    if action.has(&[NOT_VALID]) {
        return Effect::new(Class::Additive);
    }
    let Some(constraint) = action.children().last() else {
        return Effect::unknown(UNHEARD);
    };
    match constraint.kind() {
        PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT
            if constraint.has(&[USING_INDEX_NAME, USING_INDEX]) =>
        {
            Effect::new(Class::Additive)
        }
        PRIMARY_KEY_CONSTRAINT | UNIQUE_CONSTRAINT | EXCLUDE_CONSTRAINT => building_an_index(),
        FOREIGN_KEY_CONSTRAINT => Effect::new(Class::Care).locking(Lock::ShareRowExclusive),
        CHECK_CONSTRAINT | NOT_NULL_CONSTRAINT => {
            Effect::new(Class::Care).locking(Lock::AccessExclusive)
        }
        _ => Effect::unknown(UNHEARD),
    }
}

fn building_an_index() -> Effect {
    Effect {
        blocks_for_index: true,
        ..Effect::new(Class::Care).locking(Lock::AccessExclusive)
    }
}

/// What an `ALTER TYPE` does.
pub(super) fn alter_type(statement: Node<'_>) -> Effect {
    let Some(action) = statement.children().last() else {
        return Effect::unknown(UNHEARD);
    };
    let effect = match action.kind() {
        ADD_VALUE | SET_OPTIONS | OWNER_TO => Effect::new(Class::Additive),
        ALTER_TYPE_ATTRIBUTE_ACTION_LIST
            if action.children().all(|one| one.kind() == ADD_ATTRIBUTE) =>
        {
            Effect::new(Class::Care).locking(Lock::AccessExclusive)
        }
        ALTER_TYPE_ATTRIBUTE_ACTION_LIST
        | RENAME_VALUE
        | RENAME_ATTRIBUTE
        | TYPE_RENAME_TO
        | SET_SCHEMA => Effect::new(Class::Destructive),
        _ => Effect::unknown(UNHEARD),
    };
    effect.named(format!("ALTER TYPE, {}", worded(action.kind())))
}

/// What another `ALTER` does.
pub(super) fn alter_other(statement: Node<'_>) -> Effect {
    let own = worded(statement.kind());
    let is_taken = |node: &Node<'_>| {
        let kind = format!("{:?}", node.kind());
        TAKING.contains(&node.kind()) || kind.contains("RENAME") || kind.starts_with("DROP_")
    };
    if let Some(taken) = statement.children().find(is_taken)
        && statement.kind() != ALTER_INDEX
    {
        let verb = format!("{own}, {}", worded(taken.kind()));
        return Effect::new(Class::Destructive).named(verb);
    }
    match statement.kind() {
        ALTER_DEFAULT_PRIVILEGES if statement.has(&[REVOKE_DEFAULT_PRIVILEGES]) => {
            Effect::new(Class::Destructive)
        }
        ALTER_DEFAULT_PRIVILEGES => Effect::new(Class::Additive),
        ALTER_SEQUENCE if statement.has(&[OPTION_RESTART, RESTART]) => Effect::new(Class::Data),
        ALTER_INDEX | ALTER_MATERIALIZED_VIEW if statement.has(&[SET_TABLESPACE]) => {
            Effect::new(Class::Care).rewriting()
        }
        ALTER_INDEX if statement.has(&[INDEX_RENAME_TO]) => Effect::new(Class::Additive),
        ALTER_FOREIGN_TABLE => Effect::unknown("a change of what lies on another server"),
        _ => Effect::new(Class::Care),
    }
}

const UNHEARD: &str = "it is not known what this action does";

/// Actions that add, or that nobody waits for.
const HARMLESS: &[SyntaxKind] = &[
    CLUSTER_ON,
    RENAME_CONSTRAINT,
    RESET_OPTIONS,
    SET_OPTIONS,
    SET_WITHOUT_CLUSTER,
    SET_WITHOUT_OIDS,
];

/// Actions for which everybody waits, though nothing is written anew.
const CAREFUL: &[SyntaxKind] = &[
    ALTER_CONSTRAINT,
    DISABLE_RLS,
    DISABLE_RULE,
    DISABLE_TRIGGER,
    ENABLE_ALWAYS_RULE,
    ENABLE_ALWAYS_TRIGGER,
    ENABLE_REPLICA_RULE,
    ENABLE_REPLICA_TRIGGER,
    ENABLE_RLS,
    ENABLE_RULE,
    ENABLE_TRIGGER,
    FORCE_RLS,
    INHERIT_TABLE,
    NO_FORCE_RLS,
    OF_TYPE,
    OWNER_TO,
    REPLICA_IDENTITY,
];

/// Actions by which every row is written anew.
const REWRITING: &[SyntaxKind] = &[SET_ACCESS_METHOD, SET_LOGGED, SET_TABLESPACE, SET_UNLOGGED];

/// Actions by which something is gone under its name.
const TAKING: &[SyntaxKind] = &[
    DROP_COLUMN,
    DROP_CONSTRAINT,
    NOT_OF,
    NO_INHERIT_TABLE,
    RENAME_COLUMN,
    SET_SCHEMA,
    TABLE_RENAME_TO,
];

/// Types by which a column counts.
const COUNTED: [&str; 6] = [
    "serial",
    "bigserial",
    "smallserial",
    "serial2",
    "serial4",
    "serial8",
];

/// Functions that give one value to all rows of a statement.
const STABLE: [&str; 14] = [
    "array",
    "coalesce",
    "concat",
    "current_setting",
    "date_trunc",
    "jsonb_build_array",
    "jsonb_build_object",
    "lower",
    "make_interval",
    "now",
    "statement_timestamp",
    "timezone",
    "transaction_timestamp",
    "upper",
];
