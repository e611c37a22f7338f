//! Parts of a name in values of a chart whose other parts the chart says: which image they make, nobody here can tell.
//! Knows nothing of where the values stand.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::guess;
use super::super::places::{Place, Use, Written};
use crate::model::{key_of, step_of};

/// Those in values at a place, where images are `named` at these pointers already.
pub(super) fn below((values, at): (&Value, &str), named: &BTreeSet<String>) -> Vec<Place<'static>> {
    let mut search = Search {
        named,
        start: at.len(),
        at: at.to_owned(),
        found: Vec::new(),
    };
    search.below(values, "");
    search.found
}

/// Such a place.
pub(super) fn place(pointer: String, text: String, why: &'static str) -> Place<'static> {
    Place {
        role: Use::Resource,
        written: Written::Untold(Cow::Owned(text), why),
        ..guess::place(pointer, Cow::Borrowed(""))
    }
}

struct Search<'n> {
    named: &'n BTreeSet<String>,
    start: usize,
    at: String,
    found: Vec<Place<'static>>,
}

impl Search<'_> {
    /// What stands at a place, under this key.
    fn below(&mut self, value: &Value, key: &str) {
        let length = self.at.len();
        let is_image = ["image", "Image"].iter().any(|it| key.ends_with(it));
        match value {
            // What may be a whole one gets its registry from the chart, perhaps.
            Value::String(text)
                if is_image && (text.starts_with('$') || guess::seems_one(key, text)) =>
            {
                self.whole(text);
            }
            Value::Object(entries) => {
                if is_image {
                    self.parts(entries);
                }
                for (key, value) in entries {
                    self.at.push('/');
                    self.at.push_str(&step_of(key));
                    self.below(value, key);
                    self.at.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.at.push_str(&format!("/{index}"));
                    self.below(value, "");
                    self.at.truncate(length);
                }
            }
            // It takes the place of what the images of a chart say of theirs.
            _ if self.at.ends_with(GLOBAL) => self.put(vec![self.at.clone()], &[("", value)]),
            _ => {}
        }
    }

    fn whole(&mut self, text: &str) {
        if !self.named.contains(&self.at) && !guess::has_filled(text) {
            let value = Value::from(text);
            self.put(vec![self.at.clone()], &[("", &value)]);
        }
    }

    fn parts(&mut self, entries: &Map<String, Value>) {
        let at = |key: &str| format!("{}/{}", self.at, step_of(key));
        if entries.keys().any(|key| self.named.contains(&at(key))) {
            return;
        }
        let is_said = |value: &Value| !value.is_object() && !value.is_array();
        let parts = PARTS
            .iter()
            .filter_map(|key| Some((*key, entries.get(*key)?)));
        let parts: Vec<(&str, &Value)> = parts.filter(|(_, value)| is_said(value)).collect();
        if !parts.is_empty() {
            self.put(parts.iter().map(|(key, _)| at(key)).collect(), &parts);
        }
    }

    fn put(&mut self, fields: Vec<String>, parts: &[(&str, &Value)]) {
        let own = self.at.get(self.start..).unwrap_or_default();
        let own: Vec<String> = own.split('/').skip(1).map(key_of).collect();
        let parts = parts.iter().map(|(key, value)| {
            let key = own.iter().map(String::as_str).chain([*key]);
            let key: Vec<&str> = key.filter(|it| !it.is_empty()).collect();
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            format!("{}={value}", key.join("."))
        });
        let text = parts.collect::<Vec<_>>().join(", ");
        let pointer = fields.first().cloned().unwrap_or_default();
        self.found.push(Place {
            fields: match fields.len() {
                1 => Vec::new(),
                _ => fields,
            },
            ..place(pointer, text, REST)
        });
    }
}

/// Keys that hold a part of a name, below one that names an image.
const PARTS: [&str; 6] = ["registry", "repository", "repo", "tag", "digest", "sha"];

const GLOBAL: &str = "/global/imageRegistry";

const REST: &str = "the rest of its name stands in the chart, which is of elsewhere";
