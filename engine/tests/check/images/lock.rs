//! The lock of images: what it names and what is not there leaves it open, and nothing else of it counts.

use serde_json::json;
use tidegate::facts::images::LOCK_FILE;
use tidegate::model::limits;

use super::*;

const OPEN: [&str; 1] = ["image.signature-indeterminate of odoo"];

/// A lock of one image, which names these files beside it.
pub(super) fn lock(image: &str, digest: &str, files: &[&str]) -> String {
    let files = files.iter().map(|file| format!("sha256:{file}"));
    let row = json!({
        "digest": format!("sha256:{digest}"),
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "lockedAt": "2026-11-20T10:00:00Z",
        "evidence": files.collect::<Vec<_>>(),
    });
    let lock = json!({"version": "v1", "images": {image: row}});
    format!("{lock:#}\n")
}

/// The lock of the image of the fixtures.
pub(super) fn own(files: &[&str]) -> String {
    lock(&signed::image(), signed::digest(), files)
}

#[test]
fn e3_a_file_that_the_lock_names_and_that_is_gone_is_no_unsigned() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (folder, name) = path.rsplit_once('/').unwrap();
    repo.write("prod/odoo.yaml", with_image())
        .write(LOCK_FILE, own(&[name]))
        .commit("an image and its lock");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), OPEN);
    assert!(
        json_of(&report).contains("evidence is missing"),
        "it says which"
    );
    repo.write(&path, &bytes).commit("its signature");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
    // Changed, or under another name.
    repo.write(&path, bytes.to_ascii_uppercase())
        .commit("changed");
    assert_eq!(blocking(&check(&repo, base)), OPEN);
    fs::remove_file(repo.path().join(&path)).unwrap();
    let (_, other) = signed::recorded("sig-by-another");
    repo.write(format!("{folder}/{}", Digest::of(&other)), other)
        .commit("that of another in its place");
    assert_eq!(blocking(&check(&repo, base)), OPEN);
}

#[test]
fn e3_a_line_that_went_with_its_files_is_no_word_of_a_registry() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let (_, name) = path.rsplit_once('/').unwrap();
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, bytes)
        .write(LOCK_FILE, own(&[name]))
        .commit("an image and its lock");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
    fs::remove_file(repo.path().join(&path)).unwrap();
    repo.write(LOCK_FILE, "{\"version\": \"v1\", \"images\": {}}\n")
        .commit("without both");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), OPEN);
    assert!(json_of(&report).contains("lacks the image"), "it says why");
}

#[test]
fn what_is_missing_takes_nothing_from_what_is_there() {
    let (repo, base) = judged();
    let (path, bytes) = signed::recorded("sig-p256");
    let gone = Digest::of(b"gone").to_string();
    repo.write("prod/odoo.yaml", with_image())
        .write(&path, bytes)
        .write(LOCK_FILE, own(&[&gone]))
        .commit("an image");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}

#[test]
fn e4_a_lock_proves_nothing_and_is_about_its_digest_alone() {
    let (repo, base) = judged();
    let gone = Digest::of(b"gone").to_string();
    let other = lock("registry.test/shop/odoo:17.0", &gone, &[&gone]);
    for (lock, expected) in [(own(&[]), ["image.unsigned of odoo"]), (other, OPEN)] {
        repo.write("prod/odoo.yaml", with_image())
            .write(LOCK_FILE, lock)
            .commit("an image");
        assert_eq!(blocking(&check(&repo, base)), expected);
    }
}

#[test]
fn i5_a_tag_that_is_locked_to_another_digest_is_told() {
    let (repo, base) = judged();
    let other = Digest::of(b"other").to_string();
    let (path, bytes) = signed::recorded("sig-p256");
    repo.write("prod/odoo.yaml", with_image())
        .write(path, bytes);
    let range = format!("{base}..HEAD");
    for (tag, digest, told) in [
        ("17.0", other.as_str(), true),
        ("17.0", signed::digest(), false),
        ("17.1", other.as_str(), false),
    ] {
        let image = format!("registry.test/shop/odoo:{tag}");
        repo.write(LOCK_FILE, lock(&image, digest, &[]))
            .commit("a lock");
        let report = check(&repo, base);
        assert_eq!(report.exit, Exit::Pass, "it decides nothing");
        let warned = json_of(&report).contains("image.lock-mismatch");
        assert_eq!(warned, told, "{tag} {digest}");
        let output = tidegate(&repo, &["images", "verify", &range]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("verified"), "{text}");
        let said = format!("the lock has another digest for this tag: sha256:{other}\n");
        assert_eq!(text.contains(&said), told, "{text}");
        let facts = tidegate(&repo, &["facts", &range]);
        let facts = String::from_utf8(facts.stdout).unwrap();
        assert_eq!(facts.contains("lockedTo"), told, "{facts}");
    }
}

