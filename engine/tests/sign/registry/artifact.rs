//! Verdicts beside an artifact: what the registry lists, what the tag that stands in for it lists, and what
//! others put there.

use serde_json::{Value, json};

use super::Shop;
use crate::support::registry::{INDEX, MANIFEST, Registry, Reply, digest};

fn beside(shop: &Shop, referrers: Option<usize>) -> String {
    shop.registry.inner().referrers = referrers;
    let digest = shop.registry.artifact("shop/config");
    shop.registry.store(&format!("shop/config@{digest}"))
}

/// Puts something that refers to the artifact; an entry for it.
fn refers(registry: &Registry, store: &str, kind: &str, number: usize) -> Value {
    let (_, subject) = store.split_once('@').unwrap();
    let document = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": kind,
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
        "layers": [],
        "subject": {"mediaType": MANIFEST, "digest": subject, "size": 1},
        "annotations": {"number": number.to_string()},
    });
    let digest = registry.put("shop/config", None, MANIFEST, &document);
    json!({"mediaType": MANIFEST, "artifactType": kind, "digest": digest, "size": 1})
}

fn tag_of(store: &str) -> String {
    store.split_once('@').unwrap().1.replace(':', "-")
}

const OURS: &str = "application/vnd.tidegate.verdicts.v1";

#[test]
fn verdicts_lie_beside_an_artifact_whether_the_registry_lists_them_or_not() {
    for referrers in [Some(100), Some(1), None] {
        let shop = Shop::new();
        let store = beside(&shop, referrers);
        shop.published(&store);
        let (exit, said) = shop.admits(&store);
        assert_eq!(exit, 0, "{said}");
        shop.writes();
        shop.published(&store);
        assert_eq!(shop.writes(), 0, "twice is once");
        let tag = format!("shop/config/{}", tag_of(&store));
        let stands_in = shop.registry.inner().manifests.contains_key(&tag);
        assert_eq!(stands_in, referrers.is_none());
    }
}

#[test]
fn what_either_list_names_counts() {
    let shop = Shop::new();
    let store = beside(&shop, None);
    shop.published(&store);
    // The registry has learnt to list since, and knows only what comes now.
    shop.registry.inner().referrers = Some(100);
    shop.registry.instead(|heard, _| {
        let empty = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).to_string();
        let headers = vec![("content-type", INDEX.to_owned())];
        heard
            .target
            .contains("/referrers/")
            .then(|| Reply::Answer(200, headers, empty.into_bytes()))
    });
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn what_others_put_beside_it_changes_nothing_until_it_is_too_much() {
    for referrers in [Some(1000), None] {
        let shop = Shop::new();
        let store = beside(&shop, referrers);
        let mut entries: Vec<Value> = (0..200)
            .map(|number| {
                refers(
                    &shop.registry,
                    &store,
                    "application/vnd.example.sbom",
                    number,
                )
            })
            .collect();
        entries.extend((0..62).map(|number| refers(&shop.registry, &store, OURS, number)));
        let list = |entries: &[Value]| {
            let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, "annotations": {"of": "others"}});
            if referrers.is_none() {
                shop.registry
                    .put("shop/config", Some(&tag_of(&store)), INDEX, &index);
            }
        };
        list(&entries);
        shop.published(&store);
        let (exit, said) = shop.admits(&store);
        assert_eq!(exit, 0, "63 candidates: {said}");
        if referrers.is_none() {
            let inner = shop.registry.inner();
            let (_, index) = &inner.manifests[&format!("shop/config/{}", tag_of(&store))];
            let index: Value = serde_json::from_slice(index).unwrap();
            assert_eq!(
                index["annotations"]["of"], "others",
                "what others wrote stays"
            );
            entries = index["manifests"].as_array().unwrap().clone();
            assert_eq!(entries.len(), 263);
        }
        entries.extend((62..64).map(|number| refers(&shop.registry, &store, OURS, number)));
        list(&entries);
        let (exit, said) = shop.admits(&store);
        assert_eq!(exit, 3, "{said}");
        assert!(said.contains("limit.candidates"), "{said}");
    }
}

#[test]
fn what_is_about_another_artifact_is_none_of_this_one() {
    let shop = Shop::new();
    let store = beside(&shop, None);
    shop.published(&store);
    let other = shop.registry.put(
        "shop/config",
        None,
        MANIFEST,
        &json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "annotations": {"a": "b"}}),
    );
    let (name, index) = {
        let inner = shop.registry.inner();
        let name = format!("shop/config/{}", tag_of(&store));
        (other.replace(':', "-"), inner.manifests[&name].1.clone())
    };
    let index: Value = serde_json::from_slice(&index).unwrap();
    shop.registry.put("shop/config", Some(&name), INDEX, &index);
    let store = shop.registry.store(&format!("shop/config@{other}"));
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[missing]"), "{said}");
}

#[test]
fn lists_that_lie_are_errors() {
    let shop = Shop::new();
    let store = beside(&shop, Some(1));
    shop.published(&store);
    let (_, subject) = store.split_once('@').unwrap();
    let (subject, host) = (subject.to_owned(), shop.registry.host());
    let page = move |next: String| {
        let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).to_string();
        let headers = vec![
            ("content-type", INDEX.to_owned()),
            ("link", format!("<{next}>; rel=\"next\"")),
        ];
        Reply::Answer(200, headers, body.into_bytes())
    };
    let loops = format!("/v2/shop/config/referrers/{subject}");
    for (next, code) in [
        (loops, "limit.candidates"),
        ("https://evil.example/v2/x".to_owned(), "store.answer"),
        (format!("http://{host}0/v2/x"), "store.answer"),
    ] {
        shop.registry.instead(move |heard, _| {
            heard
                .target
                .contains("/referrers/")
                .then(|| page(next.clone()))
        });
        let (exit, said) = shop.admits(&store);
        assert_eq!(exit, 3, "{said}");
        assert!(said.contains(code), "{said}");
    }
    shop.registry.inner().instead = None;
    let image = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []});
    shop.registry
        .put("shop/config", Some(&tag_of(&store)), MANIFEST, &image);
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.answer") && said.contains("no index"),
        "{said}"
    );
}

#[test]
fn what_is_listed_and_not_there_is_an_error() {
    let shop = Shop::new();
    let store = beside(&shop, None);
    shop.published(&store);
    shop.registry.inner().manifests.retain(|_, (_, bytes)| {
        let document: Value = serde_json::from_slice(bytes).unwrap();
        document["artifactType"] != OURS
    });
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.answer"), "{said}");
}

#[test]
fn nothing_is_put_beside_an_artifact_that_is_not_there() {
    let shop = Shop::new();
    let digest = digest(b"none");
    let store = shop.registry.store(&format!("shop/config@{digest}"));
    let (exit, said) = shop.publishes(&shop.world.store_name(), &store);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("no such artifact"), "{said}");
    assert_eq!(shop.writes(), 0);
}
