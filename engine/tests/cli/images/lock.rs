//! `tidegate images lock`: what it asks a registry, what it records, and that what is recorded proves without one.

mod asked;
mod faults;
mod index;
mod layers;
mod online;
mod pin;

use std::fs;

use serde_json::{Value, json};
use tidegate::model::limits;

use super::{said, tidegate, verify};
use crate::contracts::problems;
use crate::support::registry::{INDEX, MANIFEST, Registry, digest};
use crate::support::{Repo, signed};

/// A repository whose pod runs images of a registry, and the registry.
struct Shop {
    repo: Repo,
    registry: Registry,
}

impl Shop {
    /// With a pod that runs each of these, below the registry.
    fn of(images: &[&str]) -> Self {
        let (repo, registry) = (Repo::new(), Registry::new());
        let config = format!(
            "environments: [{{name: prod, paths: [\"prod/**\"]}}]\nimages:\n  authorities:\n    - {{name: release, \
             images: [\"{}/shop/**\"], key: {{file: keys/release.pub}}}}\n",
            registry.host()
        );
        repo.write("tidegate.yaml", config)
            .write("keys/release.pub", signed::key("release"))
            .commit("the judge");
        let shop = Self { repo, registry };
        shop.runs(images);
        shop
    }

    fn runs(&self, images: &[&str]) {
        let mut pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: odoo}\nspec:\n  containers:\n".to_owned();
        for (index, image) in images.iter().enumerate() {
            let host = self.registry.host();
            pod.push_str(&format!(
                "    - name: c{index}\n      image: {host}/{image}\n"
            ));
        }
        self.repo.write("prod/odoo.yaml", pod).commit("a pod");
    }

    /// With the image of the fixtures, by its tag and its digest.
    fn signed() -> Self {
        let shop = Self::of(&[&pinned()]);
        shop.push("17.0");
        shop
    }

    /// Puts the image of the fixtures there.
    fn push(&self, tag: &str) {
        let mut inner = self.registry.inner();
        for name in [tag, &format!("sha256:{}", signed::digest())] {
            let key = format!("shop/odoo/{name}");
            let manifest = (MANIFEST.to_owned(), signed::manifest());
            inner.manifests.insert(key, manifest);
        }
    }

    /// Puts a manifest with these signatures there, by a tag or as what refers to the image.
    fn sign(&self, tag: Option<&str>, names: &[&str]) -> String {
        let mut layers = Vec::new();
        for name in names {
            let (layer, payload) = signed::layer(name);
            let blob = layer["digest"].as_str().unwrap().to_owned();
            self.registry.inner().blobs.insert(blob, payload);
            layers.push(layer);
        }
        let mut document = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": layers[0]["mediaType"],
            "layers": layers,
        });
        if tag.is_none() {
            let image = signed::manifest();
            document["subject"] =
                json!({"mediaType": MANIFEST, "digest": digest(&image), "size": image.len()});
        }
        self.registry.put("shop/odoo", tag, MANIFEST, &document)
    }

    fn lock(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = tidegate(self.repo.path());
        command.args([
            "images",
            "lock",
            "--private-registry",
            &self.registry.host(),
        ]);
        said(&command.args(arguments).output().unwrap())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.repo.path().join(".tidegate/images.lock")).unwrap()
    }

    fn entry(&self, image: &str) -> Value {
        let lock: Value = serde_json::from_str(&self.text()).unwrap();
        lock["images"][format!("{}/{image}", self.registry.host())].clone()
    }

    /// The files beside the image of the fixtures.
    fn files(&self) -> Vec<String> {
        let folder = format!(".tidegate/images/sha256/{}", signed::digest());
        let Ok(entries) = fs::read_dir(self.repo.path().join(folder)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn asked(&self) -> usize {
        self.registry.inner().asked.len()
    }
}

fn pinned() -> String {
    format!("shop/odoo:17.0@sha256:{}", signed::digest())
}

fn sig() -> String {
    format!("sha256-{}.sig", signed::digest())
}

#[test]
fn what_is_locked_proves_without_a_registry() {
    let shop = Shop::signed();
    shop.registry.inner().referrers = Some(1);
    shop.sign(Some(&sig()), &["sig-by-another", "sig-p256"]);
    shop.sign(Some(&sig().replace(".sig", ".att")), &["att-spdx"]);
    shop.sign(None, &["bundle-p256"]);
    shop.sign(None, &["bundle-ed25519"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let image = format!("{}/{}", shop.registry.host(), pinned());
    let said = format!(
        "{image}: sha256:{}, 5 files beside it\nwrote .tidegate/images.lock\n",
        signed::digest()
    );
    assert_eq!(text, said);
    let lock = serde_json::from_str(&shop.text()).unwrap();
    assert_eq!(problems("image-lock.v1.json", &lock), [""; 0]);
    shop.repo.commit("what proves it");
    let asked = shop.asked();
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains(&format!("{image}  verified\n")), "{text}");
    assert!(
        text.contains("    recorded: 5, 3 valid, 2 invalid\n"),
        "{text}"
    );
    let mut check = tidegate(shop.repo.path());
    let check = check.args(["check", "HEAD~2..HEAD", "--unit", "prod"]);
    let (text, _) = said_of(check);
    assert!(!text.contains("image.unsigned"), "{text}");
    let (text, exit) = shop.lock(&[]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0));
    assert_eq!(shop.asked(), asked, "nobody was asked");
}

#[test]
fn what_another_program_has_changed_is_written_anew_and_said() {
    let shop = Shop::signed();
    shop.sign(Some(&sig()), &["sig-p256"]);
    shop.lock(&[]);
    shop.repo.commit("what proves it");
    let name = &shop.files()[0];
    let file = format!(".tidegate/images/sha256/{}/{name}", signed::digest());
    let path = shop.repo.path().join(&file);
    let whole = fs::read(&path).unwrap();
    shop.repo.write(&file, [&whole[..], b"\n"].concat());
    shop.repo.commit("an end of file, mended");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 1, "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "bytes and digest differ; `tidegate images lock` records it anew";
    assert!(text.contains(said), "{text}");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let image = format!("{}/{}", shop.registry.host(), pinned());
    assert_eq!(text, format!("{image}: 1 file beside it written anew\n"));
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert_eq!(shop.lock(&[]).0, "nothing new\n");
}

#[test]
fn a_tag_that_stands_for_another_image_than_its_digest_is_told_and_kept() {
    let shop = Shop::of(&[&pinned()]);
    shop.push("17.0");
    shop.sign(Some(&sig()), &["sig-p256"]);
    shop.lock(&[]);
    let before = shop.repo.commit("locked").to_string();
    assert_eq!(shop.entry(&pinned())["tagDigest"], Value::Null);
    let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []});
    let other = shop
        .registry
        .put("shop/odoo", Some("17.1"), MANIFEST, &document);
    let image = pinned().replace("17.0", "17.1");
    shop.runs(&[&image]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let said = format!("its tag stands for another image, {other}; the digest counts\n");
    assert!(text.contains(&said), "{text}");
    assert_eq!(shop.entry(&image)["tagDigest"], other);
    let lock = serde_json::from_str(&shop.text()).unwrap();
    assert_eq!(problems("image-lock.v1.json", &lock), [""; 0]);
    shop.repo.commit("locked anew");
    let mut check = tidegate(shop.repo.path());
    let (text, _) = said_of(check.args(["check", &format!("{before}..HEAD"), "--unit", "prod"]));
    assert!(text.contains("image.lock-mismatch"), "{text}");
    let (text, _) = shop.lock(&["--update"]);
    assert!(text.contains(&said), "{text}");
}

