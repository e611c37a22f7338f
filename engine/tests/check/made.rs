//! Applications that a set makes of files of the repository, and whose sources are of elsewhere: judged as they are filled in.
//! Knows neither kustomize nor Helm.

use super::*;

const HERE: &str = "https://git.example/acme/shop.git";
const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

fn config() -> String {
    format!(
        "repositories: [\"{HERE}\"]\nenvironments: [{{name: prod, stage: production, applications: {{paths: [\"argo/*\"]}}}}]\n"
    )
}

/// A set of what `generator` finds; each Application takes a chart of elsewhere, and what else `sources` says.
fn set(generator: &str, sources: &str) -> String {
    let chart = "repoURL: '{{.repo}}', chart: web, targetRevision: '{{.version}}', helm: {valuesObject: {image: '{{.image}}', password: '{{.password}}'}}";
    format!(
        "apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: addons, namespace: argocd}}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators: [{{git: {{repoURL: '{HERE}', revision: HEAD, {generator}}}}}]
  template:
    metadata: {{name: '{{{{.name}}}}'}}
    spec:
      project: shop
      destination: {{server: '{{{{.server}}}}', namespace: shop}}
      sources:
      - {{{chart}}}
{sources}"
    )
}

/// Files of which the set makes its Applications.
const FILES: &str = "files: [{path: 'cfg/*.yaml'}]";

fn values(name: &str) -> String {
    format!(
        "name: {name}\nserver: https://one.example\nrepo: https://charts.example\nversion: 1.2.3\nimage: r.example/web@{DIGEST}\npassword: s3cr3t-before\n"
    )
}

fn touched(report: &RunReport) -> Vec<String> {
    let units = report.units.iter();
    let units = units.map(|it| format!("{} {}", it.unit, it.changes.len()));
    units.collect()
}

/// A repository with the set in `argo/set.yaml`, or held by a parent there, and its first commit.
fn repo(set: &str, is_held: bool) -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config())
        .write("cfg/a.yaml", values("a"))
        .write("cfg/b.yaml", values("b"))
        .write("vals/web.yaml", "replicas: 1\n");
    if is_held {
        let parent = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: root, namespace: argocd}}\nspec:\n  project: shop\n  source: {{repoURL: '{HERE}', path: held}}\n  syncPolicy: {{automated: {{prune: true, selfHeal: true}}}}\n"
        );
        repo.write("argo/root.yaml", parent)
            .write("held/set.yaml", set);
    } else {
        repo.write("argo/set.yaml", set);
    }
    let base = repo.commit("all");
    (repo, base)
}

#[test]
fn what_a_set_makes_of_elsewhere_is_judged_as_it_is_filled_in() {
    let with_values = format!("      - {{repoURL: '{HERE}', targetRevision: HEAD, ref: here}}\n");
    let with_values =
        set(FILES, &with_values).replace("helm: {", "helm: {valueFiles: ['$here/vals/web.yaml'], ");
    for (set, is_held) in [
        (set(FILES, ""), false),
        (set(FILES, ""), true),
        (with_values, false),
    ] {
        for (from, to, blocks) in [
            (format!("r.example/web@{DIGEST}"), "r.example/web:v2", 1),
            ("https://one.example".to_owned(), "https://two.example", 0),
            (
                "https://charts.example".to_owned(),
                "https://evil.example",
                0,
            ),
            ("1.2.3".to_owned(), "1.2.4", 0),
        ] {
            let (repo, base) = repo(&set, is_held);
            repo.write("cfg/a.yaml", values("a").replace(&from, to))
                .commit("other values");
            let report = check(&repo, base);
            assert_eq!(errors(&report), []);
            let units = touched(&report);
            assert!(units.contains(&"a 1".to_owned()), "{units:?} {to} {set}");
            assert!(!units.contains(&"b 1".to_owned()), "{units:?} {to} {set}");
            assert_eq!(blocking(&report).len(), blocks, "{to} {is_held} {set}");
        }
    }
}

#[test]
fn a_file_that_a_set_puts_into_a_chart_of_elsewhere_is_judged_in_each_application() {
    let sources = format!("      - {{repoURL: '{HERE}', targetRevision: HEAD, ref: here}}\n");
    let files = "valueFiles: ['$here/vals/web.yaml', '$here/vals/{{.name}}.yaml'], ignoreMissingValueFiles: true";
    let image = "image: '{{.image}}', ";
    let set = set(FILES, &sources).replace("helm: {", &format!("helm: {{{files}, "));
    for is_held in [false, true] {
        for (file, text, wanted) in [
            ("vals/web.yaml", "replicas: 2\n", vec![]),
            (
                "vals/web.yaml",
                "image: r.example/web:v2\n",
                vec!["image.not-pinned of a", "image.not-pinned of b"],
            ),
            (
                "vals/b.yaml",
                "image: r.example/web:v2\n",
                vec!["image.not-pinned of b"],
            ),
        ] {
            let (repo, base) = repo(&set.replace(image, ""), is_held);
            repo.write(file, text).commit("values");
            let report = check(&repo, base);
            assert_eq!(errors(&report), []);
            assert_eq!(blocking(&report), wanted, "{file} {text}");
        }
    }
}

