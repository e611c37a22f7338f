//! Both stores over a registry that keeps what it is given: what one publishes, the next one reads.
//! Knows no socket.

use super::*;
use crate::model::GitId;

/// A registry that keeps blobs and manifests, and no list of what refers to what.
#[derive(Default)]
struct Keeping {
    kept: RefCell<BTreeMap<String, Answer>>,
    begun: RefCell<Vec<Duration>>,
    written: RefCell<usize>,
}

impl Transport for Keeping {
    fn begin(&self, patience: Duration) {
        self.begun.borrow_mut().push(patience);
    }

    fn exchange(&self, ask: &Ask<'_>) -> Result<Answer, Failure> {
        let path = ask.url.strip_prefix("https://registry.example/v2/shop/");
        let path = path.unwrap();
        let status = |status| Answer {
            status,
            ..Answer::default()
        };
        let there = self.kept.borrow().get(path).cloned();
        Ok(match ask.method {
            Method::Get | Method::Head => there.unwrap_or_else(|| status(404)),
            Method::Post => Answer {
                headers: vec![("location".to_owned(), "/v2/shop/put".to_owned())],
                ..status(202)
            },
            Method::Put => {
                *self.written.borrow_mut() += 1;
                let digest = format!("sha256:{}", Digest::of(ask.body));
                let names = match path.strip_prefix("put?digest=") {
                    Some(name) => vec![format!("blobs/{name}")],
                    None => vec![path.to_owned(), format!("manifests/{digest}")],
                };
                let headers = ask.headers.iter();
                let headers =
                    headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                let answer = Answer {
                    headers: headers.collect(),
                    body: ask.body.to_vec(),
                    status: 200,
                };
                let names = names.into_iter().map(|name| (name, answer.clone()));
                self.kept.borrow_mut().extend(names);
                status(201)
            }
        })
    }

    fn pause(&self, _: Duration) -> bool {
        true
    }

    fn credentials(&self, _: &str) -> Result<Option<Credentials>, Failure> {
        Ok(None)
    }
}

impl Keeping {
    /// One that keeps `artifact`, and the place of that.
    fn with(artifact: &Value) -> (Rc<Self>, Digest) {
        let registry = Self::default();
        let subject = Digest::of(artifact.to_string().as_bytes());
        let name = format!("manifests/sha256:{subject}");
        registry.kept.borrow_mut().insert(name, ok(artifact));
        (Rc::new(registry), subject)
    }

    fn manifests(&self) -> Vec<Value> {
        let kept = self.kept.borrow();
        let manifests = kept
            .iter()
            .filter(|(path, _)| path.starts_with("manifests/sha256:"));
        manifests
            .map(|(_, answer)| serde_json::from_slice(&answer.body).unwrap())
            .collect()
    }
}

fn image() -> Value {
    json!({"schemaVersion": 2, "layers": []})
}

fn beside_it(registry: &Rc<Keeping>, subject: Digest) -> ArtifactStore {
    let place = format!("registry.example/shop@sha256:{subject}");
    ArtifactStore::new(OciPlace::parse(&place).unwrap(), Rc::clone(registry) as _).unwrap()
}

fn repository(registry: &Rc<Keeping>) -> RepositoryStore {
    let place = OciPlace::parse("registry.example/shop").unwrap();
    RepositoryStore::new(place, Rc::clone(registry) as _)
}

fn odoo() -> UnitId {
    UnitId::new("prod", "odoo").unwrap()
}

fn at() -> jiff::Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// One file of each kind.
fn publish(store: &dyn Store) {
    store.publish_link(&odoo(), 0, b"link").unwrap();
    store
        .publish_report(&odoo(), GitId::EMPTY_TREE, Digest::of(b"r"), b"report")
        .unwrap();
    store
        .publish_renewal(Digest::of(b"link"), at(), b"renewal")
        .unwrap();
    store
        .publish_withdrawal(Digest::of(b"w"), b"withdrawal")
        .unwrap();
    store.settle().unwrap();
}

