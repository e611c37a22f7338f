//! R1–R26: a registry that does not let in, is busy, slow, cut off, lies or leads astray. None of it is `unsigned`:
//! nothing is locked, what was locked before stays, and none of it takes long.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Shop, pinned, said, sig, signed, tidegate};
use crate::support::registry::{Door, Heard, INDEX, MANIFEST, Registry, Reply, status};

/// Its name, what is asked, what is answered, how often at most; how it ends, and with which words.
type Row = (
    &'static str,
    fn(&Heard) -> bool,
    fn(&Heard) -> Reply,
    i32,
    &'static [&'static str],
);

fn is_image(heard: &Heard) -> bool {
    heard.target.contains("/manifests/sha256:")
}

fn is_beside(heard: &Heard) -> bool {
    heard.target.contains(".sig")
}

fn is_list(heard: &Heard) -> bool {
    heard.target.contains("/referrers/")
}

fn is_blob(heard: &Heard) -> bool {
    heard.target.contains("/blobs/")
}

fn any(_: &Heard) -> bool {
    true
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Reply {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (*name, (*value).to_owned()));
    Reply::Answer(status, headers.collect(), body.to_vec())
}

fn next(to: &str) -> Reply {
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).to_string();
    let link = format!("<{to}>; rel=\"next\"");
    let headers = [("content-type", INDEX), ("link", link.as_str())];
    answer(200, &headers, index.as_bytes())
}

