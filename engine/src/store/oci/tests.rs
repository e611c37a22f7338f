//! Stores in a registry that says what a test wants, without a socket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::attest::UnitId;
use crate::model::{Digest, code_of, limits};
use crate::registry::{self, Answer, Ask, Credentials, Failure, Method, OciPlace, Transport};
use crate::store::{Store, Unread};

mod keeping;

/// What it says by the path that it is asked for; else 404.
#[derive(Default)]
struct Scripted {
    answers: BTreeMap<String, Answer>,
    begun: RefCell<Vec<Duration>>,
    most: RefCell<Vec<usize>>,
    too_long: bool,
}

impl Transport for Scripted {
    fn begin(&self, patience: Duration) {
        self.begun.borrow_mut().push(patience);
    }

    fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        self.most.borrow_mut().push(ask.most);
        if self.too_long {
            return Err(Failure::TooLong);
        }
        let path = ask.url.strip_prefix("https://registry.example/v2/shop/");
        let known = self.answers.get(path.unwrap());
        Ok(known.cloned().unwrap_or(Answer {
            status: 404,
            ..Answer::default()
        }))
    }

    fn pause(&self, _: Duration) -> bool {
        true
    }

    fn credentials(&self, _: &str) -> Result<Option<Credentials>, Failure> {
        Ok(None)
    }
}

fn ok(document: &Value) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: document.to_string().into_bytes(),
    }
}

fn subject() -> Digest {
    Digest::of(b"subject")
}

fn beside(answers: BTreeMap<String, Answer>) -> ArtifactStore {
    let place = format!("registry.example/shop@sha256:{}", subject());
    let transport = Scripted {
        answers,
        ..Scripted::default()
    };
    ArtifactStore::new(OciPlace::parse(&place).unwrap(), Rc::new(transport)).unwrap()
}

fn index(manifests: &[Value]) -> Value {
    json!({"schemaVersion": 2, "manifests": manifests})
}

#[test]
fn so_many_may_lie_beside_an_artifact_and_no_more() {
    let units = |count: usize| {
        let mut answers = BTreeMap::new();
        let mut listed = Vec::new();
        for number in 0..count {
            let manifest =
                json!({"schemaVersion": 2, "layers": [], "annotations": {"n": number.to_string()}});
            let digest = format!("sha256:{}", Digest::of(manifest.to_string().as_bytes()));
            answers.insert(format!("manifests/{digest}"), ok(&manifest));
            listed.push(json!({"mediaType": registry::MANIFEST, "digest": digest, "size": 1}));
        }
        let referrers = format!("referrers/sha256:{}", subject());
        answers.insert(referrers, ok(&index(&listed)));
        beside(answers).units().map_err(|error| code_of(&error))
    };
    let most = limits::REGISTRY_CANDIDATES.most;
    assert_eq!(units(most), Ok(Vec::new()));
    for more in [most + 1, 10 * most] {
        assert_eq!(units(more), Err("limit.candidates".to_owned()));
    }
}

#[test]
fn so_many_pages_are_read_and_no_more() {
    let units = |pages: usize| {
        let mut answers = BTreeMap::new();
        let path = format!("referrers/sha256:{}", subject());
        for page in 0..pages {
            let name = match page {
                0 => path.clone(),
                page => format!("{path}?page={page}"),
            };
            let mut answer = ok(&index(&[]));
            if page + 1 < pages {
                let next = format!("</v2/shop/{path}?page={}>; rel=\"next\"", page + 1);
                answer.headers.push(("link".to_owned(), next));
            }
            answers.insert(name, answer);
        }
        beside(answers).units().map_err(|error| code_of(&error))
    };
    let most = limits::REGISTRY_PAGES.most;
    assert_eq!(units(most), Ok(Vec::new()));
    for more in [most + 1, 10 * most] {
        assert_eq!(units(more), Err("limit.candidates".to_owned()));
    }
}

