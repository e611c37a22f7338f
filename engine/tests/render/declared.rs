//! Units that Applications declare, where nothing can be rendered: what cannot be told is not judged, and never left out.
//! Needs no program.

mod bounds;
mod idle;
mod left;
mod moved;
mod pinned;
mod standing;
mod unpruned;

use tidegate::gate::{self, Request, Signatures, What};
use tidegate::model::{Exit, GitId, code_of};
use tidegate::verdict::RunReport;

use crate::cli::shop;
use crate::support::Repo;

const APPLICATION: &str = "argocd/prod-d/loyalty.yaml";
const CHART: &str = "apps/loyalty/chart";

/// How a change of the shop ends, and the codes of what keeps units from being judged.
fn judged(change: impl FnOnce(&Repo)) -> (Exit, Vec<String>) {
    judged_after(|_| (), change)
}

/// The same of a change of a shop that is not quite the shop.
fn judged_after(before: impl FnOnce(&Repo), change: impl FnOnce(&Repo)) -> (Exit, Vec<String>) {
    let report = match checked_after(before, change) {
        Ok(report) => report,
        Err(error) => return unjudged(&code_of(&error)),
    };
    let codes = report
        .errors
        .iter()
        .map(|error| code_of(error.error.as_ref()));
    (report.exit, codes.collect())
}

/// What is told of such a change.
fn checked_after(
    before: impl FnOnce(&Repo),
    change: impl FnOnce(&Repo),
) -> Result<RunReport, gate::Error> {
    let repo = shop();
    before(&repo);
    repo.commit("before");
    let base = repo.id("HEAD");
    change(&repo);
    repo.commit("a change");
    let what = What::Range(format!("{base}..HEAD"));
    let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
    gate::check(&repo.open(), &request)
}

fn edit(repo: &Repo, path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(repo.path().join(path)).unwrap();
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
    repo.write(path, text.replacen(from, to, 1));
}

fn unjudged(code: &str) -> (Exit, Vec<String>) {
    (Exit::Unjudged, vec![code.to_owned()])
}

#[test]
fn a_new_file_that_makes_the_inputs_unknown_is_no_untouched_unit() {
    let template = "kind: {{ now }}\n";
    let clock = judged(|repo| {
        repo.write(format!("{CHART}/templates/new.yaml"), template);
    });
    assert_eq!(clock, unjudged("render.clock"));
    let twice = judged(|repo| {
        repo.write("apps/storefront/base/kustomization.yml", "resources: []\n");
    });
    assert_eq!(twice, unjudged("render.two-kustomizations"));
}

#[test]
fn what_a_checkout_changes_is_not_judged_wherever_it_is_read() {
    for line in [
        "apps/loyalty/prod-d/values.yaml eol=crlf",
        "apps/storefront/base/deployment.yaml filter=lfs",
    ] {
        let found = judged(|repo| {
            repo.write(".gitattributes", format!("{line}\n"));
        });
        assert_eq!(found, unjudged("git.content-transformed"), "{line}");
    }
}

#[test]
fn an_application_that_goes_elsewhere_is_not_one_that_goes_away() {
    let elsewhere = unjudged("source.elsewhere");
    for (from, to) in [
        (
            "https://git.example/acme/shop.git",
            "https://evil.example/x.git",
        ),
        ("targetRevision: main", "targetRevision: develop"),
        ("targetRevision: main", "targetRevision: gated/prod-d/other"),
    ] {
        assert_eq!(
            judged(|repo| edit(repo, APPLICATION, from, to)),
            elsewhere,
            "{to}"
        );
    }
}

