//! YAML and JSON to Kubernetes objects with the place of every key and value.
//! Knows nothing of Git or of what the objects mean.

mod file;
pub mod json;
mod limits;
mod node;
mod outline;
mod parse_error;
mod quantity;
mod roots;
mod scalar;
pub mod secrets;
mod shape;
pub mod yaml;

pub use file::{
    Error, KUSTOMIZATIONS, ManifestFile, Object, Role, Wanted, is_manifest_name, read,
    read_documents, read_only, read_within, role_of_name,
};
pub use limits::Limits;
pub use node::{Entry, Node, NodeValue};
pub use outline::{Outline, outline};
pub use parse_error::{ParseError, Place, Problem};
pub use quantity::{Quantity, QuantityError};
pub(crate) use roots::is_read_as;
pub use roots::{Named, RenderRoots, Root, RootKind, named_by_kustomization};
pub use shape::check_shape;
pub use yaml::Documents;
