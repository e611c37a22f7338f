//! Why a file holds no objects that could be judged.
//! Never holds content of a document that did not parse.

use miette::Diagnostic;

use super::{Context, ParseError};
use crate::manifest::{Node, NodeValue};
use crate::model::{LineColumn, RepoPath, Span};

/// A file that cannot be judged.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// Its text cannot be read.
    #[error("{path}:{error}")]
    #[diagnostic(forward(error))]
    Parse {
        /// The file.
        path: RepoPath,
        /// Why.
        error: Box<ParseError>,
    },
    /// It is encrypted as a whole.
    #[error("{path}: encrypted by git-crypt")]
    #[diagnostic(
        code(manifest::encrypted),
        help("what cannot be read cannot be judged; keep it out of the unit's paths")
    )]
    Encrypted {
        /// The file.
        path: RepoPath,
    },
    /// An object whose values SOPS encrypted, where not even its deployer says what it hides.
    #[error("{path}:{}:{}: SOPS encrypted this {kind}, so that nobody sees what is applied", position.line, position.column)]
    #[diagnostic(
        code(manifest::encrypted),
        help("encrypt Secrets alone, and let the object name them")
    )]
    EncryptedObject {
        /// The file.
        path: RepoPath,
        /// Where SOPS says so.
        span: Span,
        /// The same as line and column.
        position: LineColumn,
        /// The object's kind.
        kind: String,
    },
    /// A document that is half an object.
    #[error("{path}:{}:{}: this is no Kubernetes object: {reason}", position.line, position.column)]
    #[diagnostic(
        code(manifest::not_an_object),
        help(
            "an object has an `apiVersion` (`v1`, `apps/v1`) and a `kind` (`Deployment`); a file for other tools belongs outside the unit's paths"
        )
    )]
    NotAnObject {
        /// The file.
        path: RepoPath,
        /// The bytes.
        span: Span,
        /// Line and column.
        position: LineColumn,
        /// What is wrong.
        reason: &'static str,
    },
    /// A name or namespace that no cluster takes.
    #[error("{path}:{}:{}: {reason}", position.line, position.column)]
    #[diagnostic(
        code(manifest::name),
        help(
            "names are lower-case letters, digits, `-` and `.`, at most 253; a file for other tools belongs outside the unit's paths"
        )
    )]
    Name {
        /// The file.
        path: RepoPath,
        /// The bytes.
        span: Span,
        /// Line and column.
        position: LineColumn,
        /// What is wrong.
        reason: &'static str,
    },
    /// A name that YAML takes for something else than a text.
    #[error("{path}:{}:{}: `{key}` is {is}, and has to be a text", position.line, position.column)]
    #[diagnostic(code(manifest::name), help("{remedy}"))]
    IllTypedName {
        /// The file.
        path: RepoPath,
        /// The bytes.
        span: Span,
        /// Line and column.
        position: LineColumn,
        /// The key of the metadata.
        key: &'static str,
        /// What YAML takes it for.
        is: &'static str,
        /// What to do.
        remedy: Box<str>,
    },
    /// A part of an object that the API server could not decode.
    #[error("{path}:{}:{}: {reason}", position.line, position.column)]
    #[diagnostic(
        code(manifest::misshapen),
        help(
            "the API server refuses such an object; mend it, or keep a file for other tools outside the unit's paths"
        )
    )]
    Misshapen {
        /// The file.
        path: RepoPath,
        /// The bytes.
        span: Span,
        /// Line and column.
        position: LineColumn,
        /// The field, what it must be and what it is.
        reason: Box<str>,
    },
    /// A secret value that an alias makes a key or a name, which are shown.
    #[error("{path}:{}:{}: a secret value is also a key, or a part of what names an object", position.line, position.column)]
    #[diagnostic(
        code(manifest::secret_as_name),
        help("keys and names are shown in reports; write them out, without anchor and alias")
    )]
    SecretAsName {
        /// The file.
        path: RepoPath,
        /// The bytes.
        span: Span,
        /// Line and column.
        position: LineColumn,
    },
    /// Lists in lists in lists.
    #[error("{path}:{}:{}: more than {limit} lists within each other", position.line, position.column)]
    #[diagnostic(code(limit::list_depth), help("write the objects as documents"))]
    ListDepth {
        /// The file.
        path: RepoPath,
        /// Line and column.
        position: LineColumn,
        /// The bound.
        limit: usize,
    },
    /// An object that is too big.
    #[error("{path}:{}:{}: object of more than {limit} bytes", position.line, position.column)]
    #[diagnostic(code(limit::object_size))]
    ObjectSize {
        /// The file.
        path: RepoPath,
        /// Line and column.
        position: LineColumn,
        /// The bound.
        limit: usize,
    },
}

