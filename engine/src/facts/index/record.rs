//! What is known of one blob, as a line of text: which objects it holds and, where that was asked
//! for, what they say. Knows nothing of where such lines are kept.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::hint;
use crate::change;
use crate::manifest::{ManifestFile, Node, Outline, secrets};
use crate::model::{ObjectRef, Part};

/// A record, taken apart.
#[derive(Clone, Copy)]
pub(super) enum Record<'a> {
    /// The file does not parse.
    Broken,
    /// These kinds are not in it, and it was not parsed.
    Absent(&'a str),
    /// It was not parsed; if it parses, it holds objects of these kinds and namespaces.
    Outline(&'a str),
    /// Its objects, and what they say.
    Objects(&'a str, Option<&'a str>),
}

/// What was learnt of a blob.
pub(super) struct Learnt {
    pub(super) record: String,
    pub(super) content: Option<Content>,
}

/// What each object says, secrets replaced.
pub(super) type Content = Vec<Arc<Part>>;

/// `[apiVersion, kind, namespace or nothing, name]`.
pub(super) type Identity<'a> = [Cow<'a, str>; 4];

impl<'a> Record<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        if hint::is_mark(text) {
            return Self::Absent(text);
        }
        if let Some(outline) = text.strip_prefix(OUTLINE) {
            return Self::Outline(outline);
        }
        match text.split_once(CONTENT) {
            _ if text == BROKEN => Self::Broken,
            Some((objects, content)) => Self::Objects(objects, Some(content)),
            None => Self::Objects(text, None),
        }
    }

    /// The objects of a list of them.
    pub(super) fn identities(list: &str) -> Vec<Identity<'_>> {
        if !list.contains('\\') {
            return plain_identities(list)
                .map(|one| one.map(Cow::Borrowed))
                .collect();
        }
        let escaped: Vec<[String; 4]> = serde_json::from_str(list).unwrap_or_default();
        escaped.into_iter().map(|one| one.map(Cow::Owned)).collect()
    }

    /// Whether one of the objects of a list is of a kind and namespace that `is_wanted` takes.
    pub(super) fn any_of(list: &str, is_wanted: impl Fn(&str, &str) -> bool) -> bool {
        if list.contains('\\') {
            let mut all = Self::identities(list).into_iter();
            return all.any(|[_, kind, namespace, _]| is_wanted(&kind, &namespace));
        }
        plain_identities(list).any(|[_, kind, namespace, _]| is_wanted(kind, namespace))
    }

    /// What its objects say, where that is kept and holds.
    pub(super) fn content(self) -> Option<Content> {
        let Self::Objects(objects, Some(content)) = self else {
            return None;
        };
        let content: Content = serde_json::from_str::<Vec<&RawValue>>(content)
            .ok()?
            .into_iter()
            .map(|text| Arc::new(Part::of_text(text.get())))
            .collect();
        (content.len() == Self::identities(objects).len()).then_some(content)
    }
}

impl Learnt {
    pub(super) fn broken() -> Self {
        Self::of_record(BROKEN.to_owned())
    }

    pub(super) fn absent(mark: String) -> Self {
        Self::of_record(mark)
    }

    pub(super) fn outline(outlines: &[Outline]) -> Self {
        let lines: Vec<[&str; 4]> = outlines
            .iter()
            .map(|one| ["", &one.kind, &one.namespace, ""])
            .collect();
        let list = serde_json::to_string(&lines).unwrap_or_default();
        Self::of_record(format!("{OUTLINE}{list}"))
    }

    pub(super) fn objects<'o>(objects: impl Iterator<Item = &'o ObjectRef>) -> Self {
        let objects: Vec<[&str; 4]> = objects
            .map(|name| {
                let namespace = name.namespace.as_deref().unwrap_or_default();
                [&name.api_version, &name.kind, namespace, &name.name]
            })
            .collect();
        Self::of_record(serde_json::to_string(&objects).unwrap_or_else(|_| BROKEN.to_owned()))
    }

    /// The objects of a file, with what they say.
    pub(super) fn content(file: &ManifestFile) -> Self {
        let secrets = secrets::secrets_of(&file.objects, &file.text).pointers;
        let objects = file.objects.iter().zip(&secrets);
        Self::content_of(
            objects.map(|(object, secrets)| (&object.reference, &object.node, secrets)),
        )
    }

    /// Objects, each with its secrets, and what they say. It becomes part of the record where it can be
    /// kept: nothing in it is secret, and numbers come back as they were.
    pub(super) fn content_of<'o>(
        objects: impl Iterator<Item = (&'o ObjectRef, &'o Node, &'o BTreeSet<String>)>,
    ) -> Self {
        let mut may_be_kept = true;
        let (mut names, mut content) = (Vec::new(), Vec::new());
        for (name, node, secrets) in objects {
            may_be_kept &= secrets.is_empty() && name.kind != "Secret";
            names.push(name);
            content.push(Arc::new(Part::new(change::as_it_stands(node, secrets))));
        }
        let mut learnt = Self::objects(names.into_iter());
        if may_be_kept && content.iter().all(|part| is_exact(part.value(), DEPTH)) {
            let texts: Vec<&str> = content.iter().map(|part| part.text()).collect();
            learnt.record.push(CONTENT);
            learnt.record.push_str(&format!("[{}]", texts.join(",")));
        }
        learnt.content = Some(content);
        learnt
    }

    fn of_record(record: String) -> Self {
        Self {
            record,
            content: None,
        }
    }
}

/// Those of a list in which nothing is escaped: its texts, four by four.
fn plain_identities(list: &str) -> impl Iterator<Item = [&str; 4]> {
    let mut rest = list;
    let mut text = move || {
        let quote = |text: &str| text.bytes().position(|byte| byte == b'"');
        let (_, from) = rest.split_at_checked(quote(rest)? + 1)?;
        let (text, after) = from.split_at_checked(quote(from)?)?;
        rest = after.get(1..)?;
        Some(text)
    };
    iter::from_fn(move || Some([text()?, text()?, text()?, text()?]))
}

/// The reference of an object.
pub(super) fn object_of([api_version, kind, namespace, name]: Identity<'_>) -> ObjectRef {
    ObjectRef {
        api_version: api_version.into_owned(),
        kind: kind.into_owned(),
        namespace: (!namespace.is_empty()).then(|| namespace.into_owned()),
        name: name.into_owned(),
    }
}

/// The record without what its objects say.
pub(super) fn without_content(record: &str) -> &str {
    record
        .split_once(CONTENT)
        .map_or(record, |(objects, _)| objects)
}

/// Whether text gives back the same value: its reader knows no numbers but integers for sure, and
/// does not go deeper than it is told.
fn is_exact(value: &Value, depth: usize) -> bool {
    let below = depth.checked_sub(1);
    match (value, below) {
        (Value::Number(number), _) => !number.is_f64(),
        (Value::Array(items), Some(below)) => items.iter().all(|item| is_exact(item, below)),
        (Value::Object(map), Some(below)) => map.values().all(|value| is_exact(value, below)),
        (Value::Array(_) | Value::Object(_), None) => false,
        (Value::Null | Value::Bool(_) | Value::String(_), _) => true,
    }
}

/// What stands deeper is not kept.
const DEPTH: usize = 64;
const BROKEN: &str = "!";
const OUTLINE: char = '~';
// JSON writes a tab in a text as `\t`.
const CONTENT: char = '\t';
