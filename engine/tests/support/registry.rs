//! A registry of OCI artifacts in this process, as good or as bad as a test wants it.
//! Knows no verdict.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use tidegate::model::Digest;

/// The registry; it ends with the process.
#[derive(Clone)]
pub(crate) struct Registry {
    port: u16,
    inner: Arc<Mutex<Inner>>,
}

/// What it keeps, how it behaves, what it was asked.
#[derive(Default)]
pub(crate) struct Inner {
    /// By `REPOSITORY/TAG` and `REPOSITORY/sha256:…`.
    pub(crate) manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// Whether it lists what refers to a manifest; entries a page.
    pub(crate) referrers: Option<usize>,
    /// The account without which nobody is let in, and how it is asked for.
    pub(crate) account: Option<(String, Door)>,
    pub(crate) asked: Vec<Heard>,
    /// Said instead of what it would say, where it is something.
    pub(crate) instead: Option<Instead>,
}

pub(crate) type Instead =
    Box<dyn FnMut(&Heard, &mut BTreeMap<String, (String, Vec<u8>)>) -> Option<Reply> + Send>;

/// How an account is asked for.
#[derive(Clone)]
pub(crate) enum Door {
    Basic,
    /// Where the token comes from.
    Bearer(String),
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    body: Vec<u8>,
}

/// An answer, or none.
pub(crate) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Bytes as they are, then the end.
    Raw(Vec<u8>),
    /// Bytes, then as many more as are read.
    Endless(Vec<u8>),
}

impl Registry {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = Self {
            port: listener.local_addr().unwrap().port(),
            inner: Arc::default(),
        };
        let serving = registry.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                thread::spawn(move || serving.serve(stream.unwrap()));
            }
        });
        registry
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A repository as the binary is told of it.
    pub(crate) fn store(&self, repository: &str) -> String {
        format!("oci:{}/{repository}", self.host())
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn instead(
        &self,
        instead: impl FnMut(&Heard, &mut BTreeMap<String, (String, Vec<u8>)>) -> Option<Reply>
        + Send
        + 'static,
    ) {
        self.inner().instead = Some(Box::new(instead));
    }

    /// Puts an image without anything in it; its digest.
    pub(crate) fn artifact(&self, repository: &str) -> String {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
            "layers": [],
        });
        self.put(repository, None, MANIFEST, &manifest)
    }

    /// Puts a document by digest, and by tag where one is given.
    pub(crate) fn put(
        &self,
        repository: &str,
        tag: Option<&str>,
        kind: &str,
        document: &Value,
    ) -> String {
        let bytes = serde_json::to_vec(document).unwrap();
        let digest = digest(&bytes);
        let mut inner = self.inner();
        for name in [Some(digest.as_str()), tag].into_iter().flatten() {
            let key = format!("{repository}/{name}");
            inner
                .manifests
                .insert(key, (kind.to_owned(), bytes.clone()));
        }
        digest
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while let Some(heard) = read(&mut reader) {
            let reply = {
                let mut inner = self.inner();
                inner.asked.push(heard.clone());
                inner.reply(&heard)
            };
            if send(&mut stream, &heard, reply).is_none() {
                return;
            }
        }
    }
}

impl Inner {
    fn reply(&mut self, heard: &Heard) -> Reply {
        if let Some(instead) = &mut self.instead
            && let Some(reply) = instead(heard, &mut self.manifests)
        {
            return reply;
        }
        if let Some(reply) = self.turned_away(heard) {
            return reply;
        }
        let (path, query) = heard.target.split_once('?').unwrap_or((&heard.target, ""));
        let Some(path) = path.strip_prefix("/v2/") else {
            return status(404);
        };
        for (kind, handle) in [
            ("/manifests/", Self::manifest as Handle),
            ("/blobs/uploads/", Self::upload),
            ("/blobs/", Self::blob),
            ("/referrers/", Self::referrers),
        ] {
            if let Some((repository, name)) = path.split_once(kind) {
                return handle(self, heard, repository, (name, query));
            }
        }
        status(404)
    }