impl Error {
    /// Line and column of what is wrong; none where it is the file as a whole.
    #[must_use]
    pub fn position(&self) -> Option<LineColumn> {
        match self {
            Self::Encrypted { .. } => None,
            Self::Parse { error, .. } => Some(error.place().position),
            Self::EncryptedObject { position, .. }
            | Self::NotAnObject { position, .. }
            | Self::Name { position, .. }
            | Self::IllTypedName { position, .. }
            | Self::Misshapen { position, .. }
            | Self::SecretAsName { position, .. }
            | Self::ListDepth { position, .. }
            | Self::ObjectSize { position, .. } => Some(*position),
        }
    }

    /// The same as said of another place: of the file of which this one was made. The bytes stay those of
    /// the text that was read.
    #[must_use]
    pub fn told_of(mut self, file: RepoPath, place: LineColumn) -> Self {
        match &mut self {
            Self::Encrypted { path } => *path = file,
            Self::Parse { path, error } => {
                *path = file;
                error.tell_of(place);
            }
            Self::EncryptedObject { path, position, .. }
            | Self::NotAnObject { path, position, .. }
            | Self::Name { path, position, .. }
            | Self::IllTypedName { path, position, .. }
            | Self::Misshapen { path, position, .. }
            | Self::SecretAsName { path, position, .. }
            | Self::ListDepth { path, position, .. }
            | Self::ObjectSize { path, position, .. } => (*path, *position) = (file, place),
        }
        self
    }
}

impl Context<'_> {
    pub(super) fn not_an_object(self, span: Span, reason: &'static str) -> Error {
        Error::NotAnObject {
            path: self.path.clone(),
            span,
            position: span.line_column(self.text),
            reason,
        }
    }

    pub(super) fn name(self, span: Span, reason: &'static str) -> Error {
        Error::Name {
            path: self.path.clone(),
            span,
            position: span.line_column(self.text),
            reason,
        }
    }

    /// What stands there is not said: it may be a secret that an alias makes a name.
    pub(super) fn ill_typed_name(self, key: &'static str, node: &Node) -> Error {
        let in_quotes = format!("write it in quotes, which make it a text: `{key}: \"…\"`");
        let (is, remedy) = match node.value {
            NodeValue::Number { .. } => ("a number", in_quotes),
            NodeValue::Bool(_) => ("a boolean", in_quotes),
            NodeValue::Sequence(_) => ("a list", format!("write one text: `{key}: …`")),
            NodeValue::Mapping(_) => ("a mapping", format!("write one text: `{key}: …`")),
            NodeValue::Null | NodeValue::String(_) => ("none", in_quotes),
        };
        Error::IllTypedName {
            path: self.path.clone(),
            span: node.span,
            position: node.span.line_column(self.text),
            key,
            is,
            remedy: remedy.into(),
        }
    }

    pub(super) fn secret_as_name(self, span: Span) -> Error {
        Error::SecretAsName {
            path: self.path.clone(),
            span,
            position: span.line_column(self.text),
        }
    }

    pub(super) fn list_depth(self, span: Span) -> Error {
        Error::ListDepth {
            path: self.path.clone(),
            position: span.line_column(self.text),
            limit: self.limits.list_depth,
        }
    }

    pub(super) fn object_size(self, span: Span) -> Error {
        Error::ObjectSize {
            path: self.path.clone(),
            position: span.line_column(self.text),
            limit: self.limits.object_bytes,
        }
    }
}
