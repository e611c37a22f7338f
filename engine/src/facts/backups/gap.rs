//! What the coverage of an object lacks, as its target asks.
//! Decides nothing: which of them is denied where, policies say.

use serde::Serialize;

/// One thing that the coverage lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// `not-covered`, `no-pitr`.
    pub kind: &'static str,
    /// What is so, in words that follow the object's name.
    pub text: String,
    /// What an incident says of it, where one lifts it.
    #[serde(rename = "liftedBy", skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
}

impl Gap {
    pub(super) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            kind,
            text,
            lifted_by: None,
        }
    }
}
