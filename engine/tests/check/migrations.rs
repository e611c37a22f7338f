//! Scripts among the files of a unit: read from both trees, and what cannot be read is not understood.

use tidegate::model::Exit;

use super::*;

/// What blocks a script that may do anything: it is of a tier for which there must be a plan for the way back, too.
const NOT_UNDERSTOOD: [&str; 2] = ["migration.unclassified", "rollback.plan-missing"];

/// A shop with one script that has run.
fn with_a_script() -> (Repo, GitId) {
    let (repo, _) = shop(&format!("{RETAIL}{CONFIG}"));
    repo.write(
        "prod/migrations/V1__init.sql",
        "CREATE TABLE flag (id int);\n",
    );
    let base = repo.commit("a script");
    (repo, base)
}

/// What blocks where these files are written.
fn blocked(files: &[(&str, &[u8])]) -> Vec<String> {
    let (repo, base) = with_a_script();
    for (path, bytes) in files {
        repo.write(path, bytes);
    }
    repo.commit("more scripts");
    blocking(&check(&repo, base))
}

#[test]
fn a_script_by_itself_is_judged_with_its_unit() {
    let way_back: (&str, &[u8]) = ("prod/migrations/U2__a.sql", b"DROP TABLE other;\n");
    for (text, wanted) in [
        (&b"CREATE TABLE other (id int);\n"[..], [""; 0].as_slice()),
        (b"LOCK TABLE stock_move;\n", &["migration.blocking-lock"]),
        (b"DO $$ BEGIN END $$;\n", &NOT_UNDERSTOOD),
    ] {
        let found = blocked(&[("prod/migrations/V2__a.sql", text), way_back]);
        assert_eq!(found, wanted, "{}", String::from_utf8_lossy(text));
    }
    let changed = blocked(&[(
        "prod/migrations/V1__init.sql",
        b"CREATE TABLE flag (id bigint);\n",
    )]);
    assert_eq!(changed, ["migration.changed-after-applied"]);
}

#[test]
fn only_the_strict_profile_asks() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/migrations/V2__a.sql", "DROP TABLE flag;\n");
    repo.commit("a script");
    let report = check(&repo, base);
    assert_eq!((report.exit, blocking(&report)), (Exit::Pass, Vec::new()));
}

#[test]
fn what_cannot_be_read_is_not_understood() {
    let long = " ".repeat((4 << 20) + 1);
    let deep = format!("SELECT {}1", "(".repeat(100_000));
    let endless = format!("SELECT {}1", "NOT ".repeat(100_000));
    for bytes in [
        &b"\xff\xfe"[..],
        b"SELECT 1;\0",
        b"SELECT 'a",
        b"\\i other.sql\n",
        long.as_bytes(),
        deep.as_bytes(),
        endless.as_bytes(),
    ] {
        let (repo, base) = with_a_script();
        repo.write("prod/init.sql", bytes).commit("a script");
        let report = check(&repo, base);
        let begin = String::from_utf8_lossy(bytes.get(..20).unwrap_or(bytes));
        assert_eq!(errors(&report), [], "{begin}");
        assert_eq!(blocking(&report), NOT_UNDERSTOOD, "{begin}");
    }
    let (repo, base) = with_a_script();
    repo.symlink("prod/init.sql", "migrations/V1__init.sql");
    repo.commit("a link");
    assert_eq!(blocking(&check(&repo, base)), NOT_UNDERSTOOD);
    let (repo, base) = with_a_script();
    repo.write("prod/.gitattributes", "*.sql filter=other\n");
    repo.write("prod/init.sql", "SELECT 1;\n");
    repo.commit("a filter");
    assert_eq!(
        error_codes(&check(&repo, base)),
        ["git.content-transformed"]
    );
}

#[test]
fn messages_name_the_line_and_show_no_text() {
    let (repo, base) = with_a_script();
    let text = "SELECT 1;\n\nCALL reset('hunter2');\n";
    repo.write("prod/init.sql", text).commit("a script");
    let report = check(&repo, base);
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let findings = findings.filter(|finding| finding.code.starts_with("migration."));
    let messages: Vec<&str> = findings.map(|finding| finding.message.as_str()).collect();
    let wanted = "prod/init.sql cannot be told to be safe: line 3: it calls a procedure, which may do anything";
    assert_eq!(messages, [wanted]);
    assert!(!json_of(&report).contains("hunter2"));
}

