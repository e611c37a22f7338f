//! What a parent of Flux makes of the Kustomizations in the folder that it builds.

use super::*;

/// The units, told, where these parents and other objects stand in a file of `clusters`, and one child in a folder: selected
/// as they are, or found in the folder alone.
fn told_with(selected: &str, parents: &str, child: &str, files: &[(&str, &str)]) -> Vec<String> {
    told(&resolved(selected, parents, child, files))
}

fn resolved(
    selected: &str,
    parents: &str,
    child: &str,
    files: &[(&str, &str)],
) -> Vec<ResolvedUnit> {
    let config = format!("environments: [{{name: prod, kustomizations: {{paths: {selected}}}}}]");
    let own = [
        ("clusters/parents.yaml", parents),
        ("children/child.yaml", child),
        ("other/x.yaml", PLAIN.1),
        PLAIN,
    ];
    units(&config, &[&own[..], files].concat()).unwrap()
}

const BOTH: [&str; 2] = ["['clusters/**']", "['**']"];

fn parent(name: &str, spec: &str) -> String {
    let text = kustomization(&format!("path: children, {spec}"));
    text.replace("name: apps,", &format!("name: {name},"))
}

/// One that patches all Kustomizations.
fn patching(patch: &str) -> String {
    parent("apps", &patches(patch, "{kind: Kustomization}"))
}

fn patches(patch: &str, target: &str) -> String {
    format!("patches: [{{patch: {patch:?}, target: {target}}}]")
}

fn child() -> String {
    kustomization("path: plain").replace("{name: apps,", "{name: child, labels: {a: b},")
}

/// The line of the child.
fn line(found: &[String]) -> &str {
    let mut lines = found.iter().filter(|line| line.starts_with("child: "));
    let line = lines.next().map_or("", String::as_str);
    assert!(lines.next().is_none(), "{found:?}");
    line
}

/// A strategic merge patch.
fn merge(spec: &str) -> String {
    format!(
        "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: _}}, {spec}}}"
    )
}

/// Holds the child of a parent with one patch against what its line is to hold; of nothing there is none.
fn is_made(patch: &str, target: &str, wanted: &str) {
    let parent = parent("apps", &patches(patch, target));
    for selected in BOTH {
        let found = told_with(selected, &parent, &child(), &[]);
        let line = line(&found);
        assert!(
            line.contains(wanted) && line.is_empty() == wanted.is_empty(),
            "{patch} {target}: {found:?}"
        );
    }
}

const ALL: &str = "{kind: Kustomization}";

#[test]
fn a_child_is_what_its_parents_patches_make_of_it() {
    for (patch, target, wanted) in [
        (
            merge("spec: {postBuild: {substitute: {A: b}}}"),
            ALL,
            r#"child: plain {"kustomize":{"substitute":{"A":"b"}}}"#,
        ),
        (
            merge("spec: {decryption: {provider: sops}, deletionPolicy: Orphan}"),
            ALL,
            "child: plain plain",
        ),
        (merge("spec: {path: other}"), ALL, "child: other plain"),
        (
            merge("spec: {patches: [{patch: x, target: {kind: Service}}]}"),
            ALL,
            r#""patches":[{"patch":"x""#,
        ),
        (
            "- {op: replace, path: /spec/path, value: other}".to_owned(),
            ALL,
            "child: other plain",
        ),
        (merge("$patch: delete"), ALL, ""),
        (
            merge("spec: {x: 1}"),
            ALL,
            "child: unknown children/child.yaml:",
        ),
    ] {
        is_made(&patch, target, wanted);
    }
}

