//! One side of a range: its manifests, and which of them are deployed as they stand.
//! Knows nothing of the other side, nor of what the files hold.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Error;
use crate::git::{Beyond, Repository, Selector, Snapshot, TreeEntry};
use crate::manifest::{self, Named, RenderRoots, Root};
use crate::model::RepoPath;

/// One snapshot. What is found out about its files is found out once.
pub(super) struct Side {
    pub(super) snapshot: Snapshot,
    /// And what is out of reach.
    manifests: OnceCell<(Vec<TreeEntry>, Beyond)>,
    roots: OnceCell<RenderRoots>,
    plain: RefCell<BTreeMap<Globs, Arc<[TreeEntry]>>>,
}

/// Those of some selectors.
type Globs = Vec<Vec<String>>;

impl Side {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            manifests: OnceCell::new(),
            roots: OnceCell::new(),
            plain: RefCell::default(),
        }
    }

    /// Every file whose name makes it a manifest, and what is out of reach.
    fn manifests(&self, repository: &Repository) -> Result<&(Vec<TreeEntry>, Beyond), Error> {
        if let Some(manifests) = self.manifests.get() {
            return Ok(manifests);
        }
        let (mut entries, beyond) = repository.entries_in_reach(&self.snapshot)?;
        entries.retain(|entry| {
            manifest::is_manifest_name(&entry.path) || manifest::role_of_name(&entry.path).is_some()
        });
        Ok(self.manifests.get_or_init(|| (entries, beyond)))
    }

    /// What needs rendering; `named` remembers what kustomizations name.
    pub(super) fn roots(
        &self,
        repository: &Repository,
        named: &RefCell<Named>,
    ) -> Result<&RenderRoots, Error> {
        if let Some(roots) = self.roots.get() {
            return Ok(roots);
        }
        let (entries, _) = self.manifests(repository)?;
        let read = |path: &RepoPath| {
            let at = entries.binary_search_by(|entry| entry.path.cmp(path));
            match at.ok().and_then(|at| entries.get(at)) {
                Some(entry) => repository.file(entry).map_err(Error::from),
                None => Ok(Vec::new()),
            }
        };
        let paths = entries.iter().map(|entry| &entry.path);
        let roots = RenderRoots::find(paths, read, &mut named.borrow_mut())?;
        Ok(self.roots.get_or_init(|| roots))
    }

    /// The manifests that some selector matches and that none of `roots` renders with it.
    pub(super) fn plain(
        &self,
        selectors: &[Selector],
        roots: &RenderRoots,
        repository: &Repository,
    ) -> Result<Arc<[TreeEntry]>, Error> {
        let (manifests, beyond) = self.manifests(repository)?;
        for selector in selectors {
            beyond.refuse_selected(selector)?;
        }
        let globs: Globs = selectors
            .iter()
            .map(|selector| selector.patterns().to_vec())
            .collect();
        if let Some(plain) = self.plain.borrow().get(&globs) {
            return Ok(Arc::clone(plain));
        }
        // The files of a folder stand together: whether all of them are selected is asked once.
        let mut folder: (&[u8], bool) = (b"/", false);
        let plain = manifests.iter().filter(|entry| {
            let parent = entry.path.parent();
            if folder.0 != parent {
                let whole = |selector: &Selector| selector.matches_all_below(parent);
                folder = (parent, selectors.iter().any(whole));
            }
            let is_file = !entry.is_submodule() && !entry.is_link();
            let whole = folder.1 && is_file && roots.needs_rendering(&entry.path).is_none();
            whole || is_plain(entry, selectors, roots)
        });
        let plain: Arc<[TreeEntry]> = plain.cloned().collect();
        self.plain.borrow_mut().insert(globs, Arc::clone(&plain));
        Ok(plain)
    }
}

/// Whether some selector matches the file without the root that renders it. A unit that does not
/// hold the root is deployed as it stands, whoever else reaches into it: a kustomization outside
/// takes no object from what is judged.
pub(super) fn is_plain(entry: &TreeEntry, selectors: &[Selector], roots: &RenderRoots) -> bool {
    if entry.is_submodule() || entry.is_link() {
        return false;
    }
    let root = roots.needs_rendering(&entry.path).map(Root::file);
    selectors.iter().any(|selector| {
        selector.matches(&entry.path) && root.as_ref().is_none_or(|root| !selector.matches(root))
    })
}
