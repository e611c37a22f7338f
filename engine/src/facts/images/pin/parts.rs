//! Where the digest of an image is written whose name stands in several places of one object: values and parameters.
//! Knows nothing of files.

use super::{Node, Search, Span, Standing, spelled};
use crate::facts::image_ref::ImageRef;
use crate::model::Digest;

impl Search<'_, '_> {
    /// An image that stands at a value together with others: the digest where there is a place for one, else behind the tag.
    pub(super) fn part(&mut self, node: &Node, one: &Standing<'_>) {
        let Some(digest) = self.digest(one.image) else {
            return;
        };
        let tag = ImageRef::parse(one.image).and_then(|image| image.tag);
        // The line may be of another document.
        let own = self.document.pointer(one.pointer);
        let (Some(tag), true) = (tag, own.is_some_and(|own| own.span == node.span)) else {
            return;
        };
        let all = one.fields.iter();
        let all: Vec<Said<'_>> = all.filter_map(|at| Said::at(self.document, at)).collect();
        let names = (
            one.image.to_owned(),
            format!("{}@sha256:{digest}", one.image),
        );
        let empty = all
            .iter()
            .filter(|it| it.is_of(&["digest"]) && it.text() == Some(""));
        let tags = all
            .iter()
            .filter(|it| it.is_of(&["tag", "imageversion"]) && it.text() == Some(&tag));
        match (only(empty), only(tags)) {
            (Some(place), _) => self.replace(place.node, "", behind("", digest), names),
            (None, Some(place)) => {
                self.replace(place.node, &tag, behind(&format!("{tag}@"), digest), names);
            }
            (None, None) => {}
        }
    }
}

/// Whether a place is an entry of `images` of a kustomization that is one text.
pub(super) fn is_entry(pointer: &str) -> bool {
    pointer
        .rsplit_once('/')
        .is_some_and(|(at, _)| at.ends_with("/kustomize/images"))
}

/// Whether a place is in an entry of `images` of a kustomization that is a mapping.
pub(super) fn is_renamed(pointer: &str) -> bool {
    let keys = ["/newName", "/newTag"];
    keys.iter().any(|key| pointer.ends_with(key))
}

/// A value that has a say in an image, by its name.
struct Said<'n> {
    name: &'n str,
    node: &'n Node,
}

impl<'n> Said<'n> {
    /// At a place, which may be a parameter.
    fn at(document: &'n Node, at: &'n str) -> Option<Self> {
        let node = document.pointer(at)?;
        let text = |key| node.get(key).and_then(Node::as_str);
        Some(match (text("name"), node.get("value")) {
            (Some(name), Some(node)) => Self { name, node },
            _ => Self { name: at, node },
        })
    }

    /// Whether the last word of its name ends with one of these.
    fn is_of(&self, words: &[&str]) -> bool {
        let name = self.name.to_ascii_lowercase();
        words.iter().any(|word| name.ends_with(word))
    }

    fn text(&self) -> Option<&'n str> {
        spelled(self.node)
    }
}

/// The one of these, where they are at one place.
fn only<'s, 'n: 's>(all: impl Iterator<Item = &'s Said<'n>>) -> Option<&'s Said<'n>> {
    let all: Vec<&Said<'n>> = all.collect();
    let spans: Vec<Span> = all.iter().map(|it| it.node.span).collect();
    let first = all.first().copied()?;
    spans
        .iter()
        .all(|span| *span == first.node.span)
        .then_some(first)
}

fn behind(tag: &str, digest: Digest) -> String {
    format!("{tag}sha256:{digest}")
}
