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
pub(super) struct Layers<'a> {
    files: &'a dyn Files,
    read: BTreeMap<RepoPath, Option<Arc<Read>>>,
}

/// What a file says of objects.
struct Read {
    text: Arc<str>,
    lines: Arc<Lines>,
    what: What,
}

enum What {
    /// Objects or parts of them, secret values masked in the text.
    Objects(Vec<Source>),
    Operations(Arc<Node>),
    Settings(Arc<Node>),
    Template,
}

impl<'a> Layers<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
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

fn is_template(path: &RepoPath) -> bool {
    let text = path.as_bytes();
    mentions(text, TEMPLATES) || text.ends_with(b".tpl")
}

const TEMPLATES: &[u8] = b"/templates/";
