//! The image that going back needs: whether it is there, and whether what signed it holds.

use tidegate::facts::images::LOCK_FILE;
use tidegate::verdict::RunReport;

use super::lock::{lock, own};
use super::*;

/// Findings about the image of before, with what they say.
fn told(report: &RunReport) -> Vec<String> {
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let findings = findings.filter(|finding| finding.code.starts_with("rollback.target-image-"));
    findings
        .map(|finding| format!("{:?} {}: {}", finding.effect, finding.code, finding.message))
        .collect()
}

/// A shop of the strict profile whose judge has the key with which its images are signed.
fn judged() -> Repo {
    let (repo, _) = super::judged();
    // The profile has rules of its own for images.
    let own = RETAIL.lines().filter(|line| !line.starts_with("images:"));
    let own: Vec<&str> = own.collect();
    repo.write(
        "tidegate.yaml",
        format!("{}\n{CONFIG}{SIGNERS}", own.join("\n")),
    );
    repo
}

/// What is said when the image of the fixtures gives place to one of which no signature is asked, where `before` lies in
/// the repository at base.
fn replaced(image: &str, before: &[(String, Vec<u8>)]) -> Vec<String> {
    let repo = judged();
    for (path, bytes) in before {
        repo.write(path, bytes);
    }
    let base = repo
        .write(
            "prod/odoo.yaml",
            with_image().replace(&signed::image(), image),
        )
        .commit("an image");
    repo.write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("another");
    let report = check(&repo, base);
    assert_eq!(errors(&report), []);
    told(&report)
}

#[test]
fn what_is_locked_and_signed_can_be_gone_back_to() {
    let (path, bytes) = signed::recorded("sig-p256");
    let (_, name) = path.rsplit_once('/').unwrap();
    let lock = (LOCK_FILE.to_owned(), own(&[name]).into_bytes());
    let before = [lock, (path.clone(), bytes)];
    assert_eq!(replaced(&signed::image(), &before), [""; 0]);
    // Also where the change takes both away with the image.
    let repo = judged();
    for (path, bytes) in &before {
        repo.write(path, bytes);
    }
    let base = repo
        .write("prod/odoo.yaml", with_image())
        .commit("an image");
    repo.remove(LOCK_FILE)
        .remove(&path)
        .write("prod/odoo.yaml", deployment("odoo", "2Gi"))
        .commit("another");
    assert_eq!(told(&check(&repo, base)), [""; 0]);
}

#[test]
fn what_no_lock_names_may_be_gone() {
    let told = replaced(&signed::image(), &[signed::recorded("sig-p256")]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("Deny rollback.target-image-gone: Deployment shop/odoo: "));
    assert!(
        told[0].contains("of the container `odoo`, may be gone: no lock names it"),
        "{told:?}"
    );
    let other = lock("registry.test/shop/web:1", &"0".repeat(64), &[]).into_bytes();
    let told = replaced(&signed::image(), &[(LOCK_FILE.to_owned(), other)]);
    assert!(
        told[0].contains("may be gone"),
        "a lock of another digest: {told:?}"
    );
}

#[test]
fn what_is_not_pinned_may_be_another_by_now() {
    let told = replaced("registry.test/shop/odoo:17.0", &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("no digest says which one it was"),
        "{told:?}"
    );
}

#[test]
fn what_nobody_trusts_any_more_is_told() {
    let lock = |name: &str| (LOCK_FILE.to_owned(), own(&[name]).into_bytes());
    for (fixture, said) in [
        ("sig-by-another", "no signature of this authority"),
        ("sig-changed", ""),
    ] {
        let (path, bytes) = signed::recorded(fixture);
        let (_, name) = path.rsplit_once('/').unwrap();
        let told = replaced(&signed::image(), &[lock(name), (path.clone(), bytes)]);
        assert_eq!(told.len(), 1, "{fixture}: {told:?}");
        assert!(
            told[0].starts_with("Warn rollback.target-image-untrusted"),
            "{told:?}"
        );
        assert!(told[0].contains(said), "{told:?}");
    }
    let none = (LOCK_FILE.to_owned(), own(&[]).into_bytes());
    let told = replaced(&signed::image(), &[none]);
    assert!(
        told[0].contains("would be refused today: nobody signed it"),
        "{told:?}"
    );
}

#[test]
fn nothing_is_said_of_what_stays_or_of_what_nobody_signs() {
    let repo = judged();
    let base = repo
        .write("prod/odoo.yaml", with_image())
        .commit("an image");
    let grown = with_image().replace("2Gi", "3Gi");
    repo.write("prod/odoo.yaml", grown).commit("more memory");
    assert_eq!(told(&check(&repo, base)), [""; 0]);
    assert_eq!(replaced("registry.example/shop/odoo:0.9.0", &[]), [""; 0]);
}

#[test]
fn what_is_deleted_needs_its_image_again() {
    let repo = judged();
    let base = repo
        .write("prod/odoo.yaml", with_image())
        .commit("an image");
    repo.write("prod/map.yaml", config_map("map", "a"))
        .remove("prod/odoo.yaml")
        .commit("gone");
    let told = told(&check(&repo, base));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("may be gone"), "{told:?}");
}