#[test]
fn a_source_of_elsewhere_that_floats_is_not_added_unseen() {
    let found = judged(|repo| {
        let path = repo.path().join(APPLICATION);
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text.split_once("  source:\n").unwrap();
        let (source, after) = rest.split_once("  destination:\n").unwrap();
        let source = source.replacen("    repoURL", "  - repoURL", 1);
        let more = "  - {repoURL: https://evil.example/x.git, targetRevision: main, path: x}\n";
        let text = format!("{before}  sources:\n{source}{more}  destination:\n{after}");
        repo.write(APPLICATION, text);
    });
    assert_eq!(found, unjudged("source.floating"));
}

/// Argo CD reads links in a folder of manifests, and follows one that stands for the folder.
#[test]
fn what_a_link_leads_to_is_not_deployed_unseen() {
    let before = |repo: &Repo| {
        repo.write(
            "apps/plain/v1/a.yaml",
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
        );
        repo.write(
            "apps/plain/v1/NOTES",
            "kind: Pod\napiVersion: v1\nmetadata: {name: b}\n",
        );
        repo.write(
            "apps/plain/v2/a.yaml",
            "kind: Pod\napiVersion: v1\nmetadata: {name: b}\n",
        );
        application(repo, "argocd/prod-d/plain.yaml", "plain", "apps/plain/v1");
    };
    let unknown = unjudged("source.unknown");
    let inside = judged_after(before, |repo| {
        repo.symlink("apps/plain/v1/web.yaml", "NOTES");
    });
    assert_eq!(inside, unknown);
    let beside = |repo: &Repo| {
        before(repo);
        repo.symlink("apps/plain/now", "v1");
    };
    let through = judged_after(beside, |repo| {
        edit(
            repo,
            "argocd/prod-d/plain.yaml",
            "apps/plain/v1",
            "apps/plain/now",
        );
    });
    assert_eq!(through, unknown);
    let followed = |repo: &Repo| {
        before(repo);
        repo.symlink("apps/plain/now", "v1");
        edit(
            repo,
            "argocd/prod-d/plain.yaml",
            "apps/plain/v1",
            "apps/plain/now",
        );
    };
    let turned = judged_after(followed, |repo| {
        std::fs::remove_file(repo.path().join("apps/plain/now")).unwrap();
        repo.symlink("apps/plain/now", "v2");
    });
    assert_eq!(turned, unknown);
    let hidden = judged_after(before, |repo| {
        repo.write("argocd/prod-d/README", "see below\n");
        let text = std::fs::read_to_string(repo.path().join("argocd/prod-d/plain.yaml")).unwrap();
        repo.write(
            "argocd/prod-d/README",
            text.replace("name: plain", "name: other"),
        );
        repo.symlink("argocd/prod-d/other.yaml", "README");
    });
    assert_eq!(hidden, unjudged("source.linked"));
}

#[test]
fn an_application_is_found_however_it_is_spelt() {
    let found = judged(|repo| {
        let text = std::fs::read_to_string(repo.path().join(APPLICATION)).unwrap();
        let text = text.replace("argoproj.io/v1alpha1", "\"argoproj\\x2eio/v1alpha1\"");
        let text = text
            .replace("name: loyalty", "name: points")
            .replace("brand-d", "brand-x");
        repo.write("argocd/prod-d/points.yaml", text);
    });
    assert_eq!(found, unjudged("render.tool-missing"));
}

/// An Application of the shop under another name, with another folder.
fn application(repo: &Repo, path: &str, name: &str, folder: &str) {
    let text = std::fs::read_to_string(repo.path().join(APPLICATION)).unwrap();
    let (before, rest) = text.split_once("  source:\n").unwrap();
    let (_, after) = rest.split_once("  destination:\n").unwrap();
    let before = before.replace("name: loyalty", &format!("name: {name}"));
    let source = format!(
        "  source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: {folder}}}\n"
    );
    repo.write(path, format!("{before}{source}  destination:\n{after}"));
}

