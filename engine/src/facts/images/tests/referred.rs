//! What releases and kustomizations of elsewhere take from `ConfigMaps` and Secrets.

use std::sync::Arc;

use super::*;
use crate::change::Objects;
use crate::facts::inventory::Deployers;

const RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x, namespace: shop}\n";
const KUSTOMIZATION: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x, namespace: shop}\n";

fn config_map(name: &str, data: &Value) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {data}\n"
    )
}

fn values(name: &str, values: &str) -> String {
    config_map(name, &json!({"values.yaml": values}))
}

/// All of these in one file.
fn all(texts: &[&str]) -> Objects {
    let texts: Vec<Objects> = texts.iter().map(|text| objects(text)).collect();
    texts.into_iter().flatten().collect()
}

/// Object, pointer, what is written and whether that is new, between two states.
fn told(base: &Objects, head: &Objects, deployers: &Deployers) -> Vec<String> {
    let around = |side: &Objects| beside(side.values()).with_deployers(Arc::new(deployers.clone()));
    let (old, new) = (around(base), around(head));
    let around = Around {
        head: &new,
        base: &old,
    };
    let changes = compare(base, head);
    let rows = changes
        .iter()
        .flat_map(|change| of_change(change, (&none(), around), Timestamp::UNIX_EPOCH));
    let rows = rows.map(|it| {
        let is_new = if it.changed { "new" } else { "old" };
        format!("{} {} {} {is_new}", it.object.kind, it.pointer, it.written)
    });
    rows.collect()
}

fn of(base: &[&str], head: &[&str]) -> Vec<String> {
    told(&all(base), &all(head), &Deployers::default())
}

fn release(spec: &str) -> String {
    format!("{RELEASE}spec: {spec}\n")
}

#[test]
fn a_config_map_alone_brings_images_into_the_release_that_names_it() {
    let release = release("{valuesFrom: [{kind: ConfigMap, name: vals}]}");
    let good = values("vals", "image: {repository: r.example/x, tag: v1}");
    let evil = values("vals", "image: {repository: evil.example/m, tag: v1}\n");
    let told_at = |image: &str| vec![format!("ConfigMap /data/values.yaml {image} new")];
    assert_eq!(
        of(&[&release, &good], &[&release, &evil]),
        told_at("evil.example/m:v1")
    );
    // One that nobody names, or of another name or namespace, is none of it.
    assert_eq!(of(&[&good], &[&evil]), [""; 0]);
    for other in ["name: vals,", "namespace: shop}"] {
        let [good, evil] = [&good, &evil].map(|it| match other {
            "name: vals," => it.replace(other, "name: other,"),
            _ => it.replace(other, "namespace: other}"),
        });
        assert_eq!(
            of(&[&release, &good], &[&release, &evil]),
            [""; 0],
            "{other}"
        );
    }
    let mut judged = Deployers::default();
    judged.insert(("HelmRelease", "x"), Some("shop"), true);
    let (base, head) = (all(&[&release, &good]), all(&[&release, &evil]));
    assert_eq!(told(&base, &head, &judged), [""; 0]);
    let tag = values("vals", "image: {tag: v2}");
    assert_eq!(
        of(&[&release, &good], &[&release, &tag]),
        told_at("image.tag=v2")
    );
}

#[test]
fn what_others_say_is_merged_below_what_the_release_says_in_its_order() {
    let one = values(
        "one",
        "image: {repository: r.example/x, tag: v1}\nweb: {image: 'r.example/w:1'}",
    );
    let two = values("two", "image: {tag: v2}");
    let named = "{kind: ConfigMap, name: one}, {kind: ConfigMap, name: two}";
    for (spec, wanted) in [
        (
            format!("{{valuesFrom: [{named}]}}"),
            &[
                "HelmRelease /spec/valuesFrom/0 r.example/w:1 new",
                "HelmRelease /spec/valuesFrom/1 r.example/x:v2 new",
            ][..],
        ),
        (
            format!(
                "{{valuesFrom: [{named}], values: {{image: {{tag: v3}}, web: {{image: ''}}}}}}"
            ),
            &["HelmRelease /spec/values/image/tag r.example/x:v3 new"],
        ),
        (
            format!(
                "{{valuesFrom: [{named}, {{kind: ConfigMap, name: three, valuesKey: tag, targetPath: image.tag}}], values: {{web: {{image: ''}}}}}}"
            ),
            &["HelmRelease /spec/valuesFrom/2 r.example/x:v9 new"],
        ),
    ] {
        let three = config_map("three", &json!({"tag": "v9"}));
        let beside = [one.as_str(), &two, &three];
        let release = release(&spec);
        let head = [&beside[..], &[&release]].concat();
        assert_eq!(of(&beside, &head), wanted, "{spec}");
    }
    // What the release has the last word of, is not of the ConfigMap; what it lacks without it, is.
    let spec = "{valuesFrom: [{kind: ConfigMap, name: vals}], values: {image: {repository: r.example/x, tag: v1}}}";
    let pinned = format!("image: {{digest: '{}'}}", digest("a"));
    let (with, without) = (values("vals", &pinned), values("vals", "a: b"));
    let release = release(spec);
    assert_eq!(
        of(&[&release, &with], &[&release, &without]),
        ["ConfigMap /data/values.yaml r.example/x:v1 new"]
    );
    let other = values("vals", "a: c");
    assert_eq!(of(&[&release, &without], &[&release, &other]), [""; 0]);
}

