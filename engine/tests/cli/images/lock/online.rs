//! `check --online`: what is not recorded is asked for, into memory; what a registry does not say is never `unsigned`.

use super::*;
use crate::support::registry::{Heard, Reply, status};

/// The pod with resources, without which no other policy lets it pass.
fn ready(shop: Shop) -> Shop {
    let path = "prod/odoo.yaml";
    let pod = fs::read_to_string(shop.repo.path().join(path)).unwrap();
    let resources = "      resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}\n";
    shop.repo.write(path, format!("{pod}{resources}"));
    amend(&shop);
    shop
}

fn amend(shop: &Shop) {
    shop.repo.git(&["add", "-A"]);
    shop.repo.git(&["commit", "-q", "--amend", "--no-edit"]);
}

/// Judges the pod, with what the arguments say; its findings with their messages, and the exit code.
fn check(shop: &Shop, arguments: &[&str]) -> (String, i32) {
    let mut command = tidegate(shop.repo.path());
    command.args(["check", "HEAD~1..HEAD", "--unit", "prod"]);
    let output = command.args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (unwrapped(&text), output.status.code().unwrap())
}

fn online(shop: &Shop, arguments: &[&str]) -> (String, i32) {
    let host = shop.registry.host();
    let own = ["--online", "--private-registry", &host];
    check(shop, &[own.as_slice(), arguments].concat())
}

/// As it is said, whatever the width.
fn unwrapped(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_not_recorded_is_asked_for_and_not_written() {
    let shop = ready(Shop::signed());
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = check(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("image.signature-indeterminate"), "{text}");
    assert!(text.contains("no registry was asked"), "{text}");
    assert_eq!(shop.asked(), 0, "nobody was asked");
    let (text, exit) = online(&shop, &[]);
    assert!(!text.contains("image.unsigned"), "{text}");
    assert!(!text.contains("image.signature"), "{text}");
    assert_eq!(exit, 0, "{text}");
    let said = "asked the registry of 1 image, of which it is not recorded what signs them, or which scan is the newest";
    assert!(text.contains(said), "{text}");
    assert!(!shop.repo.path().join(".tidegate").exists());
    // Once it is recorded, nobody is asked any more.
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    amend(&shop);
    let asked = shop.asked();
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 0, "{text}");
    assert!(!text.contains("asked the registry"), "{text}");
    assert_eq!(shop.asked(), asked);
}

#[test]
fn a_registry_that_has_no_signature_says_so() {
    let shop = ready(Shop::signed());
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("image.unsigned"), "{text}");
    shop.sign(Some(&sig()), &["sig-by-another"]);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("image.signer-not-trusted"), "{text}");
}

#[test]
fn nobody_is_asked_of_an_image_that_was_there() {
    let shop = ready(Shop::signed());
    let path = "prod/odoo.yaml";
    let pod = fs::read_to_string(shop.repo.path().join(path)).unwrap();
    let labelled = pod.replace("{name: odoo}", "{name: odoo, labels: {a: b}}");
    assert_ne!(pod, labelled);
    shop.repo.write(path, labelled).commit("a label");
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.asked(), 0, "{text}");
}

#[test]
fn i7_an_image_of_schema_1_is_in_doubt_and_never_unsigned() {
    let shop = Shop::of(&["shop/cache:7"]);
    let kind = "application/vnd.docker.distribution.manifest.v1+json";
    let document = json!({"schemaVersion": 1, "name": "shop/old", "fsLayers": [], "history": []});
    let digest = shop.registry.put("shop/old", Some("1"), kind, &document);
    shop.runs(&[&format!("shop/old:1@{digest}")]);
    let shop = ready(shop);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    for word in [
        "image.signature-indeterminate",
        "of schema version 1, which is not supported",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("image.unsigned"), "{text}");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("store.answer"), "{text}");
    assert!(!shop.repo.path().join(".tidegate").exists());
}

#[test]
fn i5_a_tag_that_moved_since_it_was_locked_is_told_and_proves_nothing_of_the_other_image() {
    let shop = ready(Shop::of(&["shop/odoo:17.0"]));
    shop.push("17.0");
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    // The tag stands for another image now, and the manifest names that one.
    let moved =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "annotations": {"a": "b"}});
    let moved = shop
        .registry
        .put("shop/odoo", Some("17.0"), MANIFEST, &moved);
    shop.runs(&[&format!("shop/odoo:17.0@{moved}")]);
    let shop = ready(shop);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    for word in ["image.unsigned", "image.lock-mismatch", signed::digest()] {
        assert!(text.contains(word), "{word}: {text}");
    }
    // By its tag alone nothing of it is proven, whatever is locked.
    shop.runs(&["shop/odoo:17.0"]);
    let shop = ready(shop);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("image.signature-indeterminate"), "{text}");
}

