//! `tidegate images pin`: digests of the lock in the place of tags, and nothing else in any file.

use std::fs;

use super::{Shop, said, sig, signed, tidegate, verify};

impl Shop {
    fn pin(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = tidegate(self.repo.path());
        let command = command.args(["images", "pin"]).args(arguments);
        said(&command.output().unwrap())
    }

    fn pod(&self) -> String {
        fs::read_to_string(self.repo.path().join("prod/odoo.yaml")).unwrap()
    }
}

#[test]
fn a_tag_becomes_the_digest_of_the_lock_and_is_proven_then() {
    let shop = Shop::of(&["shop/odoo:17.0", "shop/odoo:17.0 # the same"]);
    shop.push("17.0");
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("it is not locked: `tidegate images lock`"),
        "{text}"
    );
    assert!(text.contains("  prod/odoo.yaml:7  Pod/odoo\n"), "{text}");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let (before, asked) = (shop.pod(), shop.asked());
    let image = format!("{}/shop/odoo:17.0", shop.registry.host());
    let pinned = format!("{image}@sha256:{}", signed::digest());
    let (text, exit) = shop.pin(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        text,
        format!(
            "--- a/prod/odoo.yaml\n+++ b/prod/odoo.yaml\n@@ -7 +7 @@\n-      image: {image}\n+      image: {pinned}\n\
             @@ -9 +9 @@\n-      image: {image} # the same\n+      image: {pinned} # the same\n"
        )
    );
    assert_eq!(shop.pod(), before);
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(
        (text.as_str(), exit),
        ("pinned 2 images in prod/odoo.yaml\n", 0)
    );
    assert_eq!(shop.pod(), before.replace(&image, &pinned));
    shop.repo.commit("digests");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = shop.lock(&[]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0));
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(
        (text.as_str(), exit),
        ("no image is named by a tag alone\n", 0)
    );
    assert_eq!(shop.asked(), asked, "nobody was asked");
}

#[test]
fn what_cannot_be_told_is_named_and_left() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let escaped = shop
        .pod()
        .replace("17.0", "17.0\"")
        .replace("image: ", "image: \"\\x31");
    let escaped = escaped.replace("\\x31127", "\\x3127");
    shop.repo
        .write("prod/odoo.yaml", &escaped)
        .commit("escaped");
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("write the digest by hand"), "{text}");
    assert_eq!(shop.pod(), escaped);
}

#[test]
fn only_what_the_images_of_the_units_come_from_is_rewritten() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    let image = format!("{}/shop/odoo:17.0", shop.registry.host());
    let stage = "environments: [{name: stage, paths: [\"stage/**\"]}, {name: ";
    let path = shop.repo.path().join("tidegate.yaml");
    let config = fs::read_to_string(path).unwrap();
    let others = [
        ("stage/odoo.yaml", shop.pod()),
        (
            "prod/map.yaml",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {{base-image: '{image}'}}}}\n\
                 data: {{image: '{image}', reference: '{image}'}}\n"
            ),
        ),
        (
            ".github/workflows/ci.yml",
            format!("container: {{image: '{image}'}}\n"),
        ),
        ("docs/example.yaml", format!("image: '{image}'\n")),
    ];
    shop.repo.write(
        "tidegate.yaml",
        config.replace("environments: [{name: ", stage),
    );
    for (path, text) in &others {
        shop.repo.write(path, text);
    }
    shop.repo.commit("others that say the same");
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = shop.pin(&["--env", "prod", "--write"]);
    assert_eq!(
        (text.as_str(), exit),
        ("pinned 1 image in prod/odoo.yaml\n", 0)
    );
    assert!(shop.pod().contains("17.0@sha256:"), "{}", shop.pod());
    for (path, text) in &others {
        let after = fs::read_to_string(shop.repo.path().join(path)).unwrap();
        assert_eq!(after, *text, "{path}");
    }
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        text, "pinned 1 image in stage/odoo.yaml\n",
        "what HEAD says in prod is pinned"
    );
}

#[cfg(unix)]
#[test]
fn no_manifest_is_changed_through_a_link_and_each_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let file = shop.repo.path().join("prod/odoo.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).unwrap();
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o750
    );
    // The same file, outside by now.
    shop.runs(&["shop/odoo:17.0"]);
    let elsewhere = shop.repo.beside("elsewhere.yaml");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(exit, 1, "{text}");
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
}

