//! What may be a script and differs, in files and in objects; what only moved is no difference.
//! Knows nothing of tools, nor of what a text says.

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use crate::change::Change;
use crate::facts::Context;
use crate::facts::migrations::files::{ScriptFile, Text};
use crate::facts::migrations::naming::Engine;
use crate::facts::migrations::objects::{Held, Place, Referred, dropped, held, referred};
use crate::model::ObjectRef;

/// What may be a script, on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) origin: Origin,
    /// The folder of a file, or the object: within it, versions are ordered.
    pub(super) folder: String,
    /// The file's own name, or the key.
    pub(super) name: String,
    pub(super) base: Option<Text>,
    pub(super) head: Option<Text>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Object {
        object: ObjectRef,
        field: String,
        place: Place,
        /// The tools that nothing but runs it, as far as is seen.
        run_by: BTreeSet<Engine>,
    },
}

/// Everything that may be a script and differs.
pub(super) fn candidates(context: &Context<'_>) -> Vec<Candidate> {
    let referred = referred(context.changes, [context.head, context.base]);
    let objects = context
        .changes
        .iter()
        .flat_map(|change| in_change(change, &referred));
    let objects = without_moves(objects.collect());
    let files = without_moves(context.scripts.changed.iter().map(of_file).collect());
    // What a generator made of a file is what is deployed.
    let is_held = |file: &Candidate| {
        let same = |object: &Candidate| object.name == file.name && object.head == file.head;
        file.head.is_some() && objects.iter().any(same)
    };
    let files: Vec<Candidate> = files.into_iter().filter(|file| !is_held(file)).collect();
    files.into_iter().chain(objects).collect()
}

impl Candidate {
    pub(super) fn state(&self) -> State {
        match (&self.base, &self.head) {
            (_, None) => State::Removed,
            (None, _) => State::New,
            _ => State::Changed,
        }
    }

    /// Where it stands, for people.
    pub(super) fn id(&self) -> String {
        match &self.origin {
            Origin::File if self.folder.is_empty() => self.name.clone(),
            Origin::File => format!("{}/{}", self.folder, self.name),
            Origin::Object { object, field, .. } => {
                let namespace = object.namespace.as_ref();
                let namespace = namespace.map(|name| format!("{name}/")).unwrap_or_default();
                format!("{} {namespace}{}, {field}", object.kind, object.name)
            }
        }
    }

    pub(super) fn is_sql(&self) -> bool {
        self.name.to_lowercase().ends_with(".sql")
    }
}

fn of_file(file: &ScriptFile) -> Candidate {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Candidate {
        origin: Origin::File,
        folder: text(file.path.parent()),
        name: text(file.path.file_name()),
        base: file.base.clone(),
        head: file.head.clone(),
    }
}

fn in_change(change: &Change, referred: &Referred) -> Vec<Candidate> {
    let side = |value: &Option<serde_json::Value>| match value {
        Some(value) => held(&change.object, value, referred),
        None => Vec::new(),
    };
    let (old, new) = (side(&change.old), side(&change.new));
    let mut found = Vec::new();
    for now in &new {
        let before = old.iter().find(|before| before.pointer == now.pointer);
        if !is_as_it_was(now, before, &old, change) {
            let base = before.filter(|_| now.place == Place::Key);
            found.push(candidate(change, now, (base, Some(now))));
        }
    }
    let gone = |before: &&Held| {
        before.place == Place::Key && !new.iter().any(|now| now.pointer == before.pointer)
    };
    for before in old.iter().filter(gone) {
        found.push(candidate(change, before, (Some(before), None)));
    }
    let dropped = dropped(change);
    found.extend(dropped.map(|held| candidate(change, &held, (None, Some(&held)))));
    found
}

/// Whether a script says what it said. Of one that cannot be read, the fields that differ tell.
fn is_as_it_was(now: &Held, before: Option<&Held>, old: &[Held], change: &Change) -> bool {
    match (&now.text, now.place) {
        (Text::Known(_), Place::Key) => before.is_some_and(|before| before.text == now.text),
        (Text::Known(_), _) => old
            .iter()
            .any(|before| before.name == now.name && before.text == now.text),
        (Text::Unknown(_), _) => {
            let touches = |pointer: &str| {
                now.pointer == pointer
                    || now.pointer.starts_with(&format!("{pointer}/"))
                    || pointer.starts_with(&format!("{}/", now.pointer))
            };
            let differs = change.fields.iter().any(|field| touches(&field.pointer));
            change.old.is_some() && before.is_some() && !differs
        }
    }
}

fn candidate(
    change: &Change,
    held: &Held,
    (base, head): (Option<&Held>, Option<&Held>),
) -> Candidate {
    let object = &change.object;
    Candidate {
        origin: Origin::Object {
            object: object.clone(),
            field: held.pointer.clone(),
            place: held.place,
            run_by: held.run_by.clone(),
        },
        folder: object.to_string(),
        name: held.name.clone(),
        base: base.map(|held| held.text.clone()),
        head: head.map(|held| held.text.clone()),
    }
}

/// The same without what only lies elsewhere now. One that is gone, and one of its name that is new, are one that changed.
fn without_moves(all: Vec<Candidate>) -> Vec<Candidate> {
    let mut gone: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    let (removed, mut rest): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.state() == State::Removed);
    for one in removed {
        gone.entry(one.name.clone()).or_default().push(one);
    }
    for one in &mut rest {
        if one.state() != State::New {
            continue;
        }
        let Some(others) = gone.get_mut(&one.name) else {
            continue;
        };
        let same = others.iter().position(|other| other.base == one.head);
        let at = same.or_else(|| (others.len() == 1).then_some(0));
        if let Some(at) = at {
            one.base = others.remove(at).base;
        }
    }
    let is_known = |one: &Candidate| matches!(one.head, Some(Text::Known(_)));
    rest.retain(|one| !(is_known(one) && one.base == one.head));
    rest.extend(gone.into_values().flatten());
    rest
}
