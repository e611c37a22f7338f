//! Which charts a deployer brings, and which it takes for the ones that are there.

use super::*;

const LOCKED: &str = "dependencies:\n- {name: lib, repository: 'file://../lib', version: 0.3.0}\n";

fn by(deployer: Deployer, files: &FakeFiles) -> Result<Vec<String>, (String, String)> {
    let source = Source::read(files, &"app".into(), &options(), deployer);
    let source = source.map_err(|error| (code_of(&error), error.to_string()))?;
    Ok(source.local.into_iter().map(|local| local.name).collect())
}

fn refused_with(deployer: Deployer, files: &[(&str, &str)], code: &str, at: &str) {
    let (found, text) = by(deployer, &FakeFiles::of(files)).unwrap_err();
    assert_eq!(found, code, "{files:?}: {text}");
    assert!(text.starts_with(at), "{files:?}: {text}");
}

#[test]
fn a_lock_that_lists_other_charts_is_refused_for_both_deployers() {
    let asks = needing("- {name: lib, repository: 'file://../lib', version: '>=0'}\n");
    let evil = LOCKED.replace("../lib", "../evil");
    for deployer in [Deployer::ArgoCd, Deployer::Flux] {
        for (chart, lock) in [
            (CHART, LOCKED),
            (&asks, "dependencies: []\n"),
            (&asks, &evil),
        ] {
            for name in ["Chart.lock", "requirements.lock"] {
                let name = format!("app/{name}");
                let files = [
                    ("app/Chart.yaml", chart),
                    (name.as_str(), lock),
                    ("lib/Chart.yaml", LIB),
                    ("evil/Chart.yaml", LIB),
                ];
                refused_with(deployer, &files, "render.chart-lock", &name);
            }
        }
        let files = FakeFiles::of(&[
            ("app/Chart.yaml", &asks),
            ("app/Chart.lock", LOCKED),
            ("lib/Chart.yaml", LIB),
        ]);
        assert_eq!(by(deployer, &files).unwrap(), ["charts/lib-0.3.0.tgz"]);
    }
}

#[test]
fn a_lock_or_chart_that_is_ignored_is_refused() {
    let asks = needing("- {name: lib, repository: 'file://../lib'}\n");
    for ignored in ["Chart.lock", "charts/", "/charts/lib", "Chart.yaml"] {
        let files = [
            ("app/Chart.yaml", asks.as_str()),
            ("app/Chart.lock", LOCKED),
            ("app/charts/lib/Chart.yaml", LIB),
            ("app/.helmignore", ignored),
        ];
        refused_with(
            Deployer::Flux,
            &files,
            "render.chart",
            "app/.helmignore: it leaves out `",
        );
    }
}

#[test]
fn two_charts_of_one_name_beside_each_other_are_refused() {
    let inner = needing("- {name: lib, alias: x, repository: 'file://../lib'}\n- {name: x}\n");
    let other = LIB.replace("lib", "x");
    let nested = LIB.replace("lib", "outer");
    let cases: [&[(&str, &str)]; 4] = [
        &[
            ("app/Chart.yaml", CHART),
            ("app/charts/a/Chart.yaml", LIB),
            ("app/charts/b/Chart.yaml", LIB),
        ],
        &[
            ("app/Chart.yaml", CHART),
            ("app/charts/o/Chart.yaml", &nested),
            ("app/charts/o/charts/a/Chart.yaml", LIB),
            ("app/charts/o/charts/b/Chart.yaml", LIB),
        ],
        &[
            ("app/Chart.yaml", &inner),
            ("app/charts/lib/Chart.yaml", LIB),
            ("app/charts/x/Chart.yaml", &other),
        ],
        &[
            (
                "app/Chart.yaml",
                "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: outer, repository: 'file://../o'}]\n",
            ),
            ("o/Chart.yaml", &nested),
            ("o/charts/a/Chart.yaml", LIB),
            ("o/charts/b/Chart.yaml", LIB),
        ],
    ];
    for files in cases {
        for deployer in [Deployer::ArgoCd, Deployer::Flux] {
            let (code, text) = by(deployer, &FakeFiles::of(files)).unwrap_err();
            assert_eq!(code, "render.twin-charts", "{files:?}: {text}");
        }
    }
}

#[test]
fn a_chart_under_two_aliases_is_one_chart() {
    let asks = needing(
        "- {name: lib, alias: a, repository: 'file://../lib'}\n- {name: lib, alias: b, repository: 'file://../lib'}\n",
    );
    let files = FakeFiles::of(&[("app/Chart.yaml", &asks), ("lib/Chart.yaml", LIB)]);
    assert_eq!(
        by(Deployer::ArgoCd, &files).unwrap(),
        ["charts/lib-0.3.0.tgz"]
    );
}

#[test]
fn what_flux_would_bring_anew_by_its_alias_or_count_is_refused() {
    let one = needing("- {name: lib, alias: main, repository: 'file://../lib'}\n");
    let remote = needing(
        "- {name: lib, alias: a, repository: 'https://x.example'}\n- {name: lib, alias: b, repository: 'https://x.example'}\n",
    );
    let extra = LIB.replace("lib", "extra");
    let vendored = ("app/charts/lib/Chart.yaml", LIB);
    let base = ("lib/Chart.yaml", LIB);
    let beside = ("app/charts/extra/Chart.yaml", extra.as_str());
    let flux = Deployer::Flux;
    let at = "app/Chart.yaml:5:";
    let (one, remote) = (("app/Chart.yaml", &*one), ("app/Chart.yaml", &*remote));
    refused_with(flux, &[one, vendored, base, beside], "render.chart", at);
    refused_with(flux, &[remote, vendored], "render.chart", at);
    refused_with(flux, &[one, base], "render.chart", at);
    // As many as are needed, and not the one that is.
    refused_with(flux, &[one, base, beside], "render.chart", at);
    // As many as are needed: then Flux looks for nothing.
    assert!(
        by(flux, &FakeFiles::of(&[one, vendored]))
            .unwrap()
            .is_empty()
    );
    // A lock has names and no aliases.
    let lock = ("app/Chart.lock", LOCKED);
    let files = FakeFiles::of(&[one, vendored, base, beside, lock]);
    assert!(by(flux, &files).unwrap().is_empty());
    let files = FakeFiles::of(&[one, base, lock]);
    assert_eq!(by(flux, &files).unwrap(), ["charts/lib-0.3.0.tgz"]);
    let files = FakeFiles::of(&[one, vendored, base, beside]);
    assert!(by(Deployer::ArgoCd, &files).unwrap().is_empty());
}

#[test]
fn a_path_that_is_another_one_as_a_url_is_refused() {
    for path in ["li%62", "lib?x", "lib#x", "u@lib", "l b", "l\\b"] {
        let asks = needing(&format!(
            "- {{name: lib, repository: 'file://../{path}'}}\n"
        ));
        let folder = format!("{path}/Chart.yaml");
        let files = [("app/Chart.yaml", asks.as_str()), (&folder, LIB)];
        for deployer in [Deployer::ArgoCd, Deployer::Flux] {
            refused_with(deployer, &files, "render.chart", "app/Chart.yaml:5:");
        }
    }
}
