//! Indexes: what is signed is the index, what is named may be one image of it, and both are proven without a registry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidegate::facts::images::FOLDER;

use super::*;

/// The index of the fixtures by its tag, signed, and the image that it lists by its digest.
pub(super) fn indexed(images: &[&str]) -> Shop {
    let shop = Shop::of(images);
    shop.push("amd64");
    let index = signed::index();
    for name in ["17.0", &digest(&index)] {
        let manifest = (INDEX.to_owned(), index.clone());
        let key = format!("shop/odoo/{name}");
        shop.registry.inner().manifests.insert(key, manifest);
    }
    let tag = format!("{}.sig", digest(&index).replace(':', "-"));
    shop.sign(Some(&tag), &["sig-index"]);
    shop
}

/// Records the index beside the image, and these beside the index, and makes the lock that says it is all.
pub(super) fn picked(shop: &Shop, names: &[&str]) -> String {
    let index = signed::index();
    let file =
        json!({"mediaType": INDEX, "digest": digest(&index), "payload": STANDARD.encode(&index)});
    let file = file.to_string().into_bytes();
    let own = digest(&file);
    let own = own.trim_start_matches("sha256:");
    let folder = digest(&index);
    let folder = folder.trim_start_matches("sha256:");
    shop.repo
        .write(format!("{FOLDER}/{}/{own}", signed::digest()), &file);
    let mut evidence = Vec::new();
    for (path, bytes) in names.iter().map(|name| signed::recorded(name)) {
        let path = path.replace(signed::digest(), folder);
        evidence.push(digest(&bytes));
        shop.repo.write(&path, bytes);
    }
    evidence.sort();
    let row = json!({
        "digest": format!("sha256:{folder}"),
        "mediaType": INDEX,
        "lockedAt": "2026-11-20T10:00:00Z",
        "evidence": evidence,
        "related": {format!("sha256:{}", signed::digest()): [format!("sha256:{own}")]},
    });
    let image = format!("{}/{}", shop.registry.host(), whole());
    format!("{:#}\n", json!({"version": "v1", "images": {image: row}}))
}

fn whole() -> String {
    format!("shop/odoo:17.0@{}", digest(&signed::index()))
}

fn one() -> String {
    format!("shop/odoo@sha256:{}", signed::digest())
}

/// What `images verify` says of each image: its state, and the index of which that is known.
fn states(shop: &Shop) -> Vec<(String, String)> {
    let (text, _) = verify(&shop.repo, &["HEAD", "--output", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    let images = json["units"][0]["images"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    images
        .map(|image| &image["signature"])
        .map(|it| (text(&it["state"]), text(&it["coveredBy"])))
        .collect()
}

#[test]
fn i1_an_index_is_recorded_beside_itself_and_beside_each_of_its_images() {
    let (whole, one) = (whole(), one());
    let shop = indexed(&[&whole, &one]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains(", 2 files beside it, 2 beside others of its index\n"),
        "{text}"
    );
    let lock = serde_json::from_str(&shop.text()).unwrap();
    assert_eq!(problems("image-lock.v1.json", &lock), [""; 0]);
    shop.repo.commit("what proves both");
    let verified = || "verified".to_owned();
    let index = digest(&signed::index());
    let by_index = (verified(), index.clone());
    assert_eq!(
        states(&shop),
        [(verified(), String::new()), by_index.clone()]
    );
    let (text, exit) = shop.lock(&[]);
    assert_eq!((text.as_str(), exit), ("nothing new\n", 0));
    // Who takes the index away from beside the image leaves that open.
    let file = shop.files().into_iter().next().unwrap();
    let place = format!("{FOLDER}/{}/{file}", signed::digest());
    fs::remove_file(shop.repo.path().join(&place)).unwrap();
    shop.repo.commit("less");
    assert_eq!(states(&shop)[1].0, "indeterminate");
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.files(), [file], "it is asked for again");
    shop.repo.commit("as much as before");
    assert_eq!(states(&shop)[1], by_index);
    // So does who takes away what signs the index.
    let folder = format!("{FOLDER}/{}", index.trim_start_matches("sha256:"));
    fs::remove_dir_all(shop.repo.path().join(folder)).unwrap();
    shop.repo.commit("nothing beside the index");
    let open = || ("indeterminate".to_owned(), String::new());
    assert_eq!(states(&shop), [open(), open()]);
    shop.runs(&[&one]);
    let (text, exit) = shop.lock(&["--update"]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.files(), [""; 0], "nobody names the index any more");
}

#[test]
fn i2_a_signature_of_one_image_is_none_of_its_index() {
    let shop = indexed(&[&whole(), &one()]);
    let tag = format!("{}.sig", digest(&signed::index()).replace(':', "-"));
    let key = format!("shop/odoo/{tag}");
    shop.registry.inner().manifests.remove(&key);
    shop.sign(Some(&sig()), &["sig-p256"]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    shop.repo.commit("what proves one");
    let said = ["unsigned", "verified"].map(|state| (state.to_owned(), String::new()));
    assert_eq!(states(&shop), said);
}

#[test]
fn an_image_of_an_index_is_locked_with_the_index_that_its_tag_stands_for() {
    let named = format!("shop/odoo:17.0@sha256:{}", signed::digest());
    let shop = indexed(&[&named]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    shop.repo.commit("what proves it");
    let (text, exit) = verify(&shop.repo, &["HEAD"]);
    assert_eq!(exit, 0, "{text}");
    let index = digest(&signed::index());
    assert_eq!(states(&shop), [("verified".to_owned(), index.clone())]);
    // The tag by itself stands for the index, which is no other image.
    let tagged = "shop/odoo:17.0";
    shop.runs(&[&named, tagged]);
    let (text, exit) = shop.lock(&[]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(shop.entry(tagged)["digest"], index);
    shop.repo.commit("and the tag");
    let (text, _) = verify(&shop.repo, &["HEAD"]);
    assert!(!text.contains("another digest"), "{text}");
}

#[test]
fn a_tag_that_is_gone_or_of_another_index_covers_nothing() {
    let named = format!("shop/odoo:17.0@sha256:{}", signed::digest());
    let shop = indexed(&[&named]);
    let other = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []});
    for kept in [false, true] {
        shop.registry.inner().manifests.remove("shop/odoo/17.0");
        if kept {
            shop.registry.put("shop/odoo", Some("17.0"), INDEX, &other);
        }
        let (text, exit) = shop.lock(&["--update"]);
        assert_eq!(exit, 0, "{text}");
        shop.repo.commit("nothing");
        let unsigned = ("unsigned".to_owned(), String::new());
        assert_eq!(states(&shop), [unsigned]);
    }
}