    fn turned_away(&self, heard: &Heard) -> Option<Reply> {
        let (pass, door) = self.account.as_ref()?;
        if heard.target.starts_with("/token") {
            let body = json!({"token": "GRANTED"}).to_string();
            return Some(Reply::Answer(200, Vec::new(), body.into_bytes()));
        }
        let (wanted, challenge) = match door {
            Door::Basic => (pass.clone(), "Basic realm=\"shop\"".to_owned()),
            Door::Bearer(realm) => (
                "Bearer GRANTED".to_owned(),
                format!("Bearer realm=\"{realm}\",service=\"shop\",scope=\"repository:other:*\""),
            ),
        };
        let let_in = heard.authorization.as_ref() == Some(&wanted);
        (!let_in).then(|| Reply::Answer(401, vec![("www-authenticate", challenge)], Vec::new()))
    }

    fn manifest(&mut self, heard: &Heard, repository: &str, (name, _): (&str, &str)) -> Reply {
        let key = format!("{repository}/{name}");
        if heard.method == "PUT" {
            let document: Value = serde_json::from_slice(&heard.body).unwrap();
            let kind = document["mediaType"].as_str().unwrap().to_owned();
            let by_digest = format!("{repository}/{}", digest(&heard.body));
            for key in [key, by_digest] {
                self.manifests
                    .insert(key, (kind.clone(), heard.body.clone()));
            }
            let subject = document["subject"]["digest"].as_str().map(str::to_owned);
            let subject = subject.filter(|_| self.referrers.is_some());
            let headers = subject.map(|subject| ("oci-subject", subject));
            return Reply::Answer(201, headers.into_iter().collect(), Vec::new());
        }
        match self.manifests.get(&key) {
            Some((kind, bytes)) => {
                let headers = vec![
                    ("content-type", kind.clone()),
                    ("docker-content-digest", digest(bytes)),
                ];
                Reply::Answer(200, headers, bytes.clone())
            }
            None => status(404),
        }
    }

    fn upload(&mut self, heard: &Heard, repository: &str, (_, query): (&str, &str)) -> Reply {
        if heard.method == "POST" {
            let to = format!("/v2/{repository}/blobs/uploads/1?state=a");
            return Reply::Answer(202, vec![("location", to)], Vec::new());
        }
        let name = digest(&heard.body);
        assert!(query.contains(&format!("digest={name}")), "{query}");
        self.blobs.insert(name, heard.body.clone());
        status(201)
    }

    fn blob(&mut self, _: &Heard, _: &str, (name, _): (&str, &str)) -> Reply {
        match self.blobs.get(name) {
            Some(bytes) => Reply::Answer(200, Vec::new(), bytes.clone()),
            None => status(404),
        }
    }

    fn referrers(&mut self, _: &Heard, repository: &str, (subject, query): (&str, &str)) -> Reply {
        let Some(page) = self.referrers else {
            return status(404);
        };
        let mut listed = Vec::new();
        for (name, (_, bytes)) in &self.manifests {
            let document: Value = serde_json::from_slice(bytes).unwrap();
            if document["subject"]["digest"] == subject && name.contains("/sha256:") {
                listed.push(json!({
                    "mediaType": document["mediaType"],
                    "artifactType": document["artifactType"],
                    "digest": digest(bytes),
                    "size": bytes.len(),
                }));
            }
        }
        let start: usize = query
            .strip_prefix("start=")
            .map_or(0, |text| text.parse().unwrap());
        let end = listed.len().min(start + page);
        let index =
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed[start..end]});
        let mut headers = vec![("content-type", INDEX.to_owned())];
        if end < listed.len() {
            let next = format!("</v2/{repository}/referrers/{subject}?start={end}>; rel=\"next\"");
            headers.push(("link", next));
        }
        Reply::Answer(200, headers, index.to_string().into_bytes())
    }
}

type Handle = fn(&mut Inner, &Heard, &str, (&str, &str)) -> Reply;

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Digest::of(bytes))
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Answer(status, Vec::new(), Vec::new())
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut first = String::new();
    reader
        .read_line(&mut first)
        .ok()
        .filter(|length| *length > 0)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard {
        method,
        target,
        authorization,
        body,
    })
}

/// Nothing where the connection is over.
fn send(stream: &mut TcpStream, heard: &Heard, reply: Reply) -> Option<()> {
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str("\r\n");
            stream.write_all(text.as_bytes()).ok()?;
            match heard.method.as_str() {
                "HEAD" => Some(()),
                _ => stream.write_all(&body).ok(),
            }
        }
        Reply::Raw(bytes) => {
            stream.write_all(&bytes).ok()?;
            None
        }
        Reply::Endless(bytes) => {
            stream.write_all(&bytes).ok()?;
            let more = [b' '; 1 << 16];
            loop {
                stream.write_all(&more).ok()?;
            }
        }
    }
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
