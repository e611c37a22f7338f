//! A place in what a tool printed: what stands there, or the error that names it.
//! Knows no tool's words.

use jiff::Timestamp;
use serde_json::Value;

use crate::facts::evidence::text;
use crate::facts::evidence::{Error, Tool};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<'v> {
    tool: Tool,
    value: &'v Value,
    place: String,
}

impl<'v> At<'v> {
    pub(super) fn root(tool: Tool, value: &'v Value) -> Self {
        Self {
            tool,
            value,
            place: String::new(),
        }
    }

    /// What stands at a key; `None` where that is absent or `null`.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.inner(key, value))
    }

    /// The same where it must be there.
    pub(super) fn need(&self, key: &str) -> Result<Self, Error> {
        self.get(key)
            .ok_or_else(|| self.inner(key, self.value).wrong("is missing"))
    }

    /// The same through several keys, where each may be absent.
    pub(super) fn find(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |at, key| at.get(key))
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, Error> {
        let items = self
            .value
            .as_array()
            .ok_or_else(|| self.wrong("is no list"))?;
        let items = items.iter().enumerate();
        Ok(items
            .map(|(index, value)| self.inner(&index.to_string(), value))
            .collect())
    }

    /// A name, a label, a version.
    pub(super) fn text(&self) -> Result<&'v str, Error> {
        let text = self
            .value
            .as_str()
            .ok_or_else(|| self.wrong("is no text"))?;
        match text::problem(text) {
            None => Ok(text),
            Some(problem) => Err(self.wrong(problem)),
        }
    }

    /// What somebody is told, of any length.
    pub(super) fn long_text(&self) -> Result<String, Error> {
        let text = self
            .value
            .as_str()
            .ok_or_else(|| self.wrong("is no text"))?;
        Ok(text.chars().take(2_000).collect())
    }

    /// RFC 3339, in whole seconds.
    pub(super) fn instant(&self) -> Result<Timestamp, Error> {
        let instant: Option<Timestamp> = self.text()?.parse().ok();
        instant
            .and_then(|instant| Timestamp::from_second(instant.as_second()).ok())
            .ok_or_else(|| self.wrong("is no instant in RFC 3339"))
    }

    pub(super) fn number(&self) -> Result<u64, Error> {
        self.value
            .as_u64()
            .ok_or_else(|| self.wrong("is no whole number from 0 on"))
    }

    pub(super) fn flag(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("is neither true nor false"))
    }

    /// Seconds since 1970.
    pub(super) fn epoch(&self) -> Result<Timestamp, Error> {
        let seconds = i64::try_from(self.number()?).ok();
        seconds
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(|| self.wrong("is no instant in seconds since 1970"))
    }

    pub(super) fn wrong(&self, what: &str) -> Error {
        Error::Shape {
            tool: self.tool.title(),
            place: self.place.chars().take(200).collect(),
            what: what.to_owned(),
            prints: self.tool.prints(),
        }
    }

    fn inner<'w>(&self, step: &str, value: &'w Value) -> At<'w> {
        At {
            tool: self.tool,
            value,
            place: format!("{}/{step}", self.place),
        }
    }
}
