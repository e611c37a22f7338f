//! The whole fact, over files and objects that change.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::change::{Objects, Source, compare};
use crate::facts::committed_schema::committed_is;
use crate::facts::freeze::Tiers;
use crate::facts::inventory::Neighbours;
use crate::facts::source::SourceInfo;
use crate::facts::tests::season;
use crate::facts::{backups, images, pods, range, rollback};
use crate::manifest::yaml;
use crate::model::{RepoPath, limits};

fn objects(text: &str) -> Objects {
    let nodes = yaml::parse(text).unwrap().into_iter();
    let nodes = nodes.filter(|node| node.get("kind").is_some());
    let sources = nodes.map(|node| {
        let object = pods::reference(&node.to_json());
        let source = Source {
            object: object.clone(),
            file: RepoPath::from("shop.yaml"),
            text: Arc::from(text),
            lines: Arc::default(),
            node: Arc::new(node),
            secrets: Arc::default(),
            origin: None,
        };
        (object, source)
    });
    sources.collect()
}

/// What is found where these objects and files change.
fn of(base: &str, head: &str, files: &Files) -> Found {
    by((&Rules::default(), files), (base, head), &found)
}

/// The same by other rules, or another answer.
fn by<T>(
    (rules, files): (&Rules, &Files),
    (base, head): (&str, &str),
    answer: &dyn Fn(&Context<'_>) -> T,
) -> T {
    let changes = compare(&objects(base), &objects(head));
    let neighbours = Neighbours::default();
    answer(&Context {
        changes: &changes,
        head: &neighbours,
        base: &neighbours,
        range: &range::Range::default(),
        source: &SourceInfo::default(),
        season: &season(Vec::new()),
        images: &images::Rules::default(),
        backups: &backups::Rules::default(),
        ways_back: &rollback::Rules::default(),
        script_rules: rules,
        evidence: &images::Evidence::default(),
        reported: &crate::facts::evidence::Known::default(),
        promoted: &images::promoted::Promoted::default(),
        held: &Held::default(),
        scripts: files,
        prepared: &rollback::Prepared::default(),
        tiers: Tiers::Unchanged,
    })
}

/// Files of both sides by path: those that are the same on both lie there unchanged.
fn files(base: &[(&str, &str)], head: &[(&str, &str)]) -> Files {
    let find = |side: &[(&str, &str)], path: &str| {
        let found = side.iter().find(|(known, _)| *known == path);
        found.map(|(_, text)| Text::Known((*text).to_owned()))
    };
    let mut paths: Vec<&str> = base.iter().chain(head).map(|(path, _)| *path).collect();
    paths.sort_unstable();
    paths.dedup();
    let changed = paths.into_iter().filter_map(|path| {
        let (base, head) = (find(base, path), find(head, path));
        let path = RepoPath::from(path);
        (base != head).then_some(ScriptFile { path, base, head })
    });
    Files {
        changed: changed.collect(),
        before: base.iter().map(|(path, _)| RepoPath::from(*path)).collect(),
        after: head.iter().map(|(path, _)| RepoPath::from(*path)).collect(),
        modules: Vec::new(),
    }
}

/// Each script in short: where, what becomes of it, its class, and its way back.
fn told(found: &Found) -> Vec<String> {
    let scripts = found.scripts.iter();
    let told = scripts.map(|script| {
        let value = serde_json::to_value(script).unwrap();
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        format!(
            "{} {} {} {}",
            field("id"),
            field("state"),
            field("class"),
            field("down")
        )
    });
    told.collect()
}

#[test]
fn files_are_new_changed_gone_or_moved() {
    for (base, head, wanted) in [
        (
            vec![],
            vec![("db/a.sql", "SELECT 1")],
            vec!["db/a.sql new none not-asked"],
        ),
        (
            vec![("db/a.sql", "SELECT 1")],
            vec![("db/a.sql", "DROP TABLE t")],
            vec!["db/a.sql changed destructive not-asked"],
        ),
        (
            vec![("db/a.sql", "DROP TABLE t")],
            vec![],
            vec!["db/a.sql removed none not-asked"],
        ),
        (
            vec![("db/a.sql", "DROP TABLE t")],
            vec![("other/a.sql", "DROP TABLE t")],
            vec![],
        ),
        (
            vec![("db/a.sql", "SELECT 1")],
            vec![("other/a.sql", "SELECT 2")],
            vec!["other/a.sql changed none not-asked"],
        ),
        (vec![], vec![("db/migrations/README.md", "DROP")], vec![]),
        (
            vec![],
            vec![("db/migrations/0001_initial.py", "x")],
            vec!["db/migrations/0001_initial.py new unknown not-asked"],
        ),
    ] {
        assert_eq!(
            told(&of("", "", &files(&base, &head))),
            wanted,
            "{base:?} {head:?}"
        );
    }
}

#[test]
fn a_way_back_is_a_script_that_does_something() {
    let forward = ("db/V2__a.sql", "ALTER TABLE t DROP COLUMN a");
    for (others, wanted) in [
        (vec![], "irreversible absent"),
        (
            vec![("db/U2__a.sql", "ALTER TABLE t ADD a int")],
            "destructive present",
        ),
        (vec![("db/U2__a.sql", "-- nothing")], "irreversible no-op"),
        (
            vec![
                ("db/U3__a.sql", "ALTER TABLE t ADD a int"),
                ("db/V3__b.sql", "SELECT 1"),
            ],
            "irreversible absent",
        ),
        (
            vec![("other/U2__a.sql", "ALTER TABLE t ADD a int")],
            "irreversible absent",
        ),
    ] {
        let head: Vec<_> = others.into_iter().chain([forward]).collect();
        let found = told(&of("", "", &files(&[], &head)));
        let wanted = format!("db/V2__a.sql new {wanted}");
        assert!(found.contains(&wanted), "{found:?}");
    }
    // What takes nothing back that is there runs by itself.
    let alone = told(&of(
        "",
        "",
        &files(&[], &[("db/U2__a.sql", "DROP TABLE t")]),
    ));
    assert_eq!(alone, ["db/U2__a.sql new destructive not-asked"]);
    let pair = [
        ("db/1_a.up.sql", "DROP TABLE t"),
        ("db/1_a.down.sql", "CREATE TABLE t (a int)"),
    ];
    assert_eq!(
        told(&of("", "", &files(&[], &pair))),
        ["db/1_a.up.sql new destructive present"]
    );
}

#[test]
fn the_second_part_for_goose_and_dbmate_is_a_way_back_and_does_not_run() {
    let goose = "-- +goose Up\nALTER TABLE t ADD a int;\n-- +goose Down\nDROP TABLE t;\n";
    let one_way = "-- migrate:up\nDROP TABLE t;\n-- migrate:down\n-- nothing\n";
    let alone = "-- +goose Up\nALTER TABLE t ADD a int;\n";
    for (name, text, wanted) in [
        ("1_a.sql", goose, "additive present"),
        ("a.sql", goose, "destructive not-asked"),
        ("V1__a.sql", goose, "irreversible absent"),
        ("1_a.sql", alone, "additive absent"),
        ("1_a.sql", one_way, "irreversible no-op"),
        ("1_a.up.sql", one_way, "irreversible absent"),
    ] {
        let found = told(&of("", "", &files(&[], &[(&format!("db/{name}"), text)])));
        assert_eq!(found, [format!("db/{name} new {wanted}")], "{text}");
    }
    let hidden = goose.replace("ALTER", "SELECT 'a\n-- ', '; DROP TABLE u; ';\nALTER");
    let found = told(&of("", "", &files(&[], &[("db/1_a.sql", &hidden)])));
    assert_eq!(found, ["db/1_a.sql new unknown present"]);
    let behind = of(
        "",
        "",
        &files(
            &[("db/2_b.sql", goose)],
            &[("db/1_a.sql", goose), ("db/2_b.sql", goose)],
        ),
    );
    assert_eq!(behind.scripts[0].behind.as_deref(), Some("2_b.sql"));
}

#[test]
fn what_has_run_stays_and_what_is_new_comes_last() {
    let one = |base: &[(&str, &str)], head: &[(&str, &str)]| {
        let found = of("", "", &files(base, head)).scripts;
        let told = found.into_iter().map(|script| {
            (
                script.rewritten.join(","),
                script.behind.unwrap_or_default(),
                script.twin.unwrap_or_default(),
            )
        });
        told.collect::<Vec<_>>()
    };
    let text = |a: &str, b: &str, c: &str| vec![(a.to_owned(), b.to_owned(), c.to_owned())];
    let (first, second, third) = (
        ("db/V1__a.sql", "SELECT 1"),
        ("db/V2__b.sql", "SELECT 2"),
        ("db/V3__c.sql", "SELECT 3"),
    );
    assert_eq!(one(&[first], &[first, second]), text("", "", ""));
    assert_eq!(
        one(&[first], &[("db/V1__a.sql", "SELECT 9")]),
        text("V1__a.sql", "", "")
    );
    assert_eq!(one(&[first, second], &[second]), text("V1__a.sql", "", ""));
    assert_eq!(
        one(&[first, third], &[first, second, third]),
        text("", "V3__c.sql", "")
    );
    assert_eq!(
        one(&[first], &[first, ("db/V1__z.sql", "SELECT 2")]),
        text("", "", "V1__a.sql")
    );
    assert_eq!(
        one(&[third], &[third, ("other/V1__z.sql", "SELECT 2")]),
        text("", "", "")
    );
    assert_eq!(
        one(
            &[("db/R__v.sql", "SELECT 1")],
            &[("db/R__v.sql", "SELECT 2")]
        ),
        text("", "", "")
    );
    assert_eq!(
        one(
            &[("db/10_a.sql", "SELECT 1")],
            &[("db/10_a.sql", "SELECT 1"), ("db/9_b.sql", "SELECT 1")]
        ),
        text("", "10_a.sql", "")
    );
}

const MAP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: sql-1, namespace: shop}
data:
  V1__a.sql: SELECT 1
  notes.txt: DROP TABLE t
