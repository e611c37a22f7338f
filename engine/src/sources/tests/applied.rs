//! What is applied under a name, where files and kustomizations may mean several things.

use super::*;

/// The units of files below `clusters`, told.
fn clusters(files: &[(&str, &str)]) -> Vec<String> {
    told(&units(FLUX, &[files, &[PLAIN, OVERLAY]].concat()).unwrap())
}

fn sync() -> String {
    kustomization("path: plain")
        + &git(
            "flux-system",
            &format!("url: '{HERE}', ref: {{branch: main}}"),
        )
}

const PATCHED: &str = "patches: [{patch: x, target: {kind: Kustomization}}]\n";

#[test]
fn a_kustomization_that_only_kustomize_reads_may_change_what_it_names() {
    let sync = sync();
    let of = |text: &str, name: &str| {
        let files = [("clusters/a.yaml", sync.as_str()), (name, text)];
        let found = clusters(&files);
        found[0].contains("unknown").then(|| found[0].clone())
    };
    let beside = "clusters/kustomization.yaml";
    for text in [
        format!("Resources: [a.yaml]\n{PATCHED}"),
        format!("re\u{17f}ources: [a.yaml]\n{PATCHED}"),
        format!("resources: [a.yaml]\nresources: [a.yaml]\n{PATCHED}"),
        format!("%YAML 1.1\n---\nresources: [a.yaml]\n{PATCHED}"),
        format!("resources: [!!binary YS55YW1s]\n{PATCHED}"),
        format!("resources: [a.yaml]\n{PATCHED}").replace('\n', "\r"),
        format!("resources: [a.yaml]\n{PATCHED}").replace('\n', "\u{2028}"),
    ] {
        assert!(of(&text, beside).is_some(), "{text:?}");
    }
    // From another folder: by the way to this one, or up to one above it.
    let listing = ("clusters/kustomization.yaml", "resources: [a.yaml]");
    for (name, text) in [
        (
            "top/kustomization.yaml",
            "Resources: [../clusters]\npatches: [{patch: x}]",
        ),
        (
            "top/kustomization.yaml",
            "resources: [../clusters]\nresources: []",
        ),
        (
            "clusters/x/kustomization.yaml",
            "resources: [..]\nresources: []",
        ),
    ] {
        let files = [("clusters/a.yaml", sync.as_str()), listing, (name, text)];
        assert!(clusters(&files)[0].contains("unknown"), "{name} {text}");
    }
    // What names nothing of the kind hinders nothing.
    assert_eq!(
        of(
            "resources: [other.yaml]\nresources: []",
            "plain/x/kustomization.yaml"
        ),
        None
    );
    let odd = [
        ("clusters/a:/b/a.yaml", sync.as_str()),
        (
            "clusters/kustomization.yaml",
            "resources: ['a://b/a.yaml']\npatches: [{patch: x, target: {kind: Kustomization}}]",
        ),
    ];
    assert!(clusters(&odd)[0].contains("unknown"));
}

#[test]
fn what_a_kustomization_lists_under_the_same_name_may_be_what_is_applied() {
    let (apps, of_git) = (
        kustomization("path: plain"),
        git(
            "flux-system",
            &format!("url: '{HERE}', ref: {{branch: main}}"),
        ),
    );
    let other = of_git.replace("acme", "evil");
    let kustomizing = |text: &'static str| ("clusters/kustomization.yaml", text);
    let decoy = ("clusters/decoy/git.yaml", of_git.as_str());
    let base = [("clusters/a.yaml", apps.as_str()), decoy];
    let listed = [
        &base[..],
        &[kustomizing("resources: [a.yaml, decoy/git.yaml]")],
    ]
    .concat();
    assert!(
        clusters(&listed)[0].starts_with("apps: plain"),
        "{:?}",
        clusters(&listed)
    );
    let applied = [
        &base[..],
        &[
            kustomizing("resources: [a.yaml, src.txt]"),
            ("clusters/src.txt", &other),
        ],
    ]
    .concat();
    let found = clusters(&applied);
    assert!(
        found[0].contains("may be changed by `clusters/src.txt`"),
        "{found:?}"
    );
    let evil = apps.replace("path: plain", "path: evil");
    let beside = [("clusters/a.yaml", sync()), ("clusters/apps.txt", evil)];
    let beside: Vec<(&str, &str)> = beside
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let found = clusters(&[&beside[..], &[kustomizing("resources: [apps.txt]")]].concat());
    assert!(
        found[0].contains("`clusters/apps.txt` may change the Kustomization `apps`"),
        "{found:?}"
    );
}

