//! Environments whose Applications say what is deployed: which files count, and what is said where there is nothing.
//! Knows neither kustomize nor Helm.

use super::*;

const HERE: &str = "https://git.example/acme/shop.git";

/// An environment of the Applications in `argo/`.
fn config() -> String {
    format!(
        "repositories: [\"{HERE}\"]\nenvironments: [{{name: prod, applications: {{paths: [\"argo/**\"]}}}}]\n"
    )
}

fn application(name: &str, directory: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n  project: shop\n  source: {{repoURL: '{HERE}', path: apps/{name}, directory: {{{directory}}}}}\n"
    )
}

/// What blocks a Deployment that loses its memory limit beside a LimitRange of the Application `limits`, whose
/// folder is read with `directory`; `app` is the Application of the Deployment.
fn without_limit(app: &str, directory: &str) -> Vec<String> {
    let repo = Repo::new();
    let odoo = format!("apps/{app}/odoo.yaml");
    repo.write("tidegate.yaml", config())
        .write("argo/limits.yaml", application("limits", directory))
        .write("apps/limits/defaults.yaml", limit_range("shop"))
        .write("apps/limits/map.yaml", config_map("map", "a"))
        .write(&odoo, deployment("odoo", "2Gi"));
    if app != "limits" {
        repo.write(format!("argo/{app}.yaml"), application(app, ""));
    }
    let base = repo.commit("two Applications");
    repo.write(&odoo, deployment("odoo", ""))
        .commit("no memory limit");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    blocking(&report)
}

#[test]
fn a_limit_range_that_argo_cd_leaves_out_gives_no_defaults() {
    for app in ["limits", "web"] {
        let missing = ["resources.missing-memory-limit of odoo"];
        for left_out in ["exclude: defaults.yaml", "exclude: 'd*.yaml'"] {
            assert_eq!(without_limit(app, left_out), missing, "{app}, {left_out}");
        }
        for taken in ["", "exclude: map.yaml", "include: '*.yaml'"] {
            assert!(without_limit(app, taken).is_empty(), "{app}, {taken}");
        }
    }
}

#[test]
fn a_limit_range_moved_into_a_folder_of_the_source_counts_as_the_configuration_says() {
    let moved = |render: &str| {
        let repo = Repo::new();
        let source = format!("{{name: web, kind: Application, path: apps/web{render}}}");
        let config = format!("environments: [{{name: prod, sources: [{source}]}}]\n");
        repo.write("tidegate.yaml", config)
            .write("apps/web/odoo.yaml", deployment("odoo", ""))
            .write("apps/web/limits.yaml", limit_range("shop"));
        let base = repo.commit("served");
        repo.remove("apps/web/limits.yaml")
            .write("apps/web/sub/limits.yaml", limit_range("shop"))
            .commit("moved");
        check(&repo, base)
    };
    let report = moved("");
    assert_eq!(error_codes(&report), ["source.unknown"]);
    let report = moved(", render: {tool: directory, recurse: true}");
    assert_eq!((errors(&report).len(), blocking(&report).len()), (0, 0));
    let report = moved(", render: {tool: directory, recurse: false}");
    assert_eq!(errors(&report), []);
    let missing = "resources.missing-memory-limit of odoo".to_owned();
    assert!(
        blocking(&report).contains(&missing),
        "{:?}",
        blocking(&report)
    );
}

/// One whose chart comes from elsewhere, so that nothing of it is here.
const FOREIGN: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: redis}\nspec:\n  project: shop\n  source: {repoURL: 'https://charts.example', chart: redis, targetRevision: 1.2.3}\n";

