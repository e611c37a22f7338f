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

#[test]
fn a_registry_that_does_not_know_of_lists_keeps_none_and_other_answers_are_errors() {
    for status in [400, 404, 405, 406, 501] {
        let none = answer(status, &[], "");
        assert_eq!(referrers(vec![none.clone()]), Ok(None), "{status}");
        let told = referrers(vec![page(&["</v2/shop/n>; rel=next"]), none]);
        assert!(told.is_err(), "half a list is no list: {status}");
    }
    for (status, wanted) in [
        (403, "store.denied: "),
        (410, "store.answer: "),
        (418, "store.answer: "),
        (503, "store.unreachable: "),
    ] {
        let told = referrers(vec![answer(status, &[], ""); 4]).unwrap_err();
        assert!(told.starts_with(wanted), "{status}: {told}");
    }
    let empty = r#"{"schemaVersion": 2, "manifests": null, "annotations": null}"#;
    assert_eq!(referrers(vec![answer(200, &[], empty)]), Ok(Some(0)));
}

#[test]
fn who_is_asked_in_by_what_is_not_spoken_answers_what_is() {
    let headers = [
        ("www-authenticate", "Negotiate"),
        ("www-authenticate", "Basic realm=\"x\""),
    ];
    let (told, asked) = read(vec![answer(401, &headers, ""), found()]);
    assert_eq!(told, "found");
    assert_eq!(asked[1], format!("Get manifests/t {CI}"));
}
