//! Signatures of images, recorded beside what they are about: proven at head, by the judge's keys.

mod lock;
mod previous;

use std::fs;

use tidegate::model::{Digest, Exit};

use super::*;
use crate::support::signed;

const SIGNERS: &str = "images:
  authorities:
    - {name: release, images: [\"registry.test/shop/**\"], key: {file: keys/release.pub}}
";

/// A shop whose judge has the key with which its images are signed.
fn judged() -> (Repo, GitId) {
    let repo = Repo::new();
    repo.write("tidegate.yaml", format!("{CONFIG}{SIGNERS}"))
        .write("keys/release.pub", signed::key("release"))
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"));
    let base = repo.commit("the shop");
    (repo, base)
}

/// The same Deployment with the image of the fixtures.
fn with_image() -> String {
    let old = deployment("odoo", "2Gi");
    let (before, after) = old.split_once("registry.example/shop/odoo:1.0.0@").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}{}\n{after}", signed::image())
}

#[test]
fn an_image_passes_with_its_signature_and_not_without() {
    let (repo, base) = judged();
    repo.write("prod/odoo.yaml", with_image())
        .commit("an image");
    let report = check(&repo, base);
    assert_eq!(report.exit, Exit::Denied);
    assert_eq!(blocking(&report), ["image.signature-indeterminate of odoo"]);
    assert!(
        json_of(&report).contains("tidegate images lock"),
        "what to do"
    );
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write(&path, bytes).commit("its signature");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    assert_eq!(report.exit, Exit::Pass);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn a_signature_by_itself_touches_nothing() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write(&path, bytes).commit("a signature");
    let report = check(&repo, base);
    assert_eq!((report.exit, report.units.len()), (Exit::Pass, 0));
}

#[test]
fn the_key_is_the_judges_and_not_the_one_that_comes_with_the_image() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-by-another");
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, bytes)
        .write("keys/release.pub", signed::key("other"))
        .commit("an image and a key of its own");
    let report = check(&repo, base);
    let blocked = blocking(&report);
    assert!(
        blocked.contains(&"image.signer-not-trusted of odoo".to_owned()),
        "{blocked:?}"
    );
    let gate = report.units.iter().find(|unit| unit.unit == "gate");
    assert!(gate.is_some(), "the key is a file of the gate");
}

#[test]
fn i10_a_signature_is_of_a_digest_in_whatever_repository_it_lies() {
    let (repo, base) = judged();
    let moved = with_image().replace("/shop/odoo:", "/shop/mirror/odoo:");
    assert!(moved.contains("/shop/mirror/"));
    let (path, bytes) = signed::recorded("bundle-p256");
    repo.write("prod/odoo.yaml", moved)
        .write(&path, bytes)
        .commit("an image that was copied");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn a_file_under_another_name_leaves_it_open() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, _) = path.rsplit_once('/').unwrap();
    let other = Digest::of(b"other");
    repo.write("prod/odoo.yaml", with_image())
        .write(format!("{folder}/{other}"), &bytes)
        .commit("a signature under another name");
    let open = ["image.signature-indeterminate of odoo"];
    assert_eq!(blocking(&check(&repo, base)), open);
    repo.write(&path, bytes).commit("and under its own");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn an_image_that_does_not_change_needs_none() {
    let repo = Repo::new();
    repo.write("tidegate.yaml", format!("{CONFIG}{SIGNERS}"))
        .write("keys/release.pub", signed::key("release"))
        .write("prod/odoo.yaml", with_image());
    let base = repo.commit("the shop");
    let more = with_image().replace("replicas: 4", "replicas: 5");
    repo.write("prod/odoo.yaml", more).commit("one more");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), [""; 0]);
    let inherited = named(&report, |finding| finding.inherited);
    assert_eq!(inherited, ["image.signature-indeterminate of odoo"]);
}

#[test]
fn a_key_that_is_not_there_or_none_is_an_error_with_its_place() {
    for (key, wanted) in [
        (None, "there is no file `keys/release.pub`"),
        (Some("no key"), "it is not one public key in PEM"),
        (Some(signed::key("p521")), "it is none of ECDSA P-256"),
    ] {
        let (repo, base) = shop(&format!("{CONFIG}{SIGNERS}"));
        if let Some(key) = key {
            repo.write("keys/release.pub", key).commit("a key");
        }
        let base = if key.is_some() { repo.id("HEAD") } else { base };
        repo.write("prod/odoo.yaml", with_image())
            .commit("an image");
        let error = check_with(&repo, &request(&format!("{base}..HEAD"))).unwrap_err();
        assert_eq!(Exit::of_error(&error).code(), 3);
        let text = error.to_string();
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("tidegate.yaml:6:"), "{text}");
    }
}