#[test]
fn what_a_generator_makes_is_not_read_from_a_file_of_that_name() {
    let text = taking("ConfigMap", "")
        + "\n"
        + &git(
            "flux-system",
            &format!("url: '{HERE}', ref: {{branch: main}}"),
        );
    let with =
        |more: &[(&str, &str)]| clusters(&[&[("clusters/a.yaml", text.as_str())], more].concat());
    assert!(with(&[])[0].contains(r#"{"A":"c"}"#), "{:?}", with(&[]));
    let made = (
        "clusters/x/kustomization.yaml",
        "configMapGenerator: [{name: v, literals: [A=evil]}]",
    );
    let found = with(&[made]);
    assert!(found[0].contains("ConfigMap `flux-system/v` may be made by a generator of `clusters/x/kustomization.yaml`"), "{found:?}");
}

#[test]
fn what_says_of_itself_that_it_is_not_applied_is_unknown() {
    let sync = sync();
    for (annotation, is_known) in [
        ("config.kubernetes.io/local-config: 'true'", false),
        ("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", false),
        ("kustomize.toolkit.fluxcd.io/ssa: Ignore", false),
        ("kustomize.toolkit.fluxcd.io/ssa: Merge", true),
        ("kustomize.toolkit.fluxcd.io/reconcile: disabled", false),
        ("a/b: c", true),
    ] {
        let text = sync.replacen(
            "{name: apps",
            &format!("{{annotations: {{{annotation}}}, name: apps"),
            1,
        );
        let found = clusters(&[("clusters/a.yaml", &text)]);
        let wanted = "an annotation or a label, of its own or added to it, keeps the Kustomization `apps` from being applied as it stands";
        assert_eq!(
            !found[0].contains(wanted),
            is_known,
            "{annotation}: {found:?}"
        );
        assert_eq!(
            found[0].contains("plain plain"),
            is_known,
            "{annotation}: {found:?}"
        );
        let text = taking("ConfigMap", "").replacen(
            "{name: v",
            &format!("{{annotations: {{{annotation}}}, name: v"),
            1,
        );
        let found = clusters(&[("clusters/a.yaml", &text)]);
        assert_eq!(
            found[0].contains(r#"{"A":"c"}"#),
            is_known,
            "{annotation}: {found:?}"
        );
    }
}

#[test]
fn what_is_added_to_it_keeps_an_object_from_being_applied_too() {
    let sync = sync();
    for (added, is_kept) in [
        (
            "commonAnnotations: {kustomize.toolkit.fluxcd.io/ssa: ifnotpresent}",
            true,
        ),
        (
            "commonLabels: {kustomize.toolkit.fluxcd.io/ssa: Ignore}",
            true,
        ),
        (
            "labels: [{pairs: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}]",
            true,
        ),
        (
            "commonAnnotations: {kustomize.toolkit.fluxcd.io/ssa: Merge}",
            false,
        ),
    ] {
        let text = format!("resources: [a.yaml]\n{added}");
        let files = [
            ("clusters/a.yaml", sync.as_str()),
            ("clusters/kustomization.yaml", &text),
        ];
        let found = clusters(&files);
        assert_eq!(kept(&found, "apps:"), is_kept, "{added}: {found:?}");
    }
    let child = kustomization("path: plain").replace("name: apps", "name: child");
    for (added, is_kept) in [
        (
            "annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}",
            true,
        ),
        ("labels: {kustomize.toolkit.fluxcd.io/ssa: Ignore}", true),
        ("labels: {a: b}", false),
    ] {
        let parent = kustomization(&format!("path: more, commonMetadata: {{{added}}}"));
        let parent = sync.clone() + "---\n" + &parent.replace("name: apps", "name: parent");
        let files = [
            ("clusters/a.yaml", parent.as_str()),
            ("more/child.yaml", &child),
        ];
        let found = clusters(&files);
        assert_eq!(kept(&found, "child:"), is_kept, "{added}: {found:?}");
    }
}

/// Whether the unit of that name is said to be kept from being applied.
fn kept(found: &[String], name: &str) -> bool {
    let mut found = found.iter().filter(|line| line.starts_with(name));
    let line = found.next().expect("there is such a unit");
    line.contains("from being applied as it stands")
}

#[test]
fn options_of_argo_cd_keep_a_child_from_being_applied() {
    let child = of_source("path: plain");
    for (added, is_kept) in [
        (
            "commonAnnotations: {argocd.argoproj.io/hook: 'Skip,PreSync'}",
            true,
        ),
        (
            "commonAnnotations: {argocd.argoproj.io/hook: PreSync}",
            false,
        ),
    ] {
        let root = of_source(&format!("path: boot, kustomize: {{{added}}}"));
        let root = root.replace("name: web", "name: root");
        let files = [
            PLAIN,
            ("boot/kustomization.yaml", "resources: [child.yaml]"),
            ("boot/child.yaml", &child),
        ];
        let found = argo(&root, &files);
        assert_eq!(kept(&found, "web:"), is_kept, "{added}: {found:?}");
    }
}

#[test]
fn annotations_by_which_kustomize_takes_objects_for_others_are_changes() {
    let sync = sync();
    let with = |annotation: &str| {
        let text = format!("resources: [a.yaml]\ncommonAnnotations: {{{annotation}: x}}");
        clusters(&[
            ("clusters/a.yaml", sync.as_str()),
            ("clusters/kustomization.yaml", &text),
        ])
    };
    assert!(!with("acme.example/a")[0].contains("unknown"));
    for annotation in [
        "internal.config.kubernetes.io/previousNames",
        "config.kubernetes.io/local-config",
    ] {
        assert!(with(annotation)[0].contains("unknown"), "{annotation}");
    }
    let parent = kustomization("path: more, commonMetadata: {annotations: {internal.config.kubernetes.io/previousNames: x}}").replace("name: apps", "name: parent");
    let child = kustomization("path: plain").replace("name: apps", "name: child");
    let found = clusters(&[
        ("clusters/a.yaml", &(sync.clone() + "---\n" + &parent)),
        ("more/child.yaml", &child),
        ("more/kustomization.yaml", "resources: [child.yaml]"),
    ]);
    assert!(found[1].starts_with("child: unknown"), "{found:?}");
}

#[test]
fn applications_in_files_of_any_name_are_found() {
    let root = of_source("path: boot").replace("name: web", "name: root");
    let child = of_source("path: plain");
    for name in ["Chart.yaml", "kustomization.yml"] {
        let listed = format!("resources: [x/{name}]");
        let path = format!("boot/x/{name}");
        let found = argo(
            &root,
            &[PLAIN, ("boot/kustomization.yaml", &listed), (&path, &child)],
        );
        assert_eq!(found.len(), 2, "{name}: {found:?}");
    }
    for name in ["child.txt", "_app.tpl", "Chart.yaml"] {
        let path = format!("boot/templates/{name}");
        let found = argo(
            &root,
            &[
                PLAIN,
                (
                    "boot/Chart.yaml",
                    "{apiVersion: v2, name: boot, version: 1.0.0}",
                ),
                (&path, &child),
            ],
        );
        assert!(
            found.len() == 2 && found[0].contains("only a chart makes this Application"),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn what_argo_cd_leaves_as_it_is_in_applications_is_unknown() {
    let set = |more: &str| {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: set, namespace: argocd}}\nspec:\n  goTemplate: true\n  generators: [{{list: {{elements: [{{a: b}}]}}}}]\n  {more}\n  template:\n    metadata: {{name: web}}\n    spec: {{project: p, destination: {{namespace: shop}}, source: {{repoURL: '{HERE}', path: plain}}}}\n"
        );
        argo(&text, &[PLAIN])[0].contains("plain plain")
    };
    for (more, is_known) in [
        ("syncPolicy: {applicationsSync: sync}", true),
        ("syncPolicy: {applicationsSync: create-update}", true),
        ("syncPolicy: {applicationsSync: create-only}", false),
        ("syncPolicy: {applicationsSync: create-delete}", false),
        (
            "ignoreApplicationDifferences: [{jsonPointers: [/spec/syncPolicy]}]",
            true,
        ),
        (
            "ignoreApplicationDifferences: [{jsonPointers: [/spec/source/path]}]",
            false,
        ),
        (
            "ignoreApplicationDifferences: [{jqPathExpressions: [.spec.source]}]",
            false,
        ),
    ] {
        assert_eq!(set(more), is_known, "{more}");
    }
    let parent = |more: &str| {
        let text = of_source("path: plain") + &format!("  {more}\n");
        argo(&text, &[PLAIN])[0].contains("plain plain")
    };
    let respects = "syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}";
    for (more, is_known) in [
        ("ignoreDifferences: [{group: argoproj.io, kind: Application, jsonPointers: [/spec/source/path]}]".to_owned(), true),
        (format!("{respects}\n  ignoreDifferences: [{{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}}]"), true),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, jsonPointers: [/spec/source/path]}}]"), false),
        (format!("{respects}\n  ignoreDifferences: [{{group: '*', kind: '*', jsonPointers: [/spec]}}]"), false),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, jsonPointers: [/status, /operation]}}, {{group: argoproj.io, kind: ApplicationSet, jsonPointers: [/status/conditions], jqPathExpressions: [.status]}}]"), true),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, jsonPointers: [/status, /spec/source]}}]"), false),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, jsonPointers: [/statusx]}}]"), false),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, jqPathExpressions: ['.status, .spec']}}]"), false),
        (format!("{respects}\n  ignoreDifferences: [{{group: argoproj.io, kind: Application, managedFieldsManagers: [x]}}]"), false),
    ] {
        assert_eq!(parent(&more), is_known, "{more}");
    }
}

