//! What deploys otherwise than an Application with a source: lists, hydrators, and files of any name.

use super::{APPLICATION, GATE_SOURCE, Installation, PLATFORM};

const OPEN: &str =
    "{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: apps/shop}";

#[test]
fn the_items_of_a_list_are_objects_whatever_it_is_called() {
    let item = format!(
        "{{metadata: {{name: other, namespace: argocd}}, spec: {{project: shop, source: {OPEN}}}}}"
    );
    let kind = "apiVersion: argoproj.io/v1alpha1, kind: Application";
    let whole = item.replacen('{', &format!("{{{kind}, "), 1);
    for (list, item) in [
        ("apiVersion: v1\nkind: List", &whole),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationList",
            &whole,
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationList",
            &item,
        ),
        ("apiVersion: v1\nkind: AnyList", &whole),
    ] {
        let text = format!("{list}\nitems:\n  - {item}\n");
        let told = Installation::shipped().and(PLATFORM, "list.yaml", &text);
        assert_eq!(told.opened(), ["not-gated list.yaml:4"], "{text}");
    }
}

#[test]
fn what_argo_cd_writes_onto_another_branch_is_not_asked_about() {
    let open = Installation::shipped().with(APPLICATION, GATE_SOURCE, "");
    let source = "  sources:\n    - repoURL: https://git.example/acme/shop.git\n      targetRevision: main\n      path: apps/shop\n      directory: {recurse: true}\n";
    for dry in [
        OPEN.to_owned(),
        OPEN.replace("main", "refs/heads/gated/prod/shop"),
    ] {
        let hydrated = format!(
            "  sourceHydrator:\n    drySource: {dry}\n    syncSource: {{targetBranch: env/prod, path: shop}}\n"
        );
        let told = open.with(APPLICATION, source, &hydrated).opened();
        assert_eq!(told, ["not-gated apps/shop-prod.yaml:12"], "{dry}");
        let beside = format!("{hydrated}{source}");
        let told = Installation::shipped().with(APPLICATION, source, &beside);
        assert_eq!(
            told.opened()[0],
            "not-gated apps/shop-prod.yaml:12",
            "it counts before"
        );
    }
    let other = OPEN
        .replace("apps/shop", "gate/shop-prod")
        .replace("shop.git", "platform.git");
    let other = format!("  sourceHydrator: {{drySource: {other}}}\n");
    assert_eq!(open.with(APPLICATION, source, &other).opened(), [""; 0]);
}

#[test]
fn what_a_kustomization_lists_and_nobody_reads_is_told() {
    let with = |listed: &str| {
        let text = format!("resources: [shop-prod.yaml, '{listed}']\n");
        Installation::shipped()
            .and(PLATFORM, "apps/kustomization.yaml", &text)
            .opened()
    };
    for listed in ["o.txt", "./o", "../projects/o.yaml.tpl"] {
        assert_eq!(
            with(listed),
            ["unread apps/kustomization.yaml:1"],
            "{listed}"
        );
    }
    for listed in [
        "https://example.org/o.yaml",
        "git@example.org:a/b",
        "github.com/a/b//c?ref=v1",
        "../../elsewhere",
    ] {
        assert_eq!(
            with(listed),
            ["unread? apps/kustomization.yaml:1"],
            "{listed}"
        );
    }
    for listed in ["../projects/shop.yaml", "../projects"] {
        assert_eq!(with(listed), [""; 0], "{listed}");
    }
}
