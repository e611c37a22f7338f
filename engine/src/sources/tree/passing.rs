//! One object on its way through the kustomizations that list it: what they add to it, and what their patches make of it.
//! Renders nothing, and knows no deployer.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kustomization, Tree, below};
use crate::manifest::Object;
use crate::model::RepoPath;
use crate::sources::changes::{Changer, Changes, Patched};
use crate::sources::metadata::Metadata;
use crate::sources::part::{Part, without_values};

/// An object as it comes out of kustomizations.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources) struct Passed {
    pub(in crate::sources) object: Object,
    /// What they added to it.
    pub(in crate::sources) added: Metadata,
    /// The namespaces that it was in before, the first one first.
    earlier: Vec<Option<String>>,
    /// Those whose patches are applied to it, and the files of these.
    pub(in crate::sources) patched_in: BTreeSet<RepoPath>,
    /// Those of them that look for it by what it is called: they must find no other one by that.
    pub(in crate::sources) found_in: BTreeSet<RepoPath>,
    /// The one whose patch deletes it.
    pub(in crate::sources) deleted_by: Option<RepoPath>,
    /// What changes the values that it gives to a chart, and nothing else of it: it is without them then.
    pub(in crate::sources) given_by: Option<Changer>,
}

impl Passed {
    /// An object as its file has it.
    pub(in crate::sources) fn untouched(object: Object) -> Self {
        Self {
            object,
            added: Metadata::default(),
            earlier: Vec::new(),
            patched_in: BTreeSet::new(),
            found_in: BTreeSet::new(),
            deleted_by: None,
            given_by: None,
        }
    }

    fn add(&mut self, adds: Metadata) {
        self.earlier.extend(adds.left_by(&self.object));
        adds.add_to(&mut self.object);
        self.added = self.added.clone().under(adds);
    }

    /// Whether a deployer makes the same of both, where no patch was followed.
    fn is_like(&self, other: &Self) -> bool {
        self.added.is_like(&other.added)
            && self.patched_in.is_empty()
            && other.patched_in.is_empty()
    }

    /// What comes out of two ways through kustomizations; nothing where they make another thing of it.
    fn and(mut self, other: Self) -> Option<Self> {
        let is_patched_alike =
            (&self.patched_in, &self.deleted_by) == (&other.patched_in, &other.deleted_by);
        if self != other && !(is_patched_alike && self.is_like(&other)) {
            return None;
        }
        // Of labels and annotations that nobody heeds it is known that they are there.
        self.add(other.added.unnamed());
        Some(self)
    }
}

/// The way of one object. Each kustomization is asked once, by however many ways it is reached.
pub(super) struct Passing<'t> {
    tree: &'t Tree<'t>,
    /// The text of its file.
    text: &'t str,
    /// The folders whose kustomizations count; all, but for their patches, where it is not said.
    built: Option<&'t BTreeSet<RepoPath>>,
    part: Part,
    /// By what a file or a folder is named by: what came there, and what comes out in the end.
    within: BTreeMap<RepoPath, (Passed, Result<Passed, Changer>)>,
}

impl<'t> Passing<'t> {
    pub(super) fn of(
        tree: &'t Tree<'_>,
        text: &'t str,
        built: Option<&'t BTreeSet<RepoPath>>,
    ) -> Self {
        Self {
            tree,
            text,
            built,
            part: Part::Whole,
            within: BTreeMap::new(),
        }
    }

    /// What comes out in the end of an object of the file at `path`; without the values that it gives to a chart, where these
    /// alone may be changed otherwise.
    pub(super) fn all(mut self, path: &RepoPath, object: Object) -> Result<Passed, Changer> {
        let bare = without_values(&object);
        let by = match (self.within(path, Passed::untouched(object), 0), &bare) {
            (Err(by), Some(_)) => by,
            (passed, _) => return passed,
        };
        self.part = Part::WithoutValues;
        self.within.clear();
        let passed = bare.map(|bare| self.within(path, Passed::untouched(bare), 0));
        match passed {
            Some(Ok(mut passed)) => {
                passed.given_by = Some(by);
                Ok(passed)
            }
            passed => Err(passed.and_then(Result::err).unwrap_or(by)),
        }
    }

    fn within(&mut self, path: &RepoPath, passed: Passed, depth: usize) -> Result<Passed, Changer> {
        if let Some((before, known)) = self.within.get(path) {
            if *before == passed {
                return known.clone();
            }
            if self.built.is_none() && before.is_like(&passed) {
                let mut out = known.clone()?;
                out.added = passed.added.unnamed().under(out.added);
                return Ok(out);
            }
            let own = self.tree.kustomizations.get(path);
            return Err(own.map_or(path, |own| &own.file).clone().into());
        }
        let out = self.within_anew(path, &passed, depth);
        self.within.insert(path.clone(), (passed, out.clone()));
        out
    }

    fn within_anew(
        &mut self,
        path: &RepoPath,
        passed: &Passed,
        depth: usize,
    ) -> Result<Passed, Changer> {
        let tree = self.tree;
        let mut unreadable = tree.unreadable.iter();
        if let Some(one) = unreadable.find(|one| one.may_name(path)) {
            return Err(one.file.clone().into());
        }
        let mut found: Option<Passed> = None;
        let folders = tree.named_by.get(path).into_iter().flatten();
        for folder in folders {
            if self.built.is_some_and(|built| !built.contains(folder)) {
                continue;
            }
            let Some(kustomization) = tree.kustomizations.get(folder) else {
                continue;
            };
            let file = &kustomization.file;
            if depth > DEPTH {
                return Err(file.clone().into());
            }
            let mut out = self.through((kustomization, folder), passed.clone(), depth)?;
            if out.deleted_by.is_none() {
                out = self.within(folder, out, depth + 1)?;
            }
            found = match found {
                Some(other) => Some(other.and(out).ok_or_else(|| file.clone())?),
                None => Some(out),
            };
        }
        Ok(found.unwrap_or_else(|| passed.clone()))
    }

