//! Digests in a text that a value of a file is: values of a chart, a patch. The bytes of the file are told by how often
//! something stands in the text before them. Knows nothing of what the text is for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edit, Lines, Named, Node, NodeValue, Replaces, Search, Span, Standing, apply, yaml};

impl Search<'_, '_> {
    /// The images of a text, of which these are known to stand there.
    pub(super) fn in_text(&mut self, node: &Node, text: &str, standing: &[Standing<'_>]) {
        let Ok(documents) = yaml::parse(text) else {
            return;
        };
        let lines = Lines::default();
        let mut found = BTreeMap::new();
        for document in documents.iter().filter(|it| holds_more(it)) {
            let mut search = Search {
                text,
                document,
                lines: &lines,
                named: Named {
                    at: &|_| Vec::new(),
                    is_rendered: true,
                },
                digests: self.digests,
                sets: true,
                only: Some(names(standing)),
                found,
            };
            search.walk(document, "");
            found = search.found;
        }
        let inner: Vec<Edit> = found.into_values().collect();
        if apply(text, &inner).is_none() {
            return;
        }
        let written = self.text.get(node.span.start..node.span.end);
        let outer = inner.into_iter().filter_map(|edit| {
            let start = node.span.start + same(text, written?, edit.span)?;
            let end = start + (edit.span.end - edit.span.start);
            Some(Edit {
                span: Span { start, end },
                value: edit.text.clone(),
                replaces: Replaces::Part {
                    part: edit.span,
                    whole: node.span,
                },
                ..edit
            })
        });
        for edit in outer.collect::<Vec<_>>() {
            self.put(edit);
        }
    }

    /// The images of a patch that is a list, of which these are known to stand there.
    pub(super) fn steps(&mut self, items: &[Node], standing: &[Standing<'_>]) {
        let only = self.only.replace(names(standing));
        let sets = std::mem::replace(&mut self.sets, true);
        items.iter().for_each(|item| self.walk(item, ""));
        (self.only, self.sets) = (only, sets);
    }

    /// `{op: …, path: …, value: …}`, whose value stands under the last key of the path.
    pub(super) fn step(&mut self, node: &Node) {
        let text = |key| node.get(key).and_then(Node::as_str);
        let (Some(_), Some(path), Some(value)) = (text("op"), text("path"), node.get("value"))
        else {
            return;
        };
        let key = path.rsplit('/').next().unwrap_or_default();
        if let Some(text) = value.as_str() {
            self.reference(value, text, key);
        }
    }
}

/// A text with span as a reader should find it after edits of parts.
pub(super) fn edited((text, span): (&str, Span), edits: &[Edit]) -> String {
    let mut edited = text.to_owned();
    for edit in edits.iter().rev() {
        if let Replaces::Part { part, whole } = edit.replaces
            && whole == span
            && edited.get(part.start..part.end).is_some()
        {
            edited.replace_range(part.start..part.end, &edit.value);
        }
    }
    edited
}

/// Where what stands at a place of a text stands in how it is written: as often as before it, and as often in all.
fn same(text: &str, written: &str, part: Span) -> Option<usize> {
    let word = text.get(part.start..part.end)?;
    let index = text
        .match_indices(word)
        .position(|(at, _)| at == part.start)?;
    let all: Vec<usize> = written.match_indices(word).map(|(at, _)| at).collect();
    (all.len() == text.matches(word).count()).then_some(())?;
    all.get(index).copied()
}

fn names(standing: &[Standing<'_>]) -> BTreeSet<String> {
    standing.iter().map(|it| it.image.to_owned()).collect()
}

fn holds_more(document: &Node) -> bool {
    matches!(
        document.value,
        NodeValue::Mapping(_) | NodeValue::Sequence(_)
    )
}