";

#[test]
fn objects_hold_scripts() {
    let with = |key: &str| format!("{MAP}  {key}\n");
    for (base, head, wanted) in [
        (
            MAP.to_owned(),
            with("V2__b.sql: DROP TABLE t"),
            vec!["ConfigMap shop/sql-1, /data/V2__b.sql new irreversible absent"],
        ),
        (
            String::new(),
            MAP.to_owned(),
            vec!["ConfigMap shop/sql-1, /data/V1__a.sql new none absent"],
        ),
        (
            MAP.to_owned(),
            MAP.replace("DROP TABLE t", "nothing"),
            vec![],
        ),
        // A generator names it anew for each state.
        (MAP.to_owned(), MAP.replace("sql-1", "sql-2"), vec![]),
        (
            MAP.to_owned(),
            MAP.replace("sql-1", "sql-2")
                .replace("SELECT 1", "LOCK TABLE t"),
            vec!["ConfigMap shop/sql-2, /data/V1__a.sql changed care absent"],
        ),
    ] {
        assert_eq!(told(&of(&base, &head, &Files::default())), wanted, "{head}");
    }
}

#[test]
fn what_a_generator_makes_of_a_file_is_told_once() {
    let file = files(&[], &[("db/V1__a.sql", "SELECT 1")]);
    let found = told(&of("", MAP, &file));
    assert_eq!(
        found,
        ["ConfigMap shop/sql-1, /data/V1__a.sql new none absent"]
    );
    let other = files(&[], &[("db/V1__a.sql", "DROP TABLE t")]);
    assert_eq!(told(&of("", MAP, &other)).len(), 2);
}

