//! Objects that name no namespace: they lie where their own units put them, and what backs up one namespace covers no other.

use super::*;

const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n\
     spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
const SCHEDULE: &str = "apiVersion: k8up.io/v1\nkind: Schedule\nmetadata: {name: all}\nspec:\n  backend:\n    \
     s3: {endpoint: https://s3.test, bucket: b}\n    repoPasswordSecretRef: {name: a, key: b}\n  \
     backup: {schedule: \"0 1 * * *\"}\n  prune: {schedule: \"0 2 * * *\", retention: {keepDaily: 60}}\n";

/// The claim's unit and that of the schedule, each of an Application with that destination.
fn applications(claims: &str, schedules: &str) -> Repo {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "profile: retail-prod\nrepositories: [\"https://git.test/x.git\"]\nenvironments: [{name: prod, applications: {paths: [\"argocd/**\"]}}]\n",
    );
    for (name, namespace) in [("claims", claims), ("schedules", schedules)] {
        repo.write(
            format!("argocd/{name}.yaml"),
            format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  \
                 project: default\n  destination: {{server: https://kubernetes.default.svc, namespace: {namespace}}}\n  \
                 source: {{repoURL: https://git.test/x.git, path: {name}, targetRevision: main}}\n"
            ),
        );
    }
    repo
}

fn verdict(repo: &Repo) -> Value {
    let (text, _) = run(repo, &["backups", "--output", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    let objects = json["environments"][0]["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 1, "{text}");
    objects[0]["verdict"].clone()
}

/// Whether adding the claim is denied for want of a backup.
fn is_denied(repo: &Repo) -> bool {
    let (text, _) = run(repo, &["check", "HEAD~1..HEAD"]);
    assert!(text.contains("PersistentVolumeClaim/data"), "{text}");
    text.contains("backup.not-covered")
}

#[test]
fn a_schedule_of_another_destination_takes_no_claim() {
    for (claims, schedules, is_covered) in [("shop", "shop", true), ("shop", "tools", false)] {
        let repo = applications(claims, schedules);
        repo.write("schedules/all.yaml", SCHEDULE)
            .write(
                "claims/other.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
            )
            .commit("a schedule");
        repo.write("claims/data.yaml", CLAIM).commit("a claim");
        let expected = if is_covered { "covered" } else { "not-covered" };
        assert_eq!(verdict(&repo), expected, "{claims} {schedules}");
        assert_eq!(is_denied(&repo), !is_covered, "{claims} {schedules}");
    }
}

#[test]
fn of_units_whose_namespaces_nobody_knows_none_covers_another() {
    for (schedule, is_covered) in [("claims/all.yaml", true), ("schedules/all.yaml", false)] {
        let repo = Repo::new();
        repo.write(
            "tidegate.yaml",
            "profile: retail-prod\nenvironments:\n  - name: prod\n    sources:\n      - {name: claims, kind: Application, path: claims}\n      \
             - {name: schedules, kind: Application, path: schedules}\n",
        );
        repo.write(schedule, SCHEDULE).commit("a schedule");
        repo.write("claims/data.yaml", CLAIM).commit("a claim");
        let expected = if is_covered { "covered" } else { "not-covered" };
        assert_eq!(verdict(&repo), expected, "{schedule}");
        assert_eq!(is_denied(&repo), !is_covered, "{schedule}");
    }
}