#[test]
fn an_application_of_an_application_is_not_lost_where_its_folder_becomes_a_kustomization() {
    let children = |repo: &Repo| {
        application(repo, "argocd/prod-d/root.yaml", "root", "children");
        application(repo, "children/child.yaml", "child", "plain");
        repo.write(
            "plain/x.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: d}}",
        );
    };
    let kustomized = |text: &'static str| {
        move |repo: &Repo| {
            repo.write("children/kustomization.yaml", text);
        }
    };
    let unknown = "source.unknown".to_owned();
    let (exit, codes) = judged_after(
        children,
        kustomized("{resources: [child.yaml], replacements: []}"),
    );
    assert_eq!(exit, Exit::Unjudged);
    assert!(codes.contains(&unknown), "{codes:?}");
    let (_, codes) = judged_after(children, kustomized("{resources: [child.yaml]}"));
    assert!(!codes.contains(&unknown), "{codes:?}");
    // What nobody claims may be what an unknown unit deploys.
    let lost = |repo: &Repo| {
        children(repo);
        kustomized("{resources: [child.yaml], replacements: []}")(repo);
    };
    let changed = |repo: &Repo| {
        repo.write(
            "plain/y.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: d}}",
        );
    };
    assert_eq!(judged_after(lost, changed), unjudged("source.unknown"));
}

#[test]
fn applications_of_a_set_that_can_no_longer_be_told_are_not_ones_that_go_away() {
    let set = |repo: &Repo| {
        let text = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: shops, namespace: argocd}\nspec:\n  goTemplate: true\n  generators: [{git: {repoURL: 'https://git.example/acme/shop.git', revision: main, files: [{path: 'shops/*/shop.yaml'}]}}]\n  template:\n    metadata: {name: 'shop-{{ .name }}', labels: {brand: d}}\n    spec:\n      project: prod-d\n      source: {repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: plain}\n      destination: {server: 'https://kubernetes.default.svc', namespace: '{{ .name }}'}\n";
        repo.write("argocd/prod-d/set.yaml", text);
        repo.write("shops/a/shop.yaml", "name: a\n");
        repo.write(
            "plain/x.yaml",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}",
        );
    };
    for deeper in ["shops/a/b/shop.yaml", "shops/c/shop.yaml"] {
        let text = if deeper.contains("/c/") {
            "name: [\n"
        } else {
            "name: b\n"
        };
        let (exit, codes) = judged_after(set, |repo| {
            repo.write(deeper, text);
        });
        assert_eq!(exit, Exit::Unjudged, "{deeper}: {codes:?}");
    }
}

#[test]
fn applications_that_conditions_and_a_patch_make_are_judged() {
    let made = |patched: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: shops, namespace: argocd}}\nspec:\n  goTemplate: true\n  generators: [{{git: {{repoURL: 'https://git.example/acme/shop.git', revision: main, files: [{{path: 'shops/*/shop.yaml'}}]}}}}]\n  template:\n    metadata: {{name: '{{{{ if .name }}}}shop-{{{{ .name }}}}{{{{ end }}}}', labels: {{brand: d}}}}\n    spec:\n      project: prod-d\n      source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: nowhere}}\n      destination: {{server: 'https://kubernetes.default.svc', namespace: '{{{{ .name }}}}'}}\n  templatePatch: |\n    spec:\n      source:\n        path: {patched}\n"
        )
    };
    let set = |repo: &Repo| {
        let path = "{{ range .folders }}{{ if . }}{{ . }}{{ end }}{{ end }}";
        repo.write("argocd/prod-d/set.yaml", made(path));
        repo.write("shops/a/shop.yaml", "{name: a, folders: ['', plain, '']}\n");
        repo.write("plain/x.yaml", CONFIG_MAP);
    };
    let (exit, codes) = judged_after(set, |repo| {
        repo.write(
            "plain/x.yaml",
            CONFIG_MAP.replace("data: {}", "data: {a: b}"),
        );
    });
    assert!(
        exit != Exit::Unjudged && codes.is_empty(),
        "{exit:?}: {codes:?}"
    );
    let unknown = judged_after(set, |repo| {
        repo.write("argocd/prod-d/set.yaml", made("'{{ uuidv4 }}'"));
    });
    assert_eq!(unknown.0, Exit::Unjudged, "{unknown:?}");
}

