//! Stores in a registry of OCI artifacts: a repository of its own, or beside one artifact.
//! Opens no socket: what asks the registry is given, and what it answers is checked there and here.
//!
//! A registry has no compare-and-swap: a tag can be written by two at once, and the second one counts. So
//! nothing is decided here: links are signed where only one can be the next, and copied here.

mod artifact;
mod pack;
mod repository;
#[cfg(test)]
mod tests;

pub use artifact::ArtifactStore;
pub use repository::RepositoryStore;
