//! Tells what is wrong with rendered objects by the files in which they are edited.
//! Shows no content: what cannot be read may be a Secret.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::origin::Layers;
use crate::change::Source;
use crate::manifest::{self, Limits, Node, NodeValue, yaml};
use crate::model::{LineColumn, ObjectRef, RepoPath, Span, step_of};
use crate::render::{Files, Origin, Rendered};

/// What came out of a rendering and cannot be judged.
pub(super) struct Unfit<'a> {
    rendered: &'a Rendered,
    /// Where its documents begin.
    starts: &'a [usize],
    files: &'a dyn Files,
}

impl<'a> Unfit<'a> {
    pub(super) fn of(rendered: &'a Rendered, starts: &'a [usize], files: &'a dyn Files) -> Self {
        Self {
            rendered,
            starts,
            files,
        }
    }

    /// The same error at the place where a person mends it; where only the file is known, with the line of the
    /// document as the renderer prints it.
    pub(super) fn told(&self, error: manifest::Error) -> manifest::Error {
        let text = &*self.rendered.text;
        let found = error.position().and_then(|position| {
            let at = offset(text, position)?;
            let document = self.starts.partition_point(|start| *start <= at);
            let document = document.saturating_sub(1);
            let origin = self.rendered.origins.get(document)?;
            let start = *self.starts.get(document)?;
            let end = self.starts.get(document + 1).copied();
            let part = text.get(start..end.unwrap_or(text.len()))?;
            let at = at.saturating_sub(start);
            self.edited(part, at, origin)
                .or_else(|| Some(self.printed(start, position, origin.file.as_ref()?)))
        });
        match found {
            Some((path, position)) => error.told_of(path, position),
            None => error,
        }
    }

    /// The place in the files of a kustomization that says what stands at `at` of one document. What a template
    /// makes of its values is not looked for.
    fn edited(&self, text: &str, at: usize, origin: &Origin) -> Option<(RepoPath, LineColumn)> {
        if self.is_of_helm() {
            return None;
        }
        let documents = yaml::read(text, &Limits::DEFAULT).ok()?;
        let node = documents.nodes.into_iter().next()?;
        let said = |pointer| node.pointer(pointer).and_then(Node::as_str);
        let mut pointer = String::new();
        way(&node, at, &mut pointer);
        let source = Source {
            object: ObjectRef {
                api_version: said("/apiVersion").unwrap_or_default().to_owned(),
                kind: said("/kind").unwrap_or_default().to_owned(),
                namespace: said("/metadata/namespace").map(str::to_owned),
                name: said("/metadata/name").unwrap_or_default().to_owned(),
            },
            file: origin.file.clone()?,
            text: "".into(),
            lines: Arc::default(),
            secrets: Arc::new(BTreeSet::new()),
            node: Arc::new(node),
            origin: None,
        };
        let origin = Layers::new(self.files).of(&source, origin)?;
        let source = Source {
            origin: Some(Arc::new(origin)),
            ..source
        };
        let place = source.location(&pointer);
        let position = LineColumn {
            line: place.line,
            column: place.column,
        };
        Some((place.path, position))
    }

    /// The file, and the place in what is printed of it: Helm begins it with `---`, which counts.
    fn printed(
        &self,
        start: usize,
        position: LineColumn,
        file: &RepoPath,
    ) -> (RepoPath, LineColumn) {
        let tool = &self.rendered.tool;
        let path = format!("{file} (as {tool} renders it)");
        let start = Span { start, end: start };
        let first = start.line_column(&self.rendered.text).line;
        let line = (position.line + 1).saturating_sub(first) + usize::from(self.is_of_helm());
        let column = position.column;
        (path.as_str().into(), LineColumn { line, column })
    }

    fn is_of_helm(&self) -> bool {
        self.rendered.tool == "helm"
    }
}

/// The byte at a place.
fn offset(text: &str, position: LineColumn) -> Option<usize> {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines
        .by_ref()
        .take(position.line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let line = lines.next().unwrap_or_default();
    let column = line.char_indices().nth(position.column.checked_sub(1)?);
    Some(before + column.map_or(line.len(), |(at, _)| at))
}

/// The pointer of the deepest value that holds the byte.
fn way(node: &Node, at: usize, pointer: &mut String) {
    let holds = |span: Span| span.start <= at && at < span.end.max(span.start + 1);
    match &node.value {
        NodeValue::Sequence(items) => {
            let found = items.iter().position(|item| holds(item.span));
            if let Some((index, item)) = found.and_then(|index| Some((index, items.get(index)?))) {
                pointer.push_str(&format!("/{index}"));
                way(item, at, pointer);
            }
        }
        NodeValue::Mapping(entries) => {
            let whole = |from: Span, to: Span| Span {
                start: from.start,
                end: to.end,
            };
            let mut entries = entries.iter();
            let found = entries.find(|entry| holds(whole(entry.key_span, entry.value.span)));
            if let Some(entry) = found {
                let key = step_of(&entry.key);
                pointer.push_str(&format!("/{key}"));
                way(&entry.value, at, pointer);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