#[test]
fn a_patch_is_for_the_children_that_its_target_selects() {
    for (patch, target, wanted) in [
        (
            merge("spec: {path: other}"),
            "{kind: Kustomization, labelSelector: a=b}",
            "child: other plain",
        ),
        (
            merge("spec: {path: other}"),
            "{kind: Kustomization, labelSelector: a!=b}",
            "child: plain plain",
        ),
        (
            merge("spec: {path: other}"),
            "{kind: Kustomization, annotationSelector: x}",
            "child: plain plain",
        ),
        (
            merge("spec: {path: other}"),
            "{group: kustomize.config.k8s.io}",
            "child: plain plain",
        ),
        (
            merge("spec: {path: other}"),
            "{name: child.+}",
            "child: plain plain",
        ),
        (
            merge("spec: {path: other}"),
            "{namespace: flux-.*}",
            "child: other plain",
        ),
        (
            merge("spec: {path: other}"),
            "{version: v2}",
            "child: plain plain",
        ),
    ] {
        is_made(&patch, target, wanted);
    }
}

#[test]
fn what_is_not_understood_of_a_patch_leaves_its_children_unknown() {
    for (patch, target, wanted) in [
        (
            "- {op: replace, path: /metadata/name, value: other}".to_owned(),
            ALL,
            "`apps` may change the Kustomization `child`",
        ),
        (
            "- {op: remove, path: /spec/none}".to_owned(),
            ALL,
            "`apps` may change the Kustomization `child`",
        ),
        (
            merge("spec: {path: other}"),
            "{kind: '(?i)kustomization'}",
            "`apps` may change the Kustomization `child`",
        ),
        (
            merge("metadata: {annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}")
                .replace("metadata: {name: _}, ", "")
                .replace("{annotations", "{name: _, annotations"),
            ALL,
            "an annotation or a label, of its own or added to it, keeps the Kustomization `child`",
        ),
    ] {
        is_made(&patch, target, wanted);
    }
}

#[test]
fn two_parents_make_the_same_of_a_child_or_it_is_not_known() {
    let to = |path: &str| format!("- {{op: replace, path: /spec/path, value: {path}}}");
    let parents = |first: &str, second: &str| {
        let second = patching(&to(second)).replace("name: apps,", "name: more,");
        format!("{}---\n{second}", patching(&to(first)))
    };
    for selected in BOTH {
        let same = told_with(selected, &parents("other", "other"), &child(), &[]);
        assert!(line(&same).starts_with("child: other plain"), "{same:?}");
        let found = told_with(selected, &parents("other", "plain"), &child(), &[]);
        assert!(
            line(&found).contains("`more` may change the Kustomization `child`"),
            "{found:?}"
        );
    }
}

#[test]
fn a_parent_is_what_its_own_parent_makes_of_it() {
    let root = kustomization(&format!(
        "path: parents, {}",
        patches(
            "- {op: add, path: /spec/patches, value: [{patch: '- {op: replace, path: /spec/path, value: other}', target: {kind: Kustomization}}]}",
            "{name: mid}"
        )
    ));
    let mid = parent("mid", "prune: true");
    for selected in BOTH {
        let found = told_with(selected, &root, &child(), &[("parents/mid.yaml", &mid)]);
        assert!(line(&found).starts_with("child: other plain"), "{found:?}");
        // What is not understood of the parent hides no child.
        let root = root.replace("name: mid", "name: 'mid{1}'");
        let found = told_with(selected, &root, &child(), &[("parents/mid.yaml", &mid)]);
        assert!(line(&found).starts_with("child: plain plain"), "{found:?}");
        assert!(
            found.iter().any(|line| line.starts_with("mid: unknown")),
            "{found:?}"
        );
    }
}

#[test]
fn who_patches_itself_comes_to_an_end_or_is_not_known() {
    let own = |patch: &str| {
        let text = kustomization(&format!(
            "path: clusters, {}",
            patches(patch, "{kind: Kustomization}")
        ));
        told_with(BOTH[0], &text, &child(), &[])
    };
    let found = own("- {op: add, path: /spec/timeout, value: 1m}");
    assert!(found[0].starts_with("apps: clusters {"), "{found:?}");
    let found = own("- {op: replace, path: /spec/patches, value: []}");
    assert!(
        found[0].contains("`apps` may change the Kustomization `apps`"),
        "{found:?}"
    );
}