#[test]
fn an_environment_without_units_is_told_from_one_that_there_is_not() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config())
        .write("argo/web.yaml", application("web", ""))
        .write("argo/redis.yaml", FOREIGN)
        .write("apps/web/odoo.yaml", deployment("odoo", "2Gi"));
    let base = repo.commit("one Application of this repository");
    repo.remove("argo/web.yaml").remove("apps/web/odoo.yaml");
    let gone = repo.commit("none");
    repo.write("apps/notes.md", "nothing").commit("notes");
    let asked = |range: String, environment: &str| Request {
        environment: Some(environment.to_owned()),
        ..request(&range)
    };
    let deleted = check_with(&repo, &asked(format!("{base}..{gone}"), "prod")).unwrap();
    assert_eq!(unit(&deleted, "prod", "web").unit, "web");
    let range = format!("{gone}..HEAD");
    // What is wholly of elsewhere is one by its object.
    let report = check_with(&repo, &asked(range.clone(), "prod")).unwrap();
    assert_eq!((report.exit, report.units.len()), (Exit::Pass, 0));
    let error = check_with(&repo, &asked(range.clone(), "qa")).unwrap_err();
    assert_eq!(code_of(&error), "usage.unknown-name");
    assert_eq!(error.help().unwrap().to_string(), "there are: prod");
    let of_gate = Request {
        unit: Some("gate".to_owned()),
        ..asked(range, "prod")
    };
    assert_eq!(check_with(&repo, &of_gate).unwrap().exit, Exit::Pass);
}

#[test]
fn applications_of_one_name_are_judged_apart() {
    let repo = Repo::new();
    let away = application("web", "").replace("{name: web}", "{name: web, namespace: shop}");
    repo.write("tidegate.yaml", config())
        .write("argo/web.yaml", application("web", ""))
        .write("apps/web/odoo.yaml", deployment("odoo", "2Gi"))
        .write("shop/web.yaml", deployment("web", "2Gi"));
    let base = repo.commit("one Application");
    let of_shop = away.replace("apps/web", "shop");
    repo.write("argo/shop.yaml", of_shop);
    let both = repo.commit("another one of its name");
    let names = |report: &RunReport| {
        let units = report.units.iter().filter(|unit| unit.unit != "gate");
        units.map(|unit| unit.unit.clone()).collect::<Vec<_>>()
    };
    let added = check(&repo, base);
    assert_eq!(errors(&added), []);
    assert_eq!(names(&added), ["shop--web"]);
    repo.write("apps/web/odoo.yaml", deployment("odoo", ""))
        .write("shop/web.yaml", deployment("web", "3Gi"))
        .commit("both change");
    for (unit, blocks) in [
        ("web", &["resources.missing-memory-limit of odoo"][..]),
        ("shop--web", &[]),
    ] {
        let only = Request {
            unit: Some(unit.to_owned()),
            ..request(&format!("{both}..HEAD"))
        };
        let report = check_with(&repo, &only).unwrap();
        assert_eq!(names(&report), [unit]);
        assert_eq!(blocking(&report), blocks, "{unit}");
    }
}

#[test]
fn verify_names_the_units_that_could_be_meant() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config());
    for name in ["api", "web"] {
        repo.write(format!("argo/{name}.yaml"), application(name, ""))
            .write(format!("apps/{name}/odoo.yaml"), deployment(name, "2Gi"));
    }
    repo.commit("two Applications");
    let (key, trust) = (repo.beside("key.pem"), repo.beside("trust.json"));
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (key, trust) = (path(&key), path(&trust));
    let new = ["keys", "new", "--role", "merge-signer", "--out", &key];
    std::fs::write(&trust, tidegate(&repo, &new).stdout).unwrap();
    let verify = |revision: &str| {
        let verify = [
            "verify",
            "tidegate.yaml",
            "--trust",
            &trust,
            "--env",
            "prod",
            "--revision",
            revision,
        ];
        let output = tidegate(&repo, &verify);
        (output.status.code(), stderr(&output))
    };
    let (exit, said) = verify("HEAD");
    assert_eq!(exit, Some(2), "{said}");
    assert!(
        said.contains("name it with `--unit`; there are: api, web"),
        "{said}"
    );
    repo.remove("argo/api.yaml").remove("argo/web.yaml");
    repo.write("argo/redis.yaml", FOREIGN).commit("none");
    let (exit, said) = verify("HEAD");
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("`prod` deploys nothing"), "{said}");
}