#[test]
fn a_lock_that_cannot_be_read_is_an_error_with_its_place() {
    let (repo, base) = judged();
    repo.write("prod/odoo.yaml", with_image());
    let good = own(&[]);
    let long = format!("{good}{}", " ".repeat(limits::IMAGE_LOCK.most));
    for (text, code, place) in [
        (
            good.replace("lockedAt", "lockedat"),
            "image-lock.invalid",
            "line 6 column 7",
        ),
        (
            good.replace("v1", "v2"),
            "image-lock.invalid",
            "line 10 column 14",
        ),
        (String::new(), "image-lock.invalid", "line 1 column 1"),
        (long, "limit.image-lock", LOCK_FILE),
    ] {
        repo.write(LOCK_FILE, text).commit("a lock");
        let report = check(&repo, base);
        assert_eq!(report.exit.code(), 3);
        let [(found, error)] = errors(&report).try_into().unwrap();
        assert_eq!(found, code);
        assert!(error.contains(place), "{error}");
    }
    fs::remove_file(repo.path().join(LOCK_FILE)).unwrap();
    repo.write("lock", good)
        .symlink(LOCK_FILE, "../lock")
        .commit("a link");
    let report = check(&repo, base);
    assert_eq!(error_codes(&report), ["image-lock.not-a-file"]);
    // Nobody asks for it where no image is named by a digest.
    let tagged = with_image().replace(&format!("@sha256:{}", signed::digest()), "");
    let base = repo.write("prod/odoo.yaml", &tagged).commit("a tag");
    let more = tagged.replace("replicas: 4", "replicas: 5");
    repo.write("prod/odoo.yaml", more).commit("one more");
    assert_eq!(error_codes(&check(&repo, base)), [""; 0]);
}

/// A judge who asks for a scan, and an image with a clean one and a newer one that is not; before any unit names it.
fn scanned() -> (Repo, [(String, Vec<u8>); 3]) {
    let (repo, _) = judged();
    let scan = "      require: [{name: scanned, kind: scan, scanners: [{regex: \"pkg:github/aquasecurity/trivy@.+\"}], max-age-days: 3650, max: {critical: 0}}]\n";
    let config = SIGNERS.replace(
        "    - {name: release, images: [\"registry.test/shop/**\"], key: {file: keys/release.pub}}\n",
        &format!("    - name: release\n      images: [\"registry.test/shop/**\"]\n      key: {{file: keys/release.pub}}\n{scan}"),
    );
    assert!(config.ends_with(scan));
    let files = ["sig-p256", "att-scan-clean-before", "att-scan-known"].map(signed::recorded);
    repo.write("tidegate.yaml", format!("{CONFIG}{config}"));
    for (path, bytes) in &files {
        repo.write(path, bytes);
    }
    repo.write(LOCK_FILE, own(&names(&files)));
    repo.commit("what is recorded");
    (repo, files)
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    let names = files.iter().map(|(path, _)| path.rsplit_once('/'));
    names.map(|it| it.unwrap().1).collect()
}

#[test]
fn a_scan_that_the_change_takes_away_is_not_undone() {
    let (repo, files) = scanned();
    let base = repo.id("HEAD");
    let left = names(&files[..2]);
    repo.write("prod/odoo.yaml", with_image())
        .commit("as it is");
    let vulnerable = ["image.vulnerable of odoo"];
    assert_eq!(blocking(&check(&repo, base)), vulnerable);
    let whole = repo.id("HEAD");
    repo.remove(&files[2].0);
    repo.commit("without the file");
    assert_eq!(blocking(&check(&repo, base)), vulnerable);
    repo.write(LOCK_FILE, own(&left)).commit("and its line");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), vulnerable);
    assert_eq!(error_codes(&report), ["image-lock.withheld"]);
    // Where no unit changes.
    let report = check(&repo, whole);
    assert_eq!(error_codes(&report), ["image-lock.withheld"]);
    assert_eq!(report.exit, Exit::Unjudged);
    assert!(json_of(&report).contains(signed::digest()), "it says whose");
    // What is gone already and was named by the lock may have been anything.
    repo.git(&["reset", "--quiet", "--hard", &base.to_string()]);
    repo.remove(&files[2].0);
    let gone = repo.commit("the file alone");
    repo.write(LOCK_FILE, own(&left))
        .write("prod/odoo.yaml", with_image())
        .commit("its line, and the image");
    assert_eq!(blocking(&check(&repo, gone)), OPEN);
}

#[test]
fn an_older_scan_and_a_whole_image_may_go() {
    let (repo, files) = scanned();
    let base = repo.id("HEAD");
    repo.remove(&files[1].0);
    repo.write(
        LOCK_FILE,
        own(&names(&[files[0].clone(), files[2].clone()])),
    )
    .commit("without the older one");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
    repo.remove(&files[0].0);
    repo.remove(&files[2].0);
    repo.write(LOCK_FILE, "{\"version\": \"v1\", \"images\": {}}\n")
        .commit("without any");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}

#[test]
fn the_newest_scan_is_nobodys_word_without_a_line_of_the_lock() {
    let (repo, files) = scanned();
    repo.remove(LOCK_FILE);
    repo.remove(&files[2].0);
    let base = repo.commit("a part of it, without a lock");
    repo.write("prod/odoo.yaml", with_image())
        .commit("the image");
    let report = check(&repo, base);
    assert_eq!(blocking(&report), OPEN);
    assert!(json_of(&report).contains("lacks the image"), "it says why");
    repo.write(LOCK_FILE, own(&names(&files[..2])))
        .commit("and with one");
    assert_eq!(check(&repo, base).exit, Exit::Pass);
}
