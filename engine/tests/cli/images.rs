//! `tidegate images`: what it shows of a state and of a range, and what proves it.

mod lock;

use std::fs;

use serde_json::Value;

use super::{said, shop, tidegate};
use crate::contracts::problems;
use crate::support::Repo;
use crate::support::signed;

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
    let text = fs::read_to_string(repo.path().join(WEB)).unwrap();
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

const SIGNERS: &str = "environments: [{name: prod, paths: [\"prod/**\"]}]
images:
  authorities:
    - {name: release, images: [\"registry.test/shop/**\"], key: {file: keys/release.pub}}
";

/// One image of the fixtures, one of nobody.
fn signed_shop() -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", SIGNERS)
        .write("keys/release.pub", signed::key("release"))
        .commit("the judge");
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: odoo}}\nspec:\n  containers:\n    - name: odoo\n      \
         image: {}\n    - name: cache\n      image: redis:7\n",
        signed::image()
    );
    repo.write("prod/odoo.yaml", pod).commit("a pod");
    repo
}

fn verify(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    let mut command = tidegate(repo.path());
    let command = command.args(["images", "verify"]).args(arguments);
    said(&command.output().unwrap())
}

#[test]
fn what_proves_an_image_is_shown_with_who_signed_it() {
    let repo = signed_shop();
    let image = signed::image();
    let (text, exit) = verify(&repo, &["HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert_eq!(
        text,
        format!(
            "prod/prod\n  docker.io/library/redis:7  no authority is for it\n    \
             prod/odoo.yaml:9  Pod/odoo  container `cache`  written `redis:7`\n  \
             {image}  indeterminate: `.tidegate/images.lock` lacks the image, and no registry was asked; run \
             `tidegate images lock`\n    asked for: `release`\n    recorded: 0, 0 valid, 0 invalid\n    \
             prod/odoo.yaml:7  Pod/odoo  container `odoo`\njudged by `tidegate.yaml` of the base\n"
        )
    );
    for name in ["sig-by-another", "sig-p256"] {
        let (path, bytes) = signed::recorded(name);
        repo.write(&path, bytes);
    }
    repo.commit("its signature and one of another");
    for revision in ["HEAD~2..HEAD", "HEAD"] {
        let (text, exit) = verify(&repo, &[revision]);
        assert_eq!(exit, 0, "{text}");
        assert!(text.contains(&format!("{image}  verified\n")), "{text}");
        assert!(text.contains("    signed by `release`: key "), "{text}");
        let recorded = "    recorded: 2, 1 valid, 1 invalid\n";
        assert!(text.contains(recorded), "{text}");
    }
}

#[test]
fn a_file_given_by_config_takes_the_keys_of_the_state_and_says_so() {
    let repo = signed_shop();
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write(&path, bytes).commit("its signature");
    let config = repo.beside("other.yaml");
    fs::write(&config, SIGNERS).unwrap();
    let (text, exit) = verify(&repo, &["--config", config.to_str().unwrap()]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("  verified\n"), "{text}");
    let said = "the file given by --config, with the keys of `HEAD` itself";
    assert!(text.contains(said), "{text}");
}

#[test]
fn programs_read_what_is_proven_by_the_schema_and_a_list_says_nothing_of_it() {
    let repo = signed_shop();
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write(&path, bytes).commit("its signature");
    let (text, exit) = verify(&repo, &["--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("images.v1.json", &json), [""; 0]);
    assert_eq!(json["signatures"], "of-authorities");
    let images = json["units"][0]["images"].as_array().unwrap();
    let states: Vec<_> = images.iter().map(|it| &it["signature"]["state"]).collect();
    assert_eq!(states, [&Value::from("verified"), &Value::Null]);
    let (text, exit) = list(&repo, &["--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("images.v1.json", &json), [""; 0]);
    assert!(!text.contains("signature"), "{text}");
}

#[test]
fn who_proposes_other_keys_is_proven_by_them_only_where_that_is_said() {
    let repo = signed_shop();
    let (path, bytes) = signed::recorded("sig-by-another");
    repo.write(&path, bytes)
        .write("keys/release.pub", signed::key("other"))
        .commit("a signature of another, and the key of another");
    for arguments in [&[][..], &["HEAD"], &["--output", "json"]] {
        let (text, exit) = verify(&repo, arguments);
        assert_eq!(exit, 0, "{text}");
        let own = "`HEAD` itself, with its own keys; `check` asks the base";
        assert!(text.contains("verified") && text.contains(own), "{text}");
    }
    let (text, exit) = verify(&repo, &["HEAD~2..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    let told = text.ends_with("judged by `tidegate.yaml` of the base\n");
    assert!(text.contains("  invalid") && told, "{text}");
    let (text, _) = verify(&repo, &["HEAD~2..HEAD", "--output", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("images.v1.json", &json), [""; 0]);
    assert_eq!(json["judge"]["from"], "the base");
    let (text, _) = verify(&repo, &["HEAD~2..HEAD", "--config", "tidegate.yaml"]);
    let told = "judged by `tidegate.yaml` of the file given by --config\n";
    assert!(text.ends_with(told), "{text}");
}

#[test]
fn where_every_image_needs_a_signature_one_of_nobody_is_not_proven() {
    let repo = signed_shop();
    let required = SIGNERS.replace("images:\n  a", "images:\n  signatures: required\n  a");
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write("tidegate.yaml", required)
        .write(&path, bytes)
        .commit("every image");
    assert_eq!(verify(&repo, &["HEAD"]).1, 1);
    // The judge of a range is its base.
    assert_eq!(verify(&repo, &["HEAD~2..HEAD"]).1, 0);
    repo.write("tidegate.yaml", SIGNERS.replace("release.pub", "gone.pub"))
        .commit("no key");
    let (text, exit) = verify(&repo, &["HEAD"]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("keys/gone.pub"), "{text}");
}

#[test]
fn a_configuration_whose_key_is_not_there_is_not_valid_and_not_shown() {
    let repo = signed_shop();
    let answers = || {
        let commands = [&["validate"][..], &["show"], &["show", "--resolved"]];
        commands.map(|command| {
            let mut own = tidegate(repo.path());
            said(&own.arg("config").args(command).output().unwrap())
        })
    };
    for (text, exit) in answers() {
        assert_eq!(exit, 0, "{text}");
    }
    let wrong = SIGNERS.replace(
        "release.pub}",
        "release.pub}, require: [{kind: sbom, max: {low: 1}}]",
    );
    repo.write("tidegate.yaml", wrong);
    for (text, exit) in answers() {
        assert_eq!(exit, 3, "{text}");
        assert!(text.contains("max"), "{text}");
    }
    repo.write("tidegate.yaml", SIGNERS);
    repo.remove("keys/release.pub");
    for (text, exit) in answers() {
        assert_eq!(exit, 3, "{text}");
        let told = text.contains("there is no file `keys/release.pub`");
        assert!(told, "{text}");
    }
    repo.write("keys/release.pub", "no key");
    for (text, exit) in answers() {
        assert_eq!(exit, 3, "{text}");
    }
}

#[test]
fn what_another_program_trusts_is_printed_as_the_configuration_says_it() {
    let repo = signed_shop();
    let policy = format!(
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {{name: shop}}\nspec:\n  images:\n  \
         - glob: registry.test/shop/**\n  authorities:\n  - name: release\n    key:\n      data: |\n        {}\n",
        signed::key("release").trim().replace('\n', "\n        ")
    );
    let import = |text: &str| {
        repo.write("policy.yaml", text);
        let mut command = tidegate(repo.path());
        let command = command.args(["images", "trust", "import", "policy.yaml"]);
        said(&command.output().unwrap())
    };
    let (section, exit) = import(&policy);
    assert_eq!(exit, 0, "{section}");
    // It is a configuration as it is: the image that its key signed is proven by it.
    let (path, bytes) = signed::recorded("sig-p256");
    let environments = SIGNERS.split("images:").next().unwrap();
    repo.write("tidegate.yaml", format!("{environments}{section}"))
        .write(&path, bytes)
        .commit("another judge");
    let (text, exit) = verify(&repo, &[]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("signed by `shop-release`"), "{text}");
    let (text, exit) = import(&policy.replace("key:", "ctlog: {url: https://log.test}\n    key:"));
    assert_eq!(exit, 1);
    let note = "# policy.yaml: not carried over: shop-release: `ctlog`";
    assert_eq!(text.lines().next(), Some(note));
    assert_eq!(import("a: [").1, 3);
    assert_eq!(import("kind: ConfigMap").1, 1);
}
