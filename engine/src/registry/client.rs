//! A client of the distribution protocol: manifests, blobs, what refers to a manifest.
//! What it returns has the digest that was asked for. Knows no verdict.

mod door;
mod link;

use std::cell::RefCell;
use std::rc::Rc;

use super::address::Address;
use super::form::{Descriptor, Document, INDEX, bare};
use super::{Answer, Method, OciPlace, RegistryError, Transport};
use crate::model::{Digest, limits};

/// One repository of a registry, and the right to use it.
pub(crate) struct Client {
    place: OciPlace,
    transport: Rc<dyn Transport>,
    /// What was last let in, and whether to write.
    pass: RefCell<Option<(String, Right)>>,
}

/// What an account is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Read,
    Write,
}

/// A manifest or index as it lies there.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) document: Document,
    /// What it says that it is, or its header.
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
}

/// What a manifest is asked for by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference<'a> {
    Tag(&'a str),
    Digest(Digest),
}

/// Whether the registry keeps the list of what refers to a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Listed,
    Unlisted,
}

/// A request to the repository.
struct Wish<'a> {
    method: Method,
    address: Address,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
    most: usize,
}

impl Client {
    pub(crate) fn new(place: OciPlace, transport: Rc<dyn Transport>) -> Self {
        Self {
            place,
            transport,
            pass: RefCell::default(),
        }
    }

    pub(crate) fn place(&self) -> &OciPlace {
        &self.place
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        self.transport.as_ref()
    }

    /// The manifest or index; `None` where there is none.
    pub(crate) fn manifest(&self, by: Reference<'_>) -> Result<Option<Found>, RegistryError> {
        let address = self.address(&format!("manifests/{}", name(by)));
        let shown = address.shown();
        let answer = self.send(&Wish {
            method: Method::Get,
            address,
            headers: &[("accept", ACCEPTED)],
            body: &[],
            most: limits::REGISTRY_MANIFEST.most,
        })?;
        match answer.status {
            200 => found(answer, by).map(Some),
            404 => Ok(None),
            status => Err(Wrong::Other(self.denied("read", status))),
        }
        .map_err(|wrong| wrong.at(shown))
    }

    /// Puts a manifest or index; whether the registry lists what refers to its subject.
    pub(crate) fn put_manifest(
        &self,
        by: Reference<'_>,
        kind: &str,
        bytes: &[u8],
    ) -> Result<Kept, RegistryError> {
        let answer = self.send(&Wish {
            method: Method::Put,
            address: self.address(&format!("manifests/{}", name(by))),
            headers: &[("content-type", kind)],
            body: bytes,
            most: ERROR,
        })?;
        match (answer.status, answer.header("oci-subject")) {
            (200..=299, Some(_)) => Ok(Kept::Listed),
            (200..=299, None) => Ok(Kept::Unlisted),
            (status, _) => Err(self.denied("write", status)),
        }
    }

    /// A blob that a manifest names.
    pub(crate) fn blob(&self, digest: Digest, size: u64) -> Result<Vec<u8>, RegistryError> {
        self.blob_there(digest, size)?.ok_or_else(|| {
            let place = self.address(&format!("blobs/sha256:{digest}")).shown();
            Wrong::Answer("a manifest names it, and it is not there".to_owned()).at(place)
        })
    }

    /// A blob, where it is there.
    pub(crate) fn blob_there(
        &self,
        digest: Digest,
        size: u64,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let address = self.address(&format!("blobs/sha256:{digest}"));
        let shown = address.shown();
        let most = usize::try_from(size).unwrap_or(usize::MAX);
        let answer = self.send(&Wish {
            method: Method::Get,
            address,
            headers: &[],
            body: &[],
            most,
        })?;
        match answer.status {
            200 if Digest::of(&answer.body) == digest => Ok(Some(answer.body)),
            200 => Err(Wrong::Answer("it has another digest".to_owned())),
            404 => Ok(None),
            status => Err(Wrong::Other(self.denied("read", status))),
        }
        .map_err(|wrong| wrong.at(shown))
    }

    /// Puts a blob; twice the same is once.
    pub(crate) fn put_blob(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        let digest = format!("sha256:{}", Digest::of(bytes));
        let there = self.send(&Wish {
            method: Method::Head,
            address: self.address(&format!("blobs/{digest}")),
            headers: &[],
            body: &[],
            most: 0,
        })?;
        if there.status == 200 {
            return Ok(());
        }
        let begin = self.address("blobs/uploads/");
        let begun = self.send(&Wish {
            method: Method::Post,
            address: begin.clone(),
            headers: &[],
            body: &[],
            most: ERROR,
        })?;
        if begun.status != 202 {
            return Err(self.denied("write", begun.status));
        }
        let put = self.send(&Wish {
            method: Method::Put,
            address: self
                .upload(&begin, &begun)?
                .with_query(&format!("digest={digest}")),
            headers: &[("content-type", "application/octet-stream")],
            body: bytes,
            most: ERROR,
        })?;
        match put.status {
            200..=299 => Ok(()),
            status => Err(self.denied("write", status)),
        }
    }