const ROWS: &[Row] = &[
    (
        "R1 nobody",
        any,
        |_| answer(401, &[("www-authenticate", "Basic realm=\"x\"")], b""),
        3,
        &["store.denied", "401", "no account"],
    ),
    (
        "R3 forbidden",
        any,
        |_| status(403),
        3,
        &["store.denied", "403"],
    ),
    (
        "R3 beside",
        is_beside,
        |_| status(403),
        3,
        &["store.denied", "403"],
    ),
    (
        "R4 no repository",
        any,
        |_| status(404),
        3,
        &["store.no-image", "404"],
    ),
    (
        "R6 busy",
        is_image,
        |_| answer(429, &[("retry-after", "0")], b""),
        75,
        &["store.unreachable", "429"],
    ),
    (
        "R6 busy for long",
        is_image,
        |_| answer(429, &[("retry-after", "86400")], b""),
        75,
        &["store.unreachable", "429"],
    ),
    (
        "R6 busy until a date",
        is_image,
        |_| {
            answer(
                429,
                &[("retry-after", "Fri, 31 Dec 2027 23:59:59 GMT")],
                b"",
            )
        },
        75,
        &["store.unreachable", "429"],
    ),
    (
        "R7 broken",
        is_list,
        |_| answer(502, &[("retry-after", "0")], b""),
        75,
        &["store.unreachable", "502"],
    ),
    (
        "R10 shorter",
        is_image,
        |_| Reply::Raw(b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{}".to_vec()),
        75,
        &["store.unreachable"],
    ),
    (
        "R10 a blob is shorter",
        is_blob,
        |_| Reply::Raw(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nx".to_vec()),
        75,
        &["store.unreachable"],
    ),
    (
        "R11 its header lies",
        is_image,
        |_| {
            answer(
                200,
                &[("docker-content-digest", "sha256:00")],
                &signed::manifest(),
            )
        },
        3,
        &["store.answer", "its header says"],
    ),
    (
        "R12 other bytes",
        is_image,
        |_| answer(200, &[], b"{\"schemaVersion\":2,\"layers\":[]}"),
        3,
        &["store.answer", "another digest"],
    ),
    (
        "R12 a blob of other bytes",
        is_blob,
        |heard| answer(200, &[], heard.target.as_bytes()),
        3,
        &["store.answer", "another digest"],
    ),
    (
        "R13 to a host without TLS",
        is_blob,
        |_| answer(307, &[("location", "http://blobs.example/x")], b""),
        3,
        &["store.answer", "nobody goes"],
    ),
    (
        "R14 to the link",
        is_blob,
        |_| answer(307, &[("location", "http://169.254.169.254/latest")], b""),
        3,
        &["store.answer", "nobody goes"],
    ),
    (
        "R15 in a circle",
        is_image,
        |heard| answer(307, &[("location", heard.target.as_str())], b""),
        3,
        &["store.answer", "more than 3 times"],
    ),
    (
        "R18 endless",
        is_image,
        |_| Reply::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec()),
        3,
        &["limit.registry-answer"],
    ),
    (
        "R18 an endless blob",
        is_blob,
        |_| Reply::Endless(b"HTTP/1.1 200 X\r\n\r\n".to_vec()),
        3,
        &["limit.registry-answer"],
    ),
    (
        "R19 pages in a circle",
        is_list,
        |heard| next(&heard.target),
        3,
        &["limit.candidates", "20 pages"],
    ),
    (
        "R19 a page elsewhere",
        is_list,
        |_| next("https://other.example/v2/shop/odoo/referrers/x"),
        3,
        &["store.answer", "elsewhere"],
    ),
    (
        "R20 a list that is forbidden",
        is_list,
        |_| status(403),
        3,
        &["store.denied", "403"],
    ),
    (
        "R25 compressed",
        is_image,
        |_| {
            answer(
                200,
                &[("content-encoding", "gzip")],
                &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff],
            )
        },
        3,
        &["store.answer"],
    ),
    (
        "R26 a page for people",
        any,
        |_| {
            answer(
                200,
                &[("content-type", "text/html")],
                b"<html>log in</html>",
            )
        },
        3,
        &["store.answer"],
    ),
    (
        "I7 schema 1",
        is_image,
        |_| answer(200, &[], b"{\"schemaVersion\":1,\"fsLayers\":[]}"),
        3,
        &["store.answer"],
    ),
];

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that must not take long asks how long it took"
)]
fn no_fault_of_a_registry_locks_anything_or_takes_long() {
    let shop = Shop::signed();
    shop.registry.inner().referrers = Some(1);
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let (before, files) = (shop.text(), shop.files());
    let mut wrong = Vec::new();
    for (name, is_it, fault, wanted, words) in ROWS {
        shop.registry
            .instead(move |heard, _| is_it(heard).then(|| fault(heard)));
        let asked = shop.asked();
        let began = Instant::now();
        let (text, exit) = shop.lock(&["--update"]);
        let took = began.elapsed();
        let image = format!("`{}/{}` is not locked: ", shop.registry.host(), pinned());
        let told =
            words.iter().all(|word| text.contains(word)) && unwrapped(&text).contains(&image);
        if exit != *wanted || !told || took > Duration::from_secs(10) {
            wrong.push(format!("{name}: exit {exit} after {took:?}: {text}"));
        }
        if shop.text() != before || shop.files() != files {
            wrong.push(format!("{name}: something else is locked"));
        }
        assert!(
            shop.asked() - asked < 40,
            "{name}: {}",
            shop.asked() - asked
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// As it is said, whatever the width.
fn unwrapped(text: &str) -> String {
    text.lines()
        .map(|line| line.trim_start_matches([' ', '│']))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn r14_nobody_is_led_to_this_machine_unless_that_is_allowed() {
    let shop = Shop::signed();
    shop.sign(Some(&sig()), &["sig-p256"]);
    let lock = |host: &str| {
        let mut command = tidegate(shop.repo.path());
        command.args(["images", "lock", "--private-registry", host]);
        said(&command.output().unwrap())
    };
    for host in ["127.0.0.1:1", "registry.example", "127.0.0"] {
        let (text, exit) = lock(host);
        assert_eq!(exit, 3, "{text}");
        assert!(text.contains("store.inside"), "{text}");
        assert!(text.contains("--private-registry HOST"), "{text}");
    }
    assert_eq!(shop.asked(), 0);
    // Where it leads on to is asked for by itself.
    let other = Registry::new();
    let to = format!("http://{}/x", other.host());
    shop.registry
        .instead(move |heard, _| is_blob(heard).then(|| answer(307, &[("location", &to)], b"")));
    let (text, exit) = lock(&shop.registry.host());
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("store.inside"), "{text}");
    assert_eq!(other.inner().asked.len(), 0);
    let (text, exit) = lock("127.0.0.1");
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        other.inner().asked.len(),
        1,
        "allowed, and not what was asked for"
    );
}

#[test]
fn r2_r16_who_is_not_let_in_is_told_as_whom_and_no_password_goes_elsewhere() {
    let shop = Shop::signed();
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (host, other) = (shop.registry.host(), Registry::new());
    let elsewhere = other.host();
    let account = json!({"auths": {
        host.as_str(): {"auth": "Y2k6d29yZA=="},
        elsewhere.as_str(): {"auth": "b3RoZXI6d29yZA=="},
    }});
    shop.repo.write("docker/config.json", account.to_string());
    let lock = || {
        let mut command = tidegate(shop.repo.path());
        command.env("DOCKER_CONFIG", shop.repo.path().join("docker"));
        command.args(["images", "lock", "--private-registry", "127.0.0.1"]);
        said(&command.output().unwrap())
    };
    let with = |pass: &str, door: Door| {
        shop.registry.inner().account = Some((pass.to_owned(), door));
    };
    with("Basic b3RoZXI6d29yZA==", Door::Basic);
    let (text, exit) = lock();
    assert_eq!(exit, 3, "{text}");
    for word in ["store.denied", "401", "`ci` at"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("Y2k6d29yZA"), "{text}");
    assert!(!shop.repo.path().join(".tidegate").exists());
    // The token is another host's to give: it is asked as the account of the registry, and never as its own.
    let realm = format!("http://{}/token", other.host());
    other.inner().account = Some(("Basic Y2k6d29yZA==".to_owned(), Door::Basic));
    with("", Door::Bearer(realm));
    let (text, exit) = lock();
    assert_eq!(exit, 0, "{text}");
    let asked = other.inner().asked.clone();
    assert!(!asked.is_empty());
    assert!(
        asked
            .iter()
            .all(|heard| heard.authorization.as_deref() == Some("Basic Y2k6d29yZA==")),
        "{asked:?}"
    );
}

#[test]
fn r5_a_tag_that_is_gone_is_not_locked_anew() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("store.no-image"), "{text}");
    assert!(!shop.repo.path().join(".tidegate").exists());
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(
        shop.entry("shop/odoo:17.0")["evidence"],
        Value::Array(Vec::new())
    );
}

