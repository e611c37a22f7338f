//! What is refused, with which code and at which place.

use super::closure_of;
use crate::model::code_of;
use crate::render::files::fake::FakeFiles;

/// The code and the text of the refusal of `apps/a`, whose kustomization is `text`.
fn refused(text: &str, others: &[(&str, &str)]) -> (String, String) {
    let mut files = vec![("apps/a/kustomization.yaml", text)];
    files.extend_from_slice(others);
    let error = closure_of(&FakeFiles::of(&files), "apps/a").unwrap_err();
    (code_of(&error), error.to_string())
}

#[track_caller]
fn assert_refused(text: &str, others: &[(&str, &str)], code: &str, message: &str) {
    let (found, said) = refused(text, others);
    assert_eq!(found, code, "{said}");
    assert!(said.contains(message), "{said}");
}

#[test]
fn what_would_be_fetched_is_refused_with_its_line() {
    for text in [
        "https://example.com/x.yaml",
        "github.com/o/r//deploy?ref=v1",
        "git@github.com:o/r.git",
        "ssh://git@h/r",
        "file:///etc/passwd",
        "oci://r/x",
        "git::https://h/r",
        "host:o/r",
    ] {
        for field in [
            "resources",
            "components",
            "crds",
            "generators",
            "patchesStrategicMerge",
            "bases",
        ] {
            let kustomization = format!("namespace: x\n{field}:\n- '{text}'\n");
            assert_refused(
                &kustomization,
                &[],
                "render.remote-input",
                "apps/a/kustomization.yaml:3:3",
            );
        }
    }
    for kustomization in [
        "patches: [{path: 'https://h/x'}]",
        "openapi: {path: 'http://h/x'}",
        "replacements: [{path: 'https://h/x'}]",
        "secretGenerator: [{name: x, files: ['a=https://h/x']}]",
        "configMapGenerator: [{name: x, envs: ['https://h/x']}]",
    ] {
        assert_refused(
            kustomization,
            &[],
            "render.remote-input",
            "//h/x` is fetched",
        );
    }
    let (_, said) = refused("resources: ['https://me:hunter2@example.com/x']", &[]);
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_would_be_run_is_refused_with_its_line() {
    let builtin = "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'container: {image: x}'}}\n";
    for field in ["generators", "transformers", "validators"] {
        let kustomization = format!("{field}: [plugin.yaml]");
        for (plugin, place) in [
            (EXEC, ":1:13"),
            (builtin, ":3:35"),
            ("apiVersion: builtin\nkind: Exec", ":2:7"),
            (
                "apiVersion: builtin\nkind: HelmChartInflationGenerator",
                ":2:7",
            ),
            ("kind: X", ":1:1"),
        ] {
            let place = format!("apps/a/plugin.yaml{place}");
            assert_refused(
                &kustomization,
                &[("apps/a/plugin.yaml", plugin)],
                "render.exec-plugin",
                &place,
            );
        }
        let inline = format!("{field}:\n- |-\n  apiVersion: example.com/v1\n  kind: Exec");
        assert_refused(
            &inline,
            &[],
            "render.exec-plugin",
            "apps/a/kustomization.yaml:3:3",
        );
    }
}

#[test]
fn plugins_are_read_where_they_lie_and_read_only_what_is_within_bounds() {
    let folder = [
        ("t/kustomization.yaml", "resources: [x.yaml]"),
        ("t/x.yaml", EXEC),
    ];
    assert_refused(
        "transformers: [../../t]",
        &folder,
        "render.exec-plugin",
        "t/x.yaml:1:13 (through apps/a/kustomization.yaml:1:16)",
    );
    let folder = [("t/kustomization.yaml", "resources: []\npatches: []")];
    assert_refused(
        "transformers: [../../t]",
        &folder,
        "render.exec-plugin",
        "t/kustomization.yaml:2:1",
    );
    let plugin = [
        (
            "apps/a/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\npath: ../x.yaml",
        ),
        ("apps/x.yaml", ""),
    ];
    assert_refused(
        "transformers: [t.yaml]",
        &plugin,
        "render.outside-root",
        "apps/a/t.yaml:3:7",
    );
    let plugin = [
        (
            "apps/a/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\nPath: x.yaml",
        ),
        ("apps/a/x.yaml", ""),
    ];
    assert_refused(
        "transformers: [t.yaml]",
        &plugin,
        "render.unknown-field",
        "apps/a/t.yaml:3:1",
    );
    for field in [
        "helmCharts: [{name: x}]",
        "helmGlobals: {chartHome: x}",
        "helmChartInflationGenerator: [{}]",
    ] {
        assert_refused(
            field,
            &[],
            "render.helm-in-kustomize",
            "apps/a/kustomization.yaml:1:1",
        );
    }
}

#[test]
fn what_lies_elsewhere_is_refused() {
    for (text, code) in [
        ("../../../etc/passwd", "render.outside-tree"),
        ("/etc/passwd", "render.absolute-path"),
        ("none.yaml", "render.missing-input"),
        ("../x.yaml", "render.outside-root"),
    ] {
        let kustomization = format!("resources:\n- {text}");
        assert_refused(
            &kustomization,
            &[("apps/x.yaml", "")],
            code,
            "apps/a/kustomization.yaml:2:3",
        );
    }
    assert_refused(
        "configMapGenerator: [{name: x, files: [../x.txt]}]",
        &[("apps/x.txt", "")],
        "render.outside-root",
        "in or below `apps/a`",
    );
    assert_refused(
        "resources: [../b]",
        &[("apps/b/x.yaml", "")],
        "render.no-kustomization",
        "`apps/b` has no kustomization",
    );
    assert_refused(
        "resources: [../b]",
        &[("apps/b/kustomization.yaml", "resources: [gone.yaml]")],
        "render.missing-input",
        "apps/b/kustomization.yaml:1:13 (through apps/a/kustomization.yaml:1:13)",
    );
    assert_refused(
        "patches: [{path: sub}]",
        &[("apps/a/sub/x", "")],
        "render.missing-input",
        "no file `sub`",
    );
    let links = FakeFiles::of(&[("apps/a/kustomization.yaml", "resources: [x.yaml, out]")])
        .link("apps/a/x.yaml", "../../../../etc/passwd")
        .link("apps/a/out", "/etc");
    let error = closure_of(&links, "apps/a").unwrap_err();
    assert_eq!(code_of(&error), "render.link-outside");
    assert!(
        error
            .to_string()
            .starts_with("apps/a/kustomization.yaml:1:13: "),
        "{error}"
    );
    let modules =
        FakeFiles::of(&[("apps/a/kustomization.yaml", "resources: [m]")]).submodule("apps/a/m");
    let error = closure_of(&modules, "apps/a").unwrap_err();
    assert_eq!(code_of(&error), "render.submodule");
}

#[test]
fn unknown_fields_shapes_and_second_documents_are_refused() {
    for (text, place) in [
        ("resources: []\nexec: [x]", ":2:1"),
        ("Resources: [x]", ":1:1"),
        ("patches: [{Path: x}]", ":1:12"),
        ("configMapGenerator: [{name: x, Files: [y]}]", ":1:32"),
        ("replacements: [{PATH: x}]", ":1:17"),
        ("openapi: {path: '', url: x}", ":1:21"),
    ] {
        assert_refused(text, &[], "render.unknown-field", place);
    }
    for text in [
        "resources: x",
        "resources: [1]",
        "- x",
        "patches: [x]",
        "resources: []\n---\nresources: [x]",
        "resources: [null]",
    ] {
        assert_refused(
            text,
            &[],
            "render.kustomization-shape",
            "apps/a/kustomization.yaml:",
        );
    }
    assert_refused(
        "resources: [",
        &[],
        "yaml.syntax",
        "apps/a/kustomization.yaml:",
    );
}

#[test]
fn kinds_and_names_are_as_kustomize_wants_them() {
    assert_refused(
        "kind: Component",
        &[],
        "render.component",
        "apps/a/kustomization.yaml:1:7",
    );
    let component = [("c/kustomization.yaml", "kind: Component")];
    assert_refused(
        "resources: [../../c]",
        &component,
        "render.component",
        "c/kustomization.yaml:1:7",
    );
    let plain = [("c/kustomization.yaml", "namespace: x")];
    assert_refused(
        "components: [../../c]",
        &plain,
        "render.component",
        "c/kustomization.yaml:1:1",
    );
    assert_refused(
        "",
        &[("apps/a/kustomization.yml", "")],
        "render.two-kustomizations",
        "apps/a/kustomization.yml",
    );
}

#[test]
fn circles_and_depth_are_refused_and_one_base_twice_is_not() {
    for text in ["resources: [.]", "resources: [..]", "resources: [../..]"] {
        assert_refused(text, &[], "render.cycle", "apps/a/kustomization.yaml:1:13");
    }
    let circle = [("b/kustomization.yaml", "resources: [../apps/a]")];
    assert_refused(
        "resources: [../../b]",
        &circle,
        "render.cycle",
        "b/kustomization.yaml:1:13 (through apps/a/kustomization.yaml:1:13)",
    );
    let deep: Vec<(String, String)> = (0..40)
        .map(|n| {
            (
                format!("d{n}/kustomization.yaml"),
                format!("resources: [../d{}]", n + 1),
            )
        })
        .collect();
    let deep: Vec<(&str, &str)> = deep
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let error = closure_of(&FakeFiles::of(&deep), "d0").unwrap_err();
    assert_eq!(code_of(&error), "limit.kustomization-depth");
    assert!(
        error.to_string().contains("d30/kustomization.yaml"),
        "{error}"
    );
    let twice = FakeFiles::of(&[
        ("apps/a/kustomization.yaml", "resources: [../b, ../c]"),
        ("apps/b/kustomization.yaml", "resources: [../d]"),
        ("apps/c/kustomization.yaml", "resources: [../d]"),
        ("apps/d/kustomization.yaml", "namespace: x"),
    ]);
    assert_eq!(closure_of(&twice, "apps/a").unwrap().len(), 4);
}

#[test]
fn files_of_argo_cd_that_change_its_options_are_refused() {
    assert_refused(
        "namespace: x",
        &[("apps/a/.argocd-source-web.yaml", "")],
        "render.argocd-source",
        ".argocd-source-web.yaml",
    );
}

const EXEC: &str = "apiVersion: example.com/v1\nkind: Exec\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}}\n";

#[test]
fn a_name_that_no_pattern_spells_is_refused_where_it_is_named() {
    assert_refused(
        "namespace: x\nresources:\n- ../[id]\n",
        &[("apps/[id]/kustomization.yaml", "")],
        "config.glob",
        "apps/a/kustomization.yaml:3:3: `../[id]` is named here: the rendering reads `apps/[id]`, whose name holds one of",
    );
    let root = [("kustomization.yaml", "resources: [a!b]"), ("a!b", "")];
    let error = closure_of(&FakeFiles::of(&root), "").unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(help.starts_with("rename the folder"), "{help}");
}
