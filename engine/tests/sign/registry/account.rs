//! Who asks a registry: with the account of that host, and with none anywhere else.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Shop;
use crate::support::registry::{Door, Registry, Reply};

const PASSWORD: &str = "CANARY-93417";

/// Docker's file with an account at each of these hosts.
fn log_in(shop: &Shop, hosts: &[&str]) -> String {
    let auth = STANDARD.encode(format!("ci:{PASSWORD}"));
    let auths = hosts
        .iter()
        .map(|host| ((*host).to_owned(), json!({"auth": auth})));
    let auths: serde_json::Map<_, _> = auths.collect();
    let folder = shop.world.repo.beside("home").join(".docker");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("config.json"),
        json!({"auths": auths}).to_string(),
    )
    .unwrap();
    format!("Basic {auth}")
}

#[test]
fn an_account_of_the_host_lets_in_and_nobody_else_hears_of_it() {
    for bearer in [false, true] {
        let shop = Shop::new();
        let (registry, store) = (&shop.registry, shop.registry.store("shop/verdicts"));
        let basic = log_in(&shop, &[&registry.host()]);
        let realm = format!("http://{}/token", registry.host());
        let door = if bearer {
            Door::Bearer(realm)
        } else {
            Door::Basic
        };
        registry.inner().account = Some((basic, door));
        shop.published(&store);
        let (exit, said) = shop.admits(&store);
        assert_eq!(exit, 0, "{said}");
        let scopes = registry.inner().asked.clone();
        let scopes = scopes
            .iter()
            .filter(|heard| heard.target.starts_with("/token"));
        let scopes: Vec<&str> = scopes.map(|heard| heard.target.as_str()).collect();
        assert_eq!(!scopes.is_empty(), bearer);
        assert!(
            scopes
                .iter()
                .all(|scope| scope.contains("repository%3Ashop%2Fverdicts%3Apull")),
            "{scopes:?}"
        );
    }
}

#[test]
fn a_token_of_elsewhere_is_asked_for_as_who_the_registry_knows_and_nobody_else() {
    let shop = Shop::new();
    let elsewhere = Registry::new();
    let registry = &shop.registry;
    elsewhere.instead(|_, _| Some(Reply::Answer(401, Vec::new(), Vec::new())));
    // Whoever is known there is not who asks for the token of another registry.
    let basic = log_in(&shop, &[&elsewhere.host()]);
    let realm = format!(
        "http://{}/token?scope=repository:secret:pull",
        elsewhere.host()
    );
    registry.inner().account = Some((basic.clone(), Door::Bearer(realm)));
    let (exit, said) = shop.admits(&registry.store("shop/verdicts"));
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.denied") && said.contains(&registry.host()),
        "{said}"
    );
    let heard = elsewhere.inner().asked.clone();
    assert!(
        !heard.is_empty() && heard.iter().all(|heard| heard.authorization.is_none()),
        "{heard:?}"
    );
    log_in(&shop, &[&registry.host()]);
    shop.admits(&registry.store("shop/verdicts"));
    let heard = elsewhere.inner().asked.clone();
    let last = heard.last().unwrap();
    assert_eq!(last.authorization, Some(basic), "{heard:?}");
    assert!(
        heard.iter().all(|heard| !heard.target.contains("secret")),
        "{heard:?}"
    );
}

#[test]
fn who_is_led_elsewhere_brings_nothing_along() {
    let shop = Shop::new();
    let elsewhere = Registry::new();
    let (registry, store) = (&shop.registry, shop.registry.store("shop/verdicts"));
    let basic = log_in(&shop, &[&registry.host(), &elsewhere.host()]);
    registry.inner().account = Some((basic, Door::Basic));
    shop.published(&store);
    elsewhere.inner().blobs = registry.inner().blobs.clone();
    let host = elsewhere.host();
    registry.instead(move |heard, _| {
        let to = format!("http://{host}{}", heard.target);
        (heard.method == "GET" && heard.target.contains("/blobs/"))
            .then(|| Reply::Answer(307, vec![("location", to)], Vec::new()))
    });
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
    let heard = elsewhere.inner().asked.clone();
    assert!(
        !heard.is_empty() && heard.iter().all(|heard| heard.authorization.is_none()),
        "{heard:?}"
    );
}

#[test]
fn who_is_not_let_in_is_told_as_whom_and_no_password_is_shown() {
    let shop = Shop::new();
    let (registry, store) = (&shop.registry, shop.registry.store("shop/verdicts"));
    registry.inner().account = Some(("Basic none".to_owned(), Door::Basic));
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.denied") && said.contains("no account"),
        "{said}"
    );
    log_in(&shop, &[&registry.host()]);
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.denied") && said.contains("`ci`"),
        "{said}"
    );
    assert!(!said.contains(PASSWORD), "{said}");
    let folder = shop.world.repo.beside("home").join(".docker");
    let helper = json!({"credHelpers": {registry.host(): "x"}}).to_string();
    fs::write(folder.join("config.json"), helper).unwrap();
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.credentials") && said.contains("docker-credential-x"),
        "{said}"
    );
}
