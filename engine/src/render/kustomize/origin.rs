//! Where objects come from, as kustomize's annotations tell: for people to find the line to edit.
//! Nothing is decided by it; what they name is believed only where it is an input.

use super::documents::{Document, documents};
use super::fields::inline;
use super::place::shown;
use super::walk::{Kustomization, NamedRemote};
use super::{Deployed, Plan};
use crate::manifest::{Node, yaml};
use crate::model::RepoPath;
use crate::render::files::{Files, Found, inside};
use crate::render::online::mount_of;
use crate::render::rendered::{Origin, RemoteBase};

/// What was told of each object.
pub(super) struct Trail<'a> {
    files: &'a Deployed<'a>,
    plan: &'a Plan,
    told: Vec<(Identity, Told)>,
}

type Identity = [String; 4];

/// The annotations of one object.
#[derive(Default)]
struct Told {
    /// The file of a resource.
    path: Option<String>,
    /// What generated it.
    generator: Option<String>,
    /// What it went through: the file that asks for it, and its kind.
    transformers: Vec<(String, String)>,
}

impl<'a> Trail<'a> {
    /// Reads what kustomize printed with its annotations.
    pub(super) fn new(files: &'a Deployed<'a>, plan: &'a Plan, told: Option<&str>) -> Self {
        let documents = told
            .and_then(|told| documents(told).ok())
            .unwrap_or_default();
        let told = documents
            .iter()
            .map(|document| (identity(document), Told::read(document)));
        Self {
            files,
            plan,
            told: told.collect(),
        }
    }

    /// Where the object comes from that is printed as the `at`-th.
    pub(super) fn origin(&self, at: usize, object: &Document<'_>) -> Origin {
        let identity = identity(object);
        let same = |told: &&(Identity, Told)| told.0 == identity;
        let told = self
            .told
            .get(at)
            .filter(same)
            .or_else(|| self.told.iter().find(same));
        let Some((_, told)) = told else {
            return Origin {
                changed_by: vec![self.plan.root.file.clone()],
                ..Origin::default()
            };
        };
        let mut origin = Origin {
            file: told.path.as_deref().and_then(|path| self.input(path)),
            ..Origin::default()
        };
        if let Some(generator) = told.generator.as_deref().and_then(|path| self.input(path)) {
            origin
                .changed_by
                .extend(self.generated_from(&generator, object));
            origin.changed_by.push(generator);
        }
        for (path, kind) in &told.transformers {
            let Some(file) = self.input(path) else {
                continue;
            };
            match self.kustomization(&file) {
                Some(folder) if kind.starts_with("Patch") => {
                    origin.changed_by.extend(self.patches(folder, object));
                }
                _ => origin.changed_by.push(file),
            }
        }
        if origin.file.is_none() && origin.changed_by.is_empty() {
            origin.changed_by.push(self.plan.root.file.clone());
        }
        self.bring_home(&mut origin);
        let mut seen = Vec::new();
        origin.changed_by.retain(|path| {
            let new = !seen.contains(path);
            seen.push(path.clone());
            new
        });
        origin
    }

    /// What stands in a remote base is edited where that is named.
    fn bring_home(&self, origin: &mut Origin) {
        let files = origin.file.iter().chain(&origin.changed_by);
        let remote: Vec<RepoPath> = files.filter(|it| mount_of(it).is_some()).cloned().collect();
        let Some(named) = remote.iter().find_map(|file| self.named(file)) else {
            return;
        };
        let is_here = |file: &RepoPath| mount_of(file).is_none();
        origin.file = origin.file.take().filter(is_here);
        origin.changed_by.retain(is_here);
        origin.base = Some(RemoteBase {
            file: match named.file == named.folder {
                // The deployer's options name it.
                true => self.plan.root.file.clone(),
                false => named.file.clone(),
            },
            line: named.line,
            address: shown(&named.text),
        });
    }

    /// The remote base of the tree's own kustomizations that leads to a file.
    fn named(&self, file: &RepoPath) -> Option<&NamedRemote> {
        let (mut mount, mut seen) = (mount_of(file)?.0, Vec::new());
        loop {
            let mut remotes = self.plan.remotes.iter();
            let leads = |it: &&NamedRemote| mount_of(&it.target).is_some_and(|to| to.0 == mount);
            let named = remotes.find(|it| leads(it) && !seen.contains(&it.folder))?;
            let Some((above, _)) = mount_of(&named.folder) else {
                return Some(named);
            };
            seen.push(named.folder.clone());
            mount = above;
        }
    }

    /// The input that a path from the folder of the root leads to.
    fn input(&self, path: &str) -> Option<RepoPath> {
        self.file(&self.plan.root.folder, path)
    }

    fn file(&self, folder: &RepoPath, path: &str) -> Option<RepoPath> {
        let path = RepoPath::new(inside(folder.as_bytes(), path.as_bytes())?);
        match self.files.resolve(&path).ok()?.found {
            Found::File(entry) if self.plan.closure.contains(&entry.path) => Some(entry.path),
            _ => None,
        }
    }

