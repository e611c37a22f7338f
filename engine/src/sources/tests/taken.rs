//! Whether what units are told from is applied at all, and as it was told.

use super::strangers::told_of_made;
use super::*;

const VALUES: &str =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: flux-system}, data: {A: b}}";

/// Why the values of `apps` are not known, where these files stand beside it in an environment that deploys itself;
/// `of` is what the repository says of itself.
fn untaken(of: &str, files: &[(&str, &str)]) -> Option<String> {
    let apps = taking_from("ConfigMap")
        + "---\n"
        + &kustomization("path: clusters").replace("name: apps", "name: root")
        + &git(
            "flux-system",
            &format!("url: '{HERE}', ref: {{branch: main}}{of}"),
        );
    let own = [("clusters/a.yaml", apps.as_str()), PLAIN];
    let all = units(FLUX, &[&own[..], files].concat()).unwrap();
    let apps = all.iter().find(|unit| unit.name == "apps").unwrap();
    let unknown = apps.unknown().next();
    unknown.map(|unknown| unknown.reason.clone())
}

#[test]
fn what_the_unit_around_it_takes_gives_values() {
    assert_eq!(untaken("", &[("clusters/v.yaml", VALUES)]), None);
    assert_eq!(untaken("", &[("clusters/deep/v.yaml", VALUES)]), None);
    let listed = ("clusters/kustomization.yaml", "resources: [a.yaml, v.txt]");
    assert_eq!(
        untaken("", &[listed, ("clusters/v.txt", VALUES)]),
        None,
        "under any name"
    );
}

#[test]
fn what_the_unit_around_it_leaves_out_gives_none() {
    let kustomization = ("clusters/kustomization.yaml", "resources: [a.yaml]");
    let json = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "v", "namespace": "flux-system"}, "data": {"A": "b"}}"#;
    for (of, files) in [
        ("", vec![kustomization, ("clusters/v.yaml", VALUES)]),
        ("", vec![kustomization, ("clusters/old/v.yaml", VALUES)]),
        // By Flux's own list, by the repository's, and by its name.
        ("", vec![("clusters/cloudbuild.yaml", VALUES)]),
        (
            ", ignore: /clusters/v.yaml",
            vec![("clusters/v.yaml", VALUES)],
        ),
        ("", vec![("clusters/v.json", json)]),
    ] {
        let told = untaken(of, &files).unwrap_or_else(|| panic!("{files:?}"));
        assert!(
            told.starts_with("ConfigMap `flux-system/v` at ")
                && told.contains("it lies in the folder of `root`, which leaves it out"),
            "{told}"
        );
    }
}

#[test]
fn where_an_environment_deploys_itself_all_that_gives_values_is_taken() {
    let text = |root: &str| {
        taking_from("ConfigMap")
            + &git(
                "flux-system",
                &format!("url: '{HERE}', ref: {{branch: main}}"),
            )
            + root
    };
    let of = |root: &str| {
        let text = text(root);
        let files = [
            ("clusters/prod/a.yaml", text.as_str()),
            ("clusters/old/v.yaml", VALUES),
            PLAIN,
        ];
        let all = units(FLUX, &files).unwrap();
        let mut unknown = all.iter().flat_map(ResolvedUnit::unknown);
        unknown.next().map(|unknown| unknown.reason.clone())
    };
    let root = kustomization("path: clusters/prod").replace("name: apps", "name: root");
    let told = of(&format!("---\n{root}")).unwrap();
    assert!(
        told.ends_with("is not applied: no unit of the environment takes it"),
        "{told}"
    );
    assert_eq!(of(""), None, "who applies it is not in the tree");
    let root = kustomization("path: apps/more").replace("name: apps", "name: root");
    let text = text(&format!("---\n{root}"));
    let more = kustomization("path: plain").replace("name: apps", "name: more");
    let files = [
        ("clusters/prod/a.yaml", text.as_str()),
        ("clusters/prod/v.yaml", VALUES),
        ("apps/more/k.yaml", &more),
        PLAIN,
    ];
    let all = units(FLUX, &files).unwrap();
    assert!(
        all.iter().flat_map(ResolvedUnit::unknown).next().is_none(),
        "applied by hand together"
    );
}

#[test]
fn what_comes_out_of_a_unit_is_what_others_were_told_of_it() {
    let apps = taking_from("ConfigMap");
    let files = [
        ("clusters/a.yaml", apps.as_str()),
        ("clusters/v.yaml", VALUES),
        PLAIN,
    ];
    let told = |made: &str| told_of_made(FLUX, &files, made);
    assert_eq!(told(VALUES), None);
    for other in [
        VALUES.replace("A: b", "A: c"),
        VALUES.replace("A: b", "A: b, B: c"),
        VALUES.replace("A: b", ""),
        VALUES.replace("A: b", "A: 1"),
        VALUES
            .replace(", namespace: flux-system", "")
            .replace("A: b", "A: c"),
    ] {
        let told = told(&other).unwrap_or_else(|| panic!("{other}"));
        assert!(
            told.contains("which is not what `apps` was rendered with")
                && told.contains("values: {\"ConfigMap/"),
            "{told}"
        );
    }
    for beside in [
        VALUES.replace("name: v", "name: w"),
        VALUES.replace("namespace: flux-system", "namespace: shop"),
        VALUES.replace("kind: ConfigMap", "kind: Secret"),
    ] {
        assert_eq!(told(&beside.replace("A: b", "A: c")), None, "{beside}");
    }
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: v, namespace: flux-system}, data: {A: Yg==}}";
    let text = taking_from("Secret");
    let config = format!("{FLUX}\nvalues: {{Secret/flux-system/v: {{A: b}}}}");
    let told = |made: &str| told_of_made(&config, &[("clusters/a.yaml", &text), PLAIN], made);
    assert_eq!(told(secret), None);
    assert!(told(&secret.replace("Yg==", "Yw==")).is_some());
    let encrypted = secret.replace("data: {A: Yg==}", "data: {A: 'ENC[x]'}, sops: {}");
    assert_eq!(told(&encrypted), None, "the configuration tells it");
}

