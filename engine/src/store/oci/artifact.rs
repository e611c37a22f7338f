//! A store beside an artifact of a registry: what refers to its manifest and holds verdicts.
//! Knows nothing of what the files say, nor of what the artifact holds.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::pack::{self, Pack, Packed, VERDICTS};
use super::repository::{blocked, path_of_link};
use crate::attest::UnitId;
use crate::model::{Digest, GitId, Told, limits};
use crate::registry::{
    Client, Descriptor, EMPTY, Found, INDEX, Kept, MANIFEST, OciPlace, Reference, RegistryError,
    Transport,
};
use crate::store::{Error, Store, StoredFile, layout};

/// What lies beside one artifact.
pub struct ArtifactStore {
    client: Client,
    subject: Digest,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    seen: Option<Pack>,
    pending: BTreeMap<String, Vec<u8>>,
}

impl ArtifactStore {
    /// Takes what lies beside the artifact of `place`; nothing is asked yet.
    ///
    /// # Errors
    /// The place names no artifact.
    pub fn new(place: OciPlace, transport: Rc<dyn Transport>) -> Result<Self, RegistryError> {
        let subject = place.artifact.ok_or_else(|| RegistryError::Place {
            text: place.to_string(),
            why: "it names no artifact",
        })?;
        transport.begin(limits::REGISTRY_TIME.time());
        Ok(Self {
            client: Client::new(place, transport),
            subject,
            state: RefCell::default(),
        })
    }

    /// All files of all candidates, as they were when they were first looked at.
    fn all(&self) -> Result<Pack, Error> {
        if let Some(pack) = &self.state.borrow().seen {
            return Ok(pack.clone());
        }
        let mut all = Pack::default();
        for candidate in self.candidates()? {
            all.files.extend(self.candidate(candidate)?.files);
        }
        self.state.borrow_mut().seen = Some(all.clone());
        Ok(all)
    }

    /// The manifests that may hold verdicts: of the registry's list and of the tag that stands in for it.
    fn candidates(&self) -> Result<BTreeSet<Digest>, RegistryError> {
        let listed = self.client.referrers(self.subject)?.unwrap_or_default();
        let beside = self.beside()?.and_then(|index| index.document.manifests);
        let beside = beside.unwrap_or_default();
        let mut candidates = BTreeSet::new();
        for descriptor in listed.iter().chain(&beside).filter(may_be_ours) {
            candidates.extend(descriptor.digest());
            if candidates.len() > limits::REGISTRY_CANDIDATES.most {
                return Err(self.too_many());
            }
        }
        Ok(candidates)
    }

    /// What a candidate holds: nothing where it is about another artifact, or no verdicts.
    fn candidate(&self, digest: Digest) -> Result<Pack, RegistryError> {
        let wrong = |what: String| RegistryError::Answer {
            place: format!("{} sha256:{digest}", self.client.place()),
            what,
        };
        let found = self.client.manifest(Reference::Digest(digest))?;
        let found = found.ok_or_else(|| {
            wrong("it is listed beside the artifact, and not there; publish anew under another digest, or mend the list".to_owned())
        })?;
        let subject = found.document.subject.as_ref().and_then(Descriptor::digest);
        if subject != Some(self.subject) {
            return Ok(Pack::default());
        }
        Ok(Pack::of(&found).map_err(wrong)?.unwrap_or_default())
    }

    /// The index that stands in for the list where the registry keeps none.
    fn beside(&self) -> Result<Option<Found>, RegistryError> {
        let tag = self.tag();
        let found = self.client.manifest(Reference::Tag(&tag))?;
        if found.as_ref().is_none_or(|found| found.document.is_index()) {
            return Ok(found);
        }
        Err(self.wrong(format!("`{tag}` is no index of what refers to it")))
    }

    fn wrong(&self, what: String) -> RegistryError {
        RegistryError::Answer {
            place: self.client.place().to_string(),
            what,
        }
    }

    fn too_many(&self) -> RegistryError {
        RegistryError::TooMany {
            place: self.client.place().to_string(),
            limit: format!("{} statements", limits::REGISTRY_CANDIDATES.most),
        }
    }

    /// Where the index lies.
    fn tag(&self) -> String {
        format!("sha256-{}", self.subject)
    }

    fn read(&self, folder: &str) -> Result<Vec<StoredFile>, Error> {
        pack::read(&self.client, self.all()?.files.iter(), folder)
    }

    fn put_once(&self, path: String, bytes: &[u8]) -> Result<(), Error> {
        match self.all()?.holds(&path, bytes) {
            Some(true) => Ok(()),
            Some(false) => Err(blocked(&self.client, &path)),
            None => {
                let mut state = self.state.borrow_mut();
                state.pending.insert(path, bytes.to_vec());
                Ok(())
            }
        }
    }

