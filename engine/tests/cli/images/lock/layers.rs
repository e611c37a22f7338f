//! Layers that a registry need not hold: what an image says of them is recorded with it, and told without a registry.

use super::*;

#[test]
fn i9_layers_of_elsewhere_are_recorded_with_the_image_and_told() {
    let layer = |urls: Value| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": signed::digest().to_string(), "size": 1, "urls": urls});
    let address = "https://layers.test/windows";
    for (urls, told) in [
        (json!([address]), json!([address])),
        (json!([]), Value::Null),
    ] {
        let shop = Shop::of(&["shop/odoo:19"]);
        let document = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer(urls)]});
        shop.registry
            .put("shop/odoo", Some("19"), MANIFEST, &document);
        let (text, exit) = shop.lock(&[]);
        assert_eq!(exit, 0, "{text}");
        let digest = shop.entry("shop/odoo:19")["digest"].clone();
        shop.runs(&[&format!("shop/odoo@{}", digest.as_str().unwrap())]);
        shop.repo.commit("pinned, with what is recorded");
        let (text, _) = verify(&shop.repo, &["HEAD", "--output", "json"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        let signature = &json["units"][0]["images"][0]["signature"];
        assert_eq!(signature["state"], "unsigned", "{text}");
        assert_eq!(signature["foreignLayers"], told, "{text}");
    }
}
