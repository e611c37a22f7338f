//! Registries of OCI artifacts: their addresses, what may be asked of them, and what their answers are worth.
//! Opens no socket: what asks is given. Knows neither verdicts nor which signatures count.

mod address;
mod client;
mod error;
mod form;
mod image;
mod place;
mod transport;

pub(crate) use client::{Client, Found, Kept, Reference};
pub(crate) use error::NO_IMAGE;
pub use error::RegistryError;
pub(crate) use form::{Descriptor, Document, EMPTY, INDEX, MANIFEST, NOTHING};
pub use image::{Beside, ImageRepository, Named, Resolved};
pub use place::OciPlace;
pub use transport::{Answer, Ask, Credentials, Failure, Method, Transport};