#[test]
fn an_object_in_two_sources_of_one_application_stands_twice() {
    let twice = |first: &str, second: &str| {
        let repo = Repo::new();
        let source = |path: &str| {
            format!("{{repoURL: '{HERE}', path: {path}, directory: {{recurse: true}}}}")
        };
        let application = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n  project: shop\n  sources:\n  - {}\n  - {}\n",
            source(first),
            source(second)
        );
        repo.write("tidegate.yaml", config())
            .write("argo/web.yaml", application)
            .write("apps/base/map.yaml", config_map("map", "a"))
            .write("apps/prod/other.yaml", config_map("other", "a"));
        let base = repo.commit("two sources");
        repo.write("apps/prod/map.yaml", config_map("map", "b"))
            .commit("the same object in the other one");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        blocking(&report)
    };
    let found = ["engine.duplicate-object of map"];
    assert_eq!(twice("apps/base", "apps/prod"), found);
    assert_eq!(twice("apps/prod", "apps/base"), found);
}

#[test]
fn an_image_that_is_put_into_what_comes_from_elsewhere_is_judged() {
    let source = "{repoURL: 'https://charts.example', chart: web, targetRevision: 1.0.0, ";
    for (environment, api, spec) in [
        (
            "applications: {paths: ['argo/**']}",
            "argoproj.io/v1alpha1\nkind: Application",
            format!(
                "project: shop\n  source: {source}helm: {{parameters: [{{name: image.repository, value: r.example/web}}, {{name: image.tag, value: v2}}]}}}}"
            ),
        ),
        (
            "paths: ['apps/**']",
            "argoproj.io/v1alpha1\nkind: Application",
            format!(
                "project: shop\n  source: {source}kustomize: {{images: ['web=r.example/web:v2']}}}}"
            ),
        ),
        (
            "paths: ['apps/**']",
            "helm.toolkit.fluxcd.io/v2\nkind: HelmRelease",
            "values: {image: {repository: r.example/web, tag: v2}}".to_owned(),
        ),
        (
            "paths: ['apps/**']",
            "kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization",
            "images: [{name: web, newName: r.example/web, newTag: v2}]".to_owned(),
        ),
    ] {
        let repo = Repo::new();
        let config = format!(
            "repositories: [\"{HERE}\"]\nenvironments: [{{name: prod, stage: production, {environment}}}]\n"
        );
        let text = format!(
            "apiVersion: {api}\nmetadata: {{name: web, namespace: shop}}\nspec:\n  {spec}\n"
        );
        repo.write("tidegate.yaml", config)
            .write("argo/apps.yaml", application("apps", ""))
            .write("apps/apps/map.yaml", config_map("map", "a"));
        let base = repo.commit("all");
        repo.write("apps/apps/web.yaml", &text).commit("an image");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        assert_eq!(blocking(&report), ["image.not-pinned of web"], "{text}");
    }
}

/// A change of a shop whose Application `web` puts files of values into a chart of elsewhere.
fn with_values(is_held: bool, (path, text): (&str, Option<&str>)) -> RunReport {
    let repo = Repo::new();
    let paths = config().replace("\"argo/**\"", "\"argo/**\", \"root.yaml\"");
    repo.write("tidegate.yaml", paths)
        .write("argo/web.yaml", filled("values: 'web: {tag: x}'"))
        .write(
            "values/base.yaml",
            "image: {repository: r.example/web, tag: '1'}\n",
        )
        .write("values/web.yaml", "image: {pullPolicy: Always}\n")
        .write("values/notes.txt", "one\n")
        .write("values/other.yaml", "a: 1\n");
    if is_held {
        let root = application("root", "").replace("apps/root", "argo");
        repo.write("root.yaml", root);
    }
    let base = repo.commit("the shop");
    match text {
        Some(text) => repo.write(path, text),
        None => repo.remove(path),
    };
    repo.commit("a change");
    check(&repo, base)
}