#[test]
fn an_index_is_asked_for_too() {
    let named = format!("shop/odoo:17.0@sha256:{}", signed::digest());
    let shop = ready(index::indexed(&[&named]));
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn what_a_registry_does_not_say_is_indeterminate_and_told_apart() {
    fn busy(status: u16) -> Reply {
        Reply::Answer(status, vec![("retry-after", "0".to_owned())], Vec::new())
    }
    type Row = (fn(&Heard) -> bool, fn() -> Reply, &'static str);
    let any: fn(&Heard) -> bool = |_| true;
    let beside: fn(&Heard) -> bool = |heard| heard.target.contains(".sig");
    let rows: [Row; 9] = [
        (any, || status(401), "answers 401"),
        (any, || status(403), "answers 403"),
        (beside, || status(403), "answers 403"),
        (
            any,
            || status(404),
            "is not there: the registry answers 404",
        ),
        (any, || busy(429), "it answers 429"),
        (any, || busy(500), "it answers 500"),
        (beside, || busy(503), "it answers 503"),
        (any, || Reply::Raw(Vec::new()), "cannot read"),
        (
            beside,
            || Reply::Answer(200, Vec::new(), b"<html>".to_vec()),
            "is not what a registry",
        ),
    ];
    let shop = ready(Shop::signed());
    for (is_it, reply, words) in rows {
        shop.registry
            .instead(move |heard, _| is_it(heard).then(reply));
        let (text, exit) = online(&shop, &[]);
        assert_eq!(exit, 1, "{words}: {text}");
        for word in [
            "image.signature-indeterminate",
            "what lies beside it is not known",
            words,
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(!text.contains("image.unsigned"), "{words}: {text}");
    }
    // What is proven by what is recorded needs nobody.
    let (path, bytes) = signed::recorded("sig-p256");
    shop.repo.write(&path, bytes);
    amend(&shop);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 0, "{text}");
    // Nobody is led inside.
    fs::remove_file(shop.repo.path().join(path)).unwrap();
    amend(&shop);
    let asked = shop.asked();
    let (text, exit) = check(&shop, &["--online"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("in a private network"), "{text}");
    assert_eq!(shop.asked(), asked);
}

#[test]
fn a_private_registry_is_named_for_an_online_check_alone() {
    let shop = ready(Shop::signed());
    let (text, exit) = check(&shop, &["--private-registry", "127.0.0.1"]);
    assert_eq!(exit, 2, "{text}");
    assert!(text.contains("--online"), "{text}");
}

/// As [`ready`], for a judge who asks for a scan besides.
fn scanned(shop: Shop) -> Shop {
    let host = shop.registry.host();
    let config = format!(
        "environments: [{{name: prod, paths: [\"prod/**\"]}}]\nimages:\n  authorities:\n    - name: release\n      \
         images: [\"{host}/shop/**\"]\n      key: {{file: keys/release.pub}}\n      require: [{{name: scanned, kind: scan, \
         scanners: [{{regex: \"pkg:github/aquasecurity/trivy@.+\"}}], max-age-days: 3650, max: {{critical: 0}}}}]\n"
    );
    shop.repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    shop.repo.write("tidegate.yaml", config);
    shop.repo.git(&["add", "tidegate.yaml", "keys"]);
    shop.repo.git(&[
        "commit",
        "-q",
        "--amend",
        "-m",
        "the judge",
        "--",
        "tidegate.yaml",
    ]);
    shop.repo.commit("a pod");
    ready(shop)
}

#[test]
fn a_scan_that_the_change_leaves_out_is_asked_for() {
    let shop = scanned(Shop::signed());
    shop.sign(Some(&sig()), &["sig-p256"]);
    let att = sig().replace(".sig", ".att");
    shop.sign(Some(&att), &["att-scan-clean-before", "att-scan-known"]);
    let vulnerable = |what: &str| {
        let (text, exit) = online(&shop, &[]);
        assert_eq!(exit, 1, "{what}: {text}");
        assert!(text.contains("image.vulnerable"), "{what}: {text}");
    };
    vulnerable("nothing is recorded");
    let files = ["sig-p256", "att-scan-clean-before"].map(signed::recorded);
    for (path, bytes) in &files {
        shop.repo.write(path, bytes);
    }
    amend(&shop);
    vulnerable("a part is recorded");
    let names = files
        .iter()
        .map(|(path, _)| path.rsplit_once('/').unwrap().1);
    let row = json!({
        "digest": format!("sha256:{}", signed::digest()),
        "mediaType": MANIFEST,
        "lockedAt": "2026-11-20T10:00:00Z",
        "evidence": names.map(|name| format!("sha256:{name}")).collect::<Vec<_>>(),
    });
    let image = format!("{}/{}", shop.registry.host(), pinned());
    let lock = json!({"version": "v1", "images": {image: row}});
    let path = ".tidegate/images.lock";
    shop.repo.write(path, format!("{lock:#}\n"));
    amend(&shop);
    vulnerable("and named by a lock that the change brings");
    shop.repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    shop.repo
        .git(&["commit", "-qm", "a lock", "--", ".tidegate"]);
    shop.repo.commit("a pod");
    vulnerable("and by one that came before the image");
}

#[test]
fn a_scan_of_an_index_that_the_change_leaves_out_is_asked_for() {
    for tag in ["", ":gone", ":amd64", ":17.0"] {
        let named = format!("shop/odoo{tag}@sha256:{}", signed::digest());
        let shop = scanned(index::indexed(&[&named]));
        let att = format!("{}.att", digest(&signed::index()).replace(':', "-"));
        shop.sign(
            Some(&att),
            &["att-scan-of-index", "att-scan-known-of-index"],
        );
        let lock = index::picked(&shop, &["sig-index", "att-scan-of-index"]);
        amend(&shop);
        let vulnerable = |what: &str| {
            let (text, exit) = online(&shop, &[]);
            assert_eq!(exit, 1, "{named}, {what}: {text}");
            assert!(text.contains("image.vulnerable"), "{named}, {what}: {text}");
        };
        vulnerable("without a lock");
        shop.repo.write(".tidegate/images.lock", lock);
        amend(&shop);
        vulnerable("with a lock");
        shop.repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
        shop.repo
            .git(&["commit", "-qm", "a lock", "--", ".tidegate"]);
        shop.repo.commit("a pod");
        vulnerable("with one that came before");
        shop.sign(Some(&att), &["att-scan-of-index"]);
        let (text, exit) = online(&shop, &[]);
        assert_eq!(exit, 0, "{named}, there is no newer one: {text}");
    }
}

#[test]
fn an_index_of_which_its_registry_says_nothing_proves_nothing() {
    let named = format!("shop/odoo@sha256:{}", signed::digest());
    let shop = scanned(index::indexed(&[&named]));
    let lock = index::picked(&shop, &["sig-index", "att-scan-of-index"]);
    shop.repo.write(".tidegate/images.lock", lock);
    amend(&shop);
    let index = digest(&signed::index());
    for code in [404, 403, 500] {
        let target = index.clone();
        shop.registry
            .instead(move |heard, _| heard.target.contains(&target).then(|| status(code)));
        let (text, exit) = online(&shop, &[]);
        assert_eq!(exit, 1, "{code}: {text}");
        for word in [
            "image.signature-indeterminate",
            "what lies beside it is not known",
            &format!("answers {code}"),
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn an_image_that_going_back_needs_and_the_registry_has_no_more_is_denied() {
    let gone = format!("shop/odoo:16.0@sha256:{}", "0".repeat(64));
    let shop = Shop::signed();
    let path = shop.repo.path().join("tidegate.yaml");
    let config = fs::read_to_string(path).unwrap();
    let strict = format!("profile: retail-prod\n{config}");
    shop.repo.write("tidegate.yaml", strict);
    let new = pinned();
    shop.runs(&[&gone]);
    let shop = ready(shop);
    shop.sign(Some(&sig()), &["sig-p256"]);
    shop.runs(&[&new]);
    let shop = ready(shop);
    let (text, exit) = online(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("rollback.target-image-gone"), "{text}");
    assert!(text.contains("is gone: "), "{text}");
    let (text, exit) = check(&shop, &[]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("may be gone"), "{text}");
}

#[test]
fn an_image_of_an_index_that_going_back_needs_and_the_registry_has_no_more_is_denied() {
    let whole = format!("shop/odoo:17.0@{}", digest(&signed::index()));
    let shop = index::indexed(&[&whole]);
    let path = shop.repo.path().join("tidegate.yaml");
    let config = fs::read_to_string(path).unwrap();
    let strict = format!("profile: retail-prod\n{config}");
    shop.repo.write("tidegate.yaml", strict);
    let shop = ready(shop);
    shop.runs(&[&format!("shop/odoo:18.0@sha256:{}", "0".repeat(64))]);
    let shop = ready(shop);
    // The registry has that for amd64 only.
    let absent = "80524b67dcf37077b18f771b5c5b9f1a876952ae8d16d157d2c339cfdcd49a9b";
    for (code, wanted) in [(404, "is gone: "), (500, "may be gone: ")] {
        shop.registry.instead(move |heard, _| {
            let own = heard.target.contains(absent);
            own.then(|| status(code))
        });
        let (text, exit) = online(&shop, &[]);
        assert_eq!(exit, 1, "{text}");
        assert!(text.contains("rollback.target-image-gone"), "{text}");
        let wanted = format!("{wanted}its image for linux/arm64 (sha256:{absent}): ");
        assert!(text.contains(&wanted), "{wanted}: {text}");
    }
}
