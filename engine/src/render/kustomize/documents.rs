//! What kustomize prints, document by document.
//! Knows nothing of where the objects come from.

use super::error::Error;
use crate::manifest::{Node, NodeValue, yaml};

/// One object as it was printed.
pub(super) struct Document<'a> {
    pub(super) text: &'a str,
    pub(super) node: Node,
}

/// The documents of what was printed; each is one object.
pub(super) fn documents(printed: &str) -> Result<Vec<Document<'_>>, Error> {
    let mut documents = Vec::new();
    for text in split(printed) {
        let nodes = yaml::parse(text).map_err(|error| Error::Output {
            error: Box::new(error),
        })?;
        let mut nodes = nodes
            .into_iter()
            .filter(|node| node.value != NodeValue::Null);
        match (nodes.next(), nodes.next()) {
            (None, _) => {}
            (Some(node), None) if matches!(node.value, NodeValue::Mapping(_)) => {
                documents.push(Document { text, node });
            }
            _ => return Err(Error::NotText),
        }
    }
    Ok(documents)
}

/// Kustomize writes nothing but `---` on a line between documents, and no such line within one.
fn split(printed: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in printed.split_inclusive('\n') {
        if line.trim_end() == "---" {
            texts.extend(printed.get(start..at));
            start = at + line.len();
        }
        at += line.len();
    }
    texts.extend(printed.get(start..));
    texts
}

impl Document<'_> {
    /// `kind`, API version, namespace and name: what tells objects apart.
    pub(super) fn identity(&self) -> [&str; 4] {
        let text = |pointer| {
            self.node
                .pointer(pointer)
                .and_then(Node::as_str)
                .unwrap_or_default()
        };
        [
            "/kind",
            "/apiVersion",
            "/metadata/namespace",
            "/metadata/name",
        ]
        .map(text)
    }

    /// `Deployment shop/web`, for people.
    pub(super) fn name(&self) -> String {
        let [kind, _, namespace, name] = self.identity();
        match namespace {
            "" => format!("{kind} {name}"),
            namespace => format!("{kind} {namespace}/{name}"),
        }
    }

    /// An annotation.
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        let annotations = self.node.pointer("/metadata/annotations")?;
        annotations.get(name)?.as_str()
    }
}