/// An Application that puts three files into a chart of elsewhere.
fn filled(own: &str) -> String {
    let helm = format!(
        "{{valueFiles: [values-of-the-chart.yaml, '$here/values/base.yaml', '$here/values/web.yaml'], fileParameters: [{{name: notes, path: '$here/values/notes.txt'}}], {own}}}"
    );
    let chart = format!(
        "{{repoURL: 'https://charts.example', chart: web, targetRevision: 1.0.0, helm: {helm}}}"
    );
    application("web", "").replace(
        &format!("source: {{repoURL: '{HERE}', path: apps/web, directory: {{}}}}"),
        &format!("sources: [{chart}, {{repoURL: '{HERE}', ref: here}}]"),
    )
}

#[test]
fn what_is_put_into_a_chart_of_elsewhere_is_judged_in_its_place() {
    let web = |own| filled(own).replace("1.0.0", "1.0.1");
    let image = "image: {repository: r.example/web, tag: '2'}\n";
    let cases = [
        ("values/base.yaml", image, Some("values/base.yaml")),
        ("values/web.yaml", image, Some("values/web.yaml")),
        ("values/base.yaml", "a: 1\n", None),
        ("values/web.yaml", "replicas: 2\n", None),
        ("values/notes.txt", "two\n", None),
        (
            "argo/web.yaml",
            &web("values: 'image: {repository: r.example/shop, tag: v3}'"),
            Some("argo/web.yaml"),
        ),
        ("argo/web.yaml", &web("skipCrds: true"), None),
    ];
    for is_held in [false, true] {
        for (path, text, told) in &cases {
            let report = with_values(is_held, (path, Some(text)));
            assert_eq!(errors(&report), [], "{path} {text}");
            let units: Vec<_> = report.units.iter().map(|it| it.unit.as_str()).collect();
            assert!(units.contains(&"web"), "{units:?} of {path}");
            let findings = report.units.iter().flat_map(|it| &it.findings);
            let blocking: Vec<_> = findings.filter(|it| it.blocks()).collect();
            let places = blocking
                .iter()
                .filter_map(|it| it.location.as_ref())
                .take(1);
            let places: Vec<String> = places.map(|it| it.path.to_string()).collect();
            assert_eq!(places, Vec::from_iter(*told), "{path} {text}");
            let codes = blocking.iter().map(|it| it.code.as_str());
            assert!(codes.into_iter().all(|code| code == "image.not-pinned"));
        }
        let report = with_values(is_held, ("values/other.yaml", Some("a: 2\n")));
        assert_eq!(errors(&report), []);
        assert!(report.units.is_empty(), "no unit reads it");
    }
}

#[test]
fn the_order_of_what_is_put_into_a_chart_of_elsewhere_counts() {
    let (before, after) = (
        "values-of-the-chart.yaml, '$here/values/base.yaml'",
        "'$here/values/base.yaml', values-of-the-chart.yaml",
    );
    let text = filled("values: 'web: {tag: x}'").replace(before, after);
    let report = with_values(false, ("argo/web.yaml", Some(&text)));
    assert_eq!(errors(&report), []);
    let changes = report.units.iter().map(|it| it.changes.len());
    assert_eq!(Vec::from_iter(changes), [1]);
}