/// The same chart in another folder is released by its version, too.
#[test]
fn a_chart_of_flux_that_moves_and_changes_under_its_version_is_not_judged() {
    let web = "{apiVersion: v2, name: web, version: 1.0.0}";
    let before = |repo: &Repo| {
        repo.write("tidegate.yaml", FLUX)
            .write("clusters/web.yaml", RELEASE)
            .write("charts/web/Chart.yaml", web)
            .write("charts/web/templates/a.yaml", CONFIG_MAP);
    };
    let other = CONFIG_MAP.replace("data: {}", "data: {a: b}");
    for (text, is_refused) in [(other.as_str(), true), (CONFIG_MAP, false)] {
        let (_, codes) = judged_after(before, |repo| {
            for (file, text) in [("Chart.yaml", web), ("templates/a.yaml", text)] {
                repo.remove(&format!("charts/web/{file}"));
                repo.write(format!("charts/web2/{file}"), text);
            }
            edit(repo, "clusters/web.yaml", "./charts/web", "./charts/web2");
        });
        let unreleased = unjudged("source.unreleased");
        assert_eq!(codes.contains(&unreleased.1[0]), is_refused, "{codes:?}");
    }
}

/// Flux packs a chart of this repository anew when its version is another one.
#[test]
fn a_chart_of_flux_that_changes_under_its_version_is_not_judged() {
    let before = |repo: &Repo| {
        repo.write("tidegate.yaml", FLUX)
            .write("clusters/web.yaml", RELEASE)
            .write("charts/web/Chart.yaml", WEB)
            .write("charts/web/templates/a.yaml", CONFIG_MAP)
            .write("charts/lib/Chart.yaml", "{name: lib, version: 0.1.0}\n");
    };
    let unreleased = unjudged("source.unreleased");
    let other = CONFIG_MAP.replace("data: {}", "data: {a: b}");
    for path in ["charts/web/templates/a.yaml", "charts/lib/templates/a.yaml"] {
        let found = judged_after(before, |repo| {
            repo.write(path, &other);
        });
        assert_eq!(found, unreleased, "{path}");
        let (_, codes) = judged_after(before, |repo| {
            repo.write(path, &other);
            repo.write("charts/web/Chart.yaml", WEB.replace("1.0.0", "1.0.1"));
        });
        assert!(!codes.contains(&unreleased.1[0]), "{path}: {codes:?}");
    }
    // Under another name, and of another object, it is the same chart.
    for renamed in [
        RELEASE.replace("{name: web,", "{name: shop,"),
        RELEASE.replace("flux-system}\nspec", "shop}\nspec").replace(
            "name: flux-system}}}",
            "name: flux-system, namespace: flux-system}}}",
        ),
        format!(
            "{}---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {{name: web, namespace: flux-system}}\nspec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n",
            RELEASE.replace("{name: web,", "{name: shop,").replace(
                "chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system}}}",
                "chartRef: {kind: HelmChart, name: web}",
            )
        ),
    ] {
        let after = |version: &str| {
            let (exit, codes) = judged_after(before, |repo| {
                repo.write("clusters/web.yaml", renamed.as_str());
                repo.write("charts/web/templates/a.yaml", &other);
                repo.write("charts/web/Chart.yaml", WEB.replace("1.0.0", version));
            });
            assert_eq!(exit, Exit::Unjudged, "{renamed}: {codes:?}");
            codes.contains(&unreleased.1[0])
        };
        assert!(after("1.0.0"), "{renamed}");
        assert!(!after("1.0.1"), "{renamed}");
    }
    // What is no chart of it, and what tells the chart other values, releases itself.
    for (path, text) in [
        ("charts/web2/x.yaml", "a: b\n".to_owned()),
        (
            "clusters/web.yaml",
            format!("{RELEASE}  values: {{a: b}}\n"),
        ),
    ] {
        let (_, codes) = judged_after(before, |repo| {
            repo.write(path, text.as_str());
        });
        assert!(!codes.contains(&unreleased.1[0]), "{path}: {codes:?}");
    }
}

