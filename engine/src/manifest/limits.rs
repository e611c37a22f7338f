//! How much one file may hold.
//! Knows only numbers; the readers enforce them.

use crate::model::limits;

/// Bounds of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: usize,
    /// Lists and mappings within each other, after aliases are expanded.
    pub depth: usize,
    /// Documents, empty ones included.
    pub documents: usize,
    /// Nodes that come by aliases; a long scalar counts as several.
    pub alias_nodes: usize,
    /// Bytes of one scalar.
    pub scalar_bytes: usize,
    /// `kind: List` within each other.
    pub list_depth: usize,
    /// Bytes of one object, written as JSON.
    pub object_bytes: usize,
}

impl Limits {
    /// What holds where the configuration says nothing.
    pub const DEFAULT: Self = Self {
        file_bytes: limits::FILE.most,
        depth: limits::YAML_DEPTH.most,
        documents: limits::YAML_DOCUMENTS.most,
        alias_nodes: limits::YAML_ALIASES.most,
        scalar_bytes: limits::YAML_SCALAR.most,
        list_depth: limits::LIST_DEPTH.most,
        object_bytes: limits::OBJECT_SIZE.most,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
