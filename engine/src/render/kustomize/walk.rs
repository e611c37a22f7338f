//! From one kustomization to every file that it reads; whatever is out of bounds is refused on the way.
//! Starts no process, and knows nothing of what kustomize makes of the files.

mod bases;
mod paths;

use std::collections::{BTreeMap, BTreeSet};

use super::error::Error;
use super::fields::{self, Fault, FaultKind, Reference, Role};
use super::place::{At, Folder, shown};
use super::{plugins, remote};
use crate::git::TreeEntry;
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::{RepoPath, Span, limits};
use crate::render::closure::{Closure, unspelt};
use crate::render::files::{Files, Found};

/// A kustomization that was read.
#[derive(Clone, Debug)]
pub(super) struct Kustomization {
    /// Its file, links followed.
    pub(super) file: RepoPath,
    /// What it says.
    pub(super) text: String,
    /// The same, read; nothing where it is empty.
    pub(super) node: Node,
}

/// What a walk needs, and what it found.
pub(super) struct Walk<'a> {
    files: &'a dyn Files,
    reach: Reach,
    /// The files that are read.
    pub(super) closure: Closure,
    /// The kustomizations, by their folder, links followed.
    pub(super) kustomizations: BTreeMap<RepoPath, Kustomization>,
    /// The remote bases and components, as they are met.
    pub(super) remotes: Vec<NamedRemote>,
    seen: BTreeSet<(RepoPath, Purpose)>,
    /// The folders that lead to where the walk is, and the places that name them.
    folders: Vec<RepoPath>,
    places: Vec<At>,
}

/// Which files a kustomization may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those in and below its folder.
    Folder,
    /// All of the tree.
    Tree,
}

/// What a folder is built for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// Its objects.
    Objects,
    /// As a part of another kustomization.
    Component,
    /// As configurations of plugins of the kustomization in this folder.
    Plugins(RepoPath),
}

pub(super) use bases::NamedRemote;

/// The file in which a reference stands.
struct Source<'a> {
    path: &'a RepoPath,
    text: &'a str,
    /// The folder from which names are seen.
    folder: &'a RepoPath,
}