const FLUX: &str = "environments:
  - name: prod
    kustomizations: {paths: ['clusters/**']}
repositories: ['https://git.example/acme/shop.git']
";
const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux-system}
spec:
  interval: 1m
  chart: {spec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system}}}
";
const WEB: &str = "apiVersion: v2
name: web
version: 1.0.0
dependencies: [{name: lib, repository: 'file://../lib'}]
";
const CONFIG_MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {}}";

/// Of a state that nothing comes before, only head is rendered, also where Applications say what is.
#[test]
fn of_a_first_state_nothing_is_looked_for_before_it() {
    let here = "https://git.example/acme/shop.git";
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n  project: shop\n  source: {{repoURL: '{here}', path: app}}\n"
    );
    let config = format!(
        "repositories: [\"{here}\"]\nenvironments: [{{name: prod, applications: {{paths: [\"argo/**\"]}}}}]\n"
    );
    for (name, text) in [
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        (
            "app/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        ),
    ] {
        let repo = Repo::new();
        repo.write("tidegate.yaml", &config).commit("a shop");
        repo.write("argo/web.yaml", &application)
            .write(name, text)
            .write(
                "app/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            )
            .commit("what deploys it");
        for base in [GitId::EMPTY_TREE.to_string(), "HEAD~1".to_owned()] {
            let what = What::Range(format!("{base}..HEAD"));
            let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
            let runtime = gate::Runtime::default();
            let found = gate::images(&repo.open(), &request, Signatures::LeftOut, runtime).unwrap();
            let codes = found.errors.iter();
            let codes: Vec<_> = codes.map(|error| code_of(error.error.as_ref())).collect();
            // No program is there to render anything with; but what it would be is known.
            assert_eq!(codes, ["render.tool-missing"], "{name} from {base}");
        }
    }
}

/// A unit that makes kustomize run Helm, with a base three steps away, and another one of plain files beside it.
fn with_a_refused_unit() -> Repo {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  sources:\n  - {name: plain, kind: Application, path: apps/plain}\n  - {name: refused, kind: Application, path: apps/refused}\n  - {name: chart, kind: Application, path: apps/chart, render: {tool: helm, values: [values/chart.yaml]}}\n",
    );
    for (path, text) in [
        ("apps/plain/a.yaml", OBJECT),
        (
            "apps/refused/kustomization.yaml",
            "helmCharts: [{name: x, version: 1.0.0, repo: 'https://charts.example'}]\nresources: [../../bases/one, linked]\n",
        ),
        ("bases/one/kustomization.yaml", "resources: [../two]\n"),
        (
            "bases/two/kustomization.yaml",
            "components: [../../components/three]\n",
        ),
        (
            "components/three/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: x.yaml}]\n",
        ),
        ("components/three/x.yaml", OBJECT),
        ("shared/kustomization.yaml", "resources: [a.yaml]\n"),
        ("shared/a.yaml", OBJECT),
        ("bases/four/kustomization.yaml", "resources: [a.yaml]\n"),
        ("bases/four/a.yaml", OBJECT),
        (
            "apps/chart/Chart.yaml",
            "apiVersion: v2\nname: chart\nversion: 1.0.0\ndependencies: [{name: db, version: 1.0.0, repository: 'https://charts.example'}]\n",
        ),
        ("values/chart.yaml", "a: 1\n"),
        ("docs/index.yaml", "entries: {}\n"),
    ] {
        repo.write(path, text);
    }
    repo.symlink("apps/refused/linked", "../../shared");
    repo.commit("a shop");
    repo
}

