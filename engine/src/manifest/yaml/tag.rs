//! Explicit tags: those of the core schema as go-yaml v2 resolves them, no others.
//! Knows nothing of where a value stands.

use granit_parser::Tag;

use super::Fault;
use crate::manifest::Problem;
use crate::manifest::scalar::{self, Scalar};
use crate::model::Span;

/// What `text` is under `tag`, quoted or not.
pub(super) fn resolve(tag: &Tag, text: &str, span: Span) -> Result<Scalar, Fault> {
    let resolved = match tag.core_suffix() {
        Some("str") => Some(Scalar::Text),
        Some("null") => one_of(text, |scalar| matches!(scalar, Scalar::Null)),
        Some("bool") => one_of(text, |scalar| matches!(scalar, Scalar::Bool(_))),
        Some("int") => one_of(text, |scalar| {
            matches!(scalar, Scalar::Int(_) | Scalar::Uint(_))
        }),
        Some("float") => match scalar::resolve(text) {
            #[expect(clippy::cast_precision_loss, reason = "the loader converts so")]
            Scalar::Int(value) => Some(Scalar::Float(value as f64)),
            float @ (Scalar::Float(_) | Scalar::NonFinite) => Some(float),
            _ => None,
        },
        _ => None,
    };
    resolved.ok_or(Fault::new(Problem::Tag, span))
}

/// A list or mapping may say what it is.
pub(super) fn check_collection(tag: Option<&Tag>, expected: &str, span: Span) -> Result<(), Fault> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(expected) => Err(Fault::new(Problem::Tag, span)),
        _ => Ok(()),
    }
}

fn one_of(text: &str, fits: impl Fn(&Scalar) -> bool) -> Option<Scalar> {
    Some(scalar::resolve(text)).filter(fits)
}
