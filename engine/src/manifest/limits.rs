//! How much one file may hold.
//! Knows only numbers; the readers enforce them.

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
        file_bytes: 4 << 20,
        depth: 128,
        documents: 1_000,
        alias_nodes: 100_000,
        scalar_bytes: 2 << 20,
        list_depth: 3,
        object_bytes: 3 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
