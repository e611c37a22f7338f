//! Judge the change, not the debt; but what a change takes from others is no debt.

use tidegate::model::Exit;

use super::*;

const DENIED: &str = "resources.missing-memory-limit of odoo";

fn inherited(report: &RunReport) -> Vec<String> {
    named(report, |finding| finding.inherited)
}

/// Two units of one environment: what runs, and what stands around it.
const TWO_UNITS: &str = "environments:
  - name: prod
    sources:
      - {name: odoo, kind: Application, path: prod}
      - {name: platform, kind: Application, path: platform}
  - name: dev
    paths: [\"dev/**\"]
";

/// `odoo` without a limit of its own, with one from a LimitRange of the other unit.
fn served_from_the_other_unit() -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", TWO_UNITS)
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .write("platform/limits.yaml", limit_range("shop"));
    let base = repo.commit("served");
    (repo, base)
}

#[test]
fn an_old_finding_is_shown_and_does_not_block() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("debt");
    let text = deployment("odoo", "").replace("replicas: 4", "replicas: 5");
    repo.write("prod/odoo.yaml", text).commit("one more");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Pass);
    assert_eq!(inherited(&report), [DENIED]);
    let all = check_all(&repo, base);
    assert_eq!(all.exit, Exit::Denied);
    assert_eq!(blocking(&all), [DENIED]);
}

#[test]
fn debt_in_untouched_objects_is_judged_with_all_only() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/worker.yaml", deployment("worker", ""))
        .commit("debt");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    let report = check(&repo, base);
    assert_eq!(named(&report, |_| true), [""; 0]);
    let all = check_all(&repo, base);
    assert_eq!(blocking(&all), ["resources.missing-memory-limit of worker"]);
}

#[test]
fn all_does_not_judge_units_that_are_not_touched() {
    let (repo, _) = shop(&format!("{CONFIG}  - name: dev\n    paths: [\"dev/**\"]\n"));
    let base = repo
        .write("dev/worker.yaml", deployment("worker", ""))
        .commit("debt");
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"))
        .commit("more memory");
    assert_eq!(check_all(&repo, base).exit, Exit::Pass);
}

#[test]
fn the_same_finding_in_another_container_is_new() {
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("debt");
    let second = "        - name: second\n          image: registry.example/shop/second:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5\n          \
                  resources: {requests: {cpu: 500m, memory: 1Gi}}\n";
    let text = deployment("odoo", "").replace(
        "        - name: odoo\n",
        &format!("{second}        - name: odoo\n"),
    );
    repo.write("prod/odoo.yaml", text).commit("a second");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [DENIED]);
    assert_eq!(inherited(&report), [DENIED]);
    let paths: Vec<_> = unit(&report, "prod", "prod")
        .findings
        .iter()
        .map(|finding| (finding.inherited, finding.keyed_path.clone().unwrap()))
        .collect();
    assert!(paths[0].1.contains("[name=second]"), "{paths:?}");
}

#[test]
fn a_deleted_limit_range_denies_the_containers_it_served() {
    let (repo, base) = served_from_the_other_unit();
    repo.remove("platform/limits.yaml")
        .write("platform/a.yaml", config_map("a", "1"));
    repo.commit("no defaults");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(blocking(&report), [DENIED]);
    assert_eq!(unit(&report, "prod", "platform").findings.len(), 1);
    assert_eq!(inherited(&report), [""; 0]);
    assert_eq!(blocking(&check_all(&repo, base)), [DENIED]);
}

#[test]
fn a_limit_range_that_gives_less_denies_too() {
    let (repo, base) = served_from_the_other_unit();
    let text = limit_range("shop").replace("default:", "defaultRequest:");
    repo.write("platform/limits.yaml", text).commit("less");
    assert_eq!(blocking(&check(&repo, base)), [DENIED]);
}

