//! What follows a promoted branch: what else it deploys, what it makes of the files, and by which name it follows.

use super::{APPLICATION, GATE_SOURCE, Installation, PLATFORM, SHOP, shipped};

/// The shipped installation with the promoted example in the place of the gated one, changed so.
fn promoted(from: &str, to: &str) -> Installation {
    let example = shipped("argocd/example/promoted.yaml");
    assert!(example.contains(from), "no `{from}`");
    let changed = example.replacen(from, to, 1);
    let mut installation = Installation::shipped();
    for (_, path, text) in &mut installation.0 {
        if path == APPLICATION {
            text.clone_from(&changed);
        }
    }
    installation
}

#[test]
fn a_short_name_may_be_a_tag_and_a_full_one_may_not() {
    assert_eq!(promoted("", "").opened(), [""; 0]);
    let short = promoted("refs/heads/gated/prod/shop", "gated/prod/shop");
    assert_eq!(
        short.opened(),
        ["revision-ambiguous apps/shop-prod.yaml:13"]
    );
    let gated = Installation::shipped();
    let of_the_gate = |to: &str| {
        let source = GATE_SOURCE.replace("targetRevision: refs/heads/main", to);
        gated.with(APPLICATION, GATE_SOURCE, &source).opened()
    };
    for short in ["targetRevision: main", "targetRevision: v1", "name: gate"] {
        let told = of_the_gate(short);
        assert_eq!(told.len(), 1, "{short}: {told:?}");
        assert!(told[0].starts_with("revision-ambiguous apps/"), "{told:?}");
    }
    for full in [
        "refs/heads/master",
        "0123456789abcdef0123456789abcdef01234567",
    ] {
        let told = of_the_gate(&format!("targetRevision: {full}"));
        assert_eq!(told, [""; 0], "{full}");
    }
}

#[test]
fn what_is_deployed_beside_a_promoted_branch_is_told() {
    let with = |more: &str| {
        let example = shipped("argocd/example/promoted.yaml");
        let (before, source) = example.split_once("  source:\n").unwrap();
        let (source, after) = source.split_once("  syncPolicy:").unwrap();
        let source = source.replacen("    repoURL", "    - repoURL", 1);
        let source = source.replace("\n    ", "\n      ");
        let text = format!("{before}  sources:\n{source}    - {more}\n  syncPolicy:{after}");
        let all = shipped("argocd/example/promoted.yaml");
        promoted(&all, &text).opened()
    };
    let shop = "repoURL: https://git.example/acme/shop.git";
    let same = format!("{{{shop}, targetRevision: refs/heads/gated/prod/shop, ref: v}}");
    assert_eq!(with(&same), [""; 0]);
    let short = same.replace("refs/heads/", "");
    assert_eq!(with(&short), ["revision-ambiguous apps/shop-prod.yaml:16"]);
    let told = ["promoted-beside apps/shop-prod.yaml:16"];
    for more in [
        format!("{{{shop}, targetRevision: main, ref: v}}"),
        format!("{{{shop}, targetRevision: refs/heads/gated/prod/other, ref: v}}"),
        "{repoURL: https://charts.example/x, chart: evil, targetRevision: '*'}".to_owned(),
        "{repoURL: https://git.example/other/values.git, targetRevision: main, ref: v}".to_owned(),
    ] {
        let opened = with(&more);
        let own: Vec<_> = opened
            .iter()
            .filter(|way| !way.starts_with("external"))
            .collect();
        assert_eq!(own, told.iter().collect::<Vec<_>>(), "{more}: {opened:?}");
    }
}

#[test]
fn what_makes_something_else_of_a_promoted_branch_is_told() {
    for (more, told) in [
        ("kustomize: {images: ['a=evil.example/b:latest']}", true),
        ("kustomize: {patches: [{patch: a}]}", true),
        ("helm: {valueFiles: [a.yaml]}", true),
        ("plugin: {env: [{name: a, value: b}]}", true),
        ("tagPrefix: v", true),
        ("directory: {recurse: true, exclude: a.yaml}", true),
        ("directory: {recurse: true}", false),
        ("kustomize: {images: []}", false),
    ] {
        let opened = promoted("directory: {recurse: true}", more).opened();
        let expected: &[&str] = match told {
            true => &["promoted-override apps/shop-prod.yaml:15"],
            false => &[],
        };
        assert_eq!(opened, expected, "{more}");
    }
}

#[test]
fn what_the_configuration_renders_with_is_judged() {
    let rendered = |values: &str| {
        promoted(
            "directory: {recurse: true}",
            &format!("helm: {{releaseName: shop, valueFiles: [{values}]}}"),
        )
        .with(
            "tidegate.yaml",
            "path: apps/shop}",
            "path: apps/shop, render: {tool: helm, release: shop, namespace: shop, values: [apps/shop/prod.yaml]}}",
        )
        .opened()
    };
    assert_eq!(rendered("prod.yaml"), [""; 0]);
    assert_eq!(
        rendered("other.yaml"),
        ["promoted-override apps/shop-prod.yaml:15"]
    );
}