/// The contents of each list.
fn contents(store: &dyn Store) -> Vec<String> {
    let lists = [
        store.links(&odoo()),
        store.reports(&odoo()),
        store.renewals(Digest::of(b"link")),
        store.withdrawals(),
    ];
    let files = lists.into_iter().flat_map(Result::unwrap);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    files.map(|file| text(file.content.unwrap())).collect()
}

const EACH: [&str; 4] = ["link", "report", "renewal", "withdrawal"];

#[test]
fn what_is_published_is_there_for_the_next_who_reads() {
    let (registry, subject) = Keeping::with(&image());
    let each: [&dyn Fn() -> Box<dyn Store>; 2] =
        [&|| Box::new(beside_it(&registry, subject)), &|| {
            Box::new(repository(&registry))
        }];
    for store in each {
        let earlier = store();
        assert_eq!(contents(&*earlier), [""; 0]);
        publish(&*store());
        assert_eq!(contents(&*store()), EACH);
        assert_eq!(store().units().unwrap(), [odoo()]);
        assert!(!earlier.keeps_older());
        let looked = earlier.reports(&odoo()).unwrap();
        assert!(looked.is_empty(), "what it has seen it does not ask again");
        earlier.refresh().unwrap();
        assert_eq!(contents(&*earlier), EACH);
        let written = *registry.written.borrow();
        publish(&*store());
        assert_eq!(*registry.written.borrow(), written, "twice is once");
        let another = store().publish_link(&odoo(), 0, b"another").unwrap_err();
        assert_eq!(code_of(&another), "store.conflict");
    }
}

#[test]
fn each_part_of_a_run_has_its_time() {
    let (registry, subject) = Keeping::with(&image());
    let (read, write) = (limits::REGISTRY_TIME.time(), limits::REGISTRY_WRITE.time());
    let begun = || std::mem::take(&mut *registry.begun.borrow_mut());
    let store = beside_it(&registry, subject);
    store.settle().unwrap();
    assert_eq!(
        begun(),
        [read],
        "nothing is written where nothing was published"
    );
    publish(&store);
    store.refresh().unwrap();
    assert_eq!(begun(), [write, read]);
    let store = repository(&registry);
    publish(&store);
    store.refresh().unwrap();
    assert_eq!(begun(), [read, write, read]);
}

#[test]
fn verdicts_say_what_they_are_beside() {
    let typed = "application/vnd.docker.distribution.manifest.v2+json";
    for (artifact, media_type) in [
        (image(), registry::MANIFEST),
        (index(&[]), registry::INDEX),
        (
            json!({"schemaVersion": 2, "layers": [], "mediaType": typed}),
            typed,
        ),
    ] {
        let (registry, subject) = Keeping::with(&artifact);
        publish(&beside_it(&registry, subject));
        let manifests = registry.manifests();
        let subjects = manifests.iter().filter_map(|it| it.get("subject"));
        let subjects: Vec<_> = subjects.collect();
        let size = artifact.to_string().len();
        let digest = format!("sha256:{subject}");
        assert_eq!(
            subjects,
            [&json!({"mediaType": media_type, "digest": digest, "size": size})]
        );
    }
}

#[test]
fn nothing_is_put_beside_so_many_that_nobody_would_read_it() {
    for (count, answer) in [
        (limits::REGISTRY_CANDIDATES.most - 1, Ok(())),
        (
            limits::REGISTRY_CANDIDATES.most,
            Err("limit.candidates".to_owned()),
        ),
    ] {
        let (registry, subject) = Keeping::with(&image());
        let mut listed = Vec::new();
        for number in 0..count {
            let mut other = image();
            other["annotations"] = json!({"n": number.to_string()});
            let name = name_of(&other);
            let path = format!("manifests/{name}");
            registry.kept.borrow_mut().insert(path, ok(&other));
            listed.push(json!({"mediaType": registry::MANIFEST, "digest": name, "size": 1}));
        }
        let tag = format!("manifests/sha256-{subject}");
        registry.kept.borrow_mut().insert(tag, ok(&index(&listed)));
        let store = beside_it(&registry, subject);
        store.publish_link(&odoo(), 0, b"link").unwrap();
        assert_eq!(store.settle().map_err(|error| code_of(&error)), answer);
        assert!(beside_it(&registry, subject).units().is_ok());
    }
}