/// How a change beside refused units ends: the units that keep it from being judged, and what is warned of.
fn judged_beside(change: impl FnOnce(&Repo)) -> (Exit, Vec<String>, Vec<String>) {
    let repo = with_a_refused_unit();
    change(&repo);
    repo.commit("a change");
    let what = What::Range("HEAD~1..HEAD".to_owned());
    let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
    let report = gate::check(&repo.open(), &request).unwrap();
    let errors = report.errors.iter().map(|error| error.unit.clone());
    let warned = report.findings.iter();
    let warned = warned.filter(|finding| finding.code == "engine.not-judged");
    let warned = warned.map(|finding| finding.message.clone());
    (report.exit, errors.collect(), warned.collect())
}

#[test]
fn a_refused_unit_keeps_nothing_from_being_judged_that_it_does_not_read() {
    let all =
        "2 units could not be judged; nothing of them is touched here: prod/refused, prod/chart";
    for path in [
        "apps/plain/a.yaml",
        "bases/four/kustomization.yaml",
        "README.md",
    ] {
        let (_, errors, warned) = judged_beside(|repo| {
            let text = std::fs::read_to_string(repo.path().join(path)).unwrap_or_default();
            repo.write(path, format!("# changed\n{text}"));
        });
        assert_eq!((errors, warned), (vec![], vec![all.to_owned()]), "{path}");
    }
}

/// Another unit holds the folder as well, and is judged.
#[test]
fn what_an_unknown_unit_may_read_is_not_judged() {
    let application = |name: &str, more: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n  project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n  source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: plain{more}}}\n"
        )
    };
    let unknown = unjudged("source.unknown").1.remove(0);
    for (more, is_known) in [(", plugin: {name: x}", false), ("", true)] {
        let (exit, codes) = judged_after(
            |repo| {
                repo.write(
                    "tidegate.yaml",
                    FLUX.replace("kustomizations:", "applications:"),
                )
                .write("clusters/a.yaml", application("a", ""))
                .write("clusters/b.yaml", application("b", more))
                .write("plain/x.yaml", CONFIG_MAP);
            },
            |repo| edit(repo, "plain/x.yaml", "data: {}", "data: {a: b}"),
        );
        assert_eq!(exit == Exit::Unjudged, !is_known, "{more}: {codes:?}");
        assert_eq!(codes.contains(&unknown), !is_known, "{more}: {codes:?}");
    }
}

/// A generator reads what nobody follows.
#[test]
fn a_refused_unit_that_may_read_anything_is_touched_by_anything() {
    let parts = [
        "generators: [gen.yaml]",
        "transformers: [gen.yaml]",
        "configMapGenerator: []",
    ];
    for part in parts {
        let (exit, codes) = judged_after(
            |repo| {
                repo.write(
                    "tidegate.yaml",
                    "repositories: ['https://git.example/acme/shop.git']\nenvironments:\n- name: prod\n  sources: [{name: a, kind: Application, path: a}]\n",
                )
                .write(
                    "a/kustomization.yaml",
                    format!("resources: ['https://git.example/other.git?ref=v1']\n{part}\n"),
                )
                .write(
                    "a/gen.yaml",
                    "{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: g}, files: [../cfg/app.conf]}\n",
                )
                .write("cfg/app.conf", "one\n");
            },
            |repo| {
                repo.write("cfg/app.conf", "two\n");
            },
        );
        let is_touched = part.contains("gen.yaml");
        assert_eq!(exit == Exit::Unjudged, is_touched, "{part}: {codes:?}");
    }
}