#[test]
fn a_new_application_of_a_set_is_judged_and_the_set_is_not_new_for_that() {
    for is_held in [false, true] {
        let (repo, base) = repo(&set(FILES, ""), is_held);
        let unpinned = values("c").replace(&format!("@{DIGEST}"), ":v2");
        repo.write("cfg/c.yaml", unpinned).commit("another");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        assert_eq!(touched(&report), ["c 1"], "{is_held}");
        assert_eq!(blocking(&report), ["image.not-pinned of c"]);
        let base = repo.commit("the same");
        repo.remove("cfg/c.yaml").commit("none");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        assert_eq!(touched(&report), ["c 1"], "{is_held}");
        assert!(blocking(&report).is_empty());
    }
}

#[test]
fn a_new_folder_that_a_set_finds_is_a_new_application() {
    let found = [
        ("{{.name}}", "{{.path.basename}}"),
        ("{{.server}}", "https://one.example"),
        ("{{.repo}}", "https://charts.example"),
        ("{{.version}}", "1.2.3"),
        ("{{.image}}", "r.example/{{.path.basename}}:v1"),
        ("{{.password}}", "none"),
    ];
    let text = found.iter().fold(
        set("directories: [{path: 'teams/*'}]", ""),
        |text, (from, to)| text.replace(from, to),
    );
    let (repo, _) = repo(&text, false);
    repo.write("teams/one/notes.md", "one");
    let base = repo.commit("one");
    repo.write("teams/two/notes.md", "two").commit("two");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    assert_eq!(touched(&report), ["two 1"]);
    assert_eq!(blocking(&report), ["image.not-pinned of two"]);
}

#[test]
fn a_folder_of_here_that_a_set_finds_or_misses_leaves_every_set_beside_it_as_it_was() {
    let of_here = |name: &str, folder: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  goTemplate: true\n  generators: [{{git: {{repoURL: '{HERE}', revision: HEAD, directories: [{{path: '{folder}/*'}}]}}}}]\n  template:\n    metadata: {{name: '{{{{.path.basename}}}}'}}\n    spec:\n      project: shop\n      destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n      source: {{repoURL: '{HERE}', targetRevision: HEAD, path: '{{{{.path.path}}}}'}}\n"
        )
    };
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n";
    let sets = format!(
        "{}---\n{}",
        of_here("apps", "apps"),
        of_here("others", "others")
    );
    for (path, is_there) in [("apps/new/x.yaml", false), ("apps/a/x.yaml", true)] {
        let (repo, _) = repo(&sets, false);
        repo.write("apps/a/x.yaml", map)
            .write("others/b/x.yaml", map);
        let base = repo.commit("folders");
        match is_there {
            true => repo.remove(path),
            false => repo.write(path, map),
        };
        repo.commit("one more or less");
        let report = check(&repo, base);
        let units = report.units.iter();
        let changes = units.flat_map(|unit| unit.changes.iter().map(|it| it.object.kind.as_str()));
        assert_eq!(changes.collect::<Vec<_>>(), ["ConfigMap"], "{path}");
    }
}

#[test]
fn what_changes_no_application_of_a_set_touches_none() {
    for is_held in [false, true] {
        let (repo, base) = repo(&set(FILES, ""), is_held);
        let commented = format!("# The same.\n{}", values("a"));
        repo.write("cfg/a.yaml", commented)
            .write("cfg/notes.md", "nothing")
            .commit("a comment");
        let report = check(&repo, base);
        assert_eq!((report.exit, touched(&report)), (Exit::Pass, Vec::new()));
    }
}

#[test]
fn findings_name_the_file_that_says_it_and_no_secret_is_shown() {
    let (repo, base) = repo(&set(FILES, ""), false);
    let values = values("a")
        .replace(&format!("@{DIGEST}"), ":v2")
        .replace("s3cr3t-before", "s3cr3t-after");
    repo.write("cfg/a.yaml", values).commit("an image");
    let output = tidegate(&repo, &["check", &format!("{base}..HEAD")]);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        stderr(&output)
    );
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cfg/a.yaml:5"), "{said}");
    assert!(!said.contains("s3cr3t"), "{said}");
}
