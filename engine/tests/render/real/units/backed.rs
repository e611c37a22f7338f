//! What backs up stands in another unit than what it backs up, which is rendered.

use super::{check_in, edit, workshop};
use crate::cli::backups::{CLAIM, LOCATION, SCHEDULE, environment};
use crate::support::Repo;

/// A claim that is rendered, and what backs it up beside that as it is.
fn rendered() -> Repo {
    environment(&[
        ("files/kustomization.yaml", "resources: [claim.yaml]\n"),
        ("files/claim.yaml", CLAIM),
        ("velero/schedule.yaml", SCHEDULE),
        ("velero/location.yaml", LOCATION),
    ])
}

#[test]
#[ignore = "needs kustomize"]
fn a_backup_of_what_another_unit_renders_is_missed_when_it_goes() {
    let gone: fn(&Repo) = |repo| {
        repo.remove("velero/schedule.yaml").commit("no backup");
    };
    let paused: fn(&Repo) = |repo| {
        edit(
            repo,
            "velero/schedule.yaml",
            "spec:\n",
            "spec:\n  paused: true\n",
        );
    };
    let narrowed: fn(&Repo) = |repo| {
        edit(repo, "velero/schedule.yaml", "[shop]", "[other]");
    };
    let later: fn(&Repo) = |repo| {
        edit(repo, "velero/schedule.yaml", "0 3 *", "0 4 *");
    };
    for (change, code) in [
        (gone, Some("backup.deleted")),
        (paused, Some("backup.disabled")),
        (narrowed, Some("backup.disabled")),
        (later, None),
    ] {
        let repo = rendered();
        let base = repo.id("HEAD");
        change(&repo);
        let report = check_in(&repo, base, &workshop(true));
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let codes: Vec<&str> = findings
            .filter(|it| it.code.starts_with("backup."))
            .map(|it| it.code.as_str())
            .collect();
        assert_eq!(codes.first().copied(), code, "{codes:?}");
    }
}

#[test]
#[ignore = "needs kustomize"]
fn what_another_unit_renders_backs_up_what_it_selects() {
    let left_out = CLAIM.replace(
        "name: files,",
        "name: files, labels: {velero.io/exclude-from-backup: 'true'},",
    );
    let another = CLAIM.replace("name: files", "name: more");
    for (path, text, code) in [
        ("velero/claim.yaml", left_out, Some("backup.disabled")),
        ("velero/more.yaml", another, None),
    ] {
        let repo = environment(&[
            (
                "files/kustomization.yaml",
                "resources: [schedule.yaml, location.yaml]\n",
            ),
            ("files/schedule.yaml", SCHEDULE),
            ("files/location.yaml", LOCATION),
            ("velero/claim.yaml", CLAIM),
        ]);
        let base = repo.id("HEAD");
        repo.write(path, text).commit("a claim");
        let report = check_in(&repo, base, &workshop(true));
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let mut codes = findings
            .map(|it| it.code.as_str())
            .filter(|code| code.starts_with("backup."));
        assert_eq!(codes.next(), code, "{path}");
    }
}

#[test]
#[ignore = "needs kustomize"]
fn a_script_asks_for_backups_of_a_database_that_another_unit_renders() {
    let cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec: {instances: 3, storage: {size: 10Gi}}\n";
    let repo = environment(&[
        ("files/kustomization.yaml", "resources: [db.yaml]\n"),
        ("files/db.yaml", cluster),
        (
            "velero/note.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sql, namespace: shop}\ndata: {run.sql: SELECT 1}\n",
        ),
    ]);
    let base = repo.id("HEAD");
    edit(
        &repo,
        "velero/note.yaml",
        "SELECT 1",
        "UPDATE sale SET total = 0",
    );
    let report = check_in(&repo, base, &workshop(true));
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let mut findings = report.units.iter().flat_map(|unit| &unit.findings);
    let asked = findings.any(|it| it.code == "backup.not-fresh");
    assert!(asked, "{:?}", report.units);
}

#[test]
#[ignore = "needs kustomize"]
fn a_key_that_psql_runs_in_what_another_unit_renders_is_a_script() {
    let job = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: run, namespace: shop}\nspec: {schedule: '0 3 * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: run, image: postgres, command: [psql, -f, /s/step], volumeMounts: [{name: s, mountPath: /s}]}], volumes: [{name: s, configMap: {name: steps}}]}}}}}\n";
    let steps = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: steps, namespace: shop}\ndata: {step: SELECT 1}\n";
    for (client, is_told) in [("psql", true), ("odoo", false)] {
        let repo = environment(&[
            ("files/kustomization.yaml", "resources: [job.yaml]\n"),
            ("files/job.yaml", &job.replace("psql", client)),
            ("velero/steps.yaml", steps),
        ]);
        let base = repo.id("HEAD");
        edit(&repo, "velero/steps.yaml", "SELECT 1", "DROP TABLE sale");
        let workshop = workshop(true);
        let report = check_in(&repo, base, &workshop);
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        let mut reasons = report.units.iter().flat_map(|unit| &unit.reasons);
        let told = reasons.any(|it| it.code == "risk.migration");
        assert_eq!(told, is_told, "{:?}", report.units);
        assert_eq!(workshop.programs().started() > 0, is_told);
    }
}

#[test]
#[ignore = "needs kustomize"]
fn what_is_no_backup_renders_no_other_unit() {
    let repo = rendered();
    let base = repo.id("HEAD");
    repo.write(
        "velero/note.yaml",
        CLAIM.replace("PersistentVolumeClaim", "ConfigMap"),
    )
    .commit("a note");
    let workshop = workshop(true);
    let report = check_in(&repo, base, &workshop);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(workshop.programs().started(), 0);
}
