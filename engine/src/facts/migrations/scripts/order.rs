//! What lies beside a script: which versions were there, and which are twice.
//! Knows nothing of what a script does.

use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Candidate, Origin};
use super::{Named, State};
use crate::facts::Context;
use crate::facts::migrations::files::Text;
use crate::facts::migrations::naming::{self, Engine, Turn, Version};
use crate::facts::migrations::objects::{Place, held, referred};
use crate::model::RepoPath;

/// The names of scripts by folder, on both sides.
#[derive(Default)]
pub(super) struct Siblings {
    before: Folders,
    after: Folders,
    /// What is known of the text of those that take others back.
    texts: BTreeMap<(String, String), Text>,
}

type Folders = BTreeMap<String, BTreeSet<String>>;

impl Siblings {
    pub(super) fn of(context: &Context<'_>, candidates: &[Candidate]) -> Self {
        let mut found = Self::default();
        for (paths, folders) in [
            (&context.scripts.before, &mut found.before),
            (&context.scripts.after, &mut found.after),
        ] {
            paths.iter().for_each(|path| add(path, folders));
        }
        let referred = referred(context.changes, [context.head, context.base]);
        for change in context.changes {
            let sides = [
                (&change.old, &mut found.before),
                (&change.new, &mut found.after),
            ];
            for (value, folders) in sides {
                let held = value
                    .iter()
                    .flat_map(|value| held(&change.object, value, &referred));
                let names = held
                    .filter(|held| held.place == Place::Key)
                    .map(|held| held.name);
                folders
                    .entry(change.object.to_string())
                    .or_default()
                    .extend(names);
            }
        }
        found.follow_renames();
        for candidate in candidates {
            if let Some(text) = &candidate.head {
                let key = (candidate.folder.clone(), candidate.name.clone());
                found.texts.insert(key, text.clone());
            }
        }
        found
    }

    /// A `ConfigMap` under another name, as a generator gives it for each state: what has a key in common with one that is
    /// gone is what it was.
    fn follow_renames(&mut self) {
        let empty = BTreeSet::new();
        let is_gone = |name: &&String| self.after.get(*name).is_some_and(BTreeSet::is_empty);
        let gone: Vec<(String, BTreeSet<String>)> = self
            .before
            .iter()
            .filter(|(name, _)| is_gone(name))
            .map(|(name, keys)| (name.clone(), keys.clone()))
            .collect();
        let new: Vec<String> = self
            .after
            .iter()
            .filter(|(name, keys)| {
                !keys.is_empty() && self.before.get(*name).unwrap_or(&empty).is_empty()
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in new {
            let keys = self.after.get(&name).unwrap_or(&empty);
            let kin = gone.iter().filter(|(_, old)| !old.is_disjoint(keys));
            let kin: BTreeSet<String> = kin.flat_map(|(_, old)| old.iter().cloned()).collect();
            self.before.entry(name).or_default().extend(kin);
        }
    }

    /// Whether a script only takes back another that is there.
    pub(super) fn is_undo(&self, candidate: &Candidate, named: &Named) -> bool {
        let Turn::Undo(version) = &named.turn else {
            return false;
        };
        // It may be gone together with the one that it took back.
        let sides = match candidate.state() {
            State::Removed => [&self.before, &self.after],
            _ => [&self.after, &self.after],
        };
        let once = Turn::Once(version.clone());
        sides.iter().any(|side| {
            of_folder(side, candidate)
                .any(|(_, other)| other.engine == named.engine && other.turn == once)
        })
    }

    /// The script that takes this one back, with its text where that is known.
    pub(super) fn undo_of(
        &self,
        candidate: &Candidate,
        version: &Version,
    ) -> Option<Option<&Text>> {
        let undo = Turn::Undo(version.clone());
        let (name, _) = of_folder(&self.after, candidate).find(|(_, other)| other.turn == undo)?;
        Some(self.texts.get(&(candidate.folder.clone(), name.to_owned())))
    }

    /// Of a new script: one of base whose turn has come although it comes later.
    pub(super) fn ahead_of(&self, candidate: &Candidate, named: &Named) -> Option<String> {
        let version = self.version(candidate, named)?;
        let others = once(&self.before, candidate, named.engine);
        let later = others.filter(|(_, other)| other > version);
        let last = later.max_by(|a, b| a.1.cmp(&b.1));
        last.map(|(name, _)| name.to_owned())
    }

    /// Of a new script: another of the same version.
    pub(super) fn twin_of(&self, candidate: &Candidate, named: &Named) -> Option<String> {
        let version = self.version(candidate, named)?;
        let mut others = once(&self.after, candidate, named.engine);
        let twin = others.find(|(name, other)| other == version && *name != candidate.name);
        twin.map(|(name, _)| name.to_owned())
    }

    fn version<'n>(&self, candidate: &Candidate, named: &'n Named) -> Option<&'n Version> {
        match (&named.turn, candidate.state(), &candidate.origin) {
            (Turn::Once(version), State::New, Origin::File | Origin::Object { .. }) => {
                Some(version)
            }
            _ => None,
        }
    }
}

fn add(path: &RepoPath, folders: &mut Folders) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let folder = folders.entry(text(path.parent())).or_default();
    folder.insert(text(path.file_name()));
}

/// The names beside a script, and what they say.
fn of_folder<'f>(
    folders: &'f Folders,
    candidate: &Candidate,
) -> impl Iterator<Item = (&'f str, Named)> {
    let names = folders.get(&candidate.folder).into_iter().flatten();
    let folder = candidate.folder.clone();
    names.map(move |name| (name.as_str(), naming::of(&folder, name, None)))
}

fn once<'f>(
    folders: &'f Folders,
    candidate: &Candidate,
    engine: Engine,
) -> impl Iterator<Item = (&'f str, Version)> {
    // What the text alone tells, such as Alembic or goose, has no version in its name.
    let engine = match engine {
        Engine::Alembic | Engine::Goose | Engine::Dbmate => Engine::Sql,
        other => other,
    };
    of_folder(folders, candidate).filter_map(move |(name, named)| match named.turn {
        Turn::Once(version) if named.engine == engine => Some((name, version)),
        _ => None,
    })
}