#[test]
fn an_update_opens_a_clean_diff() {
    let shop = Shop::of(&[&pinned(), "shop/cache:7"]);
    shop.push("17.0");
    let cache = |text: &str| {
        let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "annotations": {"a": text}});
        shop.registry
            .put("shop/cache", Some("7"), MANIFEST, &document)
    };
    let first = cache("1");
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.entry("shop/cache:7")["digest"], first);
    let before = shop.text();
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0));
    assert_eq!(shop.text(), before);
    // A tag moves and a signature goes: of the other image no byte is another.
    let second = cache("2");
    let (text, exit) = shop.lock(&[]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0), "nobody asked");
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    let changed = before
        .lines()
        .zip(shop.text().lines().map(str::to_owned).collect::<Vec<_>>());
    let changed = changed.filter(|(old, new)| old != new).count();
    // Its digest, and its time if that is another second.
    assert!((1..=2).contains(&changed), "{}", shop.text());
    assert_eq!(shop.entry("shop/cache:7")["digest"], second);
    assert_eq!(shop.files().len(), 1);
    shop.registry
        .inner()
        .manifests
        .remove(&format!("shop/odoo/{}", sig()));
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.files(), Vec::<String>::new());
    // What no unit names any more goes, and only where all of them were looked at.
    shop.runs(&["shop/cache:7"]);
    let (text, exit) = shop.lock(&["--update", "--env", "prod"]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0));
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("no unit names it any more"), "{text}");
    assert_eq!(shop.entry(&pinned()), Value::Null);
}

