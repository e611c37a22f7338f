//! Paths inside a Git tree.
//! Knows no file system: they are bytes, with `/` between segments.

use std::fmt;

use serde::{Serialize, Serializer};

/// A path inside a Git tree: bytes, relative, `/` between segments, compared bytewise.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// Takes the bytes of a path as Git gives them.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, where the bytes are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The last segment.
    #[must_use]
    pub fn file_name(&self) -> &[u8] {
        self.0.rsplit(|byte| *byte == b'/').next().unwrap_or(&[])
    }

    /// The folder that holds it, empty for the root.
    #[must_use]
    pub fn parent(&self) -> &[u8] {
        self.0
            .iter()
            .rposition(|byte| *byte == b'/')
            .and_then(|slash| self.0.get(..slash))
            .unwrap_or(&[])
    }
}

impl RepoPath {
    /// What is called `name` in this folder; the root is the empty path.
    ///
    /// ```
    /// use tidegate::model::RepoPath;
    /// assert_eq!(RepoPath::from("apps").child("web"), "apps/web".into());
    /// assert_eq!(RepoPath::from("").child("web"), "web".into());
    /// ```
    #[must_use]
    pub fn child(&self, name: impl AsRef<[u8]>) -> Self {
        match self.0.as_slice() {
            b"" => Self::new(name.as_ref()),
            folder => Self::new([folder, name.as_ref()].join(&b'/')),
        }
    }

    /// Whether it lies below `folder`; everything lies below the root.
    ///
    /// ```
    /// use tidegate::model::RepoPath;
    /// assert!(RepoPath::from("apps/web").lies_in(&"apps".into()));
    /// assert!(!RepoPath::from("apps-eu/web").lies_in(&"apps".into()));
    /// ```
    #[must_use]
    pub fn lies_in(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(folder.0.as_slice());
        folder.0.is_empty() || rest.is_some_and(|rest| rest.starts_with(b"/"))
    }
}

impl RepoPath {
    /// Whether it is shown otherwise than it is: some of its bytes are no text, or control a terminal.
    ///
    /// ```
    /// use tidegate::model::RepoPath;
    /// assert!(RepoPath::new(b"\xff.yaml".as_slice()).is_shown_changed());
    /// assert!(!RepoPath::from("läden.yaml").is_shown_changed());
    /// ```
    #[must_use]
    pub fn is_shown_changed(&self) -> bool {
        self.to_string().as_bytes() != self.as_bytes()
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

/// UTF-8 as it is, every other byte and every control character escaped (`\xff`, `\u{1b}`).
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() {
                    write!(f, "{}", c.escape_unicode())?;
                } else {
                    write!(f, "{c}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for RepoPath {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RepoPath".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_escapes_what_a_terminal_or_a_reader_could_mistake() {
        let path = RepoPath::new(b"apps/\x1b]0;t\x07\xff.yaml".as_slice());
        assert_eq!(path.to_string(), "apps/\\u{1b}]0;t\\u{7}\\xff.yaml");
    }

    #[test]
    fn parent_and_name() {
        let path = RepoPath::from("apps/odoo/web.yaml");
        assert_eq!(path.parent(), b"apps/odoo");
        assert_eq!(path.file_name(), b"web.yaml");
        assert_eq!(RepoPath::from("x").parent(), b"");
    }
}