#[test]
fn modules_of_odoo_are_found_around_what_changes() {
    let manifest = |version: &str| format!("{{'name': 'Sale', 'version': '{version}'}}\n");
    let (repo, _) = shop(&format!("{RETAIL}{CONFIG}"));
    repo.write("prod/addons/sale/__manifest__.py", manifest("17.0.1.0.0"))
        .write("prod/addons/sale/models/sale.py", "x = 1\n");
    let base = repo.commit("a module");
    repo.write("prod/addons/sale/models/sale.py", "x = 2\n")
        .commit("its code");
    assert_eq!(
        blocking(&check(&repo, base)),
        ["migration.odoo-version-not-bumped"]
    );
    repo.write("prod/addons/sale/__manifest__.py", manifest("17.0.1.0.1"))
        .commit("its version");
    assert_eq!(blocking(&check(&repo, base)), ["rollback.plan-missing"]);
    repo.remove("prod/addons/sale/__manifest__.py")
        .commit("no module any more");
    assert_eq!(
        blocking(&check(&repo, base)),
        ["migration.odoo-module-removed", "rollback.plan-missing"]
    );
}

#[test]
fn globs_of_paths_are_checked_where_they_stand() {
    let with = |globs: &str| {
        let settings = format!(
            "policies: {{migrations: {{paths: {globs}}}}}\nprofile: retail-prod\nimages: {{signatures: of-authorities, registries: [\"**\"]}}\n"
        );
        let (repo, base) = shop(&format!("{settings}{CONFIG}"));
        repo.write("prod/own/a.sql", "DROP DATABASE shop;\nDO $$ $$;\n")
            .commit("a script");
        (repo, base)
    };
    let (repo, base) = with("[\"../**\"]");
    let (code, _) = refused(&repo, &request(&format!("{base}..HEAD")));
    assert_eq!(code, "config.invalid");
    let found = |globs: &str| {
        let (repo, base) = with(globs);
        let found = blocking(&check(&repo, base));
        found.contains(&"migration.unclassified".to_owned())
    };
    assert!(found("[\"**/own/*\"]"));
    assert!(!found("[\"**/other/*\"]"));
    assert!(!found("[]"));
}

/// Only the script changes, and what tells caches apart lies in another file.
#[test]
fn a_cache_beside_a_script_is_found_where_settings_name_its_key() {
    let map = |prefix: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: redis, namespace: shop}}\ndata: {{REDIS_PREFIX: {prefix}}}\n"
        )
    };
    let told = |keys: &str, head: &str| {
        let policies = format!(
            "freeze-windows: {{require-calendar: {{production: false}}}}, migrations: {{cache-keys: [{keys}]}}"
        );
        let retail = RETAIL
            .lines()
            .map(|line| match line.starts_with("policies:") {
                true => format!("policies: {{{policies}}}\n"),
                false => format!("{line}\n"),
            });
        let (repo, _) = shop(&format!("{}{CONFIG}", retail.collect::<String>()));
        repo.write("prod/redis.yaml", map("v1"));
        let base = repo.commit("a cache");
        repo.write("prod/redis.yaml", map(head));
        let fill = "UPDATE flag SET note = 'a' WHERE note IS NULL;\n";
        repo.write("prod/migrations/V2__fill.sql", fill);
        repo.commit("a script");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let own = findings.filter(|finding| finding.code == "migration.cache-invalidation");
        own.map(|finding| finding.message.clone())
            .collect::<String>()
    };
    let stays = told("REDIS_PREFIX", "v1");
    assert!(
        stays.ends_with("stays: `REDIS_PREFIX` of ConfigMap shop/redis"),
        "{stays}"
    );
    assert_eq!(told("REDIS_PREFIX", "v2"), "");
    assert_eq!(told("", "v1"), "");
}