impl<'a> Walk<'a> {
    pub(super) fn new(files: &'a dyn Files, reach: Reach) -> Self {
        Self {
            files,
            reach,
            closure: Closure::default(),
            kustomizations: BTreeMap::new(),
            remotes: Vec::new(),
            seen: BTreeSet::new(),
            folders: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Everything that the kustomization of a folder reads; the folder without links.
    pub(super) fn folder(
        &mut self,
        folder: &RepoPath,
        purpose: &Purpose,
        at: &At,
    ) -> Result<(), Error> {
        if self.folders.len() >= limits::KUSTOMIZATION_DEPTH.most {
            return Err(Error::Depth { at: at.clone() });
        }
        if !self.seen.insert((folder.clone(), purpose.clone())) {
            return Ok(());
        }
        if self.seen.len() > limits::KUSTOMIZATIONS.most {
            return Err(Error::Count { at: at.clone() });
        }
        let Some(file) = self.kustomization_of(folder)? else {
            let folder = Folder(folder.clone());
            return Err(Error::NoKustomization {
                at: at.clone(),
                folder,
            });
        };
        let (text, node) = self.read(&file)?;
        let source = Source {
            path: &file.path,
            text: &text,
            folder,
        };
        let references = fields::references(&node).map_err(|fault| self.fault(&fault, &source))?;
        self.check_purpose(&node, purpose, &source)?;
        let kustomization = Kustomization {
            file: file.path.clone(),
            text: text.clone(),
            node,
        };
        self.kustomizations.insert(folder.clone(), kustomization);
        self.folders.push(folder.clone());
        for reference in &references {
            let at = At::new(&file.path, &text, reference.span, &self.places);
            self.follow(reference, &source, purpose, at)?;
        }
        self.folders.pop();
        Ok(())
    }

    /// What one reference of the kustomization in `folder` reads, where no file has it.
    pub(super) fn follow_from(
        &mut self,
        folder: &RepoPath,
        role: Role,
        text: &str,
        at: At,
    ) -> Result<(), Error> {
        let reference = Reference {
            role,
            text: text.to_owned(),
            span: Span::default(),
        };
        let source = Source {
            path: folder,
            text: "",
            folder,
        };
        self.folders.push(folder.clone());
        self.follow(&reference, &source, &Purpose::Objects, at)?;
        self.folders.pop();
        Ok(())
    }

    fn read(&self, file: &TreeEntry) -> Result<(String, Node), Error> {
        let path = file.path.clone();
        let bytes = self.files.content(file)?;
        let Some(text) = String::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() <= limits::FILE.most)
        else {
            return Err(Error::Unreadable { path });
        };
        let nodes = yaml::parse(&text).map_err(|error| Error::Parse {
            path,
            error: Box::new(error),
        })?;
        let mut nodes = nodes.into_iter();
        let first = nodes.next();
        if let Some(second) = nodes.find(|node| node.value != NodeValue::Null) {
            let what = "kustomize reads the first document of this file only".to_owned();
            let at = At::new(&file.path, &text, second.span, &self.places);
            return Err(Error::Shape { at, what });
        }
        let empty = Node {
            value: NodeValue::Null,
            span: Span::default(),
        };
        Ok((text, first.unwrap_or(empty)))
    }

    fn check_purpose(
        &self,
        node: &Node,
        purpose: &Purpose,
        source: &Source<'_>,
    ) -> Result<(), Error> {
        let kind = node.get("kind");
        let is_component = kind.and_then(Node::as_str) == Some("Component");
        let what = match (purpose, is_component) {
            (Purpose::Component, false) => "this is named as a component, but is a kustomization",
            (Purpose::Objects | Purpose::Plugins(_), true) => {
                "this is a component, which cannot be built alone"
            }
            (Purpose::Plugins(_), false) => {
                let entries = fields::entries(node).unwrap_or_default();
                let plain =
                    |key: &str| ["apiVersion", "kind", "metadata", "resources"].contains(&key);
                return match entries.iter().find(|entry| !plain(&entry.key)) {
                    None => Ok(()),
                    Some(entry) => Err(Error::Plugin {
                        at: At::new(source.path, source.text, entry.key_span, &self.places),
                        what: "the configurations of plugins would be changed before they are read"
                            .to_owned(),
                    }),
                };
            }
            (Purpose::Objects, false) | (Purpose::Component, true) => return Ok(()),
        };
        let span = kind.map_or(node.span, |kind| kind.span);
        Err(Error::Component {
            at: At::new(source.path, source.text, span, &self.places),
            what,
        })
    }

    fn follow(
        &mut self,
        reference: &Reference,
        source: &Source<'_>,
        purpose: &Purpose,
        at: At,
    ) -> Result<(), Error> {
        if reference.role == Role::Plugin
            && let Some(plugins) = fields::inline(&reference.text)
        {
            return plugins.iter().try_for_each(|plugin| {
                // Its places are those of the text inside of the text.
                let faults = |fault: Fault| error_of(fault.kind, at.clone());
                let references = plugins::references(plugin).map_err(faults)?;
                references.iter().try_for_each(|reference| {
                    self.follow(reference, source, &Purpose::Objects, at.clone())
                })
            });
        }
        if remote::is_remote(&reference.text) {
            return self.follow_remote(reference, source, purpose, at);
        }
        let resolved = self.find(&reference.text, source.folder, &at)?;
        if let Some(error) = unspelt(&resolved.path) {
            let (what, error) = (shown(&reference.text), Box::new(error));
            return Err(Error::Name { at, what, error });
        }
        match (reference.role, resolved.found) {
            (Role::Component, Found::Folder) => {
                self.enter(&resolved.path, &Purpose::Component, &reference.text, at)
            }
            (Role::Plugin, Found::Folder) => {
                let purpose = Purpose::Plugins(source.folder.clone());
                self.enter(&resolved.path, &purpose, &reference.text, at)
            }
            (Role::Resource, Found::Folder) => {
                // A component's resources are objects again.
                let purpose = match purpose {
                    Purpose::Plugins(_) => purpose.clone(),
                    Purpose::Objects | Purpose::Component => Purpose::Objects,
                };
                self.enter(&resolved.path, &purpose, &reference.text, at)
            }
            (role @ (Role::Resource | Role::Plugin | Role::File), Found::File(entry)) => {
                self.check_reach(&entry.path, &reference.text, source.folder, &at)?;
                self.closure.insert(entry.clone())?;
                match (role, purpose) {
                    (Role::Resource, Purpose::Plugins(base)) => self.plugin(&entry, base),
                    (Role::Plugin, _) => self.plugin(&entry, source.folder),
                    _ => Ok(()),
                }
            }
            (role, _) => {
                let wanted = match role {
                    Role::Resource | Role::Plugin => "file or folder",
                    Role::Component => "folder",
                    Role::File => "file",
                };
                Err(Error::Missing {
                    at,
                    what: shown(&reference.text),
                    wanted,
                })
            }
        }
    }

    fn enter(
        &mut self,
        folder: &RepoPath,
        purpose: &Purpose,
        text: &str,
        at: At,
    ) -> Result<(), Error> {
        // As kustomize does it, which refuses bases above their overlays too.
        let holds = |visited: &RepoPath| visited == folder || visited.lies_in(folder);
        if self.folders.iter().any(holds) {
            return Err(Error::Cycle {
                at,
                what: shown(text),
            });
        }
        self.places.push(at.clone());
        self.folder(folder, purpose, &at)?;
        self.places.pop();
        Ok(())
    }

    /// A file with configurations of plugins, whose names are seen from `folder`.
    fn plugin(&mut self, file: &TreeEntry, folder: &RepoPath) -> Result<(), Error> {
        let path = file.path.clone();
        let Ok(text) = String::from_utf8(self.files.content(file)?) else {
            return Err(Error::Unreadable { path });
        };
        let nodes = yaml::parse(&text).map_err(|error| Error::Parse {
            path,
            error: Box::new(error),
        })?;
        let source = Source {
            path: &file.path,
            text: &text,
            folder,
        };
        for node in &nodes {
            let references =
                plugins::references(node).map_err(|fault| self.fault(&fault, &source))?;
            for reference in &references {
                let at = At::new(&file.path, &text, reference.span, &self.places);
                self.follow(reference, &source, &Purpose::Objects, at)?;
            }
        }
        Ok(())
    }

    fn fault(&self, fault: &Fault, source: &Source<'_>) -> Error {
        let at = At::new(source.path, source.text, fault.span, &self.places);
        error_of(fault.kind.clone(), at)
    }
}

fn error_of(kind: FaultKind, at: At) -> Error {
    match kind {
        FaultKind::UnknownField(field) => Error::UnknownField {
            at,
            field: shown(&field),
        },
        FaultKind::Shape(what) => Error::Shape { at, what },
        FaultKind::Helm(field) => Error::Helm { at, field },
        FaultKind::Plugin(what) => Error::Plugin { at, what },
    }
}