#[test]
fn what_flux_leaves_out_of_its_archive_is_unknown() {
    let text = sync();
    let with = |list: &str| clusters(&[("clusters/a.yaml", &text), (".sourceignore", list)]);
    assert!(!with("/other\n")[0].contains("unknown"));
    for list in ["/clusters/a.yaml\n", "a.yaml", "clusters/\n"] {
        let found = with(list);
        assert!(
            found[0].contains("unknown") && found[0].contains("`.sourceignore`"),
            "{list}: {found:?}"
        );
    }
    assert!(!with("a.yaml\n!/clusters/a.yaml\n")[0].contains("unknown"));
    let values =
        kustomization("path: plain, postBuild: {substituteFrom: [{kind: ConfigMap, name: v}]}")
            + &git(
                "flux-system",
                &format!("url: '{HERE}', ref: {{branch: main}}"),
            );
    let vars = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, namespace: flux-system}\ndata: {A: b}\n";
    let with = |list: &str| {
        clusters(&[
            ("clusters/a.yaml", values.as_str()),
            ("clusters/v.yaml", vars),
            (".sourceignore", list),
        ])
    };
    assert!(with("/x")[0].contains(r#"{"A":"b"}"#), "{:?}", with("/x"));
    let found = with("/clusters/v.yaml");
    assert!(found[0].contains("unknown"), "{found:?}");
}

#[test]
fn what_has_no_name_before_kustomize_gave_it_one_hinders_nothing() {
    let sync = sync();
    let of = |listing: &str, name: &str, text: &str| {
        let files = [
            ("clusters/a.yaml", sync.as_str()),
            ("clusters/kustomization.yaml", listing),
            (name, text),
            PLAIN,
        ];
        units(FLUX, &files)
            .map(|units| told(&units)[0].clone())
            .map_err(|error| error.to_string())
    };
    let is_known =
        |it: &Result<String, String>| it.as_ref().is_ok_and(|it| it.starts_with("apps: plain"));
    let unnamed = "apiVersion: v1\nkind: Namespace\nmetadata: {name: _, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}}\n";
    let found = of("resources: [a.yaml, ns.yaml]", "clusters/ns.yaml", unnamed);
    assert!(is_known(&found), "{found:?}");
    let vars = unnamed.replace("Namespace", "ConfigMap");
    let found = of("resources: [a.yaml, ns.yaml]", "clusters/ns.yaml", &vars);
    assert!(is_known(&found), "{found:?}");
    let found = of("resources: [a.yaml]", "clusters/ns.yaml", &vars);
    assert!(found.is_err(), "{found:?}");
    // A patch is for another object; a resource that deploys must say what it is.
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {interval: 1h}\n";
    let patched = "{resources: [a.yaml], patches: [{path: p.yaml, target: {kind: HelmRelease}}]}";
    for patch in [patch.to_owned(), format!("{patch}metadata: {{name: _}}\n")] {
        let found = of(patched, "clusters/p.yaml", &patch);
        assert!(is_known(&found), "{found:?}");
        for listing in [
            "{resources: [a.yaml, p.yaml]}",
            "{resources: [a.yaml, p.yaml], patches: [{path: p.yaml, target: {kind: HelmRelease}}]}",
        ] {
            let found = of(listing, "clusters/p.yaml", &patch);
            assert!(found.is_err(), "{listing}: {found:?}");
        }
    }
}

#[test]
fn a_patch_without_a_name_in_a_folder_that_is_built_is_no_unit() {
    let parent = kustomization("path: more");
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: _}\nspec: {interval: 1h}\n";
    let found = clusters(&[
        ("clusters/a.yaml", &parent),
        (
            "more/kustomization.yaml",
            "patches: [{path: p.yaml, target: {kind: HelmRelease}}]",
        ),
        ("more/p.yaml", patch),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}
