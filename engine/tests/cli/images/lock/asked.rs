//! How `tidegate images lock` is told to ask: what cannot be done so is said before anybody is asked.

use super::{Shop, pinned, said, tidegate};

#[test]
fn a_proxy_that_there_is_no_way_through_is_named_and_nobody_is_asked_past_it() {
    let shop = Shop::of(&[&pinned()]);
    for (name, value) in [
        ("ALL_PROXY", "socks5://ci:CANARY@127.0.0.1:9"),
        ("HTTPS_PROXY", "socks4://127.0.0.1:9"),
        ("https_proxy", "proxy CANARY"),
    ] {
        let mut command = tidegate(shop.repo.path());
        let host = shop.registry.host();
        command.args(["images", "lock", "--private-registry", &host]);
        let (text, exit) = said(&command.env(name, value).output().unwrap());
        assert_eq!(exit, 2, "{text}");
        assert!(text.contains("error[usage.proxy]"), "{text}");
        assert!(text.contains(&format!("`{name}`")), "{text}");
        assert!(!text.contains("CANARY"), "{text}");
    }
    assert_eq!(shop.asked(), 0);
}

#[test]
fn a_private_registry_is_a_host_and_what_is_more_is_refused_with_what_to_write() {
    let shop = Shop::of(&[&pinned()]);
    let host = shop.registry.host();
    for text in [format!("http://{host}"), format!("{host}/")] {
        let mut command = tidegate(shop.repo.path());
        command.args(["images", "lock", "--private-registry", &text]);
        let (text, exit) = said(&command.output().unwrap());
        assert_eq!(exit, 2, "{text}");
        assert!(text.contains(&format!("write `{host}`")), "{text}");
    }
    assert_eq!(shop.asked(), 0);
}
