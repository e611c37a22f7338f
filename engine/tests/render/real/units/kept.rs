//! Renderings that were kept, and damaged or forged: a check notices the one and may believe the other; who signs
//! reads neither.

use std::fs;

use tidegate::model::Digest;

use super::*;

/// The renderings that a check left behind.
fn kept(repo: &Repo) -> Vec<PathBuf> {
    let folder = Cache::place(&repo.beside("home/.cache/tidegate"));
    let files = fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// What a check of the newest commit says.
fn checked(repo: &Repo) -> String {
    let now = ["--now", "2026-11-20T10:00:00Z", "--output", "json"];
    let (_, said) = tidegate(repo, &[&["check", "HEAD~1..HEAD"], &now[..]].concat());
    said
}

/// Puts `replicas: 4` where an entry says five, and the checksum that belongs to it.
fn forge(file: &Path) -> bool {
    let bytes = fs::read(file).unwrap();
    let content = String::from_utf8(bytes[65..].to_vec()).unwrap();
    let forged = content.replace("replicas: 5", "replicas: 4");
    let key = file.file_name().unwrap().to_str().unwrap();
    let header = format!("tidegate renderings 1, {}\n", env!("CARGO_PKG_VERSION"));
    let key = Digest::parse(key).unwrap();
    let check = Digest::of(&[header.as_bytes(), key.as_bytes(), forged.as_bytes()].concat());
    fs::write(file, format!("{check}\n{forged}")).unwrap();
    forged != content
}

/// What a signed link says, without the times.
fn judged(gated: &Gated) -> Value {
    let (exit, text) = gated.signed("sign");
    assert_eq!(exit, 0, "{text}");
    let statement = payload(&fs::read_to_string(gated.link()).unwrap());
    let mut statement: Value = serde_json::from_str(&statement).unwrap();
    statement["predicate"][tidegate::attest::VERDICT_EXTENSION].take()
}

/// Brand C with one more replica.
fn grown() -> Gated {
    let gated = Gated::new("prod-c");
    edit(&gated.repo, PATCH, "replicas: 4", "replicas: 5");
    gated
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_rendering_that_was_damaged_is_made_anew() {
    let repo = grown().repo;
    let cold = checked(&repo);
    assert!(cold.contains("/spec/replicas"), "{cold}");
    let files = kept(&repo);
    assert!(!files.is_empty());
    assert_eq!(checked(&repo), cold);
    for damage in [
        |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2),
        |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1,
        |bytes: &mut Vec<u8>| bytes.extend(b"more"),
        |bytes: &mut Vec<u8>| bytes.clear(),
    ] {
        for file in &files {
            let mut bytes = fs::read(file).unwrap();
            damage(&mut bytes);
            fs::write(file, bytes).unwrap();
        }
        assert_eq!(checked(&repo), cold);
    }
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_rendering_that_was_forged_is_in_no_verdict() {
    let clean = judged(&grown());
    let gated = grown();
    let honest = checked(&gated.repo);
    let forged = kept(&gated.repo).iter().filter(|file| forge(file)).count();
    assert!(forged > 0, "no rendering of the head was kept");
    assert_ne!(checked(&gated.repo), honest, "it is not forged well enough");
    let signed = judged(&gated);
    for field in ["changeDigest", "riskTier", "findings", "renderers"] {
        assert!(!clean[field].is_null(), "{field}: {clean}");
        assert_eq!(signed[field], clean[field], "{field}");
    }
    assert_eq!(gated.admit().0, 0);
}