#[test]
fn flux_makes_nothing_else_of_a_promoted_branch() {
    let flux = shipped("argocd/example/flux.yaml");
    let told = |from: &str, to: &str| {
        assert!(flux.contains(from), "no `{from}`");
        Installation::shipped()
            .and(PLATFORM, "flux.yaml", &flux.replace(from, to))
            .opened()
    };
    let full = told(
        "{branch: gated/prod/shop}",
        "{name: refs/heads/gated/prod/shop}",
    );
    assert_eq!(full, [""; 0], "the whole name");
    for name in [
        "gated/prod/shop",
        "refs/tags/gated/prod/shop",
        "refs/heads/main",
    ] {
        let other = told("{branch: gated/prod/shop}", &format!("{{name: {name}}}"));
        assert_eq!(other, ["not-gated flux.yaml:9"], "{name}");
    }
    let pinned = told(
        "{branch: gated/prod/shop}",
        "{commit: abc, name: refs/heads/gated/prod/shop}",
    );
    assert_eq!(pinned, ["not-gated flux.yaml:9"], "a commit counts first");
    for more in [
        "patches: [{patch: a}]",
        "postBuild: {substituteFrom: [{kind: ConfigMap, name: a}]}",
        "images: [{name: a, newName: b}]",
        "components: [../other]",
        "targetNamespace: other",
        "kubeConfig: {secretRef: {name: other}}",
        "somethingNew: true",
    ] {
        let made = told("  prune: true", &format!("  {more}\n  prune: true"));
        assert_eq!(made, ["promoted-override flux.yaml:20"], "{more}");
    }
    for (more, code) in [
        ("ignore: '*'", "promoted-override"),
        ("include: [{repository: {name: other}}]", "promoted-beside"),
        ("recurseSubmodules: true", "promoted-beside"),
        ("somethingNew: true", "promoted-override"),
    ] {
        let made = told("  interval: 1m", &format!("  {more}\n  interval: 1m"));
        assert_eq!(made, [format!("{code} flux.yaml:10")], "{more}");
    }
}

/// Paths that a deployer takes for `apps/shop`.
const SPELLED: [&str; 7] = [
    "./apps/shop",
    "apps//shop",
    "apps/shop/.",
    "apps/x/../shop",
    "././apps/shop/",
    "../apps/shop",
    "/apps/shop",
];

#[test]
fn a_path_is_read_as_a_deployer_reads_it() {
    let flux = shipped("argocd/example/flux.yaml");
    let flux = flux.replace("gated/prod/shop", "main");
    for path in SPELLED {
        let path = format!("path: {path}\n");
        let open = Installation::shipped().with(APPLICATION, GATE_SOURCE, "");
        let open = open.with(APPLICATION, "path: apps/shop\n", &path).opened();
        assert_eq!(open, ["not-gated apps/shop-prod.yaml:9"], "{path}");
        let same = promoted("path: apps/shop\n", &path).opened();
        assert_eq!(same, [""; 0], "{path}");
        let flux = flux.replace("path: apps/shop\n", &path);
        let open = Installation::shipped().and(PLATFORM, "flux.yaml", &flux);
        assert_eq!(open.opened(), ["not-gated flux.yaml:9"], "{path}");
    }
}

#[test]
fn all_that_is_deployed_from_a_promoted_branch_must_be_the_units() {
    let flux = shipped("argocd/example/flux.yaml");
    for path in ["apps", ".", "apps/shop/../"] {
        let path = format!("path: {path}\n");
        let with_others = |installation: Installation| {
            installation
                .and(SHOP, "apps/docs/settings.yaml", "{kind: ConfigMap}\n")
                .opened()
        };
        let told = with_others(promoted("path: apps/shop\n", &path));
        assert_eq!(told, ["promoted-beside apps/shop-prod.yaml:14"], "{path}");
        let flux = flux.replace("path: apps/shop\n", &path);
        let told = with_others(Installation::shipped().and(PLATFORM, "flux.yaml", &flux));
        assert_eq!(told, ["promoted-beside flux.yaml:19"], "{path}");
    }
    let alone = promoted("path: apps/shop\n", "path: apps\n");
    assert_eq!(alone.opened(), [""; 0], "there is nothing else");
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: shops, namespace: argocd}\nspec:\n  \
         generators: [{clusters: {}}]\n  template:\n    metadata: {name: '{{name}}'}\n    spec:\n      \
         project: shop\n      syncPolicy: {automated: {}}\n      destination: {namespace: shop}\n      source: {repoURL: 'https://git.example/acme/shop.git', path: 'apps/{{name}}', targetRevision: refs/heads/gated/prod/shop}\n";
    let told = Installation::shipped().and(PLATFORM, "set.yaml", set);
    assert_eq!(told.opened(), ["promoted-beside? set.yaml:12"]);
}