#[test]
fn secrets_in_what_is_put_into_a_chart_of_elsewhere_are_not_shown() {
    let secret = |value: &str| {
        format!(
            "extraObjects:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{foo: {value}-1}}}}\nextra: |\n  kind: Secret\n  metadata: {{name: t}}\n  stringData: {{foo: {value}-2}}\ndb: {{password: {value}-3}}\nnote: {value}-shown\n"
        )
    };
    let own = |value: &str| filled(&format!("values: {:?}", secret(value)));
    let object = |value: &str| {
        let values = tidegate::manifest::yaml::parse(&secret(value)).unwrap();
        filled(&format!("valuesObject: {}", values[0].to_json()))
    };
    for is_held in [false, true] {
        for (path, text) in [
            ("values/web.yaml", secret("hunter44")),
            ("argo/web.yaml", own("hunter44")),
            ("argo/web.yaml", object("hunter44")),
        ] {
            let report = with_values(is_held, (path, Some(&text)));
            assert_eq!(errors(&report), [], "{path}");
            let json = json_of(&report);
            assert!(json.contains("hunter44-shown"), "{path}: {json}");
            for hidden in ["hunter44-1", "hunter44-2", "hunter44-3"] {
                assert!(!json.contains(hidden), "{path}: {json}");
            }
        }
    }
}

#[test]
fn an_image_in_a_file_of_parameters_is_what_the_file_says() {
    let pinned = format!("r.example/web:v2@sha256:{}", "a".repeat(64));
    for (image, told) in [
        (pinned.as_str(), None),
        ("r.example/web:v2", Some("values/notes.txt")),
    ] {
        let repo = Repo::new();
        let web = filled("skipCrds: true").replace("name: notes", "name: image");
        repo.write("tidegate.yaml", config())
            .write("argo/web.yaml", web)
            .write("values/base.yaml", "a: 1\n")
            .write("values/web.yaml", "a: 1\n")
            .write(
                "values/notes.txt",
                format!("r.example/web:v1@sha256:{}", "b".repeat(64)),
            );
        let base = repo.commit("a shop");
        repo.write("values/notes.txt", image)
            .commit("another image");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        let findings = report.units.iter().flat_map(|it| &it.findings);
        let blocking = findings.filter(|it| it.blocks());
        let places = blocking.map(|it| {
            let path = it.location.as_ref().map(|it| it.path.to_string());
            (it.code.to_string(), path)
        });
        let wanted = told.map(|path| ("image.not-pinned".to_owned(), Some(path.to_owned())));
        assert_eq!(
            places.collect::<Vec<_>>(),
            Vec::from_iter(wanted),
            "{image}"
        );
    }
}

