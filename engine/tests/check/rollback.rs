//! Plans for the way back: read from the tree at head, by the settings or by what a commit names.

use tidegate::model::limits;

use super::*;

fn claim(size: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: files, namespace: shop}}\nspec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {size}}}}}}}\n"
    )
}

/// A shop that grows a volume.
fn growing() -> (Repo, GitId) {
    let (repo, _) = shop(&format!("{RETAIL}{CONFIG}"));
    repo.write("prod/claim.yaml", claim("10Gi"));
    let base = repo.commit("a volume");
    repo.write("prod/claim.yaml", claim("20Gi"));
    (repo, base)
}

/// What this policy denies, without the objects, once all is committed.
fn judged(repo: &Repo, base: GitId, message: &str) -> Vec<String> {
    repo.commit(message);
    let found = blocking(&check(repo, base)).into_iter();
    let codes = found.filter_map(|it| Some(it.split(' ').next()?.to_owned()));
    codes.filter(|it| *it == DENIED[0]).collect()
}

const DENIED: [&str; 1] = ["rollback.irreversible-field"];

#[test]
fn a_plan_is_read_from_the_tree_at_head() {
    let (repo, base) = growing();
    assert_eq!(judged(&repo, base, "grow"), DENIED);
    let (repo, base) = growing();
    repo.write("docs/rollback.md", PLAN);
    assert_eq!(judged(&repo, base, "grow"), [""; 0]);
}

#[test]
fn a_commit_names_its_own_plan() {
    let message = "grow\n\nRollback-Plan: docs/grow.md";
    let (repo, base) = growing();
    repo.write("docs/grow.md", PLAN);
    assert_eq!(judged(&repo, base, message), [""; 0]);
    // It is asked for instead of the one of the settings.
    let (repo, base) = growing();
    repo.write("docs/rollback.md", PLAN);
    assert_eq!(judged(&repo, base, message), DENIED);
    let (repo, base) = growing();
    repo.write("docs/grow.md", PLAN);
    let outside = "grow\n\nRollback-Plan: ../docs/grow.md";
    assert_eq!(judged(&repo, base, outside), DENIED);
}

#[test]
fn what_is_no_text_of_the_tree_is_no_plan() {
    let (repo, base) = growing();
    repo.write("docs/grow.md", PLAN);
    repo.symlink("docs/rollback.md", "grow.md");
    assert_eq!(judged(&repo, base, "a link"), DENIED);
    let (repo, base) = growing();
    repo.write("docs/rollback.md/a.md", PLAN);
    assert_eq!(judged(&repo, base, "a folder"), DENIED);
    for bytes in [
        format!("{PLAN}{}", " ".repeat(1 << 20)).into_bytes(),
        [PLAN.as_bytes(), b"\xff\xfe"].concat(),
    ] {
        let (repo, base) = growing();
        repo.write("docs/rollback.md", bytes);
        assert_eq!(judged(&repo, base, "no text"), DENIED);
    }
}

#[test]
fn plans_are_counted_for_a_change_together() {
    let most = limits::PLANS.most;
    for (count, wanted) in [(most, &[""; 0][..]), (most + 1, &DENIED)] {
        let (repo, base) = growing();
        let mut message = "grow\n\n".to_owned();
        for number in 0..count {
            repo.write(format!("docs/{number}.md"), PLAN);
            message += &format!("Rollback-Plan: docs/{number}.md\n");
        }
        assert_eq!(judged(&repo, base, &message), wanted, "{count}");
    }
}

#[test]
fn only_the_strict_profile_asks_for_plans() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/claim.yaml", claim("10Gi"));
    let base = repo.commit("a volume");
    repo.write("prod/claim.yaml", claim("20Gi"));
    assert_eq!(judged(&repo, base, "grow"), [""; 0]);
}

/// The databases around a script are known wherever the script stands.
#[test]
fn a_script_in_an_object_is_for_the_databases_beside_it() {
    let map = |script: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: sql, namespace: shop}}\ndata: {{V1__a.sql: SELECT 1{script}}}\n"
        )
    };
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: data}\nspec: {instances: 3, storage: {size: 10Gi}}\n";
    let (repo, _) = shop(&format!("{RETAIL}{CONFIG}"));
    repo.write("prod/sql.yaml", map(""))
        .write("prod/db.yaml", cluster);
    let base = repo.commit("a database");
    let more = ", V2__b.sql: ALTER TABLE a DROP COLUMN b, U2__b.sql: ALTER TABLE a ADD b text";
    repo.write("prod/sql.yaml", map(more)).commit("a script");
    let report = check(&repo, base);
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let own = findings.filter(|finding| finding.code == "rollback.needs-database");
    let told: String = own.map(|finding| finding.message.clone()).collect();
    let wanted = "Cluster data/db has no continuous archive of its log that is declared";
    assert!(told.contains(wanted), "{told}");
    assert!(!told.contains("no database is known"), "{told}");
}
