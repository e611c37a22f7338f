//! Verdicts in a registry: copied there, admitted from there, and never signed there.

mod account;
mod artifact;
mod faults;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::world::{APP, World};
use crate::support::registry::Registry;

/// A shop whose verdicts were signed into a folder by the binary, with its clock.
struct Shop {
    world: World,
    registry: Registry,
    key: String,
    trust: String,
}

impl Shop {
    /// With the baselines and one link of `web`.
    fn new() -> Self {
        let world = World::new();
        let shop = Self {
            key: world.key_file(),
            trust: world.trust_file(),
            registry: Registry::new(),
            world,
        };
        shop.signs("baseline");
        shop.world.label(APP, "a", "b");
        shop.signs("sign");
        shop
    }

    fn signs(&self, command: &str) {
        let store = self.world.store_name();
        let (exit, said) = self.run(&[
            command,
            "--env",
            "prod",
            "--key-file",
            &self.key,
            "--verdicts",
            &store,
        ]);
        assert_eq!(exit, 0, "{said}");
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let (exit, out, err) = self.world.run(arguments);
        (exit, out + &err)
    }

    fn publishes(&self, from: &str, to: &str) -> (i32, String) {
        self.run(&["publish", from, "--verdicts", to])
    }

    fn published(&self, to: &str) {
        let (exit, said) = self.publishes(&self.world.store_name(), to);
        assert_eq!(exit, 0, "{said}");
    }

    fn admits(&self, store: &str) -> (i32, String) {
        self.run(&[
            "admit",
            "--env",
            "prod",
            "--unit",
            "web",
            "--revision",
            "HEAD",
            "--deployed",
            "HEAD~1",
            "--trust",
            &self.trust,
            "--verdicts",
            store,
        ])
    }

    /// How often the registry was written to since the last time.
    fn writes(&self) -> usize {
        let asked = std::mem::take(&mut self.registry.inner().asked);
        let writes = asked
            .iter()
            .filter(|heard| heard.method == "PUT" || heard.method == "POST");
        writes.count()
    }
}

#[test]
fn what_was_signed_elsewhere_is_copied_and_admitted_and_comes_back_as_it_was() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 4, "nothing is there yet: {said}");
    shop.published(&store);
    assert!(shop.writes() > 0);
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
    shop.published(&store);
    assert_eq!(shop.writes(), 0, "twice is once");
    let back = shop.world.repo.beside("back");
    let (exit, said) = shop.publishes(&store, &format!("folder:{}", back.display()));
    assert_eq!(exit, 0, "{said}");
    assert_eq!(files(&back), files(&shop.world.verdicts()));
}

#[test]
fn nothing_is_signed_where_two_could_be_the_next() {
    let shop = Shop::new();
    let digest = shop.registry.artifact("shop/config");
    for store in ["shop/verdicts".to_owned(), format!("shop/config@{digest}")] {
        let store = shop.registry.store(&store);
        for command in ["sign", "baseline"] {
            let (exit, said) = shop.run(&[
                command,
                "--env",
                "prod",
                "--key-file",
                &shop.key,
                "--verdicts",
                &store,
            ]);
            assert_eq!(exit, 2, "{said}");
            let words: Vec<&str> = said.split_whitespace().collect();
            let told = format!("tidegate publish branch --verdicts {store}");
            assert!(said.contains("usage.sign-store"), "{said}");
            assert!(words.join(" ").contains(&told), "{said}");
        }
    }
    assert_eq!(shop.registry.inner().asked.len(), 0);
}

#[test]
fn a_list_that_another_overwrote_hides_no_link() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    shop.published(&store);
    let before = shop.registry.inner().manifests.clone();
    shop.world.label(APP, "b", "c");
    shop.signs("sign");
    shop.published(&store);
    // Another who read the lists before puts them back.
    let is_list = |name: &str| name.starts_with("shop/verdicts/unit-");
    let old = before.into_iter().filter(|(name, _)| is_list(name));
    shop.registry.inner().manifests.extend(old);
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 0, "{said}");
    shop.writes();
    shop.published(&store);
    assert!(shop.writes() > 0, "the next publication mends the list");
}

