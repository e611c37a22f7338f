//! `publish` that was cut off, and how its stores are named.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use tidegate::attest::UnitId;
use tidegate::gate::{self, PublishRequest};
use tidegate::model::{Digest, GitId};
use tidegate::store::{self, FolderStore, Store, StoredFile};

use super::world::{APP, World};

/// A folder to which only so many files can be written.
struct CutOff {
    store: FolderStore,
    left: Cell<usize>,
}

impl CutOff {
    fn write(
        &self,
        put: impl FnOnce(&FolderStore) -> Result<(), store::Error>,
    ) -> Result<(), store::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(store::Error::Unreachable {
                action: "write",
                path: "the store".into(),
                source: std::io::Error::other("cut off"),
            });
        };
        self.left.set(left);
        put(&self.store)
    }
}

impl Store for CutOff {
    fn units(&self) -> Result<Vec<UnitId>, store::Error> {
        self.store.units()
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        self.store.links(unit)
    }

    fn publish_link(
        &self,
        unit: &UnitId,
        height: u64,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.write(|store| store.publish_link(unit, height, envelope))
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        self.store.reports(unit)
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.write(|store| store.publish_report(unit, tree, payload, envelope))
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, store::Error> {
        self.store.renewals(link)
    }

    fn publish_renewal(
        &self,
        link: Digest,
        time: Timestamp,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.write(|store| store.publish_renewal(link, time, envelope))
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, store::Error> {
        self.store.withdrawals()
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), store::Error> {
        self.write(|store| store.publish_withdrawal(payload, envelope))
    }
}

/// Links, one of them withdrawn, a failed verdict and a renewal.
fn rich() -> World {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    world.withdraw("prod/web", 1);
    world.label(APP, "b", "c");
    world.sign("prod", None);
    let (key, store) = (world.key_file(), world.store_name());
    let renew = [
        "sign",
        "--renew",
        "--env=prod",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ];
    let (exit, said, errors) = world.run(&renew);
    assert_eq!(exit, 0, "{said}{errors}");
    world.drop_limit();
    assert!(world.sign("prod", Some("web")).contains(" fail "));
    world
}

/// Every file below a folder, by its path there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn wherever_it_was_cut_off_a_second_run_ends_as_one_run_would_have() {
    let world = rich();
    let (repository, from) = (world.repo.open(), world.store());
    let publish = |to: &dyn Store| gate::publish(&repository, &PublishRequest { from: &from, to });
    let whole = world.repo.beside("whole");
    publish(&FolderStore::new(&whole)).unwrap();
    let expected = files(&whole);
    for kind in [
        "links/main/gate/",
        "links/prod/web/2",
        "reports/",
        "renewals/",
        "withdrawals/",
    ] {
        assert!(expected.keys().any(|path| path.starts_with(kind)), "{kind}");
    }
    for left in 0..expected.len() {
        let place = world.repo.beside(&format!("cut-{left}"));
        let store = FolderStore::new(&place);
        let cut = CutOff {
            store: store.clone(),
            left: Cell::new(left),
        };
        publish(&cut).unwrap_err();
        assert_eq!(files(&place).len(), left, "it was cut off there");
        publish(&store).unwrap();
        assert_eq!(files(&place), expected, "after {left} files");
        publish(&store).unwrap();
        assert_eq!(files(&place), expected, "twice is once");
    }
}

#[test]
fn what_a_killed_run_left_half_written_is_in_nobodys_way() {
    let world = rich();
    let place = world.repo.beside("target");
    let folder = place.join("links/prod/web");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(".draft-1-0"), "{\"payl").unwrap();
    let to = format!("folder:{}", place.display());
    let (exit, said, errors) = world.run(&["publish", &world.store_name(), "--verdicts", &to]);
    assert_eq!(exit, 0, "{said}{errors}");
    assert!(
        said.contains("prod/web: 3 links copied, the newest is link 2"),
        "{said}"
    );
}

#[test]
fn a_bare_folder_is_no_store_and_the_error_says_how_it_is_written() {
    let world = World::started();
    let bare = world.verdicts().display().to_string();
    let store = world.store_name();
    for (from, to) in [(&bare, &store), (&store, &bare)] {
        let (exit, said, errors) = world.run(&["publish", from, "--verdicts", to]);
        assert_eq!((exit, said.as_str()), (2, ""), "{errors}");
        let errors = errors.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(errors.contains("error[usage.store]"), "{errors}");
        assert!(errors.contains("write `folder:"), "{errors}");
    }
}

#[test]
fn what_nobody_can_vouch_for_stays_behind_and_is_not_passed_over() {
    let world = rich();
    world.plant("gone/web", 0, &world.envelope("prod/web", 0));
    let to = format!("folder:{}", world.repo.beside("target").display());
    let (exit, said, errors) = world.run(&["publish", &world.store_name(), "--verdicts", &to]);
    assert_eq!(exit, 4, "{said}{errors}");
    assert!(errors.contains("error[store.left-behind]"), "{errors}");
    let told = "0.json` stays behind: no accepted configuration knows the unit";
    assert!(
        said.contains("gone/web: `") && said.contains(told),
        "{said}"
    );
    assert!(said.contains("prod/web: 3 links copied"), "{said}");
    let trust = world.trust_file();
    let all = ["verify", "--all", "--trust", &trust, "--verdicts", &to];
    let (exit, said, errors) = world.run(&all);
    assert_eq!(exit, 0, "{said}{errors}");
}

#[test]
fn a_place_that_can_never_be_written_is_not_asked_again() {
    let world = rich();
    let from = world.store_name();
    for place in ["/proc/tidegate", "/dev/null/verdicts"] {
        let to = format!("folder:{place}");
        let (exit, said, errors) = world.run(&["publish", &from, "--verdicts", &to]);
        assert_eq!(exit, 3, "{place}: {said}{errors}");
        let told = ["error[store.unusable]", "error[store.not-a-folder]"];
        assert!(told.iter().any(|code| errors.contains(code)), "{errors}");
    }
}

#[test]
fn nothing_to_publish_is_an_error() {
    let world = rich();
    let to = format!("folder:{}", world.repo.beside("target").display());
    let nowhere = format!("folder:{}", world.repo.beside("nosuch").display());
    for from in [&*nowhere, "-"] {
        let (exit, said, errors) = world.run(&["publish", from, "--verdicts", &to]);
        assert_eq!(exit, 3, "{from}: {said}{errors}");
        assert!(errors.contains("error[store.nothing]"), "{from}: {errors}");
        assert!(!world.repo.beside("target").exists());
    }
}