#[test]
fn a_limit_range_of_another_namespace_serves_nobody_here() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", TWO_UNITS)
        .write("prod/odoo.yaml", deployment("odoo", ""))
        .write("prod/limits.yaml", limit_range("other"));
    let base = repo.commit("debt");
    repo.remove("prod/limits.yaml").commit("no defaults there");
    let report = check(&repo, base);
    assert_eq!(named(&report, |_| true), [""; 0]);
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn a_limit_range_of_another_environment_serves_nobody_here() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", TWO_UNITS)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .write("dev/limits.yaml", limit_range("shop"));
    let base = repo.commit("elsewhere");
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .commit("no limit");
    assert_eq!(blocking(&check(&repo, base)), [DENIED]);
}

#[test]
fn a_limit_may_move_into_a_limit_range_of_another_unit() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", TWO_UNITS)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .write("platform/a.yaml", config_map("a", "1"));
    let base = repo.commit("own limit");
    repo.write("prod/odoo.yaml", deployment("odoo", ""))
        .write("platform/limits.yaml", limit_range("shop"));
    repo.commit("default limit");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    assert_eq!(report.exit, Exit::Pass);
}

#[test]
fn a_new_limit_range_that_breaks_what_runs_is_denied() {
    let (repo, base) = shop(CONFIG);
    let narrow = limit_range("shop").replace("default: {memory: 2Gi}", "max: {memory: 1Gi}");
    repo.write("prod/limits.yaml", narrow).commit("narrow");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), ["resources.limitrange-violated of odoo"]);
}

#[test]
fn a_limit_range_in_an_untouched_unit_counts() {
    let (repo, base) = served_from_the_other_unit();
    let text = deployment("odoo", "").replace("replicas: 4", "replicas: 5");
    repo.write("prod/odoo.yaml", text).commit("one more");
    let report = check(&repo, base);
    assert_eq!(named(&report, |_| true), [""; 0]);
}

/// A database may have more than the others: what was within its own ceiling is no old finding.
#[test]
fn an_old_finding_is_one_by_the_objects_own_components() {
    let repo = Repo::new();
    let database = |memory: &str| {
        deployment("db", memory)
            .replace(
                "  namespace: shop\n",
                "  namespace: shop\n  labels: {tidegate.dev/component: database}\n",
            )
            .replace("memory: 2Gi}\n", &format!("memory: {memory}}}\n"))
    };
    repo.write("tidegate.yaml", CONFIG)
        .write("prod/db.yaml", database("100Gi"));
    let base = repo.commit("a large database");
    repo.write("prod/db.yaml", database("200Gi")).commit("huge");
    let report = check(&repo, base);
    assert!(
        blocking(&report).contains(&"resources.above-ceiling of db".to_owned()),
        "{}",
        json_of(&report)
    );
}

#[test]
fn a_bad_value_that_is_made_worse_is_no_old_debt() {
    let config = format!("{CONFIG}resources: {{ceilings: {{\"*\": {{memory: 1Gi}}}}}}\n");
    let (repo, base) = shop(&config);
    repo.write("prod/odoo.yaml", deployment("odoo", "3Gi"));
    repo.commit("worse");
    let report = check(&repo, base);
    assert_eq!(
        report.exit,
        Exit::Denied,
        "{:?}",
        unit(&report, "prod", "prod").findings
    );
}

/// What a finding is about may stand in several places, of which one gives it its name.
#[test]
fn what_stands_in_several_places_is_touched_by_a_change_of_any() {
    for (api, before, after, unrelated) in SEVERAL_PLACES {
        let whole = |spec: &str| {
            format!("apiVersion: {api}\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n")
        };
        let repo = Repo::new();
        repo.write("tidegate.yaml", CONFIG)
            .write("prod/web.yaml", whole(before));
        let base = repo.commit("debt");
        repo.write("prod/web.yaml", whole(unrelated))
            .commit("something else");
        let report = check(&repo, base);
        assert_eq!(blocking(&report), [""; 0], "{unrelated}");
        assert!(!inherited(&report).is_empty(), "{unrelated}");
        repo.write("prod/web.yaml", whole(after)).commit("worse");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Denied, "{after}");
    }
}