#[test]
fn e6_what_is_recorded_of_an_image_that_no_unit_names_is_told_and_goes_when_that_is_asked() {
    let shop = Shop::signed();
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []});
    shop.registry
        .put("shop/cache", Some("7"), MANIFEST, &document);
    shop.runs(&["shop/cache:7"]);
    let image = format!("{}/{}", shop.registry.host(), pinned());
    let told = format!("{image}: no unit names it any more; `--update` takes it away");
    for _ in 0..2 {
        let (text, exit) = shop.lock(&[]);
        assert_eq!(exit, 0, "{text}");
        assert!(text.contains(&told), "{text}");
        assert_eq!(shop.files().len(), 1, "nothing goes unasked");
    }
    // Of a part of the units nobody knows that.
    let (text, _) = shop.lock(&["--env", "prod"]);
    assert_eq!(text, "nothing new\n");
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("no unit names it any more\n"), "{text}");
    assert!(shop.files().is_empty());
    assert_eq!(shop.entry(&pinned()), Value::Null);
}

#[test]
fn a_tag_is_recorded_and_no_manifest_is_changed() {
    let shop = Shop::of(&["shop/odoo:17.0"]);
    shop.push("17.0");
    shop.sign(Some(&sig()), &["sig-p256"]);
    let pod = fs::read(shop.repo.path().join("prod/odoo.yaml")).unwrap();
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let entry = shop.entry("shop/odoo:17.0");
    assert_eq!(entry["digest"], format!("sha256:{}", signed::digest()));
    assert_eq!(entry["mediaType"], MANIFEST);
    assert_eq!(
        fs::read(shop.repo.path().join("prod/odoo.yaml")).unwrap(),
        pod
    );
    // A tag can be moved, so that no lock proves what runs.
    shop.repo.commit("the lock");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("  indeterminate"), "{text}");
}

#[test]
fn what_lies_under_the_tag_of_referrers_is_found_where_none_are_listed() {
    let shop = Shop::signed();
    let manifest = shop.sign(None, &["bundle-p256"]);
    let index = |digests: &[&str]| {
        let listed = digests
            .iter()
            .map(|digest| json!({"mediaType": MANIFEST, "digest": digest, "size": 1}));
        json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed.collect::<Vec<_>>()})
    };
    let tag = format!("sha256-{}", signed::digest());
    let put = |digests: &[&str]| {
        shop.registry
            .put("shop/odoo", Some(&tag), INDEX, &index(digests))
    };
    put(&[&manifest, &manifest]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.files().len(), 1, "once");
    // R23: one that is listed and gone may have been what counts, and is no `unsigned`.
    put(&[&digest(b"gone")]);
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    shop.repo.commit("what is left");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("  indeterminate"), "{text}");
}

#[test]
fn s14_more_than_are_looked_at_are_not_fetched_and_are_no_unsigned() {
    let shop = Shop::signed();
    let (layer, payload) = signed::layer("sig-by-another");
    let blob = layer["digest"].as_str().unwrap().to_owned();
    shop.registry.inner().blobs.insert(blob, payload);
    let layers: Vec<Value> = (0..1000)
        .map(|number| {
            let mut layer = layer.clone();
            layer["annotations"]["number"] = json!(number.to_string());
            layer
        })
        .collect();
    let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers});
    shop.registry
        .put("shop/odoo", Some(&sig()), MANIFEST, &document);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.files().len(), 65);
    assert!(shop.asked() < 80, "{}", shop.asked());
    shop.repo.commit("junk");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("  indeterminate"), "{text}");
}

