//! What a release of elsewhere takes its values from stands in another unit than the release, and either is rendered.

use super::{check_in, edit, workshop};
use crate::cli::backups::environment;
use crate::support::Repo;

/// A release, and the `ConfigMap` that it names beside it in a unit of its own.
fn rendered() -> Repo {
    environment(&[
        ("tidegate.yaml", CONFIG),
        ("rel/kustomization.yaml", "resources: [release.yaml]\n"),
        ("rel/release.yaml", RELEASE),
        (
            "cfg/kustomization.yaml",
            "resources: [values.yaml, other.yaml]\n",
        ),
        ("cfg/values.yaml", VALUES),
        ("cfg/other.yaml", OTHER),
    ])
}

fn codes(repo: &Repo, change: fn(&Repo)) -> Vec<String> {
    let base = repo.id("HEAD");
    change(repo);
    let report = check_in(repo, base, &workshop(true));
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let codes = findings.map(|it| it.code.clone());
    let mut codes: Vec<_> = codes.filter(|code| code.starts_with("image.")).collect();
    codes.sort();
    codes
}

#[test]
#[ignore = "needs kustomize"]
fn images_come_into_what_another_unit_renders() {
    let other: fn(&Repo) = |repo| {
        edit(repo, "cfg/values.yaml", "r.example/x", "evil.example/m");
    };
    let unasked: fn(&Repo) = |repo| {
        edit(repo, "cfg/other.yaml", "a: b", "a: c");
    };
    let gone: fn(&Repo) = |repo| {
        repo.remove("cfg/values.yaml");
        edit(repo, "cfg/kustomization.yaml", "values.yaml, ", "");
    };
    // In its new unit it is told what it brings, and what it leaves is known.
    let moved: fn(&Repo) = |repo| {
        repo.remove("cfg/values.yaml");
        repo.write("cfg/kustomization.yaml", "resources: [other.yaml]\n");
        repo.write("third/values.yaml", VALUES);
        repo.write("third/kustomization.yaml", "resources: [values.yaml]\n");
        repo.commit("moved");
    };
    let brought = &[
        "image.no-trust-rule",
        "image.not-pinned",
        "image.registry-not-allowed",
    ][..];
    for (change, wanted) in [
        (other, brought),
        (unasked, &[]),
        (gone, &["image.signature-indeterminate"]),
        (moved, brought),
    ] {
        assert_eq!(codes(&rendered(), change), wanted);
    }
}

#[test]
#[ignore = "needs kustomize"]
fn a_config_map_renders_no_other_unit_that_takes_nothing_from_others() {
    let repo = rendered();
    repo.write("rel/release.yaml", RELEASE.replace(NAMED, ""))
        .commit("alone");
    repo.write(
        "plain/note.yaml",
        OTHER.replace("name: other", "name: note"),
    )
    .commit("a note");
    let base = repo.id("HEAD");
    edit(&repo, "plain/note.yaml", "a: b", "a: c");
    let workshop = workshop(true);
    let report = check_in(&repo, base, &workshop);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(workshop.programs().started(), 0);
}

const CONFIG: &str = "
profile: retail-prod
environments:
  - name: prod
    stage: production
    sources:
      - {name: rel, kind: Application, path: rel}
      - {name: cfg, kind: Application, path: cfg}
      - {name: third, kind: Application, path: third}
      - {name: plain, kind: Application, path: plain}
";

const NAMED: &str = "  valuesFrom: [{kind: ConfigMap, name: vals}]\n";

const RELEASE: &str = "
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: x, namespace: shop}
spec:
  chart: {spec: {chart: x, version: 1.0.0, sourceRef: {kind: HelmRepository, name: r}}}
  valuesFrom: [{kind: ConfigMap, name: vals}]
";

const VALUES: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: vals, namespace: shop}
data:
  values.yaml: 'image: {repository: r.example/x, tag: v1}'
";

const OTHER: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: shop}
data: {a: b}
";
