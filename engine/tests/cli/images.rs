//! `tidegate images list`: what it shows of a state and of a range.

use serde_json::Value;

use super::{said, shop, tidegate};
use crate::support::Repo;

fn list(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    let mut command = tidegate(repo.path());
    said(
        &command
            .args(["images", "list"])
            .args(arguments)
            .output()
            .unwrap(),
    )
}

const WEB: &str = "apps/odoo/prod-a/web-deployment.yaml";

#[test]
fn every_image_of_a_state_is_listed_with_where_it_stands() {
    let repo = shop();
    let (text, exit) = list(&repo, &["--env", "prod-a", "--unit", "odoo"]);
    assert_eq!(exit, 0, "{text}");
    for wanted in [
        "prod-a/odoo\n  registry.example/acme/odoo:17.0.12@sha256:98a5d9bca2632b2262d771394326dfc92c83d1b8f52c8134d99f4d35f0ebdfe4\n",
        "    apps/odoo/prod-a/web-deployment.yaml:70  brand-a/Deployment.apps/odoo-web  container `odoo`\n",
        "    apps/odoo/prod-a/web-deployment.yaml:52  brand-a/Deployment.apps/odoo-web  init container `",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    for unwanted in ["pricing", "no digest", "allowed", "written"] {
        assert!(!text.contains(unwanted), "{unwanted}: {text}");
    }
}

#[test]
fn of_a_range_only_what_it_brings_is_listed() {
    let repo = shop();
    let text = std::fs::read_to_string(repo.path().join(WEB)).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("acme/odoo:"))
        .unwrap();
    let head = line.split_once("image: ").unwrap().0;
    repo.write(
        WEB,
        text.replace(line, &format!("{head}image: Registry.Example/acme/odoo")),
    );
    repo.commit("an image without a digest");
    let (text, exit) = list(&repo, &["HEAD~1..HEAD"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        text,
        "prod-a/odoo\n  registry.example/acme/odoo:latest  no digest, the tag moves\n    \
         apps/odoo/prod-a/web-deployment.yaml:70  brand-a/Deployment.apps/odoo-web  container `odoo`  \
         written `Registry.Example/acme/odoo`\n"
    );
    let (text, exit) = list(&repo, &["HEAD~1..HEAD", "--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    let images = &json["units"][0]["images"];
    assert_eq!(images.as_array().unwrap().len(), 1);
    assert_eq!(
        images[0]["reference"]["canonical"],
        "registry.example/acme/odoo:latest"
    );
    assert_eq!(images[0]["line"], 70);
}

#[test]
fn a_state_without_images_says_so_and_a_file_that_cannot_be_read_is_exit_3() {
    let repo = Repo::new();
    repo.write(
        "tidegate.yaml",
        "environments: [{name: prod, paths: [\"prod/**\"]}]\n",
    )
    .write(
        "prod/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    )
    .commit("no images");
    assert_eq!(list(&repo, &[]), ("no images\n".to_owned(), 0));
    repo.write("prod/b.yaml", "a: [").commit("broken");
    let (text, exit) = list(&repo, &[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("prod/b.yaml"), "{text}");
}
