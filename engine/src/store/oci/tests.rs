//! Stores in a registry that says what a test wants, without a socket.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::attest::UnitId;
use crate::model::{Digest, code_of, limits};
use crate::store::Store;

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
            listed.push(json!({"mediaType": form::MANIFEST, "digest": digest, "size": 1}));
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
            "mediaType": form::ENVELOPE,
            "digest": format!("sha256:{}", Digest::of(b"x")),
            "size": 1,
            "annotations": {form::TITLE: path},
        });
        json!({"schemaVersion": 2, "artifactType": form::VERDICTS, "layers": [layer]})
    };
    // The blob is not there.
    let missing = Err("store.answer".to_owned());
    assert_eq!(links(&of("links/prod/odoo/0.json")), missing);
    // Another link's name, and an image.
    assert_eq!(links(&of("links/prod/odoo/1.json")), Ok(Vec::new()));
    let image = json!({"schemaVersion": 2, "layers": []});
    assert_eq!(links(&image), Err("store.answer".to_owned()));
}