#[test]
fn a_height_is_written_once() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    shop.published(&store);
    let slots = |registry: &Registry| -> BTreeMap<String, Vec<u8>> {
        let inner = registry.inner();
        let all = inner.manifests.iter();
        all.filter(|(name, _)| name.starts_with("shop/verdicts/link-"))
            .map(|(name, (_, bytes))| (name.clone(), bytes.clone()))
            .collect()
    };
    let before = slots(&shop.registry);
    assert_eq!(before.len(), 4, "gate, web twice, db");
    let other = Shop::new();
    let (exit, said) = other.publishes(&other.world.store_name(), &store);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.fork"), "{said}");
    // Where somebody took the lists away, the heights are still taken.
    let is_list = |name: &String| name.starts_with("shop/verdicts/unit");
    shop.registry
        .inner()
        .manifests
        .retain(|name, _| !is_list(name));
    let (exit, said) = other.publishes(&other.world.store_name(), &store);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.fork"), "{said}");
    assert_eq!(slots(&shop.registry), before);
}

#[test]
fn links_below_the_newest_baseline_are_not_at_hand_there_and_the_rest_is_admitted() {
    let shop = Shop::new();
    let (kept, fresh) = (shop.registry.store("kept"), shop.registry.store("fresh"));
    shop.published(&kept);
    shop.world.label(APP, "b", "c");
    shop.signs("baseline");
    shop.world.label(APP, "c", "d");
    shop.signs("sign");
    for (store, heights) in [(&kept, 0..4), (&fresh, 2..4)] {
        shop.published(store);
        let (exit, said) = shop.admits(store);
        assert_eq!(exit, 0, "{said}");
        let list = shop
            .registry
            .inner()
            .manifests
            .keys()
            .filter(|name| name.contains("/link-"))
            .count();
        assert!(list >= 4, "the tags stay");
        let back = shop.world.repo.beside(store.rsplit('/').next().unwrap());
        let (exit, said) = shop.publishes(store, &format!("folder:{}", back.display()));
        assert_eq!(exit, 0, "{said}");
        let names = files(&back).into_keys();
        let names: Vec<String> = names.filter(|name| name.contains("prod/web")).collect();
        let wanted: Vec<String> = heights
            .map(|height| format!("links/prod/web/{height}.json"))
            .collect();
        assert_eq!(names, wanted, "{store}");
        assert!(back.join("links/main/gate/0.json").exists());
    }
    // Whoever still runs what is older comes from there, where it is known.
    for (store, code) in [(&kept, "refused[held]"), (&fresh, "refused[unjudged-base]")] {
        let (exit, said) = shop.run(&[
            "admit",
            "--env=prod",
            "--unit=web",
            "--revision=HEAD",
            "--deployed=HEAD~3",
            "--trust",
            &shop.trust,
            "--verdicts",
            store,
        ]);
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains(code), "{said}");
    }
}

#[test]
fn a_withdrawal_is_there_before_the_links_it_could_concern() {
    let shop = Shop::new();
    let store = shop.registry.store("shop/verdicts");
    // After the links, which bear the time of this machine.
    shop.world.set_clock("2040-01-01T00:00:00Z");
    shop.world.withdraw("prod/web", 1);
    shop.published(&store);
    let (exit, said) = shop.admits(&store);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("withdrawn"), "{said}");
    let asked = shop.registry.inner().asked.clone();
    let put = |part: &str| {
        asked
            .iter()
            .position(|heard| heard.method == "PUT" && heard.target.contains(part))
    };
    assert!(put("/manifests/withdrawals").unwrap() < put("/manifests/link-").unwrap());
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}
