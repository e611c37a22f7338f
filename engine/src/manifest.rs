//! YAML and JSON to Kubernetes objects with the place of every key and value.
//! Knows nothing of Git or of what the objects mean.

mod node;

pub use node::{Entry, Node, NodeValue};
