//! What is looked for in the files of a repository, and whether a record or a file may hold it.
//! Knows nothing of what is kept.

use std::collections::BTreeSet;

use super::record::{self, Record};
use super::{Error, hint};
use crate::git::{Repository, TreeEntry};
use crate::manifest::{self, Outline};
use crate::model::ObjectRef;

/// What is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Names of kinds without group; `None` for all.
    pub kinds: Option<&'a BTreeSet<&'a str>>,
    /// Only objects of these names matter; `None` for all.
    pub names: Option<&'a BTreeSet<&'a str>>,
    /// Only objects in one of these namespaces or in none matter; `None` for all.
    pub namespaces: Option<&'a BTreeSet<&'a str>>,
    /// Kinds that matter in every namespace all the same.
    pub everywhere: Option<&'a BTreeSet<&'a str>>,
}

impl Wanted<'_> {
    pub(super) fn takes(&self, object: &ObjectRef) -> bool {
        self.is_of(
            &object.kind,
            object.namespace.as_deref().unwrap_or_default(),
        ) && self
            .names
            .is_none_or(|names| names.contains(object.name.as_str()))
    }

    /// Whether such an object may matter; an empty namespace is none.
    fn is_of(&self, kind: &str, namespace: &str) -> bool {
        // Few names, most of another length: quicker than a search in the set.
        self.kinds
            .is_none_or(|kinds| kinds.iter().any(|known| *known == kind))
            && (namespace.is_empty()
                || self.namespaces.is_none_or(|near| near.contains(namespace))
                || self.everywhere.is_some_and(|kinds| kinds.contains(kind)))
    }

    /// The wanted ones among the objects of a record, with their places.
    pub(super) fn of_list<'l>(
        &'l self,
        list: &'l str,
    ) -> impl Iterator<Item = (usize, ObjectRef)> + 'l {
        let near = Record::any_of(list, |kind, namespace| self.is_of(kind, namespace));
        let all = if near {
            Record::identities(list)
        } else {
            Vec::new()
        };
        all.into_iter()
            .enumerate()
            .filter(|(_, [_, kind, namespace, name])| {
                let named = |names: &BTreeSet<&str>| name.is_empty() || names.contains(&**name);
                self.is_of(kind, namespace) && self.names.is_none_or(named)
            })
            .map(|(place, identity)| (place, record::object_of(identity)))
    }

    /// What the lines of a file tell, where that is enough to leave it alone: it lies elsewhere.
    pub(super) fn outlines(&self, entry: &TreeEntry, bytes: &[u8]) -> Option<Vec<Outline>> {
        if self.namespaces.is_none() || entry.path.file_name().ends_with(b".json") {
            return None;
        }
        let outlines = manifest::outline(bytes)?;
        let far = |one: &Outline| !self.is_of(&one.kind, &one.namespace);
        outlines.iter().all(far).then_some(outlines)
    }

    /// A file that does not parse is left alone unless it may hold what is wanted. Under another
    /// name the same bytes may parse after all.
    pub(super) fn read_broken(
        &self,
        entry: &TreeEntry,
        repository: &Repository,
    ) -> Result<Option<manifest::ManifestFile>, Error> {
        let bytes = repository.file(entry)?;
        let Some(kind) = self.told_by(&bytes) else {
            return Ok(None);
        };
        // As where it was not known yet that it does not parse: whatever is kept, the answer is one.
        if self.outlines(entry, &bytes).is_some() {
            return Ok(None);
        }
        match manifest::read(&entry.path, &bytes) {
            Ok(file) => Ok(Some(file)),
            Err(error) if kind.is_empty() => Err(error.into()),
            Err(error) => Err(Error::Unreadable {
                kind: kind.to_owned(),
                error: Box::new(error),
            }),
        }
    }

    /// The first kind that the bytes may tell of: they write it out, with a name that is wanted, or
    /// may spell anything by an escape. Empty where every kind is wanted.
    fn told_by(&self, bytes: &[u8]) -> Option<&str> {
        let Some(kinds) = self.kinds else {
            return Some("");
        };
        let text = String::from_utf8_lossy(bytes);
        if hint::is_utf_16(bytes) || hint::ESCAPES.iter().any(|escape| text.contains(escape)) {
            return kinds.first().copied();
        }
        let named = self
            .names
            .is_none_or(|names| names.iter().any(|name| text.contains(written(name))));
        let mut kinds = kinds.iter().copied();
        kinds.find(|kind| named && writes_kind(&text, kind))
    }
}

/// What of a name a file writes: of a generated one what stands before the made-up part.
fn written(name: &str) -> &str {
    name.split('*').next().unwrap_or(name)
}

/// Whether `kind`, or its list, stands in the text as a word of its own.
fn writes_kind(text: &str, kind: &str) -> bool {
    text.match_indices(kind).any(|(at, _)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let rest = rest.strip_prefix(kind).unwrap_or_default();
        let rest = rest.strip_prefix("List").unwrap_or(rest);
        !before.ends_with(char::is_alphanumeric) && !rest.starts_with(char::is_alphanumeric)
    })
}
