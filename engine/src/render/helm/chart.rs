//! A chart as Helm loads it: its files, and the charts in it, from folders and archives alike.
//! Knows nothing of what templates do; `.helmignore` only ever leaves files out, and is not looked at.

use std::collections::BTreeMap;

use super::metadata::Metadata;
use super::{Error, archive};
use crate::git::TreeEntry;
use crate::model::{RepoPath, limits};
use crate::render::Files;

/// A chart and the charts in it.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) meta: Metadata,
    /// Its own files, those of `charts/` left out.
    pub(super) items: Vec<Item>,
    /// The charts below `charts/`.
    pub(super) charts: Vec<Self>,
    /// Whether it lies in an archive.
    pub(super) is_packed: bool,
}

/// A file of a chart.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// From the chart that holds it.
    pub(super) path: RepoPath,
    /// The file of the tree that a person edits: itself, or the archive that holds it.
    pub(super) file: RepoPath,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Entry(TreeEntry),
    /// Of an archive.
    Packed(Vec<u8>),
}

impl Item {
    pub(super) fn of_entry(path: Vec<u8>, entry: TreeEntry) -> Self {
        Self {
            path: RepoPath::new(path),
            file: entry.path.clone(),
            content: Content::Entry(entry),
        }
    }

    pub(super) fn bytes(&self, files: &dyn Files) -> Result<Vec<u8>, Error> {
        match &self.content {
            Content::Entry(entry) => Ok(files.content(entry)?),
            Content::Packed(bytes) => Ok(bytes.clone()),
        }
    }

    pub(super) fn text(&self, files: &dyn Files) -> Result<String, Error> {
        let text = String::from_utf8(self.bytes(files)?);
        text.map_err(|_| Error::Chart {
            place: self.shown(),
            what: "the file is not UTF-8".to_owned(),
        })
    }

    /// How errors name it: `app/charts/x.tgz: templates/a.yaml`.
    pub(super) fn shown(&self) -> String {
        match self.content {
            Content::Entry(_) => self.file.to_string(),
            Content::Packed(_) => format!("{}: {}", self.file, self.path),
        }
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.path.as_bytes() == name.as_bytes()
    }
}

impl Chart {
    /// The chart of these files; none where they have no `Chart.yaml`.
    ///
    /// # Errors
    /// A chart that Helm refuses, an archive that cannot be read, charts too deep in each other.
    pub(super) fn load(items: Vec<Item>, files: &dyn Files) -> Result<Option<Self>, Error> {
        Self::load_at(items, files, 0)
    }

    /// The file that Helm's `# Source: app/charts/lib/templates/x.yaml` speaks of.
    pub(super) fn item_of(&self, source: &str) -> Option<&Item> {
        let (name, path) = source.split_once('/')?;
        (name == self.meta.name).then(|| self.find(path))?
    }

    /// This chart and all in it.
    pub(super) fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for chart in &self.charts {
            all.extend(chart.all());
        }
        all
    }

    fn load_at(items: Vec<Item>, files: &dyn Files, depth: usize) -> Result<Option<Self>, Error> {
        let Some(described) = items.iter().find(|item| item.is_named("Chart.yaml")) else {
            return Ok(None);
        };
        if depth > limits::CHART_DEPTH.most {
            let path = described.file.clone();
            return Err(Error::Depth { path });
        }
        let is_packed = matches!(described.content, Content::Packed(_));
        let mut meta = Metadata::read(&described.shown(), &described.text(files)?)?;
        if let Some(item) = items.iter().find(|item| item.is_named("requirements.yaml")) {
            meta.require(&item.shown(), &item.text(files)?)?;
        }
        let (own, inner) = parted(items);
        let mut charts = Vec::new();
        for (name, items) in inner {
            let items = match items.as_slice() {
                [archive] if name.ends_with(b".tgz") && archive.path.as_bytes().is_empty() => {
                    unpacked(archive, files)?
                }
                _ => items,
            };
            charts.extend(Self::load_at(items, files, depth + 1)?);
        }
        Ok(Some(Self {
            is_packed,
            meta,
            items: own,
            charts,
        }))
    }

    fn find(&self, path: &str) -> Option<&Item> {
        let of_inner = || {
            let (name, rest) = path.strip_prefix("charts/")?.split_once('/')?;
            let mut inner = self.charts.iter().filter(|inner| self.calls(inner, name));
            inner.find_map(|inner| inner.find(rest))
        };
        let own = self.items.iter().find(|item| item.is_named(path));
        own.or_else(of_inner)
    }

    /// Whether Helm calls one of the charts in this one `name`: by its own, or by an alias.
    fn calls(&self, inner: &Self, name: &str) -> bool {
        let mut dependencies = self.meta.dependencies.iter();
        inner.meta.name == name
            || dependencies.any(|dependency| {
                dependency.alias.as_deref() == Some(name) && dependency.name == inner.meta.name
            })
    }
}

/// The files of a chart itself, and by their names those of the charts in it, each from its own root.
fn parted(items: Vec<Item>) -> (Vec<Item>, BTreeMap<Vec<u8>, Vec<Item>>) {
    let mut own = Vec::new();
    let mut inner: BTreeMap<Vec<u8>, Vec<Item>> = BTreeMap::new();
    for mut item in items {
        let Some(rest) = item.path.as_bytes().strip_prefix(b"charts/") else {
            own.push(item);
            continue;
        };
        let slash = rest.iter().position(|byte| *byte == b'/');
        let name = rest.get(..slash.unwrap_or(rest.len())).unwrap_or_default();
        // Helm takes these for no charts.
        if matches!(name.first(), Some(b'_' | b'.')) || rest.ends_with(b".prov") {
            continue;
        }
        let name = name.to_vec();
        let below = slash.and_then(|slash| rest.get(slash + 1..));
        item.path = RepoPath::new(below.unwrap_or_default());
        inner.entry(name).or_default().push(item);
    }
    (own, inner)
}

/// The files of an archive.
fn unpacked(item: &Item, files: &dyn Files) -> Result<Vec<Item>, Error> {
    let packed = archive::unpack(&item.file, &item.bytes(files)?)?;
    let item = |(path, bytes)| Item {
        path,
        file: item.file.clone(),
        content: Content::Packed(bytes),
    };
    Ok(packed.into_iter().map(item).collect())
}