#[test]
fn a_link_whose_publication_was_cut_off_is_read_and_listed_by_the_next_who_publishes() {
    let (registry, _) = Keeping::with(&image());
    publish(&repository(&registry));
    let before = registry.kept.borrow().clone();
    let is_list = |path: &str| path.starts_with("manifests/unit");
    registry.kept.borrow_mut().retain(|path, _| !is_list(path));
    assert_eq!(before.len() - registry.kept.borrow().len(), 2);
    let store = repository(&registry);
    assert_eq!(store.links(&odoo()).unwrap().len(), 1);
    assert_eq!(store.units().unwrap(), []);
    store.settle().unwrap();
    let next = repository(&registry);
    assert_eq!(next.units().unwrap(), [odoo()]);
    assert!(next.older_links(&odoo()).unwrap().is_empty());
    let names = registry.kept.borrow();
    assert!(before.keys().all(|path| names.contains_key(path)));
}

#[test]
fn what_is_old_leaves_the_list_and_its_height_keeps_it() {
    let (registry, _) = Keeping::with(&image());
    let store = repository(&registry);
    let digest = |height: u64| Digest::of(&[u8::try_from(height).unwrap()]);
    for height in 0..4 {
        let bytes = [u8::try_from(height).unwrap()];
        store.publish_link(&odoo(), height, &bytes).unwrap();
    }
    let report = |store: &RepositoryStore| {
        let report = store.publish_report(&odoo(), GitId::EMPTY_TREE, digest(9), b"report");
        report.unwrap();
    };
    report(&store);
    store.settle().unwrap();
    let heights = |files: Vec<crate::store::StoredFile>| {
        let heights = files.iter().map(|file| file.height().unwrap());
        heights.collect::<Vec<_>>()
    };
    let seen = || {
        let next = repository(&registry);
        let links = heights(next.links(&odoo()).unwrap());
        let older = heights(next.older_links(&odoo()).unwrap());
        (links, older, next.reports(&odoo()).unwrap().len())
    };
    let retire = |old: &[u64]| {
        let store = repository(&registry);
        let old: Vec<_> = old
            .iter()
            .map(|height| (*height, digest(*height)))
            .collect();
        store.retire(&odoo(), &old).unwrap();
        store.settle().unwrap();
    };
    assert_eq!(seen(), (vec![0, 1, 2, 3], vec![], 1));
    retire(&[]);
    assert_eq!(seen(), (vec![0, 1, 2, 3], vec![], 1), "nothing was old");
    retire(&[0, 1]);
    assert_eq!(seen(), (vec![2, 3], vec![0, 1], 0), "with their reports");
    report(&repository(&registry));
    retire(&[0, 1]);
    assert_eq!(seen(), (vec![2, 3], vec![0, 1], 0));
}

#[test]
fn of_renewals_the_newest_alone_stays() {
    let (registry, _) = Keeping::with(&image());
    let link = Digest::of(b"link");
    for (time, bytes) in [
        ("2026-11-20T10:00:00Z", b"1"),
        ("2026-11-20T11:00:00Z", b"2"),
    ] {
        let store = repository(&registry);
        store
            .publish_renewal(link, time.parse().unwrap(), bytes)
            .unwrap();
        store.settle().unwrap();
        let files = repository(&registry).renewals(link).unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].content, Ok(bytes.to_vec()));
    }
}
