//! Stores in a registry of OCI artifacts: a repository of its own, or beside one artifact.
//! Opens no socket: what asks the registry is given, and what it answers is checked here.
//!
//! A registry has no compare-and-swap: a tag can be written by two at once, and the second one counts. So
//! nothing is decided here: links are signed where only one can be the next, and copied here.

mod address;
mod artifact;
mod client;
mod error;
mod form;
mod pack;
mod place;
mod repository;
#[cfg(test)]
mod tests;
mod transport;

pub use artifact::ArtifactStore;
pub use error::RegistryError;
pub use place::OciPlace;
pub use repository::RepositoryStore;
pub use transport::{Answer, Ask, Credentials, Failure, Method, Transport};
