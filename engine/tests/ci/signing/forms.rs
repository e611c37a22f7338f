//! The forms in which a signing key comes in a variable: a PEM block as it is, and nothing that only looks like one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Signer, WEB, deployment};

#[test]
fn only_the_block_itself_is_a_key() {
    let signer = Signer::new();
    let repo = &signer.job.repo;
    repo.write(WEB, deployment(3, "2Gi")).commit("one more");
    let key = signer.key.trim_end().to_owned();
    let body = key.lines().nth(1).unwrap().to_owned();
    for (name, value) in [
        ("escaped breaks", key.replace('\n', "\\n")),
        ("base64", STANDARD.encode(&key)),
        ("twice", format!("{key}\n{key}\n")),
        ("only the body", body.clone()),
        ("no end", key.lines().take(2).collect::<Vec<_>>().join("\n")),
        ("long", format!("{key}\n{}", "A".repeat(100_000))),
        ("blank", " ".to_owned()),
    ] {
        let mut step = signer.step("push");
        // Where no runner reads the log, a mask would show the key.
        step.env("TIDEGATE_SIGNING_KEY", &value)
            .env_remove("GITHUB_ACTIONS");
        let ran = signer.job.run(step);
        assert_eq!(
            (ran.exit, ran.output("verdict")),
            (3, "error"),
            "{name}: {}",
            ran.log
        );
        assert!(ran.log.contains("key.format"), "{name}: {}", ran.log);
        assert!(!ran.log.contains(&body[..16]), "{name}: {}", ran.log);
        assert_eq!(signer.links(), 1, "{name}");
    }
    let mut step = signer.step("push");
    step.env("TIDEGATE_SIGNING_KEY", "");
    signer.job.run(step).ends(3, "error", "ci.no-key");
    for value in [format!("{key}\n"), key] {
        let mut step = signer.step("push");
        step.env("TIDEGATE_SIGNING_KEY", value);
        let ran = signer.job.run(step);
        assert_eq!(ran.exit, 0, "{}", ran.log);
    }
    assert_eq!(signer.links(), 2);
}