#[test]
fn what_nobody_reads_is_told_and_not_taken_for_proven() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: vals, namespace: shop}\nstringData: {values.yaml: 'a: B'}\n";
    for (spec, wanted) in [
        (
            "{valuesFrom: [{kind: Secret, name: vals}]}",
            &["/spec/valuesFrom/0 Secret/vals"][..],
        ),
        (
            "{valuesFrom: [{kind: ConfigMap, name: none, optional: true}]}",
            &["/spec/valuesFrom/0 ConfigMap/none"],
        ),
        (
            "{valuesFrom: [{kind: Secret, name: vals, targetPath: auth.password}]}",
            &[],
        ),
        (
            "{valuesFrom: [{kind: Secret, name: vals, targetPath: image.tag}], values: {image: {repository: r.example/x}}}",
            &[
                "/spec/values/image/repository image.repository=r.example/x, image.tag=$(Secret/vals)",
            ],
        ),
        (
            "{valuesFrom: [{kind: Secret, name: vals, targetPath: image.tag}], values: {image: {repository: r.example/x, tag: v1}}}",
            &["/spec/values/image/repository r.example/x:v1"],
        ),
    ] {
        let found = of(&[secret], &[secret, &release(spec)]);
        let wanted: Vec<String> = wanted
            .iter()
            .map(|it| format!("HelmRelease {it} new"))
            .collect();
        assert_eq!(found, wanted, "{spec}");
    }
    let release = release("{valuesFrom: [{kind: Secret, name: vals}]}");
    let other = secret.replace("a: B", "a: C");
    let found = of(&[&release, secret], &[&release, &other]);
    assert_eq!(found, ["Secret /data Secret/vals new"]);
    let broken = values("vals", "a: [");
    let named = release.replace("kind: Secret", "kind: ConfigMap");
    let found = of(&[&named], &[&named, &broken]);
    assert_eq!(found, ["ConfigMap /data/values.yaml a: [ new"]);
}

#[test]
fn what_is_hidden_in_a_config_map_is_shown_nowhere() {
    let hidden = values(
        "vals",
        "auth: {password: hunter2}\nsecret: {image: 'r.example/x:1'}\nweb: {image: 'r.example/w:1'}",
    );
    let release = release("{valuesFrom: [{kind: ConfigMap, name: vals}]}");
    let found = of(&[&hidden], &[&hidden, &release]).join("\n");
    assert!(!found.contains("hunter2"), "{found}");
    assert!(
        found.contains("r.example/w:1") || found.contains("***"),
        "{found}"
    );
}

#[test]
fn variables_of_a_kustomization_that_surely_are_images_are() {
    let kustomization = |build: &str| format!("{KUSTOMIZATION}spec: {{postBuild: {build}}}\n");
    let vars = |image: &str| config_map("vars", &json!({"img": image, "HOST": "a.example"}));
    let named = kustomization("{substituteFrom: [{kind: ConfigMap, name: vars}]}");
    assert_eq!(
        of(
            &[&named, &vars("r.example/x:1")],
            &[&named, &vars("evil.example/m:1")]
        ),
        ["ConfigMap /data/img evil.example/m:1 new"]
    );
    let before = vars("r.example/x:1");
    assert_eq!(
        of(&[&before], &[&before, &named]),
        ["Kustomization /spec/postBuild/substituteFrom/0 r.example/x:1 new"]
    );
    let own = kustomization(
        "{substituteFrom: [{kind: ConfigMap, name: vars}], substitute: {img: 'r.example/y:1'}}",
    );
    assert_eq!(
        of(&[&before], &[&before, &own]),
        ["Kustomization /spec/postBuild/substitute/img r.example/y:1 new"]
    );
    assert_eq!(
        of(&[&own, &before], &[&own, &vars("evil.example/m:1")]),
        [""; 0]
    );
}

