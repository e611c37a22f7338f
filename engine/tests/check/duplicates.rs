//! Two objects of one identity in a unit.

use tidegate::model::Exit;

use super::*;

const CODE: &str = "engine.duplicate-object of a";

#[test]
fn two_in_one_file_are_denied() {
    let (repo, base) = shop(CONFIG);
    let twice = format!("{}---\n{}", config_map("a", "1"), config_map("a", "2"));
    repo.write("prod/a.yaml", twice).commit("twice");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [CODE]);
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn two_changed_files_are_denied() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/a.yaml", config_map("a", "1"))
        .write("prod/b.yaml", config_map("a", "2"));
    repo.commit("twice");
    assert_eq!(blocking(&check(&repo, base)), [CODE]);
}

#[test]
fn a_new_one_beside_an_unchanged_file_is_denied_at_both_places() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/b.yaml", config_map("a", "1"))
        .commit("the first");
    repo.write("prod/a.yaml", config_map("a", "2"))
        .commit("the second");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [CODE]);
    let finding = unit(&report, "prod", "prod")
        .findings
        .iter()
        .find(|finding| finding.code == "engine.duplicate-object")
        .unwrap();
    let place = |place: &Option<tidegate::model::Location>| place.clone().unwrap().path.to_string();
    assert_eq!(place(&finding.location), "prod/a.yaml");
    assert_eq!(place(&finding.because), "prod/b.yaml");
}

#[test]
fn another_version_of_the_same_object_is_a_duplicate() {
    let (repo, base) = shop(CONFIG);
    let cron = |version: &str| {
        format!(
            "apiVersion: policy/{version}\nkind: PodDisruptionBudget\nmetadata: {{name: a, namespace: shop}}\n"
        )
    };
    repo.write("prod/a.yaml", cron("v1"))
        .write("prod/b.yaml", cron("v1beta1"));
    repo.commit("twice");
    assert_eq!(blocking(&check(&repo, base)), [CODE]);
}

#[test]
fn a_moved_object_is_no_duplicate_and_no_change() {
    let (repo, base) = shop(CONFIG);
    repo.remove("prod/odoo.yaml")
        .write("prod/web/odoo.json.yaml", deployment("odoo", "2Gi"));
    repo.commit("move");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    assert_eq!(unit(&report, "prod", "prod").changes, []);
}

#[test]
fn two_environments_may_hold_the_same_object() {
    let (repo, base) = shop(&format!("{CONFIG}  - name: dev\n    paths: [\"dev/**\"]\n"));
    repo.write("dev/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("dev too");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn one_of_two_old_twins_can_be_taken_away() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/a.yaml", config_map("a", "1"))
        .write("prod/b.yaml", config_map("a", "2"));
    let base = repo.commit("twins");
    repo.remove("prod/b.yaml").commit("one is enough");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
}