#[test]
fn a_registry_has_its_time_and_manifests_their_length() {
    let transport = Rc::new(Scripted::default());
    let place = OciPlace::parse("registry.example/shop").unwrap();
    let store = RepositoryStore::new(place.clone(), Rc::clone(&transport) as _);
    let unit = UnitId::new("prod", "odoo").unwrap();
    assert_eq!(store.links(&unit).unwrap(), []);
    store.settle().unwrap();
    store.refresh().unwrap();
    let (read, write) = (limits::REGISTRY_TIME.time(), limits::REGISTRY_WRITE.time());
    assert_eq!(*transport.begun.borrow(), [read, write, read]);
    let most = transport.most.borrow();
    assert!(
        most.iter()
            .all(|most| *most == limits::REGISTRY_MANIFEST.most)
    );
    let too_long = Rc::new(Scripted {
        too_long: true,
        ..Scripted::default()
    });
    let error = RepositoryStore::new(place, too_long)
        .links(&unit)
        .unwrap_err();
    assert_eq!(code_of(&error), "limit.registry-answer");
}

#[test]
fn nothing_but_a_manifest_of_ours_is_a_link() {
    let unit = UnitId::new("prod", "odoo").unwrap();
    let tag = format!("manifests/link-{}-0", Digest::of(b"prod/odoo"));
    let links = |document: &Value| {
        let transport = Scripted {
            answers: BTreeMap::from([(tag.clone(), ok(document))]),
            ..Scripted::default()
        };
        let place = OciPlace::parse("registry.example/shop").unwrap();
        let store = RepositoryStore::new(place, Rc::new(transport));
        store.links(&unit).map_err(|error| code_of(&error))
    };
    let of = |path: &str| {
        let layer = json!({
            "mediaType": pack::ENVELOPE,
            "digest": format!("sha256:{}", Digest::of(b"x")),
            "size": 1,
            "annotations": {pack::TITLE: path},
        });
        json!({"schemaVersion": 2, "artifactType": pack::VERDICTS, "layers": [layer]})
    };
    // The blob is not there.
    let missing = Err("store.answer".to_owned());
    assert_eq!(links(&of("links/prod/odoo/0.json")), missing);
    // Another link's name, and an image.
    assert_eq!(links(&of("links/prod/odoo/1.json")), Ok(Vec::new()));
    let image = json!({"schemaVersion": 2, "layers": []});
    assert_eq!(links(&image), Err("store.answer".to_owned()));
}

/// A manifest of verdicts about `subject` with one link.
fn verdicts(subject: Digest) -> Value {
    json!({
        "schemaVersion": 2,
        "artifactType": pack::VERDICTS,
        "layers": [layer("links/prod/odoo/0.json", 1)],
        "subject": {"mediaType": registry::MANIFEST, "digest": format!("sha256:{subject}"), "size": 1},
    })
}

fn layer(path: &str, size: u64) -> Value {
    json!({
        "mediaType": pack::ENVELOPE,
        "digest": format!("sha256:{}", Digest::of(b"x")),
        "size": size,
        "annotations": {pack::TITLE: path},
    })
}

fn name_of(document: &Value) -> String {
    format!("sha256:{}", Digest::of(document.to_string().as_bytes()))
}

#[test]
fn what_refers_to_an_artifact_is_found_by_the_list_and_by_the_tag() {
    let list = format!("referrers/sha256:{}", subject());
    let tag = format!("manifests/sha256-{}", subject());
    let (ours, theirs) = (verdicts(subject()), verdicts(Digest::of(b"another")));
    for (document, media_type, artifact_type, found) in [
        (&ours, registry::MANIFEST, None, true),
        (&ours, registry::MANIFEST, Some(pack::VERDICTS), true),
        (&ours, registry::MANIFEST, Some(registry::EMPTY), true),
        (&ours, registry::MANIFEST, Some("text/html"), false),
        (&ours, registry::INDEX, None, false),
        (&theirs, registry::MANIFEST, None, false),
    ] {
        for place in [&list, &tag] {
            let mut listed =
                json!({"mediaType": media_type, "digest": name_of(document), "size": 1});
            if let Some(kind) = artifact_type {
                listed["artifactType"] = kind.into();
            }
            let store = beside(BTreeMap::from([
                (place.clone(), ok(&index(&[listed]))),
                (format!("manifests/{}", name_of(document)), ok(document)),
            ]));
            let units = store.units().unwrap();
            let expected = found.then(|| UnitId::new("prod", "odoo").unwrap());
            assert_eq!(
                units.first(),
                expected.as_ref(),
                "{media_type} {artifact_type:?}"
            );
        }
    }
}