#[test]
fn one_that_cannot_be_locked_keeps_no_other_from_it() {
    let shop = Shop::of(&["shop/absent:1", &pinned()]);
    shop.push("17.0");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(shop.entry(&pinned()).is_object());
    assert_eq!(shop.entry("shop/absent:1"), Value::Null);
}

#[test]
fn nobody_waits_again_for_a_registry_that_did_not_answer() {
    let shop = Shop::of(&["shop/a:1", "shop/b:1", "shop/c:1"]);
    shop.registry.instead(|_, _| Some(Reply::Raw(Vec::new())));
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 75, "{text}");
    assert_eq!(text.matches("store.unreachable").count(), 3, "{text}");
    let asked = shop.registry.inner().asked.clone();
    assert!(
        asked.iter().all(|heard| heard.target.contains("shop/a")),
        "{asked:?}"
    );
}

#[test]
fn r21_r22_what_is_put_there_for_another_is_no_unsigned() {
    let shop = Shop::signed();
    let tag = format!("sha256-{}", signed::digest());
    let image = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []});
    shop.registry.put("shop/odoo", Some(&tag), MANIFEST, &image);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("is no index"), "{text}");
    // A signature of another image, listed for this one.
    let other = shop.sign(Some("other"), &["bundle-other-image"]);
    let listed = json!([{"mediaType": MANIFEST, "digest": other, "size": 1}]);
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed});
    shop.registry.put("shop/odoo", Some(&tag), INDEX, &index);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    shop.repo.commit("what lies there");
    let (text, exit) = super::verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("  invalid"), "{text}");
}
