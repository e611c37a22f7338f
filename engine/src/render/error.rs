//! Why a folder cannot be rendered. None of these is ever an empty result.

use miette::Diagnostic;

use super::{ClosureError, ExportError, FilesError, ProgramError, helm, kustomize};

/// A folder cannot be rendered.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// Its files cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(#[from] FilesError),
    /// Its files cannot be named.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Closure(#[from] ClosureError),
    /// Its files cannot be given to a program.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Export(#[from] ExportError),
    /// The program.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Program(#[from] ProgramError),
    /// A kustomization.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kustomize(#[from] kustomize::Error),
    /// A chart.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Helm(#[from] helm::Error),
}