#[test]
fn what_goes_leaves_those_who_name_it_with_what_nobody_can_tell() {
    let release = release("{valuesFrom: [{kind: ConfigMap, name: vals}]}");
    let good = values("vals", "image: {repository: r.example/x, tag: v1}");
    let lost = ["ConfigMap /data/values.yaml ConfigMap/vals new"];
    assert_eq!(of(&[&release, &good], &[&release]), lost);
    let elsewhere = good.replace("namespace: shop}", "namespace: other}");
    assert_eq!(of(&[&release, &good], &[&release, &elsewhere]), lost);
    // Where the release goes with it, or never named it, nothing is lost.
    assert_eq!(of(&[&release, &good], &[]), [""; 0]);
    assert_eq!(of(&[&good], &[]), [""; 0]);
    let fixed = release.replace(
        "valuesFrom",
        "values: {image: {repository: r.example/x, tag: v1}}, valuesFrom",
    );
    let empty = values("vals", "");
    assert_eq!(of(&[&fixed, &empty], &[&fixed]), lost);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: vals, namespace: shop}\nstringData: {values.yaml: 'a: B'}\n";
    let of_secret = release.replace("kind: ConfigMap", "kind: Secret");
    assert_eq!(
        of(&[&of_secret, secret], &[&of_secret]),
        ["Secret /data Secret/vals new"]
    );
    let named = format!(
        "{KUSTOMIZATION}spec: {{postBuild: {{substituteFrom: [{{kind: ConfigMap, name: vars}}]}}}}\n"
    );
    let vars = config_map(
        "vars",
        &json!({"img": "r.example/x:1", "HOST": "a.example"}),
    );
    assert_eq!(
        of(&[&named, &vars], &[&named]),
        ["ConfigMap /data/HOST img=$(ConfigMap/vars) new"]
    );
    let set = named.replace("{substituteFrom", "{substitute: {img: ''}, substituteFrom");
    assert_eq!(of(&[&set, &vars], &[&set]), [""; 0]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_a_secret_is_made_of_stands_for_it() {
    let release = release("{valuesFrom: [{kind: Secret, name: vals}]}");
    let sealed = |name: &str, data: &str| {
        format!(
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{encryptedData: {{values.yaml: {data}}}, template: {{metadata: {{name: vals}}}}}}\n"
        )
    };
    let external = |target: &str, data: &str| {
        format!(
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {{name: vals, namespace: shop}}\nspec: {{target: {{{target}template: {{data: {{values.yaml: '{data}'}}}}}}}}\n"
        )
    };
    let told = |kind: &str, what: &str| vec![format!("{kind} /spec {what} new")];
    let none: Vec<String> = Vec::new();
    for (kind, release, before, after, wanted) in [
        (
            "SealedSecret",
            &release,
            sealed("vals", "AgA"),
            sealed("vals", "AgB"),
            true,
        ),
        (
            "SealedSecret",
            &release,
            sealed("own", "AgA"),
            sealed("own", "AgB"),
            true,
        ),
        (
            "ExternalSecret",
            &release,
            external("", "a"),
            external("", "b"),
            true,
        ),
        (
            "ExternalSecret",
            &release,
            external("name: other, ", "a"),
            external("name: other, ", "b"),
            false,
        ),
        (
            "ExternalSecret",
            &release,
            external("name: other, ", "a"),
            external("", "b"),
            true,
        ),
        (
            "ExternalSecret",
            &release,
            external("manifest: {kind: ConfigMap}, ", "a"),
            external("manifest: {kind: ConfigMap}, ", "b"),
            false,
        ),
    ] {
        let wanted = match wanted {
            true => told(kind, "Secret/vals"),
            false => none.clone(),
        };
        let found = of(&[release, &before], &[release, &after]);
        assert_eq!(found, wanted, "{before} {after}");
    }
    // It may take the place of what was read.
    let of_map = release.replace("kind: Secret", "kind: ConfigMap");
    let map = values("vals", "image: {repository: r.example/x, tag: v1}");
    let made = external("manifest: {apiVersion: v1, kind: ConfigMap}, ", "b");
    let found = of(&[&of_map, &map], &[&of_map, &made]);
    assert!(
        found.contains(&told("ExternalSecret", "ConfigMap/vals")[0]),
        "{found:?}"
    );
    // Whatever else is said of it is none of that.
    let labelled = sealed("vals", "AgA").replace("name: vals, ", "name: vals, labels: {a: b}, ");
    assert_eq!(
        of(&[&release, &sealed("vals", "AgA")], &[&release, &labelled]),
        ["SealedSecret /spec Secret/vals old"]
    );
}
