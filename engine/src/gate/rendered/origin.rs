//! From the files that a renderer names to the places in them.
//! Whatever cannot be read says nothing here: what it made was judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::file::File;
use crate::change::{Layer, Origin, Part, Source};
use crate::manifest::{Limits, Node, NodeValue, role_of_name, yaml};
use crate::model::{Lines, RepoPath, mentions};
use crate::render::{self, Files, Found};

/// The files of one side that made what was rendered, each read once.
pub(in crate::gate) struct Layers<'a> {
    files: &'a dyn Files,
    read: BTreeMap<RepoPath, Option<Arc<Read>>>,
}

/// What a file says of objects.
struct Read {
    text: Arc<str>,
    lines: Arc<Lines>,
    what: What,
}

impl Read {
    fn layer(&self, path: &RepoPath, part: Part) -> Layer {
        Layer {
            file: path.clone(),
            text: Arc::clone(&self.text),
            lines: Arc::clone(&self.lines),
            part,
        }
    }
}

enum What {
    /// Objects or parts of them, secret values masked in the text.
    Objects(Vec<Source>),
    Operations(Arc<Node>),
    Settings(Arc<Node>),
    Template,
}

impl<'a> Layers<'a> {
    pub(in crate::gate) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            read: BTreeMap::new(),
        }
    }

    /// The places behind an object.
    pub(super) fn of(&mut self, source: &Source, origin: &render::Origin) -> Option<Origin> {
        let changed = origin.changed_by.iter().rev();
        let paths: Vec<&RepoPath> = changed.chain(&origin.file).collect();
        let layers = paths
            .into_iter()
            .filter_map(|path| self.layer(path, source));
        let elsewhere = origin.base.as_ref().map(|base| Layer {
            file: base.file.clone(),
            text: Arc::default(),
            lines: Arc::default(),
            part: Part::Elsewhere {
                line: base.line,
                name: base.address.clone(),
            },
        });
        Origin::new(layers.chain(elsewhere).collect())
    }

    /// The places behind the object `name`, which a template in the file `by` makes of what stands in others, after the
    /// files that are `put` into it: of several, in those that name it.
    pub(in crate::gate) fn of_made<'p>(
        &mut self,
        name: &str,
        put: impl Iterator<Item = &'p RepoPath>,
        of: impl Iterator<Item = &'p RepoPath>,
        by: &RepoPath,
    ) -> Option<Origin> {
        let mut layers = self.settings(put);
        let mut settings = self.settings(of);
        if settings.len() > 1 {
            settings.retain(|layer| match &layer.part {
                Part::Settings(node) => names(node, name),
                _ => false,
            });
        }
        layers.extend(settings);
        layers.push(self.file(by)?.layer(by, Part::Template));
        Origin::new(layers)
    }

    /// The places behind an object that stands in the file `by`, and into which files are `put`.
    pub(in crate::gate) fn of_filled<'p>(
        &mut self,
        source: &Source,
        put: impl Iterator<Item = &'p RepoPath>,
        by: &RepoPath,
    ) -> Option<Origin> {
        let mut layers = self.settings(put);
        layers.extend(self.layer(by, source));
        Origin::new(layers)
    }

    fn settings<'p>(&mut self, of: impl Iterator<Item = &'p RepoPath>) -> Vec<Layer> {
        let settings = of.filter_map(|path| {
            let read = self.file(path)?;
            match &read.what {
                What::Settings(node) => {
                    let part = Part::Settings(Arc::clone(node));
                    Some(read.layer(path, part))
                }
                _ => None,
            }
        });
        settings.collect()
    }

    fn layer(&mut self, path: &RepoPath, source: &Source) -> Option<Layer> {
        let read = self.file(path)?;
        let (text, lines, part) = match &read.what {
            What::Objects(sources) => {
                let twin = twin(sources, source)?;
                let part = Part::Object(Arc::clone(&twin.node));
                (&twin.text, &twin.lines, part)
            }
            What::Operations(node) => (&read.text, &read.lines, Part::Operations(Arc::clone(node))),
            What::Settings(node) => (&read.text, &read.lines, Part::Settings(Arc::clone(node))),
            What::Template => (&read.text, &read.lines, Part::Template),
        };
        Some(Layer {
            file: path.clone(),
            text: Arc::clone(text),
            lines: Arc::clone(lines),
            part,
        })
    }

    fn file(&mut self, path: &RepoPath) -> Option<Arc<Read>> {
        if let Some(read) = self.read.get(path) {
            return read.clone();
        }
        let read = self.read_file(path).map(Arc::new);
        self.read.insert(path.clone(), read.clone());
        read
    }

    fn read_file(&self, path: &RepoPath) -> Option<Read> {
        let Found::File(entry) = self.files.resolve(path).ok()?.found else {
            return None;
        };
        let bytes = self.files.content(&entry).ok()?;
        let of = |what| -> Option<Read> {
            Some(Read {
                text: std::str::from_utf8(&bytes).ok()?.into(),
                lines: Arc::default(),
                what,
            })
        };
        if is_template(path) {
            return of(What::Template);
        }
        if role_of_name(path).is_none()
            && let Ok(file) = File::read_parts(path, &bytes)
            && !file.sources.is_empty()
        {
            return of(What::Objects(file.sources));
        }
        let text = std::str::from_utf8(&bytes).ok()?;
        let documents = yaml::read(text, &Limits::DEFAULT).ok()?;
        let node = Arc::new(documents.nodes.into_iter().next()?);
        let is_list = matches!(node.value, NodeValue::Sequence(_));
        of(if is_list {
            What::Operations(node)
        } else {
            What::Settings(node)
        })
    }
}

/// The object of a file that became `source`: of its kind and name, or the only one of its kind.
fn twin<'a>(sources: &'a [Source], source: &Source) -> Option<&'a Source> {
    let kind = source.object.group_kind();
    let alike: Vec<&Source> = sources
        .iter()
        .filter(|other| other.object.group_kind() == kind)
        .collect();
    let named = |wanted: &dyn Fn(&str) -> bool| {
        let mut found = alike.iter().filter(|other| wanted(&other.object.name));
        match (found.next(), found.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    };
    let name = source.object.name.as_str();
    named(&|other| other == name)
        .or_else(|| named(&|other| name.contains(other)))
        .or_else(|| named(&|_| true))
}

/// Whether any text in it is this one.
fn names(node: &Node, text: &str) -> bool {
    match &node.value {
        NodeValue::Sequence(items) => items.iter().any(|item| names(item, text)),
        NodeValue::Mapping(entries) => entries.iter().any(|entry| names(&entry.value, text)),
        _ => node.as_str() == Some(text),
    }
}

fn is_template(path: &RepoPath) -> bool {
    let text = path.as_bytes();
    mentions(text, TEMPLATES) || text.ends_with(b".tpl")
}

const TEMPLATES: &[u8] = b"/templates/";