#[test]
fn what_else_a_parent_does_comes_after_its_patches() {
    let with_variable = child().replace("path: plain", "path: plain, timeout: '${T}'");
    let adding = |more: &str, value: &str| {
        let patch = format!("- {{op: add, path: /spec/timeout, value: {value}}}");
        parent(
            "apps",
            &format!("{more}, {}", patches(&patch, "{kind: Kustomization}")),
        )
    };
    let unknown = "postBuild: {substituteFrom: [{kind: Secret, name: s}]}";
    let known = "postBuild: {substitute: {T: 1m}}";
    for (parent, child, is_known) in [
        (parent("apps", known), child(), true),
        (parent("apps", known), with_variable.clone(), false),
        (adding(known, "'${T}'"), child(), false),
        (adding(known, "1m"), with_variable.clone(), true),
        // Nobody knows the variables; who has none needs none.
        (parent("apps", unknown), child(), true),
        (parent("apps", unknown), with_variable, false),
        (adding(unknown, "1m"), child(), true),
        (adding("namePrefix: a-", "1m"), child(), false),
        (
            adding("ignoreMissingComponents: true", "1m"),
            child(),
            false,
        ),
        (adding("components: [../component]", "1m"), child(), false),
    ] {
        for selected in BOTH {
            let component = "kind: Component\npatches: [{target: {kind: Kustomization}, patch: x}]";
            let files = [("component/kustomization.yaml", component)];
            let found = told_with(selected, &parent, &child, &files);
            // Of that one nothing else is known than that it is a text.
            let line = line(&found);
            assert_eq!(
                line.starts_with("child: plain plain"),
                is_known,
                "{parent}: {found:?}"
            );
        }
    }
}

#[test]
fn what_is_told_from_a_patched_object_is_declared_in_its_patch_too() {
    let declared = |parents: &str, child: &str, files: &[(&str, &str)]| -> Vec<String> {
        let units = resolved(BOTH[1], parents, child, files);
        let unit = units.into_iter().find(|unit| unit.name == "child").unwrap();
        assert!(unit.unknown().next().is_none(), "{unit:?}");
        let files = unit.deployment.unwrap().declared_in;
        files.iter().map(ToString::to_string).collect()
    };
    let patch = patching("- {op: add, path: /spec/timeout, value: 1m}");
    let both = ["children/child.yaml", "clusters/parents.yaml"];
    assert_eq!(declared(&patch, &child(), &[]), both);
    let aside = patch.replace("{kind: Kustomization}", "{kind: Service}");
    assert_eq!(declared(&aside, &child(), &[]), both[..1]);
    let taking = child().replace(
        "path: plain",
        "path: plain, postBuild: {substituteFrom: [{kind: ConfigMap, name: v}]}",
    );
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: flux-system}, data: {A: b}}";
    let to_map = parent(
        "apps",
        &patches(
            "- {op: replace, path: /data/A, value: c}",
            "{kind: ConfigMap}",
        ),
    );
    let files = [("children/v.yaml", map)];
    let wanted = [both[0], "children/v.yaml", both[1]];
    assert_eq!(declared(&to_map, &taking, &files), wanted);
    let found = told_with(BOTH[1], &to_map, &taking, &files);
    assert!(
        line(&found).contains(r#""substitute":{"A":"c"}"#),
        "{found:?}"
    );
}

#[test]
fn a_namespace_that_a_file_leaves_open_is_the_one_of_its_parent() {
    let parent = parent("apps", "targetNamespace: shop");
    let open = child().replace(", namespace: flux-system", "");
    let open = open.replace(
        "name: flux-system}",
        "name: flux-system, namespace: flux-system}",
    );
    for selected in BOTH {
        let found = told_with(selected, &parent, &open, &[]);
        assert!(
            found
                .iter()
                .any(|line| line.starts_with("shop--child: plain plain")),
            "{found:?}"
        );
        // One that is named is moved by no selected parent unseen.
        let found = told_with(BOTH[1], &parent, &child(), &[]);
        assert!(line(&found).contains("`apps` may change"), "{found:?}");
    }
}