#[test]
fn a_renamed_config_map_keeps_its_order() {
    let base = MAP.replace("V1__a", "V5__a");
    let head = format!("{}  V4__b.sql: SELECT 2\n", base.replace("sql-1", "sql-2"));
    let found = of(&base, &head, &Files::default()).scripts;
    let behind: Vec<_> = found
        .iter()
        .map(|script| script.behind.as_deref())
        .collect();
    assert_eq!(behind, [Some("V5__a.sql")]);
}

#[test]
fn a_secret_is_read_by_nobody_and_only_asked_about_where_it_changes() {
    let secret = "
apiVersion: v1
kind: Secret
metadata: {name: sql, namespace: shop}
stringData: {a.sql: x, password: y}
";
    let asked = |head: String| told(&of(secret, &head, &Files::default())).len();
    assert_eq!(asked(secret.replace("password: y", "password: z")), 0);
    assert_eq!(asked(secret.replace("a.sql: x", "a.sql: z")), 1);
}

#[test]
fn lists_of_operators_are_read_entry_by_entry() {
    let cluster = |list: &str| {
        format!(
            "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {{name: db, namespace: shop}}
spec: {{minSyncReplicas: 1, bootstrap: {{initdb: {{postInitSQL: {list}}}}}}}
"
        )
    };
    let found = of(
        &cluster("[SELECT 1]"),
        &cluster("[DROP TABLE t, SELECT 1]"),
        &Files::default(),
    );
    let at = "/spec/bootstrap/initdb/postInitSQL/0";
    assert_eq!(
        told(&found),
        [format!("Cluster shop/db, {at} new destructive not-asked")]
    );
    assert_eq!(found.replicated.len(), 1);
    assert_eq!(found.class, Class::Destructive);
}