#[test]
fn what_only_the_base_cannot_put_into_a_chart_of_elsewhere_is_told_so() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", config())
        .write("argo/web.yaml", filled("skipCrds: true"))
        .write("values/base.yaml", "a: 1\n")
        .write("values/notes.txt", "one\n");
    let base = repo.commit("a file is missing");
    repo.write("values/web.yaml", "a: 2\n").commit("all of it");
    let report = check(&repo, base);
    assert_eq!(error_codes(&report), ["source.values-unreadable"]);
    let told = report.errors[0].error.to_string();
    assert!(
        told.starts_with("at the base of the range: values/web.yaml"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_put_into_a_chart_of_elsewhere_is_refused() {
    for (path, text, code) in [
        ("values/web.yaml", None, "source.values-unreadable"),
        ("values/notes.txt", None, "source.values-unreadable"),
        ("values/web.yaml", Some("- a\n"), "source.values-unreadable"),
        (
            "values/web.yaml",
            Some("a: 1\n---\nb: 1\n"),
            "source.values-unreadable",
        ),
        ("values/web.yaml", Some("a: [\n"), "yaml.syntax"),
        (
            "argo/web.yaml",
            Some(filled("values: '- a'").as_str()),
            "source.values-unreadable",
        ),
    ] {
        for is_held in [false, true] {
            let report = with_values(is_held, (path, text));
            assert_eq!(error_codes(&report), [code], "{path} {text:?}");
        }
    }
    // What is passed over is none.
    let passed = filled("ignoreMissingValueFiles: true").replace("web.yaml", "gone.yaml");
    let report = with_values(false, ("argo/web.yaml", Some(passed.as_str())));
    assert_eq!(errors(&report), []);
}

#[test]
fn what_a_chart_of_elsewhere_takes_of_elsewhere_is_refused() {
    let here = format!("repoURL: '{HERE}', ");
    let own = filled("skipCrds: true");
    let other = own.replace(
        "'$here/values/web.yaml'",
        "'$here/values/web.yaml', '$other/x.yaml'",
    );
    let twice = own.replace(
        "'$here/values/web.yaml'",
        "'$here/values/web.yaml', '$here/values/base.yaml'",
    );
    for (text, code) in [
        (twice, "source.unknown"),
        // What comes from another revision, or another repository, is not judged.
        (
            own.replace("ref: here", "targetRevision: other, ref: here"),
            "source.floating",
        ),
        (
            other.replace(
                "sources: [",
                &format!("sources: [{{{here}targetRevision: other, ref: other}}, "),
            ),
            "source.floating",
        ),
        (
            other.replace(
                "sources: [",
                "sources: [{repoURL: 'https://git.example/x.git', ref: other}, ",
            ),
            "source.floating",
        ),
    ] {
        assert_ne!(text, own);
        for is_held in [false, true] {
            let report = with_values(is_held, ("argo/web.yaml", Some(&text)));
            let codes = error_codes(&report);
            assert!(codes.contains(&code.to_owned()), "{codes:?} of {text}");
        }
    }
}

#[test]
fn what_only_the_base_could_not_deploy_is_told_so_with_the_way_on() {
    let web = application("web", "").replace(", directory: {}", "");
    let plugin = web.replace("path: apps/web", "path: apps/web, plugin: {name: jsonnet}");
    let cases = [
        ("apps/web/map.yaml", "a: [\n", "yaml.syntax"),
        (
            "apps/web/kustomization.yaml",
            "resources: ['https://git.example/base']\n",
            "render.remote-input",
        ),
        ("argo/web.yaml", &plugin, "source.unknown"),
    ];
    for (path, broken, code) in cases {
        let repo = Repo::new();
        repo.write("tidegate.yaml", config())
            .write("argo/web.yaml", &web)
            .write("apps/web/map.yaml", config_map("map", "a"));
        let good = repo.commit("good");
        repo.write(path, broken);
        let base = repo.commit("broken");
        repo.remove(path)
            .write("argo/web.yaml", &web)
            .write("apps/web/map.yaml", config_map("map", "b"))
            .commit("mended");
        let report = check(&repo, base);
        assert_eq!(error_codes(&report), [code], "{path}");
        let error = report.errors[0].error.as_ref();
        let told = format!("{error} {}", error.help().expect("a way on"));
        assert!(told.starts_with("at the base of the range: "), "{told}");
        assert!(told.contains("`tidegate check COMMIT..HEAD`"), "{told}");
        assert_eq!(errors(&check(&repo, good)), [], "the way on, {path}");
    }
}

#[test]
fn what_is_wholly_of_elsewhere_and_held_by_no_unit_is_judged_by_its_object() {
    let (of_argo, of_flux) = (
        "applications: {paths: ['argo/**']}",
        "kustomizations: {paths: ['argo/**']}",
    );
    let application = "argoproj.io/v1alpha1\nkind: Application";
    let source = "project: shop\n  source: {repoURL: 'https://charts.example', chart: web, targetRevision: 1.0.0";
    let chart = "interval: 5m\n  chart: {spec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}}}";
    let repository = "sourceRef: {kind: GitRepository, name: other}\n  path: web\n  prune: true";
    for (environment, api, before, after) in [
        (
            of_argo,
            application,
            format!("{source}}}"),
            format!(
                "{source}, helm: {{parameters: [{{name: image.repository, value: r.example/web}}, {{name: image.tag, value: v2}}]}}}}"
            ),
        ),
        (
            of_flux,
            "helm.toolkit.fluxcd.io/v2\nkind: HelmRelease",
            chart.to_owned(),
            format!("{chart}\n  values: {{image: {{repository: r.example/web, tag: v2}}}}"),
        ),
        (
            of_flux,
            "kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization",
            repository.to_owned(),
            format!("{repository}\n  images: [{{name: web, newName: r.example/web, newTag: v2}}]"),
        ),
    ] {
        let repo = Repo::new();
        let config = format!(
            "repositories: [\"{HERE}\"]\nenvironments: [{{name: prod, stage: production, {environment}}}]\n"
        );
        let text = |spec: &str| {
            format!(
                "apiVersion: {api}\nmetadata: {{name: web, namespace: shop}}\nspec:\n  {spec}\n"
            )
        };
        repo.write("tidegate.yaml", config)
            .write("argo/sources.yaml", OTHERS)
            .write("argo/web.yaml", text(&before));
        let base = repo.commit("all");
        repo.write("argo/web.yaml", text(&after)).commit("an image");
        let report = check(&repo, base);
        assert_eq!(errors(&report), []);
        assert_eq!(blocking(&report), ["image.not-pinned of web"], "{after}");
        // Without one, there is nothing to say.
        let base = repo.commit("the same");
        repo.write("argo/web.yaml", text(&before)).commit("none");
        let report = check(&repo, base);
        assert_eq!(
            (errors(&report), blocking(&report)),
            (vec![], vec![]),
            "{before}"
        );
    }
}

/// Where Flux finds what is of elsewhere.
const OTHERS: &str = "apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: shop}
spec: {interval: 5m, url: 'https://charts.example'}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: other, namespace: shop}
spec: {interval: 5m, url: 'https://git.example/acme/other.git', ref: {commit: a123456789a123456789a123456789a123456789}}
";

#[test]
fn what_is_wholly_of_elsewhere_is_judged_where_it_is_applied_only() {
    let root = application("root", "").replace("apps/root", "argo/apps");
    let kustomized = root.replace("directory: {}", "kustomize: {}");
    let unpinned = FOREIGN.replace(
        "1.2.3}",
        "1.2.3, helm: {valuesObject: {image: 'r.example/web:v2'}}}",
    );
    for (selector, parent, judged_as, blocks) in [
        // The environment is not told of it.
        ("argo/other/**", None, "", 0),
        ("argo/**", None, "redis", 1),
        ("argo/**", Some(&root), "root", 1),
        // Whatever renders that: it is no unit of its own.
        ("argo/**", Some(&kustomized), "root", 1),
    ] {
        let repo = Repo::new();
        let config = format!(
            "repositories: [\"{HERE}\"]\nenvironments: [{{name: prod, stage: production, applications: {{paths: [\"{selector}\"]}}}}]\n"
        );
        repo.write("tidegate.yaml", config)
            .write("argo/other/web.yaml", application("web", ""))
            .write("apps/web/odoo.yaml", deployment("odoo", "2Gi"))
            .write("argo/apps/redis.yaml", FOREIGN);
        if let Some(parent) = parent {
            repo.write("argo/other/root.yaml", parent);
        }
        if parent == Some(&kustomized) {
            repo.write("argo/apps/kustomization.yaml", "resources: [redis.yaml]\n");
        }
        let base = repo.commit("all");
        repo.write("argo/apps/redis.yaml", &unpinned)
            .commit("an image");
        if parent == Some(&kustomized) {
            let of_its_own = Request {
                unit: Some("redis".to_owned()),
                ..request(&format!("{base}..HEAD"))
            };
            let error = check_with(&repo, &of_its_own).unwrap_err();
            assert_eq!(code_of(&error), "usage.unknown-name");
            continue;
        }
        let report = check(&repo, base);
        let units: Vec<_> = report.units.iter().map(|it| it.unit.as_str()).collect();
        let told = format!("{units:?} {:?}", errors(&report));
        assert_eq!(units.join(" "), judged_as, "{told}");
        assert_eq!(blocking(&report).len(), blocks, "{told}");
    }
}
