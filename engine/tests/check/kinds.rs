//! What the kind of an object means for what is judged: where it lives, and what of it is secret.

use super::*;

#[test]
fn a_namespace_on_a_kind_of_the_cluster_hides_no_second_object() {
    let role = |namespace: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: a{namespace}}}\nrules: []\n"
        )
    };
    let (repo, _) = shop(CONFIG);
    let base = repo.write("prod/a.yaml", role("")).commit("a role");
    repo.write("prod/b.yaml", role(", namespace: shop"))
        .commit("the same with a namespace");
    let report = check(&repo, base);
    let denied = blocking(&report);
    assert_eq!(denied, ["engine.duplicate-object of a"], "{denied:?}");
    assert_eq!(report.exit, Exit::Denied);
}

#[test]
fn an_object_without_a_name_of_its_own_is_another_one_once_its_spec_is() {
    let job = |image: &str, label: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: import-, namespace: shop, labels: {{a: {label}}}}}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{{name: a, image: \"registry.example/{image}\"}}]\n"
        )
    };
    let (repo, _) = shop(CONFIG);
    let base = repo
        .write("prod/job.yaml", job("a:1.0.0", "one"))
        .commit("a job");
    let changes = |text: String| {
        repo.write("prod/job.yaml", text).commit("the job again");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        let changes = unit(&report, "prod", "prod").changes.iter();
        let changes = changes.map(|change| {
            let generated = change.object.name.starts_with("import-*");
            assert!(generated, "{}", change.object.name);
            format!("{:?}", change.operation)
        });
        changes.collect::<Vec<_>>()
    };
    assert_eq!(changes(job("a:1.0.0", "two")), ["Update"]);
    let mut other = changes(job("a:1.0.1", "one"));
    other.sort();
    assert_eq!(other, ["Create", "Delete"]);
    // Beside one with a name of its own there is no doubt.
    let named = job("a:1.0.0", "one").replace("generateName: import-", "name: import");
    repo.write("prod/job.yaml", named).commit("a name");
    let report = check(&repo, base);
    assert_eq!(unit(&report, "prod", "prod").changes.len(), 2);
}

#[test]
fn a_secret_is_told_as_changed_however_it_is_written() {
    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n";
    let (repo, _) = shop(CONFIG);
    let first = format!("{SECRET}type: Opaque\ndata: {{a: aHVudGVyMg==}}\n");
    let base = repo.write("prod/s.yaml", &first).commit("a secret");
    for (rest, field) in [
        ("type: Opaque\ndata: {a: aHVudGVyMw==}\n", "data.a"),
        ("type: Opaque\ndata: {a: 'hunter3 ***'}\n", "data.a"),
        ("type: Opaque\ndata: {a: ''}\n", "data.a"),
        (
            "type: Opaque\ndata: {a: aHVudGVyMg==}\nstringData: {a: hunter3}\n",
            "stringData",
        ),
        (
            "type: kubernetes.io/basic-auth\ndata: {a: aHVudGVyMg==}\n",
            "type",
        ),
        (
            "type: Opaque\nimmutable: true\ndata: {a: aHVudGVyMg==}\n",
            "immutable",
        ),
    ] {
        repo.write("prod/s.yaml", format!("{SECRET}{rest}"))
            .commit("another");
        let report = check(&repo, base);
        let changes = &unit(&report, "prod", "prod").changes;
        assert_eq!(changes.len(), 1, "{rest}");
        let range = format!("{base}..HEAD");
        for format in ["human", "json", "sarif", "markdown"] {
            let output = tidegate(&repo, &["check", &range, "--output", format]);
            let said = stdout(&output) + &stderr(&output);
            for value in ["hunter", "aHVudGVy"] {
                assert!(!said.contains(value), "{format}: {said}");
            }
        }
        let output = tidegate(&repo, &["check", &range]);
        let said = stdout(&output);
        assert!(said.contains(field), "{rest}: {said}");
    }
}