    /// All that the registry lists as referring to a manifest; `None` where it keeps no such list.
    pub(crate) fn referrers(
        &self,
        subject: Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let mut address = self.address(&format!("referrers/sha256:{subject}"));
        let (mut all, mut is_first) = (Vec::new(), true);
        for _ in 0..limits::REGISTRY_PAGES.most {
            let shown = address.shown();
            let answer = self.send(&Wish {
                method: Method::Get,
                address: address.clone(),
                headers: &[("accept", INDEX)],
                body: &[],
                most: limits::REGISTRY_MANIFEST.most,
            })?;
            match answer.status {
                200 => {}
                status if UNLISTED.contains(&status) && is_first => return Ok(None),
                status => return Err(self.denied("read", status)),
            }
            is_first = false;
            let kind = answer.header("content-type");
            let page = Document::parse(&answer.body, kind);
            let page = page.map_err(|what| Wrong::Answer(what).at(shown.clone()))?;
            let listed = page.manifests;
            all.extend(
                listed.ok_or_else(|| Wrong::Answer("no index".to_owned()).at(shown.clone()))?,
            );
            let next = link::next(answer.all("link"));
            let next = next.map_err(|what| Wrong::Answer(what.to_owned()).at(shown.clone()))?;
            match next {
                None => return Ok(Some(all)),
                Some(next) => {
                    let next = address.join(next).filter(|next| self.is_home(next));
                    address = next.ok_or_else(|| {
                        Wrong::Answer("its next page is elsewhere".to_owned()).at(shown)
                    })?;
                }
            }
        }
        Err(RegistryError::TooMany {
            place: self.place.to_string(),
            limit: format!("{} pages of a list", limits::REGISTRY_PAGES.most),
        })
    }

    fn upload(&self, begin: &Address, begun: &Answer) -> Result<Address, RegistryError> {
        let place = begun.header("location").and_then(|text| begin.join(text));
        place.filter(|place| self.is_home(place)).ok_or_else(|| {
            Wrong::Answer("it wants the upload elsewhere".to_owned()).at(begin.shown())
        })
    }

    fn address(&self, path: &str) -> Address {
        let target = format!("/v2/{}/{path}", self.place.repository);
        Address::of(&self.place.registry, target)
    }

    /// Whether an address is the registry itself.
    fn is_home(&self, address: &Address) -> bool {
        address.authority == self.place.registry
    }
}

/// What is wrong, before it is known with what.
#[derive(Debug)]
enum Wrong {
    Answer(String),
    Other(RegistryError),
}

impl Wrong {
    fn at(self, place: String) -> RegistryError {
        match self {
            Self::Answer(what) => RegistryError::Answer { place, what },
            Self::Other(error) => error,
        }
    }
}

/// The bytes decide what a digest is; what the registry says of them must agree.
fn found(answer: Answer, by: Reference<'_>) -> Result<Found, Wrong> {
    let digest = Digest::of(&answer.body);
    let other = |who: &str| Wrong::Answer(format!("it has another digest than {who}"));
    if matches!(by, Reference::Digest(wanted) if wanted != digest) {
        return Err(other("was asked for"));
    }
    if let Some(said) = answer.header("docker-content-digest")
        && let Some(said) = said.strip_prefix("sha256:")
        && said != digest.to_string()
    {
        return Err(other("its header says"));
    }
    let header = answer.header("content-type");
    let document = Document::parse(&answer.body, header).map_err(Wrong::Answer)?;
    let media_type = document.media_type.clone();
    Ok(Found {
        media_type: media_type.unwrap_or_else(|| bare(header.unwrap_or_default()).to_owned()),
        document,
        digest,
        bytes: answer.body,
    })
}

fn name(by: Reference<'_>) -> String {
    match by {
        Reference::Tag(tag) => tag.to_owned(),
        Reference::Digest(digest) => format!("sha256:{digest}"),
    }
}

/// The second half is what docker's own programs push.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json";
/// What a registry answers that keeps no such list: 404 by the protocol, and what those say that do not know of it.
const UNLISTED: [u16; 5] = [400, 404, 405, 406, 501];
/// So much of an answer is read that is not what was asked for.
const ERROR: usize = 64 << 10;

#[cfg(test)]
mod tests;
