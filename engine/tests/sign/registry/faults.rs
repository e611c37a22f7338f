//! A registry that is slow, cut off, lies, never ends or leads astray: never a pass, and never for long.

use std::time::{Duration, Instant};

use super::Shop;
use crate::support::registry::{Heard, INDEX, MANIFEST, Reply, status};

fn answer(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Reply {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Reply::Answer(status, headers.collect(), body.to_vec())
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

type Fault = fn(&Heard) -> Reply;

fn is_manifest(heard: &Heard) -> bool {
    heard.target.contains("/manifests/")
}

fn is_blob(heard: &Heard) -> bool {
    heard.target.contains("/blobs/")
}

const OK: &str = "HTTP/1.1 200 X\r\ncontent-type: application/vnd.oci.image.manifest.v1+json\r\n";

/// Its name, when it shows itself, and how; how admission ends, and with which code.
type Row = (&'static str, fn(&Heard) -> bool, Fault, i32, &'static str);

const FAULTS: &[Row] = &[
    (
        "W1 hangs up",
        is_manifest,
        |_| raw(""),
        75,
        "store.unreachable",
    ),
    (
        "W3 shorter",
        is_manifest,
        |_| raw(&format!("{OK}content-length: 99\r\n\r\n{{}}")),
        75,
        "store.unreachable",
    ),
    (
        "W3 blob shorter",
        is_blob,
        |_| raw("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\nx"),
        75,
        "store.unreachable",
    ),
    (
        "W3 endless",
        is_manifest,
        |_| Reply::Endless(format!("{OK}\r\n").into_bytes()),
        3,
        "limit.registry-answer",
    ),
    (
        "W3 endless blob",
        is_blob,
        |_| Reply::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec()),
        3,
        "limit.registry-answer",
    ),
    (
        "W3 endless header",
        is_manifest,
        |_| Reply::Endless(b"HTTP/1.1 200 X\r\nx:".to_vec()),
        75,
        "store.unreachable",
    ),
    (
        "W3 says it is huge",
        is_manifest,
        |_| raw(&format!("{OK}content-length: 99999999999\r\n\r\n")),
        75,
        "store.unreachable",
    ),
    (
        "W3 gzip",
        is_manifest,
        |_| answer(200, &[("content-encoding", "gzip")], b"\x1f\x8b\x08\0"),
        3,
        "store.answer",
    ),
    (
        "W4 asks for a day",
        is_manifest,
        |_| answer(429, &[("retry-after", "86400")], b""),
        75,
        "store.unreachable",
    ),
    (
        "W4 garbage",
        is_manifest,
        |_| answer(429, &[("retry-after", "soon")], b""),
        75,
        "store.unreachable",
    ),
    (
        "W4 a date",
        is_manifest,
        |_| {
            answer(
                503,
                &[("retry-after", "Fri, 27 Nov 2026 10:00:00 GMT")],
                b"",
            )
        },
        75,
        "store.unreachable",
    ),
    (
        "W4 busy for ever",
        is_manifest,
        |_| answer(500, &[("retry-after", "0")], b""),
        75,
        "store.unreachable",
    ),
    (
        "W5 to http",
        is_manifest,
        |_| answer(307, &[("location", "http://registry.example/x")], b""),
        3,
        "store.answer",
    ),
    (
        "W5 to a file",
        is_manifest,
        |_| answer(302, &[("location", "file:///etc/passwd")], b""),
        3,
        "store.answer",
    ),
    (
        "W5 nowhere",
        is_manifest,
        |_| answer(302, &[], b""),
        3,
        "store.answer",
    ),
    (
        "W5 round",
        is_manifest,
        |heard| answer(308, &[("location", &heard.target)], b""),
        3,
        "store.answer",
    ),
    (
        "W6 a page",
        is_manifest,
        |_| answer(200, &[("content-type", "text/html")], b"<html>"),
        3,
        "store.answer",
    ),
    (
        "W6 another type",
        is_manifest,
        |_| {
            answer(200, &[("content-type", INDEX)], br#"{"schemaVersion":2,"layers":[],"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#)
        },
        3,
        "store.answer",
    ),
    (
        "W6 cut text",
        is_manifest,
        |_| {
            answer(
                200,
                &[("content-type", MANIFEST)],
                br#"{"schemaVersion":2,"la"#,
            )
        },
        3,
        "store.answer",
    ),
    (
        "W6 other digest",
        is_manifest,
        |_| {
            answer(
                200,
                &[(
                    "docker-content-digest",
                    &format!("sha256:{}", "0".repeat(64)),
                )],
                br#"{"schemaVersion":2}"#,
            )
        },
        3,
        "store.answer",
    ),
    (
        "W6 other blob",
        is_blob,
        |_| answer(200, &[], b"{}"),
        3,
        "store.answer",
    ),
    ("W6 no blob", is_blob, |_| status(404), 3, "store.answer"),
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn no_answer_but_the_right_one_is_believed() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    shop.published(&store);
    for (name, which, fault, exit, code) in FAULTS {
        shop.registry
            .instead(move |heard, _| which(heard).then(|| fault(heard)));
        let began = Instant::now();
        let (got, said) = shop.admits(&store);
        assert_eq!(got, *exit, "{name}: {said}");
        assert!(said.contains(code), "{name}: {said}");
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{name}: {:?}",
            began.elapsed()
        );
    }
    shop.registry.inner().instead = None;
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_registry_that_recovers_is_asked_again() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    shop.published(&store);
    let mut left = 2;
    shop.registry.instead(move |_, _| {
        let busy = left > 0;
        left -= i32::from(busy);
        busy.then(|| answer(503, &[("retry-after", "0")], b""))
    });
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_publication_that_is_cut_off_anywhere_goes_on_from_there() {
    let shop = Shop::new();
    let whole = shop.registry.store("whole");
    shop.published(&whole);
    let writes = shop.writes();
    let store = shop.registry.store("cut");
    let mut cuts = 0;
    for most in (0..=writes).step_by(3) {
        let mut left = most;
        shop.registry.instead(move |heard, _| {
            let is_write = heard.method == "PUT" || heard.method == "POST";
            let cut = is_write && left == 0;
            left = left.saturating_sub(usize::from(is_write));
            cut.then(|| raw(""))
        });
        let (exit, said) = shop.publishes(&shop.world.store_name(), &store);
        assert!(exit == 75 || exit == 0, "{said}");
        cuts += usize::from(exit == 75);
        let (exit, said) = shop.admits(&store);
        assert!(exit == 0 || exit == 3 || exit == 4, "{exit}: {said}");
    }
    assert!(cuts > 1, "{cuts} of {writes}");
    shop.registry.inner().instead = None;
    shop.published(&store);
    let inner = shop.registry.inner();
    let of = |repository: &str| -> Vec<(String, Vec<u8>)> {
        let all = inner.manifests.iter();
        let tags = all.filter(|(name, _)| !name.contains("sha256:"));
        tags.filter_map(|(name, (_, bytes))| {
            Some((name.strip_prefix(repository)?.to_owned(), bytes.clone()))
        })
        .collect()
    };
    assert!(of("cut/") == of("whole/"), "not the same in the end");
}
