//! What one file holds: its objects, secrets masked.
//! Knows nothing of the repository that it lies in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Error, deployer};
use crate::change::Source;
use crate::git;
use crate::manifest::secrets::{self, Secrets};
use crate::manifest::{self, Limits, ManifestFile, Role};
use crate::model::{ObjectRef, RepoPath, Span};

/// What a file holds.
pub(super) struct File {
    /// Its objects.
    pub(super) sources: Vec<Source>,
    /// What is masked in the text of each.
    pub(super) secrets: Secrets,
    /// Where each object first stands among them.
    places: BTreeMap<ObjectRef, usize>,
    /// Keys that Kubernetes reads as something else.
    pub(super) converted_keys: Vec<Span>,
    /// Whether a deployer leaves the file out.
    pub(super) left_out: bool,
    /// Whether it is known to be no pointer of Git LFS.
    pub(super) no_pointer: bool,
}

/// The text of a file that holds these objects, to be read on its own: what it is, YAML or JSON, without a secret.
pub(super) fn written(sources: &[Source], secrets: &Secrets) -> Option<String> {
    let text = &sources.first()?.text;
    Some(secrets::written(text, secrets))
}

impl File {
    pub(super) fn empty() -> Self {
        Self {
            sources: Vec::new(),
            secrets: Secrets::default(),
            places: BTreeMap::new(),
            converted_keys: Vec::new(),
            left_out: false,
            no_pointer: false,
        }
    }

    /// The first object of this identity.
    pub(super) fn source(&self, object: &ObjectRef) -> Option<&Source> {
        self.sources.get(*self.places.get(object)?)
    }

    /// Reads the bytes of one file.
    pub(super) fn read(path: &RepoPath, bytes: &[u8]) -> Result<Self, Error> {
        let file = manifest::read(path, bytes)?;
        if file.role != Role::Objects {
            return Ok(Self::empty());
        }
        manifest::check_shape(&file)?;
        let secrets = secrets::secrets_of(&file.objects, &file.text);
        Ok(Self::of(file, bytes, secrets))
    }

    /// Reads what was rendered, within other bounds; what was `given` as a secret is one wherever it stands.
    pub(super) fn read_rendered(
        path: &RepoPath,
        bytes: &[u8],
        limits: &Limits,
        given: &[String],
    ) -> Result<Self, Error> {
        let file = manifest::read_within(path, bytes, limits)?;
        if file.role != Role::Objects {
            return Ok(Self::empty());
        }
        manifest::check_shape(&file)?;
        let secrets = secrets::secrets_of_all(&file.objects, &file.text, given);
        Ok(Self::of(file, bytes, secrets))
    }

    /// Reads a file of which only parts of objects are expected: a patch.
    pub(super) fn read_parts(path: &RepoPath, bytes: &[u8]) -> Result<Self, Error> {
        let file = manifest::read(path, bytes)?;
        Ok(match file.role {
            Role::Objects => {
                let secrets = secrets::secrets_of(&file.objects, &file.text);
                Self::of(file, bytes, secrets)
            }
            _ => Self::empty(),
        })
    }

    fn of(file: ManifestFile, bytes: &[u8], mut secrets: Secrets) -> Self {
        let path = file.path;
        let text: Arc<str> = if secrets.spans().is_empty() {
            file.text
        } else {
            secrets::mask(&file.text, &secrets).into()
        };
        let lines = Arc::default();
        let sources: Vec<Source> = file
            .objects
            .into_iter()
            .zip(std::mem::take(&mut secrets.pointers))
            .map(|(object, secrets)| Source {
                object: object.reference.clone(),
                file: path.clone(),
                text: Arc::clone(&text),
                lines: Arc::clone(&lines),
                secrets: Arc::new(secrets),
                node: Arc::new(object.node),
                origin: None,
            })
            .collect();
        let mut places = BTreeMap::new();
        for (place, source) in sources.iter().enumerate() {
            places.entry(source.object.clone()).or_insert(place);
        }
        Self {
            sources,
            secrets,
            places,
            converted_keys: file.converted_keys,
            left_out: deployer::leaves_out(bytes),
            no_pointer: !git::is_pointer(bytes),
        }
    }
}
