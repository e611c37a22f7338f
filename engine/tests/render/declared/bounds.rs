//! Units that cannot be told, and what they read at most: what changes beside that is judged without them.

use tidegate::model::Exit;

use super::unpruned::{application, kustomization};
use super::{CONFIG_MAP, FLUX, RELEASE, judged_after, unjudged};
use crate::support::Repo;

/// A repository, the file that changes, and whether that is judged.
type Case<'c> = (&'c dyn Fn(&Repo), &'c str, bool);

/// Whether a change of a file is judged beside a unit that is not known.
fn is_judged(before: &dyn Fn(&Repo), path: &str) -> bool {
    let (exit, codes) = judged_after(before, |repo| {
        let text = std::fs::read_to_string(repo.path().join(path)).unwrap_or_default();
        repo.write(path, format!("{text}# changed\n"));
    });
    let is_unknown = codes.contains(&unjudged("source.unknown").1[0]);
    assert_eq!(exit == Exit::Unjudged, is_unknown, "{path}: {codes:?}");
    !is_unknown
}

/// A known unit beside the one that is not known.
fn beside(repo: &Repo, kind: &str, known: &str) {
    repo.write("tidegate.yaml", FLUX.replace("kustomizations", kind))
        .write("clusters/known.yaml", known)
        .write("other/x.yaml", format!("{CONFIG_MAP}\n"))
        .write(
            "plain/x.yaml",
            CONFIG_MAP.replace("name: x", "name: z") + "\n",
        );
}

fn argo(repo: &Repo, unit: &str) {
    beside(
        repo,
        "applications",
        &application("known", "other", "", "{}"),
    );
    repo.write("clusters/unit.yaml", unit);
}

fn flux(repo: &Repo, unit: &str) {
    let known = kustomization("known", "other", "prune: true");
    beside(repo, "kustomizations", &known);
    repo.write("clusters/unit.yaml", unit);
}

#[test]
fn an_application_that_is_not_known_is_touched_by_what_it_may_read() {
    let unit = application("unit", "plain", "", "{}");
    let both = |repo: &Repo| {
        argo(repo, &unit);
        repo.write(
            "plain/Chart.yaml",
            "{apiVersion: v2, name: a, version: 1.0.0}\n",
        )
        .write("plain/kustomization.yaml", "resources: [x.yaml, ../base]\n")
        .write("base/kustomization.yaml", "resources: [x.yaml]\n")
        .write("base/x.yaml", CONFIG_MAP);
    };
    let linked = |repo: &Repo| {
        argo(repo, &unit);
        repo.write("base/x.txt", CONFIG_MAP)
            .symlink("plain/link.yaml", "../base/x.txt");
    };
    let missing = |repo: &Repo| argo(repo, &unit.replace("path: plain", "path: gone"));
    let plugged = |repo: &Repo| {
        argo(
            repo,
            &unit.replace("path: plain", "path: plain, plugin: {name: a}"),
        );
    };
    let cases: [Case<'_>; 12] = [
        (&both, "other/x.yaml", true),
        (&both, "plain/x.yaml", false),
        (&both, "base/x.yaml", false),
        (&both, "clusters/unit.yaml", false),
        (&linked, "other/x.yaml", true),
        (&linked, "base/x.txt", false),
        (&linked, "plain/new.txt", false),
        (&missing, "other/x.yaml", true),
        (&missing, "gone/x.yaml", false),
        (&missing, "tidegate.yaml", false),
        // What a plugin reads, nobody knows.
        (&plugged, "other/x.yaml", false),
        (&plugged, "base/x.txt", false),
    ];
    for (at, (before, path, judged)) in cases.into_iter().enumerate() {
        assert_eq!(is_judged(before, path), judged, "{at}: {path}");
    }
}

#[test]
fn a_kustomization_that_is_not_known_is_touched_by_what_it_may_read() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: vars, namespace: flux-system}\nstringData: {a: ENC}\nsops: {version: '3'}\n";
    let from = "postBuild: {substituteFrom: [{kind: Secret, name: vars}]}";
    let unit = |spec: &str| kustomization("unit", "plain", spec);
    let encrypted = |repo: &Repo| {
        flux(repo, &unit(from));
        repo.write("clusters/vars.yaml", secret);
    };
    let absent = |repo: &Repo| flux(repo, &unit(from));
    let odd = "ignoreMissingComponents: true, components: [../part, ../gone]";
    let component = "{apiVersion: kustomize.config.k8s.io/v1alpha1, kind: Component, resources: [../base/x.yaml]}\n";
    let odd_with = |repo: &Repo, more: &str| {
        flux(repo, &unit(&format!("{odd}{more}")));
        repo.write("part/kustomization.yaml", component)
            .write("base/x.yaml", CONFIG_MAP);
    };
    let optional = |repo: &Repo| odd_with(repo, "");
    let optional_and_absent = |repo: &Repo| odd_with(repo, &format!(", {from}"));
    let strange = |repo: &Repo| flux(repo, &unit("someday: plain"));
    let cases: [Case<'_>; 11] = [
        (&encrypted, "other/x.yaml", true),
        (&encrypted, "plain/x.yaml", false),
        (&encrypted, "clusters/vars.yaml", false),
        (&encrypted, "clusters/unit.yaml", false),
        (&optional, "other/x.yaml", true),
        (&optional, "base/x.yaml", false),
        (&optional, "gone/kustomization.yaml", false),
        // The values may be anywhere, and what a field does that nobody knows may be anything.
        (&absent, "other/x.yaml", false),
        (&optional_and_absent, "other/x.yaml", false),
        (&strange, "other/x.yaml", false),
        (&strange, "plain/x.yaml", false),
    ];
    for (at, (before, path, judged)) in cases.into_iter().enumerate() {
        assert_eq!(is_judged(before, path), judged, "{at}: {path}");
    }
}

#[test]
fn a_release_that_is_not_known_is_touched_by_what_it_may_read() {
    let chart = |repo: &Repo, more: &str| {
        flux(repo, &format!("{RELEASE}{more}"));
        repo.write(
            "charts/web/Chart.yaml",
            "{apiVersion: v2, name: web, version: 1.0.0}\n",
        )
        .write("charts/web/templates/a.yaml", CONFIG_MAP);
    };
    let keeping = |repo: &Repo| chart(repo, "  upgrade: {preserveValues: true}\n");
    let absent = |repo: &Repo| chart(repo, "  valuesFrom: [{kind: ConfigMap, name: vars}]\n");
    let following = |repo: &Repo| {
        chart(repo, "");
        let path = repo.path().join("clusters/unit.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let told = "chart: ./charts/web, valuesFiles: [a.yaml]";
        repo.write(
            "clusters/unit.yaml",
            text.replace("chart: ./charts/web", told),
        );
    };
    let cases: [Case<'_>; 4] = [
        (&keeping, "other/x.yaml", true),
        (&keeping, "charts/web/templates/a.yaml", false),
        (&absent, "other/x.yaml", false),
        (&following, "other/x.yaml", false),
    ];
    for (at, (before, path, judged)) in cases.into_iter().enumerate() {
        assert_eq!(is_judged(before, path), judged, "{at}: {path}");
    }
}
