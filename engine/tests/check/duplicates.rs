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

/// The same without its namespace.
fn bare(manifest: &str) -> String {
    manifest.replace("  namespace: shop\n", "")
}

#[test]
fn one_without_a_namespace_beside_an_unchanged_one_with_it_is_denied() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/again.yaml", bare(&deployment("odoo", "2048Mi")))
        .commit("the deployer fills in the namespace");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["engine.duplicate-object of odoo"]);
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn two_new_ones_of_which_one_names_its_namespace_are_denied_once() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/a.yaml", config_map("a", "1"))
        .write("prod/b.yaml", bare(&config_map("a", "2")));
    repo.commit("twice");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [CODE]);
    assert_eq!(unit(&report, "prod", "prod").findings.len(), 1);
}

#[test]
fn one_beside_a_changed_one_of_the_other_form_is_denied() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/a.yaml", bare(&config_map("a", "1")))
        .commit("the first");
    repo.write("prod/a.yaml", bare(&config_map("a", "2")))
        .write("prod/b.yaml", config_map("a", "3"))
        .commit("the second");
    assert_eq!(blocking(&check(&repo, base)), [CODE]);
}

#[test]
fn two_namespaces_that_are_both_named_are_no_duplicate() {
    let (repo, base) = shop(CONFIG);
    repo.write("prod/b.yaml", deployment_in("other", "odoo", "2Gi"))
        .commit("beside it");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn old_twins_of_both_forms_can_be_changed_and_taken_away() {
    let (repo, _) = shop(CONFIG);
    repo.write("prod/a.yaml", config_map("a", "1"))
        .write("prod/b.yaml", bare(&config_map("a", "2")));
    let base = repo.commit("twins");
    repo.write("prod/a.yaml", config_map("a", "3"))
        .commit("one of them");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
    repo.remove("prod/b.yaml").commit("one is enough");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn a_namespace_that_comes_with_another_difference_is_denied() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/odoo.yaml", bare(&deployment("odoo", "4Gi")))
        .commit("no namespace");
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("a namespace, and half of the memory");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["engine.ambiguous-update of odoo"]);
    let finding = &unit(&report, "prod", "prod").findings;
    let finding = finding.iter().find(|finding| finding.blocks()).unwrap();
    assert!(finding.location.is_some() && finding.because.is_some());
}

#[test]
fn a_namespace_alone_is_a_deletion_and_a_creation() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/odoo.yaml", bare(&deployment("odoo", "2Gi")))
        .commit("no namespace");
    repo.write("prod/odoo.yaml", deployment("odoo", "2048Mi"))
        .commit("a namespace");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    assert_eq!(unit(&report, "prod", "prod").changes.len(), 2);
}