#[test]
fn what_a_refused_unit_may_read_is_not_judged() {
    for (path, unit) in [
        ("apps/refused/new.yaml", "refused"),
        ("apps/refused/charts/x/Chart.yaml", "refused"),
        ("bases/one/kustomization.yaml", "refused"),
        ("bases/two/new.yaml", "refused"),
        ("components/three/x.yaml", "refused"),
        ("shared/a.yaml", "refused"),
        ("apps/chart/templates/a.yaml", "chart"),
        ("apps/chart/values.yaml", "chart"),
        ("values/chart.yaml", "chart"),
    ] {
        let (exit, errors, warned) = judged_beside(|repo| {
            let text = std::fs::read_to_string(repo.path().join(path)).unwrap_or_default();
            repo.write(path, format!("# changed\n{text}"));
        });
        assert_eq!(
            (exit, errors),
            (Exit::Unjudged, vec![unit.to_owned()]),
            "{path}"
        );
        assert_eq!(warned.len(), 1, "{path}: {warned:?}");
    }
    // What decides about many files, or may make the charts that both take.
    for path in ["docs/index.yaml", ".gitattributes", ".helmignore"] {
        let (exit, errors, warned) = judged_beside(|repo| {
            repo.write(path, "# changed\n");
        });
        let both = vec!["refused".to_owned(), "chart".to_owned()];
        assert_eq!(
            (exit, errors, warned),
            (Exit::Unjudged, both, vec![]),
            "{path}"
        );
    }
}

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// How a change ends beside a unit of a folder with a chart and a kustomization: the units that keep it from being judged.
fn judged_beside_two_tools(kustomization: &str, change: &str) -> (Exit, Vec<String>) {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments:\n- name: prod\n  sources:\n  - {name: plain, kind: Application, path: apps/plain}\n  - {name: both, kind: Application, path: apps/both}\n",
    );
    for (path, text) in [
        ("apps/plain/a.yaml", OBJECT),
        (
            "apps/both/Chart.yaml",
            "{apiVersion: v2, name: both, version: 1.0.0, dependencies: [{name: lib, version: 1.0.0, repository: 'file://../../lib'}]}",
        ),
        ("apps/both/kustomization.yaml", kustomization),
        ("bases/one/kustomization.yaml", "resources: [a.yaml]"),
        ("bases/one/a.yaml", OBJECT),
        ("bases/two/kustomization.yaml", "resources: [a.yaml]"),
        ("bases/two/a.yaml", OBJECT),
        (
            "lib/Chart.yaml",
            "{apiVersion: v2, name: lib, version: 1.0.0}",
        ),
        (
            "other/Chart.yaml",
            "{apiVersion: v2, name: other, version: 1.0.0}",
        ),
    ] {
        repo.write(path, text);
    }
    repo.commit("a shop");
    repo.write(change, "# changed\n");
    repo.commit("a change");
    let what = What::Range("HEAD~1..HEAD".to_owned());
    let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
    let report = gate::check(&repo.open(), &request).unwrap();
    let errors = report.errors.iter().map(|error| error.unit.clone());
    (report.exit, errors.collect())
}

#[test]
fn a_folder_of_two_tools_reads_no_more_than_either_of_them() {
    for (path, is_read) in [
        ("apps/plain/b.yaml", false),
        ("bases/two/kustomization.yaml", false),
        ("other/Chart.yaml", false),
        ("other/values.yaml", false),
        ("apps/both/new.yaml", true),
        ("apps/both/templates/new.yaml", true),
        ("bases/one/kustomization.yaml", true),
        ("bases/one/new.yaml", true),
        ("lib/Chart.yaml", true),
        ("lib/values.yaml", true),
        (".helmignore", true),
    ] {
        let (exit, errors) = judged_beside_two_tools("resources: [../../bases/one]", path);
        let wanted = is_read.then(|| "both".to_owned());
        assert_eq!(errors, Vec::from_iter(wanted), "{path}");
        assert_eq!(exit == Exit::Unjudged, is_read, "{path}");
    }
    // Where that leads is not followed, and any change of what is rendered counts.
    let (_, errors) =
        judged_beside_two_tools("resources: [../../../x]", "bases/two/kustomization.yaml");
    assert_eq!(errors, ["both"]);
}