#[test]
fn what_a_registry_says_of_an_artifact_must_hold() {
    let list = format!("referrers/sha256:{}", subject());
    let tag = format!("manifests/sha256-{}", subject());
    let ours = verdicts(subject());
    let named = format!("manifests/{}", name_of(&ours));
    let listed = json!({"mediaType": registry::MANIFEST, "digest": name_of(&ours), "size": 1});
    let mut elsewhere = ok(&index(&[]));
    let next = "<https://other.example/v2/shop/x>; rel=\"next\"";
    elsewhere.headers.push(("link".to_owned(), next.to_owned()));
    let another = json!({"schemaVersion": 2, "layers": []});
    for (answers, told) in [
        (
            vec![(&list, ok(&index(std::slice::from_ref(&listed))))],
            "not there",
        ),
        (
            vec![(&list, ok(&index(&[listed]))), (&named, ok(&another))],
            "another digest than was asked for",
        ),
        (vec![(&list, elsewhere)], "its next page is elsewhere"),
        (vec![(&tag, ok(&another))], "is no index"),
    ] {
        let answers = answers.into_iter();
        let answers = answers
            .map(|(path, answer)| (path.clone(), answer))
            .collect();
        let error = beside(answers).units().unwrap_err();
        assert_eq!(code_of(&error), "store.answer", "{told}");
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn an_envelope_is_fetched_up_to_its_length() {
    let unit = UnitId::new("prod", "odoo").unwrap();
    let most = limits::ENVELOPE.wide();
    for (size, content) in [(most, Ok(b"x".to_vec())), (most + 1, Err(Unread::TooLong))] {
        let link = json!({
            "schemaVersion": 2,
            "artifactType": pack::VERDICTS,
            "layers": [layer("links/prod/odoo/0.json", size)],
        });
        let blob = Answer {
            status: 200,
            headers: Vec::new(),
            body: b"x".to_vec(),
        };
        let answers = BTreeMap::from([
            (
                format!("manifests/link-{}-0", Digest::of(b"prod/odoo")),
                ok(&link),
            ),
            (format!("blobs/sha256:{}", Digest::of(b"x")), blob),
        ]);
        let transport = Scripted {
            answers,
            ..Scripted::default()
        };
        let place = OciPlace::parse("registry.example/shop").unwrap();
        let store = RepositoryStore::new(place, Rc::new(transport));
        let links = store.links(&unit).unwrap();
        assert_eq!(links.len(), 1);
        assert_eq!(links[0].content, content);
    }
}

#[test]
fn a_registry_is_asked_for_each_list_by_its_name() {
    let unit = UnitId::new("prod", "odoo").unwrap();
    let link = Digest::of(b"link");
    let (report, renewal) = ("reports/prod/odoo".to_owned(), format!("renewals/{link}"));
    let list = |folder: &str| {
        let path = format!("{folder}/x.json");
        ok(&json!({
            "schemaVersion": 2,
            "artifactType": pack::VERDICTS,
            "layers": [layer(&path, 1)],
        }))
    };
    let blob = Answer {
        status: 200,
        headers: Vec::new(),
        body: b"x".to_vec(),
    };
    let transport = Scripted {
        answers: BTreeMap::from([
            (
                format!("manifests/unit-{}", Digest::of(b"prod/odoo")),
                list(&report),
            ),
            (format!("manifests/renewals-{link}"), list(&renewal)),
            ("manifests/withdrawals".to_owned(), list("withdrawals")),
            (format!("blobs/sha256:{}", Digest::of(b"x")), blob),
        ]),
        ..Scripted::default()
    };
    let place = OciPlace::parse("registry.example/shop").unwrap();
    let store = RepositoryStore::new(place, Rc::new(transport));
    for files in [
        store.reports(&unit),
        store.renewals(link),
        store.withdrawals(),
    ] {
        let files = files.unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].name, "x.json");
        assert_eq!(files[0].content, Ok(b"x".to_vec()));
    }
}
