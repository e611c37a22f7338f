//! Statements and what they are classed as, one a line.

use super::*;
use crate::facts::migrations::statement::Lock;

fn of(text: &str) -> Vec<Statement> {
    read(text, &Wrap::Never, 100).statements
}

fn classes(text: &str) -> Vec<Class> {
    of(text).iter().map(|statement| statement.class).collect()
}

/// Statements by class.
const TABLE: &[(Class, &str)] = &[
    (Class::None, include_str!("tests/none.sql")),
    (Class::Additive, include_str!("tests/additive.sql")),
    (Class::Care, include_str!("tests/care.sql")),
    (Class::Data, include_str!("tests/data.sql")),
    (Class::Unknown, include_str!("tests/unknown.sql")),
    (Class::Destructive, include_str!("tests/destructive.sql")),
    (Class::Irreversible, include_str!("tests/irreversible.sql")),
];

#[test]
fn statements_are_of_the_class_of_their_file() {
    let mut wrong = Vec::new();
    for (class, lines) in TABLE {
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let found = of(line);
            let [statement] = found.as_slice() else {
                panic!("{line}: {found:?}");
            };
            let (found, reason) = (statement.class, &statement.reason);
            if found != *class || reason.is_some() != (*class == Class::Unknown) {
                wrong.push(format!("{line}: {found:?}, not {class:?} {reason:?}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn locks_rewrites_and_indexes_are_told() {
    use Lock::{AccessExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};
    for (text, locks, rewrites, index) in [
        (
            "ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()",
            Some(AccessExclusive),
            true,
            false,
        ),
        ("ALTER TABLE t ADD a int", None, false, false),
        (
            "ALTER TABLE t ALTER a TYPE bigint",
            Some(AccessExclusive),
            true,
            false,
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
            Some(ShareRowExclusive),
            false,
            false,
        ),
        (
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            Some(ShareUpdateExclusive),
            false,
            false,
        ),
        (
            "ALTER TABLE t ADD UNIQUE (a)",
            Some(AccessExclusive),
            false,
            true,
        ),
        ("CREATE INDEX ON t (a)", Some(Share), false, true),
        ("CREATE INDEX CONCURRENTLY ON t (a)", None, false, false),
        ("REINDEX TABLE t", Some(AccessExclusive), false, true),
        ("VACUUM FULL t", Some(AccessExclusive), true, false),
        ("CLUSTER t USING i", Some(AccessExclusive), true, false),
        (
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
            Some(ShareUpdateExclusive),
            false,
            false,
        ),
    ] {
        let found = of(text);
        let [one] = found.as_slice() else {
            panic!("{text}")
        };
        let told = (one.locks, one.rewrites, one.blocks_for_index);
        assert_eq!(told, (locks, rewrites, index), "{text}");
    }
}

#[test]
fn tables_are_named_as_postgresql_folds_them() {
    for (text, wanted) in [
        (
            "ALTER TABLE ONLY Public.\"Sale\" DROP a",
            vec!["public.Sale"],
        ),
        ("DROP TABLE a, b.c", vec!["a", "b.c"]),
        ("CREATE INDEX ON Stock_Move (a)", vec!["stock_move"]),
        ("UPDATE ONLY s.t SET a = 1", vec!["s.t"]),
        ("DELETE FROM t USING u", vec!["t"]),
        ("INSERT INTO t SELECT * FROM u", vec!["t"]),
        ("TRUNCATE t, u", vec!["t", "u"]),
        ("LOCK TABLE t, u", vec!["t", "u"]),
        ("COPY t FROM stdin", vec!["t"]),
        ("REINDEX TABLE t", vec!["t"]),
        ("VACUUM FULL t, u", vec!["t", "u"]),
        (
            "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
            vec!["t"],
        ),
        (
            "CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            vec!["t"],
        ),
        ("CLUSTER t USING i", vec!["t"]),
        (
            "WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d",
            vec!["t", "u"],
        ),
    ] {
        let tables: BTreeSet<String> = of(text).remove(0).tables.into_iter().collect();
        let wanted: BTreeSet<String> = wanted.into_iter().map(str::to_owned).collect();
        assert_eq!(tables, wanted, "{text}");
    }
}

#[test]
fn a_table_that_the_script_makes_is_waited_for_by_nobody() {
    let made = "CREATE TABLE t (a int);\n";
    for (text, wanted) in [
        ("CREATE INDEX ON t (a)", Class::Additive),
        ("INSERT INTO t VALUES (1)", Class::Additive),
        ("ALTER TABLE t ALTER a SET NOT NULL", Class::Additive),
        ("CREATE INDEX ON public.t (a)", Class::Care),
        ("DROP TABLE t", Class::Destructive),
        (
            "ALTER TABLE u RENAME TO t; CREATE INDEX ON t (a)",
            Class::Care,
        ),
        (
            "SET search_path = other; CREATE INDEX ON t (a)",
            Class::Care,
        ),
        (
            "SELECT set_config('search_path', 'other', false); CREATE INDEX ON t (a)",
            Class::Care,
        ),
        ("DO $$ BEGIN END $$; CREATE INDEX ON t (a)", Class::Care),
        ("ROLLBACK; CREATE INDEX ON t (a)", Class::Care),
    ] {
        let found = classes(&format!("{made}{text}"));
        assert_eq!(found.last(), Some(&wanted), "{text}");
    }
    for made in [
        "CREATE TABLE IF NOT EXISTS t (a int)",
        "CREATE TEMP TABLE t (a int)",
    ] {
        let found = classes(&format!("{made}; CREATE INDEX ON t (a)"));
        assert_eq!(found.last(), Some(&Class::Care), "{made}");
    }
}

#[test]
fn time_bounds_hold_as_long_as_postgresql_keeps_them() {
    for (before, wanted) in [
        ("", false),
        ("SET lock_timeout = '2s';", true),
        ("SET statement_timeout TO 5000;", true),
        ("SET lock_timeout = 0;", false),
        ("SET lock_timeout = '0s';", false),
        ("SET lock_timeout = DEFAULT;", false),
        ("SET lock_timeout = '2s'; RESET lock_timeout;", false),
        ("SET lock_timeout = '2s'; RESET ALL;", false),
        ("SET LOCAL lock_timeout = '2s';", false),
        ("BEGIN; SET LOCAL lock_timeout = '2s';", true),
        ("BEGIN; SET LOCAL lock_timeout = '2s'; COMMIT;", false),
        ("BEGIN; SET lock_timeout = '2s'; ROLLBACK;", false),
        (
            "SET lock_timeout = '2s'; BEGIN; SET LOCAL lock_timeout = 0;",
            false,
        ),
        ("SELECT set_config('lock_timeout', '2s', true);", true),
        ("SELECT set_config('lock_timeout', '0', true);", false),
        ("-- SET lock_timeout = '2s';\n", false),
        ("SELECT 'SET lock_timeout = 1';", false),
    ] {
        let found = of(&format!("{before} LOCK TABLE t"));
        let last = found.last().map(|statement| statement.bounded);
        assert_eq!(last, Some(wanted), "{before}");
    }
}

#[test]
fn transactions_are_those_of_the_script_and_of_its_tool() {
    let alone = |text: &str, wrap: &Wrap| -> Vec<bool> {
        let found = read(text, wrap, 100).statements.into_iter();
        let refused = found.map(|one| one.in_transaction && !one.transactional);
        refused.collect()
    };
    let index = "CREATE INDEX CONCURRENTLY ON t (a);";
    let parts = Wrap::Parts(vec![(0, false), (1, true)]);
    for (text, wrap, wanted) in [
        (index.to_owned(), Wrap::Never, vec![false]),
        (
            format!("BEGIN;{index}COMMIT;"),
            Wrap::Never,
            vec![false, true, false],
        ),
        (
            format!("BEGIN;COMMIT;{index}"),
            Wrap::Never,
            vec![false, false, false],
        ),
        (index.to_owned(), Wrap::Several, vec![false]),
        (format!("{index}SELECT 1"), Wrap::Several, vec![true, false]),
        (index.to_owned(), Wrap::Unless, vec![false]),
        (format!("{index}{index}"), Wrap::Unless, vec![false, false]),
        (format!("{index}SELECT 1"), Wrap::Unless, vec![true, false]),
        (format!("{index}{index}"), parts, vec![false, true]),
    ] {
        assert_eq!(alone(&text, &wrap), wanted, "{text} {wrap:?}");
    }
}

#[test]
fn rows_are_written_under_the_locks_of_their_own_transaction() {
    let change = "ALTER TABLE a ADD c int;";
    let fill = "UPDATE a SET c = 1;";
    let parts = Wrap::Parts(vec![(0, true), (1, true)]);
    let (alone, flyway) = (Wrap::Never, Wrap::Unless);
    for (text, wrap, wanted) in [
        (format!("{change}{fill}"), &flyway, "a"),
        (format!("{change}{fill}"), &alone, ""),
        (format!("{change}{fill}"), &parts, ""),
        (format!("{fill}{change}"), &flyway, ""),
        (format!("BEGIN;{change}{fill}COMMIT;"), &alone, "a"),
        (format!("BEGIN;{change}COMMIT;{fill}"), &alone, ""),
        (
            format!("BEGIN;{change}COMMIT;BEGIN;{fill}COMMIT;"),
            &alone,
            "",
        ),
        (
            format!("BEGIN;{change}ROLLBACK;BEGIN;{fill}COMMIT;"),
            &alone,
            "",
        ),
        (
            format!("BEGIN;{change}SAVEPOINT s;ROLLBACK TO s;{fill}"),
            &alone,
            "a",
        ),
        (format!("{change}UPDATE b SET c = 1;"), &flyway, ""),
        (
            format!("CREATE TABLE a (b int);{change}{fill}"),
            &flyway,
            "",
        ),
        (format!("LOCK TABLE a;{fill}"), &flyway, "a"),
        (format!("CREATE INDEX ON a (b);{fill}"), &flyway, "a"),
        (
            format!("ALTER TABLE a VALIDATE CONSTRAINT c;{fill}"),
            &flyway,
            "",
        ),
        (format!("CREATE TABLE b (c int);{fill}"), &flyway, ""),
    ] {
        let read = read(&text, wrap, 100).statements;
        let held: Vec<String> = read.into_iter().flat_map(|one| one.held).collect();
        assert_eq!(held.concat(), wanted, "{text} {wrap:?}");
    }
}

#[test]
fn what_comes_after_an_end_of_reading_is_not_understood() {
    let told = |text: &str| of(text).pop().and_then(|statement| statement.reason);
    assert!(told("SELECT 1;\0").is_some());
    assert!(told("SET standard_conforming_strings = off; SELECT 1").is_some());
    assert!(told("SET standard_conforming_strings = on; SELECT 1").is_none());
    let many = "SELECT 1;\n".repeat(101);
    let found = of(&many);
    assert_eq!(found.len(), 101);
    assert_eq!(
        found.last().map(|last| (last.line, last.class)),
        Some((101, Class::Unknown))
    );
    assert_eq!(of(&"SELECT 1;\n".repeat(100)).len(), 100);
}

#[test]
fn an_advisory_lock_is_one_that_is_waited_for() {
    for (text, wanted) in [
        ("SELECT pg_advisory_lock(7)", true),
        ("SELECT pg_catalog.pg_advisory_xact_lock(7)", true),
        ("SELECT pg_try_advisory_lock(7)", false),
        ("SELECT 'pg_advisory_lock(7)'", false),
        ("-- pg_advisory_lock(7)", false),
    ] {
        assert_eq!(read(text, &Wrap::Never, 9).takes_lock, wanted, "{text}");
    }
}