#[test]
fn what_stays_by_its_tag_beside_what_was_pinned_is_named() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    let host = shop.registry.host();
    let written = format!("{host}/shop/odoo\\u003a17.0");
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: other}}\nspec:\n  containers:\n    - name: c\n      image: \"{written}\"\n"
    );
    shop.repo.write("prod/other.yaml", pod).commit("a pod");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let stays = format!(
        "pinned 1 image in prod/odoo.yaml\n{host}/shop/odoo:17.0: it stays by its tag here: write the digest by hand\n  prod/other.yaml:7  Pod/other\n"
    );
    assert_eq!(shop.pin(&["--write"]), (stays, 1));
    // What the working tree says already stays no more, though HEAD says otherwise.
    let again = format!(
        "{host}/shop/odoo:17.0: nothing that can be told says so: write the digest by hand\n  prod/other.yaml:7  Pod/other\n"
    );
    assert_eq!(shop.pin(&["--write"]), (again, 1));
}

/// What deployers put into what nobody here renders: `{I}` is the repository, `{T}` the tag, and a digest where it is pinned.
const DEPLOYERS: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chart, namespace: argocd}
spec:
  source:
    repoURL: https://charts.example
    chart: web
    targetRevision: 1.0.0
    helm:
      parameters: [{name: image.tag, value: '{T}'}] # of values
      valuesObject: {image: {repository: '{I}', tag: v1}, web: {image: '{I}:{T}'}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: plain, namespace: argocd}
spec:
  source:
    repoURL: https://git.example/other.git
    path: p
    targetRevision: main
    kustomize:
      images: ['odoo={I}{K}'] # ours
      patches:
        - target: {kind: Deployment}
          patch: |-
            # the image
            - {op: replace, path: /spec/template/spec/containers/0/image, value: '{I}:{T}'} # 17
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  chart: {spec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}}}
  valuesFrom: [{kind: ConfigMap, name: values}]
  postRenderers: [{kustomize: {images: [{name: odoo, newName: '{I}', {N}}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: values, namespace: shop}
data:
  values.yaml: |
    # for production
    image: {repository: '{I}', tag: '{T}'} # odoo
";

#[test]
fn what_is_put_into_charts_and_kustomizations_of_elsewhere_is_pinned() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    let image = format!("{}/shop/odoo", shop.registry.host());
    let with = |tag: &str, end: &str, new: &str| {
        let text = DEPLOYERS.replace("{I}", &image).replace("{T}", tag);
        text.replace("{K}", end).replace("{N}", new)
    };
    let digest = format!("sha256:{}", signed::digest());
    let before = with("17.0", ":17.0", "newTag: '17.0'");
    let after = with(
        &format!("17.0@{digest}"),
        &format!("@{digest}"),
        &format!("digest: {digest}"),
    );
    let path = shop.repo.path().join("prod/odoo.yaml");
    shop.repo
        .write("prod/odoo.yaml", &before)
        .commit("deployers");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(
        (text.as_str(), exit),
        ("pinned 6 images in prod/odoo.yaml\n", 0)
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), after);
    shop.repo.commit("digests");
    let (text, exit) = shop.pin(&["--write"]);
    assert_eq!(
        (text.as_str(), exit),
        ("no image is named by a tag alone\n", 0)
    );
}

#[test]
fn of_a_text_what_stays_by_its_tag_is_named_and_the_rest_is_pinned() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let host = shop.registry.host();
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: x, namespace: argocd}}\nspec:\n  source:\n    helm:\n      \
         values: |\n        web: {{image: {host}/shop/odoo:17.0}}\n        db: {{image: {host}/shop/other:1}}\n"
    );
    shop.repo
        .write("prod/odoo.yaml", &application)
        .commit("values");
    let left = format!(
        "pinned 1 image in prod/odoo.yaml\n{host}/shop/other:1: it is not locked: `tidegate images lock`\n  prod/odoo.yaml:8  argocd/Application.argoproj.io/x\n"
    );
    assert_eq!(shop.pin(&["--write"]), (left, 1));
    let pinned = application.replace("17.0", &format!("17.0@sha256:{}", signed::digest()));
    assert_eq!(shop.pod(), pinned);
}
