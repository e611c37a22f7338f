//! The globs of paths that a configuration writes down, each with its place.
//! Knows no tree that they could match.

use super::Config;
use super::check::{entries, items};
use super::environment::below;
use crate::git::Selector;
use crate::manifest::Node;
use crate::model::Location;

/// A glob of paths, or the folder of a source.
#[derive(Clone, Debug)]
pub struct WrittenGlob {
    /// As it is written.
    pub text: String,
    /// What it matches.
    pub selector: Selector,
    /// Where it stands.
    pub location: Location,
}

impl Config {
    /// Those of environments, of components and of what is unmanaged, in the order of the file.
    #[must_use]
    pub fn written_globs(&self) -> Vec<WrittenGlob> {
        let mut lists: Vec<&[Node]> = vec![items(self.root.get("unmanaged"))];
        let mut folders = Vec::new();
        for environment in items(self.root.get("environments")) {
            lists.push(items(environment.get("paths")));
            for key in ["applications", "kustomizations"] {
                let declared = environment.get(key);
                lists.push(items(declared.and_then(|declared| declared.get("paths"))));
            }
            let sources = items(environment.get("sources")).iter();
            folders.extend(sources.filter_map(|source| source.get("path")));
        }
        for component in entries(self.root.get("components")) {
            lists.push(items(component.value.get("paths")));
        }
        let globs = lists.into_iter().flatten();
        let globs = globs.filter_map(|glob| {
            let text = glob.as_str()?;
            Some(self.written(glob, text, Selector::parse(&[text]).ok()?))
        });
        let folders = folders.into_iter().filter_map(|folder| {
            let text = folder.as_str()?;
            Some(self.written(folder, text, below(text)?))
        });
        let mut all: Vec<WrittenGlob> = globs.chain(folders).collect();
        all.sort_by_key(|glob| (glob.location.line, glob.location.column));
        all
    }

    fn written(&self, node: &Node, text: &str, selector: Selector) -> WrittenGlob {
        let (path, whole) = (self.source.path(), self.source.text());
        WrittenGlob {
            text: text.to_owned(),
            selector,
            location: Location::new(path, whole, node.span),
        }
    }
}
