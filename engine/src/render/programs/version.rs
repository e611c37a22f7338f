//! What the programs answer when they are asked for their version, and when they need not be asked again.
//! Starts none of them.

use serde_json::Value;

use super::find::{Kind, Place};
use super::needs;
use crate::model::Digest;

/// The version in an answer, with a `v` before it; `None` where it is none.
pub(super) fn read(kind: Kind, answer: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(answer).ok()?;
    match kind {
        Kind::Kustomize | Kind::Helm => version(text.trim()),
        Kind::Kubectl => {
            let answer: Value = serde_json::from_str(text).ok()?;
            version(answer.get("kustomizeVersion")?.as_str()?)
        }
    }
}

/// Under which key a version is remembered: as long as the file is the same one, down to when it was last
/// touched. A script may start another program tomorrow, so that it is always asked.
#[cfg(unix)]
pub(super) fn key(place: &Place) -> Option<Digest> {
    use std::os::unix::fs::MetadataExt as _;
    if needs::is_script(&place.path) {
        return None;
    }
    let file = std::fs::metadata(&place.path).ok()?;
    let times = [
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ];
    let facts = (file.dev(), file.ino(), file.size(), times);
    let text = format!(
        "version {:?} {} {facts:?}",
        place.kind,
        place.path.display()
    );
    Some(Digest::of(text.as_bytes()))
}

/// Elsewhere files say too little of themselves.
#[cfg(not(unix))]
pub(super) fn key(_: &Place) -> Option<Digest> {
    None
}

/// A version that was kept.
pub(super) fn remembered(kept: &[u8]) -> Option<String> {
    version(std::str::from_utf8(kept).ok()?)
}

/// Whether both are one version, with a `v` or without.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.trim_start_matches('v') == other.trim_start_matches('v')
}

/// Two or three numbers, and what may stand behind them.
fn version(text: &str) -> Option<String> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let (numbers, rest) = match bare.find(['-', '+']) {
        Some(end) => bare.split_at_checked(end)?,
        None => (bare, ""),
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte);
    let good = matches!(parts.len(), 2 | 3) && parts.iter().all(number) && rest.bytes().all(known);
    (good && bare.len() <= LONGEST).then(|| format!("v{bare}"))
}

const LONGEST: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_answers_in_its_way() {
        let read = |kind, answer: &str| read(kind, answer.as_bytes());
        assert_eq!(read(Kind::Kustomize, "v5.7.1\n").unwrap(), "v5.7.1");
        assert_eq!(read(Kind::Helm, "v3.22").unwrap(), "v3.22");
        assert_eq!(
            read(Kind::Helm, "4.0.0-rc.1+abc").unwrap(),
            "v4.0.0-rc.1+abc"
        );
        let kubectl =
            r#"{"clientVersion": {"gitVersion": "v1.33.2"}, "kustomizeVersion": "v5.6.0"}"#;
        assert_eq!(read(Kind::Kubectl, kubectl).unwrap(), "v5.6.0");
    }

    #[test]
    fn what_is_no_version_is_none() {
        for answer in [
            "",
            "(devel)",
            "v5",
            "v5.7.1.2",
            "5.x",
            "v5.7.1 (evil)",
            "v1.2-\u{1b}[31m",
        ] {
            assert_eq!(version(answer), None, "{answer}");
        }
        assert_eq!(read(Kind::Kubectl, b"v5.6.0"), None);
        assert_eq!(read(Kind::Kubectl, br#"{"kustomizeVersion": 5}"#), None);
        assert_eq!(read(Kind::Helm, b"\xff"), None);
        assert_eq!(version(&format!("v1.2-{}", "x".repeat(100))), None);
    }

    #[test]
    fn a_version_is_the_same_with_and_without_its_letter() {
        assert!(same("v5.7.1", "5.7.1"));
        assert!(!same("v5.7.1", "5.7"));
    }
}
