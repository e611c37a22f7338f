//! `ApplicationSet`s: what they make is looked at, as far as it can be told.

use super::{Installation, PLATFORM, SHOP};

/// A set with this generator, whose Applications follow this revision.
fn set(generator: &str, name: &str, path: &str, revision: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: shops, namespace: argocd}}\nspec:\n  \
         goTemplate: true\n  generators: [{generator}]\n  template:\n    metadata: {{name: '{name}'}}\n    spec:\n      \
         project: shop\n      syncPolicy: {{automated: {{}}}}\n      destination: {{namespace: shop}}\n      source: {{repoURL: 'https://git.example/acme/shop.git', path: '{path}', targetRevision: {revision}}}\n"
    )
}

const FOLDERS: &str = "{git: {repoURL: 'https://git.example/acme/shop.git', revision: main, directories: [{path: 'apps/*'}]}}";

fn told(text: &str) -> Vec<String> {
    let installation = Installation::shipped()
        .and(SHOP, "apps/other/settings.yaml", "{kind: ConfigMap}\n")
        .and(PLATFORM, "sets/shops.yaml", text);
    installation.about("not-gated")
}

#[test]
fn what_a_git_generator_makes_is_looked_at_one_by_one() {
    let about = told(&set(
        FOLDERS,
        "{{.path.basename}}",
        "{{.path.path}}",
        "main",
    ));
    assert_eq!(
        about,
        ["nothing asks before Application `shop` is synced: it follows `main`"],
        "no unit holds `apps/other`"
    );
    let promoted = set(
        FOLDERS,
        "{{.path.basename}}",
        "{{.path.path}}",
        "gated/prod/shop",
    );
    assert_eq!(told(&promoted), [""; 0]);
    let other = set(
        FOLDERS,
        "{{.path.basename}}",
        "{{.path.path}}",
        "'gated/prod/{{.path.basename}}'",
    );
    assert_eq!(told(&other), [""; 0]);
}

#[test]
fn what_a_list_gives_and_a_matrix_makes_of_it_is_looked_at() {
    let list = "{list: {elements: [{name: a, folder: apps/shop}, {name: b, folder: apps/other}]}}";
    let about = told(&set(list, "{{.name}}", "{{.folder}}", "main"));
    assert_eq!(
        about,
        ["nothing asks before Application `a` is synced: it follows `main`"]
    );
    let matrix =
        format!("{{matrix: {{generators: [{FOLDERS}, {{list: {{elements: [{{name: x}}]}}}}]}}}}");
    let about = told(&set(
        &matrix,
        "{{.path.basename}}-{{.name}}",
        "{{.path.path}}",
        "main",
    ));
    assert_eq!(
        about,
        ["nothing asks before Application `shop-x` is synced: it follows `main`"]
    );
}

#[test]
fn a_set_that_cannot_be_told_here_counts_as_it_stands() {
    for generator in [
        "{clusters: {}}",
        "{git: {repoURL: 'https://git.example/acme/shop.git', directories: []}, list: {}}",
        "{git: {repoURL: 'https://git.example/acme/shop.git', revision: a, files: [{path: '**'}]}}, {git: {repoURL: 'https://git.example/acme/shop.git', revision: b, files: []}}",
    ] {
        let about = told(&set(generator, "{{.name}}", "apps/{{.name}}", "main"));
        assert_eq!(
            about,
            ["nothing asks before ApplicationSet `shops` is synced: it follows `main`"],
            "{generator}"
        );
    }
}

#[test]
fn what_changes_the_template_of_a_set_that_is_not_told_is_told() {
    let promoted = |generator: &str| {
        set(
            generator,
            "{{.name}}",
            "apps/shop",
            "refs/heads/gated/prod/shop",
        )
    };
    let installation = |text: &str| Installation::shipped().and(PLATFORM, "sets/shops.yaml", text);
    let template = "template: {metadata: {}, spec: {project: shop, destination: {}, source: {repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: apps/shop}}}";
    let clusters = "{clusters: {}}";
    assert_eq!(installation(&promoted(clusters)).opened(), [""; 0]);
    for generator in [
        format!("{{clusters: {{{template}}}}}"),
        format!("{clusters}, {{clusters: {{{template}}}}}"),
        format!("{{matrix: {{generators: [{clusters}, {{list: {{elements: [], {template}}}}}]}}}}"),
        format!("{{merge: {{mergeKeys: [a], generators: [{clusters}], {template}}}}}"),
    ] {
        let told = installation(&promoted(&generator)).opened();
        assert_eq!(told, ["not-gated sets/shops.yaml:6"], "{generator}");
    }
    let patch = "  templatePatch: '{spec: {sources: [{repoURL: a}]}}'\n";
    for text in [
        promoted(clusters),
        set(clusters, "{{.name}}", "elsewhere", "main"),
    ] {
        let told = installation(&format!("{text}{patch}")).opened();
        assert_eq!(told[0], "not-gated sets/shops.yaml:14", "{text}");
    }
}