    /// What the artifact is, for those who refer to it.
    fn described(&self) -> Result<Descriptor, RegistryError> {
        let found = self.client.manifest(Reference::Digest(self.subject))?;
        let found = found.ok_or_else(|| self.wrong("no such artifact is there".to_owned()))?;
        let kind = if found.document.is_index() {
            INDEX
        } else {
            MANIFEST
        };
        Ok(Descriptor {
            media_type: found.document.media_type.unwrap_or_else(|| kind.to_owned()),
            digest: format!("sha256:{}", found.digest),
            size: u64::try_from(found.bytes.len()).unwrap_or(u64::MAX),
            artifact_type: None,
            annotations: BTreeMap::new(),
        })
    }

    /// Lists what was put where the registry does not do so itself.
    fn list(&self, put: &Descriptor) -> Result<(), Error> {
        let tag = self.tag();
        for _ in 0..ATTEMPTS {
            let by = Reference::Tag(&tag);
            let index = self.beside()?;
            let listed = index
                .as_ref()
                .and_then(|index| index.document.manifests.as_ref());
            if listed.is_some_and(|listed| listed.iter().any(|other| other.digest == put.digest)) {
                return Ok(());
            }
            let bytes = index.map(|index| index.bytes).unwrap_or_default();
            let longer = with_one_more(&bytes, put).map_err(|what| self.wrong(what))?;
            self.client.put_manifest(by, INDEX, &longer)?;
        }
        Err(Error::Overwritten {
            place: format!("{}:{tag}", self.client.place()),
            attempts: ATTEMPTS,
        })
    }
}

impl Store for ArtifactStore {
    fn told(&self) -> Option<Told> {
        self.client.transport().told()
    }

    fn refresh(&self) -> Result<(), Error> {
        self.client.transport().begin(limits::REGISTRY_TIME.time());
        *self.state.borrow_mut() = State::default();
        Ok(())
    }

    fn settle(&self) -> Result<(), Error> {
        let pending = self.state.take().pending;
        if pending.is_empty() {
            return Ok(());
        }
        self.client.transport().begin(limits::REGISTRY_WRITE.time());
        if self.candidates()?.len() >= limits::REGISTRY_CANDIDATES.most {
            return Err(Error::Registry(self.too_many()));
        }
        let files = pending.iter().map(|(path, bytes)| Packed::new(path, bytes));
        let pack = Pack {
            files: files.collect(),
        };
        let manifest = pack.manifest(Some(self.described()?))?;
        Pack::put_blobs(&self.client, pending.values().map(Vec::as_slice))?;
        let by = Reference::Digest(Digest::of(&manifest));
        if self.client.put_manifest(by, MANIFEST, &manifest)? == Kept::Unlisted {
            self.list(&Descriptor {
                artifact_type: Some(VERDICTS.to_owned()),
                ..Descriptor::of(MANIFEST, &manifest)
            })?;
        }
        Ok(())
    }

    fn check_signing(&self) -> Result<(), Error> {
        Err(Error::CannotDecide {
            place: self.client.place().to_string(),
        })
    }

    fn keeps_older(&self) -> bool {
        false
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        Ok(units_of(&self.all()?))
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.read(&layout::links(unit))
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        let path = path_of_link(unit, height);
        if self.all()?.holds(&path, envelope) == Some(false) {
            return Err(Error::Conflict {
                unit: unit.to_string(),
                height,
            });
        }
        self.put_once(path, envelope)
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.read(&layout::reports(unit))
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        let name = layout::report(gated_tree, payload);
        self.put_once(format!("{}/{name}", layout::reports(unit)), envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        self.read(&layout::renewals(link))
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        let name = layout::renewal(time);
        self.put_once(format!("{}/{name}", layout::renewals(link)), envelope)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        self.read(layout::WITHDRAWALS)
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        let name = layout::withdrawal(payload);
        self.put_once(format!("{}/{name}", layout::WITHDRAWALS), envelope)
    }
}

/// Registries differ in what they say of an artifact's type; what is none by its manifest falls away there.
fn may_be_ours(descriptor: &&Descriptor) -> bool {
    descriptor.media_type == MANIFEST
        && matches!(
            descriptor.artifact_type.as_deref(),
            None | Some(VERDICTS | EMPTY)
        )
}

/// The units of which links are among these files.
fn units_of(pack: &Pack) -> Vec<UnitId> {
    let units: BTreeSet<UnitId> = pack
        .files
        .iter()
        .filter_map(|file| {
            let rest = file.path.strip_prefix(layout::LINKS)?.strip_prefix('/')?;
            let (environment, rest) = rest.split_once('/')?;
            let (unit, _) = rest.split_once('/')?;
            UnitId::new(environment, unit).ok()
        })
        .collect();
    units.into_iter().collect()
}

/// An index with one entry more; what others wrote into it stays as it is.
fn with_one_more(index: &[u8], put: &Descriptor) -> Result<Vec<u8>, String> {
    let mut index: Value = match index {
        [] => json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}),
        bytes => serde_json::from_slice(bytes).map_err(|error| error.to_string())?,
    };
    let put = serde_json::to_value(put).map_err(|error| error.to_string())?;
    let listed = index.get_mut("manifests").and_then(Value::as_array_mut);
    listed.ok_or("an index without entries")?.push(put);
    serde_json::to_vec(&index).map_err(|error| error.to_string())
}

/// So often the list is written that others write too.
const ATTEMPTS: u32 = 8;
