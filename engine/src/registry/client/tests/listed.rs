//! What a registry lists as referring to a manifest: page by page, or not at all.

use super::*;

/// How many are listed, or why that is not known.
fn referrers(answers: Vec<Answer>) -> Result<Option<usize>, String> {
    let listed = client(answers).0.referrers(Digest::of(b"x"));
    let listed = listed.map(|listed| listed.map(|all| all.len()));
    listed.map_err(|error| format!("{}: {error}", code_of(&error)))
}

fn page(links: &[&str]) -> Answer {
    let headers: Vec<_> = links.iter().map(|link| ("link", *link)).collect();
    let entry = r#"{"mediaType": "x", "digest": "sha256:00", "size": 1}"#;
    let body = format!(r#"{{"schemaVersion": 2, "manifests": [{entry}]}}"#);
    answer(200, &headers, &body)
}

#[test]
fn every_page_is_fetched_however_it_is_named() {
    let prev = r#"</v2/shop/p>; rel="prev""#;
    let next = r#"</v2/shop/n>; rel="Next""#;
    for links in [
        vec![next],
        vec![prev, next],
        vec![&format!("{prev}, {next}")],
    ] {
        let (client, talk) = client(vec![page(&links), page(&[prev])]);
        let listed = client.referrers(Digest::of(b"x")).unwrap();
        assert_eq!(listed.unwrap().len(), 2, "{links:?}");
        assert_eq!(talk.asked.take()[1], "Get n");
    }
    for link in ["</v2/shop/n>", "</v2/shop/n", "next"] {
        let told = referrers(vec![page(&[link]), page(&[])]).unwrap_err();
        assert!(told.starts_with("store.answer: "), "{told}");
        assert!(told.contains("`Link` header cannot be read"), "{told}");
    }
}
