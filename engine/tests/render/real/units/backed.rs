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