#[test]
fn what_a_kustomization_may_call_so_is_no_other_object() {
    let sync = kustomization("path: plain");
    let good = git(
        "flux-system",
        &format!("url: '{HERE}', ref: {{branch: main}}"),
    );
    let other = git(
        "system",
        "url: 'https://git.example/evil/shop.git', ref: {branch: main}",
    );
    let of = |prefix: &str| {
        let files = [
            ("clusters/a.yaml", sync.as_str()),
            ("clusters/old/git.yaml", good.as_str()),
            ("clusters/sub/git.yaml", other.as_str()),
            ("clusters/sub/kustomization.yaml", prefix),
            ("clusters/kustomization.yaml", "resources: [a.yaml, sub]"),
            PLAIN,
        ];
        let all = units(FLUX, &files).unwrap();
        let mut unknown = all.iter().flat_map(ResolvedUnit::unknown);
        unknown.next().map(|unknown| unknown.reason.clone())
    };
    let told = of("{resources: [git.yaml], namePrefix: flux-}").unwrap();
    assert!(
        told.contains("may be changed by `clusters/sub/git.yaml`"),
        "{told}"
    );
    assert_eq!(of("{resources: [git.yaml], namespace: x}"), None);
}

#[test]
fn a_repository_of_any_file_that_may_be_flux_system_is_not_guessed() {
    let apps = kustomization("path: plain");
    let evil = "url: 'https://git.example/evil/shop.git', ref: {branch: main}";
    let named = git("flux-system", evil);
    let half = git("system", evil);
    let chart = (
        "boot/Chart.yaml",
        "{apiVersion: v2, name: boot, version: 1.0.0}",
    );
    let of = |files: &[(&str, &str)]| {
        let own = [("clusters/a.yaml", apps.as_str()), PLAIN];
        let all = units(FLUX, &[&own[..], files].concat()).unwrap();
        let unknown = all[0].unknown().next();
        unknown.map(|unknown| unknown.reason.clone())
    };
    assert_eq!(of(&[("boot/git.txt", &named)]), None, "nobody lists it");
    assert_eq!(of(&[("boot/git.yaml", &half)]), None);
    for (files, wanted) in [
        (
            vec![
                ("boot/git.txt", named.as_str()),
                ("boot/kustomization.yaml", "resources: [git.txt]"),
            ],
            "is declared at boot/git.txt:2:1",
        ),
        (
            vec![
                ("boot/git.yaml", &half),
                (
                    "boot/kustomization.yaml",
                    "{resources: [git.yaml], namePrefix: flux-}",
                ),
            ],
            "may be changed by `boot/kustomization.yaml`",
        ),
        (
            vec![
                ("boot/kustomization.yml", &named),
                (
                    "boot/sub/kustomization.yaml",
                    "resources: [../kustomization.yml]",
                ),
            ],
            "is declared at boot/kustomization.yml:2:1",
        ),
        (
            vec![chart, ("boot/templates/git.yaml", &half)],
            "the template `boot/templates/git.yaml` may make what this names",
        ),
    ] {
        let told = of(&files).unwrap_or_else(|| panic!("{files:?}"));
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn kustomizations_that_name_each_other_in_layers_are_each_asked_once() {
    let names = |layer: usize| (0..8).map(move |at| format!("k/{layer}-{at}"));
    let below = |layer: usize| -> String {
        let all: Vec<String> = names(layer + 1)
            .map(|name| format!("../../{name}"))
            .collect();
        all.join(", ")
    };
    let last = "resources: [../../clusters/a.yaml]".to_owned();
    let files: Vec<(String, String)> = (0..12)
        .flat_map(|layer| {
            let text = match layer {
                11 => last.clone(),
                _ => format!("{{resources: [{}]}}", below(layer)),
            };
            names(layer).map(move |name| (format!("{name}/kustomization.yaml"), text.clone()))
        })
        .collect();
    let components: Vec<(String, String)> = (0..12)
        .map(|at| {
            let next = vec![format!("../c{}", at + 1); 8].join(", ");
            (
                format!("k/c{at}/kustomization.yaml"),
                format!("{{kind: Component, components: [{next}]}}"),
            )
        })
        .collect();
    let apps = kustomization("path: plain");
    let mut own: Vec<(&str, &str)> = files
        .iter()
        .chain(&components)
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    own.extend([
        ("clusters/a.yaml", apps.as_str()),
        ("k/c12/kustomization.yaml", "kind: Component"),
        PLAIN,
    ]);
    assert_eq!(told(&units(FLUX, &own).unwrap()).len(), 1);
    own.push((
        "clusters/kustomization.yaml",
        "{resources: [a.yaml], components: [../k/c0]}",
    ));
    assert_eq!(told(&units(FLUX, &own).unwrap()).len(), 1);
}
