//! The objects of the changed files, on both sides.
//! Compares nothing.

use super::super::Error;
use super::super::view::View;
use super::duplicates::duplicate;
use crate::change::{Objects, Source};
use crate::git::{FileChange, Selector};
use crate::model::{Effect, Finding, Span};

pub(super) fn read_sides(
    view: &View<'_>,
    files: &[FileChange],
    selected: &Selector,
    findings: &mut Vec<Finding>,
) -> Result<(Objects, Objects), Error> {
    let (mut base, mut head) = (Objects::new(), Objects::new());
    view.read_ahead(files);
    for change in files {
        let Some(entry) = &change.new else { continue };
        let file = view.file_at_head(entry)?;
        for source in &file.sources {
            match head.get(&source.object) {
                Some(first) => findings.push(duplicate(source, first)),
                None => {
                    head.insert(source.object.clone(), source.clone());
                }
            }
        }
        if let (Some(source), [first, others @ ..]) =
            (file.sources.first(), file.converted_keys.as_slice())
        {
            findings.push(converted(source, *first, others.len()));
        }
    }
    // A file that neither side can read is told as it stands at head, where it can be mended.
    let selected = std::slice::from_ref(selected);
    for entry in files.iter().filter_map(|change| change.old.as_ref()) {
        let file = view.file_before(entry, selected).map_err(Error::at_base)?;
        for source in &file.sources {
            base.entry(source.object.clone())
                .or_insert_with(|| source.clone());
        }
    }
    Ok((base, head))
}

/// One finding a file, however many such keys it has: who mends the first sees the others.
fn converted(source: &Source, first: Span, others: usize) -> Finding {
    let place = source.at(first);
    let keys = match others {
        0 => "a key".to_owned(),
        others => format!("a key, and {others} more,"),
    };
    let file = &source.file;
    Finding {
        location: Some(place),
        remediation: Some("quote the key".to_owned()),
        ..Finding::of_engine(
            "engine.key-converted",
            Effect::Warn,
            format!(
                "{keys} in {file} is deployed under another name: Kubernetes reads it as a boolean or a number"
            ),
        )
    }
}