    fn kustomization(&self, file: &RepoPath) -> Option<(&RepoPath, &Kustomization)> {
        let mut all = self.plan.kustomizations.iter();
        all.find(|(_, kustomization)| kustomization.file == *file)
    }

    /// The patches of a kustomization that may change the object: their files, or itself where they
    /// stand in it.
    fn patches(
        &self,
        (folder, kustomization): (&RepoPath, &Kustomization),
        object: &Document<'_>,
    ) -> Vec<RepoPath> {
        let items = |field| {
            kustomization
                .node
                .get(field)
                .and_then(Node::items)
                .unwrap_or_default()
        };
        let with_path = items("patches").iter().chain(items("patchesJson6902"));
        let with_path = with_path.filter_map(|patch| {
            let file = patch.get("path").and_then(Node::as_str);
            let file = file.and_then(|path| self.file(folder, path));
            let text = patch.get("patch").and_then(Node::as_str).map(str::to_owned);
            let hits = match patch.get("target") {
                Some(target) => selects(target, object),
                None => self.merges(text, file.as_ref(), object),
            };
            hits.then(|| file.unwrap_or_else(|| kustomization.file.clone()))
        });
        let texts = items("patchesStrategicMerge")
            .iter()
            .filter_map(Node::as_str);
        let texts = texts.filter_map(|text| {
            let file = self.file(folder, text);
            let hits = self.merges(Some(text.to_owned()), file.as_ref(), object);
            hits.then(|| file.unwrap_or_else(|| kustomization.file.clone()))
        });
        texts.chain(with_path).collect()
    }

    /// Whether one of the objects of a patch has the kind and the name of the object.
    fn merges(&self, text: Option<String>, file: Option<&RepoPath>, object: &Document<'_>) -> bool {
        let text = match file.map(|file| self.files.at(file)) {
            Some(Ok(Found::File(entry))) => {
                let bytes = self.files.content(&entry).unwrap_or_default();
                String::from_utf8(bytes).ok()
            }
            _ => text,
        };
        let patches = text.and_then(|text| inline(&text)).unwrap_or_default();
        patches.iter().any(|patch| {
            let said = |pointer| {
                patch
                    .pointer(pointer)
                    .and_then(Node::as_str)
                    .unwrap_or_default()
            };
            may_be(said("/kind"), said("/metadata/name"), object)
        })
    }

    /// The files of the generator of a kustomization that gives the object.
    fn generated_from(&self, file: &RepoPath, object: &Document<'_>) -> Vec<RepoPath> {
        let Some((folder, kustomization)) = self.kustomization(file) else {
            return Vec::new();
        };
        let lists = [
            ("ConfigMap", "configMapGenerator"),
            ("Secret", "secretGenerator"),
        ];
        let lists = lists.iter().flat_map(|(kind, field)| {
            let items = kustomization
                .node
                .get(field)
                .and_then(Node::items)
                .unwrap_or_default();
            items.iter().map(move |item| (*kind, item))
        });
        let same = lists.filter(|(kind, item)| {
            let name = item.get("name").and_then(Node::as_str).unwrap_or_default();
            may_be(kind, name, object)
        });
        let mut references = Vec::new();
        for (_, item) in same {
            // What has a fault was refused before.
            let _ = super::fields::add_generated(item, &mut references);
        }
        let files = references
            .iter()
            .filter_map(|reference| self.file(folder, &reference.text));
        files.collect()
    }
}

impl Told {
    fn read(document: &Document<'_>) -> Self {
        let read = |name| {
            let nodes = yaml::parse(document.annotation(name)?).ok()?;
            nodes.into_iter().next()
        };
        let text = |node: &Node, field| node.get(field).and_then(Node::as_str).map(str::to_owned);
        let mut told = Self::default();
        if let Some(origin) = read(ORIGIN) {
            told.path = text(&origin, "path");
            told.generator = text(&origin, "configuredIn");
        }
        if let Some(transformers) = read(TRANSFORMERS) {
            let items = transformers.items().unwrap_or_default().iter();
            told.transformers = items
                .filter_map(|item| {
                    let kind = item.pointer("/configuredBy/kind").and_then(Node::as_str)?;
                    Some((text(item, "configuredIn")?, kind.to_owned()))
                })
                .collect();
        }
        told
    }
}

fn identity(document: &Document<'_>) -> Identity {
    document.identity().map(str::to_owned)
}

/// Whether a target may mean the object. Its kind and name are patterns, of which only plain text is
/// compared; selectors are taken to fit.
fn selects(target: &Node, object: &Document<'_>) -> bool {
    let plain = |field| {
        let text = target.get(field).and_then(Node::as_str).unwrap_or_default();
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_plain { text } else { "" }
    };
    may_be(plain("kind"), plain("name"), object)
}

/// Whether the object had this kind and name before prefixes, suffixes and hashes; empty is any.
fn may_be(kind: &str, name: &str, object: &Document<'_>) -> bool {
    let [its_kind, _, _, its_name] = object.identity();
    (kind.is_empty() || kind == its_kind) && its_name.contains(name)
}

const ORIGIN: &str = "config.kubernetes.io/origin";

const TRANSFORMERS: &str = "alpha.config.kubernetes.io/transformations";
