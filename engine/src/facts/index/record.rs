//! What is known of one blob, as a line of text: which objects it holds and, where that was asked
//! for, what they say. Knows nothing of where such lines are kept.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::hint;
use crate::change;
use crate::manifest::{ManifestFile, Outline, secrets};
use crate::model::ObjectRef;

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
pub(super) type Content = Vec<Arc<Value>>;

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
        if let Ok(plain) = serde_json::from_str::<Vec<[&str; 4]>>(list) {
            return plain
                .into_iter()
                .map(|one| one.map(Cow::Borrowed))
                .collect();
        }
        let escaped: Vec<[String; 4]> = serde_json::from_str(list).unwrap_or_default();
        escaped.into_iter().map(|one| one.map(Cow::Owned)).collect()
    }

    /// What its objects say, where that is kept and holds.
    pub(super) fn content(self) -> Option<Content> {
        let Self::Objects(objects, Some(content)) = self else {
            return None;
        };
        let content: Content = serde_json::from_str::<Vec<Value>>(content)
            .ok()?
            .into_iter()
            .map(Arc::new)
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

    pub(super) fn objects(file: &ManifestFile) -> Self {
        let objects: Vec<[&str; 4]> = file
            .objects
            .iter()
            .map(|object| {
                let name = &object.reference;
                let namespace = name.namespace.as_deref().unwrap_or_default();
                [&name.api_version, &name.kind, namespace, &name.name]
            })
            .collect();
        Self::of_record(serde_json::to_string(&objects).unwrap_or_else(|_| BROKEN.to_owned()))
    }

    /// The objects of a file, with what they say. It becomes part of the record where it can be kept:
    /// nothing in it is secret, and numbers come back as they were.
    pub(super) fn content(file: &ManifestFile) -> Self {
        let mut may_be_kept = true;
        let mut content = Vec::with_capacity(file.objects.len());
        let secrets = secrets::secrets_of(&file.objects, &file.text).pointers;
        for (object, secrets) in file.objects.iter().zip(secrets) {
            may_be_kept &= secrets.is_empty() && object.reference.kind != "Secret";
            content.push(Arc::new(change::as_it_stands(&object.node, &secrets)));
        }
        let mut learnt = Self::objects(file);
        if may_be_kept && content.iter().all(|value| is_exact(value)) {
            let values: Vec<&Value> = content.iter().map(Arc::as_ref).collect();
            if let Ok(text) = serde_json::to_string(&values) {
                learnt.record.push(CONTENT);
                learnt.record.push_str(&text);
            }
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

/// Whether text gives back the same value.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(map) => map.values().all(is_exact),
        _ => true,
    }
}

const BROKEN: &str = "!";
const OUTLINE: char = '~';
// JSON writes a tab in a text as `\t`.
const CONTENT: char = '\t';
