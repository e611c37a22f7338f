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
    for (nth, text) in split(printed).into_iter().enumerate() {
        let nodes = yaml::parse(text).map_err(|error| Error::Output {
            object: told(text),
            nth,
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

/// The file that the `nth` of the objects that were `printed` with annotations comes from, from the folder that
/// was built.
pub(super) fn path_of(printed: &str, nth: usize) -> Option<&str> {
    let mut lines = split(printed).get(nth)?.lines().map(str::trim);
    lines.find(|line| line.starts_with("config.kubernetes.io/origin:"))?;
    let path = lines.next()?.strip_prefix("path: ")?;
    Some(path)
}

/// What a document that cannot be read calls its object, as kustomize prints it.
fn told(text: &str) -> String {
    let mut lines = text.lines();
    let kind = text.lines().find_map(|line| line.strip_prefix("kind: "));
    lines.find(|line| *line == "metadata:");
    let name = lines.find_map(|line| line.strip_prefix("  name: "));
    match (kind, name) {
        (Some(kind), Some(name)) => format!("`{kind} {name}`"),
        _ => "an object".to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_cannot_be_read_is_told_by_its_object() {
        let web = "kind: Web\nmetadata:\n  labels:\n    name: no\n  name: web\nx: [\n";
        for (printed, wanted) in [
            (format!("kind: A\n---\n{web}"), (1, "`Web web`")),
            ("a: [\n".to_owned(), (0, "an object")),
        ] {
            let Err(Error::Output { object, nth, .. }) = documents(&printed) else {
                panic!("{printed} can be read");
            };
            assert_eq!((nth, object.as_str()), wanted);
        }
    }

    #[test]
    fn the_file_of_an_object_stands_in_its_annotation() {
        let told = "kind: A\n---\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: ../base/a.yaml\n";
        assert_eq!(path_of(told, 1), Some("../base/a.yaml"));
        assert_eq!(path_of(told, 0), None);
        assert_eq!(path_of(told, 2), None);
    }
}