#[test]
fn more_files_than_anyone_would_record_are_refused() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, _) = path.rsplit_once('/').unwrap();
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, &bytes);
    for number in 0..256 {
        repo.write(format!("{folder}/{number}"), "junk");
    }
    repo.commit("junk");
    let report = check(&repo, base);
    assert_eq!(error_codes(&report), ["limit.image-evidence"]);
    assert_ne!(report.exit, Exit::Pass);
}

#[test]
fn who_records_too_much_beside_an_image_is_stopped_and_who_takes_it_away_is_not() {
    let (repo, _) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, _) = path.rsplit_once('/').unwrap();
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, &bytes);
    let base = repo.commit("an image");
    for number in 0..255 {
        repo.write(format!("{folder}/{number}"), "junk");
    }
    let full = repo.commit("as many as there may be");
    assert_eq!(error_codes(&check(&repo, base)), [""; 0]);
    repo.write(format!("{folder}/255"), "junk");
    let junk = repo.commit("one more");
    let report = check(&repo, full);
    assert_eq!(error_codes(&report), ["limit.image-evidence"]);
    assert_eq!(report.exit, Exit::Unjudged);
    repo.write("notes.md", "nothing of it");
    let notes = repo.commit("another change");
    assert_eq!(error_codes(&check(&repo, junk)), [""; 0]);
    repo.remove(&format!("{folder}/255"));
    repo.commit("one less");
    assert_eq!(error_codes(&check(&repo, notes)), [""; 0]);
}

#[test]
fn a_file_that_is_too_large_leaves_it_open() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, _) = path.rsplit_once('/').unwrap();
    let mut large = bytes.clone();
    large.resize((24 << 20) + 1, b' ');
    let name = Digest::of(&large);
    repo.write("prod/odoo.yaml", with_image())
        .write(format!("{folder}/{name}"), &large)
        .commit("a signature and many spaces");
    let open = ["image.signature-indeterminate of odoo"];
    assert_eq!(blocking(&check(&repo, base)), open);
    large.pop();
    let name = Digest::of(&large);
    repo.write(format!("{folder}/{name}"), &large)
        .commit("one space less");
    assert_eq!(blocking(&check(&repo, base)), [""; 0]);
}

#[test]
fn a_link_to_a_signature_is_none() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, _) = path.rsplit_once('/').unwrap();
    fs::create_dir_all(repo.path().join(folder)).unwrap();
    repo.write("prod/odoo.yaml", with_image())
        .write("signature", bytes)
        .symlink(&path, "../../../../signature")
        .commit("a link");
    let open = ["image.signature-indeterminate of odoo"];
    assert_eq!(blocking(&check(&repo, base)), open);
}

#[test]
fn what_is_proven_ends_when_the_key_does() {
    let (repo, _) = shop(CONFIG);
    let until = "not-after: \"2026-11-21T00:00:00Z\", key:";
    let signers = SIGNERS.replace("key:", until);
    repo.write("tidegate.yaml", format!("{CONFIG}{signers}"))
        .write("keys/release.pub", signed::key("release"));
    let base = repo.commit("a key that ends");
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, bytes)
        .commit("an image");
    let range = format!("{base}..HEAD");
    let report = check_with(&repo, &request(&range)).unwrap();
    let facts = json_of(&report);
    assert_eq!(report.exit, Exit::Pass, "{facts}");
    let later = Request {
        now: at("2026-11-21T00:00:01Z"),
        ..request(&range)
    };
    let report = check_with(&repo, &later).unwrap();
    assert_eq!(blocking(&report), ["image.signer-not-trusted of odoo"]);
}

/// A Deployment of the release `odoo`, with the digest of that digit.
fn released(name: &str, digit: &str) -> String {
    let text = deployment(name, "2Gi").replace(&format!("shop/{name}:"), "shop/odoo:");
    let (before, after) = text.split_once("@sha256:").unwrap();
    let after = &after[64..];
    let label = "labels: {app.kubernetes.io/part-of: odoo}";
    let text = format!("{before}@sha256:{}{after}", digit.repeat(64));
    text.replacen("metadata:", &format!("metadata:\n  {label}"), 1)
}

#[test]
fn the_rest_of_a_release_is_found_in_other_files_and_units_of_the_environment() {
    let other = "environments:
  - name: prod
    sources:
      - {name: web, kind: Application, path: prod/web}
      - {name: cron, kind: Application, path: prod/cron}
";
    for config in [CONFIG, other] {
        let repo = Repo::new();
        repo.write("tidegate.yaml", config)
            .write("prod/web/web.yaml", released("web", "1"))
            .write("prod/cron/cron.yaml", released("cron", "1"));
        let base = repo.commit("the shop");
        repo.write("prod/web/web.yaml", released("web", "2"))
            .commit("one of two");
        assert_eq!(blocking(&check(&repo, base)), ["image.skew of web"]);
        repo.write("prod/cron/cron.yaml", released("cron", "2"))
            .commit("the other");
        assert_eq!(blocking(&check(&repo, base)), [""; 0]);
    }
}