    /// Through one kustomization: its components, its patches, and what it adds.
    fn through(
        &self,
        (kustomization, folder): (&Kustomization, &RepoPath),
        mut passed: Passed,
        depth: usize,
    ) -> Result<Passed, Changer> {
        let Kustomization { file, changes, .. } = kustomization;
        if changes.renames() && self.built.is_none() {
            // Whoever takes the file itself takes it by its own name.
            return Err(file.clone().into());
        }
        if changes.has_patches() {
            let components = changes.before_patches();
            let mut adding = Adding::of(self.tree, (&passed.object, &passed.added));
            let adds = adding.below((&components, folder), file, depth)?;
            passed.add(adds);
            self.patch((kustomization, folder), &mut passed)?;
            if passed.deleted_by.is_some() {
                return Ok(passed);
            }
        }
        // Images and variables are replaced in what patches say, too.
        let mut adding = Adding::of(self.tree, (&passed.object, &passed.added));
        let adds = adding.below((changes, folder), file, depth)?;
        passed.add(adds);
        Ok(passed)
    }

    fn patch(
        &self,
        (kustomization, folder): (&Kustomization, &RepoPath),
        passed: &mut Passed,
    ) -> Result<(), Changer> {
        let Kustomization { file, changes, .. } = kustomization;
        let load = |path: &str| self.tree.own_content(&below(folder, path)?);
        let is_schemaless = |folder| {
            let built = self.tree.kustomizations.get(folder);
            built.is_some_and(|it| !it.changes.has_schema())
        };
        if !self
            .built
            .is_some_and(|built| built.iter().all(is_schemaless))
        {
            return match changes.may_patch((&passed.object, &passed.added), &load) {
                true => Err(file.clone().into()),
                false => Ok(()),
            };
        }
        let before = (&passed.added, &*passed.earlier);
        let object = (&passed.object, self.part, self.text);
        let patched = changes.patched_after(object, before, &load);
        let patched = patched.ok_or_else(|| {
            let named =
                |path: &str| below(folder, path).map_or(path.to_owned(), |it| it.to_string());
            let object = (&passed.object, self.part, &passed.added);
            let cause = changes.cause_of_patches(object, &load, &named);
            Changer::new(file.clone(), cause)
        })?;
        if matches!(patched, Patched::No) {
            return Ok(());
        }
        let files = changes.patches_for(&passed.object, &load);
        let files = files.filter_map(|path| below(folder, path));
        passed.patched_in.extend(files.chain([file.clone()]));
        if changes.looks_for(&passed.object, &load) {
            passed.found_in.insert(file.clone());
        }
        match patched {
            Patched::No => {}
            Patched::Otherwise(object) => passed.object = self.part.of(object),
            Patched::Deleted => passed.deleted_by = Some(file.clone()),
        }
        Ok(())
    }
}

/// What one kustomization and its components add to an object.
pub(super) struct Adding<'t> {
    tree: &'t Tree<'t>,
    object: &'t Object,
    /// What was added to it before.
    added: &'t Metadata,
    /// By the folder of a component.
    components: BTreeMap<RepoPath, Result<Metadata, Changer>>,
}

impl<'t> Adding<'t> {
    pub(super) fn of(tree: &'t Tree<'_>, (object, added): (&'t Object, &'t Metadata)) -> Self {
        Self {
            tree,
            object,
            added,
            components: BTreeMap::new(),
        }
    }

    pub(super) fn below(
        &mut self,
        (changes, folder): (&Changes, &RepoPath),
        by: &RepoPath,
        depth: usize,
    ) -> Result<Metadata, Changer> {
        let load = |path: &str| self.tree.content_at(&below(folder, path)?);
        let own = changes.adds_to((self.object, self.added), &load);
        let own = own.filter(|_| depth <= DEPTH);
        let own = own.ok_or_else(|| {
            let cause = changes.cause((self.object, self.added), &load);
            Changer::new(by.clone(), cause)
        })?;
        let own = own.clone();
        // Each component changes what comes out of the one before it.
        let mut adds = Metadata::default();
        for component in changes.components() {
            let folder = below(folder, component).ok_or_else(|| by.clone())?;
            adds = adds.under(self.component(&folder, by, depth + 1)?);
        }
        Ok(adds.under(own))
    }

    fn component(
        &mut self,
        folder: &RepoPath,
        by: &RepoPath,
        depth: usize,
    ) -> Result<Metadata, Changer> {
        if let Some(known) = self.components.get(folder) {
            return known.clone();
        }
        let tree = self.tree;
        let component = tree.kustomizations.get(folder).ok_or_else(|| by.clone())?;
        let inner = (&component.changes, folder);
        // One that says to be none is refused.
        let adds = match component.changes.has_patches() {
            true => Err(component.file.clone().into()),
            false => self.below(inner, &component.file, depth),
        };
        self.components.insert(folder.clone(), adds.clone());
        adds
    }
}

/// Kustomizations that name each other; more are a circle.
const DEPTH: usize = 16;