#[test]
fn statements_are_counted_for_a_script_and_for_all() {
    let most = limits::SCRIPT_STATEMENTS.most;
    let full = "END;".repeat(most);
    let beyond = format!("{full}END");
    let count = |texts: &[(&str, &str)]| {
        let found = of("", "", &files(&[], texts)).scripts.into_iter();
        let told = found.map(|script| (script.statements.len(), script.class));
        told.collect::<Vec<_>>()
    };
    assert_eq!(count(&[("a.sql", &full)]), [(most, Class::None)]);
    assert_eq!(count(&[("a.sql", &beyond)]), [(most + 1, Class::Unknown)]);
    let names = ["a.sql", "b.sql", "c.sql", "d.sql", "e.sql"];
    let all = count(&names.map(|name| (name, full.as_str())));
    assert_eq!(limits::STATEMENTS.most, 4 * most);
    assert!(all.iter().take(4).all(|one| *one == (most, Class::None)));
    assert_eq!(all.last(), Some(&(1, Class::Unknown)));
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    committed_is("migrations.json", &schema());
}

#[test]
fn what_is_found_fits_the_schema() {
    let map = format!("{MAP}  V2__b.sql: DO $$ $$\n");
    let mut files = files(
        &[("db/V9__a.sql", "SELECT 1")],
        &[("db/V8__a.sql", "VACUUM FULL t")],
    );
    files.modules.push(ModuleFiles {
        folder: RepoPath::from("sale"),
        base: None,
        head: Some(Text::Unknown("x".to_owned())),
        changed: Vec::new(),
        scripts: Vec::new(),
    });
    let value: Value = serde_json::to_value(of("", &map, &files)).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let problems: Vec<String> = validator
        .iter_errors(&value)
        .map(|it| it.to_string())
        .collect();
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        value["scripts"].as_array().map(Vec::len),
        Some(4),
        "{value}"
    );
    assert_eq!(value["odoo"][0]["step"], json!("unknown"));
}

#[test]
fn a_few_of_what_scripts_come_after_are_looked_for() {
    let settings =
        json!({"contract-stages": ["production"], "contract-after-days": 7, "paths": ["**/*.sql"]});
    let rules = Rules::of_settings(&settings).unwrap();
    for (count, late) in [(16, 0), (17, 1)] {
        let texts = (100..100 + count).map(|nth| {
            let text = format!("-- contract-after: db/{nth}.sql\nDROP TABLE t;");
            (format!("db/drop{nth}.sql"), text)
        });
        let texts: Vec<(String, String)> = texts.collect();
        let texts: Vec<(&str, &str)> = texts
            .iter()
            .map(|(path, text)| (&**path, &**text))
            .collect();
        let files = files(&[], &texts);
        let asked = by((&rules, &files), ("", ""), &awaited);
        assert_eq!(asked.len(), 16, "{count}");
        let found = by((&rules, &files), ("", ""), &found);
        let contracts = found.scripts.iter().filter_map(|it| it.contract.as_ref());
        assert!(
            contracts
                .clone()
                .all(|it| !it.good && it.text.contains("one of more than 16"))
        );
        assert_eq!(contracts.count() - asked.len(), late);
        assert_eq!(by((&Rules::default(), &files), ("", ""), &awaited).len(), 0);
    }
}
