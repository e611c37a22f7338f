//! What an `ApplicationSet` puts into what its Applications deploy. A place that it fills in stands there as a word, so that
//! an image is seen to be one; what that becomes, nobody knows.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::guess;
use super::super::places::{Place, Use, Written, expand};
use super::super::shapes::{self, Found};
use super::{APPLICATION, Kind, of_kind};

/// What a template of a kind puts in, which `generators` at that place fill.
pub(super) fn images(
    kind: &Kind,
    (value, at): (&Value, &str),
    generators: &str,
    found: &mut Found<'_>,
) {
    let mut filled = Filled::by(generators);
    let value = filled.value(value);
    let (places, settled) = within(kind, &value, found.depth);
    for below in settled {
        found.settle(&format!("{at}{below}"));
    }
    let known = found.known_below(at);
    for mut place in places {
        place.put_below(at);
        // The shape of a pod was seen already.
        if !known.contains(&place.pointer) {
            let place = filled.restored(place);
            found.put(&place.pointer.clone(), [place]);
        }
    }
}

/// What `templatePatch` puts in, which `generators` at that place fill.
pub(super) fn patch(patch: &Value, generators: &str, depth: usize) -> Vec<Place<'static>> {
    let text = patch.as_str().unwrap_or_default();
    let mut filled = Filled::by(generators);
    let read = filled.text(&without_directives(text));
    let documents = shapes::documents(&read).filter(|_| depth < shapes::DEEPEST);
    let Some(documents) = documents else {
        // Of what says nothing of charts and kustomizations there is nothing to read.
        return match WORDS.iter().any(|word| text.contains(word)) {
            true => vec![shapes::unreadable(text)],
            false => Vec::new(),
        };
    };
    let mut places = Vec::new();
    for document in &documents {
        if is_open(document) || document.get("spec").is_some_and(is_open) {
            places.push(shapes::unreadable(text));
        }
        for (_, source) in APPLICATION
            .within
            .iter()
            .flat_map(|at| expand(document, at))
        {
            let own = within(&APPLICATION, source, depth + 1).0.into_iter();
            places.extend(own.map(|place| filled.restored(place)));
        }
    }
    places
}

/// The images in a source whose places are filled, with their pointers below it, and where nothing else is one.
fn within(kind: &Kind, source: &Value, depth: usize) -> (Vec<Place<'static>>, Vec<String>) {
    let mut found = Found::at_depth(depth);
    of_kind(kind, (source, ""), &[], &mut found);
    let settled = found.settled;
    let own = found.places.into_iter().chain(found.in_texts);
    let mut places: Vec<Place<'static>> = own
        .map(|place| Place {
            pointer: place.pointer.clone(),
            fields: place.fields.clone(),
            ..shapes::owned(place)
        })
        .collect();
    for at in OPEN {
        let open = expand(source, at).into_iter().filter(|(_, it)| is_open(it));
        places.extend(open.map(|(pointer, it)| Place {
            pointer,
            ..shapes::unreadable(it.as_str().unwrap_or_default())
        }));
    }
    (places, settled)
}

/// Whether a value is nothing but what is filled in.
fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|it| guess::is_filled(it.trim()))
}

/// Without the lines that only say when and how often what stands between them counts.
fn without_directives(text: &str) -> String {
    let is_directive = |line: &&str| {
        let inner = line
            .trim()
            .strip_prefix("{{")
            .and_then(|it| it.strip_suffix("}}"));
        let inner = inner.filter(|it| !it.contains("{{"));
        let inner = inner.map(|it| it.trim_start_matches('-').trim_start());
        let first = inner.and_then(|it| it.split([' ', '\t', '-']).next());
        first.is_some_and(|it| DIRECTIVES.contains(&it))
    };
    let mut lines = text
        .lines()
        .filter(|line| !is_directive(line))
        .fold(String::with_capacity(text.len()), |all, line| {
            all + line + "\n"
        });
    if !text.ends_with('\n') {
        lines.pop();
    }
    lines
}

/// What was written in the places that are filled.
struct Filled<'g> {
    written: Vec<String>,
    /// Where that stands which fills them.
    generators: &'g str,
}

impl<'g> Filled<'g> {
    fn by(generators: &'g str) -> Self {
        Self {
            written: Vec::new(),
            generators,
        }
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.contains("{{") {
                // Only a text of lines has such.
                true if text.contains('\n') => json!(self.text(&without_directives(text))),
                _ => json!(self.text(text)),
            },
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, value)| (key.clone(), self.value(value)));
                Value::Object(entries.collect())
            }
            other => other.clone(),
        }
    }

    /// With a word for each `{{…}}`, which may be a part of a reference or a whole one.
    fn text(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (inner, after))) = rest
            .split_once("{{")
            .and_then(|(before, after)| Some((before, after.split_once("}}")?)))
        {
            filled.push_str(before);
            filled.push_str(&guess::filled(self.written.len()));
            self.written.push(format!("{{{{{inner}}}}}"));
            rest = after;
        }
        filled + rest
    }

    fn restore(&self, text: &str) -> String {
        let mut parts = text.split(guess::FILLED);
        let mut restored = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let written = part.split_once('z').and_then(|(index, rest)| {
                let index: usize = index.parse().ok()?;
                Some((self.written.get(index)?.as_str(), rest))
            });
            match written {
                Some((written, rest)) => restored.extend([written, rest]),
                None => restored.extend([guess::FILLED, part]),
            }
        }
        restored
    }

    /// As it was written. What has a filled place in it is an image that nobody can read.
    fn restored(&self, place: Place<'static>) -> Place<'static> {
        let fields = || {
            let own = [place.pointer.clone(), self.generators.to_owned()];
            let fields: BTreeSet<String> = place.fields.iter().cloned().chain(own).collect();
            fields.into_iter().collect()
        };
        match &place.written {
            Written::Text(text) if guess::has_filled(text) => Place {
                role: Use::Resource,
                fields: fields(),
                written: Written::Text(Cow::Owned(self.restore(text))),
                ..place
            },
            Written::Unreadable(text) => Place {
                fields: fields(),
                written: Written::Unreadable(Cow::Owned(self.restore(text))),
                ..place
            },
            Written::Untold(text, why) if guess::has_filled(text) => Place {
                fields: fields(),
                written: Written::Untold(Cow::Owned(self.restore(text)), why),
                ..place
            },
            _ => place,
        }
    }
}

/// Places in a source that must be seen, so that images in them are.
const OPEN: [&str; 9] = [
    "",
    "/kustomize",
    "/kustomize/images",
    "/kustomize/patches",
    "/kustomize/patches/*",
    "/helm",
    "/helm/values",
    "/helm/valuesObject",
    "/helm/parameters",
];

/// Words of which a patch has one that puts images into anything.
const WORDS: [&str; 4] = ["kustomize", "helm", "image", "source"];

const DIRECTIVES: [&str; 7] = ["if", "else", "end", "range", "with", "/*", "break"];