#[cfg(unix)]
#[test]
fn e2_nothing_is_written_through_a_link() {
    let shop = Shop::signed();
    let elsewhere = shop.repo.beside("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, shop.repo.path().join(".tidegate")).unwrap();
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("image-lock.not-a-folder"), "{text}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(shop.repo.path().join(".tidegate")).unwrap();
    fs::create_dir(shop.repo.path().join(".tidegate")).unwrap();
    let file = elsewhere.join("file");
    fs::write(&file, "{}").unwrap();
    std::os::unix::fs::symlink(&file, shop.repo.path().join(".tidegate/images.lock")).unwrap();
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert_eq!(fs::read(&file).unwrap(), b"{}");
}

#[cfg(unix)]
#[test]
fn a_file_beside_an_image_that_is_a_link_or_longer_than_any_is_none() {
    let shop = Shop::signed();
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    let [name] = shop.files().try_into().unwrap();
    let folder = format!(".tidegate/images/sha256/{}", signed::digest());
    let path = shop.repo.path().join(folder).join(name);
    let before = fs::read(&path).unwrap();
    // A link to the very same bytes is not what was recorded, and nobody reads what a link leads to.
    let elsewhere = shop.repo.beside("elsewhere");
    fs::write(&elsewhere, &before).unwrap();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("image-lock.not-a-folder"), "{text}");
    fs::remove_file(&path).unwrap();
    let long = fs::File::create(&path).unwrap();
    long.set_len(limits::IMAGE_FILE.wide() + 1).unwrap();
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.ends_with(": 1 file beside it written anew\n"),
        "{text}"
    );
    assert_eq!(fs::read(&path).unwrap(), before, "it was asked for anew");
}

#[test]
fn an_image_named_by_another_digest_than_sha_256_is_not_locked_under_that_name() {
    let other = format!("shop/odoo@sha512:{}", "ab".repeat(64));
    let shop = Shop::of(&[&other, &pinned()]);
    shop.push("latest");
    for _ in 0..2 {
        let (text, exit) = shop.lock(&[]);
        assert_eq!(exit, 3, "{text}");
        assert!(
            text.contains("image-lock.digest") && text.contains(&other),
            "{text}"
        );
        assert!(!text.contains("image-lock.invalid"), "{text}");
        assert_eq!(shop.entry(&other), Value::Null);
        assert_ne!(shop.entry(&pinned()), Value::Null, "the other one is");
    }
    let asked = shop.registry.inner().asked.clone();
    let latest = asked.iter().filter(|it| it.target.ends_with("/latest"));
    assert_eq!(latest.count(), 0, "{asked:?}");
}

#[test]
fn a_lock_that_is_none_is_exit_3_and_stays() {
    let shop = Shop::signed();
    shop.repo
        .write(".tidegate/images.lock", "{\"version\": \"v1\",}\n");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 3, "{text}");
    assert!(
        text.contains("image-lock.invalid") && text.contains("line 1"),
        "{text}"
    );
    assert_eq!(shop.asked(), 0);
}

#[test]
fn a_lock_is_read_up_to_the_limit() {
    let shop = Shop::signed();
    shop.push("17.0");
    let most = limits::IMAGE_LOCK.most;
    for (length, refused) in [(most, false), (most + 1, true), (10 * most, true)] {
        let lock = "{\"version\": \"v1\", \"images\": {}}";
        shop.repo.write(
            ".tidegate/images.lock",
            lock.to_owned() + &" ".repeat(length - lock.len()),
        );
        let (text, exit) = shop.lock(&[]);
        assert_eq!(exit == 3, refused, "{length}: {text}");
        assert_eq!(text.contains("limit.image-lock"), refused, "{text}");
    }
}

#[test]
fn more_that_refers_to_an_image_than_is_looked_at_locks_nothing() {
    let shop = Shop::signed();
    let most = limits::IMAGE_REFERRERS.most;
    let put = |number: usize| {
        let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "annotations": {"n": number.to_string()}});
        shop.registry.put("shop/odoo", None, MANIFEST, &document)
    };
    let all: Vec<String> = (0..=most).map(put).collect();
    let tag = format!("sha256-{}", signed::digest());
    for (number, refused) in [(most, false), (most + 1, true)] {
        let listed = all.iter().take(number).map(|digest| {
            json!({"mediaType": MANIFEST, "artifactType": "application/x", "digest": digest, "size": 1})
        });
        let listed: Vec<Value> = listed.collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed});
        shop.registry.put("shop/odoo", Some(&tag), INDEX, &index);
        let (text, exit) = shop.lock(&["--update"]);
        assert_eq!(exit == 3, refused, "{number}: {text}");
        assert_eq!(text.contains("limit.candidates"), refused, "{text}");
    }
}

fn said_of(command: &mut std::process::Command) -> (String, i32) {
    said(&command.output().unwrap())
}