/// A kind, what it was, what touches the finding, and what does not.
const SEVERAL_PLACES: [(&str, &str, &str, &str); 12] = [
    (
        APPLICATION,
        "{source: {helm: {valuesObject: {image: {repository: r.example/web, tag: v1}}}}}",
        "{source: {helm: {valuesObject: {image: {repository: r.example/web, tag: v2}}}}}",
        "{source: {helm: {valuesObject: {image: {repository: r.example/web, tag: v1}, port: 1}}}}",
    ),
    (
        APPLICATION,
        "{source: {helm: {valuesObject: {image: {registry: a.example, repository: r.example/web, tag: v1}}}}}",
        "{source: {helm: {valuesObject: {image: {repository: r.example/web, tag: v1}}}}}",
        "{source: {helm: {valuesObject: {image: {registry: a.example, repository: r.example/web, tag: v1, pull: a}}}}}",
    ),
    (
        APPLICATION,
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: a, value: b}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v2}, {name: a, value: b}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: a, value: c}]}}}",
    ),
    (
        APPLICATION,
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: a.tag, value: v2}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: a.tag, value: v1}, {name: image.tag, value: v2}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: b.tag, value: v2}]}}}",
    ),
    (
        APPLICATION,
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: image.tag, value: v2}]}}}",
        "{source: {helm: {parameters: [{name: image.repository, value: r.example/web}, {name: image.tag, value: v1}, {name: image.pull, value: v2}]}}}",
    ),
    (
        FLUX,
        "{images: [{name: web, newName: r.example/web, newTag: v1}]}",
        "{images: [{name: web, newName: r.example/web, newTag: v2}]}",
        "{images: [{name: web, newName: r.example/web, newTag: v1}], prune: true}",
    ),
    (
        SET,
        "{generators: [{list: {elements: [{img: r.example/web:v1}]}}], template: {spec: {source: {kustomize: {images: ['web={{img}}']}}}}}",
        "{generators: [{list: {elements: [{img: r.example/web:v2}]}}], template: {spec: {source: {kustomize: {images: ['web={{img}}']}}}}}",
        "{generators: [{list: {elements: [{img: r.example/web:v1}]}}], template: {spec: {source: {kustomize: {images: ['web={{img}}']}, path: a}}}}",
    ),
    (
        SET,
        "{generators: [{list: {elements: [{tag: v1}]}}], templatePatch: 'spec: {source: {kustomize: {images: [\"web=r.example/web:{{tag}}\"]}}}'}",
        "{generators: [{list: {elements: [{tag: v2}]}}], templatePatch: 'spec: {source: {kustomize: {images: [\"web=r.example/web:{{tag}}\"]}}}'}",
        "{generators: [{list: {elements: [{tag: v1}]}}], templatePatch: 'spec: {source: {kustomize: {images: [\"web=r.example/web:{{tag}}\"]}}}', goTemplate: true}",
    ),
    (
        "monitoring.coreos.com/v1\nkind: Prometheus",
        "{baseImage: r.example/web, version: v1}",
        "{baseImage: r.example/web, version: v2}",
        "{baseImage: r.example/web, version: v1, retention: 1d}",
    ),
    (
        "operator.example/v1\nkind: Web",
        "{containers: [{name: web, image: {repository: r.example/web, tag: v1}}]}",
        "{containers: [{name: web, image: {repository: r.example/web, tag: v2}}]}",
        "{containers: [{name: web, image: {repository: r.example/web, tag: v1}, tty: true}]}",
    ),
    (
        POD,
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {requests: {cpu: 1, memory: 2Gi}, limits: {memory: 1Gi}}}]}",
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {requests: {cpu: 1, memory: 2Gi}, limits: {memory: 512Mi}}}]}",
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', tty: true, resources: {requests: {cpu: 1, memory: 2Gi}, limits: {memory: 1Gi}}}]}",
    ),
    (
        POD,
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {requests: {cpu: 1, memory: 1Gi}}}]}",
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 0}}}]}",
        "{containers: [{name: web, image: 'r.example/web@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5', resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1}}}]}",
    ),
];

const APPLICATION: &str = "argoproj.io/v1alpha1\nkind: Application";
const SET: &str = "argoproj.io/v1alpha1\nkind: ApplicationSet";
const FLUX: &str = "kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization";
const POD: &str = "v1\nkind: Pod";
